"""What a metric raises that this machine cannot compute, so that a report can go on without it."""

from __future__ import annotations


class MissingMetricError(ValueError):
    """A program, model or file that a metric needs is absent or does not run.

    The message is one line: what is missing, and what to do about it.
    """
