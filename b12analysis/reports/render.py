"""Lay an executed notebook out as a page.

The page is made of the blocks that :mod:`b12analysis.page` left in the outputs, of the notebook's prose, and of what
every report must carry: parameters, versions, hashes of the tables used, bibliography, and the line that this is not
medical advice. A Plotly figure that came without a block is drawn too. The script that draws the figures is inside the
page or beside it, and nothing is asked of any other host.
"""

from __future__ import annotations

import base64
import json
import platform
import re
import shlex
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import jinja2
import markupsafe
import pandas as pd

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.evidence import load, recorded, sha256, table_names
from b12analysis.page import BLOCK, NOT_ADVICE, PLOTLY, SAFETY, check_drawable
from b12analysis.picks import holds
from b12analysis.reports import compact, drawing, templating
from b12analysis.reports.notebooks import question
from b12analysis.reports.types import text

__all__ = ["Page", "page"]

#: What a reader may not know; a page explains those that stand on it.
_ABBREVIATIONS = {
    "MMA": "methylmalonic acid: rises in blood where cells lack B12, and where kidneys fail",
    "holoTC": "holotranscobalamin: the part of B12 in blood that cells can take up",
    "Hcy": "homocysteine: rises where B12 or folate is lacking",
    "eGFR": "estimated glomerular filtration rate, mL/min/1.73 m²: the kidneys' work; 60 and over counts as working",
    "MCV": "mean volume of a red blood cell",
    "PPI": "proton-pump inhibitor, a medicine against stomach acid",
}
_PACKAGES = ("b12analysis", "numpy", "pandas", "papermill", "plotly", "scipy")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page and what the index says of it."""

    html: str
    name: str
    question: str
    finding: str
    sentence: str
    key_figures: list[dict[str, Any]]
    parameters: dict[str, Any]
    figures: int


def page(notebook: Any, name: str, values: dict[str, Any], *, plotly: str = "embed") -> Page:
    """Lay out one executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook with its outputs.
    name : str
        Name of the report.
    values : dict
        Parameters that it was run with.
    plotly : {"embed", "shared"}
        Where the script that draws is: compressed inside the page, which then needs no other file, or in the page's
        folder, where :func:`~b12analysis.reports.drawing.plotly_script` puts it.

    Returns
    -------
    Page

    Raises
    ------
    ValueError
        If the notebook gave no answer or no figure: a report is never silently empty. Also if a figure cannot be drawn
        without a network.
    """
    if plotly not in ("embed", "shared"):
        raise InputError(f"plotly={plotly!r} is not known; it is one of 'embed', 'shared'")
    parts = _parts(notebook)
    answers = [part for part in parts if part["kind"] == "answer"]
    figures = [part for part in parts if part["kind"] == "figure"]
    if len(answers) != 1 or not figures:
        raise ValueError(
            f"report {name!r} gave {len(answers)} answers and {len(figures)} figures; it needs one and some"
        )
    used = [row for part in parts for row in part.get("evidence", [])]
    for place, part in enumerate(figures, start=1):
        _prepare(part, place)
    html = (
        _environment()
        .get_template("page.html.j2")
        .render(
            name=name,
            question=question(name),
            answer=answers[0],
            parts=_introduced(parts),
            figures=figures,
            caveats=[part for part in parts if part["kind"] == "caveat"],
            key_figures=[part for part in parts if part["kind"] == "key_figure"],
            parameters={key: text(value) for key, value in values.items()},
            command=_command(name, values),
            versions={"python": platform.python_version()} | {package: version(package) for package in _PACKAGES},
            hashes={table: recorded.get(table) or sha256(table) for table in _tables_used(used)},
            bibliography=_bibliography(used),
            code=[cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()],
            abbreviations=_abbreviations(parts),
            **_scripts(plotly),
        )
    )
    return Page(
        html=html,
        name=name,
        question=question(name),
        finding=answers[0]["finding"],
        sentence=answers[0]["sentence"],
        key_figures=[part for part in parts if part["kind"] == "key_figure"],
        parameters=values,
        figures=len(figures),
    )


def _abbreviations(parts: list[dict[str, Any]]) -> dict[str, str]:
    """Abbreviations that a reader of the page meets, in its words or its figures."""
    keys = ("finding", "sentence", "title", "summary", "caption", "text", "drawing_json")
    shown = " ".join(part.get(key, "") for part in parts for key in keys)
    shown += json.dumps([part.get(key, "") for part in parts for key in ("picks", "said")])
    return {short: said for short, said in _ABBREVIATIONS.items() if re.search(rf"\b{short}s?\b", shown)}


def ready() -> None:
    """Build what every page needs, so that a fork finds it there."""
    _environment().get_template("page.html.j2")
    drawing.file_name()
    drawing.packed()
    _ids()


@cache
def _environment() -> jinja2.Environment:
    environment = templating.environment()
    environment.filters |= {"breakable": _breakable, "holds": holds}
    environment.globals |= {
        "marks": theme.MARKS,
        "not_advice": NOT_ADVICE,
        "safety": SAFETY,
        "dark_json": _script_safe(theme.DARK),
        "muted": theme.MUTED,
        "style": templating.text("page.css"),
        "script": templating.text("page.js"),
    }
    return environment


def _breakable(text: str) -> markupsafe.Markup:
    """Let a key such as ``b12_marginal_221`` or ``green2005`` go on in the next line of its cell."""
    return markupsafe.Markup(re.sub(r"(_|(?<=[a-z])(?=\d{4}))", r"\1<wbr>", str(markupsafe.escape(text))))


def _scripts(plotly: str) -> dict[str, str | None]:
    """Say what the template needs to load and allow the scripts of a page."""
    own = _environment().globals["script"]
    if plotly == "shared":
        return {"shared": drawing.file_name(), "packed": None, "policy": drawing.policy(own, own_folder=True)}
    policy = drawing.policy(own, drawing.source(), own_folder=False)
    return {"shared": None, "packed": drawing.packed(), "policy": policy}


def _prepare(part: dict[str, Any], place: int) -> None:
    """Give a figure its address, its drawing as text, and its data as a link that works without scripts too."""
    check_drawable(part["drawing"], part["title"])
    part["anchor"] = f"figure-{place}"
    picks = part.get("picks", [])
    if picks:  # all choices travel, so they travel light
        part["drawing"]["data"] = compact.rounded(part["drawing"]["data"])
    part["drawing_json"] = _script_safe(part["drawing"])
    part["drawing_packed"] = compact.packed(part["drawing_json"]) if picks else None
    part["chosen"] = [pick["chosen"] for pick in picks]
    if "csv" in part:
        part["csv_href"] = "data:text/csv;charset=utf-8;base64," + base64.b64encode(part["csv"].encode()).decode()


def _introduced(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put prose that stands before a figure below the figure's title; leave out the notebook's own title."""
    kept: list[dict[str, Any]] = []
    for place, part in enumerate(parts):
        if part["kind"] == "figure" and part["title"] and kept and kept[-1]["kind"] == "prose":
            kept.append(part | {"introduction": kept.pop()["html"]})
        elif part["kind"] in ("figure", "output", "claim") or (part["kind"] == "prose" and place > 0):
            kept.append(part)
    return kept


def _script_safe(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _parts(notebook: Any) -> list[dict[str, Any]]:
    """Collect what the notebook says, in its order."""
    from nbconvert.filters import markdown2html

    parts: list[dict[str, Any]] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append({"kind": "prose", "source": cell.source, "html": markdown2html(cell.source)})
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if BLOCK in data:
                block = data[BLOCK]
                if not block["inline_only"]:
                    parts.append(({"drawing": data[PLOTLY]} if PLOTLY in data else {}) | block)
            elif PLOTLY in data:  # a figure shown without the contract: still shown
                parts.append({"kind": "figure", "title": "", "drawing": data[PLOTLY], "status": "", "caption": ""})
            elif "text/html" in data:
                parts.append({"kind": "output", "html": "".join(data["text/html"])})
            elif "text/plain" in data or output.get("name") == "stdout":
                parts.append({"kind": "output", "text": data.get("text/plain", output.get("text", ""))})
    return parts


def _command(name: str, values: dict[str, Any]) -> str:
    """Return the command that makes this page again."""
    options = [word for key, value in values.items() for word in ("-p", f"{key}={text(value)}")]
    return shlex.join(["b12", "report", name, *options])


def _tables_used(used: list[dict[str, str]]) -> list[str]:
    ids = {row["id"] for row in used}
    return ["columns", "sources", *sorted(table for table, keys in _ids().items() if keys & ids)]


def _ids() -> dict[str, set[str]]:
    return _ids_of(tuple((name, sha256(name)) for name in table_names()))


@cache
def _ids_of(hashes: tuple[tuple[str, str], ...]) -> dict[str, set[str]]:
    loaded = {name: load(name) for name, _ in hashes if name != "left_out"}
    # rows that our code computed have no id of their own: the table's name stands for them
    return {name: set(table["id"]) if "id" in table else {name} for name, table in loaded.items()}


def _bibliography(used: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Publications behind the rows used: citation, link, weakest to strongest marks of its rows, number of rows."""
    rows = pd.DataFrame(used, columns=["id", "source", "status"]).drop_duplicates()
    known = load("sources").set_index("source")
    listed = []
    for key, own in rows.groupby("source"):
        source = known.loc[key]
        link = f"https://doi.org/{source['doi']}" if pd.notna(source["doi"]) else None
        if link is None and pd.notna(source["pmid"]):
            link = f"https://pubmed.ncbi.nlm.nih.gov/{source['pmid']}/"
        listed.append(
            {
                "citation": source["citation"],
                "link": link,
                "completed": source["citation_status"] == "completed",
                "marks": [status for status in theme.MARKS if status in set(own["status"])],
                "rows": sorted(own["id"]),
            }
        )
    return sorted(listed, key=lambda entry: entry["citation"].lower())
