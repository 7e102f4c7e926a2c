"""Files that are whole or not there: folders checked before work starts, writes that take their place at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import filelock

from b12analysis.arguments import InputError
from b12analysis.writing import make, write

__all__ = ["folder", "locked", "sha256", "write"]


def folder(out: str | os.PathLike[str]) -> Path:
    """Return the folder for results, after checking that it can be made and written.

    Raises
    ------
    InputError
        If it is a file, lies in one, or is read-only.
    """
    wanted = Path(out)
    ancestor = wanted
    while not ancestor.exists() and ancestor != ancestor.parent:
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        raise InputError(f"out={str(wanted)!r} is not a folder: {str(ancestor)!r} is a file")
    if not os.access(ancestor, os.W_OK):
        raise InputError(f"out={str(wanted)!r} cannot be written: {str(ancestor)!r} is read-only")
    return wanted


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Keep a folder for one batch at a time, and clear what a killed one left half written.

    The lock goes with the process that holds it.

    Raises
    ------
    InputError
        If another batch has it, or it cannot be made or written.
    """
    make(place)
    lock = filelock.FileLock(place / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InputError(
            f"out={str(place)!r} is in use by another batch; wait for it or choose another folder"
        ) from None
    except OSError as error:
        raise InputError(f"out={str(place)!r} cannot be written: {error.strerror or error}") from None
    try:
        for half in place.glob(".*.part"):  # of a batch that was killed
            half.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def sha256(content: str | bytes) -> str:
    """SHA-256 of a text or of bytes, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
