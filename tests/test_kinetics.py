"""Vitamin B12 in the body: solved exactly, in balance, refused by name where the input cannot be meant."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import b12analysis as b12
from b12analysis import kinetics
from b12analysis.arguments import InputError
from b12analysis.evidence import load
from b12analysis.kinetics.body import FORMS, REFERENCE_UG, Body, mma_nmol_l, serum_pmol_l
from b12analysis.kinetics.course import MEASURES, course, follow, measured, moment, start
from b12analysis.kinetics.step import Step
from b12analysis.kinetics.uptake import absorbed_ug, daily_food_ug, retained_ug

WELL = {"age": 50, "intake_ug": 5}
PERNICIOUS = {"age": 70, "intake_ug": 4, "absorption": "pernicious_anaemia", "start_serum_pmol_l": 90}
few = settings(max_examples=15, derandomize=True, deadline=None)
persons = st.fixed_dictionaries(
    {
        "age": st.integers(18, 90),
        "intake_ug": st.floats(0.2, 20),
        "absorption": st.sampled_from(kinetics.ABSORPTIONS),
    },
    optional={"start_serum_pmol_l": st.floats(20, 800)},
)
doses = st.lists(
    st.tuples(st.floats(0, 60), st.sampled_from(["oral", *FORMS]), st.floats(10, 5000)),
    max_size=12,
    unique_by=lambda d: d[:2],
)


def all_of(person, people, regimen, days):
    """Everything that is read, person by day."""
    return course(kinetics.check_person(person), people, sorted(regimen), days)


def row(people, index=0):
    """Parameters of one person, as numbers."""
    return {name: float(people[name].iloc[index]) for name in people}


# ---------------------------------------------------------------------------------------------------------------------
# Against the equations
# ---------------------------------------------------------------------------------------------------------------------


def slopes(of, food, loss):
    """The equations of the body, as written down: active tissue, liver, carriers, cells, injected forms, the loss."""
    drains = [of["drain_cyanocobalamin_per_day"], of["drain_hydroxocobalamin_per_day"]]
    factor = of["carrier_serum_ratio"] ** (1 / of["serum_power"])
    exchange, release, lag = of["exchange_per_day"], of["release_per_day"], of["carrier_lag_per_day"]

    def slope(_, y):
        active, liver, carriers, cells, *injected, _ = y
        drained = [drain * amount for drain, amount in zip(drains, injected, strict=True)]
        return [
            food + sum(drained) + release * liver - exchange * active,
            exchange * active - (release + loss) * liver,
            lag * (factor * active - carriers),
            of["mma_lag_per_day"] * (active - cells),
            -drained[0],
            -drained[1],
            loss * liver,
        ]

    return slope


def begun(person, of):
    """Amounts on day 0 of somebody who starts in balance, from the equations at rest."""
    well = of | {"active_share": 1.0, "food_release": of["food_release_before"]}
    before = {"intake_ug": person.get("intake_before_ug", person["intake_ug"])}
    loss = lost_share(before, well)
    liver = daily_food_ug(before["intake_ug"], well) / loss
    active = (of["release_per_day"] + loss) * liver / of["exchange_per_day"]
    return [active, liver, active, active, 0.0, 0.0, 0.0]


def lost_share(person, of):
    """Share of the liver's store that is lost in a day: the bile that is not taken up beside a meal."""
    free = of["food_release"] * person["intake_ug"] / of["meals_per_day"]
    carried = of["active_share"] * of["carried_share"] / (1 + of["carried_share"] * free / of["active_max_ug"])
    return of["bile_per_day"] * (1 - carried - of["passive_share"] * (1 - carried))


def by_solve_ivp(person, of, regimen, days, rtol=1e-12):
    """Store, serum, MMA and what is lost, by scipy's solver."""
    y, now, out = np.array(begun(person, of)), 0.0, []
    slope = slopes(of, float(daily_food_ug(person["intake_ug"], of)), lost_share(person, of))
    agenda = sorted([(day, 0, None) for day in days] + [(day, 1, (form, dose)) for day, form, dose in regimen])
    for then, _, dose in agenda:
        if then > now:
            y = solve_ivp(slope, (now, then), y, method="DOP853", rtol=rtol, atol=1e-13).y[:, -1]
            now = then
        if dose is None:
            out.append([y[:2].sum() + y[4:6].sum(), serum_pmol_l(y[2], y[4] + y[5], of), mma_nmol_l(y[3], of), y[6]])
        elif dose[0] == "oral":
            y[0] += absorbed_ug(dose[1], of)
        else:
            y[4 + FORMS.index(dose[0])] += retained_ug(dose[1], dose[0], of)
    return np.array(out).T


MIXED = [
    (0, "oral", 1000), (0.3, "im_hydroxocobalamin", 1000), (0.3, "im_cyanocobalamin", 1000), (1 / 3, "oral", 2.5),
    (7, "im_cyanocobalamin", 100), (11.77, "oral", 50), (20, "im_hydroxocobalamin", 5000), (300, "oral", 500),
]  # fmt: skip
TIMES = [0, 0.01, 0.5, 1, 7, 7.001, 12, 40, 250, 301]


def agrees_with_the_solver(person, people, index):
    of = row(people, index)
    expected = by_solve_ivp(person, of, MIXED, TIMES)
    read = all_of(person, people, MIXED, TIMES)
    for name, values in zip(MEASURES, expected, strict=False):
        # The solver's own error is below 1e-11; moments are rounded to 1e-9 day, in which an injection moves by 2e-9.
        np.testing.assert_allclose(read[name][index], values, rtol=1e-8)
    balance = np.cumsum(read["absorbed_ug"][index] + read["retained_ug"][index]) - expected[3]
    np.testing.assert_allclose(read["store_ug"][index] - read["store_ug"][index, 0], balance, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("absorption", ["normal", "metformin", "pernicious_anaemia"])
def test_the_course_is_that_of_scipys_solver(absorption):
    person = WELL | {"absorption": absorption}
    agrees_with_the_solver(person, kinetics.virtual_people(person, 2, rng=5), 1)


def test_a_diet_that_changes_on_day_0_follows_them_too():
    person = {"age": 50, "intake_ug": 0.3, "intake_before_ug": 6}
    agrees_with_the_solver(person, kinetics.virtual_people(person, 2, rng=6), 0)


def test_rates_that_are_nearly_or_quite_equal_keep_their_digits():
    person = WELL | {"absorption": "food_bound"}
    people = pd.concat([kinetics.virtual_people(person, rng=3)] * 4, ignore_index=True)
    fast = Body.of(kinetics.check_person(person), people).rates[1][0]
    people["carrier_lag_per_day"] = fast * np.array([1, 1 + 1e-9, 1 - 1e-5, 2])
    people["drain_hydroxocobalamin_per_day"] = [0.7, people["drain_cyanocobalamin_per_day"][0], 0.7, fast]
    for index in range(4):
        agrees_with_the_solver(person, people, index)


@pytest.mark.slow
def test_many_people_follow_the_equations():
    for seed, absorption in enumerate(kinetics.ABSORPTIONS * 3):
        person = {"age": 30 + seed, "intake_ug": 0.5 + seed, "absorption": absorption}
        people = kinetics.virtual_people(person, 3, rng=seed)
        for index in range(3):
            agrees_with_the_solver(person, people, index)


def test_by_hand_one_person_who_absorbs_nothing_and_one_injection():
    """Nothing comes in or goes out by the gut, and exchange is one way: every amount is a sum of exponentials.

    160 ug are injected, of which half is kept: 80. It drains at 2 a day and goes on to the liver at 0.05 a day, which
    gives next to nothing back: active tissue after t days is 80 * 2 / 1.95 * (exp(-0.05 t) - exp(-2 t)).
    """
    people = kinetics.virtual_people(WELL, spread="none").assign(
        active_share=0.0, passive_share=0.0, bile_per_day=0.001, exchange_per_day=0.05, release_per_day=1e-12,
        drain_cyanocobalamin_per_day=2.0, half_retained_cyanocobalamin_ug=160.0, tail_pmol_l_per_ug=6.0,
        carrier_lag_per_day=0.1, carrier_serum_ratio=1.0, serum_reference_pmol_l=280.0, serum_power=1.0,
        mma_lag_per_day=0.1, mma_floor_nmol_l=120.0, mma_max_nmol_l=20000.0, mma_half_ug=12.0, mma_power=2.0,
    )  # fmt: skip
    body = Body.of({"intake_ug": 0.0}, people)
    empty = body.state(np.zeros(1), np.zeros(1), carriers=np.zeros(1), cells=np.zeros(1))
    seen, came_in = follow(body, empty, [(0.0, "im_cyanocobalamin", 160.0)], [0.0, 10.0])
    assert came_in["retained_ug"][:, 0].tolist() == [0.0, 80.0]
    still = 80 * np.exp(-20)
    active = 160 / 1.95 * (np.exp(-0.5) - np.exp(-20))  # 49.766 ug
    assert active == pytest.approx(49.766, abs=0.001)
    # carriers follow at 0.1 a day: 0.1 * 160 / 1.95 * ((e^-0.5 - e^-1) / 0.05 - (e^-1 - e^-20) / 1.9)
    carriers = 16 / 1.95 * ((np.exp(-0.5) - np.exp(-1)) / 0.05 - (np.exp(-1) - np.exp(-20)) / 1.9)
    # what has passed to the liver, of which a thousandth a day is lost: L' = 0.05 A - 0.001 L
    liver = 0.05 * 160 / 1.95 * (
        (np.exp(-0.01) - np.exp(-0.5)) / 0.049 - (np.exp(-0.01) - np.exp(-20)) / 1.999
    )  # fmt: skip
    expected = {
        "store_ug": active + liver + still,
        "serum_b12_pmol_l": 280 * carriers / REFERENCE_UG + 6 * still,
        "mma_nmol_l": 120 + 20000 / (1 + (carriers / 12) ** 2),  # the cells follow as fast as the carriers here
    }
    for name, value in expected.items():
        assert measured(name, body, seen)[1, 0] == pytest.approx(value, rel=1e-9)


# ---------------------------------------------------------------------------------------------------------------------
# What holds for everybody
# ---------------------------------------------------------------------------------------------------------------------


def plain(person, people, regimen, days):
    """The course without blocks, caches or kept arrays: one step after the other."""
    person = kinetics.check_person(person)
    body = Body.of(person, people)
    state, now, out = start(person, body), 0.0, []
    events = sorted(
        [(float(moment(day)), 0, None) for day in days] + [(float(moment(d)), 1, (f, u)) for d, f, u in regimen]
    )
    for then, _, dose in events:
        state, now = Step(body, then - now)(state), then
        if dose is None:
            out.append([measured(name, body, state) for name in MEASURES])
        elif dose[0] == "oral":
            gained = absorbed_ug(dose[1], body.people)
            state = body_with(body, state, active=gained)
        else:
            amount = state.injected.get(dose[0], 0.0) + retained_ug(dose[1], dose[0], body.people)
            state = replace(state, injected=state.injected | {dose[0]: amount})
    return dict(zip(MEASURES, np.array(out).transpose(1, 2, 0), strict=True))


def body_with(body, state, active):
    """The state with so much more in active tissue, through amounts and back."""
    ratio_slow, ratio_fast = body.ratios
    liver = ratio_slow * state.slow + ratio_fast * state.fast
    after = body.state(body.active(state) + active, liver, carriers=state.carriers, cells=state.cells)
    return replace(after, injected=state.injected)


@few
@given(person=persons, regimen=doses)
def test_blocks_caches_and_kept_arrays_change_nothing(person, regimen):
    people = kinetics.virtual_people(person, 4, rng=2)
    days = np.arange(0, 61, 1.7)
    read, expected = all_of(person, people, regimen, days), plain(person, people, regimen, days)
    for name in MEASURES:
        np.testing.assert_allclose(read[name], expected[name], rtol=1e-12)


def test_nobodys_course_depends_on_who_else_is_followed(monkeypatch):
    people = kinetics.virtual_people(PERNICIOUS, 50, rng=1)
    whole = all_of(PERNICIOUS, people, MIXED, TIMES)
    monkeypatch.setattr("b12analysis.kinetics.course._BLOCK", 7)
    for name, values in all_of(PERNICIOUS, people, MIXED, TIMES).items():
        np.testing.assert_array_equal(values, whole[name])


@few
@given(person=persons, regimen=doses, more=st.floats(0, 2000), which=st.integers(0, 11))
def test_nobody_falls_below_zero_and_a_larger_dose_never_leaves_less(person, regimen, more, which):
    people = kinetics.virtual_people(person, 5, rng=4)
    days = np.linspace(0, 100, 60)
    read = all_of(person, people, regimen, days)
    for values in read.values():
        assert (values >= 0).all()
        assert np.isfinite(values).all()
    if regimen:
        day, form, dose = regimen[which % len(regimen)]
        larger = [(day, form, dose + more) if (d, f) == (day, form) else (d, f, u) for d, f, u in regimen]
        assert (all_of(person, people, larger, days)["store_ug"] >= read["store_ug"] * (1 - 1e-12)).all()


@few
@given(person=persons, days=st.floats(0.001, 400))
def test_two_half_steps_are_one(person, days):
    body = Body.of(kinetics.check_person(person), kinetics.virtual_people(person, 3, rng=8))
    state = start(kinetics.check_person(person), body)
    state.injected = {form: np.full(3, 70.0) for form in FORMS}
    whole, half = Step(body, days)(state), Step(body, days / 2)
    halves = half(half(state))
    for name in MEASURES:
        np.testing.assert_allclose(measured(name, body, halves), measured(name, body, whole), rtol=1e-10)


@pytest.mark.parametrize("intake_ug", [0.5, 5, 50])
def test_somebody_in_balance_stays_there(intake_ug):
    table = b12.simulate_regimen({"age": 40, "intake_ug": intake_ug}, "none", [0, 1, 1000, 18000], n=20, rng=1)
    for name in MEASURES:
        wide = table.pivot(index="person", columns="day", values=name)
        np.testing.assert_allclose(wide, np.broadcast_to(wide[[0.0]], wide.shape), rtol=1e-9)


def test_no_dose_is_none():
    one, other = (b12.simulate_regimen(PERNICIOUS, regimen, 50, n=3, rng=1) for regimen in ("none", []))
    pd.testing.assert_frame_equal(one, other)


@few
@given(person=persons)
def test_a_person_starts_where_it_is_said(person):
    serum = person.get("start_serum_pmol_l", 200.0)
    read = all_of(person | {"start_serum_pmol_l": serum}, kinetics.virtual_people(person, 20, rng=1), [], [0])
    np.testing.assert_allclose(read["serum_b12_pmol_l"], serum, rtol=1e-9)
    person = {name: person[name] for name in ("age", "intake_ug", "absorption")}
    read = all_of(person | {"start_store_ug": 500}, kinetics.virtual_people(person, 20, rng=1), [], [0])
    np.testing.assert_allclose(read["store_ug"], 500, rtol=1e-9)


def test_a_reading_is_taken_just_before_the_dose_of_its_day():
    table = b12.simulate_regimen(PERNICIOUS, [(1, "oral", 1000), (1, "im_hydroxocobalamin", 1000)], [0, 1, 1.001, 3])
    none = b12.simulate_regimen(PERNICIOUS, "none", [0, 1, 1.001, 3])
    assert (table["store_ug"] == none["store_ug"]).tolist() == [True, True, False, False]
    of = row(kinetics.virtual_people(PERNICIOUS, spread="none"))
    kept = retained_ug(1000, "im_hydroxocobalamin", of)
    assert table["retained_ug"].tolist() == pytest.approx([0, 0, kept, 0])
    food = daily_food_ug(4, of)
    assert table["absorbed_ug"].tolist() == pytest.approx(
        [0, food, 0.001 * food + absorbed_ug(1000, of), 1.999 * food], rel=1e-6
    )


def test_columns_people_and_days():
    table = b12.simulate_regimen(pd.Series(WELL), "oral_1000_daily", 3, n=2, rng=1)
    assert list(table) == ["person", "day", *MEASURES, "absorbed_ug", "retained_ug"]
    assert table[["person", "day"]].values.tolist() == [[p, d] for p in (0, 1) for d in range(4)]
    people = kinetics.virtual_people(WELL, 2, rng=1)
    pd.testing.assert_frame_equal(table, b12.simulate_regimen(WELL, "oral_1000_daily", 3, people=people))
    middle = b12.simulate_regimen(WELL, "none", [0.0])
    pd.testing.assert_frame_equal(middle, b12.simulate_regimen(WELL, "none", [0.0], n=1, rng=9, spread="none"))
    assert len(b12.simulate_regimen(WELL, [(0, "oral", 5), (99, "oral", 5)], 0)) == 1  # later doses are left out


@pytest.mark.parametrize("regimen", [[(d / 4, "oral", 250) for d in range(7300)], "oral_1000_daily"])
def test_dense_and_long_regimens_work(regimen):
    days = 1825 if isinstance(regimen, list) else 50 * 365
    table = b12.simulate_regimen(WELL, regimen, days)
    assert len(table) == days + 1
    assert np.isfinite(table).all(axis=None)
    assert table["store_ug"].is_monotonic_increasing


# ---------------------------------------------------------------------------------------------------------------------
# Regimens
# ---------------------------------------------------------------------------------------------------------------------


def test_phases_follow_each_other_as_the_trial_printed_them():
    given = kinetics.schedule("kuzminski_im", 120)
    assert (given["day"] + 1).tolist() == [1, 3, 7, 10, 14, 21, 30, 60, 90]
    assert set(given["form"]) == {"im_cyanocobalamin"}
    british = kinetics.schedule("uk_hydroxocobalamin", 300)[
        "day"
    ]  # three times a week for two weeks, then every 91 days
    assert british.round().tolist() == [0, 2, 5, 7, 9, 12, 14, 105, 196, 287]


def test_every_regimen_of_the_table_can_be_given():
    table = kinetics.regimens()
    assert set(table["regimen"]) == set(load("regimens")["regimen"])
    assert not table.drop(columns="later").isin(["", None]).any(axis=None)
    for name in table["regimen"]:
        doses_ = kinetics.schedule(name, 400)
        assert len(doses_)
        assert doses_["day"].is_monotonic_increasing
        assert doses_["day"].le(400).all()
        kinetics.schedule(doses_, 400)  # as it is written, it is no fault


def test_a_regimen_may_be_a_table_in_any_order():
    table = pd.DataFrame({"dose_ug": [5, 6], "form": "oral", "day": [2, 1]})
    assert kinetics.schedule(table, 9).values.tolist() == [[1.0, "oral", 6.0], [2.0, "oral", 5.0]]


REFUSED = {
    "a negative dose": ([(0, "oral", -5)], "regimen[0]: dose_ug=-5 is not a dose; it must be above 0"),
    "no dose": ([(0, "oral", 0)], "regimen[0]: dose_ug=0 is not a dose"),
    "a missing dose": ([(0, "oral", None)], "regimen[0]: dose_ug=None is not a dose"),
    "an infinite dose": ([(0, "oral", float("inf"))], "regimen[0]: dose_ug=inf is not a dose"),
    "two at one moment": ([(3, "oral", 5), (3, "oral", 6)], "regimen[1]: a second dose of form='oral' on day=3"),
    "milligrams": (
        [(0, "im_hydroxocobalamin", 1)],
        "regimen[0]: dose_ug=1 is injected, but below 10 ug; are mg meant?",
    ),
    "above 20 mg": ([(0, "oral", 20001)], "regimen[0]: dose_ug=20001 is above 20 mg (20,000 ug)"),
    "a day before the first": ([(-1, "oral", 5)], "regimen[0]: day=-1 is not a day; days count from 0"),
    "a form that is not known": ([(0, "im_hydroxycobalamin", 50)], "(did you mean 'im_hydroxocobalamin'?)"),
    "half a dose": ([(0, "oral")], "regimen[0]=(0, 'oral') is not (day, form, dose_ug)"),
    "a number": (5, "regimen=5 is neither a name nor a list of (day, form, dose_ug)"),
    "a misspelt name": ("oral_1000_dayly", "regimen='oral_1000_dayly' is not known (did you mean 'oral_1000_daily'?)"),
    "a table without doses": (pd.DataFrame({"day": [1]}), "regimen lacks columns 'form', 'dose_ug'; it has 'day'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_is_refused_by_name(what):
    regimen, words = REFUSED[what]
    with pytest.raises(InputError, match=re.escape(words)):
        b12.simulate_regimen(WELL, regimen, 10)


def test_all_faults_are_told_at_once():
    wrong = [(0, "oral", -5), (1, "orl", 5), (2, "im_cyanocobalamin", 1), (2, "im_cyanocobalamin", 30000)]
    with pytest.raises(InputError) as caught:
        kinetics.schedule(wrong, 9)
    assert len(caught.value.errors) == 5
    at_the_limits = [
        (0, "im_cyanocobalamin", 10),
        (0, "oral", 20000),
        (0, "im_hydroxocobalamin", 20000),
        (1, "oral", 0.1),
    ]
    assert len(kinetics.schedule(at_the_limits, 9)) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"days": -1}, "days=-1 is out of range"),
        ({"days": 36526}, "days=36526 is out of range"),
        ({"days": [0, 2, 2]}, "days must increase, but days[2]=2 follows 2"),
        ({"days": [-0.5, 2]}, "days[0]=-0.5 is out of range"),
        ({"days": [0, "x"]}, "days[1]='x' is not a number"),
        ({"days": []}, "days is empty"),
        ({"days": "year"}, "days='year' is neither"),
        ({"days": 1.5}, "days=1.5 is neither"),
        ({"person": {"age": 50}}, "has no intake_ug"),
        ({"person": WELL | {"start_serum_pmol_l": 5}}, "start_serum_pmol_l=5 is out of range"),
        ({"n": 0}, "n=0 is out of range"),
        ({"spread": "all"}, "spread='all' is not known"),
        ({"people": pd.DataFrame({"bile_per_day": [0.1]})}, "people lacks columns"),
        ({"people": kinetics.virtual_people(WELL), "rng": 1}, "people are given; leave out rng and spread"),
        ({"people": kinetics.virtual_people(WELL).iloc[:0]}, "people is empty"),
    ],
)
def test_other_arguments_are_refused_by_name(arguments, words):
    given = {"person": WELL, "regimen": "none", "days": 3} | arguments
    with pytest.raises(InputError, match=re.escape(words)):
        b12.simulate_regimen(**given)


# ---------------------------------------------------------------------------------------------------------------------
# Times to thresholds
# ---------------------------------------------------------------------------------------------------------------------


def test_the_moment_of_passing_is_exact():
    people = kinetics.virtual_people(WELL | {"absorption": "gastrectomy"}, 30, rng=1)
    person = WELL | {"absorption": "gastrectomy"}
    times = b12.time_to(person, "none", "serum_b12_pmol_l", below=200, people=people)
    passed = times[times["day"] > 0]
    assert len(passed) > 10
    for index, day in passed.itertuples(index=False):
        read = b12.simulate_regimen(person, "none", [day - 0.001, day + 0.001], people=people.iloc[[index]])
        above, below = read["serum_b12_pmol_l"]
        assert above > 200 > below


def test_a_time_is_found_again_in_the_daily_course():
    """Also across the stretches in which it is looked for, and with doses at fractions of days."""
    regimen = [(day + 0.4, "oral", 500) for day in range(0, 700, 3)]
    days = np.unique([*range(801), *(day + 1e-6 for day, _, _ in regimen)])
    people = kinetics.virtual_people(PERNICIOUS, 40, rng=1)
    read = all_of(PERNICIOUS, people, regimen, days)["store_ug"]
    limit = np.median(read.max(axis=1))
    times = b12.time_to(PERNICIOUS, regimen, "store_ug", above=limit, within_days=800, people=people)["day"]
    reached, first = (read > limit).any(axis=1), (read > limit).argmax(axis=1)
    assert 300 < days[first].max() < 700
    assert times.isna().tolist() == (~reached).tolist()
    assert times[reached].between(days[np.maximum(first - 1, 0)][reached], days[first][reached]).all()


def test_who_starts_past_a_threshold_is_there_on_day_0_and_a_dose_lifts_at_its_moment():
    assert b12.time_to(PERNICIOUS, "none", "serum_b12_pmol_l", below=91, n=5, rng=1)["day"].eq(0).all()
    assert b12.time_to(PERNICIOUS, "none", "serum_b12_pmol_l", above=200, n=5, rng=1)["day"].isna().all()
    store = b12.simulate_regimen(PERNICIOUS, "none", 0)["store_ug"].iloc[0]
    lifted = b12.time_to(PERNICIOUS, [(300.25, "im_hydroxocobalamin", 1000)], "store_ug", above=store + 1, n=1)
    assert lifted["day"].tolist() == [300.25]
    assert b12.time_to(PERNICIOUS, "none", "store_ug", above=1, within_days=0, n=1)["day"].tolist() == [0]


def test_times_are_summarised():
    times = pd.DataFrame({"regimen": list("aaaabb"), "day": [10.0, 20, 30, None, None, None]})
    table = kinetics.times_summary(times, by="regimen").set_index("regimen")
    assert table.loc["a"].tolist() == [0.75, 0.25, 20, 12, 28, 4]
    assert table.loc["b", ["reached", "not_reached", "n"]].tolist() == [0, 1, 2]
    assert table.loc["b", ["estimate", "lower", "upper"]].isna().all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "below=None and above=None; give one of the two"),
        ({"below": 1, "above": 2}, "below=1 and above=2; give one of the two"),
        ({"below": -1}, "below=-1 is out of range"),
        ({"what": "store", "below": 1}, "what='store' is not known (did you mean"),
        ({"above": 1, "within_days": -1}, "within_days=-1 is out of range"),
    ],
)
def test_thresholds_are_refused_by_name(arguments, words):
    given = {"person": WELL, "regimen": "none", "what": "store_ug"} | arguments
    with pytest.raises(InputError, match=re.escape(words)):
        b12.time_to(**given)


# ---------------------------------------------------------------------------------------------------------------------
# Regimens side by side
# ---------------------------------------------------------------------------------------------------------------------

OWN = {
    "injections": [(0, "im_hydroxocobalamin", 1000), (30, "im_hydroxocobalamin", 1000)],
    "tablets": "oral_1000_daily",
}


def test_the_same_people_are_under_each_regimen():
    table = b12.compare_regimens(PERNICIOUS, OWN, [0, 30, 90], n=60, rng=1, level=0.5)
    people = kinetics.virtual_people(PERNICIOUS, 60, rng=1)
    one, other = (b12.simulate_regimen(PERNICIOUS, OWN[name], [0, 30, 90], people=people) for name in OWN)
    assert table["regimen"].drop_duplicates().tolist() == list(OWN)
    assert table[["day", "measure"]].values[:6].tolist() == [[day, name] for day in (0, 30) for name in MEASURES]
    last = table[(table["day"] == 90) & (table["measure"] == "store_ug")].set_index("regimen")
    chosen = (other["store_ug"] - one["store_ug"])[one["day"] == 90]
    assert last.loc["tablets", ["difference", "difference_lower", "difference_upper"]].tolist() == pytest.approx(
        chosen.quantile([0.5, 0.25, 0.75]).tolist()
    )
    assert last.loc["tablets", ["estimate", "lower", "upper"]].tolist() == pytest.approx(
        other.loc[one["day"] == 90, "store_ug"].quantile([0.5, 0.25, 0.75]).tolist()
    )
    assert table.loc[table["regimen"] == "injections", "difference"].eq(0).all()


def test_doses_are_counted_before_each_reading_and_cost_what_the_user_says():
    prices = {"oral": 0.05, "im_hydroxocobalamin": 12.0}
    table = b12.compare_regimens(PERNICIOUS, OWN, [0, 30, 31], n=2, rng=1, prices=prices)
    given = table[table["measure"] == "store_ug"]
    assert given[["injections", "tablets", "cost"]].values.tolist() == pytest.approx(
        np.array([[0, 0, 0], [1, 0, 12], [2, 0, 24], [0, 0, 0], [0, 30, 1.5], [0, 31, 1.55]])
    )
    assert "cost" not in b12.compare_regimens(PERNICIOUS, OWN, [0], n=2, rng=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"prices": {"oral": 1}}, "has no price for 'im_hydroxocobalamin', which 'injections' uses"),
        ({"prices": {"orl": 1}}, "prices='orl' is not known (did you mean 'oral'?)"),
        ({"prices": {"oral": -1}}, "prices['oral']=-1 is out of range"),
        ({"regimens": "none"}, "regimens='none' is not a list of names"),
        ({"regimens": []}, "regimens is empty"),
        ({"regimens": [[(0, "oral", 5)]]}, "regimens[0]=[(0, 'oral', 5)] is not a name"),
        ({"regimens": {"mine": [(0, "oral", -5)]}}, "regimens: 'mine': regimen[0]: dose_ug=-5 is not a dose"),
        ({"level": 95}, "level=95 is out of range"),
    ],
)
def test_comparisons_are_refused_by_name(arguments, words):
    given = {"person": WELL, "regimens": OWN, "days": 3} | arguments
    with pytest.raises(InputError, match=re.escape(words)):
        b12.compare_regimens(**given)
