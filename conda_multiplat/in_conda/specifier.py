"""``conda env create --format multiplat``: create what is locked for this machine through conda.

Flow::

    environment.yml or a lock -> Project -> Choice (can this machine run it?) -> conda's Environment
    -> conda downloads, verifies and links -> ``finish``, at the end of the command: PyPI packages,
       variables, history and the marker, as ``conda multiplat install`` leaves them

conda takes the locked archives by URL and hash and does not solve. For an environment with such
archives it installs nothing else (26.5 and newer return before pip and variables), and its pip
would ignore hashes. So we do the rest, and write every file that our own install writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from conda_multiplat.vocabulary.printable import printable

if TYPE_CHECKING:
    from conda_multiplat.actions.install.choose_environment import Choice
    from conda_multiplat.machine.project import Project
    from conda_multiplat.vocabulary.records import CondaRecord

FORMAT = "multiplat"
_DESCRIPTION = "what conda-multiplat has locked for this machine, from environment.yml or a lock"


@dataclass(frozen=True)
class _Begun:
    """The environment that conda is about to install."""

    project: Project
    choice: Choice


_begun: list[_Begun] = []  # for the one conda command that this process runs
_linked: list[Path] = []


def specifier() -> Any | None:
    """Return our specifier; ``None`` if this conda has no way to opt out of detection.

    Two specifiers that claim the same file are an error in conda, so ours is used only by name.
    """
    from conda.plugins import types

    base = getattr(types, "EnvironmentSpecBase", None)
    if not hasattr(base, "detection_supported") or not hasattr(base, "env"):
        return None
    from conda.models.environment import Environment

    if Environment.__dataclass_fields__["prefix"].default is not None:
        return None  # before 25.11, an environment needs a prefix
    more = {"description": _DESCRIPTION}
    kind = types.CondaEnvironmentSpecifier
    return kind(
        name=FORMAT,
        environment_spec=_spec_class(base),
        **{k: v for k, v in more.items() if k in kind.__dataclass_fields__},
    )


def _spec_class(base: Any) -> type[Any]:
    class MultiplatSpec(base):  # type: ignore[misc]  # conda has no types here
        """A manifest with its locks, or a lock alone."""

        detection_supported: ClassVar[bool] = False

        def __init__(self, filename: str | Path) -> None:
            self.filename = Path(filename).expanduser().absolute()

        def can_handle(self) -> bool:
            """Return True if the file can be read; otherwise raise an error that says why."""
            _answered(lambda: _read(self.filename))
            return True

        @property
        def env(self) -> Any:
            """Return the environment for this machine."""
            from conda.base.context import context

            if hasattr(base, "env_for"):  # 26.5 needs only the name here, and hides errors
                return _answered(lambda: _only_named(self.filename, context.subdir))
            return _ready(_answered(lambda: _environment(self.filename, context.subdir)))

        @property
        def available_platforms(self) -> tuple[str, ...]:
            """Return the locked platforms."""
            platforms: tuple[str, ...] = _answered(lambda: _platforms(self.filename))
            return platforms

        def env_for(self, platform: str) -> Any:
            """Return the environment for a platform."""
            return _ready(_answered(lambda: _environment(self.filename, platform)))

    return MultiplatSpec


def _ready(environment: Any) -> Any:
    """Return the environment with its packages fetched: conda expects records from its cache."""
    return replace(environment, explicit_packages=_fetched(environment.explicit_packages))


def _answered(work: Any) -> Any:
    """Call ``work``; turn our errors into conda's, which conda shows without a traceback."""
    from conda.exceptions import CondaError

    from conda_multiplat.vocabulary.errors import MultiplatError

    try:
        return work()
    except MultiplatError as error:
        raise CondaError("\n".join(error.lines()).removeprefix("error: ")) from error


@cache  # conda asks for the name first, then for the packages
def _read(path: Path) -> tuple[Project, str | None]:
    """Return the project of a manifest or lock, and the lock's environment (``None``: manifest)."""
    from conda.base.context import context

    from conda_multiplat.machine.project import load_project, projects_beside
    from conda_multiplat.vocabulary.file_names import locked_environment

    environment = locked_environment(path.name) or None
    beside = next(iter(projects_beside([str(path)])), [])
    manifest_files = beside if all(file.is_file() for file in beside) else []
    if environment is None:
        files = manifest_files if path in manifest_files else [path]
    elif manifest_files:
        files = manifest_files
    else:
        return _alone(path, environment), environment
    return load_project(files, host_subdirs=(context.subdir,)), environment


def _alone(path: Path, environment: str) -> Project:
    """Return a project for a lock without a manifest, with what the lock says of its request."""
    from conda_multiplat.engines.conda.specs import is_newer, spec_matches
    from conda_multiplat.importers.conda_lock_yml import Ports, read_lock_source
    from conda_multiplat.lockfile.read import read_lock
    from conda_multiplat.machine.files import read_lock_text
    from conda_multiplat.machine.project import Project
    from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

    lock = read_lock(read_lock_text(path), str(path))
    manifest = read_lock_source(lock, str(path), Ports(is_newer, spec_matches)).manifest
    default = manifest.environments[DEFAULT_ENVIRONMENT]
    both = {DEFAULT_ENVIRONMENT: default, environment: default._replace(name=environment)}
    return Project(manifest._replace(environments=both), path.parent, (path.name,))


def _platforms(path: Path) -> tuple[str, ...]:
    project, environment = _read(path)
    wanted = [environment] if environment else project.manifest.prefer or ("default",)
    locks = [head for name in wanted if (head := project.lock_head(name))]
    locks = locks or [project.existing_lock(wanted[0])]  # raises an error if there is none
    return tuple(dict.fromkeys(subdir for lock in locks for subdir in lock.platforms))


def _only_named(path: Path, platform: str) -> Any:
    from conda.models.environment import Environment

    project, environment = _read(path)
    return Environment(name=_name(project, environment), platform=platform)


def _name(project: Project, environment: str | None) -> str | None:
    """Return the name of the conda environment to create if there is no ``-n``."""
    from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

    return project.manifest.conda_name(environment or DEFAULT_ENVIRONMENT)


@cache  # conda may ask several times
def _environment(path: Path, platform: str) -> Any:
    from conda.models.environment import Environment, EnvironmentConfig

    from conda_multiplat.actions.install.choose_environment import choose, warn_if_stale
    from conda_multiplat.actions.install.prefix_changes import require_allowed
    from conda_multiplat.actions.invocation import preferred
    from conda_multiplat.machine.conda_settings import settings_from_conda
    from conda_multiplat.machine.console import Console

    settings, console = settings_from_conda(), Console()
    if platform != settings.subdir:
        settings = replace(settings, subdir=platform, elsewhere=True)
    project, environment = _read(path)
    names = [environment] if environment else preferred(project)
    choice = choose(project, names, settings, console)
    if project.sources != (path.name,) or environment is None:
        warn_if_stale(choice, console)
    require_allowed(project, choice, settings)
    if not settings.elsewhere:
        _begun[:] = [_Begun(project, choice)]
    return Environment(
        name=_name(project, choice.environment),
        platform=platform,
        config=EnvironmentConfig(channels=_channels(choice.locked.records)),
        explicit_packages=_named(choice.locked.records),
        variables=dict(project.manifest.variables.get(platform, {})),
    )


def _channels(records: Iterable[CondaRecord]) -> tuple[str, ...]:
    from conda_multiplat.vocabulary.channels import base_url

    return tuple(dict.fromkeys(base_url(record.url) for record in records))


def _named(records: Iterable[CondaRecord]) -> list[Any]:
    """Convert locked packages to conda's records, with the fields that a lock has."""
    from conda.models.channel import Channel
    from conda.models.records import PackageRecord

    return [
        PackageRecord(
            name=record.name,
            version=record.version,
            build=record.build,
            build_number=0,
            channel=Channel(record.url),
            subdir=record.url.rsplit("/", 2)[-2],
            fn=record.file_name,
            url=record.url,
            depends=record.depends,
            **_hashes(record),
        )
        for record in records
    ]


def _hashes(record: Any) -> dict[str, str]:
    """Return the digests that a record (ours or conda's) has."""
    hashes = {name: getattr(record, name, None) for name in ("md5", "sha256")}
    return {name: value for name, value in hashes.items() if value}


def _fetched(records: Sequence[Any]) -> list[Any]:
    """Fetch and verify packages, and return their records from conda's cache, which are complete.

    Raises:
        DryRunExit: for ``--dry-run``, which conda ignores for explicit packages.
        CondaExitZero: for ``--download-only``.
    """
    from conda.base.context import context
    from conda.core.package_cache_data import ProgressiveFetchExtract
    from conda.exceptions import CondaExitZero, DryRunExit
    from conda.models.match_spec import MatchSpec

    if context.dry_run:
        if not context.json:
            print("would install what is locked:")
            for record in records:
                print(printable(f"  {record.name} {record.version} {record.build}"))
        raise DryRunExit
    specs = [MatchSpec(record.url, **_hashes(record)) for record in records]
    ProgressiveFetchExtract(specs).execute()
    if context.download_only:
        raise CondaExitZero("the locked packages are in the package cache; nothing was installed")
    return [_cached(spec, record) for spec, record in zip(specs, records, strict=True)]


def _cached(spec: Any, record: Any) -> Any:
    from conda.core.package_cache_data import PackageCacheData
    from conda.exceptions import CondaError
    from conda.models.records import PackageRecord

    cached = next(PackageCacheData.query_all(spec), None)
    if cached is None:
        raise CondaError(f"{record.url} is not in the package cache, though it was fetched")
    return PackageRecord.from_objects(cached, depends=record.depends, **_hashes(record))


def before(command: str) -> None:
    """Report all problems of its files before a conda command reads our format.

    Raises:
        CondaError: a file can't be read, or the command can't do it.
    """
    from conda.base.context import context

    if getattr(context, "environment_specifier", None) != FORMAT:
        return
    given = context._argparse_args.get("file") or ()
    files = [Path(file) for file in ([given] if isinstance(given, str) else given)]
    # conda reports missing files itself
    existing_files = [file for file in files if file.is_file()]
    for file in existing_files:
        _answered(lambda file=file: _read(file.absolute()))
    if command == "env_update" and existing_files:
        _answered(lambda: _refuse_update(existing_files[0]))


def _refuse_update(file: Path) -> None:
    """Refuse ``conda env update``: it solves, and does not install exactly what is locked."""
    from conda_multiplat.vocabulary.errors import UsageError
    from conda_multiplat.vocabulary.file_names import locked_environment

    environment = locked_environment(file.name)
    here = f" in {file.parent}" if file.parent != Path() else ""
    words = f"-e {environment}`{here}" if environment else f"-f {file}`"
    raise UsageError(
        "`conda env update` can't install exactly what is locked",
        hints=[f"`conda multiplat install {words} does, with the same -n or -p"],
    )


def linked(prefix: Path) -> bool:
    """Note the end of a transaction in ``prefix``; return whether it installed what is locked."""
    if _begun:
        _linked[:] = [prefix]
    return bool(_begun)


def finish(_command: str) -> None:
    """Complete the environment that a conda command has made from our lock, when it ends.

    Raises:
        CondaError: it could not be finished.
    """
    if not (_begun and _linked):
        return
    begun, prefix = _begun.pop(), _linked.pop()
    _answered(lambda: _complete(begun, prefix))


def _complete(begun: _Begun, prefix: Path) -> None:
    from conda_multiplat.actions.install.make_as_locked import make_as_locked
    from conda_multiplat.machine.conda_settings import settings_from_conda
    from conda_multiplat.machine.console import Console

    settings = settings_from_conda()
    make_as_locked(begun.project, begun.choice, prefix, settings, Console(), allow_base=False)
