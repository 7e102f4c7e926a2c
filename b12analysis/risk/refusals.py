"""Which effects a share can be stated from, and the reason where it cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, shown
from b12analysis.risk.effects import RATIOS, SHOWN_RATIOS
from b12analysis.survey.attributable import NULL

__all__ = ["ADJUSTMENTS", "DESIGNS", "by_formula", "check_effects", "check_shares", "numbers", "reasons"]

#: What is known of confounding: a crude ratio, one of a randomised trial, an adjusted one.
ADJUSTMENTS = ("none", "trial", "adjusted")
#: Designs of a study, as in the table ``risk_factors``; written otherwise, that of density-sampled controls would pass.
DESIGNS = (
    *("poll", "survey", "administrative", "cross_sectional", "case_control", "case_control_density", "cohort"),
    *("trial", "meta_analysis", "review", "case_series", "guideline"),
)


def numbers(table: pd.DataFrame, *names: str) -> list[np.ndarray]:
    """Columns as numbers; a column that is not there is missing throughout.

    Examples
    --------
    >>> [column.tolist() for column in numbers(pd.DataFrame({"effect": [2]}), "effect", "effect_lower")]
    [[2.0], [nan]]
    """
    columns = [table[name] if name in table else pd.Series(np.nan, index=table.index, name=name) for name in names]
    return [_number(column) for column in columns]


def _number(column: pd.Series) -> np.ndarray:
    number = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    for row in np.flatnonzero(np.isnan(number) & column.notna().to_numpy()):
        raise InputError(f"row {column.index[row]!r}: {column.name}={shown(column.iloc[row])} is not a number")
    return number


def check_effects(table: pd.DataFrame) -> None:
    """Raise unless every row says what kind of ratio it is, and gives one above 0 between its limits.

    Examples
    --------
    >>> check_effects(pd.DataFrame({"measure": ["RR"], "effect": [2.0]}))
    Traceback (most recent call last):
    b12analysis.arguments.InputError: row 0: measure='RR' is not known; choose one of 'risk_ratio', \
'prevalence_ratio', 'odds_ratio', 'hazard_ratio'
    """
    _check_words(table, "measure", SHOWN_RATIOS)
    for column, choices in {"design": DESIGNS, "adjustment": ADJUSTMENTS}.items():
        if column in table:
            _check_words(table[table[column].notna()], column, choices)
    effect, *limits = numbers(table, "effect", "effect_lower", "effect_upper")
    for name, ratio in zip(("effect", "effect_upper"), (effect, limits[1]), strict=True):
        for row in np.flatnonzero((ratio <= 0) | np.isinf(ratio)):
            raise InputError(
                f"row {table.index[row]!r}: {name}={ratio[row]:g} is out of range; a ratio is above 0 and finite"
            )
    for row in np.flatnonzero(limits[0] < 0):  # printed as 0 where it was rounded down
        raise InputError(
            f"row {table.index[row]!r}: effect_lower={limits[0][row]:g} is out of range; a limit of a ratio is not "
            "below 0"
        )
    _check_order(table.index, "effect", effect, *limits)
    check_shares(table, "baseline_risk", limits="baseline")
    (baseline,) = numbers(table, "baseline_risk")
    is_odds = (table["measure"] == "odds_ratio").to_numpy(bool)
    for row in np.flatnonzero(~is_odds & (baseline * effect > 1)):
        raise InputError(
            f"row {table.index[row]!r}: baseline_risk={baseline[row]:g} times a risk ratio of {effect[row]:g} is above "
            "1: no risk can be; they are not of the same people"
        )


def _check_words(table: pd.DataFrame, column: str, choices: tuple[str, ...]) -> None:
    for row, word in table[column].items():
        check_choice(f"row {row!r}: {column}", None if pd.isna(word) else word, choices)


def check_shares(table: pd.DataFrame, name: str, *, limits: str | None = None) -> None:
    """Raise unless shares and their limits lie in 0 to 1, in their order; of the limits both or none may be missing.

    The columns of the limits are called as the column, or as ``limits`` says, with ``_lower`` and ``_upper``.

    Examples
    --------
    >>> check_shares(pd.DataFrame({"exposure": [12]}), "exposure")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: row 0: exposure=12 is out of range; it is a share from 0 to 1
    """
    columns = [name, *(f"{limits or name}_{end}" for end in ("lower", "upper"))]
    values = numbers(table, *columns)
    for column, share in zip(columns, values, strict=True):
        for row in np.flatnonzero((share < 0) | (share > 1)):
            raise InputError(
                f"row {table.index[row]!r}: {column}={share[row]:g} is out of range; it is a share from 0 to 1"
            )
    for given, other in ((1, 2), (2, 1)):
        for row in np.flatnonzero(np.isnan(values[other]) & ~np.isnan(values[given])):
            raise InputError(
                f"row {table.index[row]!r}: {columns[given]}={values[given][row]:g} without {columns[other]}; give "
                "both limits or none"
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
    least, most = numbers(table, "baseline_lower", "baseline_upper")
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
            is_odds & ((baseline <= 0) | (baseline >= 1)),
            is_odds & (least <= 0) & (most >= 1),
            (lower <= 1) & ~((lower == 1) & (upper == 1)),
        ],
        [
            said,
            "a hazard ratio is no ratio of risks",
            "exposure or effect is not known with an interval",
            "odds ratio from density-sampled controls: not a ratio of risks",
            "odds ratio without a baseline risk to convert it",
            "a baseline risk of none or all of the unexposed converts no odds ratio",
            "a baseline risk anywhere between 0 and 1 converts no odds ratio",
            NULL,
        ],
        default="",
    ).astype(object)


def by_formula(table: pd.DataFrame, by_cases: np.ndarray) -> np.ndarray:
    """Say for each effect why its formula does not allow its ratio; empty where it does, as Miettinen's always does.

    Examples
    --------
    >>> by_formula(pd.DataFrame({"adjustment": ["adjusted", "none"]}), np.array([False, False])).tolist()
    ["an adjusted ratio needs the exposure of the cases: Miettinen's formula", '']
    """
    nowhere = pd.Series(pd.NA, index=table.index, dtype="string")
    adjustment = table["adjustment"].astype("string") if "adjustment" in table else nowhere
    unclear = adjustment.isna().to_numpy(bool)
    adjusted = (adjustment == "adjusted").to_numpy(dtype=bool, na_value=False)
    return np.select(
        [by_cases, adjusted, unclear],
        [
            "",
            "an adjusted ratio needs the exposure of the cases: Miettinen's formula",
            "whether the ratio is adjusted is not known: say it in adjustment, or give the exposure of the cases",
        ],
        default="",
    ).astype(object)
