"""A survey of your own: any CSV, Parquet, Stata or SAS file, read into the columns that this package knows.

You say which of your columns is which of ours. What could spoil every later number without a trace is asked about
first: a column whose values look like another unit, weights that are missing or negative, codes of sex that could mean
either, words where numbers belong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, shown
from b12analysis.units import PMOL_PER_PG

__all__ = ["COLUMNS", "UNITS", "read_people"]

#: Our columns that may be given, and what they hold.
COLUMNS = {
    **dict.fromkeys(["seqn", "cycle", "stratum", "psu"], "any"),
    "weight": "weight",
    "sex": "sex",
    "age": "number",
    **dict.fromkeys(["b12_pmol_l", "b12_second_pmol_l", "b12_roche_pmol_l", "holotc_pmol_l"], "marker"),
    **dict.fromkeys(["mma_nmol_l", "mma_second_nmol_l", "hcy_umol_l", "hcy_second_umol_l"], "marker"),
    **dict.fromkeys(["folate_serum_nmol_l", "folate_rbc_nmol_l", "haemoglobin_g_dl", "creatinine_mg_dl"], "marker"),
    **dict.fromkeys(["mcv_fl", "egfr", "hba1c_percent", "bmi", "b12_intake_ug"], "number"),
    **dict.fromkeys(["pregnant", "metformin", "ppi", "h2ra", "b12_supplement", "diabetes"], "yes or no"),
    **dict.fromkeys(["neuropathy", "numbness", "tingling"], "yes or no"),
}
#: Units that a marker may be given in, and what to multiply by to get ours, which is the first.
UNITS = {
    "b12": {"pmol/L": 1, "pg/mL": PMOL_PER_PG, "ng/L": PMOL_PER_PG},
    "holotc": {"pmol/L": 1},
    "mma": {"nmol/L": 1, "umol/L": 1000},
    "hcy": {"umol/L": 1, "mg/L": 1000 / 135.18},
    "folate": {"nmol/L": 1, "ng/mL": 1000 / 441.4},
    "haemoglobin": {"g/dL": 1, "g/L": 0.1, "mmol/L": 1.611},
    "creatinine": {"mg/dL": 1, "umol/L": 1 / 88.4},
}
#: Where the median of adults lies, in our unit; outside it another unit is likelier. Children have more B12.
MEDIANS = {"b12": (100, 420), "mma": (10, 2000), "hcy": (3.5, 60), "haemoglobin": (10, 20), "creatinine": (0.2, 5)}
MEN, WOMEN = ("men", "man", "male", "males", "m", "1"), ("women", "woman", "female", "females", "f", "w", "2")
YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
#: IBM's zero, as pandas reads it from SAS transport files, is 5.4e-79.
TINY = 1e-70


def read_people(
    path: str | os.PathLike[str],
    columns: Mapping[str, str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    sex: Mapping[object, str] | None = None,
    missing: Iterable[float] = (),
    keep: Iterable[str] = (),
) -> pd.DataFrame:
    r"""Read the people of a survey from a file.

    Parameters
    ----------
    path : path
        ``.csv`` (or ``.csv.gz``, ``.csv.xz``; comma, semicolon or tab), ``.parquet``, ``.dta`` (Stata), ``.xpt`` or
        ``.sas7bdat`` (SAS).
    columns : mapping, optional
        Our name to your name: ``{"b12_pmol_l": "vitb12", "age": "AGE", "weight": "wt"}``. ``COLUMNS`` lists ours. The
        design (``weight``, ``stratum``, ``psu``) may be left out where there is none. By default those columns of the
        file that have our names.
    units : mapping, optional
        Units of your markers, where they are not ours: ``{"b12": "pg/mL", "mma": "umol/L"}``; ``UNITS`` lists them. A
        unit that is said is believed; one that is not is questioned where the median looks like another.
    sex : mapping, optional
        Your codes: ``{0: "men", 1: "women"}``. Words in English, M and F, and 1 and 2 are understood.
    missing : list of numbers
        Codes that stand for a missing value in your columns of numbers and of yes and no, such as 9999 or -9.
    keep : list of str
        Further columns of yours to carry along as they are, such as a region.

    Returns
    -------
    DataFrame
        One row per row of the file: our columns in our units, yes and no as nullable boolean, then those to ``keep``.

    Raises
    ------
    InputError
        If the file or a column is missing, a unit is in doubt, a weight is missing or negative, or a value cannot be
        what the column holds. Rows are counted from 1, without the heading.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("VB12,GENDER\n200,F\n540,M\n610,F\n")
    ...     people = read_people(path, {"b12_pmol_l": "VB12", "sex": "GENDER"}, units={"b12": "pg/mL"})
    >>> people.values.tolist()
    [[147.6, 'women'], [398.52, 'men'], [450.18, 'women']]
    """
    for ours in columns or {}:
        check_choice("columns", ours, COLUMNS)
    units = dict(units or {})
    for marker, unit in units.items():
        check_choice("units", marker, UNITS)
        check_choice(f"units[{marker!r}]", unit, UNITS[marker])
    table, keep = _read(Path(path)), [keep] if isinstance(keep, str) else list(keep)
    if columns is None:
        columns = {name: name for name in table if name in COLUMNS}
    if not columns:
        raise InputError(f"columns is empty, and {Path(path).name} has none of our names; say columns={{ours: yours}}")
    check_columns(str(Path(path).name), table.columns, [*columns.values(), *keep])
    convert: dict[str, Callable[[pd.Series], pd.Series]] = {
        "any": lambda values: values,
        "number": lambda values: _numbers(values, missing),
        "marker": lambda values: _numbers(values, missing),
        "weight": lambda values: _weights(values),
        "yes or no": lambda values: _yes_no(values, missing),
        "sex": lambda values: _sex(values, sex),
    }
    people = {ours: convert[COLUMNS[ours]](table[theirs]) for ours, theirs in columns.items()}
    adults = people["age"] >= 18 if "age" in people else pd.Series(True, index=table.index)
    for ours, theirs in columns.items():
        if COLUMNS[ours] == "marker":
            marker = ours.partition("_")[0]
            people[ours] = _in_our_unit(people[ours], marker, theirs, units.get(marker), adults)
    _check_design(people)
    return pd.DataFrame({**people, **{name: table[name] for name in keep}})


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"path={str(path)!r} is no file")
    name = path.name.lower()
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": _read_csv,
        ".parquet": pd.read_parquet,
        ".dta": _read_stata,
        ".xpt": lambda file: pd.read_sas(file, format="xport", encoding="latin-1"),
        ".sas7bdat": lambda file: pd.read_sas(file, format="sas7bdat", encoding="infer"),
    }
    ending = next((ending for ending in readers if re.sub(r"\.(gz|xz|bz2|zip)$", "", name).endswith(ending)), None)
    if ending is None:
        raise InputError(f"path={str(path)!r} ends in none of {', '.join(readers)}")
    try:
        table = readers[ending](path)
    except Exception as error:  # pandas' readers stumble over a broken file in as many ways as there are formats
        raise InputError(f"path={str(path)!r} cannot be read as {ending}: {error}") from error
    if table.empty:
        raise InputError(f"path={str(path)!r} has no rows")
    return table.reset_index(drop=table.index.name is None)


def _read_csv(path: Path) -> pd.DataFrame:
    heading = str(pd.read_csv(path, sep="\x00", header=None, nrows=1, encoding="latin-1", engine="python").iloc[0, 0])
    separator = max(",;\t", key=heading.count)
    try:
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", low_memory=False)
    except UnicodeDecodeError:
        return pd.read_csv(path, sep=separator, encoding="latin-1", low_memory=False)


def _read_stata(path: Path) -> pd.DataFrame:
    try:
        return pd.read_stata(path)
    except ValueError:  # two codes with one label: take the codes
        return pd.read_stata(path, convert_categoricals=False)


def _refuse(values: pd.Series, wrong: pd.Series | np.ndarray, what: str) -> None:
    """Name the first row that is wrong, and how many more there are."""
    places = np.flatnonzero(wrong)
    if len(places):
        value = values.astype(object).tolist()[places[0]]
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        raise InputError(f"column {values.name!r} row {places[0] + 1}: {shown(value)} {what}{more}")


def _numbers(values: pd.Series, missing: Iterable[float] = ()) -> pd.Series:
    numbers = pd.to_numeric(values.astype(object), errors="coerce").astype(float)
    _refuse(values, numbers.isna() & values.notna(), "is not a number")
    numbers = numbers.mask(numbers.abs() < TINY, 0.0).mask(numbers.isin(list(missing)))
    _refuse(values, (numbers < 0) | np.isinf(numbers), "cannot be; if it stands for a missing value, say missing=[...]")
    return numbers


def _weights(values: pd.Series) -> pd.Series:
    weights = pd.to_numeric(values.astype(object), errors="coerce").astype(float)
    _refuse(values, weights.isna() & values.notna(), "is not a number")
    _refuse(values, weights.isna(), "is a missing weight; leave such people out, or give them 0")
    _refuse(values, (weights < 0) | np.isinf(weights), "is no weight; it must be 0 or more")
    weights = weights.mask(weights.abs() < TINY, 0.0)
    if not weights.sum() > 0:
        raise InputError(f"column {values.name!r}: all weights are 0")
    return weights


def _text(values: pd.Series) -> pd.Series:
    """Return codes and words as small letters, 1.0 as 1; missing where they are empty."""
    text = values.astype(object).map(lambda value: str(value).strip().lower(), na_action="ignore")
    text = text.str.replace(r"\.0$", "", regex=True)
    return text.mask(text == "")


def _yes_no(values: pd.Series, missing: Iterable[float]) -> pd.Series:
    text = _text(values)
    text = text.mask(text.isin([f"{code:g}" for code in missing]))
    _refuse(values, text.notna() & ~text.isin(YES_NO), "is neither yes nor no (1 or 0); recode it first")
    return text.map(YES_NO).astype("boolean")


def _sex(values: pd.Series, codes: Mapping[object, str] | None) -> pd.Series:
    how = "say sex={code: 'men', code: 'women'}"
    for meaning in (codes or {}).values():
        check_choice("sex", meaning, ["men", "women"])
    known = dict.fromkeys(MEN, "men") | dict.fromkeys(WOMEN, "women")
    if codes is not None:
        known = {_text(pd.Series([code]))[0]: meaning for code, meaning in codes.items()}
    text = _text(values)
    _refuse(values, text.notna() & ~text.isin(list(known)), f"is no sex that we know; {how}")
    if codes is None and set(text.dropna()) == {"1"}:
        raise InputError(f"column {values.name!r} is 1 throughout, which may mean either sex; {how}")
    return text.map(known).astype("str")


def _in_our_unit(values: pd.Series, marker: str, theirs: str, unit: str | None, adults: pd.Series) -> pd.Series:
    """Convert, or, where no unit was said and another is likelier, ask."""
    ours = next(iter(UNITS[marker]))
    if unit is None:
        likely, why = _likely(values[adults] if adults.any() else values, marker, theirs)
        if likely != ours:
            others = f"units={{{marker!r}: {likely!r}}}" if likely else f"the unit, units={{{marker!r}: ...}},"
            raise InputError(f"column {theirs!r} {why}, not {ours}; confirm {others} or units={{{marker!r}: {ours!r}}}")
    return (values * UNITS[marker][unit or ours]).round(6)


def _likely(values: pd.Series, marker: str, theirs: str) -> tuple[str | None, str]:
    """Which unit a column is in, by its name or its median; None where no unit that we know fits."""
    ours, *others = UNITS[marker]
    name = re.sub(r"[^a-z]", "", theirs.lower().replace("µ", "u"))
    named = [unit for unit in UNITS[marker] if name.endswith(unit.replace("/", "").lower())]
    if named and ours not in named:
        return named[-1], f"is called {named[-1]}"
    low, high = MEDIANS.get(marker, (0, np.inf))
    median = values.median()
    if np.isnan(median) or low <= median <= high:
        return ours, ""
    fits = next((unit for unit in others if low <= median * UNITS[marker][unit] <= high), None)
    return fits, f"has the median {median:g}, which looks like {fits or 'another unit'}"


def _check_design(people: Mapping[str, pd.Series]) -> None:
    weighed = people["weight"] > 0 if "weight" in people else True
    for name in {"stratum", "psu"} & set(people):
        _refuse(people[name], people[name].isna() & weighed, f"is missing as {name} of somebody who has a weight")
    if "age" in people:
        _refuse(people["age"], people["age"] > 130, "is no age in years; for a missing value say missing=[...]")
