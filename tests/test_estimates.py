"""Prevalence with its interval, and summaries of draws: by hand, against R, and what must always hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta, binom, norm

from b12analysis.arguments import InputError
from b12analysis.estimates import INTERVALS, effective_n, prevalence, summarize
from b12analysis.evidence import load

REFERENCE = Path(__file__).parent / "reference"
BINOMIAL = json.loads((REFERENCE / "intervals.json").read_text())

#: Closed formulas on both sides. Worst observed 5e-16; two more digits for another libm or scipy.
CLOSED = 1e-13
#: R's binom.bayes searches its limits with tol = 1e-8. Worst observed 5e-12 (4 of 200).
R_BAYES = 1e-10
#: R's values for n = 30 are printed to seven digits: half a unit of the seventh is rounding. Worst observed 4.4e-8.
R_PRINTED = 5.1e-8
#: Hand calculations are carried to four digits.
BY_HAND = 1e-4

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=60)


def counts(cases, n, **columns):
    return pd.DataFrame({"cases": cases, "n": n} | columns)


def printed(percent, lower=None, upper=None, n=None, **columns):
    row = {"reported_percent": percent, "reported_lower_percent": lower, "reported_upper_percent": upper, "n": n}
    return pd.DataFrame([row | {"interval": "none" if lower is None else "ci95"} | columns]).astype(
        dict.fromkeys(row, "Float64")
    )


def limits(cases, n, **options):
    return prevalence(counts([cases], [n]), **options)[["lower", "upper"]].to_numpy()[0]


@st.composite
def tables(draw, largest=400, smallest=1, rows=6):
    people = draw(st.lists(st.integers(smallest, largest), min_size=2, max_size=rows))
    return counts([draw(st.integers(0, n)) for n in people], people)


# -- prevalence: by hand ---------------------------------------------------------------------------------------------


def test_wilson_by_hand_with_nobody_affected():
    # z² / (n + z²) = 3.8415 / 13.8415
    assert limits(0, 10) == pytest.approx([0, 0.2775], abs=BY_HAND)


def test_exact_by_hand_at_both_ends():
    # nobody of ten: 1 - 0.025 ** (1 / 10); all ten: 0.025 ** (1 / 10)
    assert limits(0, 10, method="exact") == pytest.approx([0, 0.3085], abs=BY_HAND)
    assert limits(10, 10, method="exact") == pytest.approx([0.6915, 1], abs=BY_HAND)


@pytest.mark.parametrize("method", ["wilson", "agresti_coull"])
def test_half_of_a_hundred_by_hand(method):
    # 0.5 ± 1.96 * 0.5 / sqrt(103.8415) for both
    assert limits(50, 100, method=method) == pytest.approx([0.4038, 0.5962], abs=BY_HAND)


def test_jeffreys_by_hand_for_one_person():
    # the cumulative distribution of Beta(1/2, 3/2) is 2 / pi * (asin(sqrt(x)) + sqrt(x (1 - x))): 0.975 at 0.8533
    x = limits(0, 1, method="jeffreys")[1]
    assert x == pytest.approx(0.8533, abs=BY_HAND)
    assert 2 / np.pi * (np.arcsin(np.sqrt(x)) + np.sqrt(x * (1 - x))) == pytest.approx(0.975, abs=CLOSED)


@pytest.mark.parametrize("method", INTERVALS)
def test_integers_of_every_kind_give_what_floats_give(method):
    expected = prevalence(counts([1.0, 5.0], [8.0, 40.0]), method=method)[["estimate", "lower", "upper"]]
    for dtype in ("int64", "int8", "Int64", "Float64"):
        given_as = counts([1, 5], [8, 40]).astype(dtype)
        pd.testing.assert_frame_equal(prevalence(given_as, method=method)[["estimate", "lower", "upper"]], expected)


# -- prevalence: against R and statsmodels ---------------------------------------------------------------------------


def case_id(row):
    return f"{row['method']}-{row['cases']}/{row['n']}" + (f"-{row['level']}" if "level" in row else "")


def is_highest_density(row):
    return row["method"] == "jeffreys" and row["digits"] == 7


@pytest.mark.parametrize("row", [row for row in BINOMIAL["r_rows"] if not is_highest_density(row)], ids=case_id)
def test_intervals_agree_with_r(row):
    tolerance = R_PRINTED if row["digits"] == 7 else R_BAYES if row["method"] == "jeffreys" else CLOSED
    expected = np.clip([row["lower"], row["upper"]], 0, 1)  # R lets Agresti and Coull's limits leave 0 to 1
    assert limits(row["cases"], row["n"], method=row["method"]) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("row", BINOMIAL["statsmodels_rows"], ids=case_id)
def test_intervals_agree_with_statsmodels(row):
    ours = limits(row["cases"], row["n"], method=row["method"], level=row["level"])
    expected = [row["lower"], row["upper"]]
    if row["method"] == "jeffreys":  # Brown, Cai and DasGupta put the open end at 0 or 1; statsmodels does not
        expected = [0 if row["cases"] == 0 else expected[0], 1 if row["cases"] == row["n"] else expected[1]]
    assert ours == pytest.approx(expected, abs=CLOSED)


@pytest.mark.parametrize("row", [row for row in BINOMIAL["r_rows"] if is_highest_density(row)], ids=case_id)
def test_where_r_differs_from_jeffreys_it_is_because_its_limits_are_of_highest_density(row):
    posterior = beta(row["cases"] + 0.5, row["n"] - row["cases"] + 0.5)
    inside = posterior.cdf(row["upper"]) - posterior.cdf(row["lower"])
    assert inside == pytest.approx(0.95, abs=1e-4)  # the same posterior and level; R's search is loose at such edges
    assert row["upper"] - row["lower"] < np.diff(limits(row["cases"], row["n"], method="jeffreys"))


# -- prevalence: what the row offers ---------------------------------------------------------------------------------


def test_a_printed_interval_wins_over_cases_and_n():
    frame = printed(6.6, 5.2, 8.3, 9523, cases=629)
    row = prevalence(frame).iloc[0]
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx([0.066, 0.052, 0.083])
    assert row["interval"] == "printed"


def test_effective_n_of_a_printed_interval_by_hand():
    # Colombia, 6.6 % (5.2 to 8.3), even on the logit scale: logits -2.9031, -2.6498, -2.4023, so W = 0.5008 and
    # (2 * 1.96 / 0.5008)² / (0.066 * 0.934) = 61.27 / 0.06164 = 994 of 9,523 people
    assert prevalence(printed(6.6, 5.2, 8.3, 9523))["effective_n"].iloc[0] == pytest.approx(994, abs=0.5)


def interval_of(kind, p, n):
    if kind == "logit":
        half = norm.ppf(0.975) / np.sqrt(n * p * (1 - p))
        return expit(logit(p) - half), expit(logit(p) + half)
    half = norm.ppf(0.975) * np.sqrt(p * (1 - p) / n)
    return max(p - half, 0.0), min(p + half, 1.0)


@pytest.mark.parametrize("kind", ["logit", "symmetric"])
@STEADY
@given(p=st.floats(0.001, 0.999), n=st.integers(20, 10_000), deff=st.floats(0.8, 9))
def test_an_interval_of_a_known_design_effect_returns_its_effective_n(kind, p, n, deff):
    # also where the symmetric one was cut at 0 or 1; where it was cut at both it says nothing
    assume(n / deff * p * (1 - p) > 0.1)  # a tenth of a case: wider limits round to 0 and 1
    lower, upper = interval_of(kind, p, n / deff)
    if (lower > 0 or upper < 1) and abs(p - 0.5) > 1e-6:  # at one half nobody can tell the kinds apart
        assert effective_n(p, lower, upper) == pytest.approx(n / deff, rel=1e-6)


def test_at_one_half_an_interval_is_read_on_the_natural_scale():
    assert effective_n(0.5, *interval_of("symmetric", 0.5, 100)) == pytest.approx(100)
    assert effective_n(0.5, *interval_of("logit", 0.5, 100)) == pytest.approx(102.6, abs=0.05)


def test_the_width_on_the_natural_scale_would_lose_people_of_a_logit_interval():
    # 3 % of 200: the docstring's 168
    lower, upper = interval_of("logit", 0.03, 200)
    assert 0.03 * 0.97 * (2 * norm.ppf(0.975) / (upper - lower)) ** 2 == pytest.approx(168, abs=0.5)
    assert effective_n(0.03, lower, upper) == pytest.approx(200)


@pytest.mark.parametrize(("cases", "n"), [(5, 200), (30, 1000), (5, 50), (30, 100), (90, 100)])
def test_wilsons_interval_returns_its_n_nearly(cases, n):
    assert n <= effective_n(cases / n, *limits(cases, n)) <= 1.08 * n


@STEADY
@example(p=0.5, n=9324)
@given(p=st.floats(0.01, 0.99), n=st.integers(20, 10_000))
def test_a_mirrored_interval_has_the_same_effective_n(p, n):
    lower, upper = interval_of("logit", p, n)
    mirrored = effective_n(1 - p, 1 - upper, 1 - lower)
    assert mirrored == pytest.approx(effective_n(p, lower, upper), rel=1e-3)


def test_a_printed_interval_never_makes_a_survey_worth_more_than_its_people():
    # 50 % (45 to 55) would need 384 people; there are 200
    assert prevalence(printed(50, 45, 55, 200))["effective_n"].iloc[0] == 200
    assert prevalence(printed(50, 45, 55))["effective_n"].iloc[0] == pytest.approx(384, abs=0.5)


def test_a_printed_interval_speaks_for_its_own_level_only():
    row = prevalence(printed(6.6, 5.2, 8.3, 9523), level=0.9).iloc[0]
    assert row["interval"] == "wilson"
    assert row["effective_n"] == 9523


def test_a_printed_interval_of_another_kind_is_not_taken_for_a_confidence_interval():
    assert prevalence(printed(30, 20, 40, 100).assign(interval="range"))["interval"].tolist() == ["wilson"]


@pytest.mark.parametrize(("percent", "lower", "upper"), [(0, 0, 3.2), (100, 96.8, 100)])
@pytest.mark.parametrize("n", [113, 5000, None])
def test_a_survey_that_prints_nobody_or_everybody_weighs_as_much_as_its_interval_says(percent, lower, upper, n):
    # a simple random sample gives 0 % (0 to 3.2) by Wilson where z² / (n + z²) = 0.032: 116 people
    row = prevalence(printed(percent, lower, upper, n)).iloc[0]
    assert row["effective_n"] == pytest.approx(min(116, n or 116), abs=0.5)


def test_a_weighted_percentage_beats_unweighted_counts():
    # 3,957 of 12,683 is 31.2 %; the survey prints 33 %, weighted
    row = prevalence(counts([3957], [12683], reported_percent=[33.0])).iloc[0]
    assert row["estimate"] == pytest.approx(0.33)
    assert row["effective_n"] == 12683


def test_counts_beat_a_percentage_that_only_rounds_them():
    # 130 of 962 is 13.51 %; the survey prints 13.53 %
    assert prevalence(counts([130], [962], reported_percent=[13.53]))["estimate"].iloc[0] == 130 / 962


def test_a_percentage_and_n_are_enough():
    got = prevalence(printed(40, n=503)).iloc[0]
    same = prevalence(counts([0.4 * 503], [503])).iloc[0]
    assert got[["estimate", "lower", "upper"]].tolist() == pytest.approx(same[["estimate", "lower", "upper"]].tolist())


@pytest.mark.parametrize(
    "frame",
    [
        printed(6.0),
        printed(None, n=503),
        printed(None, 10, 15).assign(interval="range"),
        counts([pd.NA], [503]).astype("Int64"),
        counts([3], [pd.NA]).astype("Int64"),
    ],
    ids=["percentage alone", "n alone", "range alone", "n without cases", "cases without n"],
)
def test_a_row_without_an_interval_has_no_estimate(frame):
    row = prevalence(frame).iloc[0]
    assert row["interval"] == "none"
    assert row[["estimate", "lower", "upper", "effective_n"]].isna().all()


@pytest.mark.parametrize("method", INTERVALS)
def test_the_published_surveys_keep_the_rules(method):
    surveys = load("surveys")
    before = surveys.copy(deep=True)
    got = prevalence(surveys, method=method)
    known = got[got["estimate"].notna()]
    assert len(known) > 50
    assert (known["interval"] != "none").all()
    assert (got.loc[got["estimate"].isna(), "interval"] == "none").all()
    assert ((known["lower"] >= 0) & (known["lower"] <= known["estimate"])).all()
    assert ((known["upper"] <= 1) & (known["upper"] >= known["estimate"])).all()
    assert (known["effective_n"] > 0).all()
    assert (known["effective_n"] <= known["n"].astype(float).fillna(np.inf)).all()
    assert (known.loc[known["interval"] != "printed", "interval"] == method).all()
    pd.testing.assert_frame_equal(surveys, before)
    pd.testing.assert_frame_equal(got[surveys.columns.drop("interval")], surveys.drop(columns="interval"))


# -- prevalence: invariants ------------------------------------------------------------------------------------------


@STEADY
@given(frame=tables(), method=st.sampled_from(sorted(INTERVALS)), level=st.floats(0.5, 0.999))
def test_estimates_lie_between_their_limits_inside_0_to_1_and_the_frame_is_left_alone(frame, method, level):
    before = frame.copy(deep=True)
    got = prevalence(frame, method=method, level=level)
    assert (got["lower"] >= 0).all()
    assert (got["lower"] <= got["estimate"]).all()
    assert (got["estimate"] <= got["upper"]).all()
    assert (got["upper"] <= 1).all()
    assert (got["effective_n"] == frame["n"]).all()
    pd.testing.assert_frame_equal(frame, before)


@STEADY
@given(frame=tables(), method=st.sampled_from(sorted(INTERVALS)), level=st.floats(0.3, 0.98))
def test_a_wider_level_contains_the_narrower(frame, method, level):
    narrow, wide = prevalence(frame, method=method, level=level), prevalence(frame, method=method, level=level + 0.01)
    assert (wide["lower"] <= narrow["lower"]).all()
    assert (wide["upper"] >= narrow["upper"]).all()


@STEADY
@given(frame=tables(), method=st.sampled_from(sorted(INTERVALS)))
def test_the_unaffected_have_the_mirrored_interval(frame, method):
    got = prevalence(frame, method=method)
    mirrored = prevalence(frame.assign(cases=frame["n"] - frame["cases"]), method=method)
    assert mirrored["lower"].to_numpy() == pytest.approx(1 - got["upper"].to_numpy(), abs=1e-12)  # 1 - x rounds


@STEADY
@given(frame=tables(), level=st.floats(0.5, 0.999))
def test_exact_limits_leave_half_of_the_rest_in_each_tail(frame, level):
    got = prevalence(frame, method="exact", level=level)
    tail = (1 - level) / 2
    some, not_all = got["cases"] > 0, got["cases"] < got["n"]
    above = binom.sf(got["cases"] - 1, got["n"], got["lower"])[some]
    below = binom.cdf(got["cases"], got["n"], got["upper"])[not_all]
    assert above == pytest.approx(np.full(some.sum(), tail), rel=1e-6)  # the binomial tail magnifies a limit's rounding
    assert below == pytest.approx(np.full(not_all.sum(), tail), rel=1e-6)


def test_the_index_and_the_order_of_rows_stay():
    frame = counts([3, 1, 2], [10, 10, 10]).set_index(pd.Index(["c", "a", "b"]))
    got = prevalence(frame)
    assert got.index.tolist() == ["c", "a", "b"]
    pd.testing.assert_frame_equal(prevalence(frame.iloc[::-1]).iloc[::-1], got)


def test_no_rows_give_no_rows():
    got = prevalence(counts([], []))
    assert got.empty
    assert {"estimate", "lower", "upper", "interval", "effective_n"} <= set(got.columns)


# -- prevalence: errors ----------------------------------------------------------------------------------------------


def test_an_unknown_method_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"method='wilsn' is not known \(did you mean 'wilson'\?\); choose one of"):
        prevalence(counts([1], [2]), method="wilsn")


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level):
    for call in (
        lambda: prevalence(counts([1], [2]), level=level),
        lambda: summarize(pd.DataFrame({"month": [1], "recovered": [0.5]}), by="month", level=level),
    ):
        with pytest.raises(InputError, match=r"level=.* is out of range; it must be above 0 and below 1"):
            call()


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="frame lacks column 'cases'; it has 'n'"):
        prevalence(pd.DataFrame({"n": [3]}))
    with pytest.raises(InputError, match="draws lacks column 'recovered'; it has 'month'"):
        summarize(pd.DataFrame({"month": [1]}), by="month")


@pytest.mark.parametrize(("cases", "n"), [(3, 2), (-1, 5), (0, 0)])
def test_impossible_counts_are_refused_with_their_row(cases, n):
    frame = counts([1, cases], [5, n]).set_index(pd.Index(["good", "bad"]))
    with pytest.raises(
        InputError, match=rf"frame row 'bad': cases={cases} and n={n}; needed is 0 <= cases <= n, n > 0"
    ):
        prevalence(frame)


# -- summarize -------------------------------------------------------------------------------------------------------


def test_draws_are_summarised_by_hand():
    # 0 to 10: the median is 5, 80 % of the draws lie between 1 and 9
    draws = pd.DataFrame({"month": [3] * 11, "recovered": range(11)})
    got = summarize(draws, by="month")
    assert got.columns.tolist() == ["month", "estimate", "lower", "upper", "n"]
    assert got.to_numpy().tolist() == [pytest.approx([3, 5, 1, 9, 11])]


def test_summaries_are_the_percentiles_of_each_group_by_rs_default_rule():
    rng = np.random.default_rng(1)
    draws = pd.DataFrame(
        {"who": rng.choice(["b", "a"], 500), "month": rng.choice([6, 1, 12], 500), "x": rng.random(500)}
    )
    got = summarize(draws, by=["who", "month"], value="x", level=0.9)
    assert got[["who", "month"]].to_numpy().tolist() == [[w, m] for w in "ab" for m in (1, 6, 12)]
    for row in got.itertuples():
        own = draws.loc[(draws["who"] == row.who) & (draws["month"] == row.month), "x"]
        expected = np.quantile(own, [0.5, 0.05, 0.95])  # linear between order statistics: type 7
        assert [row.estimate, row.lower, row.upper] == pytest.approx(expected, abs=1e-12)
        assert row.n == len(own)


@STEADY
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=50), level=st.floats(0.01, 0.98))
def test_a_wider_level_of_the_draws_contains_the_narrower(values, level):
    draws = pd.DataFrame({"month": 1, "recovered": values})
    before = draws.copy(deep=True)
    narrow, wide = (summarize(draws, by="month", level=one).iloc[0] for one in (level, level + 0.01))
    assert wide["lower"] <= narrow["lower"] <= narrow["estimate"] <= narrow["upper"] <= wide["upper"]
    assert min(values) <= wide["lower"]
    assert wide["upper"] <= max(values)
    pd.testing.assert_frame_equal(draws, before)


def test_the_order_of_draws_does_not_matter():
    draws = pd.DataFrame({"month": [1, 2] * 50, "recovered": np.random.default_rng(3).random(100)})
    pd.testing.assert_frame_equal(summarize(draws.iloc[::-1], by="month"), summarize(draws, by="month"))
