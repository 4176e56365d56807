"""The values that flow, from Case to Trace: ``nesy.trace.v1``, the one interchange format.

Confidences and intensities are integers 0-1000, probabilities floats in [0, 1].
Unknown fields are kept: fields may be added to the format, none renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
)

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError

SCHEMA: Literal["nesy.trace.v1"] = "nesy.trace.v1"

Permille = Annotated[int, Field(ge=0, le=1000, strict=True)]
Term = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Model = TypeVar("Model", bound=BaseModel)
Origin = Literal["declared", "line", "image", "caption", "model", "ontology", "derived"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    @model_serializer(mode="wrap")
    def _without_gaps(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the fields that hold nothing; a null of somebody else's is kept."""
        kept = self.model_extra or {}
        return {k: v for k, v in handler(self).items() if v is not None or k in kept}


class Turn(_Value):
    """An earlier turn of the dialogue."""

    speaker: Term
    line: str


class Case(_Value):
    """What is to be read: a picture, a line, and what the caller declares."""

    id: str = Field(min_length=1, max_length=200)
    image: str | None = None
    line: str = ""
    turns: tuple[Turn, ...] = ()
    declared: dict[Term, tuple[Term, ...]] = Field(default_factory=dict)
    note: str | None = None
    source: str | None = None


class ActionUnit(_Value):
    """One FACS unit seen: intensity and confidence in 0-1000."""

    unit: Annotated[int, Field(ge=0, le=99, strict=True)]
    intensity: Permille
    confidence: Permille


class SeenExpression(_Value):
    """One of the expressions of Table 1."""

    expression: Term
    confidence: Permille


class Claim(_Value):
    """The perceiver's own opinion of the emotion, from the channel ``model``."""

    emotion: Term
    confidence: Permille


class Face(_Value):
    """One face; ``unobservable`` lists the units the perceiver could not have seen here."""

    id: Annotated[str, Field(pattern=r"^f[1-9][0-9]?$")]
    speaker: Annotated[bool, Field(strict=True)] = True
    action_units: tuple[ActionUnit, ...] = ()
    unobservable: tuple[Annotated[int, Field(ge=0, le=99, strict=True)], ...] = ()
    expressions: tuple[SeenExpression, ...] = ()
    claims: tuple[Claim, ...] = ()


class LineValence(_Value):
    """The tone of the words."""

    valence: Term
    confidence: Permille


class LineEmotion(_Value):
    """An emotion the words name or carry."""

    emotion: Term
    confidence: Permille


class LineAct(_Value):
    """What the line does: thanks, refusal, question."""

    act: Term
    confidence: Permille


class LineCue(_Value):
    """A cue in the words: minimiser, hedge, self_harm."""

    cue: Term
    confidence: Permille


class LineReading(_Value):
    """What the words say, before any rule."""

    valence: tuple[LineValence, ...] = ()
    emotions: tuple[LineEmotion, ...] = ()
    acts: tuple[LineAct, ...] = ()
    cues: tuple[LineCue, ...] = ()


class Observation(_Value):
    """What one perceiver reported of a case."""

    perceiver: str
    faces: tuple[Face, ...] = ()
    line: LineReading | None = None
    caption: Literal["same", "differs"] | None = None
    rationale: str | None = None
    constraint_mass: float | None = None

    @field_validator("faces")
    @classmethod
    def _faces_differ(cls, faces: tuple[Face, ...]) -> tuple[Face, ...]:
        ids = [face.id for face in faces]
        if len(set(ids)) < len(ids):
            raise ValueError("two faces have the same id")
        return faces


class Fact(_Value):
    """A ground atom with its origin; ``withheld`` names the norm that keeps it from the rules."""

    atom: str
    origin: Origin
    withheld: str | None = None


class FaceReading(_Value):
    """A distribution over emotions for one face, and how words and face agree."""

    distribution: dict[Term, Annotated[float, Field(ge=0, le=1)]]
    ambiguous: bool = False
    mismatches: tuple[Term, ...] = ()


class NormApplied(_Value):
    """A norm that holds for this case; ``overridden_by`` names the norm that beat it."""

    norm: str
    force: Literal["forbidden", "obligatory", "preferred", "warned", "hold"]
    act: str | None = None
    overridden_by: str | None = None


class Verdict(_Value):
    """What a reply may, must and should do. ``hold``: no verdict was reached, nothing is sent."""

    status: Literal["release", "block", "hold"]
    norms: tuple[NormApplied, ...] = ()
    crisis: tuple[Term, ...] = ()


class Round(_Value):
    """One draft and the norms it broke."""

    acts: tuple[str, ...]
    text: str
    violations: tuple[str, ...] = ()


class Response(_Value):
    """The reply: its acts in order, its tone, its text, and the drafts before it."""

    acts: tuple[Term, ...]
    tone: Term
    text: str
    rounds: tuple[Round, ...] = ()


class Fault(_Value):
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


class Failure(_Value):
    """Why a case went no further, and the exit code that says so."""

    exit_code: Literal[1, 2, 3]
    diagnostics: tuple[Fault, ...]


class Trace(_Value):
    """The whole record of one case; every stage may still be missing."""

    schema_: Literal["nesy.trace.v1"] = Field(default=SCHEMA, alias="schema")
    case: Case
    observation: Observation | None = None
    facts: tuple[Fact, ...] | None = None
    reading: dict[str, FaceReading] | None = None
    verdict: Verdict | None = None
    response: Response | None = None
    error: dict[str, Any] | None = None
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

    def with_(self, **stages: Any) -> Trace:
        """Return a copy with these stages filled in."""
        return self.model_copy(update=stages)

    def as_json(self, *, indent: int | None = None) -> str:
        """Write the trace; the same trace gives the same bytes."""
        return strict_json.dumps(self.model_dump(mode="json", by_alias=True), indent=indent)


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
