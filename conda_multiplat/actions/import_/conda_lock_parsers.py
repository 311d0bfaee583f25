"""``pyproject.toml`` and ``meta.yaml``, by conda-lock's own parsers.

conda-lock is imported only for these files: this takes 0.6 s and sixty packages, which
``conda-multiplat[conda-lock]`` installs. Its parsers open the file by its path, use Python's
warnings and a logger, and would download a mapping of names: we pass them ours instead.
"""

from __future__ import annotations

import json
import logging
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conda_multiplat.engines.pypi.conda_names import name_table
from conda_multiplat.importers.conda_lock_inputs import MAIN, Dependency, Parsed
from conda_multiplat.importers.toml_lines import Places
from conda_multiplat.importers.values import Lost, refusal
from conda_multiplat.vocabulary.errors import Location, Problem, UsageError
from conda_multiplat.vocabulary.match_spec import is_package_name
from conda_multiplat.vocabulary.names import SUBDIRS, nearest_or_all, spec_name
from conda_multiplat.vocabulary.pip_places import as_path
from conda_multiplat.vocabulary.selectors import comment_selector

META_YAML = "meta.yaml"
PYPROJECT = "pyproject.toml"
EXTRA = "conda-multiplat[conda-lock]"
#: The keys of ``[tool.conda-lock]`` that are read.
_KEYS = (
    *("channels", "platforms", "dependencies", "default-non-conda-source", "skip-non-conda-lock"),
    *("allow-pypi-requests", "pip-repositories"),
)
_ITEM = re.compile(r"^\s*-\s+(?P<item>[^#\s].*?)\s*(#.*)?$")


def parse_pyproject(
    path: Path, file: str, text: str, data: Mapping[str, Any], subdirs: Sequence[str]
) -> Parsed:
    """Read a ``pyproject.toml`` without pixi: PEP 621, PEP 735, poetry, flit, pdm, conda-lock.

    Args:
        path: its path.
        file: its name for messages.
        text: its text.
        data: the parsed text.
        subdirs: the platforms to read; if empty, those that the file names.

    Raises:
        UsageError: conda-lock is not installed.
        ManifestError: conda-lock can't read it.
    """
    _refuse_without_conda_lock(file)
    own = _table(data, "tool", "conda-lock")
    platforms, notes = _platforms(own.get("platforms"), file, subdirs)
    places = Places(file, text)
    with _collected_warnings(notes), _mapping() as mapping, _as_refusal(file):
        spec = _specification(path, data, platforms, mapping)
        groups = list(_groups(data, mapping, own))
        by_platform = {
            subdir: [_dependency(dependency) for dependency in spec.dependencies[subdir]]
            + [_dependency(group) for group in groups if _holds(group, subdir)]
            for subdir in platforms
        }
    python = str(_table(data, "project").get("requires-python") or "")
    if python and not _names_python(by_platform):
        by_platform = {
            subdir: [Dependency("python", pypi=False, version=python.replace(" ", "")), *rest]
            for subdir, rest in by_platform.items()
        }
        notes.append(f"python {python} is `requires-python` of {file}, which conda-lock leaves out")
    lost = [
        Lost(places.at("tool", "conda-lock", key), f"{key} of [tool.conda-lock]")
        for key in own
        if key not in _KEYS
    ]
    names = {
        dependency.name for dependencies in by_platform.values() for dependency in dependencies
    }
    for key, value in _table(own, "dependencies").items():
        if isinstance(value, Mapping) and key not in names:
            at = places.at("tool", "conda-lock", "dependencies", key)
            lost.append(Lost(at, f"{key}: nothing else asks for it, so its source is not used"))
    if "dependencies" in (_table(data, "project").get("dynamic") or ()):
        hint = "only a build can determine them: write them into the manifest"
        lost.append(Lost(places.at("project", "dynamic"), "dynamic dependencies", hint))
    name = _table(data, "project").get("name") or _table(data, "tool", "poetry").get("name") or ""
    return Parsed(
        file=file,
        text=text,
        name=str(name),
        dependencies=by_platform,
        channels=[channel.url for channel in spec.channels],
        indexes=[repository.url for repository in spec.pip_repositories],
        only_indexes=not spec.allow_pypi_requests,
        lost=lost,
        notes=notes,
    )


def parse_meta_yaml(path: Path, file: str, text: str, subdirs: Sequence[str]) -> Parsed:
    """Read the requirements of a recipe; see :func:`parse_pyproject`."""
    _refuse_without_conda_lock(file)
    platforms, notes = _platforms(None, file, subdirs)
    with _collected_warnings(notes), _as_refusal(file):
        from conda_lock.src_parser.meta_yaml import parse_meta_yaml_file

        spec = parse_meta_yaml_file(path, platforms=platforms)
        by_platform = {subdir: _of_recipe(spec.dependencies[subdir]) for subdir in platforms}
    return Parsed(
        file=file,
        text=text,
        name="",
        dependencies=by_platform,
        channels=[channel.url for channel in spec.channels],
        indexes=[repository.url for repository in spec.pip_repositories],
        lost=list(_unread(file, text, by_platform)),
        notes=notes,
    )


def _of_recipe(dependencies: Sequence[Any]) -> list[Dependency]:
    """Return the dependencies that conda-lock has read, without nameless ones (see `_unread`)."""
    named = (_dependency(dependency) for dependency in dependencies)
    return [dependency for dependency in named if is_package_name(dependency.name)]


def _refuse_without_conda_lock(file: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import itself emits warnings
            import conda_lock.src_parser  # noqa: F401
    except ImportError:
        hints = [
            f"install it beside conda-multiplat: `pip install '{EXTRA}'`",
            "or `conda install conda-lock`",
        ]
        raise UsageError(
            f"{file} is read by conda-lock, which isn't installed", hints=hints
        ) from None


def _platforms(stated: Any, file: str, subdirs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the platforms of a file, and notes about them."""
    from conda_lock.src_parser import DEFAULT_PLATFORMS

    if subdirs:
        return list(subdirs), []
    if not stated:
        names = ", ".join(DEFAULT_PLATFORMS)
        note = f"{file} names no platforms: conda-lock's defaults are used, {names}"
        return list(DEFAULT_PLATFORMS), [f"{note}; for others: {file}@PLATFORM,…"]
    platforms = [str(platform) for platform in stated]
    problems = [
        Problem(Location(file), f"unknown platform {platform!r}", nearest_or_all(platform, SUBDIRS))
        for platform in platforms
        if platform not in SUBDIRS
    ]
    if problems:
        raise refusal(file, *problems)
    return platforms, []


def _specification(path: Path, data: Mapping[str, Any], platforms: list[str], mapping: str) -> Any:
    from conda_lock.src_parser.pyproject_toml import (
        parse_poetry_pyproject_toml,
        parse_pyproject_toml,
        parse_requirements_pyproject_toml,
    )

    project, tools = _table(data, "project"), _table(data, "tool")
    pdm, poetry = _table(tools, "pdm"), _table(tools, "poetry")
    skipped = _table(tools, "conda-lock").get("skip-non-conda-lock")
    if not skipped and "dependencies" in project and "dev-dependencies" not in pdm and pdm:
        # conda-lock fails if pdm's dev-dependencies are missing; the rest of pdm's is PEP 621.
        return parse_requirements_pyproject_toml(
            path,
            platforms=platforms,
            contents=data,
            prefix=("project",),
            main_tag="dependencies",
            optional_tag="optional-dependencies",
            mapping_url=mapping,
        )
    bare = "build-system" not in data and "dependencies" not in project
    if not skipped and bare:
        # conda-lock fails without a build system, by which it chooses the tables to read.
        contents = {**data, "tool": {**tools, "poetry": poetry}}
        return parse_poetry_pyproject_toml(path, platforms, contents, mapping)
    return parse_pyproject_toml(path, platforms=platforms, mapping_url=mapping)


def _groups(data: Mapping[str, Any], mapping: str, own: Mapping[str, Any]) -> Iterator[Any]:
    """Return the dependency groups (PEP 735), which conda-lock ignores, each as a category."""
    from conda_lock.src_parser.pyproject_toml import parse_python_requirement

    if own.get("skip-non-conda-lock"):
        return
    groups = _table(data, "dependency-groups")
    manager: Any = own.get("default-non-conda-source", "conda")
    for group in groups:
        for text in _of_group(group, groups, ()):
            yield parse_python_requirement(
                text, mapping_url=mapping, manager=manager, category=str(group)
            )


def _of_group(name: str, groups: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    if name in above:
        return
    for entry in groups.get(name, ()):
        if isinstance(entry, Mapping):
            yield from _of_group(str(entry.get("include-group", "")), groups, (*above, name))
        else:
            yield str(entry)


def _holds(dependency: Any, subdir: str) -> bool:
    from conda_lock.src_parser.markers import evaluate_marker

    return bool(evaluate_marker(dependency.markers, subdir))


def _dependency(dependency: Any) -> Dependency:
    """Convert a dependency of conda-lock to a plain value; one with a path or URL is PyPI's."""
    place = _place(dependency)
    hashes = [dependency.hash] if getattr(dependency, "hash", None) else []
    hashes += [text for text in getattr(dependency, "hashes", ()) if text]
    pypi = dependency.manager == "pip" or bool(place)
    return Dependency(
        name=str(dependency.name),
        pypi=pypi,
        category=str(dependency.category or MAIN),
        version=str(getattr(dependency, "version", "") or ""),
        build=str(getattr(dependency, "build", "") or ""),
        channel=str(getattr(dependency, "conda_channel", "") or ""),
        extras=tuple(dependency.extras),
        place=place,
        sha256=str(hashes[0]) if hashes else "",
        markers=_beyond_platforms(dependency.markers),
    )


def _beyond_platforms(markers: str | None) -> str:
    """Return markers if they test more than the platform: conda-lock takes such tests as true."""
    if not markers:
        return ""
    from conda_lock.src_parser.markers import get_names

    return "" if get_names(markers) <= _OF_PLATFORMS else str(markers)


#: The variables of markers whose values depend only on the platform.
_OF_PLATFORMS = {"os_name", "platform_machine", "platform_system", "sys_platform"}


def _place(dependency: Any) -> str:
    if source := getattr(dependency, "source", None):
        url = source if "://" in source else f"ssh://{source.replace(':', '/', 1)}"
        revision = f"@{dependency.rev}" if dependency.rev else ""
        folder = f"#subdirectory={dependency.subdirectory}" if dependency.subdirectory else ""
        return f"{dependency.vcs}+{url}{revision}{folder}"
    if path := getattr(dependency, "path", None):
        return as_path(str(path))
    return str(getattr(dependency, "url", None) or "")


def _names_python(by_platform: Mapping[str, Sequence[Dependency]]) -> bool:
    return any(
        dependency.name == "python"
        for dependencies in by_platform.values()
        for dependency in dependencies
    )


def _unread(
    file: str, text: str, by_platform: Mapping[str, Sequence[Dependency]]
) -> Iterator[Lost]:
    """Return a recipe's lines that conda-lock ignores: Jinja's, ``build:``, other selectors."""
    names = {
        dependency.name for dependencies in by_platform.values() for dependency in dependencies
    }
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.match(r"\s*(\w+):\s*(#.*)?$", line):
            section = heading[1]
        match = _ITEM.match(line)
        if match is None or section not in ("build", "host", "run", "requires", "run_constrained"):
            continue
        at, item = Location(file, number), match["item"].strip("'\"")
        if item.startswith("{{"):
            yield Lost(at, item, "only conda-build can tell what it is")
        elif section in ("build", "run_constrained"):
            yield Lost(at, f"{section}: {item}", "conda-lock reads host, run and test only")
        elif comment_selector(line) and spec_name(item) not in names:
            yield Lost(at, f"{item}: its selector holds on no platform, as conda-lock reads it")


def _table(data: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return a nested table; an empty one if there is none."""
    for key in path:
        value = data.get(key)
        data = value if isinstance(value, Mapping) else {}
    return data


@contextmanager
def _mapping() -> Iterator[str]:
    """Provide a file with conda's names of PyPI projects, in conda-lock's format."""
    names = {
        project: {"conda_name": conda, "pypi_name": project}
        for conda, projects in sorted(name_table().items(), reverse=True)
        for project in projects
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "names.json"
        path.write_text(json.dumps(names), encoding="utf-8")
        yield str(path)


@contextmanager
def _collected_warnings(notes: list[str]) -> Iterator[None]:
    """Collect conda-lock's warnings in ``notes``, without duplicates."""
    handler = _Notes()
    logger = logging.getLogger()
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        logger.removeHandler(handler)
    texts_of_warnings = [
        str(warning.message) for warning in caught if not issubclass(warning.category, _OURS)
    ]
    texts = [" ".join(text.split()) for text in (*texts_of_warnings, *handler.texts)]
    texts = [text for text in texts if not text.startswith(_REPORTED_BY_US)]
    notes += [f"conda-lock: {text}" for text in dict.fromkeys(texts)]


#: Beginnings of warnings that are dropped: we report these lines ourselves, with their places.
_REPORTED_BY_US = ("Marker '", "filtered out line")
#: Dropped too: warnings for programmers.
_OURS = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning, ImportWarning)


class _Notes(logging.Handler):
    """Keeps the warnings of a logger."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _as_refusal(file: str) -> Iterator[None]:
    """Report any exception of conda-lock's parsers as the file's problem: they validate little."""
    try:
        yield
    except Exception as error:
        words = " ".join(str(error).split()) or type(error).__name__
        message = f"conda-lock can't read it: {words}"
        raise refusal(file, Problem(Location(file), message)) from error
