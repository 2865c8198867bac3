"""Where a tool server is, read from a URL that somebody else wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx2

from mini_agent.tools.http.address import NAME, VARIABLE, AllowList, as_address, canonical

PORTS = {"http": 80, "https": 443}
MAX_URL = 2048


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An allowed URL. `host` is a name in lower case or an address; `path` begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    def url(self, below: str = "") -> str:
        """The endpoint itself, or what lies below its path: `/tools` of `http://host/v1/` is `http://host/v1/tools`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path.rstrip('/') + below if below else self.path}"


def origin_of(url: httpx2.URL) -> tuple[str, str, int]:
    """Scheme, host and port, comparable with an endpoint's."""
    port = PORTS.get(url.scheme, 0) if url.port is None else url.port
    return (url.scheme, canonical(url.raw_host.decode("ascii")), port)


def read_endpoint(text: str, allow: AllowList, field: str) -> Endpoint:
    """An http or https URL to a host that `allow` lists. Nothing is looked up.

    Raises ValueError, one line that names `field` and never repeats the URL, which may hold a password.
    """
    url = parse(text, field)
    if url.scheme not in PORTS:
        raise ValueError(f"{field}: the URL must begin with http:// or https://")
    if url.userinfo or "\\" in text or "@" in re.split("[/?#]", text.partition("://")[2])[0]:
        raise ValueError(f"{field}: a URL with a user name or password is refused; send a header instead")
    if url.query or url.fragment:
        raise ValueError(f"{field}: the URL must not have a query or a fragment")
    _, host, port = origin_of(url)
    if not (as_address(host) or NAME.match(host)) or "%" in host:
        raise ValueError(f"{field}: the URL does not name a host")
    if not 0 < port < 65536:
        raise ValueError(f"{field}: {port} is not a port")
    if not allow.permits_host(host):
        raise ValueError(f"{field}: host {host!a} is not allowed here ({VARIABLE})")
    return Endpoint(url.scheme, host, port, url.raw_path.decode("ascii") or "/")


def host_of(text: str, field: str) -> str:
    """The host that a URL names, allowed or not. Raises ValueError naming the field."""
    return origin_of(parse(text, field))[1]


def parse(text: str, field: str) -> httpx2.URL:
    """Raises ValueError naming the field."""
    if len(text) > MAX_URL:
        raise ValueError(f"{field}: the URL is longer than {MAX_URL} characters")
    try:
        return httpx2.URL(text.strip(" "))
    except (httpx2.InvalidURL, UnicodeError):
        raise ValueError(f"{field}: not a URL") from None
