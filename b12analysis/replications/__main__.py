"""Make the table ``replications`` anew: ``python -m b12analysis.replications FOLDER``."""

from __future__ import annotations

import sys

from b12analysis.places import DATA
from b12analysis.replications.papers import compute

__all__ = ["main"]


def main(folder: str) -> None:
    """Compute all papers from the survey's files in a folder and store the table."""
    compute(folder).to_csv(DATA / "replications.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1])
