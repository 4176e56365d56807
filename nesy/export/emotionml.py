"""EmotionML 1.0: a reading as categories with confidences, written and read back.

A probability says how sure a reading is, so it is a category's ``confidence``; ``value`` would be
the intensity of an emotion, which a reading does not know. nesy's own vocabulary travels with the
document; in a vocabulary of the W3C only exact counterparts are said, and what has none is left
out, so that the confidences of a face sum to less than 1.

Source: W3C, Emotion Markup Language (EmotionML) 1.0, Recommendation 22 May 2014; W3C, Vocabularies
for EmotionML.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote
from xml.etree import ElementTree

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

NAMESPACE = "http://www.w3.org/2009/10/emotionml"
OWN = "nesy"
# The W3C's vocabularies: the name of the option, the scheme of the ontology, the vocabulary's URI.
W3C = {
    name: (scheme, f"http://www.w3.org/TR/emotion-voc/xml#{anchor}")
    for name, scheme, anchor in (
        ("big6", "emotionml_big6", "big6"),
        ("everyday", "emotionml_everyday", "everyday-categories"),
        ("occ", "emotionml_occ", "occ-categories"),
        ("fsre", "emotionml_fsre", "fsre-categories"),
    )
}
VOCABULARIES = (OWN, *W3C)
# The children that describe an emotion, and the attribute that names the vocabulary of each.
_DESCRIPTORS = {
    name: f"{name}-set" for name in ("category", "dimension", "appraisal", "action-tendency")
}
_SETS = frozenset(_DESCRIPTORS.values())
_TIMES = {"start", "end", "duration", "time-ref-uri", "time-ref-anchor-point", "offset-to-start"}
_ATTRIBUTES = {
    "emotionml": {"version", *_SETS},
    "emotion": {"version", "id", "expressed-through", *_TIMES, *_SETS},
    "info": {"id"},
    "reference": {"uri", "role", "media-type"},
    "vocabulary": {"type", "id"},
    "item": {"name"},
    "trace": {"freq", "samples"},
    **{name: {"name", "value", "confidence"} for name in _DESCRIPTORS},
}
_CHILDREN = {
    "emotionml": {"info", "emotion", "vocabulary"},
    "emotion": {"info", "reference", *_DESCRIPTORS},
    "vocabulary": {"info", "item"},
    "item": {"info"},
    **{name: {"trace"} for name in _DESCRIPTORS},
}
_ROLES = {"expressedBy", "experiencedBy", "triggeredBy", "targetedAt"}

Readings = dict[str, dict[str, float]]


def write(trace: Trace, vocabulary: Vocabulary, *, using: str = OWN) -> str:
    """Return the reading of a Trace as an EmotionML document, one emotion a face.

    ``using`` is nesy or one of the W3C's vocabularies (big6, everyday, occ, fsre).
    Raises NesyError N503 for a Trace without a reading, N642 where ``using`` can say none of it.
    """
    if not trace.reading:
        what = f"the trace of case {trace.case.id} has no reading"
        fix = "pipe it through `nesy reason` first"
        raise NesyError(Diagnostic("N503", what, "there is nothing to write", fix))
    if using not in VOCABULARIES:
        what = f"unknown EmotionML vocabulary {using[:40]!r}"
        known = nearest(using[:40], VOCABULARIES)
        raise NesyError(Diagnostic("N642", what, "no emotion is aligned with it", known))
    said = {f: _said(r.distribution, vocabulary, using) for f, r in trace.reading.items()}
    if not any(said.values()):
        best = ", ".join(next(iter(r.distribution), "nothing") for r in trace.reading.values())
        what = f"nothing of this reading can be said in {using}"
        why = f"it reads {best}, which has no exact counterpart there"
        fix = "leave --vocabulary out"
        raise NesyError(Diagnostic("N642", what, why, fix))
    root = ElementTree.Element("emotionml", {"xmlns": NAMESPACE, "version": "1.0"})
    root.set("category-set", f"#{OWN}" if using == OWN else W3C[using][1])
    for face, shares in said.items():
        if shares:
            _emotion(root, trace, face, shares)
    if using == OWN:
        own = ElementTree.SubElement(root, "vocabulary", {"type": "category", "id": OWN})
        for name in sorted(vocabulary.emotions):
            ElementTree.SubElement(own, "item", {"name": name})
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _emotion(
    root: ElementTree.Element, trace: Trace, face: str, shares: Mapping[str, float]
) -> None:
    found = ElementTree.SubElement(root, "emotion", {"id": face})
    facts = trace.facts or ()
    seen = any(f.origin in ("image", "model") and not f.withheld for f in facts)
    through = ["face"] * (trace.case.image is not None and seen)
    through += ["text"] * bool(trace.case.line.strip())
    if through:
        found.set("expressed-through", " ".join(through))
    for name, share in sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])):
        ElementTree.SubElement(found, "category", {"name": name, "confidence": repr(share)})
    if trace.case.image is not None:
        uri = quote(trace.case.image, safe="/:")
        ElementTree.SubElement(found, "reference", {"uri": uri, "role": "expressedBy"})


def _said(shares: Mapping[str, float], vocabulary: Vocabulary, using: str) -> dict[str, float]:
    """Return a distribution in another vocabulary: an emotion counts as what it is a kind of."""
    if using == OWN:
        return dict(shares)
    names = items(vocabulary, using)
    found: dict[str, list[float]] = {}
    for emotion, share in shares.items():
        wider = vocabulary.broader("emotion", emotion)
        item = next((names[term] for term in wider if term in names), None)
        if item is not None:
            found.setdefault(item, []).append(share)
    return {item: min(1.0, math.fsum(parts)) for item, parts in found.items()}


def items(vocabulary: Vocabulary, using: str) -> dict[str, str]:
    """Return emotion → item for the exact counterparts in one of the W3C's vocabularies."""
    scheme = W3C[using][0]
    found = {}
    for emotion in vocabulary.emotions.values():
        for alias in emotion.all("alias"):
            named, _, item = alias.partition(":")
            if named == scheme:
                found[emotion.id] = item
    return found


# ── Reading back ────────────────────────────────────────────────────────────────────────────────


def read(text: str, vocabulary: Vocabulary) -> Readings:
    """Return the confidences of each emotion of a document, by the emotion's id.

    Categories of nesy's own vocabulary and of the W3C's are understood; the latter become the
    emotion they are the exact counterpart of. Raises NesyError with every N641.
    """
    if faults := check(text, vocabulary):
        raise NesyError(faults)
    root = ElementTree.fromstring(text)
    back = {uri: _back(vocabulary, name) for name, (_, uri) in W3C.items()}
    found: Readings = {}
    ids = {emotion.get("id") for emotion in root.iter(_tag("emotion"))}
    for number, emotion in enumerate(root.iter(_tag("emotion")), 1):
        names = back.get(_set_of(emotion, root, "category-set"), {})
        # No id of a document has a # in it.
        own = f"e{number}" if f"e{number}" not in ids else f"#{number}"
        found[emotion.get("id", own)] = {
            names.get(c.get("name", ""), c.get("name", "")): float(c.get("confidence", "1"))
            for c in emotion.iter(_tag("category"))
        }
    return found


def _back(vocabulary: Vocabulary, using: str) -> dict[str, str]:
    return {item: emotion for emotion, item in sorted(items(vocabulary, using).items())}


def check(text: str, vocabulary: Vocabulary) -> list[Diagnostic]:
    """Return an N641 for each rule of EmotionML 1.0 that a document breaks.

    A document type declaration is refused: EmotionML needs none, and entities could grow for ever.
    """
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        return [_fault("a document type declaration", "EmotionML needs none", "remove it")]
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        return [_fault("this is not XML", str(error), "see the W3C's EmotionML 1.0")]
    if root.tag != _tag("emotionml"):
        why = f"its root is {root.tag[:80]}"
        return [_fault("this is no EmotionML document", why, f"name the namespace {NAMESPACE}")]
    return [
        _fault(what, why, "see the W3C's EmotionML 1.0") for what, why in _wrong(root, vocabulary)
    ]


def _fault(what: str, why: str, fix: str) -> Diagnostic:
    return Diagnostic("N641", what, why, fix)


def _wrong(root: ElementTree.Element, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    if root.get("version") != "1.0":
        yield "the version is not 1.0", f"it is {root.get('version')!r}"
    for element in root.iter():
        yield from _form(element)
    ids = Counter(e.get("id") for e in root.iter() if e.get("id") is not None)
    yield from (
        (f"the id {i!r} is given twice", "an id is of one element") for i, n in ids.items() if n > 1
    )
    own = {f"#{v.get('id')}": v for v in root.iter(_tag("vocabulary"))}
    for emotion in root.iter(_tag("emotion")):
        if not any(True for name in _DESCRIPTORS for _ in emotion.iter(_tag(name))):
            yield (
                "an emotion says nothing",
                "it needs a category, dimension, appraisal or action tendency",
            )
        for name, attribute in _DESCRIPTORS.items():
            said = list(emotion.iter(_tag(name)))
            if said:
                yield from _names(name, said, _set_of(emotion, root, attribute), own, vocabulary)


def _form(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an element by itself: its place, attributes, and numbers."""
    name = _local(element)
    if name is None:
        return
    if name not in _ATTRIBUTES:
        yield f"there is no element {name}", "it is not in EmotionML"
        return
    for attribute in sorted(set(element.keys()) - _ATTRIBUTES[name]):
        yield f"{name} has no attribute {attribute}", "it is not in EmotionML"
    inside = [_local(child) for child in element]
    for child in inside:
        if child is not None and child not in _CHILDREN.get(name, set()):
            yield f"{child} cannot stand in {name}", "it belongs elsewhere"
    if inside.count("info") > 1:
        yield f"{name} has two info", "it may have one"
    if name in _DESCRIPTORS:
        if element.get("name") is None:
            yield f"a {name} has no name", "it must name an item of its vocabulary"
        both = element.get("value") is not None and "trace" in inside
        if both or inside.count("trace") > 1:
            yield f"a {name} has a value and a trace", "it may have one of them"
        if name == "dimension" and element.get("value") is None and "trace" not in inside:
            yield "a dimension has neither value nor trace", "it needs one of them"
    for attribute in ("value", "confidence"):
        if not _in_scale(element.get(attribute)):
            yield f"{attribute} is {element.get(attribute)!r}", "it must be a number from 0 to 1"
    if name == "reference" and not element.get("uri"):
        yield "a reference has no uri", "it must point at something"
    if name == "reference" and element.get("role", "expressedBy") not in _ROLES:
        yield f"the role is {element.get('role')!r}", f"known are {', '.join(sorted(_ROLES))}"
    if name == "vocabulary":
        if element.get("type") not in _DESCRIPTORS:
            yield f"the type is {element.get('type')!r}", f"known are {', '.join(_DESCRIPTORS)}"
        if not element.get("id") or "item" not in inside:
            yield "a vocabulary needs an id and an item", "else nothing can name it"
        named = Counter(item.get("name") for item in element.iter(_tag("item")))
        if any(count > 1 or not item for item, count in named.items()):
            yield "an item has no name, or that of another", "names differ within a vocabulary"


def _names(
    kind: str,
    said: Iterable[ElementTree.Element],
    uri: str,
    own: Mapping[str, ElementTree.Element],
    vocabulary: Vocabulary,
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the names of an emotion's descriptors of one kind."""
    names = Counter(element.get("name", "") for element in said)
    yield from (
        (f"{n!r} is said twice", "once an emotion") for n, count in names.items() if count > 1
    )
    if not uri:
        yield f"no vocabulary is declared for {kind}", f"{_DESCRIPTORS[kind]} is missing"
        return
    known: set[str] | None = None
    if uri in own:
        known = {item.get("name", "") for item in own[uri].iter(_tag("item"))}
        if own[uri].get("type") != kind:
            yield f"{uri} is not a vocabulary of {kind}", f"its type is {own[uri].get('type')!r}"
    elif uri.startswith("#"):
        yield f"the vocabulary {uri} is not in the document", "nothing has this id"
        return
    elif kind == "category":
        known = next((set(_back(vocabulary, n)) for n, (_, u) in W3C.items() if u == uri), None)
    for name in names:
        if known is not None and name not in known:
            yield f"{name!r} is not in {uri}", "its name must be an item of the vocabulary"


def _set_of(emotion: ElementTree.Element, root: ElementTree.Element, attribute: str) -> str:
    """Return the vocabulary declared for an emotion: its own, else the document's."""
    return emotion.get(attribute) or root.get(attribute) or ""


def _in_scale(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _local(element: ElementTree.Element) -> str | None:
    """Return an element's name in EmotionML, None for one of another namespace."""
    space, _, name = element.tag.rpartition("}")
    return name if space == f"{{{NAMESPACE}" else None
