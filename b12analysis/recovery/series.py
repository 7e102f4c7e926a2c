"""Published series of patients, simulated: who was in them, what was counted, and what the model says to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.recovery.counting import counted, overall
from b12analysis.recovery.course import people_like
from b12analysis.recovery.patients import SEVERITIES, SIGNS

__all__ = ["PEOPLE", "changes", "is_percent", "patients_of", "people_of", "read_at", "shares", "shares_of"]

#: Virtual people of a series for each draw of the parameters.
PEOPLE = 60
#: What a series that does not say is taken to be.
_PROFILES = ("sensory", "motor", "myelopathy")
_CAUSES = {"mixed": "pernicious_anaemia", "diet": "dietary", "food_bound": "ppi"}
_REGIMEN = "us_cyanocobalamin"
_AGE_SD = 15.0
#: Between which the month is interpolated where a series does not print it.
_MONTHS = [1.0, 3.0, 6.0, 12.0, 24.0, 48.0]


def patients_of(target: Any, model: pd.DataFrame, n: int = PEOPLE) -> pd.DataFrame:
    """Make a table of n patients as they were in a series: what it does not print is spread as the model has it."""
    from scipy.special import ndtr, ndtri

    value = model.set_index("parameter")["value"].astype(float)
    place = (np.arange(n) + 0.5) / n
    share = [_given(getattr(target, name), value[f"series_{name}_share"]) for name in SEVERITIES]
    severity = (
        np.array(SEVERITIES)[np.searchsorted(np.cumsum(share)[:-1] / sum(share), place)] if sum(share) else "none"
    )
    shuffled = place[np.random.default_rng(n).permutation(n)]  # any order that has nothing to do with severity
    months = _given(target.duration_months, value["duration_months"]) * np.exp(
        _given(target.duration_log_sd, value["duration_sd"]) * ndtri(shuffled)
    )
    profiles = _PROFILES if pd.isna(target.profile) or target.profile == "mixed" else (target.profile,)
    table = pd.DataFrame(
        {
            "patient": np.arange(n),
            "duration_months": np.clip(months, 0.25, 600),
            "severity": severity,
            "profile": np.resize(profiles, n),
            "cause": _CAUSES.get(target.cause, target.cause),
            "serum_pmol_l": _given(target.serum_pmol_l, np.nan),
        }
    )
    table[list(SIGNS)] = 0.0  # not known, one by one
    if not pd.isna(target.age):
        table["age_50_or_over"] = ndtr((target.age - 50) / _AGE_SD) - 0.5
    return table


def _given(value, otherwise: float) -> float:
    return otherwise if pd.isna(value) else float(value)


def people_of(target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE, *, same: bool = False):
    """Draw the people of a series under each draw of the parameters; the same under each, if so asked."""
    who = patients_of(target, model, n)
    return people_like(who, draws, len(draws), seed, each=1, series=target.series, same=same)


def read_at(target: Any, draws: pd.DataFrame) -> tuple[list[float], str]:
    """Months and regimen at which a series is read: one month, or several where it does not print when."""
    regimen = _REGIMEN if pd.isna(target.regimen) else target.regimen
    return _MONTHS if pd.isna(target.month) else [float(target.month)], regimen


def _at_its_month(values: np.ndarray, months: list[float], draws: pd.DataFrame) -> np.ndarray:
    """Values of shape (months, draws) at the month of each draw, on the line between two months on the logarithm."""
    if len(months) == 1:
        return values[0]
    places = np.interp(np.log(draws["follow_up_months"]), np.log(months), np.arange(len(months)))
    low = np.minimum(places.astype(int), len(months) - 2)
    every = np.arange(values.shape[1])
    return values[low, every] + (places - low) * (values[low + 1, every] - values[low, every])


def shares(
    target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE, *, same: bool = False
) -> np.ndarray:
    """Share of a series that counts as its outcome, for each draw."""
    return shares_of([target.what], target, draws, model, seed, n, same=same)[0]


def shares_of(
    outcomes: Sequence[str],
    target: Any,
    draws: pd.DataFrame,
    model: pd.DataFrame,
    seed: int,
    n: int = PEOPLE,
    *,
    same: bool = False,
) -> list[np.ndarray]:
    """Shares of the patients of one target who count as each of several outcomes, for each draw."""
    people = people_of(target, draws, model, seed, n, same=same)
    months, regimen = read_at(target, draws)
    after = overall(people, months, regimen, memory_alone=target.profile == "cognitive")

    def share(what: str) -> np.ndarray:
        reached = [counted(what, people.level, left, people).reshape(n, -1).mean(axis=0) for left in after]
        return _at_its_month(np.array(reached), months, draws)

    return [share(what) for what in outcomes]


def changes(target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE) -> np.ndarray:
    """Mean change of function of a group, for each draw: as a share of all function, or of what there was (percent).

    Where the study has untreated people beside it, less their change.
    """
    people = people_of(target, draws, model, seed, n)
    months, regimen = read_at(target, draws)
    memory = target.profile == "cognitive"
    left = overall(people, months, regimen, memory_alone=memory)
    otherwise = people.level
    if not pd.isna(target.contrast):
        otherwise = overall(people, months, target.contrast, memory_alone=memory)
    gain = _at_its_month((otherwise - left).reshape(len(months), n, -1).mean(axis=1), months, draws)
    if not is_percent(target):
        return gain
    return gain / (1 - people.level).reshape(n, -1).mean(axis=0)


def is_percent(target: Any) -> bool:
    """Whether a change is one of what there was, not of all function."""
    return not pd.isna(target.measure) and target.measure == "percent_change"
