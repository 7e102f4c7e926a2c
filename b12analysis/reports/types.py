"""The types of parameters, and how text and Python's values become them.

A type is ``bool``, ``int``, ``float``, ``str``, ``date`` or ``Path``, a ``list[...]`` of one of these, and either with
``| None``. Text is read as the type, as on a command line; other values must be of the type already.
"""

from __future__ import annotations

import datetime
import math
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import yaml
from pydantic import TypeAdapter, ValidationError

from b12analysis.arguments import InputError, shown
from b12analysis.reports.plain import read

__all__ = ["MOST_CHARACTERS", "Type", "text"]

#: Longest text that a parameter takes, and longest list.
MOST_CHARACTERS = 1_000
_MOST_ITEMS = 1_000
_TYPES = {kind.__name__: kind for kind in (bool, int, float, str, datetime.date, Path)}
_READERS = {kind: TypeAdapter(kind) for kind in _TYPES.values()}
#: One value, and several, in words.
_WORDS = {
    bool: ("true or false", "true or false"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
    datetime.date: ("a date, YYYY-MM-DD", "dates, YYYY-MM-DD"),
    Path: ("the path of a file", "paths of files"),
}
#: What text must look like where pydantic would read more into it: "60.0" as 60, "1700000000" as a date.
_PATTERNS = {int: r" *[+-]?[0-9]+ *", datetime.date: r" *[0-9]{4}-[0-9]{2}-[0-9]{2} *"}
_NONE = ("none", "null", "~", "")
_ANNOTATION = re.compile(r"(list\[)?(?P<item>\w+)(?P<inner> \| None)?(?(1)\])(?P<outer> \| None)?")


@dataclass(frozen=True, kw_only=True)
class Type:
    """The type of a parameter."""

    item: type
    is_list: bool = False
    optional: bool = False
    items_optional: bool = False  #: None is allowed inside the list

    @classmethod
    def of(cls, annotation: str) -> Type:
        """Read an annotation, such as ``list[int] | None``.

        Raises
        ------
        ValueError
            If it is none of the types that parameters have.

        Examples
        --------
        >>> Type.of("float | None").words
        'a number or none'
        """
        match = _ANNOTATION.fullmatch(annotation)
        if not match or match["item"] not in _TYPES:
            raise ValueError(f"type {annotation!r} is not one of {', '.join(_TYPES)}, list[...] of one, or one | None")
        is_list = match[1] is not None
        inner, outer = match["inner"] is not None, match["outer"] is not None
        return cls(
            item=_TYPES[match["item"]], is_list=is_list, optional=outer or (inner and not is_list),
            items_optional=inner and is_list,
        )  # fmt: skip

    @property
    def words(self) -> str:
        """What a value of the type is, in words."""
        one, several = _WORDS[self.item]
        words = f"a list of {several}" if self.is_list else one
        return words + " or none" * self.optional

    def parse(self, label: str, value: Any, folder: str | os.PathLike[str] | None, wanted: str) -> Any:
        """Return ``value`` as the type.

        Parameters
        ----------
        label : str
            What the value is called in errors.
        value : object
            Text, or a value of the type.
        folder : path or None
            Where relative paths of files begin; the current folder by default.
        wanted : str
            What would be right, for errors.

        Raises
        ------
        InputError
            Names the value and what would be right.
        """
        if _is_none(value, self.optional):
            return None
        if not self.is_list:
            return self._one(label, value, folder, wanted)
        items = _items(label, value) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise InputError(f"{label}={shown(value)} is not {wanted}")
        if len(items) > _MOST_ITEMS:
            raise InputError(f"{label} has {len(items):,} items; at most {_MOST_ITEMS:,} are allowed")
        one = _WORDS[self.item][0] + " or none" * self.items_optional
        return [
            None if _is_none(item, self.items_optional) else self._one(f"{label}[{place}]", item, folder, one)
            for place, item in enumerate(items, 1)
        ]

    def _one(self, label: str, value: Any, folder: str | os.PathLike[str] | None, wanted: str) -> Any:
        value = _plain(value)
        is_text = isinstance(value, str)
        if isinstance(value, str | Path):
            _check_text(label, str(value))
        try:
            if is_text and not re.fullmatch(_PATTERNS.get(self.item, ".*"), value):
                raise ValueError
            parsed = _READERS[self.item].validate_python(
                value.strip(" ") if is_text and self.item is not str else value, strict=not is_text
            )
        except (ValidationError, ValueError, OverflowError):
            raise InputError(f"{label}={shown(value)} is not {wanted}") from None
        if self.item is float and not math.isfinite(parsed):
            raise InputError(f"{label}={shown(value)} is not a finite number")
        if self.item is int and abs(parsed) >= 2**63:
            raise InputError(f"{label}={shown(value)} is too large")
        return _file(label, parsed, folder) if self.item is Path else parsed


def text(value: Any) -> str:
    """Return a parsed value as text that is read as the same value again: for tables, logs and command lines.

    Examples
    --------
    >>> text([1.5, None]), text(6.0), text(datetime.date(2026, 1, 31)), text(["a, b", "c"])
    ('[1.5, none]', '6', '2026-01-31', "['a, b', c]")
    """
    if isinstance(value, list):
        items = [text(item) for item in value]
        return yaml.dump(items, Dumper=_Writer, default_flow_style=True, allow_unicode=True, width=math.inf).strip()
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


class _Writer(yaml.SafeDumper):
    """Writes lists of texts; a text needs no quotes for looking like a number, because it is read as text."""

    yaml_implicit_resolvers: ClassVar = {}


def _is_none(value: Any, optional: bool) -> bool:
    return optional and (value is None or (isinstance(value, str) and value.strip(" ").lower() in _NONE))


def _items(label: str, value: str) -> Sequence[Any]:
    """Items of a list in text, with or without its brackets: what holds a comma stands in quotes, as in YAML."""
    inside = value.strip(" ")
    try:
        tree = read(inside if inside.startswith("[") else f"[{inside}]") if inside else None
    except InputError:
        tree = None
    if not isinstance(tree, list) or not all(isinstance(item, str) for item in tree):
        raise InputError(f"{label}={shown(value)} is not a list, such as [a, b]; the empty list is []")
    return tree


def _plain(value: Any) -> Any:
    """Python's own value for one of numpy, and the date for a time stamp at midnight."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime.datetime) and value == value and value.tzinfo is None:
        return value.date() if value.time() == datetime.time() else value
    return value


def _check_text(label: str, value: str) -> None:
    if len(value) > MOST_CHARACTERS:
        raise InputError(f"{label} is a text of {len(value):,} characters; at most {MOST_CHARACTERS:,} are allowed")
    odd = next((char for char in value if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")), None)
    if odd is not None:
        raise InputError(f"{label}={shown(value)} holds a control character, {odd!r}")


def _file(label: str, path: Path, folder: str | os.PathLike[str] | None) -> Path:
    """Whole path of a file that is there and can be read."""
    try:
        whole = (Path(folder or ".") / path).resolve()
        readable = whole.is_file() and os.access(whole, os.R_OK)
    except (OSError, RuntimeError, ValueError):  # a name that is too long, links in a circle
        readable = False
    if not readable:
        raise InputError(
            f"{label}={shown(str(path))} is not a file that can be read, in {str(Path(folder or '.').resolve())!r}"
        )
    return whole
