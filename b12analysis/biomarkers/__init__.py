"""From blood markers to a status: cut-offs, combinations, bands.

There is no one cut-off. The one used most in surveys calls serum B12 below 148 pmol/L (200 pg/mL) *deficient* and 148
to 221 pmol/L (300 pg/mL) *marginal*; "20 % of people over 60" and "6 %" differ by which of the two is counted. The
table ``biomarkers`` lists every definition that our sources use. A status says something about groups of people, not
about a person: one sample varies by a fifth from week to week.
"""

from b12analysis.biomarkers.anaemia import anaemia
from b12analysis.biomarkers.bands import SCHEMES, STATUS_LEVELS, classify, status
from b12analysis.biomarkers.cb12 import AGE_TERM, four_cb12
from b12analysis.biomarkers.definitions import SCALES, definitions, describe, indicators, meets
from b12analysis.biomarkers.kidney import kidney_slope, mma_adjusted, mma_indicators

__all__ = [
    "AGE_TERM",
    "SCALES",
    "SCHEMES",
    "STATUS_LEVELS",
    "anaemia",
    "classify",
    "definitions",
    "describe",
    "four_cb12",
    "indicators",
    "kidney_slope",
    "meets",
    "mma_adjusted",
    "mma_indicators",
    "status",
]
