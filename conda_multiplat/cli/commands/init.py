"""``conda multiplat init``: write a small manifest, and its schema for editors."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.cli.commands.schema import EDITOR_LINE, SCHEMA_FILE, schema_text
from conda_multiplat.cli.options import dry_run_option, repeated
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import MANIFEST_NAMES, manifest_in, shown, write_all
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import OutsideError, UsageError
from conda_multiplat.vocabulary.names import (
    PREFIX_NAME_HINT,
    SUBDIRS,
    is_prefix_name,
    nearest_or_all,
    unique,
)
from conda_multiplat.vocabulary.yaml_scalars import list_item

EXAMPLES = """\
examples:
  conda multiplat init                      # environment.yml here, for this machine's platform
  conda multiplat init robot --platform linux-64 --platform osx-arm64
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", help="where to write (default: the current folder)"
    )
    summary = "a platform to lock for, in addition to this machine's; can be repeated"
    repeated(parser, "--platform", "platforms", "P", summary)
    summary = "a channel (default: those configured, or conda-forge); can be repeated"
    repeated(parser, "-c --channel", "channel_names", "CHANNEL", summary)
    dry_run_option(parser, "show which files would be written, and write none")
    summary = "the conda environment's name (default: the folder's)"
    parser.add_argument("-n", "--name", dest="env_name", metavar="NAME", help=summary)


#: The values of conda's ``channels`` if none are configured.
_UNCONFIGURED = ((), ("defaults",))
_CHANNELS = ("conda-forge",)
_TEXT = """\
{editor_line}
# One manifest for all platforms: `conda multiplat lock` locks it, `install` installs the lock.
name: {name}
channels:
{channels}
# What to lock for; `conda multiplat platform add` adds others: linux-64, osx-arm64, win-64 …
platforms:
{platforms}
# For more: conda multiplat add numpy, add --pypi robosuite, add --platform linux-64 gdb
dependencies: []
"""


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Write a new manifest."""
    path = _path(args.folder, args.files)
    for name in args.platforms:
        if name not in SUBDIRS:
            hint = nearest_or_all(name, SUBDIRS)
            raise UsageError(f"unknown platform {name!r}", hints=[hint])
    text = _TEXT.format(
        editor_line=EDITOR_LINE,
        name=list_item(_name(args.env_name, path.parent), flow=False),
        channels=_lines(args.channel_names or _configured(settings)),
        platforms=_lines(unique([settings.subdir, *args.platforms])),
    )
    texts = {path: text}
    if not (schema := path.parent / SCHEMA_FILE).exists():
        texts[schema] = schema_text()
    if args.dry:
        console.say(f" would write {', '.join(map(shown, texts))}")
    else:
        _make_folder(path.parent)
        write_all(texts)
        console.say(f" wrote {', '.join(map(shown, texts))}")
        console.hint("conda multiplat add PACKAGE…")
    console.result({"dry_run": args.dry, "file": shown(path)})
    return 0


def _configured(settings: Settings) -> Sequence[str]:
    """Return the channels of conda's configuration, without credentials."""
    if tuple(settings.channels) in _UNCONFIGURED:
        return _CHANNELS
    return [public_name(channel) for channel in settings.channels]


def _path(folder: str | None, files: Sequence[str]) -> Path:
    """Return the path for the new manifest.

    Raises:
        UsageError: there is one already, or two places are named.
    """
    if folder in SUBDIRS:
        raise UsageError(
            f"{folder!r} is a platform",
            hints=[
                f"to lock for it too, repeat the option: --platform {folder}",
                f"for a folder of that name: ./{folder}",
            ],
        )
    if len(files) > 1 or (files and folder):
        raise UsageError("one manifest at a time: name a folder, or one file with -f")
    if files:
        path = Path(files[0]).absolute()
        existing = path if path.exists() else None
    else:
        path = Path(folder or ".").absolute() / MANIFEST_NAMES[0]
        existing = manifest_in(path.parent)
    if existing is not None:
        hints = ["add to it: conda multiplat add PACKAGE…", "no file was changed"]
        raise UsageError(f"{shown(existing)} already exists", hints=hints)
    return path


def _name(name: str | None, folder: Path) -> str:
    """Return the environment's name: the given one, or the folder's without invalid characters.

    Raises:
        UsageError: the given name is not valid for an environment.
    """
    if name is None:
        derived = re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-.")
        return derived if derived not in ("", "base", "root") else "project"
    if name in ("base", "root") or not is_prefix_name(name):
        raise UsageError(
            f"{name!r} can't be an environment's name",
            hints=[f"{PREFIX_NAME_HINT}; not `base`, not `root`"],
        )
    return name


def _lines(values: Sequence[str]) -> str:
    return "\n".join(f"  - {list_item(value, flow=False)}" for value in values)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutsideError(f"can't create {shown(folder)}: {error.strerror}") from None
