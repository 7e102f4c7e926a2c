"""Folate masking: what was published, counted once; our attempt against R; who goes unseen."""

import json
from itertools import product
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import masking
from b12analysis.arguments import InputError
from b12analysis.evidence import load
from b12analysis.nhanes import folate, unseen

R = json.loads((Path(__file__).parent / "reference" / "folate.json").read_text())
#: The shipped tables keep ten decimals; R iterates its models to 1e-14.
PRINTED = 1e-8


# What was published


def test_each_group_of_the_one_survey_is_counted_once():
    counted = masking.published().query("counted")
    assert not counted.duplicated(["cohort", "outcome", "b12_status", "folate_status"]).any()
    us = counted.query("cohort == 'nhanes_1999_2006'")
    assert (us[["reference_b12", "reference_folate"]] == "normal").all(axis=None)
    groups = us.groupby("outcome").size()
    assert groups.to_dict() == {"anaemia": 4, "cognitive_impairment": 4}  # macrocytosis: not by folate


def test_every_published_odds_ratio_is_there_as_printed():
    rows = load("folate").query("measure == 'odds_ratio'").set_index("id")
    found = masking.published().query("id != ''").set_index("id")
    assert set(found.index) == set(rows.index)
    for name in ("lower", "upper", "status", "source"):
        pd.testing.assert_series_equal(found[name], rows[name].loc[found.index])
    assert (found["counted"] == (found["why_not"] == "")).all()
    # of Clarke's two cut-offs the one next to 59 nmol/L counts
    assert found.query("source == 'clarke2008' and counted").index.tolist() == ["E14b", "E14a"]


def test_a_ratio_of_odds_ratios_by_hand():
    row = masking.interactions("cognitive_impairment").query("source == 'morris2007'").iloc[0]
    se = sqrt(((log(6.1) - log(1.1)) / 3.919928) ** 2 + ((log(0.9) - log(0.2)) / 3.919928) ** 2)
    expected = [2.6 / 0.4, exp(log(6.5) - 1.959964 * se), exp(log(6.5) + 1.959964 * se)]
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx(expected, rel=1e-6)  # 1.959964 has 7 digits


def test_no_interval_where_the_reference_is_shared_or_a_figure_was_not_printed():
    table = masking.interactions()
    shared = table.query("source == 'selhub2009 morris2007'").iloc[0]
    assert shared["estimate"] == pytest.approx(5.0 / (1.7 * 0.4))
    bounded = table[table["at_least"].notna()].iloc[0]
    assert bounded[["outcome", "at_least"]].tolist() == ["anaemia", 3.1]
    assert pd.isna([shared["lower"], bounded["estimate"], bounded["lower"]]).all()
    negative = table.query("source == 'clarke2008' and counted").iloc[0]
    assert negative["lower"] < 1 < negative["upper"]


# Our attempt


@pytest.mark.parametrize("model", R["models"], ids=lambda model: f"{model['outcome']}-{model['adjusted']}")
def test_odds_ratios_are_those_of_r(model):
    asked = {"outcome": model["outcome"], "adjusted": model["adjusted"]}
    ours = masking.measured(**asked).query("reference_folate == 'normal'")
    ours = ours.set_index(["b12_status", "folate_status", "reference_b12"])
    interaction = masking.measured(**asked, statistic="ratio_of_odds_ratios").iloc[0]
    low, high, product_ = model["coefficient"]
    expected = {("low", "normal", "normal"): low, ("normal", "high", "normal"): high,
                ("low", "high", "normal"): low + high + product_, ("low", "high", "low"): high + product_}  # fmt: skip
    for group, coefficient in expected.items():
        assert log(ours.loc[group, "estimate"]) == pytest.approx(coefficient, abs=PRINTED)
    assert (ours["n"] == model["n"]).all()
    from scipy.stats import t

    half = t.ppf(0.975, model["df"]) * model["se"][2]
    found = [log(interaction[name]) for name in ("estimate", "lower", "upper")]
    # R's standard error is of the last step but one of its iteration
    assert found == pytest.approx([product_, product_ - half, product_ + half], abs=1e-7)


@pytest.mark.parametrize("share", R["prevalence"], ids=lambda share: share["outcome"])
def test_prevalences_are_those_of_r(share):
    both = masking.measured(share["outcome"], statistic="prevalence").query("b12_status == 'low'").iloc[-1]
    assert [both["folate_status"], both["n"]] == ["high", share["n"]]
    assert both["estimate"] == pytest.approx(share["estimate"], abs=PRINTED)
    # R's limits of a proportion come from a model that it iterates to 1e-8
    assert both[["lower", "upper"]].tolist() == pytest.approx(share["logit"], abs=1e-6)


def made_up(cells: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """People of 70 in four groups (B12, folate): with anaemia, without."""
    rows = []
    for group, (ill, well) in cells.items():
        b12, high = group.split("_")
        person = {"b12_pmol_l": 100 if b12 == "low" else 300, "folate_serum_nmol_l": 60 if high == "high" else 59}
        rows += [person | {"haemoglobin_g_dl": 11}] * ill + [person | {"haemoglobin_g_dl": 14}] * well
    people = pd.DataFrame(rows).assign(mma_nmol_l=150, age=70, sex="women", mcv_fl=90, digit_symbol=40, weight=1.0)
    no = pd.Series([False] * len(people), dtype="boolean")
    people = people.assign(**dict.fromkeys([*folate.DISEASES, "smoked_100"], no), creatinine_mg_dl=0.9, egfr=90)
    return people.assign(smokes_now=None, ethnicity="other", stratum=1, psu=range(len(people)))


def computed(monkeypatch, people: pd.DataFrame) -> pd.DataFrame:
    monkeypatch.setattr(folate, "load", lambda cycles, folder: people)
    monkeypatch.setattr(folate, "DEFINITIONS", ["b12_148_or_mma_210"])
    monkeypatch.setattr(folate, "_POOLS", [("1999-2002", ("healthy",), ("anaemia",), ("crude",))])
    return folate.compute_folate()


def test_a_two_by_two_by_hand(monkeypatch):
    people = made_up({"normal_normal": (10, 90), "normal_high": (5, 45), "low_normal": (8, 12), "low_high": (6, 4)})
    table = computed(monkeypatch, people)
    shares = table.query("statistic == 'prevalence'")["estimate"]
    assert shares.tolist() == pytest.approx([0.1, 0.1, 0.4, 0.6])
    odds = table.query("statistic == 'odds_ratio'").set_index(["b12_status", "folate_status", "reference_b12"])
    assert odds.loc[("low", "any", "normal"), "estimate"] == pytest.approx((14 / 16) / (15 / 135))
    assert odds.loc[("low", "normal", "normal"), "estimate"] == pytest.approx((8 / 12) / (10 / 90))
    assert odds.loc[("low", "high", "normal"), "estimate"] == pytest.approx((6 / 4) / (10 / 90))
    assert odds.loc[("low", "high", "low"), "estimate"] == pytest.approx((6 / 4) / (8 / 12))
    interaction = table.query("statistic == 'ratio_of_odds_ratios'").iloc[0]
    assert interaction["estimate"] == pytest.approx(13.5 / 6)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ((3, 1), "fewer than 5 people with low B12 and high folate"),
        ((6, 0), "none or all with low B12 and high folate"),
    ],
)
def test_a_group_that_cannot_be_compared_has_the_reason_and_no_number(monkeypatch, last, words):
    people = made_up({"normal_normal": (10, 90), "normal_high": (5, 45), "low_normal": (8, 12), "low_high": last})
    table = computed(monkeypatch, people).query("statistic != 'prevalence' and folate_status != 'any'")
    assert table["estimate"].isna().all()
    assert table["note"].str.contains(words).all()


def test_limits_of_status_are_those_of_the_papers():
    people = made_up({"normal_normal": (1, 0)}).loc[[0] * 6].reset_index(drop=True)
    people["b12_pmol_l"] = [147.9, 148, 300, 300, 300, None]
    people["mma_nmol_l"] = [150, 210, 211, 210, 210, 300]
    people["digit_symbol"] = [33, 34, None, 40, 40, 40]
    people["creatinine_mg_dl"] = [1.2, 1.3, 1.0, 1.0, 1.0, None]
    people["stroke"] = pd.array([False, False, False, True, None, False], "boolean")
    found = folate.with_status(people)
    assert found["low"].tolist() == [True, False, True, False, False, pd.NA]
    assert found["cognitive_impairment"].tolist() == [True, False, pd.NA, False, False, False]
    assert found["healthy"].tolist() == [True, False, False, False, True, False]


def test_few_people_are_low_in_b12_and_high_in_folate_and_the_direction_is_theirs():
    people = masking.measured("anaemia", statistic="prevalence").set_index(["b12_status", "folate_status"])["n"]
    assert people[("low", "high")] < 50 < people[("low", "normal")]
    beside = masking.compared()
    assert len(beside) == 11
    assert beside["same_direction"].all()
    assert beside["held"].fillna(True).all()
    # of anaemia the size cannot be had: the limits are further apart than tenfold
    anaemic = beside.set_index("id").loc["E09"]
    assert anaemic["upper"] > 10 * anaemic["lower"]
    # with the ill the interaction on cognition is gone
    everybody = masking.measured("cognitive_impairment", statistic="ratio_of_odds_ratios", population="everybody")
    assert everybody["lower"].iloc[0] < 1 < everybody["upper"].iloc[0]


# Who goes unseen


@pytest.mark.parametrize("share", R["unseen"], ids=lambda share: share["of"])
def test_shares_unseen_are_those_of_r(share):
    table = load("nhanes_unseen").query("cycles == '2011-2014' and indicator == 'b12_148' and kind == 'neither'")
    row = table[(table["of"] == share["of"]) & (table["age_band"] == share["age_band"])].iloc[0]
    assert row["n"] == share["n"]
    assert row["estimate"] == pytest.approx(share["estimate"], abs=PRINTED)
    assert row[["lower", "upper"]].tolist() == pytest.approx(share["logit"], abs=1e-6)  # as above


def test_the_four_kinds_are_everybody():
    table = load("nhanes_unseen")
    keys = ["cycles", "age_band", "indicator", "of"]
    wide = table.pivot(index=keys, columns="kind", values="estimate").astype(float).reset_index()
    four = wide[["anaemia_only", "macrocytosis_only", "both", "neither"]].sum(axis=1)
    whole = wide["deficient"].where(wide["of"] == "everybody", 1.0)
    np.testing.assert_allclose(four, whole, atol=5e-10)  # ten decimals, four of them added
    np.testing.assert_allclose(wide["anaemia_only"] + wide["both"], wide["anaemia"], atol=2e-10)
    assert (table["n"] >= 5).all()


def test_what_a_blood_count_shows_is_one_of_four_or_unknown():
    cells = list(product([11.9, 12.0, None], [100.0, 100.1, None]))
    people = pd.DataFrame(cells, columns=["haemoglobin_g_dl", "mcv_fl"]).assign(age=50, sex="women")
    found = unseen.kinds(people)
    four = found[["anaemia_only", "macrocytosis_only", "both", "neither"]]
    known = people.notna().all(axis=1)
    assert (four[known].sum(axis=1) == 1).all()
    assert found[~known].isna().all(axis=None)
    assert four.loc[known].apply(lambda row: row.idxmax(), axis=1).tolist() == [
        "anaemia_only", "both", "neither", "macrocytosis_only",
    ]  # fmt: skip


def test_numbers_unseen_by_hand():
    table = load("nhanes_unseen").query("of == 'everybody' and cycles == '1999-2004' and indicator == 'b12_148'")
    share = table.query("age_band == '60+'").set_index("kind")["estimate"]
    counts = masking.unseen(age_band="60+", cycles="1999-2004", corrected=0.25).set_index("kind")
    people = 75_717_949  # of the United States aged 60 and over in 2020, UN WPP 2019
    assert (counts["people"] == people).all()
    assert counts.loc["neither", "estimate"] == pytest.approx(people * share["neither"])
    assert counts.loc["unseen", "estimate"] == pytest.approx(people * (share["neither"] + share["anaemia"] / 4))
    assert counts["status"].tolist() == ["computed"] * 4 + ["assumption"] * 2


@settings(derandomize=True, max_examples=5, deadline=None)
@given(st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_the_more_anaemia_is_corrected_the_more_go_unseen_and_never_more_than_are_deficient(corrected):
    less, more = (masking.unseen(corrected=share).set_index("kind") for share in corrected)
    limits = ["lower", "estimate", "upper"]
    assert (less.loc["unseen", limits] <= more.loc["unseen", limits]).all()
    left = more.loc["deficient", "estimate"] - more.loc["macrocytosis_only", "estimate"]
    assert more.loc["unseen", "estimate"] <= left * (1 + 1e-8)  # the shipped shares have ten decimals
    assert more.loc["unseen", limits].is_monotonic_increasing


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: masking.published("anemia"), "outcome='anemia' is not known (did you mean 'anaemia'?)"),
        (lambda: masking.interactions("macrocytosis"), "outcome='macrocytosis' is not known"),
        (lambda: masking.measured("dementia"), "outcome='dementia' is not known"),
        (lambda: masking.measured(cycles="2011-2014"), "cycles='2011-2014' is not known"),
        (lambda: masking.measured("cognitive_impairment", cycles="1999-2004"), "population='healthy' is not known"),
        (lambda: masking.unseen(corrected=1.2), "corrected=1.2 is out of range"),
        (lambda: masking.unseen(indicator="b12_221"), "indicator='b12_221' is not known"),
        (lambda: masking.unseen(age_band="65+"), "age_band='65+' is not known"),
        (lambda: masking.unseen("Ruritania"), "Ruritania"),
    ],
)
def test_wrong_arguments_are_refused_by_name(call, words):
    with pytest.raises(InputError) as refused:
        call()
    assert words in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "compute"), [("folate", folate.compute_folate), ("unseen", unseen.compute_unseen)])
def test_the_shipped_tables_are_what_the_files_say(shared, name, compute):
    shipped = load(f"nhanes_{name}")
    again = compute(shared / "nhanes").replace("", None)
    keys = [column for column in shipped if column not in ("estimate", "lower", "upper")]
    assert shipped[keys].astype(object).fillna("").equals(again[keys].astype(object).fillna(""))
    numbers = ["estimate", "lower", "upper"]
    np.testing.assert_allclose(shipped[numbers].astype(float), again[numbers].astype(float), rtol=1e-6, atol=1e-9)


def test_of_another_country_even_what_is_not_assumed_of_folic_acid_is_an_assumption():
    assert set(masking.unseen("Ireland")["status"]) == {"assumption"}
    assert masking.unseen()["status"].tolist() == ["computed"] * 4 + ["assumption"] * 2
