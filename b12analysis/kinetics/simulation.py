"""What virtual people's stores and blood tests do under a regimen, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, shown
from b12analysis.kinetics.course import course, moment
from b12analysis.kinetics.doses import check_days
from b12analysis.kinetics.parameters import check_people_count, virtual_people
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.regimens import schedule

__all__ = ["doses_of", "people_like", "simulate_regimen"]

#: Most readings of all people together: they take three gigabytes, and four to compare.
_MOST_ROWS = 50_000_000


def simulate_regimen(
    person: Mapping[str, Any],
    regimen: str | Iterable[tuple[float, str, float]] | pd.DataFrame,
    days: int | Iterable[float],
    *,
    n: int = 1,
    rng: np.random.Generator | int | None = None,
    spread: str | None = None,
    people: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Simulate what a regimen does to a person's stores and blood tests.

    A reading on the day of a dose is taken just before it. Diet acts through the person's ``intake_ug``, and goes on.

    Parameters
    ----------
    person : mapping or row of a table
        ``age`` (years), ``intake_ug`` (a day), ``absorption`` ("normal", "food_bound", "pernicious_anaemia",
        "gastrectomy", "ileal_resection" or "metformin") and perhaps ``start_store_ug``, ``start_serum_pmol_l`` or
        ``intake_before_ug``; see :func:`b12analysis.kinetics.check_person`. A diet that is new on day 0 needs the last:
        ``{"age": 30, "intake_ug": 0.4, "intake_before_ug": 5}``; without it the store is what 0.4 ug a day keep up.
    regimen : str, list of (day, form, dose_ug) or DataFrame with these columns
        A name of :func:`b12analysis.kinetics.regimens`, "none", or doses of form "oral", "im_cyanocobalamin" or
        "im_hydroxocobalamin", ug.
    days : int or increasing iterable of float
        The last day of daily readings, or the days to read, fractions allowed.
    n : int
        Virtual people; with ``days`` at most 50 million rows.
    rng : Generator or int, optional
        Source of randomness; without it and with ``n=1``, it is the middle person.
    spread : {"both", "people", "parameters", "none"}, optional
        What differs between the virtual people: people and what we do not know about them, which is the default where
        people are drawn, either, or nothing.
    people : DataFrame, optional
        As of :func:`b12analysis.kinetics.virtual_people`: these people, instead of ``n`` drawn ones.

    Returns
    -------
    DataFrame with columns
        person            0 to n - 1
        day               as asked for
        store_ug          vitamin B12 in the body, ug
        serum_b12_pmol_l  serum vitamin B12, pmol/L
        mma_nmol_l        methylmalonic acid, nmol/L
        absorbed_ug       absorbed from food and tablets since the reading before, ug
        retained_ug       kept of injections since the reading before, ug

    Raises
    ------
    InputError
        If an argument is not known or out of range; of doses, all that is wrong.

    Source
    ------
    b12analysis; the sources of the parameters stand in ``load("kinetics_model")``, those of regimens in
    ``load("regimens")``.

    Examples
    --------
    >>> someone = {"age": 70, "intake_ug": 4, "absorption": "pernicious_anaemia", "start_serum_pmol_l": 90}
    >>> table = simulate_regimen(someone, "oral_1000_daily", 90)
    >>> len(table), bool(table["serum_b12_pmol_l"].iloc[-1] > 90)
    (91, True)
    """
    person, times = check_person(person), check_days(days)
    doses = doses_of(regimen, times[-1])
    people = people_like(person, n, rng, spread, people, readings=len(times))
    read = course(person, people, doses, times)
    index = {"person": np.repeat(np.arange(len(people)), len(times)), "day": np.tile(times, len(people))}
    return pd.DataFrame(index | {name: values.ravel() for name, values in read.items()}, copy=False)


def doses_of(regimen: Any, last: float) -> list[tuple[float, str, float]]:
    """Doses of a regimen until the last day, as :func:`b12analysis.kinetics.course.course` takes them."""
    doses = schedule(regimen, float(last))
    return list(doses.assign(day=moment(doses["day"])).itertuples(index=False, name=None))


def people_like(
    person: Mapping[str, Any],
    n: int,
    rng: Any,
    spread: str | None,
    people: pd.DataFrame | None,
    *,
    readings: int = 1,
) -> pd.DataFrame:
    """Draw virtual people like this one, unless they are given; one without a seed is the middle person."""
    if people is None:
        check_people_count(n)
        _check_rows(f"n={n}", n, readings)
        usual = "none" if n == 1 and rng is None else "both"
        return virtual_people(person, n, rng=rng, spread=usual if spread is None else spread)
    if rng is not None or spread is not None:
        raise InputError("people are given; leave out rng and spread, which are for drawing them")
    if not isinstance(people, pd.DataFrame):
        raise InputError(f"people={shown(people)} is not a table of virtual_people")
    check_columns("people", people.columns, _columns(check_person(person)["absorption"]))
    if people.empty:
        raise InputError("people is empty; there is nobody to simulate")
    _check_rows(f"people of {len(people)} rows", len(people), readings)
    return people


def _check_rows(who: str, n: int, readings: int) -> None:
    """Refuse what would not fit into memory, before anything is drawn."""
    if n * readings > _MOST_ROWS:
        raise InputError(
            f"{who} and days with {readings:,} readings make {n * readings:,} rows; at most {_MOST_ROWS:,} fit: "
            "take fewer people, or list fewer days"
        )


@cache
def _columns(absorption: str) -> tuple[str, ...]:
    """Parameters that virtual people with this state of absorption have."""
    one = {"age": 50, "intake_ug": 1, "absorption": absorption}
    return tuple(virtual_people(one, spread="none").columns)
