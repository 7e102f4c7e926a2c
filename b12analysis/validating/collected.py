"""Every validation in one table, whatever it is about."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.evidence import load, table_names
from b12analysis.places import DATA

__all__ = ["AREAS", "ROLES", "validation"]

#: What is held against something, in the order of the page.
AREAS = {
    "kinetics": "vitamin B12 in the body",
    "nerves": "nerve damage and recovery",
    "replications": "published tables of the US survey",
    "surveys": "estimates from surveys",
    "pooling": "pooled prevalence",
    "testing": "tests that err",
    "fractions": "attributable fractions",
}
#: What an agreement proves, from much to little.
ROLES = {
    "held_out": "held out: no number in the model was fitted to it",
    "check": "check: known when the model was made, not fitted",
    "alternative": "alternative: shown beside, because other sources disagree",
    "fitted": "fitted: the model was made to agree",
    "reproduced": "reproduced: the same data, computed by somebody else",
}
_ROLE = {"test": "held_out", "consistency": "check"}
#: Results of the nerve model that are changes of function, not shares of people.
_CHANGES = ("conduction_change", "score_change")
COLUMNS = [
    *("area", "id", "what", "role", "observed", "lower", "upper", "predicted", "predicted_lower", "predicted_upper"),
    *("unit", "passed", "by", "evidence", "status", "source", "note"),
]
_NUMBERS = ["observed", "lower", "upper", "predicted", "predicted_lower", "predicted_upper"]


def validation(area: str = "any", *, folder: Path | None = None) -> pd.DataFrame:
    """Everything that the package can be held against: observed beside predicted, and whether it passed.

    Parameters
    ----------
    area : str
        A key of ``AREAS``, or "any".
    folder : Path, optional
        Another folder of tables; the package's own by default.

    Returns
    -------
    DataFrame with columns
        area, id, what           what was held against something
        role                     "held_out", "check", "alternative", "fitted" or "reproduced"; see ``ROLES``
        observed, lower, upper   what was found or printed, with limits where there are some; of "reproduced" by
                                 another program the number of that program which is farthest from ours
        predicted, predicted_lower, predicted_upper    what the package says
        unit                     of all six; missing where the numbers of a row have none
        passed, by               whether it holds, and by what rule
        evidence                 id of the row of the evidence that holds what was observed, where there is one
        status, source, note     how sure we are of what was observed, whose it is, and what to know

    Raises
    ------
    InputError
        If there is no such area.

    Examples
    --------
    >>> table = validation("kinetics")
    >>> sorted(table["role"].unique())
    ['check', 'fitted', 'held_out']
    >>> bool(table.loc[table["role"] == "held_out", "passed"].all())  # a model that misses nothing was not tested
    False
    """
    check_choice("area", area, ["any", *AREAS])
    folder = DATA if folder is None else Path(folder)
    parts = [_kinetics(folder), _replications(folder), _programs(folder)]
    if "recovery_validation" in table_names(folder):
        parts.insert(1, _nerves(folder))
    table = pd.concat([part.reindex(columns=COLUMNS).astype(dict.fromkeys(_NUMBERS, float)) for part in parts])
    text = [name for name in COLUMNS if name not in (*_NUMBERS, "passed")]
    table = table.astype(dict.fromkeys(text, "string") | {"passed": bool}).reset_index(drop=True)
    order = table["area"].map(list(AREAS).index)
    table = table.loc[order.sort_values(kind="stable").index]
    return table[table["area"].eq(area) | (area == "any")].reset_index(drop=True)


def _kinetics(folder: Path) -> pd.DataFrame:
    notes = load("kinetics_targets", folder).set_index("id")["note"]
    names = {"lower": "predicted_lower", "upper": "predicted_upper", "covered": "passed"}
    table = load("kinetics_validation", folder).rename(columns=names)
    table = table.rename(columns={"observed_lower": "lower", "observed_upper": "upper"})
    return table.assign(
        area="kinetics",
        role=table["role"].replace(_ROLE),
        by="the model's 95 % interval for such a study holds what was observed",
        note=table["id"].map(notes),
    )


def _nerves(folder: Path) -> pd.DataFrame:
    table = load("recovery_validation", folder)
    names = {"target": "id", "observed_lower": "lower", "observed_upper": "upper", "within": "passed"}
    table = table[table["scenario"] == "all"].rename(columns=names)
    rows = load("recovery_targets", folder).set_index("id")["row"]
    sources = pd.concat([load(name, folder)[["id", "source"]] for name in ("outcomes", "trials", "symptoms")])
    evidence = table["id"].map(rows)
    direction = (": " + table["direction"].replace("none", "unchanged")).fillna("")
    return table.assign(
        area="nerves",
        what=table["series"] + ": " + table["what"] + direction + ", month " + table["month"].map("{:g}".format),
        role=table["role"].replace(_ROLE),
        by="the model gives what was seen, or as extreme, a chance of at least 1 in 20, all scenarios together",
        unit=table["what"].isin(_CHANGES).map({True: "share of function", False: "share"}),
        evidence=evidence,
        source=evidence.map(sources.set_index("id")["source"]),
    )


def _replications(folder: Path) -> pd.DataFrame:
    table = load("replications", folder)
    table = table[(table["reading"] == "literal") & table["ours"].notna()]
    limits = {"lower": table["printed_lower"], "upper": table["printed_upper"]}
    ours = {"predicted": table["ours"], "predicted_lower": table["lower"], "predicted_upper": table["upper"]}
    return table.assign(
        area="replications",
        what=table["paper"] + ": " + table["quantity"] + ", " + table["step"],
        role="reproduced",
        observed=table["printed"],
        **(ours | limits),
        passed=table["agrees"] == "yes",
        by="ours rounds to the printed digits",
    )


def _programs(folder: Path) -> pd.DataFrame:
    table = load("validation_programs", folder)
    rule = [
        f"all {row['cells']:,} numbers within {row['allowed']:g} ({row['scale']}) of those of {row['program']}"
        for row in table.to_dict("records")
    ]
    worst = "farthest: " + table["worst_cell"]
    return table.assign(
        what=table["what"] + " (" + table["file"] + ")",
        role="reproduced",
        observed=table["theirs"],
        predicted=table["ours"],
        passed=table["agrees"],
        by=rule,
        note=table["note"].str.cat(worst, sep=" ", na_rep="").str.strip(),
    )
