"""The smallest facts that forbid an atom, of any program."""

from __future__ import annotations

from itertools import combinations

import clingo
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy.explain.why_not.core import core

CORE = """
1 { interp(joy); interp(sarcasm) } 1.
:- interp(joy), seen(eye_roll), text(pos).
:- interp(joy), seen(frown), not seen(smile).
:- interp(sarcasm), #count { X : seen(X) } > 3.
good :- interp(joy), not bad.  bad :- seen(X), rude(X).
"""


def statements(text: str) -> list[clingo.ast.AST]:
    found: list[clingo.ast.AST] = []
    clingo.ast.parse_string(text, found.append)
    return found


@settings(max_examples=40)
@given(
    st.frozensets(
        st.sampled_from(
            ["seen(eye_roll)", "seen(frown)", "seen(smile)", "text(pos)", "rude(frown)", "seen(x)"]
        )
    ),
    st.sampled_from(["interp(joy)", "interp(sarcasm)", "good", "interp(_)"]),
)
def test_a_core_forbids_the_atom_and_no_smaller_set_does(facts: frozenset[str], other: str) -> None:
    symbols = sorted(clingo.parse_term(f) for f in facts)
    wanted = clingo.parse_term(other.replace("_)", '"_")'))
    found = core(statements(CORE), symbols, wanted)
    if len(facts) == 3:  # rules of strangers are tested in a process of their own
        assert (core(statements(CORE), symbols, wanted, guarded="t.lp") is None) == (found is None)
    possible = {s for s in _subsets(symbols) if not _possible(s, symbols, other)}
    if found is None:
        assert frozenset(symbols) not in possible
        return
    assert frozenset(found) in possible
    assert not any(smaller < frozenset(found) for smaller in possible)


def _subsets(symbols: list[clingo.Symbol]) -> list[frozenset[clingo.Symbol]]:
    return [frozenset(c) for n in range(len(symbols) + 1) for c in combinations(symbols, n)]


def _possible(held: frozenset[clingo.Symbol], every: list[clingo.Symbol], other: str) -> bool:
    """Tell whether the atom holds in some answer set over these facts and any of the others."""
    control = clingo.Control(["--warn=none"])
    given_ = " ".join(f"{s}." for s in held)
    rest = " ".join(f"{{ {s} }}." for s in every if s not in held)
    control.add("base", [], f"{CORE} {given_} {rest} _foil :- {other}. :- not _foil.")
    control.ground([("base", [])])
    return bool(control.solve().satisfiable)
