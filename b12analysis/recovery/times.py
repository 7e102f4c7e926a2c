"""When function comes back, and what the spread of a fan is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import check_count, check_level, check_range, check_rng
from b12analysis.recovery.course import follow, people_like, start_of
from b12analysis.recovery.draws import SCENARIOS, seed_of
from b12analysis.recovery.patients import symptom_weights
from b12analysis.recovery.simulation import by_draw, draw_people, symptoms_of

__all__ = ["recovery_spread", "recovery_times"]

#: Every week for half a year, then every month.
_WEEKS = np.arange(0, 27) * 12 / 52
#: Share of the recovery seen by the last month that makes a plateau.
_PLATEAU = 0.9
#: Fewest people of a profile among whom some share a draw of the parameters, so that people can differ within it.
_FEWEST = 64


def recovery_times(
    patients: pd.DataFrame,
    *,
    regimen: str,
    months: int = 24,
    n: int = 2000,
    rng: np.random.Generator | int | None = None,
    scenario: str = "all",
    fit: str = "verified",
    level: float = 0.8,
) -> pd.DataFrame:
    """Months to the first response and to the plateau, by symptom.

    Parameters
    ----------
    patients, regimen, n, rng, scenario, fit
        As of :func:`simulate_recovery`.
    months : int
        How far ahead times are looked for, months; 1 to 120.
    level : float
        Level of the interval between virtual patients.

    Returns
    -------
    DataFrame with columns
        patient, symptom
        event     "first_response" (the least share of the deficit that is called an improvement is gone: the parameter
                  ``response_share``) or "plateau" (nine tenths of what comes back within ``months`` has)
        estimate, lower, upper   months since the first dose, of the patients who respond
        never     share of patients who do not respond within ``months``

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["sensory"]})
    >>> times = recovery_times(someone, regimen="us_cyanocobalamin", n=400, rng=1).query("symptom == 'tingling'")
    >>> times["estimate"].is_monotonic_increasing, times["event"].tolist()
    (True, ['first_response', 'plateau'])
    """
    check_level(level)
    check_count("months", months)
    check_range("months", months, 1, 120)
    points = np.unique(np.append(_WEEKS[months > _WEEKS], np.arange(1, int(months) + 1)).astype(float))
    people = draw_people(patients, n, rng, scenario=scenario, fit=fit, regimen=regimen)
    weights = symptom_weights()[people.compartments]
    courses, start = follow(people, points, regimen, weights=weights), start_of(people, weights)
    tail, rows = (1 - level) / 2, []
    for place, label in enumerate(people.patients["patient"]):
        of = slice(place * n, (place + 1) * n)
        least = people.drawn("response_share", of)
        for name in symptoms_of(people.patients["profile"].iloc[place]):
            row = weights.index.get_loc(name)
            gone = 1 - courses[row, :, of] / start[row, of]
            responds = gone.max(axis=0) >= least
            for event, mark in {"first_response": least, "plateau": _PLATEAU * gone.max(axis=0)}.items():
                when = _first(points, gone, mark)[responds]
                lower, middle, upper = np.quantile(when, [tail, 0.5, 1 - tail]) if responds.any() else [np.nan] * 3
                rows.append(
                    {"patient": label, "symptom": name, "event": event, "estimate": middle, "lower": lower}
                    | {"upper": upper, "never": float(1 - responds.mean())}
                )
    return pd.DataFrame(rows)


def _first(points: np.ndarray, values: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """When each course (column) first reaches its mark, on the line between two readings; it must reach it."""
    after = np.maximum((values >= mark).argmax(axis=0), 1)
    who = np.arange(values.shape[1])
    low, high = values[after - 1, who], values[after, who]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(high > low, (mark - low) / (high - low), 1.0)
    return points[after - 1] + np.clip(part, 0, 1) * (points[after] - points[after - 1])


def recovery_spread(
    patients: pd.DataFrame,
    *,
    regimen: str,
    month: float = 6,
    n: int = 10_000,
    rng: np.random.Generator | int | None = None,
    fit: str = "verified",
) -> pd.DataFrame:
    """Tell what the spread of each symptom's recovery is made of.

    The variance of the share that has come back, divided among how people of one series differ, how series of patients
    do, what is not known of the parameters, and which scenario holds. More studies would lessen the last two alone.

    Parameters
    ----------
    patients, regimen, rng, fit
        As of :func:`simulate_recovery`.
    n : int
        Virtual patients of each profile, at least 64.
    month : float
        When, months since the first dose; above 0, at most 120.

    Returns
    -------
    DataFrame with columns
        patient, symptom
        part    "people", "series", "parameters" or "scenario"
        share   of the variance; the four add up to 1

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["mild"], "profile": ["cognitive"]})
    >>> parts = recovery_spread(someone, regimen="us_cyanocobalamin", n=2000, rng=1)
    >>> parts.groupby("symptom")["share"].sum().round(6).tolist()
    [1.0, 1.0]
    """
    check_range("month", month, 1 / 30, 120)
    check_count("n", n)
    check_range("n", n, _FEWEST)
    check_rng(rng)
    seed = rng if isinstance(rng, int | np.integer) else seed_of(rng)  # drawn from twice
    people = draw_people(patients, n, seed, scenario="all", fit=fit, regimen=regimen)
    # the same people once more, as if no series differed from another
    usual = people.draws.assign(**dict.fromkeys(["vulnerability another", "pace another"], 0.0))
    alike = people_like(people.patients, usual, n, seed)
    weights = symptom_weights()[people.compartments]
    start = start_of(people, weights)
    left = [follow(who, [float(month)], regimen, weights=weights)[:, 0] for who in (people, alike)]
    rows = []
    for place, label in enumerate(people.patients["patient"]):
        of = slice(place * n, (place + 1) * n)
        scenario = by_draw(people.drawn("scenario", of), people)[0]
        for name in symptoms_of(people.patients["profile"].iloc[place]):
            row = weights.index.get_loc(name)
            gone = [by_draw(1 - deficit[row, of] / start[row, of], people) for deficit in left]
            parts, usual_parts = (_variances(values, scenario) for values in gone)
            known = min(usual_parts["parameters"], parts["parameters"])
            parts = {"people": parts["people"], "series": parts["parameters"] - known} | parts | {"parameters": known}
            total = sum(parts.values())
            rows += [
                {"patient": label, "symptom": name, "part": part, "share": value / total}
                for part, value in parts.items()
            ]
    return pd.DataFrame(rows)


def _variances(values: np.ndarray, scenario: np.ndarray) -> dict[str, float]:
    """Variance between people of a draw (rows), between draws (columns) of a scenario, and between scenarios.

    A mean over few people, or few draws, varies by chance; that part is taken off where it would be counted again. The
    scenarios are no sample: they are all there are.
    """
    each = len(values)
    people = float(values.var(axis=0, ddof=1).mean()) if each > 1 else 0.0
    means = values.mean(axis=0)
    by = [means[scenario == name] for name in SCENARIOS if (scenario == name).any()]
    draws = float(np.mean([group.var(ddof=1) for group in by]))
    chance = (1 - 1 / len(by)) * draws / np.mean([len(group) for group in by])
    between = float(np.var([group.mean() for group in by]) - chance)
    return {"people": people, "parameters": max(draws - people / each, 0.0), "scenario": max(between, 0.0)}
