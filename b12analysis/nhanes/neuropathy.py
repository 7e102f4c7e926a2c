"""Neuropathy from the monofilament examination of the feet (40 and over, 1999-2004): three sites on each."""

from __future__ import annotations

import pandas as pd

from b12analysis.nhanes.variables import Read

__all__ = ["add"]


def add(people: pd.DataFrame, cycle: str, read: Read) -> pd.DataFrame:
    """Return the people of a cycle with ``insensate_sites`` and ``neuropathy``.

    CDC's -1, "not enough information", is missing. One insensate site proves neuropathy whatever the other foot would
    have shown; its absence takes both feet.
    """
    left, right = people["insensate_left"], people["insensate_right"]
    either = (left >= 1) | (right >= 1)
    neither = (left == 0) & (right == 0)
    return people.assign(
        insensate_sites=left + right, neuropathy=either.astype("boolean").where(either | neither, pd.NA)
    )
