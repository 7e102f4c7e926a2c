"""The likelihood of scores followed over time, with each patient's own course integrated over.

Deficits are on a scale where 0 is the best score that the scale can give and 1 the worst. A patient's course is

    m(t) = d * (1 - C * (1 - 2 ** (-t / h)))         logit C, ln h and d normal between patients

and a score is m(t) + error, normal. A score says that this lies between two limits: at the bounds of the scale one of
them is infinite. The integral over a patient's three numbers is a Gauss-Hermite rule about their mean given the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

__all__ = ["NODES", "PARAMETERS", "Place", "Visits", "centred", "marginal", "personal"]

#: What is estimated, on the scale where it is: mean and ln SD between patients of logit C, ln h and d; ln SD of errors.
PARAMETERS = ("ceiling", "half_time", "deficit", "ceiling_sd", "half_time_sd", "deficit_sd", "error")
#: Nodes for each of a patient's three numbers: given the first two, the likelihood of the deficit is nearly normal.
NODES = (7, 7, 3)
#: Where they are to lie depends on how far the deficit's lie out.
CENTRING = (7, 7, 5)
#: Visits looked at together: of more, the arrays over all nodes are so large that each is fetched from memory anew.
TOGETHER = 100
#: A place to put the nodes: each patient's likeliest numbers, and a factor of their covariance.
Place = tuple[np.ndarray, np.ndarray]
#: Beyond these a search may try ln h, but not go: its exponential would not be a number.
LN_LIMITS = (-60, 60)
LN_2, LN_2PI = np.log([2, 2 * np.pi])
#: What the likelihood of a score gives: its log, the slope and information by the course, the derivative by ln error.
SCORES = ("log", "slope", "scale", "information")


@dataclass(frozen=True)
class Visits:
    """Visits, a patient's next to each other: when, the limits of the deficit (equal where it is exact), whose."""

    months: np.ndarray
    low: np.ndarray
    high: np.ndarray
    patient: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each patient's visits begin."""
        return np.flatnonzero(np.diff(self.patient, prepend=-1))

    @cached_property
    def parts(self) -> list[tuple[slice, Visits]]:
        """A few patients at a time: which, and their visits."""
        ends = np.append(self.starts[1:], len(self.months))
        cuts = [*np.flatnonzero(np.diff(self.starts // TOGETHER, prepend=-1)), len(ends)]
        parts = []
        for first, after in pairwise(cuts):
            rows = slice(self.starts[first], ends[after - 1])
            own = Visits(self.months[rows], self.low[rows], self.high[rows], self.patient[rows] - first)
            parts.append((slice(first, after), own))
        return parts


def marginal(
    values: np.ndarray, visits: Visits, place: Place | None = None, nodes: tuple[int, ...] = NODES
) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood of each patient's scores, and its gradient, at ``values`` of ``PARAMETERS``.

    The nodes lie about ``place``, which :func:`centred` gives; by default about that of these ``values``.
    """
    centre, spread = place or centred(values, visits)
    parts = [_marginal(values, part, (centre[who], spread[who]), nodes) for who, part in visits.parts]
    heights, gradients = zip(*parts, strict=True)
    return np.concatenate(heights), np.concatenate(gradients)


def _marginal(
    values: np.ndarray, visits: Visits, place: Place, nodes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    log_weights, z, terms = _integrand(values, visits, place, nodes)
    top = log_weights.max(axis=1, keepdims=True)
    mass = np.exp(log_weights - top)
    total = mass.sum(axis=1, keepdims=True)
    weights = mass / total
    slope_left = terms["slope"] * terms["left"]
    by_visit = (terms["slope"], slope_left, slope_left * terms["times"], terms["scale"])
    *sums, by_error = (np.add.reduceat(part, visits.starts) for part in by_visit)
    by_number = [weights * slope for slope in _by_number(terms, slice(None), *sums)]
    by_mean = [part.sum(axis=1) for part in by_number]
    by_spread = [
        spread * np.einsum("ik,ik->i", part, z[:, :, k])
        for k, (part, spread) in enumerate(zip(by_number, np.exp(values[3:6]), strict=True))
    ]
    gradient = [*by_mean, *by_spread, np.einsum("ik,ik->i", weights, by_error)]
    return (top + np.log(total))[:, 0], np.stack(gradient, axis=1)


def personal(values: np.ndarray, visits: Visits) -> np.ndarray:
    """Deficit expected at each visit, given all of the patient's scores."""
    log_weights, _, terms = _integrand(values, visits, centred(values, visits), NODES)
    return (_shares(log_weights)[visits.patient] * terms["course"]).sum(axis=1)


def centred(values: np.ndarray, visits: Visits, nodes: tuple[int, ...] = CENTRING) -> Place:
    """Each patient's mean z and the Cholesky factor of its covariance, from nodes about the likeliest.

    Nodes about these see more of a patient who may have recovered wholly, of whose C only the lower end is known.
    """
    centre, spread = _likeliest(values, visits)
    parts = [_centred(values, part, (centre[who], spread[who]), nodes) for who, part in visits.parts]
    means, covariances = zip(*parts, strict=True)
    return np.concatenate(means), np.linalg.cholesky(np.concatenate(covariances) + 1e-6 * np.eye(3))


def _centred(values: np.ndarray, visits: Visits, place: Place, nodes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    log_weights, z, _ = _integrand(values, visits, place, nodes)
    weights = _shares(log_weights)
    mean = np.einsum("ik,ika->ia", weights, z)
    apart = z - mean[:, None]
    return mean, np.einsum("ik,ika,ikb->iab", weights, apart, apart)


def _shares(log_weights: np.ndarray) -> np.ndarray:
    """Weights of each patient's nodes, that add up to 1."""
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _integrand(
    values: np.ndarray, visits: Visits, place: Place, numbers: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Log of weight times likelihood by patient and node, the nodes, and the terms of each visit."""
    centre, spread = place
    nodes, log_rule = _rule(numbers)
    z = centre[:, None, :] + nodes @ spread.transpose(0, 2, 1)
    terms = _terms(values, visits, z)
    log_size = np.log(np.diagonal(spread, axis1=1, axis2=2)).sum(axis=1)[:, None]
    log_prior = -0.5 * (z**2).sum(axis=2) - 1.5 * np.log(2 * np.pi)
    likelihood = np.add.reduceat(terms["log"], visits.starts, axis=0)
    return log_size + log_rule + log_prior + likelihood, z, terms


@lru_cache
def _rule(numbers: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in three dimensions and the logs of their weights, for integrands that are near exp(-|x|² / 2)."""
    rules = [np.polynomial.hermite_e.hermegauss(n) for n in numbers]
    nodes = np.stack(np.meshgrid(*(x for x, _ in rules), indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.einsum("i,j,k->ijk", *(w for _, w in rules)).ravel()
    return nodes, np.log(weights) + 0.5 * (nodes**2).sum(axis=1)


def _terms(values: np.ndarray, visits: Visits, z: np.ndarray) -> dict:
    """By visit and node: the course, and the log likelihood with its derivatives; by patient and node: C and d."""
    from scipy.special import expit

    x = values[:3] + np.exp(values[3:6]) * z
    ceiling, deficit = expit(x[..., 0]), x[..., 2]
    rate = LN_2 * np.exp(-np.clip(x[..., 1], *LN_LIMITS))
    times = visits.months[:, None] * rate[visits.patient]
    left = np.exp(-times)
    course = deficit[visits.patient] - (deficit * ceiling)[visits.patient] * (1 - left)
    at = {"ceiling": ceiling, "deficit": deficit, "times": times, "left": left, "course": course}
    return at | _scores(visits, course, np.exp(values[6]))


def _by_number(terms: dict, whose: np.ndarray | slice, one: np.ndarray, left: np.ndarray, going: np.ndarray) -> tuple:
    """Slopes by logit C, ln h and d from 1, what is left and how fast it goes: of a visit, or of sums of visits."""
    ceiling, deficit = terms["ceiling"][whose], terms["deficit"][whose]
    gone = ceiling * (one - left)
    return -deficit * (1 - ceiling) * gone, deficit * ceiling * going, one - gone


def _scores(visits: Visits, course: np.ndarray, error: float) -> dict:
    """Log likelihood of each score, its slope and information by the course, and its derivative by ln ``error``."""
    ranged = visits.low < visits.high
    if ranged.all():
        low, high = ((limit[:, None] - course) / error for limit in (visits.low, visits.high))
        return dict(zip(SCORES, _between(low, high, error), strict=True))
    above = (visits.high[:, None] - course) / error
    squared = above**2
    log = -0.5 * squared - np.log(error) - 0.5 * LN_2PI
    scores = [log, above / error, squared - 1, np.full_like(course, error**-2)]
    if ranged.any():
        below = (visits.low[ranged, None] - course[ranged]) / error
        for known, between in zip(scores, _between(below, above[ranged], error), strict=True):
            known[ranged] = between
    return dict(zip(SCORES, scores, strict=True))


def _between(low: np.ndarray, high: np.ndarray, error: float) -> tuple[np.ndarray, ...]:
    """Say the same of scores of which only limits are known, in standard errors from the course."""
    from scipy.special import log_ndtr

    mirrored = low > 0  # the upper tail's probabilities differ by less than they are rounded to
    u, v = np.where(mirrored, -low, high), np.where(mirrored, -high, low)
    with np.errstate(divide="ignore"):
        log_u = log_ndtr(u)
        log = log_u + np.log(-np.expm1(np.minimum(log_ndtr(v) - log_u, -1e-15)))

    def relative_density(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        density = np.exp(-0.5 * x**2 - np.where(np.isfinite(x), log + 0.5 * LN_2PI, 0))
        return density, np.where(np.isfinite(x), x, 0) * density

    (at_low, low_moment), (at_high, high_moment) = relative_density(low), relative_density(high)
    difference, moment = at_low - at_high, low_moment - high_moment
    information = np.maximum(difference**2 - moment, 0)
    return log, difference / error, moment, information / error**2


def _likeliest(values: np.ndarray, visits: Visits, steps: int = 30) -> Place:
    """Each patient's likeliest z, by damped scoring, and the Cholesky factor of its approximate covariance."""
    starts, spreads = visits.starts, np.exp(values[3:6])
    z = np.zeros((len(starts), 3))
    damping = np.full(len(starts), 1e-3)

    def look(z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        terms = _terms(values, visits, z[:, None, :])
        going = terms["left"] * terms["times"]
        parts = np.stack(_by_number(terms, visits.patient, 1, terms["left"], going), axis=-1)[:, 0] * spreads
        height = np.add.reduceat(terms["log"][:, 0], starts) - 0.5 * (z**2).sum(axis=1)
        slope = np.add.reduceat(terms["slope"] * parts, starts) - z
        products = parts[:, :, None] * parts[:, None, :] * terms["information"][:, :, None]
        return height, slope, np.add.reduceat(products, starts) + np.eye(3)

    height, slope, information = look(z)
    for _ in range(steps):
        eased = information * (1 + damping[:, None, None] * np.eye(3))
        move = np.linalg.solve(eased, slope[..., None])[..., 0]
        tried = look(z + move)
        better = tried[0] >= height - 1e-12
        damping = np.where(better, damping / 10, damping * 10)
        z = np.where(better[:, None], z + move, z)
        height, slope, information = (
            np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(tried, (height, slope, information), strict=True)
        )
        if np.abs(move).max() < 0.01:
            break
    return z, np.linalg.cholesky(np.linalg.inv(information))
