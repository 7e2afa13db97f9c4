"""Fixtures of all live tests."""

from tests.support.backends import backend, guard

__all__ = ["backend", "guard"]
