"""Prevalence of usual status in a survey, beside that of a single measurement."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_level, check_range
from b12analysis.survey import design as d
from b12analysis.survey.intervals import interval
from b12analysis.usual.shares import Share, shares
from b12analysis.usual.within import logs, within_person

__all__ = ["SIDES", "usual_prevalence"]

#: On which side of a cut-off a marker is unfavourable.
SIDES = {"b12": "below", "holotc": "below", "mma": "above", "hcy": "above"}


def usual_prevalence(
    people: pd.DataFrame,
    marker: str,
    cutoff: float,
    *,
    within: float | pd.DataFrame | None = None,
    shape: str = "kept",
    by: str | Sequence[str] | None = None,
    domain: str | None = None,
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
    shape : {"kept", "normal"}
        What is assumed of the spread of usual levels. "kept": the shape of the single measurements, skew included,
        only narrower. "normal": levels and scatter would be normal on some scale, as normal scores have it, so that
        Φ⁻¹ of the share is stretched. The two are equal for log-normal levels; where they differ, the tail decides.
    by : str or list of str, optional
        One row for each group; each is drawn towards its own mean.
    domain : str, optional
        Column of true and false: who the question is about; they are drawn towards their own mean.
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
    check_choice("shape", shape, ["kept", "normal"])
    check_range("cutoff", cutoff, np.nextafter(0, 1))
    check_choice("marker", marker.partition("_")[0], SIDES)
    keys = [by] if isinstance(by, str) else list(by or [])
    check_columns("people", people.columns, [marker, *keys, *filter(None, [weight, strata, psu])])
    variance, se = _within(people, marker, within)
    design = d.design_of(people, weight=weight, strata=strata, psu=psu)
    x, side = logs(people, marker), SIDES[marker.partition("_")[0]]
    known = np.isfinite(x) & (design.weight > 0) & d.domain_of(people, domain)
    if not known.any():
        raise InputError(f"people has nobody with {marker} and a weight above zero")
    group, labels = d.groups(people, keys)
    rows = []
    for number, label in enumerate(labels.to_dict("records")):
        inside = np.flatnonzero(known & (group == number))
        if not len(inside):
            continue
        row = label | {"marker": marker, "cutoff": cutoff, "n": len(inside)}
        w = design.weight[inside] / design.weight[inside].sum()
        single, usual, reliability = shares(x[inside], w, np.log(cutoff), side, shape, variance)
        for share, columns, error in (
            (single, ["single", "single_lower", "single_upper"], 0.0),
            (usual, ["estimate", "lower", "upper", "se"], usual.answer * se),
        ):
            *found, df = _interval(share, inside, w, design, level, error)
            row |= dict(zip(columns, found, strict=False))
        rows.append(row | {"df": df, "within_percent": 100 * np.sqrt(variance), "reliability": reliability})
    return pd.DataFrame(rows)


def _interval(
    share: Share, inside: np.ndarray, w: np.ndarray, design: d.Design, level: float, error: float
) -> tuple[float, float, float, float, int]:
    """Share, limits, standard error, degrees of freedom; ``error`` is a further one, not of these people."""
    influence, group = np.zeros(len(design.weight)), np.full(len(design.weight), -1)
    influence[inside], group[inside] = w * share.influence, 0
    totals, present = (d.psu_sums(values, group, 1, design) for values in (influence, None))
    df = int((present > 0).sum() - d.strata_present(present > 0, design.stratum)[0])
    both = float(np.sqrt(d.variance(totals, design.stratum, design.size, design.singleton)[0] + error**2))
    se = 0.0 if share.share in (0, 1) else both  # at the edge the interval is the exact one
    arrays = (np.array([value]) for value in (share.share, se, len(inside), df))
    lower, upper = interval(*arrays, ci="logit", level=level)
    return share.share, float(lower[0]), float(upper[0]), both, df


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
