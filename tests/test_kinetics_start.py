"""Where virtual people start: a low start is where they have come to rest, unless they lose more than they take up."""

import numpy as np
import pytest

import b12analysis as b12
from b12analysis import kinetics
from b12analysis.kinetics.body import Body
from b12analysis.kinetics.uptake import daily_food_ug

LEVELS = ["store_ug", "serum_b12_pmol_l", "mma_nmol_l"]


@pytest.mark.parametrize("absorption", ["normal", "metformin"])
@pytest.mark.parametrize("start", [{"start_serum_pmol_l": 80}, {"start_store_ug": 250}])
def test_who_starts_low_and_is_not_treated_stays_there(absorption, start):
    person = {"age": 60, "intake_ug": 5, "absorption": absorption} | start
    table = b12.simulate_regimen(person, "none", [0, 100, 2000], n=40, rng=1)
    wide = table.pivot(index="person", columns="day", values=LEVELS)
    for name in LEVELS:
        np.testing.assert_allclose(wide[name][2000], wide[name][0], rtol=1e-9)


@pytest.mark.parametrize("absorption", kinetics.ABSORPTIONS)
@pytest.mark.parametrize("start", [40, 150, 700])
def test_nobody_recovers_untreated(absorption, start):
    person = {"age": 60, "intake_ug": 5, "absorption": absorption, "start_serum_pmol_l": start}
    table = b12.simulate_regimen(person, "none", [0, 300, 3000], n=40, rng=2)
    wide = table.pivot(index="person", columns="day", values="store_ug")
    assert (wide[300] <= wide[0] * (1 + 1e-9)).all()
    assert (wide[3000] <= wide[300] * (1 + 1e-9)).all()


@pytest.mark.parametrize("absorption", ["normal", "pernicious_anaemia"])
def test_who_starts_higher_than_the_diet_holds_loses_and_absorbs_as_ever(absorption):
    person = {"age": 60, "intake_ug": 5, "absorption": absorption, "start_serum_pmol_l": 600}
    people = kinetics.virtual_people(person, spread="none")
    table = b12.simulate_regimen(person, "none", [0, 1, 1000], people=people)
    assert table["store_ug"].is_monotonic_decreasing
    daily = float(daily_food_ug(5, {name: people[name].to_numpy() for name in people})[0])
    assert table["absorbed_ug"].iloc[1] == pytest.approx(daily)


def test_what_is_absorbed_at_a_low_start_is_what_is_lost_there():
    person = kinetics.check_person({"age": 60, "intake_ug": 5, "absorption": "food_bound", "start_serum_pmol_l": 90})
    people = kinetics.virtual_people(person, 5, rng=3)
    body = Body.of(person, people)
    _, liver = body.at_rest()
    np.testing.assert_allclose(body.food, body.loss * liver)
    assert (body.food < daily_food_ug(5, body.people)).all()


def test_tablets_are_absorbed_as_ever_by_who_starts_low():
    person = {"age": 60, "intake_ug": 5, "absorption": "food_bound"}
    gained = []
    for start in ({"start_serum_pmol_l": 90}, {}):
        one = kinetics.virtual_people(person, spread="none")
        days = [0, 1]
        with_tablet, without = (
            b12.simulate_regimen(person | start, regimen, days, people=one)["absorbed_ug"].iloc[1]
            for regimen in ([(0.5, "oral", 100)], "none")
        )
        gained.append(with_tablet - without)
    assert gained[0] == pytest.approx(gained[1])
