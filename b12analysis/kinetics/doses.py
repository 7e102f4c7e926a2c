"""Doses as the user writes them, and days on which to read: what cannot be meant is refused, each fault by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range, refuse, shown
from b12analysis.kinetics.body import FORMS

__all__ = ["DOSE", "LONGEST", "TAKEN", "check_days", "written"]

#: Columns of a table of doses.
DOSE = ["day", "form", "dose_ug"]
#: What can be taken; tablets of any form are alike.
TAKEN = ("oral", *FORMS)
#: Longest time that is simulated: a hundred years, days.
LONGEST = 36525
#: An injection below this is milligrams taken for micrograms; no single dose is above that, ug.
_LEAST_INJECTED, _MOST = 10.0, 20000.0
#: Faults of one kind that are told one by one.
_TOLD = 20


def check_days(days: int | Iterable[float]) -> np.ndarray:
    """Check when to read.

    Parameters
    ----------
    days : int or iterable of float
        The last day, up to which every day is read from day 0 on; or days, increasing and perhaps fractions.

    Returns
    -------
    array of float

    Raises
    ------
    InputError
        If days do not increase, are negative or later than a hundred years.

    Examples
    --------
    >>> check_days(3).tolist(), check_days([0, 0.5]).tolist()
    ([0.0, 1.0, 2.0, 3.0], [0.0, 0.5])
    """
    if isinstance(days, Integral):
        check_range("days", days, 0, LONGEST)
        return np.arange(days + 1.0)
    if isinstance(days, str) or not isinstance(days, Iterable):
        raise InputError(f"days={shown(days)} is neither a whole number of days nor a list of days")
    given = list(days)
    if not given:
        raise InputError("days is empty; there is nothing to read")
    times = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce").to_numpy(dtype=float)
    for index in np.flatnonzero(~((times >= 0) & (times <= LONGEST)))[:1]:
        check_range(f"days[{index}]", given[index], 0, LONGEST)
    for index in np.flatnonzero(np.diff(times) <= 0)[:1]:
        raise InputError(f"days must increase, but days[{index + 1}]={times[index + 1]:g} follows {times[index]:g}")
    return times


def written(regimen: Any) -> pd.DataFrame:
    """Check doses as the user wrote them: all faults are told at once."""
    if isinstance(regimen, pd.DataFrame):
        check_columns("regimen", regimen.columns, DOSE)
        rows = regimen[DOSE].to_numpy(dtype=object).tolist()
    else:
        rows = _listed(regimen)
    whole = [isinstance(row, list | tuple) and len(row) == 3 for row in rows]
    refuse(f"regimen[{i}]={shown(rows[i])} is not (day, form, dose_ug)" for i in np.flatnonzero(~np.array(whole, bool)))
    table = pd.DataFrame(rows, columns=DOSE, dtype=object)
    numbers = table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in ("day", "dose_ug")})
    refuse([*_faults(table, numbers), *_twice(numbers)])
    return numbers


def _listed(regimen: Any) -> list:
    if isinstance(regimen, Iterable):
        return list(regimen)
    raise InputError(f"regimen={shown(regimen)} is neither a name nor a list of (day, form, dose_ug)")


def _faults(table: pd.DataFrame, numbers: pd.DataFrame) -> Iterator[str]:
    """Say what is wrong with single doses, the first few of each kind."""
    day, dose = numbers["day"].to_numpy(dtype=float), numbers["dose_ug"].to_numpy(dtype=float)
    injected = table["form"].isin(FORMS).to_numpy()
    kinds = (
        ("day", ~((day >= 0) & np.isfinite(day)), "is not a day; days count from 0"),
        ("form", ~table["form"].isin(TAKEN).to_numpy(), ""),
        ("dose_ug", ~((dose > 0) & np.isfinite(dose)), "is not a dose; it must be above 0"),
        ("dose_ug", injected & (dose > 0) & (dose < _LEAST_INJECTED), "is injected, but below 10 ug; are mg meant?"),
        ("dose_ug", (dose > _MOST) & np.isfinite(dose), "is above 20 mg (20,000 ug); is it in ug?"),
    )
    for column, wrong, words in kinds:
        for index in np.flatnonzero(wrong)[:_TOLD]:
            value = table[column].iloc[index]
            yield f"regimen[{index}]: " + (f"{column}={shown(value)} {words}" if words else _unknown(value))


def _unknown(form: Any) -> str:
    try:
        check_choice("form", form, TAKEN)
    except InputError as error:
        return str(error)
    raise AssertionError(form)


def _twice(doses: pd.DataFrame) -> list[str]:
    """Doses of one form at one moment: one of them is a slip, or they are one dose."""
    again = doses[doses.duplicated(["day", "form"]) & doses["day"].notna()]
    return [
        f"regimen[{row.Index}]: a second dose of form={row.form!r} on day={row.day:g}; give one dose, or another moment"
        for row in again.head(_TOLD).itertuples()
    ]
