"""How a parameter of the model spreads: how well it is known, and how people differ in it.

Both are normal on the parameter's own scale: its logarithm, its log odds for a share (``logit``), or as it is
(``normal``). ``uniform`` is flat between its limits, and people differ in its logarithm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["among_people", "as_known"]

_95 = 3.92


def as_known(row: Any, noise: np.ndarray) -> np.ndarray:
    """Draw a parameter as well as it is known.

    Parameters
    ----------
    row : row of ``kinetics_model``
        ``value, lower, upper`` (95 % limits; all of it for a uniform one), ``distribution``.
    noise : array
        Standard normal numbers.

    Returns
    -------
    array like ``noise``

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(value=0.5, lower=0.2, upper=0.8, distribution="logit")
    >>> as_known(row, np.array([-1.96, 0.0, 1.96])).round(6).tolist()
    [0.2, 0.5, 0.8]
    """
    value = float(row.value)
    if row.distribution == "fixed":
        return np.full(np.shape(noise), value)
    low, high = float(row.lower), float(row.upper)
    if row.distribution == "normal":
        return value + (high - low) / _95 * noise
    if row.distribution == "uniform":
        from scipy.special import ndtr

        return low + (high - low) * ndtr(noise)
    is_share = row.distribution == "logit"
    return _back(_to(value, is_share) + (_to(high, is_share) - _to(low, is_share)) / _95 * noise, is_share)


def among_people(value: np.ndarray, distribution: str, away: np.ndarray) -> np.ndarray:
    """Let people differ in a parameter: a share stays between nothing and all.

    Examples
    --------
    >>> float(among_people(np.array([0.5]), "logit", np.array([3.0]))[0].round(3))
    0.953
    """
    is_share = distribution == "logit"
    return _back(_to(value, is_share) + away, is_share) if is_share else value * np.exp(away)


def _to(values, is_share: bool):
    values = np.asarray(values, dtype=float)
    return np.log(values / (1 - values)) if is_share else np.log(values)


def _back(values, is_share: bool):
    return 1 / (1 + np.exp(-values)) if is_share else np.exp(values)
