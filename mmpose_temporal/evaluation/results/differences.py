"""Whether figures of two runs can be compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from .files import Results

NOT_COMPARED = ("metrics",)
"""Of a protocol: which figures were computed does not change the others."""

TRUTH = ("frames", "labeled_frames", "people", "joints")
"""Counts of a video that are of its annotations, and not of what a run predicted."""

Key = tuple[str, str]
"""Metric and prefix of an evaluation."""


def evaluations_by_key(results: Results) -> dict[Key, Mapping[str, Any]]:
    """The records of the evaluations, by metric and prefix."""
    return {(str(e.get("metric")), str(e.get("prefix"))): e for e in results.evaluations}


def find_differences(first: Results, other: Results) -> list[str]:
    """What makes the figures of two runs incomparable; empty where nothing does.

    Compared are the protocol, the keypoints, the annotations (videos, and how many labelled
    frames, people and joints each has), the source of the boxes and the release of the data. What
    only one of the two records (boxes of poses from files) is not a difference, see
    :func:`unknown_boxes`.
    """
    found = []
    for results in (first, other):
        if not results.evaluations:
            found.append(f"{results.path} does not record its protocol")
    if found:
        return found
    left, right = evaluations_by_key(first), evaluations_by_key(other)
    common = [key for key in left if key in right]
    if not common:
        return [f"different metrics: {_names(left)} against {_names(right)}"]
    for key in common:
        found += _of_evaluation(left[key], right[key])
    for section, field in (("boxes", "source"), ("data", "release")):
        a, b = (_dict(r.record, section).get(field) for r in (first, other))
        if a is not None and b is not None and a != b:
            found.append(f"{section}.{field} {a} against {b}")
    return list(dict.fromkeys(found))


def unknown_boxes(results: Results) -> bool:
    """The file does not record where the people's boxes came from."""
    return _dict(results.record, "boxes").get("source") is None


def _of_evaluation(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[str]:
    a, b = (_flat(_dict(e, "protocol"), "protocol") for e in (left, right))
    for name in dict.fromkeys([*a, *b]):
        if a.get(name) != b.get(name) and name.rpartition(".")[2] not in NOT_COMPARED:
            yield f"{name} {_text(a.get(name))} against {_text(b.get(name))}"
    if left.get("skeleton") != right.get("skeleton"):
        yield "different keypoints"
    a, b = (_dict(e, "videos") for e in (left, right))
    if alone := sorted(a.keys() ^ b.keys()):
        yield f"{len(alone)} videos are in only one of them ({', '.join(alone[:3])}{_more(alone)})"
        return
    other = [
        name for name in a if any(_dict(a, name).get(k) != _dict(b, name).get(k) for k in TRUTH)
    ]
    if other:
        some = f"{', '.join(other[:3])}{_more(other)}"
        yield f"different annotations of {len(other)} videos ({some})"


def _flat(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{name}.{key}")
        else:
            flat[f"{name}.{key}"] = value
    return flat


def _dict(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} names"
    return "none" if value is None else str(value)


def _more(names: list[str]) -> str:
    return ", ..." if len(names) > 3 else ""


def _names(keys: Mapping[Key, Any]) -> str:
    return ", ".join(f"{metric} ({prefix}/)" for metric, prefix in keys)
