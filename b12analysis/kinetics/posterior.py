"""Parameters between a scale on which they are normal and the model's table: priors, draws, what a fit leaves.

On that scale every fitted parameter has mean 0 and standard deviation 1 before the fit: its logarithm (or log odds),
less that of its prior value, over the spread that its prior limits say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.kinetics.spread import as_known

__all__ = ["drawn", "fitted_rows", "middle", "values_of"]

_95 = 3.92


def fitted_rows(model: pd.DataFrame) -> pd.DataFrame:
    """Rows that a fit may move."""
    return model[model["basis"] == "fitted"]


def _to(values, logit) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return np.log(values / np.where(logit, 1 - values, 1.0))


def _back(values, logit) -> np.ndarray:
    return np.where(logit, 1 / (1 + np.exp(-values)), np.exp(values))


def prior(rows: pd.DataFrame, before: str = "prior_") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return middle and spread of the priors on their scales (or of the fit), and which scale is log odds."""
    logit = (rows["distribution"] == "logit").to_numpy()
    low, high = (_to(rows[f"{before}{limit}"], logit) for limit in ("lower", "upper"))
    return _to(rows[f"{before}value"], logit), (high - low) / _95, logit


def values_of(points: np.ndarray, model: pd.DataFrame) -> pd.DataFrame:
    """Draws from points on the scale where priors are standard normal.

    Parameters
    ----------
    points : array of shape (draws, fitted parameters)
        In standard deviations of the prior from its middle.
    model : DataFrame
        As ``kinetics_model``.

    Returns
    -------
    DataFrame of a row per draw, a column per id
        Parameters that are not fitted have their value.

    Examples
    --------
    >>> model = load("kinetics_model")
    >>> start = values_of(np.zeros((1, len(fitted_rows(model)))), model).iloc[0]
    >>> bool(start["Q01"] == model.set_index("id").loc["Q01", "prior_value"])
    True
    """
    rows = fitted_rows(model)
    center, sd, logit = prior(rows)
    draws = pd.concat([middle(model)] * len(points), ignore_index=True)
    draws[rows["id"].tolist()] = _back(center + sd * np.atleast_2d(points), logit)
    return draws


def middle(model: pd.DataFrame) -> pd.DataFrame:
    """One draw: everything at its value."""
    return pd.DataFrame([model.set_index("id")["value"].astype(float).to_dict()])


def drawn(model: pd.DataFrame, correlations: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw what nobody knows for sure: fitted parameters together, the others each by itself.

    Parameters
    ----------
    model, correlations : DataFrame
        As ``kinetics_model`` and ``kinetics_correlations``.
    n : int
        Draws.
    rng : Generator

    Returns
    -------
    DataFrame of n rows, a column per id
    """
    rows = fitted_rows(model)
    wide = correlations.pivot(index="parameter", columns="other", values="correlation")
    wide = wide.loc[rows["parameter"], rows["parameter"]].to_numpy(dtype=float)
    together = rng.standard_normal((n, len(rows))) @ np.linalg.cholesky(wide).T
    noise = {name: together[:, place] for place, name in enumerate(rows["id"])}
    own = {row.id: rng.standard_normal(n) for row in model.itertuples()}  # of all, so that a fit shifts no stream
    return pd.DataFrame({row.id: as_known(row, noise.get(row.id, own[row.id])) for row in model.itertuples()})


def with_fit(model: pd.DataFrame, point: np.ndarray, covariance: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put a fit into the model's table: middle and 95 % limits, and the correlations it leaves."""
    rows = fitted_rows(model)
    center, sd, logit = prior(rows)
    spread = np.sqrt(np.diag(covariance))
    fitted = model.copy()
    for column, away in {"value": 0.0, "lower": -_95 / 2, "upper": _95 / 2}.items():
        fitted.loc[rows.index, column] = [
            float(f"{x:.5g}") for x in _back(center + sd * (point + away * spread), logit)
        ]
    names = pd.Index(rows["parameter"])
    wide = pd.DataFrame((covariance / np.outer(spread, spread)).round(6), names, names.rename("other"))
    return fitted, wide.reset_index().melt("parameter", value_name="correlation")


def stored() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Targets, model and correlations as they ship."""
    return tuple(load(name) for name in ("kinetics_targets", "kinetics_model", "kinetics_correlations"))
