"""Checking the packages in the cache before they are linked."""

from __future__ import annotations

import threading
import time

from conda_multiplat.engines.conda.package_cache import _each
from conda_multiplat.vocabulary.records import CondaRecord

RECORDS = [CondaRecord(f"p{number}", "1", "0", "") for number in range(40)]


def test_slow_disk() -> None:
    """On a slow disk, packages are checked in parallel; the answers stay in order."""
    threads = set()

    def ask(record: CondaRecord) -> bool:
        threads.add(threading.get_ident())
        time.sleep(0.02)
        return record.name.endswith("7")

    answers = _each(ask, RECORDS, patience=0.05)
    assert [record.name for record, wrong in zip(RECORDS, answers, strict=True) if wrong] == [
        "p7",
        "p17",
        "p27",
        "p37",
    ]
    assert len(threads) > 2


def test_fast_disk() -> None:
    """On a fast disk, packages are checked one after the other."""
    threads = set()

    def ask(_: CondaRecord) -> bool:
        threads.add(threading.get_ident())
        return False

    assert _each(ask, RECORDS, patience=60) == [False] * len(RECORDS)
    assert threads == {threading.get_ident()}
