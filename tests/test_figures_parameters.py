"""What a model rests on, and what a spread is made of: on one scale, adding up, never by colour alone."""

import re

import numpy as np
import pandas as pd
import pytest

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.figures import priors, shares

#: Positions are sums and products of a few floats.
ROUNDING = 1e-9

PARTS = ["people differ", "parameters not known", "scenario of delay"]


def parts(*values):
    return pd.DataFrame(
        {"label": ["walking"] * 3 + ["vision"] * 3, "part": PARTS * 2, "share": [*values, 0.7, 0.2, 0.1]}
    )


def test_parts_of_a_whole_follow_each_other_and_differ_without_colour():
    fig = shares(parts(0.55, 0.4, 0.05), axis_title="share of the spread, %")
    assert [trace.name for trace in fig.data] == PARTS
    assert np.array([trace.x for trace in fig.data]).sum(axis=0) == pytest.approx([100, 100], abs=ROUNDING)
    drawn = [list(trace.x) for trace in fig.data]
    assert drawn == [pytest.approx(pair, abs=ROUNDING) for pair in ([55, 70], [40, 20], [5, 10])]
    assert fig.layout.barmode == "stack"
    assert len({trace.marker.pattern.shape for trace in fig.data}) == 3
    assert fig.layout.xaxis.title.text == "share of the spread, %"
    assert fig.layout.showlegend


def test_a_piece_says_its_per_cent_in_its_middle_where_it_has_room():
    notes = [note for note in shares(parts(0.55, 0.4, 0.05)).layout.annotations if note.xref != "paper"]
    said = {note.text: round(note.x, 6) for note in notes}
    assert said == {"55 %": 27.5, "40 %": 75, "70 %": 35, "20 %": 80, "10 %": 95}  # 5 % has no room
    labels = [note.text for note in shares(parts(0.55, 0.4, 0.05)).layout.annotations if note.xref == "paper"]
    assert labels == ["walking", "vision"]


def test_a_part_that_a_label_has_not_is_nothing():
    fig = shares(parts(0.6, 0.4, 0).drop(index=2))
    assert fig.data[2].x == (0, 10)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (parts(0.5, 0.3, 0.1), "the shares of 'walking' add up to 0.9"),
        (parts(1.5, -0.5, 0), "share in rows=1.5"),
        (parts(0.5, 0.5, 0).iloc[:0], "nothing to draw"),
        (parts(0.5, 0.5, 0).assign(part="all"), "rows has 'all' twice"),
        (pd.DataFrame({"label": "a", "part": list("abcdefg"), "share": 1 / 7}), "rows has 7 parts; 6 can"),
        (parts(0.5, 0.5, 0).drop(columns="share"), "rows lacks column 'share'"),
    ],
)
def test_what_is_no_whole_is_refused(table, words):
    with pytest.raises(InputError, match=words):
        shares(table)


def parameters(**columns):
    table = pd.DataFrame(
        {
            "label": ["age", "rate", "axons lost"],
            "status": ["assumption", "recalled", "verified"],
            "unit": ["log odds", "per month", None],
            "prior_lower": [-1.0, 0.01, 0.0],
            "prior": [0.0, 0.1, 0.2],
            "prior_upper": [1.0, 1.0, 0.8],
            "lower": [-1.0, 0.1, 0.1],
            "estimate": [0.0, 0.2, 0.2],
            "upper": [1.0, 1.0, 0.3],
        }
    )
    return table.assign(log=[False, True, False], **columns)


def after(fig):
    return next(trace for trace in fig.data if trace.name == "after")


def test_each_range_stands_in_the_one_before_the_data_and_what_was_learnt_most_stands_first():
    table = parameters()
    before = table.copy(deep=True)
    fig = priors(table)
    trace = after(fig)
    # by hand: 0.1 to 0.3 of 0 to 0.8; 0.1 to 1 of 0.01 to 1 is the upper half by its logarithm; nothing learnt
    assert list(trace.y) == [2, 1, 0]
    assert list(trace.x) == pytest.approx([0.25, np.log10(20) / 2, 0.5])
    low, high = np.array(trace.x) - trace.error_x.arrayminus, np.array(trace.x) + trace.error_x.array
    assert low == pytest.approx([0.125, 0.5, 0], abs=ROUNDING)
    assert high == pytest.approx([0.375, 1, 1], abs=ROUNDING)
    assert list(next(t for t in fig.data if t.name == "before").x) == pytest.approx([0.25, 0.5, 0.5])
    pd.testing.assert_frame_equal(table, before)


def test_a_row_says_its_numbers_with_units_and_wears_its_mark():
    fig = priors(parameters())
    texts = [re.sub("<[^>]*>", "", note.text) for note in fig.layout.annotations]
    assert texts == [
        "axons lost  0–0.80 → 0.10–0.30, 75 % narrower",
        "rate  0.01–1.0 → 0.10–1.0 per month, 50 % narrower",
        "age  −1.0–1.0 log odds, hardly narrower",
    ]
    assert list(after(fig).text) == ["●", "○", "◇"]
    title = fig.layout.xaxis.title.text
    assert "● verified ○ recalled ◇ assumption" in title
    assert "secondary" not in title


def test_a_range_that_the_data_made_wider_is_said_and_stays_in_the_picture():
    fig = priors(parameters(upper=[3.0, 1.0, 0.3]))
    assert fig.layout.annotations[-1].text.endswith("wider</span>")
    assert fig.layout.xaxis.range == pytest.approx((-1, 2))
    narrow = priors(parameters()).layout.xaxis.range
    assert narrow[0] < 0 < 1 < narrow[1]


def test_without_a_column_log_every_scale_is_even():
    assert after(priors(parameters().drop(columns="log"))).x[1] == pytest.approx((0.2 - 0.01) / 0.99)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (parameters().iloc[:0], "nothing to draw"),
        (parameters(status="guess"), "status in rows='guess' is not known"),
        (parameters(lower=np.nan), "rows: 'age' lacks a number"),
        (parameters(prior_upper=-2.0), "the prior of 'age' has no width"),
        (parameters(lower=0.0), "'rate' has a number that is not positive"),
        (parameters().drop(columns="unit"), "rows lacks column 'unit'"),
    ],
)
def test_what_cannot_be_compared_is_refused(table, words):
    with pytest.raises(InputError, match=words):
        priors(table)


@pytest.mark.parametrize("fig", [priors(parameters()), shares(parts(0.5, 0.3, 0.2))], ids=["priors", "shares"])
def test_every_colour_has_its_dark_counterpart(fig):
    assert set(re.findall(r'"(#[0-9A-Fa-f]{6}|rgba\([^)]*\))"', fig.to_json())) <= set(theme.DARK)
