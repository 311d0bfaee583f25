"""``conda multiplat import``: convert other files to one manifest.

Flow::

    files, prefix -> [Part] -> Imported -- differences settled --> text -> read again -> file

Everything that can't be converted is listed with its location.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.actions.import_.logins import refuse_logins
from conda_multiplat.actions.import_.placed_locks import placed_locks
from conda_multiplat.actions.import_.prefix import read_prefix
from conda_multiplat.actions.import_.report import Settled, document, report, variant_lines
from conda_multiplat.actions.import_.sources import File, read_files, read_parts
from conda_multiplat.actions.import_.verified_text import verified_text
from conda_multiplat.actions.install.choose_prefix import existing
from conda_multiplat.cli.options import dry_run_option
from conda_multiplat.importers.environment_yml import without_build
from conda_multiplat.importers.merge import Part, channel_notes, double_platforms, merge
from conda_multiplat.importers.platform_differences import Difference, common, differences, settle
from conda_multiplat.importers.values import Imported, Lost
from conda_multiplat.importers.virtual_packages_yml import FILE_NAMES
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import (
    MANIFEST_NAMES,
    refuse_read_only,
    shown,
    write_all,
)
from conda_multiplat.machine.named_outputs import require_place, write_named
from conda_multiplat.machine.project import typed_for
from conda_multiplat.machine.streams import is_stream
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.spec_warnings import spec_warnings
from conda_multiplat.vocabulary.errors import ManifestError, UsageError

EXAMPLES = """\
examples:
  conda multiplat import environment-linux.yml env.osx-arm64.yaml
  conda multiplat import gpu.yml@linux-64 mac.yml@osx-64,osx-arm64 --prefer-common
  conda multiplat import pixi.toml                     # or pyproject.toml, or conda-lock.yml
  conda multiplat import meta.yaml@linux-64,osx-arm64  # needs conda-multiplat[conda-lock]
  conda multiplat import --from-name robot --dry-run   # from an installed environment
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "arguments",
        metavar="FILE[@PLATFORM]",
        nargs="*",
        help="environment.yml files, pixi.toml, pyproject.toml, meta.yaml, conda-lock.yml and its "
        "virtual-packages.yml",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--from-prefix",
        dest="source_prefix",
        metavar="PREFIX",
        help="import this environment, by its folder",
    )
    where.add_argument(
        "--from-name",
        dest="source_name",
        metavar="NAME",
        help="import this environment, by its name",
    )
    parser.add_argument(
        "-o",
        "--output",
        dest="out_file",
        metavar="FILE",
        help="where to write (default: environment.yml)",
    )
    parser.add_argument(
        "--prefer-common",
        dest="take_common",
        action="store_true",
        help="if platforms differ, write what most ask for, or what all have in common, if any",
    )
    parser.add_argument(
        "--no-builds",
        dest="keep_builds",
        action="store_false",
        help="leave out the builds of exact pins, such as a=1.0=py_0",
    )
    dry_run_option(parser, "print the manifest, write nothing")
    parser.add_argument(
        "--force", dest="overwrite", action="store_true", help="replace existing files"
    )


#: The number of packages that differ only by builds from which `--no-builds` is suggested.
_MANY_BUILDS = 5


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make one manifest of other files."""
    arguments = [*args.files, *args.arguments]
    output = Path(args.out_file or MANIFEST_NAMES[0]).absolute()
    require_place(output, json=console.json)
    # For a stream, paths are relative to the working directory.
    target = Path(MANIFEST_NAMES[0]).absolute() if is_stream(output) else output
    prefix = _prefix(arguments, args.source_prefix, args.source_name, settings)
    files = read_files(arguments)
    parts = (
        [Part(read_prefix(prefix, settings, settings.subdir))]
        if prefix
        else read_parts(files, target, keep_builds=args.keep_builds)
    )
    if problems := double_platforms(parts):
        raise ManifestError("two files are for the same platform", problems=problems)
    locks = placed_locks(parts, target)
    if not args.dry:
        _refuse_to_overwrite(output, files, locks.texts, force=args.overwrite)
    imported = merge(parts)
    ask = not args.said_yes and console.interactive and sys.stdin.isatty()
    imported, settled = _settle(imported, console, prefer_common=args.take_common, ask=ask)
    imported = imported.adding(notes=[*channel_notes(imported.manifest), *_beside(files)])
    imported = imported.adding(notes=locks.notes)
    imported = imported.adding(notes=spec_warnings(imported.manifest))
    if args.keep_builds:
        imported = imported.adding(notes=_build_note(settled))
    # The name, not the path: other machines use the manifest too.
    sources = [f"the environment {prefix.name}"] if prefix else [file.name for file in files]
    text = verified_text(imported, sources, target)
    refuse_logins(text, files)
    imported = imported.adding(lost=_unwritten_comments(parts, text))
    if args.dry:
        console.show_file(text.rstrip("\n"))
    elif is_stream(output):
        write_named(output, text)
    else:
        write_all({target: text, **locks.texts})
    names = [shown(path) for path in (output, *locks.texts)]
    following = typed_for([target], "lock")
    report(imported, settled, [] if args.dry or is_stream(output) else names, console, following)
    console.result(
        {"files": names, "written": not args.dry, "manifest": text, **document(imported, settled)}
    )
    return 0


def _prefix(
    arguments: Sequence[str], from_prefix: str | None, from_name: str | None, settings: Settings
) -> Path | None:
    """Return the prefix to import; ``None`` if files are imported."""
    if from_prefix is None and from_name is None:
        if not arguments:
            hint = "name files, or an environment with --from-prefix or --from-name"
            raise UsageError("nothing to import", hints=[hint])
        return None
    if arguments:
        raise UsageError("files and an environment can't be imported together")
    if from_prefix is not None:
        return Path(from_prefix).expanduser().absolute()
    return existing(from_name or "", settings)


def _refuse_to_overwrite(
    target: Path, files: Sequence[File], locks: dict[Path, str], *, force: bool
) -> None:
    if is_stream(target):
        if locks:
            raise UsageError(
                f"{', '.join(map(shown, locks))} would be beside the manifest, but {shown(target)} "
                "is not a file",
                hints=["name a file with -o"],
            )
        return
    for path in (target, *locks):
        if not path.exists():
            continue
        if force:
            refuse_read_only(path)
            continue
        hints = ["-o FILE writes another, --force replaces it", "--dry-run shows what it would be"]
        if any(path.resolve() == file.path.resolve() for file in files):
            raise UsageError(
                f"{shown(path)} is one of the imported files, and would be replaced", hints=hints
            )
        raise UsageError(f"{shown(path)} already exists", hints=hints)


def _settle(
    imported: Imported, console: Console, *, prefer_common: bool, ask: bool
) -> tuple[Imported, list[Settled]]:
    """Settle differences between platforms: by rule, by asking, or by keeping each platform's."""
    differing = differences(imported.manifest)
    settled: list[Settled] = []
    for number, difference in enumerate(differing, start=1):
        chosen: Sequence[Requirement] | None = None
        if prefer_common:
            chosen = common(difference)
        elif ask:
            chosen, ask = _asked(difference, f"{number} of {len(differing)}", console)
        if chosen is not None:
            imported = settle(imported, difference, chosen)
        text = ", ".join(requirement.text for requirement in chosen or ())
        settled.append(Settled(difference, text))
    return imported, settled


def _asked(
    difference: Difference, count: str, console: Console
) -> tuple[Sequence[Requirement] | None, bool]:
    """Ask the user to settle a difference; return the choice, and whether to ask again."""
    variants = difference.variants
    console.say(f"{difference.name} is not the same on all platforms ({count}):")
    for number, line in enumerate(variant_lines(difference), start=1):
        console.say(f"  {number}  {line}")
    console.say("  k  keep each platform's own (enter)")
    console.say("  a  keep each platform's own, here and in all that follow")
    while True:
        console.ask(f"which one for all platforms? [1-{len(variants)}, k, a] ")
        answer = sys.stdin.readline()
        if answer.strip() == "a" or not answer:
            return None, False
        if answer.strip() in ("", "k"):
            return None, True
        if answer.strip().isdigit() and 1 <= int(answer) <= len(variants):
            return variants[int(answer) - 1].requirements, True
        console.say(f"  {answer.strip()!r} is not one of the choices")


def _beside(files: Sequence[File]) -> list[str]:
    """Note unnamed ``virtual-packages.yml`` files, which conda-lock would read."""
    if any(file.is_virtual_packages for file in files):
        return []
    paths = {file.path.parent / name for file in files for name in FILE_NAMES}
    return [
        f"{shown(path)} has virtual packages for conda-lock: to import them, name it too"
        for path in sorted(filter(Path.is_file, paths))
    ]


def _build_note(settled: Sequence[Settled]) -> list[str]:
    """Suggest ``--no-builds`` if exact builds make many packages differ between platforms."""
    count = sum(
        any(without_build(r.text)[1] for w in choice.difference.variants for r in w.requirements)
        for choice in settled
        if not choice.text
    )
    if count < _MANY_BUILDS:
        return []
    return [
        f"{count} packages are pinned to builds: "
        "--no-builds merges lines that differ only in the build"
    ]


def _unwritten_comments(parts: Sequence[Part], text: str) -> list[Lost]:
    """Return comments that are missing in the manifest, which kept those of another file."""
    return [
        Lost(at, f"the comment {words!r}")
        for part in parts
        for at, words in part.imported.comments.items()
        if words not in text
    ]
