"""What is said of queues whose broker does not answer."""

from __future__ import annotations

import socket

from webapp.queues import QueuesOfRabbitMQ

WITHIN = 10.0


def test_a_broker_that_is_not_there_is_said_of_each_queue() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        queues = QueuesOfRabbitMQ(f"amqp://127.0.0.1:{nobody.getsockname()[1]}//", WITHIN)
        said = queues.lengths(["children", "parents"])
    assert set(said) == {"children", "parents"}
    assert all("does not answer: " in str(why) for why in said.values())


def test_one_that_takes_the_connection_and_says_nothing_holds_nobody_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        queues = QueuesOfRabbitMQ(f"amqp://127.0.0.1:{silent.getsockname()[1]}//", 0.1)
        assert queues.lengths(["children"]) == {"children": "the broker does not answer"}
