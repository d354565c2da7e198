from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.run_id import choose, is_run_id, new_run_id, steps_back
from runner.errors import UsageError

NEWEST_FIRST = ["01JCCCCCCC" + "A" * 16, "01JBBBBBBB" + "A" * 16, "01JBBBAAAA" + "A" * 16]
moments = st.integers(0, 2**48 - 1)
chance = st.binary(min_size=10, max_size=10)


def test_the_ulid_of_the_specification_is_made() -> None:
    assert new_run_id(1469918176385, bytes(10)) == "01ARYZ6S41" + "0" * 16


@given(moments, moments, chance, chance)
def test_ids_sort_by_the_time_their_runs_began(a: int, b: int, x: bytes, y: bytes) -> None:
    assert (new_run_id(a, x) <= new_run_id(b, y)) or a >= b


@given(moments, chance)
def test_every_id_has_the_form_of_one(now: int, random_bytes: bytes) -> None:
    assert is_run_id(new_run_id(now, random_bytes))


@pytest.mark.parametrize("text", ["", "latest", "01JCCCCCCC", "u" * 26, 26 * "U", None, 3])
def test_other_things_are_no_ids(text: object) -> None:
    assert not is_run_id(text)


def test_latest_counts_back() -> None:
    assert steps_back("latest") == 0
    assert steps_back("Latest~12") == 12
    assert steps_back("01JC") is None
    assert choose("latest~1", NEWEST_FIRST) == NEWEST_FIRST[1]


@pytest.mark.parametrize("words", ["latest~", "latest~-1", "latest~x", "latest~²"])
def test_a_number_has_to_follow_the_tilde(words: str) -> None:
    with pytest.raises(UsageError, match="a number of runs"):
        steps_back(words)


def test_a_prefix_names_its_run_in_either_case() -> None:
    assert choose("01jc", NEWEST_FIRST) == NEWEST_FIRST[0]


def test_an_ambiguous_prefix_lists_the_candidates() -> None:
    with pytest.raises(UsageError) as caught:
        choose("01JB", NEWEST_FIRST)
    assert NEWEST_FIRST[1] in caught.value.message
    assert NEWEST_FIRST[2] in caught.value.message
    assert NEWEST_FIRST[0] not in caught.value.message


def test_many_candidates_are_counted() -> None:
    ids = [new_run_id(5, bytes([n]) * 10) for n in range(9)]
    with pytest.raises(UsageError, match="and 4 more"):
        choose("0", ids)


def test_an_unknown_id_suggests_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError) as caught:
        choose("01JCCCCCD", NEWEST_FIRST)
    assert NEWEST_FIRST[0] in caught.value.hint
    assert "runner runs" in caught.value.hint


@pytest.mark.parametrize("words", ["", "zzz", "../../etc", "latest~9"])
def test_what_names_no_run_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        choose(words, NEWEST_FIRST)


def test_before_the_first_run_latest_says_how_to_make_one() -> None:
    with pytest.raises(UsageError) as caught:
        choose("latest", [])
    assert "runner run ." in caught.value.hint
