"""Reinstatler 2012, and the thesis of 2011 that it grew from: serum B12, diabetes and metformin, 1999-2006."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.replications.tables import LITERAL, compare, counted, keyed
from b12analysis.survey import survey_logistic, survey_prevalence

__all__ = ["reinstatler_2011", "reinstatler_2012"]

CYCLES = ("1999-2000", "2001-2002", "2003-2004", "2005-2006")


def reinstatler_2012(people: pd.DataFrame) -> pd.DataFrame:
    """Deficiency in people of 50 and over by diabetes and metformin.

    Type 2 diabetes is diabetes told of after the age of 30, without insulin within a year. Variants: everybody told of
    diabetes; people who did not have their blood taken counted; no metformin among those without diabetes.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load`` of the four cycles from 1999-2000 to 2005-06; with ``insulin_years``, how long insulin has been
        taken, the insulin rule is applied.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    people = _groups(people, people["age"] >= 50)
    parts = [*_numbers(people), _shares(people, "group", ["low"])]
    parts.append(_shares(people, "group_any", ["low"], reading="any diabetes").query("key != 'low-none'"))
    users = people["metformin"].fillna(False).astype(bool)
    people["group_strict"] = people["group"].mask((people["group"] == "none") & users)
    strict = "no metformin among those without diabetes"
    parts.append(counted({"n_none": (people["group_strict"] == "none").sum()}, reading=strict))
    parts.append(_shares(people, "group_strict", ["low"], reading=strict).query("key == 'low-none'"))
    return compare("reinstatler2012", "Reinstatler 2012", [*parts, *_odds_ratios(people)])


def reinstatler_2011(people: pd.DataFrame) -> pd.DataFrame:
    """Deficient and borderline serum B12 in people over 50, as the thesis has them; its groups are those of 2012.

    Parameters
    ----------
    people : DataFrame
        As for :func:`reinstatler_2012`.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    over = _groups(people, people["age"] > 50)
    older = _groups(people, people["age"] >= 50)
    parts = [*_numbers(over), _shares(over, "group", ["low", "borderline"])]
    parts.append(_shares(older, "group", ["low", "borderline"], reading="50 and over"))
    return compare(
        "reinstatler2011",
        "Reinstatler 2011",
        [part.query("key not in ('low-none', 'borderline-none')") for part in parts],
    )


def _groups(people: pd.DataFrame, old: pd.Series) -> pd.DataFrame:
    """Add ``group`` (type 2 diabetes by metformin, or none) and ``group_any`` (any diabetes) of who has serum B12."""
    b12 = people["b12_pmol_l"]
    told = people["diabetes"].fillna(False).astype(bool)
    free = people["diabetes"].eq(False).fillna(False).astype(bool)
    type_2 = told & (people["diabetes_since_age"] > 30)
    if "insulin_years" in people:
        since = people["age"] - people["insulin_years"] - people["diabetes_since_age"]
        type_2 &= ~(since <= 1)
    known = {
        name: people["metformin"].eq(name == "metformin").fillna(False).astype(bool) for name in ("metformin", "other")
    }

    def named(diabetes: pd.Series) -> pd.Series:
        group = pd.Series(None, index=people.index, dtype=object).mask(free, "none")
        for name, takes in known.items():
            group = group.mask(diabetes & takes, name)
        return group.where(old & b12.notna())

    return people.assign(
        old=old,
        told=told & old,
        free=free & old,
        type_2=type_2 & old,
        group=named(type_2),
        group_any=named(told),
        low=(b12 <= 148).astype("boolean").where(b12.notna()),
        borderline=((b12 > 148) & (b12 <= 221)).astype("boolean").where(b12.notna()),
    )


def _numbers(people: pd.DataFrame) -> list[pd.DataFrame]:
    measured = people["b12_pmol_l"].notna()
    return [
        counted({"n_diabetes": (people["type_2"] & measured).sum(), "n_none": (people["free"] & measured).sum()}),
        counted({"n_diabetes": (people["told"] & measured).sum()}, reading="any diabetes"),
        counted(
            {"n_diabetes": people["told"].sum(), "n_none": people["free"].sum()},
            reading="any diabetes, serum B12 known or not",
        ),
    ]


def _shares(people: pd.DataFrame, by: str, indicators: list[str], *, reading: str = LITERAL) -> pd.DataFrame:
    found = survey_prevalence(people, indicators, by=by)
    return keyed(found, {name: name for name in indicators}, by=by, scale=100, reading=reading)


def _odds_ratios(people: pd.DataFrame) -> list[pd.DataFrame]:
    """Metformin against none, in people with type 2 diabetes: unadjusted, and adjusted for what all cycles have."""
    with_diabetes = people["group"].isin(["metformin", "other"])
    people = people.assign(with_diabetes=with_diabetes, takes=(people["group"] == "metformin").astype(float))
    people["white"] = (people["ethnicity"] == "non-Hispanic white").astype(float)
    formulas = {
        "not adjusted": "low ~ takes",
        "adjusted for age, sex, and race as white or other": "low ~ takes + age + C(sex) + white",
    }
    parts = []
    for reading, formula in formulas.items():
        terms = survey_logistic(people, formula, domain="with_diabetes").rename(columns={"term": "variable"})
        terms["se"] = np.nan  # of the coefficient, not of the ratio
        parts.append(keyed(terms, {"takes": "odds_ratio"}, reading=reading))
    return parts
