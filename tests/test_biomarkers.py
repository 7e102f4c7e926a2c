"""Status from serum B12: hand-worked values, refusals, and what must hold for any values."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.biomarkers import STATUS_LEVELS, status
from b12analysis.evidence import load

levels = st.floats(min_value=0, max_value=5000, allow_subnormal=False) | st.integers(min_value=0, max_value=400)
same_every_time = settings(deadline=None, derandomize=True)


def refused(message: str):
    """Expect exactly this message."""
    return pytest.raises(InputError, match=f"^{re.escape(message)}$")


def test_whole_numbers_get_the_status_worked_by_hand():
    given_ = [0, 100, 147, 148, 149, 220, 221, 222, 1000]
    assert status(given_).tolist() == ["deficient"] * 3 + ["marginal"] * 4 + ["adequate"] * 2


def test_marginal_begins_at_148_and_ends_with_221():
    assert status([147.99, 148.0, 221.0, 221.01]).tolist() == ["deficient", "marginal", "marginal", "adequate"]


def test_200_pg_ml_is_deficient_and_300_pg_ml_is_adequate_as_in_the_survey_files():
    assert status([147.6, 221.4]).tolist() == ["deficient", "adequate"]


def test_the_cut_offs_can_be_others():
    assert status([117, 118, 148, 150], deficient=118, marginal=148).tolist() == [
        "deficient",
        "marginal",
        "marginal",
        "adequate",
    ]


def test_with_one_cut_off_only_the_value_on_it_is_marginal():
    assert status([147, 148, 149], deficient=148, marginal=148).tolist() == ["deficient", "marginal", "adequate"]


def test_status_is_an_ordered_category_with_all_three_levels_even_if_one_does_not_occur():
    result = status([110, 420])
    assert result.cat.categories.tolist() == STATUS_LEVELS == ["deficient", "marginal", "adequate"]
    assert result.cat.ordered
    assert (result < "adequate").tolist() == [True, False]
    assert result.name == "status"


@pytest.mark.parametrize(
    "values",
    [
        [110, None, 420],
        [110, float("nan"), 420],
        [110, pd.NA, 420],
        (110.0, None, 420.0),
        np.array([110, np.nan, 420]),
        pd.Series([110, None, 420], dtype="Int64"),
        pd.Series([110, None, 420], dtype="Float64"),
    ],
)
def test_a_missing_value_stays_missing_and_is_not_called_adequate(values):
    result = status(values)
    assert result.isna().tolist() == [False, True, False]
    assert result.dropna().tolist() == ["deficient", "adequate"]


@pytest.mark.parametrize(
    "values", [[180, 110], (180, 110), np.array([180, 110]), range(180, 109, -70), iter([180, 110])]
)
def test_any_iterable_of_numbers_will_do(values):
    result = status(values)
    assert result.tolist() == ["marginal", "deficient"]
    assert result.index.tolist() == [0, 1]


def test_no_values_give_no_status():
    result = status([])
    assert len(result) == 0
    assert result.cat.categories.tolist() == STATUS_LEVELS


def test_a_series_keeps_its_index_and_is_not_changed():
    values = pd.Series([420, 110], index=["second", "first"], name="b12_pmol_l")
    before = values.copy()
    assert status(values).to_dict() == {"second": "adequate", "first": "deficient"}
    pd.testing.assert_series_equal(values, before)


@pytest.mark.parametrize("given_", [[110, -5], pd.Series([None, 110, -5, -7], dtype="Int64")])
def test_a_negative_level_is_refused_with_the_first_of_them(given_):
    with refused("b12_pmol_l=-5 is negative; serum B12 is given in pmol/L"):
        status(given_)


@pytest.mark.parametrize("given_", [-5, 180.0, None, "180", ["low"], [180, "low"], [[180]]])
def test_what_is_no_list_of_numbers_is_refused(given_):
    with refused(f"b12_pmol_l={given_!r} is no list of numbers, such as [180]"):
        status(given_)


@pytest.mark.parametrize(
    ("deficient", "marginal", "shown"),
    [
        (221, 148, "deficient=221 and marginal=148"),
        (0, 221, "deficient=0 and marginal=221"),
        (-1, 221, "deficient=-1 and marginal=221"),
        (float("nan"), 221, "deficient=nan and marginal=221"),
        (148, float("nan"), "deficient=148 and marginal=nan"),
    ],
)
def test_cut_offs_out_of_order_are_refused(deficient, marginal, shown):
    with refused(f"{shown} must satisfy 0 < deficient <= marginal"):
        status([110], deficient=deficient, marginal=marginal)


def test_cut_offs_are_named_so_that_they_cannot_be_mixed_up():
    with pytest.raises(TypeError, match="positional argument"):
        status([110], 148, 221)


def test_status_calls_the_same_people_deficient_and_marginal_as_the_table_of_definitions():
    people = pd.DataFrame({"b12_pmol_l": np.arange(0, 400.25, 0.25)})
    result = status(people["b12_pmol_l"])
    rules = load("biomarkers").set_index("definition")["rule"]
    for definition, level in {"b12_148": "deficient", "b12_marginal_221": "marginal"}.items():
        assert result.index[result == level].tolist() == people.query(rules[definition]).index.tolist()


@same_every_time
@given(levels, levels)
def test_a_higher_level_never_gives_a_lower_status(one, other):
    low, high = status([min(one, other), max(one, other)]).cat.codes
    assert low <= high


@same_every_time
@given(levels, st.floats(min_value=1, max_value=300), st.floats(min_value=1, max_value=300))
def test_a_stricter_cut_off_never_finds_more_deficient_people(level, one, other):
    strict, wide = sorted([one, other])
    found = [status([level], deficient=cut, marginal=300)[0] == "deficient" for cut in (strict, wide)]
    assert found != [True, False]


@same_every_time
@given(st.lists(st.none() | levels), st.data())
def test_the_index_is_kept_and_exactly_the_missing_values_are_missing(values, data):
    index = data.draw(st.lists(st.integers(), min_size=len(values), max_size=len(values)))
    series = pd.Series(values, index=index, dtype="Float64")
    result = status(series)
    assert result.index.tolist() == index
    assert result.isna().tolist() == [value is None for value in values]


@same_every_time
@given(st.lists(levels, min_size=1))
def test_the_status_of_a_value_does_not_depend_on_its_neighbours(values):
    assert status(values).tolist() == [status([value])[0] for value in values]
