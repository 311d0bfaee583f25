"""Whether two manifests ask for the same, however they say it."""

from __future__ import annotations

from collections.abc import Iterator

from conda_multiplat.importers.values import conda_meaning, pypi_meaning
from conda_multiplat.manifest.model import Manifest


def same_requests(wanted: Manifest, got: Manifest) -> Iterator[str]:
    """Where two manifests ask for different things, as ``environment/platform``; nothing if alike.

    The order of channels counts, that of requirements does not.
    """
    if (wanted.name, wanted.platforms) != (got.name, got.platforms):
        yield "name or platforms"
    if list(wanted.environments) != list(got.environments) or wanted.prefer != got.prefer:
        yield "environments"
        return
    for name in wanted.environments:
        if wanted.platforms_of(name) != got.platforms_of(name):
            yield f"{name}'s platforms"
            continue
        for subdir in wanted.platforms_of(name):
            if _request(wanted, name, subdir) != _request(got, name, subdir):
                yield f"{name}/{subdir}"


def _request(manifest: Manifest, name: str, subdir: str) -> tuple[object, ...]:
    view = manifest.view(name, subdir)
    return (
        [channel.value for channel in view.channels],
        {(conda_meaning(each.text), each.category) for each in view.conda},
        {(pypi_meaning(each.text), each.category) for each in view.pypi},
        dict(manifest.variables.get(subdir, {})),
        [
            {key: dict(value) for key, value in each.promises.items() if value}
            for each in manifest.lineage(name)
        ],
        manifest.environments[name].solve_group,
    )
