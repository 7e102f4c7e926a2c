"""The command ``b12``: reports, their parameters, the tables, and JupyterLab.

Results go to standard output, progress to standard error. Exit codes: 0 done, 2 the input is wrong (one line that says
what and how to mend it), 1 a report failed, or our fault. ``single`` has the commands for one report and its notebook,
``many`` those for batches, ``tables`` those for the evidence.
"""

from __future__ import annotations

import os
import sys

import typer

from b12analysis.arguments import InputError
from b12analysis.cli import many, single, tables  # noqa: F401 - they add their commands to the application
from b12analysis.cli.console import app, fail

__all__ = ["main"]


def main() -> None:
    """Run the command line; every error is one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # tables hold characters that not every console's own encoding knows
            stream.reconfigure(encoding="utf-8")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except InputError as error:
        fail(str(error), 2)
    except typer.Abort:
        fail("stopped", 1)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            sys.exit(2)
        if hasattr(error, "format_message"):  # how the command line itself was typed: typer's usage errors
            fail(error.format_message(), 2)
        if os.environ.get("B12_TRACEBACK"):
            raise
        if type(error).__name__ in (
            "BatchError",
            "FetchError",
            "OfflineError",
            "ReportError",
        ):  # not imported here, as it takes a second
            fail(str(error), 1)  # such as a full disk, or a notebook that raises
        fail(f"{error} (this is our fault; B12_TRACEBACK=1 shows where)", 1)
