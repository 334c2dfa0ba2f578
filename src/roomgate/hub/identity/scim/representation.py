"""Our people and groups as SCIM resources, and back: pure, over scim2-models.

The schema names what is kept, and nothing else; what a directory sends beside it is accepted and dropped. The
package is slow to load, so nothing imports this module before the first request comes.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, ValidationError
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Context,
    Error,
    InvalidFilterException,
    InvalidValueException,
    ListResponse,
    Meta,
    Mutability,
    PatchOp,
    Reference,
    Required,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    ScimFilter,
    ScimPolicy,
    SearchRequest,
    ServiceProviderConfig,
    Uniqueness,
)
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode
from scim2_models.urn import URN

from roomgate.hub.identity.scim.kept import GroupWish, KeptGroup, KeptPerson, PersonWish
from roomgate.hub.identity.scim.store import Wanted

R = TypeVar("R", bound=Resource[Any])
MOST_RESULTS = 200
USUAL_RESULTS = 100
LONGEST_FILTER = 1000
# What Entra ID sends and the standard does not know: https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_VERSION = re.compile(r'(?:W/)?"(\d{1,18})"')


class Email(ComplexAttribute):
    """One address is kept: the primary one, else the first."""

    value: str | None = None
    type: Annotated[str | None, Field(examples=["work"])] = None
    primary: bool | None = None


class User(Resource[Any]):
    """A person whom a directory keeps."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    display_name: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None

    Emails: ClassVar[type[ComplexAttribute]] = Email


class Member(ComplexAttribute):
    """Somebody in a group; groups are in no groups."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of a directory's people."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None

    Members: ClassVar[type[ComplexAttribute]] = Member


# -- what is kept, as it is shown -------------------------------------------------------------------


def build_version(version: int) -> str:
    return f'W/"{version}"'


def parse_version(text: str) -> int | None:
    """The version that must still hold, None where any will do; raises InvalidValueException."""
    if text.strip() in ("", "*"):
        return None
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise InvalidValueException(detail="If-Match takes a version that this resource was shown with.")
    return int(found[1])


def build_user(kept: KeptPerson, base: str) -> User:
    mail = [Email(value=kept.mail, type="work")] if kept.mail else None
    return User(
        id=kept.id, external_id=kept.external_id, user_name=kept.name, display_name=kept.display, active=kept.active,
        emails=mail,
        meta=Meta(
            resource_type="User", created=kept.created, location=f"{base}/Users/{kept.id}",
            version=build_version(kept.version),
        ),
    )  # fmt: skip


def build_group(kept: KeptGroup, base: str) -> Group:
    members = [
        Member(value=id, ref=Reference["User"](f"{base}/Users/{id}"), type="User") for id in sorted(kept.members)
    ]
    return Group(
        id=kept.id, external_id=kept.external_id, display_name=kept.name, members=members or None,
        meta=Meta(
            resource_type="Group", created=kept.created, last_modified=kept.changed,
            location=f"{base}/Groups/{kept.id}", version=build_version(kept.version),
        ),
    )  # fmt: skip


def dump(resource: Resource[Any], context: Context, asked: ResponseParameters[Any] | None = None) -> dict[str, Any]:
    return resource.model_dump(scim_ctx=context, response_parameters=asked)


def dump_page(
    model: type[R], found: list[R], total: int, start: int, asked: SearchRequest[Any] | None = None
) -> dict[str, Any]:
    page: Any = ListResponse[model]  # type: ignore[valid-type]  # theirs is subscripted by value
    made = page(total_results=total, start_index=start + 1, items_per_page=len(found), resources=found)
    return dict(made.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked))


def explain(fault: Exception) -> tuple[int, str, str | None] | None:
    """Status, words and SCIM's word for what scim2-models refused; None for anything else."""
    if isinstance(fault, SCIMException):
        error = fault.to_error()
    elif isinstance(fault, ValidationError):
        error = Error.from_validation_errors(fault)[0]
    else:
        return None
    return error.status or 400, error.detail or "", error.scim_type


# -- what a directory sends, as it is wished --------------------------------------------------------


def parse_user(payload: object) -> PersonWish:
    """Raises what scim2-models raises for rubbish, and BadInput for what we do not keep."""
    user = User.model_validate(payload, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=TOLERANT)
    return _person_wish(user, True)


def replace_user(payload: object) -> Callable[[KeptPerson], PersonWish]:
    user = User.model_validate(payload, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)

    def edit(kept: KeptPerson) -> PersonWish:
        return _person_wish(user, kept.active)  # what is not said of the switch does not turn it

    return edit


def patch_user(payload: object, base: str) -> Callable[[KeptPerson], PersonWish]:
    patch = PatchOp[User].model_validate(payload, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT)

    def edit(kept: KeptPerson) -> PersonWish:
        user = build_user(kept, base)
        patch.patch(user, scim_policy=TOLERANT)
        if user.active is None:
            raise InvalidValueException(detail="active is true or false, and is not taken away.")
        return _person_wish(user, user.active)

    return edit


def _person_wish(user: User, active: bool) -> PersonWish:
    mails = [mail for mail in user.emails or [] if mail.value]
    mail = next((mail for mail in mails if mail.primary), mails[0] if mails else None)
    return PersonWish(
        user.user_name or "", active if user.active is None else user.active,
        user.display_name or _full_name(user.unknown_attributes.get("name")), mail.value if mail else None,
        user.external_id or None,
    )  # fmt: skip


def _full_name(name: object) -> str | None:
    """Where no displayName was given, the name's own parts do."""
    if not isinstance(name, Mapping):
        return None
    parts = {str(key).lower(): text for key, text in name.items() if isinstance(text, str)}
    joined = f"{parts.get('givenname', '')} {parts.get('familyname', '')}".strip()
    return (parts.get("formatted") or joined)[:240] or None


def parse_group(payload: object) -> GroupWish:
    return _group_wish(Group.model_validate(payload, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=TOLERANT))


def replace_group(payload: object) -> Callable[[KeptGroup], GroupWish]:
    group = Group.model_validate(payload, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)

    def edit(kept: KeptGroup) -> GroupWish:
        return _group_wish(group)

    return edit


def patch_group(payload: object, base: str) -> Callable[[KeptGroup], GroupWish]:
    patch = PatchOp[Group].model_validate(payload, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT)

    def edit(kept: KeptGroup) -> GroupWish:
        group = build_group(kept, base)
        patch.patch(group, scim_policy=TOLERANT)
        return _group_wish(group)

    return edit


def _group_wish(group: Group) -> GroupWish:
    members = frozenset(member.value for member in group.members or [] if member.value)
    return GroupWish(group.display_name or "", members, group.external_id or None)


# -- what is looked for -----------------------------------------------------------------------------


def parse_asked(model: type[Resource[Any]], query: Mapping[str, str]) -> SearchRequest[Any]:
    """A query's parameters. Sorting is not offered, so what is said of it is not looked at."""
    known = ("filter", "startIndex", "count", "attributes", "excludedAttributes")
    given = {name: query[name] for name in known if query.get(name)}
    if len(given.get("filter", "")) > LONGEST_FILTER:
        raise InvalidFilterException(detail=f"A filter has at most {LONGEST_FILTER} characters.")
    request: Any = SearchRequest[model]  # type: ignore[valid-type]  # theirs is subscripted by value
    made: SearchRequest[Any] = request.model_validate(given, scim_ctx=None)
    return made


def parse_shown(model: type[Resource[Any]], query: Mapping[str, str]) -> ResponseParameters[Any]:
    given = {name: query[name] for name in ("attributes", "excludedAttributes") if query.get(name)}
    parameters: Any = ResponseParameters[model]  # type: ignore[valid-type]
    made: ResponseParameters[Any] = parameters.model_validate(given, scim_ctx=None)
    return made


def plan_search(asked: SearchRequest[Any]) -> tuple[Wanted, ScimFilter[Any] | None]:
    """What the database can look up, and the filter that is left to be asked of each.

    Directories ask for one name or one id of theirs again and again; anything else is looked for among all.
    """
    if asked.filter is None:
        return Wanted(), None
    match asked.filter.ast:
        case Comparison(AttrPath() as path, CompareOperator.eq, str(value)) if path.sub_attr is None:
            if path.attr.lower() == "externalid":
                return Wanted(external_id=value), None
            if path.attr.lower() == "username":
                return Wanted(name=value), None
        case FilterNode():
            pass
    return Wanted(), asked.filter


# -- what this service offers -----------------------------------------------------------------------


def build_config(base: str) -> ServiceProviderConfig:
    return ServiceProviderConfig.model_validate(
        {
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST_RESULTS},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Access token",
                    "description": "Authorization: Bearer, with a token of the directory's service account.",
                    "primary": True,
                }
            ],
            "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
        },
        scim_ctx=None,
    )


def build_resource_types(base: str) -> list[ResourceType]:
    made = [ResourceType.from_resource(User), ResourceType.from_resource(Group)]
    for one in made:
        one.meta = Meta(resource_type="ResourceType", location=f"{base}/ResourceTypes/{one.id}")
    return made


def build_schemas(base: str) -> list[Schema]:
    """What is announced is less than what is accepted, in two places."""
    user, group = User.to_schema(), Group.to_schema()
    for one in (user, group):
        one.meta = Meta(resource_type="Schema", location=f"{base}/Schemas/{one.id}")
    attributes = {attribute.name: attribute for attribute in user.attributes or []}
    attributes["active"].required = Required.true  # never taken away; who leaves it out gets true, or what it was
    emails = attributes["emails"]  # of one address nobody needs to be told which is the primary one
    emails.sub_attributes = [part for part in emails.sub_attributes or [] if part.name != "primary"]
    return [user, group]
