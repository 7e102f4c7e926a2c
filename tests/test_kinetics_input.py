"""What the kinetics functions take and refuse: every slip is told by name, in one line, before anything is drawn."""

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis import kinetics
from b12analysis.arguments import InputError
from b12analysis.kinetics.doses import check_days
from b12analysis.kinetics.parameters import FLOOR_AGE, rows_for

WELL = {"age": 50, "intake_ug": 5}
PERNICIOUS = {"age": 70, "intake_ug": 4, "absorption": "pernicious_anaemia", "start_serum_pmol_l": 100}
DAILY = "oral_1000_daily"


def refusal(function, *arguments, **named) -> str:
    """The one line with which something is refused."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **named)
    assert len(caught.value.errors) == 1
    return str(caught.value)


def refused(words, function=b12.simulate_regimen, **changed):
    """Check that one changed argument is refused in these words."""
    named = {"person": WELL, "regimen": "none", "days": 3}
    if function is b12.time_to:
        named = {"person": WELL, "regimen": "none", "what": "store_ug", "below": 1, "n": 3}
    if function is b12.compare_regimens:
        named = {"person": WELL, "regimens": [DAILY], "days": 3, "n": 3}
    assert words in refusal(function, **(named | changed))


# ---------------------------------------------------------------------------------------------------------------------
# How many
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [b12.simulate_regimen, b12.compare_regimens, b12.time_to])
def test_a_thousand_million_people_are_refused_before_they_are_drawn(function):
    refused("n=1000000000 is out of range; it must be at least 1 and at most 1000000", function, n=10**9)
    refused("n=True is not a number", function, n=True)


@pytest.mark.parametrize("function", [b12.simulate_regimen, b12.compare_regimens])
def test_more_readings_than_fit_are_refused_with_people_and_days(function):
    words = "n=1000000 and days with 366 readings make 366,000,000 rows; at most 50,000,000 fit"
    refused(words, function, n=10**6, days=365)


def test_people_who_are_given_are_counted_too(monkeypatch):
    monkeypatch.setattr("b12analysis.kinetics.simulation._MOST_ROWS", 20)
    people = kinetics.virtual_people(WELL, 5, rng=1)
    assert len(b12.simulate_regimen(WELL, "none", 3, people=people)) == 20
    refused("people of 5 rows and days with 5 readings make 25 rows", people=people, days=4)


# ---------------------------------------------------------------------------------------------------------------------
# Who
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (None, "person=None is not one person; give a mapping such as"),
        (5, "person=5 is not one person"),
        ([WELL], "is not one person; give a mapping such as"),
        (pd.DataFrame([WELL]), "person is a table of 1 rows; give one row, such as person.iloc[0]"),
        ({"age": 50}, "person=['age'] has no intake_ug; age and intake_ug are needed"),
        ({}, "has no age and no intake_ug; age and intake_ug are needed"),
        ({"age": 50}, "one of start_store_ug, start_serum_pmol_l, intake_before_ug, which exclude each other"),
        (WELL | {"age": np.nan}, "age=nan is a gap, which says nothing; give a value"),
        (WELL | {"start_serum_pmol_l": np.nan}, "start_serum_pmol_l=nan is a gap"),
        (WELL | {"start_serum_pmol_l": np.nan}, "leave the field out (or None)"),
        (WELL | {"start_store_ug": pd.NA}, "start_store_ug=<NA> is a gap"),
        (WELL | {"absorption": np.nan}, "absorption=nan is a gap"),
        (WELL | {"intake_ug": True}, "intake_ug=True is not a number"),
        (WELL | {"start_store_ug": 500, "start_serum_pmol_l": 90}, "start_serum_pmol_l=90 exclude each other"),
        (WELL | {"start_serum_pmol_l": 801}, "is out of range; it must be at least 20 and at most 800"),
        ({"age": 50, "intake_ug": 0}, "intake_ug=0 fills no store to start with; say in intake_before_ug"),
        (WELL | {"absorption": "vegan"}, "absorption='vegan' is a diet; give absorption='normal' with a low intake_ug"),
        (WELL | {"absorption": "diet"}, "absorption='diet' is a diet"),
        (WELL | {"absorption": "dietary deficiency"}, "absorption is one of 'normal', 'food_bound'"),
        (WELL | {"absorption": "gastric"}, "absorption='gastric' is not known (did you mean 'gastrectomy'?)"),
    ],
)  # fmt: skip
def test_a_person_who_cannot_be_meant_is_refused_by_name(person, words):
    assert words in refusal(kinetics.check_person, person)
    refused(words, person=person)


def test_what_is_left_out_or_none_is_the_same():
    left_out = kinetics.check_person(WELL)
    assert kinetics.check_person(WELL | {"start_serum_pmol_l": None, "absorption": None}) == left_out
    assert kinetics.check_person(pd.DataFrame([WELL]).iloc[0]) == left_out
    assert left_out["intake_before_ug"] == 5


def test_a_new_diet_starts_from_the_store_of_the_old_one():
    vegan = {"age": 30, "intake_ug": 0.4}
    new, for_ever, before = (
        b12.simulate_regimen(person, "none", [0])["store_ug"].iloc[0]
        for person in (vegan | {"intake_before_ug": 5}, vegan, {"age": 30, "intake_ug": 5})
    )
    assert new == pytest.approx(before)
    assert for_ever < new / 2
    assert np.isfinite(b12.simulate_regimen({"age": 30, "intake_ug": 0, "intake_before_ug": 5}, "none", 9)).all(
        axis=None
    )


@pytest.mark.parametrize("absorption", kinetics.ABSORPTIONS)
def test_at_the_highest_serum_the_middle_person_has_no_more_than_the_highest_store(absorption):
    for intake_ug in (0, 0.4, 5, 100):
        person = {"age": 50, "intake_ug": intake_ug, "absorption": absorption}
        highest, most = (
            b12.simulate_regimen(person | begun, "none", [0]).iloc[0]
            for begun in ({"start_serum_pmol_l": 800}, {"start_store_ug": 12000})
        )
        assert highest["store_ug"] <= most["store_ug"]
        assert 800 < most["serum_b12_pmol_l"] < 1150  # and the limit is not far below what that store shows


@pytest.mark.parametrize("rng", ["1", 1.5, -1, True])
def test_what_is_no_seed_is_refused_everywhere(rng):
    words = f"rng={rng!r} is no seed; give a whole number of at least 0"
    assert words in refusal(kinetics.virtual_people, WELL, 2, rng=rng)
    for function in (b12.simulate_regimen, b12.time_to, b12.compare_regimens):
        refused(words, function, rng=rng)


def test_people_and_spread_are_what_they_should_be():
    assert "person=5 is not one person" in refusal(kinetics.virtual_people, 5, rng=1)
    refused("people=[1] is not a table of virtual_people", people=[1])
    refused("spread='' is not known", spread="")


def test_the_rows_of_a_state_are_its_own_before_those_of_normal_absorption():
    model = b12.load("kinetics_model")
    rows = rows_for(model, "gastrectomy").set_index("parameter")
    assert rows.index.is_unique
    assert set(rows.index) == set(model["parameter"])
    assert (
        rows.loc["active_share", "value"]
        == 0
        < rows_for(model, "normal").set_index("parameter").loc["active_share", "value"]
    )
    of_age = kinetics.virtual_people({"age": FLOOR_AGE, "intake_ug": 5}, spread="none")["mma_floor_nmol_l"].iloc[0]
    assert of_age == pytest.approx(float(rows.loc["mma_floor_nmol_l", "value"]))


# ---------------------------------------------------------------------------------------------------------------------
# What is taken
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "words"),
    [
        ([DAILY], "is a list of names; give a name itself, such as regimen='oral_1000_daily'"),
        ({"day": 0, "form": "oral", "dose_ug": 5}, "is neither a name nor a list of (day, form, dose_ug)"),
        ([{"day": 0, "form": "oral"}], "regimen lacks column 'dose_ug'; it has 'day', 'form'"),
        ([{"day": 0, "form": "oral", "dose_ug": 5}, (1, "oral", 5)], "is not (day, form, dose_ug)"),
        ([("0", "oral", 1000)], "regimen[0]: day='0' is not a number"),
        ([(0, "oral", "1000")], "regimen[0]: dose_ug='1000' is not a number"),
        ([(0, "oral", "1000 ug")], "regimen[0]: dose_ug='1000 ug' is not a number"),
        ([(0, "oral", True)], "regimen[0]: dose_ug=True is not a number"),
        ([(0, "oral", 10**400)], "regimen[0]: dose_ug=a number of hundreds of digits is not a dose"),
        ([(0, ["oral"], 5)], "regimen[0]: form=['oral'] is not known"),
        ([(9, "oral", 5), (7, "oral", 5)], "regimen begins on day 7, after the last day, 3: nothing is taken"),
        ([(0, "im_cyancobalamin", 50)], "(did you mean 'im_cyanocobalamin'?)"),
    ],
)  # fmt: skip
def test_doses_that_cannot_be_meant_are_refused_by_name(regimen, words):
    refused(words, regimen=regimen)


@pytest.mark.parametrize("form", ["im_methylcobalamin", "methylcobalamin", "im_adenosylcobalamin"])
def test_another_medicine_is_no_slip_of_the_pen(form):
    known = "choose one of 'oral', 'im_cyanocobalamin', 'im_hydroxocobalamin'"
    refused(f"regimen[0]: form={form!r} is not known; {known}", regimen=[(0, form, 1000)])
    refused(f"prices={form!r} is not known; {known}", b12.compare_regimens, prices={form: 1})


def test_doses_may_be_mappings_and_some_may_be_later():
    doses = [(1, "oral", 5.0), (7, "oral", 5.0)]
    written = [dict(zip(("day", "form", "dose_ug"), dose, strict=True)) for dose in doses]
    pd.testing.assert_frame_equal(kinetics.schedule(written, 9), kinetics.schedule(doses, 9))
    assert kinetics.schedule(written, 3).values.tolist() == [[1, "oral", 5]]


@pytest.mark.parametrize("days", [3, 3.0, np.float64(3), np.int64(3)])
def test_whole_days_are_days_however_they_are_written(days):
    assert check_days(days).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (True, "days=True is neither a whole number of days nor a list"),
        (np.array(3), "days=array(3) is neither"),
        (float("nan"), "days=nan is neither"),
        (["0", "1"], "days[0]='0' is not a number"),
        ([0, True], "days[1]=True is not a number"),
        ([0, [1, 2]], "days[1]=[1, 2] is not a number"),
        ([0, 10**400], "days[1]=a number of hundreds of digits is out of range"),
    ],
)
def test_days_that_cannot_be_meant_are_refused_by_name(days, words):
    refused(words, days=days)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"regimens": [DAILY, "none", DAILY]}, "regimens has 'oral_1000_daily' 2 times; give each once"),
        ({"prices": 3}, "prices=3 is not a mapping of form to price, such as {'oral': 0.05}"),
        ({"prices": "oral"}, "prices='oral' is not a mapping"),
        ({"regimens": {"mine": [DAILY]}}, "regimens: 'mine': regimen=['oral_1000_daily'] is a list of names"),
    ],
)
def test_comparisons_that_cannot_be_meant_are_refused_by_name(arguments, words):
    refused(words, b12.compare_regimens, **arguments)


# ---------------------------------------------------------------------------------------------------------------------
# After a treatment has stopped
# ---------------------------------------------------------------------------------------------------------------------

INJECTIONS = [(day, "im_hydroxocobalamin", 1000) for day in range(0, 730, 61)]


def test_how_long_after_stopping_is_the_moment_of_the_course():
    people = kinetics.virtual_people(PERNICIOUS, 12, rng=1)
    limit = {"below": 148, "within_days": 4000, "people": people}
    again = b12.time_to(PERNICIOUS, INJECTIONS, "serum_b12_pmol_l", after_day=730, **limit)["day"]
    assert b12.time_to(PERNICIOUS, INJECTIONS, "serum_b12_pmol_l", **limit)["day"].eq(0).all()
    days = list(range(730, 4001, 5))
    read = b12.simulate_regimen(PERNICIOUS, INJECTIONS, days, people=people)
    low = read["serum_b12_pmol_l"].lt(148).to_numpy().reshape(len(people), -1)
    reached, first = low.any(axis=1), 730 + 5 * low.argmax(axis=1)
    assert (first[reached] > 730).sum() > 5
    assert again.notna().tolist() == reached.tolist()
    assert ((again <= first) & (again > first - 5))[reached].all()


def test_who_is_past_it_then_has_that_day_and_later_doses_still_count():
    already = b12.time_to(PERNICIOUS, INJECTIONS, "store_ug", above=1, after_day=100.1, n=4, rng=1)
    assert already["day"].eq(100.1).all()
    store = b12.simulate_regimen(PERNICIOUS, INJECTIONS, [122])["store_ug"].iloc[0]
    lifted = b12.time_to(PERNICIOUS, INJECTIONS, "store_ug", above=store + 1, after_day=122, n=1)
    assert lifted["day"].tolist() == [122]  # by the dose of that day
    lifted = b12.time_to(PERNICIOUS, INJECTIONS, "store_ug", above=store + 1, after_day=123, n=1)
    assert lifted["day"].iloc[0] == 123


@pytest.mark.parametrize("day", [0, 400])
def test_one_moment_may_be_looked_at_alone(day):
    alone = {"after_day": day, "within_days": day, "n": 4, "rng": 1}
    assert b12.time_to(PERNICIOUS, INJECTIONS, "store_ug", above=1, **alone)["day"].eq(day).all()
    assert b12.time_to(PERNICIOUS, INJECTIONS, "store_ug", above=1e6, **alone)["day"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"after_day": 4000}, "after_day=4000 is later than within_days=3650; both count from day 0"),
        ({"after_day": -1}, "after_day=-1 is out of range"),
        ({"after_day": "730"}, "after_day='730' is not a number"),
        ({"within_days": True}, "within_days=True is not a number"),
    ],
)
def test_days_to_look_at_are_refused_by_name(arguments, words):
    refused(words, b12.time_to, **arguments)
