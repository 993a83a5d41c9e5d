"""Options of configs that have moved."""

from collections.abc import Sequence
from typing import Any, NoReturn

from mmpose.registry import MODELS

from mmpose_temporal.utils import warn_once

INSIDE = dict(
    history=("depth", "History"),
    nearest=("depth", "History"),
    confirm_length=("life", "ConfirmedLife"),
    tentative_age=("life", "ConfirmedLife"),
)
"""Options of the former HistoryAssociation and ConfirmedAssociation -> part, and its type."""


def move_options(
    moved: dict[str, Any], life: dict | None, births: Sequence[dict]
) -> tuple[dict | None, Sequence[dict]]:
    """``max_age`` and ``new_track_thr`` of an association as its ``life`` and ``births``.

    Args:
        moved: What the association was given in addition to its own options.
        life: As given.
        births: As given.

    Raises:
        TypeError: An option that never was one of an association.
        ValueError: It is given in the old place and in the new one; an option of a part.
    """
    unknown = moved.keys() - {"max_age", "new_track_thr"}
    for name in sorted(unknown & INSIDE.keys()):
        part, kind = INSIDE[name]
        raise ValueError(
            f"{name} is an option of the association's {part} now: "
            f"{part}=dict(type='{kind}', {name}={moved[name]}, ...)"
        )
    if unknown:
        raise TypeError(f"Association has no option {', '.join(sorted(unknown))}")
    if "max_age" in moved:
        new = f"life=dict(max_age={moved['max_age']})"
        if "max_age" in (life or {}):
            raise ValueError(f"max_age is given twice; write {new} alone")
        warn_once(f"Association(max_age=...) is now {new}")
        life = {**(life or {}), "max_age": moved["max_age"]}
    if "new_track_thr" in moved:
        part = dict(type="ScoreBirths", new_track_thr=moved["new_track_thr"])
        kinds = [getattr(birth.get("type"), "__name__", birth.get("type")) for birth in births]
        if part["type"] in kinds:
            raise ValueError(f"new_track_thr is given twice; write births=[{part}] alone")
        warn_once(f"Association(new_track_thr=...) is now births=[{part}]")
        births = [part, *births]
    return life, births


def _refuse(name: str, replacement: str) -> None:
    """Register a former name that configs may still have, for an error with the new form."""

    def refused(**_: Any) -> NoReturn:
        raise ValueError(f"type='{name}' is now {replacement}")

    MODELS.register_module(name=name, module=refused)


_refuse(
    "HistoryAssociation",
    "type='Association' with depth=dict(type='History', history=..., nearest=...), "
    "assignment=dict(type='GreedyAssignment') and min_similarity=0.5 where none was given",
)
_refuse(
    "ConfirmedAssociation",
    "type='Association' with life=dict(type='ConfirmedLife', max_age=..., confirm_length=3, "
    "tentative_age=2)",
)
