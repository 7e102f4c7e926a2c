"""The evidence tables as Python sees them, and every fault that the check has to find in them."""

import csv
import hashlib
import itertools
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from b12analysis import evidence
from b12analysis.arguments import InputError
from b12analysis.evidence import STATUSES, schema
from b12analysis.places import DATA

NAMES = sorted(path.stem for path in DATA.glob("*.csv"))
#: Tables that our code computed.
COMPUTED = sorted(path.stem for path in DATA.glob("*.parquet"))
VOCABULARIES = [
    "columns",
    "conflicts",
    "groups",
    "kinetics_correlations",
    "kinetics_validation",
    "left_out",
    "nhanes_associations",
    "nhanes_cells",
    "nhanes_files",
    "nhanes_folate",
    "nhanes_fractions",
    "nhanes_groups",
    "nhanes_mma",
    "nhanes_overlaps",
    "nhanes_unseen",
    "nhanes_usual",
    "population",
    "recovery_fits",
    "recovery_targets",
    "recovery_validation",
    "replications",
    "sources",
    "standard_populations",
    "validation_programs",
]
CITED = "the id of a row in another table"
OF_MEASURE = "the range of its measure"


@pytest.fixture(scope="module", autouse=True)
def each_table_checked_once():
    """Hold a table to its schema once for each content of it and of the glossary: most tests break one of many."""
    known, check = {}, schema._check_schema

    def checked(name, text, folder):
        key = name, *((folder / f"{table}.csv").read_bytes() for table in (name, "columns"))
        if key not in known:
            known[key] = list(check(name, text, folder))
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "_check_schema", checked)
        yield


@pytest.fixture
def folder(tmp_path) -> Path:
    """Copy of the shipped tables, to be broken."""
    return shutil.copytree(DATA, tmp_path / "data")


def refused(message: str):
    """Expect a message that begins so."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}")


def rows_of(folder: Path, table: str) -> list[list[str]]:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write(folder: Path, table: str, rows: list[list[str]]) -> None:
    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def put(folder: Path, table: str, key: str, **cells: str) -> None:
    """Write cells into the row whose first cell is the key."""
    rows = rows_of(folder, table)
    (row,) = [row for row in rows if row[0] == key]
    for column, text in cells.items():
        row[rows[0].index(column)] = text
    write(folder, table, rows)


def line_of(table: str, key: str) -> int:
    """Line of the shipped file that begins with the key, as an editor counts: the header is line 1."""
    lines = (DATA / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, start=1) if text.startswith(f"{key},")]
    return line


def faults(folder: Path) -> list[tuple]:
    """What the check reports: what is missing is None, what it read as a number is text again."""

    def as_written(cell):
        return None if pd.isna(cell) else cell if isinstance(cell, str) else f"{cell:g}"

    found = evidence.check(folder)
    assert found.columns.tolist() == ["file", "line", "id", "column", "value", "expected"]
    return [
        (fault.file, fault.line, *map(as_written, (fault.id, fault.column, fault.value)), fault.expected)
        for fault in found.itertuples()
    ]


# load


@pytest.mark.parametrize("table", NAMES)
def test_a_table_loads_with_all_its_rows_and_columns(table):
    header, *rows = rows_of(DATA, table)
    loaded = evidence.load(table)
    assert loaded.columns.tolist() == header
    assert loaded.iloc[:, 0].tolist() == [row[0] for row in rows]


@pytest.mark.parametrize(("column", "dtype"), [("id", "string"), ("n", "Int64"), ("value", "Float64")])
def test_columns_have_the_type_that_the_glossary_gives_them(column, dtype):
    assert evidence.load("risk_factors")[column].dtype == dtype


def test_whole_numbers_stay_whole_and_missing_cells_are_missing_whatever_their_type():
    counts = evidence.load("surveys").set_index("id").loc[["A72", "A10"], ["cases", "n", "reported_percent", "note"]]
    assert counts["cases"].tolist() == [1, pd.NA]
    assert counts["n"].tolist() == [226, 3450]
    assert counts["reported_percent"].isna().tolist() == [True, False]


def test_text_that_pandas_takes_for_missing_elsewhere_is_text_here(folder):
    put(folder, "surveys", "A10", cohort="NA", population="None", note="null")
    row = evidence.load("surveys", folder).set_index("id").loc["A10", ["cohort", "population", "note"]]
    assert row.tolist() == ["NA", "None", "null"]


@pytest.mark.parametrize("table", ["surveys", "columns"])
def test_changing_a_loaded_table_does_not_change_the_next_one(table):
    loaded = evidence.load(table)
    loaded.iloc[:, 0] = "changed"
    assert "changed" not in set(evidence.load(table).iloc[:, 0])


@pytest.mark.parametrize("kind", [Path, str])
def test_tables_can_be_loaded_from_another_folder(folder, kind):
    put(folder, "surveys", "A10", n="3451")
    loaded = evidence.load("surveys", kind(folder)).set_index("id")
    assert loaded.loc["A10", "n"] == 3451
    assert evidence.load("surveys").set_index("id").loc["A10", "n"] == 3450


def test_a_table_that_is_not_there_is_refused_with_the_nearest_and_all_others():
    shown = ", ".join(repr(name) for name in sorted([*NAMES, *COMPUTED]))
    with refused(f"table='survey' is not known (did you mean 'surveys'?); choose one of {shown}"):
        evidence.load("survey")


@pytest.mark.parametrize("cell", [{"n": "many"}, {"n": "34.5"}, {"reported_percent": "4,4"}])
def test_a_table_with_a_value_of_the_wrong_type_is_refused_with_the_way_to_find_it(folder, cell):
    put(folder, "surveys", "A10", **cell)
    with refused(f"table='surveys' in {folder} is broken; `b12 data check` says where"):
        evidence.load("surveys", folder)


# tables


def test_the_list_of_tables_has_every_file_with_its_number_of_rows():
    listed = evidence.tables()
    assert listed["table"].tolist() == sorted([*NAMES, *COMPUTED])
    rows = listed.set_index("table")["rows"]
    assert rows[NAMES].tolist() == [len(rows_of(DATA, name)) - 1 for name in NAMES]
    assert rows[COMPUTED].tolist() == [len(pd.read_parquet(DATA / f"{name}.parquet")) for name in COMPUTED]


def test_every_row_of_an_evidence_table_counts_under_one_status_and_no_row_of_a_vocabulary_under_any():
    listed = evidence.tables().set_index("table")
    counted = listed[list(STATUSES)].sum(axis=1)
    is_evidence = ~listed.index.isin([*VOCABULARIES, *COMPUTED])
    assert (counted[is_evidence] == listed["rows"][is_evidence]).all()
    assert (counted[~is_evidence] == 0).all()


def test_the_list_of_tables_counts_another_folder_when_asked(folder):
    before = evidence.tables(folder).set_index("table").loc["surveys"]
    put(folder, "surveys", "A10", status="recalled")
    after = evidence.tables(folder).set_index("table").loc["surveys"]
    assert (after - before).to_dict() == {"rows": 0, "verified": -1, "secondary": 0, "recalled": 1, "assumption": 0}


# select


@pytest.fixture
def small() -> pd.DataFrame:
    cells = {
        "country": ["Ireland", "Atlantis", "Ireland", pd.NA],
        "sex": ["women", "both", "both", "men"],
        "n": [1, 2, 3, 4],
    }
    return pd.DataFrame(cells, index=[7, 3, 5, 1])


def test_select_keeps_the_rows_that_fit_in_their_order(small):
    before = small.copy()
    assert evidence.select(small, country="Ireland").index.tolist() == [7, 5]
    assert evidence.select(small, country="Atlantis").index.tolist() == [3]
    pd.testing.assert_frame_equal(small, before)


def test_select_by_a_list_keeps_the_rows_that_have_any_of_the_values(small):
    assert evidence.select(small, sex=["men", "women"]).index.tolist() == [7, 1]


def test_select_by_several_columns_keeps_the_rows_that_fit_all_of_them(small):
    assert evidence.select(small, country="Ireland", sex="both").index.tolist() == [5]


def test_select_gives_no_rows_where_nothing_fits_together(small):
    assert evidence.select(small, country="Atlantis", sex="women").empty


@pytest.mark.parametrize("equals", [{}, {"country": "any"}, {"country": "any", "sex": "any"}])
def test_any_selects_every_row_even_those_without_a_value(small, equals):
    assert evidence.select(small, **equals).index.tolist() == [7, 3, 5, 1]


def test_select_takes_a_number_and_refuses_one_that_does_not_occur(small):
    assert evidence.select(small, n=3).index.tolist() == [5]
    with refused("n=-150 is not known; choose one of 'any', 1, 2, 3, 4"):
        evidence.select(small, n=-150)


def test_select_refuses_a_column_that_is_not_there(small):
    with refused("table lacks column 'region'; it has 'country', 'sex', 'n'"):
        evidence.select(small, region="Asia")


@pytest.mark.parametrize("wanted", ["Irland", ["Atlantis", "Irland"]])
def test_select_refuses_a_value_that_does_not_occur(small, wanted):
    with refused("country='Irland' is not known (did you mean 'Ireland'?); choose one of 'any', 'Atlantis', 'Ireland'"):
        evidence.select(small, country=wanted)


def test_select_by_a_key_takes_any_key_of_the_other_table_even_if_no_row_has_it():
    surveys = evidence.load("surveys")
    assert "mma_750" in set(surveys["definition"])
    assert evidence.select(surveys.query("definition != 'mma_750'"), definition="mma_750").empty


def test_select_takes_a_value_of_the_same_column_of_other_tables_even_if_no_row_has_it(small):
    assert evidence.select(small, country="Kenya").empty


def test_select_refuses_a_key_that_the_other_table_has_not():
    with refused("group='vegan' is not known (did you mean 'vegans'?); choose one of 'any', 'atrophic_gastritis', "):
        evidence.select(evidence.load("surveys"), group="vegan")


# sources


def test_the_bibliography_counts_the_rows_of_each_source():
    surveys = evidence.load("surveys")
    found = evidence.sources("surveys").set_index("source")
    assert found["rows"].to_dict() == {source: (surveys["source"] == source).sum() for source in set(surveys["source"])}
    assert found["rows"].sum() == len(surveys)


def test_the_bibliography_of_part_of_a_table_has_only_its_sources():
    vegans = evidence.load("surveys").query("group == 'vegans' and cohort == 'epic_oxford'")
    (found,) = evidence.sources(vegans).itertuples()
    assert (found.source, found.rows, found.year, found.pmid) == ("gilsing2010", 1, 2010, "20648045")


def test_the_bibliography_has_the_columns_of_sources_and_the_number_of_rows():
    columns = [*evidence.load("sources").columns, "rows"]
    assert evidence.sources("trials").columns.tolist() == columns
    nothing = evidence.sources(evidence.load("trials").iloc[:0])
    assert nothing.columns.tolist() == columns
    assert nothing.empty


def test_a_table_without_sources_has_no_bibliography():
    with refused("table lacks column 'source'; it has 'group', 'label', 'role', 'claim'"):
        evidence.sources("groups")


# weakest


@pytest.mark.parametrize("present", [set_ for n in range(1, 5) for set_ in itertools.permutations(STATUSES, n)])
def test_the_weakest_status_wins_whatever_the_order(present):
    order = {"verified": 0, "secondary": 1, "recalled": 2, "assumption": 3}
    assert order[evidence.weakest(pd.Series(present))] == max(order[status] for status in present)


def test_a_missing_status_does_not_count():
    assert evidence.weakest(pd.Series(["verified", pd.NA, "verified"], dtype="string")) == "verified"


def test_a_figure_that_rests_on_no_row_is_an_assumption():
    assert evidence.weakest(pd.Series([], dtype="string")) == "assumption"


@pytest.mark.parametrize("statuses", [["sure"], ["verified", "sure"]])
def test_an_unknown_status_is_refused_and_never_passes_for_verified(statuses):
    with refused("status='sure' is not known"):
        evidence.weakest(pd.Series(statuses))


# axis and sha256


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("b12_pmol_l", "serum B12 (pmol/L)"),
        ("hcy_umol_l", "homocysteine (umol/L)"),
        ("percent", "share (%)"),
        ("odds_ratio", "odds ratio"),
        ("sex", "sex"),
    ],
)
def test_an_axis_title_carries_the_unit_if_there_is_one(column, title):
    assert evidence.axis(column) == title


def test_an_axis_title_of_an_unknown_column_is_refused():
    with refused("column='b12_pmol' is not known (did you mean 'b12_pmol_l'?); choose one of 'id', "):
        evidence.axis("b12_pmol")


@pytest.mark.parametrize("table", NAMES)
def test_the_hash_is_that_of_the_file(table):
    with (DATA / f"{table}.csv").open("rb") as file:
        assert evidence.sha256(table) == hashlib.file_digest(file, "sha256").hexdigest()


def test_a_hash_of_an_unknown_table_is_refused():
    with refused("table='survey' is not known (did you mean 'surveys'?); choose one of 'accuracy', "):
        evidence.sha256("survey")


# check


def test_a_copy_of_the_shipped_tables_has_no_faults(folder):
    assert faults(folder) == []


#: What is wrong, and where: table, row, column, what is written there, what the check has to say it expected.
#: All stand in one broken folder, each in a row of its own.
CELLS = {
    "a word where a whole number belongs": ("surveys", "A10", "n", "many", "a value of type integer"),
    "a fraction where a whole number belongs": ("trials", "B1.2a", "n", "18.5", "a value of type integer"),
    "a decimal comma": ("surveys", "A11", "reported_percent", "5,9", "a value of type number"),
    "a word in a column without a range": ("risk_factors", "B77", "lower", "low", "a value of type number"),
    "a number above its range": ("surveys", "A27", "age_max", "130", "at most 120"),
    "a number below its range": ("surveys", "A28a", "year_start", "1900", "at least 1940"),
    "a year of a source out of its range": ("sources", "allen2009", "year", "3000", "at most 2026"),
    "an unknown choice": ("surveys", "A12", "sex", "all", "one of both, women, men"),
    "an unknown choice in groups": ("groups", "vegans", "role", "victim", "one of general, risk, comparator, stratum"),
    "an unknown status": ("trials", "N3b", "status", "sure", f"one of {', '.join(STATUSES)}"),
    "a missing required value": ("surveys", "A13", "population", "", "a value"),
    "a missing locator": ("kinetics", "C1.3a", "locator", "", "a value"),
    "an unknown source": ("surveys", "A14", "source", "nobody2000", "a source of sources.csv"),
    "an unknown source that pandas takes for missing": ("surveys", "A17", "source", "None", "a source of sources.csv"),
    "an unknown definition": ("surveys", "A18", "definition", "b12_999", "a definition of biomarkers.csv"),
    "an unknown group": ("risk_factors", "B17", "group", "martians", "a group of groups.csv"),
    "an unknown group that pandas takes for missing": ("levels", "N6a", "group", "NA", "a group of groups.csv"),
    "an unknown measure": ("trials", "N3c", "measure", "happiness", "a measure of columns.csv"),
    "a column of another table as measure": ("outcomes", "A1.9", "measure", "year_start", "a measure of columns.csv"),
    "an unknown marker": ("biomarkers", "C02", "marker", "b12_mol", "a measure of columns.csv"),
    "an unknown claim": ("groups", "vegetarians", "claim", "claim-ZZ", "a claim of claims.csv"),
    "a value above its upper limit": ("risk_factors", "B71", "value", "7", "at most upper (6.78)"),
    "a lower limit above the value": ("risk_factors", "B69", "lower", "1.15", "at most value (1.13)"),
    "a lower limit above the upper limit": ("risk_factors", "B18", "lower", "31", "at most upper (30)"),
    "a printed limit too high": ("surveys", "A86", "reported_lower_percent", "14", "at most reported_percent (13.8)"),
    "a printed limit too low": ("surveys", "A87", "reported_percent", "19.4", "at most reported_upper_percent (19.3)"),
    "more cases than people": ("surveys", "A72", "cases", "227", "at most n (226)"),
    "an end before the beginning": ("surveys", "A22", "year_start", "1995", "at most year_end (1994)"),
    "an age limit above the other": ("surveys", "A29", "age_min", "84", "at most age_max (83)"),
    "a band of a marker upside down": ("biomarkers", "C04a", "above", "222", "at most below (221)"),
    "a value below the range of its measure": ("levels", "C21a", "value", "-1", f"at least 0, {OF_MEASURE}"),
    "a value above the range of its measure": ("accuracy", "C11a", "value", "830", f"at most 100, {OF_MEASURE}"),
    "a limit above the range of its measure": ("risk_factors", "B01b", "upper", "600", f"at most 100, {OF_MEASURE}"),
    "a claim that cites a row that is nowhere": ("claims", "claim-G2", "evidence", "Z99", CITED),
    "a claim that cites half an id": ("claims", "claim-G3", "evidence", "A1", CITED),
    "a claim that cites an id in other case": ("claims", "claim-S1", "evidence", "a01", CITED),
    "a claim that cites a row left out": ("claims", "claim-S2", "evidence", "A03", CITED),
    "a conflict that cites a row that is nowhere": ("conflicts", "K01", "one_side", "Z99", CITED),
    "a conflict tested by a row left out": ("conflicts", "K03", "tested_by", "A85", CITED),
    "a conflict about no group": ("conflicts", "K05", "group", "martians", "a group of groups.csv"),
    "a conflict explained by anything": (
        "conflicts",
        "K06",
        "modifier",
        "magic",
        "one of follow_up, supplement_use, "
        "cut_off, marker, selection, testing_by_indication, treatment, age_range, unknown",
    ),
    "a step that ends before it begins": ("surveys", "A30", "step", "76", "at most step_to (75)"),
    "a claim that cites a claim": ("claims", "claim-S3", "evidence", "claim-G1", CITED),
}


@pytest.fixture(scope="module")
def reported(tmp_path_factory) -> list[tuple]:
    """Faults of a copy of the shipped tables in which all these cells are broken."""
    folder = shutil.copytree(DATA, tmp_path_factory.mktemp("broken") / "data")
    for table, key, column, text, _ in CELLS.values():
        put(folder, table, key, **{column: text})
    return faults(folder)


@pytest.mark.parametrize(("table", "key", "column", "text", "expected"), CELLS.values(), ids=CELLS)
def test_a_broken_cell_is_reported_exactly_once_with_its_place(reported, table, key, column, text, expected):
    of_this_row = [fault for fault in reported if fault[0] == f"{table}.csv" and fault[2] == key]
    assert of_this_row == [(f"{table}.csv", line_of(table, key), key, column, text or None, expected)]


def test_only_the_broken_cells_are_reported_in_the_order_of_files_and_lines(reported):
    assert len(reported) == len(CELLS) == len({(table, key) for table, key, *_ in CELLS.values()})
    assert reported == sorted(reported, key=lambda fault: fault[:2])


def test_each_wrong_id_that_a_claim_cites_is_reported_and_no_right_one(folder):
    put(folder, "claims", "claim-P1", evidence="A01 Z98 A10 Z99")
    place = ("claims.csv", line_of("claims", "claim-P1"), "claim-P1", "evidence")
    assert faults(folder) == [(*place, "Z98", CITED), (*place, "Z99", CITED)]


@pytest.mark.parametrize(("column", "limit"), [("cases", "226"), ("n", "1")])
def test_as_many_cases_as_people_are_no_fault(folder, column, limit):
    put(folder, "surveys", "A72", **{column: limit})
    assert faults(folder) == []


@pytest.mark.parametrize("table", ["surveys", "sources", "claims"])
def test_a_column_that_the_glossary_does_not_describe_is_reported(folder, table):
    header, *rows = rows_of(folder, table)
    write(folder, table, [[*header, "colour"], *([*row, "red"] for row in rows)])
    expected = "no such column: columns.csv does not describe it"
    assert faults(folder) == [(f"{table}.csv", 1, None, "colour", None, expected)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("surveys", "sex"),
        ("surveys", "note"),
        ("surveys", "source"),
        ("risk_factors", "group"),
        ("recovery_model", "id"),
        ("sources", "source"),
        ("groups", "group"),
        ("biomarkers", "definition"),
    ],
)
def test_a_column_that_lacks_is_reported_even_if_other_tables_point_to_it(folder, table, column):
    rows = rows_of(folder, table)
    place = rows[0].index(column)
    write(folder, table, [[cell for number, cell in enumerate(row) if number != place] for row in rows])
    expected = "the column, which columns.csv describes"
    assert faults(folder) == [(f"{table}.csv", 1, None, column, None, expected)]


def test_an_id_that_another_table_has_already_is_reported_with_the_first_place(folder):
    put(folder, "trials", "B2.15b", id="A66a")
    where = f"surveys.csv, line {line_of('surveys', 'A66a')}"
    assert faults(folder) == [
        ("trials.csv", line_of("trials", "B2.15b"), "A66a", "id", "A66a", f"a key used once; it is also in {where}")
    ]


@pytest.mark.parametrize(
    ("table", "column"), [("trials", "id"), ("claims", "id"), ("sources", "source"), ("groups", "group")]
)
def test_a_row_that_stands_twice_in_a_table_is_reported_at_its_second_place(folder, table, column):
    rows = rows_of(folder, table)
    write(folder, table, [*rows, rows[3]])
    key = rows[3][0]
    expected = f"a key used once; it is also in {table}.csv, line 4"
    assert faults(folder) == [(f"{table}.csv", len(rows) + 1, key, column, key, expected)]


def test_a_row_left_out_may_have_the_id_of_a_row_that_is_there(folder):
    put(folder, "left_out", "A03", id="A86")
    assert faults(folder) == []


@pytest.mark.parametrize("table", ["recovery_model", "surveys", "columns"])
@pytest.mark.parametrize("surplus", [1, -1])
def test_a_row_with_more_or_fewer_cells_than_the_header_is_reported_and_nothing_else(folder, table, surplus):
    rows = rows_of(folder, table)
    rows[4] = [*rows[4], "surplus"] if surplus == 1 else rows[4][:-1]
    write(folder, table, rows)
    ((file, line, key, column, _, expected),) = faults(folder)
    assert (file, line, key, column) == (f"{table}.csv", 5, rows[4][0], None)
    assert str(len(rows[0])) in expected


@pytest.mark.parametrize("table", ["surveys", "columns"])
@pytest.mark.parametrize(
    ("stored", "fault"),
    [
        (b"", (1, "an empty file", "a header")),
        (b"\n\n", (1, "an empty line", "a header")),
        (b"id,note\nA1,caf\xe9\n", (2, "byte 0xe9", "text in UTF-8")),
    ],
)
def test_a_file_that_is_no_table_is_reported_by_name_and_not_loaded(folder, table, stored, fault):
    (folder / f"{table}.csv").write_bytes(stored)
    line, value, expected = fault
    assert faults(folder) == [(f"{table}.csv", line, None, None, value, expected)]
    with refused(f"table='{table}' in {folder} is broken; `b12 data check` says where"):
        evidence.load(table, folder)


def test_a_file_that_columns_does_not_describe_is_reported_if_it_is_empty(folder):
    (folder / "new.csv").write_bytes(b"")
    assert ("new.csv", 1, None, None, "an empty file", "a header") in faults(folder)


@pytest.mark.parametrize("table", ["columns", "sources", "groups", "left_out"])
def test_a_table_that_lacks_is_reported(folder, table):
    (folder / f"{table}.csv").unlink()
    assert f"{table}.csv" in {fault[0] for fault in faults(folder)}


def test_a_folder_without_tables_is_not_called_free_of_faults(tmp_path):
    assert faults(tmp_path) != []


def test_a_table_that_the_glossary_does_not_describe_is_reported(folder):
    (folder / "colours.csv").write_text("hue,shade\nred,dark\n", encoding="utf-8")
    expected = "no such column: columns.csv does not describe it"
    assert faults(folder) == [("colours.csv", 1, None, column, None, expected) for column in ("hue", "shade")]


def test_rows_are_found_by_id_in_any_table_and_a_stranger_is_named():
    rows = evidence.cited("N1d B18")
    assert rows["id"].tolist() == ["N1d", "B18"]
    assert rows["status"].notna().all()
    with pytest.raises(InputError, match="ids: no table has a row 'B999'"):
        evidence.cited("B18 B999")
