"""``conda multiplat lock``: solve every target at once, then replace all locks or none."""

from __future__ import annotations

import argparse

from conda_multiplat.actions.lock.adopt import adopt
from conda_multiplat.actions.lock.plan import Update
from conda_multiplat.actions.lock.relock import relock
from conda_multiplat.actions.lock.report import changes_of, document, note_assumed_platforms, report
from conda_multiplat.cli.options import environments_option, flag, platforms_option, several
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown, write_all
from conda_multiplat.machine.project import load_project, passed_over
from conda_multiplat.machine.temporary import sweep
from conda_multiplat.manifest.spec_warnings import spec_warnings

EXAMPLES = """\
examples:
  conda multiplat lock                      lock every environment for every platform
  conda multiplat lock --update numpy       let numpy move, keep the rest
  conda multiplat lock --platform linux-64  leave the other platforms as they are
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments_option(parser)
    platforms_option(parser, "only these platforms; the others stay as locked")
    moves = parser.add_mutually_exclusive_group()
    summary = "let these packages move to the newest that fits"
    several(moves, "--update", dest="updates", metavar="PKG", summary=summary)
    flag(moves, "--update-all", "everything", "start afresh: everything may move")
    flag(parser, "--drop-cuda", "drop_cuda", "let locked CUDA builds become CPU builds")
    flag(parser, "--dry-run", "dry", "solve and show, but write nothing")
    parser.add_argument(
        "--channel-priority",
        dest="priority",
        choices=("strict", "flexible", "disabled"),
        help="how channels are preferred (default: conda's configuration)",
    )


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Lock the environments of a manifest."""
    from conda_multiplat.engines.conda.specs import check_spec, is_newer

    host_subdirs = args.platforms or [settings.subdir]
    project = load_project(args.files, host_subdirs=host_subdirs, check_spec=check_spec)
    if not args.files and (note := passed_over(project)):
        console.say(note)
    for warning in (*project.manifest.warnings, *spec_warnings(project.manifest)):
        console.say(f"warning: {warning}")
    note_assumed_platforms(project, console)
    scope = {"environments": args.environments, "platforms": args.platforms}
    adopted = adopt(project, settings, console, **scope, drop_cuda=args.drop_cuda)
    project = adopted.project
    locked = relock(
        project,
        settings,
        console,
        **scope,
        update=Update(frozenset(name.lower() for name in args.updates), args.everything),
        channel_priority=args.priority,
        drop_cuda=args.drop_cuda,
    )
    changes = changes_of(locked, is_newer)
    report(locked, changes, settings, console)
    for line in adopted.lines():
        console.say(line)
    texts = {**adopted.texts, **locked.texts()}
    if not args.dry:
        sweep(project.folder)
        write_all(texts)
    names = [shown(path) for path in texts]
    verb = "would write" if args.dry else "wrote"
    console.say(f" {verb} {', '.join(names)}" if names else " in sync: nothing to write")
    told = {"promised": [each.to_dict() for each in adopted.promised]} if adopted.promised else {}
    console.result({"dry_run": args.dry, "files": names, **told, **document(locked, changes)})
    return 0
