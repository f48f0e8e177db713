"""Manifests: what is written is read back, what is wrong is said with its line, nothing leaves the root."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linernotes.clip import Clip, Fact
from linernotes.manifest import (
    ManifestError,
    audio_file,
    clip_from_record,
    clip_to_record,
    faults,
    manifest_problems,
    read_manifest,
    write_manifest,
)
from linernotes.manifest import rows as row_formats

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((ROOT / "docs" / "manifest-schema.json").read_text("utf-8"))
FORMATS = (".jsonl", ".parquet", ".csv")

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(str.strip)
seconds = st.floats(0, 1e6, allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@st.composite
def fact_items(draw: st.DrawFn) -> Fact:
    start_s, length_s = draw(seconds), draw(seconds)
    value = draw(words | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e3, 1e3))
    confidence = draw(st.floats(0, 1))
    return Fact(
        draw(words), draw(words), value, draw(words), confidence, "given", start_s, start_s + length_s
    )


@st.composite
def clip_items(draw: st.DrawFn) -> Clip:
    start_s = draw(seconds)
    path = "/".join(draw(st.lists(st.from_regex(r"[a-z0-9é ]{1,6}\.?[a-z]", fullmatch=True), max_size=3)))
    texts = st.lists(words, max_size=3).map(tuple)
    return Clip(
        draw(words), path, start_s, draw(st.none() | st.floats(0.01, 1e6).map(lambda length: start_s + length)),
        draw(texts), draw(texts), tuple(draw(st.lists(fact_items(), max_size=2))), draw(st.just("") | words),
        draw(st.sampled_from(["", "train", "test"])), draw(st.just("") | words), draw(st.just("") | words),
        draw(st.dictionaries(words, json_values, max_size=2)),
    )  # fmt: skip


class TestRoundTrip:
    @pytest.mark.parametrize("suffix", FORMATS)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(clips=st.lists(clip_items(), max_size=4, unique_by=lambda clip: clip.clip_id))
    def test_what_is_written_is_read_back(self, tmp_path: Path, suffix: str, clips: list[Clip]) -> None:
        path = tmp_path / f"m{suffix}"
        assert write_manifest(path, clips) == len(clips)
        assert list(read_manifest(path)) == clips

    @settings(max_examples=50, deadline=None)
    @given(clip=clip_items())
    def test_a_written_record_fits_the_published_schema(self, clip: Clip) -> None:
        record = clip_to_record(clip)
        jsonschema.validate(record, SCHEMA)
        assert not faults(record)
        assert clip_from_record(json.loads(json.dumps(record))) == clip

    def test_a_fact_keeps_the_type_of_its_value(self, tmp_path: Path) -> None:
        facts = tuple(Fact(f"f{n}", "x", value, "", 1.0, "given", 0.0, 1.0)
                      for n, value in enumerate([120, 120.0, True, "120"]))  # fmt: skip
        for suffix in FORMATS:
            write_manifest(tmp_path / f"m{suffix}", [Clip("a", "a.wav", facts=facts)])
            (read,) = read_manifest(tmp_path / f"m{suffix}")
            assert [type(fact.value) for fact in read.facts] == [int, float, bool, str]

    def test_a_hand_written_line_needs_only_id_and_path(self, tmp_path: Path) -> None:
        (tmp_path / "m.jsonl").write_text('{"clip_id": "a", "audio_path": "a.wav"}\n\n', encoding="utf-8-sig")
        assert list(read_manifest(tmp_path / "m.jsonl")) == [Clip("a", "a.wav")]

    def test_manifests_can_be_joined_end_to_end(self, tmp_path: Path) -> None:
        for name in "ab":
            write_manifest(tmp_path / f"{name}.jsonl", [Clip(name, f"{name}.wav")])
        both = (tmp_path / "a.jsonl").read_bytes() + (tmp_path / "b.jsonl").read_bytes()
        (tmp_path / "both.jsonl").write_bytes(both)
        assert [clip.clip_id for clip in read_manifest(tmp_path / "both.jsonl")] == ["a", "b"]


BAD = {
    "clip_id": ({"clip_id": " "}, "clip_id must be"),
    "path type": ({"audio_path": 3}, "audio_path must be text"),
    "absolute": ({"audio_path": "/etc/passwd"}, "is absolute"),
    "drive": ({"audio_path": "C:/music/a.wav"}, "is absolute"),
    "dots": ({"audio_path": "a/../../b.wav"}, "leaves the data set's root"),
    "backslash": ({"audio_path": "..\\b.wav"}, "backslash"),
    "before": ({"start_s": 5, "end_s": 4}, "end_s 4 is not after start_s 5"),
    "empty span": ({"start_s": 5, "end_s": 5}, "is not after"),
    "negative": ({"start_s": -1}, "start_s must be seconds"),
    "infinite": ({"end_s": 1e999}, "end_s must be seconds"),
    "huge": ({"end_s": 10**400}, "end_s must be seconds"),
    "true": ({"start_s": True}, "start_s must be seconds"),
    "captions": ({"captions": "a song"}, "captions must be a list of texts"),
    "empty caption": ({"captions": ["a", ""]}, "captions: number 2 must be text"),
    "tags": ({"tags": [1]}, "tags: number 1"),
    "split": ({"split": 1}, "split must be text"),
    "facts": ({"facts": [{"id": "f"}]}, "facts: number 1: lacks name, value"),
    "extra": ({"extra": []}, "extra must be an object"),
    "typo": ({"caption": ["a"]}, "unknown field 'caption'; did you mean 'captions'?"),
    "strange": ({"zzz": 1}, "unknown field 'zzz'; put it under extra"),
    "version": ({"schema_version": "2.0"}, "schema_version '2.0'; this linernotes reads 1.0"),
}  # fmt: skip


class TestProblems:
    @pytest.mark.parametrize("name", BAD)
    def test_each_fault_is_named_and_the_schema_agrees(self, name: str) -> None:
        wrong, message = BAD[name]
        record = {"clip_id": "a", "audio_path": "a.wav", **wrong}
        (fault, *_) = faults(record)
        assert message in fault
        if name not in ("before", "empty span", "infinite", "huge"):  # what a JSON schema can't say
            assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(record)

    def test_all_problems_come_with_their_lines(self, tmp_path: Path) -> None:
        lines = [
            '{"clip_id": "a", "audio_path": "a.wav"}',
            "{",
            '{"clip_id": "a", "audio_path": "b.wav", "start_s": NaN}',
            '{"clip_id": "c", "audio_path": "../c.wav", "end_s": -1}',
            '{"clip_id": "a", "audio_path": "d.wav"}',
            '["a"]',
        ]
        path = tmp_path / "m.jsonl"
        path.write_bytes("\n".join(lines).encode() + b'\n{"clip_id": "\xff"}\n')
        found = [(problem.line, problem.clip_id) for problem in manifest_problems(path)]
        assert found == [(2, ""), (3, ""), (4, "c"), (4, "c"), (5, "a"), (6, ""), (7, "")]
        with pytest.raises(ManifestError, match=r"line 2: no JSON.*and 2 other problems") as caught:
            list(read_manifest(path))
        assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 4, 5, 6, 7]

    def test_clips_before_the_first_problem_are_given_out(self, tmp_path: Path) -> None:
        (tmp_path / "m.jsonl").write_text(
            '{"clip_id": "a", "audio_path": ""}\n{}\n{"clip_id": "b", "audio_path": ""}\n'
        )
        read: list[str] = []
        with pytest.raises(ManifestError):
            read.extend(clip.clip_id for clip in read_manifest(tmp_path / "m.jsonl"))
        stream = read_manifest(tmp_path / "m.jsonl")
        assert next(stream).clip_id == "a"

    def test_at_most_a_hundred_are_listed(self, tmp_path: Path) -> None:
        (tmp_path / "m.jsonl").write_text("{}\n" * 1000)
        with pytest.raises(ManifestError, match="and 95 or more other problems") as caught:
            list(read_manifest(tmp_path / "m.jsonl"))
        assert len(caught.value.problems) == 100

    def test_unknown_fields_are_kept_when_asked(self, tmp_path: Path) -> None:
        (tmp_path / "m.jsonl").write_text('{"clip_id": "a", "audio_path": "", "bpm": 90, "extra": {"x": 1}}')
        (clip,) = read_manifest(tmp_path / "m.jsonl", keep_unknown=True)
        assert clip.extra == {"x": 1, "bpm": 90}

    def test_csv_rows_with_too_many_cells_and_no_json(self, tmp_path: Path) -> None:
        (tmp_path / "m.csv").write_text("clip_id,audio_path,captions\na,,x,y\nb,,a song\nc,\n")
        messages = [str(problem) for problem in manifest_problems(tmp_path / "m.csv")]
        assert "line 2: 1 more cells" in messages[0]
        assert "line 3 (b): captions must be written as JSON" in messages[1]
        assert len(messages) == 2

    def test_a_file_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "m.parquet").write_text("no parquet")
        with pytest.raises(ValueError, match="is no Parquet file"):
            list(read_manifest(tmp_path / "m.parquet"))
        with pytest.raises(ValueError, match=r"ends in \.jsonl"):
            list(read_manifest(tmp_path / "m.txt"))

    def test_text_that_is_no_unicode_is_refused(self) -> None:
        assert "no Unicode" in faults({"clip_id": "a", "audio_path": "\udcff.wav"})[0]


class TestWriting:
    def test_a_failure_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "m.jsonl"
        write_manifest(path, [Clip("a", "a.wav")])
        old = path.read_bytes()

        def broken() -> Iterator[Clip]:
            yield Clip("b", "b.wav")
            raise OSError("disk")

        for clips in (
            broken(),
            [Clip("b", ""), Clip("b", "")],
            [Clip("b", "../b")],
            [Clip("b", "", float("nan"))],
        ):
            with pytest.raises((OSError, ManifestError)):
                write_manifest(path, clips)
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("suffix", FORMATS)
    def test_chunks_join(self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(row_formats, "CHUNK_ROWS", 3)
        clips = [Clip(str(number), "", captions=(f"song {number}",)) for number in range(10)]
        write_manifest(tmp_path / f"m{suffix}", iter(clips))
        assert list(read_manifest(tmp_path / f"m{suffix}")) == clips

    def test_reading_holds_one_line_at_a_time(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        taken: list[int] = []
        source: Any = row_formats.read_rows(_many(tmp_path / "m.jsonl", 50))
        monkeypatch.setattr(
            "linernotes.manifest.read_rows", lambda path: (taken.append(1) or row for row in source)
        )
        stream = read_manifest(tmp_path / "m.jsonl")
        for _ in range(3):
            next(stream)
        assert len(taken) == 3


def _many(path: Path, count: int) -> Path:
    write_manifest(path, (Clip(str(number), "") for number in range(count)))
    return path


class TestAudioFile:
    def test_a_link_out_of_the_root_is_refused(self, tmp_path: Path) -> None:
        root, outside = tmp_path / "set", tmp_path / "elsewhere"
        root.mkdir()
        outside.mkdir()
        (root / "out").symlink_to(outside)
        (root / "in").mkdir()
        (root / "also").symlink_to(root / "in")
        with pytest.raises(ValueError, match="through a symbolic link"):
            audio_file("out/a.wav", root)
        assert audio_file("also/a.wav", root) == root / "also" / "a.wav"

    def test_a_root_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "set").symlink_to(tmp_path / "disk")
        assert audio_file("a.wav", tmp_path / "set") == tmp_path / "set" / "a.wav"

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../a.wav", "a\0.wav"])
    def test_what_faults_refuses_is_refused_here_too(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(ValueError, match="audio"):
            audio_file(path, tmp_path)

    def test_dots_within_a_name_are_fine(self, tmp_path: Path) -> None:
        assert audio_file("a..b/c...wav", tmp_path).name == "c...wav"
        assert not faults(clip_to_record(replace(Clip("a", ""), audio_path="...hidden/..a.wav")))
