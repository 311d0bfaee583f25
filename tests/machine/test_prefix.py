"""A prefix that an engine was stopped in: what its threads still write is whole, or is gone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from conda_multiplat.machine.prefix import let_records_finish


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_records_begun_are_finished(tmp_path: Path, error: type[BaseException]) -> None:
    """A thread that writes a record in two steps is waited for, and one that died is cleaned up."""
    records = tmp_path / "conda-meta"
    records.mkdir()
    (tmp_path / "symtest_1").symlink_to("nowhere")
    (records / "prefix_record_dead").touch()
    begun = [records / f"prefix_record_{number}" for number in range(5)]
    for temporary in begun:
        temporary.touch()

    def write() -> None:
        for number, temporary in enumerate(begun):
            time.sleep(0.1)  # longer than names that don't change are waited for
            temporary.rename(records / f"package{number}.json")

    thread = threading.Thread(target=write)
    thread.start()
    with pytest.raises(error), let_records_finish(tmp_path):
        raise error
    left = {path.name for path in tmp_path.rglob("*")}
    thread.join()
    assert left == {"conda-meta", *(f"package{number}.json" for number in range(5))}


def test_without_a_prefix(tmp_path: Path) -> None:
    """An engine that was stopped before it made the prefix leaves nothing to wait for."""
    with pytest.raises(KeyboardInterrupt), let_records_finish(tmp_path / "none"):
        raise KeyboardInterrupt
    assert not (tmp_path / "none").exists()
