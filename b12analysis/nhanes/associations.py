"""What goes with what in the survey: the table ``nhanes_associations``.

Associations, not effects: who takes a proton pump inhibitor on prescription differs from who does not in more than the
models know, medicines bought without prescription are missing, and status and exposure were measured on one day.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import check_choice
from b12analysis.nhanes.feet import feet, shares
from b12analysis.nhanes.people import load
from b12analysis.nhanes.regressions import COLUMNS, models, prepared

__all__ = ["associations", "compute_associations"]

POOLS = {
    "1999-2004": ["1999-2000", "2001-2002", "2003-2004"],
    "2003-2004": ["2003-2004"],
    "2011-2014": ["2011-2012", "2013-2014"],
}
LOW = ["b12_148", "b12_221", "mma_271", "mma_271_egfr_60"]
DURATION = [("metformin",), ("metformin_under_3_years", "metformin_3_years"), ("metformin_years",)]
MEDICINES = [*DURATION, ("ppi",), ("h2ra",), ("acid_suppressant",)]
GROUPS = [*MEDICINES, ("b12_supplement",), ("age10",)]
SETS = ["crude", "age_sex", "age_sex_ethnicity", "age_sex_egfr", "each_other", "medicines", "medicines_egfr"]
_KEYS = ["analysis", "outcome", "exposure", "adjustment", "cycles", "domain", "measure"]


def associations(
    analysis: str | Iterable[str] | None = None,
    *,
    outcome: str | Iterable[str] | None = None,
    exposure: str | Iterable[str] | None = None,
    adjustment: str | Iterable[str] | None = None,
    cycles: str | Iterable[str] | None = None,
    domain: str | Iterable[str] | None = None,
    measure: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Read associations in the US survey: those that have every key asked for.

    Parameters
    ----------
    analysis, outcome, exposure, adjustment, cycles, domain, measure : str or list of str, optional
        Keys of the table's columns; all by default.

    Returns
    -------
    DataFrame with columns
        analysis                risk_groups, metformin_in_diabetes, neuropathy, examined; and neuropathy with the
                                unexamined weighted for or supposed
        outcome, exposure, adjustment, cycles, domain
                                what is explained, by what, adjusted for what, in which cycles, of whom
        measure                 odds_ratio, ratio_of_geometric_means or share
        estimate, lower, upper  of the measure, 95 %
        coefficient, se, df     natural logarithm of a ratio, its standard error (of a share that of the share),
                                PSUs less strata
        n, cases                people, and those of them with the outcome
        exposed, exposed_cases  those who are exposed, and those of them with the outcome
        model                   the model in words
        source                  nhanes

        No row rests on fewer than five exposed people with the outcome, or without.

    Raises
    ------
    InputError
        If no row has a key.

    Source
    ------
    NHANES 1999-2004 and 2011-2014, our computation: :func:`compute_associations`.

    Examples
    --------
    >>> associations("risk_groups", outcome="b12_lo")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: outcome='b12_lo' is not known (did you mean 'b12_pmol_l'?); choose one of \
'b12_148', 'b12_221', 'mma_271', 'mma_271_egfr_60', 'b12_pmol_l', 'mma_nmol_l', 'neuropathy', 'two_sites', \
'numbness', 'tingling', 'examined'
    """
    table = evidence.load("nhanes_associations")
    asked = dict(zip(_KEYS, (analysis, outcome, exposure, adjustment, cycles, domain, measure), strict=True))
    kept = pd.Series(True, index=table.index)
    for column, keys in asked.items():
        if keys is None:
            continue
        wanted = [keys] if isinstance(keys, str) else list(keys)
        for key in wanted:
            check_choice(column, key, table[column].drop_duplicates())
        kept &= table[column].isin(wanted)
    return table[kept].reset_index(drop=True)


def compute_associations(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute the associations from the survey's people: the table ``nhanes_associations``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame
        As :func:`associations` returns it.
    """
    parts = []
    for cycles, loaded in POOLS.items():
        people = prepared(load(loaded, folder))
        tables = [] if cycles == "2003-2004" else [_risk_groups(people), _in_diabetes(people)]
        if cycles == "1999-2004":
            tables.append(feet(people))
        if cycles != "2011-2014":
            tables.append(shares(people))
        parts.append(pd.concat(tables, ignore_index=True).assign(cycles=cycles))
    counts = dict.fromkeys(["cases", "exposed", "exposed_cases"], "Int64")
    return pd.concat(parts, ignore_index=True)[COLUMNS].astype(counts).assign(source="nhanes")


def _risk_groups(people: pd.DataFrame) -> pd.DataFrame:
    """Low B12 and raised MMA by medicines, supplements, age and intake, among those whose serum B12 is known."""
    measured = people["b12_pmol_l"].notna()
    unsupplemented = (people["b12_supplement"] == 0).fillna(False)
    few = ["crude", "age_sex", "medicines_egfr"]
    alone = ["crude", "age_sex", "age_sex_ethnicity", "age_sex_egfr"]
    age = people["age"]
    domains = {
        "20+": (age >= 20, GROUPS, SETS),
        "40+": (age >= 40, GROUPS, ["age_sex", "age_sex_ethnicity", "each_other", "medicines"]),
        "60+": (age >= 60, GROUPS, [*few, "age_sex_ethnicity", "medicines"]),
        "20+, no supplement": ((age >= 20) & unsupplemented, MEDICINES, alone),
        "60+, no supplement": ((age >= 60) & unsupplemented, MEDICINES, alone),
    }
    parts = []
    for domain, (inside, exposures, sets) in domains.items():
        these = people.assign(inside=inside & measured)
        parts.append(models(these, LOW, exposures, sets, domain="inside").assign(domain=domain))
    # intake belongs to the day of the interview about food, which has its own weights
    eaters = people.assign(inside=age.ge(20) & measured & (people["weight_diet"] > 0))
    intake = [("intake_below_2_4_ug",), ("intake_doubling",)]
    parts.append(models(eaters, LOW, intake, SETS, domain="inside", weight="weight_diet").assign(domain="20+"))
    return pd.concat(parts, ignore_index=True).assign(analysis="risk_groups")


def _in_diabetes(people: pd.DataFrame) -> pd.DataFrame:
    """Metformin against other treatment: those without diabetes are no comparison for those who need it."""
    told = (people["diabetes"] == 1).fillna(False) & people["b12_pmol_l"].notna()
    sets = ["crude", "age_sex", "age_sex_ethnicity", "age_sex_egfr", "age_sex_egfr_supplement", "medicines_egfr"]
    parts = []
    for domain, first in (("20+, diabetes", 20), ("40+, diabetes", 40)):
        these = people.assign(inside=told & (people["age"] >= first))
        found = models(these, [*LOW, "b12_pmol_l", "mma_nmol_l"], DURATION, sets, domain="inside")
        parts.append(found.assign(domain=domain))
    return pd.concat(parts, ignore_index=True).assign(analysis="metformin_in_diabetes")
