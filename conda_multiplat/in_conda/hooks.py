"""What our plugin adds to conda's own commands. All of it runs inside conda.

``conda install`` and ``conda create`` with an explicit file link whatever the file names: nothing
looks at what the packages need of the machine. Here a transaction is refused before anything is
linked, as ``conda multiplat install`` does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.machine.hook_settings import CPU_BUILDS, DRIFT, HOOK_SETTINGS, MACHINE

if TYPE_CHECKING:
    from conda_multiplat.vocabulary.names import VirtualPackage
    from conda_multiplat.vocabulary.virtual_packages import Need, Unmet

#: So many differences are named, unless there is ``--verbose``.
_SHOWN = 10
_CHOICES = ("error", "warn", "off")
_log = logging.getLogger(__name__)


def settings() -> list[Any]:
    """Our settings, for ``conda config --describe`` and ``.condarc``."""
    from conda.common.configuration import PrimitiveParameter
    from conda.plugins.types import CondaSetting

    return [
        CondaSetting(
            name=name,
            description=f"error, warn or off: what to do where {description}",
            parameter=PrimitiveParameter(default, element_type=str, validation=_validate),
        )
        for name, (default, description) in HOOK_SETTINGS.items()
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
            records = tuple(self.link_precs or ())
            try:
                return _verdict(MACHINE, "check the machine", lambda: _unmet_text(records))
            except Exception as error:  # a setting that can't be read is no reason to link nothing
                _log.warning("conda-multiplat could not check the machine: %s", error)
                return None

        def execute(self) -> None:
            """Nothing: all is done in ``verify``."""

        def reverse(self) -> None:
            """Nothing was done."""

        def cleanup(self) -> None:
            """Nothing is left."""

    return CheckMachine


def _verdict(setting: str, work: str, find: Callable[[], str]) -> Exception | None:
    """What a setting wants done about what ``find`` says: an error, a warning, or nothing.

    Args:
        setting: the setting's name.
        work: what could not be done where ``find`` fails: a mistake of ours must not stop conda.
        find: says what is wrong; ``""`` for nothing.
    """
    from conda.base.context import context
    from conda.exceptions import CondaError

    choice = getattr(context.plugins, setting, HOOK_SETTINGS[setting][0])
    if choice == "off":
        return None
    try:
        text = find()
    except Exception as error:
        _log.warning("conda-multiplat could not %s: %s", work, error)
        return None
    if text and choice == "warn":
        _log.warning(text)
    refusal: Exception | None = CondaError(text) if text and choice == "error" else None
    return refusal


def _unmet_text(known: Sequence[Any]) -> str:
    """What keeps some records from this machine; an environment for another is not looked at."""
    from conda.base.context import context

    from conda_multiplat.vocabulary.unmet import grouped, lines, ways_out
    from conda_multiplat.vocabulary.virtual_packages import needs_of

    subdir = context.subdir
    if subdir != context._native_subdir():
        return ""
    needs = needs_of((each.name, each.depends, each.constrains) for each in known)
    lacking = _lacking(needs, subdir)
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


def _lacking(needs: Sequence[Need], subdir: str) -> list[Unmet]:
    """The needs that this machine does not meet, by conda's own detection and matching."""
    if not needs:
        return []
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

    from conda_multiplat.machine.settings import detect_with_conda
    from conda_multiplat.vocabulary.names import spec_name
    from conda_multiplat.vocabulary.virtual_packages import unmet

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

    return unmet(needs, detect_with_conda({spec_name(each.spec) for each in needs}), matches)


def cuda_arch_packages() -> list[Any]:
    """``__cuda_arch``, where conda has none of its own.

    From 25.11 on, conda asks for a version only when it wants to know it, and looks at the
    override itself.
    """
    from conda.plugins import virtual_packages
    from conda.plugins.types import CondaVirtualPackage

    from conda_multiplat.machine.gpu_driver import cuda_arch

    if hasattr(virtual_packages, "cuda_arch"):
        return []
    if "override_entity" in getattr(CondaVirtualPackage, "__dataclass_fields__", {}):
        from conda.auxlib import NULL

        later = CondaVirtualPackage(
            name="cuda_arch",
            version=lambda: cuda_arch() or NULL,
            build=None,
            override_entity="version",
        )
        return [later]
    version = cuda_arch()
    return [CondaVirtualPackage("cuda_arch", version, None)] if version else []


def before_solve(specs_to_add: Iterable[Any], specs_to_remove: Iterable[Any]) -> None:
    """Say that a prefix of ours will no longer be as locked, and how to keep the change.

    Raises:
        CondaError: the setting ``plugins.multiplat_drift`` wants it refused.
    """
    from conda.base.context import context

    def find() -> str:
        added, removed = (tuple(sorted(map(str, each))) for each in (specs_to_add, specs_to_remove))
        return _drift(str(context.target_prefix), added, removed)

    found = _verdict(DRIFT, "look at the environment", find)
    if found is not None:
        raise found


@cache  # conda solves again where the first repodata gave no solution
def _drift(prefix: str, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    from conda_multiplat.machine.prefix import read_marker

    marker = read_marker(Path(prefix))
    if not marker:
        return ""
    manifest = ", ".join(marker.get("manifest", ())) or "its manifest"
    lines = [f"{prefix} is locked: `conda multiplat install` will undo this"]
    lines += [f"  to keep it: add `- {each}` to dependencies in {manifest}" for each in added]
    lines += [f"  to keep it: take {each} out of {manifest}" for each in removed]
    return "\n".join([*lines, "  then: conda multiplat lock, conda multiplat install"])


def after_solve(_repodata: str, _unlinked: Iterable[Any], linked: Iterable[Any]) -> None:
    """Say where conda chose a CPU build although this machine has CUDA.

    By the build string, which says ``cpu`` and ``cuda`` in the common channels: to look for CUDA
    builds in the repodata would take longer than the solve.

    Raises:
        CondaError: the setting ``plugins.multiplat_cpu_builds`` wants it refused.
    """
    found = _verdict(CPU_BUILDS, "look at the builds", lambda: _cpu_builds(linked))
    if found is not None:
        raise found


def _cpu_builds(linked: Iterable[Any]) -> str:
    records = [each for each in linked if "cpu" in each.build]
    if not records:
        return ""
    from conda_multiplat.machine.settings import detect_with_conda

    cuda = next((each for each in detect_with_conda({"__cuda"}) if each.name == "__cuda"), None)
    if cuda is None:
        return ""
    found = [f"this machine has {cuda}, and these are CPU builds:"]
    found += [
        f"  {each.name} {each.version} {each.build}; "
        f"for a CUDA build, if there is one: {each.name}=*=*cuda*"
        for each in records
    ]
    return "\n".join(found)


def check_health(prefix: str, verbose: bool) -> None:
    """For ``conda doctor``: whether a prefix is as locked, and this machine meets its needs."""
    try:
        found = _health(Path(prefix), limit=None if verbose else _SHOWN)
    except Exception as error:
        found = [f"❌ conda-multiplat could not look at the environment: {error}"]
    print("\n".join([*found, ""]))


def _health(prefix: Path, limit: int | None) -> list[str]:
    from conda.base.context import context

    from conda_multiplat.engines.conda.specs import is_newer
    from conda_multiplat.lockfile.changes import packages, to_install
    from conda_multiplat.lockfile.read import read_lock
    from conda_multiplat.machine.files import read_text
    from conda_multiplat.machine.prefix import installed, read_marker
    from conda_multiplat.vocabulary.unmet import grouped, lines

    marker = read_marker(prefix)
    if not marker:
        return ["✅ The environment is not one of conda-multiplat's."]
    path = str(marker.get("lock", ""))
    locked = read_lock(read_text(Path(path)), path, [context.subdir]).platforms.get(context.subdir)
    if locked is None:
        return [f"❌ {path} has nothing for {context.subdir}."]
    found = []
    if changed := to_install(installed(prefix), locked.records, is_newer):
        found.append(f"❌ Not as locked in {path}: {packages(len(changed))}")
        found += [f"  {each}" for each in changed[:limit]]
        found.append("  `conda multiplat install` brings them back.")
    if lacking := _lacking(locked.machine_needs, context.subdir):
        versions = {each.name: each.version for each in locked.records}
        found.append("❌ This machine does not meet what the environment needs:")
        found += [f"  {line}" for line in lines(grouped(lacking, versions))]
    return found or [f"✅ The environment is as locked in {path}, and this machine can run it."]
