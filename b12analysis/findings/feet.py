"""What is said of feet that were examined and of those that were not: shares, and how far the rest could matter."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.odds import (
    COVARIATES,
    DESIGN,
    INTERVAL,
    MARKERS,
    WITH,
    capital,
    in_order,
    is_clear,
    markers,
    odds,
    ratio,
    shares,
)
from b12analysis.nhanes.regressions import OUTCOMES
from b12analysis.theme import share

__all__ = ["examined_words", "is_examination", "prevalence", "prevalence_words", "unexamined", "unexamined_words"]

#: Exposures for which the unexamined were supposed to have it or not.
_BOUNDED = ("mma_271", "b12_221")
_OLDEST = tuple(f"80+, {words}" for words in WITH["mma_271"])
#: Who shares are of, in words.
_DOMAINS = {
    **{f"{first}-{first + 9}": f"{first} to {first + 9} years" for first in (40, 50, 60, 70)},
    "80+": "80 years and over",
    **{f"40+, {words}": f"40+: {words}" for pair in WITH.values() for words in pair},
    **{f"40+, {words}": f"40+: {words}" for words in ("diabetes", "no diabetes")},
    **{name: name.replace("80+,", "80+:") for name in _OLDEST},
}
#: How the unexamined are taken, in words.
_UNEXAMINED = {
    "neuropathy": "as examined",
    "neuropathy_weighted_for_examination": "the examined stand for those like them",
    "neuropathy_if_nobody_unexamined": "if none of the unexamined had it",
    "neuropathy_if_everybody_unexamined": "if all of the unexamined had it",
    "neuropathy_if_the_others_unexamined": "extreme: only those not low or raised",
    "neuropathy_if_the_exposed_unexamined": "extreme: only those low or raised",
}


def is_examination(outcome: str) -> bool:
    """Whether an outcome was examined, so that some people have none; the others were asked.

    Examples
    --------
    >>> is_examination("two_sites"), is_examination("tingling")
    (True, False)
    """
    return outcome in ("neuropathy", "two_sites")


def prevalence(outcome: str) -> pd.DataFrame:
    """Share with the outcome (or examined) by age, MMA, serum B12 and diabetes."""
    table = in_order(shares(outcome), "domain", _DOMAINS)
    return table.assign(label=table["domain"].map(_DOMAINS), detail=[f"n {n:,}" for n in table["n"]])


def prevalence_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how common it is by age, and within the oldest by MMA."""
    said = _said(table)
    young, old, raised, others = (said[name] for name in ("40-49", "80+", *_OLDEST))
    return {
        "title": f"{capital(OUTCOMES[table['outcome'].iloc[0]])}: {young} at 40 to 49, {old} at 80 and over",
        "summary": f"At 80 and over, {raised} with MMA above 271 nmol/L and {others} of the others. At 40 and over, "
        f"{said['40+, diabetes']} with diabetes and {said['40+, no diabetes']} without.",
        "caption": f"{DESIGN} Not adjusted.",
    }


def examined_words(table: pd.DataFrame) -> dict[str, str]:
    """Say who was examined less often: of the outcome "examined"."""
    said = _said(table)
    raised, others = (said[f"40+, {words}"] for words in WITH["mma_271"])
    low, others_low = WITH["b12_221"]
    whole = shares("examined").query("domain == '40+'").iloc[0]
    by_marker = odds("examined", exposure=list(_BOUNDED), adjustment="crude").set_index("exposure")
    of_raised, of_low = (_how_often(by_marker.loc[name]) for name in _BOUNDED)
    return {
        "title": f"Feet were examined in {raised} of people with raised MMA and {others} of the others",
        "summary": f"Of {whole['n']:,} people of 40 and over {share(whole['estimate'])} had both feet examined or a "
        f"finding in one; at 80 and over {said['80+']}. Those whose MMA is raised were examined {of_raised}, those "
        f"whose serum B12 is low {of_low}: {said[f'40+, {low}']} and {said[f'40+, {others_low}']}.",
        "caption": f"{DESIGN} {capital(WITH['mma_271'][0])} counts as raised.",
    }


def _how_often(row: pd.Series) -> str:
    if not is_clear(row):
        return "neither clearly less nor more often"
    return "less often" if row["estimate"] < 1 else "more often"


def _said(table: pd.DataFrame) -> dict[str, str]:
    return {row.domain: share(row.estimate) for row in table.itertuples()}


# -- what the unexamined may change ------------------------------------------------------------------------------------


def unexamined(marker: str) -> pd.DataFrame:
    """Odds ratios of one insensate site with the unexamined as supposed; of serum B12, for the cut-off 221 only."""
    names = [name for name in markers(marker) if name in _BOUNDED] or ["b12_221"]
    tables = [odds(analysis, outcome="neuropathy", exposure=names, adjustment="all") for analysis in _UNEXAMINED]
    table = in_order(pd.concat(tables, ignore_index=True), "exposure", MARKERS)
    table = in_order(table, "analysis", _UNEXAMINED)
    return table.assign(label=table["analysis"].map(_UNEXAMINED))


def unexamined_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how far the unexamined could move the odds ratio of each marker."""
    first = table["exposure"].iloc[0]
    said = []
    for name in table["exposure"].unique():
        at = table[table["exposure"] == name].set_index("analysis")
        clear = sum(is_clear(at.loc[key]) for key in list(_UNEXAMINED)[:-2])
        said.append(
            f"{capital(MARKERS[name])}: "
            + "; ".join(f"{words} {ratio(at.loc[key])}" for key, words in _UNEXAMINED.items())
            + f". Without the extremes the interval leaves out 1 in {clear} of {len(_UNEXAMINED) - 2}."
        )
    at = table[table["exposure"] == first].set_index("analysis")["estimate"]
    none_or_all = at[["neuropathy_if_nobody_unexamined", "neuropathy_if_everybody_unexamined"]]
    return {
        "title": f"With {MARKERS[first]}: {at['neuropathy']:.2f} as examined, {none_or_all.min():.2f} to "
        f"{none_or_all.max():.2f} if none or all of the unexamined had it, {at.min():.2f} to "
        f"{at.max():.2f} at the extremes",
        "summary": f"{capital(OUTCOMES['neuropathy'])}, adjusted for {COVARIATES}. {' '.join(said)}",
        "caption": f"{INTERVAL} Those like them: weighted by age, sex, ethnicity, markers, diabetes, eGFR and height. "
        f"Nobody expects the extremes. Adjusted for {COVARIATES}.",
    }
