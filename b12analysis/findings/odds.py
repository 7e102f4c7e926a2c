"""Odds ratios and shares of the US survey as pages of associations show them: rows, their texts, how they are drawn."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from b12analysis.findings.words import Row
from b12analysis.nhanes.associations import associations
from b12analysis.nhanes.regressions import ADJUSTMENTS

__all__ = [
    "ALL",
    "COLUMNS",
    "COVARIATES",
    "DESIGN",
    "DRAW",
    "INTERVAL",
    "MARKERS",
    "RESTS_ON",
    "SHARES",
    "WITH",
    "capital",
    "in_order",
    "is_clear",
    "joined",
    "listed",
    "markers",
    "odds",
    "ratio",
    "shares",
]

#: What figures rest on.
RESTS_ON = pd.DataFrame({"id": ["nhanes_associations"], "source": ["nhanes"], "status": ["verified"]})
#: Columns of a table of odds ratios, and of one of shares.
COLUMNS = [
    *("outcome", "exposure", "adjustment", "domain", "estimate", "lower", "upper"),
    *("n", "cases", "exposed", "exposed_cases"),
]
SHARES = ["outcome", "domain", "cycles", "estimate", "lower", "upper", "n", "cases"]
#: Signs of low B12, in words.
MARKERS = {
    "mma_271": "MMA above 271 nmol/L",
    "b12_221": "serum B12 up to 221 pmol/L",
    "b12_below_148": "serum B12 below 148 pmol/L",
}
#: The domains of the survey that are compared: with each of them and, as in its odds ratio, with none of it.
WITH = {
    "mma_271": ("MMA above 271 nmol/L", "MMA of at most 271 nmol/L"),
    "b12_221": ("serum B12 of at most 221 pmol/L", "serum B12 above 221 pmol/L"),
    "b12_below_148": ("serum B12 below 148 pmol/L", "serum B12 above 221 pmol/L"),
}
#: What the fullest model adjusts for, and in short.
COVARIATES = ADJUSTMENTS["all"][1]
ALL = f"all {len(ADJUSTMENTS['all'][0])}"
#: How odds ratios are drawn.
DRAW = {"label": "label", "scale": 1, "log": True, "detail": "detail", "axis_title": "odds ratio (95 % interval)"}
INTERVAL = (
    "Logistic models with the survey's weights, strata and clusters; lines are 95 % intervals, on a logarithmic axis."
)
DESIGN = "95 % intervals with the survey's strata and clusters, on the logit scale."


def markers(marker: str) -> list[str]:
    """Keys of the markers that a choice stands for.

    Examples
    --------
    >>> markers("both"), markers("b12_221")
    (['mma_271', 'b12_221', 'b12_below_148'], ['b12_221'])
    """
    return list(MARKERS) if marker == "both" else [marker]


def odds(analysis: str = "neuropathy", *, domain: str = "40+", **keys: str | list[str]) -> pd.DataFrame:
    """Odds ratios of 1999-2004 by the keys of their table, with ``detail``, a text of their counts."""
    table = associations(analysis, domain=domain, cycles="1999-2004", measure="odds_ratio", **keys)
    return table.assign(detail=[_counts(row) for row in table.to_dict("records")])


def _counts(row: Row) -> str:
    said = f"n {row['n']:,}, {row['cases']:,} of them cases"
    return said if pd.isna(row["exposed"]) else f"{said}; {row['exposed_cases']:,} cases of {row['exposed']:,} exposed"


def shares(outcome: str) -> pd.DataFrame:
    """Shares of 1999-2004 with the outcome, one row per domain."""
    return associations(outcome=outcome, cycles="1999-2004", measure="share")


def in_order(table: pd.DataFrame, column: str, keys: Iterable[str]) -> pd.DataFrame:
    """Rows with these keys, in the order of the keys."""
    order = list(keys)
    kept = table[table[column].isin(order)]
    return kept.sort_values(column, key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def listed(*tables: pd.DataFrame) -> pd.DataFrame:
    """Rows of several tables below each other, with the columns that a page shows."""
    return pd.concat([table[COLUMNS] for table in tables if len(table)], ignore_index=True)


def ratio(row: pd.Series | Row) -> str:
    """Odds ratio with its interval; two decimals, because near 1 the second one decides.

    Examples
    --------
    >>> ratio({"estimate": 1.386, "lower": 1.06, "upper": 1.81})
    '1.39 (1.06–1.81)'
    """
    return f"{row['estimate']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"


def is_clear(row: pd.Series | Row) -> bool:
    """Whether the interval leaves out 1.

    Examples
    --------
    >>> is_clear({"lower": 1.06, "upper": 1.81}), is_clear({"lower": 0.99, "upper": 1.47})
    (True, False)
    """
    return bool(row["lower"] > 1 or row["upper"] < 1)


def capital(text: str) -> str:
    """Begin with a capital letter."""
    return f"{text[0].upper()}{text[1:]}"


def joined(texts: list[str], word: str = "and") -> str:
    """Join texts as a sentence does.

    Examples
    --------
    >>> joined(["a", "b", "c"], "or")
    'a, b or c'
    """
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"
