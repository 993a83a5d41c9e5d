"""How much there was to evaluate: frames, people and joints of some videos."""

from dataclasses import dataclass, fields

from .inputs import VideoInput


@dataclass(frozen=True)
class InputCounts:
    """Numbers of what the evaluation was given; added by ``+``.

    Attributes:
        videos: Videos.
        frames: Their frames.
        labeled_frames: Frames that were annotated, with people or without.
        people: Annotated people in all frames.
        joints: Annotated joints of those that are scored, in all frames.
        predicted_people: Predicted people in all frames.
        predicted_joints: Their joints of those that are scored, whatever they score.
    """

    videos: int = 0
    frames: int = 0
    labeled_frames: int = 0
    people: int = 0
    joints: int = 0
    predicted_people: int = 0
    predicted_joints: int = 0

    def __add__(self, other: "InputCounts") -> "InputCounts":
        return InputCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @classmethod
    def of(cls, video: VideoInput) -> "InputCounts":
        """Count one video."""
        return cls(
            videos=1,
            frames=len(video.ground_truth),
            labeled_frames=sum(bool(frame.labeled) for frame in video.ground_truth),
            people=len(video.truth_people),
            joints=int(video.truth_people.present.sum()),
            predicted_people=len(video.predicted_people),
            predicted_joints=int(video.predicted_people.present.sum()),
        )
