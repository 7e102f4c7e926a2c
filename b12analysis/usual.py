"""One blood sample is not a status: prevalence of *usual* low status beside that of a single measurement.

A person's level differs from day to day. The spread of single measurements is therefore wider than that of people's
usual levels, and its tails hold people who were low, or high, on that day only. From people measured twice comes the
*within-person* spread; each level is then drawn towards the mean of its group until the spread that remains is the one
between people (National Research Council, Nutrient Adequacy, 1986; Nusser et al., J Am Stat Assoc 1996;91:1440).

It is done on logarithms, and assumes that there (1) the scatter within people is the same for all of them and
symmetric, and (2) usual levels are spread in the shape of the single measurements, only narrower. "Usual" is the mean
of a person's logarithms. Where a cut-off lies in the tail the correction leans on the second assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_level, check_range
from b12analysis.biomarkers.columns import numbers
from b12analysis.survey import design as d
from b12analysis.survey.intervals import interval

__all__ = ["SIDES", "second", "usual_prevalence", "within_person"]

#: On which side of a cut-off a marker is unfavourable.
SIDES = {"b12": "below", "holotc": "below", "mma": "above", "hcy": "above"}


def second(marker: str) -> str:
    """Name of the column that holds a marker's second measurement.

    Examples
    --------
    >>> second("b12_pmol_l")
    'b12_second_pmol_l'
    """
    stem, _, unit = marker.partition("_")
    return f"{stem}_second_{unit}"


def _log(people: pd.DataFrame, column: str) -> np.ndarray:
    values = numbers(people, column)
    return np.log(values.mask(values == 0).to_numpy(dtype=float, na_value=np.nan))


def within_person(people: pd.DataFrame, marker: str) -> pd.DataFrame:
    """Spread of a marker within people, from those measured twice.

    Parameters
    ----------
    people : DataFrame
        One row per person, with the marker (``"b12_pmol_l"``) and its second measurement (``"b12_second_pmol_l"``).
    marker : str
        Column of the first measurement.

    Returns
    -------
    DataFrame of one row, with columns
        marker, n       n: people with both measurements
        sd              within-person standard deviation of the logarithm: the root of the mean of d²/2
        variance, se    its square, and the standard error of that, from the spread of the d²/2
        cv_percent      coefficient of variation, 100 × sqrt(exp(variance) - 1)
        shift_percent   by how much the second is higher, as a rule; a part of ``sd`` where it is not zero

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [100, 200, 300], "b12_second_pmol_l": [110, 180, None]})
    >>> within_person(people, "b12_pmol_l")[["n", "sd", "shift_percent"]].round(3).values.tolist()
    [[2.0, 0.071, -0.501]]
    """
    check_columns("people", people.columns, [marker, second(marker)])
    difference = _log(people, second(marker)) - _log(people, marker)
    difference = difference[np.isfinite(difference)]
    if len(difference) < 2:
        raise InputError(f"people has {len(difference)} with {marker} measured twice; at least two are needed")
    squares = difference**2 / 2
    variance = squares.mean()
    row = {
        "marker": marker,
        "n": len(difference),
        "sd": np.sqrt(variance),
        "variance": variance,
        "se": squares.std(ddof=1) / np.sqrt(len(difference)),
        "cv_percent": 100 * np.sqrt(np.expm1(variance)),
        "shift_percent": 100 * np.expm1(difference.mean()),
    }
    return pd.DataFrame([row])


def usual_prevalence(
    people: pd.DataFrame,
    marker: str,
    cutoff: float,
    *,
    within: float | pd.DataFrame | None = None,
    by: str | Sequence[str] | None = None,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
) -> pd.DataFrame:
    """Prevalence of usual low (or raised) status beside that of a single measurement.

    Parameters
    ----------
    people : DataFrame
        One row per person.
    marker : str
        ``"b12_pmol_l"``, ``"holotc_pmol_l"`` (low below the cut-off), ``"mma_nmol_l"``, ``"hcy_umol_l"`` (raised
        above it).
    cutoff : float
        In the marker's unit.
    within : float or DataFrame, optional
        Within-person standard deviation of the logarithm (0.148 is a scatter of 14.8 %), taken as exact, or what
        :func:`within_person` returned for other people. By default from the people here who were measured twice.
    by : str or list of str, optional
        One row for each group; each is drawn towards its own mean.
    weight, strata, psu : str, optional
        Columns of the survey's design; None where there is none.
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame with columns
        the columns of ``by``
        marker, cutoff, n               n: people with a measurement
        single, single_lower, single_upper    share beyond the cut-off in one measurement, with its interval
        estimate, lower, upper, se      share whose usual level is beyond it; the interval also knows that the mean, the
                                        spread and the within-person variance are estimates
        df                              PSUs less strata in the group
        within_percent, reliability     within-person spread (per cent), and the share of the variance of logarithms
                                        that is between people

    Raises
    ------
    InputError
        If a column is missing, a stratum has a single PSU, or people differ less than one person from day to day.

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [100, 140, 180, 220, 260, 300, 340, 380, 420, 460]})
    >>> bare = {"weight": None, "strata": None, "psu": None}
    >>> usual_prevalence(people, "b12_pmol_l", 148, within=0.3, **bare)[["single", "estimate"]].values.tolist()
    [[0.2, 0.1]]
    """
    check_level(level)
    check_range("cutoff", cutoff, np.nextafter(0, 1))
    check_choice("marker", marker.partition("_")[0], SIDES)
    keys = [by] if isinstance(by, str) else list(by or [])
    check_columns("people", people.columns, [marker, *keys, *filter(None, [weight, strata, psu])])
    variance, se = _within(people, marker, within)
    design = d.design_of(people, weight=weight, strata=strata, psu=psu)
    logs, side = _log(people, marker), SIDES[marker.partition("_")[0]]
    known = np.isfinite(logs) & (design.weight > 0)
    if not known.any():
        raise InputError(f"people has nobody with {marker} and a weight above zero")
    group, labels = d.groups(people, keys)
    rows = []
    for number, label in enumerate(labels.to_dict("records")):
        inside = known & (group == number)
        if inside.any():
            row = label | {"marker": marker, "cutoff": cutoff, "n": int(inside.sum())}
            rows.append(row | _one(logs, inside, design, np.log(cutoff), side, variance, se, level))
    return pd.DataFrame(rows)


def _within(people: pd.DataFrame, marker: str, within: float | pd.DataFrame | None) -> tuple[float, float]:
    """Within-person variance of the logarithm and its standard error."""
    if isinstance(within, Real):
        check_range("within", within, 0)
        return float(within) ** 2, 0.0
    table = within_person(people, marker) if within is None else within
    check_columns("within", table.columns, ["marker", "variance", "se"])
    rows = table[table["marker"] == marker]
    if len(rows) != 1:
        raise InputError(f"within has {len(rows)} rows for marker {marker!r}; it needs one, as within_person gives it")
    return float(rows["variance"].iloc[0]), float(rows["se"].iloc[0])


def _one(
    x: np.ndarray, known: np.ndarray, design: d.Design, cut: float, side: str, variance: float, se: float, level: float
) -> dict:
    """Single and usual prevalence of one group, the people in ``known``; ``x`` and ``cut`` are logarithms."""
    w = np.where(known, design.weight, 0.0)
    w, x = w / w.sum(), np.where(known, x, 0.0)
    mean = np.sum(w * x)
    spread = np.sum(w * (x - mean) ** 2)
    if spread <= variance:
        raise InputError(
            f"people vary by {np.sqrt(spread):.3f} on the log scale and one person by {np.sqrt(variance):.3f}: "
            "no spread is left between them"
        )
    shrink = np.sqrt((spread - variance) / spread)
    # a level is drawn to mean + shrink * (x - mean); that is beyond the cut where x is beyond the cut moved by this
    moved = (cut - mean) * (1 / shrink - 1)
    # the moved cut follows the mean, the spread and the variance, which are estimates: by so much for each of them
    by_spread = -(cut - mean) * shrink * variance / (2 * (spread - variance) ** 2)
    by_within = (cut - mean) * shrink * spread / (2 * (spread - variance) ** 2)
    follows = (1 - 1 / shrink) * (x - mean) + by_spread * ((x - mean) ** 2 - spread)
    density = _density(x[known], w[known], cut + moved)

    n, sign = int(known.sum()), 1 if side == "below" else -1
    present = d.psu_sums(None, np.where(known, 0, -1), 1, design) > 0
    df = int(present.sum() - d.strata_present(present, design.stratum)[0])
    row: dict = {}
    for names, shift, answer, more in (
        (("single", "single_lower", "single_upper"), 0.0, 0.0, 0.0),
        (("estimate", "lower", "upper"), moved, sign * density * follows, density * by_within * se),
    ):
        beyond = sign * (x - cut - shift) < 0
        share = float(np.sum(w * beyond))
        # people with w = 0 are outside the group and have no part in it
        parts = d.psu_sums(w * (beyond - share + answer), np.zeros(len(x), dtype=int), 1, design)
        error = float(np.sqrt(d.variance(parts, design.stratum, design.size, design.singleton)[0] + more**2))
        is_flat = share in (0, 1)
        arrays = (np.array([value]) for value in (share, 0.0 if is_flat else error, n, df))
        limits = interval(*arrays, ci="logit", level=level)
        row |= dict(zip(names, (share, *(float(limit[0]) for limit in limits)), strict=True))
    return row | {"se": error, "df": df, "within_percent": 100 * np.sqrt(variance), "reliability": shrink**2}


def _density(x: np.ndarray, w: np.ndarray, at: float) -> float:
    """Of people per unit of log level: a normal kernel."""
    width = 1.06 * np.sqrt(np.sum(w * (x - np.sum(w * x)) ** 2)) * len(x) ** -0.2
    return float(np.sum(w * np.exp(-(((x - at) / width) ** 2) / 2)) / (width * np.sqrt(2 * np.pi)))
