"""One small program a construct, with what an explanation of it has to name."""

from __future__ import annotations

from dataclasses import dataclass

import clingo

from nesy.explain.why.program import Program


@dataclass(frozen=True, slots=True)
class Construct:
    """A program, its facts, the atom asked about, and what each justification of it names.

    ``leaves`` are the minimal supports, as text: ``-`` before an absent atom, ``?`` before an
    assumed one.
    """

    text: str
    facts: tuple[str, ...]
    atom: str
    leaves: tuple[str, ...]
    names: tuple[str, ...] = ()


CONSTRUCTS = {
    "_": Construct("p :- f(_).", ("f(1)", "f(2)"), "p", ("f(1)", "f(2)"), ("f(",)),
    "comparison": Construct(
        "p(X) :- f(X), 1 < X.", ("f(1)", "f(2)"), "p(2)", ("f(2)",), ("1 < 2",)
    ),
    "chain of comparisons": Construct(
        "p(X) :- f(X), 1 < X <= 3.", ("f(3)",), "p(3)", ("f(3)",), ("1 < 3 <= 3",)
    ),
    "pool": Construct("p :- f((1;2)).", ("f(1)", "f(2)"), "p", ("f(1)", "f(2)"), ("f(",)),
    "pool in a head": Construct("p(1;2) :- f(1).", ("f(1)",), "p(2)", ("f(1)",), ("f(1)",)),
    "interval": Construct("p :- f(1..2).", ("f(1)", "f(2)"), "p", ("f(1)", "f(2)"), ("f(",)),
    "#count": Construct(
        "p :- 2 <= #count { X : f(X) }.",
        ("f(1)", "f(2)", "f(3)"),
        "p",
        ("f(1) f(2)", "f(1) f(3)", "f(2) f(3)"),
        ("f(", "#count"),
    ),
    "#sum": Construct(
        "p :- #sum { X : f(X) } >= 5.",
        ("f(1)", "f(4)", "f(6)"),
        "p",
        ("f(6)", "f(1) f(4)"),
        ("f(",),
    ),
    "#sum with what is negative": Construct(
        "p :- #sum { X : f(X) } >= 2.", ("f(5)", "f(1)", "f(-3)"), "p", ("f(5)",), ("f(5)",)
    ),
    "#sum+": Construct(
        "p :- #sum+ { X : f(X) } >= 5.", ("f(5)", "f(-3)"), "p", ("f(5)",), ("f(5)",)
    ),
    "#min": Construct(
        "p :- #min { X : f(X) } <= 2.", ("f(1)", "f(2)", "f(3)"), "p", ("f(1)", "f(2)")
    ),
    "#max": Construct("p :- #max { X : f(X) } = 3.", ("f(1)", "f(3)"), "p", ("f(3)",), ("f(3)",)),
    "aggregate assigned": Construct(
        "p(N) :- N = #count { X : f(X) }.",
        ("f(1)", "f(2)"),
        "p(2)",
        ("f(1) f(2)",),
        ("f(1)", "f(2)"),
    ),
    "aggregate in two bounds": Construct(
        "p :- 1 <= #count { X : f(X) } <= 2.", ("f(1)", "f(2)"), "p", ("f(1)", "f(2)"), ("f(",)
    ),
    "not in an aggregate": Construct(
        "p :- #count { X : f(X), not g(X) } >= 1.",
        ("f(1)", "g(2)"),
        "p",
        ("f(1) -g(1)",),
        ("g(1)",),
    ),
    "conditional literal in a body": Construct(
        "p :- f(X) : g(X).", ("f(1)", "f(2)", "g(1)"), "p", ("f(1)",), ("f(1)",)
    ),
    "conditional literal in a head": Construct(
        "{ p(X) : f(X) } :- g. :- not p(1).", ("f(1)", "g"), "p(1)", ("f(1) g",), ("f(1)", "g")
    ),
    "choice with bounds": Construct(
        "1 { p ; q } 1 :- f(1). :- q.", ("f(1)",), "p", ("f(1)",), ("f(1)",)
    ),
    "disjunction": Construct("p | q :- f(1). :- q.", ("f(1)",), "p", ("f(1)",), ("f(1)",)),
    "not": Construct("p :- f(1), not g.", ("f(1)",), "p", ("f(1) -g",), ("f(1)", "g")),
    "not not, derived": Construct(
        "q :- f(1). p :- not not q.", ("f(1)",), "p", ("f(1)",), ("f(1)",)
    ),
    "not not, held up by itself": Construct(
        "p :- not not p, f(1). :- not p.", ("f(1)",), "p", ("f(1) ?p",), ("f(1)",)
    ),
    "classical negation": Construct(
        "p :- -q. -q :- f(1), not -g.", ("f(1)",), "p", ("f(1) --g",), ("-q", "f(1)", "-g")
    ),
    "recursion through positive loops": Construct(
        "p :- q. q :- p. q :- f(1). p :- f(2).", ("f(1)", "f(2)"), "p", ("f(1)", "f(2)"), ("f(",)
    ),
    "recursion through an aggregate": Construct(
        "r(X) :- n(X), 1 <= #count { Y : e(Y,X), r(Y) }. r(1) :- s. p :- r(3).",
        ("n(1)", "n(2)", "n(3)", "e(1,2)", "e(2,3)", "e(3,1)", "e(3,2)", "s"),
        "p",
        ("e(1,2) e(2,3) n(2) n(3) s",),
        ("r(2)", "r(1)", "e(2,3)"),
    ),
    "#const, #defined, #show": Construct(
        "#const k = 2. #defined g/1. #show q/0. p :- f(k), not g(k). q.",
        ("f(2)",),
        "p",
        ("f(2) -g(2)",),
        ("f(2)", "g(2)"),
    ),
    "weak constraint": Construct(
        "{ p ; q } = 1 :- f(1). :~ p. [1@2, a] :~ q. [3@2, b]", ("f(1)",), "p", ("f(1)",), ("f(1)",)
    ),
}


def supports(construct: Construct) -> set[frozenset[str]]:
    """Return the minimal supports of the atom asked about, as they are written in ``leaves``."""
    from nesy.explain.why.supports import minimal

    signs = {"fact": "", "absent": "-", "assumed": "?"}
    facts = [clingo.parse_term(fact) for fact in construct.facts]
    (one,) = Program.read(construct.text).answer_sets(facts)
    atom = clingo.parse_term(construct.atom)
    return {frozenset(f"{signs[kind]}{of}" for kind, of in leaves) for leaves in minimal(one, atom)}


def is_explained(construct: Construct) -> bool:
    """Tell whether the minimal supports of the atom are those expected."""
    return supports(construct) == {frozenset(leaves.split()) for leaves in construct.leaves}
