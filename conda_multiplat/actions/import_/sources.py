"""The sources of an import: the kind and the platform of each file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from conda_multiplat.actions.import_.conda_lock_parsers import (
    META_YAML,
    PYPROJECT,
    parse_meta_yaml,
    parse_pyproject,
)
from conda_multiplat.actions.import_.paths import moved
from conda_multiplat.actions.import_.pixi_lock import NAME as PIXI_LOCK
from conda_multiplat.actions.import_.pixi_lock import with_locks
from conda_multiplat.importers.conda_lock_inputs import read_conda_lock_input
from conda_multiplat.importers.conda_lock_yml import Ports, read_lock_source
from conda_multiplat.importers.environment_yml import (
    read_environment_file,
    stated_platforms,
)
from conda_multiplat.importers.merge import BroughtLock, Part
from conda_multiplat.importers.pixi.reader import read_pixi
from conda_multiplat.importers.platform_names import guess
from conda_multiplat.importers.values import Imported, refusal
from conda_multiplat.importers.virtual_packages_yml import (
    StatedPromises,
    is_virtual_packages,
    read_virtual_packages,
    unused_promises,
    with_promises,
)
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.machine.files import read_lock_text, shown
from conda_multiplat.manifest.head import ENVIRONMENT_NAME
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import (
    DocumentError,
    Location,
    ManifestError,
    Problem,
    UsageError,
)
from conda_multiplat.vocabulary.file_names import locked_environment
from conda_multiplat.vocabulary.names import (
    DEFAULT_ENVIRONMENT,
    SUBDIRS,
    is_version,
    nearest_or_all,
)
from conda_multiplat.vocabulary.records import CondaRecord
from conda_multiplat.vocabulary.toml_tables import toml_table
from conda_multiplat.vocabulary.virtual_packages import Promises

#: The name of a lock for one of several environments.
_ENVIRONMENTS_LOCK = re.compile(r"(.+)\.conda-lock\.ya?ml")
_AT = re.compile(r"(?P<file>.+)@(?P<platforms>[A-Za-z0-9_,-]+)")


@dataclass(frozen=True)
class File:
    """A file given to ``import``.

    Attributes:
        path: its path.
        text: its content.
        platforms: its platforms, if the user gave them with ``FILE@PLATFORM``.
    """

    path: Path
    text: str
    platforms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name as shown to the user."""
        return shown(self.path)

    @property
    def is_lock(self) -> bool:
        """Return whether it is a ``conda-lock.yml`` (CEP 37), by its name or its content."""
        if self.is_toml or locked_environment(self.path.name):
            return not self.is_toml
        return all(
            re.search(rf"^{key}:", self.text, re.MULTILINE) for key in ("metadata", "package")
        )

    @property
    def is_virtual_packages(self) -> bool:
        """Return whether it is conda-lock's ``virtual-packages.yml``, whatever its name."""
        return not self.is_toml and is_virtual_packages(self.text)

    def place_of(self, value: str) -> Location:
        """Return the first line that ends with a value, in quotes or not."""
        match = re.search(rf"[\s'\"]{re.escape(value)}['\"]?\s*$", self.text, re.MULTILINE)
        line = self.text.count("\n", 0, match.start()) + 1 if match else 0
        return Location(self.name, line)

    @property
    def is_toml(self) -> bool:
        """Return whether it is TOML by its suffix: a pixi manifest or a ``pyproject.toml``."""
        return self.path.suffix == ".toml"


def read_files(arguments: Sequence[str]) -> list[File]:
    """Return the given files, ``FILE`` or ``FILE@PLATFORM,…``.

    Raises:
        UsageError: an unknown platform.
        ManifestError: a file is missing or is not text.
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
    text = read_lock_text(path)  # it may be a lock
    name = shown(path)
    if path.name == PIXI_LOCK:
        hint = "import pixi.toml or pyproject.toml instead: the locked versions are kept"
        raise UsageError(f"{name} lists packages, not what was requested", hints=[hint])
    if re.search(r"^@EXPLICIT", text, re.MULTILINE):
        hint = "import what it was made from, or the environment: --from-prefix, --from-name"
        raise UsageError(f"{name} lists packages, not what was requested", hints=[hint])
    return text


def read_parts(files: Sequence[File], target: Path, *, keep_builds: bool) -> list[Part]:
    """Return the content of each file, to be written into the manifest ``target``.

    Raises:
        ManifestError: with every problem of every file.
        LockFileError: a lock can't be read.
    """
    stated, problems = _stated([file for file in files if file.is_virtual_packages])
    parts: list[Part] = []
    for file in files:
        if file.is_virtual_packages:
            continue
        part = _part_or_problems(file, stated.promises, keep_builds=keep_builds)
        if isinstance(part, Part):
            beside = file.path.parent
            part = with_locks(part, beside, target) if part.imported.locked_as else part
            parts.append(replace(part, imported=moved(part.imported, beside, target.parent)))
        else:
            problems += part
    if problems:
        names = ", ".join(dict.fromkeys(problem.location.file for problem in problems))
        raise refusal(names, *problems)
    if not parts:
        hint = "name the environment.yml or conda-lock.yml that they are for, too"
        raise UsageError("no file requests packages: there are only virtual packages", hints=[hint])
    first = parts[0]
    lost = [*stated.lost, *unused_promises(stated, [part.imported.manifest for part in parts])]
    parts[0] = replace(first, imported=first.imported.adding(lost=lost))
    return _with_default(parts)


def _stated(files: Sequence[File]) -> tuple[StatedPromises, list[Problem]]:
    """Return the virtual packages that conda-lock was given; the last file wins."""
    stated = StatedPromises()
    problems: list[Problem] = []
    for file in files:
        try:
            other = read_virtual_packages(Source(file.name, file.text))
        except ManifestError as error:
            problems += error.problems
            continue
        promises = {**stated.promises, **other.promises}
        stated = StatedPromises(promises, (*stated.lost, *other.lost))
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
        return Part(with_promises(_toml_source(file), stated))
    if file.path.name == META_YAML:
        recipe = parse_meta_yaml(file.path, file.name, file.text, file.platforms)
        return Part(with_promises(read_conda_lock_input(recipe, check_spec), stated))
    if file.is_lock:
        return _lock_part(file, stated)
    source = Source(file.name, file.text)
    named = stated_platforms(source)
    by_name = guess(file.path.name)
    platforms = file.platforms or named or by_name.platforms
    if not platforms:
        hint = f"write {file.name}@PLATFORM, for example {file.name}@linux-64"
        raise refusal(file.name, Problem(Location(file.name), "its platform is unknown", hint))
    environment = by_name.variant or DEFAULT_ENVIRONMENT
    states_cuda = any("cuda" in stated.get(platform, {}) for platform in platforms)
    cuda = "" if states_cuda else by_name.cuda
    imported = read_environment_file(
        source, platforms, cuda, check_spec=check_spec, keep_builds=keep_builds
    )
    imported = with_promises(imported, stated)
    if by_name.assumed and not file.platforms and not named:
        guessed = f"{file.name} is for {platforms[0]}, judging by its name"
        imported = imported.adding(notes=[f"{guessed}; for another platform: {file.name}@PLATFORM"])
    return Part(imported, environment)


def _toml_source(file: File) -> Imported:
    """Read a pixi manifest, or another ``pyproject.toml``."""
    from conda_multiplat.engines.conda.specs import check_spec

    data = _toml(file)
    tools = data.get("tool")
    pixis = isinstance(tools, dict) and "pixi" in tools
    if file.path.name == PYPROJECT and not pixis and _says_something(data):
        parsed = parse_pyproject(file.path, file.name, file.text, data, file.platforms)
        return read_conda_lock_input(parsed, check_spec)
    return read_pixi(
        file.name,
        file.text,
        data,
        check_spec=check_spec,
        subdirs=file.platforms,
        folder=file.path.parent.name,
    )


def _says_something(data: dict[str, object]) -> bool:
    """Return whether a ``pyproject.toml`` has tables that conda-lock reads."""
    tools = data.get("tool")
    named = set(tools) if isinstance(tools, dict) else set()
    return bool({"project", "dependency-groups"} & set(data) or named & set(_TOOLS))


_TOOLS = ("conda-lock", "poetry", "flit", "pdm")


def _lock_part(file: File, stated: Promises) -> Part:
    from conda_multiplat.engines.conda.specs import is_newer, spec_matches

    lock_of_file = read_lock(file.text, file.name)
    if missing := [
        platform for platform in file.platforms if platform not in lock_of_file.platforms
    ]:
        nothing = f"it has nothing for {', '.join(missing)}"
        raise refusal(file.name, Problem(Location(file.name), nothing))
    lock = lock_of_file.only(file.platforms or lock_of_file.platforms)
    if problems := list(_inexpressible(file, lock)):
        raise refusal(file.name, *problems)
    imported = read_lock_source(lock, file.name, Ports(is_newer, spec_matches), stated)
    environment = lock.environment if lock.recipe else _named_environment(file.path.name)
    whole = lock_of_file.platforms.keys() == lock.platforms.keys()
    return Part(imported, environment, (BroughtLock(lock, file.path, file.text, whole),))


def _inexpressible(file: File, lock: LockFile) -> Iterator[Problem]:
    """Yield what a lock has and no manifest could ask for."""
    for platform in lock.platforms:
        if platform not in SUBDIRS:
            at = file.place_of(platform)
            yield Problem(at, f"unknown platform {platform!r}", nearest_or_all(platform, SUBDIRS))
    records = (record for locked in lock.platforms.values() for record in locked.every)
    for record in dict.fromkeys(records):
        is_valid = is_version if isinstance(record, CondaRecord) else _is_pypi_version
        if not is_valid(record.version):
            at = file.place_of(record.version)
            yield Problem(at, f"{record.name}: not a version: {record.version!r}")


def _is_pypi_version(text: str) -> bool:
    """Return whether it is a version as in PEP 440."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _named_environment(name: str) -> str:
    """Return the environment in the name of another tool's lock: ``ENV.conda-lock.yml``."""
    match = _ENVIRONMENTS_LOCK.fullmatch(name)
    if match is None or not re.fullmatch(ENVIRONMENT_NAME, match[1]):
        return DEFAULT_ENVIRONMENT
    by_name = guess(name)
    if by_name.platforms:  # `linux-64.conda-lock.yml`; `gpu` alone implies Linux
        return by_name.variant or DEFAULT_ENVIRONMENT
    return match[1]


def _toml(file: File) -> dict[str, object]:
    try:
        return toml_table(file.text)
    except DocumentError as error:
        at = Location(file.name, error.line, error.column)
        raise refusal(file.name, Problem(at, error.message)) from None


def _with_default(parts: Sequence[Part]) -> list[Part]:
    """Make sure that one of the parts is ``default``: the first, if no name says so."""
    names = [part.environment for part in parts]
    if DEFAULT_ENVIRONMENT in names:
        return list(parts)
    return [
        replace(part, environment=DEFAULT_ENVIRONMENT) if part.environment == names[0] else part
        for part in parts
    ]
