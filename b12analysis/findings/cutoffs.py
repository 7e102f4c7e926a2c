"""What a cut-off of serum B12 gives and takes: who is found, and who of those is deficient, by each definition."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.testing import FEW, INTERVALS, cases, named, references
from b12analysis.findings.words import ESTIMATE
from b12analysis.testing import REFERENCES, yield_curve
from b12analysis.theme import share

__all__ = ["CURVE", "curve", "curve_words"]

CURVE = {"sensitivity": "found, of those who meet the definition", "ppv": "meet it, of those found"}
#: People examined whom each line is a share of, and the cut-offs that the title compares.
_BASE = {"sensitivity": "n_cases", "ppv": "n_positives"}
_CUTS = (148, 221)


def curve(population: str, reference: str) -> pd.DataFrame:
    """Return what serum B12 alone finds as its cut-off moves: a panel per definition, two lines in each."""
    table = yield_curve(population, references(reference))
    order = {name: place for place, name in enumerate(references(reference))}
    table = table.sort_values(["reference", "cutoff"], key=lambda of: of.map(order) if of.name == "reference" else of)
    circles = table["circular"].map({"no": "", "in part": " (in part circular)", "wholly": " (circular)"})
    short = [text[0].upper() + text[1:] for text in table["reference"].map(named("any"))]
    table = table.assign(panel=short + circles)
    kept = table[["panel", "reference", "circular", "cutoff", *_BASE.values()]]
    lines = [
        kept.join(table[[line, f"{line}_lower", f"{line}_upper"]].set_axis(ESTIMATE, axis=1)).assign(line=line)
        for line in CURVE
    ]
    return pd.concat(lines, ignore_index=True)


def curve_words(table: pd.DataFrame) -> dict[str, str]:
    """Say what a cut-off gives and takes, by the first definition that it is not part of."""
    reference = table.loc[table["circular"] == "no", "reference"].iloc[0]
    at = table[table["reference"] == reference].set_index(["line", "cutoff"])
    are, together, _ = cases(reference)
    found, right = _quoted(at, "sensitivity"), _quoted(at, "ppv")
    title = f"Serum B12: {together} are too few to quote"
    if found:
        title = f"From {_CUTS[0]} to {_CUTS[1]} pmol/L serum B12 finds {' to '.join(found.values())} of {together}"
    below = "" if len(right) != 1 else f" below {next(iter(right))}"
    of_found = (
        f"of those found{below} {' to '.join(right.values())} {are}" if right else "those found are too few to quote"
    )
    few = f"fewer than {FEW} people examined, too few to quote"
    of_cases = [f"below {cut} pmol/L {text}" for cut, text in found.items()]
    of_positives = [f"below {cut} pmol/L {right.get(cut, few)}" for cut in _CUTS]
    label = REFERENCES[reference][0]
    return {
        "title": f"{title}; {of_found}",
        "summary": f"Serum B12 alone, by its cut-off, against {label}. Of {together} it finds "
        f"{', '.join(of_cases) or few}. Of those found, so many {are}: {'; '.join(of_positives)}.",
        "caption": f"Title: by {label}. The dotted line marks 148 pmol/L. In circular panels the test itself defines "
        f"deficiency. {INTERVALS}",
    }


def _quoted(at: pd.DataFrame, line: str) -> dict[int, str]:
    """Shares at the two cut-offs, where enough people were examined."""
    rows = {cut: at.loc[(line, cut)] for cut in _CUTS}
    return {cut: share(row["estimate"]) for cut, row in rows.items() if row[_BASE[line]] >= FEW}
