"""Errors that help: which argument, which value, which choices.

Every function that takes a choice from a list, or a number from a range, checks it here, so that a misspelt option is
refused in the same words everywhere and never falls through to a default. ``InputError`` is a ``ValueError``: the
command line turns it into exit code 2, because the user can mend it; any other exception is our own fault.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = [
    "InputError",
    "check_choice",
    "check_columns",
    "check_count",
    "check_level",
    "check_range",
    "check_rng",
    "refuse",
    "shown",
]


class InputError(ValueError):
    """The caller's input is wrong; the message says which argument, its value and what would be right.

    Where several things are wrong at once, each is a line of the message.
    """

    @property
    def errors(self) -> list[str]:
        """What is wrong, one by one."""
        return str(self).split("\n")


def refuse(errors: Iterable[str]) -> None:
    """Raise one ``InputError`` with all that is wrong, each thing once; nothing where there is nothing.

    Examples
    --------
    >>> refuse(["age=1 is out of range", "age=1 is out of range"])
    Traceback (most recent call last):
    b12analysis.arguments.InputError: age=1 is out of range
    """
    distinct = list(dict.fromkeys(errors))
    if distinct:
        raise InputError("\n".join(distinct))


def shown(value: Any) -> str:
    """Return a value as an error shows it: as Python writes it, cut where it is long.

    Examples
    --------
    >>> shown("B12")
    "'B12'"
    """
    if isinstance(value, int) and value.bit_length() > 1000:
        return "a number of hundreds of digits"
    text = repr(value[:200] if isinstance(value, str | bytes | list | tuple) else value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def check_choice(argument: str, value: Any, choices: Iterable[Any], *, likeness: float = 0.6) -> None:
    """Raise unless ``value`` is one of ``choices``.

    Parameters
    ----------
    argument : str
        Name of the argument, as the caller knows it.
    value : object
        What was given.
    choices : iterable
        What would be right.
    likeness : float
        How like a choice must be to be asked after, 0 to 1; higher where other things have like names.

    Raises
    ------
    InputError
        Names the argument, the value, the nearest choice and all choices.

    Examples
    --------
    >>> check_choice("group", "vegan", ["ppi", "vegans"])
    Traceback (most recent call last):
    b12analysis.arguments.InputError: group='vegan' is not known (did you mean 'vegans'?); choose one of 'ppi', 'vegans'
    """
    choices = list(choices)
    try:
        if value in choices:
            return
    except (TypeError, ValueError):
        pass  # an array, or a value that is missing, equals nothing
    by_text = {str(choice).lower(): choice for choice in choices}
    near = (
        difflib.get_close_matches(str(value).lower(), by_text, n=1, cutoff=likeness) if len(shown(value)) <= 100 else []
    )
    hint = f" (did you mean {by_text[near[0]]!r}?)" if near else ""
    listed = ", ".join(repr(choice) for choice in choices) or "nothing: there is no choice"
    raise InputError(f"{argument}={shown(value)} is not known{hint}; choose one of {listed}")


def check_range(argument: str, value: Any, minimum: Any = None, maximum: Any = None) -> None:
    """Raise unless ``minimum <= value <= maximum``; a missing number is outside every range. Dates have ranges too.

    True and False are no numbers.

    Examples
    --------
    >>> check_range("level", 95, 0, 1)
    Traceback (most recent call last):
    b12analysis.arguments.InputError: level=95 is out of range; it must be at least 0 and at most 1
    """
    ordered = isinstance(value, Real | datetime.date) and not isinstance(value, bool)
    if ordered:
        low_enough = maximum is None or value <= maximum
        high_enough = minimum is None or value >= minimum
        if low_enough and high_enough and value == value:
            return
    limits = [
        f"{words} {limit:g}" if isinstance(limit, float) else f"{words} {limit}"
        for words, limit in (("at least", minimum), ("at most", maximum))
        if limit is not None
    ]
    wrong = "out of range" if ordered else "not a number"
    said = value if isinstance(value, datetime.date) else shown(value)
    raise InputError(f"{argument}={said} is {wrong}; it must be {' and '.join(limits) or 'a number'}")


def check_count(argument: str, value: int) -> None:
    """Raise unless ``value`` is a whole number of at least 1.

    Examples
    --------
    >>> check_count("n", 2.5)
    Traceback (most recent call last):
    b12analysis.arguments.InputError: n=2.5 is not a whole number; it must be at least 1
    """
    check_range(argument, value, 1)
    if not isinstance(value, Integral):
        raise InputError(f"{argument}={value!r} is not a whole number; it must be at least 1")


def check_rng(rng: Any) -> None:
    """Raise unless ``rng`` is a seed, a Generator, or None.

    Examples
    --------
    >>> check_rng("1")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: rng='1' is no seed; give a whole number of at least 0, a numpy Generator or None
    """
    whole = isinstance(rng, Integral) and not isinstance(rng, bool)
    if not (rng is None or isinstance(rng, np.random.Generator) or (whole and rng >= 0)):
        raise InputError(f"rng={shown(rng)} is no seed; give a whole number of at least 0, a numpy Generator or None")


def check_level(level: float) -> None:
    """Raise unless ``level`` is the level of an interval, above 0 and below 1.

    Examples
    --------
    >>> check_level(95)
    Traceback (most recent call last):
    b12analysis.arguments.InputError: level=95 is out of range; it must be above 0 and below 1, such as 0.95
    """
    if not (isinstance(level, Real) and 0 < level < 1):
        raise InputError(f"level={level!r} is out of range; it must be above 0 and below 1, such as 0.95")


def check_columns(argument: str, columns: Iterable[str], needed: Iterable[str]) -> None:
    """Raise unless every needed column is among ``columns``.

    Examples
    --------
    >>> check_columns("studies", ["n"], ["cases", "n"])
    Traceback (most recent call last):
    b12analysis.arguments.InputError: studies lacks column 'cases'; it has 'n'
    """
    columns = [str(column) for column in columns]
    missing = [column for column in needed if column not in columns]
    if missing:
        lacks = ", ".join(repr(column) for column in missing)
        has = ", ".join(repr(column) for column in columns) or "none"
        raise InputError(f"{argument} lacks column{'s' * (len(missing) > 1)} {lacks}; it has {has}")
