"""The command ``b12``: reports, their parameters, the tables, and JupyterLab.

Results go to standard output, progress to standard error. Exit codes: 0 done, 2 the input is wrong (one line that says
what and how to mend it), 1 a report failed, or our fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from b12analysis.arguments import InputError

__all__ = ["main"]

app = typer.Typer(
    help="Vitamin B12 deficiency: cited evidence and interactive reports. For research, not medical advice.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data = typer.Typer(help="The evidence tables.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data, name="data")

_log = Console(stderr=True)

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the pages.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the report; `b12 list` shows them.")]
TableName = Annotated[str, typer.Argument(metavar="TABLE", help="Name of the table; `b12 data list` shows them.")]


def _show_version_and_stop(wanted: bool) -> None:
    if wanted:
        show_version()
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version_and_stop, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; every error is one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # tables hold characters that not every console's own encoding knows
            stream.reconfigure(encoding="utf-8")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except InputError as error:
        _fail(str(error), 2)
    except typer.Abort:
        _fail("stopped", 1)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            sys.exit(2)
        if hasattr(error, "format_message"):  # how the command line itself was typed: typer's usage errors
            _fail(error.format_message(), 2)
        if os.environ.get("B12_TRACEBACK"):
            raise
        if type(error).__name__ in ("BatchError", "ReportError"):  # not imported here, as it takes a second
            _fail(str(error), 1)  # such as a full disk, or a notebook that raises
        _fail(f"{error} (this is our fault; B12_TRACEBACK=1 shows where)", 1)


def _fail(message: str, code: int) -> None:
    for line in message.splitlines():
        sys.stderr.write(f"b12: {' '.join(line.split())}\n")
    sys.exit(code)


class _ReportCommand(TyperCommand):
    """Its help ends with the parameters of every report, as their notebooks declare them."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the parameters."""
        from b12analysis.reports.notebooks import names, parameters
        from b12analysis.reports.types import text

        for name in names():
            with formatter.section(f"Parameters of {name}"):
                formatter.write_dl(
                    [(p.name, f"{p.meaning} ({_allowed(p)}; {text(p.default)} by default)") for p in parameters(name)]
                )


def _allowed(parameter: Any) -> str:
    """Type and range in a few words; long lists of choices are for `b12 params`."""
    return f"{parameter.type}, {parameter.range}" if 0 < len(parameter.range) < 60 else parameter.type


@app.command(cls=_ReportCommand)
def report(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of the report; `b12 list` shows them.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="A parameter; may be repeated.")
    ] = None,
    out: Out = Path("reports/build"),
    every: Annotated[bool, typer.Option("--all", help="Every report with its defaults, and an index page.")] = False,
) -> None:
    """Make a report: run its notebook and write one page that works offline."""
    from b12analysis import reports  # imports papermill's relatives: not for `b12 --help`

    if every == (name is not None):
        raise InputError("name: give the name of a report or --all; `b12 list` shows the names")
    if every and parameter:
        raise InputError(f"parameter={parameter[0]!r} does not go with --all, which uses the defaults")
    with _log.status("starting") as status:
        if every:
            path = reports.build(out=out, tell=lambda ended, of, row: status.update(f"{ended} of {of}"))
        else:
            given = _given(parameter or [])
            for reserved in {"name", "out"} & given.keys():
                reports.validate(name, {reserved: given[reserved]})  # not a parameter: the error says which are
            status.update(Text(f"running {name}"))
            path = reports.report(name, out=out, **given)
    typer.echo(path.resolve())


def _given(pairs: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"parameter={pair!r} is not KEY=VALUE, such as age=70")
        if key.strip() in given:
            raise InputError(f"parameter={pair!r}: {key.strip()!r} is given twice")
        given[key.strip()] = value  # spaces may be part of a text
    return given


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
    with _stoppable(), _progress() as tell, _cluster(scheduler) as executor:
        from b12analysis import reports

        table = reports.batch(spec, executor=executor, keep_going=keep_going, tell=tell, **options)
    failed = table[table["status"] == "failed"]
    for row in failed.itertuples():
        sys.stderr.write(f"b12: {row.stem} failed: {' '.join(row.error.split())}\n")
    counts = ", ".join(f"{count} {status}" for status, count in table["status"].value_counts().items())
    _log.print(f"{len(table)} reports: {counts}", highlight=False)
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
    _print(rows)
    count = (table["status"] != "done").sum()
    typer.echo(f"{len(rows):,} report{'s' * (len(rows) > 1)}, {count:,} to make, in {table.attrs['folder'].resolve()}")


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop a batch as Ctrl-C does, and say how to go on."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        _fail("stopped; what is done is kept: run it again to go on", 1)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int, Any], None]]:
    """Show how far a batch is, and the time left, from the first report on."""
    columns = [*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn()]
    progress = Progress(*columns, console=_log, transient=True, disable=not _log.is_terminal)
    bar = progress.add_task("reports", total=None)

    def tell(ended: int, of: int, row: Any) -> None:
        progress.start()
        progress.update(bar, completed=ended, total=of)

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
        _print(differences.fillna("").to_dict("records"))


@app.command("params")
def show_parameters(
    name: Name, as_json: Annotated[bool, typer.Option("--json", help="For machines: a JSON list.")] = False
) -> None:
    """Show what a report can be told: type, range, default and meaning."""
    from b12analysis.reports.notebooks import parameters
    from b12analysis.reports.types import text

    rows = [
        {"name": p.name, "type": p.type, "range": p.range, "default": p.default, "meaning": p.meaning}
        for p in parameters(name)
    ]
    if as_json:
        numbers = {
            p.name: {"minimum": p.minimum, "maximum": p.maximum, "choices": list(p.choices)} for p in parameters(name)
        }
        typer.echo(json.dumps([row | numbers[row["name"]] for row in rows], indent=1, ensure_ascii=False, default=text))
    else:
        _print([row | {"default": text(row["default"])} for row in rows])


@app.command("list")
def list_reports() -> None:
    """List the reports and the question that each answers."""
    from b12analysis.reports.notebooks import names, question

    _print([{"report": name, "question": question(name)} for name in names()])


@app.command()
def lab(
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where copies of the notebooks go.")
    ] = None,
    copy_only: Annotated[bool, typer.Option("--copy-only", help="Copy the notebooks, do not open JupyterLab.")] = False,
) -> None:
    """Open JupyterLab on the notebooks: the repository's own, or copies in your folder when installed from a wheel."""
    from b12analysis.places import notebooks
    from b12analysis.reports.notebooks import names

    originals, reports = notebooks(), names()
    if folder is None and originals.name == "notebooks":  # a checkout: work on the originals
        folder = originals
    else:
        folder = Path("notebooks") if folder is None else folder
        if folder.exists() and not folder.is_dir():
            raise InputError(f"folder={str(folder)!r} is a file; name a folder for the notebooks")
        folder.mkdir(parents=True, exist_ok=True)
        for file in (f"{name}.ipynb" for name in reports):
            if not (folder / file).exists():  # a copy that the user has worked on stays as it is
                shutil.copyfile(originals / file, folder / file)
    typer.echo(folder.resolve())
    if not copy_only:
        raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyter", "lab", str(folder)]))


@data.command("list")
def list_tables() -> None:
    """List the tables, their size and what their rows rest on."""
    from b12analysis.evidence import tables

    _print(tables().to_dict("records"))


@data.command("show")
def show_table(table: TableName) -> None:
    """Print a table as CSV."""
    from b12analysis.evidence import load

    typer.echo(load(table).to_csv(index=False, lineterminator="\n"), nl=False)


@data.command("sources")
def show_sources(table: TableName) -> None:
    """Print the bibliography of a table."""
    from b12analysis.evidence import sources

    for row in sources(table).sort_values("citation", key=lambda text: text.str.lower()).itertuples():
        identifier = f" doi:{row.doi}" if isinstance(row.doi, str) else ""
        check = "; parts of the citation from memory, check them" if row.citation_status == "completed" else ""
        typer.echo(f"{row.source}: {row.citation}{identifier} [rows: {row.rows}{check}]")


@data.command("check")
def check_tables(
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Another folder of tables.")] = None,
) -> None:
    """Check every table against its schema; a broken row is named with file, line, column and what was expected."""
    from b12analysis.evidence import check

    if folder is not None and not (folder / "columns.csv").is_file():
        raise InputError(f"folder={str(folder)!r} holds no columns.csv, which describes the tables")
    faults = check(folder)
    for fault in faults.itertuples():
        row = f" (row {fault.id})" if isinstance(fault.id, str) else ""
        typer.echo(
            f"{fault.file}, line {fault.line}{row}, column {fault.column}: {fault.value!r} is not {fault.expected}"
        )
    if len(faults):
        raise InputError(f"{len(faults)} faults in the tables")
    typer.echo("all tables are sound")


@app.command("version")
def show_version() -> None:
    """Print the version."""
    from importlib.metadata import version

    typer.echo(version("b12analysis"))


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))  # rich would take [brackets] for its own markup
    Console(width=None if sys.stdout.isatty() else 160).print(table)


if __name__ == "__main__":
    main()
