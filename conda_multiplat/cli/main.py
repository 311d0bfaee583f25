"""The command line: argparse -> commands, for ``conda multiplat`` and for ``conda-multiplat``.

Importing this module and building the parser must be fast, since ``conda`` does both at each start.
This module has only a table of commands; a command's module (``commands.NAME``), and with it the
engine, is imported when the command is used.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from conda_multiplat import __version__

if TYPE_CHECKING:
    from conda_multiplat.machine.conda_settings import Settings
    from conda_multiplat.machine.console import Console
    from conda_multiplat.machine.interrupts import Received
    from conda_multiplat.vocabulary.errors import MultiplatError

SUMMARY = "Lock one environment.yml for every platform, and install exactly what is locked."

#: Commands and their summaries.
COMMANDS = {
    "init": "write a small manifest to start with",
    "import": "make one manifest from other files, or from an environment",
    "add": "add packages to the manifest, lock and install them",
    "remove": "remove packages from the manifest, lock and install the rest",
    "update": "lock and install the newest versions that the manifest allows",
    "upgrade": "move the manifest's bounds to the newest versions",
    "outdated": "list newer versions of what is locked, and what is in their way",
    "platform": "lock for more platforms, or for fewer",
    "lock": "solve all platforms and write the locks",
    "install": "install an environment exactly as locked",
    "render": "write files that any conda can install",
    "image": "build an OCI image of an environment, without docker",
    "pack": "pack an environment into one file, for machines without a network",
    "unpack": "create the environment from a packed file",
    "shell": "start a shell in which the environment is active",
    "shell-hook": "print a script that activates the environment when sourced",
    "run": "run a command in the environment",
    "check": "check whether the locks satisfy their manifest",
    "audit": "list known vulnerabilities in what is locked",
    "diff": "show what differs between two states of the locks",
    "merge-driver": "merge locks in git, package by package",
    "info": "show this machine, and which environments it can run",
    "why": "explain why a package is locked, and why not a newer one",
    "list": "list what is locked, or what is installed",
    "tree": "show the dependency tree of what is locked",
    "licenses": "list the licences of what is locked, and whether they are allowed",
    "modulefile": "write a module file, for `module load` on a cluster",
    "schema": "print a JSON Schema of the manifest, for editors",
    "clean": "remove our caches of repodata and packages",
    "completion": "print a script that completes commands and names in your shell",
}
#: The names of some commands in conda, mamba, pixi and uv.
ELSEWHERE = {
    "activate": "shell",
    "create": "install",
    "export": "render",
    "rm": "remove",
    "sync": "install",
    "uninstall": "remove",
}
#: Commands without positional arguments: what they do, and a command that takes some.
WORDLESS = {
    "install": ("installs what is locked", "add"),
    "lock": ("locks what the manifest asks for", "lock --update"),
    "shell": ("starts a shell", "run --"),
}
#: Options for the place to work in, which these commands share, with their attributes.
_PLACE = {"-e": "environment_name", "-n": "env_name", "-p": "env_prefix"}
#: Hidden commands, which only scripts call.
HIDDEN = {"complete-words": "print the names of a kind, for completion in a shell"}
#: Commands without ``-f``: they read no manifest, or determine it themselves.
WITHOUT_MANIFEST = {
    *("unpack", "merge-driver", "schema", "clean", "completion", "complete-words"),
}


class _Parser(argparse.ArgumentParser):
    """Reports wrong options as JSON if ``--json`` is given.

    It also refuses unknown arguments itself; otherwise conda's parser would do so, with its own
    message and never in JSON.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse_words(unknown, namespace)
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return namespace, unknown

    def _refuse_words(self, unknown: Sequence[str], namespace: Any) -> None:
        """Suggest another command if there are only words, no options: ``install numpy``.

        What was said about the place, ``-e dev``, goes along.
        """
        name = self.prog.rpartition(" ")[2]
        if name not in WORDLESS or any(word.startswith("-") for word in unknown):
            return
        from conda_multiplat.machine.files import quoted

        does, other = WORDLESS[name]
        words = " ".join(map(quoted, unknown))
        values = [(option, getattr(namespace, dest, None)) for option, dest in _PLACE.items()]
        place = [f"{option} {quoted(value)}" for option, value in values if value]
        command, *options = other.split(maxsplit=1)
        again = " ".join([command, *place, *options, words])
        hint = f"did you mean `conda multiplat {again}`?"
        message = f"`{name}` {does}, and takes no arguments: {words}"
        self.exit(_refusal(message, hint, json="--json" in sys.argv))

    def error(self, message: str) -> NoReturn:
        # The options are not parsed yet, so only `sys` has them.
        if "--json" not in sys.argv:
            super().error(message)
        self.exit(_refusal(message, " ".join(self.format_usage().split()), json=True))


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # no subscript at run time
    """The commands: all are listed, but a parser is built only when its command is used.

    It reports an unknown command itself: argparse would list hidden ones too, and never in JSON.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        # Let argparse pass every name to `__call__`.
        self.choices = None  # type: ignore[assignment]
        self._choices_actions = [
            self._ChoicesPseudoAction(name, (), summary) for name, summary in COMMANDS.items()
        ]

    def parser(self, name: str) -> argparse.ArgumentParser:
        """Import a command's module and return its parser."""
        if name in self._name_parser_map:
            return self._name_parser_map[name]  # type: ignore[no-any-return]
        from conda_multiplat.cli.options import common_options

        summary = {**COMMANDS, **HIDDEN}[name]
        # A module can't have a keyword as its name, such as ``import``.
        module_name = f"{name.replace('-', '_')}{'_' * keyword.iskeyword(name)}"
        module = importlib.import_module(f"conda_multiplat.cli.commands.{module_name}")
        parser: argparse.ArgumentParser = self.add_parser(
            name,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=module.EXAMPLES,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )
        common_options(parser, manifest=name not in WITHOUT_MANIFEST)
        parser.set_defaults(run_command=module.run)
        module.configure(parser)
        return parser

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        name, *rest = values
        if name not in COMMANDS and name not in HIDDEN:
            from conda_multiplat.vocabulary.names import did_you_mean

            near = did_you_mean(
                name, COMMANDS, f"run `{parser.prog} --help` for the list of commands"
            )
            hint = f"did you mean {ELSEWHERE[name]!r}?" if name in ELSEWHERE else near
            json = namespace.json_first or "--json" in rest
            parser.exit(_refusal(f"there is no command {name!r}", hint, json=json))
        self.parser(name)
        super().__call__(parser, namespace, values, option_string)


def _refusal(message: str, hint: str, *, json: bool) -> int:
    """Report what is wrong with a command line and return the exit code."""
    from conda_multiplat.machine.console import Console
    from conda_multiplat.vocabulary.errors import UsageError

    return Console(json=json).error(UsageError(message, hints=[hint]))


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Determines the width without ``shutil``, which argparse would import for every option."""

    def __init__(self, prog: str, **keywords: Any) -> None:
        super().__init__(prog, **{"width": _columns() - 2, **keywords})


def _columns() -> int:
    with suppress(ValueError):
        if columns := int(os.environ.get("COLUMNS", "0")):
            return columns
    with suppress(OSError):  # stdout is not a terminal
        return os.get_terminal_size().columns or 80
    return 80


def configure_parser(parser: argparse.ArgumentParser) -> _Commands:
    """Add the commands to ``parser``, and the overview that it prints without a command."""
    if not isinstance(parser, _Parser):  # made by conda; it should behave like ours
        parser.__class__ = type("_Parser", (_Parser, type(parser)), {})
    parser.description, parser.formatter_class = SUMMARY, _Formatter
    parser.allow_abbrev = False
    parser.add_argument("--version", action="version", version=f"conda-multiplat {__version__}")
    parser.add_argument("--json", dest="json_first", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(
        run_command=_overview(parser), needs_settings=False, json=False, quiet=False, say_more=0
    )
    commands: _Commands = parser.add_subparsers(  # type: ignore[assignment]  # of our own class
        dest="multiplat_command",
        metavar="COMMAND",
        action=_Commands,
        parser_class=_Parser,
        prog=parser.prog,  # the default, but argparse would import more to compute it
    )
    return commands


def command_parsers(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Add the commands to ``parser``, and yield name, summary and parser of each visible one."""
    commands = configure_parser(parser)
    for name, summary in COMMANDS.items():
        yield name, summary, commands.parser(name)


def _overview(parser: argparse.ArgumentParser) -> Callable[..., int]:
    """Return the function that prints the overview."""

    def run(_: argparse.Namespace, __: None, console: Console) -> int:
        console.show(parser.format_help().rstrip("\n"))
        console.result({"version": __version__, "commands": COMMANDS})
        return 0

    return run


def run(args: argparse.Namespace, load_settings: Callable[[], Settings]) -> int:
    """Run the parsed command; every outcome becomes an exit code, never a traceback."""
    from conda_multiplat.machine.interrupts import (
        SIGINT,
        WORDS,
        Interrupted,
        exit_code,
        interruptible,
    )

    try:
        with interruptible() as received:
            return _outcome(args, load_settings, received)
    except KeyboardInterrupt as interrupt:
        from conda_multiplat.machine.console import Console
        from conda_multiplat.vocabulary.errors import InterruptedByUserError

        number = interrupt.number if isinstance(interrupt, Interrupted) else SIGINT
        ended = InterruptedByUserError(WORDS[number], exit_code=exit_code(number))
        return Console(json=args.json or args.json_first, quiet=args.quiet).error(ended)


def _outcome(
    args: argparse.Namespace, load_settings: Callable[[], Settings], received: Received
) -> int:
    """Run the command, report its error if it has one, and return the exit code.

    Raises:
        Interrupted: a signal was received, even if its exception was lost.
    """
    from time import monotonic

    from conda_multiplat.machine.console import Console, occupy_streams

    occupy_streams()
    json = args.json or args.json_first
    console = Console(json, args.quiet, bool(args.say_more), started=monotonic())

    def work() -> int:
        # conda itself reports invalid values in its configuration.
        settings = load_settings() if args.needs_settings else None
        code: int = args.run_command(args, settings, console)
        return code

    code = guarded(work, console, received.reraise)
    return received.exit_code or code


def guarded(
    work: Callable[[], int], console: Console, reraise: Callable[[], None] = lambda: None
) -> int:
    """Run ``work`` and return its result, or report its error and return the exit code.

    Errors of the operating system become an ``OutsideError``, and unusable text in a file, a
    channel or a package is reported as such. Everything else is a bug of ours.

    Args:
        work: the function to run.
        console: where errors are reported.
        reraise: raises an exception that takes precedence, such as that of a signal.
    """
    from conda_multiplat.machine.interrupts import UNREAD
    from conda_multiplat.vocabulary.errors import (
        PANIC,
        TOO_DEEP,
        DocumentError,
        InternalError,
        MultiplatError,
        UsageError,
        WordingError,
    )

    reported: MultiplatError
    unforeseen: BaseException | None = None
    try:
        return work()
    except MultiplatError as error:
        reported = error
    except BrokenPipeError:  # the reader has closed the pipe, like `head`
        reraise()
        return UNREAD
    except WordingError as error:
        reported = UsageError(str(error), hints=[error.hint] if error.hint else [])
    except DocumentError as error:
        reported = UsageError(error.message)
    except RecursionError:
        reported = UsageError(f"some input can't be used: {TOO_DEEP}")
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        if any(kind.__name__ == "CondaError" for kind in type(error).__mro__):
            raise  # conda runs us, and reports its own errors
        from conda_multiplat.cli.unforeseen import not_ours

        reported = not_ours(error) or InternalError.of(error)
        unforeseen = error
    reraise()
    if unforeseen and (console.verbose or "CONDA_MULTIPLAT_DEBUG" in os.environ):
        import traceback

        traceback.print_exception(unforeseen)
    return console.error(reported)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``conda-multiplat``: the same commands, without conda."""
    parser = _Parser(prog="conda-multiplat", allow_abbrev=False, formatter_class=_Formatter)
    configure_parser(parser)
    code = run(parser.parse_args(arguments), _standalone_settings)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None if it is closed
        with suppress(OSError):  # reported already if it matters
            stream.flush()
    from conda_multiplat.machine.temporary import remove_open_folders

    remove_open_folders()
    return code


def _standalone_settings() -> Settings:
    from conda_multiplat.engines.conda.specs import default_alias, this_subdir
    from conda_multiplat.machine.condarc import settings_from_condarc

    return settings_from_condarc(this_subdir(), channel_alias=default_alias())
