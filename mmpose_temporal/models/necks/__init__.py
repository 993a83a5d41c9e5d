"""Necks of the temporal estimators."""

from .sample_neck import SampleNeck

__all__ = ["SampleNeck"]
