"""Canonical spellings of requirements (PEP 508) and version bounds (PEP 440)."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRAS = re.compile(r"[^\[;]*?\[(?P<extras>[^\[\]]*)\]")


def canonical_requirement(text: str) -> str:
    """Return the canonical form of a requirement: case, spaces and order don't matter.

    A text that is not a requirement keeps its words, so that a change to it is still detected.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return " ".join(text.split())
    extras = ",".join(sorted(map(canonicalize_name, requirement.extras)))
    name = canonicalize_name(requirement.name) + (f"[{extras}]" if extras else "")
    what = f"{name} @ {requirement.url}" if requirement.url else name + _bounds(requirement)
    return f"{what} ; {requirement.marker}" if requirement.marker else what


def _bounds(requirement: Requirement) -> str:
    return _sorted(requirement.specifier)


def canonical_bounds(text: str) -> str:
    """Return bounds such as ``>=3.10,<4`` sorted, without duplicates and spaces."""
    try:
        return _sorted(SpecifierSet(text))
    except InvalidSpecifier:
        return re.sub(r"\s+", "", text)


def _sorted(bounds: SpecifierSet) -> str:
    return ",".join(sorted({str(bound) for bound in bounds}))


def needed_name(line: str) -> str:
    """Return the name of the required project; ``""`` if the requirement can't be read."""
    match = _NAME.match(line)
    return canonicalize_name(match.group()) if match else ""


def extras_of_line(line: str) -> list[str]:
    """Return the extras that a requirement, or a path followed by extras, asks for."""
    match = _EXTRAS.match(line)
    names = match["extras"].split(",") if match else ()
    return sorted({canonicalize_name(name.strip()) for name in names if name.strip()})
