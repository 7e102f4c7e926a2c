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
    refuse(_wrong(patients))
    table = patients.reindex(columns=[*_NEEDED, *_OPTIONAL]).reset_index(drop=True)
    table["patient"] = patients["patient"].tolist() if "patient" in patients else patients.index.tolist()
    if table["patient"].duplicated().any():
        twice = table.loc[table["patient"].duplicated(), "patient"].iloc[0]
        raise InputError(f"patient={shown(twice)} is there twice; each row needs a label of its own")
    table["cause"] = table["cause"].astype(object).fillna(_OPTIONAL["cause"])
    known = {
        "age_50_or_over": table["age"] >= 50,
        "romberg": table["romberg"],
        "babinski": table["babinski"],
        "more_than_7_segments": (table["segments"] > 7).where(table["segments"].notna()),
    }
    for sign, there in known.items():
        table[sign] = pd.to_numeric(there, errors="coerce").astype(float).fillna(0.5) - 0.5
    return table


def _wrong(patients: pd.DataFrame) -> list[str]:
    """Everything that is wrong with the values, each with the row it stands in."""
    choices = {"severity": SEVERITIES, "profile": PROFILES, "cause": CAUSES}
    found: list[str] = []
    for column in patients.columns.intersection([*choices, *_RANGES, "romberg", "babinski"]):
        values = patients[column]
        for value in values.drop_duplicates():
            try:
                _check(column, value, choices)
            except InputError as error:
                where: Hashable = values.index[[_same(other, value) for other in values]][0]
                found.append(f"{error} (patients, row {where})")
    return found


def _same(one: object, other: object) -> bool:
    return one is other or one == other or (pd.isna(one) and pd.isna(other))  # type: ignore[call-overload,return-value]


def _check(column: str, value: object, choices: dict[str, tuple[str, ...]]) -> None:
    if column in _OPTIONAL and pd.isna(value):  # type: ignore[call-overload]
        return
    if column in choices:
        check_choice(column, value, choices[column])
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
