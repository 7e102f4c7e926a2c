"""Words shared by all findings: labels of definitions, groups and rows, and how a spread is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from b12analysis.evidence import load
from b12analysis.theme import MARKS, share

__all__ = ["SURVEY_COLUMNS", "group_label", "headlines", "label_surveys", "ordered", "spread", "the", "together"]

#: A row of a table as a dictionary.
Row = dict[str, Any]

#: Columns that the tables of a page share, and those of a table of surveys.
ESTIMATE = ["estimate", "lower", "upper"]
ORIGIN = ["source", "status"]
_COUNTS = ["cases", "n", "reported_percent"]
SURVEY_COLUMNS = ["id", "population", "country", "definition", *_COUNTS, *ESTIMATE, "interval", *ORIGIN, "note"]

#: What the intervals of surveys are.
INTERVALS = "95 % intervals: as printed, else Wilson's from n, too narrow for a survey in clusters. Hollow: none known."


def definition_label(definition: str) -> str:
    """Words for a definition of deficiency.

    Examples
    --------
    >>> definition_label("b12_148")
    'serum B12 below 148 pmol/L'
    """
    if definition == "any":
        return "deficiency by any definition"
    return str(load("biomarkers").set_index("definition").loc[definition, "label"])


def definition_class(surveys: pd.DataFrame) -> pd.Series:
    """Class of each row's definition, such as "deficient" or "marginal"."""
    return surveys["definition"].map(load("biomarkers").set_index("definition")["definition_class"])


def group_label(group: str) -> str:
    """Words for a group of people.

    Examples
    --------
    >>> group_label("metformin")
    'metformin users'
    """
    return str(load("groups").set_index("group").loc[group, "label"])


def short(text: str, length: int = 72) -> str:
    """Cut a text at a word; the page cuts further where the screen is narrow."""
    if len(text) <= length:
        return text
    return f"{text[: length - 2].rsplit(' ', 1)[0]} …"


def known(value: Any, text: str = "{}") -> str:
    """Put a value into a text; nothing where the value is missing.

    Examples
    --------
    >>> known(1200, "n {:,}"), known(None, "n {:,}")
    ('n 1,200', '')
    """
    return "" if pd.isna(value) else text.format(value)


def years(row: Row) -> str:
    """First and last year of a row; nothing where they are not known."""
    if pd.isna(row["year_start"]):
        return ""
    published = "publ. " if "year of publication" in str(row.get("note", "")) else ""
    end = row["year_end"]
    one = pd.isna(end) or end == row["year_start"]
    return f"{published}{row['year_start']}" if one else f"{row['year_start']}–{end}"


def count(n: int, noun: str) -> str:
    """Count things: "1 survey", "2 surveys"."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def labelled(table: pd.DataFrame, label: Callable[[Row], str], detail: Callable[[Row], list[str]]) -> pd.DataFrame:
    """Add the texts that a forest plot shows beside each row.

    Parameters
    ----------
    table : DataFrame
        Any rows with a ``status``.
    label, detail : callable
        Take a row; return its label, and what else is to be said of it.

    Returns
    -------
    DataFrame
        The rows, ``label``, and ``detail``: the mark of the status and all that is not empty, joined by dots.
    """
    rows = table.to_dict("records")
    details = [[MARKS[row["status"]], *detail(row)] for row in rows]
    return table.assign(
        label=[short(label(row)) for row in rows], detail=[" · ".join(filter(None, parts)) for parts in details]
    )


def label_surveys(studies: pd.DataFrame, *, by: str = "population") -> pd.DataFrame:
    """Add the texts that a forest plot shows beside each survey.

    Parameters
    ----------
    studies : DataFrame
        Rows of ``surveys``, as they are or after ``prevalence``.
    by : {"population", "definition", "group"}
        What the label names: country and people, the definition, or the people alone; the rest is the detail.

    Returns
    -------
    DataFrame
        The rows, and ``label``, ``detail``.
    """
    definitions = load("biomarkers").set_index("definition")["label"]
    other = "population" if by == "definition" else "definition"
    is_same = len(studies[other].unique()) == 1  # then it belongs into the title

    def people(row: Row) -> str:
        return row["population"] if by == "group" else f"{row['country']}: {row['population']}"

    def definition(row: Row) -> str:
        return str(definitions[row["definition"]])

    label, beside = (definition, people) if by == "definition" else (people, definition)

    twice = studies.duplicated(["population", "definition"], keep=False)

    def detail(row: Row) -> list[str]:
        country = row["country"] if by == "group" else ""
        told = "" if is_same else short(beside(row), 44)
        return [told, _ages(row) if row["_twice"] else "", country, years(row), known(row["n"], "n {:,}")]

    return labelled(studies.assign(_twice=twice), label, detail).drop(columns="_twice")


def _ages(row: Row) -> str:
    """First and last age of a row; nothing where they are not known."""
    if pd.isna(row.get("age_min")):
        return ""
    return f"{row['age_min']:g} and over" if pd.isna(row["age_max"]) else f"aged {row['age_min']:g}–{row['age_max']:g}"


def headlines(studies: pd.DataFrame, pooled: pd.DataFrame | None = None) -> list[dict]:
    """Key figures of a prevalence, for ``page.key_figure``: pooled, or of the most precise survey."""
    if pooled is not None:
        row = pooled.iloc[0]
        return [{"name": f"pooled over {row['k']:.0f} surveys", "row": row, "what": "95 % interval of the mean"}]
    if studies.empty:
        return []
    best = studies.loc[studies["effective_n"].idxmax()]
    return [{"name": f"{best['population']}, {best['country']}", "row": best, "what": "95 % interval"}]


def together(*tables: pd.DataFrame) -> pd.DataFrame:
    """Rows of several tables below each other, each row once."""
    return pd.concat(tables, ignore_index=True).drop_duplicates("id")


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows from the lowest to the highest estimate; those with a reported percentage only stand among them."""
    percent = (100 * rows["estimate"]).astype(float)
    if "reported_percent" in rows:
        percent = percent.fillna(rows["reported_percent"].astype(float))
    return rows.assign(_percent=percent).dropna(subset=["_percent"]).sort_values("_percent").drop(columns="_percent")


#: Countries whose names take an article.
_WITH_ARTICLE = (
    "Bahamas, Comoros, Dominican Republic, Gambia, Maldives, Netherlands, Philippines, United Kingdom, United States"
)


def the(country: str) -> str:
    """Name a country in a sentence.

    Examples
    --------
    >>> the("United States"), the("Ghana"), the("United Kingdom; United States")
    ('the United States', 'Ghana', 'the United Kingdom and the United States')
    """
    if country == "worldwide":
        return "the world"
    names = country.split("; ")
    return " and ".join(f"the {name}" if name in _WITH_ARTICLE.split(", ") else name for name in names)


def spread(rows: pd.DataFrame, *, scale: float = 100) -> str:
    """Lowest and highest estimate in words, as per cent; ``scale=1`` where they are per cent already.

    A printed percentage stands in where there is no estimate, and limits where there is only a range.

    Examples
    --------
    >>> spread(pd.DataFrame({"estimate": [0.022, 0.4]}))
    '2.2 % to 40 %'
    """
    values = rows["estimate"].astype(float) * scale / 100
    if "reported_percent" in rows:
        values = values.fillna(rows["reported_percent"].astype(float) / 100)
    low, high = values.min(), values.max()
    if pd.isna(low):
        low, high = rows["lower"].min() * scale / 100, rows["upper"].max() * scale / 100
    return share(low) if low == high or pd.isna(low) else f"{share(low)} to {share(high)}"
