"""Why this rather than that: what speaks for the one alone, and where the two part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import clingo

from nesy.explain.english import WORDS
from nesy.explain.tell import of_atom
from nesy.explain.why.justify import Node
from nesy.explain.why_not.conditions import Atom
from nesy.explain.why_not.core import core
from nesy.explain.why_not.match import native
from nesy.explain.why_not.nearmiss import NearMiss, ways
from nesy.explain.why_not.whynot import WhyNot, agrees
from nesy.interpret import NULL_HYPOTHESIS, Voice, prepared
from nesy.reason import asp

# So many voices are named that decide by themselves.
TIPPING = 3


def readings(of: WhyNot, face: str, one: str, other: str) -> Node:
    """Return why a face reads as one emotion rather than as another.

    Voices for both that rest on the same facts are set off against each other. What is told of the
    voices adds up to the difference in log-odds between the two emotions.
    """
    stages = of.stages
    voices = [v for v in stages.interpretation.voices if v.face == face]
    mine = [v for v in voices if v.emotion == one]
    its = [v for v in voices if v.emotion == other]
    sums = _sum(mine), _sum(its)
    scores: tuple[tuple[str, float], ...] = ((one, sums[0]), (other, sums[1]))
    shares = stages.interpretation.marginals[face]
    slots = {"face": face, "one": _emotion(of, one), "other": _emotion(of, other)}
    excluded = clingo.Function("excluded", [clingo.Function(face), clingo.Function(other)])
    is_out = excluded in stages.interpretation.atoms
    percent = {"share": 100 * shares.get(one, 0.0), "its": 100 * shares.get(other, 0.0)}
    # Where packs choose, a reading is no sum of voices: those of the best answer set are told.
    is_sum = not prepared(of.engine.rulebook)[2]
    text = WORDS["rather" if is_sum else "rather_chosen"].format(
        **slots, **percent, own=sums[0], against=sums[1]
    )
    told = _told(of, face, one)
    pairs = list(_shared(of, mine, its))
    both = {v for pair in pairs for v in pair}
    groups = [
        _group("alone", [told[v] for v in _ranked(mine) if v not in both], slots["one"]),
        _group("alone", [told[v] for v in _ranked(its) if v not in both], slots["other"]),
        _group("shared_voices", [_pair(of, one, other, *pair) for pair in pairs]),
    ]
    because = [node for node in groups if node.because]
    if is_out or not is_sum:
        scores = ()
    if is_out:
        because.insert(0, of.against(excluded))
    elif not its and other != NULL_HYPOTHESIS:
        wanted = clingo.Function("evidence", [*excluded.arguments, clingo.String("_")])
        because.append(of.why_not(wanted))
    if scores:
        because.insert(0, _tipping(mine, its, pairs, slots["other"]))
    return Node("contrast", "", text=text, scores=scores, because=tuple(because))


def _emotion(of: WhyNot, name: str) -> str:
    return of.engine.vocabulary.phrase("emotion", name)


def _group(key: str, nodes: Sequence[Node], name: str = "") -> Node:
    return Node("group", "", text=WORDS[key].format(name=name), because=tuple(nodes))


def _sum(voices: Iterable[Voice]) -> float:
    return math.fsum(v.contribution for v in voices)


def _ranked(voices: Iterable[Voice]) -> list[Voice]:
    return sorted(voices, key=lambda v: (-abs(v.contribution), v))


def _told(of: WhyNot, face: str, one: str) -> dict[Voice, Node]:
    """Return the justification of each voice, from that of the reading."""
    # What is read with less than a percent is no fact for the norms, and can be asked about.
    share = round(1000 * of.stages.interpretation.marginals[face][one])
    words = [clingo.Function(face), clingo.Function(one)]
    reads = clingo.Function("reads", [*words, clingo.Number(share)])
    return {node.voice: node for node in of.explainer.why(reads).walk() if node.voice is not None}


def grounds(of: WhyNot, voice: Voice) -> frozenset[str]:
    """Return the atoms that a voice's rule matched, but for those that no case changes."""
    rule = of.engine.rulebook.by_id(voice.rule)
    fixed = of.fixed("interpret")
    values = [native(clingo.parse_term(text)) for text in voice.bindings]
    for way in ways(rule):
        names = sorted(way.names)
        env = dict(zip(names, values, strict=False))
        held = [c for c in way.conditions if isinstance(c, Atom) and c.is_positive]
        said = way.head.text(env)
        if len(names) == len(values) and str(said.arguments[1]) == voice.emotion:
            return frozenset(str(c.pattern.text(env)) for c in held if c.pattern.key not in fixed)
    return frozenset()


def _shared(
    of: WhyNot, mine: Sequence[Voice], its: Sequence[Voice]
) -> Iterator[tuple[Voice, Voice]]:
    """Yield pairs of voices that rest on the same atoms, each voice in one pair."""
    left = {v: found for v in _ranked(its) if (found := grounds(of, v))}
    for voice in _ranked(mine):
        same = grounds(of, voice)
        partner = next((v for v, found in left.items() if found == same), None)
        if partner is not None:
            del left[partner]
            yield voice, partner


def _pair(of: WhyNot, one: str, other: str, mine: Voice, its: Voice) -> Node:
    """Return what one ground says for both emotions."""
    atoms = asp.symbols(sorted(grounds(of, mine)))
    told = "; ".join(of_atom(atom, of.lexicon) for atom in atoms if atom.name != "speaker")
    scores = ((one, mine.contribution), (other, its.contribution))
    return Node("balance", "", text=told, scores=scores)


def _tipping(
    mine: Sequence[Voice],
    its: Sequence[Voice],
    pairs: Sequence[tuple[Voice, Voice]],
    other: str,
) -> Node:
    """Return which voices decide by themselves, or how many it takes together."""
    lead = _sum(mine) - _sum(its)
    effects = {v: v.contribution for v in mine} | {v: -v.contribution for v in its}
    for voice, partner in pairs:  # one ground for both is gone for both
        effects[voice] += effects.pop(partner)
    ranked = sorted(effects.items(), key=lambda pair: (-pair[1], pair[0]))
    alone = [voice for voice, effect in ranked if effect >= lead]
    if alone:
        rules = ", ".join(dict.fromkeys(v.rule for v in alone[:TIPPING]))
        return _said("tips" if len(alone) == 1 else "tip", other=other, rules=rules)
    total = 0.0
    for count, (_, effect) in enumerate(ranked, 1):
        total += effect
        if total >= lead:
            return _said("together", other=other, count=count)
    return _said("none_tips", other=other)


def _said(key: str, **slots: object) -> Node:
    return Node("condition", "", text=WORDS[key].format(**slots))


def atoms(of: WhyNot, one: clingo.Symbol, other: clingo.Symbol) -> Node:
    """Return why an atom holds and another does not: what both have, and where they part."""
    why, why_not = of.explainer.why(one), of.why_not(other)
    text = WORDS["instead"].format(one=of_atom(one, of.lexicon), other=of_atom(other, of.lexicon))
    because = []
    misses = of.misses(other)
    if misses:
        near = misses[0]
        common = [node for node in why.because if node.atom and _needs(near, node.atom)]
        if common:
            because.append(_group("common", common))
        (nearest,) = (n for n in why_not.because[:1])
        parting = Node("group", "", text=WORDS["part"], because=(nearest,))
        because.append(parting)
    because += _kept_out(of, other)
    because += [why] if misses else [why, why_not]
    return Node("contrast", "", text=text, because=tuple(because))


def _kept_out(of: WhyNot, other: clingo.Symbol) -> Iterator[Node]:
    """Yield the fewest facts that no choice of the rules gets round, where packs choose."""
    book, stages = of.engine.rulebook, of.stages
    if not prepared(book)[2] or asp.signature(other) not in book.heads("interpret"):
        return
    found = core(
        book.statements("interpret"),
        stages.admitted,
        other,
        given=of.engine.static,
        guarded=book.strangers,
    )
    if found:
        yield _group("kept_out", [of.explainer.why(fact) for fact in found])


def _needs(near: NearMiss, atom: str) -> bool:
    """Tell whether a near miss rests on an atom too."""
    symbol = asp.symbols([atom])[0]
    return any(
        agrees(c.pattern.text(near.env), symbol)
        for c in near.way.conditions
        if isinstance(c, Atom) and c.is_positive and c not in near.failing
    )
