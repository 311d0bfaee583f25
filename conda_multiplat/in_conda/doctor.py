"""Our check in ``conda doctor``: is a prefix as locked, and can this machine run it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_multiplat.in_conda.virtual_packages import lacking
from conda_multiplat.vocabulary.printable import printable

if TYPE_CHECKING:
    import argparse

    from conda_multiplat.lockfile.model import PlatformLock
    from conda_multiplat.lockfile.platform_changes import Change

#: The name of our check, for ``conda doctor NAME``.
NAME = "multiplat-lock"
#: The summary that newer condas show in ``conda doctor --list``.
_SUMMARY = "Compare an environment of conda-multiplat with its lock and this machine"
_FIX = "Make it as locked (conda multiplat install)"
#: The maximum number of listed differences without ``--verbose``.
_SHOWN = 10
#: How ``install`` resolves a difference, by its kind.
_VERBS = {"added": "adds", "removed": "removes", "mended": "mends"}


def health_check() -> Any:
    """Return our check with the fields that this conda supports; 26 added summary and fix."""
    from conda.plugins.types import CondaHealthCheck

    known = getattr(CondaHealthCheck, "__dataclass_fields__", {})
    more = {"fixer": fix, "summary": _SUMMARY, "fix": _FIX}
    return CondaHealthCheck(
        name=NAME, action=check_health, **{k: v for k, v in more.items() if k in known}
    )


def check_health(prefix: str, verbose: bool) -> None:
    """Print whether a prefix is as locked and this machine meets its needs (``conda doctor``)."""
    try:
        problems = _health(Path(prefix), limit=None if verbose else _SHOWN)
    except Exception as error:
        problems = [f"❌ conda-multiplat could not check the environment: {error}"]
    print(printable("\n".join([*problems, ""])))


def _health(prefix: Path, limit: int | None) -> list[str]:
    from conda.base.context import context

    from conda_multiplat.machine.prefix import read_marker
    from conda_multiplat.vocabulary.unmet_virtual_packages import grouped, lines

    marker = read_marker(prefix)
    if not marker:
        return ["✅ The environment was not made by conda-multiplat."]
    path = str(marker.get("lock", ""))
    locked = _locked(path)
    if locked is None:
        return [f"❌ {path} has nothing for {context.subdir}."]
    differences = _differences(_changes(prefix, locked, marker), path, marker, limit)
    if unmet := lacking(locked.machine_needs, context.subdir):
        versions = {record.name: record.version for record in locked.records}
        differences.append("❌ This machine does not meet what the environment needs:")
        differences += [f"  {line}" for line in lines(grouped(unmet, versions))]
    return differences or [
        f"✅ The environment is as locked in {path}, and this machine can run it."
    ]


def _locked(path: str) -> PlatformLock | None:
    from conda.base.context import context

    from conda_multiplat.lockfile.read import read_lock
    from conda_multiplat.machine.files import read_lock_text

    return read_lock(read_lock_text(Path(path)), path, [context.subdir]).platforms.get(
        context.subdir
    )


def _changes(prefix: Path, locked: PlatformLock, marker: dict[str, Any]) -> list[Change]:
    """Return what ``install`` would change, for conda's and PyPI's packages."""
    from conda_multiplat.actions.install.prefix_changes import Look, conda_changes, pypi_changes
    from conda_multiplat.engines.conda.specs import is_newer

    changes = conda_changes(locked, prefix, marker, is_newer, Look())
    return [*changes, *pypi_changes(locked, prefix, marker, is_newer)]


def _differences(
    changed: Sequence[Change], path: str, marker: dict[str, Any], limit: int | None
) -> list[str]:
    if not changed:
        return []
    from conda_multiplat.lockfile.platform_changes import packages
    from conda_multiplat.machine.prefix import install_command

    verbs = [_VERBS.get(change.kind, "replaces") for change in changed]
    done = [f"{verb} {verbs.count(verb)}" for verb in dict.fromkeys(sorted(verbs))]
    return [
        f"❌ Not as locked in {path}: {packages(len(changed))}",
        *(f"  {change}" for change in changed[:limit]),
        *([f"  and {len(changed) - limit} more"] if limit and len(changed) > limit else []),
        f"  `{install_command(marker)}` makes it as locked: {', '.join(done)}.",
    ]


def fix(prefix: str, _args: argparse.Namespace, confirm: Callable[[str], None]) -> int:
    """Install what is locked if the user agrees (``conda doctor --fix``).

    Returns:
        The exit code of ``conda multiplat install``; 0 if there is nothing to do.
    """
    from conda_multiplat.machine.prefix import read_marker

    where = Path(prefix)
    marker = read_marker(where)
    if not marker:
        return 0
    locked = _locked(str(marker.get("lock", "")))
    if locked is not None and not _changes(where, locked, marker):
        return 0
    confirm(f"Make {prefix} as it is locked?")
    return _install(where, marker)


def _install(prefix: Path, marker: dict[str, Any]) -> int:
    """Run ``conda multiplat install`` with the manifest and environment of the last install."""
    import argparse

    from conda_multiplat.cli.main import configure_parser, run
    from conda_multiplat.machine.conda_settings import settings_from_conda

    parser = argparse.ArgumentParser(prog="conda multiplat")
    configure_parser(parser)
    files = [word for file in marker.get("manifest", ()) for word in ("-f", str(file))]
    chosen = ["-e", str(marker.get("environment", "default")), "-p", str(prefix)]
    return run(parser.parse_args(["install", *files, *chosen]), settings_from_conda)
