"""Results one by one: observed against predicted, how each missed, and what is noted of it."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings import nerves, validated
from b12analysis.findings.words import Row, count, known
from b12analysis.theme import MARKS, number, share
from b12analysis.validating import AREAS

__all__ = [
    "LEVEL",
    "LISTED",
    "PREDICTED",
    "ROLES",
    "drawable",
    "labelled",
    "listed",
    "looks",
    "of",
    "part_title",
    "part_words",
    "parts",
    "passed_of",
    "rests",
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
#: What a table of results of nerves has more: what is compared, how likely the model finds it, and of how many people.
_MORE = ["measure", "chance", "n"]
#: Ratios are drawn down to this; an interval that reaches 0 ends there.
_SMALLEST = 0.02


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
    lines = _lines(set(table["area"]))
    named = []
    for row in table.to_dict("records"):
        row |= lines.get(row["id"], {"label": row["what"]})
        study, _, what = row["label"].partition(": ")
        named.append(row | {"study": study, "what": what, "why": _why(row)})
    return pd.DataFrame(named, columns=[*table.columns, "study", "why", *_MORE])


def _lines(areas: set[str]) -> dict[str, dict]:
    """Return what the tables of results say more of each prediction, by its id: a label, of nerves the chance too."""
    lines = {}
    if "kinetics" in areas:
        rows = pd.concat([validated.outcomes(role) for role in ("test", "consistency", "fitted")])
        lines |= rows.set_index("id")[["label"]].to_dict("index")
    if "nerves" in areas:
        rows = pd.concat([nerves.validated(role) for role in ("fitted", "test", "check", "alternative")])
        rows = rows.rename(columns={"what": "measure"}).set_index("target")
        lines |= rows[["label", *_MORE]].to_dict("index")
    return lines


def _why(row: Row) -> str:
    """Say how a result missed, and what the tables note of it, which need not be why; nothing of one that passed."""
    if row["passed"]:
        return ""
    note = known(row["note"]).strip()
    reason = f"Noted: {note.rstrip('.')}." if note else "Why is not known."
    if row["area"] not in PREDICTED:
        return reason
    if row["area"] == "nerves":
        return f"{_unlikely(row)} {reason}"
    if row["observed"] == 0:
        return f"{number(row['predicted'])} is predicted where nothing was observed. {reason}"
    ratio = row["predicted"] / row["observed"]
    if row["area"] == "replications":
        return f"Ours is {_percent(ratio)} print. {reason}"
    if ratio < 0:
        return f"A change to the other side was predicted. {reason}"
    side = "much" if ratio > 1 else "little"
    return f"Too {side} is predicted: {number(ratio)} times what was observed. {reason}"


def _unlikely(row: Row) -> str:
    """Say how a series of patients missed: on which side, where a number is known, and how unlikely it was."""
    chance = f"of {nerves.likely(row['chance'])}".replace("of below", "below")
    if pd.isna(row["observed"]):
        return f"The model gives what was seen a chance {chance}."
    seen, expected = (share(float(row[name])) for name in ("observed", "predicted"))
    side = "much" if row["predicted"] > row["observed"] else "little"
    return f"Too {side} is predicted: {expected} where {seen} was seen; the model gives that a chance {chance}."


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
        "title": part_title(part),
        "summary": f"How many pass: {by_role}. Misses: {told}. The table lists them first, with how each misses and "
        "what is noted of it.",
        "caption": f"Marks: {marks}; lines: 95 % interval of {lines}, over the same. Beside the name how many pass; "
        f"{many} with most misses first.{more}",
    }


def part_title(part: pd.DataFrame, more: str = "") -> str:
    """Say how many of a figure's results pass; ``more`` says which results of their area they are."""
    area = part["area"].iloc[0]
    if area == "replications":
        return f"Published tables: {passed_of(part)} figures come out to the digit"
    name = f"{AREAS[area][0].upper()}{AREAS[area][1:]}{more}"
    held = part[part["role"] == "held_out"]
    if len(held):
        return f"{name}: {passed_of(held)} held-out results lie inside, where {round(LEVEL * len(held))} should"
    told = [f"{passed_of(rows)} {ROLES[role]}" for role, rows in part.groupby("role", sort=False)]
    return f"{name}: inside are {' and '.join([', '.join(told[:-1]), told[-1]] if len(told) > 1 else told)}"


def listed(part: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a figure: misses first."""
    once = part.drop_duplicates("id").sort_values("passed", kind="stable")
    return once.assign(passed=once["passed"].map({True: "yes", False: "no"}))[LISTED]
