"""Regenerate ``conda_multiplat/data/pypi_names.json``: conda package -> PyPI projects it provides.

Usage: python scripts/update_pypi_names.py

The source is the mapping that the package conda-pypi carries (made by conda-forge's bots and
grayskull), fetched from the configured package index by pip. Only what can't be guessed is kept:
names that stay different when both are normalised (PEP 503). ``_OURS`` is what the source lacks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

SOURCE = "conda-pypi"
MEMBER = "conda_pypi/grayskull_pypi_mapping.json"
TARGET = Path(__file__).resolve().parents[1] / "conda_multiplat" / "data" / "pypi_names.json"
_OURS = {
    "py-opencv": ["opencv-python", "opencv-python-headless"],
    "pytorch-cpu": ["torch"],
    "pytorch-gpu": ["torch"],
    "tensorflow-base": ["tensorflow"],
    "jaxlib": ["jaxlib"],
    "pyside6": ["pyside6", "shiboken6"],
}


def main() -> None:
    """Fetch, reduce, write."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, SOURCE]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            mapping = json.loads(archive.read(MEMBER))
    found: dict[str, set[str]] = {}
    for entry in mapping.values():
        conda, pypi = entry["conda_name"].lower(), canonicalize_name(entry["pypi_name"])
        found.setdefault(conda, set()).add(pypi)
    table = {conda: sorted(names) for conda, names in found.items()} | _OURS
    kept = {conda: table[conda] for conda in sorted(table) if table[conda] != [_guess(conda)]}
    lines = [f"  {json.dumps(conda)}: {json.dumps(names)}" for conda, names in kept.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(kept)} names of {wheel.name}")


def _guess(conda: str) -> str:
    return canonicalize_name(conda)


if __name__ == "__main__":
    main()
