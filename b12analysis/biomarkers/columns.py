"""Columns of people, read with care: numbers that may be negative by mistake, yes and no, sex."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, shown

__all__ = ["flags", "numbers", "sexes"]

#: The only columns that may be negative: logarithms.
SIGNED = ("cb12", "three_cb12")


def _first(people: pd.DataFrame, column: str, wrong: pd.Series, instead: str) -> InputError:
    row = people.index.tolist()[wrong.to_numpy().argmax()]
    value = people[column].tolist()[wrong.to_numpy().argmax()]
    return InputError(f"people row {row!r}: {column}={shown(value)} {instead}")


def numbers(people: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as nullable numbers; refuse words and, where there can be none, negative numbers.

    Examples
    --------
    >>> numbers(pd.DataFrame({"mma_nmol_l": [210, None]}), "mma_nmol_l").tolist()
    [210.0, <NA>]
    """
    values = pd.to_numeric(people[column], errors="coerce").astype("Float64")
    values = values.mask(np.isnan(values.to_numpy(dtype=float, na_value=np.nan)))
    lost = values.isna() & people[column].notna()
    if lost.any():
        raise _first(people, column, lost, "is not a number")
    negative = (values < 0).fillna(False)
    if column not in SIGNED and negative.any():
        raise _first(people, column, negative, "is negative; leave it empty if it is missing")
    return values


def flags(people: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as nullable yes and no.

    Examples
    --------
    >>> flags(pd.DataFrame({"pregnant": [1, 0, None]}), "pregnant").tolist()
    [True, False, <NA>]
    """
    wrong = people[column].notna() & ~people[column].isin([0, 1])
    if wrong.any():
        raise _first(people, column, wrong, "is neither true nor false")
    return people[column].astype("object").astype("boolean")


def sexes(people: pd.DataFrame) -> pd.Series:
    """Return the column sex; refuse anything but "men" and "women".

    Examples
    --------
    >>> sexes(pd.DataFrame({"sex": ["men", "women"]})).tolist()
    ['men', 'women']
    """
    wrong = people["sex"].notna() & ~people["sex"].isin(["men", "women"])
    if wrong.any():
        raise _first(people, "sex", wrong, "is neither 'men' nor 'women'")
    return people["sex"].astype("object")
