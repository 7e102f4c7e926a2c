"""Estimates from surveys with strata, clusters and weights, equal to R's ``survey``.

Prevalence, mean, geometric mean, percentiles, age standardisation, linear and logistic regression, attributable
fractions, all by Taylor linearisation, all with true domains: give the whole survey and say whom the question is about.
"""

from b12analysis.survey.attributable import survey_attributable_fraction
from b12analysis.survey.linear import survey_linear
from b12analysis.survey.logistic import survey_logistic
from b12analysis.survey.means import survey_geometric_mean, survey_mean
from b12analysis.survey.proportions import prevalence_from_sums, survey_prevalence, survey_sums
from b12analysis.survey.quantiles import survey_quantile
from b12analysis.survey.standard import standardize_from_sums, survey_standardize

__all__ = [
    "prevalence_from_sums",
    "standardize_from_sums",
    "survey_attributable_fraction",
    "survey_geometric_mean",
    "survey_linear",
    "survey_logistic",
    "survey_mean",
    "survey_prevalence",
    "survey_quantile",
    "survey_standardize",
    "survey_sums",
]
