"""The driver that tries our readers on a folder of files, on our own cases."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("read_files", ROOT / "scripts" / "read_files.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_no_reader_fails(driver: ModuleType) -> None:
    """Each of our cases is read, or refused with a message; valid ones are read."""
    outcomes = [driver.tried(path) for path in driver.files_in(CASES)]
    assert [outcome for outcome in outcomes if outcome.state == driver.FAILED] == []
    good = [outcome for outcome in outcomes if "good" in outcome.path.parts]
    assert {outcome.state for outcome in good} == {driver.TAKEN}


def test_rates(driver: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was taken, by kind, and why the rest was not."""
    (tmp_path / "a.yml").write_text("dependencies: [python]\n", encoding="utf-8")
    (tmp_path / "b.yml").write_text("dependencies: ['a >>1']\n", encoding="utf-8")
    (tmp_path / "c.yml").write_text("dependencies: ['b >>12']\n", encoding="utf-8")
    assert driver.main([str(tmp_path)]) == 0
    capsys.readouterr()
    old = "version: 6\nenvironments: {}\npackages: []\n"
    (tmp_path / "pixi.lock").write_text(old, encoding="utf-8")
    (tmp_path / "old.pixi.lock").write_text("version: 4\n", encoding="utf-8")
    assert driver.main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "pixi.lock             2      1        1       0  50.0%"
    del lines[2]
    assert lines[1] == "environment           3      1        2       0  33.3%"
    assert lines[3].startswith("    2 x not a MatchSpec: 'a >>1' (")
    assert lines[3].endswith("b.yml)")
    (tmp_path / "v.yml").write_text("subdirs: {linux-64: {packages: {__cuda: '12'}}}\n", "utf-8")
    assert driver.main([str(tmp_path)]) == 0
    assert "virtual-packages      1      1        0       0  100.0%\n" in capsys.readouterr().out


def test_nothing_to_read(
    driver: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without such files, or a missing one, is an error."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SystemExit) as end:
            driver.main([str(folder)])
        assert end.value.code == 2
        assert f"{folder} has no file that a reader of ours could take" in capsys.readouterr().err
