"""Commands for many reports: make a batch, tell two apart."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from b12analysis.arguments import InputError
from b12analysis.cli.console import app, fail, log, print_rows

__all__ = ["batch", "compare"]


@app.command()
def batch(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.yaml", help="Which reports; README describes the file.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the pages; reports/build/SPEC by default.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Reports made at a time; all processors by default.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Dask cluster that makes them.")
    ] = None,
    engine: Annotated[str, typer.Option(metavar="ENGINE", help="warm, or stock: a kernel per report.")] = "warm",
    plotly: Annotated[str, typer.Option(metavar="WHERE", help="shared: one script a folder; embed: in each page.")] = (
        "shared"
    ),
    time_limit: Annotated[str, typer.Option(metavar="SECONDS", help="Time that one report may take, or none.")] = "600",
    memory_limit: Annotated[str, typer.Option(metavar="MIB", help="Memory of one report, or none.")] = "4096",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be made, make nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make everything anew, also what is done.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Make only what failed.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going/--stop", help="Whether to go on after a failure.")] = True,
) -> None:
    """Make many reports, an index and a manifest; run again, it goes on where it stopped."""
    options = {
        "out": out,
        "workers": workers,
        "engine": engine,
        "plotly": plotly,
        "time_limit": _limit("time_limit", time_limit),
        "memory_limit": _limit("memory_limit", memory_limit),
        "fresh": fresh,
        "retry": retry,
    }
    if dry_run:
        _show_plan(spec, **options)
        return
    made = []
    with _stoppable(), _progress(made.append) as tell, _cluster(scheduler) as executor:
        from b12analysis import reports

        table = reports.batch(spec, executor=executor, keep_going=keep_going, tell=tell, **options)
    failed = table[table["status"] == "failed"]
    for row in failed.itertuples():
        sys.stderr.write(f"b12: {row.stem} failed: {' '.join(row.error.split())}\n")
    counts = table["status"].value_counts()
    counts = ", ".join(f"{counts[status]} {status}" for status in ("done", "failed", "waiting") if status in counts)
    log.print(f"{len(table)} reports: {counts}; {len(made)} run now", highlight=False)
    typer.echo((table.attrs["folder"] / "index.html").resolve())
    if (table["status"] != "done").any():
        raise typer.Exit(1)


def _limit(name: str, given: str) -> float | None:
    from b12analysis.reports.types import Type

    return Type.of("float | None").parse(name, given, None, "a number or none")


def _show_plan(spec: Path, **options: Any) -> None:
    """Print the reports of a batch, what is not at its default in each, and their folder; nothing is made."""
    from b12analysis import reports
    from b12analysis.reports.types import text

    table = reports.batch(spec, dry_run=True, **options)
    defaults = {name: {p.name: text(p.default) for p in reports.parameters(name)} for name in table["report"].unique()}
    rows = []
    for row in table.to_dict("records"):
        told = [(key, text(value)) for key, value in row["parameters"].items()]
        changed = ", ".join(f"{key}={value}" for key, value in told if value != defaults[row["report"]][key])
        state = "done" if row["status"] == "done" else "make"
        rows.append({"report": row["report"], "page": f"{row['stem']}.html", "": state, "parameters": changed})
    print_rows(rows)
    count = (table["status"] != "done").sum()
    typer.echo(f"{len(rows):,} report{'s' * (len(rows) > 1)}, {count:,} to make, in {table.attrs['folder'].resolve()}")


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop a batch as Ctrl-C does, and say how to go on."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        fail("stopped; what is done is kept: run it again to go on", 1)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _progress(also: Callable[[Any], None]) -> Iterator[Callable[[int, int, Any], None]]:
    """Show how far a batch is, and the time left, from the first report on."""
    columns = [*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn()]
    progress = Progress(*columns, console=log, transient=True, disable=not log.is_terminal)
    bar = progress.add_task("reports", total=None)

    def tell(ended: int, of: int, row: Any) -> None:
        progress.start()
        progress.update(bar, completed=ended, total=of)
        also(row["stem"])

    try:
        yield tell
    finally:
        if progress.live.is_started:
            progress.stop()


@contextlib.contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Connect to a Dask cluster, if one is named."""
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("scheduler: needs Dask; pip install 'b12analysis[dask]'") from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f"scheduler={address!r} cannot be reached: {error}") from None
    with client:
        yield client


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Folder of a batch.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Folder of another.")],
) -> None:
    """Tell two batches apart: reports in one only, other outcomes, other key figures."""
    from b12analysis import reports

    differences = reports.compare(a, b)
    if differences.empty:
        typer.echo("no difference")
    else:
        print_rows(differences.fillna("").to_dict("records"))
