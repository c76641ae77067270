"""Where Chromium is, for browser tests and pictures."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class ChromiumMissing(Exception):
    """No Chromium is installed; `tools/chromium.sh` installs one, or says what to install."""


def find_chromium() -> str:
    """The path of Chromium or Chrome.

    Raises:
        ChromiumMissing: there is none on the PATH.
    """
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise ChromiumMissing("no Chromium on the PATH: run tools/chromium.sh")
