"""What the report on replications says: how many printed figures come out of the survey's files, and which do not."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.words import count
from b12analysis.theme import number

__all__ = ["CAVEATS", "COLUMNS", "answer", "computed", "headline", "literal", "ratios", "ratios_text", "variants"]

#: Columns of the table that a page shows.
COLUMNS = [
    *("id", "paper", "step", "quantity", "unit", "reading", "printed", "printed_lower", "printed_upper", "printed_se"),
    *("ours", "lower", "upper", "se", "n", "difference", "agrees", "interval_agrees", "source", "status", "note"),
]
CAVEATS = [
    "The methods are read from tables, footnotes and abstracts; what a paper says elsewhere about whom it left out may be "
    "missing here, and would explain some of the differences.",
    "A figure agrees when ours rounds to the printed digits. That says nothing of whether the figure is right: the same "
    "choice made twice gives the same number.",
    "CDC has changed files since some of the papers were written, by a person or a value here and there.",
    "Nothing was tuned. A variant that comes nearer than the literal reading is shown as a variant, and may be chance.",
]
#: Above or below print by less than this is no difference in a forest plot's words.
_NEAR = 0.05


def computed(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with a figure of ours."""
    return table[table["ours"].notna()]


def literal(table: pd.DataFrame) -> pd.DataFrame:
    """Figures of ours by the literal reading."""
    return computed(table)[computed(table)["reading"] == "literal"]


def variants(table: pd.DataFrame) -> pd.DataFrame:
    """Figures of ours by other readings, each after the literal one of the same printed figure."""
    rows = computed(table)
    return rows[rows.groupby(["paper", "step", "quantity"])["reading"].transform("nunique") > 1]


def answer(table: pd.DataFrame, *, paper: str) -> tuple[str, str]:
    """Return the finding and the answer.

    Parameters
    ----------
    table : DataFrame
        Rows of ``replications``.
    paper : str
        What was chosen; "any" for all.

    Returns
    -------
    (str, str)
        Title and sentence.
    """
    rows = literal(table)
    agree = int((rows["agrees"] == "yes").sum())
    what = count(int(rows["paper"].nunique()), "paper") if paper == "any" else paper
    unmade = count(int(table.drop_duplicates(["paper", "step", "quantity"])["reading"].ne("literal").sum()), "figure")
    finding = f"{agree} of {count(len(rows), 'printed figure')} come out to the digit ({what})"
    by_paper = "; ".join(
        f"{name}: {(part['agrees'] == 'yes').sum()} of {len(part)}" for name, part in rows.groupby("paper", sort=False)
    )
    ratio = _ratio(rows)
    near = int((ratio - 1).abs().le(_NEAR).sum())
    return finding, (
        f"Made again from the survey's files by the literal reading, **{agree} of {len(rows)}** printed figures round to "
        f"the printed digits, and {near} are within {number(100 * _NEAR)} % of print. {by_paper}. "
        f"Of {unmade} the files or the texts do not allow a literal reading."
    )


def headline(table: pd.DataFrame) -> dict:
    """Return the key figure: ours over printed."""
    ratio = _ratio(literal(table))
    row = {"estimate": ratio.median(), "lower": ratio.min(), "upper": ratio.max()}
    what = "median, lowest and highest of the figures"
    return {"name": "ours over printed, literal reading", "row": row, "scale": 1, "unit": "times", "what": what}


def _ratio(rows: pd.DataFrame) -> pd.Series:
    return (rows["ours"] / rows["printed"]).astype(float)


def ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """Add ours over printed with its interval (``estimate, lower, upper``), and the texts of a forest plot."""
    whole = rows["paper"].nunique() == 1
    label = rows["quantity"] + ", " + rows["step"]
    reading = rows["reading"].where(rows["reading"] != "literal", "")
    figures = [
        " · ".join(filter(None, ["" if whole else paper, f"printed {number(printed)}, ours {number(ours)}", said]))
        for paper, printed, ours, said in zip(rows["paper"], rows["printed"], rows["ours"], reading, strict=True)
    ]
    scaled = {name: (rows[name] / rows["printed"]).astype(float) for name in ("lower", "upper")}
    agrees = rows["agrees"].map({"yes": "agrees", "no": "does not agree"})
    return rows.assign(estimate=_ratio(rows), **scaled, label=label, detail=figures, agreement=agrees)


def ratios_text(rows: pd.DataFrame, what: str) -> dict[str, str]:
    """Title, summary and caption of a figure of ratios.

    Parameters
    ----------
    rows : DataFrame
        Rows that it draws, after :func:`ratios`.
    what : str
        What they are: "figures that do not come out".
    """
    low, high = number(rows["estimate"].min()), number(rows["estimate"].max())
    farthest = rows.loc[(rows["estimate"] - 1).abs().idxmax()]
    return {
        "title": f"{what}: ours is {low} to {high} times what was printed",
        "summary": (
            f"{count(len(rows), 'figure')}, each as a ratio of ours to the printed one, from {low} to {high}. Farthest "
            f"from print: {farthest['label']} ({farthest['paper']}), printed {number(farthest['printed'])}, ours "
            f"{number(farthest['ours'])}."
        ),
        "caption": "Line: 95 % interval of ours over the printed figure. Hollow: a number of people, which has none.",
    }
