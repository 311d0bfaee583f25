"""Our settings in conda, ``plugins.NAME``, and how hooks apply them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from conda_multiplat.machine.hook_settings import (
    CURRENT,
    HOOK_SETTINGS,
    OSV_URL,
    PYPI_INDEX,
    RUN,
    RUN_RULES,
    VARIABLES,
)
from conda_multiplat.vocabulary.printable import printable

_CHOICES = ("error", "warn", "off")
_log = logging.getLogger(__name__)


def settings() -> list[Any]:
    """Return our settings, for ``conda config --describe`` and ``.condarc``."""
    from conda.common.configuration import PrimitiveParameter, SequenceParameter
    from conda.plugins.types import CondaSetting

    names = CondaSetting(
        name=VARIABLES,
        description="the environment variables that channels and pip entries of a manifest may "
        "refer to, and so send to the servers that they name",
        parameter=SequenceParameter(PrimitiveParameter("", element_type=str)),
    )
    index = CondaSetting(
        name=PYPI_INDEX,
        description="the URL of a mirror of PyPI that this machine uses instead",
        parameter=PrimitiveParameter("", element_type=str),
    )
    osv = CondaSetting(
        name=OSV_URL,
        description="the URL of the service that `conda multiplat audit` asks for advisories, by "
        "OSV's protocol; it receives the names and versions of what is locked",
        parameter=PrimitiveParameter("", element_type=str),
    )
    run = CondaSetting(
        name=RUN,
        description="current, locked or frozen: if the manifest asks for something other than what "
        "is locked, `conda multiplat run` and `shell` lock first, refuse, or use what is locked",
        parameter=PrimitiveParameter(CURRENT, element_type=str, validation=_validate_rule),
    )
    choices = [
        CondaSetting(
            name=name,
            description=f"error, warn or off: what to do if {description}",
            parameter=PrimitiveParameter(default, element_type=str, validation=_validate),
        )
        for name, (default, description) in HOOK_SETTINGS.items()
    ]
    return [*choices, names, index, osv, run]


def _validate_rule(value: object) -> bool | str:
    return value in RUN_RULES or f"write one of {', '.join(RUN_RULES)}"


def _validate(value: object) -> bool | str:
    return value in _CHOICES or f"write one of {', '.join(_CHOICES)}"


def choice(setting: str) -> str:
    """Return a setting's value: ``error``, ``warn`` or ``off``."""
    from conda.base.context import context

    return str(getattr(context.plugins, setting, HOOK_SETTINGS[setting][0]))


def warn(text: str) -> None:
    """Print a warning between conda's lines."""
    _log.warning(text)


def warn_within_line(text: str) -> None:
    """Print a warning within a transaction, whose line conda will complete with ``done``."""
    _log.warning("\n%s", text)


def verdict(
    setting: str, work: str, find: Callable[[], str], warn: Callable[[str], None] = warn
) -> Exception | None:
    """Apply a setting to the result of ``find``: return an error, print a warning, or do nothing.

    Args:
        setting: the setting's name.
        work: the check in words, for a warning if ``find`` fails: our bugs must not stop conda.
        find: returns what is wrong; ``""`` if nothing is.
        warn: prints a warning.
    """
    from conda.exceptions import CondaError

    value = choice(setting)
    if value == "off":
        return None
    try:
        text = printable(find())
    except Exception as error:
        warn(f"conda-multiplat could not {work}: {error}")
        return None
    if text and value == "warn":
        warn(text)
    refusal: Exception | None = CondaError(text) if text and value == "error" else None
    return refusal
