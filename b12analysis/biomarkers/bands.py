"""Bands of status: from the lowest to the highest value of one marker."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns
from b12analysis.biomarkers.columns import numbers
from b12analysis.biomarkers.definitions import SCALES
from b12analysis.evidence import load

__all__ = ["SCHEMES", "STATUS_LEVELS", "classify", "status"]

#: From the lowest to the highest serum B12.
STATUS_LEVELS = ["deficient", "marginal", "adequate"]
#: Scheme: the marker, the definitions of its lowest and its middle band, and the names of all three.
SCHEMES = {
    "status": ("b12_pmol_l", "b12_148", "b12_marginal_221", STATUS_LEVELS),
    "nice": ("b12_pmol_l", "nice_confirmed", "nice_indeterminate", ["confirmed", "indeterminate", "unlikely"]),
    "nice_active": (
        "holotc_pmol_l",
        "nice_active_confirmed",
        "nice_active_indeterminate",
        ["confirmed", "indeterminate", "unlikely"],
    ),
}


def status(b12_pmol_l: Iterable[float], *, deficient: float = 148, marginal: float = 221) -> pd.Series:
    """Status by serum B12 alone.

    Parameters
    ----------
    b12_pmol_l : array of float, Series or list
        Serum B12, pmol/L. Missing values stay missing.
    deficient : float
        Below it the status is deficient, pmol/L.
    marginal : float
        From ``deficient`` up to and including it the status is marginal, pmol/L.

    Returns
    -------
    Series of ordered category
        "deficient" < "marginal" < "adequate", with the index of the input.

    Raises
    ------
    InputError
        If there is no list of numbers, a value is negative, or the cut-offs are not in order.

    Source
    ------
    allen2009 (deficient below 148 pmol/L, marginal 148 to 221 pmol/L).

    Examples
    --------
    >>> status([110, 180, 420]).tolist()
    ['deficient', 'marginal', 'adequate']
    >>> status([148, 221, 221.4]).tolist()
    ['marginal', 'marginal', 'adequate']
    """
    if not 0 < deficient <= marginal:
        raise InputError(f"deficient={deficient!r} and marginal={marginal!r} must satisfy 0 < deficient <= marginal")
    no_numbers = InputError(f"b12_pmol_l={reprlib.repr(b12_pmol_l)} is no list of numbers, such as [180]")
    if not pd.api.types.is_list_like(b12_pmol_l):
        raise no_numbers
    values = b12_pmol_l if isinstance(b12_pmol_l, pd.Series) else pd.Series(list(b12_pmol_l))
    try:
        levels = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise no_numbers from None
    if (levels < 0).any():
        raise InputError(f"b12_pmol_l={levels[levels < 0][0]:g} is negative; serum B12 is given in pmol/L")
    return _banded(pd.Series(levels, index=values.index), deficient, marginal, STATUS_LEVELS).rename("status")


def _banded(values: pd.Series, low: float, high: float, names: list[str]) -> pd.Series:
    """Below ``low``, up to and including ``high``, above."""
    level = values.to_numpy(dtype=float, na_value=np.nan)
    code = np.select([np.isnan(level), level < low, level <= high], [-1, 0, 1], 2)
    return pd.Series(pd.Categorical.from_codes(code, categories=names, ordered=True), index=values.index)


def classify(people: pd.DataFrame, scheme: str = "status", *, scale: str = "as_measured") -> pd.Series:
    """Put people into the bands of a scheme.

    Parameters
    ----------
    people : DataFrame
        One row per person, with the marker of the scheme.
    scheme : {"status", "nice", "nice_active"}
        "status": serum B12 below 148 pmol/L deficient, up to 221 marginal, above adequate. "nice": deficiency
        confirmed below 133 pmol/L, indeterminate up to 258, unlikely above. "nice_active": the same by active B12
        (holoTC), 25 and 70 pmol/L.
    scale : {"as_measured", "roche"}
        Which column stands for serum B12, as for :func:`meets`.

    Returns
    -------
    Series of ordered category
        From the lowest band to the highest, named after the scheme; missing where the marker is.

    Source
    ------
    allen2009 (status); nice2024 (NG239, as quoted).

    Examples
    --------
    >>> classify(pd.DataFrame({"b12_pmol_l": [120, 200, 300]}), "nice").tolist()
    ['confirmed', 'indeterminate', 'unlikely']
    """
    check_choice("scheme", scheme, SCHEMES)
    check_choice("scale", scale, SCALES)
    marker, lowest, middle, names = SCHEMES[scheme]
    column = SCALES[scale] if marker == "b12_pmol_l" else marker
    check_columns("people", people.columns, [column])
    limits = load("biomarkers").set_index("definition")["below"].astype(float)
    return _banded(numbers(people, column), limits[lowest], limits[middle], names).rename(scheme)
