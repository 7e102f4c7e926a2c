"""What enters the body: absorbed from food and tablets, kept of an injection, and taken up again from bile.

Absorption through intrinsic factor is a saturable process, one for all: a tablet, the vitamin released from a meal, and
the vitamin that bile brings into the gut. Beside it a small share of any dose passes by itself:

    active  = active_share * carried * x / (1 + carried * x / active_max)        x = release * dose
    passive = passive_share * (dose - active)

Bile competes with the meal for the same uptake. So somebody who eats little takes nearly all of it up again and loses
little, somebody without intrinsic factor none, and the balance of a normal diet closes by itself. The competition is
one-way: bile takes no room from the meal, nor from itself, so that what is lost stays a fixed share of the store.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["absorbed_ug", "bile_reuptake", "daily_food_ug", "retained_ug"]

#: One row of :func:`b12analysis.kinetics.virtual_people`, or many: a number or an array per parameter.
People = Mapping[str, np.ndarray]


def absorbed_ug(dose_ug, people: People, *, release=1.0):
    """Absorb one tablet or one meal.

    Parameters
    ----------
    dose_ug : float or array >= 0
        Vitamin in the tablet or meal, ug.
    people : mapping of parameter to array of shape (n,)
        ``active_share, active_max_ug, carried_share, passive_share``.
    release : float or array in [0, 1]
        Share of it that the stomach sets free: 1 for a tablet, ``food_release`` for food.

    Returns
    -------
    array of shape (n,)
        ug absorbed.

    Examples
    --------
    >>> normal = {"active_share": 1.0, "active_max_ug": 1.5, "carried_share": 0.8, "passive_share": 0.01}
    >>> float(absorbed_ug(1.875, normal))  # half of what can be carried, 0.75 ug, and one percent of the rest
    0.76125
    >>> round(absorbed_ug(1000, normal | {"active_share": 0.0}), 3)  # without intrinsic factor
    10.0
    """
    free = release * dose_ug
    active = people["active_share"] * free * _carried(free, people)
    return active + people["passive_share"] * (dose_ug - active)


def _carried(free_ug, people: People):
    """Share of the free vitamin that is carried: ``carried_share`` of a trace, less of more."""
    return people["carried_share"] / (1 + people["carried_share"] * free_ug / people["active_max_ug"])


def daily_food_ug(intake_ug, people: People):
    """Absorb a day's diet, eaten in equal meals; ug a day."""
    meals = people["meals_per_day"]
    return meals * absorbed_ug(intake_ug / meals, people, release=people["food_release"])


def bile_reuptake(intake_ug, people: People):
    """Share of the vitamin in bile that is taken up again, in competition with the meals of a day's diet.

    Examples
    --------
    >>> normal = {"active_share": 1.0, "active_max_ug": 1.5, "carried_share": 0.75, "passive_share": 0.0}
    >>> normal |= {"food_release": 0.5, "meals_per_day": 3}
    >>> float(bile_reuptake(0, normal)), float(bile_reuptake(6, normal))  # nothing eaten; meals of 2 ug
    (0.75, 0.5)
    """
    free = people["food_release"] * intake_ug / people["meals_per_day"]
    active = people["active_share"] * _carried(free, people)
    return active + people["passive_share"] * (1 - active)


def retained_ug(dose_ug, form: str, people: People):
    """Keep part of an injection; the kidneys lose the rest within a day or two.

    Parameters
    ----------
    dose_ug : float >= 0
        Injected, ug.
    form : {"im_cyanocobalamin", "im_hydroxocobalamin"}
        What is injected.
    people : mapping of parameter to array of shape (n,)
        ``half_retained_<form>_ug``: the dose of which half is kept.

    Returns
    -------
    array of shape (n,)
        ug kept: dose / (1 + dose / half_retained).

    Examples
    --------
    >>> retained_ug(1000, "im_cyanocobalamin", {"half_retained_cyanocobalamin_ug": 250.0})
    200.0
    """
    return dose_ug / (1 + dose_ug / people[f"half_retained_{form.removeprefix('im_')}_ug"])
