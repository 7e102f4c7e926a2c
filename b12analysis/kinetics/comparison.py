"""Regimens side by side: the same virtual people under each, so that chance does not differ between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_level, check_range, refuse, shown
from b12analysis.kinetics.course import MEASURES, Doses, course, moment
from b12analysis.kinetics.doses import LIKENESS, TAKEN, check_days
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.simulation import doses_of, people_like

__all__ = ["compare_regimens"]


def compare_regimens(
    person: Mapping[str, Any],
    regimens: Iterable[str] | Mapping[str, Any],
    days: int | Iterable[float],
    *,
    n: int = 1000,
    rng: np.random.Generator | int | None = None,
    prices: Mapping[str, float] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare what regimens do to the same virtual people.

    Parameters
    ----------
    person, days, n, rng
        As for :func:`simulate_regimen`.
    regimens : list of str, or mapping of name to regimen
        Names of regimens, or regimens as :func:`simulate_regimen` takes them with names of your own. The others are
        compared with the first.
    prices : mapping of form to price, optional
        Price of one dose of each form that is used, in any currency; without prices there are no costs.
    level : float
        Share of the virtual people inside the interval, between 0 and 1.

    Returns
    -------
    DataFrame with columns
        regimen, day, measure   measure is "store_ug", "serum_b12_pmol_l" or "mma_nmol_l"
        estimate, lower, upper  median and central interval over the virtual people, in the measure's unit
        difference, difference_lower, difference_upper
                                the same of each person's difference from the first regimen
        injections, tablets     doses given before that reading
        cost                    what they cost, where prices are given

    Raises
    ------
    InputError
        If an argument is not known or out of range, or a form that is used has no price.

    Source
    ------
    b12analysis; the sources of the parameters stand in ``load("kinetics_model")``, those of regimens in
    ``load("regimens")``.

    Examples
    --------
    >>> someone = {"age": 70, "intake_ug": 4, "absorption": "pernicious_anaemia", "start_serum_pmol_l": 90}
    >>> table = compare_regimens(someone, ["none", "oral_1000_daily"], [0, 90], n=50, rng=1, prices={"oral": 0.05})
    >>> table.loc[table["measure"] == "store_ug", ["regimen", "day", "tablets", "cost"]].values[-2:].tolist()
    [['oral_1000_daily', 0.0, 0, 0.0], ['oral_1000_daily', 90.0, 90, 4.5]]
    """
    person, times = check_person(person), check_days(days)
    check_level(level)
    taken = _schedules(regimens, times[-1])
    prices = None if prices is None else _checked(prices, taken)
    people = people_like(person, n, rng, None, None, readings=len(times))
    first, tables = None, []
    for name, doses in taken.items():
        read = course(person, people, doses, times)
        first = first or read
        rows = [_rows(measure, times, read[measure], first[measure], level) for measure in MEASURES]
        given = _given(doses, times, prices)
        tables.append(pd.concat([one.join(given) for one in rows]).sort_index(kind="stable").assign(regimen=name))
    table = pd.concat(tables, ignore_index=True)
    return table[["regimen", *table.columns.drop("regimen")]]


def _schedules(regimens: Any, last: float) -> dict[str, Doses]:
    """Doses of each regimen; what is wrong with them, each fault with the regimen's name."""
    if isinstance(regimens, str) or not isinstance(regimens, Iterable):
        raise InputError(f"regimens={shown(regimens)} is not a list of names or a mapping of name to regimen")
    if not isinstance(regimens, Mapping):
        listed = list(regimens)
        refuse(
            f"regimens[{i}]={shown(name)} is not a name; give a mapping of name to regimen"
            for i, name in enumerate(listed)
            if not isinstance(name, str)
        )
        twice = [name for name in dict.fromkeys(listed) if listed.count(name) > 1]
        refuse(f"regimens has {name!r} {listed.count(name)} times; give each once" for name in twice)
        regimens = dict(zip(listed, listed, strict=True))
    if not regimens:
        raise InputError("regimens is empty; there is nothing to compare")
    doses, faults = {}, []
    for name, regimen in regimens.items():
        try:
            doses[name] = doses_of(regimen, last)
        except InputError as error:
            faults += [f"regimens: {name!r}: {fault}" for fault in error.errors]
    refuse(faults)
    return doses


def _checked(prices: Mapping[str, float], taken: Mapping[str, Doses]) -> Mapping[str, float]:
    """Check that prices are prices, and that every form that is used has one."""
    if not isinstance(prices, Mapping | pd.Series):
        raise InputError(f"prices={shown(prices)} is not a mapping of form to price, such as {{'oral': 0.05}}")
    for form, price in prices.items():
        check_choice("prices", form, TAKEN, likeness=LIKENESS)
        check_range(f"prices[{form!r}]", price, 0, 1e9)
    refuse(
        f"prices={shown(dict(prices))} has no price for {form!r}, which {name!r} uses"
        for name, doses in taken.items()
        for form in TAKEN
        if form not in prices and any(used == form for _, used, _ in doses)
    )
    return prices


def _rows(measure: str, times: np.ndarray, values: np.ndarray, first: np.ndarray, level: float) -> pd.DataFrame:
    """Median and interval over people, of what is read and of its difference from the first regimen."""
    tail = (1 - level) / 2
    columns = {"day": times, "measure": measure}
    for prefix, one in (("", values), ("difference_", values - first)):
        limits = np.quantile(one, [0.5, tail, 1 - tail], axis=0)
        names = ["estimate" if not prefix else "difference", f"{prefix}lower", f"{prefix}upper"]
        columns |= dict(zip(names, limits, strict=True))
    return pd.DataFrame(columns)


def _given(doses: Doses, times: np.ndarray, prices: Mapping[str, float] | None) -> pd.DataFrame:
    """Doses before each reading, and what they cost."""
    reads = moment(times)
    count = {form: np.searchsorted(moment([day for day, used, _ in doses if used == form]), reads) for form in TAKEN}
    given = pd.DataFrame({"injections": sum(count[form] for form in TAKEN[1:]), "tablets": count["oral"]})
    if prices is None:
        return given
    return given.assign(cost=sum(prices.get(form, 0.0) * count[form] for form in TAKEN))
