"""Telling this process's workers that somebody has asked for work."""

from collections.abc import Callable


class Bell:
    """Rings where it was listened to; a process without workers rings in vain."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: tuple[Callable[[], None], ...] = ()

    def listen(self, hear: Callable[[], None]) -> None:
        """Call `hear` at each ring; it must neither wait nor raise."""
        self._listeners = (*self._listeners, hear)

    def ring(self) -> None:
        """Let asked-for tasks begin now rather than at the next look."""
        for hear in self._listeners:
            hear()
