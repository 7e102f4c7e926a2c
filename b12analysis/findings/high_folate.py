"""What went with high folate among people low in B12: published ratios beside ours, and what they hang on."""

from __future__ import annotations

import pandas as pd

from b12analysis import masking
from b12analysis.findings.words import ESTIMATE
from b12analysis.nhanes import folate
from b12analysis.theme import number

__all__ = [
    "COLUMNS",
    "WHO",
    "beside",
    "beside_words",
    "direct",
    "interactions",
    "interactions_words",
    "low_high",
    "one_by_one",
    "our_direct",
    "ratio",
]

#: Words for who made a ratio.
WHO = {"published": "published", "healthy": "ours, ill left out", "everybody": "ours, everybody"}
#: Columns of the tables that a page shows.
COLUMNS = ["label", "who", "id", "n", "cases", *ESTIMATE, "source", "status", "note"]
_OUTCOMES = {"anaemia": "anaemia", "cognitive_impairment": "cognitive impairment", "macrocytosis": "large cells"}
#: How sure our odds ratios are: the creatinine above which people are ill is ours, the limit of large cells recalled.
_SURE = {"healthy": "assumption", "everybody": "verified"}


def _ours(population: str, statistic: str, outcome: str | None = None) -> pd.DataFrame:
    rows = masking.measured(outcome, statistic=statistic, population=population)
    recalled = (rows["outcome"] == "macrocytosis") & (population == "everybody")
    status = recalled.map({True: "recalled", False: _SURE[population]})
    few = rows["note"].fillna("").str.startswith("few")
    origin = {"id": "nhanes_folate", "source": "nhanes", "cohort": "nhanes_1999_2006", "who": population}
    return rows.assign(**origin, status=status, hollow=few)


def beside(outcome: str) -> pd.DataFrame:
    """Odds ratios by B12 and folate status: published ones, each group once, and ours of the same survey.

    Parameters
    ----------
    outcome : {"anaemia", "cognitive_impairment"}
        What with.

    Returns
    -------
    DataFrame
        ``label``, ``who``, ``hollow`` (one of our groups holds few with the outcome) and the columns of ``COLUMNS``.
    """
    theirs = masking.published(outcome).query("counted and id != ''").assign(who="published", hollow=False)
    ours = _ours("healthy", "odds_ratio", outcome)
    ours = ours.query("reference_b12 == 'normal' and reference_folate == 'normal'")
    both = pd.concat([_plain(theirs), _plain(ours)], ignore_index=True)
    us = both["cohort"] == "nhanes_1999_2006"
    group = both["b12_status"].str.capitalize() + " B12, " + both["folate_status"] + " folate"
    unprinted = both["direction"].notna().groupby([group, us]).transform("any")
    group += unprinted.map({True: " (published: “below 1”)", False: ""})
    british = "UK, " + both["folate_status"] + " folate: low against normal B12"
    both = both.assign(label=group.where(us, british), _uk=~us)
    order = both.sort_values(["_uk", "b12_status", "folate_status"], ascending=[True, False, False], kind="stable")
    # high folate alone, low B12 alone, both
    return order.drop(columns="_uk").reset_index(drop=True)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(dict.fromkeys(ESTIMATE, float))


def direct(outcome: str) -> pd.Series:
    """Return the published odds ratio of high folate among people low in B12."""
    return masking.published(outcome).query("reference_b12 == 'low'").iloc[0]


def our_direct(outcome: str, population: str = "healthy") -> pd.Series:
    """Return ours of the same, of those whom the papers examined or of everybody."""
    return _ours(population, "odds_ratio", outcome).query("reference_b12 == 'low'").iloc[0]


def beside_words(table: pd.DataFrame, outcome: str) -> dict[str, str]:
    """Say what went with high folate among people low in B12."""
    us = table[table["cohort"] == "nhanes_1999_2006"].set_index(["b12_status", "folate_status", "who"])
    theirs, ours = (us.loc[("low", "high", who)] for who in ("published", "healthy"))
    alone, ours_alone = (us.loc[("low", "normal", who)] for who in ("published", "healthy"))
    uk = table[table["cohort"] == "oxford_banbury"]
    said = "; ".join(f"{row['folate_status']} folate {ratio(row)}" for row in uk.to_dict("records"))
    clarke = (
        f" A UK study (Clarke 2008) found no interaction with folate; odds ratio of low B12: {said}." if said else ""
    )
    british = "; UK: holoTC below 45 pmol/L, folate above 60 nmol/L" if said else ""
    what = _OUTCOMES[outcome]
    more = "more, not less," if theirs["estimate"] > alone["estimate"] else "less"
    return {
        "title": f"Low B12 with high folate went with {more} {what}: {number(theirs['estimate'])} times the odds of "
        f"normal B12 and folate; with normal folate {number(alone['estimate'])} times (published)",
        "summary": f"Older Americans, 1999–2002, against normal B12 and normal folate. Low B12 and high folate: "
        f"{ratio(theirs)} published, {ratio(ours)} ours; low B12 and normal folate: {ratio(alone)} and "
        f"{ratio(ours_alone)}. High against normal folate among those low in B12: {ratio(direct(outcome))} and "
        f"{ratio(our_direct(outcome))}. {_size(outcome)}{clarke}",
        "caption": f"Odds ratios, 95 % intervals. High: serum folate above {folate.HIGH_FOLATE} nmol/L; low B12: below "
        f"148 pmol/L or MMA above 210 nmol/L{british}. Hollow: under {folate.FEW_CASES} cases in a group. Morris 2007 "
        "and Selhub 2009 examined the same people: each group stands once.",
    }


def _size(outcome: str) -> str:
    """Say on how many people our group of low B12 and high folate rests, and so whether the size can be had."""
    group = low_high(outcome, "healthy")
    few = group["cases"] < folate.FEW_CASES
    found = "the direction is the published one, the size cannot be had" if few else "direction as published"
    return f"Of our {group['n']} people low in B12 and high in folate {group['cases']} had it: {found}."


def low_high(outcome: str, population: str) -> pd.Series:
    """Return our group low in B12 and high in folate: people, and those with the outcome."""
    rows = masking.measured(outcome, statistic="prevalence", population=population)
    return rows.set_index(["b12_status", "folate_status"]).loc[("low", "high")]


def interactions() -> pd.DataFrame:
    """By how many times high folate multiplies the odds ratio of low B12: published, and ours of two populations.

    Returns
    -------
    DataFrame
        As of :func:`beside`; of a published lower bound ``estimate`` is the bound, and ``hollow``.
    """
    theirs = masking.interactions().query("counted")
    bound = theirs["at_least"].notna()
    theirs = theirs.assign(estimate=theirs["estimate"].fillna(theirs["at_least"]), hollow=bound, note=theirs["basis"])
    theirs = theirs.assign(who="published", id=theirs["ids"])
    ours = [_plain(_ours(population, "ratio_of_odds_ratios")) for population in _SURE]
    both = pd.concat([_plain(theirs), *ours], ignore_index=True)
    place = both["cohort"].map({"oxford_banbury": "UK"}).fillna("US")
    names = both["outcome"].map(_OUTCOMES).str.capitalize() + ", " + place
    bounded = both["at_least"].notna().groupby(names).transform("any")
    both = both.assign(label=names + bounded.map({True: " (published: above the mark)", False: ""}))
    keys = both.assign(_outcome=both["outcome"].map(list(_OUTCOMES).index), _uk=place == "UK")
    return both.loc[keys.sort_values(["_outcome", "_uk"], kind="stable").index].reset_index(drop=True)


def one_by_one(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that a table rests on, ``id`` by ``id`` where several make one ratio.

    Examples
    --------
    >>> one_by_one(pd.DataFrame({"id": ["E05 E06"], "source": "morris2007"}))["id"].tolist()
    ['E05', 'E06']
    """
    return table.assign(id=table["id"].str.split()).explode("id", ignore_index=True)


def interactions_words(table: pd.DataFrame) -> dict[str, str]:
    """Say that the result hangs on who is left out."""
    ours = table[table["who"] != "published"].assign(what=table["outcome"].map(_OUTCOMES))
    said = {
        who: ", ".join(f"{row['what']} {ratio(row)}" for row in rows.to_dict("records"))
        for who, rows in ours.groupby("who")
    }
    clear = ours[(ours["lower"] > 1) | (ours["upper"] < 1)]
    below = ", ".join(ours.loc[ours["estimate"] < 1, "what"].drop_duplicates())
    names = ", ".join(f"{row['what']} ({WHO[row['who']]})" for row in clear.to_dict("records"))
    people = {who: low_high("anaemia", who)["n"] for who in _SURE}
    rest = ours[ours["who"] == "everybody"].set_index("outcome")
    anaemia, cognition = (rest.loc[name] for name in ("anaemia", "cognitive_impairment"))
    open_ = all(row["lower"] < 1 < row["upper"] for row in (anaemia, cognition))
    return {
        "title": f"With the ill counted in, high folate multiplies the odds ratio of low B12 by {ratio(anaemia)} for "
        f"anaemia and {ratio(cognition)} for cognition{': no clear difference' if open_ else ''}",
        "summary": "By how many times high folate multiplies the odds ratio of low B12; below 1 it would hide. Ours, "
        f"the ill left out ({people['healthy']} people low in B12 and high in folate): {said['healthy']}. Everybody "
        f"({people['everybody']}): {said['everybody']}. Clear of 1: {names or 'none'}. Below 1, as hiding would have "
        f"it: {below or 'none'}; nobody has published that.",
        "caption": "Ratios of odds ratios, 95 % intervals, adjusted for age, sex, ethnic group, education, smoking, "
        f"alcohol and creatinine. Hollow: under {folate.FEW_CASES} cases in a group, or a lower bound. Published: our "
        "division of two printed odds ratios, taken as independent.",
    }


def ratio(row: pd.Series, middle: str = "estimate") -> str:
    """Say a ratio with its interval; ``middle`` names the column of the ratio.

    Examples
    --------
    >>> ratio(pd.Series({"estimate": 3.1, "lower": 1.5, "upper": 6.6}))
    '3.1 (1.5–6.6)'
    """
    estimate, lower, upper = (number(row[name]) for name in (middle, "lower", "upper"))
    return f"{estimate} ({lower}–{upper})"
