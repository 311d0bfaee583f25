"""The order of installation: what is needed first, the same for any order of input."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from support.growth import require_linear

from conda_multiplat.export.install_order import topological
from conda_multiplat.vocabulary.records import CondaRecord


def record(name: str, *depends: str, url: str = "") -> CondaRecord:
    """Return a record of which only the name and dependencies matter."""
    return CondaRecord(name, "1", "0", url or f"https://x/noarch/{name}-1-0.conda", depends=depends)


def names(records: list[CondaRecord]) -> list[str]:
    return [package.name for package in topological(records)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """All that ``start`` needs, over however many steps."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def random_graph(seed: int) -> dict[str, set[str]]:
    """Up to 25 packages with needs at random; cycles are likely in the denser ones."""
    chance = random.Random(seed)
    known = [f"p{number:02}" for number in range(chance.randint(1, 25))]
    density = chance.choice((0.03, 0.08, 0.15))
    return {one: {other for other in known if chance.random() < density} for one in known}


def records_of(graph: dict[str, set[str]]) -> list[CondaRecord]:
    return [record(name, *(f"{need} >=1" for need in needs)) for name, needs in graph.items()]


def test_needed_first_then_alphabet():
    """What is needed comes first, and among what is ready the alphabet decides."""
    given = [
        record("b", "z >=1"),
        record("a", "y", "b"),
        record("z"),
        record("y"),
        record("c"),
    ]
    assert names(given) == ["c", "y", "z", "b", "a"]


def test_nothing():
    """Without records, the result is empty."""
    assert topological([]) == []


def test_every_spelling_of_a_need():
    """Needs are found whatever MatchSpec says them."""
    given = [
        record("a", "conda-forge::z >=1"),
        record("b", "y=1=0"),
        record("c", "X[version='>=1']"),
        record("x"),
        record("y"),
        record("z"),
    ]
    assert names(given) == ["x", "c", "y", "b", "z", "a"]


def test_virtual_and_missing_names_are_ignored():
    """A need that no record meets orders nothing; neither does a need of oneself."""
    assert names([record("b", "__glibc >=2.17", "gone"), record("a", "a", "b")]) == ["b", "a"]


def test_python_before_pip():
    """Old channels let python need pip: python is installed first all the same."""
    given = [
        record("app", "pip"),
        record("pip", "python", "setuptools", "wheel"),
        record("python", "openssl", "pip"),
        record("setuptools", "python", "certifi"),
        record("wheel", "python", "setuptools"),
        record("certifi", "python"),
        record("openssl"),
    ]
    assert names(given) == ["openssl", "python", "certifi", "setuptools", "wheel", "pip", "app"]


def test_a_cycle_waits_for_what_it_needs():
    """A cycle comes after what it needs outside, even where the alphabet says otherwise."""
    given = [record("a", "b"), record("b", "a", "z"), record("z"), record("aa", "a")]
    assert names(given) == ["z", "b", "a", "aa"]


def test_two_cycles_in_a_row():
    """Of two cycles that of the needed packages comes first, as a whole."""
    given = [record("a", "b", "y"), record("b", "a"), record("x", "y"), record("y", "x")]
    assert names(given) == ["y", "x", "b", "a"]


def test_no_record_is_lost_to_one_of_the_same_name():
    """Two records of one name stay two, in the order of their URLs."""
    urls = ["https://x/2.conda", "https://x/1.conda"]
    order = topological([*(record("a", "b", url=url) for url in urls), record("b")])
    assert [package.name for package in order] == ["b", "a", "a"]
    assert [package.url for package in order[1:]] == sorted(urls)


@pytest.mark.parametrize("seed", range(150))
def test_properties_on_random_graphs(seed: int):
    """Every need outside a cycle is met before, cycles stay together, input order is nothing."""
    graph = random_graph(seed)
    given = records_of(graph)
    order = names(given)
    place = {name: number for number, name in enumerate(order)}
    needs = {name: reachable(graph, name) for name in graph}
    assert sorted(order) == sorted(graph)
    for name in graph:
        for other in needs[name]:
            assert name in needs[other] or place[other] < place[name]
        cycle = {name} | {need for need in needs[name] if name in needs[need]}
        places = [place[member] for member in cycle]
        assert max(places) - min(places) == len(cycle) - 1
    random.Random(seed).shuffle(given)
    assert names(given) == order


@pytest.mark.parametrize("seed", range(0, 150, 5))
def test_the_alphabet_among_the_ready_ones(seed: int):
    """Without cycles the order is the plain algorithm's: always the first name that is ready."""
    graph = {
        name: {need for need in needs if need > name} for name, needs in random_graph(seed).items()
    }
    expected: list[str] = []
    while len(expected) < len(graph):
        ready = (n for n, needs in graph.items() if n not in expected and needs <= {*expected})
        expected.append(min(ready))
    assert names(records_of(graph)) == expected


@pytest.mark.slow
@pytest.mark.timed
@pytest.mark.parametrize("closed", [False, True], ids=["chain", "ring"])
def test_thousands_in_a_row(closed: bool):
    """A long chain, or one that closes, needs neither recursion nor time."""

    def chain(count: int) -> Callable[[], object]:
        given = [record(f"p{number:05}", f"p{number + 1:05}") for number in range(count - 1)]
        given.append(record(f"p{count - 1:05}", *(["p00000"] if closed else [])))
        return lambda: _require_reversed(given)

    require_linear(chain, 400)


def _require_reversed(given: list[CondaRecord]) -> None:
    order = names(given)
    assert order == sorted(order, reverse=True)
