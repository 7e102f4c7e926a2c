"""Ganji 2018: MMA by race, age and serum B12, 1999-2004."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.replications.tables import LITERAL, compare, counted, keyed
from b12analysis.survey import survey_geometric_mean, survey_quantile

__all__ = ["ganji_2018"]

CYCLES = ("1999-2000", "2001-2002", "2003-2004")
#: Who has all that the paper's title names; its abstract does not say who else was left out.
_READINGS = {
    LITERAL: ["mma_nmol_l", "b12_pmol_l", "creatinine_mg_dl", "b12_supplement"],
    "all with MMA, serum B12 and creatinine": ["mma_nmol_l", "b12_pmol_l", "creatinine_mg_dl"],
    "all with MMA": ["mma_nmol_l"],
}


def ganji_2018(people: pd.DataFrame) -> pd.DataFrame:
    """Geometric means of MMA, and its medians by quarters of serum B12.

    The abstract gives a number of people, not whom it left out: taken are those who have all that the title names (MMA,
    serum B12, creatinine, and an answer on supplements); variants ask for less.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load(["1999-2000", "2001-2002", "2003-2004"])``.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    parts = []
    for reading, needed in _READINGS.items():
        chosen = people.assign(inside=people[needed].notna().all(axis="columns"))
        parts += [counted({"n": chosen["inside"].sum()}, reading=reading), *_means(chosen, reading)]
        if "b12_pmol_l" in needed:
            parts.append(_quarters(chosen, reading))
    return compare("ganji2018", "Ganji 2018", parts)


def _means(people: pd.DataFrame, reading: str) -> list[pd.DataFrame]:
    races = {"non-Hispanic white": "white", "non-Hispanic black": "black"}
    ages = {"young": people["age"].between(21, 30), "old": people["age"] > 70}
    groups = {key: people["ethnicity"] == race for race, key in races.items()} | ages
    means = []
    for key, group in groups.items():
        people = people.assign(group=people["inside"] & group)
        mean = survey_geometric_mean(people, "mma_nmol_l", domain="group")
        means.append(keyed(mean, {"mma_nmol_l": key}, reading=reading))
    return means


def _quarters(people: pd.DataFrame, reading: str) -> pd.DataFrame:
    """By how much the median of the lowest quarter of serum B12 exceeds that of the highest, per cent."""
    cuts = survey_quantile(people, "b12_pmol_l", [0.25, 0.5, 0.75], domain="inside")["estimate"]
    quarter = pd.Series(np.searchsorted(cuts, people["b12_pmol_l"]), index=people.index)
    people = people.assign(quarter=quarter.where(people["inside"]))
    medians = survey_quantile(people, "mma_nmol_l", 0.5, rule="rounded", by="quarter", domain="inside")
    low, high = medians["estimate"].iloc[0], medians["estimate"].iloc[-1]
    excess = {"key": ["quartiles"], "reading": reading, "ours": 100 * (low / high - 1), "n": people["inside"].sum()}
    return pd.DataFrame(excess)
