"""Risk groups: how much of the deficiency in a population goes with an exposure.

*Exposure* is the share of the population in the group (who takes metformin), *effect* how much more often deficiency
is found in the group than outside it. The *attributable fraction* is the share of all deficiency that would be absent
if the group had the risk of the others, provided that the association is causal and unconfounded.

Levin's formula needs a ratio of risks. An odds ratio is larger than the risk ratio when deficiency is common, so it
is converted with the risk outside the group. Where an association may be null or protective there is no share to
state, and odds ratios from density-sampled case-control studies are not converted at all: both return a reason
instead of a number.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_level, check_range
from b12analysis.evidence import load

__all__ = [
    "attributable_fraction",
    "comparators",
    "exposures",
    "exposures_with_effects",
    "of_definition",
    "outside",
    "pair_rows",
    "ratios",
    "risk_ratio",
    "with_baseline",
]

RATIOS = ("risk_ratio", "prevalence_ratio", "odds_ratio")
#: A ratio of hazards is shown, but it is no ratio of risks.
SHOWN_RATIOS = (*RATIOS, "hazard_ratio")


def risk_ratio(odds_ratio: float, baseline_risk: float) -> float:
    """Risk ratio that an odds ratio implies where the unexposed have ``baseline_risk``.

    Parameters
    ----------
    odds_ratio : float or array, > 0
    baseline_risk : float or array in [0, 1]
        Risk of the unexposed, share of people.

    Returns
    -------
    float or array
        Risk ratio.

    Source
    ------
    Zhang and Yu, JAMA 1998;280:1690.

    Examples
    --------
    >>> round(risk_ratio(3.0, 0.5), 3)  # odds 1 becomes odds 3: risk 0.5 becomes 0.75
    1.5
    """
    return odds_ratio / (1 - baseline_risk + baseline_risk * odds_ratio)


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


def outside(surveys: pd.DataFrame) -> pd.DataFrame:
    """Rows for people outside risk groups: comparators and general populations.

    Examples
    --------
    >>> "vegans" in set(outside(load("surveys"))["group"])
    False
    """
    return surveys[_role(surveys).isin(["comparator", "general"])]


def _role(surveys: pd.DataFrame) -> pd.Series:
    return surveys["group"].map(load("groups").set_index("group")["role"])


def with_baseline(pairs: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Add the risk of the unexposed where the study of the effect measured it: same cohort, same definition.

    Another population's risk would not do: an odds ratio from a clinic where a quarter are deficient, converted with
    the 2 % of a national survey, would pass for a far larger ratio of risks than it is.

    Parameters
    ----------
    pairs : DataFrame
        What :func:`exposures_with_effects` returns: ``cohort, definition`` of the effect.
    others : DataFrame
        Surveys of people outside risk groups, after ``prevalence``: ``cohort, definition, estimate, effective_n, id,
        source, status``.

    Returns
    -------
    DataFrame
        The pairs, and ``baseline_risk, baseline_id, baseline_source, baseline_status``, missing where nobody outside
        the group was measured; of several rows the one with the largest effective n.

    Examples
    --------
    >>> pairs = pd.DataFrame({"cohort": ["a", "b"], "definition": ["b12_148"] * 2})
    >>> row = {"cohort": "a", "definition": "b12_148", "estimate": 0.02, "effective_n": 900, "id": "X"}
    >>> with_baseline(pairs, pd.DataFrame([row | {"source": "s", "status": "verified"}]))["baseline_risk"].tolist()
    [0.02, nan]
    """
    known = others[others["estimate"].notna()].sort_values("effective_n", ascending=False, kind="stable")
    names = {"estimate": "baseline_risk", "id": "baseline_id", "source": "baseline_source", "status": "baseline_status"}
    best = known.drop_duplicates(["cohort", "definition"])[["cohort", "definition", *names]].rename(columns=names)
    return pairs.merge(best, on=["cohort", "definition"], how="left")


def attributable_fraction(
    risks: pd.DataFrame, *, n: int = 10_000, level: float = 0.95, rng: np.random.Generator | int | None = None
) -> pd.DataFrame:
    """Attributable fraction of deficiency, by Levin's formula, with an interval simulated from the inputs' own.

    AF = p (RR - 1) / (1 + p (RR - 1))

    Parameters
    ----------
    risks : DataFrame
        One exposure and one effect per row, e.g. from :func:`exposures_with_effects`:
        ``exposure`` (p, share of the population), ``measure`` ("risk_ratio", "prevalence_ratio" or "odds_ratio"),
        ``effect`` with its 95 % interval ``effect_lower``, ``effect_upper``; optionally ``exposure_lower``,
        ``exposure_upper`` (otherwise the exposure is taken as known), ``design``, and ``baseline_risk`` (share; needed
        to convert odds ratios).
    n : int
        Draws of the simulation.
    level : float
        Level of the interval.
    rng : Generator or int, optional
        Source of randomness; every row uses the same normal draws, so rows can be compared.

    Returns
    -------
    DataFrame
        The rows given, and columns

        risk_ratio              the effect as a risk ratio
        estimate, lower, upper  attributable fraction, share of all deficiency; missing where ``reason`` is given
        reason                  why no share is stated; missing where one is

    Raises
    ------
    InputError
        If columns are missing, a measure is unknown or an exposure is not a share.

    Source
    ------
    Levin, Acta Unio Int Contra Cancrum 1953;9:531.

    Examples
    --------
    >>> known = dict(exposure=0.1, measure="risk_ratio", effect=3.0, effect_lower=2.999, effect_upper=3.001)
    >>> attributable_fraction(pd.DataFrame([known]), rng=1)["estimate"].round(3).tolist()  # 0.2 / 1.2
    [0.167]
    """
    check_columns("risks", risks.columns, ["exposure", "measure", "effect", "effect_lower", "effect_upper"])
    check_count("n", n)
    check_level(level)
    for measure in risks["measure"].unique():
        check_choice("measure", measure, RATIOS)

    def column(name: str) -> np.ndarray:
        values = risks[name] if name in risks else pd.Series(np.nan, index=risks.index)
        return pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)

    p, p_lower, p_upper = (column(f"exposure{part}") for part in ("", "_lower", "_upper"))
    effect, lower, upper, baseline = (
        column(name) for name in ("effect", "effect_lower", "effect_upper", "baseline_risk")
    )
    for name, share in [("exposure", p), ("baseline_risk", baseline)]:
        if ((share < 0) | (share > 1)).any():
            raise InputError(
                f"{name}={share[(share < 0) | (share > 1)][0]:g} is out of range; it is a share from 0 to 1"
            )

    is_odds = (risks["measure"] == "odds_ratio").to_numpy(bool)
    density = (
        (risks["design"] == "case_control_density").to_numpy(dtype=bool, na_value=False) if "design" in risks else False
    )
    reason = np.select(
        [
            np.isnan(p) | np.isnan(effect) | np.isnan(lower) | np.isnan(upper),
            density & is_odds,
            is_odds & np.isnan(baseline),
            lower <= 1,
        ],
        [
            "exposure or effect is not known with an interval",
            "odds ratio from density-sampled controls: not a ratio of risks",
            "odds ratio without a baseline risk to convert it",
            "the association may be null or protective",
        ],
        default="",
    )

    stated = reason == ""
    draws = np.random.default_rng(rng).standard_normal((2, n))
    ratio = np.where(is_odds, risk_ratio(effect, baseline), effect)
    fractions = np.full((len(risks), n), np.nan)
    for row in np.flatnonzero(stated):
        log_se = (np.log(upper[row]) - np.log(lower[row])) / (2 * 1.959964)
        ratios = np.exp(np.log(effect[row]) + log_se * draws[0])
        if is_odds[row]:
            ratios = risk_ratio(ratios, baseline[row])
        fractions[row] = _levin(_shares(p[row], p_lower[row], p_upper[row], draws[1]), ratios)

    tail = (1 - level) / 2
    out = risks.copy()
    out["risk_ratio"] = ratio
    out["estimate"] = np.where(stated, _levin(p, ratio), np.nan)
    out["lower"], out["upper"] = np.quantile(fractions, [tail, 1 - tail], axis=1)
    out["reason"] = pd.Series(reason, index=risks.index, dtype="string").replace("", pd.NA)
    return out


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


def _shares(p: float, lower: float, upper: float, noise: np.ndarray) -> np.ndarray:
    """Draws of a share whose 95 % limits are those given, each side as wide as its own; fixed where there are none."""
    if np.isnan(lower) or np.isnan(upper):
        return np.full_like(noise, p)
    side = np.where(noise < 0, p - lower, upper - p)
    return np.clip(p + side * noise / 1.959964, 0, 1)


def _levin(p: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    return p * (ratio - 1) / (1 + p * (ratio - 1))
