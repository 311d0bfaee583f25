"""``conda multiplat check``: check whether every lock satisfies its manifest."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from conda_multiplat.actions.check.locks import verdicts as judge
from conda_multiplat.actions.check.verdict import Verdict
from conda_multiplat.cli.options import environments_option, flag
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.lock_sources import passed_over
from conda_multiplat.machine.project import load_project_as_locked
from conda_multiplat.vocabulary.names import unique

EXAMPLES = """\
examples:
  conda multiplat check                     # exit code 1 if a lock is out of date
  conda multiplat check --strict            # also if a lock meets a manifest that has changed
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environments_option(parser)
    summary = "fail if the manifest has changed, even if what is locked still meets it"
    flag(parser, "--strict", "strictly", summary)
    parser.set_defaults(needs_settings=False)


def run(args: argparse.Namespace, _: None, console: Console) -> int:
    """Check the locks of a project.

    Returns:
        0 if all are in sync or, without ``--strict``, still meet the manifest; otherwise 1.
    """
    project = load_project_as_locked(args.files)
    if not args.files and (note := passed_over(project)):
        console.say(note)
    verdicts = judge(project, args.environments)
    for line in lines(verdicts, strict=args.strictly):
        console.show(line)
    failed = any(verdict.fails(strict=args.strictly) for verdict in verdicts)
    console.result({"in_sync": not failed, "files": [verdict.to_dict() for verdict in verdicts]})
    return 1 if failed else 0


def lines(verdicts: Sequence[Verdict], *, strict: bool) -> list[str]:
    """Return the output: what is wrong, the reasons for each file, and the command to run."""
    output = [line for verdict in verdicts for line in verdict.lines()]
    fixes = [verdict.fix for verdict in verdicts if verdict.fails(strict=strict)]
    good = [verdict.file for verdict in verdicts if not verdict.fails(strict=True)]
    if good and not output:
        output.append(f"in sync: {', '.join(good)}")
    return [*output, *unique(fixes)]
