"""A server that fails a third of all calls, and a run killed twice: nothing lost, nothing paid twice."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from chat_stub import completion, hang_up, send, serving

ITEMS = int(os.environ.get("LINERNOTES_PSEUDO_CAPTIONS", "200"))
"""Clips of the test; 1,000 take about a minute."""

FAILS = 0.3
JOBS = 8
TIMEOUT_S = 2.0
"""Long enough that a busy machine doesn't time out by itself: that would be paid twice, and rightly."""

ROOT = Path(__file__).resolve().parents[2]
FAULTS = (
    "429", "500", "timeout", "cut off", "half a body", "empty body", "not JSON",
    "no JSON from the model", "wrong schema", "truncated", "refused", "apology",
)  # fmt: skip
PAID = ("no JSON from the model", "wrong schema", "truncated", "refused", "apology", "fine")
"""What a server would charge for: whole completions."""


@dataclass
class Ledger:
    """What the server was asked, and what it did: by the text of the request."""

    paid: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    prompts: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Moody:
    """Fails by lot, in every way; the lot of a request depends on how often it was asked."""

    def __init__(self, ledger: Ledger, closing: threading.Event) -> None:
        self.ledger = ledger
        self.closing = closing
        self.asked: Counter[str] = Counter()
        self.lots = random.Random(7)

    def __call__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        key = json.dumps(body, sort_keys=True)
        with self.ledger.lock:
            fault = self.lots.choice(FAULTS) if self.lots.random() < FAILS else "fine"
            self.ledger.served[fault] += 1
            self.ledger.prompts.append(key)
        time.sleep(0.005)
        with self.ledger.lock:
            self.ledger.paid[key] += fault in PAID
        self.behave(fault, handler, body)

    def behave(self, fault: str, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        number = number_in(body["messages"][1]["content"])
        fine = completion(json.dumps({"description": f"A calm piece with a flute, number {number}."}))
        if fault == "timeout":
            self.closing.wait(TIMEOUT_S + 0.5)
            return
        if fault == "cut off":
            hang_up(handler)
            return
        cut = completion('{"description": "A calm')
        cut["choices"][0]["finish_reason"] = "length"
        refused = completion(None)
        refused["choices"][0]["message"]["refusal"] = "I must not."
        apology = completion(json.dumps({"description": "I'm sorry, but I cannot help with that."}))
        answers = {
            "429": send({"error": {"message": "slow down"}}, 429, {"Retry-After": "0.05"}),
            "500": send({"error": {"message": "broken"}}, 500),
            "half a body": send(fine, short=100),
            "empty body": send(b""),
            "not JSON": send(b"<html>a proxy's page</html>"),
            "no JSON from the model": send(completion("Here you are: a calm piece.")),
            "wrong schema": send(completion('{"caption": "A calm piece."}')),
            "truncated": send(cut),
            "refused": send(refused),
            "apology": send(apology),
            "fine": send(fine),
        }
        answers[fault](handler)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def url(ledger: Ledger) -> Iterator[str]:
    closing = threading.Event()
    with serving(Moody(ledger, closing), closing) as address:
        yield address


def manifest_of(folder: Path, clips: int) -> Path:
    path = folder / "manifest.jsonl"
    lines = [
        {
            "clip_id": f"clip-{number}",
            "audio_path": f"{number}.wav",
            "end_s": 10.0,
            "tags": ["flute", "calm", f"number {number}"],
            "artist_id": "Zora Quillfeather",
        }
        for number in range(clips)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def start(manifest: Path, out: Path, url: str) -> subprocess.Popen[str]:
    command = [
        *(sys.executable, "-c", "from linernotes.cli.app import main; main()"),
        *("pseudo-caption", str(manifest), "--out", str(out), "--backend", url, "--model", "stub"),
        *("--jobs", str(JOBS), "--first-wait", "0.01", "--timeout", str(TIMEOUT_S), "--attempts", "12"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@dataclass
class Kept:
    """What lay in the cache when a run was killed, and how many requests had been made."""

    numbers: set[str]
    requests: int


def kill_after(process: subprocess.Popen[str], ledger: Ledger, paid: int, answers: Path) -> Kept:
    """SIGKILL once the server has given `paid` whole answers in all."""
    ends_s = time.monotonic() + 60
    while sum(ledger.paid.values()) < paid and process.poll() is None and time.monotonic() < ends_s:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = sqlite3.connect(answers)
    texts = [text for (text,) in kept.execute("SELECT text FROM answers")]
    kept.close()
    with ledger.lock:
        return Kept({number_in(text) for text in texts}, len(ledger.prompts))


def number_in(text: str) -> str:
    found = re.search(r"number (\d+)", text)
    return found[1] if found else ""


def test_every_item_once_and_no_call_paid_twice(tmp_path: Path, ledger: Ledger, url: str) -> None:
    manifest, out = manifest_of(tmp_path, ITEMS), tmp_path / "out"
    kills = [
        kill_after(start(manifest, out, url), ledger, int(share * ITEMS), out / "answers.sqlite")
        for share in (0.25, 0.6)
    ]
    done = start(manifest, out, url)
    _, errors = done.communicate(timeout=300)
    assert done.returncode == 1, errors  # some failed for good: the last line says how many

    made = [json.loads(line) for line in (out / "pseudo-captions.jsonl").read_text().splitlines()]
    dead = [json.loads(line) for line in (out / "dead-letters.jsonl").read_text().splitlines()]
    everywhere = Counter(line["clip_id"] for line in (*made, *dead))
    assert everywhere == Counter({f"clip-{number}": 1 for number in range(ITEMS)})
    for line in made:
        number = line["clip_id"].removeprefix("clip-")
        assert line["captions"] == [f"A calm piece with a flute, number {number}."]
    reasons = Counter(line["reason"].partition(":")[0] for line in dead)
    assert reasons.keys() <= {"TruncatedError", "RefusedError", "BadAnswerError"}
    assert reasons["TruncatedError"]
    assert reasons["RefusedError"]
    assert len(made) > 0.8 * ITEMS

    report = json.loads((out / "pseudo-captions-report.json").read_text())
    assert (report["in_manifest"] + report["failed"], report["not_asked"]) == (ITEMS, 0)
    assert report["repaired"] > 0
    assert set(ledger.served) == {*FAULTS, "fine"}
    assert not any("Quillfeather" in prompt for prompt in ledger.prompts)

    # paid twice is at most what was in flight at a kill, and nothing that lay in the cache by then
    twice = [key for key, times in ledger.paid.items() if times > 1]
    assert len(twice) <= len(kills) * JOBS
    for kill in kills:
        assert len(kill.numbers) > 0.1 * ITEMS
        assert not kill.numbers & {number_in(prompt) for prompt in ledger.prompts[kill.requests :]}

    calls = sum(ledger.served.values())
    print(f"{ITEMS} items, {calls} calls, {dict(ledger.served)}, paid twice {len(twice)}, dead {len(dead)}")
    start(manifest, out, url).communicate(timeout=300)
    assert sum(ledger.served.values()) == calls  # failures that were paid are not asked again either
