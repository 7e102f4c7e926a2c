"""YAML read as plain text: mappings, lists and text, and nothing else.

YAML guesses types (``no`` is false, ``060`` is 48), builds objects from tags, and lets a few lines stand for millions
of values. A batch needs none of it: a report's parameters have types already. So every scalar stays text, quoted or
not, and what is clever is refused in one line that says where.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from b12analysis.arguments import InputError, shown

__all__ = ["MOST_CHARACTERS", "read"]

#: Longest scalar, and deepest nesting: a specification needs a few words, and five levels.
MOST_CHARACTERS = 20_000
_DEEPEST = 10
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read(text: str, *, name: str = "text") -> Any:
    """Read one YAML document; every scalar stays text.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What it is called in errors.

    Returns
    -------
    dict, list or str
        What it holds; an empty scalar is "".

    Raises
    ------
    InputError
        If it is not YAML or not one document, or has tags, anchors, aliases, a key twice, or too deep a nesting.

    Examples
    --------
    >>> read("{age: 060, country: no}")
    {'age': '060', 'country': 'no'}
    """
    try:
        events = yaml.parse(text, Loader=_Loader)
        next(events)  # the stream
        start = next(events)
        if not isinstance(start, yaml.DocumentStartEvent):
            raise InputError(f"{name} is empty")
        tree = _node(next(events), events, name, 0)
        next(events)  # the end of the document
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise InputError(f"{name} holds several documents (`---`); it must be one")
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{name}{line} is not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        said = getattr(error, "reason", "unreadable")
        raise InputError(f"{name} is not YAML: {said}") from None
    return tree


def _node(event: yaml.Event, events: Iterator[yaml.Event], name: str, depth: int) -> Any:
    """Return the tree that begins with an event."""
    place = f"{name}, line {event.start_mark.line + 1}"
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise InputError(f"{place}: anchors and aliases (`&`, `*`) are not read; write the values out")
    if event.tag is not None:
        raise InputError(f"{place}: tags (`!`) are not read; a report's parameters have their types already")
    if depth > _DEEPEST:
        raise InputError(f"{place} is nested too deeply")
    if isinstance(event, yaml.SequenceStartEvent):
        return [_node(item, events, name, depth + 1) for item in _until(yaml.SequenceEndEvent, events)]
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, name, depth)
    if len(event.value) > MOST_CHARACTERS:
        raise InputError(
            f"{place} holds {len(event.value):,} characters in one text; at most {MOST_CHARACTERS:,} are read"
        )
    return event.value


def _mapping(events: Iterator[yaml.Event], name: str, depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for event in _until(yaml.MappingEndEvent, events):
        key = _node(event, events, name, depth + 1)
        place = f"{name}, line {event.start_mark.line + 1}"
        if not isinstance(key, str):
            raise InputError(f"{place}: a key must be a word, not a list or a mapping")
        if key in tree:
            raise InputError(f"{place}: key {shown(key)} is given twice")
        tree[key] = _node(next(events), events, name, depth + 1)
    return tree


def _until(end: type[yaml.Event], events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """Events up to the end of a list or mapping; what is nested is taken by the caller in between."""
    for event in events:
        if isinstance(event, end):
            return
        yield event
