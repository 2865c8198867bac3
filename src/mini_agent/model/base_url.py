"""Addresses of model servers, checked at start-up: what is wrong is said with the variable that held it."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


class SettingsError(ValueError):
    """A setting cannot be used. One line: which variable, what is wrong, what to write instead; never a secret."""


def chat_base(text: str, variable: str) -> str:
    """The address below which `/chat/completions` lies, without a slash at its end. Raises SettingsError.

    An address without a path is the root of a server (`http://127.0.0.1:11434`, as Ollama's users write it) and gets
    `/v1`, where every OpenAI-compatible server keeps its API. Any other path is kept as it is, since gateways use
    many (`/openai/v1`, `/v1beta/openai`); a `/chat/completions` at its end is taken off.
    """
    parts = _split(text.strip(), variable)
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def ollama_base(text: str, variable: str) -> str:
    """The same for the root of an Ollama server, with or without a path or a scheme: its API lies below `/v1`."""
    text = text.strip()
    base = chat_base(text if "://" in text else f"http://{text}", variable)
    return base if base.endswith("/v1") else f"{base}/v1"


def _split(text: str, variable: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise SettingsError(f"{variable} is no URL: {error}") from None
    if not text.isprintable() or " " in text or not text.isascii():
        raise SettingsError(
            f"{variable} holds characters that no URL has (spaces, control or non-ASCII ones)"
        )
    if "@" in parts.netloc:
        raise SettingsError(f"{variable} holds a user name or password; put the key into MINI_AGENT_API_KEY")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SettingsError(f"{variable}={text!r} is no address like http://host:port/v1 (http or https)")
    if parts.query or parts.fragment:
        raise SettingsError(f"{variable} must end with its path: nothing after ? or #")
    return parts


def host_of(base: str) -> str:
    """Host and port, for messages."""
    return urlsplit(base).netloc


def is_loopback(base: str) -> bool:
    """Whether the server is on this machine, by its name or address alone."""
    import ipaddress

    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
