"""The shipped tables: that they hold together, and that no known trap of the literature is in them."""

import csv
import json
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import product
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from b12analysis.evidence import STATUSES, check, load, weakest
from b12analysis.places import DATA
from b12analysis.units import PMOL_PER_PG

NAMES = sorted(path.stem for path in DATA.glob("*.csv"))
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
EVIDENCE = [name for name in NAMES if name not in VOCABULARIES]
RATIOS = ["odds_ratio", "risk_ratio", "prevalence_ratio", "hazard_ratio", "ratio"]
NUMBERS = ["value", "lower", "upper", "reported_percent", "reported_lower_percent", "reported_upper_percent"]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: load(name) for name in NAMES}


@pytest.fixture(scope="module")
def findings(tables) -> pd.DataFrame:
    """All rows of all evidence tables, under their ids; `table` says where a row stands."""
    return pd.concat([tables[name].assign(table=name) for name in EVIDENCE]).set_index("id")


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    """Every cell of every file that is not empty, as text."""
    texts = {name: pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False) for name in NAMES}
    long = pd.concat(
        text.assign(key=text.iloc[:, 0], table=name).melt(["table", "key"], var_name="column", value_name="text")
        for name, text in texts.items()
    )
    # what our code computed may be any number: traps are about figures that somebody copied
    return long[(long["text"] != "") & ~long["table"].str.startswith("nhanes_")]


def base(identifier: str) -> str:
    """Finding that a row belongs to: A1.14a and A1.14 belong to A1.14, C18-def to C18; A1.2 and A12 to themselves."""
    return re.match(r"claim-[A-Z]\d+|[A-Z]\d+(?:\.\d+)?(?=[a-z]*(?:-|$))", identifier).group()


def with_number(cells: pd.DataFrame, number: str) -> pd.DataFrame:
    """Cells that hold the number, whole: 2.6 is neither in 12.6 nor in 2.65."""
    return cells[cells["text"].str.contains(rf"(?<![\d.]){re.escape(number)}(?!\.?\d)")]


def test_a_number_is_found_only_where_it_stands_whole():
    texts = pd.DataFrame({"text": ["2.6", "(2.6)", "12.6", "2.65", "2.60", "1.2.6", "up to 2.6.", "C2.6"]})
    assert with_number(texts, "2.6").index.tolist() == [0, 1, 6, 7]


# How the tables hold together


def test_the_check_finds_no_fault():
    found = check()
    assert found.empty, found.to_string()


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_file_is_one_row_with_as_many_cells_as_the_header(name):
    content = (DATA / f"{name}.csv").read_bytes().decode("utf-8")
    assert "\r" not in content
    assert content.endswith("\n")
    rows = list(csv.reader(content.splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == content.count("\n")
    assert len(set(rows[0])) == len(rows[0])


def test_no_cell_begins_or_ends_with_a_space(cells):
    assert cells[cells["text"].str.strip() != cells["text"]].empty


def test_there_are_at_least_200_rows_with_a_number_that_somebody_has_read(findings):
    read = findings["status"].isin(["verified", "secondary"]) & ~findings["table"].isin(
        ["claims", "recovery_model", "kinetics_model"]
    )
    numbered = findings[NUMBERS].notna().any(axis=1) | findings[["cases", "n"]].notna().all(axis=1)
    assert (read & numbered).sum() >= 200


def test_every_row_with_a_measure_holds_a_number_or_a_direction(findings):
    measured = findings[findings["measure"].notna()]
    told = measured[[*NUMBERS, "cases", "sd", "direction"]].notna().any(axis=1)
    assert len(told) > 500
    assert told.all(), measured.index[~told].tolist()


def test_every_source_that_is_used_is_listed_and_every_source_that_is_listed_is_used(findings, tables):
    counted = pd.concat(tables[name]["source"] for name in ("population", "replications", "standard_populations"))
    assert set(findings["source"]) | set(counted) == set(tables["sources"]["source"])


def test_a_publication_is_listed_once(tables):
    for column in ("doi", "pmid", "pmcid", "citation"):
        assert tables["sources"][column].dropna().is_unique, column


def test_identifiers_of_publications_have_their_form(tables):
    listed = tables["sources"]
    assert listed["doi"].dropna().str.fullmatch(r"10\.\d{4,9}/\S+").all()
    assert listed["pmid"].dropna().str.fullmatch(r"\d{6,8}").all()
    assert listed["pmcid"].dropna().str.fullmatch(r"PMC\d{5,8}").all()


def test_a_citation_completed_from_memory_is_never_called_seen(tables):
    listed = tables["sources"]
    unsure = listed["note"].str.contains(r"from memory|not seen", na=False)
    assert unsure.any()
    assert set(listed["citation_status"][unsure]) == {"completed"}


ADDRESS = (
    r"https?:|www\.|\b[\w-]+\.(?:com|org|net|gov|edu|info|uk|de|nl|be|ch|ca|eu|fr|es|it|jp|ai|io|tech|store|html?)\b"
)
CONFIDENCE = r"(?:recalled|memory|sure|certain|confident)\W+\d+ ?%|\d+ ?% (?:sure|certain|confident|memory)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://pubmed/16970556", True),
        ("pmc.ncbi.nlm.nih.gov/articles", True),
        ("as quoted on droracle.ai", True),
        ("abstract copy of vitamor.com", True),
        ("Recalled 85 %", True),
        ("from memory (90 %)", True),
        ("80 % sure", True),
        ("limits taken as a 95 % confidence interval; Fig. 2, p. 691, e.g. 4.4 %", False),
        ("P = .44; from memory", False),
    ],
)
def test_the_patterns_for_addresses_and_confidence_find_what_they_should(text, found):
    assert bool(re.search(f"{ADDRESS}|{CONFIDENCE}", text, re.IGNORECASE)) is found


@pytest.mark.parametrize("pattern", [ADDRESS, CONFIDENCE], ids=["address", "confidence"])
def test_no_text_holds_an_address_or_a_confidence_in_percent(cells, pattern):
    texts = cells[~cells["column"].isin(["id", "source", "evidence", "doi", "status"]) & (cells["table"] != "columns")]
    assert {"locator", "note", "reason", "population", "citation"} <= set(texts["column"])
    assert texts[texts["text"].str.contains(pattern, case=False)].empty


def test_a_status_is_one_of_the_four(cells):
    assert set(cells[cells["column"] == "status"]["text"]) - set(cells["column"]) == set(STATUSES)


def test_the_locator_agrees_with_the_status(findings):
    cited = findings[findings["table"] != "claims"]
    from_memory = cited["locator"].isin(["not seen", "from memory"])
    assert (from_memory == (cited["status"] == "recalled")).all()
    quoted = cited["locator"].str.contains("quot")
    assert set(cited["status"][quoted]) == {"secondary"}


def test_assumptions_are_only_in_models_claims_and_what_ifs_and_where_a_combination_of_cut_offs_is_ours(findings):
    ours = findings[findings["status"] == "assumption"]
    of_ours = {
        "kinetics_model",
        "recovery_causes",
        "recovery_map",
        "recovery_model",
        "recovery_scenarios",
        "latent_priors",
        "claims",
        "biomarkers",
        "kinetics_targets",
        "regimens",
    }
    assert set(ours["table"]) == of_ours
    combined = ours.query("table == 'biomarkers'")
    assert combined["note"].str.startswith("the combination is ours").all()
    assert set(combined["definition_class"]) == {"combined"}


#: Findings that nobody has read yet. One of them may leave this list only when somebody has.
ONLY_RECALLED = ["A1.7", "A1.8", "A1.9", "A5.6", "A6.3", "B1.4", "B2.14", "B92"]


def test_what_is_only_recalled_is_marked_so_and_so_is_what_the_model_takes_from_it(findings):
    rows = findings[[base(row) in ONLY_RECALLED for row in findings.index]]
    assert {base(row) for row in rows.index} == set(ONLY_RECALLED)
    assert set(rows["status"]) == {"recalled"}
    assert not findings.query("table == 'recovery_model'")["status"].eq("recalled").any()


def test_a_row_left_out_is_not_also_in_a_table(findings, tables):
    left = tables["left_out"]["id"]
    assert left.is_unique
    assert set(left).isdisjoint(findings.index)


def test_limits_are_there_exactly_when_the_row_says_what_they_mean(findings):
    stated = findings[findings["interval"].notna()]
    limits = stated[[number for number in NUMBERS if "lower" in number or "upper" in number]].notna().any(axis=1)
    assert (limits == (stated["interval"] != "none")).all()


def test_values_lie_in_the_range_of_their_measure(findings, tables):
    measures = tables["columns"].query("tables == 'measure'").set_index("column")
    rows = findings[findings["measure"].notna()]
    minimum = rows["measure"].map(measures["minimum"]).astype("Float64").fillna(-np.inf)
    maximum = rows["measure"].map(measures["maximum"]).astype("Float64").fillna(np.inf)
    assert measures["maximum"].notna().any()
    for column in ("value", "lower", "upper"):
        assert (rows[column].isna() | rows[column].between(minimum, maximum)).all(), column


#: Printed percentages that are not the quotient of the printed counts, and the words of the note that say why.
NOT_THE_QUOTIENT = {"A16": "percentage is weighted", "A49": "130 of 962 is 13.51 %", "B28a": "survey-weighted"}


def test_a_printed_percentage_is_that_of_the_printed_counts_unless_the_note_says_why_not(findings, cells):
    percent = findings["reported_percent"].fillna(findings["value"].where(findings["measure"].str.endswith("percent")))
    rows = findings[percent.notna() & findings[["cases", "n"]].notna().all(axis=1)]
    texts = cells[cells["column"].isin(["reported_percent", "value"])].set_index("key")["text"]
    wrong = set()
    for identifier, row in rows.iterrows():
        printed = Decimal(texts[identifier])
        digit = Decimal(1).scaleb(printed.as_tuple().exponent)
        quotient = Decimal(100 * int(row["cases"])) / int(row["n"])
        if printed not in (quotient.quantize(digit, ROUND_HALF_UP), quotient.quantize(digit, ROUND_DOWN)):
            wrong.add(identifier)
    assert len(rows) > 20
    assert wrong == set(NOT_THE_QUOTIENT)
    for identifier, words in NOT_THE_QUOTIENT.items():
        assert words in findings.loc[identifier, "note"]


def test_no_parameter_of_the_nerves_is_a_count_that_was_only_recalled(tables):
    # Healton's counts are targets of an alternative fit; of his series the model takes the printed duration alone
    model, targets = tables["recovery_model"].set_index("parameter"), tables["recovery_targets"]
    assert model.query("source == 'healton1991'").index.tolist() == ["duration_months"]
    printed = load("outcomes").set_index("id").loc["A1.11a"]
    assert model.loc["duration_months", "value"] == printed["value"]
    assert model.loc["duration_months", "status"] == printed["status"] == "verified"
    recalled = targets.query("series == 'healton_1991'").set_index("what")["cases"]
    assert recalled.to_dict() == {"complete": 57, "half": 53, "disabled": 7, "lasting": 11}
    assert recalled[["complete", "half", "lasting"]].sum() == 121


def test_a_parameter_of_the_nerves_has_limits_around_its_value_unless_it_is_fixed(tables):
    model = tables["recovery_model"]
    assert model["parameter"].is_unique
    fixed = model["distribution"] == "fixed"
    assert (model["interval"] == "none").tolist() == fixed.tolist()
    known = model[~fixed]
    assert ((known["lower"] < known["value"]) & (known["value"] < known["upper"])).all()
    assert (model["basis"] != "fitted").loc[fixed].all()
    assert set(model["basis"]) == {"fitted", "sourced", "assumption"}


# The tables of the model of nerves


def test_weights_of_a_symptom_add_up_to_1_and_a_profile_has_a_compartment_that_is_hit_most(tables):
    parts = tables["recovery_map"]
    weights = {
        kind: rows.pivot(index="name", columns="compartment", values="weight") for kind, rows in parts.groupby("kind")
    }
    assert weights["symptom"].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(weights["symptom"])))
    assert weights["profile"].max(axis=1).tolist() == [1] * len(weights["profile"])
    assert (parts["weight"] > 0).all()
    assert parts.query("kind == 'symptom'").groupby("name")["claim"].nunique().eq(1).all()
    assert set(parts["claim"].dropna()) < set(tables["claims"].query("kind == 'symptoms'")["id"])


def test_a_compartment_has_a_half_time_wherever_it_is_named(tables):
    compartments = set(tables["recovery_map"]["compartment"])
    named = tables["recovery_model"]["parameter"].str.extract(r"^half_time_(?:ratio|weeks)_(.+)$")[0].dropna()
    assert (
        set(named)
        == compartments
        == {
            "peripheral_nerve",
            "dorsal_columns",
            "corticospinal_tract",
            "cognition",
            "optic_nerve",
        }
    )


def test_a_profile_or_a_cause_of_a_series_is_one_that_can_be_simulated(tables):
    from b12analysis.recovery import series

    profiles = set(tables["recovery_map"].query("kind == 'profile'")["name"])
    causes = set(tables["recovery_causes"]["cause"])
    targets = tables["recovery_targets"]
    assert set(targets["profile"]) - {"mixed"} <= profiles
    assert {series._CAUSES.get(cause, cause) for cause in targets["cause"]} <= causes
    assert set(series._PROFILES) <= profiles
    assert series._REGIMEN in set(tables["regimens"]["regimen"])


def test_a_cause_is_a_body_that_kinetics_knows(tables):
    causes, model = tables["recovery_causes"], tables["kinetics_model"]
    assert set(causes["absorption"]) <= set(model["condition"].dropna()) | {"normal"}
    assert (causes["start_serum_pmol_l"].isna() == (causes["signal"] == "gas")).all()
    assert (causes["signal"] == "gas").tolist() == (causes["cause"] == "nitrous_oxide").tolist()


# Groups, claims, definitions and the glossary


def test_groups_and_claims_point_to_each_other(tables):
    groups, claims = tables["groups"], tables["claims"].set_index("id")
    assert set(groups["claim"].dropna()) <= set(claims.index)
    assert set(claims.index[claims["kind"] == "risk group"]) <= set(groups["claim"])
    assert not groups[groups["claim"].notna()]["role"].eq("comparator").any()


@pytest.mark.parametrize(
    ("claim", "named"),
    [
        ("claim-G1", {"vegans", "vegetarians"}),
        ("claim-G2", {"older_adults", "atrophic_gastritis", "food_malabsorption"}),
        (
            "claim-G3",
            {"crohns", "ileal_resection", "coeliac", "total_gastrectomy", "distal_gastrectomy", "bariatric_surgery"},
        ),
        ("claim-G4", {"metformin", "ppi", "h2ra"}),
    ],
)
def test_a_claim_about_risk_groups_finds_the_groups_that_it_names(tables, claim, named):
    groups = tables["groups"].query("claim == @claim")
    assert set(groups["group"]) == named
    assert set(groups["role"]) == {"risk"}


def test_every_group_has_a_row_and_no_two_groups_share_a_name(findings, tables):
    used = {*findings["group"].dropna(), *tables["nhanes_groups"]["group"]}
    assert used == set(tables["groups"]["group"])
    assert tables["groups"]["label"].is_unique


def test_a_claim_wears_the_weakest_status_of_its_evidence(findings, tables):
    for claim in tables["claims"].itertuples():
        cited = [] if pd.isna(claim.evidence) else claim.evidence.split()
        assert claim.status == weakest(findings.loc[cited, "status"]), claim.id


def test_a_claim_that_evidence_decides_cites_some(tables):
    without = tables["claims"][tables["claims"]["evidence"].isna()]
    assert set(without["verdict"]) <= {"opinion", "out of scope", "supported"}
    assert without[without["verdict"] == "supported"]["kind"].tolist() == ["disclaimer"]


def test_a_definition_is_listed_once(tables):
    assert tables["biomarkers"]["definition"].is_unique
    assert tables["biomarkers"]["label"].is_unique


#: Definitions that cannot be computed from markers: the source gives no cut-off.
WITHOUT_RULE = {
    "combined_index",
    "hcy_stated",
    "holotc_stated",
    "low_b12_raised_metabolites",
    "mma_age",
    "mma_holotc_stated",
    "stated",
}
MARKERS = ["b12_pmol_l", "holotc_pmol_l", "mma_nmol_l", "hcy_umol_l", "cb12", "three_cb12"]
BLOOD_COUNT = ["mcv_fl", "anaemia"]


def test_only_the_definitions_that_cannot_be_computed_have_no_rule(tables):
    definitions = tables["biomarkers"]
    assert set(definitions["definition"][definitions["rule"].isna()]) == WITHOUT_RULE


def test_every_rule_can_be_evaluated_and_parts_the_people(tables):
    levels = [
        [60, 110, 122, 130, 144, 155, 180, 210, 240, 259, 300],
        [20, 30, 40, 60, 100],
        [100, 230, 265, 290, 350, 390, 420, 500, 800],
        [5, 11, 12.5, 14, 18, 30],
        [-1, 0],
        [-1, 0],
        [90, 110],
        [False, True],
    ]
    people = pd.DataFrame(product(*levels), columns=MARKERS + BLOOD_COUNT)
    ruled = tables["biomarkers"].dropna(subset="rule")
    assert len(ruled) > 40
    for definition in ruled.itertuples():
        assert 0 < len(people.query(definition.rule)) < len(people), definition.definition


def test_a_rule_asks_for_the_marker_of_its_definition_and_for_no_other(tables):
    for definition in tables["biomarkers"].dropna(subset="rule").itertuples():
        asked = set(re.findall(r"[a-z]\w+", definition.rule)) - {"and", "or", "not"}
        assert asked <= {*MARKERS, *BLOOD_COUNT}
        assert definition.marker == "several" or definition.marker in asked
        if definition.marker.endswith("cb12"):
            assert asked == {definition.marker}
            continue
        several = len(asked - set(BLOOD_COUNT)) > 1
        assert several == (definition.definition_class == "combined"), definition.definition


def test_a_rule_on_one_marker_agrees_with_its_limits_on_both_sides_and_on_the_limit(tables):
    ruled = tables["biomarkers"].dropna(subset="rule")
    single = ruled[ruled["above"].notna() | ruled["below"].notna()]
    assert set(ruled["definition"]) - set(single["definition"]) == {
        "b12_148_hcy_10",
        "b12_148_hcy_15",
        "b12_148_or_mma_210",
        "b12_148_or_mma_271",
        "b12_148_and_mma_271",
        "b12_221_and_mma_271",
        "b12_150_or_200_hcy_20",
        "cb12_low",
        "three_cb12_low",
    }
    for definition in single.itertuples():
        above, below = definition.above, definition.below
        limits = [limit for limit in (above, below) if pd.notna(limit)]
        values = sorted({limit + step for limit in limits for step in (-1, -0.01, 0, 0.01, 1)})
        if len(limits) == 2:  # both ends of a band belong to it
            expected = [value for value in values if above <= value <= below]
        elif pd.notna(above):
            expected = [value for value in values if value > above]
        else:
            up_to = "up to" in definition.label
            expected = [value for value in values if value < below or (up_to and value == below)]
        others = {marker: np.nan for marker in MARKERS if marker != definition.marker}
        others |= {"mcv_fl": 100, "anaemia": False}
        people = pd.DataFrame({definition.marker: values}).assign(**others)
        assert people.query(definition.rule)[definition.marker].tolist() == expected, definition.definition


@pytest.mark.parametrize(
    ("definition", "found"),
    [
        ("b12_148_hcy_10", [False, True, False, False, False]),
        ("b12_148_hcy_15", [False, True, False, False, False]),
        ("b12_148_or_mma_210", [True, True, False, True, True]),
        ("b12_150_or_200_hcy_20", [True, True, True, False, True]),
        ("b12_148_or_mma_271", [True, True, False, False, True]),
        ("b12_148_and_mma_271", [False, False, False, False, True]),
        ("b12_221_and_mma_271", [False, False, False, False, True]),
        ("cb12_low", [False, False, False, False, True]),
        ("three_cb12_low", [False, False, False, False, False]),
        ("b12_148_no_anaemia", [True, False, False, False, False]),
        ("b12_marginal_258_no_anaemia", [False, False, True, False, False]),
        ("b12_148_no_macrocytosis", [True, False, False, False, True]),
    ],
)
def test_a_rule_on_several_markers_finds_the_people_found_by_hand(tables, definition, found):
    people = pd.DataFrame(
        {
            "b12_pmol_l": [147, 147, 199, 400, 100],
            "holotc_pmol_l": [50, 50, 50, 50, 20],
            "mma_nmol_l": [200, 200, 210, 211, 600],
            "hcy_umol_l": [10, 21, 20.5, 20, 9],
            "cb12": [-0.5, 0, 0.2, 1, -0.6],
            "three_cb12": [-0.5, 0, 0.2, 1, np.nan],
            "mcv_fl": [100, 100.5, 90, 90, 90],
            "anaemia": [False, True, False, False, True],
        }
    )
    rule = tables["biomarkers"].set_index("definition").loc[definition, "rule"]
    assert people.index.isin(people.query(rule).index).tolist() == found


def test_a_definition_named_after_its_cut_off_has_that_cut_off(tables):
    definitions = tables["biomarkers"]
    named = definitions["definition"].str.extract(r"^(?:b12|holotc|mma|hcy)_(\d+)$")[0].astype("Float64")
    limit = definitions["below"].fillna(definitions["above"])
    assert named.notna().sum() > 20
    assert (named.isna() | (named == limit)).all()


def test_deficient_means_150_pmol_l_of_serum_b12_or_stricter(tables):
    definitions = tables["biomarkers"].query("marker == 'b12_pmol_l' and below.notna() and above.isna()")
    strict = definitions["below"] <= 150
    assert set(definitions["definition_class"][strict]) == {"deficient"}
    assert set(definitions["definition_class"][~strict]) == {"low"}


def test_a_column_is_described_once_for_each_table(tables):
    described = tables["columns"].assign(table=tables["columns"]["tables"].str.split()).explode("table")
    assert not described.duplicated(["column", "table"]).any()
    computed = {path.stem for path in DATA.glob("*.parquet")}
    assert set(described["table"]) <= {*NAMES, *computed, "evidence", "measure"}


def test_every_measure_is_used_and_its_range_is_in_order(findings, tables):
    measures = tables["columns"].query("tables == 'measure'")
    used = {*findings["measure"].dropna(), *findings["marker"].dropna(), *tables["nhanes_associations"]["measure"]}
    assert set(measures["column"]) == used
    assert not (measures["minimum"] > measures["maximum"]).any()


# Units


def test_serum_b12_printed_in_pg_ml_stands_beside_its_value_in_pmol_l(tables):
    printed = tables["trials"].dropna(subset="printed").query("printed.str.endswith('pg/mL')")
    assert len(printed) >= 14
    for row in printed.itertuples():
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.printed)]
        held = [cell for cell in (row.value, row.lower, row.upper, row.sd) if pd.notna(cell)]
        assert held == pytest.approx([PMOL_PER_PG * number for number in numbers], abs=0.0501), row.Index


def test_mma_printed_in_umol_l_stands_beside_its_value_in_nmol_l(tables):
    printed = tables["trials"].dropna(subset="printed").query("printed.str.contains('umol/L')")
    assert set(printed["measure"]) == {"mma_nmol_l", "mma_difference_nmol_l"}
    for row in printed.itertuples():
        numbers = [1000 * float(number) for number in re.findall(r"\d+\.\d+", row.printed)]
        assert sorted(abs(cell) for cell in (row.value, row.lower, row.upper)) == pytest.approx(sorted(numbers))


def test_a_cut_off_printed_in_pg_ml_or_ng_l_is_the_same_cut_off_in_pmol_l(tables):
    limits = tables["biomarkers"].query("marker == 'b12_pmol_l' and (above.isna() != below.isna())")
    printed = limits["note"].str.extract(r"(\d+) (?:pg/mL|ng/L)")[0].astype("Float64")
    held = limits["below"].fillna(limits["above"])
    assert printed.notna().sum() >= 6
    assert ((held - PMOL_PER_PG * printed).abs().dropna() < 1).all()


def test_other_numbers_that_were_converted_agree_with_what_is_printed(findings):
    assert findings.loc["C3.1d", "printed"] == "1.8 ng/mL"
    assert findings.loc["C3.1d", "value"] == pytest.approx(1800 * PMOL_PER_PG)
    assert findings.loc[["C16a", "C16b"], "printed"].tolist() == ["below 100 pg/mL", "below 200 pg/mL"]
    assert findings.loc[["C16a", "C16b"], "cutoff"].tolist() == [round(100 * PMOL_PER_PG), round(200 * PMOL_PER_PG)]
    assert findings.loc["C1.1a", ["lower", "upper", "printed"]].tolist() == [600, 3900, "0.6-3.9 mg"]


# Traps: prevalence


def test_the_20_percent_of_later_life_are_marginal_and_not_deficient(findings):
    allen = findings.loc[["A01", "A02"], ["definition", "reported_percent"]].to_numpy().tolist()
    assert allen == [["b12_148", 6], ["b12_marginal_221", 20]]
    assert findings.loc["claim-P1", "verdict"] == "not supported"


def test_no_national_survey_has_more_than_12_percent_of_older_people_below_148(tables):
    older = tables["surveys"].query("age_band == 'older_adults' and setting == 'national' and definition == 'b12_148'")
    assert len(older) > 3
    assert older["reported_percent"].max() == 12


def test_reviews_that_repeat_allen_are_not_counted_as_further_people(findings):
    assert set(findings.loc[["A01", "A02", "A06a", "A06b", "A97a", "A97b"], "cohort"]) == {"allen2009"}
    assert set(findings.loc[["A06a", "A06b", "A97a"], "setting"]) == {"review"}


def test_epic_oxford_keeps_its_cut_off_of_118_and_never_counts_as_148(tables):
    surveys = tables["surveys"]
    oxford = surveys.query("cohort == 'epic_oxford'").set_index("id")
    assert oxford["definition"].to_dict() == {"A70": "b12_118", "A71": "b12_118", "A72": "b12_118"}
    assert oxford["reported_percent"].tolist() == [52, 7, pd.NA]
    assert oxford.loc["A72", ["cases", "n"]].tolist() == [1, 226]
    assert set(surveys.query("definition == 'b12_118'")["id"]) == set(oxford.index)
    assert set(surveys.query("definition == 'b12_148'")["source"]).isdisjoint({"gilsing2010"})
    assert tables["biomarkers"].set_index("definition").loc["b12_118", "rule"] == "b12_pmol_l < 118"


def test_refsum_is_the_47_percent_of_the_abstract_and_not_the_52_of_the_press_release(findings):
    refsum = findings.query("source == 'refsum2001'")
    assert findings.loc["A40", ["source", "reported_percent"]].tolist() == ["refsum2001", 47]
    assert not refsum["reported_percent"].isin([52, 76]).any()


def test_shanghai_has_130_of_962(findings):
    assert findings.loc["A49", ["cases", "n", "reported_percent"]].tolist() == [130, 962, 13.53]


def test_the_indian_national_survey_is_one_cohort(findings):
    assert set(findings.index[findings["source"] == "shalini2023"]) == {"A86", "A87", "A88"}
    assert set(findings.index[findings["cohort"] == "cnns_2016_2018"]) == {"A86", "A87", "A88"}


def test_rows_of_the_us_survey_say_which_wave_they_come_from(tables):
    surveys = tables["surveys"].set_index("id")
    us = surveys[surveys["source"].isin(["bailey2011", "bailey2013", "mineva2020", "cdc2012", "evatt2010", "qi2014"])]
    assert len(us) > 15
    waves = us["year_start"].map(lambda year: "nhanes_1988_1994" if year < 1999 else "nhanes_1999_2006")
    assert us["cohort"].tolist() == waves.tolist()
    reinstatler = surveys.loc[["A25", "B70a", "B70b"], "cohort"]
    assert set(reinstatler) == {"nhanes_1999_2006"}


def test_the_5_8_and_2_3_percent_with_raised_mma_are_of_ages_3_and_over(findings):
    rows = findings.loc[["A26c", "A26d"]]
    assert rows["reported_percent"].tolist() == [5.8, 2.3]
    assert rows["age_min"].tolist() == [3, 3]
    assert set(rows["age_band"]) == {"all_ages"}


def test_whom_bailey_excluded_is_noted_at_each_of_his_rows(findings):
    rows = findings.query("source == 'bailey2013' and table != 'biomarkers'")
    assert {"A15", "A16", "C22a"} <= set(rows.index)
    for who in ("filtration rate below 30", "pregnancy", "lactation", "1265 pmol/L"):
        assert rows["note"].str.contains(who).all(), who


def test_colombia_is_called_an_unweighted_mix_with_pregnant_women(findings):
    assert findings.loc[["A57", "A58"], "note"].str.contains("unweighted mix").all()
    assert findings.loc[["A57", "A58"], "note"].str.contains("19 % pregnant").all()
    assert set(findings.loc[["A57", "A58"], "group"]) == {"mixed_sample"}  # so they enter no pooled prevalence


@pytest.mark.parametrize(("identifier", "effect"), [("A10", 3.6), ("A59b", 51), ("A86", 11)])
def test_the_design_effect_in_a_note_follows_from_the_printed_interval(findings, identifier, effect):
    row = findings.loc[identifier]
    share = row["reported_percent"] / 100
    error = (row["reported_upper_percent"] - row["reported_lower_percent"]) / 100 / (2 * 1.96)
    assert (error / sqrt(share * (1 - share) / row["n"])) ** 2 == pytest.approx(effect, rel=0.03)
    assert f"design effect of about {effect}" in row["note"]


def test_no_counts_are_derived_for_reinstatler_whose_n_exceeds_those_examined(findings):
    rows = findings.loc[["B70a", "B70b"]]
    assert rows[["cases", "n"]].isna().all(axis=None)
    assert rows["note"].str.contains("derive no counts").all()
    assert pd.isna(findings.loc["B71", "n"])


def test_that_vegans_took_no_vitamins_is_noted_because_it_decides_their_prevalence(findings):
    unsupplemented = findings.loc[["A80", "A81", "A82"]]
    assert unsupplemented["reported_percent"].tolist() == [77, 92, 11]
    assert unsupplemented["note"].str.contains("take no vitamins").all()
    assert findings.loc[["A83a", "A83b", "A83c", "A84a", "A84b", "A84c"], "note"].str.contains("unclear").all()


def test_supplementing_vegans_without_a_deficit_are_kept_in_mind(tables):
    left = tables["left_out"].set_index("id")["reason"]
    assert "supplementing" in left["A85"]
    explanation = tables["claims"].set_index("id").loc["claim-G1", "explanation"]
    assert "Supplement use decides" in explanation


@pytest.mark.parametrize("identifier", ["A74", "A75", "A76", "A77a", "A77b", "A77c", "A77d"])
def test_a_range_over_studies_of_vegetarians_is_never_one_prevalence(findings, identifier):
    row = findings.loc[identifier]
    assert pd.isna(row["reported_percent"])
    assert row[["interval", "setting"]].tolist() == ["range", "review"]
    assert "not one prevalence" in row["note"]


def test_the_age_gradient_is_there_in_the_uk_and_absent_in_framingham(findings):
    assert findings.loc[["A30", "A31"], "reported_percent"].tolist() == [5, 10]
    assert set(findings.loc[["A30", "A31"], "definition"]) == {"b12_150_or_200_hcy_20"}
    assert "little difference between age groups" in findings.loc["A27", "note"]


# Traps: risk


def test_the_rr_of_21_for_atrophic_gastritis_is_nowhere(findings, tables):
    green = findings.query("source == 'green2005'")
    assert not green.empty
    assert not green["measure"].isin(RATIOS).any()
    assert not (findings["group"].eq("atrophic_gastritis") & findings["measure"].isin(RATIOS)).any()
    ratios = findings[findings["measure"].isin(RATIOS)]
    assert not ratios[["value", "lower", "upper"]].isin([21]).any(axis=None)
    assert "not risk ratios" in tables["left_out"].set_index("id").loc["B42", "reason"]


def test_72_of_91_in_garakani_have_neurological_sequelae_and_not_low_b12(findings):
    ((identifier, row),) = findings.query("source == 'garakani2016'").iterrows()
    assert (identifier, row["table"], row["symptom"]) == ("B101a", "symptoms", "any_neuropsychiatric")
    assert row[["cases", "n"]].tolist() == [72, 91]
    assert row[NUMBERS].isna().all()
    assert pd.isna(row["definition"])
    assert "not a share with low B12" in row["note"]


def test_both_series_of_total_gastrectomy_are_kept(findings):
    rows = findings.loc[["B31a", "B33e"]]
    assert rows["value"].tolist() == [100, 64.5]
    assert set(rows["group"]) == {"total_gastrectomy"}
    assert rows["cohort"].nunique() == 2
    assert "other series are slower" in rows.loc["B31a", "note"]
    assert "conflicts with the series of Hu" in rows.loc["B33e", "note"]


def test_lam_stays_a_case_control_study_sampled_by_density(findings):
    lam = findings.query("source == 'lam2013'")
    assert len(lam) >= 8
    assert set(lam["design"]) == {"case_control_density"}
    assert set(lam["measure"]) == {"odds_ratio", "percent"}
    assert lam["note"].str.contains("not converted to risks").all()
    assert lam["note"].str.contains("detection bias").all()
    assert set(findings.index[findings["design"] == "case_control_density"]) == set(lam.index)


def test_lam_has_the_published_odds_ratios_and_not_those_of_the_counts(findings):
    assert findings.loc[["B89", "B90"], "value"].tolist() == [1.65, 1.25]
    exposed = findings["cases"]
    ppi = exposed["B91a"] * exposed["B91f"] / (exposed["B91c"] * exposed["B91d"])
    h2ra = exposed["B91b"] * exposed["B91f"] / (exposed["B91c"] * exposed["B91e"])
    assert (round(ppi, 2), round(h2ra, 2)) == (1.79, 1.40)
    assert not findings.query("source == 'lam2013'")["value"].isin([1.79, 1.40]).any()
    assert not (findings.loc["B91a":"B91f", "quantity"] == "exposure").any()


def test_jung_stays_a_hazard_ratio_with_a_note_on_what_it_was_pooled_from(findings):
    row = findings.loc["B94"]
    assert row[["measure", "value", "lower", "upper"]].tolist() == ["hazard_ratio", 1.83, 1.36, 2.46]
    assert "pooled from 4 case-control studies" in row["note"]


def test_aroda_at_13_years_is_kept_with_5_years(findings):
    rows = findings.loc[["B66a", "B66b", "B67a", "B67b"]]
    assert rows["reported_percent"].tolist() == [4.3, 2.3, 7.4, 5.4]
    assert set(rows["cohort"]) == {"dppos"}
    assert findings.loc[["B67a", "B67b"], "note"].str.contains(r"not significant \(P = 0\.12\)").all()
    assert not findings.loc[["B66a", "B66b"], "note"].str.contains("not significant").any()


def test_odds_per_year_of_metformin_are_not_compounded_over_13_years(findings):
    assert findings.loc["B69", ["value", "quantity"]].tolist() == [1.13, "gradient"]
    assert "do not compound" in findings.loc["B69", "note"]


def test_battat_keeps_both_lengths_of_ileum_that_the_abstract_prints(findings):
    assert findings.loc[["B27a", "B27b"], "value"].tolist() == [30, 20]
    assert findings.loc["B27c", ["lower", "upper"]].tolist() == [20, 30]
    assert findings.loc[["B27a", "B27b", "B27c"], "note"].str.contains("30 cm in one place and 20 cm").all()


def test_metformin_235_per_1000_counts_prescriptions_and_is_no_exposure(findings):
    row = findings.loc["B61a"]
    assert row[["measure", "value"]].tolist() == ["prescriptions_per_1000", 235]
    assert "counts prescriptions, not people" in row["note"]
    metformin = findings.query("group == 'metformin'")
    assert not metformin["quantity"].eq("exposure").any()
    assert not metformin.query("measure == 'percent'")["value"].isin([23.5, 235]).any()


def test_liu_has_no_limits_because_they_were_not_read(findings):
    row = findings.loc["B78"]
    assert row[["value", "interval"]].tolist() == [-53.93, "none"]
    assert row[["lower", "upper"]].isna().all()


def test_metformin_lowers_serum_b12_and_leaves_mma_alone(findings):
    rows = findings.loc[["N9a", "N9b", "N9c"], ["outcome", "value", "lower", "upper"]].to_numpy().tolist()
    assert rows == [["serum B12", 0.79, 0.71, 0.89], ["MMA", 1.0, 0.93, 1.08], ["MMA", 0.9, 0.82, 0.98]]
    assert findings.loc[["N6a", "N6b"], "value"].tolist() == [318, 387]


# Risk groups: adjustment, gradients, conflicts

#: Measures that compare people; every other measure describes them.
COMPARES = [
    *RATIOS,
    *("percentage_points", "number_needed_to_harm", "standardised_mean_difference", "b12_difference_pmol_l"),
    *("percent_change", "odds_percent_change"),
]


def test_only_a_comparison_says_what_it_is_adjusted_for(findings):
    stated = findings[findings["adjustment"].notna()]
    assert set(stated["measure"]) <= set(COMPARES)
    assert set(stated["table"]) == {"risk_factors"}


def test_a_comparison_called_adjusted_or_matched_in_its_note_says_so_in_its_column(findings):
    rows = findings.query("table == 'risk_factors'")
    compared = rows[
        rows["measure"].isin(COMPARES) & ~rows["note"].str.contains("whether adjusted was not seen", na=False)
    ]
    said = compared["note"].str.contains(r"\b(?:adjusted|matched|independent)\b", na=False)
    assert said.sum() > 10
    assert set(compared["adjustment"][said]) == {"adjusted"}
    assert {"B08", "B17", "B24", "B25"}.isdisjoint(
        compared.index[compared["adjustment"].notna()]
    )  # the abstracts do not say


def test_what_was_randomised_is_free_of_confounding_by_trial(findings):
    rows = findings.query("table == 'risk_factors'")
    randomised = rows.index[(rows["design"] == "trial") & rows["measure"].isin(COMPARES)]
    assert set(rows["adjustment"][randomised]) == {"trial"}
    assert set(rows.index[rows["adjustment"] == "trial"]) == {
        *randomised,
        "B77",
        "B78",
    }  # meta-analyses of trials alone


def test_every_step_says_along_what_and_where_it_is(findings):
    steps = findings[findings["gradient_by"].notna()]
    assert steps["step_is"].notna().all()
    assert findings["step_is"].notna().sum() == len(steps)
    measured = steps[steps["gradient_by"] != "kind"]
    assert measured[["step", "step_unit"]].notna().all(axis=None)
    assert set(steps["step"][steps["gradient_by"] == "kind"].dropna()) == {0, 1}
    assert steps["step_to"][steps["step_is"] != "from"].isna().all()


def test_every_row_called_a_gradient_has_a_step(findings):
    gradients = findings.query("table == 'risk_factors' and quantity == 'gradient'")
    assert len(gradients) > 20
    assert gradients["gradient_by"].notna().all()


@pytest.mark.parametrize(
    ("group", "by", "ids"),
    [
        ("metformin", "dose", {"B73", "B75", "X2a", "X2b"}),
        ("metformin", "duration", {"B69", "B74", "B79x", "B79y", "B66a", "B67a"}),
        ("ppi", "dose", {"B92a", "B92b"}),
        ("ppi", "duration", {"B89", "X5"}),
        ("h2ra", "duration", {"B90"}),
        ("ileal_resection", "length", {"B27a", "B27b", "B27c", "X1a", "X1b"}),
        ("total_gastrectomy", "time_since", {"B31a", "B33a", "B33b", "B33c", "B33d", "B33e"}),
        ("bariatric_surgery", "time_since", {"B35b", "B35c", "B36b"}),
        ("vegans", "supplement_use", {"A81", "X4a", "X4b"}),
        ("atrophic_gastritis", "kind", {"A39b", "A98a"}),
        ("older_adults", "age", {"A30", "A31", "B17"}),
    ],
)
def test_the_gradients_of_the_evidence_are_there(findings, group, by, ids):
    assert ids <= set(findings.index[(findings["group"] == group) & (findings["gradient_by"] == by)])


def test_kwon_rises_with_every_year_and_battat_with_length(findings):
    kwon = findings.loc[["B33a", "B33b", "B33c", "B33d", "B33e"]]
    assert kwon["step"].tolist() == [0.5, 1, 2, 3, 4]
    assert kwon["value"].is_monotonic_increasing
    battat = findings.loc[["B27b", "B27c", "B27a"], ["step", "step_to"]]
    assert battat["step"].tolist() == [0, 20, 30]
    assert battat["step_to"].dropna().tolist() == [20, 30]


def test_the_odds_of_the_arms_at_13_years_are_far_from_13_times_the_odds_of_a_year(findings):
    share = findings.loc[["B67a", "B67b"], "reported_percent"] / 100
    odds = share / (1 - share)
    arms, compounded = odds["B67a"] / odds["B67b"], findings.loc["B69", "value"] ** 13
    assert (round(arms, 1), round(compounded, 1)) == (1.4, 4.9)
    assert "1.4, while 1.13 a year would compound to 4.9" in " ".join(load("conflicts")["explanation"])


def test_the_two_sides_of_a_conflict_are_different_rows(tables):
    for conflict in tables["conflicts"].itertuples():
        assert set(conflict.one_side.split()).isdisjoint(conflict.other_side.split()), conflict.id
        assert conflict.question.endswith("?")
        assert conflict.explanation.endswith(".")


def test_a_conflict_is_about_a_risk_group_and_cites_a_row_of_it(findings, tables):
    roles = tables["groups"].set_index("group")["role"]
    for conflict in tables["conflicts"].itertuples():
        cited = [key for key in (conflict.one_side + " " + conflict.other_side).split() if key in findings.index]
        assert roles[conflict.group] == "risk"
        assert conflict.group in set(findings.loc[cited, "group"]), conflict.id


def test_an_explanation_is_as_sure_as_the_rows_that_test_it(findings, tables):
    for conflict in tables["conflicts"].itertuples():
        tested = [] if pd.isna(conflict.tested_by) else conflict.tested_by.split()
        assert conflict.status == (weakest(findings.loc[tested, "status"]) if tested else "assumption"), conflict.id
        assert len(set(findings.loc[tested, "cohort"])) <= 1, conflict.id  # compared within one study


@pytest.mark.parametrize(
    ("group", "one", "other"),
    [
        ("total_gastrectomy", "B31a", "B33e"),
        ("vegans", "A81", "A85"),
        ("crohns", "B26e", "B27b"),
        ("ppi", "B89", "B95"),
        ("metformin", "N9a", "N9b"),
        ("h_pylori", "B51a", "B50a"),
        ("coeliac", "B29", "B30"),
        ("older_adults", "A31", "A27"),
    ],
)
def test_the_known_conflicts_are_there(tables, group, one, other):
    rows = tables["conflicts"].query("group == @group")
    sides = zip(rows["one_side"].str.split(), rows["other_side"].str.split(), strict=True)
    assert any(one in left and other in right for left, right in sides)


def test_the_same_89_people_are_low_six_times_as_often_by_holotc_and_mma(findings):
    assert findings.loc[["X1e", "X1f"], ["n", "reported_percent"]].to_numpy().tolist() == [[89, 5], [89, 32]]


def test_the_prevalence_of_crohns_that_was_quoted_has_been_read_in_the_abstract(findings, tables):
    assert findings.loc[["B20a", "B20b"], ["value", "year_end"]].to_numpy().tolist() == [[400, 2017], [220, 2000]]
    assert tables["sources"].set_index("source").loc["crohns_uk2017", "citation"].startswith("Changing patterns")


# Traps: folate


def test_morris_and_selhub_share_one_survey_and_are_counted_once(findings):
    rows = findings.query("table == 'folate' and source in ['morris2007', 'selhub2009']")
    assert set(rows.index) == {"E06a", *(f"E{number:02}" for number in range(1, 11))}
    assert set(rows["cohort"]) == {"nhanes_1999_2006"}
    assert rows["note"].str.contains("count once").all()


def test_whom_morris_excluded_is_noted_at_each_of_her_rows(findings):
    morris = findings.query("table == 'folate' and source == 'morris2007'")
    for who in ("creatinine", "stroke", "alcoholism", "anaemia treatment", "liver", "thyroid", "coronary"):
        assert morris["note"].str.contains(who).all(), who


def test_that_few_people_are_low_in_b12_and_high_in_folate_is_noted(findings):
    both = findings.query("cohort == 'nhanes_1999_2006' and b12_status == 'low' and folate_status == 'high'")
    assert set(both.index) == {"E04", "E05", "E09", "E10"}
    assert both["note"].str.contains("few people are low in B12 and high in folate").all()


# Traps: misprints in copies of the papers


def test_the_misprinted_holotc_of_546_is_in_no_table_of_levels(cells, tables):
    hits = with_number(cells[cells["column"] != "reason"], "546")
    assert hits.empty
    assert "misprinted (546)" in tables["left_out"].set_index("id").loc["C25-holotc-70-79", "reason"]
    swiss = tables["levels"].query("cohort == 'risch_2015' and marker == 'holotc_pmol_l'")
    assert swiss["value"].tolist() == [52, 52]


def test_chapman_is_57_pmol_l_less_and_not_0_57(findings):
    assert findings.loc["B77", ["value", "lower", "upper"]].tolist() == [-57, -79, -35]
    assert "misprint" in findings.loc["B77", "note"]
    assert not findings["value"].isin([-0.57, 0.57, 57]).any()


def test_heil_is_in_nmol_l_and_not_in_mmol_l(findings):
    assert set(findings.loc[["C11a", "C11b"], "reference_standard"]) == {"MMA above 450 nmol/L"}
    assert findings.loc[["C11a", "C11b"], "note"].str.contains("mmol/L for umol/L").all()


def test_slovenia_is_in_pmol_l_and_not_in_nmol_l(findings, tables):
    assert set(findings.loc[["A34a", "A34b"], "definition"]) == {"b12_148_hcy_15"}
    rule = tables["biomarkers"].set_index("definition").loc["b12_148_hcy_15", "rule"]
    assert rule == "b12_pmol_l < 148 and hcy_umol_l > 15"


def test_morris_compares_folate_above_59_with_59_or_less(findings):
    row = findings.loc["E04"]
    assert row[["value", "lower", "upper", "folate_status"]].tolist() == [3.1, 1.5, 6.6, "high"]
    assert row["reference"].endswith("folate of 59 nmol/L or less")
    assert row["note"].startswith("folate above 59 nmol/L")


def test_hooi_is_northern_america_and_its_misprinted_africa_is_not_there(findings):
    hooi = findings.query("source == 'hooi2017'")
    assert hooi[["country", "value", "lower", "upper"]].to_numpy().tolist() == [["Northern America", 37.1, 32.3, 41.9]]


def test_kancherla_is_below_170_pg_ml_and_not_pg_dl(findings, tables):
    assert set(findings.loc[["B80a", "B80b"], "definition"]) == {"b12_125"}
    assert tables["biomarkers"].set_index("definition").loc["b12_125", "below"] == round(170 * PMOL_PER_PG)


def test_lacombe_is_in_umol_l_although_the_abstract_prints_pmol_l(findings):
    assert findings.loc[["B2.9e", "B2.9f"], "value"].tolist() == [560, 240]
    assert findings.loc[["B2.9e", "B2.9f"], "note"].str.contains("must be umol/L").all()


# Traps: combined indicators known from memory only


@pytest.mark.parametrize("constant", ["3.79", "230"])
def test_the_age_constants_of_cb12_are_in_no_table(cells, constant):
    assert with_number(cells[~cells["column"].isin(["doi", "pmid", "pmcid", "citation"])], constant).empty


def test_the_third_age_constant_of_cb12_stands_nowhere_near_an_indicator(cells, findings):
    rows = with_number(cells[~cells["column"].isin(["id", "evidence", "source"])], "2.6")
    combined = findings["measure"].isin(["cb12", "three_cb12"]) | findings["marker"].isin(["cb12", "three_cb12"])
    combined |= findings["source"].isin(["fedosov2015", "four_cb12_2020", "mineva2020"])
    assert combined.sum() >= 5
    assert set(rows["key"]).isdisjoint(findings.index[combined])
    assert set(rows["table"]).isdisjoint({"biomarkers", "recovery_model", "columns"})


def test_the_only_rule_for_a_combined_indicator_is_its_boundary(findings):
    fedosov = findings.query("source == 'fedosov2015'")
    assert fedosov["rule"].tolist() == ["cb12 < -0.5"]


def test_coefficients_of_3cb12_and_2cb12_are_absent(findings, tables):
    rows = findings[findings["measure"].isin(["cb12", "three_cb12"])]
    assert rows["statistic"].tolist() == ["reference_interval"]
    assert rows[["lower", "upper"]].to_numpy().tolist() == [[-0.538, 1.6]]
    assert not tables["recovery_model"]["parameter"].str.contains("cb12").any()
    assert "not found" in tables["left_out"].set_index("id").loc["C35", "reason"]


DO_NOT_USE = ["A03", "A04", "A05", "A09", "A35", "A44", "A61", "A93", "A95", "A96", "B38", "B42", "B48", "B53"]
DO_NOT_USE += ["B60", "B103", "B104", "C17", "C31", "C33", "D20"]


@pytest.mark.parametrize("identifier", DO_NOT_USE)
def test_a_figure_not_to_be_used_without_the_full_text_is_left_out_with_a_reason(findings, tables, identifier):
    assert identifier not in {base(row) for row in findings.index}
    assert identifier in set(tables["left_out"]["id"])


# Traps: recovery, trials and kinetics


def test_of_45_followed_by_misra_31_recovered_11_partly_and_3_poorly(findings):
    rows = findings.loc[["N1a", "N1b", "N1c"]]
    assert rows["outcome"].tolist() == ["complete", "partial", "poor"]
    assert rows["cases"].tolist() == [31, 11, 3]
    assert rows["cases"].sum() == 45
    assert set(rows["n"]) == {45}
    assert set(rows["months"]) == {3}


def test_nobody_of_vasconcelos_is_unimproved(findings):
    assert findings.loc[["A1.2", "A1.3"], "cases"].tolist() == [8, 49]
    assert set(findings.loc[["A1.2", "A1.3"], "n"]) == {8 + 49}
    assert "publication bias" in findings.loc["A1.3", "note"]


def test_vasconcelos_is_in_j_gen_intern_med_and_not_in_j_neurol(tables):
    citation = tables["sources"].set_index("source").loc["vasconcelos2006", "citation"]
    assert "J Gen Intern Med 2006;21:1063-8" in citation
    assert "J Neurol" not in citation


def test_healton_has_no_share_with_normal_cell_volume_because_it_contradicts_its_count(findings, tables):
    healton = findings.query("source == 'healton1991'")
    assert not healton["value"].isin([23, 20.3]).any()
    assert not healton["cases"].isin([31]).any()
    assert "31 of 153 is 20.3 %" in tables["left_out"].set_index("id").loc["A1.10b", "reason"]


def test_jatoi_carries_the_warning_that_its_numbers_do_not_add_up(findings):
    rows = findings.query("source == 'jatoi2020'")
    assert set(rows.index) == {"A3.7a", "A3.7b"}
    assert rows["note"].str.contains("171 improved and 44 not improved add up to 215, not 202").all()


def test_the_counts_of_ob12_are_those_of_everybody_randomised(findings):
    rows = findings.loc[["N3a", "N3b", "N3c", "N3d"]]
    assert rows[["cases", "n"]].to_numpy().tolist() == [[133, 140], [129, 143], [103, 140], [115, 143]]
    assert rows["route"].tolist() == ["oral", "intramuscular", "oral", "intramuscular"]
    assert rows["value"].tolist() == [pd.NA, pd.NA, 73.6, 80.4]
    assert rows["months"].tolist() == pytest.approx(
        [8 * 7 / 30.4, 8 * 7 / 30.4, 52 * 7 / 30.4, 52 * 7 / 30.4], abs=0.01
    )


def test_the_recalled_results_of_ob12_are_replaced(findings, tables):
    assert "B1.7" not in {base(row) for row in findings.index}
    assert "N3" in tables["left_out"].set_index("id").loc["B1.7", "reason"]
    assert not findings.query("cohort == 'ob12'")[["cases", "n"]].isin([112, 117, 135, 130]).any(axis=None)


def test_the_tablet_of_ob12_is_weekly_after_week_8(findings):
    assert findings.loc[["B1.6a", "B1.6b"], "every_days"].tolist() == [1, 7]
    assert findings.loc[["B1.6a", "B1.6b"], "duration_days"].tolist() == [8 * 7, 44 * 7]
    assert "weekly tablet" in findings.loc["N3c", "note"]


def test_no_trial_compared_regimens_on_nerve_outcome(findings):
    assert "no regimens compared" in findings.loc["N2x", "note"]
    assert "No trial compared nerve outcome" in findings.loc["claim-T2", "explanation"]


def test_cochrane_pooled_nothing(findings):
    cochrane = findings.query("source == 'cochrane2018'")
    assert set(cochrane.index) == {"B2.6a", "B2.6b"}
    assert cochrane.loc["B2.6a", "cohort"] == "kuzminski_1998"
    assert "did not pool" in cochrane.loc["B2.6a", "note"]
    assert not findings["design"].where(findings["source"] == "cochrane2018").eq("meta_analysis").any()


def test_the_difference_in_cochrane_is_that_of_the_two_arms_of_kuzminski(findings):
    assert findings.loc["B2.6a", "value"] == pytest.approx(
        findings.loc["B1.3a", "value"] - findings.loc["B1.3b", "value"], abs=0.1
    )


def test_metaxas_is_of_2017_and_not_of_2018(tables):
    row = tables["sources"].set_index("source").loc["metaxas2017"]
    assert row["year"] == 2017
    assert "2018" not in row["citation"]


def test_11_percent_per_doubling_of_intake_is_dullemeijer_and_not_doets(findings):
    row = findings.loc["C4.4a"]
    assert row[["source", "value", "lower", "upper"]].tolist() == ["dullemeijer2013", 11, 9.4, 12.5]
    doublings = findings["measure"].str.contains("per_doubling", na=False)
    assert set(findings["source"][doublings]) == {"dullemeijer2013"}


def test_doets_is_the_loss_of_0_13_percent_a_day_and_the_absorption_from_food(findings):
    rows = findings.loc[["C1.3a", "C2.8a", "C2.8b"]]
    assert set(rows["source"]) == {"doets2013"}
    assert rows["value"].tolist() == [0.13, 0.7694, -0.9614]


def test_about_75_percent_of_hydroxocobalamin_is_retained_and_20_of_cyanocobalamin(findings):
    retained = findings.query("measure == 'retained_percent'").set_index("form")["value"]
    assert retained.to_dict() == {"cyanocobalamin": 20, "hydroxocobalamin": 75}
    lost = findings.query("measure == 'urinary_loss_percent' and dose_ug == 1000").groupby("form")["value"]
    kept = {form: (100 - losses.max(), 100 - losses.min()) for form, losses in lost}
    assert kept == {"cyanocobalamin": (15, 31), "hydroxocobalamin": (73, 75)}


def test_adams_and_the_popular_table_of_absorption_are_two_sets_of_data(findings):
    assert findings.loc[["C2.1a", "C2.2a"], "value"].tolist() == [50, 56]
    assert findings.loc["C2.1a", "source"] != findings.loc["C2.2a", "source"]
    popular = findings.query("source == 'absorption_table'").set_index("dose_ug")["status"]
    assert popular.to_dict() == {1: "secondary", 10: "recalled", 50: "recalled", 500: "recalled", 1000: "secondary"}


def test_recalled_standard_deviations_of_kuzminski_agree_with_the_interval_of_cochrane(findings):
    spread = findings.loc[["B1.4c", "B1.4d"]]
    assert set(spread["status"]) == {"recalled"}
    error = sqrt(sum(row["sd"] ** 2 / row["n"] for _, row in spread.iterrows()))
    printed = findings.loc["B2.6a", ["lower", "upper"]]
    assert (printed["upper"] - printed["lower"]) / (2 * 1.96) == pytest.approx(error, rel=0.02)


def test_mma_falls_with_every_step_of_serum_b12(findings):
    steps = findings.loc[["N8a", "N8b", "N8c", "N8d", "N8e", "N8f"]]
    assert steps["value"].tolist() == [266, 195, 150, 137, 125, 116]
    assert set(steps["measure"]) == {"mma_nmol_l"}


def test_raised_mma_overestimates_deficiency_unless_corrected_for_the_kidney(findings):
    row = findings.loc["N5"]
    assert row[["measure", "value", "status"]].tolist() == ["overestimate_percent", 40, "secondary"]
    assert row["reference_standard"] == "MMA adjusted for kidney function"


# Against the material that the tables were curated from


#: Rows verified here whose finding is not verified there.
SURER_HERE = {
    **dict.fromkeys(
        ["A1.6a", "A1.6b", "A1.6c", "A1.10a", "A1.11a"], "recalled there; this half of the abstract was read since"
    ),
    "N4": "recalled there, to be verified; the abstract was read since",
    **dict.fromkeys(["N2a", "N2b", "N2c", "N2x"], "second-hand there; the abstract was read since"),
    "D02b": "the one part of a tertiary row that is verified there",
    **dict.fromkeys(["B20a", "B20b"], "second-hand there; the abstract was read since"),
}
#: Findings that are not in the material: abstracts read since, for gradients and groups of which it has little,
#: and for what the models are tested by.
READ_SINCE = {f"X{number}" for number in (*range(1, 14), *range(20, 34))}


@pytest.mark.parametrize(
    ("identifier", "finding"),
    [
        ("A12", "A12"),
        ("A1.2", "A1.2"),
        ("A1.14a", "A1.14"),
        ("A1.1", "A1.1"),
        ("A24x", "A24"),
        ("C18-def", "C18"),
        ("C25-holotc-70-79", "C25"),
        ("N3d", "N3"),
        ("claim-G1", "claim-G1"),
    ],
)
def test_a_row_belongs_to_the_finding_without_its_suffix(identifier, finding):
    assert base(identifier) == finding


def test_every_finding_of_the_material_is_kept_or_left_out_and_none_grew_surer(shared, findings, tables):
    prevalence = json.loads((shared / "evidence/prevalence_risk.json").read_text(encoding="utf-8"))
    there = {row["id"]: row["status"] for part in prevalence.values() for row in part}
    recovery = pd.read_csv(shared / "evidence/recovery_treatment.csv", dtype=str)
    there |= dict(zip(recovery["id"], recovery["status"], strict=True))
    corrections = (shared / "evidence/corrections_and_additions.md").read_text(encoding="utf-8").splitlines()
    additions = [[cell.strip() for cell in line.split("|")[1:-1]] for line in corrections if line.startswith("| N")]
    there |= {identifier: status for identifier, _, _, status, _ in additions}
    assert len(there) == 259 + 150 + 9

    here = pd.Series([base(row) for row in findings.index], index=findings.index)
    left = {base(row) for row in tables["left_out"]["id"]}
    assert set(there) - set(here) - left == set()
    ours = findings["table"].isin(["claims", "kinetics_model", "latent_priors", "recovery_model"]) | (
        findings["status"] == "assumption"
    )
    assert set(here[~ours]) - set(there) == READ_SINCE
    since = findings[here.isin(READ_SINCE)]
    assert set(since["status"]) == {"verified"}
    assert set(since["locator"]) == {"abstract"}

    weak = r"(?i)^(?:VERIFIED/)?RECALLED|second|tertiary"
    weaker_there = {identifier for identifier, status in there.items() if re.search(weak, status)}
    assert {"A1.7", "A95", "B1.4", "N4", "N6", "A6.3"} <= weaker_there
    assert {"A37", "B78", "A01"}.isdisjoint(weaker_there)
    surer_here = here.index[here.isin(weaker_there) & (findings["status"] == "verified")]
    assert set(surer_here) == set(SURER_HERE)
