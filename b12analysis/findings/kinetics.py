"""What the report on vitamin B12 in the body says: courses under treatment, and treatments side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis import evidence
from b12analysis.findings.words import ESTIMATE, count
from b12analysis.kinetics import regimens, schedule, simulate_regimen, time_to, virtual_people
from b12analysis.theme import number

__all__ = [
    "CAUSES",
    "CAVEATS",
    "COURSES",
    "CUTOFFS",
    "MEASURES",
    "PANELS",
    "REGIMENS",
    "answer",
    "choices",
    "claims",
    "courses",
    "courses_words",
    "key_figures",
    "labels",
    "over_people",
    "person",
    "place",
    "said",
    "spoken",
    "thinned",
    "used",
]

#: What is wrong: the state of absorption, and what is eaten where that is the cause (ug a day).
CAUSES = {
    "diet": ("normal", 0.4, "a diet without animal food"),
    "food_bound": ("food_bound", None, "food not broken down in the stomach"),
    "pernicious_anaemia": ("pernicious_anaemia", None, "pernicious anaemia"),
    "gastrectomy": ("gastrectomy", None, "the stomach removed"),
    "ileal_resection": ("ileal_resection", None, "the ileum removed"),
    "metformin": ("metformin", None, "metformin"),
}
#: The model treats these alike: no uptake but what passes by itself.
_NO_UPTAKE = ("pernicious_anaemia", "gastrectomy", "ileal_resection")
#: Regimens that the page compares; the one chosen comes first.
REGIMENS = (
    "uk_hydroxocobalamin",
    "uk_hydroxocobalamin_neurological",
    "us_cyanocobalamin",
    "oral_1000_daily",
    "oral_1000_weekly",
    "oral_50_daily",
    "none",
)
PANELS = {
    "store_ug": "body's store, µg",
    "serum_b12_pmol_l": "serum B12, pmol/L",
    "mma_nmol_l": "MMA, nmol/L",
}
CUTOFFS = {"store_ug": 300.0, "serum_b12_pmol_l": 148.0, "mma_nmol_l": 271.0}
#: How courses are drawn.
COURSES = {
    "panels": PANELS,
    "marks": CUTOFFS,
    "log": ("serum_b12_pmol_l", "mma_nmol_l"),
    "x_title": "days since treatment began",
}
#: The claims that the page shows.
_CLAIMS = ("claim-T2", "claim-T4")
MEASURES = {"store_ug": "store", "serum_b12_pmol_l": "serum B12", "mma_nmol_l": "MMA"}
_UNITS = {"store_ug": "µg", "serum_b12_pmol_l": "pmol/L", "mma_nmol_l": "nmol/L"}

CAVEATS = [
    "**Nobody's blood test can be predicted from this.** The bands hold virtual people: how people differ, and how "
    "little is known of the parameters. Most people with one serum value and one treatment would do otherwise.",
    "**The equations were chosen knowing most of these studies**; only the numbers in them were fitted without the "
    "tests. A hit is a weaker proof than it looks, a miss is a miss.",
    "**No nerve is in this model.** That a regimen fills stores faster, or holds serum higher, does not show that "
    "nerves recover better: no trial has compared regimens by nerve outcome.",
    "**MMA is that of people whose kidneys work.** It follows active tissue at once here; in people it takes days.",
    "**Pernicious anaemia, a removed stomach and a removed ileum are one and the same here**: no uptake but the one "
    "percent that passes by itself. Of metformin only its effect on serum is measured; the rest is a guess.",
]


def person(cause: str, *, age: float, intake_ug: float, start_serum_pmol_l: float | None) -> dict[str, Any]:
    """Describe somebody with this cause, as :func:`b12analysis.kinetics.simulate_regimen` takes it.

    Examples
    --------
    >>> person("diet", age=60, intake_ug=5, start_serum_pmol_l=None)["intake_ug"]
    0.4
    """
    absorption, eaten, _ = CAUSES[cause]
    start = {"start_serum_pmol_l": start_serum_pmol_l}
    if start_serum_pmol_l is None:
        start = {"intake_before_ug": intake_ug}
    return {"age": age, "absorption": absorption, "intake_ug": intake_ug if eaten is None else eaten} | start


def place(cause: str, *, age: float, intake_ug: float, start_serum_pmol_l: float | None) -> str:
    """Say who the page is about.

    Examples
    --------
    >>> place("diet", age=60, intake_ug=5, start_serum_pmol_l=100)
    'a diet without animal food, age 60, serum B12 100 pmol/L at the start'
    """
    start = f"well on {intake_ug:g} µg a day until the start"
    if start_serum_pmol_l is not None:
        start = f"serum B12 {start_serum_pmol_l:g} pmol/L at the start"
    return f"{CAUSES[cause][2]}, age {age:g}, {start}"


def labels() -> dict[str, str]:
    """Return the words for each regimen."""
    table = regimens()
    words = table["label"].str.replace(" ug ", " µg ")
    return dict(zip(table["regimen"], words, strict=True)) | {"none": "no treatment"}


def choices(cause: str, regimen: str) -> dict[str, dict[str, str]]:
    """Return what a reader may pick, with words; what was chosen comes first."""
    label = labels()
    ways = [regimen, *(name for name in REGIMENS if name != regimen)]
    listed = [name for name in CAUSES if name == cause or name not in _NO_UPTAKE or cause not in _NO_UPTAKE]
    causes = [cause, *(name for name in listed if name != cause and name not in ("gastrectomy", "ileal_resection"))]
    return {
        "regimen": {name: label[name] for name in ways},
        "cause": {name: CAUSES[name][2] for name in causes},
    }


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
    return f"{middle} ({low}–{high}) {_UNITS[measure]}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def spoken(days: float) -> str:
    """Say a time in the unit that fits it.

    Examples
    --------
    >>> spoken(365), spoken(5), spoken(100)
    ('a year', '5 days', '3 months')
    """
    if days < 61:
        return count(round(days), "day")
    if days < 330:
        return count(max(round(days / 30.4), 2), "month")
    return "a year" if round(days / 365) == 1 else f"{number(days / 365)} years"


def answer(who: dict[str, Any], regimen: str, *, label: str, cause: str, n: int, rng: int) -> tuple[str, str]:
    """Return the finding and the answer: when serum and MMA pass their cut-offs, of people of this start."""
    people = virtual_people(who, n, rng=rng)
    wanted = {"serum_b12_pmol_l": {"above": 148.0}, "mma_nmol_l": {"below": 271.0}}
    serum, mma = (
        _reached(time_to(who, regimen, name, **beyond, within_days=1826, people=people)["day"])
        for name, beyond in wanted.items()
    )
    finding = f"Model, {label}: serum B12 passes 148 pmol/L {serum[0]}, MMA falls below 271 nmol/L {mma[0]}"
    return finding, (
        f"Of virtual people with {CAUSES[cause][2]}, half pass 148 pmol/L of serum B12 **{serum[1]}**, and 271 "
        f"nmol/L of MMA **{mma[1]}**. Blood tests follow what is taken; whether nerves recover is another question."
    )


def _reached(day: pd.Series) -> tuple[str, str]:
    """Say when half have got there, short and with the spread; within five years."""
    times = day.fillna(np.inf)
    middle, low, high = (float(times.quantile(q, interpolation="higher")) for q in (0.5, 0.1, 0.9))
    if not np.isfinite(middle):
        return "in fewer than half", f"not within five years ({number(100 * np.isfinite(times).mean())} % do)"
    if middle == 0:
        return "at once", "at the start already"
    late = spoken(high) if np.isfinite(high) else "more than five years"
    return f"in {spoken(middle)}", f"after {spoken(middle)} (80 % of people: {spoken(low)} to {late})"


def key_figures(table: pd.DataFrame, regimen: str, cause: str) -> list[dict[str, Any]]:
    """Return serum, MMA and store at the end for what was chosen, for ``page.key_figure``."""
    last = table["day"].max()
    part = table.query("regimen == @regimen and cause == @cause and day == @last").set_index("measure")
    return [
        {
            "name": f"{words} after {spoken(last)}",
            "row": part.loc[name],
            "what": "median and 95 % of virtual people",
            "scale": 1,
            "unit": _UNITS[name],
        }
        for name, words in MEASURES.items()
    ]


def courses_words(table: pd.DataFrame, picks: dict[str, dict[str, str]]) -> dict[str, str]:
    """Say the figure of courses: what is slowest, and what the lists above it hold."""
    chosen = (table["regimen"] == next(iter(picks["regimen"]))) & (table["cause"] == next(iter(picks["cause"])))
    part = table[chosen].set_index(["measure", "day"])["estimate"]
    month, last = part.xs(28.0, level="day"), part.xs(table["day"].max(), level="day")
    grown = {name: month[name] / last[name] for name in ("store_ug", "serum_b12_pmol_l")}
    is_before = grown["serum_b12_pmol_l"] > grown["store_ug"]
    first = "Serum fills before the store" if is_before else "Serum and store go together"
    return {
        "title": f"{first}: pick a treatment and a cause",
        "summary": said(table, picks)["text"].iloc[0].replace("**", ""),
        "caption": "Median and 95 % of virtual people. Dotted: 300 µg, about the lowest store of people in health, "
        "148 pmol/L and 271 nmol/L. Axes of serum and MMA are logarithmic.",
    }


def claims() -> list[tuple[pd.Series, pd.DataFrame]]:
    """Return the claims that the page is about, with the rows that each verdict rests on."""
    table = evidence.load("claims").set_index("id", drop=False)
    return [(table.loc[name], evidence.cited(table.loc[name, "evidence"])) for name in _CLAIMS]


def used(picks: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Return the rows of ``regimens`` that the page draws."""
    table = evidence.load("regimens")
    return table[table["regimen"].isin(list(picks["regimen"]))]
