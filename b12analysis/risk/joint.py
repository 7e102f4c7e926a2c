"""What share of the deficiency goes with several exposures together, and how it divides between them.

Exposures overlap: who takes metformin may take an acid suppressant too, and the same case would be counted with both.
The joint fraction counts each case once, and its averages over all orders of taking the exposures away add up to it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_count, check_level, check_range
from b12analysis.risk.draws import draw_ratio, draw_share, has_spread
from b12analysis.risk.fractions import risk_ratio
from b12analysis.risk.refusals import check_effects, check_shares, numbers, reasons
from b12analysis.shapley import MOST, average, sequential, subsets

__all__ = ["joint_fraction"]

_TO_1 = 1e-6  # shares of a table written to six digits
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

    Ratios must be adjusted for each other; shares of the population need ratios that nothing else confounds.

    Parameters
    ----------
    exposures : DataFrame
        One row for each combination: a column of true and false for each exposure, and ``share``; shares sum to 1,
        combinations without a row have nobody. Or, with ``independent=True``, a row for each exposure: ``exposure``
        (its name) and ``share``, optionally with ``share_lower``, ``share_upper``.
    effects : DataFrame
        One ratio for each exposure, by its name in ``exposure``: the ratios of a combination are multiplied. Or one for
        each combination, in columns of true and false. ``measure, effect, effect_lower, effect_upper`` and optionally
        ``design, outcome, baseline_risk`` as for :func:`attributable_fraction`; ``share`` of an exposure, where given,
        must be that of the joint table.
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
        If shares do not sum to 1, are negative or contradict each other, an effect has no kind, or exposures and
        effects are not of the same things.

    Source
    ------
    Eide and Gefeller, J Clin Epidemiol 1995;48:645. Bruzzi et al., Am J Epidemiol 1985;122:904.

    Examples
    --------
    >>> both = pd.DataFrame({"vegan": [0, 1, 0, 1], "old": [0, 0, 1, 1], "share": [0.5, 0.2, 0.2, 0.1]})
    >>> ratios = pd.DataFrame({"exposure": ["vegan", "old"], "measure": "risk_ratio", "effect": [3.0, 2.0]})
    >>> table = joint_fraction(both, ratios.assign(effect_lower=[1.5, 1.2], effect_upper=[6.0, 3.4]), rng=1)
    >>> table[["kind", "exposure", "estimate"]].round(3).values.tolist()  # 1 of 2.1 is left: 0.524
    [['single', 'vegan', 0.381], ['single', 'old', 0.238], ['joint', 'vegan + old', 0.524], \
['average', 'vegan', 0.333], ['average', 'old', 0.19]]
    """
    check_choice("among", among, ["population", "cases"])
    check_count("n", n)
    check_level(level)
    check_columns("effects", effects.columns, ["measure", "effect", "effect_lower", "effect_upper"])
    check_effects(effects)
    check_shares(effects, "baseline_risk")
    random = np.random.default_rng(rng)
    if "exposure" in exposures:
        has, shares = _independent(exposures, random, n, independent=independent, among=among)
    else:
        has, shares = _joint_table(exposures, random, n, effective_n)
    names = list(has)
    if not 1 <= len(names) <= MOST:
        raise InputError(f"exposures has {len(names)} exposures ({', '.join(names)}); possible are 1 to {MOST}")
    ratio, labels = _ratios(effects, names, random, n)
    _check_marginals(effects, has, shares[:, 0])
    said = [f"{label}: {reason}" for label, reason in zip(labels, reasons(effects), strict=True) if reason]
    if said:
        return _table(names, None, "; ".join(said), level)
    combination = has.to_numpy(bool)
    whole = ratio(combination)
    left = [ratio(combination & ~np.isin(np.arange(len(names)), of)) for of in subsets(len(names))]
    if among == "population":
        worth = np.array([1 - (shares * part).sum(axis=0) / (shares * whole).sum(axis=0) for part in left])
    else:
        worth = np.array([1 - (shares * part / whole).sum(axis=0) for part in left])
    return _table(names, worth, None, level)


def _joint_table(
    exposures: pd.DataFrame, random: np.random.Generator, n: int, effective_n: float | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Who has which exposures, and the shares: the first column as given, the others drawn."""
    check_columns("exposures", exposures.columns, ["share"])
    has = _flags("exposures", exposures.drop(columns="share"))
    if has.duplicated().any():
        raise InputError(f"exposures has two rows for {_name(has[has.duplicated()].iloc[0])}; needed is one")
    (share,) = numbers(exposures, "share")
    for row in np.flatnonzero(~((share >= 0) & (share <= 1))):
        raise InputError(
            f"exposures: the share of {_name(has.iloc[row])} is {share[row]:g}; it lies between 0 and 1, so these "
            "exposures cannot overlap as stated"
        )
    if abs(share.sum() - 1) > _TO_1:
        raise InputError(f"shares of exposures sum to {share.sum():.7g}; needed is 1: everybody has one combination")
    drawn = np.repeat(share[:, None], n + 1, axis=1)
    if effective_n is not None:
        check_range("effective_n", effective_n, 1)
        counts = random.standard_gamma(share[:, None] * effective_n, (len(share), n))
        drawn[:, 1:] = counts / counts.sum(axis=0)
    return has, drawn


def _independent(
    exposures: pd.DataFrame, random: np.random.Generator, n: int, *, independent: bool, among: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Every combination, with the product of the shares of those who have and have not each exposure."""
    check_columns("exposures", exposures.columns, ["share"])
    if not independent or among != "population":
        raise InputError(
            "exposures has a share for each exposure, but not of their combinations; give these, or say "
            "independent=True, with among='population', if you will assume that exposures are independent"
        )
    check_shares(exposures, "share")
    share, lower, upper = numbers(exposures, "share", "share_lower", "share_upper")
    unknown = np.isnan(share) | (~np.isnan(lower + upper) & ~np.array([*map(has_spread, share, lower, upper)]))
    if unknown.any() or exposures["exposure"].duplicated().any():
        raise InputError("exposures: needed is one row for each exposure, with a share; with limits it is not 0 or 1")
    drawn = np.stack([
        np.r_[p, draw_share(p, low, high, random.standard_normal(n))]
        for p, low, high in zip(share, lower, upper, strict=True)
    ])  # fmt: skip
    names = exposures["exposure"].tolist()
    has = pd.DataFrame(list(product([False, True], repeat=len(names))), columns=names)
    each = np.where(has.to_numpy(bool)[:, :, None], drawn[None], 1 - drawn[None])
    return has, each.prod(axis=1)


def _ratios(
    effects: pd.DataFrame, names: list[str], random: np.random.Generator, n: int
) -> tuple[Callable[[np.ndarray], np.ndarray], list[str]]:
    """Give the ratio of combinations (rows: true and false) as a function, and what each effect is of."""
    effect, lower, upper, baseline = numbers(effects, "effect", "effect_lower", "effect_upper", "baseline_risk")
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.stack([
            np.r_[middle, draw_ratio(middle, low, high, random.standard_normal(n))]
            for middle, low, high in zip(effect, lower, upper, strict=True)
        ])  # fmt: skip
    is_odds = (effects["measure"] == "odds_ratio").to_numpy(bool)
    drawn[is_odds] = risk_ratio(drawn[is_odds], baseline[is_odds, None])
    if "exposure" in effects:
        of = effects["exposure"].tolist()
        if sorted(of) != sorted(names):
            raise InputError(f"effects are of {', '.join(of)}; needed is one for each of {', '.join(names)}")
        logs = np.log(drawn[[of.index(name) for name in names]])
        return lambda combination: np.exp(combination.astype(float) @ logs), of
    check_columns("effects", effects.columns, names)
    has = _flags("effects", effects[names])
    found = {tuple(row): number for number, row in enumerate(has.to_numpy().tolist())}
    nobody = (False,) * len(names)

    def ratio(combination: np.ndarray) -> np.ndarray:
        rows = [tuple(row) for row in combination.tolist()]
        for row in rows:
            if row != nobody and row not in found:
                raise InputError(f"effects has no ratio for {_name(pd.Series(row, names))}")
        return np.stack([np.ones(n + 1) if row == nobody else drawn[found[row]] for row in rows])

    return ratio, [_name(row) for _, row in has.iterrows()]


def _flags(argument: str, table: pd.DataFrame) -> pd.DataFrame:
    for name, column in table.items():
        wrong = ~column.isin([0, 1])
        if wrong.any():
            row, value = column.index[wrong][0], column[wrong].iloc[0]
            raise InputError(f"{argument}: column {name!r} is {value} in row {row!r}, not true or false")
    return table.astype(bool).rename(columns=str)


def _name(row: pd.Series) -> str:
    """Say which exposures a combination has."""
    return " + ".join(row.index[row.to_numpy(bool)]) or "no exposure"


def _check_marginals(effects: pd.DataFrame, has: pd.DataFrame, share: np.ndarray) -> None:
    if not {"share", "exposure"} <= set(effects):
        return
    for name, stated in zip(effects["exposure"], *numbers(effects, "share"), strict=True):
        found = share[has[name].to_numpy()].sum()
        if abs(stated - found) > _TO_1:
            raise InputError(f"share of {name!r} is {stated:g} in effects, but {found:g} over the rows of exposures")


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
