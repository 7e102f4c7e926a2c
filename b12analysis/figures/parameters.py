"""What a model rests on, and what the spread of its results is made of."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns, check_range

__all__ = ["shares"]

#: How far shares that should add up to 1 may be from it: they may be rounded.
_SUM = 0.02
#: Patterns of the parts of a bar, so that they differ without colour.
_PATTERNS = ("", "/", ".", "x", "-", "+")


def shares(rows: pd.DataFrame, *, label: str = "label", part: str = "part", axis_title: str = "share, %") -> go.Figure:
    """Draw what a whole is made of: a bar per label, from 0 to 100 %, cut into its parts.

    Parameters
    ----------
    rows : DataFrame
        ``share`` and the columns named below; the shares of each label add up to 1. Such a share has no interval: it
        says what the spread, which the other figures draw, consists of.
    label : str
        Column with the text above each bar, in the order of the first rows.
    part : str
        Column with the words for the parts, in the order to draw them; at most six.
    axis_title : str
        Title of the axis, with its unit.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing, there is nothing to draw, a part is there twice or there are too many, or the shares
        of a label do not add up to 1.

    Examples
    --------
    >>> table = pd.DataFrame({"label": "walking", "part": ["people differ", "not known"], "share": [0.7, 0.3]})
    >>> [(trace.name, trace.x) for trace in shares(table).data]
    [('people differ', (70.0,)), ('not known', (30.0,))]
    """
    check_columns("rows", rows.columns, [label, part, "share"])
    if rows.empty:
        raise InputError("rows is empty; there is nothing to draw")
    parts = list(rows[part].drop_duplicates())
    if len(parts) > len(_PATTERNS):
        raise InputError(f"rows has {len(parts)} parts; {len(_PATTERNS)} can be told apart without colour")
    if rows.duplicated([label, part]).any():
        raise InputError(f"rows has {rows.loc[rows.duplicated([label, part]), part].iloc[0]!r} twice under one label")
    for value in rows["share"]:
        check_range("share in rows", float(value), 0, 1)
    table = rows.pivot(index=label, columns=part, values="share").fillna(0)
    table = table.loc[rows[label].drop_duplicates(), parts]
    for name, total in table.sum(axis=1).items():
        if abs(total - 1) > _SUM:
            raise InputError(f"rows: the shares of {name!r} add up to {total:.3g}; they must add up to 1")
    return _stacked(100 * table, axis_title)


def _stacked(table: pd.DataFrame, axis_title: str) -> go.Figure:
    """Draw a bar per row; each piece that has room says its per cent on a ground of paper."""
    fig, y = go.Figure(), [-float(place) for place in range(len(table))]
    labels = []
    before = pd.Series(0.0, index=table.index)
    for place, name in enumerate(table.columns):
        colour, values = theme.SERIES[place], table[name]
        pattern = {
            "shape": _PATTERNS[place],
            "fgcolor": colour,
            "bgcolor": theme.band(colour),
            "size": 7,
            "solidity": 0.25,
        }
        fig.add_bar(
            x=values.tolist(),
            y=y,
            orientation="h",
            width=0.46,
            marker={"color": colour, "line": {"color": colour, "width": 1.2}, "pattern": pattern if place else None},
            name=name,
            customdata=[theme.share(value / 100) for value in values],
            hovertemplate=f"{name}<br><b>%{{customdata}}</b><extra></extra>",
        )
        for at, start, value in zip(y, before, values, strict=True):
            if value >= 9:  # narrower pieces have no room on a phone; the legend and the table say them
                text = {"text": f"{value:.0f} %", "bgcolor": theme.PAPER, "borderpad": 2}
                labels.append(text | {"x": start + value / 2, "y": at, "showarrow": False, "font": {"size": 12}})
        before = before + values
    for at, name in zip(y, table.index, strict=True):
        labels.append({"text": str(name), "x": 0, "y": at + 0.25, "xref": "paper", "yanchor": "bottom"})
        labels[-1] |= {
            "xanchor": "left",
            "showarrow": False,
            "align": "left",
            "font": {"size": 12},
            "bgcolor": theme.PAPER,
        }
    fig.update_layout(barmode="stack", annotations=labels, showlegend=True)
    fig.update_xaxes(range=[0, 100], title_text=axis_title, tickvals=[0, 25, 50, 75, 100], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-len(table) + 0.65, 0.75], fixedrange=True)
    rows = math.ceil(sum(len(str(name)) + 7 for name in table.columns) / 44)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "itemclick": False}
    legend |= {"traceorder": "normal"}
    return fig.update_layout(
        template="b12", height=62 * len(table) + 22 * rows + 86, margin_t=22 * rows + 14, legend=legend
    )
