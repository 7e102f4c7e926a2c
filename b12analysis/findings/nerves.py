"""What the recovery report says of its own footing: what spreads, what was learnt, assumed and missed."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from b12analysis import evidence
from b12analysis.findings.words import count, known
from b12analysis.kinetics.spread import as_known
from b12analysis.recovery.draws import posterior
from b12analysis.theme import number, share

__all__ = [
    "CHANGES",
    "COLUMNS",
    "PARTS",
    "before_the_fit",
    "cited_by",
    "drawable",
    "learnt",
    "learnt_words",
    "likely",
    "missed",
    "other_fit",
    "series_name",
    "spread",
    "spread_words",
    "validated",
    "validated_words",
]

PARTS = {
    "people": "people differ",
    "series": "series of patients differ",
    "parameters": "parameters are not known",
    "scenario": "nor what delay does",
}
#: Difference of a fitted share from what was expected before the fit that is told.
_OFF = 0.3
#: A parameter of which the data left more than this of its range has not been learnt.
_OPEN = 0.6
_LEVEL = 0.95
_WHAT = {
    "complete": "nothing left",
    "half": "at least half gone, not all",
    "lasting": "less than half gone",
    "at_least_half": "at least half gone",
    "any_change": "improved",
    "no_change": "not improved",
    "disabled": "still disabled",
    "conduction_change": "nerve conduction",
    "score_change": "test score",
}
#: Columns of the table that a page shows.
COLUMNS = [
    "target",
    "label",
    "n",
    "observed",
    "observed_lower",
    "observed_upper",
    "predicted",
    "lower",
    "upper",
    "chance",
    "covered",
    "status",
    "note",
]
#: Series of which no author was seen, or whose names are no titles.
_SERIES = {
    "n2o_bmc_neurol_2024": "Nitrous oxide (BMC Neurol 2024)",
    "n2o_motor_2022": "Nitrous oxide (J Neurol 2022)",
    "china_scd": "China, 36 patients",
    "hangzhou_scd_n2o": "Hangzhou, nitrous oxide",
    "hangzhou_scd_b12": "Hangzhou, other causes",
    "xuzhou_n2o": "Xuzhou, nitrous oxide",
    "lisbon_mci": "Lisbon, mild impairment",
    "open_trial": "OPEN trial",
    "vandyck": "van Dyck",
}
#: Results that are changes of function, not shares of people.
CHANGES = ("conduction_change", "score_change")
_ROLES = {"fitted": "fitted counts", "test": "counts held out"}


def spread(parts: pd.DataFrame) -> pd.DataFrame:
    """Parts of the spread as :func:`b12analysis.figures.shares` draws them: ``label, part, share``."""
    return parts.assign(label=parts["symptom"], part=parts["part"].map(PARTS))[["label", "part", "share"]]


def spread_words(parts: pd.DataFrame) -> dict[str, str]:
    """Say how much of the spread of the leading symptom is people, how much ignorance."""
    leading = parts["label"].iloc[0]
    of = parts[parts["label"] == leading].set_index("part")["share"]
    people = float(of[PARTS["people"]])
    said = [
        f"{symptom}: {', '.join(f'{share(row.share)} {row.part}' for row in rows.itertuples())}"
        for symptom, rows in parts.groupby("label", sort=False)
    ]
    return {
        "title": f"{leading.capitalize()}: {share(people)} of the spread is that people differ, "
        f"{share(float(of[PARTS['series']]))} that series of patients do",
        "summary": f"Shares of the variance of recovery at 6 months. {'; '.join(said)}.",
        "caption": "Variance of the share of the deficit gone at 6 months. More studies would shrink the last two; "
        "the first two would stay.",
    }


def learnt() -> pd.DataFrame:
    """Parameters of the model before and after the fit, as :func:`b12analysis.figures.priors` draws them.

    Returns
    -------
    DataFrame with columns
        parameter, label, status, unit, prior_lower, prior, prior_upper, lower, estimate, upper, log
        left    width of the 95 % range after the fit over that before
    """
    model = evidence.load("recovery_model")
    rows = model[(model["distribution"] != "fixed") & ~model["parameter"].str.startswith("deficit_")]
    draws = {scenario: posterior(scenario) for scenario in ("all", "none", "early", "steady", "late")}
    table = []
    for row in rows.itertuples():
        lower, middle, upper = np.quantile(draws[_OWN.get(row.parameter, "all")][row.parameter], [0.025, 0.5, 0.975])
        name, unit = _name(row.parameter)
        log = row.distribution == "lognormal"
        before = as_known(row, np.array([-1.96, 0.0, 1.96])).tolist()  # 95 % of what was taken as known
        width, range_before = (
            np.ptp(np.log([low, up]) if log else [low, up]) for low, up in ((lower, upper), before[::2])
        )
        table.append([row.parameter, name, row.status, unit, *before, lower, middle, upper, log, width / range_before])
    columns = ["parameter", "label", "status", "unit", "prior_lower", "prior", "prior_upper", "lower", "estimate"]
    return pd.DataFrame(table, columns=[*columns, "upper", "log", "left"])


#: Parameters that one scenario alone has a use for.
_OWN = {
    "axonal_share": "none",
    "early_loss_per_month": "early",
    "early_months": "early",
    "axon_loss_per_month": "steady",
    "safe_months": "late",
}
#: Parameters whose names do not tell a reader what they are.
_NAMES = {
    "axonal_share": ("share of fibres hit that lose their axon at once", ""),
    "axon_loss_per_month": ("loss of bare axons", "a month"),
    "early_loss_per_month": ("loss of bare axons, at first", "a month"),
    "early_months": ("how long that loss lasts", "months"),
    "safe_months": ("how long bare axons are safe", "months"),
    "half_time_sd": ("spread of half-times (ln)", ""),
    "vulnerability_sd": ("spread of vulnerability (ln)", ""),
    "series_vulnerability_sd": ("between series: vulnerability (ln)", ""),
    "series_pace_sd": ("between series: half-times (ln)", ""),
    "response_share": ("least share gone that is an improvement", ""),
    "regrowth_mm_day": ("growth of axons", "mm a day"),
    "signal_none_ug": ("tissue at which nerves lack nothing", "µg"),
    "gas_half_time_days": ("vitamin spoilt by the gas, half-time", "days"),
    "follow_up_months": ("when patients were seen, if not printed", "months"),
}
_UNITS = {
    "half_time_weeks_": ("half-time, ", "weeks"),
    "half_time_ratio_": ("half-time against nerve, ", "times"),
    "log_ratio_": ("vulnerability (ln), ", ""),
    "unresponsive_": ("memory that cannot respond, ", ""),
}


def _name(parameter: str) -> tuple[str, str]:
    """Write a parameter's name and its unit.

    Examples
    --------
    >>> _name("half_time_ratio_dorsal_columns"), _name("safe_months")
    (('half-time against nerve, dorsal columns', 'times'), ('how long bare axons are safe', 'months'))
    """
    if parameter in _NAMES:
        return _NAMES[parameter]
    for start, (words, unit) in _UNITS.items():
        if parameter.startswith(start):
            return words + parameter.removeprefix(start).removesuffix("_share").replace("_", " "), unit
    return parameter.replace("_", " "), ""


def learnt_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how few of the parameters the data tell anything of."""
    told = table[table["left"] < _OPEN].sort_values("left")
    assumed = int((table["status"] == "assumption").sum())
    listed = ", ".join(told["label"]) or "none"
    return {
        "title": f"The data narrow {len(told)} of {len(table)} parameters by two fifths or more; {assumed} began as "
        "assumptions",
        "summary": f"Narrowed to less than {100 * _OPEN:.0f} % of the range taken before: {listed}. Of the other "
        f"{len(table) - len(told)} the fit leaves more.",
        "caption": "Range before the data and after it, each parameter on its own scale. All scenarios together, or "
        "the one that a parameter belongs to.",
    }


def validated(role: str) -> pd.DataFrame:
    """Return what the model expects of series of patients beside what was seen, the least likely first.

    Returns
    -------
    DataFrame with columns
        label, detail, observed, predicted, lower, upper, covered, observed_lower, observed_upper, and those of
        ``recovery_validation``; results in words or directions have no ``observed``
    """
    table = evidence.load("recovery_validation").query("scenario == 'all' and role == @role")
    rows = evidence.load("recovery_targets").set_index("id")["row"]
    cited = evidence.cited(" ".join(rows[table["target"]].unique())).set_index("id")["source"]
    table = table.assign(evidence=table["target"].map(rows), covered=table["within"].astype(bool))
    table["source"] = table["evidence"].map(cited)
    table = table.rename(columns={"predicted_lower": "lower", "predicted_upper": "upper"})
    table["label"] = [_label(row) for row in table.to_dict("records")]
    table["detail"] = [known(row.n, "n {:,}") for row in table.itertuples()]
    return table.sort_values("chance", kind="stable").reset_index(drop=True)


def drawable(table: pd.DataFrame) -> pd.DataFrame:
    """Rows whose result is a share of people."""
    return table[table["observed"].notna() & ~table["what"].isin(CHANGES)]


def cited_by(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of evidence that results stand for: ``id, source, status``."""
    return table[["evidence", "source", "status"]].rename(columns={"evidence": "id"}).drop_duplicates()


def series_name(series: str) -> str:
    """Name a series of patients: author and year, or where it comes from.

    Examples
    --------
    >>> series_name("misra_2007"), series_name("vasconcelos2006"), series_name("china_scd")
    ('Misra 2007', 'Vasconcelos 2006', 'China, 36 patients')
    """
    words = re.sub(r"(?<=[a-z])(?=\d{4}$)", " ", series.replace("_", " "))
    return _SERIES.get(series) or words.title()


def _label(row: dict) -> str:
    seen = {"better": " better", "none": " unchanged", "worse": " worse"}.get(row["direction"], "")
    return f"{series_name(row['series'])}: {_WHAT[row['what']]}{seen}, month {row['month']:g}"


def likely(chance: float) -> str:
    """Print a chance; of one so small that the draws do not tell it, what it is below.

    Examples
    --------
    >>> likely(0.048), likely(0.3512), likely(0.0)
    ('0.048', '0.35', 'below 0.001')
    """
    return "below 0.001" if chance < 0.001 else f"{chance:.2g}"


def missed(table: pd.DataFrame) -> str:
    """List what the model misses, with the chance that it gave to what was seen."""
    off = table[~table["covered"]]
    return "; ".join(f"{row.label} (chance {likely(row.chance)})" for row in off.itertuples()) or "none"


def validated_words(table: pd.DataFrame, role: str) -> dict[str, str]:
    """Say how many counts of a role lie where the model expects them, what else there is, and what it misses."""
    drawn = drawable(table)
    told = table.drop(drawn.index)
    more = (
        f" The table has {count(len(told), 'result')} more, in words, directions or sizes of a change: "
        f"{told['covered'].sum()} of them are what the model allows, which says little, because most can hardly fail."
        if len(told)
        else ""
    )
    return {
        "title": f"{drawn['covered'].sum()} of {len(drawn)} {_ROLES[role]} lie where the model expects such counts, "
        f"where {_LEVEL * len(drawn):.0f} should",
        "summary": f"{len(table)} results of {table['series'].nunique()} series. Missed: {missed(table)}.",
        "caption": "Bars: where 95 % of such studies would lie, with the chance of so few patients and another case "
        f"mix; marks: what was observed, with Wilson's interval. The least likely come first.{more}",
    }


def before_the_fit() -> str:
    """Say of which fitted counts the model expected something else before the fit, and what it takes them for."""
    table = evidence.load("recovery_validation").query("scenario == 'all' and role == 'fitted'")
    off = table[(table["observed"] - table["prior"]).abs() > _OFF]
    told = "; ".join(
        f"{series_name(row.series)}, {_WHAT[row.what]} at month {row.month:g}: {share(row.observed)} where "
        f"{share(row.prior, row.prior_lower, row.prior_upper)} was expected"
        for row in off.itertuples()
    )
    pace = posterior().filter(like="pace ").mean()
    moved = ", ".join(
        f"{series_name(name.removeprefix('pace '))} {number(abs(value))} {'quicker' if value < 0 else 'slower'}"
        for name, value in pace.items()
    )
    return (
        f"**Before the fit the model expected other results** than {len(off)} of the {len(table)} fitted ones "
        f"({told or 'none'}). The fit makes up for it mostly by how quick each series is against others, in standard "
        f"deviations: {moved}. Another series is expected to be like none of them."
    )


def other_fit(shares: pd.DataFrame) -> str:
    """Say what complete recovery would be if the recalled counts of one large series were fitted too."""
    row = shares.set_index("outcome").loc["complete"]
    return (
        "**A large series of 1991 is not fitted, because its results are only recalled**: 57 of 121 recovered "
        "completely, 110 by half or more. Fitted besides, complete recovery would be "
        f"{share(row['estimate'], row['lower'], row['upper'])} here."
    )
