"""Of 100 people: shares for whoever does not read statistics."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from b12analysis import theme
from b12analysis.arguments import InputError, check_columns, check_range

__all__ = ["icons"]

#: How far shares that should add up to 1 may be from it: they are medians of draws at worst, or rounded.
_SUM = 0.02
#: Pixels of the square of 100 people, alone or beside another; of one line of a label, and of the bar below it.
_SQUARES, _LINE, _BAR = {1: 220, 2: 176}, 16, 26
#: One person in a square of size 1, around its middle: the head, then the body.
_HEAD = [(0.15 * np.cos(angle), 0.28 + 0.15 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 9)]
_BODY = [(-0.26, -0.44), (-0.26, -0.02), (-0.15, 0.1), (0.15, 0.1), (0.26, -0.02), (0.26, -0.44), (-0.26, -0.44)]
#: Series of the outcomes from the best to the worst, and how their people are filled: full, light, empty.
_FILLS = ((2, "full"), (0, "light"), (1, "empty"))


def icons(
    rows: pd.DataFrame,
    *,
    label: str = "outcome",
    by: str | None = None,
    people: str = "of 100 people like these",
    level: str = "95 % interval",
) -> go.Figure:
    """Draw 100 people, filled by what becomes of them, and how far each number may be off.

    Parameters
    ----------
    rows : DataFrame
        One row per outcome, from the best to the worst: ``estimate, lower, upper`` as shares and the columns named
        below. Outcomes exclude each other and add up to 1; there are two or three.
    label : str
        Column with words for the outcome.
    by : str, optional
        Column of groups, such as regimens: a square each, in the order of their first rows.
    people : str
        Of whom, for the axis title.
    level : str
        What the bars hold, for the axis title.

    Returns
    -------
    Figure
        The people are counted so that they add up to 100, by the largest remainder.

    Raises
    ------
    InputError
        If columns or limits are missing, there is nothing to draw, outcomes are too many, there twice, not the same in
        each group, or do not add up to 1.

    Examples
    --------
    >>> table = pd.DataFrame({"outcome": ["well", "better", "as before"], "estimate": [0.385, 0.415, 0.2]})
    >>> fig = icons(table.assign(lower=0.1, upper=0.6))
    >>> [trace.name for trace in fig.data][:3]
    ['well: 39 of 100', 'better: 41 of 100', 'as before: 20 of 100']
    """
    check_columns("rows", rows.columns, [label, "estimate", "lower", "upper", *filter(None, [by])])
    groups = [("", rows)] if by is None else list(rows.groupby(by, sort=False))
    outcomes = _outcomes(groups, label)
    columns = min(2, len(groups))
    labels = ["<br>".join(textwrap.wrap(words, 21 if columns == 2 else 46)) for words in outcomes]
    step = _BAR + _LINE * (2 + max(words.count("<br>") for words in labels))
    names = ["<br>".join(textwrap.wrap(str(name), 21)) for name, _ in groups]
    head = 6 + 18 * (1 + max(name.count("<br>") for name in names)) if by else 4
    sizes = (head, _SQUARES[columns], 14, step * len(outcomes), 66)  # name, people, gap, bars, their axis
    panel, height = sum(sizes), sum(sizes) * math.ceil(len(groups) / columns)
    fig, notes, shapes = go.Figure(), [], []
    for place, (name, (_, part)) in enumerate(zip(names, groups, strict=True)):
        top, left = 1 - (place // columns) * panel / height, (place % columns) * 0.54
        across = [left, left + (0.46 if columns == 2 else 1)]
        upper, lower = ([top - sum(sizes[: n + 1]) / height, top - sum(sizes[:n]) / height] for n in (1, 3))
        _square(fig, part, outcomes, _axes(fig, 2 * place + 1, across, upper))
        axes = _axes(fig, 2 * place + 2, across, lower)
        more = _bars(fig, part, labels, axes, step)
        notes, shapes = notes + more[0], shapes + more[1]
        fig.update_xaxes(title_text=f"{people}<br>bar: {level}", selector={"anchor": axes["yaxis"]})
        if by:
            at = {"x": left, "y": top, "xref": "paper", "yref": "paper", "yanchor": "top", "xanchor": "left"}
            notes.append(at | {"text": f"<b>{name}</b>", "showarrow": False, "align": "left"})
    fig.update_layout(annotations=notes, shapes=shapes)  # at once: one by one, each would copy all before it
    fig.update_layout(template="b12", height=height + 8, margin={"t": 4, "b": 4})
    return fig if by else _beside(fig, sizes)


def _beside(fig: go.Figure, sizes: tuple[int, ...]) -> go.Figure:
    """Let the bars stand beside the people where there is room for both."""
    height = max(sizes[1], sizes[3]) + sizes[4]
    upright = [{"domain": [1 - sizes[n] / height, 1]} for n in (1, 3)]
    layout = {"height": height + 8, "yaxis": upright[0], "yaxis2": upright[1], "xaxis2": {"domain": [0.42, 1]}}
    return fig.update_layout(meta=theme.wide(layout))


def _axes(fig: go.Figure, number: int, across: list[float], upright: list[float]) -> dict[str, str]:
    """Make the pair of axes of a part of the picture, and return their names for its traces."""
    suffix = "" if number == 1 else str(number)
    x = {"domain": across, "anchor": f"y{suffix}", "fixedrange": True}
    y = {"domain": [max(0, upright[0]), upright[1]], "anchor": f"x{suffix}", "fixedrange": True, "visible": False}
    fig.update_layout({f"xaxis{suffix}": x, f"yaxis{suffix}": y})
    return {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def _outcomes(groups: list[tuple[str, pd.DataFrame]], label: str) -> list[str]:
    """Words for the outcomes, the same in each group, once the numbers hold together."""
    if not groups:
        raise InputError("rows is empty; there is nothing to draw")
    outcomes = groups[0][1][label].astype(str).tolist()
    if not 2 <= len(outcomes) <= len(_FILLS):
        raise InputError(f"rows has {len(outcomes)} outcomes; 2 or {len(_FILLS)} can be told apart without colour")
    for name, part in groups:
        if part[label].astype(str).tolist() != outcomes or len(set(outcomes)) < len(outcomes):
            raise InputError(
                f"rows: the outcomes of {name or 'the table'} are {part[label].tolist()}, not {outcomes} once each"
            )
        values = part[["estimate", "lower", "upper"]].to_numpy(dtype=float)
        for value in values.ravel():
            check_range("share in rows", float(value), 0, 1)
        total = float(values[:, 0].sum())
        if abs(total - 1) > _SUM:
            raise InputError(
                f"rows: the outcomes of {name or 'the table'} add up to {total:.3g}; they must add up to 1"
            )
    return outcomes


def _of_100(parts: pd.Series) -> list[int]:
    """Whole numbers that add up to 100, by the largest remainder."""
    exact = 100 * parts.to_numpy(dtype=float) / float(parts.sum())
    whole = np.floor(exact + 1e-9).astype(int)  # 100 times 0.29 is 28.999...
    largest = np.argsort(-(exact - whole), kind="stable")[: 100 - whole.sum()]
    whole[largest] += 1
    return whole.tolist()


def _square(fig: go.Figure, part: pd.DataFrame, outcomes: list[str], axes: dict[str, str]) -> None:
    """Draw 10 by 10 people, row by row from the best outcome to the worst."""
    first = 0
    for place, (words, n) in enumerate(zip(outcomes, _of_100(part["estimate"]), strict=True)):
        x: list[float | None] = []
        y: list[float | None] = []
        for cell in range(first, first + n):
            for outline in (_HEAD, _BODY):
                x += [round(cell % 10 + across, 2) for across, _ in outline] + [
                    None
                ]  # two digits: a page carries them all
                y += [round(up - cell // 10, 2) for _, up in outline] + [None]
        said = f"{words}: {n} of 100"
        fig.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            name=said,
            text=said,
            hoverinfo="text",
            hoveron="fills",
            **_person(place, len(outcomes)),
            **axes,
        )
        first += n
    square = {"constrain": "domain", "constraintoward": "left", "scaleanchor": axes["yaxis"], "visible": False}
    fig.update_xaxes(square | {"range": [-0.55, 9.55]}, selector={"anchor": axes["yaxis"]})
    upright = {"constrain": "domain", "constraintoward": "top", "range": [-9.55, 0.55]}
    fig.update_yaxes(upright, selector={"anchor": axes["xaxis"]})


def _bars(
    fig: go.Figure, part: pd.DataFrame, labels: list[str], axes: dict[str, str], step: int
) -> tuple[list[dict], list[dict]]:
    """Draw each outcome's number with its interval, from 0 to 100; heights are pixels. Return words and persons."""
    counts, notes, persons = _of_100(part["estimate"]), [], []
    refs = {"xref": axes["xaxis"], "yref": axes["yaxis"]}
    plain = {"showarrow": False, "align": "left", "xanchor": "left", "yanchor": "top", "font": {"size": 12}}
    outline = " ".join(_pixels(points, 15) for points in (_HEAD, _BODY))
    person = {"type": "path", "path": outline, "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": 0}
    for place, (words, n, row) in enumerate(zip(labels, counts, part.to_dict("records"), strict=True)):
        middle, low, high = (100 * row[name] for name in ("estimate", "lower", "upper"))
        style, top = _person(place, len(labels)), -place * step
        text = f"{words}<br><b>{n} of 100</b> ({low:.0f} to {high:.0f})"
        notes.append(refs | plain | {"text": text, "x": 0, "y": top, "xshift": 18, "bgcolor": theme.PAPER})
        persons.append(refs | person | style | {"yanchor": top - 12})
        fig.add_scatter(
            x=[middle],
            y=[top - step + 0.6 * _BAR],
            mode="markers",
            error_x={"symmetric": False, "array": [high - middle], "arrayminus": [middle - low], "width": 0},
            marker={"symbol": "square", "size": 11, "color": style["fillcolor"], "line": style["line"]},
            cliponaxis=False,
            name=f"{words}: interval".replace("<br>", " "),
            hovertemplate=f"{text}<extra></extra>",
            **axes,
        )
        fig.data[-1].error_x.update(thickness=2, color=style["line"]["color"])
    fig.update_xaxes(range=[0, 100], tickvals=[0, 50, 100], selector={"anchor": axes["yaxis"]})
    fig.update_yaxes(range=[-step * len(labels), 0], selector={"anchor": axes["xaxis"]})
    return notes, persons


def _pixels(points: list[tuple[float, float]], size: float) -> str:
    """Path of an outline for a shape that is measured in pixels, to the right of its anchor."""
    return "M" + "L".join(f"{size * (x + 0.4):.1f},{size * y:.1f}" for x, y in points) + "Z"


def _person(place: int, n: int) -> dict:
    """Fill and outline of the people of an outcome; the last one of two is empty too."""
    series, fill = _FILLS[-1] if place == n - 1 else _FILLS[place]
    colour = theme.SERIES[series]
    inside = {"full": colour, "light": theme.band(colour), "empty": theme.PAPER}[fill]
    return {"fillcolor": inside, "line": {"color": colour, "width": 1.2}}
