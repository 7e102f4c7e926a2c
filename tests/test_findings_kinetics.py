"""What the report on vitamin B12 in the body says: every word follows its table, under every question."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_findings import BROKEN
from test_notebooks import executed, of_kind

from b12analysis.evidence import load
from b12analysis.figures import against, grouped
from b12analysis.figures import courses as drawn_courses
from b12analysis.findings import cover, followed, identified, treated, validated
from b12analysis.findings import kinetics as say
from b12analysis.findings.words import ESTIMATE
from b12analysis.kinetics import regimens, schedule, time_to
from b12analysis.theme import number

REPOSITORY = Path(__file__).parents[1]

#: One thing counted as several, a minus that is doubled, a year too exact, a number in powers of ten.
ODD = re.compile(
    r"(?<![\d.])\b1 (days|months|years|injections|tablets|sources|changes)\b|[-−]{2}|\d\.0 years|\de[+-]\d|\binf\b"
)
STARTS = (None, 20, 60, 300, 800)
INTAKES = (0.1, 5, 50)
USUAL = {"age": 60, "intake_ug": 5.0, "start_serum_pmol_l": 100.0}
FEW = {"n": 20, "rng": 1}


def check_words(*texts):
    for text in texts:
        assert not BROKEN.search(text), text
        assert not ODD.search(text), text


def check_numbers(table):
    values = table[ESTIMATE].to_numpy(dtype=float)
    assert np.isfinite(values).all()
    assert (values > 0).all()
    assert (table["lower"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["upper"]).all()


def answered(cause="pernicious_anaemia", regimen="oral_1000_daily", *, n=60, **changed):
    who = say.person(cause, **USUAL | changed)
    return say.answer(who, regimen, label=say.labels()[regimen], cause=cause, n=n, rng=1)


# -- whose course ----------------------------------------------------------------------------------------------------


def test_a_diet_without_animal_food_begins_at_the_start_or_has_long_been_so():
    begins = say.person("diet", age=60, intake_ug=5, start_serum_pmol_l=None)
    assert begins == {"age": 60, "absorption": "normal", "intake_ug": 0.4, "intake_before_ug": 5}
    long_so = say.person("diet", age=60, intake_ug=5, start_serum_pmol_l=100)
    assert long_so == {"age": 60, "absorption": "normal", "intake_ug": 0.4, "start_serum_pmol_l": 100}
    assert say.person("metformin", **USUAL)["intake_ug"] == 5
    assert say.place("gastrectomy", age=60, intake_ug=0.1, start_serum_pmol_l=None) == (
        "the stomach removed, age 60, in balance on 0.1 µg a day until the start"
    )


@pytest.mark.parametrize("cause", say.CAUSES)
def test_lists_begin_with_what_was_chosen_and_hold_each_thing_once(cause):
    picks = say.choices(cause, "cdc_weekly")
    assert list(picks["regimen"]) == ["cdc_weekly", *say.REGIMENS]
    assert list(say.choices(cause, "none")["regimen"]) == ["none", *say.REGIMENS[:-1]]
    assert next(iter(picks["cause"])) == cause
    # these three are one and the same in the model
    alike = {"pernicious_anaemia", "gastrectomy", "ileal_resection"} & set(picks["cause"])
    assert alike == ({cause} if say.CAUSES[cause][0] in alike else {"pernicious_anaemia"})
    assert set(picks["cause"]) | {"pernicious_anaemia", "gastrectomy", "ileal_resection"} == set(say.CAUSES)
    for words in picks.values():
        assert len(set(words.values())) == len(words)


def test_every_regimen_has_words_of_its_own_in_the_units_of_the_page():
    label = say.labels()
    assert set(label) == {*regimens()["regimen"], "none"}
    assert len(set(label.values())) == len(label)
    assert not any(" ug " in words or ":" in words for words in label.values())  # a colon ends a label


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "less than a day"),
        (0.6, "1 day"),
        (60.4, "60 days"),
        (61, "2 months"),
        (340, "11 months"),
        (350, "a year"),
        (540, "1.5 years"),
        (730, "2 years"),
        (1826, "5 years"),
        (3649, "10 years"),
        (10000, "27 years"),
    ],
)
def test_times_are_said_in_the_unit_that_fits(days, words):
    assert say.spoken(days) == words


# -- the answer ------------------------------------------------------------------------------------------------------


def test_who_lacks_passes_and_who_is_well_falls():
    finding, sentence = answered()
    who = say.person("pernicious_anaemia", **USUAL)
    days = time_to(who, "oral_1000_daily", "serum_b12_pmol_l", above=148, n=60, rng=1)["day"]
    middle, early = (say.spoken(days.quantile(q, interpolation="higher")) for q in (0.5, 0.1))
    assert (
        f"oral 1 mg daily: serum B12 passes 148 pmol/L in {middle}, MMA falls below 271 nmol/L in a week or so"
        in finding
    )
    assert f"**after {middle} (80 %: {early} to " in sentence
    finding, sentence = answered(regimen="none", start_serum_pmol_l=None)
    assert re.search(r"serum B12 falls below 148 pmol/L in .+, MMA passes 271 nmol/L in ", finding)
    assert "all start with serum B12 above 148 pmol/L, and half of these fall below it" in sentence


def test_where_few_pass_the_finding_says_that_most_stay():
    finding, sentence = answered("diet", "none", start_serum_pmol_l=20)
    assert "serum B12 stays below 148 pmol/L for five years in most, MMA stays above 271 nmol/L" in finding
    assert "**0 %** of these pass it within five years" in sentence
    finding, sentence = answered(start_serum_pmol_l=800)
    assert "serum B12 stays above 148 pmol/L for five years in most" in finding
    assert re.search(r"\*\*\d+ %\*\* of these fall below it within five years", sentence)


def test_an_injection_shows_at_once_though_nobody_began_there():
    finding, sentence = answered(regimen="uk_hydroxocobalamin", start_serum_pmol_l=20)
    assert "serum B12 passes 148 pmol/L at once" in finding
    assert "all start with serum B12 below 148 pmol/L, and half of these pass it **at once" in sentence


def test_who_starts_at_the_cut_off_itself_is_not_below_it():
    assert "all start with serum B12 above 148 pmol/L" in answered("metformin", "none", start_serum_pmol_l=148)[1]


def timed(monkeypatch, days, start):
    """Answer of people whose times are given, and who start at this serum and this MMA."""
    monkeypatch.setattr(say, "time_to", lambda *_, people, **__: pd.DataFrame({"day": days[: len(people)]}))
    began = pd.DataFrame({"serum_b12_pmol_l": start, "mma_nmol_l": [500.0] * len(start)})
    monkeypatch.setattr(say, "simulate_regimen", lambda *_, **__: began)
    return say.answer(say.person("diet", **USUAL), "none", label="x", cause="diet", n=len(start), rng=1)


def test_times_are_those_of_the_people_who_start_on_the_commoner_side(monkeypatch):
    finding, sentence = timed(monkeypatch, [10.0, 20.0, 30.0, np.nan], [100.0, 100.0, 100.0, 200.0])
    assert finding.startswith("Model, x: serum B12 passes 148 pmol/L in 20 days, MMA falls below 271 nmol/L in 30 days")
    assert "75 % start with serum B12 below 148 pmol/L, and half of these pass it **after 20 days" in sentence
    assert "all start with MMA above 271 nmol/L" in sentence
    assert "(80 %: 20 days to more than five years)" in sentence  # one of four does not get there
    check_words(finding, sentence)


def test_times_that_do_not_differ_have_no_spread(monkeypatch):
    finding, sentence = timed(monkeypatch, [0.0, 0.0, np.nan, np.nan], [100.0] * 2 + [200.0] * 2)
    assert "pass it **at once**" in sentence
    assert "**50 %** of these fall below it within five years" in sentence
    assert finding.endswith("MMA stays above 271 nmol/L for five years in most")


# -- courses ---------------------------------------------------------------------------------------------------------


def test_readings_show_each_injection_just_before_it_and_after_it():
    for regimen in ("uk_hydroxocobalamin", "us_cyanocobalamin", "uk_dietary", "ob12_im"):
        days = followed.readings(regimen, 365)
        assert days == sorted(set(days))
        assert (days[0], days[-1]) == (0, 365)
        assert {7.0, 28.0, 84.0} <= set(days)  # those that the table keeps
        doses = schedule(regimen, 365).query("form != 'oral'")["day"]
        assert set(doses) <= set(days)
        lonely = doses[doses.diff(-1).abs() >= 14]
        assert len(lonely) == 0 or {day + 1 for day in lonely if day < 364} <= set(days)


def picked(**values):
    """Table of courses: on days 0, 28 and 365, these values of each measure."""
    rows = [
        {"regimen": "a", "cause": "c", "day": day, "measure": measure, "estimate": value}
        for measure, three in values.items()
        for day, value in zip([0.0, 28.0, 365.0], three, strict=True)
    ]
    table = pd.DataFrame(rows)
    return table.assign(lower=table["estimate"] / 2, upper=table["estimate"] * 2)


PICKS = {"regimen": {"a": "tablets"}, "cause": {"c": "some cause"}}


def test_the_title_of_courses_follows_the_table():
    mma = [900, 150, 130]
    grown = picked(store_ug=[300, 900, 3000], serum_b12_pmol_l=[100, 300, 600], mma_nmol_l=mma)
    told = followed.courses_words(grown, PICKS)
    assert told["title"] == (
        "Some cause, tablets: after four weeks serum B12 is at 50 % of its level after a year, the store at 30 %"
    )
    assert told["summary"] == (
        "Some cause, tablets: after four weeks store 900 (450–1,800) µg, serum B12 300 (150–600) pmol/L, MMA 150 "
        "(75–300) nmol/L; after a year store 3,000 (1,500–6,000) µg, serum B12 600 (300–1,200) pmol/L, MMA 130 "
        "(65–260) nmol/L."
    )
    fallen = picked(store_ug=[3000, 2900, 1000], serum_b12_pmol_l=[300, 290, 100], mma_nmol_l=mma)
    assert followed.courses_words(fallen, PICKS)["title"].endswith("the store falls from 3,000 to 1,000 µg in a year")


def test_limits_are_those_of_the_people_and_the_table_keeps_days_to_look_up():
    drawn = pd.DataFrame({"person": range(41), "day": 7.0, "store_ug": np.arange(41.0) + 100})
    table = followed.over_people(drawn.assign(serum_b12_pmol_l=5.0, mma_nmol_l=7.0))
    assert table.query("measure == 'store_ug'")[ESTIMATE].values.tolist() == [[120.0, 101.0, 139.0]]
    kept = followed.thinned(table.assign(regimen="a", cause="c"))
    assert (
        kept.to_dict("records")[0] | {"store_ug": 120.0, "store_lower": 101.0, "store_upper": 139.0}
        == (kept.to_dict("records")[0])
    )
    assert followed.thinned(picked(store_ug=[1, 2, 3], serum_b12_pmol_l=[1, 2, 3], mma_nmol_l=[1, 2, 3]))[
        "day"
    ].tolist() == [0, 28, 365]


def test_a_key_figure_says_how_long_after_an_injection_it_was_read():
    rows = [{"cause": "c", "day": day, "measure": name} for day in (0.0, 379.0) for name in say.PANELS]
    table = pd.DataFrame(rows).assign(estimate=2.0, lower=1.0, upper=3.0)
    for regimen, day, words in (
        ("uk_hydroxocobalamin", 379.0, ", 1 day after an injection"),
        ("uk_hydroxocobalamin", 378.0, ", just before an injection"),
        ("uk_hydroxocobalamin", 365.0, ", 3 months after an injection"),
        ("oral_1000_daily", 379.0, ""),
    ):
        read = table.assign(regimen=regimen, day=table["day"].replace(379.0, day))
        headlines = say.key_figures(read, regimen, "c")
        assert [headline["what"] for headline in headlines] == [f"median and 95 % of virtual people{words}"] * 3
        assert [headline["row"]["day"] for headline in headlines] == [day] * 3


def check_page(cause, regimen, days, n=10, **who):
    """Tables and words of what the choices change."""
    who, draw = USUAL | who, {"n": n, "rng": 1}
    everything = say.choices(cause, regimen)
    picks = {"regimen": {regimen: everything["regimen"][regimen]}, "cause": {cause: everything["cause"][cause]}}
    table = followed.courses(picks, days=days, **who, **draw)
    check_numbers(table)
    words = followed.courses_words(table, picks)
    check_words(*words.values(), *followed.said(table, picks)["text"], say.place(cause, **who))
    headlines = say.key_figures(table, regimen, cause)
    check_words(*(headline["name"] for headline in headlines))
    check_numbers(pd.DataFrame([headline["row"] for headline in headlines]))
    side = treated.compared(cause, list(dict.fromkeys([regimen, "oral_50_daily"])), days=days, **who, **draw)
    check_numbers(side)
    check_words(*treated.compared_words(side, days=days).values(), *side["label"])
    check_words(*answered(cause, regimen, n=n, **who))


@pytest.mark.parametrize(
    ("cause", "regimen", "days", "start", "intake"),
    [
        ("diet", "uk_dietary", 90, 300, 50),
        ("gastrectomy", "kuzminski_im", 1826, 20, 5),
        ("ileal_resection", "none", 365, None, 0.1),
    ],
)
def test_some_questions_have_numbers_and_whole_sentences(cause, regimen, days, start, intake):
    check_page(cause, regimen, days, start_serum_pmol_l=start, intake_ug=intake)


@pytest.mark.slow
@pytest.mark.parametrize("cause", say.CAUSES)
def test_every_cause_start_and_diet_has_numbers_and_whole_sentences(cause):
    ways, lengths = ["oral_1000_daily", "uk_hydroxocobalamin", "none"], [90, 365, 1826]
    for (one, start), (other, intake) in product(enumerate(STARTS), enumerate(INTAKES)):
        # regimens and lengths change along different lines of the grid
        regimen, days = ways[(one + other) % 3], lengths[(one + 2 * other) % 3]
        check_page(cause, regimen, days, start_serum_pmol_l=start, intake_ug=intake)


@pytest.mark.slow
@pytest.mark.parametrize("regimen", say.labels())
def test_every_regimen_may_be_chosen(regimen):
    check_page("pernicious_anaemia", regimen, 400)


# -- treatments side by side -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "days", "read"),
    [
        ("uk_hydroxocobalamin", 90, 105),  # loading ends on day 14, and every 91 days from there on
        ("uk_hydroxocobalamin", 365, 378),
        ("uk_hydroxocobalamin", 120, 105),
        ("uk_dietary", 365, 365),  # injections end after two weeks, and tablets go on
        ("metaxas_im", 365, 365),  # four injections
        ("oral_1000_daily", 365, 365),
        ("none", 90, 90),
    ],
)
def test_blood_is_drawn_just_before_an_injection_where_injections_go_on(regimen, days, read):
    assert treated._trough(regimen, days) == read


def test_no_regimen_of_injections_waits_longer_than_is_looked_ahead():
    for regimen in load("regimens").query("route != 'oral'")["regimen"].unique():
        injected = schedule(regimen, 500).query("form != 'oral'")["day"]
        assert injected.diff().max() < treated._LONGEST_GAP or injected.empty
        assert abs(treated._trough(regimen, 365) - 365) < treated._LONGEST_GAP / 2


def test_ratios_are_each_persons_own(monkeypatch):
    def simulated(person, regimen, days, *, people):
        one = pd.DataFrame({"person": [0, 1], "store_ug": [1000.0, 2000.0], "mma_nmol_l": [100.0, 200.0]})
        one["serum_b12_pmol_l"] = [300.0, 400.0]
        if regimen == "none":
            return one.assign(day=0.0)
        later = one.assign(day=90.0, store_ug=[500.0, 4000.0], mma_nmol_l=[100.0, 100.0])
        return pd.concat([one.assign(day=0.0), later]).sort_values(["person", "day"])

    monkeypatch.setattr(treated, "simulate_regimen", simulated)
    cost = treated.prices(12.0, 0.3, "EUR", 2026)
    table = treated.compared("diet", ["oral_1000_daily"], days=90, **USUAL, **FEW, **cost).set_index("measure")
    # 0.5 and 2, 1 and 1, 1 and 0.5
    assert table["estimate"].to_dict() == {"store_ug": 1.25, "serum_b12_pmol_l": 1.0, "mma_nmol_l": 0.75}
    assert table.loc["store_ug", ["lower", "upper"]].tolist() == [0.5375, 1.9625]
    assert table.loc["store_ug", ["injections", "tablets", "cost"]].tolist() == [0, 90, 27]
    assert table["label"].unique().tolist() == ["oral 1 mg daily: 90 tablets, 27 EUR of 2026"]


def test_doses_are_those_of_the_time_that_is_named():
    table = treated.compared("diet", ["uk_hydroxocobalamin", "uk_dietary", "none"], days=90, **USUAL, **FEW)
    given = table.drop_duplicates("regimen").set_index("regimen")
    loading = len(schedule("uk_hydroxocobalamin", 13.9))
    assert given.loc["uk_hydroxocobalamin", ["injections", "tablets"]].tolist() == [loading + 1, 0]
    assert given.loc["uk_dietary", "label"].endswith(" tablets")
    assert " injections and " in given.loc["uk_dietary", "label"]
    assert treated._given(injections=1, tablets=1826) == "1 injection and 1,826 tablets"
    assert given.loc["none", "label"] == "no treatment: nothing"
    assert "cost" not in table


def test_without_prices_there_is_no_cost():
    assert treated.prices(None, None, None, None) == {}


def test_the_title_of_treatments_names_the_least_and_the_most_store():
    rows = [("p: 2 tablets", 0.5), ("q: 1 injection", 3.0), ("no treatment: nothing", 0.1)]
    table = pd.DataFrame(
        {"label": label, "measure": measure, "estimate": value} for label, value in rows for measure in say.PANELS
    )
    told = treated.compared_words(table, days=730)
    assert told["title"] == "After 2 years the store is 0.50 times normal on p, 3.0 times on q"
    assert "no treatment: nothing: store 0.10" in told["summary"]


# -- how long stores last --------------------------------------------------------------------------------------------


def test_years_are_those_of_people_who_were_on_the_safe_side():
    lasted = cover._lasted(pd.Series([0.0, 365.0, 730.0, 1095.0, np.nan]))
    assert (lasted["estimate"], lasted["lower"], lasted["upper"]) == (3.0, 2.0, 40)
    assert (lasted["safe"], lasted["reached"]) == (0.8, 0.75)
    assert lasted["detail"] == "75 % get there within 40 years, of the 80 % who were on the safe side"
    assert np.isnan(cover._lasted(pd.Series([365.0, np.nan, np.nan]))["estimate"])
    nobody = cover._lasted(pd.Series([0.0, 0.0]))
    assert (nobody["safe"], nobody["detail"]) == (0, "nobody was on the safe side")
    assert np.isnan(nobody["reached"])


def lasting(**years):
    """Table of what stops, and the years until serum is low; a missing one is reached by fewer than half."""
    rows = [
        {"stops": stops, "label": stops.replace("_", " "), "limit": "serum_b12_pmol_l", "estimate": middle, "safe": 1.0}
        | {"lower": 0.5, "upper": 40, "reached": 0.3 if np.isnan(middle) else 0.9, "detail": ""}
        for stops, middle in years.items()
    ]
    return pd.DataFrame(rows)


def test_the_title_of_cover_follows_the_table():
    told = cover.cover_words(lasting(nothing_eaten=8.0, pernicious_anaemia=1.5, metformin=np.nan))
    assert told["title"] == (
        "Serum falls below 148 pmol/L after 1.5 years once nothing is taken up, after 8 years once nothing is eaten"
    )
    assert "metformin: fewer than half within 40 years (30 %)." in told["summary"]
    assert "Not drawn, as fewer than half get there: metformin." in told["caption"]
    assert "nothing eaten: half after 8 years (80 %: 6 months to more than 40 years)" in told["summary"]
    late = cover.cover_words(lasting(nothing_eaten=np.nan, pernicious_anaemia=1.5))
    assert late["title"].endswith("within 40 years in fewer than half once nothing is eaten")
    few = cover.cover_words(lasting(nothing_eaten=8.0, pernicious_anaemia=1.5).assign(safe=0.2))
    assert few["title"] == "On this diet serum is above 148 pmol/L in 20 % to begin with"


@pytest.mark.parametrize(
    "intake", [0.1, pytest.param(0.7, marks=pytest.mark.slow), pytest.param(50, marks=pytest.mark.slow)]
)
def test_a_poor_diet_before_has_an_answer_too(intake):
    table = cover.cover(age=60, intake_ug=intake, **FEW)
    check_words(*cover.cover_words(table).values(), *table["detail"])
    assert table["reached"].isna().equals(table["safe"] == 0)
    assert grouped(table, **cover.COVER).data
    safe = table.query("stops == 'nothing_eaten' and limit == 'serum_b12_pmol_l'")["safe"].iloc[0]
    title = cover.cover_words(table)["title"]
    assert title.startswith("On this diet serum is above" if safe < 0.5 else "Serum falls below 148 pmol/L")
    assert intake > 0.1 or safe < 0.5


def test_each_injection_shows_a_day_after_it():
    table = cover.beside(**USUAL, **FEW)
    check_numbers(table)
    check_words(*cover.beside_words(table).values())
    monthly = schedule("us_cyanocobalamin", cover._TO).query("day >= @cover._FROM")["day"] - cover._FROM
    serum = table.query("regimen == 'us_cyanocobalamin' and measure == 'serum_b12_pmol_l'").set_index("day")["estimate"]
    peaks = [serum[day + 1] for day in monthly if day + 1 <= serum.index[-1]]
    assert len(peaks) >= 2
    assert max(peaks) / min(peaks) < 1.1  # teeth of one height, not as readings happen to fall
    assert all(peak > 1.2 * serum[day] for peak, day in zip(peaks, monthly, strict=False))
    assert len(cover.thinned(table)["day"].unique()) == 6
    assert drawn_courses(table, **cover.BESIDE).data


def test_the_title_beside_each_other_is_the_ratio_of_the_last_day():
    rows = [
        {"regimen": regimen, "measure": measure, "day": day, "estimate": value}
        for regimen, value in (("oral_1000_daily", 600.0), ("uk_hydroxocobalamin", 400.0), ("us_cyanocobalamin", 5.0))
        for measure in say.PANELS
        for day in (1.0, 91.0)
    ]
    told = cover.beside_words(pd.DataFrame(rows))
    assert told["title"] == "Serum on tablets reads 1.5 times that before an injection, with 1.5 times the store"
    assert "A day after the injection serum reads 400 pmol/L" in told["caption"]


# -- what the model was tried on -------------------------------------------------------------------------------------


def results(*rows):
    columns = ["observed", "predicted", "lower", "upper"]
    table = pd.DataFrame(rows, columns=columns).astype(float)
    covered = table["observed"].between(table["lower"], table["upper"])
    detail = "● " + table["observed"].map(str) + "; rest"
    marks = pd.Series([True, False, None, None, None, None][: len(table)], dtype=object)
    return table.assign(covered=covered, label="a study", detail=detail, source="s", within_mark=marks)


MADE_UP = results(
    (3, 2, 1, 4),
    (-30, -20, -40, -10),  # a fall: drawn by its size
    (30, 20, -5, 45),  # an interval across zero ends at the left edge
    (5, -20, -40, 10),  # a change of the other sign has no ratio
    (0, 20, 10, 30),  # nor has none at all
    (-8, -20, -40, 10),
)


def test_what_is_drawn_has_the_sign_of_the_prediction():
    drawn = validated.drawable(MADE_UP)
    assert drawn[["observed", "predicted", "lower", "upper"]].values.tolist() == [
        [3, 2, 1, 4],
        [30, 20, 10, 40],
        [30, 20, pytest.approx(0.4), 45],
        [8, 20, pytest.approx(0.4), 40],
    ]
    assert against(drawn).data


def test_words_of_results_count_hits_and_name_misses():
    told = validated.outcomes_words(MADE_UP, "test")
    assert told["title"] == "5 of 6 tests lie inside the model's 95 % intervals, where 6 should"
    assert told["summary"] == (
        "6 results of 1 source, of which 0 lie inside with all. "
        "Of 2 that had a mark beforehand for the error, 1 keep within it. "
        "Outside: a study, 0.0 against rest."
    )
    assert "In the table alone: 2 changes not of the predicted sign." in told["caption"]
    check_words(*told.values())
    none = validated.outcomes_words(MADE_UP.iloc[:1].assign(within_mark=None), "fitted")
    assert none["title"] == "1 of 1 fitted results lie inside the model's 95 % intervals, where 1 should"
    assert none["summary"].endswith("Outside: none.")
    assert none["caption"].endswith("Those farthest off come first; of 1 source 1 lie inside with all.")


@pytest.mark.parametrize("role", ["test", "fitted", "consistency"])
def test_results_of_each_role_are_all_there_the_farthest_off_first(role):
    table, stored = validated.outcomes(role), load("kinetics_validation").query("role == @role")
    assert set(table["id"]) == set(stored["id"])
    assert table["off"].is_monotonic_decreasing
    # what lies inside its interval is at most half of it away
    assert (table["off"] <= 1 + 1e-3).equals(table["covered"].astype(bool))
    assert table["label"].notna().all()
    check_words(*table["label"], *table["detail"], *validated.outcomes_words(table, role).values())
    assert not table["detail"].str.contains("ug/").any()
    assert len(against(validated.drawable(table), detail="detail").data) >= 2


def test_a_parameter_is_narrowed_as_the_fit_says():
    table, model = identified.identified(), load("kinetics_model").query("basis == 'fitted'")
    assert len(table) == 2 * len(model)
    assert not model["parameter"].duplicated().any()  # the words name each by its parameter
    prior, posterior = (table[table["side"] == side].reset_index(drop=True) for side in identified.SIDES)
    assert (prior["estimate"] == 1).all()
    on_log = (model["distribution"] == "lognormal").to_numpy()
    spread = np.log(posterior["upper"] / posterior["lower"]) / np.log(prior["upper"] / prior["lower"])
    assert posterior["left"][on_log].tolist() == pytest.approx(spread[on_log].tolist(), rel=1e-4)  # stored to 5 digits
    share = posterior.set_index("parameter")["left"]["carried_share"]
    row = model.set_index("parameter").loc["carried_share"].astype(object)
    odds = {name: np.log(row[name] / (1 - row[name])) for name in ("lower", "upper", "prior_lower", "prior_upper")}
    assert share == pytest.approx(
        (odds["upper"] - odds["lower"]) / (odds["prior_upper"] - odds["prior_lower"]), rel=1e-4
    )
    told = identified.identified_words(table)
    assert told["title"].startswith(f"The studies narrow {(posterior['left'] <= 0.75).sum()} of {len(model)} fitted")
    check_words(*told.values(), *table["label"], *table["detail"])
    all_known = identified.identified_words(table.assign(left=0.1))
    assert "to 10 to 10 % of their spread" in all_known["title"]
    assert all_known["summary"].startswith("Hardly better known after the fit than before: none.")


def test_pairs_that_cannot_be_told_apart_are_the_strongest_each_once():
    pairs = identified.together()
    assert len(pairs) == 12
    assert pairs["correlation"].abs().is_monotonic_decreasing
    assert not pairs.apply(lambda row: frozenset(row[["parameter", "other"]]), axis=1).duplicated().any()
    check_words(identified.together_words(pairs))


def test_misses_are_named_by_study_and_direction():
    missed, mma = validated.missed_words()
    tests = load("kinetics_validation").query("role == 'test' and not covered")
    assert missed.count("results: ") == tests["source"].nunique()
    assert "Kwon 2003 (5 of 5 results: level or share predicted too much)" in missed
    assert "fall predicted too much" in missed
    assert "in 4 of 4 groups" in mma


def test_numbers_that_are_written_out_are_those_of_the_tables():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    roles = load("kinetics_validation").groupby("role")["covered"].agg(["sum", "count"])
    inside, tests = roles.loc["test"]
    said = (
        f"fitted to {roles.loc['fitted', 'count']} results, has {inside} of {tests} tests inside its 95 % intervals, "
    )
    assert said + f"where {round(0.95 * tests)} should be" in readme
    lasting_now = cover.cover(age=60, intake_ug=5.0, n=200, rng=1).set_index(["stops", "limit"])
    for stops in ("pernicious_anaemia", "nothing_eaten"):
        middle, low, high = (number(lasting_now.loc[(stops, "serum_b12_pmol_l"), part]) for part in ESTIMATE)
        assert f"{middle} years after nothing is" in readme
        assert f"{low}–{high}" in readme
    value = load("kinetics_model").drop_duplicates("parameter").set_index("parameter")
    caveats = " ".join(say.CAVEATS)
    serum, mma = (100 * value.loc[f"within_sd_{name}", "value"] for name in ("serum", "mma"))
    assert f"{serum:.0f} % of serum and {mma:.0f} % of MMA" in caveats
    lag = value.loc["mma_lag_per_day"]
    assert f"{np.log(2) / lag['upper']:.0f} to {np.log(2) / lag['lower']:.0f} days" in caveats


# -- the page --------------------------------------------------------------------------------------------------------


def test_claims_and_sources_of_the_page_are_there():
    for claim, rows in say.claims():
        assert set(claim["evidence"].split()) == set(rows["id"])
    used = say.used(say.choices("diet", "ob12_im"))
    assert set(used["regimen"]) == {"ob12_im", *say.REGIMENS} - {"none"}
    for caveat in say.CAVEATS:
        check_words(caveat)


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"cause": "diet", "regimen": "uk_dietary", "intake_ug": 0.1, "start_serum_pmol_l": None, "days": 90},
        {"cause": "metformin", "regimen": "kuzminski_im", "start_serum_pmol_l": 800.0, "days": 1826}
        | {"price_injection": 10.0, "price_tablet": 0.1, "currency": "EUR", "price_year": 2026},
    ],
)
def test_the_page_holds_everything_in_order(given):
    blocks, page = executed("kinetics", **given)
    kinds = [block["kind"] for block in blocks]
    assert kinds == [
        "answer", *["key_figure"] * 3, *["claim"] * 2, *["figure"] * 8,
        *["caveat"] * (3 + len(say.CAVEATS)), *["evidence"] * 2,
    ]  # fmt: skip
    assert page.figures == 8
    assert len(of_kind(blocks, "figure")[0]["picks"]) == 2
    for block in blocks:
        check_words(
            *(str(block.get(part, "")) for part in ("finding", "sentence", "title", "summary", "caption", "text"))
        )
