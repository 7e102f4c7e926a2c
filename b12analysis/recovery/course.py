"""Virtual patients from the start of treatment on: who they are, and what their nerves do."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.recovery.draws import layout, noise, seed_of, spread_out
from b12analysis.recovery.nerves import Fibres, Nerves, along, attack_rate, exposed
from b12analysis.recovery.patients import SEVERITIES, SIGNS, involvement
from b12analysis.recovery.signal import (
    BODIES,
    DAYS_A_MONTH,
    Panel,
    gas_signal,
    is_gas,
    mean_signal,
    mesh,
    panel,
)

__all__ = ["People", "follow", "people_like", "signal_left", "start_of"]

#: People whose nerves are followed at a time: few enough to stay in the processor's cache.
_BLOCK = 10_000
#: A signal below this is none: the gas's never quite ends.
_LEAST_SIGNAL = 1e-4
#: Axes of bodies.
_AXES = (("start", 0), ("below", 1))
_WEEKS_A_MONTH = DAYS_A_MONTH / 7


@dataclass(frozen=True)
class People:
    """Virtual patients: n of each profile, one after the other.

    Attributes
    ----------
    patients : DataFrame
        As of :func:`b12analysis.recovery.patients.checked`.
    draws : DataFrame
        As of :func:`b12analysis.recovery.draws.posterior`.
    patient, draw : array of int
        Each person's row in either.
    compartments : list of str
        Those that are hit in anybody.
    deficit : array of shape (compartments, people)
        When treatment starts (now).
    level, vulnerability, pace, none : array
        Deficit of the compartment hit most; ln axon loss against the median; half-time against the median; active
        tissue at which the signal is gone, ln ug.
    gas_rate : array
        Rate at which the signal of nitrous oxide falls, a month.
    responds : array
        Evenly between 0 and 1: the lowest are those whose memory does not respond.
    body : array of int
        Which of the bodies of its cause each has.
    seed : int
        The bodies' own.
    """

    patients: pd.DataFrame
    draws: pd.DataFrame
    patient: np.ndarray
    draw: np.ndarray
    used: int
    compartments: list[str]
    deficit: np.ndarray
    level: np.ndarray
    vulnerability: np.ndarray
    pace: np.ndarray
    none: np.ndarray
    gas_rate: np.ndarray
    responds: np.ndarray
    body: np.ndarray
    seed: int

    @property
    def n(self) -> int:
        """People of each profile."""
        return len(self.patient) // len(self.patients)

    def drawn(self, name: str, people=slice(None)) -> np.ndarray:
        """Value of a parameter for each person."""
        return self.draws[name].to_numpy()[self.draw[people]]


def people_like(
    patients: pd.DataFrame,
    draws: pd.DataFrame,
    n: int,
    rng,
    *,
    each: int | None = None,
    series: str = "another",
    same: bool = False,
) -> People:
    """Draw n virtual patients of each profile.

    Parameters
    ----------
    patients : DataFrame
        As of :func:`b12analysis.recovery.patients.checked`.
    draws : DataFrame
        As of :func:`b12analysis.recovery.draws.posterior`.
    n : int
    rng : Generator, int or None
        The same seed draws the same people whatever is done to them.
    each : int, optional
        People of a profile who share a draw of the parameters.
    series : str
        Series of patients that they belong to; how it differs is drawn where no column of ``draws`` says it.
    same : bool
        Whether a profile's person is the same under each draw, so that draws are compared on the same people.
    """
    from scipy.special import ndtri

    seed = seed_of(rng)
    rows, used = layout(len(patients), n, len(draws), each)
    draw, patient = rows.ravel(), np.repeat(np.arange(len(patients)), n)

    def even(name: str) -> np.ndarray:
        if same:
            return np.repeat(spread_out(seed, name, len(patients), 1, 1), n)
        return spread_out(seed, name, len(patients), n, used).ravel()

    of = {name: draws[name].to_numpy()[draw] for name in draws if name != "scenario"}
    signs = {sign: patients[sign].to_numpy()[patient] for sign in SIGNS}
    case_mix = {
        kind: of[f"series_{kind}_sd"] * _known(draws, f"{kind} {series}", seed)[draw]
        for kind in ("vulnerability", "pace")
    }
    vulnerability = of["vulnerability_sd"] * ndtri(even("vulnerability")) + case_mix["vulnerability"]
    vulnerability += sum(of[f"log_ratio_{sign}"] * there for sign, there in signs.items())
    low, high = _deficit_limits().loc[patients["severity"]].to_numpy()[patient].T
    level = low + (high - low) * even("deficit")
    shares = involvement().loc[patients["profile"]]
    shares = shares.loc[:, (shares > 0).any()]
    # ln of the level at which there is no signal; drawn near the middle of each person's own
    none = np.log(of["signal_none_ug"]) + of["signal_none_sd"] * ndtri(even("signal"))
    return People(
        patients,
        draws,
        patient,
        draw,
        used,
        list(shares.columns),
        np.ascontiguousarray(shares.to_numpy().T)[:, patient] * level,
        level,
        vulnerability,
        np.exp(of["half_time_sd"] * ndtri(even("pace")) + case_mix["pace"]),
        none,
        np.log(2) * DAYS_A_MONTH / of["gas_half_time_days"],
        even("responds"),
        (BODIES * _which_body(seed, len(patients), n, same)).astype(int),
        seed,
    )


def _which_body(seed: int, patients: int, n: int, same: bool) -> np.ndarray:
    return np.repeat(noise(seed, "body", patients), n) if same else noise(seed, "body", patients * n)


def _known(draws: pd.DataFrame, name: str, seed: int) -> np.ndarray:
    """How a series of patients differs from others, standard normal: as it was fitted, or drawn for another series."""
    from scipy.special import ndtri

    return draws[name].to_numpy() if name in draws else ndtri(noise(seed, name, len(draws)))


def _deficit_limits() -> pd.DataFrame:
    """Limits of the leading deficit by severity; "none" is what people without symptoms may have."""
    rows = load("recovery_model").set_index("parameter")
    names = [*SEVERITIES, "none"]
    return rows.loc[[f"deficit_{name}" for name in names], ["lower", "upper"]].astype(float).set_axis(names)


def start_of(people: People, weights: pd.DataFrame) -> np.ndarray:
    """Deficits when treatment could start (now), of shape (outputs, people)."""
    return weights.to_numpy() @ people.deficit


def follow(
    people: People,
    months: Sequence[float],
    regimen: str,
    *,
    weights: pd.DataFrame,
    wait: float = 0.0,
    block: int = _BLOCK,
) -> np.ndarray:
    """Deficits of virtual patients over time.

    Parameters
    ----------
    people : People
    months : increasing sequence of float >= 0
        Months since the first dose.
    regimen : str
    weights : DataFrame of shape (outputs, compartments)
        What the deficits of the compartments are added up to.
    wait : float
        Months that treatment comes later.
    block : int
        People whose nerves are followed at a time.

    Returns
    -------
    array of shape (outputs, len(months), people)
    """
    out = np.empty((len(weights), len(months), len(people.patient)), dtype=np.float32)
    points, added = mesh(months), weights.to_numpy(dtype=np.float32)
    reading = {point: number for number, point in enumerate(np.searchsorted(points, months))}
    bodies, middle = _bodies(people, regimen, points), _rates_of_draws(people)
    signals, hurt = _signals(people, slice(None), points, bodies)
    steps = _lacking_steps(signals)
    order = np.argsort(-steps, kind="stable")  # those whose signal lasts as long are followed together

    def fill(first: int) -> None:
        place = order[first : first + block]
        nerves, fibres = _nerves(people, place, middle, hurt[place])
        lacking = np.take(signals[: steps[place[0]]], place, axis=1)
        for point, deficit in enumerate(_deficits(people, place, points, lacking, nerves, fibres, wait)):
            if point in reading:
                for row, values in zip(out[:, reading[point]], added @ deficit, strict=True):
                    row[place] = values

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill, range(0, len(order), block)))
    return out


def signal_left(people: People, month: float, regimen: str) -> np.ndarray:
    """Signal of each person over the last step before a month: 0 where nerves lack nothing any more."""
    points = mesh([month])
    return _signals(people, slice(None), points, _bodies(people, regimen, points))[0][-1]


def _serum(patients: pd.DataFrame) -> pd.Series:
    """Serum at which bodies start: a group's own where it is known, else that of the cause; of the gas nothing."""
    usual = patients["cause"].map(load("recovery_causes").set_index("cause")["start_serum_pmol_l"].astype(float))
    return patients["serum_pmol_l"].fillna(usual) if "serum_pmol_l" in patients else usual


@dataclass(frozen=True)
class _Bodies:
    """Panels of bodies side by side, and each profile's place among them."""

    panel: Panel
    first: np.ndarray
    gas: np.ndarray


def _bodies(people: People, regimen: str, points: np.ndarray) -> _Bodies:
    causes = people.patients["cause"]
    gas = causes.map({cause: is_gas(cause) for cause in causes.unique()}).to_numpy(dtype=bool)
    starts = list(zip(causes, _serum(people.patients), strict=True))
    kinds = list(dict.fromkeys(start for start, off in zip(starts, gas, strict=True) if not off))
    months = tuple(points.tolist())
    panels = [panel(*kind, regimen, months, people.seed) for kind in kinds] or [Panel.empty(len(points) - 1)]
    first = [0 if off else BODIES * kinds.index(start) for start, off in zip(starts, gas, strict=True)]
    together = Panel(*(np.concatenate([getattr(one, name) for one in panels], axis=axis) for name, axis in _AXES))
    return _Bodies(together, np.array(first), gas)


def _signals(people: People, place, points: np.ndarray, bodies: _Bodies) -> tuple[np.ndarray, np.ndarray]:
    """Mean signal of some people over each step, and whether lack of vitamin B12 can have hurt them."""
    patient, none = people.patient[place], people.none[place]
    body = bodies.first[patient] + people.body[place]
    gas = bodies.gas[patient]
    signals = mean_signal(bodies.panel, body, none)
    if gas.any():
        signals[:, gas] = gas_signal(people.gas_rate[place][gas], points)
    signals[signals < _LEAST_SIGNAL] = 0.0
    return signals, gas | (none > bodies.panel.start[body])


def _lacking_steps(signals: np.ndarray) -> np.ndarray:
    """Return the steps until each person's signal is gone for good."""
    steps = np.zeros(signals.shape[1], dtype=np.int16)
    for number, signal in enumerate(signals, 1):
        steps[signal > 0] = number
    return steps


def _deficits(people: People, place, points: np.ndarray, signals: np.ndarray, nerves, fibres, wait: float):
    """Yield the deficits of some people at all points, of shape (compartments, people), from when they fell ill on."""
    months = people.patients["duration_months"].to_numpy()[people.patient[place]] + wait
    fibres = exposed(fibres, nerves, months).single()
    yield fibres.deficit
    yield from along(fibres, nerves.single(), signals, np.diff(points).tolist())


def _rates_of_draws(people: People) -> dict[str, np.ndarray]:
    """Rates of the middle person's nerves, for each draw of the parameters."""
    draws, scenario = people.draws, people.draws["scenario"].to_numpy()
    peripheral = np.log(2) * _WEEKS_A_MONTH / draws["half_time_weeks_peripheral_nerve"]
    loss = np.where(scenario == "early", draws["early_loss_per_month"], draws["axon_loss_per_month"])
    rates = {
        "over": scenario == "none",
        "axon_loss": np.where(scenario == "none", 0.0, loss),
        "well_over_lost": (1 - draws["axonal_share"]) / draws["axonal_share"],
        "since": np.where(scenario == "late", draws["safe_months"], 0.0),
        "until": np.where(scenario == "early", draws["early_months"], np.inf),
        "regrowth": draws["regrowth_mm_day"] * DAYS_A_MONTH / draws["nerve_length_mm"],
        "repair peripheral_nerve": peripheral,
    }
    slower = {name: draws[f"half_time_ratio_{name}"] for name in people.compartments if name != "peripheral_nerve"}
    return {
        name: np.asarray(rate, dtype=bool if name == "over" else np.float32)
        for name, rate in (rates | {f"repair {name}": peripheral / ratio for name, ratio in slower.items()}).items()
    }


def _nerves(people: People, place, middle: dict[str, np.ndarray], hurt: np.ndarray) -> tuple[Nerves, Fibres]:
    """Rates of some people's nerves, and their fibres when they fell ill; ``hurt`` by lack of vitamin B12, or not."""
    deficit, draw = np.take(people.deficit, place, axis=1), people.draw[place]
    vulnerable, pace = np.exp(people.vulnerability[place]).astype(np.float32), people.pace[place].astype(np.float32)
    months = people.patients["duration_months"].to_numpy()[people.patient[place]]

    def of(name: str) -> np.ndarray:
        return middle[name][draw]

    owed = np.stack([hurt & ~_unresponsive(people, place, name) for name in people.compartments])
    nerve = np.array([[name == "peripheral_nerve"] for name in people.compartments])
    # where the attack is over, or has another cause, the damage is there from the beginning
    there = of("over") | ~owed
    lost = np.where(there & of("over"), deficit / (1 + of("well_over_lost") / vulnerable), 0.0)
    repair = owed * np.stack([of(f"repair {name}") for name in people.compartments]) / pace
    nerves = Nerves(
        attack=np.where(there, 0.0, attack_rate(deficit, months)),
        axon_loss=owed * (of("axon_loss") * vulnerable),
        repair=repair,
        regrowth=np.minimum(owed * nerve * of("regrowth"), repair),  # an axon without myelin is still to be repaired
        since=of("since"),
        until=of("until"),
    )
    return nerves, Fibres(np.where(there, deficit - lost, 0.0), lost, np.zeros(deficit.shape[1]))


def _unresponsive(people: People, place, compartment: str) -> np.ndarray:
    """Whose memory would not respond: controlled comparisons found no effect. People without symptoms have none."""
    if compartment != "cognition":
        return np.zeros(len(people.draw[place]), dtype=bool)
    severity = np.array([[*SEVERITIES, "none"].index(name) for name in people.patients["severity"]])
    shares = [people.draws[f"unresponsive_{name}_share"].to_numpy() for name in SEVERITIES]
    shares = np.stack([*shares, np.zeros(len(people.draws))])
    return people.responds[place] < shares[severity[people.patient[place]], people.draw[place]]
