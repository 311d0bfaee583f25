"""OCI's data types (image-spec 1.1): media types, descriptors, layers, platforms."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: Docker's names for OCI's media types; the bytes are the same.
AS_IN_OCI: Mapping[str, str] = {
    "application/vnd.docker.container.image.v1+json": CONFIG,
    "application/vnd.docker.distribution.manifest.list.v2+json": INDEX,
    "application/vnd.docker.distribution.manifest.v2+json": MANIFEST,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER,
}
#: The folder of the environment in an image.
PREFIX = "/opt/env"
#: The content of ``oci-layout``.
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
#: conda's subdirs with Go's names of their platforms, which OCI uses.
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
    """The platform of an image; the system is always Linux."""

    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, ("linux", *self)))

    def to_dict(self) -> dict[str, str]:
        """Return the form that an index and a configuration contain."""
        variant = {"variant": self.variant} if self.variant else {}
        return {"architecture": self.architecture, "os": "linux", **variant}

    def is_of(self, document: Mapping[str, Any]) -> bool:
        """Return whether an image with this ``platform`` or configuration is for this platform."""
        theirs = document.get("os"), document.get("architecture")
        variant = document.get("variant", self.variant)
        return theirs == ("linux", self.architecture) and self.variant in ("", variant)


class Blob(NamedTuple):
    """A descriptor, which refers to a blob."""

    media_type: str
    digest: str
    size: int

    def to_dict(self) -> dict[str, Any]:
        """Return the descriptor's JSON form."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Blob:
        """Return the descriptor of ``content``."""
        return cls(media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


class Layer(NamedTuple):
    """A layer: its blob, the digest of its tar, and a title.

    Attributes:
        blob: the descriptor of the compressed layer.
        diff_id: the digest of the uncompressed tar.
        title: its content in words, for the image's history.
    """

    blob: Blob
    diff_id: str
    title: str


def image_platform(subdir: str) -> ImagePlatform | None:
    """Return the OCI platform of ``subdir``; ``None`` if there are no images for it."""
    known = _ARCHITECTURES.get(subdir)
    return ImagePlatform(*known) if known else None
