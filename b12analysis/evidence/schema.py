"""Check the tables: each against the schema that ``columns`` describes, and all against each other.

A fault names file, line, row and column, what is there and what was expected, so that whoever broke it can mend it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.evidence.tables import DTYPES, KEYS, VOCABULARY, described_by, read_text, table_names, written
from b12analysis.places import DATA

__all__ = ["check"]

#: Columns that name a measure, i.e. a row of ``columns`` whose ``tables`` is "measure".
_MEASURES = ("measure", "marker")
#: Columns of which the first must not exceed the second.
_IN_ORDER = [
    ("reported_lower_percent", "reported_percent"),
    ("reported_percent", "reported_upper_percent"),
    ("lower", "value"),
    ("value", "upper"),
    ("lower", "upper"),
    ("cases", "n"),
    ("year_start", "year_end"),
    ("age_min", "age_max"),
    ("above", "below"),
    ("step", "step_to"),
]
#: Columns that cite rows of other tables, ids separated by spaces, and whether findings without a number may be cited.
_CITING = {"evidence": False, "one_side": True, "other_side": True, "tested_by": False, "row": False}
#: What pandera's names of checks mean to the reader.
_EXPECTED = {
    "column_in_schema": "no such column: columns.csv does not describe it",
    "column_in_dataframe": "the column, which columns.csv describes",
    "not_nullable": "a value",
}

Tables = dict[str, pd.DataFrame]
Fault = dict[str, Any]


def check(folder: Path | None = None) -> pd.DataFrame:
    """Check every table against its schema and against the tables that it refers to.

    Parameters
    ----------
    folder : Path, optional
        Another folder of tables; the package's own by default.

    Returns
    -------
    DataFrame with columns
        file      name of the file
        line      line in the file (the header is line 1)
        id        key of the row
        column    where in the row
        value     what is there
        expected  what should be

    One row per fault; empty when all is well.

    Examples
    --------
    >>> check().empty
    True
    """
    folder = DATA if folder is None else Path(folder)
    faults = [fault for name in written(folder) for fault in _check_shape(name, folder)]
    crooked = {fault["file"] for fault in faults}
    texts = {name: read_text(name, folder) for name in written(folder) if f"{name}.csv" not in crooked}
    faults += _check_presence(folder, texts.get("columns"))
    if "columns" in texts:
        for name in texts.keys() - {"columns"}:
            faults += _check_schema(name, texts[name], folder)
        faults += [*_check_unique(texts), *_check_order(texts), *_check_measures(texts)]
        if not crooked:  # a row that could not be read must not make those that cite it wrong
            faults += _check_pointers(texts)
    found = pd.DataFrame(faults, columns=["file", "line", "id", "column", "value", "expected"])
    return found.sort_values(["file", "line", "column"], ignore_index=True)


def _key(name: str) -> str:
    return {"sources": "source", "groups": "group", "columns": "column", "nhanes_files": "table"}.get(name, "id")


def _fault(name: str, text: pd.DataFrame, row: int | None, column: str | None, value: Any, expected: str) -> Fault:
    key = text[_key(name)][row] if row is not None and _key(name) in text else None
    here = {"file": f"{name}.csv", "line": 1 if row is None else row + 2, "id": None if pd.isna(key) else key}
    return here | {"column": column, "value": value, "expected": expected}


def _check_presence(folder: Path, columns: pd.DataFrame | None) -> Iterator[Fault]:
    """Every table that ``columns`` describes must be there, and ``columns`` itself."""
    described = set() if columns is None else set(columns["tables"].str.split().explode()) - {"evidence", "measure"}
    for name in sorted({"columns", *described} - set(table_names(folder))):
        here = {"file": f"{name}.csv", "line": 1, "id": None, "column": None, "value": None}
        yield here | {"expected": "the table, which columns.csv describes"}


def _check_shape(name: str, folder: Path) -> Iterator[Fault]:
    """Every file must be text with a header, and every line have as many cells as the header."""
    here = {"file": f"{name}.csv", "line": 1, "id": None, "column": None}
    stored = (folder / f"{name}.csv").read_bytes()
    try:
        reader = csv.reader(io.StringIO(stored.decode("utf-8"), newline=""))
    except UnicodeDecodeError as error:
        line = stored[: error.start].count(b"\n") + 1
        yield here | {"line": line, "value": f"byte {stored[error.start]:#x}", "expected": "text in UTF-8"}
        return
    header = next(reader, [])
    if not header:
        yield here | {"value": "an empty line" if stored else "an empty file", "expected": "a header"}
        return
    for cells in reader:
        if len(cells) != len(header):
            where = {"line": reader.line_num, "id": cells[0] if cells else None}
            yield here | where | {"value": f"{len(cells)} cells", "expected": f"{len(header)} cells"}


def _check_schema(name: str, text: pd.DataFrame, folder: Path) -> Iterator[Fault]:
    import pandera.pandas as pa  # 0.4 s: only who checks pays
    from pandera.errors import SchemaErrors

    described = described_by(name, folder)
    columns = {}
    for row in described.itertuples():
        checks = []
        if pd.notna(row.minimum):
            checks.append(pa.Check.ge(row.minimum, error=f"at least {row.minimum:g}"))
        if pd.notna(row.maximum):
            checks.append(pa.Check.le(row.maximum, error=f"at most {row.maximum:g}"))
        if pd.notna(row.choices):
            choices = row.choices.split(" | ")
            checks.append(pa.Check.isin(choices, error=f"one of {', '.join(choices)}"))
        dtype = DTYPES[row.dtype]
        if dtype == "boolean":  # pandera does not read these from text
            dtype, checks = "string", [pa.Check.isin(["True", "False"], error="True or False")]
        columns[row.column] = pa.Column(dtype, checks, nullable=row.required == "no", coerce=True)
    try:
        pa.DataFrameSchema(columns, strict=True).validate(text, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases
    else:
        return
    dtypes = described.set_index("column")["dtype"]
    unread = set(failures[failures["check"].str.startswith("coerce_dtype")]["column"])
    for failure in failures.itertuples():
        if failure.check in ("column_in_schema", "column_in_dataframe"):
            yield _fault(name, text, None, failure.failure_case, None, _EXPECTED[failure.check])
        elif failure.check.startswith("coerce_dtype"):
            row, expected = int(failure.index), f"a value of type {dtypes[failure.column]}"
            yield _fault(name, text, row, failure.column, failure.failure_case, expected)
        elif failure.column not in unread:  # what could not be read fails every further check: said once
            expected = _EXPECTED.get(failure.check, failure.check)
            yield _fault(name, text, int(failure.index), failure.column, failure.failure_case, expected)


def _check_pointers(texts: Tables) -> Iterator[Fault]:
    """Every key that points to another table must be found there."""
    known = {
        (table, there): texts[table][there].dropna() if table in texts and there in texts[table] else None
        for _, table, there in KEYS
    }
    measures = texts["columns"]["column"][texts["columns"]["tables"] == "measure"]
    without_findings = ("left_out", "claims", "conflicts")
    ids = {key for name, text in texts.items() if "id" in text and name not in without_findings for key in text["id"]}
    left_out = set(texts["left_out"]["id"]) if "left_out" in texts and "id" in texts["left_out"] else set()
    for name, text in texts.items():
        if name in ("columns", "left_out"):
            continue
        for column, table, there in KEYS:
            if name != table and known[table, there] is not None:
                for row, value in _strangers(text, column, known[table, there]):
                    yield _fault(name, text, row, column, value, f"a {column} of {table}.csv")
        for column in _MEASURES:
            for row, value in _strangers(text, column, measures):
                yield _fault(name, text, row, column, value, "a measure of columns.csv")
        for column, also_left_out in _CITING.items():
            citable = ids | left_out if also_left_out else ids
            for row, cited in text.get(column, pd.Series(dtype="string")).dropna().items():
                for key in cited.split():
                    if key not in citable:
                        yield _fault(name, text, row, column, key, "the id of a row in another table")


def _strangers(text: pd.DataFrame, column: str, known: pd.Series) -> Iterator[tuple[int, str]]:
    """Row and value of the cells that hold what is not known, if there is such a column."""
    if column in text:
        cells = text[column].dropna()
        yield from cells[~cells.isin(known)].items()


#: Tables in which a key may stand twice: reasons, columns of several tables, and a target under each scenario.
_KEYS_TWICE = ("left_out", "columns", "recovery_validation")


def _check_unique(texts: Tables) -> Iterator[Fault]:
    """No key twice; ids are unique over all evidence tables."""
    seen: dict[tuple[str, str], str] = {}
    for name, text in texts.items():
        key = _key(name)
        if key not in text or name in _KEYS_TWICE:
            continue
        for row, value in text[key].dropna().items():
            where = (name if name in VOCABULARY else "evidence", value)
            if where in seen:
                yield _fault(name, text, row, key, value, f"a key used once; it is also in {seen[where]}")
            seen.setdefault(where, f"{name}.csv, line {row + 2}")


def _check_order(texts: Tables) -> Iterator[Fault]:
    """Limits stand in their order, and nobody counts more cases than people."""
    for name, text in texts.items():
        for low, high in _IN_ORDER:
            if {low, high} <= set(text) and name != "columns":
                numbers = text[[low, high]].apply(pd.to_numeric, errors="coerce")
                for row in text.index[numbers[low] > numbers[high]]:
                    yield _fault(name, text, row, low, text[low][row], f"at most {high} ({text[high][row]})")


def _check_measures(texts: Tables) -> Iterator[Fault]:
    """Values and their limits lie in the range that ``columns`` gives for their measure."""
    columns = texts["columns"]
    measures = columns[columns["tables"] == "measure"].drop_duplicates("column").set_index("column")
    for name, text in texts.items():
        if "measure" not in text:
            continue
        for limit, words, is_outside in (("minimum", "at least", pd.Series.lt), ("maximum", "at most", pd.Series.gt)):
            bounds = text["measure"].map(pd.to_numeric(measures[limit], errors="coerce"))
            for column in text.columns.intersection(["value", "lower", "upper"]):
                numbers = pd.to_numeric(text[column], errors="coerce")
                for row in text.index[is_outside(numbers, bounds)]:
                    expected = f"{words} {bounds[row]:g}, the range of its measure"
                    yield _fault(name, text, row, column, text[column][row], expected)
