"""What conda changes in a prefix of ours: refused before the solve, or pointed out afterwards.

conda solves up to four times for one command, and none of its solves need come to anything. So the
warning waits for the change: condas from 25.5 on have an action after a transaction; with older
ones what was asked for is noted at the solve and said at the end of the command, if the records
in ``conda-meta`` are others by then. Who removes a whole environment has not changed a locked one:
after such a transaction, too, the end of the command tells whether conda has left the folder.
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
    """What a command asks for, and the records that are there when it does."""

    prefix: Path
    added: tuple[str, ...]
    removed: tuple[str, ...]
    records: frozenset[str]


_noted: list[_Noted] = []  # of this process, which runs one command of conda's


def before_solve(specs_to_add: Iterable[Any], specs_to_remove: Iterable[Any]) -> None:
    """Refuse to change a prefix of ours, where ``plugins.multiplat_drift`` wants that.

    Raises:
        CondaError: it does.
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
    """At the end of a command that has succeeded: warn of what was noted, if it has happened."""
    while _noted:
        noted = _noted.pop()
        if _records(noted.prefix) != noted.records:
            _warn(noted.prefix, noted.added, noted.removed, warn)


def drift_action() -> type[Any]:
    """The action that conda runs after a transaction (conda 25.5 and newer)."""
    from conda.core.path_actions import Action

    class SayDrift(Action):  # type: ignore[misc]  # conda's, which has no types here
        """Points out that a prefix of ours is no longer as locked."""

        def verify(self) -> None:
            """Nothing: what is to be refused was refused before the solve."""
            self._verified = True

        def execute(self) -> None:
            """All has been linked and unlinked."""
            prefix = Path(self.target_prefix)
            added, removed = _texts(self.update_specs or ()), _texts(self.remove_specs or ())
            if self.unlink_precs and not (self.link_precs or added or removed):
                _noted.append(_Noted(prefix, added, removed, _file_names(self.unlink_precs)))
            elif not specifier.linked(prefix) and (self.link_precs or self.unlink_precs):
                _warn(prefix, added, removed, warn_within_line)

        def reverse(self) -> None:
            """Nothing was done."""

        def cleanup(self) -> None:
            """Nothing is left."""

    return SayDrift


def transactions_are_followed() -> bool:
    """Whether this conda has actions after a transaction."""
    from conda.plugins import types

    return hasattr(types, "CondaPostTransactionAction")


def _warn(
    prefix: Path, added: tuple[str, ...], removed: tuple[str, ...], say: Callable[[str], None]
) -> None:
    if choice(DRIFT) != "warn":
        return
    try:
        text = _drift(prefix, added, removed)
    except Exception as error:  # the change is made, and conda must not think that it failed
        text = f"conda-multiplat could not look at the environment: {error}"
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
    lines = [f"{prefix} is locked: `{install}` will undo this"]
    lines += [f"  to keep it: add `- {each}` to dependencies in {manifest}" for each in added]
    lines += [f"  to keep it: take {each} out of {manifest}" for each in removed]
    return "\n".join([*lines, f"  then: conda multiplat lock, {install}"])
