"""A small chat server on this machine, as real as its clients can tell: HTTP, JSON, a model.

It speaks OpenAI's chat completions and Ollama's chat. Who answers is given: `first_choice`, which
keeps any schema without a model, or a `served_model.TinyModel`, held to it by Outlines. What
`script` holds comes before that, one thing a request: a status, a cut connection, a refusal, …
"""

import base64
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from PIL import Image

from nesy import perceive, schema, vocabulary
from nesy.adapters.server.faults import Patience
from nesy.adapters.server.kinds import KINDS, address_of
from nesy.diagnostics import NesyError
from nesy.trace import Case, Observation


class Token(NamedTuple):
    text: str
    likely: tuple[tuple[str, float], ...]


class Said(NamedTuple):
    """What a model says, and how it ended."""

    text: str
    tokens: tuple[Token, ...] = ()
    end: str = "stop"
    refusal: str | None = None


class Asked(NamedTuple):
    """A request as the server got it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def prompt(self) -> str:
        content = self.body["messages"][-1]["content"]
        if isinstance(content, str):
            return content
        return "".join(part["text"] for part in content if part["type"] == "text")

    @property
    def picture(self) -> bytes | None:
        message = self.body["messages"][-1]
        if message.get("images"):
            return base64.b64decode(message["images"][0])
        for part in message["content"]:
            if isinstance(part, dict) and part["type"] == "image_url":
                return base64.b64decode(part["image_url"]["url"].partition(",")[2])
        return None

    @property
    def image(self) -> Image.Image | None:
        return Image.open(BytesIO(self.picture)) if self.picture else None

    @property
    def schema(self) -> dict[str, Any] | None:
        body = self.body
        form = body.get("response_format", {})
        found = (
            body.get("format")
            or body.get("structured_outputs", {}).get("json")
            or form.get("json_schema", {}).get("schema")
            or form.get("schema")
        )
        return dict(found) if found else None


Brain = Callable[[Asked], Said]


def first_choice(asked: Asked) -> Said:
    """Keep the schema: one face, else the first value of each field; `seen` as the rationale."""
    return Said(json.dumps(filled(asked.schema or {})))


def filled(part: Mapping[str, Any]) -> Any:
    if "properties" in part:
        return {key: filled(inner) for key, inner in part["properties"].items()}
    if "enum" not in part:
        return "seen"
    return "one" if "one" in part["enum"] else part["enum"][0]


def schema_in(prompt: str) -> dict[str, Any]:
    """Return the schema that a prompt shows."""
    at = prompt.index('{"type":"object"')
    found, _ = json.JSONDecoder().raw_decode(prompt[at:])
    return dict(found)


def heedless(asked: Asked) -> Said:
    """Do what the prompt says, and never mind the schema of the request."""
    if "banana" in asked.prompt:
        return Said("banana")
    return Said(json.dumps(filled(schema_in(asked.prompt))))


class Server:
    """Keeps what was ``asked``, and the ``most`` requests that were under way at once."""

    def __init__(self, brain: Brain) -> None:
        self.brain = brain
        self.script: deque[Callable[[_Handler, Asked], None]] = deque()
        self.asked: list[Asked] = []
        self.now = self.most = 0
        self.gone = False
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.http.daemon_threads = True
        self.http.chat = self  # type: ignore[attr-defined]
        self.host = f"http://127.0.0.1:{self.http.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.host}/v1"

    def at(self, kind: str, model: str = "tiny") -> str:
        """Return how a user names it."""
        return f"{kind}:{model}@{self.host if kind == 'ollama' else self.url}"

    def go(self) -> None:
        """Stop listening, and hang up on whoever is still connected."""
        self.gone = True
        self.http.shutdown()
        self.http.server_close()

    @property
    def cases(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.picture is not None]


@contextmanager
def serving(brain: Brain = first_choice) -> Iterator[Server]:
    server = Server(brain)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Server = self.server.chat  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if server.gone:
            self.close_connection = True
            return
        asked = Asked(
            self.path, {k.lower(): v for k, v in self.headers.items()}, body, time.monotonic()
        )
        with server.lock:
            server.asked.append(asked)
            server.now += 1
            server.most = max(server.most, server.now)
            # The probe, which has no picture, is not part of any script.
            act = server.script.popleft() if server.script and asked.picture else None
        try:
            if act is not None:
                act(self, asked)
            else:
                self.say(asked, server.brain(asked))
        finally:
            with server.lock:
                server.now -= 1

    def say(self, asked: Asked, said: Said) -> None:
        probabilities = [_logprob(token) for token in said.tokens] or None
        if asked.path == "/api/chat":
            message: dict[str, Any] = {"role": "assistant", "content": said.text}
            told = {"model": asked.body["model"], "message": message, "done": True}
            self.send(200, {**told, "done_reason": said.end, "logprobs": probabilities})
            return
        assert asked.path == "/v1/chat/completions"
        message = {"role": "assistant", "content": said.text, "refusal": said.refusal}
        choice = {"index": 0, "message": message, "finish_reason": said.end}
        if probabilities and asked.body.get("logprobs"):
            choice["logprobs"] = {"content": probabilities}
        told = {"id": "1", "object": "chat.completion", "created": 0, "model": asked.body["model"]}
        self.send(200, {**told, "choices": [choice]})

    def send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _logprob(token: Token) -> dict[str, Any]:
    likely = [{"token": text, "logprob": _log(p)} for text, p in token.likely]
    own = dict(token.likely).get(token.text, 0.0)
    return {"token": token.text, "logprob": _log(own), "top_logprobs": likely}


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else -9999.0


def status(code: int, message: str = "no", **headers: str) -> Callable[[_Handler, Asked], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.send(code, {"error": {"message": message}}, named)


def says(text: str, **how: Any) -> Callable[[_Handler, Asked], None]:
    return lambda handler, asked: handler.say(asked, Said(text, **how))


def raw(body: bytes, **headers: str) -> Callable[[_Handler, Asked], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.send(200, body, named)


def cut(handler: _Handler, asked: Asked) -> None:
    """Promise more than is sent, and hang up."""
    del asked
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.close_connection = True


def slow(seconds: float) -> Callable[[_Handler, Asked], None]:
    def act(handler: _Handler, asked: Asked) -> None:
        time.sleep(seconds)
        try:
            handler.say(asked, first_choice(asked))
        except OSError:
            handler.close_connection = True

    return act


WORDS = vocabulary.load()
SCHEMA = schema.report_schema(WORDS)
VALID = filled(SCHEMA)
QUICK = Patience(tries=4, first=0.01, longest=2.0)


def made(chat: Server, kind: str = "openai", *, timeout: float = 5.0, jobs: int = 4) -> Any:
    """Return a perceiver over the server that is not patient for long."""
    from nesy.adapters.server.perceiver import ServerPerceiver
    from nesy.adapters.server.wires import wire_to

    address = address_of(KINDS[kind], chat.at(kind).partition(":")[2])
    wire = wire_to(address, timeout)
    return ServerPerceiver(address, WORDS, wire, jobs=jobs, patience=QUICK)


def look(perceiver: Any, face: str, line: str = "I'm fine") -> Observation:
    case = Case(id="c1", image=face, line=line)
    return perceive.perceive_case(perceiver, case, vocabulary=WORDS)


def fault_of(act: Callable[[], object]) -> tuple[str, int, str]:
    """Return the code, the exit code and the words of what is raised."""
    with pytest.raises(NesyError) as caught:
        act()
    fault = caught.value.diagnostics[0]
    return fault.code, caught.value.exit_code, f"{fault.what}: {fault.why}"


def told_of(seen: Observation) -> dict[str, Any]:
    """Return what an observation says of the server."""
    return dict(seen.model_dump()["server"])
