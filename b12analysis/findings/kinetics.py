"""What the report on vitamin B12 in the body says at its head and foot: whose course, which choices, the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from b12analysis import evidence
from b12analysis.findings.words import count
from b12analysis.kinetics import schedule, simulate_regimen, time_to, virtual_people

__all__ = [
    "CAUSES",
    "CAVEATS",
    "COURSES",
    "CUTOFFS",
    "MEASURES",
    "PANELS",
    "REGIMENS",
    "UNITS",
    "answer",
    "choices",
    "claims",
    "key_figures",
    "labels",
    "person",
    "place",
    "spoken",
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
#: How long people are followed to a cut-off, years.
_WITHIN = 5
#: The claims that the page shows.
_CLAIMS = ("claim-T2", "claim-T4")
MEASURES = {"store_ug": "store", "serum_b12_pmol_l": "serum B12", "mma_nmol_l": "MMA"}
UNITS = {"store_ug": "µg", "serum_b12_pmol_l": "pmol/L", "mma_nmol_l": "nmol/L"}

CAVEATS = [
    "**Nobody's blood test can be predicted from this.** The bands hold virtual people: how people differ, and how "
    "little is known of the parameters. Most people with one serum value and one treatment would do otherwise.",
    "**The equations were chosen knowing most of these studies**; only the numbers in them were fitted without the "
    "tests. A hit is a weaker proof than it looks, a miss is a miss.",
    "**What changed after the first fit**, in which 48 of 64 tests lay inside: the survey's MMA, which it put 16 to "
    "47 % too high, went from the tests to the fitted rows; its other rows and those of metformin went to the checks; "
    "metformin's effect was put into the carriers alone; MMA's floor was fitted, scatter within people taken from the "
    "survey; who starts low was taken to have come to rest there. Notes in the tables say so row by row.",
    "**No nerve is in this model.** That a regimen fills stores faster, or holds serum higher, does not show that "
    "nerves recover better: no trial has compared regimens by nerve outcome.",
    "**MMA is that of people whose kidneys work.** How fast it follows active tissue, with a half-time of "
    "3 to 7 days, is recalled and not measured.",
    "**Pernicious anaemia, a removed stomach and a removed ileum are one and the same here**: no uptake but the one "
    "percent that passes by itself. Metformin lowers what serum carries and nothing else, as its users' serum and "
    "MMA suggest.",
    "**Bile takes no room from the meal with which it competes**, which keeps the model simple. "
    "Bands leave out the scatter of one sample, 15 % of serum and 21 % of MMA.",
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
    start = f"in balance on {intake_ug:g} µg a day until the start"
    if start_serum_pmol_l is not None:
        start = f"serum B12 {start_serum_pmol_l:g} pmol/L at the start"
    return f"{CAUSES[cause][2]}, age {age:g}, {start}"


def labels() -> dict[str, str]:
    """Return the words for each regimen."""
    table = evidence.load("regimens").drop_duplicates("regimen")
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
        "cause": {name: f"{CAUSES[name][2]}{' (no uptake)' if name in _NO_UPTAKE else ''}" for name in causes},
    }


def spoken(days: float) -> str:
    """Say a time in the unit that fits it.

    Examples
    --------
    >>> spoken(0.2), spoken(5), spoken(100), spoken(365), spoken(550)
    ('less than a day', '5 days', '3 months', 'a year', '1.5 years')
    """
    if days < 0.5:
        return "less than a day"
    if days < 61:
        return count(round(days), "day")
    if days < 347:
        return count(round(days / 30.4), "month")
    years = round(days / 365, 1) if days < 3650 else round(days / 365)
    return "a year" if years == 1 else f"{years:g} years"


#: Longer than this after a tablet a course of them has ended, days.
_A_COURSE = 10
#: Sooner than this nothing is known of MMA, days.
_DAYS_KNOWN = 10


def answer(who: dict[str, Any], regimen: str, *, label: str, cause: str, n: int, rng: int) -> tuple[str, str]:
    """Return the finding and the answer: when blood tests pass their cut-offs, of people who start on one side."""
    people = virtual_people(who, n, rng=rng)
    at_start = simulate_regimen(who, "none", [0], people=people)
    passed = [_passed(who, regimen, people, at_start[measure]) for measure in ("serum_b12_pmol_l", "mma_nmol_l")]
    return f"Model, {label}: {passed[0][0]}, {passed[1][0]}", (
        f"Of virtual people with {CAUSES[cause][2]}, {passed[0][1]}; {passed[1][1]}. Blood tests follow what is taken; "
        "whether nerves recover is another question."
    )


def _passed(who: dict[str, Any], regimen: str, people: pd.DataFrame, start: pd.Series) -> tuple[str, str]:
    """Say when those who start on the commoner side of the cut-off of ``start.name`` leave it, short and long."""
    measure, limit = str(start.name), CUTOFFS[str(start.name)]
    below = start.round(6) < limit  # who is put at the limit itself is not below it
    is_below = bool(below.mean() >= 0.5)
    mine = (below == is_below).to_numpy()
    side, beyond = ("below", "above") if is_below else ("above", "below")
    days = time_to(who, regimen, measure, **{beyond: limit}, within_days=_WITHIN * 365.25, people=people[mine])["day"]
    verbs = ("passes", "pass") if is_below else ("falls below", "fall below")
    name, cutoff = MEASURES[measure], f"{limit:g} {UNITS[measure]}"
    begun = f"{'all' if mine.all() else f'{100 * mine.mean():.0f} %'} start with {name} {side} {cutoff}"
    days = days.fillna(np.inf)
    middle, low, high = (float(days.quantile(q, interpolation="higher")) for q in (0.5, 0.1, 0.9))
    if not np.isfinite(middle):
        share = f"{100 * np.isfinite(days).mean():.0f} %"
        short = f"{name} stays {side} {cutoff} for five years in most"
        return short, f"{begun}, and **{share}** of these {verbs[1]} it within five years"
    low, high = _when(low), _when(high)
    apart = "" if low == high else f" (80 %: {low} to {high})"
    in_, after = (_when(0), _when(0)) if middle == 0 else (f"in {spoken(middle)}", f"after {spoken(middle)}")
    if measure == "mma_nmol_l" and 0 < middle < _DAYS_KNOWN:  # no course of MMA in the first weeks was found
        in_, after, apart = "in a week or so", "after a week or so", ""
    return f"{name} {verbs[0]} {cutoff} {in_}", f"{begun}, and half of these {verbs[1]} it **{after}{apart}**"


def _when(day: float) -> str:
    if day == 0:
        return "at once"
    return spoken(day) if np.isfinite(day) else "more than five years"


def key_figures(table: pd.DataFrame, regimen: str, cause: str) -> list[dict[str, Any]]:
    """Return serum, MMA and store at the end for what was chosen, for ``page.key_figure``."""
    last = table["day"].max()
    part = table.query("regimen == @regimen and cause == @cause and day == @last").set_index("measure")
    return [
        {
            "name": f"{words} after {spoken(last)}",
            "row": part.loc[name],
            "what": f"median and 95 % of virtual people{_drawn(regimen, last)}",
            "scale": 1,
            "unit": UNITS[name],
        }
        for name, words in MEASURES.items()
    ]


def _drawn(regimen: str, day: float) -> str:
    """Say how long after an injection blood is drawn, or after the last tablet of a course that has ended."""
    doses = schedule(regimen, day)
    injected, swallowed = (day - doses.loc[(doses["form"] == "oral") == is_oral, "day"] for is_oral in (False, True))
    if len(swallowed) and swallowed.min() > _A_COURSE:
        return f", {spoken(swallowed.min())} after the last tablet"
    if injected.empty:
        return ""
    return f", {spoken(injected.min())} after an injection" if injected.min() > 0 else ", just before an injection"


def claims() -> list[tuple[pd.Series, pd.DataFrame]]:
    """Return the claims that the page is about, with the rows that each verdict rests on."""
    table = evidence.load("claims").set_index("id", drop=False)
    return [(table.loc[name], evidence.cited(table.loc[name, "evidence"])) for name in _CLAIMS]


def used(picks: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Return the rows of ``regimens`` that the page draws."""
    table = evidence.load("regimens")
    return table[table["regimen"].isin(list(picks["regimen"]))]
