"""How long nerves go on lacking vitamin B12 once treatment has begun: the signal, from the model of the body.

Of each cause and regimen a panel of virtual bodies is followed once; the people whose nerves are simulated take theirs
from it. The signal is 1 where a person fell ill and falls with the logarithm of what cells see of active tissue, to 0
at the level where the lack no longer hurts. Nitrous oxide spoils the vitamin at work, whatever the store: there the
signal falls as what was spoilt is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from b12analysis.evidence import load, recorded, sha256
from b12analysis.kinetics.body import Body
from b12analysis.kinetics.course import follow, start
from b12analysis.kinetics.parameters import virtual_people
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.simulation import doses_of

__all__ = ["BODIES", "DAYS_A_MONTH", "mesh", "seen", "signal"]

DAYS_A_MONTH = 365.25 / 12
#: Virtual bodies that are followed for each cause and regimen.
BODIES = 200
#: Tables that they come from.
_TABLES = ("recovery_causes", "kinetics_model", "kinetics_correlations", "regimens")
#: Age of these bodies: it matters to methylmalonic acid alone.
_AGE = 60
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


def seen(cause: str, serum: float, regimen: str, months: tuple[float, ...], seed: int) -> np.ndarray:
    """Active tissue that cells see, on the logarithm, of a panel of bodies that start at this serum (pmol/L).

    Of shape (months, bodies).
    """
    recorded.update({name: sha256(name) for name in _TABLES})  # what a report is made from, kept panels or not
    return _seen(cause, serum, regimen, months, seed, *map(sha256, _TABLES))


@lru_cache(maxsize=64)
def _seen(cause: str, serum: float, regimen: str, months: tuple[float, ...], seed: int, *hashes: str) -> np.ndarray:
    """Follow the bodies; anew when a file has changed."""
    (row,) = load("recovery_causes").query("cause == @cause").to_dict("records")
    person = check_person(
        {
            "age": _AGE,
            "absorption": row["absorption"],
            "intake_ug": float(row["intake_ug"]),
            "start_serum_pmol_l": serum,
        }
    )
    people = virtual_people(person, BODIES, rng=seed)
    body = Body.of(person, people)
    days = [month * DAYS_A_MONTH for month in months]
    state, _ = follow(body, start(person, body), doses_of(regimen, days[-1]), days)
    return np.log(np.maximum(state.cells, 1e-3))


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
