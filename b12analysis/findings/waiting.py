"""What the recovery report says of delay, of folic acid that hides anaemia, and of regimens side by side."""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.findings.kinetics import labels as regimen_labels
from b12analysis.findings.words import ESTIMATE
from b12analysis.theme import number, share

__all__ = [
    "HIDDEN",
    "LOST",
    "REGIMENS",
    "WAITS",
    "anaemic",
    "beside",
    "chosen",
    "delay_words",
    "key",
    "later_words",
    "regimen_words",
    "rests_on",
    "scenario_names",
    "waiting",
    "widest",
]

#: Months of waiting that the page compares with treatment now.
WAITS = (0, 1, 3, 6, 12)
#: Regimens that the page puts beside the one chosen, in this order.
REGIMENS = ("uk_hydroxocobalamin_neurological", "us_cyanocobalamin", "oral_1000_daily", "oral_50_daily", "none")
#: Axes of the figures of delay, and of hidden anaemia.
LOST = "change of complete recovery, percentage points"
HIDDEN = "months that it hides the lack"
#: Row of outcomes that says how many had no anaemia: its cases of its n.
_NOT_ANAEMIC = "A1.13a"
_CHANGES = ["change", "change_lower", "change_upper"]


def scenario_names() -> dict[str, str]:
    """Words for the scenarios of delay."""
    return evidence.load("recovery_scenarios").set_index("scenario")["label"].to_dict()


def waiting(costs: pd.DataFrame) -> pd.DataFrame:
    """Cost of delay as the page draws and lists it.

    Parameters
    ----------
    costs : DataFrame
        As of :func:`b12analysis.recovery.cost_of_delay` or ``cost_of_masking``, of one profile.

    Returns
    -------
    DataFrame with columns
        scenario, wait_months, estimate, lower, upper    change of complete recovery, percentage points
    """
    complete = costs[costs["outcome"] == "complete"]
    points = (100 * complete[_CHANGES]).set_axis(ESTIMATE, axis=1).clip(upper=0)
    return complete[["scenario", "wait_months"]].join(points).reset_index(drop=True)


def widest(points: pd.DataFrame, months: float) -> tuple[float, float]:
    """Least and greatest loss of complete recovery among the scenarios after so many months, percentage points."""
    at = points.loc[points["wait_months"] == months, "estimate"]
    return float(-at.max()) + 0.0, float(-at.min()) + 0.0  # no negative zero


def delay_words(points: pd.DataFrame) -> dict[str, str]:
    """Say what waiting costs: from the scenario where it costs least to that where it costs most."""
    names, said = scenario_names(), []
    for scenario, rows in points.groupby("scenario", sort=False):
        by = rows.set_index("wait_months")[ESTIMATE]
        steps = [f"{_minus(by.loc[wait, 'estimate'])} after {wait:g} months" for wait in WAITS if wait]
        said.append(f"if {names[scenario]}: {', '.join(steps)}")
    least, most = widest(points, 6)
    return {
        "title": f"Half a year's delay costs between {number(least)} and {number(most)} complete recoveries in 100: "
        "scenarios that fit as well as each other",
        "summary": f"Change of complete recovery against treatment now, percentage points. {'; '.join(said)}.",
        "caption": "The same simulated people, treated later. Bars: 95 % of what the fit leaves open. How far the "
        "scenarios lie apart is the finding; none of their lines is.",
    }


def _minus(value: float) -> str:
    return number(value).replace("-", "−")


def anaemic() -> float:
    """Share of people with neurological signs whom anaemia or large red cells would have led to.

    Examples
    --------
    >>> round(anaemic(), 3)  # 101 of 141
    0.716
    """
    row = evidence.load("outcomes").set_index("id").loc[_NOT_ANAEMIC]
    return 1 - float(row["cases"]) / float(row["n"])


def rests_on(model: pd.DataFrame) -> pd.DataFrame:
    """Add the row that says how many had anaemia to what the model's figures rest on."""
    return pd.concat([model, evidence.cited(_NOT_ANAEMIC)], ignore_index=True)


def key(points: pd.DataFrame) -> dict:
    """Return the key figure of delay: half a year, from the scenario where it costs least to the one where most."""
    least, most = widest(points, 6)
    at = -points.loc[points["wait_months"] == 6, "estimate"]
    return {
        "name": "complete recoveries lost in 100 by waiting half a year",
        "row": {"estimate": float(at.mean()), "lower": least, "upper": most},
        "scale": 1,
        "unit": "",
        "what": "mean of four scenarios that fit alike, and their range",
    }


def later_words(points: pd.DataFrame) -> dict[str, str]:
    """Say what is lost where folic acid hides the anaemia that would have led to treatment."""
    least, most = widest(points, 6)
    return {
        "title": f"If folic acid hides the anaemia for half a year: {number(least)} to {number(most)} complete "
        "recoveries fewer in 100",
        "summary": f"Of people with nerve damage {share(anaemic())} had anaemia or large red cells. If these are "
        f"corrected and treatment waits half a year for the nerves, the scenarios say {number(least)} to "
        f"{number(most)} complete recoveries fewer in 100 of all such people.",
        "caption": f"Scenario: the {share(anaemic())} who had anaemia or large red cells wait, the others do not. "
        "How much later people are found was never measured. Bars: 95 % of what the fit leaves open.",
    }


def chosen(regimen: str) -> list[str]:
    """Regimens to compare: the one chosen first, then the page's own."""
    return [regimen, *(name for name in REGIMENS if name != regimen)]


def beside(compared: pd.DataFrame) -> pd.DataFrame:
    """Complete recovery under each regimen, labelled for a forest plot, in the order in which they were named.

    Parameters
    ----------
    compared : DataFrame
        As of :func:`b12analysis.recovery.compare_recovery`.
    """
    complete = compared[compared["outcome"] == "complete"].reset_index(drop=True)
    detail = [
        "chosen"
        if place == 0
        else f"{_minus(100 * row['difference'])} points ({_minus(100 * row['difference_lower'])} to "
        f"{_minus(100 * row['difference_upper'])})"
        for place, row in enumerate(complete.to_dict("records"))
    ]
    return complete.assign(label=complete["regimen"].map(regimen_labels()), detail=detail)


def regimen_words(rows: pd.DataFrame) -> dict[str, str]:
    """Say which regimens the model cannot tell from the one chosen, and that no trial has."""
    others = rows.iloc[1:]
    alike = others[(others["difference"].abs() < _ALIKE)]
    listed = "; ".join(f"{row['label']}: {share(*(row[part] for part in ESTIMATE))}" for row in rows.to_dict("records"))
    return {
        "title": f"The model does not tell {len(alike)} of {len(others)} regimens from the one chosen; no trial has "
        "compared any by nerves",
        "summary": f"Complete recovery, of 100 people like these: {listed}.",
        "caption": "The same simulated people. Beside the name: difference from the regimen chosen, percentage "
        "points, and its 95 % interval. A consequence of how fast each ends the lack, not a ranking: no trial "
        "measured nerves under two regimens. In the order named, not of outcome.",
    }


#: Difference of complete recovery below which regimens are called alike.
_ALIKE = 0.05
