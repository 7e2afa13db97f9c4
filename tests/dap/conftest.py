"""Fixtures of all tests of the Debug Adapter Protocol."""

from tests.support.dap_client import client

__all__ = ["client"]
