"""Metrics files: what the tools write, reading them again, and comparing runs."""

from .comparison import Row, RunComparison, compare_results
from .comparison_tables import format_comparison
from .evaluation import match_accuracy_evaluation, posetrack_evaluation
from .files import SCHEMA, Results, read_results, write_results
from .origin import checkpoint_origin, file_hash, git_commit, run_origin, software
from .statistics import VideoStatistics

__all__ = [
    "SCHEMA",
    "Results",
    "Row",
    "RunComparison",
    "VideoStatistics",
    "checkpoint_origin",
    "compare_results",
    "file_hash",
    "format_comparison",
    "git_commit",
    "match_accuracy_evaluation",
    "posetrack_evaluation",
    "read_results",
    "run_origin",
    "software",
    "write_results",
]
