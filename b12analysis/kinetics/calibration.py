"""Fit the model to the rows that were registered as fitted, and to no others.

Nonlinear least squares on whitened residuals: each row's distance from what was observed, on its scale, with the errors
of its people and those it shares with the other rows of its study; and each parameter's distance from its prior. What
the fit leaves open is the inverse of its curvature (a Laplace approximation), which is checked by importance sampling.

``python -m b12analysis.kinetics.calibration`` makes ``kinetics_model``'s fitted values, ``kinetics_correlations`` and
``kinetics_validation`` anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from b12analysis.kinetics.observed import SAME_PEOPLE, observed, to_scale
from b12analysis.kinetics.posterior import fitted_rows, prior, stored, values_of, with_fit
from b12analysis.kinetics.targets import predicted

__all__ = ["Fit", "calibrate", "covariance", "identified", "open_directions"]

#: Step of a derivative, in standard deviations of a prior.
_STEP = 0.05
_DRAWS, _SEED = 400, 6


@dataclass(frozen=True)
class Fit:
    """What a fit says.

    Attributes
    ----------
    point : array
        Best parameters, in standard deviations of the prior from its middle.
    covariance : array
        What the fit leaves open, in the same unit.
    residuals : DataFrame
        id, observed, predicted, residual (whitened rows do not belong to one target, so this one is only divided by
        the standard deviation) of the fitted targets.
    effective_draws : float
        Of ``draws`` draws from the approximation, how many independent ones of the exact posterior they are worth.
    draws : int
    """

    point: np.ndarray
    covariance: np.ndarray
    residuals: pd.DataFrame
    effective_draws: float
    draws: int


def covariance(seen: pd.DataFrame) -> np.ndarray:
    """Covariance of the errors of observed rows.

    Rows of one study and kind share its error; rows of one arm and kind also their people, as far as the same people
    keep their levels.

    Parameters
    ----------
    seen : DataFrame
        As of :func:`b12analysis.kinetics.observed.observed`.

    Examples
    --------
    >>> two = pd.DataFrame({"study": "a", "arm": ["a 1", "a 2"], "kind": "mma", "se": [0.3, 0.4], "study_sd": 0.5})
    >>> covariance(two).round(2).tolist()
    [[0.34, 0.25], [0.25, 0.41]]
    """
    kind, study, arm = (seen[name].to_numpy() for name in ("kind", "study", "arm"))
    same = (study[:, None] == study) & (kind[:, None] == kind)
    people = (arm[:, None] == arm) & (kind[:, None] == kind)
    common, own = np.outer(seen["study_sd"], seen["study_sd"]), np.outer(seen["se"], seen["se"])
    np.fill_diagonal(own_shared := own * np.where(people, SAME_PEOPLE, 0.0), np.diag(own))
    return np.where(same, common, 0.0) + own_shared


def calibrate(
    targets: pd.DataFrame, model: pd.DataFrame, *, predict: Callable = predicted, seen: pd.DataFrame | None = None
) -> Fit:
    """Fit the model to its fitted targets.

    Parameters
    ----------
    targets : DataFrame
        As ``kinetics_targets``; only rows of role fitted are looked at.
    model : DataFrame
        As ``kinetics_model``; of its fitted rows only the priors are looked at.
    predict : callable
        As :func:`b12analysis.kinetics.targets.predicted`.
    seen : DataFrame, optional
        What was observed, as of :func:`b12analysis.kinetics.observed.observed`, for all targets; from the evidence by
        default.

    Returns
    -------
    Fit
    """
    from scipy.optimize import least_squares

    rows = targets[targets["role"] == "fitted"]
    seen = observed(rows, model) if seen is None else seen.loc[rows.index]
    factor = np.linalg.cholesky(covariance(seen))

    def misfit(points: np.ndarray) -> np.ndarray:
        """Distance on the scales of comparison, of shape (draws, targets)."""
        said = predict(rows, values_of(points, model), model)
        pairs = zip(said.T, seen["observed"], seen["scale"], strict=True)
        return np.column_stack([to_scale(model_says, scale) - to_scale(was, scale) for model_says, was, scale in pairs])

    def residuals(points: np.ndarray) -> np.ndarray:
        return np.hstack([np.linalg.solve(factor, misfit(points).T).T, points])

    n = len(fitted_rows(model))

    def slopes(point: np.ndarray) -> np.ndarray:
        steps = _STEP * np.vstack([np.eye(n), -np.eye(n)])
        found = residuals(point + steps)
        return ((found[:n] - found[n:]) / (2 * _STEP)).T

    best = least_squares(lambda point: residuals(point[None])[0], np.zeros(n), jac=slopes, xtol=1e-6, ftol=1e-8)
    left = np.linalg.inv(best.jac.T @ best.jac)
    table = pd.DataFrame({"id": rows["id"], "observed": seen["observed"]})
    table["predicted"] = predict(rows, values_of(best.x[None], model), model)[0]
    table["residual"] = misfit(best.x[None])[0] / np.sqrt(np.diag(covariance(seen)))
    return Fit(best.x, left, table, _effective(best.x, left, residuals), _DRAWS)


def _effective(point: np.ndarray, left: np.ndarray, residuals: Callable) -> float:
    """Effective number of draws when those of the approximation are weighted to the exact posterior."""
    noise = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(point)))
    exact = -(residuals(point + noise @ np.linalg.cholesky(left).T) ** 2).sum(axis=1) / 2
    log_weights = exact + (noise**2).sum(axis=1) / 2
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def identified(model: pd.DataFrame, correlations: pd.DataFrame) -> pd.DataFrame:
    """Tell what the fit has learnt of each parameter.

    Parameters
    ----------
    model, correlations : DataFrame
        As ``kinetics_model`` and ``kinetics_correlations``.

    Returns
    -------
    DataFrame with columns
        parameter, prior_value, value, lower, upper
        narrowed      spread after the fit over spread before: 1 where nothing was learnt
        moved         shift of the middle, in standard deviations of the prior
        tied_to, correlation     the parameter it is most correlated with
    """
    rows = fitted_rows(model)
    (center, sd, _), (now, now_sd, _) = prior(rows), prior(rows, before="")
    pairs = correlations[correlations["parameter"] != correlations["other"]]
    most = pairs.loc[pairs["correlation"].abs().groupby(pairs["parameter"]).idxmax()].set_index("parameter")
    table = rows[["parameter", "prior_value", "value", "lower", "upper"]].copy()
    table["narrowed"], table["moved"] = now_sd / sd, (now - center) / sd
    table["tied_to"] = table["parameter"].map(most["other"])
    table["correlation"] = table["parameter"].map(most["correlation"])
    return table.sort_values("narrowed", ignore_index=True)


def open_directions(model: pd.DataFrame, correlations: pd.DataFrame, n: int = 3) -> pd.DataFrame:
    """Find the combinations of parameters that the fit has learnt least of.

    Parameters
    ----------
    model, correlations : DataFrame
        As ``kinetics_model`` and ``kinetics_correlations``.
    n : int
        How many combinations.

    Returns
    -------
    DataFrame with columns
        direction    1 for the least known
        narrowed     spread along it after the fit over spread before
        parameter, weight     the parameters that make up most of it; weights squared add up to 1 over all parameters
    """
    table = identified(model, correlations).set_index("parameter")["narrowed"]
    wide = correlations.pivot(index="parameter", columns="other", values="correlation").loc[table.index, table.index]
    sizes, axes = np.linalg.eigh(wide.to_numpy(dtype=float) * np.outer(table, table))
    rows = []
    for place in range(1, n + 1):
        weights = pd.Series(axes[:, -place], index=table.index)
        main = weights[weights.abs() > 0.3].sort_values(key=np.abs, ascending=False)
        found = {"direction": place, "narrowed": np.sqrt(sizes[-place])}
        rows += [found | {"parameter": name, "weight": weight} for name, weight in main.items()]
    return pd.DataFrame(rows)


def _store() -> None:
    from b12analysis.kinetics.validation import validate
    from b12analysis.places import DATA
    from b12analysis.writing import write

    targets, model, _ = stored()
    fit = calibrate(targets, model)
    model, correlations = with_fit(model, fit.point, fit.covariance)
    tables = {"kinetics_model": model, "kinetics_correlations": correlations}
    tables["kinetics_validation"] = validate(targets, model, correlations)
    for name, table in tables.items():
        write(DATA / f"{name}.csv", table.to_csv(index=False, lineterminator="\n", float_format="%.7g"))


if __name__ == "__main__":
    _store()
