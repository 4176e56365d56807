/* What generated rules need of Prolog: clingo's arithmetic, order of terms and aggregates, and the
   four things prolog.py asks for: load, unload, solve, ask. No belief stands here; rules are .lp only.

   Terms: integers, strings, atoms and compounds as in clingo; a tuple is '#tuple'(...), the extremes
   are '#inf' and '#sup', and a name that begins with - is classically negated. */

:- module(nesy_runtime,
          [ value/2, range/3, divide/3, eq/2, ne/2, lt/2, le/2, gt/2, ge/2, collect/4 ]).

:- use_module(library(apply)).
:- use_module(library(lists)).

:- set_prolog_flag(debug_on_error, false).
:- set_prolog_flag(generate_debug_info, false).

%  Arithmetic: 32 bits as in clingo; what has no value fails, and so does the rule instance.

value(Expression, Value) :- integer(Expression), !, Value = Expression.
value(Expression, Value) :- eval(Expression, Found), Value = Found.

eval(X, X) :- integer(X), !.
eval(A + B, V) :- number(A, X), number(B, Y), wrapped(X + Y, V).
eval(A - B, V) :- number(A, X), number(B, Y), wrapped(X - Y, V).
eval(A * B, V) :- number(A, X), number(B, Y), wrapped(X * Y, V).
eval(A // B, V) :- number(A, X), number(B, Y), Y =\= 0, wrapped(truncate(X rdiv Y), V).
eval(A rem B, V) :- number(A, X), number(B, Y), Y =\= 0, wrapped(X rem Y, V).
eval(A ** B, V) :- number(A, X), number(B, Y), power(X, Y, V).
eval(A /\ B, V) :- number(A, X), number(B, Y), wrapped(X /\ Y, V).
eval(A \/ B, V) :- number(A, X), number(B, Y), wrapped(X \/ Y, V).
eval(A xor B, V) :- number(A, X), number(B, Y), wrapped(X xor Y, V).
eval(\(A), V) :- number(A, X), wrapped(\ X, V).
eval('|'(A), V) :- number(A, X), wrapped(abs(X), V).
eval('-'(A), V) :- inner(A, X), ( integer(X) -> wrapped(-X, V) ; opposite(X, V) ).
eval('@log_odds'(A), V) :-
    number(A, X),
    Held is min(max(X, 1), 999),
    V is max(0, round(1000 * log(Held / (1000 - Held)) / log(999))).

number(A, X) :- eval(A, X), integer(X).

inner(A, X) :- eval(A, X), !.
inner(A, A).

wrapped(Expression, V) :-
    X is Expression,
    V is (X + 2147483648) mod 4294967296 - 2147483648.

power(_, Y, 1) :- Y =:= 0, !.
power(X, Y, V) :- Y > 0, !, Base is X mod 4294967296, wrapped(powm(Base, Y, 4294967296), V).
power(X, _, V) :- X =\= 0, V = 0.

opposite(X, V) :-
    X =.. [Name|Arguments],
    atom(Name),
    \+ memberchk(Name, ['#inf', '#sup']),
    ( atom_concat(-, Plain, Name) -> true ; atom_concat(-, Name, Plain) ),
    V =.. [Plain|Arguments].

range(Low, High, V) :- number(Low, L), number(High, H), between(L, H, V).

divide(A, B, V) :- number(A, X), number(B, Y), Y =\= 0, 0 =:= X mod Y, V is X // Y.

%  Order: #inf < integers < constants < negated constants < strings < compounds < #sup.

eq(X, X).
ne(X, Y) :- X \== Y.
lt(X, Y) :- integer(X), integer(Y), !, X < Y.
lt(X, Y) :- key(X, K), key(Y, J), K @< J.
le(X, Y) :- \+ lt(Y, X).
gt(X, Y) :- lt(Y, X).
ge(X, Y) :- \+ lt(X, Y).

key('#inf', [0]) :- !.
key('#sup', [7]) :- !.
key('#tuple', [2]) :- !.
key(X, [1, X]) :- integer(X), !.
key(X, [Kind, X]) :- atom(X), !, ( sub_atom(X, 0, 1, _, -) -> Kind = 3 ; Kind = 2 ).
key(X, [4, X]) :- string(X), !.
key(X, [5, Sign, Arity, Plain|Keys]) :-
    compound_name_arguments(X, Name, Arguments),
    length(Arguments, Arity),
    ( Name == '#tuple' -> Sign = 0, Plain = ''
    ; sub_atom(Name, 0, 1, _, -) -> Sign = 1, Plain = Name
    ; Sign = 0, Plain = Name
    ),
    maplist(key, Arguments, Keys).

%  Aggregates: over the set of distinct tuples, here lists.

:- meta_predicate collect(+, ?, 0, -).

collect(Function, Tuple, Goal, V) :-
    findall(Tuple, Goal, All),
    sort(All, Set),
    aggregate(Function, Set, V).

aggregate(count, Set, V) :- length(Set, V).
aggregate(sum, Set, V) :- findall(W, ( member([W|_], Set), integer(W) ), L), sum_list(L, V).
aggregate('sum+', Set, V) :-
    findall(W, ( member([W|_], Set), integer(W), W > 0 ), L),
    sum_list(L, V).
aggregate(min, Set, V) :- extreme(Set, '#sup', lt, V).
aggregate(max, Set, V) :- extreme(Set, '#inf', gt, V).

extreme([], V, _, V).
extreme([[W|_]|Set], Best, Order, V) :-
    !,
    ( call(Order, W, Best) -> extreme(Set, W, Order, V) ; extreme(Set, Best, Order, V) ).
extreme([_|Set], Best, Order, V) :- extreme(Set, Best, Order, V).

%  Loading: every message becomes a line "line kind text" of the reply.

:- dynamic loading/0, noted/3.
:- multifile user:message_hook/3.

user:message_hook(Term, Kind, Lines) :-
    nesy_runtime:loading,
    memberchk(Kind, [error, warning]),
    nesy_runtime:note(Term, Kind, Lines).

note(Term, Kind, Lines) :-
    ( Term = error(_, file(_, Line, _, _)) -> true
    ; source_location(_, Line) -> true
    ; Line = 0
    ),
    with_output_to(string(Text), print_message_lines(current_output, '', Lines)),
    normalize_space(string(Short), Text),
    assertz(noted(Line, Kind, Short)).

load(File, Reply) :-
    retractall(noted(_, _, _)),
    setup_call_cleanup(
        assertz(loading),
        catch(load_files(File, [if(true), silent(true)]), Error, print_message(error, Error)),
        retractall(loading)),
    findall(Line-Kind-Text, retract(noted(Line, Kind, Text)), Notes),
    with_output_to(string(Reply),
                   forall(member(L-K-T, Notes), format("~w ~w ~w~n", [L, K, T]))).

unload(File) :- unload_file(File).

%  Solving: the facts of one case stand for one call, and leave with its tables.

:- dynamic most_inferences/1.

most_inferences(500_000_000).

:- meta_predicate guarded(0, -, -).

guarded(Goal, Status, Text) :-
    most_inferences(Most),
    catch(call_with_inference_limit(Goal, Most, Result), Error, true),
    (   nonvar(Error)
    ->  Status = error, told(Error, Text)
    ;   Result == inference_limit_exceeded
    ->  Status = error, Text = "more inferences than one case may take"
    ;   Status = ok
    ).

told(Error, Text) :-
    phrase('$messages':translate_message(Error), Lines),
    with_output_to(string(Long), print_message_lines(current_output, '', Lines)),
    normalize_space(string(Text), Long).

:- meta_predicate with_facts(+, +, 0).

with_facts(Module, Facts, Goal) :-
    setup_call_cleanup(
        maplist(assert_fact(Module), Facts, References),
        once(Goal),
        ( maplist(erase, References), abolish_module_tables(Module) )).

assert_fact(Module, Fact, Reference) :- assertz(Module:Fact, Reference).

solve(Module, Facts, Signatures, Status, Text) :-
    guarded(with_facts(Module, Facts, solved(Module, Facts, Signatures, Text)), Status, Text).

solved(Module, Facts, Signatures, Text) :-
    findall(Atom, derived(Module, Signatures, Atom), Atoms),
    sort(Atoms, Sorted),
    with_output_to(string(Text),
                   ( forall(member(Fact, Facts), ( atom_out(Fact), nl )),
                     writeln('%'),
                     forall(member(Atom, Sorted), ( atom_out(Atom), nl )) )).

derived(Module, Signatures, Atom) :-
    member(Name/Arity, Signatures),
    functor(Atom, Name, Arity),
    call(Module:Atom).

%  Asking: each solution is one tuple of values.

ask(Module, Facts, Goal, Values, Status, Text) :-
    guarded(with_facts(Module, Facts, asked(Module, Goal, Values, Text)), Status, Text).

asked(Module, Goal, Values, Text) :-
    findall(Values, Module:Goal, All),
    sort(All, Sorted),
    with_output_to(string(Text), forall(member(Each, Sorted), ( out(Each), nl ))).

%  Writing as clingo does. An atom carries the prefix p_ or f_ of its predicate.

atom_out(Term) :-
    Term =.. [Name|Arguments],
    sub_atom(Name, 2, _, 0, Plain),
    named_out(Plain, Arguments).

out(X) :- integer(X), !, write(X).
out(X) :- string(X), !, put_char('"'), string_chars(X, Cs), maplist(char_out, Cs), put_char('"').
out('#tuple') :- !, write('()').
out('-#tuple') :- !, write('-()').
out(X) :- atom(X), !, write(X).
out(X) :-
    compound_name_arguments(X, Name, Arguments),
    (   tuple_name(Name, Sign)
    ->  ( Arguments = [Only] -> write(Sign), put_char('('), out(Only), write(',)')
        ; named_out(Sign, Arguments)
        )
    ;   named_out(Name, Arguments)
    ).

tuple_name('#tuple', '').
tuple_name('-#tuple', -).

named_out(Name, []) :- !, write(Name).
named_out(Name, [First|Rest]) :-
    write(Name), put_char('('), out(First),
    forall(member(Each, Rest), ( put_char(','), out(Each) )),
    put_char(')').

char_out('\n') :- !, write('\\n').
char_out('\\') :- !, write('\\\\').
char_out('"') :- !, write('\\"').
char_out(C) :- put_char(C).
