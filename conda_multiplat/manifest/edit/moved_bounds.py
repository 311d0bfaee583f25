"""Move bounds to the solved versions, each in its own notation.

The bounds of a line, if 2.4.6 was solved without them:

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

Versions never become older, and as many parts of a version are stated as before. If versions differ
between platforms, the lowest counts for lower bounds, which must hold on all of them, and the
highest for upper bounds. A line with a build, a hash, a file or several ranges stays unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec, version_span
from conda_multiplat.vocabulary.pip_entries import entry_name

#: Returns whether a version comes after another.
IsNewer = Callable[[str, str], bool]

_TERM = re.compile(
    r"(?P<operator>==|!=|<=|>=|~=|=|<|>)?\s*(?P<version>[0-9][A-Za-z0-9_.]*?)(?P<star>\.?\*)?"
)
_PYPI = re.compile(r"\s*[A-Za-z0-9._-]+\s*(\[[^\[\]]*\])?\s*\(?(?P<versions>[^;()]*)")
_NUMBERS = re.compile(r"(?P<numbers>[0-9]+(\.[0-9]+)*)(?P<rest>.*)")
_FLOORS = ("", "=", "==", "~=", ">=")


class _Term(NamedTuple):
    """One bound: the position of its version in the line, its operator and version."""

    start: int
    end: int
    operator: str
    version: str
    starred: bool


def loosened(text: str, *, pypi: bool) -> str:
    """Remove what excludes newer versions from a line; ``""`` if it has no bound that can move."""
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
    """Move a line's bounds to the solved versions.

    Args:
        text: the line.
        versions: the solved versions of all platforms, sorted, the lowest first.
        is_newer: compares versions.
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
    if fuzzy:
        return _parts(lowest, _count(term.version))
    # `1` and `1.0` are one version: the line would change without effect.
    differ = is_newer(lowest, term.version) or is_newer(term.version, lowest)
    return lowest if differ else term.version


def _count(version: str) -> int:
    return len(version.split("."))


def _parts(version: str, count: int) -> str:
    """Return the first parts of a version, completed with ``0``."""
    parts = version.split(".")
    return ".".join([*parts, *["0"] * (count - len(parts))][:count])


def _above(version: str, bound: str) -> str:
    """Return the bound above a version, with as many parts as ``bound`` has.

    ``<2.0`` excludes the next major version: zeros at its end are ignored.
    """
    written = _NUMBERS.fullmatch(bound)
    assert written  # it begins with a number
    count = _count(written["numbers"])
    significant = _count(re.sub(r"(\.0+)+$", "", written["numbers"]))
    *before, last = _parts(version, significant).split(".")
    number = _NUMBERS.match(last)
    if number is None:  # a letter: the version after it is unknown
        return bound
    above = [*before, str(int(number["numbers"]) + 1), *["0"] * (count - significant)]
    return ".".join(above) + written["rest"]


def _terms(text: str, *, pypi: bool) -> list[_Term]:
    """Return the bounds of a line; empty if there are none, or some can't be moved."""
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
    """Return the span of a line's version part; empty if it has none, or can't be moved."""
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
