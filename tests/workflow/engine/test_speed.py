"""The engine is worth its code: a round takes far fewer calls than by the library, and no more in an old case.

Calls are counted, never time: a count is the same on a busy machine. `python -m bench.engine` measures the time.
"""

from bench.engine import calls, rows, table


def test_a_round_takes_less_than_a_fifth_of_the_calls_of_the_library() -> None:
    stock, ours = calls(20)
    assert ours * 5 < stock


def test_a_round_takes_as_many_calls_in_an_old_case_as_in_a_new_one() -> None:
    assert calls(0)[1] == calls(20)[1] == calls(100)[1]


def test_the_table_names_what_was_measured() -> None:
    found = rows(loops=(0, 20), repeats=1, seconds=0.01)
    assert {row.name: row for row in found}["after 20 reports"].our_bytes < 300
    assert "after 20 reports" in table(found)
