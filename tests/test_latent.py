"""Two tests and no truth: against importance sampling in R, a published example, and truths that are known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis import evidence
from b12analysis.arguments import InputError
from b12analysis.testing import chains, latent, latent_priors, two_tests
from b12analysis.testing.agreement import COUNTS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "latent_class.json").read_text(encoding="utf-8"))
STRONGYLOIDES = pd.DataFrame({"both": [38], "first_only": [2], "second_only": [87], "neither": [35]})
EXPERTS = {name: tuple(shape) for name, shape in REFERENCE["strongyloides_none"]["priors"].items()}


def fitted(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("parameter")[["lower", "estimate", "upper"]]


@pytest.mark.parametrize("name", REFERENCE)
def test_chains_give_what_importance_sampling_gives(name):
    """Within four standard errors of a quantile: those of R's draws are a fifth of ours or less."""
    given = REFERENCE[name]
    counts = pd.DataFrame([given["counts"]], columns=COUNTS)
    table = b12.latent_class(counts, priors=given["priors"], dependence=given["dependence"], rng=1)
    assert (table["flag"] == "").all()
    for row in table.itertuples():
        lower, estimate, upper = given["quantiles"][row.parameter]
        sd = (upper - lower) / 3.9
        allowed = 4 * sd / np.sqrt(row.ess)
        assert row.estimate == pytest.approx(estimate, abs=1.4 * allowed)  # a median's error is 1.25 of a mean's
        assert [row.lower, row.upper] == pytest.approx([lower, upper], abs=3 * allowed)  # a 2.5 % limit's about 2.7


def test_the_published_example():
    """Joseph, Gyorkos and Coupal 1995, both tests: recalled, and secondary where only one test is used."""
    table = fitted(b12.latent_class(STRONGYLOIDES, priors=EXPERTS, dependence="none", rng=1))
    recalled = {
        "prevalence": [0.52, 0.76, 0.91],
        "sensitivity_1": [0.22, 0.31, 0.44],
        "specificity_1": [0.91, 0.96, 0.99],
        "sensitivity_2": [0.80, 0.89, 0.95],
        "specificity_2": [0.36, 0.67, 0.95],
    }
    for name, printed in recalled.items():  # printed to two digits, from 500 draws of a Gibbs sampler
        assert table.loc[name].tolist() == pytest.approx(printed, abs=0.035), name


def test_without_data_the_posterior_is_the_prior():
    nothing = STRONGYLOIDES * 0
    table = b12.latent_class(nothing, priors=EXPERTS, rng=1)
    assert table["estimate"].tolist() == pytest.approx(table["prior_estimate"].tolist(), abs=0.02)
    assert table["learned"].abs().max() < 0.15


def test_a_perfect_test_is_the_truth():
    """With the first test known to be right, prevalence is its share: 40 of 162 (beta(41, 123))."""
    from scipy.stats import beta

    sure = EXPERTS | {"sensitivity_1": (1e5, 1), "specificity_1": (1e5, 1)}
    row = b12.latent_class(STRONGYLOIDES, priors=sure, dependence="none", rng=1).iloc[0]
    assert [row["lower"], row["estimate"], row["upper"]] == pytest.approx(
        beta.ppf([0.025, 0.5, 0.975], 41, 123), abs=0.008
    )


def test_known_truths_are_found_where_two_populations_tell_them():
    """Two tests in two populations that differ are identified: Hui and Walter."""
    sensitivity, specificity = np.array([0.8, 0.7]), np.array([0.95, 0.9])
    rows = []
    for prevalence in (0.1, 0.6):
        of_cases = np.outer([sensitivity[0], 1 - sensitivity[0]], [sensitivity[1], 1 - sensitivity[1]]).ravel()
        of_others = np.outer([1 - specificity[0], specificity[0]], [1 - specificity[1], specificity[1]]).ravel()
        rows.append(20_000 * (prevalence * of_cases + (1 - prevalence) * of_others))
    tests = pd.DataFrame(rows, columns=COUNTS).assign(population=["rare", "common"])
    priors = {"prevalence": (1, 1)} | dict.fromkeys(["sensitivity_1", "sensitivity_2"], (3, 1))
    priors |= dict.fromkeys(["specificity_1", "specificity_2"], (3, 1))
    table = b12.latent_class(tests, priors=priors, dependence="none", rng=1)
    assert table["population"].fillna("").tolist() == ["rare", "common", "", "", "", ""]
    assert table["estimate"].tolist() == pytest.approx([0.1, 0.6, 0.8, 0.95, 0.7, 0.9], abs=0.01)
    assert (table["learned"] > 0.9).all()


def test_two_tests_have_the_effective_n_of_the_cells_that_they_use():
    """By the stored cells; another pair of cut-offs, and own cells without it, take the cautious effective n."""
    table = b12.nhanes.cells.cells("60+")
    work = table[table["egfr_60"]]
    both = (work["b12_to"] <= 148) & (work["mma_from"] >= 271)
    share = work.loc[both, "share"].sum() / work["share"].sum()
    tests = two_tests("60+", ("mma", 271), ("b12", 148)).iloc[0]
    assert tests[COUNTS].sum() == pytest.approx(table["effective_n_tests"].iloc[0])
    assert tests["both"] == pytest.approx(share * table["effective_n_tests"].iloc[0])
    cautious = work["share"].sum() * table["effective_n"].iloc[0]
    assert two_tests("60+", ("b12", 221), ("mma", 271)).iloc[0][COUNTS].sum() == pytest.approx(cautious)
    own = table.drop(columns="effective_n_tests")
    assert two_tests(own, ("b12", 148), ("mma", 271)).iloc[0][COUNTS].sum() == pytest.approx(cautious)


@pytest.mark.parametrize("shape", [(0.05, 2.0), (1.0, 1.0), (30.0, 0.5), (1e8, 1.0)])
def test_prior_draws_follow_the_beta_to_its_ends(shape):
    """Also where a share lies nearer to 0 or 1 than a number between them can: nothing is cut at an end."""
    from scipy.stats import beta, kstest

    drawn = latent._prior_draws(np.random.default_rng(1), *map(np.array, zip(shape, strict=True)), 4000)[:, 0]
    assert np.isfinite(drawn).all()
    assert len(np.unique(drawn)) == 4000
    # of share and rest the one that is near 0 keeps its digits
    side = 1 if shape[0] > shape[1] else -1
    assert kstest(np.exp(-np.logaddexp(0, side * drawn)), beta(*shape[::-side]).cdf).pvalue > 0.01


def test_priors_leave_room_for_the_studies_that_they_name():
    """Also for a specificity that the survey contradicts: a prior is not chosen by the data that it is used on."""
    from scipy.stats import beta

    printed = evidence.load("accuracy").set_index("id")["value"]
    priors = latent_priors()
    cited = priors[priors["evidence"].notna()]
    assert cited["evidence"].tolist() == ["C16b", "C15", "C16b"]
    for row in cited.itertuples():
        lower, upper = beta.ppf([0.025, 0.975], row.alpha, row.beta)
        assert lower < printed[row.evidence] / 100 < upper
    assert not priors["note"].str.contains("population of which").any()


def ranks(replications: int, draws: int, dependence: str) -> np.ndarray:
    """Where the truth lies among the draws, when the truth is drawn from the prior: simulation-based calibration."""
    rng = np.random.default_rng(5)
    priors = {"prevalence": (1, 2), "sensitivity_1": (6, 3), "specificity_1": (12, 2)}
    priors |= {"sensitivity_2": (8, 2), "specificity_2": (9, 2)}
    alpha, beta = latent._prior_of_all(latent._shapes(priors), 1, dependence)
    found = []
    for _ in range(replications):
        drawn = latent._prior_draws(rng, alpha, beta, 1)
        truth = 1 / (1 + np.exp(-drawn))
        cases, others = latent._patterns(truth[:, 1:], dependence)
        chance = truth[0, 0] * cases[0] + (1 - truth[0, 0]) * others[0]
        counts = rng.multinomial(120, chance / chance.sum())[None].astype(float)

        def density(at, counts=counts):
            return latent._densities(at, counts, alpha, beta, dependence)

        kept = chains.sample(density, latent._prior_draws(rng, alpha, beta, 80), rng, draws)
        found.append((kept.reshape(-1, len(alpha)) < drawn).mean(axis=0))
    return np.array(found)


def test_truths_from_the_prior_lie_anywhere_among_the_draws():
    """A small calibration: mean rank within four standard errors of a half."""
    found = ranks(12, 60, "positive")
    assert (abs(found.mean(axis=0) - 0.5) < 4 * np.sqrt(1 / 12 / len(found))).all()
    assert found.min() < 0.25
    assert found.max() > 0.75


@pytest.mark.slow
@pytest.mark.parametrize("dependence", latent.DEPENDENCE)
def test_truths_from_the_prior_lie_evenly_among_the_draws(dependence):
    from scipy.stats import kstest

    found = ranks(100, 200, dependence)
    assert min(kstest(found[:, place], "uniform").pvalue for place in range(found.shape[1])) > 0.001


def test_chains_that_disagree_give_no_estimate(monkeypatch):
    monkeypatch.setattr(latent, "MOST_R_HAT", 1.0)
    table = b12.latent_class(STRONGYLOIDES, priors=EXPERTS, draws=5, chains=2, rng=1)
    assert table[["estimate", "lower", "upper", "learned"]].isna().all(axis=None)
    assert table["flag"].str.startswith("the chains disagree (R-hat 1.").all()


def test_the_us_survey_beside_the_definitions():
    """Of people of 60 and over with working kidneys the answer is mostly that of the priors, and says so."""
    tests = two_tests("60+", ("b12", 148), ("mma", 271))
    wide = b12.latent_class(tests, priors=latent_priors("wide"), rng=1).set_index("parameter")
    assert (wide["flag"] == "").all()
    assert wide.loc["sensitivity_1", "learned"] < 0.5
    assert wide.loc["prevalence", "upper"] - wide.loc["prevalence", "lower"] > 0.1  # from about 1 to about 20 %
    clinical = b12.latent_class(tests, priors=latent_priors("clinical"), rng=1).set_index("parameter")
    assert clinical.loc["prevalence", "upper"] < wide.loc["prevalence", "upper"] / 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"priors": {"prevalence": (1, 1)}}, "priors lacks 'sensitivity_1', 'specificity_1', 'sensitivity_2', 'specif"),
        ({"priors": EXPERTS | {"sensitivity": (1, 1)}}, "priors parameter='sensitivity' is not known"),
        ({"priors": EXPERTS | {"prevalence": (0, 1)}}, "priors prevalence=0 is out of range"),
        ({"priors": EXPERTS | {"prevalence": 0.5}}, "priors prevalence=0.5 is not (alpha, beta)"),
        ({"priors": None}, "priors=None is neither a table nor a mapping; give one such as latent_priors('wide')"),
        ({"priors": [(1, 1)]}, "priors=[(1, 1)] is neither a table nor a mapping"),
        ({"priors": latent_priors()}, "priors has 'prevalence' twice"),
        ({"tests": STRONGYLOIDES.drop(columns="both")}, "tests lacks column 'both'"),
        ({"tests": -STRONGYLOIDES}, "tests both=-38 is out of range"),
        ({"tests": STRONGYLOIDES.head(0)}, "tests has no rows"),
        ({"dependence": "some"}, "dependence='some' is not known"),
        ({"draws": 0}, "draws=0 is out of range"),
        ({"level": 95}, "level=95 is out of range"),
    ],
)
def test_what_does_not_fit_is_refused(changed, words):
    with pytest.raises(InputError) as refused:
        b12.latent_class(**{"tests": STRONGYLOIDES, "priors": EXPERTS} | changed)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_priors_have_no_default():
    with pytest.raises(TypeError, match="priors"):
        b12.latent_class(STRONGYLOIDES)
    with pytest.raises(InputError, match="name='vague' is not known; choose one of 'wide', 'clinical'"):
        latent_priors("vague")
