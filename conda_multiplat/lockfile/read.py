"""Read a lock file: ``conda-lock.yml`` text -> :class:`LockFile`.

Our own lock is unchanged if the digests of its head and of its package section match. If the latter
matches, platforms that are not requested are skipped, which saves most of the time. Any other lock
is read as a whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import yaml

from conda_multiplat.lockfile import exclude_newer
from conda_multiplat.lockfile.model import (
    PREFIX,
    LockChannel,
    LockFile,
    PlatformLock,
    is_as_written,
    needs_of_records,
    unpack_extras,
    unpack_needs,
    unpack_texts,
    unpack_virtual_packages,
)
from conda_multiplat.lockfile.older_conda_lock import in_cep37_form
from conda_multiplat.lockfile.shape import (
    Fault,
    duplicate_packages,
    first_problems,
    head_faults,
    package_faults,
)
from conda_multiplat.vocabulary.errors import (
    TOO_DEEP,
    DocumentError,
    Location,
    LockFileError,
    Problem,
    reason_of,
)
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord
from conda_multiplat.vocabulary.yaml_nodes import Loader, yaml_value

R = TypeVar("R", CondaRecord, PypiRecord)


class TextLoader(Loader):  # type: ignore[misc]  # libyaml's if available
    """Loads unquoted scalars as text.

    A hash of digits or a version ``1.10`` is not a number, even if it was written without quotes.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # yaml's own name and form
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that occurs twice, after a bad merge: one of the values would be lost.

        Raises:
            DocumentError: with the place of the second one.
        """
        values: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(values) < len(node.value):
            raise _twice([key for key, _ in node.value])
        return values


def _twice(keys: Iterable[yaml.Node]) -> DocumentError:
    seen: set[str] = set()
    for key in keys:
        if key.value in seen:
            mark = key.start_mark
            return DocumentError(f"{key.value!r} appears twice", mark.line + 1, mark.column + 1)
        seen.add(str(key.value))
    return DocumentError("a key appears twice")


_MARKER = re.compile(r"^(<<<<<<< |\|{7}( |\r?$)|=======\r?$|>>>>>>> )", re.MULTILINE)
#: A key that only our locks have.
_OF_OURS = f"{PREFIX}packages-sha256"
_NAME_LINE = re.compile(r"^- name: '?([^\s']+)", re.MULTILINE)
#: The maximum size of a head in bytes; real ones are less than a tenth of that.
LONGEST_HEAD = 4 << 20
_PACKAGE_LINE = re.compile(r"^package:", re.MULTILINE)
_UNMERGED = re.compile(r"\A# Not merged: (.*)\n(# What follows.*\n)?")
#: This keeps the locked versions; locking anew does not.
_ONE_SIDE = "take one side (`git checkout --ours FILE`) and run `conda multiplat lock`"
RELOCK = "run `conda multiplat lock --update-all`, which does not read the old lock"

_NO_PACKAGES = "no `package:` section: the file is truncated or not a lock"
_AGAIN = f"restore it from version control, or {RELOCK}"


def as_unmerged(text: str, reason: str) -> str:
    """Return one side of a lock that could not be merged, with the reason (one line) above it."""
    way = "# What follows is one side of the merge; run: conda multiplat lock"
    return f"# Not merged: {reason}\n{way}\n{_UNMERGED.sub('', text)}"


def unmerged_reason(text: str) -> str:
    """Return the reason that :func:`as_unmerged` wrote; ``""`` if there is none."""
    match = _UNMERGED.match(text)
    return match[1].rstrip() if match else ""


def packages_sha256(section: str) -> str:
    r"""Return the digest of a package section, the text from ``package:`` on, with LF line ends."""
    return _sha256([section.encode()])


def _sha256(blocks: Iterable[bytes]) -> str:
    r"""Return the SHA-256 of blocks with ``\n`` line ends; a ``\r\n`` can be split between two."""
    digest = hashlib.sha256()
    held = b""
    for block in blocks:
        if held or b"\r" in block:
            joined = held + block
            held = b"\r" if joined.endswith(b"\r") else b""
            digest.update(joined[: len(joined) - len(held)].replace(b"\r\n", b"\n"))
        else:
            digest.update(block)
    digest.update(held)
    return digest.hexdigest()


def read_lock(text: str, file: str, platforms: Sequence[str] | None = None) -> LockFile:
    """Read a lock, or only some platforms of it.

    Raises:
        LockFileError: it has conflict markers, is not YAML, or is not in CEP 37's version 1.
    """
    if _OF_OURS in text:
        return _read(text, file, platforms)
    lock = _read_others(text, file)
    return lock if platforms is None else lock.only(platforms)


@lru_cache(maxsize=8)  # a command reads the same lock again and again, and YAML is slow
def _read_others(text: str, file: str) -> LockFile:
    """Read another tool's lock as a whole, each text only once in a run."""
    return _read(text, file, None)


def _read(text: str, file: str, platforms: Sequence[str] | None) -> LockFile:
    head, section, metadata, custom = _parts(text, file)
    stated = custom.get(_OF_OURS)
    intact = stated == packages_sha256(section)
    try:
        whole = (intact or stated is None) and is_as_written(metadata)
        if intact:
            packages = _own_packages(section, platforms)
            if any(_faults(metadata, packages, ours=True)):
                # again with all platforms' packages: a fault's place is an index among these
                faults = _faults(metadata, _own_packages(section, None), ours=True)
                raise _faulty(file, text, list(faults))
        else:
            metadata, packages = _others(text, section, metadata, file)
        lock = _lock(metadata, custom, packages, platforms)
    except RecursionError:
        raise _broken(file, Location(file), TOO_DEEP) from None
    except ValueError as error:
        raise _broken(file, Location(file), f"not a CEP 37 lock: {reason_of(error)}") from None
    except (KeyError, TypeError, AttributeError):
        message = "not a CEP 37 lock: `metadata` has an unknown structure"
        raise _broken(file, Location(file), message) from None
    reason = unmerged_reason(head)
    return lock._replace(intact=whole and not reason, unmerged=reason)


def _others(
    text: str, section: str, metadata: dict[str, Any], file: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the metadata and the packages of a lock that is not as we write it."""
    _refuse_markers(text, file)
    above = text.count("\n", 0, len(text) - len(section))
    data = _load(section, file, above)
    _refuse_version(data, text, file)  # it may be below the packages
    packages = data.get("package") or []
    if faults := list(_faults(metadata, packages, ours=False)):
        raise _faulty(file, text, faults)
    return in_cep37_form(metadata, packages)


def _faults(metadata: dict[str, Any], packages: Any, *, ours: bool) -> Iterator[Fault]:
    """Yield what is wrong in a lock; in another tool's, a package may be in several categories."""
    wrong = [*head_faults(metadata), *package_faults(packages)]
    yield from wrong or duplicate_packages(packages, by_category=not ours)


def read_head(blocks: Iterable[bytes], file: str, *, whole: bool) -> LockFile | None:
    """Read only the head of our own lock, without having the rest in memory as a whole.

    Args:
        blocks: the file's content, read only as far as necessary.
        file: its name.
        whole: whether the whole file must be as it was written.

    Returns:
        ``None`` if :func:`read_lock` must read it: other tools' locks, changed ones if ``whole``,
        and broken ones, for which it raises the error.
    """
    rest = iter(blocks)
    start = b""
    while (end := start.find(b"\npackage:") + 1) == 0:
        block = next(rest, b"")
        if not block or len(start) > LONGEST_HEAD:
            return None
        start += block
    head = _own_head(start[:end], file)
    if head is None or (
        whole
        and not (head.as_written and _sha256(chain([start[end:]], rest)) == head.packages_sha256)
    ):
        return None
    return head.lock


class _Head(NamedTuple):
    """The head of our own lock, whether its digest matches, and the packages' stated digest."""

    lock: LockFile
    as_written: bool
    packages_sha256: str


@lru_cache(maxsize=8)  # read to find a project, and then again to use it
def _own_head(content: bytes, file: str) -> _Head | None:
    """Return the head of our own lock; ``None`` if it is another tool's, or broken."""
    try:
        text = content.decode("utf-8-sig")
        _, _, metadata, custom = _parts(f"{text}package: []", file)
        stated = custom.get(_OF_OURS, "")
        if not stated or unmerged_reason(text) or any(head_faults(metadata)):
            return None
        return _Head(_lock(metadata, custom, [], None), is_as_written(metadata), stated)
    except (LockFileError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return None


def package_names(text: str) -> set[str]:
    """Return the names of the packages in our or conda-lock's lock, without parsing the rest."""
    return set(_NAME_LINE.findall(text))


def _parts(text: str, file: str) -> tuple[str, str, dict[str, Any], dict[str, str]]:
    """Return the head's text, the package section's, the metadata and the custom metadata."""
    start = _PACKAGE_LINE.search(text)
    head = text[: start.start()] if start else text
    _refuse_markers(head, file)
    section = text[start.start() :] if start else text
    if start is None and "package" not in _load(text, file, 0):  # JSON, or braces, is YAML too
        raise _broken(file, Location(file), _NO_PACKAGES)
    data = _load(head, file, 0) if head.strip() else {}
    if "metadata" not in data:  # another tool's order: `package:` comes first
        _refuse_markers(text, file)
        data = _load(text, file, 0)
    metadata = _metadata(data, text, file)
    custom = metadata.get("custom_metadata") or {}
    if not isinstance(custom, dict):
        raise _broken(file, Location(file), "`custom_metadata` is not a mapping")
    return head, section, metadata, custom


def conflict_marker(text: str) -> tuple[int, str] | None:
    """Return git's first conflict marker and its line; ``None`` if there is none."""
    match = _MARKER.search(text)
    return (text.count("\n", 0, match.start()) + 1, match.group().strip()) if match else None


def _refuse_markers(text: str, file: str) -> None:
    if found := conflict_marker(text):
        line, marker = found
        raise LockFileError(
            f"{file} has a merge conflict",
            problems=[
                Problem(
                    Location(file, line),
                    f"conflict marker {marker!r}",
                    f"merge the manifest, then {_ONE_SIDE}; or {RELOCK}",
                )
            ],
        )


def _load(text: str, file: str, above: int) -> dict[str, Any]:
    try:
        data = yaml_value(text, TextLoader)
    except DocumentError as error:
        at = Location(file, error.line + above if error.line else 0)
        raise _broken(file, at, error.message) from None
    if not isinstance(data, dict):
        raise _broken(file, Location(file), _NO_PACKAGES)
    return data


def _broken(file: str, at: Location, message: str) -> LockFileError:
    return LockFileError(f"{file} can't be read", problems=[Problem(at, message, _AGAIN)])


def _faulty(file: str, text: str, faults: Sequence[Fault]) -> LockFileError:
    problems, more = first_problems(text, file, faults, _AGAIN)
    return LockFileError(f"{file} can't be read", problems=problems, details=more)


def _metadata(data: dict[str, Any], text: str, file: str) -> dict[str, Any]:
    _refuse_version(data, text, file)
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        raise _broken(file, Location(file), "no `metadata:` section")
    return metadata


def _refuse_version(data: Mapping[str, Any], text: str, file: str) -> None:
    version = data.get("version", "1")
    if version != "1":
        at = re.search(r"^version\b", text, re.MULTILINE)
        line = text.count("\n", 0, at.start()) + 1 if at else 1
        raise LockFileError(
            f"{file} can't be read",
            problems=[
                Problem(
                    Location(file, line),
                    f"lock version {version}; this conda-multiplat reads version 1",
                    f"update conda-multiplat, or {RELOCK}",
                )
            ],
        )


def _own_packages(section: str, platforms: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the packages of a section that is as we wrote it (see ``lockfile.write``).

    Its layout is known, so lines are split, which takes a tenth of the time of a YAML parser.
    """
    _, *entries = section.replace("\r\n", "\n").split("\n- name: ")
    if platforms is not None:
        platform_lines = tuple(f"\n  platform: {subdir}\n" for subdir in platforms)
        entries = [entry for entry in entries if any(line in entry for line in platform_lines)]
    return [_own_package(entry) for entry in entries]


def _own_package(entry: str) -> dict[str, Any]:
    package: dict[str, Any] = {}
    inner = package
    for line in f"  name: {entry}".splitlines():
        key, _, value = line.strip().partition(": ")
        if line.startswith("    "):
            inner[unquoted(key)] = unquoted(value)
        elif value:
            package[key] = unquoted(value)
        else:  # `key:` with indented lines below it, or `key: {}`
            inner = package[key.partition(":")[0]] = {}
    return package


def unquoted(text: str) -> Any:
    """Read a scalar that ``lockfile.write`` wrote, as text; ``{}`` as a mapping."""
    if text == "{}":
        return {}
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _lock(
    metadata: dict[str, Any],
    custom: Mapping[str, str],
    packages: list[Any],
    wanted: Sequence[str] | None,
) -> LockFile:
    by_platform: dict[str, list[dict[str, Any]]] = {}
    for package in packages:
        by_platform.setdefault(package["platform"], []).append(package)
    hashes = metadata["content_hash"]
    names = [str(name) for name in metadata["platforms"] if wanted is None or name in wanted]
    return LockFile(
        environment=custom.get(f"{PREFIX}environment", DEFAULT_ENVIRONMENT),
        sources=tuple(metadata["sources"]),
        channels=tuple(
            LockChannel(channel["url"], tuple(channel.get("used_env_vars") or ()))
            for channel in metadata["channels"]
        ),
        platforms={
            name: _platform(name, hashes.get(name, ""), by_platform.get(name, []), custom)
            for name in names
        },
        channel_priority=custom.get(f"{PREFIX}channel-priority", ""),
        recipe=int(custom.get(f"{PREFIX}recipe", 0)),
    )


def _platform(
    name: str, content_hash: str, packages: list[dict[str, Any]], custom: Mapping[str, str]
) -> PlatformLock:
    records = _by_name(CondaRecord.from_dict(p) for p in packages if p["manager"] == "conda")
    wheels = tuple(
        sorted(
            _by_name(PypiRecord.from_dict(p) for p in packages if p["manager"] == "pip"),
            key=lambda record: record.name,
        )
    )
    stated = custom.get(f"{PREFIX}needs.{name}")
    return PlatformLock(
        content_hash=content_hash,
        records=records,
        pypi=wheels,
        virtual_packages=unpack_virtual_packages(
            custom.get(f"{PREFIX}virtual-packages.{name}", "[]")
        ),
        needs=unpack_needs(stated) if stated else needs_of_records(records, wheels),
        requested=unpack_texts(custom.get(f"{PREFIX}requested.{name}", "[]")),
        torch_backend=custom.get(f"{PREFIX}torch-backend.{name}", ""),
        extras=unpack_extras(custom.get(f"{PREFIX}extras.{name}", "{}")),
        cooldown=_cooldown(name, custom),
    )


def _by_name(records: Iterable[R]) -> tuple[R, ...]:
    """Return one record of each package: conda-lock writes an entry for each of its categories."""
    by_name: dict[str, R] = {}
    for record in records:
        if record.category == "main" or record.name not in by_name:
            by_name[record.name] = record
    return tuple(by_name.values())


def _cooldown(name: str, custom: Mapping[str, str]) -> exclude_newer.Cooldown:
    rules = custom.get(f"{PREFIX}exclude-newer.{name}")
    if rules is None:
        return exclude_newer.NO_COOLDOWN
    return exclude_newer.unpack(rules, custom.get(f"{PREFIX}times.{name}", "{}"))
