"""All risk groups beside each other: how much is known of each, and how far apart the figures lie.

Ranges are over rows as they stand; nothing is pooled. The lowest and the highest prevalence of a group mostly differ in
what counts as deficient, so both are named with their definition.
"""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.estimates import prevalence
from b12analysis.evidence import load, weakest
from b12analysis.risk.effects import SHOWN_RATIOS, of_definition
from b12analysis.risk.profile import KINDS, check_definition, facts

__all__ = ["group_by_definition", "risk_groups"]


def risk_groups(definition: str = "any", *, by: str = "group") -> pd.DataFrame:
    """Sum up what is known of each risk group, one row per group.

    Parameters
    ----------
    definition : str
        Keep facts on this definition of deficiency, and those that need none; "any" keeps all.
    by : {"group", "claim"}
        One row per risk group, or per claim of the article; groups without a claim are then left out.

    Returns
    -------
    DataFrame with columns
        group, label            of the group (by="group" only)
        claim, verdict          the article's claim that names it, and how far evidence bears it out
        exposure, prevalence, incidence, time_to_deficiency, effect, difference, gradient, attributable_share, other
                                number of facts of each kind
        exposure_lowest, exposure_highest       share of a population in the group
        prevalence_lowest, prevalence_highest   share deficient, each with ``..._definition`` and ``..._id``; bands of
                                marginal status count only where ``definition`` asks for one, what reviews state never
        effect_weakest, effect_strongest        ratio on deficiency with a 95 % interval, each with ``..._id``
        effects_disagree        whether some of these intervals lie above 1 and others do not; missing below two
        conflicts               rows of ``load("conflicts")``
        status                  the weakest status of the facts

    Raises
    ------
    InputError
        If the definition is unknown, or ``by`` is neither.

    Examples
    --------
    >>> risk_groups().query("group == 'ppi'")[["effect_weakest", "effect_strongest"]].values.tolist()
    [[0.92, 1.83]]
    """
    check_definition(definition)
    check_choice("by", by, ["group", "claim"])
    groups = (
        load("groups")
        .query("role == 'risk'")
        .merge(load("claims")[["id", "verdict"]].rename(columns={"id": "claim"}), on="claim", how="left")
    )
    listed = load("conflicts")["group"].value_counts()
    known = of_definition(facts(), definition).merge(groups, on="group")
    named = ["group", "label", "claim", "verdict"] if by == "group" else ["claim", "verdict"]
    rows = []
    for _, own in groups.dropna(subset=[by]).groupby(by, sort=False):
        found = known[known["group"].isin(own["group"])]
        first = own[named].iloc[0].to_dict()
        disputed = int(listed.reindex(own["group"]).fillna(0).sum())
        rows.append(first | _summary(found, definition) | {"conflicts": disputed, "status": _weakest(found)})
    return pd.DataFrame(rows)


def group_by_definition(groups: list[str] | None = None) -> pd.DataFrame:
    """Show the published prevalence in each group by each definition, one row per pair that anybody measured.

    Parameters
    ----------
    groups : list of str, optional
        Keys of groups; all risk groups by default.

    Returns
    -------
    DataFrame with columns
        group, definition
        estimate, lower, upper, interval    of the most precise row (the largest effective n); where no row of the cell
                                has an interval, of the first, without limits
        effective_n, id, cohort, country, population, modifier, source, status    of that row
        rows, lowest, highest   how many rows the cell has, and how far apart they lie, shares

    What a review states, and rows that give only a range, are not in it.

    Raises
    ------
    InputError
        If a group is unknown.

    Examples
    --------
    >>> group_by_definition(["vegans"])[["definition", "estimate", "interval", "id"]].head(2).values.tolist()
    [['b12_118', 0.52, 'wilson', 'A70'], ['b12_148', 0.92, 'none', 'A78a']]
    """
    known = load("groups")
    for group in groups or []:
        check_choice("group", group, known["group"])
    wanted = known.query("role == 'risk'")["group"] if groups is None else groups
    surveys = load("surveys")
    surveys = prevalence(surveys[surveys["group"].isin(wanted) & (surveys["setting"] != "review")])
    printed = surveys["reported_percent"].astype(float) / 100
    surveys = surveys.assign(estimate=surveys["estimate"].fillna(printed)).dropna(subset=["estimate"])
    cells = surveys.groupby(["group", "definition"], sort=False)["estimate"]
    spread = cells.agg(rows="size", lowest="min", highest="max").reset_index()
    best = surveys.sort_values("effective_n", ascending=False, kind="stable").drop_duplicates(["group", "definition"])
    kept = ["estimate", "lower", "upper", "interval", "effective_n", "id", "cohort", "country", "population"]
    return best[["group", "definition", *kept, "modifier", "source", "status"]].merge(spread).reset_index(drop=True)


def _summary(found: pd.DataFrame, definition: str) -> dict:
    """Numbers of facts and ranges of one group."""
    number = found["kind"].value_counts()
    exposed = found[found["kind"] == "exposure"]
    measured = _deficient(found[(found["kind"] == "prevalence") & (found["design"] != "review")], definition)
    ratios = found[(found["kind"] == "effect") & found["unit"].isin(SHOWN_RATIOS) & (found["interval"] == "ci95")]
    return {
        **{kind: int(number.get(kind, 0)) for kind in KINDS},
        "exposure_lowest": exposed["estimate"].fillna(exposed["lower"]).min(),
        "exposure_highest": exposed["estimate"].fillna(exposed["upper"]).max(),
        **_ends(measured, "prevalence", ("lowest", "highest"), with_definition=True),
        **_ends(ratios, "effect", ("weakest", "strongest")),
        "effects_disagree": _disagree(ratios),
    }


def _deficient(measured: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Rows that mean deficient by whatever cut-off; where one definition is asked for, its rows whatever it means."""
    if definition != "any":
        return measured
    classes = load("biomarkers").drop_duplicates("definition").set_index("definition")["definition_class"]
    return measured[~measured["definition"].map(classes).isin(["marginal", "adequate"])]


def _ends(rows: pd.DataFrame, name: str, ends: tuple[str, str], *, with_definition: bool = False) -> dict:
    """Return the smallest and the largest estimate, with the rows that say so."""
    in_order = rows.dropna(subset=["estimate"]).sort_values("estimate", kind="stable")
    said = {}
    for end, place in zip(ends, (0, -1), strict=True):
        row = in_order.iloc[place] if len(in_order) else pd.Series({"estimate": float("nan")})
        said[f"{name}_{end}"] = row["estimate"]
        if with_definition:
            said[f"{name}_{end}_definition"] = row.get("definition", pd.NA)
        said[f"{name}_{end}_id"] = row.get("id", pd.NA)
    return said


def _disagree(ratios: pd.DataFrame) -> object:
    if len(ratios) < 2:
        return pd.NA
    is_above = ratios["lower"] > 1
    return bool(is_above.any() and not is_above.all())


def _weakest(found: pd.DataFrame) -> object:
    return weakest(found["status"]) if len(found) else pd.NA
