"""The evidence: tables of published numbers, each row with its source and how sure we are of it.

A *table* is one file under ``data/``: CSV where people write it, Parquet where our code computed it. An *evidence
table* is one whose rows are findings; each has an ``id``, a ``source`` (a row of ``sources``), a ``locator`` (where in
the source) and a ``status``:

- *verified*: the number was read in the study itself;
- *secondary*: it was read in a text that quotes the study;
- *recalled*: it comes from memory and nobody has checked it;
- *assumption*: it is ours.

``columns`` describes every column of every table (type, unit, allowed range, meaning) and every measure that a table
may hold. It is glossary, schema and axis label in one: the schemas are built from it, so a table and its description
cannot drift apart.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns
from b12analysis.places import DATA

__all__ = ["STATUSES", "axis", "load", "recorded", "select", "sha256", "sources", "table_names", "tables", "weakest"]

#: From the strongest to the weakest; a figure wears the weakest mark of the rows it rests on.
STATUSES = ("verified", "secondary", "recalled", "assumption")

DTYPES = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}
#: Columns of these tables that name rows of another table: (column, table it points to, column there).
KEYS = [
    ("source", "sources", "source"),
    ("group", "groups", "group"),
    ("definition", "biomarkers", "definition"),
    ("claim", "claims", "id"),
    ("comparator", "surveys", "id"),
]

#: SHA-256 of the package's tables that :func:`load` has read since this was last cleared: what a report rests on.
recorded: dict[str, str] = {}


def glossary(folder: Path) -> pd.DataFrame:
    return _glossary(folder, _changed("columns", folder))


@cache
def _glossary(folder: Path, changed: int) -> pd.DataFrame:
    return pd.read_csv(folder / "columns.csv", dtype="string").assign(
        minimum=lambda t: t["minimum"].astype("Float64"), maximum=lambda t: t["maximum"].astype("Float64")
    )


def read_text(table: str, folder: Path) -> pd.DataFrame:
    """Read a table as text; only empty cells are missing, whatever else pandas takes for it."""
    return pd.read_csv(folder / f"{table}.csv", dtype="string", keep_default_na=False, na_values=[""])


def table_names(folder: Path = DATA) -> list[str]:
    """Names of the tables in a folder, read from its files alone."""
    return _stems(folder, ".csv", ".parquet")


def written(folder: Path = DATA) -> list[str]:
    """Names of the tables that people write: those in CSV."""
    return _stems(folder, ".csv")


def _stems(folder: Path, *endings: str) -> list[str]:
    """Names without their ending; many times as fast as Path.glob, and each table loaded asks."""
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted({path.stem for path in files if path.suffix in endings})


def _file(table: str, folder: Path) -> Path:
    path = folder / f"{table}.csv"
    return path if path.exists() else folder / f"{table}.parquet"


def described_by(table: str, folder: Path) -> pd.DataFrame:
    """Rows of ``columns`` that describe the columns of one table."""
    columns = glossary(folder)
    used_by = columns["tables"].str.split()
    own = columns[used_by.map(lambda names: table in names)]
    shared = columns[columns["tables"] == "evidence"]
    return pd.concat([shared, own]) if len(own) and table not in VOCABULARY else own


#: Tables that describe rather than report findings: their rows carry no status of their own.
VOCABULARY = (
    "columns",
    "conflicts",
    "groups",
    "kinetics_correlations",
    "kinetics_validation",
    "left_out",
    "nhanes_associations",
    "nhanes_cells",
    "nhanes_files",
    "nhanes_folate",
    "nhanes_fractions",
    "nhanes_groups",
    "nhanes_mma",
    "nhanes_overlaps",
    "nhanes_sums",
    "nhanes_unseen",
    "nhanes_usual",
    "population",
    "recovery_fits",
    "recovery_posterior",
    "recovery_targets",
    "recovery_validation",
    "replications",
    "sources",
    "standard_populations",
    "validation_programs",
)


def tables(folder: Path | None = None) -> pd.DataFrame:
    """Every table, with its size and what its rows rest on.

    Returns
    -------
    DataFrame with columns
        table     name, as :func:`load` takes it
        rows      number of rows
        verified, secondary, recalled, assumption     number of rows by status (0 for vocabularies)

    Examples
    --------
    >>> tables().set_index("table").loc["sources", "verified"]
    np.int64(0)
    """
    folder = DATA if folder is None else Path(folder)
    rows = []
    for name in table_names(folder):
        table = load(name, folder)
        by_status = table["status"].value_counts() if "status" in table and name not in VOCABULARY else {}
        rows.append(
            {"table": name, "rows": len(table)} | {status: int(by_status.get(status, 0)) for status in STATUSES}
        )
    return pd.DataFrame(rows)


def load(table: str, folder: Path | None = None) -> pd.DataFrame:
    """Read one table.

    Parameters
    ----------
    table : str
        Its name: ``"surveys"``, ``"risk_factors"``, ...; :func:`tables` lists them.
    folder : Path, optional
        Another folder of tables; the package's own by default.

    Returns
    -------
    DataFrame
        The rows as curated. Columns are described, with units, by ``load("columns")``; missing values are ``<NA>``.

    Raises
    ------
    InputError
        If there is no such table, or it cannot be read.

    Examples
    --------
    >>> load("groups").query("role == 'risk' and claim == 'claim-G1'")["group"].tolist()
    ['vegans', 'vegetarians']
    """
    folder = DATA if folder is None else Path(folder)
    check_choice("table", table, table_names(folder))
    if folder == DATA:  # before reading: should the file change now, the hash is the old one, and no longer fits
        recorded.update({name: _digest(name, _changed(name, DATA)) for name in ("columns", table)})
    return _read(table, folder).copy()


def _read(table: str, folder: Path) -> pd.DataFrame:
    return _typed(table, folder, _changed(table, folder), _changed("columns", folder))


def _changed(table: str, folder: Path) -> int:
    """When a table's file last changed."""
    return _file(table, folder).stat().st_mtime_ns


@cache
def _typed(table: str, folder: Path, changed: int, glossary_changed: int) -> pd.DataFrame:
    """Read a table once, and again when its file, or the one that describes it, has changed."""
    try:
        if table == "columns":
            return glossary(folder)
        if _file(table, folder).suffix == ".parquet":
            return pd.read_parquet(_file(table, folder))
        dtypes = described_by(table, folder).set_index("column")["dtype"].map(DTYPES)
        text = read_text(table, folder)
        for name in text.columns.intersection(dtypes.index[dtypes == "boolean"]):  # not read from text by pandas
            text[name] = text[name].map({"True": True, "False": False})
        return text.astype({name: dtypes[name] for name in text if name in dtypes.index})
    except (TypeError, ValueError):
        raise InputError(f"table={table!r} in {folder} is broken; `b12 data check` says where") from None


def select(table: pd.DataFrame, **equals: Any) -> pd.DataFrame:
    """Rows of a table whose columns have the given values.

    Parameters
    ----------
    table : DataFrame
        Any table.
    **equals
        Column name and value, or a list of values; "any" selects every row.

    Returns
    -------
    DataFrame
        The rows, in their order; none where nothing fits together.

    Raises
    ------
    InputError
        If there is no such column, or the value occurs in no table of the package and not in this one.

    Examples
    --------
    >>> select(load("surveys"), country="Ireland", age_band="any")["definition"].tolist()
    ['b12_185']
    """
    check_columns("table", table.columns, equals)
    kept = pd.Series(True, index=table.index)
    for column, wanted in equals.items():
        if isinstance(wanted, str) and wanted == "any":
            continue
        values = list(wanted) if pd.api.types.is_list_like(wanted) else [wanted]
        for value in values:
            own = set(table[column].dropna())
            # A value of another table only fits no row, which is no fault.
            if value not in own and value not in _shipped_values().get(column, ()):
                check_choice(column, value, ["any", *sorted(own)])
        kept &= table[column].isin(values)
    return table[kept]


@cache
def _shipped_values() -> dict[str, set[str]]:
    """Every value of each text column in the package's own tables."""
    values: dict[str, set[str]] = {}
    for name in written(DATA):
        for column, cells in _read(name, DATA).select_dtypes("string").items():  # for a message: not recorded
            values.setdefault(column, set()).update(cells.dropna())
    return values


def cited(ids: str) -> pd.DataFrame:
    """Rows of any table by their ids, as a claim names the findings that it is judged by.

    Parameters
    ----------
    ids : str
        Ids, spaces between them.

    Returns
    -------
    DataFrame with columns
        id, source, status     of each row, in the order given

    Raises
    ------
    InputError
        If no table has a row of that id.

    Examples
    --------
    >>> cited("B18 C15")[["id", "source"]].values.tolist()
    [['B18', 'iom1998'], ['C15', 'bcsh2014']]
    """
    wanted = ids.split()
    columns = ["id", "source", "status"]
    found = {}
    for name in written(DATA):
        table = _read(name, DATA)  # read for its ids only: not recorded as used
        if set(columns) <= set(table) and table["id"].isin(wanted).any():
            rows = load(name)[columns]
            found |= {row["id"]: row for row in rows[rows["id"].isin(wanted)].to_dict("records")}
    for each in wanted:
        if each not in found:
            raise InputError(f"ids: no table has a row {each!r}")
    return pd.DataFrame([found[each] for each in wanted], columns=columns)


def sources(table: str | pd.DataFrame) -> pd.DataFrame:
    """Bibliography of a table: the publications that its rows come from.

    Parameters
    ----------
    table : str or DataFrame
        A table's name, or any table (or part of one) with a ``source`` column.

    Returns
    -------
    DataFrame with columns
        source, citation, year, doi, pmid, pmcid, citation_status, licence, note     as in ``sources``
        rows     how many rows of ``table`` rest on it

    Examples
    --------
    >>> sources(load("surveys").query("country == 'Ireland'"))["year"].tolist()
    [2018]
    """
    frame = load(table) if isinstance(table, str) else table
    check_columns("table", frame.columns, ["source"])
    used = frame["source"].value_counts()
    known = load("sources")
    return known[known["source"].isin(used.index)].assign(rows=lambda s: s["source"].map(used)).reset_index(drop=True)


def weakest(statuses: pd.Series) -> str:
    """Return the status that a figure made of these rows has to wear: the weakest among them.

    Examples
    --------
    >>> weakest(pd.Series(["verified", "recalled", "secondary"]))
    'recalled'
    """
    present = statuses.dropna().unique()
    for status in present:
        check_choice("status", status, STATUSES)
    return max(present, key=STATUSES.index, default=STATUSES[-1])


def axis(column: str) -> str:
    """Axis title of a column or measure, with its unit, from the glossary.

    Examples
    --------
    >>> axis("months")
    'months since treatment began (months)'
    """
    columns = load("columns")
    check_choice("column", column, columns["column"].unique())
    row = columns[columns["column"] == column].iloc[0]
    return row["label"] if pd.isna(row["unit"]) else f"{row['label']} ({row['unit']})"


def sha256(table: str) -> str:
    """SHA-256 of a table's file, in hexadecimal: what a report was made from.

    Examples
    --------
    >>> len(sha256("columns"))
    64
    """
    check_choice("table", table, table_names(DATA))
    return _digest(table, _changed(table, DATA))


@cache
def _digest(table: str, changed: int) -> str:
    return hashlib.sha256(_file(table, DATA).read_bytes()).hexdigest()
