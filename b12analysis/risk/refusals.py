"""Which effects a share can be stated from, and the reason where it cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice
from b12analysis.risk.effects import RATIOS, SHOWN_RATIOS

__all__ = ["NULL", "check_effects", "check_shares", "numbers", "reasons"]

NULL = "the association may be null or protective"


def numbers(table: pd.DataFrame, *names: str) -> list[np.ndarray]:
    """Columns as numbers; a column that is not there is missing throughout.

    Examples
    --------
    >>> [column.tolist() for column in numbers(pd.DataFrame({"effect": [2]}), "effect", "effect_lower")]
    [[2.0], [nan]]
    """
    columns = [table[name] if name in table else pd.Series(np.nan, index=table.index) for name in names]
    return [pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan) for column in columns]


def check_effects(table: pd.DataFrame) -> None:
    """Raise unless every row says what kind of ratio it is, and gives one above 0 between its limits.

    Examples
    --------
    >>> check_effects(pd.DataFrame({"measure": ["RR"], "effect": [2.0]}))
    Traceback (most recent call last):
    b12analysis.arguments.InputError: row 0: measure='RR' is not known; choose one of 'risk_ratio', \
'prevalence_ratio', 'odds_ratio', 'hazard_ratio'
    """
    for row, measure in table["measure"].items():
        check_choice(f"row {row!r}: measure", None if pd.isna(measure) else measure, SHOWN_RATIOS)
    effect, lower, upper = numbers(table, "effect", "effect_lower", "effect_upper")
    for row, ratio in zip(table.index[effect <= 0], effect[effect <= 0], strict=True):
        raise InputError(f"row {row!r}: effect={ratio:g} is out of range; a ratio is above 0")
    _check_order(table.index, "effect", effect, lower, upper)


def check_shares(table: pd.DataFrame, name: str) -> None:
    """Raise unless a column of shares and its limits lie in 0 to 1, in their order; missing ones pass.

    Examples
    --------
    >>> check_shares(pd.DataFrame({"exposure": [12]}), "exposure")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: row 0: exposure=12 is out of range; it is a share from 0 to 1
    """
    columns = [name, f"{name}_lower", f"{name}_upper"]
    values = numbers(table, *columns)
    for column, share in zip(columns, values, strict=True):
        for row in np.flatnonzero((share < 0) | (share > 1)):
            raise InputError(
                f"row {table.index[row]!r}: {column}={share[row]:g} is out of range; it is a share from 0 to 1"
            )
    _check_order(table.index, name, *values)


def _check_order(index: pd.Index, name: str, value: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    for row in np.flatnonzero((value < lower) | (value > upper)):
        raise InputError(
            f"row {index[row]!r}: {name}={value[row]:g} does not lie between its limits {lower[row]:g} and "
            f"{upper[row]:g}"
        )


def reasons(table: pd.DataFrame) -> np.ndarray:
    """Say for each effect why no share is stated from it; empty where one can be.

    A ratio that is known to be exactly 1, an interval without width, is not refused: its share is 0.

    Examples
    --------
    >>> row = {"measure": "risk_ratio", "effect": 2.0, "effect_lower": 0.9, "effect_upper": 4.0}
    >>> reasons(pd.DataFrame([row])).tolist()
    ['the association may be null or protective']
    """
    effect, lower, upper, baseline = numbers(table, "effect", "effect_lower", "effect_upper", "baseline_risk")
    is_odds = (table["measure"] == "odds_ratio").to_numpy(bool)
    no_risks = ~table["measure"].isin(RATIOS).to_numpy(bool)
    nowhere = pd.Series(pd.NA, index=table.index, dtype="string")
    design, outcome = (table[name].astype("string") if name in table else nowhere for name in ("design", "outcome"))
    density = (design == "case_control_density").to_numpy(dtype=bool, na_value=False)
    other = (outcome.notna() & (outcome != "deficiency")).to_numpy(dtype=bool)
    said = ("no share is stated for " + outcome.fillna("") + ": the fractions are of deficiency").to_numpy(dtype=object)
    return np.select(
        [
            other,
            no_risks,
            np.isnan(effect) | np.isnan(lower) | np.isnan(upper),
            density & is_odds,
            is_odds & np.isnan(baseline),
            (lower <= 1) & ~((lower == 1) & (upper == 1)),
        ],
        [
            said,
            "a hazard ratio is no ratio of risks",
            "exposure or effect is not known with an interval",
            "odds ratio from density-sampled controls: not a ratio of risks",
            "odds ratio without a baseline risk to convert it",
            NULL,
        ],
        default="",
    ).astype(object)
