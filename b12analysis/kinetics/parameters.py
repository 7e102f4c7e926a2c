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

from b12analysis.arguments import InputError, check_choice, check_count, check_range
from b12analysis.evidence import load
from b12analysis.kinetics.spread import among_people, as_known

__all__ = ["ABSORPTIONS", "SPREADS", "check_person", "virtual_people"]

#: States of absorption.
ABSORPTIONS = ("normal", "food_bound", "pernicious_anaemia", "gastrectomy", "ileal_resection", "metformin")
#: What differs between draws: people and what we do not know, either, or nothing.
SPREADS = ("both", "people", "parameters", "none")
#: Age for which ``mma_floor_nmol_l`` holds, years.
_FLOOR_AGE = 50.0
_FIELDS = ("age", "absorption", "intake_ug", "intake_before_ug", "start_store_ug", "start_serum_pmol_l")

#: Parameters of studies, not of people.
_OF_STUDIES = "study_|people_|within_|us_"
#: Ways to say where somebody starts, with the range of each.
_STARTS = {"start_store_ug": (10, 12000), "start_serum_pmol_l": (20, 1500), "intake_before_ug": (0.1, 100)}


def check_person(person: Mapping[str, Any]) -> dict[str, Any]:
    """Check a person and fill in what may be left out.

    Parameters
    ----------
    person : mapping or row of a table
        ``age`` (18 to 110 years), ``absorption`` (one of :data:`ABSORPTIONS`; normal where it is left out),
        ``intake_ug`` (from the diet and fortified food, 0 to 100 ug a day), and at most one of ``start_store_ug``
        (10 to 12,000), ``start_serum_pmol_l`` (20 to 1,500) and ``intake_before_ug`` (0.1 to 100, ``intake_ug`` where
        it is left out). Without a start the store is the one at which normal absorption of the diet before makes up for
        the loss, and the diet or whatever is wrong with absorption begins on day 0; with one it has long been so.

    Returns
    -------
    dict
        Those six; a start that is not given is None.

    Raises
    ------
    InputError
        Names each field that is missing, unknown or out of range.

    Examples
    --------
    >>> check_person({"age": 60, "intake_ug": 5})["absorption"]
    'normal'
    """
    given = {str(name): value for name, value in dict(person).items() if not _is_missing(value)}
    for name in given:
        check_choice("person", name, _FIELDS)
    for name in ("age", "intake_ug"):
        if name not in given:
            raise InputError(f"person={sorted(given)!r} has no {name}; give {', '.join(_FIELDS)}")
    check_range("age", given["age"], 18, 110)
    check_range("intake_ug", given["intake_ug"], 0, 100)
    check_choice("absorption", given.setdefault("absorption", "normal"), ABSORPTIONS)
    starts = [name for name in _STARTS if name in given]
    if len(starts) > 1:
        raise InputError(f"{' and '.join(starts)} are both given; give one of them, or neither")
    for name in starts:
        check_range(name, given[name], *_STARTS[name])
    if not starts:
        check_range("intake_before_ug", given.setdefault("intake_before_ug", given["intake_ug"]), 0.1, 100)
    return dict.fromkeys(_FIELDS) | given


def _is_missing(value: Any) -> bool:
    return value is None or (np.ndim(value) == 0 and bool(pd.isna(value)))


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
        As of :func:`check_person`; its age and state of absorption choose the parameters.
    n : int >= 1
        How many.
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
    check_count("n", n)
    check_choice("spread", spread, SPREADS)
    table = load("kinetics_model") if model is None else model
    rows = _rows(table[~table["parameter"].str.match(_OF_STUDIES)], person["absorption"])
    seed = int(np.random.default_rng(rng).integers(2**63))
    known = _normal(seed, "known", rows["parameter"], n) if spread in ("both", "parameters") else {}
    known |= _together(rows, known) if known else {}
    differs = _normal(seed, "differs", rows["parameter"], n) if spread in ("both", "people") else {}
    drawn = {row.parameter: _draw(row, known, differs, n) for row in rows.itertuples()}
    if person["absorption"] != "normal":  # somebody in balance was well before
        healthy = _rows(table, "normal").set_index("parameter", drop=False).loc[["food_release"]]
        drawn["food_release_before"] = _draw(next(healthy.itertuples()), known, differs, n)
    else:
        drawn["food_release_before"] = drawn["food_release"]
    drawn["mma_floor_nmol_l"] = drawn["mma_floor_nmol_l"] * np.exp(
        drawn.pop("mma_floor_per_decade") * (person["age"] - _FLOOR_AGE) / 10
    )
    return pd.DataFrame(drawn)


def _rows(table: pd.DataFrame, absorption: str) -> pd.DataFrame:
    """Rows that hold for a state of absorption: its own, else those of normal absorption, else those for all."""
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
