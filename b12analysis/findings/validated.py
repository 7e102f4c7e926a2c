"""What the model of vitamin B12 in the body gets right and wrong: tests, fitted rows, and what the fit leaves open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.findings.words import count, short
from b12analysis.theme import MARKS, number

__all__ = [
    "ORIGIN",
    "SIDES",
    "cited_by",
    "drawable",
    "identified",
    "identified_words",
    "outcomes",
    "outcomes_words",
    "together",
    "together_words",
]

#: What was known before the fit and after it.
SIDES = {"prior": "before the fit", "posterior": "after the fit"}
#: A parameter of which the studies took less than this of the spread is not identified by them: posterior over prior.
_OPEN = 0.75
#: Columns of the tables of results that a page shows.
ORIGIN = ["id", "what", "observed", "unit", "predicted", "lower", "upper", "covered", "pass_mark", "within_mark"]
_SMALLEST = 0.02
_ROLES = {"test": "tests", "fitted": "fitted results", "consistency": "checks of consistency"}


def outcomes(role: str) -> pd.DataFrame:
    """Return results of one role, observed beside predicted, with the words for a figure; the farthest off first."""
    table = load("kinetics_validation").query("role == @role")
    half = np.where(
        table["observed"] > table["predicted"], table["upper"] - table["predicted"], table["predicted"] - table["lower"]
    )
    off = ((table["observed"] - table["predicted"]).abs() / half).astype(float)
    details = [
        f"{MARKS[row.status]} {number(row.observed)} observed, {number(row.predicted)} "
        f"({number(row.lower)}–{number(row.upper)}) {row.unit}"
        for row in table.itertuples()
    ]
    labels = [short(what, 60) for what in table["what"]]
    return table.assign(label=labels, detail=details, off=off).sort_values("off", ascending=False, ignore_index=True)


def drawable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that can be drawn as a multiple of what was predicted: those of the same sign, signs dropped."""
    same = table[(np.sign(table["observed"]) == np.sign(table["predicted"])) & (table["predicted"] != 0)]
    sign = np.sign(same["predicted"])
    signed = same[["observed", "predicted", "lower", "upper"]].mul(sign, axis=0)
    low, high = signed[["lower", "upper"]].min(axis=1), signed[["lower", "upper"]].max(axis=1)
    # an interval that reaches 0 has no place on a logarithmic axis: it ends at its left edge
    return same.assign(
        observed=signed["observed"],
        predicted=signed["predicted"],
        lower=low.clip(lower=_SMALLEST * signed["predicted"]),
        upper=high,
    )


def outcomes_words(table: pd.DataFrame, role: str) -> dict[str, str]:
    """Say how many results of a role the model's interval holds, and which it misses."""
    missed = table[~table["covered"].astype(bool)]
    listed = "; ".join(f"{row.what} ({row.detail[2:]})" for row in missed.itertuples()) or "none"
    studies = table["source"].nunique()
    inside = len(table) - len(missed)
    left_out = len(table) - len(drawable(table))
    more = f" In the table alone: {count(left_out, 'change')} of the other sign than predicted." if left_out else ""
    return {
        "title": f"{inside} of {len(table)} {_ROLES[role]} lie inside what the model expects, {len(missed)} outside",
        "summary": f"{len(table)} results of {count(studies, 'source')}; outside: {listed}.",
        "caption": "Bars: where 95 % of such studies would lie (what is not known of the parameters, differences "
        f"between studies, sampling error); marks: what was observed. Those farthest off come first.{more}",
    }


def identified() -> pd.DataFrame:
    """Return the fitted parameters before and after the fit, as multiples of their prior: two rows each.

    Returns
    -------
    DataFrame with columns
        parameter, label, side (prior or posterior), estimate, lower, upper, left (posterior over prior spread), detail
    """
    fitted = load("kinetics_model").query("basis == 'fitted'")
    rows = []
    for row in fitted.itertuples():
        left = float(np.log(row.upper / row.lower) / np.log(row.prior_upper / row.prior_lower))
        label = f"{row.parameter.replace('_', ' ')}{'' if pd.isna(row.condition) else f' ({row.condition})'}"
        said = f"{number(row.value)} ({number(row.lower)}–{number(row.upper)})"
        for side, prefix in (("prior", "prior_"), ("posterior", "")):
            limits = [getattr(row, f"{prefix}{part}") / row.prior_value for part in ("value", "lower", "upper")]
            known = f"{100 * left:.0f} % of the spread left"
            rows.append([row.parameter, f"{label}: {said}", side, *limits, left, known])
    columns = ["parameter", "label", "side", "estimate", "lower", "upper", "left", "detail"]
    return pd.DataFrame(rows, columns=columns)


def identified_words(table: pd.DataFrame) -> dict[str, str]:
    """Say which parameters the studies pin down and which they leave as they were."""
    left = table.drop_duplicates("parameter").set_index("parameter")["left"].sort_values()
    unknown = [name.replace("_", " ") for name in left.index[left > _OPEN][::-1]]
    return {
        "title": f"{len(left) - len(unknown)} of {len(left)} fitted parameters are pinned down; {len(unknown)} hardly",
        "summary": f"Hardly better known after the fit than before: {', '.join(unknown) or 'none'}. "
        f"Best known: {', '.join(name.replace('_', ' ') for name in left.index[:3])}.",
        "caption": "Value and 95 % limits as multiples of the value taken as likely before the fit. Beside the name: "
        f"the value after the fit. Hardly: more than {100 * _OPEN:.0f} % of the spread is left.",
    }


def together(largest: int = 12) -> pd.DataFrame:
    """Return the pairs of parameters that the fit cannot tell apart: the largest correlations."""
    table = load("kinetics_correlations").query("parameter < other")
    order = table["correlation"].abs().sort_values(ascending=False).index[:largest]
    return table.loc[order].reset_index(drop=True)


def together_words(pairs: pd.DataFrame) -> str:
    """Say the strongest of them in a sentence.

    Examples
    --------
    >>> together_words(pd.DataFrame({"parameter": ["a_ug"], "other": ["b"], "correlation": [-0.8]}))
    'What the fit cannot tell apart (correlations): a ug and b (−0.80).'
    """
    told = [
        f"{row.parameter.replace('_', ' ')} and {row.other.replace('_', ' ')} ({row.correlation:.2f})".replace("-", "−")
        for row in pairs.itertuples()
    ]
    return f"What the fit cannot tell apart (correlations): {'; '.join(told)}."


def cited_by(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of evidence that results stand for: ``id, source, status``."""
    return table[["evidence", "source", "status"]].rename(columns={"evidence": "id"}).drop_duplicates()
