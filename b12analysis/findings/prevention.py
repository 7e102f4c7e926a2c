"""What prevention would bring: how risks come together, what share of low B12 goes with them, what testing finds.

All of it is computed from the US survey (NHANES). Each function returns a table ready to draw; each ``..._words`` says
what it shows.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.findings.measured import CYCLES, DESIGN, UNCERTAIN, WHO, of_table
from b12analysis.findings.words import ESTIMATE, definition_label
from b12analysis.nhanes import groups
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.nhanes.fractions import fractions as stored_fractions
from b12analysis.testing import yield_curve
from b12analysis.theme import share

__all__ = [
    "CURVE",
    "CUTOFF",
    "FRACTIONS",
    "KINDS",
    "LINES",
    "OVERLAPS",
    "SHARE",
    "curve",
    "curve_words",
    "fractions",
    "fractions_words",
    "overlaps",
    "overlaps_words",
    "sets",
    "unstated",
]

_YEARS = CYCLES.replace("-", "–")
#: Columns of the tables below the figures.
FRACTIONS = ["exposure", "kind", "exposed", *ESTIMATE, "lowest", "highest", "observed", "n", "cases", "source"]
OVERLAPS = ["combination", "people", "share", "share_lower", "share_upper", "n", "cases", *ESTIMATE, "flag"]
OVERLAPS += ["case_share", "case_share_lower", "case_share_upper", "source"]
CURVE = ["population", "reference_label", "cutoff", "what", *ESTIMATE]
#: Axes, with their units.
SHARE = "share of all such people, % (95 % interval)"
CUTOFF = "cut-off of serum B12, pmol/L"
#: Words for the kinds of attributable fraction.
KINDS = {"single": "taken away alone", "average": "its average part of the whole", "joint": "all together"}
#: Words for the risks that may come together, short enough for a phone.
SETS = {
    "older_adults": "60+",
    "metformin": "metf.<br> ",
    "acid_suppressant": "acid",
    "supplement_nonusers": "no<br>pill",
    "low_intake": "low<br>diet",
}
_IN_FULL = {
    "older_adults": "60 and over",
    "metformin": "metformin",
    "acid_suppressant": "acid suppressant",
    "supplement_nonusers": "no supplement",
    "low_intake": "little in the diet",
}
_RISKS = {"metformin": "metformin", "no_supplement": "no supplement with B12", "acid_suppressant": "acid suppressants"}
#: Whom to test, for the group of the page: cells of the survey, by age band.
_TESTED = {"metformin": "metformin_{}", "ppi": "ppi_20+", "older_adults": "65+", "food_malabsorption": "65+"}

# -- with which other risks ------------------------------------------------------------------------------------------


def overlaps(definition: str, age_band: str) -> pd.DataFrame:
    """List combinations of risks, the most frequent first: ``share``, prevalence, ``case_share``, ``unsure``."""
    known = evidence.load("nhanes_overlaps")["indicator"]
    table = groups.overlaps(of_table(definition, known), age_band=age_band)
    table = table.assign(unsure=table["flag"].str.startswith("suppress"))
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def sets(table: pd.DataFrame) -> dict[str, str]:
    """Words for the risks that vary in the table; age does not where everybody is old."""
    return {name: words for name, words in SETS.items() if name in table and len(table[name].dropna().unique()) > 1}


def overlaps_words(table: pd.DataFrame, drawn: pd.DataFrame, age_band: str) -> dict[str, str]:
    """Say how many people have at least one of the risks, and how many of those who are low."""
    risks = sets(table)
    free = table[table["combination"] == "none"].iloc[0]
    low = share(1 - free["case_share"], 1 - free["case_share_upper"], 1 - free["case_share_lower"])
    most = table.loc[table["case_share"].idxmax()]
    together = [_IN_FULL[name] for name in risks if most[name]]
    who, what = WHO[age_band], definition_label(free["indicator"])
    return {
        "title": f"{share(1 - free['share'])} of {who} have one of {len(risks)} risks or more; of those with {what}, "
        f"{low} do",
        "summary": f"Of those with {what}, {low} have one of the risks. The combination with most of them, "
        f"{' + '.join(together)}, has {share(most['share'])} of people and {share(most['case_share'])} of them.",
        "caption": f"The {len(drawn)} most frequent of {len(table)} combinations; US survey {_YEARS}. "
        f"{DESIGN} Hollow: {UNCERTAIN}. metf., acid: metformin, acid suppressant on prescription; no pill: "
        "no supplement with B12 in 30 days; low diet: below 2.4 µg on the day asked.",
    }


# -- what share goes with them ---------------------------------------------------------------------------------------


def fractions(definition: str, age_band: str) -> pd.DataFrame:
    """Attributable fractions that are stated: ``label`` the exposure, ``kind`` of ``KINDS``."""
    table = _fractions(definition, age_band)
    exposed = table[table["kind"] == "single"].set_index("exposure")["exposed"]

    def label(exposure: str) -> str:
        words = " and ".join(_RISKS[name] for name in exposure.split(" + "))
        return f"{words} ({share(exposed[exposure])} of people)" if exposure in exposed.index else words

    stated = table[table["reason"].isna()].reset_index(drop=True)
    return stated.assign(label=stated["exposure"].map(label))


def _fractions(definition: str, age_band: str) -> pd.DataFrame:
    known = evidence.load("nhanes_fractions")["indicator"]
    return stored_fractions(CYCLES, indicator=of_table(definition, known), age_band=age_band)


def fractions_words(table: pd.DataFrame, age_band: str) -> dict[str, str]:
    """Say what share each exposure and all together would account for, if they were causes."""
    single = table[table["kind"] == "single"].sort_values("estimate", ascending=False)
    parts = [f"{_RISKS[row['exposure']]} {share(*row[ESTIMATE])}" for _, row in single.iterrows()]
    what = definition_label(table["indicator"].iloc[0])
    summary = f"{WHO[age_band]}, {_YEARS}, {what}. Taken away alone: {'; '.join(parts)}."
    if len(single) > 1:
        joint = table.loc[table["kind"] == "joint", ESTIMATE].iloc[0]
        summary += f" Together: {share(*joint)}. The average shares add up to it; the single ones count overlaps twice."
    return {
        "title": f"If they were causes, their shares of {what}: {'; '.join(parts)}",
        "summary": summary,
        "caption": "Risk standardised by a logistic model with age, sex and ethnicity (g-computation); intervals know "
        "the survey's design. Associations at one moment; diabetes is not in the model: metformin stands for it too.",
    }


def unstated(definition: str, age_band: str) -> list[str]:
    """Say which exposures of the survey have no share, and why."""
    rows = _fractions(definition, age_band).query("kind == 'single' and reason.notna()")
    return [
        f"**No share of deficiency is stated for {_RISKS[row['exposure']]}** in the US survey: {row['reason']}."
        for row in rows.to_dict("records")
    ]


# -- what testing finds ----------------------------------------------------------------------------------------------

#: What stands in for the truth, in words short enough for a phone.
_REFERENCES = {"mma_271": "MMA above 271 nmol/L", "mma_271_egfr_60": "the same, eGFR of 60 or more"}
#: Lines of the curve.
LINES = {"sensitivity": "of those with raised MMA, found", "ppv": "of those found, with raised MMA"}


def curve(group: str, age_band: str) -> pd.DataFrame:
    """Trace what serum B12 finds of raised MMA as its cut-off moves: ``panel``, ``what``; the group, or its ages."""
    population = _TESTED.get(group, "{}").format(age_band)
    table = yield_curve(population, list(_REFERENCES), cycles=CYCLES)
    ends = {"estimate": "", "lower": "_lower", "upper": "_upper"}
    parts = [table.assign(what=what, **{end: table[what + suffix] for end, suffix in ends.items()}) for what in LINES]
    return (
        pd.concat(parts, ignore_index=True)
        .dropna(subset=ESTIMATE)
        .assign(panel=lambda t: t["reference"].map(_REFERENCES))
    )


def curve_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what the usual cut-off finds and misses, and where that is too uncertain to be quoted."""
    at = table[(table["cutoff"] == 148) & (table["reference"] == "mma_271_egfr_60")].set_index("what")[ESTIMATE]
    who = POPULATIONS[table["population"].iloc[0]].label
    found, right = (share(*at.loc[what]) for what in LINES)
    estimate, lower, upper = at.loc["sensitivity"]
    uncertain = upper - lower > 1.3 * estimate  # the survey's agency would not print such a share
    return {
        "title": f"Of {who} with raised MMA and working kidneys, serum B12 below 148 finds {found}"
        f"{', too uncertain to quote' if uncertain else ''}",
        "summary": f"{who[0].upper()}{who[1:]} with working kidneys: serum B12 below 148 pmol/L finds {found} of those "
        f"with MMA above 271 nmol/L; of those whom it finds {right} have it. A milder cut-off finds more and is right "
        "less often.",
        "caption": f"MMA stands in for the truth, which no test is. Dotted: 148 pmol/L. US survey {_YEARS}; 95 % "
        "intervals of as many people as the survey's design is worth.",
    }
