"""What is said of effects: ratios, gradients, differences, times, exposures, shares, and why no share is stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.estimates import prevalence
from b12analysis.evidence import load
from b12analysis.findings.words import (
    ESTIMATE,
    ORIGIN,
    Row,
    count,
    definition_label,
    group_label,
    known,
    labelled,
    short,
    spread,
    years,
)
from b12analysis.risk import SHOWN_RATIOS, attributable_fraction, exposures_with_effects, with_baseline
from b12analysis.theme import number, share

__all__ = ["COLUMNS", "FIGURES", "SHARE_COLUMNS", "figure", "label", "label_shares", "unstated"]

#: Columns of a table of effects, and of one of attributable fractions, that a page shows.
COLUMNS = ["id", "population", "country", "measure", "comparison", *ESTIMATE, "design", "n", *ORIGIN]
_EXPOSURE = ["exposure", "exposure_country", "exposure_population"]
_EFFECT = ["measure", "effect", "effect_lower", "effect_upper", "effect_population"]
SHARE_COLUMNS = [*_EXPOSURE, *_EFFECT, "baseline_risk", "risk_ratio", *ESTIMATE]


def clear(effects: pd.DataFrame) -> int:
    """Count the ratios whose interval lies on one side of 1."""
    return int(((effects["lower"] > 1) | (effects["upper"] < 1)).sum())


def extent(effects: pd.DataFrame) -> str:
    """Say the lowest and highest ratio."""
    low, high = number(effects["value"].min()), number(effects["value"].max())
    return f"ratio {low}" if low == high else f"ratios from {low} to {high}"


def _clear_of_1(effects: pd.DataFrame) -> str:
    number_clear = clear(effects)
    return f"{number_clear} of {count(len(effects), 'ratio')} {'is' if number_clear == 1 else 'are'} clear of 1"


def _range(rows: pd.DataFrame, columns: list[str] = ESTIMATE) -> str:
    """Say the lowest and the highest number in the columns."""
    ends = rows[columns].min().min(), rows[columns].max().max()
    low, high = (number(end, 0).replace("-", "−") for end in ends)
    return low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class _Figure:
    """Texts of a figure. In braces stands what :func:`figure` puts in: ``who``, ``extent``, and counts of rows."""

    title: str
    summary: str
    caption: str
    extent: Callable[[pd.DataFrame], str]  # says what the rows span
    axis: dict[str, Any]  # its title and scale, for figures.forest


_RATIO_AXIS = {"axis_title": "ratio (95 % interval), logarithmic scale", "scale": 1, "log": True}

FIGURES = {
    "ratios": _Figure(
        title="How much more often: {extent}",
        summary="Published on deficiency for {who}: {extent}; wholly above 1: {above} of {n}.",
        caption="Each ratio as printed, with what it compares; the line marks 1, no difference. An odds ratio is "
        "larger than a ratio of risks wherever deficiency is common.",
        extent=extent,
        axis=_RATIO_AXIS,
    ),
    "gradients": _Figure(
        title="By dose, duration or kind: {extent}",
        summary="Published gradients for {who}: {extent}.",
        caption="Each ratio as printed, per step of dose, duration or kind; the line marks 1, no difference.",
        extent=_clear_of_1,
        axis=_RATIO_AXIS,
    ),
    "differences": _Figure(
        title="Serum B12 differs by {extent} pmol/L",
        summary="Published differences in serum B12, {who}: {extent} pmol/L.",
        caption="Negative: lower in the group. Hollow: no interval known.",
        extent=partial(_range, columns=["estimate"]),
        axis={"axis_title": "difference in serum B12, pmol/L (95 % interval)", "scale": 1},
    ),
    "incidences": _Figure(
        title="How many become deficient: {extent} over time",
        summary="Published cumulative incidence of deficiency, {who}: {extent}.",
        caption="Cumulative incidence. Hollow: no interval known. Series differ in cut-off and in who was followed.",
        extent=partial(spread, scale=1),
        axis={"axis_title": "deficient by then, % of people", "scale": 1},
    ),
    "times": _Figure(
        title="How soon deficiency comes",
        summary="{times} to deficiency or first symptoms, {who}: {extent} months.",
        caption="Hollow: a median without an interval. Dotted: a range.",
        extent=_range,
        axis={"axis_title": "time until deficiency, months", "scale": 1},
    ),
    "exposures": _Figure(
        title="How many people it concerns: {extent}",
        summary="Published share of a population, {who}: {extent}.",
        caption="Hollow: no interval known. Dotted: a range over studies.",
        extent=spread,
        axis={"axis_title": "in the group, % of the population"},
    ),
    "shares": _Figure(
        title="If causal, the group would account for {extent} of all deficiency",
        summary="Levin's attributable fraction, {who}: {extent} over {pairs} of an exposure and an effect.",
        caption="Levin's formula; intervals simulated from those of the inputs. Odds ratios are converted with the "
        "risk of the people whom the same study compared; a trial's ratio is computed from both arms' percentages.",
        extent=spread,
        axis={"axis_title": "share of all deficiency, % (95 % interval)"},
    ),
}


def figure(kind: str, group: str, rows: pd.DataFrame) -> dict[str, str]:
    """Title, summary and caption of a figure, for ``page.figure``.

    Parameters
    ----------
    kind : str
        A key of ``FIGURES``: what the rows are.
    group : str
        Key of the group.
    rows : DataFrame
        The labelled rows that the figure draws, at least one.

    Returns
    -------
    dict of str
        ``title, summary, caption``.

    Raises
    ------
    InputError
        If the kind is not known.
    """
    check_choice("kind", kind, FIGURES)
    texts = FIGURES[kind]
    said = {"who": group_label(group), "extent": texts.extent(rows), "above": (rows["lower"] > 1).sum()}
    said |= {"n": len(rows), "times": count(len(rows), "published time"), "pairs": count(len(rows), "pair")}
    return {part: getattr(texts, part).format(**said) for part in ("title", "summary", "caption")}


def label(effects: pd.DataFrame) -> pd.DataFrame:
    """Make rows of ``risk_factors`` ready for a forest plot: ``estimate, lower, upper``, ``label`` and ``detail``.

    Limits that are no 95 % interval stay only where there is no value between them.
    """
    usable = (effects["interval"] == "ci95") | effects["value"].isna()
    limits = {limit: effects[limit].astype(float).where(usable) for limit in ("lower", "upper")}

    def compared(row: Row) -> str:
        return known(row["comparison"]) or row["population"]

    definitions = load("biomarkers").set_index("definition")["label"]
    twice = effects.duplicated(["comparison", "population"], keep=False)

    def detail(row: Row) -> list[str]:
        told = str(definitions[row["definition"]]) if row["_twice"] and pd.notna(row["definition"]) else ""
        measure = row["measure"].replace("_", " ") if row["measure"] in SHOWN_RATIOS else ""
        people = "" if compared(row) == row["population"] else short(row["population"], 44)
        return [measure, told, people, row["country"], years(row), known(row["n"], "n {:,}")]

    told = effects.assign(estimate=effects["value"].astype(float), _twice=twice, **limits)
    return labelled(told, compared, detail).drop(columns="_twice")


def label_shares(shares: pd.DataFrame) -> pd.DataFrame:
    """Add ``label`` and ``detail`` to attributable fractions."""

    def label(row: Row) -> str:
        exposed = f"{share(row['exposure'])} exposed"
        place = row["exposure_country"]
        return exposed if pd.isna(place) else f"{exposed}, {place} {row['exposure_year']}"

    def detail(row: Row) -> list[str]:
        ratio = f"{row['measure'].replace('_', ' ')} {number(row['effect'])}"
        what = [] if pd.isna(row["definition"]) else [definition_label(row["definition"])]
        after = known(row.get("gradient_by")) == "duration" and known(row["step_is"]) == "at"
        when = [f"after {row['step']:g} {row['step_unit']}{'s' * (row['step'] != 1)}"] if after else []
        return [" ".join([ratio, *when]), short(row["effect_population"], 46), *what]

    return labelled(shares, label, detail)


#: What reasons mean, for those who do not know the two formulas.
_MEANING = {
    "whether the ratio is adjusted is not known": "What was read of these studies does not say whether the ratio is "
    "adjusted for age and the like. Beside a share of the population stands only a crude ratio or that of a trial; an "
    "adjusted one needs the share of the deficient who are in the group, which is not printed.",
    "an adjusted ratio needs": "The ratio is adjusted for age and the like; it needs the share of the deficient "
    "who are in the group, which is not printed. With the share of the population it gives a wrong answer.",
    "odds ratio without a baseline risk": "An odds ratio is larger than a ratio of risks. What would turn it into one, "
    "the risk of the people whom the study compared, is not printed.",
    "odds ratio from density-sampled controls": "The controls were drawn as the cases arose, so the ratio compares "
    "rates, not risks.",
    "the association may be null": "The interval of the ratio includes 1 or lies below it.",
}
#: Reasons that another exposure would mend.
_OF_EXPOSURE = ("exposure or effect", "an exposure of none or all")


def unstated(shares: pd.DataFrame, effects: pd.DataFrame) -> list[str]:
    """Say why attributable fractions are not stated, and whether another exposure would help.

    Parameters
    ----------
    shares : DataFrame
        What :func:`b12analysis.attributable_fraction` returns.
    effects : DataFrame
        Rows of ``risk_factors`` from which the shares were made.
    """
    if len(shares):
        said = _reasons(shares)
        mended = shares["reason"].isna() | shares["reason"].str.startswith(_OF_EXPOSURE).fillna(False)
        return said if mended.any() else [*said, "**No `exposure_percent` would help:** the reasons lie in the ratios."]
    pairs = exposures_with_effects(effects, exposure=0.1)  # whichever: what matters is whether there is a share
    any_share = attributable_fraction(with_baseline(pairs, prevalence(load("surveys"))), n=1, rng=1)
    if any_share.empty:
        return [
            "**No attributable fraction:** no ratio on deficiency with an interval is published here, so no "
            "`exposure_percent` would give one."
        ]
    usable = any_share.loc[any_share["reason"].isna(), "effect_id"]
    how_many = "**No attributable fraction:** how many people are in the group is not published here"
    if usable.empty:
        return [
            f"{how_many}, and no `exposure_percent` would help: the reasons lie in the ratios.",
            *_reasons(any_share),
        ]
    return [
        f"{how_many}. Set it by `exposure_percent`: {len(usable)} of {count(len(any_share), 'ratio')} "
        f"{'allows' if len(usable) == 1 else 'allow'} a share ({', '.join(usable)})."
    ]


def _reasons(shares: pd.DataFrame) -> list[str]:
    """Say each reason, of how many and of which ratios, and what it means."""
    said = []
    for reason, rows in shares[shares["reason"].notna()].groupby("reason"):
        meant = [meaning for start, meaning in _MEANING.items() if reason.startswith(start)]
        if reason.startswith("odds ratio without a baseline risk") and rows["adjustment"].isna().any():
            meant.append("Whether it is adjusted is not said either.")
        of = ", ".join(rows["effect_id"].unique())
        first = f"**{len(rows)} of {count(len(shares), 'attributable fraction')} not stated:** {reason} ({of})."
        said.append(" ".join([first, *meant]))
    return said
