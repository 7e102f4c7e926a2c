"""The table ``validation_programs``: how far our numbers and those of other programs on the same data agree."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from b12analysis.validating.cells import summarised
from b12analysis.validating.programs import program_cells
from b12analysis.validating.stored import stored_cells
from b12analysis.validating.surveys import survey_cells

__all__ = ["COLUMNS", "comparisons", "compute_programs"]

#: Columns of the table, in order.
COLUMNS = [
    *("id", "area", "program", "file", "what", "scale", "allowed", "cells", "within", "worst", "worst_cell"),
    *("theirs", "ours", "agrees", "source", "status", "note"),
]


def comparisons() -> pd.DataFrame:
    """Return what is compared: one row per file and kind of number, with the largest difference that agrees.

    Examples
    --------
    >>> comparisons().set_index("id").loc["r-logit", "allowed"]
    np.float64(1e-06)
    """
    text = dict.fromkeys(("id", "area", "program", "file", "what", "scale", "source", "note"), "string")
    return pd.read_csv(Path(__file__).with_name("comparisons.csv"), dtype=text)


def compute_programs(
    reference: str | os.PathLike[str], folder: str | os.PathLike[str], tests: str | os.PathLike[str]
) -> pd.DataFrame:
    """Compute again what other programs computed, and say how far both agree.

    Parameters
    ----------
    reference : path
        Folder with R's tables of the US survey: ``survey_r.csv`` and its kin.
    folder : path
        Folder with the survey's files.
    tests : path
        ``tests/reference`` of the repository: results of other programs on small data, and on shipped tables.

    Returns
    -------
    DataFrame with columns
        id, area, program, file, what    whose numbers they are, and which
        scale, allowed                   "relative" or "absolute", and the largest difference that agrees
        cells, within                    how many numbers, and how many of them agree
        worst, worst_cell, theirs, ours  the largest difference, and where it is
        agrees                           whether all agree
        source, status, note             whose data; the status is that of the other program's number
    """
    made = [survey_cells(Path(reference), Path(folder)), stored_cells(Path(tests)), program_cells(Path(tests))]
    about = comparisons().set_index("id").to_dict("index")
    table = summarised(pd.concat(made, ignore_index=True), about)
    return table.assign(agrees=table["cells"] == table["within"], status="verified")[COLUMNS]
