"""What more looks at neuropathy say: by dose, by both markers together, and all outcomes beside each other."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.odds import (
    ALL,
    COVARIATES,
    INTERVAL,
    MARKERS,
    capital,
    in_order,
    is_clear,
    odds,
    ratio,
)
from b12analysis.nhanes.feet import FEET
from b12analysis.nhanes.regressions import OUTCOMES

__all__ = ["LEVELS", "dose", "dose_words", "outcomes", "outcomes_words"]

_DOSES = {
    "mma_doubling": "MMA, per doubling",
    "b12_halving": "serum B12, per halving",
    "raised_only": "MMA above 271 only, against neither",
    "low_and_raised": "MMA above 271 and B12 up to 221, against neither",
    "low_only": "serum B12 up to 221 only, against neither",
}
#: Adjustment sets that are drawn.
LEVELS = {"crude": "not adjusted", "age_sex": "for age and sex", "all": f"for {ALL} covariates"}


def dose(outcome: str) -> pd.DataFrame:
    """Odds ratios per doubling of MMA and halving of serum B12, and by both markers, under three adjustment sets."""
    table = odds(outcome=outcome, exposure=list(_DOSES), adjustment=list(LEVELS))
    table = in_order(in_order(table, "adjustment", LEVELS), "exposure", _DOSES)
    return table.assign(label=table["exposure"].map(_DOSES))


def dose_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what goes with more MMA, with less serum B12, and with both."""
    at = table[table["adjustment"] == "all"].set_index("exposure")
    raised, both, low = (at.loc[name] for name in ("raised_only", "low_and_raised", "low_only"))
    return {
        "title": f"Per doubling of MMA {at.loc['mma_doubling', 'estimate']:.2f}, per halving of serum B12 "
        f"{at.loc['b12_halving', 'estimate']:.2f}; abnormal by both {both['estimate']:.2f}, by MMA alone "
        f"{raised['estimate']:.2f}",
        "summary": f"{capital(OUTCOMES[table['outcome'].iloc[0]])}, adjusted for {COVARIATES}: per doubling of MMA "
        f"{ratio(at.loc['mma_doubling'])}, per halving of serum B12 {ratio(at.loc['b12_halving'])}. Against those "
        f"abnormal by neither: by MMA alone {ratio(raised)}, by both {ratio(both)}, by serum B12 alone "
        f"{ratio(low)}. {_surest(at)}",
        "caption": f"{INTERVAL} MMA in nmol/L, serum B12 in pmol/L. Per doubling: a straight line in the logarithm. "
        f"{capital(ALL)}: {COVARIATES}.",
    }


def _surest(at: pd.DataFrame) -> str:
    """Say whether the odds are highest in those abnormal by both markers, and whether that is clear."""
    both = at.loc["low_and_raised"]
    alone = at.loc[["raised_only", "low_only"], "estimate"].idxmax()
    other = at.loc[alone]
    overlap = both["lower"] <= other["upper"] and other["lower"] <= both["upper"]
    if both["estimate"] > other["estimate"]:
        return (
            "The odds are highest in those abnormal by both, where lack of the vitamin is surest, "
            f"{'but the intervals' if overlap else 'and the intervals do not'} overlap."
        )
    return (
        "The odds are no higher in those abnormal by both, where lack of the vitamin is surest, than in those abnormal "
        f"by {'MMA' if alone == 'raised_only' else 'serum B12'} alone; if it were the whole reason they should be. "
        f"{'But the intervals' if overlap else 'The intervals do not'} overlap."
    )


# -- all outcomes ------------------------------------------------------------------------------------------------------


def outcomes() -> pd.DataFrame:
    """Four outcomes by three markers, adjusted for all covariates: ``label`` the outcome."""
    table = odds(outcome=FEET, exposure=list(MARKERS), adjustment="all")
    table = in_order(in_order(table, "exposure", MARKERS), "outcome", FEET)
    return table.assign(label=[capital(OUTCOMES[name]) for name in table["outcome"]])


def outcomes_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how many of the looks are clear of 1."""
    clear = table[[is_clear(row) for row in table.to_dict("records")]]
    said = [
        f"{OUTCOMES[row['outcome']]} with {MARKERS[row['exposure']]} {ratio(row)}" for row in clear.to_dict("records")
    ]
    return {
        "title": f"Of {len(table)} looks {len(clear)} are clear of 1, "
        f"{(clear['exposure'] == 'mma_271').sum()} of them with raised MMA",
        "summary": f"Four outcomes by three markers, each adjusted for {COVARIATES}. Clear of 1: "
        f"{'; '.join(said) or 'none'}.",
        "caption": f"{INTERVAL} Adjusted for {COVARIATES}. Nothing is corrected for the number of looks, and they are "
        "not independent.",
    }
