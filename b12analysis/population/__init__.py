"""Populations: who lives where, by age and sex, and what a prevalence by age says about them.

``tables`` reads the people of a country and the standard populations, ``standardization`` weighs estimates by them.
"""

from b12analysis.population.standardization import headcount, read_population, standardize
from b12analysis.population.tables import population, population_of_wpp, standard

__all__ = ["headcount", "population", "population_of_wpp", "read_population", "standard", "standardize"]
