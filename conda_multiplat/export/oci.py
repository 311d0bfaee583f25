"""OCI images as documents (image-spec 1.1): configuration, manifest, index.

All are canonical JSON, so that the same image has the same digest; they contain no time unless one
is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.oci import CONFIG, INDEX, MANIFEST, Blob, ImagePlatform, Layer

#: Docker's default PATH, for base images without one.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OWN = "org.opencontainers.image."


class Image(NamedTuple):
    """The parts of an image, including those of its base.

    Attributes:
        platform: its platform.
        base: the base's configuration; empty if there is no base.
        base_layers: the descriptors of the base's layers.
        layers: the layers on top of them.
        environ: the environment variables of its processes.
        entrypoint: the program to run, with the command as arguments; empty for the base's.
        command: the default command; empty for the base's.
        labels: label -> value.
        created: the time of creation (RFC 3339); ``""`` for none.
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
    """Return a document's bytes: JSON with sorted keys, without spaces, in UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def config(image: Image) -> bytes:
    """Return the image's configuration: the base's, with the environment on top.

    Labels that describe the base are left out: they don't describe this image.
    """
    created = {"created": image.created} if image.created else {}
    history = [
        *(image.base.get("history") or ()),
        *(_history(layer, image) for layer in image.layers),
    ]
    base_diff_ids = image.base.get("rootfs", {}).get("diff_ids", ())
    return canonical(
        {
            **image.platform.to_dict(),
            **created,
            "config": _process(image),
            "history": history,
            "rootfs": {
                "type": "layers",
                "diff_ids": [*base_diff_ids, *(layer.diff_id for layer in image.layers)],
            },
        }
    )


def _process(image: Image) -> dict[str, Any]:
    inherited = {**(image.base.get("config") or {})}
    labels = inherited.get("Labels") or {}
    inherited_labels = {key: value for key, value in labels.items() if not key.startswith(_OWN)}
    process: dict[str, Any] = {
        "Env": [f"{name}={value}" for name, value in image.environ.items()],
        "Labels": {**inherited_labels, **image.labels},
    }
    if image.entrypoint:
        process["Entrypoint"] = list(image.entrypoint)
    if image.command:
        process["Cmd"] = list(image.command)
    return {**inherited, **process}


def _history(layer: Layer, image: Image) -> dict[str, str]:
    created = {"created": image.created} if image.created else {}
    return {**created, "created_by": "conda multiplat image", "comment": layer.title}


def manifest(image: Image, configuration: bytes) -> bytes:
    """Return the image's manifest."""
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
    """Return the layout's ``index.json``, which gives the image a tag."""
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
    """Return the variables that a base image sets; PATH is always among them."""
    entries = (base.get("config") or {}).get("Env") or ()
    variables = dict(entry.partition("=")[::2] for entry in entries)
    return {"PATH": DEFAULT_PATH, **variables}
