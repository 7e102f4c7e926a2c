"""How two tests agree in people whose kidneys work: the counts that a model of two imperfect tests takes."""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_choice, check_columns
from b12analysis.testing import plans
from b12analysis.testing.people import read_cells

__all__ = ["COUNTS", "two_tests"]

COUNTS = ["both", "first_only", "second_only", "neither"]
#: The pair of tests that ``effective_n_tests`` of the cells is about.
_STORED = {("b12", 148.0), ("mma", 271.0)}


def two_tests(
    population: str | pd.DataFrame, first: tuple[str, float], second: tuple[str, float], *, cycles: str = "2011-2014"
) -> pd.DataFrame:
    """Count how two tests agree in the stored cells, for people with an eGFR of 60 or more, scaled to the effective n.

    Parameters
    ----------
    population, cycles
        As for :func:`testing_yield`.
    first, second : tuple
        Test and cut-off: ``("b12", 148)``, ``("mma", 271)``. These two have an effective n of their own
        (``effective_n_tests`` of the cells); others take ``effective_n``, which is on the safe side.

    Returns
    -------
    DataFrame
        One row: ``population, both, first_only, second_only, neither``, as :func:`latent_class` takes it.

    Examples
    --------
    >>> two_tests("60+", ("b12", 148), ("mma", 271)).round().values.tolist()
    [['60+', 17.0, 9.0, 106.0, 811.0]]
    """
    name, table = read_cells(population, cycles)
    check_columns("population", table.columns, ["egfr_60", "effective_n"])
    for one in (first, second):
        check_choice("test", one[0], plans.TESTS)
    table = table[table["egfr_60"].astype(bool)]
    met = [plans.beyond(table, *one) for one in (first, second)]
    people = table["share"].to_numpy(float) * table["effective_n"].to_numpy(float)
    if "effective_n_tests" in table and {(test, float(cutoff)) for test, cutoff in (first, second)} == _STORED:
        people *= table["effective_n_tests"].to_numpy(float) / people.sum()
    patterns = [met[0] & met[1], met[0] & ~met[1], ~met[0] & met[1], ~met[0] & ~met[1]]
    numbers = {count: [people[rows].sum()] for count, rows in zip(COUNTS, patterns, strict=True)}
    return pd.DataFrame({"population": [name]} | numbers)
