"""What a model of B12 in the body is held against: the table ``nhanes_mma``.

MMA by serum B12 where the kidneys work, MMA that B12 does not explain, serum B12 and intake as they are spread over
adults, how serum and MMA go with intake, and what a second examination says. Associations of one day: intake is that of
one recall, so that its slopes are flatter than those of usual intake.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis.nhanes.people import load
from b12analysis.nhanes.spread import FEWEST, described
from b12analysis.nhanes.twice import MARKERS, second_examination
from b12analysis.survey import survey_linear
from b12analysis.usual import within_person

__all__ = ["compute_mma"]

POOLS = {
    "1999-2004": ["1999-2000", "2001-2002", "2003-2004"],
    "2011-2014": ["2011-2012", "2013-2014"],
}
#: Serum B12, pmol/L: above the first number and at most the second.
B12_BANDS = {
    "<126": (0, 126),
    "126-148": (126, 148),
    "148-221": (148, 221),
    "221-287": (221, 287),
    "287-400": (287, 400),
    ">400": (400, np.inf),
}
AGE_BANDS = {"20-39": (20, 39), "40-59": (40, 59), "60-69": (60, 69), "70+": (70, 120)}
_ADJUSTED = {"crude": "", "age_sex_egfr": " + age10 + sex + log_egfr"}
_PERCENTS = (2.5, 10, 50, 90, 97.5)
_FIRST = ["cycles", "part", "variable", "quantity", "population", "band", "adjustment"]


def compute_mma(folder: str | Path | None = None) -> pd.DataFrame:
    """Compute the table ``nhanes_mma`` from the survey's files.

    Parameters
    ----------
    folder : path, optional
        Where the survey's files are, as for :func:`b12analysis.nhanes.load`.

    Returns
    -------
    DataFrame with columns
        cycles, part, variable, quantity, population, band, adjustment    what is estimated, of whom; see ``columns``
        estimate, lower, upper, se, df, n                                 of at least five people
        source
    """
    pools = {cycles: _prepared(load(loaded, folder)) for cycles, loaded in POOLS.items()}
    within = {name: within_person(pools["1999-2004"], name) for name in MARKERS}
    parts = [second_examination(pools["1999-2004"], within).assign(cycles="1999-2004")]
    for cycles, people in pools.items():
        tables = [_by_serum(people), _other_mma(people, within), _serum(people, within), _intake(people)]
        parts.append(pd.concat([*tables, _slopes(people)]).assign(cycles=cycles))
    table = pd.concat(parts, ignore_index=True).fillna({"adjustment": "", "band": "all"})
    table = table[table["n"] >= FEWEST].astype({"df": int, "n": int})
    return table[[*_FIRST, "estimate", "lower", "upper", "se", "df", "n"]].assign(source="nhanes")


def _prepared(people: pd.DataFrame) -> pd.DataFrame:
    total = people["b12_intake_ug"] + people["b12_supplement_ug"]
    return people.assign(
        adult=people["age"] >= 20,
        kidneys=(people["age"] >= 20) & (people["egfr"] >= 60),
        weight_diet=people["weight_diet"].fillna(0),
        b12_total_ug=total,
        log2_total=np.log2(total.where(total > 0)),
        log2_food=np.log2(people["b12_intake_ug"].where(people["b12_intake_ug"] > 0)),
        age10=people["age"] / 10,
        log_egfr=np.log(people["egfr"]),
    )


def _by_serum(people: pd.DataFrame) -> pd.DataFrame:
    """MMA by band of serum B12."""
    tables = []
    for band, (above, to) in B12_BANDS.items():
        inside = people["kidneys"] & (people["b12_pmol_l"] > above) & (people["b12_pmol_l"] <= to)
        tables.append(described(people, "mma_nmol_l", inside, percents=(10, 50, 90)).assign(band=band))
    return pd.concat(tables).assign(part="mma_by_serum", variable="mma_nmol_l", population="20+, eGFR 60+")


def _other_mma(people: pd.DataFrame, within: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """MMA by age where serum B12 is ample: what is left has other causes."""
    people = people.assign(ample=people["kidneys"] & (people["b12_pmol_l"] > 400))
    tables = []
    for band, ages in AGE_BANDS.items():
        inside = people["ample"] & people["age"].between(*ages)
        tables.append(described(people, "mma_nmol_l", inside, within=within["mma_nmol_l"]).assign(band=band))
    slope = _ratio(people, "log(mma_nmol_l) ~ age10", "age10", "ample").assign(quantity="ratio_per_decade")
    of = {"part": "mma_not_of_b12", "variable": "mma_nmol_l", "population": "20+, eGFR 60+, serum B12 > 400"}
    return pd.concat([*tables, slope]).assign(**of)


def _ratio(people: pd.DataFrame, formula: str, term: str, domain: str, weight: str = "weight") -> pd.DataFrame:
    """Ratio of geometric means per unit of a term; its standard error in its own unit, as that of the other rows."""
    found = survey_linear(people, formula, domain=domain, weight=weight, ratio=True)
    found = found[found["term"] == term]
    return found.assign(se=found["se"] * found["estimate"])[["estimate", "lower", "upper", "se", "df", "n"]]


def _by_supplement(people: pd.DataFrame) -> dict[str, pd.Series]:
    """Adults, and those of them who take B12 as a supplement, or do not."""
    takes = people["b12_supplement"].astype("boolean")
    answers = {"supplement": takes.fillna(False), "no supplement": (~takes).fillna(False)}
    return {"all": people["adult"], **{band: people["adult"] & answer.astype(bool) for band, answer in answers.items()}}


def _serum(people: pd.DataFrame, within: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Serum B12 of adults; the share below 148 pmol/L is in ``nhanes_groups``."""
    options = {"percents": _PERCENTS, "within": within["b12_pmol_l"]}
    groups = _by_supplement(people).items()
    tables = [described(people, "b12_pmol_l", inside, **options).assign(band=band) for band, inside in groups]
    return pd.concat(tables).assign(part="serum", variable="b12_pmol_l", population="20+")


def _intake(people: pd.DataFrame) -> pd.DataFrame:
    """B12 from food on one day, from supplements (of those who take them), and from both."""
    groups, tables = _by_supplement(people), []
    amounts = [("b12_intake_ug", groups), ("b12_total_ug", ["all", "supplement"])]
    for variable, band in ((variable, band) for variable, bands in amounts for band in bands):
        table = described(people, variable, groups[band], percents=_PERCENTS, weight="weight_diet")
        tables.append(table.assign(variable=variable, band=band))
    taken = described(people, "b12_supplement_ug", groups["supplement"], percents=_PERCENTS)
    tables.append(taken.assign(variable="b12_supplement_ug", band="supplement"))
    return pd.concat(tables).assign(part="intake", population="20+")


def _slopes(people: pd.DataFrame) -> pd.DataFrame:
    """Serum B12 and MMA per doubling of intake, of all adults and of those who have it from food alone."""
    groups, tables = _by_supplement(people), []
    for (band, term), adjustment, marker in product(
        [("all", "log2_total"), ("no supplement", "log2_food")], _ADJUSTED, ["b12_pmol_l", "mma_nmol_l"]
    ):
        # all models of a marker are of the same people: those whose kidney function is known
        eaters = people.assign(inside=groups[band] & (people["weight_diet"] > 0) & people["log_egfr"].notna())
        formula = f"log({marker}) ~ {term}{_ADJUSTED[adjustment]}"
        found = _ratio(eaters, formula, term, "inside", weight="weight_diet")
        tables.append(found.assign(band=band, adjustment=adjustment, variable=marker))
    return pd.concat(tables).assign(part="intake_slope", quantity="ratio_per_doubling", population="20+")
