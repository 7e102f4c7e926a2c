"""Risk groups of the US survey: who is in them, how many are deficient, how risks overlap."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import evidence, nhanes
from b12analysis.arguments import InputError
from b12analysis.nhanes import grouped, groups, sums

R = json.loads((Path(__file__).parent / "reference" / "risk_groups.json").read_text())
#: Sums and square roots on both sides.
CLOSED = 1e-12
#: The tables are stored to ten decimals.
STORED = 1e-10
#: Those whose blood was not measured weigh a little more or less than the others of their combination; 0.0068 at worst.
UNEQUAL_WEIGHTS = 0.007
#: R fits the logit of the share iteratively.
R_LOGIT = 1e-6
#: The same examples on every run.
STEADY = settings(derandomize=True, deadline=None, max_examples=15)


def people(**columns) -> pd.DataFrame:
    """Made-up people of whom nothing is known but what a test says."""
    table = pd.DataFrame(columns)
    for name in ("metformin", "ppi", "h2ra", "diabetes", "b12_supplement"):
        table[name] = table.get(name, pd.Series(pd.NA, index=table.index)).astype("boolean")
    for name, value in (("age", 50), ("b12_intake_ug", None), ("weight", 1.0), ("weight_diet", 1.0)):
        table[name] = table.get(name, pd.Series(value, index=table.index, dtype="Float64"))
    return table


@pytest.mark.parametrize(
    ("answers", "group", "expected"),
    [
        ({"diabetes": True, "metformin": False}, "diabetes_no_metformin", True),
        ({"diabetes": True, "metformin": True}, "diabetes_no_metformin", False),
        ({"diabetes": True, "metformin": None}, "diabetes_no_metformin", None),
        ({"diabetes": False, "metformin": None}, "diabetes_no_metformin", False),
        ({"diabetes": False, "metformin": True}, "metformin", True),
        ({"ppi": True, "h2ra": None}, "acid_suppressant", True),
        ({"ppi": False, "h2ra": None}, "acid_suppressant", None),
        ({"ppi": False, "h2ra": True}, "no_acid_suppressant", False),
        ({"b12_supplement": None}, "supplement_nonusers", None),
        ({"b12_intake_ug": 2.4}, "low_intake", False),
        ({"b12_intake_ug": 2.39}, "low_intake", True),
        ({"b12_intake_ug": None}, "no_low_intake", None),
        ({"age": 60}, "older_adults", True),
        ({"age": 59}, "aged_40_59", True),
        ({"age": 39}, "aged_40_59", False),
        ({"age": 80}, "aged_80_plus", True),
        ({"age": 64}, "aged_65_plus", False),
    ],
)
def test_who_is_in_a_group(answers, group, expected):
    found = groups.members(people(**{name: [value] for name, value in answers.items()}))[group].item()
    assert found is pd.NA if expected is None else found == expected


def test_every_group_is_in_the_vocabulary_and_compared_with_one():
    assert set(groups.GROUPS) <= set(evidence.load("groups")["group"])
    assert {one.comparator for one in groups.GROUPS.values()} <= {None, *groups.GROUPS}
    everybody = groups.members(people(age=[30, 70]))
    assert list(everybody) == list(groups.GROUPS)


def test_a_group_worked_by_hand():
    # one stratum, two PSUs of six; users weigh 1, of six known ones 2 are low; the seventh is 15 years old
    table = people(
        stratum=[1] * 13,
        psu=[1] * 6 + [2] * 6 + [1],
        metformin=[True] * 3 + [False] * 3 + [True] * 3 + [False] * 2 + [None] + [True],
        age=[50.0] * 12 + [15.0],
    )
    low = pd.Series([True, False, False] + [False] * 3 + [True, False, False] + [True] * 3 + [True], dtype="boolean")
    found = grouped.in_groups(table, pd.DataFrame({"low": low}), groups.members(table)[["metformin"]])
    found = found[found["age_band"] == "20+"].set_index("indicator")
    assert found.loc["low", ["n", "cases"]].tolist() == [6, 2]
    assert found.loc["low", "estimate"] == pytest.approx(1 / 3)
    assert found.loc["low", "se"] == pytest.approx(0, abs=CLOSED)  # both PSUs have one of three
    assert pd.isna(found.loc["low", "effective_n"])
    # 6 of the 11 adults who said so; sums of (x - 6/11) / 11 over the PSUs: (3 - 36/11) / 11 = -3/121, and 3/121;
    # variance 2/(2 - 1) * 2 * (3/121)^2
    assert found.loc["exposure", ["n", "cases"]].tolist() == [11, 6]
    assert found.loc["exposure", "se"] == pytest.approx(6 / 121)
    p, se = found.loc["exposure", ["estimate", "se"]]
    assert found.loc["exposure", "effective_n"] == pytest.approx(p * (1 - p) / se**2)


def test_groups_of_intake_use_the_weights_of_the_diet_day():
    table = people(
        stratum=[1] * 12,
        psu=[1, 2] * 6,
        b12_intake_ug=[1.0] * 6 + [3.0] * 6,
        weight=[1.0] * 12,
        weight_diet=[2.0] * 6 + [1.0] * 6,
    )
    made = groups.members(table)[["low_intake"]]
    low = pd.DataFrame({"low": pd.Series([True] * 3 + [False] * 9, dtype="boolean")})
    found = grouped.in_groups(table, low, made).query("age_band == '20+' and indicator == 'exposure'")
    assert found["estimate"].item() == pytest.approx(12 / 18)
    assert found["weight"].item() == "weight_diet"


def overlapping() -> pd.DataFrame:
    """Twenty people of two PSUs: 8 with risk a, 6 with a and b, 3 with b, 2 with none, 1 of whom b is not known."""
    a = [True] * 14 + [False] * 5 + [True]
    b = [False] * 8 + [True] * 9 + [False] * 2 + [None]
    low = [True] * 2 + [False] * 6 + [True] * 3 + [False] * 3 + [True] + [False] * 5
    table = pd.DataFrame({"a": a, "b": b, "low": low}).astype("boolean")
    return table.assign(stratum=1, psu=[1, 2] * 10, weight=1.0, inside=True)


def test_overlaps_worked_by_hand():
    table = grouped.combinations(overlapping(), ["a", "b"], ["low"], domain="inside").set_index("combination")
    # three with b alone and two with none are five together: no row is about fewer
    assert table["people"].to_dict() == {"a": 8, "a + b": 6, "other": 5}
    assert table["cases"].to_dict() == {"a": 2, "a + b": 3, "other": 1}
    assert (table["unknown"] == 1).all()
    assert table["share"].tolist() == pytest.approx([8 / 19, 6 / 19, 5 / 19])
    assert table["estimate"].tolist() == pytest.approx([2 / 8, 3 / 6, 1 / 5])
    assert table["case_share"].tolist() == pytest.approx([2 / 6, 3 / 6, 1 / 6])


def test_rare_combinations_take_the_next_with_them_until_they_are_five():
    few = overlapping().iloc[:17].assign(b=lambda t: t["b"].mask(t.index == 16, False))
    table = grouped.combinations(few, ["a", "b"], ["low"], domain="inside")
    # b alone 2, none 1, so the next rarest (a and b, 6) joins them
    assert table.set_index("combination")["people"].to_dict() == {"other": 9, "a": 8}


def test_people_without_a_weight_are_not_among_the_overlaps():
    some = overlapping().assign(weight=[0.0] * 2 + [1.0] * 18)
    table = grouped.combinations(some, ["a", "b"], ["low"], domain="inside")
    assert table["people"].sum() == 17
    assert (table["unknown"] == 3).all()


@STEADY
@given(st.integers(0, 2**32 - 1), st.integers(20, 120), st.floats(0, 0.3))
def test_every_person_with_known_risks_is_in_one_combination(seed, n, missing):
    rng = np.random.default_rng(seed)
    answers = {name: pd.Series(rng.random(n) < rng.random(), dtype="boolean") for name in ("a", "b", "c", "low")}
    table = pd.DataFrame({name: one.mask(rng.random(n) < missing) for name, one in answers.items()})
    table = table.assign(stratum=np.arange(n) % 4 // 2, psu=np.arange(n) % 2, weight=rng.random(n) + 0.1, inside=True)
    known = table[["a", "b", "c"]].notna().all(axis=1)
    found = grouped.combinations(table, ["a", "b", "c"], ["low"], domain="inside")
    assert found["people"].sum() == known.sum() == n - found["unknown"].iloc[0]
    assert found["cases"].sum() == (table["low"].fillna(False) & known).sum()
    assert found["n"].min() >= min(5, (known & table["low"].notna()).sum())
    assert found["share"].sum() == pytest.approx(1)
    if found["cases"].sum():
        assert found["case_share"].sum() == pytest.approx(1)
    # the order of people does not matter
    again = grouped.combinations(table[::-1], ["a", "b", "c"], ["low"], domain="inside")
    pd.testing.assert_frame_equal(found, again, rtol=1e-9)


@STEADY
@given(st.data())
def test_a_group_and_the_one_without_it_share_nobody_and_leave_out_the_unknown(data):
    answer = st.sampled_from([True, False, None])
    names = ("metformin", "ppi", "h2ra", "diabetes", "b12_supplement")
    made = groups.members(people(**{name: data.draw(st.lists(answer, min_size=9, max_size=9)) for name in names}))
    for one, other in [("metformin", "no_metformin"), ("acid_suppressant", "no_acid_suppressant"),
                       ("supplement_users", "supplement_nonusers"), ("diabetes", "no_diabetes")]:  # fmt: skip
        assert ((made[one] ^ made[other]) | made[one].isna()).all()
        assert (made[one].isna() == made[other].isna()).all()
    assert not (made["diabetes_no_metformin"] & (made["metformin"] | made["no_diabetes"])).any()


@pytest.mark.parametrize(("definition", "band", "intake"), [
    (definition, band, intake)
    for definition in ("b12_148", "b12_221", "mma_271") for band in groups.AGE_BANDS for intake in (True, False)
])  # fmt: skip
def test_the_shares_of_a_set_add_up_to_one(definition, band, intake):
    table = groups.overlaps(definition, age_band=band, intake=intake)
    assert table["combination"].is_unique
    for name in ("share", "case_share"):
        assert table[name].sum() == pytest.approx(1, abs=len(table) * STORED)
    # cases are counted among those measured: as many of the people of a combination as n of them, weights apart
    cases = table["share"] * table["estimate"] * table["n"] / table["people"]
    assert (cases / cases.sum() - table["case_share"]).abs().max() < UNEQUAL_WEIGHTS
    asked = [risk for risk in groups.RISKS if table[risk].notna().any()]
    assert len(asked) == 5 - (band == "60+") - (not intake)
    rows = table[table["combination"] != "other"]
    for combination, has in zip(rows["combination"], rows[asked].to_dict("records"), strict=True):
        assert combination == (" + ".join(risk for risk in asked if has[risk]) or "none")


def test_overlaps_of_medicines_are_those_of_the_groups():
    # the same people but for those of whom another risk is not known
    table = groups.overlaps(intake=False)
    share = table.loc[table["metformin"].fillna(False), "share"].sum()
    alone = groups.prevalence(group="metformin", definition="exposure", age_band="40+")["estimate"].item()
    other = table.loc[table["combination"] == "other", "share"].sum()
    assert alone - other - 1e-3 < share < alone + 1e-3


@pytest.mark.parametrize("row", R["prevalence"], ids=lambda row: " ".join(list(row.values())[:4]))
def test_prevalence_equals_what_r_finds_in_the_survey(row):
    cycles, band, group, indicator = list(row.values())[:4]
    found = groups.prevalence(cycles, group, indicator, age_band=band).iloc[0]
    assert (found["n"], found["cases"], found["df"]) == (row["n"], row["cases"], row["df"])
    assert [found["estimate"], found["se"]] == pytest.approx([row["estimate"], row["se"]], abs=STORED)
    assert found["deff"] == pytest.approx(row["deff"], rel=CLOSED, abs=STORED)
    assert [found["lower"], found["upper"]] == pytest.approx(row["logit"], rel=R_LOGIT)


@pytest.mark.parametrize("row", R["overlaps"], ids=lambda row: f"{row['intake']} {row['combination']}")
def test_overlaps_equal_what_r_finds_in_the_survey(row):
    table = groups.overlaps(row["indicator"], age_band=row["age_band"], intake=row["intake"])
    found = table[table["combination"] == row["combination"]].iloc[0]
    assert (found["people"], found["unknown"], found["n"], found["cases"]) == (
        row["people"], row["unknown"], row["n"], row["cases"],
    )  # fmt: skip
    names = ["share", "estimate", "se", "case_share"]
    assert found[names].tolist() == pytest.approx([row[name] for name in names], abs=STORED)
    assert found[["share_lower", "share_upper"]].tolist() == pytest.approx(row["share_logit"], rel=R_LOGIT)


def test_everybody_is_as_in_the_sums():
    for band in ("20+", "60+"):
        ours = groups.prevalence("2011-2014", "general", ["b12_148", "mma_271_adjusted"], age_band=band)
        theirs = sums.prevalence("2011-2014", ["b12_148", "mma_271_adjusted"], age_band=band)
        for name in ("n", "cases", "estimate", "se", "lower", "upper"):
            assert ours[name].tolist() == pytest.approx(theirs[name].tolist(), abs=STORED), name


def test_what_is_not_measured_has_no_row_and_what_is_unknown_is_refused():
    assert groups.prevalence("1999-2006", "supplement_users").empty
    assert groups.prevalence("1999-2006", "metformin", "mma_271").empty
    assert groups.prevalence("2011-2014", "aged_65_plus", age_band="40+").empty
    assert evidence.load("nhanes_groups")["n"].min() >= 5
    assert evidence.load("nhanes_overlaps")["n"].min() >= 5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cycles": "2003-2004"}, "cycles='2003-2004' is not known"),
        ({"group": "vegans"}, "group='vegans' is not known"),
        ({"definition": "b12_1480"}, "definition='b12_1480' is not known (did you mean 'b12_148'"),
        ({"age_band": "65+"}, "age_band='65+' is not known"),
    ],
)
def test_wrong_choices_are_refused(changed, words):
    with pytest.raises(InputError) as refused:
        groups.prevalence(**changed)
    assert words in str(refused.value)


@pytest.mark.parametrize("changed", [{"definition": "mma_376"}, {"age_band": "65+"}, {"intake": "yes"}])
def test_wrong_choices_of_overlaps_are_refused(changed):
    with pytest.raises(InputError, match=f"{next(iter(changed))}=.* is not known"):
        groups.overlaps(**changed)


def test_the_risk_groups_of_the_independent_table(shared):
    rows = pd.read_csv(shared / "reference" / "survey_r_neuropathy_riskgroups.csv").query("analysis == 'riskgroup'")
    survey = nhanes.load(["2011-12", "2013-14"], shared / "nhanes")
    named = {"metf=0": "no_metformin", "metf=1": "metformin", "ppi=0": "no_ppi", "ppi=1": "ppi", "h2=0": "no_h2ra",
             "h2=1": "h2ra", "supp=0": "supplement_nonusers", "supp=1": "supplement_users", "dm=0": "no_diabetes",
             "dm=1": "diabetes"}  # fmt: skip
    rows = rows.assign(group=rows["domain"].str.removeprefix("20+ ").map(named)).dropna(subset="group")
    flags = nhanes_flags(survey)
    made = grouped.in_groups(survey, flags, groups.members(survey)[list(named.values())])
    made = made[made["age_band"] == "20+"].set_index(["group", "indicator"])
    assert len(rows) == 30
    for row in rows.itertuples():
        found = made.loc[(row.group, {"b12low": "b12_148", "b12ins": "b12_221", "mmahi": "mma_271"}[row.indicator])]
        assert (found["n"], found["cases"], found["df"]) == (row.n_unweighted, row.n_events, row.df), row
        assert [found["estimate"], found["se"]] == pytest.approx([row.estimate, row.se], rel=CLOSED)
        assert [found["lower"], found["upper"]] == pytest.approx([row.lo, row.hi], rel=R_LOGIT)


def nhanes_flags(survey: pd.DataFrame) -> pd.DataFrame:
    from b12analysis.biomarkers import indicators

    return indicators(survey, ["b12_148", "b12_221", "mma_271"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["groups", "overlaps"])
def test_the_stored_tables_are_what_the_survey_files_say(shared, name):
    again = getattr(grouped, f"compute_{name}")(shared / "nhanes").reset_index(drop=True)
    stored = evidence.load(f"nhanes_{name}")[list(again)]
    texts = again.select_dtypes(["str", "object"]).columns
    numbers = again.columns.difference(texts)
    pd.testing.assert_frame_equal(
        stored[numbers].astype("float64"), again[numbers].astype("float64"), rtol=1e-9, atol=STORED
    )
    assert (stored[texts].fillna("").to_numpy(str) == again[texts].fillna("").to_numpy(str)).all()
