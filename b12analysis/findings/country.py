"""The prevalence of one country: from its own surveys, or as it would be if it were like the United States.

The best answer there is becomes the *headline*: one row with ``kind``, which says where it comes from.

========  ========================================================================================
yours     the reader's own survey
us        computed from the US survey's people
pooled    several surveys, pooled
quoted    the most precise of the surveys
like      no survey: the US figure with this country's ages, widened by how far countries differ
========  ========================================================================================
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from b12analysis import pooling, population
from b12analysis.arguments import InputError
from b12analysis.findings import us
from b12analysis.findings.words import ESTIMATE, definition_label, the
from b12analysis.nhanes.sums import prevalence
from b12analysis.theme import people as people_in_words
from b12analysis.theme import share
from b12analysis.truth import true_prevalence

__all__ = [
    "CENSUS",
    "YEARS",
    "answer",
    "censuses",
    "counted_from",
    "headcounts",
    "headcounts_words",
    "headline",
    "key_figures",
    "left_out",
    "people_unit",
    "rests_on",
    "truth",
    "truth_words",
]

_WHO = {"20+": "adults", "60+": "people of 60 and over", "3-19": "children and adolescents"}
#: The same as a census in bands of five years counts them.
_COUNTED = _WHO | {"3-19": "children and adolescents of 5 to 19"}
#: What numbers of people rest on: the UN's figures, read in a copy of them.
CENSUS = pd.DataFrame({"id": ["population"], "source": ["un_wpp2019"], "status": ["secondary"]})
#: Words for the censuses.
YEARS = {"2020": "2020", "2030": "2030 (projection)", "your file": "your file"}
#: Specificities of the test that the last figure compares.
_SPECIFICITIES = [1.0, 0.99, 0.98, 0.97, 0.95, 0.9]


def headline(
    studies: pd.DataFrame,
    pooled: pd.DataFrame | None,
    peers: pd.DataFrame | None,
    *,
    country: str,
    age_band: str,
    definition: str,
    people: pd.DataFrame | None = None,
    yours: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Best answer to the question: at most one row, with ``kind``.

    Parameters
    ----------
    studies : DataFrame
        Surveys that answer, one per cohort, after ``prevalence``.
    pooled : DataFrame or None
        Their pooled estimate, where there are enough of them.
    peers : DataFrame or None
        Pooled estimate of the surveys of all countries by this definition: how far countries differ.
    country, age_band, definition : str
        What was asked; "any" for all.
    people : DataFrame, optional
        People of the country by age.
    yours : DataFrame, optional
        The reader's own survey by this definition: one row.
    """
    band = us.band(age_band)
    american = us.one(definition, band)
    if yours is not None:
        return yours.assign(kind="yours")
    if len(american) and (country == "United States" or (country == "any" and studies.empty)):
        return american.assign(kind="us")
    if pooled is not None:
        return pooled.assign(kind="pooled")
    if len(studies):
        return studies.loc[[studies["effective_n"].idxmax()]].assign(kind="quoted")
    if people is not None and len(american) and peers is not None:
        ages = us.like(definition, band, people)
        return pooling.elsewhere(ages, peers).assign(kind="like")
    return pd.DataFrame(columns=[*ESTIMATE, "kind"])


def answer(best: pd.DataFrame, *, country: str, age_band: str, definition: str, instead: str = "") -> tuple[str, str]:
    """Return finding and sentence where the headline is the reader's, the US survey's, or borrowed from it."""
    row, what = best.iloc[0], definition_label(definition)
    who, value = _WHO[us.band(age_band)], share(*row[ESTIMATE])
    if row["kind"] == "like":
        finding = f"If {the(country)} were like the United States: {value.split(' (')[0]}"
        return finding, (
            f"These tables hold no survey that answers this for {the(country)}. With its ages and the US prevalence "
            f"by age, **{value}** of {who} would have {what}. The interval includes how far surveys of different "
            "countries and ages lie apart: only one of its own can narrow it."
            + (f" What is known instead: {instead}." if instead else "")
        )
    if row["kind"] == "yours":
        finding = f"In your survey {value.split(' (')[0]} had {what}"
        of = f" of {row['people']:,}" if row["n"] < row["people"] else ""
        ages = "" if age_band == "any" else f" of {who}"
        return finding, (
            f"**{value}**{ages} in your survey had {what} ({row['n']:,}{of} people; {row['design']}){_flagged(row)}."
        )
    by_age = us.by_age(definition, us.band(age_band))
    other = f"{share(by_age['estimate'].min())} to {share(by_age['estimate'].max())}"
    finding = f"{value.split(' (')[0]} of {who} in the United States; by other definitions and ages {other}"
    years = row["cycles"].replace("-", "–")
    return finding, (
        f"Of {who} in the United States, **{value}** had {what} in {years} ({row['cases']:,} of {row['n']:,} "
        f"people, weighted){_flagged(row)}. By other definitions and at other ages it is {other}."
    )


def _flagged(row: pd.Series) -> str:
    kind, _, why = str(row.get("flag", "") or "").partition(": ")
    return f"; **too uncertain to quote** ({why})" if kind == "suppress" else ""


def key_figures(best: pd.DataFrame, counts: pd.DataFrame) -> list[dict]:
    """Key figures for ``page.key_figure``: the headline, and how many people that is."""
    row = best.iloc[0]
    names = {
        "yours": ("your survey", "95 % interval"),
        "us": (f"United States, {str(row.get('cycles')).replace('-', '–')}", "95 % interval, survey design"),
        "like": ("if it were like the United States", "95 %, with the spread between surveys"),
    }
    figures = []
    if row["kind"] in names:
        name, what = names[row["kind"]]
        figures.append({"name": name, "row": row, "what": what})
    total = counts[counts["is_total"]].iloc[:1] if len(counts) else counts
    for row in total.to_dict("records"):
        unit, scale = "thousand people", 1e-3  # one unit on all pages: their index is sorted by it
        about = {"name": f"in {row['year']}", "what": "95 % interval"}
        figures.append({"row": row, "scale": scale, "unit": unit, **about})
    return figures


def rests_on(best: pd.DataFrame, studies: pd.DataFrame, everywhere: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that the headline rests on (``id, source, status``); none for the reader's own survey.

    ``studies`` are the surveys that answer, ``everywhere`` those of all countries by this definition.
    """
    kind = best["kind"].iloc[0]
    origin = ["id", "source", "status"]
    rows = {"us": us.RESTS_ON, "pooled": studies, "quoted": best, "like": pd.concat([us.RESTS_ON, everywhere])}
    return rows.get(kind, us.RESTS_ON.iloc[:0])[origin]


def counted_from(
    best: pd.DataFrame, studies: pd.DataFrame, everywhere: pd.DataFrame, census: Path | None
) -> pd.DataFrame:
    """Return the rows that numbers of people rest on: the headline's, and the UN's unless the file is the reader's."""
    rows = rests_on(best, studies, everywhere)
    return rows if census is not None else pd.concat([rows, CENSUS])


def people_unit(counts: pd.DataFrame) -> tuple[str, float]:
    """Return the unit in which numbers of people are shown, and the scale to it."""
    is_million = max(counts["estimate"].max(), counts["upper"].max() / 3) >= 1e6
    return ("million people", 1e-6) if is_million else ("thousand people", 1e-3)


def censuses(country: str, path: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """Return people by age of a country in 2020 and 2030, or of the reader's file; none where nothing is asked for."""
    if path is not None:
        return {"your file": population.read_population(path)}
    return {} if country == "any" else {str(year): population.population(country, year) for year in (2020, 2030)}


def headcounts(best: pd.DataFrame, people: dict[str, pd.DataFrame], *, age_band: str, definition: str) -> pd.DataFrame:
    """How many people it is: prevalence times census.

    People are counted at the ages, and of the sex, that the estimate speaks for. Nothing is counted where the ages are
    not known, from surveys that were pooled over ages, and from those that do not speak for a whole country: the
    reader's own among them, of which only the reader knows (:func:`b12analysis.headcount` counts it).

    Parameters
    ----------
    best : DataFrame
        The headline.
    people : dict of DataFrame
        People by age, by year, as :func:`censuses` returns them.
    age_band, definition : str
        What was asked.

    Returns
    -------
    DataFrame with columns
        label, year, is_total                     whom it counts: an age band, or all
        people, estimate, lower, upper            how many there are, and how many of them have the condition
    """
    band, tables = us.band(age_band), []
    ages = _ages(best, band) if people and len(best) else None
    if ages is None:
        return pd.DataFrame()
    for year, everybody in people.items():
        there = _of_sexes(everybody, ages["sexes"])
        total = best
        if best["kind"].iloc[0] == "us":  # the survey's bands with the census's people, and their covariance
            total = us.like(definition, band, there)
            if band == "20+":
                tables.append(_bands(definition, there).assign(year=year, is_total=False))
        counted = population.headcount(total[ESTIMATE].assign(age_min=ages["first"], age_max=ages["last"]), there)
        tables.append(counted.assign(label=f"All {ages['who']}", year=year, is_total=True))
    together = pd.concat(tables, ignore_index=True)
    return together.sort_values("is_total", ascending=False, kind="stable", ignore_index=True)


def _of_sexes(people: pd.DataFrame, sexes: list[str]) -> pd.DataFrame:
    """People by age of these sexes together; a table without sexes speaks for both."""
    if "sex" in people:
        people = people[people["sex"].isin(sexes)]
    elif len(sexes) == 1:
        raise InputError(f"census has no column 'sex', and the survey speaks of {sexes[0]} only")
    return people.groupby(["age_min", "age_max"], dropna=False, as_index=False)["people"].sum()


def _ages(best: pd.DataFrame, band: str) -> dict | None:
    """Whom the headline speaks for, in whole bands of five years; None where that is not known."""
    row = best.iloc[0]
    first, last = us.ages_of([band]).iloc[0]
    everybody = {"sexes": ["men", "women"], "first": first, "last": last, "who": _COUNTED[band]}
    if row["kind"] in ("us", "like"):
        return everybody
    if row["kind"] in ("yours", "pooled") or row["setting"] != "national" or pd.isna(row["age_min"]):
        return None  # a village does not speak for its country
    first = 5 * math.ceil(row["age_min"] / 5)
    last = None if pd.isna(row["age_max"]) or row["age_max"] > 79 else 5 * ((row["age_max"] + 1) // 5) - 1
    if last is not None and last < first:
        return None
    sexes = everybody["sexes"] if row["sex"] == "both" else [row["sex"]]
    who = "people" if len(sexes) == 2 else sexes[0]
    ages = f"aged {first} and over" if last is None else f"aged {first} to {last:.0f}"
    return {"sexes": sexes, "first": float(first), "last": last, "who": f"{who} {ages}"}


def _bands(definition: str, there: pd.DataFrame) -> pd.DataFrame:
    """Headcounts of the adult age bands of the US survey."""
    rows = prevalence(us.one(definition, "20+")["cycles"].iloc[0], definition, age_band=us.ADULTS)
    counted = population.headcount(rows.drop(columns="sex"), there, by=["age_min", "age_max"])
    return counted.assign(label=[us.AGES[name] for name in rows["age_band"]])


def headcounts_words(counts: pd.DataFrame, best: pd.DataFrame, *, country: str) -> dict[str, str]:
    """Say how many people it is."""
    totals = counts[counts["is_total"]]
    now, others = totals.iloc[0], totals.iloc[1:]
    place = the(country) if country != "any" else "your file"
    said = {
        "us": "US prevalence by age",
        "like": "the US prevalence by age, widened by the spread between surveys,",
        "yours": "the prevalence in your survey",
    }.get(best["kind"].iloc[0], "the prevalence of its most precise survey, alike at all of these ages,")
    who = now["label"].removeprefix("All ")
    return {
        "title": f"{place[0].upper()}{place[1:]}: {people_in_words(*now[ESTIMATE])} {who} in {now['year']}",
        "summary": f"{said[0].upper()}{said[1:]} times the {people_in_words(now['people'])} {who} of {place} in "
        f"{now['year']} makes {people_in_words(*now[ESTIMATE])}"
        + "".join(
            f"; with those expected in {row['year']}, {people_in_words(*row[ESTIMATE])}" for _, row in others.iterrows()
        )
        + ".",
        "caption": "Prevalence times census (UN World Population Prospects 2019, CC BY 3.0 IGO, 2030 its medium "
        "projection; or your file), not the survey's own totals, which lose those who were not measured. The interval "
        "is that of the prevalence.",
    }


def left_out(studies: pd.DataFrame) -> pd.DataFrame:
    """Pooled estimate without each survey in turn, labelled; the whole first."""
    rows = pooling.leave_one_out(studies).set_index("left_out", drop=False)
    who = studies.set_index("id")
    labels = [f"Without {who.loc[key, 'country']}: {who.loc[key, 'population']}" for key in rows["left_out"]]
    return rows.assign(label=labels).sort_values("estimate").reset_index(drop=True)


def truth(best: pd.DataFrame, *, sensitivity: float, rng: int) -> pd.DataFrame:
    """Return the true prevalence behind the headline, by the specificity of the test; labelled."""
    rows = [
        true_prevalence(best[ESTIMATE], sensitivity=sensitivity, specificity=one, rng=rng).assign(specificity=one)
        for one in _SPECIFICITIES
    ]
    table = pd.concat(rows, ignore_index=True)
    table["label"] = [f"clears {100 * one:g} % of the healthy" for one in _SPECIFICITIES]
    nobody, never = "nobody need be deficient", "cannot be: false positives alone would be more"
    table["detail"] = [
        never if row.upper < 1e-12 else nobody if row.estimate == 0 else "" for row in table.itertuples()
    ]
    return table


def truth_words(table: pd.DataFrame, sensitivity: float) -> dict[str, str]:
    """Say what becomes of the headline if the test errs."""
    apparent = table["apparent"].iloc[0]
    enough, never = (table[rows]["specificity"] for rows in (table["estimate"] == 0, table["upper"] < 1e-12))
    limit = f"at a specificity of 90 % it would be {share(table['estimate'].iloc[-1])}"
    if len(enough):
        limit = (
            f"a test that clears {100 * enough.max():g} % of the healthy would find as many where nobody is deficient"
        )
    if len(never):
        limit += f"; so few were found that it must clear more than {100 * never.max():g} %"
    return {
        "title": f"{share(apparent)} below the cut-off is not {share(apparent)} deficient",
        "summary": f"True prevalence behind the {share(apparent)} if the test finds {100 * sensitivity:g} % of the "
        f"deficient and clears 100 to 90 % of the others: {limit}. What a blood test of B12 misses is not agreed upon.",
        "caption": "Rogan and Gladen's correction with the survey's own uncertainty; sensitivity and specificity are "
        "assumptions, taken as exact. 0 with an upper limit: fewer are positive than false "
        "positives alone would be; without one, the survey refutes this specificity.",
    }
