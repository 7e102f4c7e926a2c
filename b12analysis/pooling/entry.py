"""What may be pooled, and what of it enters: one row per cohort, one definition, an estimate and its effective n."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.estimates import check_counts, effective_n, prevalence

__all__ = ["check_poolable", "counts", "enter", "independent"]


def independent(studies: pd.DataFrame) -> pd.DataFrame:
    """One row per cohort: the one with the most people, so that nobody is counted twice.

    Parameters
    ----------
    studies : DataFrame
        What :func:`b12analysis.prevalence` returns, with a ``cohort`` column.

    Returns
    -------
    DataFrame
        The rows with an estimate, one per cohort, in their order.

    Examples
    --------
    >>> rows = pd.DataFrame({"cohort": ["a", "a", "b"], "cases": [1, 5, 2], "n": [10, 50, 20]})
    >>> independent(prevalence(rows)).index.tolist()
    [1, 2]
    """
    check_columns("studies", studies.columns, ["cohort", "estimate", "effective_n"])
    known = studies[studies["estimate"].notna()]
    people = known["n"].fillna(known["effective_n"]) if "n" in known else known["effective_n"]
    # by place, not by label, which may occur twice; a row without a cohort shares nobody that we know of
    cohort = known["cohort"].astype(object).reset_index(drop=True)
    alone = pd.Series([("no cohort", place) for place in range(len(known))], dtype=object)
    largest = people.astype(float).reset_index(drop=True).groupby(cohort.where(cohort.notna(), alone)).idxmax()
    return known.iloc[sorted(largest)]


def enter(studies: pd.DataFrame) -> pd.DataFrame:
    """Return the studies with ``estimate`` and ``effective_n``, from whichever of the three forms was given."""
    if studies.empty:
        raise InputError("studies is empty; pooling needs at least one row")
    if "estimate" not in studies:
        check_columns("studies", studies.columns, ["cases", "n"])
        check_counts("studies", studies.index, *(_floats(studies, name) for name in ("cases", "n")))
        entered = prevalence(studies)
    elif "effective_n" not in studies and {"lower", "upper"} <= set(studies.columns):
        limits = (_floats(studies, name) for name in ("estimate", "lower", "upper"))
        entered = studies.assign(effective_n=effective_n(*limits))
    else:
        check_columns("studies", studies.columns, ["estimate", "effective_n"])
        entered = studies
    p, n = _floats(entered, "estimate"), _floats(entered, "effective_n")
    _refuse_rows(entered, np.isnan(p) | np.isnan(n), "has no estimate; drop rows without an interval before pooling")
    _refuse_rows(entered, (p < 0) | (p > 1), "has an estimate that is no share of people, 0 to 1")
    _refuse_rows(entered, ~((n > 0) & np.isfinite(n)), "has no usable effective_n; it must be above 0 and finite")
    return entered


def _floats(studies: pd.DataFrame, name: str) -> np.ndarray:
    try:
        return pd.to_numeric(studies[name], errors="raise").to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(f"studies column {name!r} holds what is not a number") from None


def _refuse_rows(studies: pd.DataFrame, wrong: np.ndarray, why: str) -> None:
    """Raise for the first wrong row, by its ``id`` where it has one."""
    if wrong.any():
        first = studies[wrong].iloc[0]
        raise InputError(f"studies row {first['id'] if 'id' in studies else str(first.name)!r} {why}")


def check_poolable(studies: pd.DataFrame) -> None:
    """Refuse rows that hold the same people, or that measured different things."""
    if "cohort" in studies:
        twice = studies["cohort"][studies["cohort"].duplicated()].dropna().unique()
        if len(twice):
            shown = ", ".join(map(repr, twice))
            raise InputError(f"studies has more than one row of cohort {shown}: the people would be counted twice")
    for column in ("definition", "indicator"):
        kinds = studies[column].dropna().unique() if column in studies else []
        if len(kinds) > 1:
            shown = ", ".join(map(repr, kinds))
            raise InputError(f"studies mixes {column}s {shown}: pool them one by one, or by={column!r}")


def counts(studies: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return effective cases and non-cases."""
    p, n = _floats(studies, "estimate"), _floats(studies, "effective_n")
    return p * n, (1 - p) * n
