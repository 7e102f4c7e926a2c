"""One entry of a batch: fixed parameters, a grid, sets; checked, and put together to the values of each report."""

from __future__ import annotations

import csv
import io
import itertools
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from b12analysis.arguments import InputError, check_choice, refuse, shown
from b12analysis.reports.notebooks import names, parameters
from b12analysis.reports.schema import Parameter

__all__ = ["Entry", "Errors", "check_keys", "content", "entry"]

#: After so many errors the rest is not looked for.
_MOST_ERRORS = 1_000
_MOST_BYTES = 10_000_000


class Errors:
    """What is wrong with a batch, collected; each thing once."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def add(self, line: str) -> None:
        """Take one more; too many are raised at once."""
        self.lines[line] = None
        if len(self.lines) == _MOST_ERRORS:
            self.lines[f"these are the first {_MOST_ERRORS:,} errors; there may be more"] = None
            self.stop()

    def stop(self) -> None:
        """Raise all that is wrong, if anything is."""
        refuse(self.lines)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: ``sets`` by ``grid``, over what is the same for all (``fixed``, defaults included)."""

    label: str
    report: str
    known: dict[str, Parameter] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, list[Any]] = field(default_factory=dict)
    sets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many reports it asks for."""
        return len(self.sets) * math.prod(map(len, self.grid.values()))

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Values of each report, in the order of its parameters."""
        for one, grid in itertools.product(self.sets, itertools.product(*self.grid.values())):
            values = self.fixed | one | dict(zip(self.grid, grid, strict=True))
            yield {name: values[name] for name in self.known}


def entry(label: str, given: Any, folder: str | os.PathLike[str] | None, errors: Errors) -> Entry:
    """Check one entry; what is wrong goes to ``errors``, and an entry with an error has no combinations.

    Parameters
    ----------
    label : str
        What the entry is called in errors.
    given : object
        What stands in the batch: a mapping with ``report`` and any of ``parameters``, ``grid`` and ``sets``.
    folder : path or None
        Where relative paths begin; the current folder by default.
    errors : Errors
        Takes what is wrong.
    """
    empty, before = Entry(label=label, report=""), len(errors.lines)
    if not isinstance(given, Mapping):
        errors.add(f"{label}: {shown(given)} is not a mapping with the key 'report'")
        return empty
    check_keys(label, given, ("report", "parameters", "grid", "sets"), errors)
    try:
        check_choice("report", given.get("report"), names())
    except InputError as error:
        errors.add(f"{label}: {error}")
        return empty
    label = f"{label} {given['report']}"
    reading = _Reading(label, {p.name: p for p in parameters(given["report"])}, folder, errors)
    same = given.get("parameters", "")
    fixed = {} if same in (None, "") else reading.mapping("parameters", same)  # nothing after `parameters:` is nothing
    grid = reading.grid(given["grid"]) if "grid" in given else {}
    sets = reading.sets(given["sets"]) if "sets" in given else [{}]
    reading.check_once(fixed, grid, set().union(*sets))
    always = fixed.keys() | grid.keys() | set.intersection(*map(set, sets or [{}]))
    left = {name: p.default for name, p in reading.known.items() if name not in always}
    fixed = reading.mapping("defaults", left) | fixed
    if len(errors.lines) > before:
        return empty
    return Entry(label=label, report=given["report"], known=reading.known, fixed=fixed, grid=grid, sets=sets)


@dataclass(frozen=True)
class _Reading:
    """Reads the parts of one entry as the types of its report's parameters; every text once."""

    label: str
    known: dict[str, Parameter]
    folder: str | os.PathLike[str] | None
    errors: Errors
    texts: dict[tuple[str, str], Any] = field(default_factory=dict)

    def add(self, line: str) -> None:
        self.errors.add(f"{self.label}: {line}")

    def value(self, name: str, given: Any) -> Any:
        """Return the value of one parameter; None after an error."""
        if isinstance(given, str) and (name, given) in self.texts:
            return self.texts[name, given]
        value = None
        try:
            value = self.known[name].parse(given, self.folder)
        except InputError as error:
            self.add(str(error))
        if isinstance(given, str):
            self.texts[name, given] = value
        return value

    def mapping(self, what: str, given: Any) -> dict[str, Any]:
        """One value each of some parameters."""
        if not isinstance(given, Mapping):
            self.add(f"{what}={shown(given)} is not a mapping of parameters to values")
            return {}
        return {name: self.value(name, value) for name, value in given.items() if self.knows(name)}

    def knows(self, name: Any) -> bool:
        if isinstance(name, str) and name in self.known:
            return True
        try:
            check_choice("parameter", name, self.known)
        except InputError as error:
            self.add(str(error))
        return False

    def grid(self, given: Any) -> dict[str, list[Any]]:
        """Several values each of some parameters."""
        if not isinstance(given, Mapping) or not given:
            self.add(f"grid={shown(given)} is not a mapping of parameters to lists of values")
            return {}
        lists = {name: values for name, values in given.items() if self.knows(name)}
        for name, values in lists.items():
            if not isinstance(values, list | tuple) or not values:
                self.add(f"grid: {name}={shown(values)} is not a list of values; one value goes to `parameters`")
                lists[name] = []
        return {name: [self.value(name, value) for value in values] for name, values in lists.items()}

    def sets(self, given: Any) -> list[dict[str, Any]]:
        """Values of several reports, one mapping or one row of a CSV file each."""
        if isinstance(given, str | os.PathLike) and str(given):
            try:
                given = _rows(Path(self.folder or ".") / given)
            except InputError as error:
                self.add(str(error))
                return []
        if not isinstance(given, list | tuple) or not given:
            self.add(f"sets={shown(given)} is neither a list of mappings nor a CSV file with rows")
            return []
        return [self.mapping("sets", one) for one in given]

    def check_once(self, *parts: Iterable[str]) -> None:
        """No parameter may stand in two parts of the entry."""
        places = [name for part in parts for name in part]
        for name in dict.fromkeys(name for name in places if places.count(name) > 1):
            self.add(f"parameter {name!r} is given twice: in two of `parameters`, `grid` and `sets`")


def check_keys(label: str, given: Mapping[Any, Any], known: Iterable[str], errors: Errors) -> None:
    """Every key has to be known."""
    for key in given:
        try:
            check_choice("key", key, known)
        except InputError as error:
            errors.add(f"{label}: {error}")


def content(argument: str, path: Path, most: int) -> str:
    """Text of a file that is there, in UTF-8 and not too long."""
    try:
        if not path.is_file():
            raise InputError(f"{argument}={shown(str(path))} is not a file")
        with path.open("rb") as file:
            read = file.read(most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{argument}={shown(str(path))} cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(read) > most:
        raise InputError(f"{argument}={shown(str(path))} has more than {most:,} bytes")
    try:
        return read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = read[: error.start].count(b"\n") + 1
        raise InputError(f"{argument}={shown(str(path))}, line {line} is not UTF-8 text") from None


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; an empty cell is a parameter that is not given."""
    lines = csv.reader(io.StringIO(content("sets", path, _MOST_BYTES), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        if len(set(header)) < len(header) or not all(header):
            raise InputError(f"sets={path.name!r}: its first line has a name twice, or none: {shown(header)}")
        rows = []
        for cells in lines:
            if cells and len(cells) != len(header):
                raise InputError(f"sets={path.name!r}, line {lines.line_num}: {len(cells)} cells, not {len(header)}")
            rows += [{name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}] if cells else []
    except csv.Error as error:
        raise InputError(f"sets={path.name!r}, line {lines.line_num} is not CSV: {error}") from None
    return rows
