"""Prevalence from a survey: people in, one row per group and indicator out.

The way there has two steps. People are added up per PSU: how many, how many cases, the same weighted
(:func:`survey_sums`). From those sums follow the estimate, its standard error and its interval
(:func:`prevalence_from_sums`), so a table of sums that holds no person's record gives the same numbers as the people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.survey import design as d
from b12analysis.survey.intervals import interval, presentation

__all__ = ["SUMS", "prevalence_from_sums", "survey_prevalence", "survey_sums"]

#: What is added up per PSU.
SUMS = ["n", "cases", "weight", "weighted_cases", "squared_weight"]
_PSU = ["stratum", "psu", "stratum_psus"]
#: Columns of the results, which a column of ``by`` cannot be called.
_TAKEN = {*_PSU, *SUMS, "indicator", "estimate", "lower", "upper", "se", "df", "deff", "total", "total_se", "flag"}


def survey_prevalence(
    people: pd.DataFrame,
    indicator: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    ci: str = "logit",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
) -> pd.DataFrame:
    """Prevalence of one or several indicators in a survey, with its design-based interval.

    Give the whole survey: people who do not belong to the question are left out by ``domain`` or ``by``, or have a
    missing indicator. They stay in the design, as they must for a right standard error; rows deleted beforehand do not.

    Parameters
    ----------
    people : DataFrame
        One row per person.
    indicator : str or list of str
        Columns of true, false or missing.
    by : str or list of str, optional
        One estimate for each combination of these columns that occurs. People with one of them missing are in none.
    weight, strata, psu : str or None
        Columns of the design: people represented, stratum, primary sampling unit within it. ``None``: equal weights,
        one stratum, each person drawn alone.
    ci : {"logit", "beta", "mean", "wilson"}
        Interval: on the logit scale; Korn and Graubard's beta; symmetric, which may leave 0 to 1; Wilson's on the
        effective n. All with t on ``df`` degrees of freedom.
    level : float
        Level of the interval, between 0 and 1.
    domain : str, optional
        Column of true and false: who the question is about.
    singleton : {"error", "center", "certainty"}
        A stratum with one PSU is refused, or counts by its distance from the overall mean (R: "adjust"), or not at
        all.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``, indicator
        n, cases                 people with a known indicator, and those of them for whom it is true
        estimate, lower, upper   prevalence in the population (share, 0 to 1) and its interval
        se                       standard error of the estimate
        df                       PSUs less strata, among those with anybody in the domain
        deff                     design effect: variance against that of n people drawn at random
        total, total_se          people in the population for whom it is true, and its standard error
        flag                     empty, or why the US presentation standard would suppress or review it

        Where none or all are cases the interval is Clopper and Pearson's on the effective n of the weights (Kish's),
        lessened for few degrees of freedom; ``se`` is 0. A group in which nobody was measured has ``n`` 0 and no
        estimate.

    Raises
    ------
    InputError
        If columns are missing, weights are negative or missing, an indicator is neither true nor false, or a stratum
        has a single PSU.

    Source
    ------
    Korn and Graubard, Surv Methodol 1998;24:193; Lumley, J Stat Softw 2004;9(8). Equal to R's survey (svyciprop).

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "stratum": [1, 1, 1, 1, 2, 2, 2, 2],
    ...     "psu": [1, 1, 2, 2, 1, 1, 2, 2],
    ...     "weight": [10, 10, 10, 10, 20, 20, 20, 20],
    ...     "low": [True, False, False, False, True, True, False, True],
    ... })
    >>> survey_prevalence(people, "low")[["n", "cases", "estimate", "se", "df"]].round(4).values.tolist()
    [[8.0, 4.0, 0.5833, 0.1863, 2.0]]
    """
    cells, _ = _sums(people, indicator, by, domain, weight, strata, psu, singleton)
    estimates = _estimates(cells, singleton, ci=ci, level=level)
    return pd.concat([cells.labels, estimates], axis=1)


def survey_sums(
    people: pd.DataFrame,
    indicator: str | Sequence[str],
    *,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    domain: str | None = None,
) -> pd.DataFrame:
    """Add people up per PSU: from this :func:`prevalence_from_sums` computes what :func:`survey_prevalence` would.

    Parameters
    ----------
    people, indicator, by, weight, strata, psu, domain
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame with one row per group, indicator and PSU with anybody in it, and columns
        the columns of ``by``, indicator, stratum, psu
        stratum_psus             PSUs of this stratum in the whole survey
        n, cases                 people with a known indicator, and those for whom it is true
        weight, weighted_cases   the people whom they represent
        squared_weight           sum of the squared weights of the n people

    Examples
    --------
    >>> people = pd.DataFrame({"place": [1, 1, 2], "low": [True, False, False]})
    >>> survey_sums(people, "low", weight=None, strata=None, psu="place")[["psu", "n", "cases"]].values.tolist()
    [[1, 2, 1], [2, 1, 0]]
    """
    cells, psus = _sums(people, indicator, by, domain, weight, strata, psu, "certainty")
    row, unit = np.nonzero(cells.n)
    table = cells.labels.iloc[row].reset_index(drop=True)
    place = psus.iloc[unit].reset_index(drop=True).assign(stratum_psus=cells.size[unit])
    values = (cells.n, cells.cases, cells.weight, cells.weighted, cells.squared)
    totals = pd.DataFrame({name: array[row, unit] for name, array in zip(SUMS, values, strict=True)})
    return pd.concat([table, place, totals.astype({"n": "int64", "cases": "int64"})], axis=1)


def prevalence_from_sums(
    sums: pd.DataFrame,
    *,
    by: str | Sequence[str] = ("indicator",),
    ci: str = "logit",
    level: float = 0.95,
    singleton: str = "error",
) -> pd.DataFrame:
    """Prevalence from sums per PSU: the same numbers as from the people.

    Parameters
    ----------
    sums : DataFrame
        What :func:`survey_sums` returns. Rows of several groups of one indicator may be given: they are added up, so
        the groups must not share people (20-39 and 40-59, not 20-39 and 20+).
    by : str or list of str
        One estimate for each combination of these columns.
    ci, level, singleton
        As in :func:`survey_prevalence`.

    Returns
    -------
    DataFrame
        As of :func:`survey_prevalence`; the columns of ``by`` first.

    Raises
    ------
    InputError
        If columns are missing, or a stratum has a single PSU.

    Examples
    --------
    >>> people = pd.DataFrame({"place": [1, 1, 2, 2], "low": [True, False, False, False]})
    >>> sums = survey_sums(people, "low", weight=None, strata=None, psu="place")
    >>> prevalence_from_sums(sums)[["indicator", "n", "estimate", "se"]].values.tolist()
    [['low', 4, 0.25, 0.25]]
    """
    cells = added(sums, d.columns(by), singleton)
    estimates = _estimates(cells, singleton, ci=ci, level=level)
    return pd.concat([cells.labels, estimates], axis=1)


@dataclass(frozen=True)
class AddedUp:
    """Sums per group (rows) and PSU (columns), the rows' labels, and the PSUs' strata with their numbers of PSUs."""

    labels: pd.DataFrame
    n: np.ndarray
    cases: np.ndarray
    weight: np.ndarray
    weighted: np.ndarray
    squared: np.ndarray
    stratum: np.ndarray
    size: np.ndarray


def kish(cells: AddedUp) -> np.ndarray:
    """People of equal weights who would be worth as much, by row: (sum of w)^2 / sum of w^2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return cells.weight.sum(axis=1) ** 2 / cells.squared.sum(axis=1)


def added(sums: pd.DataFrame, keys: list[str], singleton: str) -> AddedUp:
    """Lay a table of sums out, one row per combination of ``keys``."""
    d.check_choice("singleton", singleton, d.SINGLETONS)
    check_columns("sums", sums.columns, [*keys, *_PSU, *SUMS])
    row, labels = d.groups(sums, keys)
    unit, units = d.groups(sums, _PSU)
    shape = (len(labels), len(units))
    arrays = [
        np.bincount(row * shape[1] + unit, sums[name].to_numpy(dtype=float), shape[0] * shape[1]).reshape(shape)
        for name in SUMS
    ]
    stratum, size = d.codes(units, "stratum")[0], units["stratum_psus"].to_numpy()
    if singleton == "error":
        d.refuse_singletons(units["stratum"][size == 1])
    return AddedUp(labels, *arrays, stratum, size)


def _sums(
    people: pd.DataFrame,
    indicator: str | Sequence[str],
    by: str | Sequence[str] | None,
    domain: str | None,
    weight: str | None,
    strata: str | None,
    psu: str | None,
    singleton: str,
) -> tuple[AddedUp, pd.DataFrame]:
    """Add up per group and indicator (rows) and PSU (columns); return also the names of the PSUs."""
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    values = d.flags(people, d.columns(indicator))
    _check_names(d.columns(by), list(values))
    group, labels = d.groups(people, by)
    inside = d.domain_of(people, domain) & (design.weight > 0)
    k, kinds = len(labels), list(values)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in SUMS}
    for value in values.values():
        known = np.where(inside & ~np.isnan(value), group, -1)
        case = np.where(value == 1, known, -1)
        w = design.weight
        for name, add, who in zip(SUMS, [None, None, w, w, w**2], [known, case, known, case, known], strict=True):
            parts[name].append(d.psu_sums(add, who, k, design))
    repeated = labels.loc[labels.index.repeat(len(kinds))].reset_index(drop=True)
    repeated["indicator"] = kinds * k
    arrays = [np.stack(parts[name], axis=1).reshape(k * len(kinds), len(design.stratum)) for name in SUMS]
    return AddedUp(repeated, *arrays, design.stratum, design.size), design.labels


def _check_names(by: list[str], indicators: list[str]) -> None:
    """Refuse groups that are called as a column of the result, and no indicator at all."""
    if not indicators:
        raise InputError("indicator is empty; name at least one column of true and false")
    for name in by:
        if name in _TAKEN:
            raise InputError(f"by has {name!r}, which is a column of the result; give the column another name")


def _estimates(cells: AddedUp, singleton: str, *, ci: str, level: float) -> pd.DataFrame:
    """Estimates for each row of sums."""
    people, positive = cells.n.sum(axis=1), cells.cases.sum(axis=1)
    weighted, stratum, size = cells.weighted, cells.stratum, cells.size
    with np.errstate(divide="ignore", invalid="ignore"):
        population = cells.weight.sum(axis=1, keepdims=True)
        p = weighted.sum(axis=1, keepdims=True) / population
        flat = (positive == 0) | (positive == people)
        p[flat, 0] = np.where(people > 0, positive / people, np.nan)[flat]  # exactly 0 or 1, whatever rounding says
        influence = np.where(flat[:, None], 0.0, (weighted - p * cells.weight) / population)
        p = p[:, 0]
        se = np.sqrt(d.variance(influence, stratum, size, singleton))
        deff = se**2 / (p * (1 - p) / (people - 1))
    present = cells.n > 0
    df = present.sum(axis=1) - d.strata_present(present, stratum)
    lower, upper = interval(p, se, people, df, ci=ci, level=level, effective=kish(cells))
    return pd.DataFrame(
        {
            "n": people.astype(int),
            "cases": positive.astype(int),
            "estimate": p,
            "lower": lower,
            "upper": upper,
            "se": np.where(people > 0, se, np.nan),
            "df": df,
            "deff": deff,
            "total": weighted.sum(axis=1),
            "total_se": np.sqrt(d.variance(weighted, stratum, size, singleton)),
            "flag": presentation(p, se, people, df),
        }
    )
