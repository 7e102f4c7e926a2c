"""Figures: what is drawn is what the table says, with its uncertainty, its units and its references."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from b12analysis import theme
from b12analysis.arguments import InputError
from b12analysis.estimates import prevalence, summarize
from b12analysis.evidence import load
from b12analysis.figures import bands, forest, grouped, heat_map, icons, recovery_fans, shares, upset
from b12analysis.pooling import pool
from b12analysis.recovery import PROFILES, patient, simulate_recovery

#: Positions are sums and products of a few floats.
ROUNDING = 1e-9


def studies(**columns):
    frame = prevalence(pd.DataFrame({"cases": [5, 30, 8], "n": [100, 150, 20]}))
    return frame.assign(label=["first", "second", "third"], **columns)


def marks(fig):
    return [trace for trace in fig.data if trace.mode == "markers"]


def lines(fig):
    return [trace for trace in fig.data if trace.mode == "lines"]


def drawn(mark):
    """Estimate and limits of a mark, read back from the trace."""
    x = float(mark.x[0])
    return x, x - mark.error_x.arrayminus[0], x + mark.error_x.array[0]


def texts(fig):
    return [annotation.text for annotation in fig.layout.annotations]


# -- forest ----------------------------------------------------------------------------------------------------------


def test_a_forest_draws_the_estimates_and_limits_of_its_table_from_top_to_bottom():
    table = studies()
    before = table.copy(deep=True)
    fig = forest(table)
    assert [mark.name for mark in marks(fig)] == ["first", "second", "third"]
    assert [mark.y[0] for mark in marks(fig)] == [2, 1, 0]
    for mark, row in zip(marks(fig), table.itertuples(), strict=True):
        assert drawn(mark) == pytest.approx([100 * row.estimate, 100 * row.lower, 100 * row.upper], abs=ROUNDING)
    assert texts(fig) == ["first", "second", "third"]
    pd.testing.assert_frame_equal(table, before)


def test_a_forest_of_integers_is_drawn_at_them():
    table = pd.DataFrame({"label": ["a"], "estimate": [3], "lower": [2], "upper": [5]})
    assert drawn(marks(forest(table, scale=1))[0]) == (3, 2, 5)


def test_every_label_stands_above_its_mark():
    fig = forest(studies())
    for annotation, mark in zip(fig.layout.annotations, marks(fig), strict=True):
        assert 0 < annotation.y - mark.y[0] < 1
        assert annotation.yanchor == "bottom"
    assert fig.layout.height > forest(studies().iloc[:2]).layout.height


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({}, "%"),
        ({"axis_title": "time, months (80 %)", "scale": 1}, "months"),
        ({"axis_title": "ratio", "log": True}, "ratio"),
    ],
)
def test_the_axis_of_a_forest_carries_its_unit(options, unit):
    assert unit in forest(studies(), **options).layout.xaxis.title.text


def test_every_interval_of_a_forest_is_drawn_with_a_visible_bar():
    for mark in marks(forest(studies())):
        assert mark.error_x.thickness >= 1
        assert mark.error_x.array[0] > 0
        assert mark.error_x.arrayminus[0] > 0
        assert not mark.marker.symbol.endswith("-open")


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_a_row_without_an_interval_is_hollow_and_says_so(missing):
    table = studies().astype({"lower": object, "upper": object})
    table.loc[1, ["lower", "upper"]] = missing
    filled, hollow, _ = marks(forest(table))
    assert filled.marker.symbol == "circle"
    assert hollow.marker.symbol == "circle-open"
    assert hollow.marker.line.width > 0
    assert hollow.error_x.array is None
    assert "no interval known" in hollow.hovertemplate
    assert hollow.x[0] == pytest.approx(20)


def test_a_bare_percentage_is_hollow_and_not_scaled_again():
    table = studies(reported_percent=[5.0, 6.6, 40.0])
    table.loc[1, ["estimate", "lower", "upper"]] = np.nan
    fig = forest(table)
    assert marks(fig)[1].x[0] == 6.6
    assert marks(fig)[1].marker.symbol.endswith("-open")
    assert "6.6 (no interval known)" in marks(fig)[1].hovertemplate


def test_a_row_of_limits_only_is_a_line_between_them():
    table = studies()
    table.loc[1, "estimate"] = np.nan
    table.loc[1, ["lower", "upper"]] = [0.1, 0.3]
    fig = forest(table)
    assert len(marks(fig)) == 2
    (line,) = lines(fig)
    assert list(line.x) == pytest.approx([10, 30])
    assert list(line.y) == [1, 1]
    assert line.line.dash != "solid"
    assert "range" in line.hovertemplate
    assert "10–30" in line.hovertemplate
    assert len(texts(fig)) == 3


def test_what_hovering_shows_is_the_row_in_words():
    mark = marks(forest(studies(detail=["n 100", "n 150", pd.NA]), detail="detail"))[0]
    assert mark.hovertemplate == "first<br>n 100<br><b>5.0 % (2.2–11.2)</b><extra></extra>"
    mark = marks(forest(studies(), scale=1))[0]
    assert "<b>0.05 (0.02–0.11)</b>" in mark.hovertemplate


def test_long_hover_text_is_broken_and_loses_no_word():
    words = "people aged 75 and over with serum B12 of 107 to 210 pmol/L and no anaemia, 1 mg a day by mouth"
    shown = marks(forest(studies().assign(label=words)))[0].hovertemplate.split("<br><b>")[0]
    assert "<br>" in shown
    assert max(map(len, shown.split("<br>"))) <= 48
    assert shown.replace("<br>", " ") == words


def test_details_stand_beside_the_label_where_there_are_any():
    fig = forest(studies(note=["n 100", pd.NA, "●"]), detail="note")
    assert "n 100" in texts(fig)[0]
    assert texts(fig)[0].startswith("first")
    assert texts(fig)[1] == "second"
    assert not any("NA" in text or "nan" in text for text in texts(fig))


def test_groups_keep_their_colour_and_shape():
    table = studies(group=["metformin", "vegans", "omnivores"])
    for mark, group in zip(marks(forest(table, look="group")), table["group"], strict=True):
        look = theme.look(group)
        assert (mark.marker.color, mark.marker.symbol) == (look["colour"], look["shape"])
        assert mark.error_x.color == look["colour"]


def with_summary(**columns):
    table = studies()
    pooled = pool(table).assign(label="pooled")
    return pd.concat([table.assign(summary=False), pooled.assign(summary=True)], ignore_index=True).assign(**columns)


def test_a_summary_is_a_diamond_with_its_prediction_interval_as_a_thin_line():
    table = with_summary()
    fig = forest(table, summary="summary")
    *others, diamond = marks(fig)
    assert diamond.marker.symbol.startswith("diamond")
    assert all(not mark.marker.symbol.startswith("diamond") for mark in others)
    assert diamond.marker.size > others[0].marker.size
    row = table.iloc[-1]
    assert drawn(diamond) == pytest.approx([100 * row[part] for part in ("estimate", "lower", "upper")], abs=ROUNDING)
    (line,) = lines(fig)
    assert list(line.x) == pytest.approx([100 * row["prediction_lower"], 100 * row["prediction_upper"]])
    assert list(line.y) == [0, 0]
    assert line.line.width < diamond.error_x.thickness
    assert texts(fig)[-1] == "<b>pooled</b>"


def test_a_summary_without_a_prediction_interval_is_a_diamond_alone():
    for table in (with_summary(prediction_lower=np.nan), with_summary().drop(columns=["prediction_lower"])):
        fig = forest(table, summary="summary")
        assert marks(fig)[-1].marker.symbol.startswith("diamond")
        assert lines(fig) == []


def test_references_are_drawn_and_named_where_they_are():
    fig = forest(studies(), references={"6 %": 6, "20 %": 20})
    assert [(shape.x0, shape.x1) for shape in fig.layout.shapes] == [(6, 6), (20, 20)]
    named = {annotation.text: annotation.x for annotation in fig.layout.annotations if annotation.yref == "paper"}
    assert named == {"6 %": 6, "20 %": 20}
    assert forest(studies()).layout.shapes == ()


def test_the_name_of_a_reference_far_to_the_right_opens_to_the_left():
    fig = forest(studies(), references={"near": 6, "far": 60})
    sides = {annotation.text: annotation.xanchor for annotation in fig.layout.annotations if annotation.yref == "paper"}
    assert sides == {"near": "left", "far": "right"}


def test_ratios_have_a_logarithmic_axis_and_a_line_at_1():
    fig = forest(studies(), scale=1, log=True)
    assert fig.layout.xaxis.type == "log"
    assert [(shape.x0, shape.x1) for shape in fig.layout.shapes] == [(1, 1)]
    assert fig.layout.xaxis.rangemode != "tozero"
    assert forest(studies()).layout.xaxis.rangemode == "tozero"


def test_the_name_of_a_reference_stands_at_its_line_on_a_logarithmic_axis_too():
    # Plotly takes the logarithm of an annotation's place on a logarithmic axis, and the value itself of a line's
    fig = forest(studies(), scale=1, log=True, references={"twice": 2})
    (name,) = [annotation for annotation in fig.layout.annotations if annotation.text == "twice"]
    assert name.x == pytest.approx(np.log10(2))


def test_a_forest_of_nothing_is_refused():
    with pytest.raises(InputError, match="rows is empty; there is nothing to draw"):
        forest(studies().iloc[:0])


def test_a_row_with_nothing_to_draw_is_refused_by_name():
    table = studies()
    table.loc[2, ["estimate", "upper"]] = np.nan
    message = "rows: 'third' has no estimate, no reported percentage and no limits"
    with pytest.raises(InputError, match=message):
        forest(table)


def test_missing_columns_of_a_forest_are_named():
    with pytest.raises(InputError, match="rows lacks columns 'lower', 'group'; it has"):
        forest(studies().drop(columns="lower"), look="group")


# -- recovery fans ---------------------------------------------------------------------------------------------------


MONTHLY = ["month", "estimate", "lower", "upper"]


def fan_table(profile="motor"):
    someone = patient(age=60, duration_months=6, severity="moderate", profile=profile)
    draws = simulate_recovery(someone, [0, 1, 3, 6, 12], regimen="us_cyanocobalamin", n=50, rng=1)
    some = draws["symptom"].isin(["weakness", "walking", "tingling", "memory"])
    return summarize(draws[some], by=["symptom", "month"])


@pytest.mark.parametrize("profile", PROFILES)
def test_fans_draw_the_medians_and_bands_of_their_table(profile):
    table = fan_table(profile)
    before = table.copy(deep=True)
    fig = recovery_fans(table)
    symptoms = table["symptom"].unique()
    assert [trace.name for trace in fig.data] == [name for s in symptoms for name in (f"{s}: band", s)]
    for place, symptom in enumerate(symptoms):
        rows = table[table["symptom"] == symptom]
        band, line = fig.data[2 * place], fig.data[2 * place + 1]
        places = np.sqrt(rows["month"])  # the first months are widened
        assert list(line.x) == pytest.approx(places.tolist(), abs=ROUNDING)
        assert list(line.y) == pytest.approx((100 * rows["estimate"]).tolist(), abs=ROUNDING)
        said = [f"month {month:g}<br><b>{theme.share(*each)}</b>" for month, *each in rows[MONTHLY].to_numpy()]
        assert list(line.customdata) == said
        around = [*(100 * rows["upper"]), *(100 * rows["lower"])[::-1]]
        assert list(band.y) == pytest.approx(around, abs=ROUNDING)
        assert list(band.x) == pytest.approx([*places, *places[::-1]], abs=ROUNDING)
        assert band.fill == "toself"
        assert band.fillcolor == theme.band(theme.look(symptom)["colour"])
        assert (line.line.color, line.line.dash) == (theme.look(symptom)["colour"], theme.look(symptom)["dash"])
    pd.testing.assert_frame_equal(table, before)


def test_fans_stand_below_each_other_on_the_same_axes():
    fig = recovery_fans(fan_table())
    axes = [fig.layout[name] for name in ("yaxis", "yaxis2", "yaxis3")]
    for upper, lower in pairwise(axes):
        assert upper.domain[0] > lower.domain[1]
    assert 1 >= axes[0].domain[1] > axes[-1].domain[0] > 0
    assert all(axis.range == (0, 101) for axis in axes)
    assert [trace.yaxis for trace in fig.data] == ["y", "y", "y2", "y2", "y3", "y3"]
    assert [trace.xaxis for trace in fig.data] == ["x", "x", "x2", "x2", "x3", "x3"]
    for axis in fig.select_xaxes():
        assert axis.range == pytest.approx((0, 12**0.5))
        assert axis.ticktext == ("0", "1", "3", "6", "12")
        assert np.square(axis.tickvals) == pytest.approx([0, 1, 3, 6, 12])


def test_where_there_is_room_fans_stand_two_in_a_row():
    fig = recovery_fans(fan_table())
    beside = fig.layout.meta["wide"]["layout"]
    assert beside["height"] < fig.layout.height
    left, right, below = (beside[name]["domain"] for name in ("xaxis", "xaxis2", "xaxis3"))
    assert left[1] < right[0]
    assert below == left
    assert beside["yaxis"]["domain"] == beside["yaxis2"]["domain"]
    assert beside["yaxis"]["domain"][0] > beside["yaxis3"]["domain"][1]


def test_the_axes_of_fans_carry_their_units():
    fig = recovery_fans(fan_table())
    assert [axis.title.text != "" for axis in fig.select_xaxes()] == [False, False, True]
    assert "months" in fig.layout.xaxis3.title.text
    beside = fig.layout.meta["wide"]["layout"]
    assert ["months" in beside[name]["title"]["text"] for name in ("xaxis", "xaxis2", "xaxis3")] == [False, True, True]
    assert all(text.endswith("%") for text in fig.layout.yaxis.ticktext)


def test_a_darker_band_says_how_sure_the_middle_patient_is():
    table = fan_table().assign(median_lower=lambda t: 0.9 * t["estimate"], median_upper=lambda t: t["estimate"])
    fig = recovery_fans(table, level="80 % of patients", middle="middle, 95 %")
    names = [trace.name for trace in fig.data][:3]
    symptom = table["symptom"].iloc[0]
    assert names == [f"{symptom}: band", f"{symptom}: middle", symptom]  # the narrow one above the wide one
    assert fig.data[0].fillcolor != fig.data[1].fillcolor
    rows = table[table["symptom"] == symptom]
    around = [*(100 * rows["median_upper"]), *(100 * rows["median_lower"])[::-1]]
    assert list(fig.data[1].y) == pytest.approx(around, abs=ROUNDING)
    assert fig.layout.xaxis3.title.text.endswith("light: 80 % of patients<br>dark: middle, 95 %")
    assert "<br>middle: " in fig.data[2].customdata[-1]
    assert set(re.findall(r"rgba\([^)]*\)", fig.to_json())) <= set(theme.DARK)


PERIODS = pd.DataFrame(
    {
        "label": [
            "3 months or more: most of the recovery; some damage stays",
            "first weeks: more energy",
            "1 to 3 months",
        ],
        "start": [3, 0, 1],
        "end": [np.nan, 0.75, 3],
    }
)


def test_a_timeline_is_named_once_in_order_and_shaded_behind_every_fan():
    fig = recovery_fans(fan_table(), periods=PERIODS, timeline="the timeline")
    bars = [trace for trace in fig.data if trace.name == "timeline"]
    assert [np.square(bar.x).tolist() for bar in bars] == [
        pytest.approx(span)
        for span in ([0, 0.75], [1, 3], [3, 12])  # the open one goes on to the end
    ]
    assert [bar.mode for bar in bars] == ["lines", "lines", "lines+markers"]
    assert {bar.yaxis for bar in bars} == {"y"}
    assert {trace.yaxis for trace in fig.data if trace.name != "timeline"} == {"y2", "y3", "y4"}
    assert len(fig.layout.shapes) == 9  # three periods behind three fans
    assert {shape.xref for shape in fig.layout.shapes} == {"x2", "x3", "x4"}
    assert {shape.layer for shape in fig.layout.shapes} == {"below"}
    labels = [note for note in fig.layout.annotations if note.yref == "y"]
    assert [note.text.split(":")[0] for note in labels] == ["first weeks", "1 to 3 months", "3 months or more"]
    assert [note.text for note in fig.layout.annotations if note.yref == "y domain"] == ["<b>the timeline</b>"]


def test_no_label_of_a_timeline_lies_on_a_bar_or_another_label():
    fig = recovery_fans(fan_table(), periods=PERIODS)
    places = []  # top and bottom of everything, in pixels from above
    for note in (note for note in fig.layout.annotations if note.yref == "y"):
        lines = note.text.count("<br>") + 1
        assert max(map(len, note.text.split("<br>"))) <= 46  # what a phone has room for
        places.append((-note.y - 14 * lines, -note.y))
    places += [(-trace.y[0] - 4, -trace.y[0] + 4) for trace in fig.data if trace.name == "timeline"]
    for (_, end), (start, _) in pairwise(sorted(places)):
        assert end <= start
    low, high = fig.layout.yaxis.domain
    assert fig.layout.yaxis.range[0] == pytest.approx(-(high - low) * fig.layout.height)  # a unit is a pixel


def test_a_long_name_of_a_symptom_puts_its_numbers_on_a_second_line():
    table = fan_table()
    plain = recovery_fans(table)
    long = recovery_fans(table.replace("walking", "subacute combined degeneration of the cord"))
    assert any("cord</b><br>" in text for text in texts(long))
    assert not any("</b><br>" in text for text in texts(plain))
    assert long.layout.height > plain.layout.height


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        (PERIODS.assign(end=0.5), "end of '1 to 3 months'=0.5 is out of range; it must be at least 1"),
        (PERIODS.assign(start=-1), "start of .*=-1 is out of range"),
        (PERIODS.drop(columns="end"), "periods lacks column 'end'"),
    ],
)
def test_a_timeline_that_runs_backwards_is_refused(periods, words):
    with pytest.raises(InputError, match=words):
        recovery_fans(fan_table(), periods=periods)


def test_fans_say_what_their_bands_hold():
    fig = recovery_fans(fan_table(), level="95 %")
    said = [axis.title.text or "" for axis in fig.select_xaxes()] + [
        axis.title.text or "" for axis in fig.select_yaxes()
    ]
    assert any("95 %" in text for text in [*said, *texts(fig)])


def test_each_fan_is_headed_by_its_symptom_and_the_last_values():
    table = fan_table()
    fig = recovery_fans(table)
    for text, (symptom, rows) in zip(texts(fig), table.groupby("symptom", sort=False), strict=True):
        last = rows.iloc[-1]
        assert f"<b>{symptom}</b>" in text
        assert f"at 12 months {theme.share(last['estimate'], last['lower'], last['upper'])}" in text


def test_one_fan_alone_keeps_its_axis():
    fig = recovery_fans(fan_table().query("symptom == 'walking'"))
    assert fig.layout.xaxis.anchor == "y"
    assert "months" in fig.layout.xaxis.title.text
    assert len(fig.data) == 2


def test_fans_of_nothing_or_without_columns_are_refused():
    with pytest.raises(InputError, match="curves is empty; there is nothing to draw"):
        recovery_fans(fan_table().iloc[:0])
    with pytest.raises(InputError, match=r"month in curves=-1\.0 is out of range"):
        recovery_fans(fan_table().replace({"month": {0: -1}}))
    with pytest.raises(InputError, match="curves lacks columns 'lower', 'upper'; it has"):
        recovery_fans(fan_table().drop(columns=["lower", "upper"]))


# -- heat map, overlaps, bands ---------------------------------------------------------------------------------------

CELLS = pd.DataFrame(
    {
        "group": ["metformin", "metformin", "others"],
        "by": ["serum", "mma", "serum"],
        "estimate": [0.0562, 0.008, 0.21],
        "lower": [0.0331, 0.004, 0.15],
        "upper": [0.0932, 0.017, 0.28],
        "flag": [False, True, False],
    }
)
BY = {"serum": "serum<br>< 148", "mma": "MMA<br>> 271"}
TOGETHER = pd.DataFrame(
    {
        "old": [True, True, False],
        "metformin": [True, False, False],
        "acid": [True, False, False],
        "share": [0.02, 0.3, 0.68],
        "estimate": [0.09, 0.03, 0.01],
        "lower": [0.04, 0.02, 0.005],
        "upper": [0.18, 0.05, 0.02],
        "flag": [True, False, False],
    }
)
SETS = {"old": "60+", "metformin": "met-<br>formin", "acid": "acid<br>block"}
FOUND = pd.DataFrame(
    {
        "cutoff": [221, 148, 148, 221, 148],
        "reference": ["MMA", "MMA", "MMA", "MMA", "both"],
        "what": ["found", "found", "right", "right", "found"],
        "estimate": [0.4, 0.2, 0.5, 0.3, 0.9],
        "lower": [0.3, 0.1, 0.4, 0.2, 0.8],
        "upper": [0.5, 0.3, 0.6, 0.4, 1.0],
    }
)


def heat(rows=CELLS, **more):
    return heat_map(rows, row="group", column="by", names=BY, **({"unsure": "flag"} | more))


def found(rows=FOUND, **more):
    names = {"found": "found", "right": "rightly"}
    return bands(rows, x="cutoff", panel="reference", line="what", names=names, x_title="cut-off, pmol/L", **more)


def test_a_heat_map_says_every_number_with_its_interval_in_its_cell_and_leaves_empty_what_is_not_known():
    cells = heat().data[0]
    assert cells.text[0][0] == "5.6<br><span style='font-size:10px'>3.3–9.3</span>"
    assert cells.text[0][1].startswith("(0.8)<br>")  # too uncertain to be quoted
    assert cells.text[1].tolist()[1] == ""
    assert np.isnan(cells.z[1][1])
    assert cells.customdata[1][0] == "21 % (15–28)"
    assert texts(heat()) == ["metformin", "others"]


def test_a_cell_without_an_interval_has_its_number_alone():
    cells = heat(CELLS.assign(lower=np.nan, upper=np.nan)).data[0]
    assert cells.text[0].tolist() == ["5.6", "(0.8)"]


def test_a_heat_map_is_coloured_by_steps_with_a_scale():
    cells = heat().data[0]
    assert cells.z[0].tolist() == [3.0, 0.0]  # 5 to 10 %, below 1 %
    assert cells.z[1][0] == 5.0  # 20 % and over
    assert list(cells.colorbar.ticktext) == ["1 %", "2 %", "5 %", "10 %", "20 %"]
    at = {value: heat(CELLS.assign(estimate=value)).data[0].z[0][0] for value in (0.0099, 0.01, 0.2)}
    assert at == {0.0099: 0.0, 0.01: 1.0, 0.2: 5.0}


def test_a_heat_map_refuses_a_cell_that_is_there_twice_and_to_be_empty():
    with pytest.raises(InputError, match=r"rows has the cell \['metformin', 'serum'\] twice"):
        heat(pd.concat([CELLS, CELLS.head(1)]))
    with pytest.raises(InputError, match="nothing to draw"):
        heat(CELLS.assign(estimate=np.nan))
    with pytest.raises(InputError, match="rows lacks column 'flag'"):
        heat(CELLS.drop(columns="flag"))


def test_overlaps_are_dots_joined_bars_and_intervals():
    hollow, line, filled, people, low = upset(TOGETHER, sets=SETS, unsure="flag").data
    assert list(zip(filled.x, filled.y, strict=True)) == [(0, 0), (1, 0), (2, 0), (0, -1)]
    assert list(zip(hollow.x, hollow.y, strict=True)) == [(1, -1), (2, -1), (0, -2), (1, -2), (2, -2)]
    assert list(line.x) == [0, 2, None]  # one alone is not joined
    assert list(people.x) == pytest.approx([2, 30, 68])
    assert list(low.x) == pytest.approx([9, 3, 1])
    assert list(low.error_x.arrayminus) == pytest.approx([5, 1, 0.5])
    assert list(low.marker.symbol) == ["circle-open", "circle", "circle"]
    assert list(people.customdata) == ["60+ + metformin + acid block", "60+", "none of these"]


def test_overlaps_without_rows_or_columns_are_refused():
    with pytest.raises(InputError, match="rows is empty"):
        upset(TOGETHER.head(0), sets=SETS)
    with pytest.raises(InputError, match="rows lacks column 'diet'"):
        upset(TOGETHER, sets=SETS | {"diet": "low<br>diet"})


def test_bands_have_a_panel_per_key_and_lines_in_order_of_the_axis():
    fig = found(mark=148)
    names = ["found: band", "found", "rightly: band", "rightly", "found: band", "found"]
    assert [trace.name for trace in fig.data] == names
    assert list(fig.data[1].x) == [148, 221]
    assert list(fig.data[1].y) == pytest.approx([20, 40])
    assert list(fig.data[0].y) == pytest.approx([30, 50, 30, 10])
    assert [trace.yaxis for trace in fig.data] == ["y"] * 4 + ["y2"] * 2
    assert texts(fig) == ["<b>MMA</b>", "<b>both</b>"]
    assert [trace.name for trace in fig.data if trace.showlegend] == ["found", "rightly"]  # each once
    assert fig.layout.shapes[0].x0 == fig.layout.shapes[0].x1 == 148
    with pytest.raises(InputError, match="none of the lines in names"):
        found(FOUND.assign(what="lost"))


GONE = pd.DataFrame({"outcome": ["gone", "half", "lasting"], "estimate": [0.4, 0.4, 0.2], "lower": 0.1, "upper": 0.6})


# -- all figures -----------------------------------------------------------------------------------------------------

FIGURES = {
    "forest": lambda: forest(studies(group=["metformin", "vegans", "ppi"]), look="group", references={"6 %": 6}),
    "ratios": lambda: forest(studies(), scale=1, log=True),
    "fans": lambda: recovery_fans(fan_table()),
    "timeline": lambda: recovery_fans(fan_table(), periods=PERIODS),
    "heat map": heat,
    "upset": lambda: upset(TOGETHER, sets=SETS, unsure="flag"),
    "bands": lambda: found(mark=148),
    "icons": lambda: icons(GONE.assign(regimen="tablets"), by="regimen"),
    "shares": lambda: shares(pd.DataFrame({"label": "walking", "part": ["people", "not known"], "share": [0.6, 0.4]})),
}
#: Traces that draw no estimate: dots for the risks of a combination, how many people have it, as counted, what a
#: spread is made of, and what somebody says.
WITHOUT = ("not in it", "risks together", "in it", "people", "not known", "timeline")


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_every_figure_uses_the_template_and_leaves_the_default_one_alone(draw):
    before = pio.templates.default
    fig = draw()
    assert isinstance(fig, go.Figure)
    assert fig.layout.template.layout.colorway == pio.templates["b12"].layout.colorway
    assert pio.templates.default == before
    assert fig.update_layout(title="mine").layout.title.text == "mine"


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_every_colour_of_a_figure_has_its_dark_counterpart(draw):
    drawn_colours = set(re.findall(r'"(#[0-9A-Fa-f]{6}|rgba\([^)]*\))"', draw().to_json()))
    assert drawn_colours
    assert drawn_colours <= set(theme.DARK)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_every_figure_draws_its_uncertainty(draw):
    fig = draw()
    for trace in fig.data:
        if trace.type == "heatmap" or trace.name in WITHOUT:  # its cells say their intervals
            continue
        bars = [bar for bar in (trace.error_x, trace.error_y) if bar.array is not None]
        band = trace.fill == "toself"
        of_a_band = any(other.name == f"{trace.name}: band" for other in fig.data)
        assert bars or band or of_a_band, trace.name


def test_the_published_surveys_can_be_drawn():
    surveys = prevalence(load("surveys").query("country == 'United States'")).assign(label=lambda t: t["population"])
    drawable = surveys[surveys["estimate"].notna() | surveys["reported_percent"].notna()]
    fig = forest(drawable)
    assert len(marks(fig)) == len(drawable)
    hollow = [mark.marker.symbol.endswith("-open") for mark in marks(fig)]
    assert hollow == drawable["estimate"].isna().tolist()


# grouped


GROUPED = pd.DataFrame(
    {
        "label": ["below 148", "below 148", "below 221"],
        "age": ["young", "old", "old"],
        "estimate": [0.01, 0.03, 0.11],
        "lower": [0.005, 0.02, 0.09],
        "upper": [0.02, 0.05, 0.13],
        "flag": [True, False, False],
    }
)
AGES = {"young": "20 to 59", "old": "60 and over", "oldest": "80 and over"}


def test_a_grouped_figure_draws_each_estimate_with_its_interval_under_its_label():
    fig = grouped(GROUPED, label="label", group="age", names=AGES, hollow="flag")
    assert [trace.name for trace in fig.data] == ["20 to 59", "60 and over"]  # nobody is 80 and over
    old = fig.data[1]
    assert list(old.x) == pytest.approx([3, 11])
    assert list(old.error_x.array) == pytest.approx([2, 2])
    assert list(old.error_x.arrayminus) == pytest.approx([1, 2])
    assert list(fig.data[0].marker.symbol) == ["circle-open"]
    assert set(old.marker.symbol) == {"square"}
    assert [note.text for note in fig.layout.annotations] == ["below 148", "below 221"]
    # one block below the other, and nothing on top of anything
    places = sorted([*fig.data[0].y, *old.y], reverse=True)
    assert places == [fig.data[0].y[0], *old.y]
    assert min(np.diff(places)) < 0
    assert fig.layout.showlegend


def test_a_grouped_figure_may_have_a_logarithmic_axis_with_labels_that_do_not_touch():
    narrow = grouped(GROUPED, label="label", group="age", names=AGES, scale=1, log=True).layout.xaxis
    assert (narrow.type, narrow.dtick) == ("log", "D2")
    wide = GROUPED.assign(upper=200 * GROUPED["lower"].max())
    assert grouped(wide, label="label", group="age", names=AGES, scale=1, log=True).layout.xaxis.dtick == 1


def test_a_grouped_figure_leaves_out_what_has_no_estimate_and_refuses_to_be_empty():
    missing = GROUPED.assign(estimate=[0.01, None, None])
    assert len(grouped(missing, label="label", group="age", names=AGES).data) == 1
    with pytest.raises(InputError, match="nothing to draw"):
        grouped(GROUPED.assign(estimate=np.nan), label="label", group="age", names=AGES)
    with pytest.raises(InputError, match="rows lacks column 'sex'"):
        grouped(GROUPED, label="label", group="sex", names=AGES)


def test_a_grouped_figure_of_ratios_has_a_logarithmic_axis_with_a_line_at_1():
    ratios = GROUPED.assign(estimate=[0.8, 1.0, 2.0], lower=[0.5, 0.5, 1.0], upper=[1.0, 2.0, 4.0])
    fig = grouped(ratios, label="label", group="age", names=AGES, scale=1, log=True, axis_title="odds ratio")
    assert fig.layout.xaxis.type == "log"
    assert fig.layout.xaxis.rangemode is None
    assert {0.5, 0.7, 1, 1.5, 2, 3} <= set(fig.layout.xaxis.tickvals)  # less than a decade needs more than 1, 2 and 5
    (line,) = fig.layout.shapes
    assert (line.x0, line.x1) == (1, 1)  # plotly takes shapes, unlike annotations, as they are
    # marks and the ends of their intervals stay on the scale of the estimate; plotly takes the logarithm
    old = fig.data[1]
    assert list(old.x) == [1.0, 2.0]
    assert [x + more for x, more in zip(old.x, old.error_x.array, strict=True)] == [2.0, 4.0]
    assert "<b>0.80 (0.50–1.0)</b>" in fig.data[0].text[0]


def test_ratios_over_more_than_a_decade_have_ticks_at_1_2_and_5():
    ratios = GROUPED.assign(estimate=[0.5, 1.0, 2.0], lower=[0.2, 0.5, 1.0], upper=[1.0, 2.0, 4.0])
    wide = grouped(ratios, label="label", group="age", names=AGES, scale=1, log=True)
    assert wide.layout.xaxis.dtick == "D2"
    assert wide.layout.xaxis.tickvals is None


def test_a_grouped_figure_of_shares_begins_at_nothing_and_has_no_line():
    fig = grouped(GROUPED, label="label", group="age", names=AGES)
    assert fig.layout.xaxis.type is None
    assert fig.layout.xaxis.rangemode == "tozero"
    assert not fig.layout.shapes


def test_ratios_are_grouped_on_a_logarithmic_axis_and_one_without_limits_says_so():
    table = pd.DataFrame({"label": ["a", "a", "b"], "who": ["theirs", "ours", "theirs"], "estimate": [3.1, 2.0, 4.0]})
    table = table.assign(lower=[np.nan, 1.0, 2.0], upper=[np.nan, 4.0, 8.0], bare=[True, False, False])
    names = {"theirs": "printed", "ours": "computed"}
    fig = grouped(table, label="label", group="who", names=names, hollow="bare", scale=1, log=True)
    assert fig.layout.xaxis.type == "log"
    assert [shape.x0 for shape in fig.layout.shapes] == [1]
    printed = fig.data[0]
    assert printed.marker.symbol == ("circle", "circle-open")  # the legend shows the first: a filled one
    assert [text.split("<b>")[1] for text in printed.text] == ["4.0 (2.0–8.0)</b>", "3.1 (no interval known)</b>"]
    assert printed.x == (4.0, 3.1)


def test_a_hover_counts_in_the_unit_of_its_axis():
    table = pd.DataFrame({"label": ["a"], "estimate": [4.6e6], "lower": [3.8e6], "upper": [5.9e6]})
    assert "4.6 (3.8–5.9)" in forest(table, scale=1e-6).data[0].hovertemplate
