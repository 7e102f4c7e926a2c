"""Curves and virtual patients: what users call to see function come back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_count, check_level, check_range, check_rng, shown
from b12analysis.recovery.course import People, follow, people_like, start_of
from b12analysis.recovery.draws import FITS, SCENARIOS, posterior
from b12analysis.recovery.patients import checked, involvement, symptom_weights
from b12analysis.recovery.regimens import check_regimen

__all__ = ["by_draw", "draw_people", "quantiles", "recovery_curve", "simulate_recovery", "symptoms_of"]

#: Symptoms of which less than this share of the leading deficit is there at the start are not spoken of.
_LEAST = 0.3
#: Most people of all profiles together, and most rows of draws.
_MOST_PEOPLE, _MOST_ROWS = 1_000_000, 50_000_000


def recovery_curve(
    months: Iterable[float], *, lasting: float, half_time_months: float, lag_months: float = 0.0
) -> pd.DataFrame:
    """Share of the deficit that has come back, over time since treatment began.

    recovered(t) = (1 - lasting) * (1 - 2 ** (-(t - lag) / half_time)) for t > lag, else 0

    This is what the model of nerves says of one compartment whose axons do not grow back, once vitamin B12 is no
    longer lacking.

    Parameters
    ----------
    months : array of float, >= 0
        Time since the first dose, months.
    lasting : float in [0, 1]
        Share of the deficit that does not come back.
    half_time_months : float > 0
        Time until half of what comes back has, counted from the lag, months.
    lag_months : float >= 0
        Time before anything comes back, months.

    Returns
    -------
    DataFrame with columns
        month      time since the first dose, months
        recovered  share of the deficit that has come back

    Raises
    ------
    InputError
        If an argument is out of range.

    Source
    ------
    b12analysis (an assumption: myelin comes back at a constant rate).

    Examples
    --------
    >>> recovery_curve([0, 2, 4], lasting=0.2, half_time_months=2)["recovered"].round(3).tolist()
    [0.0, 0.4, 0.6]
    """
    times = np.array(_listed(months, "[0, 6, 12]"), dtype=float)
    check_range("lasting", lasting, 0, 1)
    check_range("lag_months", lag_months, 0)
    check_range("half_time_months", half_time_months, 0)
    if half_time_months == 0:
        raise InputError("half_time_months=0 is out of range; it must be above 0")
    recovered = (1 - lasting) * (1 - 2.0 ** (-np.maximum(times - lag_months, 0) / half_time_months))
    return pd.DataFrame({"month": times, "recovered": recovered})


def simulate_recovery(
    patients: pd.DataFrame,
    months: int | Iterable[float],
    *,
    regimen: str,
    n: int = 1000,
    rng: np.random.Generator | int | None = None,
    scenario: str = "all",
    fit: str = "verified",
    level: float | None = None,
) -> pd.DataFrame:
    """Simulate how much of each symptom's deficit has come back.

    Parameters
    ----------
    patients : DataFrame
        One row per profile. Needed: ``age`` (years), ``duration_months`` (of symptoms before treatment, at least 0.1),
        ``severity`` ("mild", "moderate", "severe") and ``profile`` ("sensory", "motor", "myelopathy", "cognitive").
        Optional: ``patient`` (a label; the index otherwise), ``cause`` ("dietary", "metformin", "ppi",
        "pernicious_anaemia", which is the default, "gastrectomy", "crohn", "nitrous_oxide"), ``romberg``, ``babinski``
        (sign present, boolean) and ``segments`` (spinal segments with a lesion); missing means not known.
    months : int or increasing iterable of float
        The last month of monthly readings, or the months to read, since the first dose; at most 120.
    regimen : str
        A name of :func:`b12analysis.kinetics.regimens`, or "none".
    n : int
        Virtual patients of each profile.
    rng : Generator or int, optional
        Source of randomness; the same seed treats the same people whatever the regimen.
    scenario : {"all", "none", "early", "steady", "late"}
        What delay does to axons; "all" mixes the four in equal parts.
    fit : {"verified", "with_healton"}
        Draws of the parameters from the fit to what was read in print, or with a series recalled from memory besides.
    level : float, optional
        Level of intervals: with it the virtual patients are summarised, without it each is a draw.

    Returns
    -------
    DataFrame with columns
        patient, symptom, month
        and without ``level``
        draw, scenario     0 to n - 1, and the scenario of that draw
        deficit            share of function that is lost, 0 to 1
        recovered          share of the deficit at the first dose that has come back; below 0 where it has grown
        or with ``level``, all of ``recovered``
        estimate, lower, upper      median and interval over virtual patients: what they differ in and what is not known
        median_lower, median_upper  interval of the median patient: what we do not know alone

    Raises
    ------
    InputError
        If a column is missing or a value is not known or out of range.

    Source
    ------
    b12analysis; ``load("recovery_model")`` and ``load("recovery_posterior")``, status assumption throughout; the series
    that it was fitted to stand in ``load("recovery_targets")``.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["moderate"], "profile": ["sensory"]})
    >>> curves = simulate_recovery(someone, [0, 12], regimen="us_cyanocobalamin", n=400, rng=1, level=0.8)
    >>> curves.groupby("month")["estimate"].min().gt(0.4).tolist()
    [False, True]
    """
    months = check_months(months)
    if level is not None:
        check_level(level)
    readings = len(months) if level is None else 0
    people = draw_people(patients, n, rng, scenario=scenario, fit=fit, regimen=regimen, readings=readings)
    weights = symptom_weights()[people.compartments]
    courses, start = follow(people, months, regimen, weights=weights), start_of(people, weights)

    def one(place: int, name: str) -> pd.DataFrame:
        row, of = weights.index.get_loc(name), slice(place * n, (place + 1) * n)
        course, first = courses[row, :, of], start[row, of]
        if level is None:
            columns = _draws(course, first, people, of, months)
        else:
            columns = _summary(course, first, people, months, level)
        length = len(next(iter(columns.values())))
        label = people.patients["patient"].iloc[place]
        return pd.DataFrame({"patient": [label] * length, "symptom": name} | columns)

    wanted = [
        (place, name) for place, profile in enumerate(people.patients["profile"]) for name in symptoms_of(profile)
    ]
    with ThreadPoolExecutor(2) as pool:
        return pd.concat(pool.map(one, *zip(*wanted, strict=True)), ignore_index=True)


def check_months(months) -> list[float]:
    """Months to read, since the first dose: checked, with a whole number meaning each until then."""
    if isinstance(months, int | np.integer) and not isinstance(months, bool):
        check_range("months", int(months), 1, 120)
        return [float(month) for month in range(int(months) + 1)]
    times = _listed(months, "24 or [0, 6, 12]", 120)
    if not times:
        raise InputError("months is empty; name at least one month")
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise InputError(f"months={shown(times)} do not increase; list each once, the earliest first")
    return times


def _listed(months, such_as: str, latest: float | None = None) -> list[float]:
    """Months of a list, each checked."""
    if isinstance(months, str | bytes) or not np.iterable(months):
        raise InputError(f"months={shown(months)} is no list of months; give {such_as}")
    times = list(months)
    for month in times:
        check_range("months", month, 0, latest)
    return [float(month) for month in times]


def draw_people(
    patients: pd.DataFrame, n: int, rng, *, scenario: str, fit: str, regimen: str, readings: int = 0
) -> People:
    """Check what all simulations are given, with the months that each person is read at, and draw their people."""
    check_count("n", n)
    check_rng(rng)
    check_choice("scenario", scenario, ["all", *SCENARIOS])
    check_choice("fit", fit, FITS)
    check_regimen(regimen)
    table = checked(patients)
    if n * len(table) > _MOST_PEOPLE:
        raise InputError(f"n={n} of each of {len(table)} patients are too many; at most {_MOST_PEOPLE:,} people fit")
    rows = n * readings * sum(len(symptoms_of(profile)) for profile in table["profile"])
    if rows > _MOST_ROWS:
        raise InputError(
            f"n={n}, {len(table)} patients and {readings} months make {rows:,} rows; at most {_MOST_ROWS:,} fit: "
            "take fewer, or give level= for a summary"
        )
    return people_like(table, posterior(scenario, fit), n, rng)


def symptoms_of(profile: str) -> list[str]:
    """Symptoms that belong to a profile, the one with the greatest deficit first.

    Examples
    --------
    >>> symptoms_of("cognitive")
    ['memory', 'tingling']
    """
    deficits = symptom_weights() @ involvement().loc[profile]
    return deficits[deficits >= _LEAST - 1e-9].sort_values(ascending=False, kind="stable").index.tolist()


def _draws(course: np.ndarray, start: np.ndarray, people: People, of: slice, months: list[float]) -> dict[str, Any]:
    n = course.shape[1]
    return {
        "draw": np.repeat(np.arange(n), len(months)),
        "scenario": np.repeat(people.drawn("scenario", of), len(months)),
        "month": np.tile(months, n),
        "deficit": course.T.ravel(),
        "recovered": (1 - course / start).T.ravel(),
    }


def _summary(
    course: np.ndarray, start: np.ndarray, people: People, months: list[float], level: float
) -> dict[str, Any]:
    tail = (1 - level) / 2
    recovered = 1 - course / start.astype(course.dtype)
    lower, estimate, upper = quantiles(recovered, [tail, 0.5, 1 - tail])
    (middle,) = quantiles(by_draw(recovered, people).swapaxes(1, 2), [0.5])  # of those who share a draw
    median_lower, median_upper = quantiles(middle, [tail, 1 - tail])
    return {
        "month": months,
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "median_lower": median_lower,
        "median_upper": median_upper,
    }


def quantiles(values: np.ndarray, shares: list[float]) -> list[np.ndarray]:
    """Quantiles over the last axis, as numpy has them; one sort is several times as fast as its own way.

    Examples
    --------
    >>> [float(value) for value in quantiles(np.array([3.0, 1.0, 2.0, 5.0]), [0.0, 0.5, 0.9])]
    [1.0, 2.5, 4.4]
    """
    ordered = np.sort(values, axis=-1)
    last = values.shape[-1] - 1

    def at(share: float) -> np.ndarray:
        below = int(share * last)
        low, high = ordered[..., below].astype(float), ordered[..., min(below + 1, last)]
        return low + (share * last - below) * (high - low)

    return [at(share) for share in shares]


def by_draw(values: np.ndarray, people: People) -> np.ndarray:
    """Reshape values of one profile's people, (..., n), to (..., people of a draw, draws of the parameters)."""
    full = people.n // people.used * people.used
    return values[..., :full].reshape(*values.shape[:-1], -1, people.used)
