"""One row per examined person: read a cycle, convert and compute, weigh, put the cycles together."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pandas as pd

from b12analysis.nhanes import markers, medicines, neuropathy, supplements
from b12analysis.nhanes.tables import reader
from b12analysis.nhanes.variables import Read, as_read, chosen, columns, files

__all__ = ["load"]

#: What is computed from the columns as read, in this order.
STEPS = (markers.add, neuropathy.add, medicines.add, supplements.add)
#: The cycles that have a common weight of their own, because their two-year weights rest on different censuses.
FOUR_YEARS = ("1999-2000", "2001-2002")


def load(cycles: str | Iterable[str], folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return everybody examined in some cycles of NHANES, one row per person.

    Parameters
    ----------
    cycles : str or list of str
        Of "1999-2000", "2001-2002", "2003-2004", "2005-2006", "2011-2012" and "2013-2014"; "2003-04" does as well.
        Several are pooled: their weights are divided as CDC says.
    folder : path, optional
        Where the files are (there, or in its ``xpt`` or ``tables``); ``B12_NHANES``, or else a folder in the user's
        cache, by default. CDC's transport files and the CSV mirror give the same values.

    Returns
    -------
    DataFrame
        The columns that ``columns()`` lists.

    Examples
    --------
    >>> load("2007-08")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: cycles='2007-08' is no cycle that measured B12; choose from '1999-2000', \
'2001-2002', '2003-2004', '2005-2006', '2011-2012', '2013-2014'
    """
    cycles = chosen(cycles)
    read = reader(folder, files(cycles))
    everybody = pd.concat([_examined(cycle, read) for cycle in cycles], ignore_index=True)
    return _weighed(everybody, cycles)[list(columns().index)]


def _examined(cycle: str, read: Read) -> pd.DataFrame:
    people = as_read(cycle, read)
    people = people[people["weight"] > 0].reset_index(drop=True)  # who was only interviewed has weight 0
    for step in STEPS:
        people = step(people, cycle, read)
    return people.assign(b12_intake_ug=people["b12_intake_ug"].where(people["_diet_status"] == 1))


def _weighed(people: pd.DataFrame, cycles: list[str]) -> pd.DataFrame:
    """CDC's rule: a two-year weight over the number of cycles; 1999-2002 together, twice the four-year weight over it.

    The two-year weights of 1999-2000 rest on the census of 1990, so CDC gives a common weight for 1999-2002, to be used
    where, and only where, both cycles are analysed together.
    """
    together = people["cycle"].isin(FOUR_YEARS) & set(FOUR_YEARS).issubset(cycles)
    weights = {
        name: people[name].mask(together, 2 * people[f"_{name}_4yr"]) / len(cycles)
        for name in ("weight", "weight_diet")
    }
    has_diet = people.groupby("cycle")["weight_diet"].transform("count") > 0
    weights["weight_diet"] = weights["weight_diet"].mask(has_diet & weights["weight_diet"].isna(), 0.0)
    return people.assign(**weights)
