"""Pages laid out from executed notebooks: everything said is there, nothing is asked of any host."""

import base64
import gzip
import hashlib
import html
import html.parser
import os
import re
import shlex
from datetime import date

import nbformat
import pytest
from saying import displayed, notebook, said

import b12analysis as b12
from b12analysis import page
from b12analysis.arguments import InputError
from b12analysis.cli.single import parse_pairs
from b12analysis.page import SAFETY
from b12analysis.reports import drawing, names, render, validate


class Resources(html.parser.HTMLParser):
    """Addresses from which a browser would fetch something on its own."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            fetched = name in ("src", "srcset", "poster", "data") or (tag == "link" and name == "href")
            if fetched and not (value or "").startswith("data:"):
                self.found.append((tag, name, value))


@pytest.mark.parametrize("name", [*names(), "index"])
def test_a_page_asks_nothing_of_any_host(pages, name):
    text = (pages / f"{name}.html").read_text(encoding="utf-8")
    assert Resources(text).found == []
    style = re.search(r"<style>(.*?)</style>", text, re.S)[1]
    assert "@import" not in style
    assert "url(" not in style


@pytest.mark.parametrize("name", names())
def test_a_page_carries_what_every_report_must(pages, name):
    text = (pages / f"{name}.html").read_text(encoding="utf-8")
    assert "Information for research, not medical advice" in text
    assert all(f"<li>{line}</li>" in text for line in SAFETY)
    assert f"b12 report {name}" in text
    assert "seed" in text
    for package in ("b12analysis", "numpy", "pandas", "papermill", "plotly", "python", "scipy"):
        assert f'<th scope="row">{package}</th>' in text
    assert b12.evidence.sha256("sources") in text
    assert "nan" not in re.sub(r"<script.*?</script>", "", text, flags=re.S).split()
    assert "&lt;NA&gt;" not in text


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("folate", ["claims", "folate", "nhanes_folate", "nhanes_unseen", "population"]),
        ("prevalence", ["biomarkers", "surveys"]),
        ("recovery", ["outcomes", "recovery_model"]),
        ("replications", ["replications"]),
        ("risk_groups", ["risk_factors", "surveys"]),
        ("testing", ["claims", "latent_priors", "nhanes_cells"]),
        ("validation", ["kinetics_validation", "recovery_validation", "replications", "validation_programs"]),
    ],
)
def test_a_page_names_the_hash_of_each_table_it_used(pages, name, tables):
    text = (pages / f"{name}.html").read_text(encoding="utf-8")
    for table in tables:
        assert b12.evidence.sha256(table) in text


def test_the_bibliography_lists_the_sources_of_the_rows_used_and_no_others():
    text = render.page(notebook(said()), "recovery", {"seed": 1}).html
    listed = re.findall(r"<li>.*?</li>", re.search(r'<ol class="references">(.*?)</ol>', text, re.S)[1], re.S)
    assert len(listed) == len(b12.sources(b12.load("surveys").head(2)))
    assert "Allen LH" in listed[0]
    assert "rows A01, A02" in listed[0]


def test_every_figure_of_the_notebook_is_on_the_page():
    made = render.page(notebook(said(figures=3)), "recovery", {"seed": 1})
    assert made.figures == 3
    assert made.html.count("<figure data-figure=") == 3


def test_a_plotly_figure_shown_without_the_contract_is_drawn_too():
    outputs = said()
    bare = {"application/vnd.plotly.v1+json": {"data": [{"type": "scatter", "x": [1], "y": [2]}], "layout": {}}}
    outputs.append(bare)
    assert render.page(notebook(outputs), "recovery", {"seed": 1}).figures == 2


def test_other_outputs_of_a_notebook_are_not_lost():
    outputs = [*said(), {"text/plain": "forty-two & more"}]
    assert "forty-two &amp; more" in render.page(notebook(outputs), "recovery", {"seed": 1}).html


@pytest.mark.parametrize("missing", ["answer", "figure"])
def test_a_notebook_without_an_answer_or_a_figure_is_no_report(missing):
    kept = [output for output in said() if output[page.BLOCK]["kind"] != missing]
    with pytest.raises(ValueError, match=f"gave {0 if missing == 'answer' else 1} answers"):
        render.page(notebook(kept), "recovery", {"seed": 1})


def test_markup_in_the_words_of_a_report_is_shown_and_not_obeyed():
    made = render.page(notebook(said("<b>5 < 6</b></script>")), "recovery", {"seed": "<i>"})
    assert "<b>5" not in made.html
    assert "&lt;b&gt;5 &lt; 6&lt;/b&gt;" in made.html
    assert "<i>" not in made.html


def test_claims_of_one_page_are_told_apart_by_what_hears_it():
    claims = b12.load("claims").head(2)
    shown = [displayed(page.claim, row, b12.evidence.cited("B18"))[0] for _, row in claims.iterrows()]
    made = render.page(notebook([*said(), *shown]), "recovery", {"seed": 1}).html
    labels = re.findall(r'<aside class="claim" aria-label="([^"]*)"', made)
    assert [html.unescape(label) for label in labels] == [
        f"The article's claim: {text}" for text in claims["statement"]
    ]


def test_the_same_notebook_gives_the_same_bytes():
    once, again = (render.page(notebook(said()), "recovery", {"seed": 1}).html for _ in range(2))
    assert once == again


def test_the_command_of_a_page_gives_the_same_parameters_again(typed):
    file = typed / "a table, 'mine'.csv"
    file.write_text("a", encoding="utf-8")
    given = {
        "f": None, "b": True, "d": date(2026, 1, 31), "s": " it's $HOME, <i>1</i>", "many": ["a, b", "", "it's", "-c"],
        "days": [date(2026, 2, 1), date(2026, 3, 1)], "p": file,
    }  # fmt: skip
    values = validate("typed", given)
    text = render.page(notebook(said()), "typed", values).html
    words = shlex.split(html.unescape(re.search(r"makes it again:</p>\s*<pre><code>(.*?)</code>", text, re.S)[1]))
    assert words[:3] == ["b12", "report", "typed"]
    assert set(words[3::2]) == {"-p"}
    assert validate("typed", parse_pairs(words[4::2])) == values


def test_tags_show_values_as_the_command_line_takes_them(typed):
    text = render.page(notebook(said()), "typed", validate("typed", {"b": True, "f": 6.0, "many": ["a", "b"]})).html
    for tag in ("b: true", "f: 6", "d: 2026-01-01", "many: [a, b]", "days: none"):
        assert f"<li>{tag}</li>" in text


# -- size, policy, the script that draws ------------------------------------------------------------------------------


def rendered(plotly="embed", outputs=None):
    return render.page(notebook(outputs or said()), "recovery", {"seed": 1}, plotly=plotly).html


def rules(text):
    """Content-Security-Policy of a page, rule by rule."""
    content = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1])
    return {name: values for name, *values in (rule.split() for rule in content.split("; "))}


@pytest.mark.parametrize("name", names())
def test_a_default_page_is_small(pages, name):
    text = (pages / f"{name}.html").read_bytes()
    assert len(text) < 2_500_000
    packed = re.search(rb'<script type="text/plain" id="plotly-packed">([^<]*)</script>', text)[1]
    assert len(text) - len(packed) <= 400_000


def test_a_shared_page_is_small_and_names_one_script_of_its_folder():
    text = rendered("shared")
    assert len(text) < 40_000
    assert Resources(text).found == [("script", "src", drawing.file_name())]


@pytest.mark.parametrize("plotly", ["embed", "shared"])
def test_the_policy_lists_the_hash_of_each_inline_script_and_nothing_loose(plotly):
    text = rendered(plotly)
    policy = rules(text)
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    inline = re.findall(r"<script>(.*?)</script>", text, re.S)
    added = [drawing.source()] if plotly == "embed" else []
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in [*inline, *added]]
    own = ["'self'"] if plotly == "shared" else []
    assert policy["script-src"] == own + [f"'sha256-{digest}'" for digest in hashes]
    assert len(inline) == 1


def test_what_is_packed_is_the_script_itself():
    text = re.search(r'id="plotly-packed">([^<]*)<', rendered())[1]
    assert gzip.decompress(base64.b64decode(text)).decode() == drawing.source()


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_damaged_script_is_replaced(tmp_path, damage):
    path = tmp_path / drawing.plotly_script(tmp_path)
    whole = path.read_bytes()
    assert hashlib.sha256(whole).hexdigest().startswith(path.name.removeprefix("plotly-").removesuffix(".min.js"))
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if damage == "cut" else b"X" + whole[1:])
    assert drawing.plotly_script(tmp_path) == path.name
    assert path.read_bytes() == whole
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_sound_script_is_left_alone(tmp_path):
    path = tmp_path / drawing.plotly_script(tmp_path)
    os.utime(path, (1, 1))
    drawing.plotly_script(tmp_path)
    assert path.stat().st_mtime == 1


def test_another_way_to_plotly_is_refused():
    with pytest.raises(InputError, match="plotly='cdn' is not known; it is one of 'embed', 'shared'"):
        rendered("cdn")


@pytest.mark.parametrize("kind", ["choropleth", "scattergeo", "scattermap", "scattermapbox", "densitymap"])
def test_a_map_is_refused_because_it_fetches(kind):
    outputs = [*said(), {page.PLOTLY: {"data": [{"type": kind, "lat": [1], "lon": [2]}], "layout": {}}}]
    with pytest.raises(ValueError, match=f"picture has a '{kind}' trace .* fetches its map from the network"):
        rendered(outputs=outputs)


def test_prose_before_a_figure_stands_below_its_title():
    text = notebook(said())
    text.cells.insert(1, nbformat.v4.new_markdown_cell("Why this matters."))
    text.cells[2].outputs = text.cells[2].outputs[2:]  # answer and key figure stay in the first code cell
    first = nbformat.v4.new_code_cell("1", outputs=notebook(said()).cells[1].outputs[:2])
    text.cells.insert(1, first)
    shown = render.page(text, "recovery", {"seed": 1}).html
    assert shown.index("<h2>Some are low</h2>") < shown.index("Why this matters.") < shown.index("<figure")


def test_a_page_explains_the_abbreviations_that_stand_on_it_and_no_others():
    html_text = render.page(notebook(said("MMA is raised")), "recovery", {}).html
    assert "<dt>MMA</dt><dd>methylmalonic acid" in html_text
    assert "<dt>holoTC</dt>" not in html_text
    assert 'class="abbreviations"' not in render.page(notebook(said("Some are low")), "recovery", {}).html
