"""A prefix as conda maintains it: ``conda-meta/``, its history, its state, its registration.

rattler links packages and writes their records. This module writes the rest of a conda environment,
which ``conda list``, ``conda env list``, ``conda install``, ``conda export --from-history`` and
activation expect.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conda_multiplat.machine.prefix_records import meta, replace_file
from conda_multiplat.machine.temporary import is_temporary, sweep
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.errors import DocumentError, Location, OutsideError
from conda_multiplat.vocabulary.json_values import json_object, json_value
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, spec_name
from conda_multiplat.vocabulary.records import CondaRecord

#: Our file in ``conda-meta``: which environment this is, and whether an install was interrupted.
#: It is JSON without the suffix: rattler takes every ``.json`` there for a package's record.
MARKER = "multiplat"
#: The types of its keys; a value of another type is ignored.
_TEXTS = ("manifest", "pip", "variables")
_KINDS: dict[str, type] = {
    **dict.fromkeys(("environment", "lock", "state"), str),
    **dict.fromkeys(("left_by_scripts", "pypi"), dict),
}
#: The longest wait for a stopped rattler to write its records, and how long without a new record
#: shows that it has finished; in seconds.
_STOPPING, _QUIET = 1.5, 0.05


def is_environment(prefix: Path) -> bool:
    """Return whether ``prefix`` is an environment for conda."""
    return (meta(prefix) / "history").is_file()


def is_unused(prefix: Path) -> bool:
    """Return whether a folder is empty, or has only the remains of an install killed at its start.

    These are an empty ``conda-meta``, or one with only our marker and temporary files.
    """
    if any(entry.name != "conda-meta" for entry in prefix.iterdir()):
        return False
    folder = meta(prefix)
    if not folder.exists():
        return True
    return folder.is_dir() and all(
        entry.name == MARKER or is_temporary(entry.name) for entry in folder.iterdir()
    )


def read_marker(prefix: Path) -> dict[str, Any]:
    """Return our marker in a prefix; empty if there is none."""
    try:
        marker = json_object((meta(prefix) / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in marker.items() if _is_of_its_kind(key, value)}


def _is_of_its_kind(key: str, value: Any) -> bool:
    if key in _TEXTS:
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    return isinstance(value, _KINDS.get(key, object))


def install_command(marker: Mapping[str, Any]) -> str:
    """Return the command that installs what is locked into the prefix, from its project's folder.

    It has the same ``-n`` or ``-p`` as the last install.
    """
    environment = marker.get("environment", DEFAULT_ENVIRONMENT)
    option = "" if environment == DEFAULT_ENVIRONMENT else f" -e {environment}"
    return f"conda multiplat install{option}"


def write_marker(prefix: Path, data: Mapping[str, Any]) -> None:
    """Write our marker: what is being done, or was done, to the prefix."""
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # Without a UTF-8 locale, Python has surrogates for the non-ASCII characters of file names.
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    replace_file(meta(prefix) / MARKER, text)


def unfinished(prefix: Path, reason: str) -> OutsideError:
    """Return the error for an interrupted change of a prefix."""
    return OutsideError(
        f"{prefix} could not be finished",
        details=[reason],
        hints=["run the same command again: it continues where it stopped"],
    )


def begin(prefix: Path, marker: Mapping[str, Any]) -> None:
    """Make ``prefix`` an environment if necessary, and note that it is being changed.

    Temporary files that rattler left in a killed installation are removed.
    """
    meta(prefix).mkdir(parents=True, exist_ok=True)
    for left in _rattlers_temporary(prefix):
        left.unlink()
    sweep(meta(prefix))
    write_marker(prefix, marker)  # before the history: no environment without a marker
    (meta(prefix) / "history").touch()


def _rattlers_temporary(prefix: Path) -> list[Path]:
    """Return the temporary files of rattler in a prefix."""
    files = (*prefix.glob("symtest_*"), *meta(prefix).glob("prefix_record_*"))
    return [path for path in files if path.is_symlink() or path.is_file()]


@contextmanager
def let_records_finish(prefix: Path) -> Iterator[None]:
    """After an error or a signal, wait until rattler has finished the records that it was writing.

    Its threads continue what they have begun, and would otherwise end with the process halfway.
    """
    try:
        yield
    except BaseException:
        end = time.monotonic() + _STOPPING
        before: set[str] | None = None
        while time.monotonic() < end:
            names = _names(meta(prefix))
            if names == before and not _rattlers_temporary(prefix):
                break
            before = names
            time.sleep(_QUIET)
        for left in _rattlers_temporary(prefix):
            left.unlink(missing_ok=True)
        raise


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@dataclass(frozen=True)
class Revision:
    """An entry of ``conda-meta/history``.

    Attributes:
        command: what the user typed.
        removed: the removed packages.
        added: the added packages.
        requested: the MatchSpecs that are requested from now on.
        previously: those in force before, whoever requested them: if the name is no longer
            requested, conda is told so, or it would take the package back to that spec.
        seconds: the time in seconds since 1970, noted in UTC; ``None`` for now, in local time.
    """

    command: str
    removed: Sequence[CondaRecord]
    added: Sequence[CondaRecord]
    requested: Sequence[str]
    previously: Sequence[str]
    seconds: int | None = None


def read_history(prefix: Path) -> str:
    """Return the text of ``conda-meta/history``; ``""`` if there is none."""
    try:
        return (meta(prefix) / "history").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def append_history(prefix: Path, revision: Revision) -> None:
    """Add a revision to ``conda-meta/history``, in conda's own format."""
    names = {spec_name(spec) for spec in revision.requested}
    gone = sorted(spec for spec in revision.previously if spec_name(spec) not in names)
    lines = [
        time.strftime("==> %Y-%m-%d %H:%M:%S <==", _time(revision.seconds)),
        f"# cmd: {revision.command}",
        *sorted(f"-{_dist(record)}" for record in revision.removed),
        *sorted(f"+{_dist(record)}" for record in revision.added),
    ]
    if gone:
        lines.append(f"# remove specs: {gone}")
    if revision.requested:
        lines.append(f"# update specs: {list(revision.requested)}")
    with (meta(prefix) / "history").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _time(seconds: int | None) -> time.struct_time:
    return time.localtime() if seconds is None else time.gmtime(seconds)


def _dist(record: CondaRecord) -> str:
    """Return a package's name in conda's history: ``channel/subdir::name-version-build``."""
    subdir = record.url.rsplit("/", 2)[-2] if record.url.count("/") > 1 else ""
    return f"{base_url(record.url)}/{subdir}::{record.name}-{record.version}-{record.build}"


def set_variables(prefix: Path, variables: Mapping[str, str], previously: Iterable[str]) -> None:
    """Set activation's variables in ``conda-meta/state``; remove those that we set only before.

    Variables that the user set with ``conda env config vars set`` stay.
    """
    try:
        state = read_state(prefix)
    except OutsideError:
        state = {}
    known = _variables(state)
    now = {**{k: v for k, v in known.items() if k not in set(previously)}, **variables}
    if now != known:
        replace_file(_state(prefix), json.dumps({**state, "env_vars": now}))


def _state(prefix: Path) -> Path:
    return meta(prefix) / "state"


def read_state(prefix: Path) -> dict[str, Any]:
    """Return what conda stores in ``conda-meta/state`` of a prefix; empty if there is no such file.

    Raises:
        OutsideError: it can't be read.
    """
    path = _state(prefix)
    return read_mapping(path) if path.exists() else {}


def read_variables(prefix: Path) -> dict[str, Any]:
    """Return the variables that activation sets, from ``conda env config vars`` and the manifest.

    Raises:
        OutsideError: they can't be read.
    """
    return _variables(read_state(prefix))


def _variables(state: Mapping[str, Any]) -> dict[str, Any]:
    variables = state.get("env_vars")
    return variables if isinstance(variables, dict) else {}


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        OutsideError: it can't be read, or is something else.
    """
    try:
        content = json_value(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OutsideError(f"{path} can't be read: {error.strerror}") from None
    except DocumentError as error:
        at = Location(str(path), error.line, error.column)
        raise OutsideError(f"{at}: {error.message}") from None
    except ValueError as error:
        raise OutsideError(f"{path} is not UTF-8: {error}") from None
    if not isinstance(content, dict):
        raise OutsideError(f"{path} does not map variables to values")
    return content


def register(prefix: Path) -> None:
    """Add ``prefix`` to ``~/.conda/environments.txt``, which ``conda env list`` reads."""
    path = Path("~/.conda/environments.txt").expanduser()
    with suppress(OSError):  # ignored as in conda: an unlisted environment works too
        known = path.read_bytes().splitlines() if path.exists() else []
        if os.fsencode(prefix) not in known:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(os.fsencode(f"{prefix}{os.linesep}"))


def frozen_message(prefix: Path) -> str | None:
    """Return why a prefix is frozen (CEP 22); ``None`` if it is not."""
    path = meta(prefix) / "frozen"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    try:
        content = json_value(text)
    except ValueError:
        content = {"message": text}
    message = content.get("message") if isinstance(content, dict) else text
    return str(message or "no reason is given")
