"""Direct standardisation inside a survey: what the prevalence would be with another age structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.survey import design as d
from b12analysis.survey.intervals import interval, presentation

__all__ = ["survey_standardize"]


def survey_standardize(
    people: pd.DataFrame,
    indicator: str | Sequence[str],
    *,
    over: str,
    population: Mapping[object, float] | pd.Series,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    ci: str = "logit",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Prevalence that each group would have if its bands of ``over`` (mostly age) were those of a population.

    The bands' prevalences are weighted by the population. They come from the same PSUs, so they are not independent:
    the variance is that of the weighted sum, linearised as a whole.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    indicator : str or list of str
        Columns of true, false or missing.
    over : str
        Column of bands. People in a band that the population does not name are outside the domain.
    population : mapping or Series
        People (or any weight) by band.
    by, weight, strata, psu, ci, level, domain, singleton
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``, indicator
        n, cases                 people with a known indicator in the bands, and those for whom it is true
        crude                    prevalence as it is
        estimate, lower, upper   prevalence with the population's bands, and its interval
        se, df, flag             as of :func:`survey_prevalence`

    Raises
    ------
    InputError
        If nobody in a group was measured in one of the bands, the population has a negative or no weight, and as
        :func:`survey_prevalence`.

    Source
    ------
    Klein and Schoenborn, Healthy People 2010 Stat Notes 2001;20. Equal to R's survey (svystandardize).

    Examples
    --------
    >>> people = pd.DataFrame({"age": ["20-59", "20-59", "60+", "60+"], "low": [False, False, True, False]})
    >>> design = {"weight": None, "strata": None, "psu": None}
    >>> adults = {"20-59": 75, "60+": 25}
    >>> table = survey_standardize(people, "low", over="age", population=adults, **design)
    >>> table[["crude", "estimate"]].values.tolist()
    [[0.25, 0.125]]
    """
    share = _shares(population)
    check_columns("people", people.columns, [over])
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    group, labels = d.groups(people, by)
    band = pd.Categorical(people[over], categories=share.index).codes
    inside = d.domain_of(people, domain) & (design.weight > 0) & (band >= 0)
    shape = (len(labels), len(share))
    tables = []
    for name, values in d.flags(people, d.columns(indicator)).items():
        known = inside & ~np.isnan(values) & (group >= 0)
        cell = np.where(known, group * shape[1] + band, -1)
        cells = d.mean(values, cell, shape[0] * shape[1], design)
        _check_all_measured(cells["n"].reshape(shape), labels, share, name, over)
        # the influence of a person on the sum: that on the band's prevalence times the band's share
        influence = cells["influence"].reshape(*shape, -1) * share.to_numpy()[None, :, None]
        se = np.sqrt(d.variance(influence.sum(axis=1), design.stratum, design.size, singleton))
        whole = d.mean(values, np.where(known, group, -1), shape[0], design)
        estimate = np.clip(cells["estimate"].reshape(shape) @ share.to_numpy(), 0, 1)
        lower, upper = interval(estimate, se, whole["n"], whole["df"], ci=ci, level=level)
        cases = np.bincount(group[known & (values == 1)], minlength=shape[0])
        columns = {"n": whole["n"], "cases": cases, "crude": whole["estimate"], "estimate": estimate}
        limits = {"lower": lower, "upper": upper, "se": se, "df": whole["df"]}
        flag = presentation(estimate, se, whole["n"], whole["df"])
        tables.append(labels.assign(indicator=name, **columns, **limits, flag=flag))
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)


def _shares(population: Mapping[object, float] | pd.Series) -> pd.Series:
    share = pd.Series(population, dtype=float)
    if not len(share) or not np.isfinite(share).all() or (share < 0).any() or not share.sum() > 0:
        raise InputError(f"population={dict(share)!r} must give each band a weight of at least 0, and one more than 0")
    share = share[share > 0]
    return share / share.sum()


def _check_all_measured(n: np.ndarray, labels: pd.DataFrame, share: pd.Series, indicator: str, over: str) -> None:
    for g, band in np.argwhere(n == 0):
        who = ", ".join(f"{name} {value}" for name, value in labels.iloc[g].items())
        raise InputError(
            f"{indicator!r} is not known of anybody in {over} {share.index[band]!r}{f' ({who})' if who else ''}: "
            "there is nothing to weight; join bands, or leave this one out of the population"
        )
