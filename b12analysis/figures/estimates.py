"""Estimates with their intervals: one row each, or several under each label."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns
from b12analysis.figures.labels import label as put_label

__all__ = ["forest", "grouped"]

#: Pixels for one row of a forest plot: the label's line and the mark's line.
_ROW = 46
#: Ticks of a logarithmic axis of less than a decade.
_FINE = (1, 1.5, 2, 3, 5, 7)


def forest(
    rows: pd.DataFrame,
    *,
    label: str = "label",
    detail: str | None = None,
    look: str | None = None,
    axis_title: str = "people, % (95 % interval)",
    scale: float = 100,
    log: bool = False,
    references: dict[str, float] | None = None,
    summary: str | None = None,
) -> go.Figure:
    """Estimates with intervals, one row each, from top to bottom as in the table.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, lower, upper``, and the columns named below. A row that has only an estimate, or only
        ``reported_percent``, is drawn hollow: no interval is known. One that has only limits is drawn as a line.
    label : str
        Column with the text above each mark.
    detail : str, optional
        Column with a quieter text after the label.
    look : str, optional
        Column with the group, symptom or scenario that gives a row its colour and shape.
    axis_title : str
        Title of the axis, with unit and what the interval is.
    scale : float
        Estimates are multiplied by it for display: 100 shows shares as per cent.
    log : bool
        Logarithmic axis, for ratios; a line marks 1.
    references : dict of str to float, optional
        Named vertical lines, in the unit of the axis.
    summary : str, optional
        Boolean column: rows that summarise others are drawn as diamonds, with ``prediction_lower`` and
        ``prediction_upper`` as a thin line where the table has them.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["a"], "estimate": [0.2], "lower": [0.1], "upper": [0.3]})
    >>> [float(x) for x in forest(table).data[0].x]
    [20.0]
    """
    named = [column for column in (label, detail, look, summary) if column]
    check_columns("rows", rows.columns, ["estimate", "lower", "upper", *named])
    if rows.empty:
        raise InputError("rows is empty; there is nothing to draw")
    fig, labels = go.Figure(), []
    for place, row in enumerate(rows.to_dict("records")):
        y = len(rows) - 1 - place
        is_summary = bool(summary and row[summary])
        words = str(row[label])
        quiet = str(row[detail]) if detail and pd.notna(row[detail]) else ""
        labels.append(put_label(f"<b>{words}</b>" if is_summary else words, quiet, y))
        style = {"colour": theme.SERIES[0], "shape": "circle"} if look is None else theme.look(row[look])
        if is_summary:
            style = {"colour": theme.INK, "shape": "diamond-wide"}
            _prediction(fig, row, y, scale)
        _mark(fig, row, y, scale, words=words, hover=f"{words}<br>{quiet}".removesuffix("<br>"), **style)
    fig.update_layout(annotations=labels)  # at once: one by one, each would copy all before it
    _axis(fig, axis_title, rows, log=log)
    _references(fig, references or {}, widest=float((rows["upper"] * scale).max()), log=log)
    fig.update_yaxes(visible=False, range=[-0.6, len(rows) + 0.1], fixedrange=True)
    top = 26 if references else 8
    return fig.update_layout(template="b12", height=_ROW * len(rows) + top + 70, margin_t=top)


def grouped(
    rows: pd.DataFrame,
    *,
    label: str,
    group: str,
    names: dict[str, str],
    detail: str | None = None,
    hollow: str | None = None,
    axis_title: str = "people, % (95 % interval)",
    scale: float = 100,
    log: bool = False,
    one: bool = True,
) -> go.Figure:
    """Several estimates with intervals under each label, one below the other, and a legend of what tells them apart.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, lower, upper``, and the columns named below; one row per label and group. A row without an estimate
        is left out.
    label : str
        Column with the text above each block; blocks stand in the order of their first rows.
    group : str
        Column of what is compared within each block.
    names : dict of str to str
        Words for the groups, in the order to draw them.
    detail : str, optional
        Column with a text for the hover.
    hollow : str, optional
        Boolean column: rows that are drawn hollow, because they are too uncertain to be quoted.
    axis_title, scale, log
        As in :func:`forest`.
    one : bool
        Whether a logarithmic axis marks 1: ratios have it, numbers of tests do not.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"cut-off": ["148", "148"], "age": ["20-59", "60+"], "estimate": [0.02, 0.04]})
    >>> table = table.assign(lower=0.01, upper=0.05)
    >>> fig = grouped(table, label="cut-off", group="age", names={"20-59": "20 to 59", "60+": "60 and over"})
    >>> [trace.name for trace in fig.data]
    ['20 to 59', '60 and over']
    """
    check_columns("rows", rows.columns, ["estimate", "lower", "upper", label, group, *filter(None, [detail, hollow])])
    drawn = rows[rows["estimate"].notna() & rows[group].isin(list(names))]
    if drawn.empty:
        raise InputError("rows holds no estimate of the groups in names; there is nothing to draw")
    names = {name: words for name, words in names.items() if name in set(drawn[group])}
    fig, step, y = go.Figure(), 20, 0.0
    places: list[dict] = []
    labels: list[dict] = []
    for block in drawn[label].drop_duplicates():
        y -= 30
        labels.append(put_label(str(block), "", y, lift=2))
        part = drawn[drawn[label] == block].set_index(group)
        for name in names:
            if name in part.index:
                y -= step
                places.append({**part.loc[name].to_dict(), group: name, "_block": str(block), "_y": y + step / 2})
    for place, (name, words) in enumerate(names.items()):
        mine = [row for row in places if row[group] == name]
        mine.sort(key=lambda row: bool(hollow and row[hollow]))  # the legend shows the first mark
        _series(fig, mine, words, theme.SERIES[place], theme.SHAPES[place], scale, detail, hollow)
    fig.update_layout(annotations=labels)
    _axis(fig, axis_title, drawn, log=log, one=one)
    fig.update_yaxes(visible=False, range=[y - 6, 6], fixedrange=True)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "itemclick": False}
    top = 16 + 22 * math.ceil(sum(len(words) + 7 for words in names.values()) / 44)
    return fig.update_layout(
        template="b12", height=int(12 - y + top + 58), margin_t=top, showlegend=True, legend=legend
    )


def _axis(fig: go.Figure, title: str, rows: pd.DataFrame, *, log: bool, one: bool = True) -> None:
    """Let the axis begin at 0, or make it logarithmic, of ratios with a line at 1."""
    fig.update_xaxes(title_text=title, rangemode=None if log else "tozero")
    if log and one:
        fig.add_vline(1, line={"color": theme.INK, "width": 1.5})
    if log:
        decades = rows["upper"].max() / rows["lower"].min()
        fig.update_xaxes(type="log", dtick=1 if decades > 100 else "D2", tickformat=",~g")  # 2 and 5 would touch
        if decades < 10:  # 1, 2 and 5 would leave one or two ticks
            fig.update_xaxes(tickvals=[float(f"{step}e{power}") for power in range(-4, 5) for step in _FINE])


def _series(
    fig: go.Figure,
    rows: list[dict],
    words: str,
    colour: str,
    shape: str,
    scale: float,
    detail: str | None,
    hollow: str | None,
) -> None:
    """Draw the estimates of one group over all blocks."""
    hover = []
    for row in rows:
        more = f"<br>{row[detail]}" if detail and pd.notna(row[detail]) and row[detail] else ""
        about = f"{row['_block']}, {words}{more}"
        hover.append(f"{_wrap(about)}<br><b>{_interval(row, scale)}</b>")
    fig.add_scatter(
        x=[row["estimate"] * scale for row in rows],
        y=[row["_y"] for row in rows],
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(row["upper"] - row["estimate"]) * scale for row in rows],
            "arrayminus": [(row["estimate"] - row["lower"]) * scale for row in rows],
            "width": 0,
            "thickness": 2,
            "color": colour,
        },
        marker={
            "symbol": [f"{shape}-open" if hollow and row[hollow] else shape for row in rows],
            "size": 9,
            "color": colour,
        },
        cliponaxis=False,
        name=words,
        text=hover,
        hovertemplate="%{text}<extra></extra>",
    )


def _mark(
    fig: go.Figure,
    row: dict,
    y: float,
    scale: float,
    *,
    words: str,
    hover: str,
    colour: str,
    shape: str,
    dash: str = "",
) -> None:
    """Draw one row: a filled mark with its interval, a hollow one without, or a dotted line between bare limits."""
    known = not any(pd.isna(row[part]) for part in ("estimate", "lower", "upper"))
    estimate = row["estimate"] * scale if pd.notna(row["estimate"]) else row.get("reported_percent")
    if pd.isna(estimate):
        if pd.isna(row["lower"]) or pd.isna(row["upper"]):
            raise InputError(f"rows: {words!r} has no estimate, no reported percentage and no limits")
        _line(fig, [row["lower"] * scale, row["upper"] * scale], y, colour, f"{_wrap(hover)}<br><b>range</b> ", 3)
        return
    error = {"type": "data", "symmetric": False, "width": 0, "thickness": 2, "color": colour}
    if known:
        error["array"] = [(row["upper"] - row["estimate"]) * scale]
        error["arrayminus"] = [(row["estimate"] - row["lower"]) * scale]
    shown = _interval(row, scale) if known else f"{theme.number(estimate)} (no interval known)"
    fig.add_scatter(
        x=[estimate],
        y=[y],
        mode="markers",
        error_x=error if known else None,
        marker={
            "symbol": shape if known else f"{shape}-open",
            "size": 13 if shape == "diamond-wide" else 10,
            "color": colour,
            "line": {"width": 0 if known else 2, "color": colour},
        },
        cliponaxis=False,
        name=words,
        hovertemplate=f"{_wrap(hover)}<br><b>{shown}</b><extra></extra>",
    )


def _prediction(fig: go.Figure, row: dict, y: float, scale: float) -> None:
    """Draw where a further such study is expected, as a thin line behind the pooled mark."""
    if pd.notna(row.get("prediction_lower")):
        limits = [row["prediction_lower"] * scale, row["prediction_upper"] * scale]
        _line(fig, limits, y, theme.MUTED, "a further such study: ", 1)


def _references(fig: go.Figure, references: dict[str, float], *, widest: float, log: bool) -> None:
    """Draw named vertical lines; the name of one far to the right opens to the left."""
    for name, at in references.items():
        fig.add_vline(at, line={"color": theme.INK, "width": 1, "dash": "dot"})
        fig.add_annotation(
            x=math.log10(at) if log else at,  # plotly takes places on a logarithmic axis as logarithms
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="right" if at > 0.6 * widest else "left",
            text=name,
            showarrow=False,
            font={"size": 12, "color": theme.MUTED},
        )


def _interval(row: dict, scale: float) -> str:
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return f"{theme.number(row['estimate'] * scale)} (no interval known)"
    if scale == 100:
        return theme.share(row["estimate"], row["lower"], row["upper"])
    middle, low, high = (theme.number(row[part] * scale) for part in ("estimate", "lower", "upper"))
    return f"{middle} ({low}–{high})"


def _wrap(text: str, width: int = 48) -> str:
    """Break long hover text, so that it fits a phone."""
    lines = [""]
    for word in text.replace("<br>", " <br> ").split():
        if word == "<br>":
            lines.append("")
        elif len(lines[-1]) + len(word) < width:
            lines[-1] = f"{lines[-1]} {word}".strip()
        else:
            lines.append(word)
    return "<br>".join(lines)


def _line(fig: go.Figure, x: list[float], y: float, colour: str, words: str, width: float) -> None:
    fig.add_scatter(
        x=x,
        y=[y, y],
        mode="lines",
        line={"color": colour, "width": width, "dash": "dot"},
        name=words.split("<")[0].strip(": "),
        hovertemplate=f"{words}{theme.number(x[0])}–{theme.number(x[1])}<extra></extra>",
    )
