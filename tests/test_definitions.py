"""Definitions applied to people: hand-worked values, refusals, NHANES counts, and what must hold for any people."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.biomarkers import (
    AGE_TERM,
    SCHEMES,
    anaemia,
    classify,
    definitions,
    describe,
    four_cb12,
    indicators,
    kidney_slope,
    meets,
    mma_adjusted,
    mma_indicators,
    status,
)
from b12analysis.biomarkers.rules import columns_of, holds
from b12analysis.evidence import load

same_every_time = settings(deadline=None, derandomize=True, max_examples=25)
COMPUTABLE = definitions().query("refused.isna()")["definition"].tolist()
REFUSED = definitions().query("refused.notna()")["definition"].tolist()


def refused(message: str):
    """Expect a message that begins so."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}")


def made_up(n: int = 400) -> pd.DataFrame:
    """People with every marker, some values missing."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame(
        {
            "b12_pmol_l": rng.lognormal(5.7, 0.6, n).round(),
            "holotc_pmol_l": rng.lognormal(4, 0.7, n).round(),
            "mma_nmol_l": rng.lognormal(5.2, 0.6, n).round(),
            "hcy_umol_l": rng.lognormal(2.3, 0.4, n).round(1),
            "haemoglobin_g_dl": rng.normal(13, 1.5, n).round(1),
            "mcv_fl": rng.normal(92, 7, n).round(),
            "age": rng.integers(20, 90, n),
            "egfr": rng.uniform(15, 120, n).round(),
            "cb12": rng.normal(0, 1, n),
            "three_cb12": rng.normal(0, 1, n),
        }
    )
    people = people.mask(rng.random(people.shape) < 0.1)
    people["b12_roche_pmol_l"] = 1.1 * people["b12_pmol_l"]
    return people.assign(sex=np.where(rng.random(n) < 0.5, "men", "women"), weight=rng.uniform(1, 9, n))


# Rules


def test_a_rule_is_applied_as_worked_by_hand():
    people = pd.DataFrame({"a": [1, 2, 3, None], "b": [5, None, 5, None]}, dtype="Float64")
    assert holds("a < 2 and b >= 5", people.get).tolist() == [True, False, False, pd.NA]
    assert holds("a < 2 or b >= 5", people.get).tolist() == [True, pd.NA, True, pd.NA]
    assert holds("1 < a <= 3", people.get).tolist() == [False, True, True, pd.NA]
    assert holds("a > -1", people.get).tolist() == [True, True, True, pd.NA]
    assert columns_of("a < 2 or (b > 1 and a > 0)") == ["a", "b"]


@pytest.mark.parametrize(
    "rule",
    ["__import__('os').system('false')", "a.b < 1", "a == 1", "a + 1 < 2", "a <", "'x' < a", "a < True", "a in b", "5"],
)
def test_a_rule_with_anything_else_is_refused_and_never_run(rule):
    with pytest.raises(InputError, match="rule"):
        holds(rule, {"a": pd.Series([1.0])}.get)


def test_every_rule_of_the_table_finds_whom_pandas_own_query_finds():
    people = made_up().dropna()
    people["anaemia"] = anaemia(people).astype(bool)
    rules = load("biomarkers").set_index("definition")["rule"]
    for definition in COMPUTABLE:
        met = meets(people, definition)
        assert met[met].index.tolist() == people.query(rules[definition]).index.tolist(), definition
        assert 0 < met.sum() < len(people), definition


# meets


def test_the_definitions_that_the_field_needs_are_there_and_computable():
    needed = {f"b12_{cut}" for cut in (118, 133, 148, 150, 185, 221, 258)}
    needed |= {f"mma_{cut}" for cut in (210, 271, 376, 450, 750)} | {f"hcy_{cut}" for cut in (10, 12, 13, 15, 20)}
    needed |= {"holotc_35", "b12_148_or_mma_271", "b12_148_and_mma_271", "b12_221_and_mma_271", "nice_confirmed"}
    needed |= {"b12_marginal_221", "b12_200_pg_ml", "b12_148_no_anaemia", "cb12_low"}
    assert needed <= set(COMPUTABLE)


@pytest.mark.parametrize(
    ("definition", "people", "expected"),
    [
        ("b12_148", {"b12_pmol_l": [147.6, 148, None]}, [True, False, pd.NA]),
        ("b12_200_pg_ml", {"b12_pmol_l": [146.86, 147.6, 148]}, [True, False, False]),
        ("b12_221", {"b12_pmol_l": [220.66, 221, 221.4]}, [True, True, False]),
        ("b12_marginal_221", {"b12_pmol_l": [147.6, 148, 221, 221.4]}, [False, True, True, False]),
        ("mma_271", {"mma_nmol_l": [271, 271.1, None]}, [False, True, pd.NA]),
        ("b12_221_and_mma_271", {"b12_pmol_l": [221, 222, 100], "mma_nmol_l": [280, 280, 271]}, [True, False, False]),
        ("b12_148_no_macrocytosis", {"b12_pmol_l": [140, 140, 160], "mcv_fl": [100, 101, 90]}, [True, False, False]),
        ("cb12_low", {"cb12": [-0.6, -0.5, None]}, [True, False, pd.NA]),
    ],
)
def test_who_meets_a_definition_is_worked_by_hand(definition, people, expected):
    met = meets(pd.DataFrame(people), definition)
    assert met.tolist() == expected
    assert (met.name, met.dtype) == (definition, "boolean")


def test_deficient_and_marginal_together_are_those_up_to_221():
    people = pd.DataFrame({"b12_pmol_l": np.arange(0, 400, 0.25)})
    either = meets(people, "b12_148") | meets(people, "b12_marginal_221")
    assert either.tolist() == meets(people, "b12_221").tolist()


def test_a_combination_is_known_where_all_markers_are_unless_the_partly_known_are_asked_for():
    people = pd.DataFrame({"b12_pmol_l": [100, 300, None, None], "mma_nmol_l": [None, None, 300, 100]})
    for definition, expected in {
        "b12_148_or_mma_271": [True, pd.NA, True, pd.NA],
        "b12_148_and_mma_271": [pd.NA, False, pd.NA, False],
    }.items():
        assert meets(people, definition).isna().all()
        assert meets(people, definition, partly_known=True).tolist() == expected


def test_two_cut_offs_on_one_marker_are_both_needed():
    people = pd.DataFrame({"b12_pmol_l": [140, 180, 180, 140], "hcy_umol_l": [5, 25, 15, None]})
    assert meets(people, "b12_150_or_200_hcy_20").tolist() == [True, True, False, pd.NA]


def test_low_b12_without_anaemia_takes_haemoglobin_age_and_sex():
    people = pd.DataFrame({"b12_pmol_l": [140] * 4, "age": 60, "haemoglobin_g_dl": [12.9, 13, 12, None]})
    people["sex"] = ["men", "men", "women", "women"]
    assert meets(people, "b12_148_no_anaemia").tolist() == [False, True, True, pd.NA]
    with refused("people (for 'b12_148_no_anaemia') lacks column 'haemoglobin_g_dl'; it has"):
        meets(people.drop(columns="haemoglobin_g_dl"), "b12_148_no_anaemia")


def test_the_scale_says_which_column_stands_for_serum_b12_and_no_other_marker_changes():
    people = pd.DataFrame({"b12_pmol_l": [140, 300], "b12_roche_pmol_l": [160, 140], "mma_nmol_l": [300, 300]})
    assert meets(people, "b12_148", scale="roche").tolist() == [False, True]
    assert meets(people, "b12_148_and_mma_271", scale="roche").tolist() == [False, True]
    assert meets(people, "mma_271", scale="roche").tolist() == [True, True]
    with refused("scale='Roche' is not known (did you mean 'roche'?)"):
        meets(people, "b12_148", scale="Roche")
    with refused("people (for 'b12_148') lacks column 'b12_roche_pmol_l'"):
        meets(people[["b12_pmol_l"]], "b12_148", scale="roche")


def test_a_definition_that_cannot_be_computed_is_refused_with_the_reason():
    people = made_up()
    assert {"stated", "combined_index", "mma_age"} < set(REFUSED)
    for definition in REFUSED:
        with refused(f"definition={definition!r} cannot be computed: "):
            meets(people, definition)
    with refused("definition='mma_age' cannot be computed: cut-off between 250 and 320 nmol/L by age"):
        meets(people, "mma_age")


def test_an_unknown_definition_a_missing_column_and_a_wrong_value_are_named():
    people = pd.DataFrame({"b12_pmol_l": [140, -9]}, index=["a", "b"])
    with refused("definition='b12_149' is not known (did you mean 'b12_1"):
        meets(people, "b12_149")
    with refused("people (for 'mma_271') lacks column 'mma_nmol_l'; it has 'b12_pmol_l'"):
        meets(people, "mma_271")
    with refused("people row 'b': b12_pmol_l=-9 is negative; leave it empty if it is missing"):
        meets(people, "b12_148")
    with refused("people row 1: b12_pmol_l='low' is not a number"):
        meets(pd.DataFrame({"b12_pmol_l": [140, "low"]}), "b12_148")


def test_indicators_stand_side_by_side_and_say_what_they_are():
    people = made_up().set_index("weight")
    table = indicators(people, ["b12_148", "mma_271"], scale=["as_measured", "roche"])
    assert table.columns.tolist() == ["b12_148", "mma_271", "b12_148_roche"]
    assert table.index.equals(people.index)
    said = describe(table.columns).set_index("indicator")
    assert said["scale"].fillna("none").tolist() == ["as_measured", "none", "roche"]
    assert said.loc["b12_148_roche", "definition"] == "b12_148"
    assert describe(["b12_126"])["assay"].tolist() == ["Bio-Rad RIA"]
    with refused("indicator='b12_148_rosche' is not known (did you mean 'b12_148_roche'?)"):
        describe(["b12_148_rosche"])
    assert describe(indicators(made_up(), COMPUTABLE).columns)["definition"].tolist() == COMPUTABLE


# Bands


def test_bands_are_those_of_the_table_with_both_ends_in_the_middle():
    people = pd.DataFrame({"b12_pmol_l": [132.9, 133, 258, 258.1, None], "holotc_pmol_l": [24, 25, 70, 71, None]})
    names = ["confirmed", "indeterminate", "indeterminate", "unlikely"]
    for scheme in ("nice", "nice_active"):
        bands = classify(people, scheme)
        assert bands.tolist()[:4] == names
        assert bands.isna().tolist() == [False] * 4 + [True]
        assert bands.cat.ordered
        assert bands.name == scheme


def test_the_bands_of_status_are_those_of_serum_b12_alone():
    people = made_up()
    assert classify(people).tolist() == status(people["b12_pmol_l"]).tolist()
    assert classify(people, scale="roche").tolist() == status(people["b12_roche_pmol_l"]).tolist()
    with refused("scheme='nice2' is not known (did you mean 'nice'?)"):
        classify(people, "nice2")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bands_find_the_same_people_as_the_definitions_that_they_are_made_of(scheme):
    people = made_up()
    _, lowest, middle, names = SCHEMES[scheme]
    bands = classify(people, scheme)
    assert (bands == names[0]).tolist() == meets(people, lowest).fillna(False).tolist()
    assert (bands == names[1]).tolist() == meets(people, middle).fillna(False).tolist()


# Anaemia


@pytest.mark.parametrize(
    ("age", "sex", "pregnant", "cutoff"),
    [
        (60, "men", None, 13),
        (60, "women", None, 12),
        (15, "men", None, 13),
        (30, "women", True, 11),
        (30, "women", False, 12),
        (14, "women", None, 12),
        (11, "men", None, 11.5),
        (4, None, None, 11),
        (0.5, None, None, 11),
    ],
)
def test_anaemia_begins_below_the_who_cut_off(age, sex, pregnant, cutoff):
    people = pd.DataFrame({"haemoglobin_g_dl": [cutoff, cutoff - 0.1], "age": age, "sex": sex, "pregnant": pregnant})
    assert anaemia(people).tolist() == [False, True]


def test_anaemia_is_unknown_where_something_that_decides_is_missing():
    people = pd.DataFrame(
        {
            "haemoglobin_g_dl": [None, 12, 12, 9],
            "age": [50, None, 50, 0.2],
            "sex": ["men", "men", None, "women"],
        }
    )
    assert anaemia(people).isna().all()
    with refused("people row 0: sex=1 is neither 'men' nor 'women'"):
        anaemia(people.assign(sex=1))
    with refused("people row 0: pregnant=2 is neither true nor false"):
        anaemia(people.assign(pregnant=2))


# 4cB12


def test_4cb12_of_the_swiss_medians_is_the_value_worked_by_hand():
    # log10(52 × 237 / (0.207 × 12)) = 3.6956; 3.79 / (1 + (65 / 230) ** 2.6) = 3.6533
    swiss = pd.DataFrame(
        {"holotc_pmol_l": [52, None], "b12_pmol_l": 237, "mma_nmol_l": 207, "hcy_umol_l": 12, "age": 65}
    )
    result = four_cb12(swiss)
    assert result["cb12"][0] == pytest.approx(3.6956 - 3.6533, abs=1e-4)
    assert result["cb12"].isna().tolist() == [False, True]


def test_4cb12_says_that_its_age_term_is_recalled_until_somebody_has_read_it():
    person = pd.DataFrame({"holotc_pmol_l": [52], "b12_pmol_l": 237, "mma_nmol_l": 207, "hcy_umol_l": 12, "age": 65})
    assert set(AGE_TERM["status"]) == {"recalled"}
    assert four_cb12(person)["status"].tolist() == ["recalled"]
    assert four_cb12(person, AGE_TERM.assign(status="verified"))["status"].tolist() == ["verified"]


def test_4cb12_refuses_mma_in_umol_and_zeros():
    person = pd.DataFrame({"holotc_pmol_l": [52], "b12_pmol_l": 237, "mma_nmol_l": 0.207, "hcy_umol_l": 12, "age": 65})
    with refused("mma_nmol_l has the median 0.207, which looks like umol/L; multiply it by 1000"):
        four_cb12(person)
    with refused("people has hcy_umol_l=0;"):
        four_cb12(person.assign(hcy_umol_l=0))
    with refused("people lacks column 'holotc_pmol_l'"):
        four_cb12(person.drop(columns="holotc_pmol_l"))


# MMA and the kidney


def test_mma_is_brought_to_an_egfr_of_90_as_worked_by_hand():
    people = pd.DataFrame({"mma_nmol_l": [400, 400, 400, None], "egfr": [22.5, 90, 130, 50]})
    adjusted = mma_adjusted(people, slope=0.5)  # a quarter of 90, so half of MMA
    assert adjusted.tolist() == [200, 400, 400, pd.NA]
    assert adjusted.attrs["slope"] == 0.5


def test_the_slope_that_made_the_data_is_found_whatever_the_weights():
    people = made_up().drop(columns="mma_nmol_l").dropna(subset=["egfr", "b12_pmol_l", "age"])
    shape = (90 / people["egfr"].clip(upper=90)) ** 0.7 * people["b12_pmol_l"] ** -0.3
    people["mma_nmol_l"] = 900 * shape * np.exp(0.004 * people["age"])
    assert kidney_slope(people) == pytest.approx(0.7, abs=1e-9)
    assert kidney_slope(people, weight=None) == pytest.approx(0.7, abs=1e-9)
    with refused("people has 3 with all values known, too few"):
        kidney_slope(people.head(3))


def test_raised_mma_is_given_three_ways():
    people = pd.DataFrame({"mma_nmol_l": [300, 300, 900, 100, 300], "egfr": [100, 45, 30, 30, None]})
    table = mma_indicators(people, slope=0.7)
    assert table.columns.tolist() == ["mma_271", "mma_271_egfr_60", "mma_271_adjusted"]
    assert table["mma_271"].tolist() == [True, True, True, False, True]
    assert table["mma_271_egfr_60"].tolist() == [True, pd.NA, pd.NA, pd.NA, pd.NA]
    assert table["mma_271_adjusted"].tolist() == [True, False, True, False, pd.NA]
    assert describe(table.columns)["label"].str.startswith("MMA above 271 nmol/L").all()
    with refused("definition='b12_148' is not known"):
        mma_indicators(people, "b12_148", slope=0.7)


# What must hold for any people

markers = st.none() | st.floats(min_value=0, max_value=3000, allow_subnormal=False)
any_people = st.lists(st.tuples(markers, markers), max_size=20).map(
    lambda rows: pd.DataFrame(rows, columns=["b12_pmol_l", "mma_nmol_l"], dtype="Float64")
)
STRICTER = [f"b12_{cut}" for cut in (118, 133, 148, 150, 185, 221, 258)]
HIGHER = [f"mma_{cut}" for cut in (210, 271, 376, 450, 750)]


@same_every_time
@given(any_people)
def test_a_wider_cut_off_never_finds_fewer_people(people):
    for order in (STRICTER, HIGHER[::-1]):
        found = indicators(people, order).sum().tolist()
        assert found == sorted(found)


@same_every_time
@given(any_people)
def test_a_combination_lies_between_its_parts(people):
    known = people.dropna()
    low, raised = meets(known, "b12_148"), meets(known, "mma_271")
    assert meets(people, "b12_148_and_mma_271").sum() == (low & raised).sum()
    assert meets(people, "b12_148_or_mma_271").sum() == (low | raised).sum()


@same_every_time
@given(any_people)
def test_partly_known_people_are_decided_only_where_the_missing_marker_could_not_change_it(people):
    for definition in ("b12_148_or_mma_271", "b12_148_and_mma_271"):
        decided = meets(people, definition, partly_known=True)
        for b12, mma in ((0.0, 0.0), (0.0, 3000.0), (3000.0, 0.0), (3000.0, 3000.0)):
            filled = people.fillna({"b12_pmol_l": b12, "mma_nmol_l": mma})
            same = (meets(filled, definition) == decided) | decided.isna()
            assert same.all()


@same_every_time
@given(any_people, st.floats(min_value=0, max_value=2))
def test_the_adjustment_never_raises_mma_and_changes_nobody_with_a_good_kidney(people, slope):
    people = people.assign(egfr=np.linspace(5, 150, len(people)))
    adjusted = mma_adjusted(people, slope=slope)
    assert (adjusted <= people["mma_nmol_l"] * (1 + 1e-12)).fillna(True).all()
    good = people["egfr"] >= 90
    assert adjusted[good].tolist() == people["mma_nmol_l"][good].tolist()


# NHANES

R_NAMES = {
    "B12<148 pmol/L": "b12_148",
    "B12 148-221 pmol/L": "b12_marginal_221",
    "B12<=221 pmol/L": "b12_221",
    "B12<200 pg/mL": "b12_200_pg_ml",
    "MMA>210 nmol/L": "mma_210",
    "MMA>271 nmol/L": "mma_271",
    "MMA>376 nmol/L": "mma_376",
    "Hcy>13 umol/L": "hcy_13",
    "Hcy>15 umol/L": "hcy_15",
    "B12<148 & MMA>271": "b12_148_and_mma_271",
    "B12<148 | MMA>271": "b12_148_or_mma_271",
    "B12<=221 & MMA>271": "b12_221_and_mma_271",
    "Roche-adjusted B12<148 pmol/L": "b12_148_roche",
    "Roche-adjusted B12 148-221 pmol/L": "b12_marginal_221_roche",
}
AGES = {"20+": (20, 120), "20-39": (20, 39), "40-59": (40, 59), "60+": (60, 120), "60-69": (60, 69), "70-79": (70, 79)}


@pytest.fixture
def nhanes(shared) -> pd.DataFrame:
    path = shared / "nhanes/derived/nhanes_b12_analysis.csv.gz"
    people = pd.read_csv(path, low_memory=False).query("wtmec2yr > 0").rename(columns={"hb_g_dl": "haemoglobin_g_dl"})
    roche = 10 ** (0.97 * np.log10(people["b12_pg_ml"]) + 0.14) * 0.738
    return people.assign(sex=people["sex"].map({1: "men", 2: "women"}), b12_roche_pmol_l=roche)


def test_definitions_find_as_many_people_in_nhanes_as_r_does(nhanes, shared):
    table = pd.read_csv(shared / "reference/survey_r.csv")
    wanted = list(dict.fromkeys(name.removesuffix("_roche") for name in R_NAMES.values()))
    found = nhanes[["cycle", "age", "sex"]].join(indicators(nhanes, wanted, scale=["as_measured", "roche"]))
    compared = 0
    for row in table.itertuples():
        age, _, sex = row.domain.partition(" ")
        if age not in AGES or row.indicator not in R_NAMES or row.cycle == "2011-2014":
            continue
        inside = found[(found["cycle"] == row.cycle) & found["age"].between(*AGES[age])]
        inside = inside[inside["sex"] == sex] if sex else inside
        met = inside[R_NAMES[row.indicator]]
        assert (met.count(), met.sum()) == (row.n_unweighted, row.n_events), row
        compared += 1
    assert compared > 300


def test_aged_60_and_over_raised_mma_is_what_the_material_says_for_all_and_for_working_kidneys(nhanes):
    creatinine = nhanes["creatinine_mg_dl_raw"].where(
        nhanes["cycle"] != "1999-2000", 1.013 * nhanes["creatinine_mg_dl_raw"] + 0.147
    )
    women = nhanes["sex"] == "women"
    kappa, alpha = np.where(women, 0.7, 0.9), np.where(women, -0.241, -0.302)
    ratio = creatinine / kappa
    egfr = 142 * ratio.clip(upper=1) ** alpha * ratio.clip(lower=1) ** -1.2 * 0.9938 ** nhanes["age"]
    people = nhanes.assign(egfr=egfr * np.where(women, 1.012, 1))
    early = people["cycle"].isin(["1999-2000", "2001-2002", "2003-2004"])
    weight = people["wtmec4yr"].where(people["cycle"] != "2003-2004", people["wtmec2yr"] / 2)
    people = people.assign(weight=weight)[early & (people["age"] >= 20)]
    slope = kidney_slope(people)
    assert slope == pytest.approx(0.73, abs=0.02)
    old = people[people["age"] >= 60]
    raised = mma_indicators(old, slope=slope)

    def percent(indicator: pd.Series) -> float:
        known = indicator.notna()
        return 100 * np.average(indicator[known].astype(float), weights=old["weight"][known])

    assert percent(raised["mma_271"]) == pytest.approx(15.0, abs=0.1)
    assert percent(raised["mma_271_egfr_60"]) == pytest.approx(9.8, abs=0.1)
    assert percent(raised["mma_271_adjusted"]) == pytest.approx(8.2, abs=0.3)
