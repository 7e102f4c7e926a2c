"""How much of the deficiency in a population goes with an exposure.

The *attributable fraction* is the share of all deficiency that would be absent if the group had the risk of the others,
provided that the association is causal and unconfounded.

Levin's formula takes the exposure of the population and needs a ratio that nothing confounds; with an adjusted ratio it
is biased. Miettinen's takes the exposure of the cases and allows an adjusted one. Both need a ratio of risks: an odds
ratio is larger when deficiency is common, so it is converted with the risk outside the group. Where an association may
be null or protective there is no share to state, and odds ratios from density-sampled case-control studies are not
converted at all: both return a reason instead of a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, check_count, check_level, shown
from b12analysis.risk.draws import as_risks, draw_risk_ratio, draw_share, has_spread
from b12analysis.risk.refusals import ADJUSTMENTS, by_formula, check_effects, check_shares, numbers, reasons

__all__ = ["ADJUSTMENTS", "attributable_fraction", "risk_ratio"]


def risk_ratio(odds_ratio: float, baseline_risk: float) -> float:
    """Risk ratio that an odds ratio implies where the unexposed have ``baseline_risk``.

    The formula holds for a crude odds ratio. Of an adjusted one it is biased, more so the commoner deficiency is and
    the more the people differ whom the adjustment makes alike; there the baseline risk would have to be adjusted too.

    Parameters
    ----------
    odds_ratio : float or array, above 0
    baseline_risk : float or array from 0 to below 1
        Risk of the unexposed, share of people; at 0 the ratio is the odds ratio, the limit for a rare outcome.

    Returns
    -------
    float or array
        Risk ratio; missing where one of the two is.

    Raises
    ------
    InputError
        If an odds ratio or a risk is out of range.

    Source
    ------
    Zhang and Yu, JAMA 1998;280:1690. Its bias with adjusted odds ratios: McNutt et al., Am J Epidemiol 2003;157:940
    (recalled).

    Examples
    --------
    >>> round(risk_ratio(3.0, 0.5), 3)  # odds 1 becomes odds 3: risk 0.5 becomes 0.75
    1.5
    """
    odds, risk = _floats("odds_ratio", odds_ratio), _floats("baseline_risk", baseline_risk)
    for value in odds[(odds <= 0) | np.isinf(odds)]:
        raise InputError(f"odds_ratio={value:g} is out of range; it must be above 0 and finite")
    for value in risk[(risk < 0) | (risk >= 1)]:
        raise InputError(f"baseline_risk={value:g} is out of range; it must be at least 0 and below 1")
    ratio = as_risks(odds, risk)
    return ratio if ratio.ndim else float(ratio)


def _floats(argument: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{argument}={shown(given)} is not a number") from None


def attributable_fraction(
    risks: pd.DataFrame, *, n: int = 10_000, level: float = 0.95, rng: np.random.Generator | int | None = None
) -> pd.DataFrame:
    """Attributable fraction of deficiency from published figures, with an interval simulated from the inputs' own.

    Levin:     AF = p (RR - 1) / (1 + p (RR - 1)), p the exposure of the population, RR crude or of a trial

    Miettinen: AF = pc (RR - 1) / RR, pc the exposure of the cases, RR crude or adjusted

    A crude ratio gives a crude fraction: it is that of the exposure only if nothing else differs between those with and
    without it. Limits of a share are met by logit-normal draws, which lie between 0 and 1 by themselves; a ratio that
    would make a risk above 1 is drawn as one that makes it 1. Odds ratios are converted by :func:`risk_ratio`, which is
    biased for adjusted ones.

    Parameters
    ----------
    risks : DataFrame
        One exposure and one effect per row, e.g. from :func:`exposures_with_effects`:
        ``measure`` ("risk_ratio", "prevalence_ratio" or "odds_ratio"; a "hazard_ratio" gets a reason),
        ``effect`` with its 95 % interval ``effect_lower``, ``effect_upper``, ``adjustment`` of it ("none", "trial" or
        "adjusted"; missing is not known), and ``exposure`` (p) or ``exposure_cases`` (pc), each optionally with
        ``..._lower``, ``..._upper`` (otherwise it is taken as known). Further optional columns are ``design``,
        ``baseline_risk`` of the unexposed (share; needed to convert odds ratios; optionally with ``baseline_lower``,
        ``baseline_upper``) and ``outcome`` (missing is "deficiency").
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

        formula                 "miettinen" where the exposure of the cases is given, else "levin"; missing with reason
        risk_ratio              the effect as a risk ratio
        estimate, lower, upper  attributable fraction, share of all deficiency; missing where ``reason`` is given
        reason                  why no share is stated; missing where one is

    Raises
    ------
    InputError
        If columns are missing, a measure, an adjustment or a design is unknown, an exposure is not a share, a ratio is
        not above 0 and finite, a value does not lie between its limits or has one of them only, or the baseline risk
        times a ratio is above 1.

    Source
    ------
    Levin, Acta Unio Int Contra Cancrum 1953;9:531. Miettinen, Am J Epidemiol 1974;99:325. Which of the two when:
    Rockhill, Newman and Weinberg, Am J Public Health 1998;88:15.

    Examples
    --------
    >>> known = dict(measure="risk_ratio", effect=3.0, effect_lower=2.999, effect_upper=3.001)
    >>> rows = pd.DataFrame([known | dict(exposure=0.1, adjustment="none"), known | dict(exposure_cases=0.25)])
    >>> table = attributable_fraction(rows, rng=1)
    >>> table[["formula", "estimate"]].round(3).values.tolist()  # 0.2 / 1.2, and 0.25 * 2 / 3
    [['levin', 0.167], ['miettinen', 0.167]]
    """
    exposure = [] if "exposure_cases" in risks else ["exposure"]
    check_columns("risks", risks.columns, [*exposure, "measure", "effect", "effect_lower", "effect_upper"])
    check_count("n", n)
    check_level(level)
    check_effects(risks)
    for name in ("exposure", "exposure_cases"):
        check_shares(risks, name)
    effects = np.stack(numbers(risks, "effect", "effect_lower", "effect_upper"), axis=1)
    baselines = np.stack(numbers(risks, "baseline_risk", "baseline_lower", "baseline_upper"), axis=1)
    by_cases, shares = _exposed(risks)
    reason = _reasons(risks, by_cases, shares)
    stated, is_odds = reason == "", (risks["measure"] == "odds_ratio").to_numpy(bool)
    ratio = np.where(is_odds, as_risks(effects[:, 0], baselines[:, 0]), effects[:, 0])
    draws = np.random.default_rng(rng).standard_normal((3, n))
    fractions = np.full((len(risks), n), np.nan)
    for row in np.flatnonzero(stated):
        drawn = draw_risk_ratio(effects[row], baselines[row], draws[0], draws[2], is_odds=is_odds[row])
        fractions[row] = _fraction(by_cases[row], draw_share(*shares[row], draws[1]), drawn)

    tail = (1 - level) / 2
    out = risks.copy()
    formula = pd.Series(np.where(by_cases, "miettinen", "levin"), index=risks.index, dtype="string")
    out["formula"] = formula.where(stated)
    out["risk_ratio"] = ratio
    out["estimate"] = np.where(stated, _fraction(by_cases, shares[:, 0], ratio), np.nan)
    out["lower"], out["upper"] = np.quantile(fractions, [tail, 1 - tail], axis=1)
    out["reason"] = pd.Series(reason, index=risks.index, dtype="string").replace("", pd.NA)
    return out


def _exposed(risks: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Whether a row has the exposure of the cases; and the share that its formula takes, with its limits."""
    population, cases = (
        np.stack(numbers(risks, name, f"{name}_lower", f"{name}_upper"), axis=1)
        for name in ("exposure", "exposure_cases")
    )
    by_cases = ~np.isnan(cases[:, 0])
    return by_cases, np.where(by_cases[:, None], cases, population)


def _reasons(risks: pd.DataFrame, by_cases: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Why no fraction is stated: of the effect, of its exposure, and of the formula that the two allow."""
    limits = ~np.isnan(shares).any(axis=1)
    blind = limits & ~np.array([has_spread(*row) for row in shares], dtype=bool)
    found = {
        "exposure or effect is not known with an interval": np.isnan(shares[:, 0]),
        "an exposure of none or all has no spread to draw from": blind,
    }
    reason = reasons(risks)
    of_exposure = np.select(list(found.values()), list(found), default="")
    return _first(reason, of_exposure, by_formula(risks, by_cases))


def _first(*reason: np.ndarray) -> np.ndarray:
    """Of several reasons for each row the first that there is."""
    return np.select([one != "" for one in reason], list(reason), default="").astype(object)


def _fraction(by_cases: np.ndarray, share: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    return np.where(by_cases, share * (ratio - 1) / ratio, share * (ratio - 1) / (1 + share * (ratio - 1)))
