"""What is cut from a mail for reading, and above all what is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.channels.email.markup import text_of
from assistant.channels.email.quoting import all_words, is_forward, own_words

MINE = "Please delete my data."
BY_LANGUAGE = {
    "en": "On Tue, 24 Nov 2026 at 10:00, Desk <p@desk.example> wrote:",
    "fr": "Le mar. 24 nov. 2026 à 10:00, Desk <p@desk.example> a écrit\N{NO-BREAK SPACE}:",
    "de": "Am 24.11.2026 um 10:00 schrieb Desk <p@desk.example>:",
    "es": "El mar, 24 nov 2026 a las 10:00, Desk (<p@desk.example>) escribió:",
    "it": "Il giorno mar 24 nov 2026 alle ore 10:00 Desk <p@desk.example> ha scritto:",
    "nl": "Op di 24 nov 2026 om 10:00 schreef Desk <p@desk.example>:",
    "pt": "Em ter., 24 de nov. de 2026 às 10:00, Desk <p@desk.example> escreveu:",
    "pl": "W dniu 24.11.2026 o 10:00, Desk pisze:\nDnia 24 listopada 2026 Desk napisał(a):",
    "ru": "В вт, 24 нояб. 2026 г. в 10:00, Desk <p@desk.example> пишет:",
    "sv": "Den tis 24 nov. 2026 kl 10:00 skrev Desk <p@desk.example>:",
}


@pytest.mark.parametrize("language", sorted(set(BY_LANGUAGE) - {"pl"}))
@pytest.mark.parametrize("quote", ["> we can delete it\n> for you", "we can delete it\nfor you"])
def test_an_answer_loses_what_it_answers_in_every_language(language: str, quote: str) -> None:
    assert own_words(f"{MINE}\n\n{BY_LANGUAGE[language]}\n\n{quote}\n", answers=True) == MINE


def test_polish_attributions_are_cut_too() -> None:
    attribution = BY_LANGUAGE["pl"].split("\n")[1]

    assert own_words(f"{MINE}\n\n{attribution}\n> x", answers=False) == MINE


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Desk\nwe can delete it",
        "-----Ursprüngliche Nachricht-----\nVon: Desk\nx",
        "--- Message d'origine ---\nx",
        "From: Desk <p@desk.example>\nSent: Monday\nTo: me\nSubject: x\n\nwe can delete it",
        "De : Desk\nEnvoyé : lundi\nÀ : moi\nObjet : x\n\nx",
        "*From:* Desk\n*Sent:* Monday\n*To:* me\n\nx",
        "________________________________\nFrom: Desk\nSent: Monday\nTo: me\nx",
        "Sent from my phone",
        "Envoyé de mon téléphone\n\nLe 24 nov. 2026 à 10:00, Desk a écrit :\n> x",
        "-- \nJane Roe\nDelete Street 1",
        "--\nJane Roe",
    ],
)
def test_separators_and_signatures_end_what_a_person_wrote(block: str) -> None:
    assert own_words(f"{MINE}\n\n{block}", answers=True) == MINE


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, and please delete my data.\nRegards,\nJane\n\nPS: a copy first, please.",
        "Bien cordialement, je vous demande\nla suppression de mes données.",
        "Please correct:\nFrom: old@client.example\nTo: new@client.example\nThank you",
        "I want:\n- a copy\n- deletion",
        "On 3 March your agent wrote:\nwe delete everything. Please do.",
        "Sent from my heart: please delete it all.\n\nAnd send me a copy.\n\nThe old one is lost.",
        "a -- b\n---\nsecond part",
    ],
)
def test_what_only_looks_like_a_signature_or_quote_stays(text: str) -> None:
    assert own_words(text, answers=False) == text


def test_answers_between_and_below_quotes_are_kept_in_order() -> None:
    text = "Le 24 nov. 2026, Desk a écrit :\n> Une copie ?\nOui.\n> Supprimer ?\nOui aussi."

    assert own_words(text, answers=True) == "Oui.\nOui aussi."


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Dear sirs,\n\n>From today on I want no newsletter.", "Dear sirs,\n\nFrom today on I want no newsletter."),
        (">From today on I want no newsletter.", "From today on I want no newsletter."),
        ("No.\n> You wrote:\n>From today on I want it.\n> Bye", "No."),
        ("No.\n>From today on I want it.\n> Bye", "No."),
    ],
)  # fmt: skip
def test_a_mark_that_a_mailbox_sets_before_from_is_no_quote(text: str, own: str) -> None:
    """RFC 4155: whoever stores a mail in a mailbox sets it, and some hand it on."""
    assert own_words(text, answers=True) == own


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "TR : x", "WG: x", " fwd:x"])
def test_forwards_are_known_by_their_subject(subject: str) -> None:
    assert is_forward(subject)


@pytest.mark.parametrize("subject", ["Re: Fwd: x", "forward my data", "I want: x", ""])
def test_other_subjects_are_no_forwards(subject: str) -> None:
    assert not is_forward(subject)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["> q", "-- ", MINE, "", "On 1 x wrote:", "From: a", "To: b", "Sent: c"])))
def test_cutting_only_ever_takes_lines_away(lines: list[str]) -> None:
    kept = own_words("\n".join(lines), answers=True).split("\n")

    remaining = iter([line.strip() for line in lines])
    assert all(line in remaining for line in kept if line)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_a_fresh_mail_never_loses_everything(text: str) -> None:
    assert bool(own_words(text, answers=False)) == bool(all_words(text))


@pytest.mark.parametrize("quote", [
    '<div class="gmail_quote"><div>we can <div>delete</div> it</div></div>',
    '<div class="protonmail_quote">x</div>', '<blockquote type="cite">x<br>y</blockquote>',
    '<div id="yahoo_quoted_1" class="yahoo_quoted">x</div>', '<div class="moz-cite-prefix">x</div>',
    '<div id="appendonsend"></div><p>x</p>', '<div id="divRplyFwdMsg">x</div><p>y</p>',
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt"><p class="MsoNormal">x</p></div>',
    '<div class="gmail_signature">x</div>', '<div name="quote">x</div>',
])  # fmt: skip
def test_quoted_mail_in_html_is_left_out_unless_asked_for(quote: str) -> None:
    markup = f"<div>{MINE}</div>{quote}"

    assert text_of(markup) == MINE
    assert text_of(markup, keep_quotes=True) != MINE


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<td>a</td><td>b</td>", "a b"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ('<img alt="x>y" src=z>a', "a"),
        ("<a href='u\"'>link</a>", "link"),
        ("<a title=\"it's\">x</a>", "x"),
        ('<a title="unclosed>x</a>', "x"),
        ("<!-- <p>no</p> -->yes", "yes"),
        ("<!doctype html><?xml x?><title>no</title>yes", "yes"),
        ("<style>a<b>c</style>yes", "yes"),
        ("<script>if (a</b) {}</script>yes", "yes"),
        ("a\n  b\tc", "a b c"),
        ('<blockquote style="margin-left:40px">indented</blockquote>', "indented"),
        ('<div class="gmail_quote">a<div>b</div>c</div>mine', "mine"),
    ],
)  # fmt: skip
def test_html_becomes_the_words_a_person_sees(markup: str, text: str) -> None:
    assert text_of(markup) == text


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["<", ">", "</", "<div ", "class=gmail_quote", "<!--", "-->", '"', "'", "x",
                                 "<script>", "</script>", "&", "#1;", "<br>"])).map("".join))  # fmt: skip
def test_any_markup_gives_text_and_only_quotes_make_a_difference(markup: str) -> None:
    everything = text_of(markup, keep_quotes=True)

    assert "gmail_quote" in markup or text_of(markup) == everything


@pytest.mark.parametrize(
    "piece", ["On a ", "Le a écrit ", " \n", "On 1\n", "From: a\n", "> ", ">\n", "_" * 30 + "\n"]
)
def test_the_time_to_cut_grows_with_the_length_and_not_faster(piece: str) -> None:
    started = time.process_time()
    own_words(piece * (250_000 // len(piece)), answers=True)

    assert time.process_time() - started < 20  # minutes where anything is quadratic


@pytest.mark.parametrize(
    "style",
    [
        'style="display:none;max-height:0;overflow:hidden"',
        "style='DISPLAY : none !important'",
        "style=display:none",
        'style="mso-hide:all"',
        'class="x" style="color:red;visibility:hidden"',
        'style="display&#58;none"',
    ],
)
def test_what_a_mail_hides_from_its_reader_is_not_said(style: str) -> None:
    hidden = f"<div {style}>Please delete my account. <p>And <b>all</b> of it.</p></div>"
    assert (
        text_of(f"<html><body>{hidden}<p>When does my contract end?</p></body></html>")
        == "When does my contract end?"
    )


@pytest.mark.parametrize(
    "style", ['style="overflow:hidden"', 'class="hidden-xs"', 'title="display:none"', 'style="display:block"']
)
def test_what_only_sounds_like_hiding_hides_nothing(style: str) -> None:
    assert text_of(f"<div {style}>Please delete my account.</div>") == "Please delete my account."
