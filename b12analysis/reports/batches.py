"""Many reports from one specification: planned, checked, made side by side, written down, and never lost.

A batch is a list of jobs (:mod:`spec <b12analysis.reports.spec>`). Each is made by a worker in a process of its own and
comes back as a page; this process alone writes: the page, then its line in the journal. So however a batch ends, every
page is whole, every line in the journal is true, and the next run makes what is missing.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_count, shown
from b12analysis.evidence import sha256, table_names
from b12analysis.reports import files, run
from b12analysis.reports.drawing import plotly_script
from b12analysis.reports.index import index
from b12analysis.reports.notebooks import names, question
from b12analysis.reports.records import COLUMNS, frame, is_done, job_key, journal, note, write_manifest
from b12analysis.reports.spec import Job, plan
from b12analysis.reports.workers import BatchError, Limits, made

__all__ = ["BatchError", "batch", "build"]

#: How often the table is rewritten at most, seconds.
REWRITE = 5.0


def batch(
    spec: str | os.PathLike[str] | Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    executor: Any = None,
    engine: str = "warm",
    plotly: str = "shared",
    time_limit: float | None = 600,
    memory_limit: float | None = 4096,
    dry_run: bool = False,
    fresh: bool = False,
    retry: bool = False,
    keep_going: bool = True,
    tell: Callable[[int, int, dict[str, Any] | None], None] = lambda ended, of, row: None,
) -> pd.DataFrame:
    """Make many reports, an index page and a manifest; go on where an earlier run of the same batch stopped.

    Parameters
    ----------
    spec : path or mapping
        A YAML file, or what one would hold; see :func:`b12analysis.reports.spec.plan`.
    out : path, optional
        Folder of the pages; ``reports/build/NAME`` for ``NAME.yaml``.
    workers : int, optional
        Reports made at a time; the number of processors by default.
    executor : Executor or dask.distributed.Client, optional
        Where the workers run; by default in this program's own processes. It stays open.
    engine : {"warm", "stock"}
        Forks of a warm process, or a kernel per report as papermill starts it.
    plotly : {"shared", "embed"}
        One script beside the pages, or in each page.
    time_limit : float, optional
        Seconds that one report may take.
    memory_limit : float, optional
        Memory of one report, MiB; kept on Linux only.
    dry_run : bool
        Make and write nothing; the table says what is done and what would be made ("waiting").
    fresh : bool
        Make everything anew, also what is done.
    retry : bool
        Make only what failed before.
    keep_going : bool
        Whether to go on after a report has failed.
    tell : callable, optional
        Called with the number of reports ended, their number in all, and the row of the one that ended.

    Returns
    -------
    DataFrame
        One row per report, as :func:`b12analysis.reports.records.manifest` describes. Reports that failed are rows too.

    Raises
    ------
    InputError
        If anything in the specification or the arguments is wrong, every fault in one list, or if another batch has
        the folder. Nothing is run or written.
    BatchError
        If the pages cannot be written or the executor broke.
    """
    limits = _limits(engine=engine, plotly=plotly, time_limit=time_limit, memory_limit=memory_limit)
    if workers is not None:
        check_count("workers", workers)
    if executor is not None and not hasattr(executor, "submit"):
        raise InputError(f"executor={shown(executor)} is no executor: a concurrent.futures one, or a Dask client")
    if fresh and retry:
        raise InputError("fresh=True does not go with retry=True: one makes everything, the other what failed")
    jobs = plan(spec)
    if out is None:
        if isinstance(spec, Mapping):
            raise InputError("out=None: name the folder of the pages, as the specification is no file with a name")
        out = run.DEFAULT_OUT / Path(spec).stem
    place = files.folder(out)
    if dry_run:
        return _Batch(jobs, place, limits, fresh=fresh, retry=retry, tell=tell).table()
    try:
        with files.locked(place):
            todo = _Batch(jobs, place, limits, fresh=fresh, retry=retry, tell=tell)
            return todo.run(workers, executor, keep_going)
    except OSError as error:
        raise BatchError(f"cannot write in {str(place)!r}: {error}; run it again to go on") from error


def build(*, out: str | os.PathLike[str] = run.DEFAULT_OUT, **options: Any) -> Path:
    """Make every report with its defaults, and an index page; return the index page."""
    table = batch({"reports": [{"report": name} for name in names()]}, out=out, **options)
    failed = table[table["status"] == "failed"]
    if len(failed):
        raise run.ReportError("; ".join(f"report {row.stem!r} failed: {row.error}" for row in failed.itertuples()))
    return Path(out) / "index.html"


def _limits(**given: Any) -> Limits:
    check_choice("engine", given["engine"], run.ENGINES)
    check_choice("plotly", given["plotly"], ["shared", "embed"])
    for name in ("time_limit", "memory_limit"):
        if given[name] is not None and not 0 < given[name] < math.inf:
            raise InputError(f"{name}={given[name]!r} is out of range; it must be above 0, or None for no limit")
    return Limits(**given)


class _Batch:
    """One run of a batch: what is known of each report, and where it is written down."""

    def __init__(self, jobs: list[Job], place: Path, limits: Limits, *, fresh: bool, retry: bool, tell: Any) -> None:
        self.jobs, self.place, self.limits, self.tell = jobs, place, limits, tell
        self.keys = {job.stem: job_key(job, plotly=limits.plotly) for job in jobs}
        known = journal(place)
        today = {name: sha256(name) for name in table_names()}
        done = {stem for stem, key in self.keys.items() if is_done(known.get(stem), key, place, today)}
        # On a retry whatever did not fail is left alone, even what would be made anew.
        others = {stem for stem in self.keys if stem in known and known[stem]["status"] == "done"}
        kept = set() if fresh else others if retry else done
        failed = {stem for stem in self.keys if stem in known and known[stem]["status"] == "failed"}
        self.rows = {job.stem: _blank(job) for job in jobs} | {stem: known[stem] for stem in kept}
        for stem in others - kept:  # until it is made anew, or fails, the page of before is there to be read
            self.rows[stem] |= {name: known[stem][name] for name in ("file", "finding", "sentence", "key_figures")}
        self.todo = [job for job in jobs if (job.stem in failed if retry else job.stem not in kept)]
        self.ended = sum(row["status"] != "waiting" for row in self.rows.values())
        self.rewritten = 0.0

    def run(self, workers: int | None, executor: Any, keep_going: bool) -> pd.DataFrame:
        if self.limits.plotly == "shared":
            plotly_script(self.place)
        self._rewrite(index_too=False)
        try:
            with contextlib.closing(made(self.todo, self.keys, self.limits, workers, executor)) as rows:
                for row in rows:
                    self._keep(row)
                    if row["status"] == "failed" and not keep_going:
                        break
        except KeyboardInterrupt:
            self._rewrite()
            raise
        self._rewrite()
        return self.table()

    def table(self) -> pd.DataFrame:
        """Return the manifest, with the folder among its attributes."""
        table = frame([self.rows[stem] for stem in sorted(self.rows)])
        table.attrs["folder"] = self.place
        return table

    def _keep(self, row: dict[str, Any]) -> None:
        """Write a page, then say so."""
        html = row.pop("html", None)
        before = self.rows[row["stem"]] | {"file": None, "finding": None, "sentence": None, "key_figures": []}
        row = before | _writable(row) | {"key": self.keys[row["stem"]], "ended": _now()}
        if html is not None:
            path, page = self.place / f"{row['stem']}.html", html.encode(errors="replace")
            files.write(path, page)
            row |= {"file": path.name, "page_sha256": files.sha256(page)}
        self.rows[row["stem"]] = row
        note(self.place, row)
        self.ended += 1
        self.tell(self.ended, len(self.rows), row)
        if time.monotonic() - self.rewritten > REWRITE:
            self._rewrite(index_too=False)

    def _rewrite(self, *, index_too: bool = True) -> None:
        rows = [self.rows[stem] for stem in sorted(self.rows)]
        write_manifest(self.place, rows)
        if index_too:
            files.write(self.place / "index.html", index(rows))
        self.rewritten = time.monotonic()


def _blank(job: Job) -> dict[str, Any]:
    values = json.loads(json.dumps(job.values, default=str))
    return COLUMNS | {"stem": job.stem, "report": job.report, "question": question(job.report), "parameters": values}


def _writable(row: dict[str, Any]) -> dict[str, Any]:
    """Replace halves of characters, which no file takes."""
    return json.loads(json.dumps(row, ensure_ascii=False).encode(errors="replace"))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
