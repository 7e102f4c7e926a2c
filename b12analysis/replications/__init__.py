"""Published tables made again from the survey's files, each figure beside the one that was printed.

What was printed stands in ``printed.csv``: one row per figure, with the digits it was printed to, where it stands and
how sure we are of it. What each paper did, as far as the texts that we have seen say so, is a function from people to
figures, one module per paper; a *reading* other than "literal" is a variant, shown beside it and never in its place.
Nothing is tuned to meet the print: a figure that does not come out stays that way, and its row says by how much.

``python -m b12analysis.replications FOLDER`` makes the table ``replications`` anew from the files in a folder.
"""

from b12analysis.replications.bailey import bailey_2013
from b12analysis.replications.cdc import cdc_table_1
from b12analysis.replications.ganji import ganji_2018
from b12analysis.replications.mineva import mineva_2020
from b12analysis.replications.papers import PAPERS, compute, replications
from b12analysis.replications.qi import qi_2011, qi_2014
from b12analysis.replications.reinstatler import reinstatler_2011, reinstatler_2012
from b12analysis.replications.tables import compare, printed

__all__ = [
    "PAPERS",
    "bailey_2013",
    "cdc_table_1",
    "compare",
    "compute",
    "ganji_2018",
    "mineva_2020",
    "printed",
    "qi_2011",
    "qi_2014",
    "reinstatler_2011",
    "reinstatler_2012",
    "replications",
]
