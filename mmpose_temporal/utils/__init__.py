"""Small helpers that every room uses: safe paths and files that are whole or absent."""

from .files import atomic_write, safe_join, write_json
from .warn_once import warn_once

__all__ = ["atomic_write", "safe_join", "warn_once", "write_json"]
