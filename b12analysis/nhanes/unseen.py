"""B12 deficiency that a blood count does not show: of the deficient, who has anaemia, large cells, both or neither."""

from __future__ import annotations

import os

import pandas as pd

from b12analysis.biomarkers import anaemia, meets
from b12analysis.nhanes.people import load
from b12analysis.survey import survey_prevalence

__all__ = ["compute_unseen", "kinds"]

#: Macrocytosis is above this, fL (Qi 2014).
LARGE_CELL = 100
BANDS = {"20+": (20, 120), "20-39": (20, 39), "40-59": (40, 59), "60+": (60, 120)}
POOLS = {
    "1999-2006": ["b12_148"],
    "1999-2004": ["b12_148", "mma_271_egfr_60", "b12_148_and_mma_271"],
    "2011-2014": ["b12_148", "mma_271_egfr_60", "b12_148_and_mma_271"],
}
#: No row is about fewer people.
FEWEST = 5
_CYCLES = ["1999-2000", "2001-2002", "2003-2004", "2005-2006", "2011-2012", "2013-2014"]


def kinds(people: pd.DataFrame) -> pd.DataFrame:
    """Tell what a blood count shows.

    Parameters
    ----------
    people : DataFrame
        Columns ``haemoglobin_g_dl``, ``mcv_fl``, ``age`` and ``sex``, as from :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame of nullable boolean, columns
        anaemia_only, macrocytosis_only, both, neither   one of them is true, or all are missing
        anaemia, macrocytosis                            with or without the other

    Source
    ------
    qi2014 for the limits: haemoglobin below 13 g/dL (men) and 12 (women), mean cell volume above 100 fL;
    in pregnancy 11, as of :func:`b12analysis.biomarkers.anaemia`.

    Examples
    --------
    >>> people = pd.DataFrame({"haemoglobin_g_dl": [11.0, 14.0], "mcv_fl": [104, 90], "age": 70, "sex": "women"})
    >>> kinds(people)[["both", "neither"]].values.tolist()
    [[True, False], [False, True]]
    """
    low, cell = anaemia(people), people["mcv_fl"]
    large = (cell > LARGE_CELL).astype("boolean")
    known = low.notna() & cell.notna()
    found = {
        "anaemia_only": low & ~large,
        "macrocytosis_only": ~low & large,
        "both": low & large,
        "neither": ~low & ~large,
        "anaemia": low,
        "macrocytosis": large,
    }
    return pd.DataFrame(found).where(known)


def compute_unseen(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Compute what the blood counts of deficient adults show: the table ``nhanes_unseen``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, indicator    who, and what counts as deficient
        of                             "deficient": shares of the deficient; "everybody": shares of all adults
        kind                           as of :func:`kinds`; of everybody also "deficient", with any blood count
        n, cases                       people whom the share is of, and those of them of this kind
        estimate, lower, upper, df     share with its interval
        flag                           why the US presentation standard would suppress or review it
        source
    """
    tables = []
    for cycles, definitions in POOLS.items():
        people = load([name for name in _CYCLES if cycles[:4] <= name[:4] and name[5:] <= cycles[5:]], folder)
        seen = kinds(people)
        for definition in definitions:
            table = _shares(people, seen, _deficient(people, definition))
            tables.append(table.assign(cycles=cycles, indicator=definition))
    table = pd.concat(tables, ignore_index=True).query("n >= @FEWEST")
    columns = ["cycles", "age_band", "indicator", "of", "kind", "n", "cases", "estimate", "lower", "upper", "df"]
    return table[[*columns, "flag"]].assign(source="nhanes").reset_index(drop=True)


def _deficient(people: pd.DataFrame, definition: str) -> pd.Series:
    """Who is deficient. Raised MMA with an eGFR below 60 is not, so that shares of everybody count people."""
    if definition != "mma_271_egfr_60":
        return meets(people, definition)
    raised, kidneys = meets(people, "mma_271"), people["egfr"]
    return (raised & (kidneys >= 60)).where(raised.notna() & kidneys.notna())


def _shares(people: pd.DataFrame, seen: pd.DataFrame, deficient: pd.Series) -> pd.DataFrame:
    rows = []
    counted = deficient.where(seen["neither"].notna())
    joint = seen.apply(lambda kind: kind & counted).assign(deficient=counted)
    of_all = people[["weight", "stratum", "psu"]].join(joint.where(counted.notna()))
    of_deficient = people[["weight", "stratum", "psu"]].join(seen.where(counted.fillna(False).astype(bool)))
    for band, ages in BANDS.items():
        inside = people["age"].between(*ages)
        for of, table, names in (("deficient", of_deficient, seen), ("everybody", of_all, joint)):
            found = survey_prevalence(table.assign(_inside=inside), list(names.columns), domain="_inside")
            rows.append(found.assign(age_band=band, of=of))
    return pd.concat(rows, ignore_index=True).rename(columns={"indicator": "kind"})
