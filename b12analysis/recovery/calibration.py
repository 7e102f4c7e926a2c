"""Fit the model of nerves to the series that were registered as fitted, one scenario of delay after the other.

``python -m b12analysis.recovery.calibration`` makes ``recovery_posterior``, ``recovery_fits`` and
``recovery_validation`` anew.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.recovery.counting import OUTCOMES
from b12analysis.recovery.draws import SCENARIOS, open_parameters, posterior, prior
from b12analysis.recovery.posterior import Sampled, sample
from b12analysis.recovery.series import shares_of
from b12analysis.recovery.validation import validate

__all__ = ["calibrate", "log_likelihood", "stored"]

#: Roles of the rows that are fitted, by fit.
_ROLES = {"verified": ("fitted",), "with_healton": ("fitted", "alternative")}
#: No share is quite nothing or all: somebody is always counted wrongly.
_SLIP = 0.005
_DRAWS, _PEOPLE, _SEED = 300, 100, 7
#: Each fit is sampled as often as it has seeds here: how far their log evidence is apart is its error.
_SEEDS = {"verified": (7, 8), "with_healton": (7,)}
#: Draws of each sampling that are kept.
_KEPT = 100


def calibrate(
    targets: pd.DataFrame,
    model: pd.DataFrame,
    scenario: str,
    *,
    draws: int = _DRAWS,
    seed: int = _SEED,
    people: int = _PEOPLE,
) -> tuple[pd.DataFrame, Sampled]:
    """Draw the parameters of a scenario from what the targets leave open.

    Parameters
    ----------
    targets : DataFrame
        Rows as in ``recovery_targets``: all are fitted.
    model : DataFrame
        As ``recovery_model``.
    scenario : {"none", "early", "steady", "late"}
    draws, seed, people : int
        Draws, seed, and virtual people of each series.

    Returns
    -------
    DataFrame
        ``scenario``, a column per parameter, and for each series how it differs from others.
    Sampled
        How the sampling went.
    """
    names = open_parameters(model)
    effects = [f"{kind} {series}" for series in targets["series"].unique() for kind in ("vulnerability", "pace")]

    def drawn(points: np.ndarray) -> pd.DataFrame:
        table = pd.DataFrame(points, columns=[*names, *effects])
        return prior(model, table).join(table[effects]).assign(scenario=scenario)

    def fits(points: np.ndarray) -> np.ndarray:
        return log_likelihood(targets, drawn(points), model, seed, people)

    found = sample(fits, len(names) + len(effects), draws, np.random.default_rng(seed))
    return drawn(found.points), found


def log_likelihood(
    targets: pd.DataFrame, draws: pd.DataFrame, model: pd.DataFrame, seed: int, people: int
) -> np.ndarray:
    """Logarithm of the probability of the observed counts under each draw.

    Counts of one series at one month are classes that exclude each other (multinomial) where there are several; what is
    printed in words (most) is the probability of all counts that fit the words.
    """
    total = np.zeros(len(draws))
    for _, rows in targets.groupby(["series", "month", "regimen"], dropna=False, sort=False):
        patients, exclusive = next(rows.itertuples()), _exclusive(rows)
        # the same people under each draw, so that draws differ in their parameters alone
        found = shares_of(rows["what"].tolist(), patients, draws, model, seed, people, same=True)
        for row, share in zip(rows.itertuples(), found, strict=True):
            said = _SLIP + (1 - 2 * _SLIP) * share
            total += row.cases * np.log(said) if exclusive else _one(row, said)
    return total


def _exclusive(rows: pd.DataFrame) -> bool:
    """Whether rows are the classes of one group of patients, each of whom is in one."""
    classes = set(rows["what"]) <= set(OUTCOMES) and rows["what"].is_unique and len(rows) > 1
    return bool(classes and (rows["n"] == rows["cases"].sum(skipna=False)).fillna(False).all())


def _one(row, share: np.ndarray) -> np.ndarray:
    from scipy.special import bdtrc

    if pd.notna(row.cases):
        return row.cases * np.log(share) + (row.n - row.cases) * np.log1p(-share)
    least = np.floor(row.lower / 100 * row.n)  # more than this many
    return np.log(bdtrc(least, int(row.n), share))


def stored(targets: pd.DataFrame, model: pd.DataFrame, **how) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit all scenarios both ways.

    Returns
    -------
    DataFrame
        ``recovery_posterior``: fit, scenario, draw, parameter, value.
    DataFrame
        ``recovery_fits``: fit, scenario, seed, log_evidence, steps, accepted, distinct.
    """
    fixed = set(model.loc[model["distribution"] == "fixed", "parameter"])
    kept, fits = [], []
    for fit, roles in _ROLES.items():
        rows = targets[targets["role"].isin(roles) & (targets["what"] != "disabled")]  # that overlaps with the others
        for scenario, (turn, seed) in itertools.product(SCENARIOS, enumerate(_SEEDS[fit])):
            draws, found = calibrate(rows, model, scenario, seed=seed, **how)
            wide = draws.head(_KEPT).drop(columns=[*fixed.intersection(draws), "scenario"])
            wide.index = wide.index + turn * _KEPT
            long = wide.rename_axis("draw").reset_index().melt("draw", var_name="parameter")
            kept.append(long.assign(fit=fit, scenario=scenario))
            went = {name: getattr(found, name) for name in ("log_evidence", "steps", "accepted", "distinct")}
            fits.append({"fit": fit, "scenario": scenario, "seed": seed} | went)
    table = pd.concat(kept)[["fit", "scenario", "draw", "parameter", "value"]]
    return table.assign(value=_significant(table["value"])), pd.DataFrame(fits).round(3)


def _significant(values: pd.Series, digits: int = 5) -> pd.Series:
    """Round to significant digits: what computers differ in is less."""
    return values.map(lambda value: float(f"{value:.{digits}g}"))


def prior_of(model: pd.DataFrame, draws: int = 100, seed: int = _SEED) -> pd.DataFrame:
    """Draw the parameters as well as they are known before the fit, the scenarios in turn."""
    names = open_parameters(model)
    points = pd.DataFrame(np.random.default_rng(seed).standard_normal((4 * draws, len(names))), columns=names)
    return prior(model, points).assign(scenario=np.resize(SCENARIOS, 4 * draws))


def _store() -> None:
    from b12analysis.places import DATA
    from b12analysis.writing import write

    targets, model = load("recovery_targets"), load("recovery_model")
    draws, fits = stored(targets, model)
    draws.to_parquet(DATA / "recovery_posterior.parquet", index=False, compression="zstd")
    validation = validate(targets, model, posterior(), prior_of(model))
    for name, table in {"recovery_fits": fits, "recovery_validation": validation}.items():
        write(DATA / f"{name}.csv", table.to_csv(index=False, lineterminator="\n", float_format="%.7g"))


if __name__ == "__main__":
    _store()
