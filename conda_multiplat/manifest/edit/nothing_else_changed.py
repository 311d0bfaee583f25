"""Verify that an edit changes nothing in a manifest but what was requested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from conda_multiplat.manifest.edit.document import UNCHANGED
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.errors import NOWHERE, Location, ManifestError
from conda_multiplat.vocabulary.implied_promises import Implied
from conda_multiplat.vocabulary.markers import may_hold
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

#: An environment's own requirements on each platform: whether one is PyPI's, and its text.
_Lines = Mapping[str, Counter[tuple[bool, str]]]


def refuse_unless_only(before: Draft, after: Draft, change: Change, text: str | None) -> None:
    """Refuse an edit that changes the meaning of anything else.

    Args:
        before: the manifest before the edit.
        after: the manifest after it.
        change: the requested change.
        text: the new requirement; ``None`` for none.

    Raises:
        ManifestError: with what to do.
    """
    if _content(before.manifest) == _content(after.manifest) and all(
        _lines(before, name, change if name == change.environment else None, text)
        == _lines(after, name, None, None)
        for name in before.manifest.environments
    ):
        return
    file = after.home_of(change.environment).file
    raise changes_more(
        file, f"`{text}` could not be added" if text else f"`{change.name}` could not be removed"
    )


def changes_more(file: str, what: str) -> ManifestError:
    """Return the error for an edit that would change more than requested."""
    reason = "an anchor, or a selector on a line around it, ties it to other lines"
    return ManifestError(
        f"{file} can't be edited",
        details=[f"{what} without changing other parts of the file", reason],
        hints=[UNCHANGED, "change it by hand, then run `conda multiplat lock`"],
    )


def same_but_for_platforms(before: Draft, after: Draft, environment: str) -> bool:
    """Return whether two manifests are equal but for an environment's platforms."""
    subdirs = before.subdirs & after.subdirs
    old, new = (_without_platforms(manifest, environment, subdirs) for manifest in (before, after))
    return old == new


def same_but_for_lines(before: Draft, after: Draft, texts: Mapping[Location, str]) -> bool:
    """Return whether two manifests are equal but for the text of lines at some places.

    A line that moves to the right is at another place, and the order of lines counts.
    """
    contents = (
        {
            (name, subdir): [(texts.get(line.at, line.text), line.category) for line in lines]
            for name, environment in before.manifest.environments.items()
            for subdir, view in environment.views.items()
            for lines in [(*view.conda, *view.pypi)]
        },
        {
            (name, subdir): [(line.text, line.category) for line in (*view.conda, *view.pypi)]
            for name, environment in after.manifest.environments.items()
            for subdir, view in environment.views.items()
        },
    )
    return _content(before.manifest) == _content(after.manifest) and contents[0] == contents[1]


def same_but_for_promises(
    before: Draft, after: Draft, environment: str, promises: Mapping[str, Sequence[Implied]]
) -> bool:
    """Return whether two manifests are equal but for additional promises of an environment."""
    stated = {
        subdir: dict(values)
        for subdir, values in before.manifest.environments[environment].promises.items()
    }
    for subdir, implied in promises.items():
        stated.setdefault(subdir, {}).update({promise.name: promise.value for promise in implied})
    expected, actual = _full_content(before.manifest), _full_content(after.manifest)
    expected["environments"][environment]["promises"] = stated
    return expected == actual


def _full_content(manifest: Manifest) -> dict[str, Any]:
    """Return the content of a manifest, including its dependencies."""
    content = _content(manifest)
    for name, environment in content["environments"].items():
        views = manifest.environments[name].views
        environment["lines"] = {subdir: _counted(view) for subdir, view in views.items()}
    return content


def _without_platforms(draft: Draft, environment: str, subdirs: frozenset[str]) -> dict[str, Any]:
    manifest = draft.manifest
    content = _content(manifest)
    holder = content if environment == DEFAULT_ENVIRONMENT else content["environments"][environment]
    del holder["platforms"]
    content["variables"] = {subdir: manifest.variables.get(subdir) for subdir in subdirs}
    for name, described in content["environments"].items():
        views = manifest.environments[name].views
        described["channels"] = {subdir: described["channels"].get(subdir) for subdir in subdirs}
        described["lines"] = {
            subdir: _counted(views[subdir]) for subdir in subdirs if subdir in views
        }
    return content


def _lines(draft: Draft, name: str, change: Change | None, text: str | None) -> _Lines:
    """Return an environment's requirements; with ``change``, those that it should have."""
    reach = draft.reach(name)
    views = draft.manifest.environments[name].views
    expected = {subdir: _counted(view, subdir) for subdir, view in views.items() if subdir in reach}
    for subdir in change.selection.platforms if change else ():
        assert change is not None
        for line in draft.own_requirements(name, subdir, pypi=change.pypi):
            if change.matches(line):
                del expected[subdir][change.pypi, line.text]
        if text is not None and (not change.pypi or may_hold(text, subdir)):
            expected[subdir][change.pypi, text] = 1
    return expected


def counts(line: Requirement, subdir: str, *, pypi: bool) -> bool:
    """Return whether a line applies on a platform that its selector names.

    A line of ``pip:`` does not if its marker is always false there.
    """
    return not pypi or may_hold(line.text, subdir)


def _counted(view: View, subdir: str = "") -> Counter[tuple[bool, str]]:
    """Return the lines of a platform; with ``subdir``, only those that apply there."""
    kinds = ((False, view.conda), (True, view.pypi))
    return Counter(
        (is_pypi, line.text)
        for is_pypi, lines in kinds
        for line in lines
        if not subdir or counts(line, subdir, pypi=is_pypi)
    )


def _content(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest's content without dependencies and positions."""
    content = manifest._asdict()
    for key in ("files", "warnings", "platforms_given"):
        del content[key]
    environments = manifest.environments.items()
    content["licenses"] = manifest.licenses.content()
    content["ignored"] = [ignored._replace(at=NOWHERE) for ignored in manifest.ignored]
    return {
        **content,
        "environments": {name: _without_lines(environment) for name, environment in environments},
    }


def _without_lines(environment: Environment) -> dict[str, Any]:
    content = environment._replace(at=NOWHERE, promise_places={})._asdict()
    views = content.pop("views").items()
    channels = {subdir: [channel.value for channel in view.channels] for subdir, view in views}
    return {**content, "channels": channels}
