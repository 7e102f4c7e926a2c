"""What a model rests on, and what the spread of its results is made of."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_choice, check_columns, check_range
from b12analysis.figures.labels import label as put_label

__all__ = ["priors", "shares"]

#: How far shares that should add up to 1 may be from it: they may be rounded.
_SUM = 0.02
#: Patterns of the parts of a bar, so that they differ without colour.
_PATTERNS = ("", "/", ".", "x", "-", "+")

#: Pixels of a row: the label's line and the mark's line.
_ROW = 48
_BEFORE, _AFTER = ["prior_lower", "prior", "prior_upper"], ["lower", "estimate", "upper"]


def priors(rows: pd.DataFrame, *, level: str = "95 %") -> go.Figure:
    """Draw what was assumed of each parameter and what the data left of it, on one scale: the range before is 0 to 1.

    Parameters
    ----------
    rows : DataFrame
        ``label, status, unit``, ``prior_lower, prior, prior_upper`` (before the data) and ``lower, estimate, upper``
        (after). Where a boolean column ``log`` is true, as for a rate, the scale of a row is logarithmic.
    level : str
        What both ranges hold, for the axis title.

    Returns
    -------
    Figure
        What was learnt most about stands first; each row wears the mark of its status.

    Raises
    ------
    InputError
        If columns or numbers are missing, there is nothing to draw, a status is not known, a prior has no width, or
        one on a logarithmic scale is not positive.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["a", "b"], "status": "assumption", "unit": "1/month"})
    >>> table = table.assign(prior_lower=0.0, prior=1.0, prior_upper=2.0, lower=[0, 0.5], estimate=1.0, upper=[2, 1.5])
    >>> [note.text.split("<")[0].strip() for note in priors(table).layout.annotations][:2]
    ['b', 'a']
    """
    places = _places(rows).sort_values("width", kind="stable")
    rows, y = rows.loc[places.index], [float(len(rows) - 1 - place) for place in range(len(rows))]
    fig = go.Figure()
    before = {"color": theme.band(theme.SERIES[5]), "line": {"width": 0}}
    fig.add_bar(base=0, x=[1] * len(rows), y=y, width=0.3, orientation="h", marker=before, name="before: band")
    tick = {"symbol": "line-ns", "size": 13, "line": {"color": theme.MUTED, "width": 2}}
    fig.add_scatter(x=places["prior"].tolist(), y=y, mode="markers", marker=tick, name="before")
    said = [_learnt(row, width) for row, width in zip(rows.to_dict("records"), places["width"], strict=True)]
    fig.add_scatter(
        x=places["estimate"].tolist(),
        y=y,
        mode="markers+text",
        text=[theme.MARKS[status] for status in rows["status"]],
        textfont={"size": 17, "color": theme.SERIES[0]},
        marker={"color": theme.PAPER, "size": 13},
        error_x={
            "symmetric": False,
            "array": (places["upper"] - places["estimate"]).tolist(),
            "arrayminus": (places["estimate"] - places["lower"]).tolist(),
            "width": 0,
            "thickness": 3,
            "color": theme.SERIES[0],
        },
        cliponaxis=False,
        name="after",
        customdata=[f"{row}<br>{text}" for row, text in zip(rows["label"], said, strict=True)],
    )
    fig.update_traces(hovertemplate="%{customdata}<extra></extra>", selector={"name": "after"})
    fig.update_traces(hoverinfo="skip", selector=lambda trace: trace.name != "after")
    labels = [put_label(str(row), text, at) for row, text, at in zip(rows["label"], said, y, strict=True)]
    marks = " ".join(f"{mark} {status}" for status, mark in theme.MARKS.items() if status in set(rows["status"]))
    title = f"0 to 1: the range before the data ({level})<br>grey: before; line: after the data<br>{marks}"
    fig.update_xaxes(title_text=title, tickvals=[0, 0.5, 1], ticktext=["0", "½", "1"], fixedrange=True)
    outside = max(0.03, -places["lower"].min(), places["upper"].max() - 1)
    fig.update_xaxes(range=[-outside, 1 + outside])
    fig.update_yaxes(visible=False, range=[-0.5, len(rows) - 0.2], fixedrange=True)
    height = _ROW * len(rows) + 108
    return fig.update_layout(template="b12", height=height, margin={"t": 8, "b": 86}, annotations=labels)


def _places(rows: pd.DataFrame) -> pd.DataFrame:
    """Places of each row's numbers in its range before the data, and how wide the range after it is."""
    check_columns("rows", rows.columns, ["label", "status", "unit", *_BEFORE, *_AFTER])
    if rows.empty:
        raise InputError("rows is empty; there is nothing to draw")
    for status in rows["status"]:
        check_choice("status in rows", status, theme.MARKS)
    values = rows[_BEFORE + _AFTER].astype(float)
    is_log = rows["log"].astype(bool) if "log" in rows else pd.Series(False, index=rows.index)
    for name, row, log in zip(rows["label"], values.to_dict("records"), is_log, strict=True):
        if not np.isfinite(list(row.values())).all():
            raise InputError(f"rows: {name!r} lacks a number")
        if not row["prior_lower"] < row["prior_upper"]:
            raise InputError(f"rows: the prior of {name!r} has no width")
        if log and min(row.values()) <= 0:
            raise InputError(f"rows: {name!r} has a number that is not positive; it has no logarithm")
    values[is_log] = np.log(values[is_log])
    width = values["prior_upper"] - values["prior_lower"]
    places = values.sub(values["prior_lower"], axis=0).div(width, axis=0)
    return places.assign(width=places["upper"] - places["lower"])


def _learnt(row: dict, width: float) -> str:
    """Say the range before and after, and by how much it narrowed."""
    before, after = (f"{_short(row[part[0]])}–{_short(row[part[2]])}" for part in (_BEFORE, _AFTER))
    unit = f" {row['unit']}" if pd.notna(row["unit"]) and row["unit"] else ""
    if width > 0.95:
        return f"{before}{unit}, hardly narrower" if width < 1.05 else f"{before} → {after}{unit}, wider"
    return f"{before} → {after}{unit}, {100 * (1 - width):.0f} % narrower"


def _short(value: float) -> str:
    text = theme.number(value) if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
    return text.replace("-", "−")


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
        labels.append(put_label(str(name), "", at, lift=0.25))
    fig.update_layout(barmode="stack", annotations=labels, showlegend=True)
    fig.update_xaxes(range=[0, 100], title_text=axis_title, tickvals=[0, 25, 50, 75, 100], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-len(table) + 0.65, 0.75], fixedrange=True)
    rows = math.ceil(sum(len(str(name)) + 7 for name in table.columns) / 44)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "itemclick": False}
    legend |= {"traceorder": "normal"}
    return fig.update_layout(
        template="b12", height=62 * len(table) + 22 * rows + 86, margin_t=22 * rows + 14, legend=legend
    )
