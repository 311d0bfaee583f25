"""Conditions of MatchSpecs (CEP 43): MatchSpecs joined by ``and`` and ``or``, in parentheses.

Grammar, ``and`` binding closer than ``or``, as in Python::

    condition = all {"or" all}
    all       = one {"and" one}
    one       = "(" condition ")" | MatchSpec

Brackets, and everything in them, belong to their MatchSpec.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conda_multiplat.vocabulary.errors import WordingError

Matches = Callable[[str], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[()])|(?P<word>and|or)(?=[\s(]|$)|(?P<spec>"""
    r"""(?:[^\s()\[]+|\[(?:[^\]"']|"[^"]*"|'[^']*')*\]|\s+(?!(?:and|or)(?=[\s(]|$)|\)))+))"""
)


def condition_holds(text: str, matches: Matches) -> bool:
    """Return whether a condition holds.

    Args:
        text: the condition.
        matches: whether a MatchSpec matches an available package or virtual package.

    Raises:
        WordingError: ``text`` is not a condition.
    """
    tokens = _tokens(text)
    holds, end = _any(tokens, 0, matches, text)
    if end < len(tokens):
        raise WordingError(f"unexpected {tokens[end]!r} in the condition {text!r}")
    return holds


def _tokens(text: str) -> list[str]:
    return list(_scanned(text))


def _scanned(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise WordingError(
                f"{text[at:].strip()!r} in the condition {text!r} is not a MatchSpec"
            )
        yield match.group().strip()
        at = match.end()


def _any(tokens: list[str], at: int, matches: Matches, text: str) -> tuple[bool, int]:
    holds, at = _all(tokens, at, matches, text)
    while tokens[at : at + 1] == ["or"]:
        other, at = _all(tokens, at + 1, matches, text)
        holds = holds or other
    return holds, at


def _all(tokens: list[str], at: int, matches: Matches, text: str) -> tuple[bool, int]:
    holds, at = _one(tokens, at, matches, text)
    while tokens[at : at + 1] == ["and"]:
        other, at = _one(tokens, at + 1, matches, text)
        holds = holds and other
    return holds, at


def _one(tokens: list[str], at: int, matches: Matches, text: str) -> tuple[bool, int]:
    if at >= len(tokens) or tokens[at] in ("and", "or", ")"):
        raise WordingError(f"a MatchSpec is missing in the condition {text!r}")
    if tokens[at] != "(":
        return matches(tokens[at]), at + 1
    holds, end = _any(tokens, at + 1, matches, text)
    if tokens[end : end + 1] != [")"]:
        raise WordingError(f"a parenthesis is not closed in the condition {text!r}")
    return holds, end + 1
