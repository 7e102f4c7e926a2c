"""Commands for the evidence tables (list, show, cite and check them) and for the survey files behind some of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from b12analysis.arguments import InputError, check_choice
from b12analysis.cli.console import data, log, print_rows

__all__ = ["check_tables", "fetch_survey", "list_tables", "show_sources", "show_table"]

TableName = Annotated[str, typer.Argument(metavar="TABLE", help="Name of the table; `b12 data list` shows them.")]


@data.command("list")
def list_tables() -> None:
    """List the tables, their size and what their rows rest on."""
    from b12analysis.evidence import tables

    print_rows(tables().to_dict("records"))


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


@data.command("fetch")
def fetch_survey(
    survey: Annotated[str, typer.Argument(metavar="SURVEY", help="Which survey: nhanes.")],
    cycles: Annotated[list[str] | None, typer.Option("--cycle", help="Such as 2013-2014; all by default.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Where the files go.")] = None,
    tables: Annotated[list[str] | None, typer.Option("--table", help="Only this one, such as VITB12_H.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Say what CDC has changed of what is there.")] = False,
) -> None:
    """Download a survey's files from CDC; prints their folder. What is there is not fetched again, nor replaced."""
    check_choice("survey", survey, ["nhanes"])
    from b12analysis import nhanes, places

    files = nhanes.fetch(cycles or None, folder, tables=tables or None, compare=compare)
    fetched, first = int(files["fetched"].sum()), int((files["known"] == "first use").sum())
    log.print(
        f"{len(files)} files, {fetched} fetched now; {first} by the hash of their first fetch, not CDC's original"
    )
    typer.echo(places.nhanes() if folder is None else folder)
