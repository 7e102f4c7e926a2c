"""Tests and money for each person that is found: by way of testing, by population, by definition."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.tested import who
from b12analysis.findings.testing import FEW, HOLLOW, INTERVALS, extent, labelled, named
from b12analysis.findings.words import ESTIMATE
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.testing import strategies, testing_yield
from b12analysis.theme import number

__all__ = ["by_population", "by_strategy", "cost_words", "costs", "needed_words"]

#: Two definitions that stand for all in a long list.
_TWO = ["b12_148", "mma_271_egfr_60"]


def by_strategy(population: str, reference: str) -> pd.DataFrame:
    """Return tests for each person found, of every way of testing, by the definitions or the chosen one."""
    ways = strategies().query("population.isna()")["strategy"].tolist()
    return _needed(testing_yield(population, ways, reference=list(named(reference))), "label")


def by_population(strategy: str, reference: str) -> pd.DataFrame:
    """Return tests for each deficient person found in every population, by two definitions or the chosen one."""
    wanted = _TWO if reference == "any" else [reference]
    tables = [testing_yield(name, strategy, reference=wanted) for name in POPULATIONS]
    table = pd.concat(tables, ignore_index=True)
    named_so = [text[0].upper() + text[1:] for text in table["population"].map(who)]
    return _needed(table.assign(who=named_so), "who")


def _needed(table: pd.DataFrame, label: str) -> pd.DataFrame:
    kept = [label, "population", "strategy", "reference", "circular", "tests", "positives", "true_positives", "missed"]
    kept += ["n_positives", "n_cases"]
    name = "number_needed_to_test"
    limits = table[[name, f"{name}_lower", f"{name}_upper"]].set_axis(ESTIMATE, axis=1)
    return labelled(table[kept].rename(columns={label: "label"})).join(limits)


def needed_words(table: pd.DataFrame, *, over: str) -> dict[str, str]:
    """Say how many tests it takes; ``over`` says what the table goes over: "ways of testing", "populations"."""
    quoted = _enough(table)
    fair = quoted[~quoted["hollow"]]
    straight = (
        f", {extent(fair, 'estimate')} where one marker is judged by the other" if 0 < len(fair) < len(quoted) else ""
    )
    low, high = quoted.loc[quoted["estimate"].idxmin()], quoted.loc[quoted["estimate"].idxmax()]
    return {
        "title": f"Over the {over}, {extent(quoted, 'estimate')} tests for each person found{straight}",
        "summary": f"Tests, second ones included, for each person found who meets the definition. Fewest: "
        f"{number(low['estimate'])} ({low['label']}; {low['short']}). Most: {number(high['estimate'])} "
        f"({high['label']}; {high['short']}).",
        "caption": f"Logarithmic scale. United States, 2011–2014. {HOLLOW} {_few(table)}{INTERVALS}",
    }


def _enough(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of enough people to quote; all where none has."""
    return table if table["few"].all() else table[~table["few"]]


def _few(table: pd.DataFrame) -> str:
    """Say which rows no sentence quotes."""
    if not table["few"].any():
        return ""
    said = f"fewer than {FEW} people examined are positive or meet the definition"
    return f"In all rows {said}. " if table["few"].all() else f"Not quoted: rows in which {said}. "


def costs(
    population: str, reference: str, *, price_b12: float, price_mma: float, currency: str, price_year: int
) -> pd.DataFrame:
    """Return what it costs to find one person of every way of testing; per 1,000 people, once."""
    ways = strategies().query("population.isna()")["strategy"].tolist()
    paid = {"price": {"b12": price_b12, "mma": price_mma}, "currency": currency, "price_year": price_year}
    wanted = _TWO if reference == "any" else [reference]
    table = labelled(testing_yield(population, ways, reference=wanted, **paid))
    each = {"estimate": "", "lower": "_upper", "upper": "_lower"}  # more found, less for each
    limits = {name: table["cost"] / table[f"true_positives{end}"] for name, end in each.items()}
    kept = ["label", "strategy", "reference", "short", "circular", "hollow", "detail", "cost", "currency", "price_year"]
    kept += ["few", "n_positives", "n_cases"]
    return table[kept].assign(**limits)


def cost_words(table: pd.DataFrame, *, population: str) -> dict[str, str]:
    """Say what finding a person costs, at the reader's prices."""
    unit = f"{table['currency'].iloc[0]} of {table['price_year'].iloc[0]}"
    quoted = _enough(table)
    low = quoted.loc[quoted["estimate"].idxmin()]
    return {
        "title": f"Each person found costs {extent(quoted, 'estimate')} {unit}, for the tests alone",
        "summary": f"Testing 1,000 {who(population)} once costs {extent(table, 'cost')} {unit}. Least for each person "
        f"found: {number(low['estimate'])} ({low['label']}; {low['short']}).",
        "caption": f"Logarithmic scale. Your prices, tests alone: no visits, no treatment. {HOLLOW} "
        f"{_few(table)}{INTERVALS}",
    }
