"""Count a ballot of the committee: who was entitled, whether there were enough, and what they advise."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models import Stance

# At least this many members are seated, an odd number of them (processes.md, consultation).
LEAST_SEATED = 5
# However many are recused, fewer than this are no committee.
LEAST_QUORUM = 3
# At the end of a line these say nothing about what it proposes.
_TAIL = re.compile(r"[\s。．.；;，,！!]+\Z")


@dataclass(frozen=True)
class Count:
    """The outcome of a ballot.

    `result` is the stance that more than half of the opinions handed in carry: support; conditions, where support
    reaches a majority only together with conditions; oppose; or divided, where nothing does.
    """

    entitled: int
    quorum: int
    valid: int
    stances: dict[str, int]
    result: str

    @property
    def reached(self) -> bool:
        """Say whether enough members have handed in an opinion."""
        return self.valid >= self.quorum


def quorum(entitled: int) -> int:
    """Return how many opinions are needed: two thirds of those entitled, and never fewer than three."""
    return max(LEAST_QUORUM, -(-2 * entitled // 3))


def count(entitled: int, given: Iterable[Stance]) -> Count:
    """Count the opinions handed in; an abstention is an opinion, and counts for no side.

    :param entitled: seats whose member has not been recused
    """
    stances = Counter(given)
    valid = stances.total()

    def majority(*sides: Stance) -> bool:
        return 2 * sum(stances[side] for side in sides) > valid

    if majority(Stance.SUPPORT):
        result = Stance.SUPPORT.value
    elif majority(Stance.SUPPORT, Stance.CONDITIONS):
        result = Stance.CONDITIONS.value
    elif majority(Stance.OPPOSE):
        result = Stance.OPPOSE.value
    else:
        result = "divided"
    return Count(entitled, quorum(entitled), valid, {side.value: stances[side] for side in Stance}, result)


@dataclass(frozen=True)
class Measure:
    """A measure that was proposed, in how many opinions, and whether these are more than half."""

    words: str
    support: int
    majority: bool


def measures(proposed: Sequence[Iterable[str]]) -> list[Measure]:
    """Return the measures that opinions propose, those with most support first; equal words are one measure.

    :param proposed: the lines of each opinion
    """
    supported = Counter(words for lines in proposed for words in {plain(line) for line in lines} if words)
    ranked = sorted(supported.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Measure(words, support, 2 * support > len(proposed)) for words, support in ranked]


def plain(line: str) -> str:
    """Return a line as it is compared with others: without what only looks different."""
    return _TAIL.sub("", " ".join(unicodedata.normalize("NFKC", line).split()))
