"""What share of the deficiency goes with several exposures together, and how it divides between them.

Exposures overlap: who takes metformin may take an acid suppressant too, and the same case would be counted with both.
The joint fraction counts each case once, and its averages over all orders of taking the exposures away add up to it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_level
from b12analysis.risk.combinations import TO_1, check_marginals, flags, independent_table, joint_table, named
from b12analysis.risk.draws import as_risks, draw_ratio, draw_share
from b12analysis.risk.refusals import by_formula, check_effects, numbers, reasons
from b12analysis.shapley import MOST, average, sequential, subsets

__all__ = ["joint_fraction"]

_SHARE = ["estimate", "lower", "upper", "lowest", "highest"]


def joint_fraction(
    exposures: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    among: str = "population",
    independent: bool = False,
    effective_n: float | None = None,
    n: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Joint attributable fraction of overlapping exposures, and shares of it that add up.

    Without the exposures S a combination c of them has the risk ratio of what is left of it, c less S:

    AF(S) = 1 - sum of share(c) RR(c less S) / sum of share(c) RR(c), shares of the population (Levin)

    AF(S) = 1 - sum of share(c) RR(c less S) / RR(c), shares of the cases (Miettinen, Bruzzi)

    Ratios that are multiplied must be those of each exposure with the others as they are: a crude ratio holds part of
    what goes with it. Shares of the population need ratios that nothing confounds, so adjusted ones, and those of which
    it is not known, have none, as in :func:`attributable_fraction`; give the shares of the cases for these.

    Parameters
    ----------
    exposures : DataFrame
        One row for each combination: a column of true and false for each exposure, and ``share``; shares sum to 1,
        combinations without a row have nobody. Or, with ``independent=True``, a row for each exposure: ``exposure``
        (its name) and ``share``, optionally with ``share_lower``, ``share_upper``.
    effects : DataFrame
        One ratio for each exposure, by its name in ``exposure``: the ratios of a combination are multiplied. Or one for
        each combination, in columns of true and false. ``measure, effect, effect_lower, effect_upper, adjustment`` and
        optionally ``design, outcome, baseline_risk, baseline_lower, baseline_upper`` as for
        :func:`attributable_fraction`; the baseline risk is that of people with none of the exposures, one for all rows.
        ``share`` of an exposure, where given, must be that of the joint table.
    among : str
        "population" or "cases": whose shares those of ``exposures`` are.
    independent : bool
        Assume that exposures are independent of each other in the population. This is an assumption about people.
    effective_n : float, optional
        People that the joint table is worth, for its part in the interval (Dirichlet); taken as known by default.
    n : int
        Draws of the simulation.
    level : float
        Level of the interval.
    rng : Generator or int, optional
        Source of randomness.

    Returns
    -------
    DataFrame with columns
        exposure                 name; of all together the names, joined by " + "
        kind                     "single": this one taken away, the others kept; "joint": all; "average": its part of
                                 the joint, averaged over all orders of taking away (these sum to it)
        estimate, lower, upper   attributable fraction, share of all deficiency; missing where ``reason`` is given
        lowest, highest          of an average: what it takes away in the orders where that is least and most
        reason                   why no share is stated, and of which exposure; missing where one is

    Raises
    ------
    InputError
        If shares do not sum to 1, are negative or contradict each other, an effect has no kind, exposures and effects
        are not of the same things, baseline risks differ, or a combination would have a risk above 1.

    Source
    ------
    Eide and Gefeller, J Clin Epidemiol 1995;48:645. Bruzzi et al., Am J Epidemiol 1985;122:904.

    Examples
    --------
    >>> both = pd.DataFrame({"vegan": [0, 1, 0, 1], "old": [0, 0, 1, 1], "share": [0.5, 0.2, 0.2, 0.1]})
    >>> ratios = pd.DataFrame({"exposure": ["vegan", "old"], "measure": "risk_ratio", "effect": [3.0, 2.0]})
    >>> ratios = ratios.assign(effect_lower=[1.5, 1.2], effect_upper=[6.0, 3.4], adjustment="none")
    >>> table = joint_fraction(both, ratios, rng=1)
    >>> table[["kind", "exposure", "estimate"]].round(3).values.tolist()  # 1 of 2.1 is left: 0.524
    [['single', 'vegan', 0.381], ['single', 'old', 0.238], ['joint', 'vegan + old', 0.524], \
['average', 'vegan', 0.333], ['average', 'old', 0.19]]
    """
    check_choice("among", among, ["population", "cases"])
    check_count("n", n)
    check_level(level)
    check_columns("effects", effects.columns, ["measure", "effect", "effect_lower", "effect_upper"])
    check_effects(effects)
    random = np.random.default_rng(rng)
    if "exposure" in exposures:
        has, shares = independent_table(exposures, random, n, independent=independent, among=among)
    else:
        has, shares = joint_table(exposures, random, n, effective_n)
    names = list(has)
    if not 1 <= len(names) <= MOST:
        raise InputError(f"exposures has {len(names)} exposures ({', '.join(names)}); possible are 1 to {MOST}")
    baseline = _baseline(effects, random, n)
    ratio, labels = _ratios(effects, names, baseline, random, n)
    check_marginals(effects, has, shares[:, 0])
    by_cases = np.full(len(effects), among == "cases")
    why = zip(labels, reasons(effects), by_formula(effects, by_cases), strict=True)
    said = [f"{label}: {of_effect or of_formula}" for label, of_effect, of_formula in why if of_effect or of_formula]
    if said:
        return _table(names, None, "; ".join(said), level)
    combination = has.to_numpy(bool)
    whole = ratio(combination)
    _check_risks(has[shares[:, 0] > 0], whole[shares[:, 0] > 0, 0], baseline[0])
    with np.errstate(divide="ignore"):
        most = 1 / baseline  # no draw makes a risk above 1
    whole = np.fmin(whole, most)
    left = [np.fmin(ratio(combination & ~np.isin(np.arange(len(names)), of)), most) for of in subsets(len(names))]
    if among == "population":
        worth = np.array([1 - (shares * part).sum(axis=0) / (shares * whole).sum(axis=0) for part in left])
    else:
        worth = np.array([1 - (shares * part / whole).sum(axis=0) for part in left])
    return _table(names, worth, None, level)


def _baseline(effects: pd.DataFrame, random: np.random.Generator, n: int) -> np.ndarray:
    """Risk of those without any exposure, as given and in every draw; missing where no row has one."""
    columns = ("baseline_risk", "baseline_lower", "baseline_upper")
    values = np.stack(numbers(effects, *columns), axis=1)
    known = values[~np.isnan(values[:, 0])]
    for column, given in zip(columns, known.T, strict=True):
        different = pd.unique(given)
        if len(different) > 1:
            raise InputError(
                f"{column} of effects is {different[0]:g} and {different[1]:g}; needed is one, the risk without any of "
                "the exposures"
            )
    if not len(known) or not 0 < known[0, 0] < 1:
        return np.full(n + 1, known[0, 0] if len(known) else np.nan)
    with np.errstate(invalid="ignore"):
        return np.r_[known[0, 0], draw_share(*known[0], random.standard_normal(n))]


def _check_risks(has: pd.DataFrame, ratio: np.ndarray, baseline: float) -> None:
    for row in np.flatnonzero(baseline * ratio > 1 + TO_1):
        raise InputError(
            f"baseline_risk={baseline:g} times a risk ratio of {ratio[row]:.3g} ({named(has.iloc[row])}) is above 1: "
            "these ratios do not hold together"
        )


def _ratios(
    effects: pd.DataFrame, names: list[str], baseline: np.ndarray, random: np.random.Generator, n: int
) -> tuple[Callable[[np.ndarray], np.ndarray], list[str]]:
    """Give the ratio of combinations (rows: true and false) as a function, and what each effect is of."""
    effect, lower, upper = numbers(effects, "effect", "effect_lower", "effect_upper")
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.stack([
            np.r_[middle, draw_ratio(middle, low, high, random.standard_normal(n))]
            for middle, low, high in zip(effect, lower, upper, strict=True)
        ])  # fmt: skip
    is_odds = (effects["measure"] == "odds_ratio").to_numpy(bool)
    drawn[is_odds] = as_risks(drawn[is_odds], baseline)
    if "exposure" in effects:
        of = effects["exposure"].tolist()
        if sorted(of) != sorted(names):
            raise InputError(f"effects are of {', '.join(of)}; needed is one for each of {', '.join(names)}")
        logs = np.log(drawn[[of.index(name) for name in names]])
        return lambda combination: np.exp(combination.astype(float) @ logs), of
    check_columns("effects", effects.columns, names)
    has = flags("effects", effects[names])
    found = {tuple(row): number for number, row in enumerate(has.to_numpy().tolist())}
    nobody = (False,) * len(names)

    def ratio(combination: np.ndarray) -> np.ndarray:
        rows = [tuple(row) for row in combination.tolist()]
        for row in rows:
            if row != nobody and row not in found:
                raise InputError(f"effects has no ratio for {named(pd.Series(row, names))}")
        return np.stack([np.ones(n + 1) if row == nobody else drawn[found[row]] for row in rows])

    return ratio, [named(row) for _, row in has.iterrows()]


def _table(names: list[str], worth: np.ndarray | None, reason: str | None, level: float) -> pd.DataFrame:
    """One row for each fraction; ``worth`` is what each set takes away, as estimated and in every draw."""
    sets, tail = subsets(len(names)), (1 - level) / 2
    rows = [{"exposure": name, "kind": "single"} for name in names]
    rows += [{"exposure": " + ".join(names), "kind": "joint"}]
    rows += [{"exposure": name, "kind": "average"} for name in names]
    if worth is not None:
        taken = [*worth[1 : len(names) + 1], worth[len(sets) - 1], *average(worth)]
        for row, values in zip(rows, taken, strict=True):
            lower, upper = np.quantile(values[1:], [tail, 1 - tail])
            row |= {"estimate": values[0], "lower": lower, "upper": upper}
        for cause, row in enumerate(rows[len(names) + 1 :]):
            added = sequential(worth[:, 0], cause)[0]
            row |= {"lowest": added.min(), "highest": added.max()}
    table = pd.DataFrame(rows).reindex(columns=["exposure", "kind", *_SHARE, "reason"])
    return table.astype(dict.fromkeys(_SHARE, float)).assign(reason=pd.Series(reason, table.index, dtype="string"))
