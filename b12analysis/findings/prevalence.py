"""What the prevalence report says: the nearest rows to what was asked, and the answer in words."""

from __future__ import annotations

import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.findings.words import (
    ESTIMATE,
    INTERVALS,
    count,
    definition_class,
    definition_label,
    spread,
    the,
    years,
)
from b12analysis.theme import share

__all__ = [
    "CAVEATS",
    "answer",
    "leave_one_out",
    "nearest",
    "six_or_twenty",
    "surveys",
    "used_there",
    "with_class",
    "with_pooled",
]

CAVEATS = [
    "Assays differ: a cut-off on one laboratory's scale finds other people than the same number on another's.",
    "One sample is not a status: serum B12 of one person varies by some 15 to 20 % from one sample to the next.",
    "Where a survey prints no interval, ours takes its people for a simple random sample and is too narrow.",
    "The US survey leaves out people in institutions, among them most nursing-home residents, who are often low.",
]

#: Definitions whose cut-offs differ by less than an assay does.
_NEAR = [
    ("b12_148", "b12_150", "b12_200_pg_ml", "b12_140"),
    ("b12_marginal_221", "b12_marginal_220"),
    ("b12_221", "b12_220"),
]
_AGE_WORDS = {
    "any": "people of any age",
    "all_ages": "people of mixed ages",
    "older_adults": "older adults",
    "adults": "adults",
    "children": "children",
}


def answer(
    studies: pd.DataFrame,
    pooled: pd.DataFrame | None,
    *,
    country: str,
    age_band: str,
    definition: str,
    instead: str = "",
) -> tuple[str, str]:
    """Return the finding and the answer of the prevalence report.

    Parameters
    ----------
    studies : DataFrame
        Surveys of the chosen country, age band and definition, one per cohort, after ``prevalence``.
    pooled : DataFrame or None
        Their pooled estimate, where there are enough of them to state one.
    country, age_band, definition : str
        What was chosen; "any" for all.
    instead : str
        What is known where no survey answers.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    place, who, what = _asked(country, age_band, definition)
    if studies.empty:
        finding = f"No survey of the general population in these tables answers this for {place}"
        said = f" What is known instead: {instead}." if instead else ""
        return finding, f"For {who} in {place}, **no row with an interval** gives the share with {what}.{said}"
    if pooled is None:
        return _quoted(studies, what)
    row = pooled.iloc[0]
    finding = f"How common B12 deficiency is depends on where and whom you measure: {spread(studies)}"
    return finding, (
        f"In {row['k']:.0f} surveys of {who} from {place}, the share with {what} ran from {spread(studies)}; "
        f"the pooled mean is **{share(*row[ESTIMATE])}**, but a further such survey could find "
        f"{share(row['prediction_lower'])} to {share(row['prediction_upper'])}."
    )


def _asked(country: str, age_band: str, definition: str) -> tuple[str, str, str]:
    """Words for place, people and definition."""
    place = "all countries" if country == "any" else the(country)
    return place, _AGE_WORDS.get(age_band, age_band), definition_label(definition)


def _quoted(studies: pd.DataFrame, what: str) -> tuple[str, str]:
    """Quote the most precise survey."""
    best = studies.loc[studies["effective_n"].idxmax()]
    value, people, country = share(*best[ESTIMATE]), best["population"], best["country"]
    several = len(studies) > 1
    finding = f"{value.split(' (')[0]} of {people} ({country}) were low{' in the most precise survey' * several}"
    others = f"; {len(studies)} surveys range from {spread(studies)}" if several else ""
    where = ", ".join(filter(None, (country, years(best))))
    return finding, f"**{value}** of {people} ({where}) had {what}{others}."


def used_there(rows: pd.DataFrame, *, country: str, age_band: str, definition: str) -> str:
    """Return the definition to ask for: the one given, or one with nearly the same cut-off if a country used only that.

    Surveys print 148 or 150 pmol/L for what is 200 or 203 pg/mL; a country's own survey is not passed over for that.

    Examples
    --------
    >>> rows = pd.DataFrame({"country": ["India"], "age_band": ["adults"], "definition": ["b12_150"]})
    >>> rows = rows.assign(cases=14, n=100)
    >>> used_there(rows, country="India", age_band="any", definition="b12_148")
    'b12_150'
    """
    if country == "any":
        return definition
    there = rows[(rows["country"] == country) & ((rows["age_band"] == age_band) | (age_band == "any"))]
    used = set(there["definition"][prevalence(there)["estimate"].notna()]) if len(there) else set()
    near = [name for group in _NEAR if definition in group for name in group if name in used]
    return definition if definition in used or not near else near[0]


def nearest(
    rows: pd.DataFrame, *, country: str, age_band: str, definition: str, otherwise: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, str]:
    """Surveys that answer the question, or else the nearest ones, and words for what they are.

    What was asked is given up step by step: first the definition, then the age band, then the country.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``surveys``.
    country, age_band, definition : str
        What was asked; "any" for all.
    otherwise : DataFrame, optional
        Surveys of other people, to be shown where the country has none of these.

    Returns
    -------
    (DataFrame, str)
        Rows with a figure, never none as long as the definition is used at all, and what they are.
    """
    rows, others = _with_figure(rows), _with_figure(rows if otherwise is None else otherwise)
    place, who, what = _asked(country, age_band, definition)
    there = {"country": country}
    used = "by the definitions that were used there"
    steps = [
        (rows, there | {"age_band": age_band, "definition": definition}, f"{who} in {place} with {what}"),
        (rows, there | {"age_band": age_band}, f"{who} in {place}, {used}"),
        (rows, there, f"{place}, any age, {used}"),
        (others, there, f"{place}, risk groups and patients, {used}"),
        (rows, {"definition": definition}, f"all countries, {what}"),
    ]
    for kept, wanted, words in steps:
        for column, value in wanted.items():
            kept = kept if value == "any" else kept[kept[column] == value]
        if len(kept):
            return kept, words
    return rows, "all surveys, by the definitions that were used"


def _with_figure(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["reported_percent"].notna() | (rows["cases"].notna() & rows["n"].notna())]


def with_pooled(rows: pd.DataFrame, pooled: pd.DataFrame | None, studies: pd.DataFrame) -> pd.DataFrame:
    """Labelled surveys, with the pooled estimate as the last row where there is one (``is_pooled``).

    ``enters`` says which rows are pooled: those of ``studies``.
    """
    enters = rows["id"].isin(studies["id"]) if pooled is not None else pd.Series(False, index=rows.index)
    marked = rows.assign(is_pooled=False, enters=enters.map({True: "yes", False: "no"}))
    if pooled is None:
        return marked
    row = pooled.iloc[0]
    label = f"Pooled over {row['k']:.0f} surveys"
    detail = f"a further such survey: {share(row['prediction_lower'])} to {share(row['prediction_upper'])}"
    texts = {"label": label, "detail": detail, "population": label, "interval": "pooled"}
    last = pooled.drop(columns=["k"]).assign(is_pooled=True, **texts)
    return pd.concat([marked.astype(dict.fromkeys(ESTIMATE, float)), last], ignore_index=True)


def with_class(rows: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Surveys with the class of their definition (``definition_class``), those of the given classes only."""
    classed = rows.assign(definition_class=definition_class(rows))
    return classed[classed["definition_class"].isin(classes)]


def surveys(rows: pd.DataFrame, words: str) -> dict[str, str]:
    """Say what the surveys of a forest plot found; ``words`` says what they are."""
    return {
        "title": f"{spread(rows)}: {words}",
        "summary": f"{count(len(rows), 'published figure')} for {words}: {spread(rows)}, lowest first. "
        "The column `enters` says which of them are pooled.",
        "caption": f"{INTERVALS} Diamond: pooled over surveys that share nobody, random effects (REML, Hartung–Knapp); "
        "dotted: where a further such survey is expected.",
    }


def leave_one_out(without: pd.DataFrame, pooled: pd.DataFrame) -> dict[str, str]:
    """Say how much the pooled estimate hangs on one survey."""
    low, high = without["estimate"].min(), without["estimate"].max()
    mean = share(*pooled.iloc[0][ESTIMATE])
    return {
        "title": f"Without any one survey the pooled mean is {share(low)} to {share(high)}",
        "summary": f"The pooled mean of {mean} when each survey in turn is left out: {share(low)} to {share(high)}.",
        "caption": "Random effects (REML, Hartung–Knapp) on the logit scale. "
        f"Between-survey standard deviation of all: {pooled.iloc[0]['tau2'] ** 0.5:.1f} logits.",
    }


def six_or_twenty(older: pd.DataFrame) -> dict[str, str]:
    """Say what surveys of older adults found by deficient and by marginal definitions."""
    said = []
    for kind, words in [("deficient", "below 148–150 pmol/L (deficient)"), ("marginal", "in a band above (marginal)")]:
        rows = older[(older["definition_class"] == kind) & older["estimate"].notna()]
        said.append(f"{spread(rows)} had serum B12 {words}" if len(rows) else f"no survey with n counted {kind}")
    return {
        "title": "Deficient or marginal: why 6 % and 20 % are both quoted for older adults",
        "summary": f"Of older adults, {said[0]}, and {said[1]}. A review states about 6 % and 20 %, without intervals.",
        "caption": "Orange squares: deficient (below 148–150 pmol/L). Blue circles: marginal (a band above it). "
        "Brown crosses: a wider cut-off. Hollow: no interval known, among them a review's 6 % and 20 %.",
    }
