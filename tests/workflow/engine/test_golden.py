"""States that were stored by earlier builds are read by this one, and the cases go on to their end."""

from pathlib import Path

import pytest

from tests.workflow.engine.golden_states import FOLDER, LIVES
from tests.workflow.engine.toys import definition
from workflow.engine import CODEC, load

STATES = sorted(FOLDER.iterdir())
ENDING = {"stop": True, "use": "stops", "rough": False}


@pytest.mark.parametrize("path", STATES, ids=[path.name for path in STATES])
def test_a_stored_state_is_read_and_its_case_goes_on_to_its_end(path: Path) -> None:
    key = path.name.split("-")[0]
    process = load(definition(key), path.read_bytes(), lambda name: None)
    for _ in range(40):
        waiting = process.waiting()
        if process.ended:
            break
        steps = [each for each in waiting if each.kind == "step"]
        if steps:
            process.complete(steps[0].id, ENDING)
        elif waiting:
            process.expire(waiting[0].id)
        else:
            assert process.signal("go_on")
        process = load(definition(key), process.dump(), lambda name: None)
    assert process.ended
    assert process.waiting() == []


def test_every_act_of_every_life_is_stored_for_this_codec() -> None:
    names = {f"{key}-{act.replace(' ', '-')}.{CODEC}" for key, acts in LIVES.items() for act in ["start", *acts]}
    assert names <= {path.name for path in STATES}
