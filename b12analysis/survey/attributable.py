"""Attributable fractions in a survey: how many cases fewer, if nobody were exposed and nothing else changed.

The model of :func:`survey_logistic` predicts everybody's risk as they are and with exposures taken away
(*g-computation*, or standardisation). The fraction is the share of the cases that the second prediction lacks. It is
that of the exposure only if the association is causal and the formula holds all that confounds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_level
from b12analysis.evidence import load
from b12analysis.shapley import MOST, average, sequential, subsets
from b12analysis.survey import design as d
from b12analysis.survey import regression as r
from b12analysis.survey.intervals import t_quantile
from b12analysis.survey.logistic import fit

__all__ = ["NULL", "survey_attributable_fraction"]

NULL = "the association may be null or protective"
_SHARE = ["estimate", "lower", "upper", "lowest", "highest", "without"]
_COLUMNS = ["exposure", "kind", "exposed", "estimate", "lower", "upper", "lowest", "highest", "observed", "without"]


def survey_attributable_fraction(
    people: pd.DataFrame,
    formula: str,
    exposures: str | Sequence[str],
    *,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
    to: Mapping[str, Any] | None = None,
    outcome: str | None = None,
) -> pd.DataFrame:
    """Share of all cases that would be absent without some exposures, by a logistic model, knowing the survey's design.

    AF = 1 - (mean predicted risk with the exposures taken away) / (mean predicted risk as people are)

    The interval is Student's t on log(1 - AF), with the whole estimator linearised, the model's coefficients included.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    formula : str
        As for :func:`survey_logistic`: the outcome, the exposures, and what else differs between exposed and others.
    exposures : str or list of str
        Columns of the formula that are taken away.
    weight, strata, psu, level, domain, singleton
        As in :func:`survey_prevalence`.
    to : dict, optional
        What an exposure is set to, by its name; 0 (no) by default, for exposures of yes and no.
    outcome : str, optional
        What the outcome is. Only "deficiency" has a share: of anything else, such as neuropathy, no formula holds all
        the causes. By default it is taken for one where its column is called as a definition in the table
        ``biomarkers``.

    Returns
    -------
    DataFrame with columns
        exposure                 name; of several together the names, joined by " + "
        kind                     "single": this one taken away, the others kept; "joint": all that have a single share;
                                 "average": its part of the joint, averaged over all orders of taking away (these sum
                                 to it)
        exposed                  share of the people in the domain whom taking away changes
        estimate, lower, upper   attributable fraction, share of all cases; missing where ``reason`` is given
        lowest, highest          of an average: what it takes away in the orders where that is least and most
        observed, without        prevalence as predicted for people as they are, and with the exposures taken away
        df                       PSUs less strata, among those with anybody in the domain
        n, cases                 people in the domain with a value of every variable, and those with the outcome
        reason                   why no share is stated: the outcome is no deficiency, or the 95 % interval (whatever
                                 the level) of the odds ratio or of the share itself leaves open that there is none;
                                 missing where one is. Such an exposure stays in the model and out of the joint.

    Raises
    ------
    InputError
        If an exposure is not in the formula; and as :func:`survey_logistic`.

    Source
    ------
    Greenland and Drescher, Biometrics 1993;49:865. Eide and Gefeller, J Clin Epidemiol 1995;48:645. Variance: Graubard
    and Fears, Biometrics 2005;61:847.

    Examples
    --------
    >>> people = pd.DataFrame({"vegan": [1] * 100 + [0] * 900, "low": [1] * 30 + [0] * 70 + [1] * 90 + [0] * 810})
    >>> bare = dict(weight=None, strata=None, psu=None)
    >>> table = survey_attributable_fraction(people, "low ~ vegan", "vegan", outcome="deficiency", **bare)
    >>> table[["kind", "estimate", "lower", "upper"]].round(3).values.tolist()  # 20 of 120 cases
    [['single', 0.167, 0.084, 0.242]]
    """
    check_level(level)
    names = [exposures] if isinstance(exposures, str) else list(exposures)
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    model = _at_level(_model(people, formula, design, d.domain_of(people, domain)), level)
    none = _no_deficiency(outcome, model.outcome)
    reference = dict.fromkeys(names, 0) | dict(to or {})
    _check_exposures(names, reference, model, told=to or {})
    worlds = {of: _world(model, {names[cause]: reference[names[cause]] for cause in of}) for of in subsets(len(names))}
    rows = []
    for cause, name in enumerate(names):
        row = {"exposure": name, "kind": "single"} | _row(model, worlds[()], worlds[(cause,)])
        rows.append(row | {"reason": none or _reason(model, worlds[()], worlds[(cause,)])})
    stated = [cause for cause in range(len(names)) if rows[cause]["reason"] is None]
    if len(names) > 1:
        rows += _together(model, names, stated, worlds)
    table = pd.DataFrame(rows).reindex(columns=[*_COLUMNS, "reason"]).astype({"reason": "string"})
    table[_SHARE] = table[_SHARE].astype(float).mask(table["reason"].notna(), np.nan)
    return table.assign(df=model.df, n=len(model.row), cases=model.cases)[[*_COLUMNS, "df", "n", "cases", "reason"]]


@dataclass(frozen=True)
class _Model:
    """A fitted model: its people (``known``, at ``row`` of the survey), and each one's part in the coefficients."""

    outcome: str
    known: pd.DataFrame
    row: np.ndarray
    spec: Any  # formulaic's: makes the terms of other people as it made those of these
    coefficient: np.ndarray
    influence: np.ndarray
    share: np.ndarray  # weight of each person, summing to 1
    design: d.Design
    df: int
    cases: int
    t: float = np.nan
    half: np.ndarray = field(default_factory=lambda: np.empty(0))  # of the coefficients' intervals

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Add up over the people of each PSU."""
        return np.bincount(self.design.psu[self.row], values, len(self.design.stratum))

    def half_width(self, totals: np.ndarray) -> np.ndarray:
        """Half the interval of sums over PSUs (one a row)."""
        design = self.design
        return self.t * np.sqrt(d.variance(totals, design.stratum, design.size, design.singleton))


@dataclass(frozen=True)
class _World:
    """People as they would be: their terms, mean predicted risk, and what each PSU adds to that mean's error."""

    terms: np.ndarray
    mean: float
    totals: np.ndarray


def _model(people: pd.DataFrame, formula: str, design: d.Design, inside: np.ndarray) -> _Model:
    fitted = fit(people, formula, design, inside)
    read = fitted.read
    weight = design.weight[read.row]
    return _Model(
        formula.partition("~")[0].strip(),
        read.known,
        read.row,
        read.spec,
        fitted.coefficient,
        fitted.influence,
        share=weight / weight.sum(),
        design=design,
        df=r.degrees_of_freedom(read, design),
        cases=int(read.outcome.sum()),
    )


def _at_level(model: _Model, level: float) -> _Model:
    """Give the model the widths of intervals of a level."""
    model = replace(model, t=float(t_quantile(model.df, level)))
    return replace(model, half=model.half_width(np.stack([model.sums(part) for part in model.influence.T])))


def _no_deficiency(outcome: str | None, column: str) -> str | None:
    """Why nothing has a share of this outcome: it is not said to be deficiency, nor called as a definition of it."""
    if not isinstance(outcome, str | None):
        raise InputError(f"outcome={outcome!r} is not a text, such as 'deficiency'")
    if outcome is None:
        known = load("biomarkers")
        if column in set(known.loc[known["definition_class"] != "adequate", "definition"]):
            return None
        said = "; outcome='deficiency' says that it is one"
        return f"no share is stated for {column}: the fractions are of deficiency{said}"
    return None if outcome == "deficiency" else f"no share is stated for {outcome}: the fractions are of deficiency"


def _check_exposures(names: list[str], reference: dict[str, Any], model: _Model, told: Mapping[str, Any]) -> None:
    if not 1 <= len(names) <= MOST or len(set(names)) < len(names):
        raise InputError(f"exposures={names!r}: needed are 1 to {MOST} different columns of the formula")
    for name in reference:
        argument = "exposures" if name in names else "to"
        terms = [column for column in model.known if column in model.spec.required_variables]
        check_choice(argument, name, names if argument == "to" else terms)
    for name, value in reference.items():
        seen = r.plain(model.known[name])
        if not pd.api.types.is_numeric_dtype(seen.dtype):
            check_choice(f"to of {name!r}", value, sorted(seen.unique()))
        elif not (isinstance(value, Real) and np.isfinite(value)):
            raise InputError(f"to of {name!r}: {value!r} is not a number")
        elif name not in told and not seen.isin([0, 1]).all():
            raise InputError(
                f"exposures: {name!r} is not yes or no; say in to what it is set to, such as to={{{name!r}: 0}}"
            )


def _world(model: _Model, reference: dict[str, Any]) -> _World:
    """Everybody with some columns set to their reference."""
    changed = model.known.apply(r.plain)
    for name, value in reference.items():
        kept = changed[name].dtype
        changed[name] = pd.Series(value, index=changed.index).astype(kept)
    terms = np.asarray(model.spec.get_model_matrix(changed, na_action="ignore"), dtype=float)
    risk = 1 / (1 + np.exp(-terms @ model.coefficient))
    mean = float(model.share @ risk)
    slope = (model.share * risk * (1 - risk)) @ terms  # of the mean, by coefficient
    return _World(terms, mean, model.sums(model.share * (risk - mean) + model.influence @ slope))


def _row(model: _Model, observed: _World, without: _World) -> dict[str, Any]:
    ratio = without.mean / observed.mean
    totals = -ratio * (without.totals / without.mean - observed.totals / observed.mean)
    exposed = float(model.share @ (observed.terms != without.terms).any(axis=1))
    said = {"exposed": exposed, "observed": observed.mean, "without": without.mean}
    return said | _interval(model, 1 - ratio, totals)


def _interval(model: _Model, fraction: float, totals: np.ndarray) -> dict[str, float]:
    """Fraction and limits, symmetric on log(1 - fraction); ``totals`` is what each PSU adds to its error."""
    rest = 1 - fraction
    half = model.half_width((totals / rest)[None, :])[0]
    with np.errstate(over="ignore"):
        return {"estimate": fraction, "lower": 1 - rest * np.exp(half), "upper": 1 - rest * np.exp(-half)}


def _reason(model: _Model, observed: _World, without: _World) -> str | None:
    """Why no share is stated: its interval reaches 0, or the odds ratio's reaches 1 where the exposure is one term."""
    model = _at_level(model, 0.95)  # a share that is in doubt is not stated for a narrower interval
    moved = observed.terms - without.terms
    terms = np.flatnonzero((moved != 0).any(axis=0))
    if not len(terms):
        return "nobody in the domain is exposed"
    lower = _row(model, observed, without)["lower"]
    if len(terms) == 1:
        (term,) = terms
        lower = min(lower, np.sign(moved[:, term].sum()) * model.coefficient[term] - model.half[term])
    return None if lower > 0 else NULL


def _together(
    model: _Model, names: list[str], stated: list[int], worlds: dict[tuple[int, ...], _World]
) -> list[dict[str, Any]]:
    """Rows of the joint fraction of the exposures that have one, and of their averages."""
    if not stated:
        return [{"exposure": " + ".join(names), "kind": "joint", "reason": "no exposure has a share to state"}]
    sets = [tuple(stated[place] for place in of) for of in subsets(len(stated))]
    observed = worlds[()]
    worth = np.array([1 - worlds[of].mean / observed.mean for of in sets])
    totals = np.array([
        -(worlds[of].totals - worlds[of].mean / observed.mean * observed.totals) / observed.mean for of in sets
    ])  # fmt: skip
    joint = {"exposure": " + ".join(names[cause] for cause in stated), "kind": "joint"}
    rows = [joint | _row(model, observed, worlds[sets[-1]])]
    for place, (share, error) in enumerate(zip(average(worth), average(totals), strict=True)):
        added = sequential(worth, place)[0]
        row = {"exposure": names[stated[place]], "kind": "average", "lowest": added.min(), "highest": added.max()}
        rows.append(row | {"observed": observed.mean} | _interval(model, float(share), error))
    return rows
