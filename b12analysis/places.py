"""Where the tables and notebooks are.

They live in ``data/`` and ``notebooks/`` at the top of the repository. A wheel carries copies inside the package; an
editable install has none and falls back to the repository's folders. ``B12_NOTEBOOKS`` names another
folder of notebooks, for reports of one's own. Survey files are not ours to ship: they lie in the user's cache, or where
``B12_NHANES`` says.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["DATA", "nhanes", "notebooks"]

_package = Path(__file__).resolve().parent


def _place(inside_wheel: str, in_repository: str) -> Path:
    carried = _package / inside_wheel
    return carried if carried.is_dir() else _package.parent / in_repository


DATA = _place("_data", "data")


def notebooks() -> Path:
    """Folder of the notebooks."""
    return Path(os.environ.get("B12_NOTEBOOKS") or _place("_notebooks", "notebooks"))


def nhanes() -> Path:
    """Folder of the NHANES files, where none is named: ``B12_NHANES``, else one in the user's cache."""
    import pooch  # 0.1 s, and only where the files are asked for

    return Path(os.environ.get("B12_NHANES") or pooch.os_cache("b12analysis") / "nhanes")
