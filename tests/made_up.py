"""A small made-up table of results of the nerve model, in a folder beside the shipped tables that it is read with."""

import shutil
from pathlib import Path

import pandas as pd

from b12analysis.places import DATA

_NEEDED = (
    "kinetics_targets",
    "kinetics_validation",
    "replications",
    "validation_programs",
    "outcomes",
    "trials",
    "columns",
)
_TYPES = {"cases": "integer", "n": "integer", "within": "boolean"}
_TEXT = ("series", "what", "role", "scenario")
#: Described for every table of evidence.
_SHARED = ("id", "status", "note")
#: id, series, what, role, month, cases, n, observed, lower, upper, predicted, predicted_lower, predicted_upper, within
ROWS = [
    ("N1a", "India 2007", "recovered wholly", "fitted", 3, 31, 45, 0.69, 0.53, 0.82, 0.66, 0.4, 0.85, True),
    ("made1", "Here 2001", "recovered wholly", "test", 12, 8, 57, 0.14, 0.06, 0.26, 0.5, 0.3, 0.7, False),
    ("made2", "Here 2001", "no better at all", "test", 12, 0, 57, 0.0, 0.0, 0.06, 0.04, 0.01, 0.1, False),
    ("made3", "There 2002", "half better", "test", 6, 7, 10, 0.7, 0.35, 0.93, 0.6, 0.2, 0.9, True),
    ("made4", "There 2002", "half better", "check", None, 7, 10, 0.7, 0.35, 0.93, 0.6, 0.2, 0.9, True),
    ("made5", "Old 1991", "recovered wholly", "alternative", 6, 47, 100, 0.47, 0.37, 0.57, 0.6, 0.5, 0.7, False),
]
_COLUMNS = ["id", "series", "what", "role", "month", "cases", "n", "observed", "lower", "upper", "predicted"]
_COLUMNS += ["predicted_lower", "predicted_upper", "within"]


def with_nerves(folder: Path) -> Path:
    """Write the table into ``folder``, with a scenario beside all of them, and return it."""
    for name in _NEEDED:
        shutil.copy(DATA / f"{name}.csv", folder)
    table = pd.DataFrame(ROWS, columns=_COLUMNS).assign(status="recalled", note="")
    table["note"] = table["note"].where(table["within"], "made up to miss")
    one = table.assign(scenario="steady", predicted=0.99, within=False)
    both = pd.concat([table.assign(scenario="all"), one])
    both.to_csv(folder / "recovery_validation.csv", index=False)
    with (folder / "columns.csv").open("a", encoding="utf-8") as columns:
        for name in both.columns.difference(_SHARED):
            kind = "string" if name in _TEXT else _TYPES.get(name, "number")
            columns.write(f"{name},recovery_validation,{kind},no,,,,,{name},{name}\n")
    return folder
