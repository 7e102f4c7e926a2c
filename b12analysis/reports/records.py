"""What a batch has done: a journal, written line by line, and a table made from it.

The journal ``journal.jsonl`` gets one line as each report ends, at once and for good, so that a batch killed at any
moment knows where it stopped. The table ``manifest.parquet`` has one row per report, the newest line of each; it is
rewritten whole while the batch runs, so that anybody may read it. Times stand here and nowhere else.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
from functools import cache
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError
from b12analysis.reports.files import write
from b12analysis.reports.notebooks import notebook

__all__ = [
    "JOURNAL",
    "MANIFEST",
    "code",
    "compare",
    "file_sha256",
    "frame",
    "is_done",
    "job_key",
    "journal",
    "manifest",
    "note",
    "write_manifest",
]

JOURNAL, MANIFEST = "journal.jsonl", "manifest.parquet"
#: Columns of the table and what stands in those of a report that has not run.
COLUMNS: dict[str, Any] = {
    "stem": "",
    "report": "",
    "status": "waiting",
    "file": None,
    "finding": None,
    "sentence": None,
    "question": None,
    "error": None,
    "parameters": {},
    "key_figures": [],
    "seconds": None,
    "cell_seconds": None,
    "attempts": None,
    "ended": None,
    "key": None,
    "tables": {},
    "page_sha256": None,
}
_NESTED = ["parameters", "key_figures", "tables"]


@cache
def code() -> str:
    """SHA-256 over the package's code and templates, and the versions of Python and of what the package depends on."""
    package = Path(__file__).parent.parent
    needed = [re.match(r"[\w.-]+", line)[0] for line in requires("b12analysis") or [] if "extra ==" not in line]
    versions = {name: version(name) for name in [*needed, "b12analysis", "ipython", "mistune", "nbclient"]}
    digest = hashlib.sha256(json.dumps([platform.python_version(), sorted(versions.items())]).encode())
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".j2", ".css", ".js") and path.is_file():
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def job_key(job: Any, *, plotly: str) -> str:
    """SHA-256 of what a report is made from, but for the tables, which are known once it has run."""
    path = notebook(job.report)
    beside = {module.name: file_sha256(module) for module in sorted(path.parent.glob("*.py"))}
    parts = [job.report, job.values, job.files, plotly, code(), file_sha256(path), beside]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def is_done(row: dict[str, Any] | None, key: str, place: Path, tables: dict[str, str]) -> bool:
    """Whether a report was made from the same things, and its page is there unharmed; ``tables`` are today's hashes."""
    if row is None or row["status"] != "done" or row["key"] != key:
        return False
    if any(tables.get(name) != digest for name, digest in row["tables"].items()):
        return False
    page = place / row["file"]
    return page.is_file() and file_sha256(page) == row["page_sha256"]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def journal(place: Path) -> dict[str, dict[str, Any]]:
    """Newest line of each report; a line that a kill cut short is passed over."""
    rows = {}
    path = place / JOURNAL
    for line in path.read_bytes().split(b"\n") if path.exists() else []:  # texts may hold what else ends a line
        try:
            row = json.loads(line.decode())
        except ValueError:
            continue
        if isinstance(row, dict) and row.keys() == COLUMNS.keys():
            rows[row["stem"]] = row
    return rows


def note(place: Path, row: dict[str, Any]) -> None:
    """Add a line to the journal, whole and on the disk before this returns."""
    line = json.dumps(COLUMNS | row, ensure_ascii=False).encode() + b"\n"
    with (place / JOURNAL).open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # what a kill left of the line before
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def write_manifest(place: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table anew, in the order of the names."""
    ordered = sorted(rows, key=lambda row: row["stem"])
    flat = [row | {name: json.dumps(row[name], ensure_ascii=False) for name in _NESTED} for row in ordered]
    content = io.BytesIO()
    frame(flat).to_parquet(content, index=False)
    write(place / MANIFEST, content.getvalue())


def manifest(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what a batch has done; it may still be running.

    Parameters
    ----------
    folder : path
        Folder of the batch.

    Returns
    -------
    DataFrame with columns
        stem          name of the page without its ending
        report        name of the report
        status        "done", "failed" or "waiting"
        file          page, in the folder
        finding       title of the page
        sentence      its answer
        question      what the report asks
        error         why it failed
        parameters    dict of its parameters
        key_figures   list of dicts: name, estimate, lower, upper, unit, text, what
        seconds       time of its worker, of which ``cell_seconds`` in the cells
        attempts      how often it was tried
        ended         when, UTC
        key           SHA-256 of parameters, notebook, code and files
        tables        dict of the SHA-256 of each table that it read
        page_sha256   SHA-256 of the page

    Raises
    ------
    InputError
        If there is no batch.

    Examples
    --------
    >>> manifest("nowhere")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: folder='nowhere' holds no manifest.parquet: no batch was run there
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise InputError(f"folder={str(folder)!r} holds no {MANIFEST}: no batch was run there")
    table = pd.read_parquet(path)
    return frame(
        table.assign(**{name: [json.loads(text) for text in table[name]] for name in _NESTED}).to_dict("records")
    )


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the table that :func:`manifest` describes; what is not known is None, or a missing number."""
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).where(lambda cells: cells.notna(), None)
    return table.astype({"seconds": float, "cell_seconds": float, "attempts": "Int64"})


def compare(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> pd.DataFrame:
    """Tell two batches apart.

    Parameters
    ----------
    a, b : path
        Folders of the batches.

    Returns
    -------
    DataFrame with columns
        stem      name of the report
        what      "only in a", "only in b", "status", "error", "finding", "sentence", "parameter", "key figure", or
                  "page" where only the bytes differ
        name      name of the parameter or key figure, where it is one
        in_a      what it is in the first
        in_b      what it is in the second

    Raises
    ------
    InputError
        If there is no batch in one of them.
    """
    first, second = ({row["stem"]: row for row in manifest(folder).to_dict("records")} for folder in (a, b))
    found = [difference for stem in sorted(first | second) for difference in _differ(first.get(stem), second.get(stem))]
    return pd.DataFrame(found, columns=["stem", "what", "name", "in_a", "in_b"])


def _differ(a: dict[str, Any] | None, b: dict[str, Any] | None) -> list[tuple[Any, ...]]:
    if a is None or b is None:
        known = a or b
        return [(known["stem"], "only in a" if b is None else "only in b", None, a and a["status"], b and b["status"])]
    stem = a["stem"]
    found = [(stem, name, None, a[name], b[name]) for name in ("status", "error", "finding", "sentence")]
    for kind in ("parameters", "key_figures"):
        first, second = (_named(row[kind]) for row in (a, b))
        found += [
            (stem, kind[:-1].replace("_", " "), name, first.get(name), second.get(name)) for name in first | second
        ]
    found = [difference for difference in found if difference[3] != difference[4]]
    if not found and a["page_sha256"] != b["page_sha256"]:
        found.append((stem, "page", None, (a["page_sha256"] or "")[:12], (b["page_sha256"] or "")[:12]))
    return found


def _named(values: Any) -> dict[str, str]:
    """Parameters, or key figures with all their digits, as texts by name."""
    if isinstance(values, dict):
        return {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
    return {key["name"]: f"{key['text']} [{key['estimate']!r} {key['lower']!r} {key['upper']!r}]" for key in values}
