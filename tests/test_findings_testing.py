"""What the page on testing says, over the grid of its parameters, against counts by hand."""

import functools
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from test_notebooks import executed, of_kind, table

import b12analysis as b12
from b12analysis import evidence, reports
from b12analysis.arguments import InputError
from b12analysis.figures import bands, forest, grouped
from b12analysis.findings import cutoffs, effort, tested, truths
from b12analysis.findings import testing as say
from b12analysis.nhanes import cells as stored
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.testing import REFERENCES, strategies
from b12analysis.theme import number, share

#: What a sentence must never hold: a missing value, an unfinished list, an empty pair of brackets.
BROKEN = re.compile(r"\bnan\b|<NA>|\bNone\b|, \)|\(\)|, ,|\{|\}|  ")
WAYS = strategies().query("population.isna()")["strategy"].tolist()
ANY = ["any", *REFERENCES]
PRICES = {"price_b12": 5.0, "price_mma": 40.0, "currency": "EUR", "price_year": 2024}


def whole(texts) -> None:
    for text in texts:
        assert text, texts
        assert not BROKEN.search(str(text)), text


def short(title: str) -> str:
    """Return a title that fits its place."""
    assert len(title) <= 170, (len(title), title)
    return title


def limits_hold(rows: pd.DataFrame) -> None:
    assert (rows["lower"] <= rows["estimate"] * (1 + 1e-9)).all()
    assert (rows["estimate"] <= rows["upper"] * (1 + 1e-9)).all()
    assert np.isfinite(rows[["lower", "estimate", "upper"]].to_numpy(float)).all()


def test_parameters_offer_what_the_library_knows():
    known = {parameter.name: parameter.choices for parameter in reports.parameters("testing")}
    assert set(known["population"]) == set(POPULATIONS)
    assert list(known["strategy"]) == WAYS
    assert list(known["reference"]) == ANY


def test_the_answer_counts_a_thousand_people():
    """From the cells: positive are those below 148, and those from there to 221 with MMA above 271."""
    cells = b12.nhanes.cells.cells("65+")
    low, mild, raised = cells["b12_to"] <= 148, cells["b12_to"] <= 221, cells["mma_from"] >= 271
    found = low | (mild & raised)
    counted = [1000 * cells.loc[rows, "share"].sum() for rows in (found, found & raised, ~found & raised)]
    finding, sentence = say.answer(say.yields("65+", "b12_148_221_mma"), population="65+")
    assert [int(number) for number in re.findall(r"\b\d+\b", finding)[3:]] == [round(one) for one in counted]
    assert finding.startswith("Of 1,000 adults of 65 and over 63 test positive; 55 of them have raised MMA")
    assert finding.endswith(" more are missed (circular definition)")
    assert "20 (15–27) tests for each one found" in sentence


def test_a_definition_that_is_the_test_finds_all_and_says_why():
    table = say.yields("65+", "b12_148", "b12_148")
    finding, sentence = say.answer(table, population="65+")
    assert finding.endswith("by definition all of them are deficient and nobody is missed")
    assert "which is what is tested" in sentence
    names = [figure["name"] for figure in say.key_figures(table, country=None, size=None)]
    assert names == ["test positive", "for each deficient person found, by B12 below 148"]


def test_people_with_working_kidneys_are_counted_of_a_thousand_of_them():
    rows = say.yields("65+", "b12_148", "mma_271_egfr_60")
    cells = b12.nhanes.cells.cells("65+").query("egfr_60")
    raised = cells["mma_from"] >= 271
    cases = 1000 * cells.loc[raised, "share"].sum() / cells["share"].sum()
    assert rows["true_positives"].iloc[0] + rows["missed"].iloc[0] == pytest.approx(cases)
    assert "with working kidneys" in say.answer(rows, population="65+")[0]
    key = say.key_figures(rows, country="Ireland", size=1e6)[-1]["row"]["estimate"]  # of all, not of these
    assert key == pytest.approx(1000 * say.yields("65+", "b12_148")["positives"].iloc[0])


def test_people_of_a_country():
    size, said = tested.people("65+", "Ireland", None)
    assert (round(size), said) == (719832, "")
    assert tested.people("65+", None, None) == (None, "")
    assert "does not matter" in tested.people("65+", "Ireland", 5.0)[1]
    assert "is not known here" in tested.people("metformin_20+", "Ireland", None)[1]
    assert tested.people("metformin_20+", "Ireland", None)[0] is None
    adults = tested.people("20+", "United States", None)[0]
    assert tested.people("metformin_20+", "United States", 10.0)[0] == pytest.approx(adults / 10)
    users, said = tested.people("metformin_20+", "United States", None)
    assert 0.05 < users / adults < 0.08  # 6.4 % in nhanes_groups
    assert "6.4 %" in said
    assert tested.people("no_supplement_65+", "United States", None)[0] is None  # the survey's bands are 20+, 40+, 60+


def test_later_rounds_are_tests_and_no_cases():
    rows = say.yields("65+", "b12_148", years=5)
    text = " ".join(say.caveats(rows, years=5, size=None, counted=""))
    later = 4 * (1000 - rows["positives"].iloc[0])
    assert f"4 more rounds and {later:,.0f} more tests" in text
    assert "no case is counted" in text
    assert "A second round" in " ".join(say.caveats(say.yields("65+", "b12_148"), years=1, size=None, counted=""))


def test_what_the_tested_markers_define_is_hollow():
    rows = effort.by_strategy("65+", "any").set_index(["strategy", "reference"])["hollow"]
    assert not rows["b12_221", "mma_271"]
    assert rows["b12_221", "b12_148_or_mma_271"]
    assert rows.xs("b12_148_221_mma").all()


@pytest.mark.parametrize(("strategy", "word"), [("b12_148", ""), ("b12_221_mma", "(circular definition)")])
def test_the_title_says_when_it_is_circular(strategy, word):
    finding, _ = say.answer(say.yields("65+", strategy), population="65+")
    assert ("circular" in finding) == bool(word)
    assert finding.endswith(word)
    partly, _ = say.answer(say.yields("65+", strategy, "b12_148_and_mma_271"), population="65+")
    assert partly.endswith(word or "(circular in part)")


def test_raised_mma_is_no_deficiency_where_kidneys_are_not_considered():
    rows = say.yields("65+", "b12_148_221_mma")
    names = [figure["name"] for figure in say.key_figures(rows, country=None, size=None)]
    texts = [
        *say.answer(rows, population="65+"),
        *names,
        *cutoffs.curve_words(cutoffs.curve("65+", "mma_271")).values(),
    ]
    assert not any("deficient by MMA" in text or "of the deficient" in text for text in texts)
    assert names[1] == "of the positives have raised MMA"
    kidneys = say.yields("65+", "b12_148", "mma_271_egfr_60")
    assert "are deficient by MMA" in say.answer(kidneys, population="65+")[0]


def few_of(population: str, cycles: str) -> tuple[int, int]:
    """People examined with serum B12 below 148, and with MMA above 271."""
    table = stored.cells(population, cycles)
    return tuple(int(table.loc[rows, "n"].sum()) for rows in (table["b12_to"] <= 148, table["mma_from"] >= 271))


@pytest.mark.parametrize(
    ("population", "none"),
    [("metformin_20+", False), ("ppi_20+", True), ("diabetes_no_metformin_20+", True), ("20+", False)],
)
def test_shares_of_few_people_are_not_quoted(population, none):
    """Of fewer than 30 with low B12 the share with raised MMA stands in the figure, hollow, and in no sentence."""
    rows = truths.agreement(population)
    said = truths.agreement_words(rows)
    at = rows[rows["population"] == population].set_index("side")
    for cycles in ("1999-2004", "2011-2014"):
        few, many = few_of(population, cycles)
        quoted = f"{share(at.loc[f'low {cycles}', 'estimate'])} ({cycles.replace('-', '–')})"
        assert (quoted in said["title"]) == (quoted in said["summary"]) == (few >= 30)
        assert many >= 30
        assert f"{share(at.loc[f'raised {cycles}', 'estimate'])} ({cycles.replace('-', '–')})" in said["title"]
    assert ("those with low b12 are too few to quote" in said["title"].lower()) == none


def test_key_figures_of_few_people_are_dropped_and_the_title_says_why():
    """Twelve PPI users were examined and had B12 below 148."""
    rows = say.yields("ppi_20+", "b12_148")
    finding, sentence = say.answer(rows, population="ppi_20+")
    assert finding.endswith("only 12 of those examined are positive, too few to say more")
    assert "only 12 of those examined" in sentence
    names = [figure["name"] for figure in say.key_figures(rows, country=None, size=None)]
    assert names == ["test positive"]
    whole([finding, sentence])


def test_a_cut_off_of_few_people_is_not_quoted():
    """Of PPI users 12 were below 148 and at least 30 below 221."""
    table = cutoffs.curve("ppi_20+", "mma_271")
    at = table[table["reference"] == "mma_271"].set_index(["line", "cutoff"])
    said = cutoffs.curve_words(table)
    assert at.loc[("ppv", 148), "n_positives"] == 12
    assert share(at.loc[("ppv", 148), "estimate"]) not in said["title"] + said["summary"]
    assert f"of those found below 221 {share(at.loc[('ppv', 221), 'estimate'])} have raised MMA" in said["title"]
    assert "below 148 pmol/L fewer than 30 people examined, too few to quote; below 221" in said["summary"]
    whole(said.values())


def test_the_most_and_the_fewest_tests_are_not_those_of_few_people():
    table = effort.by_population("b12_148", "mma_271")
    few = table.set_index("population")["few"]
    assert few[["ppi_20+", "diabetes_no_metformin_20+", "80+"]].all()
    assert not few[["20+", "65+"]].any()
    quoted = table[~table["few"]]["estimate"]
    title = effort.needed_words(table, over="populations")["title"]
    assert f"{number(quoted.min())} to {number(quoted.max())} tests" in title
    assert quoted.min() > table["estimate"].min()  # of the oldest, of whom 17 were below 148


def test_costs_are_counted_by_hand():
    cost = effort.costs("65+", "mma_271", **PRICES).set_index("strategy")
    yields = b12.testing_yield("65+", "b12_221_mma", reference="mma_271").iloc[0]
    total = 1000 * 5 + yields["tests_second"] * 40
    assert cost.loc["b12_221_mma", "cost"] == pytest.approx(total)
    row = cost.loc["b12_221_mma"]
    assert row["estimate"] == pytest.approx(total / yields["true_positives"])
    assert row["lower"] == pytest.approx(total / yields["true_positives_upper"])
    limits_hold(cost)


@pytest.mark.parametrize("given", [{"price_b12": 5}, {"currency": "EUR"}, dict(list(PRICES.items())[:3])])
def test_a_price_without_the_rest_is_refused_before_the_run(given):
    with pytest.raises(InputError, match="give all of price_b12, price_mma, currency, price_year, or none") as refused:
        reports.validate("testing", given)
    assert len(refused.value.errors) == 1
    with pytest.raises(InputError, match="give all of price_b12, price_mma, currency, price_year, or none"):
        b12.batch({"reports": [{"report": "testing", "parameters": given}]}, dry_run=True)


def test_agreement_is_what_the_cells_say():
    """Of those with B12 below 148 about 40 % had raised MMA, of those about 13 % low B12: adults, 1999-2004."""
    rows = truths.agreement("20+")
    at = rows[rows["population"] == "20+"].set_index("side")["estimate"]
    assert at.to_numpy() == pytest.approx([0.406, 0.135, 0.529, 0.108], abs=0.0006)
    limits_hold(rows)
    few = rows[rows["hollow"]]
    assert (few["n"] < 30).all()
    assert len(few)


@pytest.fixture(scope="module")
def fits() -> pd.DataFrame:
    return truths.latent("65+", 1)


def test_the_model_stands_beside_its_priors_and_the_definitions(fits):
    rows = truths.deficient("65+", fits)
    assert rows["is_model"].tolist() == [False] * 4 + [True] * 2
    by_definition = rows["estimate"].tolist()[:4]
    low, raised, both, either = by_definition
    assert low + raised == pytest.approx(both + either)
    limits_hold(rows)
    beliefs = truths.beliefs(fits)
    assert len(beliefs) == 5 * 4
    sensitivity = beliefs.set_index(["parameter", "way"]).loc["sensitivity_1", "estimate"]
    assert sensitivity["clinical"] == pytest.approx(sensitivity["clinical prior"], abs=0.05)  # the prior decides
    whole([*truths.deficient_words(rows, population="65+").values(), *truths.beliefs_words(beliefs).values()])


def test_a_model_without_an_answer_says_so(fits):
    """Where the chains disagree there are definitions and priors, and no estimate of the model."""
    fits = fits.assign(estimate=np.nan, lower=np.nan, upper=np.nan, learned=np.nan)
    rows, beliefs = truths.deficient("65+", fits), truths.beliefs(fits)
    assert not rows["is_model"].any()
    whole([*truths.deficient_words(rows, population="65+").values(), *truths.beliefs_words(beliefs).values()])
    assert len(forest(rows, summary="is_model").data)
    drawn = grouped(beliefs, label="label", group="way", names=truths.WAYS)
    assert [trace.name for trace in drawn.data] == ["assumed, wide", "assumed, clinical"]


@pytest.fixture(autouse=True, scope="module")
def table_read_once():
    """Read the cells once: hundreds of yields look them up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored.evidence, "load", functools.cache(evidence.load))
        yield


def said_of_tests(population: str, strategy: str, reference: str) -> list[str]:
    """Sentences about one way of testing."""
    rows = say.yields(population, strategy, reference)
    size, counted = tested.people(population, "United States", None)
    for figure in say.key_figures(rows, country="United States", size=size):
        assert all(np.isfinite(value) for value in figure["row"].values()), figure
    limits_hold(say.counts(rows))
    short(say.answer(rows, population=population)[0])
    short(say.counts_words(rows, population=population)["title"])
    texts = [*say.answer(rows, population=population), *say.caveats(rows, years=1, size=size, counted=counted)]
    return [*texts, *say.counts_words(rows, population=population).values()]


def said_of_all(population: str, reference: str) -> list[str]:
    """Sentences about all ways of testing, the cut-off and the costs."""
    needed, curve = effort.by_strategy(population, reference), cutoffs.curve(population, reference)
    cost = effort.costs(population, reference, **PRICES)
    for drawn in (needed, curve.dropna(subset=["estimate"]), cost):
        limits_hold(drawn)
    assert len(bands(curve, x="cutoff", panel="panel", line="line", names=cutoffs.CURVE, x_title="pmol/L").data) == 20
    said = [cutoffs.curve_words(curve), effort.cost_words(cost, population=population)]
    said += [effort.needed_words(needed, over="ways of testing")]
    assert [short(one["title"]) for one in said]
    return [text for one in said for text in one.values()]


def test_sentences_are_whole():
    for population, strategy, reference in [
        ("65+", "b12_148_221_mma", "any"),
        ("metformin_20+", "mma_271_egfr_60", "mma_271_egfr_60"),
        ("diabetes_no_metformin_20+", "b12_148", "b12_148"),
    ]:
        whole(said_of_tests(population, strategy, reference))
        whole(said_of_all(population, reference))


def test_claims_come_with_what_they_rest_on():
    rows, cited = say.claims()
    assert [row["id"] for row in rows] == ["claim-X1", "claim-G2", "claim-V1"]
    assert set(evidence.cited(rows[0]["evidence"])["id"]) == set(cited["claim-X1"]["id"])


@pytest.mark.slow
@pytest.mark.parametrize("population", POPULATIONS)
def test_sentences_are_whole_over_the_grid(population):
    for strategy, reference in itertools.product(WAYS, ANY):
        whole(said_of_tests(population, strategy, reference))
    for reference in ANY:
        whole(said_of_all(population, reference))
    agreed = truths.agreement_words(truths.agreement(population))
    short(agreed["title"])
    whole(agreed.values())
    fits = truths.latent(population, 1)
    assert (fits["flag"] == "").all()
    whole(truths.deficient_words(truths.deficient(population, fits), population=population).values())
    whole(truths.beliefs_words(truths.beliefs(fits)).values())


@pytest.mark.slow
@pytest.mark.parametrize("strategy", WAYS)
def test_sentences_over_populations_are_whole(strategy):
    for reference in ANY:
        needed = effort.by_population(strategy, reference)
        limits_hold(needed)
        assert len(needed) == len(POPULATIONS) * (2 if reference == "any" else 1)
        whole(effort.needed_words(needed, over="populations").values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        {"population": "ppi_20+", "country": None, "reference": "b12_148", "years": 3.5},
        {"population": "metformin_60+", "country": "Ireland", "strategy": "mma_271", **PRICES},
        {"population": "no_supplement_65+", "exposed_percent": 40.0, "strategy": "b12_148", "reference": "b12_148"},
        {"population": "20-39", "exposed_percent": 0.0, "reference": "mma_271_egfr_60"},
    ],
)
def test_questions_give_pages(given):
    blocks, page = executed("testing", **given)
    figures = of_kind(blocks, "figure")
    assert page.figures == len(figures) == 7 + ("price_b12" in given)
    assert len(of_kind(blocks, "claim")) == 3


@pytest.mark.slow
def test_the_page_shows_its_figures_and_claims():
    blocks, page = executed("testing")
    figures = of_kind(blocks, "figure")
    assert [block["status"] for block in figures] == ["verified"] * 5 + ["assumption"] * 2
    assert not any("cost" in block["title"] for block in figures)
    assert "63 (47–83) of 1,000" in page.sentence
    assert len(table(figures[0])) == 3 * len(REFERENCES)
