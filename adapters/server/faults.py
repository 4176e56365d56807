"""What can go wrong with a server, and how long to be patient with it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Literal, TypeVar

from nesy.diagnostics import Diagnostic, MissingError, NesyError

from .kinds import TIMEOUT, Address

T = TypeVar("T")

What = Literal["gone", "late", "cut", "down", "busy", "denied", "unknown", "wrong"]
# Another try may do better; the rest will be the same tomorrow.
PASSING: frozenset[What] = frozenset({"gone", "late", "cut", "down", "busy"})
# No case at all can be looked at.
HOPELESS: frozenset[What] = frozenset({"gone", "denied", "unknown"})
LONGEST_SAID = 160


class ServerFault(Exception):
    """A request that was not answered.

    ``wait`` is how many seconds the server asks for, ``tries`` how often it was asked.
    """

    def __init__(self, what: What, said: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.what, self.said, self.wait, self.tries = what, said, wait, 1


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is made, and the seconds between: ``first``, doubled, never longer."""

    tries: int = 5
    first: float = 1.0
    longest: float = 60.0

    def ask(
        self,
        act: Callable[[], T],
        name: str,
        stop: threading.Event,
        passing: frozenset[What] = PASSING,
    ) -> T:
        """Return what ``act`` returns, tried again after a fault that may pass.

        Waits as long as the server asks, else twice as long each time, drawn by ``name`` so that
        many requests do not come back at once. Raises the last ServerFault.
        """
        chance = random.Random(name)
        for number in range(self.tries):
            try:
                return act()
            except ServerFault as fault:
                fault.tries = number + 1
                wait = min(self.longest, self.first * 2**number) * chance.uniform(0.5, 1.0)
                if fault.wait is not None:
                    wait = fault.wait + self.first * chance.uniform(0.0, 0.5)
                last = fault.tries == self.tries
                too_long = fault.wait is not None and fault.wait > self.longest
                if fault.what not in passing or last or too_long or stop.wait(wait):
                    raise
        raise AssertionError("the last try returns or raises")


def status_fault(status: int, said: str, after: str | None = None) -> ServerFault:
    """Return what an HTTP status and the words beside it mean."""
    if status == 429 and "insufficient_quota" in said:
        return ServerFault("denied", said)
    known: dict[int, What] = {401: "denied", 403: "denied", 404: "unknown", 408: "late"}
    what: What = known.get(status, "down" if status >= 500 else "wrong")
    if status == 429:
        what = "busy"
    return ServerFault(what, f"status {status}: {said}", _seconds(after))


def _seconds(after: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    if after is None:
        return None
    try:
        return max(0.0, float(after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time())
    except (ValueError, OverflowError):
        return None


def diagnosed(fault: ServerFault, address: Address) -> NesyError:
    """Say what is wrong in words for a user, the key left out."""
    said = shortened(fault.said, address)
    name = f"{address.kind.name} server at {address.url}"
    often = f"; asked {fault.tries} times" if fault.tries > 1 else ""
    code, what, fix = {
        "gone": ("N172", f"no {name}", "start it, or name another by MODEL@URL"),
        "unknown": ("N172", f"the {name} has no model {address.model!r}", "name one that it has"),
        "denied": ("N171", f"the {name} refuses the key", "set another key, or pay for this one"),
        "late": ("N173", f"the {name} did not answer in time", f"set {TIMEOUT}, in seconds"),
        "cut": ("N173", f"the {name} broke off its answer", "run it again, or read its log"),
        "down": ("N173", f"the {name} failed", "run it again, or read its log"),
        "busy": ("N174", f"the {name} has too much to do", "run it again later"),
        "wrong": ("N179", f"the {name} does not take this request", "use a server that takes it"),
    }[fault.what]
    kind = NesyError if fault.what == "wrong" else MissingError
    return kind(Diagnostic(code, what, f"{said}{often}", fix))


def shortened(said: str, address: Address) -> str:
    """Return a server's words on one short line, the key left out."""
    return " ".join(address.hide(said).split())[:LONGEST_SAID] or "it says nothing more"
