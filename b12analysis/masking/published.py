"""The published two by two of B12 and folate status, each group counted once, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.estimates import Z95
from b12analysis.evidence import load

__all__ = ["KEYS", "interactions", "published"]

#: The groups that the sources compare with, in their words: B12 status and folate status ("same": as the group's own).
_REFERENCES = {
    "normal B12 status": ("normal", "any"),
    "low B12 status and folate of 59 nmol/L or less": ("low", "normal"),
    "normal B12 status and folate of 59 nmol/L or less": ("normal", "normal"),
    "holoTC of 45 pmol/L or more in the same folate group": ("normal", "same"),
}
#: A group, and the one that it is compared with.
KEYS = ["b12_status", "folate_status", "reference_b12", "reference_folate"]


def published(outcome: str | None = None) -> pd.DataFrame:
    """Odds ratios of anaemia, macrocytosis and cognitive impairment by B12 and folate status, as published.

    Morris 2007 and Selhub 2009 examined the same people: each group is counted once, against normal B12 and normal
    folate. Clarke 2008 compares with normal B12 in the same folate group.

    Parameters
    ----------
    outcome : str, optional
        "anaemia", "macrocytosis" or "cognitive_impairment"; all by default.

    Returns
    -------
    DataFrame with columns
        outcome, cohort, source, id     what with, the people, who printed it, and the row of ``load("folate")``
        b12_status, folate_status       the group
        reference_b12, reference_folate the group that it is compared with
        folate_cutoff_nmol_l            high folate is above this
        estimate, lower, upper          odds ratio; 1 for the reference; missing where only its side of 1 is printed
        direction                       that side, "below_1" or "above_1"
        counted                         whether the row is one of the two by two of its people
        why_not                         why it is not
        status, locator, note

    Raises
    ------
    InputError
        If the outcome is not known.

    Examples
    --------
    >>> table = published("cognitive_impairment").query("counted and cohort == 'nhanes_1999_2006'")
    >>> table[["b12_status", "folate_status", "estimate", "source"]].values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['normal', 'normal', 1.0, 'selhub2009'], ['normal', 'high', 0.4, 'morris2007'],
     ['low', 'normal', 1.7, 'selhub2009'], ['low', 'high', 5.0, 'selhub2009']]
    """
    rows = load("folate").query("measure == 'odds_ratio'")
    _check_outcome(outcome, rows["outcome"])
    of_text = rows["reference"].map(_REFERENCES)
    against = pd.DataFrame(of_text.tolist(), columns=KEYS[2:], index=rows.index)
    against["reference_folate"] = against["reference_folate"].mask(
        against["reference_folate"] == "same", rows["folate_status"]
    )
    cutoff = rows["note"].str.extract(r"folate (?:above |of )?(\d+) nmol/L", expand=False).astype(float)
    table = rows.assign(**against, folate_cutoff_nmol_l=cutoff, estimate=rows["value"])
    table["why_not"] = _why_not(table)
    table = pd.concat([table, _reference_rows(table)]).assign(counted=lambda t: t["why_not"] == "")
    order = {"normal": 0, "low": 1, "any": 2, "high": 1}
    table = table.sort_values(
        ["outcome", "cohort", "folate_cutoff_nmol_l", "b12_status", "folate_status"],
        key=lambda values: values.map(order) if values.name in KEYS else values,
        ignore_index=True,
    )
    columns = ["outcome", "cohort", "source", "id", *KEYS, "folate_cutoff_nmol_l", "estimate", "lower", "upper"]
    table = table[[*columns, "direction", "counted", "why_not", "status", "locator", "note"]]
    return table if outcome is None else table[table["outcome"] == outcome].reset_index(drop=True)


def _check_outcome(outcome: str | None, known: pd.Series) -> None:
    if outcome is not None:
        check_choice("outcome", outcome, known.unique().tolist())


def _why_not(table: pd.DataFrame) -> pd.Series:
    """Why a row is not one of the two by two of its people; empty if it is."""
    furthest = (table["folate_cutoff_nmol_l"] - 59).abs()
    nearest = furthest.groupby([table["cohort"], table["outcome"]]).transform("min")
    reasons = [
        (table["folate_status"] == "any", "not by folate status"),
        (table["reference_b12"] == "low", "the same people, against low B12 and normal folate"),
        (furthest > nearest, "the same people, with a cut-off of folate further from 59 nmol/L"),
    ]
    return pd.Series(np.select(*map(list, zip(*reasons, strict=True)), default=""), index=table.index)


def _reference_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Give the reference itself, once for each outcome and people: its odds ratio is 1."""
    against = table[(table["why_not"] == "") & (table["reference_b12"] == "normal") & (table["folate_status"] != "any")]
    against = against[(against["reference_folate"] == "normal") & (against["b12_status"] == "low")]
    keep = against.drop_duplicates(["cohort", "outcome"]).assign(b12_status="normal", folate_status="normal")
    return keep.assign(estimate=1.0, lower=np.nan, upper=np.nan, id="", note="the reference")


def interactions(outcome: str | None = None) -> pd.DataFrame:
    """By how much more low B12 goes with the outcome at high folate than at normal: ratios of published odds ratios.

    Above 1 high folate makes the association of low B12 stronger, below 1 it weakens it, as masking would. An interval
    is there where the two odds ratios are of people who share nobody; taken as independent, although one adjusted model
    gave both. Where the two share their reference they are correlated by an unknown amount, and there is none.

    Parameters
    ----------
    outcome : str, optional
        As of :func:`published`.

    Returns
    -------
    DataFrame with columns
        outcome, cohort, source, ids      what it is made from, rows of ``load("folate")``
        folate_cutoff_nmol_l
        estimate, lower, upper            ratio of odds ratios
        at_least                          where one of the two is printed as "below 1" only: the ratio is above this
        counted                           once for each people and outcome
        basis                             how it was made, and why there is no interval
        status                            the weakest of the rows'

    Examples
    --------
    >>> found = interactions("cognitive_impairment").query("source == 'morris2007'")
    >>> found[["estimate", "ids"]].round(2).values.tolist()
    [[6.5, 'E05 E06']]
    """
    table = published().set_index("id")
    apart = "two odds ratios of people who share nobody, taken as independent; our division of rounded figures"
    rows = [
        _ratio(table, "E05", "E06", apart),
        _ratio(table, "E14a", "E14b", apart),
        _ratio(table, "E13a", "E13b", apart) | {"counted": False},
    ]
    low = table.loc["E04"]
    below = "of the low, over an odds ratio that is printed only as below 1; P of the interaction is below 0.05"
    rows.append(_of(low, "E04 E06a") | {"at_least": low["estimate"], "basis": below, "counted": True})
    mixed = "odds ratios of two papers on the same people that share one reference: correlated, so no interval"
    joint = table.loc["E10", "estimate"] / (table.loc["E08", "estimate"] * table.loc["E06", "estimate"])
    named = {"source": "selhub2009 morris2007", "estimate": joint, "basis": mixed, "counted": False}
    rows.append(_of(table.loc["E10"], "E10 E08 E06") | named)
    columns = ["outcome", "cohort", "source", "ids", "folate_cutoff_nmol_l", "estimate", "lower", "upper", "at_least"]
    found = pd.DataFrame(rows, columns=[*columns, "counted", "basis", "status"])
    found = found.sort_values(["outcome", "cohort", "counted"], ascending=[True, True, False], kind="stable")
    _check_outcome(outcome, found["outcome"])
    return (found if outcome is None else found[found["outcome"] == outcome]).reset_index(drop=True)


def _of(row: pd.Series, ids: str) -> dict[str, object]:
    names = ["outcome", "cohort", "source", "folate_cutoff_nmol_l", "status"]
    return row[names].to_dict() | {"ids": ids}


def _ratio(table: pd.DataFrame, above: str, below: str, basis: str) -> dict[str, object]:
    """One odds ratio over another of other people, with the interval of independent ones."""
    logs = np.log(table.loc[[above, below], ["estimate", "lower", "upper"]].astype(float))
    se = np.sqrt((((logs["upper"] - logs["lower"]) / (2 * Z95)) ** 2).sum())
    ratio = logs.loc[above, "estimate"] - logs.loc[below, "estimate"]
    limits = {"estimate": np.exp(ratio), "lower": np.exp(ratio - Z95 * se), "upper": np.exp(ratio + Z95 * se)}
    return _of(table.loc[above], f"{above} {below}") | limits | {"basis": basis, "counted": True}
