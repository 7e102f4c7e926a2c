"""MMA and the kidney: raised MMA means low B12, failing kidneys, or both.

In US adults of 60 and over nearly half of those with MMA above 271 nmol/L have an estimated filtration rate (eGFR)
below 60. So MMA is shown three ways: for all, for people whose kidneys work (eGFR of 60 or more), and adjusted.

The adjustment takes MMA to rise, below an eGFR of 90, as a power of eGFR, and brings everybody to 90:
``adjusted = MMA * (min(eGFR, 90) / 90) ** slope``. The slope is that of log MMA on log eGFR at the same serum B12 and
age, by weighted least squares. It assumes that what goes with eGFR at the same B12 and age is the kidney's doing. If
people with poor kidneys also lack B12 in a way that their serum does not show, it takes too much away.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.biomarkers.columns import numbers
from b12analysis.biomarkers.definitions import definitions, meets

__all__ = ["kidney_slope", "mma_adjusted", "mma_indicators"]

#: eGFR above which the kidney no longer shows in MMA, and below which kidney disease is spoken of, mL/min/1.73 m².
NORMAL, REDUCED = 90.0, 60.0


def _shortfall(people: pd.DataFrame) -> np.ndarray:
    egfr = numbers(people, "egfr").to_numpy(dtype=float, na_value=np.nan)
    if (egfr == 0).any():
        raise InputError("people has egfr=0; leave it empty if it is missing")
    return np.log(NORMAL / np.minimum(egfr, NORMAL))


def kidney_slope(people: pd.DataFrame, *, weight: str | None = "weight") -> float:
    """Per cent by which MMA is higher for each per cent that eGFR is lower, below 90.

    Parameters
    ----------
    people : DataFrame
        Columns ``mma_nmol_l``, ``egfr``, ``b12_pmol_l``, ``age`` and the weight. People with one missing are left out.
    weight : str, optional
        Column of survey weights; None counts everybody alike.

    Returns
    -------
    float
        Slope of log MMA on log(90 / eGFR), with log serum B12 and age in the model.

    Examples
    --------
    >>> people = pd.DataFrame({"egfr": [30, 60, 90, 100, 45], "b12_pmol_l": [200, 300, 250, 400, 350]})
    >>> people = people.assign(age=[80, 60, 50, 40, 70], mma_nmol_l=120 * 90 / people["egfr"].clip(upper=90))
    >>> round(kidney_slope(people, weight=None), 6)
    1.0
    """
    check_columns("people", people.columns, ["mma_nmol_l", "egfr", "b12_pmol_l", "age", *([weight] if weight else [])])
    log = {}
    for name in ("mma_nmol_l", "b12_pmol_l"):
        values = numbers(people, name)
        log[name] = np.log(values.mask(values == 0).to_numpy(dtype=float, na_value=np.nan))
    age = numbers(people, "age").to_numpy(dtype=float, na_value=np.nan)
    counts = numbers(people, weight).to_numpy(dtype=float, na_value=np.nan) if weight else np.ones(len(people))
    model = np.column_stack([np.ones(len(people)), _shortfall(people), log["b12_pmol_l"], age])
    known = np.isfinite(model).all(axis=1) & np.isfinite(log["mma_nmol_l"]) & (counts > 0)
    root = np.sqrt(counts[known])
    slopes, _, rank, _ = np.linalg.lstsq(model[known] * root[:, None], log["mma_nmol_l"][known] * root, rcond=None)
    if rank < model.shape[1]:
        raise InputError(f"people has {known.sum()} with all values known, too few or too alike to fit a slope of MMA")
    return float(slopes[1])


def mma_adjusted(people: pd.DataFrame, *, slope: float | None = None, weight: str | None = "weight") -> pd.Series:
    """MMA as it would be with an eGFR of 90: ``MMA * (min(eGFR, 90) / 90) ** slope``.

    Parameters
    ----------
    people : DataFrame
        Columns ``mma_nmol_l`` and ``egfr``; for a slope of their own also what :func:`kidney_slope` needs.
    slope : float, optional
        From 0 (no adjustment) to 2; fitted to ``people`` by default. Give it to use one slope for several groups.
    weight : str, optional
        Column of survey weights for the fit.

    Returns
    -------
    Series of nullable float
        nmol/L, named "mma_adjusted_nmol_l", never above MMA; missing where MMA or eGFR is.
        The slope stands in its ``attrs``.

    Examples
    --------
    >>> people = pd.DataFrame({"mma_nmol_l": [300, 300, 300], "egfr": [120, 45, None]})
    >>> mma_adjusted(people, slope=1).tolist()
    [300.0, 150.0, <NA>]
    """
    check_columns("people", people.columns, ["mma_nmol_l", "egfr"])
    if slope is not None:
        check_range("slope", slope, 0, 2)
    fitted = max(0.0, kidney_slope(people, weight=weight)) if slope is None else slope
    factor = pd.Series(np.exp(-fitted * _shortfall(people)), index=people.index).astype("Float64")
    factor = factor.mask(numbers(people, "egfr").isna())
    adjusted = (numbers(people, "mma_nmol_l") * factor).rename("mma_adjusted_nmol_l")
    adjusted.attrs["slope"] = fitted
    return adjusted


def mma_indicators(
    people: pd.DataFrame, definition: str = "mma_271", *, slope: float | None = None, weight: str | None = "weight"
) -> pd.DataFrame:
    """Give raised MMA three ways, because it never stands alone.

    Parameters
    ----------
    people : DataFrame
        As for :func:`mma_adjusted`.
    definition : str
        A definition by MMA: ``"mma_210"``, ``"mma_271"``, ``"mma_376"``, ...
    slope, weight
        As for :func:`mma_adjusted`.

    Returns
    -------
    DataFrame of nullable boolean, columns (for "mma_271")
        mma_271             for all
        mma_271_egfr_60     missing, so outside the domain, unless eGFR is known and at least 60
        mma_271_adjusted    by MMA adjusted to an eGFR of 90

    Examples
    --------
    >>> people = pd.DataFrame({"mma_nmol_l": [300, 300, 600], "egfr": [120, 45, 30]})
    >>> mma_indicators(people, slope=0.7).to_numpy().tolist()
    [[True, True, True], [True, <NA>, False], [True, <NA>, True]]
    """
    by_mma = [row.definition for row in definitions().itertuples() if row.needs == ["mma_nmol_l"]]
    check_choice("definition", definition, by_mma)
    everybody = meets(people, definition)
    adjusted = mma_adjusted(people, slope=slope, weight=weight)
    by_adjusted = meets(people.assign(mma_nmol_l=adjusted), definition)
    return pd.DataFrame(
        {
            definition: everybody,
            f"{definition}_egfr_60": everybody.where((numbers(people, "egfr") >= REDUCED).fillna(False)),
            f"{definition}_adjusted": by_adjusted,
        }
    )
