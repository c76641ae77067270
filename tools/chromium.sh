#!/bin/sh
# Sees to it that a Chromium is there for the browser tests; on Debian and Ubuntu, as root, it
# installs one, elsewhere it says what to install.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests ..." >&2
    apt-get -qq update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y \
        chromium chromium-l10n fonts-noto-cjk >/dev/null
    exit 0
fi
echo "onhand: the browser tests need Chromium or Chrome; install it (Debian: apt install chromium)" >&2
exit 1
