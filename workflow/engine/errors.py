"""What the engine refuses, each with a sentence a person can act on."""

from collections.abc import Sequence


class EngineError(Exception):
    """Stop a case that cannot move as drawn."""


class BadDefinition(EngineError):
    """Refuse to run diagrams and tables that break the rules of drawing."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class BadExpression(EngineError):
    """Refuse an expression that does more than compare names with constants."""


class BadFile(EngineError):
    """Refuse a file that cannot be read."""


class BadTable(BadFile):
    """Refuse a decision table that cannot be read."""


class BadOutcome(EngineError):
    """Refuse an outcome that is not flat, plain JSON data."""


class BadState(EngineError):
    """Refuse a stored state that another codec wrote or that does not fit its definition."""


class UnknownName(EngineError):
    """Say that a table or a ballot asks for a word nobody has given yet."""


class NoBranch(EngineError):
    """Say that no way out of a gateway fits what the case knows."""


class NoRule(EngineError):
    """Say that no rule of a table fits what the case knows."""


class ManyRules(EngineError):
    """Say that several rules of a table fit where only one may."""


class NotWaiting(EngineError):
    """Say that nothing waits under the given id."""


class NoScript(EngineError):
    """Refuse to run a script that a diagram carries."""
