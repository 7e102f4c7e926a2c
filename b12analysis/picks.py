"""What a reader may choose in a figure: which traces, rows and sentences belong to which choice.

A *pick* is a column of the figure's table with the words for its keys: ``{"regimen": {"uk": "British", "us": "US"}}``.
A trace says what it belongs to in its ``meta``, ``{"regimen": "uk"}``; a row of the table in that column; a sentence
likewise. What names no key of a pick belongs to all of them. On a page each pick is a list to choose from; in
JupyterLab all of them together are one menu of Plotly.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, refuse

__all__ = ["holds", "with_menu", "with_picks"]

#: A key for each pick, in their order; none where something belongs to every choice of it.
Place = list[str | None]


def with_picks(
    drawing: dict[str, Any],
    table: pd.DataFrame,
    pick: dict[str, dict[str, str]],
    *,
    said: pd.DataFrame | None = None,
    picked: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Sort a figure by what can be chosen in it.

    Parameters
    ----------
    drawing : dict
        The figure as Plotly's JSON.
    table : DataFrame
        Its data, with a column for each pick; a row without a key there belongs to every choice.
    pick : dict of str to dict
        The columns, and the words for their keys in the order of the list to choose from.
    said : DataFrame, optional
        A sentence for each combination: the columns of ``pick`` and ``text``.
    picked : dict, optional
        What is chosen at first: a key for some picks; the first of the others.

    Returns
    -------
    dict
        ``drawing`` with the place of each trace as its ``meta``, ``picks`` (``name, label, choices, chosen``),
        ``said`` (``place, text``) and ``row_places``.

    Raises
    ------
    InputError
        If a key is unknown, a column is missing, or a combination has no trace, no row or not one sentence.

    Examples
    --------
    >>> drawing = {"data": [{"y": [1], "meta": {"dose": "low"}}, {"y": [2], "meta": {"dose": "high"}}]}
    >>> table = pd.DataFrame({"dose": ["low", "high"], "y": [1, 2]})
    >>> parts = with_picks(drawing, table, {"dose": {"low": "10 ug", "high": "1 mg"}}, picked={"dose": "high"})
    >>> parts["picks"][0]["chosen"], [trace["meta"] for trace in parts["drawing"]["data"]]
    ('high', [['low'], ['high']])
    """
    _check_pick(pick, picked or {})
    check_columns("table", table.columns, pick)
    drawing = copy.deepcopy(drawing)
    for trace in drawing["data"]:
        if "meta" in trace:
            trace["meta"] = _place(pick, trace["meta"], f"picture, trace {trace.get('name', '')!r}, meta")
            trace.pop("visible", None)
    rows = [_place(pick, row, "table") for row in table[list(pick)].to_dict("records")]
    for what, places in (
        ("picture has no trace", [trace.get("meta") for trace in drawing["data"]]),
        ("table has no row", rows),
    ):
        _check_all(pick, [place for place in places if place], what)
    sentences = [] if said is None else _sentences(pick, said)
    picks = [
        {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "choices": [[str(key), words] for key, words in choices.items()],
            "chosen": str((picked or {}).get(name, next(iter(choices)))),
        }
        for name, choices in pick.items()
    ]
    return {"drawing": drawing, "picks": picks, "said": sentences, "row_places": rows}


def with_menu(drawing: dict[str, Any], picks: list[dict[str, Any]]) -> dict[str, Any]:
    """Draw the first choice, and give a figure of :func:`with_picks` Plotly's own menu of all combinations.

    Parameters
    ----------
    drawing : dict
        The figure as Plotly's JSON, each trace with its place as ``meta``.
    picks : list of dict
        ``label, choices, chosen``, as :func:`with_picks` returns them.

    Returns
    -------
    dict
        A copy for JupyterLab, which has no lists beside a figure.

    Examples
    --------
    >>> drawing = {"data": [{"meta": ["low"]}, {"meta": ["high"]}, {}], "layout": {}}
    >>> pick = {"label": "Dose", "choices": [["low", "10 ug"], ["high", "1 mg"]], "chosen": "high"}
    >>> shown = with_menu(drawing, [pick])
    >>> [trace.get("visible", True) for trace in shown["data"]], shown["layout"]["updatemenus"][0]["buttons"][0]
    ([False, True, True], {'label': '10 ug', 'method': 'restyle', 'args': [{'visible': [True, False]}, [0, 1]]})
    """
    drawing = copy.deepcopy(drawing)
    own = [number for number, trace in enumerate(drawing["data"]) if "meta" in trace]
    buttons, active = [], 0
    for number, combination in enumerate(itertools.product(*(pick["choices"] for pick in picks))):
        keys = [key for key, _ in combination]
        visible = [holds(drawing["data"][trace]["meta"], keys) for trace in own]
        label = " · ".join(words for _, words in combination)
        buttons.append({"label": label, "method": "restyle", "args": [{"visible": visible}, own]})
        active = number if keys == [pick["chosen"] for pick in picks] else active
    for trace, visible in zip(own, buttons[active]["args"][0]["visible"], strict=True):
        drawing["data"][trace]["visible"] = visible
    layout, room = drawing["layout"], 48
    margin = layout.get("margin", {})
    top = margin.get("t", 12)
    layout["margin"] = margin | {"t": top + room}
    layout["height"] = layout.get("height", 450) + room
    menu = {"active": active, "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "pad": {"b": top}}
    layout["updatemenus"] = [*layout.get("updatemenus", []), menu | {"buttons": buttons}]
    return drawing


def _check_pick(pick: dict[str, dict[str, str]], picked: dict[str, str]) -> None:
    for name, choices in pick.items():
        if not isinstance(choices, dict) or not choices:
            raise InputError(f"pick[{name!r}] offers no choice; it is a dict of keys and their words")
    for name, key in picked.items():
        check_choice("picked", name, pick)
        check_choice(f"picked[{name!r}]", key, pick[name])


def _place(pick: dict[str, dict[str, str]], own: dict[str, Any], what: str) -> Place:
    """Return where something belongs that names some keys."""
    if not isinstance(own, dict):
        raise InputError(f"{what} is {own!r}; in a figure with a pick it is a dict of keys")
    place: Place = []
    for name in own:
        check_choice(what, name, pick)
    for name, choices in pick.items():
        key = own.get(name)
        if pd.api.types.is_scalar(key) and pd.isna(key):
            place.append(None)
            continue
        check_choice(f"{what}[{name!r}]", key, choices)
        place.append(next(str(choice) for choice in choices if choice == key))  # 1.0 of a column with gaps is 1
    return place


def holds(place: Place, keys: Sequence[str]) -> bool:
    """Say whether a place holds a combination: a key for each pick.

    Examples
    --------
    >>> holds(["uk", None], ["uk", "normal"]), holds(["us", None], ["uk", "normal"])
    (True, False)
    """
    return all(own is None or own == key for own, key in zip(place, keys, strict=True))


def _combinations(pick: dict[str, dict[str, str]]) -> list[tuple[str, ...]]:
    return list(itertools.product(*(map(str, choices) for choices in pick.values())))


def _check_all(pick: dict[str, dict[str, str]], places: list[Place], what: str) -> None:
    """Raise unless each key of each combination is named by something that belongs to the combination."""

    def is_named(keys: tuple[str, ...]) -> bool:
        own = [place for place in places if holds(place, keys)]
        return all(any(place[number] == key for place in own) for number, key in enumerate(keys))

    refuse(f"{what} for {_words(pick, keys)}" for keys in _combinations(pick) if not is_named(keys))


def _sentences(pick: dict[str, dict[str, str]], said: pd.DataFrame) -> list[dict[str, Any]]:
    check_columns("said", said.columns, [*pick, "text"])
    places = [_place(pick, row, "said") for row in said[list(pick)].to_dict("records")]
    for keys in _combinations(pick):
        found = sum(holds(place, keys) for place in places)
        if found != 1:
            raise InputError(f"said has {found} sentences for {_words(pick, keys)}; it needs one")
    return [{"place": place, "text": text} for place, text in zip(places, said["text"], strict=True)]


def _words(pick: dict[str, dict[str, str]], keys: tuple[str, ...]) -> str:
    return ", ".join(f"{name}={key!r}" for name, key in zip(pick, keys, strict=True))
