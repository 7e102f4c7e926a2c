"""Folate and B12 together in older Americans: anaemia, macrocytosis and cognition by both, as Morris 2007 asked.

People are put into a table of two by two: B12 status low or normal, serum folate above 59 nmol/L ("high") or not.
1999-2004 used one folate assay throughout. 2011-2014 used another, on which 59 nmol/L is another level, so those years
are left out; 2003-2004 has no test of cognition.
"""

from __future__ import annotations

import os
from itertools import product

import numpy as np
import pandas as pd

from b12analysis.biomarkers import anaemia, meets
from b12analysis.nhanes.people import load
from b12analysis.survey import survey_logistic, survey_prevalence

__all__ = ["ADJUSTED", "compute_folate", "with_status"]

#: Serum folate above this is high, nmol/L (Morris 2007: the 80th percentile).
HIGH_FOLATE = 59
#: Macrocytosis is above this, fL. Morris 2007 has a limit that its abstract does not print; this one is recalled.
LARGE_CELL = 99
#: Cognition is impaired below this score of the digit symbol test (Morris 2007).
LOW_SCORE = 34
#: "Normal creatinine" of Morris 2007 is not in its abstract. Of the usual limits (mg/dL) these were chosen because they
#: leave most nearly the number of people that is printed: 1,457 where cognition is known, against 1,459.
CREATININE = {"men": 1.4, "women": 1.2}
DISEASES = ["stroke", "coronary_disease", "anaemia_treated", "liver_disease", "thyroid_disease", "alcohol_5_daily"]

DEFINITIONS = ("b12_148_or_mma_210", "b12_148", "mma_271_egfr_60")
OUTCOMES = ("anaemia", "macrocytosis", "cognitive_impairment")
_DEMOGRAPHIC = " + age + C(sex) + C(ethnic_group) + C(education)"
#: What the odds ratios are adjusted for. Morris 2007 also had cancer and ferritin, which our files lack.
ADJUSTED = {
    "crude": "",
    "demographic": _DEMOGRAPHIC,
    "fuller": f"{_DEMOGRAPHIC} + C(smoking) + alcohol_12_a_year + creatinine_mg_dl",
}
#: Terms of a model; the one that is reported, and what it compares: B12 and folate, against B12 and folate.
_CONTRASTS = [
    ("low", "low", ("low", "any", "normal", "any")),
    ("low + normal_high + low_high", "low", ("low", "normal", "normal", "normal")),
    ("low + normal_high + low_high", "normal_high", ("normal", "high", "normal", "normal")),
    ("low_normal + normal_high + low_high", "low_high", ("low", "high", "normal", "normal")),
    ("low + normal_high + low_high", "low_high", ("low", "high", "low", "normal")),
]
#: Survey years, who, outcomes and adjustments: 2003-2004 has no test of cognition and did not ask all that is needed.
_POOLS = [
    ("1999-2002", ("everybody", "healthy"), OUTCOMES, tuple(ADJUSTED)),
    ("1999-2004", ("everybody",), OUTCOMES[:2], ("crude", "demographic")),
]
_KEYS = ["b12_status", "folate_status", "reference_b12", "reference_folate"]
#: No row is about fewer people.
FEWEST = 5
#: An odds ratio of a group with fewer cases says so in its note.
FEW_CASES = 10


def with_status(people: pd.DataFrame, definition: str = "b12_148_or_mma_210") -> pd.DataFrame:
    """Add who is low in B12, who is high in folate, and the outcomes.

    Parameters
    ----------
    people : DataFrame
        As from :func:`b12analysis.nhanes.load`.
    definition : {"b12_148_or_mma_210", "b12_148", "mma_271_egfr_60"}
        Who is low in B12.

    Returns
    -------
    DataFrame
        ``people`` with yes/no columns ``low``, ``high`` and the groups ``normal_normal``, ``normal_high``,
        ``low_normal``, ``low_high`` (B12, then folate), all missing unless both are known; ``anaemia``,
        ``macrocytosis``, ``cognitive_impairment``; ``everybody`` and ``healthy`` (aged 60 and over; the latter without
        the diseases that Morris 2007 leaves out, and with a score); ``smoking``, ``ethnic_group``.

    Examples
    --------
    >>> answers = dict.fromkeys([*DISEASES, "smoked_100"], pd.array([False, False, False], "boolean"))
    >>> people = pd.DataFrame({"b12_pmol_l": [120, 300, 300], "mma_nmol_l": [150, 300, 150], **answers})
    >>> people["folate_serum_nmol_l"] = [60, 59, None]
    >>> people = people.assign(age=[70, 61, 59], sex="men", creatinine_mg_dl=1.0, haemoglobin_g_dl=12.5, mcv_fl=90)
    >>> people = people.assign(digit_symbol=30, smokes_now=None, ethnicity="other")
    >>> with_status(people)[["low_high", "low_normal", "healthy"]].values.tolist()
    [[True, False, True], [False, True, True], [<NA>, <NA>, False]]
    """
    low, folate = _low(people, definition), people["folate_serum_nmol_l"]
    known = low.notna() & folate.notna()
    low, high = low.where(known), (folate > HIGH_FOLATE).astype("boolean").where(known)
    old = people["age"] >= 60
    ill = people[DISEASES].fillna(False).astype(bool).any(axis="columns")
    good_kidneys = people["creatinine_mg_dl"] <= people["sex"].map(CREATININE).astype(float)
    score = people["digit_symbol"]
    return people.assign(
        low=low,
        high=high,
        normal_normal=~low & ~high,
        normal_high=~low & high,
        low_normal=low & ~high,
        low_high=low & high,
        anaemia=anaemia(people),
        macrocytosis=(people["mcv_fl"] > LARGE_CELL).astype("boolean").where(people["mcv_fl"].notna()),
        cognitive_impairment=(score < LOW_SCORE).astype("boolean").where(score.notna()),
        everybody=old,
        healthy=old & ~ill & good_kidneys & score.notna(),
        smoking=_smoking(people),
        # few are "other Hispanic" or "other", and none of those has large cells
        ethnic_group=people["ethnicity"].replace({"other Hispanic": "other"}),
    )


def _low(people: pd.DataFrame, definition: str) -> pd.Series:
    if definition == "b12_148_or_mma_210":
        serum, mma = meets(people, "b12_148"), meets(people, "mma_210")
        return (serum | mma).mask(serum.isna() | mma.isna())
    if definition == "mma_271_egfr_60":
        return meets(people, "mma_271").where(people["egfr"] >= 60)
    return meets(people, definition)


def _smoking(people: pd.DataFrame) -> pd.Series:
    never = people["smoked_100"].eq(False).fillna(False)
    now = people["smokes_now"].isin(["every day", "some days"])
    past = people["smokes_now"].eq("not at all").fillna(False)
    chosen = np.select([never.to_numpy(bool), now.to_numpy(bool), past.to_numpy(bool)], ["never", "now", "past"], "")
    return pd.Series(chosen, index=people.index).replace("", None)


def compute_folate(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Compute the outcomes by B12 and folate at 60 and over: the table ``nhanes_folate``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, population, indicator, outcome
                                 who, and what counts as low B12
        statistic, adjusted      "prevalence" of a group; "odds_ratio" against the reference; "ratio_of_odds_ratios",
                                 the interaction; and what it is adjusted for
        b12_status, folate_status, reference_b12, reference_folate
                                 the group, and the one that it is compared with
        n, cases                 people in the group (odds ratios: in the model), and those with the outcome
        estimate, lower, upper   share or ratio with its interval; missing where ``note`` says why
        df, note, source
    """
    rows = []
    for cycles, populations, outcomes, adjustments in _POOLS:
        loaded = load([f"{year}-{year + 1}" for year in range(1999, int(cycles[5:]), 2)], folder)
        for definition in DEFINITIONS:
            people = with_status(loaded, definition)
            for population, outcome in product(populations, outcomes):
                ratios = [_ratios(people, outcome, population, adjusted) for adjusted in adjustments]
                keys = {"cycles": cycles, "population": population, "indicator": definition, "outcome": outcome}
                rows.append(pd.concat([_prevalences(people, outcome, population), *ratios]).assign(**keys))
    first = ["cycles", "population", "indicator", "outcome", "statistic", "adjusted", *_KEYS]
    table = pd.concat(rows, ignore_index=True).astype({"n": "Int64", "cases": "Int64", "df": "Int64"})
    return table[[*first, "n", "cases", "estimate", "lower", "upper", "df", "note"]].assign(source="nhanes")


def _prevalences(people: pd.DataFrame, outcome: str, population: str) -> pd.DataFrame:
    """Share with the outcome in each of the four groups."""
    rows = []
    for b12, folate in [(b12, folate) for b12 in ("normal", "low") for folate in ("normal", "high")]:
        inside = (people[population] & people[f"{b12}_{folate}"]).fillna(False)
        found = survey_prevalence(people.assign(_inside=inside), outcome, domain="_inside")
        rows.append(found.assign(b12_status=b12, folate_status=folate, note=found["flag"]))
    table = pd.concat(rows).query("n >= @FEWEST")
    return table.assign(statistic="prevalence", adjusted="crude", reference_b12="", reference_folate="")


def _ratios(people: pd.DataFrame, outcome: str, population: str, adjusted: str) -> pd.DataFrame:
    """Odds ratios of the groups, and the interaction: by how much more low B12 goes with the outcome at high folate."""
    rows = []
    wanted = [(*terms, "odds_ratio") for terms in _CONTRASTS]
    interaction = ("low", "high", "normal", "normal")
    wanted.append(("low * high", "low:high", interaction, "ratio_of_odds_ratios"))
    (why, few), models = _sparse(people, outcome, population), {}
    for terms, term, contrast, statistic in wanted:
        keys = dict(zip(_KEYS, contrast, strict=True)) | {"statistic": statistic, "adjusted": adjusted, "note": ""}
        if "any" not in contrast:
            keys["note"] = why or few
            if why:
                rows.append(pd.DataFrame([keys]))
                continue
        if terms not in models:
            models[terms] = survey_logistic(people, f"{outcome} ~ {terms}{ADJUSTED[adjusted]}", domain=population)
        model = models[terms]
        rows.append(model[model["term"] == term].assign(**keys))
    return pd.concat(rows)


def _sparse(people: pd.DataFrame, outcome: str, population: str) -> tuple[str, str]:
    """Why the four groups cannot be compared, and which of them holds few with the outcome; empty if neither."""
    few = ""
    for b12, folate in [(b12, folate) for b12 in ("normal", "low") for folate in ("normal", "high")]:
        inside = people.loc[(people[population] & people[f"{b12}_{folate}"]).fillna(False), outcome].dropna()
        said = f"with {b12} B12 and {folate} folate"
        if len(inside) < FEWEST:
            return f"fewer than {FEWEST} people {said}", ""
        if inside.nunique() < 2:
            return f"none or all {said} have the outcome", ""
        if inside.sum() < FEW_CASES:
            few = f"few: {inside.sum()} of {len(inside)} {said} have the outcome"
    return "", few
