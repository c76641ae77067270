"""What becomes of a text in CP932, which has no place for every character."""

_LONG_DASH = str.maketrans("—", "―")  # the one look-alike that Python's codec does not know


def as_cp932(text: str) -> bytes:
    """The text in CP932: 〜 becomes ～, what it has in no form a reference such as `&#128512;`."""
    return text.translate(_LONG_DASH).encode("cp932", "xmlcharrefreplace")
