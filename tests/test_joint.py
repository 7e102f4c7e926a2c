"""Joint attributable fractions: by counting people, in agreement with single ones, and what cannot overlap."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.risk import attributable_fraction, joint_fraction

#: Closed formulas on both sides.
CLOSED = 1e-12
#: A 2.5th percentile of 20,000 draws has a standard error of about 0.002 here; four.
QUANTILE_OF_DRAWS = 0.008
STEADY = settings(derandomize=True, deadline=None, max_examples=25)
TABLE = pd.DataFrame({"a": [0, 1, 0, 1], "b": [0, 0, 1, 1], "share": [0.5, 0.2, 0.2, 0.1]})


def effects(width=1.3, **ratios):
    rows = pd.DataFrame({"exposure": list(ratios), "measure": "risk_ratio", "effect": list(ratios.values())})
    return rows.assign(effect_lower=rows["effect"] / width, effect_upper=rows["effect"] * width, adjustment="none")


def joint(exposures, ratios, **options):
    return joint_fraction(exposures, ratios, **({"n": 200, "rng": 1} | options))


def shares(table, kind):
    return table[table["kind"] == kind].set_index("exposure")["estimate"]


def test_two_overlapping_exposures_by_counting_people():
    # of 1,000 people 500 have neither, 200 a alone, 200 b alone, 100 both; risks 0.1, 0.3, 0.2 and 0.6 (ratios 3 and 2)
    # give 50 + 60 + 40 + 60 = 210 cases. Without a there are 50 + 20 + 40 + 20 = 130, without b 50 + 60 + 20 + 30 = 160
    # and without both 100. a takes away 80 when first and 160 - 100 = 60 after b, 70 on average; b 50 and 30, 40.
    table = joint(TABLE, effects(a=3.0, b=2.0))
    assert (210 * shares(table, "single")).to_dict() == pytest.approx({"a": 80, "b": 50}, abs=1e-9)
    assert (210 * shares(table, "joint")).to_dict() == pytest.approx({"a + b": 110}, abs=1e-9)
    assert (210 * shares(table, "average")).to_dict() == pytest.approx({"a": 70, "b": 40}, abs=1e-9)
    extremes = table[table["kind"] == "average"][["lowest", "highest"]].to_numpy() * 210
    assert extremes == pytest.approx(np.array([[60, 80], [30, 50]]), abs=1e-9)


def test_the_same_people_seen_among_the_cases():
    cases = TABLE.assign(share=np.array([50, 60, 40, 60]) / 210)
    table = joint(cases, effects(a=3.0, b=2.0), among="cases")
    expected = joint(TABLE, effects(a=3.0, b=2.0))
    assert table["estimate"].tolist() == pytest.approx(expected["estimate"].tolist(), abs=CLOSED)


def test_a_ratio_for_each_combination_may_differ_from_the_product():
    # risks 0.1, 0.3, 0.2 and 0.4 (ratio 4, not 6): 190 cases, without a 130, without b 160, without both 100; as the
    # risks add up, each takes away the same in either order
    ratios = TABLE[["a", "b"]].iloc[1:].assign(measure="risk_ratio", effect=[3.0, 2.0, 4.0], adjustment="none")
    ratios = ratios.assign(effect_lower=ratios["effect"] * 0.9, effect_upper=ratios["effect"] * 1.1)
    table = joint(TABLE, ratios)
    assert (190 * table["estimate"]).tolist() == pytest.approx([60, 30, 90, 60, 30], abs=1e-9)
    with pytest.raises(InputError, match=r"effects has no ratio for a \+ b"):
        joint(TABLE, ratios.iloc[:2])


def test_independence_is_the_product_and_has_to_be_said():
    marginal = pd.DataFrame({"exposure": ["a", "b"], "share": [0.3, 0.4]})
    product = TABLE.assign(share=[0.7 * 0.6, 0.3 * 0.6, 0.7 * 0.4, 0.3 * 0.4])
    table = joint(marginal, effects(a=3.0, b=2.0), independent=True)
    assert table["estimate"].tolist() == pytest.approx(
        joint(product, effects(a=3.0, b=2.0))["estimate"].tolist(), abs=CLOSED
    )
    # what is left multiplies: (1 - 0.6 / 1.6) (1 - 0.4 / 1.4)
    assert shares(table, "joint").item() == pytest.approx(1 - 1 / 1.6 / 1.4, abs=CLOSED)
    with pytest.raises(InputError, match="say independent=True"):
        joint(marginal, effects(a=3.0, b=2.0))


def test_odds_ratios_are_converted_with_the_risk_of_those_without_any_exposure():
    # odds of 1/4 and three and two times as large: risks of 3/7 and 1/3 instead of 1/5
    odds = effects(a=3.0, b=2.0).assign(measure="odds_ratio", baseline_risk=0.2)
    risks = effects(a=15 / 7, b=5 / 3)
    assert joint(TABLE, odds)["estimate"].tolist() == pytest.approx(joint(TABLE, risks)["estimate"].tolist())
    drawn = joint(TABLE, odds.assign(baseline_lower=0.1, baseline_upper=0.35), n=2000)
    assert drawn["estimate"].tolist() == pytest.approx(joint(TABLE, odds)["estimate"].tolist(), abs=CLOSED)
    width, known = (table["upper"] - table["lower"] for table in (drawn, joint(TABLE, odds, n=2000)))
    assert (width > known).all()


def test_no_draw_makes_a_risk_above_1():
    # with a risk of 0.16 without exposure the ratio of both together, 6, is at most 1 / 0.16 in every draw
    limited = joint(TABLE, effects(width=1.5, a=3.0, b=2.0).assign(baseline_risk=0.16), n=20_000)
    free = joint(TABLE, effects(width=1.5, a=3.0, b=2.0), n=20_000)
    assert limited["estimate"].tolist() == free["estimate"].tolist()
    assert (limited["upper"] < free["upper"] - QUANTILE_OF_DRAWS).iloc[:3].all()


# -- invariants -------------------------------------------------------------------------------------------------------

weights = st.lists(st.floats(0.01, 1), min_size=8, max_size=8)
ratios_of_three = st.lists(st.floats(1.5, 9), min_size=3, max_size=3)


def three(values):
    combinations = pd.DataFrame({name: np.arange(8) >> place & 1 for place, name in enumerate("abc")})
    return combinations.assign(share=np.array(values) / sum(values))


@STEADY
@given(values=weights, ratios=ratios_of_three, among=st.sampled_from(["population", "cases"]))
def test_averages_sum_to_the_joint_in_estimate_and_lie_between_their_extremes(values, ratios, among):
    table = joint(three(values), effects(**dict(zip("abc", ratios, strict=True))), among=among)
    assert shares(table, "average").sum() == pytest.approx(shares(table, "joint").item(), abs=CLOSED)
    averages = table[table["kind"] == "average"]
    assert (averages["lowest"] <= averages["estimate"] + CLOSED).all()
    assert (averages["estimate"] <= averages["highest"] + CLOSED).all()
    assert table["estimate"].between(0, 1).all()
    assert (table["lower"] <= table["upper"]).all()
    assert shares(table, "joint").item() >= shares(table, "single").max() - CLOSED


@STEADY
@given(values=weights, ratio=st.floats(1.5, 9))
def test_alike_exposures_share_alike_and_one_without_effect_has_none(values, ratio):
    table = three(values)
    mirrored = table.rename(columns={"a": "b", "b": "a"})[list(table)]
    alike = pd.concat([table, mirrored]).groupby(list("abc"), as_index=False)["share"].mean()
    ratios = effects(a=ratio, b=ratio, c=1.0).assign(effect_lower=lambda t: t["effect"].where(t["effect"] == 1, 1.1))
    ratios["effect_upper"] = ratios["effect_upper"].where(ratios["effect"] > 1, 1.0)
    got = shares(joint(alike, ratios), "average")
    assert got["a"] == pytest.approx(got["b"], abs=CLOSED)
    assert got["c"] == pytest.approx(0, abs=CLOSED)


@STEADY
@given(exposure=st.floats(0, 1), ratio=st.floats(1.5, 50))
def test_one_exposure_is_levin(exposure, ratio):
    table = joint(pd.DataFrame({"a": [0, 1], "share": [1 - exposure, exposure]}), effects(a=ratio))
    row = effects(a=ratio).assign(exposure=exposure, adjustment="none")
    levin = attributable_fraction(row, n=200, rng=1)["estimate"].item()
    assert table["estimate"].tolist() == pytest.approx([levin] * 3, abs=CLOSED)


def test_the_interval_is_that_of_the_uncertain_input():
    one = pd.DataFrame({"a": [0, 1], "share": [0.7, 0.3]})
    row = joint(one, effects(width=2, a=3.0), n=20_000).iloc[0]
    assert row["lower"] == pytest.approx(0.3 * 0.5 / (1 + 0.3 * 0.5), abs=QUANTILE_OF_DRAWS)
    assert row["upper"] == pytest.approx(0.3 * 5 / (1 + 0.3 * 5), abs=QUANTILE_OF_DRAWS)
    known = effects(width=1, a=3.0)
    flat = joint(one, known).iloc[0]
    assert flat["lower"] == flat["upper"] == flat["estimate"]
    drawn = joint(one, known, effective_n=400, n=20_000).iloc[0]
    half = 1.96 * np.sqrt(0.3 * 0.7 / 401)  # the beta distribution of 120 and 280
    for limit, share in {"lower": 0.3 - half, "upper": 0.3 + half}.items():
        assert drawn[limit] == pytest.approx(2 * share / (1 + 2 * share), abs=QUANTILE_OF_DRAWS)
    marginal = pd.DataFrame({"exposure": ["a"], "share": [0.3], "share_lower": [0.2], "share_upper": [0.45]})
    drawn = joint(marginal, known, independent=True, n=20_000).iloc[0]
    assert drawn["lower"] == pytest.approx(0.4 / 1.4, abs=QUANTILE_OF_DRAWS)
    assert drawn["upper"] == pytest.approx(0.9 / 1.9, abs=QUANTILE_OF_DRAWS)


# -- what is not stated, and what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("effect_lower", 0.9, "b: the association may be null or protective"),
        ("measure", "hazard_ratio", "b: a hazard ratio is no ratio of risks"),
        ("adjustment", "adjusted", "b: an adjusted ratio needs the exposure of the cases: Miettinen's formula"),
        (
            "adjustment",
            None,
            "b: whether the ratio is adjusted is not known: say it in adjustment, or give the exposure of the cases",
        ),
        ("measure", "odds_ratio", "b: odds ratio without a baseline risk to convert it"),
    ],
)
def test_one_effect_without_a_share_leaves_all_unstated(column, value, reason):
    ratios = effects(a=3.0, b=2.0)
    ratios.loc[1, column] = value
    table = joint(TABLE, ratios)
    assert table["estimate"].isna().all()
    assert table["reason"].unique().tolist() == [reason]


def test_among_cases_adjusted_ratios_have_a_share():
    for adjustment in ("adjusted", None):
        table = joint(TABLE, effects(a=3.0, b=2.0).assign(adjustment=adjustment), among="cases")
        assert table["reason"].isna().all()
    without = effects(a=3.0, b=2.0).drop(columns="adjustment")
    assert joint(TABLE, without, among="cases")["reason"].isna().all()
    assert joint(TABLE, without)["reason"].str.contains("whether the ratio is adjusted is not known").all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"share": [0.5, 0.2, 0.2, 0.2]}, "shares of exposures sum to 1.1; needed is 1"),
        ({"share": [0.5, 0.3, 0.3, -0.1]}, r"the share of a \+ b is -0.1; .* cannot overlap as stated"),
        ({"share": [0.5, 0.3, 0.2, np.nan]}, r"the share of a \+ b is nan"),
        ({"a": [0, 1, 0, 2]}, "exposures: column 'a' is 2 in row 3, not true or false"),
        ({"a": [0, 1, 0, 0]}, "exposures has two rows for b; needed is one"),
    ],
)
def test_what_cannot_overlap_is_refused(changed, message):
    with pytest.raises(InputError, match=message):
        joint(TABLE.assign(**changed), effects(a=3.0, b=2.0))


@pytest.mark.parametrize(
    ("ratios", "options", "message"),
    [
        (effects(a=3.0), {}, "effects are of a; needed is one for each of a, b"),
        (effects(a=3.0, b=2.0).assign(share=[0.3, 0.2]), {}, "share of 'b' is 0.2 in effects, but 0.3 over the rows"),
        (effects(a=3.0, b=2.0).assign(measure="OR"), {}, "row 0: measure='OR' is not known"),
        (effects(a=3.0, b=2.0).assign(adjustment="crude"), {}, "row 0: adjustment='crude' is not known"),
        (
            effects(a=9.0, b=9.0).assign(measure="odds_ratio", baseline_risk=0.45),
            {},
            r"baseline_risk=0.45 times a risk ratio of 3.83 \(a \+ b\) is above 1",
        ),
        (
            effects(a=9.0, b=9.0).assign(measure="odds_ratio", baseline_risk=[0.4, 0.01]),
            {},
            "baseline_risk of effects is 0.4 and 0.01; needed is one, the risk without any of the exposures",
        ),
        (effects(a=3.0, b=2.0), {"among": "controls"}, "among='controls' is not known"),
        (effects(a=3.0, b=2.0), {"effective_n": 0}, "effective_n=0 is out of range"),
        (effects(a=3.0, b=2.0), {"level": 95}, "level=95 is out of range"),
    ],
)
def test_what_does_not_fit_is_refused(ratios, options, message):
    with pytest.raises(InputError, match=message):
        joint(TABLE, ratios, **options)
