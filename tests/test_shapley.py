"""Shares averaged over orders: a case of three causes by hand, and what must hold of any."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.shapley import average, sequential, subsets

#: Sums of a few numbers of order 1.
ROUNDING = 1e-12
STEADY = settings(derandomize=True, deadline=None, max_examples=40)
worths = st.integers(1, 4).flatmap(
    lambda causes: st.lists(st.floats(-1, 1), min_size=2**causes - 1, max_size=2**causes - 1).map(
        lambda values: np.array([0.0, *values])
    )
)


def test_three_causes_by_hand():
    # a, b, c alone take away 40, 30, 10; a and b 50, a and c 50, b and c 40; all of them 60.
    # a: first in two of six orders (40), after b (20), after c (40), last in two (60 - 40 = 20): 180 / 6 = 30
    # b: first twice (30), after a (10), after c (30), last twice (60 - 50 = 10): 120 / 6 = 20
    # c: first twice (10), after a (10), after b (10), last twice (60 - 50 = 10): 60 / 6 = 10
    worth = np.array([0, 40, 30, 10, 50, 50, 40, 60])
    assert subsets(3)[1:] == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert average(worth) == pytest.approx([30, 20, 10], abs=ROUNDING)
    assert sorted(sequential(worth, 0)[0].tolist()) == [20, 20, 40, 40]


@STEADY
@given(worth=worths)
def test_shares_are_averages_over_every_order_and_sum_to_what_all_take_away(worth):
    causes = len(worth).bit_length() - 1
    of = dict(zip(subsets(causes), worth, strict=True))
    by_order = np.zeros(causes)
    orders = list(permutations(range(causes)))
    for order in orders:
        for place, cause in enumerate(order):
            gained = of[tuple(sorted(order[: place + 1]))] - of[tuple(sorted(order[:place]))]
            by_order[cause] += gained / len(orders)
    assert average(worth) == pytest.approx(by_order, abs=ROUNDING)
    assert average(worth).sum() == pytest.approx(worth[-1], abs=ROUNDING)


@STEADY
@given(worth=worths, causes=st.integers(2, 4))
def test_causes_that_do_the_same_share_alike_and_one_that_does_nothing_has_no_share(worth, causes):
    alike = np.array([worth[min(len(of), len(worth) - 1)] for of in subsets(causes)])  # by the number of causes alone
    assert average(alike) == pytest.approx([alike[-1] / causes] * causes, abs=ROUNDING)
    idle = np.array([alike[len(set(of) - {0})] for of in subsets(causes)])  # cause 0 adds nothing
    assert average(idle)[0] == pytest.approx(0, abs=ROUNDING)


def test_further_dimensions_are_divided_each_by_itself():
    worth = np.array([[0, 0], [5, 1], [4, 1], [6, 1]])
    assert average(worth).tolist() == [[3.5, 0.5], [2.5, 0.5]]
