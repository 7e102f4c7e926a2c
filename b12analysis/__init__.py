"""b12analysis: cited evidence, models and reports on vitamin B12 deficiency.

Tables in, tables out. ``load`` reads the evidence, each row with its source and how sure we are of it;
``prevalence``, ``pool`` and ``attributable_fraction`` turn it into estimates; ``survey_prevalence`` and its kin
estimate from a survey's people; ``recovery_curve`` and ``simulate_recovery`` describe nerve function after treatment;
``figures`` draws the results, ``page`` says them in a notebook, ``report`` makes a page, and ``batch`` makes many.

It informs research. It is not medical advice.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

__version__ = version("b12analysis")

#: Where each public name lives. They are imported when first used: `import b12analysis` itself takes no time.
_HOMES = {
    "load": "evidence",
    "sources": "evidence",
    "status": "biomarkers",
    "prevalence": "estimates",
    "pool": "pooling",
    "summarize": "estimates",
    "survey_prevalence": "survey",
    "survey_mean": "survey",
    "survey_geometric_mean": "survey",
    "survey_quantile": "survey",
    "survey_standardize": "survey",
    "survey_linear": "survey",
    "survey_logistic": "survey",
    "survey_attributable_fraction": "survey",
    "true_prevalence": "truth",
    "standardize": "population",
    "headcount": "population",
    "attributable_fraction": "risk",
    "testing_yield": "testing",
    "risk_profile": "risk",
    "risk_groups": "risk",
    "latent_class": "testing",
    "validation": "validating",
    "recovery_curve": "recovery",
    "simulate_recovery": "recovery",
    "recovery_outcomes": "recovery",
    "cost_of_delay": "recovery",
    "fit_recovery": "recovery",
    "simulate_regimen": "kinetics",
    "time_to": "kinetics",
    "compare_regimens": "kinetics",
    "figures": "",
    "page": "",
    "report": "reports",
    "batch": "reports",
}
#: Rooms that can be reached as attributes too: ``b12analysis.units.pmol_l(200)``.
_ROOMS = (
    "biomarkers",
    "estimates",
    "evidence",
    "findings",
    "kinetics",
    "masking",
    "nhanes",
    "own_survey",
    "pooling",
    "population",
    "recovery",
    "replications",
    "reports",
    "risk",
    "survey",
    "testing",
    "theme",
    "truth",
    "units",
    "usual",
    "validating",
)

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _ROOMS or _HOMES.get(name) == "":
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
