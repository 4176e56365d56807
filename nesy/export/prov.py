"""PROV-O: a Trace's provenance, from the picture and the line down to each rule instance.

Inputs are attributed to the caller; a stage (perceive, ground, interpret, govern, respond) is an
activity of a program that acts for the caller; a rule that fired is an activity whose plan is the
rule. What it derived was derived from the atoms it rests on. Names are hashes of the Trace, so the
same Trace gives the same text. The classes and the SHACL shapes are in ``prov.ttl``.

Source: W3C, PROV-O: The PROV Ontology, Recommendation 30 April 2013.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import rdflib
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, RDFS

from nesy import shapes, strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.explain.why.justify import Node
from nesy.reason.engine import Engine
from nesy.reply.compose import TEMPLATES
from nesy.reply.draft import GIVEN
from nesy.trace import Fact, Round, Trace
from nesy.turtle import NESY

SHAPES = Path(__file__).with_name("prov.ttl")


def graph(trace: Trace, node: Node, engine: Engine) -> rdflib.Graph:
    """Return the provenance of a Trace, with the justification of what ``nesy why`` was asked."""
    document = _Document(trace, engine)
    document.tell()
    document.justify(node, document.root(node))
    return document.graph


def as_turtle(found: rdflib.Graph) -> str:
    """Return a graph as Turtle."""
    return found.serialize(format="turtle")


def as_jsonld(found: rdflib.Graph) -> str:
    """Return a graph as JSON-LD, expanded, its nodes by name: the order of a graph is chance."""
    nodes = json.loads(found.serialize(format="json-ld"))
    for node in nodes:
        for key, values in node.items():
            if isinstance(values, list):
                node[key] = sorted(values, key=str)
    ordered = sorted((dict(sorted(node.items())) for node in nodes), key=lambda n: str(n["@id"]))
    return strict_json.dumps(ordered, indent=2) + "\n"


FORMATS: dict[str, Callable[[rdflib.Graph], str]] = {"prov": as_turtle, "prov-json": as_jsonld}


def check(found: rdflib.Graph) -> list[Diagnostic]:
    """Return an N640 for each violation of the shapes in ``prov.ttl``."""
    return [
        Diagnostic("N640", f"{focus}: {message}", why, "see nesy/export/prov.ttl for the form")
        for focus, message, why in shapes.violations(found, SHAPES)
    ]


def checked(found: rdflib.Graph) -> rdflib.Graph:
    """Return a graph that meets the shapes; raises NesyError with every N640 where it does not."""
    if faults := check(found):
        raise NesyError(faults)
    return found


class _Document:
    """A graph as it is written, one part after the other."""

    def __init__(self, trace: Trace, engine: Engine) -> None:
        self.trace = trace
        self.engine = engine
        name = hashlib.sha256(trace.as_json().encode()).hexdigest()[:32]
        self.base = rdflib.Namespace(f"urn:nesy:trace:{name}#")
        self.graph = rdflib.Graph(bind_namespaces="none")
        for prefix, space in (
            ("prov", PROV),
            ("nesy", NESY),
            ("rdfs", RDFS),
            ("dcterms", DCTERMS),
            ("", self.base),
        ):
            self.graph.bind(prefix, space)
        book = engine.rulebook
        self.strata = {
            rule.id: name for name in ("interpret", "govern") for rule in book.rules(name)
        }
        self.fired: set[object] = set()
        self.drafts: list[URIRef] = []
        facts = trace.facts or ()
        self.known = {fact.atom: self.base[f"fact_{n}"] for n, fact in enumerate(facts)}
        self.admitted = [self.known[fact.atom] for fact in facts if not fact.withheld]

    # ── Words of the document ───────────────────────────────────────────────────────────────────

    def say(self, subject: URIRef, **said: object) -> URIRef:
        """Add what is said of a subject, by the names of PROV-O; None is left out."""
        for name, values in said.items():
            predicate = getattr(PROV, name)
            for value in values if isinstance(values, list) else [values]:
                if value is not None:
                    node = value if isinstance(value, URIRef) else Literal(value)
                    self.graph.add((subject, predicate, node))
        return subject

    def entity(self, name: str, kind: str, **said: object) -> URIRef:
        """Add an entity of one of our kinds."""
        subject = self.base[name]
        self.graph.add((subject, RDF.type, PROV.Entity))
        self.graph.add((subject, RDF.type, NESY[kind]))
        return self.say(subject, **said)

    def note(self, subject: URIRef, predicate: URIRef, *values: object) -> None:
        """Add literals or IRIs by any predicate; None is left out."""
        for value in values:
            if value is not None:
                node = value if isinstance(value, URIRef) else Literal(value)
                self.graph.add((subject, predicate, node))

    # ── The way of the data ─────────────────────────────────────────────────────────────────────

    def tell(self) -> None:
        """Add inputs, agents, stages and what each stage made."""
        self.agents()
        given = self.inputs()
        seen = self.observed(given)
        facts = [self.fact(fact, given, seen) for fact in self.trace.facts or ()]
        if facts:
            self.stage("ground", [*given.values(), *seen])
        readings = [self.reading(face) for face in self.trace.reading or {}]
        self.stage("interpret", self.admitted or given.values())
        rests_on = [*readings, *facts] or [*given.values()]
        self.stage("govern", rests_on)
        verdict = self.trace.verdict
        if verdict is None:
            return
        made = self.entity(
            "verdict",
            "Judgement",
            value=verdict.status,
            wasGeneratedBy=self.base["govern"],
            wasDerivedFrom=rests_on,
        )
        for applied in verdict.norms:
            self.note(made, NESY[f"norm_{applied.force}"], NESY[f"norm.{applied.norm.lower()}"])
        if self.trace.response is not None:
            self.drafts = self.drafted(self.trace.response.rounds)
            self.say(self.base["govern"], used=self.drafts)
            self.stage("respond", [made, *self.drafts])
            released = verdict.status == "release"
            self.entity(
                "reply",
                "Reply",
                value=self.trace.response.text,
                wasGeneratedBy=self.base["respond"],
                wasDerivedFrom=[made, *(self.drafts[-1:] if released else [])],
            )

    def drafted(self, rounds: Iterable[Round]) -> list[URIRef]:
        """Add every draft, attributed to who wrote it: nesy's templates, a drafter, the caller."""
        found = []
        for number, round_ in enumerate(rounds, 1):
            author = {TEMPLATES: "nesy", GIVEN: "caller"}.get(round_.author, round_.author)
            if author not in ("nesy", "caller"):
                self.program(author, {})
            found.append(
                self.entity(
                    f"draft_{number}",
                    "Draft",
                    value=round_.text,
                    wasAttributedTo=self.base[author],
                )
            )
        return found

    def agents(self) -> None:
        """Add who answers for what: the caller, nesy, and the perceiver of a picture."""
        caller = self.base["caller"]
        self.graph.add((caller, RDF.type, PROV.Agent))
        self.note(caller, RDFS.label, "the caller")
        versions = self.trace.versions
        names = ("nesy", "rules", "ontology", "weights")
        self.program("nesy", {n: str(versions[n]) for n in names if versions.get(n)})
        if self.trace.case.image is not None:
            model = versions.get("perceiver")
            self.program("perceiver", {"version": str(model)} if model else {})

    def program(self, name: str, versions: dict[str, str]) -> None:
        """Add a program that acts for the caller."""
        agent = self.base[name]
        self.graph.add((agent, RDF.type, PROV.Agent))
        self.graph.add((agent, RDF.type, PROV.SoftwareAgent))
        self.note(agent, RDFS.label, name)
        self.say(agent, actedOnBehalfOf=self.base["caller"])
        for key, version in versions.items():
            self.note(agent, DCTERMS.hasVersion, f"{key} {version}")

    def inputs(self) -> dict[str, URIRef]:
        """Add what the caller gave; return it by its name."""
        case, caller = self.trace.case, self.base["caller"]
        found = {"line": self.entity("line", "CaseInput", value=case.line, wasAttributedTo=caller)}
        if case.image is not None:
            found["image"] = self.entity(
                "picture", "CaseInput", atLocation=case.image, wasAttributedTo=caller
            )
        for number, turn in enumerate(case.turns, 1):
            name = f"turn_{number}"
            found[name] = self.entity(
                name, "CaseInput", value=f"{turn.speaker}: {turn.line}", wasAttributedTo=caller
            )
        if case.declared:
            said = [f"{key}={value}" for key, values in case.declared.items() for value in values]
            found["declared"] = self.entity(
                "declared", "CaseInput", value=said, wasAttributedTo=caller
            )
        return found

    def observed(self, given: dict[str, URIRef]) -> list[URIRef]:
        """Add the observation, if there is one."""
        if self.trace.observation is None:
            return []
        seen = [iri for name, iri in given.items() if name != "declared"]
        self.stage("perceive", seen)
        if self.trace.case.image is not None:
            self.say(self.base["perceive"], wasAssociatedWith=self.base["perceiver"])
        made = self.base["perceive"]
        return [self.entity("observation", "Observed", wasGeneratedBy=made, wasDerivedFrom=seen)]

    def fact(self, fact: Fact, given: dict[str, URIRef], seen: list[URIRef]) -> URIRef:
        """Add a fact, derived from what its channel carries."""
        channel = {"caption": "image", "model": "image"}.get(fact.origin, fact.origin)
        turns = [iri for name, iri in given.items() if name.startswith("turn_")]
        sources = [given[channel]] if channel in given else []
        if channel == "line" and fact.atom.startswith("turn"):
            sources = turns
        if channel != "declared" or not sources:
            sources = [*sources, *seen] or [given["line"]]
        subject = self.entity(
            self.known[fact.atom].removeprefix(self.base),
            "FactAtom",
            value=fact.atom,
            wasGeneratedBy=self.base["ground"],
            wasDerivedFrom=sources,
        )
        self.note(subject, NESY.origin, fact.origin)
        if fact.withheld:
            self.note(subject, NESY.withheldBy, NESY[f"norm.{fact.withheld.lower()}"])
        return subject

    def reading(self, face: str) -> URIRef:
        """Add the distribution of one face; its emotions are those of the ontology."""
        found = (self.trace.reading or {})[face]
        subject = self.entity(
            f"reading_{face}",
            "FaceReading",
            value=[f"{emotion} {share:.3f}" for emotion, share in found.distribution.items()],
            wasGeneratedBy=self.base["interpret"],
            wasDerivedFrom=self.admitted or [self.base["line"]],
        )
        for emotion in found.distribution:
            self.note(subject, NESY.emotion, NESY[f"emotion.{emotion}"])
        for kind in found.mismatches:
            self.note(subject, NESY.shows, NESY[f"mismatch.{kind}"])
        return subject

    def stage(self, name: str, used: Iterable[URIRef]) -> None:
        """Add a stage of the way."""
        subject = self.base[name]
        self.graph.add((subject, RDF.type, PROV.Activity))
        self.graph.add((subject, RDF.type, NESY.Stage))
        self.note(subject, RDFS.label, name)
        self.say(subject, wasAssociatedWith=self.base["nesy"], used=list(used))

    # ── Why ─────────────────────────────────────────────────────────────────────────────────────

    def root(self, node: Node) -> URIRef | None:
        """Return what the outermost node is about, where it is no atom: the reply, or nothing."""
        return self.base["reply"] if node.kind == "reply" and self.trace.response else None

    def justify(self, node: Node, above: URIRef | None) -> None:
        """Add a justification; what rests on it, ``above``, was derived from it."""
        if node.kind in ("rule", "voice", "fact", "ontology", "marginal"):
            atom = self.atom(node)
            if above is not None and above != atom:
                self.say(above, wasDerivedFrom=atom)
            if node.kind in ("rule", "voice"):
                self.instance(node, atom)
                return
            above = atom
        elif node.kind in ("absent", "condition", "balance"):
            return
        elif node.text == "standing":
            # What no reply may do is told, and this reply was not derived from it.
            above = None
        for child in node.because:
            self.justify(child, above)
        if node.kind == "marginal" and (above, PROV.wasDerivedFrom, None) not in self.graph:
            # The null hypothesis needs no evidence: it is read of all that was seen.
            self.say(self.atom(node), wasDerivedFrom=self.admitted or [self.base["line"]])

    def atom(self, node: Node) -> URIRef:
        """Return an atom's entity, added where it is new."""
        if node.atom in self.known:
            return self.known[node.atom]
        subject = self.known[node.atom] = self.base[f"atom_{len(self.known)}"]
        kinds = {"rule": "DerivedAtom", "voice": "DerivedAtom", "marginal": "Marginal"}
        kind = kinds.get(node.kind, "OntologyAtom" if node.kind == "ontology" else "FactAtom")
        self.entity(subject.removeprefix(self.base), kind, value=node.atom)
        if kind == "Marginal":
            self.say(subject, wasGeneratedBy=self.base["interpret"])
            face = self.base[f"reading_{node.atom.partition('(')[2].partition(',')[0]}"]
            if (face, None, None) in self.graph:
                self.say(face, wasDerivedFrom=subject)
        elif kind == "FactAtom":
            read = self.drafts[-1:] if node.origin == "draft" else []
            stage = self.base["respond" if read else "interpret"]
            self.note(subject, NESY.origin, node.origin or "derived")
            self.say(subject, wasGeneratedBy=stage, wasDerivedFrom=read or self.base["line"])
        elif kind == "OntologyAtom":
            self.say(subject, wasAttributedTo=self.base["nesy"])
        return subject

    def instance(self, node: Node, atom: URIRef) -> None:
        """Add a rule that fired: what it used, its plan, and the stage it fired in."""
        if node.rule is None:
            return
        which = (node.rule.id, node.bindings, node.atom)
        if which in self.fired:
            return
        self.fired.add(which)
        number = len(self.fired)
        subject, link = self.base[f"fired_{number}"], self.base[f"by_{number}"]
        self.graph.add((subject, RDF.type, PROV.Activity))
        self.graph.add((subject, RDF.type, NESY.RuleInstance))
        self.graph.add((link, RDF.type, PROV.Association))
        self.say(link, agent=self.base["nesy"], hadPlan=self.rule(node))
        stage = self.base[self.strata[node.rule.id]]
        self.say(subject, qualifiedAssociation=link, wasInformedBy=stage)
        self.note(subject, NESY.binding, *(f"{n} = {v}" for n, v in node.bindings))
        if node.voice is not None:
            self.note(subject, NESY.contribution, round(node.voice.contribution, 6))
        for child in node.because:
            if child.kind == "absent":
                self.note(subject, NESY.absent, child.atom)
            elif child.kind == "condition":
                self.note(subject, NESY.compared, child.text)
            else:
                self.say(subject, used=self.atom(child))
                self.justify(child, atom)
        self.say(atom, wasGeneratedBy=subject)

    def rule(self, node: Node) -> URIRef:
        """Add a rule with its sentence, place, source and norm."""
        rule = node.rule
        if rule is None:
            raise LookupError(f"{node.atom} was derived by no rule")
        subject = self.base[f"rule_{rule.id}"]
        for kind in (PROV.Entity, PROV.Plan, NESY.Rule):
            self.graph.add((subject, RDF.type, kind))
        self.note(subject, RDFS.label, rule.id)
        self.note(subject, RDFS.comment, rule.sentence)
        self.note(subject, DCTERMS.source, rule.notes.get("source"))
        self.say(subject, atLocation=rule.place)
        if norm := rule.notes.get("norm"):
            self.note(subject, NESY.norm, NESY[f"norm.{norm.lower()}"])
        return subject
