"""What a second examination says: how a marker spreads within and between people, and regression to the mean.

In 2001-2002 some five hundred people were examined twice, some weeks apart, none of them over 69. They came of their
own will and have no weights, so that what is within people is taken from all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from b12analysis.nhanes.spread import root, spreads
from b12analysis.survey.intervals import t_quantile
from b12analysis.usual import second, within_person
from b12analysis.usual.within import logs

__all__ = ["direct_change", "expected_change", "second_change", "second_examination", "within_covariance"]

#: MMA first: it is the marker whose change is expected.
MARKERS = ["mma_nmol_l", "b12_pmol_l"]
#: Who is let into Eussen's trial by one sample (eussen2005): serum B12, pmol/L, and MMA of at least, nmol/L.
TRIAL_B12, TRIAL_MMA = (100, 300), 260


def second_examination(people: pd.DataFrame, within: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Spread within people, and what a second sample says of those whom the first lets into a trial."""
    age, tables = people["age"], []
    # serum B12 of all adults is described elsewhere in the table
    for marker, first in (("mma_nmol_l", 20), ("mma_nmol_l", 70), ("b12_pmol_l", 70)):
        found = spreads(people, marker, age >= first, within=within[marker])
        tables.append(found.assign(variable=marker, population=f"{first}+"))
    for marker in MARKERS:
        found = within_spread(people, marker)
        tables.append(found.assign(variable=marker, population="examined twice"))
    chosen = people["b12_pmol_l"].between(*TRIAL_B12) & (people["mma_nmol_l"] >= TRIAL_MMA)
    change = {"variable": "mma_nmol_l", "band": "let into the trial"}
    for population, of in (("examined twice", chosen), ("examined twice, 20+", chosen & (age >= 20))):
        found = direct_change(people, of)
        tables.append(found.assign(quantity="second_change_seen", population=population, **change))
    everybody = {"20+": age >= 20, "60+": age >= 60, "70+": age >= 70, "70+, eGFR 60+": (age >= 70) & people["kidneys"]}
    for population, inside in everybody.items():
        found = expected_change(people, inside, chosen)
        tables.append(found.assign(quantity="second_change_expected", population=population, **change))
        if population.startswith("70+"):  # nobody of that age was examined twice; the oldest who were scatter less
            found = expected_change(people, inside, chosen, scatter=age.between(60, 69))
            tables.append(found.assign(quantity="second_change_expected_60s", population=population, **change))
    return pd.concat(tables).assign(part="second_examination")


def within_spread(people: pd.DataFrame, variable: str) -> pd.DataFrame:
    """Return ``ln_sd_within`` as a row like those of :func:`spreads`, from the people examined twice."""
    found = within_person(people, variable).iloc[0]
    n = int(found["n"])
    return pd.DataFrame([root("ln_sd_within", found["variance"], found["se"], n - 1)]).assign(n=n)


def within_covariance(people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Within-person covariance of the logarithms of MMA and serum B12, and the same without each person in turn.

    Examples
    --------
    >>> people = pd.DataFrame({"mma_nmol_l": [1.0, 1], "mma_second_nmol_l": [np.e, 1], "b12_pmol_l": [1.0, 1]})
    >>> whole, without = within_covariance(people.assign(b12_second_pmol_l=[1, np.e]))
    >>> whole.tolist(), without[0].tolist()
    ([[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.0], [0.0, 0.5]])
    """
    apart = np.column_stack([logs(people, second(name)) - logs(people, name) for name in MARKERS])
    apart = apart[np.isfinite(apart).all(axis=1)]
    products, n = apart[:, :, None] * apart[:, None, :] / 2, len(apart)
    return products.mean(axis=0), (products.sum(axis=0) - products) / (n - 1)


def second_change(x: np.ndarray, weight: np.ndarray, chosen: np.ndarray, within: np.ndarray) -> float:
    """Mean change of the first column that is expected on a second occasion in people chosen by the first.

    Where levels and scatter are normal, the second value is expected where the regression on both first values has it,
    with the covariance of single measurements less that within people: nearer to the mean.

    Examples
    --------
    >>> x = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])  # mean 0, variance 1, not correlated
    >>> second_change(x, np.ones(4), x[:, 0] > 0, np.diag([0.25, 0.25]))
    -0.25
    """
    share = weight / weight.sum()
    apart = x - share @ x
    total = (share[:, None] * apart).T @ apart
    slope = np.linalg.solve(total, (total - within)[:, 0])
    start = share[chosen] @ apart[chosen] / share[chosen].sum()
    return float(slope @ start - start[0])


def expected_change(
    people: pd.DataFrame, inside: pd.Series, chosen: pd.Series, scatter: pd.Series | None = None
) -> pd.DataFrame:
    """Change of MMA without treatment, per cent, in people chosen by one sample, from the components of spread.

    The interval knows the sampling of the survey (its PSUs left out in turn) and that of those examined twice.

    Parameters
    ----------
    people : DataFrame
        The whole survey, with both markers and their second measurements, ``weight``, ``stratum`` and ``psu``.
    inside : Series of bool
        Whose means and spread the chosen ones are drawn towards.
    chosen : Series of bool
        Who is chosen by the first sample, of those inside.
    scatter : Series of bool, optional
        Whose second examination says how people scatter; everybody's by default.

    Returns
    -------
    DataFrame
        One row: estimate, lower, upper, se (per cent), df, n (people chosen).
    """
    within, without = within_covariance(people if scatter is None else people[scatter])
    x = np.column_stack([logs(people, name) for name in MARKERS])
    known = inside.to_numpy(bool) & np.isfinite(x).all(axis=1)
    picked = chosen.to_numpy(bool)[known]

    def change(weight: np.ndarray, inner: np.ndarray = within) -> float:
        return second_change(x[known], weight[known], picked, inner)

    weight = people["weight"].to_numpy(float)
    estimate = change(weight)
    variance, df = _left_out(change, weight, people["stratum"].to_numpy(), people["psu"].to_numpy())
    others = np.array([change(weight, inner) for inner in without])
    variance += (len(others) - 1) * others.var()
    return _percent(estimate, np.sqrt(variance), df).assign(n=int(picked.sum()))


def _left_out(
    statistic: Callable[[np.ndarray], float], weight: np.ndarray, stratum: np.ndarray, psu: np.ndarray
) -> tuple[float, int]:
    """Jackknife variance with each PSU left out in turn (R's JKn), and PSUs less strata."""
    whole, variance, df = statistic(weight), 0.0, 0
    for one in np.unique(stratum):
        units = np.unique(psu[stratum == one])
        m = len(units)
        df += m - 1
        for unit in units:
            kept = np.where(psu == unit, 0, m / (m - 1))
            changed = np.where(stratum == one, weight * kept, weight)
            variance += (m - 1) / m * (statistic(changed) - whole) ** 2
    return variance, df


def direct_change(people: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Change of MMA in people who were chosen by their first sample and examined again, as :func:`expected_change`."""
    change = logs(people, second(MARKERS[0])) - logs(people, MARKERS[0])
    change = change[chosen.to_numpy(bool) & np.isfinite(change)]
    n = len(change)
    return _percent(change.mean(), change.std(ddof=1) / np.sqrt(n), n - 1).assign(n=n)


def _percent(change: float, se: float, df: int) -> pd.DataFrame:
    """Return a change of logarithms as per cent."""
    half = float(t_quantile(df, 0.95)) * se
    limits = {"estimate": change, "lower": change - half, "upper": change + half}
    row = {name: 100 * np.expm1(value) for name, value in limits.items()}
    return pd.DataFrame([row | {"se": 100 * np.exp(change) * se, "df": df}])
