"""Courses of virtual people under treatment, for each treatment and cause that a reader may pick."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.findings.kinetics import MEASURES, PANELS, UNITS, person, spoken
from b12analysis.findings.words import ESTIMATE
from b12analysis.kinetics import schedule, simulate_regimen, virtual_people
from b12analysis.theme import number

__all__ = ["courses", "courses_words", "over_people", "readings", "said", "thinned"]


def courses(
    picks: dict[str, dict[str, str]],
    *,
    age: float,
    intake_ug: float,
    start_serum_pmol_l: float | None,
    days: int,
    n: int,
    rng: int,
) -> pd.DataFrame:
    """Follow the same virtual people for each cause under each regimen: median and 95 % of them.

    Returns
    -------
    DataFrame with columns
        regimen, cause, day, measure, estimate, lower, upper
    """
    parts = []
    for cause in picks["cause"]:
        who = person(cause, age=age, intake_ug=intake_ug, start_serum_pmol_l=start_serum_pmol_l)
        people = virtual_people(who, n, rng=rng)
        for regimen in picks["regimen"]:
            drawn = simulate_regimen(who, regimen, readings(regimen, days), people=people)
            parts.append(over_people(drawn).assign(regimen=regimen, cause=cause))
    table = pd.concat(parts, ignore_index=True)
    return table[["regimen", "cause", "day", "measure", *ESTIMATE]]


def readings(regimen: str, days: float) -> list[float]:
    """Days to read so that the teeth of injections show: just before each, a day, four days and two weeks after it.

    Examples
    --------
    >>> readings("none", 30)
    [0.0, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0, 21.0, 28.0, 30.0]
    """
    grid = {0, 1, 2, 4, 7, 10, 14, 21, days, *range(28, int(days), 14)}
    doses = schedule(regimen, days)
    injected = doses.loc[doses["form"] != "oral", "day"].to_numpy()
    gaps = np.diff(injected, append=days)
    for day, gap in zip(injected, gaps, strict=True):
        grid |= {day} if gap < 14 else {day, day + 1, day + 4, day + 14}
    return sorted({float(day) for day in grid if day <= days})


def over_people(drawn: pd.DataFrame) -> pd.DataFrame:
    """Median and 95 % of virtual people, by day and measure."""
    tall = drawn.melt(["person", "day"], list(PANELS), "measure")
    limits = tall.groupby(["day", "measure"])["value"].quantile([0.5, 0.025, 0.975]).unstack()
    rounded = limits.map(lambda value: float(f"{value:.4g}"))  # more digits say nothing, and fill pages
    return rounded.set_axis(ESTIMATE, axis=1).reset_index()


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """Keep what a reader wants to look up: the start, a week, one and three months, and the end; a row for each.

    Returns
    -------
    DataFrame with columns
        regimen, cause, day, and of each measure the median, and its limits as ``..._lower`` and ``..._upper``
    """
    wanted = {0.0, 7.0, 28.0, 84.0, table["day"].max()}
    wide = table[table["day"].isin(wanted)].pivot(index=["regimen", "cause", "day"], columns="measure", values=ESTIMATE)
    order = [(part, name) for name in PANELS for part in ESTIMATE]
    named = [name if part == "estimate" else f"{name.split('_')[0]}_{part}" for part, name in order]
    return wide[order].set_axis(named, axis=1).reset_index()


def said(table: pd.DataFrame, picks: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Say what happens for each combination that a reader may pick: a table ``regimen, cause, text``."""
    last = table["day"].max()
    rows = []
    for (regimen, cause), part in table.groupby(["regimen", "cause"], sort=False):
        month, end = (_values(part[part["day"] == day]) for day in (28.0, last))
        about = f"{_upper(picks['cause'][cause])}, {picks['regimen'][regimen]}"
        rows.append(
            {
                "regimen": regimen,
                "cause": cause,
                "text": f"**{about}**: after four weeks {month}; after {spoken(last)} {end}.",
            }
        )
    return pd.DataFrame(rows)


def _values(part: pd.DataFrame) -> str:
    at = part.set_index("measure")
    return ", ".join(f"{words} {quantity(at.loc[name], name)}" for name, words in MEASURES.items())


def quantity(row: pd.Series, measure: str) -> str:
    """Print a value with its limits and unit."""
    middle, low, high = (number(row[name]) for name in ESTIMATE)
    return f"{middle} ({low}–{high}) {UNITS[measure]}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def courses_words(table: pd.DataFrame, picks: dict[str, dict[str, str]]) -> dict[str, str]:
    """Say the figure of courses: which of serum and store is first there, or how far the store falls."""
    regimen, cause = (next(iter(picks[name])) for name in ("regimen", "cause"))
    chosen = (table["regimen"] == regimen) & (table["cause"] == cause)
    last, part = table["day"].max(), table[chosen].set_index(["day", "measure"])["estimate"]
    start, month, end = (part.loc[day] for day in (0.0, 28.0, last))
    if end["store_ug"] > start["store_ug"]:
        serum, store = (f"{100 * month[name] / end[name]:.0f} %" for name in ("serum_b12_pmol_l", "store_ug"))
        found = f"after four weeks serum B12 is at {serum} of its level after {spoken(last)}, the store at {store}"
    else:
        fallen = f"{number(start['store_ug'])} to {number(end['store_ug'])} µg"
        found = f"the store falls from {fallen} in {spoken(last)}"
    return {
        "title": f"{_upper(picks['cause'][cause])}, {picks['regimen'][regimen]}: {found}",
        "summary": said(table, picks)["text"].iloc[0].replace("**", ""),
        "caption": "Median and 95 % of virtual people; the lists choose treatment and cause. Dotted: 300 µg, about the "
        "lowest store of people in health, and the cut-offs of deficiency. Axes of serum and MMA are logarithmic.",
    }
