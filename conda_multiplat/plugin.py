"""conda's hooks. Nothing is imported at the top but pluggy, which conda has loaded before us.

conda loads this module at every start: see ``tests/test_plugin.py`` for what it may cost. A
failure here must not stop another conda command, so the worst that a hook does is warn.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import argparse

hookimpl = pluggy.HookimplMarker("conda")
_log = logging.getLogger(__name__)
_Hook = Callable[..., Iterable[Any]]


def _harmless(loss: str) -> Callable[[_Hook], _Hook]:
    """Turn an error in a hook into a warning that says what is missing."""

    def wrap(hook: _Hook) -> _Hook:
        @functools.wraps(hook)
        def guarded(**keywords: Any) -> Iterable[Any]:
            try:
                return list(hook(**keywords))
            except Exception as error:
                if os.path.exists(__file__):  # noqa: PTH110  # else this command has uninstalled us
                    _log.warning("conda-multiplat %s: %s", loss, error)
                return []

        return guarded

    return wrap


def _late(module: str, name: str) -> Callable[..., None]:
    """Return a function that imports one of ``in_conda`` when called; most commands call none."""

    def call(*arguments: Any) -> None:
        if os.path.exists(__file__):  # noqa: PTH110  # else this command has uninstalled us
            getattr(importlib.import_module(f"conda_multiplat.in_conda.{module}"), name)(*arguments)

    return call


@hookimpl
@_harmless("is not available")
def conda_subcommands() -> Iterable[Any]:
    """Register ``conda multiplat``."""
    from conda.plugins.types import CondaSubcommand

    from conda_multiplat.cli.main import SUMMARY, configure_parser

    subcommand = CondaSubcommand(
        name="multiplat", summary=SUMMARY, action=_run, configure_parser=configure_parser
    )
    return [subcommand]


@hookimpl
@_harmless("has no settings")
def conda_settings() -> Iterable[Any]:
    """Register what can be set under ``plugins:`` in ``.condarc``."""
    from conda_multiplat.in_conda.plugin_settings import settings

    return settings()


@hookimpl
@_harmless("does not check transactions")
def conda_pre_transaction_actions() -> Iterable[Any]:
    """Check the machine before a transaction; condas before 25.5 don't ask."""
    from conda.plugins.types import CondaPreTransactionAction

    from conda_multiplat.in_conda.transactions import machine_action

    return [CondaPreTransactionAction(name="multiplat-machine", action=machine_action())]


@hookimpl
@_harmless("does not look at changes")
def conda_post_transaction_actions() -> Iterable[Any]:
    """Register the action that detects changes in a locked environment; needs conda 25.5."""
    from conda.plugins.types import CondaPostTransactionAction

    from conda_multiplat.in_conda.drift import drift_action

    return [CondaPostTransactionAction(name="multiplat-drift", action=drift_action())]


@hookimpl
@_harmless("does not explain its format")
def conda_pre_commands() -> Iterable[Any]:
    """Refuse what our format can't do, in our words: conda drops them where it wants a name."""
    from conda.plugins.types import CondaPreCommand

    from conda_multiplat.in_conda import FROM_FILES

    return [CondaPreCommand("multiplat-lock", _late("specifier", "before"), set(FROM_FILES))]


@hookimpl
@_harmless("does not look at changes")
def conda_post_commands() -> Iterable[Any]:
    """Register what runs after a command: change detection for older condas, and our installs."""
    from conda.plugins.types import CondaPostCommand

    from conda_multiplat.in_conda import CHANGING, FROM_FILES

    return [
        CondaPostCommand("multiplat-drift", _late("drift", "after_command"), set(CHANGING)),
        CondaPostCommand("multiplat-lock", _late("specifier", "finish"), set(FROM_FILES)),
    ]


@hookimpl
@_harmless("can't be named as a format")
def conda_environment_specifiers() -> Iterable[Any]:
    """Add ``--format multiplat`` to ``conda env create``; condas before 25.11 can't."""
    from conda_multiplat.in_conda.specifier import specifier

    return [plugin for plugin in [specifier()] if plugin]


@hookimpl
@_harmless("does not look at solves")
def conda_pre_solves() -> Iterable[Any]:
    """Check what conda is about to change."""
    from conda.plugins.types import CondaPreSolve

    from conda_multiplat.in_conda.drift import before_solve

    return [CondaPreSolve(name="multiplat-drift", action=before_solve)]


@hookimpl
@_harmless("does not look at builds")
def conda_post_solves() -> Iterable[Any]:
    """Check what conda has chosen."""
    from conda.plugins.types import CondaPostSolve

    from conda_multiplat.in_conda.solves import after_solve

    return [CondaPostSolve(name="multiplat-cpu-builds", action=after_solve)]


@hookimpl
@_harmless("does not detect __cuda_arch")
def conda_virtual_packages() -> Iterable[Any]:
    """Add ``__cuda_arch`` (CEP 46), which conda does not detect."""
    from conda_multiplat.in_conda.virtual_packages import cuda_arch_packages

    return cuda_arch_packages()


@hookimpl
@_harmless("has no health check")
def conda_health_checks() -> Iterable[Any]:
    """Add to ``conda doctor``."""
    from conda_multiplat.in_conda.doctor import health_check

    return [health_check()]


@hookimpl
@_harmless("has no exporter")
def conda_environment_exporters() -> Iterable[Any]:
    """Add ``--format multiplat`` to ``conda export``; condas before 25.7 don't ask."""
    from conda_multiplat.in_conda.exports import exporter

    return [plugin for plugin in [exporter()] if plugin]


@hookimpl
@_harmless("has no hints")
def conda_error_hints(error: Any) -> Iterable[Any]:
    """Say which command of ours does what conda can't; condas before 26.7 don't ask."""
    from conda_multiplat.in_conda.errors import error_hints

    return error_hints(error)


def _run(args: argparse.Namespace) -> int:
    """Run the subcommand; conda uses the returned ``int`` as the exit code."""
    from conda_multiplat.cli.main import run
    from conda_multiplat.in_conda.leave import leave_at_once, without_collections
    from conda_multiplat.machine.conda_settings import settings_from_conda

    with without_collections():
        code = run(args, settings_from_conda)
    leave_at_once(code)
    return code
