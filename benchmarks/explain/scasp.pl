% Ask s(CASP) of items; run by scasp.py: swipl scasp.pl FOLDER RULES ITEMS FORALL SECONDS
% FOLDER is a clone of s(CASP); ITEMS holds item(Facts, Goals). Prints one line of JSON a goal: CPU
% milliseconds and whether it was proved, for the goal and for its negation.
:- initialization(main, main).
:- use_module(library(time)).

main :-
    current_prolog_flag(argv, [Folder, Rules, Items, Forall, Limit]),
    atom_concat(Folder, '/prolog/scasp', Library),
    use_module(Library),
    set_prolog_flag(scasp_forall, Forall),
    style_check(-discontiguous),
    consult(user:Rules),
    atom_number(Limit, Seconds),
    setup_call_cleanup(open(Items, read, In), ask(In, Seconds), close(In)).

ask(In, Seconds) :-
    repeat,
    read(In, Item),
    (   Item == end_of_file
    ->  !
    ;   Item = item(Facts, Goals),
        forall(member(Fact, Facts), assertz(user:Fact)),
        forall(member(Goal, Goals), both(Goal, Seconds)),
        forall(member(Fact, Facts), retractall(user:Fact)),
        fail
    ).

both(Goal, Seconds) :-
    proved(Goal, Seconds, Yes, YesTime),
    proved(not(Goal), Seconds, No, NoTime),
    format('{"goal": "~w", "yes": "~w", "yes_ms": ~4f, "no": "~w", "no_ms": ~4f}~n',
           [Goal, Yes, YesTime, No, NoTime]).

% A first proof with its tree, by findall: a second call of scasp/2 in one conjunction fails.
proved(Goal, Seconds, Outcome, Time) :-
    statistics(cputime, Began),
    catch(( call_with_time_limit(Seconds,
                                 findall(Tree, limit(1, user:scasp(Goal, [tree(Tree)])), Trees)),
            ( Trees == [] -> Outcome = unproved ; Outcome = proved ) ),
          Error,
          ( Error = time_limit_exceeded -> Outcome = timeout ; Outcome = error )),
    statistics(cputime, Ended),
    Time is 1000 * (Ended - Began).
