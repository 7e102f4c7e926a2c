"""What the risk-group report says: the answer, and how many of a group are deficient beside others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis import risk
from b12analysis.evidence import load
from b12analysis.findings.effects import clear, extent
from b12analysis.findings.words import (
    ESTIMATE,
    INTERVALS,
    Row,
    count,
    definition_class,
    definition_label,
    group_label,
    known,
    labelled,
    ordered,
    spread,
    years,
)
from b12analysis.theme import MARKS, number, share

__all__ = [
    "CAVEATS",
    "DISAGREEMENT_COLUMNS",
    "KINDS",
    "PUBLISHED_COLUMNS",
    "answer",
    "claim_of",
    "disagreements",
    "disagreements_words",
    "most_telling",
    "prevalence",
    "published",
    "published_words",
    "unresolved",
    "with_comparators",
]

CAVEATS = [
    "Levin's formula is not for adjusted ratios, so no share is made of them; a share of a crude ratio holds what else "
    "differs between the groups. Shares are stated only where the interval lies above 1, which favours large effects.",
    "Conflicting sources stand side by side: cut-offs, doses, durations and supplement use differ between studies.",
    "Groups overlap: the shares of several groups must not be added up.",
]

#: Columns of the table below the figure of what sources disagree on.
DISAGREEMENT_COLUMNS = [
    "id",
    "question",
    "explained_by",
    "explanation",
    "population",
    "country",
    "definition",
    *ESTIMATE,
]
DISAGREEMENT_COLUMNS += ["source", "status"]
#: Columns of the heat map of published prevalences, and of the table below it.
KINDS = {
    "deficient": "serum,<br>defi-<br>cient",
    "marginal": "serum,<br>mar-<br>ginal",
    "functional": "MMA,<br>Hcy,<br>holoTC",
    "combined": "several<br>to-<br>gether",
    "low": "low by<br>another<br>cut-off",
    "stated": "cut-off<br>not<br>stated",
}
PUBLISHED_COLUMNS = ["id", "label", "kind", "definition", "population", "country", *ESTIMATE, "interval", "rows"]
PUBLISHED_COLUMNS += ["lowest", "highest", "source", "status"]

# -- the answer ------------------------------------------------------------------------------------------------------


def answer(
    group: str,
    measured: pd.DataFrame,
    compared: pd.DataFrame,
    effects: pd.DataFrame,
    incidences: pd.DataFrame | None = None,
) -> tuple[str, str]:
    """Return the finding and the answer of the risk-group report.

    Parameters
    ----------
    group : str
        Key of the group.
    measured, compared : DataFrame
        Surveys of the group and of the people it is compared with, after ``prevalence``.
    effects : DataFrame
        Ratios on deficiency with a 95 % interval, from ``risk_factors``.
    incidences : DataFrame, optional
        How many became deficient over time, %, from ``risk_factors``: quoted where there is nothing else.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    name = group_label(group)
    subject = f"{name[0].upper()}{name[1:]}"
    sentences = [*_quoted(measured, compared), *_quoted_ratios(effects)]
    if not sentences and incidences is not None and len(incidences):
        return _became(subject, incidences)
    if not sentences:
        none = "**no prevalence and no ratio with an interval**"
        sentence = f"For {name} these tables hold {none}. What is published is shown below."
        return f"{subject}: no prevalence or ratio with an interval", sentence
    shares = _deficient(measured)
    found = extent(effects) if shares.empty else f"{spread(shares)} deficient{_why_apart(shares)}"
    return f"{subject}: {found}", " ".join(sentences)


def _became(subject: str, incidences: pd.DataFrame) -> tuple[str, str]:
    """Quote how many became deficient: the lowest and the highest figure, which have no interval."""
    rows = incidences.sort_values("value", kind="stable").iloc[[0, -1]].drop_duplicates("id").to_dict("records")
    said = [f"{share(row['value'] / 100)} of {row['population']} ({row['country']})" for row in rows]
    extent_said = " to ".join(dict.fromkeys(share(row["value"] / 100) for row in rows))
    sentence = f"Low in serum B12 were **{' and '.join(said)}**. No interval and no ratio is known."
    return f"{subject}: {extent_said} became deficient", sentence


def _quoted(measured: pd.DataFrame, compared: pd.DataFrame) -> list[str]:
    """Say the most telling row of the group, and that of the people compared in it."""
    sentences = []
    for _, best in most_telling(measured, compared).iterrows():
        value, what = share(*best[ESTIMATE]), definition_label(best["definition"])
        sentences.append(f"Among {best['population']} ({best['country']}), **{value}** had {what}.")
        same = _same_study(_deficient(compared), best["cohort"], best["definition"])
        for _, other in same.sort_values("estimate", na_position="last", kind="stable").head(1).iterrows():
            printed = other["reported_percent"] / 100  # all that there is where no interval is known
            value = share(printed) if pd.isna(other["estimate"]) else share(*other[ESTIMATE])
            sentences.append(f"Of {other['population']}: {value}.")
    return sentences


def _quoted_ratios(effects: pd.DataFrame) -> list[str]:
    if effects.empty:
        return []
    low, high, number_clear = number(effects["value"].min()), number(effects["value"].max()), clear(effects)
    if len(effects) == 1:
        return [f"The one published ratio on deficiency is {low}, {'clear' if number_clear else 'not clear'} of 1."]
    return [
        f"Published ratios on deficiency run from {low} to {high}; {number_clear} of {len(effects)} are clear of 1."
    ]


def _why_apart(shares: pd.DataFrame) -> str:
    """Say what the ends of a range differ in: the definition, or the study."""
    in_order = ordered(shares)
    lowest, highest = in_order.iloc[0], in_order.iloc[-1]
    if lowest["id"] == highest["id"]:
        return ""
    return f", depending on the {'study' if lowest['definition'] == highest['definition'] else 'definition'}"


# -- rows ------------------------------------------------------------------------------------------------------------


def with_comparators(measured: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Rows of the group, each cohort and definition followed by the people compared in it."""
    blocks = []
    for keys, rows in measured.groupby(["cohort", "definition"], sort=False):
        blocks += [rows, _same_study(others, *keys)]
    return pd.concat(blocks) if blocks else measured


def most_telling(measured: pd.DataFrame, compared: pd.DataFrame) -> pd.DataFrame:
    """Row of the group to quote, none where nothing has an interval.

    One whose cut-off is stated, if there is any; among these a plain serum cut-off; among these one with people
    compared; among these the most precise.
    """
    best, others = (rows[rows["estimate"].notna()] for rows in (_deficient(measured), _deficient(compared)))
    if best.empty:
        return best
    has_others = best.set_index(["cohort", "definition"]).index.isin(others.set_index(["cohort", "definition"]).index)
    is_plain = definition_class(best) == "deficient"
    for is_better in (best["definition"] != "stated", is_plain, pd.Series(has_others, best.index)):
        kept = best[is_better.reindex(best.index)]
        best = kept if len(kept) else best
    return best.loc[[best["effective_n"].astype(float).idxmax()]]


def _deficient(surveys: pd.DataFrame) -> pd.DataFrame:
    """Rows whose definition means deficient, not merely low or marginal, and that somebody measured."""
    counted = ~definition_class(surveys).isin(["marginal", "low"])
    return surveys[counted & (surveys["setting"] != "review")] if "setting" in surveys else surveys[counted]


def _same_study(surveys: pd.DataFrame, cohort: str, definition: str) -> pd.DataFrame:
    return surveys[(surveys["cohort"] == cohort) & (surveys["definition"] == definition)]


# -- its figure ------------------------------------------------------------------------------------------------------


def prevalence(group: str, measured: pd.DataFrame, others: pd.DataFrame) -> dict[str, str]:
    """Say how often the group and the people compared were low: title, summary and caption of their figure."""
    shown, other = measured[measured["estimate"].notna()], others[others["estimate"].notna()]
    name = group_label(group)
    said = f"{count(len(shown), 'figure')} with an interval for {name}" + (f": {spread(shown)}." if len(shown) else ".")
    if len(other):
        said += f" The people they were compared with: {spread(other)}."
    low = "deficient" if len(_deficient(measured)) == len(measured) else "deficient or marginal"
    found = f"{spread(measured)} of {name}" if len(measured) else name
    return {
        "title": f"How many are {low}: {found}",
        "summary": said,
        "caption": f"{INTERVALS} Grey pentagons: the people whom the same study compared.",
    }


def published(group: str) -> pd.DataFrame:
    """Give the most precise published prevalence of every risk group by kind of definition; the page's group first."""
    table = risk.group_by_definition()
    table = table.assign(kind=definition_class(table), label=table["group"].map(group_label))
    best = table.sort_values("effective_n", ascending=False, na_position="last", kind="stable")
    best = best.drop_duplicates(["group", "kind"])
    first = best["group"] != group
    order = [first, best["group"].map(list(load("groups")["group"]).index)]
    return best.iloc[np.lexsort([*reversed(order)])].reset_index(drop=True)


def published_words(table: pd.DataFrame, group: str) -> dict[str, str]:
    """Say the span of the published prevalences over groups and definitions."""
    low, high = (table.loc[table["estimate"].agg(which)] for which in ("idxmin", "idxmax"))
    least, most = share(low["estimate"]), share(high["estimate"])
    own = table[table["group"] == group]
    said = f"{len(table['label'].unique())} groups: from {least} ({low['label']}) to {most} ({high['label']})."
    if len(own):
        said += f" {group_label(group).capitalize()}: {spread(own)}."
    return {
        "title": f"Published, all groups by kind of definition: from {least} to {most}",
        "summary": said,
        "caption": "Of each cell the most precise study; below it the 95 % interval where known. Cut-offs differ "
        "within a kind: the table says them.",
    }


# -- what the article says, and where sources disagree ---------------------------------------------------------------


def claim_of(group: str) -> pd.DataFrame:
    """Row of the article's claim on the group; empty where the article says nothing of it."""
    claims = load("claims")
    return claims[claims["id"] == load("groups").set_index("group").loc[group, "claim"]]


def disagreements(group: str) -> pd.DataFrame:
    """Shares on which sources disagree, both sides one below the other: ``label``, ``detail``, ``question``."""
    table = risk.conflicts(group)
    rows = table[(table["unit"] == "share") & table["estimate"].notna() & table["id"].notna()]
    rows = rows[rows.groupby("conflict")["side"].transform("nunique") == 2]

    def detail(row: Row) -> list[str]:
        told = "" if pd.isna(row["definition"]) else definition_label(row["definition"])
        return [told, known(row["modifier"]), row["country"], years(row), known(row["n"], "n {:,}")]

    return labelled(rows, lambda row: row["population"], detail)


def disagreements_words(rows: pd.DataFrame) -> dict[str, str]:
    """Say on what sources disagree and what may explain it."""
    said = [f"{one['question']} {_reason(one)}" for one in rows.drop_duplicates("conflict").to_dict("records")]
    apart = rows["estimate"].agg(["min", "max"])
    return {
        "title": f"Sources disagree, from {share(apart['min'])} to {share(apart['max'])}: {_modifiers(rows)}",
        "summary": " ".join(said),
        "caption": f"{INTERVALS} Each question's two sides stand one below the other.",
    }


def unresolved(group: str) -> list[str]:
    """Say every disagreement on the group, with what may explain it."""
    table = risk.conflicts(group).drop_duplicates("conflict")
    return [f"**Sources disagree: {one['question']}** {_reason(one)}" for one in table.to_dict("records")]


def _reason(one: Row) -> str:
    mark = MARKS[one["explanation_status"]]
    return f"{one['explanation']} ({mark} {one['explanation_status']})"


def _modifiers(rows: pd.DataFrame) -> str:
    words = rows["explained_by"].drop_duplicates().replace({"cut_off": "cut-off", "unknown": "why is not known"})
    return ", ".join(words.str.replace("_", " "))
