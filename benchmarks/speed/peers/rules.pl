% The rules of rules.lp for ProbLog, where sums are taken over lists.
:- use_module(library(lists)).
evidence(I, annoyance, eye_roll, C) :- expression(I, eye_roll, C).
evidence(I, sarcasm, eye_roll, C) :- expression(I, eye_roll, C).
evidence(I, confusion, furrow, C) :- expression(I, eyebrow_furrow, C).
evidence(I, sadness, frown, C) :- expression(I, frown, C).
evidence(I, joy, smile, C) :- expression(I, smile, C).
evidence(I, uncertainty, hedge, S) :- cue(I, hedge, C), S is C * 5 // 10.
evidence(I, hesitation, hedge, S) :- cue(I, hedge, C), S is C * 4 // 10.
evidence(I, amusement, laughter, S) :- cue(I, laughter, C), S is C * 6 // 10.
evidence(I, sadness, loss, S) :- cue(I, loss, C), S is C * 7 // 10.
score(I, E, S) :- evidence(I, E, _, _), findall(V, evidence(I, E, _, V), Vs), sum_list(Vs, S).
beaten(I, E) :- score(I, E, S), score(I, _, T), T > S.
reading(I, E) :- score(I, E, S), \+ beaten(I, E).
exempt(I) :- purpose(I, medical).
forbidden(I, infer_from_face) :- context(I, workplace), \+ exempt(I).
