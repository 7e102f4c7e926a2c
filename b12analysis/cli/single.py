"""Commands for one report: make it, show what it can be told, open its notebook."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperCommand

from b12analysis.arguments import InputError
from b12analysis.cli.console import app, log, print_rows

__all__ = ["lab", "list_reports", "parse_pairs", "report", "show_parameters", "show_version"]

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the pages.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the report; `b12 list` shows them.")]


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


class _ReportCommand(TyperCommand):
    """Its help ends with the parameters of every report, as their notebooks declare them."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the parameters."""
        from b12analysis.reports.notebooks import names, parameters
        from b12analysis.reports.types import text

        for name in names():
            try:
                known = parameters(name)
            except InputError as error:  # one broken notebook does not take the help away
                formatter.write_text(str(error))
                continue
            with formatter.section(f"Parameters of {name}"):
                formatter.write_dl(
                    [(p.name, f"{p.meaning} ({_allowed(p)}; {text(p.default)} by default)") for p in known]
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
    with log.status("starting") as status:
        if every:
            path = reports.build(out=out, tell=lambda ended, of, row: status.update(f"{ended} of {of}"))
        else:
            given = parse_pairs(parameter or [])
            for reserved in {"name", "out"} & given.keys():
                reports.validate(name, {reserved: given[reserved]})  # not a parameter: the error says which are
            status.update(Text(f"running {name}"))
            path = reports.report(name, out=out, **given)
    typer.echo(path.resolve())


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    """Take ``KEY=VALUE`` apart."""
    given: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"parameter={pair!r} is not KEY=VALUE, such as age=70")
        if key.strip() in given:
            raise InputError(f"parameter={pair!r}: {key.strip()!r} is given twice")
        given[key.strip()] = value  # spaces may be part of a text
    return given


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
        print_rows([row | {"default": text(row["default"])} for row in rows])


@app.command("list")
def list_reports() -> None:
    """List the reports and the question that each answers."""
    from b12analysis.reports.notebooks import names, question

    print_rows([{"report": name, "question": question(name)} for name in names()])


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


@app.command("version")
def show_version() -> None:
    """Print the version."""
    from importlib.metadata import version

    typer.echo(version("b12analysis"))
