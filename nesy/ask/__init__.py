"""``nesy ask``: goals with variables over one Trace or thousands, answered by SWI-Prolog.

What holds in a case is what clingo derived of it, looked up under the case's number; ``why/2``
proves an atom again from the same rules, translated. A goal of a user is text until a process of
its own (:mod:`nesy.ask.worker`) has read it, found every predicate it calls, and found them safe;
there it runs under limits of time, inferences and memory, and the process is ended where it does
not stop.

A goal is asked of each case in turn, and each answer says of which. What stands inside
``in(Case, Goal)`` is asked of the case named, or of every one; a goal in which all does is asked
once.

The proofs of ``why/2`` are terms: ``rule(Atom, Id, Place, Bindings, Because)``, ``fact(Atom,
Origin)``, ``marginal(Atom, Because)``, ``absent(Atom)``, ``test(Text)``, ``aggregate(Function,
Value, Because)``, ``chosen(Atom)``. On a screen they are told as ``nesy why`` tells them, in JSON
they are objects.
"""
