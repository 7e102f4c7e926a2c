"""Our estimates of the US survey beside those of R's package survey, every row of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from b12analysis import nhanes
from b12analysis.biomarkers import meets
from b12analysis.population import standard, standardize
from b12analysis.survey import (
    survey_geometric_mean,
    survey_logistic,
    survey_mean,
    survey_prevalence,
    survey_quantile,
    survey_standardize,
)
from b12analysis.validating.cells import cells

__all__ = ["survey_cells"]

#: R's names of indicators, and ours: definition, scale.
INDICATORS = {
    "B12<148 pmol/L": ("b12_148", "as_measured"),
    "B12 148-221 pmol/L": ("b12_marginal_221", "as_measured"),
    "B12<=221 pmol/L": ("b12_221", "as_measured"),
    "B12<200 pg/mL": ("b12_200_pg_ml", "as_measured"),
    "B12<=200 pg/mL": ("b12_148", "as_measured"),  # 200 pg/mL is 147.6 pmol/L, and no value lies between
    "MMA>271 nmol/L": ("mma_271", "as_measured"),
    "MMA>210 nmol/L": ("mma_210", "as_measured"),
    "MMA>376 nmol/L": ("mma_376", "as_measured"),
    "Hcy>13 umol/L": ("hcy_13", "as_measured"),
    "Hcy>15 umol/L": ("hcy_15", "as_measured"),
    "B12<148 & MMA>271": ("b12_148_and_mma_271", "as_measured"),
    "B12<148 | MMA>271": ("b12_148_or_mma_271", "as_measured"),
    "B12<=221 & MMA>271": ("b12_221_and_mma_271", "as_measured"),
    "Roche-adjusted B12<148 pmol/L": ("b12_148", "roche"),
    "Roche-adjusted B12<=200 pg/mL": ("b12_148", "roche"),
    "Roche-adjusted B12 148-221 pmol/L": ("b12_marginal_221", "roche"),
}
CYCLES = {
    **{name: [name] for name in ("2003-2004", "2011-2012", "2013-2014")},
    "2011-2014": ["2011-2012", "2013-2014"],
}
_LOW = {"b12low": "b12_148", "b12ins": "b12_221", "mmahi": "mma_271"}
_TAKEN = {"metf": "metformin", "h2": "h2ra", "supp": "b12_supplement", "dm": "diabetes"}
_ADULTS = {"20-39": 77670, "40-59": 72816, "60+": 45364}
_MARKERS = {"b12pg": "b12_pg_ml", "b12": "b12_pmol_l", "mma": "mma_nmol_l", "hcy": "hcy_umol_l"}
_ETHNIC = ["Mexican American", "other Hispanic", "non-Hispanic white", "non-Hispanic black", "other"]
_NERVES = {
    "PN>=1 insensate site": "neuropathy",
    "PN>=2 insensate sites": "two",
    "numbness DIQ100": "numbness",
    "tingling/pain DIQ120": "tingling",
}


def survey_cells(reference: Path, folder: Path) -> pd.DataFrame:
    """Compute again what R computed of the US survey.

    Parameters
    ----------
    reference : Path
        Folder with R's tables, ``survey_r.csv`` and its kin.
    folder : Path
        Folder with the survey's files.

    Returns
    -------
    DataFrame with columns
        id, cell, theirs, ours     as :func:`b12analysis.validating.cells.cells`
    """
    people = {name: _indicated(nhanes.load(cycles, folder)) for name, cycles in CYCLES.items()}

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(reference / f"{name}.csv")

    mixed = read("survey_r_neuropathy_riskgroups")
    is_glm = mixed["analysis"] == "riskgroup-glm"
    return pd.concat(
        [
            *_prevalences(read("survey_r"), people),
            *_means(read("survey_r_quantiles"), people),
            *_standardised(read("survey_r_age_standardised"), people),
            *_groups(mixed[~is_glm], people["2003-2004"], people["2011-2014"]),
            *_logistic(mixed[is_glm], people["2011-2014"]),
        ],
        ignore_index=True,
    )


def _indicated(people: pd.DataFrame) -> pd.DataFrame:
    flags = {text: meets(people, key, scale=scale) for text, (key, scale) in INDICATORS.items()}
    both = people["insensate_left"].ge(0) & people["insensate_right"].ge(0)
    own = {
        "two": people["insensate_sites"].ge(2).astype("boolean").where(both),
        "male": (people["sex"] == "men").astype("boolean"),
        "b12pg_roche": 10 ** (0.97 * np.log10(people["b12_pg_ml"]) + 0.14),
        "band": pd.cut(people["age"], [20, 40, 60, 200], right=False, labels=list(_ADULTS)),
        **{name: meets(people, key) for name, key in _LOW.items()},
        **{name: people[column] for name, column in _TAKEN.items()},
        "age10": (people["age"] - 60) / 10,
    }
    return pd.concat([people, pd.DataFrame(flags | own, index=people.index)], axis=1)


def inside(people: pd.DataFrame, domain: str) -> pd.Series:
    """Who belongs to a domain such as "60-69", "80+" or "20+ women"."""
    ages, _, sex = domain.partition(" ")
    first, _, last = ages.replace("+", "-200").partition("-")
    return people["age"].between(int(first), int(last)) & ((people["sex"] == sex) if sex else True)


def _prevalences(rows: pd.DataFrame, people: dict[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for (cycle, domain), part in rows.groupby(["cycle", "domain"]):
        table, names = people[cycle].assign(domain=inside(people[cycle], domain)), part["indicator"].tolist()
        found = {ci: survey_prevalence(table, names, domain="domain", ci=ci) for ci in ("logit", "beta", "mean")}
        for place, row in enumerate(part.to_dict("records")):
            ours, where = found["logit"].iloc[place], f"{cycle}, {domain}, {row['indicator']}"
            counted = {"n_unweighted": "n", "n_events": "cases", "df": "df"}
            yield cells("r-counts", where, [(row[theirs], ours[mine]) for theirs, mine in counted.items()])
            yield cells("r-prevalence", where, [(row["prev"], ours["estimate"])])
            yield cells("r-se", where, [(row["se"], ours["se"])])
            yield cells("r-deff", where, [(row["deff_replace"], ours["deff"])])
            yield cells("r-totals", where, [(row["total"], ours["total"]), (row["total_se"], ours["total_se"])])
            for ci, table_ci in found.items():
                limits = table_ci.iloc[place]
                pairs = [(row[f"{ci}_lo"], limits["lower"]), (row[f"{ci}_hi"], limits["upper"])]
                yield cells("r-logit" if ci == "logit" else "r-other-limits", f"{where}, {ci}", pairs)


def _means(rows: pd.DataFrame, people: dict[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for row in rows.to_dict("records"):
        table = people[row["cycle"]].assign(domain=inside(people[row["cycle"]], row["domain"]))
        name, where = (
            _MARKERS.get(row["variable"], row["variable"]),
            f"{row['cycle']}, {row['domain']}, {row['variable']}",
        )
        geometric = survey_geometric_mean(table, name, domain="domain").iloc[0]
        mean = survey_mean(table, name, domain="domain").iloc[0]
        yield cells("r-means", where, [(row["geomean"], geometric["estimate"]), (row["mean"], mean["estimate"])])
        errors = [(row["geomean_se"], geometric["se"]), (row["mean_se"], mean["se"])]
        yield cells(
            "r-means-se", where, [*errors, (row["gm_lo"], geometric["lower"]), (row["gm_hi"], geometric["upper"])]
        )
        for rule, end in (("math", ""), ("hf7", "_hf7")):
            of = survey_quantile(table, name, rule=rule, domain="domain").set_index("probability")
            for p in (0.05, 0.25, 0.5, 0.75, 0.95):
                if f"p{100 * p:.0f}{end}" in row:
                    yield cells(
                        "r-percentiles", f"{where}, {rule}, {p:g}", [(row[f"p{100 * p:.0f}{end}"], of["estimate"][p])]
                    )
                if rule == "math" and f"p{100 * p:.0f}_lo" in row:
                    pairs = [
                        (row[f"p{100 * p:.0f}_{to}"], of[side][p]) for to, side in (("lo", "lower"), ("hi", "upper"))
                    ]
                    yield cells("r-percentile-limits", f"{where}, {p:g}", pairs)


def _standardised(rows: pd.DataFrame, people: dict[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for row in rows.to_dict("records"):
        table = people[row["cycle"]]
        domain = table["age"].ge(20) & (True if row["sex"] == "all" else table["sex"] == row["sex"])
        found = survey_standardize(
            table.assign(domain=domain), row["indicator"], over="band", population=_ADULTS, domain="domain"
        ).iloc[0]
        where = f"{row['cycle']}, {row['sex']}, {row['indicator']}"
        yield cells(
            "r-standardised", where, [(row["crude"], found["crude"]), (row["adj_svystandardize"], found["estimate"])]
        )
        yield cells("r-standardised-se", where, [(row["adj_se_svystandardize"], found["se"])])
        bands = pd.DataFrame({"age_min": [20, 40, 60], "age_max": [39, 59, np.nan]})
        bands = bands.assign(estimate=[row[f"p_{name}"] for name in ("20_39", "40_59", "60plus")], lower=0.0, upper=1.0)
        whole = standardize(bands, standard("us_2000_adults"))["estimate"].item()
        yield cells("r-standardised-bands", where, [(row["adj_svystandardize"], whole)])


def _groups(rows: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for row in rows.to_dict("records"):
        people = old if row["analysis"] == "neuropathy" else new
        name, where = row["indicator"].split(",")[0], f"{row['cycle']}, {row['domain']}, {row['indicator']}"
        table = people.assign(domain=_domain(people, row["domain"]))
        found = survey_prevalence(table, _NERVES.get(name, name), domain="domain").iloc[0]
        counted = {"n_unweighted": "n", "n_events": "cases", "df": "df"}
        yield cells("r-groups-counts", where, [(row[theirs], found[mine]) for theirs, mine in counted.items()])
        yield cells("r-groups", where, [(row["estimate"], found["estimate"]), (row["se"], found["se"])])
        yield cells("r-groups-limits", where, [(row["lo"], found["lower"]), (row["hi"], found["upper"])])


def _domain(people: pd.DataFrame, domain: str) -> pd.Series:
    """Who belongs to a domain such as "20+ metf=1", "40+ diabetes 0" or "20+ RIDRETH1=3"."""
    ages, _, group = domain.partition(" ")
    if not group:
        return inside(people, ages)
    name, value = group.replace("diabetes ", "diabetes=").split("=")
    is_of = people["ethnicity"] == _ETHNIC[int(value) - 1] if name == "RIDRETH1" else people[name] == bool(int(value))
    return inside(people, ages) & is_of.fillna(False).astype(bool)


def _logistic(rows: pd.DataFrame, people: pd.DataFrame) -> Iterator[pd.DataFrame]:
    people = people.assign(domain=people["age"].ge(40) & people["b12_pmol_l"].notna())
    for outcome in ("b12ins", "mmahi"):
        found = survey_logistic(people, f"{outcome} ~ metf + ppi + supp + age10 + male", domain="domain").set_index(
            "term"
        )
        for row in rows[rows["indicator"].str.startswith(outcome)].to_dict("records"):
            term = row["indicator"].split(" :: ")[1].replace("(Intercept)", "Intercept")
            ours, where = found.loc[term], f"2011-2014, 40+, {outcome}, {term}"
            yield cells("r-logistic", where, [(row["estimate"], ours["coefficient"])])
            limits = [(np.exp(row["lo"]), ours["lower"]), (np.exp(row["hi"]), ours["upper"])]
            yield cells("r-logistic-se", where, [(row["se"], ours["se"]), *limits])
