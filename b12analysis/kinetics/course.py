"""The course of virtual people under given doses: from the state at the start to store, serum and MMA on given days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.kinetics.body import Body, State, mma_nmol_l, serum_pmol_l
from b12analysis.kinetics.step import Step
from b12analysis.kinetics.uptake import absorbed_ug, retained_ug

__all__ = ["MEASURES", "Doses", "blocks", "course", "follow", "measured", "moment", "start"]

#: (day, form, dose_ug), sorted by day; form is oral or one of ``body.FORMS``.
Doses = Sequence[tuple[float, str, float]]
#: What is read.
MEASURES = ("store_ug", "serum_b12_pmol_l", "mma_nmol_l")
#: People who are followed at a time: enough to make numpy's calls worth while, few enough to stay in the cache; and
#: fewer where there are many readings, so that what is kept for them does not outgrow what is returned.
_BLOCK, _READINGS = 1250, 2**22
#: A day has 2**30 moments, so that steps between them are exact and few lengths differ.
_MOMENTS = 2.0**30


def moment(days) -> np.ndarray:
    """Round days to a ten thousandth of a second: the distances between moments are exact.

    Examples
    --------
    >>> float(moment(1.5)), abs(float(moment(0.1)) - 0.1) < 1e-9
    (1.5, True)
    """
    return np.round(np.asarray(days, dtype=float) * _MOMENTS) / _MOMENTS


def start(person: Mapping[str, Any], body: Body) -> State:
    """Return the state on day 0 of a person checked by :func:`b12analysis.kinetics.check_person`."""
    if person["start_store_ug"] is not None:
        return body.of_store(np.full(len(body.food), float(person["start_store_ug"])))
    if person["start_serum_pmol_l"] is not None:
        return body.of_carriers(body.active_seen(person["start_serum_pmol_l"]) * body.followers["carriers"][1])
    well = {"active_share": np.ones_like(body.food), "food_release": body.people["food_release_before"]}
    before = Body(dict(body.people) | well, float(person["intake_before_ug"]))
    active, liver = before.at_rest()
    return body.state(active, liver, carriers=active, cells=active)


def course(
    person: Mapping[str, Any], people: pd.DataFrame, doses: Doses, days: Sequence[float]
) -> dict[str, np.ndarray]:
    """Follow virtual people through their doses.

    Parameters
    ----------
    person : dict
        As :func:`b12analysis.kinetics.check_person` returns it.
    people : DataFrame of n rows
        As of :func:`b12analysis.kinetics.virtual_people`.
    doses : sequence of (day, form, dose_ug), by day
        A dose is taken just after what is read on its day.
    days : increasing sequence of float >= 0
        When to read.

    Returns
    -------
    dict of arrays of shape (n, len(days))
        ``store_ug, serum_b12_pmol_l, mma_nmol_l``, and ``absorbed_ug, retained_ug``: what has come in since the reading
        before, from diet and tablets, and from injections.
    """
    out = {name: np.zeros((len(people), len(days))) for name in (*MEASURES, "absorbed_ug", "retained_ug")}
    for block in blocks(len(people), len(days)):
        body = Body.of(person, people[block])
        seen, came_in = follow(body, start(person, body), doses, days)
        for name, values in came_in.items():
            out[name][block] = values.T
        for name in MEASURES:
            out[name][block] = measured(name, body, seen).T
    return out


def blocks(n: int, readings: int) -> Iterator[slice]:
    """Divide n people into blocks that are followed one after the other; nobody's course depends on it.

    Examples
    --------
    >>> list(blocks(2000, 100))
    [slice(0, 1250, None), slice(1250, 2000, None)]
    """
    size = max(1, min(_BLOCK, _READINGS // readings))
    return (slice(first, min(first + size, n)) for first in range(0, n, size))


def measured(name: str, body: Body, seen: State) -> np.ndarray:
    """Read one of :data:`MEASURES` off a state, or off many."""
    if name == "store_ug":
        return body.store(seen)
    if name == "mma_nmol_l":
        return mma_nmol_l(seen.cells, body.people)
    return serum_pmol_l(seen.carriers, sum(seen.injected.values()), body.people)


def follow(
    body: Body, state: State, doses: Doses, days: Sequence[float], *, since: float = 0.0, after: Sequence[bool] = ()
) -> tuple[State, dict[str, np.ndarray]]:
    """Follow people from their state at the moment ``since`` and keep their state on given days.

    Parameters
    ----------
    body : Body
        Of n people.
    state : State
        Of these n people.
    doses : sequence of (day, form, dose_ug), by day
        Those of day ``since`` and later.
    days : increasing sequence of float >= since
        When to read; doses after the last are ignored.
    since : float
        Moment of ``state``, before its doses.
    after : sequence of bool
        Of each day, whether it is read after the doses of that moment; before them where nothing is said.

    Returns
    -------
    State of arrays of shape (len(days), n)
        The states read.
    dict of arrays of shape (len(days), n)
        ``absorbed_ug``, and ``retained_ug`` where something is injected: what has come in since the reading before.
    """
    shape = (len(days), len(body.food))
    seen = State(*(np.empty(shape) for _ in range(4)))
    came_in = {"absorbed_ug": np.outer(np.diff(days, prepend=since), body.food)}
    step, gained = lru_cache(maxsize=64)(partial(Step, body)), lru_cache(maxsize=64)(lambda *dose: _gained(body, *dose))
    now, row = moment(since), 0
    for then, dose in _agenda(doses, days, after):
        if then > now:
            state, now = step(then - now)(state), then
        if dose is None:
            _keep(seen, row, state)
            row += 1
        else:
            _take(state, dose[0], gained(*dose), came_in, row)
    return seen, came_in


def _agenda(doses: Doses, days: Sequence[float], after: Sequence[bool]) -> Iterator[tuple[float, Any]]:
    """Yield readings (None) and doses (form, dose_ug) in their order, each with its moment."""
    reads, taken = moment(days), moment([day for day, _, _ in doses])
    late = np.asarray(after, dtype=bool) if len(after) else np.zeros(len(reads), dtype=bool)
    when = np.concatenate([reads, taken])
    turn = np.concatenate([np.where(late, 2, 0), np.ones(len(taken), dtype=int)])
    what = [None] * len(reads) + [(form, dose) for _, form, dose in doses]
    order = np.lexsort([turn, when])
    last = np.flatnonzero(order < len(reads))[-1]
    for index in order[: last + 1]:
        yield when[index], what[index]


def _gained(body: Body, form: str, dose_ug: float) -> tuple[np.ndarray, ...]:
    """Return what comes in with a dose; of a tablet also what of it joins the slow and the fast part."""
    if form != "oral":
        return (retained_ug(dose_ug, form, body.people),)
    absorbed = absorbed_ug(dose_ug, body.people)
    return absorbed, body.shares[0] * absorbed, body.shares[1] * absorbed


def _take(state: State, form: str, gained: tuple[np.ndarray, ...], came_in: dict[str, np.ndarray], row: int) -> None:
    if form == "oral":
        state.slow = state.slow + gained[1]
        state.fast = state.fast + gained[2]
        came_in["absorbed_ug"][row] += gained[0]
    else:
        state.injected[form] = state.injected.get(form, 0.0) + gained[0]
        if "retained_ug" not in came_in:
            came_in["retained_ug"] = np.zeros_like(came_in["absorbed_ug"])
        came_in["retained_ug"][row] += gained[0]


def _keep(seen: State, row: int, state: State) -> None:
    for name in ("slow", "fast", "carriers", "cells"):
        getattr(seen, name)[row] = getattr(state, name)
    for form, amount in state.injected.items():
        if form not in seen.injected:
            seen.injected[form] = np.zeros_like(seen.slow)
        seen.injected[form][row] = amount
