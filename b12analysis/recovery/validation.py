"""The table ``recovery_validation``: what the model expects of each series of patients beside what was seen.

The expectation is of the *result of that study*: it holds what calibration leaves open, the case mix of another series
(a fitted series has its own), and the chance of so few patients. A row is within if the model gives what was seen, or
something as extreme, a chance of at least one in twenty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.recovery.draws import SCENARIOS
from b12analysis.recovery.series import changes, is_percent, read_at, shares

__all__ = ["validate"]

_SEED, _LEAST = 71, 0.05
#: Taken where a study does not say how many people there were.
_PEOPLE = 20
_CHANGES = ("conduction_change", "score_change")


def validate(targets: pd.DataFrame, model: pd.DataFrame, draws: pd.DataFrame) -> pd.DataFrame:
    """Predict every target under each scenario and under all, and score it.

    Parameters
    ----------
    targets, model : DataFrame
        As ``recovery_targets`` and ``recovery_model``.
    draws : DataFrame
        As of :func:`b12analysis.recovery.draws.posterior`, all scenarios.

    Returns
    -------
    DataFrame with columns
        target, series, what, role, scenario, month, cases, n
        observed, observed_lower, observed_upper    shares, or changes as a share of function
        predicted, predicted_lower, predicted_upper    median and 95 % predictive interval
        chance, within, direction, status, note
    """
    rows = []
    for target in targets.itertuples():
        rng = np.random.default_rng([_SEED, int(target.id[1:])])
        expected = changes if target.what in _CHANGES else shares
        said = expected(target, draws, model, _SEED)
        seen = _seen(target)
        result = said if target.what in _CHANGES else _by_chance(said, target, rng)
        for scenario in ("all", *SCENARIOS):
            of = result if scenario == "all" else result[(draws["scenario"] == scenario).to_numpy()]
            lower, middle, upper = np.quantile(of, [0.025, 0.5, 0.975])
            chance = _chance(of, target, seen, model)
            rows.append(
                {"target": target.id}
                | {name: getattr(target, name) for name in ("series", "what", "role")}
                | {"scenario": scenario, "month": read_at(target, model)[0], "cases": target.cases, "n": target.n}
                | seen
                | {"predicted": middle, "predicted_lower": lower, "predicted_upper": upper, "chance": chance}
                | {"within": chance >= _LEAST, "direction": target.direction, "status": target.status}
                | {"note": target.note}
            )
    table = pd.DataFrame(rows)
    numbers = table.select_dtypes("float").columns
    return table.assign(**table[numbers].round(3)).astype({"cases": "Int64", "n": "Int64"})


def _seen(target: Any) -> dict[str, float]:
    """Return what was observed, with its limits: of counts by Wilson, of words as they are read."""
    if target.what in _CHANGES:
        value = target.value / 100 if is_percent(target) else np.nan
        return {"observed": value, "observed_lower": np.nan, "observed_upper": np.nan}
    if pd.isna(target.cases):
        return {"observed": np.nan, "observed_lower": target.lower / 100, "observed_upper": target.upper / 100}
    row = prevalence(pd.DataFrame({"cases": [int(target.cases)], "n": [int(target.n)]})).iloc[0]
    return {"observed": row["estimate"], "observed_lower": row["lower"], "observed_upper": row["upper"]}


def _by_chance(share: np.ndarray, target: Any, rng: np.random.Generator) -> np.ndarray:
    many = _PEOPLE if pd.isna(target.n) else int(target.n)
    return rng.binomial(many, np.clip(share, 0, 1)) / many


def _chance(results: np.ndarray, target: Any, seen: dict[str, float], model: pd.DataFrame) -> float:
    """Probability of what was seen: in words or a direction, or a number at least as extreme to either side."""
    if not np.isnan(seen["observed"]):
        below, above = (results <= seen["observed"] + 1e-9).mean(), (results >= seen["observed"] - 1e-9).mean()
        return float(min(1.0, 2 * min(below, above)))
    if target.what not in _CHANGES:
        return float(((results >= seen["observed_lower"]) & (results <= seen["observed_upper"])).mean())
    least = float(model.set_index("parameter").loc["trial_change", "value"])
    there = {"better": results >= least, "worse": results <= -least, "none": np.abs(results) < least}
    return float(there[target.direction].mean())
