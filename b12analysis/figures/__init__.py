"""Figures: each function draws a finished table and returns a ``plotly.graph_objects.Figure``.

They compute nothing but positions, show nothing and write nothing; the caller goes on with ``.update_layout``. Labels
stand above what they name, at the left edge, so that a phone shows the same picture as a desk; uncertainty is always
drawn; a mark is never told apart by its colour alone.
"""

from b12analysis.figures.courses import courses
from b12analysis.figures.curves import bands
from b12analysis.figures.delays import delay
from b12analysis.figures.estimates import forest, grouped
from b12analysis.figures.fans import recovery_fans
from b12analysis.figures.grids import heat_map, upset
from b12analysis.figures.observed import against
from b12analysis.figures.parameters import priors, shares
from b12analysis.figures.people import icons
from b12analysis.figures.results import results, tally

__all__ = [
    "against",
    "bands",
    "courses",
    "delay",
    "forest",
    "grouped",
    "heat_map",
    "icons",
    "priors",
    "recovery_fans",
    "results",
    "shares",
    "tally",
    "upset",
]
