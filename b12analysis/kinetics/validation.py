"""The table ``kinetics_validation``: what the model says to each target beside what was observed.

The interval is predictive: it says where the *result of that study* is expected, so it holds what calibration leaves
open, what studies differ by, and the chance of that study's few people. A target is hit when its interval holds what
was observed; nothing else makes a hit. Marks that were set beforehand are judged beside it, by the relative error of
the prediction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.kinetics.observed import WITHIN, from_scale, observed, parameter, to_scale
from b12analysis.kinetics.posterior import drawn, middle
from b12analysis.kinetics.targets import predicted

__all__ = ["predictive", "scored", "validate"]

_DRAWS, _SEED = 400, 61
_UNITS = {
    "percent": "%",
    "percent_day": "%/day",
    "ug": "ug",
    "ug_day": "ug/day",
    "days": "days",
    "pmol_l": "pmol/L",
    "nmol_l": "nmol/L",
}


def validate(targets: pd.DataFrame, model: pd.DataFrame, correlations: pd.DataFrame) -> pd.DataFrame:
    """Predict every target and score it.

    Parameters
    ----------
    targets, model, correlations : DataFrame
        As ``kinetics_targets``, ``kinetics_model`` and ``kinetics_correlations``.

    Returns
    -------
    DataFrame with columns
        id, role, what, observable, unit
        observed, observed_lower, observed_upper    limits as the source prints them
        predicted           with every parameter at its value
        lower, upper        95 % predictive interval of the study's result
        covered             whether it holds what was observed
        relative_error, pass_mark, within_mark
        verdict             hit or miss
        evidence, status, source
    """
    rng = np.random.default_rng(_SEED)
    seen = observed(targets, model)
    draws = drawn(model, correlations, _DRAWS, rng)
    place = pd.factorize(seen["study"].astype(str) + seen["kind"])[0]  # serum and MMA have assays of their own
    assay = rng.standard_normal((_DRAWS, place.max() + 1))[:, place]
    shift = assay * parameter(model, "study_sd_serum")
    said = predicted(targets, draws, model, shift=shift)
    results = predictive(said, seen, model, assay, rng)
    table = pd.DataFrame(
        {
            "id": targets["id"],
            "role": targets["role"],
            "what": [_words(target) for target in targets.itertuples()],
            "observable": targets["observable"],
            "unit": [_unit(target) for target in targets.itertuples()],
            "observed": seen["observed"],
            "observed_lower": seen["observed_lower"],
            "observed_upper": seen["observed_upper"],
            "predicted": predicted(targets, middle(model), model)[0],
            "lower": np.quantile(results, 0.025, axis=0),
            "upper": np.quantile(results, 0.975, axis=0),
        }
    ).round(3)
    return scored(table, targets["pass_mark"]).join(seen[["evidence", "status", "source"]]).reset_index(drop=True)


def predictive(
    said: np.ndarray, seen: pd.DataFrame, model: pd.DataFrame, assay: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Results that studies could have had: what the model says, with the error of a study and of its people.

    Parameters
    ----------
    said : array of shape (draws, targets)
        As predicted; where a cut-off is applied, with the study's assay already in it.
    seen : DataFrame
        As of :func:`b12analysis.kinetics.observed.observed`.
    model : DataFrame
        As ``kinetics_model``.
    assay : array of shape (draws, targets)
        Error of the study, in standard deviations.
    rng : Generator

    Returns
    -------
    array of shape (draws, targets)
    """
    results = np.empty_like(said)
    for place, row in enumerate(seen.itertuples()):
        values, chance = said[:, place], rng.standard_normal(len(said))
        common = parameter(model, f"study_sd_{row.kind}") if row.scale in WITHIN else row.study_sd
        between = common * assay[:, place]
        if row.scale == "share":
            many = int(row.n)
            results[:, place] = 100 * rng.binomial(many, np.clip(values / 100, 0, 1)) / many
        elif row.scale == "time":
            results[:, place] = values * np.exp(row.se * chance)
        elif row.scale in WITHIN:
            results[:, place] = from_scale(to_scale(values, row.scale) * (1 + between) + row.se * chance, row.scale)
        else:
            results[:, place] = from_scale(to_scale(values, row.scale) + between + row.se * chance, row.scale)
    return results


def scored(table: pd.DataFrame, pass_mark: pd.Series) -> pd.DataFrame:
    """Judge predictions by their intervals, and by marks where there are some.

    Examples
    --------
    >>> one = pd.DataFrame({"observed": [100.0], "predicted": [130.0], "lower": [90.0], "upper": [170.0]})
    >>> scored(one, pd.Series([0.25]))[["covered", "relative_error", "within_mark", "verdict"]].values.tolist()
    [[True, 0.3, False, 'hit']]
    """
    covered = (table["lower"] <= table["observed"]) & (table["observed"] <= table["upper"])
    error = (table["predicted"] / table["observed"] - 1).round(3)
    mark = pass_mark.astype("Float64")
    return table.assign(
        covered=covered,
        relative_error=error,
        pass_mark=mark,
        within_mark=(error.abs() <= mark).astype("boolean").where(mark.notna()),
        verdict=np.where(covered, "hit", "miss"),
    )


def _unit(target) -> str:
    """Read the unit of an observable off the end of its name."""
    if target.observable == "months_to_below":
        return "months"
    if "ratio" in target.observable:
        return "ratio"
    if target.observable.startswith("share"):
        return "%"
    ends = sorted((end for end in _UNITS if target.observable.endswith(end)), key=len)
    return _UNITS[ends[-1]]


def _words(target) -> str:
    """Tell a target from the others in a few words."""
    parts = [str(target.absorption).replace("_", " ")]
    if not pd.isna(target.dose_ug):
        parts.append(f"{target.dose_ug:g} ug {str(target.dose_form).removeprefix('im_')}")
    elif target.regimen != "none":
        parts.append(str(target.regimen).replace("_", " "))
    elif not pd.isna(target.intake_ug):
        parts.append(f"diet of {target.intake_ug:g} ug")
    if not pd.isna(target.cutoff):
        parts.append(f"{target.cutoff:g} pmol/L")
    if target.observable.startswith("us_"):
        parts = ["US adults", str(target.entry).replace("serum_b12_pmol_l", "serum").replace(" and serum", ",")]
    if not pd.isna(target.day):
        parts.append(f"day {target.day:g}")
    return ", ".join(parts)
