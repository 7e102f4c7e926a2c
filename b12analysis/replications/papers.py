"""Which papers there are, what each is made from, and the table of all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import check_choice
from b12analysis.nhanes import load
from b12analysis.nhanes.tables import reader
from b12analysis.replications import bailey, cdc, ganji, mineva, qi, reinstatler

__all__ = ["PAPERS", "Paper", "compute", "replications"]


@dataclass(frozen=True)
class Paper:
    """A paper: the function that makes its figures again, and the cycles that it takes."""

    function: Callable[..., pd.DataFrame]
    cycles: tuple[str, ...]


#: Papers by the name that the table gives them.
PAPERS = {
    "CDC 2011-12": Paper(cdc.cdc_table_1, cdc.CYCLES),
    "Bailey 2013": Paper(bailey.bailey_2013, bailey.CYCLES),
    "Mineva 2020": Paper(mineva.mineva_2020, mineva.CYCLES),
    "Ganji 2018": Paper(ganji.ganji_2018, ganji.CYCLES),
    "Reinstatler 2012": Paper(reinstatler.reinstatler_2012, reinstatler.CYCLES),
    "Reinstatler 2011": Paper(reinstatler.reinstatler_2011, reinstatler.CYCLES),
    "Qi 2014": Paper(qi.qi_2014, qi.CYCLES),
    "Qi 2011": Paper(qi.qi_2011, qi.CYCLES_2011),
}
#: Files with everybody interviewed; and with how long insulin has been taken: the number, and its unit.
_EVERYBODY = ("DEMO", "DEMO_B", "DEMO_C")
_INSULIN = {
    **{"DIQ": ("DIQ060Q", "DIQ060U"), "DIQ_B": ("DID060Q", "DIQ060U"), "DIQ_C": ("DID060Q", "DIQ060U")},
    "DIQ_D": ("DID060", "DIQ060U"),
}


def replications(paper: str = "any", folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Set printed figures beside ours.

    Parameters
    ----------
    paper : str
        Name of a paper, a key of ``PAPERS``, or "any".
    folder : path, optional
        The survey's files; they are read and everything is computed anew. Without it the stored table is given.

    Returns
    -------
    DataFrame with columns
        id, paper, source        key of the row, and whose figure it is
        step, quantity, unit     what it is
        reading                  "literal": as the paper's words say; another: a variant; "none": not computed
        printed, printed_lower, printed_upper, printed_se    as printed; per cent where the unit is "%"
        decimals, interval_decimals    digits that they are printed to
        ours, lower, upper, se, n      what the files give, with 95 % interval and standard error
        difference               ours less printed
        agrees, interval_agrees  "yes" where ours, or its limits or standard error, round to the printed digits
        locator, status, note    where the printed figure stands, how sure we are of it, and what to know

    Examples
    --------
    >>> table = replications("Bailey 2013").set_index("id")
    >>> table.loc["bailey2013-pregnant", ["printed", "ours"]].tolist()
    [802.0, 802.0]
    """
    check_choice("paper", paper, ["any", *PAPERS])
    chosen = list(PAPERS) if paper == "any" else [paper]
    table = evidence.load("replications") if folder is None else compute(folder, chosen)
    return table[table["paper"].isin(chosen)].reset_index(drop=True)


def compute(folder: str | os.PathLike[str], papers: list[str] | None = None) -> pd.DataFrame:
    """Make the figures of some papers, or of all, from the survey's files in a folder.

    Raises
    ------
    InputError
        If files are missing; names them.
    """
    people: dict[tuple[str, ...], pd.DataFrame] = {}
    tables = []
    for name in PAPERS if papers is None else papers:
        paper = PAPERS[name]
        if paper.cycles not in people:
            people[paper.cycles] = load(paper.cycles, folder)
        tables.append(_made(paper, people[paper.cycles], folder))
    return pd.concat(tables, ignore_index=True)


def _made(paper: Paper, people: pd.DataFrame, folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Give a paper's function what it needs beyond the columns of ``load``."""
    if paper.function is bailey.bailey_2013:
        return bailey.bailey_2013(people, interviewed(folder))
    if paper.cycles == reinstatler.CYCLES:
        people = people.assign(insulin_years=people["seqn"].map(insulin_years(folder)))
    return paper.function(people)


def interviewed(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Everybody in the files of 1999-2004, examined or not: ``age`` and ``examined``."""
    read = reader(folder, _EVERYBODY)
    everybody = pd.concat([read(table, ("RIDAGEYR", "RIDSTATR")) for table in _EVERYBODY], ignore_index=True)
    return pd.DataFrame({"age": everybody["RIDAGEYR"], "examined": everybody["RIDSTATR"] == 2})


def insulin_years(folder: str | os.PathLike[str]) -> pd.Series:
    """For how many years people have taken insulin, by the person's number; 666 is less than a month."""
    read = reader(folder, _INSULIN)
    years = []
    for table, (number, unit) in _INSULIN.items():
        raw = read(table, ("SEQN", number, unit)).set_index("SEQN")
        length = raw[number].replace(666, 0.0)
        length = length.where(length < 777) * raw[unit].map({1: 1 / 12, 2: 1.0}).where(length != 0, 1.0)
        years.append(length)
    return pd.concat(years)
