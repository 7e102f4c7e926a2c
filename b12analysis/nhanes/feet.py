"""The neuropathy examination (40 and over, 1999-2004) by B12 and MMA, and what the unexamined may change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.nhanes.regressions import OUTCOMES, model, models
from b12analysis.survey import survey_prevalence
from b12analysis.survey.logistic import fitted_probability

__all__ = ["bounds", "feet", "shares", "weighted"]

STATUS = [
    *(("b12_below_148", "b12_148_to_221"), ("b12_221",), ("b12_halving",), ("mma_271",), ("mma_doubling",)),
    ("low_and_raised", "low_only", "raised_only"),
]
SETS = [
    *("crude", "age_sex", "age_bands_sex", "age_sex_diabetes", "age_sex_diabetes_hba1c", "age_sex_height_ethnicity"),
    *("age_sex_egfr", "all"),
]
FEET = ["neuropathy", "two_sites", "numbness", "tingling"]
#: Who is examined goes with all that may go with neuropathy or with B12.
EXAMINED_BY = "examined ~ age_band + sex + ethnicity + b12_halving + mma_doubling + diabetes + log_egfr + height_cm"


def feet(people: pd.DataFrame) -> pd.DataFrame:
    """Odds ratios of neuropathy by B12 and MMA status: as examined, and five ways to take the unexamined.

    Who has one marker only is in the models of that marker, as in the shares.
    """
    people = people.assign(old=people["age"] >= 40)
    complete = people[["diabetes", "hba1c_percent", "height_cm", "log_egfr"]].notna().all(axis=1)
    parts = [models(people, FEET, STATUS, SETS, domain="old").assign(analysis="neuropathy", domain="40+")]
    everything = models(people.assign(old=people["old"] & complete), ["neuropathy"], STATUS, SETS, domain="old")
    parts.append(everything.assign(analysis="neuropathy", domain="40+, all covariates known"))
    by_status = models(people, ["examined"], STATUS, ["crude", "age_sex", "all"], domain="old")
    parts.append(by_status.assign(analysis="examined", domain="40+"))
    return pd.concat([*parts, weighted(people), bounds(people)], ignore_index=True)


def weighted(people: pd.DataFrame) -> pd.DataFrame:
    """Let the examined stand for the unexamined who are like them, of those with both markers and every covariate.

    The weights are taken as known.
    """
    chance = fitted_probability(people, EXAMINED_BY, domain="old")
    people = people.assign(weight_examined=people["weight"] / chance, old=people["old"] & chance.notna())
    people["weight_examined"] = people["weight_examined"].fillna(people["weight"])  # of those outside the domain
    found = models(people, ["neuropathy"], STATUS, SETS, domain="old", weight="weight_examined")
    return found.assign(analysis="neuropathy_weighted_for_examination", domain="40+")


def bounds(people: pd.DataFrame) -> pd.DataFrame:
    """Neuropathy of the unexamined as supposed: nobody, everybody, the exposed alone, all but the exposed."""
    parts = []
    for exposure in ("b12_221", "mma_271"):
        exposed = people[exposure].astype("boolean")
        supposed = {"nobody": False, "everybody": True, "the_exposed": exposed, "the_others": ~exposed}
        for who, has in supposed.items():
            told = people["neuropathy"].astype("boolean")
            filled = people.assign(neuropathy=told.where(told.notna(), has))
            for adjustment in ("crude", "age_sex", "all"):
                row = model(filled, "neuropathy", [exposure], adjustment, domain="old", weight="weight")
                parts.append(row.assign(analysis=f"neuropathy_if_{who}_unexamined", domain="40+"))
    return pd.concat(parts, ignore_index=True)


def shares(people: pd.DataFrame) -> pd.DataFrame:
    """Share with each finding, and share examined, by age, diabetes, B12 and MMA."""
    bands = {"40+": (40, 120), "40-49": (40, 49), "50-59": (50, 59), "60-69": (60, 69), "70-79": (70, 79)}
    parts = {name: people["age"].between(*ages) for name, ages in {**bands, "80+": (80, 120)}.items()}
    for first, flag, yes, no in [
        ("40+", "diabetes", "diabetes", "no diabetes"),
        ("40+", "b12_221", "serum B12 of at most 221 pmol/L", "serum B12 above 221 pmol/L"),
        ("40+", "b12_148", "serum B12 below 148 pmol/L", "serum B12 of 148 pmol/L or more"),
        ("40+", "mma_271", "MMA above 271 nmol/L", "MMA of at most 271 nmol/L"),
        ("80+", "mma_271", "MMA above 271 nmol/L", "MMA of at most 271 nmol/L"),
    ]:
        inside = parts[first]
        parts[f"{first}, {yes}"] = inside & (people[flag] == 1).fillna(False)
        parts[f"{first}, {no}"] = inside & (people[flag] == 0).fillna(False)
    rows = []
    for domain, inside in parts.items():
        found = survey_prevalence(people.assign(_inside=inside), [*FEET, "examined"], domain="_inside")
        rows.append(found[found["n"] > 0].assign(domain=domain))
    table = pd.concat(rows, ignore_index=True).rename(columns={"indicator": "outcome"})
    analysis = np.where(table["outcome"] == "examined", "examined", "neuropathy")
    said = [f"share with {OUTCOMES[name]}" for name in table["outcome"]]
    return table.assign(analysis=analysis, exposure="none", adjustment="crude", measure="share", model=said)
