"""Treatments of a lack of vitamin B12 side by side: what each does to the same virtual people, and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from b12analysis.findings.kinetics import MEASURES, PANELS, labels, person, spoken
from b12analysis.findings.words import ESTIMATE, count
from b12analysis.kinetics import schedule, simulate_regimen, virtual_people
from b12analysis.theme import number

__all__ = ["COMPARED", "compared", "compared_words", "prices"]

#: How the treatments side by side are drawn.
COMPARED = {
    "label": "label",
    "group": "measure",
    "names": {"store_ug": "store", "serum_b12_pmol_l": "serum B12", "mma_nmol_l": "MMA"},
    "scale": 1,
    "log": True,
    "axis_title": "multiple of themselves in health (95 %)",
}
#: No two injections of a regimen that goes on are further apart, days.
_LONGEST_GAP = 120
#: Intake of the healthy person that others are compared with, ug a day.
_USUAL = 5.0


def prices(injection: float | None, tablet: float | None, currency: str | None, year: int | None) -> dict[str, Any]:
    """Return the prices that were given as :func:`compared` takes them; nothing where none were.

    Examples
    --------
    >>> prices(12, 0.1, "EUR", 2026)
    {'prices': {'injections': 12, 'tablets': 0.1}, 'currency': 'EUR of 2026'}
    """
    if currency is None:
        return {}
    return {"prices": {"injections": injection, "tablets": tablet}, "currency": f"{currency} of {year}"}


def compared(
    cause: str,
    names: Sequence[str],
    *,
    age: float,
    intake_ug: float,
    start_serum_pmol_l: float | None,
    days: int,
    n: int,
    rng: int,
    prices: dict[str, float] | None = None,
    currency: str = "",
) -> pd.DataFrame:
    """Set the same virtual people under each regimen beside themselves in health: ratios after ``days``.

    Returns
    -------
    DataFrame with columns
        regimen, label, measure, estimate, lower, upper (a multiple of the same person in health), injections, tablets,
        and cost where there are prices
    """
    who = person(cause, age=age, intake_ug=intake_ug, start_serum_pmol_l=start_serum_pmol_l)
    people = virtual_people(who, n, rng=rng)
    well = {"age": age, "intake_ug": _USUAL}
    healthy = simulate_regimen(well, "none", [0], people=virtual_people(well, n, rng=rng))
    words, parts = labels(), []
    for regimen in names:
        end = simulate_regimen(who, regimen, [0, _trough(regimen, days)], people=people).query("day > 0")
        doses = schedule(regimen, days).query("day < @days")["form"]
        ratio = end[list(PANELS)].reset_index(drop=True) / healthy[list(PANELS)]
        limits = (
            ratio.quantile([0.5, 0.025, 0.975])
            .round(4)
            .T.set_axis(ESTIMATE, axis=1)
            .rename_axis("measure")
            .reset_index()
        )
        given = {"injections": int((doses != "oral").sum()), "tablets": int((doses == "oral").sum())}
        label, cost = f"{words[regimen]}: {_given(**given)}", {}
        if prices:
            cost = {"cost": sum(prices[what] * given[what] for what in given)}
            label += f", {number(cost['cost'])} {currency}"
        parts.append(limits.assign(regimen=regimen, label=label, **given, **cost))
    return pd.concat(parts, ignore_index=True)


def _trough(regimen: str, days: float) -> float:
    """Return the due day of an injection nearest to this one, as blood is drawn just before; this day where none is.

    Examples
    --------
    >>> _trough("uk_hydroxocobalamin", 365), _trough("oral_1000_daily", 365), _trough("kuzminski_im", 365)
    (378.0, 365.0, 365.0)
    """
    doses = schedule(regimen, days + _LONGEST_GAP)
    due = doses.loc[(doses["form"] != "oral") & (doses["day"] > 0), "day"]
    if not (due >= days).any():  # nobody waits for another
        return float(days)
    return float(due.loc[(due - days).abs().idxmin()])


def _given(*, injections: int, tablets: int) -> str:
    told = [count(given, noun) for given, noun in ((injections, "injection"), (tablets, "tablet")) if given]
    return " and ".join(told) or "nothing"


def compared_words(table: pd.DataFrame, *, days: int) -> dict[str, str]:
    """Say how far serum and store part, regimen by regimen."""
    wide = table.pivot(index="label", columns="measure", values="estimate").loc[table["label"].unique()]
    treated = wide.loc[[label for label in wide.index if not label.startswith(labels()["none"])], "store_ug"]
    least, most = ((name.split(":")[0], number(treated[name])) for name in (treated.idxmin(), treated.idxmax()))
    told = [
        f"{label}: {', '.join(f'{words} {number(row[name])}' for name, words in MEASURES.items())}"
        for label, row in wide.iterrows()
    ]
    return {
        "title": f"After {spoken(days)} the store is {least[1]} times normal on {least[0]}, {most[1]} times on "
        f"{most[0]}",
        "summary": f"After {spoken(days)}, as multiples of the same people in health: {'; '.join(told)}.",
        "caption": f"Median and 95 % of the same virtual people under each treatment, after {spoken(days)}, divided by "
        f"themselves in health on {_USUAL:g} µg a day. Injections that go on are read just before the one due "
        "nearest to that day.",
    }
