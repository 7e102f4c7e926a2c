"""How an association in the survey is estimated: outcomes, exposures and adjustment sets, and a model of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from b12analysis.biomarkers import meets
from b12analysis.survey import survey_linear, survey_logistic

__all__ = ["ADJUSTMENTS", "COLUMNS", "EXPOSURES", "OUTCOMES", "model", "models", "prepared"]

#: What is explained, in words; the logarithms of the last two are, by ratios of geometric means.
OUTCOMES = {
    "b12_148": "serum B12 below 148 pmol/L",
    "b12_221": "serum B12 of at most 221 pmol/L",
    "mma_271": "MMA above 271 nmol/L",
    "mma_271_egfr_60": "MMA above 271 nmol/L, of those with an eGFR of 60 or more",
    "neuropathy": "at least one insensate site of the feet",
    "two_sites": "at least two insensate sites of the feet",
    "numbness": "numbness in hands or feet",
    "tingling": "tingling or pain in hands or feet",
    "examined": "feet examined",
    "b12_pmol_l": "serum B12",
    "mma_nmol_l": "MMA",
}
_MARKERS = ("b12_pmol_l", "mma_nmol_l")
#: What it is explained by, in words. Yes and no unless it says "per".
EXPOSURES = {
    "metformin": "metformin",
    "metformin_under_3_years": "metformin for less than 3 years, against none",
    "metformin_3_years": "metformin for 3 years or more, against none",
    "metformin_years": "metformin, per year of those who take it",
    "ppi": "proton pump inhibitor",
    "h2ra": "H2 blocker",
    "acid_suppressant": "proton pump inhibitor or H2 blocker",
    "b12_supplement": "supplement with B12",
    "age10": "age, per 10 years",
    "intake_below_2_4_ug": "less than 2.4 ug of B12 from food on one day",
    "intake_doubling": "B12 from food, per doubling",
    "b12_below_148": "serum B12 below 148 pmol/L, against above 221",
    "b12_148_to_221": "serum B12 of 148 to 221 pmol/L, against above 221",
    "b12_221": "serum B12 of at most 221 pmol/L",
    "b12_halving": "serum B12, per halving",
    "mma_271": "MMA above 271 nmol/L",
    "mma_doubling": "MMA, per doubling",
    "low_and_raised": "serum B12 of at most 221 pmol/L and MMA above 271 nmol/L, against neither",
    "low_only": "serum B12 of at most 221 pmol/L alone, against neither",
    "raised_only": "MMA above 271 nmol/L alone, against neither",
}
#: Terms that a set adjusts for, and how it is said.
ADJUSTMENTS = {
    "crude": ([], "not adjusted"),
    "age_sex": (["age10", "sex"], "age and sex"),
    "age_bands_sex": (["age_band", "sex"], "age in bands of ten years, and sex"),
    "age_sex_ethnicity": (["age10", "sex", "ethnicity"], "age, sex and ethnicity"),
    "age_sex_egfr": (["age10", "sex", "log_egfr"], "age, sex and eGFR"),
    "age_sex_egfr_supplement": (["age10", "sex", "log_egfr", "b12_supplement"], "age, sex, eGFR and supplement"),
    "age_sex_diabetes": (["age10", "sex", "diabetes"], "age, sex and diabetes"),
    "age_sex_diabetes_hba1c": (["age10", "sex", "diabetes", "hba1c_percent"], "age, sex, diabetes and HbA1c"),
    "age_sex_height_ethnicity": (["age10", "sex", "height_cm", "ethnicity"], "age, sex, height and ethnicity"),
    "each_other": (
        ["metformin", "ppi", "b12_supplement", "age10", "sex"],
        "metformin, proton pump inhibitor, supplement, age and sex",
    ),
    "medicines": (
        ["metformin", "ppi", "h2ra", "b12_supplement", "age10", "sex", "ethnicity"],
        "metformin, proton pump inhibitor, H2 blocker, supplement, age, sex and ethnicity",
    ),
    "medicines_egfr": (
        ["metformin", "ppi", "h2ra", "b12_supplement", "age10", "sex", "ethnicity", "log_egfr"],
        "metformin, proton pump inhibitor, H2 blocker, supplement, age, sex, ethnicity and eGFR",
    ),
    "all": (
        ["age10", "sex", "diabetes", "hba1c_percent", "height_cm", "ethnicity", "log_egfr"],
        "age, sex, diabetes, HbA1c, height, ethnicity and eGFR",
    ),
}
#: Terms that say what an exposure says too: they are no adjustment of it.
_SAME = {
    "acid_suppressant": {"ppi", "h2ra"},
    "metformin_under_3_years": {"metformin"},
    "metformin_years": {"metformin"},
}
#: No row rests on fewer exposed people with the outcome, or without.
_FEWEST = 5
#: Columns of the table, in order.
COLUMNS = [
    *("analysis", "outcome", "exposure", "adjustment", "cycles", "domain", "measure", "estimate", "lower", "upper"),
    *("coefficient", "se", "df", "n", "cases", "exposed", "exposed_cases", "model"),
]


def prepared(people: pd.DataFrame) -> pd.DataFrame:
    """Add outcomes, exposures and covariates to the survey's people."""
    b12, mma = people["b12_pmol_l"], people["mma_nmol_l"]
    low, deficient, raised = (meets(people, name) for name in ("b12_221", "b12_148", "mma_271"))
    years = people["metformin_days"] / 365.25
    takes = people["metformin"].astype("boolean")
    timed = ~takes | years.notna()  # for how long is not known of everybody who takes it
    intake = people["b12_intake_ug"]
    return people.assign(
        b12_148=deficient,
        b12_221=low,
        mma_271=raised,
        mma_271_egfr_60=raised.where(people["egfr"] >= 60),
        two_sites=(people["insensate_sites"] >= 2).astype("boolean").where(people["insensate_sites"].notna()),
        examined=people["neuropathy"].notna(),
        metformin_under_3_years=(takes & (years < 3)).where(timed),
        metformin_3_years=(takes & (years >= 3)).where(timed),
        metformin_years=years.where(takes.fillna(False)),
        acid_suppressant=people["ppi"] | people["h2ra"],
        age10=(people["age"] - 60) / 10,
        age_band=pd.cut(people["age"], [0, 50, 60, 70, 80, 120], right=False).astype(str),
        intake_below_2_4_ug=(intake < 2.4).astype("boolean").where(intake.notna()),
        intake_doubling=np.log2(intake.where(intake > 0)),
        log_egfr=np.log(people["egfr"]),
        b12_below_148=deficient,
        b12_148_to_221=low & ~deficient,
        b12_halving=-np.log2(b12),
        mma_doubling=np.log2(mma),
        low_and_raised=low & raised,
        low_only=low & ~raised,
        raised_only=raised & ~low,
    )


def model(
    people: pd.DataFrame, outcome: str, exposures: Sequence[str], adjustment: str, *, domain: str, weight: str
) -> pd.DataFrame:
    """One model: a row per exposure; none where too few are exposed."""
    same = set(exposures).union(*(_SAME.get(name, ()) for name in exposures))
    terms = [*exposures, *(term for term in ADJUSTMENTS[adjustment][0] if term not in same)]
    used = people.loc[(people[domain] == 1) & people[[outcome, *terms]].notna().all(axis=1), [outcome, *terms]]
    if used.empty or _is_sparse(used, outcome, exposures):
        return pd.DataFrame(columns=COLUMNS)
    counts = pd.DataFrame([_exposed(used[outcome], used[name]) for name in exposures], index=list(exposures))
    right = " + ".join(terms)
    if outcome in _MARKERS:
        found = survey_linear(people, f"log({outcome}) ~ {right}", domain=domain, weight=weight, ratio=True)
    else:
        found = survey_logistic(people, f"{outcome} ~ {right}", domain=domain, weight=weight)
    found = found[found["term"].isin(exposures)].rename(columns={"term": "exposure"})
    said = ADJUSTMENTS[adjustment][1]
    said = said if adjustment == "crude" else f"adjusted for {said}"
    return found.join(counts, on="exposure").assign(
        outcome=outcome,
        adjustment=adjustment,
        measure="ratio_of_geometric_means" if outcome in _MARKERS else "odds_ratio",
        model=[f"{OUTCOMES[outcome]} by {EXPOSURES[name]}; {said}" for name in found["exposure"]],
    )


def _is_sparse(used: pd.DataFrame, outcome: str, exposures: Sequence[str]) -> bool:
    """Whether an exposure has too few people with or without the outcome, or a level of a covariate none at all."""
    with_it = np.zeros(len(used), dtype=int) if outcome in _MARKERS else used[outcome].to_numpy(dtype=int)
    kinds = 1 if outcome in _MARKERS else 2
    for name in used.columns.drop(outcome):
        level, levels = pd.factorize(used[name])
        if len(levels) > 9:  # a number
            continue
        counts = np.bincount(level * kinds + with_it, minlength=len(levels) * kinds)
        if len(levels) < 2 or counts.min() < (_FEWEST if name in exposures else 1):
            return True
    return False


def _exposed(outcome: pd.Series, exposure: pd.Series) -> dict[str, float]:
    """How many are exposed, and how many of them have the outcome; missing for what is no yes or no."""
    if not exposure.isin([0, 1]).all():
        return {"exposed": np.nan, "exposed_cases": np.nan}
    mine = outcome[exposure == 1]
    return {"exposed": len(mine), "exposed_cases": np.nan if outcome.name in _MARKERS else int(mine.sum())}


def models(
    people: pd.DataFrame,
    outcomes: Iterable[str],
    exposures: Iterable[Sequence[str]],
    adjustments: Iterable[str],
    *,
    domain: str,
    weight: str = "weight",
) -> pd.DataFrame:
    """Every outcome on every exposure (one or several columns together) under every adjustment set."""
    found = [
        model(people, outcome, exposure, adjustment, domain=domain, weight=weight)
        for outcome, exposure, adjustment in product(outcomes, exposures, adjustments)
    ]
    return pd.concat([table for table in found if len(table)], ignore_index=True)
