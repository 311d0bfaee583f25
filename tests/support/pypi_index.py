"""A package index on disk (PEP 503): real wheels and source archives, made by the tests."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_TIME = (2020, 1, 1, 0, 0, 0)
#: A build backend that needs nothing but Python: it packs the project's modules.
_BACKEND = """\
import os, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.write("{module}.py")
        base = "{stem}-{version}.dist-info/"
        archive.write("PKG-INFO", base + "METADATA")
        archive.writestr(base + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                         "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(base + "RECORD", "")
    return name

build_editable = build_wheel
"""


class Index:
    """An index in a folder; serve the folder, and ``/simple`` is the index.

    Args:
        root: the folder: ``files/`` has the archives, ``simple/`` the pages.
        dated: whether it says when files were uploaded (PEP 700), which takes JSON (PEP 691).
    """

    def __init__(self, root: Path, *, dated: bool = False) -> None:
        self.root = root
        self._dated = dated
        self._files: dict[str, list[dict[str, Any]]] = {}
        (root / "files").mkdir(parents=True)
        (root / "simple").mkdir()
        self._links: dict[str, list[str]] = {}

    def wheel(
        self,
        name: str,
        version: str = "1.0",
        tag: str = "py3-none-any",
        *,
        requires: Sequence[str] = (),
        python: str = ">=3.8",
        yanked: bool = False,
        beside: bool = False,
        more: Mapping[str, str] | None = None,
        stated: Sequence[str] = (),
        uploaded: str = "2020-01-01T00:00:00Z",
    ) -> Path:
        """Add a wheel whose module says its name, version and tag.

        ``more`` are files of it: ``bin/X`` a script, ``share/X`` data, ``site-packages/X`` a file
        beside the module; other paths as they are, ``{info}`` being its ``.dist-info`` folder.
        ``beside``: with its metadata as a file of its own (PEP 658). ``stated``: more lines of it.
        """
        stem = name.replace("-", "_")
        path = self.root / "files" / f"{stem}-{version}-{tag}.whl"
        base = f"{stem}-{version}.dist-info"
        files = {
            f"{stem}.py": f"VERSION = {version!r}\nTAG = {tag!r}\n",
            f"{base}/METADATA": metadata(name, version, requires, python, stated),
            f"{base}/WHEEL": _wheel(tag),
        }
        files |= {
            _in_wheel(file, f"{stem}-{version}.data", base): text
            for file, text in (more or {}).items()
        }
        rows = "".join(f"{file},,\n" for file in (*files, f"{base}/RECORD"))
        _zip(path, {**files, f"{base}/RECORD": rows})
        if beside:
            own = path.with_name(f"{path.name}.metadata")
            own.write_text(files[f"{base}/METADATA"], encoding="utf-8")
        self._add(name, path, python, yanked=yanked, uploaded=uploaded)
        return path

    def sdist(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: Sequence[str] = (),
        stated: Sequence[str] = (),
    ) -> Path:
        """Add a source archive, whose metadata can be read without building it (PEP 643)."""
        stem = name.replace("-", "_")
        path = self.root / "files" / f"{stem}-{version}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for file, text in project_files(name, version, requires, stated).items():
                member = tarfile.TarInfo(f"{stem}-{version}/{file}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        self._add(name, path, ">=3.8", yanked=False)
        return path

    def _add(
        self,
        name: str,
        path: Path,
        python: str,
        *,
        yanked: bool,
        uploaded: str = "2020-01-01T00:00:00Z",
    ) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        mark = ' data-yanked=""' if yanked else ""
        needs = python.replace(">", "&gt;").replace("<", "&lt;")
        href = f"../../files/{path.name}#sha256={digest}"
        link = f'<a href="{href}" data-requires-python="{needs}"{mark}>{path.name}</a>'
        project = canonicalize_name(name)
        self._links.setdefault(project, []).append(link)
        folder = self.root / "simple" / project
        folder.mkdir(exist_ok=True)
        if self._dated:
            file = {
                "filename": path.name,
                "url": f"../../files/{path.name}",
                "hashes": {"sha256": digest},
                "requires-python": python,
                "yanked": yanked,
                "size": path.stat().st_size,
                "upload-time": uploaded,
            }
            self._files.setdefault(project, []).append(file)
            page = {
                "meta": {"api-version": "1.1"},
                "name": project,
                "versions": [],
                "files": self._files[project],
            }
            (folder / "index.html").write_text(json.dumps(page), encoding="utf-8")
            return
        _page(folder / "index.html", self._links[project])
        names = [f'<a href="{link}/">{link}</a>' for link in sorted(self._links)]
        _page(self.root / "simple" / "index.html", names)


def metadata(
    name: str, version: str, requires: Sequence[str], python: str, stated: Sequence[str] = ()
) -> str:
    """A package's METADATA (version 2.2: what it says of dependencies is final).

    It has the extras that the markers in ``requires`` name.
    """
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}", *(f"Requires-Dist: {require}" for require in requires)]
    extras = re.findall(r"extra == ['\"]([^'\"]+)", "\n".join(requires))
    lines += [f"Provides-Extra: {fromkey}" for fromkey in dict.fromkeys(extras)]
    return "\n".join([*lines, *stated]) + "\n"


def project_files(
    name: str, version: str, requires: Sequence[str] = (), stated: Sequence[str] = ()
) -> dict[str, str]:
    """The files of a project that builds with nothing but Python."""
    stem = name.replace("-", "_")
    listed = ", ".join(f'"{require}"' for require in requires)
    return {
        "PKG-INFO": metadata(name, version, requires, ">=3.8", stated),
        "pyproject.toml": (
            f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = [{listed}]\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        ),
        "backend.py": _BACKEND.format(stem=stem, version=version, module=stem),
        f"{stem}.py": f"VERSION = {version!r}\nTAG = 'built'\n",
    }


def write_project(folder: Path, name: str, version: str, requires: Sequence[str] = ()) -> Path:
    """A project's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in project_files(name, version, requires).items():
        (folder / file).write_text(text, encoding="utf-8")
    # Python takes what it has compiled for a text of the same second and length.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    return folder


def _in_wheel(path: str, data: str, info: str) -> str:
    """Return where a wheel has the file that will be at ``path`` in a prefix."""
    first, _, rest = path.partition("/")
    places = {"bin": f"{data}/scripts/{rest}", "site-packages": rest}
    if first in ("share", "etc", "lib64"):
        return f"{data}/data/{path}"
    return places.get(first, path.format(info=info))


def _wheel(tag: str) -> str:
    pure = "true" if tag.endswith("none-any") else "false"
    return f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"


def _zip(path: Path, files: Mapping[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), text)


def _page(path: Path, lines: Sequence[str]) -> None:
    head = "<!DOCTYPE html>\n<html><body>\n"
    path.write_text(head + "<br>\n".join(lines) + "\n</body></html>\n", encoding="utf-8")
