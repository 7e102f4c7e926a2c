"""Two tests and no truth: how common the condition is, and how good each test is, from how they agree.

A condition that neither test defines (*latent class*): each person has it or not; each test finds some of those who
have it and clears some of those who have not; those who have it, or have not, may be missed or found by both tests
together more often than chance would have it. Counts of two tests cannot tell all this: a population has three free
numbers, the model seven. What is lacking comes from the priors, which therefore stand beside the posterior.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_level, check_range, shown
from b12analysis.testing.agreement import COUNTS
from b12analysis.testing.chains import WALKERS, effective_draws, r_hat, sample

__all__ = ["latent_class", "latent_priors"]

_ACCURACY = ["sensitivity_1", "specificity_1", "sensitivity_2", "specificity_2"]
_COVARIANCES = ["covariance_cases", "covariance_others"]
PARAMETERS = ["prevalence", *_ACCURACY]
#: How the errors of the two tests may hang together, given the condition.
DEPENDENCE = ("positive", "either", "none")
#: No estimate where the chains disagree more than this (Vehtari and others), or are worth fewer draws.
MOST_R_HAT, FEWEST = 1.01, 400


def latent_class(
    tests: pd.DataFrame,
    *,
    priors: pd.DataFrame | Mapping[str, tuple[float, float]],
    dependence: str = "positive",
    draws: int = 400,
    chains: int = 8,
    rng: np.random.Generator | int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate prevalence and the accuracy of two tests where no test is the truth.

    Parameters
    ----------
    tests : DataFrame
        One row per population, in which the tests are taken to be equally good: ``both, first_only, second_only,
        neither``, how many were positive by both tests, by one, by none; optionally ``population``, its name. Counts
        need not be whole: those of a survey are scaled to its effective n (:func:`b12analysis.testing.two_tests`).
    priors : DataFrame or mapping
        ``parameter, alpha, beta``: a beta prior for each of "prevalence" (of every population), "sensitivity_1",
        "specificity_1", "sensitivity_2", "specificity_2"; or ``{"prevalence": (1, 1), ...}``. There is no default.
    dependence : {"positive", "either", "none"}
        Prior of the two covariances, given sensitivities and specificities: uniform from 0 to the largest possible, or
        from the smallest possible; or 0, tests that err independently of each other.
    draws, chains : int
        Draws kept per walker, at least, and chains of 20 walkers. Where the chains disagree it is tried again with
        up to eight times as many.
    rng : Generator or int, optional
        Source of randomness.
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame with one row per parameter, and columns
        parameter               "prevalence", "sensitivity_1", ..., "covariance_cases", "covariance_others"
        population              whose prevalence; missing for the others
        estimate, lower, upper  posterior median and central interval; missing where the chains disagree
        prior_estimate, prior_lower, prior_upper     the same of the prior
        learned                 share of the prior variance that the data took away: near 0 the result is the prior
        r_hat, ess              of the chains: rank-normalised split R-hat, and draws that they are worth
        flag                    empty, or why there is no estimate

    Raises
    ------
    InputError
        If a prior is missing or no beta distribution, or counts are negative or missing.

    Source
    ------
    Joseph, Gyorkos and Coupal, Am J Epidemiol 1995;141:263; Dendukuri and Joseph, Biometrics 2001;57:158 (fixed
    effects); Vehtari and others, Bayesian Anal 2021;16:667 (R-hat).

    Examples
    --------
    >>> stool_and_serology = pd.DataFrame({"both": [38], "first_only": [2], "second_only": [87], "neither": [35]})
    >>> priors = {"prevalence": (1, 1), "sensitivity_1": (4.44, 13.31), "specificity_1": (71.25, 3.75)}
    >>> priors |= {"sensitivity_2": (21.96, 5.49), "specificity_2": (4.1, 1.76)}
    >>> table = latent_class(stool_and_serology, priors=priors, dependence="none", rng=1)
    >>> table.loc[:2, ["parameter", "estimate"]].round(1).values.tolist()
    [['prevalence', 0.8], ['sensitivity_1', 0.3], ['specificity_1', 1.0]]
    """
    counts, names = _counts(tests)
    shapes = _shapes(priors)
    check_choice("dependence", dependence, DEPENDENCE)
    for name, value in (("draws", draws), ("chains", chains)):
        check_count(name, value)
    check_level(level)
    rng = np.random.default_rng(rng)
    alpha, beta = _prior_of_all(shapes, len(names), dependence)

    def density(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _densities(at, counts, alpha, beta, dependence)

    start = _prior_draws(rng, alpha, beta, chains * WALKERS)
    for times in (1, 2, 4, 8):
        kept = sample(density, start, rng, times * draws)
        if agreed := _agree(kept):
            break
    prior = _prior_draws(rng, alpha, beta, 20_000)
    return _summary(_parameters(kept, dependence), _parameters(prior, dependence), names, level, agreed)


def latent_priors(name: str | None = None) -> pd.DataFrame:
    """Read the priors for serum B12 below 148 (first test) and MMA above 271 with working kidneys (second).

    Parameters
    ----------
    name : str, optional
        Set of priors; all by default.

    Returns
    -------
    DataFrame
        Rows of ``load("latent_priors")``: ``priors`` (the set), ``parameter, alpha, beta``, and whence.

    Examples
    --------
    >>> latent_priors("wide")["parameter"].tolist()
    ['prevalence', 'sensitivity_1', 'specificity_1', 'sensitivity_2', 'specificity_2']
    """
    table = evidence.load("latent_priors")
    if name is None:
        return table
    check_choice("name", name, table["priors"].unique())
    return table[table["priors"] == name].reset_index(drop=True)


def _counts(tests: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    check_columns("tests", tests.columns, COUNTS)
    for name in COUNTS:
        for value in tests[name]:
            check_range(f"tests {name}", value, 0, float(np.finfo(float).max))
    if tests.empty:
        raise InputError("tests has no rows; give one per population")
    names = tests.get("population", tests.index)
    return tests[COUNTS].to_numpy(float), [str(name) for name in names]


def _shapes(priors: Any) -> dict[str, tuple[float, float]]:
    """Alpha and beta of each parameter; a missing one is refused, as the model is not identified without it."""
    if isinstance(priors, pd.DataFrame):
        check_columns("priors", priors.columns, ["parameter", "alpha", "beta"])
        if priors["parameter"].duplicated().any():
            again = priors.loc[priors["parameter"].duplicated(), "parameter"].iloc[0]
            raise InputError(f"priors has {again!r} twice; give one set")
        priors = {row.parameter: (row.alpha, row.beta) for row in priors.itertuples()}
    if not isinstance(priors, Mapping):
        said = "is neither a table nor a mapping; give one such as latent_priors('wide')"
        raise InputError(f"priors={shown(priors)} {said}")
    missing = [name for name in PARAMETERS if name not in priors]
    if missing:
        raise InputError(
            f"priors lacks {', '.join(map(repr, missing))}: two tests alone do not identify the model, so each "
            f"parameter needs a prior"
        )
    for name, shape in priors.items():
        check_choice("priors parameter", name, PARAMETERS)
        if not (isinstance(shape, tuple | list) and len(shape) == 2):
            raise InputError(f"priors {name}={shape!r} is not (alpha, beta)")
        for value in shape:
            check_range(f"priors {name}", value, 0.01)
    return {name: (float(priors[name][0]), float(priors[name][1])) for name in PARAMETERS}


def _prior_of_all(shapes: Mapping[str, tuple], populations: int, dependence: str) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of what is sampled: prevalences, accuracies, and where in its range each covariance lies (uniform)."""
    rows = [shapes["prevalence"]] * populations + [shapes[name] for name in _ACCURACY]
    rows += [] if dependence == "none" else [(1.0, 1.0)] * 2
    alpha, beta = np.array(rows).T
    return alpha, beta


def _prior_draws(rng: np.random.Generator, alpha: np.ndarray, beta: np.ndarray, draws: int) -> np.ndarray:
    """Logits of draws from beta distributions: of two gammas in logs, as a share near 0 or 1 rounds to it.

    The log of a gamma of shape a is that of one of shape a + 1, plus that of an even draw over a.
    """
    logs = [
        np.log(rng.standard_gamma(shape + 1, (draws, len(shape)))) - rng.exponential(size=(draws, len(shape))) / shape
        for shape in (alpha, beta)
    ]
    return logs[0] - logs[1]


def _densities(
    at: np.ndarray, counts: np.ndarray, alpha: np.ndarray, beta: np.ndarray, dependence: str
) -> tuple[np.ndarray, np.ndarray]:
    """Log prior and likelihood on the logit scale, where a beta prior is ``share ** alpha * (1 - share) ** beta``."""
    log_share = -np.logaddexp(0, -at)
    prior = log_share @ alpha + (log_share - at) @ beta
    values = np.exp(log_share)
    split = len(counts)
    prevalence = values[:, :split, None]
    cases, others = _patterns(values[:, split:], dependence)
    chance = prevalence * cases[:, None, :] + (1 - prevalence) * others[:, None, :]
    return prior, (counts * np.log(np.maximum(chance, 1e-300))).sum(axis=(1, 2))


def _covariances(values: np.ndarray, dependence: str) -> list[np.ndarray]:
    """Covariances of the two tests among those with the condition, and among those without it."""
    if dependence == "none":
        return [np.zeros(len(values))] * 2
    result = []
    for place, (one, two) in enumerate([(values[:, 0], values[:, 2]), (values[:, 1], values[:, 3])]):
        largest = np.minimum(one, two) - one * two
        smallest = -np.minimum(one * two, (1 - one) * (1 - two)) if dependence == "either" else 0.0
        result.append(smallest + values[:, 4 + place] * (largest - smallest))
    return result


def _patterns(values: np.ndarray, dependence: str) -> tuple[np.ndarray, np.ndarray]:
    """Chance of each pattern of results, in the order of ``COUNTS``, with the condition and without it."""
    among_cases, among_others = _covariances(values, dependence)
    sensitivity_1, specificity_1, sensitivity_2, specificity_2 = values[:, :4].T
    return (
        _joint(sensitivity_1, sensitivity_2, among_cases),
        _joint(1 - specificity_1, 1 - specificity_2, among_others),
    )


def _joint(one: np.ndarray, two: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    both = one * two + covariance
    return np.stack([both, one - both, two - both, 1 - one - two + both], axis=1)


def _agree(kept: np.ndarray) -> bool:
    each = [kept[:, :, place] for place in range(kept.shape[2])]
    return all(r_hat(_by_chain(one)) <= MOST_R_HAT and effective_draws(one) >= FEWEST for one in each)


def _by_chain(drawn: np.ndarray) -> np.ndarray:
    """Draws x chains of draws x walkers, in the order of time."""
    return drawn.reshape(len(drawn), -1, WALKERS).swapaxes(1, 2).reshape(len(drawn) * WALKERS, -1)


def _parameters(at: np.ndarray, dependence: str) -> np.ndarray:
    """Turn what was sampled into parameters: the covariances in place of where in their range they lie."""
    values = np.exp(-np.logaddexp(0, -at))
    if dependence == "none":
        return values
    flat = values.reshape(-1, values.shape[-1])
    covariances = np.stack(_covariances(flat[:, -6:], dependence), axis=1)
    return np.concatenate([flat[:, :-2], covariances], axis=1).reshape(values.shape)


def _summary(posterior: np.ndarray, prior: np.ndarray, names: list[str], level: float, agreed: bool) -> pd.DataFrame:
    parameters = ["prevalence"] * len(names) + _ACCURACY + _COVARIANCES
    tail, rows = (1 - level) / 2, []
    for place in range(posterior.shape[2]):
        drawn = posterior[:, :, place]
        lower, estimate, upper = np.quantile(drawn, [tail, 0.5, 1 - tail])
        before = np.quantile(prior[:, place], [0.5, tail, 1 - tail])
        row = {"parameter": parameters[place], "population": names[place] if place < len(names) else None}
        row |= dict(zip(["estimate", "lower", "upper"], [estimate, lower, upper], strict=True))
        row |= dict(zip(["prior_estimate", "prior_lower", "prior_upper"], before, strict=True))
        row |= {"learned": 1 - drawn.var() / prior[:, place].var()}
        rows.append(row | {"r_hat": r_hat(_by_chain(drawn)), "ess": effective_draws(drawn), "flag": ""})
    table = pd.DataFrame(rows).astype({"population": "string"})
    if not agreed:
        worst = f"the chains disagree (R-hat {table['r_hat'].max():.3f}, ESS {table['ess'].min():.0f})"
        table = table.assign(flag=worst, **dict.fromkeys(["estimate", "lower", "upper", "learned"], np.nan))
    return table
