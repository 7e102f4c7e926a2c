"""The table ``recovery_validation``: what the model expects of each series of patients beside what was seen.

The expectation is of the *result of that study*: it holds what calibration leaves open, the case mix of another series
(a fitted series has its own), and the chance of so few patients. A row is within if the model gives what was seen, or
something as extreme, a chance of at least one in twenty. Counts can fail that; directions hardly can, because the model
seldom says that a group will surely change or surely not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.recovery.draws import SCENARIOS
from b12analysis.recovery.series import changes, is_percent, shares

__all__ = ["CHANGES", "validate"]

_SEED, _LEAST = 71, 0.05
#: Taken where a study does not say how many people there were.
_PEOPLE = 20
#: What is no share of people.
CHANGES = ("conduction_change", "score_change")


def validate(targets: pd.DataFrame, model: pd.DataFrame, draws: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Predict every target under each scenario and under all, and score it.

    Parameters
    ----------
    targets, model : DataFrame
        As ``recovery_targets`` and ``recovery_model``.
    draws : DataFrame
        As of :func:`b12analysis.recovery.draws.posterior`, all scenarios.
    before : DataFrame
        Draws of the parameters before the fit.

    Returns
    -------
    DataFrame with columns
        target, series, what, role, scenario, month, cases, n
        observed, observed_lower, observed_upper    shares, or changes as a share of function
        predicted, predicted_lower, predicted_upper    median and 95 % predictive interval
        prior, prior_lower, prior_upper     the same before the fit
        chance, within, direction, status, note
    """
    usual = model.set_index("parameter").loc["follow_up_months", "value"]
    rows = []
    for target in targets.itertuples():
        expected = changes if target.what in CHANGES else shares
        said, seen = expected(target, draws, model, _SEED), _seen(target)
        first = _limits(expected(target, before, model, _SEED), target)
        for scenario in ("all", *SCENARIOS):
            of = said if scenario == "all" else said[(draws["scenario"] == scenario).to_numpy()]
            chance = _chance(of, target, seen, model)
            rows.append(
                {"target": target.id}
                | {name: getattr(target, name) for name in ("series", "what", "role")}
                | {"scenario": scenario, "month": usual if pd.isna(target.month) else target.month}
                | {"cases": target.cases, "n": target.n}
                | seen
                | dict(zip(("predicted_lower", "predicted", "predicted_upper"), _limits(of, target), strict=True))
                | dict(zip(("prior_lower", "prior", "prior_upper"), first, strict=True))
                | {"chance": chance, "within": chance >= _LEAST, "direction": target.direction}
                | {"status": target.status, "note": target.note}
            )
    table = pd.DataFrame(rows)
    numbers = table.select_dtypes("float").columns
    return table.assign(**table[numbers].round(3)).astype({"cases": "Int64", "n": "Int64"})


def _seen(target: Any) -> dict[str, float]:
    """Return what was observed, with its limits: of counts by Wilson, of words as they are read."""
    if target.what in CHANGES:
        value = target.value / 100 if is_percent(target) else np.nan
        return {"observed": value, "observed_lower": np.nan, "observed_upper": np.nan}
    if pd.isna(target.cases):
        return {"observed": np.nan, "observed_lower": target.lower / 100, "observed_upper": target.upper / 100}
    row = prevalence(pd.DataFrame({"cases": [int(target.cases)], "n": [int(target.n)]})).iloc[0]
    return {"observed": row["estimate"], "observed_lower": row["lower"], "observed_upper": row["upper"]}


def _counts(share: np.ndarray, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each count of such a study or fewer: the mean over draws of the binomial's."""
    from scipy.special import bdtr

    many = _PEOPLE if pd.isna(target.n) else int(target.n)
    counts = np.arange(many + 1)
    at_most = bdtr(counts[:, None], many, np.clip(share, 0, 1)[None, :]).mean(axis=1)
    return counts, at_most


def _limits(said: np.ndarray, target: Any) -> np.ndarray:
    """2.5, 50 and 97.5 % of results: of counts with the chance of so few patients."""
    if target.what in CHANGES:
        return np.quantile(said, [0.025, 0.5, 0.975])
    counts, at_most = _counts(said, target)
    return counts[np.searchsorted(at_most, [0.025, 0.5, 0.975])] / counts[-1]


def _chance(said: np.ndarray, target: Any, seen: dict[str, float], model: pd.DataFrame) -> float:
    """Probability of what was seen: in words or a direction, or a number at least as extreme to either side."""
    if target.what in CHANGES:
        if not np.isnan(seen["observed"]):
            return float(2 * min((said <= seen["observed"]).mean(), (said >= seen["observed"]).mean()))
        least = float(model.set_index("parameter").loc["trial_change", "value"])
        there = {"better": said >= least, "worse": said <= -least, "none": np.abs(said) < least}
        return float(there[target.direction].mean())
    counts, at_most = _counts(said, target)
    if pd.notna(target.cases):
        case = int(target.cases)
        below, above = at_most[case], 1 - (at_most[case - 1] if case else 0.0)
        return float(min(1.0, 2 * min(below, above)))
    lower, upper = (seen[f"observed_{side}"] * counts[-1] for side in ("lower", "upper"))
    inside = (counts > lower) & (counts <= upper) if lower else counts <= upper  # "most" is more than half
    return float(np.diff(at_most, prepend=0.0)[inside].sum())
