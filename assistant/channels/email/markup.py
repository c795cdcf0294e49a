"""HTML mail to plain text, in one pass and in flat memory.

Only the words are wanted, nothing is ever shown as HTML. Libraries that build a tree were measured on hostile
mail: deep nesting took one 43 seconds, and a table with one wide cell made another fill 400 MB out of 240 kB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

_LONGEST = 1_000_000  # characters of markup that are looked at
_LONGEST_ATTRIBUTES = 2_000
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>]*+)((?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+)>""")
_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)([^<>]*+)>")
_LONG_NUMBER = re.compile(r"&#\d{8,}+;?")  # no character has it, and Python refuses to read the longest
_UNSEEN = {"script", "style", "title", "template", "svg", "math"}
_BLOCKS = {
    "address",
    "article",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "ol",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}

# What mail programs call the element that holds the mail being answered, or the signature. A value is read once and
# as a whole: looking for the names behind every place where one may begin took three seconds a megabyte.
_NAMED = re.compile(r"""\b(class|id|name|type)\s{0,9}=\s{0,9}("[^"]*+|'[^']*+|[^\s"'>]*+)""", re.IGNORECASE)
_NAMES_OF_QUOTES = re.compile(
    r"""gmail_quote|gmail_signature|gmail_attr|protonmail_quote|protonmail_signature|yahoo_quoted|zmail_extra|tutanota_quote
    |moz-cite-prefix|moz-signature|x_moz|ms-outlook-mobile-reference|olk_src_body_section|mail-quote""",
    re.VERBOSE,
)
_QUOTE_ITSELF = re.compile(r"type=cite|name=quote\b|id=signature\b")
# A preview line that a newsletter hides, or words that were put there for nobody's eyes: not said by who sends it.
_STYLE = re.compile(r"""\bstyle\s{0,9}=\s{0,9}("[^"]*+|'[^']*+|[^\s"'>]*+)""", re.IGNORECASE)
_NOT_SHOWN = re.compile(
    r"(?<![\w-])(?:display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|mso-hide\s{0,3}:\s{0,3}all)(?![\w-])",
    re.IGNORECASE,
)
# Outlook marks only where the quoted part begins.
_QUOTED_FROM_HERE = re.compile(
    r"""\bid\s{0,9}=\s{0,9}["']?(?:appendonsend|divrplyfwdmsg|x_divrplyfwdmsg|stopspelling|mail-editor-reference)
    |border-top:\s?solid\s\#(?:e1e1e1|b5c4df)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(slots=True)
class _Text:
    """The text so far, and the element that is being passed over."""

    keep_quotes: bool
    parts: list[str] = field(default_factory=list)
    passing: str = ""
    depth: int = 0

    def words(self, text: str) -> None:
        if not self.passing:
            self.parts.append(re.sub(r"\s+", " ", unescape(_LONG_NUMBER.sub("\ufffd", text))))

    def tag(self, closing: str, name: str, attributes: str) -> bool:
        """Take one tag; False if nothing after it is the writer's own."""
        if self.passing:
            self._pass(closing, name)
        elif not closing and not self.keep_quotes and _QUOTED_FROM_HERE.search(attributes):
            return False
        elif not closing and name not in _VOID and self._is_to_pass(name, attributes):
            self.passing, self.depth = name, 1
        else:
            self.parts.append(_space_of(closing, name))
        return True

    def _is_to_pass(self, name: str, attributes: str) -> bool:
        if name in _UNSEEN or _is_hidden(attributes):
            return True
        return not self.keep_quotes and _holds_a_quote(attributes)

    def _pass(self, closing: str, name: str) -> None:
        if name == self.passing:
            self.depth += -1 if closing else 1
            if self.depth == 0:
                self.passing = ""


def _is_hidden(attributes: str) -> bool:
    return any(_NOT_SHOWN.search(unescape(style[1])) for style in _STYLE.finditer(attributes))


def _holds_a_quote(attributes: str) -> bool:
    for found in _NAMED.finditer(attributes.lower()):
        name, value = found[1], found[2].lstrip("\"'")
        if _QUOTE_ITSELF.match(f"{name}={value}") or (name != "type" and _NAMES_OF_QUOTES.search(value)):
            return True
    return False


def text_of(markup: str, *, keep_quotes: bool = False) -> str:
    """Give the words of an HTML mail, a line for each block, quoted mail left out unless it is asked for."""
    text = _Text(keep_quotes)
    markup = markup[:_LONGEST]
    at = 0
    while at < len(markup):
        at, goes_on = _step(markup, at, text)
        if not goes_on:
            break
    lines = (re.sub(r" +", " ", line).strip() for line in "".join(text.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _step(markup: str, at: int, text: _Text) -> tuple[int, bool]:
    """Read the next comment, tag or run of words; say where it ended and whether to go on."""
    if markup.startswith(("<!--", "<!", "<?"), at):
        mark = "-->" if markup.startswith("<!--", at) else ">"
        end = markup.find(mark, at + 2)
        return (end + len(mark), True) if end >= 0 else (len(markup), True)
    tag = _TAG.match(markup, at) or _LOOSE_TAG.match(markup, at)
    if tag is None:
        following = _MARKUP.search(markup, at + 1)
        end = following.start() if following else len(markup)
        text.words(markup[at:end])
        return end, True
    goes_on = text.tag(tag[1], tag[2].lower(), tag[3][:_LONGEST_ATTRIBUTES])
    raw = tag[2].lower() in {"script", "style"} and not tag[1]
    return (_after_raw(markup, tag.end(), tag[2], text) if raw else tag.end()), goes_on


def _after_raw(markup: str, at: int, name: str, text: _Text) -> int:
    """Leave out a script or style sheet, in which a `<` begins no tag."""
    closing = re.compile(rf"</{re.escape(name)}", re.IGNORECASE).search(markup, at)
    if closing is None:
        text.passing = ""
        return len(markup)
    return closing.start()


def _space_of(closing: str, name: str) -> str:
    if name == "br":
        return "\n"
    if name == "p":
        return "\n\n"
    if name == "li" and not closing:
        return "\n- "
    if name in {"td", "th"}:
        return " "
    return "\n" if name in _BLOCKS else ""
