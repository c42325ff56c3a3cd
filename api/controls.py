"""Controls: one field of a form as a template needs it, the sections of a long form, and how far each is filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from unicodedata import east_asian_width

# The widest label, in Latin letters, of choices that stand close together; a Chinese character is two wide.
BRIEF = 12
# A form with more fields than these is shown in numbered sections, with a list of them.
LONG = 12
# The number in the names of a group's blank row, which stands in the page for a script to copy.
NEXT = "__n__"

Row = tuple["Control", ...]


@dataclass(frozen=True)
class Choice:
    """One of the answers a field offers."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Control:
    """One field of a form, as a template needs it."""

    name: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    # May be left blank, and says so; what depends on other answers, or has one from the start, does not say it.
    optional: bool = False
    value: str | tuple[str, ...] = ""
    choices: tuple[Choice, ...] = ()
    mistakes: tuple[str, ...] = ()
    # What somebody else has written for the field meanwhile, where both changed it.
    theirs: str | None = None
    # What a word that names a row of ours stands for.
    meaning: str = ""
    maxlength: int | None = None
    minimum: str = ""
    maximum: str = ""
    rows: int = 4
    section: str = ""
    private: str = ""
    autocomplete: str = ""
    # The fields on whose answers this one depends, each with the answers that call for it; and the same in words.
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    condition: str = ""
    # Of a group: its rows, each with the controls of one nested answer, the row a script copies, and how many it takes.
    group: tuple[Row, ...] = ()
    blank: Row = ()
    most: int = 0
    # Says that nobody has written anything in it, and that its choices are always the same.
    untouched: bool = False

    @property
    def id(self) -> str:
        """Return the id of the control in the page."""
        return f"f-{self.name}"

    @property
    def grouped(self) -> bool:
        """Say whether the control is several inputs under one legend."""
        return self.kind in ("choice", "checks", "group")

    @property
    def brief(self) -> bool:
        """Say whether the choices are so short that many stand in a row."""
        return all(_width(choice.label) <= BRIEF and not choice.hint for choice in self.choices)

    @property
    def filled(self) -> bool:
        """Say whether anything has been written, chosen or ticked."""
        if self.kind == "group":
            return any(inner.filled for row in self.group for inner in row)
        return self.value == "true" if self.kind == "check" else bool(self.value)

    def chosen(self, value: str) -> bool:
        """Say whether an option is among the answers given so far."""
        return value in self.value if isinstance(self.value, tuple) else value == self.value

    def faults(self, before: str = "") -> Iterator[tuple[str, str, str]]:
        """Yield what is wrong with the control and with those of its rows: where, of what, and what.

        :param before: the row in which the control stands
        """
        for mistake in self.mistakes:
            yield self.id, before + self.label, mistake
        for number, row in enumerate(self.group, 1):
            for inner in row:
                yield from inner.faults(f"{self.label} {number} · ")


@dataclass(frozen=True)
class Section:
    """A part of a long form: its heading, its fields, and how many of those that are asked for are filled in."""

    number: int
    title: str
    controls: tuple[Control, ...]
    asked: int
    filled: int
    wrong: int

    @property
    def id(self) -> str:
        """Return the id of the section in the page."""
        return f"s-{self.number}"

    @property
    def state(self) -> str:
        """Return how far the section has got: wrong, done, half or blank."""
        if self.wrong:
            return "wrong"
        if self.asked and self.filled >= self.asked:
            return "done"
        return "half" if self.filled else "blank"


@dataclass(frozen=True)
class Form:
    """The controls of a form, and what is wrong with the answer as a whole."""

    controls: tuple[Control, ...]
    mistakes: tuple[str, ...] = ()

    @cached_property
    def faults(self) -> tuple[tuple[str, str, str], ...]:
        """Return what is wrong with the fields: where, of what, and what."""
        return tuple(fault for control in self.controls for fault in control.faults())

    @property
    def wrong(self) -> int:
        """Return how many things must be mended."""
        return len(self.mistakes) + len(self.faults)

    @property
    def uploads(self) -> bool:
        """Say whether files are handed in with the form."""
        return any(control.kind == "files" for control in self.controls)

    @property
    def rowed(self) -> bool:
        """Say whether the form has buttons of its own among its fields."""
        return any(control.kind in ("group", "files") for control in self.controls)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Return the parts of a long form; a short one has none."""
        if len(self.controls) <= LONG or not self.controls[0].section:
            return ()
        starts = [place for place, control in enumerate(self.controls) if control.section]
        ends = [*starts[1:], len(self.controls)]
        return tuple(
            self._section(number, self.controls[start:end])
            for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
        )

    @property
    def done(self) -> int:
        """Return how many sections are filled in, those in which nothing has to be among them."""
        return sum(not section.wrong and section.filled >= section.asked for section in self.sections)

    def __getitem__(self, name: str) -> Control:
        """Return the control of a field."""
        return next(control for control in self.controls if control.name == name)

    def _section(self, number: int, controls: tuple[Control, ...]) -> Section:
        said = {control.name: control for control in self.controls}
        asked = [control for control in controls if _asked(control, said)]
        return Section(
            number=number,
            title=controls[0].section,
            controls=controls,
            asked=len(asked),
            filled=sum(control.filled for control in asked),
            wrong=sum(len(tuple(control.faults())) for control in controls),
        )


def _asked(control: Control, said: Mapping[str, Control]) -> bool:
    """Say whether a section is only done with an answer to this: a box may stay unticked where it need not be."""
    if control.optional or (control.kind == "check" and not control.required):
        return False
    return all(
        any(said[other].chosen(answer) for answer in called_for) for other, called_for in control.when if other in said
    )


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
