"""CDC's own table: serum B12 in 2005-06 by Bio-Rad's assay, the same converted to Roche's, and 2011-12 by Roche's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.replications.tables import compare, keyed
from b12analysis.survey import survey_geometric_mean, survey_prevalence, survey_quantile

__all__ = ["cdc_table_1"]

CYCLES = ("2005-2006", "2011-2012")
#: Row of the table: cycle, and column with serum B12 in pg/mL.
_ROWS = {
    "biorad": ("2005-2006", "b12_pg_ml"),
    "adjusted": ("2005-2006", "roche_pg_ml"),
    "roche": ("2011-2012", "b12_pg_ml"),
}
_PERCENTILES = (5, 25, 50, 75, 95)


def cdc_table_1(people: pd.DataFrame) -> pd.DataFrame:
    """Table 1 of the documentation of VITB12_G.

    People of 20 and over; percentiles linear between distinct values, as CDC's software has them.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load(["2005-2006", "2011-2012"])``.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    from b12analysis.units import PMOL_PER_PG

    people = people.assign(roche_pg_ml=people["b12_roche_pmol_l"] / PMOL_PER_PG)
    parts = []
    for row, (cycle, column) in _ROWS.items():
        chosen = people.assign(adult=(people["age"] >= 20) & (people["cycle"] == cycle), value=people[column])
        parts += [found.assign(key=found["key"] + f"-{row}") for found in _row(chosen)]
    return compare("cdc_vitb12_g", "CDC 2011-12", parts)


def _row(people: pd.DataFrame) -> list[pd.DataFrame]:
    known = people["value"].notna()
    people = people.assign(low=(people["value"] <= 200).where(known).astype("boolean"))
    mean = survey_geometric_mean(people, "value", domain="adult")
    number = mean.assign(estimate=mean["n"], lower=np.nan, upper=np.nan, se=np.nan)
    percentiles = survey_quantile(people, "value", [p / 100 for p in _PERCENTILES], rule="rounded", domain="adult")
    percentiles["variable"] = [f"p{p}" for p in _PERCENTILES]
    low = survey_prevalence(people, ["low"], domain="adult")
    return [
        keyed(number, {"value": "n"}),
        keyed(mean, {"value": "geomean"}),
        keyed(percentiles, {f"p{p}": f"p{p}" for p in _PERCENTILES}),
        keyed(low, {"low": "low"}, scale=100),
    ]
