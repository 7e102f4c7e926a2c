"""Populations, standardised prevalence and headcounts: by hand, against R, and what does not nest is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.places import DATA
from b12analysis.population import headcount, population, population_of_wpp, standard, standardize
from b12analysis.population.tables import COMMON_NAMES
from b12analysis.truth import true_prevalence

REFERENCE = json.loads((Path(__file__).parent / "reference" / "standardised.json").read_text())
STEADY = settings(derandomize=True, deadline=None, max_examples=40)
CLOSED = 1e-12


def bands(*rows, **columns):
    """Estimates of (age_min, age_max, estimate, lower, upper)."""
    return pd.DataFrame(rows, columns=["age_min", "age_max", "estimate", "lower", "upper"]).assign(**columns)


def ages(*rows, size="people", **columns):
    return pd.DataFrame(rows, columns=["age_min", "age_max", size]).assign(**columns)


TWO = bands((20, 59, 0.02, 0.01, 0.04), (60, None, 0.06, 0.04, 0.09))
TOWN = ages((20, 59, 3000), (60, None, 1000))


def three(values, **columns):
    edges = [(20, 39), (40, 59), (60, None)]
    return bands(*[(*edge, value, 0, 1) for edge, value in zip(edges, values, strict=True)], **columns)


# -- the tables ------------------------------------------------------------------------------------------------------


def test_the_table_is_what_our_code_makes_of_the_figures_of_the_un(shared, tmp_path):
    made = population_of_wpp(shared / "population" / "wpp2019_population_5yr.csv.gz")
    made.to_csv(tmp_path / "population.csv", index=False, lineterminator="\n")
    assert (tmp_path / "population.csv").read_bytes() == (DATA / "population.csv").read_bytes()


def test_figures_of_the_un_become_people_in_bands_and_regions_are_left_out(tmp_path):
    rows = [(840, "United States of America", 2020, age, 1.001, 2.0) for age in (0, 5, 75, 80, 85, 90, 95, 100)] + [
        (900, "World", 2020, 0, 999.0, 999.0),
        (4, "Afghanistan", 2030, 0, 1.0, 1.0),
    ]
    columns = ["country_code", "name", "year", "age_lower", "male_thousands", "female_thousands"]
    file = tmp_path / "wpp.csv"
    pd.DataFrame(rows, columns=columns).to_csv(file, index=False)
    table = population_of_wpp(file, years=[2020])
    assert table["country"].unique().tolist() == ["United States"]
    assert table["age_min"].tolist() == [0, 5, 75, 80]
    assert table["age_max"].tolist() == [4, 9, 79, pd.NA]
    assert table["men_2020"].tolist() == [1001, 1001, 1001, 5005]
    people = population("United States", table=table)
    assert people.query("sex == 'women'")["people"].tolist() == [2000, 2000, 2000, 10000]
    with pytest.raises(InputError, match="years=1999"):
        population_of_wpp(file, years=[1999])
    with pytest.raises(InputError, match="path lacks column"):
        population_of_wpp(DATA / "groups.csv")


def test_the_standard_populations_are_as_published(shared):
    given = pd.read_csv(shared / "population" / "standard_populations.csv")
    ours = load("standard_populations")
    assert ours["weight"].tolist() == given["weight"].tolist()
    assert ours["age_min"].tolist() == given["age_lower"].tolist()
    assert ours["age_max"].fillna(-1).tolist() == given["age_upper"].fillna(-1).tolist()


def test_every_country_has_all_ages_once():
    table = load("population")
    assert table["country"].nunique() == 201
    starts = table.groupby("country")["age_min"].agg(list)
    assert (starts.map(tuple) == tuple(range(0, 81, 5))).all()
    assert table["age_max"].isna().sum() == 201
    assert not table["country"].str.contains("World|region|income|developed", case=False).any()
    assert not set(COMMON_NAMES) & set(table["country"])
    assert set(COMMON_NAMES.values()) <= set(table["country"])


def test_published_totals():
    # World 2020: 7,794,798,729; the table lacks the states of fewer than 90,000 people
    assert population("worldwide")["people"].sum() == pytest.approx(7_794_798_729, rel=2e-4)
    assert population("United States")["people"].sum() == pytest.approx(331_002_651, abs=30)
    assert population("India", 2030)["people"].sum() == pytest.approx(1_503_642_000, abs=1000)


def test_every_country_of_the_surveys_is_found():
    for country in load("surveys")["country"].unique():
        assert population(country)["people"].sum() > 1e6, country
    both = population("Ireland; United Kingdom")
    assert both["people"].sum() == sum(population(name)["people"].sum() for name in ("Ireland", "United Kingdom"))
    pd.testing.assert_frame_equal(population("Viet Nam"), population("Vietnam"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Untied States"], "country='Untied States' is not known .did you mean 'United States'"),
        (["Atlantis; Kenya"], "country='Atlantis' is not known"),
        ([""], "country='' is not known; load"),
        (["Kenya", 2025], "year=2025 is not known; choose one of 2020, 2030, or bring a table of your own"),
    ],
)
def test_an_unknown_country_or_year_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        population(*arguments)


def test_the_standards_sum_to_one_and_agree_with_each_other():
    for name in load("standard_populations")["standard"].unique():
        table = standard(name)
        assert table["weight"].sum() == pytest.approx(1, abs=4e-4), name
        assert (table["age_min"].to_numpy()[1:] == table["age_max"].to_numpy()[:-1] + 1).all()
    adults = standard("us_2000_adults")["weight"]
    assert adults.tolist() == pytest.approx(np.array([77670, 72816, 45364]) / 195850, abs=1e-15)
    fine = standardize(three([1, 0, 0]), standard("us_2000"))["estimate"].item()
    assert fine == pytest.approx(adults[0], abs=2e-5)
    with pytest.raises(InputError, match="name='us_1940' is not known"):
        standard("us_1940")


# -- standardised prevalence -----------------------------------------------------------------------------------------


def test_a_weighted_mean_and_its_limits_by_hand():
    # weights 3/4 and 1/4: 0.015 + 0.015; lower distances 0.0075 and 0.005, upper ones 0.015 and 0.0075
    result = standardize(TWO, TOWN).iloc[0]
    assert result["estimate"] == pytest.approx(0.03, abs=CLOSED)
    assert result["lower"] == pytest.approx(0.03 - np.hypot(0.0075, 0.005), abs=CLOSED)
    assert result["upper"] == pytest.approx(0.03 + np.hypot(0.015, 0.0075), abs=CLOSED)
    assert np.isnan(result["se"])
    assert (result["age_min"], np.isnan(result["age_max"])) == (20, True)


@pytest.mark.parametrize("row", REFERENCE)
def test_the_estimate_is_that_of_r(row):
    result = standardize(three(row["bands"]), standard("us_2000_adults"))
    assert result["estimate"].item() == pytest.approx(row["standardised"], rel=1e-12)


def test_every_standardised_estimate_of_the_reference(shared):
    rows = pd.read_csv(shared / "reference" / "survey_r_age_standardised.csv")
    shares = ["p_20_39", "p_40_59", "p_60plus"]
    estimates = pd.concat([three(row[shares], row=label) for label, row in rows.iterrows()])
    result = standardize(estimates, standard("us_2000_adults"), by="row")
    assert result["estimate"].to_numpy() == pytest.approx(rows["adj_svystandardize"].to_numpy(), rel=1e-12)


def test_standard_errors_add_up_and_a_covariance_counts():
    estimates = TWO.assign(se=[0.006, 0.012])
    assert standardize(estimates, TOWN)["se"].item() == pytest.approx(np.hypot(0.0045, 0.003), abs=CLOSED)
    together = np.outer(estimates["se"], estimates["se"])
    one = standardize(estimates, TOWN, covariance=together).iloc[0]
    assert one["se"] == pytest.approx(0.0075, abs=CLOSED)
    assert one["lower"] == pytest.approx(0.03 - 0.0125, abs=CLOSED)  # the limits move together
    apart = standardize(estimates, TOWN, covariance=np.diag(np.diag(together)))
    pd.testing.assert_frame_equal(apart, standardize(estimates, TOWN))
    with pytest.raises(InputError, match=r"covariance has shape \(3, 3\)"):
        standardize(estimates, TOWN, covariance=np.eye(3))
    with pytest.raises(InputError, match="covariance holds a correlation beyond 1"):
        standardize(estimates, TOWN, covariance=[[1e-4, 2e-4], [2e-4, 1e-4]])
    with pytest.raises(InputError, match="covariance and by are given together"):
        standardize(estimates, TOWN, covariance=together, by="estimate")


def test_finer_bands_are_added_up_and_other_ages_left_out():
    fine = ages((0, 19, 9e9), (20, 39, 1000), (40, 59, 2000), (60, 79, 900), (80, None, 100))
    pd.testing.assert_frame_equal(standardize(TWO, fine), standardize(TWO, TOWN))
    pd.testing.assert_frame_equal(standardize(TWO[::-1], fine[::-1]), standardize(TWO, TOWN))


def test_sexes_are_matched():
    by_sex = pd.concat([TWO.assign(sex="men"), TWO.assign(sex="women", estimate=TWO["upper"])])
    town = pd.concat([TOWN.assign(sex="men"), TOWN.assign(sex="women", people=[1000, 3000])])
    men, women = standardize(by_sex, town, by="sex")["estimate"]
    assert men == pytest.approx(0.03, abs=CLOSED)
    assert women == pytest.approx(0.25 * 0.04 + 0.75 * 0.09, abs=CLOSED)
    assert standardize(by_sex, town)["estimate"].item() == pytest.approx((men + women) / 2, abs=CLOSED)
    # estimates of both sexes take the people of both, and those of one a standard without sexes
    assert standardize(TWO, town)["estimate"].item() == pytest.approx(0.5 * 0.02 + 0.5 * 0.06, abs=CLOSED)
    assert standardize(by_sex, TOWN, by="sex")["estimate"].tolist()[0] == pytest.approx(0.03, abs=CLOSED)
    with pytest.raises(InputError, match="population has no sexes"):
        standardize(by_sex, TOWN)
    with pytest.raises(InputError, match="other ages for men than for women"):
        standardize(by_sex.iloc[:3], town)
    with pytest.raises(InputError, match="both sexes beside rows of one"):
        standardize(pd.concat([by_sex, TWO.assign(sex="both")]), town)
    with pytest.raises(InputError, match="'male' is not known"):
        standardize(TWO.assign(sex="male"), town)


@pytest.mark.parametrize(
    ("estimates", "people", "said"),
    [
        (TWO, ages((20, 49, 1), (50, None, 1)), "population's band 50.* lies across the estimates' band 20–59"),
        (TWO, ages((20, 59, 1), (60, 79, 1)), r"population does not cover all ages of the estimates' band 60\+"),
        (TWO, ages((60, None, 1)), "population does not cover all ages of the estimates' band 20–59"),
        (TWO, ages((20, 59, 1), (20, 59, 1), (60, None, 1)), "population has overlapping bands 20–59 and 20–59"),
        (TWO, ages((20, 59, -1), (60, None, 1)), r"population\['people'\]=-1"),
        (TWO, ages((20, 59, 0), (60, None, 0)), r"population has no people of the ages 20\+"),
        (TWO, ages((20, 59, 0), (60, None, 0), size="share"), "population lacks column 'weight'"),
        (TWO.assign(age_max=[39, None]), TOWN, "estimates has no band for the ages 40–59"),
        (TWO.assign(age_max=[69, None]), TOWN, r"estimates has overlapping bands 20–69 and 60\+"),
        (TWO.assign(age_max=[10, None]), TOWN, "estimates row 0 is no age band: age_min=20, age_max=10"),
        (TWO.assign(lower=[None, 0.1]), TOWN, "estimates row 0 has no lower"),
        (TWO.iloc[:0], TOWN, "estimates is empty"),
        (TWO.drop(columns="upper"), TOWN, "estimates lacks column 'upper'"),
        (TWO, "nowhere.csv", "population='nowhere.csv' cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(estimates, people, said):
    with pytest.raises(InputError, match=said):
        standardize(estimates, people)


# -- headcounts ------------------------------------------------------------------------------------------------------


def test_people_by_hand():
    # 3000 x 0.02 + 1000 x 0.06; lower distances 30 and 20 people, upper ones 60 and 30
    result = headcount(TWO, TOWN).iloc[0]
    assert (result["people"], result["estimate"]) == (4000, 120)
    assert (result["lower"], result["upper"]) == pytest.approx((120 - np.hypot(30, 20), 120 + np.hypot(60, 30)))
    each = headcount(TWO, TOWN, by=["age_min", "age_max"])
    assert each[["estimate", "lower", "upper"]].to_numpy() == pytest.approx(np.array([[60, 30, 120], [60, 40, 90]]))


def test_a_test_is_corrected_for_after_standardising():
    test = {"sensitivity": (80, 100), "specificity": (990, 1000), "rng": 1}
    with pytest.raises(InputError, match="standardise first and correct the result"):
        headcount(true_prevalence(TWO, **test), TOWN)
    corrected = true_prevalence(standardize(TWO, TOWN), **test)
    result = headcount(corrected, TOWN).iloc[0]
    assert result["estimate"] == pytest.approx(4000 * (0.03 - 0.01) / 0.79)
    assert result["upper"] == pytest.approx(4000 * corrected["upper"].item())


def test_a_country_and_a_file_of_ones_own(tmp_path):
    result = headcount(TWO, population("United States")).iloc[0]
    us = load("population").query("country == 'United States' and age_min >= 20")
    people = us["men_2020"] + us["women_2020"]
    young = us["age_min"] < 60
    assert result["people"] == people.sum()
    assert result["estimate"] == pytest.approx(0.02 * people[young].sum() + 0.06 * people[~young].sum())
    upper = result["estimate"] + np.hypot(0.02 * people[young].sum(), 0.03 * people[~young].sum())
    assert result["upper"] == pytest.approx(upper)
    assert theme.people(result["estimate"], result["lower"], result["upper"]) == "8.0 million, 5.7 to 12.2"
    TOWN.to_csv(tmp_path / "town.csv", index=False)
    pd.testing.assert_frame_equal(headcount(TWO, tmp_path / "town.csv"), headcount(TWO, TOWN))
    with pytest.raises(InputError, match="population lacks column 'people'"):
        headcount(TWO, standard("us_2000"))


def test_a_number_of_people_in_words():
    assert theme.people(1_900_000, 1_400_000, 2_600_000) == "1.9 million, 1.4 to 2.6"
    assert theme.people(900_000, 600_000, 1_400_000) == "900 thousand, 600 to 1,400"
    assert theme.people(0, 0, 3_100_000) == "0.0 million, 0.0 to 3.1"
    assert theme.people(1_934_000, 1_870_000, 1_990_000) == "1.93 million, 1.87 to 1.99"
    assert theme.people(5, 2, 9) == "5, 2 to 9"
    assert theme.people(312, 118, 594) == "310, 120 to 590"
    assert theme.people(1_900_000) == "1.9 million"
    assert theme.people(float("nan")) == "not known"


# -- what must hold whatever the numbers -------------------------------------------------------------------------------

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
sizes = st.lists(st.integers(1, 10**6), min_size=3, max_size=3)
three_counts = st.lists(counts, min_size=3, max_size=3)
EDGES = pd.DataFrame({"age_min": [20, 40, 60], "age_max": [39, 59, np.nan]})


def of_counts(rows):
    return pd.concat([EDGES, prevalence(pd.DataFrame(rows, columns=["cases", "n"]))], axis=1)


@STEADY
@given(three_counts, sizes)
def test_limits_enclose_the_estimate_and_stay_from_0_to_1(rows, people):
    estimates, town = of_counts(rows), EDGES.assign(people=people)
    result = standardize(estimates, town).iloc[0]
    assert 0 <= result["lower"] <= result["estimate"] <= result["upper"] <= 1 + CLOSED
    assert estimates["estimate"].min() - CLOSED <= result["estimate"] <= estimates["estimate"].max() + CLOSED
    heads = headcount(estimates, town).iloc[0]
    shares = heads[["estimate", "lower", "upper"]].to_numpy(float) / heads["people"]
    assert shares == pytest.approx(result[["estimate", "lower", "upper"]].to_numpy(float), abs=1e-9)


@STEADY
@given(three_counts)
def test_the_samples_own_structure_changes_nothing(rows):
    own = EDGES.assign(people=[n for _, n in rows])
    crude = sum(cases for cases, _ in rows) / sum(n for _, n in rows)
    assert standardize(of_counts(rows), own)["estimate"].item() == pytest.approx(crude, abs=CLOSED)


@STEADY
@given(three_counts, sizes, st.sampled_from([1e-6, 0.5, 1000.0]))
def test_a_population_of_any_size_gives_the_same_share(rows, people, factor):
    town = EDGES.assign(people=np.array(people, dtype=float))
    first = standardize(of_counts(rows), town)
    scaled = standardize(of_counts(rows), town.assign(people=factor * town["people"]))
    pd.testing.assert_frame_equal(first, scaled, rtol=1e-9)


@STEADY
@given(counts)
def test_one_band_keeps_its_own_interval(row):
    estimates = of_counts([row, row, row]).iloc[[2]]
    result = standardize(estimates, ages((60, 69, 5), (70, None, 9)))
    parts = ["estimate", "lower", "upper"]
    assert result[parts].to_numpy() == pytest.approx(estimates[parts].to_numpy(), abs=CLOSED)
