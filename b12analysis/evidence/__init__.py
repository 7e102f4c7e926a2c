"""The evidence: tables of published numbers, each row with its source and how sure we are of it.

``tables`` reads them, ``schema`` checks them.
"""

from b12analysis.evidence.schema import check
from b12analysis.evidence.tables import (
    STATUSES,
    axis,
    cited,
    load,
    recorded,
    select,
    sha256,
    sources,
    table_names,
    tables,
    weakest,
)

__all__ = [
    "STATUSES",
    "axis",
    "check",
    "cited",
    "load",
    "recorded",
    "select",
    "sha256",
    "sources",
    "table_names",
    "tables",
    "weakest",
]
