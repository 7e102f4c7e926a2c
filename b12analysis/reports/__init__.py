"""From a parameterised notebook to a page: parameters, run, render, index.

``parameters`` reads and checks what a notebook can be told, ``run`` executes it with papermill, ``render`` lays the
executed notebook out as one HTML file that needs nothing else, and an index lists the pages of a folder.
"""

from b12analysis.reports.injection import inject
from b12analysis.reports.parameters import Parameter, check, names, parameters, validate
from b12analysis.reports.run import ReportError, build, report

__all__ = ["Parameter", "ReportError", "build", "check", "inject", "names", "parameters", "report", "validate"]
