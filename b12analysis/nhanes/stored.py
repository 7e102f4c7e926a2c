"""Make the tables that ship what the survey's files say, from the sums to the fractions.

``python -m b12analysis.nhanes.stored FOLDER`` makes all of them anew from the survey's files in a folder.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import pandas as pd

from b12analysis.biomarkers import indicators, meets, mma_indicators
from b12analysis.nhanes.associations import compute_associations
from b12analysis.nhanes.cells import compute_cells
from b12analysis.nhanes.folate import compute_folate
from b12analysis.nhanes.fractions import compute_fractions
from b12analysis.nhanes.grouped import compute_groups, compute_overlaps
from b12analysis.nhanes.mma import compute_mma
from b12analysis.nhanes.people import load
from b12analysis.nhanes.sums import AGE_BANDS, OVERLAPS, overlap
from b12analysis.nhanes.unseen import compute_unseen
from b12analysis.places import DATA
from b12analysis.survey import survey_sums
from b12analysis.usual import usual_prevalence, within_person
from b12analysis.writing import write

__all__ = ["compute_sums", "compute_usual"]

#: Bands that are also there for men and for women.
_BY_SEX = ["20+", "20-39", "40-59", "60+"]
_SERUM = ["b12_118", "b12_133", "b12_148", "b12_150", "b12_185", "b12_221", "b12_258", "b12_marginal_221"]
_MMA = ["mma_210", "mma_271", "mma_376", "mma_450", "mma_750"]
_HOMOCYSTEINE = ["hcy_13", "hcy_15"]
_COMBINED = ["b12_148_and_mma_271", "b12_148_or_mma_271", "b12_221_and_mma_271", "b12_148_hcy_15"]
#: No row of the sums is about fewer people.
_FEWEST = 5
#: Cut-offs for which usual status is stored: marker, cut-off, definition.
_USUAL = [
    ("b12_pmol_l", 148, "b12_148"),
    ("b12_pmol_l", 221, "b12_221"),
    ("mma_nmol_l", 271, "mma_271"),
    ("hcy_umol_l", 15, "hcy_15"),
]


def compute_sums(folder: str | Path | None = None) -> pd.DataFrame:
    """Add up the survey's people: the table that :func:`b12analysis.nhanes.sums` reads.

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


def compute_usual(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute usual status beside the single measurement: the table ``nhanes_usual``.

    The within-person spread is that of the people of 2001-2002 who came twice. For 2011-2014, with other assays, it is
    assumed to be the same.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, definition, shape, and as of :func:`b12analysis.usual.usual_prevalence`
    """
    twice = load("2001-2002", folder)
    rows = []
    for cycles in ("1999-2004", "2011-2014"):
        first = int(cycles[:4])
        people = load([f"{year}-{year + 1}" for year in range(first, int(cycles[5:]), 2)], folder)
        for (marker, cutoff, definition), band, shape in product(_USUAL, AGE_BANDS, ["kept", "normal"]):
            inside = people["age"].between(*AGE_BANDS[band])
            # outside the band the marker is missing, so that the design keeps everybody
            part = people.assign(**{marker: people[marker].where(inside)})
            if part[marker].notna().any() and not (band == "3-19" and first > 2006):
                row = usual_prevalence(part, marker, cutoff, within=within_person(twice, marker), shape=shape)
                rows.append(row.assign(definition=definition, age_band=band, cycles=cycles, shape=shape))
    table = pd.concat(rows, ignore_index=True)
    first = ["cycles", "age_band", "definition", "shape"]
    return table[[*first, *(name for name in table if name not in first)]].assign(source="nhanes")


def _store(folder: str) -> None:
    texts = ["cycle", "age_band", "sex", "indicator"]
    sums = compute_sums(folder).astype(dict.fromkeys(texts, "category"))
    sums.to_parquet(DATA / "nhanes_sums.parquet", index=False, compression="zstd")
    _write("nhanes_usual", compute_usual(folder))
    _write("nhanes_groups", compute_groups(folder))
    _write("nhanes_overlaps", compute_overlaps(folder))
    _write("nhanes_fractions", compute_fractions(folder))
    _write("nhanes_folate", compute_folate(folder))
    _write("nhanes_unseen", compute_unseen(folder))
    _write("nhanes_cells", compute_cells(folder))
    _write("nhanes_associations", compute_associations(folder))
    _write("nhanes_mma", compute_mma(folder))


def _write(name: str, table: pd.DataFrame) -> None:
    write(DATA / f"{name}.csv", table.round(10).to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    _store(*sys.argv[1:])
