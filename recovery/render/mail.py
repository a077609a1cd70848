"""The ticket as a mail to whoever takes the provider's orders: the text as its body, the PDF and the JSON beside it.

It is written as a file to look at and to send; nothing here sends. Its date and its ids follow from the ticket.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from recovery.render import Paper, data, pdf, text
from recovery.ticket import Person, Ticket


def render(ticket: Ticket, paper: Paper = "a4", *, with_pdf: bool = True) -> bytes:
    """The message, ready to be opened in a mail program. Raises MissingPart where its PDF cannot be made."""
    message = EmailMessage(policy=SMTP)
    subject = f"[{ticket.id}] {ticket.title}"
    message["Subject"] = f"DRAFT {subject}" if ticket.draft else subject
    message["Date"] = format_datetime(pdf.issued(ticket))
    message["Message-ID"] = f"<{ticket.id.lower()}.{ticket.revision}@fwsim.invalid>"
    for header, role in (("From", "technical"), ("To", "ordering"), ("Cc", "notification")):
        people = [_address(person) for person in ticket.contacts if person.role == role and person.mail]
        if people:
            message[header] = ", ".join(people)
    message["X-Priority"] = "1" if ticket.priority.startswith("1") else "3"
    message.set_content(text.render(ticket), cte="7bit")
    name = f"{ticket.id}-rev{ticket.revision}"
    if with_pdf:
        message.add_attachment(pdf.render(ticket, paper), maintype="application", subtype="pdf", filename=f"{name}.pdf")
    message.add_attachment(
        data.render(ticket).encode(), maintype="application", subtype="json", filename=f"{name}.json"
    )
    if message.is_multipart():
        message.set_boundary(f"=={ticket.id}==")
    return message.as_bytes()


def _address(person: Person) -> str:
    return f"{text.ascii_only(person.name)} <{person.mail}>"
