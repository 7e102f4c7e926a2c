"""The body between doses, solved exactly: active tissue, the liver's store, carriers in serum, and what was injected.

Amounts in ug, times in days. Between doses everything is linear:

    dI/dt = -drain * I                                          injected and kept, not yet in tissue; one for each form
    dA/dt = food + drain * I + release * L - exchange * A       active tissue
    dL/dt = exchange * A - (release + loss) * L                 liver
    dH/dt = carrier_lag * (carrier_factor * A - H)              what the carriers in serum see of active tissue
    dC/dt = mma_lag * (A - C)                                   what the cells that burn MMA see of it

    serum = serum_reference * (H / REFERENCE_UG) ** serum_power + tail * I
    mma   = mma_floor + mma_max / (1 + (C / mma_half) ** mma_power)

*carrier_factor* is ``carrier_serum_ratio ** (1 / serum_power)``; *loss* is the vitamin in bile that is not taken up
again. MMA follows active tissue within days; serum follows it through its carriers, which take weeks to fill, and shows
what an injection leaves in the blood besides.

A and L are a sum of two exponentials, *slow* (years) and *fast* (weeks): A = slow + fast, L = ratio_slow * slow +
ratio_fast * fast. In these coordinates each has a closed solution, so a step of any length is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.kinetics.uptake import bile_reuptake, daily_food_ug

__all__ = ["FORMS", "REFERENCE_UG", "Body", "State", "mma_nmol_l", "serum_pmol_l"]

#: Active tissue at which serum is ``serum_reference``: a unit, not a finding.
REFERENCE_UG = 150.0
#: Forms that are injected.
FORMS = ("im_cyanocobalamin", "im_hydroxocobalamin")


@dataclass
class State:
    """Where the vitamin is, ug; arrays of shape (n,), or (times, n) where many states are kept."""

    slow: np.ndarray
    fast: np.ndarray
    carriers: np.ndarray
    cells: np.ndarray
    injected: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """Rates of virtual people on a diet.

    Attributes
    ----------
    people : mapping of parameter to array of shape (n,)
        As of :func:`b12analysis.kinetics.virtual_people`.
    intake_ug : float
        Vitamin B12 in the diet, ug a day.
    food_at_most : array of shape (n,), optional
        What they absorb of it at most, ug a day.
    """

    people: Mapping[str, np.ndarray]
    intake_ug: float
    food_at_most: np.ndarray | None = None

    @classmethod
    def of(cls, person: Mapping[str, Any], people: pd.DataFrame) -> Body:
        """Return the bodies of virtual people who all eat what this person eats, and start where this person does.

        Who starts lower than this diet would keep them has come to rest there: of their food they absorb only as much
        as that takes, else they would recover untreated. Tablets are absorbed as ever.
        """
        body = cls({name: people[name].to_numpy(dtype=float) for name in people}, float(person["intake_ug"]))
        active_over_liver = (body.people["release_per_day"] + body.loss) / body.people["exchange_per_day"]
        if person.get("start_store_ug") is not None:
            liver = person["start_store_ug"] / (1 + active_over_liver)
        elif person.get("start_serum_pmol_l") is not None:
            liver = body.active_seen(person["start_serum_pmol_l"]) / active_over_liver
        else:
            return body
        return replace(body, food_at_most=body.loss * liver)

    @cached_property
    def food(self) -> np.ndarray:
        """Absorbed from the diet, ug a day."""
        food = daily_food_ug(self.intake_ug, self.people)
        return food if self.food_at_most is None else np.minimum(food, self.food_at_most)

    def active_seen(self, serum) -> np.ndarray:
        """Active tissue that serum's carriers must see for it to be this high, at rest and without injections, ug."""
        seen = serum / self.people["serum_reference_pmol_l"]
        return REFERENCE_UG * seen ** (1 / self.people["serum_power"]) / self.followers["carriers"][1]

    @cached_property
    def loss(self) -> np.ndarray:
        """Share of the liver's store that is lost for good in a day."""
        return self.people["bile_per_day"] * (1 - bile_reuptake(self.intake_ug, self.people))

    @cached_property
    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates of the slow and the fast exponential, a day."""
        exchange, release = self.people["exchange_per_day"], self.people["release_per_day"]
        total = exchange + release + self.loss
        fast = (total + np.sqrt(total**2 - 4 * exchange * self.loss)) / 2
        return exchange * self.loss / fast, fast  # the product of the two, so that the slow one keeps its digits

    @cached_property
    def ratios(self) -> tuple[np.ndarray, np.ndarray]:
        """Liver over active tissue, in the slow and in the fast exponential."""
        exchange, release = self.people["exchange_per_day"], self.people["release_per_day"]
        left = exchange - self.rates[0]
        return left / release, -exchange / left  # by the product of the two, so that the second keeps its digits

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Of what enters active tissue, the part that joins the slow and the fast exponential; they add up to 1."""
        slow, fast = self.ratios
        return fast / (fast - slow), slow / (slow - fast)

    @cached_property
    def followers(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What follows active tissue: its rate, a day, and how much of it is seen.

        Metformin fills the carriers in serum less, so that serum is lower though tissue is not.
        """
        seen = self.people["carrier_serum_ratio"] ** (1 / self.people["serum_power"])
        return {
            "carriers": (self.people["carrier_lag_per_day"], seen),
            "cells": (self.people["mma_lag_per_day"], np.ones_like(seen)),
        }

    def at_rest(self) -> tuple[np.ndarray, np.ndarray]:
        """Active tissue and liver at which the diet makes up for the loss, ug."""
        liver = self.food / self.loss
        return (self.people["release_per_day"] + self.loss) / self.people["exchange_per_day"] * liver, liver

    def state(self, active: np.ndarray, liver: np.ndarray, **following: np.ndarray) -> State:
        """Describe given amounts in this body's coordinates; what is not given follows a drift of the store."""
        ratio_slow, ratio_fast = self.ratios
        slow = (liver - ratio_fast * active) / (ratio_slow - ratio_fast)
        return State(slow, active - slow, **(self.followed(slow, active - slow) | following))

    def of_store(self, store_ug) -> State:
        """Return the state of somebody whose store has drifted to this size: only the slow part still moves."""
        return self._drifted(store_ug, store_ug)

    def of_carriers(self, carriers) -> State:
        """Return the state of somebody whose store has drifted to where serum's carriers see this much."""
        (lag, seen), rest = self.followers["carriers"], self.shares[0] * self.food / self.rates[0]
        above = (carriers / seen - self._resting_fast - rest) * (lag - self.rates[0]) / lag
        store = (1 + self.ratios[0]) * (rest + above) + (1 + self.ratios[1]) * self._resting_fast
        return self._drifted(store, carriers / seen)

    def _drifted(self, store, least) -> State:
        """Where no store on this diet drifts that low, the liver is empty, and active tissue holds ``least``."""
        (ratio_slow, ratio_fast), fast = self.ratios, self._resting_fast
        slow = (store - (1 + ratio_fast) * fast) / (1 + ratio_slow)
        liver = ratio_slow * slow + ratio_fast * fast
        active = np.where(liver < 0, least, slow + fast)
        following = {
            name: np.where(liver < 0, self.followers[name][1] * least, level)
            for name, level in self.followed(slow, fast).items()
        }
        return self.state(active, np.maximum(liver, 0), **following)

    @property
    def _resting_fast(self) -> np.ndarray:
        return self.shares[1] * self.food / self.rates[1]

    def followed(self, slow: np.ndarray, fast: np.ndarray) -> dict[str, np.ndarray]:
        """Return what follows a drift of the store sees of it: active tissue a little earlier."""
        rest = self.shares[0] * self.food / self.rates[0]
        return {
            name: seen * (fast + rest + (slow - rest) * lag / (lag - self.rates[0]))
            for name, (lag, seen) in self.followers.items()
        }

    def active(self, state: State) -> np.ndarray:
        """Active tissue, ug."""
        return state.slow + state.fast

    def store(self, state: State) -> np.ndarray:
        """All that is in the body: active tissue, liver, and what was injected and kept, ug."""
        ratio_slow, ratio_fast = self.ratios
        return (1 + ratio_slow) * state.slow + (1 + ratio_fast) * state.fast + sum(state.injected.values())


def serum_pmol_l(carriers, injected, people: Mapping[str, np.ndarray]):
    """Serum vitamin B12: on its carriers, and what an injection leaves in the blood besides; pmol/L.

    Examples
    --------
    >>> people = {"serum_reference_pmol_l": 280.0, "serum_power": 0.5, "tail_pmol_l_per_ug": 6.0}
    >>> float(serum_pmol_l(4 * REFERENCE_UG, 10.0, people))
    620.0
    """
    carried = people["serum_reference_pmol_l"] * (np.maximum(carriers, 0) / REFERENCE_UG) ** people["serum_power"]
    return carried + people["tail_pmol_l_per_ug"] * injected


def mma_nmol_l(cells, people: Mapping[str, np.ndarray]):
    """Methylmalonic acid: a part that has nothing to do with the vitamin, and a part that rises as tissue empties.

    Examples
    --------
    >>> people = {"mma_floor_nmol_l": 120.0, "mma_max_nmol_l": 20000.0, "mma_half_ug": 10.0, "mma_power": 2.0}
    >>> float(mma_nmol_l(90.0, people).round(1))
    363.9
    """
    ratio = np.maximum(cells, 0) / people["mma_half_ug"]
    return people["mma_floor_nmol_l"] + people["mma_max_nmol_l"] / (1 + ratio ** people["mma_power"])
