"""Options that several commands have.

No option may be a prefix of one of conda's own (``--n`` would be taken for ``--no-plugins``), and
no destination may have the name of a conda setting, or conda would read it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from conda_multiplat.machine.hook_settings import FROZEN, LOCKED
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import FAMILIES

if TYPE_CHECKING:
    from conda_multiplat.actions.invocation import Invocation
    from conda_multiplat.machine.conda_settings import Settings
    from conda_multiplat.machine.console import Console
    from conda_multiplat.machine.git.setup import Registration

    _Options = argparse.ArgumentParser | argparse._MutuallyExclusiveGroup


def common_options(parser: argparse.ArgumentParser, *, manifest: bool) -> None:
    """Add the options of every command, and ``-f`` if ``manifest``."""
    if manifest:
        summary = "the manifest; several combine (default: the nearest environment.yml)"
        several(parser, "-f", "--file", dest="files", metavar="FILE", summary=summary)
    flag(parser, "--json", "json", "one JSON document on stdout")
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="print only errors and the requested output"
    )
    summary = "show long lists in full, and the traceback of an internal error"
    parser.add_argument("-v", "--verbose", dest="say_more", action="count", default=0, help=summary)
    summary = "as in conda: ask no questions (only `import` asks any, on a terminal)"
    parser.add_argument("-y", "--yes", dest="said_yes", action="store_true", help=summary)
    parser.set_defaults(needs_settings=True)


def flag(parser: _Options, name: str, dest: str, summary: str, *, value: bool = True) -> None:
    """Add an option without a value that sets ``dest`` to ``value``."""
    parser.add_argument(name, dest=dest, action=f"store_{value}".lower(), help=summary)


def dry_run_option(parser: _Options, summary: str) -> None:
    """Add ``-d``, which only shows what would be done."""
    parser.add_argument("-d", "--dry-run", dest="dry", action="store_true", help=summary)


def exclude_newer_option(parser: _Options) -> None:
    """Add ``--exclude-newer``, in addition to the manifest's rules."""
    parser.add_argument(
        "--exclude-newer",
        dest="too_new",
        metavar="WHEN",
        help="ignore what was published after an instant (2026-04-01), or less than a duration ago "
        "(7d); false: only the manifest's rules (default: as locked)",
    )


def drop_cuda_option(parser: _Options) -> None:
    """Add ``--drop-cuda``, which allows CPU builds (see ``actions.lock.cuda_builds``)."""
    flag(parser, "--drop-cuda", "drop_cuda", "let locked CUDA builds become CPU builds")


def repeated(parser: _Options, flag: str, dest: str, metavar: str, summary: str) -> None:
    """Add a repeatable option with one value each time, so that a package may follow it.

    Args:
        parser: the parser to add it to.
        flag: its spellings, separated by spaces.
        dest: the attribute for the values.
        metavar: the name of a value.
        summary: the text for ``--help``.
    """
    parser.add_argument(
        *flag.split(), dest=dest, action="append", default=[], metavar=metavar, help=summary
    )


def several(parser: _Options, *flags: str, dest: str, metavar: str, summary: str) -> None:
    """Add a repeatable option with several values."""
    parser.add_argument(
        *flags, dest=dest, action="extend", nargs="+", default=[], metavar=metavar, help=summary
    )


def environments_option(parser: argparse.ArgumentParser) -> None:
    """Add ``-e`` with several names."""
    flags = ("-e", "--environment")
    summary = "only these environments of the manifest"
    several(parser, *flags, dest="environments", metavar="ENV", summary=summary)


def repeated_environment_option(parser: argparse.ArgumentParser) -> None:
    """Add a repeatable ``-e`` with one name each time."""
    parser.add_argument(
        *("-e", "--environment"),
        dest="environments",
        action="append",
        default=[],
        metavar="ENV",
        help="only this environment of the manifest; can be repeated",
    )


def scope_options(parser: argparse.ArgumentParser) -> None:
    """Add repeatable ``-e`` and ``--platform`` with one name each time; packages may follow."""
    repeated_environment_option(parser)
    repeated(parser, "--platform", "platforms", "P", "only this platform; can be repeated")


class _Once(argparse.Action):
    """Refuses a second value; argparse would silently drop the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        value: Any,
        option: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        if before not in (None, value):
            parser.error(
                f"argument {option}: only one {self.metavar} at a time, not {before} and {value}"
            )
        setattr(namespace, self.dest, value)


def environment_option(parser: argparse.ArgumentParser) -> None:
    """Add ``-e`` with one name."""
    flags = ("-e", "--environment")
    summary = "an environment of the manifest"
    parser.add_argument(*flags, dest="environment_name", action=_Once, metavar="ENV", help=summary)


def platforms_option(parser: argparse.ArgumentParser, summary: str) -> None:
    """Add ``--platform`` with several names."""
    several(parser, "--platform", dest="platforms", metavar="P", summary=summary)


def platform_option(parser: argparse.ArgumentParser, summary: str) -> None:
    """Add ``--platform`` with one name."""
    parser.add_argument("--platform", dest="platform_name", action=_Once, metavar="P", help=summary)


def destination_options(
    parser: argparse.ArgumentParser,
    summary: str = "the conda environment (default: the manifest's NAME, or NAME-ENV for -e ENV)",
) -> None:
    """Add ``-n`` and ``-p``, which select the conda environment."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-n", "--name", dest="env_name", metavar="NAME", help=summary)
    where.add_argument(
        "-p",
        "--prefix",
        dest="env_prefix",
        metavar="PREFIX",
        help="the path of a conda environment",
    )


def invocation_options(parser: argparse.ArgumentParser) -> None:
    """Add ``-n``, ``-p`` and ``-e``, which :func:`invocation` reads."""
    destination_options(parser)
    environment_option(parser)


def entering_options(parser: argparse.ArgumentParser, *, locks: bool) -> None:
    """Add the options of commands that work in an environment.

    They include :func:`invocation_options`, and say whether the lock must be up to date.

    Args:
        parser: the command's parser.
        locks: whether the command locks if the lock is out of date.
    """
    invocation_options(parser)
    rules = parser.add_mutually_exclusive_group()
    locked_option(rules)
    if locks:
        _constant(rules, FROZEN, "lock_rule", "use the lock as it is")
    summary = "use the environment as it is, without checking that it is as locked"
    flag(rules, "--no-install", "as_it_is", summary)


def locked_option(parser: _Options) -> None:
    """Add ``--locked``, with which a lock that is out of date is an error."""
    _constant(parser, LOCKED, "lock_rule", "fail if the lock is out of date, as `check` defines it")


def invocation(args: argparse.Namespace, settings: Settings, console: Console) -> Invocation:
    """Return the values of :func:`invocation_options`."""
    from conda_multiplat.actions.invocation import Invocation

    return Invocation(
        settings, console, args.files, args.environment_name, args.env_name, args.env_prefix
    )


def rule_of(args: argparse.Namespace, settings: Settings) -> str:
    """Return the rule for the lock from :func:`entering_options`, otherwise from the settings."""
    from conda_multiplat.actions.enter_environment import AS_IT_IS

    return AS_IT_IS if args.as_it_is else args.lock_rule or settings.run_rule()


def git_setup_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--setup`` and ``--undo``, which register our drivers with git."""
    what = parser.add_mutually_exclusive_group()
    for name, meaning in (
        ("setup", "write .gitattributes and git's configuration"),
        ("undo", "revert what --setup wrote"),
    ):
        _constant(what, name, "git_setup", meaning)
    scope = parser.add_mutually_exclusive_group()
    for name, meaning in (
        ("local", "the configuration of this repository (default)"),
        ("global", "the user's configuration, for all repositories"),
    ):
        _constant(scope, name, "git_scope", meaning)
    parser.set_defaults(git_scope="local")


def _constant(parser: _Options, name: str, dest: str, summary: str) -> None:
    parser.add_argument(f"--{name}", dest=dest, action="store_const", const=name, help=summary)


def run_git_setup(what: Registration, args: argparse.Namespace, console: Console) -> int:
    """Run what :func:`git_setup_options` asks for."""
    from conda_multiplat.machine.git.setup import set_up, take_out

    register = set_up if args.git_setup == "setup" else take_out
    return register(what, args.git_scope, console)


def package_options(parser: argparse.ArgumentParser, metavar: str, summary: str) -> None:
    """Add the packages of ``add`` and ``remove``, and the options for their place in the manifest.

    ``--platform`` takes one value each time, so that packages may follow. ``-e`` names an
    environment or, with ``--pypi``, is pip's option with a folder.
    """
    parser.add_argument("packages", metavar=metavar, nargs="*", help=summary)
    which = parser.add_mutually_exclusive_group()
    summary = "only on this platform; can be repeated"
    repeated(which, "--platform", "platforms", "P", summary)
    which.add_argument(
        "--family",
        dest="family",
        choices=tuple(FAMILIES),
        default="",
        help="only on these platforms",
    )
    parser.add_argument(
        "-e",
        "--environment",
        dest="environment_names",
        action="append",
        default=[],
        metavar="ENV",
        help="an environment of the manifest; with --pypi also a project's folder (./…)",
    )
    flag(parser, "--pypi", "pypi", "PyPI packages")


def packages_and_environment(args: argparse.Namespace, verb: str) -> tuple[list[str], str | None]:
    """Return the packages of :func:`package_options`, and the environment if one is named.

    A value of ``-e`` that looks like a path is a package, since no environment's name does.

    Raises:
        UsageError: there are several environments, or no packages.
    """
    values = [value.strip() for value in args.environment_names]
    folders = [value for value in values if args.pypi and (value.startswith(".") or "/" in value)]
    names = [value for value in values if value not in folders]
    if len(names) > 1:
        raise UsageError("one -e ENV at a time")
    packages = [*args.packages, *(f"-e {folder}" for folder in folders)]
    if not packages:
        hint = f"name a package: conda multiplat {verb} numpy"
        several = "-f takes several files: write it after the packages"
        raise UsageError(f"nothing to {verb}", hints=[several if len(args.files) > 1 else hint])
    return packages, next(iter(names), None)


def follow_up_options(parser: argparse.ArgumentParser, *, install: bool = True) -> None:
    """Add the options of commands that edit: ``--no-lock``, ``--no-install``, ``--dry-run``."""
    dry_run_option(parser, "solve and show, but change nothing")
    summary = "change the manifest only: solve and install nothing"
    flag(parser, "--no-lock", "lock", summary, value=False)
    if install:
        summary = "leave the installed environment as it is"
        flag(parser, "--no-install", "install", summary, value=False)
