"""Options that several commands have.

No option may be the beginning of one of conda's own (``--n`` would be taken for ``--no-plugins``),
and no destination may be the name of a conda setting, or conda would read it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import FAMILIES

if TYPE_CHECKING:
    from conda_multiplat.machine.console import Console
    from conda_multiplat.machine.git.setup import Registration


def common_options(parser: argparse.ArgumentParser) -> None:
    """What every command takes."""
    several(
        parser,
        "-f",
        "--file",
        dest="files",
        metavar="FILE",
        summary="the manifest; several combine (default: the nearest environment.yml)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.set_defaults(needs_settings=True)


def several(
    parser: argparse.ArgumentParser, *flags: str, dest: str, metavar: str, summary: str
) -> None:
    """An option that takes several values and can be repeated."""
    parser.add_argument(
        *flags, dest=dest, action="extend", nargs="+", default=[], metavar=metavar, help=summary
    )


def environments_option(parser: argparse.ArgumentParser) -> None:
    """``-e`` with several names."""
    several(
        parser,
        "-e",
        "--environment",
        dest="environments",
        metavar="ENV",
        summary="only these environments of the manifest",
    )


def environment_option(parser: argparse.ArgumentParser) -> None:
    """``-e`` with one name."""
    parser.add_argument(
        "-e",
        "--environment",
        dest="environment_name",
        metavar="ENV",
        help="which environment of the manifest",
    )


def platforms_option(parser: argparse.ArgumentParser, summary: str) -> None:
    """``--platform`` with several names."""
    several(parser, "--platform", dest="platforms", metavar="P", summary=summary)


def destination_options(parser: argparse.ArgumentParser) -> None:
    """``-n`` or ``-p``: which conda environment."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-n",
        "--name",
        dest="env_name",
        metavar="NAME",
        help="the conda environment (default: the manifest's name)",
    )
    where.add_argument("-p", "--prefix", dest="env_prefix", metavar="PREFIX", help="its folder")


def git_setup_options(parser: argparse.ArgumentParser) -> None:
    """``--setup`` and ``--undo``: what git is told of us."""
    what = parser.add_mutually_exclusive_group()
    for name, meaning in (
        ("setup", "write .gitattributes and git's configuration"),
        ("undo", "take out what --setup wrote"),
    ):
        flag = f"--{name}"
        what.add_argument(flag, dest="git_setup", action="store_const", const=name, help=meaning)
    scope = parser.add_mutually_exclusive_group()
    for name, meaning in (
        ("local", "the configuration of this repository (default)"),
        ("global", "the user's configuration, for all repositories"),
    ):
        flag = f"--{name}"
        scope.add_argument(flag, dest="git_scope", action="store_const", const=name, help=meaning)
    parser.set_defaults(git_scope="local")


def run_git_setup(what: Registration, args: argparse.Namespace, console: Console) -> int:
    """Do what :func:`git_setup_options` was told."""
    from conda_multiplat.machine.git.setup import set_up, take_out

    do = set_up if args.git_setup == "setup" else take_out
    return do(what, args.git_scope, console)


def no_install_option(parser: argparse.ArgumentParser) -> None:
    """``--no-install``: for who works in an environment."""
    parser.add_argument(
        "--no-install",
        dest="as_it_is",
        action="store_true",
        help="take the environment as it is, without looking whether it is as locked",
    )


def platform_choice_options(parser: argparse.ArgumentParser) -> None:
    """``--platform`` and ``--family``.

    Each ``--platform`` takes one value: what comes after it is a package.
    """
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--platform",
        dest="platforms",
        action="append",
        default=[],
        metavar="P",
        help="only on this platform; say it again for another",
    )
    which.add_argument(
        "--family", dest="family", choices=tuple(FAMILIES), default="", help="on these platforms"
    )


def environment_or_folder_option(parser: argparse.ArgumentParser) -> None:
    """``-e`` with an environment's name or, with ``--pypi``, pip's ``-e`` with a folder."""
    parser.add_argument(
        "-e",
        "--environment",
        dest="environment_names",
        action="append",
        default=[],
        metavar="ENV",
        help="which environment of the manifest; with --pypi also a project's folder (./…)",
    )


def environment_and_folders(values: Sequence[str], *, pypi: bool) -> tuple[str | None, list[str]]:
    """The environment that ``-e`` names, if any, and the entries of ``pip:`` that it stands for.

    No environment's name looks like a path.

    Raises:
        UsageError: several environments.
    """
    every = [each.strip() for each in values]
    folders = [each for each in every if pypi and (each.startswith(".") or "/" in each)]
    names = [each for each in every if each not in folders]
    if len(names) > 1:
        raise UsageError("one -e ENV at a time")
    return next(iter(names), None), [f"-e {each}" for each in folders]


def follow_up_options(parser: argparse.ArgumentParser, *, install: bool = True) -> None:
    """``--no-lock`` and ``--no-install``."""
    parser.add_argument(
        "--no-lock",
        dest="lock",
        action="store_false",
        help="change the manifest only: solve and install nothing",
    )
    if install:
        parser.add_argument(
            "--no-install",
            dest="install",
            action="store_false",
            help="leave the installed environment as it is",
        )
