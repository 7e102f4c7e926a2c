"""Whom to test for B12 deficiency, and what it finds, when no test is the truth.

``plans`` says how people are tested and by what; ``people``, who they are and how many; ``yields`` counts tests, cases
found and cases missed, by each reference definition, with ``costs``; ``agreement`` counts how two tests agree, and
``latent`` estimates from it a condition that neither test defines, with the Markov chains of ``chains``.
"""

from b12analysis.testing.agreement import two_tests
from b12analysis.testing.latent import latent_class, latent_priors
from b12analysis.testing.people import people_of
from b12analysis.testing.plans import REFERENCES, strategies
from b12analysis.testing.yields import testing_yield, yield_curve

__all__ = [
    "REFERENCES",
    "latent_class",
    "latent_priors",
    "people_of",
    "strategies",
    "testing_yield",
    "two_tests",
    "yield_curve",
]
