"""Replies to requests."""

from crabtrap.target.rsp.replies import parse_features


def test_feature_lists_may_hold_anything():
    assert parse_features(b"PacketSize=3fff;a+;b-;c?;;\xff+") == {
        "PacketSize": "3fff",
        "a": "+",
        "b": "-",
        "c": "?",
        "\ufffd": "+",
    }
