"""The misbehaving chat server, for all tests of language models."""

from __future__ import annotations

from chat_stub import sleeps, stub

__all__ = ["sleeps", "stub"]
