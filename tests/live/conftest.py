"""Fixtures of all live tests."""

from tests.support.backends import backend, guard
from tests.support.sessions import debug, server

__all__ = ["backend", "debug", "guard", "server"]
