"""Grids: a heat map of one number by two keys, and how several risks overlap."""

from __future__ import annotations

import bisect

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns

__all__ = ["heat_map", "upset"]

#: Where one colour of a heat map ends and the next begins, %.
_EDGES = (1, 2, 5, 10, 20)
#: Pixels of a row of a heat map: its label and its cells.
_ROW, _LABEL = 54, 20


def heat_map(
    rows: pd.DataFrame, *, row: str, column: str, names: dict[str, str], unsure: str | None = None
) -> go.Figure:
    """Shares by two keys as coloured cells, each with its number and interval.

    Colours are steps (below 1 %, 1 to 2, 2 to 5, 5 to 10, 10 to 20, 20 % and over), so that a cell can be read against
    the scale; the numbers stand in the cells, so that nobody has to.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, lower, upper`` as shares, and the columns named below; at most one row per cell. A cell without an
        estimate stays empty, one without limits has its number alone.
    row, column : str
        Columns with the label of the row (in the order of their first appearance) and the key of the column.
    names : dict of str to str
        Words for the columns, in the order to draw them; ``<br>`` breaks a line.
    unsure : str, optional
        Boolean column: estimates too uncertain to be quoted stand in brackets.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing, a cell is there twice or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["metformin", "others"], "by": "b12_148", "estimate": [0.06, 0.02]})
    >>> fig = heat_map(table.assign(lower=0.01, upper=0.1), row="group", column="by", names={"b12_148": "serum"})
    >>> fig.data[0].z.tolist()  # steps of the scale: 5 to 10 %, 2 to 5 %
    [[3.0], [2.0]]
    """
    check_columns("rows", rows.columns, ["estimate", "lower", "upper", row, column, *filter(None, [unsure])])
    drawn = rows[rows["estimate"].notna() & rows[column].isin(list(names))]
    if drawn.empty:
        raise InputError("rows holds no estimate of the columns in names; there is nothing to draw")
    if drawn.duplicated([row, column]).any():
        twice = drawn.loc[drawn.duplicated([row, column]), [row, column]].iloc[0].tolist()
        raise InputError(f"rows has the cell {twice} twice; a cell has one estimate")
    labels = drawn[row].drop_duplicates().tolist()
    step = drawn.assign(_step=[float(bisect.bisect(_EDGES, 100 * value)) for value in drawn["estimate"]])
    step = step.assign(_text=[_cell(each, unsure) for each in drawn.to_dict("records")])
    step = step.assign(_hover=[theme.share(*each) for each in drawn[["estimate", "lower", "upper"]].to_numpy()])

    def grid(name: str) -> pd.DataFrame:
        return step.pivot(index=row, columns=column, values=name).reindex(index=labels, columns=list(names))

    colours = [theme.band(theme.SERIES[0], opacity) for opacity in theme.STEPS]
    n = len(colours)
    scale = [(edge / n, colour) for place, colour in enumerate(colours) for edge in (place, place + 1)]
    fig = go.Figure(
        go.Heatmap(
            z=grid("_step").to_numpy(dtype=float),
            x=[words.replace("<br>", " ") for words in names.values()],
            y=labels,
            text=grid("_text").fillna("").to_numpy(),
            customdata=grid("_hover").fillna("").to_numpy(),
            texttemplate="%{text}",
            textfont={"size": 13, "color": theme.INK},
            hovertemplate="%{y}<br>%{x}<br><b>%{customdata}</b><extra></extra>",
            hoverongaps=False,
            colorscale=scale,
            zmin=-0.5,
            zmax=n - 0.5,
            xgap=3,
            ygap=_LABEL,
            colorbar={
                "orientation": "h",
                "y": 0,
                "yanchor": "top",
                "ypad": 12,
                "thickness": 12,
                "outlinewidth": 0,
                "tickvals": [place + 0.5 for place in range(len(_EDGES))],
                "ticktext": [f"{edge} %" for edge in _EDGES],
                "title": {
                    "text": "people, %; below: 95 % interval",
                    "side": "bottom",
                    "font": {"size": 13, "color": theme.MUTED},
                },
            },
        )
    )
    for place, label in enumerate(labels):
        above = place - 0.5 * (1 - _LABEL / _ROW)
        fig.add_annotation(
            x=0, xref="paper", xanchor="left", y=above, yanchor="bottom", text=label, showarrow=False, font={"size": 12}
        )
    lines = max(words.count("<br>") for words in names.values()) + 1
    top = 14 + 15 * lines
    fig.update_xaxes(side="top", tickvals=list(range(len(names))), ticktext=list(names.values()), showgrid=False)
    fig.update_xaxes(tickfont={"size": 11}, tickangle=0, fixedrange=True)
    fig.update_yaxes(visible=False, range=[len(labels) - 0.6, -0.72], fixedrange=True)
    return fig.update_layout(template="b12", height=_ROW * len(labels) + top + 78, margin={"t": top, "b": 72})


def _cell(row: dict, unsure: str | None) -> str:
    said = theme.share(row["estimate"], row["lower"], row["upper"])
    value, _, limits = said.removesuffix(" %").partition(" % (")
    value = f"({value})" if unsure and row[unsure] else value
    return value if not limits else f"{value}<br><span style='font-size:10px'>{limits.rstrip(')')}</span>"


def upset(
    rows: pd.DataFrame,
    *,
    sets: dict[str, str],
    share: str = "share",
    share_title: str = "people, %",
    estimate_title: str = "of them low, %",
    unsure: str | None = None,
) -> go.Figure:
    """How risks overlap: per combination dots for the risks in it, how many people, and how many of them are low.

    Parameters
    ----------
    rows : DataFrame
        One row per combination, from top to bottom: a boolean column per risk, the share of people, and ``estimate,
        lower, upper`` of those with the condition among them, as shares.
    sets : dict of str to str
        The boolean columns and short words for them; ``<br>`` breaks a line.
    share : str
        Column with the share of people.
    share_title, estimate_title : str
        Titles of the two axes, with units.
    unsure : str, optional
        Boolean column: combinations whose estimate is drawn hollow, because it is too uncertain to be quoted.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"old": [True, False], "metformin": [False, True], "share": [0.3, 0.1]})
    >>> table = table.assign(estimate=[0.03, 0.05], lower=0.01, upper=0.08)
    >>> fig = upset(table, sets={"old": "60+", "metformin": "met-<br>formin"})
    >>> [trace.name for trace in fig.data]
    ['not in it', 'risks together', 'in it', 'people', 'low']
    """
    check_columns("rows", rows.columns, [*sets, share, "estimate", "lower", "upper", *filter(None, [unsure])])
    if rows.empty:
        raise InputError("rows is empty; there is nothing to draw")
    fig = go.Figure()
    _matrix(fig, rows, sets)
    y = [-place for place in range(len(rows))]
    words = [_combination(row, sets) for row in rows[list(sets)].to_dict("records")]
    fig.add_bar(
        x=100 * rows[share],
        y=y,
        orientation="h",
        marker={"color": theme.band(theme.SERIES[5], 0.22), "line": {"color": theme.SERIES[5], "width": 1}},
        text=[f"{theme.number(100 * value)}" for value in rows[share]],
        textposition="outside",
        cliponaxis=False,
        customdata=words,
        hovertemplate="%{customdata}<br><b>%{x:.1f} %</b> of people<extra></extra>",
        name="people",
        xaxis="x2",
    )
    low, middle, high = (100 * rows[part] for part in ("lower", "estimate", "upper"))
    hollow = rows[unsure].astype(bool).tolist() if unsure else [False] * len(rows)
    fig.add_scatter(
        x=middle,
        y=y,
        mode="markers",
        error_x={"symmetric": False, "array": high - middle, "arrayminus": middle - low, "width": 0, "thickness": 2},
        marker={"symbol": ["circle-open" if each else "circle" for each in hollow], "size": 9},
        customdata=[
            [word, theme.share(*each)]
            for word, each in zip(words, rows[["estimate", "lower", "upper"]].to_numpy(), strict=True)
        ],
        hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><extra></extra>",
        name="low",
        xaxis="x3",
    )
    fig.update_traces(selector={"name": "low"}, marker_color=theme.SERIES[1], error_x_color=theme.SERIES[1])
    return _panels(fig, rows, sets, share, share_title, estimate_title)


def _matrix(fig: go.Figure, rows: pd.DataFrame, sets: dict[str, str]) -> None:
    """Draw a dot for every risk of every combination, filled and joined where the risk is in it."""
    places: dict[bool, tuple[list, list]] = {True: ([], []), False: ([], [])}
    line: tuple[list, list] = ([], [])
    for place, row in enumerate(rows[list(sets)].to_dict("records")):
        present = [x for x, name in enumerate(sets) if row[name]]
        for x, name in enumerate(sets):
            places[bool(row[name])][0].append(x)
            places[bool(row[name])][1].append(-place)
        if len(present) > 1:
            line[0].extend([present[0], present[-1], None])
            line[1].extend([-place, -place, None])
    fig.add_scatter(x=places[False][0], y=places[False][1], name="not in it", mode="markers", hoverinfo="skip")
    fig.add_scatter(x=line[0], y=line[1], name="risks together", mode="lines", hoverinfo="skip")
    fig.add_scatter(x=places[True][0], y=places[True][1], name="in it", mode="markers", hoverinfo="skip")
    quiet = {"symbol": "circle-open", "size": 7, "color": theme.MUTED, "opacity": 0.6}
    fig.update_traces(selector={"name": "not in it"}, marker=quiet)
    fig.update_traces(selector={"name": "risks together"}, line={"color": theme.INK, "width": 2})
    fig.update_traces(selector={"name": "in it"}, marker={"symbol": "circle", "size": 11, "color": theme.INK})


def _combination(row: dict, sets: dict[str, str]) -> str:
    present = [words.replace("-<br>", "").replace("<br>", " ") for name, words in sets.items() if row[name]]
    return " + ".join(present) or "none of these"


def _panels(
    fig: go.Figure, rows: pd.DataFrame, sets: dict[str, str], share: str, share_title: str, estimate_title: str
) -> go.Figure:
    """Put dots, bars and intervals side by side on one vertical axis."""
    lines = max(words.count("<br>") for words in sets.values()) + 1
    top = 14 + 14 * lines
    heads = {"tickvals": list(range(len(sets))), "ticktext": list(sets.values()), "tickfont": {"size": 11}}
    heads["tickangle"] = 0
    fig.update_layout(
        xaxis={"domain": [0, 0.42], "range": [-0.6, len(sets) - 0.4], "side": "top", "showgrid": False} | heads,
        xaxis2={"domain": [0.47, 0.68], "range": [0, 130 * rows[share].max()], "title": {"text": share_title}},
        xaxis3={"domain": [0.74, 1], "rangemode": "tozero", "title": {"text": estimate_title}},
        yaxis={"visible": False, "range": [0.5 - len(rows), 0.6], "fixedrange": True},
        bargap=0.35,
    )
    fig.update_xaxes(fixedrange=True, nticks=4, selector={"domain": (0.47, 0.68)})
    fig.update_xaxes(fixedrange=True, nticks=4, selector={"domain": (0.74, 1)})
    return fig.update_layout(template="b12", height=30 * len(rows) + top + 64, margin={"t": top})
