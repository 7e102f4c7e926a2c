"""Risk groups: who is at risk, by how much, and what share of all deficiency goes with the group."""

from __future__ import annotations

from b12analysis.risk.effects import (
    RATIOS,
    SHOWN_RATIOS,
    comparators,
    exposures,
    exposures_with_effects,
    of_definition,
    outside,
    pair_rows,
    ratios,
    with_baseline,
)
from b12analysis.risk.fractions import ADJUSTMENTS, attributable_fraction, risk_ratio

__all__ = [
    "ADJUSTMENTS",
    "RATIOS",
    "SHOWN_RATIOS",
    "attributable_fraction",
    "comparators",
    "exposures",
    "exposures_with_effects",
    "of_definition",
    "outside",
    "pair_rows",
    "ratios",
    "risk_ratio",
    "with_baseline",
]
