"""A locked environment as an OCI image (image-spec 1.1), without docker, a daemon, or root.

Flow::

    Choice -> temporary folder, with the image's prefix in its files -> layers (threads)
           -> configuration, manifest, index -> into place, at once

Files are written to layers in blocks. Nothing depends on the time, the user or the machine.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.actions.image.lay_out import ROOT, LaidOut, laid_out, sbom_path
from conda_multiplat.actions.image.wheels import refuse_unbuilt
from conda_multiplat.actions.install.choose_environment import Choice
from conda_multiplat.actions.install.prefix_changes import require_allowed
from conda_multiplat.activation.entrypoint import ENTRYPOINT, entrypoint
from conda_multiplat.activation.model import activated
from conda_multiplat.export import oci
from conda_multiplat.export.image_layers import Group, groups
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.oci.bases import Base, copy_layers, programs
from conda_multiplat.machine.oci.layers import Entry, write_layer
from conda_multiplat.machine.oci.layouts import add_blob, new_layout
from conda_multiplat.machine.progress import Progress, progress
from conda_multiplat.machine.project import Project
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.exclude_newer import in_words
from conda_multiplat.vocabulary.oci import CONFIG, MANIFEST, PREFIX, ImagePlatform, Layer

#: The shells that can run activation scripts, the best first.
_SHELLS = ("bin/bash", "usr/bin/bash", "bin/sh", "usr/bin/sh")
#: The end of the year 9999, the last that a configuration can have.
_LATEST = 253402300799
#: The number of layers to write at once.
_AT_ONCE = 4


class Request(NamedTuple):
    """The parameters of an image.

    Attributes:
        subdir: conda's platform.
        platform: the same in OCI's terms.
        target: the layout's folder, or its archive.
        tag: its tag in the layout.
        base: the base image, if any.
        labels: additional labels.
        seconds: its creation time, in seconds since 1970; ``None`` for none.
    """

    subdir: str
    platform: ImagePlatform
    target: Path
    tag: str
    base: Base | None
    labels: Mapping[str, str]
    seconds: int | None


class WrittenImage(NamedTuple):
    """An image that was written.

    Attributes:
        digest: the digest of its manifest.
        layers: its own layers.
        layers_of_base: the number of layers of its base.
        unrun: the packages' installation scripts, which were not run.
        unsourced: the activation scripts that will not run, since the image has no shell.
        size: the stored size of all layers in bytes, including the base's.
    """

    digest: str
    layers: Sequence[Layer]
    layers_of_base: int
    unrun: Sequence[str]
    unsourced: Sequence[str]
    size: int


def time_of_image(environ: Mapping[str, str]) -> int | None:
    """Return ``SOURCE_DATE_EPOCH`` in seconds since 1970; ``None`` if it is not set.

    Raises:
        UsageError: it is not such a number.
    """
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _LATEST:
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970")
    return int(text)


def refuse_unfit(project: Project, choice: Choice, settings: Settings) -> None:
    """Refuse an environment of which no image can be made, before anything is fetched.

    Raises:
        UsageError: a PyPI package is not a wheel.
        ChannelRefusedError: conda's configuration does not allow a locked package's channel.
    """
    refuse_unbuilt(choice.locked.pypi)
    require_allowed(project, choice, settings)


def make_image(
    project: Project, choice: Choice, request: Request, settings: Settings, console: Console
) -> WrittenImage:
    """Build the image of an environment that fits (:func:`refuse_unfit`).

    On errors, an existing image is kept.

    Raises:
        UsageError: the base does not match its digests.
        OutsideError: a package can't be fetched, or the image can't be written.
    """
    locked = choice.locked
    steps = 2 * len(locked.records) + 3 * len(locked.pypi)
    with (
        progress(console, steps) as bar,
        new_layout(request.target) as layout,
        laid_out(project, choice, settings, bar, request.seconds or 0) as environment,
    ):
        return _written(environment, choice, request, layout, bar)


def _written(
    environment: LaidOut,
    choice: Choice,
    request: Request,
    layout: Path,
    bar: Progress,
) -> WrittenImage:
    shell = _shell(environment, request.base)
    scripts = environment.activation.scripts_on(".sh")
    started = [f"{PREFIX}/{ENTRYPOINT}"] if scripts and shell else []
    layers = _layers(environment, shell if started else "", layout, bar)
    if request.base:
        bar.now("the base image")
        copy_layers(request.base, layout)
    image = _image(environment, choice, request, layers, started)
    configuration = oci.config(image)
    manifest = oci.manifest(image, configuration)
    add_blob(layout, CONFIG, configuration)
    digest = add_blob(layout, MANIFEST, manifest).digest
    bar.now(request.target.name)
    (layout / "index.json").write_bytes(oci.index(image, manifest, request.tag))
    return WrittenImage(
        digest,
        layers,
        len(image.base_layers),
        [script for package in environment.conda for script in package.scripts],
        () if started else scripts,
        sum(blob.size for blob in (*image.base_layers, *(layer.blob for layer in layers))),
    )


def _image(
    environment: LaidOut,
    choice: Choice,
    request: Request,
    layers: Sequence[Layer],
    started: Sequence[str],
) -> oci.Image:
    base = request.base
    python = f"{ROOT}/bin/python" in environment.paths
    config: Mapping[str, Any] = base.config if base else {}
    variables = activated(environment.activation, oci.environ_of(config))
    variables.pop("CONDA_PROMPT_MODIFIER", None)
    labels = {
        "conda-multiplat.environment": choice.environment,
        "conda-multiplat.platform": request.subdir,
        "conda-multiplat.content-hash": choice.locked.content_hash,
        "conda-multiplat.sbom": f"{PREFIX}/{sbom_path(choice.environment, request.subdir)}",
        **({"org.opencontainers.image.base.digest": base.digest} if base else {}),
        **request.labels,
    }
    return oci.Image(
        request.platform,
        config,
        base.layers if base else (),
        layers,
        variables,
        started,
        [f"{PREFIX}/bin/python"] if python and not _starts_something(config) else [],
        labels,
        "" if request.seconds is None else in_words(request.seconds),
    )


def _starts_something(config: Mapping[str, Any]) -> bool:
    """Return whether a base states what its containers run."""
    process = config.get("config") or {}
    return bool(process.get("Cmd") or process.get("Entrypoint"))


def _shell(environment: LaidOut, base: Base | None) -> str:
    """Return the shell for activation scripts: the environment's bash, else one of the base."""
    if not environment.activation.scripts_on(".sh"):
        return ""
    if f"{ROOT}/bin/bash" in environment.paths:
        return f"{PREFIX}/bin/bash"
    present = programs(base, _SHELLS) if base else set()
    return next((f"/{path}" for path in _SHELLS if path in present), "")


def _layers(environment: LaidOut, shell: str, layout: Path, bar: Progress) -> list[Layer]:
    """Write the layers concurrently: conda packages, PyPI packages, and all other files."""
    parts: list[tuple[Group, list[Entry]]] = []
    for manager, packages in (("conda", environment.conda), ("pypi", environment.pypi)):
        by_name = {package.name: package for package in packages}
        for group in groups({name: package.size for name, package in by_name.items()}, manager):
            entries = [entry for name in group.names for entry in by_name[name].entries]
            parts.append((group, entries))
    parts.append((Group("", "the environment itself", ()), _own(environment, shell)))
    with _pool() as (pool, stopped):

        def write(group: Group, entries: Sequence[Entry]) -> Layer:
            bar.now(group.title)
            layer = write_layer(entries, group.title, layout, stopped.is_set)
            bar.step(len(group.names))
            return layer

        return list(pool.map(write, *zip(*parts, strict=True)))


@contextmanager
def _pool() -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """Yield a pool of threads, and an event that tells them to stop."""
    stopped = threading.Event()
    pool = ThreadPoolExecutor(max_workers=min(_AT_ONCE, os.cpu_count() or 1))
    try:
        yield pool, stopped
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _own(environment: LaidOut, shell: str) -> list[Entry]:
    """Return the files that belong to no package: conda's own, and the entry point."""
    if not shell:
        return list(environment.own)
    text = entrypoint(environment.activation, shell)
    entry = Entry(f"{ROOT}/{ENTRYPOINT}", text.encode(), environment.seconds, executable=True)
    return [*environment.own, entry]
