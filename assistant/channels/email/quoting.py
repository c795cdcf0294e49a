"""What a person wrote themselves: quoted mail and signatures are cut for reading, and only for that.

Cutting too much would lose a request, so only what can hardly be anything else is cut: lines marked with `>`,
the header blocks and separators that mail programs write, and what follows the signature mark of RFC 3676.
Every rule looks at a line or a few, so the time taken grows with the length of the mail and not faster.
"""

from __future__ import annotations

import re

_LONGEST_MARK = 400  # characters; a line longer than this is prose
_NEAR = 3  # lines that one attribution may be spread over

# "On 3 March 2027 at 10:15, Privacy Desk <…> wrote:" and its sisters: how it begins, how it ends.
_BEGINS = re.compile(
    r"^\s*(?:on|am|le|el|il|op|em|dnia|w dniu|den|d\.|dne|на|в|kuupäeval"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4})\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"(?:\bwrote|\bschrieb\b.{0,120}|\ba écrit|\ba ecrit|\bescribió|\bha scritto|\bschreef\b.{0,120}|\bescreveu"
    r"|\bnapisał\(a\)|\bnapisał|\bnapisała|\bnapisal\(a\)|\bskrev\b.{0,120}|\bkirjutas"
    r"|\bпишет|\bнаписал\(а\)|\bнаписал|\bнаписала)\s*:\s*$",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(r"\d|@")  # a date, a time or an address: prose that ends in "wrote:" seldom has one

_SEPARATOR = re.compile(
    r"^[\s>]*[-_=*]{2,}\s*(?:original message|original-nachricht|ursprüngliche nachricht|message d'origine"
    r"|message d’origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|wiadomość oryginalna|algne kiri|исходное сообщение"
    r"|reply above this line)\s*[-_=*]{2,}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^[\s>]*(?:[-_=*]{2,}\s*(?:forwarded (?:message|mail|by\b.{0,200})|(?:message|mail|courriel) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])"
    r"|(?:transf[ée]r[ée]|r[ée]achemin[ée]) par\b.{0,200}|(?:an)?weitergeleitete nachricht|weitergeleitet von\b.{0,200}"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem (?:encaminhada|reencaminhada)"
    r"|treść przekazanej wiadomości|edastatud kiri|пересылаемое сообщение)\s*[-_=*]{2,}"
    r"|(?:begin forwarded message|d[ée]but du (?:message|courriel) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])"
    r"|anfang der weitergeleiteten nachricht|inicio del mensaje reenviado|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht|início da mensagem (?:re)?encaminhada)\s?:)\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^[\s>]*_{20,}\s*$")
_HEADER_LINE = re.compile(
    r"^[\s>*_]*(from|von|de|da|van|od|saatja|от|sender|expéditeur|sent(?: on)?|date(?: d['’]envoi)?|gesendet|datum|envoyé(?: le)?|enviado|enviada em|inviato"
    r"|data|fecha|verzonden|wysłano|saadetud|kuupäev|отправлено|дата|to|an|à|a|pour|destinataires?|para|aan|do|adresaat|кому|cc|kopie"
    r"|subject|betreff|objet|sujet|asunto|oggetto|onderwerp|assunto|temat|teema|тема)[\s*_]{0,3}:[\s*_]*[^\s*_]",
    re.IGNORECASE,
)
_FROM_WORDS = {"from", "von", "de", "da", "van", "od", "saatja", "от", "sender", "expéditeur"}
_DATED = {
    "sent", "sent on", "date", "date d'envoi", "date d’envoi", "gesendet", "datum", "envoyé", "envoyé le", "enviado", "enviada em",
    "inviato", "data", "fecha", "verzonden", "wysłano", "saadetud", "kuupäev", "отправлено", "дата",
}  # fmt: skip
_DATED_ABOVE = re.compile(r"^[\s>]*message du \d", re.IGNORECASE)  # the day stands above the block
_HEADER_LINES = 8  # of which a header block has its lines, a list of recipients on two of them
_ADDRESSES = re.compile(r"[^\s<>,;:()\"\[\]]{1,64}@[^\s<>,;:()\"\[\]]{1,255}")
_FEWEST_HEADER_LINES = 3
_SIGNATURE = re.compile(r"^--[ \t]?$")
_DEVICE = re.compile(
    r"^\s*(?:sent from my\b|get outlook for\b|sent from outlook\b|envoyé de mon\b|envoyé depuis\b"
    r"|obtenir outlook\b|von meinem .{1,40} gesendet|gesendet von\b|enviado desde mi\b|enviado do meu\b"
    r"|inviato da\b|verzonden vanaf mijn\b|wysłano z\b|saadetud minu\b|отправлено с\b)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r">+From ")
_FORWARD = re.compile(r"^\s*(?:fwd?|tr|wg|rv|i|doorst|enc|pd|edasi)\s*:", re.IGNORECASE)

_ANSWER = re.compile(
    r"^\s*(?:re|r|aw|antw|antwort|réf|rép|sv|vs|odp|res|rif|bls|ynt|на|отв)\s?(?:\[\d{1,3}\])?\s?:",
    re.IGNORECASE,
)


def is_answer(subject: str) -> bool:
    """Say whether a subject is that of an answer to another mail."""
    return _ANSWER.match(subject) is not None


def is_forward(subject: str) -> bool:
    """Say whether a subject is that of a forwarded mail."""
    return _FORWARD.match(subject) is not None


def hands_on(text: str, *, answers: bool = True) -> bool:
    """Say whether a mail holds another one that is forwarded: by a program's mark, or by its header where it answers none."""
    lines = text.split("\n")
    first = _first_of_another(lines)
    if first == len(lines):
        return False
    return _is_forward_mark(lines[first]) or (not answers and _has_dated_header(lines, first))


def note_above(text: str) -> str:
    """Give what stands above the mail that a forward hands on: the forwarder's own words, which may be none."""
    lines = text.split("\n")
    return _trimmed(lines[: _first_of_another(lines)])


def is_from(text: str, address: str, name: str) -> bool:
    """Say whether the mail that stands in another one says it is from the same person: by the address, or by the name where it has none."""
    lines = text.split("\n")
    first = _first_of_another(lines)
    head = [line[:_LONGEST_MARK] for line in lines[first : first + _HEADER_LINES]]
    written = next(filter(_is_from_line, head), " ".join(head[: _attribution(lines, first)] if head else []))
    if "@" in written:
        return bool(address) and address.casefold() in _ADDRESSES.findall(written.casefold())
    return (
        bool(name) and written.partition(":")[2].strip(" *_\N{NO-BREAK SPACE}").casefold() == name.casefold()
    )


def handed_on(text: str) -> str:
    """Give the words of the mail that a forward hands on, without the marks at which a reader would stop."""
    lines = text.split("\n")
    first = _first_of_another(lines)
    # What introduces it would end it for the reader; an introduction below begins older mail.
    if first < len(lines):
        lines = lines[first + _attribution(lines, first) :]
    return _trimmed([line.lstrip("> ") for line in lines if not _is_mark(line)])


def _first_of_another(lines: list[str]) -> int:
    """Find the line from which on another mail stands, however its program says so."""
    return next((at for at in range(len(lines)) if _begins_another(lines, at)), len(lines))


def _begins_another(lines: list[str], at: int) -> bool:
    if not lines[at] or len(lines[at]) > _LONGEST_MARK:
        return False
    is_marked = _is_forward_mark(lines[at]) or lines[at].startswith(">") or _SEPARATOR.match(lines[at])
    return bool(is_marked or _is_header_block(lines, at) or _attribution(lines, at))


def _is_forward_mark(line: str) -> bool:
    return len(line) <= _LONGEST_MARK and _FORWARDED.match(line) is not None


def _is_mark(line: str) -> bool:
    if len(line) > _LONGEST_MARK:
        return False
    line = line.lstrip("> ")
    return any(mark.match(line) for mark in (_FORWARDED, _SEPARATOR, _RULE, _SIGNATURE))


def own_words(text: str, *, answers: bool) -> str:
    """Cut quotes and signature; `answers` says that the mail is a reply to another one.

    Where nothing is left of a mail that answers none, the quote is the message, and all of it is kept.
    """
    lines = _lines(text)
    kept = _trimmed(_without_quotes(lines[: _end(lines, answers=answers)]))
    return kept or ("" if answers else all_words(text))


def all_words(text: str) -> str:
    """Keep everything, without the marks of quoting: what a person forwards may be the request itself."""
    return _trimmed([line.lstrip("> ") for line in _lines(text)])


def _lines(text: str) -> list[str]:
    """Part the lines; an own one that begins with "From " has its `>` from a mailbox on the way (RFC 4155), unlike a quote's."""
    lines = text.split("\n")
    before = ["", *lines[:-1]]
    return [
        line.lstrip(">") if _ESCAPED.match(line) and not (_is_quote(above) or _is_quote(below)) else line
        for above, line, below in zip(before, lines, [*lines[1:], ""], strict=True)
    ]


def _is_quote(line: str) -> bool:
    return line.startswith(">") and not _ESCAPED.match(line)


def _end(lines: list[str], *, answers: bool) -> int:
    """Find the line from which on nothing is the writer's own."""
    for at, line in enumerate(lines):
        if len(line) > _LONGEST_MARK or line.lstrip().startswith(">"):
            continue
        if _SIGNATURE.match(line) or _SEPARATOR.match(line) or _is_header_block(lines, at):
            return at
        if _DEVICE.match(line) and _is_last_paragraph(lines, at):
            return at
        if answers and (length := _attribution(lines, at)) and not _quote_follows(lines, at + length):
            return at
    return len(lines)


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(lines):
        length = _attribution(lines, at)
        if length and _quote_follows(lines, at + length):
            at += length
        else:
            if not lines[at].lstrip().startswith(">"):
                kept.append(lines[at])
            at += 1
    return kept


def _attribution(lines: list[str], at: int) -> int:
    """Say how many lines from here are an attribution; nought if these are none."""
    if len(lines[at]) > _LONGEST_MARK or not _BEGINS.match(lines[at]):
        return 0
    for length in range(1, _NEAR + 1):
        last = lines[at + length - 1 : at + length]
        if not last or not last[0].strip() or len(last[0]) > _LONGEST_MARK:
            return 0
        if _ENDS.search(last[0]):
            return length if _EVIDENCE.search(" ".join(lines[at : at + length])) else 0
    return 0


def _quote_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + _NEAR] if line.strip()), "")
    return following.lstrip().startswith(">")


def _is_header_block(lines: list[str], at: int) -> bool:
    """Recognise the From, Sent, To, Subject block that Outlook writes above what it quotes."""
    if _RULE.match(lines[at]):
        at = next((n for n in range(at + 1, min(at + _NEAR, len(lines))) if lines[n].strip()), len(lines))
    names = _header_names(lines, at)
    return len(set(names)) >= _FEWEST_HEADER_LINES and names[0] in _FROM_WORDS


def _header_names(lines: list[str], at: int) -> list[str]:
    """Name the fields of a header block that begins at a line, in their order; none where another line begins there."""
    names: list[str] = []
    for line in lines[at : at + _HEADER_LINES]:
        found = _HEADER_LINE.match(line[:_LONGEST_MARK])
        if not (names or found) or not line.strip("> "):
            break
        names += [found[1].lower()] if found else []
    return names


def _is_from_line(line: str) -> bool:
    found = _HEADER_LINE.match(line)
    return found is not None and found[1].lower() in _FROM_WORDS


def _has_dated_header(lines: list[str], at: int) -> bool:
    """Tell whether a header block with a day begins at a line or soon below it: nobody writes that above their own words."""
    near = range(at, min(at + _NEAR + 1, len(lines)))
    dated = _DATED_ABOVE.match(lines[at]) is not None
    return any(
        _is_header_block(lines, each) and (dated or _DATED.intersection(_header_names(lines, each)))
        for each in near
    )


def _is_last_paragraph(lines: list[str], at: int) -> bool:
    """Say whether nothing but quotes and blank lines follows the paragraph of this line."""
    rest = [line for line in lines[at + 1 : at + 6] if line.strip()]
    return not rest or rest[0].lstrip().startswith(">") or _BEGINS.match(rest[0]) is not None


def _trimmed(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
