"""Count a ballot of the committee: who was entitled, whether there were enough, and what they advise."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from models import Stance

# At least this many members are seated, an odd number of them (processes.md, consultation).
LEAST_SEATED = 5
# However many are recused, fewer than this are no committee.
LEAST_QUORUM = 3


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
