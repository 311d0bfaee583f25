"""OCI's words (image-spec 1.1): media types, descriptors, layers, platforms."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: How Docker calls what OCI has by other names; the bytes are the same.
AS_IN_OCI: Mapping[str, str] = {
    "application/vnd.docker.container.image.v1+json": CONFIG,
    "application/vnd.docker.distribution.manifest.list.v2+json": INDEX,
    "application/vnd.docker.distribution.manifest.v2+json": MANIFEST,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER,
}
#: Where an image has its environment.
PREFIX = "/opt/env"
#: What ``oci-layout`` says.
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
#: conda's subdirs as Go names their platforms, which OCI does too.
_ARCHITECTURES: Mapping[str, tuple[str, str]] = {
    "linux-32": ("386", ""),
    "linux-64": ("amd64", ""),
    "linux-aarch64": ("arm64", ""),
    "linux-armv6l": ("arm", "v6"),
    "linux-armv7l": ("arm", "v7"),
    "linux-ppc64le": ("ppc64le", ""),
    "linux-riscv64": ("riscv64", ""),
    "linux-s390x": ("s390x", ""),
}


class ImagePlatform(NamedTuple):
    """What an image runs on; the system is Linux."""

    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, ("linux", *self)))

    def to_dict(self) -> dict[str, str]:
        """As an index and a configuration have it."""
        variant = {"variant": self.variant} if self.variant else {}
        return {"architecture": self.architecture, "os": "linux", **variant}

    def is_of(self, document: Mapping[str, Any]) -> bool:
        """Whether an image with this ``platform``, or configuration, runs there."""
        theirs = document.get("os"), document.get("architecture")
        variant = document.get("variant", self.variant)
        return theirs == ("linux", self.architecture) and self.variant in ("", variant)


class Blob(NamedTuple):
    """A descriptor: what refers to a blob."""

    media_type: str
    digest: str
    size: int

    def to_dict(self) -> dict[str, Any]:
        """The descriptor's JSON form."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Blob:
        """The descriptor of some bytes."""
        return cls(media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


class Layer(NamedTuple):
    """A layer: its blob, the digest of its tar, and what is in it.

    Attributes:
        blob: as it is stored, compressed.
        diff_id: the digest of what is in the blob.
        title: what is in it, for the image's history.
    """

    blob: Blob
    diff_id: str
    title: str


def image_platform(subdir: str) -> ImagePlatform | None:
    """What an image of conda's platform ``subdir`` runs on; ``None`` where there are none."""
    known = _ARCHITECTURES.get(subdir)
    return ImagePlatform(*known) if known else None
