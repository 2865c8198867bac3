"""Which tool servers may be reached: an allow-list of host names and networks, checked before and after resolving.

A base URL comes from a request and is hostile. Its host must be listed: an address by a network that holds it, a name by
itself. A name that is not listed is never looked up. What a listed name resolves to must be public or in a listed
network, so that a name whose answer changes reaches no private address, and metadata services are never reached
(OWASP, Server-Side Request Forgery Prevention; RFC 6890).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

VARIABLE = "MINI_AGENT_TOOL_HTTP_ALLOW"
DEFAULT = "localhost"

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this host": reaches loopback
        "169.254.0.0/16",  # link-local, with the metadata service of most clouds
        "100.100.100.200/32",  # Alibaba Cloud's metadata service
        "192.0.0.192/32",  # Oracle Cloud's
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",  # Amazon's metadata service
        "2001::/32",  # Teredo: carries an IPv4 address that nobody checked
    )
)
"""No list opens these."""

NAT64 = ip_network("64:ff9b::/96")
NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\Z")


@dataclass(frozen=True, slots=True)
class AllowList:
    """Host names, exact and in lower case, and networks. Empty: nothing is allowed."""

    names: frozenset[str] = frozenset({"localhost"})
    networks: tuple[Network, ...] = LOOPBACK

    def permits_host(self, host: str) -> bool:
        """Whether a URL may name this host; a name is not resolved for it."""
        literal = as_address(host)
        return canonical(host) in self.names if literal is None else self.permits_literal(literal)

    def permits_literal(self, address: Address) -> bool:
        """Whether a listed network holds the address, and every address that it stands for."""
        return all(
            not any(within(one, network) for network in NEVER)
            and any(within(one, network) for network in self.networks)
            for one in meant(address)
        )

    def permits_resolved(self, address: Address) -> bool:
        """Whether a listed name may lead to this address: a public one, or one of a listed network."""
        return all(
            not any(within(one, network) for network in NEVER)
            and (one.is_global or any(within(one, network) for network in self.networks))
            for one in meant(address)
        )

    def opened_for(self, host: str) -> AllowList:
        """This list and one more host, as the operator named it: a name, or an address as a network of its own."""
        literal = as_address(host)
        if literal is None:
            return AllowList(self.names | {canonical(host)}, self.networks)
        return AllowList(self.names, (*self.networks, ip_network(literal)))


def allow_list(environ: Mapping[str, str]) -> AllowList:
    """What `MINI_AGENT_TOOL_HTTP_ALLOW` lists: hosts, addresses and networks, with commas or spaces between them.

    Unset or blank: this machine's loopback alone. A list replaces that, and `localhost` in it stands for the name and
    the loopback networks. Raises ValueError naming the entry that is none of these.
    """
    names: set[str] = set()
    networks: list[Network] = []
    entries = re.split(r"[,\s]+", environ.get(VARIABLE, "").strip()) or [DEFAULT]
    for entry in [one for one in entries if one] or [DEFAULT]:
        network = as_network(entry)
        if network is not None:
            networks.append(network)
        elif NAME.match(canonical(entry)):
            names.add(canonical(entry))
        else:
            raise ValueError(
                f"{VARIABLE}: {entry!a} is neither a host name, nor an address, nor a network like 10.0.0.0/8"
            )
    if "localhost" in names:
        networks.extend(LOOPBACK)
    return AllowList(frozenset(names), tuple(networks))


def as_network(entry: str) -> Network | None:
    """A network, or an address as a network of its own; None for anything else.

    Raises ValueError for what has a slash and is no network: it was meant as one.
    """
    try:
        return ip_network(entry.strip("[]") if "/" not in entry else entry, strict=True)
    except ValueError as error:
        if "/" in entry:
            raise ValueError(f"{VARIABLE}: {entry!a} is not a network: {error}") from None
        return None


def as_address(host: str) -> Address | None:
    """The address that a host is written as; None for a name. Spellings like 127.1 or 0x7f000001 are names here."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def canonical(name: str) -> str:
    """Names are equal whatever their case, and with or without the dot of the root."""
    return name.lower().removesuffix(".")


def within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def meant(address: Address) -> tuple[Address, ...]:
    """The addresses that are reached by sending to this one: itself, and an IPv4 address that it carries (RFC 4291,
    2.5.5; RFC 3056; RFC 6052). An IPv4 address in IPv6 clothes is that address alone.
    """
    if not isinstance(address, IPv6Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address, address.sixtofour)
    if address in NAT64:
        return (address, IPv4Address(int(address) & 0xFFFFFFFF))
    return (address,)
