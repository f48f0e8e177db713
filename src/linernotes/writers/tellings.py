"""Aspects as captions, in seven manners. Each takes what it tells from the pool; leftovers are told by the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from linernotes.writers.aspects import Aspect
from linernotes.writers.phrase import Phrase, fill, joined, listed, plain, said, sentence, with_article
from linernotes.writers.telling import (
    Pool,
    Wording,
    are,
    bare,
    bares,
    genre_phrase,
    is_counted,
    moods_phrase,
    noun,
    nouns,
    quality_sentence,
    sung,
    tempo_word,
    the,
    traits_phrase,
)

PARTS = ("instrument", "drums")
SINGERS = frozenset("vocalist vocalists singer singers vocal vocals voice voices".split())


def in_recording_manner(pool: Pool, wording: Wording) -> Phrase:
    """`The low quality recording features a pop song that consists of ... It sounds ... The recording is noisy.`"""
    low, takes, genres = pool.take("low"), pool.take("take"), pool.take("genre")
    voices, parts = pool.take("voice"), pool.take(*PARTS)
    parts += pool.take("other")
    subject = _recording_subject(low)
    music = _voices_over_parts(voices, parts)
    work = with_article(genre_phrase(genres, "song")) if genres else Phrase()
    if takes:
        work = joined([listed([noun(take) for take in takes]), work], " of ") if work else nouns(takes)
    link = wording.pick("that consists of", "that contains", "with")
    if work and music:
        work = work + plain(f" {link} ") + music
    features = sentence(
        fill("The {subject} features {work}", subject=subject, work=work or music or plain("music"))
    )
    moods = pool.take("mood")
    sounds = fill("{It} sounds {moods}", It=plain(wording.pick("It", "The song")), moods=moods_phrase(moods))
    return joined(
        [features, sentence(sounds) if moods else Phrase(), _recording_is(pool), _tail(pool, "song")]
    )


def _recording_subject(low: list[Aspect]) -> Phrase:
    """`low quality recording`."""
    if not low:
        return plain("recording")
    words = [
        said(" ".join(w for w in item.text.split() if w.lower() != "recording"), item.fact_ids)
        for item in low
    ]
    return joined(words, ", ") + plain(" recording")


def _voices_over_parts(voices: list[Aspect], parts: list[Aspect]) -> Phrase:
    """`a passionate male vocal, alongside harmonizing vocals, singing over groovy bass and piano`."""
    listed_parts = (
        _first_with_article(_kick_and_snare(parts)) if not voices else listed(_kick_and_snare(parts))
    )
    if not voices:
        return listed_parts
    first, *others = voices
    phrase = noun(first)
    if others:
        phrase = phrase + plain(", alongside ") + bares(others) + plain("," if sung(first) else "")
    verb = " singing" if sung(first) else ""
    if not listed_parts:
        return phrase + plain(verb)
    return phrase + plain(f"{verb} over ") + listed_parts


def _kick_and_snare(parts: list[Aspect]) -> list[Phrase]:
    """The parts as phrases; a kick and a snare of one kind are told together."""
    by_last = {part.words[-1]: part for part in parts if len(part.words) == 2}
    kick, snare = by_last.get("kick"), by_last.get("snare")
    if kick is None or snare is None or kick.words[0] != snare.words[0]:
        return [bare(part) for part in parts]
    both = said(kick.text, kick.fact_ids) + plain(" and ") + said("snare", snare.fact_ids) + plain(" hits")
    earlier = kick if parts.index(kick) < parts.index(snare) else snare
    return [
        both if part is earlier else bare(part)
        for part in parts
        if part is earlier or part not in (kick, snare)
    ]


def _first_with_article(phrases: list[Phrase]) -> Phrase:
    """The list with an article before its first phrase, where that is a singular noun."""
    if not phrases:
        return Phrase()
    first = phrases[0]
    is_single = is_counted(Aspect("instrument", first.text, first.fact_ids))
    return listed([with_article(first) if is_single else first, *phrases[1:]])


def in_piece_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This is a folk music piece. There is a female vocalist singing melodically. ... The atmosphere is calm.`"""
    takes, genres = pool.take("take"), pool.take("genre")
    instrumental = pool.take("instrumental")
    work = genre_phrase(genres, "music piece" if not _has_head(genres) else "piece") if genres else Phrase()
    told = Phrase()
    if not work:
        work = (
            joined([bares(instrumental), plain("piece")])
            if instrumental
            else plain("piece" if takes else "music piece")
        )
    elif instrumental:
        told = sentence(
            plain(wording.pick("it is an ", "this is an ")) + bares(instrumental) + plain(" piece")
        )
    work = with_article(work)
    if takes:
        work = nouns(takes) + plain(" of ") + work
    opening = sentence(plain("this is ") + work)
    rest = [told, _no_singer(pool), _there_is_a_voice(pool, wording), *_playing(pool, wording)]
    moods = pool.take("mood")
    mood = fill(
        wording.pick("The atmosphere is {m}", "The atmosphere of the piece is {m}"), m=moods_phrase(moods)
    )
    return joined([opening, *rest, sentence(mood) if moods else Phrase(), _tail(pool, "piece")])


def _has_head(genres: list[Aspect]) -> bool:
    return bool(genres) and genres[-1].words[-1] in ("music", "song", "songs", "track", "piece", "tune")


def _no_singer(pool: Pool) -> Phrase:
    denied = pool.take("negation")
    return (
        sentence(
            plain("there is ") + listed([bare(item) for item in denied], "and") + plain(" in this piece")
        )
        if denied
        else Phrase()
    )


def _there_is_a_voice(pool: Pool, wording: Wording) -> Phrase:
    """`There is a male vocal singing melodically.`"""
    voices = pool.take("voice")
    manners = [voice for voice in voices if len(voice.words) == 2 and voice.words[1] == "singing"]
    singers = [voice for voice in voices if voice not in manners] or [voice for voice in manners]
    if singers == manners:
        manners = []
    if not singers:
        return Phrase()
    how = listed([said(_adverb(voice.words[0]), voice.fact_ids) for voice in manners])
    verb = " singing" if sung(singers[-1]) and singers[-1].words[-1] in SINGERS else ""
    tail = plain(verb) + (plain(" ") + how if how and verb else plain(" singing ") + how if how else Phrase())
    return sentence(plain(f"there {are(singers[:1])} ") + nouns(singers) + tail)


def _adverb(adjective: str) -> str:
    if adjective.endswith("ly"):
        return adjective
    if adjective.endswith("ic"):
        return adjective + "ally"
    if adjective.endswith("le") and adjective[-3:-2] not in "aeiou":
        return adjective[:-1] + "y"
    return adjective[:-1] + "ily" if adjective.endswith("y") else adjective + "ly"


def _playing(pool: Pool, wording: Wording) -> list[Phrase]:
    """Instruments, then bass in the background, then drums."""
    parts, drums = pool.take("instrument"), pool.take("drums")
    basses = [part for part in parts if "bass" in part.words[-2:]]
    leads = [part for part in parts if part not in basses]
    sentences = []
    if leads:
        names = listed([the(part) for part in leads])
        tail = plain("")
        if basses:
            tail = plain(" with ") + listed([the(part) for part in basses]) + plain(" in the background")
        sentences.append(sentence(names + plain(f" {are(leads)} playing") + tail))
    elif basses:
        names = listed([the(part) for part in basses])
        sentences.append(sentence(names + plain(f" {are(basses)} playing in the background")))
    if drums:
        shape = wording.pick("The rhythmic background consists of {d}", "The rhythm is provided by {d}")
        sentences.append(sentence(fill(shape, d=bares(drums))))
    return sentences


def in_features_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This folk song features a male voice singing the main melody. This is accompanied by ...`"""
    low, genres = pool.take("low", at_most=1), pool.take("genre")
    subject = genre_phrase(genres, "song") if genres else Phrase()
    if not subject:
        subject = bares(low) + plain(
            "" if low and low[0].words[-1] in ("audio", "recording") else " song" if low else "song"
        )
        low = []
    voices, parts = pool.take("voice"), pool.take(*PARTS)
    lead = voices[:1] or parts[:1]
    others = [*voices[1:], *(parts if voices else parts[1:])]
    melody = plain(" singing the main melody" if voices and sung(voices[0]) else "")
    heard = noun(lead[0]) + melody if lead else nouns(pool.take("other", at_most=3)) or plain("music")
    opening = sentence(fill("This {subject} features {heard}", subject=subject, heard=heard))
    accompanied = sentence(plain("this is accompanied by ") + nouns(others)) if others else Phrase()
    low_sentence = joined([sentence(quality_sentence(item)) for item in low])
    mood = _mood_of_this(pool, "song")
    return joined([opening, accompanied, mood, _tail(pool, "song"), low_sentence])


def _mood_of_this(pool: Pool, head: str) -> Phrase:
    moods = pool.take("mood")
    return sentence(plain(f"the mood of this {head} is ") + moods_phrase(moods)) if moods else Phrase()


def in_contains_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This song contains acoustic drums along with an e-bass. A male voice is singing.`"""
    genres, parts = pool.take("genre"), pool.take("drums") + pool.take("instrument")
    voices = pool.take("voice")
    subject = genre_phrase(genres, "song") if genres else plain(wording.pick("song", "audio", "track"))
    head, tail = parts[:1], parts[1:]
    heard = nouns(head) or nouns(voices[:1])
    if not head:
        voices = voices[1:]
    along = plain(wording.pick(" along with ", " with ")) + nouns(tail) if tail else Phrase()
    heard = heard or nouns(pool.take("other", at_most=3)) or plain("music")
    opening = sentence(
        fill("This {subject} contains {heard}{along}", subject=subject, heard=heard, along=along)
    )
    sings = joined([sentence(_is_singing(voice)) for voice in voices])
    others = pool.take("other")
    background = sentence(plain("in the background you can hear ") + nouns(others)) if others else Phrase()
    moods = pool.take("mood")
    mood = sentence(plain("this song sounds ") + moods_phrase(moods)) if moods else Phrase()
    return joined([opening, sings, background, mood, _tail(pool, "song")])


def _is_singing(voice: Aspect) -> Phrase:
    """`a male voice is singing`."""
    words = voice.text.split()
    if len(words) > 2 and words[-1].lower().endswith("ing"):
        rest = Aspect("voice", " ".join(words[:-1]), voice.fact_ids)
        text = f"{rest.text} {are([rest])} {words[-1]}"
        return with_article(said(text, voice.fact_ids)) if is_counted(rest) else said(text, voice.fact_ids)
    return noun(voice) + plain(f" {are([voice])} " + ("singing" if sung(voice) else "heard"))


def in_sings_manner(pool: Pool, wording: Wording) -> Phrase:
    """`A male vocalist sings this pop song. The tempo is slow with ... The song is romantic and mellow.`"""
    singers = pool.take("voice", at_most=1, such=lambda voice: sung(voice) and voice.words[-1] in SINGERS)
    genres, instrumental = pool.take("genre"), pool.take("instrumental")
    head = "song" if singers else "music"
    if singers:
        verb = " sing" if singers[0].is_plural else " sings"
        song = genre_phrase(genres[:1], "song")
        opening, genres = sentence(noun(singers[0]) + plain(f"{verb} this ") + song), genres[1:]
    elif instrumental:
        opening = sentence(plain("this music is ") + bares(instrumental))
    else:
        opening = Phrase()
    moods = pool.take("mood")
    described = _described(pool)
    mood = sentence(plain(f"the {head} is ") + moods_phrase(moods)) if moods else Phrase()
    genre = sentence(plain(f"this {head} is ") + bares(genres)) if genres else Phrase()
    return joined([opening, described, mood, genre, _tail(pool, head)])


def in_song_is_manner(pool: Pool, wording: Wording) -> Phrase:
    """`The song is an instrumental. The tempo is medium with a ... The song is emotional. The audio quality is poor.`"""
    singers = pool.take("voice", at_most=1, such=lambda voice: sung(voice) and voice.words[-1] in SINGERS)
    genres, instrumental = pool.take("genre"), pool.take("instrumental")
    if singers:
        verb = " sing" if singers[0].is_plural else " sings"
        opening = sentence(noun(singers[0]) + plain(f"{verb} this ") + genre_phrase(genres[:1], "song"))
        genres = genres[1:]
    else:
        opening = (
            sentence(plain("the song is ") + with_article(bares(instrumental))) if instrumental else Phrase()
        )
    described, moods = _described(pool), pool.take("mood")
    mood = sentence(plain("the song is ") + moods_phrase(moods)) if moods else Phrase()
    genre = sentence(plain("the song is ") + nouns(genres)) if genres else Phrase()
    return joined([opening, described, mood, genre, _tail(pool, "song")])


def _described(pool: Pool) -> Phrase:
    """`The tempo is fast with punchy drums, a bass line and vocal harmony.`"""
    tempi, parts = pool.take("tempo"), pool.take(*PARTS) + pool.take("voice")
    if not parts:
        return sentence(plain("the tempo is ") + tempo_word(tempi)) if tempi else Phrase()
    phrases = _first_with_article([bare(part) for part in parts])
    if tempi:
        return sentence(plain("the tempo is ") + tempo_word(tempi) + plain(" with ") + phrases)
    return sentence(plain("the song features ") + phrases)


def in_plain_manner(pool: Pool, wording: Wording) -> Phrase:
    """`This is a live recording of a jazz piece. We hear a saxophone and drums. The music is smooth.`"""
    takes, genres = pool.take("take"), pool.take("genre")
    instrumental = pool.take("instrumental")
    head = joined(
        [
            bares(instrumental),
            genre_phrase(genres, wording.pick("song", "piece") if not instrumental else "piece"),
        ]
    )
    work = with_article(head)
    if takes:
        work = joined([nouns(takes), work], " of ")
    opening = sentence(plain(wording.pick("this is ", "here we have ")) + work)
    voices, parts = pool.take("voice"), pool.take(*PARTS)
    voices_and_parts = nouns(voices)
    if voices and parts:
        voices_and_parts = (
            voices_and_parts + plain(" singing over " if sung(voices[-1]) else " over ") + bares(parts)
        )
    heard = voices_and_parts if voices else nouns(parts)
    hear = (
        sentence(plain(wording.pick("we hear ", "there is ") if heard else "") + heard) if heard else Phrase()
    )
    moods = pool.take("mood")
    mood = (
        sentence(plain(wording.pick("the song is ", "it feels ")) + moods_phrase(moods))
        if moods
        else Phrase()
    )
    return joined([opening, hear, mood, _tail(pool, "song")])


def _recording_is(pool: Pool) -> Phrase:
    traits = pool.take("trait")
    return sentence(plain("the recording is ") + traits_phrase(traits)) if traits else Phrase()


def _tail(pool: Pool, head: str) -> Phrase:
    """What no sentence has told yet, role by role, then anything at all."""
    tempi, denied, instrumental = pool.take("tempo"), pool.take("negation"), pool.take("instrumental")
    takes, low = pool.take("take"), pool.take("low")
    sentences = [
        sentence(plain(f"the tempo of this {head} is ") + tempo_word(tempi)) if tempi else Phrase(),
        *(
            sentence(plain(f"there {are([item])} ") + bare(item) + plain(f" in this {head}"))
            for item in denied
        ),
        sentence(plain(f"this {head} is ") + with_article(bares(instrumental))) if instrumental else Phrase(),
        sentence(plain("this is ") + nouns(takes)) if takes else Phrase(),
        *(sentence(quality_sentence(item)) for item in low),
        _recording_is(pool),
    ]
    rest = pool.take()
    if rest:
        sentences.append(sentence(plain(f"this {head} also features ") + nouns(rest)))
    return joined(sentences)


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
