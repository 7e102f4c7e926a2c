"""Curves, simulated patients, and the share who recover wholly: what users call."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_count, check_level, check_range
from b12analysis.evidence import load
from b12analysis.recovery.model import (
    DELAYS,
    PROFILES,
    draw_parameters,
    labels,
    lasting_part,
    log_exposure,
    people_of,
    recovered,
    unresponsive,
)

__all__ = ["complete_recovery", "delay_scenarios", "patient", "recovery_curve", "simulate_recovery"]


def recovery_curve(
    months: Iterable[float], *, lasting: float, half_time_months: float, lag_months: float = 0.0
) -> pd.DataFrame:
    """Share of the deficit that has come back, over time since treatment began.

    recovered(t) = (1 - lasting) * (1 - 2 ** (-(t - lag) / half_time)) for t > lag, else 0

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
    b12analysis (an assumption: the smallest curve that rises at once and levels off below 1).

    Examples
    --------
    >>> recovery_curve([0, 2, 4], lasting=0.2, half_time_months=2)["recovered"].round(3).tolist()
    [0.0, 0.4, 0.6]
    """
    times = np.asarray(list(months), dtype=float)
    if times.size and not times.min() >= 0:
        raise InputError(f"months={times.min():g} is out of range; time since the first dose is at least 0")
    check_range("lasting", lasting, 0, 1)
    check_range("lag_months", lag_months, 0)
    if not half_time_months > 0:
        raise InputError(f"half_time_months={half_time_months!r} is out of range; it must be above 0")
    return pd.DataFrame({"month": times, "recovered": recovered(times, lasting, half_time_months, lag_months)})


def patient(
    *,
    age: float,
    duration_months: float,
    severity: str,
    profile: str,
    romberg: bool | None = None,
    segments: int | None = None,
) -> pd.DataFrame:
    """Make a table of one profile, ready for :func:`simulate_recovery`.

    Parameters
    ----------
    age, duration_months, severity, profile, romberg, segments
        As the columns of :func:`simulate_recovery`'s ``patients``.

    Returns
    -------
    DataFrame
        One row.

    Raises
    ------
    InputError
        If a value is not known or out of range.

    Examples
    --------
    >>> patient(age=60, duration_months=6, severity="moderate", profile="sensory").shape
    (1, 6)
    """
    row = {"age": age, "duration_months": duration_months, "severity": severity, "profile": profile}
    table = pd.DataFrame([row | {"romberg": romberg, "segments": segments}])
    people_of(table)
    return table


def simulate_recovery(
    patients: pd.DataFrame,
    months: Iterable[float],
    *,
    n: int = 1000,
    delay: str = "weak",
    parameters: pd.DataFrame | None = None,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Simulate the recovery of people with given profiles, symptom by symptom.

    Each draw is one possible patient under one possible set of parameters, so the spread of the draws holds both the
    difference between patients and our ignorance. All profiles share the same draws: their differences are free of
    simulation noise, and a profile's result does not depend on what else is in the table.

    Parameters
    ----------
    patients : DataFrame
        One row per profile: ``age`` (years), ``duration_months`` (of symptoms before treatment), ``severity`` ("mild",
        "moderate", "severe") and ``profile`` ("sensory", "motor", "myelopathy", "cognitive"). Optional: ``patient`` (a
        label; the index otherwise), ``romberg`` (sign present, boolean), ``segments`` (spinal segments with a lesion);
        missing means unknown.
    months : array of float, >= 0
        Times since the first dose, months.
    n : int
        Draws per profile.
    delay : {"weak", "none", "proportional"}
        Scenario of what the duration before treatment does to the lasting part.
    parameters : DataFrame, optional
        Rows as in ``load("recovery_model")``, which is the default.
    rng : Generator or int, optional
        Source of randomness.

    Returns
    -------
    DataFrame with columns
        patient    label of the profile
        symptom    symptom, one of those that belong to the profile
        draw       0 to n - 1
        month      time since the first dose, months
        recovered  share of the deficit that has come back

    Raises
    ------
    InputError
        If a column is missing or a value is not known or out of range.

    Source
    ------
    ``load("recovery_model")``; status assumption. ``sources("recovery_model")`` lists the series behind it.

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["moderate"], "profile": ["sensory"]})
    >>> draws = simulate_recovery(someone, [0, 12], n=100, rng=1)
    >>> draws.groupby(["symptom", "month"])["recovered"].median().gt(0.5).tolist()
    [False, True, False, True]
    """
    check_choice("delay", delay, DELAYS)
    check_count("n", n)
    if patients.empty:
        raise InputError("patients is empty; there is nobody to simulate")
    times = recovery_curve(months, lasting=0, half_time_months=1)["month"].to_numpy()  # the same check of the times
    people = people_of(patients)
    drawn = draw_parameters(load("recovery_model") if parameters is None else parameters, n, rng)
    tables = []
    for label, person in zip(labels(patients), people, strict=True):
        for symptom in PROFILES[person["profile"]]:
            lasting = lasting_part(person, symptom, drawn, delay)
            curve = recovered(
                times, lasting[:, None], drawn["half_time", symptom][:, None], drawn["lag", symptom][:, None]
            )
            tables.append(
                pd.DataFrame(
                    {
                        "patient": label,
                        "symptom": symptom,
                        "draw": np.repeat(np.arange(n), len(times)),
                        "month": np.tile(times, n),
                        "recovered": curve.ravel(),
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def complete_recovery(
    patients: pd.DataFrame,
    *,
    n: int = 2000,
    level: float = 0.8,
    delays: Iterable[str] = tuple(DELAYS),
    parameters: pd.DataFrame | None = None,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Share of people with a profile whose leading symptom goes wholly, with the uncertainty of that share.

    Wholly means that less than the ``complete_threshold`` of the deficit stays. The share is computed exactly for each
    draw of the parameters; its interval says how far our ignorance of them reaches, scenario by scenario.

    Parameters
    ----------
    patients : DataFrame
        Profiles, as for :func:`simulate_recovery`.
    n : int
        Draws of the parameters.
    level : float
        Level of the interval.
    delays : list of {"none", "weak", "proportional"}
        Scenarios to compute.
    parameters, rng
        As for :func:`simulate_recovery`.

    Returns
    -------
    DataFrame with columns
        patient  label of the profile
        delay    scenario; "all" mixes the scenarios asked for in equal parts
        estimate, lower, upper     share who recover wholly: median and interval over the draws

    Examples
    --------
    >>> someone = pd.DataFrame({"age": [60], "duration_months": [6], "severity": ["moderate"], "profile": ["sensory"]})
    >>> complete_recovery(someone, rng=1)["delay"].tolist()
    ['none', 'weak', 'proportional', 'all']
    """
    from scipy.stats import norm

    check_level(level)
    check_count("n", n)
    delays = list(delays)
    if not delays:
        raise InputError("delays is empty; name at least one scenario")
    for delay in delays:
        check_choice("delay", delay, DELAYS)
    drawn = draw_parameters(load("recovery_model") if parameters is None else parameters, n, rng)
    limit = np.log(-np.log1p(-drawn["complete_threshold"]))
    tail = (1 - level) / 2
    rows = []
    for label, person in zip(labels(patients), people_of(patients), strict=True):
        leading = PROFILES[person["profile"]][0]
        shares = []
        for delay in delays:
            mean, sd = log_exposure(person, leading, drawn, delay)
            shares.append((1 - unresponsive(person, leading, drawn)) * norm.cdf((limit - mean) / sd))
        for delay, share in [*zip(delays, shares, strict=True), ("all", np.concatenate(shares))]:
            lower, estimate, upper = np.quantile(share, [tail, 0.5, 1 - tail])
            rows.append({"patient": label, "delay": delay, "estimate": estimate, "lower": lower, "upper": upper})
    return pd.DataFrame(rows)


def delay_scenarios(
    patients: pd.DataFrame,
    durations_months: Iterable[float],
    *,
    parameters: pd.DataFrame | None = None,
    level: float = 0.8,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Share who recover wholly if the same people had had symptoms for other durations, scenario by scenario.

    Parameters
    ----------
    patients : DataFrame
        One profile, as for :func:`simulate_recovery`; its own duration is replaced.
    durations_months : list of float
        Durations of symptoms before treatment, months.
    parameters, level, rng
        As for :func:`complete_recovery`.

    Returns
    -------
    DataFrame with columns
        scenario         "none", "weak", "proportional"
        duration_months  duration of symptoms before treatment
        estimate, lower, upper     share who recover wholly

    Examples
    --------
    >>> someone = patient(age=60, duration_months=6, severity="moderate", profile="sensory")
    >>> flat = delay_scenarios(someone, [1, 24], rng=1).query("scenario == 'none'")["estimate"]
    >>> flat.nunique()  # in this scenario the duration has no effect
    1
    """
    if len(patients) != 1:
        raise InputError(f"patients has {len(patients)} rows; the scenarios are drawn for one profile")
    durations = list(durations_months)
    if not durations:
        raise InputError("durations_months is empty; name at least one duration")
    changed = pd.concat([patients.assign(patient=months, duration_months=months) for months in durations])
    shares = complete_recovery(changed, level=level, parameters=parameters, rng=rng).query("delay != 'all'")
    return shares.rename(columns={"patient": "duration_months", "delay": "scenario"})[
        ["scenario", "duration_months", "estimate", "lower", "upper"]
    ].reset_index(drop=True)
