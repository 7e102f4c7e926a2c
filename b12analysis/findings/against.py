"""Results one by one: observed against predicted, how each missed, and what is noted of it."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings import validated
from b12analysis.findings.words import Row, count, known
from b12analysis.theme import MARKS, number
from b12analysis.validating import AREAS

__all__ = [
    "LEVEL",
    "LISTED",
    "PREDICTED",
    "ROLES",
    "SHARES",
    "drawable",
    "labelled",
    "listed",
    "looks",
    "nerves_words",
    "of",
    "part_words",
    "parts",
    "passed_of",
    "rests",
    "shares",
]

#: Columns of the table of a figure; misses come first.
LISTED = [
    *("passed", "why", "study", "what", "role", "observed", "lower", "upper", "predicted", "predicted_lower"),
    *("predicted_upper", "unit", "status", "source", "id"),
]
#: Areas whose results are predictions or printed figures; the others are held against programs.
PREDICTED = ("kinetics", "nerves", "replications")
#: Share of results that 95 % intervals should hold.
LEVEL = 0.95
#: Words for roles, in the order in which agreement proves less.
ROLES = {
    "held_out": "held out",
    "check": "checks",
    "alternative": "alternatives",
    "fitted": "fitted",
    "reproduced": "reproduced",
}
#: Ratios are drawn down to this; an interval that reaches 0 ends there.
_SMALLEST = 0.02
SHARES = {
    "label": "label",
    "group": "side",
    "names": {"observed": "observed", "predicted": "predicted"},
    "detail": "why",
    "axis_title": "people, % (95 % interval)",
}


def of(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return the rows of an area; of "any" all."""
    return table[table["area"].eq(area) | (area == "any")]


def passed_of(rows: pd.DataFrame) -> str:
    """Say how many passed: "38 of 54"."""
    return f"{int(rows['passed'].sum())} of {len(rows)}"


def rests(rows: pd.DataFrame) -> dict[str, pd.DataFrame | bool]:
    """Return what a figure of results rests on, for ``page.figure``: rows of evidence, and whether a model."""
    cited = rows.assign(id=rows["evidence"].fillna(rows["id"]))[["id", "source", "status"]]
    return {"evidence": cited.drop_duplicates(), "assumed": bool(rows["area"].isin(["kinetics", "nerves"]).any())}


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
    """Say how a result missed, and what the tables note of it, which need not be why; nothing of one that passed."""
    if row["passed"]:
        return ""
    note = known(row["note"]).strip()
    reason = f"Noted: {note.rstrip('.')}." if note else "Why is not known."
    if row["area"] not in PREDICTED:
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
    role = part["role"].map(ROLES)
    block = part["study"] if is_one else part["study"] + " · " + role
    misses = (~part["passed"]).groupby(block).transform("sum")
    size = part["passed"].groupby(block).transform("size")
    detail = [f"{inside} of {n}" for inside, n in zip(size - misses, size, strict=True)]
    order = role.map(list(ROLES.values()).index)
    rows = part.assign(block=block, detail=detail, _order=order, _misses=-misses)
    return rows.sort_values(["_order", "_misses", "block", "passed"], kind="stable").reset_index(drop=True)


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
    by_role = ", ".join(f"{ROLES[role]} {passed_of(rows)}" for role, rows in part.groupby("role", sort=False))
    return {
        "title": _part_title(part),
        "summary": f"How many pass: {by_role}. Misses: {told}. The table lists them first, with how each misses and "
        "what is noted of it.",
        "caption": f"Marks: {marks}; lines: 95 % interval of {lines}, over the same. Beside the name how many pass; "
        f"{many} with most misses first.{more}",
    }


def _part_title(part: pd.DataFrame) -> str:
    area = part["area"].iloc[0]
    if area == "replications":
        return f"Published tables: {passed_of(part)} figures come out to the digit"
    name = f"{AREAS[area][0].upper()}{AREAS[area][1:]}"
    held = part[part["role"] == "held_out"]
    if len(held):
        return f"{name}: {passed_of(held)} held-out results lie inside, where {round(LEVEL * len(held))} should"
    told = [f"{passed_of(rows)} {ROLES[role]}" for role, rows in part.groupby("role", sort=False)]
    return f"{name}: inside are {' and '.join([', '.join(told[:-1]), told[-1]] if len(told) > 1 else told)}"


def listed(part: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a figure: misses first."""
    once = part.drop_duplicates("id").sort_values("passed", kind="stable")
    return once.assign(passed=once["passed"].map({True: "yes", False: "no"}))[LISTED]


def shares(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return results of the nerve model, observed and predicted share: two rows each, as in ``figures.grouped``.

    Shares of none and of all are among them, so they are drawn as they are and not as ratios.
    """
    rows = of(table, area).query("area == 'nerves'")
    if rows.empty:
        return rows
    rows = _ordered(labelled(rows))
    mark = rows["passed"].map({True: "", False: "✗ "})  # first, because a phone cuts the end
    label = mark + rows["role"].map(ROLES) + " · " + rows["study"] + ", " + rows["what"]
    label = label.where(~label.duplicated(keep=False), label + " (" + rows["id"] + ")")
    rows = rows.assign(label=label)
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
        "delay together; ✗: outside. What was held out comes first; studies with most misses come first.",
    }
