"""Figures in which a reader chooses: what is refused, what the page holds, and what a browser makes of it."""

import base64
import gzip
import html
import itertools
import json
import re

import nbformat
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saying import displayed, notebook
from test_accessibility import UNFOLD, faults
from test_browser import Visit

from b12analysis import page, report, theme
from b12analysis.arguments import InputError
from b12analysis.reports import compact, drawing, render

PICK = {"regimen": {"uk": "British", "us": "American <b>", "pill": "tablets"}, "defect": {"none": "none", "pa": "PA"}}
COMBINATIONS = list(itertools.product(*PICK.values()))


def picture(combinations=COMBINATIONS, points=3):
    """Draw a band and a line per combination, the k-th at the height k + 1, and a line for all of them."""
    fig = go.Figure().add_scatter(x=[0, 1], y=[2, 2], mode="lines", name="usual")
    x = np.linspace(0, 1, points)
    for place, (regimen, defect) in enumerate(combinations, 1):
        own = {"meta": {"regimen": regimen, "defect": defect}, "mode": "lines"}
        fig.add_scatter(x=[*x, *x[::-1]], y=[place * 1.2] * points + [place * 0.8] * points, fill="toself", **own)
        fig.add_scatter(x=x, y=np.full(points, float(place)), name=f"{regimen} {defect}", **own)
    return fig.update_layout(template="b12", height=300)


def rows(text="Height"):
    """One row and one sentence per combination."""
    table = pd.DataFrame(COMBINATIONS, columns=["regimen", "defect"]).assign(height=range(1, 7))
    return table.assign(text=[f"{text} **{height}** reached." for height in table["height"]])


def figure(fig=None, table=None, **changed):
    words = {"title": "A finding", "summary": "In words.", "pick": PICK, "said": rows()} | changed
    return displayed(page.figure, fig or picture(), rows() if table is None else table, **words)


def outputs(**changed):
    return [
        *displayed(page.answer, "A finding", "**20 %** are low."),
        *figure(table=rows()[["regimen", "defect", "height"]], **changed),
    ]


def laid_out(**changed):
    return render.page(notebook(outputs(**changed)), "recovery", {"seed": 1}, plotly="shared").html


def shown(places, keys):
    return [place is None or all(own in (None, key) for own, key in zip(place, keys, strict=True)) for place in places]


# -- what is refused --------------------------------------------------------------------------------------------------


def with_meta(meta):
    return picture().add_scatter(x=[0], y=[1], name="odd", meta=meta)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"fig": with_meta({"regimen": "ukk"})}, r"'odd', meta\['regimen'\]='ukk' is not known \(did you mean 'uk'"),
        ({"fig": with_meta({"regime": "uk"})}, r"trace 'odd', meta='regime' is not known \(did you mean 'regimen'"),
        ({"fig": with_meta({"regimen": ["uk", "us"]})}, r"meta\['regimen'\]=\['uk', 'us'\] is not known"),
        ({"fig": with_meta("uk")}, "trace 'odd', meta is 'uk'; in a figure with a pick it is a dict of keys"),
        ({"fig": picture(COMBINATIONS[:-1])}, "picture has no trace for regimen='pill', defect='pa'"),
        ({"table": rows().drop(columns="defect")}, "table lacks column 'defect'"),
        ({"table": rows().assign(defect="pe")}, r"table\['defect'\]='pe' is not known"),
        ({"table": rows()[1:]}, "table has no row for regimen='uk', defect='none'"),
        ({"said": rows()[1:]}, "said has 0 sentences for regimen='uk', defect='none'; it needs one"),
        ({"said": pd.concat([rows(), rows()[:1]])}, "said has 2 sentences for regimen='uk', defect='none'"),
        ({"said": rows().drop(columns="text")}, "said lacks column 'text'"),
        ({"said": rows("nan")}, "said contains a missing number: 'nan"),
        ({"picked": {"regimen": "de"}}, r"picked\['regimen'\]='de' is not known; choose one of 'uk', 'us', 'pill'"),
        ({"picked": {"dose": "1"}}, "picked='dose' is not known"),
        ({"pick": PICK | {"dose": {}}}, r"pick\['dose'\] offers no choice"),
        ({"pick": None}, "pick is missing in figure 'A finding': said and picked belong to its choices"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_by_name(changed, text):
    with pytest.raises(InputError, match=text):
        figure(**changed)


def test_every_combination_without_a_trace_is_named():
    with pytest.raises(InputError) as refused:
        figure(picture(COMBINATIONS[:3]))
    assert [error.split(" for ")[1] for error in refused.value.errors] == [
        f"regimen={regimen!r}, defect={defect!r}" for regimen, defect in COMBINATIONS[3:]
    ]


# -- what JupyterLab and the page are given ---------------------------------------------------------------------------


def test_jupyterlab_draws_the_first_choice_and_has_a_menu_of_all():
    inline = figure(picked={"defect": "pa"})[1][page.PLOTLY]
    assert [trace.get("visible") for trace in inline["data"]] == [None] + [
        number == 1 for number in range(6) for _ in "ab"
    ]
    (menu,) = inline["layout"]["updatemenus"]
    assert [button["label"] for button in menu["buttons"]][menu["active"]] == "British · PA"
    for keys, button in zip(COMBINATIONS, menu["buttons"], strict=True):
        own = [inline["data"][trace]["meta"] for trace in button["args"][1]]
        assert button["args"][0]["visible"] == shown(own, keys)
        assert sum(button["args"][0]["visible"]) == 2
    go.Figure({"data": inline["data"], "layout": inline["layout"]})  # Plotly takes it


def test_the_page_holds_all_choices_and_shows_the_first_sentence():
    text = laid_out(picked={"regimen": "us"})
    lists = re.findall(r"<label>(\w+) <select.*?>(.*?)</select>", text)
    assert [(label, re.findall(r'value="(\w+)"', options)) for label, options in lists] == [
        ("Regimen", list(PICK["regimen"])), ("Defect", list(PICK["defect"]))
    ]  # fmt: skip
    assert re.findall(r'value="(\w+)" selected', text) == ["us", "none"]
    assert "American &lt;b&gt;</option>" in text
    said = re.findall(r'<p data-pick="([^"]*)"( hidden)?>(.*?)</p>', text)
    assert [json.loads(html.unescape(place)) for place, _, _ in said] == [list(keys) for keys in COMBINATIONS]
    assert [words for _, hidden, words in said if not hidden] == ["Height <strong>3</strong> reached."]
    places = [json.loads(html.unescape(place)) for place in re.findall(r'<tr data-pick="([^"]*)"', text)]
    assert places == [list(keys) for keys in COMBINATIONS]


def drawing_of(text):
    store = re.search(r'<figure.*?<script type="text/plain">(.*?)</script>', text, re.S)[1]
    return json.loads(gzip.decompress(base64.b64decode(store)))


def test_the_page_holds_every_trace_with_its_place_and_no_menu():
    held = drawing_of(laid_out())
    assert [trace.get("meta") for trace in held["data"]] == [None] + [list(keys) for keys in COMBINATIONS for _ in "ab"]
    assert held["data"][2]["y"] == [1, 1, 1]
    assert not any("visible" in trace for trace in held["data"])
    assert "updatemenus" not in held["layout"]


def test_keys_may_be_numbers_in_a_column_with_gaps():
    table = pd.DataFrame({"dose": [1, 2, None]})
    fig = go.Figure().add_scatter(x=[0], meta={"dose": 1}).add_scatter(x=[0], meta={"dose": 2})
    block = figure(fig, table, pick={"dose": {1: "one", 2: "two"}}, said=None)[1][page.BLOCK]
    assert (block["row_places"], block["picks"][0]["chosen"]) == ([["1"], ["2"], [None]], "1")


def test_what_names_no_key_belongs_to_every_choice():
    table = pd.concat([rows(), pd.DataFrame({"regimen": ["uk"], "defect": [None], "height": [9]})])
    fig = picture().add_scatter(x=[0], y=[1], meta={"defect": "pa"})
    block = figure(fig, table)[1][page.BLOCK]
    assert block["row_places"][-1] == ["uk", None]
    assert block["drawing"]["data"][-1]["meta"] == [None, "pa"]


def test_a_figure_without_a_pick_is_as_before():
    data = figure(pick=None, said=None)[1]
    assert {"picks", "drawing"}.isdisjoint(data[page.BLOCK])
    assert 'class="picks"' not in render.page(notebook(outputs(pick=None, said=None)), "recovery", {}).html


def test_the_words_of_choices_are_searched_for_abbreviations():
    assert "<dt>MMA</dt>" in laid_out(said=rows("MMA falls:"))


# -- size -------------------------------------------------------------------------------------------------------------


def test_a_figure_of_105_bands_is_small():
    random, fig = np.random.default_rng(1), go.Figure()
    years = np.linspace(0, 10, 40)
    for _ in range(105):
        line = np.exp(random.normal(0, 0.1, 40).cumsum())
        fig.add_scatter(
            x=[*years, *years[::-1]], y=[*1.5 * line, *0.6 * line[::-1]], fill="toself", fillcolor=theme.band(theme.INK)
        )
        fig.add_scatter(x=years, y=line, customdata=np.column_stack([line * 0.6, line * 1.5]), hovertemplate="%{y}")
    plain = json.loads(fig.to_json())
    assert len(compact.packed(json.dumps(compact.rounded(plain)))) < 100_000 < len(json.dumps(plain)) / 4  # bytes


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9), min_size=1, max_size=8))
@settings(derandomize=True, max_examples=60)
def test_rounding_moves_no_number_by_more_than_a_reader_could_see(values):
    short = compact.rounded({"y": values})["y"]
    spread = max(values) - min(values)
    for before, after in zip(values, short, strict=True):
        # half a unit of the fourth digit, of the number and of the range; one place more for their own last bits
        assert abs(after - before) <= 0.5001e-3 * min(abs(before), spread or abs(before)) + 1e-15 * abs(before)


def test_arrays_are_the_same_however_plotly_wrote_them():
    values = np.array([[1.23456, np.nan], [np.inf, -7.0]])
    whole = {"dtype": "f8", "bdata": base64.b64encode(values.tobytes()).decode(), "shape": "2, 2"}
    assert compact.rounded(whole) == [[1.235, None], [None, -7]]
    assert compact.rounded([1.23456, None, -7]) == [1.235, None, -7]
    assert compact.rounded([True, False]) == [True, False]
    assert compact.rounded(["a", 1.23456]) == ["a", 1.23456]


# -- in a browser -----------------------------------------------------------------------------------------------------

DRAWN = """JSON.stringify([...document.querySelector('.drawing').data.entries()]
    .filter(([, trace]) => trace.visible !== false).map(([number]) => number))"""
INK = "document.querySelectorAll('.drawing .scatterlayer .trace').length"
RANGES = "JSON.stringify(['xaxis', 'yaxis'].map((axis) => document.querySelector('.drawing')._fullLayout[axis].range))"


def drawn(visit, number):
    """Wait until the traces of the combination of this number are drawn, with the line of all, and no others."""
    visit.until(f"{DRAWN} === '[0,{2 * number - 1},{2 * number}]' && {INK} === 3", seconds=5)


def looked_at(visit):
    """Sentence, visible rows of the table and name of the drawing."""
    seen = (
        visit.page.locator(".said").inner_text(),
        visit.page.locator("figure ~ details tbody tr:visible td:last-child").all_inner_texts(),
    )
    return *seen, visit.page.locator(".drawing").get_attribute("aria-label")


@pytest.fixture(scope="module")
def laid_out_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("picks") / "page.html"
    drawing.plotly_script(path.parent)  # beside the page: quicker than unpacking it in each test
    path.write_text(laid_out(), encoding="utf-8")
    return path


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1000, "light", marks=pytest.mark.slow), pytest.param(390, "dark")]
)
def test_the_keyboard_chooses_what_is_drawn_said_and_listed(chromium, laid_out_path, width, scheme):
    with Visit(chromium, laid_out_path, size={"width": width, "height": 800}, scheme=scheme, bypass_csp=True) as visit:
        visit.page.evaluate(UNFOLD)
        drawn(visit, 1)
        assert looked_at(visit) == ("Height 1 reached.", ["1"], "In words. Chosen: British, none. Height 1 reached.")
        ranges = visit.page.evaluate(RANGES)
        assert json.loads(ranges)[1][1] > 6 * 1.2  # the highest band of all has room
        visit.page.get_by_label("Regimen").focus()
        visit.page.keyboard.press("ArrowDown")
        drawn(visit, 3)
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.parentElement.innerText").startswith("Defect")
        visit.page.keyboard.press("ArrowDown")
        drawn(visit, 4)
        assert looked_at(visit) == ("Height 4 reached.", ["4"], "In words. Chosen: American <b>, PA. Height 4 reached.")
        assert visit.page.evaluate(RANGES) == ranges
        assert visit.overflow() == 0
        assert visit.faults == []
        assert faults(visit.page) == []


@pytest.mark.slow
@pytest.mark.browser
def test_a_choice_lasts_through_dark_and_paper(chromium, laid_out_path):
    with Visit(chromium, laid_out_path) as visit:
        visit.page.get_by_label("Regimen").select_option("pill")
        ranges = visit.page.evaluate(RANGES)
        visit.page.emulate_media(color_scheme="dark")
        visit.until("document.querySelector('.drawing').layout.template.layout.paper_bgcolor === '#0f1419'")
        drawn(visit, 5)
        visit.page.emulate_media(media="print", color_scheme="dark")
        visit.until("document.querySelector('.drawing').layout.width === 640")
        drawn(visit, 5)
        assert looked_at(visit)[:2] == ("Height 5 reached.", ["5"])
        assert visit.page.get_by_label("Regimen").is_visible()
        assert visit.page.get_by_label("Regimen").evaluate("(list) => getComputedStyle(list).borderStyle") == "none"
        assert visit.page.evaluate(RANGES) == ranges


@pytest.mark.browser
def test_without_a_script_the_first_sentence_and_all_rows_are_there_and_no_lists(chromium, laid_out_path):
    with chromium.new_context(offline=True, java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(laid_out_path.as_uri())
        tab.locator("summary", has_text="Data and text description").click()
        assert tab.locator("figure ~ details tbody tr:visible").count() == 6
        assert tab.locator(".said").inner_text() == "Height 1 reached."
        assert not tab.locator(".picks").is_visible()


@pytest.mark.browser
def test_a_browser_that_cannot_unpack_the_figure_still_chooses_rows(chromium, laid_out_path):
    with chromium.new_context(offline=True) as context:
        tab = context.new_page()
        tab.add_init_script("delete window.DecompressionStream")
        tab.goto(laid_out_path.as_uri())
        tab.locator(".drawing", has_text="Not drawn: this browser is too old to unpack").wait_for()
        tab.get_by_label("Regimen").select_option("us")
        assert tab.locator("figure ~ details tbody tr:visible td:last-child").all_inner_texts() == ["3"]


CELL = """
import pandas as pd
import plotly.graph_objects as go
from b12analysis import page

picture = go.Figure()
for place, site in enumerate(["a", "b"]):
    picture.add_bar(x=["low"], y=[place + n], meta={"site": site})
table = pd.DataFrame({"site": ["a", "b"], "low": [n, n + 1]})
page.answer("Some are low", "Some.")
page.figure(picture, table, title="Low", summary="Bars.", pick={"site": {"a": "here", "b": "there"}})
"""


@pytest.mark.slow
@pytest.mark.browser
def test_a_notebook_of_ones_own_may_let_its_reader_choose(chromium, tmp_path, monkeypatch):
    parameters = nbformat.v4.new_code_cell("n: int = 3  # how many [1 to 9]", metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# How many?"), parameters, nbformat.v4.new_code_cell(CELL)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "sites.ipynb")
    monkeypatch.setenv("B12_NOTEBOOKS", str(tmp_path))
    with Visit(chromium, report("sites", out=tmp_path / "out")) as visit:
        assert visit.page.evaluate(DRAWN) == "[0]"
        visit.page.get_by_label("Site").focus()
        visit.page.keyboard.press("ArrowDown")
        visit.until(f"{DRAWN} === '[1]'")
        assert visit.faults == []
