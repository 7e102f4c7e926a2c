"""Risk groups: who is at risk, by how much, and what share of all deficiency goes with the group."""

from __future__ import annotations

from b12analysis.risk.effects import (
    RATIOS,
    SHOWN_RATIOS,
    comparators,
    exposures,
    exposures_with_effects,
    of_definition,
    pair_rows,
    ratios,
    with_baseline,
)
from b12analysis.risk.fractions import ADJUSTMENTS, attributable_fraction, risk_ratio
from b12analysis.risk.joint import joint_fraction
from b12analysis.risk.overview import group_by_definition, risk_groups
from b12analysis.risk.profile import KINDS, conflicts, gradients, risk_profile
from b12analysis.risk.trials import with_trials

__all__ = [
    "ADJUSTMENTS",
    "KINDS",
    "RATIOS",
    "SHOWN_RATIOS",
    "attributable_fraction",
    "comparators",
    "conflicts",
    "exposures",
    "exposures_with_effects",
    "gradients",
    "group_by_definition",
    "joint_fraction",
    "of_definition",
    "pair_rows",
    "ratios",
    "risk_groups",
    "risk_profile",
    "risk_ratio",
    "with_baseline",
    "with_trials",
]
