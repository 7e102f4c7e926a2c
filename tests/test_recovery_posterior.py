"""The fit of the model of nerves: its sampler against closed answers, its likelihood against scipy, what is stored."""

import importlib
import inspect
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import beta, binom, kstest, multinomial

from b12analysis.evidence import load, table_names
from b12analysis.places import DATA
from b12analysis.recovery import SCENARIOS
from b12analysis.recovery.calibration import _SLIP, calibrate, log_likelihood, prior_of, stored
from b12analysis.recovery.draws import FITS, open_parameters, posterior, prior
from b12analysis.recovery.posterior import _further, _resample, sample
from b12analysis.recovery.series import shares
from b12analysis.recovery.validation import _chance, _seen, validate

MODEL = load("recovery_model")
TARGETS = load("recovery_targets")
DRAWS = 2000
#: Of 2,000 draws, moved ten times at each step, some 1,000 are independent: a mean has a standard error of 0.03
#: standard deviations, a variance one of 0.045 of itself. Four of them.
MEAN, VARIANCE = 0.13, 0.18
#: The logarithm of the evidence has a standard error of about 1 / sqrt(draws) at each of some three steps, in which
#: half of the draws count; four of them.
EVIDENCE = 0.15
needs_validation = pytest.mark.skipif(
    "recovery_validation" not in table_names(), reason="no calibration has written recovery_validation yet"
)


def sampled(log_likelihood, parameters=1, draws=DRAWS, seed=1):
    return sample(log_likelihood, parameters, draws, np.random.default_rng(seed))


# The sampler


def test_a_normal_posterior_has_its_mean_its_variance_and_its_evidence():
    # x, y standard normal; x seen as 2 with sd 0.5, x + y as 1 with sd 1
    seen, design, noise = np.array([2.0, 1.0]), np.array([[1.0, 0], [1, 1]]), np.diag([0.25, 1.0])

    def fits(points):
        away = seen - points @ design.T
        return -0.5 * (away**2 / np.diag(noise)).sum(axis=1) - 0.5 * np.log(np.diag(2 * np.pi * noise)[:]).sum()

    found = sampled(fits, 2)
    covariance = np.linalg.inv(np.eye(2) + design.T @ np.linalg.inv(noise) @ design)
    mean = covariance @ design.T @ np.linalg.inv(noise) @ seen
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose((found.points.mean(axis=0) - mean) / sd, 0, atol=MEAN)
    np.testing.assert_allclose(found.points.var(axis=0) / sd**2, 1, atol=VARIANCE)
    assert np.corrcoef(found.points.T)[0, 1] == pytest.approx(covariance[0, 1] / sd.prod(), abs=0.1)
    total = design @ design.T + noise  # of what is seen, before it is seen
    evidence = -0.5 * (seen @ np.linalg.inv(total) @ seen + np.log(np.linalg.det(2 * np.pi * total)))
    assert found.log_evidence == pytest.approx(evidence, abs=EVIDENCE)


@pytest.mark.parametrize(("cases", "n"), [(3, 10), (0, 20), (58, 60)])
def test_a_share_that_could_be_anything_leaves_a_beta_and_an_evidence_of_one_in_n_and_one(cases, n):
    found = sampled(lambda x: binom.logpmf(cases, n, ndtr(x[:, 0])))
    exact = beta(cases + 1, n - cases + 1)
    share = ndtr(found.points[:, 0])
    assert (share.mean() - exact.mean()) / exact.std() == pytest.approx(0, abs=MEAN)
    assert share.var() / exact.var() == pytest.approx(1, abs=2 * VARIANCE)  # twice: a beta at the edge has a long tail
    assert found.log_evidence == pytest.approx(-np.log(n + 1), abs=EVIDENCE)


def test_data_that_say_nothing_leave_the_prior_in_one_step():
    found = sampled(lambda x: np.full(len(x), -3.0))
    assert found.steps == 1
    assert found.distinct == DRAWS
    assert found.log_evidence == pytest.approx(-3)
    assert kstest(found.points[:, 0], "norm").pvalue > 0.001


@pytest.mark.parametrize("least", [0.0, 1.5])
def test_what_is_impossible_leaves_the_rest(least):
    # a truncated normal; above 1.5 there are 7 % of the prior, so less than half of the draws can count
    found = sampled(lambda x: np.where(x[:, 0] > least, 0.0, -np.inf))
    assert found.points.min() > least
    assert found.log_evidence == pytest.approx(np.log(ndtr(-least)), abs=EVIDENCE * 2)  # 130 of 2,000: se 0.08
    mean = np.exp(-(least**2) / 2) / np.sqrt(2 * np.pi) / ndtr(-least)
    assert found.points.mean() == pytest.approx(mean, abs=MEAN)


@pytest.mark.parametrize("nothing", [-np.inf, np.nan])
def test_a_likelihood_that_leaves_nothing_is_refused(nothing):
    with pytest.raises(ValueError, match="no draw of the prior makes the data possible"):
        sampled(lambda x: np.full(len(x), nothing), draws=10)


def test_a_likelihood_much_narrower_than_the_prior_is_found():
    found = sampled(lambda x: -0.5 * ((x[:, 0] - 3) / 0.01) ** 2, draws=500)
    assert found.points.mean() == pytest.approx(3, abs=0.005)
    assert found.points.std() == pytest.approx(0.01, rel=0.4)  # 500 draws, of which a quarter is independent: 6 %; six
    assert found.steps > 3


def test_the_same_generator_gives_the_same_draws():
    def fits(x):
        return -(x[:, 0] ** 2)

    one, same, other = (sampled(fits, draws=50, seed=seed).points for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_step_leaves_half_of_the_draws_counting_or_is_the_last():
    fit = np.random.default_rng(1).normal(0, 20, 1000)
    further = _further(fit, 1.0)
    weights = np.exp(further * (fit - fit.max()))
    assert 0 < further < 1
    assert weights.sum() ** 2 / (weights**2).sum() == pytest.approx(500, abs=0.01)
    assert _further(fit / 1000, 0.7) == 0.7


def test_draws_are_chosen_as_often_as_their_weight_says():
    chosen = np.bincount(_resample(np.array([0.5, 0.0, 0.3, 0.2]), np.random.default_rng(1)), minlength=4)
    assert chosen[1] == 0
    assert (np.abs(chosen - [2, 0, 1.2, 0.8]) < 1).all()


# The likelihood


def made_up(**columns) -> pd.DataFrame:
    """Targets of one series of people who inhaled the gas (no panel of bodies is needed), one for each outcome."""
    row = TARGETS[TARGETS["id"] == "T01"].iloc[0].to_dict() | {"cause": "nitrous_oxide", "age": np.nan, "month": 3.0}
    many = len(columns["what"])
    table = pd.DataFrame([row] * many).assign(series="made up", n=60, id=[f"T{i}" for i in range(1, many + 1)])
    return table.assign(**columns).astype(TARGETS.dtypes)


def of_the_prior(draws: int, series: list[str], model=MODEL, scenario="none", seed=1) -> pd.DataFrame:
    effects = [f"{kind} {name}" for name in series for kind in ("vulnerability", "pace")]
    names = [*open_parameters(model), *effects]
    points = pd.DataFrame(np.random.default_rng(seed).standard_normal((draws, len(names))), columns=names)
    return prior(model, points).join(points[effects]).assign(scenario=scenario)


def said(targets: pd.DataFrame, draws: pd.DataFrame, people=8) -> list[np.ndarray]:
    return [_SLIP + (1 - 2 * _SLIP) * shares(row, draws, MODEL, 7, people, same=True) for row in targets.itertuples()]


def test_exclusive_classes_count_as_one_multinomial():
    counts = [40, 15, 5]
    targets, draws = made_up(what=["complete", "half", "lasting"], cases=counts), of_the_prior(6, ["made up"])
    each = np.column_stack(said(targets, draws))
    np.testing.assert_allclose(each.sum(axis=1), 1 + _SLIP)  # the shares add up to 1, and each may slip
    exact = multinomial.logpmf(counts, 60, each / (1 + _SLIP))
    ours = log_likelihood(targets, draws, MODEL, 7, 8)
    assert np.ptp(ours) > 1
    np.testing.assert_allclose(ours - ours[0], exact - exact[0], atol=1e-9)


def test_two_groups_that_happen_to_add_up_are_not_taken_for_classes_of_one():
    targets = made_up(what=["at_least_half", "at_least_half"], cases=[4, 5], n=[9, 12])  # 4 and 5 make 9
    draws = of_the_prior(6, ["made up"])
    exact = sum(binom.logpmf(k, n, p) for k, n, p in zip([4, 5], [9, 12], said(targets, draws), strict=True))
    ours = log_likelihood(targets, draws, MODEL, 7, 8)
    np.testing.assert_allclose(ours - ours[0], exact - exact[0], atol=1e-9)


@pytest.mark.parametrize(("n", "more_than"), [(7, 3), (57, 28), (8, 4)])
def test_most_is_the_chance_of_more_than_half(n, more_than):
    targets, draws = made_up(what=["at_least_half"], cases=[pd.NA], n=[n]), of_the_prior(6, ["made up"])
    targets = targets.assign(lower=50.0, upper=100.0)
    (share,) = said(targets, draws)
    np.testing.assert_allclose(log_likelihood(targets, draws, MODEL, 7, 8), binom.logsf(more_than, n, share))


def test_no_count_is_impossible_however_wrong_the_model():
    draws = of_the_prior(6, ["made up"]).assign(axonal_share=1 - 1e-9, series_vulnerability_sd=0.0, regrowth_mm_day=0.0)
    targets = made_up(what=["complete"], cases=[300], n=[300])
    assert np.isfinite(log_likelihood(targets, draws, MODEL, 7, 8)).all()
    words = made_up(what=["complete"], cases=[pd.NA], n=[150]).assign(lower=50.0, upper=100.0)
    assert np.isfinite(log_likelihood(words, draws, MODEL, 7, 8)).all()  # in words too: 1 - cdf would be 0


def test_draws_alike_are_equally_likely():
    fitted = TARGETS[TARGETS["role"] == "fitted"]
    draws = of_the_prior(1, fitted["series"].unique().tolist())
    alike = log_likelihood(fitted, pd.concat([draws] * 3, ignore_index=True), MODEL, 7, 20)
    assert alike.tolist() == [alike[0]] * 3  # the same people under each, else copies would be judged by chance
    assert np.isfinite(alike[0])


# Small fits


def little(*open_: str) -> pd.DataFrame:
    """Return the model with these parameters alone not known."""
    kept = MODEL["parameter"].isin(open_) | MODEL["parameter"].str.startswith("deficit_")
    return MODEL.assign(distribution=MODEL["distribution"].where(kept, "fixed"))


HALF_TIME = "half_time_weeks_peripheral_nerve"


@pytest.fixture
def closed(monkeypatch):
    """Take for the model one whose share is known: who recovers in a quarter of a year at one half-time for all."""
    monkeypatch.setattr(
        "b12analysis.recovery.calibration.shares_of",
        lambda whats, _row, draws, *_, **__: [(1 - 2 ** (-13 / draws[HALF_TIME])).to_numpy()] * len(whats),
    )


def test_a_parameter_is_recovered_and_those_that_are_fixed_stay(closed):
    model = little(HALF_TIME)
    cases = round(2000 * (_SLIP + (1 - 2 * _SLIP) * (1 - 2 ** (-13 / 10))))
    draws, found = calibrate(made_up(what=["complete"], cases=[cases], n=[2000]), model, "none", draws=400)
    # share p = 0.59 of 2,000, se 0.011; dp / dln(h) = ln(2) 1.3 (1 - p) = 0.37: ln(h) has an sd of 0.03; of its mean
    # over some 200 independent draws 0.002
    moved = np.log(draws[HALF_TIME] / 10)
    assert moved.mean() == pytest.approx(0, abs=0.01)
    assert moved.std() == pytest.approx(0.03, rel=0.3)
    assert found.points.shape == (400, 3)
    assert found.points[:, 1:].std(axis=0) == pytest.approx(np.ones(2), abs=0.2)  # nothing was said of the series
    fixed = model.loc[model["distribution"].eq("fixed") & model["parameter"].isin(draws), ["parameter", "value"]]
    assert len(fixed) > 30
    for name, value in fixed.itertuples(index=False):
        assert draws[name].to_numpy() == pytest.approx(float(value))
    assert (draws["scenario"] == "none").all()


def test_what_is_stored_is_every_scenario_fitted_both_ways_without_what_is_fixed(closed, monkeypatch):
    monkeypatch.setattr("b12analysis.recovery.calibration.sample", partial(sample, moves=1))
    model = little(HALF_TIME)
    targets = pd.concat(
        [made_up(what=["complete"], cases=[30]), made_up(what=["half", "disabled"], cases=[9, 9], role="alternative")]
    )
    targets = targets.assign(id=["T1", "T2", "T3"])
    kept, fits = stored(targets, model, draws=10, people=2)
    assert kept.columns.tolist() == load("recovery_posterior").columns.tolist()
    seeds = {"verified": [7, 8], "with_healton": [7]}
    each = [[fit, name, seed] for fit in FITS for name in SCENARIOS for seed in seeds[fit]]
    assert fits[["fit", "scenario", "seed"]].to_numpy().tolist() == each
    assert fits.columns.tolist() == ["fit", "scenario", "seed", "log_evidence", "steps", "accepted", "distinct"]
    assert set(kept["parameter"]) == {HALF_TIME, "vulnerability made up", "pace made up"}
    sizes = kept.groupby(["fit", "scenario", "parameter"])["draw"].nunique()
    assert sizes.groupby("fit").unique().map(list).to_dict() == {"verified": [20], "with_healton": [10]}
    assert fits["log_evidence"].notna().all()
    assert kept["value"].map(lambda value: float(f"{value:.5g}") == value).all()


def test_what_the_calibration_writes_is_described_and_in_the_guide():
    module = importlib.import_module("b12analysis.recovery.calibration")
    columns, guide = load("columns"), (DATA / "README.md").read_text(encoding="utf-8")
    assert "python -m b12analysis.recovery.calibration" in module.__doc__
    assert "python -m b12analysis.recovery.calibration" in guide
    writes = inspect.getsource(module._store)
    for name in ("recovery_posterior", "recovery_fits", "recovery_validation"):
        assert name in module.__doc__
        assert name in guide
        assert name in writes
        assert columns["tables"].eq(name).any()


# What is seen against what the model expects


def target(**changes):
    """One row, as the validation reads it."""
    return next(made_up(what=["complete"]).assign(**changes).itertuples())


def test_a_chance_is_hand_worked():
    def of(row, said, **seen):
        nothing = {"observed": np.nan, "observed_lower": np.nan, "observed_upper": np.nan}
        return _chance(np.array(said), row, nothing | seen, MODEL)

    # one draw that says a half: of ten people 8 or more are (45 + 10 + 1) of 1,024, on either side
    assert of(target(cases=8, n=10), [0.5], observed=0.8) == pytest.approx(2 * 56 / 1024)
    assert of(target(cases=0, n=10), [0.5], observed=0.0) == pytest.approx(2 / 1024)
    assert of(target(cases=5, n=10), [0.5], observed=0.5) == 1
    # two draws, one of them sure of nobody: of two people both are in a quarter of one half
    assert of(target(cases=2, n=2), [0.0, 0.5], observed=1.0) == pytest.approx(2 * 0.25 / 2)
    # most: 6 or more of 10; at most a quarter: 2 or fewer
    most = {"observed_lower": 0.5, "observed_upper": 1.0}
    assert of(target(cases=pd.NA, n=10), [0.5], **most) == pytest.approx(386 / 1024)
    few = {"observed_lower": 0.0, "observed_upper": 0.25}
    assert of(target(cases=pd.NA, n=10), [0.5], **few) == pytest.approx(56 / 1024)
    change = {"what": "score_change"}
    results = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    least = float(MODEL.set_index("parameter").loc["trial_change", "value"])
    assert 0 < least < 0.1
    assert of(target(direction="better", **change), results) == pytest.approx(9 / 10)
    assert of(target(direction="none", **change), results) == pytest.approx(1 / 10)
    assert of(target(direction="worse", **change), results) == 0


def test_what_was_seen_has_its_limits():
    counted = _seen(target(cases=8, n=10))
    assert counted["observed"] == pytest.approx(0.8)
    assert counted["observed_lower"] == pytest.approx(0.490, abs=5e-4)  # Wilson's, by hand
    assert counted["observed_upper"] == pytest.approx(0.943, abs=5e-4)
    words = _seen(target(cases=pd.NA, lower=50.0, upper=100.0))
    assert np.isnan(words["observed"])
    assert (words["observed_lower"], words["observed_upper"]) == (0.5, 1.0)
    assert np.isnan(_seen(target(what="score_change", value=6.0, measure="score_points"))["observed"])
    assert _seen(target(what="score_change", value=16.2, measure="percent_change"))["observed"] == pytest.approx(0.162)


@pytest.mark.parametrize("n", [10, 100])
def test_a_model_that_is_right_is_within_about_as_often_as_it_says(n):
    rng, held = np.random.default_rng(4), []
    for _ in range(600):
        share = rng.beta(2, 3, 500)  # what calibration leaves open, the truth among it
        cases = rng.binomial(n, rng.beta(2, 3))
        seen = {"observed": cases / n, "observed_lower": np.nan, "observed_upper": np.nan}
        held.append(_chance(share, target(cases=cases, n=n), seen, MODEL) >= 0.05)
    # 600 studies: a standard error of 0.009; whole people make the interval wider than it need be
    assert 0.925 < np.mean(held) <= 1 if n == 10 else np.mean(held) == pytest.approx(0.95, abs=0.03)


# As stored


def test_stored_draws_weigh_the_same_and_are_complete():
    long = load("recovery_posterior")
    assert set(long["fit"]) == set(FITS)
    counts = long.groupby(["fit", "scenario"])["draw"].nunique().unstack()
    assert sorted(counts) == sorted(SCENARIOS)
    assert counts.eq(counts.iloc[:, 0], axis=0).all().all()
    assert not long.duplicated(["fit", "scenario", "draw", "parameter"]).any()
    for fit in FITS:
        draws = posterior(fit=fit)
        assert draws["scenario"].head(8).tolist() == list(SCENARIOS) * 2
        assert set(MODEL["parameter"][~MODEL["parameter"].str.startswith("deficit_")]) <= set(draws)
        assert draws.notna().all().all()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_first_draws_stand_for_all_as_a_simulation_of_few_people_takes_no_others(scenario):
    draws = posterior(scenario)[open_parameters(MODEL)]
    for first in (35, 100):
        away = (draws.head(first).mean() - draws.mean()) / draws.std() * np.sqrt(first)
        # as if drawn at random: of some 30 parameters none beyond 3.5 standard errors, and their squares 1 on average
        assert away.abs().max() < 3.5
        assert (away**2).mean() < 1.5


@needs_validation
def test_stored_draws_are_parameters_of_the_model_or_of_a_fitted_series():
    long = load("recovery_posterior")
    for fit, roles in {"verified": ["fitted"], "with_healton": ["fitted", "alternative"]}.items():
        series = TARGETS.loc[TARGETS["role"].isin(roles), "series"].unique()
        effects = {f"{kind} {name}" for name in series for kind in ("vulnerability", "pace")}
        assert set(long.loc[long["fit"] == fit, "parameter"]) == effects | set(open_parameters(MODEL))


def test_stored_draws_keep_the_limits_of_a_uniform_prior():
    draws, rows = posterior(), MODEL.set_index("parameter")
    uniform = rows.index[(rows["distribution"] == "uniform") & rows.index.isin(draws.columns)]
    assert len(uniform) > 5
    for name in uniform:
        assert draws[name].between(rows.loc[name, "lower"] - 1e-6, rows.loc[name, "upper"] + 1e-6).all(), name


@needs_validation
def test_stored_validation_has_every_target_and_follows_from_its_numbers():
    table = load("recovery_validation")
    assert table["target"].tolist() == [name for name in TARGETS["id"] for _ in range(5)]
    assert set(table["scenario"]) == {"all", *SCENARIOS}
    assert (table["within"] == (table["chance"] >= 0.05)).all()
    assert (table["predicted_lower"] <= table["predicted"]).all()
    assert (table["predicted"] <= table["predicted_upper"]).all()
    for column in ("series", "what", "role", "cases", "n", "status"):
        stored_ = table.query("scenario == 'all'")[column].astype("string").fillna("")
        assert stored_.tolist() == TARGETS[column].astype("string").fillna("").tolist(), column


# Slow


@pytest.mark.slow
@needs_validation
def test_a_rebuild_of_the_validation_gives_what_is_stored():
    stored_, rebuilt = load("recovery_validation"), validate(TARGETS, MODEL, posterior(), prior_of(MODEL))
    keys = ["target", "scenario"]
    assert rebuilt[keys].equals(stored_[keys].astype(rebuilt[keys].dtypes))
    # the same seed, on another computer: a person on the edge of an outcome moves a share of 60 people by one
    for column in ("predicted", "predicted_lower", "predicted_upper", "prior", "chance"):
        np.testing.assert_allclose(rebuilt[column], stored_[column].astype(float), atol=0.03)
    assert (rebuilt["within"].to_numpy() != stored_["within"].to_numpy(dtype=bool)).sum() <= 2


@pytest.mark.slow
def test_a_fit_with_few_draws_is_near_the_stored_one():
    fitted = TARGETS[TARGETS["role"] == "fitted"]
    draws, found = calibrate(fitted, MODEL, "steady", draws=150, seed=11, people=20)
    kept = posterior("steady")
    for name in ("axon_loss_per_month", HALF_TIME, "noticed_deficit"):
        here, there = np.log(draws[name]), np.log(kept[name])
        # from one another by less than a standard deviation, as few draws have few ancestors; less than twice as wide
        assert abs(here.mean() - there.mean()) < there.std() + here.std(), name
        assert 1 / 3 < here.std() / there.std() < 3, name
    assert found.distinct >= 3


@pytest.mark.slow
def test_a_half_time_is_recovered_from_what_the_model_itself_made_of_it():
    model = little(HALF_TIME)
    model.loc[model["parameter"].str.contains("series_.*_sd"), "value"] = 1e-6
    truth = of_the_prior(1, ["made up"], model).assign(**{HALF_TIME: 7.0})
    targets = made_up(what=["complete", "at_least_half"], cases=[0, 0], n=[6000, 6000])
    counts = [round(6000 * share[0]) for share in said(targets, truth, 40)]
    assert 1000 < counts[1] < 5000
    draws, _ = calibrate(targets.assign(cases=counts), model, "none", draws=40, people=40)
    # 40 people a draw are all that the share is made of: it moves in steps of 1/40, which a tenth of a half-time makes
    assert abs(np.log(draws[HALF_TIME] / 7).median()) < 0.15


@pytest.mark.slow
def test_truths_drawn_from_the_prior_rank_evenly_among_the_draws_that_their_data_leave():
    # 24 ranks of each of three parameters: a rank that is not even by more than chance (1 in 1,000) is a fault
    names = [HALF_TIME, "axonal_share", "noticed_deficit"]
    model, ranks = little(*names), []
    targets = made_up(what=["complete", "half", "lasting", "complete"], cases=[0, 0, 0, 0], month=[3.0, 3, 3, 12])
    for seed in range(24):
        rng, truth = np.random.default_rng(seed), of_the_prior(1, ["made up"], model, seed=seed)
        expected = np.array([share[0] for share in said(targets, truth)])
        cases = [*rng.multinomial(60, expected[:3] / expected[:3].sum()), rng.binomial(60, expected[3])]
        draws, _ = calibrate(targets.assign(cases=pd.array(cases, dtype="Int64")), model, "none", draws=60, people=8)
        ranks.append([(draws[name] < truth[name].item()).mean() for name in names])
    for name, rank in zip(names, np.transpose(ranks), strict=True):
        assert kstest(rank, "uniform").pvalue > 0.001, name
        # of 24 even ranks: a mean of 0.5 (standard error 0.059), a standard deviation of 0.289 (0.026); four of them
        assert rank.mean() == pytest.approx(0.5, abs=0.24), name
        assert rank.std() == pytest.approx(0.289, abs=0.11), name
