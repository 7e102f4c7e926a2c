"""Mineva 2020 (the abstract of Mineva 2019): single markers and the combined indicator 3cB12 in adults, 1999-2004."""

from __future__ import annotations

import pandas as pd

from b12analysis.replications.tables import LITERAL, compare, counted, keyed
from b12analysis.survey import survey_prevalence

__all__ = ["mineva_2020"]

CYCLES = ("1999-2000", "2001-2002", "2003-2004")
_MARKERS = ["b12_pmol_l", "mma_nmol_l", "hcy_umol_l"]
_SINGLE = ["b12_148", "b12_marginal", "hcy_13"]


def mineva_2020(people: pd.DataFrame) -> pd.DataFrame:
    """Low status by each marker, in people of 20 and over who have all three.

    The cut-off of MMA rises with age from 250 to 320 nmol/L, by a rule that the abstract does not print: the shares
    above either end bracket it. 3cB12 is not computed, because its coefficients are in none of the texts seen.
    Variants: each marker among all who have it; without pregnant women; these without who lacks creatinine.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load(["1999-2000", "2001-2002", "2003-2004"])``.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    adult = people["age"] >= 20
    three = adult & people[_MARKERS].notna().all(axis="columns")
    not_pregnant = three & ~people["pregnant"].fillna(False).astype(bool)
    measured = not_pregnant & people["creatinine_mg_dl"].notna()
    people = people.assign(adult=adult, three=three, not_pregnant=not_pregnant, measured=measured, **_low(people))
    readings = {
        LITERAL: "three",
        "each marker among all of 20 and over who have it": "adult",
        "not pregnant": "not_pregnant",
        "not pregnant, creatinine known": "measured",
    }
    numbers = {reading: people[domain].sum() for reading, domain in readings.items() if domain != "adult"}
    mma = survey_prevalence(people, ["mma_250", "mma_320"], domain="three")
    return compare(
        "mineva2020",
        "Mineva 2020",
        [
            *(counted({"n": number}, reading=reading) for reading, number in numbers.items()),
            *(_shares(people, reading, domain) for reading, domain in readings.items()),
            keyed(mma, {"mma_250": "mma"}, scale=100, reading="above 250 nmol/L at every age"),
            keyed(mma, {"mma_320": "mma"}, scale=100, reading="above 320 nmol/L at every age"),
        ],
    )


def _shares(people: pd.DataFrame, reading: str, domain: str) -> pd.DataFrame:
    return keyed(
        survey_prevalence(people, _SINGLE, domain=domain), {name: name for name in _SINGLE}, scale=100, reading=reading
    )


def _low(people: pd.DataFrame) -> dict[str, pd.Series]:
    b12, mma, hcy = (people[name] for name in _MARKERS)
    rules = {
        "b12_148": (b12 < 148, b12),
        "b12_marginal": (b12.between(148, 222), b12),
        "mma_250": (mma > 250, mma),
        "mma_320": (mma > 320, mma),
        "hcy_13": (hcy > 13, hcy),
    }
    return {name: holds.astype("boolean").where(marker.notna()) for name, (holds, marker) in rules.items()}
