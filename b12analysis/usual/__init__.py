"""One blood sample is not a status: prevalence of *usual* low status beside that of a single measurement.

A person's level differs from day to day. The spread of single measurements is therefore wider than that of people's
usual levels, and its tails hold people who were low, or high, on that day only. From people measured twice comes the
*within-person* spread; each level is then drawn towards the mean of its group until the spread that remains is the one
between people (National Research Council, Nutrient Adequacy, 1986; Nusser et al., J Am Stat Assoc 1996;91:1440).

It is done on logarithms, and assumes that there (1) the scatter within people is the same for all of them and
symmetric, and (2) something of the shape of usual levels: by default that of the single measurements, only narrower.
"Usual" is the mean of a person's logarithms. Where a cut-off lies in the tail the correction leans on the second
assumption, which is why there are two of them to compare.
"""

from b12analysis.usual.prevalence import SIDES, usual_prevalence
from b12analysis.usual.within import second, within_person

__all__ = ["SIDES", "second", "usual_prevalence", "within_person"]
