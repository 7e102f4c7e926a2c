"""Your own follow-up: how much comes back in the end, and how fast, from scores of patients seen again and again.

The share of a patient's deficit that has come back t months after the first dose is taken to be

    C * (1 - 2 ** (-t / h))

*ceiling* C: the share that comes back in the end. *half_time* h: months until half of that has. Patients differ: logit
C, ln h and the deficit at month 0 are normal between them and independent of each other. Every score, that of month 0
too, has an error of one SD. A score at a bound of the scale says only that the deficit is no more than the scale sees,
or no smaller: whoever is first seen without a deficit at 6 months recovered at some time between the visit before and
that one. The likelihood integrates over what is not known of each patient. Groups are fitted each for itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_columns, check_level
from b12analysis.recovery.marginal import PARAMETERS, personal
from b12analysis.recovery.profiles import limit, maximise
from b12analysis.recovery.visits import ROUNDING, checked, limits_of

__all__ = ["fit_recovery", "recovery_fitted"]

#: Fewest patients of a group that must have been seen at two or more months after month 0.
FEWEST = 10
#: The parameters as the table names them.
NAMES = ["half_time_months" if name == "half_time" else name for name in PARAMETERS]


def fit_recovery(
    followup: pd.DataFrame, *, best: float = 0, worst: float, step: float = 0, level: float = 0.95
) -> pd.DataFrame:
    """Estimate how much of the deficit comes back in the end, and in which time, from patients' scores.

    Parameters
    ----------
    followup : DataFrame
        One row per visit: ``patient, month, score``, optionally ``group``. Month 0 is the first dose: every patient
        needs a score of it, worse than ``best``. Later visits may be at any months, others for each patient. At least
        10 patients of each group need two of them or more. Leave out visits without a score.
    best, worst : float
        The scale's bounds: the score of who has no deficit, and the worst there is. Either may be the smaller number.
    step : float
        Distance between neighbouring scores: 1 where whole points are given, which the fit then takes as rounded; 0
        for a score of any value.
    level : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        ``group, parameter, estimate, lower, upper, n_patients, n_visits``; of each group (named "all" where there are
        none) the parameters

        - "ceiling": share of the deficit that comes back in the end, of the patient in the middle (the median of C);
        - "half_time_months": months until half of that has, of the patient in the middle (the median of h);
        - "deficit": mean deficit at month 0, in points of the score;
        - "ceiling_sd", "half_time_sd", "deficit_sd": SD between patients of logit C, of ln h, of the deficit in points;
        - "error": SD of the error of a score, in points.

        Estimates are of maximum likelihood. Limits are by profile likelihood, a little wider than the usual 3.84 / 2
        where patients are few. A limit that the data do not give is the end of what can be: 0 for an SD, 0 or 1 for
        the ceiling.

    Raises
    ------
    InputError
        If the table cannot be read so, or if it cannot tell: too few patients, nobody better or everybody well at the
        first later visit, or a half-time that has no lower or no upper limit, because the first visits came too late
        or the follow-up ends too early.

    See Also
    --------
    recovery_fitted : what the fit expects at each visit, to see whether it holds.

    Notes
    -----
    The form is an assumption: recovery that starts late, or goes on slowly for ever, is not of it, and a ceiling that
    is read from a short follow-up is what the form says of later months. That ceiling and half-time are
    independent of each other and of the deficit is another. Whoever is lost because they are well, or because they are
    not, is taken to be like those who stay.

    Where most patients end at the best score and differ widely, scores say little of how near to 1 the ceiling is, and
    the sum that stands for the integral is off by a few tenths of the log likelihood at the upper limit.

    Examples
    --------
    Sixteen patients who lost five to seven points of ten, and keep two fifths of that, more or less:

    >>> import b12analysis as b12
    >>> rng = np.random.default_rng(1)
    >>> followup = pd.DataFrame(
    ...     [
    ...         (patient, month, (5 + patient % 3) * (1 - share * (1 - 2 ** (-month / 2))) + rng.normal(0, 0.4))
    ...         for patient, share in enumerate([0.4, 0.5, 0.5, 0.6, 0.6, 0.6, 0.7, 0.8] * 2)
    ...         for month in (0, 1, 3, 6, 12)
    ...     ],
    ...     columns=["patient", "month", "score"],
    ... )
    >>> fit = b12.fit_recovery(followup, best=0, worst=10)
    >>> fit.head(2).round(1)[["parameter", "estimate", "lower", "upper", "n_patients"]]
              parameter  estimate  lower  upper  n_patients
    0           ceiling       0.6    0.5    0.7          16
    1  half_time_months       1.8    1.4    2.3          16
    """
    check_level(level)
    visits = checked(followup, best, worst, step)
    scale = abs(worst - best)
    rows = []
    for group, seen in visits.groupby("group", observed=True):
        argument = "followup" if "group" not in followup else f"followup, group {group!r}"
        _refuse_what_cannot_tell(argument, seen)
        data = limits_of(seen, step / scale)
        top = maximise(data)
        limits = [[limit(data, top, k, side, level) for side in (-1, 1)] for k in (0, 1)]
        _refuse_what_did_not_tell(argument, seen, *limits)
        limits += [[limit(data, top, k, side, level) for side in (-1, 1)] for k in range(2, len(NAMES))]
        table = pd.DataFrame(
            _reported(np.column_stack([top.values, limits]), scale), columns=["estimate", "lower", "upper"]
        )
        table.insert(0, "parameter", NAMES)
        table.insert(0, "group", group)
        rows.append(table.assign(n_patients=seen["patient"].nunique(), n_visits=len(seen)))
    return pd.concat(rows, ignore_index=True)


def recovery_fitted(
    followup: pd.DataFrame, fit: pd.DataFrame, *, best: float = 0, worst: float, step: float = 0
) -> pd.DataFrame:
    """Say what a fit expects at each visit of each patient, beside what was seen.

    Parameters
    ----------
    followup, best, worst, step
        As they were given to :func:`fit_recovery`.
    fit : DataFrame
        What it returned.

    Returns
    -------
    DataFrame
        ``followup`` with ``expected``, the score expected at that visit given all scores of the patient, and
        ``residual``, score minus expected in SDs of the error. Errors of the form show as residuals of one sign at
        some months. At a bound of the scale the residual is that of the score as it was cut.

    Examples
    --------
    >>> followup = pd.DataFrame({"patient": [1, 1, 1], "month": [0, 2, 9], "score": [8, 4, 0.5]})
    >>> fit = pd.DataFrame({"group": "all", "parameter": NAMES, "estimate": [0.9, 2, 7, 1, 0.5, 2, 0.5]})
    >>> recovery_fitted(followup, fit, worst=10).round(1)
       patient  month  score  expected  residual
    0        1      0    8.0       7.9       0.2
    1        1      2    4.0       3.9       0.1
    2        1      9    0.5       0.8      -0.6
    """
    check_columns("fit", fit.columns, ["group", "parameter", "estimate"])
    visits = checked(followup, best, worst, step)
    scale = abs(worst - best)
    given = {group: rows.set_index("parameter")["estimate"] for group, rows in fit.groupby("group", observed=True)}
    expected = pd.Series(index=followup.index, dtype=float)
    residual = expected.copy()
    for group, seen in visits.groupby("group", observed=True):
        if group not in given or not set(NAMES) <= set(given[group].index):
            raise InputError(f"fit lacks the parameters of group {group!r}; give the table that fit_recovery returned")
        estimates = given[group][NAMES].to_numpy(float)
        course = personal(_estimated(estimates, scale), limits_of(seen, step / scale)).clip(0, 1)
        scores = best + (worst - best) * course
        expected.iloc[seen["row"]] = scores
        residual.iloc[seen["row"]] = (best + (worst - best) * seen["deficit"].to_numpy() - scores) / estimates[-1]
    return followup.assign(expected=expected, residual=residual)


def _refuse_what_cannot_tell(argument: str, seen: pd.DataFrame) -> None:
    """Refuse data from which nothing could be estimated whatever the method."""
    later = seen[seen["month"] > 0]
    twice = (later.groupby("patient").size() >= 2).sum()
    if twice < FEWEST:
        raise InputError(
            f"{argument} has {twice} patients with two or more visits after month 0; it takes at least {FEWEST}"
        )
    first = seen.groupby("patient")["deficit"].first()
    if not (later.groupby("patient")["deficit"].min() < first.loc[later["patient"].unique()]).any():
        raise InputError(f"{argument}: no patient's score is ever better than at month 0; there is no recovery to fit")
    if (later.groupby("patient")["deficit"].first() <= ROUNDING).all():
        raise InputError(
            f"{argument}: every patient was well at the first visit after month 0, at month {later['month'].min():g} or"
            " later; the half-time cannot be told; it takes earlier visits"
        )


def _refuse_what_did_not_tell(argument: str, seen: pd.DataFrame, ceiling: list[float], half_time: list[float]) -> None:
    """Refuse a fit of which ceiling or half-time may be anything, from the limits of logit ceiling and ln half-time."""
    later = seen.loc[seen["month"] > 0, "month"]
    if np.isinf(ceiling[0]):
        raise InputError(f"{argument}: what comes back cannot be told from nothing; it takes more patients or visits")
    if np.isinf(half_time[1]) or (np.isinf(ceiling[1]) and half_time[1] > np.log(later.max())):
        raise InputError(
            f"{argument}: recovery may not have levelled off by the last visit, month {later.max():g}: that all comes"
            " back, with a half-time beyond it, fits too; ceiling and half-time cannot be told apart; it takes later"
            " visits or more patients"
        )
    if np.isinf(half_time[0]):
        raise InputError(
            f"{argument}: what comes back may all have come by the first visit after month 0, at month {later.min():g};"
            " the half-time has no lower limit; it takes earlier visits or more patients"
        )


def _reported(values: np.ndarray, scale: float) -> np.ndarray:
    """Parameters and limits as the table gives them, in points of the score; rows are ``NAMES``."""
    with np.errstate(over="ignore"):
        shown_as = np.exp(values)
    shown_as[0] = 1 / (1 + np.exp(-values[0]))
    shown_as[2] = np.clip(values[2], 0, None)
    shown_as[[2, 5, 6]] *= scale
    return shown_as


def _estimated(estimates: np.ndarray, scale: float) -> np.ndarray:
    """Return the parameters on the scale where they are estimated."""
    points = np.array([1, 1, scale, 1, 1, scale, scale])
    values = np.log(estimates / points)
    values[0] = np.log(estimates[0] / (1 - estimates[0]))
    values[2] = estimates[2] / scale
    return values
