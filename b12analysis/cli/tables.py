"""Commands for the evidence tables: list, show, cite and check them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from b12analysis.arguments import InputError
from b12analysis.cli.console import data, print_rows

__all__ = ["check_tables", "list_tables", "show_sources", "show_table"]

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
