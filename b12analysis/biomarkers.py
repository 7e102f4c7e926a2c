"""From a blood value to a status.

There is no one cut-off. The one used most in surveys calls serum B12 below 148 pmol/L (200 pg/mL) *deficient* and 148
to 221 pmol/L (300 pg/mL) *marginal*; "20 % of people over 60" and "6 %" differ by which of the two is counted. The
table ``biomarkers`` lists every definition that our sources use. A status says something about groups of people, not
about a person: one sample varies by a fifth from week to week.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError

__all__ = ["STATUS_LEVELS", "status"]

#: From the lowest to the highest serum B12.
STATUS_LEVELS = ["deficient", "marginal", "adequate"]


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
        numbers = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise no_numbers from None
    if (numbers < 0).any():
        raise InputError(f"b12_pmol_l={numbers[numbers < 0][0]:g} is negative; serum B12 is given in pmol/L")
    code = np.select([np.isnan(numbers), numbers < deficient, numbers <= marginal], [-1, 0, 1], 2)
    category = pd.Categorical.from_codes(code, categories=STATUS_LEVELS, ordered=True)
    return pd.Series(category, index=values.index, name="status")
