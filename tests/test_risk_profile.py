"""What is published of each risk group: facts as they stand in the tables, in order, and side by side."""

import math

import pandas as pd
import pytest

from b12analysis import risk_groups, risk_profile
from b12analysis.arguments import InputError
from b12analysis.evidence import STATUSES, load
from b12analysis.risk import KINDS, conflicts, gradients, group_by_definition
from b12analysis.risk.profile import facts

GROUPS = load("groups").query("role == 'risk'")["group"].tolist()
#: Wilson's limits are worked out here from the same closed formula.
CLOSED = 1e-12


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return facts().set_index("id")


@pytest.fixture(scope="module")
def tables() -> pd.DataFrame:
    """Rows of both tables under their ids."""
    return pd.concat([load("surveys"), load("risk_factors")]).set_index("id")


@pytest.fixture(scope="module")
def groups() -> pd.DataFrame:
    return risk_groups().set_index("group")


# -- facts


def test_every_row_of_both_tables_is_one_fact_with_its_own_source_and_status(known, tables):
    assert sorted(known.index) == sorted(tables.index)
    same = ["group", "source", "status", "cohort", "country", "population"]
    pd.testing.assert_frame_equal(known[same].sort_index(), tables[same].sort_index())


@pytest.mark.parametrize("group", GROUPS)
def test_every_risk_group_has_a_profile(group):
    profile = risk_profile(group)
    assert len(profile)
    assert set(profile["group"]) == {group}
    assert set(profile["kind"]) <= set(KINDS)
    assert profile["kind"].map(KINDS.index).is_monotonic_increasing
    assert set(profile["status"]) <= set(STATUSES)
    assert profile[["unit", "source", "population"]].notna().all(axis=None)


def test_a_fact_without_a_number_says_in_words_or_limits_what_it_knows(known):
    bare = known[known["estimate"].isna()]
    assert len(bare)
    assert bare[["lower", "upper"]].notna().any(axis=1).all()


def test_limits_lie_around_the_estimate_and_shares_in_0_to_1(known):
    assert not (known["lower"] > known["estimate"]).any()
    assert not (known["upper"] < known["estimate"]).any()
    shares = known[known["unit"] == "share"][["estimate", "lower", "upper"]]
    assert shares.min(axis=None) >= 0
    assert shares.max(axis=None) <= 1


def test_52_percent_of_232_men_have_wilsons_interval(known):
    n, p, z = 232, 0.52, 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    row = known.loc["A70"]
    assert row[["lower", "upper"]].tolist() == pytest.approx([centre - half, centre + half], abs=CLOSED)
    assert row[["estimate", "interval", "definition"]].tolist() == [0.52, "wilson", "b12_118"]
    assert row["comparison"] == "omnivores (A72)"


@pytest.mark.parametrize(
    ("identifier", "kind", "unit", "estimate", "lower", "upper"),
    [
        ("A10", "prevalence", "share", 0.044, 0.031, 0.057),  # printed
        ("A81", "prevalence", "share", 0.92, None, None),  # a bare percentage has no interval
        ("A74", "prevalence", "share", None, 0.25, 0.86),  # a range over studies
        ("B28a", "exposure", "share", 0.0071, 0.0058, 0.0086),
        ("B20a", "exposure", "share", 0.004, None, None),  # 400 per 100,000
        ("B47", "incidence", "per_100000_year", None, 10, 20),
        ("B31a", "incidence", "share", 1.0, None, None),
        ("B34", "time_to_deficiency", "months", 9, None, None),
        ("B71", "effect", "odds_ratio", 2.92, 1.26, 6.78),
        ("B63a", "effect", "percentage_points", 7.2, 2.3, 12.1),
        ("B62", "difference", "percent_change", -19, -24, -14),
        ("N9b", "difference", "ratio", 1.0, 0.93, 1.08),
        ("B72", "effect", "percent_change", -66.7, None, None),  # of the prevalence of deficiency, no marker
        ("B73", "gradient", "odds_ratio", 2.88, 2.15, 3.87),
        ("B91a", "other", "share", 3120 / 25956, None, None),  # counts alone are printed
        ("B87b", "other", "share", 0.25, None, None),
    ],
)
def test_a_fact_is_that_of_its_row(known, identifier, kind, unit, estimate, lower, upper):
    row = known.loc[identifier]
    assert (row["kind"], row["unit"]) == (kind, unit)
    expected = [math.nan if value is None else value for value in (estimate, lower, upper)]
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx(expected, nan_ok=True)


def test_a_comparator_is_compared_with_nobody(known):
    assert pd.isna(known.loc["A72", "comparison"])
    assert known.loc["B70a", "comparison"] == "no diabetes (A25); diabetes without metformin (B70b)"


def test_a_comparator_is_of_the_same_year_of_the_trial_and_without_the_condition(known):
    assert known.loc[["B66a", "B67a"], "comparison"].tolist() == ["no metformin (B66b)", "no metformin (B67b)"]
    assert known.loc["A39b", "comparison"] == "no atrophic gastritis (A39a)"


def test_a_profile_by_one_definition_keeps_what_needs_none(known):
    profile = risk_profile("metformin", definition="b12_150")
    assert set(profile["definition"].dropna()) == {"b12_150"}
    assert "difference" in set(profile["kind"])
    assert len(profile) < len(risk_profile("metformin"))
    assert risk_profile("vegans", definition="b12_133")["kind"].unique().tolist() == ["exposure"]


def test_statuses_of_one_group_stay_apart():
    ppi = risk_profile("ppi").set_index("id")["status"]
    assert ppi[["B89", "B92a"]].tolist() == ["verified", "recalled"]


@pytest.mark.parametrize("function", [risk_profile, gradients, conflicts, lambda group: group_by_definition([group])])
def test_an_unknown_group_is_refused_with_the_choices(function):
    with pytest.raises(InputError, match=r"^group='vegan' .*vegans"):
        function("vegan")


@pytest.mark.parametrize("function", [risk_groups, lambda definition: risk_profile("ppi", definition=definition)])
def test_an_unknown_definition_is_refused_with_the_choices(function):
    with pytest.raises(InputError, match=r"^definition='b12_147' .*b12_148"):
        function("b12_147")


# -- gradients


def test_total_gastrectomy_by_years_in_order():
    steps = gradients("total_gastrectomy")
    assert steps["id"].tolist() == ["B33a", "X11a", "B33b", "X11b", "B33c", "X11c", "B33d", "X11d", "B31a", "B33e"]
    assert steps["step"].tolist() == [0.5, 1, 1, 2, 2, 3, 3, 4, 4, 4]


def test_the_arms_of_a_trial_stand_at_the_same_step():
    years = gradients("metformin").query("gradient_by == 'duration' and definition == 'b12_150' and cohort == 'dppos'")
    assert years["id"].tolist() == ["B66a", "B66b", "B67a", "B67b"]
    assert years["step"].tolist() == [5, 5, 13, 13]


def test_effects_of_each_further_step_come_last_and_are_not_multiplied_up():
    years = gradients("metformin").query("gradient_by == 'duration'")
    assert years["step_is"].tolist()[-2:] == ["each", "each"]
    assert years["step_is"].tolist().count("each") == 2
    assert years["estimate"][years["id"] == "B69"].tolist() == [1.13]


def test_a_group_without_a_gradient_has_an_empty_table_of_the_same_columns():
    assert gradients("nitrous_oxide").empty
    assert gradients("nitrous_oxide").columns.tolist() == gradients("ppi").columns.tolist()
    assert gradients("ppi")["gradient_by"].tolist() == ["dose", "dose", "duration", "duration"]


def test_those_without_atrophic_gastritis_are_the_first_step():
    steps = gradients("atrophic_gastritis").query("definition == 'b12_170'")
    assert steps[["id", "group", "step"]].to_numpy().tolist() == [
        ["A98c", "no_atrophic_gastritis", 0],
        ["A98a", "atrophic_gastritis", 1],
    ]


# -- conflicts


def test_every_row_cited_on_a_side_is_found_with_its_own_status(tables):
    found = conflicts()
    resolved = found[found["source"].notna()]
    assert resolved["status"].tolist() == tables.loc[resolved["id"], "status"].tolist()
    wordless = found[found["source"].isna()]
    assert set(wordless["id"]) == {"A85", "B96"}
    assert wordless["note"].str.startswith("no number").all()
    assert found.groupby("conflict")["side"].unique().map(list).tolist() == [["one", "other"]] * len(load("conflicts"))


def test_vegans_who_supplement_stand_against_those_who_take_no_vitamins():
    found = conflicts("vegans").query("conflict == 'K03'").set_index("id")
    assert found["side"].to_dict() == {"A81": "one", "A78a": "one", "A70": "one", "A85": "other"}
    assert set(found["explained_by"]) == {"supplement_use"}
    assert found.loc["A81", ["estimate", "modifier"]].tolist() == [0.92, "takes no vitamins"]
    assert set(found["explanation_status"]) == {"verified"}


def test_a_group_without_a_conflict_has_none():
    assert conflicts("nitrous_oxide").empty


# -- all groups


def test_every_risk_group_has_a_row_with_its_claim_and_counts(groups, known):
    assert groups.index.tolist() == GROUPS
    counted = known.groupby(["group", "kind"]).size().unstack(fill_value=0)
    assert groups[list(KINDS)].to_numpy().tolist() == counted.loc[GROUPS, list(KINDS)].to_numpy().tolist()
    assert groups.loc[["vegans", "ppi"], "status"].tolist() == ["secondary", "recalled"]
    assert groups.loc["vegans", ["claim", "verdict"]].tolist() == ["claim-G1", "supported"]
    assert pd.isna(groups.loc["nitrous_oxide", "claim"])
    assert groups.loc[["total_gastrectomy", "nitrous_oxide"], "conflicts"].tolist() == [2, 0]


def test_ranges_name_their_ends(groups):
    vegans = groups.loc["vegans"]
    assert vegans[["prevalence_lowest", "prevalence_lowest_id"]].tolist() == [0.52, "A70"]
    assert vegans[["prevalence_highest", "prevalence_highest_definition"]].tolist() == [0.92, "holotc_35"]
    assert groups.loc["crohns", ["exposure_lowest", "exposure_highest"]].tolist() == [0.0022, 0.004]
    assert groups.loc["food_malabsorption", ["exposure_lowest", "exposure_highest"]].tolist() == [0.1, 0.3]


def test_marginal_status_and_what_reviews_state_are_no_deficiency(groups):
    ends = groups.loc["older_adults"]
    assert ends[["prevalence_highest", "prevalence_highest_id"]].tolist() == [0.16, "A90"]
    marginal = risk_groups("b12_marginal_221").set_index("group").loc["older_adults"]
    assert marginal["prevalence_highest_id"] == "A38"


def test_effects_disagree_where_some_intervals_include_1(groups):
    assert groups.loc[["ppi", "metformin"], "effects_disagree"].tolist() == [True, False]
    assert pd.isna(groups.loc["h2ra", "effects_disagree"])


def test_a_claim_sums_up_its_groups(groups):
    claims = risk_groups(by="claim").set_index("claim")
    for kind in KINDS:
        assert claims[kind].to_dict() == groups.groupby("claim")[kind].sum().to_dict()
    assert claims.loc["claim-G4", ["effect_weakest", "effect_strongest"]].tolist() == [0.92, 2.92]
    with pytest.raises(InputError, match=r"^by='country' .*claim"):
        risk_groups(by="country")


def test_a_cell_of_the_heat_map_is_its_most_precise_row():
    cells = group_by_definition().set_index(["group", "definition"])
    assert cells.index.is_unique
    older = cells.loc[("older_adults", "b12_148")]
    assert older[["id", "rows"]].tolist() == ["A10", 2]  # without the reviews' 6 %
    assert older[["estimate", "lowest", "highest"]].tolist() == pytest.approx([0.044, 0.044, 0.12])
    assert cells.loc[("vegans", "holotc_35"), ["estimate", "interval"]].tolist() == [0.92, "none"]
    assert (cells["lowest"] <= cells["estimate"]).all()
    assert (cells["estimate"] <= cells["highest"]).all()
    assert set(group_by_definition(["coeliac"])["definition"]) == {"stated", "b12_162"}
