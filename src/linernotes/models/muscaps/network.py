"""MusCaps' language model: an encoder LSTM over words and audio, and a decoder LSTM that predicts the next word.

One function, `read`, serves training (all words at once) and decoding (one word at a time). Where the paper and
the authors' code differ, `variant` says which is meant; each place is marked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.nn.utils.parametrizations import weight_norm

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.muscaps.attention import Attended, Attention
from linernotes.models.muscaps.audio_input import AudioContext, AudioLayer, Standardise
from linernotes.models.muscaps.config import MusCapsConfig
from linernotes.models.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class LanguageState:
    """Hidden and cell states of both LSTMs, each (batch, hidden)."""

    encoder_hidden: Tensor
    encoder_cell: Tensor
    decoder_hidden: Tensor
    decoder_cell: Tensor


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading some words gave."""

    logits: Tensor  # (batch, time, vocabulary), of the word after each
    state: LanguageState
    attention: Tensor | None  # (batch, time, chunks), where there is attention


class MusCapsNetwork(nn.Module):
    """Audio embeddings and words so far to scores of the next word."""

    def __init__(self, config: MusCapsConfig, audio_dim: int, vocabulary_size: int) -> None:
        super().__init__()
        self.config = config
        released = config.variant == "released"
        hidden, audio_width = config.hidden, 0
        self.standardise = Standardise(audio_dim) if config.standardise else None
        self.words = nn.Embedding(vocabulary_size, config.word_dim, padding_idx=Vocabulary.pad_id)
        self.audio = AudioLayer(audio_dim, hidden, rectified=released)
        self.attention = Attention(audio_dim, hidden) if config.attention else None
        if config.attention:
            # Paper: reads words only. Released: also the pooled audio and the decoder's last state.
            encoder_input = config.word_dim + (2 * hidden if released else 0)
            audio_width = audio_dim
        else:
            encoder_input = config.word_dim + (hidden if config.fusion == "early" else 0)
            audio_width = hidden if config.fusion == "late" else 0
        self.encoder = nn.LSTM(encoder_input, hidden, batch_first=True)
        self.decoder = nn.LSTM(audio_width + hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        output = nn.Linear(hidden, vocabulary_size)
        self.output = weight_norm(output) if released else output

    def listen(self, audio: AudioEmbeddings) -> AudioContext:
        """Everything of the audio that reading and writing need."""
        return self.context(audio if self.standardise is None else self.standardise(audio))

    def context(self, audio: AudioEmbeddings) -> AudioContext:
        """`listen`, of audio that is standardised already where the network wants that."""
        keys = audio.states if self.attention is None else self.attention.keys(audio.states)
        return AudioContext(self.audio(audio.mean()), audio.states, keys, audio.mask)

    def start(self, context: AudioContext) -> LanguageState:
        """States before the first word: zero; with `init` fusion the encoder's hold the audio.

        In the released attention model all four start from the audio.
        """
        audio = context.embedding
        zero = torch.zeros_like(audio)
        if self.attention is not None:
            first = audio if self.config.variant == "released" else zero
            return LanguageState(first, first, first, first)
        first = audio if self.config.fusion == "init" else zero
        return LanguageState(first, first, zero, zero)

    def read(self, tokens: Tensor, context: AudioContext, state: LanguageState) -> Reading:
        """Read tokens (batch, time) on from `state`."""
        words = self.dropout(self.words(tokens))
        if self.attention is not None and self.config.variant == "released":
            return self._read_in_turns(words, context, state)
        if self.attention is None and self.config.fusion == "early":
            words = torch.cat([_over_time(context.embedding, words), words], dim=-1)
        encoded = _run(self.encoder, words, state.encoder_hidden, state.encoder_cell)
        hidden = encoded.outputs
        # Paper, eq. 3 and 6: late fusion and attention hand on the encoder's state of the step before.
        before = torch.cat([state.encoder_hidden[:, None], hidden[:, :-1]], dim=1)
        handed_on = before if self.config.variant == "paper" else hidden
        attention: Tensor | None = None
        if self.attention is not None:
            attended: Attended = self.attention(hidden, context)
            attention = attended.weights
            decoder_input = torch.cat([attended.audio, handed_on], dim=-1)
        elif self.config.fusion == "late":
            decoder_input = torch.cat([_over_time(context.embedding, words), handed_on], dim=-1)
        else:
            decoder_input = hidden
        decoded = _run(self.decoder, decoder_input, state.decoder_hidden, state.decoder_cell)
        after = LanguageState(encoded.hidden, encoded.cell, decoded.hidden, decoded.cell)
        return Reading(self.output(self.dropout(decoded.outputs)), after, attention)

    def _read_in_turns(self, words: Tensor, context: AudioContext, state: LanguageState) -> Reading:
        """The released attention model, whose encoder waits for the decoder's state of the word before.

        What of the gates does not depend on that state is computed for all words at once.
        """
        assert self.attention is not None
        hidden = self.config.hidden
        encoder_reads, encoder_keeps, *encoder_biases = self.encoder.all_weights[0]
        decoder_reads, decoder_keeps, *decoder_biases = self.decoder.all_weights[0]
        of_word, of_pooled, of_said = torch.split(encoder_reads, [words.shape[2], hidden, hidden], dim=1)
        of_heard, of_encoded = torch.split(decoder_reads, [context.chunks.shape[2], hidden], dim=1)
        pooled = linear(context.embedding, of_pooled, encoder_biases[0] + encoder_biases[1])
        given = linear(words, of_word) + pooled[:, None]
        # Whichever is fewer is projected: all chunks now, or what each word hears of them.
        projects_chunks = context.chunks.shape[1] <= words.shape[1]
        if projects_chunks:
            context = replace(context, chunks=linear(context.chunks, of_heard))
        decoder_bias = decoder_biases[0] + decoder_biases[1]
        encoded = _Cell(state.encoder_hidden, state.encoder_cell)
        said = _Cell(state.decoder_hidden, state.decoder_cell)
        decoded, weights = [], []
        for gates in given.unbind(1):
            gates = gates + linear(said.hidden, of_said) + linear(encoded.hidden, encoder_keeps)
            encoded = _Cell.after(gates, encoded)
            attended: Attended = self.attention(encoded.hidden[:, None], context)
            heard = attended.audio[:, 0] if projects_chunks else linear(attended.audio[:, 0], of_heard)
            gates = heard + linear(encoded.hidden, of_encoded, decoder_bias)
            said = _Cell.after(gates + linear(said.hidden, decoder_keeps), said)
            decoded.append(said.hidden)
            weights.append(attended.weights)
        logits = self.output(self.dropout(torch.stack(decoded, dim=1)))
        after = LanguageState(encoded.hidden, encoded.cell, said.hidden, said.cell)
        return Reading(logits, after, torch.cat(weights, dim=1))


@dataclass(frozen=True, slots=True)
class _Cell:
    """States of an LSTM, each (batch, hidden)."""

    hidden: Tensor
    cell: Tensor

    @staticmethod
    def after(gates: Tensor, before: _Cell) -> _Cell:
        """The next states, by what the gates (batch, 4 * hidden) are told before they are squashed."""
        let_in, keep, news, show = gates.chunk(4, dim=1)
        cell = torch.sigmoid(keep) * before.cell + torch.sigmoid(let_in) * torch.tanh(news)
        return _Cell(torch.sigmoid(show) * torch.tanh(cell), cell)


@dataclass(frozen=True, slots=True)
class _Run:
    outputs: Tensor  # (batch, time, hidden)
    hidden: Tensor  # (batch, hidden)
    cell: Tensor


def _run(lstm: nn.LSTM, inputs: Tensor, hidden: Tensor, cell: Tensor) -> _Run:
    """An LSTM over inputs (batch, time, dim), from a state (batch, hidden) on.

    A single step goes by the cell: the sequence kernel rearranges all weights at every call, which on a CPU takes
    longer than the step itself.
    """
    if inputs.shape[1] > 1:
        outputs, (last_hidden, last_cell) = lstm(inputs, (hidden[None], cell[None]))
        return _Run(outputs, last_hidden[0], last_cell[0])
    hidden, cell = torch.lstm_cell(inputs[:, 0], (hidden, cell), *lstm.all_weights[0])
    return _Run(hidden[:, None], hidden, cell)


def _over_time(audio: Tensor, words: Tensor) -> Tensor:
    """(batch, hidden) beside every word of (batch, time, dim), (batch, time, hidden)."""
    return audio[:, None].expand(-1, words.shape[1], -1)
