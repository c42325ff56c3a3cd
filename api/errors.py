"""Refusals and failures as pages: what happened, what is safe, and what can be done."""

import logging
import secrets

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from api.security import API
from models import N_, db
from workflow.errors import Refused

log = logging.getLogger("kaimen.errors")

TITLES = {
    400: N_("这个请求读不懂"),
    403: N_("这一步不归您办"),
    404: N_("没有找到这一页"),
    405: N_("这一页不能这样打开"),
    409: N_("这一步现在不能办"),
    413: N_("提交的内容太大"),
    415: N_("这种格式读不了"),
    429: N_("操作太频繁"),
    500: N_("系统出了问题"),
    503: N_("系统出了问题"),
}
ADVICE = {
    400: N_("请从页面上的按钮重新操作。"),
    403: N_("需要办理的话，请联系本单位的管理人员核对您的角色。"),
    404: N_("地址可能写错了，或者这一页不对您开放。可以搜索清单，或者回到首页。"),
    409: N_("打开办件页，可以看到现在轮到谁。"),
    413: N_("请删减后再提交：文字每次最多 2 MB，文件每个最多 20 MB。"),
    429: N_("请过几分钟再试。"),
    500: N_("没有任何内容被改动。请过一会儿再试；仍然不行，请告诉我们下面的编号。"),
    503: N_("没有任何内容被改动，您写的文字已经保存，管理员已收到通知。"),
}


def register(app: Flask) -> None:
    """Answer every refusal and failure with a page; /api/ answers for itself."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(Exception, unforeseen)


def refused(error: Refused) -> ResponseReturnValue:
    """Show why something may not be done; a case that may not be seen is not distinguished from none."""
    db.session.rollback()
    return page(error.status, message=gettext(error.sentence) if error.status not in (404, 503) else "")


def failed(error: HTTPException) -> ResponseReturnValue:
    """Show a failure that HTTP has a number for."""
    if error.code is None or error.code < 400:
        return error
    if request.path.startswith(API):
        return error
    return page(error.code)


def unforeseen(error: Exception) -> ResponseReturnValue:
    """Show that something of ours went wrong, with a number under which the log has the rest."""
    if current_app.testing or current_app.debug:
        raise error
    db.session.rollback()
    number = secrets.token_hex(4)
    log.error("unforeseen failure %s at %s", number, request.endpoint, exc_info=error)
    return page(500, number=number)


def page(status: int, message: str = "", number: str = "") -> ResponseReturnValue:
    """Return the page of a status."""
    title = gettext(TITLES.get(status, TITLES[400]))
    advice = gettext(ADVICE[status]) if status in ADVICE else ""
    words = {"status": status, "title": title, "message": message, "advice": advice, "number": number}
    return render_template("refused.html", **words), status
