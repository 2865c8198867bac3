"""Which hosts and addresses an allow-list lets through."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.tools.http.address import LOOPBACK, VARIABLE, AllowList, allow_list, within


def listed(text: str) -> AllowList:
    return allow_list({VARIABLE: text})


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: " , "}, {VARIABLE: "localhost"}])
def test_unset_means_this_machine_alone(environ):
    assert allow_list(environ) == AllowList(frozenset({"localhost"}), LOOPBACK) == AllowList()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"]
)
def test_loopback_is_allowed_by_default(host):
    assert AllowList().permits_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "10.0.0.1",
        "192.168.1.1",
        "8.8.8.8",
        "169.254.169.254",
        "0.0.0.0",
        "::",
        "fd00:ec2::254",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost.evil.example",
        "::ffff:10.0.0.1",
        "",
    ],
)
def test_nothing_else_is_nor_what_a_resolver_would_read_as_loopback(host):
    assert not AllowList().permits_host(host)


def test_a_list_replaces_the_default():
    allow = listed("tools.example, 10.1.0.0/16 [::1]")
    assert allow.permits_host("Tools.Example")
    assert allow.permits_host("10.1.2.3")
    assert allow.permits_host("::1")
    assert not allow.permits_host("127.0.0.1")
    assert not allow.permits_host("localhost")
    assert not allow.permits_host("sub.tools.example")


@pytest.mark.parametrize(
    "entry",
    [
        "10.0.0.0/33",
        "10.0.0.1/8",
        "http://host",
        "host:80",
        "a b/c",
        "*.example.com",
        "-x",
        "ä.example",
        "host/24",
        "x" * 254,
        "a..b",
    ],
)
def test_an_entry_that_is_none_of_these_is_named(entry):
    with pytest.raises(ValueError, match=VARIABLE):
        listed(entry)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "0.0.0.0",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "fe80::1",
        "ff02::1",
        "::",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:1::1",
    ],
)
def test_no_list_opens_metadata_and_link_local(address):
    everything = listed("0.0.0.0/0 ::/0")
    assert not everything.permits_literal(ip_address(address))
    assert not everything.permits_resolved(ip_address(address))


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("10.1.0.1", True),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:10.1.0.1", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
    ],
)
def test_a_listed_name_leads_to_public_or_listed_addresses_alone(address, permitted):
    assert listed("tools.example 10.1.0.0/16").permits_resolved(ip_address(address)) is permitted


def test_an_address_of_the_operator_opens_itself_alone():
    allow = AllowList().opened_for("10.0.0.5").opened_for("notes.example")
    assert allow.permits_host("10.0.0.5")
    assert not allow.permits_host("10.0.0.6")
    assert allow.permits_host("notes.example")
    assert not AllowList().opened_for("169.254.169.254").permits_host("169.254.169.254")


@given(st.ip_addresses())
def test_the_default_lets_loopback_through_and_nothing_else(address):
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert AllowList().permits_literal(address) is any(within(mapped or address, one) for one in LOOPBACK)


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_clothes_is_judged_as_itself(address):
    allow = listed("tools.example 10.1.0.0/16")
    mapped = IPv6Address(f"::ffff:{address}")
    assert allow.permits_resolved(mapped) is allow.permits_resolved(address)
    assert allow.permits_literal(mapped) is allow.permits_literal(address)
    assert isinstance(address, IPv4Address)
