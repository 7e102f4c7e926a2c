"""Get the survey's files from CDC, and hold each to what is known of it before it counts as fetched.

``nhanes_files`` among the tables says which files there are, how many rows and which variables each has, and for some
the hash of CDC's original. Of the others the hash is kept when they are first fetched, in ``nhanes.sha256`` beside them
(``sha256sum -c nhanes.sha256`` checks it too).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from b12analysis import evidence, places
from b12analysis.arguments import InputError, check_choice, refuse, shown
from b12analysis.nhanes.checks import fault, shape
from b12analysis.nhanes.download import FetchError, OfflineError, discard, download
from b12analysis.nhanes.variables import CYCLES, chosen
from b12analysis.writing import make, write

__all__ = ["CDC", "REGISTRY", "FetchError", "fetch"]

#: CDC's public address; a file is at ``<year>/DataFiles/<TABLE>.xpt`` below it.
CDC = "https://wwwn.cdc.gov/Nchs/Data/Nhanes/Public"
#: Name of the file that keeps the hashes of what was fetched.
REGISTRY = "nhanes.sha256"


def fetch(
    cycles: str | Iterable[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    tables: Iterable[str] | None = None,
    compare: bool = False,
    base_url: str = CDC,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Download the NHANES files of some cycles from CDC.

    What is already there is checked by its hash and not fetched again; a download that broke off goes on where it
    ended; nothing that was there is ever replaced. A file counts as fetched once it is a SAS transport file with
    the rows and variables that it should have, and with CDC's hash where ``nhanes_files`` has that.

    Parameters
    ----------
    cycles : str or list of str, optional
        Such as ``"2013-2014"``; all that ``nhanes_files`` lists by default.
    folder : path, optional
        Where the files go; ``B12_NHANES``, or a folder in the user's cache, by default.
    tables : list of str, optional
        Only these tables, such as ``["DEMO_H", "VITB12_H"]``; all of the cycles by default.
    compare : bool
        Fetch what is already there too, only to say whether CDC has changed it since.
    base_url : str
        Another address with the same files, such as a mirror.
    progress : bool, optional
        Whether to draw progress bars on standard error; by default where that is a terminal.

    Returns
    -------
    DataFrame with columns
        table     name of the table
        path      where its file is
        rows      number of its rows
        sha256    its hash
        known     "original" where the hash is that of CDC's original, "first use" where it was kept when first fetched
        fetched   whether it was downloaded now

    Raises
    ------
    InputError
        If a cycle, table or address is not known, or the folder cannot be written or is in use.
    FetchError
        If files could not be fetched or are not what they should be: a line for each. The others are there.

    Examples
    --------
    >>> fetch("2007-08")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    b12analysis.arguments.InputError: cycles='2007-08' is no cycle that measured B12; choose from '1999-2000', ...
    """
    wanted = _wanted(cycles, tables)
    if not str(base_url).startswith(("https://", "http://")):
        raise InputError(f"base_url={shown(base_url)} is not an address; it must begin with https:// or http://")
    place = places.nhanes() if folder is None else Path(folder)
    rows, errors = [], []
    with _locked(place):
        kept = _kept(place)
        for file in wanted.to_dict("records"):
            file["url"] = f"{base_url.rstrip('/')}/{file['address_year']}/DataFiles/{file['table']}.xpt"
            try:
                rows.append(_get(file, place, kept, compare, progress))
            except FetchError as error:
                errors.append(str(error))
                if isinstance(error, OfflineError):
                    break
            except OSError as error:  # such as a full disk
                errors.append(f"{file['table']}: {place} cannot be written: {error.strerror or error}")
                break
    if errors:
        raise FetchError("\n".join(errors))
    return pd.DataFrame(rows)


def _wanted(cycles: str | Iterable[str] | None, tables: Iterable[str] | None) -> pd.DataFrame:
    """Rows of ``nhanes_files`` of these cycles and tables."""
    listed = evidence.load("nhanes_files")
    belongs = listed["cycles"].str.split()
    of = CYCLES if cycles is None else chosen(cycles)
    wanted = listed[belongs.map(lambda own: not set(own).isdisjoint(of))]
    if tables is None:
        return wanted
    tables = [tables] if isinstance(tables, str) else list(tables)
    if not tables:
        raise InputError("tables is empty; leave it out for all tables of the cycles")
    for table in tables:
        check_choice("tables", table, wanted["table"].tolist())
    return wanted[wanted["table"].isin(tables)]


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Keep the folder for one fetch at a time: two would write into the same halves."""
    import filelock

    make(place, "folder")
    lock = filelock.FileLock(place / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InputError(f"folder={str(place)!r} is in use by another fetch; wait for it") from None
    except OSError as error:
        raise InputError(f"folder={str(place)!r} cannot be written: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def _kept(place: Path) -> dict[str, str]:
    """Hashes by name of file, as the registry has them."""
    path = place / REGISTRY
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = [line.split() for line in lines if line.strip()]
    refuse(f"folder={str(place)!r}: a line of {REGISTRY} is not a hash and a name" for pair in pairs if len(pair) != 2)
    return {name.removeprefix("*"): digest for digest, name in pairs}


def _get(
    file: dict[str, Any], place: Path, kept: dict[str, str], compare: bool, progress: bool | None
) -> dict[str, Any]:
    """Have one file in its place and its hash in the registry, or say why not."""
    path = _path(place, file["table"])
    there = path.exists()
    if there:
        digest = _check_there(path, file, kept)
        _keep(place, path.name, digest, kept)
    if compare or not there:
        part = place / f".{file['table']}.part"
        digest = _download(part, file, kept.get(path.name), progress)
        if not there:
            part.replace(path)
            _keep(place, path.name, digest, kept)
        discard(part)
    known = "first use" if pd.isna(file["sha256"]) else "original"
    found = {"table": file["table"], "path": path, "rows": shape(path)[0], "sha256": digest}
    return found | {"known": known, "fetched": not there}


def _path(place: Path, table: str) -> Path:
    """Where a table's file is or will be: as CDC writes the ending now, or as it did until 2024."""
    path, earlier = place / f"{table}.xpt", place / f"{table}.XPT"
    return earlier if earlier.exists() and not path.exists() else path


def _check_there(path: Path, file: dict[str, Any], kept: dict[str, str]) -> str:
    """Hash of a file that is there already, if it is the one that was fetched."""
    digest = _sha256(path)
    expected = kept.get(path.name) if pd.isna(file["sha256"]) else file["sha256"]
    changed = expected not in (None, digest)
    wrong = "is not the file that was fetched (another SHA-256)" if changed else fault(path, file)
    if wrong:
        raise FetchError(f"{file['table']}: {path} {wrong}; move it away and fetch again")
    return digest


def _download(part: Path, file: dict[str, Any], kept: str | None, progress: bool | None) -> str:
    """Hash of a file that was downloaded into ``part``, if it is the one that was meant; else nothing stays of it."""
    table, url, host = file["table"], file["url"], urlsplit(file["url"]).netloc
    # These four belong to no cycle, and where they lie follows no rule.
    unsure = "; its address is taken from public code and has not been tried" if file["grows"] == "yes" else ""
    try:
        download(url, part, name=table, progress=progress)
    except OfflineError:
        raise
    except FetchError as error:
        raise FetchError(f"{error}{unsure}") from None
    digest = _sha256(part)
    wrong = fault(part, file)
    if wrong:
        wrong = f"what {host} sends for {url} {wrong}{unsure}"
    elif pd.notna(file["sha256"]) and digest != file["sha256"]:
        wrong = (
            f"the file at {host} has changed since this package learnt its SHA-256: {_change(file['sha256'], digest)}"
        )
    elif pd.isna(file["sha256"]) and kept not in (None, digest):
        wrong = f"the file at {host} has changed since it was first fetched: {_change(kept, digest)}"
        wrong += f"; to take the new one, delete yours and its line in {REGISTRY}"
    if wrong:
        discard(part)
        raise FetchError(f"{table}: {wrong}; nothing was replaced")
    return digest


def _change(before: str, now: str) -> str:
    return f"{now[:12]}…, not {before[:12]}…"


def _keep(place: Path, name: str, digest: str, kept: dict[str, str]) -> None:
    """Put a hash into the registry, in the form of ``sha256sum``."""
    if kept.get(name) != digest:
        kept[name] = digest
        write(place / REGISTRY, "".join(f"{kept[name]}  {name}\n" for name in sorted(kept)))


def _sha256(path: Path) -> str:
    import pooch

    return pooch.file_hash(str(path), alg="sha256")
