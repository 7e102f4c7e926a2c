"""What all commands share: the applications, and how rows, progress and errors are printed."""

from __future__ import annotations

import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["app", "data", "fail", "log", "print_rows"]

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

log = Console(stderr=True)


def fail(message: str, code: int) -> None:
    """Say what is wrong, a line for each fault, and end."""
    for line in message.splitlines():
        sys.stderr.write(f"b12: {' '.join(line.split())}\n")
    sys.exit(code)


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))  # rich would take [brackets] for its own markup
    Console(width=None if sys.stdout.isatty() else 160).print(table)
