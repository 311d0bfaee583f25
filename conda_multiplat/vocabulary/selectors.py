"""Platform selectors of an ``environment.yml`` (CEP 24): ``# [linux64]`` and ``sel(linux): x``."""

from __future__ import annotations

import re
from _ast import And, BoolOp, Name, Not, PyCF_ONLY_AST, UnaryOp, expr  # `ast` takes a millisecond
from typing import Any

from conda_multiplat.vocabulary.errors import Location, Problem, WordingError
from conda_multiplat.vocabulary.names import FAMILIES, SUBDIRS, did_you_mean, families

#: A comment at the end of a line that holds content, with a bracketed expression in it.
_COMMENT = re.compile(r"^\s*[^\s#].*?\s#(?P<words>.*?)\[(?P<expression>[^\[\]]*)\][^\[\]()]*$")
#: The maximum length in characters; longer ones could be nested too deeply for Python.
_LONGEST = 500
_DICT = re.compile(r"^sel\((?P<expression>.*)\)$")
_DICT_VARIABLES = tuple(FAMILIES)

_MACHINES = (
    "aarch64",
    "arm64",
    "armv6l",
    "armv7l",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "wasm32",
)


class SelectorError(WordingError):
    """An expression that is not a selector."""


def variables(subdir: str) -> dict[str, bool]:
    """Return the variables of comment selectors with their values for ``subdir``.

    conda-build's platform variables, which include all of conda-lock's, and ``osx64``.
    """
    system, _, machine = subdir.partition("-")
    values = {name: name in families(subdir) for name in FAMILIES}
    for name in ("linux", "osx", "win"):
        values |= {f"{name}{bits}": subdir == f"{name}-{bits}" for bits in ("32", "64")}
    values |= {name: machine == name for name in _MACHINES}
    values |= {name: system == name for name in ("emscripten", "wasi", "freebsd", "zos")}
    return values | {
        "arm": subdir.startswith("linux-arm"),
        "x86": machine in ("32", "64"),
        "x86_64": machine == "64",
    }


_VARIABLES = tuple(variables(SUBDIRS[0]))


def evaluate(expression: str, subdir: str) -> bool:
    """Return whether the comment selector ``expression`` is true for ``subdir``.

    Raises:
        SelectorError: the expression has an unknown variable or more than ``and or not ( )``.
    """
    if len(expression) > _LONGEST:
        raise SelectorError(
            f"selector [{expression[:40]}…] has more than {_LONGEST} characters",
            "write several lines, each with a shorter selector",
        )
    try:
        tree: Any = compile(expression.strip(), "selector", "eval", PyCF_ONLY_AST)
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # deep nesting raises any
        raise SelectorError(
            f"selector [{expression}] is not an expression",
            "write variables joined by `and`, `or`, `not`, for example # [linux and x86_64]",
        ) from None
    return _value(tree.body, variables(subdir), expression)


def _value(node: expr, values: dict[str, bool], expression: str) -> bool:
    if isinstance(node, BoolOp):
        parts = [_value(part, values, expression) for part in node.values]
        return all(parts) if isinstance(node.op, And) else any(parts)
    if isinstance(node, UnaryOp) and isinstance(node.op, Not):
        return not _value(node.operand, values, expression)
    if isinstance(node, Name):
        if node.id in values:
            return values[node.id]
        known = "the variables are " + ", ".join(sorted(_VARIABLES))
        raise SelectorError(
            f"unknown variable {node.id!r} in selector [{expression}]",
            did_you_mean(node.id, _VARIABLES, known),
        )
    raise SelectorError(
        f"selector [{expression}] may contain only variables, `and`, `or`, `not` and parentheses",
        "for example # [linux and not aarch64]",
    )


def comment_selector(line: str) -> tuple[str, int] | None:
    """Return a line's comment selector as (expression, column from 1), or ``None``.

    A comment that consists of brackets, ``# [linux]``, is always one (CEP 24). With words before
    the bracket, as in ``# only there [linux]`` (conda-lock allows this), it is one only if it can
    be evaluated, so that ``# see [1]`` stays a comment.
    """
    match = _COMMENT.match(line) if "[" in line and "#" in line else None
    if match is None:
        return None
    if match["words"].strip() and not _is_expression(match["expression"]):
        return None
    return match["expression"], match.start("expression")


def _is_expression(text: str) -> bool:
    try:
        evaluate(text, SUBDIRS[0])
    except SelectorError:
        return False
    return True


def filter_lines(text: str, subdir: str, file: str) -> tuple[str, list[Problem]]:
    """Blank the lines whose selector is false for ``subdir``; line numbers stay the same.

    Returns:
        The text, and the problems of invalid selectors (their lines are kept).
    """
    kept: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        selector = comment_selector(line)
        keep = True
        if selector is not None:
            try:
                keep = evaluate(selector[0], subdir)
            except SelectorError as error:
                place = Location(file, number, selector[1])
                problems.append(Problem(place, str(error), error.hint))
        kept.append(line if keep else "")
    return "\n".join(kept) + "\n", problems


def selector_lines(text: str) -> frozenset[int]:
    """Return the numbers, from 1, of the lines that have a comment selector."""
    lines = enumerate(text.splitlines(), start=1)
    return frozenset(number for number, line in lines if comment_selector(line))


def dict_selector(key: str, subdir: str) -> bool | None:
    """Return whether ``sel(linux)`` is true for ``subdir``; ``None`` if the key is not a selector.

    Raises:
        SelectorError: ``sel(...)`` does not contain one of micromamba's four variables.
    """
    match = _DICT.match(key.strip())
    if match is None:
        return None
    expression = match["expression"].strip()
    if expression not in _DICT_VARIABLES:
        known = "write one of " + ", ".join(f"sel({name})" for name in _DICT_VARIABLES)
        raise SelectorError(f"unknown selector {key!r}", known)
    return expression in families(subdir)
