"""Everything the package is held against, in one table: nothing lost, nothing called by another role or verdict."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis.arguments import InputError
from b12analysis.places import DATA
from b12analysis.validating import comparisons, compute_programs
from b12analysis.validating.cells import CELLS, cells, summarised
from b12analysis.validating.collected import AREAS, COLUMNS, ROLES
from b12analysis.validating.programs import _pooled, _survey_fractions
from b12analysis.validating.surveys import _domain, inside

REFERENCE = Path(__file__).parent / "reference"
#: Differences of the last digits of a double depend on the machine; larger ones are the programs'.
NOISE = 1e-10


@pytest.fixture(scope="module")
def table():
    return b12.validation()


# -- all in one table ------------------------------------------------------------------------------------------------


def test_every_result_of_the_kinetics_model_is_there_with_its_role_and_verdict(table):
    ours, given = table.query("area == 'kinetics'").set_index("id"), b12.load("kinetics_validation").set_index("id")
    assert list(ours.index) == list(given.index)
    role = {"fitted": "fitted", "test": "held_out", "consistency": "check"}
    assert ours["role"].tolist() == [role[each] for each in given["role"]]
    assert ours["passed"].tolist() == given["covered"].tolist()
    inside_ = (ours["predicted_lower"] <= ours["observed"]) & (ours["observed"] <= ours["predicted_upper"])
    assert (inside_ == ours["passed"]).all()
    assert ours["evidence"].tolist() == given["evidence"].tolist()


def test_every_printed_figure_that_was_made_again_is_there_once(table):
    ours, given = table.query("area == 'replications'"), b12.load("replications")
    literal = given[(given["reading"] == "literal") & given["ours"].notna()]
    assert ours["id"].tolist() == literal["id"].tolist()
    assert ours["passed"].tolist() == (literal["agrees"] == "yes").tolist()
    assert ours["observed"].tolist() == literal["printed"].tolist()
    assert (ours["role"] == "reproduced").all()


def test_the_table_has_its_columns_keys_and_words(table):
    assert list(table.columns) == COLUMNS
    assert table["id"].is_unique
    assert set(table["role"]) <= set(ROLES)
    assert table["area"].drop_duplicates().tolist() == [area for area in AREAS if area in set(table["area"])]
    assert table[["what", "by", "status"]].notna().all(axis=None)
    assert table["predicted"].notna().all()
    assert set(table.loc[table["observed"].isna(), "area"]) == {"nerves"}  # words and directions
    assert set(table["source"].dropna()) <= set(b12.load("sources")["source"])


@pytest.mark.parametrize("area", AREAS)
def test_an_area_is_its_part_of_all(table, area):
    part = b12.validation(area)
    pd.testing.assert_frame_equal(part, table[table["area"] == area].reset_index(drop=True))


def test_an_area_that_there_is_not_is_refused():
    with pytest.raises(InputError, match=r"area='nerve' is not known \(did you mean 'nerves'\?\)"):
        b12.validation("nerve")


def test_every_result_of_the_nerve_model_is_there_once_with_its_role_and_verdict(table):
    ours, given = table.query("area == 'nerves'").set_index("id"), b12.load("recovery_validation")
    given = given[given["scenario"] == "all"].set_index("target")  # one scenario alone is no result
    assert list(ours.index) == list(given.index) == b12.load("recovery_targets")["id"].tolist()
    role = {"fitted": "fitted", "test": "held_out", "check": "check", "alternative": "alternative"}
    assert ours["role"].tolist() == [role[each] for each in given["role"]]
    assert ours["passed"].tolist() == given["within"].tolist()
    for theirs, name in (("observed", "observed"), ("observed_lower", "lower"), ("predicted_upper", "predicted_upper")):
        np.testing.assert_array_equal(ours[name].astype(float), given[theirs].astype(float))
    rows = b12.load("recovery_targets").set_index("id")["row"]
    assert ours["evidence"].tolist() == rows.tolist()
    assert ours["source"].tolist() == b12.evidence.cited(" ".join(rows))["source"].tolist()
    changes = given["what"].isin(["conduction_change", "score_change"])
    assert (ours["unit"] == "share of function").tolist() == changes.tolist()


def test_what_a_result_of_the_nerve_model_is_says_its_direction(table):
    said = table.query("area == 'nerves'").set_index("id")["what"]
    direction = b12.load("recovery_targets").set_index("id")["direction"]
    assert said[direction == "none"].str.contains(": unchanged, month ").all()
    assert said[direction == "better"].str.contains(": better, month ").all()
    assert not said[direction.isna()].str.contains("better|unchanged|nan|<NA>").any()


def test_without_results_of_the_nerve_model_the_others_are_as_they_are(table, tmp_path):
    for name in ("kinetics_targets", "kinetics_validation", "replications", "validation_programs", "columns"):
        shutil.copy(DATA / f"{name}.csv", tmp_path)
    others = b12.validation(folder=tmp_path)
    pd.testing.assert_frame_equal(others, table[table["area"] != "nerves"].reset_index(drop=True))


# -- other programs --------------------------------------------------------------------------------------------------


def test_cells_are_summed_up_by_hand():
    long = pd.concat([cells("a", "one", [(100, 101), (0, 0.002)]), cells("a", "two", [(-50, -50)]),
                      cells("b", "three", [(100, 100.5)])])  # fmt: skip
    about = {"a": {"allowed": 0.005, "scale": "relative"}, "b": {"allowed": 0.1, "scale": "absolute"}}
    first, second = summarised(long, about).to_dict("records")
    assert (first["cells"], first["within"], first["worst"], first["worst_cell"]) == (3, 2, 0.01, "one")
    assert (first["theirs"], first["ours"]) == (100, 101)
    assert (second["cells"], second["within"], second["worst"]) == (1, 0, 0.5)
    with pytest.raises(InputError, match="table lacks column 'ours'"):
        summarised(long[CELLS[:3]], about)


def test_the_shipped_table_holds_every_comparison_and_its_own_verdicts():
    table, about = b12.load("validation_programs"), comparisons()
    assert table["id"].tolist() == about["id"].tolist()
    assert table["allowed"].astype(float).tolist() == about["allowed"].tolist()
    assert (table["agrees"] == (table["worst"] <= table["allowed"])).all()
    assert (table["agrees"] == (table["within"] == table["cells"])).all()
    counted = table.set_index("id")["cells"]
    assert counted["r-prevalence"] == counted["r-se"] == 539  # every row of R's table
    assert counted["r-counts"] == 3 * 539
    # whatever does not agree says why, and so does whatever is allowed more than the last digits
    assert table.loc[~table["agrees"].astype(bool), "note"].notna().all()
    loose = table[(table["allowed"] > 1e-9) & (table["worst"] > 1e-9)]
    assert loose["note"].notna().all()


def test_small_comparisons_run_anywhere_and_are_as_shipped():
    given = {name: json.loads((REFERENCE / f"{name}.json").read_text()) for name in ("metafor", "attributable_survey")}
    given["metafor"]["results"] = [row for row in given["metafor"]["results"] if row["method"] in ("DL", "PM")]
    people = pd.read_csv(REFERENCE / "attributable_people.csv")
    found = pd.concat([*_pooled(given["metafor"]), *_survey_fractions(given["attributable_survey"], people)])
    about = comparisons().set_index("id").loc[found["id"].unique()].to_dict("index")
    same(summarised(found, about))


def same(again: pd.DataFrame) -> None:
    stored = b12.load("validation_programs").set_index("id").loc[again["id"]].reset_index()
    for name in ("cells", "within"):
        assert again[name].tolist() == stored[name].tolist(), name
    np.testing.assert_allclose(again["worst"], stored["worst"].astype(float), rtol=0.02, atol=NOISE)


def test_domains_of_rs_tables_are_read():
    people = pd.DataFrame({"age": [19, 45, 70, 85], "sex": ["men", "women", "women", "men"]})
    people = people.assign(metf=pd.array([True, None, True, False], dtype="boolean"))
    people = people.assign(ethnicity=["other", "non-Hispanic white", "other", "other"])
    assert inside(people, "20+ women").tolist() == [False, True, True, False]
    assert inside(people, "60-79").tolist() == [False, False, True, False]
    assert _domain(people, "20+").tolist() == [False, True, True, True]
    assert _domain(people, "20+ metf=1").tolist() == [False, False, True, False]
    assert _domain(people, "20+ metf=0").tolist() == [False, False, False, True]
    assert _domain(people, "20+ RIDRETH1=3").tolist() == [False, True, False, False]


@pytest.mark.slow
def test_the_shipped_table_is_what_the_files_say(shared):
    again = compute_programs(shared / "reference", shared / "nhanes", REFERENCE)
    same(again)
    stored = b12.load("validation_programs")
    assert again["agrees"].tolist() == stored["agrees"].tolist()
    texts = ["id", "area", "program", "file", "what", "scale", "status"]
    assert again[texts].astype(object).equals(stored[texts].astype(object))
