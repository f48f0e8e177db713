"""Chroma, chords, keys and tuning."""
