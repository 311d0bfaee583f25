"""OCI images for tests: a base of this machine's own files, and root filesystems that run.

Layouts are written and read here without any of our code for them.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from support.packages import PYTHON, Package, Symlink

#: conda's platform of this machine's images.
SUBDIR = f"linux-{ {'x86_64': '64'}.get(platform.machine(), platform.machine()) }"
MINOR = ".".join(PYTHON.split(".")[:2])
#: What the interpreter of :func:`running_python` can import.
_IMPORTED = "import csv, email.parser, importlib.metadata, json, re, runpy, site, sys"
_LIST = f"{_IMPORTED}\nfor each in list(sys.modules.values()): print(getattr(each, '__file__', ''))"
_LIBRARY = Path(os.__file__).parent
_ENCODINGS = ("__init__", "aliases", "ascii", "cp437", "latin_1", "utf_8")


_PROGRAMS = ("unshare", "chroot", "ldd")
_CHROOT = ("unshare", "--user", "--map-root-user", shutil.which("chroot") or "")


def layout(folder: Path, images: Sequence[tuple[Mapping[str, Any], Sequence[bytes]]]) -> Path:
    """Write a layout: of each image the configuration, and its layers as tars."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    manifests = [_image(folder, config, layers) for config, layers in images]
    index = {"schemaVersion": 2, "manifests": manifests}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def _image(folder: Path, config: Mapping[str, Any], layers: Sequence[bytes]) -> dict[str, Any]:
    diffs = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in layers]
    document = {**config, "rootfs": {"type": "layers", "diff_ids": diffs}}
    kind = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": _blob(folder, f"{kind}.config.v1+json", json.dumps(document).encode()),
        "layers": [
            _blob(folder, f"{kind}.layer.v1.tar+gzip", gzip.compress(tar, 1, mtime=0))
            for tar in layers
        ],
    }
    blob = _blob(folder, manifest["mediaType"], json.dumps(manifest).encode())
    return {**blob, "annotations": {"org.opencontainers.image.ref.name": "base"}}


def _blob(folder: Path, kind: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs" / "sha256" / digest).write_bytes(content)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


def archive(folder: Path, file: Path) -> Path:
    """A layout as one file."""
    with tarfile.open(file, "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name)
    return file


def tar_of(files: Mapping[str, Path | bytes]) -> bytes:
    """A layer's tar: path -> a file of this machine, its content, or a link's target."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, source in sorted(files.items()):
            member = tarfile.TarInfo(name)
            content = source if isinstance(source, bytes) else source.read_bytes()
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def config(**process: Any) -> dict[str, Any]:
    """The configuration of a base for this machine."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    return {"architecture": machine, "os": "linux", "config": process}


def machine_base(
    folder: Path, *programs: str, scripts: Mapping[str, bytes] = MappingProxyType({})
) -> Path:
    """A base of what this machine's Python and shell need of it, of the shell, and of programs."""
    paths = [Path("/bin/sh"), *(Path(shutil.which(name) or name) for name in programs)]
    files: dict[str, Path | bytes] = {f"bin/{path.name}": path.resolve() for path in paths}
    extensions = [module for module in _modules() if module.suffix == ".so"]
    for program in (_interpreter(), *extensions, *(path.resolve() for path in paths)):
        for library in _libraries(program):
            files[str(library).lstrip("/")] = library.resolve()
    base = config(Env=["PATH=/bin", "FROM_BASE=1"])
    return layout(folder, [(base, [tar_of({**files, **scripts})])])


@functools.cache
def _modules() -> tuple[Path, ...]:
    """The files of Python's own library that are needed to import some of it."""
    stdout = subprocess.run(
        [_interpreter(), "-X", "frozen_modules=off", "-c", _LIST],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONNOUSERSITE": "1"},
    ).stdout
    modules = {Path(line) for line in stdout.splitlines() if line}
    modules |= {_LIBRARY / "encodings" / f"{name}.py" for name in _ENCODINGS}
    own = {module for module in modules if "site-packages" not in module.parts}
    return tuple(module for module in sorted(own) if module.is_relative_to(_LIBRARY))


def _interpreter() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _libraries(program: Path) -> list[Path]:
    stdout = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", stdout)]


def running_python(subdir: str) -> Package:
    """A ``python`` that runs by itself: the interpreter of the tests, with a bit of its library."""
    home = f"lib/python{MINOR}"
    return Package(
        "python",
        PYTHON,
        "0_cpython",
        subdir,
        files={
            f"bin/python{MINOR}": _interpreter().read_bytes(),
            "bin/python": Symlink(f"python{MINOR}"),
            f"{home}/site-packages/README.txt": b"packages go here\n",
            f"{home}/lib-dynload/README.txt": b"a landmark\n",
            **{
                f"{home}/{module.relative_to(_LIBRARY)}": module.read_bytes()
                for module in _modules()
            },
        },
        executables=[f"bin/python{MINOR}"],
    )


def image_documents(place: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The index, manifest and configuration of a layout's folder."""
    index = json.loads((place / "index.json").read_text("utf-8"))
    manifest = json.loads(_read(place, index["manifests"][0]["digest"]))
    return index, manifest, json.loads(_read(place, manifest["config"]["digest"]))


def _read(place: Path, digest: str) -> bytes:
    content = (place / "blobs" / digest.replace(":", "/")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    return content


def layer_tars(place: Path) -> list[tarfile.TarFile]:
    """The layers of a layout's folder, opened; each is what its digests say."""
    _, manifest, configuration = image_documents(place)
    diffs = configuration["rootfs"]["diff_ids"]
    blobs = [_read(place, layer["digest"]) for layer in manifest["layers"]]
    tars = [gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob for blob in blobs]
    assert [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars] == diffs
    return [tarfile.open(fileobj=io.BytesIO(tar)) for tar in tars]


def root_filesystem(place: Path, folder: Path) -> Path:
    """The layers of a layout's folder, one over the other."""
    for tar in layer_tars(place):
        tar.extractall(folder, filter="tar")
    return folder


def run_in(root: Path, configuration: Mapping[str, Any], *command: str) -> str:
    """Return what a command prints in a root filesystem, started as an image's is."""
    process = configuration["config"]
    done = subprocess.run(
        [*_CHROOT, str(root), *process.get("Entrypoint", ()), *command],
        capture_output=True,
        text=True,
        env=dict(entry.partition("=")[::2] for entry in process["Env"]),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def why_not_run() -> str:
    """Return why no root filesystem can be run here; ``""`` if one can."""
    if missing := [name for name in _PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(missing)}"
    done = subprocess.run([*_CHROOT, "/", "/bin/true"], capture_output=True, text=True, check=False)
    return f"no user namespace is allowed here: {done.stderr.strip()}" if done.returncode else ""
