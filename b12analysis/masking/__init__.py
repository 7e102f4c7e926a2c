"""Folate masking: does folic acid hide a lack of B12? What was published, our attempt, and who goes unseen anyway.

The claim has two parts. That folic acid corrects the anaemia was seen in patients long ago and cannot be tried again.
What surveys can say is whether low B12 with high folate goes with less anaemia (it does not, in the United States), and
how many deficient people have no anaemia or large cells to begin with (most of them).
"""

from b12analysis.masking.measured import compared, measured, unseen
from b12analysis.masking.published import interactions, published

__all__ = ["compared", "interactions", "measured", "published", "unseen"]
