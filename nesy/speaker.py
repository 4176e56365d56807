"""Which of several faces is the speaker's, where the case says so: nothing here guesses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.observation import Box, Case, Face, Observation


def bound(case: Case, observation: Observation) -> Observation:
    """Return the observation with the face bound to the line that the case names.

    ``speaker_face`` names it by its number, or as the one farthest to the left or the right of the
    picture; ``box`` is where it is. Raises NesyError N183 where what was seen does not tell which.
    """
    faces = observation.faces
    if not faces or (case.speaker_face is None and (case.box is None or len(faces) == 1)):
        return observation
    chosen = _chosen(case, faces)
    if chosen is None:
        return observation
    if len(faces) > 1 and not (chosen.action_units or chosen.expressions or chosen.claims):
        why = "the perceiver sees several faces and tells nothing of each"
        raise _unknown(case, why, "show it the one face: --box X,Y,WIDTH,HEIGHT")
    told = tuple(f.model_copy(update={"speaker": f.id == chosen.id}) for f in faces)
    return observation.model_copy(update={"faces": told})


def _chosen(case: Case, faces: tuple[Face, ...]) -> Face | None:
    if isinstance(case.speaker_face, int):
        found = [face for face in faces if face.id == f"f{case.speaker_face}"]
        if not found:
            why = f"the perceiver found {len(faces)} face{'s' * (len(faces) > 1)}"
            raise _unknown(case, why, "faces are numbered from 1, in the perceiver's order")
        return found[0]
    if case.speaker_face is not None and len(faces) == 1:
        return faces[0]
    places = {face.id: face.box for face in faces if face.box is not None}
    if case.speaker_face is not None:
        if len(places) < len(faces):
            why = "the perceiver does not say where each face is"
            raise _unknown(case, why, "name the face by its number, or give its box")
        # Twice the middle, a whole number; of two in one column the first.
        middles = {name: 2 * box[0] + box[2] for name, box in places.items()}
        pick = min if case.speaker_face == "left" else max
        name = pick(middles, key=lambda each: middles[each])
        return next(face for face in faces if face.id == name)
    if case.box is None or not places:
        return None
    shared = {name: _overlap(case.box, box) for name, box in places.items()}
    name = max(shared, key=lambda each: shared[each])
    if shared[name] == 0:
        raise _unknown(case, "the perceiver found no face in the box", "move the box")
    return next(face for face in faces if face.id == name)


def _overlap(one: Box, other: Box) -> int:
    """Return how many pixels two boxes share."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, wide) * max(0, high)


def _unknown(case: Case, why: str, fix: str) -> NesyError:
    wanted = case.speaker_face if case.speaker_face is not None else "the box"
    what = f"which face of case {case.id} is meant by {wanted} cannot be told"
    return NesyError(Diagnostic("N183", what, why, fix))
