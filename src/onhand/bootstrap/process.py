"""What a long-running process does once, before it starts to work."""

import gc


def tune_garbage_collection() -> None:
    """Let the collector look at what is new only, and rarely.

    A batch makes thousands of small objects without a cycle among them; at the default threshold
    the collector walked through them, and all older ones, several times a batch (a third of the
    ledger's time, measured in process).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
