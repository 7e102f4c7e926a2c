"""Direct standardisation inside a survey: what the prevalence would be with another age structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.survey import design as d
from b12analysis.survey.intervals import interval, presentation
from b12analysis.survey.proportions import AddedUp, added, kish, survey_sums

__all__ = ["standardize_from_sums", "survey_standardize"]


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
    columns = {"weight": weight, "strata": strata, "psu": psu}
    d.design_of(people, **columns, singleton=singleton)  # what is wrong with the design is said first
    sums = survey_sums(people, indicator, by=[*d.columns(by), over], domain=domain, **columns)
    keys = [*d.columns(by), "indicator"]
    options = {"ci": ci, "level": level, "singleton": singleton}
    return standardize_from_sums(sums, over=over, population=share, by=keys, **options)


def standardize_from_sums(
    sums: pd.DataFrame,
    *,
    over: str,
    population: Mapping[object, float] | pd.Series,
    by: str | Sequence[str] = ("indicator",),
    ci: str = "logit",
    level: float = 0.95,
    singleton: str = "error",
) -> pd.DataFrame:
    """Do what :func:`survey_standardize` does from sums per PSU: the same numbers as from the people.

    Parameters
    ----------
    sums : DataFrame
        What :func:`survey_sums` returns with ``over`` in its ``by``.
    over, population, ci, level, singleton
        As in :func:`survey_standardize`.
    by : str or list of str
        One estimate for each combination of these columns.

    Returns
    -------
    DataFrame
        As of :func:`survey_standardize`; the columns of ``by`` first.

    Raises
    ------
    InputError
        As :func:`survey_standardize`.

    Examples
    --------
    >>> people = pd.DataFrame({"age": ["20-59", "20-59", "60+", "60+"], "low": [False, False, True, False]})
    >>> sums = survey_sums(people, "low", by="age", weight=None, strata=None, psu=None)
    >>> standardize_from_sums(sums, over="age", population={"20-59": 75, "60+": 25})["estimate"].tolist()
    [0.125]
    """
    share = _shares(population)
    keys = d.columns(by)
    check_columns("sums", sums.columns, [over, *keys])
    sums = sums[sums[over].isin(share.index)]
    if sums.empty:
        raise InputError(f"column {over!r} of sums has none of the bands {', '.join(map(repr, share.index))}")
    cells = added(sums, [*keys, over], singleton)
    groups = cells.labels.groupby(keys, sort=True, observed=True)
    group, labels = groups.ngroup().fillna(-1).to_numpy(np.int64), groups.size().index.to_frame(index=False)
    _check_all_measured(cells, group, labels, share, over)
    portion = cells.labels[over].map(share).to_numpy(dtype=float)

    def over_bands(values: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(group, column, len(labels)) for column in values.T], axis=-1)

    p = cells.weighted.sum(axis=1) / cells.weight.sum(axis=1)
    part = portion / cells.weight.sum(axis=1)
    # the influence of a PSU on the sum: that on each band's prevalence times the band's share
    influence = over_bands(part[:, None] * (cells.weighted - p[:, None] * cells.weight))
    se = np.sqrt(d.variance(influence, cells.stratum, cells.size, singleton))
    estimate = np.clip(np.bincount(group, portion * p, len(labels)), 0, 1)
    n, cases = (np.bincount(group, values.sum(axis=1), len(labels)) for values in (cells.n, cells.cases))
    crude = np.bincount(group, cells.weighted.sum(axis=1)) / np.bincount(group, cells.weight.sum(axis=1))
    present = over_bands(cells.n) > 0
    df = present.sum(axis=1) - d.strata_present(present, cells.stratum)
    # each band is as good as its own people; a small band of great weight makes the whole as poor as itself
    with np.errstate(divide="ignore"):
        effective = 1 / np.bincount(group, portion**2 / kish(cells), len(labels))
    lower, upper = interval(estimate, se, n, df, ci=ci, level=level, effective=effective)
    counts = {"n": n.astype(int), "cases": cases.astype(int), "crude": crude}
    limits = {"estimate": estimate, "lower": lower, "upper": upper, "se": se, "df": df}
    return labels.assign(**counts, **limits, flag=presentation(estimate, se, n, df))


def _shares(population: Mapping[object, float] | pd.Series) -> pd.Series:
    share = pd.Series(population, dtype=float)
    if not len(share) or not np.isfinite(share).all() or (share < 0).any() or not share.sum() > 0:
        raise InputError(f"population={dict(share)!r} must give each band a weight of at least 0, and one more than 0")
    share = share[share > 0]
    return share / share.sum()


def _check_all_measured(cells: AddedUp, group: np.ndarray, labels: pd.DataFrame, share: pd.Series, over: str) -> None:
    measured = cells.n.sum(axis=1) > 0
    for g, label in enumerate(labels.to_dict("records")):
        for band in share.index:
            if not (measured & (group == g) & (cells.labels[over] == band)).any():
                who = ", ".join(f"{name} {value}" for name, value in label.items() if name != "indicator")
                raise InputError(
                    f"{label.get('indicator', 'the indicator')!r} is not known of anybody in {over} {band!r}"
                    f"{f' ({who})' if who else ''}: there is nothing to weight; join bands, or leave this one out of "
                    "the population"
                )
