"""Aspects as captions, in seven manners. Each takes what it tells from the pool; `ending` tells what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from linernotes.writers.composer.aspects import PART_HEADS, Aspect
from linernotes.writers.composer.ending import ending, mood_sentence
from linernotes.writers.composer.parts import (
    SINGERS,
    counted_first,
    how_it_is_sung,
    is_singing,
    kick_and_snare,
    voices_over_parts,
)
from linernotes.writers.composer.phrase import (
    Phrase,
    fill,
    joined,
    listed,
    plain,
    said,
    sentence,
    with_article,
)
from linernotes.writers.composer.telling import (
    Pool,
    Wording,
    are,
    bare,
    bares,
    genre_noun,
    genre_phrase,
    has_own_head,
    instrumental_phrase,
    noun,
    nouns,
    quality_sentence,
    sung,
    tempo_word,
    the,
)

_GROUPS = frozenset("section orchestra ensemble band quartet sound sounds bass strings".split())
PLAYED = ("instrument", "drums")


def in_recording_manner(pool: Pool, wording: Wording) -> Phrase:
    """`The low quality recording features a pop song that consists of ... It sounds ... The recording is ...`"""
    low, takes, genres = pool.take("low"), pool.take("take"), pool.take("genre")
    voices = pool.take("voice")
    parts = wording.order(pool.take(*PLAYED, "sound", "feature"))
    music = voices_over_parts(voices, parts, is_sung=pool.is_sung)
    work = with_article(genre_phrase(genres, "song")) if genres else Phrase()
    work = joined([nouns(takes), work], " of ")
    if work and music:
        work = work + plain(wording.pick(" that consists of ", " with ")) + music
    verb = wording.pick("features", "features", "contains") if music or work else "is"
    subject = joined([_recording_kind(low), plain("recording")])
    features = sentence(
        fill("The {subject} {verb} {work}", subject=subject, verb=plain(verb), work=work or music)
    )
    if not (music or work):
        features = sentence(plain("this is ") + with_article(subject)) if low else Phrase()
    return joined(
        [features, mood_sentence(pool, wording, "It sounds", "The song sounds"), ending(pool, "song")]
    )


def _recording_kind(low: list[Aspect]) -> Phrase:
    """`low quality`, without the word `recording`."""
    return joined(
        [
            said(" ".join(word for word in item.text.split() if word.lower() != "recording"), item.fact_ids)
            for item in low
        ],
        ", ",
    )


def in_piece_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This is a folk music piece. There is a female vocalist singing melodically. ... The atmosphere is calm.`"""
    takes, genres, instrumental = pool.take("take"), pool.take("genre"), pool.take("instrumental")
    head = "piece" if has_own_head(genres) else "music piece"
    work = with_article(genre_phrase(genres, head)) if genres else Phrase()
    told = Phrase()
    if instrumental and not work:
        work = with_article(bares(instrumental) + plain(" piece"))
    elif instrumental:
        told = sentence(
            plain(wording.pick("it is an ", "this is an ")) + bares(instrumental) + plain(" piece")
        )
    low = pool.take("low") if not (work or takes) else []
    work = joined([nouns(takes), work], " of ")
    opening = sentence(plain("this is ") + work) if work else Phrase()
    opening = joined([opening, *(sentence(quality_sentence(item)) for item in low)])
    denied = pool.take("negation")
    absent = (
        sentence(plain(f"there {are(denied[:1])} ") + bares(denied) + plain(" in this piece"))
        if denied
        else Phrase()
    )
    moods = mood_sentence(pool, wording, "The atmosphere is", "The atmosphere of the piece is")
    voices = _there_is_a_voice(pool.take("voice"), pool.is_sung)
    return joined([opening, told, absent, voices, *_playing(pool, wording), moods, ending(pool, "piece")])


def _there_is_a_voice(voices: list[Aspect], is_sung: bool) -> Phrase:
    """`There is a male vocal singing melodically.`"""
    manners = [voice for voice in voices if len(voice.words) == 2 and voice.words[1] == "singing"]
    singers = [voice for voice in voices if voice not in manners]
    if not singers:
        return sentence(plain(f"there {are(manners[:1])} ") + bares(manners)) if manners else Phrase()
    how = how_it_is_sung(manners)
    sings = bool(how) or (is_sung and sung(singers[-1]) and singers[-1].words[-1] in SINGERS)
    tail = joined([plain(" singing" if sings else ""), how])
    return sentence(plain(f"there {are(singers[:1])} ") + nouns(singers) + tail)


def _playing(pool: Pool, wording: Wording) -> list[Phrase]:
    """Instruments, then basses in the background, then drums."""
    parts, drums = wording.order(pool.take("instrument")), pool.take("drums")
    basses = [part for part in parts if "bass" in part.words[-2:]]
    leads = [part for part in parts if part not in basses]
    in_back = listed([the(part) for part in basses]) + plain(" in the background")
    sentences = []
    if leads:
        tail = plain(" with ") + in_back if basses else Phrase()
        sentences.append(
            sentence(listed([the(part) for part in leads]) + plain(f" {are(leads)} playing") + tail)
        )
    elif basses:
        sentences.append(
            sentence(listed([the(part) for part in basses]) + plain(" can be heard in the background"))
        )
    if drums:
        shape = wording.pick("The rhythmic background consists of {d}", "The rhythm is provided by {d}")
        sentences.append(sentence(fill(shape, d=bares(drums))))
    return sentences


def in_features_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This folk song features a male voice singing the main melody. This is accompanied by ...`"""
    low, genres = pool.take("low", at_most=1), pool.take("genre")
    if genres:
        subject, later = genre_phrase(genres, "song"), low
    elif low:
        is_noun = low[0].words[-1] in ("audio", "recording")
        subject, later = bares(low) + plain("" if is_noun else " recording"), []
    else:
        subject, later = plain("song"), []
    voices, parts = pool.take("voice"), wording.order(pool.take(*PLAYED))
    lead = voices[:1] or parts[:1]
    others = [*voices[1:], *(parts if voices else parts[1:])]
    sings = pool.is_sung and bool(voices) and all(sung(v) for v in voices) and voices[0].words[-1] in SINGERS
    heard = noun(lead[0]) + plain(" singing the main melody" if sings else "") if lead else Phrase()
    heard = heard or nouns(pool.take("sound", "feature"))
    features = fill("This {subject} features {heard}", subject=subject, heard=heard)
    opening = sentence(features if heard else plain("this is ") + with_article(subject))
    opening = opening if heard or genres or low else Phrase()
    accompanied = sentence(
        plain(wording.pick("this is", "it is")) + plain(" accompanied by ") + nouns(others)
    )
    quality = joined([sentence(quality_sentence(item)) for item in later])
    moods = mood_sentence(pool, wording, "The mood of this song is", "The mood is")
    return joined([opening, accompanied if others else Phrase(), moods, ending(pool, "song"), quality])


def in_contains_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This song contains acoustic drums along with an e-bass. A male voice is singing.`"""
    genres, parts = pool.take("genre"), pool.take("drums") + wording.order(pool.take("instrument"))
    voices, sounds = pool.take("voice"), pool.take("sound")
    subject = genre_phrase(genres, "song") if genres else plain(wording.pick("song", "audio", "track"))
    heard = _played_by_someone(parts)
    if not parts:
        heard = nouns(voices[:1]) or nouns(sounds)
        sounds = sounds if voices else []
        voices = voices[1:]
    along = plain(wording.pick(" along with ", " with ")) + nouns(parts[1:]) if parts[1:] else Phrase()
    contains = fill("This {subject} contains {heard}{along}", subject=subject, heard=heard, along=along)
    opening = (
        sentence(contains)
        if heard
        else sentence(plain("this is ") + with_article(subject))
        if genres
        else Phrase()
    )
    sings = joined([sentence(is_singing(voice, pool.is_sung)) for voice in voices])
    background = sentence(plain("in the background you can hear ") + nouns(sounds)) if sounds else Phrase()
    moods = mood_sentence(pool, wording, "This song sounds", "The song sounds")
    return joined([opening, sings, background, moods, ending(pool, "song")])


def _played_by_someone(parts: list[Aspect]) -> Phrase:
    """A single instrument has somebody playing it."""
    if not parts:
        return Phrase()
    alone = (
        len(parts) == 1 and parts[0].role == "instrument" and parts[0].words[-1] not in PART_HEADS | _GROUPS
    )
    return plain("someone playing " if alone and not parts[0].is_plural else "") + noun(parts[0])


def in_sings_manner(pool: Pool, wording: Wording) -> Phrase:
    """`A male vocalist sings this pop song. The tempo is slow with ... The song is romantic and mellow.`"""
    opening, genres, is_song = _somebody_sings(pool)
    head = "song" if is_song else "music"
    instrumental = pool.take("instrumental")
    if instrumental and not opening:
        opening = sentence(plain("this music is ") + bares(instrumental))
        instrumental = []
    described = _described(pool, wording)
    moods = mood_sentence(pool, wording, f"The {head} is", f"This {head} is")
    genre = sentence(plain(f"this {head} is ") + _genre_nouns(genres)) if genres else Phrase()
    also = (
        sentence(plain(f"this {head} is ") + instrumental_phrase(instrumental)) if instrumental else Phrase()
    )
    return joined([opening, described, moods, genre, also, ending(pool, head)])


def in_song_is_manner(pool: Pool, wording: Wording) -> Phrase:
    """`The song is an instrumental. The tempo is medium with a ... The song is emotional. The quality is poor.`"""
    opening, genres, _ = _somebody_sings(pool)
    instrumental = pool.take("instrumental") if not opening else []
    if instrumental:
        opening = sentence(plain("the song is ") + instrumental_phrase(instrumental))
    described = _described(pool, wording)
    moods = mood_sentence(pool, wording, "The song is", "The song is")
    genre = sentence(plain("the song is ") + _genre_nouns(genres)) if genres else Phrase()
    return joined([opening, described, moods, genre, ending(pool, "song")])


def _somebody_sings(pool: Pool) -> tuple[Phrase, list[Aspect], bool]:
    """`A male singer sings this pop song.`, the genres that are left, and whether anybody sings."""
    singers = pool.take("voice", at_most=1, such=lambda voice: pool.is_sung and _can_sing(voice))
    genres = pool.take("genre")
    if not singers:
        return Phrase(), genres, False
    first = [genre for genre in genres if _stands_before_song(genre)][:1]
    verb = " sing this " if singers[0].is_plural else " sings this "
    opening = sentence(noun(singers[0]) + plain(verb) + genre_phrase(first, "song"))
    return opening, [genre for genre in genres if genre not in first], True


def _can_sing(voice: Aspect) -> bool:
    return sung(voice) and voice.words[-1] in SINGERS


def _stands_before_song(genre: Aspect) -> bool:
    return not genre.is_plural and genre.words[-1] not in ("rhythm", "groove", "soundtrack", "hit", "theme")


def _genre_nouns(genres: list[Aspect]) -> Phrase:
    return listed([genre_noun(genre) for genre in genres])


def _described(pool: Pool, wording: Wording) -> Phrase:
    """`The tempo is fast with punchy drums, a bass line and vocal harmony.`"""
    tempi, parts = pool.take("tempo"), wording.order(pool.take(*PLAYED)) + pool.take("voice")
    heard = counted_first([bare(part) for part in parts])
    if tempi:
        tempo = plain("the tempo is ") + tempo_word(tempi)
        return sentence(tempo + plain(" with ") + heard if parts else tempo)
    return sentence(plain("the song features ") + heard) if parts else Phrase()


def in_plain_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This is a live recording of a jazz song. We hear a saxophone and drums. The song is smooth.`"""
    takes, genres, instrumental = pool.take("take"), pool.take("genre"), pool.take("instrumental")
    voices, parts = pool.take("voice"), wording.order(pool.take(*PLAYED))
    heard = (
        voices_over_parts(voices, parts, noun, pool.is_sung)
        if voices
        else listed(kick_and_snare(parts, noun))
    )
    heard = heard or nouns(pool.take("sound", "feature"))
    shape = wording.pick(
        "apart", "{work} with {heard}", "this {bare} features {heard}", "in this {bare} we hear {heard}"
    )
    if not heard or (takes and "{bare}" in shape):
        shape = "apart"
    inside = pool.take("mood", at_most=2, such=_stands_before_noun) if shape != "apart" else []
    work = _plain_work(genres, instrumental, inside)
    named = with_article(work) if genres or instrumental or inside else Phrase()
    whole = joined([nouns(takes), named], " of ")
    moods = mood_sentence(pool, wording, "The song is", "It feels", "The mood is")
    if shape != "apart":
        told = sentence(fill(shape, work=whole or with_article(work), bare=work, heard=heard))
        return joined([told, moods, ending(pool, "song")])
    opening = sentence(plain(wording.pick("this is ", "here we have ")) + whole) if whole else Phrase()
    hear = wording.pick("we hear ", "there is ") if whole else wording.pick("this song features ", "we hear ")
    return joined(
        [opening, sentence(plain(hear) + heard) if heard else Phrase(), moods, ending(pool, "song")]
    )


def _plain_work(genres: list[Aspect], instrumental: list[Aspect], moods: list[Aspect]) -> Phrase:
    """`calm, tender instrumental folk piece`."""
    adjectives = joined([bare(mood) for mood in moods], ", ")
    return joined(
        [adjectives, bares(instrumental), genre_phrase(genres, "piece" if instrumental else "song")]
    )


def _stands_before_noun(mood: Aspect) -> bool:
    return len(mood.words) == 1


TELLINGS: Mapping[str, Callable[[Pool, Wording], Phrase]] = {
    "recording": in_recording_manner,
    "contains": in_contains_manner,
    "features": in_features_manner,
    "sings": in_sings_manner,
    "song is": in_song_is_manner,
    "piece": in_piece_manner,
    "plain": in_plain_manner,
}
"""Manner (see `manners.MANNERS`) -> how it tells a pool of aspects."""
