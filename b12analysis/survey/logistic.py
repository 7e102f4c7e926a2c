"""Logistic regression in a survey: odds ratios with design-based intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_level
from b12analysis.survey import design as d
from b12analysis.survey import regression as r

__all__ = ["Logistic", "fit", "fitted_probability", "survey_logistic"]


class Logistic(NamedTuple):
    """A fitted model: what it was fitted to, its coefficients, each one's probability and part in the coefficients."""

    read: r.Matrices
    coefficient: np.ndarray
    fitted: np.ndarray
    influence: np.ndarray


def survey_logistic(
    people: pd.DataFrame,
    formula: str,
    *,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Odds ratios of a yes-or-no outcome, with intervals that know the survey's design.

    The coefficients solve the weighted likelihood equations; their variance is linearised. People with a missing value
    of any variable of the formula are outside the domain.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    formula : str
        Outcome and terms, such as ``"low ~ metformin + age10 + C(sex)"``; the language of ``formulaic``, much as R's.
    weight, strata, psu, level, domain, singleton
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame with columns
        term                     name of the term; ``Intercept`` has the odds where all others are 0
        estimate, lower, upper   odds ratio and its interval (t on ``df``)
        coefficient              its natural logarithm
        se                       standard error of the coefficient
        df                       PSUs less strata, among those with anybody in the domain
        n, cases                 people in the domain, and those of them with the outcome

    Raises
    ------
    InputError
        If the formula cannot be read, its outcome is not yes or no, a term cannot be told from the others, or a term
        parts cases from the rest so well that its odds ratio has no bound; and as :func:`survey_prevalence`.

    Source
    ------
    Binder, Int Stat Rev 1983;51:279. Equal to R's survey (svyglm, quasibinomial), but with the design's degrees of
    freedom.

    Examples
    --------
    >>> people = pd.DataFrame({"metformin": [1] * 10 + [0] * 10, "low": [1] * 4 + [0] * 6 + [1] * 2 + [0] * 8})
    >>> table = survey_logistic(people, "low ~ metformin", weight=None, strata=None, psu=None)
    >>> table[["term", "estimate"]].round(4).values.tolist()
    [['Intercept', 0.25], ['metformin', 2.6667]]
    """
    check_level(level)
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    model = fit(people, formula, design, d.domain_of(people, domain))
    table = r.ratios(r.estimates(model.read, model.coefficient, model.influence, design, level))
    return table.assign(cases=int(model.read.outcome.sum()))


def fit(people: pd.DataFrame, formula: str, design: d.Design, inside: np.ndarray) -> Logistic:
    """Fit a formula to the people inside who have a weight and a value of every variable."""
    read = r.matrices(people, formula, inside & (design.weight > 0))
    if not np.isin(read.outcome, [0, 1]).all():
        outcome = formula.partition("~")[0].strip()
        raise InputError(f"formula={formula!r}: the outcome {outcome!r} must be true or false (1 or 0)")
    x, w = read.terms.to_numpy(dtype=float), design.weight[read.row]
    coefficient, fitted, bread = _newton(read.outcome, x, w / w.mean(), read.terms.columns)
    return Logistic(read, coefficient, fitted, (x * (w / w.mean() * (read.outcome - fitted))[:, None]) @ bread)


def fitted_probability(
    people: pd.DataFrame, formula: str, *, weight: str | None = "weight", domain: str | None = None
) -> pd.Series:
    """Probability of the outcome that a weighted logistic regression gives each person.

    Parameters
    ----------
    people, formula, weight, domain
        As for :func:`survey_logistic`.

    Returns
    -------
    Series
        One value per person; missing outside the domain and where a variable of the formula is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"old": [0, 0, 1, 1, 1, 1], "examined": [1, 0, 1, 1, 1, 0]})
    >>> fitted_probability(people, "examined ~ old", weight=None).round(4).tolist()
    [0.5, 0.5, 0.75, 0.75, 0.75, 0.75]
    """
    design = d.design_of(people, weight=weight, strata=None, psu=None)
    model = fit(people, formula, design, d.domain_of(people, domain))
    return pd.Series(model.fitted, index=people.index[model.read.row]).reindex(people.index)


def _newton(y: np.ndarray, x: np.ndarray, w: np.ndarray, names: pd.Index) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients by Newton's method to the last digit, fitted probabilities, and the inverse of the information."""
    basis, to_terms = r.orthogonal(x, names)
    found = np.zeros(x.shape[1])
    for _ in range(50):
        log_odds = basis @ found
        if np.abs(log_odds).max() > 700:  # beyond what exp can hold
            break
        fitted = 1 / (1 + np.exp(-log_odds))
        information = (basis * (w * fitted * (1 - fitted))[:, None]).T @ basis
        # where a term parts cases from the others the likelihood rises for ever and the information vanishes; one
        # person far out, of whom the outcome is as good as certain, leaves that of the others
        if np.linalg.eigvalsh(information)[0] < 1e-12 * len(y):
            break
        inverse = np.linalg.inv(information)
        step = inverse @ (basis.T @ (w * (y - fitted)))
        if np.abs(step).max() < 1e-11 * max(1, np.abs(found).max()):
            return to_terms @ found, fitted, to_terms @ inverse @ to_terms.T
        found = found + step
    worst = names[int(np.abs(to_terms @ found * np.abs(x).max(axis=0)).argmax())]
    listed = ", ".join(map(repr, names))
    raise InputError(
        f"term {str(worst)!r} parts cases from the others so well that its odds ratio has no bound (terms: {listed}); "
        "leave it out or join its levels"
    )
