"""Relations that channels declare in their repodata (CEP 42)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urljoin

import rattler
from rattler.exceptions import FetchRepoDataError, GatewayError, IoError

from conda_multiplat.solving.related_channels import Relation

#: The maximum depth that CEP 42 recommends.
_MAX_DEPTH = 10


async def declared(
    gateway: rattler.Gateway, urls: Sequence[str], subdirs: Sequence[rattler.Subdir]
) -> list[Relation]:
    """Return the relations declared by channels to channels that are missing or ordered otherwise.

    It is known for channels that were read before; nothing is downloaded.

    Args:
        gateway: reads channels.
        urls: their base URLs, the first with the highest priority.
        subdirs: the platforms for which they were read; each declares its own relations.
    """
    relations = [
        relation
        for url in urls
        for subdir in subdirs
        for relation in await _of(gateway, url, subdir)
    ]
    placed = (_placed(relation, urls) for relation in relations)
    return list(dict.fromkeys(relation for relation in placed if relation))


def _placed(relation: Relation, urls: Sequence[str]) -> Relation | None:
    """Return a relation with its place among the channels; ``None`` if the order is as declared."""
    if relation.url not in urls:
        return relation
    first, second = (relation.url, relation.channel)
    if relation.kind != "base":
        first, second = second, first
    as_declared = urls.index(first) <= urls.index(second)
    return None if as_declared else relation._replace(named=True)


async def all_declared(
    gateway: rattler.Gateway, urls: Sequence[str], subdirs: Sequence[rattler.Subdir]
) -> list[Relation]:
    """Return the same, including what the declared channels declare."""
    relations: list[Relation] = []
    all_urls = list(urls)
    for _ in range(_MAX_DEPTH):
        more = [
            relation
            for relation in await declared(gateway, all_urls, subdirs)
            if not relation.named
        ]
        if not more:
            break
        relations += more
        all_urls += dict.fromkeys(relation.url for relation in more)
    return relations


async def _of(gateway: rattler.Gateway, url: str, subdir: rattler.Subdir) -> Iterable[Relation]:
    try:
        relations = await gateway.channel_relations(rattler.Channel(url), subdir)
    except (GatewayError, FetchRepoDataError, IoError):
        return ()
    if relations is None:
        return ()
    stated = {"base": relations.base, "overrides": relations.overrides}
    return [
        Relation(url, kind, urljoin(f"{url}/", reference).rstrip("/"))
        for kind, reference in stated.items()
        if reference and reference.startswith("../")  # CEP 42 allows no other
    ]
