"""Results of studies against what was predicted of them."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns
from b12analysis.figures.labels import label as put_label

__all__ = ["against"]

#: Pixels for one row of results: the label's line and the mark's line.
_ROW = 44


def against(
    rows: pd.DataFrame,
    *,
    label: str = "label",
    detail: str | None = None,
    axis_title: str | None = None,
    shares: bool = False,
    level: str = "95 % of such studies",
) -> go.Figure:
    """Draw what studies observed against what was predicted: a bar for the prediction's interval, a mark for the study.

    Parameters
    ----------
    rows : DataFrame
        ``observed, predicted, lower, upper`` (interval of the prediction), ``covered`` (whether it holds the observed)
        and the columns named below; all positive, of any unit. With ``observed_lower, observed_upper`` the mark has an
        interval too, where they are known.
    label, detail : str
        Columns with the text above each row, and a quieter one after it.
    axis_title : str, optional
        Title of the axis.
    shares : bool
        The numbers are shares of people: drawn as per cent, none and all among them, and a tick for each prediction.
        Otherwise all are multiples of the prediction, on a logarithmic axis.
    level : str
        What the bar holds, for the legend.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If columns are missing, a value is not positive or no share, or there is nothing to draw.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["a"], "observed": [3.0], "predicted": [2.0], "lower": [1.0], "upper": [4.0]})
    >>> [float(x) for x in against(table.assign(covered=True)).data[1].x]
    [1.5]
    >>> few = pd.DataFrame({"label": ["0 of 57"], "observed": 0.0, "predicted": 0.02, "lower": 0.0, "upper": 0.06})
    >>> [trace.name for trace in against(few.assign(covered=True), shares=True).data]
    ['95 % of such studies, as the model predicts', 'predicted', 'observed, inside']
    """
    needed = ["observed", "predicted", "lower", "upper", "covered", label, *filter(None, [detail])]
    check_columns("rows", rows.columns, needed)
    places = _places(rows, shares=shares)
    fig, y = go.Figure(), pd.Series([float(len(rows) - 1 - place) for place in range(len(rows))], index=rows.index)
    fig.add_bar(
        base=places["lower"].tolist(),
        x=(places["upper"] - places["lower"]).tolist(),
        y=y.tolist(),
        width=0.26,
        orientation="h",
        marker={"color": theme.band(theme.SERIES[5], 0.22)},
        name=f"{level}, as the model predicts",
        hoverinfo="skip",
    )
    if shares:
        tick = {"symbol": "line-ns", "size": 13, "line": {"color": theme.INK, "width": 2}}
        fig.add_scatter(x=places["predicted"].tolist(), y=y.tolist(), mode="markers", marker=tick, name="predicted")
        fig.update_traces(hoverinfo="skip", selector={"name": "predicted"})
    is_covered = rows["covered"].astype(bool)
    for is_hit, words, place, shape in ((True, "observed, inside", 2, "circle"), (False, "observed, outside", 1, "x")):
        kept = rows.index[is_covered == is_hit]
        if len(kept):
            said = [_said(row, label, shares=shares) for row in rows.loc[kept].to_dict("records")]
            _observed(fig, places.loc[kept], y[kept], said, words, theme.SERIES[place], shape)
    quiet = [str(text) if pd.notna(text) else "" for text in rows[detail]] if detail else [""] * len(rows)
    labels = [put_label(str(row), more, at, lift=0.2) for row, more, at in zip(rows[label], quiet, y, strict=True)]
    fig.update_layout(annotations=labels)
    _axis(fig, axis_title, shares=shares)
    fig.update_yaxes(visible=False, range=[-0.6, len(rows) - 0.1], fixedrange=True)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "xanchor": "left", "itemclick": False}
    height = _ROW * len(rows) + 140
    return fig.update_layout(template="b12", height=height, margin_t=78, showlegend=True, legend=legend)


def _axis(fig: go.Figure, title: str | None, *, shares: bool) -> None:
    """Go from none to all of the people, or over the multiples of the prediction with a line at 1."""
    if shares:
        fig.update_xaxes(title_text=title or "people, %", range=[-2, 102], tickvals=[0, 25, 50, 75, 100])
    else:
        fig.add_vline(1, line={"color": theme.INK, "width": 1.5})
        ticks = [float(f"{step}e{power}") for power in range(-3, 4) for step in (1, 2, 5)]
        fig.update_xaxes(type="log", title_text=title or "observed, over what the model predicts", tickvals=ticks)
    fig.update_xaxes(fixedrange=True)


def _places(rows: pd.DataFrame, *, shares: bool) -> pd.DataFrame:
    """Per cent, or multiples of the prediction, with the interval of what was observed where it is known."""
    values = rows[["observed", "predicted", "lower", "upper"]].astype(float)
    if rows.empty or not (shares or (values > 0).all(axis=None)):
        raise InputError("rows is empty or holds a value that is not positive; there is no ratio to draw")
    if shares and not ((values >= 0) & (values <= 1)).all(axis=None):
        raise InputError("rows holds a value that is no share; shares=True takes numbers from 0 to 1")
    for limit in ("observed_lower", "observed_upper"):
        values[limit] = rows[limit].astype(float) if limit in rows else float("nan")
    return 100 * values if shares else values.div(values["predicted"], axis=0)


def _observed(
    fig: go.Figure, places: pd.DataFrame, y: pd.Series, said: list[str], words: str, colour: str, shape: str
) -> None:
    """Draw the studies that are inside, or those outside, each with its interval where it is known."""
    more, less = places["observed_upper"] - places["observed"], places["observed"] - places["observed_lower"]
    fig.add_scatter(
        x=places["observed"].tolist(),
        y=y.tolist(),
        mode="markers",
        marker={"size": 10, "symbol": shape, "color": colour},
        name=words,
        cliponaxis=False,
        text=said,
        hovertemplate="%{text}<extra></extra>",
    )
    if more.notna().any():
        limits = {"array": more.fillna(0).tolist(), "arrayminus": less.fillna(0).tolist(), "symmetric": False}
        fig.data[-1].update(error_x=limits | {"width": 0, "thickness": 2, "color": colour})


def _said(row: dict, label: str, *, shares: bool) -> str:
    scale, unit = (100, " %") if shares else (1, "")
    observed, predicted, lower, upper = (
        theme.number(scale * row[name]) for name in ("observed", "predicted", "lower", "upper")
    )
    return f"{row[label]}<br>observed <b>{observed}{unit}</b>; predicted {predicted}{unit} ({lower} to {upper})"
