"""A step of the body in time, solved exactly: from one state to the next without doses between."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from b12analysis.kinetics.body import FORMS, Body, State

__all__ = ["Step"]


class Step:
    """The exact solution over a step of some days: call it with a state to get the next.

    Each coefficient is an integral of two exponentials, written so that it keeps its digits where two rates are equal;
    ``days`` may differ between people.
    """

    def __init__(self, body: Body, days) -> None:
        drains = {form: body.people[f"drain_{form.removeprefix('im_')}_per_day"] for form in FORMS}
        self.drained = {form: np.exp(-drain * days) for form, drain in drains.items()}
        self.kept, self.fed, self.from_injected = [], [], []
        for rate, share in zip(body.rates, body.shares, strict=True):
            self.kept.append(np.exp(-rate * days))
            self.fed.append(share * body.food * _overlap(0.0, rate, days))
            self.from_injected.append(
                {form: share * drain * _overlap(rate, drain, days) for form, drain in drains.items()}
            )
        self.following = {
            name: _Following(body, drains, lag, seen, days) for name, (lag, seen) in body.followers.items()
        }

    def __call__(self, state: State) -> State:
        """Return the state one step later."""
        slow = self.kept[0] * state.slow + self.fed[0]
        fast = self.kept[1] * state.fast + self.fed[1]
        for form, amount in state.injected.items():
            slow += self.from_injected[0][form] * amount
            fast += self.from_injected[1][form] * amount
        injected = {form: self.drained[form] * amount for form, amount in state.injected.items()}
        following = {name: follow(getattr(state, name), state) for name, follow in self.following.items()}
        return State(slow, fast, **following, injected=injected)


class _Following:
    """What follows active tissue at some rate, over a step: the same integrals, with one exponential more."""

    def __init__(self, body: Body, drains: Mapping[str, np.ndarray], lag, seen, days) -> None:
        self.kept = np.exp(-lag * days)
        self.from_parts = [lag * seen * _overlap(rate, lag, days) for rate in body.rates]
        self.from_food, self.from_injected = 0.0, dict.fromkeys(drains, 0.0)
        for rate, share in zip(body.rates, body.shares, strict=True):
            self.from_food = self.from_food + lag * seen * share * body.food * _overlap_of_three(0.0, rate, lag, days)
            for form, drain in drains.items():
                both = lag * seen * share * drain * _overlap_of_three(rate, drain, lag, days)
                self.from_injected[form] = self.from_injected[form] + both

    def __call__(self, level: np.ndarray, state: State) -> np.ndarray:
        """Return its level one step later."""
        level = self.kept * level + self.from_parts[0] * state.slow + self.from_parts[1] * state.fast + self.from_food
        for form, amount in state.injected.items():
            level += self.from_injected[form] * amount
        return level


def _overlap(one, other, days):
    """Integral of exp(-one * s) * exp(-other * (days - s)) over a step; stable where the rates are equal."""
    from scipy.special import exprel

    return days * np.exp(-np.minimum(one, other) * days) * exprel(-np.abs(other - one) * days)


def _overlap_of_three(one, two, three, days):
    """Integral of exp(-one * r) * exp(-two * s) * exp(-three * t) over r + s + t = days."""
    low, middle, high = np.sort(np.broadcast_arrays(one, two, three), axis=0)
    return (_overlap(low, middle, days) - _overlap(middle, high, days)) / (high - low)
