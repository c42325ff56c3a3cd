"""Read the diagrams and tables of one kind of case, once, for all cases of that kind."""

from collections.abc import Mapping
from typing import Any, Self

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from . import coverage, lint
from .drawing import Drawing, survey, tag
from .errors import BadDefinition, BadFile
from .parser import Parser
from .tables import Table
from .xml import read


class Definition:
    """The diagrams and tables of one kind of case, as they were at one time.

    Nothing changes after reading, so that every case and every thread may share one.

    Attributes:
        key: the kind, which is the id of the process drawn in `<key>.bpmn`.
        elements: every node and flow drawn in the diagrams used, from its id to its type.
        steps: the ids of the steps somebody must take.
        offered: the ids of the steps somebody may take meanwhile.
        services: the names of the services called.
        tables: the tables used, by name.
        asked: the words that gateways ask for, each with the constants it is compared with.
        limits: the names of the limits that timers wait for, each with the elements its timers are attached to.

    """

    def __init__(self, key: str, drawing: Drawing, tables: Mapping[str, Table], problems: list[str]) -> None:
        self.key = key
        self.elements: Mapping[str, str] = drawing.elements
        self.steps = frozenset(name for name, _ in drawing.steps)
        self.offered = frozenset(name for name, _ in drawing.offered)
        self.services = frozenset(name for name, _ in drawing.services)
        self.asked: Mapping[str, frozenset[Any]] = {name: frozenset(them) for name, them in drawing.asked.items()}
        self.limits: Mapping[str, list[str]] = drawing.limits
        self.tables = tables
        self.spec: Any = None
        self.inner_specs: dict[str, Any] = {}
        self._problems = problems

    @classmethod
    def parse(cls, key: str, files: Mapping[str, bytes]) -> Self:
        """Read the diagram `<key>.bpmn`, every diagram it calls and every table they use.

        Faults do not raise: `problems` lists them, and a case of a faulty definition cannot be started.
        """
        problems: list[str] = []
        diagrams = _diagrams(key, files, problems)
        drawing = survey(diagrams)
        tables = _tables(drawing, files, problems)
        for file, root in diagrams.items():
            problems += lint.faults(file, root)
        problems += lint.circles(diagrams)
        problems += lint.repeated([*drawing.steps, *drawing.offered])
        definition = cls(key, drawing, tables, problems)
        if not problems:
            definition._build(diagrams)
        return definition

    def problems(self) -> list[str]:
        """Return what is wrong with the diagrams and tables, each line naming the file and the id."""
        return list(self._problems)

    def sound(self) -> Self:
        """Return the definition itself.

        Raises:
            BadDefinition: it has problems.

        """
        if self._problems:
            raise BadDefinition(self._problems)
        return self

    def _build(self, diagrams: Mapping[str, etree._Element]) -> None:
        parser = Parser(self.tables)
        try:
            for file, root in diagrams.items():
                parser.add_bpmn_xml(root, filename=file)
            self.spec = parser.get_spec(self.key)
            self.inner_specs = parser.get_subprocess_specs(self.key)
        except ValidationException as error:
            self._problems.append(f"{error.file_name or self.key}: {error.id or ''}: {error}")


def _diagrams(key: str, files: Mapping[str, bytes], problems: list[str]) -> dict[str, etree._Element]:
    """Return the diagram of a kind and all it calls, by file name, in the order they are met."""
    found: dict[str, etree._Element] = {}
    wanted = [f"{key}.bpmn"]
    for file in wanted:
        if file not in files:
            problems.append(f"{file}: the diagram is missing")
            continue
        try:
            found[file] = read(files[file])
        except BadFile as error:
            problems.append(f"{file}: {error}")
            continue
        for activity in found[file].iter(tag("callActivity")):
            called = f"{activity.get('calledElement')}.bpmn"
            if called not in wanted:
                wanted.append(called)
    return found


def _tables(drawing: Drawing, files: Mapping[str, bytes], problems: list[str]) -> dict[str, Table]:
    """Return the tables the diagrams use, by name."""
    found: dict[str, Table] = {}
    for name, drawn_in in drawing.tables:
        file = f"{name}.dmn"
        if file not in files:
            problems.append(f"{drawn_in}: {name}: the table {file} is missing")
            continue
        try:
            found[name] = table = Table.parse(files[file])
        except BadFile as error:
            problems.append(f"{file}: {error}")
            continue
        if table.name != name:
            problems.append(f"{file}: {table.name}: the decision must have the id {name!r}")
        problems += (f"{file}: {problem}" for problem in coverage.problems(table))
    return found
