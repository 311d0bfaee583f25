"""Each text is read once in a run: YAML takes most of the time that a large lock takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from conda_multiplat.cli.main import main
from conda_multiplat.lockfile.read import TextLoader

CASE = Path(__file__).parents[2] / "cases" / "foreign-lock"


class _Counted(TextLoader):  # type: ignore[misc]
    """Notes the texts that are read as locks."""

    texts: list[str] = []  # noqa: RUF012

    def __init__(self, text: str) -> None:
        self.texts.append(text)
        super().__init__(text)


@pytest.mark.parametrize("command", [["check"], ["check", "--strict"], ["list"], ["info"]])
def test_foreign_lock(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    """A lock of another tool, whose packages are looked at closely and from several sides."""
    for file in CASE.iterdir():
        shutil.copy(file, tmp_path)
    lock = tmp_path / "conda-lock.yml"  # a text of its own: other tests run in this process too
    lock.write_text(f"# {command}\n" + lock.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conda_multiplat.lockfile.read.TextLoader", _Counted)
    _Counted.texts = []
    main(command)
    read = [text for text in _Counted.texts if "\npackage:" in f"\n{text}" and len(text) > 100]
    assert len(read) == 1, (len(read), capsys.readouterr())
    assert yaml.safe_load(read[0])["package"]
