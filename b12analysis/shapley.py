"""Shares of several causes that add up: the average over every order in which the causes could be taken away.

What the first cause takes away depends on which others are still there, so shares in one order are as arbitrary as the
order. Averaged over all orders each cause gets a share that is its own, and the shares add up to what all of them take
away together.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np

__all__ = ["MOST", "average", "sequential", "subsets"]

#: The most causes that are divided up: ten have 1,024 subsets.
MOST = 10


def subsets(causes: int) -> list[tuple[int, ...]]:
    """Every set of some causes, the empty one first: the order in which the other functions want their worth.

    Examples
    --------
    >>> subsets(2)
    [(), (0,), (1,), (0, 1)]
    """
    return [of for size in range(causes + 1) for of in combinations(range(causes), size)]


def sequential(worth: np.ndarray, cause: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what a cause adds to every set of others, and in what share of the orders just those stand before it.

    Parameters
    ----------
    worth : array
        What each set of :func:`subsets` takes away: 2 to the number of causes, in the first dimension.
    cause : int
        Number of the cause, from 0.

    Returns
    -------
    array, array
        What is added (sets of the others x the further dimensions of ``worth``), and the weights, which sum to 1.

    Examples
    --------
    >>> added, weight = sequential(np.array([0.0, 0.5, 0.4, 0.6]), 0)
    >>> added.round(3).tolist(), weight.tolist()  # 0.5 when first, 0.2 after the other
    ([0.5, 0.2], [0.5, 0.5])
    """
    causes = len(worth).bit_length() - 1
    place = {of: number for number, of in enumerate(subsets(causes))}
    before = [of for of in place if cause not in of]
    added = np.array([worth[place[tuple(sorted((*of, cause)))]] - worth[place[of]] for of in before])
    orders = [factorial(len(of)) * factorial(causes - len(of) - 1) for of in before]
    return added, np.array(orders) / factorial(causes)


def average(worth: np.ndarray) -> np.ndarray:
    """Average share of each cause; together they are what all causes take away.

    Parameters
    ----------
    worth : array
        What each set of :func:`subsets` takes away, in the first dimension; the empty set takes away nothing.

    Returns
    -------
    array
        Causes x the further dimensions of ``worth``.

    Source
    ------
    Shapley, Ann Math Stud 1953;28:307; for attributable fractions Eide and Gefeller, J Clin Epidemiol 1995;48:645.

    Examples
    --------
    >>> average(np.array([0.0, 0.5, 0.4, 0.6])).round(3).tolist()
    [0.35, 0.25]
    """
    causes = len(worth).bit_length() - 1
    parts = [sequential(worth, cause) for cause in range(causes)]
    return np.array([np.tensordot(weight, added, axes=1) for added, weight in parts])
