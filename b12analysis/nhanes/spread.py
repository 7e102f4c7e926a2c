"""How a variable is spread over the people of the survey: geometric mean, spread of its logarithms, percentiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError
from b12analysis.survey import survey_geometric_mean, survey_mean, survey_quantile
from b12analysis.survey.intervals import t_quantile
from b12analysis.usual.within import logs

__all__ = ["FEWEST", "described", "root", "spreads"]

#: No row is about fewer people.
FEWEST = 5


def described(
    people: pd.DataFrame,
    variable: str,
    inside: pd.Series,
    *,
    percents: Sequence[float] = (),
    weight: str = "weight",
    within: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Geometric mean, spread of the logarithms and percentiles of a variable.

    Parameters
    ----------
    people, variable, inside, weight, within
        As of :func:`spreads`.
    percents : list of float
        Percentiles wanted; linear between distinct values, as the CDC publishes them, because MMA is rounded to 10.

    Returns
    -------
    DataFrame with columns
        quantity                                ``geometric_mean``, those of ``spreads``, ``percentile_50``
        estimate, lower, upper, se, df, n       as the survey's functions give them; no rows for fewer than 5 people

    Examples
    --------
    >>> people = pd.DataFrame({"mma_nmol_l": [100.0, 100, 100, 400, 400, 400], "weight": 1, "stratum": 1})
    >>> table = described(people.assign(psu=range(6)), "mma_nmol_l", people["mma_nmol_l"] > 0, percents=[50])
    >>> table[["quantity", "estimate"]].round(4).values.tolist()
    [['geometric_mean', 200.0], ['ln_sd', 0.7593], ['percentile_50', 100.0]]
    """
    of = people[["stratum", "psu", weight]].assign(value=people[variable].where(inside & (people[variable] > 0)))
    if (of["value"].notna() & (of[weight] > 0)).sum() < FEWEST:
        return pd.DataFrame()
    mean = survey_geometric_mean(of, "value", weight=weight).assign(quantity="geometric_mean")
    tables = [mean, spreads(people, variable, inside & (people[variable] > 0), weight, within)]
    if percents:
        found = survey_quantile(of, "value", [percent / 100 for percent in percents], rule="rounded", weight=weight)
        tables.append(found.assign(quantity=[f"percentile_{percent:g}" for percent in percents]))
    return pd.concat(tables)[["quantity", "estimate", "lower", "upper", "se", "df", "n"]].reset_index(drop=True)


def spreads(
    people: pd.DataFrame, variable: str, inside: pd.Series, weight: str = "weight", within: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Spread of the natural logarithms of a variable, and how much of it is between people.

    Parameters
    ----------
    people : DataFrame
        The whole survey: ``variable``, ``stratum``, ``psu`` and the weight.
    variable : str
        Column of numbers above 0, or missing.
    inside : Series of bool
        Whom the question is about.
    weight : str
        Column of weights.
    within : DataFrame, optional
        As of :func:`b12analysis.usual.within_person`; without it nothing is said of what is between people.

    Returns
    -------
    DataFrame with columns
        quantity                      ``ln_sd``, the standard deviation of single measurements; ``ln_sd_between``, that
                                      of usual levels; ``reliability``, the share of the variance that is between
        estimate, lower, upper, se    intervals on the logarithm of the variance (of what is within, for the last)
        df, n                         PSUs less strata, people

    Raises
    ------
    InputError
        If the scatter within people is all the spread there is.

    Source
    ------
    ``ln_sd`` is the root of R's svyvar (survey), with its linearised variance.

    Examples
    --------
    >>> people = pd.DataFrame({"mma_nmol_l": [100.0, 100, 400, 400], "weight": 1, "stratum": 1, "psu": [1, 2, 3, 4]})
    >>> spreads(people, "mma_nmol_l", people["mma_nmol_l"] > 0)[["quantity", "estimate"]].round(4).values.tolist()
    [['ln_sd', 0.8004]]
    """
    known = inside & (people[weight] > 0)
    x = pd.Series(logs(people, variable), index=people.index).where(known)
    apart = x - np.average(x[x.notna()], weights=people.loc[x.notna(), weight])
    n = int(x.notna().sum())
    squares = people[["stratum", "psu", weight]].assign(square=apart**2 * n / (n - 1))
    total = survey_mean(squares, "square", weight=weight).iloc[0]
    variance, se, df = total["estimate"], total["se"], int(total["df"])
    rows = [root("ln_sd", variance, se, df)]
    if within is not None:
        inner, inner_se = within["variance"].iloc[0], within["se"].iloc[0]
        if inner >= variance:
            raise InputError(
                f"{variable} varies by {np.sqrt(variance):.3f} on the log scale and within a person by "
                f"{np.sqrt(inner):.3f}: no spread is left between people"
            )
        rows.append(root("ln_sd_between", variance - inner, np.hypot(se, inner_se), df))
        part, error = inner / variance, np.hypot(se / variance, inner_se / inner)
        limits = 1 - part * np.exp(np.array([1, -1]) * t_quantile(df, 0.95) * error)
        row = {"quantity": "reliability", "estimate": 1 - part, "lower": limits[0], "upper": limits[1]}
        rows.append(row | {"se": part * error, "df": df})
    return pd.DataFrame(rows).assign(n=n)


def root(quantity: str, variance: float, se: float, df: int) -> dict[str, float | str]:
    """Root of a variance; the interval is that of its logarithm, so that it stays above 0."""
    root, error = np.sqrt(variance), se / (2 * variance)
    half = np.exp(t_quantile(df, 0.95) * error)
    limits = {"estimate": root, "lower": root / half, "upper": root * half}
    return {"quantity": quantity, **limits, "se": root * error, "df": df}
