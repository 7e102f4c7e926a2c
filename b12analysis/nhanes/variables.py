"""Which variable of which file each column comes from: ``variables.csv``, read and applied.

The table has a row for each column and, for each cycle, a cell that says where the column comes from:

``DEMO_H.RIAGENDR``      a variable of a file, as it is; several, in a yes/no column: yes if any says yes
``=Roche ECLIA``         the same text for everybody
``RXQ_RX_H``             computed from files or from other columns by the module that ``step`` names
nothing                  the cycle does not have it: all missing

``codes`` translates CDC's codes ("1=yes; 2=no"); a code that it does not list is missing in yes/no and text columns and
kept in numbers, where "99=" makes it missing. Columns that begin with ``_`` are needed on the way and not returned.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from functools import cache, reduce
from pathlib import Path

import pandas as pd

from b12analysis.arguments import InputError, shown

__all__ = ["CYCLES", "Read", "as_read", "chosen", "columns", "definitions", "files", "tables_of"]

#: What reads some variables of a table: one column for each, in the file's order of rows.
Read = Callable[[str, tuple[str, ...]], pd.DataFrame]

_DTYPES = {"whole": "int64", "number": "float64", "text": "str", "yes/no": "boolean"}
_TABLE = re.compile(r"^[A-Z][A-Z0-9_]*$")


@cache
def definitions() -> pd.DataFrame:
    """Return ``variables.csv``, indexed by column."""
    path = Path(__file__).with_name("variables.csv")
    return pd.read_csv(path, dtype="str", keep_default_na=False, index_col="column")


#: The survey cycles that measured B12, first to last.
CYCLES = [str(name) for name in definitions().columns if re.fullmatch(r"\d{4}-\d{4}", str(name))]


def chosen(cycles: str | Iterable[str]) -> list[str]:
    """Return the cycles meant, each once and in their order.

    Parameters
    ----------
    cycles : str or list of str
        Such as ``"2003-2004"`` or ``"2003-04"``.

    Examples
    --------
    >>> chosen(["2003-04", "2001-2002"])
    ['2001-2002', '2003-2004']
    >>> chosen("2007-2008")
    Traceback (most recent call last):
    b12analysis.arguments.InputError: cycles='2007-2008' is no cycle that measured B12; choose from '1999-2000', \
'2001-2002', '2003-2004', '2005-2006', '2011-2012', '2013-2014'
    """
    by_name = {name: cycle for cycle in CYCLES for name in (cycle, f"{cycle[:5]}{cycle[-2:]}")}
    names = list(cycles) if isinstance(cycles, Iterable) and not isinstance(cycles, str) else [cycles]
    wrong = [name for name in names if not isinstance(name, str) or name not in by_name]
    if wrong or not names:
        said = shown(wrong[0] if wrong else cycles)
        choices = ", ".join(map(repr, CYCLES))
        raise InputError(f"cycles={said} is no cycle that measured B12; choose from {choices}")
    wanted = {by_name[name] for name in names}
    return [cycle for cycle in CYCLES if cycle in wanted]


def tables_of(cell: str) -> list[str]:
    """Return the files that a cell of ``variables.csv`` names.

    Examples
    --------
    >>> tables_of("MCQ.MCQ160H MCQ.MCQ160I"), tables_of("DSQ2_B DSPI"), tables_of("age sex"), tables_of("=GC/MS")
    (['MCQ', 'MCQ'], ['DSQ2_B', 'DSPI'], [], [])
    """
    if cell.startswith("="):
        return []
    return [table for table in (part.split(".")[0] for part in cell.split()) if _TABLE.match(table)]


def files(cycles: str | Iterable[str]) -> list[str]:
    """Return the names of the files that ``load`` reads for these cycles, without their endings.

    Parameters
    ----------
    cycles : str or list of str
        Such as ``"2013-2014"``.

    Returns
    -------
    list of str
        CDC's names, each once.

    Examples
    --------
    >>> files("2013-14")[:3]
    ['DEMO_H', 'DR1TOT_H', 'VITB12_H']
    """
    cells = (cell for cycle in chosen(cycles) for cell in definitions()[cycle])
    return list(dict.fromkeys(table for cell in cells for table in tables_of(cell)))


def columns() -> pd.DataFrame:
    """Return what each column of ``load`` is: its kind, unit and meaning, and where each cycle has it from.

    Examples
    --------
    >>> columns().loc["mcv_fl", ["unit", "2013-2014"]].tolist()
    ['fL', 'CBC_H.LBXMCVSI']
    """
    table = definitions()
    return table[~table.index.str.startswith("_")].copy()


def as_read(cycle: str, read: Read) -> pd.DataFrame:
    """Return everybody of a cycle, with the columns that come from files as they are and the others missing."""
    table = definitions()
    raw = _raw(table[cycle], read)
    people = next(iter(raw.values())).index  # the first column is the person's number, from the file with everybody
    rows = zip(table.index, table[cycle], table["kind"], table["codes"], strict=True)
    made = {column: _column(cell, kind, _codes(codes), raw, people) for column, cell, kind, codes in rows}
    return pd.DataFrame(made).reset_index(drop=True)


def _raw(cells: pd.Series, read: Read) -> dict[str, pd.Series]:
    """Read each file once: the values of each ``TABLE.VARIABLE``, indexed by the person's number."""
    sources = dict.fromkeys(part for cell in cells if cell[:1] != "=" for part in cell.split() if "." in part)
    wanted: dict[str, list[str]] = {}
    for source in sources:
        table, variable = source.split(".")
        wanted.setdefault(table, []).append(variable)
    raw = {}
    for table, names in wanted.items():
        values = read(table, tuple(dict.fromkeys(["SEQN", *names]))).set_index("SEQN", drop=False)
        if not values.index.is_unique:
            twice = values.index[values.index.duplicated()][0]
            raise InputError(f"file {table} has person {twice:g} twice; it should have one row per person")
        raw |= {f"{table}.{name}": values[name] for name in names}
    return raw


def _codes(text: str) -> dict[float, str]:
    return {float(code): word for code, _, word in (part.strip().partition("=") for part in text.split(";") if part)}


def _column(cell: str, kind: str, codes: dict[float, str], raw: dict[str, pd.Series], people: pd.Index) -> pd.Series:
    dtype = _DTYPES[kind]
    if cell.startswith("="):
        return pd.Series(cell[1:], index=people, dtype=dtype)
    sources = [raw[part].reindex(people) for part in cell.split() if "." in part]
    if not sources:
        return pd.Series(None, index=people, dtype=dtype)
    if kind == "yes/no":
        answers = {code: word == "yes" for code, word in codes.items()}
        return reduce(operator.or_, (source.map(answers).astype(dtype) for source in sources))
    if kind == "text":
        return sources[0].map(codes).astype(dtype)
    return sources[0].replace({code: float(word or "nan") for code, word in codes.items()}).astype(dtype)
