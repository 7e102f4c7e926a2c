"""How long nerves go on lacking vitamin B12 once treatment has begun: the signal, from the model of the body.

Of each cause and regimen a panel of virtual bodies is followed once; the people whose nerves are simulated take theirs
from it. The signal is 1 where a person fell ill and falls with the logarithm of what cells see of active tissue, to 0
at the level where the lack no longer hurts; nerves are moved by its mean over each step, as tissue rises and falls
with every injection. Nitrous oxide spoils the vitamin at work, whatever the store: there the
signal falls as what was spoilt is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from b12analysis.evidence import load, recorded, sha256
from b12analysis.kinetics.body import Body
from b12analysis.kinetics.course import follow, start
from b12analysis.kinetics.parameters import virtual_people
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.simulation import doses_of

__all__ = ["BODIES", "DAYS_A_MONTH", "Panel", "gas_signal", "is_gas", "mean_signal", "mesh", "panel", "seen", "signal"]

DAYS_A_MONTH = 365.25 / 12
#: Virtual bodies that are followed for each cause and regimen.
BODIES = 200
#: Tables that they come from.
_TABLES = ("recovery_causes", "kinetics_model", "kinetics_correlations", "regimens")
#: Age of these bodies: it matters to methylmalonic acid alone.
_AGE = 60
#: Levels, on the logarithm of ug, between which how far a body is below them is taken to be straight.
_LEVELS = np.arange(np.log(5), np.log(1500), 0.1)
#: Days that are all looked at; later every second is: injections make tissue rise and fall.
_DAILY = 32
#: Steps in the first month, days: it is then that the signal falls.
_FIRST = (0, 1, 2, 4, 7, 10, 14, 21)


def mesh(months: Sequence[float]) -> np.ndarray:
    """Months at which the signal is read: days at first, then every month, and the months asked for.

    Examples
    --------
    >>> mesh([0, 2.5]).round(2).tolist()
    [0.0, 0.03, 0.07, 0.13, 0.23, 0.33, 0.46, 0.69, 1.0, 2.0, 2.5]
    """
    last = max(months)
    points = {*(day / DAYS_A_MONTH for day in _FIRST), *map(float, range(1, int(last) + 1)), *map(float, months)}
    return np.array(sorted(point for point in points if point <= last))


def seen(cause: str, serum: float, regimen: str, months: Sequence[float], seed: int) -> np.ndarray:
    """Active tissue that cells see, on the logarithm, of a panel of bodies that start at this serum (pmol/L).

    Of shape (months, bodies).
    """
    person, body = _ill(cause, serum, seed, *map(sha256, _TABLES))
    days = [month * DAYS_A_MONTH for month in months]
    state, _ = follow(body, start(person, body), doses_of(regimen, days[-1]), days)
    return np.log(np.maximum(state.cells, 1e-3))


@lru_cache(maxsize=16)
def _ill(cause: str, serum: float, seed: int, *hashes: str) -> tuple[dict[str, Any], Body]:
    """Who falls ill, and the panel of their bodies, whatever is done to them; anew when a file has changed."""
    (row,) = load("recovery_causes").query("cause == @cause").to_dict("records")
    person = check_person(
        {
            "age": _AGE,
            "absorption": row["absorption"],
            "intake_ug": float(row["intake_ug"]),
            "start_serum_pmol_l": serum,
        }
    )
    return person, Body.of(person, virtual_people(person, BODIES, rng=seed))


@dataclass(frozen=True)
class Panel:
    """How far bodies are below what nerves need, on the logarithm.

    Attributes
    ----------
    start : array of shape (bodies,)
        What cells see where people fell ill.
    below : array of shape (steps, bodies, levels)
        Mean over a step of how far cells are below each of a row of levels, and no further than at the start.
    """

    start: np.ndarray
    below: np.ndarray

    @classmethod
    def empty(cls, steps: int) -> Panel:
        """Return bodies that lack nothing."""
        return cls(np.full(BODIES, np.inf), np.zeros((steps, BODIES, len(_LEVELS)), dtype=np.float32))


def panel(cause: str, serum: float, regimen: str, months: tuple[float, ...], seed: int) -> Panel:
    """Follow a panel of bodies from day to day; steps are between these months."""
    recorded.update({name: sha256(name) for name in _TABLES})  # what a report is made from, kept panels or not
    return _panel(cause, serum, regimen, months, seed, *map(sha256, _TABLES))


@lru_cache(maxsize=32)
def _panel(cause: str, serum: float, regimen: str, months: tuple[float, ...], seed: int, *hashes: str) -> Panel:
    """Follow the bodies; anew when a file has changed."""
    last = int(np.ceil(months[-1] * DAYS_A_MONTH)) + 1
    days = np.array([*range(min(_DAILY, last)), *range(_DAILY, last, 2), last + 1], dtype=float)
    levels = seen(cause, serum, regimen, days / DAYS_A_MONTH, seed)
    return Panel(levels[0], _mean_below(np.maximum(levels, levels[0]), days, np.array(months) * DAYS_A_MONTH))


def _mean_below(levels: np.ndarray, days: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Mean between two points of how far levels, read on these days, are below each of the row of levels."""
    after = np.clip(np.searchsorted(days, points, side="right") - 1, 0, len(days) - 2)
    part = ((points - days[after]) / (days[after + 1] - days[after]))[:, None]
    below = np.zeros((len(points) - 1, levels.shape[1], len(_LEVELS)), dtype=np.float32)
    total = np.zeros_like(levels)
    for number in np.flatnonzero(levels.min() < _LEVELS):
        lack = np.maximum(_LEVELS[number] - levels, 0.0)
        np.cumsum((lack[1:] + lack[:-1]) / 2 * np.diff(days)[:, None], axis=0, out=total[1:])
        until = total[after] * (1 - part) + total[after + 1] * part
        below[:, :, number] = np.diff(until, axis=0) / np.diff(points)[:, None]
    return below


def mean_signal(panel: Panel, body: np.ndarray, none: np.ndarray) -> np.ndarray:
    """Mean signal over each step, of shape (steps, n), of people who have these bodies and levels without a signal."""
    place = np.clip((none - _LEVELS[0]) / (_LEVELS[1] - _LEVELS[0]), 0, len(_LEVELS) - 1.001)
    low = place.astype(int)
    part, at = (place - low).astype(np.float32), body * len(_LEVELS) + low
    flat = panel.below.reshape(len(panel.below), panel.start.size * len(_LEVELS))
    below, above = np.take(flat, at, axis=1), np.take(flat, at + 1, axis=1)
    lack = none - panel.start[body]
    share = np.divide(1.0, lack, out=np.zeros_like(lack), where=lack > 0)  # who lacks nothing has no signal
    return np.clip((below + (above - below) * part) * share.astype(np.float32), 0.0, 1.0)


def gas_signal(rate: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Mean signal over each step between these months, of shape (steps, n), where it falls at this rate a month."""
    left = np.exp(-np.outer(months, rate))
    return (left[:-1] - left[1:]) / np.outer(np.diff(months), rate)


def is_gas(cause: str) -> bool:
    """Whether a cause acts on the signal itself, not on the store."""
    return load("recovery_causes").set_index("cause").loc[cause, "signal"] == "gas"


def signal(levels: np.ndarray, none: np.ndarray) -> np.ndarray:
    """Signal from what cells see, and the level at which there is none; both on the logarithm.

    Parameters
    ----------
    levels : array of shape (times, n)
        The first is where people fell ill.
    none : array of shape (n,)

    Examples
    --------
    Half of the way, on the logarithm, half of the signal is left:

    >>> signal(np.log([[20.0], [40.0], [80.0], [10.0]]), np.log([80.0])).round(3).ravel().tolist()
    [1.0, 0.5, 0.0, 1.0]
    """
    lack = none - levels[0]
    share = np.divide(1.0, lack, out=np.zeros_like(lack), where=lack > 0)  # who lacks nothing has no signal
    return np.clip((none - levels) * share, 0.0, 1.0)
