"""Nerve fibres while vitamin B12 is lacking and afterwards: the equations, and their two exact moves.

Of the fibres of a compartment, D have lost their myelin, which comes back; P have lost their axons,
which grow back slowly in nerve and not at all in the cord; H = 1 - D - P are well. With the signal u, which is 1
while vitamin B12 is lacking and 0 when it no longer is,

    dD/dt = k u H - a u D - r (1 - u) D
    dP/dt =         a u D - g (1 - u) P

k: attack; a: loss of bare axons; r: repair of myelin; g: regrowth of axons; all a month. Where the signal is full or
gone this has a simple exact solution: :func:`exposed` and :func:`repaired`. A step with a signal between is the two one
after the other, each for its share of the time.

Bare axons are lost only between ``since`` and ``until`` months of exposure; the scenarios differ in which.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Fibres", "Nerves", "attack_rate", "exposed", "repaired", "under"]


@dataclass(frozen=True)
class Fibres:
    """State of the fibres, as shares of all; the last axis of each array is people.

    Attributes
    ----------
    bare : array
        Without myelin.
    lost : array
        Without axon.
    exposure : array
        Months that they have been exposed.
    """

    bare: np.ndarray
    lost: np.ndarray
    exposure: np.ndarray

    @property
    def deficit(self) -> np.ndarray:
        """Share of fibres that do not work."""
        return self.bare + self.lost

    def take(self, places) -> Fibres:
        """Return the fibres of some people."""
        return Fibres(**{name: value[..., places] for name, value in vars(self).items()})

    def put(self, places, some: Fibres) -> Fibres:
        """Return these fibres with those of some people replaced."""
        copies = {name: value.copy() for name, value in vars(self).items()}
        for name, values in copies.items():
            values[..., places] = getattr(some, name)
        return Fibres(**copies)


@dataclass(frozen=True)
class Nerves:
    """Rates of the fibres of virtual people, a month; arrays of the shape of :class:`Fibres`.

    Attributes
    ----------
    attack, axon_loss, repair, regrowth : array
        The rates k, a, r and g.
    since, until : array
        Months of exposure between which bare axons are lost.
    kept : dict
        What :meth:`healing_over` has found.
    """

    attack: np.ndarray
    axon_loss: np.ndarray
    repair: np.ndarray
    regrowth: np.ndarray
    since: np.ndarray
    until: np.ndarray
    kept: dict[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def healing(self, months) -> tuple[np.ndarray, np.ndarray]:
        """Share of the bare, and of the lost, that is left after months without a signal."""
        return np.exp(-self.repair * months), np.exp(-self.regrowth * months)

    def healing_over(self, months: float) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`healing`, kept: most steps are a month."""
        if months not in self.kept:
            self.kept[months] = self.healing(months)
        return self.kept[months]

    def take(self, places) -> Nerves:
        """Return the nerves of some people."""
        return Nerves(**{name: value[..., places] for name, value in vars(self).items() if name != "kept"})


def attack_rate(deficit, months):
    """Rate of attack, a month, that takes fibres from none hit to this deficit in these months.

    Examples
    --------
    >>> float(attack_rate(0.5, 6) * 6 / np.log(2))
    1.0
    """
    return -np.log1p(-deficit) / months


def exposed(fibres: Fibres, nerves: Nerves, months) -> Fibres:
    """Fibres after months with the full signal.

    Examples
    --------
    Without loss of axons half of the fibres are hit in a half-time of the attack:

    >>> zero, one = np.zeros(1), np.ones(1)
    >>> nerves = Nerves(np.log(2) * one, zero, one, zero, zero, np.inf * one)
    >>> exposed(Fibres(zero, zero, zero), nerves, 1.0).bare.round(3).tolist()
    [0.5]
    """
    months = np.broadcast_to(months, fibres.exposure.shape)
    safe = np.clip(nerves.since - fibres.exposure, 0.0, months)
    lossy = np.clip(nerves.until - fibres.exposure, 0.0, months) - safe
    after = _attacked(fibres, nerves, months, lossy > 0)
    torn = np.flatnonzero((lossy > 0) & (lossy < months))  # axons are lost in part of these months
    if not len(torn):
        return after
    some, rates = fibres.take(torn), nerves.take(torn)
    for length, loses in [(safe, False), (lossy, True), (months - safe - lossy, False)]:
        some = _attacked(some, rates, length[torn], loses)
    return after.put(torn, some)


def _attacked(fibres: Fibres, nerves: Nerves, months, loses) -> Fibres:
    """Fibres after months in all of which bare axons are lost (``loses``), or in none."""
    well = 1 - fibres.bare - fibres.lost
    hit, gone = nerves.attack * months, nerves.axon_loss * (loses * months)
    still_well, kept = np.exp(-hit), np.exp(-gone)
    # mean of exp(-hit s - gone (1 - s)) over s from 0 to 1; where the two are almost equal, either
    faster = hit - gone
    mean = np.divide(kept - still_well, faster, out=still_well.copy(), where=np.abs(faster) > 1e-8)
    bare = fibres.bare * kept + well * hit * mean
    return Fibres(bare, 1 - well * still_well - bare, fibres.exposure + months)


def repaired(fibres: Fibres, nerves: Nerves, months) -> Fibres:
    """Fibres after months without a signal.

    Examples
    --------
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> nerves = Nerves(zero, zero, np.log(2) * one, zero, zero, np.inf * one)
    >>> after = repaired(Fibres(0.4 * one, 0.1 * one, one), nerves, 2.0)
    >>> after.bare.round(3).tolist(), after.lost.tolist()
    ([0.1], [0.1])
    """
    return _healed(fibres, nerves.healing(months))


def _healed(fibres: Fibres, left: tuple[np.ndarray, np.ndarray]) -> Fibres:
    return Fibres(fibres.bare * left[0], fibres.lost * left[1], fibres.exposure)


def under(fibres: Fibres, nerves: Nerves, signal, months) -> Fibres:
    """Fibres after months in which the signal is on average this high.

    Half of the time without a signal comes before the time with it and half after: the error of a step is of second
    order in its length, and none where the signal is 0 or 1.
    """
    signal = np.broadcast_to(signal, fibres.exposure.shape)
    lacking = np.flatnonzero(signal > 0)
    if len(lacking) > len(signal) / 2:
        return _split(fibres, nerves, signal, months)
    after = _healed(fibres, nerves.healing_over(months))
    if not len(lacking):
        return after
    return after.put(lacking, _split(fibres.take(lacking), nerves.take(lacking), signal[lacking], months))


def _split(fibres: Fibres, nerves: Nerves, signal: np.ndarray, months: float) -> Fibres:
    if np.all(signal == 1):
        return exposed(fibres, nerves, months)
    left = nerves.healing((1 - signal) * (months / 2))
    return _healed(exposed(_healed(fibres, left), nerves, signal * months), left)
