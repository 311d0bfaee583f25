"""The sources of an import: which kind each file is, and which platform it is for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tomli

from conda_multiplat.importers.conda_lock_yml import Ports, read_lock_source
from conda_multiplat.importers.environment_yml import (
    read_environment_file,
    stated_platforms,
)
from conda_multiplat.importers.merge import Part
from conda_multiplat.importers.pixi.reader import read_pixi
from conda_multiplat.importers.platform_names import guess
from conda_multiplat.importers.values import Imported, refusal
from conda_multiplat.importers.virtual_packages_yml import (
    Stated,
    is_virtual_packages,
    nobodys,
    promising,
    read_virtual_packages,
)
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.machine.files import read_lock_text, shown
from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem, UsageError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, SUBDIRS, nearest_or_all
from conda_multiplat.vocabulary.pip_entries import split_option
from conda_multiplat.vocabulary.virtual_packages import Promises
from conda_multiplat.vocabulary.yaml_nodes import Text

_AT = re.compile(r"(?P<file>.+)@(?P<platforms>[A-Za-z0-9_,-]+)")


@dataclass(frozen=True)
class File:
    """A file that was named.

    Attributes:
        path: where it is.
        text: its content.
        platforms: what the user says that it is for, with ``FILE@PLATFORM``.
    """

    path: Path
    text: str
    platforms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name as the user knows it."""
        return shown(self.path)

    @property
    def is_lock(self) -> bool:
        """Whether it is a ``conda-lock.yml`` (CEP 37), whatever its name."""
        return not self.is_toml and all(
            re.search(rf"^{key}:", self.text, re.MULTILINE) for key in ("metadata", "package")
        )

    @property
    def is_virtual_packages(self) -> bool:
        """Whether it is conda-lock's ``virtual-packages.yml``, whatever its name."""
        return not self.is_toml and is_virtual_packages(self.text)

    @property
    def is_toml(self) -> bool:
        """Whether it is a pixi manifest, if anything."""
        return self.path.suffix == ".toml"


def read_files(arguments: Sequence[str]) -> list[File]:
    """The files that were named, ``FILE`` or ``FILE@PLATFORM,…``.

    Raises:
        UsageError: an unknown platform.
        ManifestError: a file is missing or no text.
    """
    return [_file(argument) for argument in arguments]


def _file(argument: str) -> File:
    match = _AT.fullmatch(argument)
    path = Path(argument).absolute()
    if match is None or path.exists():
        return File(path, _text(path))
    platforms = tuple(filter(None, match["platforms"].split(",")))
    for platform in platforms:
        if platform not in SUBDIRS:
            hint = nearest_or_all(platform, SUBDIRS)
            raise UsageError(f"{argument}: unknown platform {platform!r}", hints=[hint])
    path = Path(match["file"]).absolute()
    return File(path, _text(path), platforms)


def _text(path: Path) -> str:
    text = read_lock_text(path)  # it can be one
    name = shown(path)
    if path.name == "pixi.lock":
        hint = "import what it was made from: pixi.toml or pyproject.toml"
        raise UsageError(f"{name} is pixi's lock file, which can't be imported", hints=[hint])
    if re.search(r"^@EXPLICIT", text, re.MULTILINE):
        hint = "import what it was made from, or the environment: --from-prefix, --from-name"
        raise UsageError(f"{name} lists the packages, not what was asked for", hints=[hint])
    return text


def read_parts(files: Sequence[File], folder: Path, *, keep_builds: bool) -> list[Part]:
    """What each file asks for, as it is to be written into ``folder``.

    Raises:
        ManifestError: with every problem of every file.
    """
    stated, problems = _stated([file for file in files if file.is_virtual_packages])
    parts: list[Part] = []
    for file in files:
        if file.is_virtual_packages:
            continue
        part = _part_or_problems(file, stated.promises, keep_builds=keep_builds)
        if isinstance(part, Part):
            at_home = moved(part.imported, file.path.parent, folder)
            parts.append(replace(part, imported=at_home))
        else:
            problems += part
    if problems:
        names = ", ".join(dict.fromkeys(problem.location.file for problem in problems))
        raise refusal(names, *problems)
    if not parts:
        hint = "name the environment.yml or conda-lock.yml that it is for, too"
        raise UsageError("nothing asks for packages: only virtual ones are stated", hints=[hint])
    first = parts[0]
    lost = [*stated.lost, *nobodys(stated, [part.imported.manifest for part in parts])]
    parts[0] = replace(first, imported=first.imported.adding(lost=lost))
    return _with_default(parts)


def _stated(files: Sequence[File]) -> tuple[Stated, list[Problem]]:
    """What conda-lock was told of virtual packages, the last file winning."""
    stated = Stated()
    problems: list[Problem] = []
    for file in files:
        try:
            other = read_virtual_packages(Source(file.name, file.text))
        except ManifestError as error:
            problems += error.problems
            continue
        promises = {**stated.promises, **other.promises}
        stated = Stated(promises, (*stated.lost, *other.lost))
    return stated, problems


def _part_or_problems(
    file: File, stated: Promises, *, keep_builds: bool
) -> Part | Sequence[Problem]:
    try:
        return _part(file, stated, keep_builds=keep_builds)
    except ManifestError as error:
        return error.problems or [Problem(Location(file.name), error.message)]


def _part(file: File, stated: Promises, *, keep_builds: bool) -> Part:
    from conda_multiplat.engines.conda.specs import check_spec

    if file.is_toml:
        imported = read_pixi(
            file.name,
            file.text,
            _toml(file),
            check_spec=check_spec,
            subdirs=file.platforms,
            folder=file.path.parent.name,
        )
        return Part(promising(imported, stated))
    if file.is_lock:
        return _lock_part(file, stated)
    source = Source(file.name, file.text)
    named = stated_platforms(source)
    by_name = guess(file.path.name)
    platforms = file.platforms or named or by_name.platforms
    if not platforms:
        hint = f"write {file.name}@PLATFORM, for example {file.name}@linux-64"
        raise refusal(file.name, Problem(Location(file.name), "its platform can't be told", hint))
    environment = by_name.variant or DEFAULT_ENVIRONMENT
    told = any("cuda" in stated.get(platform, {}) for platform in platforms)
    cuda = "" if told else by_name.cuda
    imported = read_environment_file(
        source, platforms, cuda, check_spec=check_spec, keep_builds=keep_builds
    )
    imported = promising(imported, stated)
    if by_name.assumed and not file.platforms and not named:
        guessed = f"{file.name} is taken for {platforms[0]} by its name"
        imported = imported.adding(notes=[f"{guessed}; if it is for another: {file.name}@PLATFORM"])
    return Part(imported, environment)


def _lock_part(file: File, stated: Promises) -> Part:
    from conda_multiplat.engines.conda.specs import is_newer, spec_matches

    lock = read_lock(file.text, file.name, file.platforms or None)
    if missing := [platform for platform in file.platforms if platform not in lock.platforms]:
        nothing = f"it has nothing for {', '.join(missing)}"
        raise refusal(file.name, Problem(Location(file.name), nothing))
    ports = Ports(is_newer, spec_matches)
    return Part(read_lock_source(lock, file.name, ports, stated), lock.environment)


def _toml(file: File) -> dict[str, object]:
    try:
        return tomli.loads(file.text)
    except tomli.TOMLDecodeError as error:
        match = re.search(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
        message, line, column = match.groups() if match else (str(error), 0, 0)
        at = Location(file.name, int(line), int(column))
        raise refusal(file.name, Problem(at, f"not TOML: {message}")) from None


def _with_default(parts: Sequence[Part]) -> list[Part]:
    """The parts with a ``default`` among them: where no name says so, the first one's is it."""
    names = [part.environment for part in parts]
    if DEFAULT_ENVIRONMENT in names:
        return list(parts)
    return [
        replace(part, environment=DEFAULT_ENVIRONMENT) if part.environment == names[0] else part
        for part in parts
    ]


_FILES = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links")
_RELATIVE = re.compile(r"\.{1,2}($|[/\\\[])")


def moved(imported: Imported, folder: Path, to: Path) -> Imported:
    """What was read in ``folder`` as it has to be written in ``to``."""
    if folder == to:
        return imported
    start = os.path.relpath(folder, to)

    def moved_view(view: View) -> View:
        return view._replace(
            channels=tuple(_channel(channel, start) for channel in view.channels),
            pypi=tuple(_entry(line, start) for line in view.pypi),
        )

    return replace(imported, manifest=imported.manifest.with_views(moved_view))


def _channel(channel: Text, start: str) -> Text:
    relative = _RELATIVE.match(channel.value)
    return channel._replace(value=_joined(start, channel.value)) if relative else channel


def _entry(requirement: Requirement, start: str) -> Requirement:
    option, value = split_option(requirement.text)
    if option in _FILES and "://" not in value and not Path(value).is_absolute():
        return requirement._replace(text=f"{option} {_joined(start, value)}")
    if not option and _RELATIVE.match(requirement.text):
        return requirement._replace(text=_joined(start, requirement.text))
    return requirement


def _joined(start: str, path: str) -> str:
    """``path`` from ``start``, with a dot first if it had one; an extra at its end stays."""
    bare, bracket, extras = path.partition("[")
    found = Path(os.path.normpath(Path(start) / bare)).as_posix()
    found = f"./{found}" if path.startswith(".") and not found.startswith(".") else found
    return f"{found}{bracket}{extras}"
