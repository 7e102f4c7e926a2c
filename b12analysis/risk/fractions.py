"""How much of the deficiency in a population goes with an exposure.

The *attributable fraction* is the share of all deficiency that would be absent if the group had the risk of the others,
provided that the association is causal and unconfounded.

Levin's formula needs a ratio of risks. An odds ratio is larger than the risk ratio when deficiency is common, so it
is converted with the risk outside the group. Where an association may be null or protective there is no share to
state, and odds ratios from density-sampled case-control studies are not converted at all: both return a reason
instead of a number.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_level
from b12analysis.risk.effects import RATIOS

__all__ = ["attributable_fraction", "risk_ratio"]


def risk_ratio(odds_ratio: float, baseline_risk: float) -> float:
    """Risk ratio that an odds ratio implies where the unexposed have ``baseline_risk``.

    Parameters
    ----------
    odds_ratio : float or array, > 0
    baseline_risk : float or array in [0, 1]
        Risk of the unexposed, share of people.

    Returns
    -------
    float or array
        Risk ratio.

    Source
    ------
    Zhang and Yu, JAMA 1998;280:1690.

    Examples
    --------
    >>> round(risk_ratio(3.0, 0.5), 3)  # odds 1 becomes odds 3: risk 0.5 becomes 0.75
    1.5
    """
    return odds_ratio / (1 - baseline_risk + baseline_risk * odds_ratio)


def attributable_fraction(
    risks: pd.DataFrame, *, n: int = 10_000, level: float = 0.95, rng: np.random.Generator | int | None = None
) -> pd.DataFrame:
    """Attributable fraction of deficiency, by Levin's formula, with an interval simulated from the inputs' own.

    AF = p (RR - 1) / (1 + p (RR - 1))

    Parameters
    ----------
    risks : DataFrame
        One exposure and one effect per row, e.g. from :func:`exposures_with_effects`:
        ``exposure`` (p, share of the population), ``measure`` ("risk_ratio", "prevalence_ratio" or "odds_ratio"),
        ``effect`` with its 95 % interval ``effect_lower``, ``effect_upper``; optionally ``exposure_lower``,
        ``exposure_upper`` (otherwise the exposure is taken as known), ``design``, and ``baseline_risk`` (share; needed
        to convert odds ratios).
    n : int
        Draws of the simulation.
    level : float
        Level of the interval.
    rng : Generator or int, optional
        Source of randomness; every row uses the same normal draws, so rows can be compared.

    Returns
    -------
    DataFrame
        The rows given, and columns

        risk_ratio              the effect as a risk ratio
        estimate, lower, upper  attributable fraction, share of all deficiency; missing where ``reason`` is given
        reason                  why no share is stated; missing where one is

    Raises
    ------
    InputError
        If columns are missing, a measure is unknown or an exposure is not a share.

    Source
    ------
    Levin, Acta Unio Int Contra Cancrum 1953;9:531.

    Examples
    --------
    >>> known = dict(exposure=0.1, measure="risk_ratio", effect=3.0, effect_lower=2.999, effect_upper=3.001)
    >>> attributable_fraction(pd.DataFrame([known]), rng=1)["estimate"].round(3).tolist()  # 0.2 / 1.2
    [0.167]
    """
    check_columns("risks", risks.columns, ["exposure", "measure", "effect", "effect_lower", "effect_upper"])
    check_count("n", n)
    check_level(level)
    for measure in risks["measure"].unique():
        check_choice("measure", measure, RATIOS)

    def column(name: str) -> np.ndarray:
        values = risks[name] if name in risks else pd.Series(np.nan, index=risks.index)
        return pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)

    p, p_lower, p_upper = (column(f"exposure{part}") for part in ("", "_lower", "_upper"))
    effect, lower, upper, baseline = (
        column(name) for name in ("effect", "effect_lower", "effect_upper", "baseline_risk")
    )
    for name, share in [("exposure", p), ("baseline_risk", baseline)]:
        if ((share < 0) | (share > 1)).any():
            raise InputError(
                f"{name}={share[(share < 0) | (share > 1)][0]:g} is out of range; it is a share from 0 to 1"
            )

    is_odds = (risks["measure"] == "odds_ratio").to_numpy(bool)
    density = (
        (risks["design"] == "case_control_density").to_numpy(dtype=bool, na_value=False) if "design" in risks else False
    )
    reason = np.select(
        [
            np.isnan(p) | np.isnan(effect) | np.isnan(lower) | np.isnan(upper),
            density & is_odds,
            is_odds & np.isnan(baseline),
            lower <= 1,
        ],
        [
            "exposure or effect is not known with an interval",
            "odds ratio from density-sampled controls: not a ratio of risks",
            "odds ratio without a baseline risk to convert it",
            "the association may be null or protective",
        ],
        default="",
    )

    stated = reason == ""
    draws = np.random.default_rng(rng).standard_normal((2, n))
    ratio = np.where(is_odds, risk_ratio(effect, baseline), effect)
    fractions = np.full((len(risks), n), np.nan)
    for row in np.flatnonzero(stated):
        log_se = (np.log(upper[row]) - np.log(lower[row])) / (2 * 1.959964)
        ratios = np.exp(np.log(effect[row]) + log_se * draws[0])
        if is_odds[row]:
            ratios = risk_ratio(ratios, baseline[row])
        fractions[row] = _levin(_shares(p[row], p_lower[row], p_upper[row], draws[1]), ratios)

    tail = (1 - level) / 2
    out = risks.copy()
    out["risk_ratio"] = ratio
    out["estimate"] = np.where(stated, _levin(p, ratio), np.nan)
    out["lower"], out["upper"] = np.quantile(fractions, [tail, 1 - tail], axis=1)
    out["reason"] = pd.Series(reason, index=risks.index, dtype="string").replace("", pd.NA)
    return out


def _shares(p: float, lower: float, upper: float, noise: np.ndarray) -> np.ndarray:
    """Draws of a share whose 95 % limits are those given, each side as wide as its own; fixed where there are none."""
    if np.isnan(lower) or np.isnan(upper):
        return np.full_like(noise, p)
    side = np.where(noise < 0, p - lower, upper - p)
    return np.clip(p + side * noise / 1.959964, 0, 1)


def _levin(p: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    return p * (ratio - 1) / (1 + p * (ratio - 1))
