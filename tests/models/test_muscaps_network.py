"""The released attention model against torch's own LSTM cells, one word after another."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from linernotes.encoders.audio_encoder import AudioEmbeddings  # noqa: E402
from linernotes.models.muscaps.config import MusCapsConfig  # noqa: E402
from linernotes.models.muscaps.network import LanguageState, MusCapsNetwork, Reading  # noqa: E402

pytestmark = pytest.mark.torch

DIM, WORDS = 7, 11


def audio(chunks: int) -> AudioEmbeddings:
    generator = torch.Generator().manual_seed(chunks)
    clips = [torch.randn(length, DIM, generator=generator) for length in (chunks, max(1, chunks - 2))]
    return AudioEmbeddings.of_clips(clips)


def word_by_word(network: MusCapsNetwork, tokens: torch.Tensor, heard: AudioEmbeddings) -> Reading:
    """As docs/models/muscaps.md describes the released model, with one cell call a word."""
    context = network.listen(heard)
    state = network.start(context)
    logits, weights = [], []
    for word in network.words(tokens).unbind(1):
        given = torch.cat([word, context.embedding, state.decoder_hidden], 1)
        own = (state.encoder_hidden, state.encoder_cell)
        hidden, cell = torch.lstm_cell(given, own, *network.encoder.all_weights[0])
        attended = network.attention(hidden[:, None], context)
        given = torch.cat([attended.audio[:, 0], hidden], 1)
        own = (state.decoder_hidden, state.decoder_cell)
        said, said_cell = torch.lstm_cell(given, own, *network.decoder.all_weights[0])
        state = LanguageState(hidden, cell, said, said_cell)
        logits.append(network.output(said))
        weights.append(attended.weights)
    return Reading(torch.stack(logits, 1), state, torch.cat(weights, 1))


@pytest.mark.parametrize(("chunks", "words"), [(3, 6), (9, 4), (5, 1)])
def test_reading_all_words_equals_reading_one_by_one(chunks: int, words: int) -> None:
    torch.manual_seed(0)
    config = MusCapsConfig(attention=True, variant="released", word_dim=5, hidden=6, dropout=0.0)
    network = MusCapsNetwork(config, DIM, WORDS)
    tokens, heard = torch.randint(4, WORDS, (2, words)), audio(chunks)
    gradients, readings = [], []
    for read in (lambda c: network.read(tokens, c, network.start(c)), None):
        network.zero_grad()
        reading = read(network.listen(heard)) if read else word_by_word(network, tokens, heard)
        (reading.logits.sin().sum() + reading.state.decoder_cell.sum()).backward()
        readings.append(reading)
        gradients.append({name: weight.grad for name, weight in network.named_parameters()})
    torch.testing.assert_close(readings[0].logits, readings[1].logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(readings[0].attention, readings[1].attention, atol=1e-5, rtol=1e-5)
    for name in LanguageState.__slots__:
        ours, theirs = (getattr(reading.state, name) for reading in readings)
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], atol=1e-5, rtol=1e-4)
