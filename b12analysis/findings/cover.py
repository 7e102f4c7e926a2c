"""How long stores last once intake or uptake stops, and why serum on tablets and injections cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.findings.followed import over_people
from b12analysis.findings.kinetics import COURSES, CUTOFFS, PANELS, person, spoken
from b12analysis.findings.words import ESTIMATE
from b12analysis.kinetics import schedule, simulate_regimen, time_to, virtual_people
from b12analysis.theme import number

__all__ = ["BESIDE", "COVER", "LIMITS", "WAYS", "beside", "beside_words", "cover", "cover_words", "thinned"]

#: Signs that stores are gone: what a figure calls them.
LIMITS = {
    "serum_b12_pmol_l": "serum below 148 pmol/L",
    "mma_nmol_l": "MMA above 271 nmol/L",
    "store_ug": "store below 300 µg",
}
#: What stops, and in which words.
_STOPS = {
    "nothing_eaten": "no B12 eaten any more",
    "diet": "diet without animal food, 0.4 µg a day",
    "food_bound": "food not broken down in the stomach",
    "pernicious_anaemia": "no uptake: pernicious anaemia, stomach or ileum removed",
    "metformin": "metformin taken",
}
#: How far the courses are followed, years.
_YEARS = 40
#: Treatments whose courses are compared between two injections of the first.
WAYS = {
    "oral_1000_daily": "1 mg tablet daily",
    "us_cyanocobalamin": "cyanocobalamin monthly",
    "uk_hydroxocobalamin": "hydroxocobalamin every 3 months",
}
#: How the time that stores last is drawn.
COVER = {
    "label": "label",
    "group": "limit",
    "names": LIMITS,
    "detail": "detail",
    "scale": 1,
    "log": True,
    "one": False,
    "axis_title": "years until then (median and 80 % of people)",
}
#: How courses between injections are drawn, in the order of panels that makes the point.
BESIDE = COURSES | {
    "line": "regimen",
    "names": WAYS,
    "panels": {name: PANELS[name] for name in ("serum_b12_pmol_l", "store_ug")},
    "x_title": "days since the injection of hydroxocobalamin",
}
#: From one injection of hydroxocobalamin to the next, after about a year of treatment, days.
_FROM, _TO = 287, 378
#: Days after it that a reader wants to look up.
_LOOKED_UP = (0, 1, 7, 30, 60)


def cover(*, age: float, intake_ug: float, n: int, rng: int) -> pd.DataFrame:
    """Time until each sign that stores are gone, by what stops, in people who were in balance until then.

    Returns
    -------
    DataFrame with columns
        stops, label, limit
        estimate, lower, upper  years: median and the middle 80 % of those who were on the safe side at the start; 40
                                where it is longer; estimate missing where more than half never get there
        safe                    share on the safe side at the start
        reached                 share of them who get there within 40 years; missing where there are none
        detail                  these shares in words
    """
    rows = []
    for stops, label in _STOPS.items():
        cause = "diet" if stops == "nothing_eaten" else stops
        who = person(cause, age=age, intake_ug=intake_ug, start_serum_pmol_l=None)
        who |= {"intake_ug": 0.0} if stops == "nothing_eaten" else {}
        people = virtual_people(who, n, rng=rng)
        for limit, at in CUTOFFS.items():
            beyond = {"above": at} if limit == "mma_nmol_l" else {"below": at}
            day = time_to(who, "none", limit, **beyond, within_days=_YEARS * 365, people=people)["day"]
            rows.append({"stops": stops, "label": label, "limit": limit} | _lasted(day))
    return pd.DataFrame(rows)


def _lasted(day: pd.Series) -> dict[str, float | str]:
    """Median and middle 80 % of the years until a sign, in those who did not have it at the start."""
    years = day[day != 0].fillna(np.inf) / 365
    safe = len(years) / len(day)
    if years.empty:
        missing = dict.fromkeys([*ESTIMATE, "reached"], np.nan)
        return missing | {"safe": safe, "detail": "nobody was on the safe side"}
    middle, low, high = (float(years.quantile(q, interpolation="higher")) for q in (0.5, 0.1, 0.9))
    reached = float(np.isfinite(years).mean())
    of_whom = "" if safe == 1 else f", of the {100 * safe:.0f} % who were on the safe side"
    return {
        "estimate": middle if np.isfinite(middle) else np.nan,
        "lower": min(low, _YEARS),
        "upper": min(high, _YEARS),
        "reached": reached,
        "safe": safe,
        "detail": f"{100 * reached:.0f} % get there within {_YEARS} years{of_whom}",
    }


def cover_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how long stores last."""
    serum = table[table["limit"] == "serum_b12_pmol_l"].set_index("stops")
    told = [f"{row['label']}: {_years(row)}" for _, row in serum.iterrows()]
    longest, shortest = serum.loc["nothing_eaten"], serum.loc["pernicious_anaemia"]
    title = (
        f"Serum falls below 148 pmol/L {_after(shortest)} once nothing is taken up, {_after(longest)} once nothing is "
        "eaten"
    )
    if longest["safe"] < 0.5:  # what the others do is no answer
        title = f"On this diet serum is above 148 pmol/L in {100 * longest['safe']:.0f} % to begin with"
    drawn = table.dropna(subset="estimate")["stops"]
    unseen = table.loc[~table["stops"].isin(drawn), "label"].unique()
    more = f" Not drawn, as fewer than half get there: {'; '.join(unseen)}." if len(unseen) else ""
    return {
        "title": title,
        "summary": f"Time until serum B12 is below 148 pmol/L: {'; '.join(told)}.",
        "caption": "Median and 80 % of virtual people who were in balance and on the safe side until then; who eats "
        "nothing still takes up what bile brings back. Bars end at 40 years; no mark where more than half never get "
        f"there.{more} One series after gastrectomy (Kwon 2003, below) was far slower.",
    }


def _after(row: pd.Series) -> str:
    if pd.isna(row["estimate"]):
        return f"within {_YEARS} years in fewer than half"
    return f"after {spoken(365 * row['estimate'])}"


def _years(row: pd.Series) -> str:
    if pd.isna(row["reached"]):
        return str(row["detail"])
    if pd.isna(row["estimate"]):
        return f"fewer than half within {_YEARS} years ({100 * row['reached']:.0f} %)"
    late = spoken(365 * row["upper"]) if row["upper"] < _YEARS else f"more than {_YEARS} years"
    return f"half after {spoken(365 * row['estimate'])} (80 %: {spoken(365 * row['lower'])} to {late})"


def beside(*, age: float, intake_ug: float, start_serum_pmol_l: float | None, n: int, rng: int) -> pd.DataFrame:
    """Courses between two injections, in a person who takes nothing up, after most of a year on each treatment.

    Returns
    -------
    DataFrame with columns
        regimen, label, day (since the injection of hydroxocobalamin), measure, estimate, lower, upper
    """
    who = person("pernicious_anaemia", age=age, intake_ug=intake_ug, start_serum_pmol_l=start_serum_pmol_l)
    people = virtual_people(who, n, rng=rng)
    days = _between()
    parts = []
    for regimen, label in WAYS.items():
        drawn = simulate_regimen(who, regimen, days, people=people).query("day >= @_FROM")
        parts.append(over_people(drawn).assign(regimen=regimen, label=label))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(day=table["day"] - _FROM)[["regimen", "label", "day", "measure", *ESTIMATE]]


def _between() -> list[float]:
    """Days to read: every third, and around each injection just before it, a day, four days and a week after it."""
    doses = pd.concat([schedule(regimen, _TO) for regimen in WAYS])
    injected = doses.loc[(doses["form"] != "oral") & (doses["day"] >= _FROM), "day"]
    around = {float(day + after) for day in injected for after in (0, 1, 4, 7)}
    looked_up = {_FROM + float(day) for day in (*_LOOKED_UP, _TO - _FROM)}
    return sorted(day for day in around | looked_up | set(map(float, range(_FROM, _TO, 3))) if day <= _TO)


def beside_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what serum reads on each treatment for what is in store."""
    at = table.set_index(["regimen", "measure", "day"])["estimate"]
    tablets, injected = "oral_1000_daily", "uk_hydroxocobalamin"
    last = table["day"].max()
    serum = at[tablets, "serum_b12_pmol_l", last] / at[injected, "serum_b12_pmol_l", last]
    store = at[tablets, "store_ug", last] / at[injected, "store_ug", last]
    day_after = at[injected, "serum_b12_pmol_l", 1.0]
    told = []
    for regimen, label in WAYS.items():
        first, end = (at[regimen, "serum_b12_pmol_l", day] for day in (1.0, last))
        told.append(
            f"{label}: serum {number(first)} on day 1 and {number(end)} pmol/L on day {last:g}, store "
            f"{number(at[regimen, 'store_ug', last])} µg"
        )
    return {
        "title": f"Serum on tablets reads {number(serum)} times that before an injection, with {number(store)} times "
        "the store",
        "summary": f"After most of a year, from one injection of hydroxocobalamin to the next: {'; '.join(told)}.",
        "caption": f"Medians and 95 % of the same virtual people with no uptake. A day after the injection serum reads "
        f"{number(day_after)} pmol/L: what a sample shows depends on when it is drawn. Dotted: cut-offs, as above.",
    }


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the days that a reader wants to look up: an injection, the day after, a week, a month, two, and the next."""
    return table[table["day"].isin([*_LOOKED_UP, table["day"].max()])].reset_index(drop=True)
