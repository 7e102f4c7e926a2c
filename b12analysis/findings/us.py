"""What the US survey (NHANES) adds to every prevalence page: the same people by every definition.

Tables come from the sums that ship with the package, so they are what the microdata give. Each function returns a
table ready to draw; each ``..._words`` says what it shows.
"""

from __future__ import annotations

import pandas as pd

from b12analysis import evidence
from b12analysis.biomarkers import describe
from b12analysis.findings.words import definition_label, spread
from b12analysis.nhanes.sums import AGE_BANDS, indicators, overlap, prevalence, sums
from b12analysis.population.bands import sizes_of_bands
from b12analysis.survey import standardize_from_sums
from b12analysis.theme import share

__all__ = [
    "ADULTS",
    "AGES",
    "RESTS_ON",
    "USUAL_RESTS_ON",
    "WAYS",
    "ages_of",
    "assay",
    "assay_words",
    "band",
    "by_age",
    "by_age_words",
    "kidney",
    "kidney_words",
    "like",
    "one",
    "overlaps",
    "overlaps_words",
    "usual",
    "usual_words",
]

#: What computed estimates rest on, as a figure's evidence.
RESTS_ON = pd.DataFrame({"id": ["nhanes_sums"], "source": ["nhanes"], "status": ["verified"]})
USUAL_RESTS_ON = RESTS_ON.assign(id="nhanes_usual")
#: The survey's age band for an age band of the published surveys.
_BANDS = {"any": "20+", "adults": "20+", "all_ages": "20+", "older_adults": "60+", "children": "3-19"}
#: Words for age bands.
AGES = {
    "3-19": "people aged 3 to 19",
    "20+": "adults (20 and over)",
    "20-39": "20 to 39 years",
    "40-59": "40 to 59",
    "60+": "60 and over",
    "65+": "65 and over",
    "60-69": "60 to 69",
    "70+": "70 and over",
}
#: Bands that fill the adult years.
ADULTS = ["20-39", "40-59", "60-69", "70+"]
#: Definitions that every page compares.
_COMPARED = ["b12_148", "b12_221", "mma_271", "mma_271_egfr_60", "b12_148_or_mma_271", "b12_148_and_mma_271"]
_DESIGN = "95 % intervals with the survey's strata and clusters, on the logit scale."
_UNCERTAIN = "Hollow: too uncertain to quote by the standard of the survey's own agency (NCHS 2017)."
#: Words for single and usual status, the latter by what is assumed of its spread.
WAYS = {"single": "in one sample", "kept": "usually", "normal": "usually, if normal"}
_SHORT = {"b12_148": "low B12", "mma_271": "raised MMA", "hcy_15": "raised homocysteine"}


def band(age_band: str) -> str:
    """Age band of the US survey that answers for an age band of the published ones.

    Examples
    --------
    >>> band("older_adults")
    '60+'
    """
    return _BANDS[age_band]


def _latest(age_band: str) -> str:
    """Latest cycles that measured both markers at this age."""
    return "1999-2004" if age_band == "3-19" else "2011-2014"


def _known(definition: str) -> bool:
    return definition in indicators()


def one(definition: str, age_band: str) -> pd.DataFrame:
    """Latest US prevalence by one definition in one age band; empty where the survey did not measure it.

    Examples
    --------
    >>> one("b12_148", "20+")[["cycles", "n", "cases"]].values.tolist()
    [['2011-2014', 10193, 204]]
    >>> one("holotc_35", "20+").empty
    True
    """
    for cycles in (_latest(age_band), "1999-2004"):
        rows = prevalence(cycles, definition, age_band=age_band) if _known(definition) else pd.DataFrame()
        if len(rows):
            break
    return rows


def by_age(definition: str, age_band: str) -> pd.DataFrame:
    """Prevalence by definition and age: ``label`` the definition, ``age_band``, ``hollow`` where too uncertain."""
    chosen = [definition, *(name for name in _COMPARED if name != definition)]
    bands = ["3-19"] if age_band == "3-19" else ["20-39", "40-59", "60+"]
    wanted = [name for name in chosen if name in set(indicators())]
    table = _labelled(prevalence(_latest(age_band), wanted, age_band=bands))
    # from the rarest to the most common, the definition asked for first
    common = table.groupby("indicator")["estimate"].max()
    order = [definition, *common.drop(definition, errors="ignore").sort_values().index]
    return table.sort_values("indicator", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    labels = describe(table["indicator"].unique()).set_index("indicator")["label"]
    return table.assign(
        label=table["indicator"].map(labels), hollow=table["flag"].str.startswith("suppress"), detail=table["flag"]
    )


def by_age_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how far definitions and ages are apart."""
    whole = table.groupby("label")["estimate"].max()
    low, high = table.loc[table["estimate"].idxmin()], table.loc[table["estimate"].idxmax()]
    cycles = table["cycles"].iloc[0]
    return {
        "title": f"The same Americans by {len(whole)} definitions: {spread(table)}",
        "summary": f"United States, {_dash(cycles)}: from {share(low['estimate'])} ({low['label']}, "
        f"{AGES[low['age_band']]}) to {share(high['estimate'])} ({high['label']}, {AGES[high['age_band']]}). "
        f"{_with_age(table)}".strip(),
        "caption": f"{_DESIGN} {_UNCERTAIN}",
    }


def _with_age(table: pd.DataFrame) -> str:
    """Say how raised MMA and low B12 change with age, where the table shows it."""
    at = table.set_index(["indicator", "age_band"])["estimate"]
    said = []
    for indicator in ("mma_271", "b12_148"):
        if {(indicator, "20-39"), (indicator, "60+")} <= set(at.index):
            young, old = share(at[indicator, "20-39"]), share(at[indicator, "60+"])
            said.append(f"{definition_label(indicator)}: {young} at 20 to 39, {old} at 60 and over")
    return f"With age: {'; '.join(said)}." if said else ""


def _dash(cycles: str) -> str:
    return cycles.replace("-", "–")


def overlaps(age_band: str) -> pd.DataFrame:
    """Who is low by which of three markers (1999-2004, the only cycles with all three): one row per combination."""
    of = list(_SHORT)
    patterns = {
        overlap(met, of): met
        for met in (["b12_148"], ["mma_271"], ["hcy_15"], of[:2], ["b12_148", "hcy_15"], of[1:], of)
    }
    table = prevalence("1999-2004", list(patterns), age_band=age_band)
    words = [", ".join(_SHORT[name] for name in patterns[row]) for row in table["indicator"]]
    only = [
        f"{text} only" if len(patterns[row]) == 1 else text for row, text in zip(table["indicator"], words, strict=True)
    ]
    table = table.assign(label=[text[0].upper() + text[1:] for text in only], detail=table["flag"])
    return table.sort_values("estimate", ascending=False, ignore_index=True)


def overlaps_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how little the definitions agree."""
    estimate = table.set_index("label")["estimate"]
    anything, everything = estimate.sum(), estimate[", ".join(_SHORT.values()).replace("low", "Low", 1)]
    one_only = estimate[estimate.index.str.endswith("only")].sum()
    age = AGES[table["age_band"].iloc[0]]
    return {
        "title": f"Of those abnormal by any of three markers, {share(one_only / anything)} are so by one only",
        "summary": f"United States, 1999–2004, {age}: {share(anything)} have serum B12 below 148 pmol/L, MMA above "
        f"271 nmol/L or homocysteine above 15 µmol/L; {share(everything)} have all three.",
        "caption": f"Each person with all three measured stands in one row; rows add up. {_DESIGN}",
    }


def assay(definition: str, age_band: str) -> pd.DataFrame:
    """Prevalence by cycle before and after CDC's conversion of the older assay to the newer one's scale."""
    cut = definition if definition in ("b12_148", "b12_221", "b12_marginal_221") else "b12_148"
    cycles = ["1999-2000", "2001-2002", "2003-2004", "2005-2006", "2011-2012", "2013-2014"]
    table = prevalence(cycles, [cut, f"{cut}_roche"], age_band="20+" if age_band == "3-19" else age_band)
    is_old = (table["cycles"] < "2011") & (table["indicator"] == cut)
    scale = is_old.map({True: "as_measured", False: "roche"})
    table = table.assign(label=table["cycles"].map(_dash), scale=scale, definition=cut)
    return table.assign(hollow=table["flag"].str.startswith("suppress"), detail=table["flag"])


def assay_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what the change of assay did."""
    at = table.set_index(["label", "scale"])["estimate"]
    before, converted, after = at["2005–2006", "as_measured"], at["2005–2006", "roche"], at["2011–2012", "roche"]
    what, age = definition_label(table["definition"].iloc[0]), AGES[table["age_band"].iloc[0]]
    return {
        "title": f"{share(before)} by the old assay, {share(after)} by the new; on one scale {share(converted)} before",
        "summary": f"{what[0].upper()}{what[1:]}, United States, {age}, by survey cycle: as the older assay (Bio-Rad, "
        "to 2006) measured it, and on the scale of the newer (Roche, from 2011). The fall between 2005–06 and 2011–12 "
        "goes with the assay; on one scale the intervals leave room for no change, or for a small rise.",
        "caption": "Converted by CDC's equation, Roche = 10^(0.97 log10 Bio-Rad + 0.14) pg/mL; 200 pg/mL on Roche is "
        f"about 169 on Bio-Rad; the equation is taken as exact. {_DESIGN} {_UNCERTAIN}",
    }


def kidney(definition: str, age_band: str) -> pd.DataFrame:
    """Return raised MMA three ways: for all, where the kidneys work, adjusted for eGFR; 1999-2004 and 2011-2014."""
    cut = definition if definition.startswith("mma_") and _known(f"{definition}_egfr_60") else "mma_271"
    ways = {cut: "all", f"{cut}_egfr_60": "egfr_60", f"{cut}_adjusted": "adjusted"}
    bands = ["60+"] if age_band == "60+" else ["20-39", "40-59", "60+"]
    table = prevalence(["1999-2004", "2011-2014"], list(ways), age_band=bands)
    place = [f"{AGES[row.age_band]}, {_dash(row.cycles)}" for row in table.itertuples()]
    table = table.assign(way=table["indicator"].map(ways), label=place, definition=cut)
    return table.assign(hollow=table["flag"].str.startswith("suppress"), detail=table["flag"])


def kidney_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how much of raised MMA is the kidneys' doing."""
    old = table[(table["age_band"] == "60+") & (table["cycles"] == "2011-2014")].set_index("way")["estimate"]
    what = definition_label(table["definition"].iloc[0])
    return {
        "title": f"{what} at 60 and over: {share(old['all'])} of all, {share(old['egfr_60'])} where the kidneys work",
        "summary": f"{what}, United States, by age and cycles: all people, those with an estimated filtration rate "
        "(eGFR) of at least 60, and all with MMA adjusted to an eGFR of 90 "
        f"({share(old['adjusted'])} at 60 and over in 2011–2014).",
        "caption": "eGFR by CKD-EPI 2021. The adjustment takes MMA to rise as a power of eGFR below 90, at equal serum "
        f"B12 and age. Before and after 2011 MMA was measured by different methods. {_DESIGN} {_UNCERTAIN}",
    }


def usual(age_band: str) -> pd.DataFrame:
    """Status by one sample beside usual status, one row per definition and way."""
    table = evidence.load("nhanes_usual")
    at_band = table[table["age_band"] == age_band]
    cycles = "2011-2014" if "2011-2014" in set(at_band["cycles"]) else "1999-2004"
    # homocysteine was measured in the earlier cycles only
    rows = at_band[(at_band["cycles"] == cycles) | (at_band["definition"] == "hcy_15")]
    labels = [f"{definition_label(row.definition)}, {_dash(row.cycles)}" for row in rows.itertuples()]
    rows = rows.assign(label=labels, way=rows["shape"])
    single = rows[rows["shape"] == "kept"].assign(way="single")
    single = single.assign(estimate=single["single"], lower=single["single_lower"], upper=single["single_upper"])
    both = pd.concat([single, rows]).sort_index(kind="stable").reset_index(drop=True)
    kept = [
        "label",
        "way",
        "n",
        "estimate",
        "lower",
        "upper",
        "within_percent",
        "reliability",
        "age_band",
        "definition",
    ]
    return both[kept].astype(dict.fromkeys(["estimate", "lower", "upper"], float))


def usual_words(table: pd.DataFrame, definition: str) -> dict[str, str]:
    """Say how much rarer usual status is, by this definition if it is among them."""
    which = definition if definition in set(table["definition"]) else "b12_148"
    first, label = table[table["definition"] == which].set_index("way"), definition_label(which)
    single, kept = (share(first["estimate"][way]) for way in ("single", "kept"))
    return {
        "title": f"{label[0].upper()}{label[1:]}: {single} in one sample, {kept} usually",
        "summary": f"United States, {AGES[table['age_band'].iloc[0]]}: one blood sample catches people on a bad day. "
        "With the spread within people from a repeat examination (2001–02, about 530 people) the share whose usual "
        "level is beyond the cut-off is smaller for every marker.",
        "caption": "Each level is drawn to the mean (on logarithms) until the spread between people remains, keeping "
        "the shape of the single ones, or taken as normal on some scale: where the two differ, nobody knows. That "
        "the spread of 2001–02 holds for other years and assays is assumed. Intervals know the design, and that this "
        "spread is an estimate.",
    }


def like(definition: str, age_band: str, people: pd.DataFrame) -> pd.DataFrame:
    """US prevalence with the ages of another population: one row, with its design-based interval.

    ``people`` is as :func:`b12analysis.population.population` returns it; its bands must lie within the survey's.
    People of 5 to 19 are one band.
    """
    bands = {"20+": ADULTS, "60+": ["60-69", "70+"], "3-19": ["3-19"]}[age_band]
    rows = sums("1999-2004" if one(definition, age_band)["cycles"].iloc[0] == "1999-2004" else "2011-2014")
    rows = rows[(rows["indicator"] == definition) & (rows["sex"] == "both") & rows["age_band"].isin(bands)]
    sizes = dict(zip(bands, sizes_of_bands(ages_of(bands), people, "people"), strict=True))
    table = standardize_from_sums(
        rows.astype({"age_band": "str", "indicator": "str"}), over="age_band", population=sizes, by=["indicator"]
    )
    return table.assign(people=sum(sizes.values()))


def ages_of(bands: list[str]) -> pd.DataFrame:
    """First and last age of bands, as a census in bands of five years counts them: 5-19 for 3-19.

    Examples
    --------
    >>> ages_of(["3-19", "60+"]).values.tolist()
    [[5.0, 19.0], [60.0, nan]]
    """
    first = [5 if band == "3-19" else AGE_BANDS[band][0] for band in bands]
    last = [None if AGE_BANDS[band][1] == 120 else AGE_BANDS[band][1] for band in bands]
    return pd.DataFrame({"age_min": first, "age_max": last}, dtype=float)
