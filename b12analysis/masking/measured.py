"""Our attempt on the US survey beside what was published, and a scenario: who goes unseen."""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_choice, check_range
from b12analysis.evidence import load
from b12analysis.masking.published import KEYS, published
from b12analysis.population import headcount, population

__all__ = ["compared", "measured", "unseen"]


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

    Few people are low in B12 and high in folate, and few of those are anaemic: of anaemia the direction can be had, not
    the size. ``note`` says where a figure rests on few.

    Parameters
    ----------
    outcome : str, optional
        As of :func:`published`.
    statistic : {"odds_ratio", "prevalence", "ratio_of_odds_ratios"}
        What is wanted; the last is the interaction.
    population : {"healthy", "everybody"}
        Without the diseases that Morris 2007 leaves out (as far as our files tell: 1,457 people, 1,459 in the paper),
        or with them.
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
    [['normal', 'normal', 968], ['normal', 'high', 202], ['low', 'normal', 246], ['low', 'high', 40]]
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
    keys = ["outcome", *KEYS]
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
        corrected, status        the assumption, and "assumption" where a row rests on it or on the shares of the
                                 United States in another country, else "computed"

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
    here = "computed" if country == "United States" else "assumption"  # elsewhere as if it were like the US
    rests = [here] * len(kinds) + ["assumption"] * 2
    return counts.reset_index().assign(corrected=corrected, status=rests)
