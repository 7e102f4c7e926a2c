"""What a report can be told, and whether it was told so.

There is one place for all of it, the notebook's own cell tagged ``parameters``, which ``schema`` reads. The command
line, specifications of batches and the notebook itself (``check``) hold what they are given to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from b12analysis import places
from b12analysis.arguments import InputError, check_choice, refuse, shown
from b12analysis.reports.schema import Parameter, lacking, parse_cell

__all__ = ["Parameter", "check", "names", "notebook", "parameters", "question", "validate"]


def names() -> list[str]:
    """Names of the reports.

    Raises
    ------
    InputError
        If there is no notebook, or no folder of them.

    Examples
    --------
    >>> {"prevalence", "recovery"} <= set(names())
    True
    """
    folder = places.notebooks()
    found = sorted(path.stem for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    if not found:
        raise InputError(f"B12_NOTEBOOKS={str(folder)!r} is not a folder with notebooks in it")
    return found


def notebook(report: str) -> Path:
    """Path of a report's notebook; an unknown name is an ``InputError`` with the choices."""
    check_choice("report", report, names())
    return places.notebooks() / f"{report}.ipynb"


def question(report: str) -> str:
    """Return the question that a report answers: the first line of its notebook.

    Examples
    --------
    >>> question("prevalence")
    'How common is vitamin B12 deficiency?'
    """
    return _cells(notebook(report))[0][0].splitlines()[0].lstrip("# ")


def _cells(path: Path) -> list[tuple[str, list[str]]]:
    """Source and tags of each cell; read as JSON, because nbformat takes a second to import."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]


def parameters(report: str) -> list[Parameter]:
    """Parameters of a report, in the order of its notebook.

    Parameters
    ----------
    report : str
        Name of the report.

    Returns
    -------
    list of Parameter

    Raises
    ------
    InputError
        If there is no such report.

    Examples
    --------
    >>> [parameter.name for parameter in parameters("recovery")][:2]
    ['age', 'duration_months']
    """
    path = notebook(report)
    tables = [(table.name, table.stat().st_mtime_ns) for table in places.DATA.glob("*.csv")]
    return list(_read(path, path.stat().st_mtime_ns, tuple(sorted(tables))))


@lru_cache(maxsize=64)
def _read(path: Path, *_stamps: Any) -> tuple[Parameter, ...]:
    """Parameters of a notebook, read anew only after it or a table has changed."""
    tagged = [source for source, tags in _cells(path) if "parameters" in tags]
    if len(tagged) != 1:
        raise InputError(f"notebook {path.name!r} has {len(tagged)} cells tagged 'parameters'; it needs one")
    try:
        return tuple(parse_cell(tagged[0], path.parent))
    except ValueError as error:
        raise InputError(f"notebook {path.name!r}: {error}") from None


def validate(report: str, given: Mapping[str, Any], *, folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """All parameters of a report, as given or by default, each of its type and in its range.

    Parameters
    ----------
    report : str
        Name of the report.
    given : mapping
        Values by name; text is read as the parameter's type.
    folder : path, optional
        Where relative paths of files begin; the current folder by default.

    Returns
    -------
    dict
        Every parameter of the report.

    Raises
    ------
    InputError
        If the report or a parameter is unknown, or a value does not fit. Everything that is wrong is told at once, one
        line each (``InputError.errors``).

    Examples
    --------
    >>> validate("recovery", {"age": "70"})["age"]
    70
    """
    known = {parameter.name: parameter for parameter in parameters(report)}
    if not isinstance(given, Mapping):
        raise InputError(f"parameters={shown(given)} is not a mapping of names to values")
    values, errors = {}, []
    for name, value in {**{name: parameter.default for name, parameter in known.items()}, **given}.items():
        try:
            check_choice("parameter", name, known)
            values[name] = known[name].parse(value, folder)
        except InputError as error:
            errors.append(str(error))
    refuse([*errors, *lacking(known.values(), values)])
    return values


def check(report: str, namespace: MutableMapping[str, Any]) -> None:
    """Hold the parameters that a notebook has to their types and ranges: ``reports.check("recovery", globals())``.

    A notebook that is run in JupyterLab or by papermill alone so refuses what ``b12 report`` would refuse. Text is read
    as the type, as everywhere, and put back as it: papermill's own command line knows no dates and no paths.

    Parameters
    ----------
    report : str
        Name of the report.
    namespace : mutable mapping
        The notebook's ``globals()``.

    Raises
    ------
    InputError
        If a parameter is not there or does not fit.

    Examples
    --------
    >>> check("replications", {"paper": "any", "folder": None, "seed": -1})
    Traceback (most recent call last):
    b12analysis.arguments.InputError: seed=-1 is out of range; it must be at least 0 and at most 4.29497e+09
    """
    known = [parameter.name for parameter in parameters(report)]
    refuse(f"{name} has no value; run the cell of the parameters" for name in known if name not in namespace)
    namespace.update(validate(report, {name: namespace[name] for name in known}))
