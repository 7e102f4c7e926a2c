"""No test is the truth: what serum B12 and MMA say of each other, and what a model of two imperfect tests adds.

The model has more unknowns than two tests can tell, so its answer stands beside the priors that it rests on.
"""

from __future__ import annotations

import pandas as pd

from b12analysis.estimates import prevalence
from b12analysis.findings.tested import who
from b12analysis.findings.testing import FEW, RESTS_ON
from b12analysis.findings.words import ESTIMATE
from b12analysis.nhanes.cells import cells
from b12analysis.testing import latent_class, latent_priors, testing_yield, two_tests
from b12analysis.theme import share

__all__ = [
    "SIDES",
    "WAYS",
    "agreement",
    "agreement_words",
    "beliefs",
    "beliefs_words",
    "deficient",
    "deficient_words",
    "latent",
    "rests_on",
]

#: Populations that every page compares.
_COMPARED = ["20+", "65+", "80+", "metformin_20+", "ppi_20+", "no_supplement_20+"]
#: Which share, in which cycles.
SIDES = {
    "low 1999-2004": "low B12: MMA raised, 1999–2004",
    "low 2011-2014": "the same, 2011–2014",
    "raised 1999-2004": "MMA raised: B12 low, 1999–2004",
    "raised 2011-2014": "the same, 2011–2014",
}
#: Prior or posterior, by the set of priors.
WAYS = {
    "wide prior": "assumed, wide",
    "wide": "with the data, wide",
    "clinical prior": "assumed, clinical",
    "clinical": "with the data, clinical",
}
_PARAMETERS = {
    "prevalence": "Deficient",
    "sensitivity_1": "Serum B12 below 148: finds so many of the deficient",
    "specificity_1": "Serum B12 below 148: clears so many of the others",
    "sensitivity_2": "MMA above 271: finds so many of the deficient",
    "specificity_2": "MMA above 271: clears so many of the others",
}
_PATTERNS = {
    "serum B12 below 148": ["both", "first_only"],
    "MMA above 271": ["both", "second_only"],
    "both": ["both"],
    "either": ["both", "first_only", "second_only"],
}
_TESTS = (("b12", 148), ("mma", 271))
_MODEL = (
    "Two tests whose errors may go together (Dendukuri and Joseph 2001), serum B12 below 148 and MMA above 271, in "
    "people with an eGFR of 60 or more, 2011–2014."
)


def agreement(population: str) -> pd.DataFrame:
    """Share of those with low B12 whose MMA is raised, and of those with raised MMA whose B12 is low, by cycles."""
    rows = []
    for name in [population, *(other for other in _COMPARED if other != population)]:
        for cycles in ("1999-2004", "2011-2014"):
            row = testing_yield(name, "b12_148", reference="mma_271", cycles=cycles).iloc[0]
            table = cells(name, cycles)
            low, raised = table["b12_to"] <= 148, table["mma_from"] >= 271
            for side, measure, base in [("low", "ppv", low), ("raised", "sensitivity", raised)]:
                limits = dict(zip(ESTIMATE, row[[measure, f"{measure}_lower", f"{measure}_upper"]], strict=True))
                n = int(table.loc[base, "n"].sum())
                about = {"population": name, "cycles": cycles, "side": f"{side} {cycles}", "n": n, "hollow": n < FEW}
                rows.append(about | limits | {"detail": f"{n:,} examined"})
    table = pd.DataFrame(rows)
    table.insert(0, "label", [text[0].upper() + text[1:] for text in table["population"].map(who)])
    return table.astype(dict.fromkeys(ESTIMATE, float))


def agreement_words(table: pd.DataFrame) -> dict[str, str]:
    """Say how little the two markers agree."""
    first = table.iloc[:4].set_index("side")
    low, raised = (_quoted(first, side) for side in ("low", "raised"))
    parts = [
        f"of those with low B12 {low} have raised MMA" if low else "those with low B12 are too few to quote",
        f"of those with raised MMA {raised} have low B12" if raised else "those with raised MMA are too few to quote",
    ]
    title = "; ".join(parts)
    return {
        "title": title[0].upper() + title[1:],
        "summary": f"In {who(table['population'].iloc[0])}, {parts[0]}, and {parts[1]}: serum B12 below 148 pmol/L and "
        "MMA above 271 nmol/L. Other populations stand below.",
        "caption": "United States; the two pools used different assays of serum B12 (Bio-Rad, then Roche) and of MMA. "
        f"Hollow: fewer than {FEW} people examined. 95 % intervals: exact binomial, effective people.",
    }


def _quoted(first: pd.DataFrame, side: str) -> str:
    """Shares of one side by cycles, those of enough people only."""
    rows = first[first.index.str.startswith(side) & ~first["hollow"]]
    return " and ".join(f"{share(row.estimate)} ({row.cycles.replace('-', '–')})" for row in rows.itertuples())


def latent(population: str, seed: int) -> pd.DataFrame:
    """Two tests and no truth, by the wide and by the clinical priors; the tests are those of people whose kidneys work.

    One row for each set of priors and parameter, as of :func:`b12analysis.latent_class`.
    """
    tests = two_tests(population, *_TESTS)
    fits = [
        latent_class(tests, priors=latent_priors(name), rng=seed).assign(priors=name) for name in ("wide", "clinical")
    ]
    return pd.concat(fits, ignore_index=True)


def rests_on() -> pd.DataFrame:
    """Rows that the model rests on: the cells, and the priors."""
    return pd.concat([RESTS_ON, latent_priors()[["id", "source", "status"]]], ignore_index=True)


def deficient(population: str, fits: pd.DataFrame) -> pd.DataFrame:
    """How many are deficient by each definition, and by the model; ``is_model`` marks the latter."""
    # Each definition by itself takes the cautious effective n, not that of the four patterns together.
    counted = two_tests(cells(population).drop(columns="effective_n_tests"), *_TESTS).iloc[0]
    n = sum(counted[name] for name in ("both", "first_only", "second_only", "neither"))
    cases = [min(sum(counted[name] for name in names), n) for names in _PATTERNS.values()]
    table = pd.DataFrame({"label": list(_PATTERNS), "cases": cases, "n": n, "is_model": False, "detail": "definition"})
    table = prevalence(table, method="exact").drop(columns=["interval", "effective_n", "cases", "n"])
    model = fits[(fits["parameter"] == "prevalence") & fits["estimate"].notna()]
    model = model.assign(label="two imperfect tests, " + model["priors"] + " priors", is_model=True, detail="model")
    return pd.concat([table, model[["label", "is_model", "detail", *ESTIMATE]]], ignore_index=True)


def deficient_words(table: pd.DataFrame, *, population: str) -> dict[str, str]:
    """Say what the model makes of the definitions, or that it has no answer."""
    is_model = table["is_model"].astype(bool)
    model = table[is_model]
    said = [
        f"{share(*row[ESTIMATE])} with the {name} priors"
        for name, (_, row) in zip(("wide", "clinical"), model.iterrows(), strict=False)
    ]
    by = table[~is_model]["estimate"]
    told = " and ".join(said) or "no estimate: its chains disagree"
    return {
        "title": f"By definition {share(by.min())} to {share(by.max())} are deficient; by a model without a truth "
        f"{' or '.join(share(value) for value in model['estimate']) or 'nobody can say'}",
        "summary": f"Of {who(population)} whose kidneys work: by four definitions from {share(by.min())} to "
        f"{share(by.max())}; by a model of two imperfect tests {told}. Its priors decide which.",
        "caption": f"{_MODEL} Diamonds: median and central 95 % of the posterior. The priors are ours.",
    }


def beliefs(fits: pd.DataFrame) -> pd.DataFrame:
    """Prior beside posterior, one row for each parameter and way."""
    fits = fits[fits["parameter"].isin(list(_PARAMETERS))]
    prior = fits.assign(**{name: fits[f"prior_{name}"] for name in ESTIMATE}, way=fits["priors"] + " prior")
    both = pd.concat([prior.assign(learned=float("nan")), fits.assign(way=fits["priors"])], ignore_index=True)
    order = {name: place for place, name in enumerate(_PARAMETERS)}
    both = both.sort_values("parameter", key=lambda of: of.map(order), kind="stable", ignore_index=True)
    kept = ["label", "way", "parameter", *ESTIMATE, "learned", "r_hat", "ess", "flag"]
    return both.assign(label=both["parameter"].map(_PARAMETERS))[kept]


def beliefs_words(table: pd.DataFrame) -> dict[str, str]:
    """Say that the priors decide."""
    at = table.set_index(["parameter", "way"])

    def said(parameter: str, way: str) -> str:
        row = at.loc[(parameter, way), ESTIMATE]
        return share(*row) if row.notna().all() else "no estimate"

    wide, clinical = (said("sensitivity_1", way) for way in ("wide", "clinical"))
    return {
        "title": f"The priors decide: serum B12 finds {wide} of the deficient, or {clinical}",
        "summary": "What was assumed of the two tests, and what the data make of it. The wide priors let serum B12 "
        f"find {said('sensitivity_1', 'wide prior')} of the deficient and end at {wide}; the clinical ones, from "
        f"patients with signs, {said('sensitivity_1', 'clinical prior')}, and end at {clinical}. Two tests tell three "
        "numbers and the model has seven: the rest comes from the priors.",
        "caption": f"{_MODEL} Median and central 95 %. The priors are ours; where the second mark of a pair lies on "
        "the first, the data say nothing.",
    }
