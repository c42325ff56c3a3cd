"""Run cases by the diagrams that draw them.

A diagram names and orders; it cannot do anything. A user task is a step somebody must take, a signal event at the
edge of an element a step somebody may take meanwhile. A service task calls the service its id names, a business rule
task decides by the table its id names, a timer waits for the limit it names. Gateways compare words with constants.

    definition = Definition.parse("demand", files)
    process = start(definition, call)
    for waiting in process.waiting():
        ...
    process.complete(waiting.id, {"screening": "route"})
    state = process.dump()

A state is a few hundred bytes, whatever the age of the case. It needs its definition to be read again, or a newer one
that `migrate` finds fitting.

No lock is needed: a definition does not change once it is read, and a process belongs to whoever started or loaded it.
"""

from .codec import CODEC, fill, read
from .definition import Definition
from .errors import (
    BadDefinition,
    BadExpression,
    BadFile,
    BadOutcome,
    BadState,
    BadTable,
    EngineError,
    ManyRules,
    NoBranch,
    NoRule,
    NoScript,
    NotWaiting,
    UnknownName,
)
from .migration import migrate
from .process import Call, Decided, Hands, Outcome, Process, Waiting, checked
from .tables import Decision, Rule, Table
from .tree import Tree

__all__ = [
    "CODEC",
    "BadDefinition",
    "BadExpression",
    "BadFile",
    "BadOutcome",
    "BadState",
    "BadTable",
    "Call",
    "Decided",
    "Decision",
    "Definition",
    "EngineError",
    "ManyRules",
    "NoBranch",
    "NoRule",
    "NoScript",
    "NotWaiting",
    "Outcome",
    "Process",
    "Rule",
    "Table",
    "UnknownName",
    "Waiting",
    "load",
    "migrate",
    "start",
]


def start(
    definition: Definition, call: Call, decided: Decided | None = None, outcome: Outcome | None = None
) -> Process:
    """Start a case.

    Args:
        definition: the diagrams and tables the case runs by.
        call: called with the name of a service; returns its outcome.
        decided: told the name, the inputs and the decision after each table.
        outcome: words known from the start.

    Raises:
        BadDefinition: the definition has problems.
        BadOutcome: the outcome is not flat, plain data.

    """
    tree = _tree(definition.sound(), call, decided)
    root = tree.plant()
    root.data = checked(outcome or {})
    root.run()
    tree.advance()
    return Process(definition.key, tree)


def load(definition: Definition, state: bytes, call: Call, decided: Decided | None = None) -> Process:
    """Take up a case again where `Process.dump` left it.

    Raises:
        BadDefinition: the definition has problems.
        BadState: the state was written by another codec, or for another definition.

    """
    document = read(state)
    if document["k"] != definition.key:
        raise BadState(f"this is the state of a {document['k']!r}, not of a {definition.key!r}")
    tree = _tree(definition.sound(), call, decided)
    fill(tree, document)
    return Process(definition.key, tree)


def _tree(definition: Definition, call: Call, decided: Decided | None) -> Tree:
    return Tree(definition.spec, definition.inner_specs, Hands(call, decided))
