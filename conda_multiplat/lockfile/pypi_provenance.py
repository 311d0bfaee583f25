"""Check that each locked PyPI package comes from where the manifest allows, under its own name.

As with conda's packages (``provenance``), a lock alone can't prove it. An index's pages link to
files anywhere on its server, and sometimes on other servers, so that servers are compared:

1. A URL, path or repository that a line names is where its package comes from.
2. A project under ``sources`` comes from its index; the others from the indexes and pages under
   ``pip:``, from PyPI unless an index replaces it, and from PyTorch's index if that may be used.
3. Files may also be on servers that are known to belong to one of these indexes, and on those under
   ``file-hosts``.
4. If a mirror replaces PyPI on this machine, ``install`` gets files from it that PyPI or another
   mirror stores by digest, whatever server is locked.
5. A file's name contains its project and version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from conda_multiplat.lockfile.places import Place
from conda_multiplat.manifest.model import LocalProject
from conda_multiplat.manifest.pypi_options import NO_BACKEND, PypiOptions
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary import pip_places
from conda_multiplat.vocabulary.channels import file_of, public_name
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.pip_options import (
    CONSTRAINT,
    EDITABLE,
    HASH,
    INDEXES,
    LINKS,
    split_option,
)
from conda_multiplat.vocabulary.pip_places import (
    ARCHIVES,
    editable_place,
    is_at,
    is_stored_by_digest,
    place_of,
    scheme_of,
)
from conda_multiplat.vocabulary.pypi_hosts import PYPI, PYTORCH, host_of, with_files

#: What RFC 3986 allows; programs interpret other characters in different ways.
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COMMIT = re.compile(r"@([0-9a-f]{40,64})(?:#|$)")
#: A version's numbers and words; PEP 440's other spellings of these; `1.0-1` for `1.0.post1`.
_PARTS = re.compile(r"[0-9]+|[a-z]+|[^a-z0-9.-]")
_WORDS = {
    "alpha": "a",
    "beta": "b",
    "c": "rc",
    "pre": "rc",
    "preview": "rc",
    "rev": "post",
    "r": "post",
}
_IMPLICIT_POST = re.compile(r"([0-9])-([0-9]+)$")
_REPLACING = ("-i", "--index-url")
_REQUIRED_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Sources(NamedTuple):
    """Where packages may be: on servers (``host:port``), and in local folders."""

    hosts: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()


class Direct(NamedTuple):
    """A place that a line names.

    Attributes:
        name: the project; ``""`` if the line does not name it.
        where: the URL or path.
        limited: whether a marker limits the line to some platforms.
    """

    name: str
    where: str
    limited: bool = False


class Allowed(NamedTuple):
    """The origins that a target's lines allow.

    Attributes:
        folder: the manifest's folder, to which paths are relative.
        direct: the places that lines name.
        of_all: where projects may be.
        of_some: where projects with an index of their own may be.
        by_digest: whether files that are stored by digest are fetched from a mirror.
    """

    folder: Path
    direct: tuple[Direct, ...] = ()
    of_all: Sources = Sources()
    of_some: Mapping[str, Sources] = MappingProxyType({})
    by_digest: bool = False


def allowed_origins(
    target: Target, mirror: str, expand: Callable[[str], str], folder: Path
) -> Allowed:
    """Return where a target's PyPI packages may be; nowhere if no line asks for any.

    Args:
        target: an environment on a platform.
        mirror: the URL of the index that replaces PyPI on this machine; ``""`` for none.
        expand: puts the values of environment variables into a URL.
        folder: the manifest's folder.
    """
    lines = [line.text.removeprefix(CONSTRAINT) for line in target.view.pypi]
    if not lines:
        return Allowed(folder)
    options = [split_option(expand(text)) for text in lines]
    pypi_options = target.pypi_options
    file_hosts = {host_of(f"https://{host}") for host in pypi_options.file_hosts}
    urls = dict(pypi_options.indexes)
    of_some = {
        name: _sources([expand(urls[index])], folder) for name, index in pypi_options.sources
    }
    return Allowed(
        folder,
        (*_direct(options), *_of_projects(target.view.projects)),
        _and(_sources(_indexes(options, target, mirror), folder), file_hosts),
        {name: _and(places, file_hosts) for name, places in of_some.items()},
        bool(mirror) and not {option for option, _ in options} & {*_REPLACING, "--no-index"},
    )


def _of_projects(projects: Iterable[LocalProject]) -> Iterator[Direct]:
    """Yield local projects, including those that others need, and the places that they name."""
    for project in projects:
        yield Direct("", project.folder or ".")
        metadata = project.metadata
        needs = (*metadata.dependencies, *(need for _, more in metadata.extras for need in more))
        for need in _direct(("", text) for text in needs):
            is_path = pip_places.Place(need.where).is_relative
            yield need._replace(where=f"{project.folder}/{need.where}") if is_path else need


def _direct(options: Iterable[tuple[str, str]]) -> Iterator[Direct]:
    for option, value in options:
        place: pip_places.Place | None = None
        if option in EDITABLE:
            place = editable_place(value)
        elif not option and not value.startswith(HASH):
            place = place_of(value)
        if place:
            name = _REQUIRED_NAME.match(place.name)
            where = public_name(place.where)
            yield Direct(project_name(name[0]) if name else "", where, bool(place.marker))


def _indexes(options: Sequence[tuple[str, str]], target: Target, mirror: str) -> list[str]:
    """Return the URLs and paths of the indexes and pages for all projects."""
    names = {option for option, _ in options}
    urls = [_linked(value) for option, value in options if option in LINKS]
    if "--no-index" not in names:
        urls += [value for option, value in options if option in INDEXES]
        if not names & set(_REPLACING):
            urls += [f"https://{PYPI}", mirror]
    places = names & {*INDEXES, *LINKS, "--no-index"}
    if has_pytorch(target.subdir, target.pypi_options, named_places=bool(places)):
        urls.append(f"https://{PYTORCH}")
    return urls


def has_pytorch(subdir: str, options: PypiOptions, *, named_places: bool) -> bool:
    """Return whether PyTorch's packages may come from its own index.

    They may not if the manifest states where packages come from (``named_places``, a source of
    torch), unless it chooses a backend.
    """
    if subdir.startswith("osx-") or options.torch_backend == NO_BACKEND:
        return False
    silent = not named_places and "torch" not in dict(options.sources)
    return bool(options.torch_backend) or silent


def _sources(urls: Iterable[str], folder: Path) -> Sources:
    known = [url for url in urls if url]
    local = [pip_places.Place(url) for url in known if pip_places.Place(url).is_path]
    paths = [(folder / place.path).resolve() for place in local]
    hosts = {host_of(url) for url in known} - {""}
    return Sources(with_files(hosts), tuple(map(_around, paths)))


def _around(path: Path) -> Path:
    """Return the folder that normally has an index's files: the one with its pages."""
    above = path.parent
    return path if above == above.parent else above


def _linked(path: str) -> str:
    """Return a value of ``--find-links``; for a folder, a path in it (see :func:`_around`)."""
    is_page = path.lower().endswith((".html", ".htm"))
    return path if is_page or scheme_of(path) not in ("", "file") else f"{path.rstrip('/')}/x"


def _and(places: Sources, hosts: Iterable[str]) -> Sources:
    return places._replace(hosts=places.hosts.union(hosts))


def pypi_strays(files: Iterable[Place], allowed: Allowed) -> list[str]:
    """Return what is wrong with the origin of PyPI packages, a line for each package or server."""
    lines: list[str] = []
    elsewhere: dict[str, list[Place]] = {}
    known: dict[tuple[str, Sources], bool] = {}
    for file in files:
        places = allowed.of_some.get(file.name, allowed.of_all)
        server = _server(file.url)
        if (at := (server, places)) not in known:
            known[at] = bool(server) and host_of(server) in places.hosts
        is_there = known[at] or (
            allowed.by_digest and file.name not in allowed.of_some and is_stored_by_digest(file.url)
        )
        reason = _reason(file, allowed, places, is_there=is_there)
        if reason is None:
            elsewhere.setdefault(server, []).append(file)
        elif reason:
            lines.append(f"{file.name} {file.version}: {reason}")
    for strangers in elsewhere.values():
        first = min(strangers)
        more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        lines.append(
            f"{first.name} {first.version}{more}: from {first.url}, "
            "which is not on a server of the manifest's indexes"
        )
    return lines


def _server(url: str) -> str:
    """Return a file's URL up to its path; ``""`` if it is not an HTTP URL."""
    if not url.lower().startswith(("http://", "https://")) or not _URL.fullmatch(url):
        return ""
    return url[: url.find("/", 8)] if url.find("/", 8) > 0 else url


def _reason(file: Place, allowed: Allowed, places: Sources, *, is_there: bool) -> str | None:
    """Return what is wrong with a file; ``""`` if nothing is, ``None`` if its server is.

    Args:
        file: the locked file.
        allowed: what the target's lines allow.
        places: where the project may come from.
        is_there: whether the file is on one of these servers.
    """
    scheme = scheme_of(file.url)
    if _CONTROL.search(file.url) or (scheme not in ("", "file") and not _URL.fullmatch(file.url)):
        return f"its URL is not valid: {file.url!r}"
    named = [direct for direct in allowed.direct if direct.name == file.name]
    if named and not any(direct.limited for direct in named):
        places, is_there = Sources(), False
    if is_there and is_own(file):
        return ""
    if any(_is_at(direct, file, allowed.folder) for direct in allowed.direct):
        return ""
    if scheme in ("http", "https") and not named:
        return f"its URL does not match the package: {file.url}" if is_there else None
    if scheme in ("", "file"):
        path = (allowed.folder / pip_places.Place(file.url.partition("#")[0]).path).resolve()
        if any(folder in path.parents for folder in places.folders):
            return "" if is_own(file) else f"its URL does not match the package: {file.url}"
    return f"from {file.url}, which no line of the manifest names"


def _is_at(direct: Direct, file: Place, folder: Path) -> bool:
    """Return whether a record is what a line names, at the line's commit if it states one."""
    if direct.name not in ("", file.name):
        return False
    place = pip_places.Place(direct.where)
    if place.is_path:
        path = file.url.partition("#")[0]
        named = (folder / place.path.partition("#")[0]).resolve()
        return (
            scheme_of(path) in ("", "file")
            and (folder / pip_places.Place(path).path).resolve() == named
        )
    commit, locked = _COMMIT.search(direct.where), _COMMIT.search(file.url)
    if commit and locked and commit[1] != locked[1]:
        return False
    return is_at(direct.where, public_name(file.url))


def is_own(file: Place) -> bool:
    """Return whether the name of a wheel or source archive is that of its project and version.

    Wheels are named as in PEP 427; in a source archive's name, the project may contain dashes,
    unlike in PEP 625.
    """
    name = file_of(file.url)
    if name.endswith(".whl"):
        project, _, rest = name.partition("-")
        return project_name(project) == file.name and _is_version(
            rest.partition("-")[0], file.version
        )
    stem = next((name.removesuffix(end) for end in ARCHIVES if name.endswith(end)), "")
    dashes = [match.start() for match in re.finditer("-", stem)]
    return any(
        project_name(stem[:dash]) == file.name and _is_version(stem[dash + 1 :], file.version)
        for dash in dashes
    )


def _is_version(text: str, version: str) -> bool:
    """Return whether a part of a file's name is a version, in any of PEP 440's spellings."""
    return text == version or _normal(text) == _normal(version)


def _normal(version: str) -> tuple[str, ...]:
    """Return a version's parts, the same for all spellings that PEP 440 allows.

    ``packaging`` is more exact, but takes longer to load than the rest of a check.
    """
    public, _, local = version.lower().removeprefix("v").partition("+")
    epoch, _, public = public.rpartition("!")
    public = _IMPLICIT_POST.sub(r"\1.post\2", public.replace("_", "-"))
    parts = [_WORDS.get(part, part.lstrip("0") or "0") for part in _PARTS.findall(public)]
    release = list(takewhile(str.isdigit, parts))
    rest = parts[len(release) :]
    while release[-1:] == ["0"]:
        release.pop()
    return (epoch.lstrip("0"), *release, "", *rest, "+", *re.findall("[a-z0-9]+", local))
