"""OCI images as documents (image-spec 1.1): configuration, manifest, index.

All are canonical JSON, so that the same image has the same digest; no time stands in them unless
one is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.oci import CONFIG, INDEX, MANIFEST, Blob, ImagePlatform, Layer

#: PATH where a base image sets none, as Docker has it.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OWN = "org.opencontainers.image."


class Image(NamedTuple):
    """What an image is made of, a base's parts included.

    Attributes:
        platform: what it runs on.
        base: the base's configuration; nothing for none.
        base_layers: the descriptors of the base's layers.
        layers: those on top of it.
        environ: the variables of its processes.
        entrypoint: what is run, with the command as arguments; none for the base's.
        command: what is run where nobody says what; none for the base's.
        labels: with their values.
        created: an RFC 3339 time, where one is to stand there.
    """

    platform: ImagePlatform
    base: Mapping[str, Any]
    base_layers: Sequence[Blob]
    layers: Sequence[Layer]
    environ: Mapping[str, str]
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    labels: Mapping[str, str] = {}
    created: str = ""


def canonical(document: Mapping[str, Any]) -> bytes:
    """A document's bytes: sorted keys, no spaces, UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def config(image: Image) -> bytes:
    """The image's configuration: the base's, with the environment on top.

    Labels of the base that say what the base is are left out: they are not of this image.
    """
    created = {"created": image.created} if image.created else {}
    history = [
        *(image.base.get("history") or ()),
        *(_history(layer, image) for layer in image.layers),
    ]
    known = image.base.get("rootfs", {}).get("diff_ids", ())
    return canonical(
        {
            **image.platform.to_dict(),
            **created,
            "config": _process(image),
            "history": history,
            "rootfs": {
                "type": "layers",
                "diff_ids": [*known, *(layer.diff_id for layer in image.layers)],
            },
        }
    )


def _process(image: Image) -> dict[str, Any]:
    inherited = {**(image.base.get("config") or {})}
    labels = inherited.get("Labels") or {}
    theirs = {key: value for key, value in labels.items() if not key.startswith(_OWN)}
    own: dict[str, Any] = {
        "Env": [f"{name}={value}" for name, value in image.environ.items()],
        "Labels": {**theirs, **image.labels},
    }
    if image.entrypoint:
        own["Entrypoint"] = list(image.entrypoint)
    if image.command:
        own["Cmd"] = list(image.command)
    return {**inherited, **own}


def _history(layer: Layer, image: Image) -> dict[str, str]:
    created = {"created": image.created} if image.created else {}
    return {**created, "created_by": "conda multiplat image", "comment": layer.title}


def manifest(image: Image, configuration: bytes) -> bytes:
    """The image's manifest."""
    layers = [*image.base_layers, *(layer.blob for layer in image.layers)]
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": Blob.of(CONFIG, configuration).to_dict(),
            "layers": [blob.to_dict() for blob in layers],
            "annotations": {
                key: value for key, value in image.labels.items() if key.startswith(_OWN)
            },
        }
    )


def index(image: Image, manifest: bytes, tag: str) -> bytes:
    """The layout's ``index.json``, where the image has a tag."""
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [
                {
                    **Blob.of(MANIFEST, manifest).to_dict(),
                    "platform": image.platform.to_dict(),
                    "annotations": {f"{_OWN}ref.name": tag},
                }
            ],
        }
    )


def environ_of(base: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a base image sets, PATH in any case."""
    entries = (base.get("config") or {}).get("Env") or ()
    known = dict(entry.partition("=")[::2] for entry in entries)
    return {"PATH": DEFAULT_PATH, **known}
