"""NHANES, the survey of the United States that measured B12 in six cycles: one row per examined person.

``fetch`` gets the public files from CDC, ``load`` reads them. Where to change what: which variable of which file a
column comes from, and the names that changed, stand in ``variables.csv`` (a cycle is a column there, a column of the
result is a row); how files are read, in ``tables.py``; what is corrected or computed, in ``markers.py``,
``neuropathy.py``, ``medicines.py`` and ``supplements.py``; the weights and the order of steps, in ``people.py``; where
the files come from, in ``fetch.py``.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from b12analysis.nhanes.fetch import FetchError, fetch
from b12analysis.nhanes.people import load
from b12analysis.nhanes.variables import CYCLES, columns, files

__all__ = ["CYCLES", "FetchError", "columns", "fetch", "files", "load"]

#: What the stored tables say, reached as attributes when they are used: ``b12analysis.nhanes.groups.prevalence()``.
_STORED = ("associations", "cells", "folate", "fractions", "groups", "sums")


def __getattr__(name: str) -> ModuleType:
    if name in _STORED:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
