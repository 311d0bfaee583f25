"""The metadata of a local Python project that decides what is locked for it.

This is its name, its requirements and its Python versions: from ``pyproject.toml`` (PEP 621, or the
tables of Poetry and flit), ``setup.cfg`` and the files that setuptools is told to read; and
``tool.uv.sources``, where uv takes requirements from. Its version and other tables decide nothing.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from conda_multiplat.vocabulary.canonical_requirements import (
    canonical_bounds,
    canonical_requirement,
    extras_of_line,
    needed_name,
)
from conda_multiplat.vocabulary.poetry_metadata import (
    OR,
    poetry_bounds,
    poetry_extras,
    poetry_needs,
)
from conda_multiplat.vocabulary.uv_sources import other_sources, with_sources

#: Returns the text of a file of the project, by its name; ``""`` if there is no such file.
ReadFile = Callable[[str], str]
#: The keys of PEP 621 that count, and that can be dynamic.
_KEYS = ("dependencies", "optional-dependencies", "requires-python")
#: The same keys in ``setup.py``.
_IN_SETUP_PY = ("install_requires", "extras_require", "python_requires")


class ProjectMetadata(NamedTuple):
    """The metadata of a project in canonical order and spelling.

    Attributes:
        name: its name.
        dependencies: its requirements (PEP 508; Poetry's alternatives are joined by
            ``poetry_metadata.OR``).
        extras: the requirements of each extra.
        requires_python: its bounds on the Python version (PEP 440).
        sources: where uv takes a requirement from, if that is neither a path nor a URL.
        dynamic: the keys whose values are known only by building it.
    """

    name: str = ""
    dependencies: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    requires_python: str = ""
    sources: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """Return the JSON form, for a digest."""
        return {
            "name": self.name,
            "dependencies": list(self.dependencies),
            "extras": {name: list(lines) for name, lines in self.extras},
            "requires_python": self.requires_python,
            **({"sources": list(self.sources)} if self.sources else {}),
        }

    def needs(self, extras: Iterable[str]) -> tuple[str, ...]:
        """Return the requirements with some extras, and with extras of itself that they name."""
        known = dict(self.extras)
        lines = list(self.dependencies)
        waiting = sorted(extras)
        seen: set[str] = set()
        for extra in waiting:  # the list grows meanwhile
            if extra in known and extra not in seen:
                seen.add(extra)
                lines += known[extra]
                waiting += [more for line in known[extra] for more in self._own_extras(line)]
        return tuple(dict.fromkeys(line for line in lines if needed_name(line) != self.name))

    def _own_extras(self, line: str) -> list[str]:
        return extras_of_line(line) if needed_name(line) == self.name else []


class _Declared(NamedTuple):
    """The metadata in one file, as written there; ``None`` for keys that it does not have."""

    name: str = ""
    dependencies: Any = None
    extras: Any = None
    python: str = ""
    dynamic: tuple[str, ...] = ()


def project_metadata(
    table: Mapping[str, Any], read: ReadFile, sources: Mapping[str, Any] = MappingProxyType({})
) -> ProjectMetadata:
    """Return the metadata of a project.

    Args:
        table: its ``pyproject.toml``; empty if there is none.
        read: returns the text of its other files.
        sources: its ``tool.uv.sources``, including those of its workspace.
    """
    declared = _declared(table, read)
    needed = _lines(declared.dependencies)
    extras = _extras(declared.extras)
    all_lines = {line for lines in (needed, *dict(extras).values()) for line in lines}
    return ProjectMetadata(
        name=canonicalize_name(declared.name.strip()),
        dependencies=with_sources(needed, sources),
        extras=tuple((extra, with_sources(lines, sources)) for extra, lines in extras),
        requires_python=canonical_bounds(declared.python),
        sources=other_sources(all_lines, sources),
        dynamic=declared.dynamic,
    )


def _declared(table: Mapping[str, Any], read: ReadFile) -> _Declared:
    tools = _table(table, "tool")
    project = _table(table, "project")
    if project:
        return _of_pep_621(project, tools, read)
    if poetry := _table(tools, "poetry"):
        return _of_poetry(poetry)
    if flit := _table(_table(tools, "flit"), "metadata"):
        return _of_flit(flit)
    return _of_setup_cfg(read)


def _of_pep_621(project: Mapping[str, Any], tools: Mapping[str, Any], read: ReadFile) -> _Declared:
    """Return the metadata in ``project``; dynamic keys come from where the build tools look."""
    listed = project.get("dynamic")
    dynamic = [key for key in _KEYS if isinstance(listed, list) and key in listed]
    declared = _Declared(
        _text(project.get("name")),
        project.get("dependencies"),
        project.get("optional-dependencies"),
        _text(project.get("requires-python")),
    )
    if poetry := _table(tools, "poetry"):  # Poetry needs no `dynamic`
        declared = _filled(declared, _of_poetry(poetry))
    if dynamic:
        declared = _filled(
            declared, _of_setuptools(_table(_table(tools, "setuptools"), "dynamic"), read)
        )
        declared = _filled(declared, _of_setup_cfg(read))
    given = dict(
        zip(_KEYS, (declared.dependencies, declared.extras, declared.python or None), strict=True)
    )
    return declared._replace(dynamic=tuple(key for key in dynamic if given[key] is None))


def _filled(declared: _Declared, other: _Declared) -> _Declared:
    """Return the metadata with missing keys taken from ``other``."""
    return _Declared(
        declared.name or other.name,
        other.dependencies if declared.dependencies is None else declared.dependencies,
        other.extras if declared.extras is None else declared.extras,
        declared.python or other.python,
        declared.dynamic,
    )


def _of_setuptools(dynamic: Mapping[str, Any], read: ReadFile) -> _Declared:
    extras = dynamic.get("optional-dependencies")
    return _Declared(
        dependencies=_from_files(dynamic.get("dependencies"), read),
        extras={name: _from_files(value, read) for name, value in extras.items()}
        if isinstance(extras, Mapping)
        else None,
    )


def _from_files(value: Any, read: ReadFile) -> list[str] | None:
    """Return what setuptools reads from files: ``{file = "x.txt"}``, or a list of them."""
    if not isinstance(value, Mapping) or "file" not in value:
        return None
    files = value["file"] if isinstance(value["file"], list) else [value["file"]]
    return [line for file in files for line in _file_lines(read(str(file)))]


def _file_lines(text: str) -> list[str]:
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def _of_poetry(poetry: Mapping[str, Any]) -> _Declared:
    """Return the metadata in Poetry's tables, without groups, which are for development only."""
    needs = _table(poetry, "dependencies")
    others = {name: value for name, value in needs.items() if name != "python"}
    extras = _table(poetry, "extras")
    return _Declared(
        _text(poetry.get("name")),
        poetry_needs(others, extras) if needs else None,
        poetry_extras(others, extras) if extras else None,
        poetry_bounds(_text(needs.get("python"))),
    )


def _of_flit(flit: Mapping[str, Any]) -> _Declared:
    return _Declared(
        _text(flit.get("dist-name") or flit.get("module")),
        flit.get("requires"),
        flit.get("requires-extra"),
        _text(flit.get("requires-python")),
    )


def _of_setup_cfg(read: ReadFile) -> _Declared:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read("setup.cfg"))
    except configparser.Error:
        return _Declared(dynamic=_KEYS)
    options = _section(parser, "options")
    extras = _section(parser, "options.extras_require")
    needs = options.get("install_requires")
    declared = _Declared(
        _section(parser, "metadata").get("name", ""),
        None if needs is None else _cfg_lines(needs, read),
        {name: _cfg_lines(text, read) for name, text in extras.items()} if extras else None,
        options.get("python_requires", ""),
    )
    return declared._replace(dynamic=_by_code(declared, read("setup.py")))


def _by_code(declared: _Declared, code: str) -> tuple[str, ...]:
    """Return the keys that ``setup.py`` may set: those that no other file has."""
    by_code = tuple(key for key, word in zip(_KEYS, _IN_SETUP_PY, strict=True) if word in code)
    if by_code or not code or declared.dependencies or declared.extras or declared.python:
        return by_code
    return ("dependencies",)


def _section(parser: configparser.ConfigParser, name: str) -> dict[str, str]:
    """Return a section; setuptools accepts ``python-requires`` too."""
    section = dict(parser[name]) if name in parser else {}
    return {key.replace("-", "_"): value for key, value in section.items()}


def _cfg_lines(text: str, read: ReadFile) -> list[str]:
    """Return a list in ``setup.cfg``, or in the files that it names, as setuptools reads it.

    In a value of several lines, each line is an item, and a ``;`` begins a marker; in a value of
    one line, a ``;`` separates items.
    """
    if text.strip().startswith("file:"):
        files = text.strip().removeprefix("file:").split(",")
        text = "\n".join(read(file.strip()) for file in files)
    items = [text] if "\n" in text else text.split(";")
    return [line for item in items for line in _file_lines(item)]


def _lines(value: Any) -> tuple[str, ...]:
    """Return requirements without duplicates."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return ()
    return tuple(sorted({_canonical(line) for line in value if isinstance(line, str)}))


def _canonical(line: str) -> str:
    return OR.join(map(canonical_requirement, line.split(OR)))


def _extras(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        return ()
    lines: dict[str, set[str]] = {}
    for name, texts in value.items():
        lines.setdefault(canonicalize_name(str(name)), set()).update(_lines(texts))
    return tuple(sorted((name, tuple(sorted(texts))) for name, texts in lines.items()))


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
