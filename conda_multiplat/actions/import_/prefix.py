"""Convert a conda environment on disk to a manifest, from its history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from conda_multiplat.actions.import_.recorded_by_install import (
    constraints,
    noted_lines,
    options,
    promises,
)
from conda_multiplat.activation.model import UNSET
from conda_multiplat.importers.conda_history import requested_specs
from conda_multiplat.importers.values import Imported, Lost
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.prefix import (
    is_environment,
    read_history,
    read_marker,
    read_variables,
)
from conda_multiplat.machine.prefix_records import meta, read_records
from conda_multiplat.machine.site_packages import foreign_distributions
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.channels import OF_DEFAULTS, base_url, channel_urls, public_name
from conda_multiplat.vocabulary.errors import Location, OutsideError, UsageError
from conda_multiplat.vocabulary.graph import sources
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, spec_name
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.pip_places import is_stored_by_digest
from conda_multiplat.vocabulary.yaml_nodes import Text

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_prefix(prefix: Path, settings: Settings, this_subdir: str) -> Imported:
    """Read the requests of an environment.

    1. The specs in force in its history, for packages that are installed; if there are none, the
       packages that no other needs.
    2. Its channels are those that its packages came from: first those of the configuration, in
       their order, then the others, the most used first.
    3. The PyPI packages that pip was asked for (``REQUESTED`` of PEP 376), or all if none is
       marked; those from a folder or a repository keep that origin (PEP 610).

    Raises:
        UsageError: the prefix is not an environment.
    """
    if not is_environment(prefix):
        hint = "`conda env list` lists the environments"
        raise UsageError(f"{shown(prefix)} is not a conda environment", hints=[hint])
    records = read_records(prefix)
    at = Location(str(meta(prefix) / "history"))
    lost: list[Lost] = []
    notes: list[str] = []
    subdir = _subdir(records) or this_subdir
    channels = tuple(Text(name, at) for name in _channels(records, settings))
    conda = tuple(_conda(prefix, records, at, lost, notes))
    pypi = tuple(_pypi(prefix, records))
    marker = read_marker(prefix)
    lost += constraints(prefix, marker)
    view = View(channels, conda, pypi)
    variables = _variables(prefix)
    manifest = Manifest(
        files=(str(prefix),),
        name=_name(prefix, settings),
        platforms=(subdir,),
        environments={
            DEFAULT_ENVIRONMENT: Environment(
                DEFAULT_ENVIRONMENT, at, promises=promises(subdir, marker), views={subdir: view}
            )
        },
        variables={subdir: variables},
        pypi_names={name: tuple(names) for name, names in marker.get("pypi_names", {}).items()},
        pypi=options(marker),
    )
    return Imported(manifest, tuple(lost), tuple(notes))


def _subdir(records: Sequence[dict[str, Any]]) -> str:
    """Return the packages' platform, which differs from this machine's under emulation."""
    places = Counter(str(record.get("subdir", "")) for record in records)
    places.pop("noarch", None)
    places.pop("", None)
    return places.most_common(1)[0][0] if places else ""


def _name(prefix: Path, settings: Settings) -> str | None:
    root = settings.root_prefix
    if root and prefix.resolve() == root.resolve():
        return None
    return re.sub(r"[/ :#]+", "-", prefix.name).strip("-.") or None


def _channels(records: Sequence[dict[str, Any]], settings: Settings) -> list[str]:
    names = _configured(settings)
    used = Counter(
        _channel(str(record["url"]), names, settings) for record in records if record.get("url")
    )
    known = [name for name in dict.fromkeys(names.values()) if name in used]
    return list(dict.fromkeys([*known, *(name for name, _ in used.most_common())]))


def _configured(settings: Settings) -> dict[str, str]:
    """Return the URLs of the configured channels, each with its name."""
    return {
        public_name(url): public_name(name)
        for name in settings.channels
        for url in channel_urls(name, settings.channel_config, Path.cwd(), settings.subdir)
    }


def _channel(url: str, names: Mapping[str, str], settings: Settings) -> str:
    """Return a channel as a manifest names it: by name if conda resolves it to the same URL."""
    base = public_name(base_url(url))
    if base in names:
        return names[base]
    if re.fullmatch(OF_DEFAULTS, base):
        return "defaults"
    alias = settings.channel_config.channel_alias.rstrip("/")
    alias = alias if "://" in alias else f"https://{alias}"
    return base.removeprefix(f"{alias}/") if base.startswith(f"{alias}/") else base


def _conda(
    prefix: Path,
    records: Sequence[dict[str, Any]],
    at: Location,
    lost: list[Lost],
    notes: list[str],
) -> Iterable[Requirement]:
    from conda_multiplat.engines.conda.specs import check_spec

    names = {str(record["name"]) for record in records}
    in_force = requested_specs(read_history(prefix))
    asked = {name: spec for name, spec in in_force.items() if name in names}
    if not asked and names:
        notes.append(
            "its history has no requests: the packages that no other package needs are imported"
        )
        if len(names) > 1 and not any(record.get("depends") for record in records):
            notes.append(
                f"none of its {len(names)} packages states what it needs, so all are imported: "
                "keep those that you use"
            )
        asked = _leaves(records)
    for name, spec in asked.items():
        wrong = check_spec(spec)
        if wrong:
            lost.append(Lost(at, f"{spec}: {wrong}", "only the name is in the manifest"))
        yield Requirement(name if wrong else spec, name, at)


def _leaves(records: Sequence[dict[str, Any]]) -> dict[str, str]:
    depends = {
        str(record["name"]): [spec_name(spec) for spec in record.get("depends") or ()]
        for record in records
    }
    versions = {str(record["name"]): record.get("version", "0") for record in records}
    return {name: f"{name} >={versions[name]}" for name in sources(depends)}


def _pypi(prefix: Path, records: Sequence[dict[str, Any]]) -> Iterable[Requirement]:
    python = next((str(record["version"]) for record in records if record["name"] == "python"), "")
    marker = read_marker(prefix)
    ours = marker.get("pypi", {}) if "pip" in marker else {}
    yield from noted_lines(prefix, marker)
    present = sorted(foreign_distributions(prefix, python))
    distributions = [distribution for distribution in present if distribution[1] not in ours]
    asked = [
        distribution for distribution in distributions if (distribution[0] / "REQUESTED").is_file()
    ]
    by_lock = _by_lock(present)
    for path, name, version in asked or distributions:
        text = _entry(name, version, {} if by_lock and _is_file(path) else _origin(path))
        yield Requirement(text, entry_name(text), Location(str(path)))


def _by_lock(distributions: Sequence[tuple[Path, str, str]]) -> bool:
    """Return whether a tool has installed a lock's files by URL, including those of indexes.

    Then every package has a URL, even a mere dependency, so a URL does not mean a request.
    """
    names = {name for path, name, _ in distributions if _is_file(path)}
    others = [path for path, name, _ in distributions if name not in names]
    if any("url" not in _origin(path) for path in others):
        return False
    needed = {name for path, _, _ in distributions for name in _needs(path)}
    return bool(names & needed)


def _needs(path: Path) -> Iterable[str]:
    """Return the projects that a distribution may need."""
    for text in PathDistribution(path).requires or ():
        if match := _PROJECT.match(text):
            yield canonicalize_name(match.group())


def _is_file(path: Path) -> bool:
    """Return whether a distribution was installed from a file's URL."""
    return "archive_info" in _origin(path)


def _origin(path: Path) -> Mapping[str, Any]:
    """Return where a distribution was installed from (PEP 610); empty if it was an index."""
    try:
        origin = json_object((path / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # ignore values of other types
    return {
        key: value
        for key, value in origin.items()
        if isinstance(value, dict if key.endswith("_info") else object)
    }


def _entry(name: str, version: str, origin: Mapping[str, Any]) -> str:
    """Return ``name >=version``, or the path or URL that it was installed from."""
    at_least = f"{name} >={version.partition('+')[0]}"  # PEP 440: no local version there
    url = public_name(str(origin.get("url", "")))
    if is_stored_by_digest(url):
        return at_least
    if "dir_info" in origin and url.startswith("file://"):
        editable = "-e " if origin["dir_info"].get("editable") else ""
        return f"{editable}{unquote(urlsplit(url).path)}"
    inner = f"#subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
    vcs = origin.get("vcs_info") or {}
    if vcs.get("vcs") == "git" and vcs.get("commit_id"):
        return f"{name} @ git+{url}@{vcs['commit_id']}{inner}"
    return f"{name} @ {url}{inner}" if url and not vcs else at_least


def _variables(prefix: Path) -> dict[str, str]:
    try:
        variables = read_variables(prefix)
    except OutsideError:
        return {}
    return {str(k): str(v) for k, v in variables.items() if v != UNSET}
