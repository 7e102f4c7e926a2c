"""NHANES as it is: our people against CDC's counts, an independent table of them and R's counts."""

import functools

import numpy as np
import pandas as pd
import pytest

from b12analysis import nhanes
from b12analysis.nhanes.tables import reader
from b12analysis.nhanes.variables import definitions


@pytest.fixture(scope="module")
def microdata(request):
    from conftest import SHARED

    if not (SHARED / "nhanes" / "tables").is_dir():
        pytest.skip("the survey's files are not beside this checkout; test_nhanes.py covers the same on made-up ones")
    return SHARED / "nhanes"


@pytest.fixture(scope="module")
def people_of(microdata):
    """Load the people of some cycles, whose end may be written in full; the same are loaded once."""
    load = functools.cache(lambda *cycles: nhanes.load(cycles, microdata))
    return lambda *cycles: load(*(f"{cycle[:5]}{cycle[-2:]}" for cycle in cycles))


@pytest.fixture(scope="module")
def everybody(microdata):
    return nhanes.load(nhanes.CYCLES, microdata)


@pytest.fixture(scope="module")
def derived(microdata, everybody):
    table = pd.read_csv(microdata / "derived" / "nhanes_b12_analysis.csv.gz", low_memory=False)
    return table.set_index("seqn").reindex(everybody["seqn"]).reset_index()


def numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values).to_numpy("float64", na_value=np.nan)


#: Columns that an independent script made from the same files: ours, theirs.
SAME = {
    "cycle": "cycle", "age": "age", "stratum": "sdmvstra", "psu": "sdmvpsu", "poverty_ratio": "pir",
    "b12_pg_ml": "b12_pg_ml", "b12_pmol_l": "b12_pmol_l", "mma_nmol_l": "mma_nmol_l",
    "folate_serum_nmol_l": "folate_serum_nmol_l", "haemoglobin_g_dl": "hb_g_dl", "mcv_fl": "mcv_fl",
    "hba1c_percent": "hba1c_pct", "bmi": "bmi", "metformin": "metformin", "ppi": "ppi", "h2ra": "h2ra",
    "b12_prescribed": "rx_b12", "b12_intake_ug": "diet_b12_day1_mcg",
}  # fmt: skip


def test_the_same_people_in_the_same_order_of_cycles(everybody, derived):
    assert len(everybody) == 58_503
    assert everybody["seqn"].is_unique
    assert everybody.groupby("cycle").size().tolist() == [9282, 10477, 9643, 9950, 9338, 9813]
    assert (everybody["cycle"].to_numpy() == derived["cycle"].to_numpy()).all()


@pytest.mark.parametrize("column", [name for name in SAME if name != "cycle"])
def test_equal_to_the_independent_table_cell_by_cell(everybody, derived, column):
    np.testing.assert_allclose(numbers(everybody[column]), numbers(derived[SAME[column]]), rtol=1e-12)


def test_answers_are_those_of_the_independent_table(everybody, derived):
    codes = {"numbness": ("diq100_numb", {1: 1, 2: 0}), "tingling": ("diq120_tingle", {1: 1, 2: 0}),
             "pregnant": ("pregnant", {1: 1, 2: 0}), "diabetes": ("diq010", {1: 1, 2: 0, 3: 0})}  # fmt: skip
    for column, (theirs, meaning) in codes.items():
        np.testing.assert_array_equal(numbers(everybody[column]), numbers(derived[theirs].map(meaning)), column)
    assert (everybody["sex"] == derived["sex"].map({1: "men", 2: "women"})).all()
    for foot in ("insensate_left", "insensate_right"):
        np.testing.assert_array_equal(numbers(everybody[foot]), numbers(derived[foot].where(derived[foot] >= 0)))


def test_what_the_independent_table_left_unconverted_is_converted(everybody, derived):
    first, fourth = everybody["cycle"] == "1999-2000", everybody["cycle"] == "2005-2006"
    hcy = derived["hcy_umol_l"].where(~first, 10 ** (0.983 * np.log10(derived["hcy_umol_l"]) + 0.0418))
    raw = derived["creatinine_mg_dl_raw"]
    creatinine = np.select([first, fourth], [1.013 * raw + 0.147, 0.978 * raw - 0.016], raw)
    np.testing.assert_allclose(everybody["hcy_umol_l"], hcy, rtol=1e-12)
    np.testing.assert_allclose(everybody["creatinine_mg_dl"], creatinine, rtol=1e-12)
    # theirs is rounded to 0.001 pmol/L
    np.testing.assert_allclose(everybody["b12_roche_pmol_l"], derived["b12_pmol_l_roche_equiv"], atol=5.1e-4)


def test_supplements_since_2011_are_those_of_the_independent_table(everybody, derived):
    since = everybody["cycle"] >= "2011"
    known = derived["supp_count"].notna() & ~derived["supp_count"].isin([77, 99])
    amount = derived["supp_b12_mcg_day"].fillna(0).where(known)[since]
    np.testing.assert_allclose(everybody.loc[since, "b12_supplement_ug"], amount)
    np.testing.assert_array_equal(
        numbers(everybody.loc[since, "b12_supplement"]), numbers((amount > 0).where(known[since]))
    )


POOLS = {
    "one": ["2003-2004"],
    "one of 1999-2002": ["1999-2000"],
    "1999-2002": ["1999-2000", "2001-2002"],
    "1999-2004": ["1999-2000", "2001-2002", "2003-2004"],
    "one of 1999-2002 and another": ["2001-2002", "2013-2014"],
    "2011-2014": ["2011-2012", "2013-2014"],
}


@pytest.mark.parametrize("pool", POOLS)
def test_weights_are_cdcs_for_a_cycle_and_for_pools(microdata, people_of, derived, pool):
    cycles, raw = POOLS[pool], derived.set_index("seqn")
    expected = raw["wtmec2yr"].where(~raw["cycle"].isin(["1999-2000", "2001-2002"]), 2 * raw["wtmec4yr"])
    expected = (expected if set(cycles) >= {"1999-2000", "2001-2002"} else raw["wtmec2yr"]) / len(cycles)
    people = people_of(*cycles).set_index("seqn")
    np.testing.assert_allclose(people["weight"], expected.reindex(people.index), rtol=1e-12)
    if "2001-2002" in cycles:
        names = ["SEQN", "WTDRD1", "WTDR4YR"]
        diet = pd.read_csv(microdata / "tables" / "DRXTOT_B.csv.xz", usecols=names).set_index("SEQN").fillna(0)
        own = 2 * diet["WTDR4YR"] if "1999-2000" in cycles else diet["WTDRD1"]
        np.testing.assert_allclose(people["weight_diet"].reindex(diet.index), own / len(cycles), rtol=1e-12)


@pytest.mark.parametrize("cycle", nhanes.CYCLES)
def test_cdcs_transport_files_and_the_mirror_hold_the_same(microdata, cycle):
    """Bit by bit: each table that is there in both forms, every variable that we read of it."""
    both = [path.stem for path in sorted((microdata / "xpt").iterdir()) if path.stem in nhanes.files(cycle)]
    xpt, csv = reader(microdata / "xpt", both), reader(microdata / "tables", both)
    cells = {part for cell in definitions()[cycle] if cell[:1] != "=" for part in cell.split()}
    for table in both:
        names = (
            "SEQN",
            *sorted(cell.split(".")[1] for cell in cells if cell.startswith(f"{table}.") and "SEQN" not in cell),
        )
        pd.testing.assert_frame_equal(xpt(table, names), csv(table, names), check_exact=True)
    if both:  # where CDC's own files are read, and where only the mirror's are
        mixed, mirror = nhanes.load(cycle, microdata), nhanes.load(cycle, microdata / "tables")
        pd.testing.assert_frame_equal(mixed, mirror, check_exact=True)


def test_counts_are_those_of_cdcs_codebooks(everybody):
    counts = everybody.groupby("cycle")["b12_pmol_l"].count()
    assert counts.tolist() == [7524, 8390, 8267, 8049, 4877, 5447]
    assert everybody.groupby("cycle")["mma_nmol_l"].count().tolist() == [7597, 8451, 7544, 0, 4880, 5444]
    assert everybody["b12_pg_ml"].max() == 240_599
    assert everybody["mma_nmol_l"].max() == 35_960
    youngest = everybody[everybody["b12_pmol_l"].notna()].groupby("cycle")["age"].min()
    assert youngest.tolist() == [3, 3, 1, 1, 20, 19]
    assert everybody.groupby("cycle")["age"].max().tolist() == [85, 85, 85, 85, 80, 80]


AGES = {"20+": (20, 99), "20-39": (20, 39), "40-59": (40, 59), "60+": (60, 99), "60-69": (60, 69), "70-79": (70, 79),
        "80+": (80, 99), "40+": (40, 99), "40-49": (40, 49), "50-59": (50, 59)}  # fmt: skip


def indicators(people: pd.DataFrame) -> dict[str, tuple[pd.Series, pd.Series]]:
    """What R counted, by its names: who is a case, and who is measured."""
    pmol, pg, mma, hcy = (people[name] for name in ("b12_pmol_l", "b12_pg_ml", "mma_nmol_l", "hcy_umol_l"))
    roche, both = people["b12_roche_pmol_l"], pmol.notna() & mma.notna()
    one = {
        "B12<148 pmol/L": (pmol < 148, pmol), "B12 148-221 pmol/L": (pmol.between(148, 221), pmol),
        "B12<=221 pmol/L": (pmol <= 221, pmol), "B12<200 pg/mL": (pg < 200, pg), "B12<=200 pg/mL": (pg <= 200, pg),
        "MMA>271 nmol/L": (mma > 271, mma), "MMA>210 nmol/L": (mma > 210, mma), "MMA>376 nmol/L": (mma > 376, mma),
        "Hcy>15 umol/L": (hcy > 15, hcy), "Hcy>13 umol/L": (hcy > 13, hcy),
        "Roche-adjusted B12<148 pmol/L": (roche < 148, pmol),
        "Roche-adjusted B12 148-221 pmol/L": (roche.between(148, 221), pmol),
        "Roche-adjusted B12<=200 pg/mL": (roche / 0.738 <= 200, pmol),
    }  # fmt: skip
    two = {
        "B12<148 & MMA>271": (pmol < 148) & (mma > 271), "B12<=221 & MMA>271": (pmol <= 221) & (mma > 271),
        "B12<148 | MMA>271": (pmol < 148) | (mma > 271),
    }  # fmt: skip
    return {name: (case, value.notna()) for name, (case, value) in one.items()} | {
        name: (case, both) for name, case in two.items()
    }


def test_n_and_events_are_those_of_r(people_of, shared):
    rows = pd.read_csv(shared / "reference" / "survey_r.csv")
    pools = {"2011-2014": ["2011-12", "2013-14"]}
    for cycle, of_cycle in rows.groupby("cycle"):
        people = people_of(*pools.get(cycle, [cycle]))
        counted = indicators(people)
        for row in of_cycle.itertuples():
            low, high = AGES[row.domain.split()[0]]
            domain = people["age"].between(low, high) & people["sex"].isin(row.domain.split()[1:] or ["men", "women"])
            case, known = counted[row.indicator]
            cases, measured = domain & known & case, domain & known
            assert (measured.sum(), cases.sum()) == (row.n_unweighted, row.n_events), row
            weight = people["weight"]
            assert weight[cases].sum() / weight[measured].sum() == pytest.approx(row.prev, rel=1e-12), row
            assert weight[cases].sum() == pytest.approx(row.total, rel=1e-9), row


def test_neuropathy_counts_are_those_of_r(people_of, shared):
    rows = pd.read_csv(shared / "reference" / "survey_r_neuropathy_riskgroups.csv")
    people = people_of("2003-04")
    sites = people["insensate_sites"]
    counted = {
        "PN>=1 insensate site": people["neuropathy"],
        "PN>=2 insensate sites": (sites >= 2).astype("boolean").where(sites.notna()),
        "numbness DIQ100": people["numbness"], "tingling/pain DIQ120": people["tingling"],
    }  # fmt: skip
    for row in rows[rows["analysis"] == "neuropathy"].itertuples():
        age, *diabetes = row.domain.split(" diabetes ")
        domain = people["age"].between(*AGES[age])
        if diabetes:
            domain &= people["diabetes"].eq(diabetes == ["1"]).fillna(False).astype(bool)
        answers, weight = counted[row.indicator][domain].dropna(), people["weight"]
        assert (len(answers), answers.sum()) == (row.n_unweighted, row.n_events), row
        mean = np.average(answers.astype(float), weights=weight[answers.index])
        assert mean == pytest.approx(row.estimate, rel=1e-9), row


def test_risk_group_counts_are_those_of_r(people_of, shared):
    rows = pd.read_csv(shared / "reference" / "survey_r_neuropathy_riskgroups.csv")
    rows = rows[rows["analysis"] == "riskgroup"]
    people = people_of("2011-12", "2013-14")
    groups = {"metf": people["metformin"], "ppi": people["ppi"], "h2": people["h2ra"], "supp": people["b12_supplement"],
              "dm": people["diabetes"], "male": (people["sex"] == "men").astype("boolean")}  # fmt: skip
    ethnic = ["Mexican American", "other Hispanic", "non-Hispanic white", "non-Hispanic black", "other"]
    outcomes = {"b12low": (people["b12_pmol_l"] < 148, people["b12_pmol_l"]),
                "b12ins": (people["b12_pmol_l"] <= 221, people["b12_pmol_l"]),
                "mmahi": (people["mma_nmol_l"] > 271, people["mma_nmol_l"])}  # fmt: skip
    compared = 0
    for row in rows.itertuples():
        name, value = row.domain.removeprefix("20+ ").split("=")
        inside = people["ethnicity"] == ethnic[int(value) - 1] if name == "RIDRETH1" else groups[name].eq(value == "1")
        case, measured = outcomes[row.indicator.split(",")[0]]
        domain = inside.fillna(False).astype(bool) & (people["age"] >= 20) & measured.notna()
        assert (domain.sum(), (domain & case).sum()) == (row.n_unweighted, row.n_events), row
        compared += 1
    assert compared == len(rows) >= 50


def share(people: pd.DataFrame, case: pd.Series, domain: pd.Series) -> float:
    weight = people["weight"]
    return 100 * weight[domain & case].sum() / weight[domain].sum()


def test_mma_and_the_kidney_as_found_independently(people_of):
    """At 60+, MMA > 271: 15.0 % in 1999-2004, 9.8 % where eGFR >= 60; 17.4 and 13.0 % in 2011-14."""
    for cycles, everyone, kidneys_well in [
        (["1999-00", "2001-02", "2003-04"], 15.0, 9.8), (["2011-12", "2013-14"], 17.4, 13.0),
    ]:  # fmt: skip
        people = people_of(*cycles)
        measured = (people["age"] >= 60) & people["mma_nmol_l"].notna()
        high = people["mma_nmol_l"] > 271
        assert share(people, high, measured) == pytest.approx(everyone, abs=0.05)
        assert share(people, high, measured & (people["egfr"] >= 60)) == pytest.approx(kidneys_well, abs=0.05)
        if everyone == 15.0:
            assert share(people, people["egfr"] < 60, measured & high & people["egfr"].notna()) == pytest.approx(
                48, abs=2
            )


def test_the_assay_break_as_found_independently(people_of):
    """Adults below 148 pmol/L: from 3.06 % in 2005-06 to 1.78 % in 2011-12, by the two assays."""
    for cycle, expected in [("2005-06", 3.06), ("2011-12", 1.78)]:
        people = people_of(cycle)
        adults = (people["age"] >= 20) & people["b12_pmol_l"].notna()
        assert share(people, people["b12_pmol_l"] < 148, adults) == pytest.approx(expected, abs=0.005)


@pytest.fixture(scope="module")
def of_1999_to_2004(people_of):
    return people_of("1999-00", "2001-02", "2003-04")


def yes(answers: pd.Series) -> pd.Series:
    return answers.fillna(False).astype(bool)


def test_the_people_of_bailey_2013(of_1999_to_2004):
    """Printed: 12,683, of them 157, 3957 and 8569 by B12 <126, 126-287, >287; ours lack one, who has 1265.67 pmol/L."""
    people = of_1999_to_2004
    sample = (people["age"] >= 19) & people["mma_nmol_l"].notna() & (people["egfr_mdrd"] >= 30)
    sample &= ~yes(people["pregnant"]) & ~yes(people["lactating"])
    b12 = people.loc[sample & (people["b12_pmol_l"] <= 1265), "b12_pmol_l"]
    assert [(b12 < 126).sum(), b12.between(126, 287).sum(), (b12 > 287).sum()] == [157, 3957, 8568]
    assert people.loc[sample & people["b12_pmol_l"].between(1265, 1266), "b12_pmol_l"].tolist() == [1265.67]


def test_the_people_of_mineva_2019(of_1999_to_2004):
    """Printed: 12,335 adults, 2.2 % below 148 pmol/L, 13 % from 148 to 222, 8.4 % with tHcy > 13 (ours: 8.34)."""
    people = of_1999_to_2004
    measured = people[["b12_pmol_l", "mma_nmol_l", "hcy_umol_l", "folate_serum_nmol_l"]].notna().all(axis=1)
    sample = (people["age"] >= 20) & measured & ~yes(people["pregnant"]) & ~yes(people["lactating"])
    assert sample.sum() == 12_335
    assert share(people, people["b12_pmol_l"] < 148, sample) == pytest.approx(2.2, abs=0.05)
    assert share(people, people["b12_pmol_l"].between(148, 222), sample) == pytest.approx(13, abs=0.5)
    assert share(people, people["hcy_umol_l"] > 13, sample) == pytest.approx(8.4, abs=0.06)  # 7.9 unconverted


def test_the_repeat_examination_as_found_independently(everybody):
    """Within-person CV in the 535 people with everything twice: 14.8 % (B12), 21.4 % (MMA), 15.3 % (homocysteine)."""
    pairs = {"b12_pmol_l": ("b12_second_pmol_l", 14.8), "mma_nmol_l": ("mma_second_nmol_l", 21.4),
             "hcy_umol_l": ("hcy_second_umol_l", 15.3)}  # fmt: skip
    twice = everybody[[*pairs, *(second for second, _ in pairs.values())]].dropna()
    assert len(twice) == 535
    for first, (second, cv) in pairs.items():
        difference = np.log(twice[first] / twice[second])
        assert 100 * np.sqrt((difference**2).mean() / 2) == pytest.approx(cv, abs=0.051)


def test_supplements_before_2011_are_plausible_and_mostly_known(everybody):
    before = everybody[everybody["cycle"] < "2005"]
    assert before["b12_supplement"].isna().mean() < 0.02
    users = before[before["b12_supplement"].eq(True).fillna(False).astype(bool)]
    assert users["b12_supplement_ug"].notna().mean() > 0.75
    assert 4 < users["b12_supplement_ug"].median() < 12  # a multivitamin has 6 ug
    assert (before.loc[before["b12_supplement"].eq(False).fillna(False).astype(bool), "b12_supplement_ug"] == 0).all()
    adults = before[(before["age"] >= 20) & before["b12_supplement"].notna()]
    medians = adults.groupby("b12_supplement")["b12_pmol_l"].median()
    assert medians[True] > 1.15 * medians[False]
