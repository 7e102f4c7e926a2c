"""The look: colours, shapes, the Plotly template "b12", and how a number is printed.

One risk group or symptom keeps its colour in every report, and never relies on it alone: each has a marker shape or a
dash as well. Figures are drawn in the light palette; ``DARK`` says which colour takes the place of which where the
reader's screen is dark, and the page swaps them. Contrast against the paper is at least 4.5 to 1 in both.
"""

from __future__ import annotations

import json
import math
import re

import plotly.graph_objects as go
import plotly.io as pio

__all__ = [
    "BANDS",
    "DARK",
    "GRID",
    "INK",
    "MARKS",
    "MUTED",
    "PAPER",
    "SERIES",
    "SHAPES",
    "STEPS",
    "band",
    "dark",
    "look",
    "number",
    "people",
    "share",
    "wide",
]

PAPER, INK, MUTED, GRID = "#ffffff", "#1b1f24", "#57606a", "#e6e8eb"
SERIES = ["#0B66B2", "#C84E00", "#00805C", "#9B3C8F", "#8F6A00", "#5B6770"]
_DARK_SERIES = ["#5AB0F0", "#FF8A4C", "#3CC79B", "#E08AD6", "#E3B341", "#9AA4AF"]
SHAPES = ["circle", "square", "diamond", "triangle-up", "cross", "pentagon"]
_DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]

#: The mark that a figure or row wears, by status.
MARKS = {"verified": "●", "secondary": "◐", "recalled": "○", "assumption": "◇"}


def band(colour: str, opacity: float = 0.22) -> str:
    """Transparent version of a colour, for the band between two limits.

    Examples
    --------
    >>> band("#0B66B2")
    'rgba(11, 102, 178, 0.22)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


_LIGHT_TO_DARK = {PAPER: "#0f1419", INK: "#e6edf3", MUTED: "#9aa4af", GRID: "#2a3038"} | dict(
    zip(SERIES, _DARK_SERIES, strict=True)
)
#: Opacities of a band, and of a narrower one inside it.
BANDS = (0.22, 0.4)
#: Opacities of the first series, from few to many, for the cells of a heat map: ink stays legible on all of them.
STEPS = (0.04, 0.12, 0.2, 0.3, 0.4, 0.5)
#: Light colour -> dark colour, bands included; the page replaces every occurrence in a figure.
DARK = (
    _LIGHT_TO_DARK
    | {band(light, of): band(dark, of) for light, dark in zip(SERIES, _DARK_SERIES, strict=True) for of in BANDS}
    | {band(SERIES[0], step): band(_DARK_SERIES[0], step) for step in STEPS}
)

# A group or symptom is listed once, here, and has this colour and shape everywhere.
_PLACE = {
    # symptoms
    "tingling": 0,
    "walking": 1,
    "memory": 2,
    "weakness": 3,
    "vision": 4,
    "numbness": 0,
    "cord syndrome": 1,
    # risk groups by kind: diet, age, stomach and bowel, medicines, others
    "vegans": 2,
    "vegetarians": 2,
    "older_adults": 3,
    "crohns": 1,
    "coeliac": 1,
    "total_gastrectomy": 1,
    "distal_gastrectomy": 1,
    "ileal_resection": 1,
    "bariatric_surgery": 1,
    "atrophic_gastritis": 1,
    "pernicious_anaemia": 1,
    "h_pylori": 1,
    "food_malabsorption": 3,
    "metformin": 0,
    "ppi": 0,
    "h2ra": 0,
    "pregnant": 4,
    "infants": 4,
    "nitrous_oxide": 4,
    # syndromes
    "myelopathy": 1,
    "neuropathy": 0,
    "mixed": 3,
    "cognitive": 2,
    "dementia": 2,
    # classes of definitions
    "deficient": 1,
    "marginal": 0,
    "low": 4,
    "functional": 3,
    "combined": 2,
    # scenarios of delay
    "none": 2,
    "early": 0,
    "steady": 1,
    "late": 3,
    # replications
    "agrees": 2,
    "does not agree": 1,
}


def look(name: str) -> dict[str, str]:
    """Colour, marker shape and dash of a group, symptom or scenario; grey for what has no place of its own.

    Examples
    --------
    >>> look("tingling")
    {'colour': '#0B66B2', 'shape': 'circle', 'dash': 'solid'}
    """
    place = _PLACE.get(name, 5)
    return {"colour": SERIES[place], "shape": SHAPES[place], "dash": _DASHES[place]}


def number(value: float, digits: int | None = None) -> str:
    """Print a number without more digits than it deserves, with thousands separators.

    Examples
    --------
    >>> number(1234.5), number(2.71), number(0.034), number(14.0)
    ('1,234', '2.7', '0.03', '14')
    """
    if value is None or math.isnan(value):
        return "not known"
    if digits is None:
        digits = 0 if abs(value) >= 9.95 or value == 0 else 1 if abs(value) >= 0.995 else 2
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def share(estimate: float, lower: float | None = None, upper: float | None = None) -> str:
    """Print a share with its interval as per cent: as many digits as the interval's width deserves.

    Parameters
    ----------
    estimate, lower, upper : float in [0, 1]
        The share and its limits; without limits it is printed alone.

    Examples
    --------
    >>> share(0.027, 0.018, 0.041)
    '2.7 % (1.8–4.1)'
    >>> share(0.689, 0.534, 0.818)
    '69 % (53–82)'
    >>> share(0.016, 0.0002, 0.56)
    '1.6 % (0.02–56)'
    """
    if estimate is None or math.isnan(estimate):
        return "not known"
    if any(limit is None or math.isnan(limit) for limit in (lower, upper)):
        return f"{number(100 * estimate, 0 if estimate >= 0.0995 else 1 if estimate >= 0.001 else None)} %"
    digits = 0 if upper - lower >= 0.1 else 1 if upper - lower >= 0.002 else 2
    if digits == 0 and 0 < lower < 0.005:  # so wide that whole per cents would make the lower limit nothing
        return f"{number(100 * estimate)} % ({number(100 * lower)}–{100 * upper:.0f})"
    low, high = (f"{100 * limit:.{digits}f}" for limit in (lower, upper))
    return f"{100 * estimate:.{digits}f} % ({low}–{high})"


def people(estimate: float, lower: float | None = None, upper: float | None = None) -> str:
    """Say a number of people with its interval in words: as many digits as the interval's width deserves.

    Parameters
    ----------
    estimate, lower, upper : float
        The number and its limits, people; without limits it is said alone.

    Examples
    --------
    >>> people(1_912_000, 1_380_000, 2_590_000)
    '1.9 million, 1.4 to 2.6'
    >>> people(48_300, 9_100, 104_000)
    '48 thousand, 9 to 104'
    >>> people(310.4, 120, 590)
    '310, 120 to 590'
    """
    if estimate is None or math.isnan(estimate):
        return "not known"
    has_limits = not any(limit is None or math.isnan(limit) for limit in (lower, upper))
    values = [estimate, lower, upper] if has_limits else [estimate]
    # 900 thousand, 600 to 1,400: the estimate chooses the unit unless the upper limit is far above it
    size = max(estimate, values[-1] / 3)
    unit, word = next((step for step in _STEPS if size >= 0.9995 * step[0]), (1, ""))
    width = (upper - lower if has_limits else estimate) / unit
    digits = 1 - math.floor(math.log10(width)) if width > 0 else 0
    digits = min(max(digits, 0), 3) if word else min(max(digits, -1), 0)
    said = [f"{round(value / unit, digits):,.{max(digits, 0)}f}" for value in values]
    least = f"{10.0**-digits:g}"
    said = [
        f"under {least}" if 0 < value / unit < 0.5 * 10.0**-digits else text
        for value, text in zip(values, said, strict=True)
    ]
    return f"{said[0]}{word}" + (f", {said[1]} to {said[2]}" if has_limits else "")


_STEPS = ((1e6, " million"), (1e3, " thousand"))


def wide(layout: dict) -> dict:
    """Say what of a figure's layout changes where the page has room, for its ``meta``: small multiples side by side.

    Parameters
    ----------
    layout : dict
        Parts of Plotly's layout. A dict changes what it names, anything else takes the place of what was there.

    Returns
    -------
    dict
        The page applies it from 560 pixels on; JupyterLab draws the figure as on a phone.

    Examples
    --------
    >>> wide({"height": 300})
    {'wide': {'from': 560, 'layout': {'height': 300}}}
    """
    return {"wide": {"from": 560, "layout": layout}}


def _template() -> go.layout.Template:
    axis = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"size": 13, "color": MUTED}, "standoff": 10},
        "tickfont": {"size": 12, "color": INK},
    }
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 13, "color": INK},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "colorway": SERIES,
            "margin": {"l": 12, "r": 12, "t": 12, "b": 48},
            "xaxis": axis | {"showgrid": True},
            "yaxis": axis | {"showgrid": True},
            "showlegend": False,
            "hoverlabel": {"bgcolor": PAPER, "bordercolor": MUTED, "font": {"color": INK, "size": 13}, "align": "left"},
            "hovermode": "closest",
            "dragmode": False,
        }
    )


def dark(picture: go.Figure) -> go.Figure:
    """Return a figure in the dark palette; pages do this by themselves where the reader prefers it.

    Parameters
    ----------
    picture : Figure
        A figure of this package.

    Returns
    -------
    Figure
        A copy, on the template "b12_dark".

    Examples
    --------
    >>> dark(go.Figure(layout={"template": "b12"})).layout.template.layout.paper_bgcolor
    '#0f1419'
    """
    return go.Figure(json.loads(_in_dark(picture.to_json())))


def _in_dark(text: str) -> str:
    longest_first = sorted(DARK, key=len, reverse=True)
    swap = {light.lower(): dark for light, dark in DARK.items()}
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: swap[found[0].lower()], text, flags=re.I)


pio.templates["b12"] = _template()
pio.templates["b12_dark"] = go.layout.Template(json.loads(_in_dark(pio.to_json(_template()))))
