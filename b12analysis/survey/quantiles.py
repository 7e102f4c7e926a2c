"""Percentiles from a survey, by three rules that differ in how they treat ties and gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_level
from b12analysis.survey import design as d
from b12analysis.survey.intervals import t_quantile

__all__ = ["RULES", "survey_quantile"]


def _math(x: np.ndarray, cumulated: np.ndarray, p: float) -> float:
    """Inverse of the weighted distribution function: the first value that the share p reaches."""
    return float(x[min(np.searchsorted(cumulated, p * cumulated[-1], side="left"), len(x) - 1)])


def _hf7(x: np.ndarray, cumulated: np.ndarray, p: float) -> float:
    """Hyndman and Fan's seventh rule, the default of most programs for people with equal weights."""
    before = np.concatenate([[0.0], cumulated[:-1]])
    return float(np.interp(p, before / cumulated[-2], x)) if len(x) > 1 else float(x[0])


def _rounded(x: np.ndarray, cumulated: np.ndarray, p: float) -> float:
    """Linear between distinct values, at which the weight of all tied people is reached (the CDC's tables)."""
    last = np.append(np.flatnonzero(np.diff(x)), len(x) - 1)
    return float(np.interp(p, cumulated[last] / cumulated[-1], x[last]))


#: Rules of :func:`survey_quantile`, by name.
RULES: dict[str, Callable[[np.ndarray, np.ndarray, float], float]] = {"math": _math, "hf7": _hf7, "rounded": _rounded}


def survey_quantile(
    people: pd.DataFrame,
    variable: str | Sequence[str],
    probabilities: float | Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    *,
    rule: str = "math",
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Percentiles of one or several variables in a survey, with Woodruff's interval.

    The interval is that of the share of people at or below the percentile, read back as values. Where it leaves 0 to 1
    the survey does not bound the percentile on that side: the limit is missing.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    variable : str or list of str
        Columns of numbers; people with a missing value are outside the domain.
    probabilities : float or list of float
        Shares of people, between 0 and 1.
    rule : {"math", "hf7", "rounded"}
        The first value that the share reaches; Hyndman and Fan's type 7; linear between distinct values with tied
        people taken together, as the CDC publishes them.
    by, weight, strata, psu, level, domain, singleton
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``, variable, probability
        n                        people with a value
        estimate, lower, upper   percentile and its interval, in the unit of the variable
        se                       width of the interval over twice the quantile of t
        df                       degrees of freedom

    Raises
    ------
    InputError
        If the rule is unknown or a probability is outside 0 to 1, and as :func:`survey_prevalence`.

    Source
    ------
    Woodruff, J Am Stat Assoc 1952;47:635. Equal to R's survey (svyquantile; "rounded": oldsvyquantile).

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [150.0, 200.0, 250.0, 300.0]})
    >>> survey_quantile(people, "b12_pmol_l", 0.5, weight=None, strata=None, psu=None)["estimate"].tolist()
    [200.0]
    """
    check_choice("rule", rule, RULES)
    check_level(level)
    shares = [float(p) for p in np.atleast_1d(np.asarray(probabilities, dtype=float))]
    for p in shares:
        if not 0 < p < 1:
            raise InputError(f"probabilities={p:g} is out of range; each must be above 0 and below 1")
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    group, labels = d.groups(people, by)
    inside = d.domain_of(people, domain) & (design.weight > 0)
    rows = []
    for g in range(len(labels)):
        for name, values in d.numbers(people, d.columns(variable)).items():
            known = inside & ~np.isnan(values) & (group == g)
            found = _percentiles(values, known, shares, design, RULES[rule], level, is_wald=rule == "rounded")
            rows += [{**labels.iloc[g].to_dict(), "variable": name, **row} for row in found]
    return pd.DataFrame(rows)


def _percentiles(
    values: np.ndarray,
    known: np.ndarray,
    shares: list[float],
    design: d.Design,
    rule: Callable[[np.ndarray, np.ndarray, float], float],
    level: float,
    *,
    is_wald: bool,
) -> list[dict[str, float]]:
    """Percentiles of one variable in one domain; ``is_wald`` centres the interval on the share that was asked for."""
    n = int(known.sum())
    if not n:
        unknown = dict.fromkeys(["estimate", "lower", "upper", "se"], np.nan)
        return [{"probability": p, "n": 0, **unknown, "df": 0} for p in shares]
    order = np.argsort(values[known], kind="stable")
    x, cumulated = values[known][order], np.cumsum(design.weight[known][order])
    rows = []
    for p in shares:
        estimate = rule(x, cumulated, p)
        below = d.mean((values <= estimate).astype(float), np.where(known, 0, -1), 1, design)
        factor = float(t_quantile(below["df"][0], level))
        centre = p if is_wald else below["estimate"][0]
        with np.errstate(invalid="ignore"):  # infinite times 0: without degrees of freedom nothing bounds the share
            half = factor * below["se"][0]
        limits = [centre - half, centre + half]
        if is_wald:  # R's older routine stops at the smallest and the largest value
            limits = np.clip(limits, 0, 1).tolist()
        lower, upper = (rule(x, cumulated, limit) if 0 <= limit <= 1 else np.nan for limit in limits)
        se = (upper - lower) / (2 * factor)
        rows.append(
            {
                "probability": p,
                "n": n,
                "estimate": estimate,
                "lower": lower,
                "upper": upper,
                "se": se,
                "df": below["df"][0],
            }
        )
    return rows
