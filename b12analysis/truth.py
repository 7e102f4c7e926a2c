"""From the test to the truth: the prevalence behind the positives of an imperfect test.

Vocabulary. The *apparent* prevalence is the share of people who test positive, the *true* one the share who have the
condition. *Sensitivity* is the share of those with the condition whom the test finds, *specificity* the share of
those without it whom it clears; 1 - specificity is the *false-positive rate*. Rogan and Gladen's formula leads from
the one to the other::

    true = (apparent + specificity - 1) / (sensitivity + specificity - 1)

All three numbers are uncertain, and so is the result. It is *melded*: each number is drawn from the distribution that
its interval implies, and the limits are quantiles of the formula's values. Where a number comes from counts, its lower
limit is drawn from one beta distribution and its upper limit from another, as in Clopper and Pearson's interval, so
that the interval covers the truth at least as often as it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, check_count, check_level, check_range, shown

__all__ = ["true_prevalence"]

#: Columns that describe the apparent prevalence, not the true one: they are renamed.
_OF_THE_TEST = ("estimate", "lower", "upper", "se", "df", "deff", "effective_n", "interval", "total", "total_se")


class _Share(NamedTuple):
    """A share as it was given: a point, counts or limits (whichever is not None)."""

    estimate: float
    counts: tuple[float, float] | None = None
    limits: tuple[float, float] | None = None
    note: str = ""


def true_prevalence(
    apparent: pd.DataFrame,
    *,
    sensitivity: Any,
    specificity: Any,
    draws: int = 20_000,
    rng: np.random.Generator | int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Prevalence of the condition from that of a positive test, with everybody's uncertainty in one interval.

    Where fewer people test positive than the false-positive rate alone would make, nobody need have the condition:
    the estimate is 0, ``rogan_gladen`` keeps the negative number of the formula, and ``note`` says so. The upper limit
    is then what matters. Draws in which the test is useless (sensitivity + specificity of at most 1) allow every
    prevalence from 0 to 1; ``useless`` is their share.

    Rows that are corrected for one test share its errors. A sum over them, such as a standardised prevalence or a
    headcount, is made before the correction, not after it.

    Parameters
    ----------
    apparent : DataFrame
        One row per group: ``estimate, lower, upper`` of the apparent prevalence, as :func:`prevalence` or the survey
        estimates return them. The limits speak for the survey: its design and degrees of freedom are in them.
    sensitivity, specificity : number, tuple or row
        A number in [0, 1], taken as known exactly; ``(cases, n)``, the people with (without) the condition whom the
        test found (cleared) and their number; ``(estimate, lower, upper)``; or a row of a table with one of these:
        ``cases, n``, ``estimate, lower, upper``, or ``measure, value, lower, upper`` as in ``load("accuracy")``.
    draws : int
        Draws of the simulation.
    rng : Generator or int, optional
        Source of randomness; every row uses the same draws, so its result does not depend on what else is there.
    level : float
        Level of the intervals that are given and of the one returned.

    Returns
    -------
    DataFrame
        The rows given, with those columns that describe the apparent prevalence renamed ``apparent, apparent_lower,
        apparent_upper, apparent_se, ...``, and columns

        sensitivity, specificity  the estimates used
        rogan_gladen              the formula's value, which may lie below 0 or above 1
        estimate, lower, upper    true prevalence and its interval, share of people (0 to 1)
        useless                   share of the draws in which the test is useless
        note                      what a reader must know; missing where there is nothing to say

    Raises
    ------
    InputError
        If columns are missing, a number is out of range, or sensitivity + specificity is at most 1.

    Source
    ------
    Rogan and Gladen, Am J Epidemiol 1978;107:71; Bayer, Fay and Graubard, arXiv:2205.13494 (melding); compared with
    Lang and Reiczigel, Prev Vet Med 2014;113:13.

    Examples
    --------
    >>> row = pd.DataFrame({"estimate": [0.15], "lower": [0.12], "upper": [0.19]})
    >>> known = true_prevalence(row, sensitivity=0.8, specificity=0.9, rng=1)
    >>> known[["estimate", "lower", "upper"]].round(3).values.tolist()  # (0.15 - 0.1) / 0.7, and the limits likewise
    [[0.071, 0.029, 0.129]]
    >>> counted = true_prevalence(row, sensitivity=(80, 100), specificity=(180, 200), rng=1)
    >>> counted[["estimate", "lower", "upper"]].round(2).values.tolist()
    [[0.07, 0.0, 0.15]]
    """
    check_columns("apparent", apparent.columns, ["estimate", "lower", "upper"])
    check_count("draws", draws)
    check_level(level)
    found, cleared = _share("sensitivity", sensitivity), _share("specificity", specificity)
    if found.estimate + cleared.estimate <= 1:
        raise InputError(
            f"sensitivity={found.estimate:g} and specificity={cleared.estimate:g} add up to at most 1: "
            "a test that is positive as often without the condition as with it says nothing about prevalence"
        )
    # one uniform number in each of `draws` equal parts of 0 to 1, in an order of their own for each of the three
    order = np.random.default_rng(rng).permuted(np.tile(np.arange(draws), (3, 1)), axis=1)
    uniform = (order + 0.5) / draws
    test = _drawn(found, uniform[0], level), _drawn(cleared, uniform[1], level)
    rows = [_correct(row, found, cleared, test, uniform[2], level) for row in _apparent(apparent)]

    out = apparent.rename(columns={name: f"apparent_{name}" for name in _OF_THE_TEST})
    out = out.rename(columns={"apparent_estimate": "apparent"})
    out = out.drop(columns=out.columns.intersection(_RESULT))
    result = pd.DataFrame(rows, columns=_RESULT, index=apparent.index)
    return pd.concat([out, result.astype({"note": "string"})], axis=1)


_RESULT = ["sensitivity", "specificity", "rogan_gladen", "estimate", "lower", "upper", "useless", "note"]


def _apparent(apparent: pd.DataFrame) -> list[_Share]:
    numbers = apparent[["estimate", "lower", "upper"]].apply(pd.to_numeric).astype(float)
    rows = []
    for label, (estimate, lower, upper) in zip(apparent.index, numbers.to_numpy(), strict=True):
        known = not np.isnan([estimate, lower, upper]).any()
        if known and not 0 <= lower <= estimate <= upper <= 1:
            raise InputError(
                f"apparent row {label!r}: lower={lower:g}, estimate={estimate:g}, upper={upper:g}; "
                "needed is 0 <= lower <= estimate <= upper <= 1"
            )
        rows.append(_Share(estimate if known else np.nan, limits=(lower, upper)))
    return rows


def _share(name: str, given: Any) -> _Share:
    """Read a sensitivity or specificity in any of the forms that :func:`true_prevalence` takes."""
    if isinstance(given, pd.DataFrame):
        if len(given) != 1:
            raise InputError(f"{name} has {len(given)} rows; give one row")
        given = given.iloc[0]
    if isinstance(given, pd.Series | Mapping):
        return _share_of_row(name, dict(given))
    parts = list(given) if isinstance(given, tuple | list | np.ndarray) else [given]
    for part in parts:
        check_range(name, part, 0, None if len(parts) == 2 else 1)
    numbers = [float(part) for part in parts]
    if len(numbers) == 1:
        return _Share(numbers[0])
    if len(numbers) == 2:
        cases, n = numbers
        if not (cases <= n and n > 0 and cases.is_integer() and n.is_integer()):
            raise InputError(f"{name}={shown(given)} is not (cases, n): whole numbers with 0 <= cases <= n, n > 0")
        return _Share(cases / n, counts=(cases, n))
    if len(numbers) == 3 and numbers[1] <= numbers[0] <= numbers[2]:
        return _Share(numbers[0], limits=(numbers[1], numbers[2]))
    raise InputError(f"{name}={shown(given)} is not known; give a share, (cases, n) or (estimate, lower, upper)")


def _share_of_row(name: str, row: dict[str, Any]) -> _Share:
    def there(*columns: str) -> bool:
        return all(column in row and not pd.isna(row[column]) for column in columns)

    if there("measure") and row["measure"] != f"{name}_percent":
        raise InputError(f"{name} is a row whose measure is {row['measure']!r}; needed is '{name}_percent'")
    if there("cases", "n"):
        return _share(name, (row["cases"], row["n"]))
    column, per = ("value", 100) if there("measure", "value") else ("estimate", 1)
    if not there(column):
        columns = ", ".join(map(repr, row))
        raise InputError(f"{name} is a row without cases and n, estimate, or measure and value; it has {columns}")
    is_interval = there("lower", "upper") and row.get("interval", "ci95") not in ("range", "iqr", "reference95")
    if is_interval:
        return _share(name, tuple(float(row[part]) / per for part in (column, "lower", "upper")))
    exact = _share(name, float(row[column]) / per)
    return exact._replace(note=f"{name} taken as known exactly: its row gives no confidence interval")


def _drawn(share: _Share, uniform: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Draws for the lower limit and for the upper one; the same where the interval leaves only one reading."""
    from scipy.special import betaincinv

    if share.counts:
        cases, n = share.counts
        low = betaincinv(cases, n - cases + 1, uniform) if cases else np.zeros_like(uniform)
        high = betaincinv(cases + 1, n - cases, uniform) if cases < n else np.ones_like(uniform)
        return low, high
    if share.limits is None:
        return (np.full_like(uniform, share.estimate),) * 2
    return _drawn_from_limits(share.estimate, *share.limits, uniform, level)


def _drawn_from_limits(
    estimate: float, lower: float, upper: float, uniform: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draws whose median is the estimate and whose central interval has exactly the limits given."""
    from scipy.special import expit, logit, ndtri

    if estimate in (0, 1):
        edge = np.full_like(uniform, estimate)
        far = _from_the_edge(upper if estimate == 0 else 1 - lower, uniform, level)
        return (edge, far) if estimate == 0 else (1 - far, edge)
    noise = ndtri(uniform) / ndtri((1 + level) / 2)  # -1 and 1 at the limits
    drawn = np.empty_like(uniform)
    for side, limit in ((noise < 0, lower), (noise >= 0, upper)):
        if 0 < limit < 1:
            drawn[side] = expit(logit(estimate) + abs(logit(limit) - logit(estimate)) * noise[side])
        else:  # a limit of exactly 0 or 1 has no logit
            drawn[side] = np.clip(estimate + abs(limit - estimate) * noise[side], 0, 1)
    return drawn, drawn


def _from_the_edge(limit: float, uniform: np.ndarray, level: float) -> np.ndarray:
    """Draws above 0 where nobody was positive: beta(1, n), n being the people that the upper limit implies."""
    if limit in (0, 1):
        return np.full_like(uniform, limit)
    n = np.log((1 - level) / 2) / np.log1p(-limit)
    return -np.expm1(np.log1p(-uniform) / n)


def _correct(
    apparent: _Share, found: _Share, cleared: _Share, test: tuple, uniform: np.ndarray, level: float
) -> dict[str, Any]:
    formula = (apparent.estimate + cleared.estimate - 1) / (found.estimate + cleared.estimate - 1)
    row = {"sensitivity": found.estimate, "specificity": cleared.estimate, "rogan_gladen": formula}
    if np.isnan(formula):
        return row | {"note": "the apparent prevalence has no estimate with an interval"}
    (se_low, se_high), (sp_low, sp_high) = test
    low, high = _drawn(apparent, uniform, level)
    tail = (1 - level) / 2
    lower = np.quantile(_rogan_gladen(low, se_high, sp_low, 0.0), tail)
    upper = np.quantile(_rogan_gladen(high, se_low, sp_high, 1.0), 1 - tail)
    useless = np.mean([se_high + sp_low <= 1, se_low + sp_high <= 1])
    estimate = min(max(formula, 0.0), 1.0)
    row |= {"estimate": estimate, "lower": min(lower, estimate), "upper": max(upper, estimate), "useless": useless}
    return row | {"note": _note(row, apparent, found, cleared)}


def _rogan_gladen(positive: np.ndarray, found: np.ndarray, cleared: np.ndarray, useless: float) -> np.ndarray:
    """Prevalences from 0 to 1 that the draws allow; ``useless`` where the test says nothing."""
    youden = found + cleared - 1
    informs = youden > 0
    values = np.full_like(youden, useless)
    values[informs] = np.clip((positive + cleared - 1)[informs] / youden[informs], 0, 1)
    return values


def _note(row: dict[str, Any], apparent: _Share, found: _Share, cleared: _Share) -> str | None:
    notes = [found.note, cleared.note]
    formula, positive = row["rogan_gladen"], 100 * apparent.estimate
    if formula < 0:
        false = 100 * (1 - cleared.estimate)
        notes.append(
            f"estimate set to 0: {positive:.3g} % test positive, fewer than the false-positive rate of {false:.3g} % "
            "alone would give"
        )
        if row["upper"] < 1e-12:
            notes.append("even the upper limit is below that rate: the specificity must be higher than was assumed")
    elif formula > 1:
        most = 100 * found.estimate
        notes.append(
            f"estimate set to 1: {positive:.3g} % test positive, more than the sensitivity of {most:.3g} % allows"
        )
    elif row["lower"] == 0 < formula:
        notes.append("the lower limit is 0: all positives may be false")
    if row["useless"] > 0:
        notes.append(f"in {100 * row['useless']:.2g} % of the draws the test is useless")
    return "; ".join(filter(None, notes)) or None
