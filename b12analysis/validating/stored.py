"""Tables of the US survey as they ship, beside what R's package survey found in the survey's files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis import masking
from b12analysis.evidence import load
from b12analysis.nhanes import groups, sums
from b12analysis.validating.cells import cells

__all__ = ["stored_cells"]

#: Names of R's script for associations, and ours.
_OURS = {
    **{"below": "b12_below_148", "statusbelow": "b12_below_148", "statusmarginal": "b12_148_to_221"},
    **{"raised": "mma_271", "halvings": "b12_halving", "doublings": "mma_doubling", "b12": "b12_pmol_l"},
    **{"mma": "mma_nmol_l", "diq100_numb": "numbness", "diq120_tingle": "tingling", "diabetes": "age_sex_diabetes"},
    **{"diabetes_hba1c": "age_sex_diabetes_hba1c", "height_ethnicity": "age_sex_height_ethnicity"},
    **{"egfr": "age_sex_egfr", "age_bands": "age_bands_sex"},
}
_COUNTS = ("n", "cases", "df")
Row = dict[str, Any]


def stored_cells(folder: Path) -> pd.DataFrame:
    """Look up in the shipped tables what R computed of the same people.

    Parameters
    ----------
    folder : Path
        ``tests/reference`` of the repository.

    Returns
    -------
    DataFrame with columns
        id, cell, theirs, ours     as :func:`b12analysis.validating.cells.cells`
    """

    def read(name: str) -> dict[str, Any]:
        return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    made = [
        *_sums(read("nhanes_survey")["prevalence"]),
        *_groups(read("risk_groups")["prevalence"]),
        *_associations(read("associations")),
        *_folate(read("folate")),
        *_mma(read("mma")),
    ]
    return pd.concat(made, ignore_index=True)


def _sums(rows: list[Row]) -> Iterator[pd.DataFrame]:
    for row in rows:
        band, _, sex = row["domain"].partition(" ")
        found = sums.prevalence(row["cycles"], row["indicator"], age_band=band, sex=sex or "both").iloc[0]
        where = f"{row['cycles']}, {row['domain']}, {row['indicator']}"
        same = (*_COUNTS, "estimate", "se", "deff", "total", "total_se")
        yield cells("stored-sums", where, [(row[name], found[name]) for name in same])
        yield cells("stored-limits", where, zip(row["logit"], (found["lower"], found["upper"]), strict=True))


def _groups(rows: list[Row]) -> Iterator[pd.DataFrame]:
    for row in rows:
        keys = [row[name] for name in ("cycles", "group", "indicator")]
        found = groups.prevalence(*keys, age_band=row["age_band"]).iloc[0]
        where = ", ".join([*keys, row["age_band"]])
        yield cells("stored-groups", where, [(row[name], found[name]) for name in (*_COUNTS, "estimate", "se")])
        yield cells("stored-limits", where, zip(row["logit"], (found["lower"], found["upper"]), strict=True))


def _associations(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    for name, model in given["neuropathy"].items():
        exposure, _, adjusted = name.partition(" ")
        keys = {"analysis": "neuropathy", "outcome": "neuropathy" if adjusted else _OURS.get(exposure, exposure)}
        keys |= {"domain": "40+", "adjustment": _OURS.get(adjusted, adjusted) or "all"}
        for term in (term for term in model["term"] if term.startswith("status") or term == exposure):
            yield from _association(keys | {"exposure": _OURS[term]}, model, term)
    for name, model in given["metformin"].items():
        cycles, outcome, adjusted = name.split(" ")
        keys = {"analysis": "metformin_in_diabetes", "exposure": "metformin", "domain": "40+, diabetes"}
        keys |= {"outcome": _OURS.get(outcome, outcome), "adjustment": _OURS.get(adjusted, adjusted), "cycles": cycles}
        yield from _association(keys, model, "metformin")
    for name, model in given["groups"].items():
        cycles, exposure, outcome = name.split(" ")
        keys = {"analysis": "risk_groups", "exposure": exposure, "domain": "40+", "cycles": cycles}
        keys |= {"outcome": _OURS.get(outcome, outcome), "adjustment": "age_sex_ethnicity"}
        yield from _association(keys, model, exposure)


def _association(keys: dict[str, str], model: dict[str, Any], term: str) -> Iterator[pd.DataFrame]:
    row, at = _only(load("nhanes_associations"), keys), model["term"].index(term)
    where = ", ".join(keys.values())
    yield cells("stored-models", where, [(model["coefficient"][at], row["coefficient"])])
    yield cells("stored-models-se", where, [(model["se"][at], row["se"])])


def _only(table: pd.DataFrame, keys: dict[str, str]) -> pd.Series:
    (row,) = table[(table[list(keys)] == pd.Series(keys)).all(axis=1)].iloc
    return row


def _folate(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    for model in given["models"]:
        asked = {"outcome": model["outcome"], "adjusted": model["adjusted"]}
        ours = masking.measured(**asked).query("reference_folate == 'normal' and reference_b12 == 'normal'")
        ours = ours.set_index(["b12_status", "folate_status"])["estimate"]
        low, high, _ = model["coefficient"]
        pairs = [(low, log(ours["low", "normal"])), (high, log(ours["normal", "high"]))]
        yield cells("stored-models", f"folate, {model['outcome']}, {model['adjusted']}", pairs)
    table = load("nhanes_unseen").query("cycles == '2011-2014' and indicator == 'b12_148' and kind == 'neither'")
    for share in given["unseen"]:
        row = _only(table, {name: share[name] for name in ("of", "age_band")})
        where = f"unseen, {share['of']}, {share['age_band']}"
        yield cells("stored-groups", where, [(share["n"], row["n"]), (share["estimate"], row["estimate"])])
        yield cells("stored-limits", where, zip(share["logit"], (row["lower"], row["upper"]), strict=True))


def _mma(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    table = load("nhanes_mma")
    for band, theirs in given["by_serum"].items():
        for place, percent in enumerate((10, 50, 90)):
            keys = {"part": "mma_by_serum", "cycles": "1999-2004", "band": band, "quantity": f"percentile_{percent}"}
            row = _only(table, keys)
            pairs = [(theirs[part][place], row[part]) for part in ("estimate", "lower", "upper")]
            yield cells("stored-mma", f"MMA where serum B12 is {band} pmol/L, percentile {percent}", pairs)
    for variable, theirs in given["intake"].items():
        keys = {"cycles": "2011-2014", "part": "intake_slope", "band": "all", "adjustment": "age_sex_egfr"}
        row = _only(table, keys | {"variable": variable})
        yield cells("stored-mma", f"{variable} by intake", [(theirs["coefficient"], log(row["estimate"]))])
