"""Make the table ``replications`` anew: ``python -m b12analysis.replications FOLDER``."""

import sys

from b12analysis.places import DATA
from b12analysis.replications.papers import compute

if __name__ == "__main__":
    compute(sys.argv[1]).to_csv(DATA / "replications.csv", index=False, lineterminator="\n")
