"""Rules: the text of a definition, such as ``b12_pmol_l < 148 or mma_nmol_l > 271``, read and applied.

A rule is read by Python's own parser and applied piece by piece; nothing of it is ever run. It knows columns, numbers,
``<``, ``<=``, ``>``, ``>=``, ``and``, ``or``, ``not`` and brackets. A missing value is unknown, and stays so unless
the other side decides: "false and unknown" is false, "true or unknown" is true (Kleene's logic).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import cache, reduce

import pandas as pd

from b12analysis.arguments import InputError

__all__ = ["columns_of", "holds"]

COMPARISONS = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
JOINS = {ast.And: operator.and_, ast.Or: operator.or_}
NODES = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, *COMPARISONS, ast.Name, ast.Load)


@cache
def _read(rule: str) -> ast.expr:
    try:
        tree = ast.parse(rule, mode="eval").body
    except (SyntaxError, ValueError):
        raise InputError(f"rule={rule!r} is no condition, such as 'b12_pmol_l < 148'") from None
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not (number or isinstance(node, NODES)):
            raise InputError(f"rule={rule!r}: {ast.unparse(node)!r} is no column, number, comparison, and, or, not")
    return tree


def columns_of(rule: str) -> list[str]:
    """Columns that a rule asks for, in its order.

    Examples
    --------
    >>> columns_of("b12_pmol_l < 150 or (b12_pmol_l < 200 and hcy_umol_l > 20)")
    ['b12_pmol_l', 'hcy_umol_l']
    """
    named = [node for node in ast.walk(_read(rule)) if isinstance(node, ast.Name)]
    named.sort(key=lambda node: node.col_offset)
    return list(dict.fromkeys(node.id for node in named))


def holds(rule: str, column: Callable[[str], pd.Series]) -> pd.Series:
    """Whom a rule holds for.

    Parameters
    ----------
    rule : str
        The condition.
    column : callable
        Gives the column of a name, with missing values as ``<NA>``.

    Returns
    -------
    Series of nullable boolean
        Missing where the known columns do not decide.

    Examples
    --------
    >>> people = pd.DataFrame({"b12_pmol_l": [110, 200, None]}, dtype="Float64")
    >>> holds("148 <= b12_pmol_l <= 221", people.get).tolist()
    [False, True, <NA>]
    """
    return _holds(_read(rule), column)


def _holds(node: ast.expr, column: Callable[[str], pd.Series]) -> pd.Series:
    match node:
        case ast.BoolOp(op=join, values=parts):
            return reduce(JOINS[type(join)], (_holds(part, column) for part in parts))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return ~_holds(part, column)
        case ast.Compare(left=left, ops=signs, comparators=others):
            sides = [_value(side, column) for side in (left, *others)]
            pairs = zip(signs, sides, sides[1:], strict=False)
            return reduce(operator.and_, (COMPARISONS[type(sign)](one, two) for sign, one, two in pairs))
        case ast.Name(id=name):
            return column(name)
    raise InputError(f"rule part {ast.unparse(node)!r} is neither true nor false")


def _value(node: ast.expr, column: Callable[[str], pd.Series]) -> pd.Series | float:
    match node:
        case ast.Name(id=name):
            return column(name)
        case ast.Constant(value=number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=number)):
            return -number
    raise InputError(f"rule part {ast.unparse(node)!r} is neither a column nor a number")
