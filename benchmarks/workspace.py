"""What the benchmarks work in: a folder with channels, homes and projects, thrown away after."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard
from support.hosts import Host, make_host, standalone

from benchmarks import synthetic

REPOSITORY = Path(__file__).resolve().parents[1]
VARIABLE = "CONDA_MULTIPLAT_BENCH_CHANNELS"
#: The slice has five subdirs; the sixth of ``scale`` is the second under another name.
SIXTH = ("linux-aarch64", "linux-ppc64le")
PLATFORMS = synthetic.SUBDIRS
ML = ("python 3.11.*", *synthetic.TOP)


@dataclass
class Workspace:
    """The folder, and what was asked for on the command line.

    Attributes:
        folder: where everything goes.
        runs: how often each command is timed; ``None`` for each work's own number.
        limit: seconds after which a slow other is stopped.
        slice: the folder of packed channels; ``None`` for a made-up channel.
    """

    folder: Path
    runs: int | None
    limit: float
    slice: Path | None

    def times(self, usual: int) -> int:
        """How often to time a command."""
        return self.runs or usual

    def channel(self) -> str:
        """The URL of the channel to lock with."""
        folder = self.folder / "channels" / "conda-forge"
        if not folder.exists():
            if self.slice:
                _unpack(self.slice / "conda-forge", folder)
            else:
                synthetic.write_metadata(folder)
            _add_sixth(folder)
        return folder.as_uri()

    def standalone(self, label: str) -> Host:
        """``conda-multiplat`` without conda, in a new home."""
        return standalone(self._new("home", label))

    def embedded(self, label: str) -> Host:
        """The conda inside conda-lock, in a new home."""
        return make_host(("embedded",), self._new("home", label))

    def project(self, label: str, manifest: str) -> Path:
        """A folder with an ``environment.yml``."""
        folder = self._new("project", label)
        (folder / "environment.yml").write_text(manifest, encoding="utf-8")
        return folder

    def _new(self, kind: str, label: str) -> Path:
        folder = self.folder / kind / label
        folder.mkdir(parents=True)  # a name that is used twice is a mistake
        return folder

    @property
    def description(self) -> str:
        """What the figures depend on."""
        source = "the slice of conda-forge" if self.slice else "a made-up channel"
        return (
            f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}, warm caches, {source}"
        )


def manifest(
    channel: str, platforms: Sequence[str] = PLATFORMS, specs: Sequence[str] = ML, rest: str = ""
) -> str:
    """An ``environment.yml``."""
    lines = [
        "name: bench",
        f"channels: [{channel}, nodefaults]",
        f"platforms: [{', '.join(platforms)}]",
        "dependencies:",
        *(f"  - {spec}" for spec in specs),
    ]
    return "\n".join(lines) + "\n" + rest


def console_script() -> list[str]:
    """``conda-multiplat`` as it is installed beside this Python."""
    found = shutil.which("conda-multiplat", path=str(Path(sys.executable).parent))
    return [found] if found else [sys.executable, "-m", "conda_multiplat"]


def find_slice(named: str | None) -> Path | None:
    """The folder of packed channels: the option, the variable, or the one beside the repository."""
    text = named or os.environ.get(VARIABLE)
    folder = Path(text) if text else REPOSITORY.parent / "shared" / "channels"
    if (folder / "conda-forge").is_dir():
        return folder.resolve()
    if text:
        raise SystemExit(f"{text}: no folder conda-forge in it")
    return None


def _unpack(packed: Path, channel: Path) -> None:
    for source in sorted(packed.glob("*/repodata.json.zst")):
        folder = channel / source.parent.name
        folder.mkdir(parents=True)
        shutil.copyfile(source, folder / source.name)
        with source.open("rb") as packed_file, (folder / "repodata.json").open("wb") as target:
            zstandard.ZstdDecompressor().copy_stream(packed_file, target)


def _add_sixth(channel: Path) -> None:
    original, name = SIXTH
    text = (channel / original / "repodata.json").read_bytes()
    text = text.replace(f'"{original}"'.encode(), f'"{name}"'.encode())
    (channel / name).mkdir()
    (channel / name / "repodata.json").write_bytes(text)
    (channel / name / "repodata.json.zst").write_bytes(zstandard.compress(text))
