"""Numbers in words and grammar: our own, num2words, and LanguageTool over its HTTP interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from linernotes.building.singing import polishing
from linernotes.building.singing.polishing import Polish, in_words, tidied
from linernotes.llm import ServerError


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (17, "seventeen"), (88, "eighty-eight"), (120, "one hundred and twenty"), (1970, None)],
)
def test_numbers_in_words(number: int, words: str | None) -> None:
    assert in_words(number) == (words or "one thousand nine hundred and seventy")


def test_light_grammar() -> None:
    assert tidied("a energetic  song song , sung by an man") == "An energetic song, sung by a man."
    assert Polish()("it moves at 90 BPM").text == "It moves at ninety BPM."
    with pytest.raises(ValueError, match="light, languagetool or"):
        Polish("strict")


def test_only_numbers_that_stand_alone_are_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polishing, "find_spec", lambda name: None)
    polish = Polish()
    assert polish.name == "offline numbers 1 + light grammar 1"
    assert (
        polish("2 voices of the 90s, at 90.5 BPM.").text == "Two voices of the 90s, at ninety point five BPM."
    )


def test_num2words_itself() -> None:
    """Our own words are its words up to 999, above which it sets commas."""
    spell = pytest.importorskip("num2words", reason="num2words is not installed").num2words
    polish = Polish()
    assert polish.name == "num2words + light grammar 1"
    assert polish("2 voices at 90.5 BPM, 101 times.").text == (
        "Two voices at ninety point five BPM, one hundred and one times."
    )
    assert [in_words(number) for number in range(1000)] == [spell(number) for number in range(1000)]


@dataclass
class Tool:
    """What stands in for LanguageTool's server: knows one mistake, and what it was asked."""

    url: str = ""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    is_well: bool = True

    def matches(self, text: str) -> list[dict[str, Any]]:
        """In the form of the public HTTP interface."""
        at = text.find("sing loud")
        rule = {
            "id": "VERB", "description": "agreement", "issueType": "grammar",
            "category": {"id": "GRAMMAR", "name": "Grammar"},
        }  # fmt: skip
        match = {
            "message": "She sings.", "shortMessage": "", "replacements": [{"value": "sings"}, {"value": "sang"}],
            "offset": at, "length": 4, "context": {"text": text, "offset": at, "length": 4},
            "sentence": text, "type": {"typeName": "Other"}, "rule": rule,
        }  # fmt: skip
        return [match] if at >= 0 else []


@pytest.fixture
def tool() -> Iterator[Tool]:
    state = Tool()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say([{"name": "English (US)", "code": "en", "longCode": "en-US"}])

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.asked.append(parse_qs(body))
            self._say({"matches": state.matches(state.asked[-1]["text"][0])})

        def _say(self, answer: Any) -> None:
            body = json.dumps(answer).encode() if state.is_well else b"out of order"
            self.send_response(200 if state.is_well else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_languagetool_corrects_what_its_server_finds(tool: Tool) -> None:
    pytest.importorskip("language_tool_python", reason="language_tool_python is not installed")
    polish = Polish(f"languagetool:{tool.url}")
    assert polish.name.endswith(f" + languagetool:{tool.url}")
    assert polish("a woman sing loudly, at 90 BPM").text == "A woman sings loudly, at ninety BPM."
    assert polish("All is well.").text == "All is well."
    assert tool.asked[0] == {"language": ["en-US"], "text": ["a woman sing loudly, at ninety BPM"]}


def test_a_languagetool_that_fails_is_an_answer_that_may_come_later(tool: Tool) -> None:
    pytest.importorskip("language_tool_python", reason="language_tool_python is not installed")
    polish = Polish(f"languagetool:{tool.url}")
    tool.is_well = False
    with pytest.raises(ServerError, match="out of order"):
        polish("A woman sings.")
    with pytest.raises(ValueError, match=r"LanguageTool can't be had .*out of order"):
        Polish(f"languagetool:{tool.url}")


def test_a_languagetool_that_is_not_there_is_one_error() -> None:
    pytest.importorskip("language_tool_python", reason="language_tool_python is not installed")
    with pytest.raises(ValueError, match="LanguageTool can't be had"):
        Polish("languagetool:http://127.0.0.1:1")
