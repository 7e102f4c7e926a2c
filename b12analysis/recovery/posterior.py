"""Draws from what a fit leaves open, by a population of draws that is led from the prior to the posterior.

Sequential Monte Carlo: the likelihood counts little at first and more from step to step; at each step draws that fit
badly make way for copies of those that fit well, and all are moved at random so that copies part again (a walk that
leaves the normal prior as it is, accepted by the likelihood alone). The steps are as long as they can be with half of
the draws still counting. The product of the mean weights is how probable the data were before the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Sampled", "sample"]


@dataclass(frozen=True)
class Sampled:
    """What sampling says.

    Attributes
    ----------
    points : array of shape (draws, parameters)
        Equally weighted, on the scale where the prior is standard normal.
    log_evidence : float
        Logarithm of the probability of the data.
    steps : int
        Steps from the prior to the posterior.
    accepted : float
        Share of the moves that were accepted in the last step.
    distinct : int
        Draws of the prior that have descendants among the points.
    """

    points: np.ndarray
    log_evidence: float
    steps: int
    accepted: float
    distinct: int


def sample(
    log_likelihood: Callable[[np.ndarray], np.ndarray],
    parameters: int,
    draws: int,
    rng: np.random.Generator,
    *,
    moves: int = 10,
    last: int = 40,
) -> Sampled:
    """Draw from the posterior of parameters whose prior is standard normal.

    Parameters
    ----------
    log_likelihood : callable
        From an array of shape (draws, parameters) to one of shape (draws,).
    parameters, draws : int
    rng : Generator
    moves, last : int
        Moves of every draw at each step, and so many more at the last, so that copies part.

    Examples
    --------
    One observation of 2 with a standard deviation of 1 leaves a mean of 1 and a variance of one half:

    >>> found = sample(lambda x: -(((x[:, 0] - 2) ** 2) / 2), 1, 2000, np.random.default_rng(1))
    >>> float(found.points.mean().round(1)), float(found.points.var().round(1))
    (1.0, 0.5)
    """
    points = rng.standard_normal((draws, parameters))
    fit, line = log_likelihood(points), np.arange(draws)
    if not np.isfinite(fit.max()):
        raise ValueError("no draw of the prior makes the data possible, or the likelihood is not a number")
    heat, evidence, step, size, accepted = 0.0, 0.0, 0, 0.5, 1.0
    while heat < 1:
        further = _further(fit, 1 - heat)
        weights = np.exp(further * (fit - fit.max()))
        evidence += float(np.log(weights.mean()) + further * fit.max())
        heat, step = heat + further, step + 1
        chosen = _resample(weights / weights.sum(), rng)
        points, fit, line = points[chosen], fit[chosen], line[chosen]
        taken = []
        for _ in range(moves if heat < 1 else moves + last):
            moved = np.sqrt(1 - size**2) * points + size * rng.standard_normal(points.shape)
            new = log_likelihood(moved)
            better = np.log(rng.random(draws)) < heat * (new - fit)
            points, fit = np.where(better[:, None], moved, points), np.where(better, new, fit)
            taken.append(better.mean())
            size = float(np.clip(size * np.exp(taken[-1] - 0.25), 0.05, 0.95))  # so that a quarter is accepted
        accepted = float(np.mean(taken))
    # copies of one draw lie together until here
    return Sampled(rng.permutation(points), evidence, step, accepted, len(np.unique(line)))


def _further(fit: np.ndarray, rest: float) -> float:
    """How much more the likelihood may count, with half of the draws that can be true still counting."""
    from scipy.optimize import brentq

    gaps = (fit - fit.max())[np.isfinite(fit)]

    def counting(further: float) -> float:
        weights = np.exp(further * gaps)
        return weights.sum() ** 2 / (weights**2).sum() - len(gaps) / 2

    return rest if counting(rest) >= 0 else float(brentq(counting, 0.0, rest))


def _resample(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose as many draws as there are, each as often as its weight says, as evenly as that goes."""
    places = (np.arange(len(weights)) + rng.random()) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
