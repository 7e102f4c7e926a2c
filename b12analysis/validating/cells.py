"""Numbers of another program beside ours, cell by cell, and the few rows that say how far they agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import check_columns

__all__ = ["CELLS", "cells", "summarised"]

#: Columns of the long table: whose number, what it is, which one, theirs and ours.
CELLS = ["id", "cell", "theirs", "ours"]


def cells(name: str, cell: str, pairs: Iterable[tuple[Any, Any]]) -> pd.DataFrame:
    """Write pairs of numbers down, theirs first.

    Parameters
    ----------
    name : str
        Id of the comparison that they belong to.
    cell : str
        Where in the other program's table they stand.
    pairs : list of (theirs, ours)

    Examples
    --------
    >>> cells("r-se", "2003-2004, 20+", [(0.5, 0.5)]).values.tolist()
    [['r-se', '2003-2004, 20+', 0.5, 0.5]]
    """
    rows = [(name, cell, float(theirs), float(ours)) for theirs, ours in pairs]
    return pd.DataFrame(rows, columns=CELLS)


def summarised(table: pd.DataFrame, comparisons: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Say of each comparison how many cells agree, and which is the worst.

    Parameters
    ----------
    table : DataFrame
        As :func:`cells` returns it, of one or more comparisons.
    comparisons : dict of dict
        By id, what is known of each: ``allowed``, the largest difference that agrees, ``scale`` ("relative" or
        "absolute"), and columns that are passed on. Where theirs is 0 a relative difference is the absolute one.

    Returns
    -------
    DataFrame with columns
        id, and what ``comparisons`` says of it
        cells, within                number of cells, and of those that agree
        worst, worst_cell            largest difference, and where it is
        theirs, ours                 the numbers there

    Examples
    --------
    >>> two = pd.concat([cells("a", "first", [(10, 10)]), cells("a", "second", [(10, 11)])])
    >>> said = summarised(two, {"a": {"allowed": 1e-9, "scale": "relative"}}).iloc[0]
    >>> f"{said['within']} of {said['cells']}; {said['worst']} in the {said['worst_cell']}"
    '1 of 2; 0.1 in the second'
    """
    check_columns("table", table.columns, CELLS)
    rows = []
    for name, about in comparisons.items():
        part = table[table["id"] == name].reset_index(drop=True)
        off = _difference(part, about["scale"])
        worst = part.iloc[int(off.argmax())]
        found = {"cells": len(part), "within": int((off <= about["allowed"]).sum()), "worst": _digits(off.max(), 3)}
        at = {"worst_cell": worst["cell"], "theirs": _digits(worst["theirs"]), "ours": _digits(worst["ours"])}
        rows.append({"id": name} | dict(about) | found | at)
    return pd.DataFrame(rows)


def _difference(part: pd.DataFrame, scale: str) -> np.ndarray:
    theirs, ours = (part[name].to_numpy(dtype=float) for name in ("theirs", "ours"))
    size = np.where(theirs == 0, 1.0, np.abs(theirs)) if scale == "relative" else 1.0
    return np.abs(ours - theirs) / size


def _digits(value: float, many: int = 10) -> float:
    return float(f"{value:.{many}g}")
