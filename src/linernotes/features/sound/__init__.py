"""Loudness, brightness and the outline of the waveform."""
