"""The label of a row: above what it names, at the left edge; a page breaks it where a phone asks for it."""

from __future__ import annotations

from b12analysis import theme

__all__ = ["label"]


def label(words: str, quiet: str, y: float, *, lift: float = 0.22) -> dict:
    """Return a row's label above its mark, the detail beside it in a quieter colour.

    Parameters
    ----------
    words, quiet : str
        The label, and what stands after it in a quieter colour, or nothing.
    y : float
        Place of the row.
    lift : float
        How far above it the label stands, in the unit of the axis.

    Returns
    -------
    dict
        An annotation for a layout.

    Examples
    --------
    >>> label("walking", "", 2)["y"]
    2.22
    """
    beside = f"  <span style='color:{theme.MUTED}'>{quiet}</span>" if quiet else ""
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y + lift,
        "yanchor": "bottom",
        "text": words + beside,
        "showarrow": False,
        "align": "left",
        "font": {"size": 12},
        "bgcolor": theme.PAPER,
        "borderpad": 0,
    }
