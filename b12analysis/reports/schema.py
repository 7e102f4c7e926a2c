"""The parameters cell of a notebook: names, types, ranges, choices, defaults and meanings.

There is one place for all of it, the notebook's own cell tagged ``parameters``, one line each::

    age: int = 60  # age when treatment starts, years [18 to 100]
    severity: str = "moderate"  # how bad the symptoms are at the start [mild | moderate | severe]
    country: str = "any"  # country of the surveys [any | surveys.country]
    romberg: bool | None = None  # Romberg's sign; None where it was not tested
    since: date = date(2000, 1, 1)  # first day that counts [1990-01-01 to 2030-12-31]

The types are those of ``types``; ``from datetime import date`` and ``from pathlib import Path`` may stand above. The
brackets at the end hold a range (``[low to high]``) or choices, of each item where the parameter is a list; a choice
such as ``surveys.country`` stands for all values of that column of that table, and ``groups.group role=risk`` for those
of the rows where the role is risk. A line ``# together: price, currency, year`` says that these are given all or none
of them (None is not given). A person reading the notebook, the command line, specifications of batches, the
notebook itself (``check``) and this module read the same line.
"""

from __future__ import annotations

import ast
import datetime
import io
import os
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b12analysis.arguments import check_choice, check_range, shown
from b12analysis.evidence import load
from b12analysis.reports.types import Type, text

__all__ = ["Parameter", "lacking", "parse_cell"]

#: What a parameters cell may import and call, beside writing values.
_MAKERS = {"date": datetime.date, "Path": Path}
_IMPORTS = ("from datetime import date", "from pathlib import Path")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a report."""

    name: str
    type: str  #: the annotation, as the notebook writes it
    default: Any
    meaning: str
    minimum: float | datetime.date | None = None
    maximum: float | datetime.date | None = None
    choices: tuple[Any, ...] = ()
    together: tuple[str, ...] = ()  #: names of the parameters, itself among them, that are given all or none of them

    @property
    def range(self) -> str:
        """The allowed values in words; empty where anything of the type is.

        Examples
        --------
        >>> Parameter(name="age", type="int", default=60, meaning="", minimum=18, maximum=100).range
        '18 to 100'
        """
        if self.choices:
            return " | ".join(map(text, self.choices))
        limits = [f"{limit:.12g}" if isinstance(limit, float) else str(limit) for limit in (self.minimum, self.maximum)]
        return " to ".join(limits) if self.minimum is not None else ""

    def parse(self, value: Any, folder: str | os.PathLike[str] | None = None) -> Any:
        """Return ``value`` as the parameter's type, or say what is wrong with it.

        Text is read as the type, as on a command line: ``"60"`` is 60 for an ``int``; ``"none"``, ``"null"`` and ``""``
        are None where None is allowed; ``"[a, 'b, c']"`` and ``"a, 'b, c'"`` are lists, ``"[]"`` the empty one. Other
        values must be of the type already; numpy's scalars and pandas's time stamps at midnight are.

        Parameters
        ----------
        value : object
            What was given.
        folder : path, optional
            Where relative paths of files begin; the current folder by default.

        Raises
        ------
        InputError
            Names the parameter, the value, and what would be right.

        Examples
        --------
        >>> Parameter(name="age", type="int", default=60, meaning="", minimum=18, maximum=100).parse("70")
        70
        """
        kind = Type.of(self.type)
        wanted = f"{kind.words}; {'each' if kind.is_list else 'it'} must be {self.range}" if self.range else kind.words
        parsed = kind.parse(self.name, value, folder, wanted)
        for label, item in _labelled(self.name, parsed).items():
            if self.choices:
                check_choice(label, item, self.choices)
            if self.minimum is not None:
                check_range(label, item, self.minimum, self.maximum)
        return parsed


def lacking(known: Iterable[Parameter], values: Mapping[str, Any]) -> list[str]:
    """Say which values are missing beside others that were given, one line for each set that belongs together.

    Examples
    --------
    >>> price, year = (Parameter(name=name, type="int | None", default=None, meaning="", together=("price", "year"))
    ...                for name in ("price", "year"))
    >>> lacking([price, year], {"price": 5, "year": None})
    ['price=5 needs year too: give all of price, year, or none']
    """
    lines = []
    for names in dict.fromkeys(parameter.together for parameter in known):
        given = [name for name in names if values.get(name) is not None]
        missing = [name for name in names if name in values and values[name] is None]
        if given and missing:
            first = f"{given[0]}={shown(values[given[0]])}"
            lines.append(f"{first} needs {' and '.join(missing)} too: give all of {', '.join(names)}, or none")
    return lines


def _labelled(name: str, parsed: Any) -> dict[str, Any]:
    """Values that have to be in range, and what errors call them: items of a list are counted from 1."""
    several = isinstance(parsed, list)
    items = {f"{name}[{place}]": item for place, item in enumerate(parsed, 1)} if several else {name: parsed}
    return {label: item for label, item in items.items() if item is not None}


def parse_cell(source: str, folder: Path = Path()) -> list[Parameter]:
    """Read a parameters cell; nothing of it is run.

    Parameters
    ----------
    source : str
        The cell.
    folder : Path
        Where the notebook is, and relative paths of defaults begin.

    Returns
    -------
    list of Parameter

    Raises
    ------
    ValueError
        If a line is not as this module's docstring says.

    Examples
    --------
    >>> parse_cell("dose: float = 1.0  # daily, mg [0 to 5]")[0].range
    '0 to 5'
    """
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    sets = [tuple(re.findall(r"\w+", text)) for text in re.findall(r"^# together: (.+)$", source, re.MULTILINE)]
    found = []
    for line in ast.parse(source).body:
        if ast.unparse(line) in _IMPORTS:
            continue
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None):
            raise ValueError(f"parameters cell, line {line.lineno}: expected `name: type = default  # meaning`")
        annotation = ast.unparse(line.annotation)
        meaning, limits = _split(comments.get(line.end_lineno, ""), Type.of(annotation).item)
        found.append(
            Parameter(
                name=line.target.id,
                type=annotation,
                default=_value(line.value, folder),
                meaning=meaning,
                together=next((names for names in sets if line.target.id in names), ()),
                **limits,
            )
        )
    return found


def _value(node: ast.expr, folder: Path) -> Any:
    """Value of a default: a literal, ``date(...)``, ``Path(...)`` or a list of them; nothing else is evaluated.

    A relative path begins at the notebook's folder.
    """
    if isinstance(node, ast.List):
        return [_value(item, folder) for item in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MAKERS and not node.keywords:
        made = _MAKERS[node.func.id](*map(ast.literal_eval, node.args))
        return (folder / made).resolve() if isinstance(made, Path) else made
    return ast.literal_eval(node)


def _split(comment: str, item: type) -> tuple[str, dict[str, Any]]:
    """Take a comment apart: the meaning, and the range or choices in brackets at its end."""
    match = re.fullmatch(r"(.*?)\s*\[([^\]]+)\]", comment)
    if not match:
        return comment, {}
    meaning, inside = match.groups()
    limits = re.fullmatch(r"(-?[\d.]+|\d{4}-\d\d-\d\d) to (-?[\d.]+|\d{4}-\d\d-\d\d)", inside)
    if limits and item is not str:
        limit = datetime.date.fromisoformat if item is datetime.date else float
        return meaning, {"minimum": limit(limits[1]), "maximum": limit(limits[2])}
    words = dict.fromkeys(value for choice in inside.split("|") for value in _expand(choice.strip()))
    return meaning, {"choices": tuple(Type(item=item).parse("choice", word, None, "a choice") for word in words)}


def _expand(choice: str) -> list[str]:
    match = re.fullmatch(r"([a-z]\w*)\.(\w+)(?: (\w+)=(\w+))?", choice)
    if not match:
        return [choice]
    table, column, where, value = match.groups()
    rows = load(table)
    return sorted((rows if where is None else rows[rows[where] == value])[column].dropna().unique())
