"""One question to a server and its answer, through the clients that Outlines wraps.

Outlines writes the message with its picture and the schema in the form each server takes. The
request itself is made here, because Outlines returns the text alone: why an answer ended and how
probable its tokens were would be lost.
"""

from __future__ import annotations

import json
import math
import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import outlines
from outlines.types import JsonSchema

from .faults import ServerFault, status_fault
from .kinds import Address

if TYPE_CHECKING:
    from nesy.schema import Schema

# The most that the servers which give alternatives allow.
_LIKELY = 20
# What a prompt, a picture and a report take; Ollama cuts a longer prompt off without a word.
_OLLAMA_CONTEXT = 16384


class Token(NamedTuple):
    """A token of an answer, and the likely ones in its place with their probabilities."""

    text: str
    likely: tuple[tuple[str, float], ...]


class Answer(NamedTuple):
    """What a model said, and why it ended; ``tokens`` where the server tells them."""

    text: str
    end: Literal["stop", "length", "refused"] = "stop"
    tokens: tuple[Token, ...] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with or without a picture, the form of the answer, the most tokens it may take."""

    prompt: str
    schema: Schema
    limit: int
    seed: int
    image: outlines.Image | None = None

    def messages(self) -> outlines.inputs.Chat:
        """Return the one message as Outlines takes it."""
        content = self.prompt if self.image is None else [self.prompt, self.image]
        return outlines.inputs.Chat([{"role": "user", "content": content}])


class Wire(Protocol):
    """Asks one question; raises ServerFault where no answer came."""

    def ask(self, question: Question) -> Answer:
        """Return the answer."""


def wire_to(address: Address, timeout: float) -> Wire:
    """Return the wire of a kind of server; nothing is sent yet."""
    if address.kind.name == "ollama":
        return OllamaWire(address, timeout)
    return ChatWire(address, timeout)


class ChatWire:
    """OpenAI's chat completions, which most servers speak; each takes the schema in its own way."""

    def __init__(self, address: Address, timeout: float) -> None:
        import openai

        self.address = address
        # No redirect is followed: the picture and the key go where the user said.
        http = openai.DefaultHttpxClient(follow_redirects=False, trust_env=not address.is_local)
        self._client = openai.OpenAI(
            api_key=address.key or "none",
            base_url=address.url,
            timeout=timeout,
            max_retries=0,
            http_client=http,
        )
        makers = {"vllm": outlines.from_vllm, "sglang": outlines.from_sglang}
        make: Any = makers.get(address.kind.name, outlines.from_openai)
        weakref.finalize(self, http.close)
        self._outlines: Any = make(self._client, address.model)
        self._without: set[str] = set()

    def ask(self, question: Question) -> Answer:
        """Return the answer; what a server does not know how to do is left out from then on."""
        limit = "max_completion_tokens" if self.address.at_home else "max_tokens"
        wishes = {
            "temperature": 0,
            "seed": question.seed,
            "logprobs": True,
            "top_logprobs": _LIKELY,
            limit: question.limit + self.address.kind.thought,
        }
        while True:
            sent = {name: value for name, value in wishes.items() if name not in self._without}
            try:
                return _read_chat(self._sent(question, sent))
            except ServerFault as fault:
                unknown = {name for name in sent if re.search(rf"\b{name}\b", fault.said)}
                if fault.what != "wrong" or not unknown:
                    raise
                self._without |= unknown | ({"top_logprobs"} if "logprobs" in unknown else set())

    def _sent(self, question: Question, wishes: Mapping[str, Any]) -> str:
        import openai

        messages: Any = self._outlines.type_adapter.format_input(question.messages())
        raw = self._client.chat.completions.with_raw_response
        try:
            response = raw.create(
                model=self.address.model,
                messages=messages,
                **self._form(question.schema),
                **wishes,
            )
        except openai.APITimeoutError:
            raise ServerFault("late", "the time is up") from None
        except openai.APIConnectionError as error:
            raise _unconnected(error.__cause__ or error) from None
        except openai.APIStatusError as error:
            after = error.response.headers.get("retry-after")
            raise status_fault(error.status_code, _said(error.response.text), after) from None
        except openai.OpenAIError as error:
            raise ServerFault("cut", type(error).__name__) from None
        return str(response.http_response.text)

    def _form(self, schema: Schema) -> dict[str, Any]:
        """Return the argument that holds a server to a schema."""
        name = self.address.kind.name
        if name == "llamacpp":
            # Its Python server knows no json_schema, and both of its servers know this.
            return {"response_format": {"type": "json_object", "schema": schema}}
        form: dict[str, Any] = self._outlines.type_adapter.format_output_type(JsonSchema(schema))
        if name == "vllm":
            # White space between the parts may go on for ever.
            asked = {**form["structured_outputs"], "disable_any_whitespace": True}
            return {"extra_body": {"structured_outputs": asked}}
        return form


class OllamaWire:
    """Ollama's own chat, which can be told how long a prompt may be."""

    def __init__(self, address: Address, timeout: float) -> None:
        import ollama

        self.address = address
        # The client would send OLLAMA_API_KEY to whatever host it is given.
        headers = {"Authorization": f"Bearer {address.key or 'none'}"}
        self._client = ollama.Client(
            host=address.url,
            timeout=timeout,
            follow_redirects=False,
            headers=headers,
            trust_env=not address.is_local,
        )
        weakref.finalize(self, self._client.close)
        self._outlines: Any = outlines.from_ollama(self._client, address.model)

    def ask(self, question: Question) -> Answer:
        """Return the answer."""
        adapter = self._outlines.type_adapter
        with _ollama_faults():
            response = self._client.chat(
                model=self.address.model,
                messages=adapter.format_input(question.messages()),
                format=adapter.format_output_type(JsonSchema(question.schema)),
                logprobs=True,
                top_logprobs=_LIKELY,
                options={
                    "temperature": 0,
                    "seed": question.seed,
                    "num_predict": question.limit,
                    "num_ctx": _OLLAMA_CONTEXT,
                },
            )
        told = [entry.model_dump() for entry in response.logprobs or ()]
        end: Literal["stop", "length"] = "length" if response.done_reason == "length" else "stop"
        return Answer(response.message.content or "", end, _tokens(told))


@contextmanager
def _ollama_faults() -> Iterator[None]:
    import httpx
    import ollama

    try:
        yield
    except ollama.ResponseError as error:
        raise status_fault(error.status_code, _said(str(error.error))) from None
    except ConnectionError as error:
        raise ServerFault("gone", str(error)) from None
    except httpx.TimeoutException:
        raise ServerFault("late", "the time is up") from None
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        raise ServerFault("cut", type(error).__name__) from None


def _unconnected(cause: BaseException) -> ServerFault:
    # By its name: which HTTP package the client is built on has changed before.
    if type(cause).__name__ == "ConnectError":
        return ServerFault("gone", str(cause))
    return ServerFault("cut", f"{type(cause).__name__}: {cause}")


def _said(text: str) -> str:
    """Return the message in the body of an error, or the body."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    match body:
        case {"error": {"message": str(message), "code": str(code)}}:
            return f"{code}: {message}"
        case {"error": {"message": str(message)}} | {"error": str(message)}:
            return message
    return text


def _read_chat(text: str) -> Answer:
    """Read the body of a chat completion; raises ServerFault ``cut`` where it is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise ServerFault("cut", "its answer is not JSON") from None
    match body:
        case {"choices": [{"message": {**message}, **choice}, *_]}:
            pass
        case {"error": _}:
            raise ServerFault("down", _said(text))
        case _:
            raise ServerFault("cut", "its answer has no choices")
    content = message.get("content")
    said = content if isinstance(content, str) else ""
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        return Answer(str(message.get("refusal") or "its content filter"), "refused")
    told = choice.get("logprobs")
    tokens = _tokens(told.get("content")) if isinstance(told, dict) else None
    return Answer(said, "length" if choice.get("finish_reason") == "length" else "stop", tokens)


def _tokens(told: object) -> tuple[Token, ...] | None:
    """Read log-probabilities as OpenAI and Ollama write them; None where they are not whole."""
    if not isinstance(told, Sequence) or not told:
        return None
    found: list[Token] = []
    try:
        for entry in told:
            likely = {str(each["token"]): _chance(each) for each in entry["top_logprobs"] or ()}
            likely.setdefault(str(entry["token"]), _chance(entry))
            found.append(Token(str(entry["token"]), tuple(likely.items())))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return tuple(found)


def _chance(entry: Mapping[str, Any]) -> float:
    chance = math.exp(min(0.0, float(entry["logprob"])))
    if math.isnan(chance):
        raise ValueError("a probability is a number")
    return chance
