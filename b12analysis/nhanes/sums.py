"""The table ``nhanes_sums``: what the survey's people add up to, per PSU, so that estimates need no microdata.

For each cycle, part of the people (age band and sex) and indicator it holds the number of people, of cases, and of
those whom they represent, PSU by PSU. Estimates and standard errors follow exactly
(:func:`b12analysis.survey.prevalence_from_sums`). No row is about fewer than five people.

``python -m b12analysis.nhanes.sums FOLDER`` makes the table anew from the survey's files in a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import check_choice
from b12analysis.biomarkers import indicators, meets, mma_indicators
from b12analysis.nhanes.people import load
from b12analysis.places import DATA
from b12analysis.survey import prevalence_from_sums, survey_sums

__all__ = ["AGE_BANDS", "OVERLAPS", "POOLS", "compute", "overlap", "prevalence", "sums"]

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
    "60-69": (60, 69),
    "70+": (70, 120),
}
#: Bands that are also there for men and for women.
_BY_SEX = ["20+", "20-39", "40-59", "60+"]
#: Definitions of which each combination is counted: who is low by which.
OVERLAPS = [
    ["b12_148", "mma_271"],
    ["b12_148", "mma_271", "hcy_15"],
    ["b12_221", "mma_271"],
    ["b12_221", "mma_271", "hcy_15"],
]
_SERUM = ["b12_118", "b12_133", "b12_148", "b12_150", "b12_185", "b12_221", "b12_258", "b12_marginal_221"]
_MMA = ["mma_210", "mma_271", "mma_376", "mma_450", "mma_750"]
_HOMOCYSTEINE = ["hcy_13", "hcy_15"]
_COMBINED = ["b12_148_and_mma_271", "b12_148_or_mma_271", "b12_221_and_mma_271", "b12_148_hcy_15"]
#: No row is about fewer people.
_FEWEST = 5


def overlap(met: Sequence[str], of: Sequence[str]) -> str:
    """Name the indicator of those who meet ``met`` and no other of ``of``.

    Examples
    --------
    >>> overlap(["mma_271"], ["b12_148", "mma_271"])
    'not b12_148, mma_271'
    """
    return ", ".join(definition if definition in met else f"not {definition}" for definition in of)


def sums(cycles: str) -> pd.DataFrame:
    """Read the sums of a cycle or pool, its weights divided as CDC says.

    Parameters
    ----------
    cycles : str
        A cycle such as ``"2013-2014"``, or a pool: ``"1999-2004"``, ``"1999-2006"``, ``"2011-2014"``, ...

    Returns
    -------
    DataFrame
        ``age_band``, ``sex`` ("both", "men", "women"), and as :func:`b12analysis.survey.survey_sums` returns them.

    Raises
    ------
    InputError
        If there is no such pool.

    Examples
    --------
    >>> sorted(sums("2011-2014")["sex"].unique())
    ['both', 'men', 'women']
    """
    check_choice("cycles", cycles, POOLS)
    table = evidence.load("nhanes_sums")
    kept = table[table["cycle"].isin(POOLS[cycles])]
    factor = kept["cycle"].map(POOLS[cycles]).astype(float)
    scaled = {name: kept[name] * factor for name in ("weight", "weighted_cases")}
    return kept.assign(**scaled).drop(columns="cycle").reset_index(drop=True)


def prevalence(
    cycles: str,
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
    cycles : str
        As for :func:`sums`.
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
        cycles, age_band, sex, and as of :func:`b12analysis.survey.survey_prevalence`
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
    rows = sums(cycles)
    for name in wanted:
        check_choice("indicator", name, evidence.load("nhanes_sums")["indicator"].unique())
    rows = rows[rows["indicator"].isin(wanted) & rows["age_band"].isin(bands) & (rows["sex"] == sex)]
    keys = ["age_band", "sex", "indicator"]
    table = prevalence_from_sums(rows.astype(dict.fromkeys(keys, "str")), by=keys, ci=ci, level=level)
    asked = {"age_band": bands, "indicator": wanted}
    table = table.sort_values(list(asked), key=lambda values: values.map(asked[values.name].index), ignore_index=True)
    table.insert(0, "cycles", cycles)
    return table


def compute(folder: str | Path | None = None) -> pd.DataFrame:
    """Add up the survey's people: the table that :func:`sums` reads.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycle, age_band, sex, and as of :func:`b12analysis.survey.survey_sums`
    """
    pieces = []
    for cycle in ["1999-2000", "2001-2002", "2003-2004", "2005-2006", "2011-2012", "2013-2014", "1999-2002"]:
        people = load(["1999-2000", "2001-2002"] if cycle == "1999-2002" else cycle, folder)
        flags = _flags(people, is_old=cycle < "2011")
        people = pd.concat([people[["weight", "stratum", "psu", "age", "sex"]], flags], axis=1)
        for band, sex in product(AGE_BANDS, ["both", "men", "women"]):
            if sex != "both" and band not in _BY_SEX:
                continue
            first, last = AGE_BANDS[band]
            inside = people["age"].between(first, last) & (True if sex == "both" else people["sex"] == sex)
            counted = [name for name in flags if sex == "both" or "," not in name]  # overlaps for both together
            table = survey_sums(people.assign(_inside=inside), counted, domain="_inside")
            fewest = table.groupby("indicator")["n"].transform("min")
            pieces.append(table[fewest >= _FEWEST].assign(cycle=cycle, age_band=band, sex=sex))
    table = pd.concat(pieces, ignore_index=True)
    return table[["cycle", "age_band", "sex", *(name for name in table if name not in ("cycle", "age_band", "sex"))]]


def _flags(people: pd.DataFrame, *, is_old: bool) -> pd.DataFrame:
    """Every indicator of the table; the crossover to the Roche scale matters for the older assay only."""
    plain = indicators(people, [*_SERUM, *_HOMOCYSTEINE, *_COMBINED])
    parts = [plain]
    if is_old:
        parts.append(indicators(people, ["b12_148", "b12_221", "b12_marginal_221"], scale="roche"))
    if people["mma_nmol_l"].notna().any():
        parts += [mma_indicators(people, definition) for definition in _MMA]
    flags = pd.concat(parts, axis=1)
    for of in OVERLAPS:
        met = pd.DataFrame({definition: meets(people, definition) for definition in of}, index=people.index)
        known = met.notna().all(axis=1)
        for pattern in product([True, False], repeat=len(of)):
            name = overlap([definition for definition, is_met in zip(of, pattern, strict=True) if is_met], of)
            flags[name] = (met == list(pattern)).all(axis=1).astype("boolean").where(known)
    return flags.loc[:, flags.notna().any()]


def _write(folder: str, path: Path = DATA / "nhanes_sums.parquet") -> None:
    table = compute(folder)
    texts = ["cycle", "age_band", "sex", "indicator"]
    table.astype(dict.fromkeys(texts, "category")).to_parquet(path, index=False, compression="zstd")


if __name__ == "__main__":
    _write(*sys.argv[1:])
