"""Played notes as the bytes of a Standard MIDI File (format 0)."""

from __future__ import annotations

import struct

from linernotes.datasets.rendered.performance import DRUM_CHANNEL, Performance, perform
from linernotes.datasets.rendered.piece import Piece

TICKS_PER_S = 960
"""480 ticks a quarter at a nominal 120 BPM: the beats of the piece live in the note times, not in the clock."""
BEND_RANGE_CENTS = 200.0
PANS = (50, 64, 78, 40, 90, 64, 30, 100, 64, 64)


def midi_bytes(piece: Piece) -> bytes:
    """The whole piece, detuned by pitch bend."""
    return write_midi(perform(piece), piece.tuning_cents, piece.duration_s)


def write_midi(performance: Performance, tuning_cents: float, duration_s: float) -> bytes:
    """One track at 960 ticks a second that lasts `duration_s`."""
    events: list[tuple[int, int, bytes]] = []
    bend = 8192 + round(8192 * tuning_cents / BEND_RANGE_CENTS)
    for channel, program in performance.programs.items():
        setup = bytes([0xC0 | channel, program])
        events.append((0, 0, setup))
        for controller, value in ((7, performance.volumes[channel]), (10, PANS[channel])):
            events.append((0, 0, bytes([0xB0 | channel, controller, value])))
        if channel != DRUM_CHANNEL:
            events.append((0, 0, bytes([0xE0 | channel, bend & 0x7F, bend >> 7])))
    for note in performance.notes:
        start, end = round(note.start_s * TICKS_PER_S), round(note.end_s * TICKS_PER_S)
        events.append((start, 2, bytes([0x90 | note.channel, note.pitch, note.velocity])))
        events.append((end, 1, bytes([0x80 | note.channel, note.pitch, 0])))
    events.append((round(duration_s * TICKS_PER_S), 3, b"\xff\x2f\x00"))
    # Notes end before others start at the same tick, so that a repeated pitch is struck again.
    events.sort(key=lambda event: (event[0], event[1]))
    track = bytearray(b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big"))
    now = 0
    for tick, _, message in events:
        track += _variable_length(tick - now) + message
        now = tick
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_S // 2)
    return header + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def _variable_length(number: int) -> bytes:
    """Seven bits a byte, all but the last with the high bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | (number & 0x7F))
    return bytes(reversed(groups))
