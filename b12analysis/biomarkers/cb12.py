"""The combined indicator 4cB12: serum B12, holoTC, MMA and homocysteine in one number.

The shape of the formula is printed in its abstract. The constants of its age term are not: we have them from memory,
so whatever is computed here is *recalled*, and says so. The forms for three and two markers (3cB12, 2cB12) have
coefficients that we have not seen, and are not offered.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns
from b12analysis.biomarkers.columns import numbers

__all__ = ["AGE_TERM", "four_cb12"]

#: The age term, scale / (1 + (age / half) ** power), in years; from memory.
AGE_TERM = pd.DataFrame(
    {
        "parameter": ["scale", "half", "power"],
        "value": [3.79, 230.0, 2.6],
        "unit": ["", "years", ""],
        "source": "fedosov2015",
        "status": "recalled",
    }
)
MARKERS = ["holotc_pmol_l", "b12_pmol_l", "mma_nmol_l", "hcy_umol_l"]
#: Half of all people have more MMA than this, nmol/L, wherever it was measured; a smaller median is in umol/L.
SMALL_MMA = 10


def four_cb12(people: pd.DataFrame, age_term: pd.DataFrame = AGE_TERM) -> pd.DataFrame:
    """4cB12 = log10(holoTC × B12 / (MMA × Hcy)) less an age term; below -0.5 is low.

    Parameters
    ----------
    people : DataFrame
        Columns ``holotc_pmol_l``, ``b12_pmol_l``, ``mma_nmol_l``, ``hcy_umol_l`` and ``age``. The formula takes MMA in
        umol/L; the conversion is made here.
    age_term : DataFrame
        Values of "scale", "half" and "power", and the status of each.

    Returns
    -------
    DataFrame with columns
        cb12    missing where one of the five is missing
        status  how sure we are of it: "recalled", because the constants of the age term are from memory

    Raises
    ------
    InputError
        If a column is missing, a marker is zero or negative, or MMA looks as if it were in umol/L.

    Source
    ------
    fedosov2015 (shape and boundary); the constants of the age term are recalled.

    Examples
    --------
    >>> person = {"holotc_pmol_l": [52], "b12_pmol_l": [237], "mma_nmol_l": [207], "hcy_umol_l": [12], "age": [65]}
    >>> four_cb12(pd.DataFrame(person)).round(3).values.tolist()
    [[0.042, 'recalled']]
    """
    check_columns("people", people.columns, [*MARKERS, "age"])
    check_columns("age_term", age_term.columns, ["parameter", "value", "status"])
    values = {name: numbers(people, name) for name in [*MARKERS, "age"]}
    for name in MARKERS:
        if (values[name] == 0).any():
            raise InputError(f"people has {name}=0; 4cB12 is a logarithm and needs values above zero")
    median = values["mma_nmol_l"].median()
    if median < SMALL_MMA:
        raise InputError(f"mma_nmol_l has the median {median:g}, which looks like umol/L; multiply it by 1000")
    holotc, b12, mma, hcy = (values[name].to_numpy(dtype=float, na_value=np.nan) for name in MARKERS)
    age = values["age"].to_numpy(dtype=float, na_value=np.nan)
    term = age_term.set_index("parameter")["value"]
    index = np.log10(holotc * b12 / (mma / 1000 * hcy)) - term["scale"] / (1 + (age / term["half"]) ** term["power"])
    cb12 = pd.Series(index, index=people.index, name="cb12").astype("Float64")
    status = "recalled" if "recalled" in set(age_term["status"]) else age_term["status"].iloc[0]
    return pd.DataFrame({"cb12": cb12, "status": status})
