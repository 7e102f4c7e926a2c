"""The reader's own survey, by every definition that its columns allow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from b12analysis.arguments import InputError
from b12analysis.biomarkers import definitions, indicators
from b12analysis.findings import us
from b12analysis.findings.words import spread
from b12analysis.nhanes.sums import AGE_BANDS
from b12analysis.own_survey import read_people
from b12analysis.survey import survey_prevalence

__all__ = ["AGES", "by_age", "by_age_words", "one", "pairs", "read"]

_DESIGN = {"weight": "weight", "strata": "stratum", "psu": "psu"}
_BANDS = ["3-19", "20-39", "40-59", "60+"]
#: Words for the age groups of the reader's survey.
AGES = us.AGES | {"all": "all ages", "3-19": "under 20"}
_COMPARED = ["b12_148", "b12_221", "holotc_35", "mma_271", "hcy_15", "b12_148_or_mma_271", "b12_148_and_mma_271"]


def pairs(argument: str, given: Iterable[str]) -> dict[str, str]:
    """Read a list such as ``["b12_pmol_l=vitb12"]`` as a mapping.

    Examples
    --------
    >>> pairs("columns", ["b12_pmol_l=vitb12", "age = AGE"])
    {'b12_pmol_l': 'vitb12', 'age': 'AGE'}
    """
    found = {}
    for place, item in enumerate(given, 1):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals and value):
            raise InputError(f"{argument}[{place}]={item!r} is no pair; write it as 'ours=yours'")
        if name in found:
            raise InputError(f"{argument}[{place}]={item!r} names {name!r} a second time")
        found[name] = value
    return found


def read(path: Path | None, columns: Iterable[str], units: Iterable[str]) -> pd.DataFrame | None:
    """Read the reader's survey; None where there is none."""
    if path is None:
        for argument, given in (("columns", columns), ("units", units)):
            if given:
                raise InputError(f"{argument}={list(given)!r} is given without data; name the file, as data=PATH")
        return None
    return read_people(path, pairs("columns", columns) or None, units=pairs("units", units))


def one(people: pd.DataFrame, definition: str, age_band: str) -> pd.DataFrame:
    """Prevalence by one definition, at the ages that are asked for."""
    flags = indicators(people, [definition])
    domain = _ages(people, us.band(age_band)) if age_band != "any" else True
    found = survey_prevalence(people.assign(**flags, _domain=domain), definition, domain="_domain", **_design(people))
    if not found["n"].iloc[0]:
        raise InputError(f"data has nobody with a known {definition!r} among {us.AGES[us.band(age_band)]}")
    return found.assign(people=len(people), design=_design_words(people))


def _ages(people: pd.DataFrame, band: str) -> pd.Series:
    if "age" not in people:
        raise InputError(f"data has no column 'age', so age_band cannot choose {us.AGES[band]}; name it in columns")
    first, last = AGE_BANDS[band]
    return people["age"].between(0 if band == "3-19" else first, last).fillna(False).astype(bool)


def _design(people: pd.DataFrame) -> dict[str, str | None]:
    """Columns of the design that are there; a stratum with one PSU counts by its distance from the mean."""
    return {argument: name if name in people else None for argument, name in _DESIGN.items()} | {"singleton": "center"}


def _design_words(people: pd.DataFrame) -> str:
    if "psu" in people or "stratum" in people:
        return "with the survey's own strata and clusters"
    return (
        "from the weights alone: people taken as drawn one by one"
        if "weight" in people
        else "as a simple random sample"
    )


def by_age(people: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Prevalence by every comparable definition that the columns allow, by age where ages are known."""
    known = definitions()
    able = [row.definition for row in known.itertuples() if pd.isna(row.refused) and set(row.needs) <= set(people)]
    wanted = [name for name in dict.fromkeys([definition, *_COMPARED]) if name in able]
    people = people.assign(**indicators(people, wanted), age_band="all")
    if "age" in people:
        people = people.assign(age_band=pd.Series(pd.NA, index=people.index, dtype="str"))
        for band in _BANDS:
            people.loc[_ages(people, band), "age_band"] = band
    table = survey_prevalence(people, wanted, by="age_band", **_design(people))
    labels = known.set_index("definition")["label"]
    hollow = table["flag"].str.startswith("suppress")
    table = table.assign(label=table["indicator"].map(labels), hollow=hollow, detail=table["flag"])
    return table.assign(design=_design_words(people))


def by_age_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what the reader's survey found."""
    known = table[table["n"] > 0]
    kinds = known["label"].nunique()
    return {
        "title": f"Your survey by {kinds} definition{'s' * (kinds > 1)}: {spread(known)}",
        "summary": f"Your survey, by definition and age: {spread(known)}; up to {known['n'].max():,} people in an age "
        "group.",
        "caption": f"95 % intervals {table['design'].iloc[0]}, on the logit scale. Hollow: too uncertain to quote by "
        "the presentation standard of the US National Center for Health Statistics (2017).",
    }
