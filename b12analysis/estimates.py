"""Estimates: prevalence with its interval, the effective n that an interval implies, draws summarised.

Vocabulary. An *estimate* comes with *lower* and *upper*, always the three together. A *printed* interval is the one the
publication gives; it knows about the survey's design, which the bare number of people does not, so it wins over
anything computed from ``n``. The *effective n* is the number of people that a simple random sample would need for an
interval as wide: a survey of 9,523 people in clusters may be worth 1,000.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_level

__all__ = ["INTERVALS", "Z95", "check_counts", "effective_n", "prevalence", "summarize"]

#: Standard errors from the middle of an interval to its 95 % limit.
Z95 = 1.959964


def _z(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def _wilson(cases: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    z, p = _z(level), cases / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return centre - half, centre + half


def _agresti_coull(cases: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    z = _z(level)
    p = (cases + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(p * (1 - p) / (n + z**2))
    return p - half, p + half


def _beta(a: float, b: float, cases: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of beta distributions; (0, 1) is Clopper and Pearson's exact interval, (1/2, 1/2) is Jeffreys'."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        lower = np.where(cases > 0, betaincinv(cases + a, n - cases + b, tail), 0.0)
        upper = np.where(cases < n, betaincinv(cases + b, n - cases + a, 1 - tail), 1.0)
    return lower, upper


#: Interval methods of :func:`prevalence` for counts, by name.
INTERVALS = {
    "wilson": _wilson,
    "agresti_coull": _agresti_coull,
    "exact": lambda cases, n, level: _beta(0.0, 1.0, cases, n, level),
    "jeffreys": lambda cases, n, level: _beta(0.5, 0.5, cases, n, level),
}


def prevalence(frame: pd.DataFrame, *, method: str = "wilson", level: float = 0.95) -> pd.DataFrame:
    """Prevalence with its interval for each row of published figures.

    What the row offers decides, in this order: a printed 95 % interval (only at ``level=0.95``); cases and n, unless
    the printed percentage is half a point away from them, because then it is weighted and they are not; a printed
    percentage and n, which is rounded and so a little coarser. A row with none of these has no estimate: a bare
    percentage is no measurement of which we know how far to trust it. Intervals from n alone take the sample for a
    simple random one; for a survey in clusters they are too narrow.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``cases`` and ``n``, or, as in ``load("surveys")``, also with ``reported_percent``,
        ``reported_lower_percent``, ``reported_upper_percent`` and ``interval``.
    method : {"wilson", "exact", "jeffreys", "agresti_coull"}
        Interval for counts. Wilson's covers close to the nominal level down to n of about 10; exact never covers less.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    DataFrame
        The rows given, and columns

        estimate, lower, upper  prevalence and its interval, share of people (0 to 1)
        interval                where the interval comes from: "printed", the method's name, or "none"
        effective_n             people that a simple random sample would need for this interval (:func:`effective_n`)

    Raises
    ------
    InputError
        If columns are missing, the method is unknown or cases exceed n.

    Source
    ------
    Wilson, J Am Stat Assoc 1927;22:209; Brown, Cai and DasGupta, Statist Sci 2001;16:101.

    Examples
    --------
    >>> prevalence(pd.DataFrame({"cases": [1], "n": [226]}))[["estimate", "lower", "upper"]].round(4).values.tolist()
    [[0.0044, 0.0008, 0.0246]]
    """
    check_choice("method", method, INTERVALS)
    check_level(level)
    if not {"cases", "n"} <= set(frame.columns) and "reported_percent" not in frame:
        check_columns("frame", frame.columns, ["cases", "n"])
    out = frame.copy()

    def column(name: str) -> np.ndarray:
        values = frame[name] if name in frame else pd.Series(pd.NA, index=frame.index)
        return pd.to_numeric(values, errors="raise").to_numpy(dtype=float, na_value=np.nan)

    cases, n = column("cases"), column("n")
    share, low, high = (column(f"reported_{part}percent") / 100 for part in ("", "lower_", "upper_"))
    check_counts("frame", frame.index, cases, n)

    is_ci95 = (
        (frame["interval"] == "ci95").to_numpy(dtype=bool, na_value=False)
        if "interval" in frame
        else np.zeros(len(frame), bool)
    )
    # a printed percentage that the counts cannot give is a weighted one: it speaks for the population, they do not
    weighted = np.isfinite(share) & (np.abs(share - cases / n) > 0.005)
    has_limits = is_ci95 & np.isfinite(share) & np.isfinite(low) & np.isfinite(high)
    printed = has_limits & (level == 0.95)
    counted = ~printed & ~weighted & np.isfinite(cases) & np.isfinite(n)
    rounded = ~printed & ~counted & np.isfinite(share) & np.isfinite(n)

    x = np.where(counted, cases, share * n)
    computable = counted | rounded
    lower, upper = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    lower[computable], upper[computable] = INTERVALS[method](x[computable], n[computable], level)
    estimate = np.where(computable, x / n, np.where(printed, share, np.nan))
    implied = effective_n(share, low, high)
    implied = np.fmin(implied, n)  # rounding of a printed interval must not make a survey worth more than its people

    out["estimate"] = estimate
    out["lower"] = np.clip(np.where(printed, low, lower), 0, estimate)
    out["upper"] = np.clip(np.where(printed, high, upper), estimate, 1)
    out["interval"] = np.select([printed, computable], ["printed", method], "none")
    out["effective_n"] = np.where(printed, implied, np.where(computable, n, np.nan))
    return out


def check_counts(argument: str, index: pd.Index, cases: np.ndarray, n: np.ndarray) -> None:
    """Raise unless each row has ``0 <= cases <= n`` and ``n > 0``; missing numbers pass.

    Examples
    --------
    >>> check_counts("frame", pd.Index(["Oslo"]), np.array([3.0]), np.array([2.0]))
    Traceback (most recent call last):
    b12analysis.arguments.InputError: frame row 'Oslo': cases=3 and n=2; needed is 0 <= cases <= n, n > 0
    """
    wrong = (cases > n) | (cases < 0) | (n <= 0)
    if wrong.any():
        row = index[wrong][0]
        raise InputError(
            f"{argument} row {row!r}: cases={cases[wrong][0]:g} and n={n[wrong][0]:g}; needed is 0 <= cases <= n, n > 0"
        )


def effective_n(estimate: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """People that a simple random sample would need for these 95 % intervals of a share.

    Each interval is read on the scale on which it lies more evenly around its estimate. On the logit scale, as survey
    packages make theirs, n = (2 * 1.96)² / (p (1 - p) W²), where W is the width there; on the natural scale,
    n = p (1 - p) (2 * 1.96)² / width². Either way an interval of its own kind returns its n exactly. The other formula
    would not: 3 % with a logit interval worth 200 people would count as 168. Wilson's interval lies evenly on the
    logit scale too, and counts some people too many where there are few cases (6 of 200: 211). At one half both kinds
    are even and the natural scale is taken: 3 % off for 100 people. A limit at 0 or 1 says nothing (it was cut there),
    so the other half of the interval counts twice. An estimate of 0 or 1 is taken for Wilson's interval, whose width is
    then 1.96² / (n + 1.96²).

    A survey with few clusters prints t rather than 1.96 standard errors; its effective n is then too small by that
    much (7 % with 32 degrees of freedom), which errs on the side of caution.

    Parameters
    ----------
    estimate, lower, upper : array of float
        Shares, 0 to 1.

    Returns
    -------
    array of float
        Missing where a share is missing, infinite where an interval has no width.

    Examples
    --------
    >>> effective_n([0.5, 0.066, 0.0], [0.45, 0.052, 0.0], [0.55, 0.083, 0.032]).round().tolist()
    [384.0, 994.0, 116.0]
    """
    from scipy.special import logit

    p, low, high = (np.asarray(values, dtype=float) for values in (estimate, lower, upper))
    z = _z(0.95)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = p - low, high - p
        width = np.where(low <= 0, 2 * above, np.where(high >= 1, 2 * below, high - low))
        natural = p * (1 - p) * (2 * z / width) ** 2
        logit_below, logit_above = logit(p) - logit(low), logit(high) - logit(p)
        by_logit = (2 * z / (logit_below + logit_above)) ** 2 / (p * (1 - p))
        uneven, logit_uneven = (np.abs(np.log(b / a)) for b, a in ((below, above), (logit_below, logit_above)))
        at_edge = z**2 * (1 - (high - low)) / (high - low)
        inside = np.where((low > 0) & (high < 1) & (logit_uneven < uneven - 1e-9), by_logit, natural)
    return np.where((p <= 0) | (p >= 1), at_edge, inside)


def summarize(
    draws: pd.DataFrame, *, by: str | Sequence[str], value: str = "recovered", level: float = 0.8
) -> pd.DataFrame:
    """Median and central interval of simulated draws.

    Parameters
    ----------
    draws : DataFrame
        One row per draw, as :func:`simulate_recovery` returns them.
    by : str or list of str
        Summarise within each value of these columns.
    value : str
        Column to summarise.
    level : float
        Share of the draws inside the interval, between 0 and 1.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``
        estimate, lower, upper  median and the limits of the central interval, in the unit of ``value``
        n                       number of draws

    Examples
    --------
    >>> draws = pd.DataFrame({"month": [1] * 5, "recovered": [0.1, 0.2, 0.3, 0.4, 0.5]})
    >>> summarize(draws, by="month", level=0.5).values.tolist()
    [[1.0, 0.3, 0.2, 0.4, 5.0]]
    """
    check_level(level)
    keys = [by] if isinstance(by, str) else list(by)
    check_columns("draws", draws.columns, [*keys, value])
    tail = (1 - level) / 2
    grouped = draws.groupby(keys, sort=True, observed=True)[value]
    quantiles = grouped.quantile([0.5, tail, 1 - tail]).unstack()
    quantiles.columns = ["estimate", "lower", "upper"]
    return quantiles.assign(n=grouped.size()).reset_index()
