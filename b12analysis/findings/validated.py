"""What the model of vitamin B12 in the body gets right and wrong: tests, fitted rows, and what the fit leaves open."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from b12analysis.evidence import load
from b12analysis.findings.kinetics import labels as regimen_labels
from b12analysis.findings.kinetics import spoken
from b12analysis.findings.words import Row, count, known, short
from b12analysis.theme import MARKS, number

__all__ = [
    "IDENTIFIED",
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
#: How both are drawn.
IDENTIFIED = {
    "label": "label",
    "group": "side",
    "names": SIDES,
    "detail": "detail",
    "scale": 1,
    "log": True,
    "axis_title": "multiple of the value before the fit (95 %)",
}
#: A parameter of which the studies took less than this of the spread is not identified by them: posterior over prior.
_OPEN = 0.75
#: Columns of the tables of results that a page shows.
ORIGIN = ["id", "what", "observed", "unit", "predicted", "lower", "upper", "covered", "pass_mark", "within_mark"]
_SMALLEST = 0.02
#: What each observable of ``kinetics_targets`` is, in words.
_OBSERVED = {
    "absorbed_percent": "absorbed of {dose} µg swallowed",
    "absorbed_food_percent": "absorbed of {dose} µg in food",
    "absorbed_ug": "absorbed of {dose} µg",
    "retained_percent": "kept of {dose} µg {form}",
    "serum_ratio_forms": "serum on hydroxo- over cyanocobalamin, {dose} µg",
    "loss_percent_day": "lost a day",
    "loss_ug_day": "lost a day",
    "half_time_days": "half-time of the store",
    "store_ug": "the store",
    "bile_ug_day": "in bile a day",
    "requirement_ug_day": "needed a day for {cutoff} pmol/L",
    "serum_b12_pmol_l": "serum",
    "serum_change_pmol_l": "change of serum",
    "serum_change_percent": "change of serum",
    "serum_ratio": "serum over that of others",
    "serum_by_doubling_percent": "serum by doubling of intake",
    "mma_nmol_l": "MMA",
    "mma_change_percent": "change of MMA",
    "mma_difference_nmol_l": "change of MMA against placebo",
    "mma_ratio": "MMA over that of others",
    "mma_by_doubling_percent": "MMA by doubling of intake",
    "share_serum_at_least": "{cutoff} pmol/L or more",
    "share_below": "below {cutoff} pmol/L",
    "months_to_below": "months until half are below {cutoff} pmol/L",
    "us_mma_nmol_l": "MMA of adults",
    "us_share_percent": "share of adults",
}
#: Of these the diet matters.
_BY_DIET = ("serum_b12_pmol_l", "share_below", "serum_by_doubling_percent", "mma_by_doubling_percent")
#: Sources that have no author, in a line.
_SHORT = {
    "absorption_table": "absorption table",
    "co57_turnover": "Co57 turnover",
    "enteral_b12_2000": "Ann Surg 2000",
    "gastrectomy2018": "J Clin Res Med 2018",
    "iom1998": "IOM 1998",
    "nhanes": "US survey",
    "one_month_oral": "one month by mouth",
    "oral_pa_300ug": "300 µg by mouth",
    "retention1964": "Scand J Haematol 1964",
    "swiss_label": "Swiss label",
}
#: States of absorption in a line.
_CAUSES = {
    "normal": "",
    "food_bound": "released badly from food",
    "pernicious_anaemia": "pernicious anaemia",
    "gastrectomy": "stomach removed",
    "ileal_resection": "ileum removed",
    "metformin": "metformin",
}
_ROLES = {"test": "tests", "fitted": "fitted results", "consistency": "checks of consistency"}


def outcomes(role: str) -> pd.DataFrame:
    """Return results of one role, observed beside predicted, with the words for a figure; the farthest off first."""
    table = load("kinetics_validation").query("role == @role")
    half = np.where(
        table["observed"] > table["predicted"], table["upper"] - table["predicted"], table["predicted"] - table["lower"]
    )
    distance = (table["observed"] - table["predicted"]).abs().to_numpy(dtype=float)
    off = np.divide(distance, half.astype(float), out=np.where(distance > 0, np.inf, 0.0), where=half > 0)
    said = [
        f"{_signed(row.observed)}; {_signed(row.predicted)} ({_signed(row.lower)} to {_signed(row.upper)}) "
        f"{row.unit.replace('ug/', 'µg/')}"
        for row in table.itertuples()
    ]
    details = [f"{MARKS[status]} {words}" for status, words in zip(table["status"], said, strict=True)]
    labels = table["id"].map(_labels()).astype(object)
    return table.assign(label=labels, detail=details, off=off).sort_values("off", ascending=False, ignore_index=True)


def _signed(value: float) -> str:
    return number(value).replace("-", "−")


def _labels() -> dict[str, str]:
    """Say what each target is, in a line: the study, what was measured, on what treatment and when."""
    targets, ways = load("kinetics_targets"), regimen_labels()
    source = load("kinetics_validation").set_index("id")["source"]
    cited = load("sources").set_index("source")["citation"]
    return {
        row["id"]: f"{_study(source[row['id']], cited)}: {_what(row, ways)}"
        for row in targets.to_dict("records")
        if row["id"] in source.index
    }


def _study(source: str, cited: pd.Series) -> str:
    """Return the first author of a source and its year, or the words for one without an author.

    Examples
    --------
    >>> _study("kwon2003", pd.Series({"kwon2003": "Kwon. J Korean Surg Soc 2003;64:206-211"}))
    'Kwon 2003'
    """
    year = re.search(r"\b(?:19|20)\d\d\b", cited[source])
    author = re.match(r"(?:de |El )?[A-Z][\w-]+", cited[source])
    return _SHORT.get(source) or (f"{author[0]} {year[0]}" if year and author else short(cited[source], 28))


def _what(row: Row, ways: dict[str, str]) -> str:
    """Say what was measured, on what treatment and when."""
    form = str(row["dose_form"]).removeprefix("im_")
    numbers = {name: known(row[f"{name}{unit}"], "{:,g}") for name, unit in (("dose", "_ug"), ("cutoff", ""))}
    words = _OBSERVED[row["observable"]].format(form=form, **numbers)
    regimen = row["regimen"]
    is_treated = pd.notna(regimen) and regimen != "none"
    treatment = known(row["intake_ug"], "{:g} µg a day eaten") if row["observable"] in _BY_DIET else ""
    if is_treated:
        treatment = ways[regimen].split(" (")[0]
    after = f"after {spoken(row['day'])}" if pd.notna(row["day"]) and row["day"] > 0 else ""
    return ", ".join(filter(None, [words, treatment, _CAUSES[row["absorption"]], after]))


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
    told = [f"{row.label}, {row.detail[2:].replace('; ', ' against ', 1)}" for row in missed.itertuples()]
    listed = "; ".join(told) or "none"
    studies = table["source"].nunique()
    marked = table["within_mark"].dropna().astype(bool)
    marks = (
        f"Of {len(marked)} that had a mark beforehand for the error, {marked.sum()} keep within it. "
        if len(marked)
        else ""
    )
    inside = len(table) - len(missed)
    left_out = len(table) - len(drawable(table))
    more = f"In the table alone: {count(left_out, 'change')} not of the predicted sign." if left_out else ""
    return {
        "title": f"{inside} of {len(table)} {_ROLES[role]} lie inside what the model expects, {len(missed)} outside",
        "summary": f"{len(table)} results of {count(studies, 'source')}. {marks}Outside: {listed}.",
        "caption": "Bars: where 95 % of such studies would lie (what is not known of the parameters, differences "
        f"between studies, sampling error); marks: what was observed; beside the "
        f"name both in figures, the observed first. Those farthest off come first. {marks}{more}".strip(),
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
        said = f"{_digits(row.value)} ({_digits(row.lower)}–{_digits(row.upper)})"
        for side, prefix in (("prior", "prior_"), ("posterior", "")):
            limits = [getattr(row, f"{prefix}{part}") / row.prior_value for part in ("value", "lower", "upper")]
            known = f"{100 * left:.0f} % of the spread left"
            rows.append([row.parameter, f"{label}: {said}", side, *limits, left, known])
    columns = ["parameter", "label", "side", "estimate", "lower", "upper", "left", "detail"]
    return pd.DataFrame(rows, columns=columns)


def _digits(value: float) -> str:
    """Print three digits of a value however small or large.

    Examples
    --------
    >>> _digits(0.00233), _digits(1927.4)
    ('0.00233', '1,930')
    """
    return f"{float(f'{value:.3g}'):,g}"


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
