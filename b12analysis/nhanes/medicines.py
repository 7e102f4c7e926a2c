"""Medicines on prescription: one row per person and medicine becomes yes or no per person."""

from __future__ import annotations

import pandas as pd

from b12analysis.nhanes.variables import Read, definitions

__all__ = ["MEDICINES", "add"]

#: Names of the active substances, as they are looked for in CDC's upper-case names (combinations included).
MEDICINES = {
    "metformin": "METFORMIN",
    "ppi": "(?:OME|LANSO|PANTO|RABE|ESOME|DEXLANSO)PRAZOLE",
    "h2ra": "RANITIDINE|FAMOTIDINE|CIMETIDINE|NIZATIDINE",
    "b12_prescribed": "COBALAMIN",
}
#: Taken any, name and days taken: the variables' names in 1999-2002, and since.
_EARLY, _LATER = ("RXD030", "RXD240B", "RXD260"), ("RXDUSE", "RXDDRUG", "RXDDAYS")
_UNKNOWN_DAYS = (77777, 99999)


def add(people: pd.DataFrame, cycle: str, read: Read) -> pd.DataFrame:
    """Return the people of a cycle with their medicines; missing where they did not say whether they take any."""
    names = _EARLY if cycle in ("1999-2000", "2001-2002") else _LATER
    taken = read(definitions().loc["metformin", cycle], ("SEQN", *names))
    taken = taken.set_axis(["seqn", "any", "name", "days"], axis="columns")
    known = people["seqn"].isin(taken.loc[taken["any"].isin([1, 2]), "seqn"])

    def takes(pattern: str) -> pd.Series:
        users = taken.loc[taken["name"].str.contains(pattern, na=False), "seqn"]
        return people["seqn"].isin(users).astype("boolean").where(known, pd.NA)

    days = taken["days"].where(~taken["days"].isin(_UNKNOWN_DAYS) & taken["name"].str.contains("METFORMIN", na=False))
    longest = days.groupby(taken["seqn"]).max()
    return people.assign(
        **{column: takes(pattern) for column, pattern in MEDICINES.items()},
        metformin_days=people["seqn"].map(longest).astype("float64"),
    )
