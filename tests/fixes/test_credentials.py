"""What looks like a credential in the midst of any text, to its first character."""

from __future__ import annotations

import pytest

from volfix.fixes.masking.credentials import hide_credentials, is_credential


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("redis://:x@cache", "redis://:***@cache"),
        ("postgres://me:hunter2@db/rows", "postgres://me:***@db/rows"),
        ("postgres://me:hun://ter2@db/rows", "postgres://me:***@db/rows"),
        ("https://hunter2@host/rows", "https://***@host/rows"),
        ("postgres://db:5432/rows", "postgres://db:5432/rows"),
        ("postgres://db/rows and redis://:x@cache", "postgres://db/rows and redis://:***@cache"),
        ("a://u:p@h,b://v:q@g", "a://u:***@h,b://v:***@g"),
    ],
)
def test_the_password_of_a_url_is_hidden_from_its_first_character(text: str, then: str) -> None:
    assert hide_credentials(text) == then


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("secret", True),
        ("secrets", False),  # a section of a Compose file
        ("apiKey", True),
        ("monkey", False),
        ("DB_PASSWORD", True),
        ("DB_PASSWORD_FILE", False),
        ("--", False),
    ],
)
def test_a_name_tells_whether_its_value_is_a_secret(name: str, is_secret: bool) -> None:
    assert is_credential(name) is is_secret
