"""Tokenizers that published numbers were made with."""

from __future__ import annotations

import re

_13A = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def tokenize_13a(text: str) -> list[str]:
    """Tokens of NIST's mteval-v13a script, the international standard of BLEU; case is kept."""
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    text = f" {text} "
    for pattern, replacement in _13A:
        text = pattern.sub(replacement, text)
    return text.split()


def tokenize_rouge(text: str) -> list[str]:
    """Lower-case runs of letters a-z and digits, as Google's rouge_score takes them (no stemming)."""
    return [token for token in _ALPHANUMERIC.sub(" ", text.lower()).split() if token]
