"""The notebooks: short cells, no outputs, and the right numbers under several sets of parameters."""

import ast
import csv
import io
import re
import statistics

import nbformat
import papermill
import pytest

import b12analysis as b12
from b12analysis.page import BLOCK
from b12analysis.reports import names, parameters, render, run, validate, warm
from b12analysis.reports.notebooks import notebook


def cells(name, kind="code"):
    return [cell for cell in nbformat.read(notebook(name), 4).cells if cell.cell_type == kind]


def executed(name, **given):
    """Blocks of a notebook's outputs, and the page made of them."""
    values = validate(name, given)
    content = warm.run(run._execute, run._given(name, values), "warm")
    blocks = [output.data[BLOCK] for cell in content.cells for output in cell.get("outputs", []) if "data" in output]
    return [block for block in blocks if not block["inline_only"]], render.page(content, name, values)


def of_kind(blocks, kind):
    return [block for block in blocks if block["kind"] == kind]


def table(block):
    """Rows of a figure's data, as its CSV offers them."""
    return list(csv.DictReader(io.StringIO(block["csv"])))


@pytest.mark.parametrize("name", names())
def test_notebooks_are_kept_without_outputs(name):
    assert all(not cell.outputs and cell.execution_count is None for cell in cells(name))


@pytest.mark.parametrize("name", names())
def test_cells_are_short_and_define_nothing(name):
    # the cell of the parameters is a list, as long as there are parameters
    code = [cell for cell in cells(name) if "parameters" not in cell.metadata.get("tags", [])]
    lengths = [len(cell.source.splitlines()) for cell in code]
    assert max(lengths) <= 10
    assert statistics.median(lengths) <= 4
    for cell in cells(name):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
                assert set(modules) <= {"b12analysis", "b12analysis.findings", "pathlib"}


@pytest.mark.parametrize("name", names())
def test_prose_types_no_result(name):
    # numbers in sentences are computed; the two that the question itself quotes are allowed
    for cell in cells(name, "markdown"):
        assert set(re.findall(r"\d+(?:\.\d+)? ?%", cell.source)) <= {"6 %", "20 %"}


@pytest.mark.parametrize("name", names())
def test_papermill_reads_the_same_parameters(name):
    stock = papermill.inspect_notebook(str(notebook(name)))
    ours = validate(name, {})
    assert set(stock) <= set(ours)
    for key, parameter in stock.items():
        assert ast.literal_eval(parameter["default"]) == ours[key]


def test_recovery_repeats_the_model_that_python_gives():
    blocks, page = executed("recovery", age=40, severity="mild", profile="motor", romberg=False, seed=3)
    patient = b12.recovery.patient(age=40, duration_months=6, severity="mild", profile="motor", romberg=False)
    regimen = {p.name: p.default for p in parameters("recovery")}["regimen"]
    whole = b12.recovery_outcomes(patient, regimen, n=40_000, rng=3).query("outcome == 'complete'").iloc[0]
    key = of_kind(blocks, "key_figure")[0]
    assert key["name"] == "have nothing left that they notice after 24 months"
    assert [key[part] / 100 for part in ("estimate", "lower", "upper")] == pytest.approx(
        whole[["estimate", "lower", "upper"]].tolist()
    )
    figures = of_kind(blocks, "figure")
    fans = next(table(figure) for figure in figures if {"symptom", "month"} <= set(table(figure)[0]))
    assert {"weakness", "walking", "tingling"} <= {row["symptom"] for row in fans}
    assert figures[0]["status"] == "assumption"
    assert page.figures == len(figures)


def test_memory_recovers_little_where_dementia_is_established():
    memory = {}
    for severity in ("moderate", "severe"):
        blocks, _ = executed("recovery", profile="cognitive", severity=severity)
        figures = map(table, of_kind(blocks, "figure"))
        rows = next(rows for rows in figures if {"symptom", "month"} <= set(rows[0]))
        memory[severity] = next(row for row in rows if row["symptom"] == "memory" and row["month"] == "24.0")
    assert float(memory["severe"]["upper"]) < 0.1
    assert float(memory["moderate"]["upper"]) > 0.5


def test_prevalence_of_the_united_states_is_computed_from_its_survey():
    blocks, page = executed("prevalence", country="United States", age_band="older_adults")
    # 2.709 % of 3,214 people, as R finds it (tests/reference/nhanes_survey.json has 60+ women, 20+ and 70+)
    assert "2.7 % (1.8–4.1)" in page.sentence
    assert "85 of 3,214 people" in page.sentence
    assert [figure["text"] for figure in page.key_figures] == ["2.7 % (1.8–4.1)", "2,068 thousand people (1,375–3,096)"]
    assert len(of_kind(blocks, "figure")) == 9


def test_prevalence_of_one_country_quotes_its_own_survey():
    _, page = executed("prevalence", country="New Zealand")
    assert "12.0 % (9.4–15.3)" in page.sentence
    assert page.key_figures[0]["text"] == "12.0 % (9.4–15.3)"
    # of the people aged 65 and over whom the survey speaks for, not of all adults
    assert page.key_figures[1]["text"] == "95 thousand people (74–120)"


def test_a_village_does_not_speak_for_its_country():
    _, page = executed("prevalence", country="Kenya")
    assert len(page.key_figures) == 1


def test_prevalence_of_a_survey_of_ones_own(tmp_path):
    low = [100 + place for place in range(20)] + [300 + place for place in range(80)]
    rows = "\n".join(f"{value},{20 + place % 70}" for place, value in enumerate(low))
    (tmp_path / "mine.csv").write_text(f"vitb12,years\n{rows}\n")
    given = {"data": tmp_path / "mine.csv", "columns": ["b12_pmol_l=vitb12", "age=years"], "country": "Ghana"}
    blocks, page = executed("prevalence", **given)
    assert page.finding == "In your survey 20 % had serum B12 below 148 pmol/L"
    assert "as a simple random sample" in page.sentence
    assert page.key_figures[0]["estimate"] == pytest.approx(20)
    assert len(page.key_figures) == 1  # only the reader knows whether it speaks for Ghana
    by_age = table(of_kind(blocks, "figure")[0])
    assert {row["indicator"] for row in by_age} == {"b12_148", "b12_221"}
    assert sum(int(row["cases"]) for row in by_age if row["indicator"] == "b12_148") == 20
    _, older = executed("prevalence", **given, age_band="older_adults")
    ages = [20 + place % 70 for place in range(100)]
    assert f"({sum(age >= 60 for age in ages)} of 100 people" in older.sentence


@pytest.mark.parametrize("column", ["years", None])
def test_a_survey_of_children_and_one_without_ages_have_pages_too(tmp_path, column):
    rows = "\n".join(f"{100 + 5 * place},{5 + place % 10}" for place in range(60))
    (tmp_path / "mine.csv").write_text(f"vitb12,years\n{rows}\n")
    columns = ["b12_pmol_l=vitb12", *([f"age={column}"] if column else [])]
    blocks, page = executed("prevalence", data=tmp_path / "mine.csv", columns=columns)
    assert page.finding.startswith("In your survey 17 %")
    groups = {row["age_band"] for row in table(of_kind(blocks, "figure")[0])}
    assert groups == ({"3-19"} if column else {"all"})


def test_prevalence_pools_independent_surveys_of_one_definition():
    blocks, page = executed("prevalence")
    rows = {row["id"] for row in table(of_kind(blocks, "figure")[0])}
    assert {"A10", "A17", "A27", "A37", "A51", "A53", "A60"} <= rows
    surveys = b12.prevalence(b12.load("surveys").query("id in ('A10', 'A17', 'A27', 'A37', 'A51', 'A53', 'A60')"))
    pooled = b12.pool(surveys).iloc[0]
    assert page.key_figures[0]["estimate"] == pytest.approx(100 * pooled["estimate"])
    assert page.key_figures[0]["name"] == "pooled over 7 surveys"


def test_prevalence_by_nearly_the_same_cut_off_is_the_countrys_own():
    _, page = executed("prevalence", country="India", definition="b12_148")
    assert page.finding.startswith("17.3 % of school-age children")
    assert "serum B12 below 150 pmol/L" in page.sentence


def test_prevalence_says_so_where_no_survey_answers():
    blocks, page = executed("prevalence", country="Nepal", definition="b12_148")
    assert page.finding == "If Nepal were like the United States: 1.6 %"
    assert "no survey that answers this for Nepal" in page.sentence
    assert "What is known instead: 30 %" in page.sentence
    assert page.key_figures[0]["what"] == "95 %, with the spread between surveys"
    upper = page.key_figures[0]["upper"]
    assert upper > 50  # seven surveys from 2 % to 40 % say next to nothing about an eighth
    counted = next(block for block in of_kind(blocks, "figure") if "in 2020" in block["title"])
    assert counted["status"] == "assumption"


def test_prevalence_without_any_number_to_lean_on_says_so():
    _, page = executed("prevalence", country="Ghana", definition="holotc_35")
    assert page.finding == "No survey of the general population in these tables answers this for Ghana"
    assert page.key_figures == []


def test_risk_groups_quotes_the_trial_and_its_placebo():
    _, page = executed("risk_groups", group="metformin")
    assert "4.3 % (3.1–5.9)" in page.sentence
    assert "2.3 % (1.5–3.5)" in page.sentence


def test_risk_groups_states_no_share_from_density_sampled_controls():
    blocks, _ = executed("risk_groups", group="ppi")
    caveats = " ".join(block["text"] for block in of_kind(blocks, "caveat"))
    assert "odds ratio from density-sampled controls: not a ratio of risks" in caveats
    assert "odds ratio without a baseline risk to convert it" in caveats
    assert not [block for block in of_kind(blocks, "figure") if "account for" in block["title"]]


def shares_of(group, **parameters):
    """The figure of attributable fractions, if there is one, and the caveats."""
    blocks, _ = executed("risk_groups", group=group, **parameters)
    figure = next((block for block in of_kind(blocks, "figure") if "account for" in block["title"]), None)
    return figure, " ".join(block["text"] for block in of_kind(blocks, "caveat"))


def test_an_odds_ratio_whose_study_prints_no_risk_of_those_compared_has_no_share():
    # 164 of 592 were deficient, vegetarians among them: that is not the risk of those who are none
    shares, caveats = shares_of("vegetarians")
    assert shares is None
    assert "odds ratio without a baseline risk to convert it" in caveats


def test_an_exposure_of_ones_own_is_marked_as_an_assumption():
    shares, caveats = shares_of("metformin", exposure_percent=8.0)
    assert shares["status"] == "assumption"
    ratio = 4.3 / 2.3  # of a trial's arms after five years
    row = next(row for row in table(shares) if float(row["effect"]) == pytest.approx(ratio))
    assert float(row["estimate"]) == pytest.approx(0.08 * (ratio - 1) / (1 + 0.08 * (ratio - 1)))  # Levin by hand
    assert {"B66a", "B66b"} <= {row["id"] for row in shares["evidence"]}
    assert "whether the ratio is adjusted is not known" in caveats


@pytest.mark.slow
@pytest.mark.parametrize("group", b12.load("groups").query("role == 'risk'")["group"].tolist())
def test_every_risk_group_gives_a_page(group):
    blocks, page = executed("risk_groups", group=group)
    assert page.figures >= 1
    assert of_kind(blocks, "answer")


@pytest.mark.slow
@pytest.mark.parametrize("definition", sorted(b12.load("surveys")["definition"].unique()))
def test_every_definition_gives_a_page(definition):
    blocks, page = executed("prevalence", definition=definition)
    # surveys, definitions by age, overlap, assay, kidneys, usual status, 6 or 20 %; where there is a headline, what a
    # test that errs leaves of it; where surveys are pooled, the pool without each
    titles = [block["title"] for block in of_kind(blocks, "figure")]
    is_pooled = any(title.startswith("Without any one survey") for title in titles)
    assert page.figures == len(titles) == 7 + bool(page.key_figures) + is_pooled


@pytest.mark.slow
@pytest.mark.parametrize("age_band", ["any", "children", "older_adults"])
def test_every_country_gives_a_page(age_band):
    surveyed = b12.load("surveys")["country"].unique()
    for country in [*surveyed, "Ghana", "Japan", "Niger"]:
        _, page = executed("prevalence", country=country, age_band=age_band)
        assert page.figures >= 7
        assert page.key_figures or "answers this" in page.finding


def test_neuropathy_says_what_goes_with_it_and_what_the_unexamined_could_change():
    blocks, page = executed("neuropathy")
    assert "2.20 (1.77–2.74)" in page.sentence
    assert "**1.39 (1.06–1.81)**" in of_kind(blocks, "answer")[0]["sentence"]
    assert page.figures == 6
    assert [block["verdict"] for block in of_kind(blocks, "claim")] == ["supported", "partly supported"]
    odds = table(of_kind(blocks, "figure")[0])
    assert {row["n"] for row in odds if row["domain"] == "40+, all covariates known"} == {"7315", "7420"}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["neuropathy", "two_sites", "numbness", "tingling"])
@pytest.mark.parametrize("marker", ["both", "mma_271", "b12_221", "b12_below_148"])
def test_every_outcome_and_marker_give_a_page_that_attributes_nothing(outcome, marker):
    blocks, page = executed("neuropathy", outcome=outcome, marker=marker)
    assert page.figures == (6 if outcome in ("neuropathy", "two_sites") else 4)
    assert len(page.key_figures) == (4 if marker == "both" else 2)
    said = " ".join(block["title"] + block["summary"] for block in of_kind(blocks, "figure"))
    assert not re.search("attribut|account for|because of|due to", said + page.finding + page.sentence)


def test_replications_of_one_paper_show_all_its_figures_and_those_of_all_what_does_not_come_out():
    blocks, page = executed("replications", paper="Bailey 2013")
    assert page.finding.endswith("come out to the digit (Bailey 2013)")
    rows = table(of_kind(blocks, "figure")[0])
    assert {row["paper"] for row in rows} == {"Bailey 2013"}
    assert next(row for row in rows if row["quantity"] == "pregnant")["ours"] == "802.0"
    assert len(of_kind(blocks, "figure")) == 2
    blocks, _ = executed("replications", paper="CDC 2011-12")
    assert len(of_kind(blocks, "figure")) == 1  # one reading only
