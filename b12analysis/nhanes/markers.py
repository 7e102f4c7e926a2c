"""Bring the markers of all cycles to one unit and one scale, by the equations that CDC gives, and compute eGFR."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.nhanes.variables import Read
from b12analysis.units import PMOL_PER_PG

__all__ = ["add", "ckd_epi_2021", "mdrd"]

#: Cycles that print MMA in umol/L.
MMA_IN_UMOL_L = ("1999-2000", "2001-2002", "2003-2004")
#: Cycles whose homocysteine was measured on the IMx and not yet converted to the AxSYM.
HCY_ON_IMX = ("1999-2000",)
#: Corrections of creatinine to the reference method: corrected = slope * printed + intercept, mg/dL.
CREATININE = {"1999-2000": (1.013, 0.147), "2005-2006": (0.978, -0.016)}
#: Cycles whose B12 was measured by the Bio-Rad assay.
B12_BY_BIO_RAD = ("1999-2000", "2001-2002", "2003-2004", "2005-2006")


def add(people: pd.DataFrame, cycle: str, read: Read) -> pd.DataFrame:
    """Return the people of a cycle with converted markers and eGFR."""
    slope, intercept = CREATININE.get(cycle, (1.0, 0.0))
    creatinine = slope * people["creatinine_mg_dl"] + intercept
    women, adult = people["sex"] == "women", people["age"] >= 18
    black = people["ethnicity"] == "non-Hispanic black"
    return people.assign(
        b12_roche_pmol_l=_as_roche(people, cycle),
        mma_nmol_l=_mma(people["mma_nmol_l"], cycle),
        mma_second_nmol_l=_mma(people["mma_second_nmol_l"], cycle),
        hcy_umol_l=_hcy(people["hcy_umol_l"], cycle),
        creatinine_mg_dl=creatinine,
        egfr=ckd_epi_2021(creatinine, people["age"], women).where(adult),
        egfr_mdrd=mdrd(creatinine, people["age"], women, black).where(adult),
    )


def _as_roche(people: pd.DataFrame, cycle: str) -> pd.Series:
    """CDC's crossover from the Bio-Rad assay to Roche's, in pg/mL."""
    if cycle not in B12_BY_BIO_RAD:
        return people["b12_pmol_l"]
    return PMOL_PER_PG * 10 ** (0.97 * np.log10(people["b12_pg_ml"]) + 0.14)


def _mma(values: pd.Series, cycle: str) -> pd.Series:
    """MMA in nmol/L; 0.071 umol/L must not become 71.00000000000001."""
    return (1000 * values).round(1) if cycle in MMA_IN_UMOL_L else values


def _hcy(values: pd.Series, cycle: str) -> pd.Series:
    """Homocysteine on the AxSYM scale, by CDC's Deming regression."""
    return 10 ** (0.983 * np.log10(values) + 0.0418) if cycle in HCY_ON_IMX else values


def ckd_epi_2021(creatinine_mg_dl: pd.Series, age: pd.Series, women: pd.Series) -> pd.Series:
    """Return eGFR of adults by the CKD-EPI equation of 2021, mL/min/1.73 m2.

    Source
    ------
    Inker et al., N Engl J Med 2021;385:1737.

    Examples
    --------
    >>> one = pd.DataFrame({"creatinine": [0.9, 1.4], "age": [60, 60], "women": [False, True]})
    >>> ckd_epi_2021(one["creatinine"], one["age"], one["women"]).round(1).tolist()
    [97.8, 43.1]
    """
    ratio = creatinine_mg_dl / np.where(women, 0.7, 0.9)
    low, high = ratio.clip(upper=1) ** np.where(women, -0.241, -0.302), ratio.clip(lower=1) ** -1.200
    return 142 * low * high * 0.9938**age * np.where(women, 1.012, 1.0)


def mdrd(creatinine_mg_dl: pd.Series, age: pd.Series, women: pd.Series, black: pd.Series) -> pd.Series:
    """Return eGFR of adults by the MDRD equation for standardised creatinine, mL/min/1.73 m2.

    Source
    ------
    Levey et al., Ann Intern Med 2006;145:247.

    Examples
    --------
    >>> one = pd.DataFrame({"creatinine": [1.0], "age": [60], "women": [True], "black": [False]})
    >>> mdrd(one["creatinine"], one["age"], one["women"], one["black"]).round(1).tolist()
    [56.6]
    """
    factor = np.where(women, 0.742, 1.0) * np.where(black, 1.212, 1.0)
    return 175 * creatinine_mg_dl**-1.154 * age**-0.203 * factor
