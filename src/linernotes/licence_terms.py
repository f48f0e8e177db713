"""Whether a licence, as manifests and data sets write it, allows commercial use; what is not known does not."""

from __future__ import annotations

import re

NOT_STATED = "not stated"

_FORBIDS = re.compile(
    r"\bnc\b|non-?\s?commercial|research|evaluation only|all rights reserved|proprietary|\bunknown\b", re.I
)
_ASIDE = re.compile(r"\([^()]*\)")
_LABEL = re.compile(r"^[\w -]{1,20}:(?!//)\s*")
_ALLOWS = re.compile(
    r"(https?://)?creativecommons\.org/(licenses/by(-sa)?|publicdomain/(zero|mark))/.*"
    r"|cc0([ -]1\.0)?( universal)?|(the )?public domain"
    r"|cc[ -]by([ -]sa)?([ -]\d\.\d)?( [a-z]{2,8})?"
    r"|(creative commons )?attribution(-sharealike)?( \d\.\d)?( international| unported| generic)?"
    r"|apache([ -]license)?([ ,-]*(version )?2(\.0)?)?|mit([ -]licen[cs]e)?|isc|unlicense|0bsd"
    r"|bsd([ -][23]-clause)?|(l|a)?gpl-?[23]?(\.0)?(-only|-or-later|\+)?|mpl-?2\.0|pddl([ -]1\.0)?"
    r"|odc-by([ -]1\.0)?|ofl-?1\.1",
    re.I,
)


def allows_commercial_use(licence: str) -> bool:
    """Whether every part of `licence` is known to allow commercial use.

    Parts stand behind one another with ";" or ",", each perhaps behind a label ("music: CC0; soundfont: GPL-2.0");
    what is in brackets may only make it worse. Not legal advice: it reads names, and knows only common ones.
    """
    if _FORBIDS.search(licence):
        return False
    told = _ASIDE.sub("", licence)
    parts = [_LABEL.sub("", part.strip()).strip() for part in re.split(r"[;,](?! version)", told)]
    return all(_ALLOWS.fullmatch(part) for part in parts)
