"""What the model of nerves is held against: that targets and rows agree, and that roles keep to their rule."""

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis.recovery.draws import posterior
from b12analysis.recovery.series import changes, shares

#: Shares of patients, and the outcomes of a row that may be read as such a share.
SHARES = {
    "complete": {"complete"},
    "half": {"partial", "improved_by_half"},  # counted out: less those who are complete
    "lasting": {"poor", "improved_by_half"},  # counted out: all others
    "at_least_half": {"improved", "improved_by_half", "time_to_response"},
    "any_change": {"improved", "time_to_response"},
    "no_change": {"partial"},
    "disabled": {"disabled", "walking_again"},
}
#: Changes that are compared by their direction.
CHANGES = {"conduction_change": {"conduction_change", "improved"}, "score_change": {"score_change"}}
FITTED = {"misra_2007", "vasconcelos2006", "bolaman_2003", "n2o_bmc_neurol_2024"}
#: What describes the patients, the same in all targets of a series unless a stratum differs by it.
GROUP = ["age", "duration_log_sd", "cause"]


@pytest.fixture(scope="module")
def targets() -> pd.DataFrame:
    return b12.load("recovery_targets")


@pytest.fixture(scope="module")
def observed(targets) -> pd.DataFrame:
    """The rows that the targets point to, in their order."""
    rows = pd.concat(b12.load(name) for name in ("outcomes", "trials", "symptoms")).set_index("id")
    return rows.loc[targets["row"]].reset_index()


def test_series_and_status_are_those_of_the_row(targets, observed):
    assert targets["series"].tolist() == observed["cohort"].tolist()
    assert targets["status"].tolist() == observed["status"].tolist()
    assert targets["id"].is_unique
    assert not targets[["row", "what"]].duplicated().any()


@pytest.mark.parametrize("column", ["cases", "n", "value"])
def test_a_printed_number_is_that_of_the_row(targets, observed, column):
    printed = (targets["reading"] == "printed") & targets[column].notna()
    assert printed.any()
    assert targets[column][printed].tolist() == observed[column][printed].tolist()


def test_limits_are_never_called_printed(targets):
    limits = targets[["lower", "upper"]].notna()
    assert (limits.all(axis=1) == limits.any(axis=1)).all()
    assert not (limits.any(axis=1) & (targets["reading"] == "printed")).any()
    assert limits.all(axis=1)[targets["reading"] == "words"].all()


def test_the_time_is_that_of_the_row_unless_the_note_says_so(targets, observed):
    both = targets["month"].notna() & observed["months"].notna()
    assert both.sum() > 15
    assert (targets["month"] == observed["months"])[both].all()
    ours = targets["month"].notna() & observed["months"].isna()
    assert targets["note"][ours].str.contains("month").all()


def test_what_is_compared_fits_the_outcome_of_the_row(targets, observed):
    for what, outcome in zip(targets["what"], observed["outcome"], strict=True):
        assert outcome in (SHARES | CHANGES)[what], (what, outcome)


def test_a_share_has_counts_or_limits_and_a_change_a_direction(targets):
    share = targets["what"].isin(SHARES)
    counted = targets[["cases", "n"]].notna().all(axis=1)
    assert (counted | targets[["value", "lower"]].notna().any(axis=1))[share].all()
    assert (targets["measure"] == "percent")[share & targets["value"].notna()].all()
    assert targets["direction"][~share].notna().all()


def test_what_is_counted_out_adds_up(targets):
    rows = b12.load("outcomes").set_index("id")
    derived = targets[(targets["reading"] == "derived") & targets["cases"].notna()].set_index(["row", "what"])["cases"]
    cases, n = rows["cases"], rows["n"]
    by_half = round(rows["value"]["A1.8"] / 100 * n["A1.7"])
    assert derived.to_dict() == {
        ("A1.3", "no_change"): n["A1.2"] - cases["A1.2"] - cases["A1.3"],
        ("A1.8", "half"): by_half - cases["A1.7"],
        ("A1.8", "lasting"): n["A1.7"] - by_half,
        ("A1.9", "disabled"): round(rows["value"]["A1.9"] / 100 * n["A1.7"]),
        ("A2.5a", "disabled"): n["A2.5a"] - cases["A2.5a"],
    }


def test_a_quartile_of_the_rankin_scale_limits_the_share_of_disabled(targets, observed):
    # 3 or more is a moderate or severe disability: an upper quartile below it leaves a quarter, a lower one at it three
    rated = (targets["reading"] == "derived") & targets["lower"].notna()
    assert rated.sum() >= 3
    assert set(targets["what"][rated]) == {"disabled"}
    for (_, target), (_, row) in zip(targets[rated].iterrows(), observed[rated].iterrows(), strict=True):
        assert "modified Rankin" in row["note"]
        assert row["interval"] == "iqr"
        limits = (0, 25) if row["upper"] < 3 else (75, 100)
        assert row["upper"] < 3 or row["lower"] >= 3
        assert (target["lower"], target["upper"]) == limits


def test_a_series_that_was_found_later_is_a_test(targets):
    later = targets[targets["row"].str.match("X[23]")]
    assert len(later) >= 10
    assert set(later["role"]) == {"test"}
    assert later["note"].str.startswith("Found after").all()


def test_a_word_is_read_as_more_or_less_than_half_and_the_note_says_so(targets):
    words = targets[targets["reading"] == "words"]
    assert len(words) >= 4
    assert set(zip(words["lower"], words["upper"], strict=True)) == {(50, 100), (0, 50)}
    assert words["note"].str.contains("read as").all()


@pytest.mark.parametrize(("series", "n"), [("misra_2007", 45), ("healton_1991", 121)])
def test_exclusive_outcomes_of_one_series_add_up_to_all_its_patients(targets, series, n):
    counts = targets[targets["series"] == series].set_index("what")["cases"]
    assert counts[["complete", "half", "lasting"]].sum() == n


def test_serum_is_given_where_it_decides_and_is_that_of_people_who_lack_little(targets):
    given = targets[targets["serum_pmol_l"].notna()]
    usual = b12.load("recovery_causes").set_index("cause")["start_serum_pmol_l"].max()
    assert len(given) >= 5
    assert (given["serum_pmol_l"] > usual).sum() >= 3
    assert (given["cause"] != "nitrous_oxide").all()


def test_roles_keep_to_the_rule(targets):
    series = {role: set(part["series"]) for role, part in targets.groupby("role")}
    assert series["fitted"] == FITTED
    assert series["alternative"] == {"healton_1991"}
    recalled = targets["status"] == "recalled"
    assert (targets["role"][recalled] == "alternative").all()
    # of a fitted series only what no parameter sets is a test: that nobody was reported unchanged
    again = targets[(targets["role"] == "test") & targets["series"].isin(FITTED)]
    assert again[["row", "what"]].to_numpy().tolist() == [["A1.3", "no_change"]]


def test_each_role_has_the_rows_that_were_asked_for(targets):
    rows = {role: set(part["row"]) for role, part in targets.groupby("role")}
    assert rows["fitted"] == {"N1a", "N1b", "N1c", "A1.2", "A1.18a", "A1.18b", "A2.4a", "A2.4b"}
    asked = {"A1.3", "B1.11a", "N2x", "A3.1", "A3.3a", "A3.4a", "A3.5b", "A3.6a", "A2.3a", "A2.5a"}
    assert asked | {"A1.12d", "A1.13b", "A1.14a", "A1.15a", "A4.4b", "A4.4c", "A4.5a"} <= rows["test"]
    assert rows["alternative"] == {"A1.7", "A1.8", "A1.9"}


def test_shares_by_severity_are_all_there_or_none_is_and_add_up_to_one_or_nobody_has_symptoms(targets):
    shares = targets[["mild", "moderate", "severe"]].astype(float)
    given = shares.notna()
    assert (given.all(axis=1) | ~given.any(axis=1)).all()
    total = shares.sum(axis=1)[given.all(axis=1)]
    assert total.where(total > 0, 1).to_numpy() == pytest.approx(np.ones(len(total)))
    nobody = targets.loc[total.index[total == 0], "note"]
    assert len(nobody) >= 4
    assert nobody.str.contains("Nobody had nerve disease|ithout symptoms").all()


def test_healton_s_severity_and_duration_are_those_of_the_abstract(targets):
    rows = b12.load("outcomes").set_index("id")
    series = targets[targets["series"] == "healton_1991"]
    for column, row in {"mild": "A1.6a", "moderate": "A1.6b", "severe": "A1.6c"}.items():
        assert series[column].tolist() == pytest.approx([rows["cases"][row] / 153] * len(series), abs=0.01)
    assert set(series["duration_months"]) == {rows["value"]["A1.11a"]}


def test_patients_of_one_series_are_described_alike(targets):
    for series, rows in targets.groupby("series"):
        assert len(rows[GROUP].drop_duplicates()) == 1, series


def test_a_regimen_is_one_of_the_table(targets):
    named = targets["regimen"].dropna()
    assert len(named) > 5
    assert set(named) <= set(b12.load("regimens")["regimen"])


def test_every_target_can_be_simulated():
    targets, model = b12.load("recovery_targets"), b12.load("recovery_model")
    draws = posterior().head(4)
    for target in targets.itertuples():
        said = (changes if target.what in CHANGES else shares)(target, draws, model, 1, 6)
        assert said.shape == (4,)
        assert np.isfinite(said).all()
