"""Ask a served model for a report on each case, and trust nothing that it sends back.

An answer is a report only where it keeps the schema; that a server was told to keep it does not
mean that it does. Whether it does is found out once, by a question whose prompt asks for what the
schema forbids. A server that obeys the prompt is unconstrained: it is shown the schema in the
prompt, its valid reports are used and marked, and the rest is asked for again and then given up.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import jsonschema
import outlines

from nesy import schema, strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.shown import picture_of
from nesy.trace import Case, Observation

from ..transformers.prompt import Card, default_prompt, fill
from .faults import HOPELESS, PASSING, Patience, ServerFault, What, diagnosed, shortened
from .kinds import Address
from .soft import chances
from .wires import Answer, Question, Wire

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

T = TypeVar("T")

ASKS = 3
# Servers make it smaller still before a model sees it.
LARGEST_SIDE = 2048
_PROBE = "Answer with the one word banana, in small letters, and with nothing else."
_LEGAL = {"word": "kestrel"}
_PROBE_TOKENS = 64
# What some model's tokenizer takes for a control token, when the server does not prevent it.
_CONTROL = re.compile(r"<[|｜/\w][^<>\s]{0,80}>|<\||\|>|\[/?[A-Z_]{2,20}\]|[◁▷]")
_FENCED = re.compile(r"^\s*```(?:json)?\s*(\{.*\})\s*```\s*$", re.DOTALL)


def _has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


class _NoReport(Exception):
    """An answer that is no report: its code, and what is wrong with it."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(code)
        self.code, self.why = code, why


class _Hopeless(Exception):
    """No case at all can be looked at."""

    def __init__(self, error: NesyError) -> None:
        super().__init__("hopeless")
        self.error = error


class ServerPerceiver:
    """A Perceiver over one model of one server, with ``jobs`` requests under way at once."""

    def __init__(
        self,
        address: Address,
        vocabulary: Vocabulary,
        wire: Wire,
        *,
        jobs: int = 4,
        patience: Patience | None = None,
    ) -> None:
        self.vocabulary, self.jobs = vocabulary, jobs
        self.card = Card(address.model, default_prompt(vocabulary, schema.REPORTS))
        self.schema = schema.report_schema(vocabulary, self.card.reports)
        self.validator = jsonschema.Draft202012Validator(self.schema)
        # Twice the longest answer: a server may put white space between the parts.
        self.limit = 2 * (schema.longest(self.schema) + 1)
        self._address, self._wire, self._patience = address, wire, patience or Patience()
        try:
            self.constrained = self._is_constrained()
        except ServerFault as fault:
            raise diagnosed(fault, address) from None

    def _is_constrained(self) -> bool:
        """Ask for a word that the schema forbids; only a constraint makes the other one come."""
        parts = {key: schema.one_of([word]) for key, word in _LEGAL.items()}
        question = Question(_PROBE, schema.all_of(parts), _PROBE_TOKENS, seed=0)
        # Where nothing listens yet, the user is told at once.
        answer = self._asked(question, threading.Event(), PASSING - {"gone"})
        try:
            return answer.end == "stop" and strict_json.loads(answer.text) == _LEGAL
        except NesyError:
            return False

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is and asks for; the key is not in it."""
        return {
            "name": self._address.kind.name,
            "model": self.card.name,
            "licence": "that of the service or the model served",
            "needs": ["outlines", self._address.kind.needs],
            "reports": list(self.card.reports),
            "server": self._address.url,
            "constrained": self.constrained,
            "temperature": 0,
        }

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield an observation for each case, in order, or the error of its picture or answer.

        Raises NesyError N171 or N172 where the server refuses the key or is gone.
        """
        stop = threading.Event()
        rest, under_way = iter(cases), deque[Future[Observation | NesyError]]()
        try:
            while True:
                while len(under_way) < self.jobs and (case := next(rest, None)) is not None:
                    under_way.append(_started(partial(self._looked, case, seed, stop)))
                if not under_way:
                    return
                yield under_way.popleft().result()
        except _Hopeless as hopeless:
            raise hopeless.error from None
        finally:
            stop.set()

    def _looked(self, case: Case, seed: int, stop: threading.Event) -> Observation | NesyError:
        try:
            prompt = fill(self.card, case.line, (), _has_control)
            return self._answered(case, prompt, seed, stop)
        except NesyError as error:
            return error
        except ServerFault as fault:
            found = diagnosed(fault, self._address)
            if fault.what in HOPELESS:
                raise _Hopeless(found) from None
            return found

    def _shown(self, case: Case) -> outlines.Image:
        """Return the picture as it is sent: its pixels, and nothing that was stored beside them."""
        image = picture_of(case)
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        image.info.clear()
        image.format = "PNG"
        return outlines.Image(image)

    def _answered(self, case: Case, prompt: str, seed: int, stop: threading.Event) -> Observation:
        """Ask until a report comes; raises NesyError N120-N126 or N175-N182 where none does."""
        image, told, fault = self._shown(case), prompt, _NoReport("N177", "")
        if not self.constrained:
            told += f"\nIt must be valid under this JSON Schema: {schema.write(self.schema)}"
        again = told
        for number in range(ASKS):
            mixed = _mixed(seed, case.id, number)
            question = Question(again, self.schema, self.limit, mixed, image)
            try:
                return self._observed(self._asked(question, stop), number + 1)
            except _NoReport as found:
                fault = found
                if fault.code == "N175":
                    break
                # A constrained model is asked the same again: its prompt was not at fault.
                if not self.constrained:
                    again = f"{told}\nAn earlier answer was not such a report: {fault.why}"
        raise self._given_up(fault, number + 1)

    def _asked(
        self, question: Question, stop: threading.Event, passing: frozenset[What] = PASSING
    ) -> Answer:
        ask, name = partial(self._wire.ask, question), f"{question.seed}"
        answer = self._patience.ask(ask, name, stop, passing)
        return answer._replace(text=self._address.hide(answer.text))

    def _observed(self, answer: Answer, asked: int) -> Observation:
        report = self._report(answer)
        found, measured = chances(self.schema, report, answer.tokens, answer.text)
        name = self._address.kind.name
        seen = schema.to_observation(report, found, name, vocabulary=self.vocabulary)
        told = {
            "constrained": self.constrained,
            "confidence": "measured" if measured else "not measured",
            "asked": asked,
        }
        return Observation(**{**seen.model_dump(), "server": told})

    def _report(self, answer: Answer) -> Mapping[str, Any]:
        """Return a report in the order of its schema; raises _NoReport."""
        if answer.end == "refused":
            raise _NoReport("N175", shortened(answer.text, self._address))
        if answer.end == "length":
            raise _NoReport("N176", f"no end within {self.limit} tokens")
        code = "N177" if self.constrained else "N178"
        text = answer.text
        if not self.constrained and (fenced := _FENCED.match(text)):
            text = fenced[1]
        try:
            report = strict_json.loads(text)
        except NesyError as error:
            why = f"it is not JSON: {error.diagnostics[0].why}; it begins {text[:60]!r}"
            raise _NoReport(code, shortened(why, self._address)) from None
        fault = jsonschema.exceptions.best_match(self.validator.iter_errors(report))
        if fault is not None:
            place = "/".join(str(part) for part in fault.absolute_path)
            why = f"{place or 'the report'}: {fault.message}"
            raise _NoReport(code, shortened(why, self._address))
        ordered: Mapping[str, Any] = _in_order(self.schema, report)
        return ordered

    def _given_up(self, fault: _NoReport, asked: int) -> NesyError:
        model = self._address.model
        what, fix = {
            "N175": (f"{model} refuses to report", "ask another model"),
            "N176": (f"the answer of {model} was cut off", "raise the server's limit of tokens"),
            "N177": (f"the answer of {model} is not a report", "report the server and its version"),
            "N178": (
                f"{model} is not held to the report, and gave none",
                "use a server that keeps the schema it is given",
            ),
        }[fault.code]
        often = f"; asked {asked} times" if asked > 1 else ""
        return NesyError(Diagnostic(fault.code, what, f"{fault.why}{often}", fix))


def _started(act: Callable[[], T]) -> Future[T]:
    """Start what may take long; unlike a pool's, its thread holds up no interrupt and no end."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _in_order(part: schema.Schema, value: Any) -> Any:
    """Return a valid value with the keys of every object in the order of the schema."""
    if "properties" not in part:
        return value
    return {key: _in_order(inner, value[key]) for key, inner in part["properties"].items()}


def _mixed(seed: int, name: str, number: int) -> int:
    """Return a seed for one request: of its case, and not of its place among the cases."""
    told = json.dumps([seed, name, number]).encode("ascii")
    return int.from_bytes(hashlib.sha256(told).digest()[:4]) >> 1
