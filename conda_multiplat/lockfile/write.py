"""Write CEP 37 ``conda-lock.yml``: the same lock always gives the same bytes.

The text is composed without a YAML library: for thousands of similar records this takes a tenth of
the time, and the bytes don't depend on the library's version. The tests read every file back
with YAML and with conda-lock's own models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import packages_sha256
from conda_multiplat.vocabulary.records import SIZE_KEY, Record

_HEADER = """\
# This file locks the environment {environment!r} of {sources}.
# Made by conda-multiplat; edit the manifest and run `conda multiplat lock` instead of editing it.
# Install it:  conda multiplat install{option}
#         or:  conda-lock install FILE   |   micromamba create -n NAME -f FILE
"""
_PLAIN = re.compile(r"^[A-Za-z0-9_./*][A-Za-z0-9_./:+@%*~-]*(?<!:)$")
_STRING = "tag:yaml.org,2002:str"
#: Text for every YAML reader: a hash with a letter that no number has, or a word that begins with
#: a letter and is not in ``_WORDS``.
_SURE = re.compile(r"^(?:[0-9a-f]{6,}[abcdf][0-9a-f]*|[A-Za-z][A-Za-z0-9_.-]*)$")
_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
_resolver: Any = yaml.SafeLoader("")  # PyYAML's type stubs lack its resolver


def render(lock: LockFile) -> str:
    r"""Return the lock file's text, with ``\\n`` line ends."""
    entries = [_entry(record, platform) for record, platform in lock.entries()]
    section = "package:\n" + "".join(entries) if entries else "package: []\n"
    option = "" if lock.environment == "default" else f" -e {lock.environment}"
    header = _HEADER.format(
        environment=lock.environment, sources=", ".join(lock.sources), option=option
    )
    head = "".join(
        f"{key}:{_value(value, 0)}" for key, value in lock.head(packages_sha256(section)).items()
    )
    return header + head + section


def _entry(record: Record, platform: str) -> str:
    """Return an entry of ``package:``; ``lockfile.read`` and ``lockfile.places`` split it."""
    before, after = _around_platform(record)
    return f"{before}{platform}{after}"


@lru_cache(maxsize=65536)  # platforms and environments share most of their packages
def _around_platform(record: Record) -> tuple[str, str]:
    """Return an entry's text before and after its platform."""
    package = record.to_dict("")
    depends = package["dependencies"]
    needed = "".join(f"    {scalar(name)}: {scalar(text)}\n" for name, text in depends.items())
    needed = f"\n{needed}" if needed else " {}\n"
    hashes = "".join(f"    {kind}: {scalar(text)}\n" for kind, text in package["hash"].items())
    hashes = f"\n{hashes}" if hashes else " {}\n"
    size = "" if record.size is None else f"  {SIZE_KEY}: {record.size}\n"
    build = f"  build: {scalar(record.build)}\n" if "build" in package else ""
    return (
        f"- name: {scalar(package['name'])}\n"
        f"  version: {scalar(package['version'])}\n"
        f"  manager: {package['manager']}\n"
        "  platform: ",
        "\n"
        f"  dependencies:{needed}"
        f"  url: {scalar(package['url'])}\n"
        f"{size}"
        f"  hash:{hashes}{build}"
        f"  category: {scalar(package['category'])}\n"
        "  optional: false\n",
    )


def _value(value: Any, indent: int) -> str:
    """Return a YAML value as it follows its ``key:``, including the line end."""
    if isinstance(value, Mapping):
        return _mapping(value, indent) if value else " {}\n"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _list(value, indent) if value else " []\n"
    return f" {scalar(value)}\n"


def _mapping(value: Mapping[str, Any], indent: int) -> str:
    pad = " " * indent + "  "
    lines = (f"{pad}{scalar(key)}:{_value(part, indent + 2)}" for key, part in value.items())
    return "\n" + "".join(lines)


def _list(value: Sequence[Any], indent: int) -> str:
    """Return a list; items start in their key's column, as PyYAML and conda-lock write them."""
    pad = " " * indent
    return "\n" + "".join(f"{pad}- {_item(entry, indent)}" for entry in value)


def _item(value: Any, indent: int) -> str:
    if isinstance(value, Mapping):
        return _mapping(value, indent)[indent + 3 :]
    return f"{scalar(value)}\n"


@lru_cache(maxsize=65536)
def scalar(value: str | int | bool) -> str:
    """Return a value as YAML: plain if every reader takes it for text, else in single quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if _PLAIN.match(value) and _is_text(value):
        return value
    return "'" + value.replace("'", "''") + "'"


def _is_text(value: str) -> bool:
    if value.startswith("*") or value.lower() in _WORDS:
        return False
    if _SURE.match(value):
        return True
    if value.startswith(("0o", "0O")):
        return False  # a number in YAML 1.2 only
    try:
        float(value)  # so is 1e5
    except ValueError:
        return bool(_resolver.resolve(yaml.ScalarNode, value, (True, False)) == _STRING)
    return False
