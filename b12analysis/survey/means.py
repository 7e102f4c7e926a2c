"""Means and geometric means from a survey."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_level
from b12analysis.survey import design as d
from b12analysis.survey.intervals import t_quantile

__all__ = ["survey_geometric_mean", "survey_mean"]


def survey_mean(
    people: pd.DataFrame,
    variable: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Mean of one or several variables in a survey, with its design-based interval.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    variable : str or list of str
        Columns of numbers; people with a missing value are outside the domain.
    by, weight, strata, psu, level, domain, singleton
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``, variable
        n                        people with a value
        estimate, lower, upper   mean and its interval (t on ``df``), in the unit of the variable
        se, df, deff             standard error, degrees of freedom, design effect

    Raises
    ------
    InputError
        As :func:`survey_prevalence`.

    Source
    ------
    Lumley, J Stat Softw 2004;9(8). Equal to R's survey (svymean).

    Examples
    --------
    >>> people = pd.DataFrame({"place": [1, 1, 2, 2], "b12_pmol_l": [200.0, 300.0, 400.0, 500.0]})
    >>> mean = survey_mean(people, "b12_pmol_l", weight=None, strata=None, psu="place")
    >>> mean[["estimate", "se", "df"]].values.tolist()
    [[350.0, 100.0, 1.0]]
    """
    options = {"weight": weight, "strata": strata, "psu": psu, "level": level, "domain": domain}
    return _means(people, variable, by, lambda x: x, lambda m: m, singleton=singleton, **options)


def survey_geometric_mean(
    people: pd.DataFrame,
    variable: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Geometric mean: the mean of the logarithms, taken back.

    Parameters
    ----------
    people, variable, by, weight, strata, psu, level, domain, singleton
        As in :func:`survey_mean`; values must be above 0.

    Returns
    -------
    DataFrame
        As of :func:`survey_mean`. The interval is that of the mean logarithm, taken back; ``se`` is the estimate times
        the standard error of the mean logarithm; ``deff`` is that of the mean logarithm.

    Raises
    ------
    InputError
        If a value is 0 or negative, and as :func:`survey_prevalence`.

    Examples
    --------
    >>> people = pd.DataFrame({"place": [1, 1, 2, 2], "mma_nmol_l": [100.0, 400.0, 100.0, 400.0]})
    >>> survey_geometric_mean(people, "mma_nmol_l", weight=None, strata=None, psu="place")["estimate"].round(6).tolist()
    [200.0]
    """
    for name, values in d.numbers(people, d.columns(variable)).items():
        if (values <= 0).any():
            row = people.index[values <= 0][0]
            raise InputError(
                f"column {name!r} of people is {values[values <= 0][0]:g} in row {row!r}; it has no logarithm"
            )
    options = {"weight": weight, "strata": strata, "psu": psu, "level": level, "domain": domain}
    return _means(people, variable, by, np.log, np.exp, singleton=singleton, **options)


def _means(
    people: pd.DataFrame,
    variable: str | Sequence[str],
    by: str | Sequence[str] | None,
    scale: Callable[[np.ndarray], np.ndarray],
    back: Callable[[np.ndarray], np.ndarray],
    *,
    weight: str | None,
    strata: str | None,
    psu: str | None,
    level: float,
    domain: str | None,
    singleton: str,
) -> pd.DataFrame:
    """Means on a scale, taken back from it."""
    check_level(level)
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    group, labels = d.groups(people, by)
    inside = d.domain_of(people, domain) & (design.weight > 0)
    tables = []
    for name, values in d.numbers(people, d.columns(variable)).items():
        known = np.where(inside & ~np.isnan(values), group, -1)
        mean = d.mean(scale(np.where(known < 0, 1.0, values)), known, len(labels), design)
        with np.errstate(invalid="ignore"):  # infinite times 0: without degrees of freedom nothing bounds the mean
            half = t_quantile(mean["df"], level) * mean["se"]
        limits = {"lower": back(mean["estimate"] - half), "upper": back(mean["estimate"] + half)}
        estimate = back(mean["estimate"])
        slope = 1.0 if back(np.zeros(1))[0] == 0 else estimate  # of the way back: exp is its own derivative
        columns = {"n": mean["n"], "estimate": estimate, **limits, "se": slope * mean["se"]}
        tables.append(labels.assign(variable=name, **columns, df=mean["df"], deff=mean["deff"]))
    together = pd.concat(tables)
    return together.sort_index(kind="stable").reset_index(drop=True)
