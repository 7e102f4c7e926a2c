"""What is published about one risk group: every fact a row, with its source and its own status.

A *fact* is one number of one group of people: how many are in the group (exposure), how many of it are deficient
(prevalence), how many become so (incidence), how much more often than others (effect), how much lower a marker is
(difference), how that changes with dose or time (gradient). Sources that disagree both stay; :func:`conflicts` sets
them side by side. No fact is made of others here: a status is that of the row, never of a summary.
"""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.risk.effects import of_definition

__all__ = ["KINDS", "conflicts", "facts", "gradients", "risk_profile"]

#: Kinds of facts, in the order in which a profile shows them.
KINDS = (
    *("exposure", "prevalence", "incidence", "time_to_deficiency", "effect", "difference", "gradient"),
    *("attributable_share", "other"),
)
_STEP = ["gradient_by", "step", "step_to", "step_is", "step_unit"]
_COLUMNS = [
    *("group", "kind", "estimate", "lower", "upper", "unit", "interval", "comparison", "outcome", "definition"),
    *("modifier", *_STEP, "population", "country", "year_start", "year_end", "n", "design", "adjustment"),
    *("cohort", "id", "source", "status", "note"),
]
#: Measures that are shares, and of how many.
_SHARES = {"percent": 100, "per_100000": 100_000}


def risk_profile(group: str, *, definition: str = "any") -> pd.DataFrame:
    """Everything in the tables about one group, one row per fact.

    Parameters
    ----------
    group : str
        Key of a group, as in ``load("groups")``.
    definition : str
        Keep facts on this definition of deficiency (key in ``load("biomarkers")``) and those that need none, such as
        exposures; "any" keeps all.

    Returns
    -------
    DataFrame with columns
        group, kind             kind is one of :data:`KINDS`
        estimate, lower, upper  in ``unit``
        unit                    "share" (0 to 1) or a measure of ``load("columns")``, e.g. "odds_ratio"
        interval                what the limits are: ci95, range, none; of a prevalence also printed or wilson
        comparison              what an effect compares; beside a prevalence, the comparators of the same study
        outcome                 the marker, where it is not deficiency
        definition, modifier    what counts as deficient; what sets these people apart, e.g. that they take no vitamins
        gradient_by, step, step_to, step_is, step_unit    where on a gradient the row stands
        population, country, year_start, year_end, n, adjustment, cohort
        design                  how it was found; of a prevalence, where the people were
        id, source, status, note    the row of ``surveys`` or ``risk_factors``

    A percentage without a number of people has an estimate and no limits.

    Raises
    ------
    InputError
        If the group or the definition is unknown.

    Examples
    --------
    >>> found = risk_profile("total_gastrectomy")
    >>> found.query("kind == 'incidence'").set_index("id").loc[["B31a", "B33e"], "estimate"].tolist()
    [1.0, 0.645]
    """
    check_group(group)
    check_definition(definition)
    known = facts()
    return of_definition(known[known["group"] == group], definition).reset_index(drop=True)


def facts() -> pd.DataFrame:
    """Facts of all groups, comparators too, in the columns of :func:`risk_profile`.

    Examples
    --------
    >>> bool(facts()["id"].is_unique)
    True
    """
    found = pd.concat([_measured(load("surveys")), _compared(load("risk_factors"))]).reindex(columns=_COLUMNS)
    rank = found["kind"].map(KINDS.index)
    return found.assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank").reset_index(drop=True)


def gradients(group: str) -> pd.DataFrame:
    """Order the steps of every gradient of a group, each gradient in the order of its steps.

    Parameters
    ----------
    group : str
        Key of a group.

    Returns
    -------
    DataFrame
        Rows and columns as in :func:`risk_profile`, and those of the comparators at the same step of the same study;
        by ``gradient_by`` and ``step_unit``, within these by ``step``, and last the effects of ``each`` further step:
        these hold per step and are not multiplied up over many.

    Raises
    ------
    InputError
        If the group is unknown.

    Examples
    --------
    >>> length = gradients("ileal_resection")
    >>> length.query("unit == 'odds_ratio'")[["step", "step_to", "estimate"]].astype(float).values.tolist()
    [[0.0, 20.0, 3.0], [20.0, nan, 6.7]]
    """
    check_group(group)
    roles = load("groups").set_index("group")["role"]
    known = facts()
    known = known[known["gradient_by"].notna()]
    own = known[known["group"] == group]
    others = known[known["cohort"].isin(own["cohort"]) & (known["group"].map(roles) == "comparator")]
    steps = pd.concat([own, others]).drop_duplicates("id")
    keys = ["gradient_by", "step_unit", "is_each", "step", "cohort"]
    steps = steps.assign(is_each=steps["step_is"] == "each").sort_values(keys, kind="stable")
    return steps.drop(columns="is_each").reset_index(drop=True)


def conflicts(group: str | None = None) -> pd.DataFrame:
    """Set sources that disagree side by side, with what may explain it.

    Parameters
    ----------
    group : str, optional
        Key of a group; all conflicts by default.

    Returns
    -------
    DataFrame with columns
        conflict, question      key in ``load("conflicts")``, and what is answered differently
        side                    one or other
        explained_by, explanation, explanation_status    the modifier, and how sure we are that it explains anything
        ...                     the fact, in the columns of :func:`risk_profile`

    A finding without a number ("no difference") has its wording in ``note``, and neither source nor status.

    Raises
    ------
    InputError
        If the group is unknown.

    Examples
    --------
    >>> conflicts("total_gastrectomy").query("conflict == 'K01'")[["side", "id", "estimate"]].values.tolist()
    [['one', 'B31a', 1.0], ['other', 'B33e', 0.645]]
    """
    listed = load("conflicts")
    if group is not None:
        check_group(group)
        listed = listed[listed["group"] == group]
    cited = pd.concat([_side(listed, "one"), _side(listed, "other")])
    wordings = load("left_out").rename(columns={"reason": "note"})
    known = pd.concat([facts(), wordings])
    found = cited.merge(known, on="id", how="left").sort_values(["conflict", "side"], kind="stable")
    first = ["conflict", "question", "side", "explained_by", "explanation", "explanation_status"]
    return found[[*first, *_COLUMNS]].reset_index(drop=True)


def check_group(group: str) -> None:
    """Raise unless there is such a group.

    Examples
    --------
    >>> check_group("vegans")
    """
    check_choice("group", group, load("groups")["group"])


def check_definition(definition: str) -> None:
    """Raise unless there is such a definition, or it is "any".

    Examples
    --------
    >>> check_definition("b12_148")
    """
    check_choice("definition", definition, ["any", *load("biomarkers")["definition"]])


def _measured(surveys: pd.DataFrame) -> pd.DataFrame:
    """Prevalences; what is printed without a number of people, or as a range over studies, is kept as printed."""
    out = prevalence(surveys)
    bare = out["estimate"].isna()
    printed = {
        name: out[f"reported_{part}percent"].astype(float) / 100
        for name, part in [("estimate", ""), ("lower", "lower_"), ("upper", "upper_")]
    }
    out["interval"] = out["interval"].where(~bare, surveys["interval"])
    for name, shares in printed.items():
        out[name] = out[name].where(~bare, shares)
    return out.assign(kind="prevalence", unit="share", design=surveys["setting"], comparison=_comparators(surveys))


def _comparators(surveys: pd.DataFrame) -> pd.Series:
    """Name the comparators that each row's study measured by the same definition, at the same step of a gradient."""
    groups = load("groups").set_index("group")
    step = surveys["step"].mask(surveys["gradient_by"] == "kind").fillna(-1)  # with and without a condition: compared
    keys = [surveys["cohort"], surveys["definition"], step]
    is_other = surveys["group"].map(groups["role"]) == "comparator"
    names = surveys["group"].map(groups["label"]) + " (" + surveys["id"] + ")"
    by_study = names[is_other].groupby([key[is_other] for key in keys]).agg("; ".join)
    found = by_study.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy()
    return pd.Series(found, surveys.index, dtype="string").mask(is_other)


def _compared(risk_factors: pd.DataFrame) -> pd.DataFrame:
    """Exposures, effects and all else; an effect on a marker is a difference."""
    per = risk_factors["measure"].map(_SHARES).astype(float)
    is_share = per.notna()
    out = risk_factors.rename(columns={"value": "estimate"})
    counted = risk_factors["cases"].astype(float) / risk_factors["n"].astype(float) * 100
    out["estimate"] = out["estimate"].astype(float).where(out["estimate"].notna(), counted.where(per == 100))
    for name in ("estimate", "lower", "upper"):
        out[name] = out[name].astype(float) / per.where(is_share, 1)
    kind = out["quantity"].where(out["quantity"].isin(KINDS), "other")
    is_difference = (kind == "effect") & out["outcome"].notna() & (out["outcome"] != "prevalence of deficiency")
    return out.assign(unit=out["measure"].where(~is_share, "share"), kind=kind.mask(is_difference, "difference"))


def _side(listed: pd.DataFrame, side: str) -> pd.DataFrame:
    names = {"id": "conflict", "modifier": "explained_by", "status": "explanation_status"}
    rows = listed.rename(columns=names).assign(side=side, id=listed[f"{side}_side"].str.split()).explode("id")
    return rows[["conflict", "question", "side", "explained_by", "explanation", "explanation_status", "id"]]
