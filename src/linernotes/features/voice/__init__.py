"""Singing, speech, the singer, and whether it is music at all."""
