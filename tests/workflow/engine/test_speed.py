"""The engine is worth its code: several times as fast as the library, at any age of a case."""

from bench.engine import rows, table


def test_a_round_is_more_than_five_times_as_fast_as_by_the_library() -> None:
    found = {row.name: row for row in rows(loops=(0, 20), repeats=1, seconds=0.05)}
    assert (found["after 20 reports"].ratio or 0) > 5
    assert (found["a whole life"].ratio or 0) > 5
    assert found["after 20 reports"].our_bytes < 300
    assert "after 20 reports" in table(list(found.values()))
