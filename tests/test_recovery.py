"""Recovery of nerves: what can be worked out by hand, what must hold whatever the draws, and what is refused."""

import io

import numpy as np
import pandas as pd
import pytest

from b12analysis import recovery
from b12analysis.arguments import InputError
from b12analysis.evidence import load
from b12analysis.recovery import (
    CAUSES,
    OUTCOMES,
    PROFILES,
    SCENARIOS,
    SEVERITIES,
    compare_recovery,
    cost_of_delay,
    patient,
    recovery_curve,
    recovery_outcomes,
    recovery_spread,
    recovery_times,
    simulate_recovery,
    symptoms_of,
)
from b12analysis.recovery.draws import layout, posterior
from b12analysis.recovery.patients import SIGNS, checked, involvement, symptom_weights
from b12analysis.recovery.signal import DAYS_A_MONTH
from b12analysis.recovery.times import _first, _variances

#: Courses are kept in single precision: 1e-7 of the deficit, and a deficit is divided by one of a tenth or more.
SINGLE = 2e-6
REGIMEN = "us_cyanocobalamin"
#: The gas is gone at once where its half-time is next to nothing.
LAG = 0.0


def someone(**changes) -> pd.DataFrame:
    return patient(**({"age": 40, "duration_months": 6, "severity": "moderate", "profile": "sensory"} | changes))


def gassed(**changes) -> pd.DataFrame:
    """One whose lack ends with treatment, whatever the regimen: no panel of bodies is needed."""
    return someone(cause="nitrous_oxide", **changes)


def simulated(patients=None, months=(0, 3, 24), **changes) -> pd.DataFrame:
    people = gassed() if patients is None else patients
    return simulate_recovery(people, list(months), **({"regimen": REGIMEN, "n": 200, "rng": 1} | changes))


def outcomes(patients=None, **changes) -> pd.Series:
    people = gassed() if patients is None else patients
    table = recovery_outcomes(people, **({"regimen": REGIMEN, "n": 800, "rng": 1} | changes))
    return table.set_index(["patient", "outcome"] if len(people) > 1 else "outcome")["estimate"]


@pytest.fixture
def known(monkeypatch):
    """Take one draw of parameters, in which people do not differ, for what calibration left."""

    def put(scenario: str = "none", **values) -> pd.DataFrame:
        one = posterior(scenario).head(1)
        same = dict.fromkeys([name for name in one if name.endswith("_sd") or name.startswith("log_ratio")], 0.0)
        ratios = dict.fromkeys([name for name in one if name.startswith("half_time_ratio")], 1.0)
        least = {"gas_half_time_days": 1e-6, "regrowth_mm_day": 0.0}
        table = one.assign(**(same | ratios | least | values))
        monkeypatch.setattr("b12analysis.recovery.simulation.posterior", lambda *_: table)
        return table

    return put


# The curve


def test_the_curve_is_hand_worked():
    got = recovery_curve([0, 1, 3, 5], lasting=0.2, half_time_months=2, lag_months=1)
    assert got.columns.tolist() == ["month", "recovered"]
    assert got["recovered"].tolist() == pytest.approx([0, 0, 0.4, 0.6])


def test_the_curve_takes_months_in_any_order_and_none():
    assert recovery_curve(np.array([4, 2]), lasting=0.2, half_time_months=2)["recovered"].tolist() == pytest.approx(
        [0.6, 0.4]
    )
    assert recovery_curve([], lasting=0.2, half_time_months=2).empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"months": ["a"]}, "months='a' is not a number"),
        ({"months": [-1]}, "months=-1 is out of range"),
        ({"months": [np.nan]}, "months=nan is out of range"),
        ({"months": [pd.NA]}, "months=<NA> is not a number"),
        ({"months": "3"}, "months='3' is no list of months"),
        ({"months": 3}, "months=3 is no list of months"),
        ({"lasting": 2}, "lasting=2 is out of range"),
        ({"lasting": True}, "lasting=True is not a number"),
        ({"lag_months": "1"}, "lag_months='1' is not a number"),
        ({"lag_months": np.nan}, "lag_months=nan is out of range"),
        ({"half_time_months": 0}, "half_time_months=0 is out of range; it must be above 0"),
        ({"half_time_months": "a"}, "half_time_months='a' is not a number"),
        ({"half_time_months": None}, "half_time_months=None is not a number"),
        ({"half_time_months": True}, "half_time_months=True is not a number"),
        ({"half_time_months": np.nan}, "half_time_months=nan is out of range"),
    ],
)
def test_the_curve_refuses(change, message):
    with pytest.raises(InputError, match=message):
        recovery_curve(**({"months": [0, 3], "lasting": 0.2, "half_time_months": 2} | change))


# Worked by hand: one draw of the parameters, people who are alike


def test_where_the_attack_is_over_and_the_lack_gone_recovery_is_the_curve(known):
    known(axonal_share=0.3, half_time_weeks_peripheral_nerve=4 * 12 / 7 * DAYS_A_MONTH / 12)  # 4 months
    months = [0, 2, 4, 12]
    got = simulated(months=months, n=5)
    curve = recovery_curve(months, lasting=0.3, half_time_months=4, lag_months=LAG)["recovered"]
    for _, one in got.groupby(["symptom", "draw"]):
        assert one["recovered"].tolist() == pytest.approx(curve.tolist(), abs=SINGLE)
    assert got["recovered"].max() > 0.5


def test_shares_of_outcomes_are_hand_worked(known):
    # mild: the deficit is spread evenly from 0.1 to 0.3, and 0.4 of it stays for ever: at a deficit of less than
    # 0.08 / 0.4 = 0.2 nobody notices, so half of them; the others have lost more than half of it
    known(axonal_share=0.4, half_time_weeks_peripheral_nerve=0.5, noticed_deficit=0.08)
    got = outcomes(gassed(severity="mild"), months=60)
    assert got.to_dict() == pytest.approx({"complete": 0.5, "half": 0.5, "lasting": 0.0}, abs=1 / 800)
    known(axonal_share=0.6, half_time_weeks_peripheral_nerve=0.5, noticed_deficit=0.08)
    got = outcomes(gassed(severity="mild"), months=60)  # what stays is more than half, noticed or not
    assert got.to_dict() == {"complete": 0.0, "half": 0.0, "lasting": 1.0}


@pytest.mark.parametrize(("share", "outcome"), [(1e-9, "complete"), (1 - 1e-9, "lasting")])
def test_if_no_axon_is_lost_all_recover_and_if_all_are_nobody_does(known, share, outcome):
    known(axonal_share=share, half_time_weeks_peripheral_nerve=1.0, noticed_deficit=0.05)
    for severity in SEVERITIES:
        got = outcomes(gassed(severity=severity), months=60)
        assert got.to_dict() == {what: float(what == outcome) for what in OUTCOMES}


def test_times_are_hand_worked_between_the_readings(known):
    known(axonal_share=0.3, half_time_weeks_peripheral_nerve=4 * DAYS_A_MONTH / 7, response_share=0.25)
    got = recovery_times(gassed(), regimen=REGIMEN, n=10, rng=1).set_index(["symptom", "event"])
    first = LAG + 4 * np.log2(0.7 / (0.7 - 0.25))
    plateau = LAG + 4 * -np.log2(1 - 0.9 * (1 - 2 ** (-(24 - LAG) / 4)))
    # on a line between two readings, a month apart, of a curve with a half-time of 4 months: ln(2)/4 / 8 of a month
    assert got.loc[("tingling", "first_response"), "estimate"] == pytest.approx(first, abs=0.022)
    assert got.loc[("tingling", "plateau"), "estimate"] == pytest.approx(plateau, abs=0.022)
    assert (got["never"] == 0).all()


def test_a_mark_between_two_readings_is_met_on_the_line_between_them():
    points, values = np.array([0.0, 1, 3]), np.array([[0.0, 0.0], [0.2, 0.5], [0.4, 0.5]])
    assert _first(points, values, np.array([0.3, 0.5])).tolist() == pytest.approx([2, 1])


def test_who_never_responds_has_no_time(known):
    known(axonal_share=1 - 1e-9)
    got = recovery_times(gassed(), regimen=REGIMEN, n=10, rng=1)
    assert (got["never"] == 1).all()
    assert got[["estimate", "lower", "upper"]].isna().all().all()


# What comes out


def test_columns_are_as_documented():
    draws = simulated(n=4)
    assert draws.columns.tolist() == ["patient", "symptom", "draw", "scenario", "month", "deficit", "recovered"]
    assert draws.groupby("symptom").size().tolist() == [12] * len(symptoms_of("sensory"))
    assert set(draws["draw"]) == {0, 1, 2, 3}
    summary = simulated(level=0.8)
    ends = ["estimate", "lower", "upper", "median_lower", "median_upper"]
    assert summary.columns.tolist() == ["patient", "symptom", "month", *ends]
    assert simulated(months=[0, 1, 2], n=4)["month"].tolist() == simulated_to(2)["month"].tolist()


def simulated_to(last: int) -> pd.DataFrame:
    return simulate_recovery(gassed(), last, regimen=REGIMEN, n=4, rng=1)


def test_a_summary_is_that_of_the_draws():
    draws, summary = simulated(), simulated(level=0.8)
    by_hand = draws.groupby(["symptom", "month"], sort=False)["recovered"].quantile([0.1, 0.5, 0.9]).unstack()
    assert summary[["lower", "estimate", "upper"]].to_numpy() == pytest.approx(by_hand.to_numpy(), abs=SINGLE)
    assert (summary["median_lower"] <= summary["median_upper"]).all()
    later = summary[summary["month"] > 0]
    assert ((later["median_upper"] - later["median_lower"]) < (later["upper"] - later["lower"])).all()


def test_at_the_first_dose_nothing_has_come_back_and_the_deficit_is_that_of_the_severity():
    limits = load("recovery_model").set_index("parameter")[["lower", "upper"]].astype(float)
    for severity in SEVERITIES:
        now = simulated(gassed(severity=severity), [0]).set_index("symptom")
        assert now["recovered"].abs().max() < SINGLE
        weight = (symptom_weights() @ involvement().loc["sensory"]).loc["tingling"]
        low, high = limits.loc[f"deficit_{severity}"] * weight
        assert now.loc["tingling", "deficit"].between(low - SINGLE, high + SINGLE).all()


def test_each_profile_is_a_share_of_people_that_adds_up_to_all_of_them():
    people = pd.concat([gassed(profile=name) for name in PROFILES], ignore_index=True)
    table = recovery_outcomes(people, REGIMEN, n=200, rng=1)
    assert table["outcome"].tolist() == list(OUTCOMES) * len(PROFILES)
    assert table.groupby("patient")["estimate"].sum().to_numpy() == pytest.approx(np.ones(4))
    assert ((table["lower"] >= 0) & (table["lower"] <= table["estimate"])).all()
    assert ((table["estimate"] <= table["upper"]) & (table["upper"] <= 1)).all()


def test_everybody_has_one_outcome_in_every_draw(monkeypatch):
    shares = []
    monkeypatch.setattr(
        "b12analysis.recovery.outcomes._estimate",
        lambda share, level: shares.append(share) or {"estimate": 0.0, "lower": 0.0, "upper": 0.0},
    )
    recovery_outcomes(gassed(), REGIMEN, n=400, rng=1)
    assert len(shares) == 3
    assert len(shares[0]) == 40  # draws of the parameters, ten people each
    np.testing.assert_allclose(np.sum(shares, axis=0), 1)


def test_scenarios_take_turns_among_the_people():
    now = simulated(months=[0]).query("symptom == 'tingling'")
    assert now["scenario"].tolist() == list(SCENARIOS) * 50
    for n in (64, 1000, 4000, 10_000):
        assert layout(1, n, 800)[1] % 4 == 0


def test_the_same_seed_gives_the_same_table_and_another_does_not():
    pd.testing.assert_frame_equal(simulated(n=8), simulated(n=8))
    pd.testing.assert_frame_equal(simulated(n=8), simulated(n=8, rng=np.random.default_rng(1)))
    assert not simulated(n=8)["deficit"].equals(simulated(n=8, rng=2)["deficit"])


def test_any_regimen_is_given_to_the_same_people():
    people = someone()
    now = {name: simulated(people, [0, 3], regimen=name, n=40) for name in (REGIMEN, "none")}
    assert now[REGIMEN].query("month == 0").equals(now["none"].query("month == 0"))
    treated, untreated = (now[name].query("month == 3")["deficit"].to_numpy() for name in (REGIMEN, "none"))
    assert (treated <= untreated + SINGLE).all()
    assert (treated < untreated - 0.01).mean() > 0.9


def test_the_regimen_matters_to_nobody_whose_store_was_not_the_fault():
    pd.testing.assert_frame_equal(simulated(n=8), simulated(n=8, regimen="none"))


# The course of delay, severity, time


@pytest.fixture(scope="module")
def costs() -> pd.DataFrame:
    return cost_of_delay(someone(severity="mild"), REGIMEN, [12, 3], n=300, rng=1)


def test_a_delay_costs_nothing_where_the_attack_is_over_and_never_helps(costs):
    assert costs["wait_months"].drop_duplicates().tolist() == [3, 12]
    assert costs["scenario"].drop_duplicates().tolist() == list(SCENARIOS)
    changes = ["change", "change_lower", "change_upper"]
    assert (costs.query("scenario == 'none'")[changes] == 0).all().all()
    assert (costs[changes] <= 0).all().all()
    worst = costs.query("scenario != 'none' and wait_months == 12")
    assert (worst["change"] < 0).all()
    wide = costs.pivot(index=["scenario", "outcome"], columns="wait_months", values="estimate")
    assert (wide[12] <= wide[3]).all()


def test_a_change_is_the_difference_of_the_same_people(costs):
    now = cost_of_delay(someone(severity="mild"), REGIMEN, [0], n=300, rng=1).set_index(["scenario", "outcome"])
    assert (now[["change", "change_lower", "change_upper"]] == 0).all().all()
    later = costs.query("wait_months == 12").set_index(["scenario", "outcome"])
    np.testing.assert_allclose(later["change"], later["estimate"] - now["estimate"], atol=1e-12)


def test_half_or_better_holds_complete(costs):
    wide = costs.pivot(index=["scenario", "wait_months"], columns="outcome", values="estimate")
    assert (wide["at_least_half"] >= wide["complete"]).all()


def test_milder_is_never_worse():
    complete = [outcomes(gassed(severity=severity))["complete"] for severity in SEVERITIES]
    assert complete[0] > complete[1] > complete[2]


def test_longer_illness_matters_to_one_scenario_not_at_all_and_at_a_constant_rate_it_is_never_better():
    done = {
        scenario: [outcomes(gassed(duration_months=m), scenario=scenario)["complete"] for m in (1, 24)]
        for scenario in ("none", "steady", "late")
    }
    assert done["none"][0] == done["none"][1]
    assert done["steady"][0] > done["steady"][1] + 0.1
    assert done["late"][0] > done["late"][1] + 0.1
    # of early harm nothing is asked: who got as ill in a longer time was hit, for the most part, after it was over


def test_regimens_beside_each_other():
    table = compare_recovery(someone(), [REGIMEN, "none", REGIMEN], n=200, rng=1)
    assert table["regimen"].tolist() == [name for name in (REGIMEN, "none", REGIMEN) for _ in OUTCOMES]
    differences = ["difference", "difference_lower", "difference_upper"]
    same = table[table["regimen"] == REGIMEN]
    assert (same[differences] == 0).all().all()
    none = table[table["regimen"] == "none"].set_index("outcome")
    assert none.loc["complete", "difference"] < -0.1
    assert none["difference"].sum() == pytest.approx(0)
    first = same.head(3).set_index("outcome")["estimate"]
    np.testing.assert_allclose(none["difference"], none["estimate"] - first, atol=1e-12)
    alone = outcomes(someone(), n=200)
    np.testing.assert_allclose(first, alone)


def test_memory_lost_to_dementia_hardly_comes_back():
    got = simulated(gassed(profile="cognitive", severity="severe"), [0, 24], n=800)
    memory = got.query("symptom == 'memory' and month == 24")["recovered"]
    assert (memory.abs() < SINGLE).mean() > 0.85  # 0.9 to 1 do not respond at all; 800 people: 5 standard errors


# What the spread is made of


def test_the_spread_is_hand_worked():
    # two people in each of four draws, two draws in each of two scenarios
    values = np.array([[1.0, 3.0, 11.0, 13.0], [3.0, 5.0, 13.0, 15.0]])
    parts = _variances(values, np.array(["none", "none", "late", "late"]))
    # within a draw 2; means 2, 4 and 12, 14: 2 between draws, of which 2 / 2 is chance; 3 and 13: 25, of which half
    # of 2 / 2 is chance
    assert parts == pytest.approx({"people": 2, "parameters": 1, "scenario": 24.5})


def test_parts_of_a_spread_add_up_to_the_variance_of_all_people():
    got = recovery_spread(gassed(), regimen=REGIMEN, n=1600, rng=1)
    assert got["part"].tolist() == ["people", "series", "parameters", "scenario"] * len(symptoms_of("sensory"))
    assert got["share"].between(0, 1).all()
    assert got.groupby("symptom")["share"].sum().to_numpy() == pytest.approx(np.ones(len(symptoms_of("sensory"))))


def test_the_spread_is_that_of_the_simulated_draws_decomposed_in_two_ways():
    n, month = 1600, 6
    got = recovery_spread(gassed(), regimen=REGIMEN, month=month, n=n, rng=1).query("symptom == 'tingling'")
    draws = simulated(months=[month], n=n).query("symptom == 'tingling'")
    used = layout(1, n, 800)[1]
    each, k, per = n / used, len(SCENARIOS), used / len(SCENARIOS)
    draws = draws.assign(parameters=draws["draw"] % used)
    grand = draws["recovered"].mean()
    by_draw = draws.groupby(["scenario", "parameters"])["recovered"].transform("mean")
    by_scenario = draws.groupby("scenario")["recovered"].transform("mean")
    within = ((draws["recovered"] - by_draw) ** 2).sum() / (n - used)  # mean squares of a nested analysis of variance
    between = ((by_draw - by_scenario) ** 2).sum() / (used - k)
    among = ((by_scenario - grand) ** 2).sum() / (k - 1)
    parts = np.array([within, (between - within) / each, (among - between) / (each * per) * (k - 1) / k])
    assert (parts > 0).all()
    shares = got.set_index("part")["share"]
    together = [shares["people"], shares["series"] + shares["parameters"], shares["scenario"]]  # series and parameters
    np.testing.assert_allclose(together, parts / parts.sum(), atol=1e-5)  # readings in single precision
    # of some draws of the parameters a variance has a standard error of a fourteenth
    assert parts.sum() == pytest.approx(draws["recovered"].var(ddof=0), rel=0.01)


# Tables as people have them


def as_read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def test_a_table_read_from_a_file_codes_its_signs():
    table = checked(
        as_read(
            "patient,age,duration_months,severity,profile,romberg,babinski,segments,cause\n"
            "a,60,6,mild,sensory,True,,9,\nb,49,6,mild,sensory,,,7,ppi\nc,50,6,mild,sensory,False,,,dietary\n"
        )
    )
    assert table["patient"].tolist() == ["a", "b", "c"]
    assert table["cause"].tolist() == ["pernicious_anaemia", "ppi", "dietary"]
    assert table[list(SIGNS)].T.to_numpy().tolist() == [[0.5, -0.5, 0.5], [0.5, 0, -0.5], [0, 0, 0], [0.5, -0.5, 0]]


@pytest.mark.parametrize(
    "as_type",
    [
        {"age": "Int64", "duration_months": "Float64", "segments": "Int64"},
        {"romberg": "boolean", "babinski": "boolean"},
        dict.fromkeys(["age", "segments", "severity", "profile", "cause", "romberg"], "category"),
        dict.fromkeys(["severity", "profile", "cause"], "string"),
        dict.fromkeys(["age", "severity", "romberg", "segments"], "object"),
    ],
    ids=["numbers", "boolean", "category", "string", "object"],
)
def test_any_type_of_column_gives_the_same(as_type):
    plain = pd.DataFrame(
        {
            "age": [60, 40],
            "duration_months": [6, 3],
            "severity": ["mild", "severe"],
            "profile": ["sensory", "motor"],
            "cause": ["nitrous_oxide", None],
            "romberg": [True, None],
            "babinski": [None, None],
            "segments": [9, np.nan],
        }
    )
    pd.testing.assert_frame_equal(
        checked(plain.astype(as_type)), checked(plain), check_dtype=False, check_column_type=False
    )
    assert checked(plain)["cause"].tolist() == ["nitrous_oxide", "pernicious_anaemia"]


def test_a_column_that_is_entirely_missing_is_as_one_left_out():
    bare = someone()[["age", "duration_months", "severity", "profile"]]
    for missing in (None, np.nan, pd.NA):
        empty = bare.assign(cause=missing, romberg=missing, babinski=missing, segments=missing)
        pd.testing.assert_frame_equal(checked(empty)[list(SIGNS)], checked(bare)[list(SIGNS)])
        assert checked(empty)["cause"].tolist() == ["pernicious_anaemia"]


def test_profiles_keep_their_labels_and_need_none():
    two = pd.concat([gassed(), gassed(severity="mild")], keys=["x", "y"])
    assert simulated(two, [0], n=3)["patient"].drop_duplicates().tolist() == [("x", 0), ("y", 0)]
    two.index = [7, 9]
    assert simulated(two, [0], n=3)["patient"].drop_duplicates().tolist() == [7, 9]
    assert simulated(two.assign(patient=["p", "q"]), [0], n=3)["patient"].drop_duplicates().tolist() == ["p", "q"]


# What is refused: one error that names argument, value and choices, before anybody is drawn


@pytest.fixture
def idle(monkeypatch):
    """Fail as soon as anybody is drawn."""

    def work(*_, **__):
        raise AssertionError("work has begun")

    monkeypatch.setattr("b12analysis.recovery.simulation.people_like", work)
    monkeypatch.setattr("b12analysis.recovery.simulation.posterior", work)


CALLS = {
    "simulate": lambda people: simulate_recovery(people, [0, 3], regimen=REGIMEN, n=5),
    "outcomes": lambda people: recovery_outcomes(people, REGIMEN, n=5),
    "times": lambda people: recovery_times(people, regimen=REGIMEN, n=5),
    "spread": lambda people: recovery_spread(people, regimen=REGIMEN),
    "delay": lambda people: cost_of_delay(people, REGIMEN, n=5),
    "compare": lambda people: compare_recovery(people, [REGIMEN], n=5),
}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", np.nan, "age=nan is out of range; it must be at least 0 and at most 120 (patients, row 0)"),
        ("age", pd.NA, "age=<NA> is not a number; it must be at least 0 and at most 120 (patients, row 0)"),
        ("age", "60", "age='60' is not a number; it must be at least 0 and at most 120 (patients, row 0)"),
        ("age", -1, "age=-1 is out of range; it must be at least 0 and at most 120 (patients, row 0)"),
        ("age", True, "age=True is not a number; it must be at least 0 and at most 120 (patients, row 0)"),
        ("age", [60, 61], "age=[60, 61] is not a number; it must be at least 0 and at most 120 (patients, row 0)"),
        ("duration_months", 0, "duration_months=0 is out of range; it must be at least 0.1 and at most 600"),
        ("duration_months", np.inf, "duration_months=inf is out of range; it must be at least 0.1 and at most 600"),
        ("severity", "Mild", "severity='Mild' is not known (did you mean 'mild'?); choose one of 'mild', 'moderate', "),
        ("severity", pd.NA, "severity=<NA> is not known; choose one of 'mild', 'moderate', 'severe' (patients, row 0)"),
        ("severity", ["mild", "severe"], "severity=['mild', 'severe'] is not known"),
        ("profile", None, "profile=None is not known; choose one of 'sensory', 'motor', 'myelopathy', 'cognitive'"),
        ("profile", "spinal", "profile='spinal' is not known; choose one of 'sensory', 'motor', 'myelopathy', 'cogni"),
        ("cause", "ppis", "cause='ppis' is not known (did you mean 'ppi'?); choose one of 'dietary', 'metformin', "),
        ("cause", np.array(["ppi", "crohn"]), "is not known"),
        ("romberg", 1, "romberg=1 is not known; choose one of True, False or None, where nobody knows (patients, row"),
        ("babinski", "no", "babinski='no' is not known; choose one of True, False or None, where nobody knows"),
        ("segments", 32, "segments=32 is out of range; it must be at least 0 and at most 31 (patients, row 0)"),
        ("segments", True, "segments=True is not a number; it must be at least 0 and at most 31 (patients, row 0)"),
        ("sex", "f", "patients' column='sex' is not known; choose one of 'age', 'duration_months', 'severity', "),
    ],
)
def test_an_impossible_profile_is_refused(column, value, message):
    with pytest.raises(InputError) as caught:
        checked(pd.DataFrame({**someone().to_dict("list"), column: [value]}))
    assert message in str(caught.value)
    assert len(caught.value.errors) == 1


@pytest.mark.parametrize("name", CALLS)
def test_every_function_holds_its_patients_to_that_before_it_works(name, idle):
    for people, message in {
        "age=-1 is out of range": someone().assign(age=-1),
        "patients=[1, 2] is not a table": [1, 2],
        "patients=None is not a table": None,
        "patients is empty; there is nobody to simulate": someone().head(0),
        "patients lacks column 'severity'; it has 'age'": someone().drop(columns="severity"),
        "patients' column='age' is there twice": pd.concat([someone(), someone()[["age"]]], axis=1),
    }.items():
        with pytest.raises(InputError, match=people.replace("[", r"\[")):
            CALLS[name](message)
    with pytest.raises(AssertionError, match="work has begun"):
        CALLS[name](someone())


def test_a_profile_cannot_be_made_of_what_would_be_refused():
    with pytest.raises(InputError, match="severity='sever' is not known") as caught:
        someone(severity="sever", age=121)
    assert len(caught.value.errors) == 2


def test_each_wrong_value_is_named_once_with_the_row_where_it_stands_first():
    people = pd.concat([someone(), someone().assign(age=1), someone()]).assign(age=[60, True, True], romberg=[1, 1, 2])
    people.index = ["a", "b", "c"]
    with pytest.raises(InputError) as caught:
        checked(people.astype({"age": object}))
    assert [error.rsplit("(", 1)[1] for error in caught.value.errors] == [
        "patients, row b)",
        "patients, row a)",
        "patients, row c)",
    ]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "a"], "patient='a' is there twice; each row needs a label of its own"),
        (["a", None], "is no label; name each row by a text or a number"),
        ([[1], [2]], r"patient=\[1\] is no label; name each row by a text or a number"),
    ],
)
def test_labels_are_there_once(labels, message):
    with pytest.raises(InputError, match=message):
        checked(pd.concat([someone(), someone()]).assign(patient=labels))
    with pytest.raises(InputError, match="patient=0 is there twice"):
        checked(pd.concat([someone(), someone()]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n=0 is out of range; it must be at least 1"),
        ({"n": 2.5}, r"n=2\.5 is not a whole number"),
        ({"n": True}, "n=True is not a number"),
        ({"n": "10"}, "n='10' is not a number"),
        ({"n": 1_000_001}, "n=1000001 of each of 1 patients are too many; at most 1,000,000 people fit"),
        ({"n": 10**400}, "too many"),
        ({"rng": "1"}, "rng='1' is no seed"),
        ({"rng": -1}, "rng=-1 is no seed"),
        ({"rng": True}, "rng=True is no seed"),
        ({"scenario": "weak"}, "scenario='weak' is not known; choose one of 'all', 'none', 'early', 'steady', 'late'"),
        ({"scenario": ["none"]}, r"scenario=\['none'\] is not known"),
        ({"scenario": np.array(["none", "late"])}, "scenario=array.* is not known"),
        ({"scenario": pd.NA}, "scenario=<NA> is not known"),
        ({"fit": "healton"}, "fit='healton' is not known.*; choose one of 'verified', 'with_healton'"),
        ({"regimen": "us_cyano"}, r"regimen='us_cyano' is not known \(did you mean 'us_cyanocobalamin'\?\); choose"),
        ({"regimen": ""}, "regimen='' is not known"),
        ({"regimen": None}, "regimen=None is not known"),
        ({"level": 95}, "level=95 is out of range; it must be above 0 and below 1"),
        ({"level": "0.9"}, "level='0.9' is out of range"),
        ({"level": np.nan}, "level=nan is out of range"),
    ],
    ids=str,
)
@pytest.mark.parametrize("call", [simulated, outcomes])
def test_impossible_arguments_are_refused(call, change, message, idle):
    if call is simulated and "n" in change and change["n"] == 10**400:
        message = "too many"
    with pytest.raises(InputError, match=message):
        call(**change)


@pytest.mark.parametrize(
    ("months", "message"),
    [
        (0, "months=0 is out of range; it must be at least 1 and at most 120"),
        (121, "months=121 is out of range"),
        (True, "months=True is no list of months; give 24 or "),
        ("24", "months='24' is no list of months"),
        (24.0, r"months=24\.0 is no list of months"),
        (np.array(3), r"months=array\(3\) is no list of months"),
        (None, "months=None is no list of months"),
        ([], "months is empty; name at least one month"),
        ([3, 1], r"months=\[3\.0, 1\.0\] do not increase"),
        ([1, 1], "do not increase; list each once"),
        (["3"], "months='3' is not a number"),
        ([np.nan], "months=nan is out of range"),
        ([-1], "months=-1 is out of range"),
        ([121], "months=121 is out of range"),
        ([[1]], r"months=\[1\] is not a number"),
    ],
)
def test_months_that_cannot_be_read_are_refused(months, message, idle):
    with pytest.raises(InputError, match=message):
        simulate_recovery(someone(), months, regimen=REGIMEN)


def test_what_would_not_fit_is_refused_before_it_is_drawn(idle):
    rows = 1_000_000 * 100 * len(symptoms_of("sensory"))
    with pytest.raises(
        InputError, match=f"n=1000000, 1 patients and 100 months make {rows:,} rows; at most 50,000,000"
    ):
        simulate_recovery(someone(), range(100), regimen=REGIMEN, n=1_000_000)
    many = pd.concat([someone()] * 2, ignore_index=True)
    with pytest.raises(InputError, match="n=600000 of each of 2 patients are too many"):
        recovery_outcomes(many, REGIMEN, n=600_000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recovery_outcomes(someone(), REGIMEN, months=[3]), r"months=\[3\] is not a number"),
        (lambda: recovery_outcomes(someone(), REGIMEN, months=np.nan), "months=nan is out of range"),
        (lambda: recovery_outcomes(someone(), REGIMEN, months=121), "months=121 is out of range"),
        (lambda: recovery_times(someone(), regimen=REGIMEN, months=2.5), r"months=2\.5 is not a whole number"),
        (lambda: recovery_times(someone(), regimen=REGIMEN, months=0), "months=0 is out of range"),
        (lambda: recovery_times(someone(), regimen=REGIMEN, level=None), "level=None is out of range"),
        (lambda: recovery_spread(someone(), regimen=REGIMEN, month=0), "month=0 is out of range"),
        (lambda: recovery_spread(someone(), regimen=REGIMEN, month="6"), "month='6' is not a number"),
        (lambda: recovery_spread(someone(), regimen=REGIMEN, n=63), "n=63 is out of range; it must be at least 64"),
        (lambda: recovery_spread(someone(), regimen=REGIMEN, n="64"), "n='64' is not a number"),
        (lambda: cost_of_delay(someone(), REGIMEN, []), "waits is empty; name at least one month of delay"),
        (lambda: cost_of_delay(someone(), REGIMEN, "0,3"), "waits='0,3' is no list of months"),
        (lambda: cost_of_delay(someone(), REGIMEN, 3), "waits=3 is no list of months"),
        (lambda: cost_of_delay(someone(), REGIMEN, [-1]), "waits=-1 is out of range"),
        (lambda: cost_of_delay(someone(), REGIMEN, [np.nan]), "waits=nan is out of range"),
        (lambda: cost_of_delay(someone(), REGIMEN, ["3"]), "waits='3' is not a number"),
        (lambda: compare_recovery(someone(), []), "regimens is empty; name at least one"),
        (lambda: compare_recovery(someone(), REGIMEN), "regimens='us_cyanocobalamin' is no list of regimens"),
        (lambda: compare_recovery(someone(), None), "regimens=None is no list of regimens"),
        (lambda: compare_recovery(someone(), [REGIMEN, "x"]), "regimens='x' is not known; choose one of"),
        (lambda: compare_recovery(pd.concat([someone()] * 2, ignore_index=True), [REGIMEN]), "patients has 2 rows"),
    ],
)
def test_impossible_arguments_of_one_function_are_refused(call, message, idle):
    with pytest.raises(InputError, match=message):
        call()


def test_the_smallest_spread_that_is_let_in_has_people_who_share_a_draw():
    used = layout(1, 64, 800)[1]
    assert 64 // used >= 2
    assert recovery_spread(gassed(), regimen=REGIMEN, n=64, rng=1)["share"].notna().all()


def test_all_that_is_public_is_named():
    assert set(recovery.__all__) >= {"simulate_recovery", "recovery_outcomes", "cost_of_delay", "compare_recovery"}
    assert set(CAUSES) == set(load("recovery_causes")["cause"])
    assert list(SCENARIOS) == load("recovery_scenarios")["scenario"].tolist()
