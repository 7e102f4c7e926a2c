"""Who is tested: the people in words, and how many of them a country has."""

from __future__ import annotations

from b12analysis.findings.country import CENSUS
from b12analysis.findings.words import the
from b12analysis.nhanes import groups
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.testing import people_of
from b12analysis.theme import share

__all__ = ["CENSUS", "people", "who"]

#: Populations whose label alone does not name people.
_WHO = {
    "no_supplement_20+": "adults of 20 and over without a B12 supplement",
    "no_supplement_65+": "adults of 65 and over without a B12 supplement",
    "diabetes_no_metformin_20+": "adults with diabetes who take no metformin",
}
#: Groups of the US survey that tell how many people are in a population.
_EXPOSED = {
    "metformin": "metformin",
    "ppi": "ppi",
    "b12_supplement": "supplement_nonusers",
    "_other_diabetes": "diabetes_no_metformin",
}


def who(population: str) -> str:
    """Name the people who are tested.

    Examples
    --------
    >>> who("no_supplement_65+")
    'adults of 65 and over without a B12 supplement'
    """
    return _WHO.get(population, POPULATIONS[population].label)


def people(population: str, country: str | None, exposed_percent: float | None) -> tuple[float | None, str]:
    """How many people of a country are tested, or None; and what is to be said of that."""
    group, share_of = POPULATIONS[population], None
    if country is None:
        return None, ""
    if not group.column:
        said = f"`exposed_percent` does not matter here: {who(population)} are a whole age band."
        return people_of(population, country), said if exposed_percent is not None else ""
    ages = f"{group.age_min}+"
    said = f"How many people of {the(country)} are {who(population)} is not known here; `exposed_percent` says it."
    if exposed_percent is not None:
        share_of, said = (
            exposed_percent / 100,
            f"{exposed_percent:g} % of the age band being {who(population)} is yours.",
        )
    elif country == "United States" and ages in groups.AGE_BANDS:
        there = groups.prevalence(group=_EXPOSED[group.column], definition="exposure", age_band=ages)
        share_of = float(there["estimate"].iloc[0])
        said = f"That {share(share_of)} of the age band are {who(population)} is the survey's share, taken as exact."
    return None if share_of is None else people_of(population, country, exposed=share_of), said
