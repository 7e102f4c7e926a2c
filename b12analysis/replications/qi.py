"""Qi 2014, and its abstract of 2011: low serum B12 without anaemia or macrocytosis in people over 50."""

from __future__ import annotations

import pandas as pd

from b12analysis.replications.tables import LITERAL, compare, keyed
from b12analysis.survey import survey_prevalence

__all__ = ["qi_2011", "qi_2014"]

CYCLES = ("2001-2002", "2003-2004", "2005-2006")
CYCLES_2011 = ("1999-2000", *CYCLES)
_BANDS = {"low": (0, 148, "left"), "marginal": (148, 258, "both")}


def qi_2014(people: pd.DataFrame) -> pd.DataFrame:
    """Serum B12 below 148, and 148 to 258 pmol/L, without anaemia, and without macrocytosis (above 100 fL), 2001-06.

    Shares of all over 50 who have serum B12, haemoglobin and cell volume. The paper also leaves out liver disease,
    treatment for anaemia, heavy drinking and renal dysfunction; 2005-06 lacks the first three in our files, so that
    they are left out where they can be in a variant. Shares of those without anaemia, or macrocytosis, are another.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load(["2001-2002", "2003-2004", "2005-2006"])``.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    return compare("qi2014", "Qi 2014", _readings(_with_status(people, largest_cell=100)))


def qi_2011(people: pd.DataFrame) -> pd.DataFrame:
    """Give the same for 1999-2006, with macrocytosis from 99 fL on.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load`` of the four cycles from 1999-2000 to 2005-06.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    below = 99 - 1e-9  # "below 99", where 2014 has "100 or less"
    return compare("qi2011", "Qi 2011", _readings(_with_status(people, largest_cell=below)))


def _with_status(people: pd.DataFrame, *, largest_cell: float) -> pd.DataFrame:
    b12, cell = people["b12_pmol_l"], people["mcv_fl"]
    least = people["sex"].map({"men": 13.0, "women": 12.0}).astype(float)
    without = {"anaemia": people["haemoglobin_g_dl"] >= least, "macrocytosis": cell <= largest_cell}
    known = people[["b12_pmol_l", "haemoglobin_g_dl", "mcv_fl"]].notna().all(axis="columns")
    columns = {f"no_{name}": absent for name, absent in without.items()}
    for band, (low, high, ends) in _BANDS.items():
        inside = b12.between(low, high, inclusive=ends)
        for name, absent in without.items():
            columns[f"{band}_{name}"] = (inside & absent).astype("boolean").where(known)
    left_out = people[["liver_disease", "anaemia_treated"]].fillna(False).astype(bool).any(axis="columns")
    healthy = ~left_out & ~(people["egfr_mdrd"] < 60)
    over = people["age"] > 50
    return people.assign(over_50=over, healthy=over & healthy, **columns)


def _readings(people: pd.DataFrame) -> list[pd.DataFrame]:
    every = {name: name for name in (f"{band}_{without}" for band in _BANDS for without in ("anaemia", "macrocytosis"))}
    parts = [
        keyed(survey_prevalence(people, list(every), domain=domain), every, scale=100, reading=reading)
        for reading, domain in {
            LITERAL: "over_50",
            "without eGFR below 60, and, where asked, liver disease and treated anaemia": "healthy",
        }.items()
    ]
    for without in ("anaemia", "macrocytosis"):
        people = people.assign(free=people["over_50"] & people[f"no_{without}"])
        names = {f"{band}_{without}": f"{band}_{without}" for band in _BANDS}
        found = survey_prevalence(people, list(names), domain="free")
        parts.append(keyed(found, names, scale=100, reading="share of those without anaemia, or macrocytosis"))
    return parts
