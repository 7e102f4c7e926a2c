"""Bailey 2013: serum B12 of adults in three strata by MMA, 1999-2004; who was left out, and table 2."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.replications.tables import LITERAL, compare, counted, keyed
from b12analysis.survey import survey_mean, survey_prevalence, survey_quantile

__all__ = ["bailey_2013"]

CYCLES = ("1999-2000", "2001-2002", "2003-2004")
#: Columns of yes and no in table 2, and columns with a mean and, most of them, a median.
_SHARES = {
    **{"over_60": "over_60", "men": "men", "white": "white", "black": "black", "mexican": "mexican"},
    "b12_supplement": "supplement_use",
}
_VALUES = {
    **{"age": "age", "mma_nmol_l": "mma", "hcy_umol_l": "hcy", "b12_intake_ug": "food"},
    **{"user_ug": "supplement", "total_ug": "total"},
}
_RELEASED = "homocysteine of 1999-2000 as released, not converted"


def bailey_2013(people: pd.DataFrame, interviewed: pd.DataFrame | None = None) -> pd.DataFrame:
    """Exclusions, one by one in the order printed, and table 2.

    Glomerular filtration is by MDRD; means and shares weigh people by the examination weights, medians are linear
    between distinct values (as CDC's software has them). Variants: CKD-EPI; the other rule for medians; homocysteine of
    1999-2000 before conversion; the weights of the diet day.

    Parameters
    ----------
    people : DataFrame
        ``nhanes.load(["1999-2000", "2001-2002", "2003-2004"])``.
    interviewed : DataFrame, optional
        Everybody in the files, with ``age`` and ``examined``, for the first three steps.

    Returns
    -------
    DataFrame
        As the table ``replications``.
    """
    steps, people = _exclusions(people)
    people = people.assign(**_columns(people))
    size = people.loc[people["kept"], "stratum_b12"].value_counts()
    plain = {key: 100 * size.get(key, 0) / people["kept"].sum() for key in ("low", "high")}
    return compare(
        "bailey2013",
        "Bailey 2013",
        [
            counted(_before(interviewed)),
            *steps,
            counted({f"n-{key}": size.get(key, 0) for key in ("low", "middle", "high")}),
            pd.DataFrame({"key": [f"share_plain-{key}" for key in plain], "ours": plain.values(), "reading": LITERAL}),
            *_table_2(people),
        ],
    )


def _before(interviewed: pd.DataFrame | None) -> dict[str, int]:
    if interviewed is None:
        return {}
    adult = interviewed["age"] >= 19
    only = (adult & ~interviewed["examined"]).sum()
    return {"interviewed": len(interviewed), "under_19": (~adult).sum(), "interviewed_only": only}


def _exclusions(people: pd.DataFrame) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Count who is left out at each step; ``kept`` marks who is analysed, all stay in the survey's design."""
    reasons = {
        "lactating": people["lactating"].fillna(False).astype(bool),
        "pregnant": people["pregnant"].fillna(False).astype(bool),
        "no_mma": people["mma_nmol_l"].isna(),
        "no_b12": people["b12_pmol_l"].isna(),
        "no_creatinine": people["creatinine_mg_dl"].isna(),
        "high_b12": people["b12_pmol_l"] > 1265,
    }
    kept, counts = people["age"] >= 19, {}
    for key, out in reasons.items():
        counts[key] = (kept & out).sum()
        kept &= ~out
    variant = (kept & (people["egfr"] < 30)).sum()
    counts["egfr_30"] = (kept & (people["egfr_mdrd"] < 30)).sum()
    kept &= ~(people["egfr_mdrd"] < 30)
    counts["analysed"] = kept.sum()
    return [counted(counts), counted({"egfr_30": variant}, reading="CKD-EPI 2021")], people.assign(kept=kept)


def _columns(people: pd.DataFrame) -> dict[str, pd.Series]:
    b12, hcy = people["b12_pmol_l"], people["hcy_umol_l"]
    released = 10 ** ((np.log10(hcy) - 0.0418) / 0.983)  # CDC's conversion, taken back
    strata = np.select([b12 < 126, b12 <= 287, b12 > 287], ["low", "middle", "high"], "")
    races = {"white": "non-Hispanic white", "black": "non-Hispanic black", "mexican": "Mexican American"}
    return {
        "stratum_b12": pd.Series(strata, index=people.index).replace("", None),
        "is_low": b12 < 126,
        "is_middle": b12.between(126, 287),
        "is_high": b12 > 287,
        "over_60": people["age"] >= 60,
        "men": people["sex"] == "men",
        **{name: people["ethnicity"] == race for name, race in races.items()},
        "user_ug": people["b12_supplement_ug"].where(people["b12_supplement"].fillna(False).astype(bool)),
        "total_ug": people["b12_intake_ug"] + people["b12_supplement_ug"],
        "hcy_released": hcy.where(people["cycle"] != "1999-2000", released),
    }


def _table_2(people: pd.DataFrame) -> list[pd.DataFrame]:
    in_strata = {"by": "stratum_b12", "domain": "kept"}
    to_key = {"by": "stratum_b12"}
    of_all = survey_prevalence(people, ["is_low", "is_middle", "is_high"], domain="kept")
    shares = survey_prevalence(people, list(_SHARES), **in_strata)
    means, medians = _means_and_medians(people, list(_VALUES))
    exact = survey_quantile(people, ["mma_nmol_l"], 0.5, rule="math", **in_strata)
    raw_mean, raw_median = _means_and_medians(people, ["hcy_released"])
    diet_mean, diet_median = _means_and_medians(people, ["b12_intake_ug", "total_ug"], weight="weight_diet")
    diet = {"b12_intake_ug": "food", "total_ug": "total"}
    released, day = {**to_key, "reading": _RELEASED}, {**to_key, "reading": "weights of the diet day"}
    return [
        keyed(of_all, {f"is_{name}": f"share-{name}" for name in ("low", "middle", "high")}, scale=100),
        keyed(shares, _SHARES, scale=100, **to_key),
        keyed(means, {name: stem if stem == "age" else f"{stem}_mean" for name, stem in _VALUES.items()}, **to_key),
        keyed(medians, {name: f"{stem}_median" for name, stem in _VALUES.items() if stem != "age"}, **to_key),
        keyed(exact, {"mma_nmol_l": "mma_median"}, reading="median: the first value that half reach", **to_key),
        keyed(raw_mean, {"hcy_released": "hcy_mean"}, **released),
        keyed(raw_median, {"hcy_released": "hcy_median"}, **released),
        keyed(diet_mean, {name: f"{stem}_mean" for name, stem in diet.items()}, **day),
        keyed(diet_median, {name: f"{stem}_median" for name, stem in diet.items()}, **day),
    ]


def _means_and_medians(
    people: pd.DataFrame, columns: list[str], *, weight: str = "weight"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    how = {"by": "stratum_b12", "domain": "kept", "weight": weight}
    return survey_mean(people, columns, **how), survey_quantile(people, columns, 0.5, rule="rounded", **how)
