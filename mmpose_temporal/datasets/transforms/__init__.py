"""Pipelines of whole frames."""

from .frames import LoadVideoFrame, PackFrameInputs

__all__ = ["LoadVideoFrame", "PackFrameInputs"]
