"""linernotes: liner notes for recordings, grounded in measured facts. Importing it is instant."""

__version__ = "0.1.0"
