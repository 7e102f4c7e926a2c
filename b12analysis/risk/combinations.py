"""Who has which exposures: the combinations of a joint table, or of exposures assumed independent, and their shares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, check_range
from b12analysis.risk.draws import draw_share, has_spread
from b12analysis.risk.refusals import check_shares, numbers

__all__ = ["TO_1", "check_marginals", "flags", "independent_table", "joint_table", "named"]

#: Shares of a table are written to six digits.
TO_1 = 1e-6


def joint_table(
    exposures: pd.DataFrame, random: np.random.Generator, n: int, effective_n: float | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Who has which exposures, and the shares: the first column as given, the others drawn.

    Examples
    --------
    >>> table = pd.DataFrame({"vegan": [0, 1], "share": [0.9, 0.1]})
    >>> joint_table(table, np.random.default_rng(1), 2, None)[1].tolist()
    [[0.9, 0.9, 0.9], [0.1, 0.1, 0.1]]
    """
    check_columns("exposures", exposures.columns, ["share"])
    has = flags("exposures", exposures.drop(columns="share"))
    if has.duplicated().any():
        raise InputError(f"exposures has two rows for {named(has[has.duplicated()].iloc[0])}; needed is one")
    (share,) = numbers(exposures, "share")
    for row in np.flatnonzero(~((share >= 0) & (share <= 1))):
        raise InputError(
            f"exposures: the share of {named(has.iloc[row])} is {share[row]:g}; it lies between 0 and 1, so these "
            "exposures cannot overlap as stated"
        )
    if abs(share.sum() - 1) > TO_1:
        raise InputError(f"shares of exposures sum to {share.sum():.7g}; needed is 1: everybody has one combination")
    drawn = np.repeat(share[:, None], n + 1, axis=1)
    if effective_n is not None:
        check_range("effective_n", effective_n, 1)
        counts = random.standard_gamma(share[:, None] * effective_n, (len(share), n))
        drawn[:, 1:] = counts / counts.sum(axis=0)
    return has, drawn


def independent_table(
    exposures: pd.DataFrame, random: np.random.Generator, n: int, *, independent: bool, among: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Every combination, with the product of the shares of those who have and have not each exposure.

    Examples
    --------
    >>> table = pd.DataFrame({"exposure": ["vegan", "old"], "share": [0.1, 0.2]})
    >>> has, shares = independent_table(table, np.random.default_rng(1), 1, independent=True, among="population")
    >>> shares[:, 0].round(2).tolist()
    [0.72, 0.18, 0.08, 0.02]
    """
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


def flags(argument: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return columns of true and false as such, or raise.

    Examples
    --------
    >>> flags("effects", pd.DataFrame({"vegan": [0, 1]}))["vegan"].tolist()
    [False, True]
    """
    for name, column in table.items():
        wrong = ~column.isin([0, 1])
        if wrong.any():
            row, value = column.index[wrong][0], column[wrong].iloc[0]
            raise InputError(f"{argument}: column {name!r} is {value} in row {row!r}, not true or false")
    return table.astype(bool).rename(columns=str)


def named(row: pd.Series) -> str:
    """Say which exposures a combination has.

    Examples
    --------
    >>> named(pd.Series({"vegan": True, "old": True, "metformin": False}))
    'vegan + old'
    """
    return " + ".join(row.index[row.to_numpy(bool)]) or "no exposure"


def check_marginals(effects: pd.DataFrame, has: pd.DataFrame, share: np.ndarray) -> None:
    """Raise where the effects have shares of the exposures that are not those of the joint table.

    Examples
    --------
    >>> effects = pd.DataFrame({"exposure": ["vegan"], "share": [0.1]})
    >>> check_marginals(effects, pd.DataFrame({"vegan": [False, True]}), np.array([0.8, 0.2]))
    Traceback (most recent call last):
    b12analysis.arguments.InputError: share of 'vegan' is 0.1 in effects, but 0.2 over the rows of exposures
    """
    if not {"share", "exposure"} <= set(effects):
        return
    for name, stated in zip(effects["exposure"], *numbers(effects, "share"), strict=True):
        found = share[has[name].to_numpy()].sum()
        if abs(stated - found) > TO_1:
            raise InputError(f"share of {name!r} is {stated:g} in effects, but {found:g} over the rows of exposures")
