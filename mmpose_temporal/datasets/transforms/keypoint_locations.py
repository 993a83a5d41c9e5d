"""Where the annotated keypoints of a crop are in its heatmaps."""

from mmcv.transforms import BaseTransform
from mmpose.registry import KEYPOINT_CODECS, TRANSFORMS

from mmpose_temporal.codecs import OffsetHeatmap


@TRANSFORMS.register_module()
class LocateKeypoints(BaseTransform):
    """Add the keypoints' places in the heatmaps to what is packed for the losses.

    Reads ``transformed_keypoints`` (1, K, 2), crop pixels, of ``TopdownAffine``; stands after
    ``GenerateTarget`` and before ``PackPoseInputs``. The packed sample then has
    ``gt_instance_labels.keypoint_locations``, (1, K, 2) float32: x and y in heatmap cells, the
    centre of the top-left cell is (0, 0), also of keypoints that are invisible or outside
    (``gt_instance_labels.keypoint_weights`` is 0 there).

    Args:
        encoder: Config of the codec of ``GenerateTarget``.

    Raises:
        ValueError: The codec has no heatmaps of one size.
        KeyError: ``TopdownAffine`` or ``GenerateTarget`` did not run.
    """

    def __init__(self, *, encoder: dict):
        codec = KEYPOINT_CODECS.build(encoder)
        if not hasattr(codec, "scale_factor"):
            raise ValueError(
                f"{type(codec).__name__} has no scale_factor from crop to heatmap; use a heatmap "
                "codec such as MSRAHeatmap or UDPHeatmap"
            )
        self.codec = codec

    def transform(self, results: dict) -> dict:
        """Add ``keypoint_locations``."""
        pixels = results["transformed_keypoints"]
        if isinstance(self.codec, OffsetHeatmap):
            locations = self.codec.to_cells(pixels)
        else:
            locations = pixels / self.codec.scale_factor
        table = dict(results["label_mapping_table"], keypoint_locations="keypoint_locations")
        return dict(
            results, keypoint_locations=locations.astype("float32"), label_mapping_table=table
        )
