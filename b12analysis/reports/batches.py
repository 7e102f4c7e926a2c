"""Many reports from one specification: planned, checked, made side by side, written down, and never lost.

A batch is a list of jobs (:mod:`spec <b12analysis.reports.spec>`). Each is made by a worker in a process of its own and
comes back as a page; this process alone writes: the page, then its line in the journal. So however a batch ends, every
page is whole, every line in the journal is true, and the next run makes what is missing.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_count, check_range, shown
from b12analysis.evidence import sha256, tables
from b12analysis.reports import files, run, warm
from b12analysis.reports.drawing import plotly_script
from b12analysis.reports.index import index
from b12analysis.reports.notebooks import names, question
from b12analysis.reports.records import (
    code,
    is_done,
    job_key,
    journal,
    manifest,
    note,
    write_manifest,
)
from b12analysis.reports.spec import Job, plan

__all__ = ["BatchError", "Limits", "batch", "build"]

#: How often a report is tried whose process somebody killed, and how often the table is rewritten at most, seconds.
ATTEMPTS, REWRITE = 3, 5.0


class BatchError(RuntimeError):
    """A batch had to stop; what it has done is kept, and the next run goes on."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How each report is made."""

    engine: str
    plotly: str
    time_limit: float | None
    memory_limit: float | None


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
    if out is None:
        if isinstance(spec, Mapping):
            raise InputError("out=None: name the folder of the pages, as the specification is no file with a name")
        out = run.DEFAULT_OUT / Path(spec).stem
    jobs = plan(spec)
    place = files.folder(out)
    with files.locked(place):
        return _Batch(jobs, place, limits, fresh=fresh, retry=retry, tell=tell).run(workers, executor, keep_going)


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
        if given[name] is not None:
            check_range(name, given[name], 0)
    return Limits(**given)


class _Batch:
    """One run of a batch: what is known of each report, and where it is written down."""

    def __init__(self, jobs: list[Job], place: Path, limits: Limits, *, fresh: bool, retry: bool, tell: Any) -> None:
        self.jobs, self.place, self.limits, self.tell = jobs, place, limits, tell
        self.keys = {job.stem: job_key(job, plotly=limits.plotly) for job in jobs}
        known = journal(place)
        today = {name: sha256(name) for name in tables()["table"]}
        done = {stem for stem, key in self.keys.items() if is_done(known.get(stem), key, place, today)}
        failed = {stem for stem in self.keys if stem in known and known[stem]["status"] == "failed"}
        kept = set() if fresh else set(self.keys) - failed if retry else done
        self.rows = {job.stem: self._row(job) for job in jobs}
        self.rows |= {stem: known[stem] for stem in kept if stem in known and (stem in done or not retry)}
        self.todo = [job for job in jobs if job.stem not in kept]
        self.ended = sum(row["status"] != "waiting" for row in self.rows.values())
        self.rewritten = 0.0

    def run(self, workers: int | None, executor: Any, keep_going: bool) -> pd.DataFrame:
        try:
            if self.limits.plotly == "shared":
                plotly_script(self.place)
            self._rewrite(index_too=False)
            try:
                with contextlib.closing(_made(self.todo, self.limits, workers, executor)) as rows:
                    for row in rows:
                        self._keep(row)
                        if row["status"] == "failed" and not keep_going:
                            break
            except KeyboardInterrupt:
                self._rewrite()
                raise
            self._rewrite()
        except OSError as error:
            raise BatchError(f"cannot write in {str(self.place)!r}: {error}; run it again to go on") from error
        table = manifest(self.place)
        table.attrs["folder"] = self.place
        return table

    def _keep(self, row: dict[str, Any]) -> None:
        """Write a page, then say so."""
        html = row.pop("html", None)
        row = self.rows[row["stem"]] | _writable(row) | {"key": self.keys[row["stem"]], "ended": _now()}
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

    def _row(self, job: Job) -> dict[str, Any]:
        return _blank(job)


def _blank(job: Job) -> dict[str, Any]:
    from b12analysis.reports.records import COLUMNS

    values = {name: _plain(value) for name, value in job.values.items()}
    return COLUMNS | {"stem": job.stem, "report": job.report, "question": question(job.report), "parameters": values}


def _writable(row: dict[str, Any]) -> dict[str, Any]:
    """Replace halves of characters, which no file takes."""
    return json.loads(json.dumps(row, ensure_ascii=False).encode(errors="replace"))


def _plain(value: Any) -> Any:
    """Value of a parameter as JSON has it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _made(jobs: list[Job], limits: Limits, workers: int | None, executor: Any) -> Iterator[dict[str, Any]]:
    """Rows of the jobs as they end, in any order; never many more on their way than there are workers."""
    if not jobs:
        return
    pool = warm.Pool() if executor is None else None
    if executor is None:
        executor = ThreadPoolExecutor(min(workers or _processors(), len(jobs)))
    elif hasattr(executor, "get_executor"):  # a Dask client
        workers = workers or sum(executor.nthreads().values())
        executor = executor.get_executor(pure=False)
    waiting, ahead = iter(jobs), 2 * (workers or getattr(executor, "_max_workers", None) or _processors())
    running: dict[Any, Job] = {}
    try:
        while True:
            for job in waiting:
                running[executor.submit(work, job, limits, code(), pool)] = job
                if len(running) >= ahead:
                    break
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield _row_of(running.pop(future), future)
    finally:
        for future in running:
            future.cancel()
        if pool is not None:
            pool.stop()
            executor.shutdown(wait=True, cancel_futures=True)


def _row_of(job: Job, future: Any) -> dict[str, Any]:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise BatchError(f"the executor broke: {error}; run it again to go on") from error
    except Exception as error:  # the worker was lost, or something in us is wrong: this report failed, the others go on
        return {"stem": job.stem, "status": "failed", "error": f"{type(error).__name__}: {error}"}


def work(job: Job, limits: Limits, wanted: str, pool: warm.Pool | None = None) -> dict[str, Any]:
    """Make one report and return its row with the page; what a worker does."""
    pool = pool or warm.Pool()
    if code() != wanted:
        raise RuntimeError("this worker has another version of b12analysis or its libraries")
    start, attempt = time.perf_counter(), 0
    row = {"stem": job.stem, "status": "failed"}
    while True:
        attempt += 1
        row |= {"attempts": attempt}
        try:
            made = pool.run(
                run.make,
                job.report,
                job.values,
                engine=limits.engine,
                plotly=limits.plotly,
                time_limit=limits.time_limit,
                memory_limit=limits.memory_limit,
            )
        except warm.Died as error:
            if error.killed and attempt < ATTEMPTS:
                continue
            return row | {"error": str(error), "seconds": time.perf_counter() - start}
        except Exception as error:
            told = str(error) if isinstance(error, run.ReportError) else f"{type(error).__name__}: {error}"
            return row | {"error": told, "seconds": time.perf_counter() - start}
        page = asdict(made.page)
        return (
            row
            | {name: page[name] for name in ("html", "finding", "sentence", "key_figures")}
            | {"status": "done", "tables": made.tables, "cell_seconds": made.cell_seconds}
            | {"seconds": time.perf_counter() - start}
        )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
