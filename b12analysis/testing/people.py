"""Who is tested: cells of a population, stored or the user's own, and how many people it is in a country."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.nhanes.cells import POPULATIONS, cells
from b12analysis.population import population as people_by_age
from b12analysis.population.bands import sizes_of_bands
from b12analysis.testing.plans import TESTS

__all__ = ["people_of", "read_cells"]

#: How many people the cells are worth, as a whole.
_WORTH = ["effective_n", "effective_n_tests"]
_SUM_TO_ONE = 1e-6  # shares may be rounded to about as many digits


def people_of(population: str, country: str, year: int = 2020, *, exposed: float | None = None) -> float:
    """How many people of a country belong to a population.

    Parameters
    ----------
    population : str
        Key of the stored cells; its age band is taken, and the medicine or supplement must come from ``exposed``.
    country, year
        As for :func:`b12analysis.population.population`.
    exposed : number, optional
        Share of the age band (0 to 1) that takes the medicine (or no supplement); needed for such groups.

    Returns
    -------
    float
        People.

    Examples
    --------
    >>> round(people_of("65+", "Ireland"))
    719832
    >>> round(people_of("metformin_60+", "Ireland", exposed=0.1))
    96968
    """
    check_choice("population", population, POPULATIONS)
    group = POPULATIONS[population]
    if group.column and exposed is None:
        raise InputError(f"population={population!r} needs exposed: the share of its age band who are {group.label}")
    if exposed is not None:
        if not group.column:
            raise InputError(f"population={population!r} is a whole age band; leave exposed={exposed!r} out")
        check_range("exposed", exposed, 0, 1)
    band = pd.DataFrame({"age_min": [group.age_min], "age_max": [group.age_max]}, dtype="Float64")
    size = sizes_of_bands(band, people_by_age(country, year), "people")[0]
    return float(size * (1 if exposed is None else exposed))


def read_cells(population: Any, cycles: str) -> tuple[str, pd.DataFrame]:
    """Name and cells of a population, checked."""
    if population is None:
        raise InputError("population=None is for strategies that name theirs; give a population")
    if not isinstance(population, pd.DataFrame):
        return population, _whole(cells(population, cycles))
    check_columns("population", population.columns, ["share"])
    table = population.reset_index(drop=True)
    for share in table["share"]:
        check_range("population share", share, 0, 1)
    if abs(table["share"].sum() - 1) > _SUM_TO_ONE:
        raise InputError(f"population shares sum to {table['share'].sum():.6g}; they must sum to 1")
    _check_bands(table)
    for name in _WORTH:
        if name in table:
            _check_worth(name, table[name])
    return "own", _whole(table)


def _check_bands(table: pd.DataFrame) -> None:
    """Refuse bands that end before they begin, and cells that overlap: their people would be counted twice."""
    limits = {test: _limits(table, test) for test in TESTS}
    for test, (start, end) in limits.items():
        for row in np.flatnonzero(end <= start):
            raise InputError(f"population row {row}: {test}_from is not below {test}_to")
    kidneys = table["egfr_60"].to_numpy() if "egfr_60" in table else np.zeros(len(table))
    overlap, same = (np.equal.outer(kidneys, kidneys) for _ in range(2))
    for start, end in limits.values():
        overlap &= np.less.outer(start, end) & np.less.outer(start, end).T
        same &= np.equal.outer(start, start) & np.equal.outer(end, end)
    for one, two in np.argwhere(overlap & ~same):
        for test, (start, end) in limits.items():
            if (start[one], end[one]) != (start[two], end[two]):
                bands = " and ".join(_band(start[row], end[row]) for row in (one, two))
                raise InputError(f"population {test} bands {bands} overlap (rows {one} and {two})")


def _limits(table: pd.DataFrame, test: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where the bands of a test begin and end; one of all values where the table says nothing of it."""
    if not {f"{test}_from", f"{test}_to"} <= set(table):
        return np.zeros(len(table)), np.full(len(table), np.inf)
    start, end = (table[f"{test}_{side}"].astype(float) for side in ("from", "to"))
    return start.to_numpy(), end.fillna(np.inf).to_numpy()


def _band(start: float, end: float) -> str:
    return f"{start:g} and over" if np.isinf(end) else f"{start:g} to {end:g}"


def _check_worth(name: str, column: pd.Series) -> None:
    values = list(column.drop_duplicates())
    for value in values:
        check_range(f"population {name}", value, 1)
    if len(values) > 1:
        said = f"has {len(values)} values, {values[0]:g} and {values[1]:g}; it is one number for all of its cells"
        raise InputError(f"population {name} {said}")


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Add the cells that hold nobody: what did not occur is told from what cannot occur."""
    sides = [["b12_from", "b12_to"], ["mma_from", "mma_to"], ["egfr_60"]]
    whole, keys = pd.DataFrame(index=[0]), []
    for side in sides:
        present = [name for name in side if name in table]
        if present:
            whole, keys = whole.merge(table[present].drop_duplicates(), how="cross"), [*keys, *present]
    table = whole.merge(table, how="left", on=keys) if keys else table
    known = {name: table[name].max() for name in _WORTH if name in table}  # one number each
    table = table.assign(**known)
    return table.assign(share=table["share"].fillna(0.0))
