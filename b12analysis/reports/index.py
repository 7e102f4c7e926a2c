"""The page that lists the reports of a folder: what they found, what failed, and how the numbers run.

A few reports of different kinds are shown as cards. More become one table per kind, which is complete and readable
as it stands; ``templates/index.js`` makes it sortable and filterable and draws the key figures from its cells. So
nothing is told twice in the file, and there is no data in a script. The page allows the one script and the one style
sheet it carries, by their hashes, and no other.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import quote

import jinja2

from b12analysis import theme
from b12analysis.page import NOT_ADVICE, SAFETY
from b12analysis.reports import templating
from b12analysis.reports.types import text

__all__ = ["index"]

_STATUSES = ("failed", "waiting", "done")  # what needs a person comes first
_CARDS = 12  # one of each kind is read, not searched; more than a dozen are a table
_LONGEST = 200  # characters of a value that a cell shows


def index(rows: list[dict[str, Any]]) -> str:
    """Lay out the page that lists the reports of a folder.

    Parameters
    ----------
    rows : list of dict
        One per report, in any order: ``stem, file`` (or None), ``report, question, parameters`` (a dict),
        ``status`` ("done", "failed", "waiting"), ``finding, sentence, key_figures`` (dicts with
        ``name, text, what, unit, estimate, lower, upper``) and ``error`` (or None).

    Returns
    -------
    str
        HTML; the same for the same rows.

    Examples
    --------
    >>> row = {"stem": "recovery", "file": "recovery.html", "report": "recovery", "question": "What happens?",
    ...        "parameters": {"age": 60}, "status": "done", "finding": "Most is gone", "sentence": "**88 %** is gone.",
    ...        "key_figures": [], "error": None}
    >>> '<a href="recovery.html">Most is gone</a>' in index([row])
    True
    """
    rows = sorted(rows, key=lambda row: (row["report"], _STATUSES.index(row["status"]), _natural(row["stem"])))
    kinds = [(name, list(own)) for name, own in groupby(rows, key=lambda row: row["report"])]
    style, script = _style(), templating.text("index.js")
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            cards=rows if len(rows) == len(kinds) <= _CARDS else [],
            kinds=[_kind(name, own) for name, own in kinds],
            headline=_headline(rows),
            failures=_failures(rows),
            statuses=[status for status in _STATUSES if any(row["status"] == status for row in rows)],
            style=style,
            style_hash=templating.digest(style),
            script=script,
            script_hash=templating.digest(script),
            not_advice=NOT_ADVICE,
            safety=SAFETY,
        )
    )


def _headline(rows: list[dict[str, Any]]) -> str:
    """Say what there is: "220 reports on recovery; 218 done, 2 failed"."""
    if not rows:
        return "No reports yet"
    names = [_words(name) for name in sorted({row["report"] for row in rows})]
    on = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    count = Counter(row["status"] for row in rows)
    states = ", ".join(f"{count[status]:,} {status}" for status in reversed(_STATUSES) if count[status])
    return f"{len(rows):,} report{'s' * (len(rows) > 1)} on {on}; {states}"


def _failures(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reasons why reports failed, the most frequent first, with the reports that each one stopped."""
    stopped: dict[str, list[str]] = {}
    for row in rows:
        if row["status"] == "failed":
            stopped.setdefault(row["error"] or "no reason recorded", []).append(row["stem"])
    return [
        {"error": error, "stems": stems} for error, stems in sorted(stopped.items(), key=lambda e: (-len(e[1]), e[0]))
    ]


def _kind(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Table of the reports of one kind: what varies is a column, what does not is told once."""
    keys = list(dict.fromkeys(key for row in rows for key in row["parameters"]))
    texts = {key: [_text(row["parameters"].get(key, "")) for row in rows] for key in keys}
    varying = [key for key in keys if len(set(texts[key])) > 1]
    figures = _columns(rows)
    return {
        "name": name,
        "question": rows[0]["question"],
        "fixed": {key: texts[key][0] for key in keys if key not in varying},
        "varying": varying,
        "figures": figures,
        "rows": [
            row
            | {
                "values": [texts[key][place] for key in varying],
                "cells": [_cell(row, column) for column in figures],
            }
            for place, row in enumerate(rows)
        ],
    }


def _columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Key figures of one kind as columns: those at the same place, in the same unit.

    Their names may differ in some words ("of the tingling problem", "of the walking problem"): the head then shows the
    words they share, and each cell its own.
    """
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows:
        for place, figure in enumerate(row["key_figures"]):
            found.setdefault((place, figure["unit"]), []).append(figure)
    columns = []
    for (place, unit), figures in sorted(found.items()):
        names, whats = (sorted({figure[part] for figure in figures}) for part in ("name", "what"))
        before, after = _shared(names)
        shared = names[0] if len(names) == 1 else " ".join([*before, "…", *after]) if before or after else ""
        columns.append(
            {
                "place": place,
                "unit": unit,
                "title": shared or ("key figure" if place == 0 else f"key figure {place + 1}"),
                "before": len(before),
                "after": len(after),
                "same": len(names) == 1,
                "what": whats[0] if len(whats) == 1 else "",
            }
        )
    return columns


def _shared(names: list[str]) -> tuple[list[str], list[str]]:
    """Words that all names begin with, and end with; fewer than two are a coincidence."""
    words = [name.split() for name in names]
    shortest = min(map(len, words))
    before = next((n for n in range(shortest) if len({name[n] for name in words}) > 1), shortest)
    after = next((n for n in range(shortest - before) if len({name[-1 - n] for name in words}) > 1), shortest - before)
    if before + after < 2:
        return [], []
    return words[0][:before], words[0][len(words[0]) - after :]


def _cell(row: dict[str, Any], column: dict[str, Any]) -> dict[str, str] | None:
    """Text, numbers and the words of its own of a key figure; None where the report has none in this column."""
    figure = dict(enumerate(row["key_figures"])).get(column["place"])
    if figure is None or figure["unit"] != column["unit"]:
        return None
    words = figure["name"].split()
    first, end = max(0, column["before"] - 1), len(words) - column["after"] + 1  # with a shared word: "over 7 surveys"
    own = [] if column["same"] else words[first:end]
    numbers = [figure[part] for part in ("estimate", "lower", "upper")]
    return {
        "text": figure["text"],
        "numbers": " ".join(f"{value:.4g}" for value in numbers) if all(map(_is_finite, numbers)) else "",
        "own": ", ".join(filter(None, [" ".join(own), "" if column["what"] else figure["what"]])),
    }


def _is_finite(value: Any) -> bool:
    """Whether a value can be drawn: a manifest may also hold None, texts such as "inf", and numbers too large."""
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


def _text(value: Any) -> str:
    """Print a parameter as the command line takes it, cut where it is long."""
    whole = text(value)
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _natural(text: str) -> list[tuple[str, int]]:
    """Key by which "age-9" comes before "age-70"."""
    return [(words, int(digits or 0)) for words, digits in re.findall(r"([^0-9]*)([0-9]*)", text)]


@cache
def _environment() -> jinja2.Environment:
    environment = templating.environment()
    environment.filters["words"] = _words
    environment.filters["address"] = quote  # a colon or a hash in a file's name is part of the name
    return environment


def _style() -> str:
    """Style of the pages, that of the index, and the colours of the series in both palettes."""
    light = "".join(f"--series-{n}:{colour};" for n, colour in enumerate(theme.SERIES, start=1))
    dark = "".join(f"--series-{n}:{theme.DARK[colour]};" for n, colour in enumerate(theme.SERIES, start=1))
    series = f":root{{{light}}}\n@media (prefers-color-scheme: dark) {{ :root{{{dark}}} }}\n"
    return "".join([*(templating.text(name) for name in ("page.css", "index.css")), series])
