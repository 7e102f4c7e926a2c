"""What passed and what missed: how many of each kind, and result by result as multiples of what was observed."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns

__all__ = ["results", "tally"]

#: Colour and shape of what passed and of what missed.
_LOOKS = {True: (theme.SERIES[2], "circle"), False: (theme.SERIES[1], "x")}
#: Pixels of a bar with its label; of a label above a block, and of a result in it.
_ROW, _LABEL, _LINE = 46, 28, 13
_LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "itemclick": False}
_LEGEND |= {"traceorder": "normal"}


def tally(
    rows: pd.DataFrame, *, label: str = "label", names: tuple[str, str] = ("passed", "missed"), expected: str = ""
) -> go.Figure:
    """Draw how many passed and how many missed, a bar for each row, from top to bottom as in the table.

    Parameters
    ----------
    rows : DataFrame
        ``passed, missed``, numbers of results, and the column named ``label``.
    label : str
        Column with the text above each bar.
    names : pair of str
        Words for the two.
    expected : str, optional
        Column with the share that should pass, drawn as a line across the bar; nothing where it is missing.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing or there is nothing to draw.

    Examples
    --------
    >>> fig = tally(pd.DataFrame({"label": ["a"], "passed": [3], "missed": [1]}))
    >>> [(trace.name, float(trace.x[0])) for trace in fig.data]
    [('passed', 75.0), ('missed', 25.0)]
    """
    check_columns("rows", rows.columns, ["passed", "missed", label, *filter(None, [expected])])
    if rows.empty or not (rows["passed"] + rows["missed"] > 0).all():
        raise InputError("rows is empty or holds a row without a result; there is nothing to draw")
    fig, y = go.Figure(), [float(len(rows) - 1 - place) for place in range(len(rows))]
    whole = rows["passed"] + rows["missed"]
    said = [
        f"{row[label]}: {row['passed']:,} {names[0]}, {row['missed']:,} {names[1]}" for row in rows.to_dict("records")
    ]
    for column, words, is_hit in (("passed", names[0], True), ("missed", names[1], False)):
        colour = _LOOKS[is_hit][0]
        fig.add_bar(
            x=(100 * rows[column] / whole).where(rows[column] > 0).tolist(),
            y=y,
            width=0.34,
            orientation="h",
            name=words,
            marker={"color": theme.band(colour), "line": {"color": colour, "width": 1}},
            marker_pattern={"shape": "" if is_hit else "/", "fgcolor": colour, "size": 6},
            customdata=said,
            hovertemplate="%{customdata}<extra></extra>",
        )
    if expected and rows[expected].notna().any():
        fig.add_scatter(
            x=(100 * rows[expected]).astype(float).tolist(),
            y=y,
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"width": 2.5, "color": theme.INK}},
            name="should pass",
            hovertemplate="%{x:.0f} % should pass<extra></extra>",
        )
    counts = [f"{row['passed']:,} {names[0]}, {row['missed']:,} {names[1]}" for row in rows.to_dict("records")]
    fig.update_layout(annotations=[_above(*each, 0.2) for each in zip(rows[label], counts, y, strict=True)])
    fig.update_xaxes(title_text="results, %", range=[0, 101], fixedrange=True)
    fig.update_yaxes(visible=False, range=[-0.5, len(rows) - 0.15], fixedrange=True)
    return fig.update_layout(
        template="b12", barmode="stack", height=_ROW * len(rows) + 112, margin_t=48, showlegend=True, legend=_LEGEND
    )


def results(
    rows: pd.DataFrame,
    *,
    block: str,
    said: str,
    axis_title: str,
    detail: str | None = None,
    names: tuple[str, str] = ("passed", "missed"),
) -> go.Figure:
    """Draw ratios with intervals, a line for each, in blocks with a label: many results in little space.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, lower, upper``, ratios above 0 (limits may be missing), ``passed``, and the columns named below.
    block : str
        Column with the text above a block; blocks stand in the order of their first rows.
    said : str
        Column with the hover of a result.
    axis_title : str
        Title of the axis, which is logarithmic; a line marks 1.
    detail : str, optional
        Column with a quieter text after a block's label, the same in the whole block.
    names : pair of str
        Words for what passed and what missed, which differ by shape and colour.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing, a ratio is not positive, or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"study": "a", "what": ["x", "y"], "estimate": [1.1, 3.0], "passed": [True, False]})
    >>> fig = results(table.assign(lower=0.5, upper=4.0), block="study", said="what", axis_title="ratio")
    >>> [(trace.name, trace.marker.symbol) for trace in fig.data]
    [('passed', 'circle'), ('missed', 'x')]
    """
    needed = ["estimate", "lower", "upper", "passed", block, said, *filter(None, [detail])]
    check_columns("rows", rows.columns, needed)
    if rows.empty or not (rows["estimate"] > 0).all() or (rows["lower"] <= 0).any():
        raise InputError("rows is empty or holds a ratio that is not positive; there is nothing to draw")
    places, labels, y = [], [], 0.0
    for name, part in rows.groupby(block, sort=False):
        labels.append(_above(str(name), str(part[detail].iloc[0]) if detail else "", y - _LABEL, 2))
        y -= _LABEL
        places += [(index, y - _LINE * (place + 0.5)) for place, index in enumerate(part.index)]
        y -= _LINE * len(part)
    drawn, fig = rows.assign(_y=pd.Series(dict(places))), go.Figure(layout={"annotations": labels})
    for is_hit, words in zip((True, False), names, strict=True):
        part = drawn[drawn["passed"].astype(bool) == is_hit]
        if len(part):
            _lines(fig, part, words, said, *_LOOKS[is_hit])
    fig.add_vline(1, line={"color": theme.INK, "width": 1.5})
    fig.update_xaxes(type="log", title_text=axis_title, tickvals=_ticks(rows), tickformat=",~g", fixedrange=True)
    fig.update_yaxes(visible=False, range=[y - 8, 4], fixedrange=True)
    return fig.update_layout(template="b12", height=int(112 - y), margin_t=40, showlegend=True, legend=_LEGEND)


def _ticks(rows: pd.DataFrame) -> list[float]:
    """Places of ticks on a logarithmic axis: the finer, the fewer decades it has."""
    low, high = rows[["estimate", "lower"]].min(axis=None), rows[["estimate", "upper"]].max(axis=None)
    decades = math.log10(high / low)
    steps, every = ((1, 1.5, 2, 3, 5, 7), 1) if decades < 1 else ((1, 2, 5), 1) if decades < 4 else ((1,), 2)
    return [float(f"{step}e{power}") for power in range(-16, 5, every) for step in steps]


def _lines(fig: go.Figure, part: pd.DataFrame, words: str, said: str, colour: str, shape: str) -> None:
    middle = part["estimate"].astype(float)
    fig.add_scatter(
        x=middle.tolist(),
        y=part["_y"].tolist(),
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (part["upper"] - middle).fillna(0).tolist(),
            "arrayminus": (middle - part["lower"]).fillna(0).tolist(),
            "width": 0,
            "thickness": 1.5,
            "color": colour,
        },
        marker={"symbol": shape, "size": 8, "color": colour},
        cliponaxis=False,
        name=words,
        text=part[said].tolist(),
        hovertemplate="%{text}<extra></extra>",
    )


def _above(words: str, quiet: str, y: float, lift: float) -> dict:
    """Return a label at the left edge, above what it names."""
    beside = f"  <span style='color:{theme.MUTED}'>{quiet}</span>" if quiet else ""
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y + lift,
        "yanchor": "bottom",
        "text": f"{words}{beside}",
        "showarrow": False,
        "align": "left",
        "font": {"size": 12},
        "bgcolor": theme.PAPER,
        "borderpad": 0,
    }
