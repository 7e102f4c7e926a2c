"""Draws of ratios and of shares whose limits are those printed: what intervals of fractions are simulated from."""

from __future__ import annotations

import numpy as np

from b12analysis.estimates import Z95

__all__ = ["as_risks", "draw_ratio", "draw_risk_ratio", "draw_share", "has_spread"]


def as_risks(odds: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Ratios of risks that odds ratios stand for, by Zhang and Yu; see :func:`b12analysis.risk.risk_ratio`.

    Examples
    --------
    >>> as_risks(np.array([3.0, 2.0]), 0.5).round(3).tolist()
    [1.5, 1.333]
    """
    return odds / (1 - baseline + baseline * odds)


def draw_ratio(ratio: float, lower: float, upper: float, noise: np.ndarray) -> np.ndarray:
    """Log-normal ratios: the logarithm's standard error is the width of the 95 % interval over 2 x 1.96.

    Examples
    --------
    >>> draw_ratio(3.0, 1.5, 6.0, np.array([0.0, 1.959964])).round(3).tolist()
    [3.0, 6.0]
    """
    return ratio * np.exp((np.log(upper) - np.log(lower)) / (2 * Z95) * noise)


def has_spread(share: float, lower: float, upper: float) -> bool:
    """Whether limits say how a share is spread: it lies between 0 and 1 and one limit does too.

    Examples
    --------
    >>> has_spread(0.0, 0.0, 0.03), has_spread(0.015, 0.0, 0.03)
    (False, True)
    """
    return 0 < share < 1 and (lower > 0 or upper < 1)


def draw_share(share: float, lower: float, upper: float, noise: np.ndarray) -> np.ndarray:
    """Logit-normal shares, each side of the middle as wide as its own 95 % limit; fixed where there are no limits.

    On the logit scale every draw is between 0 and 1 by itself. A limit at 0 or 1 says nothing, it was cut there: the
    other side's width counts for both.

    Examples
    --------
    >>> draw_share(0.1, 0.03, 0.28, np.array([-1.959964, 0.0, 1.959964])).round(3).tolist()
    [0.03, 0.1, 0.28]
    """
    from scipy.special import expit, logit

    if np.isnan(lower) or np.isnan(upper):
        return np.full_like(noise, share)
    below = logit(share) - logit(lower) if lower > 0 else np.inf
    above = logit(upper) - logit(share) if upper < 1 else np.inf
    side = np.where(noise < 0, *((below, above) if max(below, above) < np.inf else [min(below, above)] * 2))
    return expit(logit(share) + side * noise / Z95)


def draw_risk_ratio(
    effect: np.ndarray, baseline: np.ndarray, noise: np.ndarray, baseline_noise: np.ndarray, *, is_odds: bool
) -> np.ndarray:
    """Ratios of risks: odds ratios converted with drawn baseline risks, others no larger than a risk of 1 allows.

    ``effect`` and ``baseline`` are a value with its limits; of the baseline all or the limits may be missing.

    Examples
    --------
    >>> noise, effect = np.array([0.0, 1.959964]), np.array([3.0, 1.5, 6.0])
    >>> draw_risk_ratio(effect, np.full(3, np.nan), noise, noise, is_odds=False).round(3).tolist()
    [3.0, 6.0]
    >>> draw_risk_ratio(effect, np.array([0.25, 0.2, 0.5]), noise, noise, is_odds=False).round(3).tolist()
    [3.0, 4.0]
    """
    drawn = draw_ratio(*effect, noise)
    if np.isnan(baseline[0]):
        return drawn
    if is_odds:
        return as_risks(drawn, draw_share(*baseline, baseline_noise))
    with np.errstate(divide="ignore"):
        return np.minimum(drawn, 1 / baseline[0])
