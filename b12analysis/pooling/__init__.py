"""Many studies pooled into one: the mean prevalence, its interval, and where a further such study is expected.

Prevalences are pooled on the logit scale, where they are closer to normal and never leave 0 to 1. Studies enter with
the people that a simple random sample would need for their interval (``effective_n``), so a survey in clusters weighs
as little as it should; of one cohort only one row, of definitions only one at a time.

The double arcsine of Freeman and Tukey is not offered: turned back into a prevalence it depends on one made-up study
size, and may lie outside all studies (Schwarzer et al., Res Synth Methods 2019;10:476).
"""

from b12analysis.pooling.entry import independent
from b12analysis.pooling.models import MODELS
from b12analysis.pooling.studies import CIS, elsewhere, leave_one_out, pool, subgroup_difference

__all__ = ["CIS", "MODELS", "elsewhere", "independent", "leave_one_out", "pool", "subgroup_difference"]
