"""The page in a real browser: answered by keyboard and by thumb, kept, gone back to, proof against HTML."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from listening_bed import MakeTest, clips

from linernotes.listening.making import Plan, make_test
from linernotes.listening.schema import FILE_NAME
from linernotes.listening.server import ListeningServer
from linernotes.listening.store import TestStore

Serve = Callable[..., ListeningServer]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1200, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second of music will do: the tests play it in real time."""
    monkeypatch.setattr("linernotes.listening.server.LISTEN_FIRST_S", 0.5)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by playwright."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    options = ["--no-sandbox", "--mute-audio", "--autoplay-policy=user-gesture-required"]
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of its own cookies; a script's error or a line on the console fails the test."""
    opened, complaints = [], []

    def start(url: str, **options: Any) -> Any:
        context = chromium.new_context(**(options or DESKTOP))
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: complaints.append("a dialog") or dialog.dismiss())
        page.complaints = complaints
        page.goto(url)
        opened.append(context)
        return page

    yield start
    for context in opened:
        context.close()
    assert complaints == []


def begin(page: Any, name: str) -> None:
    page.wait_for_selector("#welcome:not([hidden])")
    page.fill("#name", name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#task:not([hidden])")


def chosen(page: Any) -> list[str]:
    return page.locator("#questions input:checked").evaluate_all(
        "all => all.map(each => each.name + each.value)"
    )


def playing_s(page: Any) -> float:
    return page.locator("#audio").evaluate("audio => audio.currentTime")


def answers_in(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / FILE_NAME) as connection:
        return connection.execute("SELECT aspect, choice FROM answers ORDER BY answer").fetchall()


def test_a_test_by_keyboard_from_start_to_end(lay_out: MakeTest, serve: Serve, open_page: Any) -> None:
    folder = lay_out(2).folder
    page = open_page(serve(folder).url)
    begin(page, "Ada")
    page.keyboard.press("1")
    assert chosen(page) == [], "no answer before the music was heard"
    page.keyboard.press(" ")
    page.wait_for_selector("fieldset#more_true:enabled")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.wait_for_selector("#next:enabled")
    assert chosen(page) == ["more_truea", "fewer_falsetie"]
    assert answers_in(folder) == [("more_true", "a"), ("fewer_false", "tie")]
    page.keyboard.press("Enter")
    page.get_by_text("2 of 2", exact=True).wait_for()
    assert chosen(page) == []
    page.keyboard.press("Backspace")
    page.get_by_text("1 of 2", exact=True).wait_for()
    assert chosen(page) == ["more_truea", "fewer_falsetie"]
    page.keyboard.press("Enter")
    page.get_by_text("2 of 2", exact=True).wait_for()
    page.keyboard.press("r")
    page.wait_for_selector("fieldset#more_true:enabled")
    page.keyboard.press("3")
    page.keyboard.press("3")
    page.wait_for_selector("#next:enabled")
    page.keyboard.press("Enter")
    page.wait_for_selector("#end:not([hidden])")
    assert answers_in(folder)[2:] == [("more_true", "b"), ("fewer_false", "b")]
    page.click("#review")
    page.get_by_text("2 of 2", exact=True).wait_for()
    assert chosen(page) == ["more_trueb", "fewer_falseb"]


def test_the_music_is_played_again_and_sought_in(lay_out: MakeTest, serve: Serve, open_page: Any) -> None:
    page = open_page(serve(lay_out(1).folder).url)
    begin(page, "Ada")
    page.locator("#seek").fill("3.75")
    assert playing_s(page) == pytest.approx(3.75, abs=0.01)
    page.click("#play")
    page.wait_for_selector("#play[aria-label=Pause]")
    page.wait_for_selector("#play[aria-label=Play]")  # to the end
    assert playing_s(page) == pytest.approx(4.0, abs=0.1)
    assert page.locator("fieldset#more_true:disabled").count() == 1, "a jump to the end is no listening"
    page.click("#again")
    page.wait_for_selector("fieldset#more_true:enabled")
    page.click("#play")
    assert page.locator("#audio").evaluate("audio => audio.paused")


def test_on_a_phone_all_fits_and_thumbs_will_do(lay_out: MakeTest, serve: Serve, open_page: Any) -> None:
    folder = lay_out(1).folder
    page = open_page(serve(folder).url, **PHONE)
    begin(page, "Ada")
    page.tap("#play")
    page.wait_for_selector("fieldset#more_true:enabled")
    assert page.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth")
    assert page.locator("button:visible, .choices label").evaluate_all(
        "all => all.filter(each => each.id !== 'leave').every(each => each.getBoundingClientRect().height >= 44)"
    )
    page.locator("#more_true label").nth(2).tap()
    page.locator("#fewer_false label").nth(0).tap()
    page.locator("#next:enabled").tap()
    page.wait_for_selector("#end:not([hidden])")
    assert answers_in(folder) == [("more_true", "b"), ("fewer_false", "a")]


def test_a_rater_comes_back_and_two_go_at_once(lay_out: MakeTest, serve: Serve, open_page: Any) -> None:
    url = serve(lay_out(2).folder).url
    one, other = open_page(url), open_page(url)
    begin(one, "Ada")
    begin(other, "Bob")
    one.click("#play")
    one.wait_for_selector("fieldset#more_true:enabled")
    one.keyboard.press("2")
    one.get_by_text("Saved", exact=True).wait_for()
    one.reload()
    one.wait_for_selector("#task:not([hidden])")
    assert chosen(one) == ["more_truetie"]
    assert chosen(other) == []
    elsewhere = open_page(url)
    elsewhere.fill("#name", "ada")
    elsewhere.keyboard.press("Enter")
    elsewhere.get_by_text("Somebody of this name has begun already").wait_for()
    begin(elsewhere, "ada")
    elsewhere.complaints[:] = [each for each in elsewhere.complaints if "409" not in each]
    assert chosen(elsewhere) == ["more_truetie"]


def test_answers_wait_for_a_server_that_is_away(lay_out: MakeTest, open_page: Any) -> None:
    folder = lay_out(1).folder
    store = TestStore(folder)
    server = ListeningServer(store, port=0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    page = open_page(server.url)
    begin(page, "Ada")
    page.click("#play")
    page.wait_for_selector("fieldset#more_true:enabled")
    page.click("#play")
    page.context.set_offline(True)
    page.keyboard.press("1")
    page.get_by_text("isn't saved yet").wait_for()
    assert page.locator("#next").is_disabled()
    page.context.set_offline(False)
    page.get_by_text("Saved", exact=True).wait_for()
    assert page.locator("#notice").is_hidden()
    server.shutdown()
    server.server_close()
    store.close()
    assert answers_in(folder) == [("more_true", "a")]
    page.complaints[:] = [each for each in page.complaints if "ERR_INTERNET_DISCONNECTED" not in each]


def test_html_in_captions_names_and_titles_is_text(root: Path, serve: Serve, open_page: Any) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>&amp;"
    captions = {"m": {"clip-0": f"Machine {attack}"}}
    make_test(clips(1), root, captions, Plan(title=f"Title {attack}"), root / "test")
    page = open_page(serve(root / "test").url)
    begin(page, attack)
    shown = sorted(page.locator(f"#text-{side}").inner_text() for side in "ab")
    assert shown == ["A person heard tone 0.", f"Machine {attack}"]
    assert page.locator("#rater").inner_text() == attack
    assert page.locator("#title").inner_text() == f"Title {attack}"
    assert page.locator("main img, main script, header img").count() == 0
