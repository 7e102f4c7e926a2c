"""How fast virtual people are followed, against scipy's solve_ivp, one call per person and stretch between doses.

10,000 people, two years, read every day. scipy's solver is the fastest that keeps eight digits (LSODA at rtol 1e-8,
readings by its own interpolation) and follows a few people, as each takes it as long; the ratio is per person.

    python -m pytest tests/benchmarks/test_kinetics_speed.py --benchmark-only -s
"""

import itertools
import sys
import time

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from test_kinetics import begun, lost_share, row, slopes

import b12analysis as b12
from b12analysis import kinetics
from b12analysis.kinetics.body import FORMS, mma_nmol_l, serum_pmol_l
from b12analysis.kinetics.uptake import absorbed_ug, daily_food_ug, retained_ug

PERSON = {"age": 60, "intake_ug": 5, "absorption": "pernicious_anaemia"}
PEOPLE, DAYS = 10_000, 730
FOUR_A_DAY = [(quarter / 4, "oral", 250) for quarter in range(4 * 5 * 365)]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def one_by_one(people, regimen):
    """Store, serum and MMA of each person by solve_ivp, which starts anew after each dose."""
    doses = kinetics.schedule(regimen, DAYS)
    edges = np.unique([0, *doses["day"], DAYS])
    taken = {day: list(group[["form", "dose_ug"]].itertuples(index=False)) for day, group in doses.groupby("day")}
    return [one(row(people, index), edges, taken) for index in range(len(people))]


def one(of, edges, taken):
    y, out = np.array(begun(PERSON, of)), []
    slope = slopes(of, float(daily_food_ug(PERSON["intake_ug"], of)), lost_share(PERSON, of))
    for since, until in itertools.pairwise(edges):
        for form, dose in taken.get(since, []):
            if form == "oral":
                y[0] += absorbed_ug(dose, of)
            else:
                y[4 + FORMS.index(form)] += retained_ug(dose, form, of)
        days = np.unique([*np.arange(np.ceil(since), until), until])
        seen = solve_ivp(slope, (since, until), y, method="LSODA", rtol=1e-8, atol=1e-8, t_eval=days).y
        out.append(
            [seen[[0, 1, 4, 5]].sum(axis=0), serum_pmol_l(seen[2], seen[4] + seen[5], of), mma_nmol_l(seen[3], of)]
        )
        y = seen[:, -1]
    return np.concatenate(out, axis=1)


@pytest.mark.parametrize("regimen", ["none", "cdc_weekly", "oral_1000_daily"])
@pytest.mark.benchmark(group="10,000 people, 2 years")
def test_ten_thousand_people_for_two_years(benchmark, regimen):
    kinetics.virtual_people(PERSON, 10, rng=1)
    table = benchmark.pedantic(
        b12.simulate_regimen, (PERSON, regimen, DAYS), {"n": PEOPLE, "rng": 1}, rounds=5, warmup_rounds=2
    )
    assert len(table) == PEOPLE * (DAYS + 1)
    few = 20 if regimen == "none" else 3
    people = kinetics.virtual_people(PERSON, PEOPLE, rng=1).iloc[:few]
    begin = time.perf_counter()
    slow = one_by_one(people, regimen)
    each = (time.perf_counter() - begin) / few
    ours = table.loc[table["day"].eq(DAYS) & table["person"].lt(few), ["store_ug", "serum_b12_pmol_l", "mma_nmol_l"]]
    np.testing.assert_allclose(ours, [person[:, -1] for person in slow], rtol=1e-5)
    seconds = benchmark.stats.stats.median
    ratio = each * PEOPLE / seconds
    benchmark.extra_info["times as fast as solve_ivp"] = ratio
    say(f"\n{regimen}: {seconds:.2f} s; solve_ivp {1e3 * each:.1f} ms a person, {ratio:.0f} times as long")
    assert ratio > 100


@pytest.mark.parametrize(
    ("regimen", "days"), [("oral_1000_daily", 365), (FOUR_A_DAY, 5 * 365), ("oral_1000_daily", 50 * 365)],
    ids=["daily for a year", "4 a day for 5 years", "daily for 50 years"],
)  # fmt: skip
@pytest.mark.benchmark(group="one person")
def test_one_what_if(benchmark, regimen, days):
    table = benchmark(b12.simulate_regimen, PERSON, regimen, days)
    assert len(table) == days + 1
    say(f"\n{days} days: {1e3 * benchmark.stats.stats.median:.0f} ms")
