r"""``conda multiplat install``: make a conda environment exactly as it is locked.

Flow::

    manifest, locks -> Choice (can this machine run it?) -> prefix -> Work (``installing``)
                                                       \-> another machine's: shown, or fetched
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from conda_multiplat.actions.install.choose_environment import Choice, choose, warn_if_stale
from conda_multiplat.actions.install.choose_prefix import destination
from conda_multiplat.actions.install.run import Work, channels, make_as_locked
from conda_multiplat.cli.options import destination_options, environment_option
from conda_multiplat.lockfile.changes import packages
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import Project, load_project
from conda_multiplat.machine.settings import Settings
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.records import Record

EXAMPLES = """\
examples:
  conda multiplat install                   into the environment that the manifest names
  conda multiplat install -e cuda12 -n gpu  environment cuda12, into the conda environment gpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    destination_options(parser)
    environment_option(parser)
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="show what would change, change nothing"
    )
    parser.add_argument(
        "--download-only",
        dest="fetch_only",
        action="store_true",
        help="fill the cache, install nothing",
    )
    parser.add_argument(
        "--platform",
        dest="platform_name",
        metavar="P",
        help="for another machine: with --dry-run or --download-only",
    )
    parser.add_argument(
        "--override-frozen",
        dest="allow_frozen",
        action="store_true",
        help="change an environment that is marked as frozen (CEP 22)",
    )
    parser.add_argument(
        "--allow-base",
        dest="allow_base",
        action="store_true",
        help="change conda's base environment",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return install(
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        platform=args.platform_name,
        dry_run=args.dry,
        download_only=args.fetch_only,
        allow_frozen=args.allow_frozen,
        allow_base=args.allow_base,
        settings=settings,
        console=console,
    )


#: So many changes are named; a first install has hundreds.
_SHOWN = 20


def install(
    *,
    files: Sequence[str] = (),
    name: str | None = None,
    prefix: str | None = None,
    environment: str | None = None,
    platform: str | None = None,
    dry_run: bool = False,
    download_only: bool = False,
    allow_frozen: bool = False,
    allow_base: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    """Install a locked environment; see ``conda multiplat install --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    if platform is not None:
        if not (dry_run or download_only):
            raise UsageError(
                f"--platform {platform} is for another machine: nothing is installed here",
                hints=["add --dry-run to look at it, or --download-only to fill the cache"],
            )
        settings = replace(settings, subdir=platform, elsewhere=True)
    project = load_project(files, host_subdirs=(settings.subdir,))
    choice = choose(project, environment, settings, console)
    warn_if_stale(choice, console)
    if download_only or settings.elsewhere:
        return _prepare(project, choice, settings, console, fetch=not dry_run)
    work = make_as_locked(
        project,
        choice,
        destination(project, name, prefix, settings),
        settings,
        console,
        dry_run=dry_run,
        allow_frozen=allow_frozen,
        allow_base=allow_base,
    )
    _report(work, console, dry_run=dry_run)
    return 0


def _prepare(
    project: Project, choice: Choice, settings: Settings, console: Console, *, fetch: bool
) -> int:
    """Show what would be installed, or download it, without a prefix."""
    locked = choice.locked
    target_name = f"{choice.environment}/{settings.subdir}"
    if fetch:
        from conda_multiplat.engines.conda.install import download_records

        download_records(
            locked.records,
            settings.subdir,
            settings=settings,
            channels=channels(project, choice, settings),
            show_progress=console.interactive,
        )
        console.say(f" the {packages(len(locked.records))} of {target_name} are in the cache")
        if locked.pypi:
            console.say(f" not those of PyPI ({len(locked.pypi)}): uv fetches them at install")
    else:
        every: list[Record] = [*locked.records, *locked.pypi]
        _list([f"+ {each.name} {each.version}" for each in every], console)
        console.say(f" would install the {packages(len(every))} of {target_name}")
    console.result(
        {
            "dry_run": not fetch,
            "environment": choice.environment,
            "platform": settings.subdir,
            "packages": len(locked.records),
            "pypi": len(locked.pypi),
        }
    )
    return 0


def _list(found: Sequence[object], console: Console) -> None:
    """The first of many things, and how many more there are."""
    for each in found[:_SHOWN]:
        console.say(f"   {each}")
    if len(found) > _SHOWN:
        console.say(f"   and {len(found) - _SHOWN} more")


def _report(work: Work, console: Console, *, dry_run: bool) -> None:
    found = [*work.found, *work.pypi]
    _list(found, console)
    where, environment = work.where, work.choice.environment
    locked = work.choice.locked
    count = len(locked.records) + len(locked.pypi)
    if not found:
        console.say(f" {where} is as locked: {packages(count)}")
    elif dry_run:
        console.say(f" would change {packages(len(found))} in {where}")
    else:
        name = where.name if where.parent.name == "envs" else where
        console.say(f" {where} has the {packages(count)} of {environment}")
        console.say(f" activate it with: conda activate {name}")
    console.result(
        {
            "dry_run": dry_run,
            "prefix": str(where),
            "environment": environment,
            "packages": count,
            "changes": [each.to_dict() for each in found],
        }
    )
