"""Options of pip's requirements files: which are supported, and why the others are refused."""

from __future__ import annotations

import re
from typing import NoReturn

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.pip_index import DEFAULT_INDEX, OLD_NAME
from conda_multiplat.vocabulary.pip_places import check_place, editable_place, scheme_of

#: The prefix of a line from a constraints file that was read (see ``requirement_files``).
CONSTRAINT = "constraint: "
#: The prefix of a line's hashes: ``hash: sha256:… sha256:… of REQUIREMENT``.
HASH = "hash: "
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
#: Options of pip that can't be honoured in a lock, with the reason.
_REFUSED = {
    "-C": "set it in the project's own pyproject.toml",
    "--all-releases": "write `multiplat: {pypi: {prerelease: allow}}`",
    "--config-setting": "set it in the project's own pyproject.toml",
    "--config-settings": "set it in the project's own pyproject.toml",
    "--global-option": "set it in the project's own setup.cfg",
    "--install-option": "set it in the project's own setup.cfg",
    "--no-require-hashes": "leave it out: a lock has the hash of every file",
    "--only-final": "write `multiplat: {pypi: {prerelease: disallow}}`",
    "--prefer-binary": "wheels are preferred anyway",
    "--trusted-host": "set `allow-insecure-host` in uv's configuration",
    "--use-feature": "it is only for pip itself: leave it out",
}
#: pip's alternative names of options.
_ALIASES = {OLD_NAME: "--index-url"}
EDITABLE = ("-e", "--editable")
FILES = ("-r", "--requirement", "-c", "--constraint")
INDEXES = (*DEFAULT_INDEX, "--extra-index-url")
LINKS = ("-f", "--find-links")
_NAMES = re.compile(r"(:all:|:none:|[A-Za-z0-9][A-Za-z0-9._-]*)([\s,]+|$)")


def known_name(option: str) -> str:
    """Return an option's name as it is in our tables."""
    return _ALIASES.get(option, option)


def check_option(option: str, value: str) -> None:
    """Refuse an option that pip would not accept, or that no lock can honour.

    Raises:
        WordingError: the option is refused; the hint says what to write instead.
    """
    if option in _REFUSED:
        raise WordingError(f"pip's {option} can't be honoured", _REFUSED[option])
    if option in _BARE:
        if value:
            raise WordingError(f"{option} takes no value: {value!r}", f"write `{option}`")
        return
    if option not in _VALUED:
        _refuse_unknown(option)
    if not value:
        raise WordingError(f"{option} needs {_VALUED[option]}", f"write `{option} VALUE`")
    _check_value(option, value)


def _refuse_unknown(option: str) -> NoReturn:
    known = ", ".join(sorted([*_VALUED, *_BARE]))
    longer = [name for name in (*_VALUED, *_BARE) if name.startswith(option)]
    is_short = longer and option.strip("-")
    hint = f"write {' or '.join(longer)}" if is_short else f"supported options: {known}"
    raise WordingError(f"unknown pip option {option!r}", hint)


def _check_value(option: str, value: str) -> None:
    if option in EDITABLE:
        _check_editable(option, value)
    elif option in FILES and scheme_of(value) not in ("", "file"):
        hint = "download the file, put it beside the manifest, and write its path"
        raise WordingError(f"{option} takes a local file: {value!r}", hint)
    elif option in (*INDEXES, *LINKS):
        _check_source(option, value)
    elif option in ("--no-binary", "--only-binary") and _NAMES.sub("", value) != "":
        raise WordingError(
            f"{option} takes package names: {value!r}", f"write `{option} NAME,NAME` or :all:"
        )


def _check_editable(option: str, value: str) -> None:
    place = editable_place(value)
    check_place(place, value)
    if not place.is_path and not place.where.startswith("git+"):
        hint = f"only a folder is editable: write the URL without {option}"
        raise WordingError(f"{option} takes a folder or git+URL: {value!r}", hint)
    if place.is_path and place.name:
        hint = f"write `{option} PATH`: the project itself states its name"
        raise WordingError(f"{option} takes a folder or git+URL: {value!r}", hint)


def _check_source(option: str, value: str) -> None:
    """Check the value for an index or links: a URL or a path; ``${VARIABLE}`` can be either."""
    scheme = scheme_of(value)
    if value.startswith("${") or scheme == "file":
        return
    if scheme in ("http", "https"):
        if not value.partition("://")[2].strip("/"):
            raise WordingError(f"{option}: not a URL: {value!r}", f"write {scheme}://HOST/simple")
        return
    looks_like_path = re.match(r"\.|[/\\]|[A-Za-z]:[/\\]", value)
    if scheme or value.startswith("~") or (option in INDEXES and not looks_like_path):
        hint = "write https://HOST/PATH, or a path that begins with `./`"
        raise WordingError(f"{option}: neither a URL nor a path: {value!r}", hint)


def split_option(entry: str) -> tuple[str, str]:
    """Split ``--option=value``, ``--option value``, ``-o value`` or ``-ovalue``.

    Returns:
        The option and its value; ``("", entry)`` for anything else.
    """
    if not entry.startswith("-"):
        return "", entry
    if not entry.startswith("--"):
        return entry[:2], entry[2:].lstrip("= ").strip()
    option, _, value = entry.replace("=", " ", 1).partition(" ")
    return known_name(option), value.strip()
