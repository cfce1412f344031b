"""Formulas: what a custom field is computed from, `round(price * (1 - discount / 100), 2)`.

An expression of arithmetic, comparisons, conditions (`a if b else c`) and a dozen functions over the record's own fields,
evaluated by simpleeval with nothing but these. Numbers are decimals of 34 digits. There are no loops, attributes or powers,
and an expression has at most 500 characters, so that its work is bounded by its length. What cannot be computed, because an
input is missing or a divisor is zero, is no value.
"""

import ast
import decimal
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import simpleeval
from bson.decimal128 import Decimal128

from chassis.validation.formats import is_date

_DEEPEST = 40  # of the expression's tree: keeps evaluation far from Python's limit of recursion
_MOST_PLACES = 9
_CONTEXT = decimal.Context(prec=34, rounding=ROUND_HALF_UP)

_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.USub, ast.Not, ast.And, ast.Or,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
)  # fmt: skip


class Unreadable(Exception):
    """A text that is no formula, with a sentence that says why."""


class Formula:
    """An expression that was read. Raises Unreadable when the text is none."""

    def __init__(self, text: str) -> None:
        try:
            self.tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise Unreadable("is no expression") from None
        _check(self.tree)
        calls = {id(each.func) for each in ast.walk(self.tree) if isinstance(each, ast.Call)}
        names = [each for each in ast.walk(self.tree) if isinstance(each, ast.Name)]
        self.inputs = frozenset(each.id for each in names if id(each) not in calls)

    def value(self, inputs: Mapping[str, Any]) -> Any:
        """What it gives for these stored values: a Decimal, text, boolean, date or instant; None where nothing comes of it."""
        evaluator = simpleeval.SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names=_Names(inputs))
        evaluator.nodes[ast.Constant] = lambda node: _operand(node.value)
        try:
            with decimal.localcontext(_CONTEXT):
                return evaluator.eval("", previously_parsed=self.tree.body)
        except (ArithmeticError, TypeError, ValueError):
            return None  # an input is missing or of another kind


class _Names(dict[str, Any]):
    """Inputs as formulas see them; one that the record does not have is None."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        super().__init__({name: _operand(value) for name, value in inputs.items()})

    def __missing__(self, name: str) -> None:
        return None


def _operand(value: Any) -> Any:
    """A stored value as formulas see it: numbers and amounts as decimals, dates as dates."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, dict):
        return _amount(value)
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return date.fromisoformat(value) if len(value) == 10 and is_date(value) else value


def _amount(money: dict[str, Any]) -> Decimal | None:
    return Decimal(int(money["units"])) + Decimal(int(money.get("nanos") or 0)).scaleb(-9) if "units" in money else None


def _check(tree: ast.Expression) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise Unreadable(f"cannot hold {type(node).__name__}")
        if isinstance(node, ast.Constant) and not _sound(node.value):
            raise Unreadable("holds a value that is no number, text, true, false or None")
        if isinstance(node, ast.Call):
            _check_call(node)
    if _depth(tree) > _DEEPEST:
        raise Unreadable(f"is nested deeper than {_DEEPEST}")


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise Unreadable(f"calls {name or 'what has no name'}; there are {', '.join(sorted(FUNCTIONS))}")
    if node.keywords:
        raise Unreadable("gives an argument by name")


def _sound(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor no number
    return value is None or isinstance(value, bool | int | str)


def _depth(node: ast.AST) -> int:
    deepest, level = 0, [node]
    while level:
        deepest, level = deepest + 1, [child for each in level for child in ast.iter_child_nodes(each)]
    return deepest


# ---------------------------------------------------------------- operators and functions


def _of_numbers(operate: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*operands: Any) -> Any:
        return operate(*(_number(each) for each in operands))

    return checked


def _number(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        raise TypeError
    return value


def _round(number: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    if not 0 <= places <= _MOST_PLACES:
        raise ValueError
    return number.quantize(Decimal(1).scaleb(-int(places)))


def _days(later: date, earlier: date) -> Decimal:
    if not isinstance(later, date) or type(later) is not type(earlier):
        raise TypeError
    return Decimal((later - earlier).days)


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _of_numbers(operator.add), ast.Sub: _of_numbers(operator.sub), ast.Mult: _of_numbers(operator.mul),
    ast.Div: _of_numbers(operator.truediv), ast.Mod: _of_numbers(operator.mod), ast.USub: _of_numbers(operator.neg),
    ast.Not: operator.not_, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _of_numbers(abs), "min": _of_numbers(min), "max": _of_numbers(max), "round": _of_numbers(_round),
    "floor": _of_numbers(lambda number: number.to_integral_value(ROUND_FLOOR)),
    "ceil": _of_numbers(lambda number: number.to_integral_value(ROUND_CEILING)),
    "concat": lambda *parts: "".join(_text(each) for each in parts),
    "lower": lambda text: _text(text).lower(), "upper": lambda text: _text(text).upper(),
    "length": lambda text: Decimal(len(_text(text))),
    "coalesce": lambda *parts: next((each for each in parts if each is not None), None),
    "days": _days, "year": lambda day: Decimal(day.year) if isinstance(day, date) else None,
    "month": lambda day: Decimal(day.month) if isinstance(day, date) else None,
}  # fmt: skip
