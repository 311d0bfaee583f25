"""``python -m support.judge LOCK CHANNEL…``: whether a lock is right, by conda's own MatchSpec.

Independent of what made the lock: records are looked up in the channels' repodata by file name,
and every dependency, every constraint and every request is matched by the conda that conda-lock
carries. Prints a JSON list of what is wrong.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from support.embedded_conda import install_alias


def problems(lock: Path, channels: list[Path]) -> Iterator[str]:
    """Return what is wrong with a lock, one line each."""
    data = yaml.load(lock.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    custom = data["metadata"]["custom_metadata"]
    for platform in data["metadata"]["platforms"]:
        packages = [entry for entry in data["package"] if entry["platform"] == platform]
        known = _repodata(channels, platform)
        names = {package["name"] for package in packages}
        if len(names) != len(packages):
            yield f"{platform}: a package stands twice"
        records = {}
        for package in packages:
            record = known.get(package["url"].rsplit("/", 1)[-1])
            if record is None:
                yield f"{platform}: {package['url']} is in no channel"
                continue
            if package["hash"] != {"md5": record["md5"], "sha256": record["sha256"]}:
                yield f"{platform}: {package['name']} has other hashes than its channel says"
            records[package["name"]] = record
        promised = json.loads(custom[f"multiplat.virtual-packages.{platform}"])
        requested = json.loads(custom[f"multiplat.requested.{platform}"])
        yield from (f"{platform}: {problem}" for problem in _judge(records, promised, requested))


def _repodata(channels: list[Path], platform: str) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for channel in channels:
        for subdir in (platform, "noarch"):
            path = channel / subdir / "repodata.json"
            if path.exists():
                data = json.loads(path.read_text(encoding="utf-8"))
                for section in ("packages", "packages.conda"):
                    known |= {k: v for k, v in data.get(section, {}).items() if k not in known}
    return known


def _judge(
    records: dict[str, dict[str, Any]], promised: list[str], requested: list[str]
) -> Iterator[str]:
    everything = dict(records)
    for promise in promised:
        name, version, build = promise.split("=")
        everything[name] = {"name": name, "version": version, "build": build, "build_number": 0}
    for name, record in records.items():
        for text in record["depends"]:
            if _met(text, everything) is not True:
                yield f"{name} needs {text}"
        for text in record.get("constrains", []):
            if _met(text, everything) is False:
                yield f"{name} constrains {text}"
    asked = [text.split("::")[-1] for text in requested]
    for text in asked:
        if _met(text, everything) is not True:
            yield f"{text} was asked for"
    edges = {name: [_name(text) for text in record["depends"]] for name, record in records.items()}
    for name in sorted(set(records) - _reachable([_name(text) for text in asked], edges)):
        yield f"nothing asks for {name}"


def _met(text: str, everything: dict[str, dict[str, Any]]) -> bool | None:
    """Return whether the package of that name fits; ``None`` if there is none."""
    spec = importlib.import_module("conda.models.match_spec").MatchSpec(text)
    if spec.name not in everything:
        return None
    record_class = importlib.import_module("conda.models.records").PackageRecord
    return bool(spec.match(record_class.from_objects(everything[spec.name])))


def _name(text: str) -> str:
    return str(importlib.import_module("conda.models.match_spec").MatchSpec(text).name)


def _reachable(roots: list[str], edges: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += edges.get(name, [])
    return seen


if __name__ == "__main__":
    install_alias()
    answer = list(problems(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]]))
    sys.stdout.write(json.dumps(answer, indent=1))
