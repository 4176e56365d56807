"""What comes in: a case, its earlier turns, and what one perceiver reported of it.

Confidences and intensities are integers 0-1000. Unknown fields are kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)
from pydantic_core import to_jsonable_python

Permille = Annotated[int, Field(ge=0, le=1000, strict=True)]
Term = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
_Pixels = Annotated[int, Field(ge=0, le=100_000, strict=True)]
# Where something is in a picture: x and y of its upper left corner, width, height; in pixels.
Box = tuple[_Pixels, _Pixels, _Pixels, _Pixels]
SpeakerFace = Literal["left", "right"] | Annotated[int, Field(ge=1, le=99, strict=True)]
Votes = dict[Term, Annotated[float, Field(ge=0, allow_inf_nan=False)]]


class Value(BaseModel):
    """A frozen value that keeps the fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def written(self) -> list[tuple[str, Any]]:
        """Return the fields that are written: those that hold something, and those not known here.

        A null of somebody else's is kept.
        """
        found = [field for field in vars(self).items() if field[1] is not None]
        return [*found, *self.model_extra.items()] if self.model_extra else found

    @model_serializer(mode="wrap")
    def _without_gaps(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the fields that hold nothing, where pydantic writes."""
        kept = self.model_extra or {}
        return {k: v for k, v in handler(self).items() if v is not None or k in kept}


def plain(value: Any) -> Any:
    """Return a value as JSON has it, as pydantic writes it and without asking it field by field."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Value):
        return {name: of if type(of) in _PLAIN else plain(of) for name, of in value.written()}
    if kind is tuple or kind is list:
        return [of if type(of) in _PLAIN else plain(of) for of in value]
    if kind is dict:
        return {name: of if type(of) in _PLAIN else plain(of) for name, of in value.items()}
    return to_jsonable_python(value)


_PLAIN = frozenset({str, int, float, bool, type(None)})


class ActionUnit(Value):
    """One FACS unit seen: intensity and confidence in 0-1000.

    ``side`` is the person's own left or right; without it the side is not known.
    """

    unit: Annotated[int, Field(ge=0, le=99, strict=True)]
    intensity: Permille
    confidence: Permille
    side: Literal["left", "right", "both"] | None = None


class SeenExpression(Value):
    """One of the expressions of Table 1."""

    expression: Term
    confidence: Permille


class Claim(Value):
    """The perceiver's own opinion of the emotion, from the channel ``model``."""

    emotion: Term
    confidence: Permille


class Face(Value):
    """One face; ``unobservable`` lists the units the perceiver could not have seen here.

    ``box`` is where in the picture it is, if the perceiver says so.
    """

    id: Annotated[str, Field(pattern=r"^f[1-9][0-9]?$")]
    speaker: Annotated[bool, Field(strict=True)] = True
    action_units: tuple[ActionUnit, ...] = ()
    unobservable: tuple[Annotated[int, Field(ge=0, le=99, strict=True)], ...] = ()
    expressions: tuple[SeenExpression, ...] = ()
    claims: tuple[Claim, ...] = ()
    box: Box | None = None


class LineValence(Value):
    """The tone of the words."""

    valence: Term
    confidence: Permille


class LineEmotion(Value):
    """An emotion the words name or carry."""

    emotion: Term
    confidence: Permille


class LineAct(Value):
    """What the line does: thanks, refusal, question."""

    act: Term
    confidence: Permille


class LineCue(Value):
    """A cue in the words: minimiser, hedge, self_harm."""

    cue: Term
    confidence: Permille


class LineReading(Value):
    """What the words say, before any rule; ``unread`` names what kept the reader from reading all.

    ``language`` in it says that they are in another language than the reader's.
    """

    valence: tuple[LineValence, ...] = ()
    emotions: tuple[LineEmotion, ...] = ()
    acts: tuple[LineAct, ...] = ()
    cues: tuple[LineCue, ...] = ()
    unread: tuple[Literal["language"], ...] | None = None


class Turn(Value):
    """An earlier turn of the dialogue: who spoke, the words, and how they are read if known.

    ``speaker`` is ``assistant``, ``user`` or the case's own ``speaker``; any other name is another
    person's. ``votes`` of people say what the turn expressed and stand for the reading's emotions.
    """

    speaker: Name
    line: str = ""
    reading: LineReading | None = None
    votes: Votes | None = None


class Case(Value):
    """What is to be read: a picture, a line, and what the caller declares.

    ``turns`` came before the line, oldest first; ``speaker`` names whose line it is in their terms.
    Only the ``box`` of the picture is looked at, in the form that ``picture_form`` names; of
    several faces ``speaker_face`` is bound to the line: its number, or its side of the picture.
    """

    id: str = Field(min_length=1, max_length=200)
    image: str | None = None
    line: str = ""
    speaker: Name | None = None
    turns: tuple[Turn, ...] = ()
    declared: dict[Term, tuple[Term, ...]] = Field(default_factory=dict)
    note: str | None = None
    source: str | None = None
    box: Box | None = None
    speaker_face: SpeakerFace | None = None
    picture_form: Literal["plain", "paper"] | None = None


class Thought(Value):
    """What a model wrote before its report, cut: a quotation, which no rule reads.

    ``tokens`` is how long it was; ``closed`` tells that the model ended it within its budget.
    """

    text: str
    tokens: int
    closed: bool


class Observation(Value):
    """What one perceiver reported of a case; ``turns`` are read up to the last, oldest first.

    ``constraint_mass`` is the least probability that the model itself gave to what it was allowed
    to write, ``forced_at`` the field where that was next to none. ``soft_facts`` says how the
    confidences came about if not by recording, ``calibration`` by which file they were corrected.
    """

    perceiver: str
    faces: tuple[Face, ...] = ()
    line: LineReading | None = None
    turns: tuple[LineReading, ...] | None = None
    caption: Literal["same", "differs"] | None = None
    rationale: str | None = None
    thought: Thought | None = None
    constraint_mass: float | None = None
    forced_at: str | None = None
    soft_facts: Literal["recorded", "scored", "samples"] | None = None
    calibration: str | None = None

    @field_validator("faces")
    @classmethod
    def _faces_differ(cls, faces: tuple[Face, ...]) -> tuple[Face, ...]:
        ids = [face.id for face in faces]
        if len(set(ids)) < len(ids):
            raise ValueError("two faces have the same id")
        return faces


class Agreement(Value):
    """Of ``asked`` things, how many both hold present or both absent, and which one alone sees.

    ``kappa`` is Cohen's, in [-1, 1]; it is missing where chance alone would agree on everything.
    """

    asked: int
    same: int
    kappa: float | None = None
    first_only: tuple[str, ...] = ()
    second_only: tuple[str, ...] = ()


class Opinions(Value):
    """The emotion that each perceiver's own model holds likeliest; ``same`` where it is one."""

    first: Term
    second: Term
    same: bool


class Voices(Value):
    """What the speaker's face is taken for; several emotions where they are equally likely.

    ``claim`` is the first perceiver's own opinion, ``read`` what the rules read from what it saw
    with the words; ``beside_claim`` and ``beside_read`` are the same of the second. ``differ``
    where no emotion, nor a wider one, is in all of those that say one.
    """

    claim: tuple[Term, ...] = ()
    read: tuple[Term, ...] = ()
    beside_claim: tuple[Term, ...] = ()
    beside_read: tuple[Term, ...] = ()
    differ: bool


class Beside(Value):
    """What a second perceiver reported, and how it agrees with the first.

    ``faces`` counts those of the first and of the second; ``error`` says why it saw nothing;
    ``voices`` are there once the rules have read what both saw.
    """

    perceiver: str
    observation: Observation | None = None
    error: dict[str, Any] | None = None
    faces: tuple[int, int] | None = None
    units: Agreement | None = None
    expressions: Agreement | None = None
    claims: Opinions | None = None
    voices: Voices | None = None
