"""What a local Python project says of itself that decides what is locked for it.

Its name, what it needs and for which Python: of ``pyproject.toml`` (PEP 621; Poetry's, flit's own
tables), of ``setup.cfg`` and of the files that setuptools is told to read. Its version, and tools'
tables, decide nothing.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

#: The text of a file of the project, by its name; ``""`` where there is none.
ReadFile = Callable[[str], str]
#: What of PEP 621 is said, and can be said to be dynamic.
_KEYS = ("dependencies", "optional-dependencies", "requires-python")


class ProjectMetadata(NamedTuple):
    """What counts of a project.

    Attributes:
        name: its name.
        dependencies: what it needs (PEP 508), sorted.
        extras: what it needs of each extra, sorted.
        requires_python: for which Python it is.
        dynamic: what only building it can tell.
    """

    name: str = ""
    dependencies: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    requires_python: str = ""
    dynamic: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """The JSON form, for a digest."""
        return {
            "name": self.name,
            "dependencies": list(self.dependencies),
            "extras": {name: list(lines) for name, lines in self.extras},
            "requires_python": self.requires_python,
        }


def project_metadata(table: Mapping[str, Any], read: ReadFile) -> ProjectMetadata:
    """What counts of a project.

    Args:
        table: its ``pyproject.toml``; empty where there is none.
        read: gives the text of its other files.
    """
    tools = _table(table, "tool")
    project = _table(table, "project")
    if project:
        return _of_pep_621(project, _table(_table(tools, "setuptools"), "dynamic"), read)
    if poetry := _table(tools, "poetry"):
        return _of_poetry(poetry)
    if flit := _table(_table(tools, "flit"), "metadata"):
        return _of_flit(flit)
    return _of_setup_cfg(read)


def _of_pep_621(
    project: Mapping[str, Any], setuptools: Mapping[str, Any], read: ReadFile
) -> ProjectMetadata:
    declared = project.get("dynamic")
    dynamic = [key for key in _KEYS if isinstance(declared, list) and key in declared]
    said = {
        "dependencies": project.get("dependencies"),
        "optional-dependencies": project.get("optional-dependencies"),
    }
    for key in ("dependencies", "optional-dependencies"):
        if key in dynamic and key in setuptools:
            said[key] = _from_files(setuptools[key], read)
            dynamic.remove(key)
    cfg = _of_setup_cfg(read) if dynamic else ProjectMetadata()
    found = ProjectMetadata(
        name=_text(project.get("name")),
        dependencies=_lines(said["dependencies"]) or cfg.dependencies,
        extras=_extras(said["optional-dependencies"]) or cfg.extras,
        requires_python=_spaceless(_text(project.get("requires-python"))) or cfg.requires_python,
    )
    given = {
        "dependencies": found.dependencies,
        "optional-dependencies": found.extras,
        "requires-python": found.requires_python,
    }
    return found._replace(dynamic=tuple(key for key in dynamic if not given[key]))


def _from_files(value: Any, read: ReadFile) -> Any:
    """What setuptools reads of files: ``{file = "x.txt"}`` for a list, one for each extra."""
    if not isinstance(value, Mapping):
        return None
    if "file" not in value:
        return {str(name): _from_files(inner, read) for name, inner in value.items()}
    files = value["file"] if isinstance(value["file"], list) else [value["file"]]
    return [line for file in files for line in _file_lines(read(str(file)))]


def _file_lines(text: str) -> list[str]:
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def _of_poetry(poetry: Mapping[str, Any]) -> ProjectMetadata:
    needs = dict(_table(poetry, "dependencies"))
    python = needs.pop("python", "")
    return ProjectMetadata(
        name=_text(poetry.get("name")),
        dependencies=tuple(sorted(f"{name} {_plain(value)}" for name, value in needs.items())),
        extras=_extras(_table(poetry, "extras")),
        requires_python=_spaceless(_text(python)),
    )


def _plain(value: Any) -> str:
    """A value of Poetry's as one text, whatever the order of its keys."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}={_plain(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return _spaceless(str(value))


def _of_flit(flit: Mapping[str, Any]) -> ProjectMetadata:
    return ProjectMetadata(
        name=_text(flit.get("dist-name") or flit.get("module")),
        dependencies=_lines(flit.get("requires")),
        extras=_extras(flit.get("requires-extra")),
        requires_python=_spaceless(_text(flit.get("requires-python"))),
    )


def _of_setup_cfg(read: ReadFile) -> ProjectMetadata:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read("setup.cfg"))
    except configparser.Error:
        return ProjectMetadata(dynamic=_KEYS)
    options = dict(parser["options"]) if "options" in parser else {}
    section = "options.extras_require"
    extras = dict(parser[section]) if section in parser else {}
    known = ProjectMetadata(
        name=parser.get("metadata", "name", fallback=""),
        dependencies=_lines(_cfg_lines(options.get("install_requires", ""), read)),
        extras=_extras({name: _cfg_lines(text, read) for name, text in extras.items()}),
        requires_python=_spaceless(options.get("python_requires", "")),
    )
    if known.dependencies or known.requires_python or known.extras or not read("setup.py"):
        return known
    return known._replace(dynamic=("dependencies",))  # setup.py can say anything


def _cfg_lines(text: str, read: ReadFile) -> list[str]:
    if text.strip().startswith("file:"):
        files = text.strip().removeprefix("file:").split(",")
        return [line for file in files for line in _file_lines(read(file.strip()))]
    return [line for part in text.splitlines() for line in _file_lines(part.replace(" ;", ";"))]


def _lines(value: Any) -> tuple[str, ...]:
    """Requirements, each once, in an order and with a spacing of our own."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return ()
    return tuple(sorted({_spaceless(line) for line in value if isinstance(line, str)}))


def _extras(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        return ()
    return tuple(sorted((_text(name), _lines(lines)) for name, lines in value.items()))


def _spaceless(text: str) -> str:
    """Without the spaces that mean nothing: ``a >= 1 ; x`` is ``a>=1;x``."""
    requirement, sign, marker = text.partition(";")
    bare = re.sub(r"\s*([<>=!~,\[\]()])\s*", r"\1", requirement.strip())
    marked = re.sub(r"\s+", " ", re.sub(r"\s*([<>=!~()])\s*", r"\1", marker.strip()))
    return f"{bare}{sign}{marked.replace(chr(39), chr(34))}"


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
