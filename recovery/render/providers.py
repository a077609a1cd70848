"""The ticket as a provider's own order form: JSON, checked against our own schema of that provider's limits.

The limits are those of public forms and schemas; nothing here sends. What a form has no field for (severity, unit,
estimate, maximum) stands in its text, which is the whole ticket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from recovery.filling import SHORT
from recovery.render import text
from recovery.ticket import Person, Ticket

_MOVE = re.compile(
    r"(?:Connect|Move) cable (?P<cable>\S+) from port (?P<port>\S+) to port "
    r"(?:(?P<far>\S+) of switch (?P<switch>\S+)|(?P<to>\S+))\."
)
Provider = Literal["equinix", "digital-realty", "servicenow", "generic"]
Scope = Annotated[str, Field(min_length=1, max_length=text.MAXIMUM)]


def _known(value: str) -> str:
    if SHORT in value:
        raise ValueError("is not known; complete the inventory")
    return value


Known = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_known)]
Short = Annotated[str, Field(min_length=1, max_length=10), BeforeValidator(_known)]
Phone = Annotated[str, Field(min_length=1, max_length=30), BeforeValidator(_known)]
Name = Annotated[str, Field(min_length=1, max_length=50), BeforeValidator(_known)]
FullName = Annotated[str, Field(min_length=1, max_length=100), BeforeValidator(_known)]


class NotForProvider(Exception):
    """The ticket does not fit that provider's form. The message names every field."""


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EquinixContact(Form):
    contactType: Literal["ORDERING", "TECHNICAL", "NOTIFICATION"]
    name: FullName
    workPhone: Phone
    workPhoneTimezone: str
    workPhonePrefToCall: Literal["ANYTIME", "BUSINESS_HOURS", "NEVER"]


class EquinixCage(Form):
    cage: Name
    cabinets: tuple[Known, ...] = Field(min_length=1)


class EquinixLocation(Form):
    ibx: Short
    cages: tuple[EquinixCage, ...] = Field(min_length=1)


class EquinixSchedule(Form):
    """An expedited order needs its completion date, a maintenance both dates."""

    scheduleType: Literal["STANDARD", "EXPEDITED", "SCHEDULED_MAINTENANCE"]
    requestedStartDate: str = ""
    requestedCompletionDate: str = ""

    @model_validator(mode="after")
    def _dates(self) -> EquinixSchedule:
        if self.scheduleType == "EXPEDITED" and not self.requestedCompletionDate:
            raise ValueError("an EXPEDITED order needs a completion date: window.ends in the inventory")
        if self.scheduleType == "SCHEDULED_MAINTENANCE" and not (
            self.requestedStartDate and self.requestedCompletionDate
        ):
            raise ValueError("SCHEDULED_MAINTENANCE needs window.starts and window.ends in the inventory")
        return self


class EquinixDetails(Form):
    scopeOfWork: Scope
    technicianAdvisory: Annotated[str, Field(max_length=500)]


class EquinixDevice(Form):
    """One end of a cable."""

    name: Known
    slot: Annotated[str, Field(max_length=50)] = ""
    port: Name


class EquinixMove(Form):
    """A jumper cable, by its label, with where it is and where it goes. `liveCable`: may it be pulled under traffic?"""

    cableId: Name
    currentDevice: EquinixDevice
    newDevice: EquinixDevice
    liveCable: bool


class Equinix(Form):
    """Smart Hands. `contacts`: one ORDERING, one TECHNICAL, one or more NOTIFICATION."""

    orderType: Literal["moveJumperCable", "picturesDocument", "other"]
    customerReferenceNumber: Name
    ibxLocation: EquinixLocation
    contacts: tuple[EquinixContact, ...] = Field(min_length=3)
    schedule: EquinixSchedule
    serviceDetails: EquinixDetails
    jumperCables: tuple[EquinixMove, ...] = ()

    @model_validator(mode="after")
    def _roles(self) -> Equinix:
        if (self.orderType == "moveJumperCable") != bool(self.jumperCables):
            raise ValueError("jumperCables: a moveJumperCable order, and no other, names its cables")
        types = [contact.contactType for contact in self.contacts]
        if types.count("ORDERING") != 1 or types.count("TECHNICAL") != 1 or "NOTIFICATION" not in types:
            raise ValueError("contacts: expected one ordering, one technical, and at least one for notification")
        return self


class DigitalRealty(Form):
    site: Known
    requestType: Literal["Planned Work", "Urgent Work"]
    accountName: Known
    category: Literal[
        "KVM assistance", "Power cycle or reboot", "Equipment troubleshoot or replacement", "Cabling", "Pictures"
    ]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    detailedInstruction: Scope


class ServiceNow(Form):
    account: Known
    category: Literal["Remote hands"]
    contact: Known
    install_base_item: Known
    summary: Annotated[str, Field(min_length=1, max_length=160)]
    additional_information: Scope


class Generic(Form):
    """For a provider whose form we do not know: what every one of them asks for."""

    id: str
    revision: int
    draft: bool
    title: Annotated[str, Field(min_length=1, max_length=160)]
    site: str
    cage: str
    rack: str
    unit: str
    server: str
    serial: str
    phone: str
    customer_reference: str
    priority: str
    window: str
    maximum_minutes: int
    instructions: Scope


FORMS: dict[Provider, type[Form]] = {
    "equinix": Equinix,
    "digital-realty": DigitalRealty,
    "servicenow": ServiceNow,
    "generic": Generic,
}


def render(ticket: Ticket, provider: Provider) -> str:
    """The form as JSON, with a newline at its end. Raises NotForProvider."""
    try:
        form = _FILL[provider](ticket)
    except ValidationError as error:
        wrong = "\n".join(f"{provider}: {_field(e['loc'])}: {_why(e['msg'])}" for e in error.errors())
        raise NotForProvider(wrong) from error
    return json.dumps(form.model_dump(mode="json"), indent=2) + "\n"


def schema(provider: Provider) -> str:
    """The JSON Schema of that provider's form, as we know its limits."""
    return json.dumps(FORMS[provider].model_json_schema(), indent=2) + "\n"


def _field(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or "the form"


def _why(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _equinix(ticket: Ticket) -> Form:
    moves = [_equinix_move(ticket, found) for found in _moves(ticket)]
    other = "picturesDocument" if ticket.category == "pictures" else "other"
    return Equinix.model_validate(
        {
            "orderType": "moveJumperCable" if moves else other,
            "customerReferenceNumber": ticket.customer_reference,
            "ibxLocation": {"ibx": ticket.site, "cages": [{"cage": ticket.cage, "cabinets": [ticket.rack]}]},
            "contacts": [_equinix_contact(person) for person in ticket.contacts],
            "schedule": {
                "scheduleType": ticket.window.schedule,
                "requestedStartDate": ticket.window.starts,
                "requestedCompletionDate": ticket.window.ends,
            },
            "serviceDetails": {
                "scopeOfWork": text.render(ticket),
                "technicianAdvisory": f"Call {ticket.phone} during the work. Maximum {ticket.maximum_minutes} min.",
            },
            "jumperCables": moves,
        }
    )


def _moves(ticket: Ticket) -> Iterator[dict[str, str]]:
    """The cable work that is sure to be done: branches are for the telephone to order."""
    if ticket.category == "cable":
        for step in ticket.steps:
            found = _MOVE.match(step.text) if not step.branch else None
            if found:
                yield found.groupdict("")


def _equinix_move(ticket: Ticket, said: dict[str, str]) -> dict[str, object]:
    server = {"name": ticket.server, "slot": ticket.unit}
    if said["switch"]:  # a spare one: its far end is there, and the server's end is new
        now, then = {"name": said["switch"], "port": said["far"]}, {**server, "port": said["port"]}
    else:
        now, then = {**server, "port": said["port"]}, {**server, "port": said["to"]}
    return {"cableId": said["cable"], "currentDevice": now, "newDevice": then, "liveCable": not said["switch"]}


def _equinix_contact(person: Person) -> dict[str, str]:
    return {
        "contactType": person.role.upper(),
        "name": text.ascii_only(person.name),
        "workPhone": person.phone,
        "workPhoneTimezone": person.time_zone or "UTC",
        "workPhonePrefToCall": "ANYTIME" if person.role == "technical" else "BUSINESS_HOURS",
    }


def _digital_realty(ticket: Ticket) -> Form:
    categories: dict[str, str] = {
        "cable": "Cabling",
        "pictures": "Pictures",
        "power": "Power cycle or reboot",
        "equipment": "Equipment troubleshoot or replacement",
    }
    urgent = ticket.window.schedule == "EXPEDITED"
    return DigitalRealty.model_validate(
        {
            "site": ticket.site,
            "requestType": "Urgent Work" if urgent else "Planned Work",
            "accountName": ticket.account,
            "category": categories[ticket.category],
            "title": text.ascii_only(f"{ticket.id}: {ticket.title}"),
            "detailedInstruction": text.render(ticket),
        }
    )


def _servicenow(ticket: Ticket) -> Form:
    person = next(p for p in ticket.contacts if p.role == "technical")
    return ServiceNow(
        account=ticket.account,
        category="Remote hands",
        contact=f"{text.ascii_only(person.name)}, {person.phone}",
        install_base_item=f"{ticket.site} / {ticket.cage} / {ticket.rack} / {ticket.unit} / {ticket.serial}",
        summary=text.ascii_only(f"{ticket.id}: {ticket.title}"),
        additional_information=text.render(ticket),
    )


def _generic(ticket: Ticket) -> Form:
    same = {name: getattr(ticket, name) for name in Generic.model_fields if name in type(ticket).model_fields}
    title = text.ascii_only(ticket.title)
    return Generic(**{**same, "title": title, "window": ticket.window.text, "instructions": text.render(ticket)})


_FILL: dict[Provider, Callable[[Ticket], Form]] = {
    "equinix": _equinix,
    "digital-realty": _digital_realty,
    "servicenow": _servicenow,
    "generic": _generic,
}
