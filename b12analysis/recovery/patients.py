"""Who is simulated: profiles of patients as a table, checked, and what belongs to each."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, check_range, refuse, shown
from b12analysis.evidence import load

__all__ = ["CAUSES", "PROFILES", "SEVERITIES", "SIGNS", "checked", "involvement", "patient", "symptom_weights"]

PROFILES = ("sensory", "motor", "myelopathy", "cognitive")
SEVERITIES = ("mild", "moderate", "severe")
CAUSES = ("dietary", "metformin", "ppi", "pernicious_anaemia", "gastrectomy", "crohn", "nitrous_oxide")
#: Signs that go with a worse outcome, each known or not.
SIGNS = ("age_50_or_over", "romberg", "babinski", "more_than_7_segments")

_NEEDED = ("age", "duration_months", "severity", "profile")
_OPTIONAL = {"patient": None, "cause": "pernicious_anaemia", "romberg": None, "babinski": None, "segments": None}
#: Ranges of the numbers: age in years, duration in months, segments of the spinal cord.
_RANGES = {"age": (0, 120), "duration_months": (0.1, 600), "segments": (0, 31)}
_CHOICES = {"severity": SEVERITIES, "profile": PROFILES, "cause": CAUSES}


def patient(
    *,
    age: float,
    duration_months: float,
    severity: str,
    profile: str,
    cause: str = "pernicious_anaemia",
    romberg: bool | None = None,
    babinski: bool | None = None,
    segments: int | None = None,
) -> pd.DataFrame:
    """Make a table of one profile, ready for :func:`simulate_recovery`.

    Parameters
    ----------
    age, duration_months, severity, profile, cause, romberg, babinski, segments
        As the columns of :func:`simulate_recovery`'s ``patients``.

    Returns
    -------
    DataFrame
        One row.

    Raises
    ------
    InputError
        If a value is not known or out of range.

    Examples
    --------
    >>> patient(age=60, duration_months=6, severity="moderate", profile="sensory").shape
    (1, 8)
    """
    row = pd.DataFrame([locals()])
    checked(row)
    return row


def checked(patients: pd.DataFrame) -> pd.DataFrame:
    """Check a table of profiles; fill in what may be left out, and code the signs: 0.5 there, -0.5 not, 0 unknown.

    Parameters
    ----------
    patients : DataFrame
        As of :func:`simulate_recovery`.

    Returns
    -------
    DataFrame
        With ``patient`` (a label), the given columns, and a column for each of :data:`SIGNS`.

    Raises
    ------
    InputError
        Names every value that is not known or out of range, with its row.
    """
    if not isinstance(patients, pd.DataFrame):
        raise InputError(f"patients={shown(patients)} is not a table; make one with recovery.patient(...)")
    if patients.empty:
        raise InputError("patients is empty; there is nobody to simulate")
    check_columns("patients", patients.columns, _NEEDED)
    for column in patients.columns:
        check_choice("patients' column", column, [*_NEEDED, *_OPTIONAL])
    if not patients.columns.is_unique:
        twice = patients.columns[patients.columns.duplicated()][0]
        raise InputError(f"patients' column={shown(twice)} is there twice")
    refuse(_wrong(patients))
    table = patients.reindex(columns=[*_NEEDED, *_OPTIONAL]).reset_index(drop=True)
    for column in _RANGES:
        table[column] = _numbers(table[column])
    table["patient"] = _labels(patients)
    for column in _CHOICES:
        table[column] = table[column].astype(object).fillna(_OPTIONAL["cause"])
    known = {
        "age_50_or_over": table["age"] >= 50,
        "romberg": table["romberg"],
        "babinski": table["babinski"],
        "more_than_7_segments": (table["segments"] > 7).where(table["segments"].notna()),
    }
    for sign, there in known.items():
        table[sign] = _numbers(there).fillna(0.5) - 0.5
    return table


def _numbers(values: pd.Series) -> pd.Series:
    """Return checked values as numbers, whatever type pandas holds them in."""
    return pd.to_numeric(values.astype(object), errors="coerce").astype(float)


def _labels(patients: pd.DataFrame) -> list:
    """Label of each row."""
    labels = patients["patient"].tolist() if "patient" in patients else patients.index.tolist()
    seen = set()
    for label in labels:
        if not isinstance(label, Hashable) or _missing(label):
            raise InputError(f"patient={shown(label)} is no label; name each row by a text or a number")
        if label in seen:
            raise InputError(f"patient={shown(label)} is there twice; each row needs a label of its own")
        seen.add(label)
    return labels


def _wrong(patients: pd.DataFrame) -> list[str]:
    """Everything that is wrong with the values, each with the row it stands in first."""
    found: dict[str, Hashable] = {}
    for column in patients.columns.intersection([*_CHOICES, *_RANGES, "romberg", "babinski"]):
        values = patients[column]
        # True is 1 to pandas, so where types may differ every value is looked at
        for row, value in (values if values.dtype == object else values.drop_duplicates()).items():
            try:
                _check(column, value)
            except InputError as error:
                found.setdefault(str(error), row)
    return [f"{error} (patients, row {row})" for error, row in found.items()]


def _missing(value: object) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))  # type: ignore[call-overload]


def _check(column: str, value: object) -> None:
    if column in _OPTIONAL and _missing(value):
        return
    if column in _CHOICES:
        check_choice(column, value, _CHOICES[column])
    elif column in _RANGES:
        check_range(column, value, *_RANGES[column])
    elif not isinstance(value, bool | np.bool_):
        raise InputError(f"{column}={shown(value)} is not known; choose one of True, False or None, where nobody knows")


@cache
def _map(kind: str) -> pd.DataFrame:
    rows = load("recovery_map").query("kind == @kind")
    wide = rows.pivot(index="name", columns="compartment", values="weight").fillna(0.0).astype(float)
    return wide.loc[rows["name"].unique()]


def involvement() -> pd.DataFrame:
    """How much each compartment (column) is hit in each profile (row), against the one that is hit most."""
    return _map("profile").loc[list(PROFILES)]


def symptom_weights() -> pd.DataFrame:
    """Weights of the compartments (columns, as of :func:`involvement`) in each symptom (row); a row adds up to 1.

    Examples
    --------
    >>> bool((symptom_weights().sum(axis=1).round(9) == 1).all())
    True
    """
    return _map("symptom").reindex(columns=involvement().columns, fill_value=0.0)
