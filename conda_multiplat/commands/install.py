"""``conda multiplat install``: make a conda environment exactly as it is locked.

Flow::

    lock -> records of this machine's platform -> unmet needs? -> prefix allowed? -> what differs?
         -> (nothing differs: done) -> verify, download, link -> records, history, variables

Nothing is solved. All that can be refused is refused before anything is downloaded. A marker in
``conda-meta`` says that an install is under way; one that was cut off is gone through again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat import prefix as prefixes
from conda_multiplat.changes import Change, changes, packages
from conda_multiplat.config import Settings
from conda_multiplat.console import Console
from conda_multiplat.detect import virtual_packages
from conda_multiplat.errors import LockFileError, OutsideError, UnmetError, UsageError
from conda_multiplat.files import shown
from conda_multiplat.lock import CondaRecord, PlatformLock
from conda_multiplat.names import DEFAULT_ENVIRONMENT, VirtualPackage, spec_name
from conda_multiplat.project import Project, load_project
from conda_multiplat.sync import in_sync
from conda_multiplat.targets import select_environments, target
from conda_multiplat.virtual_packages import Unmet, unmet


@dataclass(frozen=True)
class _Choice:
    """The environment to install, and what is locked of it for this machine."""

    environment: str
    locked: PlatformLock
    stale: bool


def install(
    *,
    files: Sequence[str] = (),
    name: str | None = None,
    prefix: str | None = None,
    environment: str | None = None,
    dry_run: bool = False,
    allow_frozen: bool = False,
    allow_base: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    """Install a locked environment; see ``conda multiplat install --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    from conda_multiplat.engines.rattler import is_newer

    project = load_project(files, host_subdirs=(settings.subdir,))
    choice = _choose(project, environment, settings, console)
    if choice.stale:
        console.say(
            f"warning: the manifest has changed since {choice.environment} was locked; "
            "this installs what is locked (`conda multiplat lock` brings the two together)"
        )
    where = _prefix(project, name, prefix, settings)
    _refuse(where, settings, allow_frozen=allow_frozen, allow_base=allow_base)
    present = prefixes.installed(where)
    marker = prefixes.read_marker(where)
    found = _differences(present, choice.locked.records, is_newer)
    changed = [each.new for each in found if each.new is not None]
    finished = marker.get("state") == "complete"
    if not dry_run and (found or not finished or not prefixes.is_environment(where)):
        _make(project, choice, where, present, changed, marker, settings, console)
    if not dry_run:
        _settle(project, choice, where, present, found, marker, settings)
    _report(choice, where, found, console, dry_run=dry_run)
    return 0


def _choose(
    project: Project, environment: str | None, settings: Settings, console: Console
) -> _Choice:
    """The environment asked for or, without one, the first of ``prefer`` that fits."""
    if environment is not None:
        select_environments(project.manifest, [environment])
        return _checked(project, environment, settings)
    names = project.manifest.prefer or (DEFAULT_ENVIRONMENT,)
    for name in names[:-1]:
        try:
            return _checked(project, name, settings)
        except UnmetError as error:
            console.say(f"passed over {name}: {error.message}")
            for line in error.details:
                console.say(f"  {line}")
    return _checked(project, names[-1], settings)


def _checked(project: Project, environment: str, settings: Settings) -> _Choice:
    """What is locked for this machine, if this machine can run it.

    Raises:
        UnmetError: it is not locked for this platform, or the machine lacks what it needs.
        LockFileError: there is no lock that can be used.
    """
    from conda_multiplat.engines.rattler import spec_matches

    lock = project.existing_lock(environment, [settings.subdir])
    locked = lock.platforms.get(settings.subdir)
    if locked is None:
        every = project.existing_lock(environment).platforms
        raise UnmetError(
            f"{environment} is not locked for {settings.subdir}, this machine's platform",
            details=[f"locked: {', '.join(every)}"],
            hints=["add it to `platforms:` and run `conda multiplat lock`"],
        )
    if locked.pypi:
        raise LockFileError(
            f"{shown(project.lock_path(environment))} locks PyPI packages, "
            "which this version can't install",
            details=[", ".join(locked.pypi)],
        )
    has = virtual_packages(settings, {spec_name(each.spec) for each in locked.needs})
    lacking = unmet(locked.needs, has, spec_matches)
    if lacking:
        raise _unmet_error(environment, locked, lacking, settings.subdir)
    here = target(project.manifest, environment, settings.subdir)
    return _Choice(environment, locked, stale=lock.recipe > 0 and not in_sync(lock, here))


def _unmet_error(
    environment: str, locked: PlatformLock, lacking: Sequence[Unmet], subdir: str
) -> UnmetError:
    versions = {each.name: each.version for each in locked.records}
    rows = [
        (f"{each.need.record} {versions.get(each.need.record, '')}", each.need.spec, each.has)
        for each in sorted(lacking, key=lambda each: (each.need.record, each.need.spec))
    ]
    width = max(len(record) for record, _, _ in rows)
    names = sorted({each.need.spec.split()[0] for each in lacking})
    overrides = [f"CONDA_OVERRIDE_{name.removeprefix('__').upper()}" for name in names]
    return UnmetError(
        f"this machine can't run {environment} for {subdir}",
        details=list(
            dict.fromkeys(
                f"{record:{width}} needs {spec}   this machine: {has or 'none'}"
                for record, spec, has in rows
            )
        ),
        hints=[
            "nothing was downloaded or changed",
            f"if you know that it works: {', '.join(f'{name}=VERSION' for name in overrides)}",
        ],
        data={
            "unmet": [
                {"record": record.strip(), "needs": spec, "has": _document(has)}
                for record, spec, has in rows
            ]
        },
    )


def _document(package: VirtualPackage | None) -> dict[str, str] | None:
    if package is None:
        return None
    return {"name": package.name, "version": package.version, "build": package.build}


def _prefix(
    project: Project, name: str | None, prefix: str | None, settings: Settings
) -> Path:
    """The folder to install into."""
    if prefix is not None:
        return Path(prefix).expanduser().absolute()
    name = name or project.manifest.name
    if name is None:
        raise UsageError(
            "the manifest has no `name:`", hints=["say where to install with -n NAME or -p PREFIX"]
        )
    if name in ("base", "root") and settings.root_prefix:
        return settings.root_prefix
    if "/" in name or "\\" in name:
        raise UsageError(f"{name!r} is no environment's name", hints=["for a folder use -p PREFIX"])
    existing = (folder / name for folder in settings.envs_dirs if (folder / name).exists())
    return next(existing, _first_writable(settings) / name)


def _first_writable(settings: Settings) -> Path:
    for folder in settings.envs_dirs:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".multiplat-writable"
            probe.touch()
            probe.unlink()
        except OSError:
            continue
        return folder
    tried = ", ".join(map(str, settings.envs_dirs))
    raise OutsideError(f"no environments folder can be written: {tried}", hints=["use -p PREFIX"])


def _refuse(where: Path, settings: Settings, *, allow_frozen: bool, allow_base: bool) -> None:
    """Refuse prefixes that must not be touched: base, frozen ones (CEP 22), other folders."""
    if settings.root_prefix and where.resolve() == settings.root_prefix.resolve() and not allow_base:
        raise UnmetError(
            f"{where} is conda's base environment",
            hints=["choose another with -n NAME or -p PREFIX, or say --allow-base"],
        )
    message = prefixes.frozen_message(where)
    if message is not None and not allow_frozen:
        raise UnmetError(
            f"{where} is frozen (conda-meta/frozen)",
            details=[message],
            hints=["--override-frozen changes it all the same"],
        )
    if where.is_dir() and not prefixes.is_environment(where) and any(where.iterdir()):
        raise UnmetError(
            f"{where} is not empty, and no conda environment", hints=["choose another folder"]
        )


def _differences(
    present: Sequence[CondaRecord], locked: Sequence[CondaRecord], is_newer: Any
) -> list[Change]:
    """What must change; a package with another hash than the locked one counts as rebuilt."""
    by_name = {each.name: each for each in locked}
    found = [each for each in changes(present, locked, is_newer) if each.kind != "rebuilt"]
    known = {each.name for each in found}
    for each in present:
        wanted = by_name.get(each.name)
        if wanted and each.name not in known and not _same_archive(each, wanted):
            found.append(Change("rebuilt", each.name, each, wanted))
    return sorted(found, key=lambda each: each.name)


def _same_archive(one: CondaRecord, other: CondaRecord) -> bool:
    """Whether two records of one version are one archive, wherever each was fetched from."""
    pairs = [(one.sha256, other.sha256), (one.md5, other.md5)]
    known = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
    return one.build == other.build and all(mine == theirs for mine, theirs in known)


def _make(
    project: Project,
    choice: _Choice,
    where: Path,
    present: Sequence[CondaRecord],
    changed: Sequence[CondaRecord],
    marker: Mapping[str, Any],
    settings: Settings,
    console: Console,
) -> None:
    """Download and link; what was noted before stays noted until all is done."""
    from conda_multiplat.engines.rattler import Channels
    from conda_multiplat.engines.rattler_install import install_records

    channels = Channels(settings, project.folder)
    for each in _channel_names(project, choice.environment, settings):
        channels.urls(each)
    unfinished = marker.get("state") == "installing"
    names = {each.name for each in changed} | ({each.name for each in present} if unfinished else set())
    try:
        prefixes.begin(where)
        prefixes.write_marker(where, {**marker, "state": "installing"})
        install_records(
            choice.locked.records,
            where,
            settings.subdir,
            changed=changed,
            requested=choice.locked.requested,
            settings=settings,
            channels=channels,
            show_progress=console.interactive,
        )
        prefixes.complete_records(where, names)
    except OSError as error:
        raise OutsideError(f"{where}: {error.strerror}") from None


def _channel_names(project: Project, environment: str, settings: Settings) -> Iterator[str]:
    """The channels as the manifest and the configuration write them: with their credentials."""
    yield from settings.channels
    if environment in project.manifest.environments:
        here = target(project.manifest, environment, settings.subdir)
        yield from (text.value for text in here.view.channels if text.value != "nodefaults")


def _settle(
    project: Project,
    choice: _Choice,
    where: Path,
    present: Sequence[CondaRecord],
    found: Sequence[Change],
    marker: Mapping[str, Any],
    settings: Settings,
) -> None:
    """Write what conda wants to know of the environment, where it differs from what it knows."""
    requested = list(choice.locked.requested)
    previously = [str(each) for each in marker.get("requested", [])]
    variables = dict(project.manifest.variables.get(settings.subdir, {}))
    if found or requested != previously or marker.get("state") != "complete":
        command = f"conda multiplat install -e {choice.environment}"
        prefixes.append_history(
            where,
            command,
            [each.old for each in found if each.old],
            [each.new for each in found if each.new],
            requested,
            previously,
        )
    prefixes.set_variables(where, variables, marker.get("variables", []))
    if settings.register_envs:
        prefixes.register(where)
    now = {
        "state": "complete",
        "environment": choice.environment,
        "lock": str(project.lock_path(choice.environment)),
        "manifest": [str(project.folder / each) for each in project.sources],
        "requested": requested,
        "variables": sorted(variables),
        "records_sha256": _records_digest(choice.locked.records),
    }
    if now != marker:
        prefixes.write_marker(where, now)


def _records_digest(records: Sequence[CondaRecord]) -> str:
    content = json.dumps(sorted((each.url, each.sha256 or each.md5) for each in records))
    return hashlib.sha256(content.encode()).hexdigest()


def _report(
    choice: _Choice, where: Path, found: Sequence[Change], console: Console, *, dry_run: bool
) -> None:
    for each in found:
        console.say(f"   {each}")
    count = len(choice.locked.records)
    if not found:
        console.say(f" {where} is as locked: {packages(count)}")
    elif dry_run:
        console.say(f" would change {packages(len(found))} in {where}")
    else:
        console.say(f" {where} has the {packages(count)} of {choice.environment}")
        console.say(f" activate it with: conda activate {where.name if where.parent.name == 'envs' else where}")
    console.result(
        {
            "dry_run": dry_run,
            "prefix": str(where),
            "environment": choice.environment,
            "packages": count,
            "changes": [each.to_dict() for each in found],
        }
    )
