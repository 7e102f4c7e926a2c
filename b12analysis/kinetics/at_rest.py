"""What holds when diet makes up for loss: loss, bile, store, need, and what twice the diet does."""

from __future__ import annotations

import numpy as np

from b12analysis.kinetics.body import REFERENCE_UG, mma_nmol_l, serum_pmol_l

__all__ = [
    "bile_ug_day",
    "half_time_days",
    "loss_percent_day",
    "loss_ug_day",
    "mma_by_doubling_percent",
    "requirement_ug_day",
    "serum_by_doubling_percent",
    "store_ug",
]


def _started(target, group):
    """Body, active tissue and liver on day 0, before which absorption was normal."""
    people = group(target)
    body, state = people.start()
    active = body.active(state)
    return people, body, active, body.store(state) - active


def _mean(people, values) -> np.ndarray:
    return values.reshape(people.shape).mean(axis=1)


def loss_percent_day(target, group):
    """Percent of all that is in the body that is lost in a day."""
    people, body, active, liver = _started(target, group)
    return _mean(people, 100 * body.loss * liver / (active + liver))


def loss_ug_day(target, group):
    """Amount that is lost in a day."""
    people, body, _, liver = _started(target, group)
    return _mean(people, body.loss * liver)


def bile_ug_day(target, group):
    """Amount that bile brings into the gut in a day."""
    people, body, _, liver = _started(target, group)
    return _mean(people, body.people["bile_per_day"] * liver)


def store_ug(target, group):
    """All that is in the body."""
    people, _, active, liver = _started(target, group)
    return _mean(people, active + liver)


def half_time_days(target, group):
    """Half-time of a label that has mixed with the store."""
    people = group(target)
    return _mean(people, np.log(2) / people.body().rates[0])


def requirement_ug_day(target, group):
    """Amount a day, absorbed or injected, that holds the median serum at the cut-off."""
    people = group(target)
    body, columns = people.body(), people.columns()
    seen = target.cutoff / columns["serum_reference_pmol_l"]
    active = REFERENCE_UG * seen ** (1 / columns["serum_power"])
    liver = columns["exchange_per_day"] * active / (columns["release_per_day"] + body.loss)
    return np.median((body.loss * liver).reshape(people.shape), axis=1)


def _doubled(target, group, level) -> np.ndarray:
    geometric = []
    for factor in (1, 2):
        people = group(target, intake_ug=factor * float(target.intake_ug))
        body, state = people.start()
        geometric.append(_mean(people, np.log(level(body.active(state), people.columns()))))
    return 100 * np.expm1(geometric[1] - geometric[0])


def serum_by_doubling_percent(target, group):
    """Change of the geometric mean of serum when the diet has twice as much."""
    return _doubled(target, group, lambda active, people: serum_pmol_l(active, 0.0, people))


def mma_by_doubling_percent(target, group):
    """Change of the geometric mean of MMA when the diet has twice as much."""
    return _doubled(target, group, mma_nmol_l)
