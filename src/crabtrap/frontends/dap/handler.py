"""What carries out a request: a row of the table of all requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from crabtrap.records import dataclass, field

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


@dataclass(frozen=True, slots=True)
class Handler:
    """What carries out a request.

    Attributes:
        command: Name of the request.
        handle: Carries it out and returns the body of the response.
        capabilities: What ``initialize`` announces because of it.
        runs: It resumes the program, which the client takes for granted.
        shown: Clients are to show its failure to their users.
    """

    command: str
    handle: Callable[[Adapter, Arguments], Reply]
    capabilities: Mapping[str, object] = field(default_factory=dict[str, object])
    runs: bool = False
    shown: bool = False
