"""``conda multiplat pack``: pack everything that an environment needs into one file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.actions.enter_environment import WARN
from conda_multiplat.actions.install.summary import locked_packages
from conda_multiplat.actions.invocation import preferred
from conda_multiplat.actions.pack.plan import Plan, plan
from conda_multiplat.actions.pack.project_files import ReadFiles
from conda_multiplat.cli.options import (
    dry_run_option,
    environment_option,
    flag,
    locked_option,
    platforms_option,
)
from conda_multiplat.export.packed import SUMS
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown, typed
from conda_multiplat.machine.named_outputs import refuse_others, require_place
from conda_multiplat.machine.progress import progress
from conda_multiplat.machine.project import load_project
from conda_multiplat.machine.streams import is_stream
from conda_multiplat.manifest.targets import select_environments
from conda_multiplat.vocabulary.byte_sizes import bracketed, download_size
from conda_multiplat.vocabulary.byte_sizes import size as size_words
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import unique

if TYPE_CHECKING:
    from conda_multiplat.actions.pack.write import Written

EXAMPLES = """\
examples:
  conda multiplat pack                              # for machines like this one
  conda multiplat pack -e cuda12 --platform linux-64
  conda multiplat pack --platform linux-64 osx-arm64 -o /media/stick
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environment_option(parser)
    platforms_option(parser, "for these platforms, one archive each (default: this machine's)")
    parser.add_argument(
        "-o",
        "--output",
        dest="output_file",
        metavar="FILE",
        help="the archive, or the folder for several (default: NAME.PLATFORM.tar here)",
    )
    flag(parser, "--wheels-only", "wheels_only", "leave out what would have to be built")
    locked_option(parser)
    dry_run_option(parser, "show what would be packed; download and write nothing")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Pack an environment."""
    place = _place(args.output_file, json=console.json)
    platforms = unique(args.platforms) or [settings.subdir]
    files = ReadFiles()
    project = load_project(args.files, host_subdirs=tuple(platforms), read=files.read)
    names = preferred(project)
    if args.environment_name is not None:
        names = tuple(select_environments(project.manifest, [args.environment_name]))
    rule = args.lock_rule or WARN
    plans = [
        plan(project, names, platform, settings, console, rule=rule, wheels_only=args.wheels_only)
        for platform in platforms
    ]
    paths = dict(zip(_paths(place, plans), plans, strict=True))
    documents = [_document(path, file) for path, file in paths.items()]
    if args.dry:
        for path, file in paths.items():
            size = bracketed(download_size(record.size for record in file.packed.every))
            console.say(f" would write {shown(path)}: {_what(file)}{size}")
            _say_left_out(file, console)
    else:
        documents = _write(paths, files, console)
    console.result({"dry_run": args.dry, "archives": documents})
    return 0


def _write(paths: dict[Path, Plan], files: ReadFiles, console: Console) -> list[dict[str, Any]]:
    from conda_multiplat.actions.pack.write import write_packs  # late: slow

    with progress(console, sum(2 * len(path.packed.every) for path in paths.values())) as bar:
        written = list(write_packs(paths, files.texts, bar))
    for pack in written:
        _say_left_out(pack.plan, console)
        content = f"{_what(pack.plan)}, {size_words(pack.size)}"
        console.say(f" wrote {shown(pack.path)}: {content}{console.took}")
        console.say(f"   sha256 {pack.sha256}")
    console.hint(_next(written[0]))
    return [
        {**_document(pack.path, pack.plan), "bytes": pack.size, "sha256": pack.sha256}
        for pack in written
    ]


def _what(plan: Plan) -> str:
    return f"{locked_packages(plan.packed)} of {plan.choice.environment}/{plan.platform}"


def _next(written: Written) -> str:
    """Return the command that makes the environment on the other machine."""
    named = written.plan.project.manifest.conda_name(written.plan.choice.environment)
    plan, path = written.plan, written.path
    file = plan.file_name if is_stream(path) else typed(path)
    return f"conda multiplat unpack {file}{'' if named else ' -n NAME'}"


def _place(output: str | None, *, json: bool) -> Path:
    """Return the path of the archive, or the folder for archives with default names.

    Raises:
        UsageError: the folder does not exist, or ``--json`` needs standard output.
    """
    place = Path(output or ".").expanduser().absolute()
    require_place(place / "archive" if str(output).endswith("/") else place, json=json)
    return place


def _paths(place: Path, plans: Sequence[Plan]) -> list[Path]:
    """Return the path of each archive.

    Raises:
        UsageError: several have the same path, or one would replace another kind of file.
    """
    paths = [place / planned.file_name if place.is_dir() else place for planned in plans]
    if len(set(paths)) < len(paths):
        raise UsageError(
            f"{len(paths)} archives would all be written to {shown(paths[0])}",
            hints=["give an existing folder with -o, or one --platform"],
        )
    if paths[0] == place:  # default names are used only by us
        refuse_others(place, "a packed environment", _is_pack)
    return paths


def _is_pack(path: Path) -> bool:
    from conda_multiplat.machine.tar_files import is_tar_with  # late: slow

    return is_tar_with(path, SUMS)


def _say_left_out(plan: Plan, console: Console) -> None:
    for line in plan.left_out:
        console.say(f"warning: not packed: {line}")


def _document(path: Path, plan: Plan) -> dict[str, Any]:
    return {
        "file": str(path),
        "environment": plan.choice.environment,
        "platform": plan.platform,
        "skipped": plan.choice.skipped_document,
        "packages": len(plan.packed.records),
        "pypi": len(plan.packed.pypi),
        "left_out": plan.left_out,
    }
