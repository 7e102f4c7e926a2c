"""Reports made side by side: by workers of our own, or wherever an executor has its own.

A worker takes one job, has it done in a fork of a warm process, and returns the row for the manifest with the page. It
writes nothing. A report whose process somebody killed is tried again; what a report does to itself is its failure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any

from b12analysis.reports import run, warm
from b12analysis.reports.records import job_key
from b12analysis.reports.spec import Job

__all__ = ["BatchError", "Limits", "made", "work"]

#: How often a report is tried whose process somebody killed.
ATTEMPTS = 3


class BatchError(RuntimeError):
    """A batch had to stop; what it has done is kept, and the next run goes on."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How each report is made."""

    engine: str
    plotly: str
    time_limit: float | None
    memory_limit: float | None


def made(
    jobs: list[Job], keys: dict[str, str], limits: Limits, workers: int | None, executor: Any
) -> Iterator[dict[str, Any]]:
    """Rows of the jobs as they end, in any order; never many more on their way than there are workers.

    Parameters
    ----------
    jobs : list of Job
        What to make.
    keys : dict
        What each is to be made from, by ``stem``: a worker that has something else refuses.
    limits : Limits
        How to make it.
    workers : int or None
        How many at a time.
    executor : Executor, dask.distributed.Client or None
        Where; by default in threads of this program, each with a warm process.
    """
    if not jobs:
        return
    pool = warm.Pool() if executor is None else None
    if executor is None:
        executor = ThreadPoolExecutor(min(workers or _processors(), len(jobs)))
    elif hasattr(executor, "get_executor"):  # a Dask client
        workers = workers or sum(executor.nthreads().values())
        executor = executor.get_executor(pure=False)
    waiting, ahead = iter(jobs), 2 * (workers or getattr(executor, "_max_workers", None) or _processors())
    running: dict[Future, Job] = {}
    try:
        while True:
            for job in waiting:
                running[executor.submit(work, job, keys[job.stem], limits, pool)] = job
                if len(running) >= ahead:
                    break
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield _row(running.pop(future), future)
    finally:
        for future in running:
            future.cancel()
        if pool is not None:
            pool.stop()
            executor.shutdown(wait=True, cancel_futures=True)


def _row(job: Job, future: Future) -> dict[str, Any]:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise BatchError(f"the executor broke: {error}; run it again to go on") from error
    except Exception as error:  # the worker was lost, or something in us is wrong: this report failed, the others go on
        return _failed(job, f"{type(error).__name__}: {error}")


def _failed(job: Job, error: str, **more: Any) -> dict[str, Any]:
    return {"stem": job.stem, "status": "failed", "error": error} | more


def work(job: Job, key: str, limits: Limits, pool: warm.Pool | None = None) -> dict[str, Any]:
    """Make one report and return its row with the page; what a worker does."""
    if job_key(job, plotly=limits.plotly) != key:
        return _failed(job, "this worker has another notebook, or another version of b12analysis or its libraries")
    start = time.perf_counter()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            result = _make(job, limits, pool or warm.Pool())
            break
        except warm.Died as error:
            if error.killed and attempt < ATTEMPTS:
                continue
            told = str(error)
        except run.ReportError as error:
            told = str(error)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
        return _failed(job, told, attempts=attempt, seconds=time.perf_counter() - start)
    page = asdict(result.page)
    row = {name: page[name] for name in ("html", "finding", "sentence", "key_figures")}
    row |= {"stem": job.stem, "status": "done", "attempts": attempt, "tables": result.tables}
    return row | {"cell_seconds": result.cell_seconds, "seconds": time.perf_counter() - start}


def _make(job: Job, limits: Limits, pool: warm.Pool) -> run.Made:
    return pool.run(
        run.make,
        job.report,
        job.values,
        engine=limits.engine,
        plotly=limits.plotly,
        time_limit=limits.time_limit,
        memory_limit=limits.memory_limit,
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
