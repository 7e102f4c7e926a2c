"""Linear regression in a survey: differences of means, and ratios of geometric means, with design-based intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.arguments import InputError, check_level
from b12analysis.survey import design as d
from b12analysis.survey import regression as r

__all__ = ["survey_linear"]


def survey_linear(
    people: pd.DataFrame,
    formula: str,
    *,
    weight: str | None = "weight",
    strata: str | None = "stratum",
    psu: str | None = "psu",
    level: float = 0.95,
    domain: str | None = None,
    singleton: str = "error",
    ratio: bool = False,
) -> pd.DataFrame:
    """Differences of means, or ratios of geometric means, with intervals that know the survey's design.

    The coefficients are those of weighted least squares; their variance is linearised. People with a missing value of
    any variable of the formula are outside the domain.

    Parameters
    ----------
    people : DataFrame
        One row per person, the whole survey.
    formula : str
        Outcome and terms, such as ``"b12_pmol_l ~ metformin + age"`` or ``"log(b12_pmol_l) ~ metformin + age"``; the
        language of ``formulaic``, much as R's.
    weight, strata, psu, level, domain, singleton
        As in :func:`survey_prevalence`.
    ratio : bool
        Give ratios of geometric means in place of differences; the outcome must be ``log(...)``, the natural logarithm.

    Returns
    -------
    DataFrame with columns
        term                     name of the term; ``Intercept`` has the mean where all others are 0
        estimate, lower, upper   difference of means, in the unit of the outcome, and its interval (t on ``df``); with
                                 ``ratio`` the ratio of geometric means
        coefficient              the difference, or the natural logarithm of the ratio
        se                       standard error of the coefficient
        df                       PSUs less strata, among those with anybody in the domain
        n                        people in the domain

    Raises
    ------
    InputError
        If the formula cannot be read, a value of its outcome is no number (0 has no logarithm), a term cannot be told
        from the others, or a ratio is asked of what is no logarithm; and as :func:`survey_prevalence`.

    Source
    ------
    Fuller, Sankhya C 1975;37:117. Equal to R's survey (svyglm, gaussian), but with the design's degrees of freedom.

    Examples
    --------
    >>> people = pd.DataFrame({"metformin": [0, 0, 1, 1], "b12_pmol_l": [200.0, 800.0, 100.0, 400.0]})
    >>> options = {"weight": None, "strata": None, "psu": None}
    >>> survey_linear(people, "b12_pmol_l ~ metformin", **options)["estimate"].round(6).tolist()
    [500.0, -250.0]
    >>> survey_linear(people, "log(b12_pmol_l) ~ metformin", ratio=True, **options)["estimate"].round(6).tolist()
    [400.0, 0.5]
    """
    check_level(level)
    if ratio and not formula.strip().startswith("log("):
        raise InputError(f"ratio=True needs the logarithm of an outcome, 'log(outcome) ~ ...'; formula={formula!r}")
    design = d.design_of(people, weight=weight, strata=strata, psu=psu, singleton=singleton)
    read = r.matrices(people, formula, d.domain_of(people, domain) & (design.weight > 0))
    bad = int((~np.isfinite(read.outcome)).sum())
    if bad:
        raise InputError(f"formula={formula!r}: the outcome is no number for {bad} people; leave them out by domain")
    x, w = read.terms.to_numpy(dtype=float), design.weight[read.row]
    basis, to_terms = r.orthogonal(x, read.terms.columns)
    inverse = np.linalg.inv((basis * w[:, None]).T @ basis)
    found = inverse @ (basis.T @ (w * read.outcome))
    # each person's part in the coefficients; those outside the domain have none
    influence = (basis * (w * (read.outcome - basis @ found))[:, None]) @ inverse @ to_terms.T
    table = r.estimates(read, to_terms @ found, influence, design, level)
    return r.ratios(table) if ratio else table
