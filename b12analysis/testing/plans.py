"""Ways of testing: the first test, who goes on to a second one, who is positive, and how often it is done again.

A test is *beyond* a cut-off when serum B12 is below it, or MMA above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.nhanes.cells import POPULATIONS

__all__ = [
    "REFERENCES",
    "Strategy",
    "beyond",
    "case",
    "circular",
    "known",
    "of",
    "positive",
    "read",
    "strategies",
    "way",
]

#: The markers that can be tests, and the columns of the cells' limits.
TESTS = {"b12": "serum B12", "mma": "MMA"}
#: Reference definitions: label, cut-off of each marker, how they are joined, and whom the definition speaks of.
REFERENCES: dict[str, tuple[str, dict[str, float], str, bool]] = {
    "b12_148": ("serum B12 below 148 pmol/L", {"b12": 148}, "all", False),
    "mma_271": ("MMA above 271 nmol/L", {"mma": 271}, "all", False),
    "mma_271_egfr_60": ("MMA above 271 nmol/L, eGFR of 60 or more", {"mma": 271}, "all", True),
    "b12_148_and_mma_271": ("both: B12 below 148 and MMA above 271", {"b12": 148, "mma": 271}, "all", False),
    "b12_148_or_mma_271": ("either: B12 below 148 or MMA above 271", {"b12": 148, "mma": 271}, "any", False),
}


#: Nobody is tested again within days.
_LEAST_YEARS = 0.01


class Strategy(NamedTuple):
    """How people are tested; see :func:`strategies`."""

    strategy: str
    label: str
    first: str
    cutoff: float | None = None
    grey_cutoff: float | None = None
    second: str | None = None
    second_cutoff: float | None = None
    egfr_60: bool = False
    every_years: float | None = None
    population: str | None = None


_WITH_MMA = {"first": "b12", "cutoff": 148, "grey_cutoff": 221, "second": "mma", "second_cutoff": 271}
_STRATEGIES = [
    Strategy("b12_148", "serum B12 below 148", "b12", 148),
    Strategy("b12_221", "serum B12 below 221", "b12", 221),
    Strategy("b12_148_221_mma", "serum B12 below 148, or 148 to 221 and MMA above 271", **_WITH_MMA),
    Strategy("b12_221_mma", "serum B12 below 221, and MMA above 271", **(_WITH_MMA | {"cutoff": None})),
    Strategy("mma_271", "MMA above 271", "mma", 271),
    Strategy("mma_271_egfr_60", "MMA above 271, only where eGFR is 60 or more", "mma", 271, egfr_60=True),
    Strategy("over_65_once", "everyone of 65 and over, once", **_WITH_MMA, population="65+"),
    Strategy("over_65_yearly", "everyone of 65 and over, each year", **_WITH_MMA, every_years=1, population="65+"),
    Strategy("over_65_every_5", "everyone of 65 and over, every 5 years", **_WITH_MMA, every_years=5, population="65+"),
    Strategy("metformin_yearly", "metformin users, each year", **_WITH_MMA, every_years=1, population="metformin_20+"),
    Strategy("ppi_once", "users of prescribed PPIs, once", **_WITH_MMA, population="ppi_20+"),
]


def strategies() -> pd.DataFrame:
    """Ways of testing that are ready to use.

    Returns
    -------
    DataFrame with columns
        strategy, label
        first           first test: "b12" or "mma"
        cutoff          beyond it the first test is positive at once; missing where that is never enough
        grey_cutoff     from there to ``cutoff`` a second test decides; missing where there is none
        second, second_cutoff   the second test, and beyond what it is positive
        egfr_60         whether only people with an eGFR of at least 60 are tested
        every_years     years from one round to the next; missing where it is done once
        population      who is tested, where the strategy says so; key of the stored cells

    Examples
    --------
    >>> table = strategies().set_index("strategy")
    >>> table.loc["b12_148_221_mma", ["cutoff", "grey_cutoff", "second_cutoff"]].astype(float).tolist()
    [148.0, 221.0, 271.0]
    """
    table = pd.DataFrame(_STRATEGIES, columns=Strategy._fields)
    numbers = ["cutoff", "grey_cutoff", "second_cutoff", "every_years"]
    return table.astype(dict.fromkeys(numbers, float) | dict.fromkeys(["second", "population"], "string"))


def read(given: Any) -> Strategy:
    """Read a strategy: a key of :func:`strategies`, one of its rows, or a mapping of the same fields."""
    if isinstance(given, Strategy):
        return given
    if isinstance(given, str):
        known = {one.strategy: one for one in _STRATEGIES}
        check_choice("strategy", given, known)
        return known[given]
    if not isinstance(given, Mapping | pd.Series):
        raise InputError(f"strategy={given!r} is not a key of strategies(), a row of it or a mapping of its columns")
    fields = {name: value for name, value in dict(given).items() if not _is_missing(value)}
    for name in fields:
        check_choice("strategy field", name, Strategy._fields)
    check_columns("strategy", fields, ["first"])
    return _checked(Strategy(**({"strategy": "own", "label": "own strategy"} | fields)))


def of(one: Strategy, population: str) -> Strategy:
    """Return a strategy as it is done in a population: its name is about another one, its way is not."""
    if one.population is None or one.population == population:
        return one
    every = one.every_years
    often = "once" if every is None else "each year" if every == 1 else f"every {every:g} years"
    return one._replace(label=f"{way(one)}, {often}", population=None)


def way(one: Strategy) -> str:
    """Say how people are tested.

    Examples
    --------
    >>> way(read("ppi_once"))
    'serum B12 below 148, or 148 to 221 and MMA above 271'
    """

    def said(test: str, cutoff: float) -> str:
        return f"{TESTS[test]} {'below' if test == 'b12' else 'above'} {cutoff:g}"

    parts = [] if one.cutoff is None else [said(one.first, one.cutoff)]
    if one.second is not None:
        grey = " to ".join(f"{cut:g}" for cut in sorted(filter(None, [one.cutoff, one.grey_cutoff])))
        parts.append(f"{grey} and {said(one.second, one.second_cutoff)}")
    text = ", or ".join(parts)
    if one.cutoff is None:
        text = f"{said(one.first, one.grey_cutoff)}, and {said(one.second, one.second_cutoff)}"
    return f"{text}, only where eGFR is 60 or more" if one.egfr_60 else text


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and pd.isna(value))


def _checked(one: Strategy) -> Strategy:
    """Refuse a strategy whose fields do not fit together."""
    check_choice("strategy first", one.first, TESTS)
    for name in ("cutoff", "grey_cutoff", "second_cutoff", "every_years"):
        if getattr(one, name) is not None:
            check_range(f"strategy {name}", getattr(one, name), 0)
    if one.every_years == 0:
        raise InputError("strategy every_years=0 is no interval; leave it out where people are tested once")
    if one.every_years is not None:
        check_range("strategy every_years", one.every_years, _LEAST_YEARS)
    if one.cutoff is None and one.grey_cutoff is None:
        raise InputError("strategy has neither cutoff nor grey_cutoff: nobody would ever be positive")
    if len({one.grey_cutoff is None, one.second is None, one.second_cutoff is None}) > 1:
        raise InputError("strategy needs grey_cutoff, second and second_cutoff together, or none of them")
    if one.second is not None:
        check_choice("strategy second", one.second, [test for test in TESTS if test != one.first])
    if one.cutoff is not None and one.grey_cutoff is not None:
        milder = one.grey_cutoff > one.cutoff if one.first == "b12" else one.grey_cutoff < one.cutoff
        if not milder:
            raise InputError(f"strategy grey_cutoff={one.grey_cutoff:g} must be milder than cutoff={one.cutoff:g}")
    if one.population is not None:
        check_choice("strategy population", one.population, POPULATIONS)
    return one


def beyond(cells: pd.DataFrame, test: str, cutoff: float | None) -> np.ndarray:
    """Which cells a test finds: serum B12 below the cut-off, MMA above it. A cut-off inside a cell is refused."""
    if cutoff is None:
        return np.zeros(len(cells), dtype=bool)
    check_columns("population", cells.columns, [f"{test}_from", f"{test}_to"])
    start, end = cells[f"{test}_from"].to_numpy(float), cells[f"{test}_to"].fillna(np.inf).to_numpy(float)
    cuts = sorted({*start, *end} - {0.0, np.inf})
    if not ((end <= cutoff) | (start >= cutoff)).all() or (cuts and not cuts[0] <= cutoff <= cuts[-1]):
        listed = ", ".join(f"{cut:g}" for cut in cuts)
        raise InputError(f"cut-off {cutoff:g} of {TESTS[test]} is not a limit of the cells; choose one of {listed}")
    return end <= cutoff if test == "b12" else start >= cutoff


def positive(cells: pd.DataFrame, one: Strategy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which cells have the first test, have the second, and are positive in the end."""
    tested = _kidneys_work(cells) if one.egfr_60 else np.ones(len(cells), dtype=bool)
    at_once = beyond(cells, one.first, one.cutoff)
    grey = tested & beyond(cells, one.first, one.grey_cutoff) & ~at_once
    by_second = grey & beyond(cells, one.second, one.second_cutoff) if one.second else grey & False
    return tested, grey, (tested & at_once) | by_second


def known(cells: pd.DataFrame) -> list[str]:
    """List the reference definitions whose markers and kidney function the cells hold."""
    return [
        key
        for key, (_, cutoffs, _, kidneys) in REFERENCES.items()
        if all(f"{marker}_from" in cells for marker in cutoffs) and ("egfr_60" in cells or not kidneys)
    ]


def case(cells: pd.DataFrame, reference: str) -> tuple[np.ndarray, np.ndarray]:
    """Which cells a reference definition speaks of, and which it calls deficient."""
    check_choice("reference", reference, REFERENCES)
    _, cutoffs, joined, kidneys = REFERENCES[reference]
    met = [beyond(cells, test, cutoff) for test, cutoff in cutoffs.items()]
    inside = _kidneys_work(cells) if kidneys else np.ones(len(cells), dtype=bool)
    return inside, np.logical_and.reduce(met) if joined == "all" else np.logical_or.reduce(met)


def _kidneys_work(cells: pd.DataFrame) -> np.ndarray:
    check_columns("population", cells.columns, ["egfr_60"])
    return cells["egfr_60"].to_numpy(dtype=bool)


def circular(one: Strategy, reference: str) -> str:
    """Say whether the reference rests on the markers that were tested: "no", "in part" or "wholly"."""
    tests, markers = {one.first, one.second} - {None}, set(REFERENCES[reference][1])
    return "wholly" if markers <= tests else "in part" if markers & tests else "no"
