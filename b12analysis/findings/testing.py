"""What a way of testing finds in a population: positives, cases found and missed, and what a cut-off does to them.

No test is the truth. A page therefore answers by every reference definition, and says where a definition rests on the
markers that were tested. ``effort`` says what each case found takes; ``truths``, what two tests say of each other.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.findings.country import CENSUS
from b12analysis.findings.words import ESTIMATE, the
from b12analysis.nhanes import groups
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.testing import REFERENCES, people_of, plans, testing_yield, yield_curve
from b12analysis.theme import number, share

__all__ = [
    "CAVEATS",
    "CENSUS",
    "CURVE",
    "HOLLOW",
    "INTERVALS",
    "OUTCOMES",
    "RESTS_ON",
    "answer",
    "caveats",
    "claims",
    "counts",
    "counts_words",
    "curve",
    "curve_words",
    "extent",
    "key_figures",
    "labelled",
    "named",
    "people",
    "references",
    "who",
    "yields",
]

#: What the figures rest on.
RESTS_ON = pd.DataFrame({"id": ["nhanes_cells"], "source": ["nhanes"], "status": ["verified"]})
#: The claims that the page shows.
_CLAIMS = ["claim-X1", "claim-G2", "claim-V1"]
#: Populations whose label alone does not name people.
_WHO = {
    "no_supplement_20+": "adults of 20 and over without a B12 supplement",
    "no_supplement_65+": "adults of 65 and over without a B12 supplement",
    "diabetes_no_metformin_20+": "adults with diabetes who take no metformin",
}
#: Reference definitions in a few words.
_SHORT = {
    "b12_148": "B12 below 148",
    "mma_271": "MMA above 271",
    "mma_271_egfr_60": "MMA above 271, kidneys working",
    "b12_148_and_mma_271": "both markers",
    "b12_148_or_mma_271": "either marker",
}
#: The same as the title says them.
_MARKERS = _SHORT | {"b12_148": "serum B12", "mma_271": "MMA", "mma_271_egfr_60": "MMA"}
_CIRCULAR = {"no": "", "in part": ", which is tested in part", "wholly": ", which is what is tested"}
_WITH = {False: "", True: " with working kidneys"}
#: Which definition comes first where none is chosen.
_FIRST = "mma_271"
#: Groups of the US survey that tell how many people are in a population.
_EXPOSED = {
    "metformin": "metformin",
    "ppi": "ppi",
    "b12_supplement": "supplement_nonusers",
    "_other_diabetes": "diabetes_no_metformin",
}
#: Columns of ``testing_yield`` that count people or tests.
_COUNTED = ("tests", "positives", "true_positives", "false_positives", "missed", "later_tests")
OUTCOMES = {
    "true_positives": "positive and deficient",
    "false_positives": "positive, not deficient",
    "missed": "deficient, missed",
}
CURVE = {"sensitivity": "of the deficient, found", "ppv": "of those found, deficient"}
INTERVALS = (
    "95 % intervals: exact binomial with the effective number of people (those examined over the largest design effect "
    "of the main shares)."
)
HOLLOW = "Hollow: the definition rests, wholly or in part, on the markers tested, which flatters the test."
CAVEATS = [
    "**No test is the truth.** A definition by the markers that are tested is circular: by it the test finds nearly "
    "all and misses few. What people gain from being found is not in these numbers; no trial of regular testing with "
    "nerve outcome is in these tables.",
    "**MMA rises with failing kidneys too**, so some of the raised MMA of older people is no lack of B12. One "
    "definition keeps to people whose filtration rate (eGFR) is at least 60; it is silent on the others.",
    "**This is the US survey of 2011 to 2014**: its people, assays (Roche for serum B12) and supplements. Elsewhere "
    "deficiency is more or less common, and the same cut-off on another assay finds other people.",
    "**Intervals rest on an effective number of people**, one for each population, on the safe side: those of main "
    "shares are as wide as the survey's own, or up to three times wider; shares among few people, a fifth narrower at "
    "worst.",
]


def who(population: str) -> str:
    """Name the people who are tested.

    Examples
    --------
    >>> who("no_supplement_65+")
    'adults of 65 and over without a B12 supplement'
    """
    return _WHO.get(population, POPULATIONS[population].label)


def references(reference: str = "any") -> list[str]:
    """Return all definitions, the chosen one first.

    Examples
    --------
    >>> references("b12_148")[:2]
    ['b12_148', 'mma_271']
    """
    first = _FIRST if reference == "any" else reference
    return [first, *(name for name in REFERENCES if name != first)]


def named(reference: str) -> dict[str, str]:
    """Return words for the definitions that a figure with many rows compares: all, or the chosen one.

    Examples
    --------
    >>> named("b12_148")
    {'b12_148': 'B12 below 148'}
    """
    return _SHORT if reference == "any" else {reference: _SHORT[reference]}


def claims() -> tuple[list[pd.Series], dict[str, pd.DataFrame]]:
    """Return the claims that the page is about, and by their ids the rows that each verdict rests on."""
    table = evidence.load("claims").set_index("id", drop=False)
    rows = [table.loc[name] for name in _CLAIMS]
    return rows, {row["id"]: evidence.cited(row["evidence"]) for row in rows}


def yields(population: str, strategy: str, reference: str = "any", *, years: float = 1) -> pd.DataFrame:
    """Return what testing brings by each definition, the chosen one first, of 1,000 people whom it speaks of."""
    way = plans.read(strategy)._replace(every_years=1.0)
    table = testing_yield(population, way, reference=references(reference), years=years)
    counted = [name for name in table if name.startswith(_COUNTED)]
    return labelled(table.assign(**table[counted].mul(1000 / table["people"], axis=0).assign(people=1000.0)))


def is_about_kidneys(reference: str) -> bool:
    """Whether a definition speaks only of people whose kidneys work; ``yields`` counts 1,000 of them."""
    return REFERENCES[reference][3]


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Add what the figures draw: ``short``, ``hollow`` and ``detail``, about circular definitions."""
    circular = table["circular"] != "no"
    said = {"no": "", "in part": "the definition rests in part on what is tested", "wholly": "on what is tested"}
    said["wholly"] = "the definition rests on what is tested"
    return table.assign(short=table["reference"].map(_SHORT), hollow=circular, detail=table["circular"].map(said))


def people(population: str, country: str | None, exposed_percent: float | None) -> tuple[float | None, str]:
    """How many people of a country are tested, or None; and what is to be said of that."""
    group, share_of = POPULATIONS[population], None
    if country is None:
        return None, ""
    if not group.column:
        said = f"`exposed_percent` does not matter here: {who(population)} are a whole age band."
        return people_of(population, country), said if exposed_percent is not None else ""
    ages = f"{group.age_min}+"
    said = f"How many people of {the(country)} are {who(population)} is not known here; `exposed_percent` says it."
    if exposed_percent is not None:
        share_of, said = (
            exposed_percent / 100,
            f"{exposed_percent:g} % of the age band being {who(population)} is yours.",
        )
    elif country == "United States" and ages in groups.AGE_BANDS:
        there = groups.prevalence(group=_EXPOSED[group.column], definition="exposure", age_band=ages)
        share_of = float(there["estimate"].iloc[0])
        said = f"That {share(share_of)} of the age band are {who(population)} is the survey's share, taken as exact."
    return None if share_of is None else people_of(population, country, exposed=share_of), said


def answer(table: pd.DataFrame, *, population: str) -> tuple[str, str]:
    """Return finding and sentence: positives, who of them is deficient, who is missed, by the first definition."""
    row, others = table.iloc[0], table.iloc[1:]
    of = who(population) + _WITH[is_about_kidneys(row["reference"])]
    positive, deficient, missed = (_said(row, name, alone=True) for name in ("positives", "true_positives", "missed"))
    found = (
        f"{deficient} of them are deficient by {_MARKERS[row['reference']]}, and {missed} of the deficient are missed"
    )
    if row["false_positives"] == row["missed"] == 0:
        found = "by definition all of them are deficient and nobody is missed"
    return f"Of 1,000 {of} {positive} test positive; {found}", (
        f"Tested by {row['label']}, **{_said(row, 'positives')} of 1,000 {of}** are positive. By "
        f"{row['reference_label']}{_CIRCULAR[row['circular']]}, {_said(row, 'true_positives')} of them are deficient "
        f"and {_said(row, 'missed')} of the deficient are missed: {_said(row, 'number_needed_to_test')} tests for each "
        f"one found. By the other definitions {extent(others, 'true_positives')} are deficient and found, "
        f"{extent(others, 'missed')} missed."
    )


def _said(row: pd.Series, name: str, *, alone: bool = False) -> str:
    value, lower, upper = row[name], row[f"{name}_lower"], row[f"{name}_upper"]
    return number(value) if alone or lower == upper else f"{number(value)} ({number(lower)}–{number(upper)})"


def extent(table: pd.DataFrame, name: str) -> str:
    """Say the lowest and the highest number of a column.

    Examples
    --------
    >>> extent(pd.DataFrame({"missed": [0, 143.2]}), "missed")
    '0 to 143'
    """
    low, high = number(table[name].min()), number(table[name].max())
    return low if low == high else f"{low} to {high}"


def _row(row: pd.Series, name: str, scale: float = 1) -> dict[str, float]:
    ends = ["", "_lower", "_upper"]
    return {part: float(row[f"{name}{end}"]) * scale for part, end in zip(ESTIMATE, ends, strict=True)}


def key_figures(table: pd.DataFrame, *, country: str | None, size: float | None) -> list[dict]:
    """Key figures for ``page.key_figure``, by the first definition; none that the definition alone decides."""
    row, per = table.iloc[0], {"scale": 1, "unit": "of 1,000 people", "what": "95 % interval"}
    by = _SHORT[row["reference"]]
    figures = [
        {"name": "test positive", "row": _row(row, "positives"), **per},
        {"name": f"of the positives are deficient, by {by}", "row": _row(row, "ppv"), "what": "95 % interval"},
        {"name": f"are deficient and missed, by {by}", "row": _row(row, "missed"), **per},
        {"name": f"for each deficient person found, by {by}", "row": _row(row, "number_needed_to_test")}
        | per
        | {"unit": "tests"},
    ]
    if size is not None:
        everybody = table[~table["reference"].map(is_about_kidneys)].iloc[0]
        told = {
            "name": f"of {the(country)} would test positive",
            "row": _row(everybody, "positives", size / 1e6),
        }
        figures.append(told | {"scale": 1, "unit": "thousand people", "what": "95 % interval, people of 2020"})
    return [one for one in figures if one["row"]["lower"] < one["row"]["upper"]]


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return true positives, false positives and missed of 1,000 people, one row for each definition and outcome."""
    pieces = []
    for name in OUTCOMES:
        limits = table[[name, f"{name}_lower", f"{name}_upper"]].set_axis(ESTIMATE, axis=1)
        pieces.append(table[["reference", "reference_label", "tests", "circular"]].join(limits).assign(what=name))
    rows = pd.concat(pieces, ignore_index=True)
    return rows.assign(label=[text[0].upper() + text[1:] for text in rows["reference_label"]])


def counts_words(table: pd.DataFrame, *, population: str) -> dict[str, str]:
    """Say how the definition changes what the same tests find."""
    row = table.iloc[0]
    second = f" ({number(row['tests_second'])} of them second ones)" if row["tests_second"] else ""
    tests = f"{number(row['tests'])} tests{second}"
    found, missed = extent(table, "true_positives"), extent(table, "missed")
    return {
        "title": f"Of 1,000 people the same tests find {found} deficient and miss {missed}: the definition decides",
        "summary": f"Of 1,000 {who(population)}, {tests}: true positives, false positives and missed people by five "
        f"definitions of deficiency. By {row['reference_label']}: {_said(row, 'true_positives')} found, "
        f"{_said(row, 'false_positives')} positive without it, {_said(row, 'missed')} missed.",
        "caption": f"Tested by {row['label']}. Of 1,000 people whom the definition speaks of: those with an "
        f"eGFR of 60 or more, or all. United States, 2011–2014. {INTERVALS}",
    }


def curve(population: str, reference: str) -> pd.DataFrame:
    """Return what serum B12 alone finds as its cut-off moves: a panel per definition, two lines in each."""
    table = yield_curve(population, references(reference))
    order = {name: place for place, name in enumerate(references(reference))}
    table = table.sort_values(["reference", "cutoff"], key=lambda of: of.map(order) if of.name == "reference" else of)
    circles = table["circular"].map({"no": "", "in part": " (in part circular)", "wholly": " (circular)"})
    short = [text[0].upper() + text[1:] for text in table["reference"].map(_SHORT)]
    table = table.assign(panel=short + circles)
    kept = table[["panel", "reference", "circular", "cutoff"]]
    lines = [
        kept.join(table[[line, f"{line}_lower", f"{line}_upper"]].set_axis(ESTIMATE, axis=1)).assign(line=line)
        for line in CURVE
    ]
    return pd.concat(lines, ignore_index=True)


def curve_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what a cut-off gives and takes, by the first definition that it is not part of."""
    reference = table.loc[table["circular"] == "no", "reference"].iloc[0]
    at = table[table["reference"] == reference].set_index(["line", "cutoff"])["estimate"]
    found, right = ([share(at[line, cut]) for cut in (148, 221)] for line in ("sensitivity", "ppv"))
    label = REFERENCES[reference][0]
    return {
        "title": f"From 148 to 221 pmol/L serum B12 finds {found[0]} to {found[1]} of the deficient; of those found "
        f"{right[0]} to {right[1]} are",
        "summary": f"Serum B12 alone, by its cut-off. By {label}: below 148 pmol/L {found[0]} of the deficient are "
        f"found and {right[0]} of those found are deficient; below 221, {found[1]} and {right[1]}.",
        "caption": f"Title: by {label}. The dotted line marks 148 pmol/L. In circular panels the test itself defines "
        f"deficiency. {INTERVALS}",
    }


def caveats(table: pd.DataFrame, *, years: float, size: float | None, counted: str) -> list[str]:
    """Return the caveats, with what is to be said of later rounds and of the number of people."""
    row = table.iloc[0]
    said = (
        "A second round would find those who have become deficient since: the incidence, which nobody has measured."
        if row["rounds"] == 1
        else f"Tested each year for {years:g} years there are {row['rounds'] - 1} more rounds and "
        f"{number(row['later_tests'])} more tests of 1,000 people. What they find is the incidence, which nobody has "
        "measured, so no case is counted for them."
    )
    told = "The number of people is the US share times the UN's people of 2020." if size is not None else ""
    people_said = [f"**People:** {' '.join(filter(None, [told, counted]))}"] if told or counted else []
    return [*CAVEATS, f"**Testing again:** {said}", *people_said]
