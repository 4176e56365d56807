"""What a benchmark is made of: samples, what each is held against, and tasks that gather them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nesy.observation import Case, Name, Observation, Term, Value, Votes

Unit = Annotated[int, Field(ge=0, le=99, strict=True)]
# Where a reference comes from: said by people, made from their votes, known because a picture was
# drawn or a person asked to pose, printed in the paper, or written by the authors of a data set.
Split = Literal["train", "validation", "test"]
Origin = Literal["people", "template", "drawn", "posed", "published", "authors"]


class Reference(Value):
    """What a sample is held against; only what is there can be scored.

    ``votes`` are people (or shares) by emotion, 0 for an answer that nobody chose: its labels are
    those that people could choose. ``emotions`` are a set without counts, ``texts``
    interpretations in words, ``ratings`` one number a rater by criterion, ``expected`` any other
    answer by name (``sarcastic``: ``yes`` or ``no``; ``boundary``: ``set`` or ``none``).
    ``texts_origin`` is where the texts come from if that is not ``origin``: sentences made from
    people's votes are ``template``.
    """

    origin: Origin
    votes: Votes | None = None
    emotions: tuple[Term, ...] | None = None
    texts: tuple[str, ...] | None = None
    texts_origin: Origin | None = None
    units: tuple[Unit, ...] | None = None
    expressions: tuple[Term, ...] | None = None
    ratings: dict[Term, tuple[float | None, ...]] | None = None
    expected: dict[Term, str] | None = None
    origins: dict[Term, Origin] | None = None


class Sample(Value):
    """One case of a task, and what it is held against.

    ``observation`` is recorded where no model has to look (votes, another tool's output).
    ``groups`` say what it shares with others (``face``, ``line``, ``actor``), for splits and
    clustered intervals; ``slices`` what figures are also told by. A changed sample names its clean
    ``twin`` and the ``change``; ``rules`` is the text of a rule file that a stranger adds.
    """

    id: Name
    case: Case
    observation: Observation | None = None
    reference: Reference | None = None
    groups: dict[Term, str] = Field(default_factory=dict)
    slices: dict[Term, str] = Field(default_factory=dict)
    split: Split | None = None
    twin: str | None = None
    change: Term | None = None
    rules: str | None = None


class Needed(Value):
    """Data that may not be shipped: how to get it, and the hash that says it is the right one."""

    option: str
    fetch: tuple[str, ...]
    licence: str
    sha256: str | None = None


class Task(Value):
    """A question put to systems, as ``task.toml`` states it.

    ``asks`` is the question in words, ``procedures`` those of the paper it answers (``P7``),
    ``measures`` names of measures, ``cluster`` the group whose members are drawn together in
    intervals. ``sha256`` is of the rows: changed rows need another ``version``. ``rows`` (and
    ``more_rows``) are files beside ``task.toml``: samples, or what the ``loader`` makes them of.
    ``packs`` are the rules it is about, as ``--packs`` names them, where those are not the default;
    ``weights`` a file beside ``task.toml`` with weights learned from the ``train`` split, so that
    only samples of ``split`` are asked: rules are not tried on what they learned from.
    Samples that are ``dealt`` come in the order of hashes, so that the first of them stand for all.
    """

    name: Term
    version: Annotated[int, Field(ge=1, strict=True)]
    title: str
    asks: str
    measures: tuple[str, ...]
    cluster: Term
    licence: str
    source: str
    procedures: tuple[str, ...] = ()
    rows: str | None = None
    more_rows: tuple[str, ...] = ()
    loader: Term | None = None
    packs: tuple[str, ...] | None = None
    weights: str | None = None
    split: Split | None = None
    dealt: Annotated[bool, Field(strict=True)] = False
    sha256: str | None = None
    needs: Needed | None = None
    limits: tuple[str, ...] = ()
