"""Series of patients on the page of validation: what was seen, beside what the model of nerves expects of them."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.against import ROLES, labelled, of, part_title, part_words
from b12analysis.findings.nerves import CHANGES
from b12analysis.findings.words import count, known

__all__ = ["CHANGE", "SHARE", "changes", "drawn", "shares", "sides", "words"]

_SIDES = {"observed": "observed", "predicted": "predicted"}
#: How shares are drawn, and how changes are.
SHARE = {"detail": "detail", "shares": True}
CHANGE = {
    "label": "label",
    "group": "side",
    "names": _SIDES,
    "detail": "detail",
    "axis_title": "change, % of function (95 % interval)",
}

_SHARE = (
    "Bar: where 95 % of such series would lie, with the chance of so few patients and another case mix; tick: the "
    "middle of it; mark: what was observed, with Wilson's 95 % interval. The least likely come first in each role."
)
_CHANGE = (
    "Square: the change that is predicted of such a series, with its 95 % interval; circle: the change observed, "
    "where a number is printed; else the label says its direction. ✗: less than 1 in 20 likely."
)


def shares(table: pd.DataFrame, area: str) -> list[pd.DataFrame]:
    """Return shares of patients, in numbers or words: those held out, then the rest; the least likely first."""
    rows = _results(table, area)
    rows = rows[~rows["measure"].isin(CHANGES)]
    return [_named(part) for _, part in rows.groupby(rows["role"] != "held_out")]


def changes(table: pd.DataFrame, area: str) -> pd.DataFrame:
    """Return changes of function: mostly a direction is printed and no number; the least likely first in each role."""
    rows = _results(table, area)
    rows = _named(rows[rows["measure"].isin(CHANGES)])
    return rows.assign(label=rows["passed"].map({True: "", False: "✗ "}) + rows["label"])  # a phone cuts the end


def _results(table: pd.DataFrame, area: str) -> pd.DataFrame:
    rows = labelled(of(table, area).query("area == 'nerves'"))
    order = rows["role"].map(list(ROLES).index)
    return rows.assign(_order=order).sort_values(["_order", "chance"], kind="stable")


def _named(part: pd.DataFrame) -> pd.DataFrame:
    """Give each row of a figure a name of its own; beside it stand the role, where there are several, and how many."""
    roles = part["role"].str.replace("_", " ")
    if len(roles.unique()) == 1:
        roles[:] = ""
    sizes = [known(n, "n {:,.0f}") for n in part["n"]]
    detail = [", ".join(filter(None, both)) for both in zip(roles, sizes, strict=True)]
    label = part["study"] + ": " + part["what"]
    label = label.where(~label.duplicated(keep=False), label + " (" + part["id"] + ")")
    return part.assign(label=label, detail=detail).reset_index(drop=True)


def drawn(part: pd.DataFrame) -> pd.DataFrame:
    """Return the shares that are numbers, as ``figures.against`` draws them."""
    own = {"lower": "observed_lower", "upper": "observed_upper", "passed": "covered"}
    own |= {f"predicted_{end}": end for end in ("lower", "upper")}
    return part[part["observed"].notna()].rename(columns=own)


def sides(part: pd.DataFrame) -> pd.DataFrame:
    """Return two rows of each change, observed and predicted, as ``figures.grouped`` draws them."""
    predicted = {"estimate": "predicted", "lower": "predicted_lower", "upper": "predicted_upper"}
    observed = {"estimate": "observed", "lower": "lower", "upper": "upper"}
    both = {"observed": observed, "predicted": predicted}
    rows = [part.assign(side=side, **{to: part[name] for to, name in own.items()}) for side, own in both.items()]
    return pd.concat(rows, ignore_index=True)


def words(part: pd.DataFrame) -> dict[str, str]:
    """Say what a figure of series shows."""
    if part["measure"].isin(CHANGES).all():
        kind, caption = ", changes of function", _CHANGE
        left_out = int(part["observed"].isna().sum())
        more = f" {count(left_out, 'result')} printed as a direction alone." if left_out else ""
    else:
        kind, caption = ", shares of patients", _SHARE
        left_out = len(part) - len(drawn(part))
        more = f" In the table alone: {count(left_out, 'result')} printed in words." if left_out else ""
    return part_words(part) | {"title": part_title(part, kind), "caption": caption + more}
