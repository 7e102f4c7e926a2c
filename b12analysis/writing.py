"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from b12analysis.arguments import InputError

__all__ = ["make", "write"]

#: What new files are not allowed. It can be read only by setting it, so this is done once, before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def make(place: Path, argument: str = "out") -> None:
    """Make a folder where it is not there.

    Raises
    ------
    InputError
        If it cannot be made; it names the ``argument``.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{argument}={str(place)!r} cannot be written: {error.strerror or error}") from None


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside it first, then in its place; its folder is made if it is not there."""
    make(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        Path(name).chmod(0o666 & ~_UMASK)  # as any new file; ``mkstemp`` lets nobody else read
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
