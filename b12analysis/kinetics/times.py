"""Times to thresholds: when a store is used up, when a blood test has become normal, for each virtual person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.estimates import summarize
from b12analysis.kinetics.body import Body, State
from b12analysis.kinetics.course import MEASURES, Doses, blocks, follow, measured, moment, start
from b12analysis.kinetics.doses import LONGEST
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.simulation import doses_of, people_like
from b12analysis.kinetics.step import Step

__all__ = ["time_to", "times_summary"]

#: Days that are looked at together, so that memory does not grow with the horizon.
_STRIDE = 256
#: Days between readings where no dose was taken for so long that the store only drifts.
_CALM = 16
#: Halvings of the time between readings: to two seconds at most.
_HALVINGS = 20

Past = Callable[[Body, State], np.ndarray]


def time_to(
    person: Mapping[str, Any],
    regimen: str | Iterable[tuple[float, str, float]] | pd.DataFrame,
    what: str,
    *,
    below: float | None = None,
    above: float | None = None,
    after_day: float = 0,
    within_days: float = 3650,
    n: int = 1000,
    rng: np.random.Generator | int | None = None,
    people: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find when a store or a blood test first passes a threshold.

    Every day is looked at, and the moments before and after each dose; within the day the moment is exact. A threshold
    that is passed for less than a day, and at no such moment, is not seen. Where no dose was taken for most of a year,
    the store only drifts, and every 16th day is looked at.

    Parameters
    ----------
    person, regimen
        As for :func:`simulate_regimen`; a diet that is new on day 0 needs ``intake_before_ug``, too:
        ``{"age": 30, "intake_ug": 0.4, "intake_before_ug": 5}``.
    what : {"store_ug", "serum_b12_pmol_l", "mma_nmol_l"}
        What passes it.
    below, above : float
        Threshold, in the unit of ``what``; one of the two.
    after_day : float
        First day to look at, before its doses, such as that on which a treatment is stopped.
    within_days : float
        Last day to look at; both count from day 0, and where they are one, that moment alone is looked at.
    n, rng, people
        Virtual people, as for :func:`simulate_regimen`.

    Returns
    -------
    DataFrame with columns
        person  0 to n - 1
        day     first moment past the threshold, counted from day 0; ``after_day`` for those who are past it then,
                missing where it is not passed in time

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Source
    ------
    b12analysis; the sources of the parameters stand in ``load("kinetics_model")``.

    Examples
    --------
    >>> someone = {"age": 60, "intake_ug": 5, "absorption": "gastrectomy"}
    >>> days = time_to(someone, "none", "serum_b12_pmol_l", below=148, n=20, rng=1)
    >>> bool(days["day"].gt(100).any())
    True

    After two years of injections that stop on day 730, how long until serum is below 148 pmol/L again?

    >>> someone = {"age": 60, "intake_ug": 5, "absorption": "pernicious_anaemia", "start_serum_pmol_l": 100}
    >>> injections = [(day, "im_hydroxocobalamin", 1000) for day in range(0, 730, 61)]
    >>> limit = {"below": 148, "after_day": 730, "within_days": 20 * 365}
    >>> days = time_to(someone, injections, "serum_b12_pmol_l", **limit, n=20, rng=1)["day"] - 730
    >>> bool(days.median() > 365)
    True
    """
    check_choice("what", what, MEASURES)
    check_range("within_days", within_days, 0, LONGEST)
    check_range("after_day", after_day, 0, LONGEST)
    if after_day > within_days:
        raise InputError(f"after_day={after_day} is later than within_days={within_days}; both count from day 0")
    person, is_past = check_person(person), _past(what, below, above)
    doses = doses_of(regimen, within_days)
    people = people_like(person, n, rng, None, people)
    span = float(moment(after_day)), float(within_days)
    days = np.concatenate(
        [
            _first(body := Body.of(person, people[block]), start(person, body), doses, is_past, span)
            for block in blocks(len(people), 4 * _STRIDE)
        ]
    )
    return pd.DataFrame({"person": np.arange(len(people)), "day": np.where(days == span[0], after_day, days)})


def _past(what: str, below: float | None, above: float | None) -> Past:
    """Tell whether a threshold is passed."""
    if (below is None) == (above is None):
        raise InputError(f"below={below} and above={above}; give one of the two")
    name, limit = ("below", below) if above is None else ("above", above)
    check_range(name, limit, 0, 1e9)
    if name == "below":
        return lambda body, seen: measured(what, body, seen) < limit
    return lambda body, seen: measured(what, body, seen) > limit


def _first(body: Body, state: State, doses: Doses, is_past: Past, span: tuple[float, float]) -> np.ndarray:
    """First moment past the threshold, stretch by stretch until everybody has been there."""
    found = np.full(len(body.food), np.nan)
    state, doses = _begun(body, state, doses, span[0])
    for since, until, every, here in _stretches(doses, *span):
        days, after = _readings(since, until, here, every)
        seen, _ = follow(body, state, here, days, since=since, after=after)
        past = is_past(body, seen)
        new = np.flatnonzero(np.isnan(found) & past.any(axis=0))
        rows = past[:, new].argmax(axis=0)
        found[new] = days[rows]
        inside = (rows > 0) & ~after[rows]  # at a dose, or at the start, it is that very moment
        new, rows = new[inside], rows[inside]
        before = _chosen(seen, rows - 1, new)
        found[new] = days[rows - 1] + _halved(_among(body, new), before, days[rows] - days[rows - 1], is_past)
        if not np.isnan(found).any():
            break
        state = _chosen(seen, -1, slice(None))
    return found


def _begun(body: Body, state: State, doses: Doses, since: float) -> tuple[State, Doses]:
    """State at the first moment that is looked at, before its doses, and the doses from there on."""
    earlier = bisect_left([day for day, _, _ in doses], since)
    seen, _ = follow(body, state, doses[:earlier], [since])
    return _chosen(seen, -1, slice(None)), doses[earlier:]


def _stretches(doses: Doses, since: float, horizon: float) -> Iterator[tuple[float, float, int, Doses]]:
    """Divide the time, and the doses with it; a dose belongs to the stretch that it begins.

    Yields the first day, the last, the days between readings, and the doses.
    """
    when = [day for day, _, _ in doses]
    every = 1
    while True:
        until = min(since + _STRIDE * every, horizon)
        if every > 1 and bisect_left(when, until) > bisect_left(when, since):
            until, every = min(since + _STRIDE, horizon), 1
        here = doses[bisect_left(when, since) : bisect_left(when, until)]
        yield since, until, every, here
        if until >= horizon:
            return
        since, every = until, 1 if here else _CALM


def _readings(since: float, until: float, doses: Doses, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Days of a stretch, and each dose, before it and after it."""
    taken = moment([day for day, _, _ in doses])
    before = np.unique(np.concatenate([np.arange(since, until, every), taken[taken < until], moment([until])]))
    after = np.unique(taken[taken < until])
    days, late = np.concatenate([before, after]), np.repeat([False, True], [len(before), len(after)])
    order = np.lexsort([late, days])
    return days[order], late[order]


def _chosen(seen: State, rows: Any, people: Any) -> State:
    """State of each of these people at a row of their own."""
    injected = {form: amount[rows, people] for form, amount in seen.injected.items()}
    parts = (getattr(seen, name)[rows, people] for name in ("slow", "fast", "carriers", "cells"))
    return State(*parts, injected)


def _among(body: Body, chosen: np.ndarray) -> Body:
    most = None if body.food_at_most is None else body.food_at_most[chosen]
    return Body({name: values[chosen] for name, values in body.people.items()}, body.intake_ug, most)


def _halved(body: Body, state: State, span: np.ndarray, is_past: Past) -> np.ndarray:
    """Days from a state to the threshold, which lies within the span of each."""
    low, high = np.zeros_like(span), span.copy()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        passed = is_past(body, Step(body, middle)(state))
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return high


def times_summary(times: pd.DataFrame, *, by: str | Sequence[str] = (), level: float = 0.8) -> pd.DataFrame:
    """Summarise times to a threshold: how many reach it, and when they do.

    Parameters
    ----------
    times : DataFrame
        As of :func:`time_to`; several, one below the other, may be told apart by columns of their own.
    by : str or list of str
        Columns within whose values to summarise.
    level : float
        Share of the times inside the interval, between 0 and 1.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``
        reached, not_reached    share of the virtual people who pass the threshold in time, and who do not
        estimate, lower, upper  median and central interval of the days, among those who do; missing where nobody does
        n                       virtual people

    Raises
    ------
    InputError
        If columns are missing, or ``level`` is not one.

    Examples
    --------
    >>> times_summary(pd.DataFrame({"person": [0, 1, 2, 3], "day": [10, 20, 30, None]})).iloc[0].tolist()
    [0.75, 0.25, 20.0, 12.0, 28.0, 4.0]
    """
    keys = [by] if isinstance(by, str) else list(by)
    check_columns("times", times.columns, [*keys, "day"])
    table = times.assign(everybody=0)
    grouping = keys or ["everybody"]
    out = summarize(table, by=grouping, value="day", level=level)
    reached = table.groupby(grouping, sort=True, observed=True)["day"].count().to_numpy() / out["n"]
    return out.assign(reached=reached, not_reached=1 - reached)[
        [*keys, "reached", "not_reached", "estimate", "lower", "upper", "n"]
    ]
