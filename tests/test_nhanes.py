"""NHANES on made-up files: every trap of the real ones, small enough to work out by hand."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examined import survey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xpt import xpt

from b12analysis import nhanes
from b12analysis.arguments import InputError
from b12analysis.nhanes import markers, people
from b12analysis.nhanes.people import _weighed
from b12analysis.nhanes.tables import reader
from b12analysis.nhanes.variables import as_read, definitions


def said(answers):
    """Yes, no and unknown as True, False and None, which can be compared."""
    return [None if answer is pd.NA else answer for answer in answers]


B12 = dict(zip(nhanes.CYCLES, ["LAB06", "L06_B", "L06NB_C", "B12_D", "VITB12_G", "VITB12_H"], strict=True))


@pytest.fixture(params=["csv", "XPT"])
def load(request, tmp_path):
    """Make up some people of a cycle, in files of each kind, and load them."""

    def made(cycle, values, people=1):
        return nhanes.load(cycle, survey(tmp_path / cycle, cycle, values, people, request.param))

    return made


def test_cycles_in_every_spelling():
    assert nhanes.files("2003-04") == nhanes.files("2003-2004") == nhanes.files(["2003-2004", "2003-04"])
    assert set(nhanes.files(["2013-14", "2011-12"])) == {*nhanes.files("2011-2012"), *nhanes.files("2013-2014")}
    for wrong in ("2007-2008", "", "2003", [], ["2003-04", "2007-08"], None, 2003, [2003], [None], [["2003-04"]]):
        with pytest.raises(InputError, match=r"^cycles=.* choose from '1999-2000', .*'2013-2014'$"):
            nhanes.load(wrong)


def test_files_named_for_a_cycle_are_those_of_the_cycle():
    for cycle, suffix in zip(nhanes.CYCLES, ["", "_B", "_C", "_D", "_G", "_H"], strict=True):
        own = [name for name in nhanes.files(cycle) if name not in ("DSPI", "DSII", "DSBI")]
        assert len(own) == len(set(own)) > 8
        assert all(name.endswith(suffix) if suffix else "_" not in name.replace("RXQ_RX", "") for name in own)


def test_every_column_has_its_place_in_the_docstring_and_its_dtype_in_every_cycle(tmp_path):
    documented = " ".join(nhanes.load.__doc__.split("Raises")[0].split())
    assert all(name in documented for name in nhanes.columns().index)
    dtypes = {"whole": "int64", "number": "float64", "text": "str", "yes/no": "boolean"}
    expected = nhanes.columns()["kind"].map(dtypes).to_dict()
    frames = [nhanes.load(cycle, survey(tmp_path / cycle, cycle, {}, 2)) for cycle in nhanes.CYCLES]
    for cycle, frame in zip(nhanes.CYCLES, frames, strict=True):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected
        absent = nhanes.columns().index[nhanes.columns()[cycle] == ""]
        assert frame[absent].isna().all(axis=None)


def test_everybody_examined_and_nobody_else(load):
    """Who was only interviewed has weight 0, which pandas reads from a transport file as 5.4e-79."""
    found = load("2003-04", {"DEMO_C.WTMEC2YR": [0, 2.5, 0, 1000.125]}, people=4)
    assert found["seqn"].tolist() == [2, 4]
    assert found["weight"].tolist() == [2.5, 1000.125]
    assert found.index.tolist() == [0, 1]


def test_zero_is_zero_in_a_transport_file(load):
    found = load("2003-04", {"LEXPN_C.LEALPN": [0], "LEXPN_C.LEARPN": [0], "DR1TOT_C.DR1TVB12": [0],
                             "DR1TOT_C.DR1DRSTZ": [1]})  # fmt: skip
    assert found.loc[0, ["insensate_left", "insensate_right", "insensate_sites", "b12_intake_ug"]].tolist() == [0] * 4
    assert said(found["neuropathy"]) == [False]


def test_rows_are_matched_by_person_not_by_place(load):
    values = {"VITB12_H.SEQN": [3, 1], "VITB12_H.LBDB12SI": [300, 100], "MMA_H.SEQN": [2, 3, 1],
              "MMA_H.LBXMMASI": [20, 30, 10]}  # fmt: skip
    found = load("2013-14", values, people=3)
    assert found["b12_pmol_l"].tolist() == pytest.approx([100, np.nan, 300], nan_ok=True)
    assert found["mma_nmol_l"].tolist() == [10, 20, 30]


@pytest.mark.parametrize("cycle", nhanes.CYCLES)
def test_b12_falls_on_the_same_side_of_a_cut_off_as_in_cdcs_tables(load, cycle):
    """200 pg/mL is 147.6 pmol/L, below 148; 300 is 221.4, above 221; and an extreme value stays."""
    table, pg_ml = B12[cycle], "LBDB12" if cycle == "2013-2014" else "LBXB12"
    values = {f"{table}.{pg_ml}": [200, 300, 240599], f"{table}.LBDB12SI": [147.6, 221.4, 177562.06]}
    found = load(cycle, values, people=3)
    assert found["b12_pmol_l"].tolist() == [147.6, 221.4, 177562.06]
    assert found["b12_pg_ml"].tolist() == [200, 300, 240599]
    if cycle < "2011":
        assert set(found["assay"]) == {"Bio-Rad RIA"}
        # 0.97 log10(200) + 0.14 = 2.3720; 10 to it is 235.5 pg/mL, times 0.738 is 173.8 pmol/L
        assert found["b12_roche_pmol_l"].tolist()[:2] == pytest.approx([173.80, 257.55], abs=0.01)
    else:
        assert set(found["assay"]) == {"Roche ECLIA"}
        assert found["b12_roche_pmol_l"].tolist() == found["b12_pmol_l"].tolist()


@pytest.mark.parametrize(
    ("cycle", "variable", "printed", "nmol_l"),
    [
        ("1999-00", "LAB06.LBXMMA", [0.07, 0.29, 35.96], [70, 290, 35960]),
        ("2001-02", "L06_B.LBXMMA", [0.07, 0.29, 0.57], [70, 290, 570]),
        ("2003-04", "L06MH_C.LBXMMA", [0.071, 0.271, 0.376], [71, 271, 376]),
        ("2011-12", "MMA_G.LBXMMASI", [32.6, 271, 3020], [32.6, 271, 3020]),
        ("2013-14", "MMA_H.LBXMMASI", [32.6, 271, 3020], [32.6, 271, 3020]),
    ],
)
def test_mma_is_in_nmol_l_and_271_is_not_above_271(load, cycle, variable, printed, nmol_l):
    assert load(cycle, {variable: printed}, people=3)["mma_nmol_l"].tolist() == nmol_l


@pytest.mark.parametrize(
    ("cycle", "variable", "axsym"),
    [
        # 0.983 log10(15) + 0.0418 = 1.1979
        ("1999-00", "LAB06.LBXHCY", 15.772),
        ("2001-02", "L06_B.LBDHCY", 15),
        ("2003-04", "L06MH_C.LBXHCY", 15),
        ("2005-06", "HCY_D.LBXHCY", 15),
    ],
)
def test_homocysteine_is_on_the_axsym_scale(load, cycle, variable, axsym):
    assert load(cycle, {variable: [15]})["hcy_umol_l"].tolist() == pytest.approx([axsym], abs=0.001)


@pytest.mark.parametrize(
    ("cycle", "variable", "corrected"),
    [
        ("1999-00", "LAB18.LBXSCR", 1.16),  # 1.013 + 0.147
        ("2001-02", "L40_B.LBDSCR", 1.0),
        ("2003-04", "L40_C.LBXSCR", 1.0),
        ("2005-06", "BIOPRO_D.LBXSCR", 0.962),  # 0.978 - 0.016
        ("2011-12", "BIOPRO_G.LBXSCR", 1.0),
        ("2013-14", "BIOPRO_H.LBXSCR", 1.0),
    ],
)
def test_creatinine_is_corrected_before_egfr_is_computed(load, cycle, variable, corrected):
    demo = variable.replace(variable.split(".")[0], nhanes.files(cycle)[0]).split(".")[0]
    found = load(cycle, {variable: [1, 1, 1], f"{demo}.RIAGENDR": [1, 2, 1], f"{demo}.RIDAGEYR": [60, 60, 17],
                         f"{demo}.RIDRETH1": [4, 3, 3]}, people=3)  # fmt: skip
    assert found["creatinine_mg_dl"].tolist() == pytest.approx([corrected] * 3)
    man = 142 * (corrected / 0.9) ** -1.2 * 0.9938**60
    woman = 142 * (corrected / 0.7) ** -1.2 * 0.9938**60 * 1.012
    assert found["egfr"].tolist() == pytest.approx([man, woman, np.nan], nan_ok=True)
    black = 175 * corrected**-1.154 * 60**-0.203 * 1.212
    assert found["egfr_mdrd"].tolist() == pytest.approx([black, black / 1.212 * 0.742, np.nan], nan_ok=True)


def test_neuropathy_takes_one_insensate_site_and_its_absence_both_feet(load):
    left, right = [0, 1, 0, -1, 0, 2, None, -1, None], [0, 0, 3, 1, -1, -1, 0, -1, None]
    found = load("1999-00", {"LEXPN.LEALPN": left, "LEXPN.LEARPN": right}, people=9)
    yes, no, unknown = True, False, None
    assert said(found["neuropathy"]) == [no, yes, yes, yes, unknown, yes, unknown, unknown, unknown]
    sites = [0, 1, 3, *[np.nan] * 6]
    assert found["insensate_sites"].tolist() == pytest.approx(sites, nan_ok=True)
    assert found["insensate_left"].isna().tolist() == [False, False, False, True, False, False, True, True, True]


@pytest.mark.parametrize(
    ("column", "variable", "codes", "meaning"),
    [
        ("diabetes", "DIQ_C.DIQ010", [1, 2, 3, 7, 9, None], [True, False, False, None, None, None]),
        ("numbness", "DIQ_C.DIQ100", [1, 2, 7, 9, None, 2], [True, False, None, None, None, False]),
        ("pregnant", "DEMO_C.RIDEXPRG", [1, 2, 3, None, 2, 2], [True, False, None, None, False, False]),
        ("lactating", "RHQ_C.RHQ200", [1, 2, None, None, 7, 9], [True, False, *[None] * 4]),
        ("sex", "DEMO_C.RIAGENDR", [1, 2, 2, 1, 1, 1], ["men", "women", "women", "men", "men", "men"]),
        (
            "education",
            "DEMO_C.DMDEDUC2",
            [1, 5, 5, 5, 5, 3],
            ["below 9th grade", *["college degree"] * 4, "high school"],
        ),
    ],
)
def test_codes_are_translated_and_dont_know_is_missing(load, column, variable, codes, meaning):
    assert said(load("2003-04", {variable: codes}, people=6)[column]) == meaning


def test_text_that_is_no_answer_is_missing(load):
    found = load("2001-02", {"SMQ_B.SMQ040": [1, 2, 3, 9, None], "DEMO_B.DMDEDUC2": [7, 9, None, 2, 3]}, people=5)
    assert found["smokes_now"].isna().tolist() == [False, False, False, True, True]
    assert found["education"].isna().tolist() == [True, True, True, False, False]


def test_unknown_numbers_are_missing_and_less_than_a_year_is_zero(load):
    found = load("2005-06", {"DIQ_D.DID040": [666, 999, 55, None]}, people=4)
    assert found["diabetes_since_age"].tolist() == pytest.approx([0, np.nan, 55, np.nan], nan_ok=True)
    found = load("1999-00", {"DIQ.DIQ040Q": [99999, 77777, 81], "ALQ.ALQ130": [99, 77, 12]}, people=3)
    assert found["diabetes_since_age"].tolist() == pytest.approx([np.nan, np.nan, 81], nan_ok=True)
    assert found["alcohol_drinks"].tolist() == pytest.approx([np.nan, np.nan, 12], nan_ok=True)


def test_thyroid_disease_of_1999_is_goitre_or_another(load):
    goitre, other = [1, 2, 2, 9, 9, 2], [2, 1, 2, 2, 1, None]
    found = load("1999-00", {"MCQ.MCQ160H": goitre, "MCQ.MCQ160I": other}, people=6)
    assert said(found["thyroid_disease"]) == [True, True, False, None, True, None]
    assert said(load("2001-02", {"MCQ_B.MCD160M": [1, 2, 7]}, people=3)["thyroid_disease"]) == [True, False, None]


@pytest.mark.parametrize(
    ("cycle", "table", "used", "drug", "days"),
    [
        ("1999-00", "RXQ_RX", "RXD030", "RXD240B", "RXD260"),
        ("2001-02", "RXQ_RX_B", "RXD030", "RXD240B", "RXD260"),
        ("2005-06", "RXQ_RX_D", "RXDUSE", "RXDDRUG", "RXDDAYS"),
        ("2013-14", "RXQ_RX_H", "RXDUSE", "RXDDRUG", "RXDDAYS"),
    ],
)
def test_medicines_by_name_known_only_from_who_answered(load, cycle, table, used, drug, days):
    rows = [  # person, takes any, medicine, days; person 6 is not in the file
        (1, 1, "METFORMIN HYDROCHLORIDE", 100), (1, 1, "GLYBURIDE; METFORMIN", 400), (1, 1, "ASPIRIN", 9000),
        (2, 1, "ARIPIPRAZOLE", 5), (2, 1, "DEXLANSOPRAZOLE", 5), (2, 1, "METFORMIN", 99999),
        (3, 2, None, None), (4, 9, None, None), (5, 1, "FAMOTIDINE", 30), (5, 1, "CAFÉINE", 1),
        (5, 1, "CYANOCOBALAMIN", 30), (7, 1, "ARIPIPRAZOLE", 5),
    ]  # fmt: skip
    person, any_, name, for_days = map(list, zip(*rows, strict=True))
    values = {f"{table}.SEQN": person, f"{table}.{used}": any_, f"{table}.{drug}": name, f"{table}.{days}": for_days}
    found = load(cycle, values, people=7)
    yes, no, unknown = True, False, None
    assert said(found["metformin"]) == [yes, yes, no, unknown, no, unknown, no]
    assert said(found["ppi"]) == [no, yes, no, unknown, no, unknown, no]
    assert said(found["h2ra"]) == [no, no, no, unknown, yes, unknown, no]
    assert said(found["b12_prescribed"]) == [no, no, no, unknown, yes, unknown, no]
    assert found["metformin_days"].tolist() == pytest.approx([400, *[np.nan] * 6], nan_ok=True)


LABELS = {  # product 10: 6 ug in 2 tablets; 20: 0.5 mg in 5 mL; 30: no B12; 40: B12 in a blend
    "DSPI.DSDPID": [1, 2, 3, 4, 5], "DSPI.DSDSUPID": ["1000000010", "1000000020", "1000000030", "1000000040", ""],
    "DSPI.DSDSERVQ": [2, 5, 1, 1, 1], "DSPI.DSDSERVU": [18, 10, 18, 18, 18],
    "DSII.DSDPID": [1, 1, 2, 3, 4], "DSII.DSDIID": [2130, 7, 2130, 8, 99],
    "DSII.DSDINGR": ["VITAMIN B-12", "COBALT", "VITAMIN B-12", "AÇAÍ", "A BLEND"],
    "DSII.DSDQTY": [6, 1, 0.5, 10, 50], "DSII.DSDUNIT": [4, 1, 1, 1, 1],
    "DSBI.DSDIID": [99, 99], "DSBI.DSDBCNAM": ["VITAMIN B-12", "BIOTIN"],
}  # fmt: skip


def test_supplements_of_2001_by_what_the_label_says(load):
    rows = [  # person, product, days of 30, quantity, form
        (1, 10, 30, 1, 1), (1, 30, 30, 1, 1),   # half a serving of 6 ug a day
        (2, 20, 15, 1, 12),                     # a teaspoon, 5 mL, every other day: 250 ug
        (3, 30, 30, 1, 1),                      # no B12
        (4, 6666, 30, 1, 1), (4, 30, 30, 1, 1), # a product without a label, and one without B12
        (5, 6666, 30, 1, 1), (5, 10, 30, 2, 1), # a product without a label, and one with
        (6, 40, 30, 1, 1),                      # B12 in a blend, nobody knows how much
        (7, 10, 9999, 1, 1),                    # does not know how often
        (11, 10, 30, 1, 7),                     # millilitres of tablets
    ]  # fmt: skip
    person, product, days, quantity, form = map(list, zip(*rows, strict=True))
    products = [f"{1000000000 + number}" for number in product]
    taken = {"DSQ2_B.SEQN": person, "DSQ2_B.DSDSUPID": products, "DSQ2_B.DSD103": days,
             "DSQ2_B.DSD122Q": quantity, "DSQ2_B.DSD122U": form}  # fmt: skip
    count = {"DSQ1_B.DSDCOUNT": [2, 1, 1, 2, 2, 1, 1, 0, 99, None, 1]}
    found = load("2001-02", LABELS | taken | count, people=11)
    yes, no, unknown = True, False, None
    expected = [yes, yes, no, unknown, yes, yes, yes, no, unknown, unknown, yes]
    assert said(found["b12_supplement"]) == expected
    amounts = [3, 250, 0, np.nan, np.nan, np.nan, np.nan, 0, np.nan, np.nan, np.nan]
    assert found["b12_supplement_ug"].tolist() == pytest.approx(amounts, nan_ok=True)


def test_supplements_of_1999_are_asked_by_times_a_day_week_or_month(load):
    taken = {"DSQFILE2.SEQN": [1, 2, 3, 4], "DSQFILE2.DSDSUPID": ["1000000010"] * 4,
             "DSQFILE2.DSD100Q": [2, 7, 15, 99999], "DSQFILE2.DSD100U": [1, 2, 3, 1],
             "DSQFILE2.DSD120Q": [1, 2, 2, 1], "DSQFILE2.DSD120U": [1, 1, 1, 1]}  # fmt: skip
    found = load("1999-00", LABELS | taken | {"DSQFILE1.DSDCOUNT": [1, 1, 1, 1]}, people=4)
    assert said(found["b12_supplement"]) == [True] * 4
    assert found["b12_supplement_ug"].tolist() == pytest.approx([6, 6, 3, np.nan], nan_ok=True)


def test_supplements_since_2011_are_cdcs_totals(load):
    found = load(
        "2011-12", {"DSQTOT_G.DSDCOUNT": [2, 1, 0, 99, 77, None], "DSQTOT_G.DSQTVB12": [6.5, *[None] * 5]}, people=6
    )
    assert said(found["b12_supplement"]) == [True, False, False, None, None, None]
    assert found["b12_supplement_ug"].tolist() == pytest.approx([6.5, 0, 0, *[np.nan] * 3], nan_ok=True)


@pytest.mark.parametrize(
    ("cycle", "table", "status", "intake"),
    [("1999-00", "DRXTOT", "DRDDRSTS", "DRXTVB12"), ("2001-02", "DRXTOT_B", "DRDDRSTZ", "DRXTVB12"),
     ("2003-04", "DR1TOT_C", "DR1DRSTZ", "DR1TVB12"), ("2013-14", "DR1TOT_H", "DR1DRSTZ", "DR1TVB12")],
)  # fmt: skip
def test_intake_counts_where_the_recall_is_reliable(load, cycle, table, status, intake):
    values = {
        f"{table}.{status}": [1, 2, 4, 5],
        f"{table}.{intake}": [4.5, 3, 1, None],
        f"{table}.WTDRD1": [9, None, 8, 0],
    }
    found = load(cycle, values, people=4)
    assert found["b12_intake_ug"].tolist() == pytest.approx([4.5, *[np.nan] * 3], nan_ok=True)
    assert found["weight_diet"].tolist() == [9, 0, 8, 0]


def test_the_second_examination_stands_beside_the_first(load):
    values = {"L06_2_B.SEQN": [2], "L06_2_B.LB2B12SI": [180.1], "L06_2_B.LB2MMA": [0.29], "L06_2_B.LB2HCY": [8.5],
              "L06_B.LBDB12SI": [300, 200]}  # fmt: skip
    found = load("2001-02", values, people=2)
    second = ["b12_second_pmol_l", "mma_second_nmol_l", "hcy_second_umol_l"]
    assert found.loc[1, second].tolist() == [180.1, 290, 8.5]
    assert found.loc[0, second].isna().all()
    assert found["b12_pmol_l"].tolist() == [300, 200]


def test_weights_of_every_pool_follow_cdcs_rule(tmp_path):
    """A two-year weight over k, but 1999-2002 together twice the four-year weight over k."""
    for number, cycle in enumerate(nhanes.CYCLES):
        demo, diet = nhanes.files(cycle)[0], definitions().loc["weight_diet", cycle].split(".")[0]
        values = {f"{demo}.WTMEC2YR": [7.0 + number]} | ({f"{diet}.WTDRD1": [70.0 + number]} if diet else {})
        if number < 2:
            values |= {f"{demo}.WTMEC4YR": [1.5 + number], f"{diet}.WTDR4YR": [15.0 + number]}
        survey(tmp_path, cycle, values | {f"{demo}.SEQN": [1]}, 1)
    pools = [pool for size in range(1, 7) for pool in combinations(range(6), size)]
    assert len(pools) == 63
    raw = [as_read(cycle, reader(tmp_path, nhanes.files(cycle))) for cycle in nhanes.CYCLES]
    for pool in pools:
        k, both = len(pool), {0, 1} <= set(pool)
        found = _weighed(pd.concat([raw[number] for number in pool]), [nhanes.CYCLES[number] for number in pool])
        four = [both and number < 2 for number in pool]
        weight = [2 * (1.5 + number) if early else 7.0 + number for number, early in zip(pool, four, strict=True)]
        diet = [2 * (15.0 + number) if early else 70.0 + number for number, early in zip(pool, four, strict=True)]
        diet = [np.nan if number == 3 else value for number, value in zip(pool, diet, strict=True)]
        assert found["weight"].tolist() == pytest.approx([value / k for value in weight])
        assert found["weight_diet"].tolist() == pytest.approx([value / k for value in diet], nan_ok=True)
    assert [nhanes.load(cycle, tmp_path)["weight"].item() for cycle in nhanes.CYCLES] == [7, 8, 9, 10, 11, 12]
    together = nhanes.load(["2003-04", "2001-02", "1999-00"], tmp_path)
    assert together["cycle"].tolist() == ["1999-2000", "2001-2002", "2003-2004"]
    assert together["weight"].tolist() == pytest.approx([1.0, 5 / 3, 3.0])


def test_files_lie_in_the_folder_or_in_its_xpt_or_tables(tmp_path, monkeypatch):
    whole = nhanes.load("2005-06", survey(tmp_path / "a", "2005-06", {"B12_D.LBXB12": [200.0]}, 1))
    survey(tmp_path / "b" / "xpt", "2005-06", {"B12_D.LBXB12": [200.0]}, 1, "XPT")
    tables = survey(tmp_path / "b" / "tables", "2005-06", {"B12_D.LBXB12": [999.0]}, 1)
    (tmp_path / "b" / "xpt" / "CBC_D.XPT").unlink()
    (tables / "CBC_D.csv").rename(tmp_path / "b" / "CBC_D.csv")
    pd.testing.assert_frame_equal(nhanes.load("2005-06", tmp_path / "b"), whole)  # CDC's file comes before the mirror's
    monkeypatch.setenv("B12_NHANES", str(tmp_path / "b"))
    pd.testing.assert_frame_equal(nhanes.load("2005-06"), whole)
    monkeypatch.delenv("B12_NHANES")
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    survey(tmp_path / "b12analysis" / "nhanes", "2005-06", {"B12_D.LBXB12": [200.0]}, 1)
    pd.testing.assert_frame_equal(nhanes.load("2005-06"), whole)


def test_missing_files_are_all_named_with_the_folder_and_the_command(tmp_path):
    survey(tmp_path, "2013-14", {}, 1)
    (tmp_path / "VITB12_H.csv").unlink()
    (tmp_path / "DEMO_H.csv").unlink()
    with pytest.raises(InputError, match=r"lacks DEMO_H\.XPT, VITB12_H\.XPT; `b12 data fetch nhanes`") as raised:
        nhanes.load("2013-14", tmp_path)
    assert str(tmp_path) in str(raised.value)
    with pytest.raises(InputError, match="`b12 data fetch nhanes`"):
        nhanes.load("2013-14", tmp_path / "nowhere")


@pytest.mark.parametrize(("name", "content"), [
    ("CBC_D.XPT", b"<html>Not found</html>"), ("CBC_D.XPT", b""), ("CBC_D.XPT", xpt({"SEQN": [1.0]})[:600]),
    ("CBC_D.XPT", xpt({"SEQN": [1.0] * 99, "LBXHGB": [14.0] * 99, "LBXMCVSI": [90.0] * 99})[:-700]),
    ("CBC_D.XPT", xpt({"SEQN": [], "LBXHGB": [], "LBXMCVSI": []})),
    ("CBC_D.csv.xz", b"not xz"), ("CBC_D.csv", b""), ("CBC_D.csv", b"SEQN,LBXHGB,LBXMCVSI\n1,fourteen,90\n"),
    ("CBC_D.csv", b'SEQN,LBXHGB,LBXMCVSI\n1,"14'), ("CBC_D.csv", b"SEQN,LBXHGB\n1,14\n"),
    ("CBC_D.XPT", xpt({"SEQN": [1.0], "LBXHGB": [14.0]})), ("CBC_D.csv", b"SEQN,LBXHGB,LBXMCVSI\n1,14,90\n1,15,90\n"),
])  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_named(tmp_path, name, content):
    survey(tmp_path, "2005-06", {}, 1)
    (tmp_path / "CBC_D.csv").unlink()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"CBC_D"):
        nhanes.load("2005-06", tmp_path)


def test_every_step_and_kind_is_one_that_exists():
    table = definitions()
    steps = {step.__module__.rpartition(".")[2] for step in people.STEPS} | {"people", ""}
    assert set(table["step"]) == steps
    assert table.index.is_unique
    assert set(table["kind"]) == {"whole", "number", "text", "yes/no"}
    # a column that is computed names its step; a column without one is read from files or the same for everybody
    computed = table[nhanes.CYCLES].apply(lambda cells: cells.str.fullmatch("[A-Za-z0-9_ ]+")).any(axis=1)
    assert (table.loc[computed, "step"] != "").all()


DECIMALS = st.decimals(-(10**6), 10**6, allow_nan=False, places=9).map(float)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DECIMALS | st.none(), min_size=1, max_size=50))
def test_a_number_is_the_same_from_a_transport_file_as_from_print(tmp_path, numbers):
    folder = tmp_path / "one"
    folder.mkdir(exist_ok=True)
    (folder / "ONE.XPT").write_bytes(xpt({"SEQN": [*range(1, len(numbers) + 1)], "X": numbers}))
    found = reader(folder, ["ONE"])("ONE", ("SEQN", "X"))
    assert [None if value != value else value for value in found["X"]] == numbers
    assert found["SEQN"].tolist() == [*range(1, len(numbers) + 1)]


@given(st.floats(0.2, 15), st.floats(0.01, 3), st.integers(18, 84), st.booleans(), st.booleans())
def test_kidney_function_falls_with_creatinine_and_with_age(creatinine, more, age, women, black):
    two = pd.Series([creatinine, creatinine + more])
    by_creatinine = markers.ckd_epi_2021(two, age, women), markers.mdrd(two, age, women, black)
    same, ages = pd.Series([creatinine] * 2), pd.Series([age, age + 1])
    by_age = markers.ckd_epi_2021(same, ages, women), markers.mdrd(same, ages, women, black)
    for first, second in (*by_creatinine, *by_age):
        assert 0 < second < first


def test_names_in_small_letters_are_the_same_names(tmp_path):
    survey(tmp_path, "2005-06", {"CBC_D.LBXHGB": [14.5]}, 1)
    path = tmp_path / "CBC_D.csv"
    header, *rest = path.read_text().split("\n")
    path.write_text("\n".join([header.lower(), *rest]))
    assert nhanes.load("2005-06", tmp_path)["haemoglobin_g_dl"].tolist() == [14.5]


def test_every_kind_of_file_gives_the_same_values(tmp_path):
    """Numbers that binary and IBM fractions round apart, in every numeric variable of every cycle."""
    rng = np.random.default_rng(1)
    for cycle in nhanes.CYCLES:
        demo = nhanes.files(cycle)[0]
        cells = {part for cell in definitions()[cycle] if cell[:1] != "=" for part in cell.split() if "." in part}
        free = sorted(cell for cell in cells if not cell.startswith(f"{demo}.") or ".WT" in cell)
        values = {cell: [float(f"{number:.15g}") for number in rng.uniform(0.001, 400, 20)] for cell in free}
        frames = []
        for kind in ("csv.xz", "csv", "XPT", "xpt"):
            folder = survey(tmp_path / cycle / kind, cycle, values, 20, kind)
            assert all(path.name.endswith(kind) for path in Path(folder).iterdir())
            frames.append(nhanes.load(cycle, folder))
        for other in frames[1:]:
            pd.testing.assert_frame_equal(frames[0], other, check_exact=True)
        assert frames[0]["weight"].tolist() == values[f"{demo}.WTMEC2YR"]
