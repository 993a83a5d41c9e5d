"""Suppression: poses that describe a person who is described better already."""

from .suppression import OKSNMS, BoxNMS, GreedySuppression, PoseNMS, SoftOKSNMS, Suppression

__all__ = [
    "OKSNMS",
    "BoxNMS",
    "GreedySuppression",
    "PoseNMS",
    "SoftOKSNMS",
    "Suppression",
]
