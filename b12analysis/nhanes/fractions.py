"""What share of low B12 or raised MMA in the United States goes with medicines, no supplement, and a low intake.

By g-computation (:func:`b12analysis.survey.survey_attributable_fraction`), adjusted for age, sex, ethnicity and the
other exposures. These are associations in a survey: a share is what would be absent if all of an association were
cause. People who take metformin have diabetes and people without supplements differ in much else.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis.arguments import check_choice
from b12analysis.biomarkers import indicators, mma_indicators
from b12analysis.evidence import load
from b12analysis.nhanes import people as survey
from b12analysis.survey import survey_attributable_fraction

__all__ = ["EXPOSURES", "MODELS", "OUTCOMES", "compute_fractions", "exposed", "fractions"]

#: Exposures that could be taken away. Age could not, so the models hold it constant.
EXPOSURES = {
    "metformin": "metformin on prescription, past month",
    "no_supplement": "no supplement with B12 in the past 30 days",
    "acid_suppressant": "a proton pump inhibitor or H2 antagonist on prescription, past month",
    "low_intake": "below 2.4 ug of B12 from food on the day of the recall",
}
OUTCOMES = ["b12_148", "b12_221", "mma_271", "mma_271_egfr_60"]
#: Models by name: the exposures, and the weights. Intake is known of one day only, for those with a reliable recall.
MODELS = {"medicines": (list(EXPOSURES)[:3], "weight"), "intake": (list(EXPOSURES), "weight_diet")}
_CYCLES = {
    "1999-2004": ["1999-2000", "2001-2002", "2003-2004"],
    "2011-2014": ["2011-2012", "2013-2014"],
}
_AGES = {"20+": 20, "60+": 60}
_LOW_UG = 2.4  # recommended daily intake of adults


def exposed(people: pd.DataFrame) -> pd.DataFrame:
    """Add who has each exposure, each outcome, and age in tens of years.

    Parameters
    ----------
    people : DataFrame
        As :func:`b12analysis.nhanes.load` returns them.

    Returns
    -------
    DataFrame
        The people, and a nullable boolean column for each of ``EXPOSURES`` and ``OUTCOMES``, and ``age10``.
    """
    intake = people["b12_intake_ug"].astype("Float64")
    flags = {
        "no_supplement": ~people["b12_supplement"].astype("boolean"),
        "acid_suppressant": people["ppi"] | people["h2ra"],
        "low_intake": (intake < _LOW_UG).astype("boolean"),
        "age10": people["age"].astype(float) / 10,
    }
    low = indicators(people, ["b12_148", "b12_221"])
    raised = mma_indicators(people, "mma_271", slope=0.0)  # of which the one adjusted by the slope is not kept
    return people.assign(**flags, **low, **raised[["mma_271", "mma_271_egfr_60"]])


def compute_fractions(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute the table ``nhanes_fractions`` from the survey's files.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, age_band, indicator, model, and as of :func:`b12analysis.survey.survey_attributable_fraction`
    """
    rows = []
    for cycles, age_band in product(_CYCLES, _AGES):
        people = exposed(survey.load(_CYCLES[cycles], folder))
        people["_inside"] = people["age"] >= _AGES[age_band]
        for outcome, model in product(OUTCOMES, MODELS):
            names, weight = MODELS[model]
            weighted = people.assign(_weight=people[weight].fillna(0.0))
            formula = f"{outcome} ~ {' + '.join(names)} + age10 + sex + ethnicity"
            options = {"weight": "_weight", "domain": "_inside", "outcome": "deficiency"}
            table = survey_attributable_fraction(weighted, formula, names, **options)
            rows.append(table.assign(cycles=cycles, age_band=age_band, indicator=outcome, model=model))
    table = pd.concat(rows, ignore_index=True)
    first = ["cycles", "age_band", "indicator", "model"]
    return table[[*first, *(name for name in table if name not in first)]].assign(source="nhanes")


def fractions(
    cycles: str = "2011-2014", *, indicator: str = "b12_148", age_band: str = "20+", model: str = "medicines"
) -> pd.DataFrame:
    """Attributable fractions of one outcome in the United States, without the survey's microdata.

    Parameters
    ----------
    cycles : str
        "1999-2004" or "2011-2014".
    indicator : str
        "b12_148", "b12_221", "mma_271" or "mma_271_egfr_60" (among people with an eGFR of at least 60).
    age_band : str
        "20+" or "60+".
    model : str
        "medicines" (metformin, no supplement, acid suppressants) or "intake" (these and a low intake on one day).

    Returns
    -------
    DataFrame
        Rows of ``load("nhanes_fractions")``, as of :func:`b12analysis.survey.survey_attributable_fraction`.

    Raises
    ------
    InputError
        If a choice is not known.

    Source
    ------
    CDC/NCHS, NHANES public-use files.

    Examples
    --------
    >>> fractions().query("kind == 'joint'")["exposure"].tolist()
    ['metformin + no_supplement']
    """
    choices = {"cycles": list(_CYCLES), "indicator": OUTCOMES, "age_band": list(_AGES), "model": list(MODELS)}
    given = {"cycles": cycles, "indicator": indicator, "age_band": age_band, "model": model}
    for argument, value in given.items():
        check_choice(argument, value, choices[argument])
    table = load("nhanes_fractions")
    asked = np.logical_and.reduce([(table[argument] == value).to_numpy(bool) for argument, value in given.items()])
    return table[asked].reset_index(drop=True)
