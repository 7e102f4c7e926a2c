"""Recovery over time: a panel per symptom, with the spread between patients and what is not known of the middle one."""

from __future__ import annotations

import math
import textwrap

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns, check_range

__all__ = ["recovery_fans"]

#: Pixels of a panel, of its head, of the months below it, and of a line of the timeline's labels and of its bars.
_PANEL, _HEAD, _MONTHS, _LINE, _BAR = 140, 28, 34, 15, 18
_TICKS = (0, 1, 3, 6, 12, 24, 36, 48, 60)
#: Columns that a table has where it says how sure the median is.
_MEDIAN = ["median_lower", "median_upper"]


def recovery_fans(
    curves: pd.DataFrame,
    *,
    level: str = "80 % of simulated patients",
    middle: str = "where the middle patient lies (95 %)",
    periods: pd.DataFrame | None = None,
    timeline: str = "the timeline, shaded in each panel",
) -> go.Figure:
    """Recovery over time, one small panel per symptom on the same axes: median and one or two bands.

    The axis of months is widened near 0, where most happens: places are square roots of months. Panels stand below each
    other, two in a row where a page has room.

    Parameters
    ----------
    curves : DataFrame
        ``symptom, month, estimate, lower, upper``: shares of the deficit that have come back, as
        ``summarize(draws, by=["symptom", "month"])`` returns them: the middle patient, and the spread of patients. With
        ``median_lower, median_upper`` a darker band says how sure the middle patient is.
    level, middle : str
        What the light and the dark band hold, for the axis title.
    periods : DataFrame, optional
        ``label, start, end`` in months: a timeline to hold the curves against, shaded behind them and named once, in a
        panel of its own. Without ``end`` a period stays open.
    timeline : str
        Title of that panel.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing, there is nothing to draw, a month is before treatment, or a period ends before
        it begins.

    Examples
    --------
    >>> table = pd.DataFrame({"symptom": ["tingling"] * 2, "month": [0, 6]})
    >>> fig = recovery_fans(table.assign(estimate=[0, 0.8], lower=[0, 0.4], upper=[0, 0.9]))
    >>> [trace.name for trace in fig.data]
    ['tingling: band', 'tingling']
    """
    check_columns("curves", curves.columns, ["symptom", "month", "estimate", "lower", "upper"])
    if curves.empty:
        raise InputError("curves is empty; there is nothing to draw")
    check_range("month in curves", float(curves["month"].min()), 0)
    last = float(curves["month"].max())
    fig, heights, notes, shapes, spans = go.Figure(), [], [], [], []
    if periods is not None:
        spans = _spans(periods, last)
        height, notes = _timeline(fig, spans, timeline)
        heights.append(height)
    for symptom, part in curves.groupby("symptom", sort=False):
        heights.append(_PANEL)
        suffix = _suffix(len(heights))
        _fan(fig, part, str(symptom), {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"})
        end = part.iloc[-1]
        share = theme.share(end["estimate"], end["lower"], end["upper"])
        notes.append(_head(str(symptom), f"at {end['month']:.0f} months {share}", suffix))
        shapes += [_shade(span, suffix) for span in spans]
        ticks = {"range": [0, 101], "tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"]}
        fig.update_layout({f"yaxis{suffix}": ticks})
    fig.update_layout(annotations=notes, shapes=shapes)  # at once: one by one, each would copy all before it
    bands = f"light: {level}<br>dark: {middle}" if set(_MEDIAN) <= set(curves) else f"band: {level}"
    title = f"months since treatment began<br>{bands}"
    lines = 1 + max(note["text"].count("<br>") for note in notes if note["y"] == 1)
    fig.update_layout(_grid(heights, 1, title, lines), meta=theme.wide(_grid(heights, 2, title, lines)))
    months = [month for month in _TICKS if month <= last]
    ticks = {"tickvals": [math.sqrt(month) for month in months], "ticktext": [str(month) for month in months]}
    fig.update_xaxes(range=[0, math.sqrt(last)], fixedrange=True, **ticks)
    fig.update_yaxes(fixedrange=True)
    return fig.update_layout(template="b12", margin={"t": 0, "b": 0, "l": 56, "r": 18})


def _suffix(number: int) -> str:
    return "" if number == 1 else str(number)


def _grid(heights: list[int], columns: int, title: str, lines: int) -> dict:
    """Lay the panels out in rows; the last of each column says what its axis is."""
    columns, above = min(columns, len(heights)), _HEAD + 17 * (lines - 1)
    rows = [max(heights[first : first + columns]) for first in range(0, len(heights), columns)]
    height = sum(rows) + len(rows) * (above + _MONTHS) + 24 + 17 * title.count("<br>")
    layout: dict = {"height": height}
    for place, own in enumerate(heights):
        row, column = divmod(place, columns)
        top = 1 - (sum(rows[:row]) + row * (above + _MONTHS) + above) / height
        suffix, left = _suffix(place + 1), 0.54 * column
        titled = title if place + columns >= len(heights) else ""
        across = {"domain": [left, left + 0.46 if columns == 2 else 1], "anchor": f"y{suffix}"}
        layout[f"xaxis{suffix}"] = across | {"title": {"text": titled}}
        layout[f"yaxis{suffix}"] = {"domain": [top - own / height, top], "anchor": f"x{suffix}"}
    return layout


def _fan(fig: go.Figure, part: pd.DataFrame, symptom: str, axes: dict[str, str]) -> None:
    """Draw a symptom's spread, how sure its middle is, and the middle itself."""
    style = theme.look(symptom)
    x = [math.sqrt(month) for month in part["month"]]
    limits = {"band": ("lower", "upper", theme.BANDS[0]), "middle": (*_MEDIAN, theme.BANDS[1])}
    for name, (low, high, opacity) in limits.items():
        if low in part and high in part:
            fig.add_scatter(
                x=x + x[::-1],
                y=[*(100 * part[high]), *(100 * part[low])[::-1]],
                fill="toself",
                fillcolor=theme.band(style["colour"], opacity),
                line={"width": 0},
                hoverinfo="skip",
                name=f"{symptom}: {name}",
                mode="lines",
                **axes,
            )
    fig.add_scatter(
        x=x,
        y=100 * part["estimate"],
        customdata=[_said(row) for row in part.to_dict("records")],
        mode="lines",
        line={"color": style["colour"], "width": 2.5, "dash": style["dash"]},
        name=symptom,
        hovertemplate=f"{symptom}, %{{customdata}}<extra></extra>",
        **axes,
    )


def _said(row: dict) -> str:
    """Say a month's numbers, for the hover."""
    shares = theme.share(row["estimate"], row["lower"], row["upper"])
    middle = ""
    if pd.notna(row.get("median_lower")) and pd.notna(row.get("median_upper")):
        middle = f"<br>middle: {100 * row['median_lower']:.0f}–{100 * row['median_upper']:.0f} %"
    return f"month {row['month']:g}<br><b>{shares}</b>{middle}"


def _head(words: str, quiet: str, suffix: str) -> dict:
    """Head a panel, on two lines where a phone has no room for one."""
    between = "  " if len(words) + len(quiet) < 42 else "<br>"
    text = f"<b>{words}</b>{between}<span style='color:{theme.MUTED}'>{quiet}</span>" if quiet else f"<b>{words}</b>"
    return _note(text, f"x{suffix} domain", f"y{suffix} domain", y=1) | {"yshift": 4}


def _note(text: str, xref: str, yref: str, y: float) -> dict:
    """Return a text that begins above the left end of the months' labels."""
    at = {"x": 0, "y": y, "xref": xref, "yref": yref, "xanchor": "left", "yanchor": "bottom", "xshift": -44}
    return at | {"text": text, "showarrow": False, "align": "left"}


def _spans(periods: pd.DataFrame, last: float) -> list[dict]:
    """Periods as places on the axis; one without an end goes on to the axis' own."""
    check_columns("periods", periods.columns, ["label", "start", "end"])
    spans = []
    for row in periods.sort_values("start", kind="stable").to_dict("records"):
        is_open = bool(pd.isna(row["end"]) or row["end"] > last)
        check_range(f"start of {row['label']!r}", row["start"], 0)
        check_range(f"end of {row['label']!r}", last if is_open else row["end"], row["start"])
        words = "<br>".join(textwrap.wrap(str(row["label"]), 46))
        end = math.sqrt(last if is_open else row["end"])
        spans.append({"words": words, "start": math.sqrt(row["start"]), "end": end, "open": is_open})
    return spans


def _timeline(fig: go.Figure, spans: list[dict], title: str) -> tuple[int, list[dict]]:
    """Draw a bar for each period, its words above it; return the height of all, in pixels, and the words."""
    y, notes = 0, [_head(title, "", "")]
    for span in spans:
        y -= _LINE * (1 + span["words"].count("<br>"))
        notes.append(_note(span["words"], "x", "y", y=y) | {"font": {"size": 12}})
        y -= _BAR
        fig.add_scatter(
            x=[span["start"], span["end"]],
            y=[y + 0.7 * _BAR] * 2,
            mode="lines+markers" if span["open"] else "lines",
            line={"color": theme.SERIES[5], "width": 7},
            marker={"symbol": "triangle-right", "size": [0, 16], "color": theme.SERIES[5]},
            cliponaxis=False,
            name="timeline",
            hovertemplate=f"{span['words']}<extra></extra>",
            xaxis="x",
            yaxis="y",
        )
    fig.update_layout(yaxis={"visible": False, "range": [y, 0]})
    return -y, notes


def _shade(span: dict, suffix: str) -> dict:
    """Return the shade of a period behind a panel, with a seam of paper between two that meet."""
    place = {"x0": span["start"], "x1": span["end"], "y0": 0, "y1": 1, "layer": "below", "type": "rect"}
    axes = {"xref": f"x{suffix}", "yref": f"y{suffix} domain"}
    return place | axes | {"fillcolor": theme.GRID, "line": {"color": theme.PAPER, "width": 3}}
