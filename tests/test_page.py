"""The six things a notebook says: shown in the notebook and handed to the page in one output."""

import pandas as pd
import plotly.graph_objects as go
import pytest
from saying import displayed

import b12analysis as b12
from b12analysis import page
from b12analysis.arguments import InputError

ROWS = pd.DataFrame({"label": ["a", "b"], "estimate": [0.2, 0.5], "lower": [0.1, 0.4], "upper": [0.3, 0.6]})


def figure(**changed):
    words = {"title": "A finding", "summary": "In words.", "caption": "How."}
    return displayed(page.figure, b12.figures.forest(ROWS), ROWS, **(words | changed))


def test_an_answer_is_shown_and_handed_on():
    (data,) = displayed(page.answer, "Few & far", "**5 %** (4–6) of them.", place="Ireland")
    assert data[page.BLOCK] == {
        "kind": "answer",
        "finding": "Few & far",
        "sentence": "**5 %** (4–6) of them.",
        "place": "Ireland",
        "inline_only": False,
    }
    assert "<h2>Few &amp; far</h2>" in data["text/html"]
    assert "<strong>5 %</strong> (4–6) of them." in data["text/html"]


def test_a_key_figure_prints_its_interval():
    (data,) = displayed(page.key_figure, "deficient", {"estimate": 0.044, "lower": 0.031, "upper": 0.057}, what="95 %")
    assert data[page.BLOCK]["text"] == "4.4 % (3.1–5.7)"
    assert data[page.BLOCK]["estimate"] == pytest.approx(4.4)


def test_a_key_figure_in_another_unit_keeps_its_unit():
    row = {"estimate": 63.7, "lower": 53.05, "upper": 74.35}
    (data,) = displayed(page.key_figure, "lower", row, scale=1, unit="pmol/L")
    assert data[page.BLOCK]["text"] == "64 pmol/L (53–74)"


def test_a_key_figure_without_its_interval_is_refused():
    for missing in (None, float("nan"), float("inf"), -float("inf"), 1e308):
        with pytest.raises(InputError, match="row lacks a finite estimate, lower or upper for key figure 'deficient'"):
            page.key_figure("deficient", {"estimate": 0.04, "lower": missing, "upper": 0.05})


def test_a_figure_comes_with_title_table_summary_and_csv():
    title, drawing, description = figure()
    block = drawing[page.BLOCK]
    assert block["table"]["rows"] == [["a", "0.2", "0.1", "0.3"], ["b", "0.5", "0.4", "0.6"]]
    assert block["csv"].splitlines()[0] == "label,estimate,lower,upper"
    assert len(drawing["application/vnd.plotly.v1+json"]["data"]) == 2
    assert title[page.BLOCK]["inline_only"]
    assert description[page.BLOCK]["inline_only"]
    assert "In words." in description["text/html"]


def test_a_figure_wears_the_weakest_mark_of_its_rows():
    rows = b12.load("surveys").query("id in ('A01', 'A08', 'A10')")
    assert figure(evidence=rows)[1][page.BLOCK]["status"] == "secondary"
    assert figure(evidence=rows.query("id != 'A08'"))[1][page.BLOCK]["status"] == "verified"
    assert figure(evidence=rows, assumed=True)[1][page.BLOCK]["status"] == "assumption"
    assert figure()[1][page.BLOCK]["status"] == ""


def test_a_table_of_evidence_rows_is_its_own_evidence():
    surveys = b12.prevalence(b12.load("surveys").query("id in ('A10', 'A37')")).assign(label="x")
    block = displayed(page.figure, b12.figures.forest(surveys), surveys, title="t", summary="s")[1][page.BLOCK]
    assert [row["id"] for row in block["evidence"]] == ["A10", "A37"]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"title": " "}, "title is empty"),
        ({"summary": ""}, "summary is empty"),
        ({"title": "From nan to 5 %"}, "title contains a missing number"),
    ],
)
def test_a_figure_without_words_is_refused(changed, text):
    with pytest.raises(InputError, match=text):
        figure(**changed)


def test_an_empty_figure_is_refused():
    with pytest.raises(InputError, match="picture has no data to draw: figure 't' would be empty"):
        page.figure(go.Figure(), ROWS, title="t", summary="s")
    with pytest.raises(InputError, match="table is empty for figure 't'"):
        page.figure(b12.figures.forest(ROWS), ROWS.iloc[:0], title="t", summary="s")


@pytest.mark.parametrize("trace", [go.Choropleth(z=[1], locations=["IE"]), go.Scattergeo(lat=[1], lon=[2])])
def test_a_map_is_refused_because_it_fetches(trace):
    with pytest.raises(InputError, match=f"picture has a '{trace.type}' trace in figure 't', which fetches its map"):
        page.figure(go.Figure(trace), ROWS, title="t", summary="s")


def test_a_picture_at_an_address_is_refused():
    fig = b12.figures.forest(ROWS).add_layout_image(source="https://example.org/x.png")
    with pytest.raises(
        InputError, match="picture has an image from 'https://example.org/x.png' in figure 't'".replace(".", "[.]")
    ):
        page.figure(fig, ROWS, title="t", summary="s")


def test_evidence_lists_the_sources_of_its_rows():
    (data,) = displayed(page.evidence, "surveys", b12.load("surveys").head(3))
    assert len(data[page.BLOCK]["evidence"]) == 3
    assert "Allen" in data["text/html"]
    (none,) = displayed(page.evidence, "surveys", b12.load("surveys").head(0))
    assert none[page.BLOCK]["evidence"] == []


def test_rows_without_provenance_are_no_evidence():
    with pytest.raises(InputError, match="rows lacks columns 'id', 'source', 'status'"):
        page.evidence("surveys", ROWS)


def test_a_caveat_may_stress_a_word():
    (data,) = displayed(page.caveat, "**No** causal claim.")
    assert "<strong>No</strong> causal claim." in data["text/html"]


def test_a_claim_is_shown_with_its_verdict_and_the_rows_it_rests_on():
    claim = b12.load("claims").set_index("id", drop=False).loc["claim-G4"]
    (data,) = displayed(page.claim, claim, b12.evidence.cited(claim["evidence"]))
    block = data[page.BLOCK]
    assert block["statement"] == claim["statement"]
    assert block["verdict"] == "partly supported"
    assert [row["id"] for row in block["evidence"]] == ["claim-G4", *claim["evidence"].split()]
    assert "Verdict: partly supported." in data["text/html"]
