"""A bound for a requirement that names a package only.

It is ``>=`` the lowest version that was solved, so that it holds on every platform. There is no
upper bound: the lock keeps what is locked, and a bound would keep `lock --update` from what is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.pip_entries import entry_name

_TIGHT = re.compile(r"[\w.:\[\],-]+[=<>!~]")
_SPACED = re.compile(r"[\w.:\[\],-]+ +[=<>!~\d]")
_NAME_AND_EXTRAS = re.compile(r"\s*[A-Za-z0-9._-]+(\s*\[[^\[\]]*\])?")


def is_bare(text: str, *, pypi: bool) -> bool:
    """Whether a requirement says nothing of versions, builds or files."""
    try:
        if not pypi:
            return not parse_spec(text).fields
        if not entry_name(text):
            return False
        requirement = Requirement(text)
    except (WordingError, InvalidRequirement):
        return False
    return not requirement.specifier and not requirement.url


def bounded(text: str, version: str, *, pypi: bool, spaced: bool) -> str:
    """A bare requirement with a lower bound; a PyPI version's local part is left out of it."""
    gap = " " if spaced else ""
    if not pypi:
        return f"{text}{gap}>={version}"
    match = _NAME_AND_EXTRAS.match(text)
    end = match.end() if match else len(text)
    return f"{text[:end]}{gap}>={Version(version).public}{text[end:]}"


def lowest_pypi(versions: Iterable[str]) -> str:
    """The lowest of some versions (PEP 440)."""
    return min(versions, key=Version)


def is_spaced(texts: Iterable[str], *, pypi: bool) -> bool:
    """Whether a manifest writes ``numpy >=2`` rather than ``numpy>=2``.

    What most of its requirements do; where there are none, or as many of each, conda's have a space
    and PyPI's have none.
    """
    every = list(texts)
    spaced = sum(bool(_SPACED.match(each)) for each in every)
    tight = sum(bool(_TIGHT.match(each)) for each in every)
    return spaced > tight if pypi else spaced >= tight
