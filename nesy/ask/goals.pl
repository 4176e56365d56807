/* What a user writes, read and checked: one goal, or a file with a vocabulary of questions.

   A fault is a dict with its kind and the place (the character it begins at). A call is what the
   text calls, where, with which words and variables, and whether in/2 names its case. */

:- module(nesy_goals_reader, [ prepare/0, read_goal/2, vocabulary/3 ]).

:- use_module(library(apply)).
:- use_module(library(dif)).
:- use_module(library(lists)).
:- use_module(library(occurs)).
:- use_module(library(sandbox)).
:- use_module(library(solution_sequences)).
:- use_module(library(sort)).
:- use_module(json).

%  Goals live in a module of their own. It sees the predicates of the rules and Prolog's own.

prepare :-
    forall(library(Library), nesy_goals:use_module(library(Library))),
    set_prolog_flag(autoload, false),
    add_import_module(nesy_goals, nesy_case, start),
    forall(member(P, [nesy_server:case/1, nesy_server:in/2, nesy_server:holds/1, nesy_proof:why/2]),
           nesy_goals:import(P)),
    b_setval(nesy_case, none).

:- dynamic nesy_goals:'$goal'/1, own/1.

read_goal(Text, Reply) :-
    retractall(nesy_goals:'$goal'(_)),
    string_concat(Text, "\n.", Closed),
    terms(Closed, Terms, Faults),
    (   Faults \== [] -> Reply = _{faults: Faults}
    ;   Terms = [read(Goal, Position, Names, _)], \+ clause_of(Goal)
    ->  calls(Goal, Position, Names, Goal, Calls),
        checked(Goal, Calls, Wrong),
        (   Wrong == []
        ->  pairs(Names, Keys, Values),
            nesy_goals:assertz(('$goal'(Values) :- Goal))
        ;   Keys = []
        ),
        maplist(told_call, Calls, Told),
        Reply = _{faults: Wrong, variables: Keys, calls: Told}
    ;   Reply = _{faults: [_{kind: form, at: 0}]}
    ).

clause_of((_ :- _)).
clause_of((:- _)).
clause_of((?- _)).
clause_of((_ --> _)).

%  Variables whose name begins with _ are not answers.

pairs([], [], []).
pairs([Name=Value|Rest], Keys, Values) :-
    (   sub_atom(Name, 0, 1, _, '_')
    ->  Keys = Ks, Values = Vs
    ;   atom_string(Name, Key), Keys = [Key|Ks], Values = [Value|Vs]
    ),
    pairs(Rest, Ks, Vs).

%  A vocabulary is loaded whole or not at all.

vocabulary(Text, Faults, Told) :-
    forall(retract(own(Head)), retractall(nesy_goals:Head)),
    terms(Text, Terms, Unread),
    maplist(formed, Terms, Formed),
    findall(F, member(fault(F), Formed), Misformed),
    findall(C, ( member(C, Formed), C \= fault(_) ), Clauses),
    append(Unread, Misformed, Early),
    (   Early == []
    ->  maplist(stated, Clauses),
        findall(F, ( member(C, Clauses), wrong(C, Fs), member(F, Fs) ), Faults)
    ;   Faults = Early
    ),
    ( Faults == [] -> true ; forall(retract(own(Head)), retractall(nesy_goals:Head)) ),
    maplist(told_clause, Clauses, Told).

formed(read(Term, Position, Names, At), Formed) :-
    (   parts(Term, Position, Head, Body, BodyPosition)
    ->  (   taken(Head)
        ->  functor(Head, Name, Arity),
            Formed = fault(_{kind: taken, at: At, name: Text, arity: Arity}),
            atom_string(Name, Text)
        ;   calls(Body, BodyPosition, Names, Term, Calls),
            Formed = clause(Head, Body, Calls)
        )
    ;   Formed = fault(_{kind: directive, at: At})
    ).

parts((Head :- Body), Position, Head, Body, BodyPosition) :-
    !,
    fair(Head),
    argument_position(2, Position, BodyPosition).
parts(Head, _, Head, true, 0-0) :- \+ clause_of(Head), fair(Head).

fair(Head) :- callable(Head), \+ Head = _:_.

taken(Head) :- current_predicate(_, nesy_case:Head), !.
taken(Head) :- current_predicate(_, system:Head), !.
taken(Head) :- memberchk(Head, [case(_), in(_, _), holds(_), why(_, _)]).

stated(clause(Head, Body, _)) :-
    functor(Head, Name, Arity),
    functor(General, Name, Arity),
    (   own(General) -> true
    ;   assertz(own(General)), dynamic(nesy_goals:Name/Arity)
    ),
    nesy_goals:assertz((Head :- Body)).

wrong(clause(_, Body, Calls), Faults) :- checked(Body, Calls, Faults).

told_clause(clause(Head, _, Calls), _{name: Name, arity: Arity, calls: Told}) :-
    functor(Head, Functor, Arity),
    atom_string(Functor, Name),
    maplist(told_call, Calls, Told).

%  Reading. Quasi quotations are refused: their syntax is a program.

terms(Text, Terms, Faults) :-
    setup_call_cleanup(open_string(Text, Stream), every_term(Stream, All), close(Stream)),
    partition(is_read, All, Terms, Faults).

is_read(read(_, _, _, _)).

every_term(Stream, All) :-
    Options = [ module(nesy_goals), subterm_positions(Position), variable_names(Names),
                syntax_errors(error), quasi_quotations(Quoted), term_position(At) ],
    catch(read_term(Stream, Term, Options), Error, true),
    (   nonvar(Error)
    ->  All = [Fault|Rest], unread(Error, Fault), every_term(Stream, Rest)
    ;   Term == end_of_file -> All = []
    ;   stream_position_data(char_count, At, From),
        (   Quoted == [] -> All = [read(Term, Position, Names, From)|Rest]
        ;   All = [_{kind: form, at: From}|Rest]
        ),
        every_term(Stream, Rest)
    ).

unread(error(syntax_error(What), Context), _{kind: syntax, at: At, text: Text}) :-
    !,
    ( position_of(Context, At) -> true ; At = 0 ),
    message_of(What, Text).
unread(Error, _) :- throw(Error).

position_of(stream(_, _, _, At), At).
position_of(string(_, At), At).
position_of(file(_, _, _, At), At).

message_of(What, Text) :-
    phrase('$messages':syntax_error(What), Lines),
    !,
    with_output_to(string(Long), print_message_lines(current_output, '', Lines)),
    normalize_space(string(Text), Long).
message_of(What, Text) :- term_string(What, Text).

%  What a body calls. Specs of arguments: 0 a goal, n a goal that lacks n arguments, ^ and // as
%  in meta_predicate/1, in a goal of another case, atom an atom of the rules, * a term.

calls(Body, Position, Names, Whole, Calls) :-
    phrase(body(Body, Position, at(Names, Whole, outside)), Calls).

body(Goal, _, _) --> { var(Goal) }, !.
body(Goal, parentheses_term_position(_, _, Position), At) --> !, body(Goal, Position, At).
body(Goal, Position, At) -->
    { callable(Goal) },
    !,
    { place(Position, From), functor(Goal, Name, Arity) },
    [ call(Name, Arity, Goal, Position, From, At) ],
    { specs(Goal, Specs), Goal =.. [_|Arguments] },
    arguments(Arguments, Specs, 1, Position, At).
body(_, _, _) --> [].

specs(_:_, [*, *]) :- !.
specs(in(_, _), [*, in]) :- !.
specs(holds(_), [atom]) :- !.
specs(why(_, _), [atom, *]) :- !.
specs(origin(_, _), [atom, *]) :- !.
specs(withheld(_, _), [atom, *]) :- !.
specs(Goal, Specs) :-
    predicate_property(nesy_goals:Goal, meta_predicate(Meta)),
    !,
    Meta =.. [_|Specs].
specs(Goal, Specs) :- functor(Goal, _, Arity), length(Specs, Arity), maplist(=(*), Specs).

arguments([], _, _, _, _) --> [].
arguments([Argument|Rest], [Spec|Specs], N, Position, At) -->
    { argument_position(N, Position, Of), Next is N + 1 },
    argument(Spec, Argument, Of, At),
    arguments(Rest, Specs, Next, Position, At).

argument(_, Argument, _, _) --> { var(Argument) }, !.
argument(Spec, Argument, parentheses_term_position(_, _, Position), At) -->
    !,
    argument(Spec, Argument, Position, At).
argument(in, Goal, Position, at(Names, Whole, _)) -->
    !,
    body(Goal, Position, at(Names, Whole, inside)).
argument(atom, Atom, Position, at(Names, Whole, _)) -->
    !,
    ( { callable(Atom) } -> { place(Position, From), functor(Atom, Name, Arity) },
      [ call(Name, Arity, Atom, Position, From, at(Names, Whole, atom)) ] ; [] ).
argument(^, _^Goal, Position, At) -->
    !,
    { argument_position(2, Position, Of) },
    argument(^, Goal, Of, At).
argument(^, Goal, Position, At) --> !, body(Goal, Position, At).
argument(0, Goal, Position, At) --> !, body(Goal, Position, At).
argument(N, Goal, Position, At) -->
    { integer(N), callable(Goal) },
    !,
    { length(Extra, N), Goal =.. Parts, append(Parts, Extra, All), Longer =.. All },
    body(Longer, Position, At).
argument(_, _, _, _) --> [].

argument_position(N, term_position(_, _, _, _, Positions), Position) :-
    nth1(N, Positions, Position),
    !.
argument_position(_, Position, From-From) :- place(Position, From).

place(Position, From) :- compound(Position), arg(1, Position, From), integer(From), !.
place(_, 0).

told_call(call(Name, Arity, Goal, Position, From, at(Names, Whole, Where)), Told) :-
    atom_string(Name, Text),
    findall(A, ( compound(Goal), arg(N, Goal, Argument), argument_position(N, Position, P),
                 told_argument(Argument, P, Names, Whole, A) ), Arguments),
    ( Where == outside -> Inside = false ; Inside = true ),
    Told = _{name: Text, arity: Arity, at: From, inside: Inside, arguments: Arguments}.

told_argument(Argument, Position, Names, Whole, _{kind: Kind, text: Text, at: From, once: Once}) :-
    place(Position, From),
    (   var(Argument), member(Name=Variable, Names), Variable == Argument
    ->  Kind = variable,
        atom_string(Name, Text),
        ( occurrences_of_var(Variable, Whole, 1) -> Once = true ; Once = false )
    ;   ( atom(Argument) ; integer(Argument) )
    ->  Kind = word, Once = false, shown(Argument, Text)
    ;   Kind = other, Once = false, Text = ""
    ).

%  Checking: everything called is there, changes nothing, and is safe.

changing(Name, Arity) :-
    memberchk(Name/Arity, [ assert/1, asserta/1, assertz/1, retract/1, retractall/1, abolish/1,
                            nb_setval/2, b_setval/2, (dynamic)/1 ]).

%  The sandbox lets through more than questions need (use_module/1, at_halt/1, clause/2; a catch/3
%  that swallows the limit of time), so only what is listed may be called, and that only if safe.

for_questions(Goal) :-
    current_predicate(_, nesy_case:Goal),
    \+ current_predicate(_, system:Goal),
    !.
for_questions(Goal) :- own(Goal), !.
for_questions(Goal) :- memberchk(Goal, [case(_), in(_, _), holds(_), why(_, _)]), !.
for_questions(Goal) :-
    predicate_property(nesy_goals:Goal, imported_from(Module)),
    library(Library),
    Module == Library,
    !.
for_questions(Goal) :- functor(Goal, Name, Arity), built_in(Names), memberchk(Name/Arity, Names), !.
for_questions(Goal) :- functor(Goal, call, Arity), between(1, 8, Arity).

library(aggregate).
library(apply).
library(lists).
library(pairs).
library(dif).
library(sort).
library(solution_sequences).
library(strings).

built_in([ (',')/2, (;)/2, (->)/2, (*->)/2, (\+)/1, not/1, !/0, true/0, fail/0, false/0, once/1,
           ignore/1, forall/2, findall/3, findall/4, bagof/3, setof/3, (^)/2, between/3, succ/2,
           plus/3, repeat/0 ]).
built_in([ (is)/2, (=:=)/2, (=\=)/2, (<)/2, (>)/2, (=<)/2, (>=)/2, (=)/2, (\=)/2, (==)/2, (\==)/2,
           (@<)/2, (@>)/2, (@=<)/2, (@>=)/2, compare/3, (=@=)/2, (\=@=)/2, dif/2,
           unify_with_occurs_check/2, subsumes_term/2 ]).
built_in([ var/1, nonvar/1, atom/1, number/1, integer/1, float/1, rational/1, string/1, compound/1,
           callable/1, is_list/1, ground/1, atomic/1, functor/3, arg/3, (=..)/2, copy_term/2,
           term_variables/2, compound_name_arguments/3, compound_name_arity/3 ]).
built_in([ length/2, msort/2, sort/2, sort/4, predsort/3, keysort/2, memberchk/2, list_to_set/2 ]).
built_in([ atom_length/2, atom_concat/3, sub_atom/5, atom_chars/2, atom_codes/2, char_code/2,
           atom_number/2, number_codes/2, number_chars/2, upcase_atom/2, downcase_atom/2,
           atomic_list_concat/2, atomic_list_concat/3, term_to_atom/2, atom_string/2,
           number_string/2, split_string/4, string_concat/3, string_length/2, string_lower/2,
           string_upper/2, string_chars/2, string_codes/2, string_code/3, sub_string/5,
           format/1, format/2, format/3, with_output_to/2 ]).

%  What the sandbox refuses because it checks its arguments by must_be/2, and is harmless.

:- multifile sandbox:safe_primitive/1, sandbox:safe_meta_predicate/1.

sandbox:safe_primitive(lists:append(_, _)).
sandbox:safe_primitive(lists:list_to_set(_, _)).
sandbox:safe_primitive(lists:nth0(_, _, _)).
sandbox:safe_primitive(lists:nth0(_, _, _, _)).
sandbox:safe_primitive(lists:nth1(_, _, _)).
sandbox:safe_primitive(lists:nth1(_, _, _, _)).
sandbox:safe_primitive(lists:numlist(_, _, _)).
sandbox:safe_primitive(lists:permutation(_, _)).
sandbox:safe_meta_predicate(solution_sequences:call_nth/2).
sandbox:safe_meta_predicate(solution_sequences:order_by/2).

checked(Goal, Calls, Faults) :-
    findall(F, ( member(Call, Calls), fault(Call, F) ), Found),
    (   Found \== [] -> Faults = Found
    ;   catch(safe_goal(nesy_goals:Goal), Error, true),
        (   var(Error) -> Faults = []
        ;   unsafe(Error, Calls, Fault), Faults = [Fault]
        )
    ).

fault(call(Name, Arity, _, _, From, _), _{kind: changes, at: From, name: Text, arity: Arity}) :-
    changing(Name, Arity),
    !,
    atom_string(Name, Text).
fault(call(':', 2, Module:_, _, From, at(_, _, _)), _{kind: unsafe, at: From, text: Text}) :-
    !,
    shown(Module:'…', Text).
fault(call(Name, Arity, Goal, _, From, _), _{kind: unknown, at: From, name: Text, arity: Arity}) :-
    \+ there(Goal),
    atom_string(Name, Text).

fault(call(Name, Arity, Goal, _, From, at(_, _, Where)), _{kind: unsafe, at: From, text: Text}) :-
    Where \== atom,
    there(Goal),
    \+ for_questions(Goal),
    shown(Name/Arity, Text).

%  Unlike predicate_property/2, these do not look for a library to load.
there(Goal) :- current_predicate(_, nesy_goals:Goal), !.
there(Goal) :- current_predicate(_, system:Goal), !.
there(Goal) :- Goal = _^_.

%  The innermost call that is refused is the one to blame.

unsafe(Error, Calls, _{kind: Kind, at: From, text: Text}) :-
    refused(Error, Kind, Refused),
    findall(Name/Arity-At,
            ( member(call(Name, Arity, Goal, _, At, _), Calls), is_refused(Goal) ),
            All),
    (   last(All, Blamed-From) -> shown(Blamed, Text)
    ;   From = 0, shown(Refused, Text)
    ).

is_refused(Goal) :- catch(( safe_goal(nesy_goals:Goal), fail ), _, true).

refused(error(permission_error(_, sandboxed, Goal), _), unsafe, Goal) :- !.
refused(error(instantiation_error, _), unbound, "") :- !.
refused(error(existence_error(procedure, Goal), _), unsafe, Goal) :- !.
refused(Error, unsafe, Error).
