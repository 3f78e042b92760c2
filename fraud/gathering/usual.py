"""What share is usual among peers: each share beside how that of the others is spread."""

from collections.abc import Mapping
from dataclasses import replace

from fraud.checks.windows import Share
from fraud.maths.rates import Prior, fit, usual
from fraud.peers import ALONE, FEWEST

OUTSTANDING = 0.03  # above the usual share by so much, one is measured without itself


def with_peers(shares: Mapping[int, Share], under_review: frozenset[int] = frozenset()) -> dict[int, Share]:
    """Return each share with how the peers' are spread; who is under review shapes nothing and is compared.

    A share that stands out is measured without itself, among up to ALONE peers: beyond, one hardly moves the fit. Who
    stands out by far shapes nobody's.
    """
    cases = {one: share for one, share in shares.items() if share.of and one not in under_review}
    may = usual([share.count for share in cases.values()], [share.of for share in cases.values()])
    peers = {one: share for (one, share), chosen in zip(cases.items(), may, strict=True) if chosen}
    shared = _prior(peers)
    return {one: replace(share, peers=_without(one, share, peers, shared)) for one, share in shares.items()}


def _without(one: int, share: Share, peers: Mapping[int, Share], shared: Prior | None) -> Prior | None:
    stands_out = shared is not None and one in peers and share.value > shared.mean + OUTSTANDING
    if not stands_out or len(peers) > ALONE:
        return shared
    return _prior({other: known for other, known in peers.items() if other != one})


def _prior(peers: Mapping[int, Share]) -> Prior | None:
    if len(peers) < FEWEST:
        return None
    return fit([share.count for share in peers.values()], [share.of for share in peers.values()])
