/* A process that answers goals over the atoms of many cases, one request at a time.

   A request is one term on standard input, written by worker.py; its reply is one line of JSON.
   What a user writes is text inside a request: it is read, checked (goals.pl) and only then called,
   under a limit of time and one of inferences. */

:- module(nesy_server, [ serve/0, case/1, in/2, holds/1, now/1 ]).

%  No file can be opened once goals are answered, so all is loaded now.
:- set_prolog_flag(autoload, false).

:- use_module(library(lists)).
:- use_module(library(apply)).
:- use_module(library(aggregate)).
:- use_module(library(error)).
:- use_module(library(pairs)).
:- use_module(library(sandbox)).
:- use_module(library(solution_sequences)).
:- use_module(library(strings)).
:- use_module(library(time)).
:- use_module('../reason/runtime', []).
:- use_module(goals).
:- use_module(json).
:- use_module(proof).

:- dynamic nesy_facts:case_id/2.

serve :-
    current_input(In),
    current_output(Out),
    set_stream(In, encoding(utf8)),
    set_stream(Out, encoding(utf8)),
    % What a goal reads is nothing; what it writes is caught where it is asked.
    open_string("", Nothing),
    set_stream(Nothing, alias(user_input)),
    set_input(Nothing),
    set_output(user_error),
    set_prolog_flag(debug_on_error, false),
    on_signal(int, _, nesy_server:interrupted),
    prepare,
    % The clock of library(time) is started before files are out of reach.
    call_with_time_limit(1, true),
    repeat,
    request(In, Request),
    ( Request == end_of_file
    -> !
    ;  answered(Request, In, Reply),
       reply(Out, Reply),
       fail
    ).

interrupted(_) :- throw(interrupted).

request(In, Request) :-
    catch(read_term(In, Request, []), Error, true),
    (   var(Error) -> true
    ;   Error == interrupted -> fail
    ;   Request = unreadable
    ).

answered(Request, In, Reply) :-
    catch(( handle(Request, In, Reply) -> true ; Reply = _{error: failed} ), Error, true),
    ( var(Error) -> true ; Reply = _{error: Kind, text: Text}, fault(Error, Kind, Text) ).

fault(time_limit_exceeded, time, "") :- !.
fault(inference_limit_exceeded, inferences, "") :- !.
fault(interrupted, interrupted, "") :- !.
fault(error(resource_error(What), _), memory, Text) :- !, term_string(What, Text).
fault(Error, goal, Text) :- nesy_runtime:told(Error, Text).

handle(ready, _, _{ok: true}).
handle(program(Text), _, _{ok: true}) :-
    setup_call_cleanup(open_string(Text, S), load_files(nesy_case, [stream(S)]), close(S)).
handle(facts, In, _{ok: Count}) :- stated(In, 0, Count).
handle(vocabulary(Text), _, _{faults: Faults, clauses: Clauses}) :-
    vocabulary(Text, Faults, Clauses).
handle(goal(Text), _, Reply) :- read_goal(Text, Reply).
handle(ask(Mode, Limit, Offset, Seconds, Inferences), _, Reply) :-
    asked(Mode, Limit, Offset, Seconds, Inferences, Reply).

stated(In, Before, Count) :-
    read_term(In, Term, []),
    (   Term == end -> Count = Before
    ;   assertz(nesy_facts:Term),
        Next is Before + 1,
        stated(In, Next, Count)
    ).

%  Asking. An answer is the number of its case (0 where the goal is asked once) and its values.

asked(Mode, Limit, Offset, Seconds, Inferences, Reply) :-
    with_output_to(string(Printed),
                   limited(Seconds, Inferences, found(Mode, Limit, Offset, Found))),
    Reply = Found.put(printed, Printed).

limited(Seconds, Inferences, Goal) :-
    call_with_time_limit(Seconds, call_with_inference_limit(Goal, Inferences, Result)),
    ( Result == inference_limit_exceeded -> throw(Result) ; true ).

found(count(Mode), _, _, _{count: Count}) :-
    !,
    aggregate_all(count, distinct(Case-Values, solution(Mode, Case, Values)), Count).
found(Mode, Limit, Offset, _{answers: Answers, more: More}) :-
    Most is Limit + 1,
    findall([Case|Shown],
            ( limit(Most, offset(Offset, distinct(Case-Values, solution(Mode, Case, Values)))),
              maplist(as_json, Values, Shown) ),
            All),
    length(All, Count),
    (   Count > Limit
    ->  More = true, length(Answers, Limit), append(Answers, _, All)
    ;   More = false, Answers = All
    ).

solution(once, 0, Values) :- b_setval(nesy_case, none), nesy_goals:'$goal'(Values).
solution(each, Case, Values) :-
    nesy_facts:case_id(Case, _),
    b_setval(nesy_case, Case),
    nesy_goals:'$goal'(Values).

%  What a question may call besides the predicates of the rules.

%!  case(?Id) is nondet.  Id is the case that the goal is asked of; every case, where it is none.
case(Id) :-
    b_getval(nesy_case, Now),
    ( Now == none -> true ; Now = Case ),
    nesy_facts:case_id(Case, Id).

%!  in(?Id, :Goal) is nondet.  Goal holds in the case Id.
:- meta_predicate in(?, 0).

in(Id, Goal) :-
    b_getval(nesy_case, Before),
    nesy_facts:case_id(Case, Id),
    b_setval(nesy_case, Case),
    call(Goal),
    b_setval(nesy_case, Before).

%!  holds(?Atom) is nondet.  Atom holds in the case that the goal is asked of.
holds(Atom) :- atom_in_case(Atom).

%!  now(-Case) is semidet.  The number of the case that the goal is asked of.
now(Case) :- b_getval(nesy_case, Case).

:- multifile sandbox:safe_meta_predicate/1, sandbox:safe_primitive/1.

sandbox:safe_meta_predicate(nesy_server:in/2).
sandbox:safe_primitive(nesy_server:case(_)).
sandbox:safe_primitive(nesy_server:holds(_)).
sandbox:safe_primitive(nesy_proof:why(_, _)).
