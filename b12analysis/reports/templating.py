"""What the templates of the page and of the index share: their folder, their filters, hashes for their policies."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import jinja2
import markupsafe

from b12analysis.page import inline

__all__ = ["digest", "environment", "text"]

_FOLDER = Path(__file__).parent / "templates"


def environment() -> jinja2.Environment:
    """Return an environment that escapes everything and refuses names that are not there."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = lambda text: markupsafe.Markup(_together(inline(text)))
    environment.filters["together"] = _together
    return environment


def text(name: str) -> str:
    """Return a style sheet or script of the folder of templates."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def digest(script: str) -> str:
    """Name a script or style in a Content-Security-Policy."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def _together(text: str) -> str:
    """Keep a per cent sign, and an interval in brackets, on the line of its number."""
    return re.sub(r" (%|\(\d)", "\u00a0\\1", text)
