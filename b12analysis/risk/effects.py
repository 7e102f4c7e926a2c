"""Published effects on deficiency and the exposures that they belong to: what is known of a risk group.

*Exposure* is the share of the population in the group (who takes metformin), *effect* how much more often deficiency
is found in the group than outside it.
"""

from __future__ import annotations

import pandas as pd

from b12analysis.arguments import check_range
from b12analysis.evidence import load

__all__ = [
    "RATIOS",
    "SHOWN_RATIOS",
    "comparators",
    "exposures",
    "exposures_with_effects",
    "of_definition",
    "pair_rows",
    "ratios",
    "with_baseline",
]

RATIOS = ("risk_ratio", "prevalence_ratio", "odds_ratio")
_OPTIONAL = ("adjustment", "comparator", "gradient_by", "step", "step_is", "step_unit")
#: A ratio of hazards is shown, but it is no ratio of risks.
SHOWN_RATIOS = (*RATIOS, "hazard_ratio")


def of_definition(risk_factors: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Rows on one definition of deficiency, and those that need none, such as exposures; "any" keeps all.

    Examples
    --------
    >>> of_definition(load("risk_factors"), "b12_148")["definition"].dropna().unique().tolist()
    ['b12_148']
    """
    fits = risk_factors["definition"].isna() | (risk_factors["definition"] == definition)
    return risk_factors if definition == "any" else risk_factors[fits]


def ratios(risk_factors: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Rows that are ratios on deficiency with a 95 % interval: ``quantity`` is "effect" or "gradient".

    Examples
    --------
    >>> ratios(load("risk_factors"), "effect")["interval"].unique().tolist()
    ['ci95']
    """
    is_ratio = risk_factors["measure"].isin(SHOWN_RATIOS) & (risk_factors["quantity"] == quantity)
    return risk_factors[is_ratio & (risk_factors["interval"] == "ci95") & risk_factors["outcome"].isna()]


def exposures_with_effects(risk_factors: pd.DataFrame, *, exposure: float | None = None) -> pd.DataFrame:
    """Every exposure prevalence of a group beside every effect on deficiency known for it.

    Parameters
    ----------
    risk_factors : DataFrame
        Rows as in ``load("risk_factors")``.
    exposure : float in [0, 1], optional
        Use this share for every group instead of the published ones.

    Returns
    -------
    DataFrame with columns
        group                    risk group
        exposure, exposure_lower, exposure_upper   share of the population exposed; limits missing where none is printed
        exposure_id, exposure_country, exposure_year, exposure_population   the row that says so
        measure, effect, effect_lower, effect_upper, design  the ratio, its 95 % interval, and the study's design
        adjustment               of the ratio, where the table has it: "none", "trial" or "adjusted"
        comparator               the row of ``load("surveys")`` on the people compared, where the table has it
        gradient_by, step, step_is, step_unit    where the effect stands on a gradient, such as after 5 years; likewise
        effect_id, effect_population, comparison, cohort, definition     the row that says so
        source, status           of the effect; exposure_source, exposure_status of the exposure

    Examples
    --------
    >>> exposures_with_effects(load("risk_factors"))["measure"].isin(RATIOS).all()
    np.True_
    """
    effect = ratios(risk_factors, "effect")
    effect = effect[effect["measure"].isin(RATIOS)]
    names = {"value": "effect", "lower": "effect_lower", "upper": "effect_upper", "id": "effect_id"}
    names |= {"population": "effect_population"}
    kept = ["group", "measure", "design", "comparison", "cohort", "definition", "source", "status", *names]
    kept += [name for name in _OPTIONAL if name in effect]
    if exposure is None:
        exposed = exposures(risk_factors).dropna(subset=["value"])
        same_people = exposed.groupby(["group", "cohort", "population"])["year_end"]
        exposed = exposed[
            exposed["year_end"].isna() | (exposed["year_end"] == same_people.transform("max"))
        ]  # the latest
    else:
        check_range("exposure", exposure, 0, 1)
        exposed = pd.DataFrame({"group": risk_factors["group"].unique(), "value": exposure, "status": "assumption"})
    names_exposed = (
        {"value": "exposure"}
        | {
            column: f"exposure_{column}"
            for column in ("lower", "upper", "id", "country", "population", "source", "status")
        }
        | {"year_end": "exposure_year"}
    )
    exposed = exposed.reindex(columns=["group", *names_exposed]).rename(columns=names_exposed)
    return exposed.merge(effect[kept].rename(columns=names), on="group")


def exposures(risk_factors: pd.DataFrame) -> pd.DataFrame:
    """How many people have an exposure, as shares.

    Parameters
    ----------
    risk_factors : DataFrame
        Rows as in ``load("risk_factors")``.

    Returns
    -------
    DataFrame
        The rows with ``quantity`` exposure, their ``value, lower, upper`` as shares of the population; limits that
        are no 95 % interval are missing unless they are all that is known (a range over studies).

    Examples
    --------
    >>> exposures(load("risk_factors").query("id == 'B28a'"))["value"].round(4).tolist()
    [0.0071]
    """
    rows = risk_factors.query("quantity == 'exposure' and measure in ('percent', 'per_100000')").copy()
    per = rows["measure"].map({"percent": 100, "per_100000": 100_000}).astype(float)
    usable = (rows["interval"] == "ci95") | rows["value"].isna()
    rows["value"] = rows["value"].astype(float) / per
    for limit in ("lower", "upper"):
        rows[limit] = (rows[limit].astype(float) / per).where(usable)
    return rows


def comparators(surveys: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Rows for the people that ``measured`` are compared with: comparators in the same cohorts.

    Examples
    --------
    >>> surveys = load("surveys")
    >>> comparators(surveys, surveys.query("group == 'vegans'"))["group"].unique().tolist()
    ['omnivores']
    """
    return surveys[surveys["cohort"].isin(measured["cohort"]) & (_role(surveys) == "comparator")]


def _role(surveys: pd.DataFrame) -> pd.Series:
    return surveys["group"].map(load("groups").set_index("group")["role"])


def with_baseline(pairs: pd.DataFrame, surveys: pd.DataFrame) -> pd.DataFrame:
    """Add the risk of the unexposed: of the people whom the study of the effect compared, as its ``comparator`` says.

    Nobody else's risk would do: an odds ratio from a clinic where a quarter are deficient, converted with the 2 % of a
    national survey, would pass for a far larger ratio of risks than it is. Everybody in the same study would not do
    either, as the exposed are among them.

    Parameters
    ----------
    pairs : DataFrame
        What :func:`exposures_with_effects` returns: ``comparator`` is the id of the people compared; missing where
        their risk is not printed.
    surveys : DataFrame
        Surveys after ``prevalence``: ``id, estimate, lower, upper, reported_percent, source, status``. A percentage
        printed without a number of people is a risk without limits.

    Returns
    -------
    DataFrame
        The pairs, and ``baseline_risk, baseline_lower, baseline_upper, baseline_id, baseline_source,
        baseline_status``, missing where the risk of the people compared is not known.

    Examples
    --------
    >>> pairs = pd.DataFrame({"effect_id": ["E", "F"], "comparator": ["X", pd.NA]})
    >>> row = {"id": "X", "estimate": 0.02, "lower": 0.01, "upper": 0.04, "reported_percent": 2.0}
    >>> with_baseline(pairs, pd.DataFrame([row | {"source": "s", "status": "verified"}]))["baseline_risk"].tolist()
    [0.02, nan]
    """
    printed = surveys["reported_percent"].astype(float) / 100
    risk = surveys["estimate"].astype(float)
    known = surveys[["id", "source", "status"]].add_prefix("baseline_")
    known = known.assign(baseline_risk=risk.where(risk.notna(), printed))
    for limit in ("lower", "upper"):
        known[f"baseline_{limit}"] = surveys[limit].astype(float).where(risk.notna())
    order = [f"baseline_{part}" for part in ("risk", "lower", "upper", "id", "source", "status")]
    known = known.loc[known["baseline_risk"].notna(), order]
    comparator = pairs.reindex(columns=["comparator"])["comparator"].astype("string")
    found = known.set_index(known["baseline_id"].astype("string")).reindex(comparator)
    return pairs.join(found.set_index(pairs.index))


def pair_rows(shares: pd.DataFrame) -> pd.DataFrame:
    """Evidence rows behind attributable fractions: exposures, effects, and the risks of those compared.

    Parameters
    ----------
    shares : DataFrame
        What :func:`attributable_fraction` returns of the pairs of :func:`with_baseline`.

    Returns
    -------
    DataFrame with columns
        id, source, status     of each row once

    Examples
    --------
    >>> effect = {"effect_id": "E", "source": "s", "status": "verified"}
    >>> pair_rows(pd.DataFrame([effect | {"baseline_id": "X", "baseline_source": "s", "baseline_status": "recalled"}]))
      id source    status
    0  E      s  verified
    0  X      s  recalled
    """
    parts = [
        ["exposure_id", "exposure_source", "exposure_status"],
        ["effect_id", "source", "status"],
        ["baseline_id", "baseline_source", "baseline_status"],
    ]
    rows = [shares.reindex(columns=part).set_axis(["id", "source", "status"], axis=1).dropna() for part in parts]
    return pd.concat(rows).drop_duplicates()
