"""The maximum of the likelihood of a follow-up, and how far each parameter can go before it falls too far.

A limit is where the likelihood, highest over all other parameters, has fallen by the amount that would hold a mean of
as many normal values as there are patients: n ln(1 + t² / (n - 1)) / 2, which for many patients is 3.84 / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from b12analysis.recovery.marginal import PARAMETERS, Place, Visits, centred, marginal

__all__ = ["Maximum", "limit", "maximise"]

#: Nodes that show where the maximum about is.
ROUGH = (3, 3, 3)
#: A half-time beyond this many times the last visit, or this part of the first, is no half-time that visits can show.
REACH = 20
#: A spread or an error below this counts as none: SD of logit C, of ln h, of d and of errors, as shares of the scale.
NONE = (0.02, 0.02, 0.002, 0.002)
#: A climb starts with spreads of at least this many times none: there the likelihood is level, and a climb would stay.
SOME = 10
#: Scaled gradient at which a profile's climb ends, within 0.01 of its top; limits are found within this share of an SE.
FLAT, NEAR = 0.05, 0.02
#: A climb changes a spread or the error by this factor at most: nodes that are held see nothing of one much wider.
STRETCH = np.e
#: A climb is repeated, nodes placed anew, until that changes less than this, or so often (to the maximum, twice).
ENOUGH, CLIMBS = 0.01, 5
#: A root of twice the fall this near to that at a limit is at the limit: ``ENOUGH`` moves it by as much.
AT_LIMIT = 0.005


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is highest, how high, how curved it is there, and how far parameters may go."""

    values: np.ndarray
    height: float
    information: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray


def maximise(visits: Visits) -> Maximum:
    """Return the maximum-likelihood estimate.

    Roughly first, from two starts, then with all nodes. Nodes are held during each climb, so that the gradient is that
    of the sum, and placed anew before the next.
    """
    from scipy.optimize import OptimizeResult, minimize

    lowest, highest = _ranges(visits)

    def climbed(values: np.ndarray, climbs: int, steps: int, **nodes: tuple[int, ...]) -> OptimizeResult:
        height = -np.inf
        for _ in range(climbs):
            values = np.clip(values, lowest, highest)
            place = centred(values, visits, **nodes)

            def fall(values: np.ndarray, place: Place = place) -> tuple[float, np.ndarray]:
                heights, gradients = marginal(values, visits, place, **nodes)
                return -heights.sum(), -gradients.sum(axis=0)

            ends, options = np.column_stack([lowest, highest]), {"maxiter": steps, "ftol": 1e-7}
            ended = minimize(fall, values, jac=True, method="L-BFGS-B", bounds=ends, options=options)
            values, before, height = ended.x, height, -ended.fun
            if abs(height - before) < ENOUGH:
                break
        return ended

    rough = min((climbed(start, 3, 8, nodes=ROUGH) for start in _starts(visits)), key=lambda ended: ended.fun)
    best = climbed(_spread(rough.x), 2 * CLIMBS, 40)
    scores = marginal(best.x, visits)[1]
    return Maximum(best.x, -best.fun, scores.T @ scores + 0.5 * np.eye(len(PARAMETERS)), lowest, highest)


def limit(visits: Visits, top: Maximum, k: int, side: int, level: float) -> float:
    """Return the lower (``side=-1``) or upper (1) limit of parameter ``k``; infinite where its range ends before."""
    from scipy.optimize import brentq
    from scipy.stats import t

    n = len(visits.starts)
    far = np.sqrt(n * np.log1p(t.ppf((1 + level) / 2, n - 1) ** 2 / (n - 1)))
    end = top.highest[k] if side > 0 else top.lowest[k]
    step = side * far * np.sqrt(np.linalg.inv(top.information)[k, k])
    climb = _Climb(visits, top, k)

    def excess(value: float) -> float:
        beyond = climb.fallen(value) - far
        return 0 if abs(beyond) < AT_LIMIT else beyond

    near, away = top.values[k], top.values[k] + step
    while (away - end) * side < 0 and excess(away) < 0:
        near, away = away, away + step
    if (away - end) * side >= 0:
        away = end
        if excess(away) < 0:
            return side * np.inf
    return brentq(excess, near, away, xtol=NEAR * abs(step) / far)


class _Climb:
    """Climbs to the top of the likelihood with one parameter held, from where it got to last time."""

    def __init__(self, visits: Visits, top: Maximum, k: int) -> None:
        self.visits, self.top, self.k = visits, top, k
        self.others = np.arange(len(PARAMETERS)) != k
        covariance = np.linalg.inv(top.information[np.ix_(self.others, self.others)])
        self.drift = -covariance @ top.information[self.others, k]
        self.scale = np.linalg.cholesky(covariance)
        self.found = {top.values[k]: (0.0, top.values[self.others])}

    def fallen(self, value: float) -> float:
        """Square root of twice the fall of the likelihood at this value of the parameter."""
        if value not in self.found:
            nearest = min(self.found, key=lambda known: abs(known - value))
            start = np.insert(self.found[nearest][1] + self.drift * (value - nearest), self.k, value)
            fall, others = self._climbed(value, _spread(start)[self.others])
            for _ in range(CLIMBS):
                before = fall
                fall, others = self._climbed(value, others)
                if abs(before - fall) < ENOUGH:
                    break
            self.found[value] = (np.sqrt(2 * max(fall, 0)), others)
        return self.found[value][0]

    def _climbed(self, value: float, start: np.ndarray) -> tuple[float, np.ndarray]:
        """Climb once, the nodes held, so that the gradient is that of the sum."""
        from scipy.optimize import minimize

        top = self.top
        start = np.clip(start, top.lowest[self.others], top.highest[self.others])
        held = np.insert(start, self.k, value)
        room = np.array([np.inf] * 3 + [np.log(STRETCH)] * 4)
        lowest, highest = np.maximum(held - room, top.lowest), np.minimum(held + room, top.highest)

        def whole(x: np.ndarray) -> np.ndarray:
            return np.insert(start + self.scale @ x, self.k, value)

        place = centred(held, self.visits)

        def fall(x: np.ndarray) -> tuple[float, np.ndarray]:
            values = whole(x)
            inside = np.clip(values, lowest, highest)
            heights, gradients = marginal(inside, self.visits, place)
            gradient = np.where(values == inside, gradients.sum(axis=0), 0)[self.others]
            return top.height - heights.sum(), -gradient @ self.scale

        ended = minimize(fall, np.zeros(len(start)), jac=True, method="BFGS", options={"gtol": FLAT})
        return ended.fun, np.clip(whole(ended.x), lowest, highest)[self.others]


def _ranges(visits: Visits) -> tuple[np.ndarray, np.ndarray]:
    later = visits.months[visits.months > 0]
    half_time = np.log([later.min() / REACH, later.max() * REACH])
    lowest = [-7, half_time[0], 0.001, *np.log(NONE)]
    highest = [7, half_time[1], 2, *np.log([6, 3, 1, 1])]
    return np.array(lowest), np.array(highest)


def _spread(values: np.ndarray) -> np.ndarray:
    """Values with some spread between patients."""
    return np.append(values[:3], np.append(np.maximum(values[3:6], np.log(SOME * np.array(NONE[:3]))), values[6]))


def _starts(visits: Visits) -> list[np.ndarray]:
    """Rough values to start from: the half-time early or late among the visits."""
    seen = np.where(np.isinf(visits.low), visits.high, visits.low)
    first, last = seen[visits.starts], seen[np.append(visits.starts[1:], len(seen)) - 1]
    back = np.clip(1 - last.mean() / first.mean(), 0.1, 0.95)
    later = visits.months[visits.months > 0]
    spreads = np.log([0.8, 0.5, max(first.std(), 0.02), 0.1])
    return [
        np.array([np.log(back / (1 - back)), np.log(half_time), first.mean(), *spreads])
        for half_time in (later.min(), np.median(later))
    ]
