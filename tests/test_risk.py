"""Attributable fractions: Levin's formula by hand, odds ratios turned into risks, and what is not stated at all."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.risk import (
    RATIOS,
    attributable_fraction,
    exposures,
    exposures_with_effects,
    risk_ratio,
    with_baseline,
    with_trials,
)
from b12analysis.risk.draws import draw_share, has_spread
from b12analysis.risk.refusals import DESIGNS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "attributable.json").read_text())

#: Closed formulas on both sides.
CLOSED = 1e-12
#: The published fraction is printed to four digits of a share.
LEVIN_PRINTED = 5.1e-6
#: A 2.5th percentile of 100,000 draws has a standard error of sqrt(0.025 * 0.975 / 100,000) / 0.5 = 0.001 here; four.
QUANTILE_OF_DRAWS = 0.004

#: Draws here, a linear approximation there, printed to three digits; 0.0008 at worst.
PUBLISHED_LIMITS = 0.002

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=40)


def risks(*rows, **columns):
    usual = {"exposure": 0.1, "measure": "risk_ratio", "effect": 3.0, "effect_lower": 1.5, "effect_upper": 6.0}
    usual |= {"adjustment": "none"}
    return pd.DataFrame([usual | columns | row for row in rows or ({},)])


def exactly(ratio, **columns):
    return risks(effect=ratio, effect_lower=ratio, effect_upper=ratio, **columns)


def fraction(frame, **options):
    return attributable_fraction(frame, **({"n": 500, "rng": 1} | options))


def levin(p, ratio):
    return p * (ratio - 1) / (1 + p * (ratio - 1))


# -- odds ratio to risk ratio ----------------------------------------------------------------------------------------


def test_an_odds_ratio_is_converted_by_counting_people():
    # of 100 unexposed 40 are deficient (odds 2/3); odds of 2, three times as large, mean 2 of 3: 0.6667 / 0.4
    assert risk_ratio(3, 0.4) == pytest.approx(5 / 3, abs=CLOSED)
    assert risk_ratio(1, 0.4) == 1


@pytest.mark.parametrize("row", REFERENCE["zhang_yu_rows"])
def test_an_odds_ratio_is_converted_as_in_r(row):
    assert risk_ratio(row["odds_ratio"], row["baseline_risk"]) == pytest.approx(row["risk_ratio"], abs=CLOSED)


@STEADY
@given(odds_ratio=st.floats(0.01, 100), risk=st.floats(0, 0.999))
def test_a_risk_ratio_lies_between_one_and_the_odds_ratio(odds_ratio, risk):
    ratio = risk_ratio(odds_ratio, risk)
    assert min(1, odds_ratio) - 1e-12 <= ratio <= max(1, odds_ratio) + 1e-12
    assert ratio * risk <= 1 + 1e-12  # a risk
    assert risk_ratio(odds_ratio, 0) == odds_ratio


@pytest.mark.parametrize(
    ("odds_ratio", "risk", "message"),
    [
        (-2, 1.5, "odds_ratio=-2 is out of range; it must be above 0 and finite"),
        (0, 0.1, "odds_ratio=0 is out of range"),
        (np.inf, 0.1, "odds_ratio=inf is out of range"),
        (3, 1.5, "baseline_risk=1.5 is out of range; it must be at least 0 and below 1"),
        (3, 1, "baseline_risk=1 is out of range"),
        (3, [0.1, -0.1], r"baseline_risk=-0\.1 is out of range"),
        ("three", 0.1, "odds_ratio='three' is not a number"),
    ],
)
def test_what_is_no_odds_ratio_or_no_risk_is_not_converted(odds_ratio, risk, message):
    with pytest.raises(InputError, match=message):
        risk_ratio(odds_ratio, risk)


def test_ratios_are_converted_elementwise():
    assert np.isnan(risk_ratio(3.0, np.nan))
    got = risk_ratio(np.array([3.0, 1.0, 0.5]), np.array([0.5, 0.2, 0.0]))
    assert got == pytest.approx([1.5, 1.0, 0.5])


# -- attributable fraction -------------------------------------------------------------------------------------------


def test_levins_formula_by_counting_people():
    # of 1,000 people 100 are exposed and 30 of them deficient, of the 900 others 90 (risk ratio 3): without the
    # exposure there would be 100 deficient instead of 120, so a sixth is attributable
    row = fraction(exactly(3)).iloc[0]
    assert row["estimate"] == pytest.approx((120 - 100) / 120, abs=CLOSED)
    assert row["risk_ratio"] == 3


@pytest.mark.parametrize(("exposure", "ratio", "expected"), [(0.5, 3, 1 / 2), (1, 4, 3 / 4), (0.25, 5, 1 / 2)])
def test_levins_formula_by_hand(exposure, ratio, expected):
    assert fraction(exactly(ratio, exposure=exposure))["estimate"].iloc[0] == pytest.approx(expected, abs=CLOSED)


@pytest.mark.parametrize("row", REFERENCE["levin_rows"])
def test_levins_formula_agrees_with_the_published_fraction(row):
    got = fraction(exactly(row["risk_ratio"], exposure=row["exposure"]))
    assert got["estimate"].iloc[0] == pytest.approx(row["fraction"], abs=LEVIN_PRINTED)


def test_integers_give_what_floats_give():
    whole = pd.DataFrame(
        {"exposure": [1], "measure": "risk_ratio", "effect": [4], "effect_lower": [2], "effect_upper": [8]}
    ).assign(adjustment="none")
    got = fraction(whole)[["estimate", "lower", "upper"]]
    expected = fraction(whole.astype({"exposure": float, "effect": float}))[["estimate", "lower", "upper"]]
    pd.testing.assert_frame_equal(got, expected)
    assert got["estimate"].iloc[0] == 0.75


def test_an_odds_ratio_is_converted_with_the_baseline_risk_of_its_row():
    rows = risks({"baseline_risk": 0.25}, {"baseline_risk": 0.5}, measure="odds_ratio")
    got = fraction(rows)
    assert got["risk_ratio"].tolist() == [2.0, 1.5]
    assert got["estimate"].tolist() == pytest.approx([levin(0.1, 2), levin(0.1, 1.5)])
    assert (got["lower"] <= got["estimate"]).all()
    assert got["upper"].iloc[1] < levin(0.1, 2)  # a risk of one half cannot more than double


def test_where_the_exposure_is_known_the_limits_are_those_of_the_ratio():
    # the fraction grows with the ratio, so its percentiles are the fractions at the ratio's own limits
    row = fraction(risks(exposure=0.3), n=100_000).iloc[0]
    assert row["lower"] == pytest.approx(levin(0.3, 1.5), abs=QUANTILE_OF_DRAWS)
    assert row["upper"] == pytest.approx(levin(0.3, 6), abs=QUANTILE_OF_DRAWS)


def test_where_the_ratio_is_known_the_limits_are_those_of_the_exposure():
    # the fraction grows with the exposure; its interval is symmetric, so that any distribution as wide has these limits
    row = fraction(exactly(3, exposure=0.5, exposure_lower=0.4, exposure_upper=0.6), n=100_000).iloc[0]
    assert row["lower"] == pytest.approx(levin(0.4, 3), abs=QUANTILE_OF_DRAWS)
    assert row["upper"] == pytest.approx(levin(0.6, 3), abs=QUANTILE_OF_DRAWS)


def test_where_the_baseline_alone_is_uncertain_the_limits_are_those_of_the_baseline():
    # the higher the risk of the unexposed, the smaller the ratio of risks that an odds ratio stands for
    odds = {"measure": "odds_ratio", "exposure": 0.3, "baseline_risk": 0.2, "adjustment": "none"}
    row = fraction(exactly(5, **odds, baseline_lower=0.1, baseline_upper=0.36), n=100_000).iloc[0]
    assert row["estimate"] == pytest.approx(levin(0.3, risk_ratio(5, 0.2)), abs=CLOSED)
    assert row["lower"] == pytest.approx(levin(0.3, risk_ratio(5, 0.36)), abs=QUANTILE_OF_DRAWS)
    assert row["upper"] == pytest.approx(levin(0.3, risk_ratio(5, 0.1)), abs=QUANTILE_OF_DRAWS)
    known = fraction(exactly(5, **odds)).iloc[0]
    assert known["lower"] == known["upper"] == known["estimate"] == row["estimate"]


def test_no_draw_of_a_ratio_makes_a_risk_above_1():
    rows = risks(exposure=0.3, baseline_risk=[0.3, np.nan]).explode("baseline_risk")
    capped, free = fraction(rows.reset_index(drop=True), n=100_000)["upper"]
    assert capped == pytest.approx(levin(0.3, 1 / 0.3), abs=CLOSED)
    assert free == pytest.approx(levin(0.3, 6), abs=QUANTILE_OF_DRAWS)


@pytest.mark.parametrize(("exposure", "lower", "upper"), [(0.1, 0.03, 0.28), (0.01, 0.001, 0.4), (0.9, 0.2, 1.0)])
def test_an_uncertain_exposure_widens_the_interval(exposure, lower, upper):
    rows = exactly(3, exposure=exposure)
    certain = fraction(rows).iloc[0]
    uncertain = fraction(rows.assign(exposure_lower=lower, exposure_upper=upper)).iloc[0]
    assert uncertain["lower"] < certain["lower"]
    assert certain["upper"] < uncertain["upper"]
    assert uncertain["estimate"] == certain["estimate"]


def test_nothing_is_attributable_without_exposure_or_without_effect():
    assert fraction(risks(exposure=0.0))[["estimate", "lower", "upper"]].to_numpy().tolist() == [[0, 0, 0]]
    almost = fraction(exactly(1 + 1e-9))[["estimate", "lower", "upper"]].to_numpy()
    assert almost == pytest.approx(0, abs=1e-9)
    null = fraction(exactly(1)).iloc[0]  # known to be 1, which is not the same as an interval that includes 1
    assert null[["estimate", "lower", "upper"]].tolist() == [0, 0, 0]
    touching = fraction(risks(effect_lower=1.0)).iloc[0]
    assert pd.isna(touching["estimate"])
    assert touching["reason"] == "the association may be null or protective"


def test_an_exposure_limit_at_zero_is_a_limit_and_no_error():
    row = fraction(risks(exposure=0.015, exposure_lower=0.0, exposure_upper=0.032)).iloc[0]
    assert 0 <= row["lower"] <= row["estimate"] <= row["upper"]
    assert row["upper"] < 0.3  # and not all or nothing


def test_a_ratio_whose_lower_limit_is_printed_as_zero_is_null_and_no_error():
    row = fraction(risks(effect=0.3, effect_lower=0.0, effect_upper=1.7)).iloc[0]
    assert row["reason"] == "the association may be null or protective"


cases = {
    "exposure": st.floats(0, 1),
    "effect": st.floats(1.2, 50),
    "width": st.floats(1.01, 1.15),
}


@STEADY
@given(**cases)
def test_the_fraction_lies_between_its_limits_inside_0_to_1(exposure, effect, width):
    frame = risks(exposure=exposure, effect=effect, effect_lower=effect / width, effect_upper=effect * width)
    before = frame.copy(deep=True)
    row = fraction(frame).iloc[0]
    assert 0 <= row["lower"] <= row["estimate"] + 1e-12
    assert row["estimate"] <= row["upper"] + 1e-12
    assert row["upper"] <= 1
    narrow = fraction(frame, level=0.5).iloc[0]
    assert row["lower"] <= narrow["lower"] <= narrow["upper"] <= row["upper"]
    pd.testing.assert_frame_equal(frame, before)


@STEADY
@given(**cases, more=st.floats(0.001, 0.5))
def test_the_fraction_grows_with_the_exposure_and_with_the_effect(exposure, effect, width, more):
    rows = risks(
        {"exposure": exposure, "effect": effect},
        {"exposure": min(1, exposure + more), "effect": effect},
        {"exposure": exposure, "effect": effect * (1 + more)},
    )
    rows = rows.assign(effect_lower=rows["effect"] / width, effect_upper=rows["effect"] * width)
    got = fraction(rows)
    for column in ("estimate", "lower", "upper"):
        base, wider, stronger = got[column]
        assert wider >= base
        assert stronger >= base


def test_miettinens_formula_by_counting_people():
    # the same 1,000 people as for Levin's: of 120 deficient 30 are exposed, and two thirds of those 30 would not be
    row = fraction(exactly(3, exposure_cases=30 / 120, adjustment="adjusted")).iloc[0]
    assert row["formula"] == "miettinen"
    assert row["estimate"] == pytest.approx(20 / 120, abs=CLOSED)
    assert fraction(exactly(3))["formula"].tolist() == ["levin"]
    trial = fraction(exactly(3, adjustment="trial"))
    assert trial["estimate"].tolist() == pytest.approx([20 / 120], abs=CLOSED)


def test_with_an_adjusted_ratio_only_miettinens_formula_is_right():
    # Two strata, in each the exposed have twice the risk: 100 exposed of 1,000 with risks 0.2 and 0.1, 500 exposed of
    # 1,000 with risks 0.8 and 0.4. Cases: 20 + 90 and 400 + 200, of which 210 would be absent. The crude ratio is
    # (420 / 600) / (290 / 1,400) = 3.38, so Levin's formula would give 0.23 (adjusted ratio) or 0.42 (crude) for 0.296.
    row = fraction(exactly(2, exposure_cases=420 / 710, adjustment="adjusted")).iloc[0]
    assert row["estimate"] == pytest.approx(210 / 710, abs=CLOSED)
    assert levin(600 / 2000, 2) < 0.24 < row["estimate"] < levin(600 / 2000, 420 / 600 / (290 / 1400))


def test_both_formulas_agree_with_a_published_example():
    # Their limits come from a linear approximation of each input, ours from draws; the share of the cases that are
    # exposed follows from that of the population and the crude ratio.
    given = REFERENCE["graphpaf"]
    p_lower, p_upper = given["exposure"]
    lower, upper = given["adjusted"]
    crude = np.array([given["unadjusted"][0], np.sqrt(np.prod(given["unadjusted"])), given["unadjusted"][1]])
    p = (p_lower + p_upper) / 2
    names = ("exposure_cases_lower", "exposure_cases", "exposure_cases_upper")
    of_cases = dict(zip(names, p * crude / (1 - p + p * crude), strict=True))
    ratio = {"effect": np.sqrt(lower * upper), "effect_lower": lower, "effect_upper": upper}
    population = {"exposure": p, "exposure_lower": p_lower, "exposure_upper": p_upper}
    got = fraction(risks(population | ratio, of_cases | ratio | {"adjustment": "adjusted"}), n=100_000)
    for formula, row in got.set_index("formula").iterrows():
        estimate, *limits = given[formula]
        assert row["estimate"] == pytest.approx(estimate, abs=0.00051)  # printed to three digits
        assert row[["lower", "upper"]].tolist() == pytest.approx(limits, abs=PUBLISHED_LIMITS)
    assert got["formula"].tolist() == ["levin", "miettinen"]


@STEADY
@given(exposure=st.floats(0, 1), ratio=st.floats(1, 50))
def test_unconfounded_miettinen_is_levin(exposure, ratio):
    of_cases = exposure * ratio / (1 - exposure + exposure * ratio)
    both = fraction(exactly(ratio, exposure=exposure, exposure_cases=[np.nan, of_cases]).explode("exposure_cases"))
    assert both["formula"].tolist() == ["levin", "miettinen"]
    assert both["estimate"].iloc[1] == pytest.approx(both["estimate"].iloc[0], abs=CLOSED)


def test_the_exposure_of_the_cases_may_be_all_that_is_known():
    frame = risks(exposure_cases=0.25, exposure_cases_lower=0.2, exposure_cases_upper=0.31).drop(columns="exposure")
    row = fraction(frame, n=100_000).iloc[0]
    assert row["lower"] < row["estimate"] == 0.25 * 2 / 3 < row["upper"]
    known = exactly(3, exposure_cases=0.25, exposure_cases_lower=0.2, exposure_cases_upper=0.31)
    row = fraction(known, n=100_000).iloc[0]
    assert row["lower"] == pytest.approx(0.2 * 2 / 3, abs=QUANTILE_OF_DRAWS)
    assert row["upper"] == pytest.approx(0.31 * 2 / 3, abs=QUANTILE_OF_DRAWS)


@STEADY
@given(share=st.floats(0.001, 0.999), lower=st.floats(0, 1), upper=st.floats(0, 1), noise=st.floats(-8, 8))
def test_drawn_shares_stay_inside_0_to_1_and_meet_their_limits(share, lower, upper, noise):
    lower, upper = share * lower, share + (1 - share) * upper
    if not has_spread(share, lower, upper):
        return
    drawn = draw_share(share, lower, upper, np.array([-1.959964, 0, 1.959964, noise]))
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert drawn[1] == pytest.approx(share)
    if lower > 0:
        assert drawn[0] == pytest.approx(lower)
    if upper < 1:
        assert drawn[2] == pytest.approx(upper)


def test_rows_share_their_draws_so_none_depends_on_the_others():
    rows = risks({}, {"effect": 5.0, "exposure": 0.4}, {})
    together = fraction(rows)
    assert together.loc[0].equals(together.loc[2])
    for place in range(3):
        pd.testing.assert_frame_equal(fraction(rows.iloc[[place]]), together.iloc[[place]])
    pd.testing.assert_frame_equal(fraction(rows.iloc[::-1]).sort_index(), together)


def test_the_same_seed_repeats_and_another_does_not():
    same = [fraction(risks(), rng=rng) for rng in (7, 7, np.random.default_rng(7))]
    pd.testing.assert_frame_equal(same[0], same[1])
    pd.testing.assert_frame_equal(same[0], same[2])
    other = fraction(risks(), rng=8)
    assert other["estimate"].equals(same[0]["estimate"])
    assert not np.isclose(other["lower"], same[0]["lower"]).any()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"exposure": np.nan}, "exposure or effect is not known with an interval"),
        ({"effect_lower": np.nan}, "exposure or effect is not known with an interval"),
        (
            {"measure": "odds_ratio", "baseline_risk": 0.1, "design": "case_control_density"},
            "odds ratio from density-sampled controls: not a ratio of risks",
        ),
        ({"measure": "odds_ratio"}, "odds ratio without a baseline risk to convert it"),
        ({"measure": "hazard_ratio"}, "a hazard ratio is no ratio of risks"),
        ({"outcome": "neuropathy"}, "no share is stated for neuropathy: the fractions are of deficiency"),
        ({"adjustment": "adjusted"}, "an adjusted ratio needs the exposure of the cases: Miettinen's formula"),
        (
            {"adjustment": None},
            "whether the ratio is adjusted is not known: say it in adjustment, or give the exposure of the cases",
        ),
        (
            {"exposure": 0.0, "exposure_lower": 0.0, "exposure_upper": 0.03},
            "an exposure of none or all has no spread to draw from",
        ),
        (
            {"measure": "odds_ratio", "baseline_risk": 0.0},
            "a baseline risk of none or all of the unexposed converts no odds ratio",
        ),
        (
            {"measure": "odds_ratio", "baseline_risk": 1.0},
            "a baseline risk of none or all of the unexposed converts no odds ratio",
        ),
        ({"effect_lower": 0.9}, "the association may be null or protective"),
        ({"effect": 0.5, "effect_lower": 0.3, "effect_upper": 0.8}, "the association may be null or protective"),
    ],
)
def test_where_no_share_can_be_stated_the_reason_is(row, reason):
    stated, unstated = fraction(risks({}, row)).to_dict("records")
    assert pd.isna(stated["reason"])
    assert stated["estimate"] == pytest.approx(1 / 6)
    assert unstated["reason"] == reason
    assert all(pd.isna(unstated[part]) for part in ("estimate", "lower", "upper"))


def test_designs_are_those_of_the_table():
    columns = pd.read_csv(Path(__file__).parent.parent / "data" / "columns.csv")
    (choices,) = columns.loc[columns["column"] == "design", "choices"]
    assert choices.split(" | ") == list(DESIGNS)


def test_only_odds_ratios_mind_how_controls_were_sampled():
    assert fraction(risks(design="case_control_density"))["reason"].isna().all()


def test_the_rows_given_come_back_with_their_index():
    frame = risks({}, {}, note=["x"]).set_index(pd.Index(["b", "a"]))
    got = fraction(frame)
    pd.testing.assert_frame_equal(got[frame.columns], frame)
    assert got.columns[len(frame.columns) :].tolist() == [
        *("formula", "risk_ratio", "estimate", "lower", "upper", "reason")
    ]
    assert fraction(frame.iloc[:0]).empty


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"exposure": 1.2}, r"exposure=1\.2 is out of range; it is a share from 0 to 1"),
        ({"exposure": -0.1}, r"exposure=-0\.1 is out of range"),
        ({"baseline_risk": 12.0}, "baseline_risk=12 is out of range; it is a share from 0 to 1"),
        (
            {"measure": "odds_ratoi"},
            r"measure='odds_ratoi' is not known \(did you mean 'odds_ratio'\?\); choose one of 'risk_ratio', "
            "'prevalence_ratio', 'odds_ratio', 'hazard_ratio'",
        ),
        ({"measure": "RR"}, "row 0: measure='RR' is not known; choose one of 'risk_ratio'"),
        ({"measure": None}, "row 0: measure=None is not known; choose one of 'risk_ratio'"),
        ({"adjustment": "crude"}, "row 0: adjustment='crude' is not known; choose one of 'none', 'trial', 'adjusted'"),
        ({"exposure_cases": 1.5}, "row 0: exposure_cases=1.5 is out of range; it is a share from 0 to 1"),
        ({"exposure_lower": -0.1, "exposure_upper": 0.2}, r"exposure_lower=-0\.1 is out of range"),
        ({"effect": -2.0, "effect_lower": -3.0}, "row 0: effect=-2 is out of range; a ratio is above 0"),
        ({"effect": 7.0}, "row 0: effect=7 does not lie between its limits 1.5 and 6"),
        ({"exposure_lower": 0.2, "exposure_upper": 0.3}, "exposure=0.1 does not lie between its limits 0.2 and 0.3"),
        ({"exposure_lower": 0.05}, "row 0: exposure_lower=0.05 without exposure_upper; give both limits or none"),
        ({"exposure_cases_upper": 0.5}, "exposure_cases_upper=0.5 without exposure_cases_lower; give both"),
        ({"baseline_risk": 0.1, "baseline_lower": 0.05}, "baseline_lower=0.05 without baseline_upper"),
        (
            {"baseline_risk": 0.1, "baseline_lower": 0.2, "baseline_upper": 0.3},
            "baseline_risk=0.1 does not lie between its limits 0.2 and 0.3",
        ),
        ({"baseline_risk": 0.6}, "row 0: baseline_risk=0.6 times a risk ratio of 3 is above 1: no risk can be"),
        ({"effect_upper": np.inf}, "row 0: effect_upper=inf is out of range; a ratio is above 0 and finite"),
        ({"effect": np.inf, "effect_upper": np.inf}, "row 0: effect=inf is out of range"),
        ({"effect_lower": -1.0}, "row 0: effect_lower=-1 is out of range; a limit of a ratio is not below 0"),
        ({"effect": "three"}, "row 0: effect='three' is not a number"),
        ({"exposure": "a tenth"}, "row 0: exposure='a tenth' is not a number"),
        (
            {"design": "case-control, density sampled", "measure": "odds_ratio", "baseline_risk": 0.1},
            r"row 0: design='case-control, density sampled' is not known .*'case_control_density'",
        ),
        ({"design": "Case_Control_Density"}, "did you mean 'case_control_density'"),
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(columns, message):
    with pytest.raises(InputError, match=message):
        fraction(risks(columns))


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="risks lacks columns 'effect_lower', 'effect_upper'; it has 'exposure'"):
        fraction(risks().drop(columns=["effect_lower", "effect_upper"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, "level=95 is out of range"),
        ({"n": 0}, "n=0 is out"),
        ({"n": 2.5}, r"n=2\.5 is not a whole number"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        fraction(risks(), **options)


# -- exposures, effects, baseline ------------------------------------------------------------------------------------


def factors(*rows):
    usual = {
        "id": "X1",
        "group": "vegans",
        "country": "Atlantis",
        "population": "adults",
        "cohort": "islanders",
        "definition": "b12_148",
        "n": pd.NA,
        "year_start": pd.NA,
        "year_end": pd.NA,
        "interval": "none",
        "quantity": "exposure",
        "measure": "percent",
        "value": 4.0,
        "lower": pd.NA,
        "upper": pd.NA,
        "comparison": pd.NA,
        "outcome": pd.NA,
        "design": "survey",
        "source": "somebody",
        "status": "verified",
    }
    table = pd.DataFrame([usual | row for row in rows])
    return table.astype({"value": "Float64", "lower": "Float64", "upper": "Float64", "outcome": "string"})


EFFECT = {
    "id": "E1",
    "quantity": "effect",
    "measure": "odds_ratio",
    "interval": "ci95",
    "value": 3.0,
    "lower": 2.0,
    "upper": 4.5,
}


def test_exposures_become_shares_by_hand():
    table = factors(
        {"id": "a", "value": 4},
        {"id": "b", "measure": "per_100000", "value": 400},
        {"id": "c", "interval": "ci95", "value": 37.1, "lower": 32.3, "upper": 41.9},
        {"id": "d", "interval": "range", "value": 5, "lower": 1, "upper": 9},
        {"id": "e", "interval": "range", "value": pd.NA, "lower": 10, "upper": 30},
        {"id": "f", "measure": "prescriptions_per_1000"},
        {"id": "g", "quantity": "other"},
    )
    before = table.copy(deep=True)
    got = exposures(table).set_index("id")[["value", "lower", "upper"]]
    assert got.index.tolist() == list("abcde")
    assert got["value"].tolist()[:4] == pytest.approx([0.04, 0.004, 0.371, 0.05])
    assert got.loc["c", ["lower", "upper"]].tolist() == pytest.approx([0.323, 0.419])
    assert got.loc[["a", "b", "d"], ["lower", "upper"]].isna().all(axis=None)  # no 95 % interval
    assert got.loc["e", ["lower", "upper"]].tolist() == pytest.approx([0.1, 0.3])  # all that is known
    pd.testing.assert_frame_equal(table, before)


def test_every_exposure_meets_every_effect_of_its_group():
    table = factors(
        {"id": "a"},
        {"id": "b", "value": 6},
        {"id": "c", "value": pd.NA, "interval": "range", "lower": 1, "upper": 2},
        {"id": "d", "group": "metformin"},
        EFFECT,
        EFFECT | {"id": "E2", "measure": "risk_ratio"},
        EFFECT | {"id": "E3", "measure": "mean_difference"},
        EFFECT | {"id": "E4", "interval": "none"},
        EFFECT | {"id": "E5", "outcome": "serum B12"},
        EFFECT | {"id": "E6", "group": "coeliac"},
    )
    before = table.copy(deep=True)
    got = exposures_with_effects(table)
    pairs = sorted(zip(got["exposure_id"], got["effect_id"], strict=True))
    assert pairs == [("a", "E1"), ("a", "E2"), ("b", "E1"), ("b", "E2")]
    assert got["exposure"].tolist() == pytest.approx([0.04, 0.04, 0.06, 0.06])
    assert got["effect"].tolist() == [3.0] * 4
    pd.testing.assert_frame_equal(table, before)


def test_what_a_ratio_is_adjusted_for_goes_with_it():
    table = factors({"id": "a"}, EFFECT)
    assert "adjustment" not in exposures_with_effects(table)
    assert exposures_with_effects(table.assign(adjustment="adjusted"))["adjustment"].tolist() == ["adjusted"]


def test_a_given_exposure_takes_the_place_of_the_published_ones():
    got = exposures_with_effects(factors({}, EFFECT), exposure=0.25)
    assert got["exposure"].tolist() == [0.25]
    assert got["exposure_status"].tolist() == ["assumption"]
    assert got[["exposure_id", "exposure_lower", "exposure_upper", "exposure_country"]].isna().all(axis=None)
    with pytest.raises(InputError, match="exposure=25 is out of range; it must be at least 0 and at most 1"):
        exposures_with_effects(factors(EFFECT), exposure=25)


@pytest.mark.parametrize("exposure", [None, 0, 0.1, 1])
@pytest.mark.parametrize("group", load("groups").query("role == 'risk'")["group"])
def test_each_pair_of_every_risk_group_has_a_fraction_or_a_reason(group, exposure):
    table = load("risk_factors")
    pairs = exposures_with_effects(table[table["group"] == group], exposure=exposure)
    assert pairs["measure"].isin(RATIOS).all()
    got = fraction(pairs.assign(baseline_risk=0.05, adjustment="none"))
    assert (got["estimate"].isna() == got["reason"].notna()).all()
    stated = got[got["reason"].isna()]
    assert stated[["lower", "estimate", "upper"]].notna().all(axis=None)
    assert stated["estimate"].between(0, 1).all()
    assert (stated["lower"] <= stated["estimate"]).all()
    assert (stated["estimate"] <= stated["upper"]).all()


def compared(**columns):
    count = len(columns["id"])
    rows = {
        "source": ["s"] * count,
        "status": ["verified"] * count,
        "lower": [np.nan] * count,
        "upper": [np.nan] * count,
    }
    return pd.DataFrame(rows | {"reported_percent": [np.nan] * count} | columns)


def test_the_baseline_is_that_of_the_people_compared_and_of_nobody_else():
    pairs = pd.DataFrame({"comparator": ["o0", pd.NA, "o2"], "effect_id": ["E0", "E1", "E2"]})
    others = compared(id=["o1", "o0", "o2"], estimate=[0.02, 0.05, np.nan], lower=0.03, upper=0.09)
    got = with_baseline(pairs, others)
    assert got["baseline_risk"].isna().tolist() == [False, True, True]
    assert got.iloc[0][["baseline_risk", "baseline_lower", "baseline_upper"]].tolist() == [0.05, 0.03, 0.09]
    assert got["baseline_id"].iloc[0] == "o0"
    assert got["baseline_id"].isna().tolist() == [False, True, True]
    without = with_baseline(pairs.drop(columns="comparator"), others)
    assert without["baseline_risk"].isna().all()


def test_a_bare_percentage_is_a_baseline_without_limits():
    pairs = pd.DataFrame({"comparator": ["o0"]})
    got = with_baseline(pairs, compared(id=["o0"], estimate=[np.nan], reported_percent=[2.4])).iloc[0]
    assert got["baseline_risk"] == pytest.approx(0.024)
    assert pd.isna(got[["baseline_lower", "baseline_upper"]]).all()


def published(*ids):
    factors = load("risk_factors")
    pairs = exposures_with_effects(factors, exposure=0.1)
    table = with_baseline(pairs[pairs["effect_id"].isin(ids)], prevalence(load("surveys")))
    assert set(table["effect_id"]) == set(ids)
    return table.set_index("effect_id")


def test_each_effect_has_the_baseline_of_those_whom_its_study_compared():
    # metformin against diabetes without it (2.4 %), not against all adults; Crohn's with against without resection, of
    # whom no risk is printed, not against ulcerative colitis; vegetarians against others, not against everybody
    got = published("B71", "B08", "B17", "B24", "B25", "A12x")
    assert got["baseline_risk"].dropna().to_dict() == pytest.approx({"B71": 0.024, "A12x": 0.059})
    assert got["baseline_id"].dropna().to_dict() == {"B71": "B70b", "A12x": "A11"}


def test_who_is_compared_is_of_the_same_study_and_definition():
    factors, surveys = load("risk_factors"), load("surveys").set_index("id")
    factors = factors[factors["comparator"].notna()]
    others = surveys.loc[factors["comparator"]]
    for column in ("cohort", "definition"):
        assert factors[column].tolist() == others[column].tolist()
    assert (factors["group"].to_numpy() != others["group"].to_numpy()).all()


# -- arms of trials ---------------------------------------------------------------------------------------------------

#: R, metafor 3.8: escalc(measure="RR", ai=.043*858, n1i=858, ci=.023*857, n2i=857), limits with 1.959964.
METAFOR = [1.869565, 1.091052, 3.203582]


def test_a_trial_s_arms_give_a_ratio_that_nothing_confounds():
    metformin = load("risk_factors").query("group == 'metformin'")
    table = with_trials(metformin, load("surveys"))
    pd.testing.assert_frame_equal(table.iloc[: len(metformin)], metformin.reset_index(drop=True))
    arms = table.iloc[len(metformin) :].set_index("id")
    assert arms["comparator"].to_dict() == {"B66a": "B66b", "B67a": "B67b", "B68a": "B68b", "B68c": "B68d"}
    assert set(arms["adjustment"]) == set(arms["design"]) == {"trial"}
    got = arms.loc["B66a", ["value", "lower", "upper"]].astype(float)
    assert got.tolist() == pytest.approx(METAFOR, rel=1e-6)  # printed to seven digits
    pairs = with_baseline(exposures_with_effects(table, exposure=0.1), prevalence(load("surveys")))
    stated = fraction(pairs).set_index("effect_id")
    assert stated.loc["B66a", "estimate"] == pytest.approx(levin(0.1, 4.3 / 2.3))
    assert stated.loc["B67a", "reason"] == "the association may be null or protective"  # 7.4 and 5.4 % after 13 years


def test_only_the_groups_and_arms_given_have_a_ratio():
    factors, surveys = load("risk_factors"), load("surveys")
    vegans = factors.query("group == 'vegans'")
    assert with_trials(vegans, surveys)["id"].tolist() == vegans["id"].tolist()
    metformin = factors.query("group == 'metformin'")
    for some in (surveys.query("definition == 'holotc_35'"), surveys.query("id != 'B66b' and definition == 'b12_150'")):
        assert set(with_trials(metformin, some)["id"]) - set(metformin["id"]) <= {"B67a"}
    nobody = surveys.assign(reported_percent=surveys["reported_percent"].mask(surveys["id"] == "B66b", 0.0))
    assert "B66a" not in set(with_trials(metformin, nobody)["id"])
