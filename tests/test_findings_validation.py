"""What the report on validation says: the counts of its table, the misses first, and nothing made to look better."""

import re

import numpy as np
import pandas as pd
import pytest
from made_up import with_nerves
from test_findings import BROKEN
from test_notebooks import executed, of_kind, table

import b12analysis as b12
from b12analysis.arguments import InputError
from b12analysis.figures import grouped, results, tally
from b12analysis.findings import against, programs
from b12analysis.findings import validation as say
from b12analysis.validating import AREAS

ALL = ["any", *AREAS]


@pytest.fixture(scope="module")
def shipped():
    return b12.validation()


@pytest.fixture(scope="module")
def nerves(tmp_path_factory):
    """Everything, with made-up results of the nerve model."""
    return b12.validation(folder=with_nerves(tmp_path_factory.mktemp("nerves")))


def result(**changed):
    row = {"area": "kinetics", "passed": False, "observed": 2.0, "predicted": 3.0, "note": "as it is"}
    return row | changed


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", ALL)
@pytest.mark.parametrize("which", ["shipped", "nerves"])
def test_every_area_has_words_and_something_to_draw(request, which, area):
    rows = request.getfixturevalue(which)
    texts = [*say.answer(rows, area), *say.caveats(rows, area), *say.tallies_words(say.tallies(rows)).values()]
    drawn = 0
    for part in against.parts(rows, area):
        results(against.drawable(part), **against.looks(part))
        texts += against.part_words(part).values()
        drawn += len(part)
    if len(both := against.shares(rows, area)):
        grouped(both, **against.SHARES)
        texts += against.nerves_words(both).values()
        drawn += len(both) // 2
    if len(others := programs.programs(rows, area)):
        results(others, **programs.PROGRAMS)
        texts += programs.programs_words(others).values()
        drawn += len(others)
    assert drawn == len(against.of(rows, area))  # every result is in one figure
    for text in texts:
        assert not BROKEN.search(text), text


def test_the_answer_counts_what_was_held_out_first(shipped):
    finding, sentence = say.answer(shipped, "any")
    held = shipped.query("role == 'held_out'")
    inside, n = int(held["passed"].sum()), len(held)
    assert finding == f"The model's 95 % intervals hold {inside} of {n} results that were held out"
    assert sentence.startswith(f"Held out: **{inside} of {n}** inside, where {round(0.95 * n)} should be; ")
    fitted = shipped.query("role == 'fitted'")
    assert f"fitted: {int(fitted['passed'].sum())} of {len(fitted)} inside, which proves nothing" in sentence
    printed = shipped.query("area == 'replications'")
    assert f"printed figures made again: {int(printed['passed'].sum())} of {len(printed)} to the digit" in sentence
    cells = b12.load("validation_programs")["cells"].sum()
    assert f"comparisons with other programs: 40 of 41 agree, {cells:,} numbers." in sentence


def test_with_two_models_each_has_its_figure_and_neither_hides_the_other(nerves):
    finding, _ = say.answer(nerves, "any")
    assert finding == "The models' 95 % intervals hold 39 of 57 results that were held out"
    finding, sentence = say.answer(nerves, "nerves")
    assert finding.endswith("hold 1 of 3 results that were held out (nerve damage and recovery)")
    assert "checks: 1 of 1 inside; alternatives: 0 of 1 inside; fitted: 1 of 1 inside" in sentence
    both = say.headlines(nerves, "any")
    assert [round(100 * each["row"]["estimate"]) for each in both] == [70, 33]
    assert both[1]["what"].startswith("1 of 3; ")


def test_where_nothing_is_held_out_no_share_of_it_is_stated(shipped):
    assert say.headlines(shipped, "pooling") == []
    assert say.answer(shipped, "pooling")[0] == "8 of 8 comparisons with other programs agree (pooled prevalence)"
    if not (shipped["area"] == "nerves").any():
        assert say.answer(shipped, "nerves")[0].startswith("There is nothing yet to hold nerve damage")


def test_an_alternative_is_not_expected_to_pass(nerves):
    counts = say.tallies(nerves).set_index(["area", "role"])
    assert np.isnan(counts.loc[("nerves", "alternative"), "expected"])
    assert np.isnan(counts.loc[("pooling", "reproduced"), "expected"])
    assert counts.loc[("nerves", "held_out"), ["passed", "missed", "expected"]].tolist() == [1, 2, 0.95]
    assert counts[["passed", "missed"]].sum().sum() == len(nerves)
    assert counts.index.get_level_values("role")[0] == "held_out"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (result(), "Too much is predicted: 1.5 times what was observed. Noted: as it is."),
        (result(predicted=1.0), "Too little is predicted: 0.50 times what was observed. Noted: as it is."),
        (result(predicted=-1.0), "A change to the other side was predicted. Noted: as it is."),
        (result(observed=0.0, predicted=0.04), "0.04 is predicted where nothing was observed. Noted: as it is."),
        (result(area="replications", predicted=2.02), "Ours is 1.0 % above print. Noted: as it is."),
        (result(area="replications", note=None), "Ours is 50 % above print. Why is not known."),
        (result(area="pooling"), "Noted: as it is."),
        (result(passed=True), ""),
    ],
)
def test_a_miss_is_said_in_a_sentence(row, words):
    assert against._why(row) == words


def test_the_table_lists_misses_first_each_with_its_reason(shipped):
    held, rest, printed = against.parts(shipped, "any")
    for part in (held, rest, printed):
        listed = against.listed(part)
        missed = listed["passed"] == "no"
        assert missed.tolist() == sorted(missed, reverse=True)
        assert missed.sum() == (~part["passed"]).sum() > 0
        assert (listed["why"].str.len() > 0).tolist() == missed.tolist()
    assert (held["role"] == "held_out").all()
    assert set(rest["role"]) == {"check", "fitted"}
    assert "which" not in against.part_words(held)["title"]
    assert against.part_words(held)["title"].endswith(": 38 of 54 held-out results lie inside, where 51 should")


def test_results_are_drawn_as_multiples_of_what_was_observed(shipped):
    part = next(part for part in against.parts(shipped, "kinetics"))
    drawn = against.drawable(part)
    row = drawn[drawn["observed"] < 0].iloc[0]  # a fall, predicted as one
    assert row["estimate"] == pytest.approx(row["predicted"] / row["observed"], abs=1e-4)  # rounded
    assert 0 < row["lower"] <= row["estimate"] <= row["upper"]
    inside = (drawn["lower"] <= 1) & (drawn["upper"] >= 1)
    assert (inside == drawn["passed"]).all()  # the picture tells what the verdict tells
    assert f"{len(part) - len(drawn)} result" in against.part_words(part)["caption"] or len(part) == len(drawn)


def test_shares_of_nobody_are_drawn_as_shares(nerves):
    both = against.shares(nerves, "nerves")
    none = both[both["what"].str.startswith("no better at all")].set_index("side")
    assert none.loc["observed", "estimate"] == 0
    assert none.loc["predicted", "estimate"] == pytest.approx(0.04)
    assert none.loc["observed", "label"].startswith("✗ held out · ")
    assert both["label"].str.startswith("✗").tolist() == (~both["passed"]).tolist()
    assert ": 1 of 3 held-out results lie inside, where 3 should" in against.nerves_words(both)["title"]
    assert against.rests(both)["assumed"]
    assert against.listed(both)["id"].is_unique


def test_what_rests_on_no_model_does_not_say_that_it_does(shipped):
    printed = against.parts(shipped, "replications")[0]
    assert not against.rests(printed)["assumed"]
    assert against.rests(against.parts(shipped, "kinetics")[0])["assumed"]


def test_the_tables_of_the_models_shown_are_named_on_the_page(nerves):
    assert list(say.predictions(nerves, "any")) == ["kinetics_validation", "recovery_validation"]
    named = say.predictions(nerves, "nerves")
    assert list(named) == ["recovery_validation"]
    assert named["recovery_validation"]["id"].tolist() == ["N1a", "made1", "made2", "made3", "made4", "made5"]
    assert say.predictions(nerves, "pooling") == {}


def test_what_no_page_may_leave_out_is_a_caveat(shipped):
    said = " ".join(say.caveats(shipped, "any"))
    for words in (
        "fitted proves nothing",
        "cannot be tested",
        "earlier start changes how nerves recover",
        "misses among",
    ):
        assert words in said
    printed = b12.load("replications").query("reading == 'literal'")["interval_agrees"].dropna()
    assert f"of {len(printed)} printed limits and standard errors {(printed == 'no').sum()} do not" in said
    assert re.search(r"Of \d+ results \d+ rest on numbers that nobody has checked", said)


# -- figures ---------------------------------------------------------------------------------------------------------


def test_a_tally_is_of_each_hundred_and_draws_no_empty_bar():
    fig = tally(
        pd.DataFrame({"label": ["a", "b"], "passed": [3, 5], "missed": [1, 0], "should": [0.95, np.nan]}),
        expected="should",
    )
    passed, missed, should = fig.data
    assert (list(passed.x), missed.x[0], should.x[0]) == ([75, 100], 25, 95)
    assert np.isnan(missed.x[1])
    assert passed.marker.pattern.shape != missed.marker.pattern.shape  # not by colour alone
    with pytest.raises(InputError, match="without a result"):
        tally(pd.DataFrame({"label": ["a"], "passed": [0], "missed": [0]}))


def test_results_stand_in_blocks_from_top_to_bottom():
    rows = pd.DataFrame({"study": ["a", "a", "b"], "what": ["x", "y", "z"], "estimate": [1, 2, 3.0]})
    rows = rows.assign(lower=[0.5, 1.5, np.nan], upper=[2, 3, np.nan], passed=[True, False, False])
    fig = results(rows, block="study", said="what", axis_title="ratio")
    hit, miss = fig.data
    assert list(hit.x) == [1]
    assert list(miss.x) == [2, 3]
    assert hit.y[0] > miss.y[0] > miss.y[1]
    assert miss.error_x.array == (1, 0)  # no limits, no line
    assert [note.text for note in fig.layout.annotations] == ["a", "b"]
    assert hit.marker.symbol != miss.marker.symbol
    with pytest.raises(InputError, match="not positive"):
        results(rows.assign(estimate=0.0), block="study", said="what", axis_title="ratio")


# -- the page --------------------------------------------------------------------------------------------------------


def test_the_page_names_its_version_and_shows_every_result():
    blocks, page = executed("validation")
    assert of_kind(blocks, "answer")[0]["place"] == f"version {b12.__version__}"
    figures = of_kind(blocks, "figure")
    shown = sum(len(table(figure)) for figure in figures[1:])
    assert shown == len(b12.validation())
    assert page.figures == len(figures)


@pytest.mark.slow
@pytest.mark.parametrize("area", ALL)
def test_every_area_gives_a_page(area):
    blocks, page = executed("validation", area=area)
    assert page.figures >= 1
    assert of_kind(blocks, "answer")
    assert len(of_kind(blocks, "caveat")) >= 3
