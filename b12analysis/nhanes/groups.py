"""Who is at risk in the US survey, how many of them are deficient, and how risks overlap.

The tables ``nhanes_groups`` and ``nhanes_overlaps`` hold estimates instead of sums, because a PSU has one to four
users of a medicine and no row may be about fewer than five people. ``grouped`` computes them.

The survey has no group of vegans: it did not ask in these cycles, and a day without animal food is no diet. It knows
medicines on prescription only, so users of those that are bought without count as non-users.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from b12analysis.arguments import check_choice, check_columns
from b12analysis.evidence import load

__all__ = ["AGE_BANDS", "GROUPS", "POOLS", "RISKS", "Group", "members", "overlaps", "prevalence"]

#: Pools of cycles; the one to 2006 is there for what 2005-2006 measured too: no MMA, no supplements, no diet.
POOLS = ["1999-2004", "1999-2006", "2011-2014"]
#: First and last age of each band, years.
AGE_BANDS = {"20+": (20, 120), "40+": (40, 120), "60+": (60, 120)}
#: Risks of which every combination is estimated, in the order in which a combination names them.
RISKS = ["older_adults", "metformin", "acid_suppressant", "supplement_nonusers", "low_intake"]
#: Recommended intake at 14 and over, ug/day (iom1998).
RECOMMENDED = 2.4


@dataclass(frozen=True)
class Group:
    """A part of the survey's people: whom it is compared with, the weight that its rows use, what to know of it."""

    label: str
    comparator: str | None = None
    weight: str = "weight"
    note: str = ""


_PRESCRIBED = "prescribed, past month; what is bought without prescription is not known"
_ONE_DAY = "food and drink of one day, which is not usual intake: more people are below on a day than usually"
_ANY_TYPE = "told by a doctor, of any type"
#: Every group by its key in the table ``groups``.
GROUPS = {
    "general": Group("everybody"),
    "metformin": Group("metformin users", "diabetes_no_metformin", note=f"with or without diabetes; {_PRESCRIBED}"),
    "no_metformin": Group("no metformin"),
    "diabetes": Group("diabetes", "no_diabetes", note=_ANY_TYPE),
    "diabetes_no_metformin": Group("diabetes without metformin", "no_diabetes", note=_ANY_TYPE),
    "no_diabetes": Group("no diabetes", note="borderline counts as none; a few of them use metformin"),
    "ppi": Group("proton-pump inhibitor users", "no_ppi", note=_PRESCRIBED),
    "no_ppi": Group("no proton-pump inhibitor", note=_PRESCRIBED),
    "h2ra": Group("H2 blocker users", "no_h2ra", note=_PRESCRIBED),
    "no_h2ra": Group("no H2 blocker", note=_PRESCRIBED),
    "acid_suppressant": Group("acid suppressant users", "no_acid_suppressant", note=_PRESCRIBED),
    "no_acid_suppressant": Group("no acid suppressant", note=_PRESCRIBED),
    "supplement_users": Group("users of a supplement with B12", "supplement_nonusers", note="past 30 days"),
    "supplement_nonusers": Group("no supplement with B12", "supplement_users", note="past 30 days"),
    "aged_20_39": Group("aged 20 to 39"),
    "aged_40_59": Group("aged 40 to 59", "aged_20_39"),
    "older_adults": Group("aged 60 and over", "aged_20_39"),
    "aged_65_plus": Group("aged 65 and over", "aged_20_39"),
    "aged_80_plus": Group("aged 80 and over", "aged_20_39"),
    "low_intake": Group("intake below 2.4 µg on the day", "no_low_intake", "weight_diet", _ONE_DAY),
    "no_low_intake": Group("intake of 2.4 µg or more on the day", None, "weight_diet", _ONE_DAY),
}


def members(people: pd.DataFrame) -> pd.DataFrame:
    """Say who is in which group.

    Parameters
    ----------
    people : DataFrame
        As :func:`b12analysis.nhanes.load` returns it: ``age``, ``metformin``, ``ppi``, ``h2ra``, ``diabetes``,
        ``b12_supplement``, ``b12_intake_ug``.

    Returns
    -------
    DataFrame of nullable boolean
        A column for each of ``GROUPS``, with the index of ``people``; missing where it is not known.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [70, 30], "b12_intake_ug": [2.3, None]})
    >>> answers = pd.DataFrame({"metformin": [True, None], "ppi": [False, None], "h2ra": [False, None]})
    >>> people = people.join(answers).assign(diabetes=[False, True], b12_supplement=[False, True])
    >>> members(people)[["metformin", "diabetes_no_metformin", "older_adults", "low_intake"]].to_numpy().tolist()
    [[True, False, True, True], [<NA>, <NA>, False, <NA>]]
    """
    answers = ["metformin", "ppi", "h2ra", "diabetes", "b12_supplement"]
    check_columns("people", people.columns, ["age", "b12_intake_ug", *answers])
    metformin, ppi, h2ra, diabetes, supplement = (people[name].astype("boolean") for name in answers)
    age, intake = people["age"].astype("Float64"), people["b12_intake_ug"].astype("Float64")
    acid = ppi | h2ra
    groups = {
        "general": age.notna().astype("boolean"),
        **{"metformin": metformin, "no_metformin": ~metformin},
        **{"diabetes": diabetes, "diabetes_no_metformin": diabetes & ~metformin, "no_diabetes": ~diabetes},
        **{"ppi": ppi, "no_ppi": ~ppi, "h2ra": h2ra, "no_h2ra": ~h2ra},
        **{"acid_suppressant": acid, "no_acid_suppressant": ~acid},
        **{"supplement_users": supplement, "supplement_nonusers": ~supplement},
        **{"aged_20_39": (age >= 20) & (age < 40), "aged_40_59": (age >= 40) & (age < 60)},
        **{"older_adults": age >= 60, "aged_65_plus": age >= 65, "aged_80_plus": age >= 80},
        **{"low_intake": intake < RECOMMENDED, "no_low_intake": intake >= RECOMMENDED},
    }
    return pd.DataFrame(groups, index=people.index)


def _stored(name: str) -> pd.DataFrame:
    """Read a stored table, with the types that estimates from people have."""
    table = load(name)
    plain = {column: str(kind).lower() for column, kind in table.dtypes.items() if str(kind) in ("Int64", "Float64")}
    return table.astype(plain).assign(flag=table["flag"].fillna(""))


def _listed(values: str | Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def prevalence(
    cycles: str | Iterable[str] = "2011-2014",
    group: str | Iterable[str] = tuple(GROUPS),
    definition: str | Iterable[str] = "b12_148",
    *,
    age_band: str | Iterable[str] = "20+",
) -> pd.DataFrame:
    """Prevalence of deficiency in the risk groups of the US survey, from the stored table.

    Parameters
    ----------
    cycles : str or list of str
        Of ``POOLS``.
    group : str or list of str
        Keys of ``GROUPS``; all by default.
    definition : str or list of str
        Definitions such as ``"b12_148"``, ``"mma_271_egfr_60"``, ``"anaemia"``; or ``"exposure"``: the share of the
        people of that age who are in the group.
    age_band : str or list of str
        Of ``AGE_BANDS``. Groups that are an age themselves are there for "20+" only.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, group, label, comparator, indicator
        n, cases, estimate, lower, upper, se, df, deff, flag    as of :func:`b12analysis.survey.survey_prevalence`
        effective_n     people of a simple random sample that would give this standard error
        weight          weight that was used: that of the diet day where the group is about intake
        note, source

        In the order asked for. No row for what a cycle did not measure or ask, or for fewer than five people.

    Raises
    ------
    InputError
        If one of the choices is unknown.

    Examples
    --------
    >>> prevalence(group=["metformin", "diabetes_no_metformin"])[["n", "estimate"]].round(3).values.tolist()
    [[812.0, 0.056], [555.0, 0.008]]
    """
    table = _stored("nhanes_groups")
    asked = {"cycles": _listed(cycles), "age_band": _listed(age_band), "group": _listed(group)}
    asked["indicator"] = _listed(definition)
    choices = {"cycles": POOLS, "age_band": AGE_BANDS, "group": GROUPS, "indicator": table["indicator"].unique()}
    for name, values in asked.items():
        for value in values:
            check_choice("definition" if name == "indicator" else name, value, choices[name])
    for name, values in asked.items():
        table = table[table[name].isin(values)]
    table = table.sort_values(list(asked), key=lambda column: column.map(asked[column.name].index), ignore_index=True)
    about = table["group"].map(GROUPS)
    said = {name: about.map(lambda one, name=name: getattr(one, name)) for name in ("label", "comparator", "note")}
    table.insert(3, "label", said["label"])
    table.insert(4, "comparator", said["comparator"])
    return table.assign(note=said["note"])


def overlaps(definition: str = "b12_148", *, age_band: str = "40+", intake: bool = True) -> pd.DataFrame:
    """Every combination of five risks in US adults of 2011-2014: how many people, how many of them deficient.

    Parameters
    ----------
    definition : {"b12_148", "b12_221", "mma_271"}
        What counts as a case.
    age_band : str
        Of ``AGE_BANDS``. Being 60 or over is one of the risks, but for "60+".
    intake : bool
        Whether low intake on the diet day is one of the risks. With it, the weights are those of the diet day and
        people without one are outside; without it, those of the examination.

    Returns
    -------
    DataFrame with one row per combination, the one with most people first, and columns
        combination                 the risks with " + " between, "none", or "other": those with fewer than five people
        older_adults, metformin, acid_suppressant, supplement_nonusers, low_intake
                                    whether each is in it; missing where it is not asked about, or for "other"
        people, unknown             examined people in the combination; of the band whose risks are not all known
        share, share_lower, share_upper
                                    of the people of the band, in this combination; shares add up to 1
        n, cases, estimate, lower, upper, se, df, deff, effective_n, flag
                                    prevalence in it, as of :func:`prevalence`
        case_share, case_share_lower, case_share_upper
                                    of all cases, in this combination; they add up to 1
        cycles, age_band, intake, indicator, source

    Raises
    ------
    InputError
        If one of the choices is unknown.

    Examples
    --------
    >>> float(round(overlaps()["share"].sum(), 6))
    1.0
    """
    table = _stored("nhanes_overlaps")
    check_choice("definition", definition, table["indicator"].unique())
    check_choice("age_band", age_band, AGE_BANDS)
    check_choice("intake", intake, [True, False])
    kept = (
        (table["indicator"] == definition)
        & (table["age_band"] == age_band)
        & (table["intake"] == ("yes" if intake else "no"))
    )
    table = table[kept].reset_index(drop=True)
    absent = [name for name, out in (("older_adults", age_band == "60+"), ("low_intake", not intake)) if out]
    named, other = table["combination"].str.split(" + ", regex=False), table["combination"] == "other"
    for place, risk in enumerate(RISKS, start=1):
        has = named.map(lambda names, risk=risk: risk in names).astype("boolean")
        table.insert(place, risk, has.mask(other | (risk in absent)))
    return table
