"""Names of files: a report and the parameters that are not at their defaults.

Names fit every file system: no separators, no name that Windows keeps for itself, at most 120 bytes; and none takes the
place of the index page. Where a value's word does not say it whole (a character that files cannot have, a name that had
to be cut), eight digits of a hash do.
Some values still share a word (files of one name in two folders, ``a b`` and ``a_b``); a batch refuses them together.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from b12analysis.reports.notebooks import parameters
from b12analysis.reports.schema import Parameter
from b12analysis.reports.types import text

__all__ = ["stem", "stem_of"]

_LONGEST = 120
#: Names that Windows keeps for itself, and the page that lists a folder.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)|index$", re.I)


def stem(name: str, values: Mapping[str, Any]) -> str:
    """File name of a page, without its ending: the report and the parameters that are not at their defaults.

    Parameters
    ----------
    name : str
        Name of the report.
    values : mapping
        All its parameters, as ``validate`` returns them.

    Examples
    --------
    >>> from b12analysis.reports import validate
    >>> stem("recovery", validate("recovery", {"age": 70, "severity": "severe"}))
    'recovery-age-70-severity-severe'
    """
    return stem_of(name, parameters(name), values)


def stem_of(name: str, known: Iterable[Parameter], values: Mapping[str, Any]) -> str:
    """Return ``stem`` of a report whose parameters are known already."""
    changed = [p.name for p in known if values[p.name] != p.default]
    whole = "-".join([name, *(f"{key}-{_word(values[key])}" for key in changed)]).rstrip(". ")
    if _RESERVED.match(whole):
        whole = f"{name}_{whole.removeprefix(name)}"
    if len(whole.encode()) <= _LONGEST:
        return whole
    start = whole.encode()[: _LONGEST - 9].decode(errors="ignore")
    return f"{start}-{_hash(repr([(key, values[key]) for key in changed]))}"


def _word(value: Any) -> str:
    """Return a value as part of a file's name: 6.0 is 6, None is none, lists are joined by ``+``."""
    if isinstance(value, list):
        return "+".join(map(_word, value)) or "empty"
    if isinstance(value, Path):
        return _slug(value.stem)
    return _slug(value) if isinstance(value, str) else text(value)


def _slug(value: str) -> str:
    slug = re.sub(r"[^\w.]+", "_", unicodedata.normalize("NFC", value))
    whole = value in (slug, slug.replace("_", " ")) and value.strip(". ") == value != ""
    return slug if whole else f"{slug.strip('._')}~{_hash(value)}".lstrip("~")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]
