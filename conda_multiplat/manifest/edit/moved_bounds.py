"""Bounds that move to what was solved without them, each in the words that it is written in.

What a line of a package says of versions, where 2.4.6 was solved:

==================  ===================  ====================
written             solved with          moves to
==================  ===================  ====================
``1.26.*``          ``>=1.26``           ``2.4.*``
``=1.26``           ``>=1.26``           ``=2.4``
``==1.26.4``        ``>=1.26.4``         ``==2.4.6``
``~=1.26``          ``>=1.26``           ``~=2.4``
``>=1.26``          ``>=1.26``           ``>=2.4.6``
``>=1.26,<2``       ``>=1.26``           ``>=2.4.6,<3``
``<1.27.0a0``       any                  ``<2.5.0a0``
``!=1.27.0``        ``!=1.27.0``         the same
==================  ===================  ====================

So nothing becomes older, and as many parts of a version are bound as before. Of versions that
differ between platforms the lowest counts for what is to hold on all of them, the highest for an
upper bound. A line that names a build, a hash, a file or several ranges stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec, version_span
from conda_multiplat.vocabulary.pip_entries import entry_name

#: Whether a version comes after another.
IsNewer = Callable[[str, str], bool]

_TERM = re.compile(
    r"(?P<operator>==|!=|<=|>=|~=|=|<|>)?\s*(?P<version>[0-9][A-Za-z0-9_.]*?)(?P<star>\.?\*)?"
)
_PYPI = re.compile(r"\s*[A-Za-z0-9._-]+\s*(\[[^\[\]]*\])?\s*\(?(?P<versions>[^;()]*)")
_NUMBERS = re.compile(r"(?P<numbers>[0-9]+(\.[0-9]+)*)(?P<rest>.*)")
_FLOORS = ("", "=", "==", "~=", ">=")


class _Term(NamedTuple):
    """One bound: where its version stands in the line, and what it says."""

    start: int
    end: int
    operator: str
    version: str
    starred: bool


def loosened(text: str, *, pypi: bool) -> str:
    """A line without what keeps newer versions out; ``""`` where it has no bound that can move."""
    terms = _terms(text, pypi=pypi)
    kept = [bound for term in terms for bound in _kept(term)]
    if not terms:
        return ""
    if pypi:
        start, end = _span(text, pypi=True)
        return f"{text[:start].rstrip()}{','.join(kept)}{text[end:]}"
    spec = parse_spec(text)
    channel = f"{spec.channel}::" if spec.channel else ""
    build = spec.fields.get("build", "")
    versions = ",".join(kept) or ("*" if build else "")
    return " ".join(filter(None, [f"{channel}{spec.name}", versions, build]))


def moved(text: str, versions: Sequence[str], is_newer: IsNewer, *, pypi: bool) -> str:
    """A line with its bounds moved to what was solved for it.

    Args:
        text: the line.
        versions: what was solved, on one platform or several; sorted, the lowest first.
        is_newer: compares them.
        pypi: whether it is a line of ``pip:``.
    """
    for term in reversed(_terms(text, pypi=pypi)):
        version = _moved(term, versions[0], versions[-1], is_newer)
        text = text[: term.start] + version + text[term.end :]
    return text


def _kept(term: _Term) -> list[str]:
    if term.operator in _FLOORS:
        return [f">={term.version}"]
    return [f"{term.operator}{term.version}"] if term.operator in (">", "!=") else []


def _moved(term: _Term, lowest: str, highest: str, is_newer: IsNewer) -> str:
    match term.operator:
        case "!=" | ">":
            return term.version
        case "<":
            above = is_newer(term.version, highest)
            return term.version if above else _above(highest, term.version)
        case "<=":
            return highest if is_newer(highest, term.version) else term.version
        case "~=":
            return _parts(lowest, max(2, _count(term.version)))
    fuzzy = term.starred or term.operator == "="
    return _parts(lowest, _count(term.version)) if fuzzy else lowest


def _count(version: str) -> int:
    return len(version.split("."))


def _parts(version: str, count: int) -> str:
    """The first parts of a version; ``0`` for those that it does not have."""
    parts = version.split(".")
    return ".".join([*parts, *["0"] * (count - len(parts))][:count])


def _above(version: str, bound: str) -> str:
    """The bound above a version that is written as ``bound`` is.

    ``<2.0`` is meant to keep the next major version out: the zeros at its end say nothing.
    """
    written = _NUMBERS.fullmatch(bound)
    assert written  # it begins with a number
    count = _count(written["numbers"])
    said = _count(re.sub(r"(\.0+)+$", "", written["numbers"]))
    *before, last = _parts(version, said).split(".")
    number = _NUMBERS.match(last)
    if number is None:  # a letter: nothing is known to come after it
        return bound
    above = [*before, str(int(number["numbers"]) + 1), *["0"] * (count - said)]
    return ".".join(above) + written["rest"]


def _terms(text: str, *, pypi: bool) -> list[_Term]:
    """The bounds of a line; none where it has none, or some that can't be moved one by one."""
    start, end = _span(text, pypi=pypi)
    terms: list[_Term] = []
    at = start
    for part in text[start:end].split(","):
        match = _TERM.fullmatch(part.strip())
        if match is None:
            return []
        offset = at + part.index(part.strip())
        first, last = (offset + place for place in match.span("version"))
        operator = match["operator"] or ""
        terms.append(_Term(first, last, operator, match["version"], bool(match["star"])))
        at += len(part) + 1
    return terms


def _span(text: str, *, pypi: bool) -> tuple[int, int]:
    """Where a line speaks of versions; an empty span where it does not, or can't be moved."""
    try:
        return _pypi_span(text) if pypi else _conda_span(text)
    except (WordingError, InvalidRequirement):
        return 0, 0


def _conda_span(text: str) -> tuple[int, int]:
    spec = parse_spec(text)
    exact = {"build_number", "md5", "sha256", "subdir"} & spec.fields.keys()
    build = spec.fields.get("build", "*")
    if exact or spec.warning or "*" not in build:
        return 0, 0
    return version_span(text)


def _pypi_span(text: str) -> tuple[int, int]:
    match = _PYPI.match(text)
    if match is None or not entry_name(text) or Requirement(text).url:
        return 0, 0
    written = match["versions"]
    start = match.start("versions")
    return start, start + len(written.rstrip())
