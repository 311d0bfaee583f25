"""``conda multiplat image``: build an OCI image of a locked environment."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conda_multiplat.actions.enter_environment import WARN
from conda_multiplat.actions.image.make_image import (
    Request,
    WrittenImage,
    make_image,
    refuse_unfit,
    time_of_image,
)
from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.invocation import preferred
from conda_multiplat.actions.lock.current import choose_by_rule
from conda_multiplat.cli.options import (
    dry_run_option,
    environment_option,
    locked_option,
    platform_option,
    repeated,
)
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import quoted, shown
from conda_multiplat.machine.named_outputs import refuse_others, require_place
from conda_multiplat.machine.oci.bases import Base, read_base
from conda_multiplat.machine.oci.layouts import ARCHIVE, is_image
from conda_multiplat.machine.project import load_project
from conda_multiplat.manifest.targets import select_environments
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.oci import ImagePlatform, image_platform

EXAMPLES = """\
examples:
  conda multiplat image --platform linux-64 --base debian    # a local OCI layout
  conda multiplat image -e cuda12 --platform linux-64 -o robot.tar --base debian.tar
  skopeo copy oci-archive:robot.tar docker://registry.example/robot:1
"""

_TITLE = "org.opencontainers.image.title"
#: The length of the longest name with its tag, in characters.
_LONGEST = 255
#: A tag, optionally with a name before it, by Docker's grammar, which registries share.
_TAG = re.compile(r"([a-z0-9]+([._/-]+[a-z0-9]+)*:)?[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    environment_option(parser)
    platform_option(parser, "a Linux platform (default: this machine's, on Linux)")
    parser.add_argument(
        "-o",
        "--output",
        dest="output_file",
        metavar="PATH",
        help="an OCI layout's folder or, ending in .tar, its archive (default: NAME-P.tar)",
    )
    summary = "put it on a base image: an OCI layout's folder or archive"
    parser.add_argument("--base", dest="base_image", metavar="PATH", help=summary)
    summary = "the image's tag in the layout, TAG or NAME:TAG (default: latest)"
    parser.add_argument("--tag", dest="image_tag", metavar="TAG", default="latest", help=summary)
    summary = "a label for the image, such as org.opencontainers.image.source=URL; can be repeated"
    repeated(parser, "--label", "image_labels", "KEY=VALUE", summary)
    locked_option(parser)
    dry_run_option(parser, "show what would be built, and build nothing")


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make an image of a locked environment."""
    if os.name == "nt":
        raise UsageError(
            "images can be built only on Linux and macOS: Windows files have no Unix permissions",
            hints=["use the Windows Subsystem for Linux"],
        )
    if args.output_file:
        require_place(Path(args.output_file), json=console.json)
    subdir = args.platform_name or settings.subdir
    platform = _platform(subdir)
    labels, tag = _labels(args.image_labels), _tag(args.image_tag)
    seconds = time_of_image(os.environ)
    settings = replace(settings, subdir=subdir, elsewhere=True)
    project = load_project(args.files, host_subdirs=(subdir,))
    names = (
        select_environments(project.manifest, [args.environment_name])
        if args.environment_name is not None
        else preferred(project)
    )
    _, choice = choose_by_rule(project, names, args.lock_rule or WARN, settings, console)
    name = project.manifest.conda_name(choice.environment) or project.folder.name
    target = Path(args.output_file or f"{name}-{subdir}{ARCHIVE}")
    refuse_others(target, "an image", is_image, "-o PATH; an archive ends in .tar")
    base = _base(args.base_image, target, platform)
    request = Request(subdir, platform, target, tag, base, {_TITLE: name, **labels}, seconds)
    refuse_unfit(project, choice, settings)
    what = _what(choice, subdir)
    if args.dry:
        console.say(f" would write {shown(target)} with the {what}")
        document = {}
    else:
        made = make_image(project, choice, request, settings, console)
        _report(made, what, request, console)
        if target.suffix == ARCHIVE:
            source = quoted(f"oci-archive:{shown(target)}")
            named = tag if ":" in tag else f"{name.lower()}:{tag}"
            console.hint(f"skopeo copy {source} docker://REGISTRY/{named}")
        document = _document(made, request)
    console.result(
        {
            "dry_run": args.dry,
            "image": str(target),
            "environment": choice.environment,
            "platform": subdir,
            "skipped": choice.skipped_document,
            "packages": len(choice.locked.records),
            "pypi": len(choice.locked.pypi),
            **document,
        }
    )
    return 0


def _platform(subdir: str) -> ImagePlatform:
    """Return the image platform for a subdir.

    Raises:
        UsageError: it is not a Linux platform.
    """
    platform = image_platform(subdir)
    if platform is None:
        raise UsageError(
            f"images can be built only for Linux, not for {subdir}",
            hints=["name a Linux platform: --platform linux-64"],
        )
    return platform


def _base(name: str | None, target: Path, platform: ImagePlatform) -> Base | None:
    """Read the base image, if one is named.

    Raises:
        UsageError: it is not an image, or it is the output.
    """
    if not name:
        return None
    if Path(name).resolve() == target.resolve():
        raise UsageError(f"{shown(target)} is the base image: the new image would overwrite it")
    return read_base(Path(name), platform)


def _labels(entries: Sequence[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` entries as a mapping.

    Raises:
        UsageError: an entry has no ``=``, or no key.
    """
    if wrong := [entry for entry in entries if entry.find("=") < 1]:
        raise UsageError(f"--label {wrong[0]!r} is not KEY=VALUE")
    return dict(entry.partition("=")[::2] for entry in entries)


def _tag(text: str) -> str:
    """Return a valid tag, or name with a tag.

    Raises:
        UsageError: registries would refuse it.
    """
    if len(text) > _LONGEST or not _TAG.fullmatch(text):
        raise UsageError(
            f"--tag {text!r} is not TAG or NAME:TAG",
            details=[
                "a tag has up to 128 letters, digits, '_', '.' and '-'; "
                "a name has lower-case letters, digits, '.', '_', '-' and '/'"
            ],
            hints=["--tag robot:1.2"],
        )
    return text


def _what(choice: Choice, subdir: str) -> str:
    locked = choice.locked
    of_pypi = f" and {len(locked.pypi)} from PyPI" if locked.pypi else ""
    return f"{packages(len(locked.records))}{of_pypi} of {choice.environment}/{subdir}"


def _report(made: WrittenImage, what: str, request: Request, console: Console) -> None:
    _warn("installation scripts of packages were not run", made.unrun, console)
    reason = "activation scripts will not run: the image has no shell"
    _warn(reason, made.unsourced, console)
    if request.base is None:
        console.say(" no base image: the C library that conda packages need is missing")
    below = f" on the base's {made.layers_of_base}" if made.layers_of_base else ""
    console.say(f" {len(made.layers)} layers{below}: {made.size / 1e6:.1f} MB")
    console.say(f" wrote {shown(request.target)} with the {what}{console.took}")


def _warn(what: str, paths: Sequence[str], console: Console) -> None:
    if paths:
        console.say(f"warning: {what}")
        for path in paths:
            console.say(f"  {path}")


def _document(made: WrittenImage, request: Request) -> dict[str, Any]:
    return {
        "digest": made.digest,
        "layers": [
            {**layer.blob.to_dict(), "diff_id": layer.diff_id, "title": layer.title}
            for layer in made.layers
        ],
        "layers_of_base": made.layers_of_base,
        "size": made.size,
        "scripts_not_run": list(made.unrun),
        "activation_scripts_not_run": list(made.unsourced),
    }
