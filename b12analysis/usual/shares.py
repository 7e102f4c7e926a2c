"""Single and usual shares beyond a cut-off, and what they answer to: the mathematics, without surveys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from b12analysis.arguments import InputError

__all__ = ["Share", "shares"]


@dataclass(frozen=True)
class Share:
    """A share of people, every person's influence on it, and how it answers to the within-person variance."""

    share: float
    influence: np.ndarray
    answer: float = 0.0


def shares(
    x: np.ndarray, w: np.ndarray, cut: float, side: str, shape: str, variance: float
) -> tuple[Share, Share, float]:
    """Return the share beyond a cut-off in one measurement, the same of usual levels, and the reliability.

    ``x`` and ``cut`` are logarithms, the weights ``w`` add up to 1.

    Examples
    --------
    >>> x = np.array([4, 4.5, 5, 5.5, 6])
    >>> single, usual, reliability = shares(x, np.full(5, 0.2), 4.6, "below", "kept", 0.25)
    >>> single.share, usual.share, round(float(reliability), 9)
    (0.4, 0.2, 0.5)
    """
    sign = 1 if side == "below" else -1
    single = _share(w, sign * (x - cut) < 0)
    if variance == 0:
        return single, single, 1.0
    mean = np.sum(w * x)
    spread = np.sum(w * (x - mean) ** 2)
    if spread <= variance:
        raise InputError(
            f"people vary by {np.sqrt(spread):.3f} on the log scale and one person by {np.sqrt(variance):.3f}: "
            "no spread is left between them"
        )
    shrink = np.sqrt((spread - variance) / spread)
    # 1 / shrink follows the spread and the variance, which are estimates: by so much for each of them
    by_spread = -shrink * variance / (2 * (spread - variance) ** 2)
    by_variance = shrink * spread / (2 * (spread - variance) ** 2)
    of_spread = (x - mean) ** 2 - spread

    if shape == "normal":
        return single, _normal(single, 1 / shrink, by_spread * of_spread, by_variance), shrink**2
    # a level is drawn to mean + shrink * (x - mean); that is beyond the cut where x is beyond the cut moved by this
    moved = (cut - mean) * (1 / shrink - 1)
    usual = _share(w, sign * (x - cut - moved) < 0)
    density = sign * _density(x, w, cut + moved)
    follows = (1 - 1 / shrink) * (x - mean) + (cut - mean) * by_spread * of_spread
    answer = density * (cut - mean) * by_variance
    return single, Share(usual.share, usual.influence + density * follows, answer), shrink**2


def _share(w: np.ndarray, beyond: np.ndarray) -> Share:
    share = 1.0 if beyond.all() else float(np.sum(w * beyond))
    return Share(share, beyond - share)


def _normal(single: Share, stretch: float, of_stretch: np.ndarray, by_variance: float) -> Share:
    """Return the usual share where levels and scatter are normal on some scale: the single share is all it takes."""
    from scipy.stats import norm

    if single.share in (0, 1):
        return single
    score = norm.ppf(single.share)
    slope = norm.pdf(stretch * score)
    influence = slope * (stretch * single.influence / norm.pdf(score) + score * of_stretch)
    return Share(float(norm.cdf(stretch * score)), influence, float(slope * score * by_variance))


def _density(x: np.ndarray, w: np.ndarray, at: float) -> float:
    """Of people per unit of log level: a normal kernel."""
    width = 1.06 * np.sqrt(np.sum(w * (x - np.sum(w * x)) ** 2)) * len(x) ** -0.2
    return float(np.sum(w * np.exp(-(((x - at) / width) ** 2) / 2)) / (width * np.sqrt(2 * np.pi)))
