"""Near misses against clingo: what is said to fail fails, the rest holds, and none is nearer."""

from __future__ import annotations

from itertools import product

import clingo
import pytest
from clingo import ast
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nesy.explain.why_not.conditions import Atom, join
from nesy.explain.why_not.match import ANYTHING, Atoms, Constant, Value, native, symbol_of
from nesy.explain.why_not.nearmiss import NearMiss, nearest, ways
from nesy.rule_file import Rule

DOMAIN = range(4)


def rules_of(text: str) -> list[Rule]:
    found: list[Rule] = []

    def add(node: ast.AST) -> None:
        if node.ast_type == ast.ASTType.Rule:
            found.append(Rule(f"r{len(found)}", None, {}, "t.lp", 1, 1, node))

    ast.parse_string(text, add)
    return found


def answer(text: str) -> set[clingo.Symbol]:
    """Return the one answer set of a program."""
    messages: list[str] = []
    control = clingo.Control(["0", "--warn=none"], logger=lambda _, m: messages.append(m))
    control.add("base", [], text)
    control.ground([("base", [])])
    found = []
    control.solve(on_model=lambda model: found.append(set(model.symbols(atoms=True))))
    (only,) = found
    return only


def derived(rules: list[Rule], atoms: Atoms) -> set[clingo.Symbol]:
    """Return the heads of every rule instance whose body holds."""
    found = set()
    for rule in rules:
        for way in ways(rule):
            for env in join(way.conditions, {}, atoms):
                for values in product(*(t.values(env) for t in way.head.terms)):
                    name, _, positive = way.head.key
                    found.add(clingo.Function(name, list(map(symbol_of, values)), positive))
    return found


CONSTRUCTS = """
p(1). p(2). q(2). r(3). r(a). z(2147483647). -a(1). t((1,2)). s("x y").
b1(X) :- -a(X).                b2(-X) :- p(X).              b3(X) :- b2(-X).
b4((X,Y)) :- p(X), q(Y).       b5(X) :- t((_,X)).           b6(X,Z) :- t(Z), Z = (X,_).
c1(N) :- N = { p(X); q(X) : r(Y) }, X = 2.                  c2(N) :- N = { p(X) : p(X); p(2) }.
c3(N) :- N = { p(X); not p(X) : q(X) }, X = 2.              c4(N) :- N = #sum { X : r(X) }.
c5(N) :- N = #sum { X : r(X); 4,a : q(2) }.                 c6(N) :- N = #min { X : none(X) }.
c7(N) :- N = #sum+ { -3,a : q(2); 2 }.                      c8(N) :- N = { p(1); p(1) }.
c9(N) :- N = { p(1); not not p(1) }.                        c10(N) :- N = #max { X : none(X) }.
c11 :- #count { X : p(X) } 2.                               c12 :- 2 < #count { X : p(X) }.
c13(X) :- p(X), not 2 #count { Y : p(Y), Y >= X }.          c14(X) :- p(X), 1 { q(X); r(X) }.
c15(X) :- p(X), X < #max { Y : r(Y) }.
c16(S) :- S = #sum { X,1 : p(X); X,2 : q(X) }.
c17(X) :- p(X), 1 #count { Y : q(Y), Y > X } 1.             c18 :- #sum { X : p(X) } != 3.
d1(X) :- p(X), q(Y) : p(Y), Y > 1.  d2 :- q(X) : p(X).      d3 :- p(X) : q(X).
d4(X) :- p(X), not q(X).       d5 :- not not p(1).          d6(X) :- p(X), not t((X,_)).
e1(X,Y) :- p(X), Y = X..X+1.   e2(X) :- p(X+1).             e3(X) :- p(2*X).
e4 :- p(1..5).                 e5(X) :- p(X), X = 1..5, X != 1..1.
e6 :- not p(1..5).             e7(X) :- p(X), X < 1..5.     e8 :- not p(7..8).
e9(X) :- X = (1;2;7), p(X).    e10(X) :- p(X), q(1;2).      e11(3-X) :- p(3-X).
f1(X/2, X\\2, |X-3|, X&1, X?1, X^1, ~X) :- X = -3..3.       f2(X+1) :- z(X).
f3(X) :- p(X), 10/(X-1) > 1.   f4(X) :- p(X), not q(10/(X-1)).
g1(X) :- p(X), 1 < X < 3.      g2(X) :- p(X), not 1 <= X < 2. g3(X,Y) :- X = Y, Y = 2.
g4(X) :- 5 = X+2.              g5(X,Y) :- (X,Y) = (1,a).    g6(X) :- p(X), "a" < X.
g7 :- a < f(1), f < "b", 3 < a, #inf < 1.                   g8(X) :- s(X), X != "y".
h1 :- #true.                   h2 :- #false.                h3 :- not #false, p(1).
"""


def test_every_construct_holds_where_it_does_for_clingo() -> None:
    text = CONSTRUCTS + "#defined none/1."
    held = answer(text)
    assert derived(rules_of(text), Atoms(held)) == held


VARIABLES = st.sampled_from(["X", "Y", "Z"])
TERMS = st.one_of(VARIABLES, st.sampled_from(["0", "1", "2", "3", "_", "X+1", "0..2", "(1;3)"]))
PLAIN = st.one_of(VARIABLES, st.sampled_from(["0", "1", "2", "3"]))


@st.composite
def literals(draw: st.DrawFn) -> str:
    """A literal of any kind over p/1, q/2 and s/1; variables are X, Y and Z."""
    kind = draw(st.integers(0, 9))
    one, two = draw(TERMS), draw(TERMS)
    plain, other = draw(PLAIN), draw(PLAIN)
    compare = draw(st.sampled_from(["<", "<=", "=", "!=", ">", ">="]))
    bound = draw(st.integers(0, 3))
    match kind:
        case 0 | 1:
            return f"p({one})"
        case 2 | 3:
            return f"q({one},{two})"
        case 4:
            return f"not q({plain},{draw(st.sampled_from(['_', '1', 'X']))})"
        case 5:
            return f"not not p({plain})"
        case 6:
            return f"{plain} {compare} {other}"
        case 7:
            return f"{bound} {compare} #count {{ W : q(W,{plain}) }}"
        case 8:
            return f"#sum {{ W,V : q(W,V), W {compare} {plain} }} >= {bound}"
        case _:
            return f"s({plain}) : p({draw(st.sampled_from(['X', 'W', '1']))})"


FACTS = st.frozensets(
    st.one_of(
        st.builds("p({})".format, st.sampled_from(DOMAIN)),
        st.builds("s({})".format, st.sampled_from(DOMAIN)),
        st.builds("q({},{})".format, st.sampled_from(DOMAIN), st.sampled_from(DOMAIN)),
    ),
    max_size=7,
)
BODIES = st.lists(literals(), min_size=1, max_size=4).map("; ".join)
DECLARED = "#defined p/1. #defined q/2. #defined s/1. "


def _program(facts: frozenset[str], rules: str) -> str:
    return DECLARED + " ".join(f"{f}." for f in sorted(facts)) + "\n" + rules


def _held(facts: frozenset[str], rules: str) -> set[clingo.Symbol]:
    try:
        return answer(_program(facts, rules))
    except RuntimeError:  # clingo finds the rule unsafe
        assume(False)
        raise


def _is_bound(rule: str) -> bool:
    """Tell whether atoms and equations bind every variable.

    clingo also finds the integers between two bounds, as in ``0 < X, X < Y, Y <= 2``, and takes
    what is never bound where it never holds; near misses leave such conditions undecided.
    """
    for way in ways(rules_of(rule)[0]):
        bound: dict[str, Value] = {}
        for condition in way.conditions:
            if not condition.ready(bound):
                return False
            bound |= dict.fromkeys(condition.binds, 0)
    return True


@given(FACTS, BODIES)
@settings(max_examples=400)
def test_a_body_holds_exactly_where_it_does_for_clingo(facts: frozenset[str], body: str) -> None:
    rule = f"h :- {body}."
    held = _held(facts, rule)
    assume(_is_bound(rule))
    atoms = Atoms(clingo.parse_term(f) for f in facts)
    assert (clingo.Function("h") in held) == bool(derived(rules_of(rule), atoms))


class _Bound(ast.Transformer):
    def __init__(self, near: NearMiss) -> None:
        self.env = {name: symbol_of(value) for name, value in near.env.items()}

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        value = self.env.get(node.name)
        return node if value is None else ast.SymbolicTerm(node.location, value)


def _literal(text: str, near: NearMiss) -> str:
    """Return a condition with the bindings of a near miss written in."""
    (rule,) = (r.statement for r in rules_of(f"h :- {text}."))
    return str(_Bound(near)(rule.body[0]))


def _fewest_failing(facts: frozenset[str], near: NearMiss, atoms: Atoms) -> int:
    """Return the fewest conditions that fail under any binding, by asking clingo for each.

    An atom counts as missing only where none matches what the conditions that hold bind.
    """
    names = sorted(near.way.names)
    of = f"({','.join(names)},)" if names else "()"
    domain = " ".join(f"dom({n})." for n in [*DOMAIN, 9, 10])
    bind = ", ".join(["b", *(f"dom({name})" for name in names)])
    rules = f"{domain} b. binding({of}) :- {bind}. "
    for number, condition in enumerate(near.way.conditions):
        rules += f"holds({of},{number}) :- {condition.text}; {bind}. "
    held = answer(_program(facts, rules))
    holds = {tuple(a.arguments) for a in held if a.match("holds", 2)}
    fewest = len(near.way.conditions)
    for binding in (a.arguments[0] for a in held if a.match("binding", 1)):
        values = dict(zip(names, map(native, binding.arguments), strict=True))
        env: dict[str, Value] = {}
        failing = []
        for number, condition in enumerate(near.way.conditions):
            if (binding, clingo.Number(number)) not in holds:
                failing.append(condition)
            elif condition.ready(env):
                env |= {name: values[name] for name in condition.binds}
        missing = [c for c in failing if isinstance(c, Atom) and c.is_positive]
        if not any(c.ready(env) and any(c.pattern.matches(env, atoms)) for c in missing):
            fewest = min(fewest, len(failing))
    return fewest


@given(FACTS, BODIES)
@settings(max_examples=300)
def test_what_is_named_fails_and_nothing_comes_nearer(facts: frozenset[str], body: str) -> None:
    rule = f"h :- {body}."
    assume(clingo.Function("h") not in _held(facts, rule) and _is_bound(rule))
    atoms = Atoms(clingo.parse_term(f) for f in facts)
    for way in ways(rules_of(rule)[0]):
        near = nearest(way, (), atoms, lambda _key: False)
        assert near is not None and near.failing
        first = way.conditions.index(near.failing[0])
        assert all(c not in near.undecided for c in way.conditions[:first])
        lines = []
        for number, condition in enumerate(way.conditions):
            if condition not in near.undecided:
                lines.append(f"holds({number}) :- {_literal(condition.text, near)}.")
        held = answer(_program(facts, "\n".join(lines) + "\n#defined dom/1."))
        for number, condition in enumerate(way.conditions):
            if condition not in near.undecided:
                holds = clingo.Function("holds", [clingo.Number(number)]) in held
                assert holds == (condition not in near.failing), condition.text
        assert len(near.failing) <= _fewest_failing(facts, near, atoms)


@given(
    FACTS,
    st.lists(
        st.sampled_from(
            [
                "p(X)",
                "q(X,Y)",
                "q(Y,Z)",
                "s(Z)",
                "not s(X)",
                "not q(Y,1)",
                "X < 3",
                "Y != Z",
                "not p(9)",
            ]
        ),
        min_size=1,
        max_size=5,
        unique=True,
    ).map("; ".join),
)
@settings(max_examples=200)
def test_mending_what_fails_ends_with_the_atom(facts: frozenset[str], body: str) -> None:
    rule = f"h :- {body}."
    _held(facts, rule)
    known, mended = {clingo.parse_term(f) for f in facts}, set()
    (way,) = ways(rules_of(rule)[0])
    for step in range(len(way.conditions) + len(facts) + 1):
        near = nearest(way, (), Atoms(known), lambda _key: False)
        assert near is not None
        if not near.failing:
            break
        condition = near.failing[0]
        assume(isinstance(condition, Atom))  # a comparison is mended by another fact, not by itself
        assert isinstance(condition, Atom)
        if not condition.is_positive:
            gone = set(condition.matching(near.env, Atoms(known)))
            assume(not gone & mended)  # what mended one condition breaks another
            known -= gone
            continue
        free = sorted(condition.pattern.names - near.env.keys())
        options = []
        for values in product([100 + step, 1, 2, 0, 3], repeat=len(free)):
            new = dict(zip(free, values, strict=True))
            added = condition.pattern.text({**near.env, **new})
            later = nearest(way, (), Atoms({*known, added}), lambda _key: False)
            assert later is not None
            options.append((later.cost, len(options), added))
        least, _, added = min(options)
        assume(least < near.cost)  # the only fact that mends one condition may break another
        known.add(added)
        mended.add(added)
    else:
        pytest.fail("what was named was mended, and the atom does not hold")
    text = " ".join(f"{a}." for a in known)
    assert clingo.Function("h") in answer(f"{DECLARED} {text} {rule}")


def test_the_wanted_arguments_bind_the_head() -> None:
    (rule,) = rules_of("h(X,Y+1) :- p(X), q(X,Y), Y > 5.")
    (way,) = ways(rule)
    atoms = Atoms(clingo.parse_term(t) for t in ("p(1)", "p(2)", "q(1,2)", "q(2,5)"))
    wanted = [Constant(native(clingo.Number(1))), ANYTHING]
    near = nearest(way, wanted, atoms, lambda _key: False)
    assert near is not None
    assert (near.env, [c.text for c in near.failing]) == ({"X": 1, "Y": 2}, ["Y > 5"])
    near = nearest(way, [ANYTHING, ANYTHING], atoms, lambda _key: False)
    assert near is not None and near.env == {"X": 2, "Y": 5}  # the number nearest to its bound
    near = nearest(way, [ANYTHING, Constant(3)], atoms, lambda _key: False)
    assert near is not None and near.env["Y"] == 2


@pytest.mark.parametrize(
    ("rule", "facts", "failing"),
    [
        ("h :- p(X), q(X,_).", "p(1) p(2) q(3,1)", "q(X,_)"),
        ("h :- p(X), X >= 3.", "p(1) p(2)", "X >= 3"),
        ("h :- p(X), X = (5;6).", "p(1)", "p(X)"),
        ("h :- p(X), not s(X).", "p(1) s(1)", "not s(X)"),
        ("h :- p(X), X = 4..6.", "p(1)", "X = (4..6)"),
        ("h :- p(X), 2 #count { Y : q(X,Y) }.", "p(1) q(1,1)", "2 <= #count { Y: q(X,Y) }"),
        ("h :- p(X), s(Y) : q(X,Y).", "p(1) q(1,1)", "s(Y): q(X,Y)"),
        ("h :- p(X), not not s(X).", "p(1)", "not not s(X)"),
    ],
)
def test_each_construct_names_its_failing_condition(rule: str, facts: str, failing: str) -> None:
    atoms = Atoms(clingo.parse_term(f) for f in facts.split())
    found = [nearest(w, (), atoms, lambda _key: False) for w in ways(rules_of(rule)[0])]
    best = min((n for n in found if n), key=lambda n: n.order)
    assert [c.text for c in best.failing] == [failing]
