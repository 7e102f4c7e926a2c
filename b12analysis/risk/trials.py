"""Ratios of risks from the arms of a trial, where both arms' percentages and numbers of people are printed.

Nothing confounds such a ratio, so Levin's formula may take it; the published ratios of our sources are adjusted, or do
not say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from b12analysis.estimates import Z95
from b12analysis.evidence import load

__all__ = ["with_trials"]

_RANDOMISED = "randomised to "  # how the column modifier names an arm


def with_trials(risk_factors: pd.DataFrame, surveys: pd.DataFrame) -> pd.DataFrame:
    """Add the ratios of trials to rows on risk groups: arm of the group over the arm compared, at the same time.

    RR = p1 / p0, with the standard error of its logarithm √((1 - p1) / (n1 p1) + (1 - p0) / (n0 p0)).

    Parameters
    ----------
    risk_factors : DataFrame
        Rows as in ``load("risk_factors")``.
    surveys : DataFrame
        Rows as in ``load("surveys")``, the arms compared among them; ``modifier`` says to what people were randomised.

    Returns
    -------
    DataFrame
        The rows given, and one for each arm of their groups by the same definitions: ``measure`` risk_ratio with its
        95 % interval, ``design`` and ``adjustment`` trial, the ``id, source, status`` of the group's arm, and the other
        arm as ``comparator``.

    Source
    ------
    Katz et al., Biometrics 1978;34:469 (recalled).

    Examples
    --------
    >>> metformin = load("risk_factors").query("group == 'metformin'")
    >>> arms = with_trials(metformin, load("surveys")).query("id == 'B66a'")  # 4.3 of 858 and 2.3 % of 857
    >>> arms[["value", "lower", "upper"]].astype(float).round(2).values.tolist()
    [[1.87, 1.09, 3.2]]
    """
    some = surveys["reported_percent"].astype(float).between(0, 100, inclusive="neither")
    arms = surveys[surveys["modifier"].str.startswith(_RANDOMISED).fillna(False) & surveys["n"].notna() & some]
    is_compared = arms["group"].map(load("groups").set_index("group")["role"]) == "comparator"
    keys = ["cohort", "definition", "step"]
    own = arms[~is_compared & arms["group"].isin(risk_factors["group"])]
    others = arms.loc[is_compared, [*keys, "id", "n", "reported_percent", "modifier"]]
    both = own.merge(others, on=keys, suffixes=("", "_compared"))
    share, share_compared = (both[f"reported_percent{of}"].astype(float) / 100 for of in ("", "_compared"))
    ratio = share / share_compared
    se = np.sqrt((1 - share) / (both["n"].astype(float) * share)
                 + (1 - share_compared) / (both["n_compared"].astype(float) * share_compared))  # fmt: skip
    to, to_compared = (both[f"modifier{of}"].str.removeprefix(_RANDOMISED) for of in ("", "_compared"))
    rows = both[["id", "cohort", "group", "country", "year_start", "year_end", "population", "definition", "n"]].assign(
        **both[["gradient_by", "step", "step_to", "step_is", "step_unit", "source", "locator", "status"]],
        **{"value": ratio, "lower": ratio * np.exp(-Z95 * se), "upper": ratio * np.exp(Z95 * se)},
        comparison=to + ", compared with " + to_compared,
        comparator=both["id_compared"],
        **{"interval": "ci95", "quantity": "effect", "measure": "risk_ratio", "design": "trial", "adjustment": "trial"},
        note="computed from the percentages printed for both arms",
    )
    rows = rows.reindex(columns=risk_factors.columns).astype(risk_factors.dtypes)
    return pd.concat([risk_factors, rows], ignore_index=True)
