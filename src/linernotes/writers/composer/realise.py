"""Sentences for planned measured facts: noun phrases, shapes and synonyms, chosen by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from linernotes.words.lexicon import load_lexicon
from linernotes.writers.composer.content import Item, rounded_bpm
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
from linernotes.writers.composer.plan import Plan, Singer

_SINGERS: Mapping[str, Sequence[str]] = {
    "male": ("male vocals", "a male voice", "a male singer", "a man’s voice"),
    "female": ("female vocals", "a female voice", "a female singer", "a woman’s voice"),
    "mixed": ("male and female vocals", "male and female voices"),
    "sung": ("vocals", "singing", "a singing voice"),
    "spoken": ("a speaking voice", "spoken words"),
    "spoken male": ("a male voice speaking", "a man speaking"),
    "spoken female": ("a female voice speaking", "a woman speaking"),
    "spoken mixed": ("male and female voices speaking",),
}
_SINGS: Mapping[str, Sequence[str]] = {
    "male": ("a male voice sings", "a man sings", "a male vocalist sings"),
    "female": ("a female voice sings", "a woman sings", "a female vocalist sings"),
    "mixed": ("male and female voices sing", "men and women sing"),
    "sung": ("a voice sings", "someone sings"),
    "spoken": ("a voice speaks", "someone speaks"),
    "spoken male": ("a male voice speaks", "a man speaks"),
    "spoken female": ("a female voice speaks", "a woman speaks"),
    "spoken mixed": ("male and female voices speak",),
}
_PERHAPS = ("perhaps", "possibly", "what sounds like")
_BOTH_SHAPES = (
    "{a work} with {singer} over {players}.",
    "{a work} with {forces}.",
    "This {work} features {singer} over {players}.",
    "This {work} features {forces}.",
    "This {work} pairs {singer} with {players}.",
    "In this {work}, {sings} over {players}.",
    "{sings} over {players} in this {work}.",
    "This is {a work} in which {sings} over {players}.",
    "This is {a work}. {Sings} over {players}.",
)
_PLAYERS_SHAPES = (
    "{a work} with {players}.",
    "This {work} features {players}.",
    "This is {a work} with {players}.",
    "This {work} brings together {players}.",
    "In this {work} we hear {players}.",
    "{a work} played on {players}.",
)
_ONE_PLAYER_SHAPES = (
    "{a work} with {players}.",
    "This {work} features {players}.",
    "This is {a work} with {players}.",
    "In this {work} we hear {players}.",
)
_SINGER_SHAPES = (
    "{a work} with {singer}.",
    "This {work} features {singer}.",
    "In this {work}, {sings}.",
    "This is {a work} with {singer}.",
)
_BARE_SHAPES = ("This is {a work}.", "{a work}.")
_MOOD_SENTENCES = ("The mood is {moods}", "The atmosphere is {moods}", "Its character is {moods}")
_MOOD_PREDICATES = ("feels {moods}", "is {moods} in mood", "has {a moods} air")
_MOOD_DOUBTS = ("sounds {moods}", "comes across as {moods}", "seems {moods}")
_TEMPO_PREDICATES = ("moves at {tempo}", "runs at {tempo}")
_KEY_PREDICATES = ("is {in_key}",)
_MANNERS: Mapping[tuple[str, str], Sequence[str]] = {
    ("dynamics", "steady"): ("the volume stays even", "the level hardly changes"),
    ("dynamics", "building"): ("the volume builds over time", "it grows louder as it goes"),
    ("dynamics", "fading"): ("the volume fades over time", "it grows quieter as it goes"),
    ("dynamics", "varied"): ("the volume rises and falls", "it swells and falls back"),
    ("tempo_change", "steady"): ("the pulse is steady", "the tempo holds steady"),
    ("tempo_change", "slowing"): ("it slows down along the way", "the tempo eases off"),
    ("tempo_change", "quickening"): ("it picks up speed", "the tempo quickens"),
    ("tempo_change", "varying"): ("the tempo ebbs and flows", "the tempo varies"),
    ("brightness", "bright"): ("the sound is bright", "its tone is bright"),
    ("brightness", "dark"): ("the sound is dark", "its tone is dark"),
    ("loudness_range", "narrow"): ("the dynamic range is narrow", "its dynamic range is small"),
    ("loudness_range", "wide"): ("the dynamic range is wide", "its dynamic range is large"),
    ("level", "louder"): ("it is louder than the rest", "the volume is higher than elsewhere"),
    ("level", "quieter"): ("it is quieter than the rest", "the volume is lower than elsewhere"),
}


def noun(plan: Plan, rng: Random) -> Phrase:
    """The head noun: a song where somebody sings, a piece or track otherwise; `instrumental` is a claim."""
    if plan.instrumental:
        ids = plan.instrumental.fact_ids
        if plan.instrumental.sure:
            word = rng.choice(("piece", "track", "") if plan.genres else ("piece", "track"))
            return said("instrumental", ids) + plain(f" {word}" if word else "")
        return plain(rng.choice(("piece", "track")))
    sung = plan.singer and plan.singer.sure and not plan.singer.kind.startswith("spoken")
    if sung:
        return plain(rng.choice(("song", "song", "track")))
    return plain(rng.choice(("piece", "track", "recording") if plan.genres else ("piece of music", "track")))


def work(plan: Plan, rng: Random) -> Phrase:
    """The noun phrase of the whole, without article: `calm, tender 80s folk song`."""
    moods = joined([said(mood.text, mood.fact_ids) for mood in plan.moods], ", ")
    era = said(plan.era.text, plan.era.fact_ids) if plan.era else Phrase()
    genres = listed([said(genre.text, genre.fact_ids) for genre in plan.genres])
    phrase = joined([moods, era, genres, noun(plan, rng)])
    doubts = [said(genre.text, genre.fact_ids) for genre in plan.genres_likely]
    if plan.instrumental and not plan.instrumental.sure:
        doubts.insert(0, said("instrumental", plan.instrumental.fact_ids))
    if not doubts:
        return phrase
    hedge = rng.choice(("probably", "perhaps", "possibly"))
    return phrase + plain(f" ({hedge} ") + listed(doubts) + plain(")")


def singer_phrase(singer: Singer, rng: Random) -> Phrase:
    """The voice as a noun: `a female voice`, `what sounds like a female voice`."""
    words = said(rng.choice(_SINGERS[singer.kind]), singer.fact_ids)
    if singer.gender_doubted:
        return words + plain(" (probably ") + said(singer.gender_doubted, singer.gender_ids) + plain(")")
    return plain("" if singer.sure else "what sounds like ") + words


def singing_clause(singer: Singer, rng: Random) -> Phrase:
    """The voice as a clause: `a woman sings`; hedged: `what sounds like a female voice sings`."""
    if not singer.sure:
        verb = "speaks" if singer.kind.startswith("spoken") else "sings"
        words = {"sung": "a voice", "spoken": "a voice"}.get(
            singer.kind, f"a {singer.kind.split()[-1]} voice"
        )
        if "mixed" in singer.kind:
            words, verb = "male and female voices", verb[:-1]
        return plain("what sounds like ") + said(f"{words} {verb}", singer.fact_ids)
    if singer.gender_doubted:
        verb = "speaks" if singer.kind == "spoken" else "sings"
        doubt = plain(" (probably ") + said(singer.gender_doubted, singer.gender_ids) + plain(")")
        return said("a voice", singer.fact_ids) + doubt + plain(" ") + said(verb, singer.fact_ids)
    return said(rng.choice(_SINGS[singer.kind]), singer.fact_ids)


def player_phrase(item: Item, with_a: bool) -> Phrase:
    """An instrument's name, after its article where it can be counted and one is wanted."""
    phrase = said(item.text, item.fact_ids)
    return with_article(phrase) if with_a and load_lexicon().is_countable(item.text) else phrase


def player_phrases(plan: Plan, rng: Random) -> tuple[list[Phrase], Phrase]:
    """The sure instruments one by one, and the doubtful ones together behind one hedge."""
    alone = len(plan.players) + len(plan.players_likely) == 1
    with_a = alone or (len(plan.players) <= 3 and rng.random() < 0.3)
    sure = [player_phrase(item, with_a) for item in plan.players]
    likely = listed([player_phrase(item, with_a) for item in plan.players_likely], "or")
    if likely:
        hedge = rng.choice(_PERHAPS) if sure else "what sounds like"
        likely = plain(f"{hedge} ") + likely
    return sure, likely


def opening(plan: Plan, rng: Random, style: str) -> Phrase:
    """The first sentence (a long caption may take two): the work, who sings, what plays."""
    sure, likely = player_phrases(plan, rng)
    players = listed([*sure, likely])
    slots = {"work": work(plan, rng), "players": players}
    if plan.singer:
        slots["singer"] = singer_phrase(plan.singer, rng)
        slots["sings"] = singing_clause(plan.singer, rng)
        slots["Sings"] = Phrase(sentence(slots["sings"]).pieces[:-1])
        slots["forces"] = listed([slots["singer"], *sure, likely])
    shapes: Sequence[str]
    if plan.singer and players:
        shapes = _BOTH_SHAPES if style == "long" else _BOTH_SHAPES[:-1]
    elif players:
        shapes = _PLAYERS_SHAPES if len(sure) > 1 and not likely else _ONE_PLAYER_SHAPES
    else:
        shapes = _SINGER_SHAPES if plan.singer else _BARE_SHAPES
    return sentence(fill(rng.choice(shapes), **slots))


def tempo_phrase(item: Item, rng: Random) -> Phrase:
    """`around 92 BPM`, `a slow 70 BPM`; a doubtful tempo is `roughly` the nearest five."""
    about = rng.choice(("around", "about") if item.sure else ("roughly", "somewhere around"))
    unit = rng.choice(("BPM", "BPM", "beats per minute"))
    figure = f"{rounded_bpm(item)} {unit}"
    if item.sure and item.text != "moderate" and rng.random() < 0.4:
        return plain("a ") + said(f"{item.text} {figure}", item.fact_ids)
    return plain(f"{about} ") + said(figure, item.fact_ids)


def figure_slots(plan: Plan, rng: Random) -> dict[str, Phrase]:
    """Phrases for tempo, key, metre and chord loop, where they are planned."""
    slots = {name: said(item.text, item.fact_ids) for name, item in plan.figures.items()}
    if key := plan.figures.get("key"):
        hedge = plain("" if key.sure else "probably ")
        slots["in_key"] = hedge + plain("in ") + slots["key"]
        slots["key"] = hedge + slots["key"]
    if tempo := plan.figures.get("tempo"):
        slots["tempo"] = tempo_phrase(tempo, rng)
        if metre := slots.get("metre"):
            slots["tempo"] = slots["tempo"] + plain(" in ") + metre + plain(" time")
    return slots


def figure_predicates(plan: Plan, rng: Random) -> list[Phrase]:
    """What `it` does in figures: `moves at around 92 BPM in C major`, `turns on the chords Am-F-C-G`."""
    slots = figure_slots(plan, rng)
    names = set(plan.figures)
    predicates = []
    if {"tempo", "key"} <= names:
        shape = rng.choice(
            ("moves at {tempo}, {in_key}", "is {in_key}, at {tempo}", "runs at {tempo}, {in_key}")
        )
        predicates.append(fill(shape, **slots))
    elif "tempo" in names:
        predicates.append(fill(rng.choice(_TEMPO_PREDICATES), **slots))
    elif "key" in names:
        predicates.append(fill(rng.choice(_KEY_PREDICATES), **slots))
    if "metre" in names and "tempo" not in names:
        predicates.append(fill("is in {metre} time", **slots))
    if "chord_loop" in names:
        predicates.append(
            fill(rng.choice(("turns on", "circles through")) + " the chords {chord_loop}", **slots)
        )
    return predicates


def figures_sentence(plan: Plan, rng: Random) -> Phrase:
    """Tempo, key, metre and chord loop in a sentence of their own."""
    names = set(plan.figures)
    slots = figure_slots(plan, rng)
    if names == {"tempo", "key"} and rng.random() < 0.3:
        return sentence(fill("The tempo is {tempo} and the key {key}", **slots))
    if names == {"tempo"} and rng.random() < 0.4:
        return sentence(fill("The tempo is {tempo}", **slots))
    if names == {"key"} and rng.random() < 0.4:
        return sentence(fill("The key is {key}", **slots))
    predicates = figure_predicates(plan, rng)
    return sentence(plain("It ") + listed(predicates)) if predicates else Phrase()


def moods_phrase(plan: Plan) -> Phrase:
    """The moods that did not fit before the noun, as a list."""
    return listed([said(item.text, item.fact_ids) for item in plan.moods_apart])


def mood_predicates(plan: Plan, rng: Random) -> list[Phrase]:
    """What `it` is in mood; one doubtful mood makes the whole predicate cautious."""
    moods = moods_phrase(plan)
    if not moods:
        return []
    sure = all(item.sure for item in plan.moods_apart)
    return [fill(rng.choice(_MOOD_PREDICATES if sure else _MOOD_DOUBTS), moods=moods)]


def mood_sentence(plan: Plan, rng: Random) -> Phrase:
    """The moods that did not fit before the noun, in a sentence of their own."""
    if plan.moods_apart and all(item.sure for item in plan.moods_apart) and rng.random() < 0.5:
        return sentence(fill(rng.choice(_MOOD_SENTENCES), moods=moods_phrase(plan)))
    predicates = mood_predicates(plan, rng)
    return sentence(plain("It ") + predicates[0]) if predicates else Phrase()


def closing(plan: Plan, rng: Random) -> Phrase:
    """The one sentence that a short caption has left: two of moods, figures and a remark on the sound."""
    clauses = [clause for item in plan.manners[:1] if (clause := _manner_clause(item, rng))]
    moods = [] if clauses and plan.figures else mood_predicates(plan, rng)
    figures = figure_predicates(plan, rng)
    if not clauses and not figures:
        return mood_sentence(plan, rng)
    if not clauses and not moods:
        return figures_sentence(plan, rng)
    stated = plain("It ") + listed([*moods, *figures]) if moods or figures else Phrase()
    return sentence(listed([stated, *clauses]))


def manner_sentences(plan: Plan, rng: Random) -> Phrase:
    """How loudness, tempo and tone behave, two remarks to a sentence."""
    clauses = [clause for item in plan.manners if (clause := _manner_clause(item, rng))]
    pairs = [clauses[index : index + 2] for index in range(0, len(clauses), 2)]
    return joined([sentence(joined(pair, " and ")) for pair in pairs])


def _manner_clause(item: Item, rng: Random) -> Phrase:
    if item.role == "tuning":
        amount = 5 * round(abs(item.amount) / 5)
        return said(f"it is tuned about {amount} cents {item.text}", item.fact_ids)
    wordings = _MANNERS.get((item.role, item.text))
    return said(rng.choice(wordings), item.fact_ids) if wordings else Phrase()
