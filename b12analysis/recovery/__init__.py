"""Nerves that lack vitamin B12, and what becomes of them after treatment.

Part of the damage is lost myelin, which comes back; part is lost axons, which do not in the cord and hardly in nerve.
A small open model follows both in five compartments (peripheral nerve, dorsal columns, corticospinal tract, cognition,
optic nerve), driven by how long :mod:`b12analysis.kinetics` says that vitamin B12 is lacking; symptoms are weighted
sums of compartments (table ``recovery_map``).

What delay does to axons nobody has measured. So there are four scenarios, which fit what has been published equally
well: it does nothing ("none"), harm in the first months only ("early"), at a constant rate ("steady"), or only after
months ("late"). In each, parameters are drawn from what a fit to dated series of patients leaves open (tables
``recovery_model``, ``recovery_targets``, ``recovery_posterior``); other series, kept out of the fit, are its tests
(``recovery_validation``). Results are shares of groups. Nothing here predicts the course of a person.
"""

from b12analysis.recovery.draws import SCENARIOS
from b12analysis.recovery.followup import fit_recovery, recovery_fitted
from b12analysis.recovery.outcomes import OUTCOMES, compare_recovery, cost_of_delay, cost_of_masking, recovery_outcomes
from b12analysis.recovery.patients import CAUSES, PROFILES, SEVERITIES, patient
from b12analysis.recovery.simulation import recovery_curve, simulate_recovery, symptoms_of
from b12analysis.recovery.times import recovery_spread, recovery_times

__all__ = [
    "CAUSES",
    "OUTCOMES",
    "PROFILES",
    "SCENARIOS",
    "SEVERITIES",
    "compare_recovery",
    "cost_of_delay",
    "cost_of_masking",
    "fit_recovery",
    "patient",
    "recovery_curve",
    "recovery_fitted",
    "recovery_outcomes",
    "recovery_spread",
    "recovery_times",
    "simulate_recovery",
    "symptoms_of",
]
