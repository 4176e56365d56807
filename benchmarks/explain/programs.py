"""Random programs over clingo's syntax: what they are made of is known, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import clingo

FACTS = {"f": 1, "g": 2, "h": 1}
# A fact may be derived as well.
GIVEN = {**FACTS, "q": 1}
DERIVED = {"p": 1, "q": 1, "r": 2, "s": 0, "t": 0, "-p": 1}
NAMES = ("X", "Y", "Z")
# Where leaves that are enough may stop being so when others are added, or stay so by another
# instance of the rule. Brute force tells sets that are enough and does not see the instances; with
# these it tells whether a support is enough, and not whether it is minimal.
WAVERING = frozenset(
    {
        *("conditional", "negated aggregate", "#sum of negative", "aggregate !="),
        *("aggregate assigned", "bound from above"),
    }
)


@dataclass(frozen=True, slots=True)
class Made:
    """A program, its facts, and how often each construct is in it."""

    text: str
    facts: tuple[clingo.Symbol, ...]
    constructs: Counter[str]

    @property
    def wavers(self) -> bool:
        """Tell whether it holds a construct of ``WAVERING``."""
        return bool(WAVERING & set(self.constructs))


def program(random: Random) -> Made:
    """Return a random program of three to seven rules over at most seven facts."""
    return _Maker(random).made()


@dataclass
class _Maker:
    random: Random
    constructs: Counter[str] = field(default_factory=Counter)
    # The variables of the rule in the making that some positive literal binds.
    bound: set[str] = field(default_factory=set)

    def made(self) -> Made:
        """Make facts, then rules one by one."""
        facts = {self._fact() for _ in range(self.random.randint(3, 7))}
        rules = [self._rule() for _ in range(self.random.randint(3, 7))]
        declared = " ".join(f"#defined {n.lstrip('-')}/{a}." for n, a in (FACTS | DERIVED).items())
        head = f"#const n = {self.random.randint(1, 3)}. #show s/0. {declared}\nd(1..3)."
        symbols = tuple(map(clingo.parse_term, sorted(facts)))
        return Made("\n".join([head, *rules]) + "\n", symbols, self.constructs)

    def _fact(self) -> str:
        name = self.random.choice(list(GIVEN))
        return f"{name}({','.join(str(self.random.randint(1, 3)) for _ in range(GIVEN[name]))})"

    def _rule(self) -> str:
        self.bound = set()
        body = [self._literal() for _ in range(self.random.randint(1, 3))]
        kind = self._pick(
            {"normal": 60, "choice": 12, "disjunction": 8, "constraint": 5, "weak constraint": 4}
        )
        if kind == "constraint":
            return self._closed("", body)
        if kind == "weak constraint":
            weight = self.random.choice(["1@1", "2@2", "X@1"])
            return self._closed("", body, f"{weight}, X, s")
        if kind == "choice":
            return self._closed(self._choice(), body)
        if kind == "disjunction":
            return self._closed(f"{self._head()} | {self._head()}", body)
        return self._closed(self._head(), body)

    def _closed(self, head: str, body: list[str], weight: str = "") -> str:
        """Return a rule, or a weak constraint, with every variable of it bound."""
        used = {name for part in (head, *body, weight) for name in NAMES if name in part}
        whole = "; ".join([*body, *(f"d({name})" for name in sorted(used - self.bound))])
        return f":~ {whole}. [{weight}]" if weight else f"{head} :- {whole}."

    def _pick(self, weights: dict[str, int]) -> str:
        chosen = self.random.choices(list(weights), list(weights.values()))[0]
        if chosen not in ("plain", "normal", "not"):
            self.constructs[chosen] += 1
        return chosen

    def _term(self) -> str:
        return self.random.choice([*NAMES[:2], *NAMES[:2], "1", "2", "n"])

    def _atom(self, names: dict[str, int], *, anonymous: bool = False) -> str:
        name = self.random.choice(list(names))
        terms = [self._term() for _ in range(names[name])]
        # clingo calls `not -p(_)` unsafe, though not `not p(_)`.
        if anonymous and terms and not name.startswith("-"):
            self.constructs["_"] += 1
            terms[self.random.randrange(len(terms))] = "_"
        return f"{name}({','.join(terms)})" if terms else name

    def _head(self) -> str:
        atom = self._atom(DERIVED)
        if "(" in atom and self.random.random() < 0.1:
            kind, terms = self.random.choice([("interval", "1..2"), ("pool", "1;3")])
            self.constructs[kind] += 1
            return f"p({terms})"
        if atom.startswith("-"):
            self.constructs["classical negation"] += 1
        return atom

    def _choice(self) -> str:
        low, high = self.random.choice([("", ""), ("1 ", ""), ("", " 1"), ("1 ", " 2")])
        name = self.random.choice(["p", "q"])
        if self.random.random() < 0.3:
            return f"{low}{{ {name}(1..2) : f(n); s }}{high}"
        if self.random.random() < 0.3:
            return f"#sum {{ V : {name}(V) : g(V,_) }} <= 3"
        return f"{low}{{ {name}(V) : g(V,_) ; t : not h(2) }}{high}"

    def _literal(self) -> str:
        kind = self._pick(
            {
                "plain": 34,
                "not": 12,
                "not not": 5,
                "_ in a literal": 6,
                "comparison": 8,
                "interval": 4,
                "pool": 4,
                "aggregate": 18,
                "conditional": 3,
                "recursion": 6,
            }
        )
        if kind == "aggregate":
            return self._aggregate()
        if kind == "conditional":
            inner = self.random.choice(["p(V)", "not p(V)", "r(V,_)", "q(V)"])
            return f"{inner} : {self.random.choice(['f(V)', 'q(V), h(V)', 'V = 1..2', 'h(V)'])}"
        if kind == "comparison":
            return self.random.choice(
                ["X < 3", "1 < X <= 3", "X != Y", "X + 1 = Y", "not X > 2", "X = (1;3)"]
            )
        if kind == "interval":
            self.bound |= {"Z"}
            return self.random.choice(["Z = 1..2", "p(1..2), Z = 1", "f(2..3), Z = n"])
        if kind == "pool":
            return self.random.choice(["f((1;2))", "p((n;3))", "not q((1;2))"])
        names = FACTS | DERIVED
        if kind == "recursion":
            names = {"p": 1, "q": 1, "r": 2}
        if kind in ("not", "not not"):
            anonymous = self.random.random() < 0.3
            return f"{kind} {self._atom(names, anonymous=anonymous)}"
        atom = self._atom(names, anonymous=kind.startswith("_"))
        self.bound |= {name for name in NAMES if name in atom}
        return atom

    def _aggregate(self) -> str:
        function = self._pick({"#count": 4, "#sum": 4, "#sum+": 2, "#min": 2, "#max": 2})
        elements = "; ".join(self._element() for _ in range(self.random.randint(1, 2)))
        if function == "#sum" and self.random.random() < 0.15:
            self.constructs["#sum of negative"] += 1
            elements += "; -1,m : p(V)"
        body = f"{function} {{ {elements} }}"
        guard = self._pick(
            {
                "aggregate >=": 8,
                "aggregate <=": 3,
                "aggregate in two bounds": 3,
                "aggregate =": 2,
                "aggregate assigned": 3,
                "aggregate !=": 1,
                "set": 2,
                "negated aggregate": 1,
            }
        )
        rising = "aggregate <=" if function == "#min" else "aggregate >="
        if guard not in (rising, "set"):
            self.constructs["bound from above"] += 1
        least = self.random.randint(1, 3)
        if guard == "aggregate assigned":
            self.bound |= {"Z"}
            # A sum may leave the domain, and recursion through it would have no end; so has an
            # extreme of nothing (#inf, #sup) no place in a term.
            return f"Z = {body}, 0 <= Z <= 9"
        if guard == "set":
            return (
                f"{least} {{ {self.random.choice(['p(V) : f(V)', 'q(V) : d(V)', 's; t; p(1)'])} }}"
            )
        return {
            "aggregate >=": f"{body} >= {least}",
            "aggregate <=": f"{body} <= {least}",
            "aggregate in two bounds": f"{least} <= {body} <= {least + 2}",
            "aggregate =": f"{body} = {least}",
            "aggregate !=": f"{body} != {least}",
            "negated aggregate": f"not {body} >= {least}",
        }[guard]

    def _element(self) -> str:
        return self.random.choice(
            [
                "V : p(V)",
                "V : q(V)",
                "V,W : r(V,W)",
                "V : f(V), not q(V)",
                "1,a : s",
                "2,V : g(V,_)",
                "V : d(V), not p(V)",
                "V,b : p(V), h(V)",
                "1..2 : t",
            ]
        )
