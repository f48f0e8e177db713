"""The endings by which audio files are told from others in a folder."""

AUDIO_SUFFIXES = frozenset(
    ".wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .caf .w64 .rf64 "
    ".m4a .mp4 .aac .wma .webm .mka .wv .ape .ac3 .alac".split()
)
"""What is picked up from a folder; a file that is named itself is tried whatever it is called."""
