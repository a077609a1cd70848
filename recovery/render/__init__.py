"""One ticket, many formats: text, Markdown, HTML, PDF, JSON, mail, and the forms of providers."""

from __future__ import annotations

from typing import Literal

Format = Literal["txt", "md", "html", "pdf", "json", "eml"]
Paper = Literal["a4", "letter"]
