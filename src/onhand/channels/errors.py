"""What can go wrong with a shop, named by the reaction it needs; a connector raises nothing else.

`function` is the shop's own name of what was called, `reason` what it answered, fit to be shown:
neither ever holds a credential.
"""


class ChannelError(Exception):
    """A call to a shop that did not end well."""

    def __init__(self, function: str, reason: str) -> None:
        """Keep what was called and what came of it."""
        super().__init__(f"{function}: {reason}")
        self.function = function
        self.reason = reason


class ChannelUnavailable(ChannelError):
    """The shop could not be reached or could not answer: try again later.

    `maybe_done` tells that the request may have taken effect (it was sent, and no answer that can
    be relied upon came back): a write must then be read back, never sent again blindly.
    """

    def __init__(
        self,
        function: str,
        reason: str,
        *,
        retry_after_s: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        """`retry_after_s` is what the shop asked for, in seconds; None if it did not say."""
        super().__init__(function, reason)
        self.retry_after_s = retry_after_s
        self.maybe_done = maybe_done


class ChannelRateLimited(ChannelError):
    """The shop refused the call as one too many; it had no effect."""

    def __init__(self, function: str, reason: str, *, retry_after_s: float | None = None) -> None:
        """`retry_after_s` is what the shop asked for, in seconds; None if it did not say."""
        super().__init__(function, reason)
        self.retry_after_s = retry_after_s


class ListingRejected(ChannelError):
    """The shop refused a request for what it says: sending it again will not help.

    `row` is the place (from 0) of the row at fault in a bulk call, None if the shop did not say.
    Whether the other rows took effect is unknown.
    """

    def __init__(self, function: str, reason: str, *, row: int | None = None) -> None:
        """Keep which row was at fault, where that is known."""
        super().__init__(function, reason)
        self.row = row


class ChannelAuthExpired(ChannelError):
    """The shop does not accept our keys (any more): stop calling until a person gives new ones."""


class ChannelProtocolError(ChannelError):
    """An answer that is not understood: never to be read as "no stock" or "no orders".

    A write answered like this may have taken effect.
    """
