"""What the model says to each target: the same people, set up as in the study, read off as the study did.

Levels of a group are those of its virtual people (mean, median or geometric mean as the study has them); shares beyond
a cut-off are of *measured* levels, with the scatter of one sample. Where a study let people in by a measured MMA, those
count who are likely to have been let in, and they are measured anew later: who was let in by a high level falls back
without any effect. Entry by serum is not simulated: everybody in a group starts at the mean that the study prints, so
shares beyond a cut-off vary too little between people.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.kinetics import at_rest
from b12analysis.kinetics.groups import PEOPLE, Group, Varying, varying
from b12analysis.kinetics.observed import observed, parameter
from b12analysis.kinetics.person import check_person
from b12analysis.kinetics.regimens import schedule
from b12analysis.kinetics.uptake import absorbed_ug, retained_ug
from b12analysis.kinetics.us import us_predicted

__all__ = ["predicted"]

_LEVELS = {"serum_b12_pmol_l": "serum_b12_pmol_l", "mma_nmol_l": "mma_nmol_l"}
_AT_REST = {
    "loss_percent_day",
    "loss_ug_day",
    "bile_ug_day",
    "store_ug",
    "half_time_days",
    "requirement_ug_day",
    "serum_by_doubling_percent",
    "mma_by_doubling_percent",
}
#: Age and intake where a target needs none, as those about one dose.
_ANY_AGE, _ANY_INTAKE = 50.0, 2.0
#: How far ahead times to a cut-off are looked for, months.
_MONTHS = np.arange(0, 121, 1.5)
_DAYS_A_MONTH = 30.4375


def predicted(targets: pd.DataFrame, draws: pd.DataFrame, model: pd.DataFrame, *, shift=None, n: int = PEOPLE):
    """Predict each target under each draw.

    Parameters
    ----------
    targets : DataFrame
        As ``kinetics_targets``.
    draws : DataFrame
        A row per draw, a column per id of the model.
    model : DataFrame
        As ``kinetics_model``.
    shift : array of shape (draws, targets), optional
        How far a study's assay is off, on the logarithm; it matters where a cut-off is applied.
    n : int
        Virtual people in each group.

    Returns
    -------
    array of shape (draws, targets)
        In the unit of the observable.

    Examples
    --------
    >>> from b12analysis.evidence import load
    >>> model = load("kinetics_model")
    >>> middle = pd.DataFrame([model.set_index("id")["value"].astype(float)])
    >>> out = predicted(load("kinetics_targets").query("id == 'K115'"), middle, model)
    >>> bool(0.5 < out[0, 0] < 2)  # percent of 1 mg without intrinsic factor
    True
    """
    shift = np.zeros((len(draws), len(targets))) if shift is None else shift
    studies = Studies(targets, draws, model, n)
    out = np.empty((len(draws), len(targets)))
    statistics = observed(targets, model)["statistic"]
    for place, (target, statistic) in enumerate(zip(targets.itertuples(), statistics, strict=True)):
        out[:, place] = studies.read(target, statistic, shift[:, place])
    return out


def _given(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None or pd.isna(value) else value


class Studies:
    """The studies behind the targets, each simulated once."""

    def __init__(self, targets: pd.DataFrame, draws: pd.DataFrame, model: pd.DataFrame, n: int) -> None:
        self.targets, self.draws, self.model, self.n = targets, draws, model, n
        self.scatter = {name: parameter(model, f"within_sd_{name}") for name in ("serum", "mma")}
        self._courses: dict[tuple, tuple] = {}
        self._varying: dict[str, list[Varying]] = {}
        self._us = None

    def group(self, target, **changed) -> Group:
        """People of a target."""
        person = {
            "age": _given(target.age, _ANY_AGE),
            "absorption": target.absorption,
            "intake_ug": _given(target.intake_ug, _ANY_INTAKE),
            "start_serum_pmol_l": _given(target.start_serum_pmol_l, None),
        }
        person = check_person(person | changed)
        absorption = person["absorption"]
        if absorption not in self._varying:
            self._varying[absorption] = varying(self.model, absorption, self.n)
        return Group(person, self.draws, self._varying[absorption], self.n)

    def read(self, target, statistic: str, shift: np.ndarray) -> np.ndarray:
        """Predict one target: an array of a number per draw."""
        what = target.observable
        if what.startswith("us_"):
            self._us = self._us or us_predicted(self.draws, self.model)
            return self._us(target, shift)
        if what.startswith("absorbed"):
            return self._absorbed(target).mean(axis=1)
        if what == "retained_percent":
            group = self.group(target)
            kept = retained_ug(target.dose_ug, target.dose_form, {name: group[name] for name in group.people})
            return 100 * kept.mean(axis=1) / target.dose_ug
        if what in _AT_REST:
            return getattr(at_rest, what)(target, self.group)
        if what == "serum_ratio_forms":
            one, other = (self._one_dose(target, form) for form in (target.dose_form, target.contrast))
            return one.mean(axis=1) / other.mean(axis=1)
        if what == "months_to_below":
            return self._months(target, shift)
        if what.startswith("share"):
            return self._share(target, shift)
        return self._level(target, statistic)

    def _absorbed(self, target) -> np.ndarray:
        group = self.group(target)
        people = {name: group[name] for name in group.people}
        release = people["food_release"] if target.dose_form == "food" else 1.0
        gained = absorbed_ug(target.dose_ug, people, release=release)
        return 100 * gained / target.dose_ug if target.observable.endswith("percent") else gained

    def _one_dose(self, target, form: str) -> np.ndarray:
        day = float(target.day)
        return self.group(target).follow([(0.0, form, float(target.dose_ug))], [day])["serum_b12_pmol_l"][:, :, 0]

    def course(self, target, regimen: str, absorption: str, day: float) -> dict[str, np.ndarray]:
        """Levels on a day, and on day 0, of the people of a target; what is asked of a course is asked at once."""
        person = [target.age, target.intake_ug, target.start_serum_pmol_l]
        key = (*(_given(value, None) for value in person), regimen, absorption)
        if key not in self._courses:
            same = (self.targets["regimen"] == regimen) | (self.targets["contrast"] == regimen) | (regimen == "none")
            asked = {0.0, day, *self.targets.loc[same, "day"].dropna().astype(float)}
            days = sorted(asked) if regimen != "none" else sorted({0.0, day, *asked, *_MONTHS * _DAYS_A_MONTH})
            group = self.group(target, absorption=absorption)
            doses = schedule(regimen, max(days)).itertuples(index=False, name=None)
            found = group.follow(list(doses), days)
            self._courses[key] = days, {name: found[name] for name in _LEVELS}
        days, found = self._courses[key]
        places = [days.index(0.0), days.index(day)]
        return {name: values[:, :, places] for name, values in found.items()}

    def _level(self, target, statistic: str) -> np.ndarray:
        """Read a level, or how it changes, against the contrast where there is one."""
        what, day = target.observable, float(_given(target.day, 0.0))
        marker = "mma_nmol_l" if what.startswith("mma") else "serum_b12_pmol_l"
        treated = self.course(target, target.regimen, target.absorption, day)
        before, after = self._summaries(target, treated, marker, statistic)
        if _given(target.contrast, None) is None:
            beside = before
        else:
            against = target.contrast
            regimen, absorption = (target.regimen, against) if against != "none" else ("none", target.absorption)
            beside = self._summaries(target, self.course(target, regimen, absorption, day), marker, statistic)[1]
        if what == marker:
            return after
        if what.endswith("_ratio"):
            return after / beside
        return 100 * (after / beside - 1) if what.endswith("percent") else after - beside

    def _summaries(self, target, levels: dict[str, np.ndarray], marker: str, statistic: str) -> tuple:
        """Level of the group on day 0 and later, as measured where people were let in by it."""
        values = levels[marker]
        if statistic == "median":
            return tuple(np.median(values, axis=1).T)
        rule = _bounds(target.entry).get("mma_nmol_l")
        if rule is None:
            return tuple(values.mean(axis=1).T)
        let_in, as_measured = _let_in(levels["mma_nmol_l"][:, :, 0], rule[0], self.scatter["mma"])
        noise = np.exp(self.scatter["mma"] ** 2 / 2)
        total = let_in.sum(axis=1)
        later = (let_in * values[:, :, 1] * noise).sum(axis=1) / total
        return as_measured.sum(axis=1) / total, later

    def _share(self, target, shift: np.ndarray) -> np.ndarray:
        """Percent of people whose measured serum is beyond the cut-off."""
        from scipy.special import ndtr

        day = float(_given(target.day, 0.0))

        def below(absorption: str) -> np.ndarray:
            serum = self.course(target, target.regimen, absorption, day)["serum_b12_pmol_l"][:, :, 1]
            return 100 * ndtr((np.log(target.cutoff / serum) - shift[:, None]) / self.scatter["serum"]).mean(axis=1)

        share = below(target.absorption)
        if _given(target.contrast, None) is not None:
            return share - below(target.contrast)
        return share if target.observable == "share_below" else 100 - share

    def _months(self, target, shift: np.ndarray) -> np.ndarray:
        """Months until half of the people are below the cut-off."""
        self.course(target, target.regimen, target.absorption, 0.0)
        key = (*(_given(v, None) for v in (target.age, target.intake_ug, target.start_serum_pmol_l)), target.regimen)
        days, found = self._courses[(*key, target.absorption)]
        middle = np.log(np.median(found["serum_b12_pmol_l"], axis=1)) + shift[:, None]
        months, level = np.array(days) / _DAYS_A_MONTH, np.log(target.cutoff)
        return np.array([np.interp(-level, -np.minimum.accumulate(one), months) for one in middle])


def _bounds(entry: Any) -> dict[str, tuple[float, float]]:
    """Lower and upper bound of each marker in a rule of entry."""
    bounds: dict[str, tuple[float, float]] = {}
    for marker, sign, number in re.findall(r"(\w+) ([<>])=? ([\d.]+)", _given(entry, "")):
        low, high = bounds.get(marker, (0.0, np.inf))
        bounds[marker] = (float(number), high) if sign == ">" else (low, float(number))
    return bounds


def _let_in(level: np.ndarray, least: float, scatter: float) -> tuple[np.ndarray, np.ndarray]:
    """Chance that a measured level is at least this, and that chance times the level measured then."""
    from scipy.special import ndtr

    above = np.log(level / least) / scatter
    return ndtr(above), level * np.exp(scatter**2 / 2) * ndtr(above + scatter)
