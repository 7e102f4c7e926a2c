"""Figures found and figures printed: how they are written down, and how they are set beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice, check_columns

__all__ = ["LITERAL", "compare", "counted", "keyed", "printed"]

#: The reading that follows the paper's words; others are variants of it.
LITERAL = "literal"
_FOUND = ["key", "reading", "ours", "lower", "upper", "se", "n"]
_PRINTED = ["printed", "printed_lower", "printed_upper", "printed_se"]
COLUMNS = [
    *("id", "paper", "source", "step", "quantity", "unit", "reading", *_PRINTED, "decimals", "interval_decimals"),
    *("ours", "lower", "upper", "se", "n", "difference", "agrees", "interval_agrees", "locator", "status", "note"),
]


def printed(source: str) -> pd.DataFrame:
    """Return the printed figures of a source.

    Parameters
    ----------
    source : str
        Key in ``sources``: ``"bailey2013"``.

    Returns
    -------
    DataFrame with columns
        source, key              whose figure, and its name there
        step, quantity, unit     what it is
        printed, printed_lower, printed_upper, printed_se     as printed; per cent where the unit is "%"
        decimals, interval_decimals    digits after the point that the figure, and its limits or error, are printed to
        locator, status, note    where it stands, and how sure we are that it stands there

    Examples
    --------
    >>> printed("bailey2013").set_index("key").loc["pregnant", "printed"]
    np.float64(802.0)
    """
    table = _all_printed()
    check_choice("source", source, table["source"].unique())
    return table[table["source"] == source].reset_index(drop=True)


@cache
def _all_printed() -> pd.DataFrame:
    text = dict.fromkeys(("source", "key", "step", "quantity", "unit", "locator", "status", "note"), "string")
    table = pd.read_csv(
        Path(__file__).with_name("printed.csv"),
        dtype=text,
        keep_default_na=False,
        na_values=dict.fromkeys(_NUMBERS, ""),
    )
    return table.astype({"decimals": "Int64", "interval_decimals": "Int64"})


_NUMBERS = [*_PRINTED, "decimals", "interval_decimals"]


def counted(counts: Mapping[str, int], *, reading: str = LITERAL) -> pd.DataFrame:
    """Write numbers of people down as found figures.

    Examples
    --------
    >>> counted({"pregnant": 802})[["key", "ours", "n"]].values.tolist()
    [['pregnant', 802, 802]]
    """
    number = [int(count) for count in counts.values()]
    return pd.DataFrame({"key": list(counts), "reading": reading, "ours": number, "n": number})


def keyed(
    estimates: pd.DataFrame,
    stems: Mapping[str, str],
    *,
    by: str | None = None,
    scale: float = 1.0,
    reading: str = LITERAL,
) -> pd.DataFrame:
    """Write survey estimates down as found figures.

    Parameters
    ----------
    estimates : DataFrame
        From ``survey_prevalence``, ``survey_mean`` and their kin.
    stems : dict of str to str
        Key of the figure, by indicator or variable; rows of others are left out.
    by : str, optional
        Column whose value is added to the key, after a dash.
    scale : float
        100 for per cent.
    reading : str
        Which reading of the paper this is.

    Examples
    --------
    >>> mean = pd.DataFrame({"group": ["high"], "variable": ["age"], "estimate": [46.2], "n": [8568]})
    >>> keyed(mean.assign(lower=45.6, upper=46.8, se=0.3), {"age": "age"}, by="group")[["key", "ours"]].values.tolist()
    [['age-high', 46.2]]
    """
    name = "indicator" if "indicator" in estimates else "variable"
    kept = estimates[estimates[name].isin(list(stems))]
    key = kept[name].map(stems)
    found = pd.DataFrame({"key": key if by is None else key + "-" + kept[by].astype(str), "reading": reading})
    values = {
        to: scale * kept[of] for to, of in {"ours": "estimate", "lower": "lower", "upper": "upper", "se": "se"}.items()
    }
    return found.assign(**values, n=kept["n"]).reset_index(drop=True)


def compare(source: str, paper: str, found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Set what was found beside what was printed.

    Parameters
    ----------
    source, paper : str
        Key of the source, and its name in words.
    found : list of DataFrame
        From :func:`counted` and :func:`keyed`.

    Returns
    -------
    DataFrame
        As the table ``replications``: one row per printed figure and reading, in the order of print. ``agrees`` and
        ``interval_agrees`` say "yes" where ours rounds to the printed digits; missing where there is nothing to
        compare.

    Examples
    --------
    >>> table = compare("bailey2013", "Bailey 2013", [counted({"pregnant": 802, "lactating": 150})])
    >>> table.dropna(subset="ours")[["quantity", "printed", "ours", "difference", "agrees"]].values.tolist()
    [['lactating', 145.0, 150.0, 5.0, 'no'], ['pregnant', 802.0, 802.0, 0.0, 'yes']]
    """
    ours = pd.concat(found, ignore_index=True).reindex(columns=_FOUND)
    figures = printed(source)
    check_columns("printed", figures["key"], ours["key"].unique())
    table = figures.merge(ours, on="key", how="left", sort=False)
    table["reading"] = table["reading"].fillna("none")
    table["id"] = _ids(table)
    table = table.assign(
        paper=paper, **{name: table[name].astype("float64") for name in ("ours", "lower", "upper", "se")}
    )
    table["difference"] = table["ours"] - table["printed"]
    table["agrees"] = _agree(table, {"ours": "printed"}, "decimals")
    limits = {"lower": "printed_lower", "upper": "printed_upper", "se": "printed_se"}
    table["interval_agrees"] = _agree(table, limits, "interval_decimals")
    numbers = {name: table[name].map(_six_digits) for name in ("ours", "lower", "upper", "se", "difference")}
    return table.assign(**numbers, n=table["n"].astype("Int64"))[COLUMNS]


def _ids(table: pd.DataFrame) -> pd.Series:
    stem = table["source"] + "-" + table["key"]
    place = table.groupby("key").cumcount()
    return stem.where(place == 0, stem + "-" + (place + 1).astype(str))


def _agree(table: pd.DataFrame, pairs: Mapping[str, str], decimals: str) -> pd.Series:
    """Say "yes" where ours round to the printed digits in all pairs that were printed; missing where none was."""
    half = 0.5 * 10.0 ** -table[decimals].astype("float64")
    close = pd.Series(True, index=table.index)
    compared = pd.Series(False, index=table.index)
    for ours, theirs in pairs.items():
        both = table[ours].notna() & table[theirs].notna()
        close &= ~both | ((table[ours] - table[theirs]).abs() <= half + 1e-9)
        compared |= both
    return close.map({True: "yes", False: "no"}).astype("string").where(compared)


def _six_digits(value: float) -> float:
    return float(f"{value:.6g}") if np.isfinite(value) else np.nan
