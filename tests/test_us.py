"""What the US survey and the census say on a prevalence page: the tables behind the figures, and their words."""

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis import evidence, pooling
from b12analysis.arguments import InputError
from b12analysis.biomarkers import indicators
from b12analysis.findings import country, us, yours
from b12analysis.findings import prevalence as say
from b12analysis.findings.words import ESTIMATE
from b12analysis.nhanes import sums
from b12analysis.population import population
from b12analysis.theme import share

BANDS = ["20+", "60+", "3-19"]
DEFINITIONS = ["b12_148", "b12_221", "mma_271", "b12_148_or_mma_271", "hcy_15", "holotc_35", "stated"]
ASKED = {"age_band": "any", "definition": "b12_148"}


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_table_can_be_drawn_and_its_words_hold_its_numbers(band, definition):
    by_age, overlaps, assay = us.by_age(definition, band), us.overlaps(band), us.assay(definition, band)
    kidney, usual = us.kidney(definition, band), us.usual(band)
    for table in (by_age, overlaps, assay, kidney, usual):
        assert len(table)
        assert table[ESTIMATE].notna().all(axis=None)
        assert ((table["lower"] <= table["estimate"]) & (table["estimate"] <= table["upper"])).all()
    assert share(by_age["estimate"].max()) in us.by_age_words(by_age)["title"]
    assert share(overlaps["estimate"].sum()) in us.overlaps_words(overlaps)["summary"]
    at = assay.set_index(["label", "scale"])["estimate"]
    for cycle, scale in (("2005–2006", "as_measured"), ("2005–2006", "roche"), ("2011–2012", "roche")):
        assert share(at[cycle, scale]) in us.assay_words(assay)["title"]
    old = kidney[(kidney["age_band"] == "60+") & (kidney["cycles"] == "2011-2014")].set_index("way")["estimate"]
    assert old["adjusted"] < old["egfr_60"] < old["all"]
    assert all(share(old[way]) in us.kidney_words(kidney)["title"] for way in ("all", "egfr_60"))
    assert (
        share(usual.query("definition == 'b12_148' and way == 'kept'")["estimate"].item())
        in us.usual_words(usual, "b12_148")["title"]
    )


def test_the_definition_that_was_asked_for_stands_first():
    assert us.by_age("mma_376", "20+")["indicator"].iloc[0] == "mma_376"
    assert us.by_age("holotc_35", "20+")["indicator"].iloc[0] != "holotc_35"


def test_overlaps_are_exclusive_and_add_up_to_any_of_the_three():
    table = us.overlaps("20+").set_index("label")["cases"]
    rows = (
        sums.sums("1999-2004")
        .query("age_band == '20+' and sex == 'both'")
        .groupby("indicator", observed=True)["cases"]
        .sum()
    )
    with_b12 = [label for label in table.index if "ow B12" in label]
    assert table[with_b12].sum() <= rows["b12_148"]  # of those with all three markers known
    nobody = sums.overlap([], ["b12_148", "mma_271", "hcy_15"])
    assert table.sum() + rows[nobody] == us.overlaps("20+")["n"].iloc[0]


def test_the_assay_break_is_the_published_one():
    # CDC's documentation of VITB12_G: 3.06 % and, adjusted, 1.54 % in 2005-2006; 1.78 % in 2011-2012
    at = us.assay("b12_148", "20+").set_index(["label", "scale"])["estimate"]
    found = [at["2005–2006", "as_measured"], at["2005–2006", "roche"], at["2011–2012", "roche"]]
    assert [round(100 * value, 2) for value in found] == [3.06, 1.54, 1.78]


def test_raised_mma_by_kidney_function_is_what_is_known_of_it():
    table = us.kidney("mma_271", "60+").set_index(["cycles", "way"])["estimate"]
    known = {
        ("1999-2004", "all"): 15.0,
        ("1999-2004", "egfr_60"): 9.8,
        ("2011-2014", "all"): 17.4,
        ("2011-2014", "egfr_60"): 13.0,
    }
    assert {key: round(100 * table[key], 1) for key in known} == known


def test_a_country_with_the_ages_of_the_survey_has_its_prevalence():
    rows = sums.prevalence("2011-2014", "b12_148", age_band=us.ADULTS)
    first = [20, 40, 60, 70]
    last = [39, 59, 69, None]
    same = pd.DataFrame({"age_min": first, "age_max": last, "people": rows["total"] / rows["estimate"]})
    like, plain = us.like("b12_148", "20+", same).iloc[0], us.one("b12_148", "20+").iloc[0]
    assert like["estimate"] == pytest.approx(plain["estimate"], rel=1e-9)
    young = us.like("b12_148", "20+", population("Niger")).iloc[0]
    assert young["estimate"] < us.like("b12_148", "20+", population("Japan")).iloc[0]["estimate"]


def pooled(definition="b12_148"):
    surveys = evidence.select(b12.load("surveys"), group=["general", "older_adults"], setting=["national", "community"])
    studies = pooling.independent(b12.prevalence(evidence.select(surveys, definition=definition)))
    return studies, b12.pool(studies)


def test_a_countrys_own_surveys_come_first():
    studies, peers = pooled()
    none = studies.iloc[:0]
    kinds = {
        "us": country.headline(none, None, peers, country="United States", **ASKED),
        "quoted": country.headline(studies[studies["country"] == "Kenya"], None, peers, country="Kenya", **ASKED),
        "pooled": country.headline(studies, peers, peers, country="any", **ASKED),
        "like": country.headline(none, None, peers, country="Ghana", people=population("Ghana"), **ASKED),
        "yours": country.headline(studies, peers, peers, country="Ghana", yours=us.one("b12_148", "20+"), **ASKED),
    }
    assert {kind: row["kind"].tolist() for kind, row in kinds.items()} == {kind: [kind] for kind in kinds}
    assert country.headline(none, None, None, country="Ghana", people=population("Ghana"), **ASKED).empty
    # of all countries, where no survey used the definition, the one that measured it
    assert country.headline(none, None, peers, country="any", **ASKED)["kind"].tolist() == ["us"]


def test_a_borrowed_prevalence_is_as_uncertain_as_countries_are_apart():
    _, peers = pooled()
    row = country.headline(pd.DataFrame(), None, peers, country="Ghana", people=population("Ghana"), **ASKED).iloc[0]
    own = us.like("b12_148", "20+", population("Ghana")).iloc[0]
    assert row["estimate"] == own["estimate"]
    assert row["lower"] < own["lower"]
    assert own["upper"] < row["upper"]
    # by hand: t on 6 degrees of freedom is 2.4469; on the logit scale two countries differ by twice tau2
    logit = np.log(own["estimate"] / (1 - own["estimate"]))
    distance = np.log(own["upper"] / (1 - own["upper"])) - logit
    half = 2.446912 * np.sqrt(2 * peers["tau2"].iloc[0] + (distance / 1.959964) ** 2)
    assert row["upper"] == pytest.approx(1 / (1 + np.exp(-(logit + half))), rel=1e-6)


def test_another_population_is_not_known_from_one_survey():
    one = pd.DataFrame({"estimate": [0.1], "lower": [0.05], "upper": [0.2]})
    with pytest.raises(InputError, match="k=1"):
        pooling.elsewhere(one, pd.Series({"k": 1, "tau2": np.nan}))


def test_people_are_counted_by_census_and_add_up():
    best = us.one("b12_148", "20+").assign(kind="us")
    counts = country.headcounts(best, country.censuses("United States"), **ASKED)
    for year in ("2020", "2030"):
        rows = counts[counts["year"] == year]
        total, bands = rows[rows["is_total"]].iloc[0], rows[~rows["is_total"]]
        assert total["estimate"] == pytest.approx(bands["estimate"].sum(), rel=1e-9)
        adults = population("United States", int(year)).query("age_min >= 20")["people"].sum()
        assert total["people"] == adults == bands["people"].sum()
        assert total["lower"] < total["estimate"] < total["upper"]
    assert "4.6 million" in country.headcounts_words(counts, best, country="United States")["title"]


def test_people_of_ones_own_file_are_counted(tmp_path):
    (tmp_path / "town.csv").write_text("age_min,age_max,people\n0,19,500\n20,39,1000\n40,59,800\n60,69,300\n70,,200\n")
    best = us.one("b12_148", "20+").assign(kind="us")
    town = country.censuses("United States", tmp_path / "town.csv")
    counts = country.headcounts(best, town, **ASKED)
    total = counts[counts["is_total"]].iloc[0]
    rows = sums.prevalence("2011-2014", "b12_148", age_band=us.ADULTS)["estimate"]
    assert total["people"] == 2300
    assert total["estimate"] == pytest.approx(rows @ [1000, 800, 300, 200])
    assert "in your file" in country.headcounts_words(counts, best, country="United States")["title"]
    (tmp_path / "odd.csv").write_text("age_min,age_max,people\n0,24,500\n25,,1000\n")
    with pytest.raises(InputError, match="population's band 0–24 lies across the estimates' band 20–39"):
        country.headcounts(best, country.censuses("any", tmp_path / "odd.csv"), **ASKED)


def test_nobody_is_counted_for_ages_that_a_survey_does_not_speak_for():
    studies, peers = pooled()
    zealand = studies[studies["country"] == "New Zealand"].assign(kind="quoted")  # 65 and over
    counts = country.headcounts(zealand, country.censuses("New Zealand"), **ASKED)
    older = population("New Zealand").query("age_min >= 65")["people"].sum()
    assert counts["people"].iloc[0] == older
    women = zealand.assign(sex="women", age_min=18, age_max=49)
    counted = country.headcounts(women, country.censuses("Colombia"), **ASKED)
    assert counted["label"].iloc[0] == "All women aged 20 to 49"
    sizes = population("Colombia").query("sex == 'women' and 20 <= age_min <= 45")["people"].sum()
    assert counted["people"].iloc[0] == sizes
    assert country.headcounts(peers.assign(kind="pooled"), country.censuses("Kenya"), **ASKED).empty
    village = studies[studies["country"] == "Kenya"].assign(kind="quoted")
    assert country.headcounts(village, country.censuses("Kenya"), **ASKED).empty


def test_what_is_true_falls_with_specificity_and_never_below_zero():
    best = us.one("b12_148", "20+").assign(kind="us")
    table = country.truth(best, sensitivity=0.95, rng=1)
    assert table["estimate"].is_monotonic_decreasing
    assert table["estimate"].iloc[0] == pytest.approx(best["estimate"].iloc[0] / 0.95)
    assert table["estimate"].iloc[-1] == 0
    assert table["detail"].iloc[2] == "nobody need be deficient"  # 98 %
    # 2.3 % at most were found, where 10 % would be by error alone
    assert table["detail"].iloc[-1] == "cannot be: false positives alone would be more"
    assert "more than 97 %" in country.truth_words(table, 0.95)["summary"]
    assert (table["upper"] > 0).iloc[0]
    assert "98 % of the healthy" in country.truth_words(table, 0.95)["summary"]


def test_a_survey_of_ones_own_is_estimated_with_its_design():
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"b12_pmol_l": rng.lognormal(5.6, 0.5, 400), "age": rng.integers(20, 90, 400)})
    people = people.assign(
        weight=rng.uniform(1, 5, 400), stratum=rng.integers(4, size=400), psu=rng.integers(2, size=400)
    )
    expected = b12.survey_prevalence(people.assign(**indicators(people, ["b12_148"])), "b12_148").iloc[0]
    assert yours.one(people, "b12_148", "any").iloc[0]["se"] == expected["se"]
    older = yours.one(people, "b12_148", "older_adults").iloc[0]
    assert older["n"] == (people["age"] >= 60).sum()
    with pytest.raises(InputError, match="nobody with a known 'b12_148' among people aged 3 to 19"):
        yours.one(people, "b12_148", "children")
    with pytest.raises(InputError, match="data has no column 'age'"):
        yours.one(people.drop(columns="age"), "b12_148", "children")
    table = yours.by_age(people, "b12_148")
    assert set(table["age_band"]) == {"20-39", "40-59", "60+"}
    assert table.query("indicator == 'b12_148'")["n"].sum() == 400
    assert set(yours.by_age(people.drop(columns="age"), "b12_148")["age_band"]) == {"all"}


@pytest.mark.parametrize("item", ["b12_pmol_l", "=vitb12", "b12_pmol_l="])
def test_a_pair_that_is_none_is_refused(item):
    with pytest.raises(InputError, match=r"columns\[2\]="):
        yours.pairs("columns", ["age=AGE", item])


def test_a_pair_is_given_once_and_with_a_file():
    with pytest.raises(InputError, match=r"columns\[2\]='age=cluster' names 'age' a second time"):
        yours.pairs("columns", ["age=AGE", "age=cluster"])
    with pytest.raises(InputError, match="is given without data"):
        yours.read(None, ["age=AGE"], [])


def test_a_countrys_survey_is_not_passed_over_for_two_pmol():
    surveys = evidence.select(b12.load("surveys"), group=["general", "older_adults"], setting=["national", "community"])
    assert say.used_there(surveys, country="United Kingdom", age_band="any", definition="b12_148") == "b12_150"
    assert say.used_there(surveys, country="New Zealand", age_band="any", definition="b12_148") == "b12_148"
    assert say.used_there(surveys, country="Ghana", age_band="any", definition="b12_148") == "b12_148"
    assert say.used_there(surveys, country="any", age_band="any", definition="b12_148") == "b12_148"


def test_each_number_names_what_it_rests_on():
    studies, peers = pooled()
    none = studies.iloc[:0]
    quoted = studies[studies["country"] == "Kenya"]
    cases = [
        (country.headline(none, None, peers, country="United States", **ASKED), none, {"nhanes"}),
        (country.headline(quoted, None, peers, country="Kenya", **ASKED), quoted, set(quoted["source"])),
        (country.headline(studies, peers, peers, country="any", **ASKED), studies, set(studies["source"])),
        (
            country.headline(none, None, peers, country="Ghana", people=population("Ghana"), **ASKED),
            none,
            {"nhanes", *studies["source"]},
        ),
        (us.one("b12_148", "20+").assign(kind="yours"), none, set()),
    ]
    for best, own, expected in cases:
        assert set(country.rests_on(best, own, studies)["source"]) == expected
        assert set(country.counted_from(best, own, studies, None)["source"]) == {*expected, "un_wpp2019"}
        assert set(country.counted_from(best, own, studies, "mine.csv")["source"]) == expected
    known = set(b12.load("sources")["source"])
    assert {"nhanes", "un_wpp2019"} <= known
