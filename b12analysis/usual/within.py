"""How much a marker varies within people, from those who were measured twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.biomarkers.columns import numbers

__all__ = ["logs", "second", "within_person"]


def second(marker: str) -> str:
    """Name of the column that holds a marker's second measurement.

    Examples
    --------
    >>> second("b12_pmol_l")
    'b12_second_pmol_l'
    """
    stem, _, unit = marker.partition("_")
    return f"{stem}_second_{unit}"


def logs(people: pd.DataFrame, column: str) -> np.ndarray:
    """Return the logarithms of a column, not a number where it is missing or zero.

    Examples
    --------
    >>> logs(pd.DataFrame({"b12_pmol_l": [1, None]}), "b12_pmol_l").tolist()
    [0.0, nan]
    """
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
    difference = logs(people, second(marker)) - logs(people, marker)
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
