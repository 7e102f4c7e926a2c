"""From deficits to outcomes: whom a doctor would count as recovered, and whom not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from b12analysis.recovery.course import People, follow
from b12analysis.recovery.patients import involvement

__all__ = ["OUTCOMES", "counted", "overall"]

#: Outcomes that exclude each other and add up to everybody.
OUTCOMES = ("complete", "half", "lasting")


def overall(
    people: People, months: Sequence[float], regimen: str, *, wait: float = 0.0, only: str | None = None
) -> np.ndarray:
    """Deficits over all compartments that are hit, or of one, of shape (len(months), people).

    The mean, weighted by how much each is hit in the profile: when treatment starts it is ``people.level``.
    """
    every = pd.DataFrame([[float(only in (None, name)) for name in people.compartments]], columns=people.compartments)
    shares = involvement().loc[people.patients["profile"], people.compartments].to_numpy() * every.to_numpy()
    return follow(people, months, regimen, weights=every, wait=wait)[0] / shares.sum(axis=1)[people.patient]


def counted(what: str, before: np.ndarray, after: np.ndarray, people: People) -> np.ndarray:
    """Whether each person counts as this outcome.

    Complete: what is left is not noticed, and at least half is gone, so that nobody recovers from a deficit that was
    too small to be noticed. Half: at least half is gone, but not all. Lasting: less than half is gone.
    Any change: enough is gone to be called an improvement. Disabled: more is left than counts as mild.
    """
    half = after <= before / 2
    complete = half & (after < people.drawn("noticed_deficit"))
    improved = after <= before * (1 - people.drawn("response_share"))
    return {
        "complete": complete,
        "half": half & ~complete,
        "lasting": ~half,
        "at_least_half": half,
        "any_change": improved,
        "no_change": ~improved,
        "disabled": after > people.drawn("disabling_deficit"),
    }[what]
