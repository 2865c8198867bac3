"""The tool servers that this service reaches, as a pattern that a URL can be checked by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mini_agent.tools.http.address import LOOPBACK, AllowList, Network

_REST: Final = r"(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]*)*$"
_LOOPBACK: Final = {LOOPBACK[0]: "127.0.0.1", LOOPBACK[1]: "::1"}


def url_pattern(allow: AllowList) -> str:
    """A pattern of addresses that are allowed; not of all of them, where a whole network is."""
    hosts = [re.escape(host).replace(r"\-", "-") for host in sorted(_hosts(allow))]
    return rf"^https?://({'|'.join(hosts)}){_REST}"


def _hosts(allow: AllowList) -> Iterator[str]:
    yield from allow.names
    for network in allow.networks:
        address = _LOOPBACK.get(network) or _first(network)
        yield f"[{address}]" if ":" in address else address


def _first(network: Network) -> str:
    """An address of the network that can be one machine's."""
    return str(network.network_address + (0 if network.num_addresses == 1 else 1))
