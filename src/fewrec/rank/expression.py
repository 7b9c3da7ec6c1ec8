"""The text of a condition -> its truth for every item. Nothing of the text is ever run.

The text is cut into tokens of a fixed list, rewritten with every text and number in a plain spelling, parsed
by ``ast`` and walked; any node that is not listed here is refused. The language is described in `filters`.
"""

from __future__ import annotations

import ast
import math
import re
from functools import reduce
from typing import Any

from fewrec.errors import ConfigError
from fewrec.rank.columns import ORDERS, Columns, Constant, Truth, both, either, opposite, short

LONGEST = 10_000  # characters
DEEPEST = 30  # brackets within brackets, or conditions within conditions
EXAMPLE = 'Write conditions like price < 20 and cuisine == "Mexican" and city in ["A", "B"].'

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<column>`[^`]+`)
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[^\W\d](?:\w|[^\x00-\x7f\s])*)
    |(?P<sign>==|!=|<=|>=|[<>()\[\],+-])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([\\'\"])")
_ADVICE = {
    "=": "Write == for equality.",
    "&": "Write and.",
    "|": "Write or.",
    "!": "Write not, or != for unequal.",
    "'": "A quote is not closed.",
    '"': "A quote is not closed.",
    "`": "A backtick is not closed.",
}
_SIGNS = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class _Column(str):
    """The name of a column, as opposed to a text."""


def evaluate(text: str, columns: Columns) -> Truth:
    """``(yes, no)``, (I,) bool each. Raises ``ConfigError`` for anything that is no condition."""
    return _truth(_parse(text), columns, 0)


def _refuse(message: str, hint: str | None = EXAMPLE, value: Any = None) -> ConfigError:
    return ConfigError(message, where="where", value=value, hint=hint)


def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise _refuse(f"the condition has {len(text)} characters; at most {LONGEST} are read.", hint=None)
    words, starts = _tokens(text)
    if not words:
        raise _refuse("the condition is empty.")
    source = " ".join(words)
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        at, near = len(source) + 1, text
        if error.offset and error.offset <= len(source):  # 0 is said at the end
            at = error.offset - 1
        ends = 0
        for word, start in zip(words, starts, strict=True):
            ends += len(word) + 1
            if ends > at:
                near = text[start:]
                break
        else:
            raise _refuse("the condition stops too early.", value=text) from None
        hint = EXAMPLE
        if {"AND", "OR", "NOT", "IN"} & set(words):
            hint = "Write and, or, not, in with small letters."
        elif any(words.count(left) > words.count(right) for left, right in ("()", "[]")):
            hint = "A bracket is not closed."
        raise _refuse(f"the condition cannot be read from {short(near)} on.", hint, text) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None


def _too_deep() -> ConfigError:
    return _refuse(f"the condition is nested more than {DEEPEST} deep.", hint="Use in [...] for long lists.")


def _tokens(text: str) -> tuple[list[str], list[int]]:
    """The tokens in the plainest Python spelling, and where each starts in ``text``."""
    words: list[str] = []
    starts: list[int] = []
    at, depth = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match.lastgroup == "name" and not match.group().isidentifier()):
            raise _refuse(
                f"the condition cannot be read from {short(text[at:])} on.",
                _ADVICE.get(text[at], EXAMPLE),
                text,
            )
        kind, word = str(match.lastgroup), match.group()
        if kind != "space":
            depth += (word in "([") - (word in ")]")
            if depth > DEEPEST:
                raise _too_deep()
            if kind == "text" and words and words[-1][0] in "'\"":
                raise _refuse(
                    f"two texts stand side by side from {short(text[starts[-1] :])} on.", value=text
                )
            words.append(_plain(kind, word))
            starts.append(at)
        at = match.end()
    return words, starts


def _plain(kind: str, word: str) -> str:
    if kind == "text":
        return repr(_ESCAPE.sub(r"\1", word[1:-1]))
    if kind == "column":
        return f"column({word[1:-1]!r})"
    if kind == "number":
        number = float(word) if len(word) <= 40 else math.inf
        if math.isinf(number):
            raise _refuse(f"the number {short(word)} is too large or too long.", hint=None, value=word)
        return str(int(word)) if word.isdigit() else repr(number)
    return word


def _truth(node: ast.expr, columns: Columns, depth: int) -> Truth:
    if depth > DEEPEST:
        raise _too_deep()
    if isinstance(node, ast.BoolOp):
        join = both if isinstance(node.op, ast.And) else either
        return reduce(join, [_truth(part, columns, depth + 1) for part in node.values])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return opposite(_truth(node.operand, columns, depth + 1))
    if isinstance(node, ast.Compare):
        operands = [_operand(part, columns) for part in (node.left, *node.comparators)]
        pairs = zip(operands, node.ops, operands[1:], strict=False)
        return reduce(both, [_compared(one, _SIGNS[type(op)], other, columns) for one, op, other in pairs])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "contains":
        arguments = [_operand(part, columns) for part in node.args]
        match arguments:
            case [_Column() as column, str() as part] if not isinstance(part, _Column) and not node.keywords:
                return columns.contains(column, part)
        raise _refuse("contains takes a column and a text.", 'Write contains(title, "river").')
    operand = _operand(node, columns)
    if isinstance(operand, _Column):
        return columns.stands_alone(operand)
    raise _refuse(f"{short(operand)} is no condition by itself.", value=operand)


def _operand(node: ast.expr, columns: Columns) -> _Column | Constant | list[Constant]:
    """A column, a constant or a list of constants."""
    if isinstance(node, ast.Name):
        return _Column(columns.find(node.id))
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        number = node.operand
        value = number.value if isinstance(number, ast.Constant) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return sign * value
        raise _refuse("a sign stands before a number only.")
    if isinstance(node, ast.List | ast.Tuple):
        listed = [
            _operand(part, columns) if not isinstance(part, ast.List | ast.Tuple) else part
            for part in node.elts
        ]
        if any(isinstance(part, _Column | ast.expr | list) for part in listed):
            raise _refuse("a list holds texts, numbers, True, False and None only.")
        return listed  # type: ignore[return-value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        match node.args:
            case [ast.Constant(value=str() as column)] if name == "column" and not node.keywords:
                return _Column(columns.find(column))
        if name in ("column", "contains"):
            raise _refuse(
                f"{name}(...) is not used like this.",
                'Write column("opening hours") == "late", or contains(title, "river").',
            )
        raise _refuse(f"there is no function {short(name)}.", "contains and column are the only ones.")
    if isinstance(node, ast.BinOp):
        raise _refuse(
            "there is no arithmetic in conditions.", "A column name with other signs stands in `backticks`."
        )
    raise _refuse(f"a condition cannot hold {_NAMES.get(type(node), 'this')}.")


_NAMES: dict[type, str] = {
    ast.BoolOp: '"and" or "or" inside a comparison',
    ast.UnaryOp: '"not" inside a comparison',
    ast.Compare: "a comparison inside a comparison",
    ast.IfExp: '"if"',
    ast.ListComp: '"for"',
    ast.GeneratorExp: '"for"',
    ast.Subscript: "[ ] behind a name",
}


def _compared(one: Any, sign: str, other: Any, columns: Columns) -> Truth:
    """One comparison; ``one`` and ``other`` are a column and a constant or list, in either order."""
    if isinstance(one, _Column) and isinstance(other, _Column):
        raise _refuse(f"columns {one!r} and {other!r} cannot be compared with each other.")
    if not isinstance(one, _Column) and not isinstance(other, _Column):
        raise _refuse(
            f"{short(one)} {sign} {short(other)} compares nothing of the items.",
            "Column names stand without quotes, texts in quotes.",
        )
    if sign in ("is", "is not"):
        if one is not None and other is not None:
            raise _refuse(f"{sign} goes with None only.", f"Write {'==' if sign == 'is' else '!='}.")
        sign = "==" if sign == "is" else "!="
    negated = sign in ("!=", "not in")
    if sign in ("in", "not in"):
        if isinstance(one, _Column) and not isinstance(other, list):
            raise _refuse(
                f"{sign} needs a list, not {short(other)}.",
                f"Write {one} in [{other!r}], or contains({one}, ...) for a part of a text.",
            )
        column, wanted = (one, other) if isinstance(one, _Column) else (other, [one])
        if any(isinstance(value, list) for value in wanted):
            raise _refuse(f"{sign} cannot look for a list.")
        truth = columns.one_of(column, wanted)
        return opposite(truth) if negated else truth
    if isinstance(other, _Column):
        one, sign, other = other, _MIRRORED[sign], one
    if isinstance(other, list):
        raise _refuse(f"{sign} cannot be used with a list.", f"Write {one} in {short(other)}.")
    if sign in ORDERS:
        return columns.ordered(one, sign, other)
    truth = columns.one_of(one, [other])
    return opposite(truth) if negated else truth
