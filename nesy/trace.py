"""The values that flow, from Case to Trace: ``nesy.trace.v1``, the one interchange format.

Confidences and intensities are integers 0-1000, probabilities floats in [0, 1].
Unknown fields are kept: fields may be added to the format, none renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.observation import (
    ActionUnit,
    Agreement,
    Beside,
    Case,
    Claim,
    Face,
    LineAct,
    LineCue,
    LineEmotion,
    LineReading,
    LineValence,
    Name,
    Observation,
    Opinions,
    Permille,
    SeenExpression,
    Term,
    Turn,
    Value,
    Votes,
    plain,
)

__all__ = [
    "SCHEMA",
    "ActionUnit",
    "Agreement",
    "Asserted",
    "Beside",
    "Brief",
    "Case",
    "Claim",
    "ExceptionMet",
    "Face",
    "FaceReading",
    "Fact",
    "Failure",
    "Fault",
    "LineAct",
    "LineCue",
    "LineEmotion",
    "LineReading",
    "LineValence",
    "Model",
    "Name",
    "NormApplied",
    "Observation",
    "Opinions",
    "Origin",
    "People",
    "Permille",
    "ReplyReading",
    "Response",
    "Round",
    "SeenExpression",
    "Term",
    "Trace",
    "Turn",
    "Verdict",
    "Violation",
    "Votes",
    "parse_trace",
    "plain",
    "read_traces",
    "validate",
]

SCHEMA: Literal["nesy.trace.v1"] = "nesy.trace.v1"

Model = TypeVar("Model", bound=BaseModel)
Origin = Literal["declared", "line", "image", "caption", "model", "ontology", "derived"]


class Fact(Value):
    """A ground atom with its origin; ``withheld`` names the norm that keeps it from the rules."""

    atom: str
    origin: Origin
    withheld: str | None = None


class FaceReading(Value):
    """A distribution over emotions for one face, and how words and face agree."""

    distribution: dict[Term, Annotated[float, Field(ge=0, le=1)]]
    ambiguous: bool = False
    mixture: tuple[Term, ...] = ()
    mismatches: tuple[Term, ...] = ()


class NormApplied(Value):
    """A norm that holds for this case; ``overridden_by`` names the norm that beat it."""

    norm: str
    force: Literal["forbidden", "obligatory", "preferred", "warned", "hold"]
    act: str | None = None
    overridden_by: str | None = None


class ExceptionMet(Value):
    """An exception to a norm whose conditions are met: it lifts the norm, or ran out and does not.

    ``until`` is its last day, ``owner`` who answers for it.
    """

    norm: str
    rule: str
    owner: str
    until: str
    status: Literal["applied", "lapsed"]


class Verdict(Value):
    """What a reply may, must and should do. ``hold``: no verdict was reached, nothing is sent."""

    status: Literal["release", "block", "hold"]
    norms: tuple[NormApplied, ...] = ()
    crisis: tuple[Term, ...] = ()
    exceptions: tuple[ExceptionMet, ...] | None = None


class Asserted(Value):
    """A feeling of the person that a reply speaks of, and how surely: ``modality``.

    ``quote`` is the sentence of the reply that shows it, where a reader found it.
    """

    emotion: Term
    modality: Term
    quote: str | None = None


class ReplyReading(Value):
    """What a reader other than the author finds in a reply; ``unread`` says what it cannot read."""

    reader: Name
    acts: tuple[Term, ...] = ()
    tones: tuple[Term, ...] = ()
    claims: tuple[Asserted, ...] = ()
    unread: tuple[Term, ...] = ()


class Violation(Value):
    """A norm that a reply breaks: by what it does, leaves out, or says of itself.

    ``quote`` is the text that shows it, from character ``start`` to ``end``; ``cites`` the norm's
    source, ``change`` what would mend it.
    """

    norm: str
    act: Term
    by: Literal["does", "leaves_out", "says"]
    cites: str
    change: str
    quote: str | None = None
    start: int | None = None
    end: int | None = None


class Brief(Value):
    """What the norms ask of a reply before it is written: acts with their norms, and tones.

    ``claims`` are the feelings it may speak of, ``broken`` what the last draft did wrong.
    """

    obligatory: dict[Term, tuple[str, ...]] = Field(default_factory=dict)
    forbidden: dict[Term, tuple[str, ...]] = Field(default_factory=dict)
    preferred: dict[Term, tuple[str, ...]] = Field(default_factory=dict)
    warned: dict[Term, tuple[str, ...]] = Field(default_factory=dict)
    tones: tuple[Term, ...] = ()
    claims: tuple[Asserted, ...] = ()
    crisis: tuple[Term, ...] = ()
    conditions: tuple[Term, ...] = ()
    broken: tuple[Violation, ...] = ()


class Round(Value):
    """One draft: what its author says of it, what readers find in it, and the norms it broke.

    ``acts``, ``tone`` and ``claims`` are the author's word; ``author`` is ``templates``, a drafter
    or ``given``. ``error`` says why there is no text.
    """

    acts: tuple[str, ...]
    text: str
    author: Name = "templates"
    tone: Term | None = None
    claims: tuple[Asserted, ...] = ()
    found: tuple[ReplyReading, ...] = ()
    violations: tuple[str, ...] = ()
    broken: tuple[Violation, ...] = ()
    error: dict[str, Any] | None = None


class Response(Value):
    """The reply: its acts in order, its tone, its text, and the drafts before it.

    ``brief`` is what a drafter was asked for first.
    """

    acts: tuple[Term, ...]
    tone: Term
    text: str
    rounds: tuple[Round, ...] = ()
    brief: Brief | None = None


class People(Value):
    """What people said of this case: votes by emotion; ``group`` is kept together when learning."""

    votes: Votes
    group: str | None = None


class Fault(Value):
    """A Diagnostic as a Trace records it."""

    code: Annotated[str, Field(pattern=r"^N[0-9]{3}$")]
    what: str
    why: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def diagnostic(self) -> Diagnostic:
        """Return it as it was raised."""
        known = (self.code, self.what, self.why, self.fix, self.file, self.line, self.column)
        return Diagnostic(*known)


class Failure(Value):
    """Why a case went no further, and the exit code that says so."""

    exit_code: Literal[1, 2, 3]
    diagnostics: tuple[Fault, ...]


class Trace(Value):
    """The whole record of one case; every stage may still be missing.

    ``beside`` is what a second perceiver saw; nothing rests on it.
    """

    schema_: Literal["nesy.trace.v1"] = Field(default=SCHEMA, alias="schema")
    case: Case
    observation: Observation | None = None
    beside: Beside | None = None
    facts: tuple[Fact, ...] | None = None
    reading: dict[str, FaceReading] | None = None
    verdict: Verdict | None = None
    response: Response | None = None
    error: dict[str, Any] | None = None
    people: People | None = None
    versions: dict[str, Any] = Field(default_factory=dict)

    model_config = ConfigDict(
        frozen=True, extra="allow", populate_by_name=True, serialize_by_alias=True
    )

    @field_validator("error")
    @classmethod
    def _is_failure(cls, error: dict[str, Any] | None) -> dict[str, Any] | None:
        if error is not None:
            Failure.model_validate(error)
        return error

    @property
    def failure(self) -> Failure | None:
        """Return why the case went no further, or None where it did."""
        return Failure.model_validate(self.error) if self.error is not None else None

    def written(self) -> list[tuple[str, Any]]:
        """Return the fields that are written, by their names in the format."""
        return [("schema" if n == "schema_" else n, value) for n, value in super().written()]

    def with_(self, **stages: Any) -> Trace:
        """Return a copy with these stages filled in."""
        return self.model_copy(update=stages)

    def as_json(self, *, indent: int | None = None) -> str:
        """Write the trace; the same trace gives the same bytes."""
        if indent is not None:
            return strict_json.dumps(plain(self), indent=indent)
        return _text(self)


def _text(of: Value) -> str:
    """Write a value as JSON; what cases have in common is remembered."""
    parts = []
    for name, value in of.written():
        if isinstance(value, Verdict):
            text = _text(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Fact | NormApplied):
            text = f"[{','.join(map(_in_common, value))}]"
        else:
            text = strict_json.dumps(plain(value))
        parts.append(f"{strict_json.dumps(name)}:{text}")
    return f"{{{','.join(parts)}}}"


def _in_common(of: Fact | NormApplied) -> str:
    if of.model_extra:
        return strict_json.dumps(plain(of))
    return _remembered(type(of), *vars(of).values())


@lru_cache(maxsize=2**14)
def _remembered(kind: type[Fact | NormApplied], *values: str | None) -> str:
    fields = zip(kind.model_fields, values, strict=True)
    return strict_json.dumps({name: value for name, value in fields if value is not None})


def read_traces(path: Path) -> Iterator[Trace]:
    """Yield the Traces of a JSON or JSON Lines file.

    Raises NesyError N110-N113 with the file and line of the fault.
    """
    for number, value in strict_json.lines(path):
        yield parse_trace(value, file=str(path), line=number)


def parse_trace(value: Any, *, file: str | None = None, line: int | None = None) -> Trace:
    """Check one JSON value as a Trace; a bare Case (an object with ``line``) is taken as one."""
    if isinstance(value, dict) and "case" not in value and ("line" in value or "image" in value):
        value = {"case": {"id": f"c{line or 1}", **value}}
    if isinstance(value, dict) and isinstance(value.get("case"), dict):
        value = {**value, "case": _plain_declared(value["case"])}
    return validate(Trace, value, file=file, line=line)


def validate(
    model: type[Model], value: Any, *, file: str | None = None, line: int | None = None
) -> Model:
    """Check a JSON value against one of the models here; raises NesyError N113 for every fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise NesyError(
            Diagnostic(
                "N113",
                f"{'.'.join(str(part) for part in fault['loc']) or model.__name__}: {fault['msg']}",
                f"the value is {_shorten(fault['input'])}",
                "see `nesy show format trace` for the form",
                file,
                line,
            )
            for fault in error.errors(include_url=False)
        ) from error


def _plain_declared(case: dict[str, Any]) -> dict[str, Any]:
    """Let ``"context": "support"`` stand for ``"context": ["support"]``."""
    declared = case.get("declared")
    if not isinstance(declared, dict):
        return case
    lists = {k: [v] if isinstance(v, str) else v for k, v in declared.items()}
    return {**case, "declared": lists}


def _shorten(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
