"""The design of a survey, and the variance that it implies.

A survey in clusters is drawn in *strata*; in each stratum a few *PSUs* (primary sampling units, such as counties) are
drawn, and people within them. The variance of any sum over people is that of the sums over PSUs within strata (Taylor
linearisation, PSUs as if drawn with replacement). A *domain* is a part of the people, such as women of 60 and over:
those outside it count as zero, they are never dropped, because how many of them fall into each PSU is chance too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns

__all__ = ["SINGLETONS", "Design", "design_of", "domain_of", "mean", "variance"]

#: What is done with a stratum that has one PSU.
SINGLETONS = ["error", "center", "certainty"]


@dataclass(frozen=True)
class Design:
    """A survey's design, per person and per PSU.

    ``weight`` and ``psu`` (a number from 0) are per person; ``stratum`` (a number from 0) and ``size``, the PSUs of the
    PSU's stratum, are per PSU. ``labels`` are the names of stratum and PSU that the survey gives them.
    """

    weight: np.ndarray
    psu: np.ndarray
    stratum: np.ndarray
    size: np.ndarray
    labels: pd.DataFrame
    singleton: str


def design_of(
    people: pd.DataFrame, *, weight: str | None, strata: str | None, psu: str | None, singleton: str = "error"
) -> Design:
    """Read the design from the columns of ``people``; ``None`` means equal weights, one stratum, each person a PSU."""
    check_choice("singleton", singleton, SINGLETONS)
    named = {"weight": weight, "strata": strata, "psu": psu}
    missing = {argument: name for argument, name in named.items() if name is not None and name not in people}
    if missing:
        said = ", ".join(f"{argument}={name!r}" for argument, name in missing.items())
        none = ", ".join(f"{argument}=None" for argument in missing)
        raise InputError(f"people has no column for {said}; name yours, or say {none} where the survey has none")
    if not len(people):
        raise InputError("people has no rows: there is no survey to estimate from")
    stratum, stratum_labels = codes(people, strata)
    unit, unit_labels = (np.arange(len(people)), pd.RangeIndex(len(people))) if psu is None else codes(people, psu)
    # PSU 1 of one stratum is not PSU 1 of another
    nested, cells = pd.factorize(stratum.astype(np.int64) * len(unit_labels) + unit, sort=True)
    stratum_of = cells // len(unit_labels)
    labels = {"stratum": stratum_labels[stratum_of], "psu": unit_labels[cells % len(unit_labels)]}
    size = np.bincount(stratum_of)[stratum_of]
    if singleton == "error":
        refuse_singletons(labels["stratum"][size == 1])
    return Design(_weights(people, weight), nested, stratum_of, size, pd.DataFrame(labels), singleton)


def refuse_singletons(strata: Iterable[object]) -> None:
    """Raise where a stratum has a single PSU."""
    for stratum in strata:
        raise InputError(
            f"stratum {stratum!r} has a single PSU, so its variance cannot be seen; join it with another stratum, or "
            "choose singleton='center' (its distance from the overall mean) or singleton='certainty' (none)"
        )


def columns(names: str | Sequence[str] | None) -> list[str]:
    """List the columns that an argument names."""
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def codes(people: pd.DataFrame, name: str | None) -> tuple[np.ndarray, pd.Index]:
    """Return the values of a column numbered from 0, in order, and what they are; all 0 where there is no column."""
    if name is None:
        return np.zeros(len(people), dtype=np.int64), pd.Index([0])
    numbers, values = pd.factorize(people[name], sort=True)
    if (numbers < 0).any():
        row = people.index[numbers < 0][0]
        raise InputError(
            f"column {name!r} of people is missing in row {row!r}: everybody belongs to the survey's design"
        )
    return numbers, pd.Index(values)


def _weights(people: pd.DataFrame, name: str | None) -> np.ndarray:
    if name is None:
        return np.ones(len(people))
    weight = _numbers(people, name)
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        row, value = people.index[wrong][0], weight[wrong][0]
        raise InputError(
            f"weight {name!r} of people is {value:g} in row {row!r}{_more(wrong)}; needed is a number of at least 0 "
            "(0 for people who are part of the design but not of the estimate)"
        )
    return weight


def _numbers(people: pd.DataFrame, name: str) -> np.ndarray:
    try:
        return pd.to_numeric(people[name]).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(f"column {name!r} of people holds something that is not a number") from None


def _more(wrong: np.ndarray) -> str:
    others = int(wrong.sum()) - 1
    return f" (and {others:,} more)" if others else ""


def numbers(people: pd.DataFrame, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Columns of numbers; missing values are nan."""
    names = list(names)
    check_columns("people", people.columns, names)
    return {name: _numbers(people, name) for name in names}


def flags(people: pd.DataFrame, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Columns of yes and no as 1, 0 and nan where not known."""
    values = numbers(people, names)
    for name, column in values.items():
        odd = np.isfinite(column) & (column != 0) & (column != 1)
        if odd.any():
            raise InputError(
                f"column {name!r} of people is {column[odd][0]:g} in row {people.index[odd][0]!r}; "
                "an indicator is true, false or missing"
            )
    return values


def domain_of(people: pd.DataFrame, domain: str | None) -> np.ndarray:
    """Who belongs to the domain; all where none is named. Not known counts as outside."""
    if domain is None:
        return np.ones(len(people), dtype=bool)
    if not isinstance(domain, str):
        raise InputError("domain is no column name; assign it first: people.assign(mine=...), domain='mine'")
    return flags(people, [domain])[domain] == 1


def groups(people: pd.DataFrame, by: str | Sequence[str] | None) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the groups of ``by``, numbered from 0 (-1: a column is missing), and a row of labels for each."""
    names = columns(by)
    check_columns("people", people.columns, names)
    if not names:
        return np.zeros(len(people), dtype=np.int64), pd.DataFrame(index=[0])
    grouped = people.groupby(names, sort=True, observed=True)
    return grouped.ngroup().fillna(-1).to_numpy(np.int64), grouped.size().index.to_frame(index=False)


def psu_sums(values: np.ndarray | None, group: np.ndarray, k: int, design: Design) -> np.ndarray:
    """Add ``values`` up per group (rows, ``k`` of them) and PSU (columns); group -1 is left out, ``None`` counts."""
    m = len(design.stratum)
    inside = group >= 0
    cell = group[inside] * m + design.psu[inside]
    return np.bincount(cell, weights=None if values is None else values[inside], minlength=k * m).reshape(k, m)


def mean(values: np.ndarray, group: np.ndarray, k: int, design: Design) -> dict[str, np.ndarray]:
    """Weighted mean of each group (-1 is left out): n, estimate, se, df, deff, and the influence of each PSU."""
    inside = group >= 0
    x, g, w = values[inside], group[inside], design.weight[inside]
    n, population = np.bincount(g, minlength=k), np.bincount(g, w, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.bincount(g, w * x, k) / population
        distance = np.zeros(len(values))
        distance[inside] = w * (x - estimate[g]) / population[g]
        influence = psu_sums(distance, group, k, design)
        se = np.sqrt(variance(influence, design.stratum, design.size, design.singleton))
        simple = np.bincount(g, w * (x - estimate[g]) ** 2, k) / population / (n - 1)
        deff = se**2 / simple
    present = psu_sums(None, group, k, design) > 0
    df = present.sum(axis=1) - strata_present(present, design.stratum)
    se = np.where(n > 0, se, np.nan)
    return {"n": n, "estimate": estimate, "se": se, "df": df, "deff": deff, "influence": influence}


def strata_present(present: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """How many strata each row has anybody in (rows x PSUs)."""
    order = np.argsort(stratum, kind="stable")
    starts = np.flatnonzero(np.diff(stratum[order], prepend=-1))
    return np.logical_or.reduceat(present[:, order], starts, axis=1).sum(axis=1)


def variance(totals: np.ndarray, stratum: np.ndarray, size: np.ndarray, singleton: str = "error") -> np.ndarray:
    """Variance of the sum over PSUs of each row of ``totals`` (rows x PSUs).

    ``size`` says how many PSUs the stratum of each PSU has in the whole survey: where it is more than those given, the
    others count as zero. A single PSU counts as nothing where it was certain to be drawn; centred, by its own square
    (a linearised mean is 0 over the survey).
    """
    order = np.argsort(stratum, kind="stable")
    starts = np.flatnonzero(np.diff(stratum[order], prepend=-1))
    given, m = np.diff(starts, append=len(order)), size[order][starts].astype(float)
    sums = totals[:, order]
    centre = np.where(m > 1, np.add.reduceat(sums, starts, axis=1) / m, 0.0)
    apart = sums - np.repeat(centre, given, axis=1)
    # the PSUs of a stratum that are not given are 0, so as far from the centre as the centre is from 0
    spread = np.add.reduceat(apart**2, starts, axis=1) + (m - given) * centre**2
    return (np.where(m > 1, m / np.maximum(m - 1, 1), 1.0 if singleton == "center" else 0.0) * spread).sum(axis=1)
