"""Pooling: by hand, against metafor, what must always hold, and whether the intervals cover."""

import json
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

import b12analysis as b12
from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.pooling import MODELS, elsewhere, independent, leave_one_out, pool, subgroup_difference
from b12analysis.pooling.models import log_likelihood

METAFOR = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text())

#: What may lie between us and metafor: of estimates and limits, of tau2, of I2; all relative. The worst observed are in
#: reference/README.md. DL is a closed formula. metafor stops REML and PM once a step is small; we go on to 1e-12. The
#: GLMM's maximum and Hessian are searched numerically by both; metafor's 25 nodes are too few where tau is 4 ("mixed").
ALLOWED = {
    "DL": (1e-12, 1e-12, 1e-12),
    "REML": (1e-7, 5e-7, 5e-7),
    "PM": (1e-4, 1e-4, 1e-4),
    "GLMM": (1e-3, 2e-4, 1e-4),
}
#: What the issue asks for, absolute, on its own two data sets.
ASKED = {"REML": 1e-6, "DL": 1e-6, "PM": 1e-4, "GLMM": 1e-4}
#: 1.96 to seven digits, as a hand calculation needs it.
Z = 1.959964
#: Hand calculations are carried to four digits.
BY_HAND = 1e-4
LIMITS = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=60)


def counts(cases, n, **columns):
    return pd.DataFrame({"cases": cases, "n": n} | columns)


def printed(percent, lower, upper, n=None, **columns):
    row = {"reported_percent": percent, "reported_lower_percent": lower, "reported_upper_percent": upper, "n": n}
    return pd.DataFrame([row | {"interval": "ci95"} | columns]).astype(dict.fromkeys(row, "Float64"))


@st.composite
def tables(draw, largest=400, smallest=1, rows=6):
    people = draw(st.lists(st.integers(smallest, largest), min_size=2, max_size=rows))
    return counts([draw(st.integers(0, n)) for n in people], people)


def has_glmm(frame):
    """Whether the binomial-normal likelihood has a maximum: not where studies are all or nothing, and both occur."""
    none, everybody = frame["cases"] == 0, frame["cases"] == frame["n"]
    return none.all() or everybody.all() or not (none | everybody).all()


# -- independent -----------------------------------------------------------------------------------------------------


def test_one_row_per_cohort_is_the_one_with_most_people_in_the_order_given():
    rows = counts([1, 5, 2, 9], [10, 50, 20, 40], cohort=["a", "a", "b", "a"])
    assert independent(prevalence(rows)).index.tolist() == [1, 2]


def test_rows_without_an_estimate_never_stand_for_their_cohort():
    rows = counts([pd.NA, 5], [5000, 50], cohort=["a", "a"]).astype({"cases": "Int64"})
    assert independent(prevalence(rows)).index.tolist() == [1]


def test_the_printed_effective_n_counts_where_n_is_not_printed():
    rows = pd.concat([printed(50, 45, 55, cohort="a"), printed(50, 40, 60, cohort="a")], ignore_index=True)
    assert independent(prevalence(rows)).index.tolist() == [0]


def test_the_published_surveys_become_independent():
    known = prevalence(load("surveys"))
    once = independent(known)
    assert once["cohort"].is_unique
    assert set(once["cohort"]) == set(known.loc[known["estimate"].notna(), "cohort"])


# -- pool: by hand ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["reml", "dl", "pm"])
@pytest.mark.parametrize("ci", ["z", "hk", "t"])
def test_two_mirrored_studies_by_hand(model, ci):
    # 10 and 90 of 100: logits -ln 9 and ln 9, both with variance 1/10 + 1/90 = 1/9, so the mean is 0, that is one half.
    # Q = 2 * 9 * (ln 9)², tau2 = (Q - 1) / 9 = 2 (ln 9)² - 1/9, and the standard error of the mean is ln 9 either way.
    log9 = np.log(9)
    row = pool(prevalence(counts([10, 90], [100, 100])), model=model, ci=ci).iloc[0]
    factor = Z if ci == "z" else 12.7062  # t on one degree of freedom
    tau2 = 2 * log9**2 - 1 / 9
    assert row["k"] == 2
    assert row["estimate"] == pytest.approx(0.5, abs=1e-12)
    assert row["tau2"] == pytest.approx(tau2, rel=1e-9)
    assert row["lower"] == pytest.approx(expit(-factor * log9), rel=BY_HAND)
    assert row["upper"] == pytest.approx(expit(factor * log9), rel=BY_HAND)
    assert row["prediction_lower"] == pytest.approx(expit(-factor * np.sqrt(tau2 + log9**2)), rel=3 * BY_HAND)
    assert row["i2"] == pytest.approx(100 * (1 - 1 / (18 * log9**2)), rel=1e-9)


def test_a_glmm_without_spread_is_the_pooled_binomial_by_hand():
    # 10 of 100 and 20 of 200: tau2 = 0; logit ln(30 / 270) = -2.1972, standard error sqrt(1/30 + 1/270) = 0.19245
    row = pool(counts([10, 20], [100, 200]), model="glmm", ci="z").iloc[0]
    assert row["tau2"] == 0
    assert row["estimate"] == pytest.approx(0.1, abs=1e-7)
    assert row["lower"] == pytest.approx(expit(-2.1972 - 1.96 * 0.19245), rel=BY_HAND)
    assert row[["prediction_lower", "prediction_upper"]].tolist() == row[["lower", "upper"]].tolist()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("ci", ["z", "hk", "t"])
def test_one_study_returns_its_own_logit_interval(model, ci):
    # 50 of 100: logit 0, standard error sqrt(1/50 + 1/50) = 0.2, limits expit(-0.392) and expit(0.392)
    row = pool(counts([50], [100]), model=model, ci=ci).iloc[0]
    assert row["k"] == 1
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx([0.5, 0.4032, 0.5968], abs=BY_HAND)
    assert row[["tau2", "i2", "prediction_lower", "prediction_upper"]].isna().all()


@pytest.mark.parametrize("ci", ["z", "hk", "t"])
@pytest.mark.parametrize("model", ["reml", "pm", "dl"])
@pytest.mark.parametrize(
    ("cases", "n"), [([0, 0, 0], [10, 20, 40]), ([0, 0], [50, 50]), ([0, 0, 0], [10, 1000, 10**5])]
)
def test_studies_without_any_case_and_their_mirror_are_pooled_without_spread(model, ci, cases, n):
    row = pool(counts(cases, n), model=model, ci=ci).iloc[0]
    assert 0 < row["lower"] < row["estimate"] < row["upper"] < 1
    assert row["estimate"] < 0.05
    assert row["tau2"] == row["i2"] == 0
    mirrored = pool(counts(n, n), model=model, ci=ci).iloc[0]
    assert mirrored[["estimate", "lower", "upper"]].tolist() == pytest.approx(
        (1 - row[["estimate", "upper", "lower"]]).tolist()
    )


@pytest.mark.parametrize("ci", ["z", "hk", "t"])
def test_the_glmm_of_studies_without_any_case_is_exact(ci):
    # nobody of 70: 1 - 0.025 ** (1 / 70) = 1 - exp(-3.688879 / 70) = 0.05134
    row = pool(counts([0, 0, 0], [10, 20, 40]), model="glmm", ci=ci).iloc[0]
    assert row[["estimate", "lower", "prediction_lower", "tau2", "i2"]].tolist() == [0] * 5
    assert row[["upper", "prediction_upper"]].tolist() == pytest.approx([0.05134] * 2, abs=1e-5)
    everybody = pool(counts([10, 20, 40], [10, 20, 40]), model="glmm", ci=ci).iloc[0]
    assert everybody[["estimate", "upper", "prediction_upper"]].tolist() == [1] * 3
    assert everybody["lower"] == pytest.approx(1 - row["upper"])


def test_a_glmm_of_all_or_nothing_is_refused():
    with pytest.raises(InputError, match="model='glmm' has no maximum: in each study nobody or everybody is affected"):
        pool(counts([0, 20], [10, 20]), model="glmm")
    assert pool(counts([0, 20], [10, 20]))["tau2"].iloc[0] > 0


def test_half_a_case_is_added_only_where_there_is_none():
    # 0 of 10 becomes 0.5 of 11
    assert pool(prevalence(counts([0], [10])))["estimate"].iloc[0] == pytest.approx(0.5 / 11)
    assert pool(prevalence(counts([1], [10])))["estimate"].iloc[0] == pytest.approx(1 / 10)


@pytest.mark.parametrize("model", MODELS)
def test_counts_are_pooled_as_their_prevalences(model):
    frame = counts([5, 30, 7], [100, 150, 70]).astype("Int64")
    pd.testing.assert_frame_equal(pool(frame, model=model), pool(prevalence(frame), model=model))


def test_survey_rows_weigh_by_their_interval_and_not_by_their_counts():
    # 300 of 1,000 unweighted, but 20 % weighted, with a logit interval worth 200 people
    half = Z / np.sqrt(200 * 0.2 * 0.8)
    survey = {"cases": 300, "n": 1000, "estimate": 0.2}
    rows = pd.DataFrame([survey | {"lower": expit(logit(0.2) - half), "upper": expit(logit(0.2) + half)}])
    got, expected = pool(rows).iloc[0], pool(counts([40], [200])).iloc[0]
    assert got[["estimate", "lower", "upper"]].tolist() == pytest.approx(
        expected[["estimate", "lower", "upper"]].tolist(), rel=1e-6
    )


def test_a_survey_with_a_wide_printed_interval_weighs_as_little_as_it_should():
    precise = prevalence(counts([100], [1000]))
    clustered = prevalence(printed(30, 10, 50, 1000))
    both = pool(pd.concat([precise, clustered], ignore_index=True), model="dl")["estimate"].iloc[0]
    alike = pool(prevalence(counts([100, 300], [1000, 1000])), model="dl")["estimate"].iloc[0]
    assert 0.1 < both < alike


# -- pool: against metafor -------------------------------------------------------------------------------------------


def studies_of(dataset, data):
    return pd.DataFrame([row for row in data if row["dataset"] == dataset])[["cases", "n"]]


def ours(row, data):
    ci = {"knha": "hk"}.get(row["test"], row["test"])
    return pool(studies_of(row["dataset"], data), model=row["method"].lower(), ci=ci).iloc[0]


@pytest.mark.parametrize("row", METAFOR["results"], ids=lambda row: f"{row['dataset']}-{row['method']}-{row['test']}")
def test_pooling_agrees_with_metafor(row):
    got, (limits, tau2, i2) = ours(row, METAFOR["data"]), ALLOWED[row["method"]]
    assert got["k"] == row["k"]
    for name in LIMITS:
        assert got[name] == pytest.approx(row[name], rel=limits), name
    assert got["tau2"] == pytest.approx(row["tau2"], rel=tau2, abs=1e-9)
    assert got["i2"] == pytest.approx(row["I2"], rel=i2, abs=1e-7)


def test_pooling_agrees_with_every_row_of_the_developers_reference(shared):
    data = pd.read_csv(shared / "reference" / "metafor_data.csv").to_dict("records")
    results = pd.read_csv(shared / "reference" / "metafor_r.csv").rename(columns={"model": "method", "ci": "test"})
    results = results[results["method"] != "ML"]
    assert len(results) == 14
    for row in results.to_dict("records"):
        got = ours(row, data)
        for name in (*LIMITS, "tau2"):
            assert got[name] == pytest.approx(row[name], abs=ASKED[row["method"]]), (row, name)
        assert got["i2"] / 100 == pytest.approx(row["I2"] / 100, abs=ASKED[row["method"]])


# -- pool: the binomial-normal likelihood ----------------------------------------------------------------------------


def finely(mean, tau, cases, others):
    """The same log likelihood by the trapezoid rule on a fine grid; slow and plain."""
    u, total = np.linspace(-20, 20, 400_001), 0.0
    for x, o in zip(cases, others, strict=True):
        eta = mean + tau * u
        log_joint = x * eta - (x + o) * np.logaddexp(0, eta) - u**2 / 2
        total += log_joint.max() + np.log(np.trapezoid(np.exp(log_joint - log_joint.max()), u) / np.sqrt(2 * np.pi))
    return total


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.8, 3.0, 8.0])
def test_the_integrals_of_the_glmm_are_exact(tau):
    cases, others = np.array([0, 3, 0, 7.5, 12, 1000]), np.array([10, 7, 200, 0, 100, 9000.0])
    got = log_likelihood(-1.0, tau, cases, others)[0]
    assert got == pytest.approx(finely(-1.0, tau, cases, others), abs=1e-8)  # worst observed 7e-12


@STEADY
@given(frame=tables(), mean=st.floats(-4, 4), tau=st.floats(0.05, 3))
def test_the_slope_and_the_hessian_are_those_of_the_likelihood(frame, mean, tau):
    cases, others = frame["cases"].to_numpy(float), (frame["n"] - frame["cases"]).to_numpy(float)
    _, slope, hessian = log_likelihood(mean, tau, cases, others)
    for place, step in enumerate(np.eye(2) * 1e-4):
        above, below = (
            log_likelihood(mean + sign * step[0], tau + sign * step[1], cases, others)[:2] for sign in (1, -1)
        )
        assert (above[0] - below[0]) / 2e-4 == pytest.approx(slope[place], rel=1e-4, abs=1e-3)  # differences cancel
        assert (above[1] - below[1]) / 2e-4 == pytest.approx(hessian[place], rel=1e-4, abs=1e-3)


@STEADY
@given(frame=tables())
def test_no_other_mean_and_tau_are_likelier_than_the_glmms(frame):
    assume(has_glmm(frame) and 0 < frame["cases"].sum() < frame["n"].sum())
    cases, others = frame["cases"].to_numpy(float), (frame["n"] - frame["cases"]).to_numpy(float)
    row = pool(frame, model="glmm").iloc[0]
    mean, tau = logit(row["estimate"]), np.sqrt(row["tau2"])
    best = log_likelihood(mean, tau, cases, others)[0]
    for other_mean in (mean - 1, mean - 0.01, mean, mean + 0.01, mean + 1):
        for other_tau in (0.0, tau / 2, tau + 0.01, tau + 0.5, 2 * tau + 1):
            assert log_likelihood(other_mean, other_tau, cases, others)[0] <= best + 1e-7  # the search stops there


def test_effective_cases_of_the_glmm_are_not_rounded():
    studies = pd.DataFrame({"estimate": [0.05, 0.2, 0.1], "effective_n": [50.5, 33.3, 81.9]})
    whole = counts((studies["estimate"] * studies["effective_n"]).round(), studies["effective_n"].round())
    got, rounded = pool(studies, model="glmm").iloc[0], pool(whole, model="glmm").iloc[0]
    assert got["estimate"] != pytest.approx(rounded["estimate"], rel=1e-3)
    assert got["estimate"] == pytest.approx(rounded["estimate"], rel=0.2)


# -- pool: invariants ------------------------------------------------------------------------------------------------


def restricted_likelihood(tau2, studies):
    """Of the between-study variance, written down once more, as in Viechtbauer 2005, equation 6."""
    cases, others = (
        (studies["estimate"] * studies["n"]).to_numpy(),
        ((1 - studies["estimate"]) * studies["n"]).to_numpy(),
    )
    add = 0.5 * ((cases == 0) | (others == 0))
    y, v = np.log((cases + add) / (others + add)), 1 / (cases + add) + 1 / (others + add)
    w = 1 / (v + tau2)
    rest = y - np.sum(w * y) / np.sum(w)
    return -0.5 * (np.sum(np.log(v + tau2)) + np.log(np.sum(w)) + np.sum(w * rest**2))


@STEADY
@given(frame=tables(smallest=20, largest=2000))
def test_no_neighbouring_tau2_is_likelier_than_the_reml_one(frame):
    assume(0 < frame["cases"].sum() < frame["n"].sum())  # else tau2 is 0 by rule: half cases have no spread
    studies = prevalence(frame)
    tau2 = pool(studies)["tau2"].iloc[0]
    best = restricted_likelihood(tau2, studies)
    for other in (tau2 * 0.99, tau2 * 1.01, tau2 + 1e-4, max(0, tau2 - 1e-4)):
        assert restricted_likelihood(other, studies) <= best + 1e-9  # rounding of the sums


@pytest.mark.parametrize(
    ("cases", "n"),
    [
        ([0, 0, 0, 0, 0, 0, 3], [9, 9, 6, 3, 6, 6, 8]),
        ([0, 0, 1, 0, 0, 0, 5, 0], [2, 3, 8, 8, 4, 1, 8, 2]),
        ([0, 0, 0, 0, 0, 0, 4, 0, 0, 0], [9, 9, 5, 9, 5, 8, 7, 5, 3, 1]),
        ([0, 0, 0, 4, 0, 0, 0, 0], [7, 4, 3, 7, 9, 9, 8, 6]),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 7], [2, 7, 7, 1, 4, 1, 2, 7, 1, 9]),
    ],
)
def test_small_studies_with_one_outlier_converge(cases, n):
    studies = prevalence(counts(cases, n))
    tau2 = pool(studies)["tau2"].iloc[0]
    grid = [restricted_likelihood(other, studies) for other in np.linspace(0, 10, 2001)]
    assert restricted_likelihood(tau2, studies) >= max(grid) - 1e-6  # steps of the grid


OPTIONS = {"model": st.sampled_from(MODELS), "ci": st.sampled_from(["hk", "z", "t"])}


@STEADY
@given(frame=tables(smallest=20), **OPTIONS)
def test_a_pooled_estimate_lies_between_its_limits_and_among_the_studies(frame, model, ci):
    assume(model != "glmm" or has_glmm(frame))
    before = frame.copy(deep=True)
    studies = prevalence(frame)
    row = pool(studies, model=model, ci=ci).iloc[0]
    assert (
        0 <= row["prediction_lower"] <= row["lower"] <= row["estimate"] <= row["upper"] <= row["prediction_upper"] <= 1
    )
    assert row["tau2"] >= 0
    assert 0 <= row["i2"] < 100
    if model != "glmm":  # whose mean logit may lie outside: nobody affected in half of the studies has no limit
        nearest = 0.5 / (frame["n"].min() + 1)  # what adding half a case can do
        assert studies["estimate"].min() - 1e-12 <= row["estimate"] + nearest
        assert row["estimate"] - nearest <= studies["estimate"].max() + 1e-12
    pd.testing.assert_frame_equal(frame, before)


@STEADY
@given(frame=tables(smallest=20), level=st.floats(0.5, 0.98), **OPTIONS)
def test_a_wider_level_contains_the_narrower_when_pooled(frame, level, model, ci):
    assume(model != "glmm" or has_glmm(frame))
    narrow, wide = (pool(frame, model=model, ci=ci, level=one).iloc[0] for one in (level, level + 0.01))
    for part in ("", "prediction_"):
        assert wide[f"{part}lower"] <= narrow[f"{part}lower"]
        assert wide[f"{part}upper"] >= narrow[f"{part}upper"]


@STEADY
@given(frame=tables(smallest=20), model=st.sampled_from(MODELS))
def test_students_t_is_never_narrower_than_the_normal_interval(frame, model):
    assume(model != "glmm" or has_glmm(frame))
    normal, student = (pool(frame, model=model, ci=ci).iloc[0] for ci in ("z", "t"))
    assert student["lower"] <= normal["lower"]
    assert student["upper"] >= normal["upper"]
    assert student["estimate"] == normal["estimate"]


@STEADY
@given(n=st.integers(1, 5000), share=st.floats(0, 1), copies=st.integers(2, 9), **OPTIONS)
def test_copies_of_one_study_keep_its_estimate(n, share, copies, model, ci):
    cases = round(share * n)
    assume(model != "glmm" or 0 < cases < n)  # else it is exact, and has no half case
    alone = pool(counts([cases], [n])).iloc[0]
    row = pool(counts([cases] * copies, [n] * copies), model=model, ci=ci).iloc[0]
    assert row["estimate"] == pytest.approx(alone["estimate"], rel=1e-6)  # a mean of equal logits
    assert row["tau2"] == pytest.approx(0, abs=1e-9)
    assert row["i2"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_copies_of_one_study_narrow_the_normal_interval_by_the_root_of_their_number(model):
    # four copies of 50 of 100: standard error 0.2 / 2
    row = pool(counts([50] * 4, [100] * 4), ci="z", model=model).iloc[0]
    assert row["upper"] == pytest.approx(expit(Z * 0.1), abs=1e-7)  # seven digits of 1.96


@STEADY
@given(frame=tables(smallest=20), **OPTIONS)
def test_the_order_of_studies_does_not_matter(frame, model, ci):
    assume(model != "glmm" or has_glmm(frame))
    forwards, backwards = (pool(rows, model=model, ci=ci).to_numpy(float)[0] for rows in (frame, frame.iloc[::-1]))
    rounding = 1e-5 if model == "glmm" else 1e-7  # where the search stops; sums round in their order
    assert backwards == pytest.approx(forwards, rel=rounding, abs=rounding / 100)


@STEADY
@given(frame=tables(smallest=20), **OPTIONS)
def test_the_unaffected_pool_to_the_mirrored_estimate(frame, model, ci):
    assume(model != "glmm" or has_glmm(frame))
    row = pool(frame, model=model, ci=ci).iloc[0]
    mirrored = pool(frame.assign(cases=frame["n"] - frame["cases"]), model=model, ci=ci).iloc[0]
    for name, other in [("estimate", "estimate"), ("lower", "upper"), ("prediction_upper", "prediction_lower")]:
        assert mirrored[name] == pytest.approx(1 - row[other], abs=1e-6)  # the roots are found from two sides


# -- pool: does it cover? --------------------------------------------------------------------------------------------

#: Per cent of 300 intervals that held the truth, by number of studies, as the issue gives them. It names no study
#: sizes; ours are from 100 to 1,000 people, evenly. 50 to 500 and 200 to 2,000 give the same within chance.
ISSUE = {("glmm", "z"): [73, 79, 86], ("reml", "hk"): [95, 93, 93]}
TRUTH, TAU, SIZES, KS = 0.06, 0.8, (100, 1000), (3, 5, 10)


def coverage(model, ci, runs, ks=KS, seed=1):
    """Share of simulated reviews whose interval holds the true prevalence, for each number of studies."""
    rng, reviews = np.random.default_rng(seed), []
    for k in ks:
        n = rng.integers(SIZES[0], SIZES[1] + 1, (runs, k))
        cases = rng.binomial(n, expit(logit(TRUTH) + TAU * rng.standard_normal((runs, k))))
        reviews.append(counts(cases.ravel(), n.ravel(), review=np.repeat(np.arange(runs), k), of=k))
    pooled = pool(pd.concat(reviews, ignore_index=True), by=["of", "review"], model=model, ci=ci)
    return pooled["lower"].le(TRUTH).mul(pooled["upper"].ge(TRUTH)).groupby(pooled["of"]).mean().to_numpy()


def test_the_default_covers():
    # of 300 intervals that cover 95 %, three standard errors (1.26 points each) below is 91.2 %
    assert (coverage("reml", "hk", 300) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 300)).all()


def test_the_normal_interval_of_three_studies_does_not():
    # the same 60 reviews; where 74 % are covered, more than 90 % of 60 would be nearly three standard errors away
    (default,), (normal,) = (coverage(model, ci, 60, ks=[3]) for model, ci in (("reml", "hk"), ("glmm", "z")))
    assert normal < 0.9 <= default


@pytest.mark.slow
@pytest.mark.parametrize(("model", "ci"), ISSUE)
def test_coverage_is_that_of_the_issue(model, ci):
    # both are shares of 300, so their difference has a standard error of sqrt(2 p (1 - p) / 300): 3.6 points at 73 %
    # and 1.8 at 95 %; three of them are allowed
    expected = np.array(ISSUE[model, ci]) / 100
    assert (np.abs(coverage(model, ci, 300) - expected) < 3 * np.sqrt(2 * expected * (1 - expected) / 300)).all()


# -- leave one out, subgroups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_leaving_one_out_pools_the_others(model):
    got = leave_one_out(labelled().drop(columns="definition"), model=model, ci="z", level=0.9)
    assert got.columns.tolist() == ["left_out", *pool(labelled().iloc[:1]).columns]
    assert got["left_out"].tolist() == [0, 1, 2, 3]
    for place in range(4):
        others = labelled().drop(columns="definition").drop(index=place)
        expected = pool(others, model=model, ci="z", level=0.9)
        pd.testing.assert_frame_equal(got.iloc[[place], 1:].reset_index(drop=True), expected)


def test_leaving_one_out_agrees_with_metafor():
    # rma(measure="PLO", xi=c(5, 30, 50), ni=c(100, 150, 100), test="knha"); leave1out(fit, transf=transf.ilogit)
    got = leave_one_out(counts([5, 30, 50], [100, 150, 100]))
    assert got["estimate"].tolist() == pytest.approx([0.3335, 0.1910, 0.1080], abs=5e-5)  # as printed
    assert got["tau2"].tolist() == pytest.approx([0.9201, 4.2096, 1.0878], abs=5e-5)
    assert got["i2"].tolist() == pytest.approx([95.7505, 97.1103, 89.6123], abs=5e-5)


def test_the_study_left_out_is_named_by_its_id_or_its_index():
    rows = counts([5, 30], [100, 150]).set_index(pd.Index(["x", "y"]))
    assert leave_one_out(rows)["left_out"].tolist() == ["x", "y"]
    assert leave_one_out(rows.assign(id=["A1", "A2"]))["left_out"].tolist() == ["A1", "A2"]
    assert leave_one_out(rows)["k"].tolist() == [1, 1]


def test_leaving_one_out_refuses_what_pooling_refuses_and_one_study():
    with pytest.raises(InputError, match="mixes definitions"):
        leave_one_out(labelled())
    with pytest.raises(InputError, match="counted twice"):
        leave_one_out(labelled().assign(definition="x", cohort="p"))
    with pytest.raises(InputError, match="model='ml' is not known"):
        leave_one_out(labelled(), model="ml")
    with pytest.raises(InputError, match="studies has one row; leaving one out needs at least two"):
        leave_one_out(counts([5], [100]))


def test_leaving_one_of_fifty_out_takes_well_below_a_second():
    rng = np.random.default_rng(1)
    n = rng.integers(100, 1000, 50)
    studies = counts(rng.binomial(n, expit(rng.normal(-2.5, 0.8, 50))), n)
    leave_one_out(studies.iloc[:3])  # imports
    times = []
    for _ in range(3):
        start = perf_counter()
        leave_one_out(studies)
        times.append(perf_counter() - start)
    assert min(times) < 0.5  # observed 0.03 s


def test_the_difference_of_subgroups_by_hand():
    # one study each, 20 of 100 and 40 of 100: logits -1.38629 and -0.40547, variances 1/20 + 1/80 = 0.0625 and
    # 1/40 + 1/60 = 0.041667; Q = 0.98083² / 0.104167 = 9.2354, on one degree of freedom p = 0.0023737
    got = subgroup_difference(counts([20, 40], [100, 100], who=["a", "b"]), by="who")
    assert got.columns.tolist() == ["groups", "q", "df", "p"]
    assert got.to_numpy()[0] == pytest.approx([2, 9.2354, 1, 0.0023737], rel=BY_HAND)


def test_the_difference_of_subgroups_agrees_with_metafor():
    # two fits of rma(measure="PLO"), then rma(estimates, sei=errors, mods=~group, method="FE"): QM and QMp
    studies = counts([5, 30, 50, 45], [100, 150, 100, 80], who=["a", "a", "b", "b"])
    got = subgroup_difference(studies, by="who").iloc[0]
    assert got[["q", "p"]].tolist() == pytest.approx([7.881346679191, 0.004994727309], rel=1e-9)


@STEADY
@given(frame=tables(smallest=20), model=st.sampled_from(["reml", "pm", "dl"]))
def test_a_group_does_not_differ_from_its_copy(frame, model):
    twice = pd.concat([frame.assign(who="a"), frame.assign(who="b")])
    got = subgroup_difference(twice, by=["who"], model=model).iloc[0]
    assert got["q"] == pytest.approx(0, abs=1e-9)
    assert got["p"] == pytest.approx(1, abs=1e-4)


def test_one_group_has_nothing_to_differ_from():
    with pytest.raises(InputError, match="studies has one group of who; a difference needs at least two"):
        subgroup_difference(counts([5, 30], [100, 150], who="a"), by="who")


# -- pool: groups and errors -----------------------------------------------------------------------------------------


def labelled():
    frame = counts([5, 30, 7, 8], [100, 150, 70, 90], country=["b", "b", "a", "a"], cohort=["p", "q", "r", "s"])
    return prevalence(frame.assign(definition=["x", "x", "y", "y"]))


def test_groups_are_pooled_as_if_each_were_alone():
    together = pool(labelled(), by="country")
    assert together["country"].tolist() == ["a", "b"]
    assert together["k"].tolist() == [2, 2]
    assert together["k"].dtype.kind == "i"
    for place, country in enumerate(["a", "b"]):
        alone = pool(labelled()[labelled()["country"] == country])
        pd.testing.assert_frame_equal(together.iloc[[place], 1:].reset_index(drop=True), alone)
    pd.testing.assert_frame_equal(pool(labelled(), by=["country"]), together)


def test_the_columns_of_a_pooled_table_are_the_documented_ones():
    expected = ["k", "estimate", "lower", "upper", "prediction_lower", "prediction_upper", "tau2", "i2"]
    assert pool(labelled().iloc[:2]).columns.tolist() == expected
    assert pool(labelled(), by=["country", "definition"]).columns.tolist() == ["country", "definition", *expected]


def test_two_rows_of_one_cohort_are_refused():
    with pytest.raises(InputError, match="more than one row of cohort 'p': the people would be counted twice"):
        pool(labelled().assign(cohort="p"), by="definition")
    pool(labelled().assign(cohort=["p", "q", "p", "q"]), by="definition")  # once in each group is no overlap


def test_mixed_definitions_are_refused_unless_pooled_apart():
    with pytest.raises(
        InputError, match="studies mixes definitions 'x', 'y': pool them one by one, or by='definition'"
    ):
        pool(labelled())
    assert pool(labelled(), by="definition")["k"].tolist() == [2, 2]


def test_missing_cohorts_and_definitions_do_not_clash():
    rows = labelled().assign(cohort=pd.Series([pd.NA] * 4, dtype="string"), definition=pd.NA)
    assert pool(rows)["k"].tolist() == [4]


def test_rows_without_an_estimate_are_refused_with_their_row():
    rows = prevalence(counts([1, pd.NA], [5, 5]).astype("Int64").set_index(pd.Index(["here", "gone"])))
    with pytest.raises(InputError, match="studies row 'gone' has no estimate; drop rows without an interval"):
        pool(rows)


def test_nothing_cannot_be_pooled():
    with pytest.raises(InputError, match="studies is empty; pooling needs at least one row"):
        pool(labelled().iloc[:0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"model": "REML"},
            r"model='REML' is not known \(did you mean 'reml'\?\); choose one of 'reml', 'glmm', 'pm', 'dl'",
        ),
        ({"ci": "knha"}, "ci='knha' is not known; choose one of 'hk', 'z', 't'"),
        ({"level": 95}, "level=95 is out of range"),
    ],
)
def test_unknown_options_are_refused_with_the_choices(options, message):
    with pytest.raises(InputError, match=message):
        pool(labelled().iloc[:2], **options)


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        (pd.DataFrame({"estimate": [0.5]}), "studies lacks column 'effective_n'; it has 'estimate'"),
        (pd.DataFrame({"n": [5]}), "studies lacks column 'cases'; it has 'n'"),
        (counts(["few"], [2]), "studies column 'cases' holds what is not a number"),
        (counts([3], [2]), "studies row 0: cases=3 and n=2; needed is 0 <= cases <= n, n > 0"),
        (
            pd.DataFrame({"estimate": [6.6], "effective_n": [100]}),
            "studies row '0' has an estimate that is no share of people, 0 to 1",
        ),
        (
            pd.DataFrame({"estimate": [0.1], "lower": [0.1], "upper": [0.1]}),
            "studies row '0' has no usable effective_n; it must be above 0 and finite",
        ),
    ],
)
def test_tables_that_cannot_be_pooled_are_refused(studies, message):
    with pytest.raises(InputError, match=message):
        pool(studies)


def test_a_missing_column_to_group_by_is_named():
    with pytest.raises(InputError, match="studies lacks column 'country'"):
        pool(counts([1], [2]), by="country")
    with pytest.raises(InputError, match="studies lacks column 'cohort'"):
        independent(prevalence(counts([1], [2])))


def test_studies_without_a_value_to_group_by_are_a_group_of_their_own():
    got = pool(counts([5, 30, 7], [100, 150, 70], country=["a", None, None]), by="country")
    assert got["k"].tolist() == [1, 2]
    assert got["country"].isna().tolist() == [False, True]


def test_pooling_is_reached_in_its_own_room():
    assert b12.pool is pool
    assert b12.pooling.leave_one_out is leave_one_out
    assert not hasattr(b12.estimates, "independent")


def test_two_indicators_of_the_same_people_are_refused():
    rows = pd.DataFrame({"indicator": ["b12_148", "b12_221"], "cases": [5, 20], "n": [200, 200]})
    with pytest.raises(InputError, match="studies mixes indicators 'b12_148', 'b12_221'"):
        pool(rows)
    assert len(pool(rows, by="indicator")) == 2


def test_rows_without_a_cohort_are_all_kept_and_labels_may_occur_twice():
    rows = pd.DataFrame({"cohort": ["a", None, None], "cases": [1, 2, 3], "n": [10, 20, 30]})
    assert len(independent(prevalence(rows))) == 3
    twice = pd.DataFrame({"cohort": ["a", "a", "b"], "cases": [1, 2, 3], "n": [10, 20, 30]}, index=[0, 0, 1])
    assert independent(prevalence(twice))["n"].tolist() == [20, 30]


def test_an_estimate_of_nothing_says_nothing_of_another_population():
    none = pd.DataFrame({"estimate": [0.0], "lower": [0.0], "upper": [0.1]})
    with pytest.raises(InputError, match="no place on the logit scale"):
        elsewhere(none, pd.Series({"k": 7, "tau2": 1.0}))
