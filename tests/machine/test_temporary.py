"""Temporary folders: gone with who needed them, whenever a signal comes."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from conda_multiplat.machine.interrupts import Interrupted, interruptible
from conda_multiplat.machine.temporary import remove_open_folders, temporary_folder

ROUNDS = 60


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no signal can be sent to oneself there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal(tmp_path: Path, number: signal.Signals) -> None:
    """Whether it comes while one is made, used or removed."""
    numbers = random.Random(int(number))
    for _ in range(ROUNDS):
        delay = numbers.random() / 200
        timer = threading.Timer(delay, os.kill, (os.getpid(), number))
        with pytest.raises(Interrupted):
            _work(tmp_path, timer)
        timer.join()
        assert list(tmp_path.iterdir()) == [], delay


def _work(place: Path, timer: threading.Timer) -> None:
    with interruptible():
        timer.start()
        while True:
            with temporary_folder(place, "x-") as folder:
                (folder / "a").mkdir()
                (folder / "a" / "b").write_bytes(b"")


def test_process_that_leaves(tmp_path: Path) -> None:
    """What nobody will come to remove goes before."""
    managers = [temporary_folder(tmp_path) for _ in range(3)]
    folders = [manager.__enter__() for manager in managers]
    assert sorted(tmp_path.iterdir()) == sorted(folders)
    remove_open_folders()
    assert list(tmp_path.iterdir()) == []
    for manager in managers:
        manager.__exit__(None, None, None)


def test_made_again(tmp_path: Path) -> None:
    """A stopped engine that goes on writing makes an interrupted folder again; it goes too."""
    with pytest.raises(KeyboardInterrupt), temporary_folder(tmp_path) as folder:
        raise KeyboardInterrupt
    assert not folder.exists()
    (folder / "package").mkdir(parents=True)
    remove_open_folders()
    assert list(tmp_path.iterdir()) == []


def test_failure(tmp_path: Path) -> None:
    """After an error no engine goes on: whoever makes a folder of that name keeps it."""
    with pytest.raises(OSError, match="no"), temporary_folder(tmp_path) as folder:
        raise OSError("no")
    folder.mkdir()
    remove_open_folders()
    assert list(tmp_path.iterdir()) == [folder]


def test_thread(tmp_path: Path) -> None:
    """In another thread, where no signal comes."""
    states: list[bool] = []

    def work() -> None:
        with temporary_folder(tmp_path) as folder:
            states.append(folder.is_dir())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert states == [True]
    assert list(tmp_path.iterdir()) == []
