"""Anaemia from haemoglobin, by the cut-offs of the World Health Organization."""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_columns
from b12analysis.biomarkers.columns import flags, numbers, sexes

__all__ = ["anaemia"]


def anaemia(people: pd.DataFrame) -> pd.Series:
    """Anaemia: haemoglobin below the cut-off for sex, age and pregnancy.

    The cut-offs are 13 g/dL for men and 12 for women aged 15 and over, 11 in pregnancy; 11 up to the fifth birthday,
    11.5 from 5 to 11 years and 12 from 12 to 14. Those of adults are also the ones that Qi 2014 prints.

    Parameters
    ----------
    people : DataFrame
        Columns ``haemoglobin_g_dl``, ``age`` (years) and ``sex`` ("men", "women"); ``pregnant`` where it is known: a
        woman of whom it is not counts as not pregnant.

    Returns
    -------
    Series of nullable boolean
        Missing where haemoglobin, age or, from 15 on, sex is missing, and below the age of six months.

    Source
    ------
    WHO/NMH/NHD/MNM/11.1, 2011; qi2014 for adults.

    Examples
    --------
    >>> people = pd.DataFrame({"haemoglobin_g_dl": [12.5, 12.5, 11.2], "age": [50, 50, 8]})
    >>> people["sex"] = ["men", "women", None]
    >>> anaemia(people).tolist()
    [True, False, True]
    """
    check_columns("people", people.columns, ["haemoglobin_g_dl", "age", "sex"])
    age, sex = numbers(people, "age"), sexes(people)
    adults = sex.map({"men": 13.0, "women": 12.0})
    pregnant = flags(people, "pregnant") & sex.isin(["women"]) if "pregnant" in people else age < 0
    cutoff = adults.astype("Float64").where((age >= 15).fillna(False))
    for oldest, child in ((15, 12.0), (12, 11.5), (5, 11.0)):
        cutoff = cutoff.mask((age < oldest).fillna(False), child)
    cutoff = cutoff.mask((pregnant & (age >= 12)).fillna(False), 11.0).mask((age < 0.5).fillna(True))
    return (numbers(people, "haemoglobin_g_dl") < cutoff).rename("anaemia")
