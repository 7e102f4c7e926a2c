"""Draws of ratios and of shares whose limits are those printed: what intervals of fractions are simulated from."""

from __future__ import annotations

import numpy as np

__all__ = ["draw_ratio", "draw_share", "has_spread"]

_Z = 1.959964  # standard errors from the middle of an interval to its 95 % limit


def draw_ratio(ratio: float, lower: float, upper: float, noise: np.ndarray) -> np.ndarray:
    """Log-normal ratios: the logarithm's standard error is the width of the 95 % interval over 2 x 1.96.

    Examples
    --------
    >>> draw_ratio(3.0, 1.5, 6.0, np.array([0.0, 1.959964])).round(3).tolist()
    [3.0, 6.0]
    """
    return ratio * np.exp((np.log(upper) - np.log(lower)) / (2 * _Z) * noise)


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
    return expit(logit(share) + side * noise / _Z)
