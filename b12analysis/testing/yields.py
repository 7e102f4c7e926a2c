"""What a way of testing finds in a population: tests, true and false positives, missed cases, by reference definition.

Shares come from cells (:mod:`b12analysis.nhanes.cells`, or a table of the user's own). Their uncertainty is that of
``effective_n`` people drawn at random: a share, or a share among the positives, has the exact binomial interval of as
many people (Korn and Graubard's for surveys), which is that of the cells' Dirichlet distribution, widened at its ends
so that a share of none or all has one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_level, check_range
from b12analysis.testing import plans
from b12analysis.testing.costs import check_price, costs, ratio
from b12analysis.testing.people import read_cells

__all__ = ["testing_yield", "yield_curve"]

#: People where the caller does not say how many there are.
_PER = 1000.0
_MOST_YEARS = 1000


def testing_yield(
    population: str | pd.DataFrame | None,
    strategy: Any,
    *,
    reference: str | Iterable[str] | None = None,
    people: float | None = None,
    years: float = 1,
    incidence: float | None = None,
    price: Mapping[str, float] | None = None,
    currency: str | None = None,
    price_year: int | None = None,
    cycles: str = "2011-2014",
    level: float = 0.95,
) -> pd.DataFrame:
    """Count what testing a population brings, by each reference definition.

    No test is the truth. Each row takes one definition for it; read the rows of a strategy together. The first round
    finds whoever is deficient then. What later rounds find is the incidence, which nobody has measured: they are
    counted as tests, and as cases only where the caller gives an incidence.

    Parameters
    ----------
    population : str, DataFrame or None
        Key of the stored cells of the US survey ("65+", "metformin_20+", ...); None for the one that the strategy
        names; or cells of your own: ``b12_from, b12_to`` and, where they are asked for, ``mma_from, mma_to, egfr_60``,
        with ``share`` (sum 1) and, for intervals, ``effective_n``, as :func:`b12analysis.nhanes.cells.cells` has them.
    strategy : str, mapping, row, or list of these
        Keys of :func:`strategies`, or mappings of its columns. In another population than the one it names, a
        strategy keeps its way of testing and is labelled by that.
    reference : str or list of str, optional
        Keys of ``REFERENCES``; by default all whose markers the cells hold.
    people : number, optional
        How many people there are, as :func:`people_of` counts them; 1,000 by default.
    years : number
        For how long a strategy with ``every_years`` goes on; its first round is at the start.
    incidence : number, optional
        New cases per person without one and year (0 to 1), by the reference.
    price : mapping, optional
        Price of each test, ``{"b12": 5, "mma": 40}``; with ``currency`` and ``price_year``. No price, no cost.
    cycles : str
        Of the stored cells.
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame with one row per strategy and reference, and columns
        strategy, label, population, reference, reference_label
        circular                  whether the reference rests on the markers tested: "no", "in part", "wholly"
        people                    people whom the reference speaks of: all, or those with an eGFR of at least 60
        tests_first, tests_second, tests     tests done in the first round
        positives, true_positives, false_positives, missed     people, in the first round
        sensitivity, specificity, ppv        shares (0 to 1) in the first round
        number_needed_to_test     tests per true positive, in the first round
        n_positives, n_cases      people examined who are positive, and who are deficient by the reference: what ppv
                                  and sensitivity rest on; missing where the cells have no ``n``
        ..._lower, ..._upper      limits of the seven above; those of ``number_needed_to_test`` take the number of
                                  tests as known, as nearly all of them are first tests
        rounds, later_tests       rounds in ``years``; tests in those after the first, of people not yet positive
        later_true_positives      new cases that they find, with the sensitivity of the first; missing without incidence
        cost, later_cost, cost_per_true_positive, currency, price_year     only with a price

    Raises
    ------
    InputError
        If a key is unknown, shares do not sum to 1 or lie outside 0 to 1, a cut-off is not a limit of the cells, or a
        price has no currency or no year.

    Examples
    --------
    >>> own = pd.DataFrame({"b12_from": [0, 148], "b12_to": [148, None], "mma_from": [0, 0], "mma_to": [271, 271]})
    >>> own = pd.concat([own, own.assign(mma_from=271, mma_to=None)]).assign(share=[0.012, 0.918, 0.008, 0.062])
    >>> row = testing_yield(own, "b12_148", reference="mma_271").iloc[0]
    >>> row[["tests", "positives", "true_positives", "missed", "number_needed_to_test"]].astype(float).round(6).tolist()
    [1000.0, 20.0, 8.0, 62.0, 125.0]
    """
    check_range("years", years, 0, _MOST_YEARS)
    check_level(level)
    if people is not None:
        check_range("people", people, 0, float(np.finfo(float).max))
    if incidence is not None:
        check_range("incidence", incidence, 0, 1)
    check_price(price, currency, price_year)
    chosen = [reference] if isinstance(reference, str) else reference
    given = strategy if isinstance(strategy, list | tuple) and not isinstance(strategy, plans.Strategy) else [strategy]
    if isinstance(strategy, pd.DataFrame):
        given = [row for _, row in strategy.iterrows()]
    rows = []
    for one in map(plans.read, given):
        name, table = read_cells(one.population if population is None else population, cycles)
        one = plans.of(one, name)
        for each in plans.known(table) if chosen is None else chosen:
            size = _PER if people is None else float(people)
            row = _first_round(table, one, each, size, level) | _later_rounds(table, one, each, size, years, incidence)
            keys = {"strategy": one.strategy, "label": one.label, "population": name, "reference": each}
            keys |= {"reference_label": plans.REFERENCES[each][0], "circular": plans.circular(one, each)}
            rows.append(keys | row | costs(row, one, price, currency, price_year))
    return pd.DataFrame(rows).drop(columns=["_later_first", "_later_second"])


def yield_curve(
    population: str | pd.DataFrame,
    reference: str | Iterable[str] | None = None,
    *,
    test: str = "b12",
    cycles: str = "2011-2014",
    level: float = 0.95,
) -> pd.DataFrame:
    """Trace what one test finds as its cut-off moves over all limits of the cells.

    Parameters
    ----------
    population, reference, cycles, level
        As for :func:`testing_yield`.
    test : {"b12", "mma"}
        The test, alone.

    Returns
    -------
    DataFrame with one row per reference and cut-off, and columns
        population, reference, reference_label, circular, test, cutoff
        positive, sensitivity, specificity, ppv     shares (0 to 1)
        number_needed_to_test                       people tested per true positive
        n_positives, n_cases                        people examined who are positive, and who are deficient
        ..._lower, ..._upper                        their limits

    Examples
    --------
    >>> curve = yield_curve("65+", "mma_271_egfr_60")
    >>> bool(curve["sensitivity"].is_monotonic_increasing)
    True
    """
    check_choice("test", test, plans.TESTS)
    name, table = read_cells(population, cycles)
    check_columns("population", table.columns, [f"{test}_from", f"{test}_to"])
    cuts = sorted({*table[f"{test}_from"], *table[f"{test}_to"].dropna()} - {0.0})
    each = [{"strategy": f"{test}_{cut:g}", "first": test, "cutoff": float(cut)} for cut in cuts]
    if not each:
        raise InputError(f"population has no limits of {plans.TESTS[test]} to cut at")
    curve = testing_yield(table, each, reference=reference, people=1, level=level)
    ends = ["", "_lower", "_upper"]
    curve = curve.rename(columns={f"positives{end}": f"positive{end}" for end in ends})
    curve = curve.assign(population=name, test=test, cutoff=np.repeat(cuts, len(curve) // len(cuts)))
    shares = ["positive", "sensitivity", "specificity", "ppv", "number_needed_to_test"]
    columns = ["population", "reference", "reference_label", "circular", "test", "cutoff", "n_positives", "n_cases"]
    columns += [f"{share}{end}" for share in shares for end in ends]
    order = curve["reference"].map(list(plans.REFERENCES).index)
    return curve.assign(_order=order).sort_values(["_order", "cutoff"], ignore_index=True)[columns]


def _first_round(
    table: pd.DataFrame, one: plans.Strategy, reference: str, people: float, level: float
) -> dict[str, float]:
    share = table["share"].to_numpy(float)
    n = float(table["effective_n"].iloc[0]) if "effective_n" in table else np.nan
    inside, is_case = plans.case(table, reference)
    tested, grey, found = plans.positive(table, one)

    def limited(name: str, part: np.ndarray, rest: np.ndarray, size: float = 1.0) -> dict[str, float]:
        return _limited(name, share, inside & part, inside & rest, n, level, size)

    row = {"people": people * share[inside].sum()}
    row |= {
        f"tests_{name}": people * share[inside & rows].sum() for name, rows in [("first", tested), ("second", grey)]
    }
    row["tests"] = row["tests_first"] + row["tests_second"]
    for name, part in [
        ("positives", found),
        ("true_positives", found & is_case),
        ("false_positives", found & ~is_case),
        ("missed", ~found & is_case),
    ]:
        row |= limited(name, part, ~part, row["people"])
    row |= limited("sensitivity", found & is_case, ~found & is_case)
    row |= limited("specificity", ~found & ~is_case, found & ~is_case)
    row |= limited("ppv", found & is_case, found & ~is_case)
    examined = table["n"].fillna(0).to_numpy(float) if "n" in table else np.full(len(table), np.nan)
    row |= {"n_positives": examined[inside & found].sum(), "n_cases": examined[inside & is_case].sum()}
    ends = {"": "", "_lower": "_upper", "_upper": "_lower"}  # few found, many tests for each
    return row | {
        f"number_needed_to_test{end}": ratio(row["tests"], row[f"true_positives{other}"]) for end, other in ends.items()
    }


def _limited(
    name: str, share: np.ndarray, part: np.ndarray, rest: np.ndarray, n: float, level: float, size: float
) -> dict[str, float]:
    """Part over part and rest, and its limits, times ``size``: exact binomial of the effective people in the two.

    Where no cell at all could be part (or rest), 0 (or 1) is certain: the definition says so, not the people.
    """
    from scipy.special import betaincinv

    cases, others = share[part].sum(), share[rest].sum()
    if cases + others <= 0:
        return dict.fromkeys([name, f"{name}_lower", f"{name}_upper"], np.nan)
    tail = (1 - level) / 2
    lower = float(not rest.any()) if not (cases and rest.any()) else betaincinv(n * cases, n * others + 1, tail)
    upper = float(part.any()) if not (others and part.any()) else betaincinv(n * cases + 1, n * others, 1 - tail)
    limits = {f"{name}_lower": size * lower, f"{name}_upper": size * upper}
    return {name: size * cases / (cases + others)} | (dict.fromkeys(limits, np.nan) if np.isnan(n) else limits)


def _later_rounds(
    table: pd.DataFrame,
    one: plans.Strategy,
    reference: str,
    people: float,
    years: float,
    incidence: float | None,
) -> dict[str, float]:
    """Count tests of those who were negative in the first round, and the new cases among them."""
    rounds = 1 if one.every_years is None else max(1, int(np.ceil(years / one.every_years)))
    share = table["share"].to_numpy(float)
    inside, is_case = plans.case(table, reference)
    tested, grey, found = plans.positive(table, one)
    again = [(rounds - 1) * people * share[inside & rows & ~found].sum() for rows in (tested, grey)]
    row = {"rounds": rounds, "later_tests": sum(again), "later_true_positives": np.nan}
    if incidence is not None and rounds > 1:
        healthy = people * share[inside & ~is_case & ~found].sum()
        new = healthy * (1 - (1 - incidence) ** ((rounds - 1) * one.every_years))
        row["later_true_positives"] = new * ratio(share[inside & is_case & found].sum(), share[inside & is_case].sum())
    return row | {"_later_first": again[0], "_later_second": again[1]}
