"""What the tests of ``nesy ask`` share: an engine, and small Traces to ask about."""

from functools import cache

from nesy.ask import proof
from nesy.ask.session import Session
from nesy.ask.worker import _swipl
from nesy.diagnostics import MissingError
from nesy.ground import _faults_of
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.engine import Engine
from nesy.trace import Case, Fact, People, Trace


def is_here():
    try:
        return bool(_swipl())
    except MissingError:
        return False


@cache
def engine():
    return Engine.load()


def stated(atoms):
    """Return facts with the origin that each predicate has."""
    found = []
    for atom in atoms:
        known = PREDICATES[atom.name, len(atom.arguments)]
        if known.stratum == "input" and known.origin != "draft":
            found.append(Fact(atom=str(atom), origin=known.origin))
    return tuple(fact for fact in found if not list(_faults_of(fact, engine().vocabulary)))


def trace(name, *atoms, line="", **more):
    case = Case(id=name, line=line)
    return Trace(case=case, facts=stated(asp.symbols(atoms)), **more)


def small_traces():
    smile = ["speaker(f1)", "face(f1)", "expression(f1,smile,930)", "line_valence(positive,800)"]
    return (
        trace("glad", *smile, "cue(praise,700)", line="It's “great” \\ 'ok'"),
        trace("odd name", "speaker(f1)", "cue(minimiser,900)", line="I'm fine."),
        trace(
            "glad",
            *smile,
            "context(workplace)",
            "jurisdiction(eu)",
            people=People(votes={"joy": 3, "neutral": 1}),
        ),
    )


class Kept:
    """Sessions stay for the module; a process each is started once."""

    def __init__(self):
        self.sessions = {}

    def __call__(self, name, make, **options):
        if name not in self.sessions:
            self.sessions[name] = Session(make(), **options)
        return self.sessions[name]


def rows(session, goal, **options):
    """Return the answers of a goal as texts, the case first."""
    return [
        ((a.case,) if a.case is not None else ()) + tuple(map(proof.text, a.values))
        for a in session.ask(goal, **options).answers
    ]
