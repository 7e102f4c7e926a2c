"""Findings: sentences that say what their tables hold, under every question that can be asked."""

import functools
import itertools
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import evidence, findings, risk
from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence
from b12analysis.figures import forest
from b12analysis.findings import words
from b12analysis.pooling import independent, pool
from b12analysis.theme import MARKS, number, share

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=100)

#: What a sentence must never hold: a missing value, an unfinished list, an empty pair of brackets.
BROKEN = re.compile(r"\bnan\b|<NA>|\bNone\b|, \)|\(\)|, ,|\{|\}|  ")
#: One thing counted as if it were several.
MISCOUNTED = re.compile(r"\b1 (published )?(figures|surveys|series|gradients|shares|times|differences|cumulative)\b")

SURVEYS = evidence.load("surveys")
FACTORS = evidence.load("risk_factors")
PEOPLE = SURVEYS[
    SURVEYS["group"].isin(["general", "older_adults"]) & SURVEYS["setting"].isin(["national", "community"])
]
GROUPS = evidence.load("groups").query("role == 'risk'")["group"].tolist()
COUNTRIES = ["any", *sorted(SURVEYS["country"].unique())]
AGE_BANDS = ["any", *sorted(SURVEYS["age_band"].unique())]
DEFINITIONS = sorted(SURVEYS["definition"].unique())


@pytest.fixture(scope="module", autouse=True)
def tables_read_once():
    """Read each table once for this module: thousands of sentences look up the same labels."""
    once = functools.cache(evidence.load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "load", once)
        patch.setattr(risk.effects, "load", once)
        patch.setattr(findings.prevalence, "definition_label", functools.cache(words.definition_label))
        yield


def narrowed(rows, **equals):
    for column, value in equals.items():
        rows = rows if value == "any" else rows[rows[column] == value]
    return rows


def sentences(said):
    """Texts of a dictionary, a tuple or a table of labels."""
    if isinstance(said, pd.DataFrame):
        return [*said["label"], *said["detail"]]
    return list(said.values()) if isinstance(said, dict) else list(said)


def survey(cases=10, n=100, **columns):
    usual = {
        "id": "S1",
        "cohort": "here",
        "group": "general",
        "country": "Atlantis",
        "population": "islanders",
        "year_start": 2001,
        "year_end": 2003,
        "definition": "b12_148",
        "status": "verified",
        "reported_percent": pd.NA,
        "cases": cases,
        "n": n,
    }
    whole = ["year_start", "year_end", "cases", "n"]
    table = pd.DataFrame([usual | columns]).astype(dict.fromkeys(whole, "Int64") | {"reported_percent": "Float64"})
    return prevalence(table)


def surveys(*rows):
    return pd.concat([survey(**({"id": f"S{place}"} | row)) for place, row in enumerate(rows)], ignore_index=True)


def effects(*rows):
    usual = {
        "id": "E1",
        "group": "vegans",
        "country": "Atlantis",
        "population": "islanders",
        "cohort": "islanders",
        "definition": "b12_148",
        "n": pd.NA,
        "year_start": 2001,
        "year_end": 2003,
        "interval": "ci95",
        "quantity": "effect",
        "measure": "odds_ratio",
        "value": 3.0,
        "lower": 2.0,
        "upper": 4.5,
        "comparison": pd.NA,
        "outcome": pd.NA,
        "design": "cohort",
        "source": "somebody",
        "status": "secondary",
    }
    table = pd.DataFrame([usual | row for row in rows])
    return table.astype({"value": "Float64", "lower": "Float64", "upper": "Float64", "outcome": "string"})


# -- words -----------------------------------------------------------------------------------------------------------


def test_definitions_and_groups_have_words():
    assert words.definition_label("b12_148") == "serum B12 below 148 pmol/L"
    assert words.definition_label("any") == "deficiency by any definition"
    assert words.group_label("vegans") == "vegans"
    for definition in DEFINITIONS:
        assert words.definition_label(definition).strip()
    for group in GROUPS:
        assert words.group_label(group).strip()


def test_what_has_no_words_is_an_error():
    with pytest.raises(KeyError, match="b12_999"):
        words.definition_label("b12_999")
    with pytest.raises(KeyError, match="vegan"):
        words.group_label("vegan")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [("one two three", 13, "one two three"), ("one two three", 12, "one two"), ("one two three", 8, "one")],
)
def test_a_text_is_cut_at_a_word(text, length, expected):
    got = words.short(text, length)
    assert got.rstrip(" …") == expected
    assert got.endswith("…") == (length < len(text))


@STEADY
@given(text=st.text(alphabet="abc ", max_size=60), length=st.integers(4, 40))
def test_a_text_is_never_longer_than_asked_for(text, length):
    got = words.short(text, length)
    assert len(got) <= length
    assert got == text or (got.endswith("…") and text.startswith(got.removesuffix("…").removesuffix(" ")))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(2001, 2003, "2001–2003"), (2001, 2001, "2001"), (2001, None, "2001"), (None, None, "")],
)
def test_years_are_said_as_far_as_they_are_known(start, end, expected):
    row = survey(year_start=start, year_end=end).iloc[0]
    assert words.years(row) == expected
    assert words.years(row.to_dict()) == expected


def test_what_is_known_of_a_row_is_joined_and_what_is_not_is_left_out():
    table = pd.DataFrame({"status": ["verified", "recalled"], "n": [1500, None]})
    labelled = words.labelled(table, lambda row: row["status"], lambda row: ["", words.known(row["n"], "n {:,g}")])
    assert labelled["label"].tolist() == ["verified", "recalled"]
    assert labelled["detail"].tolist() == [f"{MARKS['verified']} · n 1,500", MARKS["recalled"]]


def test_surveys_are_labelled_by_people_definition_or_group():
    table = surveys({}, {"definition": "mma_271", "population": "others", "status": "recalled"})
    before = table.copy(deep=True)
    people = words.label_surveys(table)
    assert people["label"].tolist() == ["Atlantis: islanders", "Atlantis: others"]
    assert all(piece in people["detail"][0] for piece in ("serum B12 below 148 pmol/L", "2001–2003", "n 100", "●"))
    kinds = words.label_surveys(table, by="definition")
    assert kinds["label"].tolist() == ["serum B12 below 148 pmol/L", "MMA above 271 nmol/L"]
    assert "Atlantis: others" in kinds["detail"][1]
    assert MARKS["recalled"] in kinds["detail"][1]
    groups = words.label_surveys(table, by="group")
    assert groups["label"].tolist() == ["islanders", "others"]
    assert "Atlantis" in groups["detail"][0]
    pd.testing.assert_frame_equal(table, before)


def test_what_is_the_same_for_all_rows_is_left_to_the_title():
    detail = words.label_surveys(surveys({}, {"population": "others"}))["detail"]
    assert not any("148" in text for text in detail)
    assert words.label_surveys(SURVEYS.iloc[:0])["label"].tolist() == []


def test_rows_of_several_tables_stand_below_each_other_once():
    table = surveys({}, {}, {})
    got = words.together(table.iloc[:2], table.iloc[1:])
    assert got["id"].tolist() == ["S0", "S1", "S2"]
    assert words.together(table.iloc[:0], table.iloc[:0]).empty


def test_rows_are_ordered_by_estimate_or_else_by_the_printed_percentage():
    table = surveys(
        {"cases": 30},
        {"cases": None, "n": None, "reported_percent": 20},
        {"cases": 10},
        {"cases": None, "n": None},  # only a range: not on this scale
    )
    before = table.copy(deep=True)
    assert words.ordered(table)["id"].tolist() == ["S2", "S1", "S0"]
    assert words.ordered(table).columns.tolist() == table.columns.tolist()
    assert words.ordered(table.iloc[:0]).empty
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("columns", "scale", "expected"),
    [
        ({"estimate": [0.4, 0.022]}, 100, "2.2 % to 40 %"),
        ({"estimate": [0.3]}, 100, "30 %"),
        ({"estimate": [5.1, 64.5]}, 1, "5.1 % to 64 %"),
        ({"estimate": [None, None], "lower": [0.1, 0.2], "upper": [0.3, 0.25]}, 100, "10 % to 30 %"),
        ({"estimate": [None], "reported_percent": [30.2]}, 100, "30 %"),
        ({"estimate": [0.1, None], "reported_percent": [10.4, 30.2]}, 100, "10 % to 30 %"),
    ],
)
def test_a_spread_runs_from_the_lowest_to_the_highest(columns, scale, expected):
    assert words.spread(pd.DataFrame(columns), scale=scale) == expected


def test_a_spread_of_nothing_known_says_so_once():
    nothing = pd.DataFrame({"estimate": [float("nan")], "lower": [float("nan")], "upper": [float("nan")]})
    assert words.spread(nothing) == "not known"


# -- prevalence: every question --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers():
    """Answers to every question of country, age band and definition, as the report makes them."""
    estimated = prevalence(PEOPLE)
    nobody = estimated.iloc[:0]
    asked_for = ["country", "age_band", "definition"]
    numbers = ["cases", "n", *PEOPLE.filter(like="reported")]
    keys = PEOPLE[["id", "interval", *asked_for, *numbers]]  # few columns of two plain types are searched faster
    keys = keys.astype(dict.fromkeys(keys, object) | dict.fromkeys(numbers, float))
    places = {key: rows.index for key, rows in keys.groupby(asked_for)}
    studied = {}
    asked = []
    for question in itertools.product(COUNTRIES, AGE_BANDS, DEFINITIONS):
        fits = [
            place for key, place in places.items() if all(q in ("any", k) for q, k in zip(question, key, strict=True))
        ]
        exact = tuple(sorted(itertools.chain.from_iterable(fits)))
        if exact not in studied:
            studies = words.ordered(independent(estimated.loc[list(exact)])) if exact else nobody
            studied[exact] = studies, pool(studies) if len(studies) >= 5 else None
        studies, pooled = studied[exact]
        question = dict(zip(asked_for, question, strict=True))
        found, what = findings.prevalence.nearest(keys, **question)
        finding, sentence = findings.prevalence.answer(studies, pooled, **question)
        answer = {"studies": studies, "pooled": pooled, "exact": exact, "found": tuple(found.index), "what": what}
        asked.append(SimpleNamespace(**question, **answer, finding=finding, sentence=sentence))
    return asked


@pytest.fixture(scope="module")
def shown(answers):
    """Labelled rows of every distinct set of nearest surveys, and what is said of them."""
    tables = {}
    for answer in answers:
        key = (answer.found, answer.what)
        if key not in tables:
            rows = words.label_surveys(words.ordered(prevalence(PEOPLE.loc[list(answer.found)])))
            tables[key] = SimpleNamespace(rows=rows, said=findings.prevalence.surveys(rows, answer.what))
    return tables


def test_every_question_was_asked(answers, shown):
    assert len(answers) == len(COUNTRIES) * len(AGE_BANDS) * len(DEFINITIONS) > 2000
    kinds = {"none": 0, "one": 0, "several": 0, "pooled": 0}
    for answer in answers:
        some = "none" if answer.studies.empty else "one" if len(answer.studies) == 1 else "several"
        kinds["pooled" if answer.pooled is not None else some] += 1
    assert all(kinds.values()), kinds
    assert len(shown) > 50


def test_no_sentence_of_any_prevalence_report_is_broken(answers, shown):
    texts = {text for answer in answers for text in (answer.finding, answer.sentence, answer.what)}
    texts |= {text for table in shown.values() for text in [*sentences(table.said), *sentences(table.rows)]}
    texts |= {head["name"] for answer in answers for head in words.headlines(answer.studies, answer.pooled)}
    assert [text for text in texts if BROKEN.search(text)] == []


def test_no_prevalence_report_says_that_its_rows_are_not_known(shown):
    unknown = {text for table in shown.values() for text in sentences(table.said) if "not known" in text}
    assert sorted(unknown) == []


def test_no_prevalence_report_counts_one_thing_as_several(answers, shown):
    texts = {text for answer in answers for text in (answer.finding, answer.sentence)}
    texts |= {text for table in shown.values() for text in sentences(table.said)}
    assert sorted(text for text in texts if MISCOUNTED.search(text)) == []


def test_every_answer_holds_the_numbers_of_its_table(answers):
    for answer in answers:
        said = answer.finding + answer.sentence
        assert (
            words.the(answer.country) in said
            or answer.country in said
            or (answer.country == "any" and ("all countries" in said or len(answer.studies)))
        )
        if answer.studies.empty:
            assert "no row" in answer.sentence
            continue
        row = answer.studies.loc[answer.studies["effective_n"].idxmax()]
        row = row if answer.pooled is None else answer.pooled.iloc[0]
        value = share(row["estimate"], row["lower"], row["upper"])
        assert value in answer.sentence
        if len(answer.studies) > 1:
            assert words.spread(answer.studies) in answer.sentence
            assert f"{len(answer.studies)} surveys" in answer.sentence
        if answer.pooled is not None:
            assert share(row["prediction_lower"]) in answer.sentence
            assert share(row["prediction_upper"]) in answer.sentence
        headline = words.headlines(answer.studies, answer.pooled)[0]
        assert share(headline["row"]["estimate"], headline["row"]["lower"], headline["row"]["upper"]) == value


def test_the_nearest_rows_are_never_none_and_can_be_drawn(answers, shown):
    assert all(len(answer.found) for answer in answers)
    undrawable = {what for (_, what), table in shown.items() if table.rows.empty}
    assert undrawable == set()


def test_the_nearest_rows_are_those_asked_for_where_there_are_any(answers):
    drawable = set(PEOPLE.index[PEOPLE["reported_percent"].notna() | PEOPLE["cases"].notna()])
    labels = {definition: words.definition_label(definition) for definition in DEFINITIONS}
    for answer in answers:
        if drawable.intersection(answer.exact):
            assert answer.found == tuple(row for row in answer.exact if row in drawable)
            assert labels[answer.definition] in answer.what


def test_every_country_that_can_be_asked_for_can_be_looked_up_among_the_people():
    refused = []
    for country in COUNTRIES:
        try:
            evidence.select(PEOPLE, country=country)  # as the notebook does
        except InputError:
            refused.append(country)
    assert refused == []


# -- prevalence: by hand ---------------------------------------------------------------------------------------------

QUESTION = {"country": "Atlantis", "age_band": "any", "definition": "b12_148"}


def test_one_survey_is_quoted_with_its_people_place_and_years():
    finding, sentence = findings.prevalence.answer(surveys({}), None, **QUESTION)
    assert finding == "10 % of islanders (Atlantis) were low"
    assert sentence == "**10 % (6–17)** of islanders (Atlantis, 2001–2003) had serum B12 below 148 pmol/L."


def test_a_survey_whose_years_are_not_known_is_quoted_without_them():
    _, sentence = findings.prevalence.answer(surveys({"year_start": None, "year_end": None}), None, **QUESTION)
    assert "(Atlantis)" in sentence


def test_of_several_surveys_the_most_precise_is_quoted_and_the_rest_is_a_range():
    table = surveys({"n": 50}, {"n": 200, "population": "sailors"}, {"n": 100})
    _, sentence = findings.prevalence.answer(table, None, **QUESTION)
    assert "of sailors" in sentence
    assert "3 surveys range from 5.0 % to 20 %" in sentence.replace("5 %", "5.0 %")


def test_no_survey_is_said_to_be_none():
    finding, sentence = findings.prevalence.answer(surveys({}).iloc[:0], None, **QUESTION)
    assert "No survey of the general population" in finding
    assert "Atlantis" in finding
    assert "no row" in sentence
    assert words.headlines(surveys({}).iloc[:0], None) == []


def test_headlines_carry_a_row_with_its_interval():
    table = surveys({"n": 50, "cohort": "a"}, {"n": 200, "cohort": "b", "population": "sailors"})
    (single,) = words.headlines(table, None)
    assert single["name"] == "sailors, Atlantis"
    assert single["row"]["estimate"] == 0.05
    (pooled,) = words.headlines(table, pool(table))
    assert pooled["name"] == "pooled over 2 surveys"
    assert pooled["row"]["lower"] == pool(table)["lower"].iloc[0]


def test_what_was_asked_is_given_up_step_by_step():
    table = pd.DataFrame(
        {
            "country": ["A", "A", "B"],
            "age_band": ["adults", "children", "adults"],
            "definition": ["b12_148", "b12_150", "mma_271"],
            "reported_percent": [1.0, 2.0, 3.0],
            "cases": pd.array([pd.NA] * 3, dtype="Int64"),
            "n": pd.array([10] * 3, dtype="Int64"),
        }
    )

    def found(country, age_band, definition):
        return findings.prevalence.nearest(table, country=country, age_band=age_band, definition=definition)[
            0
        ].index.tolist()

    assert found("A", "adults", "b12_148") == [0]
    assert found("A", "adults", "mma_271") == [0]  # without the definition
    assert found("A", "older_adults", "mma_271") == [0, 1]  # without the ages
    assert found("C", "adults", "mma_271") == [2]  # without the country
    assert found("C", "adults", "hcy_15") == [0, 1, 2]
    assert found("any", "any", "b12_150") == [1]
    assert found("any", "adults", "any") == [0, 2]


def test_a_pooled_row_is_the_last_and_marked():
    table = surveys({"cohort": "a"}, {"cohort": "b", "cases": 30})
    rows = words.label_surveys(table)
    assert findings.prevalence.with_pooled(rows, None, rows)["is_pooled"].tolist() == [False, False]
    pooled = pool(table)
    both = findings.prevalence.with_pooled(rows, pooled, rows)
    assert both["is_pooled"].tolist() == [False, False, True]
    assert both["estimate"].iloc[-1] == pooled["estimate"].iloc[0]
    assert "2 surveys" in both["label"].iloc[-1]
    assert share(pooled["prediction_upper"].iloc[0]) in both["detail"].iloc[-1]
    assert set(words.SURVEY_COLUMNS) - set(both.columns) <= {"source", "note"}
    marked = forest(both, detail="detail", summary="is_pooled").data[-1].marker.symbol
    assert marked.startswith("diamond")


def test_definitions_are_classed_and_others_left_out():
    table = surveys({}, {"definition": "b12_marginal_221"}, {"definition": "stated"})
    assert findings.prevalence.with_class(table, ["deficient"])["id"].tolist() == ["S0"]
    assert findings.prevalence.with_class(table, ["deficient", "marginal"])["definition_class"].tolist() == [
        "deficient",
        "marginal",
    ]
    assert findings.prevalence.with_class(table.iloc[:0], ["deficient"]).empty


def test_six_and_twenty_are_told_apart():
    older = findings.prevalence.with_class(
        surveys({"cases": 6}, {"cases": 20, "definition": "b12_marginal_221"}), ["deficient", "marginal"]
    )
    said = findings.prevalence.six_or_twenty(older)["summary"]
    assert "6.0 % had" in said or "6 % had" in said
    assert "20 % had" in said
    nobody = findings.prevalence.six_or_twenty(older.iloc[:0])["summary"]
    assert "counted deficient" in nobody
    assert "counted marginal" in nobody
    assert not BROKEN.search(nobody)


# -- risk groups: every question -------------------------------------------------------------------------------------

#: Rows of each figure of effects, as the notebook chooses them.
ROWS_OF = {
    "ratios": lambda factors: risk.ratios(factors, "effect"),
    "gradients": lambda factors: risk.ratios(factors, "gradient"),
    "differences": lambda factors: evidence.select(factors, measure="b12_difference_pmol_l"),
    "incidences": lambda factors: evidence.select(factors, quantity="incidence", measure="percent"),
    "times": lambda factors: evidence.select(factors, quantity="time_to_deficiency", measure="months"),
    "exposures": risk.exposures,
}


@pytest.fixture(scope="module")
def reports():
    """Every risk group by every definition that gives other rows, as the report makes it."""
    estimated = prevalence(SURVEYS)
    made = {}
    for group in GROUPS:
        factors = FACTORS[FACTORS["group"] == group]
        ratios = findings.effects.label(risk.ratios(factors, "effect"))
        for definition in ["any", *DEFINITIONS]:
            measured = words.ordered(narrowed(estimated, group=group, definition=definition))
            if definition == "any" or (group, tuple(measured["id"])) not in made:
                others = words.ordered(risk.comparators(estimated, measured))
                both = words.label_surveys(findings.risk_groups.with_comparators(measured, others), by="group")
                made[group, tuple(measured["id"])] = SimpleNamespace(
                    group=group, definition=definition, measured=measured, others=others, effects=ratios, both=both,
                    answer=findings.risk_groups.answer(group, measured, others, ratios),
                    said=findings.risk_groups.prevalence(group, measured, others),
                )  # fmt: skip
    return list(made.values())


def test_every_risk_group_was_asked_for(reports):
    assert {report.group for report in reports} == set(GROUPS)
    assert len(reports) > 2 * len(GROUPS)
    assert any(report.measured.empty for report in reports)


def test_no_sentence_of_any_risk_group_is_broken(reports):
    for report in reports:
        texts = [*report.answer, *sentences(report.said), *sentences(report.both)]
        texts += [
            head["name"]
            for head in words.headlines(findings.risk_groups.most_telling(report.measured, report.others), None)
        ]
        assert [text for text in texts if BROKEN.search(text) or "not known" in text] == []


def test_no_risk_group_counts_one_thing_as_several(reports):
    texts = {text for report in reports for text in [*report.answer, *sentences(report.said)]}
    assert sorted(text for text in texts if MISCOUNTED.search(text)) == []


def test_the_answer_on_a_risk_group_holds_the_numbers_of_its_tables(reports):
    for report in reports:
        finding, sentence = report.answer
        name = words.group_label(report.group)
        assert finding.lower().startswith(name.lower())
        best = findings.risk_groups.most_telling(report.measured, report.others)
        for row in best.to_dict("records"):
            assert f"**{share(row['estimate'], row['lower'], row['upper'])}**" in sentence
            assert row["population"] in sentence
        if len(report.effects):
            assert number(report.effects["value"].min()) in sentence
            assert number(report.effects["value"].max()) in sentence
        elif best.empty:
            assert "no prevalence" in sentence


def test_the_rows_of_a_group_and_of_the_people_compared_are_drawn_once_each(reports):
    for report in reports:
        assert report.both["id"].is_unique
        assert set(report.measured["id"]) <= set(report.both["id"])
        assert set(report.both["id"]) <= set(report.measured["id"]) | set(report.others["id"])
        known = report.measured[report.measured["estimate"].notna()]
        if len(known):
            assert words.spread(report.measured) in report.said["title"]
            assert words.spread(known) in report.said["summary"]
        if len(report.both):
            assert len(forest(report.both, detail="detail", look="group").data) == len(report.both)


@pytest.fixture(scope="module")
def other_figures():
    """What is said of each group's ratios, differences, incidences, times and exposures, where there are any."""
    made = []
    for group in GROUPS:
        for kind, choose in ROWS_OF.items():
            rows = findings.effects.label(choose(FACTORS[FACTORS["group"] == group]))
            if len(rows):
                said = findings.effects.figure(kind, group, rows)
                made.append(SimpleNamespace(group=group, kind=kind, rows=rows, said=said))
    return made


def test_every_other_figure_of_a_risk_group_is_said_in_whole_sentences(other_figures):
    assert {figure.kind for figure in other_figures} == set(ROWS_OF) == set(findings.effects.FIGURES) - {"shares"}
    for figure in other_figures:
        assert set(figure.said) == {"title", "summary", "caption"}
        assert words.group_label(figure.group) in figure.said["summary"]
        texts = [*sentences(figure.said), *sentences(figure.rows)]
        assert [text for text in texts if BROKEN.search(text) or "not known" in text] == []
        axis = findings.effects.FIGURES[figure.kind].axis
        drawn = forest(figure.rows, detail="detail", **axis)
        assert len(drawn.data) == len(figure.rows)
        assert (drawn.layout.xaxis.type == "log") == (figure.kind in ("ratios", "gradients"))
        assert not BROKEN.search(axis["axis_title"])


def test_a_kind_of_figure_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match=r"kind='ratio' is not known \(did you mean 'ratios'\?\)"):
        findings.effects.figure("ratio", "vegans", findings.effects.label(effects({})))


def test_no_other_figure_counts_one_thing_as_several(other_figures):
    texts = {text for figure in other_figures for text in sentences(figure.said)}
    assert sorted(text for text in texts if MISCOUNTED.search(text)) == []


@pytest.mark.parametrize("exposure", [None, 0, 0.1, 1])
@pytest.mark.parametrize("group", GROUPS)
def test_every_attributable_fraction_is_said_or_why_it_is_not(group, exposure):
    pairs = risk.exposures_with_effects(FACTORS[FACTORS["group"] == group], exposure=exposure)
    shares = risk.attributable_fraction(pairs.assign(baseline_risk=0.05, adjustment="none"), n=200, rng=1)
    stated = findings.effects.label_shares(shares[shares["reason"].isna()])
    why = findings.effects.unstated(shares, FACTORS[FACTORS["group"] == group])
    assert len(stated) or why
    texts = [*sentences(stated), *why]
    if len(stated):
        said = findings.effects.figure("shares", group, stated)
        assert words.spread(stated) in said["title"]
        assert words.spread(stated) in said["summary"]
        texts += sentences(said)
        rows = risk.pair_rows(stated)
        assert rows["id"].is_unique
        assert set(rows["id"]) <= set(FACTORS["id"])
        assert rows[["source", "status"]].notna().all(axis=None)
    texts = [text.replace("whether the ratio is adjusted is not known", "") for text in texts]  # that is a reason
    assert [text for text in texts if BROKEN.search(text) or "not known" in text] == []


# -- risk groups: by hand --------------------------------------------------------------------------------------------


def measured_and_others():
    measured = surveys(
        {"id": "m1", "group": "vegans", "population": "vegans", "cases": 52},
        {"id": "m2", "group": "vegans", "population": "vegans", "cases": 40, "n": 900, "cohort": "elsewhere"},
        {"id": "m3", "group": "vegans", "population": "vegans", "cases": 70, "n": 5000, "definition": "b12_221"},
    )
    others = surveys({"id": "o1", "group": "omnivores", "population": "omnivores", "cases": 1})
    return measured, others


def test_a_group_is_quoted_beside_the_people_it_was_compared_with():
    measured, others = measured_and_others()
    assert findings.risk_groups.most_telling(measured, others)["id"].tolist() == ["m1"]
    _, sentence = findings.risk_groups.answer("vegans", measured, others, FACTORS.iloc[:0])
    assert "**52 % (42–62)**" in sentence
    assert "Of omnivores: 1.0 % (0.2–5.4)." in sentence


def test_without_people_compared_the_most_precise_row_is_quoted():
    measured, others = measured_and_others()
    assert findings.risk_groups.most_telling(measured, others.iloc[:0])["id"].tolist() == ["m2"]


def test_a_cut_off_that_is_stated_is_quoted_rather_than_one_that_is_not():
    measured = surveys({"id": "m1", "n": 5000, "definition": "stated"}, {"id": "m2"})
    assert findings.risk_groups.most_telling(measured, measured.iloc[:0])["id"].tolist() == ["m2"]
    assert findings.risk_groups.most_telling(measured.iloc[:1], measured.iloc[:0])["id"].tolist() == ["m1"]


def test_marginal_status_is_never_quoted_as_deficiency():
    marginal = surveys({"definition": "b12_marginal_221"}, {"definition": "b12_221"})
    assert findings.risk_groups.most_telling(marginal, marginal.iloc[:0]).empty
    finding, sentence = findings.risk_groups.answer("vegans", marginal, marginal.iloc[:0], FACTORS.iloc[:0])
    assert "no prevalence" in finding + sentence


def test_people_compared_without_an_interval_are_not_said_to_be_unknown():
    measured, others = measured_and_others()
    hollow = surveys({"group": "omnivores", "population": "omnivores", "cases": None, "n": None, "reported_percent": 5})
    _, sentence = findings.risk_groups.answer("vegans", measured.iloc[:1], hollow, FACTORS.iloc[:0])
    assert "not known" not in sentence
    _, sentence = findings.risk_groups.answer(
        "vegans", measured.iloc[:1], pd.concat([hollow, others]), FACTORS.iloc[:0]
    )
    assert "Of omnivores: 1.0 % (0.2–5.4)." in sentence


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{}], "The one published ratio on deficiency is 3.0, clear of 1."),
        ([{"lower": 0.9}], "The one published ratio on deficiency is 3.0, not clear of 1."),
        (
            [{}, {"value": 0.5, "lower": 0.3, "upper": 0.8}, {"lower": 0.9}],
            "Published ratios on deficiency run from 0.50 to 3.0; 2 of 3 are clear of 1.",
        ),
    ],
)
def test_ratios_are_counted_as_clear_of_1_on_either_side(rows, expected):
    nobody = surveys({}).iloc[:0]
    finding, sentence = findings.risk_groups.answer("vegans", nobody, nobody, findings.effects.label(effects(*rows)))
    assert sentence == expected
    assert finding.startswith("Vegans: ratio")


def test_a_group_of_which_nothing_is_known_is_said_to_be_one():
    nobody = surveys({}).iloc[:0]
    finding, sentence = findings.risk_groups.answer("vegans", nobody, nobody, FACTORS.iloc[:0])
    assert finding == "Vegans: no prevalence or ratio with an interval"
    assert "no prevalence and no ratio" in sentence
    said = findings.risk_groups.prevalence("vegans", nobody, nobody)
    assert not any(BROKEN.search(text) or "not known" in text for text in sentences(said))
    assert findings.risk_groups.with_comparators(nobody, nobody).empty
    assert risk.comparators(SURVEYS, nobody).empty


def test_each_block_of_the_group_is_followed_by_the_people_compared():
    measured, others = measured_and_others()
    assert findings.risk_groups.with_comparators(measured, others)["id"].tolist() == ["m1", "o1", "m2", "m3"]
    assert risk.comparators(pd.concat([measured, others]), measured)["id"].tolist() == ["o1"]
    assert findings.risk_groups.with_comparators(measured, others).dtypes.equals(measured.dtypes)


def test_effects_become_rows_of_a_forest_plot():
    table = effects(
        {},
        {"comparison": "dose above 1 g", "measure": "percent_change"},
        {"interval": "range"},
        {"interval": "range", "value": pd.NA},
    )
    before = table.copy(deep=True)
    got = findings.effects.label(table)
    assert got["estimate"].tolist()[:3] == [3.0] * 3
    assert got["lower"].notna().tolist() == [True, True, False, True]
    assert got["label"].tolist()[:2] == ["islanders", "dose above 1 g"]
    assert all(piece in got["detail"][0] for piece in ("odds ratio", "Atlantis", MARKS["secondary"]))
    assert "islanders" in got["detail"][1]
    assert "percent change" not in got["detail"][1]
    assert findings.effects.label(table.iloc[:0])["label"].tolist() == []
    pd.testing.assert_frame_equal(table, before)


def test_only_ratios_on_deficiency_with_an_interval_are_ratios():
    table = effects(
        {"id": "a"},
        {"id": "b", "measure": "hazard_ratio"},
        {"id": "c", "interval": "none"},
        {"id": "d", "outcome": "serum B12"},
        {"id": "e", "quantity": "gradient"},
        {"id": "f", "measure": "mean_difference"},
    )
    assert risk.ratios(table, "effect")["id"].tolist() == ["a", "b"]
    assert risk.ratios(table, "gradient")["id"].tolist() == ["e"]
    assert risk.ratios(table.iloc[:0], "effect").empty


def test_rows_on_another_definition_are_left_out_and_those_that_need_none_stay():
    table = effects({"id": "a"}, {"id": "b", "definition": "mma_271"}, {"id": "c", "definition": pd.NA})
    assert risk.of_definition(table, "b12_148")["id"].tolist() == ["a", "c"]
    assert risk.of_definition(table, "any")["id"].tolist() == ["a", "b", "c"]


def test_ratios_differences_and_shares_are_said_with_their_extremes():
    table = findings.effects.label(effects({}, {"value": 1.5, "lower": 0.9}))
    said = findings.effects.figure("ratios", "vegans", table)
    assert "1.5" in said["title"]
    assert "3.0" in said["title"]
    assert "1 of 2" in said["summary"]
    assert "from 3.0 to 3.0" not in findings.effects.figure("ratios", "vegans", table.iloc[:1])["title"]
    said = findings.effects.figure("differences", "vegans", table.assign(estimate=[-53.2, -12.0]))
    assert "−53 to −12 pmol/L" in said["title"]
    said = findings.effects.figure("differences", "vegans", table.iloc[:1].assign(estimate=[-53.2]))
    assert said["title"] == "Serum B12 differs by −53 pmol/L"
    said = findings.effects.figure("incidences", "vegans", table.assign(estimate=[5.1, 64.5]))
    assert "5.1 % to 64 %" in said["title"]
    assert "months" in findings.effects.figure("times", "vegans", table)["summary"]
    assert (
        "1.5 % to 3.0 %"
        in findings.effects.figure("exposures", "vegans", table.assign(estimate=[0.015, 0.03]))["title"]
    )


def test_a_gradient_below_1_is_clear_of_1_too():
    table = findings.effects.label(effects({}, {"value": 0.5, "lower": 0.3, "upper": 0.8}, {"lower": 0.9}))
    assert "2 of 3" in findings.effects.figure("gradients", "vegans", table)["title"]


def test_attributable_fractions_are_labelled_by_exposure_and_effect():
    exposures = {"id": "X", "quantity": "exposure", "measure": "percent", "interval": "none", "value": 4.0}
    table = effects(exposures | {"status": "recalled"}, {"id": "E"})
    pairs = risk.exposures_with_effects(table)
    shares = risk.attributable_fraction(pairs.assign(baseline_risk=0.05, adjustment="none"), n=100, rng=1)
    labelled = findings.effects.label_shares(shares)
    assert labelled["label"].tolist() == ["4.0 % exposed, Atlantis 2003"]
    assert "odds ratio 3.0" in labelled["detail"][0]
    assert risk.pair_rows(shares).to_numpy().tolist() == [
        ["X", "somebody", "recalled"],
        ["E", "somebody", "secondary"],
    ]
    assert findings.effects.unstated(shares, table) == []
    chosen = risk.attributable_fraction(
        risk.exposures_with_effects(table, exposure=0.2).assign(baseline_risk=0.05, adjustment="none"), rng=1
    )
    assert findings.effects.label_shares(chosen)["label"].tolist() == ["20 % exposed"]
    assert risk.pair_rows(chosen)["id"].tolist() == ["E"]  # a share of one's own is no evidence


def test_every_reason_is_said_with_how_many_it_concerns():
    table = effects(
        {"id": "X", "quantity": "exposure", "measure": "percent", "interval": "none", "value": 4.0},
        {"id": "E1"},
        {"id": "E2", "lower": 0.9},
        {"id": "E3", "lower": 0.8},
        {"id": "E4", "design": "case_control_density"},
    )
    pairs = risk.exposures_with_effects(table)
    shares = risk.attributable_fraction(pairs.assign(baseline_risk=0.05, adjustment="none"), n=100, rng=1)
    why = findings.effects.unstated(shares, table)
    assert len(why) == 2
    assert any("2 of 4" in text and "null or protective (E2, E3)" in text for text in why)
    assert any("1 of 4" in text and "density-sampled" in text for text in why)


def why_not(*rows, **columns):
    """What is said of shares of these rows, with what is set for every ratio."""
    table = effects(*rows).assign(comparator=pd.NA).assign(**columns)
    pairs = risk.with_baseline(risk.exposures_with_effects(table), prevalence(SURVEYS))
    return findings.effects.unstated(risk.attributable_fraction(pairs, n=100, rng=1), table)


EXPOSED = {"id": "X", "quantity": "exposure", "measure": "percent", "interval": "none", "value": 4.0}


def test_shares_of_one_trial_are_told_apart_by_their_years():
    metformin = risk.with_trials(FACTORS[FACTORS["group"] == "metformin"], SURVEYS)
    shares = risk.attributable_fraction(risk.exposures_with_effects(metformin, exposure=0.1), n=100, rng=1)
    details = findings.effects.label_shares(shares[shares["reason"].isna()])["detail"].tolist()
    assert [detail.split("risk ratio ")[1].split(" ·")[0] for detail in details] == [
        *("1.9 after 5 years", "2.0 after 5 years", "1.3 after 13 years")
    ]


def test_that_an_adjustment_is_not_known_is_said_in_plain_words():
    (why, help_) = why_not(EXPOSED, {"id": "E1", "measure": "risk_ratio"}, adjustment=pd.NA)
    assert "1 of 1 attributable fraction not stated:** whether the ratio is adjusted is not known" in why
    assert "(E1)" in why
    assert "What was read of these studies does not say whether the ratio is adjusted for age and the like." in why
    assert "which is not printed" in why
    assert help_.startswith("**No `exposure_percent` would help:**")
    (why, _) = why_not(EXPOSED, {"id": "E1"}, adjustment=pd.NA)
    assert "is not printed. Whether it is adjusted is not said either." in why
    (why, _) = why_not(EXPOSED, {"id": "E1"}, adjustment="adjusted")
    assert "said either" not in why


def test_whether_an_exposure_of_ones_own_would_help_is_said():
    (nothing,) = why_not({"interval": "none"}, adjustment="none")
    assert "no ratio on deficiency with an interval is published here, so no `exposure_percent`" in nothing
    (usable,) = why_not({"id": "E1", "measure": "risk_ratio"}, {"id": "E2"}, adjustment="none")
    assert "Set it by `exposure_percent`: 1 of 2 ratios allows a share (E1)." in usable
    first, *_ = why_not({"id": "E1", "measure": "risk_ratio"}, adjustment="adjusted")
    assert "no `exposure_percent` would help: the reasons lie in the ratios" in first
    (blind,) = why_not(EXPOSED | {"interval": "ci95", "value": 0.0, "lower": 0.0, "upper": 3.0},
                       {"id": "E1", "measure": "risk_ratio"}, adjustment="none")  # fmt: skip
    assert "no spread to draw from" in blind


# -- recovery --------------------------------------------------------------------------------------------------------


def test_observed_recoveries_are_complete_ones_with_counts():
    observed = findings.recovery.observed_recovery(evidence.load("outcomes"))
    assert len(observed) > 1
    assert (observed["outcome"] == "complete").all()
    assert observed[["estimate", "lower", "upper"]].notna().all(axis=None)
    assert observed["estimate"].is_monotonic_increasing
    for row in observed.to_dict("records"):
        assert row["estimate"] == row["cases"] / row["n"]
        assert f"{row['cases']} of {row['n']}" in row["detail"]
    said = findings.recovery.observed(observed)
    assert words.spread(observed) in said["title"]
    assert str(len(observed)) in said["summary"]
    texts = [*sentences(said), *sentences(observed)]
    assert [text for text in texts if BROKEN.search(text)] == []
    assert forest(observed, detail="detail", look="syndrome").data
    assert findings.recovery.observed_recovery(evidence.load("outcomes").iloc[:0]).empty


# -- all of them -----------------------------------------------------------------------------------------------------


def test_the_columns_that_pages_show_exist():
    estimated = prevalence(SURVEYS)
    assert set(words.SURVEY_COLUMNS) <= set(estimated.columns)
    assert set(findings.effects.COLUMNS) <= set(findings.effects.label(FACTORS).columns)
    assert set(findings.recovery.OUTCOME_COLUMNS) <= set(
        findings.recovery.observed_recovery(evidence.load("outcomes")).columns
    )
    pairs = risk.with_baseline(risk.exposures_with_effects(FACTORS), estimated)
    assert set(findings.effects.SHARE_COLUMNS) <= set(risk.attributable_fraction(pairs, n=10, rng=1).columns)


@pytest.mark.parametrize(
    "report",
    [
        *(findings.prevalence, findings.recovery, findings.replications, findings.risk_groups),
        findings.testing,
    ],
)
def test_caveats_are_whole_sentences(report):
    assert report.CAVEATS
    for text in report.CAVEATS:
        assert text.strip().endswith(".")
        assert not BROKEN.search(text)
