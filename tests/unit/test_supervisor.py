"""The supervisor of the one-command stack, over real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from deploy.local.supervisor import Child, Supervisor
from tests.support.waiting import until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def child(folder: Path, name: str, command: list[str], seconds: float = 5) -> Child:
    return Child(name, command, {}, folder / f"{name}.log", seconds)


def is_up(child: Child) -> bool:
    return child.log.exists() and b"up" in child.log.read_bytes()


def test_a_dead_child_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    sleeper = child(tmp_path, "sleeper", SLEEPER)
    supervisor = Supervisor([sleeper], said.append)
    supervisor.watch()
    assert sleeper.process
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)

    def restarted() -> bool:
        supervisor.watch()
        return sleeper.alive and sleeper.process is not None and sleeper.process.pid != first

    until(restarted, "the child runs again")
    assert said == [f"sleeper was ended by SIGKILL; starting it again. Its log: {sleeper.log}"]
    supervisor.stop()


def test_a_child_is_started_anew_when_its_defaults_change(tmp_path: Path) -> None:
    said: list[str] = []
    chosen = {"OF_THE_CHILD": "one"}
    telling = [
        sys.executable,
        "-c",
        "import os, time; print('up', os.environ['OF_THE_CHILD'], flush=True); time.sleep(600)",
    ]
    teller = Child("teller", telling, {}, tmp_path / "teller.log", 5, defaults=lambda: dict(chosen))
    supervisor = Supervisor([teller], said.append)
    supervisor.watch()
    until(lambda: b"up one" in teller.log.read_bytes(), "it is up")
    supervisor.watch()
    assert said == []
    chosen["OF_THE_CHILD"] = "two"

    def renewed() -> bool:
        supervisor.watch()
        return b"up two" in teller.log.read_bytes()

    until(renewed, "it is up with the new one")
    supervisor.watch()
    assert said == ["teller is started anew with other settings"]
    supervisor.stop()


def test_who_is_slow_to_be_started_anew_holds_up_neither_the_others_nor_the_end(tmp_path: Path) -> None:
    said: list[str] = []
    chosen = {"OF_THE_CHILD": "one"}
    stubborn = Child("stubborn", STUBBORN, {}, tmp_path / "stubborn.log", 3, defaults=lambda: dict(chosen))
    other = child(tmp_path, "other", SLEEPER)
    supervisor = Supervisor([stubborn, other], said.append)
    supervisor.watch()
    until(lambda: is_up(stubborn) and is_up(other), "both are up")
    assert stubborn.process
    assert other.process
    first = stubborn.process.pid
    chosen["OF_THE_CHILD"] = "two"
    supervisor.watch()
    other.process.kill()

    def other_is_back() -> bool:
        supervisor.watch()
        return len(said) == 2 and other.alive

    until(other_is_back, "the other is back")
    assert stubborn.process.pid == first, "it still has its time to stop"
    supervisor.stop()
    assert said[2:] == ["stubborn did not stop within 3 s; it was killed"]


def test_a_child_that_keeps_dying_is_started_at_growing_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    failing = child(tmp_path, "failing", [sys.executable, "-c", "raise SystemExit(3)"])
    supervisor = Supervisor([failing], said.append)

    def died_three_times() -> bool:
        supervisor.watch()
        return len(said) == 3

    until(died_three_times, "it died three times")
    assert "ended with status 3" in said[0]
    assert failing.pause == 8 * 0.2
    supervisor.stop()


def test_children_stop_at_once_each_in_its_time_and_a_stubborn_one_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    stubborn = child(tmp_path, "stubborn", STUBBORN, seconds=0.3)
    polite = child(tmp_path, "polite", SLEEPER)
    supervisor = Supervisor([stubborn, polite], said.append)
    supervisor.watch()
    until(lambda: is_up(stubborn) and is_up(polite), "both are up")
    supervisor.stop()
    assert not stubborn.alive
    assert not polite.alive
    assert said == ["stubborn did not stop within 0.3 s; it was killed"]


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.local.supervisor import Child, Supervisor\n"
        f"child = Child('c', {SLEEPER!r}, {{}}, Path({str(tmp_path / 'c.log')!r}), 5)\n"
        "Supervisor([child], print).watch(); print(child.process.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout
    pid = int(supervisor.stdout.readline())
    assert psutil.pid_exists(pid)
    supervisor.kill()
    supervisor.wait()
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie", "the child is gone")
