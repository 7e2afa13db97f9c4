"""Starting servers and connecting to them."""

import pytest

from crabtrap.errors import RemoteError, TargetError, UsageError
from crabtrap.target.server import reach, start_guard


@pytest.mark.parametrize("address", ["nowhere", "host:port", "127.0.0.1:99999", "stdio:"])
def test_addresses_must_have_a_known_form(address: str):
    with pytest.raises(UsageError):
        reach(address)


@pytest.mark.parametrize("address", ["unix:/nonexistent/socket", "127.0.0.1:1"])
def test_where_nobody_listens_that_is_reported(address: str):
    with pytest.raises(RemoteError, match="cannot connect") as caught:
        reach(address)
    assert caught.value.hint


def test_a_missing_guard_is_named():
    with pytest.raises(TargetError, match="/nonexistent/guard"):
        start_guard("/nonexistent/guard")
