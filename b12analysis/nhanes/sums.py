"""The table ``nhanes_sums``: what the survey's people add up to, per PSU, so that estimates need no microdata.

For each cycle, part of the people (age band and sex) and indicator it holds the number of people, of cases, and of
those whom they represent, PSU by PSU. Estimates and standard errors follow exactly
(:func:`b12analysis.survey.prevalence_from_sums`). No row is about fewer than five people. ``stored`` makes the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import check_choice
from b12analysis.survey import prevalence_from_sums

__all__ = ["AGE_BANDS", "OVERLAPS", "POOLS", "indicators", "overlap", "prevalence", "sums"]

#: Cycles and pools, and the share of the stored weights of each cycle in them: CDC's rules. 1999-2002 have weights of
#: their own, because the two cycles rest on different censuses.
POOLS = {
    **{cycle: {cycle: 1.0} for cycle in ("1999-2000", "2001-2002", "2003-2004", "2005-2006")},
    **{cycle: {cycle: 1.0} for cycle in ("2011-2012", "2013-2014", "1999-2002")},
    "1999-2004": {"1999-2002": 2 / 3, "2003-2004": 1 / 3},
    "1999-2006": {"1999-2002": 1 / 2, "2003-2004": 1 / 4, "2005-2006": 1 / 4},
    "2003-2006": {"2003-2004": 1 / 2, "2005-2006": 1 / 2},
    "2011-2014": {"2011-2012": 1 / 2, "2013-2014": 1 / 2},
}
#: First and last age of each band, years.
AGE_BANDS = {
    "3-19": (3, 19),
    "20+": (20, 120),
    "20-39": (20, 39),
    "40-59": (40, 59),
    "60+": (60, 120),
    "65+": (65, 120),
    "60-69": (60, 69),
    "70+": (70, 120),
}
#: Definitions of which each combination is counted: who is low by which.
OVERLAPS = [
    ["b12_148", "mma_271"],
    ["b12_148", "mma_271", "hcy_15"],
    ["b12_221", "mma_271"],
    ["b12_221", "mma_271", "hcy_15"],
]


def overlap(met: Sequence[str], of: Sequence[str]) -> str:
    """Name the indicator of those who meet ``met`` and no other of ``of``.

    Examples
    --------
    >>> overlap(["mma_271"], ["b12_148", "mma_271"])
    'not b12_148, mma_271'
    """
    return ", ".join(definition if definition in met else f"not {definition}" for definition in of)


def indicators() -> list[str]:
    """Every indicator of which there are sums.

    Examples
    --------
    >>> "b12_148_roche" in indicators()
    True
    """
    return evidence.load("nhanes_sums")["indicator"].cat.categories.tolist()


def sums(cycles: str) -> pd.DataFrame:
    """Read the sums of a cycle or pool, its weights divided as CDC says.

    Parameters
    ----------
    cycles : str
        A cycle such as ``"2013-2014"``, or a pool: ``"1999-2004"``, ``"1999-2006"``, ``"2011-2014"``, ...

    Returns
    -------
    DataFrame
        ``age_band``, ``sex`` ("both", "men", "women"), and as :func:`b12analysis.survey.survey_sums` returns them. An
        indicator that one of the cycles has no sums of is left out: what is left would not be the pool.

    Raises
    ------
    InputError
        If there is no such pool.

    Examples
    --------
    >>> sorted(sums("2011-2014")["sex"].unique())
    ['both', 'men', 'women']
    """
    return _pooled(cycles, evidence.load("nhanes_sums"))


def _pooled(cycles: str, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table that belong to a pool, with the pool's weights."""
    check_choice("cycles", cycles, POOLS)
    kept = table[table["cycle"].isin(POOLS[cycles])]
    found = kept.groupby(["age_band", "sex", "indicator"], observed=True)["cycle"].transform("nunique")
    kept = kept[found == len(POOLS[cycles])]
    factor = kept["cycle"].map(POOLS[cycles]).astype(float)
    scaled = {name: kept[name] * factor for name in ("weight", "weighted_cases")}
    scaled["squared_weight"] = kept["squared_weight"] * factor**2
    return kept.assign(**scaled).drop(columns="cycle").reset_index(drop=True)


def prevalence(
    cycles: str | Iterable[str],
    indicator: str | Iterable[str],
    *,
    age_band: str | Iterable[str] = "20+",
    sex: str = "both",
    ci: str = "logit",
    level: float = 0.95,
) -> pd.DataFrame:
    """Prevalence in the United States from the shipped sums: the numbers that the microdata give.

    Parameters
    ----------
    cycles : str or list of str
        As for :func:`sums`; several are estimated each for itself.
    indicator : str or list of str
        Definitions, ``..._roche``, ``..._egfr_60``, ``..._adjusted``, or what :func:`overlap` names.
    age_band : str or list of str
        Of ``AGE_BANDS``.
    sex : {"both", "men", "women"}
        Bands below 20 and from 60 to 69 and 70 are there for both together only.
    ci, level
        As for :func:`b12analysis.survey.survey_prevalence`.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, age_min, age_max, sex, and as of :func:`b12analysis.survey.survey_prevalence`
        No row for what a cycle did not measure, or where a PSU had fewer than five people.

    Raises
    ------
    InputError
        If a pool, band or sex is unknown, or an indicator is in none of the sums.

    Examples
    --------
    >>> us = prevalence("2011-2014", "b12_148", age_band="60+")
    >>> us[["n", "cases", "estimate", "se"]].round(4).values.tolist()
    [[3214.0, 85.0, 0.0271, 0.0054]]
    """
    wanted = [indicator] if isinstance(indicator, str) else list(indicator)
    bands = [age_band] if isinstance(age_band, str) else list(age_band)
    for band in bands:
        check_choice("age_band", band, AGE_BANDS)
    check_choice("sex", sex, ["both", "men", "women"])
    known = indicators()
    for name in wanted:
        check_choice("indicator", name, known)
    pools = [cycles] if isinstance(cycles, str) else list(cycles)
    table = evidence.load("nhanes_sums")
    table = table[table["indicator"].isin(wanted) & table["age_band"].isin(bands) & (table["sex"] == sex)]
    rows = pd.concat([_pooled(pool, table).assign(cycles=pool) for pool in pools])
    keys = ["cycles", "age_band", "sex", "indicator"]
    table = prevalence_from_sums(rows.astype(dict.fromkeys(keys, "str")), by=keys, ci=ci, level=level)
    asked = {"cycles": pools, "age_band": bands, "indicator": wanted}
    table = table.sort_values(list(asked), key=lambda values: values.map(asked[values.name].index), ignore_index=True)
    table.insert(2, "age_min", table["age_band"].map(lambda band: float(AGE_BANDS[band][0])).astype(float))
    last = table["age_band"].map(lambda band: float(AGE_BANDS[band][1])).astype(float)
    table.insert(3, "age_max", last.where(last < 120))
    return table
