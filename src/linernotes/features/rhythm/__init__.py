"""Beats, tempo and metre."""
