"""A packed environment: its files, and the texts of those that are not packages.

====================================  ============================================================
``channel/SUBDIR/``                   conda packages and ``repodata.json``, as a channel has them
``pypi/``                             wheels, and nothing else
``conda-PLATFORM.lock``               the packages in ``channel`` for ``conda create --file`` (CEP
                                      23), by paths from the folder that has this file
``requirements-PLATFORM.txt``         the wheels for ``pip install --no-index``, likewise
``environment.yml``                   names, versions and builds (CEP 24)
``pixi-pack.json``                    what pixi-unpack looks for; with ``channel``, ``pypi`` and
                                      ``environment.yml`` that is pixi-pack's layout, version 1
``project/``                          the manifest's files and the lock
``multiplat-pack.json``               the roles of the files
``README.md``                         all of this for people, with the commands
``SHA256SUMS``                        each other file's SHA-256, as ``sha256sum --check`` reads it
====================================  ============================================================

Nothing depends on when, where or by whom it was made: the same lock gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from conda_multiplat.export import explicit
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.write import scalar
from conda_multiplat.vocabulary.errors import DocumentError, LockFileError
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

CHANNEL, WHEELS, PROJECT = "channel", "pypi", "project"
DESCRIPTION, README, SUMS = "multiplat-pack.json", "README.md", "SHA256SUMS"
_PIXI, _ENVIRONMENT = "pixi-pack.json", "environment.yml"
#: The version of the archive's layout.
_VERSION = 1
_CONDA_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.!+~^-]*\.(?:conda|tar\.bz2)")
_WHEEL_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.!+-]*\.whl")
_FOLDER = re.compile(r"[a-z0-9]+(?:-[a-z0-9_]+)?")
_SUM = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>[^\r\n]{1,1000})")


class Description(NamedTuple):
    """The description of a packed environment.

    Attributes:
        environment: its name in the manifest.
        platform: its platform.
        manifest: the paths of the manifest's files in ``project``, in order.
        lock: the path of the lock in ``project``.
    """

    environment: str
    platform: str
    manifest: tuple[str, ...]
    lock: str

    def text(self) -> str:
        """Return the content of ``multiplat-pack.json``."""
        return _json({"version": _VERSION, **self._asdict()})


def read_description(text: str) -> Description:
    """Read :meth:`Description.text`.

    Raises:
        DocumentError: it is something else, or has another version.
    """
    data = json_object(text)
    if data.get("version") != _VERSION:
        supported = f"this conda-multiplat reads version {_VERSION}"
        raise DocumentError(f"its layout has version {data.get('version')!r:.20}; {supported}")
    texts = [data.get(key) for key in ("environment", "platform", "lock")]
    manifest = data.get("manifest")
    if not isinstance(manifest, list) or not manifest:
        raise DocumentError("it names no manifest")
    if not all(isinstance(text, str) for text in (*texts, *manifest)):
        raise DocumentError("its environment, platform, lock or manifest is not text")
    environment, platform, lock = map(str, texts)
    return Description(environment, platform, tuple(manifest), lock)


def place_of(record: Record) -> str:
    """Return the path of a package's file in a packed environment.

    Raises:
        LockFileError: its URL does not end in a valid file name.
    """
    parts = unquote(urlsplit(record.url).path).rsplit("/", 2)
    name = parts[-1]
    if isinstance(record, PypiRecord):
        if _WHEEL_FILE.fullmatch(name):
            return f"{WHEELS}/{name}"
    elif _CONDA_FILE.fullmatch(name) and _FOLDER.fullmatch(record.subdir):
        return f"{CHANNEL}/{record.subdir}/{name}"
    raise LockFileError(
        f"{record.name} {record.version}: not the URL of a package file: {record.url}"
    )


def can_be_packed(record: Record) -> bool:
    """Return whether a package is a file that can be installed without a build."""
    return isinstance(record, CondaRecord) or bool(record.is_wheel and record.sha256)


def why_not_packed(record: PypiRecord) -> str:
    """Return the reason why a package can't be packed."""
    if record.is_folder:
        kind = "a folder"
    elif record.url.startswith("git+"):
        kind = "a repository"
    else:
        kind = "a source archive"
    return f"{record.name} {record.version} is {kind}: {record.url}"


def texts(
    lock: LockFile, subdir: str, variables: Mapping[str, str], indexes: Mapping[str, Any]
) -> dict[str, str]:
    """Return the files that tell other tools what a packed environment contains: name -> text.

    Args:
        lock: the lock.
        subdir: the platform.
        variables: the variables that activation sets.
        indexes: path of a conda package -> its entry in ``repodata.json``.
    """
    locked = lock.platforms[subdir]
    wheels = [record for record in locked.pypi if can_be_packed(record)]
    files = {
        explicit_name(subdir): _explicit(lock, subdir),
        _PIXI: _json({"version": "1", "platform": subdir}),
        _ENVIRONMENT: _environment(locked.records, wheels, variables),
    }
    for folder in sorted({"noarch", subdir, *(record.subdir for record in locked.records)}):
        files[f"{CHANNEL}/{folder}/repodata.json"] = _repodata(folder, indexes)
    if wheels:
        files[requirements_name(subdir)] = _requirements(wheels, subdir)
    return files


def explicit_name(subdir: str) -> str:
    """Return the name of the explicit file."""
    return rendered_name("explicit", DEFAULT_ENVIRONMENT, subdir)


def requirements_name(subdir: str) -> str:
    """Return the name of pip's requirements file."""
    return rendered_name("requirements", DEFAULT_ENVIRONMENT, subdir)


def repodata_entry(
    record: CondaRecord, index: Mapping[str, Any], *, sha256: str, md5: str, size: int
) -> dict[str, Any]:
    """Return a package's entry: its own ``index.json``, with its dependencies from the channel.

    Args:
        record: the locked package, with ``depends`` as its channel has corrected them.
        index: its ``info/index.json``.
        sha256: its archive's SHA-256.
        md5: its archive's MD5.
        size: its archive's size in bytes.
    """
    known = {
        "depends": list(record.depends),
        "subdir": record.subdir,
        "sha256": sha256,
        "md5": md5,
        "size": size,
    }
    return {**index, **known}


def _repodata(folder: str, indexes: Mapping[str, Any]) -> str:
    start = f"{CHANNEL}/{folder}/"
    entries = {p.removeprefix(start): entry for p, entry in indexes.items() if p.startswith(start)}
    old = {name: entry for name, entry in entries.items() if name.endswith(".tar.bz2")}
    new = {name: entry for name, entry in entries.items() if name not in old}
    return _json(
        {
            "info": {"subdir": folder},
            "packages": old,
            "packages.conda": new,
            "removed": [],
            "repodata_version": 1,
        }
    )


def _explicit(lock: LockFile, subdir: str) -> str:
    """Return the explicit file; conda takes its paths as relative to the working directory."""
    locked = lock.platforms[subdir]
    local = locked._replace(
        records=tuple(record._replace(url=f"./{place_of(record)}") for record in locked.records),
        pypi=tuple(record for record in locked.pypi if can_be_packed(record)),
    )
    packed = lock._replace(environment=DEFAULT_ENVIRONMENT, platforms={subdir: local})
    return explicit.render(packed, subdir, file=explicit_name(subdir))


def _requirements(wheels: Iterable[PypiRecord], subdir: str) -> str:
    file = requirements_name(subdir)
    lines = [
        "# This file may be used in the environment that the explicit file has made:",
        f"# $ python -m pip install --no-index --no-deps --require-hashes -r {file}",
        f"# platform: {subdir}",
        *(f"./{place_of(wheel)} --hash=sha256:{(wheel.sha256 or '').lower()}" for wheel in wheels),
    ]
    return "\n".join(lines) + "\n"


def _environment(
    records: Iterable[CondaRecord], wheels: Sequence[PypiRecord], variables: Mapping[str, str]
) -> str:
    """Return an ``environment.yml`` like pixi-pack's, but without ``nodefaults``.

    conda from 26.7 on takes that for a channel, which does not exist.
    """
    lines = ["channels:", f"- ./{CHANNEL}", "dependencies:"]
    lines += [f"- {scalar(f'{record.name}={record.version}={record.build}')}" for record in records]
    if wheels:
        lines += ["- pip:", "  - --no-index", f"  - --find-links ./{WHEELS}"]
        lines += [f"  - {scalar(f'{wheel.name}=={wheel.version}')}" for wheel in wheels]
    if variables:
        lines += ["variables:"]
        lines += [f"  {scalar(key)}: {json.dumps(text)}" for key, text in sorted(variables.items())]
    return "\n".join(lines) + "\n"


def sums(digests: Mapping[str, str]) -> str:
    """Return the text of ``SHA256SUMS``, sorted by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def read_sums(text: str) -> dict[str, str]:
    """Read :func:`sums`.

    Raises:
        DocumentError: a line is not a SHA-256 and a name, or a file has two lines.
    """
    digests: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _SUM.fullmatch(line)
        if match is None:
            raise DocumentError(f"not a SHA-256 and a name: {line!r:.60}", number)
        if match["name"] in digests:
            raise DocumentError(f"a second line for {match['name']!r:.60}", number)
        digests[match["name"]] = match["sha256"]
    return digests


def packed_part(locked: PlatformLock) -> PlatformLock:
    """Return the part of a lock that is packed: without what would have to be built."""
    return locked._replace(pypi=tuple(package for package in locked.pypi if can_be_packed(package)))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
