"""What the recovery report says at its head and foot: who, how many of 100 recover, and how function comes back."""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.estimates import prevalence
from b12analysis.findings.kinetics import labels as regimen_labels
from b12analysis.findings.words import ESTIMATE, ORIGIN, Row, known, labelled, ordered, spread
from b12analysis.theme import share

__all__ = [
    "CAVEATS",
    "KEY",
    "MIDDLE",
    "MONTHS",
    "OUTCOME_COLUMNS",
    "PERIODS",
    "TIMELINE",
    "answer",
    "claims",
    "fans",
    "fate_words",
    "fates",
    "observed",
    "observed_recovery",
    "place",
    "rests_on",
    "syndromes",
]

#: When the curves are read, months.
MONTHS = [0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 9, 12, 18, 24]
#: The timeline of the article (claims R1 to R3), months.
PERIODS = pd.DataFrame(
    {
        "label": [
            "first weeks: more energy, less weakness",
            "1 to 3 months: tingling and memory begin to improve",
            "3 to 6 months or more: most of the recovery",
        ],
        "start": [0.0, 1.0, 3.0],
        "end": [1.0, 3.0, None],
    }
)
TIMELINE = "what the article says"
KEY = "model, not a trial: 95 % interval of what is not known"
MIDDLE = "where the middle patient lies (80 %)"
#: Outcomes in the words of the page.
FATES = {
    "complete": "nothing left that they notice",
    "half": "at least half gone, not all",
    "lasting": "less than half gone",
}
CAUSES = {
    "dietary": "a diet without animal food",
    "metformin": "metformin",
    "ppi": "a proton-pump inhibitor",
    "pernicious_anaemia": "pernicious anaemia",
    "gastrectomy": "the stomach removed",
    "crohn": "Crohn's disease of the ileum",
    "nitrous_oxide": "nitrous oxide",
}
CAVEATS = [
    "**Nobody's course can be predicted from this.** These are shares of groups. No validated equation for one person "
    "exists, and 8 complete recoveries carry all that is known of who recovers from damage to the cord.",
    "**No trial was made to compare regimens by what became of nerves**, so none of them can be ranked by it. In one "
    "small trial 21 people with nerve symptoms were counted under two, which tells nothing apart. Another, of "
    "methylcobalamin against placebo in diabetic neuropathy, measured nerves and found them better. There is no "
    "pooled effect of tablets against injections here, because nobody could pool one.",
    "**That damage becomes permanent after 3 months is the text of a product label, without data.** A series of 36 "
    "puts it at 6 months, an open study of memory at 12. The scenario of late harm spans 2 to 12.",
    "**What delay does is not known.** The published series do not tell four scenarios apart; in one of them waiting "
    "costs nothing. They weigh the same here: our choice.",
    "**The series disagree**, and not by chance: 31 of 45 recovered completely within 3 months in one, 8 of 57 in "
    "the end in another, 57 of 121 in a third that is only recalled. The model takes them to differ in who entered "
    "them, and another series of patients may differ as much: that is why the intervals are so wide.",
    "**Age, Romberg's and Babinski's sign and long lesions** enter with the direction that was reported and a wide "
    "guess of how strong they are: no effect sizes were found.",
    "**The cause acts through stores and uptake alone.** No study shows that nerves recover better from a poor diet "
    "than from pernicious anaemia once both are treated.",
    "**Memory**: uncontrolled studies report improvement, controlled comparisons in established dementia none. Most "
    "people's memory loss is taken to have another cause (29 to 100 %; in dementia 90 to 100 %).",
    "**Longer illness at the same severity** need not look worse: in the scenario of early harm it looks better, "
    "because slow damage leaves less of it to last. For the same people waiting never helps.",
    "**Who has more vitamin in tissue than nerves come to lack** is taken to have symptoms of another cause, which "
    "treatment does not touch: few with pernicious anaemia, more on metformin.",
    "**What changed after the first fit**: people without symptoms have been low for 60 months, some groups got their "
    "own serum, complete came to mean half gone too, memory came to count in the cognitive profile alone, series may "
    "differ more in pace, and the month of a result that prints none is drawn. Notes in the tables say so.",
    "**What counts as nothing left** is ours: the larger the deficit that goes unnoticed, the more people recover "
    "completely, above all after severe damage.",
    "**When damage begins is not modelled**: people enter with symptoms. Compartments, their weights in symptoms and "
    "the severity classes are ours, and no weight of this disease for quality of life exists.",
]
#: Width of an interval of complete recovery that calls for a reason.
_WIDE = 0.4
#: Claims of the article that the page shows.
_CLAIMS = ("claim-D1", "claim-D6")
#: Syndromes whose outcomes are shown beside a profile.
_NERVES = ["mixed", "neuropathy", "myelopathy"]
_SYNDROMES = dict.fromkeys(["sensory", "motor", "myelopathy"], _NERVES) | {
    "cognitive": ["cognitive", "dementia", "mixed"]
}
#: Columns of a table of outcomes that a page shows.
OUTCOME_COLUMNS = ["id", "population", "stratum", "outcome", "months", "cases", "n", *ESTIMATE, "design", *ORIGIN]


def place(patients: pd.DataFrame, regimen: str) -> str:
    """Say who the page is about, and how they are treated.

    Examples
    --------
    >>> from b12analysis.recovery import patient
    >>> someone = patient(age=60, duration_months=6, severity="mild", profile="sensory", romberg=True)
    >>> place(someone, "none")
    "sensory, mild, age 60, 6 months of symptoms, pernicious anaemia, Romberg's sign; no treatment"
    """
    row = patients.iloc[0]
    signs = [
        {True: words, False: f"no {words}"}.get(row[name], "")
        for name, words in {"romberg": "Romberg's sign", "babinski": "Babinski's sign"}.items()
    ]
    lesion = "" if pd.isna(row["segments"]) else f"{row['segments']} segments with a lesion"
    months = f"{row['duration_months']:g} month{'' if row['duration_months'] == 1 else 's'} of symptoms"
    who = [row["profile"], row["severity"], f"age {row['age']:g}", months, CAUSES[row["cause"]], *signs, lesion]
    return f"{', '.join(filter(None, who))}; {regimen_labels()[regimen]}"


def claims() -> list[tuple[Row, pd.DataFrame]]:
    """Return the article's claims on who recovers and on delay, each with the rows that it is judged by."""
    table = evidence.load("claims").set_index("id", drop=False)
    return [(row, evidence.cited(row["evidence"])) for row in table.loc[list(_CLAIMS)].to_dict("records")]


def rests_on() -> pd.DataFrame:
    """Return what every figure of the model rests on: its parameters and the series that were fitted."""
    targets = evidence.load("recovery_targets").query("role == 'fitted'")
    rows = evidence.cited(" ".join(targets["row"].unique()))
    return pd.concat([evidence.load("recovery_model")[["id", *ORIGIN]], rows], ignore_index=True)


def answer(shares: pd.DataFrame, months: float, *, goes_on: bool = False) -> tuple[str, str]:
    """Return the finding and the answer of the recovery report.

    Parameters
    ----------
    shares : DataFrame
        As of :func:`b12analysis.recovery.recovery_outcomes`, of one profile.
    months : float
        Month that they were counted at.
    goes_on : bool
        Whether the lack of vitamin B12 goes on under the treatment.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    rows = shares.set_index("outcome")
    whole, lasting = (rows.loc[name, ESTIMATE] for name in ("complete", "lasting"))
    finding = f"Model: of 100 people like these, about {_of_100(whole['estimate'])} recover completely"
    if goes_on:
        finding = f"Model: the lack goes on under this treatment; about {_of_100(whole['estimate'])} of 100 recover"
    if _of_100(whole["lower"]) != _of_100(whole["upper"]):
        finding += f"; it could be {_of_100(whole['lower'])} or {_of_100(whole['upper'])}"
    return finding, (
        f"**{share(*whole)}** of people like these have nothing left that they notice {months:g} months after the "
        f"first dose, and **{share(*lasting)}** keep more than half of their deficit, in a model that rests mostly on "
        f"assumptions.{_why_wide(float(whole['upper'] - whole['lower']))}"
    )


def _why_wide(width: float) -> str:
    """Say why an interval is wide, where it is."""
    if width < _WIDE:
        return ""
    return " So wide an interval is the finding: published series of patients disagree widely, and no study says why."


def _of_100(value: float) -> str:
    return f"{100 * value:.0f}"


def fates(shares: pd.DataFrame) -> pd.DataFrame:
    """Outcomes with the page's words for them."""
    return shares.assign(outcome=shares["outcome"].map(FATES))


def fate_words(shares: pd.DataFrame, months: float) -> dict[str, str]:
    """Say how many of 100 people have which outcome."""
    rows = shares.set_index("outcome")
    said = [f"{words}: {share(*rows.loc[name, ESTIMATE])}" for name, words in FATES.items()]
    more = 1 - rows.loc["lasting", ESTIMATE].astype(float)
    return {
        "title": f"About {_of_100(more['estimate'])} of 100 get back at least half; it could be "
        f"{_of_100(more['upper'])} or {_of_100(more['lower'])}",
        "summary": f"{months:g} months after the first dose. {'; '.join(said)}.",
        "caption": f"{months:g} months after the first dose. Shares of a group, never one person's chance. Interval: "
        "what is not known (parameters, series of patients, scenarios of delay).",
    }


def fans(curves: pd.DataFrame, times: pd.DataFrame) -> dict[str, str]:
    """Say the recovery fans: each symptom at 1, 3, 6 and 24 months, and when it begins to answer.

    Parameters
    ----------
    curves, times : DataFrame
        As of :func:`b12analysis.recovery.simulate_recovery` with a level and
        :func:`b12analysis.recovery.recovery_times`, of one profile.
    """
    said = []
    for symptom, rows in curves[curves["month"].isin([1, 3, 6, 24])].groupby("symptom", sort=False):
        shares = [f"{share(*row[ESTIMATE])} after {row['month']:g} months" for _, row in rows.iterrows()]
        said.append(f"{symptom}: {', '.join(shares)}")
    leading = curves["symptom"].iloc[0]
    at_three = curves.query("symptom == @leading and month == 3").iloc[0]
    first = times.query("symptom == @leading and event == 'first_response'").iloc[0]
    level = times.query("symptom == @leading and event == 'plateau'").iloc[0]
    if first["never"] > 0.5:
        title = f"{leading.capitalize()}: most people like these see no response, in this model"
    else:
        title = (
            f"{leading.capitalize()}: the middle patient has {share(at_three['estimate'])} back at 3 months, four "
            f"of five between {share(at_three['lower'])} and {share(at_three['upper'])}"
        )
    when = "; ".join(
        f"{words} after {row['estimate']:.1f} months ({row['lower']:.1f}–{row['upper']:.1f})"
        for words, row in (("first response", first), ("nine tenths of the recovery", level))
        if pd.notna(row["estimate"])
    )
    return {
        "title": title,
        "summary": f"Share of the deficit that is gone, median and 80 % of simulated patients. {'; '.join(said)}.",
        "caption": f"Share of the deficit at the first dose that is gone. {leading.capitalize()}: "
        f"{when or 'no response'}; no response in {share(first['never'])}. {_worse(curves)}"
        "The article's timeline is shaded; no study has measured such a curve symptom by symptom.",
    }


def syndromes(profile: str, cause: str) -> list[str]:
    """Syndromes whose outcomes are shown beside a profile; after nitrous oxide its own too.

    Examples
    --------
    >>> syndromes("cognitive", "dietary")
    ['cognitive', 'dementia', 'mixed']
    """
    return [*_SYNDROMES[profile], *(["nitrous_oxide"] if cause == "nitrous_oxide" else [])]


def _worse(curves: pd.DataFrame) -> str:
    """Say where curves leave the picture at its lower edge."""
    return "Below the picture: worse than at the first dose. " if curves["lower"].min() < -0.005 else ""


def observed_recovery(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Observed shares of complete recovery with their intervals, labelled for a forest plot."""
    complete = outcomes[(outcomes["outcome"] == "complete") & outcomes["cases"].notna() & outcomes["n"].notna()]

    def detail(row: Row) -> list[str]:
        return [f"{row['cases']} of {row['n']}", known(row["months"], "at {:g} months"), known(row["stratum"])]

    return labelled(ordered(prevalence(complete)), lambda row: row["population"], detail)


def observed(rows: pd.DataFrame) -> dict[str, str]:
    """Say what shares of patients were seen to recover completely."""
    return {
        "title": f"Observed: {spread(rows)} of patients recovered completely",
        "summary": f"Series of patients that report complete recovery: {len(rows)}, {spread(rows)}.",
        "caption": "Wilson's 95 % intervals from the counts. Published cases are chosen cases: nobody who stayed "
        "unchanged may have been written up.",
    }
