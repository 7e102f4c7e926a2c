"""A survey of one's own: every kind of file, units in doubt, weights, sex, and what must hold for any column."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.biomarkers import meets
from b12analysis.own_survey import COLUMNS, UNITS, read_people

HERE = Path(__file__).parent
NAMES = {"b12_pmol_l": "VB12", "age": "AGE", "sex": "GENDER", "weight": "WT", "stratum": "STR", "psu": "CLU"}
MINE = pd.DataFrame(
    {
        "VB12": [140.0, 250.0, np.nan, 400.0],
        "AGE": [61.0, 72.0, 83.0, 94.0],
        "GENDER": [1.0, 2.0, 2.0, 1.0],
        "WT": [1.5, 0.0, 2.5, 3.0],
        "STR": [1.0, 1.0, 2.0, 2.0],
        "CLU": [1.0, 2.0, 1.0, 2.0],
    }
)


def refused(message: str):
    """Expect a message that begins so."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}")


def ibm(number: float) -> bytes:
    """A number as an IBM mainframe writes it in 8 bytes: sign and exponent of 16, then the fraction."""
    if np.isnan(number):
        return b"." + bytes(7)
    if number == 0:
        return bytes(8)
    exponent, fraction = 64, abs(number)
    while fraction >= 1:
        fraction, exponent = fraction / 16, exponent + 1
    while fraction < 1 / 16:
        fraction, exponent = fraction * 16, exponent - 1
    return bytes([exponent + 128 * (number < 0)]) + int(fraction * 2**56).to_bytes(7, "big")


def write_xpt(path: Path, table: pd.DataFrame) -> None:
    """A SAS transport file of numbers, by the published layout: records of 80 bytes, names of 140."""

    def padded(content: bytes, filler: bytes = b" ") -> bytes:
        return content + filler * (-len(content) % 80)

    def heading(name: str, tail: str = "0" * 30) -> bytes:
        return padded(f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{tail}".encode())

    date = b"22NOV26:12:00:00"
    names = b"".join(
        struct.pack(">hhhh8s40s8shhh2s8shhl52s", 1, 0, 8, i + 1, f"{name:<8}".encode(), b" " * 40, b" " * 8, 0, 0, 0,
                    b"", b" " * 8, 0, 0, 8 * i, b"")
        for i, name in enumerate(table)
    )  # fmt: skip
    path.write_bytes(
        heading("LIBRARY ")
        + padded(b"SAS     SAS     SASLIB  9.4     LINUX   " + b" " * 24 + date)
        + padded(date)
        + heading("MEMBER  ", "000000000000000001600000000140")
        + heading("DSCRPTR ")
        + padded(b"SAS     MINE    SASDATA 9.4     LINUX   " + b" " * 24 + date)
        + padded(date + b" " * 64)
        + heading("NAMESTR ", f"000000{len(table.columns):04d}00000000000000000000")
        + padded(names)
        + heading("OBS     ")
        + padded(b"".join(ibm(number) for row in table.to_numpy() for number in row))
    )


WRITERS = {
    "mine.csv": lambda path: MINE.to_csv(path, index=False),
    "mine.CSV.gz": lambda path: MINE.to_csv(path, index=False, compression="gzip"),
    "semicolon.csv": lambda path: MINE.to_csv(path, index=False, sep=";"),
    "tab.csv": lambda path: MINE.to_csv(path, index=False, sep="\t", encoding="utf-8-sig"),
    "mine.parquet": lambda path: MINE.to_parquet(path, index=False),
    "mine.dta": lambda path: MINE.to_stata(path, write_index=False),
    "mine.xpt": lambda path: write_xpt(path, MINE),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_same_people(tmp_path, name):
    WRITERS[name](tmp_path / name)
    people = read_people(tmp_path / name, NAMES)
    assert people.columns.tolist() == list(NAMES)
    assert people["b12_pmol_l"].isna().tolist() == [False, False, True, False]
    assert people["b12_pmol_l"].dropna().tolist() == [140, 250, 400]
    assert people["sex"].tolist() == ["men", "women", "women", "men"]
    assert people["weight"].tolist() == [1.5, 0, 2.5, 3]
    assert people["age"].tolist() == [61, 72, 83, 94]
    assert people[["stratum", "psu"]].to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert meets(people, "b12_148").tolist() == [True, False, pd.NA, False]


def test_a_file_that_sas_wrote_is_read(tmp_path):
    path = tmp_path / "iris.sas7bdat"
    path.write_bytes(gzip.decompress((HERE / "reference/iris.sas7bdat.gz").read_bytes()))
    flowers = read_people(path, {"age": "Sepal_Length", "weight": "Petal_Width"}, keep=["Species"])
    assert len(flowers) == 150
    assert flowers.iloc[0].tolist() == [5.1, 0.2, "setosa"]
    assert flowers["age"].mean() == pytest.approx(5.843333)


def test_cdc_s_own_transport_file_is_read_and_its_unit_questioned(shared):
    path = shared / "nhanes/xpt/VITB12_G.XPT"
    with refused(
        "column 'LBXB12' has the median 531, which looks like pg/mL, not pmol/L; confirm units={'b12': 'pg/mL'}"
    ):
        read_people(path, {"seqn": "SEQN", "b12_pmol_l": "LBXB12"})
    people = read_people(path, {"seqn": "SEQN", "b12_pmol_l": "LBXB12"}, units={"b12": "pg/mL"})
    assert people["b12_pmol_l"].notna().sum() == 4877
    as_printed = read_people(path, {"seqn": "SEQN", "b12_pmol_l": "LBDB12SI"})
    assert (people["b12_pmol_l"].round(1) - as_printed["b12_pmol_l"]).abs().max() < 0.11  # CDC gives one decimal


@pytest.fixture
def written(tmp_path):
    """Writes columns to a CSV file and returns its path."""

    def write(**columns) -> Path:
        path = tmp_path / "mine.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
        return path

    return write


# Units


def test_numbers_are_converted_as_worked_by_hand(written):
    path = written(a=[200, 300], b=[0.271, 0.1], c=[130, 120], d=[1.3518, 2], e=[88.4, 176.8])
    columns = {
        "b12_pmol_l": "a",
        "mma_nmol_l": "b",
        "haemoglobin_g_dl": "c",
        "hcy_umol_l": "d",
        "creatinine_mg_dl": "e",
    }
    units = {"b12": "ng/L", "mma": "umol/L", "haemoglobin": "g/L", "hcy": "mg/L", "creatinine": "umol/L"}
    people = read_people(path, columns, units=units)
    assert people.iloc[0].tolist() == [147.6, 271, 13, 10, 1]
    assert meets(people, "b12_200_pg_ml").tolist() == [False, False]
    assert meets(people, "mma_271").tolist() == [False, False]


@pytest.mark.parametrize(
    ("ours", "values", "likely", "unit"),
    [
        ("b12_pmol_l", [300, 500, 800], "pg/mL", "pmol/L"),
        ("mma_nmol_l", [0.1, 0.2, 0.4], "umol/L", "nmol/L"),
        ("haemoglobin_g_dl", [120, 135, 150], "g/L", "g/dL"),
        ("haemoglobin_g_dl", [7.5, 8.4, 9.3], "mmol/L", "g/dL"),
        ("hcy_umol_l", [1, 1.4, 2], "mg/L", "umol/L"),
        ("creatinine_mg_dl", [60, 80, 90], "umol/L", "mg/dL"),
    ],
)
def test_a_column_that_looks_like_another_unit_is_questioned_until_the_unit_is_said(
    written, ours, values, likely, unit
):
    path, marker = written(x=values), ours.partition("_")[0]
    with refused(
        f"column 'x' has the median {values[1]:g}, which looks like {likely}, not {unit}; "
        f"confirm units={{{marker!r}: {likely!r}}} or units={{{marker!r}: {unit!r}}}"
    ):
        read_people(path, {ours: "x"})
    assert read_people(path, {ours: "x"}, units={marker: unit})[ours].tolist() == values
    converted = read_people(path, {ours: "x"}, units={marker: likely})[ours]
    assert converted.tolist() == pytest.approx([value * UNITS[marker][likely] for value in values], abs=1e-6)


@pytest.mark.parametrize(("name", "unit"), [("b12_pg_ml", "pg/mL"), ("B12 (ng/L)", "ng/L"), ("B12_NG_L", "ng/L")])
def test_a_column_named_after_another_unit_is_questioned_whatever_its_median(written, name, unit):
    with refused(f"column {name!r} is called {unit}, not pmol/L; confirm units={{'b12': {unit!r}}}"):
        read_people(written(**{name: [200, 300]}), {"b12_pmol_l": name})
    assert read_people(written(**{name: [200]}), {"b12_pmol_l": name}, units={"b12": unit}).iloc[0, 0] == 147.6


def test_a_name_with_our_unit_does_not_make_a_median_that_looks_like_another_right(written):
    with refused("column 'b12_pmol_l' has the median 500, which looks like pg/mL, not pmol/L"):
        read_people(written(b12_pmol_l=[500]))


def test_a_file_with_our_names_needs_no_mapping(written):
    people = read_people(written(b12_pmol_l=[140, 300], sex=["men", "women"], town=["a", "b"]))
    assert people.to_dict("list") == {"b12_pmol_l": [140, 300], "sex": ["men", "women"]}
    with refused("columns is empty, and mine.csv has none of our names; say columns={ours: yours}"):
        read_people(written(town=["a", "b"]))


def test_the_median_is_that_of_adults_where_there_are_some(written):
    path = written(b12_pmol_l=[300, 310, 700, 720, 740], age=[40, 50, 5, 6, 7])
    assert len(read_people(path)) == 5
    with refused("column 'b12_pmol_l' has the median 700"):
        read_people(path, {"b12_pmol_l": "b12_pmol_l"})


def test_a_median_that_fits_no_unit_is_questioned_too(written):
    with refused("column 'x' has the median 5, which looks like another unit, not pmol/L; confirm the unit, "):
        read_people(written(x=[5]), {"b12_pmol_l": "x"})


def test_the_unit_of_a_marker_is_not_that_of_the_intake(written):
    path = written(a=[200, 400], b=[3.5, 4.5])
    people = read_people(path, {"b12_pmol_l": "a", "b12_intake_ug": "b"}, units={"b12": "pg/mL"})
    assert people["b12_intake_ug"].tolist() == [3.5, 4.5]


def test_an_unknown_unit_is_refused(written):
    with refused("units['b12']='mg/L' is not known (did you mean 'ng/L'?); choose one of 'pmol/L', 'pg/mL', 'ng/L'"):
        read_people(written(x=[5]), {"b12_pmol_l": "x"}, units={"b12": "mg/L"})
    with refused("units='vitb12' is not known"):
        read_people(written(x=[5]), {"b12_pmol_l": "x"}, units={"vitb12": "pg/mL"})


# Weights and design


def test_negative_and_missing_weights_are_named_with_the_row(written):
    for weights, message in {
        (1, -2, 3): "row 2: -2 is no weight; it must be 0 or more",
        (1, 2, None): "row 3: nan is a missing weight; leave such people out, or give them 0",
        (-1, -1, 0): "row 1: -1 is no weight; it must be 0 or more (and 1 more)",
        (1, "x", 1): "row 2: 'x' is not a number",
    }.items():
        with refused(f"column 'w' {message}"):
            read_people(written(w=list(weights)), {"weight": "w"})
    with refused("column 'w': all weights are 0"):
        read_people(written(w=[0, 0]), {"weight": "w"})


def test_the_design_may_be_left_out_but_has_no_gaps(written):
    assert read_people(written(a=[30, 40]), {"age": "a"}).columns.tolist() == ["age"]
    with refused("column 'p' row 2: nan is missing as psu of somebody who has a weight"):
        read_people(written(p=[1, None, None], w=[1, 1, 0]), {"psu": "p", "weight": "w"})
    assert read_people(written(p=[1, None], w=[1, 0]), {"psu": "p", "weight": "w"})["psu"].isna().sum() == 1


# Sex, yes and no, numbers


@pytest.mark.parametrize(
    "codes", [["M", "F"], ["male", "Female"], ["Men", " women "], [1, 2], ["man", "woman"], ["1", "2.0"]]
)
def test_usual_codes_of_sex_are_understood(written, codes):
    assert read_people(written(s=[*codes, None]), {"sex": "s"})["sex"].tolist()[:2] == ["men", "women"]


def test_codes_of_sex_that_may_mean_either_are_refused_until_they_are_said(written):
    with refused("column 's' row 1: 0 is no sex that we know; say sex={code: 'men', code: 'women'}"):
        read_people(written(s=[0, 1]), {"sex": "s"})
    with refused("column 's' is 1 throughout, which may mean either sex"):
        read_people(written(s=[1, 1]), {"sex": "s"})
    assert read_people(written(s=[0, 1]), {"sex": "s"}, sex={0: "women", 1: "men"})["sex"].tolist() == ["women", "men"]
    assert read_people(written(s=[1, 1]), {"sex": "s"}, sex={1: "women"})["sex"].tolist() == ["women", "women"]
    with refused("sex='female' is not known"):
        read_people(written(s=[0, 1]), {"sex": "s"}, sex={0: "female"})


def test_labels_of_stata_are_understood(tmp_path):
    table = pd.DataFrame({"sex": pd.Categorical(["Male", "Female", None]), "dm": pd.Categorical(["yes", "no", "no"])})
    table.to_stata(tmp_path / "mine.dta", write_index=False)
    people = read_people(tmp_path / "mine.dta", {"sex": "sex", "diabetes": "dm"})
    assert people["sex"].tolist()[:2] == ["men", "women"]
    assert people["sex"].isna().tolist() == [False, False, True]
    assert people["diabetes"].tolist() == [True, False, False]


def test_yes_and_no_are_nullable_booleans_and_other_codes_are_refused(written):
    people = read_people(written(m=["Yes", "no", None]), {"metformin": "m"})
    assert people["metformin"].tolist() == [True, False, pd.NA]
    assert read_people(written(m=[1, 0, 9]), {"metformin": "m"}, missing=[9])["metformin"].tolist() == [
        True,
        False,
        pd.NA,
    ]
    with refused("column 'm' row 2: 2 is neither yes nor no (1 or 0); recode it first"):
        read_people(written(m=[1, 2]), {"metformin": "m"})


def test_codes_for_missing_are_refused_until_they_are_said(written):
    path = written(b=[200, -9, 300, 9999], a=[50, 60, 70, 999])
    with refused("column 'b' row 2: -9 cannot be; if it stands for a missing value, say missing=[...]"):
        read_people(path, {"b12_pmol_l": "b"})
    assert read_people(path, {"b12_pmol_l": "b"}, missing=[-9, 9999])["b12_pmol_l"].isna().sum() == 2
    with refused("column 'a' row 4: 999.0 is no age in years"):
        read_people(path, {"age": "a"})
    with refused("column 'b' row 2: '<150' is not a number"):
        read_people(written(b=[200, "<150"]), {"b12_pmol_l": "b"})


# Files


def test_what_is_not_there_is_named(tmp_path, written):
    path = written(vb12=[200], age=[50])
    with refused("mine.csv lacks columns 'VB12', 'region'; it has 'vb12', 'age'"):
        read_people(path, {"b12_pmol_l": "VB12", "age": "age"}, keep="region")
    with refused("columns='b12' is not known"):
        read_people(path, {"b12": "vb12"})
    with refused(f"path={str(tmp_path / 'other.csv')!r} is no file"):
        read_people(tmp_path / "other.csv", {"age": "age"})
    (tmp_path / "mine.xlsx").write_bytes(b"x")
    with refused(f"path={str(tmp_path / 'mine.xlsx')!r} ends in none of .csv, .parquet, .dta, .xpt, .sas7bdat"):
        read_people(tmp_path / "mine.xlsx", {"age": "age"})


@pytest.mark.parametrize("ending", ["csv", "parquet", "dta", "xpt", "sas7bdat"])
@pytest.mark.parametrize("content", [b"", b"\x00\x01 nothing of the kind"])
def test_a_broken_file_is_refused(tmp_path, ending, content):
    path = tmp_path / f"broken.{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_people(path)


def test_every_marker_of_ours_has_a_unit_in_its_name():
    for marker, units in UNITS.items():
        ours = next(iter(units))
        endings = {name for name in COLUMNS if name.split("_")[0] == marker and COLUMNS[name] == "marker"}
        tail = ours.lower().replace("/", "_")
        assert all(name.endswith(tail) for name in endings), marker


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=30))
def test_what_is_written_in_our_units_comes_back_unchanged(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("round") / "mine.parquet"
    pd.DataFrame({"x": values}).to_parquet(path)
    people = read_people(path, {"b12_pmol_l": "x"}, units={"b12": "pmol/L"})
    assert people["b12_pmol_l"].tolist() == [round(value, 6) for value in values]
