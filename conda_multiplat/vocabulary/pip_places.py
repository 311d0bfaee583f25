"""Paths and URLs in entries of ``pip:``, in all forms that pip accepts.

``./x``, ``x/``, ``sub/x``, ``file:./x``, ``x-1.0-py3-none-any.whl``, ``x @ wheels/x.whl``,
``https://…``, ``git+https://…``; each may have extras and a marker after it.
"""

from __future__ import annotations

import re
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from conda_multiplat.vocabulary.channels import without_login
from conda_multiplat.vocabulary.errors import WordingError

#: The suffixes of files that pip can install (its ``is_archive_file``).
ARCHIVES = (
    ".whl",
    *(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz"),
    *(".tar.xz", ".txz", ".tar.lzma", ".tlz", ".tar.lz"),
)
#: Schemes that pip accepts but that can't be locked.
_OTHER_REPOSITORIES = ("hg", "svn", "bzr")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9.+-]+(?=:)|(git|hg|svn|bzr)\+)")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*@)\s*(?P<rest>.*)", re.DOTALL)
#: A name, possibly with extras, a version or a marker: PEP 508, not a path.
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\]\s*)?([<>=!~(].*)?")
_EXTRAS = re.compile(r"(?P<bare>.+?)\s*(?P<extras>\[[^\[\]]*\])")
#: The suffix of a repository's URL in a lock.
_COMMIT = re.compile(r"(?<=[^/])@[0-9a-f]{40,64}$")
_BY_DIGEST = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/]+$")
_GIT_FORMS = "write git+https://HOST/PATH@REV, git+ssh://… or git+file://…"


def as_path(path: str) -> str:
    """Return a path as ``pip:`` takes it for one, with ``./`` where it begins with a name."""
    return path if path.startswith((".", "/")) else f"./{path}"


class Place(NamedTuple):
    """An entry with a path or URL.

    Attributes:
        where: the path or URL.
        name: the text before it, ``"x[extra] @"``; may be ``""``.
        extras: the extras after a path, ``"[dev]"``; ``""`` if there are none.
        marker: the PEP 508 marker; ``""`` if there is none.
    """

    where: str
    name: str = ""
    extras: str = ""
    marker: str = ""

    @property
    def is_path(self) -> bool:
        """Whether it is a local path."""
        return scheme_of(self.where) in ("", "file")

    @property
    def path(self) -> str:
        """Return the path with ``/`` as the separator, without ``file:``."""
        if scheme_of(self.where):
            part = urlsplit(self.where.partition("#")[0])
            return unquote(part.path)
        return self.where.replace("\\", "/") if self.where.startswith(".") else self.where

    @property
    def is_relative(self) -> bool:
        """Whether it is a relative path."""
        return self.is_path and not re.match(r"[/\\]|[A-Za-z]:[/\\]", self.path)

    def __str__(self) -> str:
        text = f"{self.name} {self.where}{self.extras}".strip()
        return f"{text} ; {self.marker}" if self.marker else text


def scheme_of(text: str) -> str:
    """Return the scheme of a URL in lower case; ``""`` for a path (``C:`` is not a scheme)."""
    match = _SCHEME.match(text)
    return match["scheme"].lower() if match else ""


def place_of(text: str) -> Place | None:
    """Return the path or URL of a requirement; ``None`` if it has only a name and versions."""
    text = text.strip()
    if named := _NAMED.fullmatch(text):
        where, marker = _marked(named["rest"])
        return Place(where, named["name"].strip(), "", marker)
    where, marker = _marked(text)
    if scheme_of(where):
        return Place(where, marker=marker)
    match = _EXTRAS.fullmatch(where)
    bare, extras = (match["bare"], match["extras"]) if match else (where, "")
    return Place(bare, extras=extras, marker=marker) if _is_path(bare) else None


def editable_place(value: str) -> Place:
    """Parse the value of ``-e``: a URL, or a path whatever it looks like."""
    place = place_of(value)
    if place:
        return place
    where, marker = _marked(value)
    match = _EXTRAS.fullmatch(where)
    bare, extras = (match["bare"], match["extras"]) if match else (where, "")
    return Place(bare, extras=extras, marker=marker)


def _marked(text: str) -> tuple[str, str]:
    """Split a path or URL from its marker; in a URL, a ``;`` needs no space before it."""
    pattern = r"\s;|;\s" if scheme_of(text) else ";"
    parts = re.split(pattern, text, maxsplit=1)
    return parts[0].strip(), parts[1].strip() if len(parts) > 1 else ""


def _is_path(text: str) -> bool:
    if text.startswith((".", "/", "\\", "~")) or re.match(r"[A-Za-z]:[/\\]", text):
        return True
    is_requirement = _REQUIREMENT.fullmatch(text)
    if text.lower().endswith(ARCHIVES):
        return not (is_requirement and is_requirement[2])
    return not is_requirement and bool(re.match(r"[^<>=!~;@]*[/\\]", text))


def check_place(place: Place, entry: str) -> None:
    """Refuse a path or URL that can never be locked.

    Raises:
        WordingError: it is refused; the hint says what to write instead.
    """
    scheme = scheme_of(place.where)
    kind, plus, inner = scheme.partition("+")
    if kind in _OTHER_REPOSITORIES:
        raise WordingError(f"only git can be locked: {entry!r}", "write git+URL@REV, or a URL")
    if place.where.startswith("~"):
        hint = "only a shell expands `~`: write a path from the manifest's folder, or from `/`"
        raise WordingError(f"the path depends on the user: {entry!r}", hint)
    if kind == "git" and (not plus or inner not in ("https", "ssh", "file")):
        raise WordingError(f"not a supported git URL: {entry!r}", _GIT_FORMS)
    if kind == "git" and _path_in_url(place.where).count("@") > 1:
        hint = "write %40 for every `@` but the one before the revision"
        raise WordingError(f"a git URL with more than one '@' in its path: {entry!r}", hint)
    if scheme and kind != "git" and scheme not in ("http", "https", "file"):
        hint = "write an http:, https: or file: URL, a path, or git+URL@REV"
        raise WordingError(f"unknown scheme {scheme!r}: {entry!r}", hint)
    if scheme in ("http", "https", "git+https", "git+ssh") and not _host(place.where):
        raise WordingError(f"not a URL: {entry!r}", f"write {scheme}://HOST/PATH")
    if not place.where:
        raise WordingError(
            f"neither a path nor a URL: {entry!r}", "for example `x @ ./wheels/x.whl`"
        )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _path_in_url(url: str) -> str:
    return url.partition("#")[0].partition("://")[2].partition("/")[2]


def is_at(entry: str, url: str) -> bool:
    """Return whether a record has an entry's URL or path, ignoring login, revision and extras."""
    place = editable_place(entry)
    if place.is_path:
        return _normal(place.path) == _normal(url.partition("#")[0])
    bare, locked = (
        without_login(text).partition("#")[0].rstrip("/") for text in (place.where, url)
    )
    source = _COMMIT.sub("", locked)
    return bare in (locked, source) or (source != locked and bare.startswith(f"{source}@"))


def is_stored_by_digest(url: str) -> bool:
    """Return whether a URL has the form of PyPI's files, which nobody types in a manifest."""
    return bool(_BY_DIGEST.search(url.partition("#")[0]))


def _normal(path: str) -> str:
    return normpath(path.partition("#")[0])
