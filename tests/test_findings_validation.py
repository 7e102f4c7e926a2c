"""What the report on validation says: the counts of its table, the misses first, and nothing made to look better."""

import re

import numpy as np
import pandas as pd
import pytest
from test_findings import BROKEN
from test_notebooks import executed, of_kind, table

import b12analysis as b12
from b12analysis.arguments import InputError
from b12analysis.figures import against as bars
from b12analysis.figures import grouped, results, tally
from b12analysis.findings import against, programs, series
from b12analysis.findings import validation as say
from b12analysis.validating import AREAS

ALL = ["any", *AREAS]


@pytest.fixture(scope="module")
def shipped():
    return b12.validation()


@pytest.fixture(scope="module")
def of_one_model(shipped):
    """Everything but the results of the nerve model."""
    return shipped[shipped["area"] != "nerves"].reset_index(drop=True)


def inside(rows):
    """How many of a table's rows pass, in words, counted another way than the findings do."""
    return f"{sum(map(bool, rows['passed']))} of {len(rows)}"


def result(**changed):
    row = {"area": "kinetics", "passed": False, "observed": 2.0, "predicted": 3.0, "note": "as it is"}
    return row | changed


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "area"), [*(("shipped", area) for area in ALL), ("of_one_model", "any"), ("of_one_model", "nerves")]
)
def test_every_area_has_words_and_something_to_draw(request, which, area):
    rows = request.getfixturevalue(which)
    texts = [*say.answer(rows, area), *say.caveats(rows, area), *say.tallies_words(say.tallies(rows)).values()]
    drawn = 0
    for part in against.parts(rows, area):
        results(against.drawable(part), **against.looks(part))
        texts += against.part_words(part).values()
        drawn += len(part)
    for part in (parts := series.shares(rows, area)):
        bars(series.drawn(part), **series.SHARE)
    if len(changes := series.changes(rows, area)):
        grouped(series.sides(changes), **series.CHANGE)
        parts.append(changes)
    for part in parts:
        texts += [*series.words(part).values(), *part["label"], *part["detail"], *part["why"]]
        drawn += len(part)
    if len(others := programs.programs(rows, area)):
        results(others, **programs.PROGRAMS)
        texts += programs.programs_words(others).values()
        drawn += len(others)
    assert drawn == len(against.of(rows, area))  # every result is in one figure
    for text in texts:
        assert not BROKEN.search(text), text


def test_the_answer_counts_what_was_held_out_first(of_one_model):
    finding, sentence = say.answer(of_one_model, "any")
    held = of_one_model.query("role == 'held_out'")
    assert finding == f"The model's 95 % intervals hold {inside(held)} results that were held out"
    assert sentence.startswith(f"Held out: **{inside(held)}** inside, where {round(0.95 * len(held))} should be; ")
    fitted = of_one_model.query("role == 'fitted'")
    assert f"fitted: {inside(fitted)} inside, which proves nothing" in sentence
    printed = of_one_model[of_one_model["area"] == "replications"]
    assert f"printed figures made again: {inside(printed)} to the digit" in sentence
    programs_ = b12.load("validation_programs")
    agree = f"{int(programs_['agrees'].sum())} of {len(programs_)} agree"
    assert f"comparisons with other programs: {agree}, {programs_['cells'].sum():,} numbers." in sentence


def test_with_two_models_each_has_its_figure_and_neither_hides_the_other(shipped):
    held = shipped.query("role == 'held_out'")
    body, nerves = (held[held["area"] == area] for area in ("kinetics", "nerves"))
    finding, sentence = say.answer(shipped, "any")
    assert finding == f"The models' 95 % intervals hold {inside(held)} results that were held out"
    should = " and ".join(str(round(0.95 * len(part))) for part in (body, nerves))
    assert sentence.startswith(
        f"Held out: **{inside(body)}** (vitamin B12 in the body) and **{inside(nerves)}** (nerve damage and recovery) "
        f"inside, where {should} should be; "
    )
    finding, sentence = say.answer(shipped, "nerves")
    assert finding.endswith(f"hold {inside(nerves)} results that were held out (nerve damage and recovery)")
    for role, words in (("check", "checks"), ("alternative", "alternatives"), ("fitted", "fitted")):
        part = shipped[(shipped["area"] == "nerves") & (shipped["role"] == role)]
        assert f"{words}: {inside(part)} inside" in sentence
    both = say.headlines(shipped, "any")
    assert [each["row"]["estimate"] for each in both] == pytest.approx([body["passed"].mean(), nerves["passed"].mean()])
    assert both[1]["what"].startswith(f"{inside(nerves)}; ")
    assert both[1]["what"].endswith("should be 95 %")


def test_where_nothing_is_held_out_no_share_of_it_is_stated(shipped):
    assert say.headlines(shipped, "pooling") == []
    assert say.answer(shipped, "pooling")[0] == "8 of 8 comparisons with other programs agree (pooled prevalence)"


def test_a_model_without_results_says_so(of_one_model):
    assert say.answer(of_one_model, "nerves")[0].startswith("There is nothing yet to hold nerve damage")
    assert say.headlines(of_one_model, "nerves") == []
    assert series.shares(of_one_model, "nerves") == []
    assert series.changes(of_one_model, "nerves").empty


def test_an_alternative_is_not_expected_to_pass(shipped):
    counts = say.tallies(shipped).set_index(["area", "role"])
    assert np.isnan(counts.loc[("nerves", "alternative"), "expected"])
    assert np.isnan(counts.loc[("pooling", "reproduced"), "expected"])
    held = shipped.query("area == 'nerves' and role == 'held_out'")["passed"]
    assert counts.loc[("nerves", "held_out"), ["passed", "missed", "expected"]].tolist() == [
        *(held.sum(), (~held).sum()),
        0.95,
    ]
    assert counts[["passed", "missed"]].sum().sum() == len(shipped)
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
        (
            result(area="nerves", observed=0.54, predicted=0.96, chance=0.0249),
            "Too much is predicted: 96 % where 54 % was seen; the model gives that a chance of 0.025. Noted: as it is.",
        ),
        (
            result(area="nerves", observed=0.294, predicted=0.033, chance=0.0, note=None),
            "Too little is predicted: 3.3 % where 29 % was seen; the model gives that a chance below 0.001. "
            "Why is not known.",
        ),
        (
            result(area="nerves", observed=None, chance=0.048),
            "The model gives what was seen a chance of 0.048. Noted: as it is.",
        ),
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
    should = round(0.95 * len(held))
    assert against.part_words(held)["title"].endswith(
        f": {inside(held)} held-out results lie inside, where {should} should"
    )


def test_results_are_drawn_as_multiples_of_what_was_observed(shipped):
    part = next(part for part in against.parts(shipped, "kinetics"))
    drawn = against.drawable(part)
    row = drawn[drawn["observed"] < 0].iloc[0]  # a fall, predicted as one
    assert row["estimate"] == pytest.approx(row["predicted"] / row["observed"], abs=1e-4)  # rounded
    assert 0 < row["lower"] <= row["estimate"] <= row["upper"]
    holds = (drawn["lower"] <= 1) & (drawn["upper"] >= 1)
    assert (holds == drawn["passed"]).all()  # the picture tells what the verdict tells
    assert f"{len(part) - len(drawn)} result" in against.part_words(part)["caption"] or len(part) == len(drawn)


def test_series_are_named_for_readers_and_sorted_by_how_unlikely_they_are(shipped):
    held, rest = series.shares(shipped, "nerves")
    assert set(held["role"]) == {"held_out"}
    assert "held_out" not in set(rest["role"])
    keys = b12.load("recovery_validation")
    for part in (held, rest, series.changes(shipped, "nerves")):
        shown = " ".join(part["label"])
        assert not any(key in shown for key in [*keys["series"], *keys["what"]] if "_" in key)
        assert part["label"].is_unique
        assert not re.search(r"\d\.\d", " ".join(part["detail"]))  # people are whole
        for _, role in part.groupby("role"):
            assert role["chance"].is_monotonic_increasing
        assert (part["why"].str.len() > 0).tolist() == (~part["passed"]).tolist()
        assert against.rests(part)["assumed"]
        listed = against.listed(part)
        assert listed["id"].is_unique
        assert listed["passed"].tolist() == sorted(listed["passed"])  # "no" before "yes"
    assert "Vasconcelos 2006: not improved, month 12" in set(held["label"])


def test_shares_of_nobody_are_drawn_and_words_are_counted_and_not_drawn(shipped):
    held, _ = series.shares(shipped, "nerves")
    drawn = series.drawn(held)
    assert (drawn["observed"] == 0).any()
    assert drawn["covered"].tolist() == drawn["id"].map(shipped.set_index("id")["passed"]).tolist()
    missing = int(held["observed"].isna().sum())
    assert len(drawn) == len(held) - missing < len(held)
    said = series.words(held)
    assert f"In the table alone: {missing} results printed in words." in said["caption"]
    assert f", shares of patients: {inside(held)} held-out results lie inside" in said["title"]
    assert bars(drawn, **series.SHARE).data[0].base[0] == pytest.approx(100 * drawn["lower"].iloc[0])


def test_a_change_stands_beside_what_was_observed_where_a_number_was(shipped):
    changes = series.changes(shipped, "nerves")
    both = series.sides(changes)
    observed, predicted = (both[both["side"] == side] for side in ("observed", "predicted"))
    assert predicted["estimate"].notna().all()
    known = changes["observed"].notna()
    assert observed["estimate"].notna().tolist() == known.tolist()
    fig = grouped(both, **series.CHANGE)
    assert [len(trace.x) for trace in fig.data] == [known.sum(), len(changes)]
    assert changes["label"].str.startswith("✗").tolist() == (~changes["passed"]).tolist()
    assert f"{(~known).sum()} results printed as a direction alone." in series.words(changes)["caption"]
    assert set(shipped.loc[shipped["id"].isin(changes["id"]), "unit"]) == {"share of function"}


def test_what_rests_on_no_model_does_not_say_that_it_does(shipped):
    printed = against.parts(shipped, "replications")[0]
    assert not against.rests(printed)["assumed"]
    assert against.rests(against.parts(shipped, "kinetics")[0])["assumed"]


def test_the_tables_of_the_models_shown_are_named_on_the_page(shipped):
    assert list(say.predictions(shipped, "any")) == ["kinetics_validation", "recovery_targets", "recovery_validation"]
    named = say.predictions(shipped, "nerves")
    assert list(named) == ["recovery_targets", "recovery_validation"]
    assert named["recovery_targets"]["id"].tolist() == b12.load("recovery_targets")["id"].tolist()
    assert set(named["recovery_validation"]["id"]) == {"recovery_validation"}
    assert named["recovery_validation"]["source"].notna().all()
    assert say.predictions(shipped, "pooling") == {}


def test_what_the_model_of_nerves_misses_is_a_caveat_with_its_chance(shipped):
    missed = shipped.query("area == 'nerves' and role == 'held_out' and not passed")
    (said,) = [each for each in say.caveats(shipped, "nerves") if "model of nerves misses" in each]
    assert f"misses {len(missed)} held-out result" in said
    assert said.count("(chance ") == len(missed)
    assert "(chance 0)" not in said


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


def test_what_can_hardly_fail_is_told_from_counts(shipped):
    (said,) = (text for text in say.caveats(shipped, "nerves") if "hardly fail" in text)
    held = b12.load("recovery_validation").query("scenario == 'all' and role == 'test'")
    counts = held[held["cases"].notna()]
    assert f"Of the {len(counts)} counts {counts['within'].sum()} lie inside" in said
