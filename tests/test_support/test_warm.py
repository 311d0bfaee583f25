"""Forked commands run what commands of their own would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import warm

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_same_modules(tmp_path: Path) -> None:
    """What is installed, not the sources in the folder that the tests are started from."""
    code = "import conda_multiplat.cli.main as main; print(main.__file__)\n"
    (tmp_path / "where.py").write_text(code, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    cold = subprocess.run(
        [sys.executable, "-m", "where"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert warm.run("where", [], tmp_path, environ, 60).stdout == cold.stdout
