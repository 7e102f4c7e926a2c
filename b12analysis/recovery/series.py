"""Published series of patients, simulated: who was in them, what was counted, and what the model says to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis.recovery.counting import counted, overall
from b12analysis.recovery.course import People, people_like
from b12analysis.recovery.patients import SEVERITIES, SIGNS

__all__ = ["PEOPLE", "changes", "is_percent", "patients_of", "people_of", "read_at", "shares"]

#: Virtual people of a series for each draw of the parameters.
PEOPLE = 60
#: What a series that does not say is taken to be.
_PROFILES = ("sensory", "motor", "myelopathy")
_CAUSES = {"mixed": "pernicious_anaemia", "diet": "dietary", "food_bound": "ppi"}
_REGIMEN = "us_cyanocobalamin"
_AGE_SD = 15.0


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


def people_of(target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE) -> People:
    """Draw the people of a series under each draw of the parameters."""
    return people_like(patients_of(target, model, n), draws, len(draws), seed, each=1, series=target.series)


def read_at(target: Any, model: pd.DataFrame) -> tuple[float, str]:
    """Month and regimen at which a series is read."""
    month = _given(target.month, model.set_index("parameter").loc["follow_up_months", "value"])
    return month, _REGIMEN if pd.isna(target.regimen) else target.regimen


def shares(target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE) -> np.ndarray:
    """Share of a series that counts as its outcome, for each draw."""
    people = people_of(target, draws, model, seed, n)
    month, regimen = read_at(target, model)
    after = overall(people, [month], regimen, only=_only(target))[0]
    return counted(target.what, people.level, after, people).reshape(n, -1).mean(axis=0)


def changes(target: Any, draws: pd.DataFrame, model: pd.DataFrame, seed: int, n: int = PEOPLE) -> np.ndarray:
    """Mean change of function of a group, for each draw: as a share of all function, or of what there was (percent).

    Where the study has untreated people beside it, less their change.
    """
    people = people_of(target, draws, model, seed, n)
    month, regimen = read_at(target, model)
    left = overall(people, [month], regimen, only=_only(target))[0]
    without = None if pd.isna(target.contrast) else overall(people, [month], target.contrast, only=_only(target))[0]
    otherwise = people.level if without is None else without
    gain = (otherwise - left).reshape(n, -1).mean(axis=0)
    if not is_percent(target):
        return gain
    return gain / (1 - people.level).reshape(n, -1).mean(axis=0)


def is_percent(target: Any) -> bool:
    """Whether a change is one of what there was, not of all function."""
    return not pd.isna(target.measure) and target.measure == "percent_change"


def _only(target: Any) -> str | None:
    """Compartment that a series looked at, where it looked at one."""
    return "cognition" if target.profile == "cognitive" else None
