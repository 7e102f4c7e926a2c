"""True prevalence: by hand, against published examples, against R, and how often the interval holds the truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.truth import true_prevalence

REFERENCE = json.loads((Path(__file__).parent / "reference" / "truth.json").read_text())

STEADY = settings(derandomize=True, deadline=None, max_examples=40)
#: The apparent prevalence enters through its limits, in R through two beta distributions: worst 0.0021.
MELDED_IN_R = 0.003
#: Limits are quantiles of 2,000 or more draws, evenly spread: a tenth of a percentage point.
QUANTILE_OF_DRAWS = 0.001


def apparent(estimate=0.15, lower=0.12, upper=0.19, **columns):
    return pd.DataFrame([{"estimate": estimate, "lower": lower, "upper": upper} | columns])


def counted(cases, n, method="exact"):
    return prevalence(pd.DataFrame({"cases": [cases], "n": [n]}), method=method)


def true(frame, sensitivity=1.0, specificity=1.0, **options):
    return true_prevalence(
        frame, sensitivity=sensitivity, specificity=specificity, **({"draws": 2000, "rng": 1} | options)
    )


def limits(frame):
    return frame[["lower", "upper"]].to_numpy()[0]


# -- by hand, and as published ---------------------------------------------------------------------------------------


def test_a_known_test_moves_the_estimate_and_its_limits_by_the_formula():
    # 15 % positive, 10 % of the healthy are: (0.15 - 0.1) / (0.8 - 0.1); the limits 0.12 and 0.19 likewise
    result = true(apparent(), 0.8, 0.9).iloc[0]
    assert result["estimate"] == pytest.approx(0.05 / 0.7, abs=1e-12)
    assert (result["lower"], result["upper"]) == pytest.approx((0.02 / 0.7, 0.09 / 0.7), abs=QUANTILE_OF_DRAWS)
    assert pd.isna(result["note"])


@pytest.mark.parametrize("example", REFERENCE["epir"])
def test_examples_of_epir(example):
    result = true(counted(example["cases"], example["n"]), example["sensitivity"], example["specificity"])
    found = 100 * result[["estimate", "lower", "upper"]].to_numpy()[0]
    assert [f"{part:.2g}" for part in found] == [f"{part:g}" for part in example["percent"]]


@pytest.mark.parametrize("example", REFERENCE["lang_reiczigel"])
def test_examples_of_lang_and_reiczigel(example):
    result = true(counted(example["cases"], example["n"]), example["sensitivity"], example["specificity"], draws=20_000)
    assert limits(result) == pytest.approx(example["melded"], abs=MELDED_IN_R)
    # another method: its interval is approximate, ours holds at least its level; they overlap nearly wholly
    published = np.array([example["lower"], example["upper"]])
    assert np.abs(limits(result) - published).max() < 0.03
    assert published[0] - 0.002 <= result["estimate"].item() <= published[1]


def test_an_example_of_a_weighted_survey():
    example = REFERENCE["weighted"]
    frame = apparent(*example["apparent"])
    result = true(frame, example["sensitivity"], example["specificity"], draws=20_000)
    assert limits(result) == pytest.approx(example["melded"], abs=MELDED_IN_R)
    assert "may be false" in result["note"].item()


@pytest.mark.parametrize(
    ("share", "found", "cleared", "n", "ill", "well"),
    [(0.0, 0.9, 0.95, 300, 40, 60), (0.02, 0.9, 0.95, 300, 40, 60), (0.3, 0.8, 0.8, 200, 30, 30)],
)
def test_the_interval_holds_the_truth_at_least_as_often_as_it_says(share, found, cleared, n, ill, well):
    rng = np.random.default_rng(20)
    positive = share * found + (1 - share) * (1 - cleared)
    cases = np.arange(binom.ppf(1e-4, n, positive), binom.ppf(1 - 1e-4, n, positive) + 1)
    surveys = prevalence(pd.DataFrame({"cases": cases, "n": n}))
    held = []
    for _ in range(60):  # validation studies; for each, every survey that may come of it
        test = (rng.binomial(ill, found), ill), (rng.binomial(well, cleared), well)
        result = true(surveys, *test, draws=500)
        inside = (result["lower"] <= share) & (share <= result["upper"])
        held.append(binom.pmf(cases, n, positive) @ inside)
    assert np.mean(held) >= 0.95
    assert np.mean(held) < 0.999  # nor is it everything from 0 to 1


# -- where there is no honest number ---------------------------------------------------------------------------------


def test_fewer_positives_than_false_positives_give_zero_a_limit_and_a_reason():
    result = true(counted(6, 151), 0.964, 0.927).iloc[0]
    assert result["rogan_gladen"] == pytest.approx((6 / 151 - 0.073) / 0.891, abs=1e-12)
    assert result["rogan_gladen"] < 0
    assert (result["estimate"], result["lower"]) == (0, 0)
    assert 0 < result["upper"] < 0.02
    assert "3.97 % test positive, fewer than the false-positive rate of 7.3 %" in result["note"]


def test_so_few_positives_that_even_the_upper_limit_is_zero():
    result = true(apparent(0.01, 0.005, 0.02), 0.9, 0.9).iloc[0]
    assert result[["lower", "estimate", "upper"]].tolist() == [0, 0, 0]
    assert "set to 0" in result["note"]


def test_more_positives_than_the_test_can_find_give_one_and_a_reason():
    result = true(apparent(0.9, 0.85, 0.94), 0.8, 0.95).iloc[0]
    assert result["rogan_gladen"] > 1
    assert (result["estimate"], result["upper"]) == (1, 1)
    assert "90 % test positive, more than the sensitivity of 80 %" in result["note"]


@pytest.mark.parametrize(("found", "cleared"), [(0.6, 0.4), ((3, 10), (6, 10)), ((0.5, 0.4, 0.6), 0.5)])
def test_a_useless_test_is_refused_with_its_values(found, cleared):
    with pytest.raises(InputError, match=r"sensitivity=0\.[356] and specificity=0\.[456] add up to at most 1"):
        true(apparent(), found, cleared)


def test_a_test_that_may_be_useless_allows_everything_and_says_how_often_it_is():
    result = true(apparent(0.5, 0.45, 0.55), (6, 10), (6, 10)).iloc[0]
    assert 0.05 < result["useless"] < 0.5
    assert (result["lower"], result["upper"]) == (0, 1)
    assert "of the draws the test is useless" in result["note"]


def test_a_row_without_an_estimate_stays_without():
    frame = pd.concat([apparent(), apparent(np.nan, np.nan, np.nan)], ignore_index=True)
    result = true(frame, 0.8, 0.9)
    assert result[["estimate", "lower", "upper"]].isna().all(axis=1).tolist() == [False, True]
    assert result["note"].tolist()[1] == "the apparent prevalence has no estimate with an interval"


def test_nobody_positive_and_everybody_positive_have_limits():
    for method in ("exact", "wilson"):
        none, everyone = (true(counted(cases, 30, method)).iloc[0] for cases in (0, 30))
        assert (none["estimate"], none["lower"]) == (0, 0)
        assert none["upper"] == pytest.approx(counted(0, 30, method)["upper"].item(), abs=QUANTILE_OF_DRAWS)
        assert (everyone["estimate"], everyone["upper"]) == (1, 1)
        assert everyone["lower"] == pytest.approx(1 - none["upper"], abs=1e-9)


# -- what goes in and what comes out -----------------------------------------------------------------------------------


def test_the_forms_of_a_sensitivity_agree():
    frame, cleared = apparent(), 0.95
    forms = [
        (83, 100),
        pd.Series({"cases": 83, "n": 100}),
        pd.DataFrame({"cases": [83], "n": [100]}),
        {"cases": 83, "n": 100, "estimate": 0.5},
    ]
    first, *others = [true(frame, form, cleared) for form in forms]
    for other in others:
        pd.testing.assert_frame_equal(first, other)
    shares = [
        (0.83, 0.74, 0.89),
        {"estimate": 0.83, "lower": 0.74, "upper": 0.89},
        {"measure": "sensitivity_percent", "value": 83, "lower": 74, "upper": 89, "interval": "ci95"},
    ]
    first, *others = [true(frame, form, cleared) for form in shares]
    for other in others:
        pd.testing.assert_frame_equal(first, other)


def test_a_row_of_the_evidence_without_limits_is_taken_as_exact_and_says_so():
    rows = load("accuracy").set_index("id")
    result = true(apparent(0.5, 0.46, 0.54), rows.loc["C11a"], rows.loc["C11b"]).iloc[0]
    assert result["estimate"] == pytest.approx((0.5 + 0.6 - 1) / 0.43, abs=1e-12)
    assert "sensitivity taken as known exactly" in result["note"]
    assert "specificity taken as known exactly" in result["note"]
    with pytest.raises(InputError, match="sensitivity is a row whose measure is 'specificity_percent'"):
        true(apparent(), rows.loc["C11b"], 0.9)


def test_what_described_the_apparent_prevalence_says_so():
    frame = apparent(group="a", se=0.02, effective_n=200, deff=1.5, n=300)
    result = true(frame, 0.8, 0.9)
    assert {"group", "n", "apparent", "apparent_lower", "apparent_se", "apparent_effective_n"} <= set(result)
    assert not {"se", "effective_n", "deff"} & set(result)
    assert result["apparent"].item() == 0.15
    assert list(frame) == ["estimate", "lower", "upper", "group", "se", "effective_n", "deff", "n"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sensitivity": 83}, "sensitivity=83.* must be at least 0 and at most 1"),
        ({"sensitivity": (11, 10)}, r"sensitivity=\(11, 10\) is not \(cases, n\)"),
        ({"sensitivity": (0.8, 10)}, r"sensitivity=\(0.8, 10\) is not \(cases, n\)"),
        ({"specificity": (0.9, 0.95, 0.99)}, "specificity=.* is not known; give a share"),
        ({"specificity": "high"}, "specificity='high' is not a number"),
        ({"specificity": pd.DataFrame({"estimate": [0.9, 0.8]})}, "specificity has 2 rows"),
        ({"specificity": {"n": 3}}, "specificity is a row without .*; it has 'n'"),
        ({"draws": 0}, "draws=0"),
        ({"level": 95}, "level=95"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        true(apparent(), **({"sensitivity": 0.9, "specificity": 0.9} | arguments))


def test_apparent_prevalences_need_limits_in_their_order():
    with pytest.raises(InputError, match="apparent lacks column 'upper'"):
        true(apparent().drop(columns="upper"))
    with pytest.raises(InputError, match=r"apparent row 0: lower=0\.2, estimate=0\.15, upper=0\.19"):
        true(apparent(lower=0.2))


# -- what must hold whatever the numbers -------------------------------------------------------------------------------

counts = st.integers(5, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
good = st.integers(8, 200).flatmap(lambda n: st.tuples(st.integers(-(-6 * n // 10), n), st.just(n)))


@STEADY
@given(counts, good, good, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_the_limits_enclose_the_estimate_and_stay_from_0_to_1(positive, found, cleared, level):
    frame = prevalence(pd.DataFrame([positive], columns=["cases", "n"]), level=level)
    result = true(frame, found, cleared, level=level, draws=300).iloc[0]
    assert 0 <= result["lower"] <= result["estimate"] <= result["upper"] <= 1
    if not 0 <= result["rogan_gladen"] <= 1:
        assert "estimate set to" in result["note"]


@STEADY
@given(counts)
def test_a_perfect_test_changes_nothing(positive):
    frame = counted(*positive, method="wilson")
    result = true(frame)
    assert result["estimate"].item() == pytest.approx(frame["estimate"].item(), abs=1e-12)
    assert limits(result) == pytest.approx(limits(frame), abs=QUANTILE_OF_DRAWS)


@STEADY
@given(counts, good, good)
def test_less_sure_of_the_test_is_never_surer_of_the_prevalence(positive, found, cleared):
    frame = counted(*positive, method="wilson")
    shares = found[0] / found[1], cleared[0] / cleared[1]
    many = tuple(tuple(20 * part for part in counts) for counts in (found, cleared))
    widths = [np.ptp(limits(true(frame, *test))) for test in (shares, many, (found, cleared))]
    assert widths[0] <= widths[1] + 3 * QUANTILE_OF_DRAWS
    assert widths[1] <= widths[2] + 3 * QUANTILE_OF_DRAWS


def test_rows_do_not_depend_on_each_other_and_seeds_repeat():
    frame = prevalence(pd.DataFrame({"cases": [3, 20, 60], "n": 100, "group": list("abc")}))
    test = (40, 50), (45, 50)
    whole = true(frame, *test, rng=7)
    turned = true(frame[::-1], *test, rng=7)[::-1]
    pd.testing.assert_frame_equal(whole, turned)
    pd.testing.assert_frame_equal(whole[1:2], true(frame[1:2], *test, rng=np.random.default_rng(7)))
    assert not whole["upper"].equals(true(frame, *test, rng=8)["upper"])
