"""Who is tested: cells of a population, stored or the user's own, and how many people it is in a country."""

from __future__ import annotations

from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.nhanes.cells import POPULATIONS, cells
from b12analysis.population import population as people_by_age
from b12analysis.population.bands import sizes_of_bands
from b12analysis.testing.plans import TESTS

__all__ = ["people_of", "read_cells"]

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
    for test in TESTS:
        limits = table.reindex(columns=[f"{test}_from", f"{test}_to"]).astype(float)
        for row in limits.index[limits.iloc[:, 1] <= limits.iloc[:, 0]]:
            raise InputError(f"population row {row}: {test}_from is not below {test}_to")
    if "effective_n" in table:
        check_range("population effective_n", table["effective_n"].min(), 1)
    return "own", _whole(table)


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Add the cells that hold nobody: what did not occur is told from what cannot occur."""
    sides = [["b12_from", "b12_to"], ["mma_from", "mma_to"], ["egfr_60"]]
    whole, keys = pd.DataFrame(index=[0]), []
    for side in sides:
        present = [name for name in side if name in table]
        if present:
            whole, keys = whole.merge(table[present].drop_duplicates(), how="cross"), [*keys, *present]
    table = whole.merge(table, how="left", on=keys) if keys else table
    if "effective_n" in table:
        table = table.assign(effective_n=table["effective_n"].max())
    return table.assign(share=table["share"].fillna(0.0))
