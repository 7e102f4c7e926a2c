"""Logistic regression in a survey: odds ratios with design-based intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_level
from b12analysis.survey import design as d
from b12analysis.survey.intervals import t_quantile

__all__ = ["survey_logistic"]


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
    inside = d.domain_of(people, domain) & (design.weight > 0)
    outcome, terms, row = _matrices(people, formula, inside)
    x, w = terms.to_numpy(dtype=float), design.weight[row]
    coefficient, fitted, bread = _fit(outcome, x, w / w.mean(), terms.columns)
    # each person's part in the coefficients; those outside the domain have none
    influence = (x * (w / w.mean() * (outcome - fitted))[:, None]) @ bread
    totals = np.stack([np.bincount(design.psu[row], part, len(design.stratum)) for part in influence.T])
    se = np.sqrt(d.variance(totals, design.stratum, design.size, singleton))
    present = np.bincount(design.psu[row], minlength=len(design.stratum))[None, :] > 0
    df = int(present.sum() - d.strata_present(present, design.stratum)[0])
    half = float(t_quantile(df, level)) * se
    with np.errstate(over="ignore"):
        ratios = {
            "estimate": np.exp(coefficient),
            "lower": np.exp(coefficient - half),
            "upper": np.exp(coefficient + half),
        }
    counts = {"df": df, "n": len(outcome), "cases": int(outcome.sum())}
    return pd.DataFrame({"term": list(terms.columns), **ratios, "coefficient": coefficient, "se": se, **counts})


def _matrices(people: pd.DataFrame, formula: str, inside: np.ndarray) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Outcome, terms and row numbers of the people in the domain who have a value of every variable."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed = Formula(formula)
        names = sorted(str(name) for name in parsed.required_variables)
        sides = [str(side) for side in (parsed.lhs, parsed.rhs)]
    except (FormulaicError, AttributeError, SyntaxError) as fault:
        raise InputError(f"formula={formula!r} cannot be read; write it as 'outcome ~ term + term' ({fault})") from None
    d.check_columns("people", people.columns, names)
    used = inside & people[names].notna().all(axis=1).to_numpy()
    if not used.any():
        raise InputError(f"nobody in the domain has a value of all of {', '.join(map(repr, names))}")
    known = people.loc[used, names]
    try:
        matrices = parsed.get_model_matrix(known.apply(_plain), na_action="ignore")
    except (FormulaicError, NameError, TypeError, ValueError) as fault:
        raise InputError(f"formula={formula!r} cannot be computed: {fault}") from None
    terms = pd.DataFrame(matrices.rhs)
    for name, values in terms.items():
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise InputError(
                f"formula={formula!r}: term {name!r} is no number for {bad} people; leave them out by domain"
            )
    outcome = np.asarray(matrices.lhs, dtype=float)
    if outcome.shape[1] != 1 or not np.isin(outcome, [0, 1]).all():
        raise InputError(f"formula={formula!r}: the outcome {sides[0]!r} must be true or false (1 or 0)")
    return outcome[:, 0], terms, np.flatnonzero(used)


def _plain(values: pd.Series) -> pd.Series:
    """Yes and no as 1 and 0, so that a term is called as its column; of text the levels that somebody has, in order."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(float)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    return values.astype(str)


def _fit(y: np.ndarray, x: np.ndarray, w: np.ndarray, names: pd.Index) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients by Newton's method to the last digit, fitted probabilities, and the inverse of the information.

    It works on orthogonal combinations of the terms, so that the units of a term do not matter.
    """
    size = np.abs(x).max(axis=0)
    listed = ", ".join(map(repr, names))
    basis, back = np.linalg.qr(x / np.where(size > 0, size, 1))
    if np.abs(np.diag(back)).min() < 1e-9 * np.abs(np.diag(back)).max():
        raise InputError(f"terms {listed}: one is a sum of others, so they cannot be told apart")
    basis, back = basis * np.sqrt(len(y)), back / np.sqrt(len(y))
    found = np.zeros(x.shape[1])
    for _ in range(50):
        log_odds = basis @ found
        if np.abs(log_odds).max() > 30:  # a probability within 1e-13 of 0 or 1: the likelihood rises for ever
            break
        fitted = 1 / (1 + np.exp(-log_odds))
        inverse = np.linalg.inv((basis * (w * fitted * (1 - fitted))[:, None]).T @ basis)
        step = inverse @ (basis.T @ (w * (y - fitted)))
        found = found + step
        if np.abs(step).max() < 1e-11 * max(1, np.abs(found).max()):
            fitted = 1 / (1 + np.exp(-basis @ found))
            inverse = np.linalg.inv((basis * (w * fitted * (1 - fitted))[:, None]).T @ basis)
            to_terms = np.linalg.inv(back) / size[:, None]
            return to_terms @ found, fitted, to_terms @ inverse @ to_terms.T
    worst = names[int(np.abs(np.linalg.solve(back, found)).argmax())]
    raise InputError(
        f"term {str(worst)!r} parts cases from the others so well that its odds ratio has no bound (terms: {listed}); "
        "leave it out or join its levels"
    )
