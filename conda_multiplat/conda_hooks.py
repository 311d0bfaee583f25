"""What our plugin adds to conda's own commands. All of it runs inside conda.

``conda install`` and ``conda create`` with an explicit file link whatever the file names: nothing
looks at what the packages need of the machine. Here a transaction is refused before anything is
linked, as ``conda multiplat install`` does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

#: Setting ``plugins.multiplat_machine``: what to do where the machine lacks what a package needs.
MACHINE = "multiplat_machine"
_CHOICES = ("error", "warn", "off")
_log = logging.getLogger(__name__)


def settings() -> list[Any]:
    """Our settings, for ``conda config --describe`` and ``.condarc``."""
    from conda.common.configuration import PrimitiveParameter
    from conda.plugins.types import CondaSetting

    parameter = PrimitiveParameter("error", element_type=str, validation=_validate)
    return [
        CondaSetting(
            name=MACHINE,
            description="error, warn or off: what to do where this machine lacks what a package "
            "that is about to be linked needs of it (virtual packages, such as __cuda)",
            parameter=parameter,
        )
    ]


def _validate(value: object) -> bool | str:
    return value in _CHOICES or f"write one of {', '.join(_CHOICES)}"


def machine_action() -> type[Any]:
    """The action that conda runs before a transaction (conda 25.5 and newer)."""
    from conda.core.path_actions import Action

    class CheckMachine(Action):  # type: ignore[misc]  # conda's, which has no types here
        """Refuses a transaction whose packages this machine can't run."""

        def verify(self) -> Exception | None:
            self._verified = True
            try:
                return _refusal(tuple(self.link_precs or ()))
            except Exception as error:
                # A mistake of ours must not stop conda.
                _log.warning("conda-multiplat could not check the machine: %s", error)
                return None

        def execute(self) -> None:
            """Nothing: all is done in ``verify``."""

        def reverse(self) -> None:
            """Nothing was done."""

        def cleanup(self) -> None:
            """Nothing is left."""

    return CheckMachine


def _refusal(records: Sequence[Any]) -> Exception | None:
    """What keeps some records from this machine; a mere warning if that is what is wanted."""
    from conda.base.context import context
    from conda.exceptions import CondaError

    choice = getattr(context.plugins, MACHINE, "error")
    if choice == "off" or context.subdir != context._native_subdir():
        return None
    text = _unmet_text(records, context.subdir)
    if not text:
        return None
    if choice == "warn":
        _log.warning(text)
        return None
    refusal: Exception = CondaError(text)
    return refusal


def _unmet_text(records: Iterable[Any], subdir: str) -> str:
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

    from conda_multiplat.config import detect_with_conda
    from conda_multiplat.names import VirtualPackage, spec_name
    from conda_multiplat.unmet_words import grouped, lines, ways_out
    from conda_multiplat.virtual_packages import needs_of, unmet

    def matches(spec: str, package: VirtualPackage) -> bool:
        record = PackageRecord(
            name=package.name,
            version=package.version,
            build=package.build,
            build_number=0,
            channel="@",
            subdir=subdir,
            fn=package.name,
        )
        return bool(MatchSpec(spec).match(record))

    known = list(records)
    needs = needs_of((each.name, each.depends, each.constrains) for each in known)
    if not needs:
        return ""
    has = detect_with_conda({spec_name(each.spec) for each in needs})
    lacking = unmet(needs, has, matches)
    if not lacking:
        return ""
    versions = {each.name: each.version for each in known}
    found = [
        "this machine can't run what is about to be installed",
        *lines(grouped(lacking, versions)),
        "nothing was linked",
        *ways_out(lacking, subdir),
        f"to be warned only: conda config --set plugins.{MACHINE} warn",
    ]
    return "\n  ".join(found)
