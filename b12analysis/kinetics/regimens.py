"""Regimens: what is taken on which day, from the table ``regimens`` or as the user writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_range
from b12analysis.evidence import load
from b12analysis.kinetics.doses import DOSE, LONGEST, TAKEN, written

__all__ = ["regimens", "schedule"]

#: Statuses, the surest first.
_SURE = ("verified", "secondary", "recalled", "assumption")
#: Intervals that have a name, days.
_EVERY = {
    0.5: "twice a day",
    1: "daily",
    2: "every other day",
    2.333: "three times a week",
    7: "weekly",
    30.4: "monthly",
    61: "every 2 months",
    91: "every 3 months",
}


def schedule(regimen: str | Iterable[tuple[float, str, float]] | pd.DataFrame, days: float) -> pd.DataFrame:
    """List the doses of a regimen.

    Parameters
    ----------
    regimen : str, list of (day, form, dose_ug) or of mappings with these names, or DataFrame with these columns
        A name of :func:`regimens`, or "none"; or doses with form "oral", "im_cyanocobalamin" or
        "im_hydroxocobalamin". What is written so may be in any order.
    days : float
        Last day; phases without an end go on until then, and later doses are left out.

    Returns
    -------
    DataFrame with columns
        day      of the dose, from 0 on
        form     "oral", "im_cyanocobalamin" or "im_hydroxocobalamin"
        dose_ug  dose, ug

    Raises
    ------
    InputError
        Names each dose that cannot be meant: negative, without a number or above 20 mg, an injection below 10 ug, two
        of one form at one moment, and a regimen or form that is not known; and doses that are all later than ``days``.

    Source
    ------
    ``load("regimens")``.

    Examples
    --------
    >>> schedule("oral_1000_daily", 1).values.tolist()
    [[0.0, 'oral', 1000.0], [1.0, 'oral', 1000.0]]
    >>> schedule([(0, "im_hydroxocobalamin", 1)], 30)
    Traceback (most recent call last):
    b12analysis.arguments.InputError: regimen[0]: dose_ug=1 is injected, but below 10 ug; are mg meant?
    """
    check_range("days", days, 0, LONGEST)
    table = _named(regimen, days) if isinstance(regimen, str) else written(regimen)
    if table["day"].min() > days:
        raise InputError(
            f"regimen begins on day {table['day'].min():g}, after the last day, {days:g}: nothing is taken"
        )
    known = table[table["day"] <= days].sort_values("day", kind="stable", ignore_index=True)
    return known.astype({"day": float, "form": "str", "dose_ug": float})


def _named(name: str, days: float) -> pd.DataFrame:
    """Doses of a regimen in the table: its phases one after the other."""
    table = load("regimens")
    check_choice("regimen", name, ["none", *table["regimen"].unique()])
    doses, start = [pd.DataFrame(columns=DOSE)], 0.0
    for phase in _phases(table[table["regimen"] == name]):
        when = start + _when(min(phase.length, days - start + phase.every_days), float(phase.every_days))
        doses.append(pd.DataFrame({"day": when, "form": _form(phase), "dose_ug": float(phase.dose_ug)}))
        start += phase.length
    filled = [one for one in doses if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else doses[0]


def _phases(rows: pd.DataFrame) -> Iterator[Any]:
    """Phases with the length that each has: as printed, else as simulations take it, else without an end."""
    length = rows["duration_days"].fillna(rows["assumed_days"]) if "assumed_days" in rows else rows["duration_days"]
    return rows.assign(length=length.to_numpy(dtype=float, na_value=np.inf)).itertuples()


def _when(length: float, every: float) -> np.ndarray:
    """Days of the doses since a phase began; one that falls almost on its end belongs to the next: 6 x 2.333 of 14."""
    return every * np.arange(max(np.ceil(length / every - 0.01), 0))


def _form(phase: Any) -> str:
    """How a phase is simulated: tablets of any form alike, injections by their form."""
    form = "oral" if phase.route == "oral" else f"im_{phase.form}"
    check_choice(f"regimen={phase.regimen!r} form", form, TAKEN)
    return form


def regimens() -> pd.DataFrame:
    """List the regimens that have a name.

    Returns
    -------
    DataFrame with columns
        regimen     name
        label       short name
        country     where it is used
        indication  who it is for
        first       its first phase in words
        later       its later phases in words, empty where there is none
        status      of its rows, the least sure of them

    Source
    ------
    ``load("regimens")``.

    Examples
    --------
    >>> regimens().set_index("regimen").loc["cdc_weekly", ["first", "later"]].tolist()
    ['1,000 ug cyanocobalamin injected weekly for 8 weeks', '1,000 ug cyanocobalamin injected monthly']
    """
    rows = []
    for name, phases in load("regimens").groupby("regimen", sort=False):
        said = [_counted(*phase) for phase in Counter(_in_words(phase) for phase in _phases(phases)).items()]
        row = {"regimen": name} | phases.iloc[0][["label", "country", "indication"]].to_dict()
        row |= {"first": said[0], "later": "; ".join(said[1:]), "status": max(phases["status"], key=_SURE.index)}
        rows.append(row)
    return pd.DataFrame(rows)


def _in_words(phase: Any) -> str:
    every, length = float(phase.every_days), phase.length
    what = "vitamin B12" if phase.form == "any" else phase.form
    how = f"{float(phase.dose_ug):,g} ug {what} {'by mouth' if phase.route == 'oral' else 'injected'}"
    if length <= every:
        return f"{how} once"
    how = f"{how} {_EVERY.get(every, f'every {every:g} days')}"
    if np.isinf(length):
        return how
    return f"{how} for {length / 7:g} weeks" if length % 7 == 0 and length > 7 else f"{how} for {length:g} days"


def _counted(words: str, times: int) -> str:
    """Say phases of one dose each, which follow each other at days of their own, in one."""
    return words if times == 1 else f"{words.removesuffix('once')}{times} times"
