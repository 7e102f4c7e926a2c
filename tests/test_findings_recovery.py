"""What the recovery report says: computed from its tables, for every profile, and with every caveat that it owes."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from b12analysis import evidence, figures, recovery
from b12analysis.findings import nerves, waiting
from b12analysis.findings import recovery as say
from b12analysis.theme import share

BROKEN = re.compile(r"\bnan\b|None|<NA>|  |\.\.|, ,|inf\b")
N = 800


def page_of(**changed):
    who = {"age": 60, "duration_months": 6, "severity": "moderate", "profile": "sensory"} | changed
    regimen = who.pop("regimen", "us_cyanocobalamin")
    someone = recovery.patient(**who)
    shares = recovery.recovery_outcomes(someone, regimen, n=N, rng=1)
    curves = recovery.simulate_recovery(someone, say.MONTHS, regimen=regimen, n=N, rng=1, level=0.8)
    times = recovery.recovery_times(someone, regimen=regimen, n=N, rng=1)
    lost = waiting.waiting(recovery.cost_of_delay(someone, regimen, waiting.WAITS, n=N, rng=1))
    compared = recovery.compare_recovery(someone, waiting.chosen(regimen), n=N, rng=1)
    ways = waiting.beside(compared)
    parts = nerves.spread(recovery.recovery_spread(someone, regimen=regimen, n=N, rng=1))
    return SimpleNamespace(
        someone=someone,
        regimen=regimen,
        shares=shares,
        curves=curves,
        times=times,
        lost=lost,
        compared=compared,
        ways=ways,
        parts=parts,
    )


@pytest.fixture(scope="module")
def page():
    return page_of()


def said_of(page) -> list[str]:
    blocks = [
        say.fate_words(page.shares, 24),
        say.fans(page.curves, page.times),
        waiting.delay_words(page.lost),
        waiting.later_words(page.lost),
        waiting.regimen_words(page.ways, page.compared),
        nerves.spread_words(page.parts),
    ]
    head = [*say.answer(page.shares, 24), say.place(page.someone, page.regimen), nerves.other_fit(page.shares)]
    head += [nerves.before_the_fit(), waiting.alike()]
    return [*head, *(text for block in blocks for text in block.values())]


CORNERS = [
    {"profile": "cognitive", "severity": "severe", "age": 80},
    {"profile": "myelopathy", "severity": "severe", "romberg": True, "babinski": True, "segments": 12},
    {"profile": "motor", "severity": "mild", "cause": "nitrous_oxide", "age": 20},
    {"profile": "sensory", "severity": "mild", "regimen": "none", "duration_months": 0.25},
    {"profile": "myelopathy", "cause": "dietary", "regimen": "oral_3_daily", "duration_months": 240},
]


@pytest.mark.parametrize("changed", CORNERS, ids=lambda changed: " ".join(map(str, changed.values())))
@pytest.mark.slow
def test_whoever_the_page_is_about_it_has_whole_sentences_and_figures(changed):
    page = page_of(**changed)
    assert [text for text in said_of(page) if BROKEN.search(text)] == []
    assert figures.icons(say.fates(page.shares)).data
    assert figures.recovery_fans(page.curves, periods=say.PERIODS).data
    assert figures.delay(page.lost, names=waiting.scenario_names()).data
    assert figures.shares(page.parts).data
    assert figures.forest(page.ways, detail="detail").data


def test_the_answer_is_a_share_of_people_with_its_interval(page):
    finding, sentence = say.answer(page.shares, 24)
    row = page.shares.set_index("outcome").loc["complete"]
    assert share(row["estimate"], row["lower"], row["upper"]) in sentence
    assert finding.startswith("Model: of 100 people like these, ")
    for part in ("estimate", "lower", "upper"):
        assert f"{100 * row[part]:.0f}" in finding
    assert [text for text in said_of(page) if BROKEN.search(text)] == []


def test_the_outcomes_add_up_to_everybody(page):
    assert page.shares["estimate"].sum() == pytest.approx(1)
    assert say.fates(page.shares)["outcome"].tolist() == [
        "nothing left that they notice",
        "at least half gone, not all",
        "less than half gone",
    ]


def test_the_curves_are_said_with_their_numbers(page):
    said = say.fans(page.curves, page.times)
    for row in page.curves[page.curves["month"].isin([1, 3, 6, 24])].itertuples():
        assert f"{share(row.estimate, row.lower, row.upper)} after {row.month:g} month" in said["summary"]
    assert "no study has measured such a curve" in said["caption"]


def test_the_article_s_timeline_is_that_of_its_claims():
    assert say.PERIODS["start"].tolist() == [0, 1, 3]
    assert say.PERIODS["end"].tolist()[:2] == [1, 3]
    claims = evidence.load("claims").set_index("id")["statement"]
    for claim, words in {"claim-R1": "weeks", "claim-R2": "3 months", "claim-R3": "6 months"}.items():
        assert words in claims[claim]


def test_the_cost_of_delay_is_a_range_over_scenarios_and_one_of_them_costs_nothing(page):
    said = waiting.delay_words(page.lost)
    least, most, farthest = waiting.widest(page.lost, 6)
    at = -page.lost[page.lost["wait_months"] == 6].set_index("scenario")["estimate"]
    assert (least, most) == (at.min(), at.max())
    assert least == 0 == at["none"]
    assert farthest >= most > 5
    assert f"costs {least:.0f} to " in said["title"]
    key = waiting.key(page.lost, page.compared)
    assert key["row"]["estimate"] == most
    assert key["row"]["lower"] <= most <= key["row"]["upper"] <= farthest
    assert key["what"].endswith(f"where it costs least: {least:.0f}")
    assert set(page.lost["scenario"]) == set(waiting.scenario_names()) == set(recovery.SCENARIOS)


def test_anaemia_is_what_101_of_141_had():
    assert waiting.anaemic() == pytest.approx(101 / 141)
    costs = pd.DataFrame(
        {"scenario": "steady", "outcome": "complete", "wait_months": [0, 6], "change": [0, -0.5]}
    ).assign(change_lower=[0, -0.6], change_upper=[0, -0.4])
    assert waiting.waiting(costs)["estimate"].tolist() == [0, -50]


# -- what must not be said (each has a caveat, and no title goes beyond it) --------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Nobody's course can be predicted",
        "never one person's chance",
        "No trial was made to compare regimens",
        "no pooled effect of tablets against injections",
        "after 3 months is the text of a product label, without data",
        "36 puts it at 6 months",
        "at 12",
        "What delay does is not known",
        "no weight of this disease for quality of life exists",
        "No study shows that nerves recover better from a poor diet",
        "When damage begins is not modelled",
        "no effect sizes were found",
        "For the same people waiting never helps",
        "taken to have symptoms of another cause",
    ],
)
def test_the_page_says_what_nobody_knows(page, words):
    everything = " ".join([*say.CAVEATS, *said_of(page)]).replace("**", "")
    assert words in everything


def test_caveats_are_whole_sentences():
    for text in say.CAVEATS:
        assert text.strip().endswith(".")
        assert not BROKEN.search(text)


def test_regimens_stand_in_the_order_named_and_not_by_outcome(page):
    named = waiting.chosen("oral_2000_daily")
    compared = recovery.compare_recovery(page.someone, named, n=N, rng=1)
    drawn = waiting.beside(compared)["regimen"].tolist()
    assert drawn == [name for name in named if name in drawn]
    assert named[0] == drawn[0] == "oral_2000_daily"
    assert len(set(named)) == len(named)
    said = waiting.regimen_words(waiting.beside(compared), compared)
    assert "no trial was made to compare" in said["title"]
    assert "no ranking" in said["caption"]
    assert not re.search(r"\bbest\b|\bworst\b|better than|superior", " ".join(said.values()))


def test_every_figure_of_the_model_wears_the_mark_of_an_assumption():
    assert evidence.weakest(say.rests_on()["status"]) == "assumption"
    assert {"misra2007", "vasconcelos2006"} <= set(say.rests_on()["source"])


def test_caveats_hold_the_numbers_of_the_tables():
    text = " ".join(say.CAVEATS)
    targets = evidence.load("recovery_targets")
    named = targets[targets["series"].isin(["misra_2007", "vasconcelos2006", "healton_1991"])]
    for row in named[named["what"] == "complete"].to_dict("records"):
        assert f"{row['cases']} of {row['n']}" in text
    model = evidence.load("recovery_model").set_index("parameter")
    assert f"spans {model.loc['safe_months', 'lower']:.0f} to {model.loc['safe_months', 'upper']:.0f}" in text
    mild, severe = (model.loc[f"unresponsive_{name}_share"] for name in ("mild", "severe"))
    assert f"({100 * mild['lower']:.0f} to {100 * mild['upper']:.0f} %; in dementia {100 * severe['lower']:.0f}" in text


# -- what the model rests on -------------------------------------------------------------------------------------------


def test_what_the_data_taught_is_the_width_of_the_range_after_over_before():
    table = nerves.learnt().set_index("parameter")
    assert table["left"].between(0, 1.6).all()
    assert len(table) == len(set(table["label"]))
    row = table.loc["half_time_weeks_peripheral_nerve"]
    assert row["lower"] < row["estimate"] < row["upper"]
    assert [row["prior_lower"], row["prior"], row["prior_upper"]] == pytest.approx([2, 6, 18])
    said = nerves.learnt_words(table)
    assert said["title"].startswith(f"The data narrow {(table['left'] < 0.6).sum()} of {len(table)} parameters")
    assert not any(BROKEN.search(text) for text in said.values())
    assert figures.priors(table.reset_index()).data


def test_what_does_not_end_the_lack_is_named_and_not_drawn(page):
    compared = page.compared[page.compared["outcome"] == "complete"].set_index("regimen")
    assert compared.loc["none", "lack_ended"] < 0.1  # a few are taken to have another cause
    assert compared.loc["us_cyanocobalamin", "lack_ended"] > 0.9
    assert "none" not in page.ways["regimen"].tolist()
    assert "oral 50" in waiting.not_ended(page.compared)
    assert waiting.not_ended(page.compared) in waiting.regimen_words(page.ways, page.compared)["caption"]


def test_no_count_of_the_trial_with_two_regimens_is_typed_wrong(page):
    targets = evidence.load("recovery_targets").query("series == 'bolaman_2003'")
    counts = [f"{row.cases} of {row.n}" for row in targets.itertuples()]
    caption = waiting.regimen_words(page.ways, page.compared)["caption"]
    assert all(count in caption for count in counts)
    assert f"Only {targets['n'].sum()} people" in caption


def test_how_alike_the_scenarios_fit_is_computed():
    fits = evidence.load("recovery_fits").query("fit == 'verified'")
    by = fits.groupby("scenario")["log_evidence"].mean()
    assert len(fits) > len(by) == 4
    assert ("do not tell them apart" in waiting.alike()) == (by.max() - by.min() < 2)


def test_what_the_model_did_not_expect_before_the_fit_is_said():
    table = evidence.load("recovery_validation").query("scenario == 'all' and role == 'fitted'").set_index("target")
    assert f"{100 * table.loc['T01', 'observed']:.0f} %" in nerves.before_the_fit()


@pytest.mark.parametrize("role", ["test", "fitted"])
def test_results_are_counted_as_they_are_in_the_table_and_every_miss_is_named(role):
    table = nerves.validated(role)
    stored = evidence.load("recovery_validation").query("scenario == 'all' and role == @role")
    said = nerves.validated_words(table, role)
    counts = stored[stored["cases"].notna()]
    assert said["title"].startswith(f"{counts['within'].sum()} of {len(counts)} ")
    assert f"where {0.95 * len(counts):.0f} should" in said["title"]
    off = table[~table["covered"]]
    assert all(label in said["summary"] for label in off["label"])
    assert nerves.missed(table).count("chance") == len(off)
    assert table["chance"].is_monotonic_increasing
    drawn = nerves.drawable(table)
    assert drawn["cases"].notna().all()
    assert figures.against(drawn, detail="detail", shares=True).data
    assert set(nerves.COLUMNS) <= set(table)
    assert not any(BROKEN.search(text) for text in said.values())


def test_a_series_has_a_name_that_a_reader_knows():
    for series in evidence.load("recovery_targets")["series"].unique():
        assert re.fullmatch(r"[\w(),.' -]+", nerves.series_name(series))
        assert "_" not in nerves.series_name(series)
