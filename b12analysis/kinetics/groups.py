"""Groups of virtual people as a study had them, for many draws of the parameters at once.

A *draw* is one value for each row of ``kinetics_model``. Every draw meets the same people: how they differ is spread
evenly over its distribution once (a Sobol sequence), so that two draws differ by their parameters alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from b12analysis.kinetics.body import Body, State
from b12analysis.kinetics.course import course, start
from b12analysis.kinetics.parameters import FLOOR_AGE, rows_for
from b12analysis.kinetics.spread import among_people

__all__ = ["PEOPLE", "Group", "Varying", "even_normal", "varying"]

#: Virtual people in a group; a power of 2, as a Sobol sequence wants it.
PEOPLE = 128


@cache
def even_normal(n: int, dimensions: int) -> np.ndarray:
    """Return n points spread evenly over independent standard normal distributions."""
    from scipy.special import ndtri
    from scipy.stats.qmc import Sobol

    return ndtri(Sobol(dimensions, scramble=True, rng=np.random.default_rng(20)).random(n))


class Varying(NamedTuple):
    """One parameter of a group: the row of the model that holds for it, and how people differ in it."""

    parameter: str
    id: str
    distribution: str
    away: np.ndarray | float


def varying(model: pd.DataFrame, absorption: str, n: int = PEOPLE) -> list[Varying]:
    """Choose the rows of the model that hold for a state of absorption, with the differences of n people."""
    rows = rows_for(model, absorption)
    well = rows_for(model, "normal").query("parameter == 'food_release'").assign(parameter="food_release_before")
    differing = sorted(model.loc[model["between_sd"].notna(), "parameter"].unique())
    noise = dict(zip(differing, even_normal(n, len(differing)).T, strict=True))
    noise["food_release_before"] = noise.get("food_release", np.zeros(n))
    return [
        Varying(row.parameter, row.id, row.distribution, _away(row, noise))
        for row in pd.concat([rows, well]).itertuples()
    ]


def _away(row, noise: Mapping[str, np.ndarray]) -> np.ndarray | float:
    return 0.0 if pd.isna(row.between_sd) else float(row.between_sd) * noise[row.parameter]


class Group:
    """Virtual people of a study under each draw.

    Parameters
    ----------
    person : mapping
        As :func:`b12analysis.kinetics.check_person` returns it.
    draws : DataFrame
        A row per draw, a column per id of the model.
    parameters : list
        As of :func:`varying`.
    n : int
        Virtual people.
    """

    def __init__(
        self, person: Mapping[str, Any], draws: pd.DataFrame, parameters: list[Varying], n: int = PEOPLE
    ) -> None:
        self.person, self.shape = dict(person), (len(draws), n)
        columns = {}
        for name, row, distribution, away in parameters:
            everybody = np.broadcast_to(draws[row].to_numpy()[:, None], self.shape)
            columns[name] = (everybody if np.ndim(away) == 0 else among_people(everybody, distribution, away)).ravel()
        older = np.exp(columns.pop("mma_floor_per_decade") * (person["age"] - FLOOR_AGE) / 10)
        columns["mma_floor_nmol_l"] = columns["mma_floor_nmol_l"] * older
        self.people = pd.DataFrame(columns)

    def __getitem__(self, parameter: str) -> np.ndarray:
        """One parameter, of shape (draws, people)."""
        return self.people[parameter].to_numpy().reshape(self.shape)

    def columns(self) -> dict[str, np.ndarray]:
        """All parameters as flat arrays."""
        return {name: self.people[name].to_numpy() for name in self.people}

    def body(self) -> Body:
        """Rates on their diet."""
        return Body.of(self.person, self.people)

    def start(self) -> tuple[Body, State]:
        """Their body, and its state on day 0."""
        body = self.body()
        return body, start(self.person, body)

    def follow(self, doses, days) -> dict[str, np.ndarray]:
        """Their course, each of shape (draws, people, days)."""
        found = course(self.person, self.people, doses, days)
        return {name: values.reshape(*self.shape, -1) for name, values in found.items()}
