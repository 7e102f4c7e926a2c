"""Nerve fibres while vitamin B12 is lacking and afterwards: the equations, and their two exact moves.

Of the fibres of a compartment, D have lost their myelin, which comes back; P have lost their axons,
which grow back slowly in nerve and not at all in the cord; H = 1 - D - P are well. With the signal u, which is 1
while vitamin B12 is lacking and 0 when it no longer is,

    dD/dt = k u H - a u D - r (1 - u) D
    dP/dt =         a u D - g (1 - u) P

k: attack; a: loss of bare axons; r: repair of myelin; g: regrowth of axons; all a month. Where the signal is full or
gone this has a simple exact solution: :func:`exposed` and :func:`repaired`. A step with a signal between is the two one
after the other, each for its share of the time. All are as precise as the arrays that they are given: single precision
is twice as fast.

Bare axons are lost only between ``since`` and ``until`` months of exposure; the scenarios differ in which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Fibres", "Nerves", "along", "attack_rate", "exposed", "repaired", "under"]


#: In place of nothing where it is divided by.
_TINY = 1e-30


class _People:
    """Arrays whose last axis is people."""

    def take(self, places):
        """Return those of some people."""
        return type(self)(*(np.take(value, places, axis=-1) for value in vars(self).values()))

    def single(self):
        """Return them in single precision."""
        return type(self)(*(value.astype(np.float32) for value in vars(self).values()))


@dataclass(frozen=True)
class Fibres(_People):
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

    def put(self, places, some: Fibres) -> None:
        """Replace the fibres of some people."""
        for name, values in vars(self).items():
            values[..., places] = getattr(some, name)


@dataclass(frozen=True)
class Nerves(_People):
    """Rates of the fibres of virtual people, a month; arrays of the shape of :class:`Fibres`.

    Attributes
    ----------
    attack, axon_loss, repair, regrowth : array
        The rates k, a, r and g.
    since, until : array
        Months of exposure between which bare axons are lost.
    """

    attack: np.ndarray
    axon_loss: np.ndarray
    repair: np.ndarray
    regrowth: np.ndarray
    since: np.ndarray
    until: np.ndarray

    def healing(self, months) -> tuple[np.ndarray, np.ndarray]:
        """Share of the bare, and of the lost, that is left after months without a signal."""
        passed = -months
        return np.exp(self.repair * passed), np.exp(self.regrowth * passed)


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
    for length, loses in [(safe[torn], False), (lossy[torn], True), ((months - safe - lossy)[torn], False)]:
        if length.any():
            some = _attacked(some, rates, length, loses)
    after.put(torn, some)
    return after


def _attacked(fibres: Fibres, nerves: Nerves, months, loses) -> Fibres:
    """Fibres after months in all of which bare axons are lost (``loses``), or in none."""
    well = 1 - fibres.deficit
    hit, gone = nerves.attack * months, nerves.axon_loss * (loses * months)
    still_well, kept = np.exp(-hit), np.exp(-gone)
    # mean of exp(-hit s - gone (1 - s)) over s from 0 to 1, which keeps its digits where the two are almost equal
    apart = -np.maximum(np.abs(hit - gone), _TINY)
    mean = np.maximum(still_well, kept) * (np.expm1(apart) / apart)
    bare = fibres.bare * kept + well * hit * mean
    lost = fibres.lost + (fibres.bare + well * (1 - still_well) - bare)
    return Fibres(bare, lost, fibres.exposure + months)


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
    left = nerves.healing((1 - signal) * (months / 2))
    return _healed(exposed(_healed(fibres, left), nerves, signal * months), left)


def along(fibres: Fibres, nerves: Nerves, signals: np.ndarray, months: list[float]) -> Iterator[np.ndarray]:
    """Yield the deficits after each step of so many months; the signals are of the first, the others have none."""
    for signal, length in zip(signals, months, strict=False):
        fibres = under(fibres, nerves, signal, length)
        yield fibres.deficit
    healing = {length: nerves.healing(length) for length in set(months[len(signals) :])}  # most are a month
    for length in months[len(signals) :]:
        fibres = _healed(fibres, healing[length])
        yield fibres.deficit
