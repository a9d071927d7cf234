"""Races made certain: two threads meet at one step, unless a lock keeps the second away from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any


def meeting(step: Callable[..., Any], patience: float = 1.0) -> Callable[..., Any]:
    """The step, after which two threads wait for one another: who is alone for `patience` seconds goes on."""
    barrier = Barrier(2)

    def met(*args: Any, **kwargs: Any) -> Any:
        result = step(*args, **kwargs)
        with suppress(BrokenBarrierError):  # the other one waits for the lock
            barrier.wait(patience)
        return result

    return met
