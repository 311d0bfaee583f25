"""Where locked PyPI packages come from: each from what the manifest asks, under its own name.

As of conda's packages (``provenance``), a lock alone can't say it. An index's pages link to files
anywhere on its server and, of some, on others, so that servers are what is compared:

1. What a line names by itself (a URL, a path, a repository) comes from there.
2. A project under ``sources`` comes from its index; others from the indexes and pages under
   ``pip:``, from PyPI where none replaces it, and from PyTorch's index where that may be asked.
3. Files on the servers that are known to belong to one of these indexes, and on those under
   ``file-hosts``, may be taken too.
4. Where a mirror stands for PyPI on this machine, ``install`` asks that for what PyPI or another
   mirror keeps by digest, whatever server is locked.
5. A file has the name of its project and version.
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
_ASKED_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Sources(NamedTuple):
    """Where packages may be: on servers (``host:port``), and in folders of this disk."""

    hosts: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()


class Direct(NamedTuple):
    """A place that a line names: of a project, ``""`` where none is said, perhaps not for all."""

    name: str
    where: str
    limited: bool = False


class Asked(NamedTuple):
    """What a target's lines allow.

    Attributes:
        folder: the manifest's, from which paths count.
        direct: what lines name by itself.
        of_all: where projects are.
        of_some: where those are that have an index of their own.
        by_digest: whether a mirror is asked for what is kept by digest.
    """

    folder: Path
    direct: tuple[Direct, ...] = ()
    of_all: Sources = Sources()
    of_some: Mapping[str, Sources] = MappingProxyType({})
    by_digest: bool = False


def asked(target: Target, mirror: str, expand: Callable[[str], str], folder: Path) -> Asked:
    """Where a target's PyPI packages may be; nowhere without a line that asks for any.

    Args:
        target: an environment on a platform.
        mirror: the URL of the index that stands for PyPI on this machine; ``""`` for none.
        expand: puts the values of environment variables into a URL.
        folder: the manifest's.
    """
    lines = [line.text.removeprefix(CONSTRAINT) for line in target.view.pypi]
    if not lines:
        return Asked(folder)
    options = [split_option(expand(text)) for text in lines]
    given = target.pypi_options
    more = {host_of(f"https://{host}") for host in given.file_hosts}
    urls = dict(given.indexes)
    own = {name: _sources([expand(urls[index])], folder) for name, index in given.sources}
    return Asked(
        folder,
        (*_direct(options), *_of_projects(target.view.projects)),
        _and(_sources(_indexes(options, target, mirror), folder), more),
        {name: _and(places, more) for name, places in own.items()},
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
            name = _ASKED_NAME.match(place.name)
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
    """Whether PyTorch's packages may be taken from its own index, as far as a manifest tells.

    A manifest that says where packages come from (``named_places``, a source of torch) is not
    contradicted.
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


def pypi_strays(files: Iterable[Place], allowed: Asked) -> list[str]:
    """What is wrong with where PyPI packages are from, a line for each package or server."""
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
    for found in elsewhere.values():
        first = min(found)
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        lines.append(
            f"{first.name} {first.version}{more}: from {first.url}, "
            "which is not a server of the manifest's indexes"
        )
    return lines


def _server(url: str) -> str:
    """Return a file's URL up to its path; ``""`` if it is not an HTTP URL."""
    if not url.lower().startswith(("http://", "https://")) or not _URL.fullmatch(url):
        return ""
    return url[: url.find("/", 8)] if url.find("/", 8) > 0 else url


def _reason(file: Place, allowed: Asked, places: Sources, *, is_there: bool) -> str | None:
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
    """Whether a file's name is that of its project and version: of a wheel, a source archive.

    Wheels by PEP 427; a source archive's name can have dashes in it, unlike PEP 625's.
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
