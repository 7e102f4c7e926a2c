"""A follow-up as the fit needs it: checked, as shares of the scale, each score as the limits of a deficit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, check_range, refuse, shown
from b12analysis.recovery.marginal import Visits

__all__ = ["ROUNDING", "checked", "limits_of"]

#: Scores nearer to a bound than this share of the scale are at the bound: they may have been computed.
ROUNDING = 1e-9


def checked(followup: pd.DataFrame, best: float, worst: float, step: float) -> pd.DataFrame:
    """Return ``group, patient, month, deficit, row``, a patient's visits in order; deficits are shares of the scale."""
    check_columns("followup", followup.columns, ["patient", "month", "score"])
    _check_scale(best, worst, step)
    if not len(followup):
        raise InputError("followup has no rows; give one for each visit")
    visits = pd.DataFrame(
        {
            "group": followup["group"].to_numpy() if "group" in followup else "all",
            "patient": followup["patient"].to_numpy(),
            "month": _numbers(followup, "month"),
            "score": _numbers(followup, "score"),
        }
    )
    refuse(_missing(visits))
    visits["deficit"] = (visits["score"] - best) / (worst - best)
    refuse([*_wrong_values(visits, best, worst, step), *_wrong_patients(visits, best)])
    codes = pd.factorize(visits["patient"])[0]
    visits = visits.assign(deficit=visits["deficit"].clip(0, 1), patient=codes, row=np.arange(len(visits)))
    return visits.sort_values(["patient", "month"])


def _check_scale(best: float, worst: float, step: float) -> None:
    for name, value in (("best", best), ("worst", worst)):
        check_range(name, value)
        if not np.isfinite(value):
            raise InputError(f"{name}={value!r} is no bound of a scale; give a number")
    if best == worst:
        raise InputError(f"worst={worst!r} is the best score too; give the two bounds of the scale")
    check_range("step", step, 0, float(abs(worst - best) / 2))


def _numbers(followup: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as numbers; anything else is refused."""
    given = followup[name]
    numbers = pd.to_numeric(given, errors="coerce").astype(float)
    no_number = given.map(lambda value: isinstance(value, bool | np.bool_ | str)).astype(bool)
    wrong = given[given.notna() & (numbers.isna() | no_number)].tolist()
    if wrong:
        raise InputError(f"followup: {name}={shown(wrong[0])} is not a number; give numbers")
    return numbers.to_numpy()


def _missing(visits: pd.DataFrame) -> Iterator[str]:
    for name, missing in visits.isna().sum().items():
        if missing:
            yield f"followup lacks {name} in {missing} of {len(visits)} rows; fill it in, or leave these visits out"


def _wrong_values(visits: pd.DataFrame, best: float, worst: float, step: float) -> Iterator[str]:
    """Say of each kind of wrong value which is the first."""
    steps = visits["deficit"] * abs(worst - best) / step if step else visits["deficit"] * 0
    kinds = [
        (~np.isfinite(visits["month"]) | (visits["month"] < 0), "month", "is out of range; it must be at least 0"),
        (
            ~visits["deficit"].between(-ROUNDING, 1 + ROUNDING),
            "score",
            f"is out of bounds; they are best={best!r} and worst={worst!r}",
        ),
        (
            (steps - steps.round()).abs() > 1e-6,
            "score",
            f"is no whole number of steps from best={best!r}; step={step!r}, give the scale's, or 0",
        ),
    ]
    for wrong, name, why in kinds:
        for row in visits[wrong].head(1).itertuples():
            yield f"followup: {name}={getattr(row, name):g} of {_visit(row)} {why}"


def _wrong_patients(visits: pd.DataFrame, best: float) -> Iterator[str]:
    """Say which visits a patient has that cannot be, or lacks."""
    for row in visits[visits.duplicated(["patient", "month"])].head(1).itertuples():
        yield f"followup has two rows of {_visit(row)}; keep one"
    groups = visits.groupby("patient", sort=False)["group"].unique()
    for patient, of_patient in groups[groups.map(len) > 1].head(1).items():
        yield f"followup: patient {shown(patient)} is in the groups {of_patient.tolist()}; a patient is in one"
    first = visits.sort_values("month").drop_duplicates("patient")
    without = first.loc[first["month"] > 0, "patient"].tolist()
    if without:
        yield f"followup lacks the score at month 0 of {_patients(without)}; add it, or leave them out"
    well = first.loc[(first["month"] == 0) & (first["deficit"] <= ROUNDING), "patient"].tolist()
    if well:
        yield f"followup has the best score, {best!r}, at month 0 of {_patients(well)}; leave out who has no deficit"


def _visit(row: Any) -> str:
    return f"patient {shown(row.patient)} at month {row.month:g}"


def _patients(patients: list) -> str:
    return f"{len(patients)} patient{'s' * (len(patients) > 1)}, such as {shown(patients[0])}"


def limits_of(seen: pd.DataFrame, step: float) -> Visits:
    """Limits of the deficit behind each score, as shares of the scale."""
    deficit = seen["deficit"].to_numpy()
    at_best, at_worst = deficit <= ROUNDING, deficit >= 1 - ROUNDING
    low = np.where(at_best, -np.inf, deficit - step / 2)
    high = np.where(at_worst, np.inf, deficit + step / 2)
    return Visits(seen["month"].to_numpy(), low, high, pd.factorize(seen["patient"])[0])
