"""Plotly's script: beside the pages of a folder, or packed into one page; and the policy that lets it run and no other.

A page has one of two forms. *Shared*: it loads a script from its own folder, written once by :func:`plotly_script`, so
that a thousand pages carry it once. *Embedded*: the script travels inside, compressed; the browser unpacks it and puts
it into the page as an inline script. In both the page says what may run (Content-Security-Policy): its own folder or
nothing, and inline scripts by the SHA-256 of their text. So neither a word of the notebook nor an attribute such as
``onclick`` can run, and no ``eval`` or ``blob:`` is needed to start the unpacked script, whose hash is listed too.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from functools import cache
from pathlib import Path

from b12analysis.reports import files
from b12analysis.reports.templating import digest

__all__ = ["file_name", "packed", "plotly_script", "policy", "source"]


@cache
def source() -> str:
    """Return plotly.js, minified, as the installed Plotly has it."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


@cache
def file_name() -> str:
    """Return the name of the shared script; it changes with the content, so folders of two versions do not clash.

    Examples
    --------
    >>> import re
    >>> bool(re.fullmatch(r"plotly-[0-9a-f]{8}[.]min[.]js", file_name()))
    True
    """
    return f"plotly-{hashlib.sha256(source().encode()).hexdigest()[:8]}.min.js"


def plotly_script(folder: str | os.PathLike[str]) -> str:
    """Make sure that a folder holds the script which its pages share.

    Parameters
    ----------
    folder : path
        Folder of the pages; made if it is not there.

    Returns
    -------
    str
        The script's file name. A file that is missing or damaged has been replaced, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / plotly_script(folder)).read_text(encoding="utf-8") == source()
    True
    """
    path = Path(folder) / file_name()
    content = source().encode()
    if not (path.is_file() and path.read_bytes() == content):
        files.write(path, content)
    return path.name


@cache
def packed() -> str:
    """Return plotly.js compressed and in base64; the same bytes every time. Takes a moment, once a process."""
    return base64.b64encode(gzip.compress(source().encode(), compresslevel=9, mtime=0)).decode()


def policy(*scripts: str, own_folder: bool) -> str:
    """Content-Security-Policy of a page.

    Parameters
    ----------
    *scripts : str
        Texts of the inline scripts that may run.
    own_folder : bool
        Whether scripts from the page's own place may be loaded.

    Returns
    -------
    str
        Nothing is fetched, framed or sent anywhere. Styles may stand in the text: Plotly sets them while it draws.

    Examples
    --------
    >>> policy("alert(1)", own_folder=False).split("; ")[1]
    "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    """
    allowed = ["'self'"] if own_folder else []
    allowed += [digest(script) for script in scripts]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(allowed),
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
