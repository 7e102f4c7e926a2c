"""What the recovery report says of delay, of folic acid that hides anaemia, and of regimens side by side."""

from __future__ import annotations

import numpy as np
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
    "alike",
    "anaemic",
    "beside",
    "chosen",
    "delay_words",
    "goes_on",
    "key",
    "later_words",
    "not_ended",
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
    points = (100 * complete[_CHANGES]).set_axis(ESTIMATE, axis=1)
    return complete[["scenario", "wait_months"]].join(points).reset_index(drop=True)


def widest(points: pd.DataFrame, months: float) -> tuple[float, float, float]:
    """Loss of complete recovery after so many months, percentage points.

    Returns
    -------
    (float, float, float)
        Least and greatest among the middles of the scenarios, and the far limit of the one that reaches farthest.
    """
    at = points[points["wait_months"] == months]
    # no negative zero
    return -at["estimate"].max() + 0.0, -at["estimate"].min() + 0.0, -at["lower"].min() + 0.0


def delay_words(points: pd.DataFrame) -> dict[str, str]:
    """Say what waiting costs: from the scenario where it costs least to that where it costs most."""
    names, said = scenario_names(), []
    for scenario, rows in points.groupby("scenario", sort=False):
        by = rows.set_index("wait_months")[ESTIMATE]
        steps = [f"{_minus(by.loc[wait, 'estimate'])} after {wait:g} months" for wait in WAITS if wait]
        said.append(f"if {names[scenario]}: {', '.join(steps)}")
    least, most, farthest = widest(points, 6)
    return {
        "title": f"Half a year's delay costs {number(least)} to {number(most)} complete recoveries in 100, by "
        f"scenario; within one up to {number(farthest)}",
        "summary": f"Change of complete recovery against treatment now, percentage points. {'; '.join(said)}.",
        "caption": "The same simulated people, treated later. Bars: 95 % of what the fit leaves open. How far the "
        f"scenarios lie apart is the finding; none of their lines is. {alike()}",
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


def alike() -> str:
    """Say how well the scenarios fit against each other: by how probable each makes the fitted counts.

    Examples
    --------
    >>> alike().endswith("apart at most.")
    True
    """
    fits = evidence.load("recovery_fits").query("fit == 'verified'")
    by = fits.groupby("scenario")["log_evidence"]
    apart, error = float(np.ptp(by.mean())), float(by.agg(np.ptp).max())
    better = float(np.exp(apart))
    tells = "do not tell them apart" if apart < 2 else "lean to one of them"
    return (
        f"The fitted counts {tells}: they are {number(better)} times as probable under the best as under the worst; "
        f"two samplings of one scenario lie {number(float(np.exp(error)))} times apart at most."
    )


def goes_on(compared: pd.DataFrame) -> bool:
    """Whether the regimen chosen leaves the lack as it is in most people."""
    return bool(compared["lack_ended"].iloc[0] < 0.5)


def key(points: pd.DataFrame, compared: pd.DataFrame) -> dict:
    """Return the key figure of delay: half a year, in the scenario where it costs most."""
    at = points[points["wait_months"] == 6].sort_values("estimate").iloc[0]
    least, _, _ = widest(points, 6)
    values = {"estimate": -at["estimate"] + 0.0, "lower": -at["upper"] + 0.0, "upper": -at["lower"] + 0.0}
    return {
        "name": "complete recoveries lost in 100 by waiting half a year, in the scenario where it costs most",
        "row": values,
        "scale": 1,
        "unit": "",
        "what": "under this treatment the lack goes on, so that there is little to lose"
        if goes_on(compared)
        else f"95 % interval; where it costs least: {number(least)}",
    }


def later_words(points: pd.DataFrame) -> dict[str, str]:
    """Say what is lost where folic acid hides the anaemia that would have led to treatment."""
    least, most, _ = widest(points, 6)
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
    """Complete recovery under the regimen chosen and those that end the lack, labelled for a forest plot.

    Under a regimen that does not end it there is nothing to compare: what the model would say is what was put into it.

    Parameters
    ----------
    compared : DataFrame
        As of :func:`b12analysis.recovery.compare_recovery`.

    Returns
    -------
    DataFrame
        In the order in which they were named.
    """
    complete = compared[compared["outcome"] == "complete"].reset_index(drop=True)
    treats = (complete["lack_ended"] >= _ENDS) & (complete["regimen"] != "none")
    kept = complete[treats | (complete.index == 0)]
    detail = ["lack ended in " + share(ended) for ended in kept["lack_ended"]]
    return kept.assign(label=kept["regimen"].map(regimen_labels()), detail=detail)


def not_ended(compared: pd.DataFrame) -> str:
    """Name the other regimens that do not end the lack, with the share of people in whom they do."""
    rows = compared[compared["outcome"] == "complete"].iloc[1:]
    rows = rows[(rows["lack_ended"] < _ENDS) & (rows["regimen"] != "none")]
    return ", ".join(f"{regimen_labels()[row.regimen]} (in {share(row.lack_ended)})" for row in rows.itertuples())


def regimen_words(rows: pd.DataFrame, compared: pd.DataFrame) -> dict[str, str]:
    """Say how far apart regimens are that end the lack, and that nobody compared them by what became of nerves."""
    listed = "; ".join(f"{row['label']}: {share(*(row[part] for part in ESTIMATE))}" for row in rows.to_dict("records"))
    apart = 100 * float(rows["difference"].abs().max())
    if len(rows) == 1:
        title = "Nothing to compare: no other regimen shown ends the lack"
    elif float(rows["lack_ended"].iloc[0]) < _ENDS:
        title = "The regimen chosen does not end the lack in all; no trial was made to compare any by nerves"
    else:
        title = (
            f"Regimens that end the lack lie within {max(apart, 1):.0f} in 100 of each other in the model; no trial "
            "was made to compare them by nerves"
        )
    return {
        "title": title,
        "summary": f"Complete recovery, of 100 people like these: {listed}. {_left_out(compared)}",
        "caption": "The same simulated people; in the order named, which is no ranking. Only 21 people of one small "
        "trial were counted under two regimens (7 of 9, 9 of 12), which tells nothing apart. Beside the name: in "
        "how many the lack has ended after 24 months, which rests on assumed uptake, start and need; after nitrous "
        f"oxide because its use has ended. {_left_out(compared)}".strip(),
    }


def _left_out(compared: pd.DataFrame) -> str:
    named = not_ended(compared)
    return f"Not drawn, because the lack goes on in most or some: {named}." if named else ""


#: Share of people in whom a regimen must end the lack to be compared.
_ENDS = 0.9
