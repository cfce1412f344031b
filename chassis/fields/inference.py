"""What a formula gives, told from the kinds of its inputs before any record has values: one that never gives a thing is refused.

Texts may hold dates and numbers, so they pass for both where a date or a result is expected, and never where there is calculated.
"""

import ast
from collections.abc import Collection, Mapping

from chassis.fields.formula import Formula
from chassis.listing.catalogue import Kind

NUMBER, TEXT, TRUTH, DATE, INSTANT, LIST, ANYTHING = "number", "text", "truth", "date", "instant", "list", "anything"

OF_TYPES = {
    "TEXT": TEXT, "LONG_TEXT": TEXT, "SELECT": TEXT, "REFERENCE": TEXT, "EMAIL": TEXT, "PHONE": TEXT, "URL": TEXT,
    "INTEGER": NUMBER, "DECIMAL": NUMBER, "MONEY": NUMBER, "BOOLEAN": TRUTH, "DATE": DATE, "INSTANT": INSTANT,
    "MULTI_SELECT": LIST,
}  # fmt: skip
OF_KINDS = {
    Kind.STRING: TEXT, Kind.ID: TEXT, Kind.ENUM: TEXT, Kind.DATE: DATE, Kind.INTEGER: NUMBER, Kind.NUMBER: NUMBER,
    Kind.DECIMAL: NUMBER, Kind.BOOLEAN: TRUTH, Kind.INSTANT: INSTANT, Kind.MESSAGE: NUMBER,
}  # fmt: skip

_GIVES = {  # of which kinds a result becomes a value of the type
    "TEXT": (NUMBER, TEXT, DATE, INSTANT), "LONG_TEXT": (NUMBER, TEXT, DATE, INSTANT), "INTEGER": (NUMBER, TEXT),
    "DECIMAL": (NUMBER, TEXT), "BOOLEAN": (TRUTH,), "DATE": (DATE, TEXT), "INSTANT": (INSTANT, TEXT),
}  # fmt: skip
_WORDS = {
    NUMBER: "a number", TEXT: "a text", TRUTH: "true or false", DATE: "a date", INSTANT: "an instant", LIST: "a list",
}  # fmt: skip
_WRITTEN, _DAYS, _NUMBERS = (TEXT, NUMBER, DATE, INSTANT), (DATE, INSTANT, TEXT), (NUMBER,)
_FUNCTIONS = {  # what they take, as what, and what they give
    **dict.fromkeys(("abs", "min", "max", "round", "floor", "ceil"), (_NUMBERS, NUMBER, NUMBER)),
    **dict.fromkeys(("concat", "lower", "upper"), (_WRITTEN, TEXT, TEXT)), "length": (_WRITTEN, TEXT, NUMBER),
    **dict.fromkeys(("days", "year", "month"), (_DAYS, DATE, NUMBER)),
}  # fmt: skip


class Misfit(Exception):
    """A formula that can give nothing, with a sentence that says why."""


def demand_result(formula: Formula, inputs: Mapping[str, str], type_name: str) -> None:
    """Raise Misfit where the formula can give no value of the type, whatever its inputs hold. `inputs` are kinds by name."""
    given = _Reading(inputs).kind(formula.tree.body)
    if given != ANYTHING and given not in _GIVES[type_name]:
        raise Misfit(f"gives {_WORDS[given]}, which is no {type_name}")


class _Reading:
    def __init__(self, inputs: Mapping[str, str]) -> None:
        self._inputs = inputs

    def kind(self, node: ast.expr) -> str:
        """What an expression gives."""
        match node:
            case ast.Constant(value=value):
                return _of_constant(value)
            case ast.Name(id=name):
                return self._inputs.get(name, ANYTHING)
            case ast.BinOp(left=left, right=right):
                self._demand((left, right), _NUMBERS, NUMBER)
                return NUMBER
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self._demand((operand,), _NUMBERS, NUMBER)
                return NUMBER
            case ast.Compare() | ast.UnaryOp():
                return TRUTH
            case ast.BoolOp(values=values):
                return self._one_of(values)
            case ast.IfExp(body=body, orelse=orelse):
                return self._one_of((body, orelse))
            case ast.Call(func=ast.Name(id="coalesce"), args=args):
                return self._one_of(args)
            case ast.Call(func=ast.Name(id=name), args=args):
                takes, as_what, gives = _FUNCTIONS[name]
                self._demand(args, takes, as_what)
                return gives
        return ANYTHING

    def _demand(self, nodes: Collection[ast.expr], kinds: Collection[str], as_what: str) -> None:
        for node in nodes:
            if (given := self.kind(node)) != ANYTHING and given not in kinds:
                raise Misfit(f"takes {ast.unparse(node)[:40]} as {_WORDS[as_what]}, and it is {_WORDS[given]}")

    def _one_of(self, nodes: Collection[ast.expr]) -> str:
        kinds = {self.kind(node) for node in nodes}
        return kinds.pop() if len(kinds) == 1 else ANYTHING


def _of_constant(value: object) -> str:
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, int | float):
        return NUMBER
    return TEXT if isinstance(value, str) else ANYTHING
