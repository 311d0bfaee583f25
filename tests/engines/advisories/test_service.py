"""The service's protocol with many questions, and with none."""

from __future__ import annotations

from support.advisories import advisory, below, osv_service

from conda_multiplat.engines.advisories.service import Service
from conda_multiplat.machine.conda_settings import Settings


def test_many_packages() -> None:
    """No request has more queries than OSV allows, and none is left out."""
    questions = [(f"lib-{number}", "1.0") for number in range(2300)]
    about = [advisory(f"GHSA-{n}", f"lib-{n}", *below("2")) for n in (0, 999, 1000, 2299)]
    messages: list[str] = []
    with osv_service(about) as rules:
        source = Service(rules.url, Settings("linux-64"))
        advisories = source.advisories(questions, messages.append)
    assert rules.seen.count("/v1/querybatch") == 3
    assert sorted(rules.queries) == sorted(questions)
    assert {name: [record.id for record in of] for name, of in advisories.items()} == {
        f"lib-{n}": [f"GHSA-{n}"] for n in (0, 999, 1000, 2299)
    }
    assert messages[0] == f"asking {rules.url} about 2300 packages"
    assert messages[-1] == "reading advisories: 4 of 4"


def test_nothing_to_ask() -> None:
    """If nothing can be looked up, nothing is sent."""
    with osv_service([]) as rules:
        assert Service(rules.url, Settings("linux-64")).advisories([], lambda _: None) == {}
    assert rules.seen == []
