"""What a delay costs: every scenario with its intervals, their spread, and names that do not touch."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.figures import delay
from b12analysis.figures.delays import _PANEL

WAITS = [0, 1, 3, 6, 12]
SLOPES = {"none": 0, "early": -0.4, "steady": -1.4, "late": -0.41}
NAMES = {
    "none": "waiting does no harm",
    "early": "axons are lost in the first months",
    "steady": "axons are lost all the time",
    "late": "axons are safe at first",
}
#: Positions are sums and products of a few floats.
ROUNDING = 1e-9


def changes(**columns):
    table = pd.DataFrame([(s, w, a * w, 1.7 * a * w, 0.4 * a * w) for s, a in SLOPES.items() for w in WAITS])
    return table.set_axis(["scenario", "wait_months", "estimate", "lower", "upper"], axis=1).assign(**columns)


def lines(fig):
    return [trace for trace in fig.data if trace.mode == "lines+markers"]


def test_each_scenario_is_a_line_with_its_intervals_in_percentage_points():
    table = changes().sample(frac=1, random_state=1)
    before = table.copy(deep=True)
    fig = delay(table, names=NAMES)
    assert [line.name for line in lines(fig)] == list(NAMES.values())
    for line, scenario in zip(lines(fig), NAMES, strict=True):
        rows = table[table["scenario"] == scenario].sort_values("wait_months")
        y = np.array(line.y)
        assert y == pytest.approx(rows["estimate"].to_numpy(), abs=ROUNDING)
        assert y - line.error_y.arrayminus == pytest.approx(rows["lower"].to_numpy(), abs=ROUNDING)
        assert y + line.error_y.array == pytest.approx(rows["upper"].to_numpy(), abs=ROUNDING)
    pd.testing.assert_frame_equal(table, before)


def test_the_spread_between_scenarios_is_shaded_from_the_lowest_to_the_highest():
    band = delay(changes()).data[0]
    assert (band.name, band.fill) == ("scenarios: band", "toself")
    assert list(band.x) == [*WAITS, *WAITS[::-1]]
    assert list(band.y) == pytest.approx([0] * 5 + [-1.4 * wait for wait in WAITS[::-1]], abs=ROUNDING)


def test_intervals_stand_beside_each_other_and_treatment_now_is_one_place():
    x = np.array([line.x for line in lines(delay(changes()))])
    assert x[:, 0].tolist() == [0] * 4
    assert (np.diff(x[:, 1:], axis=0) > 0).all()
    assert x[:, 1:].mean(axis=0) == pytest.approx(WAITS[1:])
    assert (x.max(axis=0)[:-1] < x.min(axis=0)[1:]).all()  # those of one wait stay together


def test_scenarios_are_told_apart_by_shape_and_dash_as_well():
    drawn = lines(delay(changes()))
    assert len({line.marker.symbol for line in drawn}) == len({line.line.dash for line in drawn}) == 4


def test_each_line_is_named_at_its_end_and_no_two_names_touch():
    fig = delay(changes(), names=NAMES)
    low, high = fig.layout.yaxis.range
    boxes = []
    for note in fig.layout.annotations[:4]:
        middle = (high - note.y) * _PANEL / (high - low) + note.ay
        half = 15 * (note.text.count("<br>") + 1) / 2
        boxes.append((middle - half, middle + half))
        line = next(line for line in lines(fig) if line.name == note.text.replace("<br>", " "))
        assert (note.x, note.y) == (line.x[-1], line.y[-1])
        assert note.font.color == line.line.color
    assert all(below[0] >= above[1] for above, below in pairwise(boxes))
    assert boxes[0][0] >= 0
    assert boxes[-1][1] <= _PANEL + 40


def test_names_that_would_leave_the_panel_at_its_foot_are_moved_up():
    fig = delay(changes(estimate=-10, lower=-12, upper=-9), names=NAMES)
    low, high = fig.layout.yaxis.range
    middles = [(high - note.y) * _PANEL / (high - low) + note.ay for note in fig.layout.annotations[:4]]
    assert max(middles) < _PANEL + 40
    assert min(np.diff(middles)) >= 30


def test_the_axes_of_a_delay_say_their_units_and_what_is_drawn():
    fig = delay(changes(), level="90 % interval")
    assert "percentage points" in fig.layout.annotations[-1].text
    assert fig.layout.xaxis.title.text.startswith("months")
    assert "bars: 90 % interval" in fig.layout.xaxis.title.text
    assert list(fig.layout.xaxis.tickvals) == WAITS
    assert list(delay(changes().assign(wait_months=lambda t: 4 * t["wait_months"])).layout.xaxis.tickvals)[-1] == 48
    (zero,) = fig.layout.shapes
    assert (zero.y0, zero.y1) == (0, 0)
    assert set(re.findall(r'"(#[0-9A-Fa-f]{6}|rgba\([^)]*\))"', fig.to_json())) <= set(theme.DARK)


def test_ticks_that_a_phone_has_no_room_for_are_left_out():
    table = changes().replace({"wait_months": {12: 24}})
    assert list(delay(table).layout.xaxis.tickvals) == [0, 3, 6, 24]


def test_no_harm_at_all_can_be_drawn():
    fig = delay(changes().query("scenario == 'none'"))
    assert len(lines(fig)) == 1
    assert fig.layout.yaxis.range[0] < 0 < fig.layout.yaxis.range[1]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (changes().iloc[:0], "nothing to draw"),
        (changes(lower=np.nan), "does not go without its interval"),
        (changes().drop(columns="wait_months"), "rows lacks column 'wait_months'"),
    ],
)
def test_a_delay_that_cannot_be_drawn_is_refused(table, words):
    with pytest.raises(InputError, match=words):
        delay(table)


def test_a_scenario_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="names: scenario 'strong' is not in rows"):
        delay(changes(), names=NAMES | {"strong": "?"})
