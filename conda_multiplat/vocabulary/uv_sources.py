"""``tool.uv.sources`` of a local project: where uv takes its requirements from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.vocabulary.canonical_requirements import canonical_requirement, needed_name
from conda_multiplat.vocabulary.poetry_metadata import OR, place_of_table, plain

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(\[[^\]]*\])?")


def with_sources(lines: Iterable[str], sources: Mapping[str, Any]) -> tuple[str, ...]:
    """Return requirements with the paths and URLs that ``sources`` gives for them."""
    return tuple(sorted(_with_source(line, sources) for line in lines))


def _with_source(line: str, sources: Mapping[str, Any]) -> str:
    named = _NAME.match(line)
    source = _source(line, sources)
    place = place_of_table(source) if isinstance(source, Mapping) else ""
    if named is None or not place or OR in line:
        return line
    _, sign, marker = line.partition(";")
    return canonical_requirement(f"{named.group()} @ {place}" + (f" ;{marker}" if sign else ""))


def other_sources(lines: Iterable[str], sources: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the other entries of ``sources`` for requirements (an index, a workspace, a list)."""
    pairs = ((line, _source(line, sources)) for line in lines)
    return tuple(
        sorted(
            {
                f"{needed_name(line)} {plain(source)}"
                for line, source in pairs
                if source and not (isinstance(source, Mapping) and place_of_table(source))
            }
        )
    )


def _source(line: str, sources: Mapping[str, Any]) -> Any:
    name = needed_name(line)
    return next((value for key, value in sources.items() if canonicalize_name(key) == name), None)
