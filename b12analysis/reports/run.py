"""Run one notebook and lay out its page.

:func:`make` does it wherever it is called, in a fork of a warm process as a rule; :func:`report` is for one page. What
the user can get wrong is checked before anything starts, and a report that fails leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b12analysis import places
from b12analysis.arguments import check_choice
from b12analysis.evidence import recorded, sha256, table_names
from b12analysis.reports import files, render, warm
from b12analysis.reports.engine import needs_kernel
from b12analysis.reports.injection import inject
from b12analysis.reports.naming import stem
from b12analysis.reports.notebooks import notebook, validate

__all__ = ["DEFAULT_OUT", "ENGINES", "Made", "ReportError", "make", "prepare", "report"]

#: How a notebook's own figures are shown: as data, which the page draws; no script is written into outputs.
RENDERER = "plotly_mimetype"
KERNEL = "python3"
DEFAULT_OUT = Path("reports/build")
#: Name for users, and papermill's name of the engine.
ENGINES = {"warm": "b12", "stock": None}


class ReportError(RuntimeError):
    """A notebook raised while it ran; the message says which cell and what."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A page, and what it was made from."""

    page: render.Page
    tables: dict[str, str]  #: SHA-256 of each table that was read
    seconds: float
    cell_seconds: float


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
    values = validate(name, given)
    path = files.folder(out) / f"{stem(name, values)}.html"
    try:
        made = warm.run(make, name, values, plotly="embed")
    except (ReportError, warm.Died) as error:
        raise ReportError(f"report {name!r} failed: {error}") from None
    files.write(path, made.page.html)
    return path


def make(name: str, values: dict[str, Any], *, engine: str = "warm", plotly: str = "shared") -> Made:
    """Run a notebook with all its parameters and lay out the page; nothing is written.

    Parameters
    ----------
    name : str
        Name of the report.
    values : dict
        Every parameter, validated.
    engine : {"warm", "stock"}
        Where the cells run: in this process, which must be the report's own, or in a kernel as papermill starts it.
    plotly : {"shared", "embed"}
        Whether the page loads the script that draws its figures from beside it, or carries it.

    Returns
    -------
    Made

    Raises
    ------
    ReportError
        If a cell raises.
    """
    check_choice("engine", engine, ENGINES)
    start = time.perf_counter()
    given = _given(name, values)
    recorded.clear()
    executed = _execute(given, engine)
    page = render.page(executed, name, values, plotly=plotly)
    elsewhere = engine == "stock" or needs_kernel(given, KERNEL, {})
    if elsewhere:  # what another process reads is not known: it may be all of them
        recorded.update({table: sha256(table) for table in table_names()})
    cells = [cell.metadata.get("papermill", {}).get("duration") or 0.0 for cell in executed.cells]
    return Made(
        page=page,
        tables=dict(sorted(recorded.items())),
        seconds=time.perf_counter() - start,
        cell_seconds=sum(cells),
    )


def prepare() -> None:
    """Import, read and build what every report needs, so that a fork finds it ready."""
    with _without("rfc3987_syntax"):
        import nbconvert.filters
        import nbformat
    import scipy.optimize
    import scipy.stats  # noqa: F401

    from b12analysis import findings  # noqa: F401
    from b12analysis.reports import engine, kernel

    kernel.shell()
    render.ready()
    empty = nbformat.v4.new_notebook()
    nbformat.validate(empty)
    engine.needs_kernel(empty, "python3", {})
    nbconvert.filters.markdown2html("*ready*")
    with contextlib.suppress(Exception):  # what is wrong with the tables is told by the report that needs them
        _rehearse()
    # What is here stays: the forks' garbage collectors need not look through it, nor copy its memory by doing so.
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def _without(optional: str) -> Iterator[None]:
    """Import as if an optional module were not installed: jsonschema's grammar of international URIs takes 2 s."""
    hidden = optional not in sys.modules
    if hidden:
        sys.modules[optional] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[optional]


def _rehearse() -> None:
    """Estimate, simulate and draw something small: plotly and pandas load much of themselves at first use."""
    import plotly.io

    import b12analysis as b12

    for table in table_names():
        b12.load(table)
    b12.sources("surveys")
    rows = b12.evidence.select(b12.load("surveys"), definition=["b12_148"])
    studies = b12.prevalence(rows).assign(label="", detail="")
    forest = b12.figures.forest(studies, detail="detail", references={"one": 1})
    patients = b12.recovery.patient(age=60, duration_months=6, severity="moderate", profile="sensory")
    how = {"regimen": "us_cyanocobalamin", "n": 8, "rng": 0}
    draws = b12.simulate_recovery(patients, [0, 1], **how)
    curves = b12.summarize(draws, by=["symptom", "month"])
    for picture in (forest, b12.figures.recovery_fans(curves)):
        picture.to_json()
    plotly.io.renderers[RENDERER].to_mimebundle({})
    studies.to_csv()
    studies.to_html()
    b12.pool(b12.pooling.independent(studies))


def _given(name: str, values: dict[str, Any]) -> Any:
    """Return the notebook with its parameters, ready to run."""
    import nbformat

    return inject(nbformat.read(notebook(name), as_version=4), name, values)


def _execute(given: Any, engine: str) -> Any:
    """Run a notebook; modules beside it can be imported, and its figures stay data."""
    import papermill  # 0.7 s: not before the input is known to be right
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ["PLOTLY_RENDERER"] = RENDERER
    beside = str(places.notebooks())
    sys.path.insert(0, beside)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [beside, os.environ.get("PYTHONPATH")]))
    with _sockets() if engine == "stock" else contextlib.nullcontext({}) as options:
        try:
            return papermill.execute_notebook(
                given,
                None,
                engine_name=ENGINES[engine],
                kernel_name=KERNEL,
                progress_bar=False,
                log_output=False,
                **options,
            )
        except PapermillExecutionError as error:
            raise ReportError(f"cell {error.cell_index}{_where(error)}: {error.ename}: {error.evalue}") from None


def _where(error: Any) -> str:
    """Line of the cell that an error came from, with its text."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback or []))
    numbers = re.findall(r"^Cell In\[\d+\], line (\d+)", plain, re.M)
    lines = error.source.splitlines()
    if not numbers or int(numbers[-1]) > len(lines):
        return ""
    return f", line {numbers[-1]} `{lines[int(numbers[-1]) - 1].strip()[:80]}`"


@contextlib.contextmanager
def _sockets() -> Iterator[dict[str, Any]]:
    """Have a kernel talk through files in a folder of its own, not TCP ports: nobody else can collide or listen."""
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="b12-") as folder:
        fits = os.name == "posix" and len(os.fsencode(folder)) < 80  # the paths of sockets are short
        channel = {"transport": "ipc", "ip": str(Path(folder) / "kernel")} if fits else {}
        quiet = ["--log-level=CRITICAL"]  # what fails comes back as an error, not as noise
        yield {"config": Config({"KernelManager": channel}), "extra_arguments": quiet}
