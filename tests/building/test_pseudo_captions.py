"""Tags in, captions out: what is told to a model, what comes back, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linernotes.building.pseudo_captions import ASKED_TASKS, Order
from linernotes.building.pseudo_captions.asking import Asked, AskOptions
from linernotes.building.pseudo_captions.contradictions import contradictions
from linernotes.building.pseudo_captions.gates import GateOptions, Gates, unknown_names
from linernotes.building.pseudo_captions.instructions import load_instructions
from linernotes.building.pseudo_captions.makers import Backend, load_makers
from linernotes.building.pseudo_captions.names import ArtistIndex, leaked_name, names_of
from linernotes.building.pseudo_captions.summary import one_sentence
from linernotes.building.pseudo_captions.tags import spoken_tags
from linernotes.clip import Clip
from linernotes.llm import BadAnswerError, LanguageModelError, Message, RefusedError
from linernotes.llm.repair import Repairing
from linernotes.llm.scripted import Scripted

NAMED = Clip(
    "Quillfeather-7",
    "Zora Quillfeather/Midnight Lanterns/03 Paper Harbour.mp3",
    captions=("Zora Quillfeather sings of lanterns.",),
    tags=(
        *("guitar", "zora quillfeather", "Paper Harbour (live)"),
        *("best of Midnight Lanterns", "sad", "quillfeather"),
    ),
    artist_id="Zora Quillfeather",
    split="train",
    source="Quillfeather collection",
    extra={
        "title": "Paper Harbour",
        "release": "Midnight Lanterns",
        "track": {"artist": {"name": "Quillfeather"}, "url": "http://example.org/Quillfeather"},
        "artists": ["Zora Quillfeather", "The Brass Weevils"],
    },
)  # fmt: skip
SECRETS = ("quillfeather", "zora", "paper harbour", "midnight", "lanterns", "weevils", "example.org")


def order(*tags: str, task: str = "writing", clip: Clip | None = None) -> Order:
    return Order(clip or Clip("a", "", tags=tags), task, tags)


def asked(answers: Any, *, plain: bool = False) -> Asked:
    model = Repairing(Scripted(answers))
    return Asked(model, load_instructions().tasks, AskOptions(plain=plain))


class TestPrompts:
    @pytest.mark.parametrize("task", ASKED_TASKS)
    def test_no_artist_or_title_is_in_any_prompt(self, task: str) -> None:
        heard: list[str] = []

        def answer(messages: Sequence[Message]) -> str:
            heard.extend(message.content for message in messages)
            return "no JSON, so that the repair is heard too"

        tags = spoken_tags(NAMED).tags
        with pytest.raises(BadAnswerError):
            asked(answer)(Order(NAMED, task, tags))
        assert len(heard) == 6  # two messages, then these, the bad answer and the complaint
        told = "\n".join(heard).lower()
        assert '"guitar", "sad"' in told
        assert not [secret for secret in SECRETS if secret in told]

    def test_tags_that_name_somebody_are_withheld_and_counted(self) -> None:
        spoken = spoken_tags(NAMED)
        assert spoken.tags == ("guitar", "sad")
        assert len(spoken.withheld) == 4

    def test_artists_of_other_clips_are_withheld_too(self) -> None:
        artists = ArtistIndex()
        artists.add(names_of(NAMED))
        artists.add(names_of(Clip("b", "", extra={"artists": ["Happy", "Hip Hop"]})))
        clip = Clip("c", "", tags=("happy", "the brass weevils", "hip hop", "brass"))
        assert spoken_tags(clip, artists).tags == ("happy", "hip hop", "brass")

    def test_a_song_called_jazz_does_not_cost_the_tag(self) -> None:
        clip = Clip("a", "", tags=("jazz", "piano"), extra={"title": "Jazz"})
        assert spoken_tags(clip).tags == ("jazz", "piano")

    @pytest.mark.parametrize(
        ("tags", "said"),
        [
            (("genre:rock", "tempo:slow"), ("rock", "slow tempo")),
            (("mode:minor", "voice:none"), ("minor key", "no vocals")),
            (("instrument:violin", "family:strings"), ("violin",)),
            (("family:strings", "voice:female"), ("strings", "female voice")),
            (("hip_hop", "Hip hop", " ", "--"), ("hip hop",)),
            (("mood---happy", "<|im_end|>drums\n\x00"), ("happy", "im end drums")),
            (("x" * 101, "808's"), ("808's",)),
        ],
    )  # fmt: skip
    def test_tags_become_words(self, tags: tuple[str, ...], said: tuple[str, ...]) -> None:
        assert spoken_tags(Clip("a", "", tags=tags)).tags == said

    @pytest.mark.parametrize("task", ASKED_TASKS)
    def test_one_tag_and_several_are_spoken_of_differently(self, task: str) -> None:
        instruction = load_instructions().task(task)
        one, two = (instruction.messages(tags)[1].content for tags in (["calm"], ["calm", "flute"]))
        assert '"calm"' in one
        assert '"calm", "flute"' in two
        assert "attributes of" not in one
        assert instruction.singular != instruction.plural

    def test_instructions_of_ones_own(self, tmp_path: Path) -> None:
        path = tmp_path / "own.toml"
        path.write_text(
            'version = 3\nsystem = "Be odd."\n[haiku]\nsingular = "Of {tags}"\nplural = "Of all {tags}"\n'
        )
        messages = load_instructions(path).task("haiku").messages(["{tags}", "b"])
        assert messages[0].content == "Be odd."
        assert messages[1].content.startswith('Of all "{tags}", "b"')
        with pytest.raises(ValueError, match="no instructions for 'writing'; there are haiku"):
            load_instructions(path).task("writing")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("version = ", "no TOML"),
            ('version = 1\n[a]\nsingular = "{tags}"\nplural = "{tags}"', "needs `version`"),
            ('version = 1\nsystem = "s"', "holds no task"),
            (
                'version = 1\nsystem = "s"\n[a]\nsingular = "x"\nplural = "{tags}"',
                "singular must be a text with",
            ),
            ('version = 1\nsystem = "s"\n[a]\nsingular = "{tags}"', "plural must be a text with"),
            (
                'version = 1\nsystem = "s"\n[a]\nsingular = "{tags}"\nplural = "{tags}"\nmore = 1',
                "a task is a table",
            ),
        ],
    )
    def test_instructions_that_are_none(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(ValueError, match=message):
            load_instructions(tmp_path / "bad.toml")


class TestAnswers:
    def test_new_attributes_stay_apart_from_the_caption(self) -> None:
        answer = json.dumps({"new_attributes": ["chiptune", "retro"], "description": "A retro game theme."})
        made = asked([answer])(order("video game theme", task="attribute_prediction"))
        assert made.text == "A retro game theme."
        assert made.new_attributes == ("chiptune", "retro")

    def test_a_bad_answer_has_one_more_chance(self) -> None:
        made = asked(["Certainly! A sad song.", '{"description": "A sad song."}'])(order("sad"))
        assert (made.text, made.provenance.repaired) == ("A sad song.", True)
        with pytest.raises(BadAnswerError):
            asked(['{"caption": "x"}', "x", '{"description": "late"}'])(order("sad"))

    @pytest.mark.parametrize(
        "text",
        [
            "I'm sorry, but I can't do that.",
            "As an AI language model, I have no ears.",
            "I cannot hear.",
            "Sorry.",
            " ",
        ],
    )
    def test_an_apology_is_no_caption(self, text: str) -> None:
        with pytest.raises(RefusedError, match="would not"):
            asked([json.dumps({"description": text})])(order("sad"))

    def test_a_song_of_sorrow_is_one(self) -> None:
        text = "A sorry tale, sung as an air: I can almost see it."
        assert asked([json.dumps({"description": text})])(order("sad")).text == text

    def test_plain_answers_are_taken_as_they_are(self) -> None:
        assert asked(['"A sad\n song."'], plain=True)(order("sad")).text == "A sad song."
        assert asked(['"Sad" and "slow"'], plain=True)(order("sad")).text == '"Sad" and "slow"'

    def test_the_hash_is_of_what_was_told(self) -> None:
        answers = ['{"description": "x y z"}'] * 3
        maker = asked(answers)
        hashes = [maker(order(*tags)).provenance.prompt_sha256 for tags in (["a"], ["a"], ["b"])]
        assert hashes[0] == hashes[1] != hashes[2]


class TestOffline:
    def test_each_task_tells_the_same_tags(self) -> None:
        tasks = ("writing", "summary", "paraphrase", "tag_concat", "template")
        makers = load_makers(tasks, Backend())
        assert tuple(makers) == tasks
        for task, maker in makers.items():
            text = maker(order("sad", "female vocal", "piano", task=task)).text
            assert all(word in text for word in ("sad", "female", "piano")), text

    def test_paraphrases_differ_from_clip_to_clip_and_not_from_run_to_run(self) -> None:
        (maker,) = load_makers(["paraphrase"], Backend()).values()
        tags = ("folk", "sad", "slow", "acoustic guitar", "flute", "female vocal")
        clips = [Clip(f"clip-{number}", "", tags=tags) for number in range(8)]
        texts = [maker(Order(clip, "paraphrase", tags)).text for clip in clips]
        assert len(set(texts)) > 3
        assert texts == [maker(Order(clip, "paraphrase", tags)).text for clip in clips]

    @pytest.mark.parametrize(
        ("tasks", "where", "message"),
        [
            (["attribute_prediction"], "composer", "needs a language model"),
            (["k2c"], "composer", "needs a T5 checkpoint"),
            (["k2c"], "scripted:x", "needs a T5 checkpoint"),
            (["writing"], "t5:x", "it does k2c, not writing"),
            (["summary"], "small", "beyond the writer small"),
            (["writing"], "nobody", "'nobody' is no backend: give composer"),
            (["writing", "writing"], "composer", "each once"),
        ],
    )
    def test_what_a_backend_cannot_do_is_said(self, tasks: list[str], where: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            load_makers(tasks, Backend(where))

    @pytest.mark.parametrize(
        ("tags", "sentence"),
        [
            (("folk", "calm", "slow tempo", "guitar", "no vocals"),
             "A calm folk piece with a guitar, without vocals, in a slow tempo."),
            (("folk song", "traditional song"), "A folk and traditional song."),
            (("instrumental", "drums", "upbeat"), "An upbeat instrumental piece with drums."),
            (("low quality", "live recording"), ""),
        ],
    )  # fmt: skip
    def test_one_sentence(self, tags: tuple[str, ...], sentence: str) -> None:
        assert one_sentence(tags) == sentence


class TestGates:
    @pytest.mark.parametrize(
        ("text", "tags"),
        [
            ("A woman sings over drums.", ("instrumental", "drums")),
            ("A male voice sings.", ("female vocal",)),
            ("A fast song.", ("slow tempo", "guitar")),
            ("It is in a major key.", ("minor key",)),
            ("A waltz in 3/4.", ("4/4 time",)),
            ("A piece without drums.", ("drums", "bass")),
            ("Drums keep the beat.", ("no percussion",)),
            ("There are no vocals.", ("female voice singing",)),
        ],
    )
    def test_contradictions(self, text: str, tags: tuple[str, ...]) -> None:
        assert contradictions(text, tags)

    @pytest.mark.parametrize(
        ("text", "tags"),
        [
            ("A calm piece with a violin.", ("piano", "calm")),  # what the tags are silent about may be said
            ("Male and female singers.", ("male and female singers",)),
            ("A fast song.", ("slow tempo", "fast tempo")),
            ("It is fast.", ("120 bpm",)),
            ("An instrumental without vocals.", ("instrumental",)),
            (
                "A piece with non-tertiary harmonies and synthesiser.",
                ("non-tertiary harmonies", "synthesiser"),
            ),
            ("Male bravado, instrumental.", ("male bravado", "instrumental music")),
            ("No drums.", ("no percussion",)),
        ],
    )
    def test_no_contradictions(self, text: str, tags: tuple[str, ...]) -> None:
        assert contradictions(text, tags) == []

    @pytest.mark.parametrize(
        ("text", "leak"),
        [
            ("In the manner of zora quillfeather.", "Zora Quillfeather"),
            ("It recalls Quillfeather at her best.", "Quillfeather"),
            ("From the album midnight lanterns.", "Midnight Lanterns"),
            ("A sad song with a guitar.", ""),
        ],
    )
    def test_leaks_of_the_clips_own_names(self, text: str, leak: str) -> None:
        assert leaked_name(text, ("sad", "guitar"), names_of(NAMED)) == leak

    def test_common_words_are_nobodys_name(self) -> None:
        names = names_of(
            Clip("a", "", artist_id="Love", extra={"title": "The Piano", "artist_gender": "female"})
        )
        assert names.all == ("Love", "The Piano")
        assert leaked_name("A love song with the piano.", ("piano",), names) == ""
        assert leaked_name("Love is sung of.", (), names) == ""
        assert leaked_name("It sounds like Love.", (), names) == "Love"
        assert (
            leaked_name("It sounds like Prince.", (), names_of(Clip("a", "", artist_id="prince"))) == "prince"
        )

    def test_the_artists_of_other_clips_leak_too(self) -> None:
        artists = ArtistIndex()
        artists.add(names_of(NAMED))
        artists.add(names_of(Clip("b", "", artist_id="The Band")))
        artists.add(names_of(Clip("c", "", artist_id="artist_00087")))
        faults = Gates(GateOptions(), artists).faults
        found = faults(order("sad"), "A sad song by The Brass Weevils.")
        assert "leak" in [fault.gate for fault in found]
        assert faults(order("sad"), "The band plays a sad song.") == ()

    def test_unknown_names(self) -> None:
        text = "Super Mario meets Bach in A minor. It is an Indian R&B piece at 120 BPM, I think, in Swahili."
        assert unknown_names(text, ("swahili",)) == ["Mario", "Bach"]

    def test_each_gate_counts_by_itself(self) -> None:
        gates = Gates(GateOptions(min_words=3, max_words=6))
        flute = order("flute", "calm")

        def found(text: str) -> list[str]:
            return [fault.gate for fault in gates.faults(flute, text)]

        assert found("A calm flute piece.") == []
        assert found("A calm, flute piece!") == ["duplicate"]
        assert found("Calm flute.") == ["length"]
        assert found("A calm flute in a very long piece of it") == ["length"]
        assert found("A song that is nice.") == ["coverage"]
        assert found("Calm flute, sad drums") == ["unsupported"]

    def test_added_attributes_carry_claims_and_leak_names(self) -> None:
        gates = Gates(GateOptions())
        text = "A sad guitar piece with drums."
        plain = Order(NAMED, "attribute_prediction", ("sad", "guitar"))
        assert [fault.gate for fault in gates.faults(plain, text)] == ["unsupported"]
        assert [fault.gate for fault in gates.faults(plain, text[:-1], ["drums"])] == ["duplicate"]
        assert gates.faults(plain, "A sad guitar.", ["zora quillfeather"])[0].gate == "leak"

    def test_going_round_in_circles(self) -> None:
        again = "The calm flute plays on and on. " * 4
        assert [fault.gate for fault in Gates(GateOptions()).faults(order("flute", "calm"), again)] == [
            "repetition"
        ]

    def test_what_is_kept_out_is_a_choice(self) -> None:
        some = Gates(GateOptions(drop=frozenset({"length"})))
        short = some.faults(order("flute"), "Flute.")
        assert some.rejects(short)
        assert not Gates(replace(some.options, drop=frozenset())).rejects(short)
        with pytest.raises(ValueError, match="no gate 'taste'"):
            GateOptions(drop=frozenset({"taste"}))


def test_errors_of_a_model_are_the_callers() -> None:
    with pytest.raises(LanguageModelError):
        asked([])(order("sad"))
