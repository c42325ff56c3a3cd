"""The first page: search, what can be done here, and what is going on."""

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import joinedload

from models import Dataset, DatasetGroup, DatasetState, Demand, OpenType, db

LATEST = 5
# Words that open the list at once; each names a whole domain of it.
POPULAR = ("公交", "停车", "空气质量", "医院", "学校")


@dataclass(frozen=True)
class Figure:
    """A figure of the first page, with what it counts."""

    label: str
    value: int
    unit: str = ""
    note: str = ""


def index() -> ResponseReturnValue:
    """Show the first page."""
    published = Dataset.state == DatasetState.PUBLISHED
    latest = db.select(Dataset).where(published).order_by(Dataset.updated_on.desc(), Dataset.id.desc()).limit(LATEST)
    demands = (
        db.select(Demand)
        .options(joinedload(Demand.case), joinedload(Demand.holder))
        .where(Demand.published_at.is_not(None))
        .order_by(Demand.published_at.desc())
        .limit(LATEST)
    )
    return render_template(
        "home.html",
        figures=figures(),
        popular=POPULAR,
        changes=db.session.scalars(latest).all(),
        demands=db.session.scalars(demands).all(),
    )


def figures() -> list[Figure]:
    """Return the figures of the first page, each counted now."""
    total = db.func.sum(DatasetGroup.total)
    by_type = {
        row[0]: row[1]
        for row in db.session.execute(db.select(DatasetGroup.open_type, total).group_by(DatasetGroup.open_type))
    }
    answered = db.session.scalar(db.select(db.func.count()).select_from(Demand).where(Demand.answered_at.is_not(None)))
    asked = db.session.scalar(db.select(db.func.count()).select_from(Demand).where(Demand.published_at.is_not(None)))
    unit = gettext("个")
    return [
        Figure(gettext("无条件开放"), by_type.get(OpenType.UNCONDITIONAL, 0), unit, gettext("直接下载或者调用")),
        Figure(gettext("有条件开放"), by_type.get(OpenType.CONDITIONAL, 0), unit, gettext("条件公开")),
        Figure(gettext("非开放"), by_type.get(OpenType.NON_OPEN, 0), unit, gettext("写明理由，每年重新评估")),
        Figure(gettext("公开的需求"), asked or 0, gettext("件"), gettext("其中已答复 %(n)d 件", n=answered or 0)),
    ]
