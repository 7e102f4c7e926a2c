"""From parameterised notebooks to pages: one at a time, or by the thousand.

What can be told to a report stands in its notebook's own cell, read by ``notebooks``, ``schema`` and ``types``. A
specification of many (``spec``) becomes a plan whose every value is checked. ``run`` makes one report: papermill runs
the notebook with the warm ``engine``, and ``render`` lays out the page. The engine's ``kernel``, which speaks through
``streams``, runs in a fork of a process that has everything imported: ``warm`` says who gets which, ``processes`` is
the owner's side of one and ``serving`` its own. ``batches`` has ``workers`` make many reports and writes them down in
``records``; ``index`` lists them.
"""

from b12analysis.reports.batches import BatchError, batch, build
from b12analysis.reports.injection import inject
from b12analysis.reports.notebooks import Parameter, check, names, parameters, validate
from b12analysis.reports.records import compare, manifest
from b12analysis.reports.run import ReportError, report
from b12analysis.reports.spec import Job, plan

__all__ = [
    "BatchError",
    "Job",
    "Parameter",
    "ReportError",
    "batch",
    "build",
    "check",
    "compare",
    "inject",
    "manifest",
    "names",
    "parameters",
    "plan",
    "report",
    "validate",
]
