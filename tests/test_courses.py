"""Courses of several measures, and studies against predictions: what is drawn is what the table says."""

import math

import pandas as pd
import pytest

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.figures import against, courses

PANELS = {"store_ug": "store, ug", "mma_nmol_l": "MMA, nmol/L"}


def curves(**columns):
    table = pd.DataFrame({"day": [30, 0] * 2, "measure": ["store_ug"] * 2 + ["mma_nmol_l"] * 2})
    table["estimate"] = [900.0, 300.0, 150.0, 4000.0]
    return table.assign(lower=table["estimate"] / 2, upper=table["estimate"] * 2, **columns)


def test_each_measure_has_a_panel_with_its_median_and_band_in_order_of_time():
    fig = courses(curves(), panels=PANELS, x_title="days")
    band, line, _, mma = fig.data
    assert line.x == (0, 30)
    assert line.y == (300.0, 900.0)
    assert band.x == (0, 30, 30, 0)
    assert band.y == (600.0, 1800.0, 450.0, 150.0)
    assert (line.yaxis, mma.yaxis) == ("y", "y2")
    assert [annotation.text for annotation in fig.layout.annotations] == ["<b>store, ug</b>", "<b>MMA, nmol/L</b>"]
    assert fig.layout.xaxis.title.text == "days"
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis2.domain[1]


def test_a_mark_is_drawn_across_its_panel_alone_and_a_measure_may_be_logarithmic():
    fig = courses(curves(), panels=PANELS, x_title="days", marks={"mma_nmol_l": 271}, log=["mma_nmol_l"])
    (shape,) = fig.layout.shapes
    assert (shape.y0, shape.y1, shape.yref) == (271, 271, "y2")
    assert fig.layout.yaxis2.type == "log"
    assert fig.layout.yaxis.type is None
    assert fig.layout.yaxis.range[0] == 0  # amounts begin at nothing
    plain, marked = (annotation.text for annotation in fig.layout.annotations)
    assert plain == "<b>store, ug</b>"
    assert marked.startswith("<b>MMA, nmol/L</b>")
    assert "dotted: 271" in marked


def test_lines_are_told_apart_by_more_than_their_colour_and_stand_in_the_legend_once():
    both = pd.concat([curves(way="tablets"), curves(way="injections")])
    names = {"injections": "injected", "tablets": "swallowed"}
    fig = courses(both, panels=PANELS, x_title="days", line="way", names=names)
    lines = [trace for trace in fig.data if "band" not in trace.name]
    assert [trace.name for trace in lines] == ["injected", "swallowed"] * 2
    assert len({(trace.line.color, trace.line.dash) for trace in lines}) == 2
    assert len({trace.line.dash for trace in lines}) == 2
    assert [trace.name for trace in lines if trace.showlegend] == ["injected", "swallowed"]


def test_a_trace_says_to_which_choice_it_belongs():
    both = pd.concat([curves(way="a", cause="x"), curves(way="b", cause="x")])
    fig = courses(both, panels=PANELS, x_title="days", pick=["way", "cause"])
    assert [trace.meta for trace in fig.data][:4:2] == [{"way": "a", "cause": "x"}, {"way": "b", "cause": "x"}]
    assert all(trace.meta is None for trace in courses(curves(), panels=PANELS, x_title="days").data)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (curves().drop(columns="upper"), "upper"),
        (curves(measure="other"), "none of the measures"),
    ],
)
def test_courses_that_cannot_be_drawn_are_refused(table, words):
    with pytest.raises(InputError, match=words):
        courses(table, panels=PANELS, x_title="days")


def results(**columns):
    table = pd.DataFrame({"label": ["inside", "outside"], "observed": [3.0, 50.0], "predicted": [2.0, 10.0]})
    return table.assign(lower=[1.0, 5.0], upper=[4.0, 20.0], covered=[True, False], **columns)


def test_results_stand_as_multiples_of_what_was_predicted_with_the_interval_behind_them():
    bar, hit, miss = against(results()).data
    assert bar.base == (0.5, 0.5)
    assert [base + length for base, length in zip(bar.base, bar.x, strict=True)] == [2.0, 2.0]
    assert (hit.x, miss.x) == ((1.5,), (5.0,))
    assert (hit.y, miss.y) == ((1.0,), (0.0,))
    assert hit.marker.symbol != miss.marker.symbol
    assert hit.marker.color != miss.marker.color
    assert "50" in miss.text[0]
    assert "10 (5.0 to 20)" in miss.text[0]


def test_the_axis_of_multiples_is_logarithmic_and_marks_one():
    fig = against(results(detail=["a study", None]), detail="detail")
    assert fig.layout.xaxis.type == "log"
    (line,) = fig.layout.shapes
    assert (line.x0, line.x1) == (1, 1)
    assert [math.log10(tick) for tick in fig.layout.xaxis.tickvals] == sorted(
        math.log10(tick) for tick in fig.layout.xaxis.tickvals
    )
    assert theme.MUTED in fig.layout.annotations[0].text
    assert fig.layout.annotations[1].text == "outside"


@pytest.mark.parametrize("table", [results().assign(lower=[0.0, 5.0]), results().iloc[:0]])
def test_what_has_no_ratio_is_refused(table):
    with pytest.raises(InputError, match="no ratio"):
        against(table)


def recovered(**columns):
    table = pd.DataFrame({"label": ["none of 57 as before", "31 of 45"], "observed": [0.0, 0.69]})
    table = table.assign(predicted=[0.02, 0.5], lower=[0.0, 0.3], upper=[0.07, 0.6], covered=[True, False])
    return table.assign(**columns)


def test_shares_stand_as_per_cent_with_a_tick_for_the_prediction_and_none_among_them():
    fig = against(recovered(), shares=True, level="90 % of such series")
    bar, tick, hit, miss = fig.data
    assert [*bar.base, *tick.x, *hit.x, *miss.x] == pytest.approx([0, 30, 2, 50, 0, 69])
    assert [base + length for base, length in zip(bar.base, bar.x, strict=True)] == pytest.approx([7, 60])
    assert bar.name == "90 % of such series, as the model predicts"
    assert fig.layout.xaxis.type is None
    assert fig.layout.xaxis.title.text.endswith("%")
    assert not fig.layout.shapes  # a share has no 1 to be compared with
    assert "observed <b>69 %</b>; predicted 50 % (30 to 60)" in miss.text[0]


def test_what_was_observed_has_its_interval_where_it_is_known():
    table = recovered(observed_lower=[0.0, math.nan], observed_upper=[0.06, math.nan])
    hit, miss = against(table, shares=True).data[2:]
    assert (*hit.error_x.arrayminus, *hit.error_x.array) == pytest.approx((0, 6))
    assert miss.error_x.array is None
    ratio = against(results(observed_lower=[2.0, 40.0], observed_upper=[5.0, 60.0])).data
    assert (ratio[1].error_x.arrayminus, ratio[1].error_x.array) == ((0.5,), (1.0,))
    assert all(trace.error_x.array is None for trace in against(results()).data)


def test_what_is_no_share_is_refused():
    with pytest.raises(InputError, match="holds a value that is no share"):
        against(recovered(upper=7), shares=True)
    with pytest.raises(InputError, match="rows is empty"):
        against(recovered().iloc[:0], shares=True)
