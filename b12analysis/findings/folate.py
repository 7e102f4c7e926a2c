"""What the folate report says: who among the deficient shows nothing in the blood count, and what high folate does."""

from __future__ import annotations

import pandas as pd

from b12analysis import masking
from b12analysis.evidence import cited, load
from b12analysis.findings.country import CENSUS, people_unit
from b12analysis.findings.us import AGES
from b12analysis.findings.words import ESTIMATE, definition_label, the
from b12analysis.nhanes import folate, unseen
from b12analysis.theme import number, share
from b12analysis.theme import people as people_in_words

__all__ = [
    "COLUMNS",
    "COUNTED_FROM",
    "KINDS",
    "RESTS_ON",
    "WHO",
    "answer",
    "beside",
    "beside_words",
    "blood_counts",
    "blood_counts_words",
    "caveats",
    "claim",
    "interactions",
    "interactions_words",
    "key_figures",
    "one_by_one",
    "people_unit",
    "scenario",
    "scenario_words",
]

#: What figures of blood counts rest on: the US survey, and of before fortification Qi 2014.
RESTS_ON = pd.concat(
    [pd.DataFrame({"id": ["nhanes_unseen"], "source": ["nhanes"], "status": ["verified"]}), cited("E15")]
)
COUNTED_FROM = pd.concat([RESTS_ON.head(1), CENSUS])
#: Words for what a blood count shows, for who made an odds ratio, and for ages.
KINDS = {"neither": "neither", "anaemia_only": "anaemia only", "macrocytosis_only": "large cells only", "both": "both"}
WHO = {"published": "published", "healthy": "ours, ill left out", "everybody": "ours, everybody"}
_AGED = {"20+": "adults", "60+": "people of 60 and over"}
_OUTCOMES = {"anaemia": "anaemia", "cognitive_impairment": "cognitive impairment", "macrocytosis": "large cells"}
_TENS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
#: Columns of the tables of ratios that a page shows.
COLUMNS = ["label", "who", "id", "n", "cases", *ESTIMATE, "source", "status", "note"]
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
        "title": f"{share(now['estimate'])} of the deficient have neither anaemia nor large cells",
        "summary": f"United States, {_AGED[age_band]} with {_what(now['indicator'])}. Neither sign in "
        f"{_dash(now['cycles'])}, by age: {ages}. In {_dash(before['cycles'])}, {_AGED[age_band]}: "
        f"{share(*before[ESTIMATE])}. {_fortified()}",
        "caption": f"Anaemia: haemoglobin below 13 g/dL (men), 12 (women); large cells: above {unseen.LARGE_CELL} fL. "
        "95 % intervals with the survey's strata and clusters. Hollow: too uncertain to quote (NCHS 2017). "
        "Serum B12 was measured by another assay before 2011.",
    }


def _fortified() -> str:
    before = _ratio(load("folate").set_index("id").loc["E15"], "value")
    return (
        "All these years follow fortification of flour with folic acid, which may have taken some anaemia already; but "
        f"deficiency without anaemia was as common before it (ratio {before}, people over 50, Qi 2014)."
    )


def _limits(row: object) -> tuple[float, float, float]:
    return tuple(getattr(row, name) for name in ESTIMATE)


def _ratio(row: pd.Series, middle: str = "estimate") -> str:
    estimate, lower, upper = (number(row[name]) for name in (middle, "lower", "upper"))
    return f"{estimate} ({lower}–{upper})"


# -- high folate -----------------------------------------------------------------------------------------------------

#: How sure our odds ratios are: the creatinine above which people are ill is ours, the limit of large cells recalled.
_SURE = {"healthy": "assumption", "everybody": "verified"}


def _ours(population: str, statistic: str, outcome: str | None = None) -> pd.DataFrame:
    rows = masking.measured(outcome, statistic=statistic, population=population)
    recalled = (rows["outcome"] == "macrocytosis") & (population == "everybody")
    status = recalled.map({True: "recalled", False: _SURE[population]})
    few = rows["note"].fillna("").str.startswith("few")
    return rows.assign(who=population, cohort="nhanes_1999_2006", source="nhanes", status=status, hollow=few).assign(
        id="nhanes_folate"
    )


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


def _our_direct(outcome: str) -> pd.Series:
    return _ours("healthy", "odds_ratio", outcome).query("reference_b12 == 'low'").iloc[0]


def beside_words(table: pd.DataFrame, outcome: str) -> dict[str, str]:
    """Say what went with high folate among people low in B12."""
    us = table[table["cohort"] == "nhanes_1999_2006"].set_index(["b12_status", "folate_status", "who"])
    theirs, ours = (us.loc[("low", "high", who)] for who in ("published", "healthy"))
    alone, ours_alone = (us.loc[("low", "normal", who)] for who in ("published", "healthy"))
    uk = table[table["cohort"] == "oxford_banbury"]
    said = "; ".join(f"{row['folate_status']} folate {_ratio(row)}" for row in uk.to_dict("records"))
    clarke = f" A UK study (Clarke 2008) saw no difference by folate; low B12 at {said}." if said else ""
    british = "; UK: holoTC below 45 pmol/L, folate above 60 nmol/L" if said else ""
    what = _OUTCOMES[outcome]
    return {
        "title": f"Low B12 with high folate went with more {what}, not less: {number(theirs['estimate'])} times the "
        "odds (published)",
        "summary": f"Older Americans, 1999–2002, against normal B12 and normal folate. Low B12 and high folate: "
        f"{_ratio(theirs)} published, {_ratio(ours)} ours; low B12 and normal folate: {_ratio(alone)} and "
        f"{_ratio(ours_alone)}. High against normal folate among those low in B12: {_ratio(direct(outcome))} and "
        f"{_ratio(_our_direct(outcome))}. {_size(outcome)}{clarke}",
        "caption": f"Odds ratios, 95 % intervals. High: serum folate above {folate.HIGH_FOLATE} nmol/L; low B12: below "
        f"148 pmol/L or MMA above 210 nmol/L{british}. Hollow: under {folate.FEW_CASES} cases in a group. Morris 2007 "
        "and Selhub 2009 examined the same people: each group stands once.",
    }


def _size(outcome: str) -> str:
    """Say on how many people our group of low B12 and high folate rests, and so whether the size can be had."""
    group = _low_high(outcome, "healthy")
    few = group["cases"] < folate.FEW_CASES
    found = "the direction is the published one, the size cannot be had" if few else "direction as published"
    return f"Of our {group['n']} people low in B12 and high in folate {group['cases']} had it: {found}."


def _low_high(outcome: str, population: str) -> pd.Series:
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
        who: ", ".join(f"{row['what']} {_ratio(row)}" for row in rows.to_dict("records"))
        for who, rows in ours.groupby("who")
    }
    clear = ours[(ours["lower"] > 1) | (ours["upper"] < 1)]
    below = ", ".join(ours.loc[ours["estimate"] < 1, "what"].drop_duplicates())
    names = ", ".join(f"{row['what']} ({WHO[row['who']]})" for row in clear.to_dict("records"))
    people = {who: _low_high("anaemia", who)["n"] for who in _SURE}
    rest = ours[ours["who"] == "everybody"].set_index("outcome")["estimate"].map(number)
    return {
        "title": f"With the ill counted in, no clear difference by folate is left: {rest['anaemia']} times for "
        f"anaemia, {rest['cognitive_impairment']} for cognition",
        "summary": "By how many times high folate multiplies the odds ratio of low B12; below 1 it would hide. Ours, "
        f"the ill left out ({people['healthy']} people low in B12 and high in folate): {said['healthy']}. Everybody "
        f"({people['everybody']}): {said['everybody']}. Clear of 1: {names or 'none'}. Below 1, as hiding would have "
        f"it: {below or 'none'}; nobody has published that.",
        "caption": "Ratios of odds ratios, 95 % intervals, adjusted for age, sex, ethnic group, education, smoking, "
        f"alcohol and creatinine. Hollow: under {folate.FEW_CASES} cases in a group, or a lower bound. Published: our "
        "division of two printed odds ratios, taken as independent.",
    }


# -- the scenario ----------------------------------------------------------------------------------------------------


def scenario(country: str, year: int, *, indicator: str, age_band: str, corrected: float) -> pd.DataFrame:
    """Count the deficient whom a blood count shows, those it does not, and those whom folic acid might hide.

    Returns
    -------
    DataFrame
        Rows of :func:`b12analysis.masking.unseen` with ``label``, ``detail``; the last, ``bound``, if folic acid took
        all anaemias.
    """
    asked = {"indicator": indicator, "age_band": age_band}
    table = masking.unseen(country, year, **asked, corrected=corrected)
    bound = masking.unseen(country, year, **asked, corrected=1.0).query("kind == 'unseen'").assign(kind="bound")
    table = pd.concat([table, bound], ignore_index=True)
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
    corrected = share(at["corrected"].iloc[0])
    return {
        "title": _first(f"{_like(country)}{unseen_now} of {deficient} deficient people go unseen already"),
        "summary": f"{_first(the(country))}, {year}: {said['deficient']} deficient; "
        f"{said['neither']} with neither sign, {said['anaemia']} anaemic, {said['macrocytosis_only']} with large cells "
        f"only. If folic acid took the anaemia of {corrected}, {said['more_unseen']} more would go unseen; if of all, "
        f"{said['bound']} in all at most: some are anaemic for other reasons.",
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
        f"Of {who} in the United States with {_what(row['indicator'])}, **{share(*row[ESTIMATE])}** had neither in "
        f"{_dash(row['cycles'])} ({row['cases']:,} of {row['n']:,} people, weighted): a blood count "
        f"misses most of them anyway.{borrowed} Of older Americans low in B12, those high in folate had more anaemia, "
        f"not less: odds ratio {_ratio(direct('anaemia'))} (Morris 2007; few people)."
    )


def key_figures(counts: pd.DataFrame, people: pd.DataFrame, *, country: str, year: int, age_band: str) -> list[dict]:
    """Key figures for ``page.key_figure``: the share unseen, how many people, how many more; and of high folate."""
    at = people.set_index("kind")
    corrected = share(at["corrected"].iloc[0])
    thousand = {"scale": 1e-3, "unit": "thousand people", "what": "95 % interval"}
    place = the(country)
    like = "" if country == "United States" else ", if it were like the United States"
    shown = {"name": "of the deficient in the US: neither anaemia nor large cells", "what": "95 % interval"}
    times = {"name": "odds of anaemia, high against normal folate, B12 low (Morris 2007)", "what": "95 % interval"}
    return [
        {"row": _neither(counts, age_band).iloc[0]} | shown,
        {"row": at.loc["neither"], "name": f"deficient and unseen, {place}, {year}{like}"} | thousand,
        {"row": at.loc["more_unseen"], "name": f"more, if folic acid took {corrected} of anaemias: assumed"} | thousand,
        {"row": direct("anaemia"), "scale": 1, "unit": "times"} | times,
    ]


def caveats(country: str) -> list[str]:
    """Say what the page does not show."""
    rows = load("folate").set_index("id")
    series = load("outcomes").set_index("id").loc["A1.13a"]
    people = masking.measured("cognitive_impairment", statistic="prevalence")["n"].sum()
    few = _low_high("anaemia", "healthy")
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
