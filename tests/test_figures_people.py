"""Of 100 people: the counts add up, nothing lies on anything, colour is never alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.figures import icons
from b12analysis.figures.people import _of_100

OUTCOMES = ["problem gone", "at least half gone", "less than half gone"]
#: Positions are sums and products of a few floats.
ROUNDING = 1e-9


def outcomes(*estimates, **columns):
    table = pd.DataFrame({"outcome": OUTCOMES, "estimate": estimates or (0.385, 0.415, 0.2)})
    return table.assign(lower=table["estimate"] / 2, upper=(table["estimate"] * 1.5).clip(upper=1), **columns)


def regimens(n=2):
    return pd.concat([outcomes(regimen=f"regimen {place}") for place in range(n)])


def people(fig):
    return [trace for trace in fig.data if trace.fill == "toself"]


def count(trace):
    """People of an outcome: a head and a body each, with a gap after either."""
    return sum(x is None or np.isnan(x) for x in trace.x) / 2


def test_shares_of_385_415_and_200_are_39_41_and_20_people():
    # remainders 0.5, 0.5, 0: the first of two that are alike is rounded up
    fig = icons(outcomes())
    assert [count(trace) for trace in people(fig)] == [39, 41, 20]
    assert [trace.name for trace in people(fig)] == [
        f"{w}: {n} of 100" for w, n in zip(OUTCOMES, (39, 41, 20), strict=True)
    ]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(any))
def test_there_are_always_100_people_and_none_is_further_than_one_from_its_share(weights):
    parts = np.array(weights) / sum(weights)
    counts = np.array(_of_100(pd.Series(parts)))  # not drawn: that takes a tenth of a second
    assert sum(counts) == 100
    assert np.abs(counts - 100 * parts).max() < 1


def test_no_two_people_stand_in_one_place_and_none_leaves_its_own():
    seen = set()
    for trace in people(icons(outcomes())):
        xy = np.array([[np.nan if v is None else v for v in side] for side in (trace.x, trace.y)], dtype=float).T
        gaps = np.flatnonzero(np.isnan(xy[:, 0]))
        for head, body in np.array(np.split(gaps, len(gaps) / 2)).tolist():
            one = xy[(gaps[gaps < head].max(initial=-1)) + 1 : body]
            cells = np.unique(np.round(one[~np.isnan(one[:, 0])]), axis=0)
            assert len(cells) == 1
            seen.add(tuple(cells[0]))
    assert seen == {(x, -y) for x in range(10) for y in range(10)}


def test_outcomes_are_told_apart_by_their_fill_and_not_by_colour_alone():
    full, light, empty = (trace.fillcolor for trace in people(icons(outcomes())))
    assert full in theme.SERIES
    assert light.startswith("rgba")
    assert empty == theme.PAPER
    two = pd.DataFrame({"outcome": ["gone", "not gone"], "estimate": [0.4, 0.6], "lower": 0.2, "upper": 0.8})
    assert [trace.fillcolor for trace in people(icons(two))] == [full, theme.PAPER]


def test_each_number_has_its_interval_on_a_scale_of_100_and_says_it_in_words():
    table = outcomes()
    fig = icons(table, level="80 % of draws")
    bars = [trace for trace in fig.data if trace.mode == "markers"]
    for bar, row in zip(bars, table.itertuples(), strict=True):
        assert bar.x[0] == pytest.approx(100 * row.estimate, abs=ROUNDING)
        assert bar.x[0] - bar.error_x.arrayminus[0] == pytest.approx(100 * row.lower, abs=ROUNDING)
        assert bar.x[0] + bar.error_x.array[0] == pytest.approx(100 * row.upper, abs=ROUNDING)
    assert "<b>39 of 100</b> (19 to 58)" in fig.layout.annotations[0].text
    assert fig.layout.xaxis2.range == (0, 100)
    assert fig.layout.xaxis2.title.text == "of 100 people like these<br>bar: 80 % of draws"


def test_groups_stand_in_two_columns_with_nothing_on_anything():
    fig = icons(regimens(3), by="regimen")
    assert len(people(fig)) == 9
    boxes = []
    for n in ["", *range(2, 7)]:
        boxes.append((*fig.layout[f"xaxis{n}"].domain, *fig.layout[f"yaxis{n}"].domain))
    for place, (left, right, low, high) in enumerate(boxes):
        for left2, right2, low2, high2 in boxes[:place]:
            assert right <= left2 or right2 <= left or high <= low2 or high2 <= low
    assert boxes[4][3] < boxes[0][2]  # the third below the first
    assert [note.text for note in fig.layout.annotations if note.xref == "paper"] == [
        f"<b>regimen {n}</b>" for n in range(3)
    ]


def test_the_rows_of_a_picture_have_the_height_that_their_labels_need():
    fig = icons(outcomes().replace(OUTCOMES[0], "the problem is gone so far that nobody notices any of it"))
    tops = [note.y for note in fig.layout.annotations]
    marks = [trace.y[0] for trace in fig.data if trace.mode == "markers"]
    lines = [note.text.count("<br>") + 1 for note in fig.layout.annotations]
    for top, mark, n in zip(tops, marks, lines, strict=True):
        assert mark + 6 <= top - 15 * n  # pixels: half a mark below the last line
    assert fig.layout.yaxis2.range[0] <= marks[-1] - 6
    assert fig.layout.meta["wide"]["layout"]["height"] < fig.layout.height


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (outcomes(0.5, 0.3, 0.1), "the outcomes of the table add up to 0.9; they must add up to 1"),
        (outcomes(1.2, -0.1, -0.1), "share in rows=1.2 is out of range"),
        (outcomes().assign(lower=np.nan), "share in rows=nan is out of range"),
        (outcomes().iloc[:0], "2 or 3 can be told apart"),
        (pd.concat([outcomes(), outcomes()]), "rows has 6 outcomes"),
        (outcomes().assign(outcome="gone"), "once each"),
        (outcomes().drop(columns="upper"), "rows lacks column 'upper'"),
    ],
)
def test_what_are_no_100_people_is_refused(table, words):
    with pytest.raises(InputError, match=words):
        icons(table)


def test_groups_with_other_outcomes_are_refused_by_name():
    with pytest.raises(InputError, match="the outcomes of regimen 1 are"):
        icons(regimens().iloc[:-1], by="regimen")
    with pytest.raises(InputError, match="nothing to draw"):
        icons(regimens().iloc[:0], by="regimen")
