"""Whom to test for B12 deficiency, and what it finds, when no test is the truth.

``plans`` says how people are tested and by what; ``people``, how many
there are; ``yields`` counts tests, cases found and cases missed, by each
reference definition.
"""

from b12analysis.testing.people import people_of
from b12analysis.testing.plans import REFERENCES, strategies
from b12analysis.testing.yields import testing_yield, yield_curve

__all__ = [
    "REFERENCES",
    "people_of",
    "strategies",
    "testing_yield",
    "yield_curve",
]
