"""Is this the file? What a SAS transport file must be before it counts as a table of the survey."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["fault", "shape"]

_BEGINNING = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"


def shape(path: Path) -> tuple[int, list[str]]:
    """Rows and variables of a SAS transport file, from its header and its length: the values are not read.

    Raises
    ------
    ValueError
        If it is none; the message completes "it is ...".
    """
    with path.open("rb") as file:
        beginning = file.read(200)
    if not beginning.startswith(_BEGINNING):
        page = beginning.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        raise ValueError("a web page" if page else "not a SAS transport file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the length is odd: the number of rows tells
            with pd.read_sas(path, format="xport", iterator=True, encoding="latin-1") as reader:
                return int(reader.nobs), list(reader.columns)
    except Exception as error:  # a header that is cut short fails in as many ways as it has fields
        raise ValueError("not a whole SAS transport file") from error


def fault(path: Path, file: dict[str, Any]) -> str | None:
    """Why a file cannot be the one that a row of ``nhanes_files`` describes; None where it can.

    Parameters
    ----------
    path : Path
        The file.
    file : dict
        ``rows``, ``grows`` ("yes" where it may have more) and ``variables``, with a space between.
    """
    try:
        rows, variables = shape(path)
    except ValueError as error:
        return f"is {error}"
    missing = [name for name in file["variables"].split() if name not in variables]
    if missing:
        return f"lacks {', '.join(missing)}"
    if rows < file["rows"]:
        return f"is too short: {rows} rows of {file['rows']}"
    if rows > file["rows"] and file["grows"] == "no":
        return f"has {rows} rows, not {file['rows']}"
    return None
