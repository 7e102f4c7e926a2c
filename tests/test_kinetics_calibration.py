"""The fit of the kinetics model: hand-worked on small models, recovered from made-up studies, and as it is stored."""

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis.kinetics.calibration import Fit, calibrate, covariance, identified, open_directions
from b12analysis.kinetics.observed import from_scale, observed, to_scale
from b12analysis.kinetics.posterior import drawn, fitted_rows, middle, stored, values_of, with_fit
from b12analysis.kinetics.targets import _bounds, _let_in, predicted
from b12analysis.kinetics.us import us_spread
from b12analysis.kinetics.validation import predictive, scored, validate

#: A small model: an amount a, and a factor b.
SMALL = pd.DataFrame(
    {
        "id": ["a", "b", "sd"],
        "parameter": ["a", "b", "study_sd_serum"],
        "basis": ["fitted", "fitted", "assumption"],
        "distribution": ["lognormal", "lognormal", "fixed"],
        "value": [10.0, 2.0, 0.2],
        "lower": [10 * np.exp(-1.96), 2 * np.exp(-0.98), np.nan],
        "upper": [10 * np.exp(1.96), 2 * np.exp(0.98), np.nan],
        "condition": pd.array([None, None, None], dtype="string"),
    }
).assign(prior_value=lambda t: t["value"], prior_lower=lambda t: t["lower"], prior_upper=lambda t: t["upper"])


def says(targets: pd.DataFrame, draws: pd.DataFrame, model: pd.DataFrame) -> np.ndarray:
    """What the small model says: a, or a times b."""
    return np.column_stack([draws["a"] * draws["b"] ** int(what == "ab") for what in targets["observable"]])


def studies(rows: list[tuple[str, str, float]], se: float = 0.1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Targets of the small model (role, what, observed), each of a study of its own."""
    targets = pd.DataFrame(rows, columns=["role", "observable", "observed"]).assign(
        id=lambda t: "K" + t.index.astype(str)
    )
    seen = targets[["observed"]].assign(kind="serum", scale="log", se=se, study_sd=0.2, n=20)
    return targets, seen.assign(study=targets["id"], arm=targets["id"])


def fit(rows, **options) -> Fit:
    targets, seen = studies(rows, **options)
    return calibrate(targets, SMALL, predict=says, seen=seen)


# Worked by hand


def test_two_rows_of_one_study_count_as_hand_worked():
    two = pd.DataFrame({"study": "a", "arm": ["a 1", "a 2"], "kind": "mma", "se": [0.3, 0.4], "study_sd": 0.5})
    v = covariance(two)
    np.testing.assert_allclose(v, [[0.34, 0.25], [0.25, 0.41]])
    whitened = np.linalg.solve(np.linalg.cholesky(v), [1.0, 0.0])
    assert whitened @ whitened == pytest.approx(0.41 / (0.34 * 0.41 - 0.25**2))  # the inverse of a 2 x 2 matrix


def test_rows_of_other_studies_or_kinds_share_nothing_and_those_of_one_arm_their_people():
    rows = pd.DataFrame(
        {"study": ["a", "a", "b", "a"], "arm": ["a 1", "a 1", "b 1", "a 1"], "se": 0.5, "study_sd": 1.0}
    )
    v = covariance(rows.assign(kind=["serum", "serum", "serum", "mma"]))
    np.testing.assert_allclose(v[0], [1.25, 1 + 0.85 * 0.25, 0, 0])


def test_what_one_row_leaves_open_is_hand_worked():
    found = fit([("fitted", "a", 20.0)], se=0.1)
    variance = 0.1**2 + 0.2**2  # of ln(observed); the prior of ln(a) has sd 1
    assert found.covariance[0, 0] == pytest.approx(variance / (1 + variance), rel=1e-6)
    assert found.point[0] == pytest.approx(np.log(2) / (1 + variance), rel=1e-5)
    assert found.point[1] == pytest.approx(0, abs=1e-6)
    assert found.covariance[1, 1] == pytest.approx(1)


def test_a_linear_model_is_as_its_approximation_so_every_draw_counts():
    found = fit([("fitted", "a", 20.0), ("fitted", "ab", 30.0)])
    assert found.effective_draws == pytest.approx(found.draws, rel=1e-6)


def test_scales_go_there_and_back():
    for scale in ("log", "logit", "change", "linear"):
        np.testing.assert_allclose(from_scale(to_scale([12.0, 80], scale), scale), [12, 80])


def test_who_was_let_in_by_a_high_level_falls_back_as_in_a_simulation():
    level, least, scatter = np.array([200.0, 260, 400]), 260.0, 0.23
    measured = level * np.exp(scatter * np.random.default_rng(1).standard_normal((400_000, 3)))
    chance, as_measured = _let_in(level, least, scatter)
    np.testing.assert_allclose(chance, (measured >= least).mean(axis=0), atol=0.003)  # 4 standard errors
    np.testing.assert_allclose(as_measured, (measured * (measured >= least)).mean(axis=0), rtol=0.01)


def test_a_rule_of_entry_is_read():
    rule = "serum_b12_pmol_l >= 100 and serum_b12_pmol_l <= 300 and mma_nmol_l >= 260"
    assert _bounds(rule) == {"serum_b12_pmol_l": (100, 300), "mma_nmol_l": (260, np.inf)}
    assert _bounds(pd.NA) == {}


# Made-up studies


def test_known_parameters_are_recovered():
    found = fit([("fitted", "a", 30.0), ("fitted", "ab", 90.0)] * 40, se=0.01)
    draws = values_of(found.point[None], SMALL).iloc[0]
    assert draws["a"] == pytest.approx(30, rel=0.02)  # of the prior's 10 nothing is left after 40 studies
    assert draws["b"] == pytest.approx(3, rel=0.02)


def test_rows_that_are_not_fitted_do_not_move_the_fit():
    rows = [("fitted", "a", 20.0), ("test", "ab", 30.0), ("consistency", "ab", 40.0)]
    other = [("fitted", "a", 20.0), ("test", "ab", 3000.0), ("consistency", "ab", 0.1)]
    np.testing.assert_array_equal(fit(rows).point, fit(other).point)
    assert fit(rows).residuals["id"].tolist() == ["K0"]


def test_a_row_outside_its_interval_is_a_miss_even_where_it_is_within_the_mark():
    table = pd.DataFrame({"observed": [100.0, 100], "predicted": 110.0, "lower": [105.0, 60], "upper": 200.0})
    judged = scored(table, pd.Series([0.25, 0.05]))
    assert judged["verdict"].tolist() == ["miss", "hit"]
    assert judged["within_mark"].tolist() == [True, False]


def test_where_no_mark_was_set_none_is_judged():
    table = pd.DataFrame({"observed": [100.0], "predicted": 110.0, "lower": 60.0, "upper": 200.0})
    assert scored(table, pd.Series([None]))["within_mark"].isna().all()


def test_the_interval_is_of_a_result_with_the_error_of_the_study_and_of_its_people():
    _, seen = studies([("test", "a", 10.0)], se=0.15)
    rng = np.random.default_rng(3)
    said = np.full((40_000, 1), 10.0)
    results = predictive(said, seen, SMALL, rng.standard_normal(said.shape), rng)
    assert np.log(results).std() == pytest.approx(np.hypot(0.15, 0.2), rel=0.02)  # 5 standard errors
    shares = predictive(np.full((40_000, 1), 30.0), seen.assign(scale="share"), SMALL, np.zeros(said.shape), rng)
    assert shares.mean() == pytest.approx(30, abs=0.25)
    assert shares.std() == pytest.approx(100 * np.sqrt(0.3 * 0.7 / 20), rel=0.02)


def test_draws_have_the_spread_and_the_ties_that_the_fit_left():
    found = fit([("fitted", "ab", 30.0)])
    model, correlations = with_fit(SMALL, found.point, found.covariance)
    draws = np.log(drawn(model, correlations, 20_000, np.random.default_rng(2))[["a", "b"]])
    sd = np.array([1.0, 0.5])
    np.testing.assert_allclose(draws.cov(), found.covariance * np.outer(sd, sd), atol=0.02)
    assert correlations.query("parameter == 'a' and other == 'b'")["correlation"].item() < -0.8
    table = identified(model, correlations).set_index("parameter")
    assert table["narrowed"].tolist() == pytest.approx(np.sqrt(np.diag(found.covariance)[[0, 1]]).tolist(), rel=1e-3)
    assert table["tied_to"].to_dict() == {"a": "b", "b": "a"}


def test_the_least_known_direction_is_the_one_that_a_row_says_nothing_of():
    found = fit([("fitted", "ab", 30.0)])  # of ln(a) + ln(b), in standard deviations 1 and 0.5
    (least,) = [
        group for _, group in open_directions(*with_fit(SMALL, found.point, found.covariance), 1).groupby("direction")
    ]
    weights = least.set_index("parameter")["weight"].abs()
    assert weights["b"] / weights["a"] == pytest.approx(2, rel=1e-3)
    assert least["narrowed"].iloc[0] == pytest.approx(1, rel=1e-3)


@pytest.mark.slow
def test_intervals_hold_the_results_of_made_up_studies_about_as_often_as_they_say():
    rng, held = np.random.default_rng(8), []
    for _ in range(300):
        truth = values_of(rng.standard_normal((1, 2)), SMALL)
        targets, seen = studies([("fitted", "a", 1.0), ("fitted", "ab", 1.0), ("test", "ab", 1.0)])
        said = says(targets, truth, SMALL)
        seen["observed"] = predictive(said, seen, SMALL, rng.standard_normal(said.shape), rng)[0]
        found = calibrate(targets, SMALL, predict=says, seen=seen)
        draws = drawn(*with_fit(SMALL, found.point, found.covariance), 400, rng)
        said = says(targets, draws, SMALL)
        low, high = np.quantile(
            predictive(said, seen, SMALL, rng.standard_normal(said.shape), rng)[:, 2], [0.025, 0.975]
        )
        held.append(low <= seen["observed"].iloc[2] <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)  # 3 standard errors of 300


@pytest.mark.slow
def test_the_model_itself_is_recovered_from_studies_that_it_made():
    targets, model, _ = stored()
    truth = values_of(np.full((1, len(fitted_rows(model))), 0.5), model)
    rows = targets[targets["role"] == "fitted"]
    seen = observed(rows, model).assign(observed=predicted(rows, truth, model)[0], se=0.01, study_sd=0.0)
    found = calibrate(rows, model, seen=seen)
    again = predicted(rows, values_of(found.point[None], model), model)[0]
    np.testing.assert_allclose(again, seen["observed"], rtol=0.03)
    away = np.abs(found.point - 0.5)
    assert (away < 3 * np.sqrt(np.diag(found.covariance)) + 0.05).all()


# As stored


@pytest.fixture(scope="module")
def validation() -> pd.DataFrame:
    return b12.load("kinetics_validation")


def test_every_target_is_scored_with_its_role_and_mark(validation):
    targets = b12.load("kinetics_targets")
    for stored_column, column in {"id": "id", "role": "role", "evidence": "row", "observable": "observable"}.items():
        assert validation[stored_column].tolist() == targets[column].tolist()
    assert validation["pass_mark"].equals(targets["pass_mark"])
    assert validation["what"].notna().all()


def test_stored_verdicts_follow_from_stored_numbers(validation):
    covered = validation["observed"].between(validation["lower"], validation["upper"])
    assert covered.tolist() == validation["covered"].tolist()
    assert (validation["verdict"] == "hit").tolist() == covered.tolist()
    marked = validation[validation["pass_mark"].notna()]
    within = marked["relative_error"].abs() <= marked["pass_mark"]
    assert within.tolist() == marked["within_mark"].tolist()
    assert validation.loc[validation["pass_mark"].isna(), "within_mark"].isna().all()


def test_misses_are_shown(validation):
    assert {"B33a", "X10a", "C1.5a"} <= set(validation.query("verdict == 'miss'")["evidence"])


def test_observed_numbers_are_those_of_the_evidence(validation):
    row = validation.set_index("evidence")["observed"]
    assert row["B1.3a"] == pytest.approx(741.7)
    assert row["C3.1c"] == 15  # 100 less the 85 that the urine lost
    assert row["N3b"] == pytest.approx(100 * 129 / 143, abs=0.001)
    assert row["C2.8a"].tolist() == pytest.approx([44.863, 38.236, 32.588], abs=0.001)


def test_fitted_parameters_stay_in_or_near_what_was_likely(validation):
    model = b12.load("kinetics_model")
    table = identified(model, b12.load("kinetics_correlations"))
    assert len(table) == 16
    assert table["moved"].abs().max() < 2
    assert (table["narrowed"] < 1).all()


def test_the_stored_middle_says_what_the_stored_table_says(validation):
    targets, model, _ = stored()
    quick = targets[targets["observable"].isin(["absorbed_percent", "retained_percent", "store_ug"])]
    again = predicted(quick, middle(model), model)[0]
    np.testing.assert_allclose(again, validation.loc[quick.index, "predicted"], atol=0.0006)  # stored to 3 places


def test_simulated_adults_without_tablets_spread_as_those_of_the_survey():
    _, model, _ = stored()
    survey = b12.load("nhanes_mma").query("cycles == '1999-2004' and quantity == 'ln_sd_between'")
    (spread,) = survey.query("variable == 'b12_pmol_l' and band == 'no supplement'")["estimate"]
    assert us_spread(middle(model), model)[0] == pytest.approx(spread, abs=0.02)  # the spread is set to 2 digits


@pytest.mark.slow
def test_a_rebuild_gives_what_is_stored(validation):
    targets, model, correlations = stored()
    found = calibrate(targets, model)
    again, tied = with_fit(model, found.point, found.covariance)
    columns = ["value", "lower", "upper"]
    numbers = (table[columns].astype(float) for table in (again, model))
    np.testing.assert_allclose(*numbers, rtol=2e-3)
    np.testing.assert_allclose(tied["correlation"], correlations["correlation"].astype(float), atol=5e-3)
    assert found.effective_draws > 80
    rebuilt = validate(targets, model, correlations)
    for column in ("predicted", "lower", "upper"):
        np.testing.assert_allclose(rebuilt[column], validation[column].astype(float), rtol=1e-3, atol=0.002)
    assert rebuilt["verdict"].tolist() == validation["verdict"].tolist()
