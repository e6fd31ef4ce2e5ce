"""The queueing model by which the measured small system is held against what is computed of larger ones."""

from __future__ import annotations

import pytest

from bench.suite.queueing import mean_values


def test_one_client_takes_what_an_answer_takes() -> None:
    predicted = mean_values(1, cpu=0.02, other=0.01, cores=2)
    assert predicted.ms == pytest.approx(30)
    assert predicted.rate == pytest.approx(1 / 0.03)


def test_many_clients_have_what_the_cores_give() -> None:
    assert mean_values(200, cpu=0.02, other=0.01, cores=2).rate == pytest.approx(100, rel=0.01)


def test_one_interpreter_gives_no_more_than_one_core() -> None:
    assert mean_values(200, cpu=0.02, other=0.0, cores=2, serial=0.018).rate == pytest.approx(1 / 0.018, rel=0.01)


def test_the_cores_are_the_wall_where_little_is_the_interpreters() -> None:
    assert mean_values(200, cpu=0.02, other=0.0, cores=2, serial=0.004).rate == pytest.approx(100, rel=0.01)
