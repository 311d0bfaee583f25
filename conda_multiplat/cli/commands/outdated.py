"""``conda multiplat outdated``: list newer versions of locked packages, and what prevents them."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable
from functools import partial

from conda_multiplat.actions.locked_targets import near_names
from conda_multiplat.actions.outdated import Answer, outdated
from conda_multiplat.cli.options import exclude_newer_option, flag, scope_options
from conda_multiplat.cli.show import outdated as show
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import invocation, load_project
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.styled import Line

EXAMPLES = """\
examples:
  conda multiplat outdated                  # everything locked, in every environment
  conda multiplat outdated --direct         # only packages that the manifest names
  conda multiplat outdated numpy scipy -e dev
  conda multiplat outdated --exit-code      # 1 if something is outdated
  conda multiplat outdated --markdown       # for an issue or a pull request
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "only these packages, conda's or PyPI's (default: all that are locked)"
    parser.add_argument("packages", metavar="PKG", nargs="*", help=summary)
    scope_options(parser)
    exclude_newer_option(parser)
    flag(parser, "--direct", "only_asked", "only packages that the manifest names")
    flag(parser, "--markdown", "as_markdown", "a table for a pull request")
    flag(parser, "--exit-code", "tell_by_code", "exit code 1 if something is outdated")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show what is outdated.

    Returns:
        0; with ``--exit-code`` 1 if something that is listed is outdated.
    """
    from conda_multiplat.engines.conda.specs import check_spec

    hosts = args.platforms or [settings.subdir]
    project = load_project(args.files, host_subdirs=hosts, check_spec=check_spec)
    answer = outdated(
        project,
        settings,
        console,
        args.environments,
        args.platforms,
        exclude_newer=args.too_new,
    )
    chosen = {name.lower() for name in args.packages}
    _require_locked(chosen, answer)
    listed = [
        package
        for package in answer.outdated
        if (package.asked or not args.only_asked) and package.versions.named(chosen)
    ]
    targets = [target.target for target in answer.locked]
    if args.as_markdown:
        lines: Iterable[str | Line] = show.markdown(listed, targets)
    else:
        lines = show.text(listed, targets, console.answer_width)
    for line in lines:
        console.show(line)
    for line in show.summary(listed, partial(invocation, project)):
        console.say(line)
    console.result(
        {
            "outdated": [package.to_dict() for package in listed],
            "targets": list(map(str, targets)),
        }
    )
    return 1 if args.tell_by_code and listed else 0


def _require_locked(names: Collection[str], answer: Answer) -> None:
    """Refuse names of packages that are not locked.

    Raises:
        UsageError: some are not; with similar names.
    """
    known = {record.name for target in answer.locked for record in target.locked.every}
    unknown = sorted(name for name in names if not known & {name, project_name(name)})
    if unknown:
        hints = near_names(unknown, answer.locked)
        raise UsageError(f"not locked: {', '.join(unknown)}", hints=hints)
