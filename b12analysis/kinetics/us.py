"""Adults of the United States, simulated: what serum and MMA a survey of them would find.

Intake from food and tablets is as the survey has it (table ``nhanes_mma``), usual intake spreading less than one day's.
Each adult counts as one who absorbs normally and as one who absorbs food poorly, as likely as it is at that age, and
from 60 on as one with untreated pernicious anaemia for some years. All others are in balance. Levels are measured, with
the scatter of one sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.kinetics.body import Body, mma_nmol_l, serum_pmol_l
from b12analysis.kinetics.groups import Group, even_normal, varying
from b12analysis.kinetics.observed import parameter
from b12analysis.kinetics.step import Step
from b12analysis.kinetics.uptake import absorbed_ug

__all__ = ["us_predicted", "us_spread"]

_PEOPLE = 256
_CYCLES = "1999-2004"
#: Ages are taken to be spread evenly between these; pernicious anaemia from the third on.
_AGES, _PERNICIOUS_AGE = (20.0, 80.0), 60.0
#: When pernicious anaemia began, as shares of the longest time.
_SINCE = (0.125, 0.375, 0.625, 0.875)
_MMA = np.log(np.geomspace(50, 5000, 150))


def us_spread(draws: pd.DataFrame, model: pd.DataFrame) -> np.ndarray:
    """Return the standard deviation of ln(serum) between adults who take no tablets, without the scatter of a sample.

    The spread of ``serum_reference_pmol_l`` between people is set so that this is that of the survey.
    """
    serum, _, weights = _people(draws, model, with_tablets=False)
    share = weights / weights.sum(axis=1, keepdims=True)
    level = np.log(serum)
    middle = (share * level).sum(axis=1, keepdims=True)
    return np.sqrt((share * (level - middle) ** 2).sum(axis=1))


def us_predicted(draws: pd.DataFrame, model: pd.DataFrame) -> Callable:
    """Simulate the survey under each draw; returns what reads a target off it."""
    serum, mma, weights = _people(draws, model)
    scatter = {name: parameter(model, f"within_sd_{name}") for name in ("serum", "mma")}

    def read(target, shift: np.ndarray) -> np.ndarray:
        inside = weights * _chance(target.entry, serum, shift, scatter["serum"])
        if target.observable == "us_share_percent":
            return 100 * inside.sum(axis=1) / weights.sum(axis=1)
        return _median(inside, np.log(mma), scatter["mma"])

    return read


def _chance(rule: str, serum: np.ndarray, shift: np.ndarray, scatter: float) -> np.ndarray:
    """Chance that measured serum fits a rule."""
    from scipy.special import ndtr

    chance = np.zeros_like(serum)
    signs = {sign: float(number) for sign, number in re.findall(r"serum_b12_pmol_l ([<>])=? ([\d.]+)", rule)}
    chance += ndtr((np.log(signs["<"] / serum) - shift[:, None]) / scatter) if "<" in signs else 1.0
    if ">" in signs:
        chance -= ndtr((np.log(signs[">"] / serum) - shift[:, None]) / scatter)
    return chance


def _median(weights: np.ndarray, log_mma: np.ndarray, scatter: float) -> np.ndarray:
    """Median of measured MMA, of weighted people."""
    from scipy.special import ndtr

    medians = []
    for weight, level in zip(weights, log_mma, strict=True):
        below = weight @ ndtr((_MMA[None, :] - level[:, None]) / scatter) / weight.sum()
        medians.append(np.exp(np.interp(0.5, below, _MMA)))
    return np.array(medians)


def _survey(variable: str, quantity: str, population: str) -> pd.Series:
    table = load("nhanes_mma")
    rows = (table["cycles"] == _CYCLES) & (table["variable"] == variable) & (table["quantity"] == quantity)
    return table[rows & (table["population"] == population)].iloc[0]


def _intakes(model: pd.DataFrame, food: np.ndarray, takes: np.ndarray, tablet: np.ndarray) -> tuple:
    """Intake from food and from tablets, ug a day, from evenly spread normal numbers."""
    from scipy.special import ndtr

    usual_sd = parameter(model, "us_intake_sd")
    middle, day_sd = (float(_survey("b12_intake_ug", name, "20+")["estimate"]) for name in ("geometric_mean", "ln_sd"))
    eaten = middle * np.exp((day_sd**2 - usual_sd**2) / 2 + usual_sd * food)  # usual and daily intake have one mean
    of = [float(_survey("b12_supplement_ug", name, "20+")["estimate"]) for name in ("geometric_mean", "ln_sd")]
    counts = [float(_survey(name, "geometric_mean", "20+")["n"]) for name in ("b12_supplement_ug", "b12_pmol_l")]
    takers = counts[0] / counts[1]
    return eaten, np.where(ndtr(takes) < takers, of[0] * np.exp(of[1] * tablet), 0.0)


def _people(
    draws: pd.DataFrame, model: pd.DataFrame, *, with_tablets: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Serum, MMA and weight of each adult in each state of absorption; of shape (draws, adults x states)."""
    from scipy.special import ndtr

    person = {"age": 50.0}  # of each at that age; they get their own below
    age_noise, *intake_noise = even_normal(_PEOPLE, 40).T[-4:]
    age = _AGES[0] + (_AGES[1] - _AGES[0]) * ndtr(age_noise)
    eaten, tablets = _intakes(model, *intake_noise)
    poor = parameter(model, "us_food_bound_per_decade") * np.clip(age - 30, 0, None) / 10
    pernicious = np.where(age >= _PERNICIOUS_AGE, parameter(model, "us_pernicious_share"), 0.0)
    states = []
    for absorption, share in {"normal": 1 - poor - pernicious, "food_bound": poor}.items():
        group = Group(person, draws, varying(model, absorption, _PEOPLE), _PEOPLE)
        people = _aged(group, age, model)
        body = Body(people, eaten)
        tablet = absorbed_ug(tablets, people) if with_tablets else 0.0
        liver = (body.food + tablet) / body.loss
        active = (people["release_per_day"] + body.loss) / people["exchange_per_day"] * liver
        states.append((serum_pmol_l(active, 0.0, people), mma_nmol_l(active, people), share))
        if absorption == "normal":
            well = active, liver
    group = Group(person, draws, varying(model, "pernicious_anaemia", _PEOPLE), _PEOPLE)
    people = _aged(group, age, model)
    body = Body(people, eaten)
    for since in _SINCE:
        begun = body.state(*well, carriers=well[0], cells=well[0])
        state = Step(body, since * parameter(model, "us_pernicious_years") * 365.25)(begun)
        mma = mma_nmol_l(state.cells, people)
        states.append((serum_pmol_l(state.carriers, 0.0, people), mma, pernicious / len(_SINCE)))
    wide = [[np.broadcast_to(part, group.shape) for part in state] for state in states]
    serum, mma, weights = (np.concatenate(parts, axis=1) for parts in zip(*wide, strict=True))
    return serum, mma, weights


def _aged(group: Group, age: np.ndarray, model: pd.DataFrame) -> dict[str, np.ndarray]:
    """Parameters of a group of 50 years as (draws, adults), at their own ages."""
    people = {name: group[name] for name in group.people}
    per_decade = parameter(model, "mma_floor_per_decade")
    return people | {"mma_floor_nmol_l": people["mma_floor_nmol_l"] * np.exp(per_decade * (age - 50) / 10)}
