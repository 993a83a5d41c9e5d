"""Which keypoints a checkpoint says it was trained on, and whether they are those of the data."""

from collections.abc import Mapping, Sequence
from typing import Any

from .skeleton import Skeleton, keypoint_names, metainfo_keypoint_names, refuse_keypoints


def stated_keypoints(checkpoint: Any) -> tuple[str, ...] | None:
    """The names that a checkpoint gives in its ``meta``.

    mmengine writes ``meta['dataset_meta']``, the metainfo of the training data; a file of one
    similarity's weights has ``meta['keypoint_names']``. Checkpoints of mmpose 0.x, and files of
    tensors alone, name none.

    Args:
        checkpoint: What was read from the file.

    Returns:
        Names in order; None if there are none.

    Raises:
        ValueError: There are names that make no layout.
    """
    meta = checkpoint.get("meta") if isinstance(checkpoint, Mapping) else None
    if not isinstance(meta, Mapping):
        return None
    if meta.get("keypoint_names") is not None:
        return keypoint_names(meta["keypoint_names"])
    dataset_meta = meta.get("dataset_meta")
    return metainfo_keypoint_names(dataset_meta) if isinstance(dataset_meta, Mapping) else None


def check_keypoints(
    checkpoint: Any,
    data: Skeleton | Mapping[str, Any] | None,
    *,
    source: str,
    stated: Sequence[str] | None = None,
    advice: str = "",
) -> str | None:
    """Compare the keypoints that a checkpoint was trained on with those of the data.

    Args:
        checkpoint: What was read from the file.
        data: Skeleton or metainfo of the data; None, or metainfo without names: nothing to
            compare with.
        source: The file, for texts.
        stated: The checkpoint's keypoints, instead of what it says itself.
        advice: For the text of the error.

    Returns:
        A sentence for the log if the checkpoint names no keypoints, so that they are taken
        for those of the data; else None.

    Raises:
        ValueError: They are others, or in another order; the text has both lists.
    """
    names = data.keypoint_names if isinstance(data, Skeleton) else metainfo_keypoint_names(data)
    if names is None:
        return None
    found = stated_keypoints(checkpoint) if stated is None else keypoint_names(stated)
    if found is None:
        return (
            f"{source} does not say which keypoints it was trained on: taken for the "
            f"{len(names)} of the data ({', '.join(names)})"
        )
    if found != names:
        raise ValueError(refuse_keypoints("the data set", names, source, found, advice=advice))
    return None
