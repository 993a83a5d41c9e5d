"""Keypoint layouts by name: any skeleton that mmpose's ``metainfo`` describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DEFAULT_KEYPOINT_COLOR = (255, 128, 0)
"""RGB, as mmpose's parser has it for a keypoint without a colour."""

DEFAULT_LINK_COLOR = (96, 96, 255)
"""RGB, as mmpose's parser has it for a link without a colour."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Skeleton:
    """The K keypoints of a layout, in order, and what their data set says about them.

    It does not change once it is made: its arrays are read-only copies, and copying it, also
    deeply, gives the same object, so that every sample of a data set can carry it in its
    metainfo (key ``skeleton``) at no cost.

    Attributes:
        keypoint_names: K different names, in the order of the keypoint arrays.
        flip_indices: (K,) int64: keypoint k is ``flip_indices[k]`` in the mirror. Default: each
            its own. They need not come in pairs: mmpose's DeepFashion2 has some that do not.
        sigmas: (K,) float32, spread of each keypoint as a share of the object's size, for the
            object keypoint similarity. None: the data set gives none.
        links: (L, 2) int64, pairs of keypoints that are drawn with a line between them.
        keypoint_colors: (K, 3) uint8, RGB.
        link_colors: (L, 3) uint8, RGB.
        scored: (S,) int64, ascending: the keypoints that the data set annotates and evaluation
            looks at. Default: all.
        name: Of the data set; empty if it has none.

    Raises:
        ValueError: A name repeats or is empty, or the other fields do not fit the names.
    """

    keypoint_names: tuple[str, ...]
    flip_indices: np.ndarray | Sequence[int] | None = None
    sigmas: np.ndarray | Sequence[float] | None = None
    links: np.ndarray | Sequence[Sequence[int]] = ()
    keypoint_colors: np.ndarray | Sequence[Sequence[int]] | None = None
    link_colors: np.ndarray | Sequence[Sequence[int]] | None = None
    scored: np.ndarray | Sequence[int] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        names = keypoint_names(self.keypoint_names)
        size = len(names)
        self._set("keypoint_names", names)
        flips = np.arange(size) if self.flip_indices is None else self.flip_indices
        links = np.array(self.links, np.int64).reshape(-1, 2)
        colors, link_colors = self.keypoint_colors, self.link_colors
        if colors is None:
            colors = np.tile(DEFAULT_KEYPOINT_COLOR, (size, 1))
        if link_colors is None:
            link_colors = np.tile(DEFAULT_LINK_COLOR, (len(links), 1))
        scored = np.arange(size) if self.scored is None else self.scored
        self._set("flip_indices", np.array(flips, np.int64))
        self._set("links", links)
        self._set("keypoint_colors", np.array(colors, np.uint8).reshape(-1, 3))
        self._set("link_colors", np.array(link_colors, np.uint8).reshape(-1, 3))
        self._set("scored", np.array(scored, np.int64))
        if self.sigmas is not None:
            self._set("sigmas", checked_sigmas(self.sigmas, size))
        self._check(size)

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)

    def _check(self, size: int) -> None:
        where = f"skeleton {self.name!r}" if self.name else "skeleton"
        flips = self.flip_indices
        if flips.shape != (size,) or not _inside(flips, size):
            raise ValueError(f"{where}: flip_indices must be {size} indices, got {flips.tolist()}")
        if not _inside(self.links, size):
            raise ValueError(f"{where}: links must be pairs of indices below {size}")
        if len(self.keypoint_colors) != size or len(self.link_colors) != len(self.links):
            raise ValueError(f"{where}: needs one colour for each keypoint and for each link")
        if not _inside(self.scored, size) or (np.diff(self.scored) <= 0).any():
            raise ValueError(
                f"{where}: scored must be ascending indices below {size}, got "
                f"{self.scored.tolist()}"
            )

    @classmethod
    def from_metainfo(cls, metainfo: Mapping[str, Any]) -> "Skeleton":
        """From the ``metainfo`` of a data set, in the form that mmpose's parser returns.

        Args:
            metainfo: What ``parse_pose_metainfo`` returns, a data set's ``metainfo`` or a
                checkpoint's ``dataset_meta``: ``keypoint_id2name`` or ``keypoint_name2id``, and
                as far as they are there ``flip_indices``, ``sigmas`` (an empty list is none),
                ``skeleton_links``, ``keypoint_colors``, ``skeleton_link_colors``,
                ``dataset_name`` and this package's ``scored_keypoint_ids``.

        Raises:
            ValueError: It names no keypoints, or what it says does not fit together.
        """
        names = metainfo_keypoint_names(metainfo)
        if names is None:
            raise ValueError(
                "metainfo names no keypoints: it needs 'keypoint_id2name', as "
                "mmpose.datasets.datasets.utils.parse_pose_metainfo returns it"
            )

        def given(key: str) -> Any:
            value = metainfo.get(key)
            return value if value is not None and len(value) else None

        return cls(
            keypoint_names=names,
            flip_indices=given("flip_indices"),
            sigmas=given("sigmas"),
            links=() if given("skeleton_links") is None else metainfo["skeleton_links"],
            keypoint_colors=given("keypoint_colors"),
            link_colors=given("skeleton_link_colors"),
            scored=given("scored_keypoint_ids"),
            name=str(metainfo.get("dataset_name") or ""),
        )

    def __len__(self) -> int:
        """K."""
        return len(self.keypoint_names)

    def __copy__(self) -> "Skeleton":
        return self

    def __deepcopy__(self, memo: dict) -> "Skeleton":
        return self

    def __reduce__(self) -> tuple:
        return _restore, ({name: getattr(self, name) for name in self.__dataclass_fields__},)

    def same_keypoints(self, other: "Skeleton | Sequence[str]") -> bool:
        """The other one has the same keypoints in the same order."""
        return self.keypoint_names == keypoint_names(other)

    @property
    def flip_pairs(self) -> np.ndarray:
        """(P, 2) int64: pairs of keypoints that change places in the mirror, each pair once."""
        order = np.arange(len(self))
        mutual = self.flip_indices[self.flip_indices] == order
        first = np.flatnonzero(mutual & (order < self.flip_indices))
        return np.stack([first, self.flip_indices[first]], axis=1)

    def index(self, name: str) -> int:
        """Of a keypoint.

        Raises:
            ValueError: No keypoint has this name.
        """
        if name not in self.keypoint_names:
            raise ValueError(
                f"no keypoint is called {name!r}; there are {', '.join(self.keypoint_names)}"
            )
        return self.keypoint_names.index(name)


@dataclass(frozen=True, eq=False)
class KeypointMapping:
    """Where the J keypoints that are wanted are among the K of another layout.

    Attributes:
        wanted: Names of the J keypoints.
        given: Names of the K keypoints.
        index: (J,) int64 into ``given``, -1 if a wanted keypoint is missing.
    """

    wanted: tuple[str, ...]
    given: tuple[str, ...]
    index: np.ndarray

    @property
    def missing(self) -> tuple[str, ...]:
        """Wanted keypoints that are not given."""
        return tuple(n for n, i in zip(self.wanted, self.index.tolist(), strict=True) if i < 0)

    @property
    def unused(self) -> tuple[str, ...]:
        """Given keypoints that are not wanted."""
        used = set(self.index.tolist())
        return tuple(name for i, name in enumerate(self.given) if i not in used)

    @property
    def is_identity(self) -> bool:
        """The same keypoints in the same order."""
        return len(self.given) == len(self.index) and bool(
            (self.index == np.arange(len(self.index))).all()
        )

    def take(self, values: np.ndarray, *, axis: int = 1, fill: float = 0) -> np.ndarray:
        """Rows of the wanted keypoints.

        Args:
            values: K rows along ``axis``, for example keypoints (M, K, 2) or scores (M, K).
            axis: Of the keypoints.
            fill: For keypoints that are missing: with scores of 0 they are absent.

        Returns:
            A copy with J rows along ``axis``.

        Raises:
            ValueError: Other than K rows along ``axis``.
        """
        if values.shape[axis] != len(self.given):
            raise ValueError(
                f"expected {len(self.given)} keypoints ({', '.join(self.given)}), got an array "
                f"of shape {values.shape}"
            )
        taken = np.take(values, self.index, axis=axis, mode="wrap")
        absent = self.index < 0
        if absent.any():
            np.moveaxis(taken, axis, 0)[absent] = fill
        return taken


def map_keypoints(
    wanted: Skeleton | Sequence[str],
    given: Skeleton | Sequence[str],
    *,
    aliases: Mapping[str, str] | None = None,
) -> KeypointMapping:
    """Find keypoints of one layout in another, by their names.

    Args:
        wanted: The layout that is asked for.
        given: The layout that the data have.
        aliases: Wanted name to the name that the given layout has for it, if they differ.

    Raises:
        ValueError: An alias that is no wanted name, or stands for a name that is not given.
    """
    wanted, given = keypoint_names(wanted), keypoint_names(given)
    aliases = dict(aliases or {})
    unknown = [*(a for a in aliases if a not in wanted)]
    unknown += [b for b in aliases.values() if b not in given]
    if unknown:
        raise ValueError(
            f"aliases name keypoints that do not exist: {', '.join(unknown)}; wanted are "
            f"{', '.join(wanted)}; given are {', '.join(given)}"
        )
    place = {name: index for index, name in enumerate(given)}
    index = np.array([place.get(aliases.get(name, name), -1) for name in wanted], np.int64)
    return KeypointMapping(wanted=wanted, given=given, index=index)


def refuse_keypoints(
    what: str,
    expected: Skeleton | Sequence[str],
    source: str,
    found: Skeleton | Sequence[str],
    *,
    advice: str = "",
) -> str:
    """The text of an error that refuses keypoints other than the expected ones.

    Args:
        what: Who expects, for example ``'the data set'``.
        expected: Its keypoints.
        source: Where other ones were found, for example ``'checkpoint a.pth'``.
        found: The keypoints there.
        advice: What the user can do, a clause without a full stop.

    Returns:
        Both lists, and in what they differ.
    """
    expected, found = keypoint_names(expected), keypoint_names(found)
    extra = [name for name in found if name not in expected]
    lacking = [name for name in expected if name not in found]
    parts = []
    if lacking:
        parts.append(f"missing: {', '.join(lacking)}")
    if extra:
        parts.append(f"not expected: {', '.join(extra)}")
    if not parts:
        parts.append("the same names in another order")
    text = (
        f"{source} has other keypoints than {what} ({'; '.join(parts)}).\n"
        f"  {what}, {len(expected)}: {', '.join(expected)}\n"
        f"  {source}, {len(found)}: {', '.join(found)}"
    )
    return f"{text}\n{advice}" if advice else text


def keypoint_names(layout: Skeleton | Sequence[str]) -> tuple[str, ...]:
    """The names of a skeleton, or of a sequence of names, which is checked.

    Raises:
        ValueError: No names, a repeated one, or something that is no name.
    """
    if isinstance(layout, Skeleton):
        return layout.keypoint_names
    if isinstance(layout, str):
        raise ValueError(f"keypoint names must be a sequence of names, got {layout!r}")
    names = tuple(layout)
    strange = [name for name in names if not isinstance(name, str) or not name]
    repeated = sorted({name for name in names if names.count(name) > 1} - set(strange))
    if not names or strange or repeated:
        problem = f"repeated: {', '.join(repeated)}" if repeated else f"got {list(names)!r}"
        raise ValueError(f"keypoints need different names that are not empty, {problem}")
    return names


def metainfo_keypoint_names(metainfo: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The names that a data set's or a checkpoint's metainfo gives, in order, or None.

    Raises:
        ValueError: The ids are not 0 to K - 1.
    """
    by_id = (metainfo or {}).get("keypoint_id2name")
    if not by_id:
        by_name = (metainfo or {}).get("keypoint_name2id")
        if not by_name:
            return None
        by_id = {index: name for name, index in by_name.items()}
    # From JSON the ids come as text.
    by_id = {int(index): name for index, name in by_id.items()}
    if sorted(by_id) != list(range(len(by_id))):
        raise ValueError(f"metainfo: keypoint ids must be 0 to K - 1, got {sorted(by_id)}")
    return keypoint_names([by_id[index] for index in range(len(by_id))])


def checked_sigmas(sigmas: np.ndarray | Sequence[float], num_keypoints: int) -> np.ndarray:
    """(K,) float32 from K positive numbers.

    Raises:
        ValueError: They are not positive, or not K.
    """
    values = np.array(sigmas, np.float32)
    if values.shape != (num_keypoints,) or not (values > 0).all():
        raise ValueError(f"sigmas must be K positive numbers, K = {num_keypoints}, got {sigmas}")
    return values


def _inside(indices: np.ndarray, size: int) -> bool:
    return bool(((indices >= 0) & (indices < size)).all())


def _restore(fields: dict[str, Any]) -> Skeleton:
    return Skeleton(**fields)
