"""How many of 100 people like these recover: outcomes, what a delay costs, and regimens side by side.

Shares of groups, never one person's chance. The interval says how far what is not known reaches: parameters, how
series of patients differ, and what delay does to axons.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_level, check_range, shown
from b12analysis.recovery.counting import OUTCOMES, counted, overall
from b12analysis.recovery.course import People, signal_left
from b12analysis.recovery.draws import SCENARIOS
from b12analysis.recovery.patients import checked
from b12analysis.recovery.regimens import check_regimen
from b12analysis.recovery.simulation import by_draw, draw_people

__all__ = ["OUTCOMES", "compare_recovery", "cost_of_delay", "cost_of_masking", "recovery_outcomes"]


def recovery_outcomes(
    patients: pd.DataFrame,
    regimen: str,
    *,
    months: float = 24,
    n: int = 10_000,
    rng: np.random.Generator | int | None = None,
    scenario: str = "all",
    fit: str = "verified",
    level: float = 0.95,
) -> pd.DataFrame:
    """Share of people like these who recover completely, by half or more, or less.

    Parameters
    ----------
    patients : DataFrame
        Profiles, as of :func:`simulate_recovery`.
    regimen : str
        A name of :func:`b12analysis.kinetics.regimens`, or "none".
    months : float
        When outcomes are counted, months since the first dose; at most 120.
    n : int
        Virtual patients of each profile.
    rng, scenario, fit
        As of :func:`simulate_recovery`.
    level : float
        Level of the interval.

    Returns
    -------
    DataFrame with columns
        patient   label of the profile
        outcome   "complete" (what is left is not noticed), "half" (at least half of the deficit is gone, not all) or
                  "lasting" (less than half is gone); each person has one of the three
        estimate, lower, upper    share of people: mean over what is not known, and its interval

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Source
    ------
    As of :func:`simulate_recovery`.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["sensory"]})
    >>> shares = recovery_outcomes(someone, "us_cyanocobalamin", n=2000, rng=1)
    >>> shares["outcome"].tolist(), float(shares["estimate"].sum().round(6))
    (['complete', 'half', 'lasting'], 1.0)
    """
    check_level(level)
    check_range("months", months, 0, 120)
    people = draw_people(patients, n, rng, scenario=scenario, fit=fit, regimen=regimen)
    after = overall(people, [float(months)], regimen)[0]
    reached = {what: counted(what, people.level, after, people) for what in OUTCOMES}
    rows = []
    for place, label in enumerate(people.patients["patient"]):
        of = slice(place * n, (place + 1) * n)
        for what in OUTCOMES:
            rows.append({"patient": label, "outcome": what} | _estimate(_share(reached[what][of], people), level))
    return pd.DataFrame(rows)


def cost_of_delay(
    patients: pd.DataFrame,
    regimen: str,
    waits: Iterable[float] = (0, 1, 3, 6, 12),
    *,
    months: float = 24,
    n: int = 4_000,
    rng: np.random.Generator | int | None = None,
    fit: str = "verified",
    level: float = 0.95,
) -> pd.DataFrame:
    """Tell what it costs the same people to be treated later, under each scenario that fits the data as well.

    The same virtual people, with the same parameters, go on without treatment for so many months; then they are
    treated, and counted so many months after their first dose. Half is half of what they have now.

    Parameters
    ----------
    patients : DataFrame
        Profiles, as of :func:`simulate_recovery`; their ``duration_months`` is until now.
    regimen : str
        A name of :func:`b12analysis.kinetics.regimens`.
    waits : iterable of float
        Months that treatment comes later, 0 to 120; each is listed once, the shortest first. Now (0) is what they are
        compared with, asked for or not.
    months : float
        When outcomes are counted, months since the first dose; at most 120.
    n : int
        Virtual patients of each profile and scenario.
    rng, fit, level
        As of :func:`recovery_outcomes`.

    Returns
    -------
    DataFrame with columns
        patient      label of the profile
        scenario     "none", "early", "steady", "late"
        outcome      "complete" or "at_least_half" (of the present deficit, those who recover completely among them)
        wait_months  as asked for
        estimate, lower, upper              share of people
        change, change_lower, change_upper  that share less the share of the same people treated now

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["sensory"]})
    >>> costs = cost_of_delay(someone, "us_cyanocobalamin", [0, 12], n=1000, rng=1).query("outcome == 'complete'")
    >>> costs.query("wait_months == 12").set_index("scenario")["change"].lt(0).to_dict()
    {'none': False, 'early': True, 'steady': True, 'late': True}
    """
    check_level(level)
    check_range("months", months, 0, 120)
    waits = check_waits(waits)
    rows = []
    for scenario in SCENARIOS:
        people = draw_people(patients, n, rng, scenario=scenario, fit=fit, regimen=regimen)
        after = {wait: overall(people, [float(months)], regimen, wait=wait)[0] for wait in {0.0, *waits}}
        for place, label in enumerate(people.patients["patient"]):
            of = slice(place * n, (place + 1) * n)
            for outcome in ("complete", "at_least_half"):
                shares = {
                    wait: _share(counted(outcome, people.level, left, people)[of], people)
                    for wait, left in after.items()
                }
                for wait in waits:
                    change = _estimate(shares[wait] - shares[0.0], level)
                    rows.append(
                        {"patient": label, "scenario": scenario, "outcome": outcome, "wait_months": wait}
                        | _estimate(shares[wait], level)
                        | {
                            "change": change["estimate"],
                            "change_lower": change["lower"],
                            "change_upper": change["upper"],
                        }
                    )
    return pd.DataFrame(rows)


def cost_of_masking(
    patients: pd.DataFrame,
    regimen: str,
    waits: Iterable[float] = (3, 6, 12),
    *,
    anaemic: float,
    months: float = 24,
    n: int = 4_000,
    rng: np.random.Generator | int | None = None,
    fit: str = "verified",
    level: float = 0.95,
) -> pd.DataFrame:
    """Tell what it costs if folic acid corrects the anaemia that would have led to treatment now.

    Of people like these, the share ``anaemic`` would be found by their anaemia. With folic acid they are not, and are
    treated so many months later, when their nerves have led somebody to it; the others are found as before. A
    scenario: how much later nobody has measured.

    Parameters
    ----------
    patients, regimen, waits, months, n, rng, fit, level
        As of :func:`cost_of_delay`.
    anaemic : float in [0, 1]
        Share who would be found by anaemia or large red cells.

    Returns
    -------
    DataFrame with columns
        patient, scenario, outcome, wait_months
        change, change_lower, change_upper    of the share of all people with this outcome

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["sensory"]})
    >>> table = cost_of_masking(someone, "us_cyanocobalamin", [12], anaemic=0.7, n=1000, rng=1)
    >>> table.query("scenario == 'none'")["change"].tolist()  # where waiting costs nothing, hiding does not
    [0.0, 0.0]
    """
    check_range("anaemic", anaemic, 0, 1)
    costs = cost_of_delay(patients, regimen, waits, months=months, n=n, rng=rng, fit=fit, level=level)
    changes = ["change", "change_lower", "change_upper"]
    return costs[["patient", "scenario", "outcome", "wait_months"]].join(anaemic * costs[changes])


def check_waits(waits) -> list[float]:
    """Check months of waiting: a list of them, each once."""
    if isinstance(waits, str) or not np.iterable(waits):
        raise InputError(f"waits={shown(waits)} is no list of months; give one such as [0, 3, 12]")
    listed = list(waits)
    if not listed:
        raise InputError("waits is empty; name at least one month of delay")
    for wait in listed:
        check_range("waits", wait, 0, 120)
    return sorted({float(wait) for wait in listed})


def compare_recovery(
    patients: pd.DataFrame,
    regimens: Iterable[str],
    *,
    months: float = 24,
    n: int = 4_000,
    rng: np.random.Generator | int | None = None,
    scenario: str = "all",
    fit: str = "verified",
    level: float = 0.95,
) -> pd.DataFrame:
    """Give the same virtual people different regimens.

    A consequence of the model, not of a trial: none has compared regimens by what became of nerves. Regimens stay in
    the order in which they are named.

    Parameters
    ----------
    patients : DataFrame
        One profile, as of :func:`simulate_recovery`.
    regimens : iterable of str
        Names of :func:`b12analysis.kinetics.regimens`, or "none"; the others are compared with the first.
    months, n, rng, scenario, fit, level
        As of :func:`recovery_outcomes`.

    Returns
    -------
    DataFrame with columns
        regimen
        outcome     "complete", "half" or "lasting", as of :func:`recovery_outcomes`
        estimate, lower, upper                          share of people
        difference, difference_lower, difference_upper  that share less the share of the same people on the first
        lack_ended  share of people whose nerves lack no vitamin B12 any more at the end of ``months``

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["sensory"]})
    >>> table = compare_recovery(someone, ["us_cyanocobalamin", "none"], n=1000, rng=1).query("outcome == 'complete'")
    >>> bool(table["difference"].iloc[1] < -0.2)
    True
    """
    check_level(level)
    check_range("months", months, 0.1, 120)
    if isinstance(regimens, str) or not np.iterable(regimens):
        raise InputError(f"regimens={shown(regimens)} is no list of regimens; give one such as ['us_cyanocobalamin']")
    names = list(regimens)
    if not names:
        raise InputError("regimens is empty; name at least one")
    for name in names:
        check_regimen(name, "regimens")
    if len(checked(patients)) != 1:
        raise InputError(f"patients has {len(patients)} rows; regimens are compared for one profile")
    people = draw_people(patients, n, rng, scenario=scenario, fit=fit, regimen=names[0])
    rows, first = [], {}
    for name in names:
        after = overall(people, [float(months)], name)[0]
        ended = float((signal_left(people, float(months), name) < _ENDED).mean())
        for what in OUTCOMES:
            share = _share(counted(what, people.level, after, people), people)
            difference = _estimate(share - first.setdefault(what, share), level)
            rows.append(
                {"regimen": name, "outcome": what}
                | _estimate(share, level)
                | {f"difference{end}": difference[key] for end, key in _ENDS.items()}
                | {"lack_ended": ended}
            )
    return pd.DataFrame(rows)


#: Signal that is as good as none.
_ENDED = 0.01
_ENDS = {"": "estimate", "_lower": "lower", "_upper": "upper"}


def _share(reached: np.ndarray, people: People) -> np.ndarray:
    """Share of the people of one profile, for each draw of the parameters."""
    return by_draw(reached, people).mean(axis=0)


def _estimate(shares: np.ndarray, level: float) -> dict[str, float]:
    tail = (1 - level) / 2
    lower, upper = np.quantile(shares, [tail, 1 - tail])
    return {"estimate": float(shares.mean()), "lower": float(lower), "upper": float(upper)}
