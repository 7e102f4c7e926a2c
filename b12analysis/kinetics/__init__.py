"""Vitamin B12 in the body: what diet, disease and treatment do to stores, serum and methylmalonic acid.

An open model, small enough to be read: absorption that saturates, bile that is taken up again through the same door,
active tissue and a liver store, carriers in serum that lag behind, and injections of which part is lost (``uptake``
and ``body`` hold the equations). Its parameters are rows of ``kinetics_model``, fitted to some rows of
``kinetics_targets`` and tried on others, as registered there beforehand; what it gets wrong stands beside what it gets
right. It describes groups of virtual people and predicts nobody's blood test.
"""

from b12analysis.kinetics.comparison import compare_regimens
from b12analysis.kinetics.parameters import virtual_people
from b12analysis.kinetics.person import ABSORPTIONS, check_person
from b12analysis.kinetics.regimens import regimens, schedule
from b12analysis.kinetics.simulation import simulate_regimen
from b12analysis.kinetics.times import time_to, times_summary

__all__ = [
    "ABSORPTIONS",
    "check_person",
    "compare_regimens",
    "regimens",
    "schedule",
    "simulate_regimen",
    "time_to",
    "times_summary",
    "virtual_people",
]
