"""Read an ``environment.yml`` of one or several platforms, to be merged with others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from conda_multiplat.importers.values import (
    Imported,
    Lost,
    lone_comments,
    refusal,
    summarise,
    trailing_comment,
)
from conda_multiplat.manifest.head import TOP_LEVEL
from conda_multiplat.manifest.model import Manifest, Requirement, View
from conda_multiplat.manifest.platform_lines import SpecCheck
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, did_you_mean, unique
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.selectors import comment_selector, dict_selector, evaluate
from conda_multiplat.vocabulary.yaml_nodes import Reader

#: Matches builds of a package for one platform, as conda exports them.
_PINNED = re.compile(r"(?P<name>[^=\s]+)==?(?P<version>[^=\s*<>!~]+)=(?P<build>[^=\s*\[\]]+)")


_DICTIONARY = re.compile(r"^\s*-\s+(sel\([^)]*\))\s*:")


def stated_platforms(source: Source) -> tuple[str, ...]:
    """Return the ``platforms:`` of a file; other problems are reported when it is read.

    Raises:
        ManifestError: it can't be parsed at all.
    """
    reader = Reader(source.file)
    root = reader.compose(source.text)
    if root is None and reader.problems:
        raise refusal(source.file, *reader.problems)
    if not isinstance(root, yaml.MappingNode):
        return ()
    values = [value for key, value in root.value if key.value == "platforms"]
    return unique(text.value for node in values for text in reader.texts(node, "platforms"))


def read_environment_file(
    source: Source,
    platforms: Sequence[str],
    cuda: str,
    *,
    check_spec: SpecCheck,
    keep_builds: bool,
) -> Imported:
    """Read a file for some platforms, applying its selectors.

    Args:
        source: the file.
        platforms: the platforms that its lines are for.
        cuda: the version of CUDA to promise there; ``""`` for none.
        check_spec: returns what is wrong with a MatchSpec.
        keep_builds: whether exact pins keep their builds.

    Raises:
        ManifestError: with every problem of the file.
    """
    manifest = read_manifest(
        [source],
        host_subdirs=platforms,
        check_spec=check_spec,
        entry_name=entry_name,
        also=platforms,
    )
    lost = [
        *_lost(source),
        *_never_selected(source, platforms),
        *lone_comments(source.file, source.text),
    ]
    manifest = _only(manifest, platforms)
    if not keep_builds:
        manifest, builds = _without_builds(manifest)
        lost += summarise(builds, Location(source.file), "the build of", "the builds of")
    if cuda:
        manifest = _promising_cuda(manifest, cuda)
    return Imported(manifest, tuple(lost), (), _comments(source, manifest))


def _only(manifest: Manifest, platforms: Sequence[str]) -> Manifest:
    """Restrict the manifest to some platforms; its other environments keep their own."""
    environments = {
        name: environment._replace(
            views={subdir: environment.views[subdir] for subdir in platforms},
            platforms=()
            if name == DEFAULT_ENVIRONMENT
            else tuple(p for p in manifest.platforms_of(name) if p in platforms),
        )
        for name, environment in manifest.environments.items()
    }
    variables = {subdir: manifest.variables[subdir] for subdir in platforms}
    return manifest._replace(
        platforms=tuple(platforms), environments=environments, variables=variables
    )


def _promising_cuda(manifest: Manifest, version: str) -> Manifest:
    """Promise the CUDA version in the file's name if the file itself promises none."""
    default = manifest.environments[DEFAULT_ENVIRONMENT]
    if any("cuda" in values for values in default.promises.values()):
        return manifest
    joined = {**default.promises}
    for subdir in manifest.platforms:
        if not subdir.startswith("osx"):
            joined[subdir] = {**joined.get(subdir, {}), "cuda": version}
    environments = {**manifest.environments, DEFAULT_ENVIRONMENT: default._replace(promises=joined)}
    return manifest._replace(environments=environments)


def _lost(source: Source) -> Iterator[Lost]:
    reader = Reader(source.file)
    root = reader.compose(source.text)
    for key, _ in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "prefix":
            hint = "`install` takes the name, or -p PREFIX"
            yield Lost(reader.place(key), "prefix: a folder of one machine", hint)
        elif key.value not in TOP_LEVEL:
            hint = did_you_mean(key.value, TOP_LEVEL)
            yield Lost(reader.place(key), f"{key.value}: unknown key", hint)


def _never_selected(source: Source, platforms: Sequence[str]) -> Iterator[Lost]:
    """Return lines whose selector is false on all platforms of the file."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        selector = comment_selector(line)
        dictionary = _DICTIONARY.search(line)
        holds = [True]
        if selector:
            holds = [evaluate(selector[0], subdir) for subdir in platforms]
        elif dictionary:
            holds = [bool(dict_selector(dictionary[1], subdir)) for subdir in platforms]
        if not any(holds):
            where = ", ".join(platforms)
            what = f"{line.split(' #')[0].strip()}: its selector is never true on {where}"
            yield Lost(Location(source.file, number), what)


def _comments(source: Source, manifest: Manifest) -> dict[Location, str]:
    lines = source.text.splitlines()
    views = (
        view
        for environment in manifest.environments.values()
        for view in environment.views.values()
    )
    places = {requirement.at for view in views for requirement in (*view.conda, *view.pypi)}
    comments = {place: trailing_comment(lines[place.line - 1]) for place in sorted(places)}
    return {place: words for place, words in comments.items() if words}


def _without_builds(manifest: Manifest) -> tuple[Manifest, list[str]]:
    """Return the manifest without the builds of exact pins, and the packages that had them."""
    names: dict[str, None] = {}

    def bare(line: Requirement) -> Requirement:
        spec, build = without_build(line.text)
        if build:
            names[line.name] = None
        return line._replace(text=spec)

    def view_of(view: View) -> View:
        return view._replace(conda=tuple(map(bare, view.conda)))

    return manifest.with_views(view_of), list(names)


def without_build(text: str) -> tuple[str, str]:
    """Split ``channel::a=1.2=py_0`` into ``channel::a ==1.2`` and ``py_0``; others have no build.

    Only an exact build with an exact version, as in an export, is removed: ``*cuda*`` is a
    requirement.
    """
    match = _PINNED.fullmatch(text)
    if match is None or not parse_spec(text).fields.get("build"):
        return text, ""
    return f"{match['name']} =={match['version']}", match["build"]
