"""The command line: argparse -> commands, for ``conda multiplat`` and for ``conda-multiplat``.

Importing this module must stay cheap: ``conda`` builds every plugin's parser at each start. The
commands, and with them the engine, are imported when one runs.

No option here may be the beginning of one of conda's own (``--n`` would be taken for
``--no-plugins``), and no destination may be the name of a conda setting, or conda would read it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from conda_multiplat import __version__

if TYPE_CHECKING:
    from conda_multiplat.config import Settings
    from conda_multiplat.console import Console

SUMMARY = "Lock one environment.yml for every platform, and install exactly what is locked."

_LOCK_EXAMPLE = """\
examples:
  conda multiplat lock                      lock every environment for every platform
  conda multiplat lock --update numpy       let numpy move, keep the rest
  conda multiplat lock --platform linux-64  leave the other platforms as they are
"""
_INSTALL_EXAMPLE = """\
examples:
  conda multiplat install                   into the environment that the manifest names
  conda multiplat install -e cuda12 -n gpu  environment cuda12, into the conda environment gpu
"""
_RENDER_EXAMPLE = """\
examples:
  conda multiplat render --kind explicit --platform linux-64
  conda create --name robot --file conda-linux-64.lock      (any conda, no plugin)
"""


class _Parser(argparse.ArgumentParser):
    """Says in JSON what is wrong with the options, where JSON is asked for.

    A subcommand's parser also refuses by itself what it does not know: conda's would do it
    otherwise, in its own words and never in JSON.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        # The options are not parsed here, and what was given is known to `sys` alone.
        if "--json" not in sys.argv:
            super().error(message)
        from conda_multiplat.console import Console
        from conda_multiplat.errors import UsageError

        usage = " ".join(self.format_usage().split())
        self.exit(Console(json=True).error(UsageError(message, hints=[usage])))


_INFO_EXAMPLE = """\
examples:
  conda multiplat info                      virtual packages, and what can be installed here
  CONDA_OVERRIDE_CUDA=12.4 conda multiplat info     as if the driver had CUDA 12.4
"""


_CHECK_EXAMPLE = """\
examples:
  conda multiplat check                     exit code 1 where a lock is out of date
  conda multiplat check --strict            also where what is locked is still good, but not in sync
"""
_DIFF_EXAMPLE = """\
examples:
  conda multiplat diff                      the work tree against HEAD
  conda multiplat diff main --markdown      for a pull request's comment
  conda multiplat diff old-lock.yml conda-lock.yml
"""
_WHY_EXAMPLE = """\
examples:
  conda multiplat why numpy                 in every environment, on every platform
  conda multiplat why pytorch -e cuda12 --platform linux-64
"""


def configure_parser(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands to ``parser``."""
    parser.description = SUMMARY
    commands = parser.add_subparsers(
        dest="multiplat_command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    _lock_parser(
        _command(commands, "lock", "solve all platforms and write the locks", _LOCK_EXAMPLE)
    )
    _install_parser(
        _command(commands, "install", "make an environment exactly as locked", _INSTALL_EXAMPLE)
    )
    _render_parser(
        _command(commands, "render", "write files that any conda can install", _RENDER_EXAMPLE)
    )
    info = _command(commands, "info", "this machine, and which environments fit", _INFO_EXAMPLE)
    info.set_defaults(run_command=_run_info)
    _check_parser(
        _command(commands, "check", "whether the locks answer their manifest", _CHECK_EXAMPLE)
    )
    _diff_parser(
        _command(commands, "diff", "what differs between two states of the locks", _DIFF_EXAMPLE)
    )
    _why_parser(
        _command(commands, "why", "who asks for a package, and why not a better one", _WHY_EXAMPLE)
    )


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    summary: str,
    example: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        allow_abbrev=False,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _several(
        parser,
        "-f",
        "--file",
        dest="files",
        metavar="FILE",
        summary="the manifest; several combine (default: the nearest environment.yml)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(needs_settings=True)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    return parser


def _several(
    parser: argparse.ArgumentParser, *flags: str, dest: str, metavar: str, summary: str
) -> None:
    """An option that takes several values and can be repeated."""
    parser.add_argument(
        *flags, dest=dest, action="extend", nargs="+", default=[], metavar=metavar, help=summary
    )


def _lock_parser(parser: argparse.ArgumentParser) -> None:
    _environments(parser)
    _platforms(parser, "only these platforms; the others stay as locked")
    moves = parser.add_mutually_exclusive_group()
    moves.add_argument(
        "--update",
        dest="updates",
        action="extend",
        nargs="+",
        default=[],
        metavar="PKG",
        help="let these packages move to the newest that fits",
    )
    moves.add_argument(
        "--update-all",
        dest="everything",
        action="store_true",
        help="start afresh: everything may move",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="solve and show, but write nothing"
    )
    parser.add_argument(
        "--channel-priority",
        dest="priority",
        choices=("strict", "flexible", "disabled"),
        help="how channels are preferred (default: conda's configuration)",
    )
    parser.set_defaults(run_command=_run_lock)


def _install_parser(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-n",
        "--name",
        dest="env_name",
        metavar="NAME",
        help="the conda environment (default: the manifest's name)",
    )
    where.add_argument("-p", "--prefix", dest="env_prefix", metavar="PREFIX", help="its folder")
    parser.add_argument(
        "-e",
        "--environment",
        dest="environment_name",
        metavar="ENV",
        help="which environment of the manifest",
    )
    parser.add_argument(
        "--dry-run", dest="dry", action="store_true", help="show what would change, change nothing"
    )
    parser.add_argument(
        "--download-only",
        dest="fetch_only",
        action="store_true",
        help="fill the cache, install nothing",
    )
    parser.add_argument(
        "--platform",
        dest="platform_name",
        metavar="P",
        help="for another machine: with --dry-run or --download-only",
    )
    parser.add_argument(
        "--override-frozen",
        dest="allow_frozen",
        action="store_true",
        help="change an environment that is marked as frozen (CEP 22)",
    )
    parser.add_argument(
        "--allow-base",
        dest="allow_base",
        action="store_true",
        help="change conda's base environment",
    )
    parser.set_defaults(run_command=_run_install)


def _render_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        dest="kind",
        required=True,
        choices=("explicit", "environment"),
        help="explicit: conda-PLATFORM.lock; environment: a pinned environment.yml",
    )
    _environments(parser)
    _platforms(parser, "only these platforms")
    parser.add_argument(
        "--hash",
        dest="hash_kind",
        choices=("md5", "sha256"),
        default="md5",
        help="explicit: which hash; condas before 24.9 read md5 only (default)",
    )
    parser.set_defaults(run_command=_run_render)


def _check_parser(parser: argparse.ArgumentParser) -> None:
    _environments(parser)
    parser.add_argument(
        "--strict",
        dest="strictly",
        action="store_true",
        help="fail where the manifest has changed, even if what is locked still meets it",
    )
    parser.set_defaults(run_command=_run_check, needs_settings=False)


def _diff_parser(parser: argparse.ArgumentParser) -> None:
    for name, meaning in (
        ("old", "a git revision or a lock file (default: HEAD)"),
        ("new", "the same (default: the work tree)"),
    ):
        parser.add_argument(f"{name}_side", metavar=name.upper(), nargs="?", help=meaning)
    _environments(parser)
    _platforms(parser, "only these platforms")
    parser.add_argument(
        "--markdown", dest="as_markdown", action="store_true", help="tables for a pull request"
    )
    parser.add_argument(
        "--exit-code", dest="tell_by_code", action="store_true", help="1 where something differs"
    )
    parser.set_defaults(run_command=_run_diff, needs_settings=False)


def _why_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("package", metavar="PKG", help="a locked package, conda's or PyPI's")
    _environments(parser)
    _platforms(parser, "only on these platforms")
    parser.set_defaults(run_command=_run_why)


def _environments(parser: argparse.ArgumentParser) -> None:
    _several(
        parser,
        "-e",
        "--environment",
        dest="environments",
        metavar="ENV",
        summary="only these environments of the manifest",
    )


def _platforms(parser: argparse.ArgumentParser, summary: str) -> None:
    _several(parser, "--platform", dest="platforms", metavar="P", summary=summary)


def _run_lock(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    from conda_multiplat.commands.lock import lock

    return lock(
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        update=args.updates,
        update_all=args.everything,
        dry_run=args.dry,
        channel_priority=args.priority,
        settings=settings,
        console=console,
    )


def _run_install(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    from conda_multiplat.commands.install import install

    return install(
        files=args.files,
        name=args.env_name,
        prefix=args.env_prefix,
        environment=args.environment_name,
        platform=args.platform_name,
        dry_run=args.dry,
        download_only=args.fetch_only,
        allow_frozen=args.allow_frozen,
        allow_base=args.allow_base,
        settings=settings,
        console=console,
    )


def _run_render(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    from conda_multiplat.commands.render import render

    return render(
        files=args.files,
        kind=args.kind,
        environments=args.environments,
        platforms=args.platforms,
        hash_kind=args.hash_kind,
        settings=settings,
        console=console,
    )


def _run_info(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    from conda_multiplat.commands.info import info

    return info(files=tuple(args.files), settings=settings, console=console)


def _run_check(args: argparse.Namespace, _: None, console: Console) -> int:
    from conda_multiplat.commands.check import check

    return check(
        files=args.files, environments=args.environments, strict=args.strictly, console=console
    )


def _run_diff(args: argparse.Namespace, _: None, console: Console) -> int:
    from conda_multiplat.commands.diff import diff

    return diff(
        old=args.old_side,
        new=args.new_side,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        markdown=args.as_markdown,
        exit_code=args.tell_by_code,
        console=console,
    )


def _run_why(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    from conda_multiplat.commands.why import why

    return why(
        name=args.package,
        files=args.files,
        environments=args.environments,
        platforms=args.platforms,
        settings=settings,
        console=console,
    )


def run(args: argparse.Namespace, load_settings: Callable[[], Settings]) -> int:
    """Run the command that was parsed; every outcome becomes an exit code, none a traceback."""
    import os
    import traceback

    from conda_multiplat.console import Console
    from conda_multiplat.errors import (
        InternalError,
        InterruptedByUserError,
        MultiplatError,
        OutsideError,
    )

    console = Console(json=args.json, quiet=args.quiet)
    settings = None  # of a command that says the same on every machine
    try:
        if args.needs_settings:
            settings = load_settings()
    except MultiplatError as error:
        return console.error(error)
    # Any other error comes from a bad value in conda's configuration: it is conda's to explain.
    try:
        code: int = args.run_command(args, settings, console)
    except MultiplatError as error:
        return console.error(error)
    except KeyboardInterrupt:
        return console.error(InterruptedByUserError("interrupted"))
    except BrokenPipeError:  # `| head` has seen enough; Python must not flush into it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OutsideError.exit_code
    except Exception as error:
        if "CONDA_MULTIPLAT_DEBUG" in os.environ:
            traceback.print_exc()
        return console.error(InternalError.of(error))
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """The ``conda-multiplat`` command: the same commands, with no conda."""
    parser = _Parser(prog="conda-multiplat", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"conda-multiplat {__version__}")
    configure_parser(parser)
    code = run(parser.parse_args(arguments), _standalone_settings)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _standalone_settings() -> Settings:
    from conda_multiplat.condarc import settings_from_condarc
    from conda_multiplat.engines.specs import default_alias, this_subdir

    return settings_from_condarc(this_subdir(), channel_alias=default_alias())
