"""What a way of testing finds in a population: positives, cases found and missed, and what a cut-off does to them.

No test is the truth. A page therefore answers by every reference definition, and says where a definition rests on the
markers that were tested. ``effort`` says what each case found takes; ``truths``, what two tests say of each other.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.findings.country import people_unit
from b12analysis.findings.tested import who
from b12analysis.findings.words import ESTIMATE, the
from b12analysis.testing import REFERENCES, plans, testing_yield
from b12analysis.theme import number

__all__ = [
    "CAVEATS",
    "FEW",
    "HOLLOW",
    "INTERVALS",
    "OUTCOMES",
    "RESTS_ON",
    "answer",
    "cases",
    "caveats",
    "claims",
    "counts",
    "counts_words",
    "extent",
    "key_figures",
    "labelled",
    "named",
    "references",
    "yields",
]

#: What the figures rest on.
RESTS_ON = pd.DataFrame({"id": ["nhanes_cells"], "source": ["nhanes"], "status": ["verified"]})
#: The claims that the page shows.
_CLAIMS = ["claim-X1", "claim-G2", "claim-V1"]
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
#: A raised MMA is called so where the definition does not look at the kidneys, which raise it too.
_RAISED = "mma_271"
#: Fewer people examined than this are too few to quote a share of.
FEW = 30
_CIRCULAR = {"no": "", "in part": ", which is tested in part", "wholly": ", which is what is tested"}
_IN_TITLE = {"no": "", "in part": " (circular in part)", "wholly": " (circular definition)"}
_WITH = {False: "", True: " with working kidneys"}
#: Which definition comes first where none is chosen.
_FIRST = "mma_271"
#: Columns of ``testing_yield`` that count people or tests.
_COUNTED = ("tests", "positives", "true_positives", "false_positives", "missed", "later_tests")
OUTCOMES = {
    "true_positives": "positive, definition met",
    "false_positives": "positive, not met",
    "missed": "met, but missed",
}
INTERVALS = (
    "95 % intervals: exact binomial with the effective number of people (those examined over the largest design effect "
    "of the main shares)."
)
HOLLOW = "Hollow: the definition rests, wholly or in part, on the markers tested, which flatters the test."
CAVEATS = [
    "**No test is the truth.** A definition by the markers that are tested is circular: what the test finds is "
    "then right by definition. What people gain from being found is not in these numbers; no trial of regular testing "
    "with nerve outcome is in these tables.",
    "**MMA rises with failing kidneys too**, so some of the raised MMA of older people is no lack of B12. One "
    "definition keeps to people whose filtration rate (eGFR) is at least 60; it is silent on the others.",
    "**This is the US survey of 2011 to 2014**: its people, assays (Roche for serum B12) and supplements. Elsewhere "
    "deficiency is more or less common, and the same cut-off on another assay finds other people.",
    "**Intervals rest on an effective number of people**, one for each population, on the safe side: those of main "
    "shares are as wide as the survey's own, or up to three times wider; shares among few people, a fifth narrower at "
    "worst. The model of two tests has a number of its own, by the mean design effect of how they agree.",
]


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
    """Add what figures and words need: ``short``; ``hollow`` and ``detail`` of circular definitions; ``few`` people."""
    circular = table["circular"] != "no"
    said = {"no": "", "in part": "the definition rests in part on what is tested"}
    said["wholly"] = "the definition rests on what is tested"
    few = table[["n_positives", "n_cases"]].min(axis=1) < FEW
    detail = table["circular"].map(said)
    return table.assign(short=table["reference"].map(_SHORT), hollow=circular, detail=detail, few=few)


def cases(reference: str) -> tuple[str, str, str]:
    """Say what people are by a definition, who they are together, and one of them.

    Examples
    --------
    >>> cases("mma_271")
    ('have raised MMA', 'those with raised MMA', 'person with raised MMA')
    >>> cases("b12_148")[0]
    'are deficient by serum B12'
    """
    if reference == _RAISED:
        return "have raised MMA", "those with raised MMA", "person with raised MMA"
    return f"are deficient by {_MARKERS[reference]}", "the deficient", "deficient person"


def answer(table: pd.DataFrame, *, population: str) -> tuple[str, str]:
    """Return finding and sentence: positives, who of them is deficient, who is missed, by the first definition."""
    row, others = table.iloc[0], table.iloc[1:]
    of = who(population) + _WITH[is_about_kidneys(row["reference"])]
    positive, true, missed = (_said(row, name, alone=True) for name in ("positives", "true_positives", "missed"))
    are, together, _ = cases(row["reference"])
    found = f"{true} of them {are}, {missed} more are missed{_IN_TITLE[row['circular']]}"
    if row["false_positives"] == row["missed"] == 0:
        found = "by definition all of them are deficient and nobody is missed"
    elif row["few"]:
        found = f"only {_few(row)}"
    return f"Of 1,000 {of} {positive} test positive; {found}", (
        f"Tested by {row['label']}, **{_said(row, 'positives')} of 1,000 {of}** are positive. Of "
        f"them {_said(row, 'true_positives')} {are} ({row['reference_label']}{_CIRCULAR[row['circular']]}), and "
        f"{_said(row, 'missed')} of {together} are missed: {_said(row, 'number_needed_to_test')} tests for each "
        f"one found{f'; but only {_few(row)}' if row['few'] else ''}. By the other definitions "
        f"{extent(others, 'true_positives')} are deficient and found, {extent(others, 'missed')} missed."
    )


def _few(row: pd.Series) -> str:
    """Say of whom too few were examined."""
    did = "are positive" if row["n_positives"] < FEW else "meet the definition"
    return f"{row[['n_positives', 'n_cases']].min():.0f} of those examined {did}, too few to say more"


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


def _key_names(reference: str) -> tuple[str, str, str]:
    if reference == _RAISED:
        have = "have raised MMA"
        return f"of the positives {have}", f"{have} and are missed", "for each person with raised MMA found"
    texts = ("of the positives are deficient", "are deficient and missed", "for each deficient person found")
    return tuple(f"{text}, by {_SHORT[reference]}" for text in texts)


def key_figures(table: pd.DataFrame, *, country: str | None, size: float | None) -> list[dict]:
    """Key figures for ``page.key_figure``, by the first definition; none that the definition alone decides."""
    row, per = table.iloc[0], {"scale": 1, "unit": "of 1,000 people", "what": "95 % interval"}
    figures = [{"name": "test positive", "row": _row(row, "positives"), **per}]
    if not row["few"]:
        names = _key_names(row["reference"])
        figures += [
            {"name": names[0], "row": _row(row, "ppv"), "what": "95 % interval"},
            {"name": names[1], "row": _row(row, "missed"), **per},
            {"name": names[2], "row": _row(row, "number_needed_to_test"), **per, "unit": "tests"},
        ]
    if size is not None:
        everybody = table[~table["reference"].map(is_about_kidneys)].iloc[0]
        like = "" if country == "United States" else ", if it were like the United States"
        counted = _row(everybody, "positives", size / 1000)
        unit, scale = people_unit(pd.DataFrame([counted]))
        told = {"name": f"of {the(country)} would test positive{like}", "row": counted}
        figures.append(told | {"scale": scale, "unit": unit, "what": "95 % interval, people of 2020"})
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
        "title": f"Of 1,000 people the same tests find {found} cases and miss {missed}: the definition decides",
        "summary": f"Of 1,000 {who(population)}, {tests}: true positives, false positives and missed people by five "
        f"definitions of deficiency. By {row['reference_label']}: {_said(row, 'true_positives')} found, "
        f"{_said(row, 'false_positives')} positive without it, {_said(row, 'missed')} missed.",
        "caption": f"Tested by {row['label']}. Of 1,000 people whom the definition speaks of: those with an "
        f"eGFR of 60 or more, or all. United States, 2011–2014. {INTERVALS}",
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
