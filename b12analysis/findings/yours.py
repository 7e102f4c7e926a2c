"""The reader's own survey, by every definition that its columns allow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from b12analysis.arguments import InputError
from b12analysis.biomarkers import definitions, indicators
from b12analysis.findings import us
from b12analysis.nhanes.sums import AGE_BANDS
from b12analysis.own_survey import read_people
from b12analysis.survey import survey_prevalence

__all__ = ["by_age", "by_age_words", "one", "pairs", "read"]

_DESIGN = {"weight": "weight", "strata": "stratum", "psu": "psu"}
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
        found[name] = value
    return found


def read(path: Path | None, columns: Iterable[str], units: Iterable[str]) -> pd.DataFrame | None:
    """Read the reader's survey; None where there is none."""
    if path is None:
        return None
    return read_people(path, pairs("columns", columns) or None, units=pairs("units", units))


def one(people: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Prevalence by one definition, everybody together."""
    flags = indicators(people, [definition])
    return survey_prevalence(people.assign(**flags), definition, **_design(people))


def _design(people: pd.DataFrame) -> dict[str, str | None]:
    return {argument: name if name in people else None for argument, name in _DESIGN.items()}


def by_age(people: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Prevalence by every comparable definition that the columns allow, by age where ages are known."""
    known = definitions()
    able = [row.definition for row in known.itertuples() if pd.isna(row.refused) and set(row.needs) <= set(people)]
    wanted = [name for name in dict.fromkeys([definition, *_COMPARED]) if name in able]
    people = people.assign(**indicators(people, wanted), age_band="all")
    if "age" in people:
        bands = ["20-39", "40-59", "60+"]
        within = {band: people["age"].between(*AGE_BANDS[band]).fillna(False) for band in bands}
        people = people.assign(age_band=pd.Series(pd.NA, index=people.index, dtype="str"))
        for band, inside in within.items():
            people.loc[inside, "age_band"] = band
    table = survey_prevalence(people, wanted, by="age_band", **_design(people))
    labels = known.set_index("definition")["label"]
    hollow = table["flag"].str.startswith("suppress")
    return table.assign(label=table["indicator"].map(labels), hollow=hollow, detail=table["flag"])


def by_age_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what the reader's survey found."""
    words = us.by_age_words(table.assign(cycles=""))
    title = words["title"].replace("The same Americans", "Your survey")
    n = int(table["n"].max())
    summary = f"Your survey by {table['label'].nunique()} definitions; up to {n:,} people measured in an age group."
    return {"title": title, "summary": summary, "caption": words["caption"]}
