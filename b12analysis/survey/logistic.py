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
    # yes and no as 1 and 0, so that a term has the name of its column; text without levels that nobody has
    flags = {name: known[name].astype(float) for name in names if pd.api.types.is_bool_dtype(known[name].dtype)}
    numbers = {
        name: known[name].astype(float)
        for name in names
        if name not in flags and pd.api.types.is_numeric_dtype(known[name].dtype)
    }
    texts = {name: known[name].astype(str) for name in names if name not in flags and name not in numbers}
    try:
        matrices = parsed.get_model_matrix(pd.DataFrame({**flags, **numbers, **texts}))
    except (FormulaicError, NameError, TypeError, ValueError) as fault:
        raise InputError(f"formula={formula!r} cannot be computed: {fault}") from None
    outcome = np.asarray(matrices.lhs, dtype=float)
    if outcome.shape[1] != 1 or not np.isin(outcome, [0, 1]).all():
        raise InputError(f"formula={formula!r}: the outcome {sides[0]!r} must be true or false (1 or 0)")
    return outcome[:, 0], pd.DataFrame(matrices.rhs), np.flatnonzero(used)


def _fit(y: np.ndarray, x: np.ndarray, w: np.ndarray, names: pd.Index) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients by Newton's method to the last digit, fitted probabilities, and the inverse of the information."""
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise InputError(f"terms {', '.join(map(repr, names))}: one is a sum of others, so they cannot be told apart")
    coefficient = np.zeros(x.shape[1])
    for _ in range(50):
        with np.errstate(over="ignore"):
            fitted = 1 / (1 + np.exp(-x @ coefficient))
        information = (x * (w * fitted * (1 - fitted))[:, None]).T @ x
        if np.linalg.cond(information) > 1e14 or np.abs(coefficient).max() > 50:
            break
        step = np.linalg.solve(information, x.T @ (w * (y - fitted)))
        coefficient = coefficient + step
        if np.abs(step).max() < 1e-10:
            fitted = 1 / (1 + np.exp(-x @ coefficient))
            return coefficient, fitted, np.linalg.inv((x * (w * fitted * (1 - fitted))[:, None]).T @ x)
    raise InputError(
        f"terms {', '.join(map(repr, names))} part cases from the others so well that an odds ratio has no bound; "
        "leave a term out or join its levels"
    )
