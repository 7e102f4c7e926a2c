"""What the fit of the model of vitamin B12 in the body has learnt of its parameters, and what it leaves open."""

from __future__ import annotations

import pandas as pd

from b12analysis.evidence import load
from b12analysis.kinetics.calibration import identified as learnt

__all__ = ["IDENTIFIED", "SIDES", "identified", "identified_words", "together", "together_words"]

#: What was known before the fit and after it.
SIDES = {"prior": "before the fit", "posterior": "after the fit"}
#: How both are drawn.
IDENTIFIED = {
    "label": "label",
    "group": "side",
    "names": SIDES,
    "detail": "detail",
    "scale": 1,
    "log": True,
    "axis_title": "multiple of the value before the fit (95 %)",
}
#: A parameter of which the studies took less than this of the spread is not identified by them: posterior over prior.
_OPEN = 0.75


def identified() -> pd.DataFrame:
    """Return the fitted parameters before and after the fit, as multiples of their prior: two rows each.

    Returns
    -------
    DataFrame with columns
        parameter, label, side (prior or posterior), estimate, lower, upper, left (posterior over prior spread), detail
    """
    model = load("kinetics_model")
    narrowed = learnt(model, load("kinetics_correlations")).set_index("parameter")["narrowed"]
    rows = []
    for row in model[model["basis"] == "fitted"].itertuples():
        left = float(narrowed[row.parameter])
        label = f"{_name(row.parameter)}{'' if pd.isna(row.condition) else f' ({row.condition})'}"
        said = f"{_digits(row.value)} ({_digits(row.lower)}–{_digits(row.upper)})"
        for side, prefix in (("prior", "prior_"), ("posterior", "")):
            limits = [getattr(row, f"{prefix}{part}") / row.prior_value for part in ("value", "lower", "upper")]
            known = f"{100 * left:.0f} % of the spread left"
            rows.append([row.parameter, f"{label}: {said}", side, *limits, left, known])
    columns = ["parameter", "label", "side", "estimate", "lower", "upper", "left", "detail"]
    return pd.DataFrame(rows, columns=columns)


def _name(parameter: str) -> str:
    """Write the name of a parameter with its unit.

    Examples
    --------
    >>> _name("mma_floor_nmol_l"), _name("bile_per_day"), _name("active_max_ug")
    ('MMA floor, nmol/L', 'bile, a day', 'active max, µg')
    """
    for end, unit in {"_nmol_l": ", nmol/L", "_pmol_l": ", pmol/L", "_per_day": ", a day", "_ug": ", µg"}.items():
        parameter = parameter.removesuffix(end) + unit if parameter.endswith(end) else parameter
    return parameter.replace("_", " ").replace("mma", "MMA")


def _digits(value: float) -> str:
    """Print three digits of a value however small or large.

    Examples
    --------
    >>> _digits(0.00233), _digits(1927.4)
    ('0.00233', '1,930')
    """
    return f"{float(f'{value:.3g}'):,g}"


def identified_words(table: pd.DataFrame) -> dict[str, str]:
    """Say which parameters the studies tell of and which they leave as they were."""
    left = table.drop_duplicates("parameter").set_index("parameter")["left"].sort_values()
    unknown = [_name(name) for name in left.index[left > _OPEN][::-1]]
    return {
        "title": f"The studies narrow {len(left) - len(unknown)} of {len(left)} fitted parameters, to "
        f"{100 * left.min():.0f} to {100 * left[left <= _OPEN].max():.0f} % of their spread",
        "summary": f"Hardly better known after the fit than before: {', '.join(unknown) or 'none'}. "
        f"Best known: {', '.join(_name(name) for name in left.index[:3])}.",
        "caption": "Value and 95 % limits as multiples of the value taken as likely before the fit. Beside the name: "
        f"the value after the fit. Narrowed: at most {100 * _OPEN:.0f} % of the spread is left.",
    }


def together(largest: int = 12) -> pd.DataFrame:
    """Return the pairs of parameters that the fit cannot tell apart: the largest correlations."""
    table = load("kinetics_correlations").query("parameter < other")
    order = table["correlation"].abs().sort_values(ascending=False).index[:largest]
    return table.loc[order].reset_index(drop=True)


def together_words(pairs: pd.DataFrame) -> str:
    """Say the strongest of them in a sentence.

    Examples
    --------
    >>> together_words(pd.DataFrame({"parameter": ["a_ug"], "other": ["b"], "correlation": [-0.8]}))
    'What the fit cannot tell apart (correlations): a, µg and b (−0.80).'
    """
    told = [
        f"{_name(row.parameter)} and {_name(row.other)} ({row.correlation:.2f})".replace("-", "−")
        for row in pairs.itertuples()
    ]
    return f"What the fit cannot tell apart (correlations): {'; '.join(told)}."
