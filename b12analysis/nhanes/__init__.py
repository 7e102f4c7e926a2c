"""NHANES, the US survey whose public files hold vitamin B12: ``fetch`` gets them from CDC."""

from b12analysis.nhanes.fetch import FetchError, fetch

__all__ = ["FetchError", "fetch"]
