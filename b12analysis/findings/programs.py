"""Our numbers beside those of other programs, as the page of validation draws and says them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.findings.against import of

__all__ = ["PROGRAMS", "compared", "programs", "programs_words"]

#: Differences are drawn down to this share of what agrees; many are none at all.
_NONE = 1e-8
_COMPARED = [
    *("agrees", "note", "program", "what", "file", "cells", "within", "worst", "allowed", "scale", "worst_cell"),
    *("theirs", "ours", "status", "source", "id"),
]
#: How they are drawn.
PROGRAMS = {
    "block": "block",
    "detail": "detail",
    "said": "said",
    "axis_title": "largest difference, over the largest that agrees",
    "names": ("agree", "do not agree"),
}


def programs(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return comparisons with other programs as differences over what agrees, those that miss first."""
    known_rows = load("validation_programs")
    rows = known_rows[known_rows["id"].isin(of(table, area)["id"])].sort_values("agrees", kind="stable")
    worst = (rows["worst"] / rows["allowed"]).astype(float)
    rows = rows.assign(passed=rows["agrees"].astype(bool), block=rows["program"] + ": " + rows["file"])
    by_file = rows.groupby("block")[["cells", "within"]].transform("sum")
    said = [
        f"{row['what']}<br>{row['within']:,} of {row['cells']:,} agree within {row['allowed']:g} ({row['scale']})<br>"
        f"largest difference <b>{row['worst']:g}</b>: {row['worst_cell']}"
        for row in rows.to_dict("records")
    ]
    detail = [f"{a:,} of {n:,} numbers" for a, n in zip(by_file["within"], by_file["cells"], strict=True)]
    return rows.assign(estimate=worst.clip(lower=_NONE), lower=np.nan, upper=np.nan, said=said, detail=detail)


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of that figure."""
    return rows.assign(agrees=rows["passed"].map({True: "yes", False: "no"}))[_COMPARED]


def programs_words(rows: pd.DataFrame) -> dict[str, str]:
    """Say how far ours and other programs agree, and where they do not."""
    told = [f"{row.program}, {row.what}: {row.note}" for row in rows[~rows["passed"]].itertuples()] or ["none."]
    return {
        "title": f"{rows['passed'].sum()} of {len(rows)} comparisons with other programs agree, "
        f"{rows['within'].sum():,} of {rows['cells'].sum():,} numbers",
        "summary": f"Missed: {' '.join(told)} The table says what is compared, and how large a difference agrees.",
        "caption": "Each mark is one kind of number, the farthest from ours of all compared. Right of the line "
        f"it is farther than agrees; less than {_NONE:g} of that, or no difference at all, is drawn there.",
    }
