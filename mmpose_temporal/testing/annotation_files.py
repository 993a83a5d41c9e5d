"""Annotations and predictions of one video as files have them, in both of PoseTrack's layouts."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK17_JOINTS


def two_people_file(video: str, predicted: bool = False, frames: int = 3) -> dict:
    """The content of one video's file, PoseTrack18 layout: two people with the ids 0 and 1.

    In frame t keypoint k of person p is at 50 + 200 p + k + t, in x and in y. No ears; person 1
    lacks the nose too. The head boxes' diagonal is 50.

    Args:
        video: Name of the video.
        predicted: With scores of 0.5 instead of head boxes.
        frames: Number of frames; image t has the id 10 (t + 1), person p in it 100 times that
            and p.
    """
    images = [
        {
            "id": 10 * (t + 1),
            "vid_id": video,
            "file_name": f"images/val/{video}/{t:06d}.jpg",
            "is_labeled": True,
            "ignore_regions_x": [],
            "ignore_regions_y": [],
        }
        for t in range(frames)
    ]
    annotations = []
    for t, image in enumerate(images):
        for person in range(2):
            points = np.full((17, 3), 1.0)
            points[:, :2] = 50 + 200 * person + np.arange(17)[:, None] + t
            points[[3, 4]] = 0
            if person == 1:
                points[0] = 0
            record = {
                "id": image["id"] * 100 + person,
                "image_id": image["id"],
                "track_id": person,
                "category_id": 1,
                "keypoints": points.ravel().tolist(),
            }
            record |= {"scores": [0.5] * 17} if predicted else {"bbox_head": [0, 0, 30, 40]}
            annotations.append(record)
    return {
        "images": images,
        "annotations": annotations,
        "categories": [dict(id=1, name="person", keypoints=list(KEYPOINT_NAMES))],
    }


def as_posetrack17(document: dict) -> dict:
    """The content of a file of PoseTrack18's layout in that of PoseTrack17."""
    frames = []
    for image in document["images"]:
        people = []
        for record in document["annotations"]:
            if record["image_id"] != image["id"]:
                continue
            points = np.array(record["keypoints"]).reshape(17, 3)
            joints = []
            for number, name in enumerate(POSETRACK17_JOINTS):
                index = KEYPOINT_NAMES.index(name)
                if points[index].any():
                    joints.append(
                        {"id": [number], "x": [points[index, 0]], "y": [points[index, 1]]}
                    )
                    if "scores" in record:
                        joints[-1]["score"] = [record["scores"][index]]
            person = {"track_id": [record["track_id"]], "annopoints": [{"point": joints}]}
            if "bbox_head" in record:
                x, y, w, h = record["bbox_head"]
                person |= {"x1": [x], "y1": [y], "x2": [x + w], "y2": [y + h]}
            people.append(person)
        frame = {"image": [{"name": image["file_name"]}], "annorect": people}
        if "is_labeled" in image:
            frame["is_labeled"] = [int(image["is_labeled"])]
        if image.get("ignore_regions_x"):
            both = zip(image["ignore_regions_x"], image["ignore_regions_y"], strict=True)
            frame["ignore_regions"] = [
                {"point": [{"x": [x], "y": [y]} for x, y in zip(xs, ys, strict=True)]}
                for xs, ys in both
            ]
        frames.append(frame)
    return {"annolist": frames}


def write_video_files(folder: str | os.PathLike, documents: Mapping[str, dict]) -> Path:
    """Write one file per video, ``FOLDER/NAME.json``; returns the folder, which is made."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder
