"""Lower bounds for requirements that only name a package.

The bound is ``>=`` the lowest solved version, so that it holds on every platform. There is no
upper bound: the lock pins versions, and an upper bound would keep `lock --update` from new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.match_spec_slips import LONE
from conda_multiplat.vocabulary.pip_entries import entry_name

_TIGHT = re.compile(r"[\w.:\[\],-]+[=<>!~]")
_SPACED = re.compile(r"[\w.:\[\],-]+ +[=<>!~\d]")
_NAME_AND_EXTRAS = re.compile(r"\s*[A-Za-z0-9._-]+(\s*\[[^\[\]]*\])?")


def is_bare(text: str, *, pypi: bool) -> bool:
    """Return whether a requirement states no version, build or file."""
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
    """Add a lower bound to a bare requirement; a PyPI version's local part is left out.

    A sign after the name, which conda ignores (``numpy=``), is removed; brackets stay at the end.
    """
    gap = " " if spaced else ""
    if not pypi:
        before, bracket, keys = text.partition("[")
        return f"{before.rstrip(''.join(LONE)).rstrip()}{gap}>={version}{bracket}{keys}"
    match = _NAME_AND_EXTRAS.match(text)
    end = match.end() if match else len(text)
    return f"{text[:end]}{gap}>={Version(version).public}{text[end:]}"


def lowest_pypi(versions: Iterable[str]) -> str:
    """Return the lowest version (PEP 440)."""
    return min(versions, key=Version)


def is_spaced(texts: Iterable[str], *, pypi: bool) -> bool:
    """Return whether a manifest writes ``numpy >=2`` rather than ``numpy>=2``.

    Most of its requirements decide; if there are none, or as many of each, conda's have a space
    and PyPI's have none.
    """
    lines = list(texts)
    spaced = sum(bool(_SPACED.match(text)) for text in lines)
    tight = sum(bool(_TIGHT.match(text)) for text in lines)
    return spaced > tight if pypi else spaced >= tight
