"""What the recovery report says: curves, scenarios of delay and observed outcomes in words."""

from __future__ import annotations

import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.findings.words import ESTIMATE, ORIGIN, Row, known, labelled, ordered, spread
from b12analysis.recovery import PROFILES
from b12analysis.theme import share

__all__ = [
    "CAVEATS",
    "DELAY_AXES",
    "DELAY_WORDS",
    "OUTCOME_COLUMNS",
    "SYNDROMES",
    "answer",
    "fans",
    "leading_first",
    "observed",
    "observed_recovery",
    "scenarios",
]

CAVEATS = [
    "**Nobody's course can be predicted from this.** No validated equation exists, and no study has measured recovery "
    "symptom by symptom over time.",
    "The spread of the lasting part rests on recovery figures recalled from a series of 1991 whose results nobody here "
    "has read; half-times rest on one series of 57 people, of whom 45 were followed: 31 had recovered wholly at three "
    "months, which is 69 % of those followed and 54 % if nobody else had.",
    "These two series differ: 69 % in three months in one, 47 % in the end in the other. The model reconciles them by "
    "assuming that the first called recovery complete with up to 30 % of the deficit left, the other with up to 5 %. "
    "Wholly, on this page, has the strict meaning; the three scenarios of delay weigh the same in it: our choice.",
    "Age, signs and severity enter with the direction that was reported and a wide guess of how strong they are: no "
    "effect sizes were found.",
    "Memory: uncontrolled studies report improvement, controlled comparisons in established dementia none. The model "
    "spans both.",
]

DELAY_WORDS = {
    "none": "delay does no harm",
    "weak": "harm grows with √duration",
    "proportional": "harm grows with duration",
}
#: Syndromes whose outcomes are shown beside a profile.
_NERVES = ["mixed", "neuropathy", "myelopathy"]
SYNDROMES = dict.fromkeys(["sensory", "motor", "myelopathy"], _NERVES) | {
    "cognitive": ["cognitive", "dementia", "mixed"]
}
#: Axes of the figure of scenarios.
DELAY_AXES = {
    "x": "duration_months",
    "x_title": "symptoms before treatment, months",
    "y_title": "recover wholly, % of patients",
}
#: Columns of a table of outcomes that a page shows.
OUTCOME_COLUMNS = ["id", "population", "stratum", "outcome", "months", "cases", "n", *ESTIMATE, "design", *ORIGIN]


def answer(symptom: str, month: float, row: pd.Series, complete: pd.Series) -> tuple[str, str]:
    """Return the finding and the answer of the recovery report.

    Parameters
    ----------
    symptom : str
        Leading symptom of the profile.
    month : float
        Month that the answer speaks of.
    row : Series
        ``estimate, lower, upper`` of the recovered share at that month.
    complete : Series
        ``estimate, lower, upper`` of the share who recover wholly.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    back, whole = share(*row[ESTIMATE]), share(*complete[ESTIMATE])
    middle = back.split(" (")[0]
    finding = f"Model: {middle} of the {symptom} problem gone after {month:g} months, with a wide range"
    return finding, (
        f"In this model **{back}** of the {symptom} deficit of people like these is gone after {month:g} months "
        f"(median and 80 % of simulated patients); **{whole}** of them lose it wholly in the end. "
        "No study has measured such a curve: it rests on assumptions."
    )


def leading_first(curves: pd.DataFrame, profile: str) -> pd.DataFrame:
    """Curves in the order of the profile's symptoms, the leading one first."""
    return curves.set_index("symptom").loc[PROFILES[profile]].reset_index()


def fans(curves: pd.DataFrame) -> dict[str, str]:
    """Say the recovery fans: which symptom goes first, and each at 1, 3, 6 and 24 months."""
    at_three = curves[curves["month"] == 3].sort_values("estimate", ascending=False)["symptom"].tolist()
    said = []
    for symptom, rows in curves[curves["month"].isin([1, 3, 6, 24])].groupby("symptom", sort=False):
        shares = [f"{share(*row[ESTIMATE])} after {row['month']:g} months" for _, row in rows.iterrows()]
        said.append(f"{symptom}: {', '.join(shares)}")
    return {
        "title": f"Assumed order: {at_three[0]} before {at_three[-1]}; the bands are wide",
        "summary": f"Share of the deficit that is gone, median and 80 % of simulated patients. {'; '.join(said)}.",
        "caption": "Share of the deficit at the first dose that is gone, %. Line: median; band: 80 % of simulated "
        "patients. Middle scenario of delay.",
    }


def scenarios(delays: pd.DataFrame) -> dict[str, str]:
    """Say what each scenario of delay gives for the shortest and the longest."""
    said = []
    for scenario, words in DELAY_WORDS.items():
        rows = delays[delays["scenario"] == scenario].sort_values("duration_months")
        first, last = (share(*row) for row in rows[ESTIMATE].iloc[[0, -1]].to_numpy())
        shortest, longest = rows["duration_months"].iloc[[0, -1]]
        said.append(
            f"if {words}, {first} recover wholly after {shortest:g} months of symptoms, {last} after {longest:g}"
        )
    return {
        "title": "What a delay costs depends on what we assume of it",
        "summary": f"Three scenarios: {'; '.join(said)}.",
        "caption": "Share of such patients who recover wholly. Bars: 80 % of the simulations. Dotted: the duration "
        "chosen. Scenarios, not observations.",
    }


def observed_recovery(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Observed shares of complete recovery with their intervals, labelled for a forest plot."""
    complete = outcomes[(outcomes["outcome"] == "complete") & outcomes["cases"].notna() & outcomes["n"].notna()]

    def detail(row: Row) -> list[str]:
        return [f"{row['cases']} of {row['n']}", known(row["months"], "at {:g} months"), known(row["stratum"])]

    return labelled(ordered(prevalence(complete)), lambda row: row["population"], detail)


def observed(rows: pd.DataFrame) -> dict[str, str]:
    """Say what shares of patients were seen to recover wholly."""
    return {
        "title": f"Observed: {spread(rows)} of patients recovered wholly",
        "summary": f"Series of patients that report complete recovery: {len(rows)}, {spread(rows)}.",
        "caption": "Wilson's 95 % intervals from the counts. Published cases are chosen cases: nobody who stayed "
        "unchanged may have been written up.",
    }
