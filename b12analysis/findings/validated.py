"""What the model of vitamin B12 in the body gets right and wrong: tests, fitted results, checks, and its misses."""

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
    "ORIGIN",
    "cited_by",
    "drawable",
    "missed_words",
    "outcomes",
    "outcomes_words",
]

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
    "share_below_against": "more below {cutoff} pmol/L than without",
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
#: Share of results that the intervals should hold.
_LEVEL = 0.95
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
    labels = labels.where(~labels.duplicated(keep=False), labels + " (" + table["evidence"] + ")")
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
    against = "_against" if row["observable"] == "share_below" and pd.notna(row["contrast"]) else ""
    words = _OBSERVED[row["observable"] + against].format(form=form, **numbers)
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
    expected = round(_LEVEL * len(table))
    held = len(set(table["source"]) - set(missed["source"]))
    return {
        "title": f"{inside} of {len(table)} {_ROLES[role]} lie inside the model's 95 % intervals, where {expected} "
        "should",
        "summary": f"{len(table)} results of {count(studies, 'source')}, of which {held} lie inside with all. "
        f"{marks}Outside: {listed}.",
        "caption": "Bars: where 95 % of such studies would lie (what is not known of the parameters, differences "
        "between studies, sampling error); marks: what was observed; beside the name both in figures, the observed "
        f"first. Those farthest off come first; of {count(studies, 'source')} {held} lie inside with all. "
        f"{marks}{more}".strip(),
    }


def cited_by(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of evidence that results stand for: ``id, source, status``."""
    return table[["evidence", "source", "status"]].rename(columns={"evidence": "id"}).drop_duplicates()


def missed_words() -> list[str]:
    """Say which studies the model misses, in which direction, and how MMA on treatment comes out.

    Returns
    -------
    list of str
        Caveats for a page.
    """
    tests = outcomes("test")
    off = tests[~tests["covered"].astype(bool)]
    told = []
    for source, part in off.groupby("source", sort=False):
        falls = bool((part["observed"] < 0).all())
        more = int((part["predicted"].abs() > part["observed"].abs()).sum())
        side = "too much" if more == len(part) else "too little" if more == 0 else "both ways"
        all_of = (tests["source"] == source).sum()
        what = "fall" if falls else "level or share"
        told.append(f"{part['label'].iloc[0].split(':')[0]} ({len(part)} of {all_of} results: {what} predicted {side})")
    table = load("kinetics_validation").merge(load("kinetics_targets")[["id", "day", "regimen"]], on="id")
    treated = table[(table["regimen"] != "none") & (table["day"] > 0)]
    level, change = (treated[treated["observable"] == name] for name in ("mma_nmol_l", "mma_change_percent"))
    low = int((level["predicted"] < level["observed"]).sum())
    steep = int((change["predicted"] < change["observed"]).sum())
    return [
        f"**What the model misses among its tests**: {'; '.join(told)}. Intervals that hold fewer results than they "
        "should are too narrow.",
        f"**MMA on treatment comes out too low**: in {low} of {len(level)} groups whose level was measured, and in "
        f"{steep} of {len(change)} whose change was, it falls more in the model than in people.",
    ]
