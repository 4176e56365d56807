"""The kinds of servers there are, and which one a user names: address, model, key, settings.

A key comes from the environment alone. It goes to the one service it is of, or, as
``NESY_SERVER_KEY``, to the server that the user names; never in the clear to another machine.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nesy.diagnostics import Diagnostic, MissingError, NesyError

URL, KEY, JOBS, TIMEOUT = (
    "NESY_SERVER_URL",
    "NESY_SERVER_KEY",
    "NESY_SERVER_JOBS",
    "NESY_SERVER_TIMEOUT",
)
# LM Studio has models called NAME@QUANTISATION: only what looks like a URL is one.
_AT = re.compile(r"^(?P<model>.*?)@(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*)$", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of server: where it listens, and which package speaks to it.

    ``key`` names the environment variable of the key of the service at ``home``. ``thought`` is how
    many tokens its models may spend on thoughts that they do not show.
    """

    name: str
    url: str
    home: str | None = None
    key: str | None = None
    needs: str = "openai"
    thought: int = 0


_KINDS = (
    Kind(
        "openai",
        "https://api.openai.com/v1",
        "api.openai.com",
        "OPENAI_API_KEY",
        thought=8192,
    ),
    Kind("vllm", "http://localhost:8000/v1"),
    Kind("sglang", "http://localhost:30000/v1"),
    Kind("ollama", "http://localhost:11434", "ollama.com", "OLLAMA_API_KEY", needs="ollama"),
    Kind("lmstudio", "http://localhost:1234/v1"),
    Kind("llamacpp", "http://localhost:8080/v1"),
)
KINDS = {kind.name: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class Address:
    """One model of one server; the key is in no text made of it."""

    kind: Kind
    model: str
    url: str
    key: str | None = field(default=None, repr=False)

    @property
    def at_home(self) -> bool:
        """Tell whether this is the service the kind is named after."""
        return urlsplit(self.url).hostname == self.kind.home

    @property
    def is_local(self) -> bool:
        """Tell whether it is this machine, to which nothing goes through a proxy."""
        return is_local(urlsplit(self.url).hostname or "")

    def hide(self, text: str) -> str:
        """Return what a server wrote, without the key it was given."""
        return text.replace(self.key, "…") if self.key else text


@dataclass(frozen=True, slots=True)
class Settings:
    """How many requests are under way at once, and how many seconds one may be silent."""

    jobs: int = 4
    timeout: float = 120.0


def address_of(kind: Kind, named: str | None) -> Address:
    """Read ``MODEL[@URL]`` and the environment.

    Raises NesyError N103 (no model), N170 (no address, or a key would go in the clear), N171 (the
    service needs a key and none is set).
    """
    found = _AT.match(named or "")
    model, url = (found["model"], found["url"]) if found else (named or "", os.environ.get(URL, ""))
    if not model.strip():
        what, why = f"the adapter {kind.name} needs a model", "a server may have several"
        fix = f"write --with {kind.name}:MODEL, or {kind.name}:MODEL@{kind.url}"
        raise NesyError(Diagnostic("N103", what, why, fix))
    host = _checked(url := (url or kind.url).rstrip("/"))
    key = os.environ.get(KEY) or None
    if host == kind.home and kind.key is not None:
        key = os.environ.get(kind.key) or None
        if key is None:
            what = f"no key for {host}"
            why = f"{kind.key} is not set, and keys come from the environment alone"
            raise MissingError(Diagnostic("N171", what, why, f"set {kind.key}"))
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        why = "it holds a blank, a line's end, or what is not ASCII"
        raise _no_address("the key is no key", why, "set the variable to the key alone")
    if key is not None and url.startswith("http:") and not is_local(host):
        why = f"{host} is another machine, and http would show the key to all between"
        raise _no_address("a key is not sent in the clear", why, f"use https, or unset {KEY}")
    return Address(kind, model, url, key)


def _checked(url: str) -> str:
    """Return the host of a URL; raises NesyError N170 where it is none to be asked."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _no_address("this is no address of a server", str(error), _FIX) from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        why = "it holds a name and password, a query or a fragment, which would be written down"
        raise _no_address("this is no address of a server", why, f"put a key into {KEY}")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise _no_address(f"{url[:80]!r} is no address of a server", "it is no http URL", _FIX)
    return host


_FIX = "write http://HOST:PORT/v1 or https://…"


def _no_address(what: str, why: str, fix: str) -> NesyError:
    return NesyError(Diagnostic("N170", what, why, fix))


def is_local(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> [is_local(host) for host in ("localhost", "127.0.0.1", "::1", "192.168.0.7")]
    [True, True, True, False]
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings_of() -> Settings:
    """Read how to ask from the environment; raises NesyError N170."""
    usual = Settings()
    return Settings(
        jobs=int(_number(JOBS, usual.jobs, 1, 64)),
        timeout=_number(TIMEOUT, usual.timeout, 0.1, 3600),
    )


def _number(name: str, default: float, least: float, most: float) -> float:
    given = os.environ.get(name, "")
    try:
        number = float(given or default)
    except ValueError:
        number = float("nan")
    if least <= number <= most:
        return number
    what, why = f"{name} is {given[:40]!r}", "it is no such number"
    raise _no_address(what, why, f"set it to a number from {least:g} to {most:g}")
