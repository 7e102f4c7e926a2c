"""Who is simulated: age, absorption, diet and where they start; what cannot be meant is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_range, shown

__all__ = ["ABSORPTIONS", "check_person"]

#: States of absorption.
ABSORPTIONS = ("normal", "food_bound", "pernicious_anaemia", "gastrectomy", "ileal_resection", "metformin")
#: Fields of a person that are numbers, with the range of each; the first two are needed, and at most one of the others,
#: which are ways to say where somebody starts. At the highest serum the middle person has the highest store or less,
#: whatever the diet and the absorption: 12,000 ug are seen above 800 pmol/L with metformin, above 1,000 without.
_NEEDED = {"age": (18, 110), "intake_ug": (0, 100)}
_STARTS = {"start_store_ug": (10, 12000), "start_serum_pmol_l": (20, 800), "intake_before_ug": (0.1, 100)}
_FIELDS = ("age", "absorption", "intake_ug", "intake_before_ug", "start_store_ug", "start_serum_pmol_l")


def check_person(person: Mapping[str, Any]) -> dict[str, Any]:
    """Check a person and fill in what may be left out.

    Parameters
    ----------
    person : mapping or row of a table
        ``age`` (18 to 110 years), ``absorption`` (one of :data:`ABSORPTIONS`; normal where it is left out),
        ``intake_ug`` (from the diet and fortified food, 0 to 100 ug a day), and at most one of ``start_store_ug``
        (10 to 12,000), ``start_serum_pmol_l`` (20 to 800, at which a store is 12,000 ug or less) and
        ``intake_before_ug`` (0.1 to 100, ``intake_ug`` where it is left out). Without a store or serum the store is the
        one at which normal absorption of the diet before makes up for the loss, and the diet or whatever is wrong with
        absorption begins on day 0; with one it has long been so. A new diet therefore needs ``intake_before_ug``: a
        new vegan is ``{"age": 30, "intake_ug": 0.4, "intake_before_ug": 5}``; without it, 0.4 has been eaten for ever.
        What is not given is left out, or None; a gap in a table (NaN) is refused.

    Returns
    -------
    dict
        Those six; a start that is not given is None.

    Raises
    ------
    InputError
        Names each field that is missing, unknown or out of range.

    Examples
    --------
    >>> check_person({"age": 60, "intake_ug": 5})["absorption"]
    'normal'
    >>> check_person({"age": 30, "intake_ug": 0.4})["intake_before_ug"]  # a store that 0.4 ug a day keep up
    0.4
    """
    given = _fields(person)
    for name, limits in _NEEDED.items():
        check_range(name, given[name], *limits)
    _check_absorption(given.setdefault("absorption", "normal"))
    starts = [name for name in _STARTS if name in given]
    for name in starts:
        check_range(name, given[name], *_STARTS[name])
    if len(starts) > 1:
        both = " and ".join(f"{name}={given[name]}" for name in starts)
        raise InputError(f"{both} exclude each other; give one of {', '.join(_STARTS)}, or none")
    if not starts:
        given["intake_before_ug"] = _balanced(given["intake_ug"])
    return dict.fromkeys(_FIELDS) | given


def _fields(person: Any) -> dict[str, Any]:
    """Fields that are given; a person who is not one, fields that are not known and the lack of others are refused."""
    if isinstance(person, pd.DataFrame):
        raise InputError(f"person is a table of {len(person)} rows; give one row, such as person.iloc[0]")
    if not isinstance(person, Mapping | pd.Series):
        example = '{"age": 60, "intake_ug": 5}'
        raise InputError(
            f"person={shown(person)} is not one person; give a mapping such as {example}, or a table's row"
        )
    given = {str(name): value for name, value in person.items() if value is not None}
    for name, value in given.items():
        check_choice("person", name, _FIELDS)
        if pd.api.types.is_scalar(value) and pd.isna(value):
            remedy = "" if name in _NEEDED else ", or leave the field out (or None)"
            raise InputError(f"{name}={shown(value)} is a gap, which says nothing; give a value{remedy}")
    lacking = [name for name in _NEEDED if name not in given]
    if lacking:
        raise InputError(
            f"person={sorted(given)!r} has no {' and no '.join(lacking)}; {' and '.join(_NEEDED)} are needed, "
            f"absorption may be left out, and so may the start: one of {', '.join(_STARTS)}, which exclude each other"
        )
    return given


def _check_absorption(value: Any) -> None:
    if isinstance(value, str) and re.search("diet|vega|vege", value.lower()):
        raise InputError(
            f"absorption={shown(value)} is a diet; give absorption='normal' with a low intake_ug, and intake_before_ug "
            f"for the diet before; absorption is one of {', '.join(map(repr, ABSORPTIONS))}"
        )
    check_choice("absorption", value, ABSORPTIONS)


def _balanced(intake_ug: float) -> float:
    """Diet before day 0 where no start is given: the same diet, if anybody can have lived on it."""
    least = _STARTS["intake_before_ug"][0]
    if intake_ug < least:
        raise InputError(
            f"intake_ug={intake_ug:g} fills no store to start with; say in intake_before_ug what was eaten until day 0 "
            f"({least:g} to 100), or give start_store_ug or start_serum_pmol_l"
        )
    return intake_ug
