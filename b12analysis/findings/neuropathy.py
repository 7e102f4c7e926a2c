"""What the report on neuropathy says: the foot examination of the US survey by B12 and MMA, and who was not examined.

Everything comes from the stored table ``nhanes_associations``. Odds ratios are associations at one moment; no share of
neuropathy is ever attributed to low B12.
"""

from __future__ import annotations

import math

import pandas as pd

from b12analysis.findings.odds import (
    ALL,
    COVARIATES,
    INTERVAL,
    MARKERS,
    WITH,
    capital,
    in_order,
    joined,
    markers,
    odds,
    ratio,
    shares,
)
from b12analysis.findings.words import ESTIMATE, Row
from b12analysis.nhanes.regressions import ADJUSTMENTS, OUTCOMES
from b12analysis.theme import share

__all__ = [
    "adjusted",
    "adjusted_words",
    "answer",
    "caveats",
    "claims",
    "headlines",
    "legend",
    "same_people",
]

#: Outcomes and markers in the few words of a title; the sentence under it has the cut-offs.
_TITLES = {
    "neuropathy": "Loss of feeling in the feet",
    "two_sites": "Loss of feeling at two sites of the feet or more",
    "numbness": "Numbness in hands or feet",
    "tingling": "Tingling or pain in hands or feet",
}
_BRIEFLY = {"mma_271": "raised MMA", "b12_221": "low serum B12", "b12_below_148": "serum B12 below 148 pmol/L"}
#: Adjustment sets that are drawn, in words; the table of associations has two more.
_SETS = {
    name: ADJUSTMENTS[name][1]
    for name in ("crude", "age_sex", "age_sex_diabetes", "age_sex_height_ethnicity", "age_sex_egfr")
} | {"all": f"{ALL}: these and HbA1c"}
_AGE = ("age_sex", "age_sex_egfr")
_CAVEATS = [
    "Blood and feet were looked at once, at the same visit: an association at one moment. It does not say what causes "
    "what, so no share of neuropathy is attributed to low B12 here or on any other page.",
    "Several outcomes, markers and adjustments were looked at, and nothing is corrected for that: one interval in "
    "twenty would lie off 1 by chance alone.",
    "The examination touches three sites of each foot with a thread. It finds lost touch, not its cause, and says "
    "nothing of vibration sense, gait or memory. Numbness and tingling are what people answered.",
    "Who was not examined differs from who was; what they had is not known, only how far it could matter.",
    "Serum B12 is on the assay of those years, which read differently from later ones near 148 and 221 pmol/L.",
]


# -- the answer --------------------------------------------------------------------------------------------------------


def answer(outcome: str, marker: str) -> tuple[str, str]:
    """Return the finding and the answer.

    Examples
    --------
    >>> answer("neuropathy", "mma_271")[0]
    'Loss of feeling in the feet goes with raised MMA (odds ratio 1.39)'
    """
    table = _adjusted_for_all(outcome, marker)
    rows = table.to_dict("records")
    brief = [f"{_BRIEFLY[row['exposure']]} ({row['estimate']:.2f})" for row in rows]
    above = [text for text, row in zip(brief, rows, strict=True) if row["lower"] > 1]
    below = [text for text, row in zip(brief, rows, strict=True) if row["upper"] < 1]
    unclear = [text for text in brief if text not in [*above, *below]]
    parts = [f"goes with {joined(above)}"] if above else []
    if below:
        parts.append(f"is rarer with {joined(below)}")
    if unclear:
        parts.append(f"{'not clearly' if above and not below else 'does not clearly go'} with {joined(unclear, 'or')}")
    finding = f"{_TITLES[outcome]} {', '.join(parts)}".replace(" (", " (odds ratio ", 1)
    others = [f"With {' against '.join(WITH[row['exposure']])} it is {ratio(row)}." for row in rows[1:]]
    return finding, " ".join([_first(outcome, rows[0]), *others, "An association at one moment, not a cause."])


def _adjusted_for_all(outcome: str, marker: str) -> pd.DataFrame:
    table = odds(outcome=outcome, exposure=markers(marker), adjustment="all")
    return in_order(table, "exposure", MARKERS)


def _first(outcome: str, row: Row) -> str:
    """Say the shares with and without the first marker, and the odds ratio before and after adjustment."""
    name = row["exposure"]
    crude = odds(outcome=outcome, exposure=name, adjustment="crude").iloc[0]
    domains = [f"40+, {words}" for words in WITH[name]]
    rows = shares(outcome).set_index("domain").loc[domains]
    has, has_not = (share(*values) for values in rows[ESTIMATE].to_numpy())
    return (
        f"At 40 and over, {has} of people with {WITH[name][0]} had {OUTCOMES[outcome]}, and {has_not} of those with "
        f"{WITH[name][1]}: an odds ratio of {ratio(crude)}. With {COVARIATES} taken into account it is "
        f"**{ratio(row)}**, among the {row['n']:,} of whom all that is known."
    )


def claims(outcome: str) -> list[str]:
    """Ids of the article's claims that the outcome bears on: the symptom, and how it is said to come about.

    Examples
    --------
    >>> claims("tingling")
    ['claim-S1', 'claim-M1']
    """
    return ["claim-S1" if outcome == "tingling" else "claim-S2", "claim-M1"]


def headlines(outcome: str, marker: str) -> list[dict]:
    """Key figures: how common it is, and the odds ratio with each marker when all is taken into account."""
    whole = shares(outcome).query("domain == '40+'").iloc[0]
    common = {"name": f"of people of 40 and over: {OUTCOMES[outcome]}", "row": whole, "what": "95 % interval"}
    ratios = [
        {
            "name": f"odds ratio with {MARKERS[row['exposure']]}",
            "row": row,
            "scale": 1,
            "unit": "",
            "what": f"95 % interval, adjusted for {COVARIATES}",
        }
        for row in _adjusted_for_all(outcome, marker).to_dict("records")
    ]
    return [*ratios, common]


# -- odds ratios under every adjustment --------------------------------------------------------------------------------


def adjusted(outcome: str, marker: str) -> pd.DataFrame:
    """Odds ratios under six adjustment sets: ``label`` the set, ``exposure`` what is compared within it.

    Who has one marker only is in the models of that marker, so the n of a set is a range where markers differ in it.
    """
    table = in_order(odds(outcome=outcome, exposure=markers(marker)), "adjustment", _SETS)
    table = in_order(table, "exposure", MARKERS)
    people = table.groupby("adjustment")["n"].agg(_people)
    return table.assign(label=[f"{_SETS[name]} · n {people[name]}" for name in table["adjustment"]])


def _people(n: pd.Series) -> str:
    fewest, most = f"{n.min():,}", f"{n.max():,}"
    return fewest if fewest == most else f"{fewest}–{most}"


def legend(table: pd.DataFrame) -> dict[str, str]:
    """Words for the markers in a table of :func:`adjusted`, with their cases before adjustment."""
    crude = table[table["adjustment"] == "crude"].set_index("exposure")
    return {
        name: f"{MARKERS[name]} ({crude.loc[name, 'exposed_cases']} of {crude.loc[name, 'exposed']:,})"
        for name in crude.index
    }


def adjusted_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what adjusting does to the first marker of the table, and to the others."""
    at = table.set_index(["exposure", "adjustment"])
    names = list(table["exposure"].unique())
    first, outcome = names[0], table["outcome"].iloc[0]
    short = {**_SETS, "all": f"{ALL} ({COVARIATES})"}
    steps = [f"{words} {at.loc[(first, key), 'estimate']:.2f}" for key, words in short.items()]
    others = [
        f"{capital(MARKERS[name])}: {ratio(at.loc[(name, 'crude')])} not adjusted, "
        f"{ratio(at.loc[(name, 'all')])} for {ALL}."
        for name in names[1:]
    ]
    crude, whole = (at.loc[(first, key)] for key in ("crude", "all"))
    return {
        "title": f"Odds ratio with {MARKERS[first]}: {crude['estimate']:.2f} not adjusted, "
        f"{at.loc[(first, 'age_sex'), 'estimate']:.2f} for age and sex, {whole['estimate']:.2f} for {ALL} covariates",
        "summary": f"{capital(OUTCOMES[outcome])}, United States, 1999–2004, 40 and over. {capital(MARKERS[first])}: "
        + " ".join([f"{'; '.join(steps)}.", *others, *_of_the_same(outcome, first, crude)]),
        "caption": f"{INTERVAL} In brackets: cases of the exposed. Serum B12 below 148 is compared with "
        f"above 221. {capital(ALL)}: {COVARIATES}. An odds ratio lies farther from 1 than the ratio of shares.",
    }


def same_people(outcome: str, marker: str) -> pd.DataFrame:
    """Odds ratios of the same people under every set, those with every covariate known; stored for one outcome."""
    if outcome != "neuropathy":
        return odds().head(0)
    table = odds(outcome=outcome, exposure=markers(marker), domain="40+, all covariates known")
    return in_order(in_order(table, "adjustment", _SETS), "exposure", MARKERS)


def _of_the_same(outcome: str, exposure: str, crude: Row) -> list[str]:
    """Say what adjusting does among the same people, and whether it or leaving people out moves the ratio more."""
    table = same_people(outcome, exposure).set_index("adjustment")
    if table.empty:
        return []
    same, whole = table.loc["crude"], table.loc["all"]
    by_people = abs(math.log(same["estimate"] / crude["estimate"]))
    by_adjusting = abs(math.log(whole["estimate"] / same["estimate"]))
    more, less = ("adjusting", "leaving people out")[:: 1 if by_adjusting > by_people else -1]
    return [
        f"Among the same {whole['n']:,} people, with every covariate known, {same['estimate']:.2f} becomes "
        f"{whole['estimate']:.2f}: {more} moves it more than {less}."
    ]


# -- caveats -----------------------------------------------------------------------------------------------------------


def caveats(outcome: str) -> list[str]:
    """Say what the page cannot show, and what age and the kidneys take off this outcome's link with raised MMA.

    Examples
    --------
    >>> "Age and sex take 56 % off its logarithm." in caveats("neuropathy")[2]
    True
    """
    return [*_CAVEATS[:2], _age_and_kidneys(outcome), *_CAVEATS[2:]]


def _age_and_kidneys(outcome: str) -> str:
    """Say the odds ratio before and after, and the part of its logarithm that goes, where there is a link at all."""
    table = odds(outcome=outcome, exposure="mma_271").set_index("adjustment")["estimate"]
    steps = [f"{table['crude']:.2f} not adjusted", *(f"{table[name]:.2f} for {_SETS[name]}" for name in _AGE)]
    taken = ""
    if table["crude"] > 1:
        part = 1 - math.log(table["age_sex"]) / math.log(table["crude"])
        taken = f" Age and sex take {f'{share(part)} off its logarithm' if part > 0 else 'nothing off it'}."
    return (
        f"MMA rises with age and where the kidneys work less. The odds ratio of {OUTCOMES[outcome]} with "
        f"{MARKERS['mma_271']} is {joined(steps)}.{taken} eGFR measures the kidneys with error, so some of what is "
        "left may still be theirs. Alcohol, smoking, medicines and other causes of neuropathy are in no model."
    )
