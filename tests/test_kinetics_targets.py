"""What the kinetics model is held against, and the regimens: that they hold together before anything is simulated."""

import pandas as pd
import pytest

import b12analysis as b12

PHASES = ["loading", "continuation", "maintenance"]
#: Of each observable, what a row must have besides: the dose that it is about, a cut-off, a day.
NEEDS = {
    "absorbed_percent": ["dose_ug", "dose_form"],
    "absorbed_food_percent": ["dose_ug", "dose_form"],
    "absorbed_ug": ["dose_ug", "dose_form"],
    "retained_percent": ["dose_ug", "dose_form"],
    "serum_ratio_forms": ["dose_ug", "dose_form", "contrast", "day", "intake_ug"],
    "loss_percent_day": ["regimen", "day", "intake_ug"],
    "loss_ug_day": ["regimen", "day", "intake_ug"],
    "bile_ug_day": ["regimen", "day", "intake_ug"],
    "store_ug": ["regimen", "day", "intake_ug"],
    "half_time_days": ["regimen", "day", "intake_ug"],
    "requirement_ug_day": ["regimen", "cutoff"],
    "serum_b12_pmol_l": ["regimen", "intake_ug", "age"],
    "mma_nmol_l": ["regimen", "day", "intake_ug", "age"],
    "serum_change_pmol_l": ["regimen", "day", "intake_ug", "age"],
    "serum_change_percent": ["regimen", "day", "intake_ug", "age"],
    "mma_change_percent": ["regimen", "day", "intake_ug", "age"],
    "mma_difference_nmol_l": ["regimen", "day", "intake_ug", "age", "contrast"],
    "share_serum_at_least": ["regimen", "day", "intake_ug", "cutoff"],
    "share_below": ["regimen", "intake_ug", "cutoff"],
    "months_to_below": ["regimen", "intake_ug", "cutoff"],
    "serum_by_doubling_percent": ["regimen", "intake_ug"],
    "mma_by_doubling_percent": ["regimen", "intake_ug"],
    "serum_ratio": ["regimen", "day", "intake_ug", "age", "contrast"],
    "mma_ratio": ["regimen", "day", "intake_ug", "age", "contrast"],
    "us_mma_nmol_l": ["regimen", "entry"],
    "us_share_percent": ["regimen", "entry"],
}


@pytest.fixture(scope="module")
def targets() -> pd.DataFrame:
    return b12.load("kinetics_targets")


@pytest.fixture(scope="module")
def regimens() -> pd.DataFrame:
    return b12.load("regimens")


@pytest.fixture(scope="module")
def observed(targets) -> pd.DataFrame:
    """The rows that the targets point to, in their order."""
    found = pd.concat(b12.load(name).assign(table=name) for name in targets["table"].unique())
    return found.set_index(["table", "id"]).loc[list(zip(targets["table"], targets["row"], strict=True))].reset_index()


def choices(column: str) -> list[str]:
    columns = b12.load("columns")
    (row,) = columns.query("column == @column and tables == 'kinetics_targets'").to_dict("records")
    return row["choices"].split(" | ")


def test_every_target_points_to_a_row_with_a_number_or_counts(targets, observed):
    assert observed["id"].tolist() == targets["row"].tolist()
    numbers = observed[["value", "lower", "upper", "reported_percent"]].notna().any(axis=1)
    assert (numbers | observed[["cases", "n"]].notna().all(axis=1)).all()


def test_no_number_is_held_against_the_model_twice(targets):
    asked = targets[["table", "row", "dose_ug"]]
    assert not asked.duplicated().any()


def test_the_source_of_a_row_is_ours_and_so_is_its_status(targets):
    assert set(targets["source"]) == {"b12analysis"}
    assert set(targets["status"]) == {"assumption"}
    assert targets["note"].notna().all()


def test_nothing_recalled_is_fitted_and_what_is_recalled_is_only_a_consistency_check(targets, observed):
    recalled = targets[observed["status"] == "recalled"]
    assert len(recalled) >= 8
    assert set(recalled["role"]) == {"consistency"}


def test_no_study_of_people_is_both_fitted_and_held_out(targets, observed):
    # of the survey's people with diabetes serum sets the carriers, MMA tests that tissue does not follow
    cohorts = observed["cohort"].where(~targets["row"].isin(["N9a", "N9b", "N9c"])).dropna()
    by_role = {role: set(part) for role, part in cohorts.groupby(targets["role"])}
    assert by_role["fitted"].isdisjoint(by_role["test"])


def test_each_role_has_the_rows_that_were_asked_for(targets):
    rows = {role: set(part["row"]) for role, part in targets.groupby("role")}
    assert {"C2.1a", "C1.5a", "C2.8a", "C3.1c", "C3.4d", "C1.3a", "C1.2b", "B1.3a", "B1.3d", "B2.9b"} <= rows["fitted"]
    assert {"B2.10b", "B2.10c", "B2.10d", "B2.10e"} <= rows["fitted"]
    assert {"C2.2c", "B1.4a", "B2.14c", "C1.4a", "C1.8a", "C1.1b", "C2.5a", "C3.3h", "C3.4e"} <= rows["consistency"]
    assert {"B1.10a", "N2b", "C4.5c", "A70", "B31b", "B33c", "B34", "C4.4a", "C4.4d", "B1.8a"} <= rows["test"]
    assert {"B2.11", "N3c", "B2.3d", "C2.9a", "C2.7b", "X7a", "X8b", "X9", "X11b"} <= rows["test"]


def test_the_tests_outnumber_the_fitted_trials(targets):
    in_people = targets[targets["table"] != "kinetics"]
    assert (in_people["role"] == "test").sum() > 2 * (in_people["role"] == "fitted").sum()


def test_every_observable_is_used_and_its_rows_have_what_it_needs(targets):
    assert set(targets["observable"]) == set(choices("observable")) == set(NEEDS)
    for observable, needed in NEEDS.items():
        rows = targets[targets["observable"] == observable]
        assert rows[needed].notna().all(axis=None), observable
        one_dose = rows["dose_form"].notna()
        assert (rows["regimen"].isna() == one_dose).all(), observable


def test_a_target_is_set_up_with_the_dose_time_and_cut_off_of_its_row(targets, observed):
    dosed = targets["dose_ug"].notna() & observed["dose_ug"].notna()
    assert targets["dose_ug"][dosed].tolist() == observed["dose_ug"][dosed].tolist()
    timed = observed["months"].notna() & targets["day"].notna()
    assert timed.sum() > 40
    assert ((targets["day"] / 30.4375 - observed["months"]).abs() < 0.1)[timed].all()
    surveyed = targets[targets["table"] == "surveys"]
    limits = b12.load("biomarkers").set_index("definition")["below"]
    defined = observed.loc[surveyed.index, "definition"].map(limits)
    assert (surveyed["cutoff"] - defined).abs().max() < 1


def test_people_start_at_the_serum_that_their_arm_had_where_it_is_printed(targets, observed):
    serum = b12.load("trials").query("measure == 'b12_pmol_l' and months == 0").set_index(["cohort", "arm"])["value"]
    pairs = zip(observed["cohort"], observed["arm"], targets["start_serum_pmol_l"], strict=True)
    printed = [(serum[cohort, arm], start) for cohort, arm, start in pairs if (cohort, arm) in serum.index]
    assert len(printed) >= 18
    for value, start in printed:
        assert start == pytest.approx(value)


def test_rules_of_entry_can_be_evaluated_and_let_some_people_in_and_keep_some_out(targets):
    people = pd.DataFrame(
        {"serum_b12_pmol_l": [50.0, 140, 140, 200, 240, 300, 600], "mma_nmol_l": [900.0, 400, 150, 180, 300, 140, 120]}
    )
    rules = targets["entry"].dropna().unique()
    assert len(rules) > 4
    for rule in rules:
        assert 0 < len(people.query(rule)) < len(people), rule


def test_a_simulation_starts_inside_what_entry_allowed_but_for_open(targets):
    entered = targets[targets["entry"].notna() & (targets["row"] != "B1.10a") & targets["start_serum_pmol_l"].notna()]
    start = entered.rename(columns={"start_serum_pmol_l": "serum_b12_pmol_l"}).assign(mma_nmol_l=1000.0)
    for index, rule in entered["entry"].items():
        assert len(start.loc[[index]].query(rule)) == 1, targets.loc[index, "id"]


def test_contrasts_are_a_regimen_an_absorption_or_a_form(targets, regimens):
    known = {"none", *regimens["regimen"], *choices("absorption"), *choices("dose_form")}
    assert set(targets["contrast"].dropna()) <= known
    assert set(targets["regimen"].dropna()) <= {"none", *regimens["regimen"]}


def test_the_line_of_doets_is_asked_at_the_meals_that_people_eat(targets):
    asked = targets[targets["row"] == "C2.8a"]
    assert asked["dose_ug"].tolist() == [0.5, 1, 2]
    assert set(asked["dose_form"]) == {"food"}


# Regimens


def test_every_regimen_can_be_laid_out_as_a_schedule(regimens):
    assert regimens[["dose_ug", "every_days", "form", "route"]].notna().all(axis=None)
    for name, phases in regimens.groupby("regimen", sort=False):
        order = [PHASES.index(phase) for phase in phases["phase"]]
        assert order == sorted(order), name
        length = phases["duration_days"].fillna(phases["assumed_days"])
        assert length.iloc[:-1].notna().all(), name  # only the last phase may go on for life
        assert (phases["every_days"] <= length.fillna(40000)).all(), name


def test_a_regimen_has_one_short_label_of_its_own(regimens):
    labels = regimens.groupby("regimen")["label"].agg(["nunique", "first"])
    assert (labels["nunique"] == 1).all()
    assert labels["first"].is_unique
    assert labels["first"].str.len().max() <= 40


def test_an_assumed_length_is_only_where_the_source_gives_none(regimens):
    assumed = regimens[regimens["assumed_days"].notna()]
    assert assumed["regimen"].tolist() == ["uk_hydroxocobalamin_neurological"]
    assert assumed["assumed_days"].tolist() == [21]
    assert assumed["duration_days"].isna().all()
    assert assumed["until"].notna().all()


@pytest.mark.parametrize("dose", ["50", "100", "150", "250", "500", "1000", "2000"])
def test_there_are_daily_tablets_of_each_dose(regimens, dose):
    (row,) = regimens[regimens["regimen"] == f"oral_{dose}_daily"].to_dict("records")
    assert (row["dose_ug"], row["every_days"], row["route"]) == (float(dose), 1, "oral")


def test_there_are_weekly_tablets_of_1_and_2_mg(regimens):
    weekly = regimens[regimens["regimen"].isin(["oral_1000_weekly", "oral_2000_weekly"])]
    assert weekly[["dose_ug", "every_days"]].values.tolist() == [[1000, 7], [2000, 7]]


def test_other_forms_by_mouth_say_how_they_are_simulated(regimens):
    other = regimens[(regimens["route"] == "oral") & (regimens["form"] != "cyanocobalamin")]
    assert set(other["form"]) == {"any", "methylcobalamin"}
    assert other["note"].str.contains("simulated as tablets of cyanocobalamin").all()
