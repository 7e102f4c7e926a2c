"""Compute the tables that ``groups`` reads, from the survey's people."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd

from b12analysis.biomarkers import anaemia, indicators, mma_indicators
from b12analysis.nhanes.groups import AGE_BANDS, GROUPS, POOLS, RISKS, members
from b12analysis.nhanes.people import load
from b12analysis.survey import survey_prevalence

__all__ = ["combinations", "compute_groups", "compute_overlaps", "in_groups"]

_SERUM = ["b12_148", "b12_221", "b12_marginal_221", "hcy_15"]
_BOTH = ["b12_148_and_mma_271", "b12_221_and_mma_271", "b12_148_or_mma_271"]
#: Definitions by which cases are shared out among the combinations of risks.
_CASES = ["b12_148", "b12_221", "mma_271"]
#: No row is about fewer people.
_FEWEST = 5
_ESTIMATES = ["n", "cases", "estimate", "lower", "upper", "se", "df", "deff", "effective_n", "flag"]


def _pool(cycles: str, folder: str | Path | None) -> pd.DataFrame:
    first, last = map(int, cycles.split("-"))
    return load([f"{year}-{year + 1}" for year in range(first, last, 2)], folder)


def _flags(people: pd.DataFrame) -> pd.DataFrame:
    """Every indicator; the slope on eGFR is fitted as for the sums: each cycle its own, 1999-2002 one."""
    parts = [indicators(people, [*_SERUM, *_BOTH]), anaemia(people)]
    fitted = people["cycle"].replace({"1999-2000": "1999-2002", "2001-2002": "1999-2002"})
    measured = people["mma_nmol_l"].notna().groupby(fitted).transform("any")
    mma = [mma_indicators(part) for _, part in people[measured].groupby(fitted)]
    return pd.concat([*parts, *([pd.concat(mma)] if mma else [])], axis=1)


def _throughout(flags: pd.DataFrame, cycle: pd.Series) -> pd.DataFrame:
    """Columns that are known of somebody in every cycle: the others are not of the pool."""
    return flags.loc[:, flags.notna().groupby(cycle).any().all()]


def compute_groups(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute prevalence in each risk group: the table ``nhanes_groups``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, group, indicator, n, cases, estimate, lower, upper, se, df, deff, effective_n, flag, weight,
        source
    """
    rows = []
    for cycles in POOLS:
        people = _pool(cycles, folder)
        flags, groups = (_throughout(made, people["cycle"]) for made in (_flags(people), members(people)))
        rows.append(in_groups(people, flags, groups).assign(cycles=cycles))
    table = pd.concat(rows, ignore_index=True)
    return table[["cycles", "age_band", "group", "indicator", *_ESTIMATES, "weight"]].assign(source="nhanes")


def in_groups(people: pd.DataFrame, flags: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Estimate in every age band and group: the share of people who are in it, and of those each indicator.

    Parameters
    ----------
    people : DataFrame
        ``age``, ``stratum``, ``psu`` and the weights of ``GROUPS``.
    flags, groups : DataFrame of nullable boolean
        Indicators, and who is in which group, with the index of ``people``.

    Returns
    -------
    DataFrame
        As of :func:`compute_groups`, but for ``cycles`` and ``source``.
    """
    rows = []
    for band, group in product(AGE_BANDS, groups):
        if group.startswith(("aged", "older")) and band != "20+":
            continue
        inside, weight = people["age"].between(*AGE_BANDS[band]), GROUPS[group].weight
        survey = people[["stratum", "psu", weight]].join(flags).assign(exposure=groups[group], _band=inside)
        survey["_group"] = inside & groups[group].fillna(False)
        tables = [survey_prevalence(survey, list(flags), weight=weight, domain="_group")]
        if group != "general":
            tables.insert(0, survey_prevalence(survey, "exposure", weight=weight, domain="_band"))
        rows.append(pd.concat(tables).assign(age_band=band, group=group, weight=weight))
    table = _with_effective_n(pd.concat(rows, ignore_index=True))
    return table[table["n"] >= _FEWEST]


def _with_effective_n(table: pd.DataFrame) -> pd.DataFrame:
    p, se = table["estimate"], table["se"]
    # PSUs that agree but for rounding say nothing either
    return table.assign(effective_n=(p * (1 - p) / se**2).where(table["deff"] > 1e-12))


def compute_overlaps(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute every combination of risks in adults of 2011-2014: the table ``nhanes_overlaps``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame
        As of :func:`b12analysis.nhanes.groups.overlaps`, but for the columns of single risks.
    """
    people = _pool("2011-2014", folder)
    people = people.assign(**members(people), **indicators(people, _CASES))
    rows = []
    for band, intake in product(AGE_BANDS, [True, False]):
        absent = {name for name, out in (("older_adults", band == "60+"), ("low_intake", not intake)) if out}
        risks = [risk for risk in RISKS if risk not in absent]
        part = people.assign(_band=people["age"].between(*AGE_BANDS[band]))
        table = combinations(part, risks, _CASES, weight="weight_diet" if intake else "weight", domain="_band")
        rows.append(table.assign(age_band=band, intake="yes" if intake else "no"))
    return pd.concat(rows, ignore_index=True).assign(cycles="2011-2014", source="nhanes")


def combinations(
    people: pd.DataFrame, risks: list[str], cases: list[str], *, weight: str = "weight", domain: str
) -> pd.DataFrame:
    """Estimate for every combination of risks: its share of people, its prevalence, its share of cases.

    Parameters
    ----------
    people : DataFrame
        ``stratum``, ``psu``, and columns of yes, no or missing.
    risks, cases : list of str
        Columns whose combinations are counted, and columns that say who is a case.
    weight, domain : str
        Columns of the survey weight, and of who the question is about.

    Returns
    -------
    DataFrame
        A row per combination and kind of case: ``combination``, ``people``, ``unknown``, ``share``, ``indicator``, the
        prevalence, ``case_share``; see :func:`b12analysis.nhanes.groups.overlaps`.
    """
    known = people[domain] & people[risks].notna().all(axis=1) & (people[weight] > 0)
    names = _merged(_named(people[risks]).where(known), known & people[cases].notna().all(axis=1))
    listed = names.value_counts(sort=False)
    survey = people[["stratum", "psu", weight, *cases]].assign(_known=known, combination=names)
    survey = survey.join(pd.DataFrame({name: names == name for name in listed.index}))
    of = {name: known & people[name].fillna(False) for name in cases}
    share = _shares(survey, listed.index, weight, "_known", "share").assign(people=listed)
    share["unknown"] = int(people[domain].sum() - known.sum())
    inside = survey_prevalence(survey, cases, by="combination", weight=weight, domain="_known")
    inside = _with_effective_n(inside)[["combination", "indicator", *_ESTIMATES]]
    pieces = [
        inside[inside["indicator"] == name].join(
            _shares(survey.assign(_of=of[name]), listed.index, weight, "_of", "case_share"), on="combination"
        )
        for name in cases
    ]
    first = ["combination", "people", "unknown", "share", "share_lower", "share_upper"]
    table = pd.concat(pieces).join(share, on="combination").sort_values("share", ascending=False, kind="stable")
    return table[[*first, *(name for name in table if name not in first)]].reset_index(drop=True)


def _named(met: pd.DataFrame) -> pd.Series:
    """Name each person's combination, such as "metformin + low_intake"."""
    names = pd.Series("", index=met.index)
    for risk in met:
        names = names + (" + " + pd.Series(risk, index=met.index)).where(met[risk].fillna(False), "")
    return names.str.removeprefix(" + ").replace("", "none")


def _merged(names: pd.Series, measured: pd.Series) -> pd.Series:
    """Put the rarest combinations together until no row is about fewer than five people who were measured."""
    numbers = measured.groupby(names).sum().sort_values(kind="stable")
    rarer = (numbers.cumsum() - numbers).iloc[1:]  # people in those that are rarer still
    rare = {*numbers.index[numbers < _FEWEST], *rarer.index[rarer < _FEWEST]}
    return names.mask(names.isin(rare), "other")


def _shares(survey: pd.DataFrame, names: pd.Index, weight: str, domain: str, called: str) -> pd.DataFrame:
    table = survey_prevalence(survey, list(names), weight=weight, domain=domain).set_index("indicator")
    kept = table[["estimate", "lower", "upper"]]
    return kept.set_axis([called, f"{called}_lower", f"{called}_upper"], axis="columns")
