"""What the report on validation says: what the package was held against, what it misses, and what agreement proves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis import __version__
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.findings import validated
from b12analysis.findings.words import Row, count, known
from b12analysis.theme import MARKS, number
from b12analysis.validating import AREAS

__all__ = [
    "LISTED",
    "PLACE",
    "PROGRAMS",
    "SHARES",
    "TALLY",
    "answer",
    "caveats",
    "compared",
    "drawable",
    "headlines",
    "labelled",
    "listed",
    "looks",
    "nerves_words",
    "of",
    "part_words",
    "parts",
    "predictions",
    "programs",
    "programs_words",
    "rests",
    "shares",
    "tallies",
    "tallies_words",
]

#: What the head of the page names: these numbers are those of one version.
PLACE = f"version {__version__}"
#: Columns of the table of a figure; misses come first.
LISTED = [
    *("passed", "why", "study", "what", "role", "observed", "lower", "upper", "predicted", "predicted_lower"),
    *("predicted_upper", "unit", "status", "source", "id"),
]
#: Areas whose results are predictions or printed figures; the others are held against programs.
_PREDICTED = ("kinetics", "nerves", "replications")
#: Share of results that 95 % intervals should hold.
_LEVEL = 0.95
#: Words for roles, in the order in which agreement proves less.
_ROLES = {
    "held_out": "held out",
    "check": "checks",
    "alternative": "alternatives",
    "fitted": "fitted",
    "reproduced": "reproduced",
}
_MODELS = ("held_out", "check", "alternative", "fitted")
#: Of these 95 % intervals should hold their share; alternatives contradict what was fitted.
_SHOULD = ("held_out", "check", "fitted")
#: Ratios are drawn down to this; an interval that reaches 0 ends there.
_SMALLEST = 0.02
#: Differences are drawn down to this share of what agrees; many are none at all.
_NONE = 1e-8
_COMPARED = [
    *("agrees", "note", "program", "what", "file", "cells", "within", "worst", "allowed", "scale", "worst_cell"),
    *("theirs", "ours", "status", "source", "id"),
]
TALLY = {"names": ("passed", "missed"), "expected": "expected"}
SHARES = {
    "label": "label",
    "group": "side",
    "names": {"observed": "observed", "predicted": "predicted"},
    "detail": "why",
    "axis_title": "people, % (95 % interval)",
}
PROGRAMS = {
    "block": "block",
    "detail": "detail",
    "said": "said",
    "axis_title": "largest difference, over the largest that agrees",
    "names": ("agree", "do not agree"),
}
_CANNOT = (
    "**What cannot be tested here**: whether a regimen or an earlier start changes how nerves recover (no trial has "
    "compared them), what happens to one person, and populations in which nobody has measured.",
    "**What was fitted proves nothing by agreeing.** Checks were known when the models were made. Only what was held "
    "out could have shown that a model is wrong, and the equations were chosen knowing most of these studies.",
    "**That two programs agree shows that both compute the same**, not that the method is the right one.",
)


def of(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return the rows of an area; of "any" all."""
    return table[table["area"].eq(area) | (area == "any")]


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Add to each prediction or printed figure its study, what it is in a line, and why it missed."""
    kinetics = pd.concat([validated.outcomes(role) for role in ("test", "consistency", "fitted")])
    lines = dict(zip(kinetics["id"], kinetics["label"], strict=True))
    named = []
    for row in table.to_dict("records"):
        study, _, what = lines.get(row["id"], row["what"]).partition(": ")
        named.append(row | {"study": study, "what": what, "why": _why(row)})
    return pd.DataFrame(named, columns=[*table.columns, "study", "why"])


def _why(row: Row) -> str:
    """Say in a sentence how a result missed, and what is known of why; nothing of one that passed."""
    if row["passed"]:
        return ""
    note = known(row["note"]).strip()
    reason = f"{note[:1].upper()}{note[1:].rstrip('.')}." if note else "Why is not known."
    if row["area"] not in _PREDICTED:
        return reason
    if row["observed"] == 0:
        return f"{number(row['predicted'])} is predicted where nothing was observed. {reason}"
    ratio = row["predicted"] / row["observed"]
    if row["area"] == "replications":
        return f"Ours is {_percent(ratio)} print. {reason}"
    if ratio < 0:
        return f"A change to the other side was predicted. {reason}"
    side = "much" if ratio > 1 else "little"
    return f"Too {side} is predicted: {number(ratio)} times what was observed. {reason}"


def _percent(ratio: float) -> str:
    """Say how far a ratio is from 1.

    Examples
    --------
    >>> _percent(1.029), _percent(0.9)
    ('2.9 % above', '10 % below')
    """
    return f"{number(100 * abs(ratio - 1))} % {'above' if ratio > 1 else 'below'}"


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
        more = {"held_out": f", where {round(_LEVEL * len(part))} should be", "fitted": ", which proves nothing"}
        bold = "**" if role == "held_out" else ""
        told.append(f"{_ROLES[role]}: {bold}{_of(part)}{bold} inside{more.get(role, '')}")
    if len(printed):
        told.append(f"printed figures made again: {_of(printed)} to the digit")
    if len(other):
        cells = load("validation_programs")["cells"][load("validation_programs")["id"].isin(other["id"])].sum()
        told.append(f"comparisons with other programs: {_of(other)} agree, {cells:,} numbers")
    sentence = "; ".join(told)
    return _finding(held, printed, other, area), f"{sentence[0].upper()}{sentence[1:]}."


def _kinds(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Part rows into what was held out, what was printed, and what other programs computed."""
    is_other = ~rows["area"].isin(_PREDICTED)
    return rows[rows["role"] == "held_out"], rows[rows["area"] == "replications"], rows[is_other]


def _finding(held: pd.DataFrame, printed: pd.DataFrame, other: pd.DataFrame, area: str) -> str:
    if len(held):
        whose = "the models'" if len(held["area"].unique()) > 1 else "the model's"
        where = "" if area == "any" else f" ({AREAS[area]})"
        return f"{whose.capitalize()} 95 % intervals hold {_of(held)} results that were held out{where}"
    if len(printed):
        return f"{_of(printed)} printed figures come out to the digit"
    if len(other):
        return f"{_of(other)} comparisons with other programs agree ({AREAS[area]})"
    return f"Nothing was held out ({AREAS[area]}): agreement proves little"


def _of(rows: pd.DataFrame) -> str:
    return f"{int(rows['passed'].sum())} of {len(rows)}"


def headlines(table: pd.DataFrame, area: str) -> list[dict]:
    """Return the share of held-out results that lie inside, for ``page.key_figure``: one for each model."""
    held = of(table, area).query("role == 'held_out'")
    shown = []
    for name, part in held.groupby("area", sort=False):
        row = prevalence(pd.DataFrame({"cases": [int(part["passed"].sum())], "n": [len(part)]})).iloc[0]
        what = f"{_of(part)}; 95 % interval, as if results were independent; should be {100 * _LEVEL:.0f} %"
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
    for role, words in _ROLES.items():
        for area, part in table[table["role"] == role].groupby("area", sort=False):
            passed = int(part["passed"].sum())
            expected = _LEVEL if role in _SHOULD else np.nan
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
        "caption": "A prediction passes if the model's 95 % interval for such a study holds what was observed, a "
        "printed figure if ours rounds to its digits, a comparison with a program if all its numbers agree within a "
        "difference set for it. Line: where 95 % would be.",
    }


def parts(table: pd.DataFrame, area: str) -> list[pd.DataFrame]:
    """Part labelled results into figures of ratios: what was held out, then the rest; printed figures.

    Within each the studies with most misses come first.
    """
    rows = of(table, area)
    rows = labelled(rows[rows["area"].isin(("kinetics", "replications"))])
    rest = ~rows["role"].isin(["held_out", "reproduced"])
    return [_ordered(part) for _, part in rows.groupby([rows["area"].map(list(AREAS).index), rest])]


def _ordered(part: pd.DataFrame) -> pd.DataFrame:
    """Sort a part by role and by how much studies miss, and name the blocks of its figure."""
    is_one = len(part["role"].unique()) == 1
    role = part["role"].map(_ROLES)
    block = part["study"] if is_one else part["study"] + " · " + role
    misses = (~part["passed"]).groupby(block).transform("sum")
    size = part["passed"].groupby(block).transform("size")
    detail = [f"{inside} of {n}" for inside, n in zip(size - misses, size, strict=True)]
    order = role.map(list(_ROLES.values()).index)
    rows = part.assign(block=block, detail=detail, _order=order, _misses=-misses)
    return rows.sort_values(["_order", "_misses", "block", "passed"], kind="stable").reset_index(drop=True)


def shares(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return results of the nerve model, observed and predicted share: two rows each, as in ``figures.grouped``.

    Shares of none and of all are among them, so they are drawn as they are and not as ratios.
    """
    rows = of(table, area).query("area == 'nerves'")
    if rows.empty:
        return rows
    rows = _ordered(labelled(rows))
    label = rows["role"].map(_ROLES) + " · " + rows["study"] + ", " + rows["what"]
    label = label.where(~label.duplicated(keep=False), label + " (" + rows["id"] + ")")
    rows = rows.assign(label=label.astype(object) + rows["passed"].map({True: "", False: " – <b>outside</b>"}))
    predicted = {f"predicted{end}": name for end, name in (("", "estimate"), ("_lower", "lower"), ("_upper", "upper"))}
    sides = [
        rows.assign(side="observed", estimate=rows["observed"]),
        rows.assign(side="predicted", **{name: rows[column] for column, name in predicted.items()}),
    ]
    return pd.concat(sides, ignore_index=True)


def nerves_words(rows: pd.DataFrame) -> dict[str, str]:
    """Say what the figure of shares shows."""
    part = rows[rows["side"] == "observed"]
    return part_words(part) | {
        "title": _part_title(part),
        "caption": "Circle: observed, with its 95 % interval; square: predicted for such a series, all scenarios of "
        "delay together. What was held out comes first; studies with most misses come first.",
    }


def drawable(part: pd.DataFrame) -> pd.DataFrame:
    """Return the results that can be drawn as multiples of what was observed: those of the same sign, signs dropped."""
    same = part[(part["observed"] * part["predicted"]) > 0]
    ratios = same[["predicted", "predicted_lower", "predicted_upper"]].div(same["observed"], axis=0)
    low, high = (ratios.iloc[:, 1:].agg(side, axis=1) for side in ("min", "max"))
    said = [
        f"{row['study']}<br>{row['what']}<br>{MARKS[row['status']]} observed <b>{_value(row, 'observed')}</b>, "
        f"predicted <b>{_value(row, 'predicted')}</b>"
        for row in same.to_dict("records")
    ]
    limits = {"lower": low.clip(lower=_SMALLEST).where(low.notna()), "upper": high}
    return same.assign(estimate=ratios["predicted"], **limits, said=said).round(4)


def _value(row: Row, name: str) -> str:
    """Print a number with its unit, and its limits where it has some."""
    limits = [row[f"{'' if name == 'observed' else 'predicted_'}{side}"] for side in ("lower", "upper")]
    text = number(row[name]).replace("-", "−")
    if not any(pd.isna(limit) for limit in limits):
        text += f" ({' to '.join(number(limit).replace('-', '−') for limit in limits)})"
    return f"{text} {known(row['unit'])}".strip()


def looks(part: pd.DataFrame) -> dict[str, str | tuple[str, str]]:
    """Return how the figure of a part is drawn, for ``figures.results``."""
    printed = part["area"].iloc[0] == "replications"
    return {
        "block": "block",
        "detail": "detail",
        "said": "said",
        "axis_title": "ours, over print" if printed else "predicted, over what was observed",
        "names": ("to the digit", "not to the digit") if printed else ("inside", "outside"),
    }


def part_words(part: pd.DataFrame) -> dict[str, str]:
    """Say what a figure of results shows, its misses by study."""
    missed = part.loc[~part["passed"], "study"].value_counts()
    told = ", ".join(f"{name} ({n})" for name, n in missed.items()) or "none"
    left_out = len(part) - len(drawable(part))
    more = f" In the table alone: {count(left_out, 'result')} that cannot be drawn as a ratio." if left_out else ""
    marks, lines, many = "predicted over observed", "what such a study would find", "studies"
    if part["area"].iloc[0] == "replications":
        marks, lines, many = "ours over print", "ours", "papers"
    return {
        "title": _part_title(part),
        "summary": f"{_of(part)} pass. Misses: {told}. The table lists them first, with how each misses and what is "
        "known of why.",
        "caption": f"Marks: {marks}; lines: 95 % interval of {lines}, over the same. Beside the name how many pass; "
        f"{many} with most misses first.{more}",
    }


def _part_title(part: pd.DataFrame) -> str:
    area = part["area"].iloc[0]
    if area == "replications":
        return f"Published tables: {_of(part)} figures come out to the digit"
    name = f"{AREAS[area][0].upper()}{AREAS[area][1:]}"
    if (part["role"] == "held_out").all():
        return f"{name}: {_of(part)} held-out results lie inside, where {round(_LEVEL * len(part))} should"
    told = [f"{_of(rows)} {_ROLES[role]}" for role, rows in part.groupby("role", sort=False)]
    return f"{name}: inside are {' and '.join([', '.join(told[:-1]), told[-1]] if len(told) > 1 else told)}"


def listed(part: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a figure: misses first."""
    once = part.drop_duplicates("id").sort_values("passed", kind="stable")
    return once.assign(passed=once["passed"].map({True: "yes", False: "no"}))[LISTED]


def rests(rows: pd.DataFrame) -> dict[str, pd.DataFrame | bool]:
    """Return what a figure of results rests on, for ``page.figure``: rows of evidence, and whether a model."""
    cited = rows.assign(id=rows["evidence"].fillna(rows["id"]))[["id", "source", "status"]]
    return {"evidence": cited.drop_duplicates(), "assumed": bool(rows["area"].isin(["kinetics", "nerves"]).any())}


def predictions(table: pd.DataFrame, area: str) -> dict[str, pd.DataFrame]:
    """Return what the models' own tables of results rest on, by the name of the table, for ``page.evidence``."""
    names = {"kinetics": "kinetics_validation", "nerves": "recovery_validation"}
    there = of(table, area)["area"].unique()
    return {name: rests(table[table["area"] == part])["evidence"] for part, name in names.items() if part in there}


def programs(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return comparisons with other programs as differences over what agrees, those that miss first."""
    known_rows = load("validation_programs")
    rows = known_rows[known_rows["id"].isin(of(table, area)["id"])].sort_values("agrees", kind="stable")
    worst = (rows["worst"] / rows["allowed"]).astype(float)
    rows = rows.assign(passed=rows["agrees"].astype(bool), block=rows["program"] + ": " + rows["file"])
    by_file = rows.groupby("block")[["cells", "within"]].transform("sum")
    said = [
        f"{row['what']}<br>{row['within']:,} of {row['cells']:,} agree within {row['allowed']:g} ({row['scale']})<br>"
        f"largest difference <b>{row['worst']:g}</b>: {row['worst_cell']}"
        for row in rows.to_dict("records")
    ]
    detail = [f"{a:,} of {n:,} numbers" for a, n in zip(by_file["within"], by_file["cells"], strict=True)]
    return rows.assign(estimate=worst.clip(lower=_NONE), lower=np.nan, upper=np.nan, said=said, detail=detail)


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of that figure."""
    return rows.assign(agrees=rows["passed"].map({True: "yes", False: "no"}))[_COMPARED]


def programs_words(rows: pd.DataFrame) -> dict[str, str]:
    """Say how far ours and other programs agree, and where they do not."""
    told = [f"{row.program}, {row.what}: {row.note}" for row in rows[~rows["passed"]].itertuples()] or ["none."]
    return {
        "title": f"{rows['passed'].sum()} of {len(rows)} comparisons with other programs agree, "
        f"{rows['within'].sum():,} of {rows['cells'].sum():,} numbers",
        "summary": f"Missed: {' '.join(told)} The table says what is compared, and how large a difference agrees.",
        "caption": "Each mark is one kind of number, the farthest from ours of all compared. Right of the line "
        f"it is farther than agrees; less than {_NONE:g} of that, or no difference at all, is drawn there.",
    }


def caveats(table: pd.DataFrame, area: str) -> list[str]:
    """Say what the package misses, and what agreement does not prove."""
    rows = of(table, area)
    told = list(validated.missed_words()) if (rows["area"] == "kinetics").any() else []
    recalled = int(rows["status"].isin(["recalled", "assumption"]).sum())
    if recalled:
        told.append(
            f"**Of {count(len(rows), 'result')} {recalled} rest on numbers that nobody has checked** (recalled or "
            "assumed); the tables mark them."
        )
    return [*told, *_CANNOT]
