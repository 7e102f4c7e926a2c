"""What a delay costs, in every scenario at once: their spread is the finding, not one of their lines."""

from __future__ import annotations

import itertools
import textwrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns

__all__ = ["delay"]

#: Pixels of the panel, and of a line of a label beside it.
_PANEL, _LINE = 300, 15
_NUMBERS = ["estimate", "lower", "upper"]


def delay(
    rows: pd.DataFrame,
    *,
    names: dict[str, str] | None = None,
    y_title: str = "change against treatment now, percentage points",
    x_title: str = "months that treatment waits",
    level: str = "95 % interval",
) -> go.Figure:
    """Change against treatment now by months of waiting: a line with intervals per scenario, named at its end.

    Parameters
    ----------
    rows : DataFrame
        ``scenario, wait_months, estimate, lower, upper``: the change in percentage points, 0 or below where a delay
        does harm. The shaded area goes from the lowest to the highest estimate.
    names : dict of str to str, optional
        Words for the scenarios, in the order to draw them; the scenarios themselves by default.
    y_title, x_title : str
        Titles of the axes, with units.
    level : str
        What the bars hold, for the axis title.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns or numbers are missing, there is nothing to draw, or a scenario is not in the table.

    Examples
    --------
    >>> table = pd.DataFrame({"scenario": ["none", "steady"], "wait_months": 6, "estimate": [0, -8]})
    >>> fig = delay(table.assign(lower=[0, -15], upper=[0, -3]))
    >>> [trace.name for trace in fig.data], [note.text for note in fig.layout.annotations][:2]
    (['scenarios: band', 'none', 'steady'], ['none', 'steady'])
    """
    check_columns("rows", rows.columns, ["scenario", "wait_months", *_NUMBERS])
    if rows.empty:
        raise InputError("rows is empty; there is nothing to draw")
    if not np.isfinite(rows[["wait_months", *_NUMBERS]].to_numpy(dtype=float)).all():
        raise InputError("rows lacks a wait, an estimate or a limit; a change does not go without its interval")
    names = names or {scenario: scenario for scenario in rows["scenario"].unique()}
    unknown = [scenario for scenario in names if scenario not in set(rows["scenario"])]
    if unknown:
        raise InputError(f"names: scenario {unknown[0]!r} is not in rows")
    drawn = rows[rows["scenario"].isin(list(names))].sort_values("wait_months", kind="stable")
    fig = go.Figure()
    _spread(fig, drawn)
    beside = 0.022 * float(drawn["wait_months"].max())
    for place, (scenario, words) in enumerate(names.items()):
        part = drawn[drawn["scenario"] == scenario]
        _line(fig, part, words, theme.look(scenario), beside * (place - (len(names) - 1) / 2))
    low, high = min(0.0, float(drawn["lower"].min())), max(0.0, float(drawn["upper"].max()))
    room = 0.04 * ((high - low) or 1)
    shown = (low - room, high + room)
    _ends(fig, names, shown, right=float(drawn["wait_months"].max()) + 3 * beside)
    fig.add_hline(0, line={"color": theme.INK, "width": 1.5})
    title = {"text": y_title, "x": 0, "y": 1, "xref": "paper", "yref": "paper", "xshift": -44, "yshift": 6}
    fig.add_annotation(
        font={"color": theme.MUTED, "size": 12}, showarrow=False, xanchor="left", yanchor="bottom", **title
    )
    wait = f"{x_title}<br>bars: {level}<br>shaded: all that the scenarios span"
    fig.update_xaxes(title_text=wait, tickangle=0, fixedrange=True, **_waits(drawn["wait_months"], beside))
    fig.update_yaxes(range=shown, fixedrange=True, ticklabelstandoff=4)
    margin = {"t": 34, "b": 86, "l": 56, "r": 114}
    return fig.update_layout(template="b12", height=_PANEL + 120, margin=margin)


def _waits(months: pd.Series, beside: float) -> dict:
    """Ticks where somebody waits, as far apart as their numbers need on a phone."""
    last, ticks = float(months.max()), [0.0]
    for month in sorted(months.unique()):
        if month - ticks[-1] >= 0.07 * last:
            ticks.append(float(month))
    return {"tickvals": ticks, "range": [-beside, last + 2 * beside]}


def _spread(fig: go.Figure, rows: pd.DataFrame) -> None:
    """Shade from the lowest to the highest estimate."""
    limits = rows.groupby("wait_months")["estimate"].agg(["min", "max"])
    x = limits.index.tolist()
    fig.add_scatter(
        x=x + x[::-1],
        y=[*limits["max"], *limits["min"][::-1]],
        fill="toself",
        fillcolor=theme.band(theme.SERIES[5]),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name="scenarios: band",
    )


def _line(fig: go.Figure, part: pd.DataFrame, words: str, style: dict[str, str], beside: float) -> None:
    """Draw a scenario a little beside its waits, so that no interval hides another; what is certain needs no room."""
    is_certain = part["lower"] == part["upper"]
    said = [
        f"{words}<br>{row['wait_months']:g} months: <b>{_points(row['estimate'])}</b> "
        f"({_points(row['lower'])} to {_points(row['upper'])})"
        for row in part.to_dict("records")
    ]
    fig.add_scatter(
        x=part["wait_months"].where(is_certain & (part["wait_months"] == 0), part["wait_months"] + beside).tolist(),
        y=part["estimate"].tolist(),
        error_y={
            "symmetric": False,
            "array": (part["upper"] - part["estimate"]).tolist(),
            "arrayminus": (part["estimate"] - part["lower"]).tolist(),
            "width": 0,
            "thickness": 1.5,
            "color": style["colour"],
        },
        mode="lines+markers",
        marker={"symbol": style["shape"], "size": 8, "color": style["colour"]},
        line={"color": style["colour"], "width": 2, "dash": style["dash"]},
        cliponaxis=False,
        name=words,
        text=said,
        hovertemplate="%{text}<extra></extra>",
    )


def _points(value: float) -> str:
    return theme.number(value).replace("-", "−")


def _ends(fig: go.Figure, names: dict[str, str], shown: tuple[float, float], *, right: float) -> None:
    """Name each line at its end; names that would touch move apart, each with a thread to its line."""
    unit = _PANEL / (shown[1] - shown[0])  # pixels
    words = {scenario: textwrap.wrap(text, 14) for scenario, text in names.items()}
    ends = {line.name: (line.x[-1], line.y[-1]) for line in fig.data[1:]}
    order = sorted(names, key=lambda scenario: -ends[names[scenario]][1])
    wanted = [(shown[1] - ends[names[scenario]][1]) * unit for scenario in order]
    places = _apart(wanted, [_LINE * len(words[scenario]) + 5 for scenario in order])
    for scenario, at, end in zip(order, places, wanted, strict=True):
        colour = theme.look(scenario)["colour"]
        x, y = ends[names[scenario]]
        thread = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour, "standoff": 5}
        thread |= {"axref": "x", "ax": right, "ay": at - end}
        text = {"text": "<br>".join(words[scenario]), "font": {"color": colour, "size": 12}, "align": "left"}
        fig.add_annotation(x=x, y=y, xanchor="left", **text, **thread)


def _apart(wanted: list[float], heights: list[int]) -> list[float]:
    """Move places, which are sorted, apart until none touches the next, and up where they leave the panel."""
    places = [max(wanted[0], heights[0] / 2)]
    for place, (above, own) in zip(wanted[1:], itertools.pairwise(heights), strict=True):
        places.append(max(place, places[-1] + (above + own) / 2))
    floor = _PANEL + 40.0  # the axis has no words so far to the right
    for n in reversed(range(len(places))):
        places[n] = min(places[n], floor - heights[n] / 2)
        floor = places[n] - heights[n] / 2
    return places
