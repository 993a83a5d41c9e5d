"""Ablations: trainings and tests with several seeds, by the standard tools, and their table."""

from .description import Ablation, Row, Training, Videos
from .run import AblationRun
from .steps import Step, StepRunner

__all__ = ["Ablation", "AblationRun", "Row", "Step", "StepRunner", "Training", "Videos"]
