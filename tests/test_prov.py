"""PROV-O: every export keeps its shapes and holds the whole justification, who and by what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from rdflib.compare import isomorphic
from rdflib.namespace import PROV, RDF, RDFS

from nesy import pipeline
from nesy.cli.cases import cases_of
from nesy.diagnostics import NesyError
from nesy.export import prov
from nesy.reply.judge import judge
from nesy.trace import Case, Turn
from nesy.turtle import NESY

DEMO = Path(__file__).parents[1] / "benchmarks" / "demo"


@pytest.fixture(scope="module")
def traces(shipped):
    """Words alone, a crisis, an earlier turn, and recorded faces, one of them withheld."""
    spoken = [
        Case(id="fine", line="I'm fine."),
        Case(id="crisis", line="I want to die"),
        Case(
            id="turns",
            line="Great, thanks",
            turns=(Turn(speaker="user", line="My dog died"),),
            declared={"context": ("support",)},
        ),
        Case(id="sorry", line="I am so sorry for your loss, my heart is broken"),
    ]
    seen = [
        case
        for case in cases_of(DEMO / "cases.jsonl", None, {})
        if case.id in ("fine_troubled_smile", "situation_education", "situation_support")
    ]
    assert len(seen) == 3
    recorded = f"replay:{DEMO / 'observations.jsonl'}"
    found = [
        *pipeline.run(spoken, engine=shipped),
        *pipeline.run(seen, perceiver=recorded, engine=shipped),
    ]
    return {trace.case.id: trace for trace in found}


@pytest.fixture(scope="module")
def explained(traces, shipped):
    nodes = {name: pipeline.why(trace, engine=shipped) for name, trace in traces.items()}
    return {
        name: (trace, nodes[name], prov.graph(trace, nodes[name], shipped))
        for name, trace in traces.items()
    }


@pytest.fixture(scope="module")
def small(traces, shipped):
    """The same of one atom, which is validated faster."""
    node = pipeline.why(traces["fine"], "reads(f1, _, _)", engine=shipped)
    return prov.graph(traces["fine"], node, shipped)


def of(found, kind):
    return set(found.subjects(RDF.type, NESY[kind]))


def local(iri):
    return str(iri).rpartition("#")[2]


def test_every_export_keeps_the_shapes(explained):
    assert {name: prov.check(found) for name, (_, _, found) in explained.items()} == {
        name: [] for name in explained
    }


def test_every_rule_instance_of_the_justification_is_in_it_and_nothing_else(explained):
    for _, node, found in explained.values():
        told = {
            (n.rule.id, n.atom, frozenset(f"{name} = {value}" for name, value in n.bindings))
            for n in node.walk()
            if n.rule
        }
        fired = set()
        for instance in of(found, "RuleInstance"):
            (link,) = found.objects(instance, PROV.qualifiedAssociation)
            (rule,) = found.objects(link, PROV.hadPlan)
            (atom,) = found.subjects(PROV.wasGeneratedBy, instance)
            bound = frozenset(map(str, found.objects(instance, NESY.binding)))
            name = str(found.value(rule, RDFS.label))
            fired.add((name, str(found.value(atom, PROV.value)), bound))
        assert fired == told and told


def test_what_a_rule_used_is_what_its_conclusion_was_derived_from(explained):
    for _, node, found in explained.values():
        texts = {local(s): str(v) for s, v in found.subject_objects(PROV.value)}
        grounds = {}
        for n in node.walk():
            if n.rule:
                below = {c.atom for c in n.because if c.kind not in ("absent", "condition")}
                grounds.setdefault(n.atom, set()).update(below)
        for instance in of(found, "RuleInstance"):
            (atom,) = found.subjects(PROV.wasGeneratedBy, instance)
            used = {texts[local(e)] for e in found.objects(instance, PROV.used)}
            derived = {texts[local(e)] for e in found.objects(atom, PROV.wasDerivedFrom)}
            assert used <= derived == grounds[texts[local(atom)]]


def test_the_reply_leads_back_to_the_words_and_to_whoever_gave_them(explained):
    for trace, _, found in explained.values():
        (reply,) = of(found, "Reply")
        assert str(found.value(reply, PROV.value)) == trace.response.text
        reached = set(found.transitive_objects(reply, PROV.wasDerivedFrom))
        inputs = of(found, "CaseInput")
        assert {local(i) for i in inputs & reached} >= {"line"}
        for given in inputs:
            (caller,) = found.objects(given, PROV.wasAttributedTo)
            assert (caller, RDF.type, PROV.Agent) in found
        program = found.value(predicate=RDFS.label, object=rdflib.Literal("nesy"))
        versions = {str(v) for v in found.objects(program, rdflib.DCTERMS.hasVersion)}
        assert f"rules {trace.versions['rules']}" in versions


def test_a_picture_has_its_perceiver_and_a_withheld_face_is_not_used(explained):
    trace, _, found = explained["situation_education"]
    withheld = {f.atom for f in trace.facts if f.withheld}
    assert withheld
    (perceive,) = [s for s in of(found, "Stage") if local(s) == "perceive"]
    assert {local(a) for a in found.objects(perceive, PROV.wasAssociatedWith)} == {
        "nesy",
        "perceiver",
    }
    (interpret,) = [s for s in of(found, "Stage") if local(s) == "interpret"]
    used = {str(found.value(e, PROV.value)) for e in found.objects(interpret, PROV.used)}
    assert used == {f.atom for f in trace.facts if not f.withheld}
    kept = {str(found.value(s, PROV.value)) for s in found.subjects(NESY.withheldBy, None)}
    assert kept == withheld


def test_earlier_turns_and_declarations_are_inputs(explained):
    trace, _, found = explained["turns"]
    assert {local(i) for i in of(found, "CaseInput")} == {"line", "turn_1", "declared"}
    (turn,) = [i for i in of(found, "CaseInput") if local(i) == "turn_1"]
    derived = {str(found.value(s, PROV.value)) for s in found.subjects(PROV.wasDerivedFrom, turn)}
    assert {a for a in derived if a.startswith("turn")} == {
        f.atom for f in trace.facts if f.atom.startswith("turn")
    }


def test_drafts_are_attributed_to_who_wrote_them(shipped):
    trace = judge("I love you too.", line="Do you love me?", engine=shipped)
    node = pipeline.why(trace, "violated(_, _)", engine=shipped)
    found = prov.checked(prov.graph(trace, node, shipped))
    (draft,) = of(found, "Draft")
    assert str(found.value(draft, PROV.value)) == "I love you too."
    assert local(found.value(draft, PROV.wasAttributedTo)) == "caller"
    (reply,) = of(found, "Reply")
    assert trace.verdict.status == "block"
    assert (reply, PROV.wasDerivedFrom, draft) not in found
    read = list(found.subjects(NESY.origin, rdflib.Literal("draft")))
    assert read and all((s, PROV.wasDerivedFrom, draft) in found for s in read)
    kept = judge("Thank you for telling me.", line="Hello there", engine=shipped)
    assert kept.verdict.status == "release"
    found = prov.graph(kept, pipeline.why(kept, engine=shipped), shipped)
    assert (*of(found, "Reply"), PROV.wasDerivedFrom, *of(found, "Draft")) in found


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own use of it
def test_both_forms_hold_the_same_graph(explained):
    for _, _, found in explained.values():
        turtle = rdflib.Graph().parse(data=prov.as_turtle(found), format="turtle")
        jsonld = rdflib.Graph().parse(data=prov.as_jsonld(found), format="json-ld")
        assert isomorphic(turtle, found) and isomorphic(jsonld, found)


BOTH = """
import sys
from pathlib import Path
from nesy import pipeline
from nesy.export import prov
from nesy.trace import read_traces
(trace,) = read_traces(Path(sys.argv[1]))
engine = pipeline.engine_for()
found = prov.graph(trace, pipeline.why(trace, engine=engine), engine)
for form in prov.FORMATS.values():
    print(form(found))
"""


def test_the_text_does_not_depend_on_chance(traces, tmp_path):
    file = tmp_path / "t.json"
    file.write_text(traces["fine"].as_json())
    command = [sys.executable, "-c", BOTH, str(file)]
    running = [
        subprocess.Popen(command, env={"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE)
        for seed in ("1", "2")
    ]
    first, second = (run.communicate()[0] for run in running)
    assert first == second and first.startswith(b"@prefix")


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        ("DerivedAtom", PROV.wasGeneratedBy),
        ("DerivedAtom", PROV.value),
        ("FactAtom", PROV.wasDerivedFrom),
        ("FactAtom", PROV.wasGeneratedBy),
        ("FactAtom", NESY.origin),
        ("Marginal", PROV.wasDerivedFrom),
        ("FaceReading", PROV.wasGeneratedBy),
        ("Judgement", PROV.wasDerivedFrom),
        ("Reply", PROV.wasGeneratedBy),
        ("RuleInstance", PROV.qualifiedAssociation),
        ("RuleInstance", PROV.wasInformedBy),
        ("Rule", PROV.atLocation),
        ("Rule", RDFS.label),
        ("Stage", PROV.wasAssociatedWith),
        ("Stage", PROV.used),
        ("CaseInput", PROV.wasAttributedTo),
    ],
)
def test_what_is_left_out_is_told(small, kind, predicate):
    found = rdflib.Graph() + small
    subject = sorted(of(found, kind))[0]
    assert (subject, predicate, None) in found
    found.remove((subject, predicate, None))
    faults = prov.check(found)
    assert {f.code for f in faults} == {"N640"}
    assert any(local(subject) in f.what for f in faults)


def test_a_circle_and_a_stranger_are_told(small):
    (reply,), (line,) = of(small, "Reply"), of(small, "CaseInput")
    for triple in (
        (line, PROV.wasDerivedFrom, reply),
        (reply, PROV.wasDerivedFrom, rdflib.URIRef("urn:elsewhere")),
    ):
        found = rdflib.Graph() + small
        found.add(triple)
        with pytest.raises(NesyError, match="N640"):
            prov.checked(found)
    assert prov.checked(small) is small


def test_a_held_case_and_one_without_a_verdict_can_be_told(traces, shipped):
    trace = traces["fine"]
    bare = trace.model_copy(update={"verdict": None, "response": None, "reading": None})
    node = pipeline.why(bare, "reads(f1, _, _)", engine=shipped)
    assert prov.check(prov.graph(bare, node, shipped)) == []
    unseen = trace.model_copy(update={"observation": None})
    node = pipeline.why(unseen, engine=shipped)
    assert prov.check(prov.graph(unseen, node, shipped)) == []


def test_from_the_command_line(nesy, traces, tmp_path):
    file = tmp_path / "t.json"
    file.write_text(traces["fine_troubled_smile"].as_json())
    turtle = nesy("why", "mismatch(f1, _)", file, "--format", "prov")
    assert turtle.code == 0
    found = rdflib.Graph().parse(data=turtle.out, format="turtle")
    assert prov.check(found) == []
    named = {str(found.value(r, RDFS.label)) for r in of(found, "Rule")}
    assert "mismatch.masking" in named
    jsonld = nesy("why", "mismatch(f1, _)", file, "--format", "prov-json")
    assert json.loads(jsonld.out)
    assert nesy("why", file, "--format", "prow").code == 2
