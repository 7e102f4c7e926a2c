"""Our statistics beside those of other programs on the same small data: pooling, test accuracy, attributable fractions.

The data and the other programs' results are files of ``tests/reference``, whose README says which call made each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.pooling import pool
from b12analysis.risk import attributable_fraction
from b12analysis.risk.fractions import risk_ratio
from b12analysis.survey import survey_attributable_fraction
from b12analysis.testing import latent_class
from b12analysis.testing.agreement import COUNTS
from b12analysis.truth import true_prevalence
from b12analysis.validating.cells import cells

__all__ = ["program_cells"]

_POOLED = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")
_PARTS = ("estimate", "lower", "upper")


def program_cells(folder: Path) -> pd.DataFrame:
    """Compute again what other programs computed of small data.

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

    people = pd.read_csv(folder / "attributable_people.csv")
    made = [
        *_pooled(read("metafor")),
        *_two_tests(read("latent_class")),
        *_true(read("truth")),
        *_fractions(read("attributable")),
        *_survey_fractions(read("attributable_survey"), people),
    ]
    return pd.concat(made, ignore_index=True)


def _pooled(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    data = pd.DataFrame(given["data"])
    for row in given["results"]:
        studies = data.loc[data["dataset"] == row["dataset"], ["cases", "n"]]
        ci = "hk" if row["test"] == "knha" else row["test"]
        ours = pool(studies, model=row["method"].lower(), ci=ci).iloc[0]
        where, name = f"{row['dataset']}, {row['method']}, {row['test']}", f"metafor-{row['method'].lower()}"
        for part in _POOLED:
            yield cells(name, f"{where}, {part}", [(row[part], ours[part])])
        for theirs, mine in {"tau2": "tau2", "I2": "i2"}.items():
            yield cells(f"{name}-spread", f"{where}, {theirs}", [(row[theirs], ours[mine])])


def _two_tests(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    for name, example in given.items():
        counts = pd.DataFrame([example["counts"]], columns=COUNTS)
        table = latent_class(counts, priors=example["priors"], dependence=example["dependence"], rng=1)
        for row in table.to_dict("records"):
            theirs = example["quantiles"][row["parameter"]]
            pairs = zip(theirs, (row["lower"], row["estimate"], row["upper"]), strict=True)
            yield cells("latent-class", f"{name}, {row['parameter']}", pairs)


def _true(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    for example in given["epir"]:
        ours = _truth(example)
        pairs = [(theirs / 100, ours[part]) for theirs, part in zip(example["percent"], _PARTS, strict=True)]
        yield cells("true-epir", f"{example['cases']} of {example['n']}", pairs)
    for example in given["lang_reiczigel"]:
        ours, where = _truth(example), f"{example['cases']} of {example['n']}"
        melded = zip(example["melded"], (ours["lower"], ours["upper"]), strict=True)
        yield cells("true-melded", where, melded)
        yield cells("true-lang", where, [(example[part], ours[part]) for part in ("lower", "upper")])
    weighted = given["weighted"]
    apparent = pd.DataFrame([dict(zip(_PARTS, weighted["apparent"], strict=True))])
    ours = _truth(weighted, apparent)
    yield cells("true-melded", "weighted survey", zip(weighted["melded"], (ours["lower"], ours["upper"]), strict=True))


def _truth(example: dict[str, Any], apparent: pd.DataFrame | None = None) -> pd.Series:
    if apparent is None:
        counts = pd.DataFrame({name: [example[name]] for name in ("cases", "n")})
        apparent = prevalence(counts, method="exact")
    accuracy = {name: example[name] for name in ("sensitivity", "specificity")}
    return true_prevalence(apparent, **accuracy, draws=20_000, rng=1).iloc[0]


def _fractions(given: dict[str, Any]) -> Iterator[pd.DataFrame]:
    for row in given["levin_rows"]:
        ratio = dict.fromkeys(("effect", "effect_lower", "effect_upper"), row["risk_ratio"])
        rows = pd.DataFrame([{"exposure": row["exposure"], "measure": "risk_ratio", "adjustment": "none"} | ratio])
        ours = attributable_fraction(rows, rng=1).iloc[0]
        yield cells("fraction-printed", "deltapif, smoking and dementia", [(row["fraction"], ours["estimate"])])
    for row in given["zhang_yu_rows"]:
        ours = risk_ratio(row["odds_ratio"], row["baseline_risk"])
        yield cells("fraction-ratio", f"odds ratio {row['odds_ratio']}", [(row["risk_ratio"], ours)])
    example = given["graphpaf"]
    for formula, row in attributable_fraction(_graphpaf(example), n=100_000, rng=1).set_index("formula").iterrows():
        theirs = dict(zip(_PARTS, example[formula], strict=True))
        where = f"graphPAF, {formula}, inactivity and stroke"
        yield cells("fraction-printed", where, [(theirs["estimate"], row["estimate"])])
        yield cells("fraction-limits", where, [(theirs[part], row[part]) for part in ("lower", "upper")])


def _graphpaf(given: dict[str, Any]) -> pd.DataFrame:
    """Write its example down as ours takes it: what share of the cases is exposed follows from the crude ratio."""
    low, high = given["exposure"]
    lower, upper = given["adjusted"]
    share, (crude_lower, crude_upper) = (low + high) / 2, given["unadjusted"]
    ratio = {"measure": "risk_ratio", "effect": sqrt(lower * upper), "effect_lower": lower, "effect_upper": upper}
    population = {"exposure": share, "exposure_lower": low, "exposure_upper": high, "adjustment": "none"}
    crude = {"_lower": crude_lower, "": sqrt(crude_lower * crude_upper), "_upper": crude_upper}
    of_cases = {f"exposure_cases{end}": share * each / (1 - share + share * each) for end, each in crude.items()}
    return pd.DataFrame([population | ratio, of_cases | ratio | {"adjustment": "adjusted"}])


def _survey_fractions(given: dict[str, Any], people: pd.DataFrame) -> Iterator[pd.DataFrame]:
    formula, exposures = "low ~ metformin + no_supplement * old + age10", ["metformin", "no_supplement"]
    table = survey_attributable_fraction(people, formula, exposures, domain="adult", outcome="deficiency")
    for name, theirs, ours in zip(given["names"], given["estimate"], table["estimate"], strict=True):
        yield cells("fraction-survey", name, [(theirs, ours)])
