"""People by age and sex: of every country in 2020 and 2030, and of the standard populations.

The countries are those of the United Nations' World Population Prospects 2019 (UN DESA, licensed CC BY 3.0 IGO), under
their common English names, in five-year bands up to 80 and over. 2020 is the UN's estimate, 2030 its medium projection.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns, shown
from b12analysis.evidence import load

__all__ = ["COMMON_NAMES", "population", "population_of_wpp", "standard"]

#: The UN's names of countries that have another common English name. Both are understood.
COMMON_NAMES = {
    "Bolivia (Plurinational State of)": "Bolivia",
    "Brunei Darussalam": "Brunei",
    "Cabo Verde": "Cape Verde",
    "China, Hong Kong SAR": "Hong Kong",
    "China, Macao SAR": "Macao",
    "China, Taiwan Province of China": "Taiwan",
    "Cote d'Ivoire": "Ivory Coast",
    "Dem. People's Rep. of Korea": "North Korea",
    "Dem. Republic of the Congo": "Democratic Republic of the Congo",
    "Iran (Islamic Republic of)": "Iran",
    "Lao People's Dem. Republic": "Laos",
    "Micronesia (Fed. States of)": "Micronesia",
    "Republic of Korea": "South Korea",
    "Republic of Moldova": "Moldova",
    "Russian Federation": "Russia",
    "St. Vincent and the Grenadines": "Saint Vincent and the Grenadines",
    "State of Palestine": "Palestine",
    "Syrian Arab Republic": "Syria",
    "United Republic of Tanzania": "Tanzania",
    "United States of America": "United States",
    "Venezuela (Bolivarian Republic of)": "Venezuela",
    "Viet Nam": "Vietnam",
}

#: From this code on the UN's rows are the world, its regions and its groups of countries.
_FIRST_AGGREGATE = 895
_OLDEST = 80


def population(country: str, year: int = 2020, *, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """People of a country by sex and five-year age band.

    Parameters
    ----------
    country : str
        Common English name, as in ``load("surveys")``, or the UN's; several with "; " between them are added up, and
        "worldwide" is all of them.
    year : {2020, 2030}
        2020 is an estimate, 2030 the UN's medium projection.
    table : DataFrame, optional
        Another table than ``load("population")``, such as other years by :func:`population_of_wpp`.

    Returns
    -------
    DataFrame with columns
        sex                "men" or "women" (boys and girls among them)
        age_min, age_max   youngest and oldest age, years; the last band is open (missing)
        people             number of people

    Raises
    ------
    InputError
        If the country or the year is not in the table; the countries with the nearest names are listed.

    Source
    ------
    United Nations DESA, World Population Prospects 2019 (CC BY 3.0 IGO).

    Examples
    --------
    >>> ireland = population("Ireland")
    >>> int(ireland["people"].sum())
    4937796
    >>> ireland.query("sex == 'women'").tail(1)[["age_min", "age_max", "people"]].values.tolist()
    [[80.0, nan, 92050.0]]
    """
    table = load("population") if table is None else table
    years = sorted(int(name.removeprefix("men_")) for name in table.columns if name.startswith("men_"))
    if year not in years:
        raise InputError(f"year={shown(year)} is not known; choose one of {', '.join(map(str, years))}, or {_OWN}")
    known = table["country"].unique().tolist()
    countries = known if country == "worldwide" else [_known(name, known) for name in str(country).split("; ")]
    rows = table[table["country"].isin(countries)]
    sums = rows.groupby(["age_min", "age_max"], dropna=False)[[f"men_{year}", f"women_{year}"]].sum()
    sums.columns = ["men", "women"]
    long = sums.reset_index().melt(["age_min", "age_max"], var_name="sex", value_name="people")
    long = long.astype({"age_min": float, "age_max": float, "people": int, "sex": "string"})
    return long.sort_values(["sex", "age_min"], ignore_index=True)[["sex", "age_min", "age_max", "people"]]


_OWN = "bring a table of your own with age_min, age_max and people, by sex if you like"


def _known(country: str, known: Sequence[str]) -> str:
    name = COMMON_NAMES.get(country, country)
    if name in known:
        return name
    by_lower = {choice.lower(): choice for choice in [*COMMON_NAMES, *known]}
    near = [by_lower[match] for match in difflib.get_close_matches(name[:100].lower(), by_lower, n=3)]
    hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
    raise InputError(
        f"country={shown(country)} is not known{hint}; load('population') lists the {len(known)} countries, or {_OWN}"
    )


def population_of_wpp(path: str | Path, years: Sequence[int] = (2020, 2030)) -> pd.DataFrame:
    """Make the table of populations from the UN's figures: countries only, in bands up to 80 and over.

    Parameters
    ----------
    path : str or Path
        CSV with one row per country, year and five-year band: ``country_code, name, year, age_lower, male_thousands,
        female_thousands`` (World Population Prospects 2019, reshaped).
    years : list of int
        Which years.

    Returns
    -------
    DataFrame
        As ``load("population")``: ``country, age_min, age_max, men_2020, women_2020, ..., source``.

    Raises
    ------
    InputError
        If columns are missing or a year is not in the file.
    """
    figures = pd.read_csv(path)
    sexes = {"male_thousands": "men", "female_thousands": "women"}
    check_columns("path", figures.columns, ["country_code", "name", "year", "age_lower", *sexes])
    for year in years:
        check_choice("years", year, sorted(figures["year"].unique().tolist()))
    figures = figures[(figures["country_code"] < _FIRST_AGGREGATE) & figures["year"].isin(years)].rename(columns=sexes)
    figures["country"] = figures["name"].replace(COMMON_NAMES)
    figures["age_min"] = figures["age_lower"].clip(upper=_OLDEST)
    figures[["men", "women"]] = (1000 * figures[["men", "women"]]).round().astype(int)
    wide = figures.pivot_table(index=["country", "age_min"], columns="year", values=["men", "women"], aggfunc="sum")
    wide = wide[[(sex, year) for year in years for sex in ("men", "women")]]
    wide.columns = [f"{sex}_{year}" for sex, year in wide.columns]
    wide = wide.reset_index()
    oldest = (wide["age_min"] + 4).astype("Int64").mask(wide["age_min"] == _OLDEST)
    wide.insert(2, "age_max", oldest)
    return wide.assign(source="un_wpp2019")


def standard(name: str) -> pd.DataFrame:
    """Age structure of a standard population, as published.

    Parameters
    ----------
    name : str
        Key in ``load("standard_populations")``: "us_2000", "us_2000_adults" (the three bands from 20 years on that
        CDC's tables use), "who_2000_2025", "esp_2013", "esp_1976", "segi_1960"; WHO's also as "who_2000_2025_18",
        in the eighteen rounded groups in which it is often printed.

    Returns
    -------
    DataFrame with columns
        age_min, age_max   youngest and oldest age, years; the last band is open (missing)
        weight             share of the standard population

    Raises
    ------
    InputError
        If there is no such standard.

    Examples
    --------
    >>> standard("us_2000_adults").round(3).values.tolist()
    [[20.0, 39.0, 0.397], [40.0, 59.0, 0.372], [60.0, nan, 0.232]]
    """
    table = load("standard_populations")
    check_choice("name", name, table["standard"].unique())
    rows = table[table["standard"] == name]
    return rows[["age_min", "age_max", "weight"]].astype(float).reset_index(drop=True)
