/* Proofs: an atom of a case, proved again by the rules that can derive it, down to its facts.

   Proofs are terms:
     rule(Atom, Id, Place, Bindings, Because)   a rule derives it: its id, file:line, Name=Value …
     fact(Atom, Origin)                         it was stated: line, image, declared, ontology …
     marginal(Atom, Because)                    a reading, with the evidence for it
     chosen(Atom)                               the answer set holds it; no rule alone derives it
     absent(Atom)                               nothing that matches holds
     test(Text)                                 a comparison of the rule
     aggregate(Function, Value, Because)        over what was counted or summed

   Each answer is another instance of a rule; what it rests on is proved once. */

:- module(nesy_proof, [ why/2, atom_in_case/1 ]).

:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module('../reason/runtime', []).
:- use_module(json).

:- dynamic nesy_facts:predicate/3, nesy_facts:rule/6, nesy_facts:late/2, nesy_facts:f_origin/3.

%!  why(?Atom, -Proof) is nondet.
why(Atom, Proof) :-
    b_getval(nesy_case, Case),
    held(Case, Atom),
    % What proof is wanted must not decide by which clause it is found.
    proved(Case, Atom, [], Found),
    Proof = Found.

atom_in_case(Atom) :- b_getval(nesy_case, Case), Case \== none, held(Case, Atom).

%  Only predicates of the rules are looked up: the name of an atom is never called.

held(Case, Atom) :-
    (   var(Atom)
    ->  nesy_facts:predicate(Name, Arity, Kind), functor(Atom, Name, Arity)
    ;   callable(Atom), functor(Atom, Name, Arity), nesy_facts:predicate(Name, Arity, Kind)
    ),
    Atom =.. [Name|Arguments],
    (   Kind == static
    ->  atom_concat(s_, Name, Stored), Fact =.. [Stored|Arguments]
    ;   atom_concat(f_, Name, Stored), Fact =.. [Stored, Case|Arguments]
    ),
    nesy_facts:Fact.

proved(_, Atom, Above, _) :- member(Atom0, Above), Atom0 == Atom, !, fail.
proved(Case, Atom, Above, Proof) :-
    functor(Atom, Name, Arity),
    named(p_, Atom, Head),
    (   Name == reads, Arity == 3
    ->  marginal(Case, Atom, Above, Proof)
    ;   nesy_facts:rule(Head, _, _, _, _, _)
    ->  (   by_rule(Case, Atom, Head, Above, Proof)
        *-> true
        ;   Above == [], stated(Case, Atom, Proof)
        )
    ;   stated(Case, Atom, Proof)
    ).

by_rule(Case, Atom, Head, Above, rule(Atom, Id, Place, Bindings, Because)) :-
    nesy_facts:rule(Head, Body, Stratum, Id, Place, Bindings),
    step(Body, view(Case, Stratum, [Atom|Above]), Because, []).

stated(Case, Atom, fact(Atom, Origin)) :- nesy_facts:f_origin(Case, Atom, Origin), !.
stated(_, Atom, fact(Atom, Origin)) :-
    functor(Atom, Name, Arity),
    nesy_facts:predicate(Name, Arity, Kind),
    of_kind(Kind, Origin),
    !.
stated(_, Atom, chosen(Atom)).

of_kind(static, ontology).
of_kind(trace, trace).

marginal(Case, Atom, Above, marginal(Atom, Because)) :-
    Atom = reads(Face, Emotion, _),
    Evidence = evidence(Face, Emotion, _),
    findall(Proof,
            ( held(Case, Evidence), once(proved(Case, Evidence, [Atom|Above], Proof)) ),
            All),
    sort(All, Because).

%  The steps of a body, each with what it adds to the proof (a difference list).

step(true, _, P, P) :- !.
step((A, B), V, P0, P) :- !, step(A, V, P0, P1), step(B, V, P1, P).
step((A ; B), V, P0, P) :- !, ( step(A, V, P0, P) ; step(B, V, P0, P) ).
step(\+ \+ Goal, V, P0, P) :- !, once(step(Goal, V, P0, P)).
step(\+ Goal, V, P0, P) :-
    !,
    \+ looked(Goal, V),
    ( named(p_, Atom, Goal) -> P0 = [absent(Atom)|P] ; P0 = P ).
step(collect(Function, Tuple, Goal, Value), V, [aggregate(Function, Value, Because)|P], P) :-
    !,
    findall(Tuple, looked(Goal, V), Tuples),
    sort(Tuples, Set),
    nesy_runtime:aggregate(Function, Set, Value),
    findall(Proof, ( step(Goal, V, Proofs, []), member(Proof, Proofs) ), Every),
    sort(Every, Because).
step(Goal, view(Case, Stratum, Above), P0, P) :-
    named(p_, Atom, Goal),
    !,
    seen(Case, Stratum, Atom),
    (   Above == look -> P0 = P
    ;   once(proved(Case, Atom, Above, Proof)), P0 = [Proof|P]
    ).
step(Goal, _, P0, P) :-
    nesy_runtime:Goal,
    (   sign(Goal, A, Sign, B)
    ->  shown(A, L), shown(B, R),
        format(string(Text), "~s ~w ~s", [L, Sign, R]),
        P0 = [test(Text)|P]
    ;   P0 = P
    ).

%  What is absent or aggregated is looked up, not proved.

looked(Goal, view(Case, Stratum, _)) :- step(Goal, view(Case, Stratum, look), _, []).

sign(lt(A, B), A, <, B).
sign(le(A, B), A, <=, B).
sign(gt(A, B), A, >, B).
sign(ge(A, B), A, >=, B).
sign(ne(A, B), A, '!=', B).

%  The interpretation sees less than the norms: not what was withheld, read or drafted.

seen(Case, govern, Atom) :- !, held(Case, Atom).
seen(Case, interpret, Atom) :- held(Case, Atom), \+ nesy_facts:late(Case, Atom).

%  p_name(…), as rules are translated, and name(…), as the user knows it.

named(Prefix, Atom, Prefixed) :-
    nonvar(Atom),
    !,
    Atom =.. [Name|Arguments],
    atom_concat(Prefix, Name, Long),
    Prefixed =.. [Long|Arguments].
named(Prefix, Atom, Prefixed) :-
    Prefixed =.. [Long|Arguments],
    atom_concat(Prefix, Name, Long),
    Atom =.. [Name|Arguments].
