"""Figures made small: numbers as short as a drawing needs them, and the whole compressed.

A figure with choices holds the traces of all of them. A reader sees no more than four digits of a number, and curves
of one kind repeat each other, so that a page takes a figure of a hundred bands for the price of a few.
"""

from __future__ import annotations

import base64
import gzip
import math
from typing import Any

import numpy as np

__all__ = ["packed", "rounded"]

DIGITS = 4


def rounded(value: Any) -> Any:
    """Write the arrays of Plotly's JSON as lists whose numbers have four digits.

    Parameters
    ----------
    value : object
        A trace, or any part of one. An array may be Plotly's base64.

    Returns
    -------
    object
        The same with shorter numbers: four digits of a number or of the range of its array, whichever is finer, so
        that neither small values on a logarithmic axis nor years on a linear one fall together.

    Examples
    --------
    >>> rounded({"x": [2013.5, 2023.25], "y": [0.0123456, 1234.56], "name": "a"})
    {'x': [2013.5, 2023.25], 'y': [0.01235, 1235], 'name': 'a'}
    """
    if isinstance(value, dict):
        return _numbers(_array(value)) if "bdata" in value else {key: rounded(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    is_numbers = all(item is None or (isinstance(item, int | float) and not isinstance(item, bool)) for item in value)
    return _numbers(np.array(value, dtype=float)) if value and is_numbers else [rounded(item) for item in value]


def packed(text: str) -> str:
    """Compress a text, in base64; the same bytes every time.

    Examples
    --------
    >>> gzip.decompress(base64.b64decode(packed("curves"))).decode()
    'curves'
    """
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()


def _array(value: dict[str, Any]) -> np.ndarray:
    flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    shape = str(value.get("shape", flat.size)).split(",")
    return flat.reshape([int(length) for length in shape])


def _numbers(array: np.ndarray) -> list[Any]:
    finite = array[np.isfinite(array)]
    spread = float(np.ptp(finite)) if finite.size else 0.0

    def short(number: float) -> float | None:
        if not math.isfinite(number):
            return None
        size = min(abs(number), spread) or abs(number)
        number = round(number, DIGITS - 1 - math.floor(math.log10(size))) if size else 0.0
        return int(number) if number == int(number) else number

    def short_all(values: list[Any]) -> list[Any]:
        return [short_all(item) if isinstance(item, list) else short(item) for item in values]

    return short_all(array.tolist())
