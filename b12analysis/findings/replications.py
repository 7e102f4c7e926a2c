"""What the report on replications says: how many printed figures come out of the survey's files, and which do not."""

from __future__ import annotations

import pandas as pd

from b12analysis.findings.words import Row, count, short
from b12analysis.theme import number

__all__ = [
    "CAVEATS",
    "COLUMNS",
    "answer",
    "computed",
    "drawn",
    "headline",
    "literal",
    "ratios",
    "ratios_text",
    "variants",
]

#: Columns of the table that a page shows.
COLUMNS = [
    *("paper", "step", "quantity", "unit", "reading", "printed", "printed_lower", "printed_upper", "printed_se"),
    *("ours", "lower", "upper", "se", "n", "difference", "agrees", "interval_agrees", "status", "note"),
]
CAVEATS = [
    "The methods are read from tables, footnotes and abstracts; what a paper says elsewhere about whom it left out may "
    "be missing here, and would explain some of the differences.",
    "A figure agrees when ours rounds to the printed digits. That says nothing of whether the figure is right: the "
    "same choice made twice gives the same number.",
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


def drawn(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Literal figures for a forest plot and what they are: of one paper all, of several those that do not agree."""
    rows = literal(table)
    apart = rows[rows["agrees"] == "no"]
    if len(rows["paper"].unique()) == 1 or apart.empty:
        return rows, "All figures"
    return apart, "Figures that do not come out"


def variants(table: pd.DataFrame) -> pd.DataFrame:
    """Figures of ours by other readings, each after the literal one of the same printed figure.

    Of one paper all; of several those where the reading decides whether the figure comes out.
    """
    rows = computed(table)
    same = rows.groupby(["paper", "step", "quantity"])
    decides = "reading" if len(rows["paper"].unique()) == 1 else "agrees"
    return rows[same[decides].transform("nunique") > 1]


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
    unmade = int(table.drop_duplicates(["paper", "step", "quantity"])["reading"].ne("literal").sum())
    finding = f"{agree} of {count(len(rows), 'printed figure')} come out to the digit ({what})"
    by_paper = "; ".join(
        f"{name}: {(part['agrees'] == 'yes').sum()} of {len(part)}" for name, part in rows.groupby("paper", sort=False)
    )
    ratio = _ratio(rows)
    near = int((ratio - 1).abs().le(_NEAR).sum())
    return finding, (
        f"Made again from the survey's files by the literal reading, **{agree} of {len(rows)}** printed figures round "
        f"to the printed digits, and {near} are within {100 * _NEAR:.0f} % of print."
        + (f" {by_paper}." if paper == "any" else "")
        + (f" Of {count(unmade, 'more figure')} the files or the texts allow no literal reading." if unmade else "")
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
    is_one = len(rows["paper"].unique()) == 1
    label = (rows["quantity"] + ", " + rows["step"]).map(short)
    reading = rows["reading"].where(rows["reading"] != "literal", "")
    figures = [
        " · ".join(filter(None, ["" if is_one else row["paper"], _both(row), said]))
        for row, said in zip(rows.to_dict("records"), reading, strict=True)
    ]
    scaled = {name: (rows[name] / rows["printed"]).astype(float) for name in ("lower", "upper")}
    agrees = rows["agrees"].map({"yes": "agrees", "no": "does not agree"})
    return rows.assign(estimate=_ratio(rows), **scaled, label=label, detail=figures, agreement=agrees)


def _both(row: Row) -> str:
    """Say a printed figure with its digits, and ours with one more."""
    digits = int(row["decimals"])
    more = 0 if row["unit"] == "people" else digits + 1
    return f"printed {row['printed']:,.{digits}f}, ours {row['ours']:,.{more}f}"


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
            f"from print: {farthest['label']} ({farthest['paper']}), {_both(farthest)}."
        ),
        "caption": (
            "Diamond: ours rounds to the printed digits; square: it does not. Line: 95 % interval of ours over the "
            "printed figure; hollow: it has none."
        ),
    }
