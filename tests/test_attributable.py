"""Attributable fractions in a survey: by counting people, against R and a jackknife, and what must always hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import nhanes
from b12analysis.arguments import InputError
from b12analysis.evidence import load
from b12analysis.nhanes.fractions import EXPOSURES, compute_fractions, exposed, fractions
from b12analysis.risk import attributable_fraction
from b12analysis.survey import survey_attributable_fraction, survey_prevalence

FOLDER = Path(__file__).parent / "reference"
R = json.loads((FOLDER / "attributable_survey.json").read_text())
PEOPLE = pd.read_csv(FOLDER / "attributable_people.csv")
FORMULA = "low ~ metformin + no_supplement * old + age10"
BOTH = ["metformin", "no_supplement"]
BARE = {"weight": None, "strata": None, "psu": None}

#: Closed formulas on both sides.
CLOSED = 1e-12
#: Newton's method ends when a step is below 1e-11; the fraction of a saturated model is closed, the fit is not.
NEWTON = 1e-10
#: R iterates to 1e-14 of the deviance.
ITERATED = 1e-9
#: A jackknife differs from linearisation by terms of second order; 24 PSUs of 50 people, 0.0094 at worst.
JACKKNIFE = 0.02
STEADY = settings(derandomize=True, deadline=None, max_examples=15)


def fraction(people=PEOPLE, formula=FORMULA, exposures=BOTH, **options):
    return survey_attributable_fraction(people, formula, exposures, **({"outcome": "deficiency"} | options))


def log_se(table, df=12):
    """Standard error of log(1 - fraction), from the width of the interval."""
    from scipy.special import stdtrit

    return (np.log(1 - table["lower"]) - np.log(1 - table["upper"])) / (2 * stdtrit(df, 0.975))


def counted(exposed, cases_exposed, others, cases_others):
    low = [1] * cases_exposed + [0] * (exposed - cases_exposed) + [1] * cases_others + [0] * (others - cases_others)
    return pd.DataFrame({"vegan": [1] * exposed + [0] * others, "low": low})


# -- by counting, and against others ----------------------------------------------------------------------------------


def test_two_strata_by_counting_people():
    # as in test_risk: 100 exposed of 1,000 with risks 0.2 and 0.1, 500 of 1,000 with risks 0.8 and 0.4; a model with a
    # term for each cell repeats them, so of 710 cases 10 and 200 would be absent
    young, old = counted(100, 20, 900, 90).assign(old=0), counted(500, 400, 500, 200).assign(old=1)
    row = fraction(pd.concat([young, old], ignore_index=True), "low ~ vegan * old", "vegan", **BARE).iloc[0]
    assert row["estimate"] == pytest.approx(210 / 710, abs=CLOSED)
    assert row["observed"] == pytest.approx(710 / 2000, abs=CLOSED)
    assert row["without"] == pytest.approx(500 / 2000, abs=CLOSED)
    assert row["exposed"] == pytest.approx(600 / 2000, abs=CLOSED)
    assert row[["n", "cases"]].tolist() == [2000, 710]


def test_equal_to_r_and_near_its_jackknife():
    table = fraction(domain="adult")
    assert table["kind"].tolist() == ["single", "single", "joint", "average", "average"]
    assert table["estimate"].tolist() == pytest.approx(R["estimate"], abs=ITERATED)
    assert log_se(table).tolist() == pytest.approx(R["jackknife_se_log"], rel=JACKKNIFE)
    assert table["df"].tolist() == [12] * 5


def test_the_interval_is_near_that_of_leaving_out_each_psu():
    def logs(people):
        return np.log(1 - fraction(people, domain="adult")["estimate"].to_numpy())

    whole, total = logs(PEOPLE), 0
    for stratum, psu in PEOPLE.groupby(["stratum", "psu"]).size().index:
        there = PEOPLE["stratum"] == stratum  # of two PSUs the one that stays counts twice
        factor = np.where(there, np.where(PEOPLE["psu"] == psu, 0, 2), 1)
        total = total + (logs(PEOPLE.assign(weight=PEOPLE["weight"] * factor)) - whole) ** 2 / 2
    assert log_se(fraction(domain="adult")).tolist() == pytest.approx(np.sqrt(total).tolist(), rel=JACKKNIFE)


@STEADY
@given(exposed=st.integers(100, 300), others=st.integers(100, 900), risk=st.floats(0.1, 0.2), more=st.floats(3.5, 4.5))
def test_one_exposure_alone_is_levin_with_the_crude_ratio(exposed, others, risk, more):
    cases_exposed, cases_others = round(exposed * min(0.95, risk * more)), max(1, round(others * risk))
    people = counted(exposed, cases_exposed, others, cases_others)
    row = fraction(people, "low ~ vegan", "vegan", **BARE).iloc[0]
    ratio = cases_exposed / exposed / (cases_others / others)
    crude = {"exposure": exposed / (exposed + others), "measure": "risk_ratio", "adjustment": "none", "effect": ratio}
    levin = attributable_fraction(pd.DataFrame([crude | {"effect_lower": ratio, "effect_upper": ratio}]), n=10, rng=1)
    assert row["estimate"] == pytest.approx(levin["estimate"].item(), abs=NEWTON)
    assert 0 < row["lower"] < row["estimate"] < row["upper"] < 1


# -- invariants -------------------------------------------------------------------------------------------------------


def test_predicted_and_observed_prevalence_are_the_same():
    row = fraction(domain="adult").iloc[0]
    counted = survey_prevalence(PEOPLE, "low", domain="adult").iloc[0]
    assert row["observed"] == pytest.approx(counted["estimate"], abs=CLOSED)
    assert row["n"] == counted["n"]


def test_averages_sum_to_the_joint_and_lie_between_their_extremes():
    table = fraction(exposures=[*BOTH, "old"], to={"old": 0}, domain="adult").set_index(["kind", "exposure"])
    averages = table.loc["average"]
    assert averages["estimate"].sum() == pytest.approx(table.loc["joint", "estimate"].item(), abs=CLOSED)
    assert (averages["lowest"] < averages["estimate"]).all()
    assert (averages["estimate"] < averages["highest"]).all()
    for name in averages.index:  # the one taken away first, with the others kept, is one of the orders
        assert averages.loc[name, "lowest"] <= table.loc[("single", name), "estimate"] + CLOSED
        assert table.loc[("single", name), "estimate"] <= averages.loc[name, "highest"] + CLOSED


def test_weights_have_no_unit_and_the_order_of_people_does_not_matter():
    numbers = ["estimate", "lower", "upper", "observed"]
    table = fraction(domain="adult")[numbers].to_numpy()
    other = fraction(PEOPLE.assign(weight=7 * PEOPLE["weight"]).sample(frac=1, random_state=1), domain="adult")
    np.testing.assert_allclose(other[numbers].to_numpy(), table, rtol=1e-9)


def test_people_outside_the_domain_stay_in_the_design():
    table = fraction(domain="adult")
    only = fraction(PEOPLE[PEOPLE["adult"] == 1])
    assert table["estimate"].tolist() == pytest.approx(only["estimate"].tolist(), abs=CLOSED)
    nobody = PEOPLE.assign(adult=PEOPLE["adult"].where(PEOPLE["psu"] == 1, 0))
    alone = fraction(nobody, domain="adult")  # one PSU of each stratum is left: nothing is known of the spread
    assert (alone["df"] == 0).all()
    assert alone["estimate"].isna().all()


def test_exposures_may_be_yes_or_no_or_text():
    text = PEOPLE.assign(pills=np.where(PEOPLE["metformin"] == 1, "metformin", "none"))
    flags = PEOPLE.assign(metformin=(PEOPLE["metformin"] == 1).astype("boolean"))
    expected = fraction(exposures="metformin")[["estimate", "lower", "upper"]].to_numpy()
    for people, formula, name, to in [
        (text, FORMULA.replace("metformin", "C(pills)"), "pills", {"pills": "none"}),
        (flags, FORMULA, "metformin", {"metformin": False}),
    ]:
        np.testing.assert_allclose(fraction(people, formula, name, to=to).iloc[:, 3:6].astype(float), expected)


# -- what is not stated, and what is refused --------------------------------------------------------------------------


def test_no_share_of_what_may_be_null_and_the_joint_leaves_it_out():
    coin = PEOPLE.assign(coin=np.arange(len(PEOPLE)) % 2)
    table = fraction(coin, f"{FORMULA} + coin", [*BOTH, "coin"], domain="adult").set_index(["kind", "exposure"])
    none = table.loc[("single", "coin")]
    assert none["reason"] == "the association may be null or protective"
    assert none[["estimate", "lower", "upper", "without"]].isna().all()
    assert table.loc["joint"].index.tolist() == ["metformin + no_supplement"]
    assert table.loc["average"].index.tolist() == BOTH
    assert table.drop(("single", "coin"))["reason"].isna().all()


def test_no_share_of_a_protective_exposure():
    supplement = PEOPLE.assign(supplement=1 - PEOPLE["no_supplement"])
    row = fraction(supplement, "low ~ supplement + age10", "supplement").iloc[0]
    assert row["reason"] == "the association may be null or protective"
    away = fraction(supplement, "low ~ supplement + age10", "supplement", to={"supplement": 1}).iloc[0]
    assert away["estimate"] > 0  # those without, if they had one


@pytest.mark.parametrize("name", ["neuropathy", "Neuropathy", "two_sites", "nerve_damage", "numbness", "low"])
def test_no_share_of_what_is_not_known_to_be_deficiency(name):
    renamed = PEOPLE.rename(columns={"low": name}), FORMULA.replace("low", name)
    table = fraction(*renamed, outcome=None)
    assert table["estimate"].isna().all()
    why = f"no share is stated for {name}: the fractions are of deficiency; outcome='deficiency' says that it is one"
    assert table["reason"].iloc[0] == why
    assert table["reason"].iloc[-1] == "no exposure has a share to state"
    assert fraction(*renamed, outcome="nerve damage")["reason"].iloc[0] == (
        "no share is stated for nerve damage: the fractions are of deficiency"
    )


def test_a_definition_of_deficiency_needs_no_word():
    renamed = PEOPLE.rename(columns={"low": "b12_148"}), FORMULA.replace("low", "b12_148")
    pd.testing.assert_frame_equal(fraction(*renamed, outcome=None), fraction())


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
def test_whether_a_share_is_stated_does_not_hang_on_the_level_of_its_interval(level):
    # 14 of 100 against 40 of 400: an odds ratio of 1.47 (0.76 to 2.81)
    open_, clear = (counted(100, cases, 400, 40) for cases in (14, 30))
    row = fraction(open_, "low ~ vegan", "vegan", level=level, **BARE).iloc[0]
    assert row["reason"] == "the association may be null or protective"
    row = fraction(clear, "low ~ vegan", "vegan", level=level, **BARE).iloc[0]
    assert pd.isna(row["reason"])
    assert row["estimate"] == pytest.approx(20 / 70, abs=CLOSED)


def test_an_exposure_may_be_called_like_a_part_of_the_outcome():
    people = PEOPLE.rename(columns={"low": "b12_dosage", "metformin": "age"})
    table = fraction(people, "b12_dosage ~ age + no_supplement", "age")
    expected = fraction(PEOPLE, "low ~ metformin + no_supplement", "metformin")
    assert table["estimate"].tolist() == expected["estimate"].tolist()


def test_nobody_to_change_has_no_share():
    same = fraction(PEOPLE, "low ~ I(0 * metformin + no_supplement)", "metformin")
    assert same["reason"].tolist() == ["nobody in the domain is exposed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exposures": "metfromin"}, r"exposures='metfromin' is not known \(did you mean 'metformin'\?\); choose one"),
        ({"exposures": []}, r"exposures=\[\]: needed are 1 to 10 different columns"),
        ({"exposures": ["metformin"] * 2}, "different columns of the formula"),
        ({"exposures": "low"}, "exposures='low' is not known"),
        ({"to": {"age10": 0}}, "to='age10' is not known; choose one of 'metformin', 'no_supplement'"),
        ({"to": {"metformin": "none"}}, "to of 'metformin': 'none' is not a number"),
        ({"to": {"metformin": np.nan}}, "to of 'metformin': nan is not a number"),
        ({"to": {"metformin": -np.inf}}, "to of 'metformin': -inf is not a number"),
        ({"outcome": 1}, "outcome=1 is not a text"),
        ({"level": 95}, "level=95 is out of range"),
        ({"domain": "adults"}, "people lacks column 'adults'"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        fraction(**options)


def test_a_reference_that_nobody_has_is_refused():
    text = PEOPLE.assign(pills=np.where(PEOPLE["metformin"] == 1, "metformin", "none"))
    with pytest.raises(InputError, match=r"to of 'pills'='no' is not known .*; choose one of 'metformin', 'none'"):
        fraction(text, "low ~ pills", "pills", to={"pills": "no"})


# -- the US survey ----------------------------------------------------------------------------------------------------


def test_the_stored_fractions_say_a_share_or_why_not():
    table = load("nhanes_fractions")
    stated = table["reason"].isna()
    assert stated.any()
    assert not stated.all()
    assert (table["estimate"].notna() == stated).all()
    single = table[stated & (table["kind"] == "single")]
    assert (single["lower"] > 0).all()
    key = ["cycles", "age_band", "indicator", "model"]
    sums = table[table["kind"] == "average"].groupby(key)["estimate"].sum()
    joint = table[table["kind"] == "joint"].set_index(key)["estimate"].dropna()
    assert sums.to_numpy() == pytest.approx(joint.loc[sums.index].to_numpy(), abs=1e-8)  # stored to ten digits
    acid = table[(table["exposure"] == "acid_suppressant") & (table["kind"] == "single")]
    assert acid["reason"].eq("the association may be null or protective").all()


def test_fractions_are_read_by_outcome_and_model():
    table = fractions(indicator="b12_221", age_band="60+", model="intake")
    assert set(EXPOSURES) <= set(table["exposure"])
    assert table["indicator"].unique().tolist() == ["b12_221"]
    with pytest.raises(InputError, match="model='diet' is not known; choose one of 'medicines', 'intake'"):
        fractions(model="diet")


def test_exposures_are_missing_where_a_part_is_not_known():
    names = ["metformin", "ppi", "h2ra", "b12_supplement"]
    rows = [[True, True, pd.NA, pd.NA], [False, False, pd.NA, True], [pd.NA, False, False, False]]
    people = pd.DataFrame(rows, columns=names).astype("boolean")
    people = people.assign(b12_intake_ug=[2.4, np.nan, 2.3], age=[40, 50, 60], weight=1.0)
    people = people.assign(b12_pmol_l=[140.0, 148.0, 230.0], mma_nmol_l=[300.0, 200.0, np.nan], egfr=[90.0, 50.0, 70.0])
    got = exposed(people.assign(b12_roche_pmol_l=people["b12_pmol_l"]))
    assert got["acid_suppressant"].tolist() == [True, pd.NA, False]
    assert got["no_supplement"].tolist() == [pd.NA, False, True]
    assert got["low_intake"].tolist() == [False, pd.NA, True]
    assert got["b12_148"].tolist() == [True, False, False]
    assert got["mma_271_egfr_60"].tolist() == [True, pd.NA, pd.NA]


def test_the_survey_s_shares_are_those_of_its_people(shared):
    people = exposed(nhanes.load(["2011-2012", "2013-2014"], shared / "nhanes")).assign(adult=lambda t: t["age"] >= 20)
    formula = "b12_148 ~ metformin + no_supplement + acid_suppressant + age10 + sex + ethnicity"
    table = fraction(people, formula, list(EXPOSURES)[:3], domain="adult")
    stored = fractions("2011-2014")
    np.testing.assert_allclose(table["estimate"], stored["estimate"].astype(float), atol=1e-9)


@pytest.mark.slow
def test_the_stored_fractions_are_what_the_survey_files_say(shared):
    again = compute_fractions(shared / "nhanes")
    stored = load("nhanes_fractions")
    pd.testing.assert_frame_equal(stored.astype(again.dtypes), again, rtol=1e-6)


def test_an_exposure_of_more_than_yes_and_no_needs_what_it_is_set_to():
    with pytest.raises(InputError, match="exposures: 'age10' is not yes or no; say in to what it is set to, such as"):
        survey_attributable_fraction(PEOPLE, FORMULA, "age10", outcome="deficiency")
    told = survey_attributable_fraction(
        PEOPLE, FORMULA, "age10", to={"age10": PEOPLE["age10"].min()}, outcome="deficiency"
    )
    assert told["n"].gt(0).all()
