"""Pages of a server that changes, moves or holds back rows: none is lost without a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, strategies as st

from dicomferry_plugins._dicomweb.paging import Page, all_rows, whole_page
from dicomferry_plugins._pacs.query import IncompleteAnswerError, TooManyAnswersError

KEY = "StudyInstanceUID"


class Server:
    """Gives pages of its rows; `change` alters them before each page, by its number."""

    def __init__(
        self,
        count: int,
        *,
        cap: int = 500,
        change: Callable[[int, list[str]], Sequence[str]] = lambda page, rows: rows,
        more: Callable[[int], str] = lambda page: "",
    ) -> None:
        self.rows = [f"1.2.{number}" for number in range(count)]
        self.cap = cap
        self.change = change
        self.more = more
        self.asked: list[int] = []

    def __call__(self, offset: int) -> Page:
        self.rows = list(self.change(len(self.asked), self.rows))
        self.asked.append(offset)
        rows = self.rows[offset : offset + self.cap]
        return Page([{KEY: uid} for uid in rows], self.more(len(self.asked)))


def read(server: Callable[[int], Page], expected: int | None = None, most: int = 9999) -> list[str]:
    return [row[KEY] for row in all_rows(server, KEY, most, expected)]


@given(count=st.integers(0, 40), cap=st.integers(1, 45))
def test_every_row_comes_whatever_a_page_holds(count: int, cap: int) -> None:
    server = Server(count, cap=cap)
    assert read(server) == [f"1.2.{number}" for number in range(count)]


def test_a_short_page_is_asked_what_is_behind_it() -> None:
    server = Server(7, cap=5)
    read(server)
    assert server.asked == [0, 4, 6]


def test_a_number_that_was_told_spares_the_last_question() -> None:
    server = Server(7)
    read(server, expected=7)
    assert server.asked == [0]


def test_fewer_rows_than_were_told_are_asked_for_again() -> None:
    server = Server(7)
    assert len(read(server, expected=9)) == 7
    assert server.asked == [0, 6]


def test_a_row_that_goes_while_pages_are_read_has_them_read_again() -> None:
    server = Server(9, cap=5, change=lambda page, rows: rows[1:] if page == 1 else rows)
    assert read(server) == [f"1.2.{number}" for number in range(1, 9)]
    assert server.asked.count(0) == 2


def test_a_row_that_comes_while_pages_are_read_has_them_read_again() -> None:
    server = Server(9, cap=5, change=lambda page, rows: ["1.2.new", *rows] if page == 1 else rows)
    assert "1.2.new" in read(server)


@given(st.data())
def test_rows_in_another_order_each_time_are_whole_or_not_trusted(data: st.DataObject) -> None:
    server = Server(
        data.draw(st.integers(1, 12)),
        cap=data.draw(st.integers(1, 6)),
        change=lambda page, rows: data.draw(st.permutations(rows)),
    )
    try:
        found = read(server)
    except IncompleteAnswerError:
        return
    assert sorted(found) == sorted(server.rows)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_server_that_ignores_the_offset_is_not_trusted(count: int) -> None:
    server = Server(count)
    with pytest.raises(IncompleteAnswerError, match="began again with the first row"):
        read(lambda offset: server(0))


def test_a_server_that_ignores_the_offset_is_trusted_where_the_number_is_as_told() -> None:
    server = Server(9)
    assert len(read(lambda offset: server(0), expected=9)) == 9


def test_a_warning_on_the_last_page_is_an_answer_cut_short() -> None:
    with pytest.raises(IncompleteAnswerError, match="299"):
        read(Server(9, more=lambda page: "Warning: 299"))


def test_a_warning_on_an_empty_answer_is_an_answer_cut_short() -> None:
    with pytest.raises(IncompleteAnswerError, match="206"):
        read(Server(0, more=lambda page: "206 Partial Content"))


def test_a_warning_on_a_page_before_the_last_one_is_what_paging_is_for() -> None:
    server = Server(9, cap=5, more=lambda page: "Warning: 299" if page < 3 else "")
    assert len(read(server)) == 9


def test_more_rows_than_anybody_could_have_meant_are_a_mistake() -> None:
    with pytest.raises(TooManyAnswersError):
        read(Server(9, cap=3), most=5)


def test_an_answer_given_at_once_is_not_trusted_with_a_warning() -> None:
    assert len(whole_page(Server(9)(0), 9)) == 9
    with pytest.raises(IncompleteAnswerError):
        whole_page(Page([{KEY: "1.2"}], "Warning: 299"), 9)
