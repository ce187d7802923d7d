"""The address of the restream: what is taken, and what is refused with which words."""

from __future__ import annotations

import pytest

from polyplive.errors import ConfigError
from polyplive.sinks.restream.address import parse_restream


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/secret"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/secret"),
        (" HTTP://localhost:0 ", "http://127.0.0.1:0/secret"),
        ("http://127.1.2.3:1", "http://127.1.2.3:1/secret"),
        ("http://[::1]:8080", "http://[::1]:8080/secret"),
    ],
)
def test_an_address_of_this_computer_is_taken_without_a_word(text: str, url: str) -> None:
    address = parse_restream(text)
    assert address.url(address.port, "/secret") == url
    assert address.is_loopback
    assert address.warning == ""


@pytest.mark.parametrize("text", ["http://0.0.0.0:8080", "http://192.0.2.7:8080", "http://[::]:8080"])
def test_one_that_others_can_reach_is_taken_with_a_warning(text: str) -> None:
    warning = parse_restream(text).warning
    assert "over the network" in warning
    assert "\n" not in warning


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no address"),
        ("127.0.0.1:8080", "no address"),
        ("rtsp://127.0.0.1:8080", "no address"),
        ("http://", "no address"),
        ("https://127.0.0.1:8080", "over https"),
        ("http://127.0.0.1", "names no port"),
        ("http://127.0.0.1:", "names no port"),
        ("http://127.0.0.1:70000", "cannot be"),
        ("http://127.0.0.1:eighty", "cannot be"),
        ("http://[::1:8080", "cannot be"),
        ("http://:8080", "'' is no IP address"),
        ("http://tower.example:8080", "'tower.example' is no IP address"),
        ("http://me:word@127.0.0.1:8080", "no use"),
        ("http://127.0.0.1:8080/video", "has a path"),
        ("http://127.0.0.1:8080?x=1", "has a path"),
        ("http://127.0.0.1:8080#x", "has a path"),
    ],
)
def test_anything_else_is_refused_in_one_line_that_says_what_to_do(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        parse_restream(text)
    assert refused.value.hint
    assert "\n" not in str(refused.value)
    assert "word" not in str(refused.value).replace("password", "")
