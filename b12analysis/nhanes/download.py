"""One file over HTTP: what has arrived before the line broke is kept, and the download goes on from there.

pooch's downloader does the transfer. What it lacks is here: going on where the last attempt ended (HTTP ``Range``), and
only while the server still has the same version of the file (``If-Range``), so that no file is made of two.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

__all__ = ["FetchError", "OfflineError", "discard", "download"]

#: How often a download that breaks off is taken up again before the user is told, and how long to wait, in seconds.
ATTEMPTS = 3
PAUSE = 0.5
#: Seconds without an answer, or without a byte, after which the line counts as broken.
TIMEOUT = 30


class FetchError(RuntimeError):
    """A file could not be fetched, or is not what it should be; what was there before is untouched."""


class OfflineError(FetchError):
    """The server cannot be reached at all."""


def download(url: str, part: Path, *, name: str, progress: bool | None = None) -> None:
    """Download into ``part``, going on from what it already holds.

    Parameters
    ----------
    url : str
        Address of the file.
    part : Path
        Where it goes. After an error it holds what has arrived, for the next call; :func:`discard` forgets it.
    name : str
        What the progress bar and errors call it.
    progress : bool, optional
        Whether to draw a bar on standard error; None draws it where that is a terminal.

    Raises
    ------
    OfflineError
        If the server cannot be reached.
    FetchError
        If it refuses, or breaks off again and again.
    """
    from requests import exceptions

    host = urlsplit(url).netloc
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE * attempt)
        answered: list[int] = []
        try:
            return _transfer(url, part, answered, name, progress)
        except exceptions.HTTPError as error:
            if error.response.status_code != 416:
                said = f"{error.response.status_code} {error.response.reason}"
                raise FetchError(f"{name}: {host} answered {said} for {url}") from None
            discard(part)  # it holds all there is, or more: a whole file would no longer be a part
        except (exceptions.ConnectionError, exceptions.ChunkedEncodingError, exceptions.Timeout):
            if not answered:
                raise OfflineError(f"{name}: no answer from {host}; is this machine online?") from None
        except exceptions.RequestException as error:
            raise FetchError(f"{name}: {url} cannot be fetched: {error}") from None
    have = part.stat().st_size if part.exists() else 0
    raise FetchError(f"{name}: {host} broke off {ATTEMPTS} times, after {have} bytes; fetch again to go on from there")


def discard(part: Path) -> None:
    """Forget what has arrived of a file."""
    part.unlink(missing_ok=True)
    _version_of(part).unlink(missing_ok=True)


def _version_of(part: Path) -> Path:
    """File that says which version of the file ``part`` is the beginning of, in the server's words."""
    return part.with_suffix(".version")


def _transfer(url: str, part: Path, answered: list[int], name: str, progress: bool | None) -> None:
    """One attempt; ``answered`` gets the status as soon as the server answers, before the content comes."""
    from pooch import HTTPDownloader
    from tqdm import tqdm

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": f"b12analysis/{version('b12analysis')}"}
    if have and _version_of(part).exists():
        headers |= {"Range": f"bytes={have}-", "If-Range": _version_of(part).read_text(encoding="utf-8")}
    disable = None if progress is None else not progress
    with (
        part.open("ab") as file,
        tqdm(desc=name, total=1, unit="B", unit_scale=True, leave=False, disable=disable) as bar,
    ):

        def begin(response: Any, **_: Any) -> None:
            answered.append(response.status_code)
            _begin(response, file, part, have, name)

        fetch = HTTPDownloader(
            progressbar=bar, chunk_size=2**14, headers=headers, timeout=TIMEOUT, hooks={"response": begin}
        )
        fetch(url, file, None)


def _begin(response: Any, file: IO[bytes], part: Path, have: int, name: str) -> None:
    """Before the content comes: start over, unless the server goes on just where we ended."""
    if response.status_code == 206:
        begins = response.headers.get("Content-Range", "")
        if not begins.startswith(f"bytes {have}-"):
            discard(part)
            raise FetchError(
                f"{name}: the server went on at {begins or 'an unknown place'}, not at {have}; fetch again"
            )
    elif response.status_code == 200:
        file.truncate(0)
        etag = response.headers.get("ETag", "")
        told = response.headers.get("Last-Modified", "") if etag.startswith("W/") or not etag else etag
        _version_of(part).unlink(missing_ok=True)
        if told:  # before the content: a half whose version is unknown is never gone on with
            _version_of(part).write_text(told, encoding="utf-8")
