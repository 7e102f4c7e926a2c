"""Parameters into a notebook: papermill's injected cell, in which every value arrives as what it is."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from b12analysis.reports.notebooks import validate
from b12analysis.reports.types import text

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["inject"]


def inject(notebook: NotebookNode, report: str, values: Mapping[str, Any]) -> NotebookNode:
    """Return a copy of a notebook with the cell that papermill injects after the parameters.

    Papermill alone writes a date or a path as text. Here they are ``date(2026, 1, 31)`` and ``Path("/...")``, which the
    parameters cell has imported. The notebook's metadata list the parameters as JSON, dates and paths as text.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook of the report.
    report : str
        Name of the report.
    values : mapping
        Parameters by name; the others are injected with their defaults.

    Raises
    ------
    InputError
        If a parameter is unknown, or a value does not fit.

    Examples
    --------
    >>> import nbformat
    >>> from b12analysis.reports.notebooks import notebook
    >>> cells = inject(nbformat.read(notebook("prevalence"), 4), "prevalence", {"country": "Kenya"}).cells
    >>> print(cells[2].source.splitlines()[1])
    country = "Kenya"
    """
    from papermill.parameterize import parameterize_notebook  # 0.7 s

    values = validate(report, values)
    notebook = copy.deepcopy(notebook)
    notebook.metadata.setdefault("papermill", {})
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    injected = parameterize_notebook(notebook, values, kernel_name=_translator(), language="python")
    injected.metadata["papermill"]["parameters"] = json.loads(json.dumps(values, default=text))
    for cell in injected.cells:
        if "injected-parameters" in cell.metadata["tags"]:
            cell["id"] = "injected-parameters"  # papermill draws it at random; the same report has the same bytes
    return injected


@cache
def _translator() -> str:
    """Register how papermill writes our types, under a name of their own; others' notebooks stay as they are."""
    from papermill.translators import PythonTranslator, papermill_translators

    class Translator(PythonTranslator):
        @classmethod
        def translate(cls, val: Any) -> str:
            if isinstance(val, datetime.date):
                return f"date({val.year}, {val.month}, {val.day})"
            return f"Path({cls.translate_str(str(val))})" if isinstance(val, Path) else super().translate(val)

    papermill_translators.register("b12", Translator)
    return "b12"
