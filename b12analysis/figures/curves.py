"""Curves with bands: what a cut-off finds."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns

__all__ = ["bands"]


def bands(
    curves: pd.DataFrame,
    *,
    x: str,
    panel: str,
    line: str,
    names: dict[str, str],
    x_title: str,
    mark: float | None = None,
) -> go.Figure:
    """Shares along an axis with their bands: a small panel per key, a few lines in each.

    Parameters
    ----------
    curves : DataFrame
        The column ``x``, ``estimate, lower, upper`` as shares, and the columns named below.
    x : str
        Column of the horizontal axis.
    panel, line : str
        Columns with the title of the panel (drawn in the order of their first rows) and the key of the line.
    names : dict of str to str
        Words for the lines, in the order to draw them.
    x_title : str
        Title of the horizontal axis, with its unit.
    mark : float, optional
        Where to draw a dotted line, such as the usual cut-off.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"cutoff": [148, 221], "by": "MMA", "what": "found", "estimate": [0.1, 0.4]})
    >>> table = table.assign(lower=0.1, upper=0.5)
    >>> fig = bands(table, x="cutoff", panel="by", line="what", names={"found": "found"}, x_title="pmol/L")
    >>> [trace.name for trace in fig.data]
    ['found: band', 'found']
    """
    check_columns("curves", curves.columns, [x, panel, line, "estimate", "lower", "upper"])
    drawn = curves[curves[line].isin(list(names))].sort_values(x, kind="stable")
    if drawn.empty:
        raise InputError("curves holds none of the lines in names; there is nothing to draw")
    titles = list(curves.loc[drawn.index.sort_values(), panel].drop_duplicates())
    size, gap = 150, 46
    height = len(titles) * size + (len(titles) - 1) * gap
    fig = go.Figure()
    for place, title in enumerate(titles):
        suffix, top = "" if place == 0 else str(place + 1), 1 - place * (size + gap) / height
        axis = {"domain": [max(0, top - size / height), top], "anchor": "x", "rangemode": "tozero", "ticksuffix": " %"}
        fig.update_layout({f"yaxis{suffix}": axis | {"fixedrange": True, "nticks": 4}})
        for number, (key, words) in enumerate(names.items()):
            part = drawn[(drawn[panel] == title) & (drawn[line] == key)]
            if len(part):
                _band(fig, part, x, words, number, first=place == 0, yaxis=f"y{suffix}")
        fig.add_annotation(
            text=f"<b>{title}</b>", x=0, xref="paper", xanchor="left", y=top, yref="paper", yanchor="bottom", xshift=-44
        )
    fig.update_annotations(showarrow=False, align="left")
    if mark is not None:
        dotted = {"color": theme.INK, "width": 1, "dash": "dot"}
        fig.add_shape(type="line", x0=mark, x1=mark, y0=0, y1=1, yref="paper", line=dotted)
    last = "" if len(titles) == 1 else str(len(titles))
    fig.update_xaxes(title_text=x_title, anchor=f"y{last}", fixedrange=True, ticklabelstandoff=4)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1 + 24 / height, "x": 0, "itemclick": False}
    return fig.update_layout(
        template="b12", height=height + 130, margin={"t": 66, "l": 56, "r": 18}, showlegend=True, legend=legend
    )


def _band(fig: go.Figure, part: pd.DataFrame, x: str, words: str, place: int, *, first: bool, yaxis: str) -> None:
    colour, dash = theme.SERIES[place], ("solid", "dash", "dot")[place % 3]
    values = part[x].tolist()
    fig.add_scatter(
        x=values + values[::-1],
        y=[*(100 * part["upper"]), *(100 * part["lower"])[::-1]],
        fill="toself",
        fillcolor=theme.band(colour),
        line={"width": 0},
        hoverinfo="skip",
        mode="lines",
        name=f"{words}: band",
        showlegend=False,
        yaxis=yaxis,
    )
    fig.add_scatter(
        x=values,
        y=100 * part["estimate"],
        customdata=[theme.share(*row) for row in part[["estimate", "lower", "upper"]].to_numpy()],
        mode="lines",
        line={"color": colour, "width": 2.5, "dash": dash},
        name=words,
        showlegend=first,
        hovertemplate=f"{words}, %{{x:g}}<br><b>%{{customdata}}</b><extra></extra>",
        yaxis=yaxis,
    )
