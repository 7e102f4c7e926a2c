"""What the folate report says: who among the deficient shows nothing in the blood count, and how many people it is.

What it says of high folate stands in ``high_folate``.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import masking
from b12analysis.evidence import cited, load
from b12analysis.findings.country import CENSUS, people_unit
from b12analysis.findings.high_folate import direct, low_high, our_direct, ratio
from b12analysis.findings.us import AGES
from b12analysis.findings.words import ESTIMATE, definition_label, the
from b12analysis.nhanes import folate, unseen
from b12analysis.theme import people as people_in_words
from b12analysis.theme import share

__all__ = [
    "COUNTED_FROM",
    "KINDS",
    "RESTS_ON",
    "answer",
    "blood_counts",
    "blood_counts_words",
    "caveats",
    "claim",
    "definitions",
    "key_figures",
    "people_unit",
    "scenario",
    "scenario_words",
]

#: What figures of blood counts rest on: the US survey, and of before fortification Qi 2014.
RESTS_ON = pd.concat(
    [pd.DataFrame({"id": ["nhanes_unseen"], "source": ["nhanes"], "status": ["verified"]}), cited("E15")]
)
COUNTED_FROM = pd.concat([RESTS_ON.head(1), CENSUS])
#: Words for what a blood count shows, and for ages.
KINDS = {"neither": "neither", "anaemia_only": "anaemia only", "macrocytosis_only": "large cells only", "both": "both"}
_AGED = {"20+": "adults", "60+": "people of 60 and over"}
_TENS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_LATEST = "2011-2014"


def _what(indicator: str) -> str:
    base = indicator.removesuffix("_egfr_60")
    return definition_label(base) + (" where the kidneys work" if base != indicator else "")


def _dash(cycles: str) -> str:
    return cycles.replace("-", "–")


def claim() -> tuple[pd.Series, pd.DataFrame]:
    """Return the article's claim, and the rows that its verdict rests on: those it cites, and what we computed."""
    row = load("claims").set_index("id", drop=False).loc["claim-F1"]
    return row, pd.concat([cited(row["evidence"]), RESTS_ON.head(1)], ignore_index=True)


def definitions(indicator: str) -> pd.DataFrame:
    """Return the definitions that the page uses: who is deficient, and who is low in B12 beside folate."""
    used = [indicator.removesuffix("_egfr_60"), "b12_148_or_mma_210"]
    table = load("biomarkers")
    return table[table["definition"].isin(used)]


# -- who shows nothing in the blood count ----------------------------------------------------------------------------


def blood_counts(indicator: str, age_band: str) -> pd.DataFrame:
    """Of the deficient, who has anaemia, large cells, both or neither: by age and cycles, the latest first.

    Returns
    -------
    DataFrame
        Rows of ``nhanes_unseen`` with ``label``, ``detail`` and ``hollow``, where too uncertain to quote.
    """
    table = load("nhanes_unseen").query("of == 'deficient' and indicator == @indicator")
    # 1999-2006 where all of it measured what is asked: more people, and it holds 1999-2004
    cycles = [_LATEST, "1999-2006" if "1999-2006" in set(table["cycles"]) else "1999-2004"]
    bands = ["60+"] if age_band == "60+" else ["20+", "20-39", "40-59", "60+"]
    table = table[table["cycles"].isin(cycles) & table["age_band"].isin(bands) & table["kind"].isin(list(KINDS))]
    table = table.sort_values(
        ["cycles", "age_band"], key=lambda names: names.map([*cycles, *bands].index), kind="stable", ignore_index=True
    )
    ages = table["age_band"].map(AGES | {"20+": "All, 20 and over"})
    label = [f"{age}, {_dash(row.cycles)}, n {row.n}" for age, row in zip(ages, table.itertuples(), strict=True)]
    flag = table["flag"].fillna("")
    return table.assign(label=label, detail=flag, hollow=flag.str.startswith("suppress"))


def _neither(table: pd.DataFrame, age_band: str) -> pd.DataFrame:
    """Return the share with neither sign, one row per cycles, the latest first."""
    return table[(table["kind"] == "neither") & (table["age_band"] == age_band)]


def blood_counts_words(table: pd.DataFrame, age_band: str) -> dict[str, str]:
    """Say how many of the deficient show nothing."""
    rows = _neither(table, age_band)
    now, before = rows.iloc[0], rows.iloc[1]
    by_age = table[(table["kind"] == "neither") & (table["cycles"] == _LATEST)]
    ages = "; ".join(f"{AGES[row.age_band]}: {share(*_limits(row))}" for row in by_age.itertuples())
    return {
        "title": f"{share(now['estimate'])} of the deficient in the United States have neither anaemia nor large cells",
        "summary": f"United States, {_AGED[age_band]} with {_what(now['indicator'])}. Neither sign in "
        f"{_dash(now['cycles'])}, by age: {ages}. In {_dash(before['cycles'])}, {_AGED[age_band]}: "
        f"{share(*before[ESTIMATE])}. {_fortified()}",
        "caption": "Anaemia: haemoglobin below 13 g/dL (men), 12 (women; pregnant 11); large cells: above "
        f"{unseen.LARGE_CELL} fL. "
        "95 % intervals with the survey's strata and clusters. Hollow: too uncertain to quote (NCHS 2017). "
        "Serum B12 was measured by another assay before 2011.",
    }


def _fortified() -> str:
    before = ratio(load("folate").set_index("id").loc["E15"], "value")
    return (
        "All these years follow fortification of flour with folic acid, which may have taken some anaemia already; but "
        f"deficiency without anaemia was as common before it (ratio {before}, people over 50, Qi 2014)."
    )


def _limits(row: object) -> tuple[float, float, float]:
    return tuple(getattr(row, name) for name in ESTIMATE)


# -- the scenario ----------------------------------------------------------------------------------------------------


def scenario(country: str, year: int, *, indicator: str, age_band: str, corrected: float) -> pd.DataFrame:
    """Count the deficient whom a blood count shows, those it does not, and those whom folic acid might hide.

    Returns
    -------
    DataFrame
        Rows of :func:`b12analysis.masking.unseen` with ``label``, ``detail``; the last, ``bound``, if folic acid took
        all anaemias, unless that is what was asked.
    """
    asked = {"indicator": indicator, "age_band": age_band}
    table = masking.unseen(country, year, **asked, corrected=corrected)
    most = masking.unseen(country, year, **asked, corrected=1.0).query("kind == 'unseen'").assign(kind="bound")
    table = table if corrected == 1 else pd.concat([table, most], ignore_index=True)
    words = {
        "deficient": "Deficient",
        "anaemia": "Seen now: anaemia",
        "macrocytosis_only": "Seen now: large cells only",
        "neither": "Unseen now: neither",
        "more_unseen": f"Hidden too, if {share(corrected)} of the anaemias go",
        "unseen": "Unseen then",
        "bound": "Unseen at most, if all anaemias go",
    }
    assumed = table["status"].map({"assumption": "◇ assumed"}).fillna("")
    table = table.assign(label=table["kind"].map(words), detail=assumed)
    order = table["kind"].map(list(words).index)
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def scenario_words(table: pd.DataFrame, *, country: str, year: int) -> dict[str, str]:
    """Say how many people it is."""
    at = table.set_index("kind")
    said = {kind: people_in_words(*row) for kind, row in at[ESTIMATE].iterrows()}
    unseen_now, deficient = (people_in_words(at["estimate"][kind]) for kind in ("neither", "deficient"))
    corrected, like = at["corrected"].iloc[0], _like(country)
    more = f"If folic acid took the anaemia of {share(corrected)}, more: {said['more_unseen']}. " if corrected else ""
    return {
        "title": _first(
            f"{like}{unseen_now} of {deficient} deficient people {'would ' if like else ''}go unseen already"
        ),
        "summary": f"{_first(the(country))}, {year}. Deficient: {said['deficient']}; with neither sign: "
        f"{said['neither']}; anaemic: {said['anaemia']}; with large cells only: {said['macrocytosis_only']}. {more}"
        f"Unseen at most, if it took all: {said[table['kind'].iloc[-1]]}; but some are anaemic for other reasons.",
        "caption": "US prevalence by age (2011–2014) times census (UN World Population Prospects 2019, CC BY 3.0 IGO; "
        "2030 its medium projection). The share that folic acid would take is an assumption, and large cells are taken "
        "to go with the anaemia. Intervals of sums are sums of limits, too wide rather than too narrow.",
    }


def _first(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _like(country: str) -> str:
    return "" if country == "United States" else f"if {the(country)} were like the United States, "


# -- the answer ------------------------------------------------------------------------------------------------------


def answer(counts: pd.DataFrame, people: pd.DataFrame, *, country: str, year: int, age_band: str) -> tuple[str, str]:
    """Return the finding and the answer.

    Parameters
    ----------
    counts, people : DataFrame
        From :func:`blood_counts` and :func:`scenario`.
    country, year, age_band
        What was asked.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    row, at = _neither(counts, age_band).iloc[0], people.set_index("kind")["estimate"]
    who, tens = _AGED[age_band], _TENS[round(10 * row["estimate"])]
    finding = f"About {tens} in ten deficient {who} in the United States have neither anaemia nor large cells anyway"
    borrowed = ""
    if country != "United States":
        number_of = people_in_words(at["neither"])
        finding = f"If {the(country)} were like the United States, {number_of} deficient {who} would show no anaemia"
        finding += " and no large cells"
        borrowed = f" With US shares by age that is {number_of} of {people_in_words(at['deficient'])} in {the(country)}"
        borrowed += f" in {year}."
    return finding, (
        f"Of {who} in the United States with {_what(row['indicator'])}, **{share(*row[ESTIMATE])}** had neither "
        f"anaemia nor large cells in {_dash(row['cycles'])} ({row['cases']:,} of {row['n']:,} people, weighted): a "
        f"blood count misses most of them anyway.{borrowed} Of older Americans low in B12, those high in folate had "
        f"more anaemia, not less: odds ratio {ratio(direct('anaemia'))} (Morris 2007; few people, the ill left out); "
        f"with everybody of the same survey {ratio(our_direct('anaemia', 'everybody'))}."
    )


def key_figures(counts: pd.DataFrame, people: pd.DataFrame, *, country: str, year: int, age_band: str) -> list[dict]:
    """Key figures for ``page.key_figure``: the share unseen, how many people, how many more; and of high folate."""
    at = people.set_index("kind")
    corrected = at["corrected"].iloc[0]

    def counted(kind: str) -> dict:
        unit, scale = people_unit(at.loc[[kind]])
        return {"row": at.loc[kind], "scale": scale, "unit": unit, "what": "95 % interval"}

    assumed = "95 % interval; the share is assumed"
    place = the(country)
    like = "" if country == "United States" else ", if it were like the United States"
    shown = {"name": "of the deficient in the US: neither anaemia nor large cells", "what": "95 % interval"}
    times = {"name": "odds of anaemia, high against normal folate, B12 low (Morris 2007)", "what": "95 % interval"}
    figures = [
        {"row": _neither(counts, age_band).iloc[0]} | shown,
        counted("neither") | {"name": f"deficient and unseen, {place}, {year}{like}"},
        counted("more_unseen") | {"name": f"more, if folic acid took {share(corrected)} of anaemias", "what": assumed},
        {"row": direct("anaemia"), "scale": 1, "unit": "times"} | times,
    ]
    return figures if corrected else [*figures[:2], figures[3]]


def caveats(country: str) -> list[str]:
    """Say what the page does not show."""
    rows = load("folate").set_index("id")
    series = load("outcomes").set_index("id").loc["A1.13a"]
    people = masking.measured("cognitive_impairment", statistic="prevalence")["n"].sum()
    few = low_high("anaemia", "healthy")
    said = [
        "No nerve damage was measured here. In a series of patients whose nerves or mind were affected, "
        f"{series['value']:.0f} % had neither anaemia nor large cells (Lindenbaum 1988, quoted in a review).",
        "That folic acid corrects the anaemia was seen in patients long ago; surveys of one day cannot show it. "
        f"{_fortified()}",
        "Anaemia has many other causes: not every anaemic deficient person is anaemic for want of B12.",
        f"Shares rest on few people, as n in the figure says; our group low in B12 and high in folate is {few['n']} "
        f"people, {few['cases']} of them anaemic.",
        "Of the papers only abstracts were seen. They do not print the limit of creatinine: ours "
        f"({folate.CREATININE['men']} mg/dL, women {folate.CREATININE['women']}) leaves {people:,} people, theirs "
        f"{rows.loc['E01', 'n']:,}. The limit of large cells in the comparison, {folate.LARGE_CELL} fL, is recalled.",
    ]
    if country != "United States":
        said.append(
            f"Nothing here was measured in {the(country)}: folate, diet and anaemia differ between countries, and the "
            "intervals hold the US survey's own uncertainty only."
        )
    return said
