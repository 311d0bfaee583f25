r"""``conda multiplat install``: create or update a conda environment exactly as locked.

Flow::

    manifest, locks -> Choice (can this machine run it?) -> prefix -> Work (``installing``)
                                                       \-> another platform's: shown, or fetched
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from conda_multiplat.actions.enter_environment import WARN
from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.choose_prefix import refuse_taken
from conda_multiplat.actions.install.make_as_locked import make_as_locked
from conda_multiplat.actions.install.prefix_changes import Look, Work, channels, require_allowed
from conda_multiplat.actions.install.summary import (
    activation,
    changed_packages,
    locked_packages,
    outcome,
)
from conda_multiplat.actions.lock.current import choose_by_rule
from conda_multiplat.actions.say_changes import say_changes
from conda_multiplat.cli.options import (
    dry_run_option,
    flag,
    invocation,
    invocation_options,
    locked_option,
    platform_option,
)
from conda_multiplat.lockfile.change_table import as_differences
from conda_multiplat.lockfile.platform_changes import Change, packages
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.progress import progress
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.byte_sizes import bracketed, download_size, total_document
from conda_multiplat.vocabulary.errors import UsageError

EXAMPLES = """\
examples:
  conda multiplat install                   # into the conda environment that the manifest names
  conda multiplat install -e cuda12         # environment cuda12, into NAME-cuda12
  conda multiplat install -e cuda12 -n gpu  # into the conda environment gpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    invocation_options(parser)
    locked_option(parser)
    dry_run_option(parser, "show what would change, change nothing")
    flag(parser, "--download-only", "fetch_only", "fill the cache, install nothing")
    platform_option(parser, "another machine's platform; only with --dry-run or --download-only")
    flag(
        parser, "--verify", "verify", "read the contents of conda's files too, not only their sizes"
    )
    summary = "change an environment that is marked as frozen (CEP 22)"
    flag(parser, "--override-frozen", "allow_frozen", summary)
    flag(parser, "--allow-base", "allow_base", "change conda's base environment")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Install a locked environment."""
    platform = args.platform_name
    if platform is not None:
        if not (args.dry or args.fetch_only):
            raise UsageError(
                f"--platform {platform} can be used only with --dry-run or --download-only",
                hints=["--dry-run shows what would be installed, --download-only fills the cache"],
            )
        settings = replace(settings, subdir=platform, elsewhere=True)
    call = invocation(args, settings, console)
    project = call.project()
    rule = args.lock_rule or WARN
    names = call.candidates(project)
    _, choice = choose_by_rule(project, names, rule, settings, console, look_only=args.dry)
    if args.fetch_only or settings.elsewhere:
        return _prepare(project, choice, settings, console, fetch=not args.dry)
    where = call.where(project, choice.environment)
    if not call.names_prefix:
        refuse_taken(project, choice.environment, where)
    work = make_as_locked(
        project,
        choice,
        where,
        settings,
        console,
        look=Look(contents=args.verify),
        dry_run=args.dry,
        allow_frozen=args.allow_frozen,
        allow_base=args.allow_base,
    )
    _report(work, settings, console, dry_run=args.dry)
    return 0


def _prepare(
    project: Project, choice: Choice, settings: Settings, console: Console, *, fetch: bool
) -> int:
    """Show what would be installed or, with ``fetch``, download it; no prefix is needed."""
    require_allowed(project, choice, settings)
    _note_strays(choice, console)
    locked = choice.locked
    target_name = f"{choice.environment}/{settings.subdir}"
    if fetch:
        from conda_multiplat.engines.conda.install import download_records

        with progress(console, len(locked.records)) as bar:
            download_records(
                locked.records,
                settings.subdir,
                settings=settings,
                channels=channels(project, choice, settings),
                progress=bar,
            )
        count = len(locked.records)
        verb = "is" if count == 1 else "are"
        console.say(f" the {packages(count)} of {target_name} {verb} in the cache")
        if locked.pypi:
            console.say(f" except those from PyPI ({len(locked.pypi)}): uv fetches them at install")
    else:
        changes = [Change("added", package.name, None, package) for package in locked.every]
        say_changes(as_differences(changes), console)
        size = bracketed(download_size(record.size for record in locked.every))
        console.say(f" would install the {locked_packages(locked)} of {target_name}{size}")
    console.result(
        {
            "dry_run": not fetch,
            "environment": choice.environment,
            "platform": settings.subdir,
            "skipped": choice.skipped_document,
            "packages": len(locked.records),
            "pypi": len(locked.pypi),
            "download": total_document(record.size for record in locked.every),
        }
    )
    return 0


def _note_strays(choice: Choice, console: Console) -> None:
    """Warn about packages that another machine refuses, unless its configuration allows them."""
    for line in choice.strays:
        console.say(
            f"warning: {line}: refused unless conda's configuration allows it "
            "(`channel_alias`, `custom_channels`)"
        )


def _report(work: Work, settings: Settings, console: Console, *, dry_run: bool) -> None:
    changes = work.changed
    say_changes(as_differences(changes), console)
    where, locked = work.where, work.choice.locked
    if not changes:
        console.say(f" {where} is as locked: {locked_packages(locked)}")
    elif dry_run:
        size = bracketed(download_size(change.size for change in changes if change.comes))
        console.say(f" would change {changed_packages(changes)} in {where}{size}")
    else:
        console.say(f" {outcome(work)}{console.took}")
        console.hint(activation(where, settings))
    console.result(
        {
            "dry_run": dry_run,
            "prefix": str(where),
            "environment": work.choice.environment,
            "skipped": work.choice.skipped_document,
            "packages": len(locked.every),
            "changes": [change.to_dict() for change in changes],
            "download": total_document(change.size for change in changes if change.comes),
        }
    )
