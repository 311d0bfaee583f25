"""uv's workspaces: local projects next to each other, whose places are stated in one root.

uv also reads a member's sources from ``tool.uv.sources`` of the root; ``{workspace = true}`` there
stands for the path of a member.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.machine.files import relative_name

#: The content of a folder's ``pyproject.toml``; empty if it can't be read.
ReadTable = Callable[[Path], Mapping[str, Any]]


def sources_of(folder: Path, read: ReadTable) -> dict[str, Any]:
    """Return uv's sources for a project's dependencies: name -> source, paths from the project."""
    own = dict(_uv(read(folder)).get("sources", {}))
    root = _root(folder, read)
    if root is None:
        return own
    start = relative_name(root, folder)
    inherited = {
        name: _moved(source, start) for name, source in _uv(read(root)).get("sources", {}).items()
    }
    sources = {**inherited, **own}
    if not any(map(_is_member, sources.values())):
        return sources
    places = {_name(read(member)): member for member in _members(root, read)}
    return {
        name: _placed(source, places.get(canonicalize_name(name)), folder)
        for name, source in sources.items()
    }


def _uv(table: Mapping[str, Any]) -> dict[str, Any]:
    tools = table.get("tool")
    uv = tools.get("uv") if isinstance(tools, Mapping) else None
    tables = dict(uv) if isinstance(uv, Mapping) else {}
    return {key: value for key, value in tables.items() if isinstance(value, Mapping)}


def _root(folder: Path, read: ReadTable) -> Path | None:
    """Return the root of a project's workspace; ``None`` if it is in none."""
    for parent in (folder, *folder.parents):
        if "workspace" in _uv(read(parent)):
            return parent if folder in (parent, *_members(parent, read)) else None
        if (parent / ".git").exists():
            break
    return None


def _members(root: Path, read: ReadTable) -> Iterator[Path]:
    workspace = _uv(read(root))["workspace"]
    left_out = {path for pattern in _texts(workspace, "exclude") for path in root.glob(pattern)}
    yield root
    for pattern in _texts(workspace, "members"):
        yield from (path for path in sorted(root.glob(pattern)) if path not in left_out)


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key)
    texts = value if isinstance(value, list) else []
    return [text for text in texts if isinstance(text, str) and text and not text.startswith("/")]


def _name(table: Mapping[str, Any]) -> str:
    project = table.get("project")
    name = project.get("name") if isinstance(project, Mapping) else None
    return canonicalize_name(name) if isinstance(name, str) else ""


def _is_member(source: Any) -> bool:
    return isinstance(source, Mapping) and source.get("workspace") is True


def _placed(source: Any, member: Path | None, folder: Path) -> Any:
    if member is None or not _is_member(source):
        return source
    return {"path": relative_name(member, folder)}


def _moved(source: Any, start: str) -> Any:
    """Return a source of the root with its path relative to a member."""
    path = source.get("path") if isinstance(source, Mapping) else None
    if not isinstance(path, str) or Path(path).is_absolute():
        return source
    return {**source, "path": Path(os.path.normpath(Path(start) / path)).as_posix()}
