"""Changes that conda makes in a prefix of ours: refused before the solve, or reported afterwards.

conda solves up to four times for one command, possibly without a transaction. So the warning is
given after the change: conda 25.5 and newer have an action after a transaction; with older ones,
the request is noted at the solve and reported at the end of the command, if the records in
``conda-meta`` have changed by then. Removing a whole environment is not reported: this too is
decided at the end of the command, by whether the folder still exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.in_conda import specifier
from conda_multiplat.in_conda.plugin_settings import choice, verdict, warn, warn_within_line
from conda_multiplat.machine.hook_settings import DRIFT


@dataclass(frozen=True)
class _Noted:
    """The request of a command, and the records in the prefix at that time."""

    prefix: Path
    added: tuple[str, ...]
    removed: tuple[str, ...]
    records: frozenset[str]


_noted: list[_Noted] = []  # for the one conda command that this process runs


def before_solve(specs_to_add: Iterable[Any], specs_to_remove: Iterable[Any]) -> None:
    """Refuse to change a prefix of ours, if ``plugins.multiplat_drift`` is ``error``.

    Raises:
        CondaError: the change is refused.
    """
    from conda.base.context import context

    prefix = Path(context.target_prefix)
    added, removed = _texts(specs_to_add), _texts(specs_to_remove)
    if choice(DRIFT) == "error":
        problem = verdict(DRIFT, "look at the environment", lambda: _drift(prefix, added, removed))
        if problem is not None:
            raise problem
    if not _noted and not transactions_are_followed():
        _noted.append(_Noted(prefix, added, removed, _records(prefix)))


def after_command(_command: str) -> None:
    """Warn about a noted change, if it was made; called at the end of a successful command."""
    while _noted:
        noted = _noted.pop()
        if _records(noted.prefix) != noted.records:
            _warn(noted.prefix, noted.added, noted.removed, warn)


def drift_action() -> type[Any]:
    """Return the action that conda runs after a transaction (conda 25.5 and newer)."""
    from conda.core.path_actions import Action

    class SayDrift(Action):  # type: ignore[misc]  # conda has no types here
        """Reports that an environment of conda-multiplat is no longer as locked."""

        def verify(self) -> None:
            """Do nothing: refused changes were refused before the solve."""
            self._verified = True

        def execute(self) -> None:
            """Report the change; everything has been linked and unlinked."""
            prefix = Path(self.target_prefix)
            added, removed = _texts(self.update_specs or ()), _texts(self.remove_specs or ())
            if self.unlink_precs and not (self.link_precs or added or removed):
                _noted.append(_Noted(prefix, added, removed, _file_names(self.unlink_precs)))
            elif not specifier.linked(prefix) and (self.link_precs or self.unlink_precs):
                _warn(prefix, added, removed, warn_within_line)

        def reverse(self) -> None:
            """Do nothing: there is nothing to revert."""

        def cleanup(self) -> None:
            """Do nothing: there is nothing to clean up."""

    return SayDrift


def transactions_are_followed() -> bool:
    """Return whether this conda has actions after a transaction."""
    from conda.plugins import types

    return hasattr(types, "CondaPostTransactionAction")


def _warn(
    prefix: Path, added: tuple[str, ...], removed: tuple[str, ...], say: Callable[[str], None]
) -> None:
    if choice(DRIFT) != "warn":
        return
    try:
        text = _drift(prefix, added, removed)
    except Exception as error:  # the change has been made; conda must not report a failure
        text = f"conda-multiplat could not check the environment: {error}"
    if text:
        say(text)


def _texts(specs: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(map(str, specs)))


def _records(prefix: Path) -> frozenset[str]:
    return frozenset(path.name for path in (prefix / "conda-meta").glob("*.json"))


def _file_names(records: Iterable[Any]) -> frozenset[str]:
    return frozenset(f"{record.name}-{record.version}-{record.build}.json" for record in records)


def _drift(prefix: Path, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    from conda_multiplat.machine.prefix import install_command, read_marker

    marker = read_marker(prefix)
    if not marker:
        return ""
    install = install_command(marker)
    manifest = ", ".join(marker.get("manifest", ())) or "its manifest"
    lines = [f"{prefix} is locked: `{install}` will undo this change"]
    lines += [
        f"  to keep the change: add `- {spec}` to dependencies in {manifest}" for spec in added
    ]
    lines += [f"  to keep the change: remove {spec} from {manifest}" for spec in removed]
    return "\n".join([*lines, f"  then: conda multiplat lock, {install}"])
