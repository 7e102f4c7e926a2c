"""Which treatments can be given here."""

from __future__ import annotations

from typing import Any

from b12analysis.arguments import check_choice
from b12analysis.evidence import load

__all__ = ["check_regimen"]


def check_regimen(regimen: Any, argument: str = "regimen") -> None:
    """Raise unless a regimen is one of the model of the body's, or "none".

    Examples
    --------
    >>> check_regimen("oral_1000_daily")
    """
    check_choice(argument, regimen, [*load("regimens")["regimen"].unique(), "none"])
