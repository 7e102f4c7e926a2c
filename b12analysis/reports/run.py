"""Run notebooks with papermill and write their pages.

Everything that the user can get wrong is checked before a kernel starts. A page is laid out in memory and moved into
place whole, so that a report that fails half way leaves nothing behind and an older page stays as it was.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from b12analysis.arguments import InputError
from b12analysis.reports import render
from b12analysis.reports.index import index
from b12analysis.reports.naming import stem
from b12analysis.reports.parameters import names, notebook, validate

__all__ = ["DEFAULT_OUT", "ReportError", "build", "report", "stem"]

DEFAULT_OUT = Path("reports/build")


class ReportError(RuntimeError):
    """A notebook raised while it ran; the message says which cell and what."""


def report(name: str, *, out: str | os.PathLike[str] = DEFAULT_OUT, **given: Any) -> Path:
    """Make one report: run its notebook with the given parameters and write the page.

    Parameters
    ----------
    name : str
        Name of the report: "prevalence", "recovery", "risk_groups".
    out : path
        Folder of the page; made if it is not there.
    **given
        Parameters of the report; ``b12 params NAME`` lists them.

    Returns
    -------
    Path
        The page: one HTML file that needs neither network nor other files. Its name is the report's, followed by the
        parameters that differ from their defaults.

    Raises
    ------
    InputError
        If the report, a parameter or a value is wrong. Nothing is run or written.
    ReportError
        If the notebook fails. Nothing is written.

    Examples
    --------
    >>> report("recovery", age="old")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: age='old' is not a whole number; it must be 18 to 100
    """
    path, _ = _make(name, validate(name, given), _folder(out))
    return path


def build(*, out: str | os.PathLike[str] = DEFAULT_OUT, tell: Callable[[str], None] = lambda name: None) -> Path:
    """Make every report with its defaults, and an index page.

    Parameters
    ----------
    out : path
        Folder of the pages; made if it is not there.
    tell : callable, optional
        Called with each report's name before it is made.

    Returns
    -------
    Path
        The index page.

    Raises
    ------
    ReportError
        If a notebook fails.
    """
    folder = _folder(out)
    rows = []
    for name in names():
        tell(name)
        rows.append(_row(*_make(name, validate(name, {}), folder)))
    listing = folder / "index.html"
    _write(listing, index(rows))
    return listing


def _folder(out: str | os.PathLike[str]) -> Path:
    folder = Path(out)
    ancestor = folder
    while not ancestor.exists() and ancestor != ancestor.parent:
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        raise InputError(f"out={str(folder)!r} is not a folder: {str(ancestor)!r} is a file")
    if not os.access(ancestor, os.W_OK):
        raise InputError(f"out={str(folder)!r} cannot be written: {str(ancestor)!r} is read-only")
    return folder


def _make(name: str, values: dict[str, Any], folder: Path) -> tuple[Path, render.Page]:
    page = render.page(_execute(name, values), name, values)
    path = folder / f"{stem(name, values)}.html"
    _write(path, page.html)
    return path, page


def _row(path: Path, page: render.Page) -> dict[str, Any]:
    """Row of the index for a page that was made."""
    said = {key: getattr(page, key) for key in ("question", "parameters", "finding", "sentence", "key_figures")}
    return said | {"stem": path.stem, "file": path.name, "report": page.name, "status": "done", "error": None}


def _execute(name: str, values: dict[str, Any]):
    import papermill  # 0.7 s: not before the input is known to be right
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="b12-") as sockets:
        # Sockets in a folder of our own instead of TCP ports: parallel runs cannot collide and nobody else can listen.
        # Their paths must stay below about 100 bytes.
        fits = os.name == "posix" and len(os.fsencode(sockets)) < 80
        channel = {"transport": "ipc", "ip": str(Path(sockets) / "kernel")} if fits else {}
        try:
            return papermill.execute_notebook(
                str(notebook(name)),
                None,
                parameters=values,
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                config=Config({"KernelManager": channel}),
                extra_arguments=["--log-level=CRITICAL"],  # what fails comes back as an error, not as noise
            )
        except PapermillExecutionError as error:
            raise ReportError(
                f"report {name!r} failed in cell {error.cell_index}: {error.ename}: {error.evalue}"
            ) from None


def _write(path: Path, text: str) -> None:
    """Write whole or not at all: into a file beside it, which then takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
