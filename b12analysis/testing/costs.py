"""What testing costs, where the user gives a price with its currency and its year; else nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_range
from b12analysis.testing import plans

__all__ = ["check_price", "costs", "ratio"]


def ratio(top: float, bottom: float) -> float:
    """Divide; what costs something and brings nothing is endless, nothing over nothing unknown."""
    return top / bottom if bottom > 0 else np.nan if np.isnan(bottom) or top == 0 else np.inf


def check_price(price: Mapping[str, float] | None, currency: str | None, price_year: int | None) -> None:
    """Refuse a price without its currency or its year, and either without a price."""
    if price is None:
        if currency is not None or price_year is not None:
            raise InputError("currency and price_year are for a price; give price, a mapping of test to price, or none")
        return
    for name, value in price.items():
        check_choice("price", name, plans.TESTS)
        check_range(f"price of {name!r}", value, 0, float(np.finfo(float).max))
    if not currency:
        raise InputError("price needs its currency, such as currency='EUR'")
    if price_year is None:
        raise InputError("price needs its year, such as price_year=2024: a price without a year says nothing")
    check_range("price_year", price_year, 1900, 2100)
    check_count("price_year", price_year)


def costs(
    row: dict[str, float],
    one: plans.Strategy,
    price: Mapping[str, float] | None,
    currency: str | None,
    price_year: int | None,
) -> dict[str, Any]:
    """Cost of the first round, of the later ones, and per true positive; nothing where there is no price."""
    if price is None:
        return {}
    check_columns("price", price, [test for test in (one.first, one.second) if test])
    first, second = price[one.first], price[one.second] if one.second else 0.0
    cost = row["tests_first"] * first + row["tests_second"] * second
    later = row["_later_first"] * first + row["_later_second"] * second
    each = {"cost": cost, "later_cost": later, "cost_per_true_positive": ratio(cost, row["true_positives"])}
    return each | {"currency": currency, "price_year": price_year}
