"""Run as ``python -m b12analysis.cli``."""

from b12analysis.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
