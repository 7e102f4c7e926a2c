"""How fast virtual patients are followed and summarised, against the same model stepped day by day.

100,000 virtual patients, 24 months, 7 symptoms; 10,000 for a redraw when one parameter has changed. Day by day, numpy
takes Euler's steps of the same equations, under the same signals, from the same start of treatment. What is compared is
the processors' time, all threads together, so that other work on the machine counts little.

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
from b12analysis.recovery.nerves import Fibres, exposed
from b12analysis.recovery.patients import checked
from b12analysis.recovery.signal import DAYS_A_MONTH, mesh

SOMEONE = recovery.patient(age=60, duration_months=6, severity="moderate", profile="myelopathy")
MONTHS, REGIMEN = 24, "us_cyanocobalamin"
#: Virtual patients stepped day by day: each takes as long as the next.
FEW = course._BLOCK


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
    """Deficits of each compartment at each month by Euler's steps of a day, and how many there were.

    From the start of treatment: before it some axons are lost so fast that steps of a day would not do.
    """
    points, everybody = mesh(months), slice(0, len(people.patient))
    signals, hurt = course._signals(people, everybody, points, course._bodies(people, regimen, points))
    nerves, fibres = course._nerves(people, everybody, course._rates_of_draws(people), hurt)
    fibres = exposed(fibres, nerves, people.patients["duration_months"].to_numpy()[people.patient])
    out, taken = [fibres.deficit], 0
    for number, (since, until) in enumerate(itertools.pairwise(points)):
        share, length = signals[number], until - since
        steps = max(1, round(length * DAYS_A_MONTH)) * steps_a_day
        for _ in range(steps):
            fibres, taken = euler(fibres, nerves, share, length / steps), taken + 1
            if taken >= at_most:
                return None
        if until in months:
            out.append(fibres.deficit)
    return np.stack(out, axis=1), taken


def euler(fibres, nerves, share, days):
    loses = (nerves.since <= fibres.exposure) & (fibres.exposure < nerves.until)
    hit = nerves.attack * share * (1 - fibres.bare - fibres.lost)
    gone = nerves.axon_loss * loses * share * fibres.bare
    back = nerves.repair * (1 - share) * fibres.bare
    grown = nerves.regrowth * (1 - share) * fibres.lost
    return Fibres(
        fibres.bare + days * (hit - gone - back), fibres.lost + days * (gone - grown), fibres.exposure + days * share
    )


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
    few, many = (course.people_like(checked(SOMEONE), posterior(), n, 1) for n in (FEW, 100_000))
    each = pd.DataFrame(np.eye(len(few.compartments)), columns=few.compartments)
    exact = course.follow(few, months, REGIMEN, weights=each)
    (daily, steps), (halves, _) = (day_by_day(few, REGIMEN, months, steps_a_day=count) for count in (1, 2))
    errors = [np.abs(other - exact) for other in (daily, halves)]
    say(f"\nsteps of a day are off by {errors[0].max():.4f} at most, {errors[0].mean():.5f} on average")
    say(f"steps of half a day by {errors[1].max():.4f} and {errors[1].mean():.5f}")
    assert errors[0].mean() < 2e-3
    assert errors[1].mean() / errors[0].mean() == pytest.approx(0.5, rel=0.1)  # Euler's are of first order
    benchmark.pedantic(lambda: course.follow(many, months, REGIMEN, weights=each), rounds=5, warmup_rounds=1)
    _, quick = processors(lambda: course.follow(many, months, REGIMEN, weights=each))
    part = 60
    _, first = processors(lambda: day_by_day(many, REGIMEN, months, at_most=1))
    _, slow = processors(lambda: day_by_day(many, REGIMEN, months, at_most=part + 1))
    a_step, wall = (slow - first) / part, benchmark.stats.stats.min
    before = round(float(SOMEONE["duration_months"].iloc[0]) * DAYS_A_MONTH)  # ours has these days in one step
    ratio = a_step * steps / quick
    benchmark.extra_info["times as fast as day by day"] = ratio
    say(f"100,000 people day by day: {a_step * steps:.1f} s; at once {quick:.2f} s of processors ({ratio:.0f} times)")
    say(f"on two processors in {wall:.2f} s ({a_step * steps / wall:.0f} times)")
    say(f"with the days since they fell ill {a_step * (steps + before) / quick:.0f} times, or on two processors")
    say(f"{a_step * (steps + before) / wall:.0f} times")
    assert ratio > 5
