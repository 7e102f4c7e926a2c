"""Make the table ``validation_programs`` anew: ``python -m b12analysis.validating REFERENCE SURVEY TESTS``."""

from __future__ import annotations

import sys

from b12analysis.places import DATA
from b12analysis.validating.reproduced import compute_programs

__all__ = ["main"]


def main(reference: str, folder: str, tests: str) -> None:
    """Compare with R's tables in ``reference``, from the survey's files in ``folder``, and with ``tests/reference``."""
    table = compute_programs(reference, folder, tests)
    table.to_csv(DATA / "validation_programs.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
