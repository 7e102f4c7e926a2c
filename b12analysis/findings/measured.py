"""What the US survey (NHANES) measured of risk groups: by which test they are low, and what is left after adjustment.

Each function returns a table ready to draw; each ``..._words`` says what it shows.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.findings.words import ESTIMATE, definition_label, group_label
from b12analysis.nhanes import groups
from b12analysis.nhanes.associations import associations
from b12analysis.theme import number, share

__all__ = [
    "ADJUSTED",
    "BY_TEST",
    "CAVEATS",
    "COLUMNS",
    "CYCLES",
    "DESIGN",
    "ODDS",
    "RATIO",
    "REBUILT",
    "UNCERTAIN",
    "WHO",
    "adjusted",
    "adjusted_words",
    "by_test",
    "by_test_words",
    "key_figures",
    "of_table",
    "rebuilt",
    "rebuilt_words",
    "rests_on",
]

#: The cycles that the page speaks of: the latest with serum B12 and MMA.
CYCLES = "2011-2014"
_YEARS = CYCLES.replace("-", "–")
DESIGN = "95 % intervals with the survey's strata and clusters."
UNCERTAIN = "too uncertain to quote by the standard of the survey's own agency (NCHS 2017)"
WHO = {"20+": "US adults", "60+": "US adults of 60 and over"}
#: Axis of odds ratios and ratios of levels.
RATIO = "ratio (95 % interval), logarithmic scale"
CAVEATS = [
    "The US survey sees people at one moment: what came first, the risk or the low B12, it cannot say. It knows "
    "medicines on prescription only, the diet of one day, and nobody's reasons for taking a supplement.",
]
#: Columns of the heat map.
COLUMNS = {
    "b12_148": "serum<br>B12<br>< 148",
    "b12_221": "serum<br>B12<br>≤ 221",
    "mma_271": "MMA<br>> 271",
    "mma_271_egfr_60": "MMA<br>> 271,<br>eGFR 60+",
    "b12_148_and_mma_271": "both:<br>B12 < 148,<br>MMA > 271",
}
#: Rows of the heat map: who is compared with whom.
_ROWS = [
    *("metformin", "diabetes_no_metformin", "no_diabetes", "ppi", "no_ppi", "h2ra", "supplement_nonusers"),
    *("supplement_users", "low_intake", "no_low_intake", "older_adults", "aged_20_39"),
]
#: What the survey calls the exposure of a group.
_EXPOSURES = {"metformin": "metformin", "ppi": "ppi", "h2ra": "h2ra", "older_adults": "age10"}
_OUTCOMES = {
    "b12_pmol_l": "level of serum B12 (diabetes, 40+)",
    "mma_nmol_l": "level of MMA (diabetes, 40+)",
    "b12_148": "odds of serum B12 below 148",
    "b12_221": "odds of serum B12 of at most 221",
    "mma_271_egfr_60": "odds of MMA above 271, eGFR of 60 or more",
}
#: Words for what is adjusted for.
ADJUSTED = {
    "crude": "not adjusted",
    "medicines_egfr": "adjusted, see below",
}
_KNOWN = "age, sex, ethnicity, medicines, supplement and kidney function"
#: Columns of the tables below the figures.
_KEYS = ["outcome", "adjustment", "cycles", "domain", "measure"]
ODDS = [*_KEYS, *ESTIMATE, "n", "cases", "exposed_cases", "model", "source"]
BY_TEST = ["label", "indicator", "cycles", "age_band", "n", "cases", *ESTIMATE, "se", "df", "flag", "note", "source"]
REBUILT = ["id", "step", "whose", *ESTIMATE, "n", "source", "status"]


def rests_on(*tables: str) -> pd.DataFrame:
    """Name computed tables as a figure's evidence.

    Examples
    --------
    >>> rests_on("nhanes_groups").values.tolist()
    [['nhanes_groups', 'nhanes', 'verified']]
    """
    return pd.DataFrame({"id": tables, "source": "nhanes", "status": "verified"})


def of_table(definition: str, known: pd.Series) -> str:
    """Definition asked for, or serum B12 below 148 where the table has no other."""
    return definition if definition in set(known) else "b12_148"


# -- by which test ---------------------------------------------------------------------------------------------------


def by_test(group: str, age_band: str) -> pd.DataFrame:
    """Prevalence by group and test: ``label``, ``indicator``, ``unsure``; the page's group and its comparator first."""
    chosen = [name for name in _ROWS if age_band == "20+" or name not in ("older_adults", "aged_20_39")]
    own = [group, groups.GROUPS[group].comparator] if group in chosen else []
    order = [*own, *(name for name in chosen if name not in own)]
    table = groups.prevalence(CYCLES, order, list(COLUMNS), age_band=age_band)
    table = table.assign(unsure=table["flag"].str.startswith("suppress"))
    return table.sort_values("group", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def by_test_words(table: pd.DataFrame, group: str, age_band: str) -> dict[str, str]:
    """Say how the group and its comparator differ by serum B12 and by MMA."""
    at = table.set_index(["group", "indicator"])
    label = table.drop_duplicates("group").set_index("group")["label"]

    def said(name: str, indicator: str) -> str:
        row = at.loc[(name, indicator)]
        return f"{share(row['estimate'])}{' (uncertain)' if row['unsure'] else ''}"

    def both(name: str) -> str:
        return f"{label[name]} {said(name, 'b12_148')} and {said(name, 'mma_271_egfr_60')}"

    serum = table[(table["indicator"] == "b12_148") & ~table["unsure"]].set_index("group")["estimate"]
    low, high = serum.idxmin(), serum.idxmax()
    title = f"Below 148 pmol/L: from {share(serum[low])} ({label[low]}) to {share(serum[high])} ({label[high]})"
    summary = f"{WHO[age_band]}, {_YEARS}. By serum B12 below 148 and by MMA above 271 with working kidneys: "
    summary += "; ".join(both(name) for name in label.index) + "."
    caption = f"{DESIGN} In brackets: {UNCERTAIN}. {_asked(label.index)}"
    if group not in groups.GROUPS:
        caption = f"The survey does not know {group_label(group)}; these are the groups that it knows. {caption}"
    if group in label.index:
        other = groups.GROUPS[group].comparator
        title = f"Low by serum B12 and raised by MMA: {both(group)}; {both(other)}"
    return {"title": title, "summary": summary, "caption": caption}


def _asked(names: pd.Index) -> str:
    notes = "Medicines: on prescription only."
    return f"{notes} Diet: food and drink of one day." if "low_intake" in names else notes


def key_figures(group: str, definition: str, age_band: str) -> list[dict]:
    """Key figure of the group in the US survey, for ``page.key_figure``; none where it was not measured."""
    if group not in groups.GROUPS or (group == "older_adults" and age_band == "60+"):
        return []
    of = of_table(definition, pd.Series(list(COLUMNS)))
    row = groups.prevalence(CYCLES, group, of, age_band=age_band).iloc[0]
    if row["flag"].startswith("suppress"):
        return []
    name = f"{row['label']} with {definition_label(of)}, US survey {_YEARS}"
    return [{"name": name, "row": row, "what": "95 % interval"}]


# -- after which adjustment ------------------------------------------------------------------------------------------


def adjusted(group: str, age_band: str) -> pd.DataFrame:
    """Odds ratios by test and adjustment, for metformin the ratios of levels as well; empty where not measured."""
    if group not in _EXPOSURES:
        return pd.DataFrame(columns=[*ODDS, "label", "detail"])
    ratio = {"exposure": _EXPOSURES[group], "adjustment": list(ADJUSTED)}
    table = associations("risk_groups", cycles=["1999-2004", CYCLES], **ratio)
    table = table[table["domain"] == age_band]
    if group == "metformin":
        diabetes = associations("metformin_in_diabetes", outcome=["b12_pmol_l", "mma_nmol_l"], **ratio)
        table = pd.concat([diabetes[diabetes["domain"] == "40+, diabetes"], table])
    order = {name: place for place, name in enumerate([CYCLES, *_OUTCOMES, *ADJUSTED])}
    rows = table[table["outcome"].isin(_OUTCOMES)].sort_values(
        ["cycles", "outcome", "adjustment"], key=lambda keys: keys.map(order), kind="stable", ignore_index=True
    )
    years = rows["cycles"].str.replace("-", "–")
    return rows.assign(label=rows["outcome"].map(_OUTCOMES) + ", " + years, detail="n " + rows["n"].map("{:,}".format))


def adjusted_words(table: pd.DataFrame, group: str, published: pd.DataFrame) -> dict[str, str]:
    """Say what is left after adjustment, and whether the literature points the same way."""
    latest = table[table["cycles"] == CYCLES].set_index(["outcome", "adjustment"])[ESTIMATE]

    def said(outcome: str, digits: int | None = None) -> str:
        middle, low, high = (number(latest.loc[(outcome, "medicines_egfr"), part], digits) for part in ESTIMATE)
        return f"{middle} ({low}–{high})"

    serum, mma = (said(outcome) for outcome in ("b12_221", "mma_271_egfr_60"))
    what = "Each further ten years of age" if group == "older_adults" else groups.GROUPS[group].label.capitalize()
    title = f"{what}: odds ratio {serum} for serum B12 of at most 221, {mma} for raised MMA"
    summary = f"{_YEARS}, adjusted for {_KNOWN}."
    if group == "metformin":
        level, tissue = (said(name, 2) for name in ("b12_pmol_l", "mma_nmol_l"))
        title = f"With diabetes, serum B12 of metformin users is {level} times that of others, and MMA {tissue} times"
        summary += " Levels: of people with diabetes aged 40 and over. Odds ratios: of all adults."
    caption = (
        f"Odds ratios by logistic regression, levels as ratios of geometric means. {DESIGN} Adjusted for {_KNOWN}; not "
        "for income, smoking, alcohol or illness."
    )
    return {"title": title, "summary": summary, "caption": f"{caption} {_direction(latest, published)}".strip()}


def _direction(latest: pd.DataFrame, published: pd.DataFrame) -> str:
    """Say where the survey and the literature point different ways."""
    above = (published["lower"] > 1).sum()
    ours = latest.loc[("b12_221", "medicines_egfr")]
    if ours["estimate"] >= 1 or not above:
        return ""
    here = "lower" if ours["upper"] < 1 else "not clearly higher"
    return (
        f"Here the odds of low serum B12 are {here}, while {above} of {len(published)} published ratios are clearly "
        "above 1. Medicines bought without prescription are missing here, and in the largest study somebody chose whom "
        "to test."
    )


# -- a paper rebuilt -------------------------------------------------------------------------------------------------


def rebuilt(group: str) -> pd.DataFrame:
    """Prevalence by metformin as Reinstatler 2012 printed it, and as it comes out of the files; else empty."""
    table = evidence.load("replications").query("source == 'reinstatler2012' and unit == '%'")
    table = table[table["reading"] == "literal"] if group == "metformin" else table.iloc[:0]
    share_of = {part: table[part].astype(float) / 100 for part in ("printed", "ours", "lower", "upper")}
    unknown = pd.Series(float("nan"), index=table.index)
    printed = table.assign(whose="printed", detail="as printed", estimate=share_of["printed"])
    printed = printed.assign(lower=unknown, upper=unknown)
    ours = table.assign(whose="computed", detail="our computation", estimate=share_of["ours"])
    ours = ours.assign(lower=share_of["lower"], upper=share_of["upper"])
    both = pd.concat([printed, ours])
    return both.assign(label=both["step"]).sort_index(kind="stable").reset_index(drop=True)


def rebuilt_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what was printed beside what we find."""
    pairs = [rows.set_index("whose")["estimate"] for _, rows in table.groupby("label", sort=False)]
    said = ", ".join(f"{100 * pair['printed']:.1f} and {100 * pair['computed']:.1f}" for pair in pairs)
    return {
        "title": f"Reinstatler 2012 made again: {said} %",
        "summary": f"Printed and computed, of people of 50 and over, 1999–2006, by metformin and diabetes: {said} %.",
        "caption": "Serum B12 of 148 pmol/L or less. Hollow: as printed. The report replications has every reading.",
    }
