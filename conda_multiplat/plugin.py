"""conda's hooks. Nothing is imported at the top but pluggy, which conda has loaded before us.

conda loads this module at every start: see ``tests/test_plugin.py`` for what it may cost. A
failure here must not stop another conda command, so that each hook ends in a warning at worst.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

hookimpl = pluggy.HookimplMarker("conda")
_log = logging.getLogger(__name__)


@hookimpl
def conda_subcommands() -> Iterable[Any]:
    """Register ``conda multiplat``."""
    try:
        from conda.plugins.types import CondaSubcommand

        from conda_multiplat.cli import SUMMARY, configure_parser
    except Exception as error:
        _log.warning("conda-multiplat is not available: %s", error)
        return []
    subcommand = CondaSubcommand(
        name="multiplat", summary=SUMMARY, action=_run, configure_parser=configure_parser
    )
    return [subcommand]


@hookimpl
def conda_settings() -> Iterable[Any]:
    """Register what can be set under ``plugins:`` in ``.condarc``."""
    try:
        from conda_multiplat.conda_hooks import settings

        return settings()
    except Exception as error:
        _log.warning("conda-multiplat has no settings: %s", error)
        return []


@hookimpl
def conda_pre_transaction_actions() -> Iterable[Any]:
    """Check the machine before a transaction; condas before 25.5 don't ask."""
    try:
        from conda.plugins.types import CondaPreTransactionAction

        from conda_multiplat.conda_hooks import machine_action

        action = machine_action()
    except Exception as error:
        _log.warning("conda-multiplat does not check transactions: %s", error)
        return []
    return [CondaPreTransactionAction(name="multiplat-machine", action=action)]


@hookimpl
def conda_pre_solves() -> Iterable[Any]:
    """Look at what conda is about to change."""
    try:
        from conda.plugins.types import CondaPreSolve

        from conda_multiplat.conda_hooks import before_solve
    except Exception as error:
        _log.warning("conda-multiplat does not look at solves: %s", error)
        return []
    return [CondaPreSolve(name="multiplat-drift", action=before_solve)]


@hookimpl
def conda_post_solves() -> Iterable[Any]:
    """Look at what conda has chosen."""
    try:
        from conda.plugins.types import CondaPostSolve

        from conda_multiplat.conda_hooks import after_solve
    except Exception as error:
        _log.warning("conda-multiplat does not look at builds: %s", error)
        return []
    return [CondaPostSolve(name="multiplat-cpu-builds", action=after_solve)]


@hookimpl
def conda_health_checks() -> Iterable[Any]:
    """Add to ``conda doctor``."""
    try:
        from conda.plugins.types import CondaHealthCheck

        from conda_multiplat.conda_hooks import check_health
    except Exception as error:
        _log.warning("conda-multiplat has no health check: %s", error)
        return []
    return [CondaHealthCheck(name="multiplat-lock", action=check_health)]


def _run(args: argparse.Namespace) -> int:
    """The subcommand's action: conda takes an ``int`` as the exit code."""
    from conda_multiplat.cli import run
    from conda_multiplat.config import settings_from_conda

    return run(args, settings_from_conda)
