"""Age bands: that they neither overlap nor leave gaps, and how many people live in each.

A band runs from ``age_min`` to ``age_max``, both inclusive, so that 20 to 39 ends where 40 begins; one without
``age_max`` is open. Bands of a population must nest in those of the estimates; what does not fit is refused by name.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_range

__all__ = ["SEXES", "band_name", "sizes_of_bands", "span"]

SEXES = ("both", "men", "women")


def sizes_of_bands(estimates: pd.DataFrame, population: pd.DataFrame, size: str) -> np.ndarray:
    """How many people (or how much weight) a population has in the band, and of the sex, of each estimate.

    Parameters
    ----------
    estimates : DataFrame
        ``age_min, age_max``, optionally ``sex``: one row per band.
    population : DataFrame
        ``age_min, age_max``, optionally ``sex``, and the column ``size``.
    size : str
        "people" or "weight".

    Returns
    -------
    array
        One number per row of ``estimates``.

    Raises
    ------
    InputError
        If bands overlap, leave a gap or do not nest.

    Examples
    --------
    >>> bands = pd.DataFrame({"age_min": [20, 40], "age_max": [39, None]})
    >>> fine = pd.DataFrame({"age_min": [0, 20, 30, 40], "age_max": [19, 29, 39, None], "people": [9, 5, 6, 7]})
    >>> sizes_of_bands(bands, fine, "people").tolist()
    [11.0, 7.0]
    """
    people = population.reset_index(drop=True)
    sizes = pd.to_numeric(people[size]).astype(float)
    for value in sizes[~(sizes >= 0)].head(1):
        check_range(f"population[{size!r}]", value, 0)
    wanted, present = _sexes(estimates, "estimates"), _sexes(people, "population")
    if "both" in set(present) and len(set(wanted)) > 1:
        raise InputError("population has no sexes but estimates are of men and of women; weigh them with by='sex'")
    spans = set()
    result = pd.Series(0.0, index=range(len(estimates)))
    for sex in wanted.unique():
        rows = _bands(estimates[wanted == sex], "estimates")
        _check_without_gaps(rows, "estimates")
        spans.add((rows["start"].min(), rows["end"].max()))
        for of_sex in ["both"] if "both" in set(present) else ["men", "women"] if sex == "both" else [sex]:
            there = _bands(people[present == of_sex], "population")
            _check_disjoint(there, "population")
            result[(wanted == sex).to_numpy()] += _add_up(rows, there, sizes)
    if len(spans) > 1:
        ages = " and ".join(band_name(*span) for span in sorted(spans))
        raise InputError(f"estimates cover other ages for men than for women: {ages}")
    return result.to_numpy()


def span(estimates: pd.DataFrame) -> tuple[float, float]:
    """Return the first age of all bands, and the first that is no longer in any.

    Examples
    --------
    >>> span(pd.DataFrame({"age_min": [20, 40], "age_max": [39, 59]}))
    (20.0, 60.0)
    """
    bands = _bands(estimates, "estimates")
    return float(bands["start"].min()), float(bands["end"].max())


def band_name(start: float, end: float) -> str:
    """Name of a band in words.

    Examples
    --------
    >>> band_name(20, 40), band_name(80, np.inf)
    ('20–39', '80+')
    """
    return f"{start:g}+" if end == np.inf else f"{start:g}–{end - 1:g}"


def _bands(table: pd.DataFrame, argument: str) -> pd.DataFrame:
    """Bands as ``start`` and ``end``, the first age that is no longer inside; an open band ends nowhere."""
    start = pd.to_numeric(table["age_min"]).astype(float)
    end = (pd.to_numeric(table["age_max"]).astype(float) + 1).fillna(np.inf)
    wrong = start.isna() | ~(start < end)
    if wrong.any():
        label = table.index[wrong][0]
        raise InputError(
            f"{argument} row {label!r} is no age band: age_min={start[label]:g}, age_max={end[label] - 1:g}"
        )
    return pd.DataFrame({"start": start, "end": end}, index=table.index)


def _sexes(table: pd.DataFrame, argument: str) -> pd.Series:
    sexes = table["sex"].astype(object) if "sex" in table else pd.Series("both", index=table.index)
    for sex in sexes.unique():
        check_choice(f"{argument}['sex']", sex, SEXES)
    if len(set(sexes)) > 1 and "both" in set(sexes):
        raise InputError(f"{argument} has rows of both sexes beside rows of one: people would be counted twice")
    return sexes


def _add_up(bands: pd.DataFrame, there: pd.DataFrame, sizes: pd.Series) -> np.ndarray:
    """Size of each band as the sum of the finer ones of the population, which must fill it exactly."""
    ordered = there.sort_values("start")
    starts, ends, people = ordered["start"].to_numpy(), ordered["end"].to_numpy(), sizes[ordered.index].to_numpy()
    totals = []
    for start, end in bands.to_numpy():
        touches = (starts < end) & (ends > start)
        across = touches & ((starts < start) | (ends > end))
        if across.any():
            there_name, band = band_name(starts[across][0], ends[across][0]), band_name(start, end)
            raise InputError(
                f"population's band {there_name} lies across the estimates' band {band}; it must lie inside one band"
            )
        filled = [start, *ends[touches]] == [*starts[touches], end]
        if not filled:
            raise InputError(f"population does not cover all ages of the estimates' band {band_name(start, end)}")
        totals.append(people[touches].sum())
    return np.array(totals)


def _check_disjoint(bands: pd.DataFrame, argument: str) -> None:
    ordered = bands.sort_values(["start", "end"]).to_numpy()
    for (start, end), (next_start, next_end) in pairwise(ordered):
        if next_start < end:
            first, second = band_name(start, end), band_name(next_start, next_end)
            raise InputError(f"{argument} has overlapping bands {first} and {second}: people would be counted twice")


def _check_without_gaps(bands: pd.DataFrame, argument: str) -> None:
    _check_disjoint(bands, argument)
    ordered = bands.sort_values("start").to_numpy()
    for (_, end), (next_start, _) in pairwise(ordered):
        if end < next_start:
            raise InputError(f"{argument} has no band for the ages {band_name(end, next_start)}")
