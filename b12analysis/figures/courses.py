"""Courses of several measures over the same time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns

__all__ = ["courses"]

#: Pixels of a panel, and between two.
_PANEL, _GAP = 165, 50


def courses(
    curves: pd.DataFrame,
    *,
    panels: dict[str, str],
    x_title: str,
    x: str = "day",
    line: str | None = None,
    names: dict[str, str] | None = None,
    pick: Sequence[str] = (),
    marks: dict[str, float] | None = None,
    log: Sequence[str] = (),
) -> go.Figure:
    """Draw several measures over the same time, a panel each: median and band.

    Parameters
    ----------
    curves : DataFrame
        ``measure, estimate, lower, upper``, the column ``x`` and the columns named below.
    panels : dict of str to str
        Titles of the panels with their units, by measure, from top to bottom.
    x_title : str
        Title of the horizontal axis, with its unit.
    x : str
        Column of the horizontal axis.
    line : str, optional
        Column of what is drawn together in each panel, in a colour and dash each.
    names : dict of str to str, optional
        Words for the lines, in the order to draw them; needed with ``line``.
    pick : sequence of str
        Columns by whose values a reader picks what is drawn; each trace carries its values as ``meta``.
    marks : dict of str to float, optional
        Where to draw a dotted line across a panel, by measure, such as a cut-off.
    log : sequence of str
        Measures on a logarithmic axis.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"day": [0, 30], "measure": "store_ug", "estimate": [300, 900]})
    >>> table = table.assign(lower=200, upper=1200)
    >>> fig = courses(table, panels={"store_ug": "store, ug"}, x_title="days")
    >>> [trace.name for trace in fig.data]
    ['store, ug: band', 'store, ug']
    """
    check_columns("curves", curves.columns, ["measure", x, "estimate", "lower", "upper", *pick, *filter(None, [line])])
    drawn = curves[curves["measure"].isin(list(panels))]
    if drawn.empty:
        raise InputError("curves holds none of the measures in panels; there is nothing to draw")
    height = len(panels) * _PANEL + (len(panels) - 1) * _GAP
    fig = go.Figure()
    for place, (measure, title) in enumerate(panels.items()):
        number, top = "" if place == 0 else str(place + 1), 1 - place * (_PANEL + _GAP) / height
        part = drawn[drawn["measure"] == measure]
        fig.update_layout({f"yaxis{number}": _axis(part, [max(0, top - _PANEL / height), top], measure in log)})
        for choice, chosen in part.groupby(list(pick), sort=False, dropna=False) if pick else [((), part)]:
            meta = dict(zip(pick, choice, strict=True)) or None
            for at, (key, words) in enumerate((names or {None: title}).items()):
                rows = chosen if line is None else chosen[chosen[line] == key]
                if len(rows):
                    _course(fig, rows.sort_values(x), x, words, at, f"y{number}", meta, legend=place == 0)
        titled = _titled(title, (marks or {}).get(measure))
        fig.add_annotation(text=titled, x=0, y=top, xref="paper", yref="paper", yanchor="bottom", xshift=-44)
        if marks and measure in marks:
            dotted = {"color": theme.INK, "width": 1, "dash": "dot"}
            span = {"x0": 0, "x1": 1, "xref": "paper", "y0": marks[measure], "y1": marks[measure]}
            fig.add_shape(type="line", yref=f"y{number}", line=dotted, **span)
    fig.update_annotations(showarrow=False, align="left", xanchor="left")
    last = "" if len(panels) == 1 else str(len(panels))
    fig.update_xaxes(title_text=x_title, anchor=f"y{last}", fixedrange=True, range=[drawn[x].min(), drawn[x].max()])
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1 + 24 / height, "x": 0, "itemclick": False}
    top = 30 if line is None else 76
    return fig.update_layout(
        template="b12",
        height=height + top + 60,
        margin={"t": top, "l": 56, "r": 18},
        showlegend=line is not None,
        legend=legend,
    )


def _titled(title: str, mark: float | None) -> str:
    """Title of a panel, and what its dotted line is."""
    beside = "" if mark is None else f"  <span style='color:{theme.MUTED}'>dotted: {mark:g}</span>"
    return f"<b>{title}</b>{beside}"


def _axis(part: pd.DataFrame, domain: list[float], is_log: bool) -> dict:
    """Return a panel's vertical axis; it holds every choice, so that two can be compared by eye."""
    axis = {"domain": domain, "anchor": "x", "fixedrange": True, "nticks": 5}
    if not is_log:
        return axis | {"range": [0, 1.04 * float(part["upper"].max())], "tickformat": ","}
    decades = part["upper"].max() / part["lower"].min()
    return axis | {"type": "log", "dtick": 1 if decades > 30 else "D2", "tickformat": ","}


def _course(
    fig: go.Figure, rows: pd.DataFrame, x: str, words: str, place: int, axis: str, meta: dict | None, *, legend: bool
) -> None:
    colour, dash = theme.SERIES[place], ("solid", "dash", "dot")[place % 3]
    at = rows[x].tolist()
    fig.add_scatter(
        x=at + at[::-1],
        y=[*rows["upper"], *rows["lower"][::-1]],
        fill="toself",
        fillcolor=theme.band(colour),
        line={"width": 0},
        hoverinfo="skip",
        mode="lines",
        name=f"{words}: band",
        showlegend=False,
        yaxis=axis,
        meta=meta,
    )
    fig.add_scatter(
        x=at,
        y=rows["estimate"].tolist(),
        mode="lines",
        line={"color": colour, "width": 2.5, "dash": dash},
        name=words,
        legendgroup=words,
        showlegend=legend,
        hovertemplate=f"{words}, %{{x:,.0f}}<br><b>%{{y:,.4~g}}</b><extra></extra>",
        yaxis=axis,
        meta=meta,
    )
