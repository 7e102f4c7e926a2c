"""Folate masking: does folic acid hide a lack of B12? What was published, our attempt, and who goes unseen anyway.

The claim has two parts. That folic acid corrects the anaemia was seen in patients long ago and cannot be tried again.
What surveys can say is whether low B12 with high folate goes with less anaemia (it does not, in the United States), and
how many deficient people have no anaemia or large cells to begin with (most of them).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice, check_range
from b12analysis.evidence import load
from b12analysis.population import headcount, population

__all__ = ["compared", "interactions", "measured", "published", "unseen"]

#: The groups that the sources compare with, in their words: B12 status and folate status ("same": as the group's own).
_REFERENCES = {
    "normal B12 status": ("normal", "any"),
    "low B12 status and folate of 59 nmol/L or less": ("low", "normal"),
    "normal B12 status and folate of 59 nmol/L or less": ("normal", "normal"),
    "holoTC of 45 pmol/L or more in the same folate group": ("normal", "same"),
}
_KEYS = ["b12_status", "folate_status", "reference_b12", "reference_folate"]
_Z = 1.959964


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
    against = pd.DataFrame(of_text.tolist(), columns=_KEYS[2:], index=rows.index)
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
        key=lambda values: values.map(order) if values.name in _KEYS else values,
        ignore_index=True,
    )
    columns = ["outcome", "cohort", "source", "id", *_KEYS, "folate_cutoff_nmol_l", "estimate", "lower", "upper"]
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
    se = np.sqrt((((logs["upper"] - logs["lower"]) / (2 * _Z)) ** 2).sum())
    ratio = logs.loc[above, "estimate"] - logs.loc[below, "estimate"]
    limits = {"estimate": np.exp(ratio), "lower": np.exp(ratio - _Z * se), "upper": np.exp(ratio + _Z * se)}
    return _of(table.loc[above], f"{above} {below}") | limits | {"basis": basis, "counted": True}


def measured(
    outcome: str | None = None,
    *,
    statistic: str = "odds_ratio",
    population: str = "healthy",
    indicator: str = "b12_148_or_mma_210",
    adjusted: str | None = None,
    cycles: str = "1999-2002",
) -> pd.DataFrame:
    """Our attempt on NHANES, aged 60 and over: prevalence, odds ratios and interaction by B12 and folate status.

    The direction can be had, not the size: few people are low in B12 and high in folate.

    Parameters
    ----------
    outcome : str, optional
        As of :func:`published`.
    statistic : {"odds_ratio", "prevalence", "ratio_of_odds_ratios"}
        What is wanted; the last is the interaction.
    population : {"healthy", "everybody"}
        Without the diseases that Morris 2007 leaves out, or with them.
    indicator : {"b12_148_or_mma_210", "b12_148", "mma_271_egfr_60"}
        Who is low in B12.
    adjusted : {"fuller", "demographic", "crude"}, optional
        For age, sex, ethnic group and education; fuller: and smoking, alcohol and creatinine. By default the fullest
        that there is: crude for prevalence.
    cycles : {"1999-2002", "1999-2004"}
        The latter without cognition, exclusions and the fuller adjustment, which its files lack.

    Returns
    -------
    DataFrame
        Rows of ``load("nhanes_folate")``.

    Raises
    ------
    InputError
        If an argument is not known, or there is no row with all of them.

    Examples
    --------
    >>> measured("anaemia", statistic="prevalence")[["b12_status", "folate_status", "n"]].values.tolist()
    [['normal', 'normal', 994], ['normal', 'high', 203], ['low', 'normal', 247], ['low', 'high', 32]]
    """
    table = load("nhanes_folate")
    asked = {"cycles": cycles, "statistic": statistic, "indicator": indicator, "population": population}
    for name, value in (asked | {"outcome": outcome, "adjusted": adjusted}).items():
        if value is not None:
            check_choice(name, value, table[name].unique().tolist())
            table = table[table[name] == value]
    return _fullest(table).reset_index(drop=True) if adjusted is None else table.reset_index(drop=True)


def _fullest(table: pd.DataFrame) -> pd.DataFrame:
    there = [name for name in ("crude", "demographic", "fuller") if name in set(table["adjusted"])]
    return table[table["adjusted"] == there[-1]]


def compared(outcome: str | None = None, *, population: str = "healthy", adjusted: str | None = None) -> pd.DataFrame:
    """Put each published figure of NHANES 1999-2002 beside ours of the same people and groups.

    Parameters
    ----------
    outcome : str, optional
        As of :func:`published`.
    population, adjusted
        As of :func:`measured`.

    Returns
    -------
    DataFrame with columns
        outcome, b12_status, folate_status, reference_b12, reference_folate
        id, source, status                    of the published odds ratio
        direction, printed, printed_lower, printed_upper
        estimate, lower, upper, n, cases      ours
        same_direction                        whether both lie on the same side of 1
        held                                  whether our interval holds the printed figure

    Examples
    --------
    >>> bool(compared("cognitive_impairment")["same_direction"].all())
    True
    """
    theirs = published(outcome).query("cohort == 'nhanes_1999_2006' and id != ''")
    theirs = theirs.rename(columns={name: f"printed_{name}" for name in ("lower", "upper")})
    theirs = theirs.rename(columns={"estimate": "printed"})
    ours = measured(outcome, population=population, adjusted=adjusted)
    keys = ["outcome", *_KEYS]
    printed = ["id", "source", "status", "direction", "printed", "printed_lower", "printed_upper"]
    both = theirs[[*keys, *printed]].merge(ours[[*keys, "estimate", "lower", "upper", "n", "cases"]], on=keys)
    below = (both["direction"] == "below_1") | (both["printed"] < 1)
    held = both["printed"].between(both["lower"], both["upper"]).astype("boolean").where(both["printed"].notna())
    return both.assign(same_direction=below.fillna(False) == (both["estimate"] < 1), held=held)


def unseen(
    country: str = "United States",
    year: int = 2020,
    *,
    indicator: str = "b12_148",
    cycles: str = "2011-2014",
    age_band: str = "20+",
    corrected: float = 1.0,
) -> pd.DataFrame:
    """How many deficient people have no anaemia and no large cells to give them away: a scenario.

    Shares by age are of the US survey, numbers of people of the census: of another country, "if it were like the United
    States". And if folic acid took the anaemia from a share of those who have it, and their large cells with it, that
    many more would go unseen, at most: some are anaemic for other reasons, which folic acid does not mend.

    Parameters
    ----------
    country, year
        As of :func:`b12analysis.population.population`.
    indicator : {"b12_148", "mma_271_egfr_60", "b12_148_and_mma_271"}
        Who is deficient.
    cycles : {"2011-2014", "1999-2004", "1999-2006"}
        Survey years of the shares; 1999-2006 for "b12_148" only.
    age_band : {"20+", "60+"}
        Ages.
    corrected : float
        Share of the anaemic deficient whose anaemia folic acid takes away, 0 to 1: an assumption, not a finding.

    Returns
    -------
    DataFrame with columns
        kind                     "deficient"; "neither", who go unseen now; "macrocytosis_only"; "anaemia", with or
                                 without large cells; "more_unseen", ``corrected`` of these; "unseen", then in all
        people                   how many people of these ages there are
        estimate, lower, upper   how many of them, people; limits of "unseen" are sums of limits, too wide rather than
                                 too narrow
        corrected, status        the assumption, and "assumption" where a row rests on it, else "computed"

    Raises
    ------
    InputError
        If an argument is not known or out of range.

    Examples
    --------
    >>> counts = unseen(age_band="60+", corrected=0.5).set_index("kind")
    >>> bool(counts.at["more_unseen", "estimate"] == 0.5 * counts.at["anaemia", "estimate"])
    True
    """
    check_range("corrected", corrected, 0, 1)
    check_choice("age_band", age_band, ["20+", "60+"])
    table = load("nhanes_unseen").query("of == 'everybody'")
    for name, value in {"cycles": cycles, "indicator": indicator}.items():
        check_choice(name, value, table[name].unique().tolist())
        table = table[table[name] == value]
    kinds = ["deficient", "neither", "macrocytosis_only", "anaemia"]
    bands = ["60+"] if age_band == "60+" else ["20-39", "40-59", "60+"]
    table = table[table["age_band"].isin(bands) & table["kind"].isin(kinds)]
    ages = table["age_band"].str.extract(r"(\d+)\D(\d+)?").astype(float)
    counts = headcount(table.assign(age_min=ages[0], age_max=ages[1]), population(country, year), by="kind")
    counts = counts.set_index("kind")[["people", "estimate", "lower", "upper"]].loc[kinds]
    limits = ["estimate", "lower", "upper"]
    counts.loc["more_unseen"] = counts.loc["anaemia"]
    counts.loc["more_unseen", limits] *= corrected
    counts.loc["unseen"] = counts.loc["neither"]
    counts.loc["unseen", limits] += counts.loc["more_unseen", limits]
    rests = ["computed"] * len(kinds) + ["assumption"] * 2
    return counts.reset_index().assign(corrected=corrected, status=rests)
