"""Which licences of training data a commercial use may rest on."""

from __future__ import annotations

import pytest

from linernotes.licence_terms import NOT_STATED, allows_commercial_use


@pytest.mark.parametrize(
    "licence",
    [
        "CC0-1.0",
        "CC BY 4.0",
        "CC-BY-SA-4.0",
        "Apache-2.0",
        "MIT",
        "ISC",
        "Public domain",
        "https://creativecommons.org/licenses/by-sa/3.0/",
        "http://creativecommons.org/publicdomain/zero/1.0/",
        "music: Apache-2.0 (music by linernotes); soundfont: GPL-2.0 (TimGM6mb.sf2)",
        "music: public domain (a work whose composer died long ago; encoding: someone's); soundfont: MIT",
        "CC BY 4.0, CC0",
    ],
)
def test_free_licences_allow_it(licence: str) -> None:
    assert allows_commercial_use(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "",
        NOT_STATED,
        "CC BY-NC 4.0",
        "CC-BY-NC-SA-3.0",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        "CC BY-ND 4.0",
        "https://creativecommons.org/licenses/by-nd/4.0/",
        "CC BY-NC 4.0 by LP-MusicCaps' repository (its data card says MIT)",
        "CC BY 4.0 (recordings: noncommercial)",
        "CC BY 4.0; audio: ask the label",
        "music: Apache-2.0 (music by linernotes); soundfont: as its file says",
        "Creative Commons, a licence a track",
        "MIT-like",
        "yours",
    ],
)
def test_what_forbids_it_or_is_not_known_does_not(licence: str) -> None:
    assert not allows_commercial_use(licence)
