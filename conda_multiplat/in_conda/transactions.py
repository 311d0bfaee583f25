"""Before conda links anything, check whether this machine can run it.

``conda install`` and ``conda create`` with an explicit file don't check the virtual packages that
packages need. This action refuses such a transaction before anything is linked, as ``conda
multiplat install`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conda_multiplat.in_conda.plugin_settings import choice, verdict, warn_within_line
from conda_multiplat.in_conda.virtual_packages import lacking
from conda_multiplat.machine.hook_settings import MACHINE


def machine_action() -> type[Any]:
    """Return the action that conda runs before a transaction (conda 25.5 and newer)."""
    from conda.core.path_actions import Action

    class CheckMachine(Action):  # type: ignore[misc]  # conda has no types here
        """Refuses a transaction whose packages this machine can't run."""

        def verify(self) -> Exception | None:
            self._verified = True
            records = tuple(self.link_precs or ())
            try:
                return verdict(
                    MACHINE, "check the machine", lambda: _unmet_text(records), warn_within_line
                )
            except Exception as error:  # an unreadable setting must not prevent the transaction
                warn_within_line(f"conda-multiplat could not check the machine: {error}")
                return None

        def execute(self) -> None:
            """Do nothing: ``verify`` has done everything."""

        def reverse(self) -> None:
            """Do nothing: there is nothing to revert."""

        def cleanup(self) -> None:
            """Do nothing: there is nothing to clean up."""

    return CheckMachine


def _unmet_text(known: Sequence[Any]) -> str:
    """Return why this machine can't run packages; ``""`` if it can, or for another platform."""
    from conda.base.context import context

    from conda_multiplat.vocabulary.unmet_virtual_packages import grouped, hints_for, lines
    from conda_multiplat.vocabulary.virtual_packages import needs_of

    subdir = context.subdir
    if subdir != context._native_subdir():
        return ""
    needs = needs_of((record.name, record.depends, record.constrains) for record in known)
    unmet = lacking(needs, subdir)
    if not unmet:
        return ""
    versions = {package.name: package.version for package in known}
    refused = choice(MACHINE) == "error"
    text = [
        "this machine can't run what is about to be installed",
        *lines(grouped(unmet, versions)),
        *(["nothing was linked"] if refused else []),
        *hints_for(unmet, subdir),
        *([f"to be warned only: conda config --set plugins.{MACHINE} warn"] if refused else []),
    ]
    return "\n  ".join(text)
