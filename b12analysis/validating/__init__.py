"""Everything the package can be held against: observed beside predicted, fitted or held out, passed or missed.

``validation`` puts it into one table. The models' own tables say what was fitted and what was held out;
``replications`` what papers print; ``validation_programs`` what other programs compute of the same data, which
``python -m b12analysis.validating REFERENCE SURVEY TESTS`` makes anew.
"""

from b12analysis.validating.collected import AREAS, ROLES, validation
from b12analysis.validating.reproduced import comparisons, compute_programs

__all__ = ["AREAS", "ROLES", "comparisons", "compute_programs", "validation"]
