"""Read NHANES files: CDC's SAS transport files (``NAME.XPT``) and the CSV mirror (``NAME.csv.xz``), to the same values.

Both are brought to the 15 significant digits that SAS prints: a transport file holds IBM numbers, which do not fit
binary ones exactly, and a cut-off must fall on the same people whichever file was read.
"""

from __future__ import annotations

import lzma
import os
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis import places
from b12analysis.arguments import InputError
from b12analysis.nhanes.variables import Read

__all__ = ["path_of", "reader"]

_FOLDERS = ("", "xpt", "tables")
_ENDINGS = (".XPT", ".xpt", ".csv.xz", ".csv")
#: Variables that are text; all others are numbers, whatever a file stores them as.
_TEXT = {"RXDDRUG", "RXD240B", "DSDINGR", "DSDBCNAM"}


def reader(folder: str | os.PathLike[str] | None, tables: Iterable[str]) -> Read:
    """Return what reads these tables from a folder, each choice of variables once.

    Raises
    ------
    InputError
        If a file is not there; names all that are missing.
    """
    where = places.nhanes() if folder is None else Path(folder)
    paths = {table: path_of(table, where) for table in tables}
    missing = [table for table, path in paths.items() if path is None]
    if missing:
        raise InputError(
            f"folder={str(where)!r} lacks {', '.join(f'{table}.XPT' for table in missing)}; "
            "`b12 data fetch nhanes` gets the files (or name another folder, or set B12_NHANES)"
        )

    @cache
    def read(table: str, variables: tuple[str, ...]) -> pd.DataFrame:
        return _read(paths[table], variables)

    return read


def path_of(table: str, folder: Path) -> Path | None:
    """Return the file of a table in ``folder``, its ``xpt`` or its ``tables``; CDC's own before the mirror's."""
    paths = (folder / inner / f"{table}{ending}" for ending in _ENDINGS for inner in _FOLDERS)
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path, variables: tuple[str, ...]) -> pd.DataFrame:
    try:
        frame = _read_xpt(path) if path.suffix.lower() == ".xpt" else _read_csv(path, variables)
        frame.columns = frame.columns.str.upper()
        found = {name: _text(frame[name]) if name in _TEXT else _number(frame[name]) for name in variables}
    except KeyError as error:
        raise InputError(f"file {path} lacks {error}; it is not the table that CDC publishes by that name") from None
    except (ValueError, EOFError, StopIteration, UserWarning, lzma.LZMAError) as error:
        why = str(error) or type(error).__name__
        raise InputError(f"file {path} cannot be read ({why}); fetch it again: `b12 data fetch nhanes`") from error
    return pd.DataFrame(found)


def _read_xpt(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # pandas only warns of a file that broke off
        return pd.read_sas(path, format="xport", encoding="latin-1")


def _read_csv(path: Path, variables: tuple[str, ...]) -> pd.DataFrame:
    texts = {name: "str" for name in variables if name in _TEXT}
    return pd.read_csv(path, usecols=lambda name: name.upper() in variables, dtype=texts, encoding="latin-1")


def _text(values: pd.Series) -> pd.Series:
    stripped = values.astype("str").str.strip()
    return stripped.where(stripped != "")  # a transport file has blanks where the mirror has nothing


def _number(values: pd.Series) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(values):
        values = pd.to_numeric(_text(values))
    return pd.Series(_as_printed(values.to_numpy("float64", na_value=np.nan)), index=values.index)


def _as_printed(values: np.ndarray) -> np.ndarray:
    """Round to 15 significant digits; pandas reads the IBM zero as 5.4e-79, and no measurement is so small.

    Examples
    --------
    >>> _as_printed(np.array([5.397605e-79, 147.59999999999997, 3.0, 5601.638700029045])).tolist()
    [0.0, 147.6, 3.0, 5601.63870002905]
    """
    values = np.where(np.abs(values) < 1e-70, 0.0, values)
    longer = np.isfinite(values) & (np.rint(values * 1e6) / 1e6 != values)  # more than six decimals: mostly weights
    values[longer] = [float(f"{value:.15g}") for value in values[longer]]
    return values
