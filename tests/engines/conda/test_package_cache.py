"""The look at what the cache has, before it is linked."""

from __future__ import annotations

import threading
import time

from conda_multiplat.engines.conda.package_cache import _each
from conda_multiplat.vocabulary.records import CondaRecord

RECORDS = [CondaRecord(f"p{number}", "1", "0", "") for number in range(40)]


def test_slow_disk() -> None:
    """Where a disk is waited for, several are asked at once; the answers stay in order."""
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
    """Where nothing is waited for, nobody is in another's way."""
    threads = set()

    def ask(_: CondaRecord) -> bool:
        threads.add(threading.get_ident())
        return False

    assert _each(ask, RECORDS, patience=60) == [False] * len(RECORDS)
    assert threads == {threading.get_ident()}
