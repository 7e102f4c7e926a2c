"""Nerves under a signal: against scipy's solver and by hand, what must hold for any rates, and who the people are."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from b12analysis import recovery
from b12analysis.recovery import course
from b12analysis.recovery.counting import overall
from b12analysis.recovery.course import follow, people_like, start_of
from b12analysis.recovery.draws import SCENARIOS, layout, posterior, spread_out
from b12analysis.recovery.nerves import Fibres, Nerves, attack_rate, exposed, repaired, under
from b12analysis.recovery.patients import checked
from b12analysis.recovery.signal import gas_signal, mean_signal, mesh, panel, seen, signal
from b12analysis.recovery.simulation import quantiles

#: Closed formulas on both sides, in double precision.
CLOSED = 1e-12
#: The solver is asked for ten digits of each step; over the steps of a course two of them go.
SOLVER = 1e-8
#: Deficits are kept in single precision.
SINGLE = 2e-7
#: So are the states between: what rounding leaves after the steps of two years.
SINGLE_STEPS = 2e-6

STEADY = settings(derandomize=True, deadline=None, max_examples=40)
#: Months of exposure between which bare axons are lost, by scenario.
WINDOWS = {"none": (0.0, 0.0), "early": (0.0, 2.5), "steady": (0.0, np.inf), "late": (4.0, np.inf)}
RATES = ("attack", "axon_loss", "repair", "regrowth", "since", "until")


def of_one(kind, numbers):
    return kind(*(np.atleast_1d(np.asarray(number, float)) for number in numbers))


def nerves(attack=0.2, axon_loss=0.1, repair=0.5, regrowth=0.07, since=0.0, until=np.inf):
    return of_one(Nerves, (attack, axon_loss, repair, regrowth, since, until))


def fibres(bare=0.3, lost=0.1, exposure=0.0):
    return of_one(Fibres, (bare, lost, exposure))


def values(state):
    return np.array([state.bare[0], state.lost[0], state.exposure[0]])


def solved(state, of, signal, months, method="DOP853"):
    """The equations of the module's head, by scipy, which starts anew where the loss of axons begins or ends."""

    def slope(_, y, loss):
        bare, lost, _ = y
        hit, gone = of.attack[0] * signal * (1 - bare - lost), loss * signal * bare
        quiet = 1 - signal
        return [hit - gone - of.repair[0] * quiet * bare, gone - of.regrowth[0] * quiet * lost, signal]

    y, now = values(state), 0.0
    edges = [(edge[0] - y[2]) / signal for edge in (of.since, of.until) if signal > 0]
    for stop in sorted({edge for edge in edges if 0 < edge < months} | {months}):
        middle = y[2] + signal * (stop - now) / 2
        loss = of.axon_loss[0] if of.since[0] <= middle < of.until[0] else 0.0
        y = solve_ivp(slope, (now, stop), y, method=method, rtol=1e-10, atol=1e-12, args=(loss,)).y[:, -1]
        now = stop
    return y


def stepped(state, of, signal, months, steps):
    for _ in range(steps):
        state = under(state, of, np.array([signal]), months / steps)
    return state


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("already", "months"), [(0.0, 1.0), (1.0, 7.0), (3.0, 12.0)])
def test_both_moves_equal_scipys_solver(window, already, months):
    since, until = WINDOWS[window]
    start, of = fibres(exposure=already), nerves(since=since, until=until)
    np.testing.assert_allclose(values(exposed(start, of, months)), solved(start, of, 1.0, months), atol=SOLVER)
    np.testing.assert_allclose(values(repaired(start, of, months)), solved(start, of, 0.0, months), atol=SOLVER)


@pytest.mark.parametrize("window", ["none", "steady"])
def test_a_signal_between_is_of_second_order(window):
    since, until = WINDOWS[window]
    start, of = fibres(), nerves(since=since, until=until)
    exact = solved(start, of, 0.4, 3.0)
    errors = [np.abs(values(stepped(start, of, 0.4, 3.0, steps)) - exact).max() for steps in (3, 6, 12)]
    assert errors[0] < 0.01
    # halving the step leaves a quarter; terms of higher order are a tenth of that at these steps
    assert errors[1] / errors[0] == pytest.approx(1 / 4, rel=0.1)
    assert errors[2] / errors[1] == pytest.approx(1 / 4, rel=0.1)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_plain_step_by_step_calculation_comes_closer_with_shorter_steps(share):
    start, of = fibres(), nerves(since=1.5, until=6.5)

    def euler(steps):
        bare, lost, seen = values(start)
        for _ in range(steps):
            loss = of.axon_loss[0] if 1.5 <= seen < 6.5 else 0.0
            hit, gone = of.attack[0] * share * (1 - bare - lost), loss * share * bare
            bare += 8 / steps * (hit - gone - of.repair[0] * (1 - share) * bare)
            lost += 8 / steps * (gone - of.regrowth[0] * (1 - share) * lost)
            seen += 8 / steps * share
        return np.array([bare, lost])

    exact = values(under(start, of, np.array([share]), 8.0))[:2]
    errors = [np.abs(euler(steps) - exact).max() for steps in (2**8, 2**9, 2**10)]
    assert errors[2] < 1e-3
    np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), 0.5, rtol=0.05)  # of first order


def test_by_hand():
    half = np.log(2)
    # 1 - 0.2 are well; in a month half of these are hit: 0.2 + 0.4
    assert exposed(fibres(0.2, 0.0), nerves(half, 0, 0, 0), 1.0).bare == pytest.approx(0.6, abs=CLOSED)
    # nothing left to hit: of 1 that is bare a quarter keeps its axon after two half-times
    after = exposed(fibres(1.0, 0.0), nerves(half, half, 0, 0), 2.0)
    assert (after.bare[0], after.lost[0]) == pytest.approx((0.25, 0.75), abs=CLOSED)
    # attack and loss at one rate k: well exp(-k), bare k exp(-k); with k = 1 both are 1/e
    after = exposed(fibres(0.0, 0.0), nerves(1, 1, 0, 0), 1.0)
    assert (after.bare[0], after.lost[0]) == pytest.approx((np.exp(-1), 1 - 2 * np.exp(-1)), abs=CLOSED)
    # late: a year of which the last 2 months cost axons, at one half-time a month
    after = exposed(fibres(1.0, 0.0), nerves(0, half, 0, 0, since=10), 12.0)
    assert (after.bare[0], after.lost[0]) == pytest.approx((0.25, 0.75), abs=CLOSED)
    # early: only the first of 12
    after = exposed(fibres(1.0, 0.0), nerves(0, half, 0, 0, until=1), 12.0)
    assert (after.bare[0], after.lost[0]) == pytest.approx((0.5, 0.5), abs=CLOSED)
    # two half-times of repair, one of regrowth
    after = repaired(fibres(0.4, 0.2), nerves(0, 0, half, half / 2), 2.0)
    assert (after.bare[0], after.lost[0]) == pytest.approx((0.1, 0.1), abs=CLOSED)


def rates(draw):
    rate = st.floats(0, 5)
    since = draw(st.floats(0, 12))
    return nerves(draw(rate), draw(rate), draw(rate), draw(rate), since, since + draw(st.floats(0, 24)))


def states(draw):
    bare = draw(st.floats(0, 1))
    return fibres(bare, (1 - bare) * draw(st.floats(0, 1)), draw(st.floats(0, 24)))


@st.composite
def cases(draw):
    return states(draw), rates(draw), draw(st.floats(0, 36))


@STEADY
@given(cases(), st.floats(0, 1))
def test_shares_stay_shares_and_exposure_adds_up(case, share):
    start, of, months = case
    after = under(start, of, np.array([share]), months)
    assert -CLOSED <= after.bare[0] <= 1 + CLOSED
    assert -CLOSED <= after.lost[0] <= 1 + CLOSED
    assert after.deficit[0] <= 1 + CLOSED  # what is well is not less than nothing
    assert after.exposure[0] == pytest.approx(start.exposure[0] + share * months, abs=CLOSED * 100)


@STEADY
@given(cases())
def test_a_full_signal_never_helps_and_none_never_harms(case):
    start, of, months = case
    worse, better = exposed(start, of, months), repaired(start, of, months)
    assert worse.deficit[0] >= start.deficit[0] - CLOSED
    assert worse.lost[0] >= start.lost[0] - CLOSED
    assert better.bare[0] <= start.bare[0]
    assert better.lost[0] <= start.lost[0]
    assert repaired(start, replace(of, regrowth=np.zeros(1)), months).lost[0] == start.lost[0]


@STEADY
@given(cases(), st.floats(0.01, 0.99), st.sampled_from([0.0, 1.0]))
def test_two_steps_are_one_where_the_signal_is_full_or_gone(case, part, share):
    start, of, months = case
    once = under(start, of, np.array([share]), months)
    twice = under(under(start, of, np.array([share]), part * months), of, np.array([share]), (1 - part) * months)
    # differences of nearly equal exponentials lose digits; the window's edges are sums of months up to 60
    np.testing.assert_allclose(values(twice), values(once), atol=1e-9)


@STEADY
@given(st.lists(st.tuples(cases(), st.sampled_from([0.0, 0.3, 1.0])), min_size=2, max_size=6), st.floats(0, 12))
def test_nobody_depends_on_who_is_moved_beside_them(people, months):
    parts = [(start, of) for (start, of, _), _ in people]
    together = Fibres(*(np.concatenate([getattr(start, name) for start, _ in parts]) for name in vars(parts[0][0])))
    of_all = Nerves(*(np.concatenate([getattr(of, name) for _, of in parts]) for name in RATES))
    shares = np.array([share for _, share in people])
    after = under(together, of_all, shares, months)
    for place, ((start, of), share) in enumerate(zip(parts, shares, strict=True)):
        alone = values(under(start, of, np.array([share]), months))
        np.testing.assert_allclose([after.bare[place], after.lost[place], after.exposure[place]], alone, atol=CLOSED)


def test_the_signal_falls_as_tissue_fills_and_ends_at_each_persons_own_level():
    levels = np.log([[20.0, 20.0, 20.0], [40.0, 40.0, 10.0], [160.0, 160.0, 160.0]])
    found = signal(levels, np.log([80.0, 10.0, 80.0]))
    np.testing.assert_allclose(found, [[1, 0, 1], [0.5, 0, 1], [0, 0, 0]], atol=CLOSED)  # the second lacks nothing


def test_the_signal_of_a_step_is_its_mean_over_the_days():
    points, none = tuple(mesh([0, 4])), np.log(np.linspace(40, 200, 30))
    body = np.arange(30)
    found = mean_signal(panel("pernicious_anaemia", 90.0, "us_cyanocobalamin", points, 1), body, none)
    hours = np.linspace(0, 4, 4 * 30 * 8 + 1)
    each_hour = signal(seen("pernicious_anaemia", 90.0, "us_cyanocobalamin", hours, 1)[:, body], none)
    expected = [each_hour[(hours >= since) & (hours <= until)].mean(axis=0) for since, until in pairwise(points)]
    late = np.diff(points) > 0.2  # steps with enough of these hours
    # days of readings, straight lines between levels a tenth apart, and a sum for an integral
    np.testing.assert_allclose(found[late], np.array(expected)[late], atol=0.02)
    assert np.abs(found[late] - np.array(expected)[late]).mean() < 2e-3
    gas = gas_signal(np.array([0.7, 7.0]), np.array([0.0, 1.0, 3.0]))
    by_hand = [[(1 - np.exp(-r)) / r, (np.exp(-r) - np.exp(-3 * r)) / (2 * r)] for r in (0.7, 7.0)]
    np.testing.assert_allclose(gas, np.transpose(by_hand), atol=CLOSED)


def test_injections_a_month_apart_are_read_as_well_as_every_day(monkeypatch):
    of = people(300, scenario="steady")
    usual = courses(of)
    monkeypatch.setattr(course, "mesh", lambda months: np.union1d(mesh(months), np.arange(0, 24.01, 1 / 15)))
    error = courses(of) - usual
    # what is left: how the signal moves within a step of a month, and single people with the fastest rates
    assert np.abs(error.mean(axis=(0, 2))).max() < 2e-3
    assert np.quantile(np.abs(error), 0.99) < 5e-3


@STEADY
@given(st.lists(st.floats(0, 120), min_size=1, max_size=6, unique=True))
def test_the_mesh_holds_the_months_asked_for(months):
    points = mesh(months)
    assert set(map(float, months)) <= set(points)
    assert (np.diff(points) > 0).all()
    assert points[-1] == max(months)
    assert np.diff(points).max(initial=0) <= 1


def people(n=400, seed=1, scenario="all", **of):
    row = {"age": 60, "duration_months": 6, "severity": "moderate", "profile": "myelopathy"} | of
    return people_like(checked(pd.DataFrame([row])), posterior(scenario), n, seed)


def each(of):
    return pd.DataFrame(np.eye(len(of.compartments)), columns=of.compartments)


def courses(of, regimen="us_cyanocobalamin", months=(0, 1, 6, 24), **options):
    return follow(of, list(months), regimen, weights=each(of), **options)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_people_arrive_with_exactly_their_own_deficit(scenario):
    for months in (0.5, 6, 60):
        of = people(scenario=scenario, duration_months=months)
        np.testing.assert_allclose(courses(of, months=[0])[:, 0], of.deficit, atol=SINGLE)
        np.testing.assert_allclose(overall(of, [0.0], "none")[0], of.level, atol=SINGLE)
    assert (attack_rate(of.deficit, 6.0) > 0).all()


def test_waiting_changes_nothing_where_the_attack_is_over():
    of = people(scenario="none")
    np.testing.assert_array_equal(courses(of), courses(of, wait=24.0))


@pytest.mark.parametrize("scenario", ["early", "steady", "late"])
def test_a_longer_wait_never_helps(scenario):
    of = people(scenario=scenario)
    by_wait = np.stack([courses(of, wait=wait) for wait in (0.0, 1.0, 6.0, 24.0)])
    assert (np.diff(by_wait, axis=0) >= -SINGLE_STEPS).all()
    assert np.diff(by_wait, axis=0).mean() > 0.01


def test_without_treatment_a_deficit_never_falls_and_with_it_hardly_anybody_gets_worse():
    of = people(scenario="steady", cause="pernicious_anaemia")
    months = [0, 1, 3, 6, 12, 24]
    untreated, treated = courses(of, "none", months), courses(of, "us_cyanocobalamin", months)
    assert (np.diff(untreated, axis=1) >= 0).all()
    worse = untreated[:, -1] > untreated[:, 0]
    assert worse[of.compartments.index("peripheral_nerve")].mean() > 0.9  # the others have another cause
    assert (treated <= untreated).all()
    # who goes on lacking it between injections a month apart is the rest
    assert (treated[:, -1] < treated[:, 0])[worse].mean() > 0.95


def test_memory_that_does_not_respond_and_people_who_lack_nothing_stay_as_they_are():
    of = people(profile="cognitive", severity="severe")
    share = of.drawn("unresponsive_severe_share")
    stuck = courses(replace(of, responds=share - 1e-9))[of.compartments.index("cognition")]
    np.testing.assert_array_equal(stuck, np.broadcast_to(stuck[:1], stuck.shape))
    moved = courses(replace(of, responds=share + 1e-9))[of.compartments.index("cognition")]
    assert (moved[-1] < moved[0]).mean() > 0.9
    full = courses(replace(of, none=np.full(of.none.shape, -9.0)))  # their own level is below anybody's tissue
    np.testing.assert_array_equal(full, np.broadcast_to(full[:, :1], full.shape))


def test_nitrous_oxide_acts_on_the_signal_whatever_the_regimen():
    of = people(cause="nitrous_oxide", scenario="steady")
    np.testing.assert_array_equal(courses(of, "none"), courses(of, "us_cyanocobalamin"))
    quick, slow = (courses(replace(of, gas_rate=of.gas_rate * times)) for times in (4.0, 0.25))
    assert (quick <= slow + SINGLE).all()
    assert (slow - quick)[:, 1:].mean() > 0.005


def test_in_pernicious_anaemia_a_larger_tablet_ends_the_signal_sooner_and_one_of_3_ug_does_nothing():
    of, points = people(cause="pernicious_anaemia"), tuple(mesh([0, 24]))
    tablets = [f"oral_{dose}_daily" for dose in (3, 50, 250, 1000)]
    left = [signal(seen("pernicious_anaemia", 90.0, name, points, of.seed)[:, of.body], of.none) for name in tablets]
    assert (np.diff(left, axis=0) <= CLOSED).all()
    after = [courses(of, name, [0, 24]) for name in tablets]
    assert (np.diff(after, axis=0) <= SINGLE).mean() > 0.99  # the slowest of all draws lose by it: see above
    # but for the few who lack so little that 3 ug a day are enough
    assert (after[0][:, 1] >= after[0][:, 0] - SINGLE_STEPS).mean() > 0.97
    assert after[-1][:, 1].mean() < after[-1][:, 0].mean() / 2


def test_people_do_not_depend_on_regimen_block_or_company():
    of = people(200)
    for name, value in vars(people(200)).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(of, name))
    np.testing.assert_allclose(courses(of), courses(of, block=7), atol=SINGLE_STEPS)
    np.testing.assert_array_equal(start_of(of, each(of)), of.deficit)
    few = courses(of, months=[6, 24])
    np.testing.assert_allclose(few, courses(of, months=[0, 6, 12, 24])[:, [1, 3]], atol=0.01)  # the mesh is another
    table = pd.DataFrame({"age": 60, "duration_months": [6, 6], "severity": "mild", "profile": ["sensory", "motor"]})
    found = [recovery.simulate_recovery(table, [0, 6], regimen=name, n=40, rng=3) for name in ("none", "cdc_weekly")]
    for one in found:
        pd.testing.assert_frame_equal(one.query("month == 0"), found[0].query("month == 0"))


@STEADY
@given(st.integers(1, 5), st.integers(1, 900), st.sampled_from([4, 40, 800]))
def test_layout(patients, n, draws):
    rows, used = layout(patients, n, draws)
    assert rows.shape == (patients, n)
    assert 1 <= used <= min(n, draws)
    counts = np.bincount(rows[0], minlength=draws)
    assert counts.max() - counts[counts > 0].min() <= 1  # evenly over the draws used
    assert (counts > 0).sum() == used
    # draws come with the scenarios in turn: each has a share of people within one draw's
    by_scenario = np.bincount(rows[0] % 4, minlength=4)
    if used >= 4:
        assert by_scenario.max() - by_scenario.min() <= counts.max() + 1


@STEADY
@given(st.integers(0, 99), st.integers(1, 4), st.integers(2, 30), st.integers(1, 12))
def test_people_of_a_draw_are_spread_out_evenly(seed, patients, each_draw, used):
    found = spread_out(seed, "x", patients, each_draw * used, used).reshape(patients, each_draw, used)
    assert (found >= 0).all()
    assert (found < 1).all()
    ranks = np.sort(np.floor(found * each_draw), axis=1)
    np.testing.assert_array_equal(ranks, np.broadcast_to(np.arange(each_draw)[:, None], ranks.shape))


def test_scenarios_have_equal_parts():
    of = people(4000)
    shares = pd.Series(of.drawn("scenario")).value_counts(normalize=True)
    np.testing.assert_allclose(shares[list(SCENARIOS)], 0.25, atol=0.01)


@STEADY
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_numpys(numbers, share):
    values = np.array([numbers], dtype=np.float32)
    expected = np.quantile(values.astype(float), [share, 0.5], axis=-1)
    np.testing.assert_allclose(quantiles(values, [share, 0.5]), expected, atol=1e-9, rtol=1e-12)
