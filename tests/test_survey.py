"""Design-based estimates: by hand, against R's survey, and what must always hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.survey import (
    prevalence_from_sums,
    survey_geometric_mean,
    survey_linear,
    survey_logistic,
    survey_mean,
    survey_prevalence,
    survey_quantile,
    survey_standardize,
    survey_sums,
)
from b12analysis.survey.intervals import presentation
from b12analysis.survey.logistic import fitted_probability

REFERENCE = Path(__file__).parent / "reference"
PEOPLE = pd.read_csv(REFERENCE / "survey_people.csv", dtype={"low": "Int64", "raised": "Int64"})
R = json.loads((REFERENCE / "survey.json").read_text())
ASSOCIATIONS = json.loads((REFERENCE / "associations.json").read_text())

#: Sums and square roots on both sides; worst observed 5e-15 relative, and three digits for another libm.
CLOSED = 1e-12
#: R fits the logit of the share iteratively, to 1e-8 of the deviance. Relative; worst observed 2e-7.
R_LOGIT = 1e-6
#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=80)
NO_DESIGN = {"weight": None, "strata": None, "psu": None}


def lonely() -> pd.DataFrame:
    """The people without one of the two PSUs of stratum 3."""
    return PEOPLE[~((PEOPLE["stratum"] == 3) & (PEOPLE["psu"] == 2))]


def test_a_prevalence_by_hand():
    # two strata with two PSUs each; sums of weights 20, 20 and 40, 40, of weighted cases 10, 0 and 40, 20
    # p = 70 / 120; each PSU's part (cases - p weight) / 120: -1/72, -7/72, 5/36, -1/36
    # variance: 2 / (2 - 1) times the squares about the stratum's mean: (6/72)^2 / 2 * 2 + (1/6)^2 / 2 * 2 = 5/144
    people = pd.DataFrame(
        {
            "stratum": [1, 1, 1, 1, 2, 2, 2, 2],
            "psu": [1, 1, 2, 2, 1, 1, 2, 2],
            "weight": [10] * 4 + [20] * 4,
            "low": [True, False, False, False, True, True, False, True],
        }
    )
    row = survey_prevalence(people, "low", ci="mean").iloc[0]
    assert (row["n"], row["cases"], row["df"]) == (8, 4, 2)
    assert row["estimate"] == pytest.approx(7 / 12)
    assert row["se"] == pytest.approx(np.sqrt(5) / 12)
    assert row["deff"] == pytest.approx((5 / 144) / (7 / 12 * 5 / 12 / 7))
    assert row["upper"] - row["estimate"] == pytest.approx(4.302653 * np.sqrt(5) / 12)  # t on 2 degrees of freedom
    # total 70; the weighted cases of the PSUs differ by 10 and by 20
    assert (row["total"], row["total_se"]) == (70, pytest.approx(np.sqrt(10**2 + 20**2)))


def test_a_simple_random_sample_is_the_textbook_formula():
    people = pd.DataFrame({"low": [True] * 12 + [False] * 88})
    row = survey_prevalence(people, "low", **NO_DESIGN).iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(0.12 * 0.88 / 99))
    assert row["deff"] == pytest.approx(1)
    assert row["df"] == 99


def same_as_r(row: pd.Series, expected: dict) -> None:
    for name in ("n", "df"):
        assert row[name] == expected[name]
    for name in ("estimate", "se", "deff", "total", "total_se"):
        assert row[name] == pytest.approx(expected[name], rel=CLOSED), name


@pytest.mark.parametrize(
    ("key", "indicator", "domain"),
    [("all", "low", None), ("all_raised", "raised", None), ("women", "low", "woman"), ("rare", "low", "rare")],
)
@pytest.mark.parametrize(("ci", "tolerance"), [("logit", R_LOGIT), ("beta", CLOSED), ("mean", CLOSED)])
def test_prevalence_equals_r(key, indicator, domain, ci, tolerance):
    people = PEOPLE.assign(rare=(PEOPLE["place"] == "b") & (PEOPLE["adult"] == 1))
    row = survey_prevalence(people, indicator, domain=domain, ci=ci).iloc[0]
    same_as_r(row, R[key])
    assert row[["lower", "upper"]].tolist() == pytest.approx(R[key]["ci"][ci], rel=tolerance)


def test_without_strata_and_clusters_it_equals_r():
    same_as_r(survey_prevalence(PEOPLE, "low", strata=None, psu=None).iloc[0], R["unstratified"])


@pytest.mark.parametrize("singleton", ["center", "certainty"])
def test_a_single_psu_counts_as_in_r(singleton):
    same_as_r(survey_prevalence(lonely(), "low", singleton=singleton).iloc[0], R[singleton])


def test_a_single_psu_is_refused_by_name():
    with pytest.raises(InputError, match=r"stratum 3 has a single PSU.*'center'.*'certainty'"):
        survey_prevalence(lonely(), "low")
    with pytest.raises(InputError, match="singleton='adjust' is not known"):
        survey_prevalence(lonely(), "low", singleton="adjust")


def test_wilson_is_the_interval_that_its_formula_solves():
    row = survey_prevalence(PEOPLE, "low", ci="wilson").iloc[0]
    n = row["estimate"] * (1 - row["estimate"]) / row["se"] ** 2
    for limit in (row["lower"], row["upper"]):
        distance = abs(limit - row["estimate"]) / np.sqrt(limit * (1 - limit) / n)
        assert distance == pytest.approx(2.570582, rel=1e-6)  # t on 5 degrees of freedom


def test_a_simple_sample_has_the_published_intervals():
    # 81 of 263: Newcombe, Stat Med 1998;17:857, table I: Wilson 0.2553 to 0.3662, Clopper-Pearson 0.2527 to 0.3676
    people = pd.DataFrame({"low": [True] * 81 + [False] * 182})
    # n - 1 in the standard error and t for the normal quantile: 0.0005
    wilson = survey_prevalence(people, "low", ci="wilson", **NO_DESIGN).iloc[0]
    beta = survey_prevalence(people, "low", ci="beta", **NO_DESIGN).iloc[0]
    assert wilson[["lower", "upper"]].tolist() == pytest.approx([0.2553, 0.3662], abs=0.0005)
    assert beta[["lower", "upper"]].tolist() == pytest.approx([0.2527, 0.3676], abs=0.0005)


@pytest.mark.parametrize("ci", ["logit", "beta", "mean", "wilson"])
@pytest.mark.parametrize("share", [0, 1])
def test_no_cases_and_all_cases_have_an_interval(ci, share):
    # Clopper and Pearson's on the effective n: 0 of n has the upper limit 1 - 0.025 ** (1 / n);
    # 5 degrees of freedom lessen n by (t with 125 / t with 5) ** 2
    people = PEOPLE.assign(low=float(share))
    row = survey_prevalence(people, "low", ci=ci).iloc[0]
    # of people with unequal weights Kish's: (sum of w)^2 / sum of w^2, here 93 of 126
    kish = PEOPLE["weight"].sum() ** 2 / (PEOPLE["weight"] ** 2).sum()
    effective = kish * (1.979124 / 2.570582) ** 2
    limits = [0, 1 - 0.025 ** (1 / effective)] if share == 0 else [0.025 ** (1 / effective), 1]
    assert row[["lower", "upper"]].tolist() == pytest.approx(limits, rel=1e-5)
    assert (row["estimate"], row["se"], row["total"]) == (share, 0, pytest.approx(share * PEOPLE["weight"].sum()))
    assert row["flag"].startswith(("suppress", "review"))


def test_ten_people_of_great_weight_are_ten_people():
    people = pd.DataFrame({"low": [False] * 1000, "weight": [1e5] * 10 + [1.0] * 990})
    row = survey_prevalence(people, "low", strata=None, psu=None).iloc[0]
    # with n = 10: 1 - 0.025 ** (1 / 10) = 0.3085
    assert row["upper"] == pytest.approx(0.3085, abs=0.005)


def test_a_standard_that_rests_on_twenty_people_is_no_better_than_twenty():
    people = pd.DataFrame({"low": [False] * 1000, "age": ["old"] * 20 + ["young"] * 980})
    row = survey_standardize(people, "low", over="age", population={"old": 99, "young": 1}, **NO_DESIGN).iloc[0]
    assert row["upper"] == pytest.approx(1 - 0.025 ** (1 / 20), abs=0.005)


def test_psus_that_agree_but_for_rounding_say_nothing():
    people = pd.DataFrame({"psu": np.repeat(range(6), 10), "low": ([True] + [False] * 9) * 6})
    row = survey_prevalence(people, "low", weight=None, strata=None).iloc[0]
    assert row["estimate"] == pytest.approx(0.1)
    assert row["lower"] < 0.05
    assert row["upper"] > 0.18


def test_groups_of_nobody_are_an_empty_table():
    table = survey_prevalence(PEOPLE.assign(group=np.nan), "low", by="group")
    assert table.empty
    assert {"group", "indicator", "estimate"} <= set(table)


@pytest.mark.parametrize("name", ["n", "indicator", "stratum", "se"])
def test_a_group_cannot_be_called_as_a_column_of_the_result(name):
    with pytest.raises(InputError, match=f"by has '{name}'"):
        survey_prevalence(PEOPLE.assign(n=1, indicator=1, se=1), "low", by=name)
    with pytest.raises(InputError, match="indicator is empty"):
        survey_prevalence(PEOPLE, [])


def test_a_group_in_which_nobody_was_measured_has_a_row_and_no_estimate():
    people = PEOPLE.assign(low=PEOPLE["low"].where(PEOPLE["place"] != "c"))
    table = survey_prevalence(people, "low", by="place").set_index("place")
    assert table["n"].to_dict() == {"a": table["n"]["a"], "b": table["n"]["b"], "c": 0}
    assert table.loc["c", ["estimate", "lower", "upper", "se"]].isna().all()
    assert table.loc["c", "flag"] == "suppress: nobody was measured"


def test_one_psu_leaves_everything_possible():
    people = pd.DataFrame({"psu": [1, 1, 2, 2], "low": [True, False, None, None]}).astype({"low": "boolean"})
    row = survey_prevalence(people, "low", weight=None, strata=None).iloc[0]
    assert (row["df"], row["lower"], row["upper"]) == (0, 0, 1)


def test_people_outside_the_domain_stay_in_the_design():
    # one PSU has no adult of place b: dropping the others would drop this PSU from its stratum
    rare = (PEOPLE["place"] == "b") & (PEOPLE["adult"] == 1)
    whole = survey_prevalence(PEOPLE.assign(rare=rare), "low", domain="rare").iloc[0]
    dropped = survey_prevalence(PEOPLE[rare], "low", singleton="certainty").iloc[0]
    assert whole["estimate"] == pytest.approx(dropped["estimate"])
    assert whole["se"] > 1.0005 * dropped["se"]


def test_groups_domains_and_missing_indicators_are_three_ways_to_say_the_same():
    by = survey_prevalence(PEOPLE, "low", by="woman").iloc[1]
    domain = survey_prevalence(PEOPLE, "low", domain="woman").iloc[0]
    missing = survey_prevalence(PEOPLE.assign(low=PEOPLE["low"].where(PEOPLE["woman"] == 1)), "low").iloc[0]
    pd.testing.assert_series_equal(domain, missing, check_names=False)
    pd.testing.assert_series_equal(domain, by[domain.index], check_names=False)


def test_several_indicators_and_groups_at_once_are_the_same_as_one_by_one():
    table = survey_prevalence(PEOPLE, ["low", "raised"], by=["place", "woman"])
    assert list(table.columns[:3]) == ["place", "woman", "indicator"]
    for row in table.to_dict("records"):
        inside = (PEOPLE["place"] == row["place"]) & (PEOPLE["woman"] == row["woman"])
        one = survey_prevalence(PEOPLE.assign(inside=inside), row["indicator"], domain="inside").iloc[0]
        assert (one["n"], one["df"]) == (row["n"], row["df"])
        assert one["se"] == pytest.approx(row["se"], nan_ok=True)


def test_sums_give_the_same_numbers_as_the_people():
    sums = survey_sums(PEOPLE, ["low", "raised"], by="band")
    expected = survey_prevalence(PEOPLE, ["low", "raised"], by="band")
    again = prevalence_from_sums(sums, by=["band", "indicator"])
    pd.testing.assert_frame_equal(again, expected, rtol=CLOSED)
    # bands added up are the whole
    whole = prevalence_from_sums(sums[sums["indicator"] == "low"]).iloc[0]
    same_as_r(whole, R["all"])


def test_sums_without_some_psus_know_how_many_there_are():
    people = PEOPLE.assign(rare=(PEOPLE["place"] == "b") & (PEOPLE["adult"] == 1))
    sums = survey_sums(people, "low", domain="rare")
    assert len(sums) < 9
    same_as_r(prevalence_from_sums(sums).iloc[0], R["rare"])


def test_sums_with_a_single_psu_are_refused_too():
    with pytest.raises(InputError, match="stratum 3 has a single PSU"):
        prevalence_from_sums(survey_sums(lonely(), "low"))
    same_as_r(prevalence_from_sums(survey_sums(lonely(), "low"), singleton="center").iloc[0], R["center"])


def test_means_equal_r():
    row = survey_mean(PEOPLE, "b12").iloc[0]
    assert row[["estimate", "se", "deff"]].tolist() == pytest.approx(list(R["mean"].values()), rel=CLOSED)
    geometric = survey_geometric_mean(PEOPLE, "b12").iloc[0]
    log = R["log_mean"]
    assert geometric["estimate"] == pytest.approx(np.exp(log["estimate"]), rel=CLOSED)
    assert geometric["se"] == pytest.approx(np.exp(log["estimate"]) * log["se"], rel=CLOSED)
    assert geometric["upper"] == pytest.approx(np.exp(log["estimate"] + 2.570582 * log["se"]), rel=1e-6)


def test_a_mean_of_yes_and_no_is_a_prevalence():
    mean = survey_mean(PEOPLE, "low").iloc[0]
    prevalence = survey_prevalence(PEOPLE, "low", ci="mean").iloc[0]
    for name in ("n", "estimate", "lower", "upper", "se", "df", "deff"):
        assert mean[name] == pytest.approx(prevalence[name], rel=CLOSED)


@pytest.mark.parametrize("rule", ["math", "hf7", "rounded"])
def test_percentiles_equal_r(rule):
    table = survey_quantile(PEOPLE, "b12", rule=rule)
    for name in ("estimate", "lower", "upper"):
        expected = [np.nan if value in (None, "NaN", "NA") else value for value in R[rule][name]]
        assert table[name].tolist() == pytest.approx(expected, rel=CLOSED, nan_ok=True), name


def test_percentiles_of_a_domain_equal_r():
    table = survey_quantile(PEOPLE, "b12", rule="hf7", domain="woman")
    assert table["estimate"].tolist() == pytest.approx(R["women_hf7"]["estimate"], rel=CLOSED)
    by = survey_quantile(PEOPLE, "b12", rule="hf7", by="woman").query("woman == 1")
    assert by["lower"].tolist() == pytest.approx(table["lower"].tolist(), nan_ok=True)


def test_percentiles_by_hand():
    people = pd.DataFrame({"x": [10.0, 20.0, 20.0, 40.0]})
    found = {
        rule: survey_quantile(people, "x", [0.5, 0.75], rule=rule, **NO_DESIGN) for rule in ("math", "hf7", "rounded")
    }
    # hf7: (0, 1/3, 2/3, 1) at (10, 20, 20, 40); rounded: (1/4, 3/4, 1) at (10, 20, 40)
    assert {rule: table["estimate"].round(9).tolist() for rule, table in found.items()} == {
        "math": [20, 20],
        "hf7": [20, 25],
        "rounded": [15, 20],
    }


#: R numbers the bands in alphabetical order.
POPULATION = {"40-59": 77670, "60+": 72816, "under 40": 45364}


def test_standardisation_equals_r():
    whole = survey_standardize(PEOPLE, "low", over="band", population=POPULATION).iloc[0]
    assert whole[["estimate", "se"]].tolist() == pytest.approx(list(R["standard"].values()), rel=CLOSED)
    women = survey_standardize(PEOPLE, "low", over="band", population=POPULATION, by="woman").iloc[1]
    assert women[["estimate", "se"]].tolist() == pytest.approx(list(R["standard_women"].values()), rel=CLOSED)


def test_standardising_to_the_surveys_own_bands_changes_no_estimate():
    known = PEOPLE[PEOPLE["low"].notna()]
    row = survey_standardize(PEOPLE, "low", over="band", population=known.groupby("band")["weight"].sum()).iloc[0]
    assert row["estimate"] == pytest.approx(row["crude"])


def test_standardisation_names_the_band_in_which_nobody_was_measured():
    people = PEOPLE.assign(low=PEOPLE["low"].where((PEOPLE["band"] != "60+") | (PEOPLE["woman"] == 0)))
    with pytest.raises(InputError, match=r"'low' is not known of anybody in band '60\+' \(woman 1\)"):
        survey_standardize(people, "low", over="band", population=POPULATION, by="woman")
    with pytest.raises(InputError, match="population="):
        survey_standardize(people, "low", over="band", population={"60+": -1})


def test_logistic_regression_equals_r():
    table = survey_logistic(PEOPLE, "low ~ age10 + woman + place", domain="adult")
    assert table["term"].tolist() == ["Intercept", "age10", "woman", "place[T.b]", "place[T.c]"]
    # R was told to iterate to the last digit
    assert table["coefficient"].tolist() == pytest.approx(R["logistic"]["coefficient"], rel=1e-9)
    assert table["se"].tolist() == pytest.approx(R["logistic"]["se"], rel=1e-9)
    assert table["n"].unique().tolist() == [R["logistic"]["n"]]


def test_odds_ratios_by_hand():
    # 4 of 10 and 2 of 10: odds 2/3 and 1/4; Woolf's variance 1/4 + 1/6 + 1/2 + 1/8, times n / (n - 1) for the sample
    people = pd.DataFrame({"metformin": [True] * 10 + [False] * 10, "low": [1] * 4 + [0] * 6 + [1] * 2 + [0] * 8})
    row = survey_logistic(people, "low ~ metformin", **NO_DESIGN).set_index("term").loc["metformin"]
    assert row["estimate"] == pytest.approx(8 / 3)
    assert row["se"] == pytest.approx(np.sqrt((1 / 4 + 1 / 6 + 1 / 2 + 1 / 8) * 20 / 19))


def test_one_person_far_out_is_no_separation():
    # of somebody who eats liver the outcome is as good as certain (log odds below -35); of the others it is not
    people = pd.DataFrame({"ate": [0.0] * 10 + [1.0] * 10 + [50.0], "low": [1] * 5 + [0] * 5 + [1] * 3 + [0] * 8})
    found = survey_logistic(people, "low ~ ate", **NO_DESIGN).set_index("term")["coefficient"]
    assert found["Intercept"] + 50 * found["ate"] < -35
    assert found["ate"] == pytest.approx(np.log(3 / 7), rel=1e-9)  # that of the other twenty


def test_the_unit_of_a_term_does_not_matter():
    years = survey_logistic(PEOPLE.assign(year=2000.0 + PEOPLE["age"] / 10), "low ~ year").set_index("term")
    centred = survey_logistic(PEOPLE.assign(year=PEOPLE["age"] / 10), "low ~ year").set_index("term")
    small = survey_logistic(PEOPLE.assign(year=1e-9 * PEOPLE["age"]), "low ~ year").set_index("term")
    for name in ("coefficient", "se"):
        assert years[name]["year"] == pytest.approx(centred[name]["year"], rel=1e-6)
        assert 1e-8 * small[name]["year"] == pytest.approx(centred[name]["year"], rel=1e-6)
    assert abs(years["coefficient"]["Intercept"]) > 50  # far from any year that was, and no sign of separation


def test_the_order_of_categories_is_kept():
    order = ["under 40", "60+", "40-59", "nobody"]
    people = PEOPLE.assign(band=pd.Categorical(PEOPLE["band"], categories=order, ordered=True))
    assert survey_logistic(people, "low ~ band")["term"].tolist() == ["Intercept", "band[T.60+]", "band[T.40-59]"]


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_term_that_is_no_number_is_named():
    with pytest.raises(InputError, match=r"term 'np.log\(woman\)' is no number for \d+ people"):
        survey_logistic(PEOPLE, "low ~ np.log(woman)")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("low ~ nothing", "lacks column 'nothing'"),
        ("low ~ woman +* place", "cannot be read"),
        ("age10", "cannot be read"),
        ("age ~ woman", "must be true or false"),
        ("low ~ woman + man", "cannot be told apart"),
        ("low ~ perfect", "no bound"),
    ],
)
def test_a_formula_that_cannot_be_fitted_is_refused_in_words(formula, words):
    people = PEOPLE.assign(man=1 - PEOPLE["woman"], perfect=PEOPLE["low"])
    with pytest.raises(InputError, match=words):
        survey_logistic(people, formula)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weight": -1.0}, "weight 'weight' of people is -1 in row 0"),
        ({"weight": np.nan}, "weight 'weight' of people is nan in row 0"),
        ({"stratum": np.nan}, "column 'stratum' of people is missing in row 0"),
        ({"low": 2}, "column 'low' of people is 2 in row 0; an indicator is true, false or missing"),
    ],
)
def test_what_is_wrong_is_named(change, words):
    people = PEOPLE.copy().astype(float, errors="ignore")
    for name, value in change.items():
        people[name] = people[name].astype(float)
        people.loc[0, name] = value
    with pytest.raises(InputError, match=words):
        survey_prevalence(people, "low")


def test_missing_columns_and_wrong_choices_are_named():
    with pytest.raises(InputError, match="people lacks column 'b12_low'"):
        survey_prevalence(PEOPLE, "b12_low")
    with pytest.raises(InputError, match="ci='exact' is not known"):
        survey_prevalence(PEOPLE, "low", ci="exact")
    with pytest.raises(InputError, match="rule='hf9' is not known"):
        survey_quantile(PEOPLE, "b12", rule="hf9")
    with pytest.raises(InputError, match="no logarithm"):
        survey_geometric_mean(PEOPLE.assign(b12=0.0), "b12")
    with pytest.raises(InputError, match="no rows"):
        survey_prevalence(PEOPLE.iloc[:0], "low")


def test_people_of_weight_zero_are_in_the_design_only():
    people = pd.concat([PEOPLE, PEOPLE.assign(weight=0.0, low=1)])
    same_as_r(survey_prevalence(people, "low").iloc[0], R["all"])


@st.composite
def surveys(draw) -> pd.DataFrame:
    """A survey of two to four strata with two or three PSUs each, and up to five people in each PSU."""
    rows = []
    for stratum in range(draw(st.integers(2, 4))):
        for psu in range(draw(st.integers(2, 3))):
            for _ in range(draw(st.integers(1, 5))):
                weight, b12 = draw(st.floats(0.1, 1000)), draw(st.integers(50, 500))
                rows.append((stratum, psu, weight, b12, draw(st.sampled_from("ab"))))
    people = pd.DataFrame(rows, columns=["stratum", "psu", "weight", "b12", "place"])
    return people.assign(low=people["b12"] < 148, marginal=people["b12"] < 221)


@STEADY
@given(surveys(), st.sampled_from(["logit", "beta", "wilson"]))
def test_an_interval_holds_the_estimate_and_stays_within_0_and_1(people, ci):
    table = survey_prevalence(people, ["low", "marginal"], by="place", ci=ci)
    assert ((table["lower"] >= 0) & (table["lower"] <= table["estimate"])).all()
    assert ((table["estimate"] <= table["upper"]) & (table["upper"] <= 1)).all()


@STEADY
@given(surveys(), st.floats(1e-3, 1e3))
def test_weights_on_another_scale_change_only_the_totals(people, factor):
    before = survey_prevalence(people, "low")
    after = survey_prevalence(people.assign(weight=factor * people["weight"]), "low")
    pd.testing.assert_frame_equal(after.drop(columns=["total", "total_se"]), before.drop(columns=["total", "total_se"]))
    assert after["total"].tolist() == pytest.approx((factor * before["total"]).tolist())


@STEADY
@given(surveys())
def test_a_lower_cut_off_never_raises_prevalence_and_order_never_matters(people):
    table = survey_prevalence(people, ["low", "marginal"]).set_index("indicator")
    assert table["estimate"]["low"] <= table["estimate"]["marginal"]
    shuffled = survey_prevalence(people.sample(frac=1, random_state=1), ["low", "marginal"]).set_index("indicator")
    pd.testing.assert_frame_equal(table, shuffled, rtol=1e-9, atol=1e-12)


@STEADY
@given(surveys())
def test_a_wider_level_holds_the_narrower_one(people):
    narrow, wide = (survey_prevalence(people, "low", level=level).iloc[0] for level in (0.8, 0.99))
    assert wide["lower"] <= narrow["lower"]
    assert narrow["upper"] <= wide["upper"]


@STEADY
@given(surveys())
def test_percentiles_rise_and_are_values_that_somebody_has(people):
    table = survey_quantile(people, "b12", [0.1, 0.5, 0.9])
    assert table["estimate"].is_monotonic_increasing
    assert table["estimate"].isin(people["b12"]).all()


@pytest.mark.parametrize(
    ("cases", "n", "words"),
    [
        (5, 29, "suppress: fewer than 30 people"),
        (1, 31, "suppress: 95 % interval wider than 1.3 times the estimate"),
        (18, 36, "suppress: 95 % interval wider than 30 points"),
        (0, 1000, "review: no cases, or nothing but cases"),
        (500, 1000, ""),
        (97, 100, "review: the share without the condition is uncertain"),
    ],
)
def test_what_the_presentation_standard_says(cases, n, words):
    p = np.array([cases / n])
    se = np.sqrt(p * (1 - p) / n)
    assert presentation(p, se, np.array([n]), np.array([n - 1])).tolist() == [words]


def test_few_degrees_of_freedom_and_a_high_design_effect_are_flagged():
    p, n = np.array([0.5]), np.array([1000])
    assert presentation(p, np.sqrt(0.25 / n), n, np.array([7])).tolist() == ["review: fewer than 8 degrees of freedom"]
    assert presentation(p, np.sqrt(0.25 / 29), n, np.array([30])).tolist() == ["suppress: effective n below 30"]


def test_people_without_a_group_are_outside_every_group_and_stay_in_the_design():
    some = PEOPLE.assign(group=pd.Series("a", index=PEOPLE.index, dtype=object).where(PEOPLE["woman"] == 1, None))
    (grouped,) = survey_prevalence(some, "low", by="group").to_dict("records")
    domain = survey_prevalence(PEOPLE, "low", domain="woman").iloc[0].to_dict()
    assert grouped.pop("group") == "a"
    assert grouped == domain


@STEADY
@given(surveys(), st.floats(0.01, 100))
def test_means_follow_their_unit_and_the_geometric_one_is_never_larger(people, factor):
    mean, scaled = survey_mean(people, "b12"), survey_mean(people.assign(b12=factor * people["b12"]), "b12")
    for name in ("estimate", "lower", "upper", "se"):
        assert scaled[name][0] == pytest.approx(factor * mean[name][0], rel=1e-9, abs=1e-9)
    geometric = survey_geometric_mean(people, "b12")
    assert geometric["estimate"][0] <= mean["estimate"][0] * (1 + 1e-12)
    assert geometric["lower"][0] <= geometric["estimate"][0] <= geometric["upper"][0]


@STEADY
@given(surveys(), st.floats(0.01, 0.99))
def test_a_standardised_prevalence_lies_between_those_of_its_bands(people, share):
    people = people.assign(place=["a", "b"] * (len(people) // 2) + ["a"] * (len(people) % 2))
    bands = survey_prevalence(people, "marginal", by="place")["estimate"]
    found = survey_standardize(people, "marginal", over="place", population={"a": share, "b": 1 - share}).iloc[0]
    assert bands.min() - 1e-12 <= found["estimate"] <= bands.max() + 1e-12
    assert 0 <= found["lower"] <= found["estimate"] <= found["upper"] <= 1
    larger = survey_standardize(people, "marginal", over="place", population={"a": 9 * share, "b": 9 - 9 * share}).iloc[
        0
    ]
    assert larger[["estimate", "se"]].tolist() == pytest.approx(found[["estimate", "se"]].tolist(), abs=1e-12)


@STEADY
@given(surveys())
def test_odds_of_the_opposite_are_the_inverse(people):
    people = people.assign(other=~people["marginal"], x=people["b12"] % 7)
    try:
        odds = survey_logistic(people, "marginal ~ x").set_index("term").loc["x"]
    except InputError:  # everybody or nobody is a case, or x parts them
        return
    against = survey_logistic(people, "other ~ x").set_index("term").loc["x"]
    assert against["estimate"] == pytest.approx(1 / odds["estimate"], rel=1e-6)
    assert against["lower"] == pytest.approx(1 / odds["upper"], rel=1e-6)
    assert against["se"] == pytest.approx(odds["se"], rel=1e-6, abs=1e-9)
    heavier = survey_logistic(people.assign(weight=1000 * people["weight"]), "marginal ~ x").set_index("term").loc["x"]
    assert heavier["se"] == pytest.approx(odds["se"], rel=1e-6, abs=1e-9)


def test_a_difference_of_means_by_hand():
    # means 300 and 200; each group's squares about its mean are 20,000, over n squared; times 6/5 for the sample
    people = pd.DataFrame({"takes": [0, 0, 1, 1, 1, 1], "b12": [200.0, 400.0, 100.0, 200.0, 200.0, 300.0]})
    table = survey_linear(people, "b12 ~ takes", **NO_DESIGN).set_index("term")
    assert table["estimate"].tolist() == pytest.approx([300, -100])
    assert table.loc["takes", "se"] == pytest.approx(np.sqrt((20_000 / 2**2 + 20_000 / 4**2) * 6 / 5))
    assert table["df"].tolist() == [5, 5]
    half = 2.570582 * table.loc["takes", "se"]  # t on 5 degrees of freedom
    assert table.loc["takes", "upper"] == pytest.approx(-100 + half)


@pytest.mark.parametrize("name", ["linear", "linear_log"])
def test_linear_regression_equals_r(name):
    expected = ASSOCIATIONS["made_up"][name]
    outcome = {"linear": "b12", "linear_log": "log(b12)"}[name]
    table = survey_linear(PEOPLE, f"{outcome} ~ age10 + woman + place", domain="adult")
    assert table["term"].tolist() == ["Intercept", "age10", "woman", "place[T.b]", "place[T.c]"]
    assert table["coefficient"].tolist() == pytest.approx(expected["coefficient"], rel=CLOSED, abs=CLOSED)
    assert table["se"].tolist() == pytest.approx(expected["se"], rel=CLOSED)
    assert table[["n", "df"]].iloc[0].tolist() == [expected["n"], expected["df"]]


def test_a_mean_and_a_geometric_mean_are_regressions_on_nothing():
    for line, mean, ratio in (("b12 ~ 1", survey_mean, False), ("log(b12) ~ 1", survey_geometric_mean, True)):
        one = survey_linear(PEOPLE, line, domain="adult", ratio=ratio).iloc[0]
        other = mean(PEOPLE, "b12", domain="adult").iloc[0]
        for name in ("n", "df", "estimate", "lower", "upper"):
            assert one[name] == pytest.approx(other[name], rel=CLOSED)


def test_a_covariate_that_is_shifted_moves_only_the_intercept():
    shifted = PEOPLE.assign(age10=PEOPLE["age10"] + 5)
    for fit, line in ((survey_linear, "log(b12) ~ age10 + woman"), (survey_logistic, "low ~ age10 + woman")):
        one, other = (fit(people, line).set_index("term") for people in (PEOPLE, shifted))
        for name in ("coefficient", "se"):
            # worst observed 3e-12: the logistic one is iterated
            assert one[name][1:].tolist() == pytest.approx(other[name][1:].tolist(), rel=1e-9)
        moved = one["coefficient"]["Intercept"] - 5 * one["coefficient"]["age10"]
        assert other["coefficient"]["Intercept"] == pytest.approx(moved, rel=1e-9)


def test_the_crude_odds_ratio_is_the_ratio_of_weighted_odds():
    adults = PEOPLE[(PEOPLE["adult"] == 1) & PEOPLE["low"].notna()]
    total = adults.groupby(["woman", "low"])["weight"].sum()
    crude = survey_logistic(PEOPLE, "low ~ woman", domain="adult").set_index("term")["estimate"]["woman"]
    assert crude == pytest.approx((total[1, 1] / total[1, 0]) / (total[0, 1] / total[0, 0]), rel=1e-9)


def test_fitted_probabilities_add_up_to_the_cases():
    fitted = fitted_probability(PEOPLE, "low ~ age10 + woman", domain="adult")
    known = (PEOPLE["adult"] == 1) & PEOPLE["low"].notna()
    assert (fitted.notna() == known).all()
    weight, low = PEOPLE.loc[known, "weight"], PEOPLE.loc[known, "low"].astype(float)
    assert (weight * fitted[known]).sum() == pytest.approx((weight * low).sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("formula", "ratio", "words"),
    [
        ("log10(b12) ~ woman", True, "needs the logarithm of an outcome"),
        ("b12 ~ woman", True, "needs the logarithm of an outcome"),
        ("log(woman) ~ age10", False, r"the outcome is no number for \d+ people"),
        ("b12 ~ woman + man", False, "cannot be told apart"),
        ("b12 ~ nothing", False, "lacks column 'nothing'"),
        ("place ~ woman", False, "must be one column"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_linear_formula_that_cannot_be_fitted_is_refused_in_words(formula, ratio, words):
    with pytest.raises(InputError, match=words):
        survey_linear(PEOPLE.assign(man=1 - PEOPLE["woman"]), formula, ratio=ratio)


def test_a_difference_on_the_left_of_a_formula_is_refused_because_the_language_would_drop_it():
    people = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "z": [1.0, 1.0, 2.0, 1.0], "x": [0.0, 1.0, 0.0, 1.0]})
    bare = {"weight": None, "strata": None, "psu": None}
    for formula in ("y - z ~ x", "log(y) - log(z + 1) ~ x", "y + z ~ x"):
        with pytest.raises(
            InputError, match=r"write an outcome that is computed inside I\(\), such as 'I\(y - z\) ~ x'"
        ):
            survey_linear(people, formula, **bare)
    inside = survey_linear(people, "I(y - z) ~ x", **bare)["estimate"].tolist()
    assert inside == pytest.approx([1.0, 0.5])  # differences 0, 2 and 1, 2
    assert len(survey_linear(people, "log(y + 1) ~ x", **bare)) == 2
