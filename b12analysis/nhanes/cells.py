"""The table ``nhanes_cells``: serum B12 by MMA by kidney function, in parts of the population that might be tested.

A cell is a band of serum B12, a band of MMA and whether the kidneys work; its share is that of the people represented.
Every way of testing by these markers, and every definition by them, is a sum of cells. ``stored`` makes the table.
"""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from b12analysis import evidence
from b12analysis.arguments import check_choice
from b12analysis.biomarkers import indicators
from b12analysis.biomarkers.kidney import REDUCED
from b12analysis.nhanes.people import load
from b12analysis.survey import survey_prevalence

__all__ = ["CYCLES", "POPULATIONS", "Population", "cells", "compute_cells"]

#: Pools of cycles, and the assay of serum B12 that they used.
CYCLES = {"1999-2004": "Bio-Rad RIA", "2011-2014": "Roche ECLIA"}
#: Where serum B12 (pmol/L) and MMA (nmol/L) are cut. A value at a cut is not below it, and not above it.
_B12 = [0, 100, 118, 133, 148, 150, 185, 200, 221, 258, 300, 350, 400, np.inf]
_MMA = [0, 271, 376, np.inf]
#: The main shares: their largest design effect stands for every share of a population.
_MAIN = ["b12_148", "b12_221", "mma_271"]
#: The two tests whose agreement has an effective n of its own.
_TWO = ["b12_148", "mma_271"]
_WORTH = ["effective_n", "effective_n_tests"]


class Population(NamedTuple):
    """Part of the people: first and last age, a column, and the answer that belongs to it."""

    label: str
    age_min: int
    age_max: int | None = None
    column: str | None = None
    answer: bool = True


#: Who might be tested.
POPULATIONS = {
    "20+": Population("adults of 20 and over", 20),
    "20-39": Population("adults of 20 to 39", 20, 39),
    "40-59": Population("adults of 40 to 59", 40, 59),
    "60+": Population("adults of 60 and over", 60),
    "65+": Population("adults of 65 and over", 65),
    "75+": Population("adults of 75 and over", 75),
    "80+": Population("adults of 80 and over", 80),
    "metformin_20+": Population("metformin users of 20 and over", 20, column="metformin"),
    "metformin_60+": Population("metformin users of 60 and over", 60, column="metformin"),
    "ppi_20+": Population("users of prescribed PPIs of 20 and over", 20, column="ppi"),
    "no_supplement_20+": Population("20 and over, no supplement with B12", 20, column="b12_supplement", answer=False),
    "no_supplement_65+": Population("65 and over, no supplement with B12", 65, column="b12_supplement", answer=False),
    "diabetes_no_metformin_20+": Population("diabetes without metformin, 20 and over", 20, column="_other_diabetes"),
}


def cells(population: str, cycles: str = "2011-2014") -> pd.DataFrame:
    """Read the cells of one population.

    Parameters
    ----------
    population : str
        Key of ``POPULATIONS``.
    cycles : {"2011-2014", "1999-2004"}
        Survey cycles, pooled. They used different assays of serum B12, of which a cut-off means different things.

    Returns
    -------
    DataFrame with one row per cell that holds anybody, and columns
        b12_from, b12_to    serum B12 of at least and below, pmol/L; the last band is open (missing)
        mma_from, mma_to    MMA above and at most, nmol/L; the last band is open (missing)
        egfr_60             whether eGFR is at least 60 mL/min/1.73 m²
        n                   people examined
        share               share of the population represented; the shares sum to 1
        effective_n         people drawn at random who would say no more than those examined, of the whole population:
                            n over the largest design effect of serum B12 < 148, < 221 and MMA > 271, so that intervals
                            are about right for that share and too wide for others (up to three times)
        effective_n_tests   the same of how serum B12 < 148 and MMA > 271 agree in people whose eGFR is 60 or more:
                            as many of those, n over the mean design effect of the four patterns

    Raises
    ------
    InputError
        If there are no such cells; the message lists the choices.

    Examples
    --------
    >>> old = cells("60+", "1999-2004")
    >>> low, raised = old["b12_to"] <= 148, old["mma_from"] >= 271
    >>> float(round(old.loc[low & raised, "share"].sum() / old.loc[low, "share"].sum(), 2))
    0.63
    """
    check_choice("population", population, POPULATIONS)
    check_choice("cycles", cycles, CYCLES)
    table = evidence.load("nhanes_cells")
    kept = table[(table["population"] == population) & (table["cycles"] == cycles)]
    columns = ["b12_from", "b12_to", "mma_from", "mma_to", "egfr_60", "n", "share", *_WORTH]
    kept = kept[columns].reset_index(drop=True).assign(egfr_60=kept["egfr_60"].eq("yes").to_numpy(dtype=bool))
    numbers = ["b12_from", "b12_to", "mma_from", "mma_to", "share", *_WORTH]
    return kept.astype(dict.fromkeys(numbers, float) | {"n": int})


def compute_cells(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute the cells: the table ``nhanes_cells``.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame
        ``cycles, population``, and as of :func:`cells` (``egfr_60`` in words, "yes" or "no"), and ``source``.
    """
    pieces = []
    for cycles in CYCLES:
        first, last = (int(year) for year in cycles.split("-"))
        people = load([f"{year}-{year + 1}" for year in range(first, last, 2)], folder)
        people["_other_diabetes"] = people["diabetes"] & ~people["metformin"]
        for name, population in POPULATIONS.items():
            inside = _inside(people, population)
            worth = {"effective_n": _effective_n(people, inside), "effective_n_tests": _worth_of_two(people, inside)}
            pieces.append(_tabulate(people[inside]).assign(cycles=cycles, population=name, **worth))
    table = pd.concat(pieces, ignore_index=True)
    table["egfr_60"] = table["egfr_60"].map({True: "yes", False: "no"})
    first = ["cycles", "population"]
    return table[[*first, *(name for name in table if name not in first)]].assign(source="nhanes")


def _inside(people: pd.DataFrame, population: Population) -> pd.Series:
    """Who belongs to a population, with all three markers known."""
    known = people[["b12_pmol_l", "mma_nmol_l", "egfr"]].notna().all(axis=1) & (people["weight"] > 0)
    inside = known & people["age"].between(population.age_min, population.age_max or np.inf)
    if population.column:
        inside &= people[population.column].eq(population.answer).fillna(False).astype(bool)
    return inside


def _bands(people: pd.DataFrame, b12: list[float], mma: list[float]) -> pd.DataFrame:
    """Numbers of the bands: serum B12 from a cut on, MMA above one, and working kidneys."""
    return pd.DataFrame(
        {
            "b12": np.searchsorted(b12, people["b12_pmol_l"].astype(float), side="right") - 1,
            "mma": np.searchsorted(mma, people["mma_nmol_l"].astype(float), side="left") - 1,
            "egfr_60": (people["egfr"] >= REDUCED).astype(bool),
        },
        index=people.index,
    )


def _tabulate(people: pd.DataFrame) -> pd.DataFrame:
    keys = _bands(people, _B12, _MMA)
    table = people["weight"].groupby([keys[name] for name in keys]).agg(["size", "sum"]).reset_index()
    limits = {name: list(pairwise(cuts)) for name, cuts in (("b12", _B12), ("mma", _MMA))}
    columns = {
        f"{name}_{end}": table[name].map(lambda band, name=name, side=side: limits[name][band][side])
        for name, (side, end) in product(limits, enumerate(("from", "to")))
    }
    return (
        pd.DataFrame(columns)
        .replace(np.inf, np.nan)
        .assign(egfr_60=table["egfr_60"], n=table["size"], share=table["sum"] / table["sum"].sum())
    )


def _effective_n(people: pd.DataFrame, inside: pd.Series) -> float:
    """People over the largest design effect of the main shares: its mean would leave one interval too narrow."""
    table = _shares(people, indicators(people, _MAIN).where(inside))
    return _worth(inside.sum(), table["deff"].max(), table["df"].min())


def _worth_of_two(people: pd.DataFrame, inside: pd.Series) -> float:
    """People with working kidneys over the mean design effect of how the two tests agree (Rao and Scott).

    A likelihood of the four patterns together is scaled by the mean of its design effects, each counting for the share
    of people who are not in it; never below 1, as few people may seem to be drawn better than at random.
    """
    inside = inside & (people["egfr"] >= REDUCED).fillna(False).astype(bool)
    one, two = (indicators(people, [name])[name].fillna(False).astype(bool) for name in _TWO)
    patterns = pd.DataFrame({"both": one & two, "first": one & ~two, "second": ~one & two, "neither": ~(one | two)})
    table = _shares(people, patterns.astype("boolean").where(inside))
    table = table[table["estimate"] > 0]
    effect = ((1 - table["estimate"]) * table["deff"]).sum() / max(len(table) - 1, 1)
    return _worth(inside.sum(), max(effect, 1.0), table["df"].min())


def _shares(people: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    return survey_prevalence(pd.concat([people[["weight", "stratum", "psu"]], flags], axis=1), list(flags))


def _worth(n: int, effect: float, df: float) -> float:
    """People over a design effect, less for few degrees of freedom (Korn and Graubard)."""
    from scipy.stats import t

    return float(n / effect * (t.ppf(0.975, n - 1) / t.ppf(0.975, df)) ** 2)
