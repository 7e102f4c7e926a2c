"""Doses as the user writes them, and days on which to read: what cannot be meant is refused, each fault by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range, refuse, shown
from b12analysis.kinetics.body import FORMS

__all__ = ["DOSE", "LIKENESS", "LONGEST", "TAKEN", "check_days", "written"]

#: Columns of a table of doses.
DOSE = ["day", "form", "dose_ug"]
#: What can be taken; tablets of any form are alike.
TAKEN = ("oral", *FORMS)
#: How like a form must be to be taken for a slip: other cobalamins are other medicines, not slips.
LIKENESS = 0.85
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
        The last day, a whole number, up to which every day is read from day 0 on; or days, increasing and perhaps
        fractions.

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
    if _is_number(days) and days % 1 == 0:
        check_range("days", days, 0, LONGEST)
        return np.arange(days + 1.0)
    if isinstance(days, str) or not isinstance(days, Iterable) or getattr(days, "ndim", 1) == 0:
        raise InputError(f"days={shown(days)} is neither a whole number of days nor a list of days")
    given = list(days)
    if not given:
        raise InputError("days is empty; there is nothing to read")
    times = _numbers(given)
    for index in np.flatnonzero(~((times >= 0) & (times <= LONGEST)))[:1]:
        check_range(f"days[{index}]", given[index], 0, LONGEST)
    for index in np.flatnonzero(np.diff(times) <= 0)[:1]:
        raise InputError(f"days must increase, but days[{index + 1}]={times[index + 1]:g} follows {times[index]:g}")
    return times


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _numbers(values: list) -> np.ndarray:
    """Numbers among these, missing where there is something else: digits in quotes are no number."""
    return np.array([_as_float(value) if _is_number(value) else np.nan for value in values], dtype=float)


def _as_float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf


def written(regimen: Any) -> pd.DataFrame:
    """Check doses as the user wrote them: all faults are told at once."""
    rows = regimen if isinstance(regimen, pd.DataFrame) else _listed(regimen)
    if isinstance(rows, pd.DataFrame):
        check_columns("regimen", rows.columns, DOSE)
        rows = rows[DOSE].to_numpy(dtype=object).tolist()
    whole = [isinstance(row, list | tuple) and len(row) == 3 for row in rows]
    refuse(f"regimen[{i}]={shown(rows[i])} is not (day, form, dose_ug)" for i in np.flatnonzero(~np.array(whole, bool)))
    table = pd.DataFrame(rows, columns=DOSE, dtype=object)
    numbers = table.assign(**{name: _numbers(table[name].tolist()) for name in ("day", "dose_ug")})
    refuse([*_faults(table, numbers), *_twice(numbers)])
    return numbers


def _listed(regimen: Any) -> list | pd.DataFrame:
    if not isinstance(regimen, Iterable) or isinstance(regimen, Mapping):
        raise InputError(f"regimen={shown(regimen)} is neither a name nor a list of (day, form, dose_ug)")
    rows = list(regimen)
    if rows and all(isinstance(row, str) for row in rows):
        raise InputError(f"regimen={shown(rows)} is a list of names; give a name itself, such as regimen={rows[0]!r}")
    return pd.DataFrame(rows) if rows and all(isinstance(row, Mapping) for row in rows) else rows


def _faults(table: pd.DataFrame, numbers: pd.DataFrame) -> Iterator[str]:
    """Say what is wrong with single doses, the first few of each kind."""
    day, dose = numbers["day"].to_numpy(dtype=float), numbers["dose_ug"].to_numpy(dtype=float)
    form = [_is_known(name) for name in table["form"]]
    injected = table["form"].astype(str).isin(FORMS).to_numpy()
    other = {name: _something_else(table[name]) for name in ("day", "dose_ug")}
    kinds = (
        ("day", other["day"], "is not a number; days count from 0"),
        ("day", ~((day >= 0) & np.isfinite(day)) & ~other["day"], "is not a day; days count from 0"),
        ("form", ~np.array(form, bool), ""),
        ("dose_ug", other["dose_ug"], "is not a number; it is in ug, and above 0"),
        ("dose_ug", ~((dose > 0) & np.isfinite(dose)) & ~other["dose_ug"], "is not a dose; it must be above 0"),
        ("dose_ug", injected & (dose > 0) & (dose < _LEAST_INJECTED), "is injected, but below 10 ug; are mg meant?"),
        ("dose_ug", (dose > _MOST) & np.isfinite(dose), "is above 20 mg (20,000 ug); is it in ug?"),
    )
    for column, wrong, words in kinds:
        for index in np.flatnonzero(wrong)[:_TOLD]:
            value = table[column].iloc[index]
            yield f"regimen[{index}]: " + (f"{column}={shown(value)} {words}" if words else _unknown(value))


def _is_known(form: Any) -> bool:
    return isinstance(form, str) and form in TAKEN


def _something_else(values: pd.Series) -> np.ndarray:
    """Tell what is neither a number nor missing."""
    return np.array(
        [not (_is_number(one) or (pd.api.types.is_scalar(one) and pd.isna(one))) for one in values], dtype=bool
    )


def _unknown(form: Any) -> str:
    try:
        check_choice("form", form, TAKEN, likeness=LIKENESS)
    except InputError as error:
        return str(error)
    raise AssertionError(form)


def _twice(doses: pd.DataFrame) -> list[str]:
    """Doses of one form at one moment: one of them is a slip, or they are one dose."""
    known = doses[doses["form"].map(_is_known).astype(bool) & doses["day"].notna()]
    again = known[known.duplicated(["day", "form"])]
    return [
        f"regimen[{row.Index}]: a second dose of form={row.form!r} on day={row.day:g}; give one dose, or another moment"
        for row in again.head(_TOLD).itertuples()
    ]
