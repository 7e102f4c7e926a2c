"""One row per examined person: read a cycle, convert and compute, weigh, put the cycles together."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pandas as pd

from b12analysis.nhanes import markers, medicines, neuropathy, supplements
from b12analysis.nhanes.tables import reader
from b12analysis.nhanes.variables import Read, as_read, chosen, columns, files

__all__ = ["load"]

#: What is computed from the columns as read, in this order.
STEPS = (markers.add, neuropathy.add, medicines.add, supplements.add)
#: The cycles that have a common weight of their own, because their two-year weights rest on different censuses.
FOUR_YEARS = ("1999-2000", "2001-2002")


def load(cycles: str | Iterable[str], folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return everybody examined in some cycles of NHANES, one row per person.

    Parameters
    ----------
    cycles : str or list of str
        Of "1999-2000", "2001-2002", "2003-2004", "2005-2006", "2011-2012" and "2013-2014"; "2003-04" does as well.
        Several are pooled: their weights are divided as CDC says.
    folder : path, optional
        Where the files are (there, or in its ``xpt`` or ``tables``); ``B12_NHANES``, or else a folder in the user's
        cache, by default. CDC's transport files and the CSV mirror give the same values.

    Returns
    -------
    DataFrame with columns (``columns()`` says where each cycle has them from)
        seqn                    CDC's number of the person (SEQN); no two cycles share one
        cycle                   such as "2003-2004"
        age                     years when screened (RIDAGEYR); top-coded at 85 (1999-2006) or 80 (2011-14)
        sex                     "men" or "women" (RIAGENDR)
        ethnicity               "Mexican American", "other Hispanic", "non-Hispanic white", "non-Hispanic black",
                                "other" (RIDRETH1)
        education               of adults, "below 9th grade" to "college degree" (DMDEDUC2)
        poverty_ratio           family income over the poverty line, at most 5 (INDFMPIR)
        weight                  people whom this one stands for (WTMEC2YR; WTMEC4YR where both cycles of 1999-2002 are
                                loaded)
        stratum, psu            the design (SDMVSTRA, SDMVPSU)
        weight_diet             the same for the diet day (WTDRD1, WTDR4YR); 0 for who has none
        b12_pmol_l, b12_pg_ml   serum B12 (LBDB12SI as CDC converted it; LBXB12, LBDB12)
        assay                   "Bio-Rad RIA" to 2006, then "Roche ECLIA": a cut-off belongs to one
        b12_roche_pmol_l        B12 as the Roche assay reads it: CDC's crossover to 2006, unrounded, then b12_pmol_l
        mma_nmol_l              methylmalonic acid (LBXMMA, LBXMMASI); in steps of 10 in 1999-2002
        mma_assay               "GC/MS", then "LC-MS/MS"; CDC gives no equation between them
        hcy_umol_l              total homocysteine on the AxSYM scale (LBXHCY, LBDHCY); 1999-2000 converted
        folate_serum_nmol_l     as released (LBDFOLSI, LBDFOTSI): not converted from one folate_assay to the other
        folate_assay            of serum folate: "Bio-Rad RIA" to 2006, then "LC-MS/MS"
        folate_rbc_nmol_l       as released (LBDRBFSI, LBDRFOSI): radioassay to 2006, then microbiological, not
                                converted
        haemoglobin_g_dl, mcv_fl
                                haemoglobin (LBXHGB) and mean cell volume (LBXMCVSI)
        creatinine_mg_dl        serum creatinine (LBXSCR, LBDSCR), 1999-2000 and 2005-06 corrected
        egfr, egfr_mdrd         mL/min/1.73 m2 from age 18, by CKD-EPI 2021 and by MDRD
        hba1c_percent           glycated haemoglobin (LBXGH)
        bmi, height_cm          kg/m2, cm (BMXBMI, BMXHT)
        insensate_left, insensate_right
                                insensate sites of a foot, 0 to 3, at 40 and over (LEALPN, LEARPN)
        insensate_sites         of both feet, where both are known
        neuropathy              at least one insensate site; no only where both feet have none
        numbness, tingling      in hands or feet, past 3 months, at 40 and over (DIQ100; DIQ120, pain included)
        metformin, ppi, h2ra, b12_prescribed
                                prescribed, past month (RXD240B, RXDDRUG); not what is bought without
        metformin_days          for how long (RXD260, RXDDAYS)
        b12_supplement          a supplement with B12 in the past 30 days; missing where a product's label is not known
        b12_supplement_ug       ug/day (DSQTVB12; before 2011 from DSQFILE2 or DSQ2 and the labels in DSPI, DSII, DSBI)
        b12_intake_ug           ug/day from food, first day, where the recall is reliable (DRXTVB12, DR1TVB12)
        diabetes                told by a doctor (DIQ010); borderline counts as no
        diabetes_since_age      years, 0 is below one (DIQ040Q, DID040Q, DID040)
        insulin, diabetes_pills
                                now (DIQ050; DIQ070, DID070)
        pregnant                when examined (RIDEXPRG)
        lactating               now (RHQ200); asked only of women who gave birth lately
        anaemia_treated         past 3 months (MCQ053)
        coronary_disease, angina, heart_attack, stroke, liver_disease, thyroid_disease
                                ever told (MCQ160C, D, E, F, L, M; thyroid in 1999-2000: H or I)
        kidney_disease          ever told of weak or failing kidneys (KIQ020, KIQ022)
        smoked_100, smokes_now  100 cigarettes in life (SMQ020); "every day", "some days", "not at all" (SMQ040)
        alcohol_12_a_year, alcohol_drinks, alcohol_5_daily
                                ALQ100 or ALD100; drinks on a drinking day (ALQ130); ever 5 daily (ALQ150)
        digit_symbol            score at 60 and over (CFDRIGHT, CFDDS)
        word_recall, animal_fluency
                                CERAD delayed recall, animals in a minute (CFDCSR, CFDAST)
        b12_second_pmol_l, mma_second_nmol_l, hcy_second_umol_l
                                at the second examination of 2001-02 (LB2B12SI, LB2MMA, LB2HCY)

        Yes/no columns are nullable booleans; "don't know", "refused" and not asked are missing. What a cycle does not
        have is all missing. Extreme values are real people (injections, kidney failure) and stay.

    Raises
    ------
    InputError
        If a cycle is not known, or a file is missing (says how to get it), broken, or not what it should be.

    Source
    ------
    CDC/NCHS, NHANES public-use files and their documentation; weights by NCHS's analytic guidelines.

    Examples
    --------
    >>> load("2007-08")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: cycles='2007-08' is no cycle that measured B12; choose from '1999-2000', \
'2001-2002', '2003-2004', '2005-2006', '2011-2012', '2013-2014'
    """
    cycles = chosen(cycles)
    read = reader(folder, files(cycles))
    everybody = pd.concat([_examined(cycle, read) for cycle in cycles], ignore_index=True)
    return _weighed(everybody, cycles)[list(columns().index)]


def _examined(cycle: str, read: Read) -> pd.DataFrame:
    people = as_read(cycle, read)
    people = people[people["weight"] > 0].reset_index(drop=True)  # who was only interviewed has weight 0
    for step in STEPS:
        people = step(people, cycle, read)
    return people.assign(b12_intake_ug=people["b12_intake_ug"].where(people["_diet_status"] == 1))


def _weighed(people: pd.DataFrame, cycles: list[str]) -> pd.DataFrame:
    """CDC's rule: a two-year weight over the number of cycles; 1999-2002 together, twice the four-year weight over it.

    The two-year weights of 1999-2000 rest on the census of 1990, so CDC gives a common weight for 1999-2002, to be used
    where, and only where, both cycles are analysed together.
    """
    together = people["cycle"].isin(FOUR_YEARS) & set(FOUR_YEARS).issubset(cycles)
    weights = {
        name: people[name].mask(together, 2 * people[f"_{name}_4yr"]) / len(cycles)
        for name in ("weight", "weight_diet")
    }
    has_diet = people.groupby("cycle")["weight_diet"].transform("count") > 0
    weights["weight_diet"] = weights["weight_diet"].mask(has_diet & weights["weight_diet"].isna(), 0.0)
    return people.assign(**weights)
