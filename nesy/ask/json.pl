/* Replies as one line of JSON each.

   A value that is a number is a number there, a name a string, a list an array; a string is
   {"string": …}, a compound term {"name": …, "arguments": […], "text": …}, what is not bound null,
   all else {"text": …}. */

:- module(nesy_json, [ reply/2, as_json/2, shown/2 ]).

:- use_module(library(apply)).
:- use_module(library(terms)).
:- use_module(library(http/json)).

deepest(200).
longest(20_000).

reply(Out, Reply) :-
    with_output_to(string(Text), json_write_dict(current_output, Reply, [width(0)])),
    write(Out, Text), nl(Out), flush_output(Out).

as_json(Term, Value) :- value(Term, 0, Value).

value(T, _, null) :- var(T), !.
value(T, D, _{text: Text}) :-
    deepest(Most),
    D > Most,
    !,
    ( atomic(T) -> shown(T, Text) ; Text = "…" ).
value(T, _, T) :- integer(T), abs(T) < 9_007_199_254_740_992, !.
value(T, _, T) :- float(T), float_class(T, Class), memberchk(Class, [zero, subnormal, normal]), !.
value(T, _, _{string: T}) :- string(T), !.
value([], _, []) :- !.
value(T, _, Value) :- atom(T), !, atom_string(T, Value).
value(T, D, Values) :- is_list(T), !, Next is D + 1, maplist(value_at(Next), T, Values).
value(T, D, _{name: Name, arguments: Values, text: Text}) :-
    compound(T),
    compound_name_arguments(T, Functor, Arguments),
    atom(Functor),
    !,
    atom_string(Functor, Name),
    shown(T, Text),
    Next is D + 1,
    maplist(value_at(Next), Arguments, Values).
value(T, _, _{text: Text}) :- shown(T, Text).

value_at(D, T, Value) :- value(T, D, Value).

%  Terms as rules write them: a variable that occurs once is _, the others are told apart.

shown(Term, Text) :-
    copy_term_nat(Term, Copy),
    term_singletons(Copy, Once),
    maplist(=('$VAR'('_')), Once),
    numbervars(Copy, 0, _),
    Options = [quoted(true), max_depth(40), numbervars(true), spacing(next_argument)],
    with_output_to(string(Long), write_term(Copy, Options)),
    longest(Most),
    (   string_length(Long, Length), Length > Most
    ->  sub_string(Long, 0, Most, _, Cut), string_concat(Cut, "…", Text)
    ;   Text = Long
    ).
