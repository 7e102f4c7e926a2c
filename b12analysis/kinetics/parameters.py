"""Virtual people: what differs between them, and what nobody knows for sure, drawn from the table ``kinetics_model``.

Each parameter has a row with its value and 95 % limits (how well it is known) and, where people differ in it, a
standard deviation of its logarithm between people. Fitted parameters are drawn together, with the correlations that
calibration left (table ``kinetics_correlations``). Every parameter has random streams of its own, so that another
parameter, or another number of doses, disturbs none: two regimens given the same seed treat the same people.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice, check_count, check_range, check_rng
from b12analysis.evidence import load
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.spread import among_people, as_known

__all__ = [
    "FLOOR_AGE",
    "SPREADS",
    "check_people_count",
    "rows_for",
    "virtual_people",
]

#: What differs between draws: people and what we do not know, either, or nothing.
SPREADS = ("both", "people", "parameters", "none")
#: Age for which ``mma_floor_nmol_l`` holds, years.
FLOOR_AGE = 50.0
#: Most people that are drawn at once: their parameters take more than a gigabyte.
_MOST_PEOPLE = 1_000_000

#: Parameters of studies, not of people.
_OF_STUDIES = "study_|people_|within_|us_"


def check_people_count(n: Any) -> None:
    """Raise unless ``n`` is a number of people that can be drawn.

    Examples
    --------
    >>> check_people_count(10**9)
    Traceback (most recent call last):
    b12analysis.arguments.InputError: n=1000000000 is out of range; it must be at least 1 and at most 1000000
    """
    check_range("n", n, 1, _MOST_PEOPLE)
    check_count("n", n)


def virtual_people(
    person: Mapping[str, Any],
    n: int = 1,
    *,
    rng: np.random.Generator | int | None = None,
    spread: str = "both",
    model: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Draw people like this one: one row each, one column per parameter of the model.

    Parameters
    ----------
    person : mapping or row of a table
        As of :func:`b12analysis.kinetics.check_person`; its age and state of absorption choose the parameters.
    n : int
        How many, 1 to 1 million.
    rng : Generator or int, optional
        Seed; the same seed draws the same people whatever their treatment.
    spread : {"both", "people", "parameters", "none"}
        What differs between the rows: people and what we do not know, people alone, what we do not know alone, or
        nothing (everybody is the middle of all).
    model : DataFrame, optional
        A table like ``kinetics_model``, which is the default.

    Returns
    -------
    DataFrame of n rows
        A column per parameter, in the unit of its name.

    Raises
    ------
    InputError
        If an argument is out of range.

    Source
    ------
    b12analysis; the sources of the parameters stand in ``kinetics_model``.

    Examples
    --------
    >>> one = virtual_people({"age": 50, "intake_ug": 5, "absorption": "gastrectomy"}, spread="none").iloc[0]
    >>> one["active_share"], one["meals_per_day"]
    (np.float64(0.0), np.float64(3.0))
    """
    person = check_person(person)
    check_people_count(n)
    check_rng(rng)
    check_choice("spread", spread, SPREADS)
    table = load("kinetics_model") if model is None else model
    rows = rows_for(table[~table["parameter"].str.match(_OF_STUDIES)], person["absorption"])
    seed = int(np.random.default_rng(rng).integers(2**63))
    known = _normal(seed, "known", rows["parameter"], n) if spread in ("both", "parameters") else {}
    known |= _together(rows, known) if known else {}
    differs = _normal(seed, "differs", rows["parameter"], n) if spread in ("both", "people") else {}
    drawn = {row.parameter: _draw(row, known, differs, n) for row in rows.itertuples()}
    if person["absorption"] != "normal":  # somebody in balance was well before
        healthy = rows_for(table, "normal").set_index("parameter", drop=False).loc[["food_release"]]
        drawn["food_release_before"] = _draw(next(healthy.itertuples()), known, differs, n)
    else:
        drawn["food_release_before"] = drawn["food_release"]
    drawn["mma_floor_nmol_l"] = drawn["mma_floor_nmol_l"] * np.exp(
        drawn.pop("mma_floor_per_decade") * (person["age"] - FLOOR_AGE) / 10
    )
    return pd.DataFrame(drawn)


def rows_for(table: pd.DataFrame, absorption: str) -> pd.DataFrame:
    """Return the rows for a state of absorption: its own, else those of normal absorption, else those for all.

    Examples
    --------
    >>> rows = rows_for(load("kinetics_model"), "gastrectomy").set_index("parameter")
    >>> float(rows.loc["active_share", "value"]), bool(rows.index.is_unique)
    (0.0, True)
    """
    order = table["condition"].map({absorption: 0, "normal": 1}).where(table["condition"].notna(), 2)
    known = table.assign(order=order).dropna(subset="order")
    return known.sort_values("order", kind="stable").drop_duplicates("parameter").sort_index().drop(columns="order")


def _normal(seed: int, purpose: str, names: Iterable[str], n: int) -> dict[str, np.ndarray]:
    """Draw standard normal numbers, a stream for each parameter and purpose."""
    return {
        name: np.random.default_rng([seed, zlib.crc32(f"{purpose} {name}".encode())]).standard_normal(n)
        for name in names
    }


def _together(rows: pd.DataFrame, noise: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give the fitted parameters the correlations that calibration left them with."""
    long = load("kinetics_correlations")
    fitted = set(rows.loc[rows["basis"] == "fitted", "parameter"])
    names = [name for name in long["parameter"].unique() if name in fitted]
    wide = long.pivot(index="parameter", columns="other", values="correlation").loc[names, names]
    factor = np.linalg.cholesky(wide.to_numpy(dtype=float))
    mixed = factor @ np.stack([noise[name] for name in names])
    return dict(zip(names, mixed, strict=True))


def _draw(row: Any, known: dict[str, np.ndarray], differs: dict[str, np.ndarray], n: int) -> np.ndarray:
    """One parameter for everybody: as well as it is known, and as people differ in it."""
    value = as_known(row, known[row.parameter]) if known else np.full(n, float(row.value))
    if differs and not pd.isna(row.between_sd):
        value = among_people(value, row.distribution, float(row.between_sd) * differs[row.parameter])
    return value
