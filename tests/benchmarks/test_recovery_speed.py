"""How fast virtual patients are followed and summarised, against the same model stepped day by day.

100,000 virtual patients, 24 months, 7 symptoms; 10,000 for a redraw when one parameter has changed. Day by day, numpy
moves a day's share of the fibres, in the same equations under the same signals, from when people fell ill on: of all
people at once, as one would write it, and of as many at a time as the cache holds. What is compared is the processors'
time, all threads together, so that other work on the machine counts little.

    python -m pytest tests/benchmarks/test_recovery_speed.py --benchmark-only -s
"""

import itertools
import sys
import time

import numpy as np
import pandas as pd
import pytest

from b12analysis import recovery
from b12analysis.recovery import course, signal
from b12analysis.recovery.draws import posterior
from b12analysis.recovery.nerves import Fibres, Nerves
from b12analysis.recovery.patients import checked
from b12analysis.recovery.signal import DAYS_A_MONTH, mesh

SOMEONE = recovery.patient(age=60, duration_months=6, severity="moderate", profile="myelopathy")
MONTHS, REGIMEN = 24, "us_cyanocobalamin"
#: Virtual patients whose courses are compared; those stepped at a time where not all are; days that are timed.
FEW, BLOCK, PART = 4000, 10_000, 40


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def processors(function):
    """Return what a function returns, and the best of three times that processors took over it, seconds."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        found = function()
        times.append(time.process_time() - begin)
    return found, min(times)


def day_by_day(people, regimen, months, *, steps_a_day=1, at_most=np.inf):
    """Deficits of each compartment at each month, and how many steps there were."""
    points, everybody = mesh(months), np.arange(len(people.patient))
    signals, hurt = course._signals(people, everybody, points, course._bodies(people, regimen, points))
    nerves, fibres = course._nerves(people, everybody, course._rates_of_draws(people), hurt)
    nerves = Nerves(*(np.asarray(value, dtype=float) for value in vars(nerves).values()))
    ill = float(people.patients["duration_months"].iloc[0])  # all have been ill as long
    out, taken, untreated = [], 0, [np.ones(signals.shape[1]), *signals.astype(float)]
    for share, (since, until) in zip(untreated, itertools.pairwise([-ill, *points]), strict=True):
        steps = max(1, round((until - since) * DAYS_A_MONTH)) * steps_a_day
        chances = [-np.expm1(-rate * (until - since) / steps) for rate in list(vars(nerves).values())[:4]]
        for _ in range(steps):
            fibres, taken = a_day(fibres, nerves, chances, share, (until - since) / steps), taken + 1
            if taken >= at_most:
                return None
        if until in months:
            out.append(fibres.deficit)
    return np.stack(out, axis=1), taken


def a_day(fibres, nerves, chances, share, days):
    attack, axon_loss, repair, regrowth = chances
    loses = (nerves.since <= fibres.exposure) & (fibres.exposure < nerves.until)
    hit = attack * share * (1 - fibres.bare - fibres.lost)
    gone = axon_loss * (share * loses) * fibres.bare
    back = repair * (1 - share) * fibres.bare
    grown = regrowth * (1 - share) * fibres.lost
    return Fibres(fibres.bare + (hit - gone - back), fibres.lost + (gone - grown), fibres.exposure + share * days)


def seconds_a_step(people, months):
    """Processors' time of a step of everybody, seconds."""
    _, first = processors(lambda: day_by_day(people, REGIMEN, months, at_most=1))
    _, many = processors(lambda: day_by_day(people, REGIMEN, months, at_most=PART + 1))
    return (many - first) / PART


def simulated(patients, n, rng=1):
    return recovery.simulate_recovery(patients, MONTHS, regimen=REGIMEN, n=n, rng=rng, level=0.8)


@pytest.mark.benchmark(group="100,000 virtual patients, 24 months, 7 symptoms")
@pytest.mark.parametrize("bodies", ["followed before", "followed anew"])
def test_a_hundred_thousand_patients(benchmark, bodies):
    seeds = itertools.repeat(1) if bodies == "followed before" else itertools.count(100)
    table = benchmark.pedantic(lambda: simulated(SOMEONE, 100_000, next(seeds)), rounds=5, warmup_rounds=1)
    assert table.groupby("symptom").size().tolist() == [MONTHS + 1] * 7
    _, used = processors(lambda: simulated(SOMEONE, 100_000, next(seeds)))
    say(f"\nbodies {bodies}: {benchmark.stats.stats.min:.2f} s at best, {used:.2f} s of processors")


CHANGES = {
    "duration_months": [2, 3, 9, 12],
    "severity": ["mild", "moderate", "severe"],
    "regimen": [
        "us_cyanocobalamin",
        "oral_1000_daily",
        "cdc_weekly",
        "oral_50_daily",
        "kuzminski_im",
        "uk_hydroxocobalamin",
    ],
}


@pytest.mark.benchmark(group="10,000 draws again after one parameter has changed")
@pytest.mark.parametrize("changed", CHANGES)
def test_a_redraw(benchmark, changed):
    values = itertools.cycle(CHANGES[changed])

    def redraw():
        change = {changed: next(values)}
        regimen = change.pop("regimen", REGIMEN)
        if changed == "regimen":
            signal._panel.cache_clear()  # none has been drawn before
        return recovery.simulate_recovery(SOMEONE.assign(**change), MONTHS, regimen=regimen, n=10_000, rng=1, level=0.8)

    assert len(benchmark.pedantic(redraw, rounds=12, warmup_rounds=1)) == 7 * (MONTHS + 1)
    _, used = processors(redraw)
    say(f"\n{changed}: {1e3 * benchmark.stats.stats.min:.0f} ms at best, {1e3 * used:.0f} ms of processors")


@pytest.mark.benchmark(group="day by day")
def test_against_day_by_day(benchmark):
    months = list(map(float, range(MONTHS + 1)))
    few, block, many = (course.people_like(checked(SOMEONE), posterior(), n, 1) for n in (FEW, BLOCK, 100_000))
    each = pd.DataFrame(np.eye(len(few.compartments)), columns=few.compartments)
    exact = course.follow(few, months, REGIMEN, weights=each)
    (daily, steps), (halves, _) = (day_by_day(few, REGIMEN, months, steps_a_day=count) for count in (1, 2))
    errors = [np.abs(other - exact) for other in (daily, halves)]
    say(f"\nsteps of a day are off by {errors[0].max():.4f} at most, {errors[0].mean():.5f} on average")
    say(f"steps of half a day by {errors[1].max():.4f} and {errors[1].mean():.5f}")
    assert errors[0].mean() < 2e-3
    assert errors[1].mean() / errors[0].mean() == pytest.approx(0.5, rel=0.1)  # these steps are of first order
    benchmark.pedantic(lambda: course.follow(many, months, REGIMEN, weights=each), rounds=5, warmup_rounds=1)
    _, quick = processors(lambda: course.follow(many, months, REGIMEN, weights=each))
    wall = benchmark.stats.stats.min
    say(f"at once: {quick:.3f} s of processors, {wall:.3f} s by the clock")
    ratios = {}
    for name, people in {"all at once": many, f"{BLOCK} at a time": block}.items():
        slow = seconds_a_step(people, months) * steps * len(many.patient) / len(people.patient)
        ratios[name] = slow / quick
        say(f"{steps} days, {name}: {slow:.2f} s: {slow / quick:.1f} times; by the clock {slow / wall:.1f} times")
    benchmark.extra_info["times as fast as day by day"] = ratios
    assert ratios["all at once"] > 10
