"""Tests and money for each deficient person that is found: by way of testing, by population, by definition."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.testing import HOLLOW, INTERVALS, extent, labelled, named, who
from b12analysis.findings.words import ESTIMATE
from b12analysis.nhanes.cells import POPULATIONS
from b12analysis.testing import strategies, testing_yield
from b12analysis.theme import number

__all__ = ["by_population", "by_strategy", "cost_words", "costs", "needed_words"]

#: Two definitions that stand for all in a long list.
_TWO = ["b12_148", "mma_271_egfr_60"]


def by_strategy(population: str, reference: str) -> pd.DataFrame:
    """Return tests for each deficient person found, of every way of testing, by the definitions or the chosen one."""
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
    name = "number_needed_to_test"
    limits = table[[name, f"{name}_lower", f"{name}_upper"]].set_axis(ESTIMATE, axis=1)
    return labelled(table[kept].rename(columns={label: "label"})).join(limits)


def needed_words(table: pd.DataFrame, *, over: str) -> dict[str, str]:
    """Say how many tests it takes; ``over`` says what the table goes over: "ways of testing", "populations"."""
    fair = table[~table["hollow"]]
    straight = (
        f", {extent(fair, 'estimate')} where one marker is judged by the other" if 0 < len(fair) < len(table) else ""
    )
    low, high = table.loc[table["estimate"].idxmin()], table.loc[table["estimate"].idxmax()]
    return {
        "title": f"Over the {over}, {extent(table, 'estimate')} tests for each person found{straight}",
        "summary": f"Tests, second ones included, for each deficient person found. Fewest: {number(low['estimate'])} "
        f"({low['label']}; {low['short']}). Most: {number(high['estimate'])} ({high['label']}; {high['short']}).",
        "caption": f"Logarithmic scale. United States, 2011–2014. {HOLLOW} {INTERVALS}",
    }


def costs(
    population: str, reference: str, *, price_b12: float, price_mma: float, currency: str, price_year: int
) -> pd.DataFrame:
    """Return what it costs to find one deficient person, of every way of testing; per 1,000 people, once."""
    ways = strategies().query("population.isna()")["strategy"].tolist()
    paid = {"price": {"b12": price_b12, "mma": price_mma}, "currency": currency, "price_year": price_year}
    wanted = _TWO if reference == "any" else [reference]
    table = labelled(testing_yield(population, ways, reference=wanted, **paid))
    each = {"estimate": "", "lower": "_upper", "upper": "_lower"}  # more found, less for each
    limits = {name: table["cost"] / table[f"true_positives{end}"] for name, end in each.items()}
    kept = ["label", "strategy", "reference", "short", "circular", "hollow", "detail", "cost", "currency", "price_year"]
    return table[kept].assign(**limits)


def cost_words(table: pd.DataFrame, *, population: str) -> dict[str, str]:
    """Say what finding a person costs, at the reader's prices."""
    unit = f"{table['currency'].iloc[0]} of {table['price_year'].iloc[0]}"
    low = table.loc[table["estimate"].idxmin()]
    return {
        "title": f"Each deficient person found costs {extent(table, 'estimate')} {unit}, for the tests alone",
        "summary": f"Testing 1,000 {who(population)} once costs {extent(table, 'cost')} {unit}. Least for each person "
        f"found: {number(low['estimate'])} ({low['label']}; {low['short']}).",
        "caption": f"Logarithmic scale. Your prices, tests alone: no visits, no treatment. {HOLLOW} {INTERVALS}",
    }
