"""What an ablation trains and tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Videos:
    """Synthetic videos.

    Attributes:
        split: ``'train'`` or ``'val'``.
        options: Those of ``make_synthetic_posetrack.py``, in one text.
        suffix: Added to the name of the data root, for a data set of its own beside it.
    """

    split: str
    options: str
    suffix: str = ""

    def root(self, data_root: Path) -> Path:
        """Where they are."""
        return data_root.with_name(f"{data_root.name}{self.suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training, done once per seed.

    Attributes:
        config: Path in the clone.
        after: The training whose checkpoint it starts from.
        start: The setting of its config that names that checkpoint.
        videos: What it is trained on.
        weights: Figure -> name of a learned number in the checkpoint.
    """

    config: str
    after: str | None = None
    start: str = "custom_hooks.0.checkpoint"
    videos: str = "train"
    weights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A test, done once per seed.

    Attributes:
        training: The one whose checkpoint is tested.
        config: Path in the clone.
        checkpoints: Setting of the config that names a further checkpoint -> its training.
        options: Settings of the config that are changed, ``KEY=VALUE``.
        videos: What it is tested on.
        tuned_as: The row whose threshold it takes; None: it gets its own.
    """

    training: str
    config: str
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    videos: str = "val"
    tuned_as: str | None = None

    @property
    def trainings(self) -> tuple[str, ...]:
        """All whose checkpoints it needs."""
        return (self.training, *self.checkpoints.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What is trained and tested.

    Attributes:
        root: The clone whose tools and configs are used.
        videos: Name -> videos; ``'tuning'``, for the thresholds, is among them.
        trainings: Name -> training.
        rows: Name -> row.
        figures: Short name -> name in a metrics file; ``'threshold'``, or one of the
            ``weights`` of a training, which rows of the other trainings do not have.
        options: Settings of all tests, ``KEY=VALUE``.

    Raises:
        ValueError: A name that is not there, or a threshold of another training.
    """

    root: Path
    videos: Mapping[str, Videos]
    trainings: Mapping[str, Training]
    rows: Mapping[str, Row]
    figures: Mapping[str, str]
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, training in self.trainings.items():
            if training.after not in (None, *self.trainings):
                raise ValueError(f"training '{name}': there is no '{training.after}'")
            if training.videos not in self.videos:
                raise ValueError(f"training '{name}': there are no videos '{training.videos}'")
        for name, row in self.rows.items():
            if not self.trainings.keys() >= {*row.trainings} or row.videos not in self.videos:
                needed = "' or no '".join((*row.trainings, row.videos))
                raise ValueError(f"row '{name}': no '{needed}'")
            tuned = self.rows.get(row.tuned_as or name)
            if tuned is None or tuned.training != row.training:
                raise ValueError(f"row '{name}': '{row.tuned_as}' is no row of its training")
