"""Manifests for tests."""

from __future__ import annotations

from pathlib import Path

THREE = "[linux-64, osx-arm64, win-64]"


def write(
    folder: Path,
    channel: Path | str,
    *dependencies: str,
    platforms: str = THREE,
    name: str = "demo",
    extra: str = "",
    file: str = "environment.yml",
) -> Path:
    """Write an ``environment.yml``; ``dependencies`` are the lines of the list."""
    url = channel.as_uri() if isinstance(channel, Path) else channel
    lines = [f"name: {name}", "channels:", f"  - {url}", f"platforms: {platforms}", "dependencies:"]
    lines += [f"  - {dependency}" for dependency in dependencies]
    path = folder / file
    path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
    return path


def locked(folder: Path, name: str = "conda-lock.yml") -> dict[str, dict[str, str]]:
    """Return a lock's packages: platform -> package -> version."""
    import yaml

    data = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    versions: dict[str, dict[str, str]] = {
        platform: {} for platform in data["metadata"]["platforms"]
    }
    for package in data["package"]:
        versions[package["platform"]][package["name"]] = package["version"]
    return versions
