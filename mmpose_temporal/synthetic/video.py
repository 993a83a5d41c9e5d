"""Renders a video frame by frame, with the truth of every frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mmpose_temporal.structures.posetrack_layout import NUM_KEYPOINTS

from .background import OUTDOORS, PLACES, Canvas, Painter
from .camera import Camera
from .config import SyntheticVideoConfig, spawn_generators
from .figure import PersonShape
from .places import PAINTERS
from .raster import Raster
from .scene import Person, Scene, SceneSampler
from .skeleton import JOINT_INDEX
from .visibility import head_boxes, inside_frame, visible_keypoints

_NOISE_SHIFT = 120
_EARS = [JOINT_INDEX["left_ear"], JOINT_INDEX["right_ear"]]


@dataclass(frozen=True, kw_only=True)
class FrameTruth:
    """The truth of one frame for all M people of the video, seen or not.

    Frame pixels; the centre of the top-left pixel is (0, 0).

    Attributes:
        keypoints: (M, 17, 2) float64 true places, also of hidden joints and outside the frame.
        visible: (M, 17) bool, which of them an annotator would mark.
        hidden: (M, 17) bool, which of the others are inside the frame: another person or an
            object hides them. Ears are neither, unless they are annotated.
        head_boxes: (M, 4) float64 xyxy.
        track_ids: (M,) int64.
        ignore_regions: Polygons (P, 2) float64 around people that are not annotated.
    """

    keypoints: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray
    head_boxes: np.ndarray
    track_ids: np.ndarray
    ignore_regions: tuple[np.ndarray, ...]


class VideoRenderer:
    """Draws the frames of one video.

    Args:
        config: What the video looks like.
        seed: Seed of the data set.
        index: Number of the video; ``(seed, index)`` and the config decide every pixel.
    """

    def __init__(self, *, config: SyntheticVideoConfig, seed: int, index: int) -> None:
        self.config = config
        self._seeds = (seed, index)
        scene_rng, place_rng, noise_rng = spawn_generators(seed, index, 3)
        place = str(place_rng.choice(PLACES))
        sampler = SceneSampler(config=config, rng=scene_rng)
        self.scene: Scene = sampler.sample(outdoors=place in OUTDOORS)
        self.place = place
        self.canvas = Canvas(self.scene.camera)
        PAINTERS[place](Painter(self.canvas, place_rng))
        self._crowd_hull = self._paint_crowd()
        self.canvas.freeze()
        shape = (config.height + _NOISE_SHIFT, config.width + _NOISE_SHIFT, 3)
        self._noise = np.float32(self.scene.noise) * noise_rng.standard_normal(shape, np.float32)
        self._shapes = [PersonShape(body=p.body, outfit=p.outfit) for p in self.scene.people]

    def __len__(self) -> int:
        return self.config.num_frames

    def __iter__(self) -> Iterator[tuple[np.ndarray, FrameTruth]]:
        return (self.frame(number) for number in range(len(self)))

    def _paint_crowd(self) -> np.ndarray | None:
        """Draws the far crowd into the canvas; the hull (P, 2) around it in base pixels."""
        if not self.scene.crowd:
            return None
        camera = self.scene.camera
        still = replace(camera, shift=self.canvas.origin[None], zoom=np.ones(1))
        raster = Raster(self.canvas.picture)
        for person in sorted(self.scene.crowd, key=lambda p: -p.joints[0, -2, 2]):
            shape = PersonShape(body=person.body, outfit=person.outfit)
            _draw_person(raster, shape, person, still, 0, 1)
        self.canvas.picture = raster.picture
        points = np.argwhere(raster.order > 0)[:, ::-1]
        if len(points) < 3:
            return None
        hull = cv2.convexHull(points.astype(np.int32))[:, 0].astype(float)
        middle = hull.mean(axis=0)
        return middle + (hull - middle) * 1.06 + self.canvas.origin

    def _instant(self, instant: int) -> tuple[Raster, np.ndarray]:
        """Draws one instant from back to front; also the draw order (M,) of the people."""
        scene = self.scene
        raster = Raster(self.canvas.warp(instant))
        items = [
            (float(p.joints[instant, -2, 2]), "person", i) for i, p in enumerate(scene.people)
        ]
        items += [(o.position[1], "occluder", i) for i, o in enumerate(scene.occluders)]
        items.sort(key=lambda item: (-item[0], item[1], item[2]))
        for person in scene.people:
            _draw_shadow(raster, person, scene.camera, instant)
        orders = np.zeros(len(scene.people), np.int64)
        for order, (_, kind, number) in enumerate(items, start=1):
            if kind == "person":
                orders[number] = order
                shape, person = self._shapes[number], scene.people[number]
                _draw_person(raster, shape, person, scene.camera, instant, order)
            else:
                scene.occluders[number].draw(raster, scene.camera, instant, order)
        return raster, orders

    def frame(self, number: int) -> tuple[np.ndarray, FrameTruth]:
        """One frame.

        Args:
            number: 0-based number of the frame.

        Returns:
            The (H, W, 3) uint8 BGR picture and its :class:`FrameTruth`, which is that of the
            middle of the exposure.
        """
        count = self.scene.subframes
        first, middle = number * count, number * count + count // 2
        truth, total = None, None
        for instant in range(first, first + count):
            raster, orders = self._instant(instant)
            total = raster.picture if total is None else total + raster.picture
            if instant == middle:
                truth = self._truth(raster, orders, instant)
        return self._develop(total / count, number), truth

    def _develop(self, picture: np.ndarray, number: int) -> np.ndarray:
        """Adds colour cast and sensor noise; (H, W, 3) uint8.

        Choice: the noise of a frame is a window at a random place of one large noise picture.
        """
        picture = cv2.multiply(picture, (*self.scene.gain, 1.0))
        left, top = 0, 0
        if self.scene.noise > 0:
            rng = np.random.default_rng((*self._seeds, number + 1))
            left, top = rng.integers(0, _NOISE_SHIFT, 2)
        rows, columns = picture.shape[:2]
        noise = np.ascontiguousarray(self._noise[top : top + rows, left : left + columns])
        return cv2.add(picture, noise, dtype=cv2.CV_8U)

    def _truth(self, raster: Raster, orders: np.ndarray, instant: int) -> FrameTruth:
        people, camera = self.scene.people, self.scene.camera
        count = len(people)
        joints = np.zeros((count, NUM_KEYPOINTS, 3))
        for row, person in enumerate(people):
            joints[row] = person.joints[instant, :NUM_KEYPOINTS]
        keypoints = camera.project(joints, instant)
        heights = np.array([person.body.height for person in people])
        heads = np.array([person.body.head for person in people])
        depths = joints[:, :, 2].mean(axis=1)
        scale = camera.scale(depths, instant)
        visible = visible_keypoints(
            keypoints, raster.order, orders=orders, radii=0.022 * heights * scale
        )
        hidden = inside_frame(keypoints, *raster.order.shape) & ~visible
        if not self.config.annotate_ears:
            visible[:, _EARS] = hidden[:, _EARS] = False
        regions = ()
        if self._crowd_hull is not None:
            regions = (camera.base_to_frame(self._crowd_hull, instant),)
        return FrameTruth(
            keypoints=keypoints,
            visible=visible,
            hidden=hidden,
            head_boxes=head_boxes(keypoints, half_width=0.4 * heads * scale),
            track_ids=np.arange(count, dtype=np.int64),
            ignore_regions=regions,
        )


def _draw_person(
    raster: Raster, shape: PersonShape, person: Person, camera: Camera, instant: int, order: int
) -> None:
    row = instant if len(person.joints) > 1 else 0
    for tube in shape.tubes(person.joints[row], person.facing[row], camera, instant):
        raster.tube(tube, order)


def _draw_shadow(raster: Raster, person: Person, camera: Camera, instant: int) -> None:
    """A wide soft shadow under the body and a small one under each foot."""
    joints = person.joints[instant]
    height = person.body.height
    foot_rows = [
        JOINT_INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("heel", "toe")
    ]
    feet = joints[foot_rows]
    lift = float(feet[:, 1].min())
    middle = feet.mean(axis=0)
    spots = [
        (middle, 0.3 * height, 0.42),
        (feet[:2].mean(0), 0.11 * height, 0.35),
        (feet[2:].mean(0), 0.11 * height, 0.35),
    ]
    for spot, size, strength in spots:
        ground = np.array([spot[0], 0.0, spot[2]])
        scale = float(camera.scale(ground[2], instant))
        flat = max(camera.height / max(ground[2], 1.0), 0.12)
        fade = 1.0 / (1.0 + 4.0 * max(float(spot[1]) - 0.05, 0.0) + 2.0 * lift)
        raster.shadow(
            camera.project(ground, instant), (size * scale, size * scale * flat), strength * fade
        )


def render_video(
    config: SyntheticVideoConfig, *, seed: int, index: int = 1
) -> Iterator[tuple[np.ndarray, FrameTruth]]:
    """Frames of a synthetic video with their truth, in order.

    Args:
        config: What the video looks like.
        seed: Seed of the data set, not negative.
        index: Number of the video in it, see ``video_index``.

    Returns:
        Iterator of ((H, W, 3) uint8 BGR, :class:`FrameTruth`) with ``config.num_frames`` items.
    """
    return iter(VideoRenderer(config=config, seed=seed, index=index))
