"""Random-effects models of prevalence on the logit scale: the mean of the studies and the spread between them.

Two kinds. *Inverse variance* ("reml", "pm", "dl") takes each study's logit as normal with a known variance, and adds
half a case and half a non-case to a study that lacks one of them. The *binomial-normal* model ("glmm") takes the counts
as binomial and needs no half cases; its likelihood is an integral over the study's own logit, taken numerically.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from b12analysis.arguments import InputError

__all__ = ["MODELS", "Fit", "fit", "log_likelihood"]

MODELS = ("reml", "glmm", "pm", "dl")

#: Nodes of the integral of each study: see ``log_likelihood``.
NODES = 101
#: Nothing is integrated where the integrand is below exp(-36), 2e-16, of its peak.
DEPTH = 36.0
#: Between-study standard deviations from which the likelihood is climbed: it may have two peaks, one at zero.
STARTS = (0.1, 3.0)


class Fit(NamedTuple):
    """A fitted model, on the logit scale."""

    mean: float
    se: float
    #: Hartung and Knapp's standard error; the plain one where there is nothing to rescale it by.
    se_hk: float
    tau2: float
    #: Per cent of the spread that chance does not explain.
    i2: float


def fit(cases: np.ndarray, others: np.ndarray, model: str) -> Fit:
    """Fit a model of :data:`MODELS` to the cases and non-cases of studies; they need not be whole numbers.

    Examples
    --------
    >>> fitted = fit(np.array([10.0, 90.0]), np.array([90.0, 10.0]), "dl")
    >>> round(fitted.mean, 6), round(fitted.se, 4)  # ln 9
    (0.0, 2.1972)
    """
    no_case, no_other = np.isclose(cases, 0), np.isclose(others, 0)
    half = 0.5 * (no_case | no_other)
    y, v, k = np.log((cases + half) / (others + half)), 1 / (cases + half) + 1 / (others + half), len(cases)
    if k == 1 or no_case.all() or no_other.all():  # what spread there is would come from the half cases
        mean, se = _mean(y, v, 0.0)
        return Fit(mean, se, se, 0.0, 0.0)
    if model == "glmm":
        if half.all():
            raise InputError("model='glmm' has no maximum: in each study nobody or everybody is affected; use 'reml'")
        mean, se, tau2 = _glmm(cases, others, start=_mean(y, v, _tau2_dl(y, v))[0])
        rescale = 1.0
    else:
        tau2 = _TAU2[model](y, v)
        mean, se = _mean(y, v, tau2)
        rescale = np.sqrt(_q(y, v, tau2) / (k - 1))
    return Fit(mean, se, se * rescale, tau2, 100 * tau2 / (tau2 + _typical_variance(v)))


def _mean(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[float, float]:
    """Weighted mean and its plain standard error."""
    w = 1 / (v + tau2)
    return float(np.sum(w * y) / w.sum()), float(1 / np.sqrt(w.sum()))


def _typical_variance(v: np.ndarray) -> float:
    """Return the sampling variance of a typical study, as Higgins and Thompson's I2 takes it."""
    w = 1 / v
    return float((len(v) - 1) * w.sum() / (w.sum() ** 2 - np.sum(w**2)))


def _q(y: np.ndarray, v: np.ndarray, tau2: float = 0.0) -> float:
    """Cochran's Q, generalised to a spread between studies."""
    return float(np.sum((y - _mean(y, v, tau2)[0]) ** 2 / (v + tau2)))


def _tau2_dl(y: np.ndarray, v: np.ndarray) -> float:
    """DerSimonian and Laird's moment estimate."""
    w = 1 / v
    return max(0.0, (_q(y, v) - (len(y) - 1)) / (w.sum() - np.sum(w**2) / w.sum()))


def _tau2_pm(y: np.ndarray, v: np.ndarray) -> float:
    """Paule and Mandel's: the spread at which Q is what is expected of it, k - 1."""
    from scipy.optimize import brentq

    def excess(tau2: float) -> float:
        return _q(y, v, tau2) - (len(y) - 1)

    if excess(0.0) <= 0:
        return 0.0
    enough = float(np.sum((y - y.mean()) ** 2))  # Q is then at most sum((y - mean)²) / tau2, below k - 1
    return float(brentq(excess, 0.0, 2 * enough, xtol=1e-14, rtol=1e-13))


def _tau2_reml(y: np.ndarray, v: np.ndarray) -> float:
    """Between-study variance at the maximum of the restricted likelihood, zero included.

    The likelihood of a few sparse studies may have two peaks, so the highest is looked for on a grid; then the root of
    the slope beside it is found exactly.
    """
    from scipy.optimize import brentq

    def slope(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = np.sum(w * y) / w.sum()
        return float(np.sum(w**2 * (y - mean) ** 2) - (w.sum() - np.sum(w**2) / w.sum()))

    widest = np.ptp(y) ** 2 + v.max()  # between studies there cannot be more than all that is seen
    grid = np.array([0.0, *np.geomspace(1e-6 * v.min(), 10 * widest, 200)])
    total = v + grid[:, None]
    w = 1 / total
    means = np.sum(w * y, axis=1, keepdims=True) / w.sum(axis=1, keepdims=True)
    likelihood = -0.5 * (np.log(total).sum(axis=1) + np.log(w.sum(axis=1)) + np.sum(w * (y - means) ** 2, axis=1))
    peak = int(np.argmax(likelihood))
    low, high = grid[max(peak - 1, 0)], grid[min(peak + 1, len(grid) - 1)]
    if slope(low) <= 0:  # it falls from zero on
        return 0.0
    return float(brentq(slope, low, high, xtol=1e-14, rtol=1e-13))


_TAU2 = {"dl": _tau2_dl, "pm": _tau2_pm, "reml": _tau2_reml}


def _glmm(cases: np.ndarray, others: np.ndarray, start: float) -> tuple[float, float, float]:
    """Mean, standard error from the Hessian, and tau2 at the maximum of the binomial-normal likelihood."""
    from scipy.optimize import minimize

    @lru_cache(maxsize=1)  # the search asks for the slope and for the Hessian at one point, one after the other
    def likelihood(mean: float, tau: float) -> tuple[float, np.ndarray, np.ndarray]:
        return log_likelihood(mean, tau, cases, others)

    def negative(at: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope, _ = likelihood(*at.tolist())
        return -value, -slope

    def information(at: np.ndarray) -> np.ndarray:
        return -likelihood(*at.tolist())[2]

    options = {"jac": True, "hess": information, "method": "trust-exact", "options": {"gtol": 1e-7}}
    found = [minimize(negative, (start, tau), **options) for tau in STARTS]
    mean, tau = min(found, key=lambda one: one.fun).x.tolist()
    if abs(tau) < 1e-4:  # it is zero; the likelihood is even in tau, so estimating it costs the mean nothing
        return mean, float(information(np.array([mean, 0.0]))[0, 0] ** -0.5), 0.0
    return mean, float(np.sqrt(np.linalg.inv(information(np.array([mean, tau])))[0, 0])), tau**2


def log_likelihood(
    mean: float, tau: float, cases: np.ndarray, others: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood of the binomial-normal model, its slope and its Hessian in the mean and tau.

    Each study's logit is mean + tau u with u standard normal. The integral over u is taken by Gauss and Legendre's rule
    where the integrand is not nothing. Gauss and Hermite's rule, which is usual, fails where the spread is wide: a
    study with no case then cuts the normal curve off like a knife. Slope and Hessian are averages over the same
    nodes. The binomial coefficient is left out, so cases need not be whole.

    Examples
    --------
    >>> value, slope, _ = log_likelihood(0.0, 0.0, np.array([5.0]), np.array([5.0]))
    >>> round(value, 4), slope.round(4).tolist()  # 10 ln 0.5, at its peak
    (-6.9315, [0.0, 0.0])
    """
    from scipy.special import expit, logsumexp

    x, n = cases[:, None], (cases + others)[:, None]
    nodes, weights = _rule(NODES)
    low, high = (limit[:, None] for limit in _support(mean, tau, cases, others))
    u = (low + high) / 2 + (high - low) / 2 * nodes
    eta = mean + tau * u
    log_weighted = np.log(weights * (high - low) / 2) + x * eta - n * np.logaddexp(0, eta) - u**2 / 2
    log_study = logsumexp(log_weighted, axis=1, keepdims=True)
    value = float(np.sum(log_study) - len(cases) * np.log(2 * np.pi) / 2)

    share = np.exp(log_weighted - log_study)  # of each node in its study's integral
    p = expit(eta)
    direction = np.stack([np.ones_like(u), u])  # of eta, as the mean and as tau grow
    score = direction * (x - n * p)
    expected = np.sum(share * score, axis=-1)
    curvature = np.einsum("ij,aij,bij->ab", share * (x - n * p) ** 2 - share * n * p * (1 - p), direction, direction)
    return value, expected.sum(axis=1), curvature - expected @ expected.T


@lru_cache
def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(nodes)


def _support(mean: float, tau: float, cases: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each study's integrand is within exp(-DEPTH) of its peak.

    Its logarithm g is concave and curves at least as much as -u²/2. So the limits are at most sqrt(2 DEPTH) from the
    peak, and Newton's steps from there approach them from outside, whatever their number.
    """
    from scipy.special import expit

    x, n = cases, cases + others

    def g(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        eta = mean + tau * u
        return x * eta - n * np.logaddexp(0, eta) - u**2 / 2, tau * (x - n * expit(eta)) - u

    peak = _peak(mean, tau, cases, others)
    floor = g(peak)[0] - DEPTH
    limits = peak + np.sqrt(2 * DEPTH) * np.array([[-1.0], [1.0]])
    for _ in range(12):
        value, slope = g(limits)
        limits = limits - (value - floor) / slope
    return limits[0], limits[1]


def _peak(mean: float, tau: float, cases: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Where each study's integrand peaks, by Newton's steps of at most one on the logit scale."""
    from scipy.special import expit

    n = cases + others
    v = 1 / (cases + 0.5) + 1 / (others + 0.5)
    u = tau * (np.log((cases + 0.5) / (others + 0.5)) - mean) / (tau**2 + v)
    longest = 1 / max(abs(tau), 1e-6)
    for _ in range(100):
        p = expit(mean + tau * u)
        step = (tau * (cases - n * p) - u) / (1 + tau**2 * n * p * (1 - p))
        u = u + np.clip(step, -longest, longest)
        if np.abs(step).max() < 1e-8:
            break
    return u
