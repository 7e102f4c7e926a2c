"""What a notebook says, in one form for JupyterLab and for the report page.

A notebook that is to become a page says six kinds of things, each with one call:

=================  ==========================================================================
:func:`answer`     the finding as a title, and the answer in a sentence or two
:func:`claim`      what the article says of it, and the verdict
:func:`key_figure` one number with its interval, for the head of the page and the index
:func:`figure`     a picture with its title, its table, its summary in words, and the rows it rests on; its reader may
                   choose what is drawn
:func:`caveat`     what this does not show
:func:`evidence`   further rows used: they enter the bibliography and the marks of trust
=================  ==========================================================================

Each call displays an output that JupyterLab draws at once. Beside it, in the same output, travels a *block*: the same
content as plain JSON under ``BLOCK``, from which the page is laid out. So nothing is parsed back from HTML, and a page
shows what the notebook showed.
"""

from __future__ import annotations

import html
import json
import math
import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from b12analysis.arguments import InputError, check_columns
from b12analysis.evidence import STATUSES, sources, weakest
from b12analysis.picks import with_menu, with_picks
from b12analysis.theme import MARKS, number, share

__all__ = [
    "BLOCK",
    "NOT_ADVICE",
    "SAFETY",
    "answer",
    "caveat",
    "check_drawable",
    "claim",
    "evidence",
    "figure",
    "key_figure",
]

BLOCK = "application/vnd.b12analysis.block+json"
PLOTLY = "application/vnd.plotly.v1+json"
_MAPS = re.compile("(choropleth|scattergeo|scattermap|densitymap)")
NOT_ADVICE = "Information for research, not medical advice. For questions about your own health, see a professional."
#: What no page may be without: the three mistakes with a blood test that cost nerves.
SAFETY = (
    "A normal serum B12 does not rule out deficiency.",
    "Serum B12 that rises on tablets or injections shows that the vitamin was taken, not that nerves recover.",
    "Neurological signs are treated at once, not after the results of tests.",
)


def answer(finding: str, sentence: str, *, place: str = "") -> None:
    """Show the finding and the answer: the head of the page.

    Parameters
    ----------
    finding : str
        The finding, as a title without a full stop at its end unless it is a sentence.
    sentence : str
        The answer in one or two sentences; ``**bold**`` marks the number. Computed, never typed.
    place : str
        Where and when, for the line above the title: "United States, 2011-2014".
    """
    _say(sentence, "sentence")
    _say(finding, "finding")
    block = {"kind": "answer", "finding": finding, "sentence": sentence, "place": place}
    safety = f"<p><small><b>Safety.</b> {' '.join(SAFETY)} {NOT_ADVICE}</small></p>"
    _display(block, f"<h2>{html.escape(finding)}</h2><p style='font-size:1.15em'>{inline(sentence)}</p>{safety}")


def claim(row: pd.Series | dict[str, Any], rows: pd.DataFrame) -> None:
    """Show what the article says, and how far the evidence bears it out.

    Parameters
    ----------
    row : Series or dict
        Row of the table ``claims``: ``id, statement, verdict, explanation, source, status``.
    rows : DataFrame
        The rows that the verdict rests on: ``id, source, status``.
    """
    block = {"kind": "claim"} | {part: str(row[part]) for part in ("statement", "verdict", "explanation")}
    for part in ("statement", "verdict", "explanation"):
        _say(block[part], part)
    own = pd.DataFrame([dict(row)])[["id", "source", "status"]]
    block["evidence"] = [*_rows(own), *_rows(rows)]
    said, verdict, why = (html.escape(block[part]) for part in ("statement", "verdict", "explanation"))
    _display(block, f"<p><b>The article says:</b> {said}. <b>Verdict: {verdict}.</b> {why}</p>")


def key_figure(
    name: str, row: pd.Series | dict[str, Any], *, scale: float = 100, unit: str = "%", what: str = ""
) -> None:
    """Show one number with its interval.

    Parameters
    ----------
    name : str
        What the number is, in a few words.
    row : Series or dict
        ``estimate, lower, upper``.
    scale : float
        Factor for display; 100 shows a share as per cent.
    unit : str
        Unit after scaling.
    what : str
        What the interval is: "95 % interval", "80 % of simulated patients".

    Raises
    ------
    InputError
        If one of the three is missing or infinite: a number does not go without its interval.
    """
    _say(name, "name")
    numbers = {
        part: float(row[part]) if pd.notna(row[part]) else float("nan") for part in ("estimate", "lower", "upper")
    }
    if not all(math.isfinite(scale * value) for value in numbers.values()):
        raise InputError(f"row lacks a finite estimate, lower or upper for key figure {name!r}: {numbers}")
    if unit == "%" and scale == 100:
        text = share(*numbers.values())
    else:
        low, middle, high = (number(scale * numbers[part]) for part in ("lower", "estimate", "upper"))
        text = f"{middle}{f' {unit}' if unit else ''} ({low}–{high})"
    block = {"kind": "key_figure", "name": name, "text": text, "what": what, "unit": unit}
    block |= {part: scale * value for part, value in numbers.items()}
    _display(
        block, f"<p><b style='font-size:1.3em'>{text}</b> {html.escape(name)} <small>{html.escape(what)}</small></p>"
    )


def figure(
    picture: go.Figure,
    table: pd.DataFrame,
    *,
    title: str,
    summary: str,
    caption: str = "",
    evidence: pd.DataFrame | None = None,
    assumed: bool = False,
    pick: dict[str, dict[str, str]] | None = None,
    said: pd.DataFrame | None = None,
    picked: dict[str, str] | None = None,
) -> None:
    """Show a figure with its data and its description in words.

    Parameters
    ----------
    picture : Figure
        What to draw, from :mod:`b12analysis.figures` or any other Plotly figure.
    table : DataFrame
        The finished table that it draws: shown under the figure and offered as CSV.
    title : str
        The finding that the figure shows.
    summary : str
        The figure in words, for who cannot see it.
    caption : str
        Method in one line: what the marks and intervals are.
    evidence : DataFrame, optional
        Rows of evidence tables that the figure rests on (``id, source, status``); ``table`` itself where it has them.
    assumed : bool
        Whether the figure also rests on our own assumptions.
    pick : dict of str to dict, optional
        What the reader may choose: columns of ``table``, each with the words for its keys. A trace is shown with the
        choices that its ``meta`` names, such as ``{"regimen": "uk"}``; one without ``meta`` always. On the page the
        axes hold the range of all choices, and each choice shows its own rows of the table.
    said : DataFrame, optional
        A sentence for each combination: the columns of ``pick`` and ``text``.
    picked : dict, optional
        What is chosen at first; the first key of a pick by default.

    Raises
    ------
    InputError
        If the figure has nothing to draw, needs a network, or lacks its title, table or summary; or if a choice has
        no trace, no row, or not one sentence.
    """
    _say(title, "title")
    _say(summary, "summary")
    drawing = json.loads(picture.to_json())
    check_drawable(drawing, title)
    if not any(_has_data(trace) for trace in picture.data):
        raise InputError(f"picture has no data to draw: figure {title!r} would be empty")
    if table.empty:
        raise InputError(f"table is empty for figure {title!r}")
    if not pick and (said is not None or picked):
        raise InputError(f"pick is missing in figure {title!r}: said and picked belong to its choices")
    choices = with_picks(drawing, table, pick, said=said, picked=picked) if pick else {}
    for sentence in choices.get("said", []):
        _say(sentence["text"], "said")
    rows = _rows(table if evidence is None and {"id", "source", "status"} <= set(table) else evidence)
    status = (
        "assumption" if assumed else weakest(pd.Series([row["status"] for row in rows], dtype="string")) if rows else ""
    )
    block = {
        "kind": "figure",
        "title": title,
        "summary": summary,
        "caption": caption,
        "status": status,
        "evidence": rows,
        "table": {"columns": [str(column) for column in table.columns], "rows": _cells(table)},
        "csv": table.to_csv(index=False, lineterminator="\n"),
    } | choices
    drawing = with_menu(choices["drawing"], choices["picks"]) if choices else drawing
    _display({"kind": "title"}, f"<h3>{html.escape(title)}</h3>", inline_only=True)
    _display(block, None, extra={PLOTLY: drawing | {"config": {"displaylogo": False, "responsive": True}}})
    _display({"kind": "description"}, _description(block), inline_only=True)


def caveat(text: str) -> None:
    """Show what the page does not show, or what would make it wrong.

    Parameters
    ----------
    text : str
        One caveat; plain sentences.
    """
    _say(text, "text")
    _display(
        {"kind": "caveat", "text": text},
        f"<p style='border-left:3px solid #00805C;padding-left:1em'>{inline(text)}</p>",
    )


def evidence(table: str, rows: pd.DataFrame) -> None:
    """Show which further rows of a table were used, with their sources.

    Parameters
    ----------
    table : str
        Name of the table the rows come from; its hash is printed on the page.
    rows : DataFrame
        The rows used: ``id, source, status``.
    """
    check_columns("rows", rows.columns, ["id", "source", "status"])
    block = {"kind": "evidence", "table": table, "evidence": _rows(rows)}
    listed = sources(rows)[["citation", "rows"]] if len(rows) else pd.DataFrame(columns=["citation", "rows"])
    view = listed.to_html(index=False, border=0)
    _display(block, f"<details><summary>Evidence: {len(rows)} rows of <code>{table}</code></summary>{view}</details>")


def check_drawable(drawing: dict[str, Any], title: str = "") -> None:
    """Refuse a figure that a page cannot draw, because it would fetch something from the network.

    Parameters
    ----------
    drawing : dict
        The figure as Plotly's JSON.
    title : str
        Its title, for the message.

    Raises
    ------
    InputError
        For a trace on a map, whose outlines or tiles Plotly fetches, and for a picture at an address.

    Examples
    --------
    >>> check_drawable({"data": [{"type": "scattergeo"}]}, "Where")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    b12analysis.arguments.InputError: picture has a 'scattergeo' trace in figure 'Where', which fetches its map ...
    """
    for kind in (trace.get("type", "scatter") for trace in drawing.get("data", [])):
        if _MAPS.match(kind):
            raise InputError(
                f"picture has a {kind!r} trace in figure {title!r}, which fetches its map from the network; "
                "draw the values by country instead, for example as bars"
            )
    for image in drawing.get("layout", {}).get("images", []):
        if not str(image.get("source", "")).startswith("data:"):
            raise InputError(f"picture has an image from {image.get('source')!r} in figure {title!r}; put it inside")


def inline(text: str) -> str:
    """Turn plain text with ``**bold**`` and code in backticks into HTML.

    Examples
    --------
    >>> inline("**6 %** < 20 %, as `country` says")
    '<strong>6 %</strong> &lt; 20 %, as <code>country</code> says'
    """
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", bold)


def _say(text: str, name: str) -> None:
    if not str(text).strip():
        raise InputError(f"{name} is empty")
    if re.search(r"\bnan\b|<NA>", str(text)):
        raise InputError(f"{name} contains a missing number: {text!r}")


def _has_data(trace: Any) -> bool:
    values = getattr(trace, "x", None)
    values = getattr(trace, "values", None) if values is None else values
    return values is not None and len(values) > 0


def _rows(frame: pd.DataFrame | None) -> list[dict[str, str]]:
    if frame is None:
        return []
    check_columns("evidence", frame.columns, ["id", "source", "status"])
    kept = frame[["id", "source", "status"]].dropna(subset=["id", "source"])
    return [{key: str(value) for key, value in row.items()} for row in kept.to_dict("records")]


def _cells(table: pd.DataFrame) -> list[list[str]]:
    def cell(value: Any) -> str:
        if not isinstance(value, list | tuple) and pd.isna(value):
            return ""
        if isinstance(value, float):
            return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
        return f"{MARKS[value]} {value}" if value in STATUSES else str(value)

    return [[cell(value) for value in row] for row in table.itertuples(index=False, name=None)]


def _description(block: dict[str, Any]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in block["table"]["columns"])
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in block["table"]["rows"]
    )
    mark = f"{MARKS[block['status']]} {block['status']} · " if block["status"] else ""
    return (
        f"<p><small>{mark}{html.escape(block['caption'])}</small></p>"
        "<details><summary>Data and text description</summary>"
        f"<p>{html.escape(block['summary'])}</p><table><tr>{head}</tr>{rows}</table></details>"
    )


def _display(
    block: dict[str, Any], view: str | None, *, extra: dict[str, Any] | None = None, inline_only: bool = False
) -> None:
    """Show ``view`` in the notebook and hand ``block`` to the page, which leaves ``inline_only`` outputs out."""
    from IPython.display import display  # 0.2 s: outside a notebook nobody needs it

    bundle: dict[str, Any] = {BLOCK: block | {"inline_only": inline_only}} | (extra or {})
    if view is not None:
        bundle["text/html"] = view
    bundle["text/plain"] = block.get("sentence") or block.get("text") or block.get("title") or block["kind"]
    display(bundle, raw=True)
