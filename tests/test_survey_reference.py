"""Every row of R's estimates of the US survey, from the survey's people as we load them."""

import numpy as np
import pandas as pd
import pytest

from b12analysis import nhanes
from b12analysis.biomarkers import meets
from b12analysis.survey import (
    survey_geometric_mean,
    survey_logistic,
    survey_mean,
    survey_prevalence,
    survey_quantile,
    survey_standardize,
)

#: Sums and square roots on both sides; the issue of other orders of summing. Relative; worst observed 1e-14.
CLOSED = 1e-9
#: R fits the logit of a share iteratively. Relative; worst observed 1.4e-7.
INTERVAL = 1e-6
#: R stops the iterations of svyglm early. Relative: coefficients, and what follows from them.
GLM, GLM_SE = 1e-6, 1e-4

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
CYCLES = {"2003-2004": "2003-2004", "2011-2012": "2011-2012", "2013-2014": "2013-2014"}
CYCLES["2011-2014"] = ["2011-2012", "2013-2014"]


@pytest.fixture(scope="module")
def reference(request):
    from conftest import SHARED

    if not SHARED.is_dir():
        pytest.skip("the survey's files are not beside this checkout; test_nhanes_sums.py has R's values for the sums")
    return SHARED / "reference"


@pytest.fixture(scope="module")
def survey(reference):
    """People of each cycle and pool with every indicator of R's table."""
    people = {}
    for name, cycles in CYCLES.items():
        table = nhanes.load(cycles, reference.parent / "nhanes")
        flags = {text: meets(table, key, scale=scale) for text, (key, scale) in INDICATORS.items()}
        people[name] = pd.concat([table, pd.DataFrame(flags)], axis=1)
    return people


def inside(people: pd.DataFrame, domain: str) -> pd.Series:
    """Who belongs to a domain such as "60-69", "80+" or "20+ women"."""
    ages, _, sex = domain.partition(" ")
    first, _, last = ages.replace("+", "-200").partition("-")
    return people["age"].between(int(first), int(last)) & ((people["sex"] == sex) if sex else True)


def test_every_prevalence(reference, survey):
    rows = pd.read_csv(reference / "survey_r.csv")
    assert len(rows) == 539
    for (cycle, domain), part in rows.groupby(["cycle", "domain"]):
        people = survey[cycle].assign(domain=inside(survey[cycle], domain))
        names = part["indicator"].tolist()
        found = {
            ci: survey_prevalence(people, names, domain="domain", ci=ci).set_index("indicator")
            for ci in ("logit", "beta", "mean")
        }
        expected, ours = part.set_index("indicator"), found["logit"]
        for theirs, mine in {"n_unweighted": "n", "n_events": "cases", "df": "df"}.items():
            assert ours[mine].tolist() == expected[theirs].tolist(), (cycle, domain, mine)
        names = {"prev": "estimate", "se": "se", "deff_replace": "deff", "total": "total", "total_se": "total_se"}
        for theirs, mine in names.items():
            np.testing.assert_allclose(ours[mine], expected[theirs], rtol=CLOSED, err_msg=f"{cycle} {domain} {mine}")
        for ci, table in found.items():
            for theirs, mine in {"lo": "lower", "hi": "upper"}.items():
                np.testing.assert_allclose(table[mine], expected[f"{ci}_{theirs}"], rtol=INTERVAL)


def test_every_mean_and_percentile(reference, survey):
    variables = {"b12pg": "b12_pg_ml", "b12": "b12_pmol_l", "mma": "mma_nmol_l", "hcy": "hcy_umol_l"}
    for row in pd.read_csv(reference / "survey_r_quantiles.csv").itertuples():
        people = survey[row.cycle].assign(domain=inside(survey[row.cycle], row.domain))
        people = people.assign(b12pg_roche=10 ** (0.97 * np.log10(people["b12_pg_ml"]) + 0.14))
        name = variables.get(row.variable, row.variable)
        geometric = survey_geometric_mean(people, name, domain="domain").iloc[0]
        mean = survey_mean(people, name, domain="domain").iloc[0]
        by_rule = {rule: survey_quantile(people, name, rule=rule, domain="domain") for rule in ("math", "hf7")}
        by_rule = {rule: table.set_index("probability") for rule, table in by_rule.items()}
        pairs = [
            (mean["n"], row.n),
            (geometric["estimate"], row.geomean), (geometric["se"], row.geomean_se),
            (geometric["lower"], row.gm_lo), (geometric["upper"], row.gm_hi),
            (mean["estimate"], row.mean), (mean["se"], row.mean_se),
            *((by_rule["math"]["estimate"][p], getattr(row, f"p{100 * p:.0f}")) for p in (0.05, 0.25, 0.5, 0.75, 0.95)),
            *((by_rule["math"]["lower"][p], getattr(row, f"p{100 * p:.0f}_lo")) for p in (0.05, 0.5, 0.95)),
            *((by_rule["math"]["upper"][p], getattr(row, f"p{100 * p:.0f}_hi")) for p in (0.05, 0.5, 0.95)),
            *((by_rule["hf7"]["estimate"][p], getattr(row, f"p{100 * p:.0f}_hf7")) for p in (0.05, 0.5, 0.95)),
        ]  # fmt: skip
        for ours, theirs in pairs:
            assert ours == pytest.approx(theirs, rel=CLOSED), (row.cycle, row.domain, row.variable)


def test_every_standardised_prevalence(reference, survey):
    adults = {"20-39": 77670, "40-59": 72816, "60+": 45364}
    for row in pd.read_csv(reference / "survey_r_age_standardised.csv").itertuples():
        people = survey[row.cycle]
        band = pd.cut(people["age"], [20, 40, 60, 200], right=False, labels=list(adults))
        domain = people["age"].ge(20) & (True if row.sex == "all" else people["sex"] == row.sex)
        people = people.assign(band=band, domain=domain)
        found = survey_standardize(people, row.indicator, over="band", population=adults, domain="domain").iloc[0]
        assert (found["n"], found["df"]) == (row.n, row.df)
        for ours, theirs in (("crude", "crude"), ("estimate", "adj_svystandardize"), ("se", "adj_se_svystandardize")):
            assert found[ours] == pytest.approx(getattr(row, theirs), rel=CLOSED)


def test_neuropathy_and_risk_groups(reference, survey):
    rows = pd.read_csv(reference / "survey_r_neuropathy_riskgroups.csv")
    old = survey["2003-2004"]
    both = old["insensate_left"].ge(0) & old["insensate_right"].ge(0)
    old = old.assign(two=old["insensate_sites"].ge(2).astype("boolean").where(both))
    new = survey["2011-2014"]
    flags = {"metf": "metformin", "ppi": "ppi", "h2": "h2ra", "supp": "b12_supplement", "dm": "diabetes"}
    new = new.assign(
        **{name: new[column] for name, column in flags.items()}, male=(new["sex"] == "men").astype("boolean")
    )
    new = new.assign(b12low=meets(new, "b12_148"), b12ins=meets(new, "b12_221"), mmahi=meets(new, "mma_271"))
    texts = {
        "PN>=1 insensate site": "neuropathy",
        "PN>=2 insensate sites": "two",
        "numbness DIQ100": "numbness",
        "tingling/pain DIQ120": "tingling",
    }
    checked = 0
    for row in rows.itertuples():
        if row.analysis == "riskgroup-glm":
            continue
        ages, _, group = row.domain.partition(" ")
        people = old if row.analysis == "neuropathy" else new
        domain = inside(people, ages)
        if group.startswith("RIDRETH1"):
            continue  # ethnicity has words here; the codes are compared in test_nhanes_reference.py
        if group:
            name, value = group.replace("diabetes ", "diabetes=").split("=")
            domain &= (people[name] == bool(int(value))).fillna(False)
        table = survey_prevalence(
            people.assign(domain=domain), texts.get(row.indicator, row.indicator), domain="domain"
        )
        found = table.iloc[0]
        assert (found["n"], found["cases"], found["df"]) == (row.n_unweighted, row.n_events, row.df), row
        assert [found["estimate"], found["se"]] == pytest.approx([row.estimate, row.se], rel=CLOSED)
        assert [found["lower"], found["upper"]] == pytest.approx([row.lo, row.hi], rel=INTERVAL)
        checked += 1
    assert checked > 60


@pytest.mark.parametrize("outcome", ["b12ins", "mmahi"])
def test_logistic_regressions(reference, survey, outcome):
    rows = pd.read_csv(reference / "survey_r_neuropathy_riskgroups.csv").query("analysis == 'riskgroup-glm'")
    rows = rows[rows["indicator"].str.startswith(outcome)]
    rows = rows.assign(term=rows["indicator"].str.split(" :: ").str[1].replace("(Intercept)", "Intercept")).set_index(
        "term"
    )
    new = survey["2011-2014"]
    people = new.assign(metf=new["metformin"], supp=new["b12_supplement"], male=(new["sex"] == "men").astype("boolean"))
    people = people.assign(b12ins=meets(new, "b12_221"), mmahi=meets(new, "mma_271"), age10=(new["age"] - 60) / 10)
    people = people.assign(domain=people["age"].ge(40) & people["b12_pmol_l"].notna())
    found = survey_logistic(people, f"{outcome} ~ metf + ppi + supp + age10 + male", domain="domain").set_index("term")
    assert set(found.index) == set(rows.index)
    for term, row in rows.iterrows():
        ours = found.loc[term]
        assert ours["n"] == row["n_unweighted"]
        assert ours["coefficient"] == pytest.approx(row["estimate"], rel=GLM)
        assert ours["se"] == pytest.approx(row["se"], rel=GLM_SE)
        limits = np.log([ours["lower"], ours["upper"]]).tolist()
        assert limits == pytest.approx([row["lo"], row["hi"]], rel=GLM_SE, abs=GLM_SE * row["se"])  # one is near 0


def test_cdcs_published_table(reference, survey):
    rows = pd.read_csv(reference / "cdc_published_vitb12_g_table1.csv")
    row = rows[rows["cycle"] == "2011-2012"].iloc[0]
    people = survey["2011-2012"].assign(domain=inside(survey["2011-2012"], "20+"))
    table = survey_quantile(people, "b12_pg_ml", rule="rounded", domain="domain").set_index("probability")["estimate"]
    printed = {p: row[f"p{100 * p:.0f}"] for p in (0.05, 0.25, 0.5, 0.75, 0.95)}
    assert {p: round(table[p], 1) for p in printed} == printed
    mean = survey_geometric_mean(people, "b12_pg_ml", domain="domain").iloc[0]
    assert (mean["n"], round(mean["estimate"], 1)) == (row["n"], row["geomean_pg_ml"])
    assert mean["se"] == pytest.approx(6.05, abs=0.005)  # printed 6.0
    low = survey_prevalence(people, "B12<=200 pg/mL", domain="domain").iloc[0]
    assert round(100 * low["estimate"], 2) == row["pct_le_200_pg_ml"]
