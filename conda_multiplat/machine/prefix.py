"""A prefix on disk as conda keeps it: ``conda-meta/``, its history, its state, its registration.

rattler links packages and writes a record for each. Here is the rest of what makes the prefix a
conda environment, so that ``conda list``, ``conda env list``, ``conda install``, ``conda export
--from-history`` and activation find what they expect.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord

#: Ours, beside conda's own files: which environment this is, and whether an install was cut off.
#: JSON, but not called so: rattler takes every ``.json`` here for a package's record.
MARKER = "multiplat"
#: What a record in ``conda-meta`` says of its package beyond what a lock holds. ``depends`` is not
#: among it: a lock has them as the channel has mended them, the package as they were built.
_FROM_INDEX = (
    "arch",
    "build_number",
    "constrains",
    "features",
    "license",
    "license_family",
    "noarch",
    "platform",
    "python_site_packages_path",
    "timestamp",
    "track_features",
)
#: rattler writes the package's metadata first and, from this key on, what it linked.
_LINKED_PART = '\n  "fn": '


def meta(prefix: Path) -> Path:
    """The folder of a prefix's records."""
    return prefix / "conda-meta"


def is_environment(prefix: Path) -> bool:
    """Whether conda takes ``prefix`` for an environment."""
    return (meta(prefix) / "history").is_file()


def installed(prefix: Path) -> list[CondaRecord]:
    """The packages of a prefix, by name."""
    if not meta(prefix).is_dir():
        return []
    heads = (_head(path) for path in meta(prefix).glob("*.json"))
    found = [_record(head) for head in heads if head.get("name")]
    return sorted(found, key=lambda each: each.name)


def _record(head: Mapping[str, Any]) -> CondaRecord:
    return CondaRecord(
        name=str(head["name"]),
        version=str(head["version"]),
        build=str(head.get("build", "")),
        url=str(head.get("url", "")),
        md5=head.get("md5"),
        sha256=head.get("sha256"),
    )


def _head(path: Path) -> dict[str, Any]:
    """A record without its long list of files, where rattler wrote it; else all of it."""
    text = path.read_text(encoding="utf-8")
    with suppress(ValueError):
        metadata, linked = _split(text)
        if "name" in metadata:
            return {**metadata, "url": _value(linked, "url")}
    with suppress(ValueError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    return {}


def _split(text: str) -> tuple[dict[str, Any], str]:
    """A record as rattler writes it: the package's metadata, and the text of the rest."""
    head, mark, rest = text.partition(_LINKED_PART)
    return json.loads(head.rstrip(",") + "}"), mark + rest


def _value(text: str, key: str) -> Any:
    """The value of a top-level string in a part of a record's text; ``None`` if it has none."""
    _, found, rest = text.partition(f'\n  "{key}": ')
    return json.JSONDecoder().raw_decode(rest)[0] if found else None


def complete_records(prefix: Path, names: Iterable[str]) -> None:
    """Add to the records of ``names`` what their packages say of themselves.

    A lock has neither build numbers nor constraints nor the kind of noarch; conda's solver needs
    them in ``conda-meta``. They are in the package, which rattler has just extracted.
    """
    wanted = set(names)
    for path in meta(prefix).glob("*.json"):
        if path.name.rsplit("-", 2)[0] in wanted:
            _complete(path)


def _complete(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    metadata, linked = _split(text)
    folder = _value(linked, "extracted_package_dir")
    if not linked or not folder:
        return
    try:
        index = json.loads((Path(folder) / "info" / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    metadata |= {key: index[key] for key in _FROM_INDEX if index.get(key) is not None}
    body = json.dumps(metadata, indent=2, sort_keys=True).removesuffix("\n}")
    replace_file(path, f"{body},{linked}")


def replace_file(path: Path, text: str) -> None:
    """Write a file at once: readers see the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def read_marker(prefix: Path) -> dict[str, Any]:
    """What we noted when we last worked on the prefix; nothing where we never did."""
    try:
        found = json.loads((meta(prefix) / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_marker(prefix: Path, data: Mapping[str, Any]) -> None:
    """Note what is being done, or was done, to the prefix."""
    replace_file(meta(prefix) / MARKER, json.dumps(data, indent=2, sort_keys=True) + "\n")


def unfinished(prefix: Path, reason: str) -> OutsideError:
    """The error of work on a prefix that was cut off; ``reason`` says by what."""
    return OutsideError(
        f"{prefix} could not be finished",
        details=[reason],
        hints=["run the same command again: it goes on where it stopped"],
    )


def begin(prefix: Path, marker: Mapping[str, Any]) -> None:
    """Make ``prefix`` an environment, if it is none yet, and note that it is being worked on.

    What an installation that was killed left of rattler's temporary files goes.
    """
    meta(prefix).mkdir(parents=True, exist_ok=True)
    for left in (*prefix.glob("symtest_*"), *meta(prefix).glob("prefix_record_*")):
        if left.is_symlink() or left.is_file():
            left.unlink()
    (meta(prefix) / "history").touch()
    write_marker(prefix, marker)


@dataclass(frozen=True)
class Revision:
    """An entry of ``conda-meta/history``.

    Attributes:
        command: what the user typed.
        removed: the packages that went.
        added: the packages that came.
        requested: the MatchSpecs that the environment is for from now on.
        previously: those that it was for: the ones whose names are gone are taken back.
    """

    command: str
    removed: Sequence[CondaRecord]
    added: Sequence[CondaRecord]
    requested: Sequence[str]
    previously: Sequence[str]


def append_history(prefix: Path, revision: Revision) -> None:
    """Add a revision to ``conda-meta/history``, in conda's own format."""
    names = {spec_name(spec) for spec in revision.requested}
    gone = sorted(spec for spec in revision.previously if spec_name(spec) not in names)
    lines = [
        time.strftime("==> %Y-%m-%d %H:%M:%S <=="),
        f"# cmd: {revision.command}",
        *sorted(f"-{_dist(each)}" for each in revision.removed),
        *sorted(f"+{_dist(each)}" for each in revision.added),
    ]
    if gone:
        lines.append(f"# remove specs: {gone}")
    if revision.requested:
        lines.append(f"# update specs: {list(revision.requested)}")
    with (meta(prefix) / "history").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _dist(record: CondaRecord) -> str:
    """A package as conda's history names it: ``channel/subdir::name-version-build``."""
    subdir = record.url.rsplit("/", 2)[-2] if record.url.count("/") > 1 else ""
    return f"{base_url(record.url)}/{subdir}::{record.name}-{record.version}-{record.build}"


def set_variables(prefix: Path, variables: Mapping[str, str], previously: Iterable[str]) -> None:
    """Set the variables of activation in ``conda-meta/state``; those we set before and not now go.

    Variables that the user set with ``conda env config vars set`` stay.
    """
    path = meta(prefix) / "state"
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        state = {}
    kept = {k: v for k, v in state.get("env_vars", {}).items() if k not in set(previously)}
    now = {**kept, **variables}
    if now != state.get("env_vars", {}):
        replace_file(path, json.dumps({**state, "env_vars": now}))


def register(prefix: Path) -> None:
    """Add ``prefix`` to ``~/.conda/environments.txt``, which ``conda env list`` reads."""
    path = Path("~/.conda/environments.txt").expanduser()
    with suppress(OSError):  # as in conda: an environment is no less usable for not being listed
        known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if str(prefix) not in known:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{prefix}\n")


def frozen_message(prefix: Path) -> str | None:
    """Why a prefix is frozen (CEP 22); ``None`` where it is not."""
    path = meta(prefix) / "frozen"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8").strip()
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text or "it has no reason of its own"
