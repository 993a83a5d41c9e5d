"""What people wear: colours, garments, hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .textures import PATTERNS, cloth, head_texture

_SKINS = np.array(  # BGR
    [
        [178, 205, 240],
        [150, 184, 228],
        [120, 158, 210],
        [92, 128, 186],
        [66, 96, 148],
        [48, 68, 104],
    ],
    dtype=np.float32,
)
_HAIRS = np.array(
    [[28, 26, 30], [34, 44, 66], [48, 78, 120], [92, 150, 200], [40, 62, 150], [150, 150, 155]],
    dtype=np.float32,
)
_CLOTHES = np.array(
    [
        [58, 52, 200], [190, 90, 40], [70, 150, 60], [40, 190, 235], [235, 235, 235],
        [45, 45, 48], [150, 70, 140], [40, 120, 230], [190, 175, 60], [120, 110, 105],
        [110, 60, 30], [175, 165, 235], [90, 90, 160], [205, 190, 150],
    ],
    dtype=np.float32,
)  # fmt: skip
_TROUSERS = np.array(
    [[110, 70, 45], [60, 44, 36], [45, 45, 48], [110, 130, 150], [80, 95, 80], [170, 170, 175]],
    dtype=np.float32,
)
_SHOES = np.array(
    [[240, 240, 240], [35, 35, 38], [50, 70, 110], [60, 60, 190], [190, 120, 60]], dtype=np.float32
)


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Textures (R, C, 3) float32 BGR of one person, and the shape of its clothes.

    Attributes:
        top, sleeve, trousers, skin, head, hair, shoe: Textures.
        sleeves: ``short`` or ``long``.
        legs: ``long``, ``shorts`` or ``skirt``.
        hair_style: ``bald``, ``short``, ``long`` or ``cap``.
        loose: Factor on the width of clothes.
    """

    top: np.ndarray
    sleeve: np.ndarray
    trousers: np.ndarray
    skin: np.ndarray
    head: np.ndarray
    hair: np.ndarray
    shoe: np.ndarray
    sleeves: str
    legs: str
    hair_style: str
    loose: float


def _vary(rng: np.random.Generator, colour: np.ndarray, amount: float = 14) -> np.ndarray:
    return np.clip(colour + rng.uniform(-amount, amount, 3), 8, 250).astype(np.float32)


def _flat(colour: np.ndarray) -> np.ndarray:
    return np.asarray(colour, np.float32).reshape(1, 1, 3)


def sample_outfit(rng: np.random.Generator, *, uniform: Outfit | None = None) -> Outfit:
    """Draws the looks of a person.

    Args:
        rng: Random generator.
        uniform: Clothes to wear instead of drawn ones, so that people look alike; skin and head
            are still drawn.
    """
    skin = _vary(rng, _SKINS[rng.integers(len(_SKINS))], 8)
    hair = _vary(rng, _HAIRS[rng.integers(len(_HAIRS))], 8)
    style = str(rng.choice(["short", "long", "bald", "cap"], p=[0.45, 0.33, 0.08, 0.14]))
    cover = _vary(rng, _CLOTHES[rng.integers(len(_CLOTHES))]) if style == "cap" else hair
    head = head_texture(
        rng,
        skin=skin,
        hair=hair,
        cover=cover,
        hair_style=style,
        beard=bool(style != "long" and rng.random() < 0.25),
        glasses=bool(rng.random() < 0.2),
    )
    own = {"skin": _flat(skin), "head": head, "hair": _flat(cover), "hair_style": style}
    if uniform is not None:
        return Outfit(**{**vars(uniform), **own})
    first, second = rng.choice(len(_CLOTHES), 2, replace=False)
    base, other = _vary(rng, _CLOTHES[first]), _vary(rng, _CLOTHES[second])
    pattern = str(rng.choice(PATTERNS))
    below = _vary(rng, _TROUSERS[rng.integers(len(_TROUSERS))])
    plain = pattern in ("logo", "blocks", "jacket")
    return Outfit(
        top=cloth(rng, pattern, base, other),
        sleeve=cloth(rng, "plain" if plain else pattern, base, other),
        trousers=cloth(
            rng, str(rng.choice(["plain", "plain", "stripes", "checks"])), below, below * 0.75
        ),
        shoe=_flat(_vary(rng, _SHOES[rng.integers(len(_SHOES))], 8)),
        sleeves=str(rng.choice(["short", "long"])),
        legs=str(rng.choice(["long", "shorts", "skirt"], p=[0.66, 0.22, 0.12])),
        loose=float(rng.uniform(0.98, 1.15)),
        **own,
    )
