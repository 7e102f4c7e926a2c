"""Virtual patients from the start of treatment on: who they are, and what their nerves do."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.recovery.draws import layout, noise, seed_of, spread_out
from b12analysis.recovery.nerves import Fibres, Nerves, attack_rate, exposed, under
from b12analysis.recovery.patients import SEVERITIES, SIGNS, involvement
from b12analysis.recovery.signal import BODIES, DAYS_A_MONTH, is_gas, mesh, seen, signal

__all__ = ["People", "follow", "people_like", "start_of"]

#: People whose nerves are followed at a time: few enough to stay in the processor's cache.
_BLOCK = 4096
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
        Deficit of the compartment hit most; ln axon loss against the median; half-time against the median; active tissue
        at which the signal is gone, ln ug.
    other_cause : array of shape (compartments, people)
        Whether what they have is not from lack of vitamin B12, so that treatment does nothing for it.
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
    patients: pd.DataFrame, draws: pd.DataFrame, n: int, rng, *, each: int | None = None, series: str = "another"
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
    """
    from scipy.special import ndtri

    seed = seed_of(rng)
    rows, used = layout(len(patients), n, len(draws), each)
    draw, patient = rows.ravel(), np.repeat(np.arange(len(patients)), n)

    def even(name: str) -> np.ndarray:
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
        shares.to_numpy().T[:, patient] * level,
        level,
        vulnerability,
        np.exp(of["half_time_sd"] * ndtri(even("pace")) + case_mix["pace"]),
        none,
        np.log(2) * DAYS_A_MONTH / of["gas_half_time_days"],
        even("responds"),
        (BODIES * noise(seed, "body", len(patient))).astype(int),
        seed,
    )


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
    places = [slice(first, first + block) for first in range(0, len(people.patient), block)]
    points = mesh(months)
    kept = np.searchsorted(points, months)
    panels, kind = _panels(people, regimen, points)

    def fill(place: slice) -> None:
        courses = _block(people, place, points, panels, kind, wait)[kept]
        out[:, :, place] = np.tensordot(weights.to_numpy(), courses, axes=(1, 1))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill, places))
    return out


def _serum(patients: pd.DataFrame) -> pd.Series:
    """Serum at which bodies start: a group's own where it is known, else that of the cause; of the gas nothing."""
    usual = patients["cause"].map(load("recovery_causes").set_index("cause")["start_serum_pmol_l"].astype(float))
    return patients["serum_pmol_l"].fillna(usual) if "serum_pmol_l" in patients else usual


def _panels(people: People, regimen: str, points: np.ndarray) -> tuple[list[np.ndarray | None], np.ndarray]:
    """Panels of bodies, none for a gas, and which of them each profile's people take theirs from."""
    causes = people.patients["cause"].tolist()
    starts = [
        None if is_gas(cause) else (cause, serum) for cause, serum in zip(causes, _serum(people.patients), strict=True)
    ]
    kinds = list(dict.fromkeys(starts))
    months = tuple(points.tolist())
    return [start and seen(*start, regimen, months, people.seed) for start in kinds], np.array(
        [kinds.index(start) for start in starts]
    )


def _block(
    people: People, place: slice, points: np.ndarray, panels: list[np.ndarray | None], kind: np.ndarray, wait: float
) -> np.ndarray:
    """Deficits of some people at all points, of shape (points, compartments, people)."""
    signals, hurt = _signals(people, place, points, panels, kind[people.patient[place]])
    nerves, before = _nerves(people, place, hurt)
    months = people.patients["duration_months"].to_numpy()[people.patient[place]] + wait
    fibres = exposed(before, nerves, months)
    out = np.empty((len(points), *fibres.bare.shape))
    out[0] = fibres.deficit
    for step in range(1, len(points)):
        mean = (signals[step - 1] + signals[step]) / 2
        fibres = under(fibres, nerves, mean, points[step] - points[step - 1])
        out[step] = fibres.deficit
    return out


def _signals(people: People, place: slice, points: np.ndarray, panels: list[np.ndarray | None], kind: np.ndarray):
    """Signal of some people at all points, and whether lack of vitamin B12 can have hurt them."""
    signals = np.empty((len(points), len(kind)))
    for number, panel in enumerate(panels):
        who = np.flatnonzero(kind == number)
        if panel is None:
            signals[:, who] = np.exp(-np.outer(points, people.gas_rate[place][who]))
        else:
            signals[:, who] = signal(panel[:, people.body[place][who]], people.none[place][who])
    return np.where(signals < 1e-4, 0.0, signals), signals[0] > 0


def _nerves(people: People, place: slice, hurt: np.ndarray) -> tuple[Nerves, Fibres]:
    """Rates of some people's nerves, and their fibres when they fell ill."""
    deficit = people.deficit[:, place]
    scenario = people.drawn("scenario", place)
    vulnerable = people.vulnerability[place]

    def of(name: str) -> np.ndarray:
        return people.drawn(name, place)

    over = scenario == "none"
    months = people.patients["duration_months"].to_numpy()[people.patient[place]]
    share = of("axonal_share")
    at_attack = np.where(over, 1 / (1 + (1 - share) / share * np.exp(-vulnerable)), 0.0)
    steady = np.where(scenario == "early", of("early_loss_per_month"), of("axon_loss_per_month"))
    axon_loss = np.where(over, 0.0, steady * np.exp(vulnerable))
    since = np.where(scenario == "late", of("safe_months"), 0.0)
    until = np.where(scenario == "early", of("early_months"), np.inf)
    owed = np.stack([hurt & ~_unresponsive(people, place, name) for name in people.compartments])
    repair = np.log(2) * _WEEKS_A_MONTH / (of("half_time_weeks_peripheral_nerve") * people.pace[place])
    regrowth = of("regrowth_mm_day") * DAYS_A_MONTH / of("nerve_length_mm")
    rates = np.stack(
        [repair / (1 if name == "peripheral_nerve" else of(f"half_time_ratio_{name}")) for name in people.compartments]
    )
    grow = np.stack([regrowth * (name == "peripheral_nerve") for name in people.compartments])
    attack = np.where(over, 0.0, attack_rate(deficit, months))
    # where the attack is over, or has another cause, the damage is there from the beginning
    there = over | ~owed
    nerves = Nerves(
        np.where(there, 0.0, attack),
        np.where(owed, axon_loss, 0.0),
        np.where(owed, rates, 0.0),
        np.where(owed, grow, 0.0),
        since,
        until,
    )
    lost = np.where(there, at_attack * deficit, 0.0)
    return nerves, Fibres(np.where(there, deficit - lost, 0.0), lost, np.zeros(deficit.shape[1]))


def _unresponsive(people: People, place: slice, compartment: str) -> np.ndarray:
    """Whose memory would not respond: controlled comparisons found no effect."""
    if compartment != "cognition":
        return np.zeros(len(people.draw[place]), dtype=bool)
    severity = people.patients["severity"].to_numpy()[people.patient[place]]
    share = np.select(
        [severity == name for name in SEVERITIES],
        [people.drawn(f"unresponsive_{name}_share", place) for name in SEVERITIES],
    )
    return people.responds[place] < share
