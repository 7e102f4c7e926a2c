"""Usual status: hand-worked values, known spreads recovered, the survey's own interval, and invariants."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from b12analysis.arguments import InputError
from b12analysis.usual import second, usual_prevalence, within_person

same_every_time = settings(deadline=None, derandomize=True, max_examples=25)
BARE = {"weight": None, "strata": None, "psu": None}


def refused(message: str):
    """Expect a message that begins so."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}")


def sample(rng: np.random.Generator, n: int = 4000, twice: int = 500, between: float = 0.4, within: float = 0.25):
    """People whose usual level of B12 is log-normal around 300 pmol/L, some of them measured twice."""
    usual = rng.normal(np.log(300), between, n)
    people = pd.DataFrame({"b12_pmol_l": np.exp(usual + rng.normal(0, within, n))})
    people["b12_second_pmol_l"] = np.exp(usual + rng.normal(0, within, n))
    people.loc[twice:, "b12_second_pmol_l"] = np.nan
    return people


def test_the_spread_within_people_is_worked_by_hand():
    people = pd.DataFrame({"b12_pmol_l": [100, 200, 300, None], "b12_second_pmol_l": [110, 180, None, 150]})
    # d = log 1.1 = 0.09531 and log 0.9 = -0.10536; d²/2 = 0.004542 and 0.005550; mean 0.005046, root 0.07104
    row = within_person(people, "b12_pmol_l").iloc[0]
    assert row["n"] == 2
    assert row["variance"] == pytest.approx(0.005046, abs=1e-6)
    assert row["sd"] == pytest.approx(0.07104, abs=1e-5)
    assert row["se"] == pytest.approx((0.005550 - 0.004542) / 2, abs=1e-6)
    assert row["cv_percent"] == pytest.approx(7.112, abs=1e-3)
    assert row["shift_percent"] == pytest.approx(100 * ((1.1 * 0.9) ** 0.5 - 1), abs=1e-9)


def test_usual_prevalence_is_worked_by_hand():
    # logs of the levels 4, 4.5, 5, 5.5, 6: mean 5, variance 0.5. With 0.25 within people, levels are drawn to
    # 5 + sqrt(0.5) × (x - 5) = 4.293, 4.646, 5, ...: below 4.4 is one of five, below 4.6 still one, not two.
    people = pd.DataFrame({"b12_pmol_l": np.exp([4, 4.5, 5, 5.5, 6])})
    row = usual_prevalence(people, "b12_pmol_l", np.exp(4.4), within=0.5, **BARE).iloc[0]
    assert (row["single"], row["estimate"], row["n"], row["df"]) == (0.2, 0.2, 5, 4)
    assert row["reliability"] == pytest.approx(0.5)
    row = usual_prevalence(people, "b12_pmol_l", np.exp(4.6), within=0.5, **BARE).iloc[0]
    assert (row["single"], row["estimate"]) == (0.4, 0.2)
    raised = people.rename(columns={"b12_pmol_l": "mma_nmol_l"})
    row = usual_prevalence(raised, "mma_nmol_l", np.exp(5.4), within=0.5, **BARE).iloc[0]
    assert (row["single"], row["estimate"]) == (0.4, 0.2)


def test_known_spreads_between_and_within_people_are_recovered():
    people = sample(np.random.default_rng(1), n=40_000, twice=20_000)
    row = within_person(people, "b12_pmol_l").iloc[0]
    assert row["sd"] == pytest.approx(0.25, rel=0.02)
    result = usual_prevalence(people, "b12_pmol_l", 148, **BARE).iloc[0]
    truth, seen = norm.cdf(np.log(148 / 300) / 0.4), norm.cdf(np.log(148 / 300) / np.hypot(0.4, 0.25))
    assert result["reliability"] == pytest.approx(0.16 / (0.16 + 0.0625), rel=0.02)
    assert result["estimate"] == pytest.approx(truth, rel=0.05)
    assert result["single"] == pytest.approx(seen, rel=0.05)
    assert seen > 1.6 * truth


def test_normal_scores_stretch_the_share_as_worked_by_hand_and_agree_where_levels_are_log_normal():
    people = pd.DataFrame({"b12_pmol_l": np.exp([4, 4.5, 5, 5.5, 6])})
    row = usual_prevalence(people, "b12_pmol_l", np.exp(4.4), within=0.5, shape="normal", **BARE).iloc[0]
    # reliability one half: Φ(-0.8416 × 1.4142) = Φ(-1.1902) = 0.1170
    assert (row["single"], row["estimate"]) == (0.2, pytest.approx(0.1170, abs=1e-4))
    people = sample(np.random.default_rng(7), n=40_000, twice=20_000)
    kept, normal = (usual_prevalence(people, "b12_pmol_l", 148, shape=shape, **BARE) for shape in ("kept", "normal"))
    assert kept["estimate"].item() == pytest.approx(normal["estimate"].item(), rel=0.05)
    assert kept["se"].item() == pytest.approx(normal["se"].item(), rel=0.2)


@pytest.mark.parametrize("shape", ["kept", "normal"])
def test_the_interval_covers_the_true_share_of_people_with_usual_low_status(shape):
    rng, truth, covered = np.random.default_rng(2), norm.cdf(np.log(200 / 300) / 0.4), 0
    for _ in range(200):
        row = usual_prevalence(sample(rng, n=800, twice=100), "b12_pmol_l", 200, shape=shape, **BARE).iloc[0]
        covered += row["lower"] <= truth <= row["upper"]
    assert 0.92 * 200 <= covered <= 0.985 * 200


def test_the_interval_is_wider_the_fewer_people_were_measured_twice():
    people = sample(np.random.default_rng(3))
    exact, many, few = (
        usual_prevalence(people, "b12_pmol_l", 148, within=within, **BARE)["se"].item()
        for within in (
            within_person(people, "b12_pmol_l")["sd"].item(),
            within_person(people, "b12_pmol_l"),
            within_person(people, "b12_pmol_l").assign(se=lambda table: 5 * table["se"]),
        )
    )
    assert exact < many < few


def test_groups_are_drawn_towards_their_own_mean_and_the_design_keeps_all_psus():
    people = sample(np.random.default_rng(5), n=900).assign(weight=2.0)
    people["sex"] = ["men", "women", "women"] * 300
    people["stratum"], people["psu"] = np.repeat([1, 2, 3], 300), np.tile(np.repeat([1, 2], 150), 3)
    both = usual_prevalence(people, "b12_pmol_l", 200, by="sex")
    assert both["sex"].tolist() == ["men", "women"]
    assert both["n"].tolist() == [300, 600]
    assert both["df"].tolist() == [3, 3]
    men = usual_prevalence(
        people[people["sex"] == "men"], "b12_pmol_l", 200, within=within_person(people, "b12_pmol_l")
    )
    pd.testing.assert_series_equal(men.loc[0, "n":], both.loc[0, "n":], check_names=False)


def test_nobody_beyond_the_cut_off_still_has_an_interval():
    people = pd.DataFrame({"b12_pmol_l": np.exp(np.linspace(5, 7, 60))})
    row = usual_prevalence(people, "b12_pmol_l", 100, within=0.1, **BARE).iloc[0]
    assert (row["estimate"], row["lower"]) == (0, 0)
    assert row["upper"] == pytest.approx(1 - 0.025 ** (1 / 60))
    row = usual_prevalence(people, "b12_pmol_l", 2000, within=0.1, **BARE).iloc[0]
    assert (row["lower"], row["estimate"], row["upper"]) == (pytest.approx(0.025 ** (1 / 60)), 1, 1)


def test_one_level_only_needs_no_spread_where_nobody_varies():
    people = pd.DataFrame({"b12_pmol_l": [120.0, 120.0, 120.0]})
    row = usual_prevalence(people, "b12_pmol_l", 148, within=0, **BARE).iloc[0]
    assert (row["single"], row["estimate"], row["upper"], row["reliability"]) == (1, 1, 1, 1)
    with refused("people vary by 0.000 on the log scale and one person by 0.100: no spread is left between them"):
        usual_prevalence(people, "b12_pmol_l", 148, within=0.1, **BARE)


def test_what_cannot_be_estimated_is_refused():
    people = sample(np.random.default_rng(6), n=50, twice=20).assign(weight=1.0, stratum=1, psu=1)
    with refused("stratum 1 has a single PSU"):
        usual_prevalence(people, "b12_pmol_l", 148)
    with refused("people lacks column 'b12_second_pmol_l'"):
        usual_prevalence(people[["b12_pmol_l"]], "b12_pmol_l", 148, **BARE)
    with refused("people vary by 0."):
        usual_prevalence(people, "b12_pmol_l", 148, within=2, **BARE)
    with refused("within=-0.1 is out of range"):
        usual_prevalence(people, "b12_pmol_l", 148, within=-0.1, **BARE)
    with refused("cutoff=0 is out of range"):
        usual_prevalence(people, "b12_pmol_l", 0, within=0, **BARE)
    with refused("shape='skewed' is not known; choose one of 'kept', 'normal'"):
        usual_prevalence(people, "b12_pmol_l", 148, within=0, shape="skewed", **BARE)
    with refused("marker='age' is not known"):
        usual_prevalence(people, "age", 148, within=0, **BARE)
    with refused("people has 1 with b12_pmol_l measured twice; at least two are needed"):
        within_person(people.loc[19:], "b12_pmol_l")
    with refused("within has 0 rows for marker 'b12_pmol_l'"):
        usual_prevalence(people, "b12_pmol_l", 148, within=within_person(people, "b12_pmol_l").iloc[:0], **BARE)
    with refused("column 'psu' of people is missing in row 0"):
        usual_prevalence(people.assign(psu=[None, *range(49)]), "b12_pmol_l", 148)


# What must hold for any people

levels = st.lists(st.floats(min_value=20, max_value=2000), min_size=3, max_size=30, unique=True)


shapes = st.sampled_from(["kept", "normal"])


@same_every_time
@given(levels, st.floats(min_value=30, max_value=1500), shapes)
def test_without_scatter_within_people_the_usual_status_is_the_single_measurement(values, cutoff, shape):
    people = pd.DataFrame({"b12_pmol_l": values})
    row = usual_prevalence(people, "b12_pmol_l", cutoff, within=0, shape=shape, **BARE).iloc[0]
    assert (row["estimate"], row["lower"], row["upper"]) == (row["single"], row["single_lower"], row["single_upper"])
    assert row["single"] == pytest.approx(np.mean([np.log(value) < np.log(cutoff) for value in values]))


@same_every_time
@given(levels, st.floats(min_value=30, max_value=1500), st.floats(min_value=0.01, max_value=0.9))
def test_scatter_within_people_moves_a_prevalence_away_from_one_half_and_weights_have_no_unit(values, cutoff, part):
    people = pd.DataFrame({"b12_pmol_l": values}).assign(weight=np.arange(1, len(values) + 1))
    logs = np.log(values)
    mean = np.average(logs, weights=people["weight"])
    within = np.sqrt(part * np.average((logs - mean) ** 2, weights=people["weight"]))
    design = {"strata": None, "psu": None, "within": within}
    row = usual_prevalence(people, "b12_pmol_l", cutoff, **design).iloc[0]
    if np.log(cutoff) < mean:
        assert row["estimate"] <= row["single"]
    else:
        assert row["estimate"] >= row["single"]
    assert 0 <= row["lower"] <= row["estimate"] <= row["upper"] <= 1
    scaled = usual_prevalence(people.assign(weight=7.5 * people["weight"]), "b12_pmol_l", cutoff, **design).iloc[0]
    assert scaled["estimate":"upper"].tolist() == pytest.approx(row["estimate":"upper"].tolist(), abs=1e-9)


@same_every_time
@given(levels, st.floats(min_value=30, max_value=1500), st.floats(min_value=30, max_value=1500))
def test_a_wider_cut_off_never_gives_a_lower_usual_prevalence(values, one, other):
    people = pd.DataFrame({"b12_pmol_l": values})
    within = 0.5 * np.std(np.log(values))
    found = [
        usual_prevalence(people, "b12_pmol_l", cut, within=within, **BARE)["estimate"].item()
        for cut in sorted([one, other])
    ]
    assert found[0] <= found[1]


# NHANES


def test_the_repeat_examination_of_2001_gives_the_known_scatter_within_people(shared):
    tables = shared / "nhanes/tables"
    both = pd.read_csv(tables / "L06_B.csv.xz").merge(pd.read_csv(tables / "L06_2_B.csv.xz"), on="SEQN")
    names = {"b12_pmol_l": ("LBXB12", "LB2B12"), "mma_nmol_l": ("LBXMMA", "LB2MMA"), "hcy_umol_l": ("LBDHCY", "LB2HCY")}
    both = both.dropna(subset=[name for pair in names.values() for name in pair])
    assert len(both) == 535
    for marker, known in {"b12_pmol_l": 14.8, "mma_nmol_l": 21.4, "hcy_umol_l": 15.3}.items():
        people = both.rename(columns=dict(zip(names[marker], (marker, second(marker)), strict=True)))
        row = within_person(people, marker).iloc[0]
        assert row["n"] == 535
        assert 100 * row["sd"] == pytest.approx(known, abs=0.051)


def test_the_single_measurement_is_r_s_estimate_for_the_survey(shared):
    reference = pd.read_csv(shared / "reference/survey_r.csv").query(
        "cycle == '2003-2004' and indicator == 'B12<148 pmol/L'"
    )
    people = pd.read_csv(shared / "nhanes/derived/nhanes_b12_analysis.csv.gz", low_memory=False)
    people = people.query("cycle == '2003-2004' and wtmec2yr > 0")
    people["band"] = pd.cut(people["age"], [19, 39, 59, 120], labels=["20-39", "40-59", "60+"])
    design = {"weight": "wtmec2yr", "strata": "sdmvstra", "psu": "sdmvpsu"}
    result = usual_prevalence(people, "b12_pmol_l", 148, within=0.148, by="band", **design)
    expected = reference.set_index("domain").loc[result["band"].astype(str)]
    assert result["n"].tolist() == expected["n_unweighted"].tolist()
    assert result["df"].tolist() == expected["df"].tolist()
    for ours, theirs in {"single": "prev", "single_lower": "logit_lo", "single_upper": "logit_hi"}.items():
        np.testing.assert_allclose(result[ours], expected[theirs], rtol=1e-6)
    assert (result["estimate"] < result["single"]).all()
