"""Small helpers that every room uses: safe paths and files that are whole or absent."""

from .configs import base_files, config_files
from .files import atomic_write, require_free, safe_join, write_json
from .warn_once import log_once, warn_once

__all__ = [
    "atomic_write",
    "base_files",
    "config_files",
    "log_once",
    "require_free",
    "safe_join",
    "warn_once",
    "write_json",
]
