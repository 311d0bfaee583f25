"""``conda multiplat audit``: compare what is locked with known vulnerabilities."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from conda_multiplat.actions.audit import Report, advisory_source, audit
from conda_multiplat.cli.options import environments_option, flag, platforms_option
from conda_multiplat.cli.show import audit as show
from conda_multiplat.export.sarif import is_sarif, sarif
from conda_multiplat.lockfile.audit.findings import Rules
from conda_multiplat.lockfile.audit.severity import LEVELS
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import repository_of
from conda_multiplat.machine.named_outputs import (
    refuse_others,
    require_place,
    with_text,
    write_named,
)
from conda_multiplat.machine.project import Project, invocation, load_project_as_locked
from conda_multiplat.machine.streams import is_stdout
from conda_multiplat.vocabulary.styled import Line

EXAMPLES = """\
examples:
  conda multiplat audit --db osv-pypi.zip   # offline, everything that is locked
  conda multiplat audit                     # with the configured service
  conda multiplat audit --severity high     # exit code 1 only for high or critical
  conda multiplat audit --sarif audit.sarif --db osv-pypi.zip
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "a downloaded database: OSV's export for PyPI (zip), a JSON file, or a folder of them"
    parser.add_argument("--db", dest="database", metavar="FILE", help=summary)
    parser.add_argument(
        "--severity",
        dest="least_severity",
        choices=LEVELS,
        default=LEVELS[0],
        help="exit code 1 only for this or worse (default: low, which is everything)",
    )
    summary = "also write the result as SARIF 2.1.0, for code scanning"
    parser.add_argument("--sarif", dest="sarif_file", metavar="FILE", help=summary)
    flag(parser, "--markdown", "as_markdown", "a table for a pull request")
    environments_option(parser)
    platforms_option(parser, "only these platforms")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show known vulnerabilities of locked packages.

    Returns:
        1 if one counts, otherwise 0.
    """
    if args.sarif_file:
        require_place(Path(args.sarif_file), json=console.json)
        refuse_others(Path(args.sarif_file), "a SARIF log", with_text(is_sarif), "--sarif FILE")
    source = advisory_source(args.database, settings)
    project = load_project_as_locked(args.files)
    today = datetime.now(timezone.utc).date().isoformat()
    rules = Rules(args.least_severity, project.manifest.ignored, today)
    report = audit(
        project,
        source,
        console,
        rules,
        environments=args.environments,
        platforms=args.platforms,
    )
    if args.sarif_file:
        write_named(Path(args.sarif_file), _sarif(report, project))
    if not (args.sarif_file and is_stdout(Path(args.sarif_file))):
        for line in _answer(report, console, as_markdown=args.as_markdown):
            console.show(line)
    for line in show.summary(report):
        console.say(line)
    if fixable := dict.fromkeys(
        finding.package.record.name
        for finding in report.findings
        if finding.counts and finding.vulnerability.fixed
    ):
        console.hint(invocation(project, f"update {' '.join(fixable)}"))
    console.result(report.to_dict())
    return 1 if any(finding.counts for finding in report.findings) else 0


def _answer(report: Report, console: Console, *, as_markdown: bool) -> Iterable[str | Line]:
    if as_markdown:
        return show.markdown(report)
    width = console.answer_width
    return show.text(report, width, whole=width is None or console.verbose)


def _sarif(report: Report, project: Project) -> str:
    """Return a SARIF log, with the paths of files relative to the repository's root."""
    root = (repository_of(project.lock_path("default")) or project.folder).resolve()

    def uri(path: Path) -> str:
        place = path.resolve()
        return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_uri()

    locks = {
        target.environment: uri(project.lock_path(target.environment)) for target in report.targets
    }
    return sarif(report.findings, report.unknown, locks, lambda file: uri(Path(file)))
