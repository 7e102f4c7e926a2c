"""What is drawn: parameters that nobody knows for sure, and the people who differ."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.evidence import load, recorded, sha256
from b12analysis.kinetics.spread import as_known

__all__ = ["FITS", "SCENARIOS", "layout", "noise", "open_parameters", "posterior", "prior", "seed_of", "spread_out"]

#: What a delay does to axons, by scenario; "all" mixes them in equal parts.
SCENARIOS = ("none", "early", "steady", "late")
#: Draws that are kept: of the fit to what was read in print, and to a series recalled from memory besides.
FITS = ("verified", "with_healton")
#: Drawn for each person, not once for all.
_OF_PEOPLE = "deficit_"


def seed_of(rng: np.random.Generator | int | None) -> int:
    """Return one number that every stream starts from."""
    return int(np.random.default_rng(rng).integers(2**63))


def noise(seed: int, name: str, shape) -> np.ndarray:
    """Draw evenly between 0 and 1, from a stream of this name."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())]).random(shape)


def prior(model: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Parameters as well as they are known before the fit.

    Parameters
    ----------
    model : DataFrame
        As ``recovery_model``.
    points : DataFrame
        A row per draw, a column of standard normal numbers per parameter that is not fixed.

    Returns
    -------
    DataFrame
        A row per draw, a column per parameter.
    """
    fixed = np.zeros(len(points))
    rows = [row for row in model.itertuples() if not row.parameter.startswith(_OF_PEOPLE)]
    return pd.DataFrame({row.parameter: as_known(row, points.get(row.parameter, fixed)) for row in rows})


def open_parameters(model: pd.DataFrame) -> list[str]:
    """Parameters that are not known for sure."""
    names = model.loc[model["distribution"] != "fixed", "parameter"]
    return names[~names.str.startswith(_OF_PEOPLE)].tolist()


def posterior(scenario: str = "all", fit: str = "verified") -> pd.DataFrame:
    """Draws that calibration left, equally weighted, the scenarios in turn; the first, however few, stand for all.

    Parameters
    ----------
    scenario : {"all", "none", "early", "steady", "late"}
    fit : {"verified", "with_healton"}
        Whether the recalled counts of one large series count too.

    Returns
    -------
    DataFrame
        ``scenario`` and a column per parameter.
    """
    check_choice("scenario", scenario, ["all", *SCENARIOS])
    check_choice("fit", fit, FITS)
    files = ("recovery_posterior", "recovery_model")
    recorded.update({name: sha256(name) for name in files})  # what a report is made from, kept draws or not
    return _posterior(scenario, fit, *map(sha256, files)).copy()


@lru_cache(maxsize=16)
def _posterior(scenario: str, fit: str, *hashes: str) -> pd.DataFrame:
    """Make the table of draws; anew when a file has changed."""
    long, model = load("recovery_posterior"), load("recovery_model").query("distribution == 'fixed'")
    long = long[(long["fit"] == fit) & (long["scenario"].eq(scenario) | (scenario == "all"))]
    wide = long.pivot(index=["draw", "scenario"], columns="parameter", values="value").rename_axis(columns=None)
    in_turn = (
        wide.loc[pd.MultiIndex.from_product([_scattered(wide.index.levels[0]), _held(wide)])]
        .dropna(axis=1)
        .reset_index("scenario")
    )
    return in_turn.reset_index(drop=True).assign(
        **dict(zip(model["parameter"], model["value"].astype(float), strict=True))
    )


def _scattered(draws: pd.Index) -> pd.Index:
    """Draws in an order of which any beginning is spread over all: neighbours come of one ancestor of the sampling."""
    golden = np.arange(len(draws)) * (np.sqrt(5) - 1) / 2 % 1
    return draws[golden.argsort().argsort()]


def _held(wide: pd.DataFrame) -> list[str]:
    return [name for name in SCENARIOS if name in wide.index.levels[1]]


def layout(patients: int, n: int, draws: int, each: int | None = None) -> tuple[np.ndarray, int]:
    """Which draw of the parameters each person has, and how many draws a profile's people share.

    Of n people like one another, person i has draw i modulo some number: enough people share a draw to see how people
    differ (``each``, if it is given), and there are enough draws to see what is not known.

    Returns
    -------
    array of shape (patients, n)
        Row of the draws.
    int
        Draws per profile.
    """
    even = each is None
    each = each or max(1, -(-n // draws), int(np.sqrt(n) / 2))
    used = min(draws, max(1, n // each))
    if even:  # each scenario has as many draws as any other
        used = max(used // len(SCENARIOS) * len(SCENARIOS), min(used, len(SCENARIOS)))
    first = (np.arange(patients) * used)[:, None]
    return (first + np.arange(n) % used) % draws, used


def spread_out(seed: int, name: str, patients: int, n: int, used: int) -> np.ndarray:
    """Evenly between 0 and 1, one for each person; people who share a draw are spread out evenly (Latin hypercube).

    Where nobody of a profile shares a draw, all profiles do.
    """
    each = -(-n // used)
    if each == 1:
        order = noise(seed, f"order {name}", (patients, n)).argsort(axis=0)
        return (order + noise(seed, name, (patients, n))) / patients
    order = noise(seed, f"order {name}", (patients, each, used)).argsort(axis=1)
    within = noise(seed, name, (patients, each, used))
    return ((order + within) / each).reshape(patients, -1)[:, :n]
