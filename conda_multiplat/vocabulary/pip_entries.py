"""The entries of ``pip:``: PEP 508 requirements and the options that pip's files know."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conda_multiplat.vocabulary.errors import WordingError

_VALUED = {
    "-c": "a constraints file",
    "--constraint": "a constraints file",
    "-e": "a project's folder or URL",
    "--editable": "a project's folder or URL",
    "--extra-index-url": "a URL",
    "-f": "a folder or URL",
    "--find-links": "a folder or URL",
    "-i": "a URL",
    "--index-url": "a URL",
    "--no-binary": "package names, :all: or :none:",
    "--only-binary": "package names, :all: or :none:",
    "-r": "a requirements file",
    "--requirement": "a requirements file",
}
_BARE = ("--no-index", "--pre", "--require-hashes")
#: What pip knows and nobody can honour in a lock, with the reason.
_REFUSED = {
    "--hash": "hashes are locked by themselves",
    "--prefer-binary": "wheels are preferred anyway",
    "--trusted-host": "set `allow-insecure-host` in uv's configuration",
}
#: Before a line of a constraints file, once that was read (see ``requirement_files``).
CONSTRAINT = "constraint: "
_SOURCE = re.compile(
    r"^(\.{0,2}[/\\]|\.{1,2}($|\[)|~|[A-Za-z]:[/\\]|(git|hg|svn|bzr)\+|(https?|file)://)"
)


class PipEntryError(WordingError):
    """An entry that pip would not take."""


def entry_name(entry: str) -> str:
    """The normalised project name that an entry asks for; ``""`` for options, paths and URLs.

    Raises:
        PipEntryError: it is neither a PEP 508 requirement nor an option of pip's that we know.
    """
    if "\n" in entry.strip():
        raise PipEntryError(
            f"several lines in one entry of pip: {entry.splitlines()[0]!r} and more",
            "write an entry (`- ENTRY`) for each",
        )
    if entry.startswith("-"):
        _check_option(entry)
        return ""
    if _SOURCE.match(entry):
        if re.match("(hg|svn|bzr)[+]", entry):
            raise PipEntryError(f"only git can be locked: {entry!r}", "write git+URL@REV, or a URL")
        return ""
    try:
        return canonicalize_name(Requirement(entry).name)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise PipEntryError(
            f"not a PyPI requirement (PEP 508): {entry!r}",
            f"{reason}; for example `robosuite>=1.4` or `torch==2.5; sys_platform == 'linux'`",
        ) from None


def split_option(entry: str) -> tuple[str, str]:
    """``--option=value``, ``--option value``, ``-o value`` and ``-ovalue`` as (option, value).

    ``("", entry)`` for anything else.
    """
    if not entry.startswith("-"):
        return "", entry
    if not entry.startswith("--"):
        return entry[:2], entry[2:].lstrip("= ").strip()
    option, _, value = entry.replace("=", " ", 1).partition(" ")
    return option, value.strip()


def _check_option(entry: str) -> None:
    option, value = split_option(entry)
    if option in _REFUSED:
        raise PipEntryError(f"pip's {option} can't be honoured", _REFUSED[option])
    if option in _BARE and not value:
        return
    if option not in _VALUED:
        known = ", ".join(sorted([*_VALUED, *_BARE]))
        raise PipEntryError(f"unknown pip option {option!r}", f"these are read: {known}")
    if not value:
        raise PipEntryError(f"{option} needs {_VALUED[option]}", f"write `{option} VALUE`")
