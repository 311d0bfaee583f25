"""Our section of ``conda doctor``."""

from __future__ import annotations

from pathlib import Path

from conda_multiplat.in_conda.virtual_packages import lacking

#: So many differences are named, unless there is ``--verbose``.
_SHOWN = 10


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
    if unmet := lacking(locked.machine_needs, context.subdir):
        versions = {each.name: each.version for each in locked.records}
        found.append("❌ This machine does not meet what the environment needs:")
        found += [f"  {line}" for line in lines(grouped(unmet, versions))]
    return found or [f"✅ The environment is as locked in {path}, and this machine can run it."]
