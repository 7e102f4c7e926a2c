"""Markov chains for a handful of parameters, and whether the chains agree.

Many walkers take random steps at once (Metropolis). They begin as draws from the prior; the data are let in bit by bit,
and walkers that the data make unlikely are dropped for likelier ones (sequential Monte Carlo), so that none is left
behind in a corner. The steps take on the shape of what all walkers see, and a size that a quarter of them is taken;
then both are held and what is kept has the right distribution.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["WALKERS", "effective_draws", "r_hat", "sample"]

#: Log prior and log likelihood at points x parameters, one number of each per point.
Density = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Walkers that make up one chain.
WALKERS = 20
_STAGE, _LAST = 50, 400  # steps while the data are let in, each time, and when they are all in
_ACCEPTED = 0.25  # share of steps that a random walk should take
_EACH = 4  # of so many steps one is kept


def sample(density: Density, start: np.ndarray, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw from a posterior.

    Parameters
    ----------
    density : function
        Of an array, points x parameters; returns log prior and log likelihood, one number of each per point.
    start : array
        Draws from the prior, walkers x parameters: where they begin.
    rng : Generator
        Source of randomness.
    draws : int
        How many to keep of each walker.

    Returns
    -------
    array
        Draws x walkers x parameters.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> normal = lambda at: (-(at**2).sum(axis=1) / 2, -((at - 1) ** 2).sum(axis=1) / 2)
    >>> drawn = sample(normal, rng.normal(size=(80, 2)), rng, 500)
    >>> drawn.shape, bool(abs(drawn.mean() - 0.5) < 0.02), bool(abs(drawn.var() - 0.5) < 0.02)
    ((500, 80, 2), True, True)
    """
    at, heat, size = start, 0.0, 2.38 / np.sqrt(start.shape[1])
    while heat < 1:
        likelihood = density(at)[1]
        step = _next(likelihood, 1 - heat)
        heat = 1.0 if step == 1 - heat else heat + step
        at = at[rng.choice(len(at), size=len(at), p=_weights(step * likelihood))]
        for _ in range(2):
            root = np.linalg.cholesky(np.cov(at, rowvar=False) + 1e-9 * np.eye(at.shape[1]))
            seen, taken = _walk(density, heat, at, rng, size * root, _STAGE)
            at, size = seen[-1], size * np.exp(taken - _ACCEPTED)
    seen, _ = _walk(density, 1.0, at, rng, size * root, _LAST)
    root = np.linalg.cholesky(np.cov(seen[_LAST // 2 :].reshape(-1, at.shape[1]), rowvar=False))
    return _walk(density, 1.0, seen[-1], rng, size * root, _EACH * draws)[0][_EACH - 1 :: _EACH]


def _weights(log_weight: np.ndarray) -> np.ndarray:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _next(likelihood: np.ndarray, left: float) -> float:
    """Return how much of the data to let in now: so much that half of the walkers still count."""
    step = left
    while 1 / (_weights(step * likelihood) ** 2).sum() < len(likelihood) / 2:
        step /= 1.5
    return step


def _walk(
    density: Density, heat: float, at: np.ndarray, rng: np.random.Generator, root: np.ndarray, n: int
) -> tuple[np.ndarray, float]:
    """Take n random steps, all walkers at once; return where they were and the share of steps taken."""
    steps = rng.standard_normal((n, *at.shape)) @ root.T
    chance = np.log(rng.random((n, len(at))))
    prior, likelihood = density(at)
    seen, taken, here = np.empty_like(steps), 0.0, prior + heat * likelihood
    for i in range(n):
        there = at + steps[i]
        prior, likelihood = density(there)
        new = prior + heat * likelihood
        go = chance[i] < new - here
        at, here = np.where(go[:, None], there, at), np.where(go, new, here)
        seen[i] = at
        taken += go.mean()
    return seen, taken / n


def r_hat(drawn: np.ndarray) -> float:
    """Rank-normalised split R-hat of one parameter, draws x chains: 1 where the chains agree.

    A chain may be several walkers, whose draws are one below another in the order of time (nested R-hat).

    Source
    ------
    Vehtari and others, Bayesian Anal 2021;16:667; Margossian and others, arXiv:2110.13017.

    Examples
    --------
    >>> apart = np.random.default_rng(1).normal(size=(1000, 4)) + [0, 0, 0, 9]
    >>> bool(r_hat(apart) > 1.5), bool(r_hat(apart[:, :3]) < 1.01)
    (True, True)
    """
    scores = _scores(_split(drawn))
    within, mean = scores.var(axis=0, ddof=1).mean(), scores.mean(axis=0)
    return float(np.sqrt((len(scores) - 1) / len(scores) + mean.var(ddof=1) / within))


def effective_draws(drawn: np.ndarray) -> float:
    """Independent draws that those of one parameter, draws x chains, are worth (bulk ESS).

    Examples
    --------
    >>> bool(3000 < effective_draws(np.random.default_rng(1).normal(size=(1000, 4))) < 5000)
    True
    """
    scores = _scores(_split(drawn))
    n, chains = scores.shape
    centred = scores - scores.mean(axis=0)
    spectrum = np.fft.rfft(centred, 2 * n, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[:n].mean(axis=1) / n
    within = covariance[0] * n / (n - 1)
    overall = covariance[0] + scores.mean(axis=0).var(ddof=1)
    correlation = 1 - (within - covariance) / overall
    correlation[0] = 1.0
    pairs = correlation[: n // 2 * 2].reshape(-1, 2).sum(axis=1)  # positive and falling, by theory (Geyer)
    ends = np.flatnonzero(pairs <= 0)
    falling = np.minimum.accumulate(pairs[: ends[0] if len(ends) else len(pairs)])
    return float(n * chains / max(2 * falling.sum() - 1, 1 / np.log10(n * chains)))


def _split(drawn: np.ndarray) -> np.ndarray:
    half = len(drawn) // 2
    return np.concatenate([drawn[:half], drawn[half : 2 * half]], axis=1)


def _scores(drawn: np.ndarray) -> np.ndarray:
    """Return normal scores of the ranks over all chains."""
    from scipy.special import ndtri

    ranks = np.empty(drawn.size)
    ranks[np.argsort(drawn, axis=None, kind="stable")] = np.arange(1, drawn.size + 1)
    return ndtri((ranks - 0.375) / (drawn.size + 0.25)).reshape(drawn.shape)
