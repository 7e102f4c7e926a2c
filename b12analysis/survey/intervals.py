"""Intervals of proportions from a survey, and what is too uncertain to be printed.

All of them start from the estimate, its standard error and the degrees of freedom of the design. The *effective n* is
p (1 - p) / se²: the people that a simple random sample would need for this standard error.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice, check_level

__all__ = ["INTERVALS", "interval", "presentation", "t_quantile"]


def t_quantile(df: np.ndarray | float, level: float) -> np.ndarray:
    """Two-sided quantile of Student's t; infinite without degrees of freedom."""
    from scipy.special import stdtrit

    df = np.asarray(df, dtype=float)
    return np.where(df > 0, stdtrit(np.where(df > 0, df, 1.0), (1 + level) / 2), np.inf)


def _logit(p: np.ndarray, se: np.ndarray, n: np.ndarray, df: np.ndarray, level: float) -> list[np.ndarray]:
    from scipy.special import expit, logit

    half = t_quantile(df, level) * se / (p * (1 - p))
    return [expit(logit(p) - half), expit(logit(p) + half)]


def _mean(p: np.ndarray, se: np.ndarray, n: np.ndarray, df: np.ndarray, level: float) -> list[np.ndarray]:
    half = t_quantile(df, level) * se
    return [p - half, p + half]


def _wilson(p: np.ndarray, se: np.ndarray, n: np.ndarray, df: np.ndarray, level: float) -> list[np.ndarray]:
    u = t_quantile(df, level) ** 2 / (p * (1 - p) / se**2)
    half = np.sqrt(p * (1 - p) * u + u**2 / 4)
    return [(p + u / 2 - half) / (1 + u), (p + u / 2 + half) / (1 + u)]


def _korn_graubard(p: np.ndarray, se: np.ndarray, n: np.ndarray, df: np.ndarray, level: float) -> list[np.ndarray]:
    return _clopper_pearson(p, p * (1 - p) / se**2 * _fewer(n, df, level), level)


def _fewer(n: np.ndarray, df: np.ndarray, level: float) -> np.ndarray:
    """Factor by which few degrees of freedom lessen the effective n."""
    plain = t_quantile(np.maximum(n - 1, 1), level)
    return (plain / t_quantile(df, level)) ** 2


def _clopper_pearson(p: np.ndarray, n: np.ndarray, level: float) -> list[np.ndarray]:
    from scipy.special import betaincinv

    tail, x = (1 - level) / 2, n * p
    lower = np.where(x > 0, betaincinv(np.where(x > 0, x, 1), n - x + 1, tail), 0.0)
    upper = np.where(x < n, betaincinv(x + 1, np.where(x < n, n - x, 1), 1 - tail), 1.0)
    return [lower, upper]


#: Interval methods of :func:`survey_prevalence`, by name.
INTERVALS = {"logit": _logit, "beta": _korn_graubard, "mean": _mean, "wilson": _wilson}


def interval(
    p: np.ndarray,
    se: np.ndarray,
    n: np.ndarray,
    df: np.ndarray,
    *,
    ci: str,
    level: float,
    effective: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of each proportion; where none or all are cases, Clopper and Pearson's on the effective n.

    The standard error is 0 there and says nothing. The effective n is then ``effective`` (Kish's, for unequal weights),
    or else the number of people, lessened for few degrees of freedom as Korn and Graubard do. Without any degree of
    freedom nothing is known: 0 to 1. The symmetric interval ("mean") may leave 0 to 1, as in R; the others cannot.
    """
    check_choice("ci", ci, INTERVALS)
    check_level(level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lower, upper = INTERVALS[ci](p, se, n, df, level)
        edge = _clopper_pearson(p, (n if effective is None else effective) * _fewer(n, df, level), level)
        flat = ~(se > 1e-9 * np.sqrt(p * (1 - p) / n))  # PSUs that agree but for rounding say nothing either
    lower, upper = np.where(flat, edge[0], lower), np.where(flat, edge[1], upper)
    known, blind = n > 0, df <= 0
    lower = np.where(known, np.where(blind, 0.0, np.minimum(lower, p)), np.nan)
    upper = np.where(known, np.where(blind, 1.0, np.maximum(upper, p)), np.nan)
    return lower, upper


def presentation(p: np.ndarray, se: np.ndarray, n: np.ndarray, df: np.ndarray) -> pd.Series:
    """Judge each proportion by the presentation standard of the US National Center for Health Statistics.

    "suppress: ..." is too uncertain to be printed, "review: ..." needs a second look, empty is fine. The standard goes
    by the 95 % interval of Korn and Graubard, whatever interval is shown.

    Source
    ------
    Parker et al., National Center for Health Statistics data presentation standards for proportions, Vital Health
    Stat 2017;2(175).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(se > 0, np.minimum(n, p * (1 - p) / se**2), n)
        lower, upper = _clopper_pearson(p, np.minimum(n, effective * _fewer(n, df, 0.95)), 0.95)
        width = upper - lower
        relative, complement = width / p, width / (1 - p)
    between = (width > 0.05) & (width < 0.30)
    rules = {
        "suppress: nobody was measured": n == 0,
        "suppress: fewer than 30 people": n < 30,
        "suppress: effective n below 30": effective < 30,
        "suppress: 95 % interval wider than 30 points": ~(width < 0.30),
        "suppress: 95 % interval wider than 1.3 times the estimate": between & (relative > 1.3) & (p > 0),
        "review: fewer than 8 degrees of freedom": df < 8,
        "review: no cases, or nothing but cases": (p == 0) | (p == 1),
        "review: the share without the condition is uncertain": between & (complement > 1.3),
    }
    return pd.Series(np.select(list(rules.values()), list(rules), default=""), dtype="str")
