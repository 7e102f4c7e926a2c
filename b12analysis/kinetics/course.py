"""The course of virtual people under given doses: from the state at the start to store, serum and MMA on given days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.kinetics.body import REFERENCE_UG, Body, State, mma_nmol_l, serum_pmol_l
from b12analysis.kinetics.uptake import absorbed_ug, retained_ug

__all__ = ["course", "start"]

#: (day, form, dose_ug), sorted by day; form is oral or one of ``body.FORMS``.
Doses = Sequence[tuple[float, str, float]]


def start(person: Mapping[str, Any], body: Body) -> State:
    """Return the state on day 0 of a person checked by :func:`b12analysis.kinetics.check_person`."""
    if person["start_store_ug"] is not None:
        return body.of_store(np.full(len(body.food), float(person["start_store_ug"])))
    if person["start_serum_pmol_l"] is not None:
        seen = person["start_serum_pmol_l"] / body.people["serum_reference_pmol_l"]
        return body.of_carriers(REFERENCE_UG * seen ** (1 / body.people["serum_power"]))
    well = {"active_share": np.ones_like(body.food), "food_release": body.people["food_release_before"]}
    before = Body(dict(body.people) | well, float(person["intake_before_ug"]))
    active, liver = before.at_rest()
    return body.state(active, liver, carriers=active)


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
    columns = {name: people[name].to_numpy(dtype=float) for name in people}
    body = Body(columns, float(person["intake_ug"]))
    state, now, steps, queue = start(person, body), 0.0, {}, list(doses)[::-1]
    out = {name: [] for name in ("store_ug", "serum_b12_pmol_l", "mma_nmol_l", "absorbed_ug", "retained_ug")}
    for day in days:
        absorbed, retained = np.zeros_like(body.food), np.zeros_like(body.food)
        while True:
            until = queue[-1][0] if queue and queue[-1][0] < day else day
            if until > now:
                length = round(until - now, 9)
                state = steps.setdefault(length, body.step(length))(state)
                absorbed += body.food * length
                now = until
            if until == day and not (queue and queue[-1][0] < day):
                break
            _, form, dose = queue.pop()
            if form == "oral":
                gained = absorbed_ug(dose, columns)
                state.slow += body.shares[0] * gained
                state.fast += body.shares[1] * gained
                absorbed += gained
            else:
                gained = retained_ug(dose, form, columns)
                state.injected[form] = state.injected[form] + gained
                retained += gained
        out["store_ug"].append(body.store(state))
        out["serum_b12_pmol_l"].append(serum_pmol_l(state.carriers, sum(state.injected.values()), columns))
        out["mma_nmol_l"].append(mma_nmol_l(body.active(state), columns))
        out["absorbed_ug"].append(absorbed)
        out["retained_ug"].append(retained)
    return {name: np.stack(values, axis=1) for name, values in out.items()}
