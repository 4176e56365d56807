"""Every case of tests/rules, and what must hold of the shipped rules as a whole.

A case is a text of three paragraphs: facts, expectations, note. An expectation is ``+ ATOM``,
``- ATOM`` (``_`` stands for anything), ``top FACE EMOTION``, ``reads FACE EMOTION >= N`` (<=), or
``says RULE FACE EMOTION STRENGTH``, for evidence that other rules give as well.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import clingo
import pytest
from clingo import ast

from nesy import interpret, resources, rulebook, vocabulary, weights
from nesy.reason import asp
from nesy.reason.engine import WORDLESS
from nesy.reply.reader import find, known_acts
from nesy.rulebook import Rule, Strata
from nesy.stratify import is_stratified

CASES = Path(__file__).parent / "rules"
STRATA: tuple[Strata, ...] = ("interpret", "govern")
FIRED = "_fired"
DROPPED = "_dropped"
_READS = re.compile(r"reads (\w+) (\w+) (>=|<=) (\d+)")
_SAYS = re.compile(r"says (\S+) (\w+) (\w+) (\d+)")
_TOP = re.compile(r"top (\w+) (\w+)")


@dataclass(frozen=True)
class RuleCase:
    """A case of a pack: ground facts in, expectations out.

    ``packs`` are those in force: a pack that is off by default is tried alone.
    """

    name: str
    packs: tuple[str, ...] | None
    stratum: Strata
    facts: tuple[clingo.Symbol, ...]
    expected: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Found:
    """What the rules derived for a case: atoms, marginals in thousandths, rules that fired."""

    atoms: frozenset[clingo.Symbol]
    reads: dict[tuple[str, str], int]
    fired: frozenset[int]
    voices: tuple[interpret.Voice, ...]


def _ground_facts(text: str) -> tuple[clingo.Symbol, ...]:
    control = clingo.Control()
    control.add("base", [], text)
    control.ground([("base", [])])
    return tuple(sorted(atom.symbol for atom in control.symbolic_atoms))


@lru_cache(maxsize=1)
def cases() -> tuple[RuleCase, ...]:
    """Read every case; a pack's stratum is that of the folder its rules lie in."""
    found = []
    for path in sorted(CASES.glob("*/*.txt")):
        pack = path.parent.name
        stratum: Strata = "govern" if pack in rulebook.shipped("govern") else "interpret"
        parts = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
        assert len(parts) == 3, f"{path}: facts, expectations, note; found {len(parts)} paragraphs"
        facts, expected, note = parts
        lines = tuple(line.strip() for line in expected.splitlines())
        packs = (pack,) if pack in _off() else None
        name = f"{pack}/{path.stem}"
        found.append(RuleCase(name, packs, stratum, _ground_facts(facts), lines, note))
    return tuple(found)


@lru_cache(maxsize=1)
def _off() -> tuple[str, ...]:
    return tuple(pack.name for pack in rulebook.everything().packs if not pack.is_default)


@lru_cache(maxsize=1)
def _shipped() -> rulebook.Rulebook:
    """Return every shipped pack, those that are off by default included."""
    return rulebook.load([f"+{name}" for name in _off()])


_in_force = lru_cache(maxsize=8)(rulebook.load)


@lru_cache(maxsize=1)
def _static() -> tuple[clingo.Symbol, ...]:
    return tuple(asp.symbols(vocabulary.load().facts))


@dataclass(frozen=True)
class Program:
    """The rules of a stratum, each with a switch: ``_dropped(N)`` takes rule N out."""

    rules: tuple[Rule, ...]
    text: str


def _switched(rule: Rule, number: int) -> Rule:
    body = [*map(str, rule.statement.body), f"not {DROPPED}({number})"]
    parsed: list[ast.AST] = []
    ast.parse_string(f"{rule.statement.head} :- {'; '.join(body)}.", parsed.append)
    return replace(rule, statement=parsed[-1])


@lru_cache(maxsize=8)
def _program(stratum: Strata, packs: tuple[str, ...] | None = None) -> Program:
    """Return the rules of a stratum, a voice per evidence rule, and which rules fired."""
    book = _in_force(packs)
    rules = tuple(_switched(r, n) for n, r in enumerate(book.rules(stratum)))
    lines = [f"#external {DROPPED}(0..{len(rules)}).", interpret.evidence_companions(rules)]
    lines += [str(o) for p in book.packs if p.stratum == stratum for o in p.others]
    for number, rule in enumerate(rules):
        for statement in rule.statement.unpool():
            lines.append(str(statement))
            lines.append(f"{FIRED}({number}) :- {'; '.join(map(str, statement.body))}.")
    lines += [f"{atom}." for atom in _static()]
    shown = {s for rule in rules for s in rule.heads} | {(FIRED, 1), interpret.VOICE}
    lines += [f"#show {name}/{arity}." for name, arity in sorted(shown | {("speaker", 1)})]
    return Program(rules, "\n".join(lines))


def _ground(case: RuleCase, program: Program) -> clingo.Control:
    control = clingo.Control(["--warn=none"])
    control.add("base", [], program.text)
    control.add("base", [], " ".join(f"{fact}." for fact in case.facts))
    control.ground([("base", [])], context=asp.Functions())
    return control


def _solve(control: clingo.Control, program: Program, dropped: int | None = None) -> Found:
    """Return what is derived, with one rule taken out where ``dropped`` is given."""
    if dropped is not None:
        control.assign_external(clingo.Function(DROPPED, [clingo.Number(dropped)]), True)
    with control.solve(yield_=True) as handle:
        (atoms,) = [frozenset(model.symbols(shown=True)) for model in handle]
    if dropped is not None:
        control.assign_external(clingo.Function(DROPPED, [clingo.Number(dropped)]), False)
    only = asp.AnswerSet(atoms)
    fired = [] if dropped is not None else [a.arguments[0].number for a in only.named(FIRED, 1)]
    voices = tuple(interpret.voices_in(only, program.rules, weights.load()))
    return Found(atoms, _marginals(only, voices, program.rules), frozenset(fired), voices)


def _marginals(
    only: asp.AnswerSet, voices: Sequence[interpret.Voice], rules: Sequence[Rule]
) -> dict[tuple[str, str], int]:
    if not any(("evidence", 3) in rule.heads for rule in rules):
        return {}
    faces = sorted(str(a.arguments[0]) for a in only.named("speaker", 1))
    out = [(str(a.arguments[0]), str(a.arguments[1])) for a in only.named("excluded", 2)]
    return {
        (face, emotion): round(1000 * probability)
        for face, of in interpret.log_scores(voices, out, faces).items()
        for emotion, probability in interpret.softmax(of).items()
    }


def unmet(case: RuleCase, found: Found) -> list[str]:
    """Return the expectations that do not hold."""
    return [line for line in case.expected if not _holds(line, found)]


def _holds(line: str, found: Found) -> bool:
    reads = found.reads
    if line[:2] in ("+ ", "- "):
        return _derived(line[2:].replace(" ", ""), found) == (line[0] == "+")
    if match := _TOP.fullmatch(line):
        ranked = sorted(((p, e) for (f, e), p in reads.items() if f == match[1]), reverse=True)
        return [e for p, e in ranked if p == ranked[0][0]] == [match[2]]
    if match := _READS.fullmatch(line):
        value, bound = reads.get((match[1], match[2]), 0), int(match[4])
        return value >= bound if match[3] == ">=" else value <= bound
    if match := _SAYS.fullmatch(line):
        said = {(v.rule, v.face, v.emotion, str(v.strength)) for v in found.voices}
        return match.groups() in said
    raise ValueError(f"cannot read the expectation {line!r}")


def _derived(text: str, found: Found) -> bool:
    name, wanted = text.split("(")[0], re.findall(r"[^,()]+", text)[1:]
    if "_" not in wanted:
        return clingo.parse_term(text) in found.atoms
    named = (a for a in found.atoms if a.match(name, len(wanted)))
    said = ([str(argument) for argument in atom.arguments] for atom in named)
    return any(all(w in ("_", s) for w, s in zip(wanted, of, strict=True)) for of in said)


@dataclass(frozen=True)
class Outcome:
    """What came of all cases; a rule is missed when some case fails without it."""

    found: dict[str, Found]
    fired: frozenset[str]
    missed: frozenset[str]


@lru_cache(maxsize=1)
def _outcome() -> Outcome:
    """Solve every case, and again without each rule that fires in it and was not missed before."""
    found: dict[str, Found] = {}
    fired: set[str] = set()
    missed: set[str] = set()
    for case in cases():
        program = _program(case.stratum, case.packs)
        control = _ground(case, program)
        found[case.name] = whole = _solve(control, program)
        for number in sorted(whole.fired):
            rule = program.rules[number].id
            fired.add(rule)
            if rule not in missed and unmet(case, _solve(control, program, number)):
                missed.add(rule)
    return Outcome(found, frozenset(fired), frozenset(missed))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: RuleCase) -> None:
    found = _outcome().found[case.name]
    derived = sorted(map(str, found.atoms))
    quiet = ("_", "in_force", "rank(", "lacks(", "excluded(", "force_", "stands_", "forbidden")
    told = [atom for atom in derived if not atom.startswith(quiet)]
    reads = {key: value for key, value in found.reads.items() if value >= 10}
    broken = unmet(case, found)
    assert not broken, f"{case.note}\nunmet: {broken}\nderived: {' '.join(told)}\nreads: {reads}"


@pytest.mark.parametrize("stratum", STRATA)
def test_every_rule_is_fired_by_a_case(stratum: Strata) -> None:
    assert not [r.id for r in _shipped().rules(stratum) if r.id not in _outcome().fired]


@pytest.mark.parametrize("stratum", STRATA)
def test_dropping_a_rule_breaks_a_case(stratum: Strata) -> None:
    fired = [r.id for r in _shipped().rules(stratum) if r.id in _outcome().fired]
    assert not [rule for rule in fired if rule not in _outcome().missed]


@pytest.mark.parametrize("stratum", STRATA)
def test_shipped_rules_are_stratified(stratum: Strata) -> None:
    assert is_stratified(_shipped().rules(stratum))


@pytest.mark.parametrize("stratum", STRATA)
def test_every_rule_has_label_and_source(stratum: Strata) -> None:
    rules = _shipped().rules(stratum)
    assert not [r.id for r in rules if r.sentence is None or "source" not in r.notes]
    assert not [r.id for r in rules if r.id.split(".")[0] != Path(r.file).stem]


def test_govern_rules_name_a_norm() -> None:
    norms = vocabulary.load().norms
    assert not [r.id for r in _shipped().rules("govern") if r.notes["norm"].lower() not in norms]


def test_only_a_text_basis_is_called_required() -> None:
    """A sentence says "required by" for what a source says in so many words, else "based on"."""
    norms = vocabulary.load().norms
    wrong = []
    for rule in _shipped().rules("govern"):
        for words, norm in re.findall(r"(required by|based on) (E\d+)", rule.sentence or ""):
            is_text = norms[norm.lower()].one("basis") == "text"
            if is_text != (words == "required by") or norm != rule.notes["norm"]:
                wrong.append(rule.id)
    assert not wrong


def test_a_norm_of_a_head_is_the_norm_of_the_note() -> None:
    wrong = []
    for rule in _shipped().rules("govern"):
        head = re.fullmatch(
            r"(?:forbidden|obligatory|preferred|warned|preferred_tone)\(\w+,(\w+)\)",
            str(rule.statement.head).replace(" ", ""),
        )
        if head and head[1] != rule.notes["norm"].lower():
            wrong.append(rule.id)
    assert not wrong


def test_no_rule_lets_a_face_lower_a_crisis() -> None:
    """A crisis rests on words: no rule that derives one looks at a face or at an absence."""
    image = {("au", 4), ("expression", 3), ("observable", 2), ("claim", 3), ("face", 1)}
    for stratum in STRATA:
        for rule in _shipped().rules(stratum):
            if rule.heads & {("crisis", 1), ("danger", 1)}:
                assert not rule.body_signatures & image, rule.id
                assert "not " not in "; ".join(map(str, rule.statement.body)), rule.id


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    readme = (resources.folder("rules") / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```prolog\n(.*?)```", readme, re.DOTALL)
    file = tmp_path / "mine.lp"
    file.write_text(example, encoding="utf-8")
    (rule,) = rulebook.read_pack(file).rules
    assert rule.sentence is not None
    assert rule.notes["source"]
    facts = ["speaker(f1)", "line_valence(positive,900)", "cue(hyperbole,900)"]
    facts.append("expression(f1,lip_corner_depressor,800)")
    (found,) = asp.solve([rule.statement], asp.symbols(facts), extra=asp.ALL_DEFINED)
    assert clingo.parse_term("evidence(f1,sarcasm,800)") in found.atoms


def test_the_readme_lists_every_pack() -> None:
    readme = (resources.folder("rules") / "README.md").read_text(encoding="utf-8")
    assert not [p.name for p in _shipped().packs if f"`{p.name}`" not in readme]


# ── Replies ─────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _replies() -> dict[str, Any]:
    path = resources.folder("rules") / "replies" / "english.toml"
    loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return loaded


def _feelings() -> dict[str, str]:
    path = resources.folder("rules") / "replies" / "reader.toml"
    feelings: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["feelings"]
    return feelings


def _texts() -> list[tuple[str, str]]:
    found = []
    for act, entry in _replies()["acts"].items():
        variants = [entry.get("text", []), *entry.get("when", {}).values()]
        found += [(act, text) for texts in variants for text in texts]
    return found


@lru_cache(maxsize=1)
def _forbidden_acts() -> frozenset[str]:
    """Return every act that some govern rule forbids."""
    heads = (str(r.statement.head) for r in _shipped().rules("govern"))
    return frozenset(m[1] for h in heads if (m := re.match(r"forbidden\((\w+)", h)))


@pytest.mark.parametrize(("act", "text"), _texts())
def test_reader_finds_the_act_in_its_own_text(act: str, text: str) -> None:
    assert act in find(text).acts


@pytest.mark.parametrize(("act", "text"), [*_texts(), *_replies()["safe"].items()])
def test_no_text_does_what_a_norm_forbids(act: str, text: str) -> None:
    found = find(text)
    assert _forbidden_acts() & set(found.acts) <= {act}
    assert found.unread == ()


def test_reader_knows_every_forbidden_act_of_a_text() -> None:
    assert _forbidden_acts() <= known_acts()


def test_replies_use_the_words_of_the_ontology() -> None:
    terms = vocabulary.load().terms
    acts = set(terms["reply act"])
    assert set(_replies()["acts"]) <= acts
    assert known_acts() <= acts
    assert set(_feelings()) <= set(terms["emotion"])
    assert set(_replies()["acts"]) <= set(_replies()["order"]) <= acts
    kinds = ("crisis", "mismatch", "cue", "valence", "jurisdiction")
    conditions = {term for kind in kinds for term in terms[kind]} | {WORDLESS, "language"}
    for entry in _replies()["acts"].values():
        assert set(entry.get("when", {})) <= conditions


def test_every_place_in_the_united_states_gets_988() -> None:
    when = _replies()["acts"]["give_crisis_resource"]["when"]
    for place in vocabulary.load().terms["jurisdiction"]:
        if place.startswith("us"):
            assert "988" in when[place][0]


_SAID = (CASES / "reader.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", [x for x in _SAID.splitlines() if x[:2] in ("+ ", "- ")])
def test_reader(line: str) -> None:
    """``+ act | text``: the act is in the text; ``- act | text``: it is not."""
    act, text = line[2:].split(" | ", 1)
    assert (act in find(text).acts) == (line[0] == "+")
