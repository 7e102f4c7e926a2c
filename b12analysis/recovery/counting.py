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
    people: People, months: Sequence[float], regimen: str, *, wait: float = 0.0, memory_alone: bool = False
) -> np.ndarray:
    """Deficits over all compartments that are hit, of shape (len(months), people).

    The mean, weighted by how much each is hit in the profile: when treatment starts it is ``people.level``. Cognition
    counts in the cognitive profile alone: in the others it is a small part, and most people's memory loss has another
    cause, which would keep them from ever being counted as recovered.

    Parameters
    ----------
    people, months, regimen, wait
        As of :func:`b12analysis.recovery.course.follow`.
    memory_alone : bool
        Whether cognition is all that counts.
    """
    is_memory = np.array([float(name == "cognition") for name in people.compartments])
    weights = pd.DataFrame([1 - is_memory, is_memory], columns=people.compartments)
    nerves, memory = follow(people, months, regimen, weights=weights, wait=wait)
    counts = np.array([float(not memory_alone), 1.0]) * np.ones((len(people.patients), 1))
    counts[:, 1] = people.patients["profile"] == "cognitive"
    hit = involvement().loc[people.patients["profile"], people.compartments].to_numpy() @ weights.to_numpy().T
    each = counts[people.patient].T
    return (nerves * each[0] + memory * each[1]) / (hit * counts).sum(axis=1)[people.patient]


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
