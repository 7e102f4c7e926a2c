"""The risk-group page's figures from the US survey, and what it says of claims and of sources that disagree."""

import functools
import re

import pandas as pd
import pytest

from b12analysis import evidence, figures, nhanes, risk
from b12analysis.findings import measured, prevention, words
from b12analysis.findings import risk_groups as say

GROUPS = evidence.load("groups").query("role == 'risk'")["group"].tolist()
BANDS = ["20+", "60+"]
DEFINITIONS = ["any", "b12_148", "b12_221", "mma_271", "holotc_35"]


@pytest.fixture(scope="module", autouse=True)
def tables_read_once():
    """Read each table once for this module."""
    once = functools.cache(evidence.load)
    with pytest.MonkeyPatch.context() as patch:
        for module in (words, say, risk.effects, risk.profile, nhanes.groups, evidence):
            patch.setattr(module, "load", once)
        yield


def whole(said):
    """Check that nothing in a figure's words is missing, too long for a title, or unclosed; return the title."""
    assert set(said) == {"title", "summary", "caption"}
    for text in said.values():
        assert text.strip()
        assert not re.search(r"\bnan\b|<NA>|\bNone\b|  ", text), text
    assert len(said["title"]) < 170
    return said["title"]


# -- by which test ---------------------------------------------------------------------------------------------------


def test_metformin_is_low_by_serum_and_not_by_mma():
    table = measured.by_test("metformin", "20+")
    first = table.iloc[0]
    assert (first["group"], first["n"], first["cases"]) == ("metformin", 812, 37)  # as R counts them
    title = whole(measured.by_test_words(table, "metformin", "20+"))
    assert title == (
        "Low by serum B12 and raised by MMA: metformin users 5.6 % and 9.9 %; diabetes without metformin 0.8 % and 13 %"
    )


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("group", GROUPS)
def test_every_group_has_a_heat_map_with_itself_first_if_it_was_measured(group, band):
    table = measured.by_test(group, band)
    whole(measured.by_test_words(table, group, band))
    fig = figures.heat_map(table, row="label", column="indicator", names=measured.COLUMNS, unsure="unsure")
    rows = fig.data[0].y
    assert len(rows) == (12 if band == "20+" else 10) + (group == "h2ra")  # with those who take none beside them
    if group in set(table["group"]):
        assert rows[0] == nhanes.groups.GROUPS[group].label


# -- after which adjustment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("group", ["metformin", "ppi", "h2ra", "older_adults"])
def test_odds_ratios_stand_beside_each_other_unadjusted_and_adjusted(group, band):
    table = measured.adjusted(group, band)
    published = risk.ratios(evidence.select(evidence.load("risk_factors"), group=group), "effect")
    whole(measured.adjusted_words(table, group, published))
    assert set(table["adjustment"]) == set(measured.ADJUSTED)
    draw = {"label": "label", "group": "adjustment", "names": measured.ADJUSTED}
    assert len(figures.grouped(table, **draw, scale=1, log=True).data) == 2


def test_metformin_lowers_serum_b12_and_leaves_mma():
    title = measured.adjusted_words(measured.adjusted("metformin", "20+"), "metformin", pd.DataFrame({"lower": [2.0]}))[
        "title"
    ]
    assert title == (
        "With diabetes, serum B12 of metformin users is 0.78 (0.70–0.88) times that of others, "
        "and MMA 1.00 (0.93–1.08) times"
    )


def test_what_is_adjusted_for_and_what_not_is_said():
    published = pd.DataFrame({"lower": [0.5]})
    caption = measured.adjusted_words(measured.adjusted("ppi", "20+"), "ppi", published)["caption"]
    assert "Adjusted for age, sex, ethnicity, medicines, supplement and kidney function; not for income" in caption


def test_that_the_survey_points_the_other_way_than_the_literature_is_said():
    table = measured.adjusted("ppi", "20+")
    caption = measured.adjusted_words(table, "ppi", pd.DataFrame({"lower": [1.2, 1.4, 0.5]}))["caption"]
    assert "Here the odds of low serum B12 are lower, while 2 of 3 published ratios are clearly above 1." in caption
    assert "without prescription are missing" in caption
    assert "published" not in measured.adjusted_words(table, "ppi", pd.DataFrame({"lower": [0.5]}))["caption"]
    raised = measured.adjusted("metformin", "20+")
    assert "published" not in measured.adjusted_words(raised, "metformin", pd.DataFrame({"lower": [1.2]}))["caption"]


def test_what_is_too_uncertain_to_quote_is_marked_in_words_and_no_key_figure():
    table = measured.by_test("h2ra", "60+")  # 7 of 108 people
    assert table.query("group == 'h2ra' and indicator == 'b12_148'")["unsure"].item()
    assert "H2 blocker users 5.3 % (uncertain) and" in measured.by_test_words(table, "h2ra", "60+")["title"]
    assert measured.key_figures("h2ra", "b12_148", "60+") == []
    assert len(measured.key_figures("metformin", "b12_148", "20+")) == 1
    rare = prevention.curve_words(prevention.curve("ppi", "20+"))["title"]
    assert rare.endswith("finds 8 % (2–23), too uncertain to quote")
    assert "uncertain" not in prevention.curve_words(prevention.curve("older_adults", "20+"))["title"]


def test_what_was_not_measured_has_no_odds_ratios():
    assert measured.adjusted("vegans", "20+").empty
    assert measured.key_figures("vegans", "any", "20+") == []


def test_reinstatler_is_set_beside_ours():
    table = measured.rebuilt("metformin")
    assert table["whose"].tolist() == ["printed", "computed"] * 3
    assert (100 * table.loc[table["whose"] == "printed", "estimate"]).round(1).tolist() == [5.8, 2.4, 3.3]
    assert (
        whole(measured.rebuilt_words(table)) == "Reinstatler 2012 made again: 5.8 and 6.0, 2.4 and 2.7, 3.3 and 3.3 %"
    )
    assert measured.rebuilt("ppi").empty


# -- what prevention would bring -------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_overlaps_fractions_and_curves_can_be_drawn_for_every_definition(definition, band):
    table = prevention.overlaps(definition, band)
    drawn = table.head(12)
    whole(prevention.overlaps_words(table, drawn, band))
    assert len(prevention.sets(table)) == (5 if band == "20+" else 4)
    assert table["share"].sum() == pytest.approx(1, abs=1e-9)
    figures.upset(drawn, sets=prevention.sets(table), unsure="unsure")
    parts = prevention.fractions(definition, band)
    assert len(parts) + len(prevention.unstated(definition, band)) > 0
    if len(parts):
        whole(prevention.fractions_words(parts, band))
        figures.grouped(parts, label="label", group="kind", names=prevention.KINDS)


@pytest.mark.parametrize("group", ["metformin", "ppi", "older_adults", "vegans"])
@pytest.mark.parametrize("band", BANDS)
def test_a_milder_cut_off_finds_more_and_is_right_less_often(group, band):
    table = prevention.curve(group, band)
    whole(prevention.curve_words(table))
    found = table[(table["what"] == "sensitivity") & (table["reference"] == "mma_271_egfr_60")]
    assert found["estimate"].round(12).is_monotonic_increasing
    right = table[(table["what"] == "ppv") & (table["reference"] == "mma_271_egfr_60")].set_index("cutoff")["estimate"]
    assert right[148] > right[300]


def test_average_shares_add_up_to_the_whole():
    parts = prevention.fractions("b12_148", "20+").set_index(["kind", "exposure"])["estimate"]
    assert parts["average"].sum() == pytest.approx(parts["joint"].sum(), abs=1e-9)


# -- the article and its sources -------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_the_article_s_claim_and_every_disagreement(group):
    claim = say.claim_of(group)
    key = evidence.load("groups").set_index("group").loc[group, "claim"]
    assert claim["id"].tolist() == ([] if pd.isna(key) else [key])
    rows = say.disagreements(group)
    if len(rows):
        whole(say.disagreements_words(rows))
        assert rows.groupby("conflict")["side"].nunique().eq(2).all()
        figures.forest(rows, detail="detail")
    for text in say.unresolved(group):
        assert re.search(r"\([●◐○◇] \w+\)$", text)


@pytest.mark.parametrize("group", GROUPS)
def test_all_published_groups_stand_beside_each_other_with_the_page_s_group_first(group):
    table = say.published(group)
    whole(say.published_words(table, group))
    fig = figures.heat_map(table, row="label", column="kind", names=say.KINDS)
    assert set(table["kind"]) <= set(say.KINDS)
    if group in set(table["group"]):
        assert fig.data[0].y[0] == words.group_label(group)
    assert not table.duplicated(["group", "kind"]).any()


def test_of_a_cell_the_most_precise_study_is_shown():
    cell = say.published("pregnant").query("group == 'pregnant' and kind == 'deficient'").iloc[0]
    assert (cell["definition"], round(cell["estimate"], 3)) == ("b12_148", 0.189)  # 984 against 774 people


def test_where_nothing_else_is_known_the_answer_says_how_many_became_deficient():
    factors = evidence.select(evidence.load("risk_factors"), group="total_gastrectomy")
    became = evidence.select(factors, quantity="incidence", measure="percent")
    none = pd.DataFrame(columns=["estimate", "lower", "upper", "definition", "cohort"])
    title, sentence = say.answer("total_gastrectomy", none, none, factors.iloc[:0], became)
    assert title == "Total gastrectomy: 5.1 % to 100 % became deficient"
    assert "5.1 % of patients 6 months after total gastrectomy" in sentence
    assert "No interval" in sentence


def test_gastrectomy_is_told_from_both_sides():
    rows = say.disagreements("total_gastrectomy").set_index("id")["estimate"]
    assert rows[["B31a", "B33e"]].round(3).tolist() == [1.0, 0.645]
