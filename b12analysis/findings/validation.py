"""What the report on validation says: what the package was held against, what it misses, and what agreement proves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis import __version__
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.findings import nerves, validated
from b12analysis.findings.against import LEVEL, PREDICTED, ROLES, of, passed_of
from b12analysis.findings.words import count
from b12analysis.validating import AREAS

__all__ = ["PLACE", "TALLY", "answer", "caveats", "headlines", "predictions", "tallies", "tallies_words"]

#: What the head of the page names: these numbers are those of one version.
PLACE = f"version {__version__}"
_MODELS = ("held_out", "check", "alternative", "fitted")
#: Of these 95 % intervals should hold their share; alternatives contradict what was fitted.
_SHOULD = ("held_out", "check", "fitted")
#: How counts are drawn.
TALLY = {"names": ("passed", "missed"), "expected": "expected"}
_CANNOT = (
    "**What cannot be tested here**: whether a regimen or an earlier start changes how nerves recover (no trial has "
    "compared them), what happens to one person, and populations in which nobody has measured.",
    "**What was fitted proves nothing by agreeing.** Checks were known when the models were made. Only what was held "
    "out could have shown that a model is wrong, and the equations were chosen knowing most of these studies.",
    "**That two programs agree shows that both compute the same**, not that the method is the right one.",
)


def answer(table: pd.DataFrame, area: str) -> tuple[str, str]:
    """Return the finding and the answer.

    Parameters
    ----------
    table : DataFrame
        As :func:`b12analysis.validating.validation` returns it, of all areas.
    area : str
        What was chosen; "any" for all.
    """
    rows = of(table, area)
    if rows.empty:
        return (
            f"There is nothing yet to hold {AREAS[area]} against",
            f"The tables of version {__version__} hold **no results** of {AREAS[area]} to compare with; the figure "
            "shows what else was compared.",
        )
    held, printed, other = _kinds(rows)
    told = []
    for role in (name for name in _MODELS if (rows["role"] == name).any()):
        part = rows[rows["role"] == role]
        proves = ", which proves nothing" if role == "fitted" else ""
        told.append(_held_words(part) if role == "held_out" else f"{ROLES[role]}: {passed_of(part)} inside{proves}")
    if len(printed):
        told.append(f"printed figures made again: {passed_of(printed)} to the digit")
    if len(other):
        cells = load("validation_programs")["cells"][load("validation_programs")["id"].isin(other["id"])].sum()
        told.append(f"comparisons with other programs: {passed_of(other)} agree, {cells:,} numbers")
    sentence = "; ".join(told)
    return _finding(held, printed, other, area), f"{sentence[0].upper()}{sentence[1:]}."


def _held_words(held: pd.DataFrame) -> str:
    """Say how many held-out results lie inside, and how many should, of each model."""
    parts = list(held.groupby("area", sort=False))
    inside = [f"**{passed_of(part)}**" + (f" ({AREAS[name]})" if len(parts) > 1 else "") for name, part in parts]
    should = [str(round(LEVEL * len(part))) for _, part in parts]
    return f"{ROLES['held_out']}: {' and '.join(inside)} inside, where {' and '.join(should)} should be"


def _kinds(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Part rows into what was held out, what was printed, and what other programs computed."""
    is_other = ~rows["area"].isin(PREDICTED)
    return rows[rows["role"] == "held_out"], rows[rows["area"] == "replications"], rows[is_other]


def _finding(held: pd.DataFrame, printed: pd.DataFrame, other: pd.DataFrame, area: str) -> str:
    if len(held):
        whose = "the models'" if len(held["area"].unique()) > 1 else "the model's"
        where = "" if area == "any" else f" ({AREAS[area]})"
        return f"{whose.capitalize()} 95 % intervals hold {passed_of(held)} results that were held out{where}"
    if len(printed):
        return f"{passed_of(printed)} printed figures come out to the digit"
    if len(other):
        return f"{passed_of(other)} comparisons with other programs agree ({AREAS[area]})"
    return f"Nothing was held out ({AREAS[area]}): agreement proves little"


def headlines(table: pd.DataFrame, area: str) -> list[dict]:
    """Return the share of held-out results that lie inside, for ``page.key_figure``: one for each model."""
    held = of(table, area).query("role == 'held_out'")
    shown = []
    for name, part in held.groupby("area", sort=False):
        row = prevalence(pd.DataFrame({"cases": [int(part["passed"].sum())], "n": [len(part)]})).iloc[0]
        what = f"{passed_of(part)}; 95 % interval, as if results were independent; should be {100 * LEVEL:.0f} %"
        shown.append({"name": f"of held-out results lie inside ({AREAS[name]})", "row": row, "what": what})
    return shown


def tallies(table: pd.DataFrame) -> pd.DataFrame:
    """Count what passed and missed, by area and role, held-out results first.

    Returns
    -------
    DataFrame with columns
        area, role, label, passed, missed, expected
    """
    rows = []
    for role, words in ROLES.items():
        for area, part in table[table["role"] == role].groupby("area", sort=False):
            passed = int(part["passed"].sum())
            expected = LEVEL if role in _SHOULD else np.nan
            rows.append([area, role, f"{words}: {AREAS[area]}", passed, len(part) - passed, expected])
    return pd.DataFrame(rows, columns=["area", "role", "label", "passed", "missed", "expected"])


def tallies_words(counts: pd.DataFrame) -> dict[str, str]:
    """Say what the figure of all areas shows."""
    by_kind = counts.assign(is_held=counts["role"] == "held_out").groupby("is_held")[["passed", "missed"]].sum()
    missed = int(counts["missed"].sum())
    whole = int(counts[["passed", "missed"]].sum().sum())
    held = int(by_kind["missed"].get(True, 0))
    told = "; ".join(f"{row.label}: {row.passed} of {row.passed + row.missed}" for row in counts.itertuples())
    return {
        "title": f"{missed} of {whole} results miss, {held} of them held out",
        "summary": f"How many passed: {told}.",
        "caption": "A prediction passes if the model's 95 % interval for such a study holds what was observed, or if "
        "the words or the direction that are printed have a chance of at least 1 in 20; a printed figure if ours "
        "rounds to its digits; a comparison with a program if all its numbers agree within a difference set for it. "
        "Line: where 95 % would be.",
    }


def predictions(table: pd.DataFrame, area: str) -> dict[str, pd.DataFrame]:
    """Return the rows of the models' own tables of results, by the name of the table, for ``page.evidence``."""
    shown = of(table, area)[["area", "id", "source", "status"]]
    nerves_rows = shown[shown["area"] == "nerves"]
    own = {
        "kinetics_validation": shown[shown["area"] == "kinetics"],
        "recovery_targets": nerves_rows,
        "recovery_validation": nerves_rows.assign(id="recovery_validation"),  # whose rows have no ids of their own
    }
    return {name: rows for name, rows in own.items() if len(rows)}


def caveats(table: pd.DataFrame, area: str) -> list[str]:
    """Say what the package misses, and what agreement does not prove."""
    rows = of(table, area)
    told = list(validated.missed_words()) if (rows["area"] == "kinetics").any() else []
    if (rows["area"] == "nerves").any():
        told.append(_unlikely())
    if (rows["area"] == "replications").any():
        limits = load("replications").query("reading == 'literal'")["interval_agrees"].dropna()
        told.append(
            f"**A printed figure passes without its limits**: of {len(limits)} printed limits and standard errors "
            f"{(limits == 'no').sum()} do not come out to the digit."
        )
    recalled = int(rows["status"].isin(["recalled", "assumption"]).sum())
    if recalled:
        told.append(
            f"**Of {count(len(rows), 'result')} {recalled} rest on numbers that nobody has checked** (recalled or "
            "assumed); the tables mark them."
        )
    return [*told, *_CANNOT]


def _unlikely() -> str:
    """List the series of patients that the model of nerves misses, of what was held out."""
    held = nerves.validated("test")
    counts = nerves.drawable(held)
    return (
        f"**The model of nerves misses {count(int((~held['covered']).sum()), 'held-out result')}**, of {len(held)}, "
        f"the least likely first: {nerves.missed(held)}. Of the {len(counts)} counts "
        f"{int(counts['covered'].sum())} lie inside; the others are words, directions or changes, of which most can "
        "hardly fail."
    )
