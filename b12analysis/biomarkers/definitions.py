"""Definitions of deficiency, marginal status and the like: from blood markers to yes, no or unknown.

The table ``biomarkers`` holds them, each with a *rule* on columns of people. An *indicator* is a definition applied on
a *scale*: serum B12 as the laboratory measured it, or converted to the Roche assay. A cut-off belongs to an assay. The
same blood that reads 200 pg/mL on one reads 169 on another, so a change of assay looks like a change in the people.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from b12analysis.arguments import InputError, check_choice, check_columns
from b12analysis.biomarkers.anaemia import anaemia
from b12analysis.biomarkers.columns import numbers
from b12analysis.biomarkers.rules import columns_of, holds
from b12analysis.evidence import load

__all__ = ["SCALES", "definitions", "describe", "indicators", "meets"]

#: The column that stands for serum B12, by scale.
SCALES = {"as_measured": "b12_pmol_l", "roche": "b12_roche_pmol_l"}
#: What a column that is worked out is worked out from.
WORKED_OUT = {"anaemia": ["haemoglobin_g_dl", "age", "sex"]}
#: Endings of the three ways of raised MMA (``kidney``), in words.
KIDNEY = {"_egfr_60": ", eGFR of 60 or more", "_adjusted": ", adjusted to an eGFR of 90"}


def definitions() -> pd.DataFrame:
    """Every definition, what it needs, and why some cannot be computed.

    Returns
    -------
    DataFrame with columns
        definition, label, definition_class, rule, assay, source, status    as in ``load("biomarkers")``
        needs       columns of people that it asks for
        refused     why it cannot be computed; missing where it can

    Examples
    --------
    >>> definitions().set_index("definition").loc["b12_148_hcy_15", "needs"]
    ['b12_pmol_l', 'hcy_umol_l']
    """
    table = load("biomarkers")
    kept = table[["definition", "label", "definition_class", "rule", "assay", "source", "status"]].copy()
    kept["needs"] = [[] if pd.isna(rule) else _needs(rule) for rule in table["rule"]]
    kept["refused"] = table["note"].fillna(table["label"]).where(table["rule"].isna())
    return kept


def _needs(rule: str) -> list[str]:
    return [name for asked in columns_of(rule) for name in WORKED_OUT.get(asked, [asked])]


def _rule(definition: str) -> str:
    table = load("biomarkers")
    check_choice("definition", definition, table["definition"])
    row = table.loc[table["definition"] == definition, ["rule", "note", "label"]].iloc[0]
    if pd.isna(row["rule"]):
        why = row["label"] if pd.isna(row["note"]) else row["note"]
        raise InputError(f"definition={definition!r} cannot be computed: {why}")
    return row["rule"]


def meets(
    people: pd.DataFrame, definition: str, *, scale: str = "as_measured", partly_known: bool = False
) -> pd.Series:
    """Who meets a definition.

    Parameters
    ----------
    people : DataFrame
        One row per person, markers in the units that their names say: ``b12_pmol_l`` , ``b12_roche_pmol_l``,
        ``holotc_pmol_l``, ``mma_nmol_l``, ``hcy_umol_l``, ``haemoglobin_g_dl``, ``mcv_fl``, and ``age`` and ``sex``.
    definition : str
        Key of ``biomarkers``: ``"b12_148"``, ``"mma_271"``, ``"b12_148_or_mma_271"``; :func:`definitions` lists them.
    scale : {"as_measured", "roche"}
        Which column stands for serum B12: ``b12_pmol_l`` or ``b12_roche_pmol_l``. Other markers have one scale.
    partly_known : bool
        What to say of people of whom some markers are missing. By default nothing: a combination is known where all
        its markers are, so that every definition of a table speaks of the same kind of people. With True those that
        the known markers decide are decided: one marker that is met decides "or", one that is not decides "and".

    Returns
    -------
    Series of nullable boolean
        Named after the definition; missing where it is unknown.

    Raises
    ------
    InputError
        If the definition is unknown or cannot be computed, a column is missing, or a value is negative or no number.

    Source
    ------
    The row of ``load("biomarkers")``.

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [110, 300, 300], "mma_nmol_l": [None, 290, 150]})
    >>> meets(people, "b12_148").tolist()
    [True, False, False]
    >>> meets(people, "b12_148_or_mma_271").tolist()
    [<NA>, True, False]
    >>> meets(people, "b12_148_or_mma_271", partly_known=True).tolist()
    [True, True, False]
    """
    check_choice("scale", scale, SCALES)
    rule = _rule(definition)
    check_columns(f"people (for {definition!r})", people.columns, _on_scale(_needs(rule), scale))
    values = {name: _column(people, name, scale) for name in columns_of(rule)}
    met = holds(rule, values.__getitem__)
    if not partly_known:
        met = met.mask(pd.DataFrame(values).isna().any(axis=1))
    return met.rename(definition)


def _on_scale(columns: list[str], scale: str) -> list[str]:
    return [SCALES[scale] if name == "b12_pmol_l" else name for name in columns]


def _column(people: pd.DataFrame, name: str, scale: str) -> pd.Series:
    if name == "anaemia":
        return anaemia(people)
    return numbers(people, _on_scale([name], scale)[0])


def indicators(
    people: pd.DataFrame,
    definitions: Iterable[str],
    *,
    scale: str | Iterable[str] = "as_measured",
    partly_known: bool = False,
) -> pd.DataFrame:
    """Several definitions at once, as yes-or-no columns to estimate prevalence from.

    Parameters
    ----------
    people : DataFrame
        As for :func:`meets`.
    definitions : list of str
        Keys of ``biomarkers``.
    scale : {"as_measured", "roche"} or both in a list
        As for :func:`meets`.
    partly_known : bool
        As for :func:`meets`.

    Returns
    -------
    DataFrame of nullable boolean
        One column for each indicator, with the index of ``people``: named after the definition, and with ``_roche``
        behind it where serum B12 was taken on that scale. :func:`describe` says what each column is.

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [140, 300], "b12_roche_pmol_l": [160, 330], "mma_nmol_l": [300, 100]})
    >>> indicators(people, ["b12_148", "mma_271"], scale=["as_measured", "roche"]).iloc[0].to_dict()
    {'b12_148': True, 'mma_271': True, 'b12_148_roche': False}
    """
    wanted = [definitions] if isinstance(definitions, str) else list(definitions)
    columns = {
        _name(definition, one): meets(people, definition, scale=one, partly_known=partly_known)
        for one in ([scale] if isinstance(scale, str) else scale)
        for definition in wanted
    }
    return pd.DataFrame(columns, index=people.index)


def _name(definition: str, scale: str) -> str:
    return (
        f"{definition}_{scale}" if scale != "as_measured" and "b12_pmol_l" in _needs(_rule(definition)) else definition
    )


def describe(indicators: Iterable[str]) -> pd.DataFrame:
    """Say what indicators are, to stand beside their estimates.

    Parameters
    ----------
    indicators : list of str
        Columns that :func:`indicators` or :func:`mma_indicators` made.

    Returns
    -------
    DataFrame with columns
        indicator, definition, label, definition_class
        scale           which values of serum B12 it was applied to; missing where it asks for none
        assay           with which assay the source used the cut-off, where we know it
        source, status  of the definition

    Examples
    --------
    >>> describe(["b12_148_roche"])[["label", "scale"]].values.tolist()
    [['serum B12 below 148 pmol/L', 'roche']]
    >>> describe(["mma_271_egfr_60"])["label"].item()
    'MMA above 271 nmol/L, eGFR of 60 or more'
    """
    known = definitions()
    known = known[known["refused"].isna()]
    rows: dict[str, dict] = {}
    for row in known.to_dict("records"):
        name, needs = row["definition"], row["needs"]
        scales = SCALES if "b12_pmol_l" in needs else [pd.NA]
        for scale in scales:
            rows[f"{name}_roche" if scale is not pd.NA and scale == "roche" else name] = row | {"scale": scale}
        if needs == ["mma_nmol_l"]:
            rows |= {name + end: rows[name] | {"label": row["label"] + words} for end, words in KIDNEY.items()}
    for indicator in (chosen := list(indicators)):
        check_choice("indicator", indicator, rows)
    columns = ["indicator", "definition", "label", "definition_class", "scale", "assay", "source", "status"]
    return pd.DataFrame([{"indicator": one} | rows[one] for one in chosen], columns=columns)
