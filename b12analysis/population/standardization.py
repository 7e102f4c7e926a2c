"""Estimates by age weighed by a population: standardised prevalence and numbers of people.

The limits of a weighted sum are recovered from those of its parts (MOVER): each limit lies as far from the sum as the
parts' limits do, added like independent errors. So a band's own asymmetric interval is kept, a sum of one band has that
band's interval, and no limit leaves 0 to 1. The population is taken as known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.population.bands import band_name, sizes_of_bands, span

__all__ = ["headcount", "read_population", "standardize"]

Population = pd.DataFrame | str | Path


def standardize(
    estimates: pd.DataFrame,
    population: Population,
    *,
    by: str | Sequence[str] | None = None,
    covariance: np.ndarray | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Directly standardised prevalence: estimates by age, and by sex if they are, weighed by a population.

    Bands are taken as independent unless ``covariance`` says otherwise. In a survey in clusters they are not quite:
    ``survey_standardize`` has the variance of the design, from the people themselves. Estimates that were corrected for
    the same imperfect test share its errors and are refused: standardise first, then correct.

    Parameters
    ----------
    estimates : DataFrame
        One row per band: ``age_min, age_max`` (both inclusive; ``age_max`` missing where open), ``estimate, lower,
        upper``; optionally ``se``, and ``sex`` ("men", "women" or "both").
    population : DataFrame or path of a CSV file
        ``age_min, age_max`` and ``people`` or ``weight``, optionally ``sex``: from :func:`population` or
        :func:`standard`, or your own. Its bands must lie wholly inside those of the estimates and fill them; finer ones
        are added up, and ages that no estimate covers are left out.
    by : str or list of str
        Standardise within each value of these columns.
    covariance : array, optional
        Covariance matrix of the estimates, in the order of the rows (not together with ``by``).

    Returns
    -------
    DataFrame with columns
        the columns of ``by``
        age_min, age_max           ages that the result speaks for
        estimate, lower, upper     standardised prevalence, share of people (0 to 1)
        se                         standard error; missing where a band has none

    Raises
    ------
    InputError
        If bands overlap, leave a gap or do not nest; they are named.

    Source
    ------
    Zou, Huang and Zhang, Comput Stat Data Anal 2009;53:1080 (the interval).

    Examples
    --------
    >>> bands = pd.DataFrame({"age_min": [20, 60], "age_max": [59, None], "estimate": [0.02, 0.06]})
    >>> bands = bands.assign(lower=[0.01, 0.04], upper=[0.04, 0.09])
    >>> older = pd.DataFrame({"age_min": [20, 60], "age_max": [59, None], "weight": [1, 1]})
    >>> standardize(bands, older)[["estimate", "lower", "upper"]].round(4).values.tolist()
    [[0.04, 0.0288, 0.058]]
    """
    people = read_population(population)
    size = "people" if "people" in people else "weight"
    check_columns("population", people.columns, ["age_min", "age_max", size])
    keys = _keys(estimates, by)
    if covariance is not None and keys:
        raise InputError("covariance and by are given together; standardise group by group instead")
    rows = []
    for group, values in _groups(estimates, keys):
        sizes = sizes_of_bands(values, people, size)
        if sizes.sum() <= 0:
            raise InputError(f"population has no people of the ages {band_name(*span(values))}")
        rows.append(group | _ages(values) | _weighted_sum(values, sizes / sizes.sum(), covariance))
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*keys, "age_min", "age_max", *_RESULT, "se"])))


def headcount(
    estimates: pd.DataFrame, population: Population, *, by: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """How many people have the condition: prevalence by age times the census.

    A survey's own totals lose the people whom it did not measure; a census does not. ``theme.people`` says the result
    in words.

    Parameters
    ----------
    estimates, by
        As for :func:`standardize`; ``by=["age_min", "age_max"]`` counts within each band.
    population : DataFrame or path of a CSV file
        As for :func:`standardize`, with ``people``.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``
        age_min, age_max           ages that the result speaks for
        people                     how many people there are
        estimate, lower, upper     how many of them have the condition, people

    Raises
    ------
    InputError
        As for :func:`standardize`, and if ``population`` has weights instead of people.

    Examples
    --------
    >>> bands = pd.DataFrame({"age_min": [20, 60], "age_max": [59, None], "estimate": [0.02, 0.06]})
    >>> bands = bands.assign(lower=[0.01, 0.04], upper=[0.04, 0.09])
    >>> town = pd.DataFrame({"age_min": [20, 60], "age_max": [59, None], "people": [3000, 1000]})
    >>> headcount(bands, town)[["people", "estimate", "lower", "upper"]].round().values.tolist()
    [[4000.0, 120.0, 84.0, 187.0]]
    """
    people = read_population(population)
    check_columns("population", people.columns, ["age_min", "age_max", "people"])
    keys = _keys(estimates, by)
    rows = []
    for group, values in _groups(estimates, keys):
        sizes = sizes_of_bands(values, people, "people")
        counted = _weighted_sum(values, sizes, None)
        rows.append(group | _ages(values) | {"people": sizes.sum()} | counted)
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*keys, "age_min", "age_max", "people", *_RESULT])))


_RESULT = ["estimate", "lower", "upper"]


def read_population(population: Population) -> pd.DataFrame:
    """Read people by age from a CSV file; a table is returned as it is.

    Parameters
    ----------
    population : DataFrame or path
        ``age_min, age_max`` and ``people`` or ``weight``, optionally ``sex``.

    Examples
    --------
    >>> read_population(pd.DataFrame({"age_min": [20], "age_max": [None], "people": [1000]}))["people"].tolist()
    [1000]
    """
    if isinstance(population, pd.DataFrame):
        return population
    try:
        return pd.read_csv(population)
    except (OSError, ValueError) as error:
        raise InputError(f"population={str(population)!r} cannot be read as a CSV file: {error}") from None


def _keys(estimates: pd.DataFrame, by: str | Sequence[str] | None) -> list[str]:
    keys = [by] if isinstance(by, str) else list(by or [])
    check_columns("estimates", estimates.columns, ["age_min", "age_max", *_RESULT, *keys])
    if estimates.empty:
        raise InputError("estimates is empty; there is nothing to weigh")
    for part in _RESULT:
        unknown = estimates.index[estimates[part].isna()]
        if len(unknown):
            raise InputError(
                f"estimates row {unknown[0]!r} has no {part}; every band needs an estimate with its limits"
            )
    return keys


def _groups(estimates: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    groups = estimates.groupby(keys, sort=True, dropna=False) if keys else [((), estimates)]
    for values, group in groups:
        if "rogan_gladen" in group and len(group) > 1:
            raise InputError(
                "estimates were corrected for the test band by band and share its errors, so they are not independent; "
                "standardise first and correct the result: true_prevalence(standardize(...), ...)"
            )
        yield dict(zip(keys, values, strict=True)), group


def _ages(estimates: pd.DataFrame) -> dict[str, float]:
    start, end = span(estimates)
    return {"age_min": start, "age_max": np.nan if end == np.inf else end - 1}


def _weighted_sum(
    estimates: pd.DataFrame, weights: np.ndarray, covariance: np.ndarray | pd.DataFrame | None
) -> dict[str, float]:
    estimate, lower, upper = (pd.to_numeric(estimates[part]).to_numpy(float) for part in _RESULT)
    has_se = "se" in estimates
    se = pd.to_numeric(estimates["se"]).to_numpy(float) if has_se else np.full(len(estimates), np.nan)
    correlation = np.eye(len(estimates))
    if covariance is not None:
        se, correlation = _correlation(covariance, len(estimates))

    def spread(parts: np.ndarray) -> float:
        return float(np.sqrt(max(parts @ correlation @ parts, 0.0)))

    total = float(weights @ estimate)
    below, above = spread(weights * (estimate - lower)), spread(weights * (upper - estimate))
    return {
        "estimate": total,
        "lower": max(total - below, 0.0),  # only rounding could take them further
        "upper": min(total + above, float(weights.sum())),
        "se": spread(weights * se) if not np.isnan(se).any() else np.nan,
    }


def _correlation(covariance: np.ndarray | pd.DataFrame, bands: int) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.asarray(covariance, dtype=float)
    if matrix.shape != (bands, bands) or not np.allclose(matrix, matrix.T) or (np.diag(matrix) < 0).any():
        raise InputError(f"covariance has shape {matrix.shape}; needed is a symmetric matrix of {bands} by {bands}")
    se = np.sqrt(np.diag(matrix))
    if (np.abs(matrix) > np.outer(se, se) * (1 + 1e-9)).any():
        raise InputError("covariance holds a correlation beyond 1; it is no covariance matrix")
    scale = np.where(se > 0, se, 1.0)
    return se, matrix / np.outer(scale, scale) + np.diag((se == 0).astype(float))
