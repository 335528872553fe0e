from __future__ import annotations

import threading
from typing import Any

import pytest

from inception.authoring import voice as voices
from inception.authoring.direct import DirectFrame
from inception.authoring.frame import current_frame
from inception.authoring.reporting import progress, report
from inception.authoring.result_channel import say_progress
from inception.authoring.voice import (
    Voice,
    current_voice,
    last_word,
    speaking,
    speaking_if_asked,
)
from inception.runs.model import Meta


class Ear:
    """Hears words, or refuses them."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.tries = 0
        self.deaf = False
        self.awaited = 0
        self.came = threading.Event()

    def __call__(self, meta: Meta) -> bool:
        self.tries += 1
        if self.deaf:
            return False
        self.heard.append(meta["iteration"])
        if meta["iteration"] == self.awaited:
            self.came.set()
        return True


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [100.0]
    monkeypatch.setattr(voices, "monotonic", lambda: time[0])
    return time


def word(iteration: int) -> Meta:
    return progress(iteration, 100, "")


def test_the_first_word_is_said_at_once(ear: Ear) -> None:
    Voice(ear).say(word(1))
    assert ear.heard == [1]


def test_of_words_that_come_too_soon_the_newest_follows(ear: Ear) -> None:
    voice = Voice(ear, pause=0.05)
    ear.awaited = 9
    for number in range(1, 10):
        voice.say(word(number))
    assert ear.came.wait(10)
    voice.close()
    assert ear.heard[0] == 1
    assert len(ear.heard) < 9


def test_an_urgent_word_does_not_wait(ear: Ear) -> None:
    voice = Voice(ear, pause=60)
    voice.say(word(1))
    voice.say(word(2), at_once=True)
    assert ear.heard == [1, 2]


def test_nothing_is_said_once_it_is_closed_but_the_last_word_is_known(ear: Ear) -> None:
    voice = Voice(ear, pause=60)
    voice.say(word(1))
    voice.say(word(2))
    assert voice.close() == word(2)
    voice.say(word(3), at_once=True)
    assert ear.heard == [1]
    assert voice.last == word(3)
    assert voice._timer is None


def test_a_word_that_was_said_by_other_means_is_remembered(ear: Ear) -> None:
    voice = Voice(ear)
    voice.note(word(5))
    assert voice.close() == word(5)
    assert ear.heard == []


def test_after_a_word_that_could_not_be_said_it_keeps_silent_for_a_while(
    ear: Ear, clock: list[float]
) -> None:
    voice = Voice(ear)
    ear.deaf = True
    for number in range(100):
        voice.say(word(number), at_once=True)
        clock[0] += 0.01  # 1 s in all
    assert ear.tries == 1
    clock[0] += 0.2
    voice.say(word(100), at_once=True)
    assert ear.tries == 2
    clock[0] += 1.5  # the silence has doubled
    voice.say(word(101), at_once=True)
    assert ear.tries == 2
    ear.deaf = False
    clock[0] += 1
    voice.say(word(102), at_once=True)
    voice.say(word(103), at_once=True)
    assert ear.heard == [102, 103]
    voice.close()


def test_outside_of_tasks_there_is_no_voice() -> None:
    assert current_voice() is None
    assert last_word() is None


def test_a_voice_is_that_of_what_runs_inside(ear: Ear) -> None:
    outer, inner = Voice(ear), Voice(ear)
    with speaking(outer):
        with speaking(inner):
            assert current_voice() is inner
        assert current_voice() is outer
        outer.say(word(4))
        assert last_word() == word(4)


def test_asking_for_the_last_word_ends_the_speaking(ear: Ear) -> None:
    with speaking(Voice(ear)) as voice:
        last_word()
        voice.say(word(1), at_once=True)
    assert ear.heard == []


def test_a_parent_has_its_voice_from_its_first_word_to_its_end() -> None:
    frame = DirectFrame()
    token = current_frame.set(frame)
    try:
        with speaking_if_asked():
            report(3, 9)
            voice = current_voice()
            report(4, 9)
            assert current_voice() is voice, "one for all of its words"
        assert voice is not None
        assert frame.meta["iteration"] == 4
        voice.say(word(5), at_once=True)
        assert frame.meta["iteration"] == 4, "it says no more after its end"
    finally:
        current_frame.reset(token)


def test_the_voice_of_a_parent_is_not_that_of_one_that_it_runs_within(ear: Ear) -> None:
    with speaking(Voice(ear)) as outer:
        with speaking_if_asked():
            assert current_voice() is None
        assert current_voice() is outer


def test_of_two_speakers_the_first_has_its_turn(ear: Ear) -> None:
    voice, first, second = Voice(ear), object(), object()
    assert voice.take_turn(first)
    assert not voice.take_turn(second)
    voice.end_turn(second)
    assert voice.take_turn(first)
    voice.end_turn(first)
    assert voice.take_turn(second)


def test_a_backend_that_raises_ends_no_task() -> None:
    class Broken:
        def store_result(self, *_args: Any) -> None:
            raise ConnectionError("gone")

    assert say_progress(Broken(), "an-id", word(1)) is False
