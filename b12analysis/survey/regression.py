"""What the regressions in a survey share: a formula read for a domain, and the design's variance of coefficients."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError
from b12analysis.survey import design as d
from b12analysis.survey.intervals import t_quantile

__all__ = ["Matrices", "degrees_of_freedom", "estimates", "matrices", "orthogonal", "plain", "ratios"]


class Matrices(NamedTuple):
    """Outcome, terms and variables of the people used, and the numbers of their rows."""

    outcome: np.ndarray
    terms: pd.DataFrame
    row: np.ndarray
    known: pd.DataFrame
    spec: Any  # formulaic's: makes the terms of other people as it made those of these


def matrices(people: pd.DataFrame, formula: str, inside: np.ndarray) -> Matrices:
    """Read a formula for the people in the domain who have a value of every variable of it."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    _check_outcome(formula)
    try:
        parsed = Formula(formula)
        names = sorted(str(name) for name in parsed.required_variables)
        said = str(parsed.lhs)
    except (FormulaicError, AttributeError, SyntaxError) as fault:
        raise InputError(f"formula={formula!r} cannot be read; write it as 'outcome ~ term + term' ({fault})") from None
    d.check_columns("people", people.columns, names)
    used = inside & people[names].notna().all(axis=1).to_numpy()
    if not used.any():
        raise InputError(f"nobody in the domain has a value of all of {', '.join(map(repr, names))}")
    known = people.loc[used, names]
    try:
        made = parsed.get_model_matrix(known.apply(plain), na_action="ignore")
    except (FormulaicError, NameError, TypeError, ValueError) as fault:
        raise InputError(f"formula={formula!r} cannot be computed: {fault}") from None
    terms = pd.DataFrame(made.rhs)
    for name, values in terms.items():
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise InputError(
                f"formula={formula!r}: term {name!r} is no number for {bad} people; leave them out by domain"
            )
    outcome = np.asarray(made.lhs, dtype=float)
    if outcome.shape[1] != 1:
        raise InputError(f"formula={formula!r}: the outcome {said!r} must be one column, of numbers or of yes and no")
    return Matrices(outcome[:, 0], terms, np.flatnonzero(used), known, made.rhs.model_spec)


def _check_outcome(formula: str) -> None:
    """Refuse a difference on the left: in the formula's language a minus takes a term away, it does not subtract."""
    left = formula.partition("~")[0]
    while "(" in left and left != (shorter := re.sub(r"\([^()]*\)", "", left)):
        left = shorter
    if re.search(r"[-+*/:]", re.sub(r"`[^`]*`", "", left)):
        raise InputError(f"formula={formula!r}: write an outcome that is computed inside I(), such as 'I(y - z) ~ x'")


def plain(values: pd.Series) -> pd.Series:
    """Yes and no as 1 and 0, so that a term is called as its column; of text the levels that somebody has, in order."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(float)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    return values.astype(str)


def orthogonal(x: np.ndarray, names: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Orthogonal combinations of the terms, so that their units do not matter, and the way back to coefficients."""
    size = np.abs(x).max(axis=0)
    basis, back = np.linalg.qr(x / np.where(size > 0, size, 1))
    if np.abs(np.diag(back)).min() < 1e-9 * np.abs(np.diag(back)).max():
        listed = ", ".join(map(repr, names))
        raise InputError(f"terms {listed}: one is a sum of others, so they cannot be told apart")
    root = np.sqrt(len(x))
    return basis * root, np.linalg.inv(back / root) / size[:, None]


def degrees_of_freedom(read: Matrices, design: d.Design) -> int:
    """PSUs less strata, among those with anybody in the domain."""
    present = np.bincount(design.psu[read.row], minlength=len(design.stratum))[None, :] > 0
    return int(present.sum() - d.strata_present(present, design.stratum)[0])


def estimates(
    read: Matrices, coefficient: np.ndarray, influence: np.ndarray, design: d.Design, level: float
) -> pd.DataFrame:
    """Coefficients with their interval: ``influence`` is each person's part in them, of those outside it is none."""
    psu = design.psu[read.row]
    totals = np.stack([np.bincount(psu, part, len(design.stratum)) for part in influence.T])
    se = np.sqrt(d.variance(totals, design.stratum, design.size, design.singleton))
    df = degrees_of_freedom(read, design)
    half = float(t_quantile(df, level)) * se
    limits = {"estimate": coefficient, "lower": coefficient - half, "upper": coefficient + half}
    table = pd.DataFrame({"term": list(read.terms.columns), **limits, "coefficient": coefficient, "se": se})
    return table.assign(df=df, n=len(read.outcome))


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return estimates and limits on a logarithmic scale as ratios."""
    with np.errstate(over="ignore"):
        return table.assign(**{name: np.exp(table[name]) for name in ("estimate", "lower", "upper")})
