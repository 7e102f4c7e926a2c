"""Recovery: the curve by hand, the anchors that the model repeats, streams of randomness, and what makes it worse."""

import contextlib
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import norm

from b12analysis import recovery
from b12analysis.arguments import InputError
from b12analysis.estimates import summarize
from b12analysis.evidence import load
from b12analysis.recovery import (
    DELAYS,
    PROFILES,
    SEVERITIES,
    complete_recovery,
    delay_scenarios,
    fit_half_time,
    patient,
    recovery_curve,
    simulate_recovery,
)

#: Closed formulas on both sides.
CLOSED = 1e-12
#: Hand calculations are carried to three digits.
BY_HAND = 5e-3
#: The table prints the fitted half-times in weeks to one decimal.
PRINTED_WEEKS = 0.05
#: 200,000 draws of a share near 0.69 have a standard error of 0.001; four of them, and the 200 cells of the fit.
MONTE_CARLO = 0.0045
#: 20,000 draws of a share near one half have a standard error of 0.0035; four of them.
FEWER_DRAWS = 0.014
#: 20,000 draws: the width between two percentiles has a standard error of 0.7 % of itself, and so have medians; seven.
FIVE_HUNDREDTHS = 0.05
#: One median of 4,000 draws of the parameters against another: four standard errors of 0.0018, and the delay's own dip.
MEDIANS = 0.015

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=60)

MODEL = load("recovery_model")
MONTHS = [0, 1, 3, 6, 12, 24]


def value(parameter, symptom=None, column="value"):
    rows = MODEL[MODEL["parameter"] == parameter]
    rows = rows[rows["symptom"].isna()] if symptom is None else rows[rows["symptom"] == symptom]
    return float(rows[column].item())


def known_exactly(**values):
    """Parameters without uncertainty, the determinants without effect; further values by name."""
    fixed = MODEL.assign(distribution="fixed")
    fixed.loc[fixed["parameter"].str.startswith("log_exposure"), "value"] = 0.0
    for parameter, number in values.items():
        fixed.loc[fixed["parameter"] == parameter, "value"] = number
    return fixed


def someone(**changes):
    usual = {"age": 60, "duration_months": 4, "severity": "moderate", "profile": "sensory"}
    return patient(**(usual | changes))


def lasting_parts(people, n=4000, delay="none", **options):
    """Deficit left when all that can come back has, by symptom."""
    ages = simulate_recovery(people, [10_000], n=n, delay=delay, rng=1, **options)
    return {symptom: 1 - rows["recovered"].to_numpy() for symptom, rows in ages.groupby("symptom")}


# -- the curve -------------------------------------------------------------------------------------------------------


def test_the_curve_by_hand_with_integers():
    # nothing lasts, half-time 2, no lag: half is back after 2 months, three quarters after 4
    got = recovery_curve([0, 2, 4, 6], lasting=0, half_time_months=2)
    assert got["recovered"].tolist() == [0, 0.5, 0.75, 0.875]
    assert got["month"].tolist() == [0, 2, 4, 6]


def test_the_curve_by_hand_with_a_lasting_part_and_a_lag():
    # from month 1 on, half of the 60 % that can come back every 2 months
    got = recovery_curve([0, 1, 3, 5], lasting=0.4, half_time_months=2, lag_months=1)
    assert got["recovered"].tolist() == pytest.approx([0, 0, 0.3, 0.45], abs=CLOSED)


@STEADY
@given(
    months=st.lists(st.floats(0, 600), min_size=1, max_size=8),
    lasting=st.floats(0, 1),
    half_time=st.floats(0.01, 60),
    lag=st.floats(0, 12),
)
def test_the_curve_starts_at_0_never_falls_and_never_passes_what_can_come_back(months, lasting, half_time, lag):
    times = [0, *sorted(months)]
    got = recovery_curve(times, lasting=lasting, half_time_months=half_time, lag_months=lag)["recovered"].to_numpy()
    assert got[0] == 0
    assert (np.diff(got) >= -CLOSED).all()
    assert (got >= 0).all()
    assert (got <= 1 - lasting + CLOSED).all()


@STEADY
@given(lasting=st.floats(0, 1), half_time=st.floats(0.1, 60), lag=st.floats(0, 12))
def test_half_of_what_can_come_back_is_back_one_half_time_after_the_lag(lasting, half_time, lag):
    got = recovery_curve(
        [lag + half_time, lag + 60 * half_time], lasting=lasting, half_time_months=half_time, lag_months=lag
    )
    half, all_of_it = got["recovered"]
    assert half == pytest.approx((1 - lasting) / 2, abs=1e-9)  # lag + half_time - lag rounds
    assert all_of_it == pytest.approx(1 - lasting, abs=1e-9)


def test_no_times_give_no_rows():
    assert recovery_curve([], lasting=0.2, half_time_months=1).empty


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"months": [3, -1]}, "months=-1 is out of range; time since the first dose is at least 0"),
        ({"months": [3, float("nan")]}, "months=nan is out of range"),
        ({"lasting": 1.5}, r"lasting=1\.5 is out of range; it must be at least 0 and at most 1"),
        ({"half_time_months": 0}, "half_time_months=0 is out of range; it must be above 0"),
        ({"half_time_months": float("nan")}, "half_time_months=nan is out of range"),
        ({"lag_months": -1}, "lag_months=-1 is out of range; it must be at least 0"),
    ],
)
def test_a_curve_with_an_impossible_argument_is_refused(options, message):
    arguments = {"months": [1], "lasting": 0.2, "half_time_months": 2} | options
    with pytest.raises(InputError, match=message):
        recovery_curve(arguments.pop("months"), **arguments)


# -- the anchors -----------------------------------------------------------------------------------------------------


def test_the_spread_of_the_lasting_part_by_hand():
    # ln Z is -2.970 at a lasting part of 0.05 and -0.367 at one half; 47.1 % and 91 % are -0.0728 and 1.3408 standard
    # deviations, so sd = 2.6037 / 1.4136 = 1.84 and the mean -0.367 - 1.3408 * 1.84 = -2.836: Z of about 0.059
    mean, sd = recovery.model.exposure_distribution(0.471, 0.91, 0.05)
    assert sd == pytest.approx(1.84, abs=BY_HAND)
    assert np.exp(mean) == pytest.approx(0.059, abs=BY_HAND)
    for lasting, share in [(0.05, 0.471), (0.5, 0.91)]:
        assert norm.cdf((np.log(-np.log(1 - lasting)) - mean) / sd) == pytest.approx(share, abs=CLOSED)


def test_simulated_patients_repeat_both_shares_of_the_large_series():
    lasting = lasting_parts(someone(), n=20_000, parameters=known_exactly())["tingling"]
    assert np.mean(lasting < value("complete_threshold")) == pytest.approx(value("complete_share"), abs=FEWER_DRAWS)
    assert np.mean(lasting < 0.5) == pytest.approx(value("improved_by_half_share"), abs=FEWER_DRAWS)


def test_the_share_who_recover_wholly_is_the_observed_one_where_nothing_else_is_known():
    got = complete_recovery(someone(), n=3, parameters=known_exactly(), rng=1).set_index("delay")
    share = value("complete_share")
    assert got.loc["none", ["estimate", "lower", "upper"]].tolist() == pytest.approx([share] * 3, abs=CLOSED)
    # the other scenarios narrow the spread between patients of one duration, which moves a share near one half little
    assert got.loc[["weak", "proportional"], "estimate"].tolist() == pytest.approx([share] * 2, abs=BY_HAND)


@pytest.mark.parametrize("delay", DELAYS)
def test_every_scenario_of_delay_repeats_the_series_over_its_own_durations(delay):
    # durations of the series: median 4 months, sd of ln 0.9; 199 midpoints of cells of equal probability
    cells = (np.arange(199) + 0.5) / 199
    durations = value("duration_median_months") * np.exp(value("duration_sd_log") * norm.ppf(cells))
    people = pd.concat([someone(duration_months=months) for months in durations], ignore_index=True)
    got = complete_recovery(people, n=1, delays=[delay], parameters=known_exactly()).query("delay == @delay")
    assert len(got) == 199
    # a tenth of a point for the cells and for durations below half a month, which count as half a month
    assert got["estimate"].mean() == pytest.approx(value("complete_share"), abs=1e-3)


def test_a_reference_patient_recovers_wholly_as_often_as_the_series_whatever_the_scenario():
    got = complete_recovery(someone(), n=4000, rng=1).set_index("delay")
    assert got.index.tolist() == [*DELAYS, "all"]
    assert got["estimate"].tolist() == pytest.approx([value("complete_share")] * 4, abs=MEDIANS)
    assert (got["lower"] < got["estimate"]).all()
    assert (got["estimate"] < got["upper"]).all()


def test_myelopathy_recovers_wholly_as_often_as_the_published_cases():
    got = complete_recovery(someone(profile="myelopathy"), n=1, delays=["none"], parameters=known_exactly())
    assert got["estimate"].tolist() == pytest.approx([value("complete_myelopathy_share")] * 2, abs=CLOSED)


def fitted(**changes):
    arguments = {
        "months": 3,
        "lasting_shares": (value("complete_share"), value("improved_by_half_share")),
        "thresholds": (value("complete_threshold"), 0.5, value("coarse_threshold")),
        "spread": value("half_time_cv", "overall"),
        "lag_months": value("lag_weeks", "overall") / recovery.WEEKS_PER_MONTH,
    } | changes
    return fit_half_time(arguments.pop("complete", value("complete_share_3_months")), **arguments)


def test_the_fitted_half_time_of_the_table_is_the_one_that_its_anchors_give():
    assert fitted() * recovery.WEEKS_PER_MONTH == pytest.approx(value("half_time_weeks", "overall"), abs=PRINTED_WEEKS)


@pytest.mark.parametrize("column", ["lower", "upper"])
def test_the_limits_of_the_half_time_hold_what_each_anchor_alone_would_do(column):
    coarse = (value("complete_threshold"), 0.5, value("coarse_threshold", column=column))
    for changes in ({"thresholds": coarse}, {"complete": value("complete_share_3_months", column=column)}):
        weeks = fitted(**changes) * recovery.WEEKS_PER_MONTH
        limits = value("half_time_weeks", "overall", "lower"), value("half_time_weeks", "overall", "upper")
        assert limits[0] <= weeks <= limits[1]


def test_the_limits_of_the_half_time_hold_95_per_cent_of_joint_draws():
    # a sample of the anchors within their limits; where too much lasts no half-time fits, and those draws say nothing
    rng = np.random.default_rng(1)
    weeks = []
    for _ in range(300):
        shares = tuple(_draw_share(rng, name) for name in ("complete_share", "improved_by_half_share"))
        complete = _draw_share(rng, "complete_share_3_months")
        edges = [rng.uniform(value(f"{kind}_threshold", column="lower"), value(f"{kind}_threshold", column="upper"))
                 for kind in ("complete", "coarse")]  # fmt: skip
        lag = rng.uniform(value("lag_weeks", "overall", "lower"), value("lag_weeks", "overall", "upper"))
        with contextlib.suppress(InputError):
            half = fitted(lasting_shares=shares, thresholds=(edges[0], 0.5, edges[1]), complete=complete,
                          lag_months=lag / recovery.WEEKS_PER_MONTH)  # fmt: skip
            weeks.append(half * recovery.WEEKS_PER_MONTH)
    lower, upper = np.quantile(weeks, [0.025, 0.975])
    # 300 draws fix these quantiles to about half a week
    assert lower == pytest.approx(value("half_time_weeks", "overall", "lower"), abs=0.4)
    assert upper == pytest.approx(value("half_time_weeks", "overall", "upper"), abs=0.7)
    assert 0.85 < len(weeks) / 300 < 1


def _draw_share(rng, name):
    low, middle, high = (logit(value(name, column=column)) for column in ("lower", "value", "upper"))
    return expit(rng.normal(middle, (high - low) / 3.92))


def test_200_000_simulated_patients_with_that_half_time_repeat_31_of_45_at_three_months():
    rng = np.random.default_rng(2024)
    mean, sd = recovery.model.exposure_distribution(0.471, 0.91, 0.05)
    lasting = 1 - np.exp(-np.exp(mean + sd * rng.standard_normal(200_000)))
    half_times = fitted() * np.exp(np.sqrt(np.log(1 + 0.5**2)) * rng.standard_normal(200_000))
    lag = 1.5 * 12 * 7 / 365.25
    left = 1 - (1 - lasting) * (1 - 0.5 ** ((3 - lag) / half_times))
    assert np.mean(left < 0.3) == pytest.approx(31 / 45, abs=MONTE_CARLO)


def test_the_whole_model_repeats_31_of_45_for_a_symptom_like_the_overall_score():
    like_overall = known_exactly(half_time_weeks=fitted() * recovery.WEEKS_PER_MONTH)
    tingling = like_overall["symptom"] == "tingling"
    for parameter in ("half_time_prior_weeks", "lag_weeks", "half_time_cv"):
        like_overall.loc[tingling & (like_overall["parameter"] == parameter), "value"] = value(parameter, "overall")
    draws = simulate_recovery(someone(), [3], n=20_000, delay="none", parameters=like_overall, rng=1)
    left = 1 - draws.loc[draws["symptom"] == "tingling", "recovered"]
    assert np.mean(left < 0.3) == pytest.approx(31 / 45, abs=FEWER_DRAWS)


def test_a_half_time_by_hand_where_nothing_lasts():
    # no lasting part to speak of, no spread, no lag: a deficit below a quarter takes two half-times
    shares = {"lasting_shares": (1 - 1e-12, 1 - 1e-13), "thresholds": (0.05, 0.5, 0.25), "spread": 0, "lag_months": 0}
    assert fitted(complete=0.5, months=6, **shares) == pytest.approx(3, abs=0.05)  # a little still lasts


def test_half_times_grow_with_the_time_it_took_and_fall_with_the_share_that_made_it():
    assert fitted(months=6) > fitted(months=3) > fitted(months=2)
    assert fitted(complete=0.5) > fitted(complete=0.6) > fitted(complete=0.7)


@pytest.mark.parametrize("complete", [0.9, 1])
def test_a_share_that_no_half_time_can_reach_is_refused(complete):
    message = f"complete={complete} cannot be reached by any half-time: too much damage lasts"
    with pytest.raises(InputError, match=message):
        fitted(complete=complete)


@pytest.mark.parametrize("complete", [0, -0.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(complete):
    with pytest.raises(InputError, match=f"complete={complete}"):
        fitted(complete=complete)


@pytest.mark.parametrize(
    "changes", [{"months": 0.2, "lag_months": 0.35}, {"months": 0.35, "lag_months": 0.35}], ids=["before", "at"]
)
def test_an_assessment_within_the_lag_is_refused(changes):
    with pytest.raises(InputError, match="months"):
        fitted(**changes)


# -- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", MODEL[MODEL["distribution"] != "fixed"].to_dict("records"), ids=lambda row: row["id"])
def test_a_drawn_parameter_is_as_wide_as_its_limits_about_its_value(row):
    drawn = recovery.model.draw_parameters(MODEL, 20_000, 1)
    draws = drawn[row["parameter"] if pd.isna(row["symptom"]) else (row["parameter"], row["symptom"])]
    low, middle, high = (float(row[part]) for part in ("lower", "value", "upper"))
    if row["distribution"] == "uniform":
        scale, covered = (lambda x: x), [0, 1]
        assert low <= draws.min()
        assert draws.max() <= high
        middle = (low + high) / 2
    else:
        is_share = row["parameter"].endswith("_share")
        scale = np.log if row["distribution"] == "lognormal" else logit if is_share else lambda x: x
        covered = [0.025, 0.975]
    width = scale(high) - scale(low)
    assert scale(np.median(draws)) == pytest.approx(scale(middle), abs=FIVE_HUNDREDTHS * width)
    assert np.ptp(scale(np.quantile(draws, covered))) == pytest.approx(width, abs=FIVE_HUNDREDTHS * width)


# -- simulated patients ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("profile", PROFILES)
def test_simulated_curves_start_at_0_never_fall_and_never_pass_1(profile, delay):
    people = someone(profile=profile, severity="severe", romberg=True, segments=9)
    before = people.copy(deep=True)
    model = MODEL.copy(deep=True)
    draws = simulate_recovery(people, MONTHS, n=50, delay=delay, parameters=model, rng=1)
    assert draws.columns.tolist() == ["patient", "symptom", "draw", "month", "recovered"]
    assert draws["symptom"].unique().tolist() == PROFILES[profile]
    assert len(draws) == len(PROFILES[profile]) * 50 * len(MONTHS)
    assert draws["recovered"].between(0, 1).all()
    assert (draws.loc[draws["month"] == 0, "recovered"] == 0).all()
    assert (draws.groupby(["symptom", "draw"])["recovered"].diff().dropna() >= 0).all()
    assert not draws.duplicated(["symptom", "draw", "month"]).any()
    pd.testing.assert_frame_equal(people, before)
    pd.testing.assert_frame_equal(model, MODEL)


def test_a_simulated_draw_is_the_curve_of_its_parameters():
    draws = simulate_recovery(someone(), [0, 2, 5, 10_000], n=5, delay="none", parameters=known_exactly(), rng=4)
    rows = draws.query("symptom == 'walking' and draw == 3")["recovered"].tolist()
    lag = value("lag_weeks", "walking") / recovery.WEEKS_PER_MONTH
    ceiling = rows[-1]
    half_time = -(2 - lag) / np.log2(1 - rows[1] / ceiling)
    expected = recovery_curve([0, 2, 5], lasting=1 - ceiling, half_time_months=half_time, lag_months=lag)
    assert rows[:3] == pytest.approx(expected["recovered"].tolist(), abs=1e-9)  # half_time is worked back


def test_the_same_seed_repeats_and_another_does_not():
    options = {"n": 30}
    first = simulate_recovery(someone(), MONTHS, rng=5, **options)
    pd.testing.assert_frame_equal(simulate_recovery(someone(), MONTHS, rng=5, **options), first)
    pd.testing.assert_frame_equal(simulate_recovery(someone(), MONTHS, rng=np.random.default_rng(5), **options), first)
    later = first["month"] > 1
    other = simulate_recovery(someone(), MONTHS, rng=6, **options)
    assert not np.isclose(other.loc[later, "recovered"], first.loc[later, "recovered"]).any()
    unseeded = [simulate_recovery(someone(), MONTHS, **options) for _ in range(2)]
    assert not unseeded[0].equals(unseeded[1])


def test_a_generator_that_is_handed_on_goes_on():
    rng = np.random.default_rng(5)
    first, second = (complete_recovery(someone(), n=50, rng=rng) for _ in range(2))
    assert not first.equals(second)


def test_a_profile_does_not_depend_on_the_other_rows_of_its_table():
    people = pd.concat(
        [someone(profile=profile, age=age) for profile in PROFILES for age in (30, 70)], ignore_index=True
    )
    together = simulate_recovery(people, MONTHS, n=20, rng=1)
    shares = complete_recovery(people, n=50, rng=1)
    for place in (0, 3, 7):
        alone = simulate_recovery(people.iloc[[place]], MONTHS, n=20, rng=1)
        pd.testing.assert_frame_equal(together.query("patient == @place").reset_index(drop=True), alone)
        alone = complete_recovery(people.iloc[[place]], n=50, rng=1)
        pd.testing.assert_frame_equal(shares.query("patient == @place").reset_index(drop=True), alone)
    backwards = simulate_recovery(people.iloc[::-1], MONTHS, n=20, rng=1)
    pd.testing.assert_frame_equal(
        backwards.sort_values("patient", kind="stable", ignore_index=True),
        together.sort_values("patient", kind="stable", ignore_index=True),
    )


def test_a_new_parameter_and_the_order_of_rows_disturb_no_stream():
    new = MODEL.iloc[[0]].assign(parameter="something_new", distribution="normal")
    symptom = MODEL.iloc[[8]].assign(symptom="vision")
    expected = simulate_recovery(someone(profile="cognitive"), MONTHS, n=20, rng=1)
    for table in (pd.concat([new, symptom, MODEL]), MODEL.iloc[::-1]):
        got = simulate_recovery(someone(profile="cognitive"), MONTHS, n=20, parameters=table, rng=1)
        pd.testing.assert_frame_equal(got, expected)


def test_another_prior_of_one_symptom_leaves_the_other_symptoms_alone():
    changed = MODEL.copy()
    changed.loc[(changed["parameter"] == "half_time_prior_weeks") & (changed["symptom"] == "walking"), "value"] = 30
    before, after = (
        simulate_recovery(someone(), MONTHS, n=20, parameters=table, rng=1).set_index("symptom")["recovered"]
        for table in (MODEL, changed)
    )
    assert after["tingling"].tolist() == before["tingling"].tolist()
    assert after["walking"].sum() < before["walking"].sum()


def test_every_parameter_has_a_stream_of_its_own():
    symptoms = {symptom for profile in PROFILES.values() for symptom in profile}
    names = [row.parameter if pd.isna(row.symptom) else f"{row.parameter} {row.symptom}" for row in MODEL.itertuples()]
    names += ["patient", "responds", *(f"half-time between patients {symptom}" for symptom in symptoms)]
    assert len(names) == len(set(names)) == len({zlib.crc32(name.encode()) for name in names})


def test_patients_are_labelled_by_their_column_or_else_by_the_index():
    people = pd.concat([someone(), someone(age=40)]).set_axis(["x", "y"])
    assert simulate_recovery(people, [1], n=2, rng=1)["patient"].unique().tolist() == ["x", "y"]
    named = people.assign(patient=["Ann", "Bob"])
    assert complete_recovery(named, n=2, rng=1)["patient"].unique().tolist() == ["Ann", "Bob"]


def test_missing_signs_may_be_missing_columns():
    bare = someone().drop(columns=["romberg", "segments"])
    expected = simulate_recovery(someone(), [6], n=20, rng=1)
    pd.testing.assert_frame_equal(simulate_recovery(bare, [6], n=20, rng=1), expected)
    for missing in (None, np.nan, pd.NA):
        got = simulate_recovery(someone(romberg=missing, segments=missing), [6], n=20, rng=1)
        pd.testing.assert_frame_equal(got, expected)


# -- what makes it worse ---------------------------------------------------------------------------------------------

WORSE = {
    "age": ({"age": 49}, {"age": 50}),
    "mild to moderate": ({"severity": "mild"}, {"severity": "moderate"}),
    "moderate to severe": ({"severity": "moderate"}, {"severity": "severe"}),
    "romberg": ({"romberg": False}, {"romberg": True}),
    "romberg not known": ({"romberg": None}, {"romberg": True}),
    "segments": ({"segments": 7}, {"segments": 8}),
    "segments not known": ({"segments": 3}, {"segments": None}),
    "duration": ({"duration_months": 2}, {"duration_months": 24}),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("better", "worse"), WORSE.values(), ids=WORSE)
def test_worse_signs_never_improve_the_outcome_in_median(better, worse, profile):
    people = pd.concat([someone(profile=profile, **signs) for signs in (better, worse)], ignore_index=True)
    for delay in DELAYS:
        draws = simulate_recovery(people, [6], n=500, delay=delay, rng=1)
        medians = summarize(draws, by=["symptom", "patient"])["estimate"].to_numpy().reshape(-1, 2)
        assert (medians[:, 1] <= medians[:, 0]).all()
    shares = complete_recovery(people, n=500, rng=1).pivot_table(index="delay", columns="patient", values="estimate")
    assert (shares[1] <= shares[0]).all()
    assert shares.loc["weak", 1] < shares.loc["weak", 0]


def test_where_the_determinants_have_no_effect_they_change_nothing():
    people = pd.concat([someone(age=20, severity="mild"), someone(age=80, severity="severe", romberg=True, segments=9)])
    got = complete_recovery(people.reset_index(drop=True), n=5, parameters=known_exactly(), rng=1)
    assert got.query("patient == 0")["estimate"].tolist() == got.query("patient == 1")["estimate"].tolist()


def test_myelopathy_and_motor_deficits_do_worse_than_sensory_ones():
    people = pd.concat([someone(profile=name) for name in ("sensory", "motor", "myelopathy")], ignore_index=True)
    shares = complete_recovery(people, n=1000, delays=["none"], rng=1).query("delay == 'none'")["estimate"].tolist()
    assert shares[0] > shares[1] > shares[2]


@pytest.mark.parametrize("profile", PROFILES)
def test_delay_makes_no_difference_in_one_scenario_and_more_in_each_of_the_others(profile):
    got = delay_scenarios(someone(profile=profile), [1, 3, 6, 12, 24], rng=1)
    assert got.columns.tolist() == ["scenario", "duration_months", "estimate", "lower", "upper"]
    assert got["scenario"].unique().tolist() == list(DELAYS)
    lost = {}
    for scenario, rows in got.groupby("scenario"):
        assert rows["duration_months"].tolist() == [1, 3, 6, 12, 24]
        assert (rows["estimate"].diff().dropna() <= 0).all()
        lost[scenario] = rows["estimate"].iloc[0] - rows["estimate"].iloc[-1]
    assert lost["none"] == 0
    assert 0 < lost["weak"] < lost["proportional"]
    assert (got["lower"] >= 0).all()
    assert (got["upper"] <= 1).all()
    assert ((got["lower"] <= got["estimate"]) & (got["estimate"] <= got["upper"])).all()


def test_the_shortest_duration_that_counts_is_half_a_month():
    got = delay_scenarios(someone(), [0, 0.5, 1], rng=1).pivot_table(
        index="scenario", columns="duration_months", values="estimate"
    )
    assert got[0].tolist() == got[0.5].tolist()
    assert (got.loc["proportional", 0.5] > got.loc["proportional", 1.0]).all()


def test_delay_scenarios_are_the_shares_of_the_same_people_with_other_durations():
    got = delay_scenarios(someone(duration_months=100), [3], level=0.5, rng=1).set_index("scenario")
    same = complete_recovery(someone(duration_months=3), level=0.5, rng=1).set_index("delay").loc[list(DELAYS)]
    columns = ["estimate", "lower", "upper"]
    assert got[columns].to_numpy().tolist() == same[columns].to_numpy().tolist()


def test_a_wider_level_contains_the_narrower():
    narrow, wide = (complete_recovery(someone(), n=200, level=level, rng=1) for level in (0.5, 0.9))
    assert (wide["lower"] <= narrow["lower"]).all()
    assert (wide["upper"] >= narrow["upper"]).all()
    assert wide["estimate"].tolist() == narrow["estimate"].tolist()


def test_the_mixture_of_scenarios_is_made_of_those_asked_for():
    one = complete_recovery(someone(), n=200, delays=["weak"], rng=1).set_index("delay")
    assert one.index.tolist() == ["weak", "all"]
    assert one.loc["weak"].tolist() == one.loc["all"].tolist()
    every = complete_recovery(someone(duration_months=24), n=200, rng=1).set_index("delay")
    assert every["lower"].min() <= every.loc["all", "lower"]
    assert every.loc["all", "upper"] <= every["upper"].max()


# -- memory ----------------------------------------------------------------------------------------------------------


def memory_at_a_year(severity, n=2000):
    people = someone(profile="cognitive", severity=severity)
    draws = simulate_recovery(people, [12], n=n, rng=1)
    return draws.loc[draws["symptom"] == "memory", "recovered"]


def test_severe_memory_loss_shows_almost_no_recovery():
    severe = memory_at_a_year("severe")
    assert severe.median() == 0
    assert (severe > 0.5).mean() < 0.05  # one in twenty may respond at all
    got = complete_recovery(someone(profile="cognitive", severity="severe"), n=500, rng=1).set_index("delay")
    assert got.loc["all", "upper"] < 0.06


def test_moderate_memory_loss_may_or_may_not_recover():
    moderate = memory_at_a_year("moderate")
    assert (moderate == 0).mean() == pytest.approx(0.645, abs=0.05)  # 0.29 to 1 are without response
    assert 0.15 < (moderate > 0.5).mean() < 0.5
    assert memory_at_a_year("mild").mean() > moderate.mean() > 5 * memory_at_a_year("severe").mean()


def test_only_memory_may_not_respond_at_all():
    draws = simulate_recovery(someone(profile="cognitive", severity="severe"), [12], n=2000, rng=1)
    tingling = draws.loc[draws["symptom"] == "tingling", "recovered"]
    assert (tingling > 0).mean() > 0.99
    assert tingling.median() > 0.3


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age": 121}, "age=121 is out of range; it must be at least 0 and at most 120"),
        ({"age": float("nan")}, "age=nan is out of range"),
        ({"duration_months": -1}, "duration_months=-1 is out of range; it must be at least 0 and at most 600"),
        ({"severity": "sever"}, r"severity='sever' is not known \(did you mean 'severe'\?\); choose one of 'mild', "),
        (
            {"profile": "spinal"},
            "profile='spinal' is not known; choose one of 'sensory', 'motor', 'myelopathy', 'cognitive'",
        ),
    ],
)
def test_an_impossible_profile_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        someone(**changes)
    people = someone().assign(**changes)
    for call in (simulate_recovery, complete_recovery, delay_scenarios):
        if call is delay_scenarios and "duration_months" in changes:
            continue  # it replaces the duration
        with pytest.raises(InputError, match=message):
            call(people, *([[1]] if call is not complete_recovery else []), rng=1)


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="patients lacks column 'severity'; it has 'age'"):
        simulate_recovery(someone().drop(columns="severity"), [1])
    with pytest.raises(InputError, match="parameters lacks columns 'upper', 'distribution'"):
        simulate_recovery(someone(), [1], parameters=MODEL.drop(columns=["upper", "distribution"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate_recovery(someone(), [-1]), "months=-1 is out of range"),
        (lambda: simulate_recovery(someone(), [1], n=0), "n=0 is out of range; it must be at least 1"),
        (lambda: simulate_recovery(someone(), [1], n=2.5), r"n=2\.5 is not a whole number; it must be at least 1"),
        (
            lambda: simulate_recovery(someone(), [1], delay="strong"),
            "delay='strong' is not known; choose one of 'none', 'weak', 'proportional'",
        ),
        (
            lambda: complete_recovery(someone(), delays=["weak", "nonne"]),
            r"delay='nonne' is not known \(did you mean 'none'\?\)",
        ),
        (
            lambda: delay_scenarios(pd.concat([someone(), someone()]), [1]),
            "patients has 2 rows; the scenarios are drawn for one profile",
        ),
        (lambda: delay_scenarios(someone(), [1, -2]), "duration_months=-2 is out of range"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complete_recovery(someone(), level=80), "level=80 is out of range"),
        (lambda: complete_recovery(someone(), n=0), "n=0 is out of range"),
        (lambda: complete_recovery(someone(), n=2.5), r"n=2\.5 is not a whole number"),
        (lambda: complete_recovery(someone(), delays=[]), "delays"),
        (lambda: simulate_recovery(someone().iloc[:0], [1]), "patients"),
        (lambda: delay_scenarios(someone(), []), "durations_months"),
    ],
    ids=["level", "n", "fraction of n", "no scenario", "nobody", "no duration"],
)
def test_what_leaves_nothing_to_compute_is_refused_as_the_callers_fault(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_the_tables_that_profiles_are_made_of_fit_each_other():
    assert someone().columns.tolist() == ["age", "duration_months", "severity", "profile", "romberg", "segments"]
    for severity in SEVERITIES:
        assert MODEL["parameter"].eq(f"unresponsive_{severity}_share").sum() == 1
    for symptom in {symptom for profile in PROFILES.values() for symptom in profile}:
        own = set(MODEL.loc[MODEL["symptom"] == symptom, "parameter"])
        assert own == {"half_time_prior_weeks", "lag_weeks", "half_time_cv", "log_exposure_ratio"}
