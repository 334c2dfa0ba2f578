"""The second person: somebody else, who is still there and still has the right."""

from dataclasses import replace

from sqlalchemy import Connection

from roomgate.hub.approvals.request import Request, may_answer
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.service import Identity


def require_second(identity: Identity, conn: Connection, request: Request, by: Signed) -> Signed:
    """Who answers, as they stand inside this unit; raises Forbidden.

    Read anew: an answer that waited behind the change that disabled or demoted its author gives nothing.
    """
    now = identity.find_in(conn, by.person.id)
    if now is None or not identity.alive(conn, by.principal):
        raise Forbidden("This account or sign-in has ended.")
    answers = replace(by, person=now)
    if now.id == request.person:
        raise Forbidden("Nobody answers for themself.", hint="It takes a second person.")
    if not may_answer(answers, request):
        raise Forbidden("This takes a person with the right to approve or give.")
    return answers
