"""What every data set does, on a tiny copy in its published layout: the conformance test of the seam `Dataset`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from published_layouts import LAYOUTS, Layout

from linernotes.clip import Clip
from linernotes.datasets.dataset import Dataset
from linernotes.manifest import audio_file, clip_to_record, faults, read_manifest, write_manifest
from linernotes.registry import DATASETS, load_dataset


@pytest.fixture(params=DATASETS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dataset(name: str) -> Dataset:
    found = load_dataset(name)
    assert isinstance(found, Dataset)
    return found


@pytest.fixture
def layout(name: str) -> Layout:
    return LAYOUTS[name]


@pytest.fixture
def root(tmp_path: Path, layout: Layout) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    layout.write(folder)
    return folder


def test_every_split_has_its_clips(dataset: Dataset, layout: Layout, root: Path) -> None:
    counts = {split: len(list(dataset.load(root, split))) for split in layout.splits}
    assert counts == layout.splits
    assert set(dataset.info.splits) <= set(layout.splits)


def test_clips_are_without_fault_and_named_once(dataset: Dataset, root: Path) -> None:
    clips = list(dataset.load(root))
    assert len({clip.clip_id for clip in clips}) == len(clips)
    for clip in clips:
        assert isinstance(clip, Clip)
        assert not faults(clip_to_record(clip))
        assert clip.source == dataset.info.name
        assert clip.captions or clip.tags or dataset.info.name in ("magnatagatune", "folder")


def test_splits_of_the_whole_do_not_overlap(dataset: Dataset, root: Path) -> None:
    by_split = [{clip.clip_id for clip in dataset.load(root, split)} for split in dataset.info.whole]
    assert sum(map(len, by_split)) == len(set().union(*by_split)) == len(list(dataset.load(root)))


def test_loading_twice_gives_the_same_in_the_same_order(dataset: Dataset, root: Path) -> None:
    assert list(dataset.load(root)) == list(dataset.load(str(root)))


def test_audio_that_is_there_is_found_below_the_root(dataset: Dataset, layout: Layout, root: Path) -> None:
    files = [audio_file(clip.audio_path, root) for clip in dataset.load(root)]
    assert sum(file.is_file() and file.stat().st_size > 0 for file in files) == layout.with_audio


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_a_manifest_keeps_it_all(dataset: Dataset, root: Path, suffix: str) -> None:
    clips = list(dataset.load(root))
    write_manifest(root / f"m{suffix}", clips)
    assert list(read_manifest(root / f"m{suffix}")) == clips


def test_the_report_counts_what_is_there(dataset: Dataset, layout: Layout, root: Path) -> None:
    report = dataset.validate(root)
    described = {coverage.split: coverage.described for coverage in report.splits}
    assert described == {split: layout.splits[split] for split in dataset.info.splits}
    whole = set(dataset.info.whole) - {"all"} or set(dataset.info.splits)
    here = sum(coverage.with_audio for coverage in report.splits if coverage.split in whole)
    assert here == layout.with_audio
    if here < layout.splits["all"]:
        assert any("have no audio here" in problem for problem in report.problems)
    for coverage in report.splits:
        total = coverage.published if coverage.published is not None else coverage.described
        assert str(coverage).endswith(f"scores on it cover {coverage.with_audio} of {total}")


def test_a_missing_table_is_reported_and_raised(dataset: Dataset, layout: Layout, root: Path) -> None:
    if not layout.table:
        pytest.skip("a folder of recordings has no table")
    (root / layout.table).unlink()
    report = dataset.validate(root)
    assert any(Path(layout.table).name in line or "has none of" in line for line in report.problems)
    with pytest.raises(FileNotFoundError, match=f"how to get {dataset.info.title}"):
        list(dataset.load(root))


def test_an_empty_folder_is_not_complete(dataset: Dataset, tmp_path: Path) -> None:
    assert not dataset.validate(tmp_path).complete


def test_names_are_checked(dataset: Dataset, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no split 'tranin'"):
        dataset.load(root, "tranin")
    with pytest.raises(FileNotFoundError, match="how to get"):
        dataset.load(tmp_path / "nowhere")


def test_it_says_what_people_ask(dataset: Dataset) -> None:
    info = dataset.info
    for text in (info.title, info.about, info.licence, info.audio, info.obtain, info.layout):
        assert text
    if info.name != "folder":
        assert info.bibtex.startswith("@")
        assert info.bibtex.count("{") == info.bibtex.count("}")
        assert info.source.startswith("http")
    for file in info.files:
        assert file.checksum == "" or file.checksum.split(":")[0] in ("sha256", "git")
    assert json.dumps([info.name, *info.splits])


def test_an_audio_path_can_not_lead_out(dataset: Dataset, root: Path) -> None:
    clip = replace(next(iter(dataset.load(root))), audio_path="../../secret.wav")
    with pytest.raises(ValueError, match="leaves the data set's root"):
        audio_file(clip.audio_path, root)


def test_the_documentation_says_the_same(dataset: Dataset) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "datasets.md").read_text("utf-8")
    info = dataset.info
    (row,) = (
        line for line in page.splitlines() if line.startswith(f"| `{info.name}` ") and line.count("|") == 8
    )
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[6] == ("yes" if info.commercial_use else "no")
    assert cells[5] == info.licence
    for name, split in info.splits.items():
        assert name in row or info.name == "folder"
        assert split.clips is None or f"{name} {split.clips:,}" in row
