"""Errors that help: what passes, what is refused, and in which words."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import (
    InputError,
    check_choice,
    check_columns,
    check_count,
    check_level,
    check_range,
    check_rng,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
same_every_time = settings(deadline=None, derandomize=True)


def refused(message: str):
    """Expect exactly this message."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}$")


def test_an_input_error_is_a_value_error_so_that_callers_need_not_know_it():
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize("value", ["ppi", "vegans", "metformin"])
def test_a_value_among_the_choices_passes(value):
    assert check_choice("group", value, ["ppi", "vegans", "metformin"]) is None


def test_choices_need_not_be_text():
    check_choice("draws", 1000, [100, 1000])
    with refused("draws=10 is not known (did you mean 100?); choose one of 100, 1000"):
        check_choice("draws", 10, [100, 1000])


def test_a_generator_of_choices_is_read_only_once():
    with refused("group='x' is not known; choose one of 'ppi', 'vegans'"):
        check_choice("group", "x", (group for group in ("ppi", "vegans")))


def test_a_misspelt_value_is_answered_with_the_nearest_choice():
    with refused("group='vegan' is not known (did you mean 'vegans'?); choose one of 'ppi', 'vegans'"):
        check_choice("group", "vegan", ["ppi", "vegans"])


def test_the_nearest_choice_is_found_in_other_case():
    with refused("currency='gbp' is not known (did you mean 'GBP'?); choose one of 'CAD', 'GBP'"):
        check_choice("currency", "gbp", ["CAD", "GBP"])


def test_a_value_near_nothing_gets_no_hint():
    with refused("group='children' is not known; choose one of 'ppi', 'vegans'"):
        check_choice("group", "children", ["ppi", "vegans"])


def test_the_message_loses_none_of_the_choices():
    choices = ["count", "density", "percent", "probability", "frequency"]
    shown = "'count', 'density', 'percent', 'probability', 'frequency'"
    with refused(f"stat='zzz' is not known; choose one of {shown}"):
        check_choice("stat", "zzz", choices)


def test_where_there_is_no_choice_the_message_says_so():
    with refused("table='surveys' is not known; choose one of nothing: there is no choice"):
        check_choice("table", "surveys", [])


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_both_ends_of_a_range_belong_to_it(value):
    assert check_range("level", value, 0, 1) is None


@pytest.mark.parametrize(
    ("value", "limits", "words"),
    [
        (95, (0, 1), "at least 0 and at most 1"),
        (-1, (0, 1), "at least 0 and at most 1"),
        (0, (1, None), "at least 1"),
        (1.5, (None, 1), "at most 1"),
        (0.04, (0.05, 0.2), "at least 0.05 and at most 0.2"),
    ],
)
def test_a_number_out_of_range_is_refused_with_the_limits_that_there_are(value, limits, words):
    with refused(f"level={value!r} is out of range; it must be {words}"):
        check_range("level", value, *limits)


@pytest.mark.parametrize("value", [None, "3", pd.NA, [3]])
def test_what_is_no_number_is_outside_every_range(value):
    with refused(f"age={value!r} is not a number; it must be at least 0"):
        check_range("age", value, 0)
    with refused(f"age={value!r} is not a number; it must be a number"):
        check_range("age", value)
    with pytest.raises(InputError, match=r"^level=.* is out of range; it must be above 0 and below 1"):
        check_level(value)


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers(value):
    with refused(f"level={value!r} is not a number; it must be at least 0 and at most 10000000"):
        check_range("level", value, 0, 10**7)
    with refused(f"n={value!r} is not a number; it must be at least 1"):
        check_count("n", value)


@pytest.mark.parametrize("rng", [None, 0, 2**80, np.int64(3), np.random.default_rng(1)])
def test_a_seed_is_a_whole_number_or_a_generator(rng):
    check_rng(rng)
    np.random.default_rng(rng)


@pytest.mark.parametrize("rng", ["1", 1.5, 1.0, -1, True, [1], np.random.RandomState(1)])
def test_what_is_no_seed_is_refused(rng):
    with refused(f"rng={rng!r} is no seed; give a whole number of at least 0, a numpy Generator or None"):
        check_rng(rng)


def test_how_like_a_choice_must_be_to_be_asked_after_can_be_said():
    with refused("drug='methyl' is not known (did you mean 'ethyl'?); choose one of 'ethyl'"):
        check_choice("drug", "methyl", ["ethyl"])
    with refused("drug='methyl' is not known; choose one of 'ethyl'"):
        check_choice("drug", "methyl", ["ethyl"], likeness=0.95)


@pytest.mark.parametrize("value", [1, 1000, np.int64(3)])
def test_a_count_is_a_whole_number_of_at_least_1(value):
    check_count("n", value)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [(2.5, "not a whole number"), (100.0, "not a whole number"), (0, "out of range"), (None, "not a number")],
)
def test_what_is_no_count_is_refused(value, wrong):
    with refused(f"n={value!r} is {wrong}; it must be at least 1"):
        check_count("n", value)


def test_a_missing_number_is_outside_every_range():
    with refused("level=nan is out of range; it must be at least 0 and at most 1"):
        check_range("level", float("nan"), 0, 1)
    with refused("level=nan is out of range; it must be a number"):
        check_range("level", float("nan"))


@same_every_time
@given(numbers)
def test_every_number_is_in_the_range_without_limits(value):
    check_range("level", value)


@same_every_time
@given(numbers, numbers, numbers)
def test_a_number_passes_exactly_when_it_lies_between_the_limits(value, minimum, maximum):
    if minimum <= value <= maximum:
        check_range("level", value, minimum, maximum)
    else:
        with pytest.raises(InputError, match="out of range"):
            check_range("level", value, minimum, maximum)


@pytest.mark.parametrize("needed", [[], ["n"], ["cases", "n"]])
def test_columns_that_are_there_pass(needed):
    assert check_columns("studies", ["n", "cases", "year"], needed) is None


def test_one_column_that_lacks_is_named_with_those_that_are_there():
    with refused("studies lacks column 'cases'; it has 'n', 'year'"):
        check_columns("studies", ["n", "year"], ["cases", "n"])


def test_all_columns_that_lack_are_named_in_the_order_in_which_they_are_needed():
    with refused("studies lacks columns 'upper', 'lower'; it has 'estimate'"):
        check_columns("studies", ["estimate"], ["upper", "estimate", "lower"])


def test_a_table_without_columns_has_none():
    with refused("studies lacks column 'n'; it has none"):
        check_columns("studies", [], ["n"])


def test_columns_may_be_named_by_whatever_gives_their_names():
    check_columns("table", {"country": 1, "group": 2}, iter(["group"]))
