"""The shipped sums of the US survey: what R says of the survey's people, said without them."""

import json
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from b12analysis import evidence, nhanes
from b12analysis.arguments import InputError
from b12analysis.nhanes import stored, sums
from b12analysis.places import DATA
from b12analysis.survey import standardize_from_sums, survey_prevalence

R = json.loads((Path(__file__).parent / "reference" / "nhanes_survey.json").read_text())
#: Sums and square roots on both sides; worst observed 5e-15 relative.
CLOSED = 1e-12
#: R fits the logit of the share iteratively.
R_LOGIT = 1e-6


@pytest.mark.parametrize("row", R["prevalence"], ids=lambda row: f"{row['cycles']} {row['domain']} {row['indicator']}")
def test_prevalence_equals_what_r_finds_in_the_survey(row):
    band, _, sex = row["domain"].partition(" ")
    found = sums.prevalence(row["cycles"], row["indicator"], age_band=band, sex=sex or "both").iloc[0]
    for name in ("n", "cases", "df"):
        assert found[name] == row[name]
    for name in ("estimate", "se", "deff", "total", "total_se"):
        assert found[name] == pytest.approx(row[name], rel=CLOSED), name
    assert found[["lower", "upper"]].tolist() == pytest.approx(row["logit"], rel=R_LOGIT)


def test_the_reference_has_every_pool_that_r_was_run_on():
    assert {row["cycles"] for row in R["prevalence"]} == set(sums.POOLS)


def test_standardisation_equals_what_r_finds_in_the_survey():
    for row in R["standardised"]:
        rows = sums.sums(row["cycles"])
        rows = rows[(rows["indicator"] == row["indicator"]) & (rows["sex"] == row["sex"])].astype({"age_band": "str"})
        adults = {"20-39": 77670, "40-59": 72816, "60+": 45364}
        found = standardize_from_sums(rows.astype({"indicator": "str"}), over="age_band", population=adults).iloc[0]
        assert (found["n"], found["df"]) == (row["n"], row["df"])
        assert found["estimate"] == pytest.approx(row["estimate"], rel=CLOSED)
        assert found["se"] == pytest.approx(row["se"], rel=CLOSED)


def test_no_row_is_about_fewer_than_five_people_and_the_file_is_small():
    table = evidence.load("nhanes_sums")
    assert table["n"].min() >= 5
    assert (table["cases"] <= table["n"]).all()
    assert (DATA / "nhanes_sums.parquet").stat().st_size < 1_000_000
    columns = evidence.load("columns")
    described = columns[columns["tables"].str.contains("nhanes_sums")]
    assert sorted(described["column"]) == sorted(table.columns)


def test_every_overlap_adds_up_to_everybody_and_to_its_definitions():
    rows = sums.sums("1999-2004")
    whole = rows[(rows["age_band"] == "20+") & (rows["sex"] == "both")].groupby("indicator", observed=True)
    cases, n = whole["cases"].sum(), whole["n"].sum()
    for of in sums.OVERLAPS:
        patterns = [
            sums.overlap([name for name, is_met in zip(of, met, strict=True) if is_met], of)
            for met in product([True, False], repeat=len(of))
        ]
        assert cases[patterns].sum() == n[patterns].iloc[0]
        assert (n[patterns] == n[patterns].iloc[0]).all()
    both = cases[sums.overlap(["b12_148", "mma_271"], ["b12_148", "mma_271"])]
    assert both == cases["b12_148_and_mma_271"]


def test_what_a_cycle_did_not_measure_has_no_row():
    assert sums.prevalence("2005-2006", "mma_271").empty
    assert len(sums.prevalence("2005-2006", ["b12_148", "mma_271"])) == 1


def test_a_pool_with_a_cycle_that_lacks_the_indicator_has_no_estimate():
    # 2005-2006 did not measure MMA: three cycles with the weights of four would not be 1999-2006
    assert sums.prevalence("1999-2006", "mma_271").empty
    assert "mma_271" not in set(sums.sums("1999-2006")["indicator"])


def test_several_cycles_at_once_are_the_same_as_one_by_one():
    together = sums.prevalence(["2003-2004", "2011-2014"], ["mma_271", "b12_148"], age_band=["60+", "20+"])
    apart = [
        sums.prevalence(one, ["mma_271", "b12_148"], age_band=["60+", "20+"]) for one in ("2003-2004", "2011-2014")
    ]
    pd.testing.assert_frame_equal(together, pd.concat(apart, ignore_index=True), rtol=CLOSED)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cycles": "2007-2008"}, "cycles='2007-2008' is not known"),
        ({"indicator": "b12_1480"}, "indicator='b12_1480' is not known (did you mean 'b12_148'"),
        ({"age_band": "50+"}, "age_band='50+' is not known"),
        ({"sex": "female"}, "sex='female' is not known"),
    ],
)
def test_wrong_choices_are_refused(changed, words):
    with pytest.raises(InputError) as refused:
        sums.prevalence(**{"cycles": "2011-2014", "indicator": "b12_148"} | changed)
    assert words in str(refused.value)


def test_usual_status_is_rarer_than_status_in_one_sample():
    table = evidence.load("nhanes_usual")
    assert (table["estimate"] < table["single"]).all()
    first = table.query("cycles == '1999-2004' and age_band == '20+' and shape == 'kept'").set_index("definition")
    # the spread that the repeat examination of 2001-2002 is known for
    spread = first["within_percent"].astype(float)
    assert spread[["b12_148", "mma_271", "hcy_15"]].tolist() == pytest.approx([14.8, 21.4, 15.3], abs=0.1)


def test_a_single_measurement_is_the_same_in_both_tables():
    usual = evidence.load("nhanes_usual")
    for row in usual[usual["definition"] == "b12_148"].itertuples():
        one = sums.prevalence(row.cycles, row.definition, age_band=row.age_band).iloc[0]
        assert [row.single, row.single_lower] == pytest.approx([one["estimate"], one["lower"]], rel=1e-6)


@pytest.mark.slow
def test_the_stored_tables_are_what_the_survey_files_say(shared):
    again = stored.compute_sums(shared / "nhanes")
    pd.testing.assert_frame_equal(evidence.load("nhanes_sums").astype(again.dtypes), again, rtol=CLOSED)
    usual = stored.compute_usual(shared / "nhanes")
    pd.testing.assert_frame_equal(evidence.load("nhanes_usual").astype(usual.dtypes), usual, rtol=1e-6)


def test_people_and_sums_give_the_same(shared):
    people = nhanes.load(["2003-2004", "2005-2006"], shared / "nhanes")
    people = people.assign(low=people["b12_pmol_l"] < 148).assign(
        low=lambda t: t["low"].where(t["b12_pmol_l"].notna()), adult=people["age"] >= 20
    )
    one = survey_prevalence(people, "low", domain="adult").iloc[0]
    other = sums.prevalence("2003-2006", "b12_148").iloc[0]
    for name in ("n", "cases", "estimate", "se", "df", "deff", "total", "total_se", "lower", "upper"):
        assert one[name] == pytest.approx(other[name], rel=CLOSED), name
