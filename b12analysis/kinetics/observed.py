"""What the targets' rows of evidence say: the number, how sure it is, and on which scale it is compared.

Shares are compared as log odds, amounts and levels as logarithms, percentage changes as ln(1 + change), differences as
they are. The error of a study has two parts: *se*, that of its own people (from its interval, its spread or, where it
prints neither, a usual spread), and *study_sd*, what its assay, methods and people have in common, which all its rows
of one kind share.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.evidence import load

__all__ = ["SCALES", "from_scale", "observed", "parameter", "to_scale"]

#: Observable: what kind of error it has, and its scale.
SCALES = {
    "absorbed_percent": ("absorbed", "logit"),
    "absorbed_food_percent": ("absorbed", "logit"),
    "absorbed_ug": ("absorbed", "log"),
    "retained_percent": ("retained", "logit"),
    "loss_percent_day": ("turnover", "log"),
    "loss_ug_day": ("turnover", "log"),
    "bile_ug_day": ("turnover", "log"),
    "store_ug": ("turnover", "log"),
    "half_time_days": ("turnover", "log"),
    "requirement_ug_day": ("turnover", "log"),
    "serum_b12_pmol_l": ("serum", "log"),
    "mma_nmol_l": ("mma", "log"),
    "serum_change_pmol_l": ("serum", "linear"),
    "serum_change_percent": ("serum", "change"),
    "mma_change_percent": ("mma", "change"),
    "mma_difference_nmol_l": ("mma", "linear"),
    "share_serum_at_least": ("serum", "share"),
    "share_below": ("serum", "share"),
    "months_to_below": ("serum", "time"),
    "serum_ratio_forms": ("serum", "ratio"),
    "serum_by_doubling_percent": ("serum", "change"),
    "mma_by_doubling_percent": ("mma", "change"),
    "serum_ratio": ("serum", "ratio"),
    "mma_ratio": ("mma", "ratio"),
    "us_mma_nmol_l": ("mma", "log"),
    "us_share_percent": ("serum", "share"),
}
#: Scales of comparisons within a study, where an assay's error multiplies the effect.
WITHIN = ("linear", "change", "ratio")
_NORMAL_95, _NORMAL_IQR, _MEDIAN_SE = 3.92, 1.349, 1.2533
#: Two samples of the same person: share of the spread between people that they have in common; about the reliability
#: of serum B12 and of MMA in those whom the US survey examined twice (``nhanes_mma``: 0.89 and 0.79 to 0.86).
SAME_PEOPLE = 0.85
#: Serum where a study prints none, pmol/L.
_USUAL_SERUM = 250.0


def parameter(model: pd.DataFrame, name: str) -> float:
    """Value of a parameter that holds for everybody."""
    return float(model.loc[model["parameter"] == name, "value"].iloc[0])


def to_scale(values, scale: str):
    """Put values on the scale on which they are compared.

    Examples
    --------
    >>> round(float(to_scale(50.0, "logit")), 3), round(float(to_scale(-50.0, "change")), 3)
    (0.0, -0.693)
    """
    values = np.asarray(values, dtype=float)
    if scale in ("log", "ratio", "time"):
        return np.log(values)
    if scale in ("logit", "share"):
        return np.log(values / (100 - values))
    return np.log1p(values / 100) if scale == "change" else values


def from_scale(values, scale: str):
    """Put them back: the inverse of :func:`to_scale`."""
    if scale in ("log", "ratio", "time"):
        return np.exp(values)
    if scale in ("logit", "share"):
        return 100 / (1 + np.exp(-values))
    return np.expm1(values) * 100 if scale == "change" else values


def observed(targets: pd.DataFrame, model: pd.DataFrame) -> pd.DataFrame:
    """Look up what was observed, for each target.

    Parameters
    ----------
    targets : DataFrame
        As ``kinetics_targets``.
    model : DataFrame
        As ``kinetics_model``.

    Returns
    -------
    DataFrame with columns
        observed, observed_lower, observed_upper     as printed; limits only where the source gives them
        kind, scale     of the error and of the comparison
        se, study_sd    on that scale
        n               people; taken where the source prints none
        study, arm      rows of one study and kind share its error, those of one arm also their people
        statistic, evidence, status, source

    Examples
    --------
    >>> table = observed(load("kinetics_targets").query("id == 'K101'"), load("kinetics_model"))
    >>> table[["observed", "kind", "scale"]].values.tolist()
    [[50.0, 'absorbed', 'logit']]
    """
    rows = [_observed(target, _evidence(target.table, target.row), model) for target in targets.itertuples()]
    return pd.DataFrame(rows, index=targets.index)


def _evidence(table: str, row: str) -> pd.Series:
    found = load(table)
    return found[found["id"] == row].iloc[0]


def _observed(target, row: pd.Series, model: pd.DataFrame) -> dict:
    kind, scale = SCALES[target.observable]
    scale = "linear" if scale == "share" and not _missing(target.contrast) else scale  # percentage points
    value, lower, upper = _numbers(target, row)
    common = parameter(model, _common(kind, scale, row))

    def usual(name: str) -> float:
        return parameter(model, f"people_{name}")

    return {
        "observed": value,
        "observed_lower": lower,
        "observed_upper": upper,
        "kind": kind,
        "scale": scale,
        "se": _se(target, row, (value, lower, upper), scale, usual),
        "study_sd": common * (abs(to_scale(value, scale)) if scale in WITHIN else 1),
        "n": _people(row, usual),
        "study": row.get("cohort"),
        "arm": f"{row.get('cohort')} {row.get('arm')}",
        "statistic": _or(row.get("statistic"), "mean"),
        "evidence": target.row,
        "status": row["status"],
        "source": row["source"],
    }


def _common(kind: str, scale: str, row: pd.Series) -> str:
    """Name what the rows of a study have in common; the model's levels are those of the national survey."""
    is_survey = str(row.get("cohort")).startswith("nhanes") and scale == "log"
    return "study_sd_survey" if is_survey else f"study_sd_{kind}"


def _or(value, otherwise):
    return otherwise if _missing(value) else value


def _numbers(target, row: pd.Series) -> tuple[float, float, float]:
    """Value and limits; a range without a value stands for its middle."""
    names = ["value", "lower", "upper"]
    if "value" not in row:
        names = ["reported_percent", "reported_lower_percent", "reported_upper_percent"]
    value, lower, upper = (float(_or(row[name], np.nan)) for name in names)
    measure = row.get("measure")
    if measure == "food_absorption_slope":
        table = load("kinetics")
        intercept = float(table.loc[table["measure"] == "food_absorption_intercept", "value"].iloc[0])
        return 100 * np.exp(intercept) * target.dose_ug ** (value - 1), np.nan, np.nan
    if measure == "urinary_loss_percent":
        return 100 - value, np.nan, np.nan
    if np.isnan(value) and not np.isnan(lower):
        value = (lower + upper) / 2
    if np.isnan(value):
        value = 100 * float(row["cases"]) / float(row["n"])
    return value, lower, upper


def _se(target, row: pd.Series, numbers: tuple, scale: str, usual) -> float:
    """Reckon the standard error on the scale of comparison."""
    value, lower, upper = numbers
    many = _people(row, usual)
    if row.get("interval") == "ci95" and not np.isnan(lower):
        return float((to_scale(upper, scale) - to_scale(lower, scale)) / _NORMAL_95)
    if row.get("interval") == "iqr":
        return float(_MEDIAN_SE * np.log(upper / lower) / _NORMAL_IQR / np.sqrt(many))
    if not _missing(row.get("sd")):
        slope = {"logit": 100 / (value * (100 - value)), "linear": 1.0}.get(scale, 1 / abs(value))
        return float(row["sd"]) * slope / np.sqrt(many)
    spread = usual(f"sd_{SCALES[target.observable][0]}")
    if scale in WITHIN:
        spread *= np.sqrt(2 * (1 - SAME_PEOPLE))
        if not _missing(target.contrast):  # two arms share the people: half in each, and two errors
            spread *= 2
    if scale == "linear":
        spread *= _USUAL_SERUM if _missing(target.start_serum_pmol_l) else float(target.start_serum_pmol_l)
    return spread / np.sqrt(many)


def _people(row: pd.Series, usual) -> float:
    """How many people a row is about; taken where it does not say."""
    if not _missing(row.get("n")):
        return float(row["n"])
    return usual("in_survey" if str(row.get("cohort")).startswith("nhanes") else "in_study")


def _missing(value) -> bool:
    return value is None or pd.isna(value)
